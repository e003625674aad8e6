/* Ephemeral Diffie-Hellman on P-256: one key pair for one exchange. Points are octets in SEC 1's
 * uncompressed form, 04 || x || y. meter may be NULL. */
#ifndef CRYPTO_ECDH_H
#define CRYPTO_ECDH_H

#include "crypto/meter.h"
#include "sim/base/err.h"

#include <stdint.h>

#define ECDH_POINT  65
#define ECDH_SECRET 32

struct ecdh;

/* A fresh key pair from the entity's randomness. ERR_CRYPTO: OpenSSL refused. */
enum err ecdh_new(struct meter *m, struct ecdh **out) MUST_USE;
void ecdh_free(struct ecdh *e); /* wipes; NULL is fine */
void ecdh_point(const struct ecdh *e, uint8_t point[ECDH_POINT]);
/* The x coordinate of the shared point (RFC 5903 9). ERR_FORMAT: `peer` is of another form, not on
 * the curve, or infinity. */
enum err ecdh_derive(const struct ecdh *e, struct meter *m, const uint8_t peer[ECDH_POINT],
                     uint8_t secret[ECDH_SECRET]) MUST_USE;
/* Whether `point` would do. */
enum err ecdh_check(const uint8_t point[ECDH_POINT]) MUST_USE;

#endif
