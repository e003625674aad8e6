/* capacity: how far can one key be turned until the goals are missed? */
#include "sim/cli/capacity.h"

#include "crypto/profile.h"
#include "sim/base/xalloc.h"
#include "sim/cli/overrides.h"
#include "sim/cli/scenario_arg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {"find", 0, "KEY", "the key whose limit is sought, as populations.meters.count"},
    {"max", 0, "N", "the greatest value that is tried"},
    {"min", 0, "N", "the least (default: 1)"},
    {"least", 0, NULL, "the goals are met above (workers): find the least value, not the greatest"},
    {"replications", 0, "N",
     "of each value (default: 5); an undecided one gets up to 4 times as many"},
    {"goal", 0, "GOAL", "one more goal; repeatable"},
    {"set", 0, "KEY=VALUE", "set a key of the scenario; repeatable"},
    {"seed", 0, "N", "the seed of the first replication, instead of the scenario's"},
    {"until", 0, "T", "end of each run in virtual time"},
    {"threads", 0, "N", "threads of each run (default: all cores)"},
    {"json", 0, NULL, "the result as JSON"},
    {NULL, 0, NULL, NULL}};

/* false: told on stderr. */
static bool read_numbers(const struct cli *c, struct capacity *s)
{
    unsigned long long min = 1, max = 0, replications = INTERVAL_FEW, threads = 0;

    if (!cli_value(c, "find") || !cli_value(c, "max")) {
        cli_error(c, EXIT_USAGE, "--find KEY and --max N are needed");
        return false;
    }
    if (!cli_number(c, "min", &min) || !cli_number(c, "max", &max) ||
        !cli_number(c, "replications", &replications) || !cli_number(c, "threads", &threads))
        return false;
    if (min > max || max > UINT32_MAX || replications < 2 || replications > 1000 ||
        threads > 1024) {
        cli_error(c, EXIT_USAGE,
                  "--min is at most --max, which is below 2^32; 2 to 1000 replications; at most "
                  "1024 threads");
        return false;
    }
    s->key = cli_value(c, "find");
    s->least = cli_flag(c, "least");
    s->min = (uint32_t)min;
    s->max = (uint32_t)max;
    s->replications = (unsigned)replications;
    s->threads = (unsigned)threads;
    return true;
}

/* The scenario with its goals, which everything stands on. false: told on stderr. */
static bool read_base(const struct cli *c, struct capacity *s, struct diag_list *diags)
{
    struct overrides *o = &s->overrides;

    overrides_take(o, c);
    s->base = scenario_read(cli_argument(c, 0), (const char *const *)o->sets, o->count, diags);
    if (s->base && cli_value(c, "goal")) {
        bool good = overrides_add_goals(o, c, s->base);
        scenario_free(s->base);
        s->base =
            good ? scenario_read(cli_argument(c, 0), (const char *const *)o->sets, o->count, diags)
                 : NULL;
    }
    if (s->base && s->base->goal_count == 0) {
        cli_error(c, EXIT_SCENARIO, "the scenario has no goals to be met; give one with --goal");
        return false;
    }
    s->profile = s->base ? profile_read(s->base->profile_path, diags) : NULL;
    return s->profile != NULL;
}

static int run(struct cli *c)
{
    struct capacity s = {.cli = c};
    struct diag_list *diags = diag_list_new();
    int code = EXIT_USAGE;

    if (read_numbers(c, &s))
        code = read_base(c, &s, diags) ? EXIT_DONE : EXIT_SCENARIO;
    if (diag_size(diags))
        scenario_arg_tell(c, diags);
    if (code == EXIT_DONE)
        code = capacity_find(&s);
    if (code == EXIT_DONE || code == EXIT_GOAL_MISSED || code == EXIT_UNDECIDED)
        capacity_tell(&s, cli_flag(c, "json"));
    diag_list_free(diags);
    capacity_release(&s);
    return code;
}

extern const struct cli_command cli_capacity;
const struct cli_command cli_capacity = {
    .name = "capacity",
    .arguments = "FILE",
    .summary = "how far a key can be turned until the goals are missed, and what saturates first",
    .details =
        "Bisects between --min and --max, judging each value by the goals over its replications;\n"
        "the goals are to be met below and missed above (a number of devices), with --least the\n"
        "other way round (a number of workers). The limit is the last value with all goals met; "
        "its\n"
        "interval ends before the first with one missed. A sweep in FILE is left out.\n"
        "Exit codes: 4 missed at --min (--least: --max) already; 6 nothing is decided there.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run};
