/* EAP-GPSK's peer: what it answers, and what it drops (RFC 5433 10). */
#include "models/proto/eap_gpsk_impl.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

enum peer_state { PEER_WAITS_1, PEER_WAITS_3, PEER_ENDED };

struct gpsk_peer {
    struct gpsk g;
    enum peer_state state;
    const struct eap_peer_credentials *credentials;
    enum gpsk_op answer; /* what build gives; 0: nothing */
};

static struct gpsk_peer *peer_of(struct eap_half *h)
{
    return (struct gpsk_peer *)h;
}

static struct eap_half *peer_new(struct proto_env *env, struct eap_peer_context *c)
{
    const struct eap_peer_credentials *k = &c->settings->credentials;
    struct gpsk_peer *p;

    if (!k->has_psk || !env->se || !se_has(env->se, k->psk_slot) || !c->settings->identity)
        return NULL;
    p = xcalloc(1, sizeof(*p));
    eap_half_init(&p->g.half, &eap_gpsk_peer, env);
    p->g.mtu = c->settings->mtu;
    p->credentials = k;
    gpsk_text_set(&p->g.id_peer, span_str(c->settings->identity));
    gpsk_draw(&p->g, p->g.rand_peer);
    return &p->g.half;
}

/* The suite that was asked for, or the stronger one. */
static bool choose_suite(struct gpsk_peer *p, struct span list)
{
    unsigned wanted = p->credentials->gpsk_suite;
    bool found = false;

    for (size_t i = 0; i < list.n; i += GPSK_SUITE) {
        unsigned specifier = list.p[i + GPSK_SUITE - 1];
        enum kdf_gpsk_suite suite;

        if (!gpsk_suite_of(list.p + i, &suite) || (wanted && wanted != specifier) ||
            (found && specifier < p->g.csuite_sel[GPSK_SUITE - 1]))
            continue;
        found = true;
        p->g.suite = suite;
        memcpy(p->g.csuite_sel, list.p + i, GPSK_SUITE);
    }
    return found;
}

static void peer_on_1(struct gpsk_peer *p, const struct gpsk_message *m)
{
    struct gpsk *g = &p->g;
    uint8_t psk[GPSK_PSK];

    if (!gpsk_text_set(&g->id_server, m->field[GPSK_ID_SERVER]) ||
        !gpsk_text_set(&g->csuite_list, m->field[GPSK_CSUITE_LIST])) {
        g->half.discard = true;
        return;
    }
    if (!choose_suite(p, m->field[GPSK_CSUITE_LIST])) {
        p->state = PEER_ENDED;
        g->half.unwilling = true; /* RFC 5433 10: EAP-Nak */
        eap_half_fail(&g->half, REASON_NO_COMMON_SUITE);
        return;
    }
    memcpy(g->rand_server, m->field[GPSK_RAND_SERVER].p, GPSK_RAND);
    if (!se_eap_psk(g->half.env->se, p->credentials->psk_slot, psk)) {
        p->state = PEER_ENDED;
        eap_half_fail(&g->half, REASON_KEY_ERASED);
        return;
    }
    gpsk_derive(g, psk);
    explicit_bzero(psk, sizeof(psk));
    p->state = PEER_WAITS_3;
    p->answer = GPSK_2;
}

static void peer_on_3(struct gpsk_peer *p, const struct gpsk_message *m)
{
    struct gpsk *g = &p->g;

    if (!gpsk_echoes(g, m, GPSK_RAND_PEER) || !gpsk_echoes(g, m, GPSK_RAND_SERVER) ||
        !gpsk_echoes(g, m, GPSK_ID_SERVER) || !gpsk_echoes(g, m, GPSK_CSUITE_SEL)) {
        g->half.discard = true;
    } else if (!gpsk_mac_is_right(g, m)) {
        eap_half_unverified(&g->half);
    } else if (!gpsk_pd_is_sound(g, m->field[GPSK_PD])) {
        g->half.discard = true;
    } else {
        p->state = PEER_ENDED;
        p->answer = GPSK_4;
        gpsk_done(g);
    }
}

static enum reason failure_reason(const struct gpsk *g)
{
    if (g->failure_code[0] || g->failure_code[1] || g->failure_code[2])
        return REASON_EAP_FAILURE;
    switch (g->failure_code[3]) {
    case GPSK_PSK_NOT_FOUND:
        return REASON_EAP_IDENTITY;
    case GPSK_AUTHENTICATION_FAILURE:
        return REASON_EAP_MAC;
    case GPSK_AUTHORIZATION_FAILURE:
        return REASON_FORBIDDEN;
    default:
        return REASON_EAP_FAILURE;
    }
}

/* RFC 5433 10: sent back as it is. */
static void peer_on_fail(struct gpsk_peer *p, const struct gpsk_message *m)
{
    struct gpsk *g = &p->g;

    if (m->op == GPSK_PROTECTED_FAIL && !gpsk_mac_is_right(g, m)) {
        eap_half_unverified(&g->half);
        return;
    }
    memcpy(g->failure_code, m->field[GPSK_FAILURE_CODE].p, sizeof(g->failure_code));
    p->state = PEER_ENDED;
    p->answer = m->op;
    eap_half_fail(&g->half, failure_reason(g));
}

static void peer_process(struct eap_half *h, sim_ns now, const struct eap_packet *in)
{
    struct gpsk_peer *p = peer_of(h);
    struct gpsk_message m;

    (void)now;
    p->answer = (enum gpsk_op)0; /* nothing to say, if this ends it */
    if (!gpsk_read(in->data, &m))
        h->discard = true;
    else if (p->state == PEER_WAITS_1 && m.op == GPSK_1)
        peer_on_1(p, &m);
    else if (p->state == PEER_WAITS_3 && m.op == GPSK_3)
        peer_on_3(p, &m);
    else if (p->state == PEER_WAITS_3 && (m.op == GPSK_FAIL || m.op == GPSK_PROTECTED_FAIL))
        peer_on_fail(p, &m);
    else
        h->discard = true;
}

static bool peer_build(struct eap_half *h, sim_ns now, uint8_t id, struct buf *out)
{
    struct gpsk_peer *p = peer_of(h);

    (void)now;
    return p->answer && gpsk_put_message(&p->g, p->answer, EAP_RESPONSE, id, out);
}

static void peer_free(struct eap_half *h)
{
    struct gpsk_peer *p = peer_of(h);

    explicit_bzero(p, sizeof(*p));
    free(p);
}

const struct eap_half_ops eap_gpsk_peer = {
    .peer = peer_new,
    .process = peer_process,
    .build = peer_build,
    .free = peer_free,
};
