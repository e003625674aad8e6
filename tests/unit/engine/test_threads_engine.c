/* The same run with 1, 2 and 4 threads: the same commits in the same order with the same outcomes,
 * where prepare works on its endpoint's state and on nothing else. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "sim/base/rng.h"
#include "sim/base/xalloc.h"
#include "sim/crew.h"
#include "sim/engine.h"

enum { SESSIONS = 200, ROUNDS_EACH = 40 };

struct session {
    struct sim_event ev;    /* with a prepare */
    struct sim_event timer; /* of the same endpoint, without */
    struct sim_endpoint endpoint;
    struct fleet *fleet;
    struct rng rng; /* the session's own stream: drawn from in prepare */
    uint64_t state;
    uint32_t prepares, commits;
};

struct fleet {
    struct sim *sim;
    struct session s[SESSIONS];
    struct rng rng; /* the links': drawn from in commit */
    uint64_t digest;
    uint64_t commits;
    uint64_t stop_at;
};

static void mix(struct fleet *f, uint64_t x)
{
    f->digest = (f->digest ^ x) * UINT64_C(0x9e3779b97f4a7c15);
    f->digest ^= f->digest >> 29;
}

static void prepare(struct sim_event *ev)
{
    struct session *s = (struct session *)ev;

    s->prepares++;
    for (int i = 0; i < 50; i++)
        s->state =
            s->state * 6364136223846793005u + rng_u64(&s->rng) + (uint64_t)sim_event_time(ev);
}

static void commit(struct sim *sim, struct sim_event *ev)
{
    struct session *s = (struct session *)ev;
    struct fleet *f = s->fleet;
    sim_ns now = sim_now(sim);

    s->commits++;
    mix(f, (uint64_t)now);
    mix(f, (uint64_t)(s - f->s));
    mix(f, s->state);
    if (++f->commits == f->stop_at)
        sim_stop(sim);
    if (s->commits >= ROUNDS_EACH)
        return;
    /* Sometimes within the window: that one is prepared in line. */
    sim_schedule(sim, ev, now + (sim_ns)rng_below(&f->rng, 5000));
    sim_cancel(sim, &s->timer);
    if (rng_below(&f->rng, 2))
        sim_schedule(sim, &s->timer, now + (sim_ns)rng_below(&f->rng, 5000));
}

static void timer_commit(struct sim *sim, struct sim_event *ev)
{
    struct session *s = (struct session *)((char *)ev - offsetof(struct session, timer));
    struct fleet *f = s->fleet;

    mix(f, ~(uint64_t)sim_now(sim));
    /* Its time is up: the pending step is put off, prepared ahead or not. */
    if (s->commits % 5 == 4 && sim_is_pending(&s->ev)) {
        s->prepares = s->commits;
        sim_cancel(sim, &s->ev);
        sim_schedule(sim, &s->ev, sim_now(sim) + 3000);
    }
}

static const struct sim_event_ops step_ops = {"step", prepare, commit};
static const struct sim_event_ops timer_ops = {"timer", NULL, timer_commit};

static struct fleet *new_fleet(unsigned threads)
{
    struct fleet *f = xcalloc(1, sizeof(*f));
    struct sim_config config = {.threads = threads, .look_ahead = 1000, .share_all = true};

    f->sim = sim_new(&config);
    f->rng = rng_stream(1, "links", "delay");
    for (int i = 0; i < SESSIONS; i++) {
        struct session *s = &f->s[i];

        s->fleet = f;
        s->rng = rng_stream((uint64_t)i, "session", "own");
        sim_event_init(&s->ev, &step_ops, &s->endpoint);
        sim_event_init(&s->timer, &timer_ops, &s->endpoint);
        sim_schedule(f->sim, &s->ev, (sim_ns)rng_below(&f->rng, 5000));
    }
    return f;
}

static void free_fleet(struct fleet *f)
{
    sim_free(f->sim);
    free(f);
}

static void check_once_each(const struct fleet *f)
{
    for (int i = 0; i < SESSIONS; i++) {
        ck_assert_uint_eq(f->s[i].commits, ROUNDS_EACH);
        ck_assert_uint_eq(f->s[i].prepares, f->s[i].commits);
    }
}

static uint64_t run(unsigned threads, struct sim_stats *stats)
{
    struct fleet *f = new_fleet(threads);
    uint64_t digest;

    ck_assert_int_eq(sim_run(f->sim, SIM_NEVER), SIM_END_EMPTY);
    check_once_each(f);
    sim_get_stats(f->sim, stats);
    digest = f->digest;
    free_fleet(f);
    return digest;
}

START_TEST(test_thread_count_changes_nothing)
{
    static const unsigned counts[] = {2, 4, 0};
    struct sim_stats one, many;
    uint64_t digest = run(1, &one);

    ck_assert_uint_gt(one.prepared_ahead, SESSIONS * ROUNDS_EACH / 2);
    ck_assert_uint_gt(one.prepared_inline, 0);
    ck_assert_uint_gt(one.cancelled, 0);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        ck_assert_uint_eq(run(counts[i], &many), digest);
        ck_assert_uint_eq(many.events, one.events);
        ck_assert_uint_eq(many.rounds, one.rounds);
        ck_assert_uint_eq(many.prepared_ahead, one.prepared_ahead);
        ck_assert_uint_eq(many.prepared_inline, one.prepared_inline);
        ck_assert_uint_eq(many.cancelled, one.cancelled);
    }
}
END_TEST

/* Where a run is cut by `until` changes neither its outcome nor its rounds. */
START_TEST(test_cut_by_until)
{
    struct sim_stats whole, cut;
    uint64_t digest = run(1, &whole);
    struct fleet *f = new_fleet(2);
    sim_ns until = 0;

    do {
        until += 77;
    } while (sim_run(f->sim, until) == SIM_END_UNTIL);
    check_once_each(f);
    sim_get_stats(f->sim, &cut);
    ck_assert_uint_eq(f->digest, digest);
    ck_assert_uint_eq(cut.rounds, whole.rounds);
    ck_assert_uint_eq(cut.prepared_ahead, whole.prepared_ahead);
    ck_assert_uint_eq(cut.prepared_inline, whole.prepared_inline);
    free_fleet(f);
}
END_TEST

/* A stop in mid-round leaves events that are prepared already; the next run commits them without
 * preparing again. */
START_TEST(test_stop_and_resume)
{
    struct sim_stats whole, cut;
    uint64_t digest = run(1, &whole);
    struct fleet *f = new_fleet(2);
    enum sim_end end;
    int stops = 0;

    do {
        f->stop_at = f->commits + 13;
        end = sim_run(f->sim, SIM_NEVER);
        if (end == SIM_END_STOPPED) {
            ck_assert_uint_eq(f->commits, f->stop_at);
            stops++;
        }
    } while (end == SIM_END_STOPPED);
    ck_assert_int_eq(end, SIM_END_EMPTY);
    ck_assert_int_gt(stops, SESSIONS * ROUNDS_EACH / 13 - 2);
    check_once_each(f);
    sim_get_stats(f->sim, &cut);
    ck_assert_uint_eq(f->digest, digest);
    ck_assert_uint_eq(cut.rounds, whole.rounds);
    free_fleet(f);
}
END_TEST

/* ---- the crew by itself ---- */

static void count(void *item)
{
    atomic_fetch_add((atomic_uint *)item, 1);
}

START_TEST(test_crew_shares_everything_once)
{
    enum { ITEMS = 64 };
    struct crew *crew = crew_new(&(struct crew_config){.workers = 3, .fn = count});
    atomic_uint counts[ITEMS] = {0};
    void *items[ITEMS];

    for (int i = 0; i < ITEMS; i++)
        items[i] = &counts[i];
    for (uint32_t batch = 0; batch < 3000; batch++) {
        uint32_t n = batch % (ITEMS + 1);

        for (uint32_t i = 0; i < n; i++)
            atomic_store_explicit(&counts[i], 0, memory_order_relaxed);
        crew_run(crew, items, n);
        for (uint32_t i = 0; i < n; i++) {
            if (atomic_load_explicit(&counts[i], memory_order_relaxed) != 1)
                ck_abort_msg("batch %u: item %u not called exactly once", batch, i);
        }
    }
    crew_free(crew);
    crew_free(NULL);
}
END_TEST

/* Two items that meet: each begins only when the other has begun, so a worker has one of them. The
 * worker's then takes longer than anybody spins, and must be done all the same when crew_run
 * returns. */
struct meeting {
    pthread_t owner;
    atomic_int begun;
    atomic_int by_worker, done;
    uint64_t work;
};

static void meet(void *item)
{
    struct meeting *m = item;

    atomic_fetch_add(&m->begun, 1);
    while (atomic_load(&m->begun) % 2 != 0)
        sched_yield();
    if (!pthread_equal(pthread_self(), m->owner)) {
        for (uint64_t i = 0; i < 1000000; i++)
            m->work = m->work * 6364136223846793005u + i;
        atomic_fetch_add(&m->by_worker, 1);
    }
    atomic_fetch_add(&m->done, 1);
}

static atomic_uint begun, ended;

static void begin(void)
{
    atomic_fetch_add(&begun, 1);
}

static void end(void)
{
    ck_assert_uint_gt(atomic_load(&begun), atomic_load(&ended));
    atomic_fetch_add(&ended, 1);
}

START_TEST(test_workers_begin_and_end)
{
    struct crew_config config = {.workers = 3, .fn = count, .begin = begin, .end = end};

    begun = ended = 0;
    crew_free(crew_new(&config));
    ck_assert_uint_eq(begun, 3);
    ck_assert_uint_eq(ended, 3);
}
END_TEST

START_TEST(test_crew_waits_for_its_workers)
{
    enum { MEETINGS = 20 };
    struct crew *crew = crew_new(&(struct crew_config){.workers = 1, .fn = meet});
    struct meeting m = {.owner = pthread_self()};
    void *items[2] = {&m, &m};

    for (int i = 1; i <= MEETINGS; i++) {
        crew_run(crew, items, 2);
        ck_assert_int_eq(atomic_load(&m.done), 2 * i);
        ck_assert_int_eq(atomic_load(&m.by_worker), i);
        for (uint64_t k = 0; k < 300000; k++) /* long enough for the worker to fall asleep */
            m.work = m.work * 6364136223846793005u + k;
    }
    ck_assert_uint_ne(m.work, 0);
    crew_free(crew);
}
END_TEST

/* Who did an item of a batch; those of kind 1 take their time. */
struct task {
    unsigned kind;
    bool by_worker;
    uint64_t work;
};

static pthread_t tasks_owner;

static void do_task(void *item)
{
    struct task *task = item;

    for (uint64_t i = 0; i < task->kind * UINT64_C(200000); i++)
        task->work = task->work * 6364136223846793005u + i;
    task->by_worker = !pthread_equal(pthread_self(), tasks_owner);
}

static unsigned task_kind(const void *item)
{
    return ((const struct task *)item)->kind;
}

static bool was_shared(struct crew *crew, unsigned kind)
{
    struct task tasks[16];
    void *items[16];
    bool shared = false;

    for (int i = 0; i < 16; i++) {
        tasks[i] = (struct task){.kind = kind};
        items[i] = &tasks[i];
    }
    crew_run(crew, items, 16);
    for (int i = 0; i < 16; i++)
        shared = shared || tasks[i].by_worker;
    return shared;
}

START_TEST(test_crew_shares_what_is_worth_it)
{
    struct crew *crew =
        crew_new(&(struct crew_config){.workers = 1, .fn = do_task, .kind = task_kind});
    int batches = 0;

    tasks_owner = pthread_self();
    ck_assert(!was_shared(crew, 1)); /* it has learned nothing yet */
    while (!was_shared(crew, 1))
        ck_assert_int_lt(batches++, 1000);
    for (int i = 0; i < 100; i++)
        ck_assert(!was_shared(crew, 0));
    crew_free(crew);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("threads");
    TCase *t = tcase_create("threads");
    SRunner *runner;
    int failed;

    tcase_set_timeout(t, 120);
    tcase_add_test(t, test_thread_count_changes_nothing);
    tcase_add_test(t, test_cut_by_until);
    tcase_add_test(t, test_stop_and_resume);
    tcase_add_test(t, test_crew_shares_everything_once);
    tcase_add_test(t, test_workers_begin_and_end);
    tcase_add_test(t, test_crew_waits_for_its_workers);
    tcase_add_test(t, test_crew_shares_what_is_worth_it);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
