/* From a gateway's store to the NSCL: one session of mId for all that waits, request after request,
 * each kept until it is acknowledged. What the NSCL has already (409: its answer to an earlier
 * attempt was lost) is delivered. */
#include "models/node/application.h"
#include "models/node/gateway.h"

#include "sim/base/str.h"

#include <stdio.h>

static const struct cfg_device *config(const struct device *dev)
{
    return dev->population->config->device;
}

/* ---- when ---- */

static enum ledger_part waits_for(const struct device *dev, sim_ns now)
{
    const struct gateway *g = dev->gateway;

    if (dev->proc && dev->proc->kind == PROC_FORWARD)
        return dev->attempting ? PART_QUEUE : PART_BACKOFF;
    return g->blocked_until > now ? PART_BACKOFF : PART_OTHER;
}

void gateway_clock(struct device *dev, sim_ns now)
{
    enum ledger_part part = waits_for(dev, now);

    if (dev->gateway->notices && part != dev->gateway->clock.part)
        outbox_clock(dev->gateway, part, now);
    ledger_switch(&dev->gateway->clock, now, part);
}

sim_ns gateway_forward_at(const struct device *dev)
{
    const struct gateway *g = dev->gateway;
    sim_ns due = g->said ? sim_ns_min(g->due, g->said_due) : g->due;

    if (due == SIM_NEVER)
        return SIM_NEVER;
    return due > g->blocked_until ? due : g->blocked_until;
}

bool gateway_is_blocked(struct device *dev, sim_ns now)
{
    const struct cfg_device *c = config(dev);
    struct gateway *g = dev->gateway;

    g->failed++;
    if (!c->store.blocked_after || g->failed < c->store.blocked_after)
        return false;
    g->failed = 0;
    g->blocked_until = sim_ns_add(now, c->store.blocked_for);
    return true;
}

void gateway_registered(struct device *dev, sim_ns now)
{
    dev->gateway->epoch++;
    outbox_anew(dev->gateway, now);
}

/* ---- an attempt ---- */

/* What the procedure that forwards has cost so far. */
static struct delivery_cost cost_of(struct device *dev, sim_ns now)
{
    struct procedure *p = dev->proc;
    struct delivery_cost c;

    device_book(dev);
    procedure_clock(p, now);
    c = (struct delivery_cost){.device_ns = p->device_ns,
                               .server_ns = p->server_ns,
                               .energy_nj = p->energy_nj,
                               .octets_up = p->octets_up,
                               .octets_down = p->octets_down,
                               .messages = p->messages,
                               .round_trips = p->round_trips};
    memcpy(c.parts, p->ledger.parts, sizeof c.parts);
    return c;
}

static uint32_t *container_of(struct gateway *g, const struct stored *s)
{
    return s->local ? &s->local->container : &g->container;
}

bool gateway_choose(struct device *dev, sim_ns now)
{
    struct gateway *g = dev->gateway;
    struct delivery_cost cost = cost_of(dev, now);
    struct stored *s;

    if (outbox_choose(g, &cost, now))
        return true;
    s = store_take(g, now);
    if (!s)
        return false;
    s->attempts++;
    s->mark = cost;
    g->sending_container = *container_of(g, s) != g->epoch;
    return true;
}

void gateway_stop(struct device *dev, sim_ns now)
{
    struct gateway *g = dev->gateway;
    struct delivery_cost cost;

    if (!g->saying && !g->sending)
        return;
    cost = cost_of(dev, now);
    outbox_stop(g, &cost, now);
    if (!g->sending)
        return;
    store_book(g->sending, &cost);
    store_put_back(g, now);
}

/* ---- prepare ---- */

static void app_id_of(const struct stored *s, char out[NODE_NAME_MAX])
{
    if (s->local)
        local_app_id(s->local, out);
    else
        str_append(out, NODE_NAME_MAX, 0, GATEWAY_OWN);
}

static void write_container(const struct device *dev, const char *scl_id, const char *app_id,
                            struct device_request *r)
{
    const struct stored *s = dev->gateway->sending;
    const struct population *p = s->local ? s->local->population : dev->population;

    r->label = "CREATE container";
    snprintf(r->target, sizeof r->target, "/m2m/scls/%s/containers", scl_id);
    r->doc.kind = DOC_CONTAINER;
    snprintf(r->doc.u.container.id, sizeof r->doc.u.container.id, "%s", app_id);
    r->doc.u.container.max_instances = p->config->device->report.keep;
    if (observed_is_sought(p))
        observed_container(p, scl_id, &r->doc);
}

void gateway_write(const struct device *dev, const char *scl_id, struct device_request *r)
{
    const struct gateway *g = dev->gateway;
    const struct stored *s = g->sending;
    struct doc_content_instance *c = &r->doc.u.content_instance;
    char app_id[NODE_NAME_MAX];

    if (g->saying) {
        outbox_write(g, r);
        return;
    }
    app_id_of(s, app_id);
    if (g->sending_container) {
        write_container(dev, scl_id, app_id, r);
        return;
    }
    r->label = "CREATE contentInstance";
    snprintf(r->target, sizeof r->target, "/m2m/scls/%s/containers/%s/contentInstances", scl_id,
             app_id);
    r->doc.kind = DOC_CONTENT_INSTANCE;
    snprintf(c->id, sizeof c->id, "%s", s->id);
    snprintf(c->content_type, sizeof c->content_type, "application/octet-stream");
    c->content = span_of(s->octets, s->n);
}

/* ---- answers ---- */

/* It was understood and will not be taken, today or tomorrow; what depends on who asks (401, 403,
 * 404) is the device's to mend. */
static bool is_refused(int status)
{
    return status == STATUS_BAD_REQUEST || status == STATUS_METHOD_NOT_ALLOWED ||
           status == STATUS_NOT_ACCEPTABLE || status == STATUS_UNSUPPORTED_MEDIA_TYPE ||
           status == 413;
}

static void end_sending(struct device *dev, sim_ns now, enum reason reason)
{
    struct gateway *g = dev->gateway;
    struct stored *s = g->sending;
    struct delivery_cost cost = cost_of(dev, now);

    g->sending = NULL;
    store_book(s, &cost);
    store_end(g, s, now, reason == REASON_NONE ? "success" : "failed", reason);
}

/* More of what waits goes in this session, due or not. */
static void go_on(struct device *dev, sim_ns now)
{
    struct gateway *g = dev->gateway;

    if (!g->sending && !g->saying && !gateway_choose(dev, now)) {
        dev->failures = 0;
        device_procedure_done(dev, now, "success", REASON_NONE);
        return;
    }
    dev->due = now + config(dev)->timeout.procedure;
    dev->end->request_wanted = true;
    session_poke(dev->end->session, now);
}

void gateway_answered(struct device *dev, const struct mid_response *r, sim_ns now)
{
    struct gateway *g = dev->gateway;
    bool there = r->status == STATUS_CONFLICT;
    struct delivery_cost cost = cost_of(dev, now);
    bool said = g->saying && outbox_answered(g, r, is_refused(r->status), &cost, now);

    if (!said && (g->saying || (r->reason != REASON_NONE && !there && !is_refused(r->status)))) {
        device_attempt_failed(dev, now, r->reason, r->retry_after_s);
        return;
    }
    g->failed = 0;
    if (said) {
        go_on(dev, now);
        return;
    }
    if (r->reason != REASON_NONE && !there) {
        end_sending(dev, now, r->reason);
    } else if (g->sending_container) {
        *container_of(g, g->sending) = g->epoch;
        g->sending_container = false;
    } else {
        end_sending(dev, now, REASON_NONE);
    }
    go_on(dev, now);
}
