/* What credential.c makes and credential_pem.c reads and writes. */
#ifndef CRYPTO_CREDENTIAL_IMPL_H
#define CRYPTO_CREDENTIAL_IMPL_H

#include "crypto/credential.h"
#include "crypto/openssl.h"

#include <openssl/x509.h>

/* Extensions that are the same in every certificate of a role: made once, copied in. */
enum { EXT_CONSTRAINTS, EXT_USAGE, EXT_CLIENT, EXT_SERVER, EXT_AUTHORITY_KEY, EXT_COUNT };

struct authority {
    X509 *certificate;
    EVP_PKEY *key; /* NULL: read from a file, it issues nothing */
    X509_EXTENSION *extensions[EXT_COUNT];
};

/* Shared, both: a certificate is immutable once issued, and a key leaves no trace of who used it
 * (provider.c). */
struct credential {
    X509 *certificate;
    EVP_PKEY *key;
};

#endif
