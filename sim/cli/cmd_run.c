#include "sim/cli/goals_tell.h"
#include "sim/cli/runner.h"

#include "crypto/entity.h"
#include "crypto/profile.h"
#include "sim/base/units.h"
#include "sim/base/xalloc.h"
#include "sim/cli/overrides.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {"output", 'o', "DB", "where the results go (default: the scenario's name, .db, here)"},
    {"seed", 0, "N", "the seed of the random streams, instead of the scenario's"},
    {"until", 0, "T", "end of the run in virtual time, for example '2 h'"},
    {"threads", 0, "N",
     "threads for cryptography; the results do not depend on it (default: all cores)"},
    {"set", 0, "KEY=VALUE",
     "set a key of the scenario, for example populations.meters.count=500; repeatable"},
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

/* false: told on stderr. */
static bool read_all(const struct cli *c, struct overrides *o, struct scenario **scenario,
                     struct profile **profile)
{
    struct diag_list *diags = diag_list_new();
    bool good = true;

    *scenario = scenario_read(cli_argument(c, 0), (const char *const *)o->sets, o->count, diags);
    if (*scenario && ((*scenario)->axis_count > 0 || (*scenario)->replications.max > 1)) {
        cli_error(c, EXIT_USAGE, "sweeps and replications are planned, and not yet run");
        scenario_free(*scenario);
        *scenario = NULL;
    }
    if (*scenario && cli_value(c, "goal")) {
        good = overrides_add_goals(o, c, *scenario);
        scenario_free(*scenario);
        *scenario =
            good ? scenario_read(cli_argument(c, 0), (const char *const *)o->sets, o->count, diags)
                 : NULL;
    }
    if (*scenario)
        *profile = profile_read((*scenario)->profile_path, diags);
    if (diag_size(diags))
        diag_print(diags, stderr, cli_colour(c, 2));
    diag_list_free(diags);
    return *scenario && *profile;
}

/* Verdicts below the summary; beside --json they are for people, on stderr. */
static enum cli_exit judge(const struct cli *c, const char *database)
{
    struct reader *r = NULL;
    char why[160] = "";
    int code;

    if (reader_open(database, &r, why))
        return (enum cli_exit)cli_error(c, EXIT_INTERNAL, "%s", why);
    code = goals_tell(c, r, NULL, cli_flag(c, "json") ? stderr : stdout, false, false);
    reader_close(r);
    return (enum cli_exit)code;
}

static int run(struct cli *c)
{
    struct overrides o = {0};
    struct scenario *scenario = NULL;
    struct profile *profile = NULL;
    struct run_outcome outcome = {.exit = EXIT_SCENARIO};
    unsigned long long threads = 0;
    enum progress_mode mode = PROGRESS_AUTO;
    const char *output = cli_value(c, "output");
    char *made = output ? NULL : default_output(cli_argument(c, 0));

    overrides_take(&o, c);
    if (!cli_number(c, "threads", &threads)) {
        outcome.exit = EXIT_USAGE;
    } else if (threads > 1024) {
        outcome.exit = (enum cli_exit)cli_error(c, EXIT_USAGE, "--threads: at most 1024");
    } else if (cli_value(c, "progress") && !progress_mode_parse(cli_value(c, "progress"), &mode)) {
        outcome.exit = (enum cli_exit)cli_error(
            c, EXIT_USAGE, "--progress: '%s' is none of auto, tty, plain, json, off",
            cli_value(c, "progress"));
    } else if (read_all(c, &o, &scenario, &profile)) {
        run_scenario(c,
                     &(struct run_request){.scenario = scenario,
                                           .profile = profile,
                                           .database = output ? output : made,
                                           .force = cli_flag(c, "force"),
                                           .threads = (unsigned)threads,
                                           .progress = mode,
                                           .parameters = o.pairs,
                                           .parameter_count = o.count},
                     &outcome);
        if (outcome.fingerprint[0])
            print_summary(c, &outcome, output ? output : made);
        if (outcome.exit == EXIT_DONE && scenario->goal_count > 0)
            outcome.exit = judge(c, output ? output : made);
    }
    profile_free(profile);
    scenario_free(scenario);
    overrides_release(&o);
    free(made);
    return (int)outcome.exit;
}

extern const struct cli_command cli_run;
const struct cli_command cli_run = {
    .name = "run",
    .arguments = "FILE",
    .summary = "run a scenario and leave its results in a database",
    .details = "FILE is a scenario file, or the name of a packaged one (m2msim list).\n"
               "Ctrl-C stops it; what was done is kept in the database, marked partial.\n"
               "Exit code 4: a goal is missed; 6: none is missed, and one is undecided.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run};
