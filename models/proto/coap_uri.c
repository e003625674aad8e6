/* The part of a coap URI behind its authority, to options and back (RFC 7252 6.4, 6.5). */
#include "models/proto/coap_msg.h"

#define SEGMENT_MAX 255

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One segment or argument: n characters, decoded into store and added. */
static bool add_part(struct coap_msg *m, uint16_t number, const char *text, size_t n,
                     struct buf *store)
{
    uint8_t part[SEGMENT_MAX];
    size_t used = 0;
    uint8_t *room;

    for (size_t i = 0; i < n; i++) {
        int c = (uint8_t)text[i];

        if (text[i] == '%') {
            int high = i + 2 < n ? hex(text[i + 1]) : -1;
            int low = high >= 0 ? hex(text[i + 2]) : -1;

            if (low < 0)
                return false;
            c = high << 4 | low;
            i += 2;
        }
        if (used == sizeof(part))
            return false;
        part[used++] = (uint8_t)c;
    }
    if (used == 0)
        return coap_msg_add(m, number, span_of(NULL, 0));
    room = buf_room(store, used);
    if (!room)
        return false;
    memcpy(room, part, used);
    buf_added(store, used);
    return coap_msg_add(m, number, span_of(room, used));
}

bool coap_msg_add_uri(struct coap_msg *m, const char *uri, struct buf *store)
{
    const char *end = uri + strcspn(uri, "?");
    bool query = *end == '?';

    /* Its storage must not move once options point into it. */
    if (uri[0] != '/' || !buf_room(store, strlen(uri)))
        return false;
    /* 6.4 step 8: the path "/" is no segment. */
    for (const char *at = uri + 1; end > uri + 1 && at <= end; at++) {
        size_t n = strcspn(at, "/?");

        if (!add_part(m, COAP_URI_PATH, at, n, store))
            return false;
        at += n;
    }
    for (const char *at = end + 1; query; at++) {
        size_t n = strcspn(at, "&");

        if (!add_part(m, COAP_URI_QUERY, at, n, store))
            return false;
        at += n;
        query = *at == '&';
    }
    return true;
}

static bool is_plain(uint8_t c, bool query)
{
    static const char unreserved[] = "-._~!$'()*+,;=:@"; /* and sub-delims without '&' */

    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    if (c == '&')
        return !query;
    return c != '\0' && (strchr(unreserved, c) || (query && (c == '/' || c == '?')));
}

static bool put_char(char c, char *out, size_t n, size_t *used)
{
    if (*used + 1 >= n)
        return false;
    out[(*used)++] = c;
    out[*used] = '\0';
    return true;
}

static bool put_part(struct span part, bool query, char *out, size_t n, size_t *used)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < part.n; i++) {
        uint8_t c = part.p[i];
        bool ok = is_plain(c, query)
                      ? put_char((char)c, out, n, used)
                      : put_char('%', out, n, used) && put_char(digits[c >> 4], out, n, used) &&
                            put_char(digits[c & 15], out, n, used);

        if (!ok)
            return false;
    }
    return true;
}

bool coap_msg_uri(const struct coap_msg *m, char *out, size_t n)
{
    size_t used = 0;
    bool path = false, query = false;

    for (size_t i = 0; i < m->option_count; i++) {
        const struct coap_option *o = &m->options[i];

        if (o->number != COAP_URI_PATH || !coap_msg_understands(m, i))
            continue;
        path = true;
        if (!put_char('/', out, n, &used) || !put_part(coap_option_value(o), false, out, n, &used))
            return false;
    }
    if (!path && !put_char('/', out, n, &used))
        return false;
    for (size_t i = 0; i < m->option_count; i++) {
        const struct coap_option *o = &m->options[i];

        if (o->number != COAP_URI_QUERY || !coap_msg_understands(m, i))
            continue;
        if (!put_char(query ? '&' : '?', out, n, &used) ||
            !put_part(coap_option_value(o), true, out, n, &used))
            return false;
        query = true;
    }
    return true;
}
