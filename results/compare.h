/* Two experiments, run by run: pairs of one cell and one seed (common random numbers), the mean of
 * the differences and its interval. */
#ifndef RESULTS_COMPARE_H
#define RESULTS_COMPARE_H

#include "results/reader.h"

struct compare_tally {
    size_t pairs, least_pairs;        /* least: of any cell */
    size_t better, worse, none, same; /* figures of B against A */
    bool identical;                   /* every pair has one fingerprint */
    bool unexplained;                 /* the same input, and yet other results */
};

/* What differs in the input, then each cell's figures. ERR_NOT_FOUND: no finished run of one cell
 * and seed is in both. */
enum err compare_write(struct reader *a, struct reader *b, bool json, FILE *to,
                       struct compare_tally *out, char why[160]) MUST_USE;

#endif
