/* What all servers share: taking sessions, admission, the processor, answers, and messages to other
 * servers. */
#include "models/node/access.h"
#include "models/node/impl.h"

#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HTTPS_PORT      443         /* of bootstrap, connection and mId alike */
#define HTTP_PORT       80          /* of Ub, of Ua and mId without TLS */
#define NAS_PORT        0           /* there are none: NAS is no traffic of IP */
#define BACKEND_OCTETS  256         /* request or answer, with headers and TLS records */
#define BACKEND_TIMEOUT (5 * SIM_S) /* until the asking server gives up */

static const struct session_ops server_session_ops;

static const struct cfg_server *config(const struct server *s)
{
    return s->population->config->server;
}

/* ---- sessions: prepare ---- */

/* NULL: these clients have no TLS with it (they do what they do over PANA). */
static const struct tls_context *context_for(const struct server *s,
                                             const struct population *clients)
{
    if (naf_serves(s, clients))
        return clients->ua.server;
    switch (s->population->config->kind) {
    case CFG_MSBF:
        return clients->bootstrap.server;
    case CFG_MAS:
        return clients->connect.server;
    case CFG_NSCL:
        return clients->mid.server;
    case CFG_DEVICE:
    case CFG_HSS:
    case CFG_BSF:
    case CFG_ACCESS:
    case CFG_KMS:
        break;
    }
    return NULL;
}

static struct proto *make_core(struct session *session, sim_ns now)
{
    struct server_end *e = session_user(session);
    struct server_settings settings = {
        .context = e->plain ? NULL : context_for(e->server, e->client_population),
        .psk_arg = &e->psk,
        .naf = e->naf ? &e->naf->settings : NULL};

    (void)now;
    switch (e->server->population->config->kind) {
    case CFG_MSBF:
        settings.role = SERVER_MSBF;
        if (!e->naf && credential_copy(e->server->credential, &settings.credential))
            return NULL;
        break;
    case CFG_MAS:
        settings.role = SERVER_MAS;
        settings.psk_find = mas_psk;
        break;
    case CFG_NSCL:
        settings.role = SERVER_NSCL;
        settings.psk_find = nscl_psk;
        break;
    case CFG_DEVICE:
    case CFG_HSS:
    case CFG_BSF:
    case CFG_ACCESS:
    case CFG_KMS:
        return NULL;
    }
    return server_session_proto(server_session_new(session_env(session), &settings));
}

static struct server_session *core_of(const struct server_end *e)
{
    return (struct server_session *)(void *)session_core(e->session);
}

/* A queue that is too long: no new request is taken, and the client is told when to come again. */
static void before(struct session *session, sim_ns now)
{
    struct server_end *e = session_user(session);
    const struct cfg_server *c = config(e->server);

    e->psk.now = now;
    if (e->server->cpu.queued >= c->backlog_busy)
        server_session_set_busy(core_of(e), (uint32_t)(c->retry_after / SIM_S));
    else
        server_session_set_busy(core_of(e), 0);
}

static void step(struct session *session, sim_ns now)
{
    struct server_end *e = session_user(session);

    if (e->naf && e->naf->ready) {
        e->naf->ready = false;
        server_session_zn_answer(core_of(e), now, &e->naf->answer);
        explicit_bzero(&e->naf->answer, sizeof e->naf->answer);
    }
    if (!e->answer_ready)
        return;
    e->answer_ready = false;
    server_session_answer(core_of(e), now, &e->answer);
}

/* ---- sessions: commit ---- */

/* For ledgers and records only: which device's procedure is at the other end now, be it behind a
 * PAA. */
struct procedure *server_end_procedure(const struct server_end *e)
{
    struct session *peer = e->session ? session_peer(e->session) : NULL;

    if (!peer || !session_user(peer))
        return NULL;
    if (e->kind == END_AAA)
        return server_end_procedure(session_user(peer));
    return device_end_procedure(session_user(peer));
}

static enum procedure_kind usage_kind(const struct server_end *e)
{
    const struct procedure *p = server_end_procedure(e);

    if (p)
        return p->kind;
    if (e->kind == END_AAA && session_core(e->session))
        return aaa_session_usage((struct aaa_session *)(void *)session_core(e->session)) ==
                       PANA_USAGE_BOOTSTRAP
                   ? PROC_BOOTSTRAP
                   : PROC_CONNECTION;
    switch (e->server->population->config->kind) {
    case CFG_ACCESS:
        return PROC_ATTACH;
    case CFG_MSBF:
    case CFG_BSF:
        return PROC_BOOTSTRAP;
    case CFG_MAS:
        return PROC_CONNECTION;
    case CFG_NSCL:
        return e->kind == END_PAA ? PROC_CONNECTION : PROC_REQUEST;
    case CFG_DEVICE:
    case CFG_HSS:
    case CFG_KMS:
        break;
    }
    return PROC_REQUEST;
}

void server_charged(struct session *session, sim_ns now, const struct meter *meter,
                    const struct profile_price *price)
{
    struct server_end *e = session_user(session);
    struct procedure *p = server_end_procedure(e);

    (void)now;
    usage_add(e->server->population, usage_kind(e), meter);
    if (p)
        p->server_ns += price->crypto_ns + price->other_ns;
}

void server_activity(struct session *session, sim_ns now, enum session_activity a, sim_ns other_ns)
{
    struct procedure *p = server_end_procedure(session_user(session));

    if (p)
        procedure_activity(p, now, true, a, other_ns);
}

/* Its answer is for nobody any more. */
static void leave_call(struct backend_call *c)
{
    if (c->patience)
        sim_cancel(c->from->population->d->sim, &c->deadline);
    c->e->call = NULL;
    c->e = NULL;
}

void server_end_forget(struct server_end *e)
{
    if (e->call)
        leave_call(e->call);
    *e->link = e->next;
    if (e->next)
        e->next->link = e->link;
    e->server->sessions--;
    m2m_doc_release(&e->answer_doc);
    se_release(&e->se);
    if (e->aaa) {
        ibe_user_free(e->aaa->fetched);
        explicit_bzero(e->aaa, sizeof *e->aaa);
    }
    free(e->aaa);
    if (e->ub)
        explicit_bzero(e->ub, sizeof *e->ub);
    free(e->ub);
    if (e->naf)
        explicit_bzero(e->naf, sizeof *e->naf);
    free(e->naf);
    if (e->access)
        explicit_bzero(e->access, sizeof *e->access);
    free(e->access);
    free(e);
}

static void dispatch(struct server_end *e, const struct server_request *r, sim_ns now)
{
    e->in_service = true;
    switch (e->server->population->config->kind) {
    case CFG_MSBF:
        msbf_request(e, r, now);
        break;
    case CFG_MAS:
        mas_request(e, r, now);
        break;
    case CFG_NSCL:
        nscl_request(e, r, now);
        break;
    case CFG_DEVICE:
    case CFG_HSS:
    case CFG_BSF:
    case CFG_ACCESS:
    case CFG_KMS:
        break;
    }
}

static void advanced(struct session *session, sim_ns now)
{
    struct server_end *e = session_user(session);
    struct proto *core = session_core(session);
    const struct server_request *r;
    const struct zn_request *q;

    if (!core || core->status != PROTO_RUNNING) {
        server_end_forget(e);
        session_retire(session);
        return;
    }
    q = e->naf && !e->naf->ready && !e->call ? server_session_zn(core_of(e)) : NULL;
    if (q)
        naf_ask(e, q);
    r = e->in_service ? NULL : server_session_request(core_of(e));
    if (r)
        dispatch(e, r, now);
}

void server_ended(struct session *session, sim_ns now, enum reason reason)
{
    (void)now;
    (void)reason;
    server_end_forget(session_user(session));
    session_free(session);
}

void server_packet(struct session *session, const struct flow_packet *p, const char *label,
                   bool continued)
{
    struct procedure *proc = server_end_procedure(session_user(session));
    struct server_end *e = session_user(session);

    if (proc)
        procedure_message(proc, e->server->node_id, proc->node_id, p, e->plain ? "HTTP" : "TLS",
                          label, continued);
}

void server_retransmitted(struct session *session, sim_ns now)
{
    struct procedure *p = server_end_procedure(session_user(session));

    if (p)
        procedure_lost(p, now);
}

static const struct session_ops server_session_ops = {.make = make_core,
                                                      .before = before,
                                                      .step = step,
                                                      .charged = server_charged,
                                                      .activity = server_activity,
                                                      .advanced = advanced,
                                                      .ended = server_ended,
                                                      .packet = server_packet,
                                                      .retransmitted = server_retransmitted};

/* The session's random stream is named after both ends, so that no device's arrival shifts
 * another's draws. */
static struct rng session_rng(const struct server *s, const struct device *dev, uint32_t again)
{
    char purpose[NODE_NAME_MAX + 48], client[NODE_NAME_MAX], name[NODE_NAME_MAX];
    size_t n;

    node_name(s->population, s->index, name);
    node_name(dev->population, dev->index, client);
    n = str_append(purpose, sizeof purpose, 0, "session ");
    n = str_append(purpose, sizeof purpose, n, client);
    n = str_append(purpose, sizeof purpose, n, " ");
    n = str_append_number(purpose, sizeof purpose, n, dev->sessions);
    if (again) {
        n = str_append(purpose, sizeof purpose, n, " again ");
        str_append_number(purpose, sizeof purpose, n, again);
    }
    return rng_stream(s->population->d->in.seed, name, purpose);
}

bool server_admits(const struct server *s)
{
    return s->sessions < config(s)->max_sessions && s->cpu.queued < config(s)->queue;
}

struct server_end *server_end_new(struct server *s, struct device *dev, enum end_kind kind,
                                  const struct session_ops *ops, uint32_t again)
{
    struct server_end *e = xcalloc(1, sizeof *e);

    e->server = s;
    e->kind = kind;
    e->client = dev;
    e->client_population = dev->population;
    e->session = session_new(ops, e, &s->host, session_rng(s, dev, again), &e->se);
    e->psk = (struct tls_psk_arg){s, e->session, 0};
    e->next = s->ends;
    e->link = &s->ends;
    if (e->next)
        e->next->link = &e->next;
    s->ends = e;
    s->sessions++;
    return e;
}

/* Bare TCP is a NAF's alone, where its clients have no TLS. */
static bool takes(const struct server *s, const struct population *clients, bool plain)
{
    const struct tls_context *context = context_for(s, clients);

    /* At an NSCL who that is, is asked with each request: a stranger is told. */
    if (plain && s->population->config->kind == CFG_NSCL)
        return true;
    return plain ? naf_serves(s, clients) && !context : context != NULL;
}

static bool accept(struct flow_listener *l, struct flow_end *end, const struct flow_ops **ops,
                   void **user)
{
    struct server *s = l->user;
    struct session *client = flow_user(flow_peer(end));
    bool plain = l == &s->plain;
    struct server_end *e;

    if (!client || !session_user(client) || !server_admits(s) ||
        !takes(s, device_of(client)->population, plain))
        return false;
    e = server_end_new(s, device_of(client), END_HTTPS, &server_session_ops, 0);
    e->plain = plain;
    if (naf_serves(s, e->client_population))
        e->naf = naf_work_new(s, e->client_population);
    session_accept(e->session, end, ops, user);
    return true;
}

/* ---- over UDP ---- */

void server_repeated(struct session *session, sim_ns now)
{
    struct procedure *p = server_end_procedure(session_user(session));

    if (p)
        procedure_repeated(p, now);
}

/* Who is at the other end of a leg: a PAA's second one leads to the MAS. */
static int64_t other_end(const struct server_end *e, unsigned leg)
{
    const struct deployment *d = e->server->population->d;
    const struct cfg_device *c = e->client_population->config->device;
    const struct session *peer = session_peer(e->session);

    if (e->kind == END_AAA)
        return peer ? ((const struct server_end *)session_user(peer))->server->node_id
                    : ROW_NULL_ID;
    if (leg == 0)
        return device_node(e->client);
    return server_for((struct deployment *)(uintptr_t)d, c->connect.mas, e->client->mas_index)
        ->node_id;
}

void server_datagram(struct session *session, unsigned leg, const struct udp_packet *p,
                     const char *label, bool repeated)
{
    struct server_end *e = session_user(session);
    struct procedure *proc = server_end_procedure(e);

    const char *protocol = e->kind == END_AAA || leg > 0 ? "RADIUS" : "PANA";

    if (proc)
        procedure_datagram(proc, e->server->node_id, other_end(e, leg), p,
                           e->kind == END_ACCESS ? "NAS" : protocol, label, repeated);
}

static void drop_commit(struct udp_end *end, sim_ns now)
{
    (void)now;
    udp_release(end);
}

bool server_drop(struct udp_end *end, const struct udp_ops **ops, void **user)
{
    static const struct udp_ops drop = {.commit = drop_commit};

    (void)end;
    *ops = &drop;
    *user = NULL;
    return true;
}

/* ---- answers ---- */

void server_set_answer(struct server_end *e, const struct server_answer *a,
                       const struct m2m_doc *doc)
{
    e->answer = *a;
    m2m_doc_release(&e->answer_doc); /* of the answer before: it is on its way */
    e->answer_doc = doc ? *doc : (struct m2m_doc){.kind = DOC_NONE};
    e->answer.doc = doc ? &e->answer_doc : NULL;
    if (a->location) {
        snprintf(e->location, sizeof e->location, "%s", a->location);
        e->answer.location = e->location;
    }
    e->answer_ready = true;
    e->in_service = false;
}

void server_answer(struct server_end *e, const struct server_answer *a, const struct m2m_doc *doc)
{
    server_set_answer(e, a, doc);
    session_poke(e->session, node_now(e->server->population->d));
}

/* ---- the back-end (GAP C14) ---- */

static void backend_activity(struct backend_call *c, sim_ns now, enum session_activity a,
                             sim_ns other)
{
    struct procedure *p = c->e ? server_end_procedure(c->e) : NULL;

    c->doing = (uint8_t)a;
    if (p)
        procedure_activity(p, now, true, a, other);
}

static void backend_log(struct backend_call *c, sim_ns now, bool answer)
{
    struct procedure *p = c->e ? server_end_procedure(c->e) : NULL;
    const struct server *from = answer ? c->to : c->from, *to = answer ? c->from : c->to;

    if (p)
        procedure_backend(p, from->node_id, to->node_id, c->sent, now,
                          answer ? c->answer_octets : c->octets, answer ? c->answer_name : c->name);
}

static void free_call(struct backend_call *c)
{
    if (c->e && c->patience)
        sim_cancel(c->from->population->d->sim, &c->deadline);
    session_let_go(&c->hold);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    free(c);
}

/* What the session makes of it is prepared ahead: the answer to the device, with its key wrapped.
 */
static void backend_returns(void *arg, sim_ns now)
{
    struct backend_call *c = arg;

    if (!c->e)
        return;
    c->finished(c, true);
    session_poke_ahead(c->e->session, now);
}

static void backend_end(struct backend_call *c, sim_ns now, bool answered)
{
    if (c->settled)
        c->settled(c, answered);
    if (c->e) {
        c->e->call = NULL;
        session_poked(c->e->session, now);
    }
    free_call(c);
}

static void backend_returned(void *arg)
{
    struct backend_call *c = arg;
    sim_ns now = node_now(c->from->population->d);

    backend_log(c, now, true);
    backend_end(c, now, true);
}

static void backend_timed_out(struct sim *sim, struct sim_event *ev)
{
    struct backend_call *c =
        (struct backend_call *)((char *)ev - offsetof(struct backend_call, job.done_event));

    if (c->e) {
        c->finished(c, false);
        session_poke_ahead(c->e->session, sim_now(sim));
    }
    backend_end(c, sim_now(sim), false);
}

static const struct sim_event_ops timeout_ops = {"backend-timeout", NULL, backend_timed_out};

static void backend_waiting(struct backend_call *c, sim_ns now, bool waiting)
{
    struct procedure *p = c->e ? server_end_procedure(c->e) : NULL;

    if (!p)
        return;
    p->waiting = waiting;
    procedure_clock(p, now);
}

/* The asking server waits no longer. Of the session's endpoint, as the answer is: which of the two
 * comes first is prepared first. */
static void deadline_prepare(struct sim_event *ev)
{
    struct backend_call *c =
        (struct backend_call *)((char *)ev - offsetof(struct backend_call, deadline));

    c->finished(c, false);
    session_poke_ahead(c->e->session, sim_event_time(ev));
}

static void deadline_commit(struct sim *sim, struct sim_event *ev)
{
    struct backend_call *c =
        (struct backend_call *)((char *)ev - offsetof(struct backend_call, deadline));
    struct server_end *e = c->e;
    sim_ns now = sim_now(sim);

    if (c->doing == SESSION_QUEUED)
        backend_activity(c, now, SESSION_COMPUTING, 0);
    if (c->doing == SESSION_COMPUTING)
        backend_activity(c, now, SESSION_IDLE, 0);
    backend_waiting(c, now, false);
    leave_call(c);
    session_poked(e->session, now);
}

static const struct sim_event_ops deadline_ops = {"backend-deadline", deadline_prepare,
                                                  deadline_commit};

/* Nobody will answer: the asking server finds out by waiting. */
static void backend_lost(void *arg)
{
    struct backend_call *c = arg;
    struct deployment *d = c->from->population->d;

    sim_event_init(&c->job.done_event, &timeout_ops, &c->endpoint);
    sim_schedule(d->sim, &c->job.done_event, node_now(d) + BACKEND_TIMEOUT);
}

static void backend_reply(struct backend_call *c)
{
    struct deployment *d = c->from->population->d;
    struct net_route up, down;

    c->sent = node_now(d);
    if (c->e)
        c->hold = session_hold(c->e->session);
    route_between(d, c->from->population->index, c->from->index, c->to->population->index, &up,
                  &down);
    net_send_message(
        d->net, &down,
        &(struct net_message){.octets = c->answer_octets,
                              .deliver = backend_returned,
                              .lost = backend_lost,
                              .arg = c,
                              .prepare = c->e ? backend_returns : NULL,
                              .endpoint = c->e ? session_endpoint(c->e->session) : NULL});
}

static void backend_latency_over(struct sim *sim, struct sim_event *ev)
{
    struct backend_call *c =
        (struct backend_call *)((char *)ev - offsetof(struct backend_call, job.done_event));

    backend_waiting(c, sim_now(sim), false);
    backend_reply(c);
}

static const struct sim_event_ops latency_ops = {"backend-latency", NULL, backend_latency_over};

static void backend_work_done(struct sim *sim, struct sim_event *ev)
{
    struct backend_call *c =
        (struct backend_call *)((char *)ev - offsetof(struct backend_call, job.done_event));

    cpu_finish(&c->to->cpu, sim, &c->job);
    backend_activity(c, sim_now(sim), SESSION_IDLE, c->job.cost);
    if (c->apply)
        c->apply(c);
    if (!c->latency) {
        backend_reply(c);
        return;
    }
    backend_waiting(c, sim_now(sim), true);
    sim_event_init(&c->job.done_event, &latency_ops, &c->endpoint);
    sim_schedule(sim, &c->job.done_event, sim_ns_add(sim_now(sim), c->latency));
}

static const struct sim_event_ops backend_ops = {"backend", NULL, backend_work_done};

static void backend_started(struct cpu_job *job, sim_ns now)
{
    backend_activity((struct backend_call *)((char *)job - offsetof(struct backend_call, job)), now,
                     SESSION_COMPUTING, 0);
}

static void backend_arrived(void *arg)
{
    struct backend_call *c = arg;
    struct deployment *d = c->to->population->d;
    struct meter m = {0};
    struct profile_price price;

    if (c->to->off) {
        backend_lost(c);
        return;
    }
    backend_log(c, node_now(d), false);
    meter_add(&m, OP_DB_ACCESS, 1, 0);
    if (c->work)
        c->work(c, &m);
    price = profile_price(c->to->population->class, &m);
    if (c->e)
        usage_add(c->to->population, usage_kind(c->e), &m);
    sim_event_init(&c->job.done_event, &backend_ops, &c->endpoint);
    c->job.started = backend_started;
    backend_activity(c, node_now(d), SESSION_QUEUED, 0);
    (void)cpu_submit(&c->to->cpu, d->sim, &c->job, price.crypto_ns + price.other_ns);
}

void backend_send(struct server_end *e, struct server *to, const char *name, struct backend_call *c)
{
    struct deployment *d = e->server->population->d;
    struct net_route up, down;

    c->e = e;
    c->from = e->server;
    c->to = to;
    c->name = name;
    c->octets = c->octets ? c->octets : BACKEND_OCTETS;
    c->answer_octets = c->answer_octets ? c->answer_octets : BACKEND_OCTETS;
    c->sent = node_now(d);
    c->doing = SESSION_IDLE;
    e->call = c;
    if (c->patience) {
        sim_event_init(&c->deadline, &deadline_ops, session_endpoint(e->session));
        sim_schedule(d->sim, &c->deadline, sim_ns_add(node_now(d), c->patience));
    }
    c->next = d->calls;
    c->link = &d->calls;
    if (c->next)
        c->next->link = &c->next;
    d->calls = c;
    route_between(d, c->from->population->index, c->from->index, to->population->index, &up, &down);
    net_send_message(
        d->net, &up,
        &(struct net_message){
            .octets = c->octets, .deliver = backend_arrived, .lost = backend_lost, .arg = c});
}

void backend_free_all(struct deployment *d)
{
    while (d->calls) {
        sim_cancel(d->sim, &d->calls->job.done_event);
        free_call(d->calls);
    }
}

/* ---- life ---- */

uint32_t server_new_record(struct server *s)
{
    if (s->record_count == s->record_room) {
        s->record_room = s->record_room ? s->record_room + s->record_room / 2 : 16;
        if (s->population->config->kind == CFG_BSF)
            s->sa = xrealloc(s->sa, s->record_room * sizeof *s->sa);
        else if (s->population->config->kind == CFG_HSS)
            s->hss = xrealloc(s->hss, s->record_room * sizeof *s->hss);
        else if (s->population->config->kind == CFG_ACCESS)
            s->access = xrealloc(s->access, s->record_room * sizeof *s->access);
        else
            s->mas = xrealloc(s->mas, s->record_room * sizeof *s->mas);
    }
    return s->record_count++;
}

enum err server_init(struct server *s, struct population *p, uint32_t index)
{
    struct deployment *d = p->d;
    const struct cfg_server *c = p->config->server;
    int64_t epoch_s = d->in.epoch_unix_ns / SIM_S;
    char name[NODE_NAME_MAX];

    s->population = p;
    s->index = index;
    s->node_id = p->first_node + index;
    cpu_init(&s->cpu, c->workers, UINT32_MAX);
    s->host = (struct session_host){.sim = d->sim,
                                    .cpu = &s->cpu,
                                    .class = p->class,
                                    .epoch_unix_ns = d->in.epoch_unix_ns,
                                    .retired = &d->retired};
    s->listener.accept = accept;
    s->listener.user = s;
    s->listener.host = (uint32_t)s->node_id;
    s->listener.port = HTTPS_PORT;
    s->plain = s->listener;
    s->plain.port = HTTP_PORT;
    if (p->config->kind == CFG_BSF)
        s->plain.accept = bsf_accept;
    s->datagrams = p->config->kind == CFG_MAS
                       ? (struct udp_listener){.port = RADIUS_PORT, .accept = aaa_accept, .user = s}
                       : (struct udp_listener){.port = PANA_PORT, .accept = paa_accept, .user = s};
    if (p->config->kind == CFG_ACCESS)
        s->datagrams = (struct udp_listener){.port = NAS_PORT, .accept = access_accept, .user = s};
    s->datagrams.host = (uint32_t)s->node_id;
    node_name(p, index, name);
    if (p->config->count == 1)
        snprintf(s->fqdn, sizeof s->fqdn, "%s", c->fqdn);
    else
        snprintf(s->fqdn, sizeof s->fqdn, "%u.%s", index, c->fqdn);
    if (p->config->kind == CFG_NSCL)
        s->registrar = registrar_new(&(struct registrar_settings){
            .fqdn = s->fqdn, .config = c, .epoch_unix_ns = d->in.epoch_unix_ns});
    if (!d->authority ||
        !(p->config->kind == CFG_MSBF || (p->config->kind == CFG_MAS && deployment_has_eap_tls(d))))
        return OK;
    return credential_issue(d->authority, d->pool, index, s->fqdn, true, epoch_s - 86400,
                            epoch_s + c->certificate_life / SIM_S, &s->credential);
}

void server_set_off(struct server *s, bool off)
{
    s->off = off;
    s->listener.deaf = s->plain.deaf = s->datagrams.deaf = off;
    if (off && s->population->config->kind == CFG_BSF)
        bsf_forget(s);
    if (off)
        mas_users_forget(s);
    if (off && s->population->config->kind == CFG_ACCESS)
        access_forget_all(s);
    while (off && s->ends) {
        struct session *session = s->ends->session;
        server_end_forget(s->ends);
        session_vanish(session);
    }
}

void server_release(struct server *s)
{
    while (s->ends) {
        struct session *session = s->ends->session;
        server_end_forget(s->ends);
        session_free(session);
    }
    credential_free(s->credential);
    identity_forget(s);
    registrar_free(s->registrar);
    free(s->mas);
    free(s->hss);
    free(s->access);
    mas_users_forget(s);
    if (s->sa)
        bsf_forget(s);
    free(s->sa);
    map_release(&s->by_node);
    map_release(&s->by_connection);
}
