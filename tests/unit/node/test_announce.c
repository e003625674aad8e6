/* What local applications let be announced has an *Annc at the NSCL, from its creation at the
 * gateway to its end there, through losses and outages; and applications find it by discovery. */
#include "models/node/node_id.h"
#include "models/node/registrar.h"
#include "crypto/entity.h"
#include "tests/support/district.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const char announced[] = "m2msim: 1\n"
                                "title: gateways, and meters behind them that are announced\n"
                                "run: {until: 4 h, seed: 5, key_pool: 2}\n"
                                "populations:\n"
                                "  gateways:\n"
                                "    kind: gateway\n"
                                "    count: 2\n"
                                "    bootstrap: {method: pre-provisioned}\n"
                                "    arrivals: {shape: burst, over: 1 s}\n"
                                "    ival: {component_size: 512 B}\n"
                                "    report: {every: 30 min, size: 40 B, rcat: 2}\n"
                                "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"
                                "    timeout: {procedure: 60 s}\n"
                                "  meters:\n"
                                "    kind: local\n"
                                "    count: 6\n"
                                "    announce: yes\n"
                                "    arrivals: {shape: uniform, over: 5 min}\n"
                                "    report: {every: 30 min, size: 40 B, rcat: 2}\n"
                                "  sensors:\n"
                                "    kind: local\n"
                                "    count: 4\n"
                                "    interface: xIP\n"
                                "    arrivals: {shape: uniform, over: 5 min}\n"
                                "    report: {every: 30 min, size: 20 B, rcat: 4}\n"
                                "  mas: {kind: mas}\n"
                                "  nscl: {kind: nscl}\n"
                                "  dashboard: {kind: application, devices: meters, start: 30 min}\n"
                                "links:\n"
                                "  meters -> gateways: {latency: 80 ms, rate: 50 kbit/s}\n"
                                "  sensors -> gateways: {latency: 80 ms, rate: 50 kbit/s}\n"
                                "  gateways -> mas: {latency: 35 ms, rate: 5 Mbit/s}\n"
                                "  gateways -> nscl: {latency: 35 ms, rate: 5 Mbit/s}\n"
                                "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"
                                "  dashboard -> nscl: {latency: 5 ms, rate: 1 Gbit/s}\n"
                                "record: {series_every: 1 min, messages: {sample: 100 %}}\n";

#define OUTAGE "events:\n  - {at: 1 h, do: outage, what: nscl, for: 1 h}\n"

/* ---- what is at the NSCL ---- */

/* By an application's discovery. */
struct found {
    int64_t matches;
    uint32_t announced, containers;
};

static struct found discover(const struct district *t, const char *name)
{
    struct server *nscl = &district_population(t, "nscl")->servers[0];
    struct found f = {0, 0, 0};
    struct m2m_rep filter;
    struct m2m_path path;
    struct m2m_item item;
    struct m2m_response r;
    struct span list;

    m2m_rep_init(&filter, M2M_NO_TYPE);
    m2m_put_text(&filter, E_SEARCH_STRING, name);
    m2m_response_init(&r);
    scl_tree_request(registrar_tree(nscl->registrar), t->d->in.epoch_unix_ns + node_now(t->d),
                     &(struct m2m_request){.target_id = span_str("/m2m/discovery"),
                                           .requesting_entity = "dashboard",
                                           .filter_criteria = m2m_rep_span(&filter),
                                           .method = M2M_RETRIEVE,
                                           .point = M2M_MIA},
                     &r);
    f.matches = m2m_find_number(m2m_rep_span(&r.representation), E_MATCH_SIZE, -1);
    ck_assert(m2m_find(m2m_rep_span(&r.representation), E_DISCOVERY_URI, &list));
    while (m2m_next(&list, &item)) {
        ck_assert_int_eq(m2m_path_parse(item.value, "m2m", &path), M2M_PATH_OK);
        if (strstr(m2m_path_name(&path, path.count - 1), "Annc"))
            f.announced++;
        else
            f.containers += m2m_path_type(&path) == M2M_CONTAINER;
    }
    m2m_response_clear(&r);
    m2m_rep_clear(&filter);
    return f;
}

/* The *Annc of a local device's application, or of its container; false: there is none. */
static bool get_annc(const struct district *t, const struct device *gateway, const char *below,
                     const char *id, struct m2m_response *r)
{
    char scl_id[M2M_MAX_URI], target[2 * M2M_MAX_URI];

    node_scl_id(gateway->node_id, scl_id);
    snprintf(target, sizeof target, "/m2m/scls/%s/%s/%s", scl_id, below, id);
    district_retrieve(t, &district_population(t, "nscl")->servers[0], target, r);
    return r->status_code == STATUS_OK;
}

static bool has_annc(const struct district *t, const struct device *gateway, const char *below,
                     const char *id)
{
    struct m2m_response r;
    bool there = get_annc(t, gateway, below, id, &r);

    m2m_response_clear(&r);
    return there;
}

/* Of each meter both, with links to the gateway. */
static void check_announced_meters(const struct district *t)
{
    const struct population *p = district_population(t, "meters");

    for (uint32_t k = 0; k < p->config->count; k++) {
        const struct device *gateway = local_gateway(&p->locals[k]);
        char scl_id[M2M_MAX_URI], app[NODE_NAME_MAX], id[NODE_NAME_MAX + 32], link[M2M_MAX_LINK],
            tail[M2M_MAX_LINK];
        struct m2m_response r;

        local_app_id(&p->locals[k], app);
        snprintf(id, sizeof id, "%sAnnc", app);
        ck_assert(get_annc(t, gateway, "applications", id, &r));
        m2m_find_text(m2m_rep_span(&r.representation), E_LINK, link, sizeof link);
        node_scl_id(gateway->node_id, scl_id); /* its authority, as the link of its <scl> has it */
        snprintf(tail, sizeof tail, "https://%s.m2m.example/m2m/applications/%s", scl_id, app);
        ck_assert_msg(strstr(link, tail) != NULL, "%s", link);
        m2m_response_clear(&r);
        snprintf(id, sizeof id, "%s-readingsAnnc", app);
        ck_assert(has_annc(t, gateway, "containers", id));
    }
}

/* And of sensors none. */
static void check_announced(const struct district *t)
{
    const struct population *p = district_population(t, "sensors");

    check_announced_meters(t);
    ck_assert(!has_annc(t, local_gateway(&p->locals[0]), "applications", "sensors-0Annc"));
}

/* ---- what happens at a gateway meanwhile ---- */

static const struct population *meters; /* of the run under way */

/* The end of each is awaited by nobody: they lie before the run's. */
struct step {
    struct sim_event event;
    struct gateway *gateway;
    void (*what)(struct gateway *g, sim_ns now);
};

static void step_commit(struct sim *sim, struct sim_event *ev)
{
    struct step *s = (struct step *)((char *)ev - offsetof(struct step, event));

    s->what(s->gateway, sim_now(sim));
}

static const struct sim_event_ops step_ops = {"test-step", NULL, step_commit};

static void plan(struct district *t, struct step *s, sim_ns at,
                 void (*what)(struct gateway *g, sim_ns now))
{
    meters = district_population(t, "meters");
    s->gateway = district_population(t, "gateways")->devices[0].gateway;
    s->what = what;
    sim_event_init(&s->event, &step_ops, NULL);
    sim_schedule(t->d->sim, &s->event, at);
}

static void ask(struct gateway *g, sim_ns now, enum m2m_method method, const char *entity,
                const char *target, struct m2m_rep *rep, enum m2m_status status)
{
    struct m2m_response r;

    m2m_response_init(&r);
    gateway_request(g, now,
                    &(struct m2m_request){.target_id = span_str(target),
                                          .requesting_entity = entity,
                                          .representation = rep,
                                          .method = method,
                                          .point = M2M_DIA},
                    &r);
    ck_assert_int_eq(r.status_code, status);
    m2m_response_clear(&r);
    if (rep)
        m2m_rep_clear(rep);
}

static void put_list(struct m2m_rep *rep, enum m2m_element outer, enum m2m_element inner,
                     const char *text)
{
    size_t opened = m2m_open(rep, outer);

    m2m_put_text(rep, inner, text);
    m2m_close(rep, opened);
}

static void create(struct gateway *g, sim_ns now, const char *id, sim_ns expires)
{
    struct m2m_rep rep;

    gateway_application(&rep, id, meters, g->dev);
    m2m_put_number(&rep, E_EXPIRATION_TIME, device_deployment(g->dev)->in.epoch_unix_ns + expires);
    ask(g, now, M2M_CREATE, id, GATEWAY_APPLICATIONS, &rep, STATUS_CREATED);
}

static void update(struct gateway *g, sim_ns now, const char *id, const char *string,
                   sim_ns expires)
{
    char target[NODE_NAME_MAX];
    struct m2m_rep rep;

    snprintf(target, sizeof target, GATEWAY_APPLICATIONS "/%s", id);
    m2m_rep_init(&rep, M2M_APPLICATION);
    put_list(&rep, E_SEARCH_STRINGS, E_SEARCH_STRING, string);
    if (expires)
        m2m_put_number(&rep, E_EXPIRATION_TIME,
                       device_deployment(g->dev)->in.epoch_unix_ns + expires);
    ask(g, now, M2M_UPDATE, id, target, &rep, STATUS_OK);
}

static void withdraw(struct gateway *g, sim_ns now, const char *id)
{
    char target[NODE_NAME_MAX];

    snprintf(target, sizeof target, GATEWAY_APPLICATIONS "/%s", id);
    ask(g, now, M2M_DELETE, id, target, NULL, STATUS_DELETED);
}

#define MIN (60 * SIM_S)

/* "lamp" stays and changes, "guest" ends by itself, "fan" is withdrawn. */
static void they_come(struct gateway *g, sim_ns now)
{
    create(g, now, "lamp", 10 * 3600 * SIM_S);
    create(g, now, "guest", now + 100 * MIN);
    create(g, now, "fan", 10 * 3600 * SIM_S);
}

static void they_change(struct gateway *g, sim_ns now)
{
    update(g, now, "lamp", "light", 0);
    update(g, now, "lamp", "lights", 11 * 3600 * SIM_S);
    withdraw(g, now, "fan");
}

static void check_changed(const struct district *t)
{
    const struct device *gateway = &district_population(t, "gateways")->devices[0];
    struct m2m_response r;

    ck_assert(get_annc(t, gateway, "applications", "lampAnnc", &r));
    ck_assert(
        m2m_list_has(m2m_rep_span(&r.representation), E_SEARCH_STRINGS, E_SEARCH_STRING, "lights"));
    ck_assert_int_eq(m2m_find_number(m2m_rep_span(&r.representation), E_EXPIRATION_TIME, 0),
                     t->d->in.epoch_unix_ns + 11 * 3600 * SIM_S);
    m2m_response_clear(&r);
    ck_assert(!has_annc(t, gateway, "applications", "guestAnnc"));
    ck_assert(!has_annc(t, gateway, "applications", "fanAnnc"));
    ck_assert_ptr_null(gateway->gateway->said);
}

/* ---- tests ---- */

START_TEST(what_is_announced_is_found)
{
    struct district t;
    struct found f;

    district_open(&t, 1, announced, "", SETS("populations.dashboard.subscribe=yes"));
    check_announced(&t);
    f = discover(&t, "meters");
    ck_assert_int_eq(f.matches, 2 + 6 + 12); /* two <scl>, and containers of readings */
    ck_assert_uint_eq(f.announced, 6 + 6);
    ck_assert_uint_eq(f.containers, 6);
    ck_assert_int_eq(discover(&t, "sensors").matches, 0);
    ck_assert_uint_eq(collect_messages(&t.rows, "CREATE announcement"), 12);
    ck_assert_uint_eq(t.counts.failed, 0);
    ck_assert_uint_eq(collect_procedures(&t.rows, "subscription", NULL, NULL), 1 + 2 + 6);
    district_close(&t);
    /* A gateway's own application too, and d devices', for which the proxy speaks. */
    district_open(&t, 1, announced, "",
                  SETS("populations.gateways.announce=yes", "populations.sensors.announce=yes"));
    check_announced_meters(&t);
    ck_assert_uint_eq(collect_messages(&t.rows, "CREATE announcement"), 2 * (6 + 4 + 2));
    district_close(&t);
}
END_TEST

/* It changes, expires and goes with what it announces: on a good line, on one that loses, and while
 * the NSCL is away for an hour. */
START_TEST(it_follows_what_it_announces)
{
    static const char *const losses[] = {"links.gateways -> nscl.loss=0 %",
                                         "links.gateways -> nscl.loss=10 %"};
    struct step come = {0}, change = {0};
    struct district t;

    for (int outage = 0; outage < 2; outage++) {
        district_build(&t, 1, announced, outage ? OUTAGE : "",
                       SETS(losses[_i], "populations.sensors.announce=yes"));
        plan(&t, &come, 30 * MIN, they_come);
        plan(&t, &change, 90 * MIN, they_change);
        district_run(&t);
        check_announced_meters(&t);
        check_changed(&t);
        ck_assert_uint_ge(collect_messages(&t.rows, "UPDATE announcement"), 1);
        ck_assert_uint_ge(collect_messages(&t.rows, "DELETE announcement"), 1);
        district_close(&t);
    }
}
END_TEST

/* What comes and goes before the NSCL can be told is not told at all. */
static void it_comes_and_goes(struct gateway *g, sim_ns now)
{
    create(g, now, "fan", 10 * 3600 * SIM_S);
    update(g, now, "fan", "breeze", 0);
    withdraw(g, now, "fan");
    create(g, now, "lamp", 10 * 3600 * SIM_S);
    update(g, now, "lamp", "light", 0);
}

START_TEST(what_is_overtaken_is_not_said)
{
    struct step step = {0};
    struct district t;
    struct m2m_response r;

    district_build(&t, 1, announced, OUTAGE, SETS(NULL));
    plan(&t, &step, 80 * MIN, it_comes_and_goes);
    district_run(&t);
    ck_assert_uint_eq(collect_messages(&t.rows, "UPDATE announcement"), 0);
    ck_assert_uint_eq(collect_messages(&t.rows, "DELETE announcement"), 0);
    ck_assert(get_annc(&t, &district_population(&t, "gateways")->devices[0], "applications",
                       "lampAnnc", &r));
    ck_assert(
        m2m_list_has(m2m_rep_span(&r.representation), E_SEARCH_STRINGS, E_SEARCH_STRING, "light"));
    m2m_response_clear(&r);
    district_close(&t);
}
END_TEST

/* A registration that ended while the NSCL was away took all *Annc along. */
START_TEST(it_comes_again_with_a_registration)
{
    struct district t;

    district_open(&t, 1, announced, OUTAGE,
                  SETS("populations.gateways.registration.lifetime=40 min"));
    check_announced(&t);
    ck_assert_uint_ge(collect_procedures(&t.rows, "registration", "success", ""), 4);
    ck_assert_uint_ge(collect_messages(&t.rows, "CREATE announcement"), 24);
    district_close(&t);
}
END_TEST

/* A gateway without power: what ends meanwhile is withdrawn when it is back. */
START_TEST(it_survives_a_blackout)
{
    struct step come = {0};
    struct district t;

    district_build(&t, 1, announced,
                   "events:\n  - {at: 100 min, do: blackout, what: gateways, for: 1 h}\n",
                   SETS(NULL));
    plan(&t, &come, 30 * MIN, they_come);
    district_run(&t);
    check_announced(&t);
    ck_assert(!has_annc(&t, &district_population(&t, "gateways")->devices[0], "applications",
                        "guestAnnc"));
    district_close(&t);
}
END_TEST

START_TEST(the_same_rows_for_any_number_of_threads)
{
    const char *const *sets =
        SETS("populations.meters.count=12", "populations.sensors.announce=yes",
             "populations.meters.arrivals.over=2 s", "links.meters -> gateways.loss=5 %",
             "links.gateways -> nscl.loss=5 %", "run.until=150 min");
    struct step come = {0}, change = {0};
    struct district t;
    uint64_t digest = 0;

    for (unsigned threads = 1; threads <= 4; threads *= 2) {
        district_build(&t, threads, announced, OUTAGE, sets);
        plan(&t, &come, 30 * MIN, they_come);
        plan(&t, &change, 90 * MIN, they_change);
        district_run(&t);
        ck_assert(threads == 1 || t.rows.digest == digest);
        digest = t.rows.digest;
        district_close(&t);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("announce");
    TCase *t = tcase_create("announce");
    SRunner *r;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 240);
    tcase_add_test(t, what_is_announced_is_found);
    tcase_add_loop_test(t, it_follows_what_it_announces, 0, 2);
    tcase_add_test(t, what_is_overtaken_is_not_said);
    tcase_add_test(t, it_comes_again_with_a_registration);
    tcase_add_test(t, it_survives_a_blackout);
    tcase_add_test(t, the_same_rows_for_any_number_of_threads);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
