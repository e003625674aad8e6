#include "results/figures_impl.h"

#include <stdlib.h>
#include <string.h>

#include "results/cells.h"
#include "sim/base/xalloc.h"

/* A sweep as small multiples: a row for each procedure, p50 and p99 side by side; along the axis
 * the values of the key that has most of them, a line for each combination of the others. */

#define PANELS 5  /* rows */
#define SERIES 6  /* lines */
#define TICKS  24 /* values along the axis */

struct sweep {
    struct cells c;
    const char *key; /* along the axis */
    const char *ticks[TICKS];
    size_t tick_count;
    char *series[SERIES]; /* what else the cells have */
    size_t series_count;
    const struct cells_row *panels[PANELS]; /* kinds and methods: the first row of each */
    size_t panel_count;
};

static size_t find(const char *const *texts, size_t n, const char *text)
{
    size_t i = 0;
    while (i < n && strcmp(texts[i], text) != 0)
        i++;
    return i;
}

static const char *value_of(const struct cells *c, int64_t cell, const char *key)
{
    for (size_t i = 0; i < c->value_count; i++) {
        if (c->values[i].cell == cell && strcmp(c->values[i].name, key) == 0)
            return c->values[i].value;
    }
    return "";
}

/* The values of a key, by first appearance; how many. */
static size_t ticks_of(const struct cells *c, const char *key, const char *ticks[TICKS])
{
    size_t n = 0;
    for (size_t i = 0; i < c->value_count; i++) {
        const struct cells_value *v = &c->values[i];
        if (strcmp(v->name, key) == 0 && n < TICKS && find(ticks, n, v->value) == n)
            ticks[n++] = v->value;
    }
    return n;
}

/* What a cell has of the other keys; free it. */
static char *others(const struct sweep *s, int64_t cell)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    const char *comma = "";
    for (size_t i = 0; f && i < s->c.value_count; i++) {
        const struct cells_value *v = &s->c.values[i];
        if (v->cell != cell || strcmp(v->name, s->key) == 0)
            continue;
        fprintf(f, "%s%s=%s", comma, cells_short(v->name), v->value);
        comma = ", ";
    }
    if (f)
        fclose(f);
    return text;
}

static void add_panels(struct sweep *s, bool incidents)
{
    for (size_t i = 0; i < s->c.row_count && s->panel_count < PANELS; i++) {
        const struct cells_row *row = &s->c.rows[i];
        if (row->cell == s->c.rows[0].cell && row->p50.n > 0 && row->is_incident == incidents)
            s->panels[s->panel_count++] = row;
    }
}

static void choose(struct sweep *s)
{
    for (size_t i = 0; i < s->c.value_count && s->c.values[i].cell == s->c.values[0].cell; i++) {
        const char *ticks[TICKS];
        size_t n = ticks_of(&s->c, s->c.values[i].name, ticks);
        if (n > s->tick_count) {
            s->key = s->c.values[i].name;
            s->tick_count = n;
            memcpy(s->ticks, ticks, sizeof ticks);
        }
    }
    for (size_t i = 0; s->key && i < s->c.cell_count && s->series_count < SERIES; i++) {
        char *name = others(s, s->c.cells[i]);
        size_t n = s->series_count;
        if (find((const char *const *)s->series, n, name) == n)
            s->series[s->series_count++] = name;
        else
            free(name);
    }
    add_panels(s, true); /* what an experiment with incidents is made for */
    add_panels(s, false);
}

static void put_point(struct figures *f, const char *tick, size_t at, const struct interval *i)
{
    double low = interval_is_bounded(i) ? i->low : i->mean;
    double high = interval_is_bounded(i) ? i->high : i->mean;
    figures_name(f->to, tick);
    fprintf(f->to, ",%zu,%.9g,%.9g,%.9g\n", at, i->mean / 1e9, (low > 0 ? low : 0) / 1e9,
            high / 1e9);
}

/* One line of one panel: a block. */
static void put_block(struct figures *f, const struct sweep *s, size_t panel, bool p99,
                      size_t series)
{
    size_t points = 0;
    for (size_t i = 0; i < s->c.row_count; i++) {
        const struct cells_row *row = &s->c.rows[i];
        const struct interval *v = p99 ? &row->p99 : &row->p50;
        const struct cells_row *of = s->panels[panel];
        if (v->n == 0 || strcmp(row->kind, of->kind) != 0 || strcmp(row->method, of->method) != 0)
            continue;
        char *name = others(s, row->cell);
        const char *tick = value_of(&s->c, row->cell, s->key);
        size_t at = find(s->ticks, s->tick_count, tick);
        if (strcmp(name, s->series[series]) == 0 && at < s->tick_count) {
            put_point(f, tick, at, v);
            points++;
        }
        free(name);
    }
    if (points == 0) /* a block there must be: they are counted */
        fputs("none,NaN,NaN,NaN,NaN\n", f->to);
    fputs("\n\n", f->to);
}

static enum err write_data(struct figures *f, const struct sweep *s, char why[160])
{
    enum err err = figures_begin(f, "sweep", ".csv", why);
    if (err)
        return err;
    fputs("# value of ", f->to);
    figures_name(f->to, s->key);
    fputs(",its place,mean_s,low_s,high_s (95 % over replications)\n", f->to);
    for (size_t panel = 0; panel < s->panel_count; panel++) {
        for (int p99 = 0; p99 < 2; p99++) {
            for (size_t k = 0; k < s->series_count; k++)
                put_block(f, s, panel, p99 != 0, k);
        }
    }
    return figures_end(f, why);
}

static void put_panel(struct figures *f, const struct sweep *s, size_t panel, bool p99)
{
    size_t index = (2 * panel + p99) * s->series_count;
    fputs("set title '", f->to);
    figures_quoted(f->to, s->panels[panel]->kind);
    fputc(' ', f->to);
    figures_quoted(f->to, s->panels[panel]->method);
    fprintf(f->to, ", %s' offset 0,-0.5\nplot", p99 ? "p99" : "p50");
    for (size_t k = 0; k < s->series_count; k++) {
        /* Side by side by a hair, so that bars do not hide each other. */
        double shift = 0.06 * ((double)k - (double)(s->series_count - 1) / 2);
        fprintf(
            f->to,
            "%s 'sweep.csv' index %zu using ($2 + %.3g):3 with lines linetype %zu notitle, "
            "\\\n     '' index %zu using ($2 + %.3g):3:4:5 with yerrorbars linetype %zu dashtype "
            "solid linewidth 1.6 pointtype 7 pointsize 0.5 notitle",
            k ? ", \\\n    " : "", index + k, shift, k + 1, index + k, shift, k + 1);
    }
    fputc('\n', f->to);
}

static enum err write_script(struct figures *f, struct figure *g, const struct sweep *s,
                             char why[160])
{
    enum err err = figures_begin(f, "sweep", ".gp", why);
    if (err)
        return err;
    int rows = (int)s->panel_count;
    figures_head(f, g, 110 + 270 * rows, 110 + 500 * rows);
    figures_layout(f, g, rows, 2);
    fputs("set lmargin 13\nset rmargin 2\nset yrange [0:*]\nset ylabel 'latency (s)'\nunset key\n"
          "set offsets 0,0,graph 0.06,0\nset xlabel '",
          f->to);
    figures_quoted(f->to, s->key);
    fprintf(f->to, "'\nset xrange [-0.4:%zu.4]\nset xtics (", s->tick_count - 1);
    for (size_t i = 0; i < s->tick_count; i++) {
        fputs(i ? ", '" : "'", f->to);
        figures_quoted(f->to, s->ticks[i]);
        fprintf(f->to, "' %zu", i);
    }
    fputs(")\n", f->to);
    for (size_t panel = 0; panel < s->panel_count; panel++) {
        put_panel(f, s, panel, false);
        put_panel(f, s, panel, true);
    }
    fputs("unset multiplot\n", f->to);
    return figures_end(f, why);
}

static enum err write_figure(struct figures *f, const struct sweep *s, char why[160])
{
    static const char *const styles[SERIES] = {"l1", "l2", "l3", "l4", "l5", "l6"};
    struct figure *g =
        figures_add(f, "sweep", "What the swept keys do",
                    "Left the median, right the 99th percentile of each procedure; bars are 95 % "
                    "intervals over "
                    "the replications. The values stand in the order of the sweep, not to scale.");
    for (size_t k = 0; k < s->series_count; k++)
        figures_legend(g, styles[k], *s->series[k] ? s->series[k] : cells_short(s->key));
    enum err err = write_data(f, s, why);
    return err ? err : write_script(f, g, s, why);
}

enum err figures_sweep(struct figures *f, char why[160])
{
    struct sweep *s = xcalloc(1, sizeof *s);
    enum err err = cells_read(f->r, &s->c, why);
    if (!err)
        choose(s);
    if (!err && s->tick_count > 1 && s->panel_count > 0)
        err = write_figure(f, s, why);
    for (size_t i = 0; i < s->series_count; i++)
        free(s->series[i]);
    cells_release(&s->c);
    free(s);
    return err;
}
