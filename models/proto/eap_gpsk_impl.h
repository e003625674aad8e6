/* Inside eap_gpsk*.c: the messages of EAP-GPSK (RFC 5433) and what both sides know of an exchange.
 */
#ifndef MODELS_PROTO_EAP_GPSK_IMPL_H
#define MODELS_PROTO_EAP_GPSK_IMPL_H

#include "crypto/kdf.h"
#include "models/proto/eap_method.h"

#define GPSK_RAND     32
#define GPSK_SUITE    6
#define GPSK_TEXT_MAX 254 /* of an identity, RFC 5433 5; of a list of suites our own bound: 42 */
#define GPSK_KEY_MAX  32
#define GPSK_PSK      32

/* OP-Code, RFC 5433 9.1. */
enum gpsk_op {
    GPSK_1 = 1,
    GPSK_2,
    GPSK_3,
    GPSK_4,
    GPSK_FAIL,
    GPSK_PROTECTED_FAIL,
};
enum gpsk_failure {
    GPSK_PSK_NOT_FOUND = 1,
    GPSK_AUTHENTICATION_FAILURE,
    GPSK_AUTHORIZATION_FAILURE
};

enum gpsk_field {
    GPSK_END,
    GPSK_ID_PEER,
    GPSK_ID_SERVER,
    GPSK_RAND_PEER,
    GPSK_RAND_SERVER,
    GPSK_CSUITE_LIST,
    GPSK_CSUITE_SEL,
    GPSK_PD, /* PD_Payload_Block */
    GPSK_FAILURE_CODE,
    GPSK_MAC, /* always the last one */
    GPSK_FIELDS
};

struct gpsk_message {
    enum gpsk_op op;
    struct span field[GPSK_FIELDS]; /* those that this message has; others n == 0 */
    struct span covered;            /* read: the octets under the MAC */
};

const char *gpsk_name(enum gpsk_op op);
/* data: an EAP packet's, after the type. Spans point into it. false: not such a message. */
bool gpsk_read(struct span data, struct gpsk_message *m);
/* OP-Code and fields but the MAC, appended. */
bool gpsk_write(struct buf *b, const struct gpsk_message *m);
bool gpsk_has(enum gpsk_op op, enum gpsk_field field);

struct gpsk_text {
    uint8_t octets[GPSK_TEXT_MAX];
    size_t n;
};

/* First member of both halves. Visible to tests, which set the two random numbers to those of a
 * recorded exchange. */
struct gpsk {
    struct eap_half half;
    uint32_t mtu;
    struct gpsk_text id_peer, id_server, csuite_list;
    uint8_t rand_peer[GPSK_RAND], rand_server[GPSK_RAND];
    uint8_t csuite_sel[GPSK_SUITE];
    enum kdf_gpsk_suite suite; /* what csuite_sel says */
    uint8_t sk[GPSK_KEY_MAX], pk[GPSK_KEY_MAX];
    uint8_t failure_code[4];
};

bool gpsk_text_set(struct gpsk_text *t, struct span s); /* false: too long, and unchanged */
void gpsk_draw(struct gpsk *g, uint8_t rand[GPSK_RAND]);
/* The message has in this field what this side knows. */
bool gpsk_echoes(const struct gpsk *g, const struct gpsk_message *m, enum gpsk_field field);
/* One whole packet of what this side knows. There is no fragmentation (RFC 5433 12.12): one too
 * long for the way fails the half; false. */
bool gpsk_put_message(struct gpsk *g, enum gpsk_op op, enum eap_code code, uint8_t id,
                      struct buf *out);
void gpsk_done(struct gpsk *g);

/* ---- keys ---- */
/* RFC 5433 6: which of ours that is; false: none. */
bool gpsk_suite_of(const uint8_t csuite[GPSK_SUITE], enum kdf_gpsk_suite *suite);
/* RFC 5433 4: SK and PK, and MSK, EMSK and Session-Id into half.keys, not yet `present`. */
void gpsk_derive(struct gpsk *g, const uint8_t psk[GPSK_PSK]);
size_t gpsk_mac_len(const struct gpsk *g);
void gpsk_mac(const struct gpsk *g, struct span covered, uint8_t mac[GPSK_KEY_MAX]);
bool gpsk_mac_is_right(const struct gpsk *g, const struct gpsk_message *m);
/* RFC 5433 9.4: a protected block, if there is one, opens and is made of whole payloads. None is
 * standardised, so none is looked at. */
bool gpsk_pd_is_sound(const struct gpsk *g, struct span pd);

extern const struct eap_half_ops eap_gpsk_peer, eap_gpsk_server;

#endif
