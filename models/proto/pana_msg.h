/* PANA messages (RFC 5191 6 to 8, RFC 6786 4 and 5): octets to a struct and back, with ETSI's AVPs
 * (GAP C11). Knows the form of messages, not when one may come: that is pana_pac.c and pana_paa.c.
 */
#ifndef MODELS_PROTO_PANA_MSG_H
#define MODELS_PROTO_PANA_MSG_H

#include "models/proto/pana.h"

#define PANA_HEADER      16
#define PANA_AVP_HEADER  8
#define PANA_MESSAGE_MAX 65507 /* what a UDP datagram over IPv4 can hold */
#define PANA_NONCE_MIN   8     /* RFC 5191 8.5 */
#define PANA_NONCE_MAX   256

enum pana_type { PANA_PCI = 1, PANA_PAR_PAN = 2, PANA_PTR_PTA = 3, PANA_PNR_PNA = 4 };

enum pana_flag {
    PANA_R = 0x8000, /* request */
    PANA_S = 0x4000, /* start */
    PANA_C = 0x2000, /* complete */
    PANA_A = 0x1000, /* re-authentication */
    PANA_P = 0x0800, /* ping */
    PANA_I = 0x0400  /* IP reconfiguration */
};

enum pana_avp {
    PANA_AVP_AUTH = 1,
    PANA_AVP_EAP_PAYLOAD,
    PANA_AVP_INTEGRITY_ALGORITHM,
    PANA_AVP_KEY_ID,
    PANA_AVP_NONCE,
    PANA_AVP_PRF_ALGORITHM,
    PANA_AVP_RESULT_CODE,
    PANA_AVP_SESSION_LIFETIME,
    PANA_AVP_TERMINATION_CAUSE,
    PANA_AVP_ENCR_ENCAP = 12, /* RFC 6786 */
    PANA_AVP_ENCRYPTION_ALGORITHM
};

enum pana_result { PANA_SUCCESS, PANA_AUTHENTICATION_REJECTED, PANA_AUTHORIZATION_REJECTED };
enum pana_encryption { PANA_AES128_CTR = 1 };

/* One message. Spans point into the octets that were parsed. */
struct pana_msg {
    uint16_t flags; /* those of enum pana_flag; unassigned ones are left out */
    uint16_t type;
    uint32_t session_id, sequence;
    uint32_t has; /* bit (1 << code) for each of IETF's AVPs that is there */
    struct span eap, nonce, auth, encap;
    uint32_t key_id, result_code, session_lifetime_s, termination_cause;
    uint32_t prfs, integrities, encryptions; /* bit (1 << n) for each number n below 32 */
    struct pana_params params;
    struct span whole; /* AUTH, when there, are its last octets */
};

static inline bool pana_has(const struct pana_msg *m, enum pana_avp avp)
{
    return m->has >> avp & 1;
}

/* REASON_NONE, or REASON_PANA_MALFORMED: lengths that do not add up to exactly `in`, flags, AVPs or
 * values that RFC 5191 5.5, 7 and 8 do not have for this message; an AVP of IETF or ETSI that is
 * not known. AVPs of other vendors are stepped over; reserved fields and padding are not looked at.
 * `out` is then of no use. */
enum reason pana_msg_parse(struct span in, struct pana_msg *out);
/* The AVPs that were in m's Encr-Encap, decrypted: joins them to m. REASON_PANA_MALFORMED also for
 * one that must not be encrypted (RFC 6786 6.1), or that m has already; m is then of no use. */
enum reason pana_msg_join(struct pana_msg *m, struct span plain);

/* Append; false: no room, and part may have been written. */
bool pana_put_header(struct buf *b, uint16_t flags, enum pana_type type, uint32_t session_id,
                     uint32_t sequence, size_t avps_n);
bool pana_put_avp(struct buf *b, enum pana_avp avp, struct span value);
bool pana_put_u32(struct buf *b, enum pana_avp avp, uint32_t value);
/* ETSI's AVPs, in the order of their codes. */
bool pana_put_params(struct buf *b, const struct pana_params *p);
/* What `from` has replaces what `into` has. */
void pana_params_merge(struct pana_params *into, const struct pana_params *from);

/* "PCI", "PAR[S]", "PAN[C]", "PNR[A]", ...: for labels and traces. */
const char *pana_msg_name(uint16_t flags, uint16_t type);

/* Used by both files of the codec. */
bool pana_put_vendor_avp(struct buf *b, uint16_t code, uint32_t vendor, struct span value);
/* One AVP of ETSI's read into p. */
enum reason pana_params_read(struct pana_params *p, uint16_t code, struct span value);

static inline uint32_t pana_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

#endif
