/* EAP-PSK's server: what it asks, and what it drops or refuses (RFC 4764 4.1, 6). It never starts
 * an extended authentication. */
#include "crypto/hash.h"
#include "models/proto/eap_psk_impl.h"
#include "models/proto/eap_shared_key.h"
#include "sim/base/xalloc.h"

enum server_state { SERVER_WAITS_2, SERVER_WAITS_KEY, SERVER_WAITS_4, SERVER_ENDED };

struct psk_server {
    struct eap_psk p;
    enum server_state state;
    struct eap_server_context *context;
    enum eap_psk_number request; /* what build gives; 0: nothing */
    uint8_t mac_p[EAP_PSK_MAC];  /* of the second message, while the node looks for the key */
};

static struct psk_server *of(struct eap_half *h)
{
    return (struct psk_server *)h;
}

static struct eap_half *server_new(struct proto_env *env, struct eap_server_context *c)
{
    struct psk_server *s = xcalloc(1, sizeof(*s));

    eap_psk_init(&s->p, &eap_psk_server, env);
    s->p.mtu = c->settings->mtu;
    s->context = c;
    buf_puts(&s->p.id_s, c->settings->server_id ? c->settings->server_id : "");
    eap_psk_draw(&s->p, s->p.rand_s);
    s->request = EAP_PSK_FIRST;
    return &s->p.half;
}

static void end(struct psk_server *s, enum reason reason)
{
    s->state = SERVER_ENDED;
    eap_half_fail(&s->p.half, reason);
}

static bool is_right(struct psk_server *s)
{
    uint8_t mac[EAP_PSK_MAC];

    eap_psk_set_key(&s->p, s->context->user->psk);
    eap_psk_mac(&s->p, EAP_PSK_SECOND, mac);
    return hash_equal(mac, s->mac_p, sizeof(mac));
}

/* The peer is authentic; its node has the last word. */
static void ask_third(struct psk_server *s)
{
    enum reason verdict = s->context->user->verdict;

    eap_psk_derive(&s->p);
    eap_psk_say(&s->p, verdict ? EAP_PSK_DONE_FAILURE : EAP_PSK_DONE_SUCCESS, -1);
    s->state = verdict ? SERVER_ENDED : SERVER_WAITS_4;
    s->request = EAP_PSK_THIRD;
    if (verdict)
        eap_half_fail(&s->p.half, verdict);
}

static void on_second(struct psk_server *s, const struct eap_psk_message *m)
{
    struct eap_psk *p = &s->p;

    if (memcmp(m->rand_s.p, p->rand_s, EAP_PSK_RAND) != 0) {
        p->half.discard = true;
        return;
    }
    memcpy(p->rand_p, m->rand_p.p, EAP_PSK_RAND);
    memcpy(s->mac_p, m->mac.p, EAP_PSK_MAC);
    buf_clear(&p->id_p);
    buf_put_span(&p->id_p, m->id);
    switch (eap_shared_key(&p->half, s->context, m->id)) {
    case EAP_SHARED_KEY_UNKNOWN:
        end(s, REASON_EAP_IDENTITY);
        break;
    case EAP_SHARED_KEY_READY:
        if (is_right(s))
            ask_third(s);
        else
            eap_half_unverified(&p->half);
        break;
    case EAP_SHARED_KEY_ASKED:
        s->state = SERVER_WAITS_KEY;
        break;
    }
}

/* Here a wrong MAC_P has no packet left to be dropped with, and ends it. */
static void server_answer(struct eap_half *h, sim_ns now, const struct eap_answer *a)
{
    struct psk_server *s = of(h);

    (void)now;
    if (s->state != SERVER_WAITS_KEY)
        return;
    if (a->reason || !a->has_psk)
        end(s, a->reason ? a->reason : REASON_EAP_IDENTITY);
    else if (!is_right(s))
        end(s, REASON_EAP_MAC);
    else
        ask_third(s);
}

static void on_fourth(struct psk_server *s, const struct eap_packet *in,
                      const struct eap_psk_message *m)
{
    struct eap_half *h = &s->p.half;
    enum eap_psk_result result;
    int extension;

    if (memcmp(m->rand_s.p, s->p.rand_s, EAP_PSK_RAND) != 0) {
        h->discard = true;
        return;
    }
    switch (eap_psk_open(&s->p, in, m, &result, &extension)) {
    case EAP_PSK_OPEN:
        /* An extension only the server may begin; CONT would need one (RFC 4764 6). */
        if (extension >= 0 || result != EAP_PSK_DONE_SUCCESS) {
            end(s, REASON_EAP_FAILURE);
            break;
        }
        s->state = SERVER_ENDED;
        h->keys.present = true;
        h->state = EAP_HALF_DONE;
        break;
    case EAP_PSK_FALSE:
        eap_half_unverified(h);
        break;
    case EAP_PSK_WRONG:
        h->discard = true;
        break;
    }
}

static void server_process(struct eap_half *h, sim_ns now, const struct eap_packet *in)
{
    struct psk_server *s = of(h);
    struct eap_psk_message m;

    (void)now;
    s->request = (enum eap_psk_number)0; /* nothing to say, if this ends it */
    if (!eap_psk_read(in, &m))
        h->discard = true;
    else if (s->state == SERVER_WAITS_2 && m.number == EAP_PSK_SECOND)
        on_second(s, &m);
    else if (s->state == SERVER_WAITS_4 && m.number == EAP_PSK_FOURTH)
        on_fourth(s, in, &m);
    else
        h->discard = true;
}

static bool server_build(struct eap_half *h, sim_ns now, uint8_t id, struct buf *out)
{
    struct psk_server *s = of(h);

    (void)now;
    return s->request && eap_psk_put(&s->p, s->request, EAP_REQUEST, id, out);
}

static void server_free(struct eap_half *h)
{
    eap_psk_release(&of(h)->p);
}

const struct eap_half_ops eap_psk_server = {
    .server = server_new,
    .process = server_process,
    .build = server_build,
    .answer = server_answer,
    .free = server_free,
};
