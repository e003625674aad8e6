/* What key_pool.c, key_cache.c and credential.c share; private to this folder. */
#ifndef CRYPTO_KEY_POOL_IMPL_H
#define CRYPTO_KEY_POOL_IMPL_H

#include "crypto/credential.h"
#include "crypto/openssl.h"

struct key_pool {
    uint64_t seed;
    char *name;
    unsigned size;
    EVP_PKEY **keys;          /* size of them */
    EVP_PKEY **public_halves; /* likewise: what goes into certificates */
};

/* Fills the pool's keys from its file in cache_dir. false: no file, or (with a warning) one that is
 * damaged or of another pool; the keys are then all NULL. */
bool key_cache_load(struct key_pool *p, const char *cache_dir, struct diag_list *diags);
/* Writes the file whole or not at all; a warning when it cannot. */
void key_cache_store(const struct key_pool *p, const char *cache_dir, struct diag_list *diags);
/* Borrowed. */
EVP_PKEY *key_pool_key(const struct key_pool *p, unsigned i);
EVP_PKEY *key_pool_public(const struct key_pool *p, unsigned i);

#endif
