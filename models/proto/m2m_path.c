#include "models/proto/m2m_path.h"

#include "sim/base/str.h"

#include <string.h>

/* RFC 3986 2.3, and what 3.3 allows in a segment beside it but for '%'. */
static bool is_segment_octet(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("-._~!$&'()*+,;=:@", c));
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes "%xx"; -1: it is none. */
static int decode_octet(struct span s, size_t i)
{
    int high, low;

    if (s.n - i < 3)
        return -1;
    high = hex_digit(s.p[i + 1]);
    low = hex_digit(s.p[i + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* One segment, decoded into out; its length, or 0: malformed. */
static size_t decode_segment(struct span s, char out[M2M_MAX_NAME + 1])
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        int c = s.p[i];

        if (n == M2M_MAX_NAME)
            return 0;
        if (c == '%') {
            c = decode_octet(s, i);
            if (c < ' ' || c == 0x7f)
                return 0;
            i += 2;
        } else if (!is_segment_octet((uint8_t)c)) {
            return 0;
        }
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return strcmp(out, ".") == 0 || strcmp(out, "..") == 0 ? 0 : n;
}

static uint16_t keep(struct m2m_path *p, const void *text, size_t n)
{
    uint16_t at = p->text_n;

    if (n)
        memcpy(p->text + at, text, n);
    p->text[at + n] = '\0';
    p->text_n = (uint16_t)(at + n + 1);
    return at;
}

/* What a segment is below a resource of that type. */
static enum m2m_type type_below(enum m2m_type type, const char *name)
{
    const struct m2m_type_info *info = m2m_type_info(type);

    for (const enum m2m_type *t = info->below; t && *t; t++)
        if (strcmp(m2m_type_name(*t), name) == 0)
            return *t;
    if (type == M2M_EXEC_INSTANCES) /* nobody creates in it but EXECUTE */
        return M2M_EXEC_INSTANCE;
    return info->items ? info->items[0] : M2M_NO_TYPE;
}

/* The items of a collection may be of several types; which one a name is, its own parts tell. */
static enum m2m_type step_below(struct m2m_path *p, const char *name)
{
    enum m2m_type type = type_below(m2m_path_type(p), name);
    const enum m2m_type *item =
        p->count > 1 ? m2m_type_info(p->step[p->count - 2].type)->items : NULL;

    for (; !type && item && *item; item++) {
        type = type_below(*item, name);
        if (type)
            p->step[p->count - 1].type = *item;
    }
    return type;
}

static bool is_scheme(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z') &&
            !(i > 0 && strchr("0123456789+-.", s.p[i]) && s.p[i]))
            return false;
    return s.n > 0;
}

/* scheme://authority in front; what is behind goes to *path. */
static bool take_authority(struct m2m_path *p, struct span uri, struct span *path)
{
    const uint8_t *colon = memchr(uri.p, ':', uri.n), *end = uri.p + uri.n, *at, *slash;

    if (!colon || end - colon < 3 || colon[1] != '/' || colon[2] != '/' ||
        !is_scheme(span_of(uri.p, (size_t)(colon - uri.p))))
        return false;
    at = colon + 3;
    slash = memchr(at, '/', (size_t)(end - at));
    if (!slash || slash == at)
        return false;
    for (const uint8_t *c = at; c < slash; c++)
        if (!is_segment_octet(*c) && *c != '[' && *c != ']')
            return false;
    p->authority = keep(p, at, (size_t)(slash - at));
    *path = span_of(slash, (size_t)(end - slash));
    return true;
}

/* The next segment of "/a/b"; false: there is none, or it is empty. */
static bool take_segment(struct span *rest, struct span *segment)
{
    const uint8_t *slash;

    if (rest->n < 2 || rest->p[0] != '/')
        return false;
    slash = memchr(rest->p + 1, '/', rest->n - 1);
    *segment = span_of(rest->p + 1, slash ? (size_t)(slash - rest->p - 1) : rest->n - 1);
    *rest = span_of(rest->p + 1 + segment->n, rest->n - 1 - segment->n);
    return segment->n > 0;
}

/* The rest of a path, looked at for its form alone. */
static bool is_path(struct span rest)
{
    char name[M2M_MAX_NAME + 1];
    struct span segment;

    while (rest.n)
        if (!take_segment(&rest, &segment) || !decode_segment(segment, name))
            return false;
    return true;
}

static enum m2m_path_result take_step(struct m2m_path *p, struct span segment, const char *base)
{
    char name[M2M_MAX_NAME + 1];
    size_t n = decode_segment(segment, name);
    enum m2m_type type;

    if (!n)
        return M2M_PATH_MALFORMED;
    if (p->count == 0)
        type = strcmp(name, base) == 0 ? M2M_SCL_BASE : M2M_NO_TYPE;
    else
        type = step_below(p, name);
    if (!type || p->count == M2M_MAX_STEPS)
        return M2M_PATH_UNKNOWN;
    p->step[p->count++] = (struct m2m_step){.type = type, .name = keep(p, name, n)};
    return M2M_PATH_OK;
}

enum m2m_path_result m2m_path_parse(struct span uri, const char *base, struct m2m_path *out)
{
    enum m2m_path_result result = M2M_PATH_OK;
    struct span rest = uri, segment;

    out->count = 0;
    out->text_n = 0;
    out->authority = out->suffix = keep(out, "", 0);
    if (uri.n == 0 || uri.n > M2M_MAX_PATH)
        return M2M_PATH_MALFORMED;
    if (uri.p[0] != '/' && !take_authority(out, uri, &rest))
        return M2M_PATH_MALFORMED;
    if (!is_path(rest))
        return M2M_PATH_MALFORMED;
    while (result == M2M_PATH_OK && rest.n) {
        struct span from = rest;

        if (out->count && m2m_path_type(out) == M2M_MEMBERS_CONTENT) {
            out->suffix = keep(out, rest.p, rest.n);
            break;
        }
        if (!take_segment(&rest, &segment))
            return M2M_PATH_MALFORMED;
        result = take_step(out, segment, base);
        if (result == M2M_PATH_UNKNOWN)
            out->suffix = keep(out, from.p, from.n);
    }
    return result;
}

bool m2m_path_append(char *out, size_t n, const char *name)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t start = strlen(out), used = str_append(out, n, start, "/");

    for (; *name; name++) {
        uint8_t c = (uint8_t)*name;
        size_t takes = is_segment_octet(c) ? 1 : 3;

        if (used + takes + 1 >= n) {
            out[start] = '\0';
            return false;
        }
        out[used] = takes == 1 ? *name : '%';
        if (takes == 3) {
            out[used + 1] = hex[c >> 4];
            out[used + 2] = hex[c & 15];
        }
        used += takes;
    }
    out[used] = '\0';
    return true;
}
