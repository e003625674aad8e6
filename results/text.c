#include "results/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/units.h"

/* Octets of the UTF-8 character at s; 0: none begins here, or one that a terminal would obey. */
static size_t character(const char *text)
{
    const uint8_t *s = (const uint8_t *)text;
    if (s[0] < 0x80)
        return s[0] >= 0x20 && s[0] != 0x7f;
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    /* RFC 3629 section 4: no long forms, no surrogates; and no C1 controls, which terminals obey.
     */
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f) ||
        (s[0] == 0xc2 && s[1] < 0xa0))
        return 0;
    return n;
}

/* One character; gives the next. */
static const char *put_one(FILE *to, const char *s)
{
    size_t n = character(s);
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

int text_width(const char *s)
{
    int width = 0;
    while (*s) {
        size_t n = character(s);
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

const char *text_time(double ns, char out[32])
{
    units_human_time((sim_ns)(ns + 0.5), out, 32);
    return out;
}

void text_json(FILE *to, const char *s)
{
    fputc('"', to);
    while (*s) {
        size_t n = character(s);
        uint8_t c = (uint8_t)*s;
        if (n == 0) {
            if (c < 0x80)
                fprintf(to, "\\u%04x", c);
            else
                fputs("\\ufffd", to);
            s++;
            continue;
        }
        if (c == '"' || c == '\\')
            fputc('\\', to);
        fwrite(s, 1, n, to);
        s += n;
    }
    fputc('"', to);
}
