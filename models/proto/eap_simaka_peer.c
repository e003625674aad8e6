/* The peer's half of EAP-SIM, EAP-AKA and EAP-AKA': what the three have in common. References are
 * to RFC 4187; RFC 4186 says the same in other clauses. */
#include "models/proto/eap_simaka_impl.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

static const char *const phase_names[] = {
    [PEER_IDENTIFYING] = "IDENTIFYING",
    [PEER_AUTHENTICATED] = "AUTHENTICATED",
    [PEER_NOTIFIED] = "NOTIFIED",
};
static const char *const machine_names[] = {"sim-peer", "aka-peer", "aka-prime-peer"};

static void set_phase(struct simaka_peer *p, enum simaka_peer_phase phase, const char *why)
{
    trace_state(p->half.env->trace, machine_names[p->kind], phase_names[p->phase],
                phase_names[phase], why);
    p->phase = phase;
}

void simaka_peer_refuse(struct simaka_peer *p, enum simaka_client_error error, enum reason reason)
{
    p->answer = ANSWER_CLIENT_ERROR;
    p->error = error;
    eap_half_fail(&p->half, reason);
}

bool simaka_peer_checkcode_ok(struct simaka_peer *p, const struct simaka_message *m)
{
    p->checkcode = simaka_has(m, AT_CHECKCODE);
    return simaka_checkcode_ok(p->kind, p->half.env->meter, &p->id_packets, m);
}

/* ---- authenticated ---- */

void simaka_peer_accept(struct simaka_peer *p, const struct simaka_message *m,
                        const struct simaka_message *nested, const struct span *session,
                        size_t session_n)
{
    struct eap_keys *keys = &p->half.keys;

    simaka_peer_keep(p, nested);
    memcpy(keys->msk, p->keys.msk, EAP_KEY_LEN);
    memcpy(keys->emsk, p->keys.emsk, EAP_KEY_LEN);
    simaka_session_id(keys, p->kind, session, session_n);
    keys->present = true;
    p->result_ind = simaka_has(m, AT_RESULT_IND);
    /* 6.3.4: with result indications EAP-Success counts only after the protected one. */
    p->half.state = p->result_ind ? EAP_HALF_CONTINUE : EAP_HALF_MAY_CONTINUE;
    set_phase(p, PEER_AUTHENTICATED, p->reauth ? "counter is fresh" : "challenge is genuine");
}

/* ---- fast re-authentication (5.4, 5.5) ---- */

static void reauthentication(struct simaka_peer *p, const struct simaka_message *m)
{
    uint8_t plain[EAP_MTU];
    struct simaka_message nested;
    struct meter *meter = p->half.env->meter;

    if (p->phase != PEER_IDENTIFYING || !p->offered) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
        return;
    }
    simaka_keys_recall(&p->old, &p->keys);
    if (!simaka_mac_ok(p->kind, m, meter, p->keys.k_aut, span_of(NULL, 0))) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_MAC);
        return;
    }
    if (!simaka_peer_checkcode_ok(p, m)) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_CHECKCODE);
        return;
    }
    if (!simaka_open(p->kind, m, EAP_REQUEST, meter, p->keys.k_encr, plain, &nested)) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
        return;
    }
    p->counter = simaka_number(&nested, AT_COUNTER);
    memcpy(p->nonce_s, nested.value[AT_NONCE_S].p, SIMAKA_NONCE);
    p->answer = ANSWER_REAUTHENTICATION;
    p->too_small = p->counter < p->old.counter;
    p->offered = false;
    if (p->too_small)
        return;
    p->reauth = true;
    simaka_keys_reauth(p->kind, meter, span_str(p->c->identity), p->counter, p->nonce_s, &p->keys);
    const struct span session[] = {span_of(p->nonce_s, SIMAKA_NONCE), m->value[AT_MAC]};
    simaka_peer_accept(p, m, &nested, session, 2);
}

static void put_counter(struct simaka_peer *p, struct simaka_writer *w, bool too_small)
{
    struct proto_env *env = p->half.env;
    struct simaka_writer nested;
    uint8_t iv[16];

    rng_bytes(env->stream, iv, sizeof(iv));
    meter_add(env->meter, OP_RANDOM, 1, sizeof(iv));
    simaka_begin_nested(&nested);
    if (too_small)
        simaka_put_flag(&nested, AT_COUNTER_TOO_SMALL);
    simaka_put_number(&nested, AT_COUNTER, p->counter);
    simaka_put_sealed(w, env->meter, p->keys.k_encr, iv, &nested);
}

static bool build_reauthentication(struct simaka_peer *p, uint8_t id, struct buf *out)
{
    struct meter *meter = p->half.env->meter;
    struct simaka_writer w;

    simaka_begin(&w, p->kind, EAP_RESPONSE, id, SIMAKA_REAUTHENTICATION);
    put_counter(p, &w, p->too_small);
    if (p->checkcode)
        simaka_put_checkcode(&w, p->kind, meter, &p->id_packets);
    if (p->result_ind)
        simaka_put_flag(&w, AT_RESULT_IND);
    trace_text(p->half.env->trace,
               p->too_small ? "Reauthentication (counter too small)" : "Reauthentication");
    return simaka_end_mac(&w, p->kind, meter, p->keys.k_aut, span_of(p->nonce_s, SIMAKA_NONCE), out,
                          NULL);
}

/* ---- notifications (6.1, 6.2, 9.10) ---- */

static enum reason notified_reason(uint16_t code)
{
    return code == NOTIFY_NOT_SUBSCRIBED ? REASON_EAP_NOT_SUBSCRIBED
           : code == NOTIFY_DENIED       ? REASON_EAP_DENIED
                                         : REASON_EAP_FAILURE;
}

/* In a fast re-authentication its counter guards against replays. */
static bool has_counter(struct simaka_peer *p, const struct simaka_message *m)
{
    uint8_t plain[EAP_MTU];
    struct simaka_message nested;

    return !p->reauth || (simaka_open(p->kind, m, EAP_REQUEST, p->half.env->meter, p->keys.k_encr,
                                      plain, &nested) &&
                          simaka_number(&nested, AT_COUNTER) == p->counter);
}

static void notification(struct simaka_peer *p, const struct simaka_message *m)
{
    uint16_t code = simaka_number(m, AT_NOTIFICATION);
    bool before = (code & NOTIFY_P) != 0;

    /* "Before authentication" is the server's view: it may have refused our challenge response. */
    if (p->phase == PEER_NOTIFIED || (!before && p->phase != PEER_AUTHENTICATED) ||
        (code == NOTIFY_SUCCESS && !p->result_ind)) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
        return;
    }
    if (!before &&
        !simaka_mac_ok(p->kind, m, p->half.env->meter, p->keys.k_aut, span_of(NULL, 0))) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_MAC);
        return;
    }
    if (!before && !has_counter(p, m)) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_NOT_FRESH);
        return;
    }
    p->protect = !before;
    p->answer = ANSWER_NOTIFICATION;
    if (!(code & NOTIFY_S)) {
        if (p->phase == PEER_AUTHENTICATED)
            simaka_peer_give_back(p);
        eap_half_fail(&p->half, notified_reason(code));
    } else if (code == NOTIFY_SUCCESS) {
        p->half.state = EAP_HALF_DONE;
        p->half.protected_success = true;
    }
    set_phase(p, PEER_NOTIFIED, code & NOTIFY_S ? "success" : "failure");
}

static bool build_notification(struct simaka_peer *p, uint8_t id, struct buf *out)
{
    struct simaka_writer w;

    simaka_begin(&w, p->kind, EAP_RESPONSE, id, SIMAKA_NOTIFICATION);
    trace_text(p->half.env->trace, "Notification");
    if (!p->protect)
        return simaka_end(&w, out);
    if (p->reauth)
        put_counter(p, &w, false);
    return simaka_end_mac(&w, p->kind, p->half.env->meter, p->keys.k_aut, span_of(NULL, 0), out,
                          NULL);
}

static bool build_client_error(struct simaka_peer *p, uint8_t id, struct buf *out)
{
    struct simaka_writer w;

    simaka_begin(&w, p->kind, EAP_RESPONSE, id, SIMAKA_CLIENT_ERROR);
    simaka_put_number(&w, AT_CLIENT_ERROR_CODE, (uint16_t)p->error);
    trace_text(p->half.env->trace, "Client-Error");
    return simaka_end(&w, out);
}

/* ---- the half ---- */

void simaka_peer_process(struct eap_half *h, sim_ns now, const struct eap_packet *in)
{
    struct simaka_peer *p = (struct simaka_peer *)h;
    struct simaka_message m;

    (void)now;
    p->answer = ANSWER_NOTHING;
    if (!simaka_parse(p->kind, in, &m)) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
        return;
    }
    switch ((enum simaka_subtype)m.subtype) {
    case SIM_START:
    case AKA_IDENTITY:
        simaka_peer_identity(p, &m);
        return;
    case SIM_CHALLENGE:
        sim_peer_challenge(p, &m);
        return;
    case AKA_CHALLENGE:
        aka_peer_challenge(p, &m);
        return;
    case SIMAKA_REAUTHENTICATION:
        reauthentication(p, &m);
        return;
    case SIMAKA_NOTIFICATION:
        notification(p, &m);
        return;
    case AKA_AUTHENTICATION_REJECT:
    case AKA_SYNCHRONIZATION_FAILURE:
    case SIMAKA_CLIENT_ERROR:
        break; /* no requests: simaka_parse knows */
    }
    simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
}

static bool build_answer(struct simaka_peer *p, uint8_t id, struct buf *out)
{
    switch (p->answer) {
    case ANSWER_NOTHING:
        return false;
    case ANSWER_IDENTITY:
        return simaka_peer_build_identity(p, id, out);
    case ANSWER_CHALLENGE:
        return p->kind == SIMAKA_SIM ? sim_peer_build_challenge(p, id, out)
                                     : aka_peer_build(p, id, out);
    case ANSWER_KDF:
    case ANSWER_SYNCHRONIZATION_FAILURE:
    case ANSWER_AUTHENTICATION_REJECT:
        return aka_peer_build(p, id, out);
    case ANSWER_REAUTHENTICATION:
        return build_reauthentication(p, id, out);
    case ANSWER_NOTIFICATION:
        return build_notification(p, id, out);
    case ANSWER_CLIENT_ERROR:
        return build_client_error(p, id, out);
    }
    return false;
}

bool simaka_peer_build(struct eap_half *h, sim_ns now, uint8_t id, struct buf *out)
{
    struct simaka_peer *p = (struct simaka_peer *)h;
    bool built = build_answer(p, id, out);

    (void)now;
    p->answer = ANSWER_NOTHING;
    return built;
}

struct eap_half *simaka_peer_new(enum simaka_kind kind, const struct eap_half_ops *ops,
                                 struct proto_env *env, struct eap_peer_context *c)
{
    const struct eap_peer_credentials *credentials = &c->settings->credentials;
    const struct eap_reauth *r = credentials->reauth;
    struct simaka_peer *p;

    if (!credentials->uicc)
        return NULL;
    p = xcalloc(1, sizeof(*p));
    eap_half_init(&p->half, ops, env);
    p->kind = kind;
    p->c = c;
    buf_init(&p->id_packets, MAX_ID_PACKETS);
    /* Response/Identity may have offered fast re-authentication already. */
    if (r && r->method == simaka_type(kind) && r->identity[0] &&
        strcmp(r->identity, c->identity) == 0)
        simaka_peer_offer(p);
    return &p->half;
}

void simaka_peer_free(struct eap_half *h)
{
    struct simaka_peer *p = (struct simaka_peer *)h;

    buf_clear(&p->id_packets);
    explicit_bzero(p, sizeof(*p));
    free(p);
}
