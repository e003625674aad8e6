/* The runs of a campaign that are not done yet, each in a process of its own that writes a database
 * of its own, then all of them in one. What `run` and `resume` have in common. */
#ifndef SIM_CLI_BATCH_H
#define SIM_CLI_BATCH_H

#include "results/experiment.h"
#include "results/merge.h"
#include "sim/cli/cli.h"
#include "sim/cli/progress.h"

struct batch_request {
    const char *plan;   /* a database with the plan, and maybe runs */
    const char *output; /* may be the same */
    const char *only;   /* NULL: all that is planned */
    unsigned jobs;      /* processes at a time; 0: as many as there are cores */
    unsigned threads;   /* of each; 0: what the cores leave */
    enum progress_mode progress;
    bool force; /* output may be replaced, when it is not the plan */
    bool anew;  /* what an earlier batch left in the folder of parts does not count */
    bool json;
};

/* Ends with `output` holding what was done, and a summary on stdout. An interrupted one leaves that
 * too, and EXIT_STOPPED; the databases of runs live in `output`.parts meanwhile, where they are
 * found again when the program was killed. */
enum cli_exit batch_run(const struct cli *c, const struct batch_request *q);

/* Tells why experiment_open did not open it, and returns the exit code. */
enum cli_exit batch_not_opened(const struct cli *c, const char *path, enum err err,
                               const char *why);

/* The planned runs that are not done and for which `only` holds; indices into the campaign's
 * planned. The caller frees *out. false: told on stderr. */
bool batch_choose(const struct cli *c, const struct experiment *e, const char *only, size_t **out,
                  size_t *n);
/* One of them in this process: recorded to `database`. */
enum cli_exit batch_run_one(const struct cli *c, const struct experiment *e, size_t planned,
                            const struct batch_request *q, const char *database);

#endif
