/* Replications until the intervals are narrow: after every planned run is done, more are planned
 * for the cells that need them. What is decided depends on whole results only, so it is the same
 * however the runs were made. */
#include "sim/cli/batch_impl.h"

#include "results/narrow.h"
#include "results/reader.h"
#include "sim/base/xalloc.h"
#include "topologies/sweep.h"

#include <stdlib.h>

/* How many replications of the cell are planned, from 0 without a gap; *seed: that of the first. */
static uint32_t count_planned(const struct recorder_campaign *g, uint32_t cell, uint64_t *seed)
{
    uint32_t n = 0;
    for (size_t i = 0; i < g->planned_count; i++) {
        if (g->planned[i].cell != cell)
            continue;
        if (g->planned[i].replication != n)
            return 0;
        if (n == 0)
            *seed = g->planned[i].seed;
        n++;
    }
    return n;
}

static size_t plan_more(const struct recorder_campaign *g, const struct narrow_cell *cells,
                        size_t n, struct recorder_planned **out)
{
    double target = g->until_ci_ppm / 1e6;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t seed = 0;
        uint32_t cell = (uint32_t)cells[i].cell, have = count_planned(g, cell, &seed);
        uint32_t more = narrow_lacks(have, g->replications_max, cells[i].widest, target);
        if (have < g->replications_min)
            continue; /* only a part of it was asked for */
        *out = xrealloc(*out, (count + more + 1) * sizeof **out);
        for (uint32_t k = have; k < have + more; k++)
            (*out)[count++] = (struct recorder_planned){sweep_seed(seed, k), cell, k};
    }
    return count;
}

enum cli_exit batch_plan_more(const struct cli *c, const char *database, size_t *added)
{
    struct experiment *e = NULL;
    struct reader *r = NULL;
    struct narrow_cell *cells = NULL;
    struct recorder_planned *more = NULL;
    char why[300] = "";
    size_t n = 0;
    *added = 0;
    enum err err = experiment_open(database, &e, why);
    if (!err && experiment_input(e)->campaign->until_ci_ppm == 0)
        goto out;
    if (!err)
        err = reader_open(database, &r, why);
    if (!err)
        err = narrow_measure(r, &cells, &n, why);
    reader_close(r);
    if (!err)
        *added = plan_more(experiment_input(e)->campaign, cells, n, &more);
    if (!err && *added > 0)
        err = experiment_extend(database, more, *added);
out:
    experiment_free(e);
    free(cells);
    free(more);
    if (!err)
        return EXIT_DONE;
    return (enum cli_exit)cli_error(c, EXIT_INTERNAL, "planning more replications in '%s': %s",
                                    database, *why ? why : err_text(err));
}
