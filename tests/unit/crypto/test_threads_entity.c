/* Two threads, each with entities of its own: neither's draws nor time reach the other. */
#include "check_main.h"

#include "crypto/openssl.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <time.h>

#define ROUNDS 2000

struct worker {
    const char *name;
    int64_t from_s;
    EVP_PKEY *key; /* shared by both */
    uint8_t digest[32];
    unsigned wrong_times;
};

static void sign(EVP_PKEY *key, struct sha256 *h)
{
    uint8_t sig[256];
    size_t n = sizeof sig;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    if (EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestSign(c, sig, &n, (const uint8_t *)"text", 4) == 1)
        sha256_add(h, span_of(sig, n));
    EVP_MD_CTX_free(c);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct rng r = rng_stream(5, w->name, "test");
    struct sha256 *h = sha256_new();
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t drawn[48], mac[32];
        entity_enter(&r, (w->from_s + i) * SIM_S);
        RAND_bytes(drawn, sizeof drawn);
        w->wrong_times += time(NULL) != w->from_s + i;
        hash_hmac_sha256(NULL, span_of(drawn, 32), span_of(drawn + 32, 16), mac);
        if (i % 20 == 0)
            sign(w->key, h);
        RAND_priv_bytes(drawn, sizeof drawn);
        entity_leave();
        sha256_add(h, span_of(drawn, sizeof drawn));
        sha256_add(h, span_of(mac, sizeof mac));
    }
    sha256_final(h, w->digest);
    return NULL;
}

START_TEST(streams_do_not_mix)
{
    struct rng r = rng_stream(5, "key", "rsa");
    entity_enter(&r, 0);
    EVP_PKEY *key = EVP_RSA_gen(2048);
    entity_leave();
    struct worker alone[2] = {{.name = "a", .from_s = 1000000, .key = key},
                              {.name = "b", .from_s = 2000000, .key = key}};
    struct worker both[2] = {alone[0], alone[1]};
    work(&alone[0]);
    work(&alone[1]);
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&t[i], NULL, work, &both[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    for (int i = 0; i < 2; i++) {
        ck_assert_mem_eq(alone[i].digest, both[i].digest, 32);
        ck_assert_uint_eq(both[i].wrong_times, 0);
        ck_assert_uint_eq(alone[i].wrong_times, 0);
    }
    ck_assert_mem_ne(alone[0].digest, alone[1].digest, 32);
    EVP_PKEY_free(key);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, streams_do_not_mix);
}

int main(void)
{
    return run_suite("threads_entity", fill);
}
