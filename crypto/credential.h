/* X.509 credentials of a fleet: a certificate authority, a pool of RSA keys made once from the seed
 * and cached on disk, and for each device its own certificate, made when it bootstraps and dropped
 * after. */
#ifndef CRYPTO_CREDENTIAL_H
#define CRYPTO_CREDENTIAL_H

#include "crypto/meter.h"
#include "sim/base/diag.h"
#include "sim/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct key_pool;   /* RSA-2048 keys; immutable once made; any thread may read */
struct authority;  /* a CA: key and self-signed certificate; immutable once made */
struct credential; /* one certificate with its private key; belongs to one endpoint */

/* `size` keys that are a pure function of (seed, name). cache_dir: where `m2msim-keys-*.pem` is
 * kept (NULL: no cache). A damaged or foreign cache file is rebuilt, with a warning in diags; a
 * folder that cannot be written is a warning too. progress(done, size) may be NULL. Never fails for
 * want of a cache; ERR_CRYPTO if OpenSSL does, ERR_RANGE for size 0. Outside of any visit
 * (entity.h). Warnings: K301 damaged, K302 foreign, K303 unreadable, K304 not written. */
enum err key_pool_make(uint64_t seed, const char *name, unsigned size, const char *cache_dir,
                       struct diag_list *diags, void (*progress)(unsigned done, unsigned size),
                       struct key_pool **out) MUST_USE;
void key_pool_free(struct key_pool *p);
unsigned key_pool_size(const struct key_pool *p);

/* A self-signed CA named `common_name`, its key the pool's key 0, valid between the two times (unix
 * seconds). */
enum err authority_make(const struct key_pool *pool, uint64_t seed, const char *common_name,
                        int64_t not_before, int64_t not_after, struct authority **out) MUST_USE;
void authority_free(struct authority *a);

/* A certificate for `common_name` (also its DNS or URI subjectAltName) over the pool's key
 * `1 + key % (size - 1)`. server: EKU serverAuth, else clientAuth. Serial from the entered entity's
 * stream: call between entity_enter and entity_leave. The key is the pool's, shared: RSA blinding
 * (openssl-notes.md) is drawn aside, so nobody can tell who used a key before (provider.c). */
enum err credential_issue(const struct authority *a, const struct key_pool *pool, uint64_t key,
                          const char *common_name, bool server, int64_t not_before,
                          int64_t not_after, struct credential **out) MUST_USE;
/* The same certificate and key (shared, both): one for each session of a server. */
enum err credential_copy(const struct credential *c, struct credential **out) MUST_USE;
void credential_free(struct credential *c);

/* For models/proto/tls.c, which includes OpenSSL: borrowed X509 * and EVP_PKEY *. */
struct x509_st *credential_certificate(const struct credential *c);
struct evp_pkey_st *credential_key(const struct credential *c);
struct x509_st *authority_certificate(const struct authority *a);
/* PEM texts, for live peers: appended to files. Private keys only with the caller's express wish
 * (key_path NULL: none). ERR_IO. */
enum err credential_write_pem(const struct credential *c, const char *certificate_path,
                              const char *key_path) MUST_USE;
enum err authority_write_pem(const struct authority *a, const char *certificate_path) MUST_USE;
/* The reverse, from files of other people's: the first certificate of the file, and its RSA key. No
 * password is ever asked for. ERR_IO, ERR_FORMAT, ERR_UNSUPPORTED (no RSA key), ERR_INTEGRITY (not
 * the certificate's key): *path says which file, *why what about it (static texts). */
enum err credential_read_pem(const char *certificate_path, const char *key_path,
                             struct credential **out, const char **path, const char **why) MUST_USE;
/* A trust anchor; it issues nothing. ERR_INTEGRITY: no authority's certificate. */
enum err authority_read_pem(const char *certificate_path, struct authority **out,
                            const char **why) MUST_USE;

#endif
