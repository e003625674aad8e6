#include "sim/base/json.h"

#include <math.h>
#include <stdint.h>

size_t utf8_character(const char *text)
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

void json_text(FILE *to, const char *s)
{
    fputc('"', to);
    while (*s) {
        size_t n = utf8_character(s);
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

void json_number(FILE *to, double v)
{
    if (isfinite(v))
        fprintf(to, "%.12g", v);
    else
        fputs("null", to);
}
