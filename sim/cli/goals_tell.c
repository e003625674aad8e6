#include "sim/cli/goals_tell.h"

#include <stdio.h>
#include <stdlib.h>

int goals_tell_fault(const struct cli *c, const char *goal, const struct goal_fault *fault)
{
    int code = cli_error(c, EXIT_USAGE, "--goal: %s", fault->text);

    fprintf(stderr, "    %s\n    %*s^\n", goal, (int)fault->at, "");
    return code;
}

static int exit_of(const struct goal_results *g)
{
    return g->no > 0 ? EXIT_GOAL_MISSED : g->undecided > 0 ? EXIT_UNDECIDED : EXIT_DONE;
}

int goals_tell(const struct cli *c, struct reader *r, const char *option, FILE *to, bool json,
               bool asked)
{
    struct goal_results results = {0};
    const char **goals = NULL;
    char why[300] = "";
    size_t n = 0;
    enum err err;
    int code;

    if (option)
        goals = cli_values(c, option, &n);
    err = goals_judge(r, goals, n, &results, why);
    if (err)
        code = cli_error(c, EXIT_INTERNAL, "%s", why);
    else if (results.n == 0 && asked && !json)
        code = cli_error(c, EXIT_DONE, "the scenario has no goals; give one with --goal");
    else {
        if (results.n > 0 || json)
            goals_write(&results, json, to);
        if (results.n > 0 && results.least_replications < INTERVAL_FEW)
            fprintf(stderr,
                    "warning: %zu replication%s; below %d an interval says little of what other "
                    "seeds would give\n",
                    results.least_replications, results.least_replications == 1 ? "" : "s",
                    INTERVAL_FEW);
        code = exit_of(&results);
    }
    goals_release(&results);
    free(goals);
    return code;
}

enum cli_exit goals_tell_database(const struct cli *c, const char *database)
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
