/* Blackouts and firmware waves: what a device keeps and what it loses, who is refused for an image
 * that nobody knows yet, and what is said of how long it lasted. */
#include "crypto/entity.h"
#include "tests/support/fleet.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES 12
#define MINUTE  (60 * SIM_S)

static struct deployment_counts counts;

#define PROVISIONED "populations.meters.bootstrap.method=pre-provisioned"
#define SHORT       "populations.meters.registration={lifetime: 10 min, refresh_at: 50 %}"
#define EARLY       "populations.meters.arrivals={shape: uniform, over: 5 min}"
#define BURST       "populations.meters.arrivals={shape: burst, over: 1 s}"
#define BLACKOUT    "events=[{at: 30 min, do: blackout, what: meters, for: 10 min, over: 20 s}]"
#define WAVE        "events=[{at: 30 min, do: firmware, what: meters, for: 12 min, over: 1 min}]"

START_TEST(power_returns_and_everybody_comes_back)
{
    const sim_ns off = 30 * MINUTE, back = 40 * MINUTE;
    struct collect c;

    fleet_run(&c, 1, "", SETS(PROVISIONED, EARLY, BLACKOUT), &counts);
    ck_assert_uint_eq(collect_incidents(&c, "recovery", true), DEVICES);
    ck_assert_uint_eq(collect_incidents(&c, "recovery", false), 0);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.started, DEVICES);
    for (size_t i = 0; i < c.incident_count; i++) {
        ck_assert_int_eq(c.incidents[i].row.t, back);
        ck_assert_int_gt(c.incidents[i].row.t_end, back);
        ck_assert_int_lt(c.incidents[i].row.t_end, back + MINUTE);
    }
    /* Kmr stays in the secured environment; Kmc was lost, and is agreed anew. */
    ck_assert_uint_eq(collect_keys(&c, "Kmr", "run-end"), DEVICES);
    ck_assert_uint_eq(collect_keys(&c, "Kmc", "failed"), DEVICES);
    ck_assert_uint_eq(collect_procedures(&c, "connection", "success", NULL), 2 * DEVICES);
    /* It remembers its <scl>: an UPDATE of it, no second CREATE. */
    ck_assert_uint_eq(collect_procedures(&c, "registration", NULL, NULL), DEVICES);
    for (size_t i = 0; i < c.procedure_count; i++) {
        const struct row_procedure *p = &c.procedures[i].row;
        ck_assert(p->t_start < off || p->t_start >= back);
        ck_assert(p->t_start >= off || p->t_end <= off);
    }
    collect_release(&c);
}
END_TEST

START_TEST(only_a_share_is_struck)
{
    struct collect c;
    size_t struck;

    fleet_run(&c, 1, "",
              SETS(PROVISIONED, EARLY,
                   "events=[{at: 30 min, do: blackout, what: meters, for: 10 min, "
                   "share: 50 %}]"),
              &counts);
    struck = collect_incidents(&c, "recovery", true);
    ck_assert_uint_gt(struck, 0);
    ck_assert_uint_lt(struck, DEVICES);
    ck_assert_uint_eq(collect_keys(&c, "Kmc", "failed"), struck);
    collect_release(&c);
}
END_TEST

START_TEST(a_restart_may_wait)
{
    struct collect c;
    sim_ns last = 0;

    fleet_run(
        &c, 1, "",
        SETS(PROVISIONED, EARLY, BLACKOUT, "populations.meters.retry.restart=uniform 2 min 10 min"),
        &counts);
    ck_assert_uint_eq(collect_incidents(&c, "recovery", true), DEVICES);
    for (size_t i = 0; i < c.incident_count; i++) {
        sim_ns took = c.incidents[i].row.t_end - c.incidents[i].row.t;
        ck_assert_int_ge(took, 2 * MINUTE);
        last = took > last ? took : last;
    }
    ck_assert_int_gt(last, 5 * MINUTE);
    collect_release(&c);
}
END_TEST

START_TEST(no_power_at_the_end_is_no_recovery)
{
    struct collect c;

    fleet_run(
        &c, 1, "",
        SETS(PROVISIONED, EARLY, "events=[{at: 30 min, do: blackout, what: meters, for: 3 h}]"),
        &counts);
    ck_assert_uint_eq(collect_incidents(&c, NULL, true) + collect_incidents(&c, NULL, false), 0);
    ck_assert_uint_eq(counts.registered, 0);
    collect_release(&c);
}
END_TEST

/* Each attests every 5 min, and is unknown for 12: all are refused once, and return. */
START_TEST(an_unknown_image_is_refused_until_it_is_known)
{
    struct collect c;

    fleet_run(
        &c, 1, "",
        SETS(PROVISIONED, EARLY, SHORT, WAVE, "populations.nscl.ival_policy={tampered: deny}"),
        &counts);
    ck_assert_uint_eq(collect_incidents(&c, "false-denial", true), DEVICES);
    ck_assert_uint_eq(collect_ivals(&c, "genuine", "denied"), DEVICES);
    ck_assert_uint_eq(counts.refused, 0);
    ck_assert_uint_eq(counts.registered, DEVICES);
    for (size_t i = 0; i < c.incident_count; i++) {
        ck_assert_int_ge(c.incidents[i].row.t, 30 * MINUTE);
        ck_assert_int_ge(c.incidents[i].row.t_end, 42 * MINUTE);
        ck_assert_int_le(c.incidents[i].row.t_end, 44 * MINUTE);
    }
    collect_release(&c);
}
END_TEST

START_TEST(a_limited_one_attests_again_at_once)
{
    struct collect c;

    fleet_run(&c, 1, "",
              SETS(PROVISIONED, EARLY, SHORT, WAVE,
                   "populations.nscl.ival_policy={tampered: {verdict: limit, services: "
                   "[xSEC]}}"),
              &counts);
    ck_assert_uint_eq(collect_incidents(&c, "false-denial", true), DEVICES);
    ck_assert_uint_ge(collect_ivals(&c, "genuine", "limited"), DEVICES);
    ck_assert_uint_eq(collect_ivals(&c, "genuine", "denied"), 0);
    collect_release(&c);
}
END_TEST

/* The images differ in the version that the result names (bits 4..1: GAP C6). */
START_TEST(the_result_names_the_image)
{
    struct collect c;
    size_t old = 0, now = 0;

    fleet_run(&c, 1, "",
              SETS(PROVISIONED, EARLY, SHORT,
                   "events=[{at: 30 min, do: firmware, what: meters, for: 1 ns}]"),
              &counts);
    ck_assert_uint_eq(c.incident_count, 0);
    for (size_t i = 0; i < c.ival_count; i++) {
        int64_t version = c.ivals[i].row.result >> 1 & 15;
        ck_assert_int_eq(version, c.ivals[i].row.t < 30 * MINUTE ? 1 : 2);
        old += version == 1;
        now += version == 2;
    }
    ck_assert_uint_gt(old, DEVICES);
    ck_assert_uint_gt(now, DEVICES);
    collect_release(&c);
}
END_TEST

START_TEST(tampering_is_noticed_when_it_next_attests)
{
    struct collect c;

    fleet_run(&c, 1, "",
              SETS(PROVISIONED, EARLY, SHORT,
                   "populations.meters.ival={tampered: 100 %, tampered_at: 20 min}",
                   "populations.nscl.ival_policy={tampered: deny}"),
              &counts);
    ck_assert_uint_eq(collect_incidents(&c, "detection", true), DEVICES);
    for (size_t i = 0; i < c.incident_count; i++)
        ck_assert_int_le(c.incidents[i].row.t_end - c.incidents[i].row.t, 5 * MINUTE + 10 * SIM_S);
    collect_release(&c);
    fleet_run(&c, 1, "",
              SETS(PROVISIONED, EARLY, SHORT,
                   "populations.meters.ival={tampered: 100 %, tampered_at: 20 min}",
                   "populations.nscl.ival_policy={tampered: allow}"),
              &counts);
    ck_assert_uint_eq(collect_incidents(&c, "detection", false), DEVICES);
    ck_assert_uint_eq(c.incident_count, DEVICES);
    collect_release(&c);
}
END_TEST

/* A power cut in the middle of whatever goes on; sessions are cut on any thread's time. */
START_TEST(threads_change_nothing)
{
    static const char *const cut =
        "events=[{at: 1 s, do: blackout, what: meters, for: 1 min, share: 60 %}, {at: 62 s, do: "
        "blackout, what: meters, for: 2 s}, {at: 5 min, do: firmware, what: meters, for: 3 min}]";
    struct collect one, two;

    fleet_run(&one, 1, "", SETS(BURST, SHORT, cut), &counts);
    fleet_run(&two, 2, "", SETS(BURST, SHORT, cut), &counts);
    ck_assert_uint_eq(one.digest, two.digest);
    ck_assert_uint_gt(one.incident_count, 0);
    ck_assert_uint_gt(collect_procedures(&one, NULL, "failed", "outage"), 0);
    collect_release(&one);
    collect_release(&two);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("run_happenings");
    TCase *t = tcase_create("happenings");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return EXIT_FAILURE;
    tcase_set_timeout(t, 120);
    tcase_add_test(t, power_returns_and_everybody_comes_back);
    tcase_add_test(t, only_a_share_is_struck);
    tcase_add_test(t, a_restart_may_wait);
    tcase_add_test(t, no_power_at_the_end_is_no_recovery);
    tcase_add_test(t, an_unknown_image_is_refused_until_it_is_known);
    tcase_add_test(t, a_limited_one_attests_again_at_once);
    tcase_add_test(t, the_result_names_the_image);
    tcase_add_test(t, tampering_is_noticed_when_it_next_attests);
    tcase_add_test(t, threads_change_nothing);
    suite_add_tcase(suite, t);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
