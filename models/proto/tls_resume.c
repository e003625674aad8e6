/* Sessions that are taken up again: RFC 5246 7.3 by session id, RFC 5077 by ticket. OpenSSL's own
 * caches are shared by all endpoints of a context, under a lock and in an order that depends on
 * threads: they are off. What is kept is octets (i2d_SSL_SESSION) that the node holds; what is
 * sealed is sealed under keys of the node. */
#include "models/proto/tls_impl.h"

#include "sim/base/xalloc.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define TICKET_EXTENSION 35
#define TICKET_MAC       32
/* RFC 5077 4: key_name, IV, mac around the state. */
#define TICKET_FRAME  (TLS_TICKET_NAME + 16 + TICKET_MAC)
#define IGNORE_TICKET SSL_TICKET_RETURN_IGNORE_RENEW

struct tls_resumable {
    struct tls_resumption from; /* server */
    uint8_t *session;           /* client: to offer, until it starts; then what is to be kept */
    size_t session_n;
    size_t ticket_n; /* octets of the client's ticket */
    uint8_t id[TLS_SESSION_ID_MAX];
    uint8_t id_n;
    bool tickets; /* the client's hello has the extension */
    bool ticket_came;
    bool resumed;
};

static void forget_session(struct tls_resumable *r)
{
    if (r->session)
        OPENSSL_cleanse(r->session, r->session_n);
    free(r->session);
    r->session = NULL;
    r->session_n = 0;
}

void tls_resume_init(struct tls *t, const struct tls_peer_settings *settings)
{
    struct tls_resumable *r;

    if (t->context->resume == TLS_RESUME_NO)
        return;
    r = t->resumable = xcalloc(1, sizeof(*r));
    if (settings->resumption)
        r->from = *settings->resumption;
    if (!t->context->server && settings->session.n > 0) {
        r->session_n = settings->session.n;
        r->session = xcalloc(1, r->session_n);
        memcpy(r->session, settings->session.p, r->session_n);
    }
}

void tls_resume_release(struct tls *t)
{
    if (!t->resumable)
        return;
    forget_session(t->resumable);
    free(t->resumable);
    t->resumable = NULL;
}

static SSL_SESSION *read_session(struct span s)
{
    const unsigned char *p = s.p;

    return s.n > 0 ? d2i_SSL_SESSION(NULL, &p, (long)s.n) : NULL;
}

void tls_offer_session(struct tls *t)
{
    struct tls_resumable *r = t->resumable;
    SSL_SESSION *session;

    if (!r || t->context->server)
        return;
    session = read_session(span_of(r->session, r->session_n));
    forget_session(r);
    if (session)
        (void)SSL_set_session(t->ssl, session); /* else a whole handshake */
    SSL_SESSION_free(session);
    ERR_clear_error();
}

/* ---- the server's part ---- */

/* A session is as good as the key that it came of: none outlives its Kmc. */
static bool is_good(struct tls *t, SSL_SESSION *session)
{
    enum reason reason = REASON_NONE;
    uint8_t psk[M2M_KEY_LEN];
    void *identity = NULL;
    size_t n = 0;
    unsigned got;

    if (SSL_SESSION_get0_ticket_appdata(session, &identity, &n) != 1 || n >= TLS_MAX_NAME)
        return false;
    if (!t->psk_find)
        return n == 0;
    got = t->psk_find(t->psk_arg, span_of(identity, n), psk, &reason);
    OPENSSL_cleanse(psk, sizeof(psk));
    if (got == 0)
        return false;
    tls_know_peer(t, span_of(identity, n));
    return true;
}

static void note_id(struct tls_resumable *r, const unsigned char *id, size_t n)
{
    r->id_n = (uint8_t)(n <= sizeof(r->id) ? n : 0);
    memcpy(r->id, id, r->id_n);
}

static SSL_SESSION *find_session(SSL *ssl, const unsigned char *id, int n, int *copy)
{
    struct tls *t = tls_of(ssl);
    struct tls_resumable *r = t->resumable;
    SSL_SESSION *session;

    *copy = 0; /* the reference is OpenSSL's */
    if (!r->from.session || n <= 0)
        return NULL;
    session = read_session(r->from.session(r->from.arg, span_of(id, (size_t)n)));
    ERR_clear_error();
    if (session && !is_good(t, session)) {
        SSL_SESSION_free(session);
        return NULL;
    }
    if (session)
        note_id(r, id, (size_t)n);
    return session;
}

static bool set_keys(const struct tls_ticket_key *key, const unsigned char *iv,
                     EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, bool seal)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(
                               OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)key->mac, sizeof(key->mac)),
                           OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_construct_end()};

    return EVP_CipherInit_ex(cipher, EVP_aes_128_cbc(), NULL, key->cipher, iv, seal) == 1 &&
           EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* RFC 5077 4: its recommended form. Seals (1; 0: no ticket), or opens (1; 2: and the client needs a
 * newer one; 0: nobody has that key). */
static int ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                      EVP_MAC_CTX *mac, int seal)
{
    struct tls *t = tls_of(ssl);
    const struct tls_resumption *from = &t->resumable->from;
    const struct tls_ticket_key *newest =
        from->ticket_key ? from->ticket_key(from->arg, NULL) : NULL;
    const struct tls_ticket_key *key = newest;

    if (!seal && from->ticket_key)
        key = from->ticket_key(from->arg, name);
    if (!key)
        return 0;
    if (seal) {
        if (RAND_bytes(iv, 16) != 1)
            return -1;
        memcpy(name, key->name, TLS_TICKET_NAME);
    }
    if (!set_keys(key, iv, cipher, mac, seal))
        return -1;
    if (!seal && t->resumable->ticket_n > TICKET_FRAME)
        tls_meter_ticket(t, TICKET_CHECKED, t->resumable->ticket_n - TICKET_MAC);
    return seal || key == newest ? 1 : 2;
}

static int on_seal(SSL *ssl, void *arg)
{
    const char *name = tls_peer_name(tls_of(ssl));

    (void)arg;
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), name, strlen(name));
}

/* What cannot be opened, or is not good any more, is no failure: a whole handshake follows, and a
 * ticket that is. */
static SSL_TICKET_RETURN on_open(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                 size_t name_n, SSL_TICKET_STATUS status, void *arg)
{
    struct tls *t = tls_of(ssl);

    (void)name, (void)name_n, (void)arg;
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
        return IGNORE_TICKET;
    tls_meter_ticket(t, TICKET_OPENED, t->resumable->ticket_n - TICKET_FRAME);
    if (!is_good(t, session))
        return IGNORE_TICKET;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

/* ---- both ---- */

bool tls_resume_context(struct tls_context *c, const struct tls_settings *s)
{
    static const unsigned char scope[] = "mId";
    long cache = SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR;
    SSL_CTX *ssl = c->ssl;

    c->resume = s->resume;
    if (c->resume != TLS_RESUME_TICKET)
        SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
    if (c->resume == TLS_RESUME_NO) {
        SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
        return true;
    }
    /* A session has one suite, so that one of an earlier suite is refused by itself. */
    SSL_CTX_set_timeout(ssl, (long)(s->resume_s ? s->resume_s : TLS_RESUME_STANDARD));
    if (SSL_CTX_set_session_id_context(ssl, scope, sizeof(scope) - 1) != 1)
        return false;
    if (s->server && c->resume == TLS_RESUME_SESSION_ID) {
        cache |= SSL_SESS_CACHE_SERVER;
        SSL_CTX_sess_set_get_cb(ssl, find_session);
    }
    SSL_CTX_set_session_cache_mode(ssl, cache);
    if (!s->server || c->resume != TLS_RESUME_TICKET)
        return true;
    return SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, ticket_key) == 1 &&
           SSL_CTX_set_session_ticket_cb(ssl, on_seal, on_open, NULL) == 1;
}

/* What this handshake made that may be taken up later. */
static bool is_new(const struct tls *t)
{
    const struct tls_resumable *r = t->resumable;

    if (t->context->server)
        return t->context->resume == TLS_RESUME_SESSION_ID && !r->resumed;
    return !r->resumed || r->ticket_came;
}

void tls_keep_session(struct tls *t)
{
    struct tls_resumable *r = t->resumable;
    SSL_SESSION *session = SSL_get_session(t->ssl);
    const unsigned char *id;
    unsigned char *p;
    unsigned id_n;
    int n;

    if (!r)
        return;
    r->resumed = SSL_session_reused(t->ssl);
    id = SSL_SESSION_get_id(session, &id_n);
    if (t->context->server)
        note_id(r, id, id_n);
    if (!is_new(t) || !SSL_SESSION_is_resumable(session) ||
        (t->context->server && on_seal(t->ssl, NULL) != 1))
        return;
    n = i2d_SSL_SESSION(session, NULL);
    if (n <= 0 || n > TLS_SESSION_MAX)
        return;
    r->session_n = (size_t)n;
    r->session = p = xcalloc(1, r->session_n);
    i2d_SSL_SESSION(session, &p);
}

bool tls_is_resumed(const struct tls *t)
{
    return t->resumable && t->resumable->resumed;
}

struct span tls_session(const struct tls *t)
{
    const struct tls_resumable *r = t->resumable;

    if (!r || t->state == TLS_HANDSHAKE)
        return span_of(NULL, 0);
    return span_of(r->session, r->session_n);
}

void tls_session_taken(struct tls *t)
{
    if (t->resumable)
        forget_session(t->resumable);
}

struct span tls_session_id(const struct tls *t)
{
    const struct tls_resumable *r = t->resumable;

    return r ? span_of(r->id, r->id_n) : span_of(NULL, 0);
}

/* ---- what goes by ---- */

static size_t skip(struct span s, size_t at, size_t width)
{
    size_t n = 0;

    if (s.n - at < width)
        return s.n;
    for (size_t i = 0; i < width; i++)
        n = n << 8 | s.p[at + i];
    at += width;
    return s.n - at < n ? s.n : at + n;
}

/* RFC 5077 3.2: octets of a peer, who may have sent anything. */
static void read_hello(struct tls_resumable *r, struct span hello, bool datagrams)
{
    size_t at = (datagrams ? DTLS1_HM_HEADER_LENGTH : SSL3_HM_HEADER_LENGTH) + 2 + 32, n;

    r->tickets = false;
    r->ticket_n = 0;
    if (hello.n < at)
        return;
    at = skip(hello, at, 1);                  /* session id */
    at = datagrams ? skip(hello, at, 1) : at; /* cookie */
    at = skip(hello, at, 2);                  /* suites */
    at = skip(hello, at, 1);                  /* compression */
    if (hello.n - at < 2)
        return;
    for (at += 2; hello.n - at >= 4; at += 4 + n) {
        n = (size_t)hello.p[at + 2] << 8 | hello.p[at + 3];
        if (hello.n - at - 4 < n)
            return;
        if (hello.p[at] == 0 && hello.p[at + 1] == TICKET_EXTENSION) {
            r->tickets = true;
            r->ticket_n = n;
        }
    }
}

/* Lifetime hint of four octets, two of length (RFC 5077 3.3). 0: an empty ticket, or none. */
static size_t ticket_length(struct span message, bool datagrams)
{
    size_t at = (datagrams ? DTLS1_HM_HEADER_LENGTH : SSL3_HM_HEADER_LENGTH) + 4;

    return message.n < at + 2 ? 0 : (size_t)message.p[at] << 8 | message.p[at + 1];
}

void tls_resume_message(struct tls *t, bool write, struct span message)
{
    struct tls_resumable *r = t->resumable;
    bool datagrams = t->context->datagrams;

    if (!r)
        return;
    if (message.p[0] == SSL3_MT_CLIENT_HELLO && !write)
        read_hello(r, message, datagrams);
    r->ticket_came |= message.p[0] == SSL3_MT_NEWSESSION_TICKET && !write;
}

void tls_resume_meter(struct tls *t, bool write, struct span message)
{
    size_t n;

    if (!t->resumable || message.p[0] != SSL3_MT_NEWSESSION_TICKET)
        return;
    n = ticket_length(message, t->context->datagrams);
    if (!write && n > 0)
        tls_meter_ticket(t, TICKET_READ, n);
    else if (write && n >= TICKET_FRAME)
        tls_meter_ticket(t, TICKET_SEALED, n - TICKET_FRAME);
}

/* RFC 5077 3.4: with a ticket to come the session has no id. */
bool tls_draws_session_id(const struct tls *t)
{
    return !SSL_session_reused(t->ssl) &&
           !(t->context->resume == TLS_RESUME_TICKET && t->resumable->tickets);
}
