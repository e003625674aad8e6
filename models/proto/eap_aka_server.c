/* The server's half of EAP-AKA (RFC 4187) and EAP-AKA' (RFC 9048): what is theirs alone; and the
 * rows of both. */
#include "models/proto/eap_simaka_impl.h"

#include "crypto/hash.h"
#include "crypto/kdf.h"

void aka_server_vector(struct simaka_server *s, const struct eap_answer *a)
{
    s->aka.vector = a->vector;
    if (a->vector.xres_n < 4 || a->vector.xres_n > sizeof(a->vector.xres))
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_CRYPTO);
    else
        simaka_server_set_phase(s, SERVER_CHALLENGING, "the vector is there");
}

static void derive(struct simaka_server *s)
{
    const struct umts_vector *v = &s->aka.vector;
    struct meter *meter = s->half.env->meter;
    struct span identity = span_str(s->c->identity);
    uint8_t ck[16], ik[16];

    if (s->kind == SIMAKA_AKA) {
        simaka_keys_aka(meter, identity, v->ik, v->ck, &s->keys);
        return;
    }
    kdf_aka_prime(meter, v->ck, v->ik, span_str(s->c->settings->network_name), v->autn, ck, ik);
    simaka_keys_prime(meter, identity, ik, ck, &s->keys);
    explicit_bzero(ck, sizeof(ck));
    explicit_bzero(ik, sizeof(ik));
}

/* RFC 9048 4: said to every peer of EAP-AKA, so that its absence tells of a server without AKA'. */
static bool prefers_prime(const struct simaka_server *s)
{
    const struct eap_answer *user = s->c->user;

    for (size_t i = 0; i < user->method_count; i++) {
        if (user->methods[i] == &eap_method_aka_prime)
            return true;
        if (user->methods[i] == &eap_method_aka)
            break;
    }
    return false;
}

bool aka_server_build_challenge(struct simaka_server *s, uint8_t id, struct buf *out)
{
    const struct span rand = span_of(s->aka.vector.rand, 16),
                      autn = span_of(s->aka.vector.autn, 16);
    struct meter *meter = s->half.env->meter;
    struct simaka_writer w;

    derive(s);
    simaka_begin(&w, s->kind, EAP_REQUEST, id, AKA_CHALLENGE);
    simaka_put(&w, AT_RAND, rand);
    simaka_put(&w, AT_AUTN, autn);
    if (s->kind == SIMAKA_AKA_PRIME) {
        simaka_put_number(&w, AT_KDF, KDF_CK_PRIME);
        simaka_put(&w, AT_KDF_INPUT, span_str(s->c->settings->network_name));
    }
    simaka_server_put_next(s, &w);
    simaka_put_checkcode(&w, s->kind, meter, &s->id_packets);
    if (s->c->settings->result_indications)
        simaka_put_flag(&w, AT_RESULT_IND);
    if (s->kind == SIMAKA_AKA)
        simaka_put_number(&w, AT_BIDDING, prefers_prime(s) ? SIMAKA_BIDDING : 0);
    simaka_server_session(s, rand, autn);
    trace_text(s->half.env->trace, "AKA-Challenge");
    return simaka_end_mac(&w, s->kind, meter, s->keys.k_aut, span_of(NULL, 0), out, NULL);
}

static bool is_res(const struct simaka_server *s, struct span res)
{
    const struct umts_vector *v = &s->aka.vector;

    return res.n == v->xres_n && hash_equal(res.p, v->xres, res.n);
}

void aka_server_challenge(struct simaka_server *s, const struct simaka_message *m)
{
    struct meter *meter = s->half.env->meter;

    /* RFC 9048 3.2: the one function that we offer was the first of the list, so that no other can
     * be asked for. */
    if (simaka_has(m, AT_KDF))
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_BIDDING);
    else if (!simaka_mac_ok(s->kind, m, meter, s->keys.k_aut, span_of(NULL, 0)))
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_MAC);
    else if (!simaka_checkcode_ok(s->kind, meter, &s->id_packets, m))
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_CHECKCODE);
    else if (!is_res(s, m->value[AT_RES]))
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_AKA_RES);
    else
        simaka_server_accept(s, m);
}

/* RFC 4187 9.6; RFC 9048 3.2: with a copy of our AT_KDF, which RFC 5448's peers leave out. */
void aka_server_resync(struct simaka_server *s, const struct simaka_message *m)
{
    bool is_copy = m->kdf_count == 1 && m->kdf[0] == KDF_CK_PRIME;

    if (m->kdf_count > 0 && !is_copy) {
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_BIDDING);
        return;
    }
    if (s->aka.resynced) {
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_AKA_SYNC);
        return;
    }
    s->aka.resynced = true;
    simaka_server_query(s, EAP_QUERY_RESYNC);
    memcpy(s->half.query.rand, s->aka.vector.rand, sizeof(s->half.query.rand));
    memcpy(s->half.query.auts, m->value[AT_AUTS].p, sizeof(s->half.query.auts));
}

/* ---- the rows ---- */

static struct eap_half *aka_peer_new(struct proto_env *env, struct eap_peer_context *c);
static struct eap_half *aka_server_new(struct proto_env *env, struct eap_server_context *c);
static struct eap_half *prime_peer_new(struct proto_env *env, struct eap_peer_context *c);
static struct eap_half *prime_server_new(struct proto_env *env, struct eap_server_context *c);

static const struct eap_half_ops aka_peer_ops = {
    .peer = aka_peer_new,
    .process = simaka_peer_process,
    .build = simaka_peer_build,
    .free = simaka_peer_free,
};
static const struct eap_half_ops aka_server_ops = {
    .server = aka_server_new,
    .process = simaka_server_process,
    .build = simaka_server_build,
    .answer = simaka_server_answer,
    .free = simaka_server_free,
};
static const struct eap_half_ops prime_peer_ops = {
    .peer = prime_peer_new,
    .process = simaka_peer_process,
    .build = simaka_peer_build,
    .free = simaka_peer_free,
};
static const struct eap_half_ops prime_server_ops = {
    .server = prime_server_new,
    .process = simaka_server_process,
    .build = simaka_server_build,
    .answer = simaka_server_answer,
    .free = simaka_server_free,
};

static struct eap_half *aka_peer_new(struct proto_env *env, struct eap_peer_context *c)
{
    return simaka_peer_new(SIMAKA_AKA, &aka_peer_ops, env, c);
}

static struct eap_half *aka_server_new(struct proto_env *env, struct eap_server_context *c)
{
    return simaka_server_new(SIMAKA_AKA, &aka_server_ops, env, c);
}

static struct eap_half *prime_peer_new(struct proto_env *env, struct eap_peer_context *c)
{
    return simaka_peer_new(SIMAKA_AKA_PRIME, &prime_peer_ops, env, c);
}

static struct eap_half *prime_server_new(struct proto_env *env, struct eap_server_context *c)
{
    return simaka_server_new(SIMAKA_AKA_PRIME, &prime_server_ops, env, c);
}

static void aka_identity(const struct eap_peer_settings *settings, char out[EAP_IDENTITY_MAX + 1])
{
    simaka_id_choose(SIMAKA_AKA, settings, SIMAKA_REAUTH, out);
}

static void prime_identity(const struct eap_peer_settings *settings, char out[EAP_IDENTITY_MAX + 1])
{
    simaka_id_choose(SIMAKA_AKA_PRIME, settings, SIMAKA_REAUTH, out);
}

const struct eap_method eap_method_aka = {
    .name = "aka",
    .type = EAP_AKA,
    .peer = &aka_peer_ops,
    .server = &aka_server_ops,
    .identity = aka_identity,
};
const struct eap_method eap_method_aka_prime = {
    .name = "aka-prime",
    .type = EAP_AKA_PRIME,
    .peer = &prime_peer_ops,
    .server = &prime_server_ops,
    .identity = prime_identity,
};
