/* Threads with library contexts of their own: what one makes, another uses, and no octet differs.
 */
#include "check_main.h"

#include "crypto/openssl.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>

static EVP_PKEY *rsa;
static uint8_t certificate[2048];
static int certificate_n;

/* What a step of a handshake does, begun on one thread and ended on another. */
struct work {
    struct rng stream;
    EVP_PKEY *own; /* made in the first half */
    uint8_t signature[256], shared[32];
    uint8_t peer[32];
    bool with_context;
};

static void *first_half(void *arg)
{
    struct work *w = arg;
    size_t n = sizeof w->peer;

    if (w->with_context)
        crypto_thread_begin();
    entity_enter(&w->stream, 0);
    w->own = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    ck_assert_ptr_nonnull(w->own);
    ck_assert_int_eq(EVP_PKEY_get_raw_public_key(w->own, w->peer, &n), 1);
    entity_leave();
    if (w->with_context)
        crypto_thread_end();
    return NULL;
}

static void sign(struct work *w)
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    size_t n = sizeof w->signature;

    ck_assert_int_eq(EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, rsa), 1);
    ck_assert_int_eq(EVP_DigestSign(c, w->signature, &n, w->peer, sizeof w->peer), 1);
    EVP_MD_CTX_free(c);
}

static void derive(struct work *w)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(w->own, NULL);
    size_t n = sizeof w->shared;

    ck_assert_int_eq(EVP_PKEY_derive_init(c), 1);
    ck_assert_int_eq(EVP_PKEY_derive_set_peer(c, w->own), 1);
    ck_assert_int_eq(EVP_PKEY_derive(c, w->shared, &n), 1);
    EVP_PKEY_CTX_free(c);
}

static void *second_half(void *arg)
{
    struct work *w = arg;
    const unsigned char *p = certificate;
    X509 *x;

    if (w->with_context)
        crypto_thread_begin();
    entity_enter(&w->stream, 0);
    sign(w);
    derive(w);
    x = d2i_X509(NULL, &p, certificate_n);
    ck_assert_ptr_nonnull(x);
    ck_assert_int_eq(X509_verify(x, rsa), 1);
    X509_free(x);
    entity_leave();
    if (w->with_context)
        crypto_thread_end();
    return NULL;
}

static void make_certificate(void)
{
    unsigned char *p = certificate;
    X509 *x = X509_new();

    rsa = EVP_RSA_gen(2048);
    ck_assert(rsa && X509_set_pubkey(x, rsa) && X509_gmtime_adj(X509_getm_notBefore(x), 0) &&
              X509_gmtime_adj(X509_getm_notAfter(x), 86400) && X509_sign(x, rsa, EVP_sha256()));
    certificate_n = i2d_X509(x, NULL);
    ck_assert_int_le(certificate_n, sizeof certificate);
    i2d_X509(x, &p);
    X509_free(x);
}

static void run_both(struct work *w, size_t n, void *(*half)(void *))
{
    pthread_t threads[8];

    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, half, &w[i]), 0);
    for (size_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

START_TEST(objects_pass_between_contexts)
{
    enum { WORKERS = 4, ROUNDS = 40 };

    make_certificate();
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct work w[WORKERS] = {0}, plain;

        for (size_t i = 0; i < WORKERS; i++) {
            char name[32];
            snprintf(name, sizeof name, "device %u", round);
            w[i].stream = rng_stream(i < 2 ? 1 : 2, name, "test");
            w[i].with_context = true;
        }
        run_both(w, WORKERS, first_half);
        for (size_t i = 0; i < WORKERS / 2; i++) { /* each goes on elsewhere */
            struct work swap = w[i];
            w[i] = w[WORKERS - 1 - i];
            w[WORKERS - 1 - i] = swap;
        }
        run_both(w, WORKERS, second_half);
        for (size_t i = 0; i < WORKERS; i++) {
            char name[32];
            snprintf(name, sizeof name, "device %u", round);
            plain = (struct work){.stream = rng_stream(i < 2 ? 2 : 1, name, "test")};
            first_half(&plain);
            second_half(&plain);
            ck_assert_mem_eq(plain.signature, w[i].signature, sizeof plain.signature);
            ck_assert_mem_eq(plain.shared, w[i].shared, sizeof plain.shared);
            ck_assert_uint_eq(plain.stream.counter, w[i].stream.counter);
            EVP_PKEY_free(plain.own);
            EVP_PKEY_free(w[i].own);
        }
    }
    EVP_PKEY_free(rsa);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, objects_pass_between_contexts);
}

int main(void)
{
    return run_suite("threads_context", fill);
}
