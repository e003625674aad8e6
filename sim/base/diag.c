#include "sim/base/diag.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/json.h"
#include "sim/base/xalloc.h"

struct source {
    char *file, *text;
    size_t n;
};

struct entry {
    struct diag diag;
    char *file, *text; /* what diag borrows */
};

struct diag_list {
    struct entry **entries; /* in order of (file, line, column, arrival) */
    size_t count, cap;
    struct source *sources;
    size_t source_count;
};

struct diag_list *diag_list_new(void)
{
    return xcalloc(1, sizeof(struct diag_list));
}

void diag_list_free(struct diag_list *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->count; i++) {
        free(l->entries[i]->file);
        free(l->entries[i]->text);
        free(l->entries[i]);
    }
    for (size_t i = 0; i < l->source_count; i++) {
        free(l->sources[i].file);
        free(l->sources[i].text);
    }
    free(l->entries);
    free(l->sources);
    free(l);
}

static const struct source *find_source(const struct diag_list *l, const char *file)
{
    for (size_t i = l->source_count; i-- > 0;)
        if (strcmp(l->sources[i].file, file) == 0)
            return &l->sources[i];
    return NULL;
}

void diag_source(struct diag_list *l, const char *file, const char *text, size_t n)
{
    l->sources = xrealloc(l->sources, (l->source_count + 1) * sizeof *l->sources);
    struct source *s = &l->sources[l->source_count++];
    s->file = xstrdup(file);
    s->text = xcalloc(n + 1, 1);
    memcpy(s->text, text, n);
    s->n = n;
}

static bool is_before(const struct diag *a, const struct diag *b)
{
    int files = strcmp(a->file, b->file);
    if (files != 0)
        return files < 0;
    if (a->line != b->line)
        return a->line < b->line;
    return a->column < b->column;
}

void diag_add(struct diag_list *l, enum diag_severity severity, const char *code, const char *file,
              int line, int column, const char *fmt, ...)
{
    va_list ap;
    struct entry *e = xcalloc(1, sizeof *e);
    assert(strlen(code) < sizeof e->diag.code);
    memcpy(e->diag.code, code, strlen(code) + 1);
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    assert(n >= 0);
    e->text = xcalloc((size_t)n + 1, 1);
    va_start(ap, fmt);
    vsnprintf(e->text, (size_t)n + 1, fmt, ap);
    va_end(ap);
    e->file = xstrdup(file);
    e->diag.severity = severity;
    e->diag.file = e->file;
    e->diag.text = e->text;
    e->diag.line = line;
    e->diag.column = column;

    if (l->count == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 16;
        l->entries = xrealloc(l->entries, l->cap * sizeof(struct entry *));
    }
    size_t at = l->count++;
    for (; at > 0 && is_before(&e->diag, &l->entries[at - 1]->diag); at--)
        l->entries[at] = l->entries[at - 1];
    l->entries[at] = e;
}

size_t diag_count(const struct diag_list *l, enum diag_severity severity)
{
    size_t n = 0;
    for (size_t i = 0; i < l->count; i++)
        n += l->entries[i]->diag.severity == severity;
    return n;
}

size_t diag_size(const struct diag_list *l)
{
    return l->count;
}

const struct diag *diag_at(const struct diag_list *l, size_t i)
{
    assert(i < l->count);
    return &l->entries[i]->diag;
}

/* ---- printing ---- */

#define SHOWN_BEFORE 70 /* characters of a long line kept before the caret, and after it */
#define SHOWN_AFTER  50

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* The line-th line of a source, without its end. false: it has no such line. */
static bool find_line(const struct source *s, int line, const char **start, size_t *n)
{
    const char *p = s->text, *end = s->text + s->n;
    for (int i = 1; i < line; i++) {
        p = memchr(p, '\n', (size_t)(end - p));
        if (!p)
            return false;
        p++;
    }
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    *start = p;
    *n = (size_t)((stop ? stop : end) - p);
    if (*n > 0 && p[*n - 1] == '\r')
        --*n;
    return true;
}

/* What a terminal would obey is shown as '?'. */
static void put_shown(char c, FILE *to)
{
    unsigned char u = (unsigned char)c;
    putc(u == '\t' || (u >= 0x20 && u != 0x7F) ? c : '?', to);
}

/* The line, and a caret under its column-th character (columns count characters, not octets). */
static void print_line(const char *p, size_t n, int column, bool colour, FILE *to)
{
    int at = 0; /* characters begun */
    bool cut = false;
    fputs("    ", to);
    for (size_t i = 0; i < n; i++) {
        at += !is_continuation(p[i]);
        if (column > SHOWN_BEFORE && at < column - SHOWN_BEFORE)
            continue;
        cut = column > 0 && at > column + SHOWN_AFTER;
        if (cut)
            break;
        put_shown(p[i], to);
    }
    fputs(cut ? "...\n" : "\n", to);
    if (column <= 0)
        return;
    fputs("    ", to);
    at = 0;
    for (size_t i = 0; i < n && at < column - 1; i++) {
        if (is_continuation(p[i]))
            continue;
        at++;
        if (column <= SHOWN_BEFORE || at >= column - SHOWN_BEFORE)
            putc(p[i] == '\t' ? '\t' : ' ', to);
    }
    for (; at < column - 1 && column <= SHOWN_BEFORE; at++)
        putc(' ', to);
    fputs(colour ? "\033[1;32m^\033[0m\n" : "^\n", to);
}

static void print_one(const struct diag_list *l, const struct diag *d, FILE *to, bool colour)
{
    const char *kind = d->severity == DIAG_ERROR ? "error" : "warning";
    const char *paint = d->severity == DIAG_ERROR ? "\033[1;31m" : "\033[1;33m";
    fprintf(to, "%s:", d->file);
    if (d->line > 0)
        fprintf(to, "%d:", d->line);
    if (d->line > 0 && d->column > 0)
        fprintf(to, "%d:", d->column);
    fprintf(to, " %s%s %s%s: ", colour ? paint : "", kind, d->code, colour ? "\033[0m" : "");
    for (const char *p = d->text; *p; p++)
        put_shown(*p, to);
    putc('\n', to);
    const struct source *s = find_source(l, d->file);
    const char *line;
    size_t n;
    if (s && d->line > 0 && find_line(s, d->line, &line, &n))
        print_line(line, n, d->column, colour, to);
}

void diag_print(const struct diag_list *l, FILE *to, bool colour)
{
    for (size_t i = 0; i < l->count; i++)
        print_one(l, &l->entries[i]->diag, to, colour);
}

void diag_print_json(const struct diag_list *l, FILE *to)
{
    putc('[', to);
    for (size_t i = 0; i < l->count; i++) {
        const struct diag *d = &l->entries[i]->diag;
        fprintf(to, "%s\n  {\"severity\": \"%s\", \"code\": \"%s\", \"file\": ", i > 0 ? "," : "",
                d->severity == DIAG_ERROR ? "error" : "warning", d->code);
        json_text(to, d->file);
        fprintf(to, ", \"line\": %d, \"column\": %d, \"text\": ", d->line, d->column);
        json_text(to, d->text);
        putc('}', to);
    }
    fputs(l->count > 0 ? "\n]\n" : "]\n", to);
}

/* ---- suggestions ---- */

#define NEAREST_MAX 48 /* longer words are not compared */

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Optimal string alignment: insert, delete, replace, and swap of neighbours cost 1 each. */
static size_t edit_distance(const char *a, size_t an, const char *b, size_t bn)
{
    size_t rows[3][NEAREST_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= bn; j++)
        last[j] = j;
    for (size_t i = 1; i <= an; i++) {
        row[0] = i;
        for (size_t j = 1; j <= bn; j++) {
            int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
            row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
                cb == tolower((unsigned char)a[i - 2]) && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[bn];
}

const char *diag_nearest(const char *word, const char *const *names, size_t n)
{
    size_t word_n = strlen(word);
    const char *best = NULL;
    size_t best_distance = NEAREST_MAX;
    if (word_n > NEAREST_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t name_n = strlen(names[i]);
        if (name_n > NEAREST_MAX)
            continue;
        size_t d = edit_distance(word, word_n, names[i], name_n);
        /* Near enough: a third of the longer word, 1 to 3 edits, and something of it remains. */
        size_t longer = word_n > name_n ? word_n : name_n;
        size_t limit = longer / 3 < 1 ? 1 : longer / 3 > 3 ? 3 : longer / 3;
        if (d <= limit && d < word_n && d < best_distance) {
            best = names[i];
            best_distance = d;
        }
    }
    return best;
}
