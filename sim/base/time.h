/* Virtual time. One scalar type, so that overflow at "never" is decided once. */
#ifndef SIM_BASE_TIME_H
#define SIM_BASE_TIME_H

#include <stdint.h>

typedef int64_t sim_ns; /* nanoseconds of virtual time since the run began */

#define SIM_NEVER ((sim_ns)INT64_MAX) /* "no expiry" */
#define SIM_US    ((sim_ns)1000)
#define SIM_MS    ((sim_ns)1000000)
#define SIM_S     ((sim_ns)1000000000)

/* a + b for b >= 0; sticks at SIM_NEVER. */
static inline sim_ns sim_ns_add(sim_ns a, sim_ns b)
{
    return a > SIM_NEVER - b ? SIM_NEVER : a + b;
}

static inline sim_ns sim_ns_min(sim_ns a, sim_ns b)
{
    return a < b ? a : b;
}

#endif
