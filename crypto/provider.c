/* A provider named "m2m" that is the default provider's RSA and ECDH, function for function, but
 * for two things: an RSA private operation draws its blinding aside (entity_impl.h), and a peer's
 * point on a curve of cofactor 1 is not multiplied by the group's order.
 *
 * Blinding factors belong to the key, are made at its first use and renewed after 32, from the
 * stream of whoever runs then: with a shared key an endpoint's draws would depend on how many
 * handshakes ran before its own. A copy of the key for each endpoint cures that, but making a
 * copy's first blinding factor costs as much as the operation itself (README.md has the figures).
 * With the draws aside, one key serves any number of endpoints on any threads.
 *
 * A point that lies on a curve of cofactor 1 is in the group: the multiplication, as dear as the
 * agreement itself, cannot say otherwise (SP 800-56A 5.6.2.3.4). */

/* EC_KEY is what the default provider's keys are, whatever EVP is to show of them. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/entity_impl.h"
#include "crypto/openssl.h"

#include <assert.h>
#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
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
static OSSL_FUNC_keymgmt_validate_fn *default_validate_ec;

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

/* The default provider's keys of kind EC are OpenSSL's EC_KEY. */
static bool has_cofactor_1(const void *key)
{
    const EC_GROUP *group = EC_KEY_get0_group(key);
    const BIGNUM *cofactor = group ? EC_GROUP_get0_cofactor(group) : NULL;

    return cofactor && BN_is_one(cofactor);
}

static int validate_point(const void *key, int selection, int check)
{
    bool alone = (selection & OSSL_KEYMGMT_SELECT_ALL) == OSSL_KEYMGMT_SELECT_PUBLIC_KEY;

    if (alone && has_cofactor_1(key))
        check = OSSL_KEYMGMT_VALIDATE_QUICK_CHECK;
    return default_validate_ec(key, selection, check);
}

/* One function of ours in the place of the default provider's. */
struct substitute {
    int function_id;
    void (*ours)(void);
    void (**theirs)(void);
};

#define MAX_FUNCTIONS 64

/* One algorithm of an operation: the default's table, with the substitutes put in. */
struct algorithm {
    const char *name;
    struct substitute substitutes[2];
    OSSL_DISPATCH functions[MAX_FUNCTIONS];
};

struct operation {
    int operation_id;
    struct algorithm ours[2];
    OSSL_ALGORITHM algorithms[3]; /* and an end */
};

#define IN_PLACE_OF(id, function, of)                                                              \
    {                                                                                              \
        (id), (void (*)(void))(function), (void (**)(void))(void *)(of)                            \
    }

static struct operation operations[] = {
    {.operation_id = OSSL_OP_KEYMGMT,
     .ours = {{.name = "RSA"},
              {.name = "EC",
               .substitutes = {IN_PLACE_OF(OSSL_FUNC_KEYMGMT_VALIDATE, validate_point,
                                           &default_validate_ec)}}}},
    {.operation_id = OSSL_OP_KEYEXCH, .ours = {{.name = "ECDH"}}},
    {.operation_id = OSSL_OP_SIGNATURE,
     .ours = {{.name = "RSA",
               .substitutes = {IN_PLACE_OF(OSSL_FUNC_SIGNATURE_SIGN, sign_aside, &default_sign),
                               IN_PLACE_OF(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL,
                                           digest_sign_final_aside, &default_digest_sign_final)}}}},
    {.operation_id = OSSL_OP_ASYM_CIPHER,
     .ours = {{.name = "RSA",
               .substitutes = {IN_PLACE_OF(OSSL_FUNC_ASYM_CIPHER_DECRYPT, decrypt_aside,
                                           &default_decrypt)}}}},
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

/* The pair in one library context. */
struct installation {
    OSSL_PROVIDER *theirs, *ours;
};

static struct installation process_wide;

/* libssl takes a group only from the provider whose keys it would have for it. */
static int capabilities(void *context, const char *capability, OSSL_CALLBACK *tell, void *arg)
{
    (void)context;
    return OSSL_PROVIDER_get_capabilities(process_wide.theirs, capability, tell, arg);
}

static const OSSL_DISPATCH provider_functions[] = {
    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
    {OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (void (*)(void))capabilities},
    {0, NULL}};

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                         const OSSL_DISPATCH **out, void **context)
{
    (void)handle;
    (void)in;
    *out = provider_functions;
    *context = default_context; /* the functions are the default provider's: so is what they need */
    return 1;
}

/* The first of an algorithm's names, which stand between colons. */
static bool is_named(const OSSL_ALGORITHM *a, const char *name)
{
    size_t n = strlen(name);

    return strncmp(a->algorithm_names, name, n) == 0 &&
           (a->algorithm_names[n] == ':' || a->algorithm_names[n] == '\0');
}

/* Whether all substitutes found their place. */
static bool take_over(struct algorithm *ours, const OSSL_ALGORITHM *theirs, OSSL_ALGORITHM *out)
{
    size_t n = 0;
    for (const OSSL_DISPATCH *d = theirs->implementation; d->function_id; d++) {
        if (n + 1 == MAX_FUNCTIONS)
            return false;
        ours->functions[n] = *d;
        for (size_t s = 0; s < 2; s++) {
            const struct substitute *sub = &ours->substitutes[s];
            if (sub->function_id != d->function_id)
                continue;
            *sub->theirs = d->function;
            ours->functions[n].function = sub->ours;
        }
        n++;
    }
    for (size_t s = 0; s < 2; s++)
        if (ours->substitutes[s].ours && !*ours->substitutes[s].theirs)
            return false;
    *out = (OSSL_ALGORITHM){.algorithm_names = theirs->algorithm_names,
                            .property_definition = PROPERTIES,
                            .implementation = ours->functions};
    return true;
}

static enum err take_over_all(OSSL_PROVIDER *theirs)
{
    for (size_t i = 0; i < OPERATIONS; i++) {
        struct operation *op = &operations[i];
        int no_cache = 0;
        const OSSL_ALGORITHM *all =
            OSSL_PROVIDER_query_operation(theirs, op->operation_id, &no_cache);
        for (size_t k = 0; k < 2 && op->ours[k].name; k++) {
            const OSSL_ALGORITHM *a = all;
            while (a && a->algorithm_names && !is_named(a, op->ours[k].name))
                a++;
            if (!a || !a->algorithm_names || !take_over(&op->ours[k], a, &op->algorithms[k]))
                return ERR_CRYPTO;
        }
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
