/* Requests to actuators: UPDATE or RETRIEVE of an application's state behind a gateway, by its
 * absolute URI, over mIa. None is asked twice: an actuator that did it, and whose answer was lost,
 * would do it again. */
#include "models/node/actuate.h"

#include "models/node/lanes.h"
#include "models/node/retarget.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>

#define LANES    32u      /* requests at one time */
#define NUMBERED 1000000u /* sessions of a lane */

struct actuate {
    struct server *node;
    const char *app_id;
    struct lanes *lanes;
    sim_ns due; /* the next; SIM_NEVER: not registered yet */
    uint32_t at;
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

static bool write_request(void *arg, uint32_t whom, sim_ns due, struct mid_client *c, sim_ns now)
{
    const struct actuate *a = arg;
    uint32_t n = config(a)->actuate.octets;
    struct m2m_doc doc = {.kind = DOC_CONTENT_INSTANCE};
    struct doc_content_instance *instance = &doc.u.content_instance;
    char target[M2M_MAX_URI];
    uint8_t *content;
    struct rng r;
    bool asked;

    local_apoc_target(&actuators(a)->locals[whom], target, sizeof target);
    if (config(a)->actuate.what == CFG_ACTUATE_GET)
        return mid_client_request(c, now, "RETRIEVE aPoC", HTTP_GET, target, NULL);
    content = xcalloc(1, n);
    r = rng_stream(deployment_of(a)->in.seed, a->app_id, "actuate");
    r.counter = (uint64_t)due;
    rng_bytes(&r, content, n);
    snprintf(instance->id, sizeof instance->id, "s%lld", (long long)(due / SIM_MS));
    snprintf(instance->content_type, sizeof instance->content_type, DEVICE_CONTENT_TYPE);
    instance->content = span_of(content, n);
    asked = mid_client_request(c, now, "UPDATE aPoC", HTTP_PUT, target, &doc);
    free(content);
    return asked;
}

/* ---- commit ---- */

static sim_ns due_at(void *arg)
{
    return ((const struct actuate *)arg)->due;
}

static void next(void *arg, sim_ns now)
{
    struct actuate *a = arg;
    const struct population *p = actuators(a);
    uint32_t whom = a->at;
    sim_ns due = a->due;

    a->at = (a->at + 1) % p->config->count;
    a->due = sim_ns_add(a->due, config(a)->actuate.every / p->config->count);
    lanes_ask(a->lanes, PROC_ACTUATE, whom, local_node(&p->locals[whom]), due, now);
}

static void over(void *arg, uint32_t whom, enum reason reason, sim_ns now)
{
    (void)arg;
    (void)whom;
    (void)reason;
    (void)now;
}

static const struct lanes_user lanes_user = {due_at, next, write_request, over};

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
    a->lanes = lanes_new(s, nscl, app_id, LANES, NUMBERED, &lanes_user, a);
    return a;
}

void actuate_begin(struct actuate *a, sim_ns now)
{
    if (!a || a->due != SIM_NEVER)
        return;
    a->due = sim_ns_add(now, config(a)->actuate.every);
    lanes_arm(a->lanes, now);
}

void actuate_set_off(struct actuate *a, bool off, sim_ns now)
{
    if (!a)
        return;
    if (!off && a->due != SIM_NEVER && a->due < now) /* what nobody asked is not made up for */
        a->due = now;
    lanes_set_off(a->lanes, off, now);
}

void actuate_finish(struct actuate *a, sim_ns now)
{
    if (a)
        lanes_finish(a->lanes, now);
}

void actuate_free(struct actuate *a)
{
    if (!a)
        return;
    lanes_free(a->lanes);
    free(a);
}
