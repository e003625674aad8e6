/* What the figures share: an open file, names in it, axes. Private to results/. */
#ifndef RESULTS_FIGURES_IMPL_H
#define RESULTS_FIGURES_IMPL_H

#include "results/figures.h"
#include "results/report_impl.h"

#define FIGURES_BINS   240 /* of the time axis */
#define FIGURES_CURVES 9   /* most in one plot */
#define FIGURES_BARS   40  /* most in one plot */

struct figures {
    struct reader *r;
    const struct stats *s;
    const char *folder;
    const char *unit; /* of the time axis */
    double unit_ns;
    sim_ns bin, end;
    FILE *to; /* the file that is being written */
    char *path;
    struct figure_list *list; /* those that have data */
};

/* One more of the list: its three files are to be made. The texts are borrowed. */
struct figure *figures_add(struct figures *f, const char *name, const char *title,
                           const char *caption);
void figures_legend(struct figure *g, const char *style, const char *label);
/* "<name><suffix>" of the folder into f->to; figures_end closes it, or takes it away when writing
 * failed. */
enum err figures_begin(struct figures *f, const char *name, const char *suffix,
                       char why[160]) MUST_USE;
enum err figures_end(struct figures *f, char why[160]) MUST_USE;
/* A name between commas. */
void figures_name(FILE *to, const char *s);
/* A name inside gnuplot's single quotes: what could end them, or mean something else to it. */
void figures_quoted(FILE *to, const char *s);
/* The head of a script: terminal, output, line styles. Whoever runs it may set `page` (no title, no
 * key, no background, to stdout) and `wide` (pixels; `narrow` follows). */
void figures_head(struct figures *f, const struct figure *g, int height, int narrow_height);
/* Begins a multiplot: only so does the key stand below the title. */
void figures_layout(struct figures *f, const struct figure *g, int rows, int columns);
/* The unit in which `ns` is a number that people read: s, min, h, d or y. */
const char *figures_unit(double ns, double *unit_ns);

enum err figures_latency(struct figures *f, char why[160]) MUST_USE;
enum err figures_parts(struct figures *f, char why[160]) MUST_USE;
enum err figures_load(struct figures *f, char why[160]) MUST_USE;
enum err figures_keys(struct figures *f, char why[160]) MUST_USE;
enum err figures_cliff(struct figures *f, char why[160]) MUST_USE;
enum err figures_servers(struct figures *f, char why[160]) MUST_USE;
enum err figures_sweep(struct figures *f, char why[160]) MUST_USE;
enum err figures_crypto(struct figures *f, char why[160]) MUST_USE;

#endif
