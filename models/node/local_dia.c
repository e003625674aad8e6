/* dIa from a D' device's side: a TCP connection for each exchange (HTTP on it, bare: a local link
 * has its own security, and dIa none that is standardised, etsi-m2m.md 1), for its registration one
 * for both requests. */
#include "models/node/gateway.h"

#include "models/node/record.h"
#include "models/node/retarget.h"
#include "models/node/route.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>

static const struct cfg_device *config(const struct local *l)
{
    return l->population->config->device;
}

/* ---- prepare ---- */

/* What its gateway would not take for granted. */
static struct m2m_category category(const struct local_end *e)
{
    const struct cfg_device *c = config(e->local);
    struct m2m_category out = {.has_rcat = false};

    if (e->kind != PROC_READING)
        return out;
    out.has_rcat = c->report.rcat != M2M_RCAT_DEFAULT;
    out.rcat = (uint8_t)c->report.rcat;
    out.trpdt = c->report.trpdt != M2M_TRPDT_DEFAULT ? M2M_TRPDT_DELAY : M2M_TRPDT_ABSENT;
    out.trpdt_ns = c->report.trpdt;
    return out;
}

static struct proto *make_core(struct session *s, sim_ns now)
{
    struct local_end *e = session_user(s);
    const struct device *gateway = local_gateway(e->local);
    char app_id[NODE_NAME_MAX], name[NODE_NAME_MAX], host[NODE_NAME_MAX + 16];

    (void)now;
    local_app_id(e->local, app_id);
    node_name(gateway->population, gateway->index, name);
    snprintf(host, sizeof host, "%s.m2m.example", name);
    return mid_client_proto(mid_client_new(
        session_env(s), &(struct mid_settings){
                            .nscl = host, .requesting_entity = app_id, .category = category(e)}));
}

/* What it makes of its own at the gateway, and its name for charts. */
static const char *compose_own(const struct local_end *e, const char *app_id, char *target,
                               size_t n, struct m2m_rep *rep)
{
    if (e->kind == PROC_ACCESS_RIGHT) {
        snprintf(target, n, GATEWAY_APPLICATIONS "/%s/accessRights", app_id);
        local_apoc_right(e->local, rep);
        return "CREATE accessRight";
    }
    if (e->kind == PROC_CONTAINER) {
        gateway_path(target, n, app_id, PLACE_CONTAINERS);
        gateway_container(rep, app_id, e->local->population, local_gateway(e->local));
        return "CREATE container";
    }
    gateway_application(rep, app_id, e->local->population, local_gateway(e->local));
    if (e->local->actuator)
        local_apoc_attributes(e->local, rep);
    return "CREATE application";
}

static void write_request(struct local_end *e, sim_ns now)
{
    const struct local *l = e->local;
    uint32_t n = config(l)->report.octets;
    char app_id[NODE_NAME_MAX], target[2 * NODE_NAME_MAX] = GATEWAY_APPLICATIONS, id[READING_ID];
    struct m2m_doc doc = {.kind = DOC_CONTENT_INSTANCE};
    const char *label = "CREATE contentInstance";
    uint8_t *content = NULL;
    struct m2m_rep rep;

    local_app_id(l, app_id);
    if (e->kind == PROC_READING) {
        content = xcalloc(1, n);
        reading_octets(local_stream(l, "readings"), l->read_at, content, n);
        reading_id(l->read_at, id);
        gateway_path(target, sizeof target, app_id, PLACE_INSTANCES);
        snprintf(doc.u.content_instance.id, sizeof doc.u.content_instance.id, "%s", id);
        snprintf(doc.u.content_instance.content_type, sizeof doc.u.content_instance.content_type,
                 "application/octet-stream");
        doc.u.content_instance.content = span_of(content, n);
    } else {
        label = compose_own(e, app_id, target, sizeof target, &rep);
        doc = (struct m2m_doc){.kind = DOC_RESOURCE,
                               .u.resource = {.type = (int)rep.type, .n = rep.n},
                               .owned = rep.p};
    }
    if (mid_client_request(mid_client_of(session_core(e->session)), now, label, HTTP_POST, target,
                           &doc))
        e->request_wanted = false;
    m2m_doc_release(&doc);
    free(content);
}

static void step(struct session *s, sim_ns now)
{
    struct local_end *e = session_user(s);

    if (e->request_wanted)
        write_request(e, now);
}

/* ---- commit ---- */

void local_dia_book(struct local *l)
{
    if (l->end && l->proc)
        procedure_book(l->proc, l->end->session, &l->booked);
}

void local_dia_drop(struct local *l, bool retire)
{
    struct local_end *e = l->end;

    if (!e)
        return;
    l->stream_counter = session_stream(e->session).counter;
    l->end = NULL;
    if (l->proc)
        l->proc->device_computing = l->proc->device_queued = false;
    if (retire)
        session_retire(e->session);
    else
        session_free(e->session);
    free(e);
}

static void advanced(struct session *s, sim_ns now)
{
    struct local_end *e = session_user(s);
    struct local *l = e->local;
    struct proto *core = session_core(s);
    const struct mid_response *r;
    struct mid_response answer;

    if (!core) {
        local_answered(l, now, 0, REASON_CRYPTO, 0);
        return;
    }
    r = l->attempting ? mid_client_response(mid_client_of(core)) : NULL;
    if (r) {
        answer = *r;
        mid_client_take(mid_client_of(core));
        local_answered(l, now, answer.status, answer.reason, answer.retry_after_s);
        return;
    }
    if (core->status == PROTO_RUNNING)
        return;
    if (l->attempting)
        local_answered(l, now, 0, core->reason == REASON_NONE ? REASON_CLOSED_EARLY : core->reason,
                       0);
    else
        local_dia_drop(l, true);
}

static void ended(struct session *s, sim_ns now, enum reason reason)
{
    struct local *l = ((struct local_end *)session_user(s))->local;

    local_dia_book(l);
    local_dia_drop(l, false);
    if (l->attempting)
        local_answered(l, now, 0, reason == REASON_NONE ? REASON_CLOSED_EARLY : reason, 0);
}

static void charged(struct session *s, sim_ns now, const struct meter *meter,
                    const struct profile_price *price)
{
    struct local_end *e = session_user(s);
    struct procedure *p = e->local->proc;

    (void)now;
    usage_add(e->local->population, e->kind, meter);
    if (!p)
        return;
    p->device_ns += price->crypto_ns + price->other_ns;
    p->energy_nj += price->energy_nj;
}

static void activity(struct session *s, sim_ns now, enum session_activity a, sim_ns other_ns)
{
    struct procedure *p = ((struct local_end *)session_user(s))->local->proc;

    if (p)
        procedure_activity(p, now, false, a, other_ns);
}

static void packet(struct session *s, const struct flow_packet *packet_, const char *label,
                   bool continued)
{
    struct procedure *p = ((struct local_end *)session_user(s))->local->proc;

    if (p)
        procedure_message(p, p->node_id, p->peer_id, packet_, "HTTP", label, continued);
}

static void retransmitted(struct session *s, sim_ns now)
{
    struct procedure *p = ((struct local_end *)session_user(s))->local->proc;

    if (p)
        procedure_lost(p, now);
}

static const struct session_ops local_session_ops = {.make = make_core,
                                                     .step = step,
                                                     .charged = charged,
                                                     .activity = activity,
                                                     .advanced = advanced,
                                                     .ended = ended,
                                                     .packet = packet,
                                                     .retransmitted = retransmitted};

static void connect(struct local *l)
{
    struct deployment *d = l->population->d;
    struct device *gateway = local_gateway(l);
    struct session_host host = {.sim = d->sim,
                                .cpu = &l->cpu,
                                .class = l->population->class,
                                .epoch_unix_ns = d->in.epoch_unix_ns,
                                .retired = &d->retired};
    struct rng stream = local_stream(l, "session");
    struct local_end *e = xcalloc(1, sizeof *e);
    struct net_route up, down;

    stream.counter = l->stream_counter;
    e->local = l;
    e->session = session_new(&local_session_ops, e, &host, stream, NULL);
    l->end = e;
    l->booked = (struct session_traffic){0};
    l->sessions++;
    route_between(d, l->population->index, l->index, gateway->population->index, &up, &down);
    session_connect(e->session, d->net, d->in.tcp, &up, &down, &gateway->gateway->dia);
}

void local_dia_begin(struct local *l, sim_ns now)
{
    bool open = l->end != NULL;

    if (!open)
        connect(l);
    l->end->kind = l->proc->kind;
    l->end->request_wanted = true;
    if (open)
        session_poke(l->end->session, now);
}
