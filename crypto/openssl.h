/* Before any other OpenSSL header, in every file that includes one: OpenSSL's deprecated type
 * ERR_STATE and our enum constant of that name (sim/base/err.h) would be one identifier. */
#ifndef CRYPTO_OPENSSL_H
#define CRYPTO_OPENSSL_H

#define ERR_STATE openssl_err_state
#include <openssl/types.h>
#include <openssl/err.h>
#undef ERR_STATE

#endif
