/* Text for people and JSON, of what may be hostile: a database's texts reach a terminal only
 * through these. Private to results/. */
#ifndef RESULTS_TEXT_H
#define RESULTS_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/base/time.h"

/* Control characters and what is no UTF-8 become '?'. */
void text_put(FILE *to, const char *s);
/* As wide as `width` columns: padded at the right (width < 0: at the left), cut with a '~'. */
void text_cell(FILE *to, const char *s, int width);
/* As text_put, for a language with characters of its own: `put` writes what stands for one of those
 * in `special` (ASCII). */
void text_escaped(FILE *to, const char *s, const char *special, void (*put)(FILE *to, char c));
/* As text_put, for XML and HTML: markup and quotes are written as references. */
void text_xml(FILE *to, const char *s);
/* Columns it takes. */
int text_width(const char *s);
/* 1,234,567 */
const char *text_count(uint64_t n, char out[32]);
/* "50 %", "99.98 %": never rounded up to 100. */
const char *text_share(uint64_t part, uint64_t whole, char out[32]);
/* Three significant digits: "0.123", "12.3", "1230". */
const char *text_figure(double v, char out[32]);
/* A share in percent with two digits, however small: "0.013 %", "<0.0001 %". */
const char *text_percent(double share, char out[32]);
/* units_human_time for a mean. */
const char *text_time(double ns, char out[32]);

#endif
