/* One run from a scenario that was read: what `run` and `verify` have in common. */
#ifndef SIM_CLI_RUNNER_H
#define SIM_CLI_RUNNER_H

#include "results/recorder.h"
#include "sim/cli/cli.h"
#include "sim/cli/progress.h"
#include "topologies/scenario.h"

struct run_request {
    const struct scenario *scenario;
    /* As its author wrote them; NULL: what `scenario` was read from. */
    const char *scenario_text, *title;
    uint32_t cell, replication;
    const struct profile *profile;
    const char *database; /* path, or ":memory:" */
    bool force;
    unsigned threads;
    enum progress_mode progress;
    const char *const *parameters; /* pairs name, value, kept in the file */
    size_t parameter_count;
    /* Of a campaign's run, instead of the two above: what its database begins with. NULL: it is a
     * run of its own. */
    const struct recorder_input *planned;
    /* May be NULL. What is built, before it starts; false: told on stderr, and not run. */
    bool (*ready)(void *arg, struct deployment *d);
    void *ready_arg;
    /* May be NULL. Each row of a procedure, beside the recorder. */
    void (*procedure)(void *arg, const struct row_procedure *row);
    void *procedure_arg;
};

struct run_outcome {
    enum cli_exit exit;
    char fingerprint[65];
    uint64_t rows;
    struct sim_stats stats;
    sim_ns end;
    double wall_s;
    int64_t peak_rss;
    struct deployment_counts counts;
    size_t octets_per_device;
};

/* Where the keys of fleets are kept: $XDG_CACHE_HOME/m2msim, else ~/.cache/m2msim; NULL when there
 * is no home. The caller frees it. */
char *run_key_cache(void);

struct reader;
/* The scenario and the cost profile that a database holds: all that its run needs to be repeated.
 * false: told on stderr. Free both, in any case. */
bool run_stored(const struct cli *c, struct reader *r, struct scenario **scenario,
                struct profile **profile);

/* Builds, runs, records. SIGINT and SIGTERM stop it with what was done kept. Diagnostics go to
 * stderr. */
void run_scenario(const struct cli *c, const struct run_request *request, struct run_outcome *out);

#endif
