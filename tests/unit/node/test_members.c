/* A group at an NSCL whose members are applications behind gateways: a request to all of them goes
 * into the channels of their gateways, and each does it once. */
#include "crypto/entity.h"
#include "models/node/application.h"
#include "models/node/retarget.h"
#include "tests/support/district.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const char valves[] = "m2msim: 1\n"
                             "title: valves behind two gateways, and a group of them\n"
                             "run: {until: 2 h, seed: 5, key_pool: 2}\n"
                             "populations:\n"
                             "  valves:\n"
                             "    count: 6\n"
                             "    kind: local\n"
                             "    behind: gateways\n"
                             "    apoc: {listen: yes, takes: 1 s}\n"
                             "    arrivals: {shape: uniform, over: 1 min, start: 2 min}\n"
                             "    report: {every: never}\n"
                             "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"
                             "  gateways:\n"
                             "    count: 2\n"
                             "    kind: gateway\n"
                             "    bootstrap: {method: pre-provisioned}\n"
                             "    mid: {channel: long-poll}\n"
                             "    ival: {component_size: 512 B}\n"
                             "    arrivals: {shape: uniform, over: 1 min}\n"
                             "    report: {every: 20 min, size: 100 B}\n"
                             "    retry: {base: 2 s, cap: 1 min, jitter: none, restart: 20 s}\n"
                             "    timeout: {procedure: 60 s}\n"
                             "  mas: {kind: mas}\n"
                             "  nscl: {kind: nscl}\n"
                             "  garden: {kind: application, actuate: {every: 100 d}}\n"
                             "links:\n"
                             "  valves -> gateways: {latency: 20 ms, rate: 50 kbit/s}\n"
                             "  gateways -> mas: {latency: 40 ms, rate: 1 Mbit/s}\n"
                             "  gateways -> nscl: {latency: 40 ms, rate: 1 Mbit/s}\n"
                             "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"
                             "  garden -> nscl: {latency: 5 ms, rate: 1 Gbit/s}\n"
                             "record: {series_every: 1 min}\n";

#define BASE "/m2m/groups"

/* What the garden asks of its group in the middle of the run. */
struct turn {
    struct sim_event event;
    const struct district *t;
    const char *entity;
    uint64_t accepted; /* members */
    enum m2m_status status;
};

static struct server *nscl_of(const struct district *t)
{
    return &district_population(t, "nscl")->servers[0];
}

static void ask(struct turn *turn, sim_ns now, enum m2m_method method, const char *target,
                struct m2m_rep *rep, struct m2m_response *r)
{
    m2m_response_init(r);
    scl_tree_request(registrar_tree(nscl_of(turn->t)->registrar),
                     turn->t->d->in.epoch_unix_ns + now,
                     &(struct m2m_request){.target_id = span_str(target),
                                           .requesting_entity = turn->entity,
                                           .representation = rep,
                                           .method = method,
                                           .point = M2M_MIA},
                     r);
    m2m_rep_clear(rep);
}

static void put_valves(const struct district *t, struct m2m_rep *rep)
{
    const struct population *p = district_population(t, "valves");
    size_t opened = m2m_open(rep, E_MEMBERS);
    char uri[M2M_MAX_URI];

    for (uint32_t k = 0; k < p->config->count; k++) {
        local_apoc_target(&p->locals[k], uri, sizeof uri);
        *strstr(uri, "/state") = '\0'; /* the group's request says what of it */
        m2m_put_text(rep, E_REFERENCE, uri);
    }
    m2m_close(rep, opened);
}

static void count_members(struct turn *turn, const struct m2m_rep *answer)
{
    int64_t accepted = observed_word(E_STATUS_CODE, m2m_status_name(STATUS_ACCEPTED));
    struct span list = m2m_rep_span(answer);
    struct m2m_item item;

    while (m2m_next(&list, &item))
        turn->accepted +=
            item.element == E_STATUS && m2m_find_number(item.value, E_STATUS_CODE, -1) == accepted;
}

static void turn_commit(struct sim *sim, struct sim_event *ev)
{
    struct turn *turn = (struct turn *)((char *)ev - offsetof(struct turn, event));
    sim_ns now = sim_now(sim);
    struct m2m_response r;
    struct m2m_rep rep;

    m2m_rep_init(&rep, M2M_GROUP);
    m2m_put_text(&rep, E_ID, "all");
    m2m_put_number(&rep, E_MEMBER_TYPE, observed_word(E_MEMBER_TYPE, "APPLICATION"));
    put_valves(turn->t, &rep);
    ask(turn, now, M2M_CREATE, BASE, &rep, &r);
    ck_assert_msg(r.status_code == STATUS_CREATED, "%s", r.additional_info);
    m2m_response_clear(&r);
    m2m_rep_init(&rep, M2M_CONTENT_INSTANCE);
    m2m_put(&rep, E_CONTENT, span_str("open"));
    ask(turn, now, M2M_UPDATE, BASE "/all/membersContent/state", &rep, &r);
    turn->status = r.status_code;
    count_members(turn, &r.representation);
    m2m_response_clear(&r);
    delivery_run(nscl_of(turn->t), now);
}

static const struct sim_event_ops turn_ops = {"test-turn", NULL, turn_commit};

static void run(struct district *t, struct turn *turn, unsigned threads, const char *more,
                const char *const *sets)
{
    *turn = (struct turn){.t = t, .entity = "garden"};
    district_build(t, threads, valves, more, sets);
    sim_event_init(&turn->event, &turn_ops, NULL);
    sim_schedule(t->d->sim, &turn->event, 3600 * SIM_S);
    district_run(t);
}

START_TEST(each_member_is_asked_once)
{
    static const char *const losses[] = {"links.gateways -> nscl.loss=0 %",
                                         "links.gateways -> nscl.loss=5 %"};
    struct turn turn;
    struct district t;

    run(&t, &turn, 1, "", SETS(losses[_i]));
    ck_assert_int_eq(turn.status, STATUS_OK);
    ck_assert_uint_eq(turn.accepted, 6);
    ck_assert_uint_eq(t.counts.actuated, 6);
    ck_assert_uint_eq(collect_procedures(&t.rows, "apoc", "success", ""), 6);
    district_close(&t);
}
END_TEST

/* A gateway without power has a channel that keeps what is for it: it is done when it is back. */
START_TEST(a_member_that_is_away_is_asked_later)
{
    struct turn turn;
    struct district t;

    run(&t, &turn, 1, "events:\n  - {at: 50 min, do: blackout, what: gateways, for: 30 min}\n",
        SETS(NULL));
    ck_assert_uint_eq(turn.accepted, 6);
    ck_assert_uint_eq(t.counts.actuated, 6);
    district_close(&t);
}
END_TEST

/* Without a channel no way leads to a gateway: nothing is done, and nothing waits. */
START_TEST(without_a_channel_nobody_is_asked)
{
    struct turn turn;
    struct district t;

    run(&t, &turn, 1, "",
        SETS("populations.gateways.mid.channel=none", "populations.garden.actuate.every=never",
             "populations.garden.devices=gateways"));
    ck_assert_uint_eq(turn.accepted, 6);
    ck_assert_uint_eq(t.counts.actuated, 0);
    district_close(&t);
}
END_TEST

START_TEST(the_same_rows_for_any_number_of_threads)
{
    const char *const *sets = SETS("links.gateways -> nscl.loss=5 %",
                                   "links.valves -> gateways.loss=5 %", "run.until=80 min");
    struct turn turn;
    struct district t;
    uint64_t digest = 0;

    for (unsigned threads = 1; threads <= 4; threads *= 2) {
        run(&t, &turn, threads, "", sets);
        ck_assert(threads == 1 || t.rows.digest == digest);
        digest = t.rows.digest;
        district_close(&t);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("members");
    TCase *t = tcase_create("members");
    SRunner *r;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 240);
    tcase_add_loop_test(t, each_member_is_asked_once, 0, 2);
    tcase_add_test(t, a_member_that_is_away_is_asked_later);
    tcase_add_test(t, without_a_channel_nobody_is_asked);
    tcase_add_test(t, the_same_rows_for_any_number_of_threads);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
