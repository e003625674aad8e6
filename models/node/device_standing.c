/* A device's standing: what it loses with its keys, and what a failure or an expiry says about it.
 * An attempt that came to nothing is made again after a back-off, or its procedure is given up. */
#include "models/node/device.h"

#include "models/node/access.h"
#include "models/node/mid_security.h"
#include "models/node/method.h"
#include "models/node/retarget.h"

static const struct cfg_device *config(const struct device *dev)
{
    return dev->population->config->device;
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

static void device_lose_kmr(struct device *dev, sim_ns now, const char *end_reason)
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

void device_expire(struct device *dev, sim_ns now)
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
