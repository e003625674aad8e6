/* EAP-PSK (RFC 4764), standard authentication: its messages, and what both halves do alike. */
#include "models/proto/eap_psk_impl.h"

#include <stdlib.h>

#define CHANNEL_MIN 21 /* nonce, tag, one octet */

static bool take(struct span *in, size_t n, struct span *out)
{
    if (in->n < n)
        return false;
    *out = span_of(in->p, n);
    *in = span_of(in->p + n, in->n - n);
    return true;
}

bool eap_psk_read(const struct eap_packet *in, struct eap_psk_message *m)
{
    struct span rest = in->data, flags;

    memset(m, 0, sizeof(*m));
    /* The channel's tag covers a header with a type of one octet. */
    if (in->whole.p[4] != EAP_PSK || !take(&rest, 1, &flags) ||
        !take(&rest, EAP_PSK_RAND, &m->rand_s))
        return false;
    m->number = (enum eap_psk_number)((flags.p[0] >> 6) + EAP_PSK_FIRST);
    if (m->number == EAP_PSK_SECOND && !take(&rest, EAP_PSK_RAND, &m->rand_p))
        return false;
    if ((m->number == EAP_PSK_SECOND || m->number == EAP_PSK_THIRD) &&
        !take(&rest, EAP_PSK_MAC, &m->mac))
        return false;
    if (m->number <= EAP_PSK_SECOND) {
        m->id = rest;
        return rest.n <= EAP_PSK_NAI_MAX;
    }
    m->channel = rest;
    return rest.n >= CHANNEL_MIN && rest.n <= CHANNEL_MIN - 1 + EAP_PSK_PAYLOAD_MAX;
}

void eap_psk_init(struct eap_psk *p, const struct eap_half_ops *ops, struct proto_env *env)
{
    eap_half_init(&p->half, ops, env);
    buf_init(&p->id_s, EAP_PSK_NAI_MAX);
    buf_init(&p->id_p, EAP_PSK_NAI_MAX);
}

void eap_psk_release(struct eap_psk *p)
{
    buf_clear(&p->id_s);
    buf_clear(&p->id_p);
    explicit_bzero(p, sizeof(*p));
    free(p);
}

void eap_psk_draw(struct eap_psk *p, uint8_t rand[EAP_PSK_RAND])
{
    rng_bytes(p->half.env->stream, rand, EAP_PSK_RAND);
    meter_add(p->half.env->meter, OP_RANDOM, 1, EAP_PSK_RAND);
}

static void put_fields(const struct eap_psk *p, enum eap_psk_number number, struct buf *out)
{
    uint8_t flags = (uint8_t)((number - EAP_PSK_FIRST) << 6), mac[EAP_PSK_MAC];

    buf_put(out, &flags, 1);
    buf_put(out, p->rand_s, EAP_PSK_RAND);
    if (number == EAP_PSK_SECOND)
        buf_put(out, p->rand_p, EAP_PSK_RAND);
    if (number == EAP_PSK_SECOND || number == EAP_PSK_THIRD) {
        eap_psk_mac(p, number, mac);
        buf_put(out, mac, sizeof(mac));
    }
    if (number <= EAP_PSK_SECOND)
        buf_put_span(out, buf_span(number == EAP_PSK_FIRST ? &p->id_s : &p->id_p));
    else
        buf_put(out, (const uint8_t[CHANNEL_MIN + 1]){0}, CHANNEL_MIN - 1 + p->payload_n);
}

bool eap_psk_put(struct eap_psk *p, enum eap_psk_number number, enum eap_code code, uint8_t id,
                 struct buf *out)
{
    static const char *const names[] = {"", "PSK-1", "PSK-2", "PSK-3", "PSK-4"};
    size_t begin = eap_begin(out, code, id, EAP_PSK, 0, 0);

    put_fields(p, number, out);
    if (!eap_end(out, begin) || buf_len(out) - begin > p->mtu) {
        eap_half_fail(&p->half, REASON_EAP_FRAGMENT);
        return false;
    }
    /* The tag covers the header with its length, so it comes last. */
    if (number >= EAP_PSK_THIRD)
        eap_psk_seal(p, number, buf_at(out, begin));
    trace_text(p->half.env->trace, names[number]);
    return true;
}

const struct eap_method eap_method_psk = {
    .name = "psk", .type = EAP_PSK, .peer = &eap_psk_peer, .server = &eap_psk_server};
