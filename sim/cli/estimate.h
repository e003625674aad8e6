/* What a scenario's runs will cost, from two thin slices of it: few devices, all of the time. */
#ifndef SIM_CLI_ESTIMATE_H
#define SIM_CLI_ESTIMATE_H

#include "crypto/profile.h"
#include "sim/cli/cli.h"
#include "topologies/scenario.h"

struct estimate {
    uint64_t devices, slices[2];       /* of the scenario, and of the slices that were run */
    double wall_s, peak_rss, database; /* of one run: seconds, octets, octets */
};

/* EXIT_DONE, or what was told on stderr. s has no sweep. Costs grow with the number of devices,
 * plus what is the same for any number; what only happens under load (queues, retries) is not seen.
 */
enum cli_exit estimate_make(const struct cli *c, const struct scenario *s,
                            const struct profile *profile, unsigned threads, struct estimate *out);

#endif
