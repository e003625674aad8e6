/* Primitives as documents: requestIndication and responseConfirm (etsi-m2m.md 8.2) with the
 * resource inside. A binding spreads a primitive over its message: method, target, sender, status.
 * Object security must cover all of that, so it covers this document, which goes in the message's
 * body (GAP C13; the elements' order and the form of the representation are ours). */
#ifndef MODELS_PROTO_M2MXML_PRIMITIVE_H
#define MODELS_PROTO_M2MXML_PRIMITIVE_H

#include "models/proto/m2m_rep.h"
#include "models/proto/m2mxml.h"
#include "sim/base/buf.h"

#define M2M_MAX_TARGET 1024 /* octets of targetID and resourceURI, the NUL included */

struct m2m_primitive {
    bool response; /* responseConfirm; else requestIndication */
    /* requestIndication */
    enum m2m_method method;         /* primitiveType */
    char target_id[M2M_MAX_TARGET]; /* with its query, as the message has it */
    char requesting_entity[M2M_MAX_URI];
    /* responseConfirm */
    enum m2m_status status_code;
    char resource_uri[M2M_MAX_TARGET]; /* "": absent */
    /* Of a request the sender's number of it, from 1; of a response that of the request which it
     * answers. */
    uint64_t correlation_id;
};

/* representation: a document as m2mxml_write makes it, or empty. false: out is full, or a field
 * does not fit its type. */
bool m2mxml_primitive_write(const struct m2m_primitive *p, struct span representation,
                            struct buf *out);
/* p->response says which of the two is expected. The representation goes into doc or into rep, of
 * which one is NULL; or, of a response where both are wanted, a success's into rep and a refusal's
 * into doc. Without one they are DOC_NONE and M2M_NO_TYPE. Reasons and why: as m2mxml_parse;
 * doc or rep is then empty. Thread-safe. */
enum reason m2mxml_primitive_read(struct span in, struct m2m_primitive *p, struct m2m_doc *doc,
                                  struct m2m_rep *rep, char why[80]);

#endif
