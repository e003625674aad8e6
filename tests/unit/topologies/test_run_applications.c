/* Whole deployments with network applications: they register over mIa, find the devices, read and
 * subscribe; every contentInstance that a device was told is stored is told to the application
 * once, or its notification is dropped with a reason. */
#include "crypto/entity.h"
#include "sim/ledger.h"
#include "tests/support/fleet.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const char with_monitor[] = "m2msim: 1\n"
                                   "title: a small fleet and an application\n"
                                   "run: {until: 2 h, seed: 5, key_pool: 2}\n"
                                   "populations:\n"
                                   "  meters:\n"
                                   "    count: 12\n"
                                   "    kind: device\n"
                                   "    class: cortex-a7\n"
                                   "    bootstrap: {method: pre-provisioned}\n"
                                   "    arrivals: {shape: uniform, over: 1 min}\n"
                                   "    ival: {component_size: 512 B}\n"
                                   "    report: {every: 20 min, size: 100 B}\n"
                                   "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"
                                   "    timeout: {procedure: 60 s}\n"
                                   "  others: {kind: device, class: cortex-a7, count: 3,\n"
                                   "    bootstrap: {method: pre-provisioned},\n"
                                   "    arrivals: {over: 1 min}, ival: {component_size: 512 B}}\n"
                                   "  mas: {kind: mas}\n"
                                   "  nscl: {kind: nscl}\n"
                                   "  monitor: {kind: application, devices: meters}\n"
                                   "links:\n"
                                   "  meters -> mas: {latency: 40 ms, rate: 1 Mbit/s}\n"
                                   "  meters -> nscl: {latency: 40 ms, rate: 1 Mbit/s}\n"
                                   "  others -> mas: {latency: 40 ms, rate: 1 Mbit/s}\n"
                                   "  others -> nscl: {latency: 40 ms, rate: 1 Mbit/s}\n"
                                   "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"
                                   "  monitor -> nscl: {latency: 5 ms, rate: 1 Gbit/s}\n"
                                   "record: {series_every: 1 min}\n";

#define MONITOR   "populations.monitor."
#define SUBSCRIBE MONITOR "subscribe=yes"

static struct deployment_counts counts;

static void run(struct collect *c, const char *more, const char *const *sets)
{
    char text[4096];

    snprintf(text, sizeof text, "%s%s", with_monitor, more);
    fleet_run_text(c, 1, text, sets, &counts);
    fleet_check_sums(c);
}

static size_t succeeded(const struct collect *c, const char *kind)
{
    return collect_procedures(c, kind, "success", "");
}

/* The last end, or the first start, of what succeeded of a kind. */
static sim_ns last_end(const struct collect *c, const char *kind)
{
    const struct collected_procedure *p;
    sim_ns last = 0;
    size_t at = 0;

    while ((p = collect_next(c, kind, &at)))
        if (!p->reason[0] && p->row.t_end > last)
            last = p->row.t_end;
    return last;
}

static sim_ns first_start(const struct collect *c, const char *kind)
{
    const struct collected_procedure *p;
    sim_ns first = SIM_NEVER;
    size_t at = 0;

    while ((p = collect_next(c, kind, &at)))
        first = sim_ns_min(first, p->row.t_start);
    return first;
}

/* Reports of devices that nobody subscribes to. */
static size_t unobserved(const struct collect *c)
{
    const struct collected_procedure *p;
    size_t at = 0, n = 0;

    while ((p = collect_next(c, "request", &at)))
        n += p->row.node_id >= 12 && strcmp(p->outcome, "success") == 0;
    return n;
}

START_TEST(it_registers_and_reads)
{
    struct collect c;

    run(&c, "", SETS(MONITOR "read={every: 10 min}", "populations.meters.report.every=5 min"));
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(succeeded(&c, "na-registration"), 1);
    ck_assert_uint_eq(succeeded(&c, "discovery"), 1);
    ck_assert_uint_eq(succeeded(&c, "subscription"), 1);  /* of the SCLs that come */
    ck_assert_uint_eq(succeeded(&c, "access-right"), 12); /* and none of the others */
    ck_assert_uint_eq(succeeded(&c, "notification"), 15); /* an <scl> each, all devices' */
    ck_assert_uint_ge(succeeded(&c, "read"), 12 * 10);
    ck_assert_uint_le(succeeded(&c, "read"), 12 * 12);
    collect_release(&c);
    /* Before anything is stored there is nothing to read. */
    run(&c, "", SETS(MONITOR "read={every: 1 min, what: oldest}", "run.until=10 min"));
    ck_assert_uint_gt(collect_procedures(&c, "read", "failed", "not-found"), 0);
    collect_release(&c);
}
END_TEST

START_TEST(each_report_is_told_once)
{
    struct collect c;
    size_t stored;

    run(&c, "", SETS(SUBSCRIBE, MONITOR "retry=1 s", "populations.meters.report.every=30 min"));
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(succeeded(&c, "subscription"), 1 + 12);
    ck_assert_int_lt(last_end(&c, "subscription"), first_start(&c, "request"));
    stored = succeeded(&c, "request") - unobserved(&c);
    ck_assert_uint_ge(stored, 12 * 3);
    ck_assert_uint_eq(succeeded(&c, "notification"), 15 + stored);
    ck_assert_uint_eq(counts.notified, 15 + stored);
    ck_assert_uint_eq(counts.repeated, 0);
    collect_release(&c);
}
END_TEST

/* Within the spacing the latest waits, and what waited before it is forgotten. */
START_TEST(notifications_keep_their_distance)
{
    struct collect c;
    const struct collected_procedure *p;
    size_t at = 0, waited = 0;

    run(&c, "", SETS(SUBSCRIBE, MONITOR "retry=1 s", MONITOR "spacing=45 min"));
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_lt(counts.notified, 15 + 12 * 4);
    ck_assert_uint_gt(counts.notified, 15 + 12 * 2 - 1);
    while ((p = collect_next(&c, "notification", &at)))
        waited += p->row.t_end - p->row.t_intended > 60 * SIM_S;
    ck_assert_uint_ge(waited, 12);
    collect_release(&c);
}
END_TEST

/* Who comes late finds by discovery what was there before. */
START_TEST(a_latecomer_discovers)
{
    struct collect c;

    run(&c, "", SETS(SUBSCRIBE, MONITOR "start=30 min"));
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(succeeded(&c, "subscription"), 1 + 12);
    ck_assert_uint_ge(counts.notified, 12 * 4);
    collect_release(&c);
}
END_TEST

/* However many they are: an answer holds a hundred URIs, and these are 240. */
START_TEST(a_latecomer_discovers_many)
{
    struct collect c;

    run(&c, "",
        SETS(SUBSCRIBE, MONITOR "start=10 min", "populations.meters.count=120",
             "populations.meters.report.every=30 min", "run.until=15 min"));
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(succeeded(&c, "subscription"), 1 + 120);
    ck_assert_uint_ge(succeeded(&c, "discovery"), 1 + 3);
    collect_release(&c);
}
END_TEST

/* An application that is off: what it does not take in time is dropped, and counted. */
START_TEST(what_is_not_taken_is_dropped_with_a_reason)
{
    static const char outage[] = "events:\n  - {at: 1 h, do: outage, what: monitor, for: 10 min}\n";
    struct collect c;
    size_t stored, dropped;

    run(&c, outage, SETS(SUBSCRIBE, MONITOR "retry=1 s", "populations.meters.report.every=30 min"));
    stored = succeeded(&c, "request") - unobserved(&c);
    dropped = collect_procedures(&c, "notification", "failed", NULL);
    ck_assert_uint_gt(dropped, 0);
    ck_assert_uint_eq(collect_procedures(&c, "notification", "failed", "timeout") +
                          collect_procedures(&c, "notification", "failed", "connect-timeout"),
                      dropped);
    ck_assert_uint_eq(succeeded(&c, "notification") + dropped, 15 + stored);
    ck_assert_uint_eq(counts.notified, succeeded(&c, "notification"));
    collect_release(&c);
}
END_TEST

/* The NSCL's own outage: subscriptions survive it, what waited for a contact does not. */
START_TEST(subscriptions_survive_an_outage)
{
    static const char outage[] = "events:\n  - {at: 1 h, do: outage, what: nscl, for: 10 min}\n";
    struct collect c;
    size_t stored;

    run(&c, outage, SETS(SUBSCRIBE, MONITOR "retry=1 s", "populations.meters.report.every=30 min"));
    stored = succeeded(&c, "request") - unobserved(&c);
    ck_assert_uint_eq(succeeded(&c, "subscription"), 1 + 12);
    ck_assert_uint_eq(succeeded(&c, "notification") +
                          collect_procedures(&c, "notification", "failed", "outage"),
                      15 + stored);
    ck_assert_uint_ge(succeeded(&c, "notification"), 15 + stored - 2);
    collect_release(&c);
}
END_TEST

/* The end of a registration is told, and the application reads there no more. */
START_TEST(who_leaves_is_left_alone)
{
    struct collect c;
    const struct collected_procedure *p;
    sim_ns left;
    size_t at = 0;

    run(&c, "",
        SETS(MONITOR "read={every: 1 min}", "populations.meters.registration.deregister_at_end=yes",
             "populations.others.registration.lifetime=24 h",
             "populations.meters.timeout.procedure=20 min",
             "populations.meters.report.every=5 min"));
    ck_assert_uint_eq(succeeded(&c, "deregistration"), 12);
    ck_assert_uint_eq(succeeded(&c, "notification"), 15 + 12);
    left = last_end(&c, "deregistration") + SIM_S;
    while ((p = collect_next(&c, "read", &at)))
        ck_assert_int_lt(p->row.t_start, left);
    collect_release(&c);
}
END_TEST

/* Each of two NSCLs has its own application, by its number. */
START_TEST(an_application_for_each_nscl)
{
    struct collect c;

    run(&c, "",
        SETS(SUBSCRIBE, MONITOR "count=2", "populations.nscl.count=2",
             "populations.meters.report.every=10 min"));
    ck_assert_uint_eq(succeeded(&c, "na-registration"), 2);
    ck_assert_uint_eq(succeeded(&c, "subscription"), 2 + 12);
    ck_assert_uint_gt(counts.notified, 12 * 9);
    collect_release(&c);
}
END_TEST

/* Two kinds of application at one NSCL: both are told of all. */
START_TEST(two_kinds_at_one_nscl)
{
    static const char monitor[] = "  monitor: {", link[] = "  monitor -> nscl: {";
    const char *at = strstr(with_monitor, monitor), *joint = strstr(with_monitor, link);
    struct collect c;
    char text[4096];

    snprintf(text, sizeof text,
             "%.*s  office: {kind: application, devices: meters, subscribe: yes}\n"
             "%.*s  office -> nscl: {latency: 5 ms}\n%s",
             (int)(at - with_monitor), with_monitor, (int)(joint - at), at, joint);
    fleet_run_text(&c, 1, text, SETS(SUBSCRIBE, "populations.meters.report.every=30 min"), &counts);
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(succeeded(&c, "subscription"), 2 * (1 + 12));
    ck_assert_uint_eq(collect_procedures(&c, "subscription", "failed", NULL), 0);
    collect_release(&c);
}
END_TEST

START_TEST(the_same_rows_for_any_number_of_threads)
{
    static const char outage[] =
        "events:\n  - {at: 20 min, do: outage, what: monitor, for: 5 min}\n";
    const char *const *sets =
        SETS(SUBSCRIBE, MONITOR "read={every: 2 min}", "populations.meters.count=60",
             "populations.meters.arrivals.over=2 s", "populations.meters.report.every=3 min",
             "links.meters -> nscl.loss=3 %", "links.monitor -> nscl.loss=3 %", "run.until=40 min");
    struct collect one, more;
    char text[4096];

    snprintf(text, sizeof text, "%s%s", with_monitor, outage);
    fleet_run_text(&one, 1, text, sets, &counts);
    fleet_check_sums(&one);
    ck_assert_uint_gt(counts.notified, 60 * 8);
    for (unsigned threads = 2; threads <= 4; threads += 2) {
        fleet_run_text(&more, threads, text, sets, NULL);
        ck_assert_uint_eq(more.procedure_count, one.procedure_count);
        ck_assert_uint_eq(more.digest, one.digest);
        collect_release(&more);
    }
    collect_release(&one);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("applications");
    TCase *t = tcase_create("runs");
    SRunner *r;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 120);
    tcase_add_test(t, it_registers_and_reads);
    tcase_add_test(t, each_report_is_told_once);
    tcase_add_test(t, notifications_keep_their_distance);
    tcase_add_test(t, a_latecomer_discovers);
    tcase_add_test(t, a_latecomer_discovers_many);
    tcase_add_test(t, what_is_not_taken_is_dropped_with_a_reason);
    tcase_add_test(t, subscriptions_survive_an_outage);
    tcase_add_test(t, who_leaves_is_left_alone);
    tcase_add_test(t, an_application_for_each_nscl);
    tcase_add_test(t, two_kinds_at_one_nscl);
    tcase_add_test(t, the_same_rows_for_any_number_of_threads);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
