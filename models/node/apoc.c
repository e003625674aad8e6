/* Requests that an NSCL hands on to an application of its own, at the aPoC that this gave (TS 102
 * 690: retargeting; where they go on is the tree's to say): by HTTP on bare TCP, as all of mIa, on
 * behalf of who asks. Each is asked once; what is lost on the way is answered 504. Several are
 * under way at one time, each on a session of its own, that stays open a while for the next of the
 * same asker. */
#include "models/node/retarget.h"

#include "models/node/application.h"
#include "models/node/caller.h"
#include "models/node/record.h"
#include "models/proc/object.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST     64           /* for one application at one time */
#define IDLE     (30 * SIM_S) /* until a session without a request is closed */
#define NUMBERED 1000u        /* sessions of a caller, */
#define FIRST    0x80000000u  /* apart from those for notifications */

struct apoc_errand {
    struct apoc_errand *next;
    struct server *application;
    struct caller *caller;
    struct procedure *proc; /* NULL: nothing is being asked */
    struct server_end *e;   /* of who asked; NULL: he is gone */
    struct gather *gather;  /* NULL: he asked nobody else */
    char *entity, *target;
    struct m2m_rep rep; /* of M2M_NO_TYPE: none */
    enum m2m_method method;
    uint32_t place; /* in what is gathered */
};

struct apocs {
    struct apoc_errand *first;
    uint32_t count; /* callers ever made */
};

static struct deployment *deployment_of(const struct apoc_errand *x)
{
    return x->application->population->d;
}

/* ---- the question: prepare ---- */

static bool write_request(void *arg, struct mid_client *c, sim_ns now)
{
    const struct apoc_errand *x = arg;
    struct m2m_doc doc = {.kind = DOC_RESOURCE,
                          .u.resource = {.type = (int)x->rep.type, .n = x->rep.n},
                          .owned = x->rep.p};
    char label[40];

    snprintf(label, sizeof label, "%s aPoC", m2m_method_name(x->method));
    return mid_client_request(c, now, label, object_http_method(x->method), x->target,
                              x->rep.type ? &doc : NULL);
}

/* ---- the answer ---- */

static void rest(struct apoc_errand *x)
{
    m2m_rep_clear(&x->rep);
    free(x->target);
    x->target = NULL;
    x->proc = NULL;
    x->gather = NULL;
    x->e = NULL;
}

static void tell(struct server_end *e, enum m2m_status status, enum reason reason,
                 const char *location, struct m2m_rep *rep)
{
    struct server_answer a = {.status = (int)status,
                              .location = location,
                              .additional = reason ? reason_text(reason) : NULL};
    struct m2m_doc doc = {.kind = DOC_NONE};

    if (rep && rep->type && status < STATUS_BAD_REQUEST)
        observed_take(rep, &doc);
    server_answer(e, &a, doc.kind == DOC_NONE ? NULL : &doc);
    if (doc.kind != DOC_NONE)
        m2m_rep_init(rep, M2M_NO_TYPE);
}

/* reason: why it has no answer; rep is given up; NULL: none. */
static void over(struct apoc_errand *x, sim_ns now, enum m2m_status status, enum reason reason,
                 const char *location, struct m2m_rep *rep)
{
    struct server_end *e = x->e;
    struct gather *g = x->gather;
    uint32_t place = x->place;

    if (e)
        e->errand = NULL;
    rest(x);
    if (g)
        gather_take(g, place, status, rep, now);
    else if (e)
        tell(e, status, reason, location, rep);
}

static void answered(void *arg, sim_ns now, const struct mid_response *r)
{
    struct apoc_errand *x = arg;
    struct m2m_rep rep = r->rep;
    enum m2m_status status = (enum m2m_status)r->status;

    m2m_rep_init((struct m2m_rep *)&r->rep, M2M_NO_TYPE); /* ours from now on */
    record_end(deployment_of(x), x->proc, now, r->reason == REASON_NONE ? "success" : "failed",
               r->reason);
    over(x, now, *m2m_status_name(status) ? status : STATUS_BAD_GATEWAY, REASON_NONE,
         *r->location ? r->location : NULL, &rep);
    m2m_rep_clear(&rep);
}

static void failed(void *arg, sim_ns now, enum reason reason)
{
    struct apoc_errand *x = arg;
    bool late = reason == REASON_TIMEOUT || reason == REASON_CONNECT_TIMEOUT ||
                reason == REASON_CONNECTION_LOST;

    record_end(deployment_of(x), x->proc, now, "failed", reason);
    over(x, now, late ? STATUS_GATEWAY_TIMEOUT : STATUS_BAD_GATEWAY,
         late ? REASON_GATEWAY_TIMEOUT : REASON_BAD_GATEWAY, NULL, NULL);
}

static const struct caller_user caller_user = {write_request, answered, failed};

/* ---- who is asked ---- */

/* At "http://HOST[:PORT]/PATH"; NULL: no application of the NSCL's. */
static struct server *application_at(struct server *nscl, const char *uri, const char **path)
{
    char host[NODE_NAME_MAX];
    struct server *s;

    *path = contact_host(uri, host, sizeof host);
    s = *path ? server_find(nscl->population->d, host) : NULL;
    return s && s->application && !application_gateway(s) && application_nscl(s) == nscl ? s : NULL;
}

static void employ(struct server *nscl, struct apoc_errand *x, const char *entity)
{
    const struct cfg_server *c = nscl->population->config->server;

    caller_free(x->caller);
    free(x->entity);
    x->entity = xstrdup(entity);
    x->caller = caller_new(
        &(struct caller_settings){.from = nscl,
                                  .to = x->application,
                                  .listener = &x->application->plain,
                                  .requesting_entity = x->entity,
                                  .timeout = c->hand_on_timeout,
                                  .idle = IDLE,
                                  .as_server = true,
                                  .leaf_to = true,
                                  .first_session = FIRST + ++nscl->apocs->count * NUMBERED},
        &caller_user, x);
}

/* One that has nothing to do, best of all with a session of this asker's; NULL: too many are busy.
 */
static struct apoc_errand *find_idle(struct server *nscl, struct server *application,
                                     const char *entity)
{
    struct apoc_errand *idle = NULL;
    uint32_t busy = 0;

    if (!nscl->apocs)
        nscl->apocs = xcalloc(1, sizeof *nscl->apocs);
    for (struct apoc_errand *x = nscl->apocs->first; x; x = x->next) {
        if (x->application != application)
            continue;
        busy += x->proc != NULL;
        if (!x->proc && strcmp(x->entity, entity) == 0)
            return x;
        if (!x->proc)
            idle = x;
    }
    if (!idle && busy >= MOST)
        return NULL;
    if (!idle) {
        idle = xcalloc(1, sizeof *idle);
        idle->application = application;
        idle->next = nscl->apocs->first;
        nscl->apocs->first = idle;
    }
    employ(nscl, idle, entity);
    return idle;
}

static enum m2m_status ask(struct server_end *e, const struct retarget_asked *q,
                           struct apoc_errand **out, sim_ns now)
{
    struct server *nscl = e->server, *application;
    struct apoc_errand *x;
    const char *path;

    application = application_at(nscl, q->target, &path);
    if (!application)
        return STATUS_BAD_GATEWAY;
    x = find_idle(nscl, application, q->entity);
    if (!x)
        return STATUS_SERVICE_UNAVAILABLE;
    x->e = e;
    x->target = xstrdup(path);
    x->method = q->method;
    m2m_rep_init(&x->rep, q->rep->type);
    m2m_put_items(&x->rep, m2m_rep_span(q->rep));
    x->proc = record_begin(nscl->population, nscl->node_id, PROC_APOC, "http", now, now);
    x->proc->peer_id = application->node_id;
    x->proc->attempts = 1;
    caller_call(x->caller, x->proc, now);
    *out = x;
    return STATUS_ACCEPTED;
}

void apoc_begin(struct server_end *e, const struct retarget_asked *q, sim_ns now)
{
    struct procedure *p = server_end_procedure(e);
    struct apoc_errand *x = NULL;
    enum m2m_status status = ask(e, q, &x, now);
    enum reason reason;

    if (status >= STATUS_BAD_REQUEST) {
        reason = retarget_refusal(&status);
        tell(e, status, reason, NULL, NULL);
        return;
    }
    e->errand = x;
    if (p)
        procedure_ride(p, x->proc, now);
}

enum m2m_status apoc_member(struct gather *g, struct server_end *e, uint32_t place,
                            const struct scl_tree_output *o, struct apoc_errand **out, sim_ns now)
{
    const struct retarget_asked asked = {o->target, o->requesting_entity, &o->representation,
                                         o->method};
    enum m2m_status status = ask(e, &asked, out, now);

    if (status < STATUS_BAD_REQUEST) {
        (*out)->gather = g;
        (*out)->place = place;
    }
    return status;
}

/* ---- life ---- */

void apoc_forget(struct apoc_errand *x)
{
    if (x->e && x->e->errand == x)
        x->e->errand = NULL;
    x->e = NULL;
    x->gather = NULL;
}

void apoc_lose(struct server *nscl, sim_ns now)
{
    for (struct apoc_errand *x = nscl->apocs ? nscl->apocs->first : NULL; x; x = x->next) {
        caller_vanish(x->caller, now);
        if (!x->proc)
            continue;
        record_end(deployment_of(x), x->proc, now, "failed", REASON_OUTAGE);
        apoc_forget(x);
        rest(x);
    }
}

void apoc_finish(struct server *nscl, sim_ns now)
{
    for (struct apoc_errand *x = nscl->apocs ? nscl->apocs->first : NULL; x; x = x->next) {
        if (!x->proc)
            continue;
        caller_vanish(x->caller, now);
        record_unfinished(deployment_of(x), x->proc, now);
        apoc_forget(x);
        rest(x);
    }
}

void apoc_free(struct server *nscl)
{
    struct apoc_errand *x;

    while (nscl->apocs && (x = nscl->apocs->first)) {
        nscl->apocs->first = x->next;
        caller_free(x->caller);
        m2m_rep_clear(&x->rep);
        free(x->target);
        free(x->entity);
        free(x);
    }
    free(nscl->apocs);
    nscl->apocs = NULL;
}
