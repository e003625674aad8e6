#include "results/page.h"

#include <math.h>
#include <stdlib.h>

#include "results/cells.h"
#include "results/goals.h"
#include "results/text.h"

/* What stands on more than one run: verdicts of goals, means over replications, cells of a sweep.
 */

#define MOST_ROWS 80

/* ---- goals ---- */

static void put_goal(const struct page *p, const struct goal_result *g, bool cells)
{
    char text[32];
    if (cells) {
        snprintf(text, sizeof text, "%lld", (long long)g->cell);
        doc_number(p->d, (double)g->cell, text);
    }
    doc_cell(p->d, g->expression);
    doc_verdict(p->d, goal_verdict_name(g->verdict));
    goal_format(g->dimension, g->value.mean, text, sizeof text);
    doc_number(p->d, g->value.mean, g->value.n ? text : "-");
    for (int i = 0; i < 2; i++) {
        double v = i ? g->value.high : g->value.low;
        goal_format(g->dimension, v, text, sizeof text);
        doc_number(p->d, isfinite(v) ? v : 0, isfinite(v) ? text : "-");
    }
    doc_cell(p->d, g->basis);
    doc_row(p->d);
}

static void put_goals(const struct page *p, const struct goal_results *g)
{
    static const struct doc_column columns[] = {
        {"cell", NULL, true},      {"goal", NULL, false},           {"met", NULL, false},
        {"measured", NULL, true},  {"from", "95 % interval", true}, {"to", "95 % interval", true},
        {"stands on", NULL, false}};
    doc_section(p->d, "goals", "Goals");
    if (g->no)
        doc_banner(p->d, "bad", "Missed: %zu of %zu goals.", g->no, g->n);
    else if (g->undecided)
        doc_banner(p->d, "unsure", "Undecided: %zu of %zu goals; no goal is missed.", g->undecided,
                   g->n);
    else
        doc_banner(p->d, "good", "Every goal is met.");
    bool cells = g->at[0].cell != g->at[g->n - 1].cell;
    doc_table(p->d, "Goals and their verdicts", columns + !cells,
              sizeof columns / sizeof columns[0] - !cells);
    for (size_t i = 0; i < g->n; i++)
        put_goal(p, &g->at[i], cells);
    doc_table_end(p->d);
}

enum err page_goals(const struct page *p, char why[160])
{
    struct goal_results g;
    char reason[300] = "";
    enum err err = goals_judge(p->r, NULL, 0, &g, reason);
    if (err)
        snprintf(why, 160, "%.159s", reason);
    else if (g.n > 0)
        put_goals(p, &g);
    goals_release(&g);
    return err;
}

/* ---- cells ---- */

static void put_time(const struct page *p, const struct interval *i)
{
    char mean[32], low[32], high[32], text[100];
    text_time(i->mean, mean);
    if (i->n == 0)
        snprintf(text, sizeof text, "-");
    else if (interval_is_bounded(i))
        snprintf(text, sizeof text, "%s (%s to %s)", mean, text_time(i->low > 0 ? i->low : 0, low),
                 text_time(i->high, high));
    else
        snprintf(text, sizeof text, "%s (no bounds)", mean);
    doc_number(p->d, i->mean, text);
}

static void put_row(const struct page *p, const struct cells *c, const struct cells_row *row)
{
    char text[64], mean[32];
    char *name = cells_name(c, row->cell);
    if (c->cell_count > 1) {
        snprintf(text, sizeof text, "%lld", (long long)row->cell);
        doc_number(p->d, (double)row->cell, text);
        doc_cell(p->d, name);
    }
    doc_cell(p->d, row->kind);
    doc_cell(p->d, row->method);
    snprintf(text, sizeof text, "%zu", row->runs);
    doc_number(p->d, (double)row->runs, text);
    put_time(p, &row->p50);
    put_time(p, &row->p99);
    snprintf(mean, sizeof mean, "%.2f %%", 100 * row->success.mean);
    doc_number(p->d, row->success.mean, mean);
    doc_row(p->d);
    free(name);
}

static void put_cells(const struct page *p, const struct cells *c)
{
    static const struct doc_column columns[] = {{"cell", NULL, true},
                                                {"has", NULL, false},
                                                {"kind", NULL, false},
                                                {"method", NULL, false},
                                                {"runs", NULL, true},
                                                {"p50", "mean (95 % interval)", true},
                                                {"p99", "mean (95 % interval)", true},
                                                {"success", "mean", true}};
    size_t skip = c->cell_count > 1 ? 0 : 2;
    size_t shown = c->row_count < MOST_ROWS ? c->row_count : MOST_ROWS;
    doc_section(p->d, "cells", c->cell_count > 1 ? "Cells of the sweep" : "Over the replications");
    doc_paragraph(p->d,
                  "%zu finished runs%s. Each percentile is taken in each run; what is shown is the "
                  "mean over the runs, with the interval that holds the true mean with 95 %% "
                  "confidence (Student's t).",
                  c->run_count, c->cell_count > 1 ? " in all cells" : "");
    if (c->fewest < INTERVAL_FEW)
        doc_banner(p->d, "unsure", "Only %zu run%s of a cell: intervals stand on little below %d.",
                   c->fewest, c->fewest == 1 ? "" : "s", INTERVAL_FEW);
    page_figures(p, "sweep");
    doc_table(p->d, "Means over replications", columns + skip,
              sizeof columns / sizeof columns[0] - skip);
    for (size_t i = 0; i < shown; i++)
        put_row(p, c, &c->rows[i]);
    doc_table_end(p->d);
    if (shown < c->row_count)
        doc_paragraph(p->d, "... and %zu more", c->row_count - shown);
    doc_paragraph(p->d, "What follows is of one run: cell %lld, replication %lld.",
                  (long long)p->r->run.cell, (long long)p->r->run.replication);
}

enum err page_replications(const struct page *p, char why[160])
{
    struct cells c;
    enum err err = cells_read(p->r, &c, why);
    if (!err && c.run_count > 1)
        put_cells(p, &c);
    cells_release(&c);
    return err;
}
