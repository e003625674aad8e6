/* A method keyed with a PSK, peer half against server half, in the words of steps.h. Private to its
 * targets, each of which says how a packet of its own making gets a right MAC. */
#ifndef TESTS_FUZZ_EAP_HALVES_H
#define TESTS_FUZZ_EAP_HALVES_H

#include "crypto/entity.h"
#include "models/proto/eap_method.h"
#include "tests/fuzz/steps.h"

#include <stdlib.h>

/* The lowest bits of a step: what arrives. */
enum halves_step {
    STEP_HONEST,  /* what the other side said */
    STEP_CHANGED, /* with changed octets */
    STEP_CUT,     /* cut, and its length field says so */
    STEP_RAW,     /* the octets as the data of a packet of the method */
    STEP_SEALED,  /* the same under a right MAC, if there is a key yet */
    STEP_ANSWER,  /* the node's answer, if it was asked: bit 0 known, bit 1 key, bit 2 verdict */
    STEP_KINDS
};
#define STEP_TO_PEER 0x80 /* else to the server; of an honest one: whose turn it is */

struct halves {
    struct rng stream[2];
    struct se se;
    struct meter meter;
    struct trace trace;
    struct proto_env env[2];
    struct eap_peer_settings peer_settings;
    struct eap_server_settings server_settings;
    struct eap_answer user;
    char peer_identity[EAP_IDENTITY_MAX + 1], identity[EAP_IDENTITY_MAX + 1],
        permanent[EAP_IDENTITY_MAX + 1];
    struct eap_peer_context peer_context;
    struct eap_server_context server_context;
    struct eap_half *peer, *server;
    uint8_t id;
    struct buf said; /* last, by `turn`'s opposite */
    bool to_peer;    /* whose turn it is */
};

/* Appends the whole packet with this data to out; false: there is no key. */
typedef bool (*halves_seal)(struct halves *h, struct eap_half *to, struct span data,
                            struct buf *out);

static inline void halves_check(const struct eap_half *h)
{
    if ((h->state == EAP_HALF_FAILED) != (h->reason != REASON_NONE))
        abort();
    if (h->keys.present != (h->state == EAP_HALF_DONE))
        abort();
}

static inline void halves_init(struct halves *h, const struct eap_method *m, uint8_t options)
{
    static const uint8_t key[32] = "a key of two and thirty octets.";

    memset(h, 0, sizeof(*h));
    for (int i = 0; i < 2; i++) {
        h->stream[i] = rng_stream(1, i ? "server" : "peer", "fuzz");
        h->env[i] = (struct proto_env){&h->stream[i], &h->se, &h->meter, &h->trace, 0};
    }
    se_put(&h->se, SE_KMR, key);
    h->peer_settings.identity = "device-1";
    h->peer_settings.mtu = options & 1 ? 100 : EAP_MTU;
    h->peer_settings.credentials.has_psk = true;
    h->peer_settings.credentials.gpsk_suite = options >> 1 & 3;
    h->server_settings.server_id = "mas";
    h->server_settings.mtu = EAP_MTU;
    h->server_settings.gpsk_suites = options >> 3 & 3;
    h->user.has_psk = !(options & 0x40);
    memcpy(h->user.psk, key, sizeof(key));
    memcpy(h->identity, options & 0x20 ? "anonymo" : "device-1", 8);
    h->peer_context = (struct eap_peer_context){&h->peer_settings, h->peer_identity};
    h->server_context = (struct eap_server_context){.settings = &h->server_settings,
                                                    .identity = h->identity,
                                                    .permanent = h->permanent,
                                                    .user = &h->user};
    h->peer = m->peer->peer(&h->env[0], &h->peer_context);
    h->server = m->server->server(&h->env[1], &h->server_context);
    buf_init(&h->said, EAP_PACKET_MAX);
    h->to_peer = true;
    h->server->ops->build(h->server, 0, h->id, &h->said);
}

static inline void halves_release(struct halves *h)
{
    h->peer->ops->free(h->peer);
    h->server->ops->free(h->server);
    buf_clear(&h->said);
    se_release(&h->se);
}

/* What the machines around a half do with a packet. */
static inline void halves_take(struct halves *h, bool to_peer, struct span octets)
{
    struct eap_half *to = to_peer ? h->peer : h->server;
    struct eap_packet p;
    struct buf out;

    if (to->state != EAP_HALF_CONTINUE || to->query.kind != EAP_QUERY_NONE ||
        eap_parse(octets, &p) || p.type != buf_span(&h->said).p[4])
        return;
    to->discard = false;
    to->ops->process(to, 0, &p);
    halves_check(to);
    if (to->discard || to->query.kind != EAP_QUERY_NONE)
        return;
    buf_init(&out, EAP_PACKET_MAX);
    h->id = (uint8_t)(h->id + !to_peer);
    if (to->ops->build(to, 0, h->id, &out)) {
        if (eap_parse(buf_span(&out), &p) || p.whole.n != buf_len(&out))
            abort();
        if (p.type != EAP_NAK) {
            buf_clear(&h->said);
            buf_put_span(&h->said, buf_span(&out));
            h->to_peer = !to_peer;
        }
    }
    halves_check(to);
    buf_clear(&out);
}

static inline void halves_answer(struct halves *h, uint8_t how)
{
    struct eap_half *s = h->server;
    struct eap_answer a = h->user;

    if (s->query.kind != EAP_QUERY_USER || s->state == EAP_HALF_FAILED)
        return;
    s->query.kind = EAP_QUERY_NONE;
    a.reason = how & 1 ? REASON_NONE : REASON_EAP_IDENTITY;
    a.has_psk = how & 2;
    a.verdict = how & 4 ? REASON_EAP_DENIED : REASON_NONE;
    if (!a.reason)
        h->user = a;
    s->ops->answer(s, 0, &a);
    halves_check(s);
    buf_clear(&h->said);
    if (s->ops->build(s, 0, ++h->id, &h->said))
        h->to_peer = true;
    else
        buf_put(&h->said, "\1\0\0\5", 5);
}

static inline void halves_step(struct halves *h, uint8_t what, struct span octets, halves_seal seal)
{
    uint8_t packet[2048], type = buf_span(&h->said).p[4];
    bool to_peer = what & STEP_TO_PEER;
    size_t n = buf_len(&h->said);
    struct buf made;

    if (n > sizeof(packet))
        abort();
    memcpy(packet, buf_span(&h->said).p, n);
    buf_init(&made, EAP_PACKET_MAX);
    switch ((enum halves_step)((what & 0x7f) % STEP_KINDS)) {
    case STEP_HONEST:
        halves_take(h, h->to_peer, span_of(packet, n));
        break;
    case STEP_CHANGED:
        step_change(octets, packet, n);
        halves_take(h, h->to_peer, span_of(packet, n));
        break;
    case STEP_CUT:
        if (octets.n > 0 && octets.p[0] < n)
            n = octets.p[0];
        packet[2] = (uint8_t)(n >> 8);
        packet[3] = (uint8_t)n;
        halves_take(h, h->to_peer, span_of(packet, n));
        break;
    case STEP_RAW:
        if (eap_put(&made, to_peer ? EAP_REQUEST : EAP_RESPONSE, h->id, type, 0, 0, octets))
            halves_take(h, to_peer, buf_span(&made));
        break;
    case STEP_SEALED:
        if (seal(h, to_peer ? h->peer : h->server, octets, &made))
            halves_take(h, to_peer, buf_span(&made));
        break;
    case STEP_ANSWER:
        halves_answer(h, octets.n > 0 ? octets.p[0] : 0);
        break;
    case STEP_KINDS:
        break;
    }
    buf_clear(&made);
}

static inline int halves_run(const struct eap_method *m, const uint8_t *data, size_t n,
                             halves_seal seal)
{
    static bool ready;
    struct span in, octets;
    struct halves h;
    uint8_t what;

    if (n < 1)
        return 0;
    if (!ready && crypto_init())
        abort();
    ready = true;
    halves_init(&h, m, data[0]);
    in = span_of(data + 1, n - 1);
    for (int i = 0; i < STEPS_MAX && buf_len(&h.said) > 4 && step_next(&in, &what, &octets); i++)
        halves_step(&h, what, octets, seal);
    if (h.peer->state == EAP_HALF_DONE && h.server->state == EAP_HALF_DONE &&
        (memcmp(h.peer->keys.msk, h.server->keys.msk, EAP_KEY_LEN) != 0 ||
         memcmp(h.peer->keys.emsk, h.server->keys.emsk, EAP_KEY_LEN) != 0))
        abort();
    halves_release(&h);
    return 0;
}

#endif
