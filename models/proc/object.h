/* Object security of mId (etsi-m2m.md 6; GAP C8, C13): what a primitive becomes before it goes into
 * a message's body, and back. A document requestIndication or responseConfirm holds all that counts
 * - method, target, sender, number; status, the request's number - with the resource inside, and is
 * signed, encrypted, or signed and then encrypted, by keys that come from Kmc. No binding knows
 * more of it than that it is XML. What an attacker can still do stands in README.md. */
#ifndef MODELS_PROC_OBJECT_H
#define MODELS_PROC_OBJECT_H

#include "crypto/keys.h"
#include "models/proto/http.h"
#include "models/proto/m2mxml_primitive.h"
#include "models/proto/proto.h"
#include "models/proto/xmlsec.h"

#define OBJECT_FLAGS    (MID_OBJECT_SIGN | MID_OBJECT_ENCRYPT)
#define OBJECT_MAX_BODY HTTP_MAX_BODY /* octets of a protected document */

struct object; /* one end's, of one session */

/* key_name: KeyName, GAP C12; Kmc is in that slot. flags: of OBJECT_FLAGS at least one. NULL: the
 * slot is empty or the name too long. */
struct object *object_new(struct proto_env *env, enum se_slot slot, const char *key_name,
                          unsigned flags, enum xmlsec_cipher cipher);
void object_free(struct object *o); /* NULL is fine */

/* Appends the protected document. doc: NULL: no representation. XML_INVALID: a field does not fit;
 * HTTP_TOO_LARGE; CRYPTO. */
enum reason object_seal(const struct object *o, const struct m2m_primitive *p,
                        const struct m2m_doc *doc, struct buf *out) MUST_USE;
/* The same with a representation as it is written; empty: none. */
enum reason object_seal_text(const struct object *o, const struct m2m_primitive *p,
                             struct span representation, struct buf *out) MUST_USE;
/* The primitive of a body; as m2mxml_primitive_read, whose reasons it has, and those of
 * xmlsec_verify and xmlsec_decrypt; XMLSEC_MISSING for no body at all. why: a sentence, or "". */
enum reason object_open(const struct object *o, struct span body, struct m2m_primitive *p,
                        struct m2m_doc *doc, struct m2m_rep *rep, char why[80]) MUST_USE;

/* What a message says in the clear must be what the primitive says: a proxy has acted upon it.
 * method, target and entity as the binding carries them; a POST may carry any primitive, for the
 * bindings in which a GET or a DELETE has no body (RFC 7252 5.5). */
bool object_matches(const struct m2m_primitive *p, enum http_method method, const char *target,
                    const char *entity);
/* The primitive of a request as HTTP writes it (etsi-m2m.md 8.3), and back. */
enum m2m_method object_primitive_type(enum http_method method, bool has_body);
enum http_method object_http_method(enum m2m_method method);

/* "", "+sign", "+encrypt", "+sign+encrypt": for charts and rows. */
const char *object_suffix(unsigned flags);

#endif
