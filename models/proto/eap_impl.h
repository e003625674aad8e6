/* Inside eap_peer.c and eap_server.c only: what both machines need. */
#ifndef MODELS_PROTO_EAP_IMPL_H
#define MODELS_PROTO_EAP_IMPL_H

#include "models/proto/eap_method.h"

/* A packet that waits for output(), with the names of what is in it. */
struct eap_outgoing {
    struct buf packet;
    char label[sizeof(((struct trace *)NULL)->label)];
    bool waits;
};
void eap_outgoing_init(struct eap_outgoing *o);
void eap_outgoing_release(struct eap_outgoing *o);
/* Takes what a core wrote into `packet` (which is left empty) and what it said in the trace behind
 * `mark` characters; `otherwise` where it said nothing. */
void eap_outgoing_set(struct eap_outgoing *o, struct buf *packet, struct trace *trace, size_t mark,
                      const char *otherwise);
size_t eap_trace_mark(const struct trace *trace);
/* output() of both machines. */
bool eap_outgoing_give(struct eap_outgoing *o, struct trace *trace, struct buf *out);

/* "EAP-Response/gpsk" */
void eap_message_name(char *out, size_t n, enum eap_code code, const char *what);

/* eap_nak.c. An expanded type in the header (RFC 3748 5.7)? */
bool eap_is_long_form(const struct eap_packet *p);
/* Appends the Nak to this request, in its form; methods but those whose bit is set in refused.
 * false: no room. */
bool eap_nak_put(struct buf *b, const struct eap_packet *request,
                 const struct eap_method *const *methods, size_t n, uint32_t refused);
/* Does the peer want this method? */
bool eap_nak_names(const struct eap_packet *nak, const struct eap_method *m);

#endif
