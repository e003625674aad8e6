/* The key-management server of EAP-IBAKE: the authority that extracts private keys (RFC 6507 and
 * 6508 call it KMS). A MAS asks it for its own of a new half-year when a session first wants them,
 * once for all sessions; each key that comes is validated before it is used (RFC 6508 6.1.2), by
 * the session that asked. Devices have theirs from their manufacturer, for every period of the run:
 * ETSI has no procedure by which a node fetches one. */
#include "models/node/identity.h"

#include "models/node/backend.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* RFC 6508 leaves the way open. A request names an identity and a period; an answer has a key for
 * each scheme in hexadecimal, and the authority's public point beside it; both as XML. */
#define ASK_OCTETS    400
#define ANSWER_OCTETS 400
#define POINTS        2 /* a scheme */

static struct ibe_authority *authority(const struct server *s, int scheme)
{
    return s->population->d->ibe[scheme];
}

/* ---- at the KMS ---- */

static void work(struct backend_call *c, struct meter *m)
{
    for (int i = 0; i < IBE_SCHEMES; i++) {
        if (!authority(c->to, i) || ibe_extract(authority(c->to, i), m, c->from->fqdn,
                                                c->u.kms.wanted->period, c->u.kms.keys[i]))
            continue;
        c->u.kms.given[i] = true;
        c->answer_octets += (uint32_t)(POINTS * 2 * ibe_point_len((enum ibe_scheme)(i + 1)));
    }
}

/* ---- at the MAS ---- */

/* NULL: a key that is none of its own, or a name that is none. */
static struct ibe_user *install(const struct backend_call *c, struct meter *m)
{
    struct ibe_user *u = ibe_user_new(c->from->fqdn, c->u.kms.wanted->period);
    enum err err = OK;

    for (int i = 0; u && i < IBE_SCHEMES && !err; i++) {
        size_t n = ibe_point_len((enum ibe_scheme)(i + 1));

        if (c->u.kms.given[i])
            err = ibe_user_install(u, ibe_authority_public(authority(c->from, i)), m,
                                   span_of(c->u.kms.keys[i], n));
    }
    if (err) {
        ibe_user_free(u);
        return NULL;
    }
    if (u)
        ibe_user_prepare(u);
    return u;
}

static void finished(struct backend_call *c, bool answered)
{
    struct aaa_work *w = c->e->aaa;

    w->answer = (struct eap_answer){.reason = REASON_BACKEND_TIMEOUT};
    if (answered) {
        w->fetched = install(c, session_env(c->e->session)->meter);
        w->answer = (struct eap_answer){.reason = w->fetched ? REASON_NONE : REASON_CRYPTO,
                                        .ibe = w->fetched};
    }
    w->answer_ready = true;
}

static void tell(struct server_end *e, const struct eap_answer *answer)
{
    e->aaa->answer = *answer;
    e->aaa->answer_ready = true;
    session_poke(e->session, node_now(e->server->population->d));
}

/* Should the session that asked be gone, its answer is of no use: the next that waits asks anew. */
static void settled(struct backend_call *c, bool answered)
{
    struct server_ibe *k = c->u.kms.wanted;
    struct eap_answer answer = {.reason = answered ? REASON_CRYPTO : REASON_BACKEND_TIMEOUT};
    struct server_end *e, *next;

    explicit_bzero(c->u.kms.keys, sizeof c->u.kms.keys);
    k->asked = false;
    if (c->e && c->e->aaa->fetched) {
        k->user = c->e->aaa->fetched;
        c->e->aaa->fetched = NULL;
        answer = (struct eap_answer){.ibe = k->user};
    }
    for (e = c->from->ends; e; e = next) {
        next = e->next;
        if (!e->aaa || !e->aaa->awaits_key)
            continue;
        e->aaa->awaits_key = false;
        if (!answered || c->e)
            tell(e, &answer);
        else
            kms_ask(e);
    }
}

void kms_ask(struct server_end *e)
{
    struct deployment *d = e->server->population->d;
    struct server_ibe *k = identity_of_server(e->server, node_now(d));
    struct server *kms =
        server_for(d, e->server->population->config->server->kms, e->server->index);
    struct backend_call *c;

    if (k->user) { /* it came while the session was at something else */
        tell(e, &(struct eap_answer){.ibe = k->user});
        return;
    }
    if (k->asked) {
        e->aaa->awaits_key = true;
        return;
    }
    k->asked = true;
    c = xcalloc(1, sizeof *c);
    c->octets = ASK_OCTETS;
    c->answer_octets = ANSWER_OCTETS;
    c->latency = kms->population->config->server->latency;
    c->answer_name = "private keys";
    c->work = work;
    c->finished = finished;
    c->settled = settled;
    c->u.kms.wanted = k;
    backend_send(e, kms, "GetPrivateKeys", c);
}
