/* Gateways: what local devices store there comes to the NSCL, once, through outages and losses; and
 * what the store does meanwhile. */
#include "models/node/node_id.h"
#include "crypto/entity.h"
#include "tests/support/district.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTAGE "events:\n  - {at: 1 h, do: outage, what: nscl, for: 1 h}\n"

static void open_district(struct district *t, const char *more, const char *const *sets)
{
    district_open(t, 1, fleet_district, more, sets);
}

/* How many instances the NSCL has in an application's container; there may be none. */
static int64_t instances(const struct district *t, const struct device *gateway, const char *app)
{
    struct server *nscl = &district_population(t, "nscl")->servers[0];
    char scl_id[M2M_MAX_URI], target[2 * M2M_MAX_URI];
    struct m2m_response r;
    int64_t n = 0;

    node_scl_id(gateway->node_id, scl_id);
    snprintf(target, sizeof target, "/m2m/scls/%s/containers/%s/contentInstances", scl_id, app);
    district_retrieve(t, nscl, target, &r);
    if (r.status_code == STATUS_OK)
        n = m2m_find_number(m2m_rep_span(&r.representation), E_CURRENT_NR_OF_INSTANCES, 0);
    m2m_response_clear(&r);
    return n;
}

struct tally_of {
    size_t success, failed, unfinished;
};

static struct tally_of tally_procedures(const struct district *t, const char *kind, int64_t node)
{
    struct tally_of n = {0, 0, 0};
    const struct collected_procedure *p;
    size_t at = 0;

    while ((p = collect_next(&t->rows, kind, &at))) {
        if (p->row.node_id != node)
            continue;
        n.success += strcmp(p->outcome, "success") == 0;
        n.failed += strcmp(p->outcome, "failed") == 0;
        n.unfinished += strcmp(p->outcome, "unfinished") == 0;
    }
    return n;
}

/* Of each local device and each gateway: what was stored at the gateway is at the NSCL as often as
 * it was acknowledged there, and what is not yet acknowledged is still waiting. */
static void check_exactly_once(const struct district *t)
{
    static const char *const names[] = {"meters", "sensors"};
    char app[NODE_NAME_MAX];

    for (size_t i = 0; i < 2; i++) {
        const struct population *p = district_population(t, names[i]);

        for (uint32_t k = 0; k < p->config->count; k++) {
            const struct local *l = &p->locals[k];
            struct tally_of brought = tally_procedures(t, "reading", local_node(l));
            struct tally_of delivered = tally_procedures(t, "delivery", local_node(l));

            local_app_id(l, app);
            /* Stored by the gateway, but its word of it lost for good: that too is delivered. */
            ck_assert_uint_ge(delivered.success + delivered.unfinished + delivered.failed,
                              brought.success);
            ck_assert_uint_le(delivered.success + delivered.unfinished + delivered.failed,
                              brought.success + brought.failed + brought.unfinished);
            ck_assert_int_ge(instances(t, local_gateway(l), app), (int64_t)delivered.success);
            ck_assert_int_le(instances(t, local_gateway(l), app),
                             (int64_t)(delivered.success + delivered.unfinished));
        }
    }
    for (uint32_t k = 0; k < 2; k++) {
        const struct device *dev = &district_population(t, "gateways")->devices[k];

        ck_assert_int_eq(instances(t, dev, GATEWAY_OWN),
                         (int64_t)tally_procedures(t, "delivery", device_node(dev)).success);
    }
}

/* ---- the way of a reading ---- */

START_TEST(readings_come_to_the_nscl)
{
    struct district t;

    open_district(&t, "", SETS(NULL));
    check_exactly_once(&t);
    ck_assert_uint_eq(t.counts.devices, 12);
    ck_assert_uint_eq(t.counts.registered, 12);
    ck_assert_uint_eq(t.counts.failed, 0);
    ck_assert_uint_ge(collect_procedures(&t.rows, "reading", "success", ""), 10 * 46);
    ck_assert_uint_ge(collect_procedures(&t.rows, "delivery", "success", ""), 10 * 46 + 2 * 23);
    /* Containers first, one for each application. */
    ck_assert_uint_eq(collect_messages(&t.rows, "CREATE application"), 6);
    ck_assert_uint_eq(collect_messages(&t.rows, "join"), 4);
    district_close(&t);
}
END_TEST

/* Meters tolerate two minutes: what comes within them goes in one session. Sensors do not. */
START_TEST(what_may_wait_goes_together)
{
    struct collect rows;
    const struct collected_procedure *p;
    size_t at = 0;
    struct district t;

    open_district(&t, "", SETS(NULL));
    rows = t.rows;
    while ((p = collect_next(&rows, "delivery", &at))) {
        sim_ns took = p->row.t_end - p->row.t_intended;

        if (strcmp(p->outcome, "success") != 0)
            continue;
        ck_assert_int_le(took, strcmp(p->method, "dia") == 0 ? 125 * SIM_S : 5 * SIM_S);
    }
    ck_assert_uint_lt(collect_procedures(&rows, "forward", "success", ""),
                      collect_procedures(&rows, "delivery", "success", "") * 3 / 4);
    district_close(&t);
    open_district(&t, "", SETS("populations.meters.report.rcat=6"));
    at = 0;
    while ((p = collect_next(&t.rows, "delivery", &at)))
        ck_assert_int_le(p->row.t_end - p->row.t_intended, 5 * SIM_S);
    district_close(&t);
}
END_TEST

/* ---- through an outage ---- */

START_TEST(an_outage_of_an_hour_loses_nothing)
{
    static const char *const losses[] = {"links.gateways -> nscl.loss=0 %",
                                         "links.gateways -> nscl.loss=10 %"};
    struct district t;

    open_district(&t, OUTAGE,
                  SETS(losses[_i], "links.meters -> gateways.loss=5 %",
                       "links.sensors -> gateways.loss=5 %"));
    check_exactly_once(&t);
    ck_assert_uint_eq(collect_procedures(&t.rows, "delivery", "failed", NULL), 0);
    ck_assert_uint_ge(collect_procedures(&t.rows, "delivery", "success", ""), 10 * 46);
    district_close(&t);
}
END_TEST

/* A gateway that loses its power comes back with what it has stored, and with its tree. */
START_TEST(a_store_outlives_a_blackout)
{
    struct district t;

    open_district(&t,
                  "events:\n  - {at: 70 min, do: blackout, what: gateways, for: 30 min}\n"
                  "  - {at: 1 h, do: outage, what: nscl, for: 30 min}\n",
                  SETS(NULL));
    check_exactly_once(&t);
    ck_assert_uint_eq(collect_procedures(&t.rows, "delivery", "failed", NULL), 0);
    ck_assert_uint_ge(collect_procedures(&t.rows, "reading", NULL, NULL), 10 * 46);
    ck_assert_uint_eq(t.counts.registered, 12);
    district_close(&t);
}
END_TEST

/* Who gives up before the NSCL's answer is there asks again, and is told that it has it already. */
START_TEST(a_repeat_is_no_second_reading)
{
    struct district t;

    open_district(&t, "",
                  SETS("populations.gateways.timeout.procedure=900 ms",
                       "populations.meters.timeout.procedure=900 ms",
                       "populations.sensors.timeout.procedure=900 ms",
                       "links.gateways -> nscl.loss=10 %", "links.meters -> gateways.loss=10 %",
                       "links.sensors -> gateways.loss=10 %"));
    check_exactly_once(&t);
    ck_assert_uint_gt(collect_messages(&t.rows, "409"), 10);
    ck_assert_uint_eq(collect_procedures(&t.rows, "delivery", "failed", NULL), 0);
    district_close(&t);
}
END_TEST

/* The registration ends while the NSCL is away, and with it all that is below: containers are made
 * anew, and what waited goes there. */
START_TEST(containers_come_again_with_a_registration)
{
    struct district t;

    open_district(&t, OUTAGE, SETS("populations.gateways.registration.lifetime=40 min"));
    ck_assert_uint_eq(collect_procedures(&t.rows, "delivery", "failed", NULL), 0);
    ck_assert_uint_ge(collect_procedures(&t.rows, "delivery", "success", ""), 10 * 46);
    ck_assert_uint_ge(collect_procedures(&t.rows, "registration", "success", ""), 4);
    for (uint32_t k = 0; k < 6; k++) {
        const struct local *l = &district_population(&t, "meters")->locals[k];
        char app[NODE_NAME_MAX];

        local_app_id(l, app);
        ck_assert_int_ge(instances(&t, local_gateway(l), app), 34);
    }
    district_close(&t);
}
END_TEST

/* ---- the store ---- */

/* Room for thirty, and an hour without the NSCL: of the meters' readings those are dropped that are
 * the oldest, of the more urgent sensors' none. */
START_TEST(a_full_store_drops_the_lowest_category)
{
    const struct collected_procedure *p;
    struct district t;
    size_t at = 0, dropped = 0;

    open_district(
        &t, OUTAGE,
        SETS("populations.gateways.store.max_requests=50", "populations.gateways.report.rcat=7"));
    check_exactly_once(&t);
    while ((p = collect_next(&t.rows, "delivery", &at))) {
        if (strcmp(p->outcome, "failed") != 0)
            continue;
        ck_assert_str_eq(p->reason, "store-full");
        ck_assert_str_eq(p->method, "dia");
        ck_assert_int_ge(p->row.t_end, 3600 * SIM_S);
        dropped++;
    }
    ck_assert_uint_gt(dropped, 10);
    ck_assert_uint_eq(dropped,
                      district_population(&t, "gateways")->devices[0].gateway->dropped +
                          district_population(&t, "gateways")->devices[1].gateway->dropped);
    district_close(&t);
}
END_TEST

/* The same by octets. */
START_TEST(a_store_is_bounded_in_octets)
{
    struct district t;

    open_district(&t, OUTAGE, SETS("populations.gateways.store.max_size=1 kB"));
    check_exactly_once(&t);
    ck_assert_uint_gt(collect_procedures(&t.rows, "delivery", "failed", "store-full"), 10);
    ck_assert_uint_le(district_population(&t, "gateways")->devices[0].gateway->octets, 1000);
    district_close(&t);
}
END_TEST

/* The link is for use five minutes an hour: meters, which may wait long, go then; sensors, who may
 * not, go at once, and take along what waits. */
START_TEST(a_window_is_waited_for)
{
    const struct collected_procedure *p;
    struct district t;
    size_t at = 0, n = 0;

    open_district(&t, "",
                  SETS("populations.gateways.store.window={every: 1 h, open: 5 min}",
                       "populations.meters.report.trpdt=6 h",
                       "populations.sensors.report.every=never",
                       "populations.gateways.report.every=never"));
    while ((p = collect_next(&t.rows, "forward", &at))) {
        ck_assert_int_lt(p->row.t_intended % (3600 * SIM_S), 300 * SIM_S);
        n++;
    }
    ck_assert_uint_ge(n, 2 * 3);
    check_exactly_once(&t);
    district_close(&t);
    open_district(&t, "",
                  SETS("populations.gateways.store.window={every: 1 h, open: 5 min}",
                       "populations.meters.report.trpdt=6 h"));
    ck_assert_uint_gt(collect_procedures(&t.rows, "forward", "success", ""), 4 * 40);
    district_close(&t);
}
END_TEST

/* After three attempts in vain the link is left alone for ten minutes. */
START_TEST(a_link_that_fails_is_left_alone)
{
    const struct collected_procedure *p;
    struct district t;
    size_t at = 0, failed = 0;

    open_district(&t, OUTAGE, SETS("populations.gateways.store.blocked={after: 3, for: 10 min}"));
    check_exactly_once(&t);
    while ((p = collect_next(&t.rows, "forward", &at))) {
        if (strcmp(p->outcome, "failed") != 0)
            continue;
        ck_assert_uint_eq(p->row.attempts, 3);
        failed++;
    }
    ck_assert_uint_ge(failed, 2 * 3);
    ck_assert_uint_le(failed, 2 * 6);
    ck_assert_uint_eq(collect_procedures(&t.rows, "delivery", "failed", NULL), 0);
    district_close(&t);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gateway");
    TCase *t = tcase_create("gateway");

    tcase_set_timeout(t, 240);
    tcase_add_test(t, readings_come_to_the_nscl);
    tcase_add_test(t, what_may_wait_goes_together);
    tcase_add_loop_test(t, an_outage_of_an_hour_loses_nothing, 0, 2);
    tcase_add_test(t, a_store_outlives_a_blackout);
    tcase_add_test(t, a_repeat_is_no_second_reading);
    tcase_add_test(t, containers_come_again_with_a_registration);
    tcase_add_test(t, a_full_store_drops_the_lowest_category);
    tcase_add_test(t, a_store_is_bounded_in_octets);
    tcase_add_test(t, a_window_is_waited_for);
    tcase_add_test(t, a_link_that_fails_is_left_alone);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    runner = srunner_create(suite());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
