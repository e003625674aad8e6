/* EAP-IBAKE: both halves walk one table of six packets (eap_ibake_steps.c), the server from its
 * first row, the peer from its second; each row is written by one and read by the other. */
#include "models/proto/eap_ibake_impl.h"

#include "crypto/hash.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>

#define LAST_REQUEST 4 /* row of Confirm/Request: with it the peer is done */

static const uint8_t failure_order[] = {IBAKE_CODE, IBAKE_END};

static struct ibake *of(struct eap_half *h)
{
    return (struct ibake *)h;
}

static bool has_key(const struct ibe_user *user)
{
    return user && (ibe_user_public(user, IBE_SAKKE) || ibe_user_public(user, IBE_BF));
}

static struct ibake *half_new(struct proto_env *env, const struct eap_half_ops *ops,
                              const struct ibe_user *user, uint32_t mtu)
{
    struct ibake *s = xcalloc(1, sizeof(*s));

    eap_half_init(&s->half, ops, env);
    s->user = user;
    s->mtu = mtu;
    return s;
}

static void half_free(struct eap_half *h)
{
    struct ibake *s = of(h);

    ecdh_free(s->pair);
    explicit_bzero(s, sizeof(*s));
    free(s);
}

/* Ours to find out, and to tell the other side. After Confirm/Response there is nobody to be told:
 * the peer is through, and answers no more requests. */
static void refuse(struct ibake *s, enum reason reason)
{
    s->tells = s->at < IBAKE_STEPS - 1;
    s->code = (uint8_t)ibake_code_of(reason);
    eap_half_fail(&s->half, reason);
}

/* Tn = SHA-256(Tn-1 || packet n) */
static void record(struct ibake *s, struct span packet)
{
    const struct span pieces[] = {span_of(s->transcript, sizeof(s->transcript)), packet};

    hash_sha256_v(s->half.env->meter, pieces, 2, s->transcript);
    s->at++;
    if (s->at == LAST_REQUEST + 1)
        ibake_export(s);
}

static void finish(struct ibake *s)
{
    if (s->at != (s->is_server ? IBAKE_STEPS : LAST_REQUEST + 1))
        return;
    s->half.keys.present = true;
    s->half.state = EAP_HALF_DONE;
}

/* A server that is told owes no answer but EAP-Failure; a peer echoes the code. */
static void on_failure(struct ibake *s, struct span fields)
{
    struct ibake_fields f;

    if (!ibake_read(fields, failure_order, &f)) {
        refuse(s, REASON_EAP_MALFORMED);
        return;
    }
    s->code = f.value[IBAKE_CODE].p[0];
    s->tells = !s->is_server;
    eap_half_fail(&s->half, ibake_reason_of(s->code));
}

static void process(struct eap_half *h, sim_ns now, const struct eap_packet *in)
{
    struct ibake *s = of(h);
    const struct ibake_step *step = &ibake_steps[s->at];
    struct ibake_fields f;
    struct span fields;
    enum reason reason;

    assert(s->at < IBAKE_STEPS && (s->at % 2 == 1) == s->is_server);
    if (in->data.n == 0) {
        refuse(s, REASON_EAP_MALFORMED);
        return;
    }
    fields = span_of(in->data.p + 1, in->data.n - 1);
    if (in->data.p[0] == IBAKE_FAILURE && s->at > 0) {
        on_failure(s, fields);
        return;
    }
    if (in->data.p[0] != step->exchange || !ibake_read(fields, step->order, &f)) {
        refuse(s, REASON_EAP_MALFORMED);
        return;
    }
    reason = step->take(s, now, in, &f);
    if (reason) {
        refuse(s, reason);
        return;
    }
    record(s, in->whole);
    finish(s);
}

static size_t begin(const struct ibake *s, uint8_t id, uint8_t exchange, struct buf *out)
{
    size_t at = eap_begin(out, s->is_server ? EAP_REQUEST : EAP_RESPONSE, id, EAP_EXPANDED,
                          EAP_VENDOR_M2MSIM, EAP_IBAKE_TYPE);

    buf_put(out, &exchange, 1);
    return at;
}

static bool build_failure(struct ibake *s, uint8_t id, struct buf *out)
{
    size_t at = begin(s, id, IBAKE_FAILURE, out);

    s->tells = false;
    trace_text(s->half.env->trace, "IBAKE-Failure");
    return ibake_put(out, IBAKE_CODE, span_of(&s->code, 1)) && eap_end(out, at);
}

/* The packet as far as AUTH's value has its length; then AUTH over that. */
static void put_auth(struct ibake *s, size_t at, struct buf *out)
{
    uint8_t auth[IBAKE_AUTH] = {0};
    size_t covered;

    ibake_put(out, IBAKE_AUTH_FIELD, span_of(auth, sizeof(auth)));
    eap_end(out, at);
    covered = buf_len(out) - at - IBAKE_AUTH;
    ibake_auth(s, s->is_server, span_of(buf_at(out, at), covered), auth);
    memcpy(buf_at(out, at + covered), auth, sizeof(auth));
}

static bool build(struct eap_half *h, sim_ns now, uint8_t id, struct buf *out)
{
    struct ibake *s = of(h);
    const struct ibake_step *step = &ibake_steps[s->at];
    enum reason reason;
    size_t at;

    if (s->tells)
        return build_failure(s, id, out);
    if (h->state == EAP_HALF_FAILED || s->at == IBAKE_STEPS || (s->at % 2 == 0) != s->is_server)
        return false;
    at = begin(s, id, step->exchange, out);
    reason = step->put(s, now, out);
    if (!reason && memchr(step->order, IBAKE_AUTH_FIELD, sizeof(step->order)))
        put_auth(s, at, out);
    if (!reason && (!eap_end(out, at) || buf_len(out) - at > s->mtu))
        reason = REASON_EAP_FRAGMENT;
    if (reason) {
        eap_half_fail(h, reason);
        return false;
    }
    record(s, span_of(buf_at(out, at), buf_len(out) - at));
    trace_text(h->env->trace, step->name);
    return true;
}

static struct eap_half *peer_new(struct proto_env *env, struct eap_peer_context *c)
{
    const struct eap_peer_credentials *k = &c->settings->credentials;
    struct ibake *s;

    if (!has_key(k->ibe))
        return NULL;
    s = half_new(env, eap_method_ibake.peer, k->ibe, c->settings->mtu);
    s->expected = k->expect_name;
    str_append(s->responder, sizeof(s->responder), 0, ibe_user_name(s->user));
    return &s->half;
}

static void server_answer(struct eap_half *h, sim_ns now, const struct eap_answer *a)
{
    struct ibake *s = of(h);

    (void)now;
    if (a->reason)
        return;
    if (!has_key(a->ibe)) {
        eap_half_fail(h, REASON_CRYPTO);
        return;
    }
    s->user = a->ibe;
    str_append(s->initiator, sizeof(s->initiator), 0, ibe_user_name(s->user));
}

static struct eap_half *server_new(struct proto_env *env, struct eap_server_context *c)
{
    const struct ibe_user *user = c->settings->ibe;
    struct ibake *s;

    if (!has_key(user) && !c->settings->asks_ibe)
        return NULL;
    s = half_new(env, eap_method_ibake.server, user, c->settings->mtu);
    s->is_server = true;
    s->expected = c->permanent;
    if (has_key(user))
        str_append(s->initiator, sizeof(s->initiator), 0, ibe_user_name(user));
    else
        s->half.query.kind = EAP_QUERY_IBE;
    return &s->half;
}

static const struct eap_half_ops peer_ops = {
    .peer = peer_new, .process = process, .build = build, .free = half_free};
static const struct eap_half_ops server_ops = {.server = server_new,
                                               .process = process,
                                               .build = build,
                                               .answer = server_answer,
                                               .free = half_free};

const struct eap_method eap_method_ibake = {.name = "ibake",
                                            .type = EAP_EXPANDED,
                                            .vendor = EAP_VENDOR_M2MSIM,
                                            .vendor_type = EAP_IBAKE_TYPE,
                                            .peer = &peer_ops,
                                            .server = &server_ops};
