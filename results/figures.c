#include "results/figures_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/text.h"
#include "sim/base/xalloc.h"

/* Each figure: data as .csv, a .gp script that can be changed and run again, and the .svg it makes.
 * Lines differ in dash as in colour, and areas in brightness, so that grey paper is enough. */

#define POINTS          400 /* of a curve; more is not seen */
#define GNUPLOT_SECONDS 30

static const char *const outputs[] = {
    "latency-cdf.csv",  "latency-cdf.gp",    "latency-cdf.svg", "latency-parts.csv",
    "latency-parts.gp", "latency-parts.svg", "load.csv",        "load-queues.csv",
    "load.gp",          "load.svg",          "keys-alive.csv",  "keys-alive.gp",
    "keys-alive.svg",
};

/* ---- files ---- */

enum err figures_begin(struct figures *f, const char *name, char why[160])
{
    f->path = xasprintf("%s/%s", f->folder, name);
    f->to = fopen(f->path, "we");
    if (f->to)
        return OK;
    snprintf(why, 160, "cannot write %.100s: %s", f->path, strerror(errno));
    enum err err = errno == ENOSPC ? ERR_DISK_FULL : errno == EACCES ? ERR_READ_ONLY : ERR_IO;
    free(f->path);
    return err;
}

enum err figures_end(struct figures *f, char why[160])
{
    bool failed = ferror(f->to) != 0;
    failed = fclose(f->to) != 0 || failed;
    enum err err = OK;
    if (failed) {
        err = errno == ENOSPC ? ERR_DISK_FULL : ERR_IO;
        snprintf(why, 160, "cannot write %.100s: %s", f->path, strerror(errno));
        unlink(f->path);
    }
    free(f->path);
    f->to = NULL;
    return err;
}

static void put_without(FILE *to, const char *s, const char *forbidden)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        fputc(c < 0x20 || c == 0x7f || strchr(forbidden, c) ? '_' : c, to);
    }
}

void figures_name(FILE *to, const char *s)
{
    put_without(to, s, "\",#");
}

void figures_quoted(FILE *to, const char *s)
{
    put_without(to, s, "'\"\\`@$");
}

void figures_head(struct figures *f, const char *name, int height)
{
    fprintf(f->to,
            "# Draws %s.svg: gnuplot %s.gp\n"
            "set terminal svg noenhanced size 960,%d font 'Helvetica,15' background 'white'\n"
            "set output '%s.svg'\n"
            "set datafile separator comma\n"
            "set border 3 linewidth 1 linecolor '#444444'\n"
            "set tics nomirror out\n"
            "set grid linecolor '#dddddd' linewidth 1 dashtype solid\n",
            name, name, height, name);
    /* Okabe and Ito's colours, told apart by most eyes; each with a dash of its own. */
    static const char *const styles[FIGURES_CURVES] = {
        "'#000000' dashtype solid", "'#0072b2' dashtype (14,5)",
        "'#d55e00' dashtype (4,4)", "'#009e73' dashtype (14,4,3,4)",
        "'#cc79a7' dashtype solid", "'#e69f00' dashtype (20,8)",
        "'#56b4e9' dashtype (2,3)", "'#777777' dashtype (14,4,3,4,3,4)",
        "'#8b5a2b' dashtype (8,3)"};
    for (int i = 0; i < FIGURES_CURVES; i++)
        fprintf(f->to, "set linetype %d linewidth 2.2 linecolor %s\n", i + 1, styles[i]);
}

void figures_title(struct figures *f, const char *title, int rows)
{
    fprintf(f->to, "set multiplot layout %d,1 title '%s: ", rows, title);
    figures_quoted(f->to, f->r->run.title);
    if (strcmp(f->r->run.status, "done") != 0)
        fputs(" (partial run)", f->to);
    fputs("'\n", f->to);
}

/* ---- latencies ---- */

static void put_cdf_block(struct figures *f, const struct stats_group *g)
{
    size_t step = g->success / POINTS + 1;
    for (size_t i = 0; i < g->success;
         i = i + step < g->success || i == g->success - 1 ? i + step : g->success - 1) {
        figures_name(f->to, g->kind);
        fputc(',', f->to);
        figures_name(f->to, g->method);
        fprintf(f->to, ",%.9g,%.6f\n", (double)g->latency[i] / 1e9,
                (double)(i + 1) / (double)g->success);
    }
    fputs("\n\n", f->to);
}

static size_t with_success(const struct stats *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->group_count; i++)
        n += s->groups[i].success > 0;
    return n < FIGURES_CURVES ? n : FIGURES_CURVES;
}

/* From the shortest to the longest, with 1, 2 and 5 of each decade named where there is room. */
static void put_latency_axis(struct figures *f)
{
    sim_ns low = SIM_NEVER, high = 1;
    for (size_t i = 0; i < f->s->group_count; i++) {
        const struct stats_group *g = &f->s->groups[i];
        if (!g->success)
            continue;
        low = sim_ns_min(low, stats_quantile(g, 0));
        high = g->latency[g->success - 1] > high ? g->latency[g->success - 1] : high;
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
        for (size_t i = 0; i < (to / from < 20000 ? 3 : 1); i++) {
            double at = decade * digits[i];
            if (at < from || at > to)
                continue;
            fprintf(f->to, "%s'%g' %g", comma, at, at);
            comma = ", ";
        }
    }
    fputs(")\n", f->to);
}

static enum err write_cdf(struct figures *f, char why[160])
{
    enum err err = figures_begin(f, "latency-cdf.csv", why);
    if (err)
        return err;
    fputs("# kind,method,latency_s,share\n", f->to);
    for (size_t i = 0, n = 0; i < f->s->group_count && n < FIGURES_CURVES; i++) {
        if (f->s->groups[i].success) {
            put_cdf_block(f, &f->s->groups[i]);
            n++;
        }
    }
    err = figures_end(f, why);
    if (!err)
        err = figures_begin(f, "latency-cdf.gp", why);
    if (err)
        return err;
    figures_head(f, "latency-cdf", 560);
    figures_title(f, "Latency by procedure", 1);
    put_latency_axis(f);
    fputs("set ylabel 'share of the successful'\nset yrange [0:1.02]\n"
          "set key above center horizontal samplen 4 width 2 maxrows 4\nplot",
          f->to);
    for (size_t i = 0, n = 0; i < f->s->group_count && n < FIGURES_CURVES; i++) {
        const struct stats_group *g = &f->s->groups[i];
        if (!g->success)
            continue;
        fprintf(f->to, "%s 'latency-cdf.csv' index %zu using 3:4 with steps title '",
                n ? ", \\\n    " : "", n);
        figures_quoted(f->to, g->kind);
        fputc(' ', f->to);
        figures_quoted(f->to, g->method);
        fputc('\'', f->to);
        n++;
    }
    fputs("\nunset multiplot\n", f->to);
    return figures_end(f, why);
}

static enum err write_parts_data(struct figures *f, char why[160])
{
    enum err err = figures_begin(f, "latency-parts.csv", why);
    if (err)
        return err;
    fputs("# kind method,mean,mean_s", f->to);
    for (int k = 0; k < STATS_PARTS; k++)
        fprintf(f->to, ",%s_s", stats_part_names[k]);
    fputc('\n', f->to);
    for (size_t i = 0; i < f->s->group_count; i++) {
        const struct stats_group *g = &f->s->groups[i];
        char mean[32];
        if (!g->success)
            continue;
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

static enum err write_parts(struct figures *f, char why[160])
{
    /* Brightness grows from part to part: told apart without colour. */
    static const char *const fills[STATS_PARTS] = {"#3b0f52", "#443983", "#31688e", "#21918c",
                                                   "#4fc26b", "#a6db35", "#fbe96a"};
    size_t bars = 0;
    for (size_t i = 0; i < f->s->group_count; i++)
        bars += f->s->groups[i].success > 0;
    enum err err = write_parts_data(f, why);
    if (!err)
        err = figures_begin(f, "latency-parts.gp", why);
    if (err)
        return err;
    figures_head(f, "latency-parts", 200 + 46 * (int)(bars < 40 ? bars : 40));
    figures_title(f, "Where the time went", 1);
    fprintf(f->to,
            "set xlabel 'share of the mean latency, which stands in brackets (%%)'\n"
            "set xrange [0:100]\nset yrange [%zu.5:-0.5]\n"
            "unset grid\nset grid xtics linecolor '#dddddd' linewidth 1 dashtype solid\n"
            "set ytics scale 0\nset rmargin 4\n"
            "label(name, mean) = name . ' (' . mean . ')'\n"
            "set key above center horizontal width 1 maxrows 2\n"
            "share(c) = column(3) > 0 ? 100 * column(c) / column(3) : 0\n"
            "from(c) = c > 4 ? (sum [k=4:c-1] share(k)) : 0\nplot",
            bars - 1);
    for (int k = 0; k < STATS_PARTS; k++)
        fprintf(
            f->to,
            "%s 'latency-parts.csv' using (0):0:(from(%d)):(from(%d) + share(%d)):($0 - "
            "0.36):($0 + 0.36):ytic(label(strcol(1), strcol(2))) \\\n        with boxxyerror "
            "fillstyle solid 1 border rgb 'white' fillcolor rgb '%s' linewidth 1 dashtype solid "
            "title '%s'",
            k ? ", \\\n    " : "", k + 4, k + 4, k + 4, fills[k], stats_part_labels[k]);
    fputs("\nunset multiplot\n", f->to);
    return figures_end(f, why);
}

/* ---- all of them ---- */

static void choose_axis(struct figures *f)
{
    static const struct {
        double up_to_s, ns;
        const char *name;
    } units[] = {
        {300, 1e9, "s"}, {3 * 3600, 60e9, "min"}, {96 * 3600, 3600e9, "h"}, {1e18, 86400e9, "d"}};
    f->end = f->r->run.end_ns;
    if (f->end <= 0 && f->r->until_ns > 0) /* a run that was killed */
        f->end = f->r->until_ns;
    if (f->end < FIGURES_BINS)
        f->end = FIGURES_BINS;
    f->bin = (f->end + FIGURES_BINS - 1) / FIGURES_BINS;
    size_t i = 0;
    while ((double)f->end / 1e9 > units[i].up_to_s)
        i++;
    f->unit = units[i].name;
    f->unit_ns = units[i].ns;
}

static enum err check_free(const char *folder, char why[160])
{
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        char *path = xasprintf("%s/%s", folder, outputs[i]);
        bool there = access(path, F_OK) == 0;
        if (there)
            snprintf(why, 160, "%.120s is there already", path);
        free(path);
        if (there)
            return ERR_EXISTS;
    }
    return OK;
}

static enum err draw(struct figures *f, const char *script, char why[160])
{
    return gnuplot_run(f->folder, script, GNUPLOT_SECONDS, why);
}

enum err figures_write(struct reader *r, const struct stats *s, const char *folder, bool force,
                       char why[160])
{
    struct figures f = {.r = r, .s = s, .folder = folder};
    bool latencies = with_success(s) > 0, load = s->group_count > 0, keys = s->key_count > 0;
    enum err err = force ? OK : check_free(folder, why);
    choose_axis(&f);
    if (!err && latencies)
        err = write_cdf(&f, why);
    if (!err && latencies)
        err = write_parts(&f, why);
    if (!err && load)
        err = figures_load(&f, why);
    if (!err && keys)
        err = figures_keys(&f, why);
    if (!err && latencies)
        err = draw(&f, "latency-cdf.gp", why);
    if (!err && latencies)
        err = draw(&f, "latency-parts.gp", why);
    if (!err && load)
        err = draw(&f, "load.gp", why);
    if (!err && keys)
        err = draw(&f, "keys-alive.gp", why);
    return err;
}
