#include "sim/crew.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include <uv.h>

#include "sim/base/xalloc.h"
#include "sim/engine.h"

/* While a fleet bootstraps, rounds follow each other within some hundred microseconds, and waking a
 * sleeper costs a good part of that. So a worker looks for work before it sleeps: as long as this
 * if that would have caught the last batch, and else, in a quiet stretch, only briefly. */
#define SPIN_LONG_NS  1000000
#define SPIN_BRIEF_NS 30000

/* What sharing must save, as it seems beforehand: handing a batch over, moving what it touches from
 * one core's caches to another's and back. More where workers have to be woken each time. */
#define GAIN_NS       20000
#define GAIN_AWAKE_NS 200000
#define COST_MOST_NS  10000000 /* more is not the item's, but a thread that was not on a core */

struct crew {
    struct crew_config config;
    uint32_t cost_ns[CREW_KINDS]; /* running means of what the caller did itself; the caller's */
    _Atomic(void *const *) items;
    /* Number of items << 32 | next item. One word, so that a claim is valid or not by itself: a
     * worker that comes late to a finished batch finds next >= number, and one that claims an
     * item of a newer batch than it saw has still claimed it rightly. */
    atomic_uint_fast64_t ticket;
    atomic_uint_fast32_t done;
    atomic_uint sleeping;     /* workers in uv_cond_wait on `work`, or about to */
    atomic_bool owner_sleeps; /* the caller of crew_run, on `finished` */
    atomic_bool quit;
    bool spin; /* no use when the threads outnumber the cores */
    uv_mutex_t lock;
    uv_cond_t work, finished;
    unsigned workers; /* as many as could be had */
    uv_thread_t threads[];
};

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static bool has_work(struct crew *c)
{
    uint64_t t = atomic_load(&c->ticket);

    return (uint32_t)t < t >> 32;
}

static void work_plain(struct crew *c, void *item)
{
    c->config.fn(item);
}

static void work_timed(struct crew *c, void *item)
{
    unsigned kind = c->config.kind ? c->config.kind(item) : 0; /* before it is changed */
    uint32_t *mean = &c->cost_ns[kind];
    uint64_t began = uv_hrtime(), took;

    c->config.fn(item);
    took = uv_hrtime() - began;
    if (took > COST_MOST_NS)
        took = COST_MOST_NS;
    *mean = (uint32_t)((15 * (uint64_t)*mean + took) / 16);
}

/* false: nothing left to claim */
static bool work_one(struct crew *c, void (*work)(struct crew *c, void *item))
{
    uint64_t t;
    uint32_t i, n;

    if (!has_work(c)) /* keeps late claims from counting the ticket up for ever */
        return false;
    t = atomic_fetch_add(&c->ticket, 1);
    i = (uint32_t)t;
    n = (uint32_t)(t >> 32);
    if (i >= n)
        return false;
    work(c, atomic_load_explicit(&c->items, memory_order_relaxed)[i]);
    if (atomic_fetch_add(&c->done, 1) + 1 == n && atomic_load(&c->owner_sleeps)) {
        uv_mutex_lock(&c->lock);
        uv_cond_signal(&c->finished);
        uv_mutex_unlock(&c->lock);
    }
    return true;
}

static bool may_leave_bed(struct crew *c)
{
    return has_work(c) || atomic_load(&c->quit);
}

static bool all_done(struct crew *c, uint32_t n)
{
    return atomic_load(&c->done) == n;
}

/* *spin_ns: how long to look before sleeping; changed to what suits the next time. */
static void await_work(struct crew *c, uint64_t *spin_ns)
{
    uint64_t began = uv_hrtime();

    if (c->spin) {
        do {
            for (int i = 0; i < 32; i++) {
                if (may_leave_bed(c))
                    return;
                relax();
            }
        } while (uv_hrtime() - began < *spin_ns);
    }
    uv_mutex_lock(&c->lock);
    atomic_fetch_add(&c->sleeping, 1);
    while (!may_leave_bed(c))
        uv_cond_wait(&c->work, &c->lock);
    atomic_fetch_sub(&c->sleeping, 1);
    uv_mutex_unlock(&c->lock);
    *spin_ns = uv_hrtime() - began < SPIN_LONG_NS ? SPIN_LONG_NS : SPIN_BRIEF_NS;
}

static void await_batch(struct crew *c, uint32_t n)
{
    if (c->spin) {
        uint64_t end = uv_hrtime() + SPIN_LONG_NS;

        do {
            for (int i = 0; i < 32; i++) {
                if (all_done(c, n))
                    return;
                relax();
            }
        } while (uv_hrtime() < end);
    }
    uv_mutex_lock(&c->lock);
    atomic_store(&c->owner_sleeps, true);
    while (!all_done(c, n))
        uv_cond_wait(&c->finished, &c->lock);
    atomic_store(&c->owner_sleeps, false);
    uv_mutex_unlock(&c->lock);
}

static void worker(void *arg)
{
    struct crew *c = arg;
    uint64_t spin_ns = SPIN_BRIEF_NS;

    if (c->config.begin)
        c->config.begin();
    while (!atomic_load(&c->quit)) {
        while (work_one(c, work_plain))
            continue;
        await_work(c, &spin_ns);
    }
    if (c->config.end)
        c->config.end();
}

struct crew *crew_new(const struct crew_config *config)
{
    struct crew *c = xcalloc(1, sizeof(*c) + config->workers * sizeof(c->threads[0]));

    c->config = *config;
    c->spin = config->workers + 1 <= crew_cores();
    if (uv_mutex_init(&c->lock) || uv_cond_init(&c->work) || uv_cond_init(&c->finished))
        abort(); /* as with memory: there is no going on without */
    for (; c->workers < config->workers; c->workers++) {
        /* Fewer threads than asked for change no result, only the speed. */
        if (uv_thread_create(&c->threads[c->workers], worker, c))
            break;
    }
    return c;
}

void crew_free(struct crew *c)
{
    if (!c)
        return;
    uv_mutex_lock(&c->lock);
    atomic_store(&c->quit, true);
    uv_cond_broadcast(&c->work);
    uv_mutex_unlock(&c->lock);
    for (unsigned i = 0; i < c->workers; i++)
        uv_thread_join(&c->threads[i]);
    uv_cond_destroy(&c->work);
    uv_cond_destroy(&c->finished);
    uv_mutex_destroy(&c->lock);
    free(c);
}

/* A worker counts itself as sleeping before it looks at the ticket for the last time, and the
 * ticket was written before `sleeping` is read here: either it sees the batch or we see the
 * sleeper. */
static void wake(struct crew *c, uint32_t helpers)
{
    if (atomic_load(&c->sleeping) == 0)
        return;
    uv_mutex_lock(&c->lock);
    if (helpers >= c->workers) {
        uv_cond_broadcast(&c->work);
    } else {
        while (helpers-- > 0)
            uv_cond_signal(&c->work);
    }
    uv_mutex_unlock(&c->lock);
}

/* Others can take all but the longest item, at the best. */
static bool is_worth_sharing(const struct crew *c, void *const *items, uint32_t n)
{
    uint64_t gain = c->spin ? GAIN_NS : GAIN_AWAKE_NS, all = 0, longest = 0;

    if (!c->config.kind)
        return n > 1;
    for (uint32_t i = 0; i < n && all - longest <= gain; i++) {
        uint64_t cost = c->cost_ns[c->config.kind(items[i])];

        all += cost;
        if (cost > longest)
            longest = cost;
    }
    return all - longest > gain;
}

void crew_run(struct crew *c, void *const *items, uint32_t n)
{
    if (!is_worth_sharing(c, items, n)) {
        for (uint32_t i = 0; i < n; i++)
            work_timed(c, items[i]);
        return;
    }
    atomic_store_explicit(&c->items, items, memory_order_relaxed);
    atomic_store_explicit(&c->done, 0, memory_order_relaxed);
    atomic_store(&c->ticket, (uint64_t)n << 32);
    wake(c, n - 1);
    while (work_one(c, work_timed))
        continue;
    await_batch(c, n);
}

unsigned crew_cores(void)
{
    return uv_available_parallelism();
}

const char *sim_libuv_version(void)
{
    return uv_version_string();
}
