/* pana_msg: a datagram. What is accepted is written again and read as the same; what is not leaves
 * nothing behind. Behind a message with an Encr-Encap, its octets are also taken as decrypted. */
#include "tests/fuzz/fuzz.h"

#include "models/proto/pana_msg.h"

#include <stdlib.h>

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void put_numbers(struct buf *b, enum pana_avp avp, uint32_t set)
{
    for (uint32_t i = 0; i < 32; i++)
        if (set >> i & 1)
            must(pana_put_u32(b, avp, i));
}

static void put_u32(struct buf *b, const struct pana_msg *m, enum pana_avp avp, uint32_t value)
{
    if (pana_has(m, avp))
        must(pana_put_u32(b, avp, value));
}

static void put_octets(struct buf *b, const struct pana_msg *m, enum pana_avp avp,
                       struct span value)
{
    if (pana_has(m, avp))
        must(pana_put_avp(b, avp, value));
}

static void put_again(struct buf *out, const struct pana_msg *m)
{
    struct buf avps;

    buf_init(&avps, 2 * PANA_MESSAGE_MAX);
    put_u32(&avps, m, PANA_AVP_TERMINATION_CAUSE, m->termination_cause);
    put_octets(&avps, m, PANA_AVP_EAP_PAYLOAD, m->eap);
    put_octets(&avps, m, PANA_AVP_NONCE, m->nonce);
    put_octets(&avps, m, PANA_AVP_ENCR_ENCAP, m->encap);
    put_numbers(&avps, PANA_AVP_PRF_ALGORITHM, m->prfs);
    put_numbers(&avps, PANA_AVP_INTEGRITY_ALGORITHM, m->integrities);
    put_numbers(&avps, PANA_AVP_ENCRYPTION_ALGORITHM, m->encryptions);
    put_u32(&avps, m, PANA_AVP_KEY_ID, m->key_id);
    put_u32(&avps, m, PANA_AVP_RESULT_CODE, m->result_code);
    put_u32(&avps, m, PANA_AVP_SESSION_LIFETIME, m->session_lifetime_s);
    must(pana_put_params(&avps, &m->params));
    put_octets(&avps, m, PANA_AVP_AUTH, m->auth);
    must(pana_put_header(out, m->flags, (enum pana_type)m->type, m->session_id, m->sequence,
                         buf_len(&avps)));
    must(buf_put_span(out, buf_span(&avps)));
    buf_clear(&avps);
}

static bool same_span(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Algorithms with numbers of 32 and more are not kept, nor are the AVPs of other vendors. */
static bool same(const struct pana_msg *a, const struct pana_msg *b)
{
    const uint32_t lists = 1u << PANA_AVP_PRF_ALGORITHM | 1u << PANA_AVP_INTEGRITY_ALGORITHM |
                           1u << PANA_AVP_ENCRYPTION_ALGORITHM;

    return a->flags == b->flags && a->type == b->type && a->session_id == b->session_id &&
           a->sequence == b->sequence && (a->has & ~lists) == (b->has & ~lists) &&
           a->prfs == b->prfs && a->integrities == b->integrities &&
           a->encryptions == b->encryptions && a->key_id == b->key_id &&
           a->result_code == b->result_code && a->session_lifetime_s == b->session_lifetime_s &&
           a->termination_cause == b->termination_cause && same_span(a->eap, b->eap) &&
           same_span(a->nonce, b->nonce) && same_span(a->encap, b->encap) &&
           same_span(a->auth, b->auth) && memcmp(&a->params, &b->params, sizeof(a->params)) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct pana_msg m, again;
    struct pana_params merged = {.has = 0};
    struct buf out;

    if (pana_msg_parse(span_of(data, n), &m) != REASON_NONE)
        return 0;
    must(pana_msg_name(m.flags, m.type)[0] != '?');
    buf_init(&out, 2 * PANA_MESSAGE_MAX);
    put_again(&out, &m);
    must(pana_msg_parse(buf_span(&out), &again) == REASON_NONE);
    must(same(&m, &again));
    pana_params_merge(&merged, &m.params);
    must(merged.has == m.params.has);
    if (pana_has(&m, PANA_AVP_ENCR_ENCAP))
        pana_msg_join(&m, m.encap);
    buf_clear(&out);
    return 0;
}
