/* --help, from the tables. */
#ifndef SIM_CLI_HELP_H
#define SIM_CLI_HELP_H

#include "sim/cli/cli.h"

void help_program(const struct cli_command *const *table, FILE *to);
void help_command(const struct cli_command *command, FILE *to);

#endif
