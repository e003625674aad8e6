/* Requests that the NSCL hands on, in the live mode: into the channel of the SCL that they are for,
 * whose responseNotify brings the answer (retarget.c has the same in a run). Who asked waits at his
 * connection, known here by the number of his request. */
#include "models/node/live.h"
#include "models/node/live_impl.h"
#include "models/node/retarget.h"
#include "models/proto/m2mxml_primitive.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

struct live_handed {
    struct live_handed *next; /* the earliest first: all have as much time */
    uint64_t id, node;        /* node: who is to answer */
    sim_ns deadline;
    char *contact, *reference;
};

struct live_retarget {
    struct live_handed *first, **last;
    uint64_t count; /* ever */
    /* The answer that is being told. */
    struct m2m_primitive answer;
    struct m2m_rep representation;
};

static struct live_retarget *of(struct server *nscl)
{
    if (!nscl->handed) {
        nscl->handed = xcalloc(1, sizeof *nscl->handed);
        nscl->handed->last = &nscl->handed->first;
    }
    return nscl->handed;
}

static struct live_handed **find(struct live_retarget *l, uint64_t id)
{
    struct live_handed **at = &l->first;

    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static void drop(struct live_retarget *l, struct live_handed **at)
{
    struct live_handed *h = *at;

    *at = h->next;
    if (!*at)
        l->last = at;
    free(h->contact);
    free(h->reference);
    free(h);
}

static void keep(struct server *nscl, uint64_t id, uint64_t node, const char *contact,
                 const char *reference, sim_ns now)
{
    struct live_retarget *l = of(nscl);
    struct live_handed *h = xcalloc(1, sizeof *h);

    h->id = id;
    h->node = node;
    h->deadline = sim_ns_add(now, nscl->population->config->server->hand_on_timeout);
    h->contact = xstrdup(contact);
    h->reference = xstrdup(reference);
    *l->last = h;
    l->last = &h->next;
}

/* ---- whose it is ---- */

/* Where it listens it is known by other names than its own, which are nobody else's: an address, or
 * its name with a port. */
static bool is_own(const struct server *nscl, const char *authority)
{
    size_t n = strlen(nscl->fqdn);

    if (authority[0] == '[' || !authority[strspn(authority, "0123456789.:")])
        return true;
    if (strncmp(authority, "localhost", 9) == 0 && (!authority[9] || authority[9] == ':'))
        return true;
    return strncmp(authority, nscl->fqdn, n) == 0 && (!authority[n] || authority[n] == ':');
}

const struct server_request *live_own_request(const struct server *nscl,
                                              const struct server_request *request,
                                              struct server_request *room)
{
    if (!*request->authority || !is_own(nscl, request->authority))
        return request;
    *room = *request;
    room->authority[0] = '\0';
    return room;
}

/* ---- on its way ---- */

static void refuse(struct registrar_answer *out, enum m2m_status status, enum reason reason)
{
    out->answer = (struct server_answer){.status = (int)status, .additional = reason_text(reason)};
}

uint64_t live_retarget_begin(struct server *nscl, const struct server_request *request,
                             struct meter *m, sim_ns now, struct registrar_answer *out)
{
    const struct retarget_asked asked = {out->target, request->requesting_entity, &request->rep,
                                         out->method};
    enum m2m_status status = STATUS_BAD_GATEWAY;
    char reference[RETARGET_REFERENCE];
    uint64_t id = 0, node = 0;
    size_t scl;

    if (out->onward == M2M_TO_SCL && commands_node_of(out->contact, &node, &scl)) {
        id = ++of(nscl)->count;
        status = retarget_offer(nscl, &asked, out->contact, id, reference, m, now);
    }
    m2m_doc_release(&out->doc);
    out->doc = (struct m2m_doc){.kind = DOC_NONE};
    if (status >= STATUS_BAD_REQUEST) {
        enum reason reason = retarget_refusal(&status);

        refuse(out, status, reason);
        return 0;
    }
    keep(nscl, id, node, out->contact, reference, now);
    return id;
}

void deployment_live_forget_handed(struct deployment *d, uint64_t number)
{
    struct server *nscl = live_first_nscl(d);
    struct live_retarget *l = of(nscl);
    struct live_handed **at = find(l, number);

    if (!*at)
        return;
    /* Nobody shall do what nobody waits for, if it is not on its way yet. */
    (void)scl_tree_withdraw(registrar_tree(nscl->registrar), (*at)->contact, (*at)->reference);
    drop(l, at);
}

/* ---- the answer ---- */

static void say(struct live_retarget *l, struct live_handed **at, enum reason reason,
                struct live_saying *out)
{
    *out = (struct live_saying){.kind = LIVE_SAYS_ANSWER,
                                .number = (*at)->id,
                                .target = l->answer.resource_uri,
                                .representation = &l->representation,
                                .status = l->answer.status_code,
                                .why = reason};
    drop(l, at);
}

/* Instead of what the other SCL would have said. */
static void say_refusal(struct live_retarget *l, struct live_handed **at, enum m2m_status status,
                        enum reason reason, struct live_saying *out)
{
    l->answer = (struct m2m_primitive){.status_code = status};
    m2m_rep_init(&l->representation, M2M_NO_TYPE);
    say(l, at, reason, out);
}

bool live_retarget_answered(struct server *nscl, const struct scl_tree_output *o,
                            struct live_saying *out)
{
    struct live_retarget *l = of(nscl);
    struct span list = m2m_rep_span(&o->representation), text;
    char reference[RETARGET_REFERENCE], why[80];
    struct live_handed **at;
    uint64_t node;
    size_t scl;

    m2m_find_text(list, E_SUBSCRIPTION_REFERENCE, reference, sizeof reference);
    at = find(l, retarget_id(reference));
    /* Nobody waits for it any more, or it is not from who was asked. */
    if (!*at || !commands_node_of(o->target, &node, &scl) || node != (*at)->node ||
        !m2m_find(list, E_REPRESENTATION, &text))
        return false;
    l->answer = (struct m2m_primitive){.response = true};
    if (m2mxml_primitive_read(text, &l->answer, NULL, &l->representation, why) == REASON_NONE)
        say(l, at, REASON_NONE, out);
    else
        say_refusal(l, at, STATUS_BAD_GATEWAY, REASON_BAD_GATEWAY, out);
    return true;
}

bool live_retarget_late(struct server *nscl, sim_ns now, struct live_saying *out)
{
    struct live_retarget *l = nscl->handed;

    if (!l || !l->first || now < l->first->deadline)
        return false;
    (void)scl_tree_withdraw(registrar_tree(nscl->registrar), l->first->contact,
                            l->first->reference);
    say_refusal(l, &l->first, STATUS_GATEWAY_TIMEOUT, REASON_GATEWAY_TIMEOUT, out);
    return true;
}

void live_retarget_said(struct server *nscl)
{
    m2m_rep_clear(&of(nscl)->representation);
}

sim_ns live_retarget_due(const struct server *nscl)
{
    const struct live_retarget *l = nscl->handed;

    return l && l->first ? l->first->deadline : SIM_NEVER;
}

void live_retarget_free(struct server *nscl)
{
    struct live_retarget *l = nscl->handed;

    if (!l)
        return;
    while (l->first)
        drop(l, &l->first);
    m2m_rep_clear(&l->representation);
    free(l);
    nscl->handed = NULL;
}
