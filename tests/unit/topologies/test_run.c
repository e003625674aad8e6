/* Whole deployments, from a scenario's text to the rows they leave: the life of a fleet, each
 * failure with its reason, and the same rows for any number of threads. */
#include "crypto/entity.h"
#include "sim/ledger.h"
#include "tests/support/fleet.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char outage[] = "events:\n  - {at: 1 h, do: outage, what: nscl, for: 15 min}\n";

static struct deployment_counts counts;

static void run(struct collect *c, const char *more, const char *const *sets)
{
    fleet_run(c, 1, more, sets, &counts);
}

START_TEST(every_device_does_everything)
{
    struct collect c;

    run(&c, "", SETS(NULL));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, 12);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(collect_procedures(&c, "bootstrap", "success", ""), 12);
    ck_assert_uint_eq(collect_procedures(&c, "connection", "success", ""), 12);
    ck_assert_uint_eq(collect_procedures(&c, "registration", "success", ""), 12);
    ck_assert_uint_eq(collect_procedures(&c, "container", "success", ""), 12);
    /* Two hours hold five or six reports of each device, each period once. */
    ck_assert_uint_ge(collect_procedures(&c, "request", "success", ""), 12 * 5);
    ck_assert_uint_le(collect_procedures(&c, "request", "success", ""), 12 * 6);
    ck_assert_uint_eq(collect_ivals(&c, "genuine", "granted"), 12);
    ck_assert_uint_eq(collect_keys(&c, "Kmr", "run-end"), 12);
    ck_assert_uint_eq(collect_keys(&c, "Kmc", "run-end"), 12);
    ck_assert_uint_eq(collect_keys(&c, "KIVal", "run-end"), 12);
    /* Sessions close after their idle time: one for the registration, one for each later report. */
    ck_assert_uint_ge(collect_keys(&c, "session", "closed"), 12 * 5);
    for (size_t i = 0; i < c.procedure_count; i++) {
        const struct row_procedure *p = &c.procedures[i].row;
        ck_assert_uint_ge(p->attempts, 1);
        ck_assert_int_gt(p->parts[PART_DEVICE_CRYPTO], 0);
        ck_assert_int_gt(p->parts[PART_SERVER_CRYPTO], 0);
        ck_assert_int_ge(p->parts[PART_NETWORK], 2 * 40 * SIM_MS);
        ck_assert_int_eq(p->parts[PART_RETRANSMISSION], 0);
        ck_assert_uint_gt(p->octets_up, 100);
        ck_assert_uint_gt(p->octets_down, 100);
    }
    ck_assert_uint_gt(c.message_count, 500);
    collect_release(&c);
}
END_TEST

START_TEST(suites_and_versions)
{
    static const char *const sets[][3] = {
        {"populations.meters.bootstrap.suite=RSA-AES128-CBC-SHA",
         "populations.meters.bootstrap.version=1.1", NULL},
        {"populations.meters.connect.suite=ECDHE-PSK-AES128-CBC-SHA",
         "populations.meters.connect.version=1.1", "populations.meters.connect.group=X25519"},
        {"populations.meters.mid.suite=PSK-AES128-CBC-SHA", "populations.meters.mid.version=1.1",
         NULL},
        {"populations.meters.mid.suite=PSK-AES128-CBC-SHA256", NULL, NULL},
        {"populations.meters.bootstrap.method=pre-provisioned", NULL, NULL}};
    struct collect c;

    run(&c, "", SETS(sets[_i][0], sets[_i][1], sets[_i][2]));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, 12);
    ck_assert_uint_eq(counts.failed, 0);
    collect_release(&c);
}
END_TEST

/* The back-end's answer is on its way when the session that it is for is gone: TCP's, and UDP's. */
START_TEST(a_device_leaves_before_the_back_end_answers)
{
    struct collect c;

    run(&c, "",
        SETS("links.msbf -> mas.latency=10 s", "populations.meters.timeout.procedure=15 s",
             "populations.meters.retry.attempts=1"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.gave_up, 12);
    ck_assert_uint_eq(collect_procedures(&c, "bootstrap", "failed", "timeout"), 12);
    collect_release(&c);
}
END_TEST

START_TEST(tampered_devices_are_refused_and_no_other)
{
    struct collect c;

    run(&c, "", SETS("populations.meters.ival.tampered=40 %", "populations.meters.count=40"));
    fleet_check_sums(&c);
    ck_assert_uint_gt(counts.refused, 5);
    ck_assert_uint_eq(counts.refused + counts.registered, 40);
    ck_assert_uint_eq(collect_ivals(&c, "tampered", "denied"), counts.refused);
    ck_assert_uint_eq(collect_ivals(&c, "genuine", "granted"), counts.registered);
    ck_assert_uint_eq(c.ival_count, 40);
    ck_assert_uint_eq(collect_procedures(&c, "registration", "failed", "ival-denied"),
                      counts.refused);
    collect_release(&c);
}
END_TEST

/* Limited to xAE: the registration stands, storing readings (xRAR) does not. */
START_TEST(a_limited_device_may_not_store)
{
    struct collect c;

    run(&c, "",
        SETS("populations.meters.ival.tampered=100 %",
             "populations.nscl.ival_policy.tampered={verdict: limit, services: [xAE]}"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, 12);
    ck_assert_uint_eq(counts.refused, 0);
    ck_assert_uint_eq(collect_ivals(&c, "tampered", "limited"), 12);
    /* Told once, a device does not ask again before it attests anew. */
    ck_assert_uint_eq(collect_procedures(&c, "container", "failed", "ival-limited"), 12);
    ck_assert_uint_eq(collect_procedures(&c, "request", NULL, NULL), 0);
    collect_release(&c);
}
END_TEST

START_TEST(tampered_later_is_found_at_the_refresh)
{
    struct collect c;

    run(&c, "",
        SETS("populations.meters.ival.tampered=100 %", "populations.meters.ival.tampered_at=20 min",
             "populations.meters.registration.lifetime=1 h"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.refused, 12);
    ck_assert_uint_eq(counts.registered, 0);
    ck_assert_uint_eq(collect_procedures(&c, "registration", "success", ""), 12);
    ck_assert_uint_eq(collect_procedures(&c, "refresh", "failed", "ival-denied"), 12);
    collect_release(&c);
}
END_TEST

START_TEST(the_gate_keeps_tampered_devices_from_starting)
{
    struct collect c;

    run(&c, "", SETS("populations.meters.ival.tampered=100 %", "populations.meters.ival.gate=yes"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.refused, 12);
    ck_assert_uint_eq(collect_procedures(&c, "bootstrap", "failed", "ival-gate"), 12);
    ck_assert_uint_eq(c.procedure_count, 12);
    ck_assert_uint_eq(collect_ivals(&c, "tampered", "gate"), 12);
    for (size_t i = 0; i < c.procedure_count; i++)
        ck_assert_int_gt(c.procedures[i].row.parts[PART_DEVICE_CRYPTO], 0);
    collect_release(&c);
}
END_TEST

START_TEST(keys_are_renewed_before_they_expire)
{
    struct collect c;

    run(&c, "", SETS("populations.meters.keys.kmc=30 min", "populations.meters.keys.kmr=1 h"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, 12);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(collect_keys(&c, "Kmc", "expired"), 0);
    ck_assert_uint_eq(collect_keys(&c, "Kmr", "expired"), 0);
    ck_assert_uint_ge(collect_keys(&c, "Kmc", "renewed"), 12 * 3);
    ck_assert_uint_ge(collect_keys(&c, "Kmr", "renewed"), 12 * 2);
    for (size_t i = 0; i < c.key_count; i++) {
        if (c.keys[i].row.t_expires != ROW_NULL_ID)
            ck_assert_int_le(c.keys[i].row.t_end, c.keys[i].row.t_expires);
    }
    collect_release(&c);
}
END_TEST

/* A Kmr that cannot be had again: the hard stop at expiry. */
START_TEST(a_provisioned_key_ends_hard)
{
    struct collect c;

    run(&c, "",
        SETS("populations.meters.bootstrap.method=pre-provisioned",
             "populations.meters.keys.kmr=1 h", "populations.meters.keys.kmc=1 h"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.gave_up, 12);
    ck_assert_uint_eq(collect_keys(&c, "Kmr", "expired"), 12);
    for (size_t i = 0; i < c.procedure_count; i++)
        ck_assert_int_le(c.procedures[i].row.t_end, 3600 * SIM_S);
    collect_release(&c);
}
END_TEST

START_TEST(failures_have_their_names)
{
    static const struct {
        const char *set, *set2, *kind, *reason;
    } cases[] = {
        {"populations.meters.bootstrap.wrong_ca=100 %", NULL, "bootstrap",
         "certificate-unknown-issuer"},
        {"populations.meters.bootstrap.expired=100 %", NULL, "bootstrap", "certificate-expired"},
        {"populations.meters.bootstrap.method=pre-provisioned",
         "populations.meters.connect.wrong_key=100 %", "connection", "psk-wrong-key"},
        {"links.meters -> msbf.loss=100 %", NULL, "bootstrap", "timeout"},
        {"links.msbf -> mas.loss=100 %", NULL, "bootstrap", "backend-timeout"},
    };
    struct collect c;

    run(&c, "", SETS("populations.meters.retry.attempts=2", cases[_i].set, cases[_i].set2));
    fleet_check_sums(&c);
    ck_assert_uint_eq(collect_procedures(&c, cases[_i].kind, "failed", cases[_i].reason), 12);
    ck_assert_uint_eq(collect_procedures(&c, "registration", NULL, NULL), 0);
    ck_assert_uint_eq(counts.registered, 0);
    collect_release(&c);
}
END_TEST

/* Admission: a server that has all the sessions it may have refuses; one whose queue is long says
 * 503. */
START_TEST(a_busy_server_says_so)
{
    struct collect c;
    size_t refused;

    run(&c, "",
        SETS("populations.meters.arrivals.over=100 ms", "populations.msbf.max_sessions=1",
             "populations.meters.retry.attempts=1"));
    refused = collect_procedures(&c, "bootstrap", "failed", "connection-refused");
    ck_assert_uint_ge(refused, 6);
    ck_assert_uint_eq(collect_procedures(&c, "bootstrap", "success", ""), 12 - refused);
    ck_assert_uint_eq(counts.gave_up, refused);
    collect_release(&c);
    run(&c, "",
        SETS("populations.meters.arrivals.over=100 ms", "populations.mas.class=cortex-m0",
             "populations.mas.workers=1", "populations.mas.backlog_busy=3",
             "populations.meters.retry.attempts=1"));
    refused = collect_procedures(&c, "connection", "failed", "server-busy");
    ck_assert_uint_ge(refused, 3);
    ck_assert_uint_ge(collect_procedures(&c, "connection", "success", ""), 1);
    collect_release(&c);
}
END_TEST

START_TEST(an_outage_is_survived)
{
    struct collect c;
    size_t retried = 0;

    run(&c, outage, SETS("run.until=3 h"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, 12);
    /* The reports of that time took several attempts, and say so. */
    for (size_t i = 0; i < c.procedure_count; i++) {
        const struct row_procedure *p = &c.procedures[i].row;
        if (p->attempts < 2)
            continue;
        retried++;
        ck_assert_int_gt(p->parts[PART_BACKOFF] + p->parts[PART_NETWORK] +
                             p->parts[PART_RETRANSMISSION],
                         10 * SIM_S);
        ck_assert_str_eq(c.procedures[i].outcome, "success");
    }
    ck_assert_uint_gt(retried, 3);
    collect_release(&c);
}
END_TEST

START_TEST(losses_are_repaired_and_booked)
{
    struct collect c;
    int64_t retransmission = 0;

    run(&c, "",
        SETS("links.meters -> msbf.loss=5 %", "links.meters -> mas.loss=5 %",
             "links.meters -> nscl.loss=5 %"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, 12);
    for (size_t i = 0; i < c.procedure_count; i++)
        retransmission += c.procedures[i].row.parts[PART_RETRANSMISSION];
    ck_assert_int_gt(retransmission, SIM_S);
    collect_release(&c);
}
END_TEST

START_TEST(only_what_is_wanted_is_recorded)
{
    struct collect c;

    run(&c, "", SETS("record.procedures=none", "record.keys=none"));
    ck_assert_uint_eq(counts.registered, 12);
    ck_assert_uint_eq(c.procedure_count, 0);
    ck_assert_uint_eq(c.key_count, 0);
    ck_assert_uint_eq(c.ival_count, 12);
    collect_release(&c);
}
END_TEST

START_TEST(another_device_changes_no_other)
{
    struct collect few, many;
    size_t compared = 0;

    run(&few, "", SETS("populations.meters.count=5"));
    run(&many, "", SETS("populations.meters.count=6"));
    for (size_t i = 0; i < few.procedure_count; i++) {
        if (strcmp(few.procedures[i].kind, "bootstrap") != 0)
            continue;
        for (size_t k = 0; k < many.procedure_count; k++) {
            if (strcmp(many.procedures[k].kind, "bootstrap") != 0 ||
                many.procedures[k].row.node_id != few.procedures[i].row.node_id)
                continue;
            ck_assert_int_eq(few.procedures[i].row.t_intended, many.procedures[k].row.t_intended);
            ck_assert_uint_eq(few.procedures[i].row.octets_up, many.procedures[k].row.octets_up);
            compared++;
        }
    }
    ck_assert_uint_eq(compared, 5);
    collect_release(&few);
    collect_release(&many);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("runs");
    TCase *t = tcase_create("runs");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 120);
    tcase_add_test(t, every_device_does_everything);
    tcase_add_test(t, a_device_leaves_before_the_back_end_answers);
    tcase_add_loop_test(t, suites_and_versions, 0, 5);
    tcase_add_test(t, tampered_devices_are_refused_and_no_other);
    tcase_add_test(t, a_limited_device_may_not_store);
    tcase_add_test(t, tampered_later_is_found_at_the_refresh);
    tcase_add_test(t, the_gate_keeps_tampered_devices_from_starting);
    tcase_add_test(t, keys_are_renewed_before_they_expire);
    tcase_add_test(t, a_provisioned_key_ends_hard);
    tcase_add_loop_test(t, failures_have_their_names, 0, 5);
    tcase_add_test(t, a_busy_server_says_so);
    tcase_add_test(t, an_outage_is_survived);
    tcase_add_test(t, losses_are_repaired_and_booked);
    tcase_add_test(t, only_what_is_wanted_is_recorded);
    tcase_add_test(t, another_device_changes_no_other);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
