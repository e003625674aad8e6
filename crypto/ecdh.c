#include "crypto/ecdh.h"

#include "crypto/openssl.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdbool.h>
#include <stdlib.h>

#include "sim/base/xalloc.h"

struct ecdh {
    EVP_PKEY *key;
};

enum err ecdh_new(struct meter *m, struct ecdh **out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    meter_add(m, OP_P256_KEYGEN, 1, 0);
    if (!key) {
        ERR_clear_error();
        return ERR_CRYPTO;
    }
    *out = xcalloc(1, sizeof **out);
    (*out)->key = key;
    return OK;
}

void ecdh_free(struct ecdh *e)
{
    if (!e)
        return;
    EVP_PKEY_free(e->key);
    free(e);
}

void ecdh_point(const struct ecdh *e, uint8_t point[ECDH_POINT])
{
    size_t n = 0;
    int ok =
        EVP_PKEY_get_octet_string_param(e->key, OSSL_PKEY_PARAM_PUB_KEY, point, ECDH_POINT, &n);
    assert(ok == 1 && n == ECDH_POINT && point[0] == POINT_CONVERSION_UNCOMPRESSED);
}

/* OpenSSL checks that the point is on the curve when it decodes it; one octet of zero would be
 * infinity, which is not 65. */
static EVP_PKEY *decode(const uint8_t point[ECDH_POINT])
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char[]){"P-256"}, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point,
                                          ECDH_POINT),
        OSSL_PARAM_construct_end()};
    EVP_PKEY *key = NULL;
    if (point[0] != POINT_CONVERSION_UNCOMPRESSED)
        return NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

enum err ecdh_derive(const struct ecdh *e, struct meter *m, const uint8_t peer[ECDH_POINT],
                     uint8_t secret[ECDH_SECRET])
{
    EVP_PKEY *theirs = decode(peer);
    EVP_PKEY_CTX *ctx = NULL;
    size_t n = ECDH_SECRET;
    enum err err = ERR_FORMAT;
    if (!theirs)
        goto out;
    err = ERR_CRYPTO;
    meter_add(m, OP_P256_ECDH, 1, 0);
    ctx = EVP_PKEY_CTX_new(e->key, NULL);
    if (ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
        EVP_PKEY_derive(ctx, secret, &n) == 1 && n == ECDH_SECRET)
        err = OK;
out:
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(theirs);
    ERR_clear_error();
    return err;
}

enum err ecdh_check(const uint8_t point[ECDH_POINT])
{
    EVP_PKEY *key = decode(point);
    bool ok = key != NULL;
    EVP_PKEY_free(key);
    ERR_clear_error();
    return ok ? OK : ERR_FORMAT;
}
