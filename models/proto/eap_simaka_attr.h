/* The messages of EAP-SIM (RFC 4186 8 to 10), EAP-AKA (RFC 4187 8 to 10) and EAP-AKA' (RFC 9048 6):
 * attributes, their forms, where each may stand, encryption and MAC. No state: what depends on the
 * course of an exchange is for eap_simaka_peer.c and eap_simaka_server.c. */
#ifndef MODELS_PROTO_EAP_SIMAKA_ATTR_H
#define MODELS_PROTO_EAP_SIMAKA_ATTR_H

#include "models/proto/eap.h"

enum simaka_kind { SIMAKA_SIM, SIMAKA_AKA, SIMAKA_AKA_PRIME, SIMAKA_KINDS };

enum simaka_subtype {
    AKA_CHALLENGE = 1,
    AKA_AUTHENTICATION_REJECT = 2,
    AKA_SYNCHRONIZATION_FAILURE = 4,
    AKA_IDENTITY = 5,
    SIM_START = 10,
    SIM_CHALLENGE = 11,
    SIMAKA_NOTIFICATION = 12,
    SIMAKA_REAUTHENTICATION = 13,
    SIMAKA_CLIENT_ERROR = 14
};

/* The attributes, densely numbered; their numbers on the wire are in the table of
 * eap_simaka_attr.c. */
enum simaka_at {
    AT_RAND,
    AT_AUTN,
    AT_RES,
    AT_AUTS,
    AT_PADDING,
    AT_NONCE_MT,
    AT_PERMANENT_ID_REQ,
    AT_MAC,
    AT_NOTIFICATION,
    AT_ANY_ID_REQ,
    AT_IDENTITY,
    AT_VERSION_LIST,
    AT_SELECTED_VERSION,
    AT_FULLAUTH_ID_REQ,
    AT_COUNTER,
    AT_COUNTER_TOO_SMALL,
    AT_NONCE_S,
    AT_CLIENT_ERROR_CODE,
    AT_KDF_INPUT,
    AT_KDF,
    AT_IV,
    AT_ENCR_DATA,
    AT_NEXT_PSEUDONYM,
    AT_NEXT_REAUTH_ID,
    AT_CHECKCODE,
    AT_RESULT_IND,
    AT_BIDDING,
    AT_COUNT
};
#define AT_BIT(at) (UINT32_C(1) << (at))

enum simaka_notification {
    NOTIFY_FAILURE_AFTER = 0,      /* general failure after authentication */
    NOTIFY_DENIED = 1026,          /* temporarily denied */
    NOTIFY_NOT_SUBSCRIBED = 1031,  /* not subscribed to the requested service */
    NOTIFY_FAILURE_BEFORE = 16384, /* general failure */
    NOTIFY_SUCCESS = 32768
};
#define NOTIFY_S 0x8000u /* does not imply failure */
#define NOTIFY_P 0x4000u /* before authentication: without AT_MAC */

enum simaka_client_error {
    CLIENT_ERROR_UNABLE = 0,
    CLIENT_ERROR_VERSION = 1,
    CLIENT_ERROR_CHALLENGES = 2,
    CLIENT_ERROR_NOT_FRESH = 3
};

#define SIMAKA_MAC      16
#define SIMAKA_NONCE    16
#define SIMAKA_MAX_KDF  8 /* more AT_KDF than this is no list of alternatives */
#define SIMAKA_MAX_RAND 3
#define SIMAKA_BIDDING  0x8000u /* AT_BIDDING: D, "prefers EAP-AKA'" (RFC 9048 4) */

/* ---- reading ---- */
struct simaka_message {
    uint8_t subtype;
    uint32_t has;                 /* AT_BIT of each attribute that is there */
    struct span value[AT_COUNT];  /* without lengths, reserved octets and padding. AT_RAND of SIM:
                                     n * 16 octets; a number: its 2 octets */
    uint16_t kdf[SIMAKA_MAX_KDF]; /* AT_KDF, in order */
    size_t kdf_count;
    struct span whole; /* the EAP packet */
    size_t mac_at;     /* where the value field of AT_MAC begins in it */
};
/* All of form: each attribute known or skippable, well-formed, at its place and there once (AT_KDF
 * may repeat), and the message has what it must and nothing that it must not (the tables of RFC
 * 4186 10.1, RFC 4187 10.1, RFC 9048 6). `in` is of this kind's type. false: it is not so. `out`
 * points into `in`. */
bool simaka_parse(enum simaka_kind kind, const struct eap_packet *in, struct simaka_message *out);
static inline bool simaka_has(const struct simaka_message *m, enum simaka_at at)
{
    return (m->has & AT_BIT(at)) != 0;
}
uint16_t simaka_number(const struct simaka_message *m, enum simaka_at at); /* 0: not there */
/* Decrypts AT_ENCR_DATA of `m` into plain and reads the nested attributes (the last one AT_PADDING,
 * of zeros), by the same rules. false: not there, or not so. `nested` points into `plain`. */
bool simaka_open(enum simaka_kind kind, const struct simaka_message *m, uint8_t code,
                 struct meter *meter, const uint8_t k_encr[16], uint8_t plain[EAP_MTU],
                 struct simaka_message *nested);
/* Whether AT_MAC is there and right, over the packet with the attribute's value zeroed and `extra`
 * (RFC 4187 10.15). */
bool simaka_mac_ok(enum simaka_kind kind, const struct simaka_message *m, struct meter *meter,
                   const uint8_t *k_aut, struct span extra);

/* ---- writing ---- */

/* Visible because it lives on the stack of who writes. Without fragmentation (RFC 4187 8.2) no
 * packet is longer than an EAP_MTU. */
struct simaka_writer {
    uint8_t p[EAP_MTU];
    size_t n;
    bool full; /* something did not fit */
};
void simaka_begin(struct simaka_writer *w, enum simaka_kind kind, enum eap_code code, uint8_t id,
                  enum simaka_subtype subtype);
/* For nested attributes: nothing but attributes. */
void simaka_begin_nested(struct simaka_writer *w);
/* The value as in simaka_message.value, of a length that the attribute's form allows (asserted). */
void simaka_put(struct simaka_writer *w, enum simaka_at at, struct span value);
void simaka_put_flag(struct simaka_writer *w, enum simaka_at at);
void simaka_put_number(struct simaka_writer *w, enum simaka_at at, uint16_t number);
/* AT_IV and AT_ENCR_DATA of the nested attributes, padded first. */
void simaka_put_sealed(struct simaka_writer *w, struct meter *meter, const uint8_t k_encr[16],
                       const uint8_t iv[16], struct simaka_writer *nested);
/* Completes the packet and appends it to out. false: no room, nothing was appended. */
bool simaka_end(struct simaka_writer *w, struct buf *out);
/* With AT_MAC as the last attribute. mac: may be NULL; else a copy of the MAC. */
bool simaka_end_mac(struct simaka_writer *w, enum simaka_kind kind, struct meter *meter,
                    const uint8_t *k_aut, struct span extra, struct buf *out,
                    uint8_t mac[SIMAKA_MAC]);

/* ---- facts of a kind ---- */
uint8_t simaka_type(enum simaka_kind kind);
size_t simaka_k_aut_len(enum simaka_kind kind);
/* SHA-1 or SHA-256: of AT_CHECKCODE, and under the MAC. */
size_t simaka_hash_len(enum simaka_kind kind);

#endif
