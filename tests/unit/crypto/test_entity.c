#include "check_main.h"

#include "crypto/openssl.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sys/time.h>
#include <time.h>

START_TEST(draws_come_from_the_stream)
{
    struct rng r = rng_stream(1, "device 1", "test"), same = r;
    uint8_t got[100], again[100], expect[100];
    entity_enter(&r, 0);
    ck_assert_int_eq(RAND_bytes(got, sizeof got), 1);
    ck_assert_int_eq(RAND_status(), 1);
    entity_leave();
    rng_bytes(&same, expect, sizeof expect);
    ck_assert_mem_eq(got, expect, sizeof got);
    ck_assert_uint_eq(r.counter, same.counter);
    entity_enter(&r, 0);
    ck_assert_int_eq(RAND_priv_bytes(got, sizeof got), 1);
    entity_leave();
    rng_bytes(&same, expect, sizeof expect);
    ck_assert_mem_eq(got, expect, sizeof got);
    /* Outside: the real generator, and no stream moves. */
    uint64_t before = r.counter;
    ck_assert_int_eq(RAND_bytes(got, sizeof got), 1);
    ck_assert_int_eq(RAND_bytes(again, sizeof again), 1);
    ck_assert_mem_ne(got, again, sizeof got);
    RAND_seed("x", 1);
    ck_assert_uint_eq(r.counter, before);
}
END_TEST

START_TEST(time_is_virtual)
{
    struct rng r = rng_stream(1, "device 1", "test");
    struct timeval tv;
    time_t t;
    entity_enter(&r, INT64_C(1370044800) * SIM_S + 1999);
    ck_assert_int_eq(time(&t), 1370044800);
    ck_assert_int_eq(t, 1370044800);
    ck_assert_int_eq(time(NULL), 1370044800);
    ck_assert_int_eq(gettimeofday(&tv, NULL), 0);
    ck_assert_int_eq(tv.tv_sec, 1370044800);
    ck_assert_int_eq(tv.tv_usec, 1);
    ck_assert_int_gt(host_unix_ns(), INT64_C(1500000000) * SIM_S);
    /* What OpenSSL sees: an ASN.1 time made from "now". */
    ASN1_TIME *now = X509_gmtime_adj(NULL, 0);
    ck_assert_int_eq(ASN1_TIME_cmp_time_t(now, 1370044800), 0);
    ASN1_TIME_free(now);
    entity_leave();
    entity_enter(&r, -1); /* one nanosecond before 1970 */
    ck_assert_int_eq(time(NULL), -1);
    gettimeofday(&tv, NULL);
    ck_assert_int_eq(tv.tv_sec, -1);
    ck_assert_int_eq(tv.tv_usec, 999999);
    entity_leave();
    ck_assert_int_gt(time(NULL), 1500000000);
    entity_enter_live(&r);
    ck_assert_int_gt(time(NULL), 1500000000);
    uint64_t before = r.counter;
    uint8_t x;
    RAND_bytes(&x, 1);
    ck_assert_uint_eq(r.counter, before + 1);
    entity_leave();
}
END_TEST

START_TEST(clocks)
{
    int64_t a = host_monotonic_ns();
    int64_t b = host_monotonic_ns();
    ck_assert_int_le(a, b);
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    int64_t apart = host_unix_ns() - ((int64_t)ts.tv_sec * SIM_S + ts.tv_nsec);
    ck_assert_int_ge(apart, 0);
    ck_assert_int_lt(apart, 10 * SIM_S);
}
END_TEST

static EVP_PKEY *make_key(const char *name)
{
    struct rng r = rng_stream(7, name, "rsa");
    entity_enter(&r, 0);
    EVP_PKEY *k = EVP_RSA_gen(2048);
    entity_leave();
    ck_assert_ptr_nonnull(k);
    return k;
}

START_TEST(keygen_repeats)
{
    EVP_PKEY *a = make_key("a"), *again = make_key("a"), *b = make_key("b");
    ck_assert_int_eq(EVP_PKEY_eq(a, again), 1);
    ck_assert_int_eq(EVP_PKEY_eq(a, b), 0);
    EVP_PKEY_free(a);
    EVP_PKEY_free(again);
    EVP_PKEY_free(b);
}
END_TEST

enum rsa_use { SIGN_PKCS1, SIGN_PSS, SIGN_RAW, DECRYPT_TLS, DECRYPT_TLS_BAD, RSA_USES };

static size_t sign(EVP_PKEY *key, bool pss, uint8_t *out)
{
    size_t n = 256;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    EVP_PKEY_CTX *k = NULL;
    ck_assert_int_eq(EVP_DigestSignInit(c, &k, EVP_sha256(), NULL, key), 1);
    if (pss)
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(k, RSA_PKCS1_PSS_PADDING), 1);
    ck_assert_int_eq(EVP_DigestSign(c, out, &n, (const uint8_t *)"text", 4), 1);
    EVP_MD_CTX_free(c);
    return n;
}

static size_t sign_raw(EVP_PKEY *key, uint8_t *out)
{
    static const uint8_t digest[32] = {1};
    size_t n = 256;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
    ck_assert_int_eq(EVP_PKEY_sign_init(c), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()), 1);
    ck_assert_int_eq(EVP_PKEY_sign(c, out, &n, digest, sizeof digest), 1);
    EVP_PKEY_CTX_free(c);
    return n;
}

/* As a TLS server does it: the padding that gives a random premaster secret when it is bad. */
static size_t decrypt_tls(EVP_PKEY *key, const uint8_t *in, uint8_t *out)
{
    size_t n = 256;
    unsigned version = 0x0303;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
    ck_assert_int_eq(EVP_PKEY_decrypt_init(c), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_WITH_TLS_PADDING), 1);
    const OSSL_PARAM p[] = {OSSL_PARAM_construct_uint("tls-client-version", &version),
                            OSSL_PARAM_construct_end()};
    ck_assert_int_eq(EVP_PKEY_CTX_set_params(c, p), 1);
    ck_assert_int_eq(EVP_PKEY_decrypt(c, out, &n, in, 256), 1);
    EVP_PKEY_CTX_free(c);
    return n;
}

static size_t encrypt(EVP_PKEY *key, uint8_t out[256])
{
    uint8_t premaster[48] = {3, 3, 42};
    size_t n = 256;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
    ck_assert_int_eq(EVP_PKEY_encrypt_init(c), 1);
    ck_assert_int_eq(EVP_PKEY_encrypt(c, out, &n, premaster, sizeof premaster), 1);
    EVP_PKEY_CTX_free(c);
    return n;
}

/* One endpoint's visit: an RSA operation between two draws. All octets that came out of it. */
static size_t visit(EVP_PKEY *key, enum rsa_use use, const char *name, uint8_t out[600])
{
    static uint8_t sealed[256];
    struct rng r = rng_stream(9, name, "tls");
    entity_enter(&r, INT64_C(1370044800) * SIM_S);
    RAND_bytes(out, 32);
    size_t n = 32;
    switch (use) {
    case SIGN_PKCS1:
    case SIGN_PSS:
        n += sign(key, use == SIGN_PSS, out + n);
        break;
    case SIGN_RAW:
        n += sign_raw(key, out + n);
        break;
    case DECRYPT_TLS:
    case DECRYPT_TLS_BAD:
        encrypt(key, sealed);
        sealed[100] ^= use == DECRYPT_TLS_BAD;
        n += decrypt_tls(key, sealed, out + n);
        break;
    case RSA_USES:
        ck_abort();
    }
    RAND_bytes(out + n, 32);
    entity_leave();
    return n + 32;
}

/* openssl-notes.md, the blinding trap: an endpoint's octets and draws must not depend on how many
 * others used the key before it. Every count from 0 to 64, with a fresh key object for each. */
START_TEST(predecessors_leave_no_trace)
{
    EVP_PKEY *made = make_key("server");
    uint8_t first[600], now[600], other[600];
    size_t first_n = 0;
    for (unsigned before = 0; before <= 64; before++) {
        EVP_PKEY *key = EVP_PKEY_dup(made);
        for (unsigned i = 0; i < before; i++) {
            char name[32];
            snprintf(name, sizeof name, "device %u", i);
            size_t n = visit(key, (enum rsa_use)_i, name, other);
            ck_assert(n != first_n || memcmp(other, first, n));
        }
        size_t n = visit(key, (enum rsa_use)_i, "the endpoint", now);
        if (!before) {
            memcpy(first, now, n);
            first_n = n;
        }
        ck_assert_uint_eq(n, first_n);
        ck_assert_mem_eq(now, first, n);
        EVP_PKEY_free(key);
    }
    EVP_PKEY_free(made);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, draws_come_from_the_stream);
    tcase_add_test(c, time_is_virtual);
    tcase_add_test(c, clocks);
    tcase_add_test(c, keygen_repeats);
    tcase_add_loop_test(c, predecessors_leave_no_trace, 0, RSA_USES);
}

int main(void)
{
    return run_suite("entity", fill);
}
