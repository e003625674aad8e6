/* Goals: what a scenario demands of its runs, judged on the confidence interval over the
 * replications of each cell (results/README.md says how). */
#ifndef RESULTS_GOALS_H
#define RESULTS_GOALS_H

#include "results/interval.h"
#include "results/reader.h"
#include "sim/base/goal.h"

enum goal_verdict { GOAL_YES, GOAL_NO, GOAL_UNDECIDED };
const char *goal_verdict_name(enum goal_verdict v); /* "yes", "no", "undecided" */

struct goal_result {
    char *expression;
    const char *basis; /* what the interval stands on, and why nothing is decided */
    int64_t experiment_id, cell;
    struct interval value; /* n: replications; a side without a bound is infinite */
    size_t without;        /* replications in which there was nothing to measure */
    enum goal_dimension dimension;
    enum goal_verdict verdict;
};

struct goal_results {
    struct goal_result *at;
    size_t n;
    size_t yes, no, undecided;
    size_t least_replications; /* over the cells; 0: there is no finished run */
};

/* Judges every cell of the database by `expressions`; n == 0: by those of its scenario. ERR_FORMAT:
 * one of them cannot be read, why says what. Release it in any case. */
enum err goals_judge(struct reader *r, const char *const *expressions, size_t n,
                     struct goal_results *out, char why[300]) MUST_USE;
/* The same of the present runs of n readers, which are the replications of one cell; finished or
 * not. The first one's experiment says what the warm-up is. */
enum err goals_judge_runs(struct reader *const *runs, size_t n, const char *const *expressions,
                          size_t count, struct goal_results *out, char why[300]) MUST_USE;
void goals_release(struct goal_results *g);
/* The verdicts as a table, or as JSON. */
void goals_write(const struct goal_results *g, bool json, FILE *to);
/* May these be asked of the database? Names of servers are checked against its nodes. */
bool goals_check(struct reader *r, const char *expression, struct goal_fault *why);

#endif
