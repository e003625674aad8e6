/* goals: are the demands on a scenario met? On the confidence interval over the replications. */
#include "sim/cli/cli.h"
#include "sim/cli/goals_tell.h"

#include "sim/base/xalloc.h"

#include <stdlib.h>

static const struct cli_option options[] = {
    {"goal", 0, "GOAL", "judge by this one instead of the scenario's; repeatable"},
    {"json", 0, NULL, "the verdicts as JSON"},
    {NULL, 0, NULL, NULL}};

static int run(struct cli *c)
{
    struct reader *r = NULL;
    struct goal_fault fault;
    char why[160] = "";
    const char *goal;
    int code = EXIT_DONE;
    enum err err = reader_open(cli_argument(c, 0), &r, why);

    if (err)
        return cli_error(c, err == ERR_NOT_FOUND ? EXIT_USAGE : EXIT_INTERNAL, "%s", why);
    for (size_t i = 0; (goal = cli_value_at(c, "goal", i)); i++)
        if (!goals_check(r, goal, &fault))
            code = goals_tell_fault(c, goal, &fault);
    if (code == EXIT_DONE)
        code = goals_tell(c, r, "goal", stdout, cli_flag(c, "json"), true);
    reader_close(r);
    return code;
}

extern const struct cli_command cli_goals;
const struct cli_command cli_goals = {
    .name = "goals",
    .arguments = "DB",
    .summary = "are the goals met: yes, no, or undecided, on the confidence interval",
    .details =
        "A goal is FUNCTION(WHAT) COMPARISON BOUND, as 'p99(bootstrap.latency) < 30 s',\n"
        "'success(connection) > 99.9 %', 'max(core.queue) < 500'; 'm2msim explain' tells the "
        "words.\n"
        "Yes or no when the whole 95 % interval over the replications lies on one side of the\n"
        "bound; without data nothing is passed. Exit codes: 4 one is missed, 6 none is missed\n"
        "and one is undecided.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run};
