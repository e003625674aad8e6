/* EAP-IBAKE, either half: octet 0 says which (even: the server, odd: the peer); then packets of the
 * other side, each two octets of length and what follows a packet's octet 11 (exchange, fields).
 *
 * Real encryption would let nothing through to the parsers behind it, at a hundredth of the speed.
 * So this file stands in for crypto/ibe.c and crypto/ecdh.c: an envelope is zeros, the text in the
 * clear, zeros; what is opened is what is given; a point is a number, on the curve when it is odd.
 * All else is real: fields, identities, periods, what must come back, transcript and AUTH.
 * fuzz_ibe.c has the real envelope, OpenSSL the real points. */
#include "tests/fuzz/fuzz.h"

#include "crypto/entity.h"
#include "models/proto/eap_ibake_impl.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define EPOCH_NS (INT64_C(1577836800) * SIM_S)
#define PERIOD   "2020-01"
#define HEADER   12

/* ---- in the place of crypto/ibe.c ---- */

struct ibe_user {
    const char *name;
};
static const struct ibe_user server_user = {"mas.m2m.example"}, peer_user = {"device-1"};

const char *ibe_user_name(const struct ibe_user *u)
{
    return u->name;
}

const char *ibe_user_period(const struct ibe_user *u)
{
    (void)u;
    return PERIOD;
}

struct ibe_public {
    enum ibe_scheme scheme;
};

const struct ibe_public *ibe_user_public(const struct ibe_user *u, enum ibe_scheme scheme)
{
    static const struct ibe_public publics[] = {{IBE_SAKKE}, {IBE_BF}};

    (void)u;
    return &publics[scheme - 1];
}

bool ibe_is_name(const char *name, const char *period)
{
    size_t n = strlen(name);

    if (strlen(period) != IBE_PERIOD_LEN)
        return false;
    for (int i = 0; i < IBE_PERIOD_LEN; i++)
        if (i == 4 ? period[i] != '-' : period[i] < '0' || period[i] > '9')
            return false;
    return n > 0 && n <= IBE_NAME_MAX;
}

size_t ibe_capsule_len(enum ibe_scheme scheme)
{
    return scheme == IBE_SAKKE ? 273 : IBE_CAPSULE_MAX;
}

enum err ibe_seal(const struct ibe_public *p, struct meter *m, struct rng *stream, const char *name,
                  const char *period, struct span header, struct span plain, struct buf *out)
{
    static const uint8_t zeros[IBE_CAPSULE_MAX];

    (void)m, (void)stream, (void)header;
    if (!ibe_is_name(name, period))
        abort();
    if (!buf_put(out, zeros, ibe_capsule_len(p->scheme)) || !buf_put_span(out, plain) ||
        !buf_put(out, zeros, IBE_TAG_LEN))
        return ERR_RANGE;
    return OK;
}

enum err ibe_open(const struct ibe_user *u, enum ibe_scheme scheme, struct meter *m,
                  struct span header, struct span sealed, struct buf *plain)
{
    size_t around = ibe_capsule_len(scheme) + IBE_TAG_LEN;

    (void)u, (void)m, (void)header;
    if (sealed.n < around)
        return ERR_INTEGRITY;
    sealed = span_of(sealed.p + around - IBE_TAG_LEN, sealed.n - around);
    return buf_put_span(plain, sealed) ? OK : ERR_RANGE;
}

/* ---- in the place of crypto/ecdh.c ---- */

struct ecdh {
    uint64_t secret;
};

static void put_number(uint64_t v, uint8_t *out, size_t n)
{
    memset(out, 0, n);
    memcpy(out + n - sizeof(v), &v, sizeof(v));
}

static uint64_t get_number(const uint8_t *in, size_t n)
{
    uint64_t v;

    memcpy(&v, in + n - sizeof(v), sizeof(v));
    return v;
}

enum err ecdh_new(struct meter *m, struct ecdh **out)
{
    (void)m;
    *out = xcalloc(1, sizeof(**out));
    (*out)->secret = 0x9e3779b97f4a7c15u; /* odd */
    return OK;
}

void ecdh_free(struct ecdh *e)
{
    free(e);
}

void ecdh_point(const struct ecdh *e, uint8_t point[ECDH_POINT])
{
    put_number(e->secret * 3, point, ECDH_POINT);
    point[0] = 4;
}

enum err ecdh_derive(const struct ecdh *e, struct meter *m, const uint8_t peer[ECDH_POINT],
                     uint8_t secret[ECDH_SECRET])
{
    uint64_t point = get_number(peer, ECDH_POINT);

    (void)m;
    if (peer[0] != 4 || point % 2 == 0)
        return ERR_FORMAT;
    put_number(e->secret * point, secret, ECDH_SECRET);
    return OK;
}

/* ---- the target ---- */

struct target {
    struct rng stream;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    struct eap_peer_settings peer_settings;
    struct eap_server_settings server_settings;
    struct eap_peer_context peer;
    struct eap_server_context server;
    char identity[EAP_IDENTITY_MAX + 1];
    struct eap_half *half;
    bool is_server;
    uint8_t id;
};

static void target_init(struct target *t, bool is_server)
{
    memset(t, 0, sizeof(*t));
    t->is_server = is_server;
    t->stream = rng_stream(1, is_server ? "server" : "peer", "fuzz");
    t->env = (struct proto_env){&t->stream, NULL, &t->meter, &t->trace, EPOCH_NS};
    memcpy(t->identity, "device-1", sizeof("device-1"));
    t->peer_settings.mtu = t->server_settings.mtu = EAP_MTU;
    t->peer_settings.credentials.ibe = &peer_user;
    t->peer_settings.credentials.expect_name = "mas.m2m.example";
    t->server_settings.ibe = &server_user;
    t->peer = (struct eap_peer_context){&t->peer_settings, t->identity};
    t->server = (struct eap_server_context){
        .settings = &t->server_settings, .identity = t->identity, .permanent = t->identity};
    entity_enter(&t->stream, EPOCH_NS);
    t->half = is_server ? eap_method_ibake.server->server(&t->env, &t->server)
                        : eap_method_ibake.peer->peer(&t->env, &t->peer);
    entity_leave();
}

static void check(const struct eap_half *h)
{
    if ((h->state == EAP_HALF_FAILED) != (h->reason != REASON_NONE))
        abort();
    if ((h->state == EAP_HALF_DONE) != h->keys.present)
        abort();
}

/* What it has to say goes to out, which is emptied first; false: nothing. */
static bool speak(struct target *t, struct buf *out)
{
    struct eap_packet p;
    bool said;

    buf_clear(out);
    entity_enter(&t->stream, EPOCH_NS);
    said = t->half->ops->build(t->half, 0, t->id, out);
    entity_leave();
    if (said && (eap_parse(buf_span(out), &p) || p.whole.n != buf_len(out) || p.whole.n > EAP_MTU ||
                 !eap_method_is(&eap_method_ibake, &p)))
        abort();
    check(t->half);
    return said;
}

static void hear(struct target *t, struct span body)
{
    struct eap_packet p;
    struct buf packet;
    size_t begin;

    buf_init(&packet, EAP_PACKET_MAX);
    begin = eap_begin(&packet, t->is_server ? EAP_RESPONSE : EAP_REQUEST, t->id, EAP_EXPANDED,
                      EAP_VENDOR_M2MSIM, EAP_IBAKE_TYPE);
    if (!buf_put_span(&packet, body) || !eap_end(&packet, begin) ||
        eap_parse(buf_span(&packet), &p))
        abort();
    entity_enter(&t->stream, EPOCH_NS);
    t->half->ops->process(t->half, 0, &p);
    entity_leave();
    check(t->half);
    buf_clear(&packet);
}

static bool is_over(const struct target *t)
{
    return t->half->state == EAP_HALF_DONE || t->half->state == EAP_HALF_FAILED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static bool ready;
    struct target t;
    struct buf out;
    size_t at = 1;

    if (n < 1)
        return 0;
    if (!ready && crypto_init())
        abort();
    ready = true;
    target_init(&t, data[0] % 2 == 0);
    buf_init(&out, EAP_PACKET_MAX);
    if (t.is_server)
        speak(&t, &out);
    while (n - at >= 2 && !is_over(&t)) {
        size_t length = (size_t)data[at] << 8 | data[at + 1];

        at += 2;
        length = length < n - at ? length : n - at;
        hear(&t, span_of(data + at, length));
        at += length;
        if (t.half->state != EAP_HALF_DONE || !t.is_server)
            speak(&t, &out);
        t.id++;
    }
    buf_clear(&out);
    t.half->ops->free(t.half);
    return 0;
}
