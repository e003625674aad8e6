/* What is wrong with what the user wrote: file, line, column, code, what was expected, the nearest
 * right name. Collected, all at once, then printed; never printed from deep inside (DESIGN section
 * 8). */
#ifndef SIM_BASE_DIAG_H
#define SIM_BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum diag_severity { DIAG_WARNING, DIAG_ERROR };

struct diag {
    enum diag_severity severity;
    char code[8];     /* S104 */
    const char *file; /* owned by the list, as are the texts */
    int line, column; /* from 1; 0: of the whole file */
    const char
        *text; /* "unknown key 'boostrap' in population 'meters'; did you mean 'bootstrap'?" */
};

struct diag_list; /* opaque; heap */

struct diag_list *diag_list_new(void);
void diag_list_free(struct diag_list *l);
/* The file's text, for the line that is shown under a message. Copied. */
void diag_source(struct diag_list *l, const char *file, const char *text, size_t n);
void diag_add(struct diag_list *l, enum diag_severity severity, const char *code, const char *file,
              int line, int column, const char *fmt, ...) __attribute__((format(printf, 7, 8)));
size_t diag_count(const struct diag_list *l, enum diag_severity severity);
size_t diag_size(const struct diag_list *l);
/* i-th in order of (file, line, column, arrival). */
const struct diag *diag_at(const struct diag_list *l, size_t i);
/* `FILE:L:C: error S104: text`, the line and a caret under it. colour: ANSI on (the caller knows
 * NO_COLOR). */
void diag_print(const struct diag_list *l, FILE *to, bool colour);
/* The list as a JSON array, for --json. */
void diag_print_json(const struct diag_list *l, FILE *to);

/* The candidate nearest to `word` by edit distance (transpositions count 1) when near enough to
 * suggest, or NULL. names: n strings. */
const char *diag_nearest(const char *word, const char *const *names, size_t n);

#endif
