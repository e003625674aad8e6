/* What the PAA does: RFC 5609 8.4, with what RFC 5191 asks of each message. The table stands at the
 * end. */
#include "models/proto/pana_paa_impl.h"

static struct pana_paa *of(struct pana_session *s)
{
    return (struct pana_paa *)s;
}

static const struct pana_paa *of_const(const struct pana_session *s)
{
    return (const struct pana_paa *)s;
}

static bool has_eap(const struct pana_msg *m)
{
    return pana_has(m, PANA_AVP_EAP_PAYLOAD);
}

/* ---- what a valid message is ---- */

static uint32_t offered_prfs(const struct pana_paa *p)
{
    return 1u << PANA_PRF_HMAC_SHA1 | (p->settings.sha1_only ? 0 : 1u << PANA_PRF_HMAC_SHA2_256);
}

static uint32_t offered_integrities(const struct pana_paa *p)
{
    return 1u << PANA_AUTH_HMAC_SHA1_160 |
           (p->settings.sha1_only ? 0 : 1u << PANA_AUTH_HMAC_SHA2_256_128);
}

/* RFC 5191 4.1: one algorithm of each, from those offered. What shall be encrypted goes to nobody
 * who cannot (RFC 6786 2 has one chosen). */
static const char *check_start(const struct pana_paa *p, const struct pana_msg *m,
                               enum reason *reason)
{
    *reason = REASON_PANA_ALGORITHM;
    if (pana_has(m, PANA_AVP_AUTH))
        return "AUTH without a key";
    if (m->prfs == 0 || m->prfs & ~offered_prfs(p) || m->integrities == 0 ||
        m->integrities & ~offered_integrities(p))
        return "algorithms";
    if (m->encryptions != (p->settings.encrypt ? 1u << PANA_AES128_CTR : 0))
        return "encryption algorithm";
    return NULL;
}

static const char *check(struct pana_session *s, enum reason *reason)
{
    const struct pana_paa *p = of(s);
    const struct pana_msg *m = s->msg;
    bool new_key = s->next_sa.present && m->flags & PANA_C;
    const struct pana_sa *sa = new_key ? &s->next_sa : pana_current_sa(s);

    if (m->type == PANA_PCI)
        return NULL;
    if (m->flags & PANA_S)
        return check_start(p, m, reason);
    if (pana_has(m, PANA_AVP_KEY_ID) != new_key || (new_key && m->key_id != s->next_sa.key_id))
        return "Key-Id";
    if (!sa)
        return pana_has(m, PANA_AVP_AUTH) ? "AUTH without a key" : NULL;
    *reason = REASON_PANA_AUTH;
    return pana_auth_matches(s->proto.env->meter, sa, m) ? NULL : "AUTH";
}

/* ---- guards ---- */

static bool is_optimized(const struct pana_session *s)
{
    return of_const(s)->settings.optimized_init;
}

static bool is_first_pci(const struct pana_session *s)
{
    return !of_const(s)->has_client;
}

static bool is_repeated_pci(const struct pana_session *s)
{
    return !is_first_pci(s) && !is_optimized(s);
}

static bool is_first_pci_alone(const struct pana_session *s)
{
    return is_first_pci(s) && !is_optimized(s);
}

/* With its EAP response, where a request was in PAR[S]; without, where there was none. */
static bool is_start_with_eap(const struct pana_session *s)
{
    return is_optimized(s) && has_eap(s->msg);
}

static bool is_start_without_eap(const struct pana_session *s)
{
    return !is_optimized(s) && !has_eap(s->msg);
}

static bool is_start_to_wait(const struct pana_session *s)
{
    return is_optimized(s) && !has_eap(s->msg);
}

/* A PAN[] has a nonce if and only if it answers the first PAR (RFC 5191 4.1, 4.3). */
static bool has_right_nonce(const struct pana_session *s)
{
    return pana_has(s->msg, PANA_AVP_NONCE) == (s->pac_nonce_n == 0);
}

static bool is_pan_with_eap(const struct pana_session *s)
{
    return has_right_nonce(s) && has_eap(s->msg);
}

static bool is_pan_without_eap(const struct pana_session *s)
{
    return has_right_nonce(s) && !has_eap(s->msg);
}

/* The PaC's own PAR. RFC 5609 takes it for an answer to ours too; but when that answer is yet to
 * bring the PaC's nonce, it must come. */
static bool is_eap_par(const struct pana_session *s)
{
    bool nonce_missing = of_const(s)->nonce_sent && s->pac_nonce_n == 0;

    return has_eap(s->msg) && !pana_has(s->msg, PANA_AVP_NONCE) && !nonce_missing;
}

static bool is_authorized(const struct pana_session *s) /* Authorize() */
{
    return of_const(s)->verdict.reason == REASON_NONE;
}

static bool has_sa(const struct pana_session *s)
{
    return s->sa.present;
}

static bool may_ask(const struct pana_session *s)
{
    return s->sa.present && buf_len(&s->request.octets) == 0;
}

/* The PaC has not yet said a word in this re-authentication. */
static bool is_reauth_begun(const struct pana_session *s)
{
    return s->sa.present && s->pac_nonce_n == 0;
}

/* ---- actions ---- */

static void put_offer(struct pana_session *s)
{
    const struct pana_paa *p = of(s);

    /* The strongest first; RFC 5191 leaves the choice to the PaC. */
    if (!p->settings.sha1_only)
        pana_put_u32(&s->avps, PANA_AVP_PRF_ALGORITHM, PANA_PRF_HMAC_SHA2_256);
    pana_put_u32(&s->avps, PANA_AVP_PRF_ALGORITHM, PANA_PRF_HMAC_SHA1);
    if (!p->settings.sha1_only)
        pana_put_u32(&s->avps, PANA_AVP_INTEGRITY_ALGORITHM, PANA_AUTH_HMAC_SHA2_256_128);
    pana_put_u32(&s->avps, PANA_AVP_INTEGRITY_ALGORITHM, PANA_AUTH_HMAC_SHA1_160);
    if (p->settings.encrypt)
        pana_put_u32(&s->avps, PANA_AVP_ENCRYPTION_ALGORITHM, PANA_AES128_CTR);
    pana_put_params(&s->avps, &p->settings.params);
}

static void tx_par_s(struct pana_session *s)
{
    put_offer(s);
    pana_send_request(s, PANA_PAR_PAN, PANA_S, NULL);
    buf_put_span(&s->i_par, buf_span(&s->request.octets));
}

static void take_pci(struct pana_session *s)
{
    struct pana_paa *p = of(s);

    p->client = s->msg->params;
    p->has_client = true;
    pana_session_timer(s, s->timers.stalled);
}

static void await_server(struct pana_session *s)
{
    s->cause = REASON_BACKEND_TIMEOUT;
    pana_session_timer(s, s->timers.stalled);
}

/* EAP_Restart() */
static void restart_eap(struct pana_session *s)
{
    struct pana_paa *p = of(s);

    buf_clear(&p->response);
    p->wants_request = true;
    await_server(s);
}

static void start_without_eap(struct pana_session *s)
{
    take_pci(s);
    tx_par_s(s);
}

static void start_with_eap(struct pana_session *s)
{
    take_pci(s);
    restart_eap(s);
}

/* As if without state (RFC 5191 4.1): the same PAR[S], but never by a timer. */
static void tx_par_s_again(struct pana_session *s)
{
    pana_session_timer(s, s->timers.stalled);
    pana_send_again(s);
}

static void put_eap(struct pana_session *s)
{
    pana_put_avp(&s->avps, PANA_AVP_EAP_PAYLOAD, of(s)->verdict.eap);
    of(s)->wants_request = false;
    s->cause = REASON_NONE;
}

static void tx_par_s_with_eap(struct pana_session *s)
{
    put_eap(s);
    tx_par_s(s);
    pana_rtx_start(s);
}

/* TxEAP() */
static void tx_eap(struct pana_session *s)
{
    struct pana_paa *p = of(s);

    buf_clear(&p->response);
    buf_put_span(&p->response, s->msg->eap);
    await_server(s);
}

static uint32_t lowest(uint32_t set)
{
    uint32_t n = 0;

    while (!(set >> n & 1))
        n++;
    return n;
}

static void take_start(struct pana_session *s)
{
    s->algorithms.prf = (enum pana_prf)lowest(s->msg->prfs);
    s->algorithms.integrity = (enum pana_integrity)lowest(s->msg->integrities);
    s->algorithms.encryption = s->msg->encryptions != 0;
    buf_put_span(&s->i_pan, s->msg->whole);
    pana_rtx_stop(s);
}

static void take_start_without_eap(struct pana_session *s)
{
    take_start(s);
    restart_eap(s);
}

static void take_start_with_eap(struct pana_session *s)
{
    take_start(s);
    tx_eap(s);
}

static void tx_par(struct pana_session *s)
{
    struct pana_paa *p = of(s);

    if (!p->nonce_sent)
        pana_put_nonce(s, s->paa_nonce, &s->paa_nonce_n);
    p->nonce_sent = true;
    put_eap(s);
    pana_send_request(s, PANA_PAR_PAN, 0, pana_current_sa(s));
    pana_rtx_start(s);
}

static void take_pan(struct pana_session *s)
{
    if (pana_has(s->msg, PANA_AVP_NONCE))
        pana_keep_nonce(s->pac_nonce, &s->pac_nonce_n, s->msg->nonce);
    pana_rtx_stop(s);
}

static void take_pan_with_eap(struct pana_session *s)
{
    take_pan(s);
    tx_eap(s);
}

static void take_par(struct pana_session *s)
{
    pana_rtx_stop(s);
    tx_eap(s);
    pana_send_answer(s, pana_current_sa(s));
}

/* The AVPs of ETSI that the last PAR has: protected by its AUTH, and hidden if so agreed. */
static void put_last_params(struct pana_session *s)
{
    const struct pana_params *params = of(s)->verdict.params;
    uint8_t *octets;
    struct buf plain;
    size_t n;

    if (!params)
        return;
    if (!s->algorithms.encryption) {
        pana_put_params(&s->avps, params);
        return;
    }
    buf_init(&plain, PANA_MESSAGE_MAX);
    pana_put_params(&plain, params);
    n = buf_len(&plain);
    octets = n > 0 ? buf_room(&plain, n) : NULL;
    if (octets) {
        /* tx_sequence: the number that the PAR will have. */
        pana_crypt(s->proto.env->meter, &s->next_sa, true, s->id, s->tx_sequence, buf_span(&plain),
                   octets);
        pana_put_avp(&s->avps, PANA_AVP_ENCR_ENCAP, span_of(octets, n));
    }
    buf_wipe(&plain);
}

/* Tx:PAR[C]; under the new key if there is one. */
static void tx_par_c(struct pana_session *s, enum pana_result result)
{
    struct pana_paa *p = of(s);
    uint32_t lifetime = p->settings.session_lifetime_s;

    s->next_sa.present = false;
    if (p->verdict.msk && result != PANA_AUTHENTICATION_REJECTED)
        pana_derive(s, p->verdict.msk, ++p->key_id);
    pana_put_u32(&s->avps, PANA_AVP_RESULT_CODE, result);
    put_eap(s);
    s->cause = p->verdict.reason;
    if (s->next_sa.present)
        pana_put_u32(&s->avps, PANA_AVP_KEY_ID, s->next_sa.key_id);
    if (result == PANA_SUCCESS) {
        pana_put_u32(&s->avps, PANA_AVP_SESSION_LIFETIME, lifetime ? lifetime : UINT32_MAX);
        put_last_params(s);
    }
    pana_send_request(s, PANA_PAR_PAN, PANA_C,
                      s->next_sa.present ? &s->next_sa : pana_current_sa(s));
    pana_rtx_start(s);
    pana_session_timer(s, 0);
}

static void tx_failure(struct pana_session *s)
{
    tx_par_c(s, PANA_AUTHENTICATION_REJECTED);
}

static void tx_success(struct pana_session *s)
{
    tx_par_c(s, PANA_SUCCESS);
}

static void tx_unauthorized(struct pana_session *s)
{
    tx_par_c(s, PANA_AUTHORIZATION_REJECTED);
}

/* RFC 5191 4.1: without an EAP-Failure the session ends without a word. */
static void eap_timeout(struct pana_session *s)
{
    enum reason reason = of(s)->verdict.reason;

    pana_fail(s, reason != REASON_NONE ? reason : REASON_BACKEND_TIMEOUT);
}

static void begin_phase(struct pana_paa *p)
{
    p->nonce_sent = false;
    p->session.pac_nonce_n = 0;
}

static void confirmed(struct pana_session *s)
{
    struct pana_paa *p = of(s);

    pana_rtx_stop(s);
    s->sa = s->next_sa;
    s->next_sa.present = false;
    begin_phase(p);
    p->open = true;
    pana_session_timer(s, (sim_ns)p->settings.session_lifetime_s * SIM_S);
    if (!p->settings.keep_session)
        proto_done(&s->proto);
}

static void rejected(struct pana_session *s)
{
    pana_fail(s, s->cause != REASON_NONE ? s->cause : REASON_PANA_REJECTED);
}

static void answer_reauth(struct pana_session *s)
{
    pana_send_answer(s, &s->sa);
    restart_eap(s);
}

/* Both sides began to re-authenticate at once: the PaC waits for this answer and then takes the PAR
 * that it has discarded (RFC 5191 4.3). */
static void answer_crossing_reauth(struct pana_session *s)
{
    pana_send_answer(s, &s->sa);
}

static void tx_ping(struct pana_session *s)
{
    pana_send_request(s, PANA_PNR_PNA, PANA_P, &s->sa);
    pana_rtx_start(s);
}

static void tx_termination(struct pana_session *s)
{
    pana_put_u32(&s->avps, PANA_AVP_TERMINATION_CAUSE, of(s)->cause_code);
    pana_send_request(s, PANA_PTR_PTA, 0, &s->sa);
    pana_rtx_start(s);
    pana_session_timer(s, 0);
}

static void end(struct pana_session *s)
{
    of(s)->open = false;
    pana_rtx_stop(s);
    proto_done(&s->proto);
}

static void end_by_pac(struct pana_session *s)
{
    pana_send_answer(s, &s->sa);
    end(s);
}

/* RFC 5609 8.4 in its order. What differs:
 * - INITIAL, Rx:PCI: the same PAR[S] for each, until its answer comes.
 * - WAIT_PNA_PING, Rx:PNR[A]: has no row, so that the ping is answered first: a gap in the sequence
 *   numbers would remain if it was lost.
 * - WAIT_PAN_OR_PAR, EAP_REQUEST ("EAP retransmission"): no server here repeats itself, and a PAR
 * in place of one that was lost leaves a gap too. Rx:PNR[A]: see answer_crossing_reauth.
 * - EAP_DISCARD is the server's silence, EAP_TIMEOUT.
 * - Rx:PTR and TERMINATE wherever there are keys, and Rx:PTR in SESS_TERM (RFC 5191 5.5). */
#define WITH_KEYS                                                                                  \
    (PANA_IN(OPEN) | PANA_IN(WAIT_PNA_PING) | PANA_IN(WAIT_EAP_MSG) | PANA_IN(WAIT_PAN_OR_PAR))
/* clang-format off */
static const struct pana_rule rules[] = {
    {PANA_IN(INITIAL), PANA_EV_RX_PCI,      is_repeated_pci,      tx_par_s_again,    PANA_SAME},
    {PANA_IN(INITIAL), PANA_EV_RX_PCI,      is_first_pci_alone,   start_without_eap, PANA_SAME},
    {PANA_IN(INITIAL), PANA_EV_RX_PCI,      is_first_pci,         start_with_eap,    PANA_SAME},
    {PANA_IN(INITIAL), PANA_EV_EAP_REQUEST, is_optimized,         tx_par_s_with_eap, PANA_SAME},
    {PANA_IN(INITIAL), PANA_EV_RX_PAN_S,    is_start_without_eap, take_start_without_eap,
                                                                                PANA_WAIT_EAP_MSG},
    {PANA_IN(INITIAL), PANA_EV_RX_PAN_S,    is_start_with_eap,    take_start_with_eap,
                                                                                PANA_WAIT_EAP_MSG},
    {PANA_IN(INITIAL), PANA_EV_RX_PAN_S,    is_start_to_wait,     take_start, PANA_WAIT_PAN_OR_PAR},
    {PANA_IN(INITIAL), PANA_EV_EAP_TIMEOUT, NULL,                 eap_timeout,       PANA_CLOSED},

    {PANA_IN(WAIT_EAP_MSG), PANA_EV_EAP_REQUEST, NULL,            tx_par,     PANA_WAIT_PAN_OR_PAR},
    {PANA_IN(WAIT_EAP_MSG), PANA_EV_EAP_FAILURE, NULL,            tx_failure,   PANA_WAIT_FAIL_PAN},
    {PANA_IN(WAIT_EAP_MSG), PANA_EV_EAP_SUCCESS, is_authorized,   tx_success,   PANA_WAIT_SUCC_PAN},
    {PANA_IN(WAIT_EAP_MSG), PANA_EV_EAP_SUCCESS, NULL,            tx_unauthorized,
                                                                                PANA_WAIT_FAIL_PAN},
    {PANA_IN(WAIT_EAP_MSG), PANA_EV_EAP_TIMEOUT, NULL,            eap_timeout,       PANA_CLOSED},

    {PANA_IN(WAIT_SUCC_PAN), PANA_EV_RX_PAN_C,  NULL,             confirmed,         PANA_OPEN},
    {PANA_IN(WAIT_FAIL_PAN), PANA_EV_RX_PAN_C,  NULL,             rejected,          PANA_CLOSED},

    {PANA_IN(OPEN),     PANA_EV_RX_PNR_A,       NULL,             answer_reauth, PANA_WAIT_EAP_MSG},
    {PANA_IN(OPEN),     PANA_EV_REAUTH,         NULL,             restart_eap,  PANA_WAIT_EAP_MSG},
    {PANA_IN(OPEN),     PANA_EV_PANA_PING,      NULL,             tx_ping,      PANA_WAIT_PNA_PING},
    {WITH_KEYS,         PANA_EV_TERMINATE,      may_ask,          tx_termination, PANA_SESS_TERM},
    {WITH_KEYS,         PANA_EV_RX_PTR,         has_sa,           end_by_pac,        PANA_CLOSED},

    {PANA_IN(WAIT_PNA_PING),   PANA_EV_RX_PNA_P, NULL,            pana_rtx_stop,     PANA_OPEN},

    {PANA_IN(WAIT_PAN_OR_PAR), PANA_EV_RX_PAR,  is_eap_par,       take_par,     PANA_WAIT_EAP_MSG},
    {PANA_IN(WAIT_PAN_OR_PAR), PANA_EV_RX_PAN,  is_pan_with_eap,  take_pan_with_eap,
                                                                                PANA_WAIT_EAP_MSG},
    {PANA_IN(WAIT_PAN_OR_PAR), PANA_EV_RX_PAN,  is_pan_without_eap, take_pan,        PANA_SAME},
    {PANA_IN(WAIT_PAN_OR_PAR) | PANA_IN(WAIT_EAP_MSG),
                               PANA_EV_RX_PNR_A, is_reauth_begun, answer_crossing_reauth, PANA_SAME},
    {PANA_IN(WAIT_PAN_OR_PAR), PANA_EV_EAP_FAILURE, NULL,         eap_timeout,       PANA_CLOSED},
    {PANA_IN(WAIT_PAN_OR_PAR), PANA_EV_EAP_TIMEOUT, NULL,         eap_timeout,       PANA_CLOSED},

    {PANA_IN(SESS_TERM), PANA_EV_RX_PTA,        NULL,             end,               PANA_CLOSED},
    {PANA_IN(SESS_TERM), PANA_EV_RX_PTR,        NULL,             end_by_pac,        PANA_CLOSED},
};
/* clang-format on */

const struct pana_machine pana_paa_machine = {
    .name = "PAA", .rules = rules, .rule_count = sizeof(rules) / sizeof(rules[0]), .check = check};
