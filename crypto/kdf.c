/* SHA1_Transform is deprecated, and the one way in OpenSSL to SHA-1's bare compression, which is
 * what FIPS 186-2 builds on; the alternative would be a SHA-1 of our own. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/kdf.h"
#include "crypto/openssl.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "crypto/cipher.h"
#include "crypto/hash.h"

#define MAX_PIECES 16 /* of a seed, an info or a z */
#define LONGEST    32 /* output of a MAC here */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* T_i over T_(i-1) || pieces || i: prf+ and HKDF's second half are the same but for their names. */
static void expand(struct meter *m, enum kdf_prf prf, struct span key, const struct span *pieces,
                   size_t count, uint8_t *out, size_t n)
{
    size_t length = prf == KDF_PRF_HMAC_SHA1 ? 20 : 32;
    uint8_t t[LONGEST], i = 0;
    struct span all[MAX_PIECES + 2];
    assert(count <= MAX_PIECES && n <= 255 * length);
    all[0] = span_of(t, 0);
    if (count)
        memcpy(all + 1, pieces, count * sizeof *pieces);
    all[count + 1] = span_of(&i, 1);
    while (n) {
        i++;
        if (prf == KDF_PRF_HMAC_SHA1)
            hash_hmac_sha1_v(m, key, all, count + 2, t);
        else
            hash_hmac_sha256_v(m, key, all, count + 2, t);
        all[0].n = length;
        size_t take = least(n, length);
        memcpy(out, t, take);
        out += take;
        n -= take;
    }
    OPENSSL_cleanse(t, sizeof t);
}

void kdf_prf_plus(struct meter *m, enum kdf_prf prf, struct span key, const struct span *seed,
                  size_t seed_n, uint8_t *out, size_t n)
{
    expand(m, prf, key, seed, seed_n, out, n);
}

void kdf_hkdf_extract(struct meter *m, struct span salt, struct span ikm, uint8_t prk[32])
{
    /* No salt is 32 zeros, which HMAC's padding makes of an empty key. */
    hash_hmac_sha256(m, salt, ikm, prk);
}

void kdf_hkdf_expand(struct meter *m, struct span prk, const struct span *info, size_t info_n,
                     uint8_t *out, size_t n)
{
    expand(m, KDF_PRF_HMAC_SHA256, prk, info, info_n, out, n);
}

static void put_be32(uint32_t v, uint8_t out[4])
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* G(t, c): SHA-1's compression of c padded with zeros, from SHA-1's own initial state. */
static void fips186_g(struct meter *m, const uint8_t c[20], uint8_t out[20])
{
    uint8_t block[64] = {0};
    SHA_CTX sha;
    memcpy(block, c, 20);
    SHA1_Init(&sha);
    SHA1_Transform(&sha, block);
    const uint32_t words[] = {sha.h0, sha.h1, sha.h2, sha.h3, sha.h4};
    for (size_t i = 0; i < 5; i++)
        put_be32(words[i], out + 4 * i);
    OPENSSL_cleanse(&sha, sizeof sha);
    meter_add(m, OP_SHA1, 1, 20);
}

void kdf_fips186_prf(struct meter *m, const uint8_t xkey[20], uint8_t *out, size_t n)
{
    uint8_t key[20], w[20];
    memcpy(key, xkey, sizeof key);
    while (n) {
        fips186_g(m, key, w);
        /* XKEY = (1 + XKEY + w) mod 2^160 */
        unsigned carry = 1;
        for (size_t i = sizeof key; i-- > 0;) {
            carry += (unsigned)key[i] + w[i];
            key[i] = (uint8_t)carry;
            carry >>= 8;
        }
        size_t take = least(n, sizeof w);
        memcpy(out, w, take);
        out += take;
        n -= take;
    }
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(w, sizeof w);
}

void kdf_gkdf(struct meter *m, enum kdf_gpsk_suite suite, const uint8_t *key, const struct span *z,
              size_t z_n, uint8_t *out, size_t n)
{
    size_t length = KDF_GPSK_KS(suite);
    uint8_t counter[2], mac[LONGEST];
    struct span all[MAX_PIECES + 1] = {span_of(counter, sizeof counter)};
    assert(z_n <= MAX_PIECES && n <= UINT16_MAX * length);
    if (z_n)
        memcpy(all + 1, z, z_n * sizeof *z);
    for (unsigned i = 1; n; i++) {
        counter[0] = (uint8_t)(i >> 8);
        counter[1] = (uint8_t)i;
        if (suite == KDF_GPSK_AES)
            cipher_cmac_v(m, key, all, z_n + 1, mac);
        else
            hash_hmac_sha256_v(m, span_of(key, length), all, z_n + 1, mac);
        size_t take = least(n, length);
        memcpy(out, mac, take);
        out += take;
        n -= take;
    }
    OPENSSL_cleanse(mac, sizeof mac);
}

void kdf_modified_counter(struct meter *m, const uint8_t key[16], const uint8_t in[16],
                          unsigned blocks, uint8_t *out)
{
    uint8_t base[CIPHER_BLOCK];
    assert(blocks >= 1 && blocks <= 255);
    cipher_blocks(NULL, key, in, 1, base);
    for (unsigned i = 0; i < blocks; i++) {
        memcpy(out + CIPHER_BLOCK * i, base, CIPHER_BLOCK);
        out[CIPHER_BLOCK * i + CIPHER_BLOCK - 1] ^= (uint8_t)(i + 1);
    }
    cipher_blocks(NULL, key, out, blocks, out);
    /* One key set-up: the second one above is our way with OpenSSL, not the construction's. */
    meter_add(m, OP_AES128_BLOCK, 1, CIPHER_BLOCK * (blocks + 1));
    OPENSSL_cleanse(base, sizeof base);
}

#define MAX_PARAMS 8

void kdf_3gpp(struct meter *m, struct span key, uint8_t fc, const struct span *params, size_t n,
              uint8_t out[32])
{
    uint8_t lengths[MAX_PARAMS][2];
    struct span all[1 + 2 * MAX_PARAMS] = {span_of(&fc, 1)};
    assert(n <= MAX_PARAMS);
    for (size_t i = 0; i < n; i++) {
        assert(params[i].n <= UINT16_MAX);
        lengths[i][0] = (uint8_t)(params[i].n >> 8);
        lengths[i][1] = (uint8_t)params[i].n;
        all[1 + 2 * i] = params[i];
        all[2 + 2 * i] = span_of(lengths[i], 2);
    }
    hash_hmac_sha256_v(m, key, all, 1 + 2 * n, out);
}

void kdf_ks_naf(struct meter *m, const uint8_t ks[32], const char *label, const uint8_t rand[16],
                struct span impi, struct span naf_id, uint8_t out[32])
{
    const struct span params[] = {span_str(label), span_of(rand, 16), impi, naf_id};
    kdf_3gpp(m, span_of(ks, 32), 0x01, params, 4, out);
}

void kdf_aka_prime(struct meter *m, const uint8_t ck[16], const uint8_t ik[16], struct span network,
                   const uint8_t sqn_xor_ak[6], uint8_t ck_prime[16], uint8_t ik_prime[16])
{
    uint8_t key[32], out[32];
    const struct span params[] = {network, span_of(sqn_xor_ak, 6)};
    memcpy(key, ck, 16);
    memcpy(key + 16, ik, 16);
    kdf_3gpp(m, span_of(key, sizeof key), 0x20, params, 2, out);
    memcpy(ck_prime, out, 16);
    memcpy(ik_prime, out + 16, 16);
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(out, sizeof out);
}
