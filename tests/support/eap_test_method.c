#include "crypto/hash.h"
#include "sim/base/xalloc.h"
#include "tests/support/eap_rig.h"

#include <stdlib.h>

struct eap_test_script eap_test_script;

/* One side of it. Request: round, 16 drawn octets; response: round, 16 octets of HMAC. */
struct half {
    struct eap_half half;
    const struct eap_method *method;
    unsigned round; /* rounds begun */
    uint8_t nonce[16], proof[16];
    uint8_t heard[32]; /* digest chain over the nonces */
    bool discarded, last_word_said;
};

static unsigned rounds(void)
{
    return eap_test_script.rounds ? eap_test_script.rounds : 1;
}

static struct half *of(struct eap_half *h)
{
    return (struct half *)h;
}

static void hear(struct half *t)
{
    hash_hmac_sha256(t->half.env->meter, span_of(t->heard, 32), span_of(t->nonce, 16), t->heard);
}

static void prove(const struct half *t, bool wrong, uint8_t out[16])
{
    uint8_t mac[32];

    hash_hmac_sha256(t->half.env->meter, span_str(wrong ? "other secret" : "test secret"),
                     span_of(t->nonce, 16), mac);
    memcpy(out, mac, 16);
}

static void make_keys(struct half *t)
{
    struct eap_keys *k = &t->half.keys;

    for (size_t i = 0; i < EAP_KEY_LEN; i++) {
        k->msk[i] = t->heard[i % 32];
        k->emsk[i] = (uint8_t)~t->heard[i % 32];
    }
    k->session_id[0] = t->method->type;
    memcpy(k->session_id + 1, t->heard, 16);
    k->session_id_n = 17;
    k->present = true;
}

static bool put(const struct half *t, enum eap_code code, uint8_t id, const uint8_t octets[16],
                struct buf *out)
{
    uint8_t data[17];

    data[0] = (uint8_t)t->round;
    memcpy(data + 1, octets, 16);
    return eap_put(out, code, id, t->method->type, t->method->vendor, t->method->vendor_type,
                   span_of(data, sizeof(data)));
}

static bool discards(struct half *t, unsigned at)
{
    if (t->discarded || at == 0 || t->round + 1 != at)
        return false;
    t->discarded = t->half.discard = true;
    return true;
}

static void peer_process(struct eap_half *h, sim_ns now, const struct eap_packet *in)
{
    const struct eap_test_script *s = &eap_test_script;
    struct half *t = of(h);

    (void)now;
    if (discards(t, s->peer_discards_at))
        return;
    if (s->peer_unwilling && t->method == &eap_test_method) {
        h->unwilling = true;
        eap_half_fail(h, REASON_NO_COMMON_SUITE);
        return;
    }
    if (in->data.n != 17 || in->data.p[0] != t->round + 1) {
        eap_half_fail(h, REASON_EAP_MALFORMED);
        return;
    }
    t->round++;
    memcpy(t->nonce, in->data.p + 1, 16);
    hear(t);
    if (t->round == s->peer_fails_at) {
        eap_half_fail(h, REASON_EAP_MAC);
        return;
    }
    if (t->round == rounds()) {
        h->state = EAP_HALF_DONE;
        h->protected_success = s->protected_success;
        make_keys(t);
    } else if (s->may_continue_from && t->round >= s->may_continue_from) {
        h->state = EAP_HALF_MAY_CONTINUE;
        make_keys(t);
    }
}

static bool peer_build(struct eap_half *h, sim_ns now, uint8_t id, struct buf *out)
{
    struct half *t = of(h);
    uint8_t proof[16] = {0};

    (void)now;
    if (h->state == EAP_HALF_FAILED && eap_test_script.peer_fails_silently)
        return false;
    trace_label(h->env->trace, "Test-Response %u", t->round);
    if (h->state != EAP_HALF_FAILED)
        prove(t, eap_test_script.wrong_secret, proof);
    return put(t, EAP_RESPONSE, id, proof, out);
}

static void server_process(struct eap_half *h, sim_ns now, const struct eap_packet *in)
{
    const struct eap_test_script *s = &eap_test_script;
    struct half *t = of(h);
    uint8_t proof[16];

    (void)now;
    t->round--;
    if (discards(t, s->server_discards_at)) {
        t->round++;
        return;
    }
    t->round++;
    prove(t, false, proof);
    if (in->data.n != 17 || in->data.p[0] != t->round)
        eap_half_fail(h, REASON_EAP_MALFORMED);
    else if (!hash_equal(in->data.p + 1, proof, 16) || t->round == s->server_fails_at)
        eap_half_fail(h, REASON_EAP_MAC);
    else if (t->round == rounds()) {
        h->state = EAP_HALF_DONE;
        make_keys(t);
    }
}

static bool server_build(struct eap_half *h, sim_ns now, uint8_t id, struct buf *out)
{
    struct half *t = of(h);

    (void)now;
    if (h->state == EAP_HALF_FAILED) {
        if (!eap_test_script.server_has_last_word || t->last_word_said)
            return false;
        t->last_word_said = true;
    }
    t->round++;
    rng_bytes(h->env->stream, t->nonce, sizeof(t->nonce));
    hear(t);
    return put(t, EAP_REQUEST, id, t->nonce, out);
}

static void server_answer(struct eap_half *h, sim_ns now, const struct eap_answer *a)
{
    (void)h, (void)now, (void)a;
}

static void release(struct eap_half *h)
{
    free(of(h));
}

static struct eap_half *make(struct proto_env *env, const struct eap_method *m, bool server)
{
    struct half *t;

    if (m == &eap_test_method && (server ? eap_test_script.no_server : eap_test_script.no_peer))
        return NULL;
    t = xcalloc(1, sizeof(*t));
    eap_half_init(&t->half, server ? m->server : m->peer, env);
    t->method = m;
    if (server && eap_test_script.asks)
        t->half.query = (struct eap_query){.kind = EAP_QUERY_UMTS, .imsi = "001010000000001"};
    return &t->half;
}

#define HALVES(method)                                                                             \
    static struct eap_half *method##_make_peer(struct proto_env *env, struct eap_peer_context *c)  \
    {                                                                                              \
        (void)c;                                                                                   \
        return make(env, &method, false);                                                          \
    }                                                                                              \
    static struct eap_half *method##_make_server(struct proto_env *env,                            \
                                                 struct eap_server_context *c)                     \
    {                                                                                              \
        (void)c;                                                                                   \
        return make(env, &method, true);                                                           \
    }                                                                                              \
    static const struct eap_half_ops method##_peer = {.peer = method##_make_peer,                  \
                                                      .process = peer_process,                     \
                                                      .build = peer_build,                         \
                                                      .free = release};                            \
    static const struct eap_half_ops method##_server = {.server = method##_make_server,            \
                                                        .process = server_process,                 \
                                                        .build = server_build,                     \
                                                        .answer = server_answer,                   \
                                                        .free = release}

HALVES(eap_test_method);
HALVES(eap_test_other);
HALVES(eap_test_expanded);

const struct eap_method eap_test_method = {
    "test", 255, 0, 0, &eap_test_method_peer, &eap_test_method_server, NULL};
const struct eap_method eap_test_other = {"test-other",           200, 0, 0, &eap_test_other_peer,
                                          &eap_test_other_server, NULL};
const struct eap_method eap_test_expanded = {
    "test-expanded",           EAP_EXPANDED, 0xfffffd, 7, &eap_test_expanded_peer,
    &eap_test_expanded_server, NULL};
