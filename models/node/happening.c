/* What a scenario's events do: servers that are off for a while, devices that lose their power all
 * at once, and firmware that comes before the hashes it is measured against. */
#include "models/node/happening.h"

#include "models/node/device.h"
#include "models/node/image.h"
#include "models/node/server.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

struct happening {
    struct sim_event ev;
    struct deployment *d;
    const struct deployment_event *config;
    uint8_t image; /* firmware: which of the population's images it brings */
    bool over;     /* outage: what the event will do is its end */
};

/* ---- servers ---- */

static void switch_servers(struct happening *h, struct sim *sim)
{
    struct population *p = &h->d->populations[h->config->population];

    for (uint32_t i = 0; p->servers && i < p->config->count; i++)
        server_set_off(&p->servers[i], !h->over);
    if (!h->over) {
        h->over = true;
        sim_schedule(sim, &h->ev, sim_ns_add(h->config->at, h->config->duration));
    }
}

/* ---- devices ---- */

/* Each event draws for each device by itself, whatever else happens. */
static struct rng stream_of(const struct happening *h, const struct device *dev)
{
    static const char *const purposes[] = {"outage", "blackout", "firmware"};
    struct rng r = device_stream(dev, purposes[h->config->what]);

    r.counter = (uint64_t)(h->config - h->d->in.events) << 8;
    return r;
}

/* At `at` the device has another image, and `lag` later its environment the hashes of it. */
static void send_firmware(struct device *dev, sim_ns at, sim_ns lag, uint8_t image)
{
    struct fate *f = device_fate(dev);

    f->next = at;
    f->lag = lag;
    f->coming = image;
    device_arm(dev, node_now(device_deployment(dev)));
}

static void strike(const struct happening *h, struct device *dev, sim_ns now)
{
    struct rng r = stream_of(h, dev);
    sim_ns back = sim_ns_add(now, h->config->duration), own;

    if (rng_below(&r, 1000000) >= h->config->share_ppm)
        return;
    own = (sim_ns)(rng_open(&r) * (double)h->config->over);
    if (h->config->what == HAPPENING_FIRMWARE) {
        send_firmware(dev, now + own, h->config->duration, h->image);
        return;
    }
    own += dist_draw(&dev->population->config->device->retry.restart, &r);
    device_power_off(dev, now, back, sim_ns_add(back, own));
}

static void happen(struct sim *sim, struct sim_event *ev)
{
    struct happening *h = (struct happening *)ev;
    struct population *p = &h->d->populations[h->config->population];

    if (h->config->what == HAPPENING_OUTAGE) {
        switch_servers(h, sim);
        return;
    }
    for (uint32_t i = 0; p->devices && i < p->config->count; i++)
        strike(h, &p->devices[i], sim_now(sim));
}

static const struct sim_event_ops happening_ops = {"happening", NULL, happen};

void happenings_make(struct deployment *d)
{
    d->happenings = xcalloc(d->in.event_count ? d->in.event_count : 1, sizeof *d->happenings);
    for (uint32_t i = 0; i < d->in.event_count; i++) {
        const struct deployment_event *e = &d->in.events[i];
        uint32_t image = 0;
        for (uint32_t k = 0; k <= i; k++)
            image += d->in.events[k].what == HAPPENING_FIRMWARE &&
                     d->in.events[k].population == e->population;
        d->happenings[i] = (struct happening){.d = d, .config = e, .image = (uint8_t)image};
        sim_event_init(&d->happenings[i].ev, &happening_ops, NULL);
        sim_schedule(d->sim, &d->happenings[i].ev, e->at);
    }
}

/* ---- what befell a device ---- */

struct fate *device_fate(struct device *dev)
{
    if (!dev->fate) {
        dev->fate = xcalloc(1, sizeof *dev->fate);
        dev->fate->next = dev->fate->powered = dev->fate->denied = SIM_NEVER;
    }
    return dev->fate;
}

static void write_row(struct device *dev, const char *kind, sim_ns t, sim_ns t_end)
{
    const struct row_sink *sink = &device_deployment(dev)->sink;

    sink->incident(sink->arg, &(struct row_incident){device_node(dev), kind, t, t_end});
}

void incident_served(struct device *dev, sim_ns now)
{
    if (!dev->fate || dev->fate->powered == SIM_NEVER)
        return;
    write_row(dev, "recovery", dev->fate->powered, now);
    dev->fate->powered = SIM_NEVER;
}

void incident_verdict(struct device *dev, sim_ns now, bool granted)
{
    if (device_is_tampered(dev, now)) {
        if (!granted && !dev->detected)
            write_row(dev, "detection", dev->tampered_at, now);
        dev->detected |= !granted;
        return;
    }
    if (granted && dev->fate && dev->fate->denied != SIM_NEVER) {
        write_row(dev, "false-denial", dev->fate->denied, now);
        dev->fate->denied = SIM_NEVER;
    } else if (!granted && device_fate(dev)->denied == SIM_NEVER)
        dev->fate->denied = now;
}

void incidents_finish(struct device *dev, sim_ns now)
{
    if (device_is_tampered(dev, now) && !dev->detected)
        write_row(dev, "detection", dev->tampered_at, ROW_NULL_ID);
    if (dev->fate && dev->fate->denied != SIM_NEVER)
        write_row(dev, "false-denial", dev->fate->denied, ROW_NULL_ID);
    if (dev->fate && dev->fate->powered <= now)
        write_row(dev, "recovery", dev->fate->powered, ROW_NULL_ID);
}

void incident_power(struct device *dev, sim_ns now, sim_ns back)
{
    struct fate *f = device_fate(dev);

    if (f->powered <= now) { /* it did not come as far in between */
        write_row(dev, "recovery", f->powered, ROW_NULL_ID);
        f->powered = back;
    }
    if (dev->registered)
        f->powered = back;
    f->dark = true;
}

/* ---- firmware ---- */

/* Whoever was refused for an image that nobody knew attests again, now that it is known. */
static void known_at_last(struct device *dev, sim_ns now)
{
    if (device_is_tampered(dev, now))
        return;
    if (dev->state == DEVICE_REFUSED) {
        dev->state = DEVICE_UP;
        dev->wanted = now;
        dev->failures = 0;
        device_deployment(dev)->counts.refused--;
    } else if (dev->fate->denied != SIM_NEVER && dev->registered)
        dev->refresh_at = now;
}

void device_take_firmware(struct device *dev, sim_ns now)
{
    struct fate *f = dev->fate;

    if (f->image != f->coming) { /* in place, and measured when it next attests */
        f->image = f->coming;
        f->next = sim_ns_add(now, f->lag);
        return;
    }
    f->reference = f->coming;
    f->next = SIM_NEVER;
    known_at_last(dev, now);
}
