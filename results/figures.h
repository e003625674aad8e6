/* Figures of a run by gnuplot: each is data as .csv, a .gp script that can be changed and run
 * again, and the .svg it makes. Private to results/. */
#ifndef RESULTS_FIGURES_H
#define RESULTS_FIGURES_H

#include "results/stats.h"

#define FIGURES_MAX 24

/* One mark of a figure, for the legend that a page sets beside it: style is a class of page.css,
 * "l1" to "l9" for lines, others for areas. */
struct figure_mark {
    const char *style;
    char *label;
};

struct figure {
    char name[32];
    const char *title, *caption;
    struct figure_mark *marks;
    size_t mark_count;
    bool drawn; /* the .svg is there */
};

struct figure_list {
    struct figure at[FIGURES_MAX];
    size_t n;
};

/* Data and gnuplot scripts into `folder`, then the pictures; `out` tells which; release it even
 * after an error. ERR_EXISTS before anything is written. ERR_UNSUPPORTED: no gnuplot on this
 * machine; data and scripts are there. */
enum err figures_write(struct reader *r, const struct stats *s, const char *folder, bool force,
                       struct figure_list *out, char why[160]) MUST_USE;
void figures_release(struct figure_list *list);

/* The figure drawn once more for a page, `wide` pixels wide, without title, key and background: its
 * colours are the page's (variables of page.css), its ids begin with `prefix`. */
enum err figures_inline(const struct figure *g, const char *folder, int wide, const char *prefix,
                        FILE *to, char why[160]) MUST_USE;

#endif
