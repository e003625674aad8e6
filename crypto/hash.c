#include "crypto/hash.h"
#include "crypto/openssl.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#include "crypto/entity_impl.h"
#include "sim/base/xalloc.h"

/* Each digests blocks of 64 octets. */
#define BLOCK   64
#define LONGEST 32
enum digest { DIGEST_SHA256, DIGEST_SHA1, DIGEST_MD5, DIGESTS };
static const struct {
    const char *name;
    enum meter_op plain, hmac;
} digests[DIGESTS] = {{"SHA2-256", OP_SHA256, OP_HMAC_SHA256},
                      {"SHA1", OP_SHA1, OP_HMAC_SHA1},
                      {"MD5", OP_MD5, OP_HMAC_MD5}};

/* Fetched once: a fetch for each call costs more than a short hash. */
static EVP_MD *mds[DIGESTS];
static EVP_CIPHER *wrap_cipher;

/* Contexts are kept for each thread; the key's destructor frees those of threads that end. */
struct contexts {
    EVP_MD_CTX *md[DIGESTS];
    EVP_CIPHER_CTX *cipher;
};
static _Thread_local struct contexts *mine;
static pthread_key_t mine_key;

static void contexts_free(void *arg)
{
    struct contexts *c = arg;
    for (int i = 0; i < DIGESTS; i++)
        EVP_MD_CTX_free(c->md[i]);
    EVP_CIPHER_CTX_free(c->cipher);
    free(c);
}

enum err hash_install(void)
{
    for (int i = 0; i < DIGESTS; i++) {
        mds[i] = EVP_MD_fetch(NULL, digests[i].name, NULL);
        if (!mds[i])
            return ERR_CRYPTO;
    }
    wrap_cipher = EVP_CIPHER_fetch(NULL, "AES-256-WRAP", NULL);
    if (!wrap_cipher || pthread_key_create(&mine_key, contexts_free) != 0)
        return ERR_CRYPTO;
    return OK;
}

static struct contexts *contexts(void)
{
    if (mine)
        return mine;
    assert(wrap_cipher); /* crypto_init was called */
    mine = xcalloc(1, sizeof *mine);
    for (int i = 0; i < DIGESTS; i++) {
        mine->md[i] = EVP_MD_CTX_new();
        assert(mine->md[i]);
    }
    mine->cipher = EVP_CIPHER_CTX_new();
    assert(mine->cipher);
    EVP_CIPHER_CTX_set_flags(mine->cipher, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    pthread_setspecific(mine_key, mine);
    return mine;
}

/* A digest cannot fail with a context that has its memory; a bug or a broken library ends here. */
static void md_start(EVP_MD_CTX *ctx, enum digest d)
{
    int ok = EVP_DigestInit_ex2(ctx, mds[d], NULL);
    assert(ok == 1);
}

static void md_add(EVP_MD_CTX *ctx, const void *p, size_t n)
{
    int ok = EVP_DigestUpdate(ctx, p, n);
    assert(ok == 1);
}

/* How many octets are added. */
static uint64_t md_add_pieces(EVP_MD_CTX *ctx, const struct span *pieces, size_t n)
{
    uint64_t octets = 0;
    for (size_t i = 0; i < n; i++) {
        md_add(ctx, pieces[i].p, pieces[i].n);
        octets += pieces[i].n;
    }
    return octets;
}

/* Its length. */
static unsigned md_end(EVP_MD_CTX *ctx, uint8_t *out)
{
    unsigned made = 0;
    int ok = EVP_DigestFinal_ex(ctx, out, &made);
    assert(ok == 1);
    return made;
}

struct sha256 {
    EVP_MD_CTX *ctx;
};

struct sha256 *sha256_new(void)
{
    struct sha256 *h = xcalloc(1, sizeof *h);
    assert(mds[DIGEST_SHA256]); /* crypto_init was called */
    h->ctx = EVP_MD_CTX_new();
    assert(h->ctx);
    md_start(h->ctx, DIGEST_SHA256);
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

static void digest(struct meter *meter, enum digest d, const struct span *pieces, size_t n,
                   uint8_t *out)
{
    EVP_MD_CTX *ctx = contexts()->md[d];
    md_start(ctx, d);
    uint64_t octets = md_add_pieces(ctx, pieces, n);
    md_end(ctx, out);
    meter_add(meter, digests[d].plain, 1, octets);
}

/* The key padded to a block and xored (RFC 2104 2). */
static void pad_key(enum digest d, struct span key, uint8_t inner[BLOCK], uint8_t outer[BLOCK])
{
    uint8_t hashed[LONGEST];
    if (key.n > BLOCK) {
        EVP_MD_CTX *ctx = contexts()->md[d];
        md_start(ctx, d);
        md_add(ctx, key.p, key.n);
        key = span_of(hashed, md_end(ctx, hashed));
    }
    for (size_t i = 0; i < BLOCK; i++) {
        uint8_t k = i < key.n ? key.p[i] : 0;
        inner[i] = k ^ 0x36;
        outer[i] = k ^ 0x5c;
    }
}

/* RFC 2104 on a kept hash context: half the time of EVP_MAC with a new key for each call. */
static void hmac(struct meter *meter, enum digest d, struct span key, const struct span *pieces,
                 size_t n, uint8_t *out)
{
    uint8_t inner[BLOCK], outer[BLOCK], hashed[LONGEST];
    pad_key(d, key, inner, outer);
    EVP_MD_CTX *ctx = contexts()->md[d];
    md_start(ctx, d);
    md_add(ctx, inner, sizeof inner);
    uint64_t octets = md_add_pieces(ctx, pieces, n);
    unsigned made = md_end(ctx, hashed);
    md_start(ctx, d);
    md_add(ctx, outer, sizeof outer);
    md_add(ctx, hashed, made);
    md_end(ctx, out);
    OPENSSL_cleanse(inner, sizeof inner);
    OPENSSL_cleanse(outer, sizeof outer);
    meter_add(meter, digests[d].hmac, 1, octets);
}

void hash_sha256(struct meter *meter, struct span in, uint8_t out[32])
{
    digest(meter, DIGEST_SHA256, &in, 1, out);
}

void hash_sha256_v(struct meter *meter, const struct span *pieces, size_t n, uint8_t out[32])
{
    digest(meter, DIGEST_SHA256, pieces, n, out);
}

void hash_hmac_sha256(struct meter *meter, struct span key, struct span in, uint8_t out[32])
{
    hmac(meter, DIGEST_SHA256, key, &in, 1, out);
}

void hash_hmac_sha256_v(struct meter *meter, struct span key, const struct span *pieces, size_t n,
                        uint8_t out[32])
{
    hmac(meter, DIGEST_SHA256, key, pieces, n, out);
}

void hash_sha1(struct meter *meter, struct span in, uint8_t out[20])
{
    digest(meter, DIGEST_SHA1, &in, 1, out);
}

void hash_sha1_v(struct meter *meter, const struct span *pieces, size_t n, uint8_t out[20])
{
    digest(meter, DIGEST_SHA1, pieces, n, out);
}

void hash_hmac_sha1(struct meter *meter, struct span key, struct span in, uint8_t out[20])
{
    hmac(meter, DIGEST_SHA1, key, &in, 1, out);
}

void hash_hmac_sha1_v(struct meter *meter, struct span key, const struct span *pieces, size_t n,
                      uint8_t out[20])
{
    hmac(meter, DIGEST_SHA1, key, pieces, n, out);
}

void hash_md5(struct meter *meter, struct span in, uint8_t out[16])
{
    digest(meter, DIGEST_MD5, &in, 1, out);
}

void hash_md5_v(struct meter *meter, const struct span *pieces, size_t n, uint8_t out[16])
{
    digest(meter, DIGEST_MD5, pieces, n, out);
}

void hash_hmac_md5(struct meter *meter, struct span key, struct span in, uint8_t out[16])
{
    hmac(meter, DIGEST_MD5, key, &in, 1, out);
}

void hash_hmac_md5_v(struct meter *meter, struct span key, const struct span *pieces, size_t n,
                     uint8_t out[16])
{
    hmac(meter, DIGEST_MD5, key, pieces, n, out);
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
