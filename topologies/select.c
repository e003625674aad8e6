#include "topologies/select.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/diag.h"
#include "sim/base/units.h"
#include "sim/base/xalloc.h"

#define MAX_DEPTH 32
#define MAX_KEYS  64

enum op { OP_AND, OP_OR, OP_NOT, OP_EQUAL, OP_DIFFER, OP_LESS, OP_MOST, OP_MORE, OP_LEAST };

enum { NAME_CELL = -1, NAME_REPLICATION = -2 };

struct select {
    enum op op;
    int name; /* of a comparison: index of the key, or NAME_* */
    char *word;
    struct select *left, *right; /* OP_NOT: left */
};

void select_free(struct select *s)
{
    if (!s)
        return;
    select_free(s->left);
    select_free(s->right);
    free(s->word);
    free(s);
}

/* ---- reading ---- */

struct parser {
    const char *text, *p;
    const char *const *keys;
    char *why;
    size_t n;
    int *at;
    int depth;
    bool runs, failed;
};

__attribute__((format(printf, 3, 4))) static void fail(struct parser *q, const char *where,
                                                       const char *fmt, ...)
{
    va_list ap;
    if (q->failed)
        return;
    q->failed = true;
    *q->at = 1;
    for (const char *c = q->text; c < where; c++)
        *q->at += ((unsigned char)*c & 0xC0) != 0x80;
    va_start(ap, fmt);
    vsnprintf(q->why, 200, fmt, ap);
    va_end(ap);
}

static void skip_blanks(struct parser *q)
{
    q->p += strspn(q->p, " ");
}

/* The length of the word at p: up to a blank, an operator or a bracket. */
static size_t word_length(const char *p)
{
    return strcspn(p, " ()=!<>");
}

static bool take_word(struct parser *q, const char *word)
{
    size_t n = strlen(word);
    skip_blanks(q);
    if (word_length(q->p) != n || strncmp(q->p, word, n) != 0)
        return false;
    q->p += n;
    return true;
}

static bool is_end_of(const char *key, const char *word, size_t n)
{
    size_t m = strlen(key);
    return m >= n && strncmp(key + m - n, word, n) == 0 && (m == n || key[m - n - 1] == '.');
}

/* The key that a word names; the nearest one is told when there is none. */
static int find_name(struct parser *q, const char *word, size_t n)
{
    const char *ends[MAX_KEYS + 2];
    char copy[64];
    size_t found = 0, count = 0;
    int name = 0;
    for (size_t i = 0; i < q->n; i++) {
        const char *dot = strrchr(q->keys[i], '.');
        if (count < MAX_KEYS)
            ends[count++] = dot ? dot + 1 : q->keys[i];
        if (strlen(q->keys[i]) == n && strncmp(q->keys[i], word, n) == 0)
            return (int)i;
        if (n > 0 && is_end_of(q->keys[i], word, n)) {
            found++;
            name = (int)i;
        }
    }
    if (found == 1)
        return name;
    if (q->runs && found == 0) {
        if (n == 4 && strncmp(word, "cell", n) == 0)
            return NAME_CELL;
        if (n == 11 && strncmp(word, "replication", n) == 0)
            return NAME_REPLICATION;
        ends[count++] = "cell";
        ends[count++] = "replication";
    }
    snprintf(copy, sizeof copy, "%.*s", (int)(n < 60 ? n : 60), word);
    const char *near = found ? NULL : diag_nearest(copy, ends, count);
    if (n == 0)
        fail(q, word, "a name is missing here");
    else if (found)
        fail(q, word, "more than one swept key ends with '%s'", copy);
    else
        fail(q, word, "no swept key is called '%s'%s%s%s", copy, near ? "; did you mean '" : "",
             near ? near : "", near ? "'?" : "");
    return 0;
}

static bool take_operator(struct parser *q, enum op *op)
{
    static const struct {
        const char *text;
        enum op op;
    } all[] = {{"==", OP_EQUAL}, {"!=", OP_DIFFER}, {"<=", OP_MOST}, {">=", OP_LEAST},
               {"=", OP_EQUAL},  {"<", OP_LESS},    {">", OP_MORE}};
    skip_blanks(q);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strncmp(q->p, all[i].text, strlen(all[i].text)) == 0) {
            q->p += strlen(all[i].text);
            *op = all[i].op;
            return true;
        }
    fail(q, q->p, "an operator is missing here: =, !=, <, <=, > or >=");
    return false;
}

/* A value may hold blanks (`80 ms`): it ends before `and`, `or`, a bracket, or the end. */
static char *take_value(struct parser *q)
{
    skip_blanks(q);
    const char *begin = q->p, *end = begin;
    if (*begin == '"' || *begin == '\'') {
        end = strchr(begin + 1, *begin);
        if (!end) {
            fail(q, begin, "the quote is not closed");
            return xstrdup("");
        }
        q->p = end + 1;
        return xasprintf("%.*s", (int)(end - begin - 1), begin + 1);
    }
    for (const char *p = begin; *p && !strchr("()=!<>", *p);) {
        size_t n = word_length(p);
        if ((n == 3 && strncmp(p, "and", 3) == 0) || (n == 2 && strncmp(p, "or", 2) == 0))
            break;
        p += n;
        end = p;
        p += strspn(p, " ");
    }
    if (end == begin)
        fail(q, begin, "a value is missing here");
    q->p = end;
    return xasprintf("%.*s", (int)(end - begin), begin);
}

static struct select *new_node(enum op op, struct select *left, struct select *right)
{
    struct select *s = xcalloc(1, sizeof *s);
    s->op = op;
    s->left = left;
    s->right = right;
    return s;
}

static struct select *parse_or(struct parser *q);

static struct select *parse_comparison(struct parser *q)
{
    skip_blanks(q);
    size_t n = word_length(q->p);
    enum op op = OP_EQUAL;
    int name = find_name(q, q->p, n);
    q->p += n;
    if (!q->failed)
        take_operator(q, &op);
    struct select *s = new_node(op, NULL, NULL);
    s->name = name;
    s->word = q->failed ? xstrdup("") : take_value(q);
    return s;
}

static struct select *parse_not(struct parser *q)
{
    struct select *s;
    if (++q->depth > MAX_DEPTH)
        fail(q, q->p, "nested too deeply");
    if (q->failed)
        s = NULL;
    else if (take_word(q, "not"))
        s = new_node(OP_NOT, parse_not(q), NULL);
    else if (*q->p == '(') {
        q->p++;
        s = parse_or(q);
        skip_blanks(q);
        if (*q->p == ')')
            q->p++;
        else
            fail(q, q->p, "a ')' is missing here");
    } else
        s = parse_comparison(q);
    q->depth--;
    return s;
}

static struct select *parse_and(struct parser *q)
{
    struct select *s = parse_not(q);
    while (!q->failed && take_word(q, "and"))
        s = new_node(OP_AND, s, parse_not(q));
    return s;
}

static struct select *parse_or(struct parser *q)
{
    struct select *s = parse_and(q);
    while (!q->failed && take_word(q, "or"))
        s = new_node(OP_OR, s, parse_and(q));
    return s;
}

struct select *select_parse(const char *text, const char *const *keys, size_t n, bool runs,
                            char why[200], int *at)
{
    struct parser q = {
        .text = text, .p = text, .keys = keys, .n = n, .runs = runs, .why = why, .at = at};
    struct select *s = parse_or(&q);
    skip_blanks(&q);
    if (*q.p)
        fail(&q, q.p, "'and' or 'or' is expected here, not '%.60s'", q.p);
    if (!q.failed)
        return s;
    select_free(s);
    return NULL;
}

/* ---- judging ---- */

static bool is_plain_number(const char *text, double *out)
{
    if (!isdigit((unsigned char)text[0]) || text[strspn(text, "0123456789.")] != '\0')
        return false;
    char *end;
    *out = strtod(text, &end);
    return *end == '\0';
}

/* Both as numbers of one dimension: -1, 0, 1. false: they are no such pair. */
static bool compare_quantities(const char *a, const char *b, int *order)
{
    sim_ns ta, tb;
    uint64_t ua, ub;
    uint32_t sa, sb;
    double da, db;
    if (units_time(a, &ta) == OK && units_time(b, &tb) == OK)
        *order = (ta > tb) - (ta < tb);
    else if ((units_rate(a, &ua) == OK && units_rate(b, &ub) == OK) ||
             (units_size(a, &ua) == OK && units_size(b, &ub) == OK))
        *order = (ua > ub) - (ua < ub);
    else if (units_share(a, &sa) == OK && units_share(b, &sb) == OK)
        *order = (sa > sb) - (sa < sb);
    else if (is_plain_number(a, &da) && is_plain_number(b, &db))
        *order = (da > db) - (da < db);
    else
        return false;
    return true;
}

static bool compare(const struct select *s, const char *value)
{
    int order = 0;
    bool numbers = compare_quantities(value, s->word, &order);
    bool equal = numbers ? order == 0 : strcmp(value, s->word) == 0;
    switch (s->op) {
    case OP_EQUAL:
        return equal;
    case OP_DIFFER:
        return !equal;
    case OP_LESS:
        return numbers && order < 0;
    case OP_MOST:
        return numbers && order <= 0;
    case OP_MORE:
        return numbers && order > 0;
    case OP_LEAST:
        return numbers && order >= 0;
    case OP_AND:
    case OP_OR:
    case OP_NOT:
        break;
    }
    return false;
}

bool select_holds(const struct select *s, const char *const *values, uint32_t cell,
                  uint32_t replication)
{
    char number[16];
    if (!s)
        return true;
    if (s->op == OP_NOT)
        return !select_holds(s->left, values, cell, replication);
    if (s->op == OP_AND)
        return select_holds(s->left, values, cell, replication) &&
               select_holds(s->right, values, cell, replication);
    if (s->op == OP_OR)
        return select_holds(s->left, values, cell, replication) ||
               select_holds(s->right, values, cell, replication);
    if (s->name >= 0)
        return compare(s, values[s->name]);
    snprintf(number, sizeof number, "%u", s->name == NAME_CELL ? cell : replication);
    return compare(s, number);
}
