#include "results/narrow.h"

#include <math.h>
#include <stdlib.h>

#include "results/goals.h"
#include "sim/base/xalloc.h"

#define MAX_KINDS 32

static void take(struct narrow_cell **cells, size_t *n, const struct goal_result *g)
{
    size_t i = 0;
    while (i < *n && (*cells)[i].cell != g->cell)
        i++;
    if (i == *n) {
        *cells = xrealloc(*cells, (*n + 1) * sizeof **cells);
        (*cells)[(*n)++] = (struct narrow_cell){g->cell, 0};
    }
    if (g->value.n > 0) /* what never happens is not waited for */
        (*cells)[i].widest = fmax((*cells)[i].widest, interval_relative(&g->value));
}

enum err narrow_measure(struct reader *r, struct narrow_cell **out, size_t *n, char why[300])
{
    struct goal_results results = {0};
    char *means[MAX_KINDS];
    size_t kinds = 0;
    *out = NULL;
    *n = 0;
    enum err err = goals_judge(r, NULL, 0, &results, why);
    if (!err && results.n == 0) {
        goals_release(&results);
        for (; goal_kinds[kinds].name && kinds < MAX_KINDS; kinds++) /* any bound: none is judged */
            means[kinds] = xasprintf("mean(%s.latency) > 0 s", goal_kinds[kinds].name);
        err = goals_judge(r, (const char *const *)means, kinds, &results, why);
    }
    for (size_t i = 0; i < results.n && !err; i++)
        take(out, n, &results.at[i]);
    goals_release(&results);
    while (kinds > 0)
        free(means[--kinds]);
    return err;
}

uint32_t narrow_lacks(uint32_t have, uint32_t most, double widest, double target)
{
    if (widest <= target || have >= most)
        return 0;
    double ratio = widest / target, wanted = ceil((double)have * ratio * ratio);
    uint32_t step = have > 0 ? have : 1;
    if (wanted < 2.0 * have)
        step = wanted > have ? (uint32_t)wanted - have : 1;
    return step < most - have ? step : most - have;
}
