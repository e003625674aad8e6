/* Requests to actuators: UPDATE or RETRIEVE of an application's state behind a gateway, by its
 * absolute URI, over mIa. Several are under way at one time, each on a session of its own, so that
 * one gateway that does not answer keeps nobody else waiting. None is asked twice: an actuator that
 * did it, and whose answer was lost, would do it again. */
#include "models/node/actuate.h"

#include "models/node/caller.h"
#include "models/node/record.h"
#include "models/node/retarget.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>

#define LANES    32           /* requests at one time */
#define IDLE     (30 * SIM_S) /* until a session without a request is closed */
#define NUMBERED 1000000u     /* sessions of a lane */

struct lane {
    struct actuate *a;
    struct caller *caller;
    struct procedure *proc; /* NULL: nothing is being asked */
    struct local *whom;
    sim_ns due;
};

struct actuate {
    struct sim_event timer;
    struct server *node;
    const char *app_id;
    struct lane lanes[LANES];
    sim_ns due; /* the next; SIM_NEVER: not registered yet */
    uint32_t at;
    bool off;
};

static const struct cfg_application *config(const struct actuate *a)
{
    return &a->node->population->config->server->application;
}

static struct deployment *deployment_of(const struct actuate *a)
{
    return a->node->population->d;
}

static struct population *actuators(const struct actuate *a)
{
    return &deployment_of(a)->populations[config(a)->actuate.actuators];
}

/* ---- requests: prepare ---- */

static bool write_request(void *arg, struct mid_client *c, sim_ns now)
{
    const struct lane *lane = arg;
    const struct actuate *a = lane->a;
    uint32_t n = config(a)->actuate.octets;
    struct m2m_doc doc = {.kind = DOC_CONTENT_INSTANCE};
    struct doc_content_instance *instance = &doc.u.content_instance;
    char target[M2M_MAX_URI];
    uint8_t *content;
    struct rng r;
    bool asked;

    local_apoc_target(lane->whom, target, sizeof target);
    if (config(a)->actuate.what == CFG_ACTUATE_GET)
        return mid_client_request(c, now, "RETRIEVE aPoC", HTTP_GET, target, NULL);
    content = xcalloc(1, n);
    r = rng_stream(deployment_of(a)->in.seed, a->app_id, "actuate");
    r.counter = (uint64_t)lane->due;
    rng_bytes(&r, content, n);
    snprintf(instance->id, sizeof instance->id, "s%lld", (long long)(lane->due / SIM_MS));
    snprintf(instance->content_type, sizeof instance->content_type, DEVICE_CONTENT_TYPE);
    instance->content = span_of(content, n);
    asked = mid_client_request(c, now, "UPDATE aPoC", HTTP_PUT, target, &doc);
    free(content);
    return asked;
}

/* ---- commit ---- */

static void arm(struct actuate *a, sim_ns now);

static void over(struct lane *lane, sim_ns now, enum reason reason)
{
    struct procedure *p = lane->proc;

    lane->proc = NULL;
    record_end(deployment_of(lane->a), p, now, reason == REASON_NONE ? "success" : "failed",
               reason);
    arm(lane->a, now);
}

static void answered(void *arg, sim_ns now, const struct mid_response *r)
{
    over(arg, now, r->reason);
}

static void failed(void *arg, sim_ns now, enum reason reason)
{
    over(arg, now, reason);
}

static const struct caller_user caller_user = {write_request, answered, failed};

static struct lane *free_lane(struct actuate *a)
{
    for (unsigned i = 0; i < LANES; i++)
        if (!a->lanes[i].proc)
            return &a->lanes[i];
    return NULL;
}

static void begin(struct lane *lane, sim_ns now)
{
    struct actuate *a = lane->a;
    struct population *p = actuators(a);

    lane->whom = &p->locals[a->at];
    lane->due = a->due;
    a->at = (a->at + 1) % p->config->count;
    a->due = sim_ns_add(a->due, config(a)->actuate.every / p->config->count);
    lane->proc =
        record_begin(a->node->population, a->node->node_id, PROC_ACTUATE, "http", lane->due, now);
    lane->proc->peer_id = local_node(lane->whom);
    lane->proc->attempts = 1;
    caller_call(lane->caller, lane->proc, now);
}

static void timer_commit(struct sim *sim, struct sim_event *ev)
{
    struct actuate *a = (struct actuate *)((char *)ev - offsetof(struct actuate, timer));
    sim_ns now = sim_now(sim);
    struct lane *lane;

    while (a->due <= now && (lane = free_lane(a)))
        begin(lane, now);
    arm(a, now);
}

static const struct sim_event_ops timer_ops = {"actuate-timer", NULL, timer_commit};

static void arm(struct actuate *a, sim_ns now)
{
    struct sim *sim = deployment_of(a)->sim;

    sim_cancel(sim, &a->timer);
    if (!a->off && a->due != SIM_NEVER && free_lane(a))
        sim_schedule(sim, &a->timer, a->due > now ? a->due : now);
}

/* ---- life ---- */

struct actuate *actuate_new(struct server *s, struct server *nscl, const char *app_id)
{
    const struct cfg_application *c = &s->population->config->server->application;
    struct actuate *a;

    if (!nscl || c->actuate.every == 0 || c->actuate.actuators == CFG_NONE)
        return NULL;
    a = xcalloc(1, sizeof *a);
    a->node = s;
    a->app_id = app_id;
    a->due = SIM_NEVER;
    for (uint32_t i = 0; i < LANES; i++) {
        a->lanes[i].a = a;
        a->lanes[i].caller =
            caller_new(&(struct caller_settings){.from = s,
                                                 .to = nscl,
                                                 .listener = &nscl->mia,
                                                 .requesting_entity = app_id,
                                                 .timeout = c->timeout,
                                                 .idle = IDLE,
                                                 .first_session = (i + 1) * NUMBERED},
                       &caller_user, &a->lanes[i]);
    }
    sim_event_init(&a->timer, &timer_ops, NULL);
    return a;
}

void actuate_begin(struct actuate *a, sim_ns now)
{
    if (!a || a->due != SIM_NEVER)
        return;
    a->due = sim_ns_add(now, config(a)->actuate.every);
    arm(a, now);
}

void actuate_set_off(struct actuate *a, bool off, sim_ns now)
{
    if (!a)
        return;
    a->off = off;
    for (unsigned i = 0; i < LANES; i++) {
        caller_vanish(a->lanes[i].caller, now);
        if (a->lanes[i].proc)
            over(&a->lanes[i], now, REASON_OUTAGE);
    }
    if (!off && a->due != SIM_NEVER && a->due < now) /* what nobody asked is not made up for */
        a->due = now;
    arm(a, now);
}

void actuate_finish(struct actuate *a, sim_ns now)
{
    for (unsigned i = 0; a && i < LANES; i++) {
        if (!a->lanes[i].proc)
            continue;
        caller_vanish(a->lanes[i].caller, now);
        record_unfinished(deployment_of(a), a->lanes[i].proc, now);
        a->lanes[i].proc = NULL;
    }
}

void actuate_free(struct actuate *a)
{
    if (!a)
        return;
    sim_cancel(deployment_of(a)->sim, &a->timer);
    for (unsigned i = 0; i < LANES; i++)
        caller_free(a->lanes[i].caller);
    free(a);
}
