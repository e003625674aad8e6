/* What an SCL's tree has to say to others (scl_tree_output): notifications go to contacts, each
 * with a queue of its own, one at a time and in order. A notification that a contact does not take
 * is tried again; after that it is dropped, and its row says why. The tree is looked at when
 * something in it is due: an expiry, or a notification that had to wait for
 * minimalTimeBetweenNotifications. */
#include "models/node/application.h"

#include "models/node/caller.h"
#include "models/node/gateway.h"
#include "models/node/longpoll.h"
#include "models/node/node_id.h"
#include "models/node/record.h"
#include "models/node/retarget.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define MOST     10000        /* notifications that wait for one contact */
#define ATTEMPTS 5            /* of each */
#define BASE     (2 * SIM_S)  /* the first wait; doubles */
#define CAP      (60 * SIM_S) /* and at most */
#define TIMEOUT  (30 * SIM_S) /* of an attempt */
#define IDLE     (30 * SIM_S) /* until a session without one is closed */

struct notice {
    struct notice *next;
    struct m2m_rep rep;
    char *target;
    struct procedure *proc;
};

struct contact {
    struct contact *next;
    struct delivery *delivery;
    struct server *application;
    struct caller *caller;
    struct sim_event again; /* the next attempt of the first */
    struct notice *first, **last;
    uint32_t count;
};

struct delivery {
    struct server *nscl;    /* whose tree it is, */
    struct device *gateway; /* or whose; the other is NULL */
    struct sim_event due;   /* something in the tree: of an NSCL */
    struct contact *contacts;
    char entity[M2M_MAX_URI]; /* in whose name */
};

static struct population *population_of(const struct delivery *y)
{
    return y->nscl ? y->nscl->population : y->gateway->population;
}

static struct deployment *deployment_of(const struct delivery *y)
{
    return population_of(y)->d;
}

/* ---- one contact ---- */

static void free_notice(struct notice *n)
{
    m2m_rep_clear(&n->rep);
    free(n->target);
    free(n);
}

static struct notice *take_first(struct contact *c)
{
    struct notice *n = c->first;

    c->first = n->next;
    if (!c->first)
        c->last = &c->first;
    c->count--;
    return n;
}

static void settle(struct contact *c, sim_ns now, enum reason reason)
{
    struct notice *n = take_first(c);

    record_end(deployment_of(c->delivery), n->proc, now,
               reason == REASON_NONE ? "success" : "failed", reason);
    free_notice(n);
}

static void pump(struct contact *c, sim_ns now)
{
    struct procedure *p;

    if (!c->first || caller_is_calling(c->caller) || sim_is_pending(&c->again))
        return;
    p = c->first->proc;
    p->attempts++;
    p->backing_off = false;
    p->server_queued = 0;
    procedure_clock(p, now);
    caller_call(c->caller, p, now);
}

static void again_commit(struct sim *sim, struct sim_event *ev)
{
    pump((struct contact *)((char *)ev - offsetof(struct contact, again)), sim_now(sim));
}

static const struct sim_event_ops again_ops = {"notify-again", NULL, again_commit};

static void try_again(struct contact *c, sim_ns now, enum reason reason, uint32_t retry_after_s)
{
    struct procedure *p = c->first->proc;
    sim_ns wait = BASE;

    if (p->attempts >= ATTEMPTS) {
        settle(c, now, reason);
        pump(c, now);
        return;
    }
    for (uint32_t i = 1; i < p->attempts && wait < CAP; i++)
        wait *= 2;
    wait = sim_ns_min(wait, CAP);
    if (wait < (sim_ns)retry_after_s * SIM_S)
        wait = (sim_ns)retry_after_s * SIM_S;
    p->backing_off = true;
    procedure_clock(p, now);
    sim_schedule(deployment_of(c->delivery)->sim, &c->again, now + wait);
}

static bool write_notice(void *arg, struct mid_client *client, sim_ns now)
{
    const struct notice *n = ((struct contact *)arg)->first;
    struct m2m_doc doc = {
        .kind = DOC_RESOURCE, .u.resource = {M2M_NOTIFY_DOC, n->rep.n}, .owned = n->rep.p};

    return mid_client_request(client, now, "NOTIFY contact", HTTP_POST, n->target, &doc);
}

static void answered(void *arg, sim_ns now, const struct mid_response *r)
{
    struct contact *c = arg;

    if (r->reason == REASON_SERVER_BUSY) {
        try_again(c, now, r->reason, r->retry_after_s);
        return;
    }
    settle(c, now, r->reason);
    pump(c, now);
}

static void failed(void *arg, sim_ns now, enum reason reason)
{
    if (reason == REASON_HTTP_TOO_LARGE) { /* and it will be */
        settle(arg, now, reason);
        pump(arg, now);
    } else {
        try_again(arg, now, reason, 0);
    }
}

static const struct caller_user caller_user = {write_notice, answered, failed};

static struct contact *contact_of(struct delivery *y, struct server *application)
{
    struct contact *c;

    for (c = y->contacts; c; c = c->next)
        if (c->application == application)
            return c;
    c = xcalloc(1, sizeof *c);
    c->delivery = y;
    c->application = application;
    c->last = &c->first;
    c->caller = caller_new(&(struct caller_settings){.from = y->nscl,
                                                     .to = application,
                                                     .gateway = y->gateway,
                                                     .listener = &application->plain,
                                                     .requesting_entity = y->entity,
                                                     .timeout = TIMEOUT,
                                                     .idle = IDLE,
                                                     .as_server = true,
                                                     .leaf_to = true},
                           &caller_user, c);
    sim_event_init(&c->again, &again_ops, NULL);
    c->next = y->contacts;
    y->contacts = c;
    return c;
}

/* ---- notifications ---- */

/* "http://HOST[:PORT]/PATH": whose node that is; *path: where the path begins. NULL: nobody's. */
static struct server *host_of(struct deployment *d, const char *uri, const char **path)
{
    char host[NODE_NAME_MAX];
    struct server *s;

    *path = contact_host(uri, host, sizeof host);
    if (!*path)
        return NULL;
    s = server_find(d, host);
    return s && s->application ? s : NULL;
}

/* Whoever is at another SCL is not within reach of this one: NULL. */
static struct server *application_at(const struct delivery *y, const char *uri, const char **path)
{
    struct server *application = host_of(deployment_of(y), uri, path);

    if (!application || application_gateway(application) != y->gateway ||
        (y->nscl && application_nscl(application) != y->nscl))
        return NULL;
    return application;
}

/* A contact in the NSCL's own tree, below an application: it is at that one's aPoC. */
static void find_apoc(const struct delivery *y, struct scl_tree_output *o, sim_ns now)
{
    struct m2m_request request = {.target_id = span_str(o->target),
                                  .requesting_entity = y->entity,
                                  .representation = &o->representation,
                                  .method = M2M_NOTIFY,
                                  .point = M2M_MID};
    struct m2m_response response;
    struct m2m_path path;

    /* What the tree has there is no contact. */
    if (m2m_path_parse(span_str(o->target), "m2m", &path) != M2M_PATH_UNKNOWN)
        return;
    m2m_response_init(&response);
    scl_tree_request(registrar_tree(y->nscl->registrar), deployment_of(y)->in.epoch_unix_ns + now,
                     &request, &response);
    if (response.onward == M2M_TO_APPLICATION) {
        free(o->target);
        o->target = xstrdup(response.resource_uri);
    }
    m2m_response_clear(&response);
}

/* Why it cannot be brought; REASON_NONE: it waits for its turn. */
static enum reason notify(struct delivery *y, struct scl_tree_output *o, sim_ns now)
{
    struct deployment *d = deployment_of(y);
    const char *path = NULL;
    struct server *application = application_at(y, o->target, &path);
    struct contact *c = application ? contact_of(y, application) : NULL;
    struct procedure *p = record_begin(
        population_of(y), y->nscl ? y->nscl->node_id : device_node(y->gateway), PROC_NOTIFICATION,
        y->nscl ? "http" : "dia", o->since - d->in.epoch_unix_ns, now);
    struct notice *n;

    if (application)
        p->peer_id = application->node_id;
    if (!c || c->count == MOST) {
        enum reason reason = c ? REASON_NOTIFY_QUEUE : REASON_NOTIFY_CONTACT;

        record_end(d, p, now, "failed", reason);
        return reason;
    }
    p->server_queued = 1; /* behind those before it */
    procedure_clock(p, now);
    n = xcalloc(1, sizeof *n);
    n->proc = p;
    n->target = xstrdup(path);
    n->rep = o->representation;
    m2m_rep_init(&o->representation, M2M_NO_TYPE);
    *c->last = n;
    c->last = &n->next;
    c->count++;
    pump(c, now);
    return REASON_NONE;
}

/* ---- the tree ---- */

static void bring_out(struct delivery *y, sim_ns now)
{
    struct scl_tree *tree = registrar_tree(y->nscl->registrar);
    struct scl_tree_output *o;
    const char *path;

    while ((o = scl_tree_output(tree))) {
        bool notifies = o->kind == SCL_TREE_REQUEST && o->method == M2M_NOTIFY;

        if (notifies && !host_of(deployment_of(y), o->target, &path))
            find_apoc(y, o, now);
        /* Announcements of an NSCL's own: there is nobody whom they are for. */
        if (notifies)
            (void)notify(y, o, now);
        else if (o->kind == SCL_TREE_COMMAND)
            commands_bring(y->nscl, o, now);
        else if (o->kind == SCL_TREE_POLL_ANSWER)
            commands_answer_poll(y->nscl, o, now);
        else if (o->kind == SCL_TREE_RESPONSE)
            retarget_answered(y->nscl, o, now);
        scl_tree_output_free(o);
    }
}

static void arm(struct delivery *y)
{
    struct deployment *d = deployment_of(y);
    int64_t expiry = scl_tree_expiry(registrar_tree(y->nscl->registrar));
    sim_ns at = expiry == SCL_TREE_NEVER ? SIM_NEVER : expiry - d->in.epoch_unix_ns;

    /* One that is too early finds nothing due, and looks again. */
    if (sim_is_pending(&y->due) && sim_event_time(&y->due) <= at)
        return;
    sim_cancel(d->sim, &y->due);
    if (at != SIM_NEVER)
        sim_schedule(d->sim, &y->due, at > sim_now(d->sim) ? at : sim_now(d->sim));
}

static void due_commit(struct sim *sim, struct sim_event *ev)
{
    struct delivery *y = (struct delivery *)((char *)ev - offsetof(struct delivery, due));
    struct deployment *d = deployment_of(y);

    if (y->nscl->off) /* nobody looks */
        return;
    scl_tree_expire(registrar_tree(y->nscl->registrar), d->in.epoch_unix_ns + sim_now(sim));
    bring_out(y, sim_now(sim));
    arm(y);
}

static const struct sim_event_ops due_ops = {"tree-due", NULL, due_commit};

/* Nobody listens: what the tree says is for nobody, and what expires in it expires unseen. */
static void drop_output(struct scl_tree *tree)
{
    struct scl_tree_output *o;

    while ((o = scl_tree_output(tree)))
        scl_tree_output_free(o);
}

bool delivery_is_wanted(const struct deployment *d)
{
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        const struct deployment_population *p = &d->in.populations[i];
        if (p->kind == CFG_APPLICATION ||
            (cfg_is_device(p->kind) && p->device->mid.channel != CFG_CHANNEL_NONE))
            return true;
    }
    return false;
}

static struct delivery *delivery_new(const char *entity)
{
    struct delivery *y = xcalloc(1, sizeof *y);

    str_append(y->entity, sizeof y->entity, 0, entity);
    sim_event_init(&y->due, &due_ops, NULL);
    return y;
}

static struct delivery *delivery_of(struct server *nscl)
{
    struct delivery *y = nscl->delivery;

    if (y || !delivery_is_wanted(nscl->population->d))
        return y;
    y = nscl->delivery = delivery_new(nscl->fqdn);
    y->nscl = nscl;
    return y;
}

enum reason delivery_hand_on(struct server *nscl, const char *contact, const struct m2m_rep *rep,
                             sim_ns now)
{
    struct delivery *y = delivery_of(nscl);
    struct scl_tree_output o = {.since = nscl->population->d->in.epoch_unix_ns + now};
    enum reason reason;

    if (!y)
        return REASON_NOTIFY_CONTACT;
    o.target = xstrdup(contact);
    m2m_rep_init(&o.representation, rep->type);
    m2m_put_items(&o.representation, m2m_rep_span(rep));
    reason = notify(y, &o, now);
    m2m_rep_clear(&o.representation);
    free(o.target);
    return reason;
}

bool delivery_of_gateway(struct device *gateway, struct scl_tree_output *o, sim_ns now)
{
    struct gateway *g = gateway->gateway;
    uint8_t node_id[M2M_NODE_ID_LEN];
    char scl_id[M2M_MAX_URI];
    const char *path;

    if (!g->delivery) {
        device_node_id(gateway, node_id);
        node_scl_id(node_id, scl_id);
        g->delivery = delivery_new(scl_id);
        g->delivery->gateway = gateway;
    }
    if (!application_at(g->delivery, o->target, &path))
        return false;
    (void)notify(g->delivery, o, now);
    return true;
}

void delivery_run(struct server *nscl, sim_ns now)
{
    struct delivery *y = delivery_of(nscl);

    if (!y) {
        drop_output(registrar_tree(nscl->registrar));
        return;
    }
    bring_out(y, now);
    arm(y);
}

/* ---- life ---- */

/* Notifications wait in memory: a loss of power loses them. */
static void lose_notices(struct contact *c, sim_ns now)
{
    caller_vanish(c->caller, now);
    sim_cancel(deployment_of(c->delivery)->sim, &c->again);
    while (c->first)
        settle(c, now, REASON_OUTAGE);
}

void delivery_lose(struct delivery *y, sim_ns now)
{
    for (struct contact *c = y ? y->contacts : NULL; c; c = c->next)
        lose_notices(c, now);
}

void delivery_set_off(struct server *s, bool off)
{
    struct delivery *y = s->delivery;

    if (!y)
        return;
    if (off)
        delivery_lose(y, node_now(deployment_of(y)));
    else
        arm(y);
}

void delivery_end(struct delivery *y, sim_ns now)
{
    for (struct contact *c = y ? y->contacts : NULL; c; c = c->next) {
        caller_vanish(c->caller, now);
        while (c->first) {
            struct notice *n = take_first(c);
            record_unfinished(deployment_of(c->delivery), n->proc, now);
            free_notice(n);
        }
    }
}

void delivery_destroy(struct delivery *y)
{
    if (!y)
        return;
    sim_cancel(deployment_of(y)->sim, &y->due);
    while (y->contacts) {
        struct contact *c = y->contacts;

        y->contacts = c->next;
        sim_cancel(deployment_of(y)->sim, &c->again);
        while (c->first)
            free_notice(take_first(c));
        caller_free(c->caller);
        free(c);
    }
    free(y);
}
