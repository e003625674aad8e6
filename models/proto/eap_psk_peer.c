/* EAP-PSK's peer: what it answers, and what it drops (RFC 4764 4.1, 6). Extended authentication is
 * refused as 6.2 has it. */
#include "crypto/hash.h"
#include "models/proto/eap_psk_impl.h"
#include "sim/base/xalloc.h"

enum peer_state { PEER_WAITS_1, PEER_WAITS_3, PEER_ENDED };

struct psk_peer {
    struct eap_psk p;
    enum peer_state state;
    enum se_slot slot;
    enum eap_psk_number answer; /* what build gives */
};

static struct psk_peer *of(struct eap_half *h)
{
    return (struct psk_peer *)h;
}

static struct eap_half *peer_new(struct proto_env *env, struct eap_peer_context *c)
{
    const struct eap_peer_credentials *k = &c->settings->credentials;
    struct psk_peer *s;

    if (!k->has_psk || !env->se || !se_has(env->se, k->psk_slot) || !c->settings->identity)
        return NULL;
    s = xcalloc(1, sizeof(*s));
    eap_psk_init(&s->p, &eap_psk_peer, env);
    s->p.mtu = c->settings->mtu;
    s->slot = k->psk_slot;
    buf_puts(&s->p.id_p, c->settings->identity);
    eap_psk_draw(&s->p, s->p.rand_p);
    return &s->p.half;
}

static void on_first(struct psk_peer *s, const struct eap_psk_message *m)
{
    struct eap_psk *p = &s->p;
    uint8_t psk[M2M_KEY_LEN];

    if (!se_eap_psk(p->half.env->se, s->slot, psk)) {
        s->state = PEER_ENDED;
        eap_half_fail(&p->half, REASON_KEY_ERASED);
        return;
    }
    eap_psk_set_key(p, psk);
    explicit_bzero(psk, sizeof(psk));
    memcpy(p->rand_s, m->rand_s.p, EAP_PSK_RAND);
    buf_put_span(&p->id_s, m->id);
    s->state = PEER_WAITS_3;
    s->answer = EAP_PSK_SECOND;
}

static void refuse(struct psk_peer *s, int extension, enum reason reason)
{
    eap_psk_say(&s->p, EAP_PSK_DONE_FAILURE, extension);
    eap_half_fail(&s->p.half, reason);
}

/* Both sides are authentic now; RFC 4764 6.1. */
static void on_result(struct psk_peer *s, enum eap_psk_result result, int extension)
{
    struct eap_half *h = &s->p.half;

    s->state = PEER_ENDED;
    s->answer = EAP_PSK_FOURTH;
    if (extension >= 0) {
        refuse(s, extension, REASON_EAP_NO_METHOD);
        return;
    }
    switch (result) {
    case EAP_PSK_DONE_SUCCESS:
        eap_psk_say(&s->p, EAP_PSK_DONE_SUCCESS, -1);
        h->keys.present = true;
        h->protected_success = true;
        h->state = EAP_HALF_DONE;
        break;
    case EAP_PSK_DONE_FAILURE:
        refuse(s, -1, REASON_FORBIDDEN);
        break;
    case EAP_PSK_CONT: /* with what? */
        refuse(s, -1, REASON_EAP_FAILURE);
        break;
    }
}

static void on_third(struct psk_peer *s, const struct eap_packet *in,
                     const struct eap_psk_message *m)
{
    struct eap_psk *p = &s->p;
    enum eap_psk_result result;
    uint8_t mac[EAP_PSK_MAC];
    int extension;

    if (memcmp(m->rand_s.p, p->rand_s, EAP_PSK_RAND) != 0) {
        p->half.discard = true;
        return;
    }
    eap_psk_mac(p, EAP_PSK_THIRD, mac);
    if (!hash_equal(mac, m->mac.p, sizeof(mac))) {
        eap_half_unverified(&p->half);
        return;
    }
    eap_psk_derive(p);
    switch (eap_psk_open(p, in, m, &result, &extension)) {
    case EAP_PSK_OPEN:
        on_result(s, result, extension);
        break;
    case EAP_PSK_FALSE:
        eap_half_unverified(&p->half);
        break;
    case EAP_PSK_WRONG:
        p->half.discard = true;
        break;
    }
}

static void peer_process(struct eap_half *h, sim_ns now, const struct eap_packet *in)
{
    struct psk_peer *s = of(h);
    struct eap_psk_message m;

    (void)now;
    s->answer = (enum eap_psk_number)0; /* nothing to say, if this ends it */
    if (!eap_psk_read(in, &m))
        h->discard = true;
    else if (s->state == PEER_WAITS_1 && m.number == EAP_PSK_FIRST)
        on_first(s, &m);
    else if (s->state == PEER_WAITS_3 && m.number == EAP_PSK_THIRD)
        on_third(s, in, &m);
    else
        h->discard = true;
}

static bool peer_build(struct eap_half *h, sim_ns now, uint8_t id, struct buf *out)
{
    struct psk_peer *s = of(h);

    (void)now;
    return s->answer && eap_psk_put(&s->p, s->answer, EAP_RESPONSE, id, out);
}

static void peer_free(struct eap_half *h)
{
    eap_psk_release(&of(h)->p);
}

const struct eap_half_ops eap_psk_peer = {
    .peer = peer_new,
    .process = peer_process,
    .build = peer_build,
    .free = peer_free,
};
