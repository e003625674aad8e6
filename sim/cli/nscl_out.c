#include "sim/cli/nscl_out.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"

/* Before a notification is tried a second time, as in a run. */
#define AGAIN (2 * SIM_S)
/* A poll that the tree has forgotten, with its channel, is forgotten so long after its time. */
#define GRACE (60 * SIM_S)

/* A long poll, in the order in which they came; the tree answers each of them once. */
struct held {
    struct held *next;
    struct live_nscl_peer *peer; /* NULL: nobody is there any more */
    sim_ns until;
    char target[M2M_MAX_URI];
};

/* Who asked for what another SCL answers. */
struct waiting {
    struct waiting *next;
    struct live_nscl_peer *peer;
    uint64_t number;
};

static int64_t unix_now(const struct nscl_out *o)
{
    return live_epoch_unix_ns(o->live) + live_now(o->live);
}

/* ---- contacts ---- */

/* Who may subscribe must not make this machine ask others: only itself, unless they are named. */
static bool allows(void *arg, const struct http_uri *uri)
{
    const struct nscl_out *o = arg;

    if (http_uri_is_loopback(uri))
        return true;
    for (size_t i = 0; i < o->contact_count; i++)
        if (strcmp(o->contacts[i], uri->host) == 0)
            return true;
    return false;
}

/* ---- polls ---- */

static void drop(struct nscl_out *o, struct held **at)
{
    struct held *h = *at;

    *at = h->next;
    if (!*at)
        o->last = at;
    free(h);
    o->held--;
}

void nscl_out_hold(struct nscl_out *o, const struct live_nscl_call *call)
{
    struct held *h = xcalloc(1, sizeof *h);

    h->peer = call->peer;
    h->until = sim_ns_add(call->now, o->hold);
    memcpy(h->target, call->request->target, sizeof h->target);
    *o->last = h;
    o->last = &h->next;
    o->held++;
    if (o->held > o->most_held)
        o->most_held = o->held;
}

/* ---- requests that are handed on ---- */

void nscl_out_wait(struct nscl_out *o, const struct live_nscl_call *call, uint64_t number)
{
    struct waiting *w = xcalloc(1, sizeof *w);

    *w = (struct waiting){o->waiting, call->peer, number};
    o->waiting = w;
    o->handed++;
}

static void stop_waiting(struct waiting **at)
{
    struct waiting *w = *at;

    *at = w->next;
    free(w);
}

/* Nobody shall do what nobody waits for. */
static void forget_handed(struct nscl_out *o, const struct live_nscl_peer *peer)
{
    struct waiting **at = &o->waiting;

    while (*at)
        if ((*at)->peer == peer) {
            deployment_live_forget_handed(o->deployment, (*at)->number);
            stop_waiting(at);
        } else {
            at = &(*at)->next;
        }
}

static bool answer_handed(struct nscl_out *o, const struct live_saying *s)
{
    struct waiting **at = &o->waiting;
    struct m2m_rep *rep = s->representation;
    struct m2m_doc doc = {
        .kind = DOC_RESOURCE, .u.resource = {(int)rep->type, rep->n}, .owned = rep->p};
    struct server_answer a = {.status = (int)s->status,
                              .location = *s->target ? s->target : NULL,
                              .additional = s->why ? reason_text(s->why) : NULL,
                              .doc = rep->type && s->status < STATUS_BAD_REQUEST ? &doc : NULL};
    bool told;

    while (*at && (*at)->number != s->number)
        at = &(*at)->next;
    if (!*at)
        return false;
    told = live_nscl_answer((*at)->peer, &a);
    stop_waiting(at);
    return told;
}

/* ---- who has gone ---- */

void nscl_out_gone(struct nscl_out *o, const struct live_nscl_peer *peer)
{
    for (struct held *h = o->first; h; h = h->next)
        if (h->peer == peer)
            h->peer = NULL;
    forget_handed(o, peer);
    observers_gone(&o->observers, o->deployment, peer, unix_now(o));
}

/* The tree's targets are paths; a device may have asked by an absolute URI, which the session has
 * made a path of. */
static bool answer_poll(struct nscl_out *o, const struct live_saying *s)
{
    struct held **at = &o->first;
    struct m2m_rep *rep = s->representation;
    struct m2m_doc doc = {
        .kind = DOC_RESOURCE, .u.resource = {(int)rep->type, rep->n}, .owned = rep->p};
    struct server_answer a = {.status = (int)s->status, .doc = rep->type ? &doc : NULL};
    bool told;

    while (*at && strcmp((*at)->target, s->target) != 0)
        at = &(*at)->next;
    if (!*at)
        return false;
    told = (*at)->peer && live_nscl_answer((*at)->peer, &a);
    drop(o, at);
    return told;
}

static void sweep(struct nscl_out *o)
{
    while (o->first && !o->first->peer && o->first->until + GRACE < live_now(o->live))
        drop(o, &o->first);
}

/* ---- all of it ---- */

sim_ns nscl_out_deliver(struct nscl_out *o)
{
    struct live_saying s;
    bool told;
    int64_t due;
    sim_ns next;

    while (deployment_live_says(o->deployment, unix_now(o), &s)) {
        told = true;
        switch (s.kind) {
        case LIVE_SAYS_OBSERVER:
            observers_tell(&o->observers, o->deployment, s.number, unix_now(o));
            break;
        case LIVE_SAYS_CONTACT:
            live_notify_send(o->notify, s.target, s.representation);
            break;
        case LIVE_SAYS_POLL:
            told = answer_poll(o, &s);
            break;
        case LIVE_SAYS_ANSWER:
            told = answer_handed(o, &s);
            break;
        case LIVE_SAYS_NOTHING:
            break;
        }
        live_saying_done(o->deployment, &s, told, unix_now(o));
    }
    sweep(o);
    next = live_notify_run(o->notify);
    due = deployment_live_due(o->deployment);
    return due == SCL_TREE_NEVER ? next : sim_ns_min(next, due - live_epoch_unix_ns(o->live));
}

void nscl_out_init(struct nscl_out *o, const struct cli *c, struct deployment *d, struct live *live,
                   const struct live_nscl_settings *settings, const struct live_nscl_facts *nscl)
{
    *o = (struct nscl_out){.deployment = d, .live = live, .hold = nscl->poll_timer};
    o->last = &o->first;
    o->contacts = cli_values(c, "contact", &o->contact_count);
    o->notify =
        live_notify_new(live, &(struct live_notify_settings){.requesting_entity = nscl->fqdn,
                                                             .allows = allows,
                                                             .arg = o,
                                                             .seed = settings->seed,
                                                             .patience = settings->idle,
                                                             .again = AGAIN});
}

void nscl_out_release(struct nscl_out *o)
{
    while (o->first)
        drop(o, &o->first);
    while (o->waiting)
        stop_waiting(&o->waiting);
    live_notify_free(o->notify);
    observers_release(&o->observers);
    free(o->contacts);
    *o = (struct nscl_out){.held = 0};
}
