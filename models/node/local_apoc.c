/* A D' application that listens at its aPoC (an actuator): HTTP on bare TCP at its own node, one
 * resource, its state. RETRIEVE answers with the state, UPDATE and CREATE set it; how long that
 * takes is the scenario's to say. */
#include "models/node/retarget.h"

#include "models/node/application.h"
#include "models/node/dia_end.h"
#include "models/node/node_id.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT   80
#define BASE   "/" GATEWAY_BASE
#define STATE  "state"
#define RIGHT  "commands" /* id of the accessRight */
#define DOMAIN ".m2m.example"

struct local_actuator {
    struct local *local;
    struct flow_listener listener;
    struct dia_node node;
    uint8_t *state;
    uint32_t n, sessions;
};

/* A session with its gateway. */
struct apoc_end {
    struct dia_end end;
    struct sim_event done; /* what was asked */
};

static const struct cfg_device *config(const struct local *l)
{
    return l->population->config->device;
}

/* ---- who and where it is ---- */

void local_apoc_host(const struct local *l, char *out, size_t n)
{
    char name[NODE_NAME_MAX];

    node_name(l->population, l->index, name);
    snprintf(out, n, "%s" DOMAIN, name);
}

struct local *local_find(struct deployment *d, const char *host)
{
    size_t n = strlen(host), domain = strlen(DOMAIN);
    char name[NODE_NAME_MAX];
    int64_t node;

    if (n <= domain || n - domain >= sizeof name || strcmp(host + n - domain, DOMAIN) != 0)
        return NULL;
    memcpy(name, host, n - domain);
    name[n - domain] = '\0';
    if (!deployment_find_node(d, name, &node))
        return NULL;
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        struct population *p = &d->populations[i];
        if (p->locals && node >= p->first_node && node < p->first_node + p->config->count)
            return &p->locals[node - p->first_node];
    }
    return NULL;
}

struct flow_listener *local_apoc(struct local *l)
{
    return l->actuator ? &l->actuator->listener : NULL;
}

void local_apoc_target(const struct local *l, char *out, size_t n)
{
    char scl_id[M2M_MAX_URI], app_id[NODE_NAME_MAX];
    uint8_t node_id[M2M_NODE_ID_LEN];

    device_node_id(local_gateway(l), node_id);
    node_scl_id(node_id, scl_id);
    local_app_id(l, app_id);
    snprintf(out, n, "http://%s" DOMAIN GATEWAY_APPLICATIONS "/%s/" STATE, scl_id, app_id);
}

static void put_right_id(const struct local *l, struct m2m_rep *rep)
{
    char app_id[NODE_NAME_MAX], uri[2 * NODE_NAME_MAX];

    local_app_id(l, app_id);
    snprintf(uri, sizeof uri, GATEWAY_APPLICATIONS "/%s/accessRights/" RIGHT, app_id);
    m2m_put_text(rep, E_ACCESS_RIGHT_ID, uri);
}

void local_apoc_attributes(const struct local *l, struct m2m_rep *application)
{
    char host[NODE_NAME_MAX + 16], uri[NODE_NAME_MAX + 32];
    size_t paths, path;

    local_apoc_host(l, host, sizeof host);
    snprintf(uri, sizeof uri, "http://%s" BASE, host);
    m2m_put_text(application, E_APOC, uri);
    paths = m2m_open(application, E_APOC_PATHS);
    path = m2m_open(application, E_APOC_PATH);
    m2m_put_text(application, E_PATH, STATE);
    put_right_id(l, application);
    m2m_close(application, path);
    m2m_close(application, paths);
}

static bool turns_it(const struct server *s, const void *arg)
{
    const struct local *l = arg;

    return s->population->config->kind == CFG_APPLICATION &&
           s->population->config->server->application.actuate.actuators == l->population->index;
}

void local_apoc_right(const struct local *l, struct m2m_rep *access_right)
{
    static const char *const some[] = {"READ", "WRITE", "CREATE", NULL};
    char id[NODE_NAME_MAX];
    size_t list;

    local_app_id(l, id);
    m2m_rep_init(access_right, M2M_ACCESS_RIGHT);
    m2m_put_text(access_right, E_ID, RIGHT);
    list = m2m_open(access_right, E_PERMISSIONS);
    observed_put_owner(access_right, E_APPLICATION_IDS, E_APPLICATION_ID, id);
    observed_put_applications(access_right, l->population->d, some, turns_it, l);
    m2m_close(access_right, list);
    list = m2m_open(access_right, E_SELF_PERMISSIONS);
    observed_put_owner(access_right, E_APPLICATION_IDS, E_APPLICATION_ID, id);
    m2m_close(access_right, list);
}

/* ---- what it is asked ---- */

static struct local_actuator *actuator_of(const struct dia_end *e)
{
    return (struct local_actuator *)((char *)e->node - offsetof(struct local_actuator, node));
}

static struct procedure *procedure_of(const struct dia_end *e, struct session *peer)
{
    (void)e;
    return retarget_caller(peer);
}

static void forget(struct dia_end *e)
{
    sim_cancel(e->node->host.sim, &((struct apoc_end *)(void *)e)->done);
}

static void done_commit(struct sim *sim, struct sim_event *ev)
{
    struct apoc_end *e = (struct apoc_end *)((char *)ev - offsetof(struct apoc_end, done));

    procedure_set_waiting(dia_end_procedure(&e->end), false, sim_now(sim));
    dia_end_answer(&e->end, sim_now(sim));
}

static const struct sim_event_ops done_ops = {"actuator-done", NULL, done_commit};

static enum m2m_status set_state(struct local_actuator *a, const struct server_request *q)
{
    struct span content;

    if (q->rep.type != M2M_CONTENT_INSTANCE ||
        !m2m_find(m2m_rep_span(&q->rep), E_CONTENT, &content))
        return STATUS_BAD_REQUEST;
    a->state = xrealloc(a->state, content.n ? content.n : 1);
    memcpy(a->state, content.p, content.n);
    a->n = (uint32_t)content.n;
    a->local->population->d->counts.actuated++;
    return q->method == HTTP_POST ? STATUS_CREATED : STATUS_OK;
}

static void show_state(struct dia_end *e)
{
    const struct local_actuator *a = actuator_of(e);
    struct m2m_rep rep;

    m2m_rep_init(&rep, M2M_CONTENT_INSTANCE);
    m2m_put_text(&rep, E_ID, STATE);
    m2m_put(&rep, E_CONTENT, span_of(a->state, a->n));
    observed_take(&rep, &e->doc);
    e->answer.doc = &e->doc;
}

static enum m2m_status serve(struct dia_end *e, const struct server_request *q)
{
    if (strcmp(q->target, BASE "/" STATE) != 0)
        return STATUS_NOT_FOUND;
    switch (q->method) {
    case HTTP_GET:
        show_state(e);
        return STATUS_OK;
    case HTTP_PUT:
    case HTTP_POST:
        return set_state(actuator_of(e), q);
    case HTTP_DELETE:
    case HTTP_OTHER:
        break;
    }
    return STATUS_METHOD_NOT_ALLOWED;
}

static void take_request(struct dia_end *e, const struct server_request *q, sim_ns now)
{
    sim_ns takes = config(actuator_of(e)->local)->apoc.takes;

    e->answer = (struct server_answer){.doc = NULL};
    e->answer.status = (int)serve(e, q);
    if (takes == 0 || q->method == HTTP_GET || e->answer.status >= STATUS_BAD_REQUEST) {
        dia_end_answer(e, now);
        return;
    }
    procedure_set_waiting(dia_end_procedure(e), true, now);
    sim_schedule(e->node->host.sim, &((struct apoc_end *)(void *)e)->done, sim_ns_add(now, takes));
}

static const struct dia_ops dia_ops = {
    .kind = PROC_APOC, .procedure = procedure_of, .request = take_request, .forget = forget};

static bool accept(struct flow_listener *listener, struct flow_end *end,
                   const struct flow_ops **ops, void **user)
{
    struct local_actuator *a = listener->user;
    struct apoc_end *e = xcalloc(1, sizeof *e);
    char purpose[32];

    snprintf(purpose, sizeof purpose, "apoc %u", a->sessions++);
    sim_event_init(&e->done, &done_ops, NULL);
    dia_end_accept(&e->end, &a->node, local_stream(a->local, purpose), end, ops, user);
    return true;
}

/* ---- life ---- */

void local_apoc_init(struct local *l)
{
    struct local_actuator *a;

    if (!config(l)->apoc.listen)
        return;
    a = l->actuator = xcalloc(1, sizeof *a);
    a->local = l;
    dia_node_init(&a->node, &dia_ops, l->population, local_node(l), &l->cpu);
    a->listener = (struct flow_listener){
        .accept = accept, .user = a, .deaf = true, .host = (uint32_t)local_node(l), .port = PORT};
}

void local_apoc_open(struct local *l)
{
    if (l->actuator)
        l->actuator->listener.deaf = false;
}

void local_apoc_free(struct local *l)
{
    struct local_actuator *a = l->actuator;

    if (!a)
        return;
    dia_node_free_ends(&a->node, false);
    free(a->state);
    free(a);
    l->actuator = NULL;
}
