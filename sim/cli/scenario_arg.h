/* The scenario that FILE and --set name: for every command that reads one. */
#ifndef SIM_CLI_SCENARIO_ARG_H
#define SIM_CLI_SCENARIO_ARG_H

#include "sim/cli/cli.h"
#include "topologies/scenario.h"

/* Argument `argument`, with every --set applied. NULL: mistakes are in diags. */
struct scenario *scenario_arg(const struct cli *c, size_t argument, struct diag_list *diags);
/* Prints diags to stderr, coloured when it may be. */
void scenario_arg_tell(const struct cli *c, const struct diag_list *diags);

#endif
