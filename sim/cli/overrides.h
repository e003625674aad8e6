/* What of a scenario is given on the command line, in the form of --set, which is also how the
 * database keeps it. */
#ifndef SIM_CLI_OVERRIDES_H
#define SIM_CLI_OVERRIDES_H

#include "sim/cli/cli.h"
#include "topologies/scenario.h"

/* Visible because it lives inside its owner. Zeros: empty. */
struct overrides {
    char **sets;        /* count texts KEY=VALUE */
    const char **pairs; /* 2 * count: "set", KEY=VALUE, ... */
    size_t count;
};

/* All --set, then --seed, --until and --replications, of those that the command has. */
void overrides_take(struct overrides *o, const struct cli *c);
/* --goal, behind the goals of the scenario, which is to be read once more: the database holds them
 * all. false: one cannot be read, and was told on stderr. */
bool overrides_add_goals(struct overrides *o, const struct cli *c, const struct scenario *s);
void overrides_release(struct overrides *o);

#endif
