/* AES-128 in the modes that EAP, PANA and RADIUS need: thin, metered, one call each. meter may be
 * NULL. Input and output are the same place or do not overlap. */
#ifndef CRYPTO_CIPHER_H
#define CRYPTO_CIPHER_H

#include "crypto/meter.h"
#include "sim/base/span.h"

#include <stdbool.h>

#define CIPHER_KEY   16 /* AES-128 */
#define CIPHER_BLOCK 16
#define CIPHER_TAG   16 /* of CMAC, EAX and GCM; shorter ones are its first octets */

/* `blocks` single blocks under one key (ECB). For constructions on the bare cipher: MILENAGE, key
 * set-up of EAP-PSK. */
void cipher_blocks(struct meter *m, const uint8_t key[CIPHER_KEY], const uint8_t *in, size_t blocks,
                   uint8_t *out);
/* CBC without padding: n is a multiple of 16 (asserted). */
void cipher_cbc_encrypt(struct meter *m, const uint8_t key[CIPHER_KEY],
                        const uint8_t iv[CIPHER_BLOCK], const uint8_t *in, size_t n, uint8_t *out);
void cipher_cbc_decrypt(struct meter *m, const uint8_t key[CIPHER_KEY],
                        const uint8_t iv[CIPHER_BLOCK], const uint8_t *in, size_t n, uint8_t *out);
/* CTR, NIST SP 800-38A 6.5: the counter block counts up as one big-endian number. Both ways. */
void cipher_ctr(struct meter *m, const uint8_t key[CIPHER_KEY], const uint8_t counter[CIPHER_BLOCK],
                const uint8_t *in, size_t n, uint8_t *out);

/* CMAC, RFC 4493. */
void cipher_cmac(struct meter *m, const uint8_t key[CIPHER_KEY], struct span in,
                 uint8_t mac[CIPHER_TAG]);
/* Over a || b || c ... (n pieces), without joining them. */
void cipher_cmac_v(struct meter *m, const uint8_t key[CIPHER_KEY], const struct span *pieces,
                   size_t n, uint8_t mac[CIPHER_TAG]);

/* EAX (Bellare, Rogaway, Wagner; RFC 4764 3.3 names it): out has in.n octets, the tag stands apart.
 * A nonce of any length. */
void cipher_eax_seal(struct meter *m, const uint8_t key[CIPHER_KEY], struct span nonce,
                     struct span header, struct span in, uint8_t *out, uint8_t tag[CIPHER_TAG]);
/* false: the tag does not match; out is then untouched. */
bool cipher_eax_open(struct meter *m, const uint8_t key[CIPHER_KEY], struct span nonce,
                     struct span header, struct span in, const uint8_t tag[CIPHER_TAG],
                     uint8_t *out);

#define CIPHER_GCM_NONCE 12
/* GCM, NIST SP 800-38D. */
void cipher_gcm_seal(struct meter *m, const uint8_t key[CIPHER_KEY],
                     const uint8_t nonce[CIPHER_GCM_NONCE], struct span header, struct span in,
                     uint8_t *out, uint8_t tag[CIPHER_TAG]);
/* false: the tag does not match; out is then zeroed. */
bool cipher_gcm_open(struct meter *m, const uint8_t key[CIPHER_KEY],
                     const uint8_t nonce[CIPHER_GCM_NONCE], struct span header, struct span in,
                     const uint8_t tag[CIPHER_TAG], uint8_t *out);

#endif
