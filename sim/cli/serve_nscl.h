/* `serve nscl`: the NSCL of a scenario behind mId on TCP sockets, in real time. */
#ifndef SIM_CLI_SERVE_NSCL_H
#define SIM_CLI_SERVE_NSCL_H

#include "sim/cli/cli.h"

int serve_nscl(const struct cli *c); /* an enum cli_exit */

#endif
