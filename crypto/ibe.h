/* Identity-based encryption: whoever knows an authority's public parameters can encrypt to a name,
 * and the authority makes the private key that belongs to the name. Two schemes: SAKKE (RFC 6508,
 * with parameter set 1 of RFC 6509), and Boneh and Franklin's (RFC 5091, on a curve of the size it
 * calls n = 3072). SAKKE's field is one of 2048 bits, which makes 112 bits of strength at best,
 * whatever its n = 128 says.
 *
 * A simulator's: NOT constant-time. Secrets are wiped where they are kept, not on the stack of
 * every arithmetic function. Everything is immutable once made and may be used on any thread. meter
 * may be NULL. */
#ifndef CRYPTO_IBE_H
#define CRYPTO_IBE_H

#include "crypto/meter.h"
#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/base/rng.h"
#include "sim/base/span.h"

#include <stdbool.h>

/* The numbers go over the wire in EAP-IBAKE (models/proto/eap_ibake.h). */
enum ibe_scheme { IBE_SAKKE = 1, IBE_BF = 2 };
#define IBE_SCHEMES 2
const char *ibe_scheme_name(enum ibe_scheme scheme); /* "sakke", "bf" */

#define IBE_SSV_LEN    16 /* what is encapsulated: RFC 6508's SSV with n = 128; BF carries as many */
#define IBE_TAG_LEN    16
#define IBE_PERIOD_LEN 7 /* "YYYY-MM" */
/* So that a key string is, as a number, below SAKKE's q, which takes it unhashed: a longer one
 * would meet another name's. */
#define IBE_NAME_MAX 118

/* Points (public parameters, private keys) are 04 || x || y, SEC 1's uncompressed form. */
#define IBE_POINT_MAX 385
size_t ibe_point_len(enum ibe_scheme scheme); /* 257, 385 */
/* SAKKE: RFC 6508 4's encapsulated data, R || H. BF: U || V || W. */
#define IBE_CAPSULE_MAX 433
size_t ibe_capsule_len(enum ibe_scheme scheme); /* 273, 433 */

/* The key string that a name and a period make (RFC 6509's, RFC 6539 2.1's ID || date): period 00
 * name 00. true: both can make one: 1 to 118 octets, "YYYY-MM". */
bool ibe_is_name(const char *name, const char *period);

/* ---- public parameters ---- */

struct ibe_public;
/* An authority's public point. ERR_FORMAT: not a point of the group. */
enum err ibe_public_read(enum ibe_scheme scheme, struct span point,
                         struct ibe_public **out) MUST_USE;
void ibe_public_free(struct ibe_public *p);
void ibe_public_write(const struct ibe_public *p, uint8_t point[IBE_POINT_MAX]);
enum ibe_scheme ibe_public_scheme(const struct ibe_public *p);

/* ---- the key-management authority ---- */

struct ibe_authority;
/* The master secret comes from the stream. */
struct ibe_authority *ibe_authority_new(enum ibe_scheme scheme, struct rng *stream);
/* With this one, big-endian. ERR_RANGE: 0, or not below q. */
enum err ibe_authority_restore(enum ibe_scheme scheme, struct span secret,
                               struct ibe_authority **out) MUST_USE;
void ibe_authority_free(struct ibe_authority *a); /* and its public parameters */
const struct ibe_public *ibe_authority_public(const struct ibe_authority *a);
/* The private key of a name (RFC 6508 6.1.1, RFC 5091 5.3) as ibe_point_len octets. ERR_RANGE: not
 * a name; or its key string is the secret's negative, which is no accident. */
enum err ibe_extract(const struct ibe_authority *a, struct meter *m, const char *name,
                     const char *period, uint8_t key[IBE_POINT_MAX]) MUST_USE;

/* ---- one who can decrypt: a name, a period, and the private keys for them, at most one a scheme,
 * each with its authority's public parameters ---- */

struct ibe_user;
/* NULL: not a name. */
struct ibe_user *ibe_user_new(const char *name, const char *period);
void ibe_user_free(struct ibe_user *u); /* wipes; NULL is fine */
/* Takes a key that came from afar, after validating it (RFC 6508 6.1.2; BF: e(P, S) = e(P_pub, Q)),
 * metered as a decryption. p is borrowed and outlives the user. ERR_FORMAT: no point of the group;
 * ERR_INTEGRITY: not this user's key. */
enum err ibe_user_install(struct ibe_user *u, const struct ibe_public *p, struct meter *m,
                          struct span key) MUST_USE;
/* Extracts and takes in one, without validation. a outlives the user. Errors as ibe_extract. */
enum err ibe_user_issue(struct ibe_user *u, const struct ibe_authority *a,
                        struct meter *m) MUST_USE;
/* For whoever decrypts often: keeps what half of each pairing comes to, 0.2 to 0.8 MiB a key. */
void ibe_user_prepare(struct ibe_user *u);
const char *ibe_user_name(const struct ibe_user *u);
const char *ibe_user_period(const struct ibe_user *u);
/* Of the authority whose key of this scheme it has; NULL: it has none. */
const struct ibe_public *ibe_user_public(const struct ibe_user *u, enum ibe_scheme scheme);

/* ---- key encapsulation (RFC 6508 6.2; RFC 5091 5.4 and 5.5 with the SSV as message) ---- */

/* A fresh SSV, and its capsule for the name. ERR_RANGE: not a name. */
enum err ibe_encapsulate(const struct ibe_public *p, struct meter *m, struct rng *stream,
                         const char *name, const char *period, uint8_t ssv[IBE_SSV_LEN],
                         uint8_t capsule[IBE_CAPSULE_MAX]) MUST_USE;
/* ERR_STATE: no key of the scheme; ERR_INTEGRITY: not a capsule for this user (RFC 6508 6.2.2's
 * check), ssv is then zeroed. */
enum err ibe_derive(const struct ibe_user *u, enum ibe_scheme scheme, struct meter *m,
                    struct span capsule, uint8_t ssv[IBE_SSV_LEN]) MUST_USE;

/* ---- E(name, m) of any length: capsule || AES-128-GCM(m) || tag, with
 * HKDF(SSV, "EAP-IBAKE IBE" || scheme) as key, used once, and a nonce of zeros ---- */

#define IBE_OVERHEAD_MAX (IBE_CAPSULE_MAX + IBE_TAG_LEN)
/* header: what is authenticated but not sent. Appends. ERR_RANGE: not a name, or no room in out:
 * nothing was appended. */
enum err ibe_seal(const struct ibe_public *p, struct meter *m, struct rng *stream, const char *name,
                  const char *period, struct span header, struct span plain,
                  struct buf *out) MUST_USE;
/* Appends the plain text. ERR_STATE, ERR_INTEGRITY as ibe_derive, or altered octets; ERR_RANGE: no
 * room. Nothing was appended then. */
enum err ibe_open(const struct ibe_user *u, enum ibe_scheme scheme, struct meter *m,
                  struct span header, struct span sealed, struct buf *plain) MUST_USE;

#endif
