#include "crypto/hash.h"
#include "crypto/openssl.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#include "crypto/entity_impl.h"
#include "sim/base/xalloc.h"

#define SHA256_LEN   32
#define SHA256_BLOCK 64

/* Fetched once: a fetch for each call costs more than a short hash. */
static EVP_MD *sha256_md;
static EVP_CIPHER *wrap_cipher;

/* Contexts are kept for each thread; the key's destructor frees those of threads that end. */
struct contexts {
    EVP_MD_CTX *md;
    EVP_CIPHER_CTX *cipher;
};
static _Thread_local struct contexts *mine;
static pthread_key_t mine_key;

static void contexts_free(void *arg)
{
    struct contexts *c = arg;
    EVP_MD_CTX_free(c->md);
    EVP_CIPHER_CTX_free(c->cipher);
    free(c);
}

enum err hash_install(void)
{
    sha256_md = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    wrap_cipher = EVP_CIPHER_fetch(NULL, "AES-256-WRAP", NULL);
    if (!sha256_md || !wrap_cipher || pthread_key_create(&mine_key, contexts_free) != 0)
        return ERR_CRYPTO;
    return OK;
}

static struct contexts *contexts(void)
{
    if (mine)
        return mine;
    assert(sha256_md); /* crypto_init was called */
    mine = xcalloc(1, sizeof *mine);
    mine->md = EVP_MD_CTX_new();
    mine->cipher = EVP_CIPHER_CTX_new();
    assert(mine->md && mine->cipher);
    EVP_CIPHER_CTX_set_flags(mine->cipher, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    pthread_setspecific(mine_key, mine);
    return mine;
}

/* SHA-256 cannot fail with a context that has its memory; a bug or a broken library ends here. */
static void md_start(EVP_MD_CTX *ctx)
{
    int ok = EVP_DigestInit_ex2(ctx, sha256_md, NULL);
    assert(ok == 1);
}

static void md_add(EVP_MD_CTX *ctx, const void *p, size_t n)
{
    int ok = EVP_DigestUpdate(ctx, p, n);
    assert(ok == 1);
}

static void md_end(EVP_MD_CTX *ctx, uint8_t out[SHA256_LEN])
{
    int ok = EVP_DigestFinal_ex(ctx, out, NULL);
    assert(ok == 1);
}

struct sha256 {
    EVP_MD_CTX *ctx;
};

struct sha256 *sha256_new(void)
{
    struct sha256 *h = xcalloc(1, sizeof *h);
    assert(sha256_md); /* crypto_init was called */
    h->ctx = EVP_MD_CTX_new();
    assert(h->ctx);
    md_start(h->ctx);
    return h;
}

void sha256_add(struct sha256 *h, struct span in)
{
    md_add(h->ctx, in.p, in.n);
}

void sha256_final(struct sha256 *h, uint8_t out[32])
{
    md_end(h->ctx, out);
    EVP_MD_CTX_free(h->ctx);
    free(h);
}

void hash_sha256(struct meter *meter, struct span in, uint8_t out[32])
{
    EVP_MD_CTX *ctx = contexts()->md;
    md_start(ctx);
    md_add(ctx, in.p, in.n);
    md_end(ctx, out);
    meter_add(meter, OP_SHA256, 1, in.n);
}

/* The key padded to a block and xored (RFC 2104 2). */
static void pad_key(struct span key, uint8_t inner[SHA256_BLOCK], uint8_t outer[SHA256_BLOCK])
{
    uint8_t hashed[SHA256_LEN];
    if (key.n > SHA256_BLOCK) {
        EVP_MD_CTX *ctx = contexts()->md;
        md_start(ctx);
        md_add(ctx, key.p, key.n);
        md_end(ctx, hashed);
        key = span_of(hashed, sizeof hashed);
    }
    for (size_t i = 0; i < SHA256_BLOCK; i++) {
        uint8_t k = i < key.n ? key.p[i] : 0;
        inner[i] = k ^ 0x36;
        outer[i] = k ^ 0x5c;
    }
}

/* RFC 2104 on a kept hash context: half the time of EVP_MAC with a new key for each call. */
void hash_hmac_sha256_v(struct meter *meter, struct span key, const struct span *pieces, size_t n,
                        uint8_t out[32])
{
    uint8_t inner[SHA256_BLOCK], outer[SHA256_BLOCK], digest[SHA256_LEN];
    pad_key(key, inner, outer);
    EVP_MD_CTX *ctx = contexts()->md;
    uint64_t octets = 0;
    md_start(ctx);
    md_add(ctx, inner, sizeof inner);
    for (size_t i = 0; i < n; i++) {
        md_add(ctx, pieces[i].p, pieces[i].n);
        octets += pieces[i].n;
    }
    md_end(ctx, digest);
    md_start(ctx);
    md_add(ctx, outer, sizeof outer);
    md_add(ctx, digest, sizeof digest);
    md_end(ctx, out);
    OPENSSL_cleanse(inner, sizeof inner);
    OPENSSL_cleanse(outer, sizeof outer);
    meter_add(meter, OP_HMAC_SHA256, 1, octets);
}

void hash_hmac_sha256(struct meter *meter, struct span key, struct span in, uint8_t out[32])
{
    hash_hmac_sha256_v(meter, key, &in, 1, out);
}

bool hash_equal(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

/* Far above any key; keeps lengths within OpenSSL's int. */
#define WRAP_MAX 4096

enum err key_wrap(struct meter *meter, const uint8_t kek[32], const uint8_t *key, size_t n,
                  uint8_t *out)
{
    if (n < 16 || n % 8 || n > WRAP_MAX)
        return ERR_RANGE;
    EVP_CIPHER_CTX *ctx = contexts()->cipher;
    int made = 0;
    meter_add(meter, OP_AES256_WRAP, 1, n);
    if (EVP_EncryptInit_ex2(ctx, wrap_cipher, kek, NULL, NULL) != 1 ||
        EVP_EncryptUpdate(ctx, out, &made, key, (int)n) != 1 || made != (int)n + 8)
        return ERR_CRYPTO;
    return OK;
}

enum err key_unwrap(struct meter *meter, const uint8_t kek[32], const uint8_t *in, size_t n,
                    uint8_t *out)
{
    if (n < 24 || n % 8 || n > WRAP_MAX + 8)
        return ERR_RANGE;
    EVP_CIPHER_CTX *ctx = contexts()->cipher;
    uint8_t plain[WRAP_MAX + 8];
    int made = 0;
    meter_add(meter, OP_AES256_WRAP, 1, n);
    if (EVP_DecryptInit_ex2(ctx, wrap_cipher, kek, NULL, NULL) != 1)
        return ERR_CRYPTO;
    bool genuine = EVP_DecryptUpdate(ctx, plain, &made, in, (int)n) == 1 && made == (int)n - 8;
    if (genuine)
        memcpy(out, plain, n - 8);
    OPENSSL_cleanse(plain, n);
    return genuine ? OK : ERR_INTEGRITY;
}
