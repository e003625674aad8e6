/* The worker threads that share out a batch of prepare calls. Private to sim/. */
#ifndef SIM_CREW_H
#define SIM_CREW_H

#include <stdint.h>

struct crew; /* opaque; heap */

struct crew_config {
    unsigned workers;                  /* >= 1 threads beside the caller's */
    void (*fn)(void *item);            /* what each does with an item of a batch */
    void (*begin)(void), (*end)(void); /* first and last act of each; may be NULL */
};
struct crew *crew_new(const struct crew_config *config);
/* Not while a batch runs. NULL is fine. */
void crew_free(struct crew *c);
/* Calls fn once for each of n items, on any thread in any order, the caller helping; returns when
 * all are done, and what they wrote is visible then. One caller at a time. */
void crew_run(struct crew *c, void *const *items, uint32_t n);
/* Threads that can run at once on this machine. */
unsigned crew_cores(void);

#endif
