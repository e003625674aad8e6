/* Values as a scenario has them: what value_read reads back to the same. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/units.h"
#include "sim/base/json.h"
#include "sim/base/str.h"
#include "topologies/reader.h"

/* A word, a number with its unit: JSON wants it in quotes. */
static void write_plain(const char *text, bool json, FILE *to)
{
    fprintf(to, json ? "\"%s\"" : "%s", text);
}

static void write_bool(const struct schema_key *k, bool v, bool json, FILE *to)
{
    if (k->words)
        write_plain(schema_word_name(k->words, v), json, to);
    else if (json)
        fputs(v ? "true" : "false", to);
    else
        fputs(v ? "yes" : "no", to);
}

static void write_whole(const struct schema_key *k, uint64_t v, bool json, FILE *to)
{
    if (k->none && v == (uint64_t)k->none_value)
        write_plain(k->none, json, to);
    else
        fprintf(to, "%llu", (unsigned long long)v);
}

/* The fewest digits that read back to the same double. */
static void format_double(double v, char *out, size_t n)
{
    for (int digits = 1; digits <= 340; digits++) {
        snprintf(out, n, "%.*f", digits, v);
        if (strtod(out, NULL) == v)
            return;
    }
}

static void format_chance(double v, char *out, size_t n)
{
    units_format_share((uint32_t)(v * 1e6 + 0.5), out, n); /* v is a whole number of ppm */
}

static void write_chance(double v, bool json, FILE *to)
{
    char text[32];
    format_chance(v, text, sizeof text);
    write_plain(text, json, to);
}

static void write_loss(const struct net_loss *l, bool json, FILE *to)
{
    char v[4][32], text[200];
    format_chance(l->loss_good, v[0], sizeof v[0]);
    format_chance(l->loss_bad, v[1], sizeof v[1]);
    format_chance(l->p_good_to_bad, v[2], sizeof v[2]);
    format_chance(l->p_bad_to_good, v[3], sizeof v[3]);
    if (l->p_bad_to_good > 0)
        snprintf(text, sizeof text, "gilbert-elliott %s %s %s %s", v[0], v[1], v[2], v[3]);
    else
        snprintf(text, sizeof text, "%s", v[0]);
    write_plain(text, json, to);
}

static void write_dist(const struct dist *d, bool json, FILE *to)
{
    char a[32], b[32], sigma[400];
    const char *quote = json ? "\"" : "";
    units_format_time(d->a, a, sizeof a);
    units_format_time(d->b, b, sizeof b);
    fputs(quote, to);
    switch (d->kind) {
    case DIST_CONSTANT:
        fputs(a, to);
        break;
    case DIST_UNIFORM:
        fprintf(to, "uniform %s %s", a, b);
        break;
    case DIST_NORMAL:
        fprintf(to, "normal %s %s", a, b);
        break;
    case DIST_LOGNORMAL:
        format_double(d->sigma, sigma, sizeof sigma);
        fprintf(to, "lognormal %s %s", a, sigma);
        break;
    case DIST_EXPONENTIAL:
        fprintf(to, "exponential %s", a);
        break;
    case DIST_EMPIRICAL:
        fputs("empirical", to);
        for (uint32_t i = 0; i < d->n; i++) {
            units_format_time(d->points[i], a, sizeof a);
            fprintf(to, " %s", a);
        }
        break;
    }
    fputs(quote, to);
}

static void write_date(int64_t unix_ns, bool json, FILE *to)
{
    /* Civil from days (proleptic Gregorian calendar), for dates from 1970 on. */
    int64_t s = unix_ns / SIM_S, days = s / 86400;
    int year = 1970, month = 1;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (;; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        if (days < 365 + leap) {
            for (; days >= lengths[month - 1] + (month == 2 && leap); month++)
                days -= lengths[month - 1] + (month == 2 && leap);
            break;
        }
        days -= 365 + leap;
    }
    int of_day = (int)(s % 86400);
    char text[64];
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, (int)days + 1,
             of_day / 3600, of_day / 60 % 60, of_day % 60);
    write_plain(text, json, to);
}

/* Joined by +, in the order of the words. */
static void write_set(const struct schema_key *k, uint32_t set, bool json, FILE *to)
{
    char text[128];
    size_t n = 0;
    for (const struct schema_word *w = k->words; w->name; w++) {
        if (w->value == SCHEMA_LATER || (w->value == 0 ? set != 0 : !(set & (uint32_t)w->value)))
            continue;
        n = str_append(text, sizeof text, n, n > 0 ? "+" : "");
        n = str_append(text, sizeof text, n, w->name);
    }
    write_plain(text, json, to);
}

static void write_sets(const struct schema_key *k, const struct cfg_sets *sets, bool json, FILE *to)
{
    if (sets->count == 0) {
        write_plain(k->none, json, to);
        return;
    }
    for (uint32_t i = 0; i < sets->count; i++) {
        fputs(i > 0 ? ", " : "[", to);
        write_set(k, sets->set[i], json, to);
    }
    fputs("]", to);
}

static void write_services(uint32_t bits, bool json, FILE *to)
{
    const char *separator = "";
    putc('[', to);
    for (unsigned i = 0; i < 11; i++)
        if (bits & (UINT32_C(1) << (31 - i))) {
            fputs(separator, to);
            write_plain(policy_services[i], json, to);
            separator = ", ";
        }
    putc(']', to);
}

static void write_quantity(const struct schema_key *k, const void *target, bool json, FILE *to)
{
    char text[32];
    int64_t v;
    if (k->type == TYPE_TIME)
        v = *(const sim_ns *)target;
    else if (k->type == TYPE_RATE)
        v = (int64_t) * (const uint64_t *)target;
    else
        v = *(const uint32_t *)target;
    if (k->none && v == k->none_value)
        snprintf(text, sizeof text, "%s", k->none);
    else if (k->type == TYPE_TIME)
        units_format_time(v, text, sizeof text);
    else if (k->type == TYPE_RATE)
        units_format_rate((uint64_t)v, text, sizeof text);
    else if (k->type == TYPE_SIZE)
        units_format_size((uint64_t)v, text, sizeof text);
    else
        units_format_share((uint32_t)v, text, sizeof text);
    write_plain(text, json, to);
}

static void write_bits(uint32_t v, bool json, FILE *to)
{
    char text[16];
    snprintf(text, sizeof text, "0x%08x", v);
    write_plain(text, json, to);
}

static void write_word(const struct schema_key *k, const void *target, bool json, FILE *to)
{
    int v;
    memcpy(&v, target, sizeof v);
    write_plain(schema_word_name(k->words, v), json, to);
}

static void write_replications(const struct scn_replications *v, bool json, FILE *to)
{
    char share[32];
    const char *quote = json ? "\"" : "";
    if (!v->until_ci_ppm) {
        fprintf(to, "%u", v->min);
        return;
    }
    units_format_share(v->until_ci_ppm, share, sizeof share);
    fprintf(to, "{%smin%s: %u, %smax%s: %u, %suntil_ci%s: %s%s%s}", quote, quote, v->min, quote,
            quote, v->max, quote, quote, quote, share, quote);
}

static void write_any_set(const struct schema_key *k, const void *target, bool json, FILE *to)
{
    if (k->type == TYPE_BITS)
        write_bits(*(const uint32_t *)target, json, to);
    else if (k->type == TYPE_SERVICES)
        write_services(*(const uint32_t *)target, json, to);
    else if (k->type == TYPE_SET)
        write_set(k, *(const uint32_t *)target, json, to);
    else
        write_sets(k, target, json, to);
}

void value_write(const struct scenario *s, const struct schema_key *k, const void *target,
                 bool json, FILE *to)
{
    switch (k->type) {
    case TYPE_TEXT:
        json_text(to, *(const char *const *)target);
        return;
    case TYPE_FQDN:
        json_text(to, target);
        return;
    case TYPE_BOOL:
        write_bool(k, *(const bool *)target, json, to);
        return;
    case TYPE_WORD:
        write_word(k, target, json, to);
        return;
    case TYPE_COUNT:
        write_whole(k, *(const uint32_t *)target, json, to);
        return;
    case TYPE_SEED:
        write_whole(k, *(const uint64_t *)target, json, to);
        return;
    case TYPE_TIME:
    case TYPE_RATE:
    case TYPE_SIZE:
    case TYPE_SHARE:
        write_quantity(k, target, json, to);
        return;
    case TYPE_CHANCE:
        write_chance(*(const double *)target, json, to);
        return;
    case TYPE_LOSS:
        write_loss(target, json, to);
        return;
    case TYPE_DIST:
        write_dist(target, json, to);
        return;
    case TYPE_SUITE:
        write_plain(tls_suite_name(*(const enum tls_suite *)target), json, to);
        return;
    case TYPE_POPULATION:
        write_plain(s->populations[*(const uint32_t *)target].name, json, to);
        return;
    case TYPE_DATE:
        write_date(*(const int64_t *)target, json, to);
        return;
    case TYPE_BITS:
    case TYPE_SERVICES:
    case TYPE_SET:
    case TYPE_SETS:
        write_any_set(k, target, json, to);
        return;
    case TYPE_FORMAT:
    case TYPE_REPLICATIONS:
        write_replications(target, json, to);
        return;
    case TYPE_SECTION:
    case TYPE_TABLE:
    case TYPE_LATER:
        break;
    }
    assert(false && "a section is not a value");
}
