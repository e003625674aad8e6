/* The inside of batches: for their own files. */
#ifndef SIM_CLI_BATCH_IMPL_H
#define SIM_CLI_BATCH_IMPL_H

#include "sim/cli/batch.h"

/* Where all that is planned is done: plans more replications of the cells whose intervals are not
 * narrow enough yet. *added: how many; 0 also when the campaign has a fixed number. */
enum cli_exit batch_plan_more(const struct cli *c, const char *database, size_t *added);

#endif
