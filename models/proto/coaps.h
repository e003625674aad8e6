/* CoAP in DTLS (RFC 7252 9): a DTLS endpoint and a CoAP endpoint as one core. What the node asks
 * for before the handshake is done waits. PROTO_DONE when either side has closed, PROTO_FAILED with
 * the reason of the handshake. */
#ifndef MODELS_PROTO_COAPS_H
#define MODELS_PROTO_COAPS_H

#include "models/proto/coap.h"
#include "models/proto/dtls.h"

struct coaps;
/* Each setting as in dtls_new and coap_new. */
struct coaps *coaps_new(const struct tls_context *context, struct proto_env *env,
                        const struct tls_peer_settings *peer, const struct dtls_settings *dtls,
                        const struct coap_settings *coap);
struct proto *coaps_proto(struct coaps *c);
struct dtls *coaps_dtls(struct coaps *c);
struct coap_endpoint *coaps_coap(struct coaps *c);
/* close_notify; what was not sent is dropped. */
void coaps_close(struct coaps *c, sim_ns now);
/* dtls_give_up. */
void coaps_give_up(struct coaps *c);

#endif
