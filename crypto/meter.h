/* The operation meter: which cryptographic (and other priced) operations a step performed, counted
 * deterministically; never a clock (DESIGN section 5). Cost profiles price it. */
#ifndef CRYPTO_METER_H
#define CRYPTO_METER_H

#include <stdint.h>

/* X(constant, operation, algorithm): the two texts are the columns of crypto_use and
 * operation_costs. */
/* clang-format off */
#define METER_OPS(X) \
    X(OP_RSA2048_PRIVATE,  "private",    "rsa-2048") \
    X(OP_RSA2048_PUBLIC,   "public",     "rsa-2048") \
    X(OP_RSA_KEYGEN,       "keygen",     "rsa-2048") \
    X(OP_P256_KEYGEN,      "keygen",     "p-256") \
    X(OP_P256_ECDH,        "derive",     "p-256") \
    X(OP_P256_SIGN,        "sign",       "ecdsa-p-256") \
    X(OP_P256_VERIFY,      "verify",     "ecdsa-p-256") \
    X(OP_X25519_KEYGEN,    "keygen",     "x25519") \
    X(OP_X25519_DERIVE,    "derive",     "x25519") \
    X(OP_SAKKE_ENCAPSULATE, "encaps",    "sakke-1024") \
    X(OP_SAKKE_DERIVE,     "decaps",     "sakke-1024") \
    X(OP_SAKKE_EXTRACT,    "extract",    "sakke-1024") \
    X(OP_BF_ENCRYPT,       "encrypt",    "bf-3072") \
    X(OP_BF_DECRYPT,       "decrypt",    "bf-3072") \
    X(OP_BF_EXTRACT,       "extract",    "bf-3072") \
    X(OP_X509_PARSE,       "parse",      "x.509") \
    X(OP_AES128_BLOCK,     "cipher",     "aes-128-ecb") \
    X(OP_AES128_CBC,       "cipher",     "aes-128-cbc") \
    X(OP_AES128_CTR,       "cipher",     "aes-128-ctr") \
    X(OP_AES128_CCM,       "cipher",     "aes-128-ccm") \
    X(OP_AES128_GCM,       "cipher",     "aes-128-gcm") \
    X(OP_AES256_WRAP,      "wrap",       "aes-256-kw") \
    X(OP_MD5,              "digest",     "md5") \
    X(OP_SHA1,             "digest",     "sha-1") \
    X(OP_SHA256,           "digest",     "sha-256") \
    X(OP_CMAC_AES128,      "mac",        "cmac-aes-128") \
    X(OP_HMAC_MD5,         "mac",        "hmac-md5") \
    X(OP_HMAC_SHA1,        "mac",        "hmac-sha-1") \
    X(OP_HMAC_SHA256,      "mac",        "hmac-sha-256") \
    X(OP_PRF_MD5SHA1,      "prf",        "tls-1.1") \
    X(OP_PRF_SHA256,       "prf",        "tls-1.2") \
    X(OP_RANDOM,           "random",     "drbg") \
    X(OP_HTTP_MESSAGE,     "message",    "http") \
    X(OP_COAP_MESSAGE,     "message",    "coap") \
    X(OP_XML_DOCUMENT,     "document",   "xml") \
    X(OP_DB_ACCESS,        "access",     "store")
/* clang-format on */

enum meter_op {
#define X(constant, operation, algorithm) constant,
    METER_OPS(X)
#undef X
        METER_OP_COUNT
};

/* calls and octets of one operation. PRF: octets are output octets; ciphers, MACs, digests, http,
 * xml: input. A call of a cipher or of a CMAC sets up a key; OP_AES128_BLOCK: whole blocks, as in
 * MILENAGE. Identity-based operations (SAKKE: RFC 6508; Boneh-Franklin: RFC 5091): calls only. */
struct meter_use {
    uint32_t calls;
    uint32_t octets;
};

/* A value; all zeros is empty. */
struct meter {
    uint64_t used; /* bit i: use[i] is not all zeros; a step uses few of them */
    struct meter_use use[METER_OP_COUNT];
};
/* The operations in it, in their order: for (op = meter_next(m, 0); op < METER_OP_COUNT; op =
 * meter_next(m, op + 1)). The first one from `from` on, or METER_OP_COUNT. */
static inline unsigned meter_next(const struct meter *m, unsigned from)
{
    uint64_t rest = m->used >> from; /* METER_OP_COUNT < 64: meter.c */

    return rest ? from + (unsigned)__builtin_ctzll(rest) : METER_OP_COUNT;
}

void meter_add(struct meter *m, enum meter_op op, uint32_t calls, uint64_t octets);
void meter_merge(struct meter *into, const struct meter *from);
void meter_clear(struct meter *m);
const char *meter_operation(enum meter_op op);
const char *meter_algorithm(enum meter_op op);
/* Whether its time counts as cryptography (false: http, xml, store: part "other"). */
int meter_is_crypto(enum meter_op op);
/* METER_OP_COUNT when there is no such pair. */
enum meter_op meter_find(const char *operation, const char *algorithm);

#endif
