/* The representation of a resource, whatever the binding: its attributes as a list of (element,
 * value), where the value of a structure is such a list again. It is the form in which a primitive
 * carries a resource, and in which the resource tree keeps it: an element takes two octets and its
 * value. The XML document is made of it and read into it (m2mxml_rep.h).
 *
 * Values: text as it is, without NUL; numbers, times (nanoseconds since 1970) and words (their
 * index) as little-endian two's complement of as few octets as hold them; KIND_NAMED as id, NUL,
 * URI. */
#ifndef MODELS_PROTO_M2M_REP_H
#define MODELS_PROTO_M2M_REP_H

#include "models/proto/m2m_resource.h"
#include "models/proto/m2mxml.h"
#include "sim/base/span.h"

#define M2M_MAX_REP  (1024 * 1024)
#define M2M_MAX_LINK 1024 /* octets of an anyURI, its NUL included */

/* Visible because it lives inside its owners. */
struct m2m_rep {
    uint8_t *p;
    size_t n, room;
    enum m2m_type type;
    bool full; /* something was left out, since it would have passed M2M_MAX_REP */
};
void m2m_rep_init(struct m2m_rep *r, enum m2m_type type); /* takes no memory yet */
void m2m_rep_clear(struct m2m_rep *r);
static inline struct span m2m_rep_span(const struct m2m_rep *r)
{
    return span_of(r->p, r->n);
}

/* Append; beyond M2M_MAX_REP nothing is appended and `full` is set. */
void m2m_put(struct m2m_rep *r, enum m2m_element e, struct span value);
void m2m_put_text(struct m2m_rep *r, enum m2m_element e, const char *text);
void m2m_put_number(struct m2m_rep *r, enum m2m_element e, int64_t v);
void m2m_put_named(struct m2m_rep *r, enum m2m_element e, const char *id, const char *uri);
/* Items as they stand in another representation. */
void m2m_put_items(struct m2m_rep *r, struct span items);
/* A structure: what is appended between the two calls is its value. */
size_t m2m_open(struct m2m_rep *r, enum m2m_element e);
void m2m_close(struct m2m_rep *r, size_t opened);

/* The next item of a list, or false: there is none, or it runs over the end. */
struct m2m_item {
    struct span value;
    enum m2m_element element;
};
bool m2m_next(struct span *rest, struct m2m_item *item);
/* The first item of that element. */
bool m2m_find(struct span list, enum m2m_element e, struct span *value);
/* The number of a value, and of an element; otherwise if it is absent. */
int64_t m2m_number(struct span value);
int64_t m2m_find_number(struct span list, enum m2m_element e, int64_t otherwise);
bool m2m_is_text(struct span value, const char *text);
/* Copies a text and its NUL; "" if absent or longer than n - 1. */
void m2m_find_text(struct span list, enum m2m_element e, char *out, size_t n);
/* Whether a list of texts within a list has this one: (sclIDs, sclID, "a"). */
bool m2m_list_has(struct span list, enum m2m_element outer, enum m2m_element inner,
                  const char *text);
/* The second half of a KIND_NAMED; id is the first, as a NUL-terminated string. */
struct span m2m_named_uri(struct span value);

/* Whether `method` may carry this representation of `type`: every attribute one of the type, of its
 * kind, not twice, none that is not permitted, none missing that is mandatory (etsi-m2m.md 8.4).
 * STATUS_OK, or STATUS_BAD_REQUEST with a sentence in why. */
enum m2m_status m2m_rep_check(enum m2m_type type, enum m2m_method method, struct span rep,
                              char why[80]);
/* The same without a primitive: what a response may hold, any subset of the rows. */
enum m2m_status m2m_rep_check_response(enum m2m_type type, struct span rep, char why[80]);

#endif
