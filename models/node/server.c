/* What all servers share: taking sessions, admission, the processor, answers. */
#include "models/node/server.h"

#include "models/node/access.h"
#include "models/node/application.h"
#include "models/node/backend.h"
#include "models/node/bsf.h"
#include "models/node/caller.h"
#include "models/node/hss.h"
#include "models/node/identity.h"
#include "models/node/longpoll.h"
#include "models/node/record.h"
#include "models/node/resume.h"
#include "models/node/live_impl.h"
#include "models/node/retarget.h"
#include "models/node/roles.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HTTPS_PORT 443  /* of bootstrap, connection and mId alike */
#define HTTP_PORT  80   /* of Ub, of Ua, of mId without TLS, of contacts */
#define MIA_PORT   8080 /* of mIa */
#define NAS_PORT   0    /* there are none: NAS is no traffic of IP */

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
    case CFG_GATEWAY:
    case CFG_LOCAL:
    case CFG_HSS:
    case CFG_BSF:
    case CFG_ACCESS:
    case CFG_KMS:
    case CFG_APPLICATION:
        break;
    }
    return NULL;
}

static struct proto *make_core(struct session *session, sim_ns now)
{
    struct server_end *e = session_user(session);
    uint8_t address[6];
    struct tls_resumption resumption;
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
        if (e->server->resumption) {
            resumption = resumption_tls(e->server->resumption);
            settings.resumption = &resumption;
        }
        if (e->kind == END_COAPS)
            mid_coap_server(e, address, &settings);
        /* Who has no Kmc has nothing to be known by, and goes by the access network. */
        if (e->client_population &&
            e->client_population->config->device->mid.security != CFG_SECURITY_NONE)
            settings.grant_find = nscl_grant;
        break;
    case CFG_APPLICATION: /* a contact takes representations as an SCL does */
        settings.role = SERVER_NSCL;
        break;
    case CFG_DEVICE:
    case CFG_GATEWAY:
    case CFG_LOCAL:
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

static void forget_answer(struct server_end *e)
{
    if (e->answer_doc)
        m2m_doc_release(e->answer_doc);
    free(e->answer_doc);
    free(e->location);
    free(e->additional);
    e->answer_doc = NULL;
    e->location = e->additional = NULL;
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
    forget_answer(e);
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
    if (e->kind == END_NA || e->kind == END_CONTACT)
        return caller_procedure(session_user(peer));
    return device_end_procedure(session_user(peer));
}

enum procedure_kind server_usage_kind(const struct server_end *e)
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
        if (e->kind == END_NA)
            return PROC_READ;
        return e->kind == END_PAA ? PROC_CONNECTION : PROC_REQUEST;
    case CFG_APPLICATION:
        return PROC_NOTIFICATION;
    case CFG_DEVICE:
    case CFG_GATEWAY:
    case CFG_LOCAL:
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
    usage_add(e->server->population, server_usage_kind(e), meter);
    if (p)
        p->server_ns += price->crypto_ns + price->other_ns;
}

void server_activity(struct session *session, sim_ns now, enum session_activity a, sim_ns other_ns)
{
    struct procedure *p = server_end_procedure(session_user(session));

    if (p)
        procedure_activity(p, now, true, a, other_ns);
}

void server_end_forget(struct server_end *e)
{
    if (e->call)
        backend_leave(e->call);
    if (e->client && e->client->channel)
        longpoll_forget_holder(e->client, e);
    if (e->handed)
        retarget_forget(e->handed);
    if (e->gather)
        gather_drop(e->gather);
    if (e->errand)
        apoc_forget(e->errand);
    *e->link = e->next;
    if (e->next)
        e->next->link = e->link;
    e->server->sessions--;
    forget_answer(e);
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
        if (e->kind == END_NA)
            mia_request(e, r, now);
        else
            nscl_request(e, r, now);
        break;
    case CFG_APPLICATION:
        contact_request(e, r, now);
        break;
    case CFG_DEVICE:
    case CFG_GATEWAY:
    case CFG_LOCAL:
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

    resume_served(e, now);
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

static void retransmitted(struct session *session, sim_ns now)
{
    const struct server_end *e = session_user(session);

    if (e->kind == END_COAPS)
        server_repeated(session, now);
    else
        server_retransmitted(session, now);
}

const struct session_ops server_session_ops = {.make = make_core,
                                               .before = before,
                                               .step = step,
                                               .charged = server_charged,
                                               .activity = server_activity,
                                               .advanced = advanced,
                                               .ended = server_ended,
                                               .packet = server_packet,
                                               .datagram = server_datagram,
                                               .retransmitted = retransmitted};

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

struct server_end *server_end_make(struct server *s, enum end_kind kind,
                                   const struct session_ops *ops, struct rng stream)
{
    struct server_end *e = xcalloc(1, sizeof *e);

    e->server = s;
    e->kind = kind;
    e->session = session_new(ops, e, &s->host, stream, &e->se);
    e->psk = (struct tls_psk_arg){s, e->session, 0};
    resume_accepted(s);
    e->next = s->ends;
    e->link = &s->ends;
    if (e->next)
        e->next->link = &e->next;
    s->ends = e;
    s->sessions++;
    return e;
}

struct server_end *server_end_new(struct server *s, struct device *dev, enum end_kind kind,
                                  const struct session_ops *ops, uint32_t again)
{
    struct server_end *e = server_end_make(s, kind, ops, session_rng(s, dev, again));

    e->client = dev;
    e->client_population = dev->population;
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

static bool polls(const struct session *client)
{
    return ((const struct device_end *)session_user(client))->polls;
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
    e = server_end_new(s, device_of(client), END_HTTPS, &server_session_ops,
                       polls(client) ? longpoll_sessions(device_of(client)) : 0);
    e->plain = plain;
    if (naf_serves(s, e->client_population))
        e->naf = naf_work_new(s, e->client_population);
    session_accept(e->session, end, ops, user);
    return true;
}

/* ---- answers ---- */

void server_set_answer(struct server_end *e, const struct server_answer *a,
                       const struct m2m_doc *doc)
{
    e->answer = *a;
    forget_answer(e); /* the one before: it was not given */
    if (doc) {
        e->answer_doc = xcalloc(1, sizeof *e->answer_doc);
        *e->answer_doc = *doc;
    }
    e->answer.doc = e->answer_doc;
    e->answer.location = e->location = a->location ? xstrdup(a->location) : NULL;
    e->answer.additional = e->additional = a->additional ? xstrdup(a->additional) : NULL;
    e->answer_ready = true;
    e->in_service = false;
}

void server_answer(struct server_end *e, const struct server_answer *a, const struct m2m_doc *doc)
{
    server_set_answer(e, a, doc);
    session_poke(e->session, node_now(e->server->population->d));
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
    s->mia = (struct flow_listener){
        .accept = mia_accept, .user = s, .host = (uint32_t)s->node_id, .port = MIA_PORT};
    if (p->config->kind == CFG_BSF)
        s->plain.accept = bsf_accept;
    if (p->config->kind == CFG_APPLICATION)
        s->plain.accept = contact_accept;
    s->datagrams = p->config->kind == CFG_MAS
                       ? (struct udp_listener){.port = RADIUS_PORT, .accept = aaa_accept, .user = s}
                       : (struct udp_listener){.port = PANA_PORT, .accept = paa_accept, .user = s};
    if (p->config->kind == CFG_ACCESS)
        s->datagrams = (struct udp_listener){.port = NAS_PORT, .accept = access_accept, .user = s};
    s->datagrams.host = (uint32_t)s->node_id;
    s->coaps = (struct udp_listener){
        .port = COAPS_PORT, .accept = mid_coap_accept, .user = s, .host = (uint32_t)s->node_id};
    s->coap = s->coaps;
    s->coap.port = COAP_PORT;
    node_name(p, index, name);
    if (p->config->count == 1)
        snprintf(s->fqdn, sizeof s->fqdn, "%s", c->fqdn);
    else
        snprintf(s->fqdn, sizeof s->fqdn, "%u.%s", index, c->fqdn);
    if (p->config->kind == CFG_NSCL)
        resume_init(s);
    if (p->config->kind == CFG_NSCL)
        s->registrar = registrar_new(
            &(struct registrar_settings){.poll_timer = delivery_is_wanted(d) ? c->poll_timer : 0,
                                         .fqdn = s->fqdn,
                                         .hands_on = true,
                                         .gathers = true,
                                         .config = c,
                                         .epoch_unix_ns = d->in.epoch_unix_ns});
    if (!d->authority ||
        !(p->config->kind == CFG_MSBF || (p->config->kind == CFG_MAS && deployment_has_eap_tls(d))))
        return OK;
    return credential_issue(d->authority, d->pool, index, s->fqdn, true, epoch_s - 86400,
                            epoch_s + c->certificate_life / SIM_S, &s->credential);
}

void server_set_off(struct server *s, bool off)
{
    s->off = off;
    s->listener.deaf = s->plain.deaf = s->mia.deaf = s->datagrams.deaf = off;
    s->coaps.deaf = s->coap.deaf = off;
    if (off && s->population->config->kind == CFG_BSF)
        bsf_forget(s);
    if (off)
        mas_users_forget(s);
    if (off && s->resumption)
        resumption_forget(s->resumption);
    if (off && s->population->config->kind == CFG_ACCESS)
        access_forget_all(s);
    while (off && s->ends) {
        struct session *session = s->ends->session;
        server_end_forget(s->ends);
        session_vanish(session);
    }
    if (off)
        apoc_lose(s, node_now(s->population->d));
    delivery_set_off(s, off);
    application_set_off(s, off);
}

void server_release(struct server *s)
{
    while (s->ends) {
        struct session *session = s->ends->session;
        s->ends->client = NULL; /* devices may be gone already */
        server_end_forget(s->ends);
        session_free(session);
    }
    commands_free(s);
    retarget_free(s);
    apoc_free(s);
    live_retarget_free(s);
    delivery_destroy(s->delivery);
    s->delivery = NULL;
    application_free(s);
    credential_free(s->credential);
    identity_forget(s);
    registrar_free(s->registrar);
    resumption_free(s->resumption);
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
