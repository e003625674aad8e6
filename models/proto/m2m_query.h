/* The query of a URI that asks for resources (etsi-m2m.md 8.2, 8.3): the parts of filterCriteria by
 * their names, searchPrefix and maxSize, as both bindings carry them:
 * "searchString=heat&createdSince=2013-06-01T00:00:00Z&maxSize=10". */
#ifndef MODELS_PROTO_M2M_QUERY_H
#define MODELS_PROTO_M2M_QUERY_H

#include "models/proto/m2m_rep.h"

struct m2m_query {
    struct m2m_rep filter;            /* the items of filterCriteria */
    uint32_t max_size;                /* 0: absent */
    char search_prefix[M2M_MAX_LINK]; /* "": absent */
};
/* Names and values are percent-encoded. STATUS_OK; STATUS_BAD_REQUEST with a sentence in why for a
 * name that is none of these, a value that is not of its type, or one too many. out is to be
 * cleared either way. */
enum m2m_status m2m_query_parse(struct span query, struct m2m_query *out, char why[80]);
void m2m_query_clear(struct m2m_query *q);

#endif
