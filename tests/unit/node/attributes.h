/* Documents that are wrong in one attribute, by the tables of the types, and that they are refused.
 */
#ifndef TESTS_UNIT_NODE_ATTRIBUTES_H
#define TESTS_UNIT_NODE_ATTRIBUTES_H

#include "tests/unit/node/matrix.h"

/* ---- documents that are wrong in one attribute ---- */

ROGUE void put_some(struct m2m_rep *rep, enum m2m_element e, int64_t unix_now);

/* What must be there of a structure, and what it is a list of. */
ROGUE void put_parts(struct m2m_rep *rep, enum m2m_element e, int64_t unix_now)
{
    size_t opened = m2m_open(rep, e);

    for (const struct m2m_child *c = m2m_element_info(e)->children; c->element; c++)
        if (c->occurs == '1')
            put_some(rep, c->element, unix_now);
    m2m_close(rep, opened);
}

/* A value of the attribute's type. */
ROGUE void put_some(struct m2m_rep *rep, enum m2m_element e, int64_t unix_now)
{
    switch (m2m_element_info(e)->kind) {
    case KIND_TIME:
        m2m_put_number(rep, e, unix_now + 3600 * SIM_S);
        break;
    case KIND_LONG:
    case KIND_COUNT:
        m2m_put_number(rep, e, 7);
        break;
    case KIND_WORD:
        m2m_put_number(rep, e, 0);
        break;
    case KIND_NAMED:
        m2m_put_named(rep, e, "i", "/m2m");
        break;
    case KIND_STRUCT:
        put_parts(rep, e, unix_now);
        break;
    case KIND_EMPTY:
        m2m_put(rep, e, span_of(NULL, 0));
        break;
    case KIND_STAMP:
        m2m_put_text(rep, e, "2013-06-01T00:00:00Z");
        break;
    case KIND_URI:
    case KIND_TEXT:
    case KIND_BASE64:
        m2m_put_text(rep, e, "x");
        break;
    }
}

/* What stands in an element of the kind and is not of it. */
ROGUE const char *wrong_text(enum m2m_kind kind)
{
    switch (kind) {
    case KIND_TIME:
    case KIND_STAMP:
        return "yesterday";
    case KIND_LONG:
        return "1.5";
    case KIND_COUNT:
        return "-1";
    case KIND_WORD:
        return "NONSENSE";
    case KIND_BASE64:
        return "*";
    case KIND_STRUCT:
        return "<m2m:matchSize>1</m2m:matchSize>";
    case KIND_TEXT: /* every text is one; but an element is none */
        return "<m2m:link>http://x/</m2m:link>";
    case KIND_EMPTY:
    case KIND_NAMED:
    case KIND_URI:
        break;
    }
    return "a b";
}

ROGUE void write_rep(const struct m2m_rep *rep, char *out, size_t n)
{
    struct buf b;

    buf_init(&b, n - 1);
    ck_assert(m2mxml_rep_write(rep, &b));
    snprintf(out, n, "%.*s", (int)buf_len(&b), (const char *)buf_span(&b).p);
    buf_clear(&b);
}

/* The document with something more: an attribute of XML, or an element behind all others. */
ROGUE void write_with(const struct m2m_rep *rep, enum m2m_element e, const char *value, char *out,
                      size_t n)
{
    const char *name = m2m_element_name(e), *at;
    char right[4096];
    int before;

    write_rep(rep, right, sizeof right);
    at = strstr(right, "<m2m:");
    at = m2m_is_xml_attribute(e) ? at + strcspn(at, " />") : strrchr(right, '<');
    before = (int)(at - right);
    if (m2m_is_xml_attribute(e))
        snprintf(out, n, "%.*s %s=\"%s\"%s", before, right, name, value, at);
    else
        snprintf(out, n, "%.*s<m2m:%s>%s</m2m:%s>%s", before, right, name, value, name, at);
}

ROGUE void without(const struct m2m_rep *from, enum m2m_element e, struct m2m_rep *out)
{
    struct span rest = m2m_rep_span(from);
    struct m2m_item item;

    m2m_rep_init(out, from->type);
    while (m2m_next(&rest, &item))
        if (item.element != e)
            m2m_put(out, item.element, item.value);
}

/* ---- each row of each table ---- */

/* Where a document goes: CREATE in a collection, or UPDATE of what is there. */
struct place {
    enum http_method method;
    char target[M2M_MAX_PATH];
};

ROGUE void refused(struct rogue *r, const struct place *p, const char *body, enum m2m_element e,
                   const char *what)
{
    rogue_ask(r, p->method, p->target, body);
    ck_assert_msg(r->status == STATUS_BAD_REQUEST && strstr(rogue_why(r), what) != NULL &&
                      strstr(rogue_why(r), m2m_element_name(e)) != NULL,
                  "%s: %d (%s) for %s that %s: %s", p->target, r->status, rogue_why(r),
                  m2m_element_name(e), what, body);
    ck_answer(r, STATUS_BAD_REQUEST);
}

ROGUE void one_attribute(struct rogue *r, const struct place *p, const struct m2m_rep *right,
                         enum m2m_element e, enum m2m_presence presence)
{
    struct m2m_rep rest;
    char body[4096];

    without(right, e, &rest);
    if (presence == M2M_M) {
        write_rep(&rest, body, sizeof body);
        refused(r, p, body, e, "is missing");
    }
    /* The type of a content stands in an attribute of that element, and any text is one. */
    if (presence != M2M_NP && e != E_XMIME) {
        write_with(&rest, e, wrong_text(m2m_element_info(e)->kind), body, sizeof body);
        rogue_ask(r, p->method, p->target, body);
        ck_assert_msg(r->status == STATUS_BAD_REQUEST, "%s: %d: %s", p->target, r->status, body);
    }
    if (presence == M2M_NP) {
        put_some(&rest, e, town_unix(r->town));
        write_rep(&rest, body, sizeof body);
        refused(r, p, body, e, "is not permitted");
    }
    m2m_rep_clear(&rest);
}

ROGUE void every_attribute(struct rogue *r, const struct place *p, const char *body)
{
    struct m2m_rep right;
    enum m2m_type type;
    char text[4096], why[80];

    ck_assert_int_eq(m2mxml_rep_read(span_str(body), &right, why), REASON_NONE);
    type = right.type;
    for (const struct m2m_attribute *a = m2m_type_info(type)->attributes; a->element; a++)
        one_attribute(r, p, &right, a->element, p->method == HTTP_PUT ? a->update : a->create);
    write_with(&right, E_MATCH_SIZE, "1", text, sizeof text); /* no attribute of any of these */
    refused(r, p, text, E_MATCH_SIZE, "unknown");
    if (m2m_type_attribute(type, E_EXPIRATION_TIME)) {
        write_with(&right, E_EXPIRATION_TIME, "2013-01-01T00:00:00Z", text, sizeof text);
        refused(r, p, text, E_EXPIRATION_TIME, "in the past");
        write_with(&right, E_EXPIRATION_TIME,
                   "2053-01-01T00:00:00Z</m2m:expirationTime>"
                   "<m2m:expirationTime>2053-01-01T00:00:00Z",
                   text, sizeof text);
        refused(r, p, text, E_EXPIRATION_TIME, "twice");
    }
    m2m_rep_clear(&right);
}

#endif
