/* An application that is about what stands behind gateways: it finds their containers, those that
 * come and those that were there before, however many, and is told of each reading once. */
#include "models/node/node_id.h"
#include "crypto/entity.h"
#include "tests/support/district.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const char with_dashboard[] =
    FLEET_DISTRICT("3 h", "report: {every: 10 min, size: 40 B, rcat: 2}" FLEET_PATIENCE,
                   "  dashboard: {kind: application, subscribe: yes, retry: 5 s}\n",
                   "  dashboard -> nscl: {latency: 5 ms, rate: 1 Gbit/s}\n", "");

#define DASHBOARD  "populations.dashboard."
#define OF_METERS  DASHBOARD "devices=meters"
#define OUTAGE(of) "events:\n  - {at: 1 h, do: outage, what: " of ", for: 20 min}\n"

static size_t succeeded(const struct district *t, const char *kind)
{
    return collect_procedures(&t->rows, kind, "success", "");
}

/* ---- what it should have been told, by the tree of the NSCL ---- */

struct container_facts {
    uint64_t stored;     /* in all */
    uint64_t since_then; /* when the dashboard subscribed */
    bool subscribed;
};

static int64_t created_at(const struct district *t, const char *target)
{
    struct m2m_response r;
    int64_t at = -1;

    district_retrieve(t, &district_population(t, "nscl")->servers[0], target, &r);
    if (r.status_code == STATUS_OK)
        at = m2m_find_number(m2m_rep_span(&r.representation), E_CREATION_TIME, -1);
    m2m_response_clear(&r);
    return at;
}

static struct container_facts facts_of(const struct district *t, const struct device *gateway,
                                       const char *app)
{
    struct container_facts f = {0, 0, false};
    char scl_id[M2M_MAX_URI], target[4 * M2M_MAX_URI], subscription[5 * M2M_MAX_URI];
    struct m2m_item item;
    struct m2m_response r;
    struct span list;
    int64_t at;

    node_scl_id(gateway->node_id, scl_id);
    snprintf(target, sizeof target, "/m2m/scls/%s/containers/%s/contentInstances", scl_id, app);
    snprintf(subscription, sizeof subscription, "%s/subscriptions/dashboard", target);
    at = created_at(t, subscription);
    f.subscribed = at >= 0;
    district_retrieve(t, &district_population(t, "nscl")->servers[0], target, &r);
    if (m2m_find(m2m_rep_span(&r.representation), E_CONTENT_INSTANCE_COLLECTION, &list))
        while (m2m_next(&list, &item)) {
            f.stored++;
            f.since_then += f.subscribed && m2m_find_number(item.value, E_CREATION_TIME, 0) >= at;
        }
    m2m_response_clear(&r);
    return f;
}

struct facts {
    uint64_t containers, subscribed, stored, since_then;
};

static void add(struct facts *sum, struct container_facts f)
{
    sum->containers++;
    sum->subscribed += f.subscribed;
    sum->stored += f.stored;
    sum->since_then += f.since_then;
}

/* Of all devices of that name, or of the gateways' own applications. */
static struct facts facts_of_all(const struct district *t, const char *name)
{
    const struct population *p = district_population(t, name);
    struct facts sum = {0, 0, 0, 0};
    char app[NODE_NAME_MAX];

    for (uint32_t k = 0; k < p->config->count; k++) {
        if (p->locals)
            local_app_id(&p->locals[k], app);
        add(&sum, p->locals ? facts_of(t, local_gateway(&p->locals[k]), app)
                            : facts_of(t, &p->devices[k], GATEWAY_OWN));
    }
    return sum;
}

/* ---- tests ---- */

/* Each reading that the NSCL has acknowledged since the application subscribed there was told, and
 * none twice; of a gateway and its two sorts of devices those alone that it is about. */
START_TEST(each_reading_is_told_once)
{
    static const char *const losses[] = {"links.dashboard -> nscl.loss=0 %",
                                         "links.dashboard -> nscl.loss=5 %"};
    struct district t;
    struct facts f;

    district_open(&t, 1, with_dashboard, "", SETS(losses[_i], OF_METERS, "run.until=170 min"));
    f = facts_of_all(&t, "meters");
    ck_assert_uint_eq(f.subscribed, 6);
    ck_assert_uint_ge(f.since_then, 6 * 30);
    ck_assert_uint_le(f.stored - f.since_then, 6); /* the first, before it was known */
    ck_assert_uint_eq(collect_procedures(&t.rows, "notification", "unfinished", NULL), 0);
    ck_assert_uint_eq(collect_procedures(&t.rows, "notification", "failed", NULL), 0);
    /* Two <scl>, ten containers: their collection tells of each. */
    ck_assert_uint_eq(t.counts.notified, 2 + 12 + f.since_then);
    ck_assert_uint_eq(succeeded(&t, "notification"), t.counts.notified);
    ck_assert_uint_eq(facts_of_all(&t, "sensors").subscribed, 0);
    ck_assert_uint_eq(facts_of_all(&t, "gateways").subscribed, 0);
    ck_assert_uint_eq(succeeded(&t, "subscription"), 1 + 2 + 6);
    district_close(&t);
}
END_TEST

/* Of gateways it is about all that stands behind them, and reads it in turn. */
START_TEST(all_that_is_behind_a_gateway)
{
    struct district t;
    uint64_t told = 0;

    district_open(&t, 1, with_dashboard, "", SETS(DASHBOARD "read={every: 10 min}"));
    for (size_t i = 0; i < 3; i++) {
        static const char *const names[] = {"meters", "sensors", "gateways"};
        struct facts f = facts_of_all(&t, names[i]);

        ck_assert_uint_eq(f.subscribed, f.containers);
        told += f.since_then;
    }
    ck_assert_uint_eq(succeeded(&t, "access-right"), 2);
    ck_assert_uint_eq(succeeded(&t, "subscription"), 1 + 2 + 12);
    ck_assert_uint_ge(succeeded(&t, "read"), 12 * 15);
    ck_assert_uint_le(succeeded(&t, "read"), 12 * 18);
    ck_assert_uint_le(t.counts.notified, 2 + 12 + told);
    ck_assert_uint_ge(t.counts.notified, 2 + 12 + told - 3);
    district_close(&t);
}
END_TEST

/* Who starts late finds by discovery what is there, in parts where it is more than one answer
 * holds: 130 containers behind one gateway, and more than a hundred gateways. */
START_TEST(a_latecomer_finds_all_of_many)
{
    struct district t;
    struct facts f;

    district_open(&t, 1, with_dashboard, "",
                  SETS(OF_METERS, DASHBOARD "start=40 min", "populations.gateways.count=1",
                       "populations.meters.count=130", "populations.meters.report.every=20 min",
                       "populations.sensors.report.every=never", "run.until=80 min"));
    f = facts_of_all(&t, "meters");
    ck_assert_uint_eq(f.subscribed, 130);
    ck_assert_uint_gt(f.since_then, 130);
    ck_assert_uint_eq(succeeded(&t, "subscription"), 1 + 1 + 130);
    ck_assert_uint_ge(succeeded(&t, "discovery"), 1 + 3);
    district_close(&t);
    district_open(&t, 1, with_dashboard, "",
                  SETS(OF_METERS, DASHBOARD "start=40 min", "populations.gateways.count=110",
                       "populations.meters.count=110", "populations.meters.report.every=20 min",
                       "populations.gateways.report.every=never",
                       "populations.sensors.report.every=never",
                       "populations.gateways.arrivals.over=2 min", "run.until=60 min"));
    ck_assert_uint_eq(facts_of_all(&t, "meters").subscribed, 110);
    ck_assert_uint_eq(succeeded(&t, "subscription"), 1 + 110 + 110);
    ck_assert_uint_ge(succeeded(&t, "discovery"), 3 + 110);
    district_close(&t);
}
END_TEST

/* Registrations end while the NSCL is away, and all that is below goes with them: containers are
 * made anew, and found anew. */
START_TEST(containers_that_come_again_are_found_again)
{
    struct district t;
    struct facts f;

    district_open(&t, 1, with_dashboard, OUTAGE("nscl"),
                  SETS(OF_METERS, "populations.gateways.registration.lifetime=30 min"));
    f = facts_of_all(&t, "meters");
    ck_assert_uint_eq(f.subscribed, 6);
    ck_assert_uint_gt(f.since_then, 6 * 15);
    ck_assert_uint_ge(succeeded(&t, "registration"), 4);
    ck_assert_uint_ge(succeeded(&t, "subscription"), 1 + 2 * (2 + 6));
    district_close(&t);
}
END_TEST

/* An application that was away: what it did not take in time is dropped, with a reason. */
START_TEST(what_is_not_taken_is_dropped_with_a_reason)
{
    struct district t;
    struct facts f;
    size_t dropped;

    district_open(&t, 1, with_dashboard, OUTAGE("dashboard"), SETS(OF_METERS, "run.until=170 min"));
    f = facts_of_all(&t, "meters");
    dropped = collect_procedures(&t.rows, "notification", "failed", NULL);
    ck_assert_uint_gt(dropped, 0);
    ck_assert_uint_eq(succeeded(&t, "notification") + dropped, 2 + 12 + f.since_then);
    ck_assert_uint_eq(t.counts.notified, succeeded(&t, "notification"));
    district_close(&t);
}
END_TEST

START_TEST(the_same_rows_for_any_number_of_threads)
{
    const char *const *sets =
        SETS(DASHBOARD "read={every: 2 min}", "populations.meters.count=12",
             "populations.meters.arrivals.over=2 s", "populations.meters.report.every=1 min",
             "links.meters -> gateways.loss=5 %", "links.gateways -> nscl.loss=5 %",
             "links.dashboard -> nscl.loss=5 %", "run.until=80 min");

    district_same_rows(with_dashboard, OUTAGE("nscl"), sets, 12 * 40);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("subscriber");
    TCase *t = tcase_create("subscriber");
    SRunner *r;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 240);
    tcase_add_loop_test(t, each_reading_is_told_once, 0, 2);
    tcase_add_test(t, all_that_is_behind_a_gateway);
    tcase_add_test(t, a_latecomer_finds_all_of_many);
    tcase_add_test(t, containers_that_come_again_are_found_again);
    tcase_add_test(t, what_is_not_taken_is_dropped_with_a_reason);
    tcase_add_test(t, the_same_rows_for_any_number_of_threads);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
