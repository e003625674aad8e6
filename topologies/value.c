#include "topologies/value.h"

#include <assert.h>
#include <string.h>

#include "sim/base/units.h"

bool value_is_number(const char *s)
{
    size_t digits = strspn(s, "0123456789");
    if (digits == 0)
        return false;
    if (s[digits] == '.')
        digits += 1 + strspn(s + digits + 1, "0123456789");
    return s[digits] == '\0' && s[digits - 1] != '.';
}

/* ---- numbers with a dimension ---- */

static const struct {
    const char *what, *units, *step;
    int64_t max; /* where a key says none; 0: none */
} dimensions[] = {{"a time", "ns, us, ms, s, min, h, d, w or y", "1 ns", 0},
                  {"a rate", "bit/s, kbit/s, Mbit/s or Gbit/s", "1 bit/s", 0},
                  {"a size", "B, kB, MB, GB, KiB, MiB or GiB", "1 B", 0},
                  {"a share", "% or ppm", "1 ppm", 1000000}};

static enum err read_units(enum dimension d, const char *text, uint64_t *out)
{
    sim_ns time = 0;
    uint32_t ppm = 0;
    enum err err = ERR_FORMAT;
    switch (d) {
    case DIMENSION_TIME:
        err = units_time(text, &time);
        *out = (uint64_t)time;
        return err;
    case DIMENSION_RATE:
        return units_rate(text, out);
    case DIMENSION_SIZE:
        return units_size(text, out);
    case DIMENSION_SHARE:
        err = units_share(text, &ppm);
        *out = ppm;
        return err;
    }
    return err;
}

static void format_units(enum dimension d, int64_t v, char *out, size_t n)
{
    switch (d) {
    case DIMENSION_TIME:
        units_format_time(v, out, n);
        return;
    case DIMENSION_RATE:
        units_format_rate((uint64_t)v, out, n);
        return;
    case DIMENSION_SIZE:
        units_format_size((uint64_t)v, out, n);
        return;
    case DIMENSION_SHARE:
        units_format_share((uint32_t)v, out, n);
        return;
    }
}

/* " (0 % to 100 %, in steps of 1 ppm)": what there is between the least and the greatest. */
static const char *range_text(struct reader *r, const struct schema_key *k, enum dimension d)
{
    int64_t max = k->max ? k->max : dimensions[d].max;
    char low[32], high[32];
    if (!max)
        return pool_printf(r->pool, " (in steps of %s)", dimensions[d].step);
    format_units(d, k->min, low, sizeof low);
    format_units(d, max, high, sizeof high);
    return pool_printf(r->pool, " (%s to %s, in steps of %s)", low, high, dimensions[d].step);
}

static bool tell_quantity(struct reader *r, const struct schema_key *k, const struct tree *t,
                          enum dimension d, const char *text, enum err err)
{
    if (err == ERR_RANGE)
        reader_error(r, t, "S118", "'%s' is out of range for %s in '%s'%s", text,
                     dimensions[d].what, k->name, range_text(r, k, d));
    else if (value_is_number(text))
        reader_error(r, t, "S116", "'%s' needs %s with its unit; '%s' has none (%s)", k->name,
                     dimensions[d].what, text, dimensions[d].units);
    else
        reader_error(r, t, "S117", "'%s' needs %s, a number with its unit (%s)%s%s%s; '%s' is none",
                     k->name, dimensions[d].what, dimensions[d].units, k->none ? ", or '" : "",
                     k->none ? k->none : "", k->none ? "'" : "", text);
    return false;
}

bool value_quantity(struct reader *r, const struct schema_key *k, const struct tree *t,
                    enum dimension d, const char *text, int64_t *out)
{
    uint64_t v = 0;
    if (k->none && strcmp(text, k->none) == 0) {
        *out = k->none_value;
        return true;
    }
    enum err err = read_units(d, text, &v);
    if (err)
        return tell_quantity(r, k, t, d, text, err);
    if ((k->min != 0 || k->max != 0) && (v > (uint64_t)k->max || v < (uint64_t)k->min)) {
        char low[32], high[32];
        format_units(d, k->min, low, sizeof low);
        format_units(d, k->max, high, sizeof high);
        reader_error(r, t, "S118", "'%s' must be from %s to %s; '%s' is out of range", k->name, low,
                     high, text);
        return false;
    }
    *out = (int64_t)v;
    return true;
}

/* ---- whole numbers ---- */

static bool read_whole(struct reader *r, const struct schema_key *k, const struct tree *t,
                       uint64_t max, uint64_t *out)
{
    const char *p = t->text;
    unsigned base = 10;
    uint64_t v = 0;
    bool fits = true;
    if (k->none && strcmp(p, k->none) == 0) {
        *out = (uint64_t)k->none_value;
        return true;
    }
    if (k->type == TYPE_BITS && p[0] == '0' && p[1] == 'x') {
        base = 16;
        p += 2;
    }
    const char *digits = base == 16 ? "0123456789abcdef" : "0123456789";
    if (base == 10 && p[0] == '-' && p[1]) { /* a whole number, and too small */
        fits = false;
        p++;
    }
    if (*p == '\0' || p[strspn(p, digits)] != '\0') {
        reader_error(r, t, "S117", "'%s' needs a whole number%s%s%s; '%s' is none", k->name,
                     k->none ? ", or '" : "", k->none ? k->none : "", k->none ? "'" : "", t->text);
        return false;
    }
    for (; *p; p++) {
        unsigned digit = (unsigned)(strchr(digits, *p) - digits);
        fits = fits && v <= (UINT64_MAX - digit) / base;
        v = v * base + digit;
    }
    if (k->max != 0 && (uint64_t)k->max < max)
        max = (uint64_t)k->max;
    if (!fits || v > max || v < (uint64_t)k->min) {
        reader_error(r, t, "S118", "'%s' must be from %lld to %llu; '%s' is out of range", k->name,
                     (long long)k->min, (unsigned long long)max, t->text);
        return false;
    }
    *out = v;
    return true;
}

/* ---- words ---- */

bool value_word(struct reader *r, const struct schema_key *k, const struct tree *t, int *out)
{
    static const struct schema_word booleans[] = {
        {"yes", 1}, {"no", 0}, {"true", 1}, {"false", 0}, {NULL, 0}};
    const struct schema_word *words = k->words ? k->words : booleans;
    const char *names[32];
    size_t n = 0;
    const char *all = "";
    for (const struct schema_word *w = words; w->name; w++) {
        if (strcmp(w->name, t->text) == 0 && w->value == SCHEMA_LATER) {
            reader_error(r, t, "S114", "'%s: %s' is not in this version", k->name, w->name);
            return false;
        }
        if (strcmp(w->name, t->text) == 0) {
            *out = w->value;
            return true;
        }
        if (w->value == SCHEMA_LATER)
            continue;
        names[n++] = w->name;
        all = pool_printf(r->pool, "%s%s%s", all, n > 1 ? ", " : "", w->name);
    }
    reader_error(r, t, "S119", "'%s' does not know '%s'; it may be %s%s", k->name, t->text, all,
                 reader_hint(r, t->text, names, n));
    return false;
}

static bool read_suite(struct reader *r, const struct schema_key *k, const struct tree *t,
                       enum tls_suite *out)
{
    enum tls_suite suite = tls_suite_find(t->text);
    if (suite != TLS_SUITE_COUNT) {
        *out = suite;
        return true;
    }
    const char *names[TLS_SUITE_COUNT];
    for (unsigned i = 0; i < TLS_SUITE_COUNT; i++)
        names[i] = tls_suite_name((enum tls_suite)i);
    reader_error(r, t, "S119", "'%s' does not know the cipher suite '%s'%s", k->name, t->text,
                 reader_hint(r, t->text, names, TLS_SUITE_COUNT));
    return false;
}

static bool is_of_kind(const struct schema_key *k, enum cfg_kind kind)
{
    return k->kind == SCHEMA_ANY_KIND || (int)kind == k->kind ||
           (k->kind == SCHEMA_IN_FIELD && cfg_is_field(kind));
}

static bool read_population(struct reader *r, const struct schema_key *k, const struct tree *t,
                            uint32_t *out)
{
    const struct scenario *s = r->s;
    uint32_t found = SCN_NONE;
    const char **names = pool_alloc(r->pool, (s->population_count + 1) * sizeof *names);
    size_t n = 0;
    if (s->population_count == 0) /* which was told */
        return false;
    for (uint32_t i = 0; i < s->population_count; i++) {
        const struct scn_population *p = &s->populations[i];
        if (strcmp(p->name, t->text) == 0)
            found = i;
        if (is_of_kind(k, p->kind))
            names[n++] = p->name;
    }
    if (found == SCN_NONE) {
        reader_error(r, t, "S202", "'%s' names the population '%s', which does not exist%s",
                     k->name, t->text, reader_hint(r, t->text, names, n));
        return false;
    }
    const struct mark *kind = reader_mark_of(r, &s->populations[found].kind);
    if (!is_of_kind(k, s->populations[found].kind)) {
        if (!kind || !kind->bad)
            reader_error(r, t, "S203", "'%s' needs a population of kind %s; '%s' is of kind %s",
                         k->name, schema_kind_name(k), t->text,
                         schema_word_name(schema_kinds, (int)s->populations[found].kind));
        return false;
    }
    *out = found;
    return true;
}

static bool read_services(struct reader *r, const struct tree *t, uint32_t *out)
{
    uint32_t bits = 0;
    for (const struct tree *c = t->children; c; c = c->next) {
        size_t i = 0;
        if (!reader_want(r, c, TREE_TEXT, "a service"))
            return false;
        while (i < 11 && strcmp(policy_services[i], c->text) != 0)
            i++;
        if (i == 11) {
            reader_error(r, c, "S119", "there is no service capability '%s'%s", c->text,
                         reader_hint(r, c->text, policy_services, 11));
            return false;
        }
        bits |= UINT32_C(1) << (31 - i); /* GAP C6: xAE is bit 31, the spare one bit 21 */
    }
    *out = bits;
    return true;
}

/* ---- texts ---- */

static bool read_text(struct reader *r, const struct schema_key *k, const struct tree *t,
                      const char **out)
{
    if (t->text[0] == '\0' && !k->standard) {
        reader_error(r, t, "S112", "'%s' has no value", k->name);
        return false;
    }
    *out = pool_text(r->pool, t->text, strlen(t->text));
    return true;
}

static bool read_fqdn(struct reader *r, const struct schema_key *k, const struct tree *t, char *out)
{
    size_t n = strlen(t->text);
    size_t fine =
        strspn(t->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");
    if (n == 0 || fine != n || t->text[0] == '.' || t->text[0] == '-') {
        reader_error(r, t, "S117", "'%s' needs a domain name; '%s' is none", k->name, t->text);
        return false;
    }
    if (n > 64) { /* X.520: the most a common name holds */
        reader_error(r, t, "S118", "'%s' must be at most 64 characters", k->name);
        return false;
    }
    memcpy(out, t->text, n + 1);
    return true;
}

static bool read_format(struct reader *r, const struct tree *t)
{
    if (strcmp(t->text, "1") == 0)
        return true;
    reader_error(r, t, "S115", "scenario format '%s'; this version reads format 1", t->text);
    return false;
}

/* ---- any ---- */

static bool read_dimension(struct reader *r, const struct schema_key *k, const struct tree *t,
                           void *target)
{
    int64_t v;
    enum dimension d = k->type == TYPE_TIME   ? DIMENSION_TIME
                       : k->type == TYPE_RATE ? DIMENSION_RATE
                       : k->type == TYPE_SIZE ? DIMENSION_SIZE
                                              : DIMENSION_SHARE;
    if (!value_quantity(r, k, t, d, t->text, &v))
        return false;
    if (k->type == TYPE_TIME)
        *(sim_ns *)target = v;
    else if (k->type == TYPE_RATE)
        *(uint64_t *)target = (uint64_t)v;
    else if (k->type == TYPE_CHANCE)
        *(double *)target = (double)v / 1e6;
    else
        *(uint32_t *)target = (uint32_t)v;
    return true;
}

static bool read_integer(struct reader *r, const struct schema_key *k, const struct tree *t,
                         void *target)
{
    uint64_t v;
    if (!read_whole(r, k, t, k->type == TYPE_SEED ? (uint64_t)INT64_MAX : UINT32_MAX, &v))
        return false;
    if (k->type == TYPE_SEED)
        *(uint64_t *)target = v;
    else
        *(uint32_t *)target = (uint32_t)v;
    return true;
}

static bool read_choice(struct reader *r, const struct schema_key *k, const struct tree *t,
                        void *target)
{
    int v;
    if (!value_word(r, k, t, &v))
        return false;
    if (target && k->type == TYPE_BOOL)
        *(bool *)target = v != 0;
    else if (target)
        memcpy(target, &v, sizeof v);
    return true;
}

bool value_read(struct reader *r, const struct schema_key *k, const struct tree *t, void *target)
{
    if (k->type == TYPE_REPLICATIONS)
        return value_replications(r, k, t, target);
    if (!t->spoiled && t->kind != TREE_TEXT && k->type == TYPE_SET)
        return value_set(r, k, t, target);
    if (!t->spoiled && t->kind != TREE_TEXT && k->type == TYPE_SETS)
        return value_sets(r, k, t, target);
    if (t->spoiled || !reader_want(r, t, k->type == TYPE_SERVICES ? TREE_LIST : TREE_TEXT, k->name))
        return false;
    if (t->kind == TREE_TEXT && t->text[0] == '\0' && k->type != TYPE_TEXT) {
        reader_error(r, t, "S112", "'%s' has no value", k->name);
        return false;
    }
    switch (k->type) {
    case TYPE_TEXT:
        return read_text(r, k, t, target);
    case TYPE_FQDN:
        return read_fqdn(r, k, t, target);
    case TYPE_BOOL:
    case TYPE_WORD:
        return read_choice(r, k, t, target);
    case TYPE_COUNT:
    case TYPE_SEED:
    case TYPE_BITS:
        return read_integer(r, k, t, target);
    case TYPE_TIME:
    case TYPE_RATE:
    case TYPE_SIZE:
    case TYPE_SHARE:
    case TYPE_CHANCE:
        return read_dimension(r, k, t, target);
    case TYPE_LOSS:
        return value_loss(r, k, t, target);
    case TYPE_DIST:
        return value_dist(r, k, t, target);
    case TYPE_SUITE:
        return read_suite(r, k, t, target);
    case TYPE_POPULATION:
        return read_population(r, k, t, target);
    case TYPE_DATE:
        return value_date(r, k, t, target);
    case TYPE_FORMAT:
        return read_format(r, t);
    case TYPE_SERVICES:
        return read_services(r, t, target);
    case TYPE_SET:
        return value_set(r, k, t, target);
    case TYPE_SETS:
        return value_sets(r, k, t, target);
    case TYPE_REPLICATIONS:
    case TYPE_SECTION:
    case TYPE_TABLE:
    case TYPE_LATER:
        break;
    }
    assert(false && "a section is not a value");
    return false;
}
