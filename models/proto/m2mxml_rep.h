/* Representations (m2m_rep.h) as XML documents and back, for every type of m2m_resource.h, by the
 * element names of the XSDs. What m2mxml.h says of documents holds: parsed whole, no DTD, no
 * entities, no network. */
#ifndef MODELS_PROTO_M2MXML_REP_H
#define MODELS_PROTO_M2MXML_REP_H

#include "models/proto/m2m_rep.h"
#include "sim/base/buf.h"

/* false: out is full, or rep->type has no document. */
bool m2mxml_rep_write(const struct m2m_rep *rep, struct buf *out);
/* REASON_NONE; REASON_XML_MALFORMED; REASON_XML_INVALID (an element that is unknown, not of its
 * type, twice or missing within a structure; an attribute that no row of the type has) with a
 * sentence in why[80]. What a primitive allows is m2m_rep_check's to say. out: an initialised
 * representation, empty of type M2M_NO_TYPE unless REASON_NONE. Thread-safe. */
enum reason m2mxml_rep_read(struct span in, struct m2m_rep *out, char why[80]);

#endif
