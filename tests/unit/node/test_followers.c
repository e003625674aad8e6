/* Applications at an NSCL that subscribe in gateways' own trees: their requests are handed on to
 * the gateways, and what these notify goes over mId to the NSCL, which hands it on. Each reading is
 * told once, also through an outage of the NSCL. */
#include "models/node/node_id.h"
#include "crypto/entity.h"
#include "sim/base/str.h"
#include "tests/support/district.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const char with_watchers[] =
    "m2msim: 1\n"
    "title: gateways, meters, and applications elsewhere that follow the meters\n"
    "run: {until: 170 min, seed: 5, key_pool: 2}\n"
    "populations:\n"
    "  gateways:\n"
    "    kind: gateway\n"
    "    count: 2\n"
    "    bootstrap: {method: pre-provisioned}\n"
    "    mid: {channel: long-poll}\n"
    "    arrivals: {shape: burst, over: 1 s}\n"
    "    ival: {component_size: 512 B}\n"
    "    report: {every: 10 min, size: 40 B, rcat: 2}\n"
    "    retry: {base: 2 s, cap: 1 min, jitter: none, restart: 20 s}\n"
    "    max_instances: 1000\n"
    "  meters:\n"
    "    kind: local\n"
    "    count: 6\n"
    "    arrivals: {shape: uniform, over: 5 min}\n"
    "    report: {every: 5 min, size: 40 B, rcat: 2, trpdt: 2 min}\n"
    "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"
    "  others:\n"
    "    kind: local\n"
    "    count: 2\n"
    "    arrivals: {shape: uniform, over: 5 min}\n"
    "    report: {every: 5 min, size: 40 B}\n"
    "  mas: {kind: mas}\n"
    "  nscl: {kind: nscl}\n"
    "  watchers: {kind: application, count: 2, follow: meters, retry: 20 s, start: 1 min}\n"
    "links:\n"
    "  meters -> gateways: {latency: 80 ms, rate: 50 kbit/s}\n"
    "  others -> gateways: {latency: 80 ms, rate: 50 kbit/s}\n"
    "  gateways -> mas: {latency: 35 ms, rate: 5 Mbit/s}\n"
    "  gateways -> nscl: {latency: 35 ms, rate: 5 Mbit/s}\n"
    "  watchers -> nscl: {latency: 5 ms, rate: 1 Gbit/s}\n"
    "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"
    "record: {series_every: 1 min}\n";

#define WATCHERS "populations.watchers."
#define GATEWAYS "populations.gateways."

/* ---- rows ---- */

/* A notification goes two legs, each a row of its own: of a gateway, over mId; of the NSCL. */
static size_t legs(const struct district *t, const char *population, const char *outcome,
                   const char *reason)
{
    const struct population *p = district_population(t, population);
    const struct collected_procedure *q;
    size_t n = 0, at = 0;

    while ((q = collect_next(&t->rows, "notification", &at)))
        n += q->row.node_id >= p->first_node && q->row.node_id < p->first_node + p->config->count &&
             (!outcome || strcmp(q->outcome, outcome) == 0) &&
             (!reason || strcmp(q->reason, reason) == 0);
    return n;
}

/* What the applications are told of SCLs that come and go is the NSCL's own. */
static uint64_t of_scls(const struct district *t)
{
    return legs(t, "nscl", NULL, NULL) - legs(t, "gateways", "success", NULL);
}

/* ---- what they should have been told, by the gateways' trees ---- */

static void ask(const struct district *t, const struct device *gateway, const char *entity,
                const char *target, struct m2m_response *r)
{
    m2m_response_init(r);
    scl_tree_request(gateway->gateway->tree, t->d->in.epoch_unix_ns + node_now(t->d),
                     &(struct m2m_request){.target_id = span_str(target),
                                           .requesting_entity = entity,
                                           .method = M2M_RETRIEVE,
                                           .point = M2M_DIA},
                     r);
}

static int64_t created_at(const struct district *t, const struct device *gateway,
                          const char *entity, const char *target)
{
    struct m2m_response r;
    int64_t at = INT64_MAX;

    ask(t, gateway, entity, target, &r);
    if (r.status_code == STATUS_OK)
        at = m2m_find_number(m2m_rep_span(&r.representation), E_CREATION_TIME, 0);
    m2m_response_clear(&r);
    return at;
}

struct facts {
    uint64_t subscribed; /* containers, by each application */
    uint64_t since_then; /* instances since then */
};

static void add_facts(struct facts *sum, const struct district *t, const struct local *l,
                      uint32_t watcher)
{
    char app[NODE_NAME_MAX], scl_id[M2M_MAX_URI], target[2 * NODE_NAME_MAX];
    char subscription[4 * NODE_NAME_MAX];
    const struct device *gateway = local_gateway(l);
    struct m2m_response r;
    struct m2m_item item;
    struct span list;
    int64_t at;

    node_scl_id(gateway->node_id, scl_id);
    local_app_id(l, app);
    gateway_path(target, sizeof target, app, PLACE_INSTANCES);
    snprintf(subscription, sizeof subscription, "%s/subscriptions/watchers-%u", target, watcher);
    at = created_at(t, gateway, scl_id, subscription);
    sum->subscribed += at != INT64_MAX;
    ask(t, gateway, scl_id, target, &r);
    if (m2m_find(m2m_rep_span(&r.representation), E_CONTENT_INSTANCE_COLLECTION, &list))
        while (m2m_next(&list, &item))
            sum->since_then += m2m_find_number(item.value, E_CREATION_TIME, 0) >= at;
    m2m_response_clear(&r);
}

static struct facts facts_of(const struct district *t)
{
    const struct population *p = district_population(t, "meters");
    struct facts sum = {0, 0};

    for (uint32_t k = 0; k < p->config->count; k++)
        for (uint32_t w = 0; w < district_population(t, "watchers")->config->count; w++)
            add_facts(&sum, t, &p->locals[k], w);
    return sum;
}

/* ---- tests ---- */

/* On a good line, and on one that loses. */
START_TEST(each_reading_is_told_once)
{
    static const char *const losses[] = {"links.gateways -> nscl.loss=0 %",
                                         "links.gateways -> nscl.loss=5 %"};
    const struct collected_procedure *p;
    struct district t;
    struct facts f;
    size_t at = 0;

    district_open(&t, 1, with_watchers, "", SETS(losses[_i]));
    f = facts_of(&t);
    ck_assert_uint_eq(f.subscribed, 6 * 2);
    ck_assert_uint_ge(f.since_then, 6 * 2 * 28);
    ck_assert_uint_eq(collect_procedures(&t.rows, "notification", "failed", NULL), 0);
    ck_assert_uint_eq(legs(&t, "gateways", "success", ""), f.since_then);
    ck_assert_uint_eq(t.counts.notified, f.since_then + of_scls(&t));
    ck_assert_uint_eq(t.counts.repeated, 0);
    fleet_check_sums(&t.rows);
    while ((p = collect_next(&t.rows, "notification", &at))) {
        const struct population *g = district_population(&t, "gateways");

        if (p->row.node_id < g->first_node || p->row.node_id >= g->first_node + g->config->count)
            continue;
        ck_assert_str_eq(p->method, "https");
        ck_assert_int_eq(p->row.peer_id, district_population(&t, "nscl")->first_node);
        ck_assert_int_gt(p->row.octets_up, 500); /* the notify */
        ck_assert_int_gt(p->row.octets_down, 0);
        ck_assert_int_gt(p->row.device_ns, 0);
        ck_assert_int_ge(p->row.parts[PART_NETWORK], 2 * 35 * SIM_MS);
    }
    district_close(&t);
}
END_TEST

/* Through an hour without the NSCL all wait at the gateways, through their own loss of power too;
 * what the NSCL had taken over when it went off its rows name. */
START_TEST(an_outage_loses_nothing_at_the_gateways)
{
    static const char *const events[] = {
        "events:\n  - {at: 1 h, do: outage, what: nscl, for: 1 h}\n",
        "events:\n  - {at: 1 h, do: outage, what: nscl, for: 1 h}\n"
        "  - {at: 80 min, do: blackout, what: gateways, for: 5 min}\n"};
    struct district t;
    struct facts f;
    size_t lost;

    district_open(&t, 1, with_watchers, events[_i], SETS(NULL));
    f = facts_of(&t);
    lost = legs(&t, "nscl", "failed", "outage");
    ck_assert_uint_eq(f.subscribed, 6 * 2);
    ck_assert_uint_ge(f.since_then, 6 * 2 * 26);
    ck_assert_uint_eq(legs(&t, "gateways", "failed", NULL), 0);
    ck_assert_uint_eq(legs(&t, "gateways", "unfinished", NULL), 0);
    ck_assert_uint_eq(legs(&t, "gateways", "success", ""), f.since_then);
    ck_assert_uint_eq(t.counts.notified + lost, f.since_then + of_scls(&t));
    fleet_check_sums(&t.rows);
    district_close(&t);
}
END_TEST

/* Of more than its store may hold the oldest go, each with a row. */
START_TEST(what_is_too_much_is_dropped_by_name)
{
    static const char outage[] = "events:\n  - {at: 1 h, do: outage, what: nscl, for: 1 h}\n";
    struct district t;
    struct facts f;
    size_t full;

    district_open(&t, 1, with_watchers, outage, SETS(GATEWAYS "store.max_requests=20"));
    f = facts_of(&t);
    full = legs(&t, "gateways", "failed", "store-full");
    /* Twelve readings of three meters each, told to two. */
    ck_assert_uint_ge(full, 2 * (11 * 3 * 2 - 20));
    ck_assert_uint_eq(legs(&t, "gateways", "failed", NULL), full);
    ck_assert_uint_eq(legs(&t, "gateways", "success", "") + full, f.since_then);
    district_close(&t);
}
END_TEST

/* An application that is off: the NSCL's rows say what it was not told, no gateway waits for it. */
START_TEST(a_follower_that_is_off)
{
    static const char outage[] =
        "events:\n  - {at: 1 h, do: outage, what: watchers, for: 20 min}\n";
    struct district t;
    struct facts f;
    size_t dropped;

    district_open(&t, 1, with_watchers, outage, SETS(NULL));
    f = facts_of(&t);
    dropped = legs(&t, "nscl", "failed", NULL);
    ck_assert_uint_ge(dropped, 2 * 5); /* five attempts of each take two minutes or more */
    ck_assert_uint_eq(legs(&t, "gateways", "success", ""), f.since_then);
    ck_assert_uint_eq(t.counts.notified + dropped, f.since_then + of_scls(&t));
    ck_assert_uint_eq(collect_procedures(&t.rows, "delivery", "failed", NULL), 0);
    district_close(&t);
}
END_TEST

/* The right that a gateway makes is for who follows those devices, and for these alone. */
START_TEST(nobody_else_may_look)
{
    static const char *const who[] = {"watchers-0", "watchers-1", "meters-0",
                                      "meters-2",   "others-0",   "nobody"};
    static const enum m2m_status is[] = {STATUS_OK,        STATUS_OK,        STATUS_OK,
                                         STATUS_NOT_FOUND, STATUS_NOT_FOUND, STATUS_NOT_FOUND};
    struct m2m_response r;
    struct district t;

    district_open(&t, 1, with_watchers, "", SETS("run.until=20 min"));
    for (size_t i = 0; i < sizeof who / sizeof *who; i++) {
        ask(&t, &district_population(&t, "gateways")->devices[0], who[i],
            GATEWAY_APPLICATIONS "/meters-0/containers/readings", &r);
        ck_assert_int_eq(r.status_code, is[i]);
        m2m_response_clear(&r);
    }
    ask(&t, &district_population(&t, "gateways")->devices[0], "watchers-0",
        GATEWAY_APPLICATIONS "/others-0/containers/readings", &r);
    ck_assert_int_eq(r.status_code, STATUS_NOT_FOUND);
    m2m_response_clear(&r);
    district_close(&t);
}
END_TEST

/* ---- what tolerates delay ---- */

#define UNTIL (7200 * SIM_S)

static struct district *tolerant;

static void subscribe(struct sim *sim, struct sim_event *ev)
{
    struct local *l = &district_population(tolerant, "meters")->locals[0];
    char app[NODE_NAME_MAX], target[2 * NODE_NAME_MAX];
    struct m2m_rep rep;

    (void)ev;
    local_app_id(l, app);
    gateway_path(target, sizeof target, app, PLACE_INSTANCES);
    str_append(target, sizeof target, strlen(target), "/subscriptions");
    m2m_rep_init(&rep, M2M_SUBSCRIPTION);
    m2m_put_text(&rep, E_ID, "patient");
    m2m_put_number(&rep, E_DELAY_TOLERANCE, tolerant->d->in.epoch_unix_ns + UNTIL);
    m2m_put_text(&rep, E_CONTACT, "http://0.watchers.m2m.example/m2m/notify");
    ck_assert_int_eq(gateway_create(local_gateway(l)->gateway, sim_now(sim), app, target, &rep),
                     STATUS_CREATED);
}

static const struct sim_event_ops subscribe_ops = {"test-subscribe", NULL, subscribe};

/* Until the subscription's delayTolerance it waits for what is due, here the reading itself, for
 * two minutes at most; then nothing waits. */
START_TEST(a_subscription_that_tolerates_delay)
{
    const struct collected_procedure *p;
    struct sim_event event;
    struct district t;
    sim_ns longest = 0;
    size_t at = 0, n = 0;

    district_build(&t, 1, with_watchers, "", SETS(WATCHERS "start=3 h"));
    tolerant = &t;
    sim_event_init(&event, &subscribe_ops, NULL);
    sim_schedule(t.d->sim, &event, 3600 * SIM_S);
    district_run(&t);
    while ((p = collect_next(&t.rows, "notification", &at))) {
        sim_ns took = p->row.t_end - p->row.t_intended;

        ck_assert_str_eq(p->outcome, "success");
        if (p->row.node_id == district_population(&t, "nscl")->first_node)
            continue;
        n++;
        ck_assert_int_lt(took, 125 * SIM_S);
        if (p->row.t_intended > UNTIL)
            ck_assert_int_lt(took, 2 * SIM_S);
        longest = took > longest ? took : longest;
    }
    ck_assert_uint_ge(n, 20);
    ck_assert_int_gt(longest, 30 * SIM_S);
    ck_assert_uint_eq(t.counts.notified, n);
    district_close(&t);
}
END_TEST

START_TEST(the_same_rows_for_any_number_of_threads)
{
    const char *const *sets =
        SETS("populations.meters.count=12", "populations.meters.report.every=1 min",
             "links.meters -> gateways.loss=5 %", "links.watchers -> nscl.loss=5 %",
             "links.gateways -> nscl.loss=5 %", "run.until=40 min");
    static const char events[] = "events:\n"
                                 "  - {at: 15 min, do: outage, what: nscl, for: 3 min}\n"
                                 "  - {at: 25 min, do: blackout, what: gateways, for: 3 min}\n";

    district_same_rows(with_watchers, events, sets, 12 * 20);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("followers");
    TCase *t = tcase_create("followers");
    SRunner *r;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 240);
    tcase_add_loop_test(t, each_reading_is_told_once, 0, 2);
    tcase_add_loop_test(t, an_outage_loses_nothing_at_the_gateways, 0, 2);
    tcase_add_test(t, what_is_too_much_is_dropped_by_name);
    tcase_add_test(t, a_follower_that_is_off);
    tcase_add_test(t, nobody_else_may_look);
    tcase_add_test(t, a_subscription_that_tolerates_delay);
    tcase_add_test(t, the_same_rows_for_any_number_of_threads);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
