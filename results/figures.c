#include "results/figures_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/text.h"
#include "sim/base/xalloc.h"

/* Lines differ in dash as in colour, and areas in brightness, so that grey paper is enough. */

#define GNUPLOT_SECONDS 30

/* All that may come to be, for the look whether a place is free. */
static const char *const names[] = {
    "latency-cdf", "latency-cdf-2", "latency-cdf-3", "latency-cdf-4", "latency-parts", "load",
    "load-queues", "servers",       "crypto-cost",   "keys-alive",    "expiry-cliff",  "sweep",
};
static const char *const suffixes[] = {".csv", ".gp", ".svg"};

/* ---- files ---- */

enum err figures_begin(struct figures *f, const char *name, const char *suffix, char why[160])
{
    f->path = xasprintf("%s/%s%s", f->folder, name, suffix);
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

/* ---- scripts ---- */

void figures_head(struct figures *f, const struct figure *g, int height, int narrow_height)
{
    fprintf(
        f->to,
        "# Draws %s.svg: gnuplot %s.gp\n"
        "if (!exists('page')) page = 0 # 1: for report.html, which has title and legend itself\n"
        "if (!exists('wide')) wide = 960\n"
        "narrow = wide < 600\n"
        "high = (narrow ? %d : %d) - (page ? 60 : 0)\n"
        "if (page) { set terminal svg noenhanced size wide,high font 'Helvetica,14'\n"
        "} else { set terminal svg noenhanced size wide,high font 'Helvetica,15' background "
        "'white'\n"
        "    set output '%s.svg' }\n"
        "set datafile separator comma\n"
        "set border 3 linewidth 1 linecolor '#444444'\n"
        "set tics nomirror out\n"
        "set grid linecolor '#dddddd' linewidth 1 dashtype solid\n",
        g->name, g->name, narrow_height, height, g->name);
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

void figures_layout(struct figures *f, const struct figure *g, int rows, int columns)
{
    char layout[48];
    snprintf(layout, sizeof layout, columns > 1 ? "narrow ? %d : %d, narrow ? %d : %d" : "%d,%d",
             columns > 1 ? rows * columns : rows, columns > 1 ? rows : columns, 1, columns);
    fprintf(f->to,
            "if (page) { set multiplot layout %s\n} else { set multiplot layout %s title '%s: ",
            layout, layout, g->title);
    figures_quoted(f->to, f->r->run.title);
    if (strcmp(f->r->run.status, "done") != 0)
        fputs(" (partial run)", f->to);
    fputs("' }\n", f->to);
}

const char *figures_unit(double ns, double *unit_ns)
{
    static const struct {
        double up_to_s, ns;
        const char *name;
    } units[] = {{300, 1e9, "s"},
                 {3 * 3600, 60e9, "min"},
                 {96 * 3600, 3600e9, "h"},
                 {3 * 365 * 86400.0, 86400e9, "d"},
                 {1e18, 365 * 86400e9, "y"}};
    size_t i = 0;
    while (ns / 1e9 > units[i].up_to_s)
        i++;
    *unit_ns = units[i].ns;
    return units[i].name;
}

/* ---- the list ---- */

struct figure *figures_add(struct figures *f, const char *name, const char *title,
                           const char *caption)
{
    struct figure *g = &f->list->at[f->list->n++];
    *g = (struct figure){.title = title, .caption = caption};
    snprintf(g->name, sizeof g->name, "%s", name);
    return g;
}

void figures_legend(struct figure *g, const char *style, const char *label)
{
    g->marks = xrealloc(g->marks, (g->mark_count + 1) * sizeof *g->marks);
    g->marks[g->mark_count++] = (struct figure_mark){style, xstrdup(label)};
}

void figures_release(struct figure_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        for (size_t k = 0; k < list->at[i].mark_count; k++)
            free(list->at[i].marks[k].label);
        free(list->at[i].marks);
    }
    list->n = 0;
}

/* ---- all of them ---- */

static void choose_axis(struct figures *f)
{
    f->end = f->r->run.end_ns;
    if (f->end <= 0 && f->r->until_ns > 0) /* a run that was killed */
        f->end = f->r->until_ns;
    if (f->end < FIGURES_BINS)
        f->end = FIGURES_BINS;
    f->bin = (f->end + FIGURES_BINS - 1) / FIGURES_BINS;
    f->unit = figures_unit((double)f->end, &f->unit_ns);
}

static enum err check_free(const char *folder, char why[160])
{
    for (size_t i = 0; i < 3 * sizeof names / sizeof names[0]; i++) {
        char *path = xasprintf("%s/%s%s", folder, names[i / 3], suffixes[i % 3]);
        bool there = access(path, F_OK) == 0;
        if (there)
            snprintf(why, 160, "%.120s is there already", path);
        free(path);
        if (there)
            return ERR_EXISTS;
    }
    return OK;
}

/* What an earlier run had, and this one has not, must not be taken for its own. */
static void remove_old(const char *folder)
{
    for (size_t i = 0; i < 3 * sizeof names / sizeof names[0]; i++) {
        char *path = xasprintf("%s/%s%s", folder, names[i / 3], suffixes[i % 3]);
        unlink(path);
        free(path);
    }
}

enum err figures_write(struct reader *r, const struct stats *s, const char *folder, bool force,
                       struct figure_list *out, char why[160])
{
    static enum err (*const all[])(struct figures * f, char why[160]) = {
        figures_latency, figures_parts, figures_load,  figures_servers,
        figures_crypto,  figures_keys,  figures_cliff, figures_sweep};
    struct figures f = {.r = r, .s = s, .folder = folder, .list = out};
    out->n = 0;
    enum err err = force ? OK : check_free(folder, why);
    if (err)
        return err;
    remove_old(folder);
    choose_axis(&f);
    for (size_t i = 0; i < sizeof all / sizeof all[0] && !err; i++)
        err = all[i](&f, why);
    for (size_t i = 0; i < out->n && !err; i++) {
        char script[48];
        snprintf(script, sizeof script, "%s.gp", out->at[i].name);
        err = gnuplot_run(folder, script, GNUPLOT_SECONDS, why);
        out->at[i].drawn = !err;
    }
    return err;
}
