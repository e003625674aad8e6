#include "models/proto/m2m_rep.h"

#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A length below this is one octet; else this octet and four more, little-endian. */
#define LONG_FORM 0xff

void m2m_rep_init(struct m2m_rep *r, enum m2m_type type)
{
    *r = (struct m2m_rep){.type = type};
}

void m2m_rep_clear(struct m2m_rep *r)
{
    free(r->p);
    m2m_rep_init(r, r->type);
}

/* n more octets, or NULL: that would be too many. */
static uint8_t *room(struct m2m_rep *r, size_t n)
{
    uint8_t *at;

    if (n > M2M_MAX_REP || r->n + n > M2M_MAX_REP) {
        r->full = true;
        return NULL;
    }
    if (r->n + n > r->room) {
        r->room = r->n + n > 2 * r->room ? r->n + n + 64 : 2 * r->room;
        r->p = xrealloc(r->p, r->room);
    }
    at = r->p + r->n;
    r->n += n;
    return at;
}

static void put_length(uint8_t out[4], size_t n)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(n >> 8 * i);
}

void m2m_put(struct m2m_rep *r, enum m2m_element e, struct span value)
{
    size_t head = value.n < LONG_FORM ? 2 : 6;
    uint8_t *at = room(r, head + value.n);

    if (!at)
        return;
    at[0] = (uint8_t)e;
    at[1] = value.n < LONG_FORM ? (uint8_t)value.n : LONG_FORM;
    if (head == 6)
        put_length(at + 2, value.n);
    if (value.n)
        memcpy(at + head, value.p, value.n);
}

void m2m_put_text(struct m2m_rep *r, enum m2m_element e, const char *text)
{
    m2m_put(r, e, span_str(text));
}

void m2m_put_number(struct m2m_rep *r, enum m2m_element e, int64_t v)
{
    uint8_t octets[8];
    size_t n = 0;
    int64_t rest = v;

    do {
        octets[n++] = (uint8_t)((uint64_t)rest & 0xff);
        rest >>= 8;
    } while (n < 8 && !(rest == 0 && octets[n - 1] < 0x80) &&
             !(rest == -1 && octets[n - 1] >= 0x80));
    m2m_put(r, e, span_of(octets, n));
}

void m2m_put_named(struct m2m_rep *r, enum m2m_element e, const char *id, const char *uri)
{
    char text[2 * M2M_MAX_LINK];
    size_t n = strlen(id) + 1, m = strlen(uri);

    if (n + m > sizeof text) {
        r->full = true;
        return;
    }
    memcpy(text, id, n);
    memcpy(text + n, uri, m);
    m2m_put(r, e, span_of(text, n + m));
}

void m2m_put_items(struct m2m_rep *r, struct span items)
{
    uint8_t *at = items.n ? room(r, items.n) : NULL;

    if (at)
        memcpy(at, items.p, items.n);
}

size_t m2m_open(struct m2m_rep *r, enum m2m_element e)
{
    size_t opened = r->n;
    uint8_t *at = room(r, 6);

    if (!at)
        return SIZE_MAX;
    at[0] = (uint8_t)e;
    at[1] = LONG_FORM;
    return opened;
}

void m2m_close(struct m2m_rep *r, size_t opened)
{
    size_t n;

    if (opened == SIZE_MAX)
        return;
    n = r->n - opened - 6;
    if (n >= LONG_FORM) {
        put_length(r->p + opened + 2, n);
        return;
    }
    r->p[opened + 1] = (uint8_t)n;
    memmove(r->p + opened + 2, r->p + opened + 6, n);
    r->n -= 4;
}

bool m2m_next(struct span *rest, struct m2m_item *item)
{
    size_t head = 2, n;

    if (rest->n < 2 || rest->p[0] == E_NONE || rest->p[0] >= E_COUNT)
        return false;
    n = rest->p[1];
    if (n == LONG_FORM) {
        if (rest->n < 6)
            return false;
        head = 6;
        n = (size_t)rest->p[2] | (size_t)rest->p[3] << 8 | (size_t)rest->p[4] << 16 |
            (size_t)rest->p[5] << 24;
    }
    if (n > rest->n - head)
        return false;
    item->element = (enum m2m_element)rest->p[0];
    item->value = span_of(rest->p + head, n);
    *rest = span_of(rest->p + head + n, rest->n - head - n);
    return true;
}

bool m2m_find(struct span list, enum m2m_element e, struct span *value)
{
    struct m2m_item item;

    while (m2m_next(&list, &item))
        if (item.element == e) {
            *value = item.value;
            return true;
        }
    return false;
}

int64_t m2m_number(struct span value)
{
    uint64_t v = value.n && value.p[value.n - 1] & 0x80 ? UINT64_MAX : 0;

    for (size_t i = value.n; i-- > 0;)
        v = v << 8 | value.p[i];
    return (int64_t)v;
}

int64_t m2m_find_number(struct span list, enum m2m_element e, int64_t otherwise)
{
    struct span value;

    return m2m_find(list, e, &value) ? m2m_number(value) : otherwise;
}

bool m2m_is_text(struct span value, const char *text)
{
    return strlen(text) == value.n && (value.n == 0 || memcmp(text, value.p, value.n) == 0);
}

void m2m_find_text(struct span list, enum m2m_element e, char *out, size_t n)
{
    struct span value;

    out[0] = '\0';
    if (!m2m_find(list, e, &value) || value.n >= n)
        return;
    if (value.n)
        memcpy(out, value.p, value.n);
    out[value.n] = '\0';
}

bool m2m_list_has(struct span list, enum m2m_element outer, enum m2m_element inner,
                  const char *text)
{
    struct span items;
    struct m2m_item item;

    if (!m2m_find(list, outer, &items))
        return false;
    while (m2m_next(&items, &item))
        if (item.element == inner && m2m_is_text(item.value, text))
            return true;
    return false;
}

struct span m2m_named_uri(struct span value)
{
    const uint8_t *nul = value.n ? memchr(value.p, 0, value.n) : NULL;

    if (!nul)
        return span_of(NULL, 0);
    return span_of(nul + 1, value.n - (size_t)(nul + 1 - value.p));
}

/* ---- checks ---- */

static enum m2m_status refuse(char why[80], enum m2m_element e, const char *what)
{
    snprintf(why, 80, "%.40s %.38s", m2m_element_name(e), what);
    return STATUS_BAD_REQUEST;
}

static bool is_text(struct span v)
{
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] < ' ' && v.p[i] != '\t' && v.p[i] != '\n' && v.p[i] != '\r')
            return false;
    return true;
}

static bool is_uri(struct span v)
{
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] <= ' ' || v.p[i] >= 0x7f || strchr("<>\"\\^`{|}", v.p[i]))
            return false;
    return v.n > 0 && v.n < M2M_MAX_LINK;
}

static bool is_word(enum m2m_element e, struct span v)
{
    const char *const *words = m2m_element_info(e)->words;
    int64_t i = v.n > 0 && v.n <= 2 ? m2m_number(v) : -1;

    for (; *words; words++)
        if (i-- == 0)
            return true;
    return false;
}

static bool is_stamp(struct span v)
{
    char text[40];
    int64_t ns;

    if (v.n >= sizeof text || memchr(v.p, 0, v.n))
        return false;
    memcpy(text, v.p, v.n);
    text[v.n] = '\0';
    return m2m_datetime_parse(text, &ns);
}

static bool is_named(struct span v)
{
    const uint8_t *nul = v.n ? memchr(v.p, 0, v.n) : NULL;

    return nul && is_text(span_of(v.p, (size_t)(nul - v.p))) && is_uri(m2m_named_uri(v));
}

static bool is_leaf(enum m2m_element e, struct span v)
{
    switch (m2m_element_info(e)->kind) {
    case KIND_URI:
        return is_uri(v);
    case KIND_TEXT:
        return is_text(v);
    case KIND_STAMP:
        return v.n > 0 && is_stamp(v);
    case KIND_TIME:
    case KIND_LONG:
        return v.n > 0 && v.n <= 8;
    case KIND_COUNT:
        return v.n > 0 && v.n <= 8 && m2m_number(v) >= 0;
    case KIND_WORD:
        return is_word(e, v);
    case KIND_NAMED:
        return is_named(v);
    case KIND_EMPTY:
        return v.n == 0;
    case KIND_BASE64:
        return true;
    case KIND_STRUCT:
        break;
    }
    return false;
}

static enum m2m_status check_value(enum m2m_element e, struct span v, unsigned depth, char why[80]);

static unsigned count_of(struct span list, enum m2m_element e)
{
    struct m2m_item item;
    unsigned n = 0;

    while (m2m_next(&list, &item))
        n += item.element == e;
    return n;
}

static const struct m2m_child *find_child(const struct m2m_child *c, enum m2m_element e)
{
    while (c->element && c->element != e)
        c++;
    return c->element ? c : NULL;
}

static enum m2m_status check_struct(enum m2m_element e, struct span list, unsigned depth,
                                    char why[80])
{
    const struct m2m_child *children = m2m_element_info(e)->children;
    struct span rest = list;
    struct m2m_item item;
    enum m2m_status status;

    while (m2m_next(&rest, &item)) {
        if (!find_child(children, item.element))
            return refuse(why, item.element, "does not belong there");
        status = check_value(item.element, item.value, depth + 1, why);
        if (status != STATUS_OK)
            return status;
    }
    if (rest.n)
        return refuse(why, e, "is not of its type");
    for (const struct m2m_child *c = children; c->element; c++) {
        unsigned n = c->occurs == '*' ? 1 : count_of(list, c->element);

        if (n == 0 && c->occurs == '1')
            return refuse(why, c->element, "is missing");
        if (n > 1)
            return refuse(why, c->element, "is there twice");
    }
    return STATUS_OK;
}

static enum m2m_status check_value(enum m2m_element e, struct span v, unsigned depth, char why[80])
{
    if (m2m_element_info(e)->kind == KIND_STRUCT && depth < 8)
        return check_struct(e, v, depth, why);
    return is_leaf(e, v) ? STATUS_OK : refuse(why, e, "is not of its type");
}

/* Each item one of the type's, once, of its kind. seen[E_COUNT]. */
static enum m2m_status check_items(enum m2m_type type, struct span rest, bool *seen, char why[80])
{
    struct m2m_item item;
    enum m2m_status status;

    while (m2m_next(&rest, &item)) {
        if (!m2m_type_attribute(type, item.element))
            return refuse(why, item.element, "is no attribute of it");
        if (seen[item.element] && item.element != E_STATUS)
            return refuse(why, item.element, "is there twice");
        seen[item.element] = true;
        status = check_value(item.element, item.value, 0, why);
        if (status != STATUS_OK)
            return status;
    }
    if (!rest.n)
        return STATUS_OK;
    snprintf(why, 80, "not a representation");
    return STATUS_BAD_REQUEST;
}

enum m2m_status m2m_rep_check(enum m2m_type type, enum m2m_method method, struct span rep,
                              char why[80])
{
    bool seen[E_COUNT] = {false};
    enum m2m_status status;

    why[0] = '\0';
    status = check_items(type, rep, seen, why);
    if (status != STATUS_OK)
        return status;
    for (const struct m2m_attribute *a = m2m_type_info(type)->attributes; a->element; a++) {
        enum m2m_presence presence = method == M2M_UPDATE ? a->update : a->create;

        if (presence == M2M_NP && seen[a->element])
            return refuse(why, a->element, "is not permitted");
        if (presence == M2M_M && !seen[a->element])
            return refuse(why, a->element, "is missing");
    }
    return STATUS_OK;
}

enum m2m_status m2m_rep_check_response(enum m2m_type type, struct span rep, char why[80])
{
    bool seen[E_COUNT] = {false};

    why[0] = '\0';
    return check_items(type, rep, seen, why);
}
