/* EAP-IBAKE with a key-management server: the MAS asks it for its private keys of each half-year,
 * once for all sessions; an outage of it, or slowness, fails bootstraps with its name, and passes.
 */
#include "crypto/entity.h"
#include "sim/ledger.h"
#include "tests/support/fleet.h"

#include <check.h>
#include <stdio.h>

/* A period ends after half an hour. */
#define FLEET_OF(kms, link)                                                                        \
    "m2msim: 1\n"                                                                                  \
    "run: {until: 2 h, seed: 5, key_pool: 2, epoch: 2013-06-30T23:30:00Z}\n"                       \
    "populations:\n"                                                                               \
    "  meters:\n"                                                                                  \
    "    count: 12\n"                                                                              \
    "    kind: device\n"                                                                           \
    "    class: cortex-a7\n"                                                                       \
    "    bootstrap: {method: eap-ibake}\n"                                                         \
    "    arrivals: {shape: uniform, over: 1 h}\n"                                                  \
    "    ival: {component_size: 512 B}\n"                                                          \
    "    report: {every: never}\n"                                                                 \
    "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"                                           \
    "    timeout: {procedure: 60 s}\n"                                                             \
    "  msbf: {kind: msbf}\n"                                                                       \
    "  mas: {kind: mas}\n"                                                                         \
    "  nscl: {kind: nscl}\n" kms "links:\n"                                                        \
    "  meters -> msbf: {latency: 40 ms, rate: 1 Mbit/s}\n"                                         \
    "  meters -> mas: {latency: 40 ms, rate: 1 Mbit/s}\n"                                          \
    "  meters -> nscl: {latency: 40 ms, rate: 1 Mbit/s}\n"                                         \
    "  msbf -> mas: {latency: 10 ms, rate: 1 Gbit/s}\n"                                            \
    "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n" link                                       \
    "record: {messages: {sample: 100 %}}\n"
#define KMS     "  kms: {kind: kms, latency: 15 ms}\n"
#define LINK    "  mas -> kms: {latency: 10 ms, rate: 1 Gbit/s}\n"
#define DEVICES 12

static const char fleet[] = FLEET_OF(KMS, LINK);
static const char fleet_without[] = FLEET_OF("", "");
static struct deployment_counts counts;

static void run(struct collect *c, const char *events, const char *const *sets)
{
    char text[4096];

    ck_assert_int_lt(snprintf(text, sizeof text, "%s%s", fleet, events), (int)sizeof text);
    fleet_run_text(c, 1, text, sets, &counts);
    fleet_check_sums(c);
}

static sim_ns server_crypto(const struct collect *c)
{
    const struct collected_procedure *p;
    sim_ns sum = 0;

    for (size_t at = 0; (p = collect_next(c, "bootstrap", &at));)
        sum += p->row.parts[PART_SERVER_CRYPTO];
    return sum;
}

/* One question a half-year, paid for: an extraction at the KMS, a validation at the MAS. */
START_TEST(each_period_is_asked_for_once)
{
    static const char *const schemes[] = {"populations.meters.bootstrap.ibe=sakke",
                                          "populations.meters.bootstrap.ibe=bf"};
    struct collect c, without;

    run(&c, "", SETS(schemes[_i]));
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(collect_messages(&c, "GetPrivateKeys"), 2);
    ck_assert_uint_eq(collect_messages(&c, "private keys"), 2);
    fleet_run_text(&without, 1, fleet_without, SETS(schemes[_i]), &counts);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(collect_messages(&without, "GetPrivateKeys"), 0);
    ck_assert_int_gt(server_crypto(&c), server_crypto(&without) + 2 * SIM_MS);
    collect_release(&c);
    collect_release(&without);
}
END_TEST

/* All at once, and a KMS that takes two seconds: those who come meanwhile wait for the same answer.
 */
START_TEST(all_who_wait_are_told)
{
    struct collect c;

    run(&c, "", SETS("populations.meters.arrivals.over=1 s", "populations.kms.latency=2 s"));
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(collect_messages(&c, "GetPrivateKeys"), 1);
    collect_release(&c);
}
END_TEST

#define OUTAGE "events:\n  - {at: 20 min, do: outage, what: kms, for: 25 min}\n"

/* What it gave before is good until the period ends, then nobody gets in, and later all. */
START_TEST(an_outage_has_its_name_and_passes)
{
    const struct collected_procedure *p;
    unsigned before = 0, after = 0;
    struct collect c;

    run(&c, OUTAGE, SETS("populations.meters.retry.attempts=1"));
    for (size_t at = 0; (p = collect_next(&c, "bootstrap", &at));) {
        bool out = p->row.t_start > 30 * 60 * SIM_S && p->row.t_start < 45 * 60 * SIM_S;

        ck_assert_str_eq(p->outcome, out ? "failed" : "success");
        ck_assert_str_eq(p->reason, out ? "backend-timeout" : "");
        before += p->row.t_start < 30 * 60 * SIM_S;
        after += p->row.t_start > 45 * 60 * SIM_S;
    }
    ck_assert_uint_gt(before, 0);
    ck_assert_uint_gt(after, 0);
    ck_assert_uint_lt(before + after, DEVICES);
    collect_release(&c);
    run(&c, OUTAGE, SETS("run.until=2 h"));
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(collect_procedures(&c, "bootstrap", "success", ""), DEVICES);
    collect_release(&c);
}
END_TEST

/* So slow that whoever asked has gone when the answer comes: it is thrown away, and who waits then
 * asks anew. */
START_TEST(too_slow)
{
    struct collect c;

    run(&c, "",
        SETS("populations.kms.latency=370 s", "populations.meters.arrivals.over=1 s",
             "run.until=25 min"));
    ck_assert_uint_eq(collect_procedures(&c, "bootstrap", "success", NULL), 0);
    ck_assert_uint_eq(collect_procedures(&c, "bootstrap", "failed", "radius-timeout"), DEVICES);
    ck_assert_uint_ge(collect_messages(&c, "GetPrivateKeys"), 2);
    collect_release(&c);
}
END_TEST

/* The MAS is switched off while its question is with the KMS, and asks again. */
START_TEST(a_mas_that_is_off_meanwhile)
{
    struct collect c;

    run(&c, "events:\n  - {at: 3 s, do: outage, what: mas, for: 1 min}\n",
        SETS("populations.meters.arrivals.over=1 s", "populations.kms.latency=10 s"));
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(collect_messages(&c, "GetPrivateKeys"), 2);
    collect_release(&c);
}
END_TEST

START_TEST(the_same_rows_for_any_number_of_threads)
{
    const char *const *sets =
        SETS("populations.meters.arrivals.over=1 s", "populations.kms.latency=300 ms",
             "links.mas -> kms.loss=30 %", "links.meters -> msbf.loss=5 %",
             "populations.mas.count=2", "run.until=10 min");
    struct collect one, more;

    fleet_run_text(&one, 1, fleet, sets, &counts);
    ck_assert_uint_eq(counts.registered, DEVICES);
    for (unsigned threads = 2; threads <= 4; threads += 2) {
        fleet_run_text(&more, threads, fleet, sets, NULL);
        ck_assert_uint_eq(more.digest, one.digest);
        collect_release(&more);
    }
    collect_release(&one);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("runs with a KMS");
    TCase *t = tcase_create("runs with a KMS");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, each_period_is_asked_for_once, 0, 2);
    tcase_add_test(t, all_who_wait_are_told);
    tcase_add_test(t, an_outage_has_its_name_and_passes);
    tcase_add_test(t, too_slow);
    tcase_add_test(t, a_mas_that_is_off_meanwhile);
    tcase_add_test(t, the_same_rows_for_any_number_of_threads);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
