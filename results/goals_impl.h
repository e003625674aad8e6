/* The inside of goals: what is measured of a run, and keeping verdicts in a database. Private to
 * results/. */
#ifndef RESULTS_GOALS_IMPL_H
#define RESULTS_GOALS_IMPL_H

#include "results/goals.h"

#include <sqlite3.h>

/* One replication's figure: between low and high, which differ where procedures were unfinished. */
struct goal_sample {
    double point, low, high;
    struct interval within;        /* what this run alone says of it */
    uint64_t success, open, ended; /* procedures: GOAL_SUCCESS is pooled from them */
    bool known;                    /* false: there was nothing to measure */
};

/* Of one run, without what was due before the warm-up's end. */
enum err goal_measure(sqlite3 *db, int64_t run_id, sim_ns warmup, const struct goal *g,
                      struct goal_sample *out) MUST_USE;
/* The interval and the verdict from the samples of a cell's replications. */
void goal_decide(const struct goal *g, const struct goal_sample *samples, size_t n,
                 struct goal_result *out);
/* Judges by the scenarios' own goals and writes the verdicts into the table `goals`, instead of
 * what was there, in a transaction of its own; before sealing. A run marked `running` is the one
 * that is being ended, and counts. */
enum err goals_store(sqlite3 *db) MUST_USE;
/* run.warmup of an experiment; 0 when it has none. */
enum err goal_warmup(sqlite3 *db, int64_t experiment_id, sim_ns *out) MUST_USE;

#endif
