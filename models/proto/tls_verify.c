/* Whom an endpoint believes: RFC 5280 by OpenSSL, the name by us, at the entered entity's time. */
#include "models/proto/tls_impl.h"

#include <openssl/x509v3.h>
#include <strings.h>

void tls_common_name(const X509 *certificate, char *out, size_t n)
{
    X509_NAME *subject = X509_get_subject_name(certificate);

    if (X509_NAME_get_text_by_NID(subject, NID_commonName, out, (int)n) < 0)
        out[0] = '\0';
}

static bool same_name(const ASN1_STRING *s, const char *name)
{
    size_t n = strlen(name);

    return (size_t)ASN1_STRING_length(s) == n &&
           strncasecmp((const char *)ASN1_STRING_get0_data(s), name, n) == 0;
}

/* DNS and URI subjectAltNames, or the common name; no wildcards. */
static bool carries_name(const X509 *certificate, const char *name)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    char common[TLS_MAX_NAME];
    bool found = false;

    for (int i = 0; names && i < sk_GENERAL_NAME_num(names) && !found; i++) {
        const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);

        if (g->type == GEN_DNS || g->type == GEN_URI)
            found = same_name(g->d.ia5, name);
    }
    GENERAL_NAMES_free(names);
    tls_common_name(certificate, common, sizeof(common));
    return found || strcasecmp(common, name) == 0;
}

/* A chain that could not be built was not computed over; one that could has a signature in each
 * certificate but its anchor. */
static unsigned signatures_checked(X509_STORE_CTX *store, int error)
{
    int n = sk_X509_num(X509_STORE_CTX_get0_chain(store));

    switch (error) {
    case X509_V_OK:
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return n > 1 ? (unsigned)n - 1 : 0;
    default:
        return 0;
    }
}

int tls_verify(X509_STORE_CTX *store, void *arg)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *t = tls_of(ssl);
    const X509 *certificate = X509_STORE_CTX_get0_cert(store);
    int ok = X509_verify_cert(store) == 1, error = X509_STORE_CTX_get_error(store);

    (void)arg;
    tls_meter_chain(t, signatures_checked(store, error));
    if (ok && t->expect_name && !carries_name(certificate, t->expect_name)) {
        ok = 0;
        error = X509_V_ERR_HOSTNAME_MISMATCH;
        X509_STORE_CTX_set_error(store, error);
    }
    if (!ok)
        t->local_reason = tls_certificate_reason(error);
    return ok;
}
