/* A D' application that listens at its aPoC (an actuator): HTTP on bare TCP at its own node, one
 * resource, its state. RETRIEVE answers with the state, UPDATE and CREATE set it; how long that
 * takes is the scenario's to say. */
#include "models/node/retarget.h"

#include "models/node/application.h"
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
    struct session_host host;
    struct apoc_end *ends;
    uint8_t *state;
    uint32_t n, sessions;
};

/* A session with its gateway. */
struct apoc_end {
    struct sim_event done; /* what was asked */
    struct local_actuator *a;
    struct session *session;
    struct apoc_end *next, **link;
    struct server_answer answer;
    struct m2m_doc doc;
    bool in_service, answer_ready;
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

/* The applications that turn it. */
static void put_askers(struct m2m_rep *rep, const struct local *l)
{
    static const char *const some[] = {"READ", "WRITE", "CREATE", NULL};
    const struct deployment *d = l->population->d;
    size_t permission = m2m_open(rep, E_PERMISSION), holders, list;
    char id[NODE_NAME_MAX];

    observed_put_flags(rep, some);
    holders = m2m_open(rep, E_PERMISSION_HOLDERS);
    list = m2m_open(rep, E_APPLICATION_IDS);
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        const struct population *p = &d->populations[i];

        if (p->config->kind != CFG_APPLICATION ||
            p->config->server->application.actuate.actuators != l->population->index)
            continue;
        for (uint32_t k = 0; k < p->config->count; k++) {
            application_id(&p->servers[k], id);
            m2m_put_text(rep, E_APPLICATION_ID, id);
        }
    }
    m2m_close(rep, list);
    m2m_close(rep, holders);
    m2m_close(rep, permission);
}

void local_apoc_right(const struct local *l, struct m2m_rep *access_right)
{
    char id[NODE_NAME_MAX];
    size_t list;

    local_app_id(l, id);
    m2m_rep_init(access_right, M2M_ACCESS_RIGHT);
    m2m_put_text(access_right, E_ID, RIGHT);
    list = m2m_open(access_right, E_PERMISSIONS);
    observed_put_owner(access_right, E_APPLICATION_IDS, E_APPLICATION_ID, id);
    put_askers(access_right, l);
    m2m_close(access_right, list);
    list = m2m_open(access_right, E_SELF_PERMISSIONS);
    observed_put_owner(access_right, E_APPLICATION_IDS, E_APPLICATION_ID, id);
    m2m_close(access_right, list);
}

/* ---- prepare ---- */

static struct server_session *core_of(const struct apoc_end *e)
{
    return (struct server_session *)(void *)session_core(e->session);
}

static struct proto *make_core(struct session *s, sim_ns now)
{
    (void)now;
    return server_session_proto(
        server_session_new(session_env(s), &(struct server_settings){.role = SERVER_NSCL}));
}

static void step(struct session *s, sim_ns now)
{
    struct apoc_end *e = session_user(s);

    if (!e->answer_ready)
        return;
    e->answer_ready = false;
    server_session_answer(core_of(e), now, &e->answer);
    m2m_doc_release(&e->doc);
}

/* ---- commit ---- */

static struct procedure *procedure_of(const struct apoc_end *e)
{
    return retarget_caller(session_peer(e->session));
}

static void forget(struct apoc_end *e)
{
    sim_cancel(e->a->host.sim, &e->done);
    *e->link = e->next;
    if (e->next)
        e->next->link = e->link;
    m2m_doc_release(&e->doc);
    free(e);
}

static void set_waiting(const struct apoc_end *e, bool waiting, sim_ns now)
{
    struct procedure *p = procedure_of(e);

    if (!p)
        return;
    p->waiting = waiting;
    procedure_clock(p, now);
}

static void answer(struct apoc_end *e, sim_ns now)
{
    e->answer_ready = true;
    e->in_service = false;
    session_poke(e->session, now);
}

static void done_commit(struct sim *sim, struct sim_event *ev)
{
    struct apoc_end *e = (struct apoc_end *)((char *)ev - offsetof(struct apoc_end, done));

    set_waiting(e, false, sim_now(sim));
    answer(e, sim_now(sim));
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

static void show_state(struct apoc_end *e)
{
    struct m2m_rep rep;

    m2m_rep_init(&rep, M2M_CONTENT_INSTANCE);
    m2m_put_text(&rep, E_ID, STATE);
    m2m_put(&rep, E_CONTENT, span_of(e->a->state, e->a->n));
    observed_take(&rep, &e->doc);
    e->answer.doc = &e->doc;
}

static enum m2m_status serve(struct apoc_end *e, const struct server_request *q)
{
    if (strcmp(q->target, BASE "/" STATE) != 0)
        return STATUS_NOT_FOUND;
    switch (q->method) {
    case HTTP_GET:
        show_state(e);
        return STATUS_OK;
    case HTTP_PUT:
    case HTTP_POST:
        return set_state(e->a, q);
    case HTTP_DELETE:
    case HTTP_OTHER:
        break;
    }
    return STATUS_METHOD_NOT_ALLOWED;
}

static void take_request(struct apoc_end *e, const struct server_request *q, sim_ns now)
{
    sim_ns takes = config(e->a->local)->apoc.takes;

    e->in_service = true;
    meter_add(session_env(e->session)->meter, OP_DB_ACCESS, 1, 0);
    e->answer = (struct server_answer){.doc = NULL};
    e->answer.status = (int)serve(e, q);
    if (takes == 0 || q->method == HTTP_GET || e->answer.status >= STATUS_BAD_REQUEST) {
        answer(e, now);
        return;
    }
    set_waiting(e, true, now);
    sim_schedule(e->a->host.sim, &e->done, sim_ns_add(now, takes));
}

static void advanced(struct session *s, sim_ns now)
{
    struct apoc_end *e = session_user(s);
    struct proto *core = session_core(s);
    const struct server_request *q;

    if (!core || core->status != PROTO_RUNNING) {
        forget(e);
        session_retire(s);
        return;
    }
    q = e->in_service ? NULL : server_session_request(core_of(e));
    if (q)
        take_request(e, q, now);
}

static void ended(struct session *s, sim_ns now, enum reason reason)
{
    (void)now;
    (void)reason;
    forget(session_user(s));
    session_free(s);
}

static void charged(struct session *s, sim_ns now, const struct meter *meter,
                    const struct profile_price *price)
{
    struct apoc_end *e = session_user(s);
    struct procedure *p = procedure_of(e);

    (void)now;
    usage_add(e->a->local->population, PROC_APOC, meter);
    if (p)
        p->server_ns += price->crypto_ns + price->other_ns;
}

static void activity(struct session *s, sim_ns now, enum session_activity a, sim_ns other_ns)
{
    struct procedure *p = procedure_of(session_user(s));

    if (p)
        procedure_activity(p, now, true, a, other_ns);
}

static void packet(struct session *s, const struct flow_packet *packet_, const char *label,
                   bool continued)
{
    struct apoc_end *e = session_user(s);
    struct procedure *p = procedure_of(e);

    if (p)
        procedure_message(p, local_node(e->a->local), p->node_id, packet_, "HTTP", label,
                          continued);
}

static void retransmitted(struct session *s, sim_ns now)
{
    struct procedure *p = procedure_of(session_user(s));

    if (p)
        procedure_lost(p, now);
}

static const struct session_ops apoc_ops = {.make = make_core,
                                            .step = step,
                                            .charged = charged,
                                            .activity = activity,
                                            .advanced = advanced,
                                            .ended = ended,
                                            .packet = packet,
                                            .retransmitted = retransmitted};

static bool accept(struct flow_listener *listener, struct flow_end *end,
                   const struct flow_ops **ops, void **user)
{
    struct local_actuator *a = listener->user;
    struct apoc_end *e = xcalloc(1, sizeof *e);
    char purpose[32];

    snprintf(purpose, sizeof purpose, "apoc %u", a->sessions++);
    e->a = a;
    e->session = session_new(&apoc_ops, e, &a->host, local_stream(a->local, purpose), NULL);
    sim_event_init(&e->done, &done_ops, NULL);
    e->next = a->ends;
    e->link = &a->ends;
    if (e->next)
        e->next->link = &e->next;
    a->ends = e;
    session_accept(e->session, end, ops, user);
    return true;
}

/* ---- life ---- */

void local_apoc_init(struct local *l)
{
    struct deployment *d = l->population->d;
    struct local_actuator *a;

    if (!config(l)->apoc.listen)
        return;
    a = l->actuator = xcalloc(1, sizeof *a);
    a->local = l;
    a->host = (struct session_host){.sim = d->sim,
                                    .cpu = &l->cpu,
                                    .class = l->population->class,
                                    .epoch_unix_ns = d->in.epoch_unix_ns,
                                    .retired = &d->retired};
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
    while (a->ends) {
        struct session *s = a->ends->session;

        forget(a->ends);
        session_free(s);
    }
    free(a->state);
    free(a);
    l->actuator = NULL;
}
