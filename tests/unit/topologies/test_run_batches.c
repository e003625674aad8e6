/* Fleets that were personalised in batches: what a batch's end does to its devices, and to no
 * others. */
#include "crypto/entity.h"
#include "tests/support/fleet.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES 12
#define DAY     (86400 * SIM_S)

static struct deployment_counts counts;

#define PROVISIONED "populations.meters.bootstrap.method=pre-provisioned"
#define BATCHES     "populations.meters.personalisation={batches: 3, age: 100 d, interval: 10 d}"
/* The first batch of a fleet of twelve ends an hour into the run. */
#define KMR "populations.meters.keys.kmr=2401 h"

static const struct collected_key *kmr_of(const struct collect *c, int64_t node)
{
    for (size_t i = 0; i < c->key_count; i++)
        if (c->keys[i].row.node_id == node && !strcmp(c->keys[i].type, "Kmr"))
            return &c->keys[i];
    return NULL;
}

START_TEST(a_batch_ends_at_one_instant)
{
    const sim_ns end = 3600 * SIM_S;
    struct collect c;
    size_t late = 0;

    fleet_run(&c, 1, "", SETS(PROVISIONED, BATCHES, KMR), &counts);
    ck_assert_uint_eq(counts.gave_up, 4);
    ck_assert_uint_eq(collect_keys(&c, "Kmr", "expired"), 4);
    ck_assert_uint_eq(collect_keys(&c, "Kmr", "run-end"), 8);
    for (int64_t node = 0; node < DEVICES; node++) {
        const struct collected_key *k = kmr_of(&c, node);
        ck_assert_ptr_nonnull(k);
        ck_assert_int_eq(k->row.procedure_id, ROW_NULL_ID);
        ck_assert_int_eq(k->row.t_born, node / 4 * 10 * DAY - 100 * DAY);
        ck_assert_int_eq(k->row.t_expires, k->row.t_born + 2401 * 3600 * SIM_S);
        ck_assert_int_eq(k->row.t_end, node < 4 ? end : 7200 * SIM_S);
    }
    /* No Kmc outlives it; nothing of those devices happens afterwards, all goes on for the rest. */
    for (size_t i = 0; i < c.key_count; i++)
        if (!strcmp(c.keys[i].type, "Kmc") && c.keys[i].row.node_id < 4)
            ck_assert_int_le(c.keys[i].row.t_end, end);
    for (size_t i = 0; i < c.procedure_count; i++) {
        const struct row_procedure *p = &c.procedures[i].row;
        ck_assert(p->node_id >= 4 || p->t_end <= end);
        late += p->node_id >= 4 && p->t_start > end && !strcmp(c.procedures[i].outcome, "success");
    }
    ck_assert_uint_ge(late, 8 * 2);
    collect_release(&c);
}
END_TEST

/* Cards are from stock: a batch is spread over the fleet, and every device has one. */
START_TEST(cards_are_mixed)
{
    struct collect c, again;
    size_t expired, sorted = 0;

    fleet_run(&c, 1, "",
              SETS(PROVISIONED, BATCHES, KMR, "populations.meters.personalisation.store=uicc",
                   "populations.meters.count=60"),
              &counts);
    expired = collect_keys(&c, "Kmr", "expired");
    ck_assert_uint_eq(counts.gave_up, expired);
    ck_assert_uint_ge(expired, 8);
    ck_assert_uint_le(expired, 35);
    ck_assert_uint_eq(expired + collect_keys(&c, "Kmr", "run-end"), 60);
    for (int64_t node = 1; node < 60; node++)
        sorted += kmr_of(&c, node)->row.t_born >= kmr_of(&c, node - 1)->row.t_born;
    ck_assert_uint_lt(sorted, 59);
    fleet_run(&again, 4, "",
              SETS(PROVISIONED, BATCHES, KMR, "populations.meters.personalisation.store=uicc",
                   "populations.meters.count=60"),
              &counts);
    ck_assert_uint_eq(again.digest, c.digest);
    collect_release(&c);
    collect_release(&again);
}
END_TEST

/* As ever where nothing is said: a key that is as old as the run. */
START_TEST(one_batch_of_today)
{
    struct collect c;

    fleet_run(&c, 1, "", SETS(PROVISIONED), &counts);
    ck_assert_uint_eq(counts.registered, DEVICES);
    for (int64_t node = 0; node < DEVICES; node++)
        ck_assert_int_eq(kmr_of(&c, node)->row.t_born, 0);
    collect_release(&c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("batches");
    TCase *t = tcase_create("batches");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 120);
    tcase_add_test(t, a_batch_ends_at_one_instant);
    tcase_add_test(t, cards_are_mixed);
    tcase_add_test(t, one_batch_of_today);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
