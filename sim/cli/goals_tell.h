/* Verdicts of goals, told: what `goals` and `run` have in common. */
#ifndef SIM_CLI_GOALS_TELL_H
#define SIM_CLI_GOALS_TELL_H

#include "results/goals.h"
#include "sim/cli/cli.h"

/* Judges by what --`option` gives, else by the scenario's goals; prints to `to`, warnings to
 * stderr. `asked`: no goals at all is told, too. EXIT_DONE, EXIT_GOAL_MISSED, EXIT_UNDECIDED. */
int goals_tell(const struct cli *c, struct reader *r, const char *option, FILE *to, bool json,
               bool asked);
/* A goal of the command line that cannot be read, with a caret; EXIT_USAGE. */
int goals_tell_fault(const struct cli *c, const char *goal, const struct goal_fault *fault);

/* Of a database that was just written: below the summary; beside --json they are for people, on
 * stderr. */
enum cli_exit goals_tell_database(const struct cli *c, const char *database);

#endif
