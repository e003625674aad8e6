/* What the figures share: an open file, names in it, axes. Private to results/. */
#ifndef RESULTS_FIGURES_IMPL_H
#define RESULTS_FIGURES_IMPL_H

#include "results/report_impl.h"

#define FIGURES_BINS   240 /* of the time axis */
#define FIGURES_CURVES 9   /* most in one plot */

struct figures {
    struct reader *r;
    const struct stats *s;
    const char *folder;
    const char *unit; /* of the time axis */
    double unit_ns;
    sim_ns bin, end;
    FILE *to; /* the file that is being written */
    char *path;
};

/* A file of the folder into f->to; figures_end closes it, or takes it away when writing failed. */
enum err figures_begin(struct figures *f, const char *name, char why[160]) MUST_USE;
enum err figures_end(struct figures *f, char why[160]) MUST_USE;
/* A name between commas. */
void figures_name(FILE *to, const char *s);
/* A name inside gnuplot's single quotes: what could end them, or mean something else to it. */
void figures_quoted(FILE *to, const char *s);
/* The head of a script: terminal, output, line styles. */
void figures_head(struct figures *f, const char *name, int height);
/* As the title of a multiplot of `rows` plots: only so does the key stand below it. */
void figures_title(struct figures *f, const char *title, int rows);

/* Data and script of load and of keys-alive. */
enum err figures_load(struct figures *f, char why[160]) MUST_USE;
enum err figures_keys(struct figures *f, char why[160]) MUST_USE;

#endif
