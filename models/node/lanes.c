#include "models/node/lanes.h"

#include "models/node/caller.h"
#include "models/node/record.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

#define IDLE (30 * SIM_S) /* until a session without a request is closed */

struct lane {
    struct lanes *of;
    struct caller *caller;
    struct procedure *proc; /* NULL: nothing is being asked */
    sim_ns due;
    uint32_t whom;
};

struct lanes {
    struct sim_event timer;
    struct server *node;
    const struct lanes_user *user;
    void *arg;
    bool off;
    uint32_t count;
    struct lane lane[];
};

static struct deployment *deployment_of(const struct lanes *l)
{
    return l->node->population->d;
}

static struct lane *free_lane(struct lanes *l)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (!l->lane[i].proc)
            return &l->lane[i];
    return NULL;
}

static void timer_commit(struct sim *sim, struct sim_event *ev)
{
    struct lanes *l = (struct lanes *)((char *)ev - offsetof(struct lanes, timer));
    sim_ns now = sim_now(sim);

    while (l->user->due(l->arg) <= now && free_lane(l))
        l->user->next(l->arg, now);
    lanes_arm(l, now);
}

static const struct sim_event_ops timer_ops = {"lanes-timer", NULL, timer_commit};

void lanes_arm(struct lanes *l, sim_ns now)
{
    struct sim *sim = deployment_of(l)->sim;
    sim_ns due = l->user->due(l->arg);

    sim_cancel(sim, &l->timer);
    if (!l->off && due != SIM_NEVER && free_lane(l))
        sim_schedule(sim, &l->timer, due > now ? due : now);
}

/* ---- a lane ---- */

static bool write_request(void *arg, struct mid_client *c, sim_ns now)
{
    const struct lane *lane = arg;

    return lane->of->user->write(lane->of->arg, lane->whom, lane->due, c, now);
}

static void over(struct lane *lane, sim_ns now, enum reason reason)
{
    struct lanes *l = lane->of;
    struct procedure *p = lane->proc;

    lane->proc = NULL;
    record_end(deployment_of(l), p, now, reason == REASON_NONE ? "success" : "failed", reason);
    l->user->over(l->arg, lane->whom, reason, now);
    lanes_arm(l, now);
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

void lanes_ask(struct lanes *l, enum procedure_kind kind, uint32_t whom, int64_t peer_id,
               sim_ns due, sim_ns now)
{
    struct lane *lane = free_lane(l);

    lane->whom = whom;
    lane->due = due;
    lane->proc = record_begin(l->node->population, l->node->node_id, kind, "http", due, now);
    lane->proc->peer_id = peer_id;
    lane->proc->attempts = 1;
    caller_call(lane->caller, lane->proc, now);
}

/* ---- life ---- */

struct lanes *lanes_new(struct server *s, struct server *nscl, const char *app_id, uint32_t count,
                        uint32_t numbered, const struct lanes_user *user, void *arg)
{
    struct lanes *l = xcalloc(1, sizeof *l + count * sizeof l->lane[0]);

    l->node = s;
    l->user = user;
    l->arg = arg;
    l->count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct caller_settings settings = {.from = s,
                                           .to = nscl,
                                           .listener = &nscl->mia,
                                           .requesting_entity = app_id,
                                           .timeout =
                                               s->population->config->server->application.timeout,
                                           .idle = IDLE,
                                           .first_session = (i + 1) * numbered};

        l->lane[i].of = l;
        l->lane[i].caller = caller_new(&settings, &caller_user, &l->lane[i]);
    }
    sim_event_init(&l->timer, &timer_ops, NULL);
    return l;
}

void lanes_set_off(struct lanes *l, bool off, sim_ns now)
{
    l->off = off;
    for (uint32_t i = 0; i < l->count; i++) {
        caller_vanish(l->lane[i].caller, now);
        if (l->lane[i].proc)
            over(&l->lane[i], now, REASON_OUTAGE);
    }
    lanes_arm(l, now);
}

void lanes_finish(struct lanes *l, sim_ns now)
{
    for (uint32_t i = 0; i < l->count; i++) {
        if (!l->lane[i].proc)
            continue;
        caller_vanish(l->lane[i].caller, now);
        record_unfinished(deployment_of(l), l->lane[i].proc, now);
        l->lane[i].proc = NULL;
    }
}

void lanes_free(struct lanes *l)
{
    sim_cancel(deployment_of(l)->sim, &l->timer);
    for (uint32_t i = 0; i < l->count; i++)
        caller_free(l->lane[i].caller);
    free(l);
}
