/* A d device and the interworking proxy at its gateway: a few octets each way over whatever the
 * local network is, and the proxy makes of them what a D' device would have made over dIa, in the
 * device's name (etsi-m2m.md 1: xIP). What is lost the device says again. */
#include "models/node/gateway.h"

#include "models/node/record.h"
#include "models/node/route.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

/* A frame of a local network: addresses, kind, number, check sum; an answer has no content. */
#define FRAME_OCTETS 12

/* What a device says, until it is answered. */
struct local_word {
    struct local *local; /* NULL: it does not wait for the answer any more */
    struct local *from;
    struct sim_endpoint endpoint;
    struct cpu_job job; /* at the device, then at the gateway */
    struct cpu *cpu;
    struct local_word *next, **link; /* of the deployment's */
    enum procedure_kind kind;
    sim_ns read_at, t_intended, other, sent;
    int status;
};

static const struct cfg_device *config(const struct local_word *w)
{
    return w->from->population->config->device;
}

static struct deployment *deployment_of(const struct local_word *w)
{
    return w->from->population->d;
}

static struct procedure *procedure_of(const struct local_word *w)
{
    return w->local ? w->local->proc : NULL;
}

static uint32_t octets_of(const struct local_word *w, bool answer)
{
    return FRAME_OCTETS + (w->kind == PROC_READING && !answer ? config(w)->report.octets : 0);
}

static void free_word(struct local_word *w)
{
    if (w->local)
        w->local->word = NULL;
    if (w->cpu)
        cpu_withdraw(w->cpu, deployment_of(w)->sim, &w->job);
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    free(w);
}

static void activity(struct local_word *w, sim_ns now, enum session_activity a)
{
    bool server = w->cpu != &w->from->cpu;
    struct procedure *p = procedure_of(w);

    if (p)
        procedure_activity(p, now, server, a, a == SESSION_IDLE ? w->other : 0);
}

static void started(struct cpu_job *job, sim_ns now)
{
    activity((struct local_word *)((char *)job - offsetof(struct local_word, job)), now,
             SESSION_COMPUTING);
}

/* A frame's work, at the device or at the gateway. */
static void work(struct local_word *w, struct cpu *cpu, struct population *p, struct meter *m,
                 const struct sim_event_ops *done)
{
    struct deployment *d = deployment_of(w);
    struct profile_price price = profile_price(p->class, m);
    struct procedure *proc = procedure_of(w);

    usage_add(p, w->kind, m);
    if (proc && p == w->from->population) {
        proc->device_ns += price.crypto_ns + price.other_ns;
        proc->energy_nj += price.energy_nj;
    } else if (proc) {
        proc->server_ns += price.crypto_ns + price.other_ns;
    }
    w->cpu = cpu;
    w->other = price.other_ns;
    sim_event_init(&w->job.done_event, done, &w->endpoint);
    w->job.started = started;
    activity(w, node_now(d), SESSION_QUEUED);
    (void)cpu_submit(cpu, d->sim, &w->job, price.crypto_ns + price.other_ns);
}

static struct local_word *worked(struct sim *sim, struct sim_event *ev)
{
    struct local_word *w =
        (struct local_word *)((char *)ev - offsetof(struct local_word, job.done_event));

    cpu_finish(w->cpu, sim, &w->job);
    activity(w, sim_now(sim), SESSION_IDLE);
    w->cpu = NULL;
    return w;
}

/* ---- the answer ---- */

static void lost(void *arg)
{
    free_word(arg); /* the device finds out by waiting */
}

static void log_frame(const struct local_word *w, bool answer)
{
    int64_t device = local_node(w->from), gateway = device_node(local_gateway(w->from));
    struct procedure *p = procedure_of(w);

    if (!p)
        return;
    p->messages++;
    if (answer) {
        p->octets_down += octets_of(w, true);
        p->round_trips++;
    } else {
        p->octets_up += octets_of(w, false);
    }
    procedure_signal(p, answer ? gateway : device, answer ? device : gateway, w->sent,
                     node_now(deployment_of(w)), octets_of(w, answer), "xIP",
                     answer                    ? "acknowledgement"
                     : w->kind == PROC_READING ? "reading"
                                               : "join");
}

static void answered(void *arg)
{
    struct local_word *w = arg;
    struct local *l = w->local;
    int status = w->status;
    sim_ns now = node_now(deployment_of(w));

    log_frame(w, true);
    free_word(w);
    if (l)
        local_answered(l, now, status,
                       status == STATUS_CREATED ? REASON_NONE : m2m_status_reason(status), 0);
}

static void send(struct local_word *w, bool answer, void (*deliver)(void *arg))
{
    struct deployment *d = deployment_of(w);
    struct local *l = w->from;
    struct net_route up, down;

    w->sent = node_now(d);
    route_between(d, l->population->index, l->index, local_gateway(l)->population->index, &up,
                  &down);
    net_send_message(
        d->net, answer ? &down : &up,
        &(struct net_message){
            .octets = octets_of(w, answer), .deliver = deliver, .lost = lost, .arg = w});
}

/* ---- the proxy ---- */

static enum m2m_status join(struct gateway *g, const struct local *l, sim_ns now,
                            const char *app_id)
{
    char target[2 * NODE_NAME_MAX];
    enum m2m_status status;
    struct m2m_rep rep;

    gateway_application(&rep, app_id, l->population, g->dev);
    status = gateway_create(g, now, app_id, GATEWAY_APPLICATIONS, &rep);
    if (status != STATUS_CREATED && status != STATUS_CONFLICT)
        return status;
    gateway_path(target, sizeof target, app_id, PLACE_CONTAINERS);
    gateway_container(&rep, app_id, l->population, g->dev);
    return gateway_create(g, now, app_id, target, &rep);
}

static enum m2m_status store(struct gateway *g, const struct local_word *w, sim_ns now,
                             const char *app_id)
{
    uint32_t n = config(w)->report.octets;
    uint8_t *octets = xcalloc(1, n);
    struct procedure *p = procedure_of(w);
    struct reading r = {.local = w->from,
                        .exchange = p,
                        .t_intended = w->t_intended,
                        .trpdt = config(w)->report.trpdt,
                        .rcat = config(w)->report.rcat};
    char target[2 * NODE_NAME_MAX], id[READING_ID];
    enum m2m_status status;
    struct m2m_rep rep;

    reading_octets(local_stream(w->from, "readings"), w->read_at, octets, n);
    reading_id(w->read_at, id);
    r.id = id;
    r.content = span_of(octets, n);
    gateway_path(target, sizeof target, app_id, PLACE_INSTANCES);
    gateway_instance(&rep, id, r.content);
    status = gateway_create(g, now, app_id, target, &rep);
    if (status == STATUS_CREATED) {
        if (p)
            procedure_clock(p, now);
        store_put(g, now, &r);
        device_arm(g->dev, now);
    }
    free(octets);
    return status;
}

static void served(struct sim *sim, struct sim_event *ev)
{
    struct local_word *w = worked(sim, ev);
    struct gateway *g = local_gateway(w->from)->gateway;
    char app_id[NODE_NAME_MAX];
    sim_ns now = sim_now(sim);

    if (g->dia.deaf) { /* it has lost its power meanwhile */
        free_word(w);
        return;
    }
    local_app_id(w->from, app_id);
    w->status =
        (int)(w->kind == PROC_READING ? store(g, w, now, app_id) : join(g, w->from, now, app_id));
    send(w, true, answered);
}

static const struct sim_event_ops served_ops = {"xip-proxy", NULL, served};

static void arrived(void *arg)
{
    struct local_word *w = arg;
    struct device *gateway = local_gateway(w->from);
    struct meter m = {0};

    if (gateway->gateway->dia.deaf) { /* it has not started yet */
        free_word(w);
        return;
    }
    log_frame(w, false);
    meter_add(&m, OP_HTTP_MESSAGE, 1, octets_of(w, false));
    meter_add(&m, OP_DB_ACCESS, 1, 0);
    work(w, &gateway->cpu, gateway->population, &m, &served_ops);
}

/* ---- the device ---- */

static void composed(struct sim *sim, struct sim_event *ev)
{
    send(worked(sim, ev), false, arrived);
}

static const struct sim_event_ops composed_ops = {"xip-device", NULL, composed};

void local_xip_begin(struct local *l, sim_ns now)
{
    struct deployment *d = l->population->d;
    struct local_word *w = xcalloc(1, sizeof *w);
    struct meter m = {0};

    (void)now;
    w->local = w->from = l;
    w->kind = l->proc->kind;
    w->read_at = l->read_at;
    w->t_intended = l->proc->t_intended;
    w->next = d->words;
    w->link = &d->words;
    if (w->next)
        w->next->link = &w->next;
    d->words = w;
    l->word = w;
    meter_add(&m, OP_HTTP_MESSAGE, 1, octets_of(w, false));
    work(w, &l->cpu, l->population, &m, &composed_ops);
}

void local_xip_drop(struct local *l)
{
    struct local_word *w = l->word;

    if (!w)
        return;
    l->word = NULL;
    w->local = NULL;
    if (w->cpu == &l->cpu) /* not even said */
        free_word(w);
}

void local_xip_free_all(struct deployment *d)
{
    while (d->words)
        free_word(d->words);
}
