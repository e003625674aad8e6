/* What a results database says of a run before it begins: scenario, profile, build and host. */
#ifndef SIM_CLI_DESCRIBE_H
#define SIM_CLI_DESCRIBE_H

#include "crypto/profile.h"
#include "results/recorder.h"
#include "topologies/scenario.h"

/* Visible because it lives with its command. */
struct description {
    struct recorder_input input; /* without parameters and campaign, which the caller has */
    char *resolved;
    struct recorder_cost *costs;
    char cpu[128], os[256];
};

/* Both are borrowed, and outlive it. */
void describe(struct description *d, const struct scenario *s, const struct profile *profile);
/* The facts of the build and the host alone. */
void describe_host(struct description *d);
void description_release(struct description *d);

#endif
