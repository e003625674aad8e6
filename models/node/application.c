/* An application: it registers at its NSCL over mIa, finds the SCLs that it is about (those
 * that come by a subscription on `scls`, those that were there before by discovery), subscribes to
 * their containers and reads them. A device has one container, `readings`; a gateway has one for
 * each application behind it, which are found as the SCLs are, by a subscription on `containers`
 * and by discovery below the <scl>. On a device behind a gateway it does the same at that one's
 * GSCL over dIa, with the applications of its neighbours for the SCLs. One request at a time, in
 * the order of the plan; what fails is asked again after a while. */
#include "models/node/application.h"

#include "models/node/actuate.h"
#include "models/node/caller.h"
#include "models/node/follow.h"
#include "models/node/gateway.h"
#include "models/node/longpoll.h"
#include "models/node/node_id.h"
#include "models/node/watch.h"
#include "models/proto/m2m_path.h"
#include "sim/base/siphash.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE         (30 * SIM_S) /* until a session without a request is closed */
#define ROOT         "m2m"
#define BASE         "/" ROOT
#define SCLS         BASE "/scls"
#define APPLICATIONS BASE "/applications"
#define READINGS     "readings" /* a device's only container */

enum errand { NOTHING, REGISTER, WATCH, DISCOVER, SUBSCRIBE, READ, COMMAND, EXECUTE, ASK };

/* A command under way, whose status is to be asked for. */
struct ordered {
    struct ordered *next;
    sim_ns due;
    char uri[M2M_MAX_URI]; /* of the execInstance */
};

struct application {
    struct sim_event timer;
    struct server *node, *nscl; /* nscl: NULL at a gateway */
    struct device *gateway;     /* NULL at an NSCL */
    struct caller *caller;
    struct actuate *actuate; /* NULL: it is about no actuators */
    struct follow *follow;   /* NULL: it subscribes to nothing at gateways */
    struct procedure *proc;  /* NULL: nothing is being asked */
    enum errand errand;
    uint32_t about; /* SUBSCRIBE, READ, EXECUTE: which */
    bool registered, watching, discovered, off;
    char id[NODE_NAME_MAX];
    bool many; /* it is about gateways, or devices behind them: containers have to be found */
    struct watch watch;
    uint32_t readable;                       /* containers that it knows of */
    struct watch_queue fresh, later, orders; /* to subscribe to, at once or after a while */
    struct ordered *first_ordered, **last_ordered;
    uint32_t rounds; /* of commands */
    sim_ns command_due;
    uint64_t heard[2]; /* a digest of the last notification */
    sim_ns hold;       /* nothing of the beginning before it: it failed */
    sim_ns read_due;   /* the next */
    uint32_t read_at;  /* which */
};

static const struct cfg_application *config(const struct application *a)
{
    return &a->node->population->config->server->application;
}

static struct deployment *deployment_of(const struct application *a)
{
    return a->node->population->d;
}

static struct watched *watched(const struct application *a, uint32_t i)
{
    return &a->watch.items[i];
}

/* Of a gateway's <scl> it is what is below it that is wanted, whatever for. */
static bool is_wanted(const struct application *a, const struct watched *w)
{
    return config(a)->subscribe || (a->many && !w->container);
}

/* What is new of a device is subscribed to after a while: what it names as its accessRight, and its
 * container, it has to make first. A gateway's container is complete when one hears of it. */
static void want_subscription(struct application *a, uint32_t i, bool again, sim_ns now)
{
    struct watched *w = watched(a, i);

    if (!is_wanted(a, w) || w->queued || w->subscribed)
        return;
    w->queued = true;
    if (a->many && w->container && !again)
        watch_put(&a->fresh, i, now);
    else
        watch_put(&a->later, i, sim_ns_add(now, config(a)->retry));
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

static struct population *devices_of(const struct server *s)
{
    return &s->population->d->populations[s->population->config->server->application.devices];
}

bool application_observes(const struct server *s, const struct population *devices)
{
    const struct population *p;

    if (s->population->config->kind != CFG_APPLICATION || application_gateway(s))
        return false;
    p = devices_of(s);
    return p == devices ||
           (p->config->kind == CFG_LOCAL && p->config->device->local.behind == devices->index);
}

bool application_hears(struct application *a, struct span notify)
{
    struct deployment_counts *counts = &deployment_of(a)->counts;
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
    counts->repeated += again;
    return !again;
}

bool application_wants(const struct application *a, struct span resource)
{
    return m2m_list_has(resource, E_SEARCH_STRINGS, E_SEARCH_STRING,
                        devices_of(a->node)->config->name);
}

static void arm(struct application *a, sim_ns now);

/* The rounds of reading and commanding begin when there is somebody to read from. */
static void begin_rounds(struct application *a, sim_ns now)
{
    if (config(a)->read.every && a->read_due == SIM_NEVER)
        a->read_due = sim_ns_add(now, config(a)->read.every);
    if (config(a)->command.every && a->command_due == SIM_NEVER)
        a->command_due = sim_ns_add(now, config(a)->command.every);
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
    w = watched(a, i);
    /* What was subscribed to went with it. */
    if (!there || !w->there)
        w->subscribed = false;
    w->there = there;
    if (!there && a->many && !container)
        watch_lose_containers(&a->watch, node_id);
    if (there) {
        want_subscription(a, i, false, now);
        begin_rounds(a, now);
    }
    arm(a, now);
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
        if (watched(a, i)->there && (watched(a, i)->container || !a->many))
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

    *due = later(a->hold, config(a)->start);
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
    struct rng r = rng_stream(deployment_of(a)->in.seed, a->id, "commands");

    r.counter = (uint64_t)a->rounds++ << 32;
    for (uint32_t i = 0; i < a->watch.count; i++)
        if (watched(a, i)->there && !(a->many && watched(a, i)->container) &&
            rng_below(&r, 1000000) < config(a)->command.share_ppm)
            watch_put(&a->orders, i, a->command_due);
    a->command_due = sim_ns_add(a->command_due, config(a)->command.every);
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
        watched(a, a->about)->queued = false;
        break;
    case READ:
        a->about = next_to_read(a);
        a->read_at = a->about + 1;
        a->read_due = sim_ns_add(a->read_due, config(a)->read.every / a->readable);
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
    if (a->errand == COMMAND ||
        ((a->errand == SUBSCRIBE || a->errand == EXECUTE) && !watched(a, a->about)->there))
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
    arm(a, now);
}

static const struct sim_event_ops timer_ops = {"application-timer", NULL, timer_commit};

static void arm(struct application *a, sim_ns now)
{
    struct sim *sim = deployment_of(a)->sim;
    sim_ns due;

    sim_cancel(sim, &a->timer);
    if (a->off || a->proc || next_errand(a, &due) == NOTHING)
        return;
    sim_schedule(sim, &a->timer, due > now ? due : now);
}

/* ---- requests: prepare ---- */

static bool ask(const struct application *a, struct mid_client *c, sim_ns now, const char *label,
                enum http_method method, const char *target, struct m2m_rep *rep)
{
    struct m2m_doc doc = {.kind = DOC_RESOURCE};
    bool asked;

    (void)a;
    if (!rep)
        return mid_client_request(c, now, label, method, target, NULL);
    doc.u.resource = (struct doc_resource){(int)rep->type, rep->n};
    doc.owned = rep->p;
    asked = mid_client_request(c, now, label, method, target, &doc);
    m2m_rep_clear(rep);
    return asked;
}

static bool ask_registration(const struct application *a, struct mid_client *c, sim_ns now)
{
    struct m2m_rep rep;

    m2m_rep_init(&rep, M2M_APPLICATION);
    m2m_put_text(&rep, E_APP_ID, a->id);
    return ask(a, c, now, "CREATE application", HTTP_POST, APPLICATIONS, &rep);
}

static bool ask_subscription(const struct application *a, struct mid_client *c, sim_ns now,
                             const char *target, sim_ns spacing)
{
    char contact[M2M_MAX_URI];
    struct m2m_rep rep;

    contact_uri(a->node, contact, sizeof contact);
    m2m_rep_init(&rep, M2M_SUBSCRIPTION);
    m2m_put_text(&rep, E_ID, a->id);
    if (spacing)
        m2m_put_number(&rep, E_MINIMAL_TIME, spacing / SIM_MS);
    m2m_put_text(&rep, E_CONTACT, contact);
    return ask(a, c, now, "CREATE subscription", HTTP_POST, target, &rep);
}

static bool ask_discovery(const struct application *a, struct mid_client *c, sim_ns now)
{
    const struct watch_part *part = &a->watch.parts[a->watch.part_count - 1];
    char target[2 * M2M_MAX_URI], path[M2M_MAX_URI], date[40];
    size_t n = str_append(target, sizeof target, 0, BASE "/discovery?searchString=");

    n = str_append(target, sizeof target, n, devices_of(a->node)->config->name);
    if (part->below != WATCH_NONE) {
        watch_path(&a->watch, part->below, BASE, path, sizeof path);
        n = str_append(target, sizeof target, n, "&searchPrefix=");
        n = str_append(target, sizeof target, n, path);
    } else if (a->many) { /* where to look, and not yet what is there */
        n = str_append(target, sizeof target, n, "&searchString=" OBSERVED_GATEWAY);
    }
    if (!part->whole) {
        m2m_datetime_write(part->since_ms * SIM_MS, date);
        n = str_append(target, sizeof target, n, "&createdSince=");
        n = str_append(target, sizeof target, n, date);
        m2m_datetime_write(part->until_ms * SIM_MS, date);
        n = str_append(target, sizeof target, n, "&createdUntil=");
        str_append(target, sizeof target, n, date);
    }
    return ask(a, c, now, "RETRIEVE discovery", HTTP_GET, target, NULL);
}

/* "/m2m/scls/SCL-ID/containers/NAME/contentInstances/LAST", or what is about the containers of a
 * gateway. */
static void target_of(const struct application *a, const char *last, char *out, size_t n)
{
    const struct watched *w = watched(a, a->about);

    watch_path(&a->watch, a->about, BASE, out, n);
    if (!a->many || !w->container)
        m2m_path_append(out, n, "containers");
    if (!a->many)
        m2m_path_append(out, n, READINGS);
    if (w->container || !a->many)
        m2m_path_append(out, n, "contentInstances");
    m2m_path_append(out, n, last);
}

static bool write_request(void *arg, struct mid_client *c, sim_ns now)
{
    const struct application *a = arg;
    char target[2 * M2M_MAX_URI];
    bool below;

    switch (a->errand) {
    case REGISTER:
        return ask_registration(a, c, now);
    case WATCH:
        return ask_subscription(
            a, c, now, a->gateway ? APPLICATIONS "/subscriptions" : SCLS "/subscriptions", 0);
    case DISCOVER:
        return ask_discovery(a, c, now);
    case SUBSCRIBE:
        below = a->many && !watched(a, a->about)->container;
        target_of(a, "subscriptions", target, sizeof target);
        return ask_subscription(a, c, now, target, below ? 0 : config(a)->spacing);
    case READ:
        target_of(a, config(a)->read.what == CFG_READ_LATEST ? "latest" : "oldest", target,
                  sizeof target);
        return ask(a, c, now, "RETRIEVE contentInstance", HTTP_GET, target, NULL);
    case EXECUTE:
        watch_path(&a->watch, a->about, BASE, target, sizeof target);
        m2m_path_append(target, sizeof target, "mgmtObjs");
        m2m_path_append(target, sizeof target,
                        config(a)->command.what == CFG_COMMAND_RESET ? "reset" : "firmware");
        m2m_path_append(target, sizeof target, "execEnable");
        return ask(a, c, now, "EXECUTE mgmtCmd", HTTP_POST, target, NULL);
    case ASK:
        return ask(a, c, now, "RETRIEVE execInstance", HTTP_GET, a->first_ordered->uri, NULL);
    case COMMAND:
    case NOTHING:
        break;
    }
    return false;
}

/* ---- answers ---- */

/* A containerAnnc, which holds no contentInstances, looks as a container does, but for its name. */
static bool is_announced(const char *name)
{
    size_t n = strlen(name);

    return n > 4 && strcmp(name + n - 4, "Annc") == 0;
}

/* URIs of SCLs, or of applications at a gateway, and of what stands below them. */
static void take_uris(struct application *a, const struct m2m_rep *rep, sim_ns now)
{
    struct span list;
    struct m2m_item item;
    struct m2m_path path;

    if (!m2m_find(m2m_rep_span(rep), E_DISCOVERY_URI, &list))
        return;
    while (m2m_next(&list, &item)) {
        if (m2m_path_parse(item.value, ROOT, &path) != M2M_PATH_OK || path.count < 3)
            continue;
        if (path.step[2].type == M2M_APPLICATION)
            application_hears_of_application(a, m2m_path_name(&path, 2), true, now);
        if (path.step[2].type != M2M_SCL)
            continue;
        application_hears_of(a, m2m_path_name(&path, 2), true, now);
        if (path.count == 5 && path.step[4].type == M2M_CONTAINER &&
            !is_announced(m2m_path_name(&path, 4)))
            application_hears_of_container(a, m2m_path_name(&path, 2), m2m_path_name(&path, 4),
                                           true, now);
    }
}

/* An answer that was cut short is asked for in halves, by when things were created; what is created
 * from now on is told by the subscriptions. */
static void take_discovery(struct application *a, const struct m2m_rep *rep, sim_ns now)
{
    int64_t epoch_ns = deployment_of(a)->in.epoch_unix_ns;

    take_uris(a, rep, now);
    if (m2m_find_number(m2m_rep_span(rep), E_TRUNCATED, 0) == 0)
        watch_end_part(&a->watch);
    else
        watch_halve_part(&a->watch, epoch_ns / SIM_MS, (epoch_ns + now) / SIM_MS + 1, now);
    if (a->watch.part_count == 0)
        a->discovered = true;
}

/* A gateway's containers from now on are told; those that were there before are asked for. */
static void subscribed(struct application *a, sim_ns now)
{
    struct watched *w = watched(a, a->about);

    w->subscribed = true;
    if (a->many && !w->container)
        watch_want_part(&a->watch, a->about, now);
}

/* The first goes behind the others, or is done with. */
static void take_status(struct application *a, bool over, sim_ns now)
{
    struct ordered *o = a->first_ordered;

    a->first_ordered = o->next;
    if (!o->next)
        a->last_ordered = &a->first_ordered;
    if (over) {
        free(o);
        return;
    }
    o->next = NULL;
    o->due = sim_ns_add(now, config(a)->retry);
    *a->last_ordered = o;
    a->last_ordered = &o->next;
}

/* From now on the command's procedure is the NSCL's to end; its status is asked for meanwhile. */
static void hand_over(struct application *a, const struct mid_response *r, sim_ns now)
{
    struct ordered *o = xcalloc(1, sizeof *o);

    snprintf(o->uri, sizeof o->uri, "%s", r->location);
    o->due = sim_ns_add(now, config(a)->retry);
    *a->last_ordered = o;
    a->last_ordered = &o->next;
    commands_attach(a->nscl, r->location, a->proc, now);
    a->proc = NULL;
}

static void succeeded(struct application *a, const struct mid_response *r, sim_ns now)
{
    switch (a->errand) {
    case REGISTER:
        a->registered = true;
        actuate_begin(a->actuate, now);
        follow_begin(a->follow, now);
        break;
    case WATCH:
        a->watching = true;
        break;
    case DISCOVER:
        take_discovery(a, &r->rep, now);
        break;
    case SUBSCRIBE:
        subscribed(a, now);
        break;
    case EXECUTE:
        hand_over(a, r, now);
        break;
    case ASK:
        take_status(a,
                    m2m_find_number(m2m_rep_span(&r->rep), E_EXEC_STATUS, 0) ==
                        observed_word(E_EXEC_STATUS, "FINISHED"),
                    now);
        break;
    case READ:
    case COMMAND:
    case NOTHING:
        break;
    }
}

/* It was there from an earlier request, whose answer was lost. */
static bool is_as_good(enum errand errand, enum reason reason)
{
    return reason == REASON_CONFLICT &&
           (errand == REGISTER || errand == WATCH || errand == SUBSCRIBE);
}

/* What is below an SCL is asked for again with the subscription that it belongs to. */
static void lose_part(struct application *a, sim_ns now)
{
    uint32_t below = a->watch.parts[a->watch.part_count - 1].below;

    if (below == WATCH_NONE)
        return;
    watch_end_part(&a->watch);
    watched(a, below)->subscribed = false;
    if (watched(a, below)->there)
        want_subscription(a, below, true, now);
}

static void refused(struct application *a, enum reason reason, sim_ns now)
{
    a->hold = sim_ns_add(now, config(a)->retry);
    if (a->errand == SUBSCRIBE && watched(a, a->about)->there)
        want_subscription(a, a->about, true, now);
    if (a->errand == DISCOVER)
        lose_part(a, now);
    if (a->errand == ASK && reason == REASON_NOT_FOUND)
        commands_lost(a->nscl, a->first_ordered->uri, now);
    if (a->errand == ASK)
        take_status(a, reason == REASON_NOT_FOUND, now);
}

static void over(struct application *a, sim_ns now, enum reason reason)
{
    struct procedure *p = a->proc;

    a->proc = NULL;
    if (p)
        record_end(deployment_of(a), p, now, reason == REASON_NONE ? "success" : "failed", reason);
    arm(a, now);
}

static void answered(void *arg, sim_ns now, const struct mid_response *r)
{
    struct application *a = arg;

    if (r->reason == REASON_NONE || is_as_good(a->errand, r->reason))
        succeeded(a, r, now);
    else
        refused(a, r->reason, now);
    over(a, now, r->reason);
}

static void failed(void *arg, sim_ns now, enum reason reason)
{
    struct application *a = arg;

    refused(a, reason, now);
    over(a, now, reason);
}

static const struct caller_user caller_user = {write_request, answered, failed};

/* ---- life ---- */

void application_init(struct server *s)
{
    struct application *a = s->application = xcalloc(1, sizeof *a);

    a->node = s;
    a->gateway = application_gateway(s);
    a->nscl = a->gateway ? NULL : application_nscl(s);
    a->read_due = a->command_due = SIM_NEVER;
    a->last_ordered = &a->first_ordered;
    a->many = !a->gateway && devices_of(s)->config->kind != CFG_DEVICE;
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
                                  .timeout = config(a)->timeout,
                                  .idle = IDLE},
        &caller_user, a);
    a->actuate = actuate_new(s, a->nscl, a->id);
    a->follow = follow_new(s, a->nscl, a->id);
    sim_event_init(&a->timer, &timer_ops, NULL);
    arm(a, 0);
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
    if (a->proc) {
        refused(a, REASON_OUTAGE, now);
        over(a, now, REASON_OUTAGE);
    }
    actuate_set_off(a->actuate, off, now);
    follow_set_off(a->follow, off, now);
    arm(a, now);
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
    record_unfinished(deployment_of(a), a->proc, now);
    a->proc = NULL;
}

void application_free(struct server *s)
{
    struct application *a = s->application;

    if (!a)
        return;
    sim_cancel(deployment_of(a)->sim, &a->timer);
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
