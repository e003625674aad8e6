#include "models/proto/pana_session.h"

#include "models/proto/eap_method.h"
#include "sim/base/str.h"

#include <assert.h>

#define QUEUE_MAX (4u * PANA_MESSAGE_MAX)

static const char *const state_names[] = {
#define X(name) #name,
    PANA_STATES(X)
#undef X
};
static const char *const event_names[] = {
#define X(name) #name,
    PANA_EVENTS(X)
#undef X
};

void pana_timers_default(struct pana_timers *t)
{
    *t = (struct pana_timers){.pci_irt = SIM_S,
                              .pci_mrt = 120 * SIM_S,
                              .req_irt = SIM_S,
                              .req_mrt = 30 * SIM_S,
                              .req_mrc = 10,
                              .stalled = 300 * SIM_S};
}

void pana_session_init(struct pana_session *s, const struct proto_ops *ops, struct proto_env *env,
                       const struct pana_machine *machine, const struct pana_timers *timers)
{
    proto_init(&s->proto, ops, env);
    s->machine = machine;
    s->timers = *timers;
    s->state = PANA_INITIAL;
    s->next = PANA_EV_NONE;
    s->session_at = SIM_NEVER;
    s->request.rt_at = SIM_NEVER;
    buf_init(&s->request.octets, PANA_MESSAGE_MAX);
    buf_init(&s->last_request, PANA_MESSAGE_MAX);
    buf_init(&s->last_answer, PANA_MESSAGE_MAX);
    buf_init(&s->i_par, PANA_MESSAGE_MAX);
    buf_init(&s->i_pan, PANA_MESSAGE_MAX);
    buf_init(&s->avps, PANA_MESSAGE_MAX);
    buf_init(&s->out, QUEUE_MAX);
}

void pana_session_release(struct pana_session *s)
{
    buf_clear(&s->request.octets);
    buf_clear(&s->last_request);
    buf_clear(&s->last_answer);
    buf_clear(&s->i_par);
    buf_clear(&s->i_pan);
    buf_clear(&s->avps);
    buf_clear(&s->out);
    explicit_bzero(&s->sa, sizeof(s->sa));
    explicit_bzero(&s->next_sa, sizeof(s->next_sa));
}

/* ---- the interpreter ---- */

static void set_state(struct pana_session *s, enum pana_state to, enum pana_event why)
{
    trace_state(s->proto.env->trace, s->machine->name, state_names[s->state], state_names[to],
                event_names[why]);
    s->state = to;
}

static bool has_sa(const struct pana_session *s)
{
    return s->sa.present;
}

static bool has_tries(const struct pana_session *s)
{
    const struct pana_request *r = &s->request;
    bool pci = r->type == PANA_PCI;
    unsigned mrc = pci ? 0 : s->timers.req_mrc; /* RFC 5191 9.1: PCI_MRC is 0 */
    sim_ns mrd = pci ? s->timers.pci_mrd : s->timers.req_mrd;

    return (mrc == 0 || r->sent < mrc) && (mrd == 0 || s->now - r->first_at < mrd);
}

/* Nothing more came that could be used: what was wrong with that which came, if that has a name;
 * else the cause, if there is one; else a time-out. */
static void give_up(struct pana_session *s)
{
    enum reason reason = s->cause;

    if (s->dropped == REASON_PANA_AUTH || s->dropped == REASON_PANA_ALGORITHM)
        reason = s->dropped;
    pana_fail(s, reason != REASON_NONE ? reason : REASON_PANA_TIMEOUT);
}

/* In the access phase the timer is the session's lifetime. */
static void session_over(struct pana_session *s)
{
    const uint32_t access = PANA_IN(OPEN) | PANA_IN(WAIT_PNA_REAUTH) | PANA_IN(WAIT_PNA_PING);

    if (access >> s->state & 1)
        pana_fail(s, REASON_KEY_EXPIRED);
    else
        give_up(s);
}

static void answer_ping(struct pana_session *s)
{
    pana_send_answer(s, pana_current_sa(s));
}

/* RFC 5609 6.6. A PNA[P] that nobody waits for is an answer to no outstanding request and never
 * gets here. */
/* clang-format off */
static const struct pana_rule common_rules[] = {
    {PANA_ANY,                     PANA_EV_RTX_TIMEOUT,  has_tries, pana_send_again, PANA_SAME},
    {PANA_ANY,                     PANA_EV_RTX_TIMEOUT,  NULL,      give_up,         PANA_CLOSED},
    {PANA_ANY,                     PANA_EV_SESS_TIMEOUT, NULL,      session_over,    PANA_CLOSED},
    /* RFC 5191 5.5: not in the authentication and authorization phase. */
    {PANA_ANY & ~PANA_IN(INITIAL), PANA_EV_RX_PNR_P,     has_sa,    answer_ping,     PANA_SAME},
};
/* clang-format on */

static const struct pana_rule *find_among(const struct pana_session *s,
                                          const struct pana_rule *rules, size_t n,
                                          enum pana_event event)
{
    for (size_t i = 0; i < n; i++)
        if (rules[i].in >> s->state & 1 && rules[i].event == event &&
            (!rules[i].guard || rules[i].guard(s)))
            return &rules[i];
    return NULL;
}

static const struct pana_rule *find_rule(const struct pana_session *s, enum pana_event event)
{
    const struct pana_rule *r = find_among(s, s->machine->rules, s->machine->rule_count, event);

    return r ? r
             : find_among(s, common_rules, sizeof(common_rules) / sizeof(common_rules[0]), event);
}

bool pana_fire(struct pana_session *s, enum pana_event event)
{
    const struct pana_rule *r = find_rule(s, event);

    if (!r)
        return false;
    while (r) {
        s->next = PANA_EV_NONE;
        if (r->action)
            r->action(s);
        if (r->to != PANA_SAME && r->to != s->state)
            set_state(s, r->to, event);
        event = s->next;
        r = event == PANA_EV_NONE ? NULL : find_rule(s, event);
    }
    s->next = PANA_EV_NONE;
    return true;
}

void pana_fail(struct pana_session *s, enum reason reason)
{
    pana_rtx_stop(s);
    s->session_at = SIM_NEVER;
    proto_fail(&s->proto, reason);
}

/* ---- messages in ---- */

static enum pana_event event_of(const struct pana_msg *m)
{
    bool request = m->flags & PANA_R;

    switch ((enum pana_type)m->type) {
    case PANA_PCI:
        return PANA_EV_RX_PCI;
    case PANA_PAR_PAN:
        if (m->flags & PANA_S)
            return request ? PANA_EV_RX_PAR_S : PANA_EV_RX_PAN_S;
        if (m->flags & PANA_C)
            return request ? PANA_EV_RX_PAR_C : PANA_EV_RX_PAN_C;
        return request ? PANA_EV_RX_PAR : PANA_EV_RX_PAN;
    case PANA_PTR_PTA:
        return request ? PANA_EV_RX_PTR : PANA_EV_RX_PTA;
    case PANA_PNR_PNA:
        if (m->flags & PANA_A)
            return request ? PANA_EV_RX_PNR_A : PANA_EV_RX_PNA_A;
        return request ? PANA_EV_RX_PNR_P : PANA_EV_RX_PNA_P;
    }
    return PANA_EV_NONE;
}

/* RFC 5191 5.2: answered again with the same octets, without a second thought. */
static bool is_duplicate(const struct pana_session *s, struct span in)
{
    struct span last = buf_span(&s->last_request);

    return last.n == in.n && last.n > 0 && memcmp(last.p, in.p, in.n) == 0;
}

/* RFC 5191 5.2 and 5.5: session identifier and sequence number. NULL: right. */
static const char *misnumbered(const struct pana_session *s, const struct pana_msg *m)
{
    const struct pana_request *r = &s->request;

    if (m->type == PANA_PCI || (m->flags & PANA_R && m->flags & PANA_S))
        return NULL;
    if (!s->has_id || m->session_id != s->id)
        return "session identifier";
    if (m->flags & PANA_R)
        /* The peer's first request may begin anywhere. */
        return s->rx_begun && m->sequence != s->rx_sequence ? "sequence number" : NULL;
    if (buf_len(&r->octets) == 0 || r->type == PANA_PCI)
        return "no request is outstanding";
    if (m->type != r->type || m->flags != (r->flags & ~PANA_I))
        return "answer to another request";
    return m->sequence != r->sequence ? "sequence number" : NULL;
}

static void drop(struct pana_session *s, const struct pana_msg *m, const char *why,
                 enum reason reason)
{
    char text[64];
    size_t n = str_append(text, sizeof(text), 0, m ? pana_msg_name(m->flags, m->type) : "datagram");

    n = str_append(text, sizeof(text), n, " dropped: ");
    str_append(text, sizeof(text), n, why);
    s->dropped = reason;
    trace_state(s->proto.env->trace, s->machine->name, state_names[s->state], state_names[s->state],
                text);
}

/* Joins what was encrypted to m; `plain` holds it. false: it cannot be. */
static bool open_encap(struct pana_session *s, struct pana_msg *m, struct buf *plain)
{
    const struct pana_sa *sa = pana_has(m, PANA_AVP_KEY_ID) ? &s->next_sa : &s->sa;
    uint8_t *octets;

    if (!sa->present || !sa->algorithms.encryption || m->encap.n == 0)
        return false;
    octets = buf_room(plain, m->encap.n);
    pana_crypt(s->proto.env->meter, sa, s->machine->is_pac, m->session_id, m->sequence, m->encap,
               octets);
    buf_added(plain, m->encap.n);
    return pana_msg_join(m, buf_span(plain)) == REASON_NONE;
}

static void act(struct pana_session *s, struct pana_msg *m)
{
    enum reason reason = REASON_PANA_MALFORMED;
    struct buf plain;
    const char *why = misnumbered(s, m);

    buf_init(&plain, PANA_MESSAGE_MAX);
    s->msg = m;
    s->answered = false;
    if (!why)
        why = s->machine->check(s, &reason);
    if (!why && pana_has(m, PANA_AVP_ENCR_ENCAP) && !open_encap(s, m, &plain))
        why = "Encr-Encap";
    if (!why) {
        enum reason before = s->dropped;

        s->dropped = REASON_NONE;
        if (!pana_fire(s, event_of(m))) {
            s->dropped = before;
            why = "unexpected";
            reason = before;
        }
    }
    if (why)
        drop(s, m, why, reason);
    s->msg = NULL;
    buf_wipe(&plain);
}

void pana_session_input(struct pana_session *s, sim_ns now, struct span in)
{
    struct pana_msg m;

    s->now = now;
    if (is_duplicate(s, in))
        pana_queue(s, &s->last_answer);
    else if (s->proto.status != PROTO_RUNNING)
        return;
    else if (pana_msg_parse(in, &m) != REASON_NONE)
        drop(s, NULL, "malformed", REASON_PANA_MALFORMED);
    else
        act(s, &m);
}

/* ---- the host's side ---- */

/* "PAR EAP-Request/gpsk" */
static void label_eap(struct trace *trace, const char *name, const struct eap_packet *eap)
{
    static const char *const codes[] = {[EAP_REQUEST] = " EAP-Request/",
                                        [EAP_RESPONSE] = " EAP-Response/",
                                        [EAP_SUCCESS] = " EAP-Success",
                                        [EAP_FAILURE] = " EAP-Failure"};
    const struct eap_method *method = eap_method_by_type(eap->type, eap->vendor, eap->vendor_type);
    char text[64];
    size_t n = str_append(text, sizeof(text), 0, name);

    n = str_append(text, sizeof(text), n, codes[eap->code]);
    if (method)
        str_append(text, sizeof(text), n, method->name);
    else if (eap->type == EAP_IDENTITY)
        str_append(text, sizeof(text), n, "Identity");
    else if (eap->type == EAP_NOTIFICATION)
        str_append(text, sizeof(text), n, "Notification");
    else if (eap->type == EAP_NAK)
        str_append(text, sizeof(text), n, "Nak");
    else if (eap->type)
        str_append_number(text, sizeof(text), n, eap->type);
    trace_text(trace, text);
}

/* "flags 0xc000; session 0x00000001; seq 7; AVPs EAP-Payload Nonce; EAP code 1 id 4 type 51 30 B"
 */
static void tell_fields(struct trace *trace, const struct pana_msg *m, const struct eap_packet *eap)
{
    static const char *const names[] = {[PANA_AVP_AUTH] = " AUTH",
                                        [PANA_AVP_EAP_PAYLOAD] = " EAP-Payload",
                                        [PANA_AVP_INTEGRITY_ALGORITHM] = " Integrity-Algorithm",
                                        [PANA_AVP_KEY_ID] = " Key-Id",
                                        [PANA_AVP_NONCE] = " Nonce",
                                        [PANA_AVP_PRF_ALGORITHM] = " PRF-Algorithm",
                                        [PANA_AVP_RESULT_CODE] = " Result-Code",
                                        [PANA_AVP_SESSION_LIFETIME] = " Session-Lifetime",
                                        [PANA_AVP_TERMINATION_CAUSE] = " Termination-Cause",
                                        [PANA_AVP_ENCR_ENCAP] = " Encr-Encap",
                                        [PANA_AVP_ENCRYPTION_ALGORITHM] = " Encryption-Algorithm"};
    char avps[160] = " none";
    size_t n = 0;

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i] && pana_has(m, (enum pana_avp)i))
            n = str_append(avps, sizeof avps, n, names[i]);
    trace_fields(trace, "flags 0x%04x; session 0x%08x; seq %u; AVPs%s", m->flags, m->session_id,
                 m->sequence, avps);
    if (eap)
        trace_fields(trace, "EAP code %u id %u type %u %zu B", eap->code, eap->id, eap->type,
                     eap->whole.n);
}

static void label(struct pana_session *s, struct span message)
{
    struct trace *trace = s->proto.env->trace;
    struct eap_packet eap;
    struct pana_msg m;

    if (!trace || pana_msg_parse(message, &m) != REASON_NONE)
        return;
    if (!pana_has(&m, PANA_AVP_EAP_PAYLOAD) || eap_parse(m.eap, &eap) != REASON_NONE) {
        trace_text(trace, pana_msg_name(m.flags, m.type));
        tell_fields(trace, &m, NULL);
    } else {
        label_eap(trace, pana_msg_name(m.flags, m.type), &eap);
        tell_fields(trace, &m, &eap);
    }
}

bool pana_session_output(struct pana_session *s, struct buf *out)
{
    struct span all = buf_span(&s->out);
    size_t n;

    if (all.n == 0)
        return false;
    n = (size_t)(all.p[2] << 8 | all.p[3]);
    buf_put(out, all.p, n);
    label(s, span_of(all.p, n));
    buf_consume(&s->out, n);
    if (buf_len(&s->out) == 0)
        buf_clear(&s->out);
    return true;
}

void pana_session_expire(struct pana_session *s, sim_ns now)
{
    s->now = now;
    if (now >= s->session_at) {
        s->session_at = SIM_NEVER;
        pana_fire(s, PANA_EV_SESS_TIMEOUT);
    }
    if (now >= s->request.rt_at)
        pana_fire(s, PANA_EV_RTX_TIMEOUT);
}

sim_ns pana_session_expiry(const struct pana_session *s)
{
    if (s->proto.status != PROTO_RUNNING)
        return SIM_NEVER;
    return sim_ns_min(s->session_at, s->request.rt_at);
}
