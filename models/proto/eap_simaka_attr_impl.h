/* Shared by the reading and the writing half of eap_simaka_attr.h alone. */
#ifndef MODELS_PROTO_EAP_SIMAKA_ATTR_IMPL_H
#define MODELS_PROTO_EAP_SIMAKA_ATTR_IMPL_H

#include "models/proto/eap_simaka_attr.h"

#define SIMAKA_HEADER 8 /* EAP's header and type, subtype, two reserved octets */

/* How the octets after type and length stand. */
enum simaka_form {
    FORM_FLAG,      /* 2 reserved */
    FORM_NUMBER,    /* 2: the number */
    FORM_BLOCK,     /* 2 reserved, 16 */
    FORM_RANDS,     /* 2 reserved, n * 16; AKA: n = 1 */
    FORM_SIZED,     /* 2: length in octets; so many; padding */
    FORM_RES,       /* 2: length in bits, 32 to 128; so many; padding */
    FORM_AUTS,      /* 14 */
    FORM_CHECKCODE, /* 2 reserved, nothing or a hash */
    FORM_ENCRYPTED, /* 2 reserved, n * 16 */
    FORM_PADDING    /* 2, 6 or 10 zeros */
};

struct simaka_attribute {
    uint8_t type;
    uint8_t form;
};
extern const struct simaka_attribute simaka_attributes[AT_COUNT];

/* Sum over the packet but for the value of AT_MAC, 18 octets at mac_at, which count as zeros. */
void simaka_mac(enum simaka_kind kind, struct meter *meter, const uint8_t *k_aut,
                struct span packet, size_t mac_at, struct span extra, uint8_t mac[SIMAKA_MAC]);

#endif
