/* Inside eap_psk*.c: the messages of EAP-PSK (RFC 4764), its keys and its protected channel. */
#ifndef MODELS_PROTO_EAP_PSK_IMPL_H
#define MODELS_PROTO_EAP_PSK_IMPL_H

#include "models/proto/eap_method.h"

#define EAP_PSK_RAND        16
#define EAP_PSK_KEY         16
#define EAP_PSK_MAC         16
#define EAP_PSK_NAI_MAX     966 /* RFC 4764 5.1, 5.2 */
#define EAP_PSK_PAYLOAD_MAX 960 /* of the channel, 3.3 */

/* RFC 4764 5: by their place in the exchange; T in the flags is one less. */
enum eap_psk_number { EAP_PSK_FIRST = 1, EAP_PSK_SECOND, EAP_PSK_THIRD, EAP_PSK_FOURTH };

/* R, RFC 4764 6.1. */
enum eap_psk_result { EAP_PSK_CONT = 1, EAP_PSK_DONE_SUCCESS, EAP_PSK_DONE_FAILURE };

struct eap_psk_message {
    enum eap_psk_number number;
    struct span rand_s, rand_p, mac, id, channel; /* n == 0: not in this message */
};
/* Spans point into the packet. false: no such message. */
bool eap_psk_read(const struct eap_packet *in, struct eap_psk_message *m);

/* First member of both halves. Visible to tests, which set the two random numbers to those of a
 * recorded exchange. */
struct eap_psk {
    struct eap_half half;
    uint32_t mtu;
    struct buf id_s, id_p;
    uint8_t rand_s[EAP_PSK_RAND], rand_p[EAP_PSK_RAND];
    uint8_t ak[EAP_PSK_KEY], kdk[EAP_PSK_KEY], tek[EAP_PSK_KEY];
    /* What the channel of the third or fourth message says: R, E and an extension's type. */
    uint8_t payload[2];
    size_t payload_n;
};
void eap_psk_init(struct eap_psk *p, const struct eap_half_ops *ops, struct proto_env *env);
void eap_psk_release(struct eap_psk *p); /* and frees it */
void eap_psk_draw(struct eap_psk *p, uint8_t rand[EAP_PSK_RAND]);
/* One whole packet of what this side knows. There is no fragmentation (RFC 4764 8.11): one too long
 * for the way fails the half; false. */
bool eap_psk_put(struct eap_psk *p, enum eap_psk_number number, enum eap_code code, uint8_t id,
                 struct buf *out);

/* AK and KDK, RFC 4764 3.1: of the first 16 octets of the 32 that a slot or a user has. */
void eap_psk_set_key(struct eap_psk *p, const uint8_t key[EAP_PSK_KEY]);
/* MAC_P or MAC_S, RFC 4764 3.2: the one of the second, of the third message. */
void eap_psk_mac(const struct eap_psk *p, enum eap_psk_number number, uint8_t mac[EAP_PSK_MAC]);
/* TEK, and MSK, EMSK and Session-Id into half.keys, not yet `present`. */
void eap_psk_derive(struct eap_psk *p);

/* Nonce, ciphertext and tag into the room that `packet`, complete but for them, has for its
 * channel. */
void eap_psk_seal(const struct eap_psk *p, enum eap_psk_number number, uint8_t *packet);
enum eap_psk_opened {
    EAP_PSK_OPEN,
    EAP_PSK_FALSE, /* the tag does not match */
    EAP_PSK_WRONG  /* not a payload, or not its turn */
};
/* The channel of the third or fourth message in `in`. *result, *extension: what it says, -1: no
 * extension. */
enum eap_psk_opened eap_psk_open(struct eap_psk *p, const struct eap_packet *in,
                                 const struct eap_psk_message *m, enum eap_psk_result *result,
                                 int *extension);
void eap_psk_say(struct eap_psk *p, enum eap_psk_result result, int extension);

extern const struct eap_half_ops eap_psk_peer, eap_psk_server;

#endif
