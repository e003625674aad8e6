#include "models/proto/m2m_query.h"

#include "models/proto/m2mxml_impl.h"

#include <stdio.h>
#include <string.h>

#define MAX_VALUE M2M_MAX_LINK

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* false: too long, or no percent-encoding of a character of text. */
static bool decode(struct span s, char *out, size_t n)
{
    size_t used = 0;

    for (size_t i = 0; i < s.n; i++) {
        int c = s.p[i];

        if (c == '%') {
            int high = s.n - i > 2 ? hex_digit(s.p[i + 1]) : -1;
            int low = high < 0 ? -1 : hex_digit(s.p[i + 2]);

            if (low < 0)
                return false;
            c = high << 4 | low;
            i += 2;
        }
        if (c < ' ' || c == 0x7f || used + 1 >= n)
            return false;
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return true;
}

static enum m2m_element find_name(const char *name)
{
    const struct m2m_child *c = m2m_element_info(E_FILTER_CRITERIA)->children;

    for (; c->element; c++)
        if (strcmp(m2m_element_name(c->element), name) == 0)
            return c->element;
    return E_NONE;
}

static bool put_value(struct m2m_rep *filter, enum m2m_element e, const char *value)
{
    int64_t number = 0;
    bool truth = false, ok = true;

    switch (m2m_element_info(e)->kind) {
    case KIND_TIME:
        ok = m2m_datetime_parse(value, &number);
        break;
    case KIND_COUNT:
    case KIND_LONG:
        ok = type_i64(value, &number);
        break;
    case KIND_WORD: /* metaDataOnly */
        ok = type_bool(value, &truth);
        number = truth;
        break;
    case KIND_URI:
    case KIND_TEXT:
        m2m_put_text(filter, e, value);
        return true;
    case KIND_STRUCT:
    case KIND_STAMP:
    case KIND_BASE64:
    case KIND_NAMED:
    case KIND_EMPTY:
        return false;
    }
    if (ok)
        m2m_put_number(filter, e, number);
    return ok;
}

static bool put_pair(struct m2m_query *q, const char *name, const char *value)
{
    enum m2m_element e = find_name(name);
    uint64_t size;

    if (e)
        return put_value(&q->filter, e, value);
    if (strcmp(name, "searchPrefix") == 0 && !*q->search_prefix)
        return type_uri(value, q->search_prefix, sizeof(q->search_prefix));
    if (strcmp(name, "maxSize") != 0 || q->max_size || !type_u64(value, UINT32_MAX, &size) ||
        size == 0)
        return false;
    q->max_size = (uint32_t)size;
    return true;
}

/* By the rules for a subscription's: once what may be there once, values of their kinds. */
static enum m2m_status check(const struct m2m_query *q, char why[80])
{
    struct m2m_rep holder;
    enum m2m_status status;
    size_t opened;

    m2m_rep_init(&holder, M2M_SUBSCRIPTION);
    opened = m2m_open(&holder, E_FILTER_CRITERIA);
    m2m_put_items(&holder, m2m_rep_span(&q->filter));
    m2m_close(&holder, opened);
    status = m2m_rep_check_response(M2M_SUBSCRIPTION, m2m_rep_span(&holder), why);
    m2m_rep_clear(&holder);
    return status;
}

enum m2m_status m2m_query_parse(struct span query, struct m2m_query *out, char why[80])
{
    char name[64], value[MAX_VALUE];

    m2m_rep_init(&out->filter, M2M_NO_TYPE);
    out->max_size = 0;
    out->search_prefix[0] = '\0';
    why[0] = '\0';
    while (query.n) {
        const uint8_t *end = memchr(query.p, '&', query.n), *equals;
        size_t n = end ? (size_t)(end - query.p) : query.n;

        equals = memchr(query.p, '=', n);
        if (!equals || !decode(span_of(query.p, (size_t)(equals - query.p)), name, sizeof(name)) ||
            !decode(span_of(equals + 1, n - (size_t)(equals + 1 - query.p)), value,
                    sizeof(value)) ||
            !put_pair(out, name, value)) {
            snprintf(why, 80, "the query is of no part of filterCriteria, or not of its type");
            return STATUS_BAD_REQUEST;
        }
        n += end != NULL;
        query = span_of(query.p + n, query.n - n);
    }
    return check(out, why);
}

void m2m_query_clear(struct m2m_query *q)
{
    m2m_rep_clear(&q->filter);
}
