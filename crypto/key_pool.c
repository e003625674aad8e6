/* RSA_set0_key and its like: see public_half. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/key_pool_impl.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/entity.h"
#include "sim/base/xalloc.h"

#define RSA_BITS    2048
#define MAX_THREADS 8

/* Key i is a function of (seed, name, i) alone, so keys can be made in any order on any thread, and
 * a larger pool begins with the keys of a smaller one. */
static EVP_PKEY *make_key(const struct key_pool *p, unsigned i)
{
    char purpose[40];
    snprintf(purpose, sizeof purpose, "key-pool rsa-2048 %u", i);
    struct rng stream = rng_stream(p->seed, p->name, purpose);
    entity_enter(&stream, 0);
    EVP_PKEY *key = EVP_RSA_gen(RSA_BITS);
    entity_leave();
    return key;
}

struct making {
    struct key_pool *pool;
    atomic_uint next, done;
    atomic_bool failed;
    void (*progress)(unsigned done, unsigned size); /* called on the first thread only */
};

static void make_keys(struct making *m, bool tell)
{
    for (;;) {
        unsigned i = atomic_fetch_add(&m->next, 1);
        if (i >= m->pool->size)
            return;
        m->pool->keys[i] = make_key(m->pool, i);
        if (!m->pool->keys[i])
            atomic_store(&m->failed, true);
        unsigned done = atomic_fetch_add(&m->done, 1) + 1;
        if (tell && m->progress && done < m->pool->size)
            m->progress(done, m->pool->size);
    }
}

static void *helper(void *arg)
{
    make_keys(arg, false);
    return NULL;
}

static enum err make_all(struct key_pool *p, void (*progress)(unsigned done, unsigned size))
{
    struct making m = {.pool = p, .progress = progress};
    pthread_t threads[MAX_THREADS];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned helpers = 0;
    while (helpers + 1 < MAX_THREADS && helpers + 1 < p->size && helpers + 1 < cores) {
        if (pthread_create(&threads[helpers], NULL, helper, &m) != 0)
            break; /* fewer hands, the same keys */
        helpers++;
    }
    make_keys(&m, true);
    while (helpers)
        pthread_join(threads[--helpers], NULL);
    if (atomic_load(&m.failed))
        return ERR_CRYPTO;
    if (progress)
        progress(p->size, p->size);
    return OK;
}

/* The public half as a key object of OpenSSL's older kind. X509_set_pubkey encodes such a key with
 * one function, but takes a provider's key through an encoder and a decoder: 0.75 us against 236.
 */
static EVP_PKEY *public_half(EVP_PKEY *key)
{
    BIGNUM *n = NULL, *e = NULL;
    RSA *rsa = RSA_new();
    EVP_PKEY *half = EVP_PKEY_new();
    if (rsa && half && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) &&
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) && RSA_set0_key(rsa, n, e, NULL)) {
        n = e = NULL;
        if (EVP_PKEY_assign_RSA(half, rsa))
            return half;
    }
    BN_free(n);
    BN_free(e);
    RSA_free(rsa);
    EVP_PKEY_free(half);
    return NULL;
}

static bool make_public_halves(struct key_pool *p)
{
    for (unsigned i = 0; i < p->size; i++) {
        p->public_halves[i] = public_half(p->keys[i]);
        if (!p->public_halves[i])
            return false;
    }
    return true;
}

enum err key_pool_make(uint64_t seed, const char *name, unsigned size, const char *cache_dir,
                       struct diag_list *diags, void (*progress)(unsigned done, unsigned size),
                       struct key_pool **out)
{
    if (!size)
        return ERR_RANGE;
    if (cache_dir && !*cache_dir)
        cache_dir = NULL;
    struct key_pool *p = xcalloc(1, sizeof *p);
    *p = (struct key_pool){.seed = seed, .name = xstrdup(name), .size = size};
    p->keys = xcalloc(size, sizeof *p->keys);
    p->public_halves = xcalloc(size, sizeof *p->public_halves);
    enum err err = OK;
    if (!cache_dir || !key_cache_load(p, cache_dir, diags)) {
        err = make_all(p, progress);
        if (!err && cache_dir)
            key_cache_store(p, cache_dir, diags);
    }
    if (!err && !make_public_halves(p))
        err = ERR_CRYPTO;
    if (err)
        key_pool_free(p);
    else
        *out = p;
    return err;
}

void key_pool_free(struct key_pool *p)
{
    if (!p)
        return;
    for (unsigned i = 0; i < p->size; i++) {
        EVP_PKEY_free(p->keys[i]);
        EVP_PKEY_free(p->public_halves[i]);
    }
    free(p->keys);
    free(p->public_halves);
    free(p->name);
    free(p);
}

unsigned key_pool_size(const struct key_pool *p)
{
    return p->size;
}

EVP_PKEY *key_pool_public(const struct key_pool *p, unsigned i)
{
    return p->public_halves[i];
}

EVP_PKEY *key_pool_key(const struct key_pool *p, unsigned i)
{
    return p->keys[i];
}
