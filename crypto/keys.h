/* The key hierarchy of TS 102 690 as this project chose it: labels, lengths and derivations in one
 * place (etsi-m2m.md sections 3 and 9). Octets of keys pass through here and through se.h only. */
#ifndef CRYPTO_KEYS_H
#define CRYPTO_KEYS_H

#include "crypto/meter.h"
#include "sim/base/err.h"
#include "sim/base/span.h"

#include <stdint.h>

#define M2M_KEY_LEN     32 /* Kmr, Kmc, Kma, K_IVal: securityM2MKey is exactly 32 octets */
#define M2M_NODE_ID_LEN 16
#define M2M_WRAPPED_LEN 40

/* RFC 5705 labels registered for ETSI. */
#define M2M_EXPORTER_BOOTSTRAP  "EXPORTER-ETSI-TC-M2M-Bootstrap"
#define M2M_EXPORTER_CONNECTION "EXPORTER-ETSI-TC-M2M-Connection"

/* Labels of the derivations below (etsi-m2m.md 3.1; their wording is our choice, GAP C1, C3, C4).
 */
#define M2M_LABEL_KMR "ETSI M2M Device-Network Root Key"
#define M2M_LABEL_KMC "ETSI M2M Connection Key"
#define M2M_LABEL_KMA "ETSI M2M Application Key"

enum key_type {
    KEY_KMR,
    KEY_KMC,
    KEY_KMA,
    KEY_KIVAL,
    KEY_SESSION,
    KEY_MSK,  /* what EAP exports (RFC 3748 7.10): Kmc comes from it */
    KEY_EMSK, /* and Kmr from this */
    KEY_KS,   /* of GBA (TS 33.220): CK || IK */
    KEY_KS_NAF,
    KEY_KS_EXT_NAF,
    KEY_KS_INT_NAF, /* a NAF's of it; Kmr or Kmc is one of these three */
    KEY_KASME,      /* of an access network's core, by an attach (TS 33.401) */
    KEY_SIGN,
    KEY_ENCRYPT, /* of mId's object security, from Kmc (GAP C13) */
    KEY_TYPES
};
/* "Kmr", "Kmc", "Kma", "KIVal", "session", "MSK", "EMSK", "Ks", "Ks_NAF",
 * "Ks_ext_NAF", "Ks_int_NAF", "Kasme", "sign", "encrypt" */
const char *key_type_name(enum key_type type);

/* GAP C1: Kmr = HMAC-SHA-256(EMSK, label || 00 || SP-ID || 00 || Node-ID). */
void key_kmr_from_emsk(struct meter *m, struct span emsk, struct span sp_id,
                       const uint8_t node_id[M2M_NODE_ID_LEN], uint8_t kmr[M2M_KEY_LEN]);
/* The two forms behind it. A build with M2M_KMR_RFC5295 defined takes the second: RFC 5295 3.1's
 * USRK with SP-ID || 00 || Node-ID as optional data. */
void key_kmr_from_emsk_c1(struct meter *m, struct span emsk, struct span sp_id,
                          const uint8_t node_id[M2M_NODE_ID_LEN], uint8_t kmr[M2M_KEY_LEN]);
void key_kmr_from_emsk_usrk(struct meter *m, struct span emsk, struct span sp_id,
                            const uint8_t node_id[M2M_NODE_ID_LEN], uint8_t kmr[M2M_KEY_LEN]);
/* GAP C3: Kmc = HMAC-SHA-256(MSK, label || 00 || Node-ID || Connection-ID(8, big endian)). */
void key_kmc_from_msk(struct meter *m, struct span msk, const uint8_t node_id[M2M_NODE_ID_LEN],
                      uint64_t connection_id, uint8_t kmc[M2M_KEY_LEN]);
/* GAP C4: Kma = HMAC-SHA-256(Kmc, label || 00 || App-ID). */
void key_kma(struct meter *m, const uint8_t kmc[M2M_KEY_LEN], struct span app_id,
             uint8_t kma[M2M_KEY_LEN]);
/* GAP C6: the first 8 octets of HMAC-SHA-256(K_IVal, result(4 BE) || secureTimeStamp || Node-ID),
 * as a two's complement big-endian number. time_stamp: the dateTime text as it stands in the
 * document. */
int64_t key_ival_sign(struct meter *m, const uint8_t kival[M2M_KEY_LEN], uint32_t result,
                      struct span time_stamp, const uint8_t node_id[M2M_NODE_ID_LEN]);

/* GAP C12: PSK identities. "hex(Node-ID):KmrIndex" (connection), "ConnectionID:KmcIndex" (mId,
 * decimal). out: at least M2M_PSK_IDENTITY_MAX octets, NUL-terminated. */
#define M2M_PSK_IDENTITY_MAX 64
void key_kmr_identity(const uint8_t node_id[M2M_NODE_ID_LEN], uint32_t kmr_index, char *out);
void key_kmc_identity(uint64_t connection_id, uint32_t kmc_index, char *out);
/* Strict: anything else is false. */
int key_kmr_identity_parse(struct span in, uint8_t node_id[M2M_NODE_ID_LEN], uint32_t *kmr_index);
int key_kmc_identity_parse(struct span in, uint64_t *connection_id, uint32_t *kmc_index);

/* GAP C8: bits of securitymIdFlags (2 octets, bit 0 is the least significant). */
enum m2m_mid_flag {
    MID_AN_SECURITY = 1 << 0,
    MID_TLS_PSK = 1 << 1,
    MID_DTLS_PSK = 1 << 2,
    MID_OBJECT_SIGN = 1 << 3,
    MID_OBJECT_ENCRYPT = 1 << 4
};

#endif
