/* The search behind `capacity`. */
#ifndef SIM_CLI_CAPACITY_H
#define SIM_CLI_CAPACITY_H

#include "results/goals.h"
#include "sim/cli/overrides.h"

/* A value that was tried. */
struct capacity_trial {
    uint32_t value;
    unsigned replications;
    enum goal_verdict verdict; /* of all goals together */
    char missed[120];          /* the first goal that is not met, and what was measured */
    char busiest[64];          /* the population of servers with the busiest workers */
    double busy;               /* of them, on average; 0: not known */
    double queue;              /* its longest queue */
};

/* Visible because it lives with its command; zeros and the fields of the first part at first. */
struct capacity {
    const struct cli *cli;
    const char *key;
    uint32_t min, max;
    bool least; /* the goals are met above: the least value is sought, from max downwards */
    unsigned replications, threads;
    struct overrides overrides;
    struct scenario *base;
    struct profile *profile;
    /* what is found */
    struct capacity_trial *trials; /* in the order of the search: by value, or against it */
    size_t trial_count;
};

/* EXIT_DONE: there is a limit, or the far end is met. EXIT_GOAL_MISSED, EXIT_UNDECIDED: at --min
 * (least:
 * --max). Others:
 * told on stderr. */
int capacity_find(struct capacity *s);
void capacity_tell(const struct capacity *s, bool json);
void capacity_release(struct capacity *s);

#endif
