/* Private to this folder: the association that CoAP runs on, in DTLS or bare, and the names that a
 * chart gives to what goes by. */
#ifndef MODELS_PROC_COAP_CHANNEL_H
#define MODELS_PROC_COAP_CHANNEL_H

#include "models/proto/coaps.h"

/* RFC 7252 4.8.2, with the default parameters: how long a sender may wait for its ACK, all
 * repetitions included. */
#define COAP_MAX_TRANSMIT_WAIT (93 * SIM_S)

/* Visible because it is embedded. */
struct coap_channel {
    struct coaps *coaps; /* NULL: bare UDP */
    struct coap_endpoint *coap;
    char label[64]; /* what the next message is about; "" : nothing to add */
};

/* Each setting as in coaps_new; context NULL: bare UDP, and peer and dtls say nothing. */
void coap_channel_init(struct coap_channel *c, struct proto_env *env,
                       const struct tls_context *context, const struct tls_peer_settings *peer,
                       const struct dtls_settings *dtls, const struct coap_settings *coap);
void coap_channel_release(struct coap_channel *c);

/* The core inside: its operations, status and expiry. Give output by coap_channel_output. */
struct proto *coap_channel_proto(const struct coap_channel *c);
bool coap_channel_output(struct coap_channel *c, sim_ns now, struct buf *out);
/* Bare: from its start to its end. */
bool coap_channel_is_open(const struct coap_channel *c);
/* NULL: bare. */
struct tls *coap_channel_tls(const struct coap_channel *c);
/* The PSK identity; bare: "". Borrowed. */
const char *coap_channel_peer_name(const struct coap_channel *c);
/* close_notify; bare: at once and without a word. */
void coap_channel_close(struct coap_channel *c, sim_ns now);
/* Nothing has come for too long: close_notify; a handshake that is not over has failed
 * (dtls_give_up). */
void coap_channel_give_up(struct coap_channel *c, sim_ns now);

#endif
