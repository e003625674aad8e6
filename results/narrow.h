/* How wide the confidence intervals of a campaign are: what `until_ci` looks at. Of the scenario's
 * goals, if it has any; else of the mean latency of each kind of procedure. Each over the
 * replications of a cell. */
#ifndef RESULTS_NARROW_H
#define RESULTS_NARROW_H

#include "results/reader.h"

struct narrow_cell {
    int64_t cell;
    double
        widest; /* half width by the mean's size; INFINITY: without a bound; nothing measured: 0 */
};

/* By cell. The caller frees *out. Errors as goals_judge's. */
enum err narrow_measure(struct reader *r, struct narrow_cell **out, size_t *n,
                        char why[300]) MUST_USE;
/* How many replications a cell of `have` lacks, where its intervals are to be within target: as
 * many as a half width that falls with the root of their number wants, but no more than twice
 * what there are, since that is a guess; 0: none. */
uint32_t narrow_lacks(uint32_t have, uint32_t most, double widest, double target);

#endif
