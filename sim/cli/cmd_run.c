#include "sim/cli/estimate.h"
#include "sim/cli/goals_tell.h"
#include "sim/cli/runner.h"

#include "crypto/entity.h"
#include "crypto/profile.h"
#include "sim/base/units.h"
#include "sim/base/xalloc.h"
#include "sim/cli/batch.h"
#include "sim/cli/campaign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {"output", 'o', "DB", "where the results go (default: the scenario's name, .db, here)"},
    {"seed", 0, "N", "the seed of the random streams, instead of the scenario's"},
    {"until", 0, "T", "end of the run in virtual time, for example '2 h'"},
    {"threads", 0, "N",
     "threads for cryptography; the results do not depend on it (default: all cores)"},
    {"jobs", 'j', "N",
     "runs at a time, where there are many, each a process of its own (default: one a core)"},
    CAMPAIGN_OPTIONS,
    {"set", 0, "KEY=VALUE",
     "set a key of the scenario, for example populations.meters.count=500; repeatable"},
    {"max-mem", 0, "SIZE",
     "do not begin if `estimate` says that a run needs more memory, as '2 GB'"},
    {"max-db", 0, "SIZE", "or that all runs together leave a larger database"},
    {"goal", 0, "GOAL", "one more goal, for example 'p99(bootstrap.latency) < 30 s'; repeatable"},
    {"progress", 0, "MODE", "auto, tty, plain, json or off"},
    {"force", 0, NULL, "replace existing results"},
    {"json", 0, NULL, "the closing summary as JSON"},
    {NULL, 0, NULL, NULL}};

static char *default_output(const char *scenario)
{
    const char *base = strrchr(scenario, '/');
    const char *dot;

    base = base ? base + 1 : scenario;
    dot = strrchr(base, '.');
    return xasprintf("%.*s.db", (int)(dot && dot > base ? dot - base : (long)strlen(base)), base);
}

static void print_summary(const struct cli *c, const struct run_outcome *o, const char *database)
{
    const struct deployment_counts *n = &o->counts;
    char end[32], rate[32], memory[32];
    const char *status = o->exit == EXIT_DONE ? "done" : "partial";

    if (cli_flag(c, "json")) {
        printf("{\"status\":\"%s\",\"database\":\"%s\",\"fingerprint\":\"%s\",\"t_ns\":%lld,"
               "\"events\":%llu,\"rows\":%llu,\"wall_s\":%.3f,\"peak_rss\":%lld,"
               "\"devices\":%llu,\"registered\":%llu,\"refused\":%llu,\"gave_up\":%llu,"
               "\"procedures\":%llu,\"failed\":%llu,\"octets_per_device\":%zu,"
               "\"rounds\":%llu,\"prepared_ahead\":%llu,\"prepared_inline\":%llu}\n",
               status, database, o->fingerprint, (long long)o->end,
               (unsigned long long)o->stats.events, (unsigned long long)o->rows, o->wall_s,
               (long long)o->peak_rss, (unsigned long long)n->devices,
               (unsigned long long)n->registered, (unsigned long long)n->refused,
               (unsigned long long)n->gave_up, (unsigned long long)n->procedures,
               (unsigned long long)n->failed, o->octets_per_device,
               (unsigned long long)o->stats.rounds, (unsigned long long)o->stats.prepared_ahead,
               (unsigned long long)o->stats.prepared_inline);
        return;
    }
    units_human_time(o->end, end, sizeof end);
    units_human_count(o->wall_s > 0 ? (double)o->stats.events / o->wall_s : 0, rate, sizeof rate);
    units_human_count((double)o->peak_rss, memory, sizeof memory);
    printf("%s: %s of virtual time in %.1f s, %llu events (%s/s), %llu rows, peak memory %sB\n",
           status, end, o->wall_s, (unsigned long long)o->stats.events, rate,
           (unsigned long long)o->rows, memory);
    printf("devices: %llu, registered %llu, refused %llu, gave up %llu; procedures: %llu, failed "
           "%llu\n",
           (unsigned long long)n->devices, (unsigned long long)n->registered,
           (unsigned long long)n->refused, (unsigned long long)n->gave_up,
           (unsigned long long)n->procedures, (unsigned long long)n->failed);
    printf("fingerprint: %s\nresults: %s (m2msim report %s)\n", o->fingerprint, database, database);
}

/* What `run` was asked to do. */
struct job {
    struct campaign campaign;
    struct profile *profile;
    const char *output;
    enum progress_mode progress;
    unsigned threads, jobs;
};

static bool read_profile(const struct cli *c, struct job *j)
{
    struct diag_list *diags = diag_list_new();

    j->profile = profile_read(j->campaign.base->profile_path, diags);
    if (diag_size(diags))
        diag_print(diags, stderr, cli_colour(c, 2));
    diag_list_free(diags);
    return j->profile != NULL;
}

static enum cli_exit run_single(const struct cli *c, const struct job *j)
{
    const struct overrides *o = &j->campaign.overrides;
    struct run_outcome outcome;

    run_scenario(c,
                 &(struct run_request){.scenario = j->campaign.base,
                                       .profile = j->profile,
                                       .database = j->output,
                                       .force = cli_flag(c, "force"),
                                       .threads = j->threads,
                                       .progress = j->progress,
                                       .parameters = o->pairs,
                                       .parameter_count = o->count},
                 &outcome);
    if (outcome.fingerprint[0])
        print_summary(c, &outcome, j->output);
    if (outcome.exit == EXIT_DONE && j->campaign.base->goal_count > 0)
        return goals_tell_database(c, j->output);
    return outcome.exit;
}

/* The plan first, in the database that will have the results: whatever happens then, `resume` knows
 * what is left to do. */
static enum cli_exit run_many(const struct cli *c, struct job *j)
{
    bool force = cli_flag(c, "force");
    enum err err = campaign_write_plan(&j->campaign, j->profile, j->output, force);

    if (err == ERR_EXISTS)
        return (enum cli_exit)cli_error(
            c, EXIT_USAGE,
            "'%s' is there already; 'm2msim resume' goes on with it, -o "
            "gives another name, --force replaces it",
            j->output);
    if (err)
        return (enum cli_exit)cli_error(c, EXIT_USAGE, "cannot write results to '%s': %s",
                                        j->output, err_text(err));
    return batch_run(c, &(struct batch_request){.plan = j->output,
                                                .output = j->output,
                                                .jobs = j->jobs,
                                                .threads = j->threads,
                                                .progress = j->progress,
                                                .anew = true,
                                                .json = cli_flag(c, "json")});
}

/* false: told on stderr. */
static bool read_options(const struct cli *c, struct job *j)
{
    const char *mode = cli_value(c, "progress");
    unsigned long long threads = 0, jobs = 0;

    if (!cli_number(c, "threads", &threads) || !cli_number(c, "jobs", &jobs))
        return false;
    if (threads > 1024 || jobs > 1024) {
        cli_error(c, EXIT_USAGE, "--threads and -j: at most 1024");
        return false;
    }
    j->threads = (unsigned)threads;
    j->jobs = (unsigned)jobs;
    j->progress = PROGRESS_AUTO;
    if (!mode || progress_mode_parse(mode, &j->progress))
        return true;
    cli_error(c, EXIT_USAGE, "--progress: '%s' is none of auto, tty, plain, json, off", mode);
    return false;
}

/* false: told on stderr. */
static bool read_size(const struct cli *c, const char *option, uint64_t *out)
{
    const char *text = cli_value(c, option);

    *out = UINT64_MAX;
    if (!text || !units_size(text, out))
        return true;
    cli_error(c, EXIT_USAGE, "--%s needs a size with its unit, as '2 GB'; '%s' is none", option,
              text);
    return false;
}

/* --max-mem, --max-db: by an estimate, before anything is written. */
static enum cli_exit keep_limits(const struct cli *c, struct job *j)
{
    uint64_t memory, database;
    struct estimate e;
    struct scenario *first;
    enum cli_exit code;
    double all;

    if (!cli_value(c, "max-mem") && !cli_value(c, "max-db"))
        return EXIT_DONE;
    if (!read_size(c, "max-mem", &memory) || !read_size(c, "max-db", &database))
        return EXIT_USAGE;
    first = sweep_scenario(j->campaign.sweep, j->campaign.runs[0].cell);
    code = estimate_make(c, first, j->profile, j->threads, &e);
    scenario_free(first);
    all = e.database * (double)j->campaign.run_count;
    if (code == EXIT_DONE && e.peak_rss > (double)memory)
        code = (enum cli_exit)cli_error(c, EXIT_STOPPED,
                                        "a run would need about %.3g MB of memory (--max-mem)",
                                        e.peak_rss / 1e6);
    else if (code == EXIT_DONE && all > (double)database)
        code = (enum cli_exit)cli_error(
            c, EXIT_STOPPED, "the database would have about %.3g MB (--max-db)", all / 1e6);
    return code;
}

static int run(struct cli *c)
{
    struct job j = {.output = cli_value(c, "output")};
    char *made = j.output ? NULL : default_output(cli_argument(c, 0));
    enum cli_exit code = EXIT_USAGE;

    if (made)
        j.output = made;
    if (read_options(c, &j))
        code = campaign_read(c, &j.campaign);
    else
        goto out;
    if (code == EXIT_DONE && !read_profile(c, &j))
        code = EXIT_SCENARIO;
    if (code == EXIT_DONE)
        code = keep_limits(c, &j);
    if (code == EXIT_DONE)
        code = campaign_is_single(&j.campaign) ? run_single(c, &j) : run_many(c, &j);
out:
    profile_free(j.profile);
    campaign_release(&j.campaign);
    free(made);
    return (int)code;
}

extern const struct cli_command cli_run;
const struct cli_command cli_run = {
    .name = "run",
    .arguments = "FILE",
    .summary = "run a scenario and leave its results in a database",
    .details =
        "FILE is a scenario file, or the name of a packaged one (m2msim list).\n"
        "With a sweep, --vary or replications all its runs are made, and go into one database;\n"
        "'m2msim plan FILE' shows which, and what EXPR may be.\n"
        "Ctrl-C stops it; what was done is kept in the database, marked partial.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run};
