/* The pieces of a report. Private to results/. */
#ifndef RESULTS_REPORT_IMPL_H
#define RESULTS_REPORT_IMPL_H

#include "results/stats.h"

#define REPORT_WIDTH 100 /* columns */

void report_text(struct reader *r, const struct stats *s, bool colour, FILE *to);
void report_json(struct reader *r, const struct stats *s, FILE *to);

/* Data and gnuplot scripts into `folder`, then the pictures. ERR_EXISTS before anything is written.
 * ERR_UNSUPPORTED: no gnuplot on this machine; data and scripts are there. */
enum err figures_write(struct reader *r, const struct stats *s, const char *folder, bool force,
                       char why[160]) MUST_USE;

/* Runs gnuplot on `script` in `folder`, for at most `seconds`. ERR_UNSUPPORTED: not installed.
 * ERR_IO: it failed, or took longer and was ended. */
enum err gnuplot_run(const char *folder, const char *script, int seconds, char why[160]) MUST_USE;

#endif
