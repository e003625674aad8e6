/* The report as a page: what it says, and in which order. Private to results/. */
#ifndef RESULTS_PAGE_H
#define RESULTS_PAGE_H

#include "results/doc.h"

struct page {
    struct doc *d;
    struct reader *r;
    const struct stats *s;
    const struct figure_list *figures;
    const char *database; /* as it was named, for the commands */
};

enum err page_write(const struct page *p, char why[160]) MUST_USE;

/* The figures whose names begin with `name`. */
void page_figures(const struct page *p, const char *name);

/* Sections, in their order. */
enum err page_run(const struct page *p, char why[160]) MUST_USE;
enum err page_goals(const struct page *p, char why[160]) MUST_USE;
enum err page_replications(const struct page *p, char why[160]) MUST_USE;
void page_incidents(const struct page *p); /* incidents.c */
enum err page_slowest(const struct page *p, char why[160]) MUST_USE;
void page_repeat(const struct page *p);

#endif
