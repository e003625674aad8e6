/* m2msim resume: the planned runs that a database lacks. */
#include "sim/cli/batch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_option options[] = {
    {"output", 'o', "DB", "where the results go (default: into the same database)"},
    {"only", 0, "EXPR", "only what holds, as 'workers >= 8 and replication = 0'"},
    {"jobs", 'j', "N", "runs at a time, each a process of its own (default: one a core)"},
    {"threads", 0, "N", "threads of each run (default: what the cores leave)"},
    {"progress", 0, "MODE", "auto, tty, plain, json or off"},
    {"force", 0, NULL, "with -o: replace existing results"},
    {"json", 0, NULL, "the closing summary as JSON"},
    {NULL, 0, NULL, NULL}};

/* One run into a database of its own needs no second process. true: it was that. */
static bool run_single(const struct cli *c, const struct batch_request *q, enum cli_exit *code)
{
    struct experiment *e = NULL;
    size_t *chosen = NULL, n = 0;
    char why[160];
    bool single = false;
    enum err err = experiment_open(q->plan, &e, why);
    if (err) {
        *code = batch_not_opened(c, q->plan, err, why);
        return true;
    }
    if (!batch_choose(c, e, q->only, &chosen, &n)) {
        *code = EXIT_USAGE;
        single = true;
    } else if (n == 1) {
        *code = batch_run_one(c, e, chosen[0], q, q->output);
        single = true;
    }
    free(chosen);
    experiment_free(e);
    return single;
}

static int run(struct cli *c)
{
    const char *output = cli_value(c, "output"), *mode = cli_value(c, "progress");
    unsigned long long threads = 0, jobs = 0;
    struct batch_request q = {.plan = cli_argument(c, 0),
                              .output = output ? output : cli_argument(c, 0),
                              .only = cli_value(c, "only"),
                              .progress = PROGRESS_AUTO,
                              .force = cli_flag(c, "force"),
                              .json = cli_flag(c, "json")};
    enum cli_exit code = EXIT_DONE;
    if (!cli_number(c, "threads", &threads) || !cli_number(c, "jobs", &jobs))
        return EXIT_USAGE;
    if (threads > 1024 || jobs > 1024)
        return cli_error(c, EXIT_USAGE, "--threads and -j: at most 1024");
    if (mode && !progress_mode_parse(mode, &q.progress))
        return cli_error(c, EXIT_USAGE, "--progress: '%s' is none of auto, tty, plain, json, off",
                         mode);
    q.threads = (unsigned)threads;
    q.jobs = (unsigned)jobs;
    if (output && strcmp(output, q.plan) != 0) {
        if (run_single(c, &q, &code))
            return (int)code;
        if (!q.force && access(output, F_OK) == 0)
            return cli_error(c, EXIT_USAGE,
                             "'%s' is there already; give another name with -o, or --force",
                             output);
    }
    return (int)batch_run(c, &q);
}

extern const struct cli_command cli_resume;
const struct cli_command cli_resume = {
    .name = "resume",
    .arguments = "DB",
    .summary = "make the runs of a campaign that its database does not have yet",
    .details =
        "After an interruption, or with --only for a part of them. Everything it needs is in\n"
        "the database, and the result is what an uninterrupted campaign would have written.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run};
