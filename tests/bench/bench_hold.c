/* The hold model: n pending events; each commit schedules its event again after an exponential
 * increment. The whole engine path (sim_schedule, sim_run, the commit call) against a bare 4-ary
 * heap of {time, order, payload} entries in the same program, in alternating repetitions. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim/base/rng.h"
#include "sim/base/xalloc.h"
#include "sim/engine.h"

#define INCREMENTS  (1u << 16) /* drawn beforehand: drawing is not what is measured */
#define MEAN        ((double)SIM_S)
#define LOOK_AHEAD  SIM_MS
#define REPETITIONS 7

static sim_ns increments[INCREMENTS];

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- the bare heap ---- */

struct heap_entry {
    sim_ns at;
    uint64_t order;
    void *payload;
};

struct heap {
    struct heap_entry *e;
    size_t n;
};

static inline bool is_before(const struct heap_entry *a, const struct heap_entry *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void heap_push(struct heap *h, struct heap_entry x)
{
    size_t i = h->n++;

    while (i > 0) {
        size_t up = (i - 1) / 4;

        if (!is_before(&x, &h->e[up]))
            break;
        h->e[i] = h->e[up];
        i = up;
    }
    h->e[i] = x;
}

static struct heap_entry heap_pop(struct heap *h)
{
    struct heap_entry top = h->e[0];
    struct heap_entry x = h->e[--h->n];
    size_t i = 0;

    for (;;) {
        size_t child = 4 * i + 1, end = child + 4, best = child;

        if (child >= h->n)
            break;
        if (end > h->n)
            end = h->n;
        for (size_t k = child + 1; k < end; k++)
            best = is_before(&h->e[k], &h->e[best]) ? k : best;
        if (!is_before(&h->e[best], &x))
            break;
        h->e[i] = h->e[best];
        i = best;
    }
    h->e[i] = x;
    return top;
}

struct bare {
    struct heap heap;
    uint64_t order;
    uint32_t next;
};

static void bare_fill(struct bare *b, size_t n)
{
    b->heap.e = xcalloc(n + 1, sizeof(*b->heap.e));
    for (size_t i = 0; i < n; i++)
        heap_push(&b->heap, (struct heap_entry){.at = increments[b->next++ % INCREMENTS],
                                                .order = b->order++,
                                                .payload = b});
}

static double bare_run(struct bare *b, uint64_t holds)
{
    double begin = seconds();

    for (uint64_t i = 0; i < holds; i++) {
        struct heap_entry x = heap_pop(&b->heap);

        x.at += increments[b->next++ % INCREMENTS];
        x.order = b->order++;
        heap_push(&b->heap, x);
    }
    return (seconds() - begin) * 1e9 / (double)holds;
}

/* ---- the engine ---- */

static uint32_t engine_next;
static uint64_t engine_left;

static void hold(struct sim *sim, struct sim_event *ev)
{
    sim_schedule(sim, ev, sim_now(sim) + increments[engine_next++ % INCREMENTS]);
    if (--engine_left == 0)
        sim_stop(sim);
}

static const struct sim_event_ops hold_ops = {"hold", NULL, hold};

struct engine {
    struct sim *sim;
    struct sim_event *events;
};

static void never_prepared(struct sim_event *ev)
{
    (void)ev;
}

static void never_committed(struct sim *sim, struct sim_event *ev)
{
    (void)sim;
    (void)ev;
}

static const struct sim_event_ops far_ops = {"far", never_prepared, never_committed};

/* gathering: one event with a prepare is pending far away, so that every round is gathered. */
static void engine_fill(struct engine *e, size_t n, bool gathering)
{
    static struct sim_endpoint endpoint;
    static struct sim_event far;
    struct sim_config config = {.threads = 1, .look_ahead = LOOK_AHEAD};

    e->sim = sim_new(&config);
    e->events = xcalloc(n, sizeof(*e->events));
    for (size_t i = 0; i < n; i++) {
        sim_event_init(&e->events[i], &hold_ops, NULL);
        sim_schedule(e->sim, &e->events[i], increments[engine_next++ % INCREMENTS]);
    }
    if (gathering) {
        sim_event_init(&far, &far_ops, &endpoint);
        sim_schedule(e->sim, &far, 1000000 * SIM_S);
    }
}

static double engine_run(struct engine *e, uint64_t holds)
{
    double begin = seconds();

    engine_left = holds;
    sim_run(e->sim, SIM_NEVER);
    return (seconds() - begin) * 1e9 / (double)holds;
}

/* ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *v)
{
    qsort(v, REPETITIONS, sizeof(*v), by_value);
    return v[REPETITIONS / 2];
}

static void measure(size_t n)
{
    /* Several turnovers of the queue, and some tenths of a second. */
    uint64_t holds = n < 200000 ? 2000000 : 3 * n;
    struct bare bare = {0};
    struct engine plain, gathering;
    double heap[REPETITIONS], engine[REPETITIONS], gathered[REPETITIONS], ratio[REPETITIONS];

    bare_fill(&bare, n);
    engine_fill(&plain, n, false);
    engine_fill(&gathering, n, true);
    bare_run(&bare, holds);
    engine_run(&plain, holds);
    engine_run(&gathering, holds);
    for (int i = 0; i < REPETITIONS; i++) {
        heap[i] = bare_run(&bare, holds);
        engine[i] = engine_run(&plain, holds);
        gathered[i] = engine_run(&gathering, holds);
        ratio[i] = heap[i] / engine[i];
    }
    printf("%8zu  %8.1f  %8.1f  %8.1f  %6.2f\n", n, median(heap), median(engine), median(gathered),
           median(ratio));
    free(bare.heap.e);
    sim_free(plain.sim);
    sim_free(gathering.sim);
    free(plain.events);
    free(gathering.events);
}

int main(void)
{
    struct rng r = rng_stream(1, "hold", "increments");

    for (uint32_t i = 0; i < INCREMENTS; i++)
        increments[i] = (sim_ns)(rng_exponential(&r) * MEAN);
    printf("ns of CPU time a hold, medians of %d; ratio: heap / engine, aim >= 0.8\n", REPETITIONS);
    printf("%8s  %8s  %8s  %8s  %6s\n", "pending", "heap", "engine", "gathered", "ratio");
    measure(1000);
    measure(100000);
    measure(1000000);
    return 0;
}
