/* Rows on their way to the recorder, seen by somebody else too. */
#ifndef SIM_CLI_TEE_H
#define SIM_CLI_TEE_H

#include "results/rows.h"

/* In the caller's storage, which outlives the sink's use. */
struct tee {
    struct row_sink sink; /* what the nodes get: it passes every row on */
    struct row_sink to;
    void (*procedure)(void *arg, const struct row_procedure *row);
    void *arg;
};
/* procedure: is called with each row of a procedure, before it is passed on. */
void tee_init(struct tee *w, const struct row_sink *to,
              void (*procedure)(void *arg, const struct row_procedure *row), void *arg);

#endif
