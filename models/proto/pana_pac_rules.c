/* What the PaC does: RFC 5609 7.5, with what RFC 5191 asks of each message. The table stands at the
 * end. */
#include "models/proto/pana_pac_impl.h"

static struct pana_pac *of(struct pana_session *s)
{
    return (struct pana_pac *)s;
}

static const struct pana_pac *of_const(const struct pana_session *s)
{
    return (const struct pana_pac *)s;
}

static bool has_failed(const struct pana_pac *p)
{
    return !p->peer || eap_peer_proto(p->peer)->status == PROTO_FAILED;
}

static bool has_keys(const struct pana_pac *p)
{
    return p->peer && eap_peer_keys(p->peer)->present;
}

/* A reason of EAP's says more than ours, but for the one that says nothing. */
static void note_cause(struct pana_pac *p)
{
    enum reason reason = p->peer ? eap_peer_proto(p->peer)->reason : REASON_NONE;

    if (reason != REASON_NONE && reason != REASON_EAP_FAILURE)
        p->session.cause = reason;
}

/* TxEAP(): the message's EAP packet to the peer; what it answers becomes the next event. */
static void tx_eap(struct pana_session *s)
{
    struct pana_pac *p = of(s);
    struct proto *peer = p->peer ? eap_peer_proto(p->peer) : NULL;

    buf_clear(&p->response);
    if (peer) {
        peer->ops->input(peer, s->now, s->msg->eap);
        peer->ops->output(peer, s->now, &p->response);
        p->eap_trace.label[0] = '\0';
    }
    note_cause(p);
    if (buf_len(&p->response) > 0)
        s->next = PANA_EV_EAP_RESPONSE;
    else
        s->next = has_failed(p) ? PANA_EV_EAP_FAILURE : PANA_EV_EAP_DISCARD;
}

/* ---- what a valid message is ---- */

static bool has_eap(const struct pana_msg *m)
{
    return pana_has(m, PANA_AVP_EAP_PAYLOAD);
}

static bool is_eap(const struct pana_msg *m, enum eap_code code)
{
    return has_eap(m) && m->eap.p[0] == code;
}

/* A first PAR that is for somebody else tells this device that another PAA, or another usage of
 * this one, is meant (etsi-m2m.md 4.3 step 2). */
static const char *check_start(const struct pana_pac *p, const struct pana_msg *m)
{
    const struct pana_params *in = &m->params;

    if (pana_has(m, PANA_AVP_AUTH))
        return "AUTH without a key";
    if (p->settings.device_id && in->has >> PANA_ETSI_TARGET_DEVICE_ID & 1 &&
        strcmp(in->target_device_id, p->settings.device_id) != 0)
        return "another target device";
    if (p->settings.params.has >> PANA_ETSI_USAGE_TYPE & 1 && in->has >> PANA_ETSI_USAGE_TYPE & 1 &&
        in->usage != p->settings.params.usage)
        return "another usage type";
    return NULL;
}

/* The last PAR, under the key of this very authentication. EAP has not yet seen the EAP-Success in
 * it, and does not if the AUTH is wrong. */
static const char *check_new_key(struct pana_pac *p, enum reason *reason)
{
    struct pana_session *s = &p->session;
    const struct eap_keys *keys = p->peer ? eap_peer_coming_keys(p->peer) : NULL;

    if (!is_eap(s->msg, EAP_SUCCESS))
        return "Key-Id without EAP-Success";
    if (!keys)
        return "no MSK";
    if (s->pac_nonce_n == 0 || s->paa_nonce_n == 0)
        return "no nonces";
    pana_derive(s, keys->msk, s->msg->key_id);
    *reason = REASON_PANA_AUTH;
    return pana_auth_matches(s->proto.env->meter, &s->next_sa, s->msg) ? NULL : "AUTH";
}

static const char *check(struct pana_session *s, enum reason *reason)
{
    struct pana_pac *p = of(s);
    const struct pana_msg *m = s->msg;

    s->next_sa.present = false;
    if (m->flags & PANA_S)
        return check_start(p, m);
    if (pana_has(m, PANA_AVP_KEY_ID))
        return m->flags & PANA_C ? check_new_key(p, reason) : "Key-Id before the end";
    /* RFC 5191 5.5: what carries EAP-Success is under a key that this EAP brought about. */
    if (is_eap(m, EAP_SUCCESS))
        return "EAP-Success without Key-Id";
    if (s->sa.present) {
        *reason = REASON_PANA_AUTH;
        return pana_auth_matches(s->proto.env->meter, &s->sa, m) ? NULL : "AUTH";
    }
    return pana_has(m, PANA_AVP_AUTH) ? "AUTH without a key" : NULL;
}

/* ---- guards ---- */

static bool may_start(const struct pana_session *s)
{
    return !of_const(s)->second_par; /* RFC 5191 5.5 */
}

/* RFC 5191 4.1: of what is offered, the strongest; the mandatory ones if told so. */
static bool choose(const struct pana_session *s, struct pana_algorithms *out)
{
    const struct pana_msg *m = s->msg;
    bool strong = !of_const(s)->settings.sha1_only;

    if (strong && m->prfs >> PANA_PRF_HMAC_SHA2_256 & 1)
        out->prf = PANA_PRF_HMAC_SHA2_256;
    else if (m->prfs >> PANA_PRF_HMAC_SHA1 & 1)
        out->prf = PANA_PRF_HMAC_SHA1;
    else
        return false;
    if (strong && m->integrities >> PANA_AUTH_HMAC_SHA2_256_128 & 1)
        out->integrity = PANA_AUTH_HMAC_SHA2_256_128;
    else if (m->integrities >> PANA_AUTH_HMAC_SHA1_160 & 1)
        out->integrity = PANA_AUTH_HMAC_SHA1_160;
    else
        return false;
    out->encryption = m->encryptions >> PANA_AES128_CTR & 1;
    return !pana_has(m, PANA_AVP_ENCRYPTION_ALGORITHM) || out->encryption;
}

static bool nothing_in_common(const struct pana_session *s)
{
    struct pana_algorithms a;

    return may_start(s) && !choose(s, &a);
}

static bool may_start_without_eap(const struct pana_session *s)
{
    return may_start(s) && !has_eap(s->msg);
}

static bool may_start_piggyback(const struct pana_session *s)
{
    return may_start(s) && !of_const(s)->settings.no_piggyback;
}

static bool is_piggyback(const struct pana_session *s)
{
    return !of_const(s)->settings.no_piggyback;
}

/* A PAR between the first and the last: it has an EAP packet, and a nonce if and only if it is the
 * first of this authentication (RFC 5191 4.1, 4.3). */
static bool is_eap_par(const struct pana_session *s)
{
    bool first = !of_const(s)->nonce_sent;

    return has_eap(s->msg) && !is_eap(s->msg, EAP_SUCCESS) &&
           pana_has(s->msg, PANA_AVP_NONCE) == first;
}

static bool is_success(const struct pana_session *s)
{
    return pana_has(s->msg, PANA_AVP_RESULT_CODE) && !pana_has(s->msg, PANA_AVP_NONCE) &&
           s->msg->result_code == PANA_SUCCESS && s->next_sa.present;
}

static bool is_rejection(const struct pana_session *s)
{
    return pana_has(s->msg, PANA_AVP_RESULT_CODE) && !pana_has(s->msg, PANA_AVP_NONCE) &&
           s->msg->result_code != PANA_SUCCESS;
}

static bool has_sa(const struct pana_session *s)
{
    return s->sa.present;
}

/* Another request would leave the PAA with a gap in the sequence numbers if this one is lost. */
static bool may_ask(const struct pana_session *s)
{
    return s->sa.present && buf_len(&s->request.octets) == 0;
}

/* ---- actions ---- */

static void tx_pci(struct pana_session *s)
{
    buf_put_span(&s->avps, buf_span(&of(s)->initiation));
    pana_send_request(s, PANA_PCI, 0, NULL);
    pana_rtx_start(s);
}

static void put_algorithms(struct pana_session *s)
{
    pana_put_u32(&s->avps, PANA_AVP_PRF_ALGORITHM, s->algorithms.prf);
    pana_put_u32(&s->avps, PANA_AVP_INTEGRITY_ALGORITHM, s->algorithms.integrity);
    if (s->algorithms.encryption)
        pana_put_u32(&s->avps, PANA_AVP_ENCRYPTION_ALGORITHM, PANA_AES128_CTR);
}

static void put_response(struct pana_pac *p)
{
    pana_put_avp(&p->session.avps, PANA_AVP_EAP_PAYLOAD, buf_span(&p->response));
    buf_clear(&p->response);
}

/* Tx:PAN[S] or Tx:PAN[], with the EAP response if there is one to go with it. */
static void tx_pan(struct pana_session *s)
{
    struct pana_pac *p = of(s);
    bool start = s->msg->flags & PANA_S;

    if (start) {
        put_algorithms(s);
    } else if (!p->nonce_sent) {
        pana_keep_nonce(s->paa_nonce, &s->paa_nonce_n, s->msg->nonce);
        pana_put_nonce(s, s->pac_nonce, &s->pac_nonce_n);
        p->nonce_sent = true;
    }
    if (buf_len(&p->response) > 0 && is_piggyback(s))
        put_response(p);
    pana_send_answer(s, pana_current_sa(s));
    if (start)
        buf_put_span(&s->i_pan, buf_span(&s->last_answer));
}

/* A session begins, or begins anew: until its second PAR a PAA may have kept no state, and a
 * repeated PCI then makes another first PAR. */
static void start_session(struct pana_session *s)
{
    struct pana_pac *p = of(s);

    s->id = s->msg->session_id;
    s->has_id = true;
    choose(s, &s->algorithms);
    buf_clear(&s->i_par);
    buf_clear(&s->i_pan);
    buf_put_span(&s->i_par, s->msg->whole);
    p->params = (struct pana_params){.has = 0};
    pana_params_merge(&p->params, &s->msg->params);
    buf_clear(&p->response);
    pana_session_timer(s, s->timers.stalled);
    pana_pac_restart_eap(p);
}

static void start_and_answer(struct pana_session *s)
{
    start_session(s);
    tx_pan(s);
}

static void start_and_tx_eap(struct pana_session *s)
{
    start_session(s);
    tx_eap(s);
}

static void no_algorithm(struct pana_session *s)
{
    pana_fail(s, REASON_PANA_ALGORITHM);
}

static void on_par(struct pana_session *s)
{
    of(s)->second_par = true;
    pana_rtx_stop(s);
    pana_session_timer(s, s->timers.stalled);
    tx_eap(s);
}

/* From the open session: the PAA wants to authenticate anew. */
static void on_reauth_par(struct pana_session *s)
{
    pana_pac_restart_eap(of(s));
    on_par(s);
}

static void tx_pan_then_par(struct pana_session *s)
{
    struct pana_pac *p = of(s);

    /* RFC 5609 confirms the PAR before EAP has seen it. Here EAP answers at once, and a PAR that it
     * discards is to stay unconfirmed. */
    if (!s->answered)
        tx_pan(s);
    put_response(p);
    pana_send_request(s, PANA_PAR_PAN, 0, pana_current_sa(s));
    pana_rtx_start(s);
}

static void eap_failed(struct pana_session *s)
{
    pana_fail(s, s->cause != REASON_NONE ? s->cause : REASON_EAP_FAILURE);
}

/* check_new_key has seen that the peer is ready for it: should the packet not suit it, the AUTH
 * still says that the PAA accepts (altAccept). */
static void on_success(struct pana_session *s)
{
    struct pana_pac *p = of(s);
    struct proto *peer = eap_peer_proto(p->peer);

    pana_rtx_stop(s);
    peer->ops->input(peer, s->now, s->msg->eap);
    if (peer->status == PROTO_RUNNING)
        eap_peer_alternate(p->peer, s->now, true);
    s->next = PANA_EV_EAP_SUCCESS;
}

static void on_rejection(struct pana_session *s)
{
    struct pana_pac *p = of(s);
    struct proto *peer = p->peer ? eap_peer_proto(p->peer) : NULL;

    pana_rtx_stop(s);
    if (peer && peer->status == PROTO_RUNNING && has_eap(s->msg))
        peer->ops->input(peer, s->now, s->msg->eap);
    if (peer && peer->status == PROTO_RUNNING)
        eap_peer_alternate(p->peer, s->now, false); /* alt_reject() */
    note_cause(p);
    s->next = has_keys(p) ? PANA_EV_EAP_SUCCESS : PANA_EV_EAP_FAILURE;
}

/* Tx:PAN[C], under the new key if there is one. */
static void confirm(struct pana_session *s)
{
    if (s->next_sa.present) {
        s->sa = s->next_sa;
        pana_put_u32(&s->avps, PANA_AVP_KEY_ID, s->msg->key_id);
    }
    pana_send_answer(s, pana_current_sa(s));
}

/* GAP C5, as for Kmc: anew at 0.85 of the lifetime, give or take 5 %. */
static void start_lifetime(struct pana_pac *p)
{
    struct pana_session *s = &p->session;
    sim_ns lifetime = (sim_ns)p->lifetime_s * SIM_S;
    sim_ns percent = 80 + (sim_ns)rng_below(s->proto.env->stream, 11);

    pana_session_timer(s, lifetime);
    p->reauth_at = sim_ns_add(s->now, lifetime / 100 * percent);
}

static void accept(struct pana_session *s)
{
    struct pana_pac *p = of(s);
    uint32_t told = pana_has(s->msg, PANA_AVP_SESSION_LIFETIME) ? s->msg->session_lifetime_s : 0;

    confirm(s);
    pana_params_merge(&p->params, &s->msg->params);
    p->keys = *eap_peer_keys(p->peer);
    p->lifetime_s = told == UINT32_MAX ? 0 : told;
    p->open = true;
    p->nonce_sent = false;
    p->reauth_at = SIM_NEVER;
    pana_session_timer(s, 0);
    if (p->settings.keep_session && p->lifetime_s > 0)
        start_lifetime(p);
    if (!p->settings.keep_session && p->settings.linger > 0)
        p->done_at = sim_ns_add(s->now, p->settings.linger);
    else if (!p->settings.keep_session)
        proto_done(&s->proto);
}

static void confirm_rejection(struct pana_session *s)
{
    confirm(s);
    pana_fail(s, s->cause != REASON_NONE ? s->cause : REASON_PANA_REJECTED);
}

static void tx_ping(struct pana_session *s)
{
    pana_send_request(s, PANA_PNR_PNA, PANA_P, &s->sa);
    pana_rtx_start(s);
}

static void tx_reauth(struct pana_session *s)
{
    pana_send_request(s, PANA_PNR_PNA, PANA_A, &s->sa);
    pana_rtx_start(s);
}

static void on_reauth_answer(struct pana_session *s)
{
    pana_rtx_stop(s);
    pana_session_timer(s, s->timers.stalled);
    pana_pac_restart_eap(of(s));
}

static void tx_termination(struct pana_session *s)
{
    pana_put_u32(&s->avps, PANA_AVP_TERMINATION_CAUSE, 1); /* LOGOUT */
    pana_send_request(s, PANA_PTR_PTA, 0, &s->sa);
    pana_rtx_start(s);
    pana_session_timer(s, 0);
    of(s)->reauth_at = SIM_NEVER;
}

static void end(struct pana_session *s)
{
    of(s)->open = false;
    pana_rtx_stop(s);
    proto_done(&s->proto);
}

static void end_by_paa(struct pana_session *s)
{
    pana_send_answer(s, &s->sa);
    if (!of(s)->settings.keep_session) { /* it had what it wanted */
        end(s);
        return;
    }
    pana_fail(s, REASON_PANA_TERMINATED);
}

/* RFC 5609 7.5 in its order. What differs:
 * - WAIT_PAA, Rx:PAR[S]: RFC 5191 5.5 has it valid until the second PAR, see start_session.
 * - WAIT_EAP_MSG, EAP_DISCARD: there fatal, with a warning; here the PAR counts as not received, so
 *   that a forged or damaged one cannot end the session. Hence EAP_DISCARD in INITIAL has no row.
 * - EAP_RESP_TIMEOUT: our EAP peer answers at once.
 * - WAIT_EAP_RESULT, EAP_FAILURE: without an MSK a PAR[C] of success has no valid AUTH.
 * - WAIT_PNA_PING, Rx:PAR[]: has no row, so that the ping is answered first. To drop it would leave
 *   a gap in the sequence numbers if it was lost.
 * - Rx:PTR and TERMINATE wherever there are keys, also while re-authenticating, and Rx:PTR in
 *   SESS_TERM (RFC 5191 5.5 has both valid). */
#define WITH_KEYS                                                                                  \
    (PANA_IN(OPEN) | PANA_IN(WAIT_PNA_REAUTH) | PANA_IN(WAIT_PNA_PING) | PANA_IN(WAIT_PAA))
/* clang-format off */
static const struct pana_rule rules[] = {
    {PANA_IN(INITIAL), PANA_EV_AUTH_USER,    NULL,                  tx_pci,           PANA_SAME},
    {PANA_IN(INITIAL) | PANA_IN(WAIT_PAA),
                       PANA_EV_RX_PAR_S,     nothing_in_common,     no_algorithm,     PANA_CLOSED},
    {PANA_IN(INITIAL) | PANA_IN(WAIT_PAA),
                       PANA_EV_RX_PAR_S,     may_start_without_eap, start_and_answer, PANA_WAIT_PAA},
    {PANA_IN(INITIAL) | PANA_IN(WAIT_PAA),
                       PANA_EV_RX_PAR_S,     may_start_piggyback,   start_and_tx_eap, PANA_INITIAL},
    {PANA_IN(INITIAL) | PANA_IN(WAIT_PAA),
                       PANA_EV_RX_PAR_S,     may_start,          start_and_tx_eap, PANA_WAIT_EAP_MSG},
    {PANA_IN(INITIAL), PANA_EV_EAP_RESPONSE, NULL,                  tx_pan,           PANA_WAIT_PAA},
    {PANA_IN(INITIAL), PANA_EV_EAP_FAILURE,  NULL,                  eap_failed,       PANA_CLOSED},

    {PANA_IN(WAIT_PAA), PANA_EV_RX_PAR,      is_eap_par,            on_par,      PANA_WAIT_EAP_MSG},
    {PANA_IN(WAIT_PAA), PANA_EV_RX_PAN,      NULL,                  pana_rtx_stop,    PANA_SAME},
    {PANA_IN(WAIT_PAA), PANA_EV_RX_PAR_C,    is_success,            on_success,
                                                                             PANA_WAIT_EAP_RESULT},
    {PANA_IN(WAIT_PAA), PANA_EV_RX_PAR_C,    is_rejection,          on_rejection,
                                                                       PANA_WAIT_EAP_RESULT_CLOSE},

    {PANA_IN(WAIT_EAP_MSG), PANA_EV_EAP_RESPONSE, is_piggyback,     tx_pan,           PANA_WAIT_PAA},
    {PANA_IN(WAIT_EAP_MSG), PANA_EV_EAP_RESPONSE, NULL,             tx_pan_then_par,  PANA_WAIT_PAA},
    {PANA_IN(WAIT_EAP_MSG), PANA_EV_EAP_DISCARD,  NULL,             NULL,             PANA_WAIT_PAA},
    {PANA_IN(WAIT_EAP_MSG), PANA_EV_EAP_FAILURE,  NULL,             eap_failed,       PANA_CLOSED},

    {PANA_IN(WAIT_EAP_RESULT),       PANA_EV_EAP_SUCCESS, NULL,     accept,           PANA_OPEN},
    {PANA_IN(WAIT_EAP_RESULT_CLOSE), PANA_EV_EAP_SUCCESS, NULL,     confirm_rejection, PANA_CLOSED},
    {PANA_IN(WAIT_EAP_RESULT_CLOSE), PANA_EV_EAP_FAILURE, NULL,     confirm_rejection, PANA_CLOSED},

    {PANA_IN(OPEN), PANA_EV_PANA_PING,       NULL,                  tx_ping,     PANA_WAIT_PNA_PING},
    {PANA_IN(OPEN), PANA_EV_REAUTH,          NULL,                  tx_reauth, PANA_WAIT_PNA_REAUTH},
    {PANA_IN(OPEN), PANA_EV_RX_PAR,          is_eap_par,            on_reauth_par,
                                                                                 PANA_WAIT_EAP_MSG},
    {WITH_KEYS,     PANA_EV_RX_PTR,          has_sa,                end_by_paa,       PANA_CLOSED},
    {WITH_KEYS,     PANA_EV_TERMINATE,       may_ask,               tx_termination, PANA_SESS_TERM},

    {PANA_IN(WAIT_PNA_REAUTH), PANA_EV_RX_PNA_A, NULL,              on_reauth_answer, PANA_WAIT_PAA},
    {PANA_IN(WAIT_PNA_PING),   PANA_EV_RX_PNA_P, NULL,              pana_rtx_stop,    PANA_OPEN},

    {PANA_IN(SESS_TERM),       PANA_EV_RX_PTA,   NULL,              end,              PANA_CLOSED},
    {PANA_IN(SESS_TERM),       PANA_EV_RX_PTR,   NULL,              end_by_paa,       PANA_CLOSED},
};
/* clang-format on */

const struct pana_machine pana_pac_machine = {.name = "PaC",
                                              .is_pac = true,
                                              .rules = rules,
                                              .rule_count = sizeof(rules) / sizeof(rules[0]),
                                              .check = check};
