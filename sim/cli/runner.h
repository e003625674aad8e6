/* One run from a scenario that was read: what `run` and `verify` have in common. */
#ifndef SIM_CLI_RUNNER_H
#define SIM_CLI_RUNNER_H

#include "results/recorder.h"
#include "sim/cli/cli.h"
#include "sim/cli/progress.h"
#include "topologies/scenario.h"

struct run_request {
    const struct scenario *scenario;
    const char *scenario_text; /* as its author wrote it; NULL: what `scenario` was read from */
    const struct profile *profile;
    const char *database; /* path, or ":memory:" */
    bool force;
    unsigned threads;
    enum progress_mode progress;
    const char *const *parameters; /* pairs name, value, kept in the file */
    size_t parameter_count;
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

/* Builds, runs, records. SIGINT and SIGTERM stop it with what was done kept. Diagnostics go to
 * stderr. */
void run_scenario(const struct cli *c, const struct run_request *request, struct run_outcome *out);

#endif
