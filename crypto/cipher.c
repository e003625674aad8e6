#include "crypto/cipher.h"
#include "crypto/openssl.h"

#include <assert.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>

#include "crypto/entity_impl.h"
#include "crypto/hash.h"
#include "sim/base/xalloc.h"

/* Fetched once; a context for each is kept by each thread (as in hash.c), so that a call only sets
 * up its key. */
enum mode { MODE_ECB, MODE_CBC, MODE_CTR, MODE_GCM, MODES };
static const char *const mode_names[MODES] = {"AES-128-ECB", "AES-128-CBC", "AES-128-CTR",
                                              "AES-128-GCM"};
static EVP_CIPHER *ciphers[MODES];
static EVP_MAC *cmac;

struct contexts {
    EVP_CIPHER_CTX *cipher[MODES];
    EVP_MAC_CTX *cmac;
};
static _Thread_local struct contexts *mine;
static pthread_key_t mine_key;

static void contexts_free(void *arg)
{
    struct contexts *c = arg;
    for (int i = 0; i < MODES; i++)
        EVP_CIPHER_CTX_free(c->cipher[i]);
    EVP_MAC_CTX_free(c->cmac);
    free(c);
}

enum err cipher_install(void)
{
    for (int i = 0; i < MODES; i++) {
        ciphers[i] = EVP_CIPHER_fetch(NULL, mode_names[i], NULL);
        if (!ciphers[i])
            return ERR_CRYPTO;
    }
    cmac = EVP_MAC_fetch(NULL, "CMAC", NULL);
    if (!cmac || pthread_key_create(&mine_key, contexts_free) != 0)
        return ERR_CRYPTO;
    return OK;
}

/* AES with a context that has its memory cannot fail; a bug or a broken library ends here. */
static void need(int ok)
{
    assert(ok == 1);
}

static struct contexts *contexts(void)
{
    if (mine)
        return mine;
    assert(cmac); /* crypto_init was called */
    mine = xcalloc(1, sizeof *mine);
    for (int i = 0; i < MODES; i++) {
        mine->cipher[i] = EVP_CIPHER_CTX_new();
        assert(mine->cipher[i]);
        need(EVP_CipherInit_ex2(mine->cipher[i], ciphers[i], NULL, NULL, 1, NULL));
        need(EVP_CIPHER_CTX_set_padding(mine->cipher[i], 0));
    }
    mine->cmac = EVP_MAC_CTX_new(cmac);
    assert(mine->cmac);
    OSSL_PARAM p[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER,
                                                       (char *)(uintptr_t)mode_names[MODE_CBC], 0),
                      OSSL_PARAM_construct_end()};
    need(EVP_MAC_CTX_set_params(mine->cmac, p));
    pthread_setspecific(mine_key, mine);
    return mine;
}

static EVP_CIPHER_CTX *start(enum mode mode, bool encrypt, const uint8_t *key, const uint8_t *iv)
{
    EVP_CIPHER_CTX *ctx = contexts()->cipher[mode];
    need(EVP_CipherInit_ex2(ctx, NULL, key, iv, encrypt, NULL));
    return ctx;
}

/* out NULL: header of an AEAD. */
static void update(EVP_CIPHER_CTX *ctx, const uint8_t *in, size_t n, uint8_t *out)
{
    int made = 0;
    if (!n)
        return;
    assert(n <= INT_MAX);
    need(EVP_CipherUpdate(ctx, out, &made, in, (int)n));
    assert(made == (int)n);
}

void cipher_blocks(struct meter *m, const uint8_t key[CIPHER_KEY], const uint8_t *in, size_t blocks,
                   uint8_t *out)
{
    update(start(MODE_ECB, true, key, NULL), in, blocks * CIPHER_BLOCK, out);
    meter_add(m, OP_AES128_BLOCK, 1, blocks * CIPHER_BLOCK);
}

static void cbc(struct meter *m, bool encrypt, const uint8_t *key, const uint8_t *iv,
                const uint8_t *in, size_t n, uint8_t *out)
{
    assert(n % CIPHER_BLOCK == 0);
    update(start(MODE_CBC, encrypt, key, iv), in, n, out);
    meter_add(m, OP_AES128_CBC, 1, n);
}

void cipher_cbc_encrypt(struct meter *m, const uint8_t key[CIPHER_KEY],
                        const uint8_t iv[CIPHER_BLOCK], const uint8_t *in, size_t n, uint8_t *out)
{
    cbc(m, true, key, iv, in, n, out);
}

void cipher_cbc_decrypt(struct meter *m, const uint8_t key[CIPHER_KEY],
                        const uint8_t iv[CIPHER_BLOCK], const uint8_t *in, size_t n, uint8_t *out)
{
    cbc(m, false, key, iv, in, n, out);
}

void cipher_ctr(struct meter *m, const uint8_t key[CIPHER_KEY], const uint8_t counter[CIPHER_BLOCK],
                const uint8_t *in, size_t n, uint8_t *out)
{
    update(start(MODE_CTR, true, key, counter), in, n, out);
    meter_add(m, OP_AES128_CTR, 1, n);
}

void cipher_cmac_v(struct meter *m, const uint8_t key[CIPHER_KEY], const struct span *pieces,
                   size_t n, uint8_t mac[CIPHER_TAG])
{
    EVP_MAC_CTX *ctx = contexts()->cmac;
    uint64_t octets = 0;
    size_t made = 0;
    need(EVP_MAC_init(ctx, key, CIPHER_KEY, NULL));
    for (size_t i = 0; i < n; i++) {
        if (pieces[i].n)
            need(EVP_MAC_update(ctx, pieces[i].p, pieces[i].n));
        octets += pieces[i].n;
    }
    need(EVP_MAC_final(ctx, mac, &made, CIPHER_TAG));
    assert(made == CIPHER_TAG);
    meter_add(m, OP_CMAC_AES128, 1, octets);
}

void cipher_cmac(struct meter *m, const uint8_t key[CIPHER_KEY], struct span in,
                 uint8_t mac[CIPHER_TAG])
{
    cipher_cmac_v(m, key, &in, 1, mac);
}

/* OMAC_t(M) = CMAC([t] || M), t as one block: the three uses of the key are told apart by it. */
static void omac(struct meter *m, const uint8_t *key, uint8_t t, struct span in,
                 uint8_t mac[CIPHER_TAG])
{
    uint8_t tweak[CIPHER_BLOCK] = {0};
    tweak[CIPHER_BLOCK - 1] = t;
    const struct span pieces[] = {span_of(tweak, sizeof tweak), in};
    cipher_cmac_v(m, key, pieces, 2, mac);
}

/* counter: OMAC_0 of the nonce, where CTR starts. */
static void eax_tag(struct meter *m, const uint8_t *key, const uint8_t counter[CIPHER_BLOCK],
                    struct span header, struct span sealed, uint8_t tag[CIPHER_TAG])
{
    uint8_t h[CIPHER_TAG], c[CIPHER_TAG];
    omac(m, key, 1, header, h);
    omac(m, key, 2, sealed, c);
    for (size_t i = 0; i < CIPHER_TAG; i++)
        tag[i] = counter[i] ^ h[i] ^ c[i];
}

void cipher_eax_seal(struct meter *m, const uint8_t key[CIPHER_KEY], struct span nonce,
                     struct span header, struct span in, uint8_t *out, uint8_t tag[CIPHER_TAG])
{
    uint8_t counter[CIPHER_BLOCK];
    omac(m, key, 0, nonce, counter);
    cipher_ctr(m, key, counter, in.p, in.n, out);
    eax_tag(m, key, counter, header, span_of(out, in.n), tag);
}

bool cipher_eax_open(struct meter *m, const uint8_t key[CIPHER_KEY], struct span nonce,
                     struct span header, struct span in, const uint8_t tag[CIPHER_TAG],
                     uint8_t *out)
{
    uint8_t counter[CIPHER_BLOCK], expected[CIPHER_TAG];
    omac(m, key, 0, nonce, counter);
    eax_tag(m, key, counter, header, in, expected);
    if (!hash_equal(expected, tag, CIPHER_TAG))
        return false;
    cipher_ctr(m, key, counter, in.p, in.n, out);
    return true;
}

static EVP_CIPHER_CTX *gcm(struct meter *m, bool encrypt, const uint8_t *key, const uint8_t *nonce,
                           struct span header, struct span in, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = start(MODE_GCM, encrypt, key, nonce);
    update(ctx, header.p, header.n, NULL);
    update(ctx, in.p, in.n, out);
    meter_add(m, OP_AES128_GCM, 1, header.n + in.n);
    return ctx;
}

void cipher_gcm_seal(struct meter *m, const uint8_t key[CIPHER_KEY],
                     const uint8_t nonce[CIPHER_GCM_NONCE], struct span header, struct span in,
                     uint8_t *out, uint8_t tag[CIPHER_TAG])
{
    uint8_t nothing[CIPHER_BLOCK];
    int made = 0;
    EVP_CIPHER_CTX *ctx = gcm(m, true, key, nonce, header, in, out);
    need(EVP_CipherFinal_ex(ctx, nothing, &made));
    need(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, CIPHER_TAG, tag));
}

bool cipher_gcm_open(struct meter *m, const uint8_t key[CIPHER_KEY],
                     const uint8_t nonce[CIPHER_GCM_NONCE], struct span header, struct span in,
                     const uint8_t tag[CIPHER_TAG], uint8_t *out)
{
    uint8_t nothing[CIPHER_BLOCK], expected[CIPHER_TAG];
    int made = 0;
    EVP_CIPHER_CTX *ctx = gcm(m, false, key, nonce, header, in, out);
    memcpy(expected, tag, CIPHER_TAG); /* the interface takes it as writable */
    need(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, CIPHER_TAG, expected));
    if (EVP_CipherFinal_ex(ctx, nothing, &made) == 1)
        return true;
    OPENSSL_cleanse(out, in.n);
    return false;
}
