#include "models/proto/tls_impl.h"

#include "sim/base/xalloc.h"

#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No certificate list of ours comes near: leaf, perhaps an issuer. */
#define MAX_CERTIFICATE_LIST (16 * 1024)

static const struct {
    const char *name, *openssl;
    unsigned code;
} suites[TLS_SUITE_COUNT] = {
#define X(constant, number, text, openssl_name) {text, openssl_name, number},
    TLS_SUITES(X)
#undef X
};

const char *tls_suite_name(enum tls_suite suite)
{
    return suites[suite].name;
}

unsigned tls_suite_code(enum tls_suite suite)
{
    return suites[suite].code;
}

enum tls_suite tls_suite_find(const char *name)
{
    for (int i = 0; i < TLS_SUITE_COUNT; i++)
        if (strcmp(name, suites[i].name) == 0)
            return (enum tls_suite)i;
    return TLS_SUITE_COUNT;
}

bool tls_suite_is_psk(enum tls_suite suite)
{
    return suite != TLS_SUITE_RSA_AES_128_CCM && suite != TLS_SUITE_RSA_AES_128_CBC_SHA &&
           suite != TLS_SUITE_ECDHE_RSA_AES_128_CBC_SHA256;
}

/* RFC 6655 3, RFC 5289 3: from 1.2 on. RFC 5487 3 and RFC 5489 3 let theirs be negotiated below,
 * with that version's PRF. */
bool tls_suite_allows(enum tls_suite suite, enum tls_version version)
{
    if (version == DTLS_1_2)
        return suite == TLS_SUITE_PSK_AES_128_CCM || suite == TLS_SUITE_PSK_AES_128_CCM_8;
    if (suite == TLS_SUITE_PSK_AES_128_CCM_8 || suite == TLS_SUITE_RSA_AES_128_CCM ||
        suite == TLS_SUITE_PSK_AES_128_CCM || suite == TLS_SUITE_ECDHE_RSA_AES_128_CBC_SHA256)
        return version == TLS_1_2;
    return suite != TLS_SUITE_COUNT;
}

enum tls_suite tls_suite_of(const SSL *ssl)
{
    /* Until ChangeCipherSpec it is pending. */
    const SSL_CIPHER *pending = SSL_get_pending_cipher(ssl);
    const SSL_CIPHER *cipher = pending ? pending : SSL_get_current_cipher(ssl);
    unsigned code = cipher ? SSL_CIPHER_get_protocol_id(cipher) : 0;

    for (int i = 0; i < TLS_SUITE_COUNT; i++)
        if (suites[i].code == code)
            return (enum tls_suite)i;
    return TLS_SUITE_COUNT;
}

/* ---- the way between OpenSSL and our buffers: no copy beside its own ---- */

static int bio_write(BIO *bio, const char *p, int n)
{
    struct tls *t = BIO_get_data(bio);

    return n > 0 && buf_put(&t->out, p, (size_t)n) ? n : -1;
}

int tls_bio_read(BIO *bio, char *p, int n)
{
    struct tls *t = BIO_get_data(bio);
    size_t take = n > 0 && (size_t)n < t->in.n ? (size_t)n : t->in.n;

    BIO_clear_retry_flags(bio);
    if (n <= 0)
        return 0;
    if (take == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(p, t->in.p, take);
    t->in.p += take;
    t->in.n -= take;
    return (int)take;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD *tls_bio_method(const char *name, int (*write)(BIO *, const char *, int),
                           int (*read)(BIO *, char *, int))
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 0x7f, name);

    if (m && BIO_meth_set_write(m, write) && BIO_meth_set_read(m, read) &&
        BIO_meth_set_ctrl(m, bio_control) && BIO_meth_set_create(m, bio_create))
        return m;
    BIO_meth_free(m);
    return NULL;
}

/* ---- pre-shared keys ---- */

static bool is_hinted(const char *hint, const char *wanted)
{
    size_t n = strlen(wanted);

    while (hint) {
        if (strncmp(hint, wanted, n) == 0 && (hint[n] == '\0' || hint[n] == ';'))
            return true;
        hint = strchr(hint, ';');
        hint += hint != NULL;
    }
    return false;
}

/* Without a key OpenSSL ends the handshake; why is for us to remember. */
static unsigned client_psk(SSL *ssl, const char *hint, char *identity, unsigned identity_max,
                           unsigned char *psk, unsigned psk_max)
{
    struct tls *t = tls_of(ssl);
    size_t n = t->psk_identity ? strlen(t->psk_identity) : 0;
    unsigned got;

    if (n == 0 || n >= identity_max || (t->psk_hint && !is_hinted(hint, t->psk_hint))) {
        t->local_reason = REASON_PSK_UNKNOWN;
        return 0;
    }
    memcpy(identity, t->psk_identity, n + 1);
    got = t->proto.env->se ? se_tls_psk(t->proto.env->se, t->psk_slot, psk, psk_max) : 0;
    if (got == 0)
        t->local_reason = REASON_KEY_ERASED;
    return got;
}

static unsigned server_psk(SSL *ssl, const char *identity, unsigned char *psk, unsigned psk_max)
{
    struct tls *t = tls_of(ssl);
    enum reason reason = REASON_NONE;
    size_t n = strlen(identity);
    unsigned got;

    assert(psk_max >= M2M_KEY_LEN);
    tls_know_peer(t, span_of(identity, n));
    got = t->psk_find ? t->psk_find(t->psk_arg, span_of(identity, n), psk, &reason) : 0;
    if (got == 0)
        t->local_reason = reason ? reason : REASON_PSK_UNKNOWN;
    return got;
}

/* ---- the context ---- */

static bool set_suites(SSL_CTX *ssl, const struct tls_settings *s)
{
    char list[TLS_MAX_SUITES * 40];
    size_t n = 0;

    if (s->suite_count == 0 || s->suite_count > TLS_MAX_SUITES)
        return false;
    for (size_t i = 0; i < s->suite_count; i++) {
        if (!tls_suite_allows(s->suites[i], s->version))
            return false;
        n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i > 0 ? ":" : "",
                              suites[s->suites[i]].openssl);
    }
    /* 1.1 signs with MD5 and SHA-1, and is itself below level 1. Before the list: the level sifts
     * it. */
    SSL_CTX_set_security_level(ssl, s->version == TLS_1_1 ? 0 : 1);
    return SSL_CTX_set_cipher_list(ssl, list) == 1;
}

/* Both sides show a certificate, unless clients are anonymous, and trust the one authority. */
static bool set_certificates(SSL_CTX *ssl, const struct tls_settings *s)
{
    X509 *anchor;

    if (!s->authority)
        return true;
    anchor = authority_certificate(s->authority);
    /* What OpenSSL keeps about a certificate's extensions it makes at first use: here, not inside
     * some endpoint's step. */
    X509_check_purpose(anchor, -1, 0);
    if (!s->server || !s->anonymous_clients)
        SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ssl, tls_verify, NULL);
    SSL_CTX_set_max_cert_list(ssl, MAX_CERTIFICATE_LIST);
    return X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl), anchor) == 1;
}

static bool set_all(struct tls_context *c, const struct tls_settings *s)
{
    /* Each endpoint's own certificate only: the anchor is known, and OpenSSL would build (and
     * verify) a chain to send for every handshake. */
    const long modes = SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN;
    const uint64_t options =
        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE;
    SSL_CTX *ssl = c->ssl;

    SSL_CTX_set_mode(ssl, modes);
    SSL_CTX_set_options(ssl, options);
    SSL_CTX_set_msg_callback(ssl, tls_message);
    if (s->server)
        SSL_CTX_set_psk_server_callback(ssl, server_psk);
    else
        SSL_CTX_set_psk_client_callback(ssl, client_psk);
    if (c->datagrams && s->server) {
        SSL_CTX_set_cookie_generate_cb(ssl, dtls_cookie_generate);
        SSL_CTX_set_cookie_verify_cb(ssl, dtls_cookie_verify);
        if (RAND_bytes(c->cookie_secret, sizeof(c->cookie_secret)) != 1)
            return false;
    }
    /* One signature algorithm, which every device of the time has: RSASSA-PKCS1-v1_5, SHA-256. */
    return SSL_CTX_set_min_proto_version(ssl, s->version) == 1 &&
           SSL_CTX_set_max_proto_version(ssl, s->version) == 1 && set_suites(ssl, s) &&
           SSL_CTX_set1_groups_list(ssl, s->group == TLS_GROUP_P256 ? "P-256" : "X25519") == 1 &&
           SSL_CTX_set1_sigalgs_list(ssl, "RSA+SHA256") == 1 && set_certificates(ssl, s) &&
           tls_resume_context(c, s);
}

enum err tls_context_new(const struct tls_settings *settings, struct tls_context **out)
{
    struct tls_context *c = xcalloc(1, sizeof(*c));

    *out = NULL;
    c->server = settings->server;
    c->version = settings->version;
    c->group = settings->group;
    c->datagrams = settings->version == DTLS_1_2;
    if (c->datagrams)
        c->ssl = SSL_CTX_new(settings->server ? DTLS_server_method() : DTLS_client_method());
    else
        c->ssl = SSL_CTX_new(settings->server ? TLS_server_method() : TLS_client_method());
    c->bio =
        c->datagrams ? dtls_bio_method() : tls_bio_method("m2m buffers", bio_write, tls_bio_read);
    if (c->ssl && c->bio && set_all(c, settings)) {
        *out = c;
        return OK;
    }
    ERR_clear_error();
    tls_context_free(c);
    return ERR_CRYPTO;
}

void tls_context_free(struct tls_context *c)
{
    if (!c)
        return;
    SSL_CTX_free(c->ssl);
    OPENSSL_cleanse(c->cookie_secret, sizeof(c->cookie_secret));
    BIO_meth_free(c->bio);
    free(c);
}
