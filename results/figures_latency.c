#include "results/figures_impl.h"

#include <string.h>

#include "results/text.h"

/* How long procedures took, and in what. */

#define POINTS  300   /* of a curve; more is not seen */
#define NOTHING 1e-12 /* what a logarithmic axis has for 0; below its lower end */
#define TAIL    100   /* the slowest, all of them: what the tail is made of */

static size_t next_point(const struct stats_group *g, size_t i)
{
    size_t step = g->success / POINTS + 1, next = i + step;
    if (i + 1 >= g->success || i + TAIL >= g->success)
        return i + 1;
    return next + TAIL > g->success ? g->success - TAIL : next;
}

static void put_point(struct figures *f, const struct stats_group *g, sim_ns t, double ended,
                      double slower)
{
    figures_name(f->to, g->kind);
    fputc(',', f->to);
    figures_name(f->to, g->method);
    fprintf(f->to, ",%.9g,%.6f,%.6g\n", (double)t / 1e9, ended, slower);
}

/* From the first's share of 0 to the last's: of one procedure too there is a line to see. */
static void put_block(struct figures *f, const struct stats_group *g)
{
    double n = (double)g->success;
    put_point(f, g, g->latency[0], 0, 1);
    for (size_t i = 0; i < g->success; i = next_point(g, i))
        put_point(f, g, g->latency[i], (double)(i + 1) / n, (double)(g->success - i) / n);
    put_point(f, g, g->latency[g->success - 1], 1, NOTHING);
    fputs("\n\n", f->to);
}

/* From the shortest to the longest, with 1, 2 and 5 of each decade named where there is room. */
static void put_axis(struct figures *f, const struct stats_group *g, size_t n)
{
    sim_ns low = SIM_NEVER, high = 1;
    for (size_t i = 0; i < n; i++) {
        if (!g[i].success)
            continue;
        low = sim_ns_min(low, g[i].latency[0]);
        high = g[i].latency[g[i].success - 1] > high ? g[i].latency[g[i].success - 1] : high;
    }
    low = low < 1 ? 1 : low; /* a logarithm has no 0 */
    double from = (double)low / 1.1e9, to = (double)high * 1.1 / 1e9, decade = 1e-9;
    fprintf(f->to,
            "set logscale x\nset xrange [%.3g:%.3g]\n"
            "set xlabel 'latency, intended start to end (s)'\nset xtics (",
            from, to);
    while (decade * 10 <= from)
        decade *= 10;
    const char *comma = "";
    for (; decade < to; decade *= 10) {
        static const int digits[] = {1, 2, 5};
        for (size_t i = 0; i < (to / from < 200 ? 3 : 1); i++) {
            double at = decade * digits[i];
            if (at < from || at > to)
                continue;
            fprintf(f->to, "%s'%g' %g", comma, at, at);
            comma = ", ";
        }
    }
    fputs(")\n", f->to);
}

static void put_curves(struct figures *f, const struct figure *g, int column)
{
    fputs("plot", f->to);
    for (size_t i = 0; i < g->mark_count; i++) {
        fprintf(f->to, "%s '%s.csv' index %zu using 3:%d with steps linetype %zu title '",
                i ? ", \\\n    " : "", g->name, i, column, i + 1);
        figures_quoted(f->to, g->marks[i].label);
        fputc('\'', f->to);
    }
    fputc('\n', f->to);
}

/* The groups from `g` on, FIGURES_CURVES at most. */
/* The lower end of the tail's axis: half of what one procedure is of the largest group. */
static double lowest(const struct stats_group *g, size_t n)
{
    uint64_t most = 1;
    for (size_t i = 0; i < n; i++)
        most = g[i].success > most ? g[i].success : most;
    return 0.5 / (double)most;
}

static enum err write_cdf(struct figures *f, const char *name, const struct stats_group *groups,
                          size_t n, char why[160])
{
    static const char *const styles[FIGURES_CURVES] = {"l1", "l2", "l3", "l4", "l5",
                                                       "l6", "l7", "l8", "l9"};
    struct figure *g = figures_add(
        f, name,
        strcmp(name, "latency-cdf") == 0 ? "Latency by procedure"
                                         : "Latency by procedure, continued",
        "Left: the share of the successful that had ended after so long. Right: the share that "
        "took at least so long, on a logarithmic axis, where the tail is seen: each step down "
        "is one procedure at the end.");
    enum err err = figures_begin(f, name, ".csv", why);
    if (err)
        return err;
    fputs("# kind,method,latency_s,share_ended,share_slower\n", f->to);
    for (size_t i = 0; i < n; i++) {
        char label[160];
        if (!groups[i].success)
            continue;
        put_block(f, &groups[i]);
        snprintf(label, sizeof label, "%s %s", groups[i].kind, groups[i].method);
        figures_legend(g, styles[g->mark_count], label);
    }
    err = figures_end(f, why);
    if (!err)
        err = figures_begin(f, name, ".gp", why);
    if (err)
        return err;
    figures_head(f, g, 500, 760);
    figures_layout(f, g, 1, 2);
    fputs("set lmargin 9\nset rmargin 3\n", f->to);
    put_axis(f, groups, n);
    fputs("set ylabel 'share ended'\nset yrange [0:1.02]\n"
          "if (page) { unset key } else { set key bottom right samplen 3 width 1 opaque }\n",
          f->to);
    put_curves(f, g, 4);
    fputs("unset key\nset lmargin 11\nset logscale y\nset ylabel 'share at least as slow'\n"
          "set format y '%g'\n",
          f->to);
    fprintf(f->to, "set yrange [%.3g:1.2]\n", lowest(groups, n));
    put_curves(f, g, 5);
    fputs("unset multiplot\n", f->to);
    return figures_end(f, why);
}

/* Kinds stay together; a new figure begins when the next kind would not fit. */
enum err figures_latency(struct figures *f, char why[160])
{
    static const char *const names[] = {"latency-cdf", "latency-cdf-2", "latency-cdf-3",
                                        "latency-cdf-4"};
    const struct stats_group *g = f->s->groups;
    size_t n = f->s->group_count, from = 0, figure = 0;
    enum err err = OK;
    while (from < n && figure < sizeof names / sizeof names[0] && !err) {
        size_t to = from, curves = 0;
        while (to < n) {
            size_t end = to, more = 0;
            while (end < n && strcmp(g[end].kind, g[to].kind) == 0)
                more += g[end++].success > 0;
            if (curves > 0 && curves + more > FIGURES_CURVES)
                break;
            while (more > FIGURES_CURVES)
                more -= g[--end].success > 0;
            to = end;
            curves += more;
        }
        if (curves > 0)
            err = write_cdf(f, names[figure++], g + from, to - from, why);
        from = to;
    }
    return err;
}

static enum err write_parts_data(struct figures *f, char why[160])
{
    enum err err = figures_begin(f, "latency-parts", ".csv", why);
    if (err)
        return err;
    fputs("# kind method,mean,mean_s", f->to);
    for (int k = 0; k < STATS_PARTS; k++)
        fprintf(f->to, ",%s_s", stats_part_names[k]);
    fputc('\n', f->to);
    size_t bars = 0;
    for (size_t i = 0; i < f->s->group_count && bars < FIGURES_BARS; i++) {
        const struct stats_group *g = &f->s->groups[i];
        char mean[32];
        if (!g->success)
            continue;
        bars++;
        figures_name(f->to, g->kind);
        fputc(' ', f->to);
        figures_name(f->to, g->method);
        fprintf(f->to, ",%s,%.9g", text_time(g->mean_ns, mean), g->mean_ns / 1e9);
        for (int k = 0; k < STATS_PARTS; k++)
            fprintf(f->to, ",%.9g", g->parts_ns[k] / 1e9);
        fputc('\n', f->to);
    }
    return figures_end(f, why);
}

static void put_parts_plot(struct figures *f, size_t bars)
{
    /* Brightness grows from part to part: told apart without colour. */
    static const char *const fills[STATS_PARTS] = {"#3b0f52", "#443983", "#31688e", "#21918c",
                                                   "#4fc26b", "#a6db35", "#fbe96a"};
    fprintf(f->to,
            "set xlabel 'share of the mean latency (%%)'\n"
            "set xrange [0:100]\nset yrange [%zu.55:-0.75]\n"
            "unset grid\nset grid xtics linecolor '#dddddd' linewidth 1 dashtype solid\n"
            "unset ytics\nset border 1\nset lmargin 3\nset rmargin 4\n"
            "if (page) { unset key } else { set key above center horizontal width 1 maxrows 2 }\n"
            "share(c) = column(3) > 0 ? 100 * column(c) / column(3) : 0\n"
            "from(c) = c > 4 ? (sum [k=4:c-1] share(k)) : 0\nplot",
            bars - 1);
    for (int k = 0; k < STATS_PARTS; k++)
        fprintf(f->to,
                "%s 'latency-parts.csv' using (0):0:(from(%d)):(from(%d) + share(%d)):($0 - "
                "0.12):($0 + 0.4) \\\n        with boxxyerror "
                "fillstyle solid 1 border rgb 'white' fillcolor rgb '%s' linewidth 1 dashtype "
                "solid title '%s'",
                k ? ", \\\n    " : "", k + 4, k + 4, k + 4, fills[k], stats_part_labels[k]);
    fputs(
        ", \\\n     '' using (0):($0 - 0.34):(strcol(1) . ', mean ' . strcol(2)) with labels left "
        "textcolor rgb '#444444' notitle\n",
        f->to);
}

enum err figures_parts(struct figures *f, char why[160])
{
    static const char *const styles[STATS_PARTS] = {"p0", "p1", "p2", "p3", "p4", "p5", "p6"};
    size_t bars = 0;
    for (size_t i = 0; i < f->s->group_count; i++)
        bars += f->s->groups[i].success > 0;
    bars = bars < FIGURES_BARS ? bars : FIGURES_BARS;
    if (bars == 0)
        return OK;
    struct figure *g =
        figures_add(f, "latency-parts", "Where the time went",
                    "The mean latency of the successful, split into its parts. The parts of each "
                    "procedure sum to its latency exactly.");
    for (int k = 0; k < STATS_PARTS; k++)
        figures_legend(g, styles[k], stats_part_labels[k]);
    enum err err = write_parts_data(f, why);
    if (!err)
        err = figures_begin(f, "latency-parts", ".gp", why);
    if (err)
        return err;
    int height = 190 + 50 * (int)bars;
    figures_head(f, g, height, height);
    figures_layout(f, g, 1, 1);
    put_parts_plot(f, bars);
    fputs("unset multiplot\n", f->to);
    return figures_end(f, why);
}
