#include "sim/engine.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sim/base/xalloc.h"
#include "sim/crew.h"
#include "sim/evq.h"

/* What a pending event costs (engine.h): itself, its entry, its slot. */
static_assert(sizeof(struct sim_event) + sizeof(struct evq_entry) + sizeof(uintptr_t) <= 64,
              "a pending event may cost 64 octets");

/* Prepares in a round: with fewer, the next window is wider; with more, narrower. */
#define BATCH_FEW    16
#define BATCH_ENOUGH 64

struct sim {
    sim_ns now;
    sim_ns look_ahead;
    sim_ns width;            /* of a round's window, at most look_ahead */
    uint64_t window_batch;   /* prepared ahead in this window */
    sim_ns window_last;      /* last instant of the present round */
    sim_ns gathered_last;    /* up to here the round's events were taken out of the queue */
    struct evq queue;        /* what is not taken out */
    struct evq_entry *taken; /* the round's events in order: [taken_head, taken_n) */
    size_t taken_head, taken_n, taken_cap;
    struct sim_event **batch; /* of them, what is prepared ahead */
    size_t batch_n, batch_cap;
    uint64_t with_prepare; /* pending events whose ops have a prepare */
    struct crew *crew;     /* NULL: one thread */
    atomic_bool stop;
    uint64_t progress_every, progress_next;
    void (*progress)(struct sim *, void *);
    void *progress_arg;
    struct sim_stats stats; /* pending_now is the queue's */
};

static void prepare_item(void *item)
{
    struct sim_event *ev = item;

    ev->ops->prepare(ev);
    ev->prepared = 1;
}

/* Prepares of one order of weight cost about the same. */
static unsigned weight_order(const void *item)
{
    const struct sim_event *ev = item;
    unsigned order = 0;

    for (unsigned w = ev->weight; w > 0; w /= 2)
        order++;
    return order;
}

struct sim *sim_new(const struct sim_config *config)
{
    struct sim *sim = xcalloc(1, sizeof(*sim));
    unsigned threads = config->threads ? config->threads : crew_cores();

    assert(config->look_ahead > 0);
    sim->look_ahead = sim->width = config->look_ahead;
    sim->window_last = sim->gathered_last = -1;
    sim->progress_next = UINT64_MAX;
    evq_init(&sim->queue);
    if (threads > 1)
        sim->crew =
            crew_new(&(struct crew_config){.workers = threads - 1,
                                           .fn = prepare_item,
                                           .begin = config->thread_begin,
                                           .end = config->thread_end,
                                           .kind = config->share_all ? NULL : weight_order});
    return sim;
}

void sim_free(struct sim *sim)
{
    if (!sim)
        return;
    crew_free(sim->crew);
    evq_release(&sim->queue);
    free(sim->taken);
    free(sim->batch);
    free(sim);
}

sim_ns sim_now(const struct sim *sim)
{
    return sim->now;
}

void sim_set_look_ahead(struct sim *sim, sim_ns look_ahead)
{
    assert(look_ahead > 0);
    sim->look_ahead = sim->width = look_ahead;
}

sim_ns sim_look_ahead(const struct sim *sim)
{
    return sim->look_ahead;
}

void sim_event_init(struct sim_event *ev, const struct sim_event_ops *ops,
                    struct sim_endpoint *endpoint)
{
    assert(endpoint || !ops->prepare);
    *ev = (struct sim_event){.ops = ops, .endpoint = endpoint};
}

void sim_schedule(struct sim *sim, struct sim_event *ev, sim_ns at)
{
    assert(ev->slot == 0);
    assert(at >= sim->now);
    ev->at = at;
    ev->prepared = 0;
    sim->with_prepare += ev->ops->prepare != NULL;
    evq_insert(&sim->queue, ev, at);
    if (sim->queue.live > sim->stats.pending_max)
        sim->stats.pending_max = sim->queue.live;
}

void sim_cancel(struct sim *sim, struct sim_event *ev)
{
    if (ev->slot == 0)
        return;
    evq_cancel(&sim->queue, ev->slot);
    ev->slot = 0;
    sim->with_prepare -= ev->ops->prepare != NULL;
    sim->stats.cancelled++;
}

bool sim_is_pending(const struct sim_event *ev)
{
    return ev->slot != 0;
}

/* ---- a round: gather, prepare, commit ---- */

static void *grown(void *p, size_t *cap, size_t size)
{
    *cap = *cap ? 2 * *cap : 256;
    return xrealloc(p, *cap * size);
}

/* The endpoint's first event of the round, and it has a prepare? */
static bool is_for_ahead(const struct sim *sim, const struct sim_event *ev)
{
    bool first;

    if (!ev->endpoint)
        return false;
    first = ev->endpoint->round != sim->stats.rounds;
    ev->endpoint->round = sim->stats.rounds;
    return first && ev->ops->prepare;
}

static int by_weight(const void *a, const void *b)
{
    const struct sim_event *const *x = a, *const *y = b;

    if ((*x)->weight != (*y)->weight)
        return (*x)->weight < (*y)->weight ? 1 : -1;
    return ((*x)->at > (*y)->at) - ((*x)->at < (*y)->at);
}

/* In any order: a prepare changes its own endpoint only. */
static void prepare_batch(struct sim *sim)
{
    if (sim->batch_n == 0)
        return;
    qsort(sim->batch, sim->batch_n, sizeof(struct sim_event *), by_weight);
    if (sim->crew) {
        crew_run(sim->crew, (void *const *)sim->batch, (uint32_t)sim->batch_n);
        return;
    }
    for (size_t i = 0; i < sim->batch_n; i++)
        prepare_item(sim->batch[i]);
}

/* Takes the events up to `last` out of the queue and prepares ahead what may be. Skipped when
 * nothing pending has a prepare: then there is nothing to choose. */
static void gather(struct sim *sim, sim_ns last)
{
    struct evq *q = &sim->queue;
    const struct evq_entry *e;

    sim->gathered_last = last;
    sim->taken_head = sim->taken_n = sim->batch_n = 0;
    if (sim->with_prepare == 0)
        return;
    while ((e = evq_peek(q)) != NULL && e->at <= last) {
        struct sim_event *ev = evq_event(q, e->slot);

        if (sim->taken_n == sim->taken_cap)
            sim->taken = grown(sim->taken, &sim->taken_cap, sizeof(*sim->taken));
        sim->taken[sim->taken_n++] = evq_pop(q);
        if (!is_for_ahead(sim, ev))
            continue;
        if (sim->batch_n == sim->batch_cap)
            sim->batch = grown(sim->batch, &sim->batch_cap, sizeof(struct sim_event *));
        sim->batch[sim->batch_n++] = ev;
    }
    q->held = sim->taken_n;
    sim->stats.prepared_ahead += sim->batch_n;
    sim->window_batch += sim->batch_n;
    prepare_batch(sim);
}

/* The next of the events taken out that is still alive, or NULL. */
static const struct evq_entry *peek_taken(struct sim *sim)
{
    struct evq *q = &sim->queue;

    while (sim->taken_head < sim->taken_n) {
        const struct evq_entry *e = &sim->taken[sim->taken_head];

        if (evq_event(q, e->slot))
            return e;
        evq_bury(q, e->slot);
        sim->taken_head++;
    }
    q->held = 0;
    return NULL;
}

/* The earliest event up to `last`. At one instant what was taken out comes first: it was scheduled
 * before the commits of this round began. */
static bool next_entry(struct sim *sim, sim_ns last, struct evq_entry *out)
{
    const struct evq_entry *taken = peek_taken(sim);
    const struct evq_entry *queued = evq_peek(&sim->queue);

    if (taken && (!queued || taken->at <= queued->at)) {
        if (taken->at > last)
            return false;
        *out = *taken;
        sim->taken_head++;
        return true;
    }
    if (!queued || queued->at > last)
        return false;
    *out = evq_pop(&sim->queue);
    return true;
}

static void commit(struct sim *sim, struct evq_entry e)
{
    struct sim_event *ev = evq_event(&sim->queue, e.slot);
    const struct sim_event_ops *ops = ev->ops;

    /* Fails when the owner was freed, or the event moved, while it was pending. */
    assert(ev->slot == e.slot && ev->at == e.at);
    sim->now = e.at;
    if (ops->prepare) {
        sim->with_prepare--;
        if (!ev->prepared) {
            ops->prepare(ev);
            sim->stats.prepared_inline++;
        }
    }
    evq_free_slot(&sim->queue, e.slot);
    sim->queue.live--;
    ev->slot = 0;
    sim->stats.events++;
    ops->commit(sim, ev);
}

static bool should_stop(struct sim *sim)
{
    return atomic_load_explicit(&sim->stop, memory_order_relaxed);
}

/* The earliest pending instant; false: nothing is pending. */
static bool first_pending(struct sim *sim, sim_ns *at)
{
    const struct evq_entry *taken = peek_taken(sim);
    const struct evq_entry *queued = evq_peek(&sim->queue);

    if (!taken && !queued)
        return false;
    *at = taken && (!queued || taken->at <= queued->at) ? taken->at : queued->at;
    return true;
}

static void report_progress(struct sim *sim)
{
    if (sim->stats.events < sim->progress_next)
        return;
    sim->progress_next = sim->stats.events + sim->progress_every;
    sim->progress(sim, sim->progress_arg);
}

/* The window of a round that begins at `first`. What a commit schedules inside the window is
 * prepared in line, by one thread, so a window is no wider than it takes to keep the workers busy:
 * a choice that follows from the rounds before it, never from the threads. */
static void open_window(struct sim *sim, sim_ns first)
{
    if (sim->window_batch > BATCH_ENOUGH && sim->width > 1)
        sim->width /= 2;
    else if (sim->window_batch < BATCH_FEW)
        sim->width = sim_ns_add(sim->width, sim->width);
    sim->width = sim_ns_min(sim->width, sim->look_ahead);
    sim->window_batch = 0;
    sim->window_last = sim_ns_add(first, sim->width - 1);
    sim->stats.rounds++;
}

/* Rounds as below, as long as nothing that is pending has a prepare: then they decide nothing, and
 * only their bounds are kept. */
static void run_plain(struct sim *sim, sim_ns until)
{
    const struct evq_entry *e;

    while (!should_stop(sim) && (e = evq_peek(&sim->queue)) != NULL && e->at <= until) {
        if (e->at > sim->window_last) {
            if (sim->with_prepare > 0 || sim->stats.events >= sim->progress_next)
                return;
            open_window(sim, e->at);
        }
        sim->gathered_last = sim_ns_min(sim->window_last, until);
        commit(sim, evq_pop(&sim->queue));
    }
}

/* A window that an `until` or a stop cut short is gone on with before a new one is opened: where a
 * run is cut does not change its rounds. */
static void run_round(struct sim *sim, sim_ns first, sim_ns until)
{
    struct evq_entry e;
    sim_ns last;

    if (first > sim->window_last)
        open_window(sim, first);
    if (first > sim->gathered_last)
        gather(sim, sim_ns_min(sim->window_last, until));
    last = sim_ns_min(sim->gathered_last, until);
    while (!should_stop(sim) && next_entry(sim, last, &e))
        commit(sim, e);
}

enum sim_end sim_run(struct sim *sim, sim_ns until)
{
    enum sim_end end = SIM_END_UNTIL;
    sim_ns first;

    assert(until >= sim->now);
    for (;;) {
        report_progress(sim);
        if (atomic_exchange(&sim->stop, false))
            return SIM_END_STOPPED;
        if (!first_pending(sim, &first)) {
            end = SIM_END_EMPTY;
            break;
        }
        if (first > until)
            break;
        run_round(sim, first, until);
        if (sim->with_prepare == 0 && sim->taken_head == sim->taken_n)
            run_plain(sim, until);
    }
    /* An empty run to SIM_NEVER stays where it is, so that it can be gone on with. */
    if (until != SIM_NEVER)
        sim->now = until;
    return end;
}

void sim_stop(struct sim *sim)
{
    atomic_store(&sim->stop, true);
}

void sim_on_progress(struct sim *sim, uint64_t every_events, void (*fn)(struct sim *, void *),
                     void *arg)
{
    assert(every_events > 0);
    sim->progress = fn;
    sim->progress_arg = arg;
    sim->progress_every = every_events;
    sim->progress_next = sim->stats.events + every_events;
}

void sim_get_stats(const struct sim *sim, struct sim_stats *out)
{
    *out = sim->stats;
    out->pending_now = sim->queue.live;
}
