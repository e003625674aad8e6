/* m2msim plan: the cells and replications of a scenario, with nothing run. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/json.h"
#include "sim/base/units.h"
#include "sim/base/xalloc.h"
#include "sim/cli/campaign.h"

static const struct cli_option options[] = {
    {"set", 0, "KEY=VALUE", "override a key, as run.seed=7; repeatable"},
    {"seed", 0, "N", "the seed of the random streams, instead of the scenario's"},
    {"until", 0, "T", "end of the runs in virtual time, for example '2 h'"},
    CAMPAIGN_OPTIONS,
    {"json", 0, NULL, "the plan as JSON"},
    {NULL, 0, NULL, NULL}};

/* The cell's chosen runs are those from *at; moves it behind them. */
static size_t runs_of_cell(const struct campaign *g, uint32_t cell, size_t *at)
{
    size_t begin = *at;
    while (*at < g->run_count && g->runs[*at].cell == cell)
        ++*at;
    return begin;
}

/* 0-4, 7 */
static void print_replications(const struct campaign *g, size_t begin, size_t end)
{
    for (size_t i = begin; i < end;) {
        size_t last = i;
        while (last + 1 < end && g->runs[last + 1].replication == g->runs[last].replication + 1)
            last++;
        printf("%s%u", i > begin ? ", " : "", g->runs[i].replication);
        if (last > i)
            printf("-%u", g->runs[last].replication);
        i = last + 1;
    }
}

static int width_of(const struct campaign *g, uint32_t axis)
{
    size_t width = strlen(sweep_short_name(g->base, axis));
    for (uint32_t i = 0; i < g->base->axes[axis].value_count; i++) {
        size_t n = strlen(g->base->axes[axis].values[i].text);
        width = n > width ? n : width;
    }
    return (int)width;
}

static void print_cells(const struct campaign *g)
{
    uint32_t axes = g->base->axis_count;
    size_t at = 0;
    printf("\ncell");
    for (uint32_t i = 0; i < axes; i++)
        printf("  %*s", width_of(g, i), sweep_short_name(g->base, i));
    printf("  replications\n");
    for (uint32_t cell = 0; cell < sweep_cell_count(g->sweep); cell++) {
        size_t begin = runs_of_cell(g, cell, &at);
        if (at == begin)
            continue;
        printf("%4u", cell);
        for (uint32_t i = 0; i < axes; i++)
            printf("  %*s", width_of(g, i), sweep_value(g->sweep, cell, i));
        printf("  ");
        print_replications(g, begin, at);
        putchar('\n');
    }
}

static void print_text(const struct campaign *g)
{
    const struct scn_replications *r = &g->base->replications;
    uint32_t cells = sweep_cell_count(g->sweep);
    char share[32];
    printf("%s\n%u cell%s x ", g->base->title[0] ? g->base->title : g->base->path, cells,
           cells == 1 ? "" : "s");
    if (r->until_ci_ppm) {
        units_format_share(r->until_ci_ppm, share, sizeof share);
        printf("%u to %u replications until the intervals are within %s: at least", r->min, r->max,
               share);
    } else
        printf("%u replication%s:", r->min, r->min == 1 ? "" : "s");
    printf(" %zu run%s", g->all_count, g->all_count == 1 ? "" : "s");
    if (g->run_count != g->all_count)
        printf(", %zu of them chosen", g->run_count);
    putchar('\n');
    print_cells(g);
    printf("\nThe seeds of the replications, the same in every cell:");
    for (uint32_t i = 0; i < r->min && i < 5; i++)
        printf("%s %llu", i > 0 ? "," : "", (unsigned long long)sweep_seed(g->base->seed, i));
    printf("%s\n", r->min > 5 ? ", ..." : "");
}

static void print_json_cell(const struct campaign *g, uint32_t cell, size_t begin, size_t end)
{
    printf("{\"cell\": %u, \"values\": {", cell);
    for (uint32_t i = 0; i < g->base->axis_count; i++) {
        printf("%s", i > 0 ? ", " : "");
        json_text(stdout, g->base->axes[i].key);
        printf(": ");
        json_text(stdout, sweep_value(g->sweep, cell, i));
    }
    printf("}, \"runs\": [");
    for (size_t i = begin; i < end; i++)
        printf("%s{\"replication\": %u, \"seed\": %llu}", i > begin ? ", " : "",
               g->runs[i].replication, (unsigned long long)g->runs[i].seed);
    printf("]}");
}

static void print_json(const struct campaign *g)
{
    const struct scn_replications *r = &g->base->replications;
    const char *separator = "";
    size_t at = 0;
    printf("{\"path\": ");
    json_text(stdout, g->base->path);
    printf(", \"title\": ");
    json_text(stdout, g->base->title);
    printf(", \"replications\": {\"min\": %u, \"max\": %u, \"until_ci_ppm\": %u}, "
           "\"cells\": %u, \"runs\": %zu, \"chosen\": [",
           r->min, r->max, r->until_ci_ppm, sweep_cell_count(g->sweep), g->all_count);
    for (uint32_t cell = 0; cell < sweep_cell_count(g->sweep); cell++) {
        size_t begin = runs_of_cell(g, cell, &at);
        if (at == begin)
            continue;
        printf("%s\n  ", separator);
        separator = ",";
        print_json_cell(g, cell, begin, at);
    }
    printf("]}\n");
}

static int run(struct cli *c)
{
    struct campaign g = {0};
    enum cli_exit code = campaign_read(c, &g);
    if (code == EXIT_DONE && cli_flag(c, "json"))
        print_json(&g);
    else if (code == EXIT_DONE)
        print_text(&g);
    campaign_release(&g);
    return (int)code;
}

extern const struct cli_command cli_plan;
const struct cli_command cli_plan = {
    .name = "plan",
    .arguments = "FILE",
    .summary = "show the cells and replications of a scenario, without running any",
    .details =
        "FILE is a scenario file, or the name of a packaged one (m2msim list). A cell is one\n"
        "combination of the values in 'sweep:' and --vary; each is run once for each seed.\n"
        "EXPR compares swept keys (or their last words), 'cell' and 'replication', both from\n"
        "0, by =, !=, <, <=, >, >=, joined by and, or, not and brackets.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run};
