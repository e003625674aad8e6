#include "models/proto/m2mxml_impl.h"

#include "crypto/hash.h"

#include <string.h>

/* whiteSpace="collapse" at the ends, as every type here but string has it. */
static size_t trimmed(const char **text)
{
    size_t n;

    *text += strspn(*text, " \t\r\n");
    n = strlen(*text);
    while (n > 0 && strchr(" \t\r\n", (*text)[n - 1]))
        n--;
    return n;
}

bool type_hex(const char *text, uint8_t *out, size_t n)
{
    size_t length = trimmed(&text);

    return length == 2 * n && hex_decode(text, length, out, n);
}

static bool digits(const char *p, size_t n, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;

    if (n == 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned)((unsigned char)p[i] - '0');

        if (digit > 9 || v > (max - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

bool type_u64(const char *text, uint64_t max, uint64_t *out)
{
    size_t n = trimmed(&text);

    if (n > 0 && *text == '+')
        return digits(text + 1, n - 1, max, out);
    return digits(text, n, max, out);
}

bool type_i64(const char *text, int64_t *out)
{
    size_t n = trimmed(&text);
    bool negative = n > 0 && *text == '-';
    bool sign = negative || (n > 0 && *text == '+');
    uint64_t v;

    if (!digits(text + sign, n - sign, (uint64_t)INT64_MAX + negative, &v))
        return false;
    /* -(v) without passing INT64_MAX on the way */
    *out = !negative || v == 0 ? (int64_t)v : -(int64_t)(v - 1) - 1;
    return true;
}

bool type_bool(const char *text, bool *out)
{
    size_t n = trimmed(&text);

    if (n == 1 && (*text == '0' || *text == '1')) {
        *out = *text == '1';
        return true;
    }
    *out = n == 4 && memcmp(text, "true", 4) == 0;
    return *out || (n == 5 && memcmp(text, "false", 5) == 0);
}

bool type_text(const char *text, char *out, size_t n)
{
    size_t length = strlen(text);

    if (length >= n)
        return false;
    memcpy(out, text, length + 1);
    return true;
}

/* RFC 3986 leaves no room for these; the schema's anyURI is laxer, a simulator need not be. */
bool type_uri(const char *text, char *out, size_t n)
{
    size_t length = trimmed(&text);

    if (length == 0 || length >= n)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f ||
            strchr("<>\"\\^`{|}", text[i]))
            return false;
    memcpy(out, text, length);
    out[length] = '\0';
    return true;
}

bool put_hex(struct buf *out, const uint8_t *p, size_t n)
{
    static const char hex[] = "0123456789ABCDEF";
    uint8_t *to = buf_room(out, 2 * n);

    if (!to)
        return false;
    for (size_t i = 0; i < n; i++) {
        to[2 * i] = (uint8_t)hex[p[i] >> 4];
        to[2 * i + 1] = (uint8_t)hex[p[i] & 15];
    }
    buf_added(out, 2 * n);
    return true;
}

bool put_escaped(struct buf *out, const char *text)
{
    while (*text) {
        size_t plain = strcspn(text, "<>&\"\r\n\t");
        char c = text[plain];

        if (!buf_put(out, text, plain))
            return false;
        if (c == '\0')
            break;
        if (c == '<' || c == '>' || c == '&' || c == '"') {
            const char *entity = c == '<'   ? "&lt;"
                                 : c == '>' ? "&gt;"
                                 : c == '&' ? "&amp;"
                                            : "&quot;";

            if (!buf_puts(out, entity))
                return false;
        } else if (!buf_printf(out, "&#%d;", c)) {
            return false;
        }
        text += plain + 1;
    }
    return true;
}
