/* Key derivation functions of EAP methods, PANA and GBA. meter may be NULL. `seed`, `info`, `z`:
 * pieces that are taken as joined. */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include "crypto/meter.h"
#include "sim/base/span.h"

/* prf+ of IKEv2, RFC 7296 2.13: T1 = prf(K, S | 01), T2 = prf(K, T1 | S | 02), ... PANA (RFC 5191
 * 5.3) takes it with either hash; with SHA-256 it is PRF' of AKA' (RFC 9048 3.4.1) and the KDF of
 * RFC 5295. n: at most 255 outputs of the hash (asserted). */
enum kdf_prf { KDF_PRF_HMAC_SHA1, KDF_PRF_HMAC_SHA256 };
void kdf_prf_plus(struct meter *m, enum kdf_prf prf, struct span key, const struct span *seed,
                  size_t seed_n, uint8_t *out, size_t n);

/* The generator of FIPS 186-2 with change notice 1, as RFC 4186 appendix B takes it: no reduction
 * modulo q, no optional seed, 40 octets a round. n: any. */
void kdf_fips186_prf(struct meter *m, const uint8_t xkey[20], uint8_t *out, size_t n);

/* HKDF with SHA-256, RFC 5869 2.2 and 2.3. No salt: an empty span. n: at most 255 * 32. */
void kdf_hkdf_extract(struct meter *m, struct span salt, struct span ikm, uint8_t prk[32]);
void kdf_hkdf_expand(struct meter *m, struct span prk, const struct span *info, size_t info_n,
                     uint8_t *out, size_t n);

/* GKDF of RFC 5433 4: M_i = MAC_Y(i || Z), i in 2 octets from 1. The key has the suite's KS octets,
 * which is also the length of one M_i. */
enum kdf_gpsk_suite { KDF_GPSK_AES, KDF_GPSK_SHA256 }; /* CSuite/Specifier 1 and 2 */
#define KDF_GPSK_KS(suite) ((suite) == KDF_GPSK_AES ? 16u : 32u)
void kdf_gkdf(struct meter *m, enum kdf_gpsk_suite suite, const uint8_t *key, const struct span *z,
              size_t z_n, uint8_t *out, size_t n);

/* EAP-PSK's modified counter mode, RFC 4764 3.1 and 3.2: out_i = AES(K, AES(K, in) ^ i), i from 1,
 * `blocks` (at most 255) of 16 octets. AK || KDK from the PSK with `in` of zeros; TEK || MSK ||
 * EMSK from the KDK with RAND_P. */
void kdf_modified_counter(struct meter *m, const uint8_t key[16], const uint8_t in[16],
                          unsigned blocks, uint8_t *out);

/* The generic KDF of TS 33.220 B.2: HMAC-SHA-256(key, FC || P0 || L0 || P1 || L1 ...). At most 8
 * parameters of at most 65,535 octets (asserted). */
void kdf_3gpp(struct meter *m, struct span key, uint8_t fc, const struct span *params, size_t n,
              uint8_t out[32]);
/* TS 33.220 B.3: Ks_NAF = KDF(Ks, "gba-me", RAND, IMPI, NAF_Id); of a GBA_U UICC also Ks_ext_NAF,
 * and with the label "gba-u" Ks_int_NAF. naf_id: FQDN || Ua security protocol identifier (5). */
void kdf_ks_naf(struct meter *m, const uint8_t ks[32], const char *label, const uint8_t rand[16],
                struct span impi, struct span naf_id, uint8_t out[32]);
/* TS 33.402 A.2 (RFC 9048 3.3): CK' || IK' = KDF(CK || IK, 0x20, access network name, SQN ^ AK). */
void kdf_aka_prime(struct meter *m, const uint8_t ck[16], const uint8_t ik[16], struct span network,
                   const uint8_t sqn_xor_ak[6], uint8_t ck_prime[16], uint8_t ik_prime[16]);

#endif
