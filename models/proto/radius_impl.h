/* What the RADIUS client and server share: writing, sealing and checking packets. Included by
 * radius*.c only. */
#ifndef MODELS_PROTO_RADIUS_IMPL_H
#define MODELS_PROTO_RADIUS_IMPL_H

#include "models/proto/radius.h"

#define RADIUS_HEADER        20
#define RADIUS_AUTHENTICATOR 16
#define RADIUS_VALUE_MAX     253 /* of one attribute */

enum radius_attribute {
    RADIUS_USER_NAME = 1,
    RADIUS_FRAMED_MTU = 12,
    RADIUS_STATE = 24,
    RADIUS_VENDOR_SPECIFIC = 26,
    RADIUS_NAS_IDENTIFIER = 32,
    RADIUS_PROXY_STATE = 33,
    RADIUS_NAS_PORT_TYPE = 61,
    RADIUS_EAP_MESSAGE = 79,
    RADIUS_MESSAGE_AUTHENTICATOR = 80,
    RADIUS_ERROR_CAUSE = 101 /* RFC 3576 3.5 */
};

/* A packet in the making; a value. */
struct radius_writer {
    uint8_t octets[RADIUS_PACKET_MAX];
    size_t n;
    bool full; /* something did not fit: the packet must not go out */
};

/* Header, and the Message-Authenticator as the first attribute, so that nothing can be slipped in
 * before it. authenticator: the Request Authenticator, in a response too, until it is sealed. */
void radius_begin(struct radius_writer *w, enum radius_code code, uint8_t id,
                  const uint8_t authenticator[RADIUS_AUTHENTICATOR]);
/* Appends an attribute; value.n <= RADIUS_VALUE_MAX. */
void radius_put(struct radius_writer *w, enum radius_attribute type, struct span value);
void radius_put_u32(struct radius_writer *w, enum radius_attribute type, uint32_t value);
/* Splits over as many EAP-Message attributes as it takes; n == 0: EAP-Start. */
void radius_put_eap(struct radius_writer *w, struct span eap);
void radius_put_encoded(struct radius_writer *w, struct span attributes);
/* MS-MPPE-Recv-Key and MS-MPPE-Send-Key of the MSK (RFC 2548 2.4.2, 2.4.3; which half is which:
 * RFC 3748 7.10 by way of RFC 5216 2.3). Draws the salts. */
void radius_put_msk(struct radius_writer *w, struct proto_env *env, struct span secret,
                    const uint8_t authenticator[RADIUS_AUTHENTICATOR],
                    const uint8_t msk[EAP_KEY_LEN]);
/* Length and Message-Authenticator. false: the packet is too long. */
bool radius_seal_request(struct radius_writer *w, struct meter *meter, struct span secret);
/* And the Response Authenticator (RFC 2865 3). */
bool radius_seal_response(struct radius_writer *w, struct meter *meter, struct span secret);

/* A vendor-specific attribute of one value, value.n <= 247; how long it is. */
size_t radius_vendor(uint8_t a[2 + RADIUS_VALUE_MAX], uint32_t vendor, uint8_t type,
                     struct span value);

/* ---- reading ---- */
const char *radius_code_name(enum radius_code code);
bool radius_has(const struct radius_packet *p, enum radius_attribute type);
/* false: none of 4 octets. */
bool radius_find_u32(const struct radius_packet *p, enum radius_attribute type, uint32_t *value);
/* The first attribute `type` of this vendor. */
bool radius_find_sub(const struct radius_packet *p, uint32_t vendor, uint8_t type,
                     struct span *value);

/* ---- the shared secret; authenticator: the request's ---- */
/* The Message-Authenticator is there once and right (RFC 3579 3.2). */
bool radius_check_message(const struct radius_packet *p, struct meter *meter, struct span secret,
                          const uint8_t authenticator[RADIUS_AUTHENTICATOR]);
/* The Response Authenticator is right (RFC 2865 3). */
bool radius_check_response(const struct radius_packet *p, struct meter *meter, struct span secret,
                           const uint8_t authenticator[RADIUS_AUTHENTICATOR]);
/* false: not both keys, of 32 octets each, are in it. */
bool radius_find_msk(const struct radius_packet *p, struct meter *meter, struct span secret,
                     const uint8_t authenticator[RADIUS_AUTHENTICATOR], uint8_t msk[EAP_KEY_LEN]);

#endif
