/* The event queue: a ladder queue (Tang, Goh, Thng: Ladder queue, ACM TOMACS 15 (2005)) of small
 * entries in chunks, with cancelling by tombstone. Private to sim/.
 *
 * An entry is (time, slot); a slot of one table points to the event, or is empty when the event was
 * cancelled, so the queue never looks at the memory of an event that is gone. Entries of one
 * instant stay in the order in which they came at every step - chunks are first in, first out, and
 * sorting is stable - so the order of scheduling needs no key of its own. */
#ifndef SIM_EVQ_H
#define SIM_EVQ_H

#include <stddef.h>

#include "sim/engine.h"

struct evq_entry {
    sim_ns at;
    uint32_t slot;
};

struct evq_chunk;

/* Entries of a span of time, in order of arrival. */
struct evq_bucket {
    struct evq_chunk *head, *tail;
    uint32_t n;
};

/* A span of time cut into n buckets of 2^shift ns; the last one also takes what lies beyond. */
struct evq_rung {
    uint64_t start;
    uint64_t open; /* where bucket `cur` begins: what lies before was handed down */
    uint32_t shift;
    uint32_t cur, n;
    struct evq_bucket *buckets; /* EVQ_BUCKETS of them, taken when the rung is first used */
};

#define EVQ_RUNGS   24
#define EVQ_BUCKETS 1024

struct evq {
    struct evq_entry *bottom; /* sorted: [head, end) */
    size_t head, end, cap;
    struct evq_entry *scratch; /* for sorting; cap entries */
    unsigned rungs;            /* in use; the last is the earliest and finest */
    struct evq_rung rung[EVQ_RUNGS];
    struct evq_bucket top; /* everything from top_start on */
    uint64_t top_start;

    uintptr_t *slots; /* event; 0: cancelled; next << 1 | 1: free. Slot 0 is never given out. */
    uint32_t slots_n, slots_cap, slot_free;
    size_t live, dead; /* entries whose event is pending, was cancelled */
    size_t held;       /* entries that were popped and whose slot is still taken, at most */

    struct evq_chunk *spare;
    void **slabs;
    size_t slabs_n;
};

void evq_init(struct evq *q);
void evq_release(struct evq *q);
/* ev->slot is set. */
void evq_insert(struct evq *q, struct sim_event *ev, sim_ns at);
/* The event of this slot will never come out. */
void evq_cancel(struct evq *q, uint32_t slot);
/* Fills the empty bottom. false: there is no entry at all. */
bool evq_refill(struct evq *q);

static inline void evq_free_slot(struct evq *q, uint32_t slot)
{
    q->slots[slot] = (uintptr_t)q->slot_free << 1 | 1;
    q->slot_free = slot;
}

/* NULL: it was cancelled. */
static inline struct sim_event *evq_event(const struct evq *q, uint32_t slot)
{
    return (struct sim_event *)q->slots[slot];
}

/* A cancelled entry that has come up is forgotten. */
static inline void evq_bury(struct evq *q, uint32_t slot)
{
    evq_free_slot(q, slot);
    q->dead--;
}

/* The earliest entry that is alive, or NULL. Valid until the next call that changes the queue. */
static inline const struct evq_entry *evq_peek(struct evq *q)
{
    for (;;) {
        while (q->head < q->end) {
            const struct evq_entry *e = &q->bottom[q->head];

            if (evq_event(q, e->slot))
                return e;
            evq_bury(q, e->slot);
            q->head++;
        }
        if (!evq_refill(q))
            return NULL;
    }
}

/* Takes what evq_peek showed out of the queue; its slot stays taken. */
static inline struct evq_entry evq_pop(struct evq *q)
{
    return q->bottom[q->head++];
}

#endif
