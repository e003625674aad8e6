#include "sim/cli/campaign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"
#include "sim/cli/describe.h"
#include "sim/cli/scenario_arg.h"
#include "topologies/select.h"

static struct scenario *read_base(const struct cli *c, const struct overrides *o,
                                  const char *const *varies, size_t n, struct diag_list *diags)
{
    return scenario_read_varied(cli_argument(c, 0), (const char *const *)o->sets, o->count, varies,
                                n, diags);
}

static bool read_scenario(const struct cli *c, struct campaign *g)
{
    struct diag_list *diags = diag_list_new();
    struct overrides *o = &g->overrides;
    size_t n;
    const char **varies = cli_values(c, "vary", &n);
    g->base = read_base(c, o, varies, n, diags);
    if (g->base && cli_value(c, "goal")) {
        bool good = overrides_add_goals(o, c, g->base);
        scenario_free(g->base);
        g->base = good ? read_base(c, o, varies, n, diags) : NULL;
    }
    if (g->base)
        g->sweep = sweep_new(g->base, (const char *const *)o->sets, o->count, diags);
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

/* The runs that are chosen are dealt out in turn. Where a cell goes on until its intervals are
 * narrow enough, all of it is in one shard, which decides. */
static bool is_in_shard(const struct campaign *g, size_t run, size_t cell)
{
    size_t i = g->base->replications.until_ci_ppm ? cell : run;
    return g->shards == 0 || i % g->shards == g->shard - 1;
}

static void choose_runs(struct campaign *g, const struct select *only)
{
    const struct scenario *base = g->base;
    uint32_t cells = sweep_cell_count(g->sweep), replications = base->replications.min;
    const char **values = xcalloc(base->axis_count + 1, sizeof *values);
    size_t run = 0, chosen_cells = 0; /* of those that hold */
    g->all_count = (size_t)cells * replications;
    g->runs = xcalloc(g->all_count, sizeof *g->runs);
    for (uint32_t cell = 0; cell < cells; cell++) {
        size_t before = run;
        for (uint32_t i = 0; i < base->axis_count; i++)
            values[i] = sweep_value(g->sweep, cell, i);
        for (uint32_t r = 0; r < replications; r++)
            if (select_holds(only, values, cell, r) && is_in_shard(g, run++, chosen_cells))
                g->runs[g->run_count++] = (struct campaign_run){sweep_seed(base->seed, r), cell, r};
        chosen_cells += run > before;
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

/* The cells that a chosen run is of. */
static size_t list_cells(const struct campaign *g, struct recorder_cell *cells)
{
    size_t n = 0, axes = g->base->axis_count;
    for (size_t i = 0; i < g->run_count; i++) {
        uint32_t cell = g->runs[i].cell;
        if (i > 0 && g->runs[i - 1].cell == cell)
            continue;
        struct scenario *s = sweep_scenario(g->sweep, cell);
        const char **values = xcalloc(2 * axes + 1, sizeof *values);
        for (uint32_t k = 0; k < axes; k++) {
            values[2 * k] = g->base->axes[k].key;
            values[2 * k + 1] = sweep_value(g->sweep, cell, k);
        }
        cells[n++] = (struct recorder_cell){scenario_resolved_json(s), values, axes, cell};
        scenario_free(s);
    }
    return n;
}

enum err campaign_write_plan(const struct campaign *g, const struct profile *profile,
                             const char *path, bool force)
{
    struct recorder_cell *cells = xcalloc(g->run_count, sizeof *cells);
    struct recorder_planned *planned = xcalloc(g->run_count, sizeof *planned);
    struct recorder_campaign campaign = {.cells = cells,
                                         .planned = planned,
                                         .cell_count = list_cells(g, cells),
                                         .planned_count = g->run_count,
                                         .replications_min = g->base->replications.min,
                                         .replications_max = g->base->replications.max,
                                         .until_ci_ppm = g->base->replications.until_ci_ppm};
    struct description d;
    for (size_t i = 0; i < g->run_count; i++)
        planned[i] =
            (struct recorder_planned){g->runs[i].seed, g->runs[i].cell, g->runs[i].replication};
    describe(&d, g->base, profile);
    d.input.campaign = &campaign;
    d.input.parameters = g->overrides.pairs;
    d.input.parameter_count = g->overrides.count;
    enum err err = recorder_write_plan(path, force, &d.input);
    description_release(&d);
    for (size_t i = 0; i < campaign.cell_count; i++) {
        free((void *)(uintptr_t)cells[i].resolved_json);
        free((void *)(uintptr_t)cells[i].values);
    }
    free(cells);
    free(planned);
    return err;
}

bool campaign_is_single(const struct campaign *g)
{
    return g->base->axis_count == 0 && g->base->replications.max == 1;
}
