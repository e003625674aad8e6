/* Applications at an NSCL that have an aPoC: what others ask below them is asked of them there, by
 * the NSCL, and notifications for them go there too. */
#include "crypto/entity.h"
#include "models/node/application.h"
#include "models/node/caller.h"
#include "models/node/record.h"
#include "tests/support/district.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const char with_a_panel[] =
    "m2msim: 1\n"
    "title: a panel that others ask, and a gateway that notifies it\n"
    "run: {until: 2 h, seed: 5, key_pool: 2}\n"
    "populations:\n"
    "  gates:\n"
    "    kind: gateway\n"
    "    bootstrap: {method: pre-provisioned}\n"
    "    mid: {channel: long-poll}\n"
    "    arrivals: {shape: burst, over: 1 s}\n"
    "    ival: {component_size: 512 B}\n"
    "    report: {every: 5 min, size: 40 B}\n"
    "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"
    "    max_instances: 1000\n"
    "  mas: {kind: mas}\n"
    "  nscl: {kind: nscl}\n"
    "  panel: {kind: application, devices: gates}\n"
    "  asker: {kind: application, devices: gates}\n"
    "links:\n"
    "  gates -> mas: {latency: 35 ms, rate: 5 Mbit/s}\n"
    "  gates -> nscl: {latency: 35 ms, rate: 5 Mbit/s}\n"
    "  panel -> nscl: {latency: 5 ms, rate: 1 Gbit/s}\n"
    "  asker -> nscl: {latency: 5 ms, rate: 1 Gbit/s}\n"
    "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"
    "record: {series_every: 1 min}\n";

#define PANEL "/m2m/applications/panel"
#define NSCL  "https://nscl.m2m.example"

static struct district t;

/* ---- requests over mIa, one after the other ---- */

enum body { NONE, APOC, NO_APOC, RIGHT, GROUP, SUBSCRIPTION, STATE };

struct ask {
    const char *from; /* a population of one application, in whose name */
    enum http_method method;
    const char *target;
    enum body body;
    int status; /* that is expected */
};

static struct script {
    struct sim_event event;
    const struct ask *asks;
    size_t count, at;
    struct caller *panel, *asker;
    struct procedure *proc;
    struct m2m_rep last; /* what the last was answered with */
    sim_ns asked, took;  /* by the last */
} script;

static void put_apoc(struct m2m_rep *rep, const char *uri)
{
    static const char *const paths[] = {"state", "notify"};
    size_t list, path;

    m2m_put_text(rep, E_APOC, uri);
    list = m2m_open(rep, E_APOC_PATHS);
    for (size_t i = 0; i < 2; i++) {
        path = m2m_open(rep, E_APOC_PATH);
        m2m_put_text(rep, E_PATH, paths[i]);
        if (i == 0)
            m2m_put_text(rep, E_ACCESS_RIGHT_ID, PANEL "/accessRights/ask");
        m2m_close(rep, path);
    }
    m2m_close(rep, list);
}

static void put_right(struct m2m_rep *rep)
{
    size_t opened;

    m2m_put_text(rep, E_ID, "ask");
    opened = m2m_open(rep, E_PERMISSIONS);
    observed_put_owner(rep, E_APPLICATION_IDS, E_APPLICATION_ID, "asker");
    m2m_close(rep, opened);
    opened = m2m_open(rep, E_SELF_PERMISSIONS);
    observed_put_owner(rep, E_APPLICATION_IDS, E_APPLICATION_ID, "panel");
    m2m_close(rep, opened);
}

static void put_group(struct m2m_rep *rep)
{
    size_t opened;

    m2m_put_text(rep, E_ID, "all");
    m2m_put_number(rep, E_MEMBER_TYPE, observed_word(E_MEMBER_TYPE, "APPLICATION"));
    opened = m2m_open(rep, E_MEMBERS);
    m2m_put_text(rep, E_REFERENCE, PANEL);
    m2m_put_text(rep, E_REFERENCE, "/m2m/applications/asker");
    m2m_close(rep, opened);
}

static void fill(struct m2m_rep *rep, enum body body)
{
    switch (body) {
    case NONE:
        break;
    case APOC:
    case NO_APOC:
        m2m_rep_init(rep, M2M_APPLICATION);
        put_apoc(rep, body == APOC ? "http://panel.m2m.example/m2m" : "http://nowhere.example/m2m");
        break;
    case RIGHT:
        m2m_rep_init(rep, M2M_ACCESS_RIGHT);
        put_right(rep);
        break;
    case GROUP:
        m2m_rep_init(rep, M2M_GROUP);
        put_group(rep);
        break;
    case SUBSCRIPTION:
        m2m_rep_init(rep, M2M_SUBSCRIPTION);
        m2m_put_text(rep, E_ID, "s");
        m2m_put_text(rep, E_CONTACT, NSCL PANEL "/notify");
        break;
    case STATE:
        m2m_rep_init(rep, M2M_CONTENT_INSTANCE);
        m2m_put(rep, E_CONTENT, span_str("1"));
        break;
    }
}

static bool write_request(void *arg, struct mid_client *c, sim_ns now)
{
    const struct ask *a = &script.asks[script.at];
    struct m2m_doc doc = {.kind = DOC_NONE};
    struct m2m_rep rep;
    bool asked;

    (void)arg;
    if (a->body == NONE)
        return mid_client_request(c, now, "ask", a->method, a->target, NULL);
    fill(&rep, a->body);
    observed_take(&rep, &doc);
    asked = mid_client_request(c, now, "ask", a->method, a->target, &doc);
    m2m_doc_release(&doc);
    return asked;
}

static void answered(void *arg, sim_ns now, const struct mid_response *r)
{
    const struct ask *a = &script.asks[script.at];

    (void)arg;
    record_end(t.d, script.proc, now, "success", REASON_NONE);
    ck_assert_msg(r->status == a->status, "%s: %d", a->target, r->status);
    m2m_rep_clear(&script.last);
    m2m_rep_init(&script.last, r->rep.type);
    m2m_put_items(&script.last, m2m_rep_span(&r->rep));
    script.took = now - script.asked;
    if (++script.at < script.count)
        sim_schedule(t.d->sim, &script.event, now + SIM_S);
}

static void failed(void *arg, sim_ns now, enum reason reason)
{
    (void)arg;
    record_end(t.d, script.proc, now, "failed", reason);
}

static const struct caller_user user = {write_request, answered, failed};

static struct server *server_of(const char *name)
{
    return &district_population(&t, name)->servers[0];
}

static void script_commit(struct sim *sim, struct sim_event *ev)
{
    const char *from = script.asks[script.at].from;
    struct caller **c = strcmp(from, "panel") == 0 ? &script.panel : &script.asker;

    (void)ev;
    if (!*c)
        *c = caller_new(&(struct caller_settings){.from = server_of(from),
                                                  .to = server_of("nscl"),
                                                  .listener = &server_of("nscl")->mia,
                                                  .requesting_entity = from,
                                                  .timeout = 300 * SIM_S,
                                                  .idle = SIM_S,
                                                  .first_session = 1000},
                        &user, NULL);
    script.asked = sim_now(sim);
    script.proc = record_begin(server_of(from)->population, server_of(from)->node_id, PROC_ACTUATE,
                               "http", sim_now(sim), sim_now(sim));
    script.proc->attempts = 1;
    caller_call(*c, script.proc, sim_now(sim));
}

static const struct sim_event_ops script_ops = {"test-script", NULL, script_commit};

static void run(unsigned threads, const char *more, const char *const *sets, const struct ask *asks,
                size_t count)
{
    script = (struct script){.asks = asks, .count = count};
    district_build(&t, threads, with_a_panel, more, sets);
    sim_event_init(&script.event, &script_ops, NULL);
    sim_schedule(t.d->sim, &script.event, 1800 * SIM_S);
    district_run(&t);
}

static void end(void)
{
    caller_free(script.panel);
    caller_free(script.asker);
    m2m_rep_clear(&script.last);
    district_close(&t);
}

/* ---- tests ---- */

#define OPENS                                                                                      \
    {"panel", HTTP_PUT, PANEL, APOC, 200},                                                         \
    {                                                                                              \
        "panel", HTTP_POST, PANEL "/accessRights", RIGHT, 201                                      \
    }

START_TEST(it_is_asked_at_its_apoc)
{
    static const struct ask asks[] = {
        {"asker", HTTP_GET, PANEL "/state", NONE, 404}, /* no aPoC yet */
        OPENS,
        {"asker", HTTP_PUT, PANEL "/state", STATE, 405}, /* it says itself */
        {"asker", HTTP_GET, PANEL "/other", NONE, 404},  /* no such aPoCPath */
        {"panel", HTTP_GET, PANEL "/state", NONE, 404},  /* not even itself has that right */
        {"asker", HTTP_GET, PANEL "/state", NONE, 200}};
    const struct collected_procedure *p;
    struct span content;
    size_t at = 0;

    run(1, "", SETS(NULL), asks, sizeof asks / sizeof *asks);
    ck_assert_uint_eq(script.at, sizeof asks / sizeof *asks);
    ck_assert_int_eq(script.last.type, M2M_CONTENT_INSTANCE);
    ck_assert(m2m_find(m2m_rep_span(&script.last), E_CONTENT, &content));
    ck_assert_uint_gt(content.n, 0);
    ck_assert_uint_eq(collect_procedures(&t.rows, "apoc", NULL, NULL), 2);
    ck_assert_uint_eq(collect_procedures(&t.rows, "apoc", "success", ""), 1);
    while ((p = collect_next(&t.rows, "apoc", &at))) {
        ck_assert_int_eq(p->row.node_id, server_of("nscl")->node_id);
        ck_assert_int_eq(p->row.peer_id, server_of("panel")->node_id);
        ck_assert_str_eq(p->method, "http");
    }
    /* mIa there and back, with its connection; and the NSCL's to the panel. */
    ck_assert_int_ge(script.took, 4 * 2 * 5 * SIM_MS - 2 * 5 * SIM_MS);
    ck_assert_int_lt(script.took, SIM_S);
    fleet_check_sums(&t.rows);
    end();
}
END_TEST

START_TEST(it_is_not_there)
{
    static const struct ask asks[] = {OPENS, {"asker", HTTP_GET, PANEL "/state", NONE, 504}};
    static const struct ask nowhere[] = {{"panel", HTTP_PUT, PANEL, NO_APOC, 200},
                                         {"panel", HTTP_POST, PANEL "/accessRights", RIGHT, 201},
                                         {"asker", HTTP_GET, PANEL "/state", NONE, 502}};

    run(1, "events:\n  - {at: 1801500 ms, do: outage, what: panel, for: 10 min}\n",
        SETS("populations.nscl.hand_on_timeout=20 s"), asks, 3);
    ck_assert_uint_eq(script.at, 3);
    ck_assert_int_ge(script.took, 20 * SIM_S);
    ck_assert_int_lt(script.took, 21 * SIM_S);
    fleet_check_sums(&t.rows);
    end();
    run(1, "", SETS(NULL), nowhere, 3);
    ck_assert_uint_eq(script.at, 3);
    ck_assert_uint_eq(collect_procedures(&t.rows, "apoc", NULL, NULL), 0);
    end();
}
END_TEST

/* The NSCL goes off while the panel is asked. */
START_TEST(who_asked_is_gone)
{
    static const struct ask asks[] = {OPENS, {"asker", HTTP_GET, PANEL "/state", NONE, 200}};

    run(1,
        "events:\n  - {at: 1801500 ms, do: outage, what: panel, for: 10 min}\n"
        "  - {at: 1810 s, do: outage, what: nscl, for: 1 min}\n",
        SETS(NULL), asks, 3);
    ck_assert_uint_eq(script.at, 2);
    ck_assert_uint_eq(collect_procedures(&t.rows, "apoc", "failed", "outage"), 1);
    end();
}
END_TEST

/* A group of it and of another application, which has no aPoC. */
START_TEST(a_group_of_applications)
{
    static const struct ask asks[] = {
        OPENS,
        {"asker", HTTP_POST, "/m2m/groups", GROUP, 201},
        {"asker", HTTP_GET, "/m2m/groups/all/membersContent/state", NONE, 200}};
    static const enum m2m_status is[] = {STATUS_OK, STATUS_NOT_FOUND};
    struct span list, body;
    struct m2m_item item;
    size_t n = 0;

    run(1, "", SETS(NULL), asks, 4);
    ck_assert_uint_eq(script.at, 4);
    ck_assert_int_eq(script.last.type, M2M_MEMBERS_RESPONSES);
    list = m2m_rep_span(&script.last);
    for (; m2m_next(&list, &item); n++) {
        ck_assert_uint_lt(n, 2);
        ck_assert_int_eq(m2m_find_number(item.value, E_STATUS_CODE, -1),
                         observed_word(E_STATUS_CODE, m2m_status_name(is[n])));
        ck_assert_int_eq(m2m_find(item.value, E_RESULT_BODY, &body), n == 0);
    }
    ck_assert_uint_eq(n, 2);
    end();
}
END_TEST

/* ---- notifications ---- */

static void subscribe_at_the_gate(struct sim *sim, struct sim_event *ev)
{
    struct gateway *g = district_population(&t, "gates")->devices[0].gateway;
    struct m2m_rep rep;

    (void)ev;
    fill(&rep, SUBSCRIPTION);
    ck_assert_int_eq(gateway_create(g, sim_now(sim), GATEWAY_OWN,
                                    GATEWAY_APPLICATIONS "/" GATEWAY_OWN
                                                         "/containers/" GATEWAY_CONTAINER
                                                         "/contentInstances/subscriptions",
                                    &rep),
                     STATUS_CREATED);
}

static const struct sim_event_ops gate_ops = {"test-gate", NULL, subscribe_at_the_gate};

/* A contact below the application is its aPoC: for a gateway, which sends it to the NSCL. */
START_TEST(a_gateway_notifies_it)
{
    static const struct ask asks[] = {OPENS};
    const struct collected_procedure *p;
    uint64_t of_gate = 0;
    struct sim_event gate;
    size_t at = 0;

    script = (struct script){.asks = asks, .count = 2};
    district_build(&t, 1, with_a_panel, "", SETS(NULL));
    sim_event_init(&script.event, &script_ops, NULL);
    sim_event_init(&gate, &gate_ops, NULL);
    sim_schedule(t.d->sim, &script.event, 1800 * SIM_S);
    sim_schedule(t.d->sim, &gate, 3600 * SIM_S);
    district_run(&t);
    ck_assert_uint_eq(script.at, 2);
    ck_assert_uint_eq(collect_procedures(&t.rows, "notification", "failed", NULL), 0);
    while ((p = collect_next(&t.rows, "notification", &at)))
        of_gate += p->row.node_id == district_population(&t, "gates")->first_node;
    ck_assert_uint_ge(of_gate, 11);
    ck_assert_uint_le(of_gate, 13);
    ck_assert_uint_eq(collect_procedures(&t.rows, "notification", "success", ""),
                      t.counts.notified + of_gate);
    end();
}
END_TEST

/* And for the NSCL itself. */
START_TEST(the_nscl_notifies_it)
{
    static const struct ask asks[] = {
        OPENS,
        {"panel", HTTP_POST, PANEL "/subscriptions", SUBSCRIPTION, 201},
        {"panel", HTTP_PUT, PANEL, APOC, 200},
        {"asker", HTTP_GET, PANEL "/state", NONE, 200}};
    struct span content;
    uint64_t before;

    run(1, "", SETS(NULL), asks, 2);
    before = t.counts.notified;
    end();
    run(1, "", SETS(NULL), asks, 5);
    ck_assert_uint_eq(script.at, 5);
    ck_assert_uint_eq(collect_procedures(&t.rows, "notification", "failed", NULL), 0);
    ck_assert_uint_eq(t.counts.notified, before + 1);
    ck_assert(m2m_find(m2m_rep_span(&script.last), E_CONTENT, &content));
    end();
}
END_TEST

START_TEST(the_same_rows_for_any_number_of_threads)
{
    static const struct ask asks[] = {OPENS,
                                      {"asker", HTTP_GET, PANEL "/state", NONE, 200},
                                      {"asker", HTTP_GET, PANEL "/state", NONE, 200},
                                      {"asker", HTTP_GET, PANEL "/state", NONE, 200}};
    uint64_t digest = 0;

    for (unsigned threads = 1; threads <= 4; threads *= 2) {
        run(threads, "", SETS("links.panel -> nscl.loss=5 %", "links.asker -> nscl.loss=5 %"), asks,
            5);
        ck_assert_uint_eq(script.at, 5);
        ck_assert(threads == 1 || t.rows.digest == digest);
        digest = t.rows.digest;
        end();
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("aPoC at an NSCL");
    TCase *tc = tcase_create("runs");
    SRunner *r;
    int failed_count;

    if (crypto_init())
        return 1;
    tcase_set_timeout(tc, 240);
    tcase_add_test(tc, it_is_asked_at_its_apoc);
    tcase_add_test(tc, it_is_not_there);
    tcase_add_test(tc, who_asked_is_gone);
    tcase_add_test(tc, a_group_of_applications);
    tcase_add_test(tc, a_gateway_notifies_it);
    tcase_add_test(tc, the_nscl_notifies_it);
    tcase_add_test(tc, the_same_rows_for_any_number_of_threads);
    suite_add_tcase(s, tc);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed_count = srunner_ntests_failed(r);
    srunner_free(r);
    return failed_count != 0;
}
