/* Messages of a PANA session on their way out: sequence numbers, AUTH, repetition (RFC
 * 5191 5.2, 5.4, 9), and what the keys are made of. */
#include "models/proto/pana_session.h"

#include <assert.h>

#define NONCE_LEN 16 /* RFC 5191 8.5: half the key of the strongest PRF, and no more than 20 */

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
void pana_queue(struct pana_session *s, const struct buf *message)
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
    pana_queue(s, &r->octets);
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
    pana_queue(s, &s->last_answer);
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
    pana_queue(s, &s->request.octets);
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
