/* The operations that bench measures, and what they work on. */
#include "crypto/bench_impl.h"
#include "crypto/openssl.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cipher.h"
#include "crypto/credential.h"
#include "crypto/entity.h"
#include "crypto/hash.h"
#include "crypto/ibe.h"
#include "sim/base/xalloc.h"

#define LARGEST 4096

/* What the measured functions work on. */
struct bench {
    EVP_PKEY *rsa, *p256, *x25519;
    EVP_PKEY_CTX *rsa_sign, *rsa_verify, *p256_sign, *p256_verify, *p256_derive, *x25519_derive;
    EVP_MD *sha1;
    EVP_MAC_CTX *hmac;
    EVP_MD_CTX *digest;
    EVP_CIPHER_CTX *cbc, *ccm;
    EVP_KDF_CTX *prf;
    struct key_pool *pool;
    uint8_t *der;
    int der_n;
    uint8_t rsa_signature[256], p256_signature[80];
    size_t rsa_n, p256_n;
    uint8_t in[LARGEST], out[LARGEST + 64];
    struct bench_ibe {
        struct ibe_authority *authority;
        struct ibe_user *user;
        uint8_t capsule[IBE_CAPSULE_MAX];
    } ibe[IBE_SCHEMES]; /* by scheme - 1 */
    struct rng stream;
    bool failed;
};

static void need(struct bench *b, int ok)
{
    b->failed = b->failed || ok != 1;
}

static void rsa_private(struct bench *b, size_t n)
{
    (void)n;
    size_t made = sizeof b->out;
    need(b, EVP_PKEY_sign(b->rsa_sign, b->out, &made, b->in, 32));
}

static void rsa_public(struct bench *b, size_t n)
{
    (void)n;
    need(b, EVP_PKEY_verify(b->rsa_verify, b->rsa_signature, b->rsa_n, b->in, 32));
}

static void rsa_keygen(struct bench *b, size_t n)
{
    (void)n;
    EVP_PKEY *k = EVP_RSA_gen(2048);
    need(b, k != NULL);
    EVP_PKEY_free(k);
}

static void p256_keygen(struct bench *b, size_t n)
{
    (void)n;
    EVP_PKEY *k = EVP_EC_gen("P-256");
    need(b, k != NULL);
    EVP_PKEY_free(k);
}

static void derive(struct bench *b, EVP_PKEY_CTX *ctx)
{
    size_t made = sizeof b->out;
    need(b, EVP_PKEY_derive(ctx, b->out, &made));
}

static void p256_ecdh(struct bench *b, size_t n)
{
    (void)n;
    derive(b, b->p256_derive);
}

static void p256_sign(struct bench *b, size_t n)
{
    (void)n;
    size_t made = sizeof b->out;
    need(b, EVP_PKEY_sign(b->p256_sign, b->out, &made, b->in, 32));
}

static void p256_verify(struct bench *b, size_t n)
{
    (void)n;
    need(b, EVP_PKEY_verify(b->p256_verify, b->p256_signature, b->p256_n, b->in, 32));
}

static void x25519_keygen(struct bench *b, size_t n)
{
    (void)n;
    EVP_PKEY *k = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    need(b, k != NULL);
    EVP_PKEY_free(k);
}

static void x25519_derive(struct bench *b, size_t n)
{
    (void)n;
    derive(b, b->x25519_derive);
}

static void x509_parse(struct bench *b, size_t n)
{
    (void)n;
    const unsigned char *p = b->der;
    X509 *x = d2i_X509(NULL, &p, b->der_n);
    need(b, x != NULL);
    X509_free(x);
}

/* A record under a key that stands: what a session does again and again. */
static void aes_cbc(struct bench *b, size_t n)
{
    int made;
    need(b, EVP_EncryptInit_ex2(b->cbc, NULL, NULL, b->in, NULL));
    need(b, EVP_EncryptUpdate(b->cbc, b->out, &made, b->in, (int)n));
}

static void aes_ccm(struct bench *b, size_t n)
{
    int made;
    need(b, EVP_EncryptInit_ex2(b->ccm, NULL, NULL, b->in, NULL));
    need(b, EVP_EncryptUpdate(b->ccm, NULL, &made, NULL, (int)n));
    need(b, EVP_EncryptUpdate(b->ccm, NULL, &made, b->in, 13));
    need(b, EVP_EncryptUpdate(b->ccm, b->out, &made, b->in, (int)n));
}

/* With its key set-up each time, as the methods and PANA use these. */
static void aes_blocks(struct bench *b, size_t n)
{
    cipher_blocks(NULL, b->in, b->in, n / CIPHER_BLOCK, b->out);
}

static void aes_ctr(struct bench *b, size_t n)
{
    cipher_ctr(NULL, b->in, b->in, b->in, n, b->out);
}

static void aes_gcm(struct bench *b, size_t n)
{
    cipher_gcm_seal(NULL, b->in, b->in, span_of(b->in, 0), span_of(b->in, n), b->out,
                    b->out + LARGEST);
}

static void aes_cmac(struct bench *b, size_t n)
{
    cipher_cmac(NULL, b->in, span_of(b->in, n), b->out);
}

static void aes_wrap(struct bench *b, size_t n)
{
    (void)n;
    need(b, key_wrap(NULL, b->in, b->in, 32, b->out) == OK);
}

static void sha1(struct bench *b, size_t n)
{
    need(b, EVP_DigestInit_ex2(b->digest, b->sha1, NULL));
    need(b, EVP_DigestUpdate(b->digest, b->in, n));
    need(b, EVP_DigestFinal_ex(b->digest, b->out, NULL));
}

static void md5(struct bench *b, size_t n)
{
    hash_md5(NULL, span_of(b->in, n), b->out);
}

static void hmac_md5(struct bench *b, size_t n)
{
    hash_hmac_md5(NULL, span_of(b->in, 16), span_of(b->in, n), b->out);
}

static void sha256(struct bench *b, size_t n)
{
    hash_sha256(NULL, span_of(b->in, n), b->out);
}

static void hmac_sha1(struct bench *b, size_t n)
{
    OSSL_PARAM p[] = {OSSL_PARAM_construct_utf8_string("digest", (char *)"SHA1", 0),
                      OSSL_PARAM_construct_end()};
    size_t made;
    need(b, EVP_MAC_init(b->hmac, b->in, 20, p));
    need(b, EVP_MAC_update(b->hmac, b->in, n));
    need(b, EVP_MAC_final(b->hmac, b->out, &made, sizeof b->out));
}

static void hmac_sha256(struct bench *b, size_t n)
{
    hash_hmac_sha256(NULL, span_of(b->in, 32), span_of(b->in, n), b->out);
}

/* RFC 5246 5, as for a key block: 48 octets of secret, 77 of label and randoms. */
static void prf(struct bench *b, const char *digest, size_t n)
{
    OSSL_PARAM p[] = {OSSL_PARAM_construct_utf8_string("digest", (char *)(uintptr_t)digest, 0),
                      OSSL_PARAM_construct_octet_string("secret", b->in, 48),
                      OSSL_PARAM_construct_octet_string("seed", b->in, 77),
                      OSSL_PARAM_construct_end()};
    EVP_KDF_CTX_reset(b->prf);
    need(b, EVP_KDF_derive(b->prf, b->out, n, p));
}

static void prf_md5_sha1(struct bench *b, size_t n)
{
    prf(b, "MD5-SHA1", n);
}

static void prf_sha256(struct bench *b, size_t n)
{
    prf(b, "SHA256", n);
}

static void random_octets(struct bench *b, size_t n)
{
    need(b, RAND_bytes(b->out, (int)n));
}

#define IBE_NAME   "device-1@bench.example"
#define IBE_PERIOD "2026-01"

static void encapsulate(struct bench *b, enum ibe_scheme scheme)
{
    struct bench_ibe *i = &b->ibe[scheme - 1];
    need(b, ibe_encapsulate(ibe_authority_public(i->authority), NULL, &b->stream, IBE_NAME,
                            IBE_PERIOD, b->out, i->capsule) == OK);
}

static void decapsulate(struct bench *b, enum ibe_scheme scheme)
{
    struct bench_ibe *i = &b->ibe[scheme - 1];
    need(b, ibe_derive(i->user, scheme, NULL, span_of(i->capsule, ibe_capsule_len(scheme)),
                       b->out) == OK);
}

static void extract(struct bench *b, enum ibe_scheme scheme)
{
    need(b, ibe_extract(b->ibe[scheme - 1].authority, NULL, IBE_NAME, IBE_PERIOD, b->out) == OK);
}

static void sakke_encapsulate(struct bench *b, size_t n)
{
    (void)n;
    encapsulate(b, IBE_SAKKE);
}

static void sakke_derive(struct bench *b, size_t n)
{
    (void)n;
    decapsulate(b, IBE_SAKKE);
}

static void sakke_extract(struct bench *b, size_t n)
{
    (void)n;
    extract(b, IBE_SAKKE);
}

static void bf_encrypt(struct bench *b, size_t n)
{
    (void)n;
    encapsulate(b, IBE_BF);
}

static void bf_decrypt(struct bench *b, size_t n)
{
    (void)n;
    decapsulate(b, IBE_BF);
}

static void bf_extract(struct bench *b, size_t n)
{
    (void)n;
    extract(b, IBE_BF);
}

const struct bench_measure bench_measures[] = {
    {OP_RSA2048_PRIVATE, rsa_private, 0, 0},
    {OP_RSA2048_PUBLIC, rsa_public, 0, 0},
    {OP_RSA_KEYGEN, rsa_keygen, 0, 0},
    {OP_P256_KEYGEN, p256_keygen, 0, 0},
    {OP_P256_ECDH, p256_ecdh, 0, 0},
    {OP_P256_SIGN, p256_sign, 0, 0},
    {OP_P256_VERIFY, p256_verify, 0, 0},
    {OP_X25519_KEYGEN, x25519_keygen, 0, 0},
    {OP_X25519_DERIVE, x25519_derive, 0, 0},
    {OP_SAKKE_ENCAPSULATE, sakke_encapsulate, 0, 0},
    {OP_SAKKE_DERIVE, sakke_derive, 0, 0},
    {OP_SAKKE_EXTRACT, sakke_extract, 0, 0},
    {OP_BF_ENCRYPT, bf_encrypt, 0, 0},
    {OP_BF_DECRYPT, bf_decrypt, 0, 0},
    {OP_BF_EXTRACT, bf_extract, 0, 0},
    {OP_X509_PARSE, x509_parse, 0, 0},
    {OP_AES128_BLOCK, aes_blocks, CIPHER_BLOCK, LARGEST},
    {OP_AES128_CBC, aes_cbc, 64, LARGEST},
    {OP_AES128_CTR, aes_ctr, 64, LARGEST},
    {OP_AES128_CCM, aes_ccm, 64, LARGEST},
    {OP_AES128_GCM, aes_gcm, 64, LARGEST},
    {OP_AES256_WRAP, aes_wrap, 0, 0},
    {OP_MD5, md5, 64, LARGEST},
    {OP_SHA1, sha1, 64, LARGEST},
    {OP_SHA256, sha256, 64, LARGEST},
    {OP_CMAC_AES128, aes_cmac, 64, LARGEST},
    {OP_HMAC_MD5, hmac_md5, 64, LARGEST},
    {OP_HMAC_SHA1, hmac_sha1, 64, LARGEST},
    {OP_HMAC_SHA256, hmac_sha256, 64, LARGEST},
    {OP_PRF_MD5SHA1, prf_md5_sha1, 48, 480},
    {OP_PRF_SHA256, prf_sha256, 48, 480},
    {OP_RANDOM, random_octets, 32, LARGEST},
};
const size_t bench_measure_count = sizeof bench_measures / sizeof bench_measures[0];

static EVP_PKEY_CTX *context(EVP_PKEY *key, int (*init)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *c = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    if (c && init(c) == 1)
        return c;
    EVP_PKEY_CTX_free(c);
    return NULL;
}

static EVP_PKEY_CTX *derive_context(EVP_PKEY *key)
{
    EVP_PKEY_CTX *c = context(key, EVP_PKEY_derive_init);
    if (c && EVP_PKEY_derive_set_peer(c, key) == 1)
        return c;
    EVP_PKEY_CTX_free(c);
    return NULL;
}

/* A certificate as a device has it, for the parser. */
static bool make_certificate(struct bench *b)
{
    struct authority *a = NULL;
    struct credential *c = NULL;
    struct rng stream = rng_stream(1, "bench", "issue");
    enum err err = key_pool_make(1, "bench", 1, NULL, NULL, NULL, &b->pool);
    if (!err)
        err = authority_make(b->pool, 1, "bench CA", 0, 86400, &a);
    if (!err) {
        entity_enter(&stream, 0);
        err = credential_issue(a, b->pool, 0, "device-1.example", false, 0, 86400, &c);
        entity_leave();
    }
    if (!err)
        b->der_n = i2d_X509(credential_certificate(c), &b->der);
    credential_free(c);
    authority_free(a);
    return !err && b->der_n > 0;
}

static bool prepare_public_key(struct bench *b)
{
    b->rsa = EVP_RSA_gen(2048);
    b->p256 = EVP_EC_gen("P-256");
    b->x25519 = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    b->rsa_sign = context(b->rsa, EVP_PKEY_sign_init);
    b->rsa_verify = context(b->rsa, EVP_PKEY_verify_init);
    b->p256_sign = context(b->p256, EVP_PKEY_sign_init);
    b->p256_verify = context(b->p256, EVP_PKEY_verify_init);
    b->p256_derive = derive_context(b->p256);
    b->x25519_derive = derive_context(b->x25519);
    b->rsa_n = sizeof b->rsa_signature;
    b->p256_n = sizeof b->p256_signature;
    return b->rsa_sign && b->rsa_verify && b->p256_sign && b->p256_verify && b->p256_derive &&
           b->x25519_derive && EVP_PKEY_CTX_set_signature_md(b->rsa_sign, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_signature_md(b->rsa_verify, EVP_sha256()) == 1 &&
           EVP_PKEY_sign(b->rsa_sign, b->rsa_signature, &b->rsa_n, b->in, 32) == 1 &&
           EVP_PKEY_sign(b->p256_sign, b->p256_signature, &b->p256_n, b->in, 32) == 1;
}

static bool prepare_symmetric(struct bench *b)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
    b->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    b->digest = EVP_MD_CTX_new();
    b->hmac = mac ? EVP_MAC_CTX_new(mac) : NULL;
    b->prf = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    b->cbc = EVP_CIPHER_CTX_new();
    b->ccm = EVP_CIPHER_CTX_new();
    EVP_MAC_free(mac);
    EVP_KDF_free(kdf);
    return b->sha1 && b->digest && b->hmac && b->prf && b->cbc && b->ccm &&
           EVP_EncryptInit_ex2(b->cbc, EVP_aes_128_cbc(), b->in, b->in, NULL) == 1 &&
           EVP_EncryptInit_ex2(b->ccm, EVP_aes_128_ccm(), NULL, NULL, NULL) == 1 &&
           EVP_CIPHER_CTX_ctrl(b->ccm, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL) == 1 &&
           EVP_CIPHER_CTX_ctrl(b->ccm, EVP_CTRL_AEAD_SET_TAG, 16, NULL) == 1 &&
           EVP_EncryptInit_ex2(b->ccm, NULL, b->in, b->in, NULL) == 1;
}

static bool prepare_ibe(struct bench *b)
{
    bool ok = true;
    b->stream = rng_stream(1, "bench", "ibe");
    for (int k = 0; k < IBE_SCHEMES && ok; k++) {
        struct bench_ibe *i = &b->ibe[k];
        i->authority = ibe_authority_new((enum ibe_scheme)(k + 1), &b->stream);
        i->user = ibe_user_new(IBE_NAME, IBE_PERIOD);
        ok = i->user && ibe_user_issue(i->user, i->authority, NULL) == OK;
        encapsulate(b, (enum ibe_scheme)(k + 1)); /* something to decrypt */
    }
    return ok && !b->failed;
}

void bench_free(struct bench *b)
{
    EVP_PKEY_CTX *contexts[] = {b->rsa_sign,    b->rsa_verify,  b->p256_sign,
                                b->p256_verify, b->p256_derive, b->x25519_derive};
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++)
        EVP_PKEY_CTX_free(contexts[i]);
    EVP_PKEY_free(b->rsa);
    EVP_PKEY_free(b->p256);
    EVP_PKEY_free(b->x25519);
    EVP_MD_free(b->sha1);
    EVP_MAC_CTX_free(b->hmac);
    EVP_MD_CTX_free(b->digest);
    EVP_CIPHER_CTX_free(b->cbc);
    EVP_CIPHER_CTX_free(b->ccm);
    EVP_KDF_CTX_free(b->prf);
    for (int k = 0; k < IBE_SCHEMES; k++) {
        ibe_user_free(b->ibe[k].user);
        ibe_authority_free(b->ibe[k].authority);
    }
    OPENSSL_free(b->der);
    key_pool_free(b->pool);
    free(b);
}

struct bench *bench_new(void)
{
    struct bench *b = xcalloc(1, sizeof *b);
    b->failed =
        !prepare_public_key(b) || !prepare_symmetric(b) || !make_certificate(b) || !prepare_ibe(b);
    return b;
}

bool bench_failed(const struct bench *b)
{
    return b->failed;
}
