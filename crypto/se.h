/* The secured environment of a node (TS 102 690: holds secret keys, measures the image, signs the
 * IVal result). Slots hold 32-octet keys whose octets do not leave it: what needs a key is done
 * here, or, for a PSK that OpenSSL must have, handed to the TLS core alone (se_tls_psk). */
#ifndef CRYPTO_SE_H
#define CRYPTO_SE_H

#include "crypto/keys.h"

#include <stdbool.h>

enum se_slot {
    SE_KMR,
    SE_KMC,
    SE_KIVAL,
    SE_CREDENTIAL, /* the shared key that a device was made with, for EAP-GPSK or EAP-PSK */
    SE_KS_NAF,     /* GBA: Ks_(ext/int)_NAF of the NAF that is being spoken with */
    SE_SLOTS
};

/* Visible only because a fleet embeds a million of them; touch it through the functions. Zeros:
 * empty. */
struct se {
    uint8_t key[SE_SLOTS][M2M_KEY_LEN];
    uint32_t ival_result; /* of the last measurement */
    uint8_t present;      /* bit per slot */
    uint8_t measured;
};

/* One component of a device's software image, and the hash it should have. */
struct se_component {
    const char *name;
    struct span image;        /* the octets as they are in the device now */
    uint8_t reference[32];    /* SHA-256 of the genuine component, held in the environment */
    uint32_t capability_bits; /* service capabilities that need it (GAP C6) */
};

/* GAP C6: the 4-octet result, most significant first: 11 capability bits (31..21: xAE xGC xRAR xCS
 * xREM xSEC xHDR xTM xIP xCB spare), 16 application-group bits (20..5), 4 version bits (4..1),
 * overall pass (0). A set capability bit: what it needs is genuine. */
#define IVAL_PASS             UINT32_C(0x00000001)
#define IVAL_VERSION_SHIFT    1
#define IVAL_APP_SHIFT        5
#define IVAL_CAPABILITY_SHIFT 21
enum m2m_capability {
    CAP_XAE,
    CAP_XGC,
    CAP_XRAR,
    CAP_XCS,
    CAP_XREM,
    CAP_XSEC,
    CAP_XHDR,
    CAP_XTM,
    CAP_XIP,
    CAP_XCB,
    CAP_SPARE
}; /* CAP_XAE is bit 31, CAP_SPARE bit 21 */
uint32_t ival_capability_bit(enum m2m_capability capability);

void se_release(struct se *se); /* wipes every slot */
void se_put(struct se *se, enum se_slot slot, const uint8_t key[M2M_KEY_LEN]);
bool se_has(const struct se *se, enum se_slot slot);
void se_erase(struct se *se, enum se_slot slot);
/* One slot's key also in another: GBA's Kmr or Kmc is Ks_(ext/int)_NAF as it stands. ERR_STATE:
 * empty slot. */
enum err se_copy(struct se *se, enum se_slot from, enum se_slot to) MUST_USE;

/* Hashes each component, compares, keeps and returns the result. Version bits: `version` (0..15).
 */
uint32_t se_measure(struct se *se, struct meter *m, const struct se_component *c, size_t n,
                    unsigned version);
/* GAP C6; ERR_STATE without a measurement or without K_IVal. */
enum err se_ival_sign(struct se *se, struct meter *m, struct span time_stamp,
                      const uint8_t node_id[M2M_NODE_ID_LEN], uint32_t *result,
                      int64_t *signature) MUST_USE;
/* Unwrap straight into a slot. ERR_INTEGRITY as key_unwrap; the slot is then as before. */
enum err se_unwrap(struct se *se, struct meter *m, enum se_slot slot,
                   const uint8_t kek[M2M_KEY_LEN], const uint8_t wrapped[M2M_WRAPPED_LEN]) MUST_USE;
/* The reverse at the server: the slot's key under a KEK. ERR_STATE: empty slot. */
enum err se_wrap(const struct se *se, struct meter *m, enum se_slot slot,
                 const uint8_t kek[M2M_KEY_LEN], uint8_t wrapped[M2M_WRAPPED_LEN]) MUST_USE;
/* For a server's back-end alone (GAP C14: MSBF to MAS, MAS to NSCL hand a key on): the slot's
 * octets. false: empty. */
bool se_backend_copy(const struct se *se, enum se_slot slot, uint8_t key[M2M_KEY_LEN]);
/* HMAC-SHA-256 over the pieces under an application's Kma (GAP C4), which is made of the Kmc in its
 * slot for this and not kept. ERR_STATE: there is no Kmc. */
enum err se_kma_mac(const struct se *se, struct meter *m, struct span app_id,
                    const struct span *pieces, size_t n, uint8_t mac[32]) MUST_USE;
/* For models/proto/tls only: the PSK that OpenSSL's callback must return. 0: empty slot, else 32.
 */
unsigned se_tls_psk(const struct se *se, enum se_slot slot, uint8_t *psk, unsigned max);
/* For what in models/proto is keyed with a slot: the EAP methods of a PSK (GPSK, PSK), and HTTP
 * Digest with Ks_(ext/int)_NAF. false: empty slot. */
bool se_eap_psk(const struct se *se, enum se_slot slot, uint8_t psk[M2M_KEY_LEN]);

#endif
