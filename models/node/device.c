/* What a device does next, and when. It is a list of wants in order of importance (a Kmr, a Kmc, a
 * registration, a container, the next report), of which the first that is due becomes a procedure;
 * one timer for everything. */
#include "models/node/access.h"
#include "models/node/retarget.h"

#include "sim/base/dmath.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* Sequence numbers that a UICC is ahead by (uicc.ahead): authentications that the HSS has
 * forgotten.
 */
#define SEQUENCE_AHEAD UINT64_C(1000)

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

static const struct sim_event_ops timer_ops = {"device-timer", NULL, timer_commit};

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

/* ---- keys and standing ---- */

void device_lose_kmc(struct device *dev, sim_ns now, const char *end_reason)
{
    if (!se_has(&dev->se, SE_KMC))
        return;
    if (dev->end && procedure_is_mid(dev->end->kind))
        device_drop_session(dev, now, true, "closed");
    if (dev->channel)
        longpoll_close(dev, now);
    se_erase(&dev->se, SE_KMC);
    device_kma_end(dev, now, end_reason);
    device_end_objects(dev, now, end_reason);
    keyring_end(device_deployment(dev)->keys, dev->kmc_key, now, end_reason);
    dev->kmc_key = KEY_NONE;
    dev->mid_flags = 0;
    dev->wanted = now;
    device_deployment(dev)->counts.connected--;
}

void device_lose_kmr(struct device *dev, sim_ns now, const char *end_reason)
{
    if (!se_has(&dev->se, SE_KMR))
        return;
    se_erase(&dev->se, SE_KMR);
    keyring_end(device_deployment(dev)->keys, dev->kmr_key, now, end_reason);
    dev->kmr_key = KEY_NONE;
    dev->wanted = now;
    device_deployment(dev)->counts.bootstrapped--;
    if (config(dev)->bootstrap.method == CFG_BOOTSTRAP_PRE_PROVISIONED && dev->state == DEVICE_UP) {
        /* Nobody can give it another. */
        dev->state = DEVICE_GAVE_UP;
        device_deployment(dev)->counts.gave_up++;
    }
}

void device_refuse(struct device *dev, sim_ns now)
{
    struct deployment *d = device_deployment(dev);

    dev->state = DEVICE_REFUSED;
    d->counts.refused++;
    if (dev->registered)
        d->counts.registered--;
    dev->registered = false;
    if (dev->end)
        device_drop_session(dev, now, true, "closed");
}

static void expire(struct device *dev, sim_ns now)
{
    bool kmr = se_has(&dev->se, SE_KMR) && dev->kmr_expires <= now;
    bool kmc = se_has(&dev->se, SE_KMC) && dev->kmc_expires <= now;

    if (dev->attachment && dev->attachment->attached && dev->attachment->expires <= now)
        access_expire(dev, now);
    /* GAP C5: a hard stop. What runs on an expired key fails. */
    if (dev->proc && dev->attempting &&
        ((kmc && procedure_is_mid(dev->proc->kind)) ||
         (kmr && dev->proc->kind == PROC_CONNECTION &&
          method_needs_kmr(config(dev)->connect.method))))
        device_procedure_done(dev, now, "failed", REASON_KEY_EXPIRED);
    if (kmc)
        device_lose_kmc(dev, now, "expired");
    if (kmr)
        device_lose_kmr(dev, now, "expired");
    device_gba_expire(dev, now);
    if (dev->registered && dev->scl_expires <= now) {
        dev->registered = dev->has_container = false;
        dev->wanted = now;
        device_deployment(dev)->counts.registered--;
    }
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

/* ---- failure ---- */

/* u, drawn by whoever waits, where jitter asks for it. */
sim_ns device_backoff(const struct cfg_device *c, uint32_t attempts, double u)
{
    uint32_t doublings = attempts > 1 ? attempts - 1 : 0;
    sim_ns delay = c->retry.base;

    switch (c->retry.backoff) {
    case CFG_BACKOFF_CONSTANT:
        break;
    case CFG_BACKOFF_LINEAR:
        delay = attempts < 1000000 ? c->retry.base * (sim_ns)attempts : c->retry.cap;
        break;
    case CFG_BACKOFF_EXPONENTIAL:
        for (uint32_t i = 0; i < doublings && delay < c->retry.cap; i++)
            delay = sim_ns_add(delay, delay);
        break;
    }
    delay = sim_ns_min(delay, c->retry.cap);
    switch (c->retry.jitter) {
    case CFG_JITTER_NONE:
        break;
    case CFG_JITTER_EQUAL:
        delay = delay / 2 + (sim_ns)((double)(delay / 2) * u);
        break;
    case CFG_JITTER_FULL:
        delay = (sim_ns)((double)delay * u);
        break;
    }
    return delay;
}

static sim_ns backoff(struct device *dev, uint32_t attempts)
{
    const struct cfg_device *c = config(dev);

    return device_backoff(c, attempts, c->retry.jitter == CFG_JITTER_NONE ? 0 : device_draw(dev));
}

/* What a failure says about the device's standing. true: another attempt of the same makes no
 * sense. */
static bool is_final(struct device *dev, sim_ns now, enum procedure_kind kind, enum reason reason)
{
    bool key = reason == REASON_PSK_UNKNOWN || reason == REASON_PSK_WRONG ||
               reason == REASON_KEY_EXPIRED || reason == REASON_KEY_ERASED;
    /* The NSCL does not know whose Kmc that is: another connection helps. */
    bool of_object = reason == REASON_XMLSEC_KEY || reason == REASON_MID_SECURITY;
    bool from_kmr = method_needs_kmr(config(dev)->connect.method);

    /* GPSK and PSK: a key that the MAS does not have, or has otherwise. */
    key |= reason == REASON_EAP_IDENTITY || reason == REASON_EAP_MAC;
    if (key && kind == PROC_CONNECTION && from_kmr) {
        device_lose_kmr(dev, now, reason == REASON_KEY_EXPIRED ? "expired" : "failed");
        return true;
    }
    if ((key || of_object) && procedure_is_mid(kind)) {
        device_lose_kmc(dev, now, reason == REASON_KEY_EXPIRED ? "expired" : "failed");
        return true;
    }
    if (kind == PROC_ATTACH) /* its home says that it never will */
        return reason == REASON_ACCESS_NOT_ALLOWED || reason == REASON_ACCESS_ROAMING;
    if (reason == REASON_CONFLICT && kind == PROC_REGISTRATION) {
        dev->update_first = true;
        return true;
    }
    if (dev->channel && longpoll_is_settled(dev, kind, reason))
        return true;
    if (reason == REASON_CONFLICT && kind == PROC_ACCESS_RIGHT) {
        dev->has_right = true; /* likewise */
        return true;
    }
    if (reason == REASON_CONFLICT && kind == PROC_CONTAINER) {
        dev->has_container = true; /* the answer to an earlier CREATE was lost */
        return true;
    }
    if (reason == REASON_NOT_FOUND && procedure_is_mid(kind)) {
        if (dev->registered)
            device_deployment(dev)->counts.registered--;
        dev->registered = dev->has_container = dev->update_first = false;
        dev->wanted = now;
        return true;
    }
    dev->limited |= reason == REASON_IVAL_LIMITED;
    return reason == REASON_IVAL_DENIED || reason == REASON_IVAL_LIMITED ||
           (reason == REASON_FORBIDDEN && procedure_is_mid(kind));
}

/* A core that was refused without being told why: its servers know. */
static enum reason named(const struct device *dev, enum reason reason)
{
    enum reason known = dev->proc->server_reason;
    bool vague = reason == REASON_EAP_FAILURE || reason == REASON_PANA_REJECTED ||
                 reason == REASON_TIMEOUT || reason == REASON_GBA_FORBIDDEN ||
                 reason == REASON_ACCESS_FAILURE || reason == REASON_ACCESS_REJECTED;

    return vague && known != REASON_NONE ? known : reason;
}

static void give_up(struct device *dev, enum procedure_kind kind)
{
    /* A report that cannot be delivered is dropped, what waits at a gateway waits on; without the
     * rest a device is of no use. */
    if (kind == PROC_REQUEST || kind == PROC_FORWARD || dev->state != DEVICE_UP)
        return;
    dev->state = DEVICE_GAVE_UP;
    device_deployment(dev)->counts.gave_up++;
}

void device_attempt_failed(struct device *dev, sim_ns now, enum reason reason,
                           uint32_t retry_after_s)
{
    const struct cfg_device *c = config(dev);
    enum procedure_kind kind = dev->proc->kind;
    sim_ns delay;

    device_book(dev);
    if (dev->gateway)
        gateway_stop(dev, now);
    if (dev->end)
        device_drop_session(dev, now, reason != REASON_TIMEOUT,
                            procedure_is_mid(kind) ? "closed" : "failed");
    reason = named(dev, reason);
    dev->attempting = false;
    dev->last_reason = reason;
    if (is_final(dev, now, kind, reason)) {
        dev->failures = dev->failures < UINT8_MAX ? (uint8_t)(dev->failures + 1) : UINT8_MAX;
        device_procedure_done(dev, now, "failed", reason);
        if (reason == REASON_IVAL_DENIED)
            device_refuse(dev, now);
        if (kind == PROC_ATTACH)
            give_up(dev, kind);
        /* A device that is told no again and again must not spin. */
        if (dev->failures > 1)
            dev->due = now + backoff(dev, dev->failures);
    } else if ((c->retry.attempts && dev->proc->attempts >= c->retry.attempts) ||
               (kind == PROC_FORWARD && gateway_is_blocked(dev, now))) {
        device_procedure_done(dev, now, "failed", reason);
        give_up(dev, kind);
        if (kind == PROC_FORWARD) /* it is due still */
            dev->due = now + backoff(dev, c->retry.attempts ? c->retry.attempts : 1);
    } else {
        delay = backoff(dev, dev->proc->attempts);
        if (delay < (sim_ns)retry_after_s * SIM_S)
            delay = (sim_ns)retry_after_s * SIM_S + delay;
        dev->due = now + delay;
        dev->proc->backing_off = true;
        dev->proc->device_computing = dev->proc->device_queued = false;
        dev->proc->server_computing = dev->proc->server_queued = 0;
        dev->proc->waiting = dev->proc->missing = false;
        dev->proc->server_reason = REASON_NONE;
        procedure_clock(dev->proc, now);
    }
    device_arm(dev, now);
}

void device_exchange_done(struct device *dev, sim_ns now)
{
    if (dev->proc->kind != PROC_CONNECTION || mid_security_can(config(dev), dev->mid_flags)) {
        dev->failures = 0;
        device_procedure_done(dev, now, "success", REASON_NONE);
        return;
    }
    device_procedure_done(dev, now, "failed", dev->last_reason = REASON_MID_SECURITY);
    device_lose_kmc(dev, now, "failed");
    give_up(dev, PROC_CONNECTION); /* its provider would say the same again */
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
        expire(dev, now);
        break;
    }
}

/* ---- power ---- */

/* Not one that has not come yet, has left, or has lost a Kmr that nobody can give it again. */
static bool can_restart(const struct device *dev)
{
    switch ((enum device_state)dev->state) {
    case DEVICE_OFF: /* without power once before */
        return dev->fate && dev->fate->dark;
    case DEVICE_UP:
    case DEVICE_REFUSED:
        return true;
    case DEVICE_GAVE_UP:
        return se_has(&dev->se, SE_KMR) ||
               config(dev)->bootstrap.method != CFG_BOOTSTRAP_PRE_PROVISIONED;
    case DEVICE_LEFT:
        return false;
    }
    return false;
}

static void forget_volatile(struct device *dev, sim_ns now)
{
    struct deployment *d = device_deployment(dev);

    gate_abandon(dev);
    if (dev->proc) {
        device_book(dev);
        device_vanish(dev, now);
        device_procedure_done(dev, now, "failed", REASON_OUTAGE);
    }
    device_vanish(dev, now);
    if (dev->channel)
        longpoll_vanish(dev, now);
    if (dev->attachment)
        access_detach(dev, now, "failed");
    device_lose_kmc(dev, now, "failed");
    d->counts.registered -= dev->registered;
    d->counts.refused -= dev->state == DEVICE_REFUSED;
    d->counts.gave_up -= dev->state == DEVICE_GAVE_UP;
    d->counts.started -= dev->state != DEVICE_OFF;
    dev->update_first |= dev->registered; /* it remembers that the NSCL has an <scl> of it */
    dev->registered = dev->limited = false;
    dev->failures = 0;
    dev->due = 0;
}

void device_power_off(struct device *dev, sim_ns now, sim_ns back, sim_ns start)
{
    sim_ns every = config(dev)->report.every;

    if (!can_restart(dev))
        return;
    incident_power(dev, now, back);
    forget_volatile(dev, now);
    if (dev->gateway)
        gateway_power_off(dev);
    dev->state = DEVICE_OFF;
    dev->wanted = start;
    if (dev->ever_registered && every)
        dev->report_next = start + (sim_ns)(device_draw(dev) * (double)every);
    device_arm(dev, now);
}

/* ---- birth and end ---- */

sim_ns device_arrival(struct population *p, double u)
{
    const struct cfg_device *c = p->config->device;

    switch (c->arrivals.shape) {
    case CFG_ARRIVAL_UNIFORM:
    case CFG_ARRIVAL_BURST:
        return c->arrivals.start + (sim_ns)(u * (double)c->arrivals.over);
    case CFG_ARRIVAL_RAMP:
        return c->arrivals.start + (sim_ns)(sqrt(u) * (double)c->arrivals.over);
    case CFG_ARRIVAL_POISSON:
        p->last_arrival += (sim_ns)(-dmath_log(u) * (double)c->arrivals.mean);
        return c->arrivals.start + p->last_arrival;
    }
    return 0;
}

/* What its methods prove the device with, beside a certificate. */
static void equip(struct device *dev)
{
    const struct cfg_device *c = config(dev);
    struct rng r = device_stream(dev, "credential faults");
    bool wrong_k = rng_below(&r, 1000000) < c->uicc.wrong_key_ppm;
    bool ahead = rng_below(&r, 1000000) < c->uicc.ahead_ppm;
    bool wrong_key = rng_below(&r, 1000000) < c->bootstrap.wrong_key_ppm;
    uint8_t key[M2M_KEY_LEN], k[16], opc[16];
    char imsi[IMSI_MAX + 1];

    if (method_of_bootstrap(c->bootstrap.method)->psk) {
        device_credential_key(dev, key);
        key[0] ^= wrong_key;
        se_put(&dev->se, SE_CREDENTIAL, key);
    }
    if (!method_needs_uicc(c) && !method_attaches(c))
        return;
    dev->subscriber = xcalloc(1, sizeof *dev->subscriber);
    device_subscription(dev, imsi, k, opc);
    k[0] ^= wrong_k;
    uicc_init(&dev->subscriber->uicc, imsi, 2, k, opc);
    if (ahead)
        uicc_set_sqn(&dev->subscriber->uicc, SEQUENCE_AHEAD << UICC_IND_BITS);
    if (device_deployment(dev)->in.eap->reauth)
        dev->subscriber->reauth = xcalloc(2, sizeof *dev->subscriber->reauth);
    if (method_needs_bsf(c))
        dev->subscriber->gba = xcalloc(1, sizeof *dev->subscriber->gba);
}

void device_init(struct device *dev, struct population *p, uint32_t index)
{
    const struct cfg_device *c = p->config->device;
    uint8_t kival[M2M_KEY_LEN];
    struct rng r;

    dev->population = p;
    dev->index = index;
    cpu_init(&dev->cpu, 1, UINT32_MAX);
    dev->wanted = device_arrival(p, device_draw(dev));
    dev->tampered_at = SIM_NEVER;
    dev->mas_index = dev->nscl_index = index;
    r = device_stream(dev, "tampered");
    if (rng_below(&r, 1000000) < c->ival.tampered_ppm)
        dev->tampered_at = dev->wanted + dist_draw(&c->ival.tampered_at, &r);
    device_kival(dev, kival);
    se_put(&dev->se, SE_KIVAL, kival);
    if (c->ival.capable)
        dev->kival_key = keyring_born(p->d->keys, KEY_KIVAL, device_node(dev), KEY_NONE,
                                      ROW_NULL_ID, 0, SIM_NEVER);
    if (!method_of_bootstrap(c->bootstrap.method)->exchange)
        personal_provision(dev);
    equip(dev);
    access_init(dev);
    if (p->config->kind == CFG_GATEWAY)
        gateway_init(dev);
    longpoll_init(dev);
    sim_event_init(&dev->timer, &timer_ops, &dev->endpoint);
    device_arm(dev, 0);
}

void device_finish(struct device *dev, sim_ns now)
{
    struct deployment *d = device_deployment(dev);
    struct procedure *p = dev->proc;

    incidents_finish(dev, now);
    if (p)
        device_book(dev);
    if (dev->gateway)
        gateway_finish(dev, now);
    longpoll_finish(dev, now);
    if (!p)
        return;
    dev->proc = NULL;
    procedure_end(p, now, dev->last_reason == REASON_NONE ? "unfinished" : "failed",
                  dev->last_reason == REASON_NONE ? REASON_RUN_END : dev->last_reason,
                  d->in.record->failed_messages, &d->sink);
    if (dev->last_reason != REASON_NONE)
        d->counts.failed++;
}

void device_release(struct device *dev)
{
    sim_cancel(device_deployment(dev)->sim, &dev->timer);
    gateway_release(dev);
    gate_abandon(dev);
    longpoll_free(dev);
    device_free_end(dev->end);
    while (dev->lingering)
        device_free_lingering(dev->lingering);
    if (dev->subscriber) {
        uicc_release(&dev->subscriber->uicc);
        if (dev->subscriber->gba)
            gba_sa_wipe(&dev->subscriber->gba->sa);
        free(dev->subscriber->gba);
        if (dev->subscriber->reauth)
            explicit_bzero(dev->subscriber->reauth, 2 * sizeof *dev->subscriber->reauth);
        free(dev->subscriber->reauth);
    }
    free(dev->subscriber);
    free(dev->attachment);
    free(dev->fate);
    free(dev->kma_keys);
    free(dev->object);
    resume_free(dev);
    se_release(&dev->se);
}
