/* The deployment that a scenario is, built but not run: for `serve` and `attach`. */
#ifndef SIM_CLI_LIVE_SCENARIO_H
#define SIM_CLI_LIVE_SCENARIO_H

#include "sim/cli/live_args.h"
#include "topologies/builder.h"
#include "topologies/users.h"

struct live_scenario {
    struct scenario *scenario;
    struct profile *profile;
    struct built *built;
    struct deployment *deployment; /* NULL: no scenario was given */
};
/* Argument `argument`, with every --set; its calendar begins now, so that its certificates are
 * valid. No such argument: zeros. EXIT_DONE, or what the command is to return: it was told then. */
int live_scenario_read(const struct cli *c, size_t argument, struct live_scenario *out);
void live_scenario_release(struct live_scenario *s);
/* The file of --users; not given: NULL. EXIT_DONE, or what the command is to return: it was told
 * then. */
int live_users_read(const struct cli *c, struct users **out);
/* Where a server listens, as whom (NULL: not said), and whom it knows; users may be NULL. */
void live_say_ready(const struct live_place *place, const char *as, const struct live_scenario *s,
                    uint64_t devices, const struct users *users);

#endif
