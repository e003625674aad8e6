/* The worker threads that share out a batch of prepare calls. Private to sim/. */
#ifndef SIM_CREW_H
#define SIM_CREW_H

#include <stdint.h>

struct crew; /* opaque; heap */

#define CREW_KINDS 32

struct crew_config {
    unsigned workers;                  /* >= 1 threads beside the caller's */
    void (*fn)(void *item);            /* what each does with an item of a batch */
    void (*begin)(void), (*end)(void); /* first and last act of each; may be NULL */
    /* Below CREW_KINDS: items of one kind cost about the same time. NULL: whatever they cost, two
     * items and more are shared. */
    unsigned (*kind)(const void *item);
};
struct crew *crew_new(const struct crew_config *config);
/* Not while a batch runs. NULL is fine. */
void crew_free(struct crew *c);
/* Calls fn once for each of n items, on any thread in any order, the caller helping; returns when
 * all are done, and what they wrote is visible then. One caller at a time. A batch that would be
 * done sooner than others can be set to work on it, by what items of its kinds have cost so far, is
 * the caller's alone. */
void crew_run(struct crew *c, void *const *items, uint32_t n);
/* Threads that can run at once on this machine. */
unsigned crew_cores(void);

#endif
