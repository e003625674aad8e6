/* The event queue's total order against a plain reference: everything that is pending in an array,
 * the next one found by looking at all of it. */
#include <check.h>
#include <stdlib.h>

#include "sim/base/rng.h"
#include "sim/base/xalloc.h"
#include "sim/engine.h"
#include "sim/evq.h"

enum { OWNERS = 600, OPERATIONS = 100000 };

struct owner {
    struct sim_event ev;
    struct world *world;
    bool pending;
    sim_ns at;
    uint64_t order;
};

struct world {
    struct sim *sim;
    struct rng rng;
    struct owner owners[OWNERS];
    uint64_t orders;
    uint64_t operations;
    uint64_t commits;
    int pending;
    sim_ns spread;
};

/* Without Check's bookkeeping, which costs a system call each. */
static void must(bool good, const char *what)
{
    if (!good)
        ck_abort_msg("%s", what);
}

static struct owner *reference_next(struct world *w)
{
    struct owner *best = NULL;

    for (int i = 0; i < OWNERS; i++) {
        struct owner *o = &w->owners[i];

        if (o->pending &&
            (!best || o->at < best->at || (o->at == best->at && o->order < best->order)))
            best = o;
    }
    return best;
}

/* Near, far, very far, and often the same instant as others. */
static sim_ns random_delay(struct world *w)
{
    switch (rng_below(&w->rng, 8)) {
    case 0:
        return 0;
    case 1:
        return 1;
    case 2:
        return (sim_ns)rng_below(&w->rng, 5) * w->spread;
    case 3:
        return (sim_ns)rng_below(&w->rng, (uint64_t)w->spread * 1000 + 1);
    default:
        return (sim_ns)rng_below(&w->rng, (uint64_t)w->spread + 1);
    }
}

static void schedule(struct world *w, struct owner *o)
{
    o->at = sim_now(w->sim) + random_delay(w);
    o->order = w->orders++;
    o->pending = true;
    w->pending++;
    sim_schedule(w->sim, &o->ev, o->at);
}

static void cancel(struct world *w, struct owner *o)
{
    if (o->pending)
        w->pending--;
    o->pending = false;
    sim_cancel(w->sim, &o->ev);
    must(!sim_is_pending(&o->ev), "idle after sim_cancel");
}

static void random_operation(struct world *w)
{
    struct owner *o = &w->owners[rng_below(&w->rng, OWNERS)];

    w->operations++;
    switch (rng_below(&w->rng, 4)) {
    case 0:
        cancel(w, o);
        break;
    case 1: /* reschedule */
        cancel(w, o);
        schedule(w, o);
        break;
    default:
        if (!o->pending)
            schedule(w, o);
        break;
    }
    must(sim_is_pending(&o->ev) == o->pending, "sim_is_pending");
}

static void check_commit(struct sim *sim, struct sim_event *ev)
{
    struct owner *o = (struct owner *)ev;
    struct world *w = o->world;

    must(o == reference_next(w), "another event is earlier");
    must(sim_now(sim) == o->at && sim_event_time(ev) == o->at, "time of the commit");
    must(!sim_is_pending(ev), "idle in its commit");
    o->pending = false;
    w->pending--;
    w->commits++;
    if (w->operations >= OPERATIONS)
        return;
    for (uint64_t n = rng_below(&w->rng, 5); n > 0; n--)
        random_operation(w);
    if (w->pending < OWNERS / 4 || rng_below(&w->rng, 200) == 0) {
        for (int i = 0; i < OWNERS / 2; i++)
            random_operation(w);
    }
}

static const struct sim_event_ops check_ops = {"check", NULL, check_commit};

/* Some with a prepare, all of one endpoint: they are taken out of the queue in rounds. */
static void no_prepare(struct sim_event *ev)
{
    (void)ev;
}

static const struct sim_event_ops ahead_ops = {"ahead", no_prepare, check_commit};

static void stress(uint64_t seed, sim_ns look_ahead, sim_ns spread, bool ahead, sim_ns step)
{
    struct world *w = xcalloc(1, sizeof(*w));
    struct sim_config config = {.threads = 1, .look_ahead = look_ahead};
    struct sim_endpoint endpoint = {0};
    struct sim_stats stats;
    enum sim_end end;

    w->sim = sim_new(&config);
    w->rng = rng_stream(seed, "stress", "order");
    w->spread = spread;
    for (int i = 0; i < OWNERS; i++) {
        struct owner *o = &w->owners[i];

        o->world = w;
        if (ahead && i % 3 == 0)
            sim_event_init(&o->ev, &ahead_ops, &endpoint);
        else
            sim_event_init(&o->ev, &check_ops, NULL);
        schedule(w, o);
    }
    do {
        end = sim_run(w->sim, step ? sim_now(w->sim) + step : SIM_NEVER);
        if (step && w->operations < OPERATIONS)
            random_operation(w); /* between runs */
    } while (end == SIM_END_UNTIL);
    ck_assert_int_eq(end, SIM_END_EMPTY);
    ck_assert_ptr_null(reference_next(w));
    sim_get_stats(w->sim, &stats);
    ck_assert_uint_ge(w->operations, OPERATIONS);
    ck_assert_uint_eq(stats.events, w->commits);
    ck_assert_uint_eq(stats.pending_now, 0);
    ck_assert_uint_gt(stats.cancelled, 0);
    sim_free(w->sim);
    free(w);
}

START_TEST(test_spread_out)
{
    stress(1, 1, 1000000, false, 0);
    stress(2, 1000, 1000000, false, 0);
    stress(3, 100000000, 1000000, false, 0);
}
END_TEST

START_TEST(test_crowded)
{
    stress(4, 1, 3, false, 0);
    stress(5, 50, 3, false, 0);
}
END_TEST

START_TEST(test_prepared)
{
    stress(6, 1, 1000000, true, 0);
    stress(7, 20000, 1000000, true, 0);
    stress(8, 5000000, 1000000, true, 0);
    stress(9, 20, 3, true, 0);
}
END_TEST

START_TEST(test_cut_by_until)
{
    stress(10, 20000, 1000000, true, 7777);
    stress(11, 5, 3, true, 2);
    stress(12, 100000, 1000000, false, 54321);
}
END_TEST

/* ---- shapes that are hard for a ladder ---- */

struct shot {
    struct sim_event ev;
    uint32_t id;
};

static uint32_t *seen;
static uint32_t seen_n;

static void note(struct sim *sim, struct sim_event *ev)
{
    (void)sim;
    seen[seen_n++] = ((struct shot *)ev)->id;
}

static const struct sim_event_ops note_ops = {"note", NULL, note};

static int by_time(const void *a, const void *b)
{
    const struct shot *x = a, *y = b;

    if (x->ev.at != y->ev.at)
        return x->ev.at < y->ev.at ? -1 : 1;
    return x->id < y->id ? -1 : 1;
}

/* Everything scheduled first, in the order of ids, then run; compared with a sort. */
static void check_shape(sim_ns (*time_of)(uint32_t i, struct rng *r), uint32_t n)
{
    struct sim_config config = {.threads = 1, .look_ahead = 10};
    struct sim *sim = sim_new(&config);
    struct shot *shots = xcalloc(n, sizeof(*shots));
    struct shot *sorted = xcalloc(n, sizeof(*sorted));
    struct rng r = rng_stream(7, "shape", "time");

    seen = xcalloc(n, sizeof(*seen));
    seen_n = 0;
    for (uint32_t i = 0; i < n; i++) {
        shots[i].id = i;
        sim_event_init(&shots[i].ev, &note_ops, NULL);
        sim_schedule(sim, &shots[i].ev, time_of(i, &r));
    }
    for (uint32_t i = 0; i < n; i++)
        sorted[i] = shots[i];
    qsort(sorted, n, sizeof(*sorted), by_time);
    ck_assert_int_eq(sim_run(sim, SIM_NEVER), SIM_END_EMPTY);
    ck_assert_uint_eq(seen_n, n);
    for (uint32_t i = 0; i < n; i++)
        must(seen[i] == sorted[i].id, "not in the order of a sort");
    free(seen);
    free(shots);
    free(sorted);
    sim_free(sim);
}

static sim_ns one_instant(uint32_t i, struct rng *r)
{
    (void)i;
    (void)r;
    return 42;
}

static sim_ns descending(uint32_t i, struct rng *r)
{
    (void)r;
    return 1000000 - (sim_ns)i;
}

/* Each power of two of the whole range: rungs within rungs. */
static sim_ns geometric(uint32_t i, struct rng *r)
{
    return (sim_ns)(rng_u64(r) >> (1 + i % 63));
}

static sim_ns two_heaps(uint32_t i, struct rng *r)
{
    (void)r;
    return i % 2 ? 5 : SIM_NEVER - (i % 3);
}

START_TEST(test_shapes)
{
    check_shape(one_instant, 50000);
    check_shape(descending, 50000);
    check_shape(geometric, 50000);
    check_shape(two_heaps, 50000);
    check_shape(geometric, 1);
    check_shape(geometric, 65);
}
END_TEST

/* A commit that keeps filling the very near future: the bottom grows and must be cut. */
struct flood {
    struct shot first;
    struct shot *shots;
    sim_ns *at;
    uint32_t n;
};

static void pour(struct sim *sim, struct sim_event *ev)
{
    struct flood *f = (struct flood *)ev;
    struct rng r = rng_stream(3, "flood", "time");

    for (uint32_t i = 0; i < f->n; i++) {
        f->shots[i].id = i;
        sim_event_init(&f->shots[i].ev, &note_ops, NULL);
        sim_schedule(sim, &f->shots[i].ev, sim_now(sim) + (sim_ns)rng_below(&r, 5000));
    }
}

static const struct sim_event_ops pour_ops = {"pour", NULL, pour};

START_TEST(test_flood_before_everything)
{
    struct sim_config config = {.threads = 1, .look_ahead = 10};
    struct sim *sim = sim_new(&config);
    struct flood f = {.n = 20000};
    struct shot far[100];
    struct shot *sorted = xcalloc(f.n, sizeof(*sorted));

    f.shots = xcalloc(f.n, sizeof(*f.shots));
    seen = xcalloc(f.n + 100, sizeof(*seen));
    seen_n = 0;
    for (uint32_t i = 0; i < 100; i++) {
        far[i].id = f.n + i;
        sim_event_init(&far[i].ev, &note_ops, NULL);
        sim_schedule(sim, &far[i].ev, 1000000 + (sim_ns)i);
    }
    sim_event_init(&f.first.ev, &pour_ops, NULL);
    sim_schedule(sim, &f.first.ev, 1000);
    ck_assert_int_eq(sim_run(sim, SIM_NEVER), SIM_END_EMPTY);
    ck_assert_uint_eq(seen_n, f.n + 100);
    for (uint32_t i = 0; i < f.n; i++)
        sorted[i] = f.shots[i];
    qsort(sorted, f.n, sizeof(*sorted), by_time);
    for (uint32_t i = 0; i < f.n; i++)
        must(seen[i] == sorted[i].id, "not in the order of a sort");
    for (uint32_t i = 0; i < 100; i++)
        must(seen[f.n + i] == f.n + i, "later ones out of order");
    free(sorted);
    free(seen);
    free(f.shots);
    sim_free(sim);
}
END_TEST

/* An owner may be freed as soon as sim_cancel has returned, and its memory used again. */
START_TEST(test_freed_after_cancel)
{
    struct sim_config config = {.threads = 1, .look_ahead = 10};
    struct sim *sim = sim_new(&config);
    struct sim_stats stats;
    struct shot keep = {.id = 1};
    uint32_t out[1];

    seen = out;
    seen_n = 0;
    sim_event_init(&keep.ev, &note_ops, NULL);
    sim_schedule(sim, &keep.ev, 500000);
    for (int i = 0; i < 100000; i++) { /* enough to have the dead swept out */
        struct shot *s = xcalloc(1, sizeof(*s));

        sim_event_init(&s->ev, &note_ops, NULL);
        sim_schedule(sim, &s->ev, i % 1000 * 1000);
        sim_cancel(sim, &s->ev);
        sim_cancel(sim, &s->ev); /* twice is fine */
        free(s);
    }
    ck_assert_int_eq(sim_run(sim, SIM_NEVER), SIM_END_EMPTY);
    ck_assert_uint_eq(seen_n, 1);
    sim_get_stats(sim, &stats);
    ck_assert_uint_eq(stats.cancelled, 100000);
    ck_assert_uint_eq(stats.events, 1);
    sim_free(sim);
}
END_TEST

/* A queue in which something is always far off has to stay as small as what is in it. */
START_TEST(test_a_long_run_of_few_events)
{
    struct sim_event far, near;
    struct evq q;

    evq_init(&q);
    evq_insert(&q, &far, SIM_NEVER - 1);
    for (sim_ns at = 1; at <= 5; at++)
        evq_insert(&q, &near, at);
    for (sim_ns at = 1; at <= 1000000; at++) {
        struct evq_entry e;

        ck_assert_ptr_nonnull(evq_peek(&q));
        e = evq_pop(&q);
        ck_assert_int_eq(e.at, at);
        ck_assert_ptr_eq(evq_event(&q, e.slot), &near);
        evq_free_slot(&q, e.slot);
        evq_insert(&q, &near, at + 5);
    }
    ck_assert_uint_le(q.cap, 1024);
    evq_release(&q);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("order");
    TCase *t = tcase_create("order");
    SRunner *runner;
    int failed;

    tcase_set_timeout(t, 120);
    tcase_add_test(t, test_spread_out);
    tcase_add_test(t, test_crowded);
    tcase_add_test(t, test_prepared);
    tcase_add_test(t, test_cut_by_until);
    tcase_add_test(t, test_shapes);
    tcase_add_test(t, test_flood_before_everything);
    tcase_add_test(t, test_freed_after_cancel);
    tcase_add_test(t, test_a_long_run_of_few_events);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
