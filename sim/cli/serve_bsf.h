/* `serve bsf`: the BSF of GBA on a TCP socket, in real time. */
#ifndef SIM_CLI_SERVE_BSF_H
#define SIM_CLI_SERVE_BSF_H

#include "sim/cli/cli.h"

int serve_bsf(const struct cli *c); /* an enum cli_exit */

#endif
