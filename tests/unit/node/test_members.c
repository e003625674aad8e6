/* A group at an NSCL whose members are applications behind gateways: a request to all of them goes
 * into the channels of their gateways, each does it once, and the answer has what each has said. */
#include "crypto/entity.h"
#include "models/node/application.h"
#include "models/node/caller.h"
#include "models/node/record.h"
#include "models/node/retarget.h"
#include "tests/support/district.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const char valves[] = FLEET_VALVES("100 d");

#define BASE "/m2m/groups"

/* What the garden asks of its group in the middle of the run, over mIa. */
struct turn {
    struct sim_event event;
    const struct district *t;
    struct caller *caller;
    struct procedure *proc;
    bool made;           /* the group; then it is asked */
    bool gone;           /* nobody answers */
    bool answered;       /* by all, or their time was over */
    int status;          /* of the answer */
    uint64_t of[6];      /* members that answered OK, GATEWAY_TIMEOUT, SERVICE_UNAVAILABLE,
                            BAD_GATEWAY, NOT_FOUND, anything else */
    sim_ns asked, heard; /* when */
};

static const enum m2m_status statuses[] = {STATUS_OK, STATUS_GATEWAY_TIMEOUT,
                                           STATUS_SERVICE_UNAVAILABLE, STATUS_BAD_GATEWAY,
                                           STATUS_NOT_FOUND};
enum { WELL, LATE, FULL, NO_WAY, NOT_THERE, OTHERWISE };

static struct server *nscl_of(const struct district *t)
{
    return &district_population(t, "nscl")->servers[0];
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

static bool write_request(void *arg, struct mid_client *c, sim_ns now)
{
    const struct turn *turn = arg;
    struct m2m_doc doc = {.kind = DOC_NONE};
    struct m2m_rep rep;
    bool asked;

    if (turn->made) {
        m2m_rep_init(&rep, M2M_CONTENT_INSTANCE);
        m2m_put_text(&rep, E_ID, "s");
        m2m_put(&rep, E_CONTENT, span_str("open"));
    } else {
        m2m_rep_init(&rep, M2M_GROUP);
        m2m_put_text(&rep, E_ID, "all");
        m2m_put_number(&rep, E_MEMBER_TYPE, observed_word(E_MEMBER_TYPE, "APPLICATION"));
        put_valves(turn->t, &rep);
    }
    observed_take(&rep, &doc);
    asked = mid_client_request(c, now, "group", turn->made ? HTTP_PUT : HTTP_POST,
                               turn->made ? BASE "/all/membersContent/state" : BASE, &doc);
    m2m_doc_release(&doc);
    return asked;
}

static void count_members(struct turn *turn, struct span list)
{
    struct m2m_item item;

    while (m2m_next(&list, &item)) {
        int64_t said = m2m_find_number(item.value, E_STATUS_CODE, -1);
        size_t i = 0;

        ck_assert_int_eq(item.element, E_STATUS);
        while (i < OTHERWISE && observed_word(E_STATUS_CODE, m2m_status_name(statuses[i])) != said)
            i++;
        turn->of[i]++;
    }
}

static void call(struct turn *turn, sim_ns now)
{
    struct population *p = district_population(turn->t, "garden");

    turn->asked = now;
    turn->proc = record_begin(p, p->first_node, PROC_ACTUATE, "http", now, now);
    caller_call(turn->caller, turn->proc, now);
}

static void answered(void *arg, sim_ns now, const struct mid_response *r)
{
    struct turn *turn = arg;

    record_end(turn->t->d, turn->proc, now, "success", REASON_NONE);
    turn->status = r->status;
    if (!turn->made) {
        ck_assert_int_eq(r->status, STATUS_CREATED);
        turn->made = true;
        sim_schedule(turn->t->d->sim, &turn->event, now);
        return;
    }
    turn->answered = true;
    turn->heard = now;
    count_members(turn, m2m_rep_span(&r->rep));
}

static void failed(void *arg, sim_ns now, enum reason reason)
{
    struct turn *turn = arg;

    record_end(turn->t->d, turn->proc, now, "failed", reason);
    turn->gone = true;
}

static const struct caller_user user = {write_request, answered, failed};

static void turn_commit(struct sim *sim, struct sim_event *ev)
{
    struct turn *turn = (struct turn *)((char *)ev - offsetof(struct turn, event));
    struct server *garden = &district_population(turn->t, "garden")->servers[0];

    if (!turn->caller)
        turn->caller = caller_new(&(struct caller_settings){.from = garden,
                                                            .to = nscl_of(turn->t),
                                                            .listener = &nscl_of(turn->t)->mia,
                                                            .requesting_entity = "garden",
                                                            .timeout = 300 * SIM_S,
                                                            .idle = SIM_S,
                                                            .first_session = 1000},
                                  &user, turn);
    call(turn, sim_now(sim));
}

static const struct sim_event_ops turn_ops = {"test-turn", NULL, turn_commit};

static void run(struct district *t, struct turn *turn, unsigned threads, const char *more,
                const char *const *sets)
{
    *turn = (struct turn){.t = t};
    district_build(t, threads, valves, more, sets);
    sim_event_init(&turn->event, &turn_ops, NULL);
    sim_schedule(t->d->sim, &turn->event, 3600 * SIM_S);
    district_run(t);
    ck_assert(turn->answered);
    ck_assert_int_eq(turn->status, STATUS_OK);
    ck_assert_uint_eq(turn->of[OTHERWISE], 0);
}

static void end(struct district *t, struct turn *turn)
{
    caller_free(turn->caller);
    district_close(t);
}

START_TEST(each_member_is_asked_once)
{
    static const char *const losses[] = {"links.gateways -> nscl.loss=0 %",
                                         "links.gateways -> nscl.loss=5 %"};
    const struct collected_procedure *p;
    struct turn turn;
    struct district t;
    size_t at = 0;

    run(&t, &turn, 1, "", SETS(losses[_i]));
    ck_assert_uint_eq(turn.of[WELL], 6);
    ck_assert_uint_eq(t.counts.actuated, 6);
    ck_assert_uint_eq(collect_procedures(&t.rows, "apoc", "success", ""), 6);
    fleet_check_sums(&t.rows);
    while (_i == 0 && (p = collect_next(&t.rows, "actuate", &at)))
        if (p->row.t_end == turn.heard) /* the second that a valve takes is behind the NSCL */
            ck_assert_int_gt(p->row.parts[PART_OTHER], 1 * SIM_S);
    end(&t, &turn);
}
END_TEST

/* Who does not answer in time is named, and what nobody waits for is done by nobody. */
START_TEST(a_member_that_is_away_is_named)
{
    struct turn turn;
    struct district t;

    run(&t, &turn, 1, "events:\n  - {at: 50 min, do: blackout, what: gateways, for: 30 min}\n",
        SETS(NULL));
    ck_assert_uint_eq(turn.of[LATE], 6);
    ck_assert_uint_eq(t.counts.actuated, 0);
    ck_assert_int_ge(turn.heard - turn.asked, 30 * SIM_S);
    ck_assert_int_lt(turn.heard - turn.asked, 31 * SIM_S);
    end(&t, &turn);
}
END_TEST

START_TEST(a_member_that_is_too_slow_is_named)
{
    struct turn turn;
    struct district t;

    run(&t, &turn, 1, "", SETS("populations.valves.apoc.takes=40 s"));
    ck_assert_uint_eq(turn.of[LATE], 6);
    ck_assert_uint_eq(t.counts.actuated, 6);
    end(&t, &turn);
}
END_TEST

/* Without a channel no way leads to a gateway: nothing is done, and nobody waits. */
START_TEST(without_a_channel_nobody_is_asked)
{
    struct turn turn;
    struct district t;

    run(&t, &turn, 1, "",
        SETS("populations.gateways.mid.channel=none", "populations.garden.actuate.every=never",
             "populations.garden.devices=gateways"));
    ck_assert_uint_eq(turn.of[NO_WAY], 6);
    ck_assert_uint_eq(t.counts.actuated, 0);
    ck_assert_int_lt(turn.heard - turn.asked, SIM_S);
    end(&t, &turn);
}
END_TEST

/* A channel keeps 64. */
START_TEST(a_full_channel_is_named)
{
    struct turn turn;
    struct district t;

    run(&t, &turn, 1, "events:\n  - {at: 50 min, do: blackout, what: gateways, for: 30 min}\n",
        SETS("populations.valves.count=140"));
    ck_assert_uint_eq(turn.of[LATE], 128);
    ck_assert_uint_eq(turn.of[FULL], 12);
    ck_assert_uint_eq(t.counts.actuated, 0);
    end(&t, &turn);
}
END_TEST

/* Who asked is gone: so is what was gathered for him. */
START_TEST(an_nscl_that_goes_off_meanwhile)
{
    struct turn turn = {.answered = false};
    struct district t;

    turn.t = &t;
    district_build(&t, 1, valves, "events:\n  - {at: 3601 s, do: outage, what: nscl, for: 5 min}\n",
                   SETS("populations.valves.apoc.takes=10 s"));
    sim_event_init(&turn.event, &turn_ops, NULL);
    sim_schedule(t.d->sim, &turn.event, 3600 * SIM_S);
    district_run(&t);
    ck_assert(turn.gone && !turn.answered);
    ck_assert_uint_eq(t.counts.actuated, 6); /* they had been asked */
    end(&t, &turn);
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
        end(&t, &turn);
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
    tcase_add_test(t, a_member_that_is_away_is_named);
    tcase_add_test(t, a_member_that_is_too_slow_is_named);
    tcase_add_test(t, a_full_channel_is_named);
    tcase_add_test(t, an_nscl_that_goes_off_meanwhile);
    tcase_add_test(t, without_a_channel_nobody_is_asked);
    tcase_add_test(t, the_same_rows_for_any_number_of_threads);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
