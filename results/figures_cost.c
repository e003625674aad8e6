#include "results/figures_impl.h"

#include <string.h>

#include "results/text.h"

/* What is busy: servers, and the operations that make processors so. */

#define PER_SIDE 8  /* operations */
#define MOST     20 /* servers */

/* ---- servers ---- */

static size_t known_servers(const struct stats *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->server_count; i++)
        n += s->servers[i].workers > 0;
    return n < MOST ? n : MOST;
}

static enum err write_servers_data(struct figures *f, char why[160])
{
    enum err err = figures_begin(f, "servers", ".csv", why);
    if (err)
        return err;
    fputs("# server,workers,busy_mean,busy_peak (shares of the workers),the same in words\n",
          f->to);
    for (size_t i = 0, n = 0; i < f->s->server_count && n < MOST; i++) {
        const struct stats_server *v = &f->s->servers[f->s->by_load[i]];
        if (v->workers <= 0)
            continue;
        n++;
        figures_name(f->to, v->name);
        char mean[32], peak[32];
        fprintf(f->to, ",%g,%.6g,%.6g,%s,%s\n", v->workers, v->busy_mean / v->workers,
                v->busy_peak / v->workers, text_percent(v->busy_mean / v->workers, mean),
                text_percent(v->busy_peak / v->workers, peak));
    }
    return figures_end(f, why);
}

/* To 100 %, unless all are so idle that nothing would be seen. In percent. */
static double axis_end(const struct stats *s)
{
    const struct stats_server *v = &s->servers[s->by_load[0]];
    double peak = 100 * v->busy_peak / v->workers, end = 100;
    for (int i = 0; peak > 0 && end / 2.5 > peak; i++)
        end /= i % 3 == 1 ? 2.5 : 2;
    return end;
}

enum err figures_servers(struct figures *f, char why[160])
{
    size_t n = known_servers(f->s);
    if (n == 0)
        return OK;
    struct figure *g =
        figures_add(f, "servers", "Who saturates first",
                    "How much of its workers each server used: on average over the run, and in its "
                    "busiest sample. The uppermost would saturate first.");
    enum err err = write_servers_data(f, why);
    if (!err)
        err = figures_begin(f, "servers", ".gp", why);
    if (err)
        return err;
    figures_legend(g, "p2", "mean of the run");
    figures_legend(g, "area", "busiest sample");
    int height = 170 + 50 * (int)n;
    figures_head(f, g, height, height);
    figures_layout(f, g, 1, 1);
    fprintf(
        f->to,
        "set xlabel 'share of the workers (%%)'\nset xrange [0:%.9g]\nset yrange [%zu.55:-0.75]\n"
        "unset grid\nset grid xtics linecolor '#dddddd' linewidth 1 dashtype solid\n"
        "unset ytics\nset border 1\nset lmargin 3\nset rmargin 4\n"
        "if (page) { unset key } else { set key above center horizontal width 1 }\n"
        "most(x) = x > 100 ? 100 : x\n"
        "said(name, n, mean, peak) = narrow ? name . ': ' . mean . ', ' . peak : \\\n"
        "    name . ' (' . n . (n eq '1' ? ' worker' : ' workers') . '): mean ' . mean . ', peak ' "
        ". "
        "peak\n"
        "plot 'servers.csv' using (0):0:(0):(most(100 * $4)):($0 - 0.12):($0 + 0.4) with "
        "boxxyerror fillstyle solid 1 border rgb '#444444' linetype 1 linewidth 1 dashtype solid "
        "fillcolor rgb '#c9d9e8' title "
        "'busiest sample', \\\n"
        "     '' using (0):0:(0):(most(100 * $3)):($0 + 0.02):($0 + 0.26) with boxxyerror "
        "fillstyle solid 1 border rgb '#444444' linetype 1 linewidth 1 dashtype solid fillcolor "
        "rgb '#31688e' title 'mean of the "
        "run', \\\n"
        "     '' using (0):($0 - 0.34):(said(strcol(1), strcol(2), strcol(5), strcol(6))) with "
        "labels left textcolor rgb '#444444' notitle\n"
        "unset multiplot\n",
        axis_end(f->s), n - 1);
    return figures_end(f, why);
}

/* ---- operations ---- */

static const char *const sides[] = {"device", "server"};

/* The costliest of a side; returns how many. */
static size_t put_side(struct figures *f, const char *side)
{
    size_t n = 0;
    for (size_t i = 0; i < f->s->operation_count && n < PER_SIDE; i++) {
        const struct stats_operation *o = &f->s->operations[i];
        char count[32], time[32], *comma;
        if (strcmp(o->role, side) != 0 || o->ns <= 0)
            continue;
        text_count(o->calls, count);
        while ((comma = strchr(count, ',')))
            *comma = ' '; /* the comma separates columns */
        figures_name(f->to, side);
        fputc(',', f->to);
        figures_name(f->to, o->operation);
        fputc(' ', f->to);
        figures_name(f->to, o->algorithm);
        fprintf(f->to, ",%s call%s,%s,%.6g\n", count, o->calls == 1 ? "" : "s",
                text_time(o->ns, time), o->share);
        n++;
    }
    if (n)
        fputs("\n\n", f->to);
    return n;
}

static void put_operations(struct figures *f, const char *side, size_t index, size_t n)
{
    fprintf(
        f->to,
        "set title '%s side' offset 0,-0.5\n"
        "set xlabel 'share of the processor time of this side (%%)'\n"
        "set yrange [%zu.55:-0.75]\n"
        "plot 'crypto-cost.csv' index %zu using (0):0:(0):(100 * $5):($0 - 0.12):($0 + 0.4) "
        "with boxxyerror fillstyle solid 1 border rgb '#444444' linetype 1 linewidth 1 dashtype "
        "solid fillcolor rgb '%s' notitle, "
        "\\\n     '' index %zu using (0):($0 - 0.34):(sprintf('%%s: %%s, %%s, %%.1f %%%%', "
        "strcol(2), strcol(4), strcol(3), 100 * $5)) with labels left textcolor rgb '#444444' "
        "notitle\n",
        side, n - 1, index, index ? "#c9d9e8" : "#31688e", index);
}

enum err figures_crypto(struct figures *f, char why[160])
{
    size_t n[2];
    if (f->s->operation_count == 0)
        return OK;
    enum err err = figures_begin(f, "crypto-cost", ".csv", why);
    if (err)
        return err;
    fputs("# side,operation,calls,time,share\n", f->to);
    for (size_t i = 0; i < 2; i++)
        n[i] = put_side(f, sides[i]);
    err = figures_end(f, why);
    if (err || n[0] + n[1] == 0)
        return err;
    struct figure *g =
        figures_add(f, "crypto-cost", "Processor time by operation",
                    "The costliest operations of all devices together, and of all servers "
                    "together, as priced by the cost profile.");
    err = figures_begin(f, "crypto-cost", ".gp", why);
    if (err)
        return err;
    int panels = (n[0] > 0) + (n[1] > 0), most = (int)(n[0] > n[1] ? n[0] : n[1]);
    int height = 80 + panels * (90 + 46 * most);
    figures_head(f, g, height, height);
    figures_layout(f, g, panels, 1);
    fputs("set xrange [0:100]\nunset grid\n"
          "set grid xtics linecolor '#dddddd' linewidth 1 dashtype solid\n"
          "unset ytics\nset border 1\nset lmargin 3\nset rmargin 4\nunset key\n",
          f->to);
    for (size_t i = 0, index = 0; i < 2; i++) {
        if (n[i])
            put_operations(f, sides[i], index++, n[i]);
    }
    fputs("unset multiplot\n", f->to);
    return figures_end(f, why);
}
