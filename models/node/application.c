/* An application: it registers at its NSCL over mIa, finds the SCLs that it is about (those
 * that come by a subscription on `scls`, those that were there before by discovery), subscribes to
 * their containers and reads them. A device has one container, `readings`; a gateway has one for
 * each application behind it, which are found as the SCLs are, by a subscription on `containers`
 * and by discovery below the <scl>. On a device behind a gateway it does the same at that one's
 * GSCL over dIa, with the applications of its neighbours for the SCLs. One request at a time, in
 * the order of the plan; what fails is asked again after a while. */
#include "models/node/application_impl.h"

#include "models/node/actuate.h"
#include "models/node/follow.h"
#include "models/node/gateway.h"
#include "models/node/node_id.h"
#include "models/node/record.h"
#include "sim/base/siphash.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define IDLE (30 * SIM_S) /* until a session without a request is closed */

/* Of a gateway's <scl> it is what is below it that is wanted, whatever for. */
static bool is_wanted(const struct application *a, const struct watched *w)
{
    return application_config(a)->subscribe || (a->many && !w->container);
}

/* What is new of a device is subscribed to after a while: what it names as its accessRight, and its
 * container, it has to make first. A gateway's container is complete when one hears of it. */
void application_want(struct application *a, uint32_t i, bool again, sim_ns now)
{
    struct watched *w = application_watched(a, i);

    if (!is_wanted(a, w) || w->queued || w->subscribed)
        return;
    w->queued = true;
    if (a->many && w->container && !again)
        watch_put(&a->fresh, i, now);
    else
        watch_put(&a->later, i, sim_ns_add(now, application_config(a)->retry));
}

/* ---- what it knows ---- */

void application_id(const struct server *s, char out[NODE_NAME_MAX])
{
    node_name(s->population, s->index, out);
}

struct server *application_nscl(const struct server *s)
{
    return server_for(s->population->d, s->population->config->server->nscl, s->index);
}

struct device *application_gateway(const struct server *s)
{
    struct deployment *d = s->population->d;
    struct population *p;

    if (s->population->config->kind != CFG_APPLICATION ||
        s->population->config->server->application.behind == CFG_NONE)
        return NULL;
    p = &d->populations[s->population->config->server->application.behind];
    return &p->devices[s->index % p->config->count];
}

struct population *application_devices(const struct server *s)
{
    return &s->population->d->populations[s->population->config->server->application.devices];
}

bool application_observes(const struct server *s, const struct population *devices)
{
    const struct population *p;

    if (s->population->config->kind != CFG_APPLICATION || application_gateway(s))
        return false;
    p = application_devices(s);
    return p == devices ||
           (p->config->kind == CFG_LOCAL && p->config->device->local.behind == devices->index);
}

bool application_hears(struct application *a, struct span notify)
{
    struct deployment_counts *counts = &application_deployment(a)->counts;
    struct siphash h;
    uint64_t digest[2];
    bool again;

    /* Its NSCL tries one until it is taken, so a repetition comes right behind. */
    siphash_init(&h, 0, 0);
    siphash_put(&h, notify);
    siphash_end(&h, digest);
    again = memcmp(digest, a->heard, sizeof digest) == 0;
    memcpy(a->heard, digest, sizeof digest);
    counts->notified += !again;
    a->taken += !again;
    counts->repeated += again;
    return !again;
}

uint64_t application_taken(const struct application *a)
{
    return a->taken;
}

bool application_wants(const struct application *a, struct span resource)
{
    return m2m_list_has(resource, E_SEARCH_STRINGS, E_SEARCH_STRING,
                        application_devices(a->node)->config->name);
}

/* The rounds of reading and commanding begin when there is somebody to read from. */
static void begin_rounds(struct application *a, sim_ns now)
{
    if (application_config(a)->read.every && a->read_due == SIM_NEVER)
        a->read_due = sim_ns_add(now, application_config(a)->read.every);
    if (application_config(a)->command.every && a->command_due == SIM_NEVER)
        a->command_due = sim_ns_add(now, application_config(a)->command.every);
}

/* container: NULL for the SCL itself. */
static void hear_of(struct application *a, const uint8_t node_id[M2M_NODE_ID_LEN],
                    const char *container, bool there, sim_ns now)
{
    struct watched *w;
    uint32_t i;

    i = watch_find(&a->watch, node_id, container);
    if (i == WATCH_NONE && !there)
        return;
    if (i == WATCH_NONE) {
        i = watch_add(&a->watch, node_id, container);
        a->readable += container || !a->many;
    }
    w = application_watched(a, i);
    /* What was subscribed to went with it. */
    if (!there || !w->there)
        w->subscribed = false;
    w->there = there;
    if (!there && a->many && !container)
        watch_lose_containers(&a->watch, node_id);
    if (there) {
        application_want(a, i, false, now);
        begin_rounds(a, now);
    }
    application_arm(a, now);
}

void application_hears_of(struct application *a, const char *scl_id, bool there, sim_ns now)
{
    uint8_t node_id[M2M_NODE_ID_LEN];

    if (!a->gateway && node_id_of_scl(scl_id, node_id))
        hear_of(a, node_id, NULL, there, now);
}

void application_hears_of_container(struct application *a, const char *scl_id,
                                    const char *container, bool there, sim_ns now)
{
    uint8_t node_id[M2M_NODE_ID_LEN];

    if (a->many && node_id_of_scl(scl_id, node_id))
        hear_of(a, node_id, container, there, now);
}

void application_hears_of_application(struct application *a, const char *app_id, bool there,
                                      sim_ns now)
{
    static const uint8_t none[M2M_NODE_ID_LEN] = {0};

    if (a->gateway)
        hear_of(a, none, app_id, there, now);
}

/* ---- what is due ---- */

/* The next container that is there, from read_at on; WATCH_NONE: none. */
static uint32_t next_to_read(const struct application *a)
{
    for (uint32_t k = 0; k < a->watch.count; k++) {
        uint32_t i = (a->read_at + k) % a->watch.count;
        if (application_watched(a, i)->there && (application_watched(a, i)->container || !a->many))
            return i;
    }
    return WATCH_NONE;
}

static sim_ns later(sim_ns a, sim_ns b)
{
    return a > b ? a : b;
}

static void earlier(enum errand *best, sim_ns *due, enum errand errand, sim_ns at)
{
    if (at >= *due)
        return;
    *best = errand;
    *due = at;
}

/* What is next, and since when it is due. The beginning comes first, then what is due first. */
static enum errand next_errand(const struct application *a, sim_ns *due)
{
    const struct watch_turn *fresh = watch_front(&a->fresh), *later_one = watch_front(&a->later),
                            *order = watch_front(&a->orders);
    const struct watch *w = &a->watch;
    enum errand best = NOTHING;

    *due = later(a->hold, application_config(a)->start);
    if (!a->registered)
        return REGISTER;
    if (!a->watching)
        return WATCH;
    if (!a->discovered)
        return DISCOVER;
    *due = SIM_NEVER;
    earlier(&best, due, SUBSCRIBE, fresh ? fresh->due : SIM_NEVER);
    earlier(&best, due, SUBSCRIBE, later_one ? later_one->due : SIM_NEVER);
    earlier(&best, due, DISCOVER, w->part_count ? w->parts[w->part_count - 1].due : SIM_NEVER);
    if (a->read_due != SIM_NEVER && next_to_read(a) != WATCH_NONE)
        earlier(&best, due, READ, a->read_due);
    earlier(&best, due, COMMAND, a->command_due);
    earlier(&best, due, EXECUTE, order ? order->due : SIM_NEVER);
    earlier(&best, due, ASK, a->first_ordered ? a->first_ordered->due : SIM_NEVER);
    return best;
}

static enum procedure_kind kind_of(enum errand errand)
{
    switch (errand) {
    case REGISTER:
        return PROC_NA_REGISTRATION;
    case DISCOVER:
        return PROC_DISCOVERY;
    case WATCH:
    case SUBSCRIBE:
        return PROC_SUBSCRIPTION;
    case EXECUTE:
        return PROC_COMMAND;
    case READ:
    case ASK:
    case COMMAND:
    case NOTHING:
        break;
    }
    return PROC_READ;
}

/* A round of commands: to which SCLs is drawn for each. */
static void order_round(struct application *a)
{
    struct rng r = rng_stream(application_deployment(a)->in.seed, a->id, "commands");

    r.counter = (uint64_t)a->rounds++ << 32;
    for (uint32_t i = 0; i < a->watch.count; i++)
        if (application_watched(a, i)->there &&
            !(a->many && application_watched(a, i)->container) &&
            rng_below(&r, 1000000) < application_config(a)->command.share_ppm)
            watch_put(&a->orders, i, a->command_due);
    a->command_due = sim_ns_add(a->command_due, application_config(a)->command.every);
}

/* Of two that are due, the one that is longer; of equals the new one, as next_errand has it. */
static uint32_t take_subscription(struct application *a)
{
    const struct watch_turn *fresh = watch_front(&a->fresh), *later_one = watch_front(&a->later);

    return watch_take(fresh && (!later_one || fresh->due <= later_one->due) ? &a->fresh
                                                                            : &a->later);
}

static void choose(struct application *a)
{
    switch (a->errand) {
    case SUBSCRIBE:
        a->about = take_subscription(a);
        application_watched(a, a->about)->queued = false;
        break;
    case READ:
        a->about = next_to_read(a);
        a->read_at = a->about + 1;
        a->read_due = sim_ns_add(a->read_due, application_config(a)->read.every / a->readable);
        break;
    case COMMAND:
        order_round(a);
        break;
    case EXECUTE:
        a->about = watch_take(&a->orders);
        break;
    case NOTHING:
    case REGISTER:
    case WATCH:
    case DISCOVER:
    case ASK:
        break;
    }
}

static void begin(struct application *a, sim_ns now)
{
    sim_ns due = now;

    a->errand = next_errand(a, &due);
    choose(a);
    if (a->errand == COMMAND || ((a->errand == SUBSCRIBE || a->errand == EXECUTE) &&
                                 !application_watched(a, a->about)->there))
        return; /* it went meanwhile */
    a->proc = record_begin(a->node->population, a->node->node_id, kind_of(a->errand),
                           a->gateway ? "dia" : "http", due, now);
    a->proc->peer_id = a->gateway ? device_node(a->gateway) : a->nscl->node_id;
    a->proc->attempts = 1;
    caller_call(a->caller, a->proc, now);
}

static void timer_commit(struct sim *sim, struct sim_event *ev)
{
    struct application *a =
        (struct application *)((char *)ev - offsetof(struct application, timer));
    sim_ns now = sim_now(sim), due;

    while (!a->proc && next_errand(a, &due) != NOTHING && due <= now)
        begin(a, now);
    application_arm(a, now);
}

static const struct sim_event_ops timer_ops = {"application-timer", NULL, timer_commit};

void application_arm(struct application *a, sim_ns now)
{
    struct sim *sim = application_deployment(a)->sim;
    sim_ns due;

    sim_cancel(sim, &a->timer);
    if (a->off || a->proc || next_errand(a, &due) == NOTHING)
        return;
    sim_schedule(sim, &a->timer, due > now ? due : now);
}

/* ---- life ---- */

void application_init(struct server *s)
{
    struct application *a = s->application = xcalloc(1, sizeof *a);

    a->node = s;
    a->gateway = application_gateway(s);
    a->nscl = a->gateway ? NULL : application_nscl(s);
    a->read_due = a->command_due = SIM_NEVER;
    a->last_ordered = &a->first_ordered;
    a->many = !a->gateway && application_devices(s)->config->kind != CFG_DEVICE;
    a->watch.applications = a->gateway != NULL;
    watch_want_part(&a->watch, WATCH_NONE, 0);
    application_id(s, a->id);
    a->caller = caller_new(
        &(struct caller_settings){.from = s,
                                  .to = a->nscl,
                                  .gateway = a->gateway,
                                  .listener = a->gateway ? &a->gateway->gateway->applications
                                                         : &a->nscl->mia,
                                  .requesting_entity = a->id,
                                  .timeout = application_config(a)->timeout,
                                  .idle = IDLE},
        &application_caller, a);
    a->actuate = actuate_new(s, a->nscl, a->id);
    a->follow = follow_new(s, a->nscl, a->id);
    sim_event_init(&a->timer, &timer_ops, NULL);
    application_arm(a, 0);
}

/* What it knows is on its disk; what it was asking, it asks again. */
void application_set_off(struct server *s, bool off)
{
    struct application *a = s->application;
    sim_ns now = node_now(s->population->d);

    if (!a)
        return;
    a->off = off;
    caller_vanish(a->caller, now);
    if (a->proc)
        application_failed(a, now, REASON_OUTAGE);
    actuate_set_off(a->actuate, off, now);
    follow_set_off(a->follow, off, now);
    application_arm(a, now);
}

void application_finish(struct server *s, sim_ns now)
{
    struct application *a = s->application;

    if (!a)
        return;
    actuate_finish(a->actuate, now);
    follow_finish(a->follow, now);
    if (!a->proc)
        return;
    caller_vanish(a->caller, now);
    record_unfinished(application_deployment(a), a->proc, now);
    a->proc = NULL;
}

void application_free(struct server *s)
{
    struct application *a = s->application;

    if (!a)
        return;
    sim_cancel(application_deployment(a)->sim, &a->timer);
    caller_free(a->caller);
    watch_release(&a->watch);
    watch_queue_release(&a->fresh);
    watch_queue_release(&a->later);
    watch_queue_release(&a->orders);
    actuate_free(a->actuate);
    follow_free(a->follow);
    while (a->first_ordered) {
        struct ordered *o = a->first_ordered;
        a->first_ordered = o->next;
        free(o);
    }
    free(a);
    s->application = NULL;
}
