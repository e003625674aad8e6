/* What a device does next, and when. It is a list of wants in order of importance (a Kmr, a Kmc, a
 * registration, a container, the next report), of which the first that is due becomes a procedure;
 * one timer for everything. */
#include "models/node/device.h"

#include "models/node/access.h"
#include "models/node/happening.h"
#include "models/node/method.h"
#include "models/node/mid_security.h"
#include "models/node/record.h"
#include "models/node/retarget.h"
#include "models/node/subscriber.h"
#include "sim/base/dmath.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum plan_action {
    PLAN_NOTHING,
    PLAN_ARRIVE,
    PLAN_BEGIN,      /* a procedure that is due */
    PLAN_RETRY,      /* the back-off is over */
    PLAN_DEADLINE,   /* the attempt took too long */
    PLAN_READING,    /* a gateway's own application has something to say */
    PLAN_IDLE_CLOSE, /* the mId session has been idle long enough */
    PLAN_FIRMWARE,   /* another image, or the hashes of it */
    PLAN_EXPIRY      /* a key or the registration ends */
};

struct plan {
    sim_ns at;
    enum plan_action action;
    enum procedure_kind kind;
};

static const struct cfg_device *config(const struct device *dev)
{
    return dev->population->config->device;
}

double device_draw(struct device *dev)
{
    struct rng r = device_stream(dev, "life");

    r.counter = dev->draws++;
    return rng_open(&r);
}

sim_ns device_jitter(struct device *dev, sim_ns t, sim_ns span, uint32_t share_ppm)
{
    if (!share_ppm)
        return t;
    return t + (sim_ns)((2 * device_draw(dev) - 1) * (double)span * share_ppm / 1e6);
}

/* ---- plans ---- */

static void consider(struct plan *best, sim_ns now, sim_ns at, enum plan_action action,
                     enum procedure_kind kind)
{
    if (at == SIM_NEVER)
        return;
    at = at < now ? now : at;
    if (at < best->at)
        *best = (struct plan){at, action, kind};
}

/* In order of importance: on a tie the first considered stays. */
static void consider_wants(const struct device *dev, sim_ns now, struct plan *best)
{
    const struct cfg_device *c = config(dev);
    sim_ns hold = dev->due > now ? dev->due : now; /* after a failure nothing begins before */
    bool has_kmr = se_has(&dev->se, SE_KMR), has_kmc = se_has(&dev->se, SE_KMC);
    bool connects = method_of_connect(c->connect.method)->exchange;

    if (dev->attachment) { /* nothing else can be sent before */
        bool attached = dev->attachment->attached;
        consider(best, hold, attached ? dev->attachment->renew : dev->wanted, PLAN_BEGIN,
                 PROC_ATTACH);
        if (!attached)
            return;
    }
    if (method_of_bootstrap(c->bootstrap.method)->exchange)
        consider(best, hold, has_kmr ? dev->kmr_renew : dev->wanted, PLAN_BEGIN, PROC_BOOTSTRAP);
    /* Where there is a Kmr at all, its bootstrap comes first, needed or not: it assigns the node.
     */
    if (!has_kmr && c->bootstrap.method != CFG_BOOTSTRAP_NONE)
        return;
    if (connects)
        consider(best, hold, has_kmc ? dev->kmc_renew : dev->wanted, PLAN_BEGIN, PROC_CONNECTION);
    if (connects && !has_kmc)
        return;
    if (!dev->registered) {
        consider(best, hold, dev->wanted, PLAN_BEGIN,
                 dev->update_first ? PROC_REFRESH : PROC_REGISTRATION);
        return;
    }
    if (c->registration.deregister_at_end)
        consider(best, hold, device_deployment(dev)->in.until - c->timeout.procedure, PLAN_BEGIN,
                 PROC_DEREGISTRATION);
    consider(best, hold, dev->refresh_at, PLAN_BEGIN, PROC_REFRESH);
    if (dev->limited)
        return;
    if (dev->population->observed && !dev->has_right)
        consider(best, hold, dev->wanted, PLAN_BEGIN, PROC_ACCESS_RIGHT);
    else if (dev->channel && longpoll_wants(dev) != PROC_KINDS)
        consider(best, hold, dev->wanted, PLAN_BEGIN, longpoll_wants(dev));
    else if (dev->gateway)
        consider(best, hold, gateway_forward_at(dev), PLAN_BEGIN, PROC_FORWARD);
    else if (c->report.every && !dev->has_container)
        consider(best, hold, dev->wanted, PLAN_BEGIN, PROC_CONTAINER);
    else if (c->report.every)
        consider(best, hold, dev->report_next, PLAN_BEGIN, PROC_REQUEST);
}

static struct plan plan_next(const struct device *dev, sim_ns now)
{
    struct plan best = {SIM_NEVER, PLAN_NOTHING, PROC_BOOTSTRAP};

    if (dev->state == DEVICE_OFF) {
        consider(&best, now, dev->wanted, PLAN_ARRIVE,
                 se_has(&dev->se, SE_KMR) ? PROC_CONNECTION : PROC_BOOTSTRAP);
        return best;
    }
    if (dev->fate)
        consider(&best, now, dev->fate->next, PLAN_FIRMWARE, PROC_REFRESH);
    if (se_has(&dev->se, SE_KMR))
        consider(&best, now, dev->kmr_expires, PLAN_EXPIRY, PROC_BOOTSTRAP);
    if (se_has(&dev->se, SE_KMC))
        consider(&best, now, dev->kmc_expires, PLAN_EXPIRY, PROC_CONNECTION);
    consider(&best, now, device_gba_expiry(dev), PLAN_EXPIRY, PROC_BOOTSTRAP);
    if (dev->registered)
        consider(&best, now, dev->scl_expires, PLAN_EXPIRY, PROC_REGISTRATION);
    if (dev->attachment && dev->attachment->attached)
        consider(&best, now, dev->attachment->expires, PLAN_EXPIRY, PROC_ATTACH);
    if (dev->gateway)
        consider(&best, now, gateway_reading_at(dev), PLAN_READING, PROC_DELIVERY);
    if (dev->gate)
        return best;
    if (dev->proc) {
        consider(&best, now, dev->due, dev->attempting ? PLAN_DEADLINE : PLAN_RETRY,
                 dev->proc->kind);
        return best;
    }
    if (dev->state == DEVICE_UP)
        consider_wants(dev, now, &best);
    if (dev->end && !dev->end->closing)
        consider(&best, now, sim_ns_add(dev->idle_since, config(dev)->mid.idle), PLAN_IDLE_CLOSE,
                 PROC_REQUEST);
    return best;
}

static bool has_gate(const struct device *dev)
{
    const struct cfg_device *c = config(dev);

    return c->ival.gate && c->ival.capable && method_of_bootstrap(c->bootstrap.method)->exchange;
}

/* ---- the timer ---- */

static void execute(struct device *dev, sim_ns now, const struct plan *plan);

static void timer_commit(struct sim *sim, struct sim_event *ev)
{
    struct device *dev = (struct device *)((char *)ev - offsetof(struct device, timer));
    sim_ns now = sim_now(sim);
    struct plan plan;

    while ((plan = plan_next(dev, now)).at <= now)
        execute(dev, now, &plan);
    device_arm(dev, now);
}

const struct sim_event_ops device_timer_ops = {"device-timer", NULL, timer_commit};

void device_arm(struct device *dev, sim_ns now)
{
    struct sim *sim = device_deployment(dev)->sim;
    struct plan plan;

    if (dev->gateway)
        gateway_clock(dev, now);
    if (dev->channel)
        longpoll_arm(dev, now);
    plan = plan_next(dev, now);
    if (sim_is_pending(&dev->timer)) {
        if (dev->timer.at == plan.at)
            return;
        sim_cancel(sim, &dev->timer);
    }
    if (plan.action == PLAN_NOTHING)
        return;
    sim_schedule(sim, &dev->timer, plan.at);
}

/* ---- procedures ---- */

static const char *method_of(const struct device *dev, enum procedure_kind kind)
{
    if (kind == PROC_ATTACH)
        return "eps-aka";
    if (kind == PROC_BOOTSTRAP)
        return method_of_bootstrap(config(dev)->bootstrap.method)->name;
    if (kind == PROC_CONNECTION)
        return method_of_connect(config(dev)->connect.method)->name;
    return mid_security_name(config(dev)->mid.binding, dev->mid_flags);
}

static sim_ns intended_time(const struct device *dev, enum procedure_kind kind, sim_ns now)
{
    sim_ns t = dev->wanted;

    if (kind == PROC_ATTACH && dev->attachment->attached)
        t = dev->attachment->renew;
    else if (kind == PROC_BOOTSTRAP && se_has(&dev->se, SE_KMR))
        t = dev->kmr_renew;
    else if (kind == PROC_CONNECTION && se_has(&dev->se, SE_KMC))
        t = dev->kmc_renew;
    else if (kind == PROC_REFRESH && dev->registered)
        t = dev->refresh_at;
    else if (kind == PROC_REQUEST)
        t = dev->report_next;
    else if (kind == PROC_FORWARD)
        t = gateway_forward_at(dev);
    else if (kind == PROC_RESPONSE)
        t = retarget_since(dev);
    else if (kind == PROC_DEREGISTRATION)
        t = now;
    return t > now ? now : t;
}

static void begin_procedure(struct device *dev, sim_ns now, enum procedure_kind kind)
{
    dev->proc = record_begin(dev->population, device_node(dev), kind, method_of(dev, kind),
                             intended_time(dev, kind, now), now);
    dev->last_reason = REASON_NONE;
    dev->due = 0;
    if (kind == PROC_REQUEST) {
        sim_ns every = config(dev)->report.every;
        dev->report_next =
            device_jitter(dev, dev->report_next + every, every, config(dev)->report.jitter_ppm);
    }
}

void device_begin_attempt(struct device *dev, sim_ns now)
{
    enum procedure_kind kind = dev->proc->kind;

    dev->proc->attempts++;
    dev->proc->backing_off = false;
    dev->attempting = true;
    dev->due = now + config(dev)->timeout.procedure;
    procedure_clock(dev->proc, now);
    if (kind == PROC_RESPONSE)
        retarget_tells(dev, now);
    if (kind == PROC_FORWARD && !gateway_choose(dev, now)) {
        device_procedure_done(dev, now, "success", REASON_NONE);
        return;
    }
    if (procedure_is_mid(kind) && dev->end && !dev->end->closing) {
        dev->end->kind = kind;
        dev->end->asked = dev->proc->t_start;
        dev->proc->peer_id = device_nscl(dev)->node_id;
        dev->end->request_wanted = true;
        session_poke(dev->end->session, now);
        return;
    }
    if (dev->end)
        device_drop_session(dev, now, true, "closed");
    device_connect(dev, kind);
}

void device_procedure_done(struct device *dev, sim_ns now, const char *outcome, enum reason reason)
{
    struct procedure *p = dev->proc;
    bool failed = reason != REASON_NONE;

    device_book(dev);
    if (dev->gateway)
        gateway_stop(dev, now);
    if (dev->end && (!procedure_is_mid(dev->end->kind) || failed))
        device_drop_session(dev, now, true, "closed");
    dev->proc = NULL;
    dev->attempting = false;
    dev->idle_since = now;
    dev->due = 0;
    record_end(device_deployment(dev), p, now, outcome, reason);
}

/* ---- carrying a plan out ---- */

static void arrive(struct device *dev, sim_ns now)
{
    dev->state = DEVICE_UP;
    dev->wanted = now;
    if (dev->fate)
        dev->fate->dark = false;
    device_deployment(dev)->counts.started++;
    if (dev->gateway)
        gateway_start(dev, now);
    if (has_gate(dev) && !dev->attachment) {
        begin_procedure(dev, now, PROC_BOOTSTRAP);
        gate_begin(dev, now);
    }
}

static void execute(struct device *dev, sim_ns now, const struct plan *plan)
{
    switch (plan->action) {
    case PLAN_NOTHING:
        break;
    case PLAN_ARRIVE:
        arrive(dev, now);
        break;
    case PLAN_BEGIN:
    case PLAN_RETRY:
        if (plan->action == PLAN_BEGIN)
            begin_procedure(dev, now, plan->kind);
        if (dev->proc->kind == PROC_BOOTSTRAP && has_gate(dev) && !dev->se.measured)
            gate_begin(dev, now); /* one that had to attach first */
        else
            device_begin_attempt(dev, now);
        break;
    case PLAN_DEADLINE:
        device_attempt_failed(dev, now, REASON_TIMEOUT, 0);
        break;
    case PLAN_READING:
        gateway_read(dev, now);
        break;
    case PLAN_IDLE_CLOSE:
        if (!device_close_session(dev, now))
            device_drop_session(dev, now, true, "closed");
        break;
    case PLAN_FIRMWARE:
        device_take_firmware(dev, now);
        break;
    case PLAN_EXPIRY:
        device_expire(dev, now);
        break;
    }
}
