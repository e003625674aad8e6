#include "results/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/json.h"
#include "sim/base/units.h"

/* One character; gives the next. */
static const char *put_one(FILE *to, const char *s)
{
    size_t n = utf8_character(s);
    if (n == 0) {
        fputc('?', to);
        return s + 1;
    }
    fwrite(s, 1, n, to);
    return s + n;
}

void text_put(FILE *to, const char *s)
{
    while (*s)
        s = put_one(to, s);
}

void text_escaped(FILE *to, const char *s, const char *special, void (*put)(FILE *to, char c))
{
    while (*s) {
        if (strchr(special, *s))
            put(to, *s++);
        else
            s = put_one(to, s);
    }
}

static void put_reference(FILE *to, char c)
{
    switch (c) {
    case '&':
        fputs("&amp;", to);
        break;
    case '<':
        fputs("&lt;", to);
        break;
    case '>':
        fputs("&gt;", to);
        break;
    case '"':
        fputs("&quot;", to);
        break;
    default:
        fputs("&#39;", to);
        break;
    }
}

void text_xml(FILE *to, const char *s)
{
    text_escaped(to, s, "&<>\"'", put_reference);
}

int text_width(const char *s)
{
    int width = 0;
    while (*s) {
        size_t n = utf8_character(s);
        s += n ? n : 1;
        width++;
    }
    return width;
}

void text_cell(FILE *to, const char *s, int width)
{
    int room = abs(width), have = text_width(s);
    int pad = have < room ? room - have : 0;
    if (width < 0)
        fprintf(to, "%*s", pad, "");
    for (int i = 0; *s && i < room; i++) {
        if (i == room - 1 && have > room) {
            fputc('~', to);
            break;
        }
        s = put_one(to, s);
    }
    if (width > 0)
        fprintf(to, "%*s", pad, "");
}

const char *text_count(uint64_t n, char out[32])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, n);
    char *at = out;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = '\0';
    return out;
}

const char *text_share(uint64_t part, uint64_t whole, char out[32])
{
    uint64_t hundredths = whole ? (uint64_t)((double)part / (double)whole * 10000) : 0;
    if (whole == 0)
        snprintf(out, 32, "-");
    else if (hundredths % 100 == 0)
        snprintf(out, 32, "%" PRIu64 " %%", hundredths / 100);
    else
        snprintf(out, 32, "%" PRIu64 ".%02" PRIu64 " %%", hundredths / 100, hundredths % 100);
    return out;
}

const char *text_figure(double v, char out[32])
{
    double a = fabs(v);
    int decimals = a == 0 || a >= 99.95 ? 0 : a >= 9.995 ? 1 : a >= 0.9995 ? 2 : 3;
    snprintf(out, 32, "%.*f", decimals, v);
    return out;
}

const char *text_percent(double share, char out[32])
{
    double percent = 100 * share;
    if (percent > 0 && percent < 1e-4)
        snprintf(out, 32, "<0.0001 %%");
    else if (percent >= 10)
        snprintf(out, 32, "%.1f %%", percent);
    else
        snprintf(out, 32, "%.2g %%", percent);
    return out;
}

const char *text_time(double ns, char out[32])
{
    units_human_time((sim_ns)(ns + 0.5), out, 32);
    return out;
}
