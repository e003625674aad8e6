/* The key ledger of a run, told: what lived when, what was renewed, what expires when, what was
 * never used, and what service was lost for want of a key. */
#ifndef RESULTS_KEYS_H
#define RESULTS_KEYS_H

#include "results/reader.h"

struct keys_options {
    bool json;
    bool cliff; /* the expiry cliff, bin by bin */
};
/* ERR_NOT_FOUND: the run has no keys. */
enum err keys_write(struct reader *r, const struct keys_options *o, FILE *to,
                    char why[160]) MUST_USE;

#endif
