/* The engine: virtual time, a totally ordered event queue, and two-phase events that prepare in
 * parallel (DESIGN sections 3 and 4). It knows nothing of M2M.
 *
 * Lifetime rules of an event:
 *  1. The event is embedded in its owner; sim_event_init makes it idle; scheduling cannot fail.
 *  2. From sim_schedule until its commit has begun, or sim_cancel has returned, it must stay where
 * it is.
 *  3. When commit is called the event is idle again: the owner may reschedule or free it there.
 *  4. Freeing the owner of a pending event without sim_cancel is a bug (asserted where it can be).
 */
#ifndef SIM_ENGINE_H
#define SIM_ENGINE_H

#include "sim/base/time.h"

#include <stdbool.h>
#include <stdint.h>

struct sim;
struct sim_event;

/* Something with state of its own that prepare phases change: one session. At most one event of an
 * endpoint, its earliest, is prepared ahead in a round. A value in its owner, all zeros at first.
 */
struct sim_endpoint {
    uint64_t round; /* the engine's: last round in which an event of it was seen */
};

struct sim_event_ops {
    const char *name;
    /* NULL, or the heavy pure part: changes the event's endpoint and nothing else; any thread; may
     * run ahead of its virtual time, which is sim_event_time(ev). Runs exactly once before each
     * commit. */
    void (*prepare)(struct sim_event *ev);
    /* The light part, on the engine's thread, in (time, order). */
    void (*commit)(struct sim *sim, struct sim_event *ev);
};

/* Visible because it is embedded; 40 octets at most, so that with the queue's own entry and slot a
 * pending event costs at most 64. Fields are the engine's. The order of scheduling has no field:
 * the queue keeps it (sim/evq.h). */
struct sim_event {
    sim_ns at;
    const struct sim_event_ops *ops;
    struct sim_endpoint *endpoint; /* NULL: of nobody; then prepare must be NULL */
    uint32_t slot;                 /* the queue's; 0: idle */
    uint16_t weight;               /* sim_event_set_weight */
    uint16_t prepared;             /* 1: prepared ahead */
};

struct sim_config {
    unsigned threads;  /* workers and the engine's own thread together; 0: all cores */
    sim_ns look_ahead; /* the smallest delay with which anything from elsewhere reaches an endpoint;
                          > 0 */
    /* May be NULL. Called on each worker thread as its first and its last act. */
    void (*thread_begin)(void);
    void (*thread_end)(void);
    bool share_all; /* also what one thread alone would do sooner: for tests of threads */
};

struct sim_stats {
    uint64_t events; /* committed */
    uint64_t cancelled;
    uint64_t rounds;
    uint64_t prepared_ahead; /* in a gathering phase */
    uint64_t prepared_inline;
    uint64_t pending_now, pending_max;
};

/* Heap; never NULL. */
struct sim *sim_new(const struct sim_config *config);
/* Stops the workers. Pending events are forgotten: their owners are freed by whoever owns them. */
void sim_free(struct sim *sim);

sim_ns sim_now(const struct sim *sim);
/* May be lowered or raised between runs and in a commit; takes effect in the next round. */
void sim_set_look_ahead(struct sim *sim, sim_ns look_ahead);
/* What a commit schedules this much later, or more, can be prepared ahead. */
sim_ns sim_look_ahead(const struct sim *sim);

/* endpoint may be NULL when ops->prepare is NULL. May be called again on an idle event. */
void sim_event_init(struct sim_event *ev, const struct sim_event_ops *ops,
                    struct sim_endpoint *endpoint);
/* How much work its prepare is likely to be, in any unit that the owners of events agree on; 0 at
 * first. Where several threads share a batch, the heaviest are begun first, so that none is left
 * with a long one when the others are done. Changes no result. */
static inline void sim_event_set_weight(struct sim_event *ev, uint16_t weight)
{
    ev->weight = weight;
}
/* At `at`, not before now; after everything already scheduled for that instant. The event must be
 * idle. */
void sim_schedule(struct sim *sim, struct sim_event *ev, sim_ns at);
/* Idle events are left alone, so cancelling twice is fine. If it was prepared already, what prepare
 * did to the endpoint stays done and commit is never called. O(log n) or better. */
void sim_cancel(struct sim *sim, struct sim_event *ev);
bool sim_is_pending(const struct sim_event *ev);
static inline sim_ns sim_event_time(const struct sim_event *ev)
{
    return ev->at;
}

enum sim_end {
    SIM_END_UNTIL,  /* reached `until`; events beyond it are still pending */
    SIM_END_EMPTY,  /* nothing left to do */
    SIM_END_STOPPED /* sim_stop was called */
};
/* Commits every event with time <= until, in order. sim_now is `until` (or the last event's time
 * when stopped) afterwards. Callable again with a later `until`. */
enum sim_end sim_run(struct sim *sim, sim_ns until);
/* After the present commit; safe from a signal handler and from another thread. */
void sim_stop(struct sim *sim);

/* The version of libuv, whose threads the workers are. */
const char *sim_libuv_version(void);
/* Called on the engine's thread about every `every_events` commits, between rounds: progress,
 * limits. */
void sim_on_progress(struct sim *sim, uint64_t every_events, void (*fn)(struct sim *, void *),
                     void *arg);
void sim_get_stats(const struct sim *sim, struct sim_stats *out);

#endif
