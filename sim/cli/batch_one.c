/* Which of the planned runs are to be made, and one of them in this process. */
#include "sim/cli/batch.h"

#include "crypto/profile.h"
#include "sim/base/xalloc.h"
#include "sim/cli/runner.h"
#include "sim/cli/scenario_arg.h"
#include "topologies/select.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct recorder_cell *find_cell(const struct recorder_campaign *g, uint32_t cell)
{
    for (size_t i = 0; i < g->cell_count; i++)
        if (g->cells[i].cell == cell)
            return &g->cells[i];
    return NULL;
}

/* The keys, or in odd places the values, of a cell's pairs. */
static const char **every_other(const struct recorder_cell *cell, size_t first)
{
    const char **list = xcalloc(cell->value_count + 1, sizeof *list);
    for (size_t i = 0; i < cell->value_count; i++)
        list[i] = cell->values[2 * i + first];
    return list;
}

static bool is_chosen(const struct recorder_campaign *g, const struct recorder_planned *p,
                      const struct select *only)
{
    const struct recorder_cell *cell = find_cell(g, p->cell);
    if (!cell)
        return false;
    const char **values = every_other(cell, 1);
    bool chosen = select_holds(only, values, p->cell, p->replication);
    free(values);
    return chosen;
}

bool batch_choose(const struct cli *c, const struct experiment *e, const char *text, size_t **out,
                  size_t *n)
{
    const struct recorder_campaign *g = experiment_input(e)->campaign;
    struct select *only = NULL;
    char why[200];
    int at = 1;
    *out = NULL;
    *n = 0;
    if (text) {
        const char **keys = every_other(&g->cells[0], 0);
        only = select_parse(text, keys, g->cells[0].value_count, true, why, &at);
        free(keys);
        if (!only) {
            cli_error(c, EXIT_USAGE, "--only, character %d: %s", at, why);
            return false;
        }
    }
    *out = xcalloc(g->planned_count, sizeof **out);
    for (size_t i = 0; i < g->planned_count; i++)
        if (!experiment_is_done(e, i) && is_chosen(g, &g->planned[i], only))
            (*out)[(*n)++] = i;
    select_free(only);
    return true;
}

enum cli_exit batch_run_one(const struct cli *c, const struct experiment *e, size_t planned,
                            const struct batch_request *q, const char *database)
{
    const struct recorder_input *all = experiment_input(e);
    const struct recorder_planned *p = &all->campaign->planned[planned];
    const struct recorder_cell *cell = find_cell(all->campaign, p->cell);
    struct recorder_campaign own = *all->campaign;
    struct recorder_input input = *all;
    struct run_outcome outcome = {.exit = EXIT_SCENARIO};
    struct diag_list *diags = diag_list_new();
    struct profile *profile = NULL;
    char seed[48];
    const char *const sets[] = {seed};
    snprintf(seed, sizeof seed, "run.seed=%llu", (unsigned long long)p->seed);
    struct scenario *scenario = scenario_parse(all->scenario_path, cell->resolved_json,
                                               strlen(cell->resolved_json), sets, 1, diags);
    if (scenario)
        profile =
            profile_parse(all->profile_name, all->profile_text, strlen(all->profile_text), diags);
    if (diag_size(diags) > 0)
        scenario_arg_tell(c, diags);
    own.cells = cell;
    own.planned = p;
    own.cell_count = own.planned_count = 1;
    input.campaign = &own;
    input.cell = p->cell;
    input.replication = p->replication;
    if (profile)
        run_scenario(c,
                     &(struct run_request){.scenario = scenario,
                                           .profile = profile,
                                           .database = database,
                                           .force = q->force,
                                           .threads = q->threads,
                                           .progress = q->progress,
                                           .planned = &input},
                     &outcome);
    profile_free(profile);
    scenario_free(scenario);
    diag_list_free(diags);
    return outcome.exit;
}
