/* Keys of EAP-SIM (RFC 4186 7), EAP-AKA (RFC 4187 7) and EAP-AKA' (RFC 9048 3.3, 3.4). */
#ifndef MODELS_PROTO_EAP_SIMAKA_KEYS_H
#define MODELS_PROTO_EAP_SIMAKA_KEYS_H

#include "models/proto/eap_simaka_attr.h"

/* A value, wiped with its owner. */
struct simaka_keys {
    uint8_t mk[20]; /* SIM, AKA */
    uint8_t k_encr[16];
    uint8_t k_aut[32]; /* 16 octets of it in SIM and AKA */
    uint8_t k_re[32];  /* AKA' */
    uint8_t msk[EAP_KEY_LEN], emsk[EAP_KEY_LEN];
};

/* identity: as the peer sent it last in this exchange. kc: n of them, 8 octets each, in the order
 * of the RANDs. versions: AT_VERSION_LIST as it came. */
void simaka_keys_sim(struct meter *m, struct span identity, const uint8_t *kc, size_t n,
                     const uint8_t nonce_mt[SIMAKA_NONCE], struct span versions, uint16_t selected,
                     struct simaka_keys *out);
void simaka_keys_aka(struct meter *m, struct span identity, const uint8_t ik[16],
                     const uint8_t ck[16], struct simaka_keys *out);
/* With IK' and CK', as kdf_aka_prime gives them. */
void simaka_keys_prime(struct meter *m, struct span identity, const uint8_t ik_prime[16],
                       const uint8_t ck_prime[16], struct simaka_keys *out);
/* Fast re-authentication: new MSK and EMSK from MK or K_re; the rest of `k` stays. identity: the
 * fast re-authentication identity as sent. */
void simaka_keys_reauth(enum simaka_kind kind, struct meter *m, struct span identity,
                        uint16_t counter, const uint8_t nonce_s[SIMAKA_NONCE],
                        struct simaka_keys *k);

/* To and from what is kept between sessions; identities and counter stay as they are. */
void simaka_keys_keep(enum simaka_kind kind, const struct simaka_keys *k, struct eap_reauth *out);
void simaka_keys_recall(const struct eap_reauth *kept, struct simaka_keys *out);

#endif
