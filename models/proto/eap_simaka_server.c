/* The server's half of EAP-SIM, EAP-AKA and EAP-AKA': what the three have in common. References are
 * to RFC 4187; RFC 4186 says the same in other clauses. */
#include "models/proto/eap_simaka_impl.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

static const char *const phase_names[] = {
    [SERVER_STARTING] = "STARTING",       [SERVER_IDENTIFYING] = "IDENTIFYING",
    [SERVER_CHALLENGING] = "CHALLENGING", [SERVER_REAUTHENTICATING] = "REAUTHENTICATING",
    [SERVER_NOTIFYING] = "NOTIFYING",     [SERVER_ENDED] = "ENDED",
};
static const char *const machine_names[] = {"sim-server", "aka-server", "aka-prime-server"};

void simaka_server_set_phase(struct simaka_server *s, enum simaka_server_phase phase,
                             const char *why)
{
    trace_state(s->half.env->trace, machine_names[s->kind], phase_names[s->phase],
                phase_names[phase], why);
    s->phase = phase;
}

void simaka_server_notify(struct simaka_server *s, enum simaka_notification code,
                          enum reason reason)
{
    s->notification = code;
    simaka_server_set_phase(s, SERVER_NOTIFYING, reason ? reason_text(reason) : "success");
    if (reason)
        eap_half_fail(&s->half, reason);
}

/* Without a notification: the peer said itself that it is over (6.3.3). */
static void end(struct simaka_server *s, enum reason reason)
{
    simaka_server_set_phase(s, SERVER_ENDED, reason_text(reason));
    eap_half_fail(&s->half, reason);
}

void simaka_server_query(struct simaka_server *s, enum eap_query_kind kind)
{
    struct eap_query *q = &s->half.query;

    s->waiting = kind;
    *q = (struct eap_query){.kind = kind, .count = SIMAKA_MAX_RAND};
    str_append(q->identity, sizeof(q->identity), 0, s->c->identity);
    str_append(q->imsi, sizeof(q->imsi), 0, s->imsi);
    q->separation = s->kind == SIMAKA_AKA_PRIME;
}

/* ---- identities for next time (4.1.1.7) ---- */

static void draw_reauth_id(struct simaka_server *s)
{
    const char *realm = s->c->settings->realm;
    char user[EAP_IDENTITY_MAX + 1], at_realm[EAP_IDENTITY_MAX + 1] = "";

    if (realm)
        simaka_id_join("@", realm, at_realm);
    simaka_id_draw(s->kind, SIMAKA_REAUTH, s->half.env->stream, user);
    simaka_id_join(user, at_realm, s->reauth_id);
}

static void put_sealed(struct simaka_server *s, struct simaka_writer *w,
                       struct simaka_writer *nested)
{
    struct proto_env *env = s->half.env;
    uint8_t iv[16];

    rng_bytes(env->stream, iv, sizeof(iv));
    meter_add(env->meter, OP_RANDOM, 1, sizeof(iv));
    simaka_put_sealed(w, env->meter, s->keys.k_encr, iv, nested);
}

void simaka_server_put_next(struct simaka_server *s, struct simaka_writer *w)
{
    const struct eap_server_settings *settings = s->c->settings;
    struct simaka_writer nested;

    simaka_begin_nested(&nested);
    if (settings->pseudonyms) {
        simaka_id_draw(s->kind, SIMAKA_PSEUDONYM, s->half.env->stream, s->pseudonym);
        simaka_put(&nested, AT_NEXT_PSEUDONYM, span_str(s->pseudonym));
    }
    if (settings->fast_reauth) {
        draw_reauth_id(s);
        if (s->reauth_id[0])
            simaka_put(&nested, AT_NEXT_REAUTH_ID, span_str(s->reauth_id));
    }
    if (nested.n > 0)
        put_sealed(s, w, &nested);
}

/* For the node. The peer puts the realm of its permanent identity behind a pseudonym (4.1.1.9). */
static void keep(struct simaka_server *s)
{
    struct eap_reauth *r = s->c->reauth;
    bool same = s->kept.method == simaka_type(s->kind);

    *r = (struct eap_reauth){.counter = s->reauth ? (uint16_t)(s->counter + 1) : 1};
    simaka_keys_keep(s->kind, &s->keys, r);
    simaka_id_join(s->reauth_id, "", r->identity);
    if (s->pseudonym[0])
        simaka_id_join(s->pseudonym, simaka_id_realm(s->c->permanent), r->pseudonym);
    else if (same)
        simaka_id_join(s->kept.pseudonym, "", r->pseudonym);
}

/* ---- success ---- */

void simaka_server_session(struct simaka_server *s, struct span a, struct span b)
{
    memcpy(s->session, a.p, a.n);
    memcpy(s->session + a.n, b.p, b.n);
    s->session_n = a.n + b.n;
}

static void succeed(struct simaka_server *s)
{
    struct eap_keys *keys = &s->half.keys;
    const struct span session = span_of(s->session, s->session_n);

    memcpy(keys->msk, s->keys.msk, EAP_KEY_LEN);
    memcpy(keys->emsk, s->keys.emsk, EAP_KEY_LEN);
    simaka_session_id(keys, s->kind, &session, 1);
    keys->present = true;
    keep(s);
    simaka_server_set_phase(s, SERVER_ENDED, "success");
    s->half.state = EAP_HALF_DONE;
}

void simaka_server_accept(struct simaka_server *s, const struct simaka_message *m)
{
    bool agreed = s->c->settings->result_indications && simaka_has(m, AT_RESULT_IND);

    if (s->verdict)
        simaka_server_notify(s,
                             s->verdict == REASON_EAP_NOT_SUBSCRIBED ? NOTIFY_NOT_SUBSCRIBED
                             : s->verdict == REASON_EAP_DENIED       ? NOTIFY_DENIED
                                                                     : NOTIFY_FAILURE_AFTER,
                             s->verdict);
    else if (agreed)
        simaka_server_notify(s, NOTIFY_SUCCESS, REASON_NONE);
    else
        succeed(s);
}

/* ---- fast re-authentication (5.4, 5.5) ---- */

static bool build_reauthentication(struct simaka_server *s, uint8_t id, struct buf *out)
{
    struct proto_env *env = s->half.env;
    struct simaka_writer w, nested;
    uint8_t mac[SIMAKA_MAC];

    simaka_keys_recall(&s->kept, &s->keys);
    s->counter = s->kept.counter;
    if (s->counter < SIMAKA_MAX_REAUTHS)
        draw_reauth_id(s);
    rng_bytes(env->stream, s->nonce_s, SIMAKA_NONCE);
    meter_add(env->meter, OP_RANDOM, 1, SIMAKA_NONCE);
    simaka_begin_nested(&nested);
    simaka_put_number(&nested, AT_COUNTER, s->counter);
    simaka_put(&nested, AT_NONCE_S, span_of(s->nonce_s, SIMAKA_NONCE));
    if (s->reauth_id[0])
        simaka_put(&nested, AT_NEXT_REAUTH_ID, span_str(s->reauth_id));
    simaka_begin(&w, s->kind, EAP_REQUEST, id, SIMAKA_REAUTHENTICATION);
    put_sealed(s, &w, &nested);
    if (s->kind != SIMAKA_SIM)
        simaka_put_checkcode(&w, s->kind, env->meter, &s->id_packets);
    if (s->c->settings->result_indications)
        simaka_put_flag(&w, AT_RESULT_IND);
    trace_text(env->trace, "Reauthentication");
    if (!simaka_end_mac(&w, s->kind, env->meter, s->keys.k_aut, span_of(NULL, 0), out, mac))
        return false;
    simaka_server_session(s, span_of(s->nonce_s, SIMAKA_NONCE), span_of(mac, sizeof(mac)));
    return true;
}

static void reauthentication_response(struct simaka_server *s, const struct simaka_message *m)
{
    struct meter *meter = s->half.env->meter;
    uint8_t plain[EAP_MTU];
    struct simaka_message nested;

    if (!simaka_mac_ok(s->kind, m, meter, s->keys.k_aut, span_of(s->nonce_s, SIMAKA_NONCE))) {
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_MAC);
        return;
    }
    if (!simaka_checkcode_ok(s->kind, meter, &s->id_packets, m)) {
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_CHECKCODE);
        return;
    }
    if (!simaka_open(s->kind, m, EAP_RESPONSE, meter, s->keys.k_encr, plain, &nested)) {
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_MALFORMED);
        return;
    }
    if (simaka_number(&nested, AT_COUNTER) != s->counter) {
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_NOT_FRESH);
        return;
    }
    if (simaka_has(&nested, AT_COUNTER_TOO_SMALL)) {
        s->reauth_id[0] = '\0';
        simaka_server_authenticate(s);
        return;
    }
    s->reauth = true;
    simaka_keys_reauth(s->kind, meter, span_str(s->c->identity), s->counter, s->nonce_s, &s->keys);
    simaka_server_accept(s, m);
}

/* ---- notifications and errors (6) ---- */

static bool build_notification(struct simaka_server *s, uint8_t id, struct buf *out)
{
    struct simaka_writer w, nested;

    simaka_begin(&w, s->kind, EAP_REQUEST, id, SIMAKA_NOTIFICATION);
    simaka_put_number(&w, AT_NOTIFICATION, (uint16_t)s->notification);
    trace_text(s->half.env->trace,
               s->notification == NOTIFY_SUCCESS ? "Notification (success)" : "Notification");
    if (s->notification & NOTIFY_P)
        return simaka_end(&w, out);
    if (s->reauth) {
        simaka_begin_nested(&nested);
        simaka_put_number(&nested, AT_COUNTER, s->counter);
        put_sealed(s, &w, &nested);
    }
    return simaka_end_mac(&w, s->kind, s->half.env->meter, s->keys.k_aut, span_of(NULL, 0), out,
                          NULL);
}

static enum reason client_error_reason(uint16_t code)
{
    return code == CLIENT_ERROR_VERSION ? REASON_EAP_VERSION
           : code == CLIENT_ERROR_CHALLENGES || code == CLIENT_ERROR_NOT_FRESH
               ? REASON_EAP_NOT_FRESH
               : REASON_EAP_CLIENT_ERROR;
}

/* ---- the half ---- */

/* Whether the subtype is a response to what was asked. */
static bool is_expected(const struct simaka_server *s, uint8_t subtype)
{
    switch (s->phase) {
    case SERVER_IDENTIFYING:
        return subtype == SIM_START || subtype == AKA_IDENTITY;
    case SERVER_CHALLENGING:
        return subtype == SIM_CHALLENGE || subtype == AKA_CHALLENGE ||
               subtype == AKA_AUTHENTICATION_REJECT || subtype == AKA_SYNCHRONIZATION_FAILURE;
    case SERVER_REAUTHENTICATING:
        return subtype == SIMAKA_REAUTHENTICATION;
    case SERVER_STARTING:
    case SERVER_NOTIFYING:
    case SERVER_ENDED:
        break;
    }
    return false;
}

static void dispatch(struct simaka_server *s, const struct simaka_message *m)
{
    switch ((enum simaka_subtype)m->subtype) {
    case SIM_START:
    case AKA_IDENTITY:
        simaka_server_identity(s, m);
        break;
    case SIM_CHALLENGE:
        sim_server_challenge(s, m);
        break;
    case AKA_CHALLENGE:
        aka_server_challenge(s, m);
        break;
    case AKA_AUTHENTICATION_REJECT:
        end(s, REASON_AKA_AUTN);
        break;
    case AKA_SYNCHRONIZATION_FAILURE:
        aka_server_resync(s, m);
        break;
    case SIMAKA_REAUTHENTICATION:
        reauthentication_response(s, m);
        break;
    case SIMAKA_CLIENT_ERROR:
        end(s, client_error_reason(simaka_number(m, AT_CLIENT_ERROR_CODE)));
        break;
    case SIMAKA_NOTIFICATION:
        break; /* never expected: see simaka_server_process */
    }
}

void simaka_server_process(struct eap_half *h, sim_ns now, const struct eap_packet *in)
{
    struct simaka_server *s = (struct simaka_server *)h;
    struct simaka_message m;

    (void)now;
    /* 6.2: whatever the answer to the protected success, EAP-Success follows. */
    if (s->phase == SERVER_NOTIFYING) {
        succeed(s);
        return;
    }
    if (!simaka_parse(s->kind, in, &m) ||
        (m.subtype != SIMAKA_CLIENT_ERROR && !is_expected(s, m.subtype)))
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, REASON_EAP_MALFORMED);
    else
        dispatch(s, &m);
}

void simaka_server_answer(struct eap_half *h, sim_ns now, const struct eap_answer *a)
{
    struct simaka_server *s = (struct simaka_server *)h;

    (void)now;
    if (a->reason) {
        simaka_server_notify(s, NOTIFY_FAILURE_BEFORE, a->reason);
        return;
    }
    switch (s->waiting) {
    case EAP_QUERY_NONE:
    case EAP_QUERY_IBE:
        break;
    case EAP_QUERY_USER:
        simaka_server_learn(s, a);
        simaka_server_route(s);
        break;
    case EAP_QUERY_GSM:
        sim_server_triplets(s, a);
        break;
    case EAP_QUERY_UMTS:
    case EAP_QUERY_RESYNC:
        aka_server_vector(s, a);
        break;
    }
}

bool simaka_server_build(struct eap_half *h, sim_ns now, uint8_t id, struct buf *out)
{
    struct simaka_server *s = (struct simaka_server *)h;

    (void)now;
    switch (s->phase) {
    case SERVER_IDENTIFYING:
        return simaka_server_build_identity(s, id, out);
    case SERVER_CHALLENGING:
        return s->kind == SIMAKA_SIM ? sim_server_build_challenge(s, id, out)
                                     : aka_server_build_challenge(s, id, out);
    case SERVER_REAUTHENTICATING:
        return build_reauthentication(s, id, out);
    case SERVER_NOTIFYING:
        return build_notification(s, id, out);
    case SERVER_STARTING:
    case SERVER_ENDED:
        break;
    }
    return false;
}

struct eap_half *simaka_server_new(enum simaka_kind kind, const struct eap_half_ops *ops,
                                   struct proto_env *env, struct eap_server_context *c)
{
    struct simaka_server *s;

    if (kind == SIMAKA_AKA_PRIME && !c->settings->network_name)
        return NULL;
    s = xcalloc(1, sizeof(*s));
    eap_half_init(&s->half, ops, env);
    s->kind = kind;
    s->c = c;
    buf_init(&s->id_packets, MAX_ID_PACKETS);
    buf_init(&s->id_request, EAP_MTU);
    simaka_server_learn(s, c->user);
    if (c->settings->method_identity)
        simaka_server_ask(s);
    else
        simaka_server_route(s);
    return &s->half;
}

void simaka_server_free(struct eap_half *h)
{
    struct simaka_server *s = (struct simaka_server *)h;

    buf_clear(&s->id_packets);
    buf_clear(&s->id_request);
    explicit_bzero(s, sizeof(*s));
    free(s);
}
