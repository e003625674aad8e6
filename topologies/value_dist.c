/* Values of several parts: distributions of times, and loss. */
#include <stdlib.h>
#include <string.h>

#include "topologies/value.h"

/* ---- pieces of a value ---- */

static void skip_blanks(const char **p)
{
    while (**p == ' ')
        ++*p;
}

/* A number and the unit behind it, `80 ms` or `80ms`, as one text. false: there is none. */
static bool take_quantity(const char **p, char *out, size_t n)
{
    size_t m = 0;
    skip_blanks(p);
    if ((**p < '0' || **p > '9') && **p != '-')
        return false;
    while (**p && strchr("0123456789.-", **p) && m + 2 < n)
        out[m++] = *(*p)++;
    const char *unit = *p;
    skip_blanks(&unit);
    if (*unit && !strchr("0123456789.-", *unit)) {
        *p = unit;
        out[m++] = ' ';
        while (**p && **p != ' ' && m + 1 < n)
            out[m++] = *(*p)++;
    }
    out[m] = '\0';
    return true;
}

static bool take_word(const char **p, char *out, size_t n)
{
    size_t m = 0;
    skip_blanks(p);
    while (**p && **p != ' ' && m + 1 < n)
        out[m++] = *(*p)++;
    out[m] = '\0';
    return m > 0;
}

/* ---- distributions and loss ---- */

static int compare_times(const void *a, const void *b)
{
    sim_ns x = *(const sim_ns *)a, y = *(const sim_ns *)b;
    return (x > y) - (x < y);
}

/* Times behind `empirical`, or one a line of a file. */
static bool read_points(struct reader *r, const struct schema_key *k, const struct tree *t,
                        const char *p, struct dist *d)
{
    size_t n = 0, cap = strlen(p) / 3 + 1; /* the shortest is "1s " */
    sim_ns *points = pool_alloc(r->pool, cap * sizeof *points);
    char text[64];
    for (skip_blanks(&p); *p; skip_blanks(&p)) {
        int64_t v;
        if (!take_quantity(&p, text, sizeof text))
            take_word(&p, text, sizeof text);
        if (!value_quantity(r, k, t, DIMENSION_TIME, text, &v))
            return false;
        points[n++] = v;
    }
    if (n < 2) {
        reader_error(r, t, "S117", "'%s' needs at least two times behind 'empirical'", k->name);
        return false;
    }
    qsort(points, n, sizeof *points, compare_times);
    d->kind = DIST_EMPIRICAL;
    d->points = points;
    d->n = (uint32_t)n;
    return true;
}

#define MAX_POINTS_TEXT (1u << 20)

static bool read_empirical(struct reader *r, const struct schema_key *k, const struct tree *t,
                           const char *p, struct dist *d)
{
    skip_blanks(&p);
    if (*p == '\0' || (*p >= '0' && *p <= '9'))
        return read_points(r, k, t, p, d);
    const char *path = files_find(r->pool, r->s->path, p, NULL, "");
    const char *why = "there is no such file";
    size_t n = 0;
    char *text = path ? files_read(r->pool, path, MAX_POINTS_TEXT, &n, &why) : NULL;
    if (!text) {
        reader_error(r, t, "S122", "cannot read '%s': %s", p, why);
        return false;
    }
    bool comment = false;
    for (size_t i = 0; i < n;
         i++) { /* to one line of times: comments and line ends become blanks */
        comment = text[i] != '\n' && (comment || text[i] == '#');
        if (comment || text[i] == '\n' || text[i] == '\r' || text[i] == '\t' || text[i] == '\0')
            text[i] = ' ';
    }
    return read_points(r, k, t, text, d);
}

static bool read_sigma(struct reader *r, const struct schema_key *k, const struct tree *t,
                       const char **p, double *out)
{
    char text[64];
    take_word(p, text, sizeof text);
    if (!value_is_number(text)) {
        reader_error(r, t, "S117", "'%s' needs a plain number as sigma of lognormal; '%s' is none",
                     k->name, text);
        return false;
    }
    *out = strtod(text, NULL); /* correctly rounded, whatever the processor */
    if (*out <= 0 || *out > 5) {
        reader_error(r, t, "S118", "sigma of lognormal must be above 0 and at most 5; '%s' is not",
                     text);
        return false;
    }
    return true;
}

static bool end_of_value(struct reader *r, const struct schema_key *k, const struct tree *t,
                         const char *p)
{
    skip_blanks(&p);
    if (*p)
        reader_error(r, t, "S117", "'%s' is followed by '%s', which does not belong there", k->name,
                     p);
    return *p == '\0';
}

static bool take_time(struct reader *r, const struct schema_key *k, const struct tree *t,
                      const char **p, sim_ns *out)
{
    char text[64];
    if (!take_quantity(p, text, sizeof text))
        take_word(p, text, sizeof text);
    return value_quantity(r, k, t, DIMENSION_TIME, text, out);
}

bool value_dist(struct reader *r, const struct schema_key *k, const struct tree *t,
                struct dist *out)
{
    static const char *const kinds[] = {
        [DIST_CONSTANT] = "constant",       [DIST_UNIFORM] = "uniform",
        [DIST_NORMAL] = "normal",           [DIST_LOGNORMAL] = "lognormal",
        [DIST_EXPONENTIAL] = "exponential", [DIST_EMPIRICAL] = "empirical"};
    struct dist d = {.floor = LATENCY_UNSET, .ceiling = SIM_NEVER};
    const char *p = t->text;
    char word[64];
    unsigned kind = DIST_CONSTANT;
    if (*p < '0' || *p > '9') {
        take_word(&p, word, sizeof word);
        while (kind <= DIST_EMPIRICAL && strcmp(kinds[kind], word) != 0)
            kind++;
    }
    if (kind > DIST_EMPIRICAL) {
        reader_error(r, t, "S119",
                     "'%s' does not know the distribution '%s'; it may be a time, uniform, normal, "
                     "lognormal, exponential or empirical%s",
                     k->name, word, reader_hint(r, word, kinds, DIST_EMPIRICAL + 1));
        return false;
    }
    d.kind = (enum dist_kind)kind;
    if (d.kind == DIST_EMPIRICAL) {
        if (!read_empirical(r, k, t, p, &d))
            return false;
        *out = d;
        return true;
    }
    if (!take_time(r, k, t, &p, &d.a))
        return false;
    if ((d.kind == DIST_UNIFORM || d.kind == DIST_NORMAL) && !take_time(r, k, t, &p, &d.b))
        return false;
    if (d.kind == DIST_LOGNORMAL && !read_sigma(r, k, t, &p, &d.sigma))
        return false;
    if (!end_of_value(r, k, t, p))
        return false;
    if (d.kind == DIST_UNIFORM && d.b < d.a) {
        reader_error(r, t, "S118", "uniform goes from the smaller time to the larger");
        return false;
    }
    *out = d;
    return true;
}

bool value_loss(struct reader *r, const struct schema_key *k, const struct tree *t,
                struct net_loss *out)
{
    static const char *const names[] = {"gilbert-elliott"};
    const char *p = t->text;
    char text[64];
    double v[4] = {0};
    unsigned n = 1;
    if (*p < '0' || *p > '9') {
        take_word(&p, text, sizeof text);
        n = 4;
        if (strcmp(text, names[0]) != 0) {
            reader_error(r, t, "S119",
                         "'%s' is a share, or gilbert-elliott and four shares; not '%s'%s", k->name,
                         text, reader_hint(r, text, names, 1));
            return false;
        }
    }
    for (unsigned i = 0; i < n; i++) {
        int64_t ppm;
        if (!take_quantity(&p, text, sizeof text))
            take_word(&p, text, sizeof text);
        if (!value_quantity(r, k, t, DIMENSION_SHARE, text, &ppm))
            return false;
        v[i] = (double)ppm / 1e6;
    }
    if (!end_of_value(r, k, t, p))
        return false;
    if (n == 4 && v[3] <= 0) {
        reader_error(r, t, "S118",
                     "gilbert-elliott must be able to leave the bad state: the last "
                     "share is 0");
        return false;
    }
    *out = (struct net_loss){v[0], v[1], v[2], v[3]};
    return true;
}
