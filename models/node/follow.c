/* Subscriptions at gateways: CREATE of a subscription below each container of the devices that an
 * application follows, at its URI in their gateway's tree, over mIa. Several are under way at one
 * time, each on a session of its own, so that one gateway that does not answer keeps nobody else
 * waiting; what is not there yet, or is not answered, is asked again after a while. */
#include "models/node/follow.h"

#include "models/node/application.h"
#include "models/node/caller.h"
#include "models/node/gateway.h"
#include "models/node/record.h"
#include "models/node/watch.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

#define LANES    8            /* requests at one time */
#define IDLE     (30 * SIM_S) /* until a session without a request is closed */
#define NUMBERED 100000000u   /* sessions of a lane, apart from those to actuators */

struct lane {
    struct follow *f;
    struct caller *caller;
    struct procedure *proc; /* NULL: nothing is being asked */
    uint32_t whom;
};

struct follow {
    struct sim_event timer;
    struct server *node;
    const char *app_id;
    struct lane lanes[LANES];
    struct watch_queue turns; /* devices that it has not subscribed to, by when they are due */
    bool begun, off;
};

static const struct cfg_application *config(const struct follow *f)
{
    return &f->node->population->config->server->application;
}

static struct deployment *deployment_of(const struct follow *f)
{
    return f->node->population->d;
}

static struct population *followed(const struct follow *f)
{
    return &deployment_of(f)->populations[config(f)->follow];
}

bool follow_is_of(const struct server *s, const struct population *p)
{
    return s->population->config->kind == CFG_APPLICATION &&
           s->population->config->server->application.follow == p->index;
}

/* ---- requests: prepare ---- */

static bool write_request(void *arg, struct mid_client *c, sim_ns now)
{
    const struct lane *lane = arg;
    const struct follow *f = lane->f;
    const struct local *l = &followed(f)->locals[lane->whom];
    char scl_id[M2M_MAX_URI], path[2 * NODE_NAME_MAX], app_id[NODE_NAME_MAX];
    char target[2 * M2M_MAX_URI], contact[M2M_MAX_URI];
    uint8_t node_id[M2M_NODE_ID_LEN];
    struct m2m_doc doc = {.kind = DOC_NONE};
    struct m2m_rep rep;
    bool asked;
    size_t n;

    device_node_id(local_gateway(l), node_id);
    node_scl_id(node_id, scl_id);
    local_app_id(l, app_id);
    gateway_path(path, sizeof path, app_id, PLACE_INSTANCES);
    n = str_append(target, sizeof target, 0, "http://");
    n = str_append(target, sizeof target, n, scl_id);
    n = str_append(target, sizeof target, n, ".m2m.example");
    n = str_append(target, sizeof target, n, path);
    str_append(target, sizeof target, n, "/subscriptions");
    contact_uri(f->node, contact, sizeof contact);
    m2m_rep_init(&rep, M2M_SUBSCRIPTION);
    m2m_put_text(&rep, E_ID, f->app_id);
    if (config(f)->spacing)
        m2m_put_number(&rep, E_MINIMAL_TIME, config(f)->spacing / SIM_MS);
    m2m_put_text(&rep, E_CONTACT, contact);
    observed_take(&rep, &doc);
    asked = mid_client_request(c, now, "CREATE subscription", HTTP_POST, target, &doc);
    m2m_doc_release(&doc);
    return asked;
}

/* ---- commit ---- */

static void arm(struct follow *f, sim_ns now);

/* What is there from an earlier request, whose answer was lost, is as good. */
static void over(struct lane *lane, sim_ns now, enum reason reason)
{
    struct follow *f = lane->f;
    struct procedure *p = lane->proc;

    lane->proc = NULL;
    if (reason != REASON_NONE && reason != REASON_CONFLICT)
        watch_put(&f->turns, lane->whom, sim_ns_add(now, config(f)->retry));
    record_end(deployment_of(f), p, now, reason == REASON_NONE ? "success" : "failed", reason);
    arm(f, now);
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

static struct lane *free_lane(struct follow *f)
{
    for (unsigned i = 0; i < LANES; i++)
        if (!f->lanes[i].proc)
            return &f->lanes[i];
    return NULL;
}

static void begin(struct lane *lane, sim_ns now)
{
    struct follow *f = lane->f;
    sim_ns due = watch_front(&f->turns)->due;

    lane->whom = watch_take(&f->turns);
    lane->proc =
        record_begin(f->node->population, f->node->node_id, PROC_SUBSCRIPTION, "http", due, now);
    lane->proc->peer_id = device_node(local_gateway(&followed(f)->locals[lane->whom]));
    lane->proc->attempts = 1;
    caller_call(lane->caller, lane->proc, now);
}

static void timer_commit(struct sim *sim, struct sim_event *ev)
{
    struct follow *f = (struct follow *)((char *)ev - offsetof(struct follow, timer));
    const struct watch_turn *turn;
    sim_ns now = sim_now(sim);
    struct lane *lane;

    while ((turn = watch_front(&f->turns)) && turn->due <= now && (lane = free_lane(f)))
        begin(lane, now);
    arm(f, now);
}

static const struct sim_event_ops timer_ops = {"follow-timer", NULL, timer_commit};

static void arm(struct follow *f, sim_ns now)
{
    const struct watch_turn *turn = watch_front(&f->turns);
    struct sim *sim = deployment_of(f)->sim;

    sim_cancel(sim, &f->timer);
    if (!f->off && turn && free_lane(f))
        sim_schedule(sim, &f->timer, turn->due > now ? turn->due : now);
}

/* ---- life ---- */

struct follow *follow_new(struct server *s, struct server *nscl, const char *app_id)
{
    const struct cfg_application *c = &s->population->config->server->application;
    struct follow *f;

    if (!nscl || c->follow == CFG_NONE)
        return NULL;
    f = xcalloc(1, sizeof *f);
    f->node = s;
    f->app_id = app_id;
    for (uint32_t i = 0; i < LANES; i++) {
        f->lanes[i].f = f;
        f->lanes[i].caller =
            caller_new(&(struct caller_settings){.from = s,
                                                 .to = nscl,
                                                 .listener = &nscl->mia,
                                                 .requesting_entity = app_id,
                                                 .timeout = c->timeout,
                                                 .idle = IDLE,
                                                 .first_session = (i + 1) * NUMBERED},
                       &caller_user, &f->lanes[i]);
    }
    sim_event_init(&f->timer, &timer_ops, NULL);
    return f;
}

void follow_begin(struct follow *f, sim_ns now)
{
    if (!f || f->begun)
        return;
    f->begun = true;
    for (uint32_t i = 0; i < followed(f)->config->count; i++)
        watch_put(&f->turns, i, now);
    arm(f, now);
}

void follow_set_off(struct follow *f, bool off, sim_ns now)
{
    if (!f)
        return;
    f->off = off;
    for (unsigned i = 0; i < LANES; i++) {
        caller_vanish(f->lanes[i].caller, now);
        if (f->lanes[i].proc)
            over(&f->lanes[i], now, REASON_OUTAGE);
    }
    arm(f, now);
}

void follow_finish(struct follow *f, sim_ns now)
{
    for (unsigned i = 0; f && i < LANES; i++) {
        if (!f->lanes[i].proc)
            continue;
        caller_vanish(f->lanes[i].caller, now);
        record_unfinished(deployment_of(f), f->lanes[i].proc, now);
        f->lanes[i].proc = NULL;
    }
}

void follow_free(struct follow *f)
{
    if (!f)
        return;
    sim_cancel(deployment_of(f)->sim, &f->timer);
    for (unsigned i = 0; i < LANES; i++)
        caller_free(f->lanes[i].caller);
    watch_queue_release(&f->turns);
    free(f);
}
