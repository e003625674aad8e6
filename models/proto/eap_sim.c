/* EAP-SIM (RFC 4186): what is its own, in both halves. */
#include "models/proto/eap_simaka_impl.h"

#include "crypto/hash.h"

/* ---- the peer ---- */

static bool lists_version(struct span versions)
{
    for (size_t i = 0; i + 1 < versions.n; i += 2)
        if ((versions.p[i] << 8 | versions.p[i + 1]) == SIM_VERSION)
            return true;
    return false;
}

bool sim_peer_start(struct simaka_peer *p, const struct simaka_message *m)
{
    struct span versions = m->value[AT_VERSION_LIST];

    if (!lists_version(versions) || versions.n > MAX_VERSION_LIST) {
        simaka_peer_refuse(p, CLIENT_ERROR_VERSION, REASON_EAP_VERSION);
        return false;
    }
    /* The list goes into the key: an altered one is found at the latest by the MAC. */
    if (p->asked != ASK_NONE_YET &&
        (versions.n != p->sim.versions_n || memcmp(versions.p, p->sim.versions, versions.n) != 0)) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_BIDDING);
        return false;
    }
    memcpy(p->sim.versions, versions.p, versions.n);
    p->sim.versions_n = versions.n;
    return true;
}

/* RFC 4186 10.4: one for all rounds. */
void sim_peer_draw_nonce(struct simaka_peer *p)
{
    struct proto_env *env = p->half.env;

    if (p->sim.has_nonce)
        return;
    rng_bytes(env->stream, p->sim.nonce_mt, SIMAKA_NONCE);
    meter_add(env->meter, OP_RANDOM, 1, SIMAKA_NONCE);
    p->sim.has_nonce = true;
}

static bool are_distinct(const uint8_t *rand, size_t n, size_t stride)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (memcmp(rand + i * stride, rand + j * stride, 16) == 0)
                return false;
    return true;
}

/* RFC 4186 10.9, 6.3.1 */
static bool are_good_rands(struct simaka_peer *p, struct span rands)
{
    if (rands.n / 16 < SIM_MIN_CHALLENGES) {
        simaka_peer_refuse(p, CLIENT_ERROR_CHALLENGES, REASON_EAP_NOT_FRESH);
        return false;
    }
    if (!are_distinct(rands.p, rands.n / 16, 16)) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_NOT_FRESH);
        return false;
    }
    return true;
}

static void derive(struct simaka_peer *p, struct span rands)
{
    const struct uicc *uicc = p->c->settings->credentials.uicc;
    struct meter *meter = p->half.env->meter;
    uint8_t kc[SIMAKA_MAX_RAND * 8];
    size_t n = rands.n / 16;

    for (size_t i = 0; i < n; i++)
        uicc_gsm(uicc, meter, rands.p + 16 * i, p->sim.sres + 4 * i, kc + 8 * i);
    p->sim.sres_n = (uint8_t)(4 * n);
    simaka_keys_sim(meter, span_str(p->c->identity), kc, n, p->sim.nonce_mt,
                    span_of(p->sim.versions, p->sim.versions_n), SIM_VERSION, &p->keys);
    explicit_bzero(kc, sizeof(kc));
}

void sim_peer_challenge(struct simaka_peer *p, const struct simaka_message *m)
{
    struct span rands = m->value[AT_RAND], nonce = span_of(p->sim.nonce_mt, SIMAKA_NONCE);
    struct meter *meter = p->half.env->meter;
    uint8_t plain[EAP_MTU];
    struct simaka_message nested;
    bool sealed = simaka_has(m, AT_ENCR_DATA);

    /* Only after a Start for full authentication, which told NONCE_MT. */
    if (p->phase != PEER_IDENTIFYING || p->asked == ASK_NONE_YET || p->offered) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
        return;
    }
    if (!are_good_rands(p, rands))
        return;
    derive(p, rands);
    if (!simaka_mac_ok(p->kind, m, meter, p->keys.k_aut, nonce)) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_MAC);
        return;
    }
    if (sealed && !simaka_open(p->kind, m, EAP_REQUEST, meter, p->keys.k_encr, plain, &nested)) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
        return;
    }
    p->answer = ANSWER_CHALLENGE;
    simaka_peer_accept(p, m, sealed ? &nested : NULL, (const struct span[]){rands, nonce}, 2);
}

bool sim_peer_build_challenge(struct simaka_peer *p, uint8_t id, struct buf *out)
{
    struct simaka_writer w;

    simaka_begin(&w, p->kind, EAP_RESPONSE, id, SIM_CHALLENGE);
    if (p->result_ind)
        simaka_put_flag(&w, AT_RESULT_IND);
    trace_text(p->half.env->trace, "SIM-Challenge");
    return simaka_end_mac(&w, p->kind, p->half.env->meter, p->keys.k_aut,
                          span_of(p->sim.sres, p->sim.sres_n), out, NULL);
}

/* ---- the server ---- */

struct span sim_version_list(void)
{
    static const uint8_t version_list[2] = {0, SIM_VERSION};

    return span_of(version_list, sizeof(version_list));
}

bool sim_server_start(struct simaka_server *s, const struct simaka_message *m)
{
    s->sim.has_nonce = simaka_has(m, AT_NONCE_MT);
    if (!s->sim.has_nonce)
        return true;
    if (simaka_number(m, AT_SELECTED_VERSION) != SIM_VERSION) {
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_BIDDING);
        return false;
    }
    memcpy(s->sim.nonce_mt, m->value[AT_NONCE_MT].p, SIMAKA_NONCE);
    return true;
}

void sim_server_triplets(struct simaka_server *s, const struct eap_answer *a)
{
    s->sim.count = a->triplet_count;
    if (s->sim.count > SIMAKA_MAX_RAND)
        s->sim.count = SIMAKA_MAX_RAND;
    memcpy(s->sim.triplets, a->triplets, s->sim.count * sizeof(a->triplets[0]));
    if (s->sim.count < SIM_MIN_CHALLENGES ||
        !are_distinct(s->sim.triplets[0].rand, s->sim.count, sizeof(s->sim.triplets[0])))
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_NOT_FRESH);
    else
        simaka_server_set_phase(s, SERVER_CHALLENGING, "triplets are there");
}

bool sim_server_build_challenge(struct simaka_server *s, uint8_t id, struct buf *out)
{
    uint8_t rands[SIMAKA_MAX_RAND * 16], kc[SIMAKA_MAX_RAND * 8];
    struct meter *meter = s->half.env->meter;
    struct span nonce = span_of(s->sim.nonce_mt, SIMAKA_NONCE);
    struct simaka_writer w;
    size_t n = s->sim.count;

    for (size_t i = 0; i < n; i++) {
        memcpy(rands + 16 * i, s->sim.triplets[i].rand, 16);
        memcpy(kc + 8 * i, s->sim.triplets[i].kc, 8);
    }
    simaka_keys_sim(meter, span_str(s->c->identity), kc, n, s->sim.nonce_mt, sim_version_list(),
                    SIM_VERSION, &s->keys);
    explicit_bzero(kc, sizeof(kc));
    simaka_begin(&w, s->kind, EAP_REQUEST, id, SIM_CHALLENGE);
    simaka_put(&w, AT_RAND, span_of(rands, 16 * n));
    simaka_server_put_next(s, &w);
    if (s->c->settings->result_indications)
        simaka_put_flag(&w, AT_RESULT_IND);
    simaka_server_session(s, span_of(rands, 16 * n), nonce);
    trace_text(s->half.env->trace, "SIM-Challenge");
    return simaka_end_mac(&w, s->kind, meter, s->keys.k_aut, nonce, out, NULL);
}

void sim_server_challenge(struct simaka_server *s, const struct simaka_message *m)
{
    uint8_t sres[SIMAKA_MAX_RAND * 4];

    for (size_t i = 0; i < s->sim.count; i++)
        memcpy(sres + 4 * i, s->sim.triplets[i].sres, 4);
    if (simaka_mac_ok(s->kind, m, s->half.env->meter, s->keys.k_aut,
                      span_of(sres, 4 * s->sim.count)))
        simaka_server_accept(s, m);
    else
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_MAC);
}

/* ---- the row ---- */

static struct eap_half *peer_new(struct proto_env *env, struct eap_peer_context *c);
static struct eap_half *server_new(struct proto_env *env, struct eap_server_context *c);

static const struct eap_half_ops peer_ops = {
    .peer = peer_new,
    .process = simaka_peer_process,
    .build = simaka_peer_build,
    .free = simaka_peer_free,
};
static const struct eap_half_ops server_ops = {
    .server = server_new,
    .process = simaka_server_process,
    .build = simaka_server_build,
    .answer = simaka_server_answer,
    .free = simaka_server_free,
};

static struct eap_half *peer_new(struct proto_env *env, struct eap_peer_context *c)
{
    return simaka_peer_new(SIMAKA_SIM, &peer_ops, env, c);
}

static struct eap_half *server_new(struct proto_env *env, struct eap_server_context *c)
{
    return simaka_server_new(SIMAKA_SIM, &server_ops, env, c);
}

static void identity(const struct eap_peer_settings *settings, char out[EAP_IDENTITY_MAX + 1])
{
    simaka_id_choose(SIMAKA_SIM, settings, SIMAKA_REAUTH, out);
}

const struct eap_method eap_method_sim = {
    .name = "sim",
    .type = EAP_SIM,
    .peer = &peer_ops,
    .server = &server_ops,
    .identity = identity,
};
