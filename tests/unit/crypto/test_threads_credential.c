/* Two threads issue from one authority and sign with the pool's shared keys: each certificate and
 * signature is what one thread alone gives. */
#include "check_main.h"

#include "crypto/credential.h"
#include "crypto/openssl.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>

#define DEVICES 120
#define EPOCH   INT64_C(1370044800)

static struct key_pool *pool;
static struct authority *ca;
static struct credential *server;

struct job {
    unsigned from, step;
    uint8_t (*digests)[32];
};

/* One device's visit: a certificate, a signature with its key and one with the server's. */
static void device(unsigned i, uint8_t digest[32])
{
    char name[32];
    unsigned char *der = NULL;
    struct credential *c = NULL, *s = NULL;
    snprintf(name, sizeof name, "device-%u", i);
    struct rng stream = rng_stream(1, name, "tls");
    struct sha256 *h = sha256_new();
    entity_enter(&stream, EPOCH * SIM_S);
    if (credential_issue(ca, pool, i, name, false, EPOCH, EPOCH + 86400, &c) == OK &&
        credential_copy(server, &s) == OK) {
        int n = i2d_X509(credential_certificate(c), &der);
        sha256_add(h, span_of(der, n > 0 ? (size_t)n : 0));
        EVP_PKEY *keys[2] = {credential_key(c), credential_key(s)};
        for (int k = 0; k < 2; k++) {
            uint8_t sig[256];
            size_t sig_n = sizeof sig;
            EVP_MD_CTX *ctx = EVP_MD_CTX_new();
            if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, keys[k]) == 1 &&
                EVP_DigestSign(ctx, sig, &sig_n, (const uint8_t *)"text", 4) == 1)
                sha256_add(h, span_of(sig, sig_n));
            EVP_MD_CTX_free(ctx);
        }
        if (X509_check_private_key(credential_certificate(s), credential_key(s)) == 1)
            sha256_add(h, span_str("fits"));
    }
    entity_leave();
    sha256_add(h, span_of(&stream.counter, sizeof stream.counter));
    sha256_final(h, digest);
    OPENSSL_free(der);
    credential_free(c);
    credential_free(s);
}

static void *work(void *arg)
{
    struct job *j = arg;
    for (unsigned i = j->from; i < DEVICES; i += j->step)
        device(i, j->digests[i]);
    return NULL;
}

START_TEST(shared_keys)
{
    static uint8_t alone[DEVICES][32], both[DEVICES][32];
    ck_assert_int_eq(key_pool_make(1, "fleet", 3, NULL, NULL, NULL, &pool), OK);
    ck_assert_int_eq(authority_make(pool, 1, "CA", EPOCH, EPOCH + 86400, &ca), OK);
    struct rng stream = rng_stream(1, "server", "tls");
    entity_enter(&stream, EPOCH * SIM_S);
    ck_assert_int_eq(credential_issue(ca, pool, 0, "server", true, EPOCH, EPOCH + 86400, &server),
                     OK);
    entity_leave();
    struct job jobs[2] = {{0, 2, both}, {1, 2, both}};
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&t[i], NULL, work, &jobs[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    work(&(struct job){0, 1, alone});
    for (int i = 0; i < DEVICES; i++)
        ck_assert_mem_eq(alone[i], both[i], 32);
    ck_assert_mem_ne(alone[0], alone[1], 32);
    credential_free(server);
    authority_free(ca);
    key_pool_free(pool);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, shared_keys);
}

int main(void)
{
    return run_suite("threads_credential", fill);
}
