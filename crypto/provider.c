/* A provider named "m2m" that is the default provider's RSA, function for function, except that a
 * private operation draws its blinding aside (entity_impl.h).
 *
 * Blinding factors belong to the key, are made at its first use and renewed after 32, from the
 * stream of whoever runs then: with a shared key an endpoint's draws would depend on how many
 * handshakes ran before its own. A copy of the key for each endpoint cures that, but making a
 * copy's first blinding factor costs as much as the operation itself (README.md has the figures).
 * With the draws aside, one key serves any number of endpoints on any threads. */
#include "crypto/entity_impl.h"
#include "crypto/openssl.h"

#include <assert.h>
#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"

#define PROPERTIES "provider=m2m"

static OSSL_FUNC_signature_sign_fn *default_sign;
static OSSL_FUNC_signature_digest_sign_final_fn *default_digest_sign_final;
static OSSL_FUNC_asym_cipher_decrypt_fn *default_decrypt;

static int sign_aside(void *ctx, unsigned char *sig, size_t *siglen, size_t sigsize,
                      const unsigned char *tbs, size_t tbslen)
{
    entity_aside_begin();
    int ok = default_sign(ctx, sig, siglen, sigsize, tbs, tbslen);
    entity_aside_end();
    return ok;
}

static int digest_sign_final_aside(void *ctx, unsigned char *sig, size_t *siglen, size_t sigsize)
{
    entity_aside_begin();
    int ok = default_digest_sign_final(ctx, sig, siglen, sigsize);
    entity_aside_end();
    return ok;
}

static int decrypt_aside(void *ctx, unsigned char *out, size_t *outlen, size_t outsize,
                         const unsigned char *in, size_t inlen)
{
    entity_aside_begin();
    int ok = default_decrypt(ctx, out, outlen, outsize, in, inlen);
    entity_aside_end();
    return ok;
}

/* One function of ours in the place of the default provider's. */
struct substitute {
    int function_id;
    void (*ours)(void);
    void (**theirs)(void);
};

#define MAX_FUNCTIONS 64

/* One operation of RSA: the default's table, with the substitutes put in. */
struct operation {
    int operation_id;
    struct substitute substitutes[2];
    OSSL_DISPATCH functions[MAX_FUNCTIONS];
    OSSL_ALGORITHM algorithms[2]; /* RSA, end */
};

static struct operation operations[] = {
    {.operation_id = OSSL_OP_KEYMGMT},
    {.operation_id = OSSL_OP_SIGNATURE,
     .substitutes = {{OSSL_FUNC_SIGNATURE_SIGN, (void (*)(void))sign_aside,
                      (void (**)(void))(void *)&default_sign},
                     {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL,
                      (void (*)(void))digest_sign_final_aside,
                      (void (**)(void))(void *)&default_digest_sign_final}}},
    {.operation_id = OSSL_OP_ASYM_CIPHER,
     .substitutes = {{OSSL_FUNC_ASYM_CIPHER_DECRYPT, (void (*)(void))decrypt_aside,
                      (void (**)(void))(void *)&default_decrypt}}},
};
#define OPERATIONS (sizeof operations / sizeof operations[0])

/* Of the default provider in the library context for which ours is being loaded on this thread. */
static _Thread_local void *default_context;

static const OSSL_ALGORITHM *query(void *context, int operation_id, int *no_cache)
{
    (void)context;
    *no_cache = 0;
    for (size_t i = 0; i < OPERATIONS; i++)
        if (operations[i].operation_id == operation_id)
            return operations[i].algorithms;
    return NULL;
}

static const OSSL_DISPATCH provider_functions[] = {
    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query}, {0, NULL}};

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                         const OSSL_DISPATCH **out, void **context)
{
    (void)handle;
    (void)in;
    *out = provider_functions;
    *context = default_context; /* the functions are the default provider's: so is what they need */
    return 1;
}

static bool is_rsa(const char *names)
{
    return strncmp(names, "RSA:", 4) == 0 || strcmp(names, "RSA") == 0;
}

/* Whether all substitutes found their place. */
static bool take_over(struct operation *op, const OSSL_ALGORITHM *rsa)
{
    size_t n = 0;
    for (const OSSL_DISPATCH *d = rsa->implementation; d->function_id; d++) {
        if (n + 1 == MAX_FUNCTIONS)
            return false;
        op->functions[n] = *d;
        for (size_t s = 0; s < 2; s++) {
            const struct substitute *sub = &op->substitutes[s];
            if (sub->function_id != d->function_id)
                continue;
            *sub->theirs = d->function;
            op->functions[n].function = sub->ours;
        }
        n++;
    }
    for (size_t s = 0; s < 2; s++)
        if (op->substitutes[s].ours && !*op->substitutes[s].theirs)
            return false;
    op->algorithms[0] = (OSSL_ALGORITHM){.algorithm_names = rsa->algorithm_names,
                                         .property_definition = PROPERTIES,
                                         .implementation = op->functions};
    return true;
}

/* The pair in one library context. */
struct installation {
    OSSL_PROVIDER *theirs, *ours;
};

static enum err take_over_all(OSSL_PROVIDER *theirs)
{
    for (size_t i = 0; i < OPERATIONS; i++) {
        int no_cache = 0;
        const OSSL_ALGORITHM *a =
            OSSL_PROVIDER_query_operation(theirs, operations[i].operation_id, &no_cache);
        while (a && a->algorithm_names && !is_rsa(a->algorithm_names))
            a++;
        if (!a || !a->algorithm_names || !take_over(&operations[i], a))
            return ERR_CRYPTO;
    }
    return OK;
}

static void uninstall(struct installation *in)
{
    OSSL_PROVIDER_unload(in->ours);
    OSSL_PROVIDER_unload(in->theirs);
    *in = (struct installation){NULL, NULL};
}

/* first: the table of functions, the same in every context, is made from this one. */
static enum err install(struct installation *in, OSSL_LIB_CTX *lib, bool first)
{
    in->theirs = OSSL_PROVIDER_load(lib, "default");
    if (!in->theirs)
        return ERR_CRYPTO;
    if (first && take_over_all(in->theirs))
        return ERR_CRYPTO;
    default_context = OSSL_PROVIDER_get0_provider_ctx(in->theirs);
    if (!OSSL_PROVIDER_add_builtin(lib, "m2m", provider_init))
        return ERR_CRYPTO;
    in->ours = OSSL_PROVIDER_load(lib, "m2m");
    return in->ours && EVP_set_default_properties(lib, "?provider=m2m") ? OK : ERR_CRYPTO;
}

/* ---- library contexts of worker threads ---- */

struct thread_context {
    struct thread_context *next;
    OSSL_LIB_CTX *lib;
    struct installation providers;
    bool taken;
};

static struct installation process_wide;
static struct thread_context *thread_contexts; /* none is freed before the process ends */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local struct thread_context *mine;

static void free_context(struct thread_context *c)
{
    uninstall(&c->providers);
    OSSL_LIB_CTX_free(c->lib);
    free(c);
}

/* When the process ends; what keys still hold keeps the providers alive until then. */
static void unload(void)
{
    while (thread_contexts) {
        struct thread_context *c = thread_contexts;
        thread_contexts = c->next;
        free_context(c);
    }
    uninstall(&process_wide);
}

enum err provider_install(void)
{
    enum err err = install(&process_wide, NULL, true);
    return err || OPENSSL_atexit(unload) ? err : ERR_CRYPTO;
}

static struct thread_context *new_context(void)
{
    struct thread_context *c = xcalloc(1, sizeof *c);
    c->lib = OSSL_LIB_CTX_new();
    if (c->lib && install(&c->providers, c->lib, false) == OK)
        return c;
    free_context(c);
    return NULL;
}

void crypto_thread_begin(void)
{
    struct thread_context *c;

    assert(!mine);
    pthread_mutex_lock(&lock);
    for (c = thread_contexts; c && c->taken; c = c->next)
        continue;
    if (!c) {
        c = new_context();
        if (c) {
            c->next = thread_contexts;
            thread_contexts = c;
        }
    }
    if (c) {
        c->taken = true;
        OSSL_LIB_CTX_set0_default(c->lib);
        mine = c;
    }
    pthread_mutex_unlock(&lock);
}

void crypto_thread_end(void)
{
    if (!mine)
        return;
    OSSL_LIB_CTX_set0_default(NULL);
    pthread_mutex_lock(&lock);
    mine->taken = false;
    pthread_mutex_unlock(&lock);
    mine = NULL;
}
