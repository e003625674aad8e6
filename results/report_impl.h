/* The pieces of a report. Private to results/. */
#ifndef RESULTS_REPORT_IMPL_H
#define RESULTS_REPORT_IMPL_H

#include "results/stats.h"

#define REPORT_WIDTH 100 /* columns */

void report_text(struct reader *r, const struct stats *s, bool colour, FILE *to);
/* What the command changed of the scenario, whose title may say otherwise:
 * "populations.meters.count=3, seed 5"; "" when nothing. The caller frees it. */
char *report_settings(struct reader *r);
/* Nothing for a run of its own. */
void report_cells(struct reader *r, FILE *to);
void report_json(struct reader *r, const struct stats *s, FILE *to);

/* Runs gnuplot on `script` in `folder`, for at most `seconds`. ERR_UNSUPPORTED: not installed.
 * ERR_IO: it failed, or took longer and was ended. */
enum err gnuplot_run(const char *folder, const char *script, int seconds, char why[160]) MUST_USE;
/* The same, with `settings` (statements of gnuplot) before it; what it writes to stdout into *out:
 * free it. */
enum err gnuplot_capture(const char *folder, const char *script, const char *settings, int seconds,
                         char **out, char why[160]) MUST_USE;

#endif
