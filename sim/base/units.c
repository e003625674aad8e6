#include "sim/base/units.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Wide enough for any 19-digit number times the largest unit (a year in ns is below 2^55). */
__extension__ typedef unsigned __int128 wide;

struct unit {
    const char *name;
    uint64_t scale; /* of the smallest unit of the dimension */
};

/* Largest first: formatting takes the first that divides. */
/* clang-format off */
static const struct unit time_units[] = {
    {"y", UINT64_C(365) * 86400 * 1000000000}, {"w", UINT64_C(7) * 86400 * 1000000000},
    {"d", UINT64_C(86400) * 1000000000},       {"h", UINT64_C(3600) * 1000000000},
    {"min", UINT64_C(60) * 1000000000},        {"s", UINT64_C(1000000000)},
    {"ms", 1000000}, {"us", 1000}, {"ns", 1}, {NULL, 0}};
static const struct unit rate_units[] = {
    {"Gbit/s", 1000000000}, {"Mbit/s", 1000000}, {"kbit/s", 1000}, {"bit/s", 1}, {NULL, 0}};
static const struct unit size_units[] = {
    {"GiB", 1u << 30}, {"GB", 1000000000}, {"MiB", 1u << 20}, {"MB", 1000000},
    {"KiB", 1024}, {"kB", 1000}, {"B", 1}, {NULL, 0}};
static const struct unit share_units[] = {{"%", 10000}, {"ppm", 1}, {NULL, 0}};
/* clang-format on */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* digits [ "." digits ] -> mantissa / 10^decimals. NULL: not a number; *fits false: beyond 19
 * significant digits. */
static const char *read_decimal(const char *p, uint64_t *mantissa, unsigned *decimals, bool *fits)
{
    *mantissa = 0;
    *decimals = 0;
    *fits = true;
    if (!is_digit(*p))
        return NULL;
    bool fraction = false;
    for (; is_digit(*p) || (*p == '.' && !fraction && is_digit(p[1])); p++) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        if (*mantissa > (UINT64_MAX - 9) / 10) {
            *fits = false;
            continue;
        }
        *mantissa = *mantissa * 10 + (uint64_t)(*p - '0');
        *decimals += fraction;
    }
    return p;
}

static enum err read_quantity(const char *text, const struct unit *units, uint64_t max,
                              uint64_t *out)
{
    bool negative = *text == '-';
    uint64_t mantissa;
    unsigned decimals;
    bool fits;
    const char *p = read_decimal(text + negative, &mantissa, &decimals, &fits);
    if (!p)
        return ERR_FORMAT;
    while (*p == ' ')
        p++;
    const struct unit *u = units;
    while (u->name && strcmp(u->name, p) != 0)
        u++;
    if (!u->name)
        return ERR_FORMAT;
    if (negative || !fits)
        return ERR_RANGE;
    wide value = (wide)mantissa * u->scale;
    for (; decimals > 0; decimals--) {
        if (value % 10 != 0)
            return ERR_RANGE;
        value /= 10;
    }
    if (value > max)
        return ERR_RANGE;
    *out = (uint64_t)value;
    return OK;
}

enum err units_time(const char *text, sim_ns *out)
{
    uint64_t v;
    enum err err = read_quantity(text, time_units, (uint64_t)SIM_NEVER - 1, &v);
    if (!err)
        *out = (sim_ns)v;
    return err;
}

enum err units_rate(const char *text, uint64_t *out)
{
    uint64_t v;
    enum err err = read_quantity(text, rate_units, UINT64_MAX, &v);
    if (!err && v == 0)
        err = ERR_RANGE;
    if (!err)
        *out = v;
    return err;
}

enum err units_size(const char *text, uint64_t *out)
{
    return read_quantity(text, size_units, UINT64_MAX, out);
}

enum err units_share(const char *text, uint32_t *out_ppm)
{
    uint64_t v;
    enum err err = read_quantity(text, share_units, 1000000, &v);
    if (!err)
        *out_ppm = (uint32_t)v;
    return err;
}

/* Zero is said in `base`, which must be one of the units. */
static void format_quantity(uint64_t v, const struct unit *units, const char *base, char *out,
                            size_t n)
{
    const struct unit *u = units;
    if (v == 0) {
        snprintf(out, n, "0 %s", base);
        return;
    }
    while (v % u->scale != 0)
        u++;
    snprintf(out, n, "%llu %s", (unsigned long long)(v / u->scale), u->name);
}

void units_format_time(sim_ns t, char *out, size_t n)
{
    if (t == SIM_NEVER)
        snprintf(out, n, "never");
    else if (t < 0 && n > 1) {
        out[0] = '-';
        format_quantity(-(uint64_t)t, time_units, "s", out + 1, n - 1);
    } else
        format_quantity((uint64_t)t, time_units, "s", out, n);
}

void units_format_rate(uint64_t bit_s, char *out, size_t n)
{
    format_quantity(bit_s, rate_units, "bit/s", out, n);
}

void units_format_size(uint64_t octets, char *out, size_t n)
{
    format_quantity(octets, size_units, "B", out, n);
}

void units_format_share(uint32_t ppm, char *out, size_t n)
{
    if (ppm % 10000 == 0)
        snprintf(out, n, "%u %%", ppm / 10000);
    else if (ppm % 1000 == 0)
        snprintf(out, n, "%u.%u %%", ppm / 10000, ppm % 10000 / 1000);
    else if (ppm % 100 == 0)
        snprintf(out, n, "%u.%02u %%", ppm / 10000, ppm % 10000 / 100);
    else
        snprintf(out, n, "%u ppm", ppm);
}

/* Three significant digits of v >= 0; at most 999 is expected, more is written out. */
static void three_digits(double v, char *out, size_t n)
{
    int decimals = v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2;
    snprintf(out, n, "%.*f", decimals, v);
}

void units_human_time(sim_ns t, char *out, size_t n)
{
    if (t == SIM_NEVER) {
        snprintf(out, n, "never");
        return;
    }
    double v = fabs((double)t);
    const struct unit *u = time_units;
    /* Weeks are not how people read a latency. 0.9995: what rounds up to 1.00 is one. */
    while (u[1].name && (v / (double)u->scale < 0.9995 || strcmp(u->name, "w") == 0))
        u++;
    char digits[32];
    if (u[1].name)
        three_digits(v / (double)u->scale, digits, sizeof digits);
    else
        snprintf(digits, sizeof digits, "%.0f", v);
    snprintf(out, n, "%s%s %s", t < 0 ? "-" : "", digits, t == 0 ? "s" : u->name);
}

void units_human_count(double v, char *out, size_t n)
{
    static const char *const prefixes[] = {"", " k", " M", " G", " T", " P", " E"};
    double a = fabs(v);
    size_t i = 0;
    for (; a >= 999.5 && i + 1 < sizeof prefixes / sizeof *prefixes; i++)
        a /= 1000;
    char digits[400];
    three_digits(a, digits, sizeof digits);
    if (strchr(digits, '.')) {
        size_t end = strlen(digits);
        while (digits[end - 1] == '0')
            end--;
        if (digits[end - 1] == '.')
            end--;
        digits[end] = '\0';
    }
    snprintf(out, n, "%s%s%s", v < 0 ? "-" : "", digits, prefixes[i]);
}
