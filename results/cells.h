/* An experiment of many runs: what each cell gave, as means over its replications with their
 * confidence intervals. Private to results/. */
#ifndef RESULTS_CELLS_H
#define RESULTS_CELLS_H

#include "results/interval.h"
#include "results/reader_impl.h"

/* Of one cell, kind and method; over its finished runs, without their warm-up. Times in ns.
 * Incidents are rows too, with the population as method, and what ended as success. */
struct cells_row {
    int64_t cell;
    char *kind, *method;
    size_t runs;
    bool is_incident;
    struct interval mean, p50, p99, success; /* each run's own value, then their mean */
};

/* What a cell has of a swept key. */
struct cells_value {
    int64_t cell;
    char *name, *value;
};

struct cells {
    struct cells_row *rows; /* by cell, then as a device lives */
    size_t row_count;
    struct cells_value *values; /* by cell, then in the order of the sweep */
    size_t value_count;
    int64_t *cells;
    size_t cell_count;
    size_t run_count, fewest; /* finished runs; of the cell that has fewest */
};

/* Of the experiment that the reader's run belongs to. */
enum err cells_read(struct reader *r, struct cells *out, char why[160]) MUST_USE;
void cells_release(struct cells *c);
/* "workers=4, tampered=10 %", the keys' last names; free it. */
char *cells_name(const struct cells *c, int64_t cell);
/* What stands behind a key's last full stop. */
const char *cells_short(const char *key);

#endif
