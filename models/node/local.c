/* What a device behind a gateway does next, and when: it has no keys and no SCL, so its wants are
 * few (an application at its gateway, a container, the next reading). Over which interface it does
 * it is local_dia.c's and local_xip.c's to know. */
#include "models/node/gateway.h"

#include "models/node/record.h"
#include "models/node/retarget.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

enum want { WANT_NOTHING, WANT_ARRIVE, WANT_BEGIN, WANT_RETRY, WANT_DEADLINE };

struct local_plan {
    sim_ns at;
    enum want want;
    enum procedure_kind kind;
};

static const struct cfg_device *config(const struct local *l)
{
    return l->population->config->device;
}

static struct deployment *deployment_of(const struct local *l)
{
    return l->population->d;
}

/* ---- who it is ---- */

struct device *local_gateway(const struct local *l)
{
    struct population *p = &deployment_of(l)->populations[config(l)->local.behind];

    return &p->devices[l->index % p->config->count];
}

void local_app_id(const struct local *l, char out[NODE_NAME_MAX])
{
    node_name(l->population, l->index, out);
}

struct rng local_stream(const struct local *l, const char *purpose)
{
    char name[NODE_NAME_MAX];

    node_name(l->population, l->index, name);
    return rng_stream(deployment_of(l)->in.seed, name, purpose);
}

static double draw(struct local *l)
{
    struct rng r = local_stream(l, "life");

    r.counter = l->draws++;
    return rng_open(&r);
}

/* ---- plans ---- */

/* What it must make before it may report; PROC_KINDS: nothing. */
static enum procedure_kind missing(const struct local *l)
{
    if (!l->has_application)
        return PROC_APPLICATION;
    if (l->actuator && !l->has_right)
        return PROC_ACCESS_RIGHT;
    /* Who is only asked stores nothing. */
    return l->has_container || (l->actuator && !config(l)->report.every) ? PROC_KINDS
                                                                         : PROC_CONTAINER;
}

static struct local_plan plan_of(const struct local *l, sim_ns now)
{
    struct local_plan p = {SIM_NEVER, WANT_NOTHING, PROC_READING};

    if (l->state == LOCAL_OFF)
        return (struct local_plan){l->wanted, WANT_ARRIVE, PROC_APPLICATION};
    if (l->state == LOCAL_GAVE_UP)
        return p;
    if (l->proc) {
        p = (struct local_plan){l->due, l->attempting ? WANT_DEADLINE : WANT_RETRY, l->proc->kind};
    } else if (missing(l) != PROC_KINDS) {
        p = (struct local_plan){l->wanted, WANT_BEGIN, missing(l)};
        p.at = p.at > l->due ? p.at : l->due;
    } else if (config(l)->report.every) {
        p = (struct local_plan){l->report_next, WANT_BEGIN, PROC_READING};
    }
    p.at = p.at < now ? now : p.at;
    return p;
}

static void arm(struct local *l, sim_ns now)
{
    struct sim *sim = deployment_of(l)->sim;
    struct local_plan p = plan_of(l, now);

    if (sim_is_pending(&l->timer)) {
        if (l->timer.at == p.at)
            return;
        sim_cancel(sim, &l->timer);
    }
    if (p.want != WANT_NOTHING)
        sim_schedule(sim, &l->timer, p.at);
}

/* ---- attempts ---- */

static void begin_attempt(struct local *l, sim_ns now)
{
    l->proc->attempts++;
    l->proc->backing_off = false;
    l->attempting = true;
    l->due = now + config(l)->timeout.procedure;
    procedure_clock(l->proc, now);
    if (config(l)->local.interface == CFG_DIA)
        local_dia_begin(l, now);
    else
        local_xip_begin(l, now);
}

static void begin(struct local *l, sim_ns now, enum procedure_kind kind)
{
    const struct cfg_device *c = config(l);
    sim_ns intended = kind == PROC_READING ? l->report_next : l->wanted;

    l->proc = record_begin(l->population, local_node(l), kind,
                           c->local.interface == CFG_DIA ? "dia" : "xip",
                           intended < now ? intended : now, now);
    l->proc->peer_id = device_node(local_gateway(l));
    l->last_reason = REASON_NONE;
    if (kind == PROC_READING) {
        l->read_at = l->report_next;
        l->report_next += c->report.every;
        if (c->report.jitter_ppm)
            l->report_next +=
                (sim_ns)((2 * draw(l) - 1) * (double)c->report.every * c->report.jitter_ppm / 1e6);
    }
    begin_attempt(l, now);
}

/* What carries it is done with for now: nothing more is wanted at this instant. */
static void rest(struct local *l, sim_ns now)
{
    if (!l->proc && plan_of(l, now).at > now)
        local_dia_drop(l, true);
}

static void done(struct local *l, sim_ns now, const char *outcome, enum reason reason)
{
    struct procedure *p = l->proc;

    local_dia_book(l);
    l->proc = NULL;
    l->attempting = false;
    l->due = 0;
    record_end(deployment_of(l), p, now, outcome, reason);
}

static void succeeded(struct local *l, sim_ns now)
{
    enum procedure_kind kind = l->proc->kind;

    done(l, now, "success", REASON_NONE);
    if (kind == PROC_APPLICATION) {
        l->has_application = true;
        deployment_of(l)->counts.registered++;
    }
    if (kind == PROC_ACCESS_RIGHT)
        l->has_right = true;
    /* The proxy makes the container with the application. */
    if (kind == PROC_CONTAINER ||
        (kind == PROC_APPLICATION && config(l)->local.interface == CFG_XIP)) {
        l->has_container = true;
        if (config(l)->report.every && !l->report_next)
            l->report_next = now + (sim_ns)(draw(l) * (double)config(l)->report.every);
    }
    l->wanted = now;
}

/* Its gateway does not know it any more. */
static void forgotten(struct local *l, sim_ns now)
{
    if (l->has_application)
        deployment_of(l)->counts.registered--;
    l->has_application = l->has_right = l->has_container = false;
    l->wanted = now;
}

static void failed(struct local *l, sim_ns now, enum reason reason, uint32_t retry_after_s)
{
    const struct cfg_device *c = config(l);
    enum procedure_kind kind = l->proc->kind;
    sim_ns wait =
        device_backoff(c, l->proc->attempts, c->retry.jitter == CFG_JITTER_NONE ? 0 : draw(l));

    local_dia_book(l);
    local_dia_drop(l, reason != REASON_TIMEOUT);
    local_xip_drop(l);
    l->attempting = false;
    l->last_reason = reason;
    if (reason == REASON_NOT_FOUND && kind != PROC_APPLICATION) {
        done(l, now, "failed", reason);
        forgotten(l, now);
        l->due = now + wait;
    } else if (c->retry.attempts && l->proc->attempts >= c->retry.attempts) {
        done(l, now, "failed", reason);
        if (kind != PROC_READING) { /* a reading that cannot be brought is dropped */
            l->state = LOCAL_GAVE_UP;
            deployment_of(l)->counts.gave_up++;
        }
    } else {
        l->due = now + wait + (sim_ns)retry_after_s * SIM_S;
        l->proc->backing_off = true;
        l->proc->device_computing = l->proc->device_queued = false;
        l->proc->server_computing = l->proc->server_queued = 0;
        procedure_clock(l->proc, now);
    }
}

/* An answer 409 is that to an earlier attempt, which was lost. */
void local_answered(struct local *l, sim_ns now, int status, enum reason reason,
                    uint32_t retry_after_s)
{
    if (reason == REASON_NONE || status == STATUS_CONFLICT)
        succeeded(l, now);
    else
        failed(l, now, reason, retry_after_s);
    rest(l, now);
    arm(l, now);
}

/* ---- the timer ---- */

static void carry_out(struct local *l, sim_ns now, const struct local_plan *p)
{
    switch (p->want) {
    case WANT_NOTHING:
        break;
    case WANT_ARRIVE:
        l->state = LOCAL_UP;
        l->wanted = now;
        local_apoc_open(l);
        deployment_of(l)->counts.started++;
        break;
    case WANT_BEGIN:
        begin(l, now, p->kind);
        break;
    case WANT_RETRY:
        begin_attempt(l, now);
        break;
    case WANT_DEADLINE:
        failed(l, now, REASON_TIMEOUT, 0);
        break;
    }
}

static void timer_commit(struct sim *sim, struct sim_event *ev)
{
    struct local *l = (struct local *)((char *)ev - offsetof(struct local, timer));
    sim_ns now = sim_now(sim);
    struct local_plan p;

    while ((p = plan_of(l, now)).want != WANT_NOTHING && p.at <= now)
        carry_out(l, now, &p);
    rest(l, now);
    arm(l, now);
}

static const struct sim_event_ops timer_ops = {"local-timer", NULL, timer_commit};

/* ---- life ---- */

void local_init(struct local *l, struct population *p, uint32_t index)
{
    l->population = p;
    l->index = index;
    cpu_init(&l->cpu, 1, UINT32_MAX);
    local_apoc_init(l);
    l->wanted = device_arrival(p, draw(l));
    sim_event_init(&l->timer, &timer_ops, &l->endpoint);
    arm(l, 0);
}

void local_finish(struct local *l, sim_ns now)
{
    struct deployment *d = deployment_of(l);
    struct procedure *p = l->proc;

    if (!p)
        return;
    local_dia_book(l);
    l->proc = NULL;
    if (l->last_reason == REASON_NONE)
        record_unfinished(d, p, now);
    else
        record_end(d, p, now, "failed", l->last_reason);
}

void local_release(struct local *l)
{
    sim_cancel(deployment_of(l)->sim, &l->timer);
    local_dia_drop(l, false);
    local_xip_drop(l);
    local_apoc_free(l);
}
