/* EAP-GPSK's server: what it asks, and what it drops or refuses (RFC 5433 10). */
#include "models/proto/eap_gpsk_impl.h"
#include "models/proto/eap_shared_key.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

enum server_state { SERVER_WAITS_2, SERVER_WAITS_KEY, SERVER_WAITS_4, SERVER_ENDED };

struct gpsk_server {
    struct gpsk g;
    enum server_state state;
    struct eap_server_context *context;
    enum gpsk_op request; /* what build gives; 0: nothing */
    struct buf gpsk_2;    /* kept while the node looks for the key */
};

static struct gpsk_server *server_of(struct eap_half *h)
{
    return (struct gpsk_server *)h;
}

static struct eap_half *server_new(struct proto_env *env, struct eap_server_context *c)
{
    unsigned offered = c->settings->gpsk_suites & 3;
    struct gpsk_server *s = xcalloc(1, sizeof(*s));
    struct gpsk_text *list = &s->g.csuite_list;

    eap_half_init(&s->g.half, &eap_gpsk_server, env);
    s->g.mtu = c->settings->mtu;
    s->context = c;
    gpsk_text_set(&s->g.id_server, span_str(c->settings->server_id ? c->settings->server_id : ""));
    for (unsigned specifier = 1; specifier <= 2; specifier++)
        if (!offered || offered & 1u << (specifier - 1)) {
            list->n += GPSK_SUITE;
            list->octets[list->n - 1] = (uint8_t)specifier;
        }
    gpsk_draw(&s->g, s->g.rand_server);
    s->request = GPSK_1;
    buf_init(&s->gpsk_2, EAP_PACKET_MAX);
    return &s->g.half;
}

static void set_failure(struct gpsk *g, enum gpsk_failure failure)
{
    memset(g->failure_code, 0, sizeof(g->failure_code));
    g->failure_code[3] = (uint8_t)failure;
}

static void server_fail(struct gpsk_server *s, enum gpsk_failure failure, enum reason reason)
{
    set_failure(&s->g, failure);
    s->state = SERVER_ENDED;
    s->request = failure == GPSK_AUTHORIZATION_FAILURE ? GPSK_PROTECTED_FAIL : GPSK_FAIL;
    eap_half_fail(&s->g.half, reason);
}

static bool is_offered(const struct gpsk *g, const uint8_t *csuite)
{
    for (size_t i = 0; i < g->csuite_list.n; i += GPSK_SUITE)
        if (memcmp(g->csuite_list.octets + i, csuite, GPSK_SUITE) == 0)
            return true;
    return false;
}

/* GPSK-2 once the key is there. */
static void check_2(struct gpsk_server *s, const struct gpsk_message *m)
{
    const struct eap_answer *user = s->context->user;
    struct gpsk *g = &s->g;

    memcpy(g->rand_peer, m->field[GPSK_RAND_PEER].p, GPSK_RAND);
    memcpy(g->csuite_sel, m->field[GPSK_CSUITE_SEL].p, GPSK_SUITE);
    gpsk_derive(g, user->psk);
    if (!gpsk_mac_is_right(g, m)) {
        server_fail(s, GPSK_AUTHENTICATION_FAILURE, REASON_EAP_MAC);
    } else if (user->verdict) {
        server_fail(s, GPSK_AUTHORIZATION_FAILURE, user->verdict);
    } else if (!gpsk_pd_is_sound(g, m->field[GPSK_PD])) {
        s->state = SERVER_WAITS_2;
        g->half.discard = true;
    } else {
        s->state = SERVER_WAITS_4;
        s->request = GPSK_3;
    }
}

static void server_on_2(struct gpsk_server *s, const struct gpsk_message *m, struct span data)
{
    struct gpsk *g = &s->g;

    if (!gpsk_echoes(g, m, GPSK_RAND_SERVER) || !gpsk_echoes(g, m, GPSK_CSUITE_LIST) ||
        !gpsk_echoes(g, m, GPSK_ID_SERVER) || !is_offered(g, m->field[GPSK_CSUITE_SEL].p) ||
        !gpsk_suite_of(m->field[GPSK_CSUITE_SEL].p, &g->suite) ||
        m->field[GPSK_MAC].n != gpsk_mac_len(g)) {
        g->half.discard = true;
        return;
    }
    if (!gpsk_text_set(&g->id_peer, m->field[GPSK_ID_PEER])) {
        server_fail(s, GPSK_PSK_NOT_FOUND, REASON_EAP_IDENTITY);
        return;
    }
    switch (eap_shared_key(&g->half, s->context, m->field[GPSK_ID_PEER])) {
    case EAP_SHARED_KEY_UNKNOWN:
        server_fail(s, GPSK_PSK_NOT_FOUND, REASON_EAP_IDENTITY);
        break;
    case EAP_SHARED_KEY_READY:
        check_2(s, m);
        break;
    case EAP_SHARED_KEY_ASKED:
        s->state = SERVER_WAITS_KEY;
        buf_put_span(&s->gpsk_2, data);
        break;
    }
}

static void server_answer(struct eap_half *h, sim_ns now, const struct eap_answer *a)
{
    struct gpsk_server *s = server_of(h);
    struct gpsk_message m;

    (void)now;
    if (s->state != SERVER_WAITS_KEY)
        return;
    if (a->reason || !a->has_psk || !gpsk_read(buf_span(&s->gpsk_2), &m))
        server_fail(s, GPSK_PSK_NOT_FOUND, a->reason ? a->reason : REASON_EAP_IDENTITY);
    else
        check_2(s, &m);
}

static void server_on_4(struct gpsk_server *s, const struct gpsk_message *m)
{
    struct gpsk *g = &s->g;

    if (!gpsk_mac_is_right(g, m)) {
        eap_half_unverified(&g->half);
    } else if (!gpsk_pd_is_sound(g, m->field[GPSK_PD])) {
        g->half.discard = true;
    } else {
        s->state = SERVER_ENDED;
        gpsk_done(g);
    }
}

static void server_process(struct eap_half *h, sim_ns now, const struct eap_packet *in)
{
    struct gpsk_server *s = server_of(h);
    struct gpsk_message m;

    (void)now;
    s->request = (enum gpsk_op)0; /* nothing to say, if this ends it */
    if (!gpsk_read(in->data, &m))
        h->discard = true;
    else if (s->state == SERVER_WAITS_2 && m.op == GPSK_2)
        server_on_2(s, &m, in->data);
    else if (s->state == SERVER_WAITS_4 && m.op == GPSK_4)
        server_on_4(s, &m);
    else
        h->discard = true;
}

static bool server_build(struct eap_half *h, sim_ns now, uint8_t id, struct buf *out)
{
    struct gpsk_server *s = server_of(h);

    (void)now;
    return s->request && gpsk_put_message(&s->g, s->request, EAP_REQUEST, id, out);
}

static void server_free(struct eap_half *h)
{
    struct gpsk_server *s = server_of(h);

    buf_clear(&s->gpsk_2);
    explicit_bzero(s, sizeof(*s));
    free(s);
}

const struct eap_half_ops eap_gpsk_server = {
    .server = server_new,
    .process = server_process,
    .build = server_build,
    .answer = server_answer,
    .free = server_free,
};
