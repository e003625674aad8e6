/* The gate before bootstrap (TS 102 690: the image is checked prior to bootstrap; GAP C6): the
 * secured environment measures, the processor takes its time, and a device whose image is not
 * genuine does not start. */
#include "models/node/device.h"

#include "models/node/happening.h"
#include "models/node/image.h"
#include "models/node/record.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

struct gate_check {
    struct cpu_job job;
    struct device *dev;
};

static void finish(struct sim *sim, struct sim_event *ev)
{
    struct gate_check *g =
        (struct gate_check *)((char *)ev - offsetof(struct gate_check, job.done_event));
    struct device *dev = g->dev;
    struct deployment *d = device_deployment(dev);
    sim_ns now = sim_now(sim);
    bool pass = dev->se.ival_result & IVAL_PASS;

    cpu_finish(&dev->cpu, sim, &g->job);
    procedure_activity(dev->proc, now, false, SESSION_IDLE, 0);
    dev->gate = NULL;
    free(g);
    if (pass) {
        device_begin_attempt(dev, now);
    } else {
        incident_verdict(dev, now, false);
        d->sink.ival(
            d->sink.arg,
            &(struct row_ival){.procedure_id = dev->proc->id,
                               .node_id = device_node(dev),
                               .t = now,
                               .result = dev->se.ival_result,
                               .truth = device_is_tampered(dev, now) ? "tampered" : "genuine",
                               .verdict = "gate",
                               .policy = "gate"});
        device_procedure_done(dev, now, "failed", REASON_IVAL_GATE);
        device_refuse(dev, now);
    }
    device_arm(dev, now);
}

static const struct sim_event_ops gate_ops = {"device-gate", NULL, finish};

void gate_begin(struct device *dev, sim_ns now)
{
    struct gate_check *g = xcalloc(1, sizeof *g);
    struct procedure *p = dev->proc;
    struct meter m = {0};
    struct profile_price price;

    g->dev = dev;
    dev->gate = g;
    device_measure(dev, now, &m);
    price = profile_price(dev->population->class, &m);
    usage_add(dev->population, PROC_BOOTSTRAP, &m);
    p->device_ns += price.crypto_ns + price.other_ns;
    p->energy_nj += price.energy_nj;
    procedure_activity(p, now, false, SESSION_COMPUTING, 0);
    sim_event_init(&g->job.done_event, &gate_ops, &dev->endpoint);
    (void)cpu_submit(&dev->cpu, device_deployment(dev)->sim, &g->job,
                     price.crypto_ns + price.other_ns);
}

void gate_abandon(struct device *dev)
{
    if (!dev->gate)
        return;
    cpu_withdraw(&dev->cpu, device_deployment(dev)->sim, &dev->gate->job);
    free(dev->gate);
    dev->gate = NULL;
}
