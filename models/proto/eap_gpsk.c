/* EAP-GPSK (RFC 5433): what both halves do alike. */
#include "models/proto/eap_gpsk_impl.h"

bool gpsk_text_set(struct gpsk_text *t, struct span s)
{
    if (s.n > sizeof(t->octets))
        return false;
    if (s.n > 0)
        memcpy(t->octets, s.p, s.n);
    t->n = s.n;
    return true;
}

static struct span text_span(const struct gpsk_text *t)
{
    return span_of(t->octets, t->n);
}

/* The field as this side knows it. */
static struct span own_field(const struct gpsk *g, enum gpsk_field field)
{
    switch (field) {
    case GPSK_ID_PEER:
        return text_span(&g->id_peer);
    case GPSK_ID_SERVER:
        return text_span(&g->id_server);
    case GPSK_RAND_PEER:
        return span_of(g->rand_peer, GPSK_RAND);
    case GPSK_RAND_SERVER:
        return span_of(g->rand_server, GPSK_RAND);
    case GPSK_CSUITE_LIST:
        return text_span(&g->csuite_list);
    case GPSK_CSUITE_SEL:
        return span_of(g->csuite_sel, GPSK_SUITE);
    case GPSK_FAILURE_CODE:
        return span_of(g->failure_code, sizeof(g->failure_code));
    case GPSK_PD: /* none to send */
    case GPSK_MAC:
    case GPSK_END:
    case GPSK_FIELDS:
        break;
    }
    return span_of(NULL, 0);
}

bool gpsk_echoes(const struct gpsk *g, const struct gpsk_message *m, enum gpsk_field field)
{
    struct span own = own_field(g, field), given = m->field[field];

    return own.n == given.n && (own.n == 0 || memcmp(own.p, given.p, own.n) == 0);
}

void gpsk_draw(struct gpsk *g, uint8_t rand[GPSK_RAND])
{
    rng_bytes(g->half.env->stream, rand, GPSK_RAND);
    meter_add(g->half.env->meter, OP_RANDOM, 1, GPSK_RAND);
}

bool gpsk_put_message(struct gpsk *g, enum gpsk_op op, enum eap_code code, uint8_t id,
                      struct buf *out)
{
    size_t begin = eap_begin(out, code, id, EAP_GPSK, 0, 0), covered = buf_len(out) + 1;
    struct gpsk_message m = {.op = op};
    uint8_t mac[GPSK_KEY_MAX];

    for (int f = GPSK_ID_PEER; f < GPSK_FIELDS; f++)
        m.field[f] = own_field(g, (enum gpsk_field)f);
    gpsk_write(out, &m);
    if (gpsk_has(op, GPSK_MAC)) {
        gpsk_mac(g, span_of(buf_at(out, covered), buf_len(out) - covered), mac);
        buf_put(out, mac, gpsk_mac_len(g));
    }
    if (!eap_end(out, begin) || buf_len(out) - begin > g->mtu) {
        eap_half_fail(&g->half, REASON_EAP_FRAGMENT);
        return false;
    }
    trace_text(g->half.env->trace, gpsk_name(op));
    return true;
}

void gpsk_done(struct gpsk *g)
{
    g->half.keys.present = true;
    g->half.state = EAP_HALF_DONE;
}

const struct eap_method eap_method_gpsk = {
    .name = "gpsk", .type = EAP_GPSK, .peer = &eap_gpsk_peer, .server = &eap_gpsk_server};
