/* What went wrong in a handshake, in the words of reason.h: from our own findings first, then from
 * the alert and OpenSSL's reason. */
#include "models/proto/tls_impl.h"

#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>

/* RFC 5246 7.2, RFC 6066 9, RFC 4279 2 */
static const struct {
    int alert;
    const char *name;
} names[] = {
    {0, "close_notify"},
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {21, "decryption_failed"},
    {22, "record_overflow"},
    {30, "decompression_failure"},
    {40, "handshake_failure"},
    {41, "no_certificate"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {60, "export_restriction"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {110, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {114, "bad_certificate_hash_value"},
    {115, "unknown_psk_identity"},
};

const char *tls_alert_name(int alert)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].alert == alert)
            return names[i].name;
    return "unknown";
}

enum reason tls_certificate_reason(int verify_error)
{
    switch (verify_error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return REASON_CERTIFICATE_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return REASON_CERTIFICATE_NOT_YET;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return REASON_CERTIFICATE_UNKNOWN;
    case X509_V_ERR_HOSTNAME_MISMATCH:
        return REASON_CERTIFICATE_NAME;
    default:
        return REASON_CERTIFICATE_BAD;
    }
}

/* A Finished that does not verify, in a PSK suite: the keys differ. With authenticated encryption
 * it shows as a record that does not decrypt. */
static bool shows_wrong_psk(const struct tls *t, int alert)
{
    return t->state == TLS_HANDSHAKE && t->suite != TLS_SUITE_COUNT && tls_suite_is_psk(t->suite) &&
           (alert == 20 || alert == 51);
}

static enum reason received(const struct tls *t)
{
    if (shows_wrong_psk(t, t->alert))
        return REASON_PSK_WRONG;
    switch (t->alert) {
    case 40:
        /* Before a suite was chosen, it is about suites; after that, a server says so for want of
         * a certificate (RFC 5246 7.4.6). */
        if (!t->hello_done)
            return REASON_NO_COMMON_SUITE;
        if (t->context->server || t->credential || tls_suite_is_psk(t->suite))
            return REASON_TLS_ALERT;
        return REASON_CERTIFICATE_MISSING;
    case 70:
    case 71:
        return REASON_NO_COMMON_SUITE;
    case 42:
    case 43:
    case 44:
    case 46:
        return REASON_CERTIFICATE_BAD;
    case 45:
        return REASON_CERTIFICATE_EXPIRED;
    case 48:
        return REASON_CERTIFICATE_UNKNOWN;
    case 115:
        return REASON_PSK_UNKNOWN;
    default:
        return REASON_TLS_ALERT;
    }
}

enum reason tls_failure(const struct tls *t, int openssl_reason)
{
    if (t->local_reason)
        return t->local_reason;
    if (t->alert > 0 && t->alert_received)
        return received(t);
    if (shows_wrong_psk(t, t->alert))
        return REASON_PSK_WRONG;
    /* After our hello an alert in records of another version: the client will not have ours.
     * OpenSSL says so without reading it. */
    if (openssl_reason == SSL_R_WRONG_VERSION_NUMBER && t->alert < 0 && t->hello_done)
        return REASON_NO_COMMON_SUITE;
    switch (openssl_reason) {
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_CIPHERS_AVAILABLE:
    case SSL_R_NO_CIPHERS_SPECIFIED:
    case SSL_R_WRONG_CIPHER_RETURNED:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_WRONG_SSL_VERSION:
        return REASON_NO_COMMON_SUITE;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return REASON_CERTIFICATE_MISSING;
    default:
        break;
    }
    return t->alert == 80 ? REASON_CRYPTO : REASON_TLS_PROTOCOL;
}
