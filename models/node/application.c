/* A network application: it registers at its NSCL over mIa, finds the SCLs that it is about (those
 * that come by a subscription on `scls`, those that were there before by discovery), subscribes to
 * their containers and reads them. One request at a time, in the order of the plan; what fails is
 * asked again after a while. */
#include "models/node/application.h"

#include "models/node/caller.h"
#include "models/node/longpoll.h"
#include "models/node/node_id.h"
#include "sim/base/siphash.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE      (30 * SIM_S) /* until a session without a request is closed */
#define ROOT      "m2m"
#define BASE      "/" ROOT
#define SCLS      BASE "/scls"
#define CONTAINER "/containers/readings/contentInstances"

/* An SCL that it knows of. */
struct watched {
    uint8_t node_id[M2M_NODE_ID_LEN];
    bool there;      /* not gone since */
    bool subscribed; /* or there is no need */
    bool queued;     /* for a subscription */
};

/* SCLs that are to be asked for a subscription, in the order in which they are due. */
struct queue {
    struct waiting {
        uint32_t watched;
        sim_ns due;
    } * items;
    uint32_t first, count, room; /* room: a power of two */
};

enum errand { NOTHING, REGISTER, WATCH, DISCOVER, SUBSCRIBE, READ, COMMAND, EXECUTE, ASK };

/* A command under way, whose status is to be asked for. */
struct ordered {
    struct ordered *next;
    sim_ns due;
    char uri[M2M_MAX_URI]; /* of the execInstance */
};

struct application {
    struct sim_event timer;
    struct server *node, *nscl;
    struct caller *caller;
    struct procedure *proc; /* NULL: nothing is being asked */
    enum errand errand;
    uint32_t about; /* SUBSCRIBE, READ: which */
    bool registered, watching, discovered, off;
    char id[NODE_NAME_MAX];
    struct watched *watched;
    uint32_t count, room;
    struct map by_node;
    struct queue waiting, orders;
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

/* ---- the queue ---- */

static void put(struct queue *q, uint32_t watched, sim_ns due)
{
    if (q->count == q->room) {
        uint32_t room = q->room ? 2 * q->room : 64;
        struct waiting *items = xcalloc(room, sizeof *items);

        for (uint32_t i = 0; i < q->count; i++)
            items[i] = q->items[(q->first + i) % q->room];
        free(q->items);
        q->items = items;
        q->first = 0;
        q->room = room;
    }
    q->items[(q->first + q->count++) % q->room] = (struct waiting){watched, due};
}

static const struct waiting *front(const struct queue *q)
{
    return q->count ? &q->items[q->first] : NULL;
}

static void drop_front(struct queue *q)
{
    q->first = (q->first + 1) % q->room;
    q->count--;
}

/* Each is due so long after it was put: the queue stays in order. */
static void want_subscription(struct application *a, uint32_t i, sim_ns now)
{
    if (!config(a)->subscribe || a->watched[i].queued || a->watched[i].subscribed)
        return;
    a->watched[i].queued = true;
    put(&a->waiting, i, sim_ns_add(now, config(a)->retry));
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

bool application_observes(const struct server *s, const struct population *devices)
{
    return s->population->config->kind == CFG_APPLICATION &&
           s->population->config->server->application.devices == devices->index;
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

bool application_wants(const struct application *a, struct span scl)
{
    const struct population *p = &deployment_of(a)->populations[config(a)->devices];

    return m2m_list_has(scl, E_SEARCH_STRINGS, E_SEARCH_STRING, p->config->name);
}

static struct watched *add_watched(struct application *a, const uint8_t node_id[M2M_NODE_ID_LEN])
{
    if (a->count == a->room) {
        a->room = a->room ? a->room + a->room / 2 : 16;
        a->watched = xrealloc(a->watched, a->room * sizeof *a->watched);
    }
    a->watched[a->count] = (struct watched){.there = true};
    memcpy(a->watched[a->count].node_id, node_id, M2M_NODE_ID_LEN);
    map_put(&a->by_node, node_id_key(node_id), a->count);
    return &a->watched[a->count++];
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

void application_hears_of(struct application *a, const char *scl_id, bool there, sim_ns now)
{
    uint8_t node_id[M2M_NODE_ID_LEN];
    struct watched *w;
    uint32_t i;

    if (!node_id_of_scl(scl_id, node_id))
        return;
    i = map_find(&a->by_node, node_id_key(node_id));
    if (i == MAP_NONE && !there)
        return;
    if (i == MAP_NONE)
        add_watched(a, node_id);
    i = map_find(&a->by_node, node_id_key(node_id));
    w = &a->watched[i];
    /* What was subscribed to went with it. */
    if (!there || !w->there)
        w->subscribed = false;
    w->there = there;
    if (there) {
        want_subscription(a, i, now);
        begin_rounds(a, now);
    }
    arm(a, now);
}

/* ---- what is due ---- */

/* The next that is there, from read_at on; MAP_NONE: none. */
static uint32_t next_to_read(const struct application *a)
{
    for (uint32_t k = 0; k < a->count; k++) {
        uint32_t i = (a->read_at + k) % a->count;
        if (a->watched[i].there)
            return i;
    }
    return MAP_NONE;
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
    const struct waiting *w = front(&a->waiting), *order = front(&a->orders);
    enum errand best = NOTHING;

    *due = later(a->hold, config(a)->start);
    if (!a->registered)
        return REGISTER;
    if (!a->watching)
        return WATCH;
    if (!a->discovered)
        return DISCOVER;
    *due = SIM_NEVER;
    earlier(&best, due, SUBSCRIBE, w ? w->due : SIM_NEVER);
    if (next_to_read(a) != MAP_NONE)
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

/* A round of commands: to whom is drawn for each. */
static void order_round(struct application *a)
{
    struct rng r = rng_stream(deployment_of(a)->in.seed, a->id, "commands");

    r.counter = (uint64_t)a->rounds++ << 32;
    for (uint32_t i = 0; i < a->count; i++)
        if (a->watched[i].there && rng_below(&r, 1000000) < config(a)->command.share_ppm)
            put(&a->orders, i, a->command_due);
    a->command_due = sim_ns_add(a->command_due, config(a)->command.every);
}

static void choose(struct application *a)
{
    switch (a->errand) {
    case SUBSCRIBE:
        a->about = front(&a->waiting)->watched;
        a->watched[a->about].queued = false;
        drop_front(&a->waiting);
        break;
    case READ:
        a->about = next_to_read(a);
        a->read_at = a->about + 1;
        a->read_due = sim_ns_add(a->read_due, config(a)->read.every / a->count);
        break;
    case COMMAND:
        order_round(a);
        break;
    case EXECUTE:
        a->about = front(&a->orders)->watched;
        drop_front(&a->orders);
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
        ((a->errand == SUBSCRIBE || a->errand == EXECUTE) && !a->watched[a->about].there))
        return; /* it went meanwhile */
    a->proc =
        record_begin(a->node->population, a->node->node_id, kind_of(a->errand), "http", due, now);
    a->proc->peer_id = a->nscl->node_id;
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
    return ask(a, c, now, "CREATE application", HTTP_POST, BASE "/applications", &rep);
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

static bool write_request(void *arg, struct mid_client *c, sim_ns now)
{
    const struct application *a = arg;
    const struct population *devices = &deployment_of(a)->populations[config(a)->devices];
    char scl_id[M2M_MAX_URI] = "", target[2 * M2M_MAX_URI];

    if (a->errand == SUBSCRIBE || a->errand == READ || a->errand == EXECUTE)
        node_scl_id(a->watched[a->about].node_id, scl_id);
    switch (a->errand) {
    case REGISTER:
        return ask_registration(a, c, now);
    case WATCH:
        return ask_subscription(a, c, now, SCLS "/subscriptions", 0);
    case DISCOVER:
        snprintf(target, sizeof target, BASE "/discovery?searchString=%s", devices->config->name);
        return ask(a, c, now, "RETRIEVE discovery", HTTP_GET, target, NULL);
    case SUBSCRIBE:
        snprintf(target, sizeof target, SCLS "/%s" CONTAINER "/subscriptions", scl_id);
        return ask_subscription(a, c, now, target, config(a)->spacing);
    case READ:
        snprintf(target, sizeof target, SCLS "/%s" CONTAINER "/%s", scl_id,
                 config(a)->read.what == CFG_READ_LATEST ? "latest" : "oldest");
        return ask(a, c, now, "RETRIEVE contentInstance", HTTP_GET, target, NULL);
    case EXECUTE:
        snprintf(target, sizeof target, SCLS "/%s/mgmtObjs/%s/execEnable", scl_id,
                 config(a)->command.what == CFG_COMMAND_RESET ? "reset" : "firmware");
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

/* URIs of SCLs and of what stands below them. */
static void take_discovery(struct application *a, const struct m2m_rep *rep, sim_ns now)
{
    struct span list;
    struct m2m_item item;
    struct m2m_path path;

    if (!m2m_find(m2m_rep_span(rep), E_DISCOVERY_URI, &list))
        return;
    while (m2m_next(&list, &item)) {
        if (m2m_path_parse(item.value, ROOT, &path) == M2M_PATH_OK && path.count > 2 &&
            path.step[2].type == M2M_SCL)
            application_hears_of(a, m2m_path_name(&path, 2), true, now);
    }
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
        break;
    case WATCH:
        a->watching = true;
        break;
    case DISCOVER:
        a->discovered = true;
        take_discovery(a, &r->rep, now);
        break;
    case SUBSCRIBE:
        a->watched[a->about].subscribed = true;
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

static void refused(struct application *a, enum reason reason, sim_ns now)
{
    a->hold = sim_ns_add(now, config(a)->retry);
    if (a->errand == SUBSCRIBE && a->watched[a->about].there)
        want_subscription(a, a->about, now);
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
    a->nscl = application_nscl(s);
    a->read_due = a->command_due = SIM_NEVER;
    a->last_ordered = &a->first_ordered;
    application_id(s, a->id);
    a->caller = caller_new(&(struct caller_settings){.from = s,
                                                     .to = a->nscl,
                                                     .listener = &a->nscl->mia,
                                                     .requesting_entity = a->id,
                                                     .timeout = config(a)->timeout,
                                                     .idle = IDLE},
                           &caller_user, a);
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
    arm(a, now);
}

void application_finish(struct server *s, sim_ns now)
{
    struct application *a = s->application;

    if (!a || !a->proc)
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
    free(a->watched);
    free(a->waiting.items);
    free(a->orders.items);
    while (a->first_ordered) {
        struct ordered *o = a->first_ordered;
        a->first_ordered = o->next;
        free(o);
    }
    map_release(&a->by_node);
    free(a);
    s->application = NULL;
}
