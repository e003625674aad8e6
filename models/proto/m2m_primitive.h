/* The primitives of TS 102 921 clause 6, requestIndication and responseConfirm, whatever the
 * binding (etsi-m2m.md 8.2): HTTP and CoAP turn octets into these and back, and the resource tree
 * knows nothing else. */
#ifndef MODELS_PROTO_M2M_PRIMITIVE_H
#define MODELS_PROTO_M2M_PRIMITIVE_H

#include "models/proto/m2m_path.h"
#include "models/proto/m2m_rep.h"

/* The reference point over which a request came (etsi-m2m.md 1). */
enum m2m_point { M2M_DIA, M2M_MIA, M2M_MID };

/* requestIndication. Everything is borrowed for the call. */
struct m2m_request {
    struct span target_id;                /* an absolute URI or its path */
    const char *requesting_entity;        /* SCL-ID or App-ID; "": absent */
    const struct m2m_rep *representation; /* NULL: no body */
    struct span filter_criteria;          /* the items of filterCriteria; empty: none */
    const char *search_prefix;            /* discovery; NULL: the whole tree */
    uint32_t max_size;                    /* discovery: most URIs that are wanted; 0: no matter */
    enum m2m_method method;
    enum m2m_point point;
    bool handed_on; /* by another SCL: it is for the receiver, or for an application of it */
};

/* Where a request goes on to that its receiver does not answer itself (TS 102 690: retargeting). */
enum m2m_onward {
    M2M_STAYS,
    M2M_TO_APPLICATION, /* to its aPoC */
    M2M_TO_SCL,         /* to another SCL, over a contact of it */
    M2M_TO_CONTACT      /* NOTIFY: to that address itself, which is no SCL's */
};

/* responseConfirm, in the caller's storage: m2m_response_init, then _clear. */
struct m2m_response {
    char resource_uri[M2M_MAX_PATH]; /* of what was created; "": nothing was. Where it goes on: the
                                        target that is asked for there */
    char contact[M2M_MAX_URI];       /* M2M_TO_SCL: the contactURI by which that SCL is reached */
    char additional_info[80];        /* of errorInfo; "": none */
    struct m2m_rep representation;   /* M2M_NO_TYPE: none */
    enum m2m_status status_code;
    enum m2m_onward onward; /* if not M2M_STAYS: there is no answer, but it is to go on */
    bool held;              /* a long poll: there is no answer yet (tree.h) */
};
static inline void m2m_response_init(struct m2m_response *r)
{
    *r = (struct m2m_response){.status_code = STATUS_INTERNAL_SERVER_ERROR};
}
static inline void m2m_response_clear(struct m2m_response *r)
{
    m2m_rep_clear(&r->representation);
}

#endif
