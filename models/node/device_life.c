/* A device's birth, the failures of its power, and its end. */
#include "models/node/device.h"

#include "models/node/access.h"
#include "models/node/happening.h"
#include "models/node/method.h"
#include "models/node/retarget.h"
#include "models/node/subscriber.h"
#include "sim/base/dmath.h"
#include "sim/base/xalloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sequence numbers that a UICC is ahead by (uicc.ahead): authentications that the HSS has
 * forgotten.
 */
#define SEQUENCE_AHEAD UINT64_C(1000)

static const struct cfg_device *config(const struct device *dev)
{
    return dev->population->config->device;
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
    sim_event_init(&dev->timer, &device_timer_ops, &dev->endpoint);
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
