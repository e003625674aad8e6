/* Devices with applications: a Kma for each, of each Kmc, from birth to end, and used by the
 * reports that prove whose they are. */
#include "crypto/entity.h"
#include "tests/support/fleet.h"

#include <check.h>
#include <string.h>

#define DEVICES      12
#define APPLICATIONS 3

static struct deployment_counts counts;

static void run(struct collect *c, const char *const *sets)
{
    fleet_run(c, 1, "", sets, &counts);
    fleet_check_sums(c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
}

static uint64_t octets_up(const struct collect *c)
{
    const struct collected_procedure *p;
    uint64_t sum = 0;

    for (size_t at = 0; (p = collect_next(c, "request", &at));)
        sum += p->row.octets_up;
    return sum;
}

/* Each Kma is its Kmc's, and neither is older or younger; each report uses one of them. */
START_TEST(born_and_ended_with_their_kmc)
{
    static const char *const ways[][2] = {
        {"populations.meters.connect.method=tls-psk", "populations.meters.keys.kmc=25 min"},
        {"populations.meters.connect.method=eap-psk", "populations.meters.keys.kmc=25 min"},
        {"populations.meters.mid.security=channel", "populations.meters.keys.kmc=24 h"}};
    struct collect c, without;
    uint64_t uses = 0;
    size_t n = 0;

    run(&c, SETS(ways[_i][0], ways[_i][1], "populations.meters.keys.applications=3"));
    for (size_t i = 0; i < c.key_count; i++) {
        const struct collected_key *k = &c.keys[i], *kmc;

        if (strcmp(k->type, "Kma") != 0)
            continue;
        kmc = collect_parent(&c, k);
        ck_assert_ptr_nonnull(kmc);
        ck_assert_str_eq(kmc->type, "Kmc");
        ck_assert_str_eq(k->end_reason, kmc->end_reason);
        ck_assert_int_eq(k->row.t_born, kmc->row.t_born);
        ck_assert_int_eq(k->row.t_end, kmc->row.t_end);
        ck_assert_int_eq(k->row.t_expires, kmc->row.t_expires);
        uses += k->row.uses;
        n++;
    }
    ck_assert_uint_eq(n, APPLICATIONS * collect_keys(&c, "Kmc", NULL));
    ck_assert_uint_gt(n, _i < 2 ? 2 * APPLICATIONS * DEVICES : 0);
    ck_assert_uint_eq(uses, collect_procedures(&c, "request", "success", ""));
    run(&without, SETS(ways[_i][0], ways[_i][1]));
    ck_assert_uint_eq(collect_keys(&without, "Kma", NULL), 0);
    ck_assert_uint_ge(octets_up(&c), octets_up(&without) + 180 * uses);
    collect_release(&c);
    collect_release(&without);
}
END_TEST

START_TEST(the_same_rows_for_any_number_of_threads)
{
    const char *const *sets =
        SETS("populations.meters.keys.applications=3", "populations.meters.keys.kmc=25 min",
             "links.meters -> nscl.loss=5 %");
    struct collect one, more;

    fleet_run(&one, 1, "", sets, NULL);
    fleet_run(&more, 3, "", sets, NULL);
    ck_assert_uint_eq(more.digest, one.digest);
    collect_release(&one);
    collect_release(&more);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("runs with applications");
    TCase *t = tcase_create("runs with applications");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, born_and_ended_with_their_kmc, 0, 3);
    tcase_add_test(t, the_same_rows_for_any_number_of_threads);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
