/* Hashes, MACs and key wrap: thin, metered, one call each. meter may be NULL. */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "crypto/meter.h"
#include "sim/base/err.h"
#include "sim/base/span.h"

#include <stdbool.h>

struct sha256; /* incremental; heap */
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *h, struct span in);
/* Result; the object is freed. */
void sha256_final(struct sha256 *h, uint8_t out[32]);

/* The names that end in _v take a || b || c ... (n pieces), without joining them. */
void hash_sha256(struct meter *meter, struct span in, uint8_t out[32]);
void hash_sha256_v(struct meter *meter, const struct span *pieces, size_t n, uint8_t out[32]);
void hash_hmac_sha256(struct meter *meter, struct span key, struct span in, uint8_t out[32]);
void hash_hmac_sha256_v(struct meter *meter, struct span key, const struct span *pieces, size_t n,
                        uint8_t out[32]);
/* What RFC 4186, 4187 and 5191 still ask for. */
void hash_sha1(struct meter *meter, struct span in, uint8_t out[20]);
void hash_sha1_v(struct meter *meter, const struct span *pieces, size_t n, uint8_t out[20]);
void hash_hmac_sha1(struct meter *meter, struct span key, struct span in, uint8_t out[20]);
void hash_hmac_sha1_v(struct meter *meter, struct span key, const struct span *pieces, size_t n,
                      uint8_t out[20]);
/* What RADIUS (RFC 2865, 2548) and HTTP Digest still ask for. */
void hash_md5(struct meter *meter, struct span in, uint8_t out[16]);
void hash_md5_v(struct meter *meter, const struct span *pieces, size_t n, uint8_t out[16]);
void hash_hmac_md5(struct meter *meter, struct span key, struct span in, uint8_t out[16]);
void hash_hmac_md5_v(struct meter *meter, struct span key, const struct span *pieces, size_t n,
                     uint8_t out[16]);
/* Constant time. */
bool hash_equal(const void *a, const void *b, size_t n);

/* RFC 3394 AES-256 key wrap with the default IV. n: a multiple of 8, at least 16; out: n + 8
 * octets. */
enum err key_wrap(struct meter *meter, const uint8_t kek[32], const uint8_t *key, size_t n,
                  uint8_t *out) MUST_USE;
/* in: n octets, n a multiple of 8, at least 24; out: n - 8. ERR_INTEGRITY: wrong KEK or altered
 * octets; out is then untouched. */
enum err key_unwrap(struct meter *meter, const uint8_t kek[32], const uint8_t *in, size_t n,
                    uint8_t *out) MUST_USE;

void hex_encode(const uint8_t *in, size_t n, char *out); /* 2n + 1 chars, lower case */
/* Either case. false: not exactly n octets of hex. */
bool hex_decode(const char *in, size_t in_n, uint8_t *out, size_t n);
void base64_encode(struct span in, char *out); /* 4 * ceil(n / 3) + 1 chars */
/* Octets written; -1: not base64, or more than max. out may be where the digits stand. */
long base64_decode(struct span in, uint8_t *out, size_t max);

#endif
