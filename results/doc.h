/* One report in two forms: HTML and Markdown. A page is said once, in headings, paragraphs, tables
 * and figures; here they get their markup. Texts are plain: what they hold is escaped. Private to
 * results/. */
#ifndef RESULTS_DOC_H
#define RESULTS_DOC_H

#include "results/chart_impl.h"
#include "results/figures.h"

struct doc {
    FILE *to;
    bool html;
    const char *folder; /* where the figures are */
    size_t column;      /* of the table's row */
    bool broken;        /* a figure could not be drawn for the page; why says so */
    char why[160];
};

struct doc_column {
    const char *title;
    const char *unit; /* NULL: none */
    bool number;      /* right-aligned; sorts by value */
};

/* The page's frame: title, style, script. */
void doc_begin(struct doc *d, const char *title);
void doc_end(struct doc *d);
/* id: what links to it name; unique, letters and hyphens. */
void doc_section(struct doc *d, const char *id, const char *title);
void doc_paragraph(struct doc *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What must not be overlooked. kind: "good", "bad" or "unsure". */
void doc_banner(struct doc *d, const char *kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A list of names and what they are: `n` pairs. */
void doc_facts(struct doc *d, const char *const (*pairs)[2], size_t n);
/* Lines that are to be typed, or were. */
void doc_code(struct doc *d, const char *text);
/* A long text that is seen when asked for. */
void doc_fold(struct doc *d, const char *title, const char *text);

/* A table: its columns, then cell after cell; a row ends with its last column. */
void doc_table(struct doc *d, const char *caption, const struct doc_column *columns, size_t n);
void doc_cell(struct doc *d, const char *text);
/* value: what it sorts by. */
void doc_number(struct doc *d, double value, const char *text);
/* A percentile: the time, and which procedure took it. */
void doc_percentile(struct doc *d, sim_ns t, int64_t procedure_id);
/* A share of a whole: with a bar behind it. */
void doc_share(struct doc *d, double share, const char *text);
/* "yes", "no", anything else: undecided. */
void doc_verdict(struct doc *d, const char *verdict);
void doc_row(struct doc *d);
void doc_table_end(struct doc *d);

void doc_figure(struct doc *d, const struct figure *g);
/* A message sequence under its title; open: seen at once. */
void doc_chart(struct doc *d, const struct chart *c, bool open);

/* page.css and page.js, made part of the program by CMake. */
extern const char page_css[], page_js[];

#endif
