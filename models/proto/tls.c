#include "models/proto/tls_impl.h"

#include "crypto/hash.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Beyond this tls_write refuses; what a handshake or an alert adds still has room. */
#define MAX_WRITE    (256u * 1024)
#define MAX_OUT      (MAX_WRITE + 64u * 1024)
#define MAX_RECEIVED (256u * 1024)
#define MAX_PLAIN    16384 /* RFC 5246 6.2.1 */

static const char *const state_names[] = {
    [TLS_HANDSHAKE] = "HANDSHAKE", [TLS_OPEN] = "OPEN",     [TLS_CLOSING] = "CLOSING",
    [TLS_CLOSED] = "CLOSED",       [TLS_FAILED] = "FAILED",
};

struct tls *tls_of(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

static struct tls *of_proto(struct proto *p)
{
    return (struct tls *)p;
}

static void set_state(struct tls *t, enum tls_state state, const char *why)
{
    trace_state(t->proto.env->trace, "tls", state_names[t->state], state_names[state], why);
    t->state = state;
}

/* OpenSSL's part of an endpoint goes as soon as it is of no more use. */
static void drop_ssl(struct tls *t)
{
    SSL_free(t->ssl);
    t->ssl = NULL;
    t->in = span_of(NULL, 0);
}

void tls_fail(struct tls *t, enum reason reason)
{
    drop_ssl(t);
    set_state(t, TLS_FAILED, reason_text(reason));
    proto_fail(&t->proto, reason);
}

static void fail_by_openssl(struct tls *t)
{
    unsigned long error = ERR_peek_error();
    enum reason reason = tls_failure(t, error ? ERR_GET_REASON(error) : 0);

    ERR_clear_error();
    tls_fail(t, reason);
}

/* An NSS key log line, when somebody keeps secrets. */
static void tell_secret(struct tls *t)
{
    static const char label[] = "CLIENT_RANDOM ";
    struct trace *trace = t->proto.env->trace;
    uint8_t random[32], master[48];
    char line[sizeof(label) + 2 * sizeof(random) + 1 + 2 * sizeof(master)];
    size_t at = sizeof(label) - 1;

    if (!trace || !trace->secret)
        return;
    if (SSL_get_client_random(t->ssl, random, sizeof(random)) != sizeof(random) ||
        SSL_SESSION_get_master_key(SSL_get_session(t->ssl), master, sizeof(master)) !=
            sizeof(master))
        return;
    memcpy(line, label, at);
    hex_encode(random, sizeof(random), line + at);
    at += 2 * sizeof(random);
    line[at++] = ' ';
    hex_encode(master, sizeof(master), line + at);
    trace->secret(trace->secret_arg, line);
    OPENSSL_cleanse(master, sizeof(master));
    OPENSSL_cleanse(line, sizeof(line));
}

/* One that is too long is nobody's. */
void tls_know_peer(struct tls *t, struct span name)
{
    free(t->peer_name);
    t->peer_name = NULL;
    if (name.n == 0 || name.n >= TLS_MAX_NAME)
        return;
    t->peer_name = xcalloc(1, name.n + 1);
    memcpy(t->peer_name, name.p, name.n);
}

static void opened(struct tls *t)
{
    const X509 *certificate = SSL_get0_peer_certificate(t->ssl);
    char name[TLS_MAX_NAME];

    t->suite = tls_suite_of(t->ssl);
    if (certificate) {
        tls_common_name(certificate, name, sizeof(name));
        tls_know_peer(t, span_str(name));
    }
    tell_secret(t);
    tls_keep_session(t);
    set_state(t, TLS_OPEN, tls_is_resumed(t) ? "Finished, resumed" : "Finished");
}

static void handshake(struct tls *t)
{
    int ok = SSL_do_handshake(t->ssl);

    if (ok == 1)
        opened(t);
    else if (SSL_get_error(t->ssl, ok) != SSL_ERROR_WANT_READ)
        fail_by_openssl(t);
}

/* SSL_MODE_RELEASE_BUFFERS does nothing for DTLS, whose writes want their buffers there: they are
 * given before each call into OpenSSL, and taken behind it, where nothing is left in them. */
void tls_wake(struct tls *t)
{
    if (t->context->datagrams)
        SSL_alloc_buffers(t->ssl);
}

void tls_rest(struct tls *t)
{
    if (t->context->datagrams && t->ssl)
        SSL_free_buffers(t->ssl);
}

static void close_out(struct tls *t, const char *why)
{
    tls_wake(t);
    SSL_shutdown(t->ssl);
    ERR_clear_error();
    drop_ssl(t);
    set_state(t, TLS_CLOSING, why);
}

/* Takes what is to be read; the peer's close_notify is answered at once (RFC 5246 7.2.1). */
static void receive(struct tls *t)
{
    uint8_t plain[MAX_PLAIN];

    while (t->state == TLS_OPEN) {
        int n = SSL_read(t->ssl, plain, sizeof(plain));
        int error = n > 0 ? SSL_ERROR_NONE : SSL_get_error(t->ssl, n);

        if (n > 0 && !t->take_plain(&t->plain, plain, (size_t)n))
            tls_fail(t, REASON_TLS_PROTOCOL);
        else if (error == SSL_ERROR_WANT_READ)
            break;
        else if (error == SSL_ERROR_ZERO_RETURN) {
            t->peer_closed = true;
            close_out(t, "close_notify received");
        } else if (error != SSL_ERROR_NONE)
            fail_by_openssl(t);
    }
}

void tls_advance(struct tls *t)
{
    ERR_clear_error();
    tls_wake(t);
    if (t->state == TLS_HANDSHAKE)
        handshake(t);
    if (t->state == TLS_OPEN)
        receive(t);
    tls_rest(t);
}

bool tls_make_ssl(struct tls *t)
{
    BIO *bio = BIO_new(t->context->bio);

    t->ssl = SSL_new(t->context->ssl);
    if (!bio || !t->ssl) {
        BIO_free(bio);
        return false;
    }
    BIO_set_data(bio, t);
    SSL_set_bio(t->ssl, bio, bio);
    SSL_set_app_data(t->ssl, t);
    if (t->credential && (SSL_use_certificate(t->ssl, credential_certificate(t->credential)) != 1 ||
                          SSL_use_PrivateKey(t->ssl, credential_key(t->credential)) != 1))
        return false;
    if (t->context->server && t->psk_hint && SSL_use_psk_identity_hint(t->ssl, t->psk_hint) != 1)
        return false;
    if (t->context->server)
        SSL_set_accept_state(t->ssl);
    else
        SSL_set_connect_state(t->ssl);
    tls_offer_session(t);
    return true;
}

static void start(struct proto *p, sim_ns now)
{
    struct tls *t = of_proto(p);

    (void)now;
    if (p->status != PROTO_RUNNING || t->ssl)
        return;
    ERR_clear_error();
    if (!tls_make_ssl(t)) {
        ERR_clear_error();
        tls_fail(t, REASON_CRYPTO);
    } else if (!t->context->server) {
        tls_advance(t);
    }
}

static void input(struct proto *p, sim_ns now, struct span in)
{
    struct tls *t = of_proto(p);

    (void)now;
    if (!t->ssl)
        return;
    if (in.n == 0) {
        tls_fail(t, REASON_CLOSED_EARLY);
        return;
    }
    t->in = in;
    tls_advance(t);
    t->in = span_of(NULL, 0);
}

void tls_said_all(struct tls *t)
{
    if (t->state == TLS_CLOSING) {
        set_state(t, TLS_CLOSED, "close_notify sent");
        proto_done(&t->proto);
    }
}

static bool output(struct proto *p, sim_ns now, struct buf *out)
{
    struct tls *t = of_proto(p);
    bool some = buf_len(&t->out) > 0;

    (void)now;
    if (some) {
        bool had_room = buf_put_span(out, buf_span(&t->out));

        assert(had_room); /* the host's part of the contract */
        /* An open session's buffer is for what comes next; most of the time nothing does. */
        buf_clear(&t->out);
    }
    tls_said_all(t);
    return some;
}

static void expire(struct proto *p, sim_ns now)
{
    (void)p, (void)now; /* never asked for */
}

void tls_release(struct tls *t)
{
    drop_ssl(t);
    tls_resume_release(t);
    credential_free(t->credential);
    free(t->expect_name);
    free(t->psk_identity);
    free(t->psk_hint);
    free(t->peer_name);
    buf_wipe(&t->plain);
    buf_clear(&t->out);
}

static void release(struct proto *p)
{
    tls_release(of_proto(p));
    free(p);
}

static const struct proto_ops ops = {
    .name = "tls",
    .start = start,
    .input = input,
    .output = output,
    .expire = expire,
    .free = release,
};

void tls_init(struct tls *t, const struct proto_ops *core_ops, const struct tls_context *context,
              struct proto_env *env, const struct tls_peer_settings *settings)
{
    proto_init(&t->proto, core_ops, env);
    t->context = context;
    t->credential = settings->credential;
    t->expect_name = settings->expect_name ? xstrdup(settings->expect_name) : NULL;
    t->psk_identity = settings->psk_identity ? xstrdup(settings->psk_identity) : NULL;
    t->psk_hint = settings->psk_hint ? xstrdup(settings->psk_hint) : NULL;
    t->psk_slot = settings->psk_slot;
    t->psk_find = settings->psk_find;
    t->psk_arg = settings->psk_arg;
    t->state = TLS_HANDSHAKE;
    t->alert = -1;
    t->suite = TLS_SUITE_COUNT;
    buf_init(&t->out, MAX_OUT);
    buf_init(&t->plain, MAX_RECEIVED);
    t->take_plain = buf_put;
    tls_resume_init(t, settings);
}

struct tls *tls_new(const struct tls_context *context, struct proto_env *env,
                    const struct tls_peer_settings *settings)
{
    struct tls *t = xcalloc(1, sizeof(*t));

    tls_init(t, &ops, context, env, settings);
    return t;
}

struct proto *tls_proto(struct tls *t)
{
    return &t->proto;
}

bool tls_is_open(const struct tls *t)
{
    return t->state == TLS_OPEN;
}

bool tls_write(struct tls *t, sim_ns now, struct span plain)
{
    (void)now;
    if (t->state != TLS_OPEN || plain.n > MAX_WRITE || buf_len(&t->out) + plain.n > MAX_WRITE)
        return false;
    return plain.n == 0 || tls_encrypt(t, plain);
}

bool tls_encrypt(struct tls *t, struct span plain)
{
    bool written;

    ERR_clear_error();
    tls_wake(t);
    written = SSL_write(t->ssl, plain.p, (int)plain.n) == (int)plain.n;
    if (written)
        tls_rest(t);
    else
        fail_by_openssl(t);
    return written;
}

struct span tls_received(const struct tls *t)
{
    return buf_span(&t->plain);
}

void tls_consume(struct tls *t, size_t n)
{
    buf_consume(&t->plain, n);
    if (buf_len(&t->plain) == 0)
        buf_wipe(&t->plain);
}

bool tls_peer_closed(const struct tls *t)
{
    return t->peer_closed;
}

void tls_close(struct tls *t, sim_ns now)
{
    (void)now;
    if (t->state == TLS_OPEN) {
        ERR_clear_error();
        close_out(t, "closed");
    } else if (t->state == TLS_HANDSHAKE) {
        /* Nothing is agreed that could be closed: the stream's end says it. */
        drop_ssl(t);
        set_state(t, TLS_CLOSED, "closed");
        proto_done(&t->proto);
    }
}

bool tls_export(struct tls *t, const char *label, uint8_t *out, size_t n)
{
    if (t->state != TLS_OPEN)
        return false;
    ERR_clear_error();
    if (SSL_export_keying_material(t->ssl, out, n, label, strlen(label), NULL, 0, 0) != 1) {
        ERR_clear_error();
        return false;
    }
    tls_meter_export(t, n);
    return true;
}

bool tls_randoms(const struct tls *t, uint8_t client[32], uint8_t server[32])
{
    return t->state == TLS_OPEN && SSL_get_client_random(t->ssl, client, 32) == 32 &&
           SSL_get_server_random(t->ssl, server, 32) == 32;
}

const char *tls_peer_name(const struct tls *t)
{
    return t->peer_name ? t->peer_name : "";
}

enum tls_suite tls_chosen_suite(const struct tls *t)
{
    return t->suite;
}

int tls_alert(const struct tls *t)
{
    return t->alert;
}
