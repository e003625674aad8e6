#include "crypto/credential_impl.h"

#include "crypto/key_pool_impl.h"

#include <ctype.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/entity.h"
#include "sim/base/xalloc.h"

#define COMMON_NAME_MAX 64 /* ub-common-name, RFC 5280 A.1 */

/* Letters, digits, hyphens and dots, no empty label: a DNS name. Anything else goes in as a URI. */
static bool is_hostname(const char *name)
{
    size_t label = 0;
    for (const char *p = name; *p; p++) {
        if (*p == '.' && !label)
            return false;
        if (*p != '.' && *p != '-' && !isalnum((unsigned char)*p))
            return false;
        label = *p == '.' ? 0 : label + 1;
    }
    return label > 0;
}

/* SAN types are IA5String. */
static bool is_ascii(const char *name)
{
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p > 126)
            return false;
    return true;
}

static bool set_common_name(X509 *x, const char *name)
{
    size_t n = strlen(name);
    if (n > COMMON_NAME_MAX)
        for (n = COMMON_NAME_MAX; n && (name[n] & 0xc0) == 0x80; n--)
            ; /* whole UTF-8 characters; the subjectAltName has the whole name */
    X509_NAME *subject = X509_NAME_new();
    bool good = subject &&
                X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                           (const unsigned char *)name, (int)n, -1, 0) &&
                X509_set_subject_name(x, subject);
    X509_NAME_free(subject);
    return good;
}

static bool add_alternative_name(X509 *x, const char *name)
{
    if (!is_ascii(name))
        return true;
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *one = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    bool good = names && one && text && ASN1_STRING_set(text, name, -1);
    if (good) {
        GENERAL_NAME_set0_value(one, is_hostname(name) ? GEN_DNS : GEN_URI, text);
        text = NULL;
        good = sk_GENERAL_NAME_push(names, one) > 0;
        one = good ? NULL : one;
    }
    good = good && X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
    ASN1_IA5STRING_free(text);
    GENERAL_NAME_free(one);
    GENERAL_NAMES_free(names);
    return good;
}

/* Version 3, a serial number of 16 random octets, names' room, validity and key. */
static X509 *start_certificate(EVP_PKEY *public_key, const char *name, int64_t not_before,
                               int64_t not_after)
{
    uint8_t octets[16];
    X509 *x = X509_new();
    BIGNUM *serial = NULL;
    bool good = x && RAND_bytes(octets, sizeof octets) == 1;
    if (good) {
        octets[0] = (uint8_t)((octets[0] & 0x7f) | 0x40); /* positive, always 16 octets */
        serial = BN_bin2bn(octets, sizeof octets, NULL);
        good = serial && BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)) &&
               X509_set_version(x, X509_VERSION_3) && set_common_name(x, name) &&
               ASN1_TIME_set(X509_getm_notBefore(x), (time_t)not_before) &&
               ASN1_TIME_set(X509_getm_notAfter(x), (time_t)not_after) &&
               X509_set_pubkey(x, public_key);
    }
    BN_free(serial);
    if (good)
        return x;
    X509_free(x);
    return NULL;
}

/* Signs, and fills what OpenSSL would otherwise fill in at first use, on whatever thread. */
static bool finish_certificate(X509 *x, EVP_PKEY *key)
{
    return X509_sign(x, key, EVP_sha256()) > 0 && X509_check_purpose(x, -1, 0) == 1;
}

static X509_EXTENSION *key_usage_extension(int bit_a, int bit_b)
{
    ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
    X509_EXTENSION *e = NULL;
    if (bits && ASN1_BIT_STRING_set_bit(bits, bit_a, 1) && ASN1_BIT_STRING_set_bit(bits, bit_b, 1))
        e = X509V3_EXT_i2d(NID_key_usage, 1, bits);
    ASN1_BIT_STRING_free(bits);
    return e;
}

static X509_EXTENSION *purpose_extension(int nid)
{
    EXTENDED_KEY_USAGE *usage = EXTENDED_KEY_USAGE_new();
    X509_EXTENSION *e = NULL;
    if (usage && sk_ASN1_OBJECT_push(usage, OBJ_nid2obj(nid)) > 0)
        e = X509V3_EXT_i2d(NID_ext_key_usage, 0, usage);
    EXTENDED_KEY_USAGE_free(usage);
    return e;
}

static X509_EXTENSION *constraints_extension(bool ca)
{
    BASIC_CONSTRAINTS *c = BASIC_CONSTRAINTS_new();
    X509_EXTENSION *e = NULL;
    if (c) {
        c->ca = ca ? 0xff : 0;
        e = X509V3_EXT_i2d(NID_basic_constraints, 1, c);
    }
    BASIC_CONSTRAINTS_free(c);
    return e;
}

/* The SHA-1 of the key, RFC 5280 4.2.1.2 (1): as subject's and as authority's identifier. */
static bool key_identifier(X509 *x, ASN1_OCTET_STRING **out)
{
    unsigned char digest[20];
    unsigned n = sizeof digest;
    *out = ASN1_OCTET_STRING_new();
    return *out && X509_pubkey_digest(x, EVP_sha1(), digest, &n) &&
           ASN1_OCTET_STRING_set(*out, digest, (int)n);
}

static X509_EXTENSION *authority_key_extension(X509 *ca)
{
    AUTHORITY_KEYID *id = AUTHORITY_KEYID_new();
    X509_EXTENSION *e = NULL;
    if (id && key_identifier(ca, &id->keyid))
        e = X509V3_EXT_i2d(NID_authority_key_identifier, 0, id);
    AUTHORITY_KEYID_free(id);
    return e;
}

/* KeyUsage bits, RFC 5280 4.2.1.3 */
enum { USAGE_SIGNATURE = 0, USAGE_ENCIPHERMENT = 2, USAGE_CERT_SIGN = 5, USAGE_CRL_SIGN = 6 };

static bool add_owned(X509 *x, X509_EXTENSION *e)
{
    bool good = e && X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    return good;
}

static bool make_authority(struct authority *a, EVP_PKEY *public_key, const char *name,
                           int64_t not_before, int64_t not_after)
{
    X509 *x = a->certificate = start_certificate(public_key, name, not_before, not_after);
    ASN1_OCTET_STRING *id = NULL;
    bool good = x && X509_set_issuer_name(x, X509_get_subject_name(x)) &&
                add_owned(x, constraints_extension(true)) &&
                add_owned(x, key_usage_extension(USAGE_CERT_SIGN, USAGE_CRL_SIGN)) &&
                key_identifier(x, &id) &&
                X509_add1_ext_i2d(x, NID_subject_key_identifier, id, 0, X509V3_ADD_DEFAULT) == 1 &&
                finish_certificate(x, a->key);
    ASN1_OCTET_STRING_free(id);
    if (!good)
        return false;
    a->extensions[EXT_CONSTRAINTS] = constraints_extension(false);
    a->extensions[EXT_USAGE] = key_usage_extension(USAGE_SIGNATURE, USAGE_ENCIPHERMENT);
    a->extensions[EXT_CLIENT] = purpose_extension(NID_client_auth);
    a->extensions[EXT_SERVER] = purpose_extension(NID_server_auth);
    a->extensions[EXT_AUTHORITY_KEY] = authority_key_extension(x);
    for (int i = 0; i < EXT_COUNT; i++)
        good = good && a->extensions[i];
    return good;
}

enum err authority_make(const struct key_pool *pool, uint64_t seed, const char *common_name,
                        int64_t not_before, int64_t not_after, struct authority **out)
{
    if (!*common_name || not_after < not_before)
        return ERR_RANGE;
    struct authority *a = xcalloc(1, sizeof *a);
    struct rng stream = rng_stream(seed, common_name, "authority");
    a->key = key_pool_key(pool, 0);
    EVP_PKEY_up_ref(a->key);
    entity_enter(&stream, not_before * SIM_S);
    bool good = make_authority(a, key_pool_public(pool, 0), common_name, not_before, not_after);
    entity_leave();
    if (!good) {
        authority_free(a);
        return ERR_CRYPTO;
    }
    *out = a;
    return OK;
}

void authority_free(struct authority *a)
{
    if (!a)
        return;
    for (int i = 0; i < EXT_COUNT; i++)
        X509_EXTENSION_free(a->extensions[i]);
    X509_free(a->certificate);
    EVP_PKEY_free(a->key);
    free(a);
}

enum err credential_issue(const struct authority *a, const struct key_pool *pool, uint64_t key,
                          const char *common_name, bool server, int64_t not_before,
                          int64_t not_after, struct credential **out)
{
    if (!*common_name || not_after < not_before)
        return ERR_RANGE;
    unsigned others = key_pool_size(pool) - 1;
    unsigned own = others ? 1 + (unsigned)(key % others) : 0;
    X509 *x = start_certificate(key_pool_public(pool, own), common_name, not_before, not_after);
    X509_EXTENSION *const *e = a->extensions;
    if (!x || !X509_set_issuer_name(x, X509_get_subject_name(a->certificate)) ||
        !X509_add_ext(x, e[EXT_CONSTRAINTS], -1) || !X509_add_ext(x, e[EXT_USAGE], -1) ||
        !X509_add_ext(x, e[server ? EXT_SERVER : EXT_CLIENT], -1) ||
        !X509_add_ext(x, e[EXT_AUTHORITY_KEY], -1) || !add_alternative_name(x, common_name) ||
        !finish_certificate(x, a->key)) {
        X509_free(x);
        return ERR_CRYPTO;
    }
    struct credential *c = xcalloc(1, sizeof *c);
    *c = (struct credential){.certificate = x, .key = key_pool_key(pool, own)};
    EVP_PKEY_up_ref(c->key);
    *out = c;
    return OK;
}

enum err credential_copy(const struct credential *c, struct credential **out)
{
    struct credential *copy = xcalloc(1, sizeof *copy);
    *copy = *c;
    X509_up_ref(copy->certificate);
    EVP_PKEY_up_ref(copy->key);
    *out = copy;
    return OK;
}

void credential_free(struct credential *c)
{
    if (!c)
        return;
    X509_free(c->certificate);
    EVP_PKEY_free(c->key);
    free(c);
}

struct x509_st *credential_certificate(const struct credential *c)
{
    return c->certificate;
}

struct evp_pkey_st *credential_key(const struct credential *c)
{
    return c->key;
}

struct x509_st *authority_certificate(const struct authority *a)
{
    return a->certificate;
}
