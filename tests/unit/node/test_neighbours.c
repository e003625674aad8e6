/* Applications on devices of their own behind a gateway, on dIa: they find what their neighbours
 * store in its tree, and are told of each reading once, by the gateway. */
#include "models/node/node_id.h"
#include "crypto/entity.h"
#include "tests/support/district.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* The displays show what the meters beside them read. */
static const char with_displays[] =
    FLEET_DISTRICT("170 min",
                   "report: {every: 10 min, size: 40 B, rcat: 2}\n"
                   "    max_instances: 1000",
                   "  displays: {kind: application, behind: gateways, count: 2, devices: meters,\n"
                   "    subscribe: yes, retry: 5 s, start: 1 min}\n",
                   "  displays -> gateways: {latency: 80 ms, rate: 50 kbit/s}\n", "");

#define DISPLAYS "populations.displays."

static size_t succeeded(const struct district *t, const char *kind)
{
    return collect_procedures(&t->rows, kind, "success", "");
}

/* ---- what they should have been told, by the gateways' trees ---- */

/* RETRIEVE at a gateway, by its GSCL itself. */
static void ask(const struct district *t, const struct device *gateway, const char *target,
                struct m2m_response *r)
{
    char scl_id[M2M_MAX_URI];

    node_scl_id(gateway->node_id, scl_id);
    m2m_response_init(r);
    scl_tree_request(gateway->gateway->tree, t->d->in.epoch_unix_ns + node_now(t->d),
                     &(struct m2m_request){.target_id = span_str(target),
                                           .requesting_entity = scl_id,
                                           .method = M2M_RETRIEVE,
                                           .point = M2M_DIA},
                     r);
}

static int64_t created_at(const struct district *t, const struct device *gateway,
                          const char *target)
{
    struct m2m_response r;
    int64_t at = INT64_MAX;

    ask(t, gateway, target, &r);
    if (r.status_code == STATUS_OK)
        at = m2m_find_number(m2m_rep_span(&r.representation), E_CREATION_TIME, 0);
    m2m_response_clear(&r);
    return at;
}

/* Applications that came after the display at their gateway subscribed to them. */
static uint64_t applications_since(const struct district *t)
{
    static const char *const names[] = {"meters", "sensors"};
    const struct population *gateways = district_population(t, "gateways");
    char target[2 * NODE_NAME_MAX], app[NODE_NAME_MAX];
    uint64_t n = 0;
    int64_t at[2];

    for (uint32_t k = 0; k < gateways->config->count; k++) {
        snprintf(target, sizeof target, GATEWAY_APPLICATIONS "/subscriptions/displays-%u", k);
        at[k] = created_at(t, &gateways->devices[k], target);
        n += created_at(t, &gateways->devices[k], GATEWAY_APPLICATIONS "/" GATEWAY_OWN) >= at[k];
    }
    for (size_t i = 0; i < 2; i++) {
        const struct population *p = district_population(t, names[i]);

        for (uint32_t k = 0; k < p->config->count; k++) {
            const struct device *gateway = local_gateway(&p->locals[k]);

            local_app_id(&p->locals[k], app);
            snprintf(target, sizeof target, GATEWAY_APPLICATIONS "/%s", app);
            n += created_at(t, gateway, target) >= at[gateway->index];
        }
    }
    return n;
}

struct facts {
    uint64_t subscribed; /* containers */
    uint64_t since_then; /* instances since then */
};

static void add_facts(struct facts *sum, const struct district *t, const struct device *gateway,
                      const char *app, const char *display)
{
    char target[4 * NODE_NAME_MAX], subscription[6 * NODE_NAME_MAX];
    struct m2m_response r;
    struct m2m_item item;
    struct span list;
    int64_t at;

    snprintf(target, sizeof target, GATEWAY_APPLICATIONS "/%s/containers/readings/contentInstances",
             app);
    snprintf(subscription, sizeof subscription, "%s/subscriptions/%s", target, display);
    at = created_at(t, gateway, subscription);
    sum->subscribed += at != INT64_MAX;
    ask(t, gateway, target, &r);
    if (m2m_find(m2m_rep_span(&r.representation), E_CONTENT_INSTANCE_COLLECTION, &list))
        while (m2m_next(&list, &item))
            sum->since_then += m2m_find_number(item.value, E_CREATION_TIME, 0) >= at;
    m2m_response_clear(&r);
}

static struct facts facts_of(const struct district *t, const char *name)
{
    const struct population *p = district_population(t, name);
    struct facts sum = {0, 0};
    char app[NODE_NAME_MAX], display[NODE_NAME_MAX];

    for (uint32_t k = 0; k < p->config->count; k++) {
        const struct device *gateway = local_gateway(&p->locals[k]);

        local_app_id(&p->locals[k], app);
        snprintf(display, sizeof display, "displays-%u", gateway->index);
        add_facts(&sum, t, gateway, app, display);
    }
    return sum;
}

/* ---- tests ---- */

/* Each reading that the gateway has stored since its display subscribed was told, and none twice:
 * of D' devices and of d devices, on a good line and on one that loses. */
START_TEST(each_reading_is_told_once)
{
    static const char *const losses[] = {"links.displays -> gateways.loss=0 %",
                                         "links.displays -> gateways.loss=5 %"};
    static const char *const of[] = {"meters", "sensors"};
    static const char *const devices[] = {DISPLAYS "devices=meters", DISPLAYS "devices=sensors"};
    struct district t;
    struct facts f;

    for (size_t i = 0; i < 2; i++) {
        uint64_t n = i == 0 ? 6 : 4;

        district_open(&t, 1, with_displays, "", SETS(losses[_i], devices[i]));
        f = facts_of(&t, of[i]);
        ck_assert_uint_eq(f.subscribed, n);
        ck_assert_uint_ge(f.since_then, n * 30);
        ck_assert_uint_eq(facts_of(&t, of[1 - i]).subscribed, 0);
        ck_assert_uint_eq(collect_procedures(&t.rows, "notification", "failed", NULL), 0);
        ck_assert_uint_eq(collect_procedures(&t.rows, "notification", "unfinished", NULL), 0);
        ck_assert_uint_eq(succeeded(&t, "notification"), t.counts.notified);
        ck_assert_uint_eq(t.counts.notified, f.since_then + applications_since(&t));
        ck_assert_uint_eq(succeeded(&t, "na-registration"), 2);
        ck_assert_uint_eq(collect_procedures(&t.rows, "subscription", "success", NULL), 2 + n);
        district_close(&t);
    }
}
END_TEST

/* Who starts late finds its neighbours by discovery, in parts where they are many, and reads them.
 */
START_TEST(a_latecomer_finds_its_neighbours)
{
    struct district t;
    struct facts f;

    district_open(&t, 1, with_displays, "",
                  SETS(DISPLAYS "start=1 h", DISPLAYS "read={every: 20 min}",
                       "populations.gateways.count=1", DISPLAYS "count=1",
                       "populations.meters.count=120", "populations.meters.report.every=30 min",
                       "populations.sensors.report.every=never", "run.until=2 h"));
    ck_assert_uint_ge(succeeded(&t, "read"), 120 * 2);
    ck_assert_uint_ge(succeeded(&t, "discovery"), 3);
    ck_assert_uint_ge(succeeded(&t, "subscription"), 1 + 120);
    f.since_then = t.counts.notified;
    ck_assert_uint_ge(f.since_then, 120);
    district_close(&t);
}
END_TEST

/* A device that is no neighbour, or of another sort, has no right. */
START_TEST(nobody_else_may_look)
{
    static const char *const who[] = {"displays-0", "displays-1", "meters-2", "meters-0", "nobody"};
    static const enum m2m_status is[] = {STATUS_OK, STATUS_NOT_FOUND, STATUS_NOT_FOUND, STATUS_OK,
                                         STATUS_NOT_FOUND};
    struct district t;

    district_open(&t, 1, with_displays, "", SETS("run.until=20 min"));
    for (size_t i = 0; i < sizeof who / sizeof *who; i++) {
        struct m2m_response r;

        m2m_response_init(&r);
        scl_tree_request(
            district_population(&t, "gateways")->devices[0].gateway->tree,
            t.d->in.epoch_unix_ns + node_now(t.d),
            &(struct m2m_request){
                .target_id = span_str(GATEWAY_APPLICATIONS "/meters-0/containers/readings"),
                .requesting_entity = who[i],
                .method = M2M_RETRIEVE,
                .point = M2M_DIA},
            &r);
        ck_assert_int_eq(r.status_code, is[i]);
        m2m_response_clear(&r);
    }
    district_close(&t);
}
END_TEST

/* A display that is off, and a gateway that loses its power: what is not taken is dropped, and its
 * row says why; subscriptions outlive it. */
START_TEST(what_is_not_taken_is_dropped_with_a_reason)
{
    static const char *const events[] = {
        "events:\n  - {at: 1 h, do: outage, what: displays, for: 20 min}\n",
        "events:\n  - {at: 1 h, do: blackout, what: gateways, for: 20 min}\n"};
    struct district t;
    struct facts f;
    size_t dropped;

    district_open(&t, 1, with_displays, events[_i], SETS(NULL));
    f = facts_of(&t, "meters");
    dropped = collect_procedures(&t.rows, "notification", "failed", NULL);
    if (_i == 0)
        ck_assert_uint_gt(dropped, 6);
    ck_assert_uint_eq(f.subscribed, 6);
    ck_assert_uint_ge(f.since_then, 6 * 25);
    ck_assert_uint_eq(collect_procedures(&t.rows, "notification", "unfinished", NULL), 0);
    ck_assert_uint_eq(t.counts.notified + dropped, f.since_then + applications_since(&t));
    ck_assert_uint_eq(t.counts.notified, succeeded(&t, "notification"));
    district_close(&t);
}
END_TEST

START_TEST(the_same_rows_for_any_number_of_threads)
{
    const char *const *sets =
        SETS(DISPLAYS "read={every: 2 min}", "populations.meters.count=12",
             "populations.meters.arrivals.over=2 s", "populations.meters.report.every=1 min",
             "links.meters -> gateways.loss=5 %", "links.displays -> gateways.loss=5 %",
             "links.gateways -> nscl.loss=5 %", "run.until=40 min");
    static const char events[] = "events:\n"
                                 "  - {at: 15 min, do: outage, what: displays, for: 3 min}\n"
                                 "  - {at: 25 min, do: blackout, what: gateways, for: 3 min}\n";

    district_same_rows(with_displays, events, sets, 12 * 20);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("neighbours");
    TCase *t = tcase_create("neighbours");
    SRunner *r;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 240);
    tcase_add_loop_test(t, each_reading_is_told_once, 0, 2);
    tcase_add_test(t, a_latecomer_finds_its_neighbours);
    tcase_add_test(t, nobody_else_may_look);
    tcase_add_loop_test(t, what_is_not_taken_is_dropped_with_a_reason, 0, 2);
    tcase_add_test(t, the_same_rows_for_any_number_of_threads);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
