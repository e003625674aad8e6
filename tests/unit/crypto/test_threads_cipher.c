/* Threads at once in the same primitives: contexts are each thread's own, with and without a
 * library context of the thread's own. */
#include "check_main.h"

#include "crypto/cipher.h"
#include "crypto/kdf.h"
#include "crypto/uicc.h"

#include <pthread.h>

#define THREADS 4
#define ROUNDS  300
#define LENGTH  64

struct worker {
    unsigned number;
    uint8_t digest[32];
    unsigned refused;
};

static void seal_and_open(struct worker *w, const uint8_t key[16], uint8_t octets[LENGTH])
{
    uint8_t sealed[LENGTH], tag[16];
    const struct span header = span_of(key, 16), plain = span_of(octets, LENGTH);
    cipher_eax_seal(NULL, key, header, header, plain, sealed, tag);
    w->refused += !cipher_eax_open(NULL, key, header, header, span_of(sealed, LENGTH), tag, octets);
    cipher_gcm_seal(NULL, key, key, header, plain, sealed, tag);
    w->refused += !cipher_gcm_open(NULL, key, key, header, span_of(sealed, LENGTH), tag, octets);
    cipher_cbc_encrypt(NULL, key, tag, octets, LENGTH, octets);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct rng r = rng_stream(5, "worker", w->number % 2 ? "odd" : "even");
    struct sha256 *h = sha256_new();
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t key[16], octets[LENGTH], mac[16];
        struct uicc uicc;
        struct uicc_response response;
        rng_bytes(&r, key, sizeof key);
        rng_bytes(&r, octets, sizeof octets);
        seal_and_open(w, key, octets);
        sha256_add(h, span_of(octets, LENGTH));
        uicc_init(&uicc, "1", 2, key, octets);
        uicc_authenticate(&uicc, NULL, octets, octets + 16, &response, NULL);
        kdf_fips186_prf(NULL, octets, octets, LENGTH);
        hash_hmac_md5(NULL, span_of(key, 16), span_of(octets, LENGTH), mac);
        sha256_add(h, span_of(octets, LENGTH));
        sha256_add(h, span_of(mac, sizeof mac));
    }
    sha256_final(h, w->digest);
    return NULL;
}

static void *work_as_worker(void *arg)
{
    crypto_thread_begin();
    work(arg);
    crypto_thread_end();
    return NULL;
}

START_TEST(contexts_do_not_mix)
{
    struct worker alone[2] = {{.number = 0}, {.number = 1}}, workers[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < 2; i++)
        work(&alone[i]);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.number = i};
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, i < 2 ? work : work_as_worker, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(workers[i].refused, 0);
        ck_assert_mem_eq(workers[i].digest, alone[i % 2].digest, 32);
    }
    ck_assert_mem_ne(alone[0].digest, alone[1].digest, 32);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, contexts_do_not_mix);
}

int main(void)
{
    return run_suite("threads_cipher", fill);
}
