/* What DTLS has beside TLS: datagrams, a timer, cookies. The machine is tls.c's. */
#include "models/proto/dtls.h"

#include "crypto/hash.h"
#include "models/proto/tls_impl.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DATAGRAM 65535
#define MAX_PLAIN    16384 /* RFC 6347 4.1.1.1 */
#define MAX_QUEUE    (256u * 1024)

struct dtls {
    struct tls tls; /* first: its callbacks know it alone */
    struct dtls_settings settings;
    struct buf peer;
    sim_ns deadline;
    unsigned repetitions;
};

static struct dtls *of_proto(struct proto *p)
{
    return (struct dtls *)p;
}

/* ---- a queue of datagrams in a buffer: before each two octets of length, and whether it was said
 * before ---- */

#define HEAD 3

static bool queue(struct buf *b, const void *octets, size_t n, bool again)
{
    const uint8_t head[HEAD] = {(uint8_t)(n >> 8), (uint8_t)n, again};

    return n <= MAX_DATAGRAM && buf_len(b) + HEAD + n <= MAX_QUEUE && buf_put(b, head, HEAD) &&
           (n == 0 || buf_put(b, octets, n));
}

static struct span first(const struct buf *b)
{
    struct span all = buf_span(b);

    return all.n < HEAD ? span_of(NULL, 0)
                        : span_of(all.p + HEAD, (size_t)all.p[0] << 8 | all.p[1]);
}

static void drop_first(struct buf *b)
{
    if (buf_len(b) >= HEAD)
        buf_consume(b, HEAD + first(b).n);
}

/* What nobody has taken for long gives way to nothing: a datagram more is lost, as in a socket. */
static bool take_plain(struct buf *b, const void *octets, size_t n)
{
    (void)queue(b, octets, n, false);
    return true;
}

/* ---- the way between OpenSSL and datagrams: each write is one, each read takes one ---- */

static int bio_write(BIO *bio, const char *p, int n)
{
    struct tls *t = BIO_get_data(bio);

    return n > 0 && queue(&t->out, p, (size_t)n, t->said_again) ? n : -1;
}

/* What does not fit is lost, as in a socket. */
static int bio_read(BIO *bio, char *p, int n)
{
    struct tls *t = BIO_get_data(bio);
    int taken = tls_bio_read(bio, p, n);

    if (taken > 0)
        t->in = span_of(NULL, 0);
    return taken;
}

BIO_METHOD *dtls_bio_method(void)
{
    return tls_bio_method("m2m datagrams", bio_write, bio_read);
}

/* ---- cookies: RFC 6347 4.2.1, over who sends; made anew to be compared ---- */

static void make_cookie(struct dtls *d, uint8_t cookie[DTLS_COOKIE])
{
    uint8_t mac[32];

    hash_hmac_sha256(d->tls.proto.env->meter,
                     span_of(d->tls.context->cookie_secret, DTLS_COOKIE_SECRET), buf_span(&d->peer),
                     mac);
    memcpy(cookie, mac, DTLS_COOKIE);
}

int dtls_cookie_generate(SSL *ssl, unsigned char *cookie, unsigned *n)
{
    make_cookie((struct dtls *)tls_of(ssl), cookie);
    *n = DTLS_COOKIE;
    return 1;
}

int dtls_cookie_verify(SSL *ssl, const unsigned char *cookie, unsigned n)
{
    uint8_t right[DTLS_COOKIE];

    make_cookie((struct dtls *)tls_of(ssl), right);
    return n == DTLS_COOKIE && hash_equal(cookie, right, DTLS_COOKIE);
}

/* ---- time ---- */

/* OpenSSL's timer, whose clock is the entity's: microseconds, rounded down. 0: it starts one. */
static unsigned next_timeout(SSL *ssl, unsigned us)
{
    const struct dtls *d = (const struct dtls *)tls_of(ssl);
    unsigned longest = (unsigned)(d->settings.timeout_max / 1000);

    if (us == 0)
        return (unsigned)(d->settings.timeout / 1000);
    return us > longest / 2 ? longest : 2 * us;
}

static void schedule(struct dtls *d, sim_ns now)
{
    struct tls *t = &d->tls;
    struct timeval left;

    t->proto.expiry = SIM_NEVER;
    if (t->state != TLS_HANDSHAKE || !t->ssl)
        return;
    t->proto.expiry = d->deadline;
    if (DTLSv1_get_timeout(t->ssl, &left))
        t->proto.expiry = sim_ns_min(t->proto.expiry,
                                     sim_ns_add(now, left.tv_sec * SIM_S + left.tv_usec * SIM_US));
}

/* A record of the new keys came, and no Finished that could be read: with these suites a wrong key
 * shows as records that are dropped (RFC 6347 4.1.2.7). */
static void give_up(struct dtls *d)
{
    tls_fail(&d->tls, d->tls.sealed_in > 0 ? REASON_PSK_WRONG : REASON_DTLS_TIMEOUT);
}

void dtls_give_up(struct dtls *d)
{
    if (d->tls.state != TLS_HANDSHAKE)
        return;
    give_up(d);
    d->tls.proto.expiry = SIM_NEVER;
}

static void expire(struct proto *p, sim_ns now)
{
    struct dtls *d = of_proto(p);
    long done;

    if (d->tls.state != TLS_HANDSHAKE || !d->tls.ssl)
        return;
    ERR_clear_error();
    if (now >= d->deadline) {
        give_up(d);
    } else {
        tls_wake(&d->tls);
        done = DTLSv1_handle_timeout(d->tls.ssl);
        tls_rest(&d->tls);
        d->repetitions += done > 0;
        if (done < 0)
            give_up(d);
    }
    ERR_clear_error();
    schedule(d, now);
}

/* ---- the core ---- */

static void start(struct proto *p, sim_ns now)
{
    struct dtls *d = of_proto(p);
    struct tls *t = &d->tls;

    if (p->status != PROTO_RUNNING || t->ssl)
        return;
    ERR_clear_error();
    d->deadline = sim_ns_add(now, d->settings.limit);
    if (!tls_make_ssl(t)) {
        ERR_clear_error();
        tls_fail(t, REASON_CRYPTO);
        return;
    }
    SSL_set_options(t->ssl, SSL_OP_NO_QUERY_MTU);
    if (d->settings.cookie && t->context->server)
        SSL_set_options(t->ssl, SSL_OP_COOKIE_EXCHANGE);
    DTLS_set_link_mtu(t->ssl, (long)d->settings.mtu);
    DTLS_set_timer_cb(t->ssl, next_timeout);
    if (!t->context->server)
        tls_advance(t);
    schedule(d, now);
}

static void input(struct proto *p, sim_ns now, struct span in)
{
    struct dtls *d = of_proto(p);

    if (!d->tls.ssl || in.n == 0)
        return;
    d->tls.in = in;
    tls_advance(&d->tls);
    d->tls.in = span_of(NULL, 0);
    schedule(d, now);
}

static bool output(struct proto *p, sim_ns now, struct buf *out)
{
    struct dtls *d = of_proto(p);
    struct tls *t = &d->tls;
    bool some = buf_len(&t->out) > 0;

    (void)now;
    if (some) {
        if (p->env->trace)
            p->env->trace->repeated |= buf_span(&t->out).p[HEAD - 1] != 0;
        some = buf_put_span(out, first(&t->out));
        drop_first(&t->out);
    }
    if (buf_len(&t->out) > 0)
        return some;
    buf_clear(&t->out);
    tls_said_all(t);
    return some;
}

static void release(struct proto *p)
{
    struct dtls *d = of_proto(p);

    buf_clear(&d->peer);
    tls_release(&d->tls);
    free(d);
}

static const struct proto_ops ops = {
    .name = "dtls",
    .start = start,
    .input = input,
    .output = output,
    .expire = expire,
    .free = release,
};

struct dtls *dtls_new(const struct tls_context *context, struct proto_env *env,
                      const struct tls_peer_settings *peer, const struct dtls_settings *settings)
{
    struct dtls *d = xcalloc(1, sizeof(*d));
    struct dtls_settings *s = &d->settings;

    tls_init(&d->tls, &ops, context, env, peer);
    d->tls.take_plain = take_plain;
    *s = *settings;
    s->timeout = s->timeout ? s->timeout : SIM_S;
    s->timeout_max = s->timeout_max ? s->timeout_max : 60 * SIM_S;
    s->limit = s->limit ? s->limit : 120 * SIM_S;
    s->mtu = s->mtu ? s->mtu : 1232;
    s->mtu = s->mtu < DTLS_MTU_MIN ? DTLS_MTU_MIN : s->mtu;
    buf_init(&d->peer, s->peer.n > 0 ? s->peer.n : 1);
    if (s->peer.n > 0)
        buf_put_span(&d->peer, s->peer);
    s->peer = span_of(NULL, 0);
    return d;
}

struct proto *dtls_proto(struct dtls *d)
{
    return &d->tls.proto;
}

struct tls *dtls_tls(struct dtls *d)
{
    return &d->tls;
}

bool dtls_write(struct dtls *d, sim_ns now, struct span plain)
{
    struct tls *t = &d->tls;
    bool ok;

    if (t->state != TLS_OPEN || plain.n > MAX_PLAIN || plain.n == 0 ||
        buf_len(&t->out) + plain.n + 64 > MAX_QUEUE)
        return false;
    ok = tls_encrypt(t, plain);
    schedule(d, now);
    return ok;
}

struct span dtls_received(const struct dtls *d)
{
    return first(&d->tls.plain);
}

void dtls_taken(struct dtls *d)
{
    drop_first(&d->tls.plain);
    if (buf_len(&d->tls.plain) == 0)
        buf_wipe(&d->tls.plain);
}

void dtls_close(struct dtls *d, sim_ns now)
{
    tls_close(&d->tls, now);
    schedule(d, now);
}

/* RFC 6347 4.1, 4.2.2: type, version, epoch; the message's type behind the record's header. */
bool dtls_begins(struct span datagram)
{
    const uint8_t *p = datagram.p;

    return datagram.n >= DTLS1_RT_HEADER_LENGTH + DTLS1_HM_HEADER_LENGTH &&
           p[0] == SSL3_RT_HANDSHAKE && p[1] == DTLS1_VERSION_MAJOR && p[3] == 0 && p[4] == 0 &&
           p[DTLS1_RT_HEADER_LENGTH] == SSL3_MT_CLIENT_HELLO;
}

unsigned dtls_repetitions(const struct dtls *d)
{
    return d->repetitions;
}
