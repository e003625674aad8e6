/* Access networks: the core (an MME with its gateways) to which devices attach by EPS AKA, and what
 * that gates. Each device has a bearer through its core, a hop each way that carries nothing while
 * the core has no context of the device; so who is not attached cannot send, and what comes over
 * the bearer is his (etsi-m2m.md 6: mId may rely on that alone). */
#include "models/node/access.h"

#include "models/node/attempt.h"
#include "models/node/backend.h"
#include "models/node/hss.h"
#include "models/node/method.h"
#include "models/node/route.h"
#include "models/node/subscriber.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* A session at the core that makes no progress; T3460 with its repetitions takes as long. */
#define IDLE (30 * SIM_S)
/* Diameter with its AVPs (TS 29.272), request and answer. */
#define ASK_OCTETS      300
#define VECTOR_OCTETS   320
#define LOCATION_OCTETS 1200
/* Service Reject with the headers of the link's protocols. */
#define REJECT_OCTETS (3 + UDP_HEADERS)

static const uint8_t test_plmn[3] = {0x00, 0xf1, 0x10}; /* 001-01, as the IMSIs */

static const struct net_hop_config bearer = {.name = "bearer", .keep_order = true};

static const struct cfg_device *config_of(const struct device *dev)
{
    return dev->population->config->device;
}

static struct server *core_of(const struct device *dev)
{
    return server_for(device_deployment(dev), config_of(dev)->access.at, dev->index);
}

/* ---- the bearer ---- */

static void set_bearer(struct attachment *a, bool carries)
{
    a->up.down = a->down.down = !carries;
}

void access_init(struct device *dev)
{
    char name[NODE_NAME_MAX], hop[NODE_NAME_MAX + 16];
    struct attachment *a;
    size_t n;

    if (!method_attaches(config_of(dev)))
        return;
    a = dev->attachment = xcalloc(1, sizeof *a);
    node_name(dev->population, dev->index, name);
    n = str_append(hop, sizeof hop, 0, name);
    str_append(hop, sizeof hop, n, " bearer/up");
    net_hop_init(&a->up, &bearer, device_deployment(dev)->in.seed, hop);
    str_append(hop, sizeof hop, n, " bearer/down");
    net_hop_init(&a->down, &bearer, device_deployment(dev)->in.seed, hop);
    set_bearer(a, false);
}

/* Behind the step that leads to the core, where the way goes on from there. */
void access_route(const struct device *dev, struct net_route *up, struct net_route *down,
                  uint8_t steps_to_core)
{
    struct attachment *a = dev->attachment;
    uint8_t at = steps_to_core, n = up->count;

    if (!a || at == 0 || at >= n || n == NET_MAX_HOPS)
        return;
    memmove(&up->hops[at + 1], &up->hops[at], (size_t)(n - at) * sizeof up->hops[0]);
    up->hops[at] = &a->up;
    memmove(&down->hops[n - at + 1], &down->hops[n - at], (size_t)at * sizeof down->hops[0]);
    down->hops[n - at] = &a->down;
    up->count = down->count = (uint8_t)(n + 1);
}

/* ---- the device: prepare ---- */

struct proto *access_make_client(struct device *dev, struct proto_env *env)
{
    const struct cfg_device *c = config_of(dev);
    struct attach_settings settings = {.uicc = &dev->subscriber->uicc,
                                       .irt = c->access.irt,
                                       .mrt = c->access.mrt,
                                       .guard = c->access.guard};

    memcpy(settings.plmn, test_plmn, sizeof settings.plmn);
    return attach_client_proto(attach_client_new(env, &settings));
}

/* ---- the device: commit ---- */

void access_attached(struct device *dev, sim_ns now, const struct attach_result *r)
{
    const struct cfg_device *c = config_of(dev);
    struct deployment *d = device_deployment(dev);
    struct attachment *a = dev->attachment;
    sim_ns at;

    keyring_end(d->keys, a->kasme_key, now, "renewed");
    a->attached = true;
    a->expires = sim_ns_add(now, r->lifetime);
    at = sim_ns_add(now, (sim_ns)((double)r->lifetime * c->keys.renew_at_ppm / 1e6));
    a->renew = r->lifetime == SIM_NEVER
                   ? SIM_NEVER
                   : device_jitter(dev, at, r->lifetime, c->keys.renew_jitter_ppm);
    a->kasme_key = keyring_born(d->keys, KEY_KASME, device_node(dev), KEY_NONE, dev->proc->id, now,
                                a->expires);
    keyring_used(d->keys, a->kasme_key, now); /* the attach itself ran under it */
    if (!dev->registered)
        dev->wanted = now;
}

void access_detach(struct device *dev, sim_ns now, const char *end_reason)
{
    struct attachment *a = dev->attachment;

    if (!a || !a->attached)
        return;
    /* Nor does it help to wait and try the same again. A reading goes out by a new request. */
    if (dev->proc && dev->proc->kind == PROC_REQUEST)
        dev->report_next = now;
    if (dev->proc && !dev->gate && dev->proc->kind != PROC_ATTACH)
        device_procedure_done(dev, now, "failed", REASON_ACCESS_DETACHED);
    if (dev->end)
        device_drop_session(dev, now, false, "closed");
    a->attached = false;
    keyring_end(device_deployment(dev)->keys, a->kasme_key, now, end_reason);
    a->kasme_key = KEY_NONE;
    dev->wanted = now;
}

static struct access_context *context_of(const struct device *dev)
{
    struct server *core = core_of(dev);
    uint32_t record = map_find(&core->by_node, (uint64_t)device_node(dev));

    return record == MAP_NONE ? NULL : &core->access[record];
}

/* T3412 and the network's own timer: taken as one. */
void access_expire(struct device *dev, sim_ns now)
{
    struct access_context *context = context_of(dev);

    if (context)
        context->attached = false;
    set_bearer(dev->attachment, false);
    access_detach(dev, now, "expired");
}

bool access_is_attached(const struct device *dev)
{
    const struct access_context *context = dev->attachment ? context_of(dev) : NULL;

    return context && context->attached;
}

/* ---- Service Reject (TS 24.301 5.6.1.5, cause 10) ---- */

static void reject_lost(void *arg)
{
    ((struct device *)arg)->attachment->rejecting = false;
}

static void reject_arrives(void *arg)
{
    struct device *dev = arg;
    struct attachment *a = dev->attachment;
    sim_ns now = node_now(device_deployment(dev));

    a->rejecting = false;
    if (dev->proc)
        procedure_signal(dev->proc, core_of(dev)->node_id, device_node(dev), a->rejected, now,
                         REJECT_OCTETS, "NAS", nas_type_name(NAS_SERVICE_REJECT));
    /* It may have attached meanwhile. */
    if (!a->attached || access_is_attached(dev))
        return;
    access_detach(dev, now, "erased");
    device_arm(dev, now);
}

/* The core stands, has no context of who sent this, and tells him. */
void access_dropped(struct device *dev)
{
    struct deployment *d = device_deployment(dev);
    struct attachment *a = dev->attachment;
    struct server *core;
    struct net_route up, down;

    if (!a || a->rejecting)
        return;
    core = core_of(dev);
    if (core->off)
        return;
    a->rejecting = true;
    a->rejected = node_now(d);
    route_between(d, dev->population->index, dev->index, core->population->index, &up, &down);
    net_send_message(
        d->net, &down,
        &(struct net_message){
            .octets = REJECT_OCTETS, .deliver = reject_arrives, .lost = reject_lost, .arg = dev});
}

/* ---- the home network (S6a; GAP C14) ---- */

static bool is_among(const struct device *dev, const char *purpose, uint32_t ppm)
{
    struct rng r = device_stream(dev, purpose);

    return rng_below(&r, 1000000) < ppm;
}

static void give_vector(struct backend_call *c, struct meter *m)
{
    const struct attach_query *q = &c->u.access.query;
    struct eps_vector *v = &c->u.access.answer.vector;
    struct eap_query query = {.kind = q->kind == ATTACH_QUERY_RESYNC ? EAP_QUERY_RESYNC
                                                                     : EAP_QUERY_UMTS};
    struct eap_answer answer = {0};

    memcpy(query.imsi, q->imsi, sizeof query.imsi);
    memcpy(query.rand, q->rand, sizeof query.rand);
    memcpy(query.auts, q->auts, sizeof query.auts);
    hss_answer(c->to, m, &query, true, &answer);
    c->u.access.answer.reason =
        answer.reason == REASON_EAP_NOT_SUBSCRIBED ? REASON_ACCESS_NOT_ALLOWED : answer.reason;
    if (answer.reason)
        return;
    memcpy(v->rand, answer.vector.rand, sizeof v->rand);
    memcpy(v->autn, answer.vector.autn, sizeof v->autn);
    memcpy(v->xres, answer.vector.xres, sizeof v->xres);
    v->xres_n = answer.vector.xres_n;
    nas_kasme(m, answer.vector.ck, answer.vector.ik, test_plmn, answer.vector.autn, v->kasme);
    explicit_bzero(&answer, sizeof answer);
    c->answer_octets = VECTOR_OCTETS;
}

static void work(struct backend_call *c, struct meter *m)
{
    const struct attach_query *q = &c->u.access.query;
    struct attach_answer *a = &c->u.access.answer;
    const struct device *dev = device_of_imsi(c->to->population->d, q->imsi);

    if (!dev || is_among(dev, "barred", config_of(dev)->access.barred_ppm)) {
        a->reason = REASON_ACCESS_NOT_ALLOWED;
    } else if (q->kind != ATTACH_QUERY_LOCATION) {
        give_vector(c, m);
    } else {
        c->answer_octets = LOCATION_OCTETS;
        if (is_among(dev, "roaming barred", config_of(dev)->access.roaming_barred_ppm))
            a->reason = REASON_ACCESS_ROAMING;
    }
}

/* The network's own part of the answer: an address of its pool, a temporary identity, a time. */
static void grant(const struct server_end *e, struct attach_answer *a)
{
    uint32_t node = (uint32_t)device_node(e->client);
    const uint8_t address[4] = {10, (uint8_t)(node >> 16), (uint8_t)(node >> 8), (uint8_t)node};
    struct proto_env *env = session_env(e->session);

    memcpy(a->address, address, sizeof address);
    a->m_tmsi = (uint32_t)rng_u64(env->stream);
    meter_add(env->meter, OP_RANDOM, 1, sizeof a->m_tmsi);
    a->lifetime = nas_lifetime(e->server->population->config->server->attach_life);
}

static void finished(struct backend_call *c, bool answered)
{
    struct access_work *w = c->e->access;
    struct attach_answer *a = &c->u.access.answer;

    w->answer = *a;
    if (!answered)
        w->answer = (struct attach_answer){.reason = REASON_BACKEND_TIMEOUT};
    else if (c->u.access.query.kind == ATTACH_QUERY_LOCATION && !a->reason)
        grant(c->e, &w->answer);
    explicit_bzero(a, sizeof *a);
    w->answer_ready = true;
}

static void ask_home(struct server_end *e, const struct attach_query *q)
{
    struct deployment *d = e->server->population->d;
    struct server *hss =
        server_for(d, e->server->population->config->server->hss, e->client->index);
    struct backend_call *c = xcalloc(1, sizeof *c);
    bool location = q->kind == ATTACH_QUERY_LOCATION;

    c->octets = c->answer_octets = ASK_OCTETS;
    c->latency = hss->population->config->server->latency;
    c->answer_name = location ? "Update-Location-Answer" : "Authentication-Information-Answer";
    c->work = work;
    c->finished = finished;
    c->u.access.query = *q;
    backend_send(e, hss,
                 location ? "Update-Location-Request" : "Authentication-Information-Request", c);
}

/* ---- the core's sessions ---- */

static struct attach_server *session_of(struct session *s)
{
    return (struct attach_server *)(void *)session_core(s);
}

static struct proto *make_core(struct session *session, sim_ns now)
{
    (void)now;
    return attach_server_proto(attach_server_new(session_env(session), test_plmn, IDLE));
}

static void step(struct session *session, sim_ns now)
{
    struct access_work *w = ((struct server_end *)session_user(session))->access;

    if (!w->answer_ready)
        return;
    w->answer_ready = false;
    attach_server_answer(session_of(session), now, &w->answer);
}

/* The context, and with it the bearer. */
static void keep(struct server_end *e)
{
    struct server *core = e->server;
    uint64_t key = (uint64_t)device_node(e->client);
    uint32_t record = map_find(&core->by_node, key);

    if (record == MAP_NONE) {
        record = server_new_record(core);
        map_put(&core->by_node, key, record);
    }
    core->access[record] = (struct access_context){.device = e->client, .attached = true};
    set_bearer(e->client->attachment, true);
    meter_add(session_env(e->session)->meter, OP_DB_ACCESS, 1, 0);
}

static void advanced(struct session *session, sim_ns now)
{
    struct server_end *e = session_user(session);
    struct attach_server *core = session_of(session);
    struct procedure *p = server_end_procedure(e);
    const struct attach_query *q;

    (void)now;
    if (p && attach_server_refusal(core) != REASON_NONE)
        p->server_reason = attach_server_refusal(core);
    if (attach_server_is_accepted(core) && !e->stored) {
        e->stored = true;
        keep(e);
    }
    if (attach_server_proto(core)->status != PROTO_RUNNING) {
        server_end_forget(e);
        session_free(session);
        return;
    }
    q = e->call || e->access->answer_ready ? NULL : attach_server_query(core);
    if (q)
        ask_home(e, q);
}

static const struct session_ops access_ops = {.make = make_core,
                                              .step = step,
                                              .charged = server_charged,
                                              .activity = server_activity,
                                              .advanced = advanced,
                                              .ended = server_ended,
                                              .datagram = server_datagram,
                                              .retransmitted = server_repeated};

bool access_accept(struct udp_listener *l, struct udp_end *end, const struct udp_ops **ops,
                   void **user)
{
    struct server *s = l->user;
    struct session *client = udp_user(udp_peer(end));
    struct device_end *from = client ? session_user(client) : NULL;
    struct server_end *e;

    if (!from || !from->dev->attachment || !server_admits(s))
        return server_drop(end, ops, user);
    e = server_end_new(s, from->dev, END_ACCESS, &access_ops, from->behind++);
    e->access = xcalloc(1, sizeof *e->access);
    session_accept_udp(e->session, end, ops, user);
    return true;
}

/* Off: every context is forgotten, and no bearer carries. */
void access_forget_all(struct server *core)
{
    for (uint32_t i = 0; i < core->record_count; i++) {
        core->access[i].attached = false;
        set_bearer(core->access[i].device->attachment, false);
    }
}
