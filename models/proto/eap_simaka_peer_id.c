/* The peer's half of EAP-SIM, EAP-AKA and EAP-AKA': which identity it tells, and what it keeps for
 * the next time. References are to RFC 4187; RFC 4186 says the same in other clauses. */
#include "models/proto/eap_simaka_impl.h"

static struct eap_reauth *kept(struct simaka_peer *p)
{
    return p->c->settings->credentials.reauth;
}

static enum simaka_ask which(const struct simaka_message *m)
{
    return simaka_has(m, AT_ANY_ID_REQ)         ? ASK_ANY
           : simaka_has(m, AT_FULLAUTH_ID_REQ)  ? ASK_FULLAUTH
           : simaka_has(m, AT_PERMANENT_ID_REQ) ? ASK_PERMANENT
                                                : ASK_NOTHING;
}

/* Fast re-authentication identities are used once, whatever comes of it (4.1.1.8). */
void simaka_peer_offer(struct simaka_peer *p)
{
    struct eap_reauth *r = kept(p);

    p->old = *r;
    p->offered = true;
    r->identity[0] = '\0';
}

/* A liberal peer in the words of 4.1.6: it tells its permanent identity when asked for it. */
static void choose_identity(struct simaka_peer *p, enum simaka_ask ask)
{
    enum simaka_sort most = ask == ASK_ANY        ? SIMAKA_REAUTH
                            : ask == ASK_FULLAUTH ? SIMAKA_PSEUDONYM
                                                  : SIMAKA_PERMANENT;

    if (ask == ASK_ANY && p->offered) /* by Response/Identity: the same once more */
        return;
    p->offered = false;
    if (ask != ASK_NOTHING &&
        simaka_id_choose(p->kind, p->c->settings, most, p->c->identity) == SIMAKA_REAUTH)
        simaka_peer_offer(p);
}

void simaka_peer_identity(struct simaka_peer *p, const struct simaka_message *m)
{
    enum simaka_ask ask = which(m);

    /* Each request asks for more than the one before: hence three rounds at most. */
    if (p->phase != PEER_IDENTIFYING || ASK_RANK(ask) <= ASK_RANK(p->asked)) {
        simaka_peer_refuse(p, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
        return;
    }
    if (p->kind == SIMAKA_SIM && !sim_peer_start(p, m))
        return;
    p->asked = ask;
    choose_identity(p, ask);
    if (p->kind != SIMAKA_SIM)
        buf_put_span(&p->id_packets, m->whole);
    else if (!p->offered)
        sim_peer_draw_nonce(p);
    p->answer = ANSWER_IDENTITY;
}

bool simaka_peer_build_identity(struct simaka_peer *p, uint8_t id, struct buf *out)
{
    struct simaka_writer w;
    size_t before = buf_len(out);
    struct span made;

    simaka_begin(&w, p->kind, EAP_RESPONSE, id, p->kind == SIMAKA_SIM ? SIM_START : AKA_IDENTITY);
    if (p->asked != ASK_NOTHING)
        simaka_put(&w, AT_IDENTITY, span_str(p->c->identity));
    if (p->kind == SIMAKA_SIM && !p->offered) {
        simaka_put(&w, AT_NONCE_MT, span_of(p->sim.nonce_mt, SIMAKA_NONCE));
        simaka_put_number(&w, AT_SELECTED_VERSION, SIM_VERSION);
    }
    trace_text(p->half.env->trace, p->kind == SIMAKA_SIM ? "SIM-Start" : "AKA-Identity");
    if (!simaka_end(&w, out))
        return false;
    made = buf_span(out);
    if (p->kind != SIMAKA_SIM)
        buf_put(&p->id_packets, made.p + before, made.n - before);
    return true;
}

/* ---- what an exchange leaves behind ---- */

/* Without AT_NEXT_REAUTH_ID the state of fast re-authentication is given up (5.3). */
void simaka_peer_keep(struct simaka_peer *p, const struct simaka_message *nested)
{
    struct eap_reauth *r = kept(p);
    char user[EAP_IDENTITY_MAX + 1], permanent[EAP_IDENTITY_MAX + 1];

    if (!r)
        return;
    p->before = *r;
    if (r->method != simaka_type(p->kind))
        r->pseudonym[0] = '\0';
    r->identity[0] = '\0';
    r->counter = p->reauth ? (uint16_t)(p->counter + 1) : 1;
    simaka_keys_keep(p->kind, &p->keys, r);
    if (!nested)
        return;
    if (simaka_has(nested, AT_NEXT_REAUTH_ID))
        simaka_id_take(nested->value[AT_NEXT_REAUTH_ID], r->identity);
    if (simaka_has(nested, AT_NEXT_PSEUDONYM) &&
        simaka_id_take(nested->value[AT_NEXT_PSEUDONYM], user)) {
        simaka_id_choose(p->kind, p->c->settings, SIMAKA_PERMANENT, permanent);
        simaka_id_join(user, simaka_id_realm(permanent), r->pseudonym);
    }
}

/* The server does not keep what it handed out in an exchange that failed (4.1.1.7). */
void simaka_peer_give_back(struct simaka_peer *p)
{
    if (kept(p))
        *kept(p) = p->before;
}
