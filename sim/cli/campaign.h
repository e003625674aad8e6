/* A campaign: the runs that a scenario's sweep and replications ask for, or those of them that
 * --only and --shard choose. `plan` and `run` read it from the same options. */
#ifndef SIM_CLI_CAMPAIGN_H
#define SIM_CLI_CAMPAIGN_H

#include "crypto/profile.h"
#include "sim/base/err.h"
#include "sim/cli/overrides.h"
#include "topologies/sweep.h"

/* In the options of a command that reads a campaign. */
#define CAMPAIGN_OPTIONS                                                                           \
    {"vary", 0, "KEY=A,B,C",                                                                       \
     "run the scenario with each of the values, instead of the sweep of that key; repeatable"},    \
        {"replications", 0, "N", "runs of each cell, instead of the scenario's"},                  \
        {"only", 0, "EXPR", "only what holds, as 'workers >= 8 and replication = 0'"},             \
    {                                                                                              \
        "shard", 0, "K/N", "only the K-th of N parts of the runs, for N machines; see merge"       \
    }

struct campaign_run {
    uint64_t seed;
    uint32_t cell, replication;
};

/* Visible because it lives with its command. Zeros: empty. */
struct campaign {
    struct overrides overrides;
    struct scenario *base;
    struct sweep *sweep;
    struct campaign_run *runs; /* chosen, by cell, then replication */
    size_t run_count;
    size_t all_count;            /* before the choice */
    unsigned long shard, shards; /* from 1; 0: not sharded */
};

/* Reads FILE (argument 0) and the options. EXIT_DONE, or another code when it was told on stderr
 * what is wrong. Release in any case. */
enum cli_exit campaign_read(const struct cli *c, struct campaign *out);
void campaign_release(struct campaign *g);
/* A database of its plan, for its runs to come; as recorder_write_plan. crypto_init comes first. */
enum err campaign_write_plan(const struct campaign *g, const struct profile *profile,
                             const char *path, bool force) MUST_USE;
/* It is one run as the scenario has it, which needs no cells. */
bool campaign_is_single(const struct campaign *g);

#endif
