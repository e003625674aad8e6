/* The reader of cost profiles: one statement a line (README.md has the grammar). The first mistake
 * of a line is told with its column, and reading goes on with the next line. */
#include "crypto/profile_impl.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "sim/base/xalloc.h"

__extension__ typedef unsigned __int128 wide;

#define WORD_MAX 64
#define FILE_MAX (1024 * 1024)

struct reader {
    struct profile *profile;
    struct diag_list *diags;
    const char *file;
    const char *p, *end, *start; /* of the line */
    int line;
    size_t wrong; /* mistakes so far */
    bool has_profile, has_source;
    char word[WORD_MAX]; /* the last one taken, and where it began */
    int column;
};

static bool fail(struct reader *r, int column, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Always false, so that a caller can return it. */
static bool fail(struct reader *r, int column, const char *code, const char *fmt, ...)
{
    char text[320];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    diag_add(r->diags, DIAG_ERROR, code, r->file, r->line, column, "%s", text);
    r->wrong++;
    return false;
}

/* Moves to the next word and says where it begins. false: none is left. */
static bool skip_blanks(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
        r->p++;
    r->column = (int)(r->p - r->start) + 1;
    return r->p < r->end && *r->p != '#';
}

/* false: no word there; the word is then empty. */
static bool take_word(struct reader *r)
{
    size_t n = 0;
    r->word[0] = '\0';
    if (!skip_blanks(r))
        return false;
    for (; r->p < r->end && *r->p != ' ' && *r->p != '\t'; r->p++)
        if (n + 1 < WORD_MAX)
            r->word[n++] = *r->p;
    r->word[n] = '\0';
    return true;
}

static bool next_is(struct reader *r, const char *word)
{
    const char *before = r->p;
    if (take_word(r) && !strcmp(r->word, word))
        return true;
    r->p = before;
    return false;
}

/* `"..."`: heap, or NULL with a diag. */
static char *take_text(struct reader *r, const char *what)
{
    if (!skip_blanks(r) || *r->p != '"') {
        fail(r, r->column, "P112", "expected %s in double quotes", what);
        return NULL;
    }
    const char *from = ++r->p;
    const char *to = memchr(from, '"', (size_t)(r->end - from));
    if (!to) {
        fail(r, r->column, "P112", "this text has no closing double quote");
        return NULL;
    }
    r->p = to + 1;
    if (to == from) {
        fail(r, r->column, "P112", "expected %s, but the text is empty", what);
        return NULL;
    }
    return xasprintf("%.*s", (int)(to - from), from);
}

static char *take_name(struct reader *r, const char *what)
{
    if (!take_word(r)) {
        fail(r, r->column, "P113", "expected the name of the %s", what);
        return NULL;
    }
    for (const char *c = r->word; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-_.", *c)) {
            fail(r, r->column, "P113", "a name has letters, digits, '-', '_' and '.' only");
            return NULL;
        }
    return xstrdup(r->word);
}

struct unit {
    const char *name;
    uint64_t scale;
};
/* clang-format off */
static const struct unit times[] = {
    {"s", UINT64_C(1000000000000)}, {"ms", 1000000000}, {"us", 1000000}, {"ns", 1000}, {NULL, 0}};
static const struct unit octet_times[] = {
    {"s/B", UINT64_C(1000000000000)}, {"ms/B", 1000000000}, {"us/B", 1000000}, {"ns/B", 1000}, {NULL, 0}};
static const struct unit energies[] = {
    {"J", UINT64_C(1000000000000000)}, {"mJ", UINT64_C(1000000000000)}, {"uJ", 1000000000}, {"nJ", 1000000}, {NULL, 0}};
static const struct unit octet_energies[] = {
    {"J/B", UINT64_C(1000000000000000)}, {"mJ/B", UINT64_C(1000000000000)}, {"uJ/B", 1000000000}, {"nJ/B", 1000000}, {NULL, 0}};
static const struct unit powers[] = {{"W", 1000000}, {"mW", 1000}, {"uW", 1}, {NULL, 0}};
/* clang-format on */

/* Decimal digits with at most one point, exactly: mantissa / 10^places. false: not a number. */
static bool parse_decimal(const char *text, uint64_t *mantissa, unsigned *places, bool *fits)
{
    bool point = false;
    *mantissa = 0;
    *places = 0;
    *fits = true;
    if (!isdigit((unsigned char)*text))
        return false;
    for (const char *p = text; *p; p++) {
        if (*p == '.' && !point && isdigit((unsigned char)p[1])) {
            point = true;
            continue;
        }
        if (!isdigit((unsigned char)*p))
            return false;
        *fits = *fits && *mantissa < UINT64_C(100000000000000000);
        if (*fits)
            *mantissa = *mantissa * 10 + (uint64_t)(*p - '0');
        *places += point;
        *fits = *fits && *places <= 18; /* leading zeros count: 10^places must be computable */
    }
    return true;
}

static bool unknown_unit(struct reader *r, const struct unit *units)
{
    char list[80] = "";
    for (const struct unit *u = units; u->name; u++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", *list ? ", " : "",
                 u->name);
    if (!*r->word)
        return fail(r, r->column, "P105", "expected a unit: %s", list);
    return fail(r, r->column, "P105", "expected a unit (%s), not '%s'", list, r->word);
}

/* `12.5 ms`: at most `max` of the smallest unit, rounded half up to it. */
static bool take_quantity(struct reader *r, const struct unit *units, int64_t max, int64_t *out)
{
    uint64_t mantissa;
    unsigned places;
    bool fits;
    if (!take_word(r) || !parse_decimal(r->word, &mantissa, &places, &fits))
        return fail(r, r->column, "P104", "expected a number, a space and a unit, as in '12.5 %s'",
                    units[1].name);
    int column = r->column;
    take_word(r);
    const struct unit *u = units;
    while (u->name && strcmp(u->name, r->word))
        u++;
    if (!u->name)
        return unknown_unit(r, units);
    wide v = (wide)mantissa * u->scale, divisor = 1;
    while (places--)
        divisor *= 10; /* at most 18 digits when it fits */
    v = fits ? (v + divisor / 2) / divisor : 0;
    if (!fits || v > (wide)(uint64_t)max)
        return fail(r, column, "P106", "this is more than anything costs, or has over 17 digits");
    *out = (int64_t)v;
    return true;
}

/* A quantity, and `+` one for each octet when there is one. */
static bool take_linear(struct reader *r, const struct unit *units, const struct unit *octet_units,
                        const int64_t max[2], int64_t *call, int64_t *octet)
{
    if (!take_quantity(r, units, max[0], call))
        return false;
    if (!next_is(r, "+"))
        return true;
    return take_quantity(r, octet_units, max[1], octet);
}

/* Where a figure comes from, in the words profile_cost gives it. */
static char *take_origin(struct reader *r)
{
    static const char *const kinds[] = {"source", "scaled", "estimate"};
    static const char *const before[] = {"", "scaled from ", "estimate: "};
    if (!take_word(r)) {
        fail(r, r->column, "P110",
             "expected where the figure comes from: source, scaled or estimate, and a text");
        return NULL;
    }
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(r->word, kinds[i]))
            continue;
        char *text = take_text(r, "where the figure comes from");
        char *origin = text ? xasprintf("%s%s", before[i], text) : NULL;
        free(text);
        return origin;
    }
    const char *near = diag_nearest(r->word, kinds, 3);
    fail(r, r->column, "P110", "expected source, scaled or estimate, not '%s'%s%s%s", r->word,
         near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return NULL;
}

static bool take_samples(struct reader *r, uint32_t *out)
{
    uint64_t mantissa;
    unsigned places;
    bool fits;
    if (!next_is(r, "samples"))
        return true;
    if (!take_word(r) || !parse_decimal(r->word, &mantissa, &places, &fits) || places)
        return fail(r, r->column, "P104", "expected a whole number of samples");
    if (!fits || mantissa > UINT32_MAX)
        return fail(r, r->column, "P106", "this is more samples than anybody takes");
    *out = (uint32_t)mantissa;
    return true;
}

static struct profile_class *current_class(struct reader *r)
{
    struct profile *p = r->profile;
    return p->class_count ? &p->classes[p->class_count - 1] : NULL;
}

static bool line_is_over(struct reader *r)
{
    if (!skip_blanks(r))
        return true;
    return fail(r, r->column, "P111", "nothing more is expected on this line");
}

static bool read_profile(struct reader *r)
{
    if (r->has_profile)
        return fail(r, r->column, "P108", "the profile has a name already");
    r->has_profile = true;
    r->profile->name = take_name(r, "profile");
    return r->profile->name != NULL;
}

static bool read_source(struct reader *r)
{
    if (r->has_source)
        return fail(r, r->column, "P108", "the profile has a source already");
    r->has_source = true;
    r->profile->source = take_text(r, "where the profile comes from");
    return r->profile->source != NULL;
}

static bool read_class(struct reader *r)
{
    struct profile *p = r->profile;
    char *name = take_name(r, "class");
    int column = r->column;
    /* A class that cannot be read is kept without a name, so that its lines do not go to the one
     * before it. */
    bool twice = name && profile_class_find(p, name);
    p->classes = xrealloc(p->classes, (p->class_count + 1) * sizeof *p->classes);
    struct profile_class *c = &p->classes[p->class_count];
    memset(c, 0, sizeof *c);
    c->name = name ? name : xstrdup("");
    p->class_count++;
    if (!name)
        return false;
    if (twice)
        return fail(r, column, "P108", "class '%s' is there already", name);
    c->text = take_text(r, "what the class is");
    return c->text != NULL;
}

static bool read_power(struct reader *r)
{
    struct profile_class *c = current_class(r);
    if (!c)
        return fail(r, r->column, "P109", "this belongs to a class, and no class has begun");
    if (c->has_power)
        return fail(r, r->column, "P108", "the class has a power already");
    c->has_power = true;
    if (!take_quantity(r, powers, PROFILE_MAX_POWER_UW, &c->power_uw))
        return false;
    c->power_source = take_origin(r);
    return c->power_source != NULL;
}

/* All algorithms of an operation; returns how many. */
static size_t algorithms_of(const char *operation, const char *names[METER_OP_COUNT])
{
    size_t n = 0;
    for (int i = 0; i < METER_OP_COUNT; i++)
        if (!strcmp(meter_operation((enum meter_op)i), operation))
            names[n++] = meter_algorithm((enum meter_op)i);
    return n;
}

static bool read_figure(struct reader *r, const char *operation)
{
    static const int64_t time_max[2] = {PROFILE_MAX_CALL_PS, PROFILE_MAX_OCTET_PS};
    static const int64_t energy_max[2] = {PROFILE_MAX_CALL_FJ, PROFILE_MAX_OCTET_FJ};
    const char *names[METER_OP_COUNT];
    size_t n = algorithms_of(operation, names);
    struct profile_class *c = current_class(r);
    if (!c)
        return fail(r, r->column, "P109", "this belongs to a class, and no class has begun");
    take_word(r);
    enum meter_op op = meter_find(operation, r->word);
    if (op == METER_OP_COUNT) {
        const char *near = diag_nearest(r->word, names, n);
        return fail(r, r->column, "P107",
                    "operation '%s' has no algorithm '%s'; did you mean '%s'?", operation, r->word,
                    near ? near : names[0]);
    }
    struct profile_figure *f = &c->figures[op];
    if (f->present)
        return fail(r, r->column, "P108", "the class has a figure for %s %s already", operation,
                    r->word);
    f->present = true;
    if (!take_linear(r, times, octet_times, time_max, &f->call_ps, &f->octet_ps))
        return false;
    f->own_energy = next_is(r, "energy");
    if (f->own_energy &&
        !take_linear(r, energies, octet_energies, energy_max, &f->call_fj, &f->octet_fj))
        return false;
    if (!take_samples(r, &f->samples))
        return false;
    f->source = take_origin(r);
    return f->source != NULL;
}

static const struct {
    const char *word;
    bool (*read)(struct reader *r);
} statements[] = {{"profile", read_profile},
                  {"source", read_source},
                  {"class", read_class},
                  {"power", read_power}};
#define STATEMENTS (sizeof statements / sizeof statements[0])

static bool unknown_statement(struct reader *r)
{
    const char *names[STATEMENTS + METER_OP_COUNT];
    size_t n = 0;
    for (; n < STATEMENTS; n++)
        names[n] = statements[n].word;
    for (int i = 0; i < METER_OP_COUNT; i++)
        names[n++] = meter_operation((enum meter_op)i);
    const char *near = diag_nearest(r->word, names, n);
    if (near)
        return fail(r, r->column, "P103", "unknown word '%s'; did you mean '%s'?", r->word, near);
    return fail(r, r->column, "P103",
                "unknown word '%s'; expected source, class, power or an operation", r->word);
}

static bool read_statement(struct reader *r)
{
    const char *names[METER_OP_COUNT];
    if (!take_word(r))
        return true;
    if (!r->has_profile && strcmp(r->word, "profile")) {
        r->has_profile = true; /* told once */
        return fail(r, r->column, "P102", "a profile begins with 'profile NAME', not with '%s'",
                    r->word);
    }
    for (size_t i = 0; i < STATEMENTS; i++)
        if (!strcmp(r->word, statements[i].word))
            return statements[i].read(r) && line_is_over(r);
    char operation[WORD_MAX];
    memcpy(operation, r->word, sizeof operation);
    if (!algorithms_of(operation, names))
        return unknown_statement(r);
    return read_figure(r, operation) && line_is_over(r);
}

static void read_line(struct reader *r)
{
    for (const char *c = r->start; c < r->end; c++)
        if ((unsigned char)*c < 32 && *c != '\t') {
            fail(r, (int)(c - r->start) + 1, "P101", "a control character in a text file");
            return;
        }
    read_statement(r);
}

static void read_lines(struct reader *r, const char *text, size_t n)
{
    const char *end = text + n;
    for (const char *p = text; p < end;) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        r->start = r->p = p;
        r->end = newline ? newline : end;
        p = newline ? newline + 1 : end;
        if (r->end > r->start && r->end[-1] == '\r')
            r->end--;
        r->line++;
        read_line(r);
    }
}

/* What only the whole can lack. */
static void check_whole(struct reader *r)
{
    if (r->wrong)
        return;
    r->line = 0;
    if (!r->has_profile)
        fail(r, 0, "P102", "the profile is empty: it begins with 'profile NAME'");
    else if (!r->has_source)
        fail(r, 0, "P114", "the profile has no 'source' line");
    else if (!r->profile->class_count)
        fail(r, 0, "P114", "the profile has no class");
}

struct profile *profile_parse(const char *name, const char *text, size_t n, struct diag_list *diags)
{
    struct reader r = {.profile = xcalloc(1, sizeof *r.profile), .diags = diags, .file = name};
    diag_source(diags, name, text, n);
    if (n > FILE_MAX)
        fail(&r, 0, "P101", "a profile is at most 1 MiB");
    else
        read_lines(&r, text, n);
    check_whole(&r);
    if (r.wrong) {
        profile_free(r.profile);
        return NULL;
    }
    r.profile->text = xcalloc(1, n + 1);
    memcpy(r.profile->text, text, n);
    hash_sha256(NULL, span_of(text, n), r.profile->sha256);
    return r.profile;
}

struct profile *profile_read(const char *path, struct diag_list *diags)
{
    FILE *f = fopen(path, "rb");
    char *text = xcalloc(1, FILE_MAX + 1);
    struct profile *p = NULL;
    size_t n = f ? fread(text, 1, FILE_MAX + 1, f) : 0;
    if (!f || ferror(f))
        diag_add(diags, DIAG_ERROR, "P100", path, 0, 0, "cannot read the cost profile: %s",
                 strerror(errno));
    else
        p = profile_parse(path, text, n, diags);
    if (f)
        fclose(f);
    free(text);
    return p;
}
