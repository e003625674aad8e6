#include "models/proto/pana_session.h"

#include "models/proto/eap_method.h"
#include "sim/base/str.h"

#include <assert.h>

#define NONCE_LEN 16 /* RFC 5191 8.5: half the key of the strongest PRF, and no more than 20 */
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

/* In the access phase the timer is the session's lifetime. */
static void session_over(struct pana_session *s)
{
    const uint32_t access = PANA_IN(OPEN) | PANA_IN(WAIT_PNA_REAUTH) | PANA_IN(WAIT_PNA_PING);

    if (access >> s->state & 1)
        pana_fail(s, REASON_KEY_EXPIRED);
    else
        pana_give_up(s);
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
    {PANA_ANY,                     PANA_EV_RTX_TIMEOUT,  NULL,      pana_give_up,    PANA_CLOSED},
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

/* ---- messages out ---- */

const struct pana_sa *pana_current_sa(const struct pana_session *s)
{
    return s->sa.present ? &s->sa : NULL;
}

/* Header, s->avps and AUTH into b, which is empty. All parts are bounded so that they fit
 * (PANA_EAP_MAX). */
static void compose(struct pana_session *s, struct buf *b, enum pana_type type, uint16_t flags,
                    uint32_t sequence, const struct pana_sa *sa)
{
    static const uint8_t zeros[PANA_AUTH_MAX];
    size_t auth_n = sa ? pana_auth_length(sa) : 0;
    size_t tail = sa ? PANA_AVP_HEADER + auth_n : 0;
    uint8_t auth[PANA_AUTH_MAX];
    bool ok;

    ok = pana_put_header(b, flags, type, s->has_id ? s->id : 0, sequence,
                         buf_len(&s->avps) + tail) &&
         buf_put_span(b, buf_span(&s->avps));
    if (sa) {
        struct buf whole;

        /* The AVP's header is part of what is authenticated, its value counts as zeros. */
        buf_init(&whole, PANA_MESSAGE_MAX);
        ok = ok && buf_put_span(&whole, buf_span(b)) &&
             pana_put_avp(&whole, PANA_AVP_AUTH, span_of(zeros, auth_n));
        assert(ok);
        pana_auth(s->proto.env->meter, sa, span_of(buf_span(&whole).p, buf_len(&whole) - auth_n),
                  auth);
        ok = pana_put_avp(b, PANA_AVP_AUTH, span_of(auth, auth_n));
        buf_clear(&whole);
    }
    assert(ok);
    buf_clear(&s->avps);
}

/* A host takes everything after each call, so the queue never holds more than a call can make. */
static void queue(struct pana_session *s, const struct buf *message)
{
    bool ok = buf_put_span(&s->out, buf_span(message));

    assert(ok);
}

/* RFC 5191 5.2: the initial sequence number is picked at random. */
static uint32_t next_sequence(struct pana_session *s)
{
    if (!s->tx_begun) {
        rng_bytes(s->proto.env->stream, &s->tx_sequence, sizeof(s->tx_sequence));
        meter_add(s->proto.env->meter, OP_RANDOM, 1, sizeof(s->tx_sequence));
        s->tx_begun = true;
    }
    return s->tx_sequence++;
}

void pana_send_request(struct pana_session *s, enum pana_type type, uint16_t flags,
                       const struct pana_sa *sa)
{
    struct pana_request *r = &s->request;

    pana_rtx_stop(s);
    r->type = (uint16_t)type;
    r->flags = flags;
    r->sequence = type == PANA_PCI ? 0 : next_sequence(s);
    compose(s, &r->octets, type, type == PANA_PCI ? flags : flags | PANA_R, r->sequence, sa);
    r->sent = 1;
    r->first_at = s->now;
    queue(s, &r->octets);
}

void pana_send_answer(struct pana_session *s, const struct pana_sa *sa)
{
    const struct pana_msg *m = s->msg;
    uint16_t flags = m->flags & (PANA_S | PANA_C | PANA_A | PANA_P);

    assert(m && m->flags & PANA_R && !s->answered);
    buf_clear(&s->last_answer);
    compose(s, &s->last_answer, (enum pana_type)m->type, flags, m->sequence, sa);
    buf_clear(&s->last_request);
    buf_put_span(&s->last_request, m->whole);
    s->rx_begun = true;
    s->rx_sequence = m->sequence + 1;
    s->answered = true;
    queue(s, &s->last_answer);
}

/* RFC 5191 9: RAND is uniform between -0.1 and 0.1. */
static sim_ns randomized(struct pana_session *s, sim_ns base, sim_ns prev)
{
    int64_t millionths = (int64_t)rng_below(s->proto.env->stream, 200001) - 100000;

    return base + prev / 1000000 * millionths;
}

static void arm(struct pana_session *s)
{
    struct pana_request *r = &s->request;
    bool pci = r->type == PANA_PCI;
    sim_ns irt = pci ? s->timers.pci_irt : s->timers.req_irt;
    sim_ns mrt = pci ? s->timers.pci_mrt : s->timers.req_mrt;
    sim_ns mrd = pci ? s->timers.pci_mrd : s->timers.req_mrd;

    if (r->sent <= 1)
        r->rt = randomized(s, irt, irt);
    else
        r->rt = randomized(s, 2 * r->rt, r->rt);
    if (mrt > 0 && r->rt > mrt)
        r->rt = randomized(s, mrt, mrt);
    r->rt_at = sim_ns_add(s->now, r->rt);
    if (mrd > 0)
        r->rt_at = sim_ns_min(r->rt_at, r->first_at + mrd);
}

void pana_rtx_start(struct pana_session *s)
{
    arm(s);
}

void pana_rtx_stop(struct pana_session *s)
{
    buf_clear(&s->request.octets);
    s->request.rt_at = SIM_NEVER;
}

void pana_send_again(struct pana_session *s)
{
    s->request.sent++;
    queue(s, &s->request.octets);
    if (s->request.rt_at != SIM_NEVER)
        arm(s);
}

void pana_session_timer(struct pana_session *s, sim_ns wait)
{
    s->session_at = wait > 0 ? sim_ns_add(s->now, wait) : SIM_NEVER;
}

void pana_put_nonce(struct pana_session *s, uint8_t *nonce, size_t *n)
{
    rng_bytes(s->proto.env->stream, nonce, NONCE_LEN);
    meter_add(s->proto.env->meter, OP_RANDOM, 1, NONCE_LEN);
    *n = NONCE_LEN;
    pana_put_avp(&s->avps, PANA_AVP_NONCE, span_of(nonce, NONCE_LEN));
}

void pana_keep_nonce(uint8_t *nonce, size_t *n, struct span value)
{
    memcpy(nonce, value.p, value.n);
    *n = value.n;
}

void pana_derive(struct pana_session *s, const uint8_t msk[EAP_KEY_LEN], uint32_t key_id)
{
    struct pana_key_input in = {.algorithms = s->algorithms,
                                .msk = span_of(msk, EAP_KEY_LEN),
                                .i_par = buf_span(&s->i_par),
                                .i_pan = buf_span(&s->i_pan),
                                .pac_nonce = span_of(s->pac_nonce, s->pac_nonce_n),
                                .paa_nonce = span_of(s->paa_nonce, s->paa_nonce_n),
                                .key_id = key_id};

    pana_keys_derive(s->proto.env->meter, &in, &s->next_sa);
}

void pana_fail(struct pana_session *s, enum reason reason)
{
    pana_rtx_stop(s);
    s->session_at = SIM_NEVER;
    proto_fail(&s->proto, reason);
}

void pana_give_up(struct pana_session *s)
{
    enum reason reason = s->cause;

    if (s->dropped == REASON_PANA_AUTH || s->dropped == REASON_PANA_ALGORITHM)
        reason = s->dropped;
    pana_fail(s, reason != REASON_NONE ? reason : REASON_PANA_TIMEOUT);
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
        queue(s, &s->last_answer);
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

static void label(struct pana_session *s, struct span message)
{
    struct trace *trace = s->proto.env->trace;
    struct eap_packet eap;
    struct pana_msg m;

    if (!trace || pana_msg_parse(message, &m) != REASON_NONE)
        return;
    if (!pana_has(&m, PANA_AVP_EAP_PAYLOAD) || eap_parse(m.eap, &eap) != REASON_NONE)
        trace_text(trace, pana_msg_name(m.flags, m.type));
    else
        label_eap(trace, pana_msg_name(m.flags, m.type), &eap);
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
