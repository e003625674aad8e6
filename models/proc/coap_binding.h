/* Private to this folder: TS 102 921's CoAP binding (annex D; etsi-m2m.md 8.2, 8.3): what a
 * primitive is as a message's code and options, and back. Statuses are enum m2m_status, whose
 * numbers are HTTP's. */
#ifndef MODELS_PROC_COAP_BINDING_H
#define MODELS_PROC_COAP_BINDING_H

#include "models/proto/coap_msg.h"
#include "models/proto/http.h"
#include "models/proto/m2m_category.h"
#include "models/proto/m2mxml.h"

/* COAP_EMPTY: there is none. HTTP_OTHER: it is none of the four. */
uint8_t coap_binding_method_code(enum http_method method);
enum http_method coap_binding_method(uint8_t code);

/* Some statuses have no code of their own: errorInfo tells them apart. */
uint8_t coap_binding_code(int status, enum http_method method);
int coap_binding_status(uint8_t code, enum http_method method);

/* The options of a request: target (a path with its query) as Uri-Path and Uri-Query, the
 * requesting entity as RequestingEntity=... among the latter (annex D.2.5). Decoded octets go to
 * `store`, as in coap_msg_add_uri. false: what does not fit options. */
bool coap_binding_put_target(struct coap_msg *m, const char *target, const char *requesting_entity,
                             struct buf *store);
/* The reverse: of Proxy-Uri, else of Uri-Path and Uri-Query without what is the binding's own
 * (RequestingEntity, X-etsi-...). requesting_entity "": none. false: longer than these are. */
bool coap_binding_target(const struct coap_msg *m, char target[M2M_MAX_URI],
                         char requesting_entity[M2M_MAX_URI]);

/* RCAT and TRPDT as parts of the query, in a store of their own. false: what does not fit; what is
 * not of its form. */
bool coap_binding_put_category(struct coap_msg *m, const struct m2m_category *c, struct buf *store);
bool coap_binding_category(const struct coap_msg *m, struct m2m_category *c);

/* Location-Path of the path of a URI; as coap_msg_add_uri. And as a path again; "": none, or
 * longer than n. */
bool coap_binding_put_location(struct coap_msg *m, const char *location, struct buf *store);
void coap_binding_location(const struct coap_msg *m, char *out, size_t n);

#endif
