#include "sim/cli/campaign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"
#include "sim/cli/scenario_arg.h"
#include "topologies/select.h"

static bool read_scenario(const struct cli *c, struct campaign *g)
{
    struct diag_list *diags = diag_list_new();
    const char *const *sets = (const char *const *)g->overrides.sets;
    size_t n = 0;
    while (cli_value_at(c, "vary", n))
        n++;
    const char **varies = xcalloc(n + 1, sizeof *varies);
    for (size_t i = 0; i < n; i++)
        varies[i] = cli_value_at(c, "vary", i);
    g->base = scenario_read_varied(cli_argument(c, 0), sets, g->overrides.count, varies, n, diags);
    if (g->base)
        g->sweep = sweep_new(g->base, sets, g->overrides.count, diags);
    if (diag_size(diags) > 0)
        scenario_arg_tell(c, diags);
    diag_list_free(diags);
    free(varies);
    return g->sweep != NULL;
}

/* "2/3" */
static bool read_shard(const struct cli *c, struct campaign *g)
{
    const char *text = cli_value(c, "shard");
    char *end = NULL;
    if (!text)
        return true;
    if (*text >= '0' && *text <= '9') {
        errno = 0;
        g->shard = strtoul(text, &end, 10);
        if (*end == '/' && end[1] >= '0' && end[1] <= '9')
            g->shards = strtoul(end + 1, &end, 10);
        if (errno == 0 && *end == '\0' && g->shard >= 1 && g->shard <= g->shards)
            return true;
    }
    cli_error(c, EXIT_USAGE, "--shard needs K/N with K from 1 to N, as 2/3; '%s' is none", text);
    return false;
}

/* How the runs are dealt out: in turn. Where a cell goes on until its intervals are narrow enough,
 * all of it is in one shard, which decides. */
static bool is_in_shard(const struct campaign *g, size_t run, uint32_t cell)
{
    size_t i = g->base->replications.until_ci_ppm ? cell : run;
    return g->shards == 0 || i % g->shards == g->shard - 1;
}

static void choose_runs(struct campaign *g, const struct select *only)
{
    const struct scenario *base = g->base;
    uint32_t cells = sweep_cell_count(g->sweep), replications = base->replications.min;
    const char **values = xcalloc(base->axis_count + 1, sizeof *values);
    g->runs = xcalloc((size_t)cells * replications, sizeof *g->runs);
    for (uint32_t cell = 0; cell < cells; cell++) {
        for (uint32_t i = 0; i < base->axis_count; i++)
            values[i] = sweep_value(g->sweep, cell, i);
        for (uint32_t r = 0; r < replications; r++)
            if (is_in_shard(g, g->all_count++, cell) && select_holds(only, values, cell, r))
                g->runs[g->run_count++] = (struct campaign_run){sweep_seed(base->seed, r), cell, r};
    }
    free(values);
}

enum cli_exit campaign_read(const struct cli *c, struct campaign *g)
{
    const char *text = cli_value(c, "only");
    struct select *only = NULL;
    char why[200];
    int at = 1;
    overrides_take(&g->overrides, c);
    if (!read_shard(c, g))
        return EXIT_USAGE;
    if (!read_scenario(c, g))
        return EXIT_SCENARIO;
    if (text) {
        const char **keys = xcalloc(g->base->axis_count + 1, sizeof *keys);
        for (uint32_t i = 0; i < g->base->axis_count; i++)
            keys[i] = g->base->axes[i].key;
        only = select_parse(text, keys, g->base->axis_count, true, why, &at);
        free(keys);
        if (!only)
            return (enum cli_exit)cli_error(c, EXIT_USAGE, "--only, character %d: %s", at, why);
    }
    choose_runs(g, only);
    select_free(only);
    if (g->run_count == 0)
        return (enum cli_exit)cli_error(c, EXIT_USAGE, "%s leaves none of %zu runs",
                                        text ? "--only" : "--shard", g->all_count);
    return EXIT_DONE;
}

void campaign_release(struct campaign *g)
{
    sweep_free(g->sweep);
    scenario_free(g->base);
    overrides_release(&g->overrides);
    free(g->runs);
}

bool campaign_is_single(const struct campaign *g)
{
    return g->base->axis_count == 0 && g->base->replications.max == 1;
}
