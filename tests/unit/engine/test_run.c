/* Run control, and the choice of what is prepared ahead. */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/rng.h"
#include "sim/base/xalloc.h"
#include "sim/engine.h"
#include "sim/evq.h"

/* A log of what happened: 'p' and 'c' with the step's letter, as in "pA cA ". */
static char trace[512];

struct step {
    struct sim_event ev;
    char letter;
    struct step *then; /* scheduled in the commit */
    sim_ns delay;
    bool stop;
};

static void note(char what, const struct sim_event *ev)
{
    size_t n = strlen(trace);

    ck_assert_uint_lt(n + 4, sizeof(trace));
    trace[n] = what;
    trace[n + 1] = ((const struct step *)ev)->letter;
    trace[n + 2] = ' ';
    trace[n + 3] = 0;
}

static void prepare(struct sim_event *ev)
{
    note('p', ev);
}

static void commit(struct sim *sim, struct sim_event *ev)
{
    struct step *s = (struct step *)ev;

    note('c', ev);
    if (s->then)
        sim_schedule(sim, &s->then->ev, sim_now(sim) + s->delay);
    if (s->stop)
        sim_stop(sim);
}

static const struct sim_event_ops light = {"light", NULL, commit};
static const struct sim_event_ops heavy = {"heavy", prepare, commit};

static struct sim *new_sim(sim_ns look_ahead)
{
    struct sim_config config = {.threads = 1, .look_ahead = look_ahead};

    trace[0] = 0;
    return sim_new(&config);
}

static struct step step(char letter, const struct sim_event_ops *ops, struct sim_endpoint *endpoint)
{
    struct step s = {.letter = letter};

    sim_event_init(&s.ev, ops, endpoint);
    return s;
}

START_TEST(test_one_endpoint_prepares_its_first_only)
{
    struct sim *sim = new_sim(100);
    struct sim_endpoint x = {0}, y = {0}, z = {0};
    struct step a = step('A', &heavy, &x), b = step('B', &heavy, &x);
    struct step c = step('C', &heavy, &y);
    struct step d = step('D', &light, &z), e = step('E', &heavy, &z);
    struct step f = step('F', &heavy, &y); /* beyond the window */
    struct sim_stats stats;

    sim_schedule(sim, &a.ev, 1000);
    sim_schedule(sim, &f.ev, 1100);
    sim_schedule(sim, &b.ev, 1050);
    sim_schedule(sim, &d.ev, 1010);
    sim_schedule(sim, &e.ev, 1020);
    sim_schedule(sim, &c.ev, 1099);
    ck_assert_int_eq(sim_run(sim, SIM_NEVER), SIM_END_EMPTY);
    ck_assert_str_eq(trace, "pA pC cA cD pE cE pB cB cC pF cF ");
    sim_get_stats(sim, &stats);
    ck_assert_uint_eq(stats.events, 6);
    ck_assert_uint_eq(stats.rounds, 2);
    ck_assert_uint_eq(stats.prepared_ahead, 3);
    ck_assert_uint_eq(stats.prepared_inline, 2);
    ck_assert_uint_eq(stats.pending_max, 6);
    sim_free(sim);
}
END_TEST

START_TEST(test_heaviest_are_prepared_first)
{
    struct sim *sim = new_sim(100);
    static const uint16_t weights[] = {0, 7, 0, 9, 7};
    struct sim_endpoint ends[5] = {{0}};
    struct step s[5];

    for (int i = 0; i < 5; i++) {
        s[i] = step((char)('A' + i), &heavy, &ends[i]);
        sim_event_set_weight(&s[i].ev, weights[i]);
        sim_schedule(sim, &s[i].ev, 1000 + i);
    }
    sim_run(sim, SIM_NEVER);
    ck_assert_str_eq(trace, "pD pB pE pA pC cA cB cC cD cE ");
    sim_free(sim);
}
END_TEST

START_TEST(test_new_ones_merge_behind_equals)
{
    struct sim *sim = new_sim(100);
    struct sim_endpoint x = {0}, y = {0};
    struct step a = step('A', &heavy, &x), b = step('B', &light, NULL);
    struct step n = step('N', &heavy, &y), m = step('M', &light, NULL);

    a.then = &n; /* at the instant of B, scheduled later than B */
    a.delay = 10;
    n.then = &m;
    sim_schedule(sim, &a.ev, 0);
    sim_schedule(sim, &b.ev, 10);
    sim_run(sim, SIM_NEVER);
    ck_assert_str_eq(trace, "pA cA cB pN cN cM ");
    sim_free(sim);
}
END_TEST

START_TEST(test_nothing_is_prepared_beyond_until)
{
    struct sim *sim = new_sim(1000);
    struct sim_endpoint x = {0}, y = {0};
    struct step a = step('A', &heavy, &x), b = step('B', &heavy, &y);

    sim_schedule(sim, &a.ev, 10);
    sim_schedule(sim, &b.ev, 20);
    ck_assert_int_eq(sim_run(sim, 9), SIM_END_UNTIL);
    ck_assert_str_eq(trace, "");
    ck_assert_int_eq(sim_run(sim, 10), SIM_END_UNTIL);
    ck_assert_str_eq(trace, "pA cA ");
    ck_assert_int_eq(sim_now(sim), 10);
    ck_assert_int_eq(sim_run(sim, 30), SIM_END_EMPTY);
    ck_assert_str_eq(trace, "pA cA pB cB ");
    ck_assert_int_eq(sim_now(sim), 30);
    sim_free(sim);
}
END_TEST

START_TEST(test_cancelled_after_prepare)
{
    struct sim *sim = new_sim(1000);
    struct sim_endpoint x = {0}, y = {0};
    struct step a = step('A', &heavy, &x), b = step('B', &heavy, &y);

    a.stop = true;
    sim_schedule(sim, &a.ev, 10);
    sim_schedule(sim, &b.ev, 20);
    ck_assert_int_eq(sim_run(sim, SIM_NEVER), SIM_END_STOPPED);
    ck_assert_int_eq(sim_now(sim), 10);
    ck_assert(sim_is_pending(&b.ev));
    sim_cancel(sim, &b.ev);
    sim_schedule(sim, &b.ev, 15); /* anew: prepared anew */
    ck_assert_int_eq(sim_run(sim, SIM_NEVER), SIM_END_EMPTY);
    ck_assert_str_eq(trace, "pA pB cA pB cB ");
    ck_assert_int_eq(sim_now(sim), 15);
    sim_free(sim);
}
END_TEST

START_TEST(test_look_ahead_changes_with_the_next_round)
{
    struct sim *sim = new_sim(10);
    struct sim_endpoint x = {0}, y = {0};
    struct step a = step('A', &heavy, &x), b = step('B', &heavy, &y);

    sim_set_look_ahead(sim, 1000);
    sim_schedule(sim, &a.ev, 10);
    sim_schedule(sim, &b.ev, 500);
    sim_run(sim, SIM_NEVER);
    ck_assert_str_eq(trace, "pA pB cA cB ");
    trace[0] = 0;
    sim_set_look_ahead(sim, 10);
    sim_schedule(sim, &a.ev, 2000);
    sim_schedule(sim, &b.ev, 2500);
    sim_run(sim, SIM_NEVER);
    ck_assert_str_eq(trace, "pA cA pB cB ");
    sim_free(sim);
}
END_TEST

static struct sim *stopped_by_signal;

static void on_signal(int sig)
{
    (void)sig;
    sim_stop(stopped_by_signal);
}

static void raise_commit(struct sim *sim, struct sim_event *ev)
{
    commit(sim, ev);
    raise(SIGUSR1);
}

static const struct sim_event_ops raising = {"raising", NULL, raise_commit};

START_TEST(test_stop_from_a_signal)
{
    struct sim *sim = new_sim(1000);
    struct step a = step('A', &raising, NULL), b = step('B', &light, NULL);

    stopped_by_signal = sim;
    signal(SIGUSR1, on_signal);
    sim_schedule(sim, &a.ev, 1);
    sim_schedule(sim, &b.ev, 2);
    ck_assert_int_eq(sim_run(sim, 100), SIM_END_STOPPED);
    ck_assert_str_eq(trace, "cA ");
    ck_assert_int_eq(sim_now(sim), 1);
    ck_assert_int_eq(sim_run(sim, 100), SIM_END_EMPTY);
    ck_assert_str_eq(trace, "cA cB ");
    sim_stop(sim); /* between runs: not lost, and used up once */
    ck_assert_int_eq(sim_run(sim, 100), SIM_END_STOPPED);
    ck_assert_int_eq(sim_run(sim, 100), SIM_END_EMPTY);
    signal(SIGUSR1, SIG_DFL);
    sim_free(sim);
}
END_TEST

/* ---- steady state ---- */

enum { TICKERS = 5000 };

struct ticker {
    struct sim_event ev;
    struct sim_event timer; /* pushed out at every tick, as a retransmission timer is */
    struct sim_endpoint endpoint;
};

static struct rng tick_rng;

static void tick(struct sim *sim, struct sim_event *ev)
{
    struct ticker *t = (struct ticker *)ev;
    sim_ns now = sim_now(sim);

    sim_schedule(sim, ev, now + 1 + (sim_ns)(rng_exponential(&tick_rng) * 1e6));
    sim_cancel(sim, &t->timer);
    sim_schedule(sim, &t->timer, now + 200000000);
}

static void tick_prepare(struct sim_event *ev)
{
    (void)ev;
}

static const struct sim_event_ops tick_ops = {"tick", tick_prepare, tick};
static const struct sim_event_ops timer_ops = {"timer", NULL, commit};

static uint64_t progress_calls;

static void on_progress(struct sim *sim, void *arg)
{
    struct sim_stats stats;

    sim_get_stats(sim, &stats);
    ck_assert_ptr_eq(arg, &progress_calls);
    progress_calls++;
    ck_assert_uint_ge(stats.events, progress_calls * 10000);
}

START_TEST(test_no_allocation_in_the_steady_state)
{
    struct sim *sim = new_sim(10000);
    struct ticker *t = xcalloc(TICKERS, sizeof(*t));
    struct sim_stats before, after;
    uint64_t calls;

    tick_rng = rng_stream(1, "tick", "tock");
    for (int i = 0; i < TICKERS; i++) {
        sim_event_init(&t[i].ev, &tick_ops, &t[i].endpoint);
        sim_event_init(&t[i].timer, &timer_ops, NULL);
        sim_schedule(sim, &t[i].ev, i);
    }
    progress_calls = 0;
    sim_on_progress(sim, 10000, on_progress, &progress_calls);
    sim_run(sim, 20000000);
    sim_get_stats(sim, &before);
    calls = xalloc_calls();
    sim_run(sim, 60000000);
    sim_get_stats(sim, &after);
    ck_assert_uint_gt(after.events - before.events, 190000);
    ck_assert_uint_gt(after.prepared_ahead, before.prepared_ahead);
    ck_assert_uint_eq(xalloc_calls(), calls);
    ck_assert_uint_eq(after.pending_now, 2 * TICKERS);
    ck_assert_uint_le(progress_calls, after.events / 10000);
    ck_assert_uint_ge(progress_calls, after.events / 11000);
    sim_free(sim);
    free(t);
}
END_TEST

/* 64 octets by the sizes of the parts, and by the memory really taken for many. */
START_TEST(test_cost_of_a_pending_event)
{
    enum { N = 1000000 };
    struct evq q;
    struct sim_event *ev = xcalloc(N, sizeof(*ev));
    struct rng r = rng_stream(1, "cost", "time");
    uint32_t buckets = 0;
    size_t octets;

    ck_assert_uint_le(sizeof(struct sim_event) + sizeof(struct evq_entry) + sizeof(uintptr_t), 64);
    evq_init(&q);
    for (int i = 0; i < N; i++)
        evq_insert(&q, &ev[i], (sim_ns)(rng_exponential(&r) * 1e9));
    for (int i = 0; i < N / 2; i++) { /* spread over the rungs */
        const struct evq_entry *e = evq_peek(&q);
        struct sim_event *first = evq_event(&q, e->slot);
        sim_ns at = e->at + (sim_ns)(rng_exponential(&r) * 1e9);

        evq_free_slot(&q, evq_pop(&q).slot);
        q.live--;
        evq_insert(&q, first, at);
    }
    ck_assert_uint_eq(q.live, N);
    for (unsigned i = 0; i < EVQ_RUNGS; i++)
        buckets += q.rung[i].buckets ? EVQ_BUCKETS : 0;
    octets = N * sizeof(*ev) + q.slabs_n * 64 * 512 + q.slots_n * sizeof(*q.slots) +
             buckets * sizeof(struct evq_bucket) + 2 * q.cap * sizeof(*q.bottom);
    ck_assert_uint_le(octets, (size_t)64 * N);
    evq_release(&q);
    free(ev);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("run");
    TCase *t = tcase_create("run");
    SRunner *runner;
    int failed;

    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_one_endpoint_prepares_its_first_only);
    tcase_add_test(t, test_heaviest_are_prepared_first);
    tcase_add_test(t, test_new_ones_merge_behind_equals);
    tcase_add_test(t, test_nothing_is_prepared_beyond_until);
    tcase_add_test(t, test_cancelled_after_prepare);
    tcase_add_test(t, test_look_ahead_changes_with_the_next_round);
    tcase_add_test(t, test_stop_from_a_signal);
    tcase_add_test(t, test_no_allocation_in_the_steady_state);
    tcase_add_test(t, test_cost_of_a_pending_event);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
