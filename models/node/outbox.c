/* What a GSCL's tree has to say to its NSCL: the announcements of what its applications let be
 * announced (etsi-m2m.md 8.1, 8.4), there or at another SCL that is registered there, and
 * notifications for contacts that are not behind the gateway,
 * which the NSCL hands on. They go in the sessions in which readings go, before these and in order,
 * each until the NSCL has answered: an outage delays them, a loss of power too. An announcement
 * that is still waiting and is overtaken by a later one is not said at all, so that no more of them
 * wait than is announced; notifications are bounded as readings are. */
#include "models/node/gateway.h"

#include "models/node/application.h"
#include "models/node/mid_security.h"
#include "models/node/node_id.h"
#include "models/node/record.h"
#include "models/proto/m2m_category.h"
#include "models/proto/m2m_path.h"
#include "models/proto/m2mxml_rep.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN     (60 * SIM_S) /* the first wait for another SCL; doubles */
#define AGAIN_CAP (3600 * SIM_S)

struct said {
    struct said *next;
    struct procedure *proc;    /* of a notification; NULL: an announcement */
    struct delivery_cost mark; /* what the forwarding had cost when it was its turn */
    char *name;  /* the path of the *Annc at the NSCL; its URI at another SCL; the contact */
    sim_ns hold; /* not before; 0: at any time */
    struct m2m_rep rep;
    enum m2m_method method;
    uint32_t refusals; /* at another SCL, so far */
    bool turned;       /* CREATE of what was there already, UPDATE of what was not */
};

static void free_said(struct said *s)
{
    m2m_rep_clear(&s->rep);
    free(s->name);
    free(s);
}

static void drop(struct gateway *g, struct said **at)
{
    struct said *s = *at;

    *at = s->next;
    if (!s->next)
        g->last_said = at;
    free_said(s);
}

static void drop_announcements(struct gateway *g)
{
    struct said **at = &g->said;

    while (*at)
        if ((*at)->proc)
            at = &(*at)->next;
        else
            drop(g, at);
    g->saying = false;
}

/* ---- notifications ---- */

static struct deployment *deployment_of(const struct gateway *g)
{
    return device_deployment(g->dev);
}

static void set_part(struct procedure *p, enum ledger_part part, sim_ns now)
{
    p->server_queued = part == PART_QUEUE;
    p->backing_off = part == PART_BACKOFF;
    p->waiting = part == PART_OTHER;
    procedure_clock(p, now);
}

void outbox_clock(struct gateway *g, enum ledger_part part, sim_ns now)
{
    for (const struct said *s = g->said; s; s = s->next)
        if (s->proc)
            set_part(s->proc, part, now);
}

/* What the forwarding has cost since its turn came. */
static void book(struct said *s, const struct delivery_cost *cost)
{
    struct procedure *p = s->proc;

    p->device_ns += cost->device_ns - s->mark.device_ns;
    p->server_ns += cost->server_ns - s->mark.server_ns;
    p->energy_nj += cost->energy_nj - s->mark.energy_nj;
    p->octets_up += cost->octets_up - s->mark.octets_up;
    p->octets_down += cost->octets_down - s->mark.octets_down;
    p->messages += cost->messages - s->mark.messages;
    p->round_trips += cost->round_trips - s->mark.round_trips;
    s->mark = *cost;
}

static void settle(struct gateway *g, struct said **at, enum reason reason, sim_ns now)
{
    struct said *s = *at;

    g->notices--;
    g->notice_octets -= (uint32_t)s->rep.n;
    record_end(deployment_of(g), s->proc, now, reason == REASON_NONE ? "success" : "failed",
               reason);
    drop(g, at);
}

/* The oldest goes, as of one category in the store: the latest is worth most. What is with the NSCL
 * already stays. */
static void make_room(struct gateway *g, sim_ns now)
{
    const struct cfg_device *c = g->dev->population->config->device;
    struct said **at = g->saying ? &g->said->next : &g->said;

    while (*at && (g->notices > c->store.max_requests || g->notice_octets > c->store.max_octets)) {
        if (!(*at)->proc) {
            at = &(*at)->next;
            continue;
        }
        g->dropped++;
        g->dropped_octets += (*at)->rep.n;
        settle(g, at, REASON_STORE_FULL, now);
    }
}

/* ---- what waits ---- */

/* Of that *Annc, and not with the NSCL yet. NULL: nothing is. */
static struct said **find_waiting(struct gateway *g, const char *name)
{
    for (struct said **at = g->saying ? &g->said->next : &g->said; *at; at = &(*at)->next)
        if (!(*at)->proc && (*at)->method != M2M_DELETE && strcmp((*at)->name, name) == 0)
            return at;
    return NULL;
}

/* A list without some of its elements. */
static void copy_but(struct m2m_rep *to, struct span list, enum m2m_element but)
{
    struct m2m_item item;

    while (m2m_next(&list, &item))
        if (item.element != but)
            m2m_put(to, item.element, item.value);
}

/* When the first of all that waits is due, all go. */
static struct said *append(struct gateway *g, enum m2m_method method, const char *name,
                           struct m2m_rep *rep, sim_ns due)
{
    struct said *s = xcalloc(1, sizeof *s);

    s->name = xstrdup(name);
    s->method = method;
    s->rep = *rep;
    m2m_rep_init(rep, M2M_NO_TYPE);
    g->said_due = g->said ? sim_ns_min(g->said_due, due) : due;
    *g->last_said = s;
    g->last_said = &s->next;
    return s;
}

/* What the *Annc will say when its CREATE, which waits, comes to its turn. */
static void amend(struct said *s, struct m2m_rep *rep)
{
    char id[M2M_MAX_NAME + 1];
    struct m2m_rep all;

    m2m_rep_init(&all, rep->type);
    if (s->method == M2M_CREATE) {
        m2m_find_text(m2m_rep_span(&s->rep), E_ID, id, sizeof id);
        m2m_put_text(&all, E_ID, id);
    }
    m2m_put_items(&all, m2m_rep_span(rep));
    m2m_rep_clear(&s->rep);
    s->rep = all;
}

static void put(struct gateway *g, enum m2m_method method, const char *name, struct m2m_rep *rep,
                sim_ns now)
{
    struct said **waiting = find_waiting(g, name);
    bool unsaid = waiting && (*waiting)->method == M2M_CREATE;

    if (waiting && method == M2M_UPDATE) {
        amend(*waiting, rep);
        return;
    }
    if (waiting)
        drop(g, waiting);
    if (method != M2M_DELETE || !unsaid)
        append(g, method, name, rep, store_due(g, now));
}

/* ---- from the tree ---- */

/* The path of a URI at the gateway's NSCL; NULL: it is elsewhere, where the NSCL hands it on. */
static const char *path_at_nscl(const struct gateway *g, const char *uri)
{
    const char *host = strstr(uri, "://"), *fqdn = device_nscl(g->dev)->fqdn;
    size_t n;

    if (!host)
        return NULL;
    host += 3;
    n = strcspn(host, ":/");
    return n == strlen(fqdn) && strncmp(host, fqdn, n) == 0 ? strchr(host, '/') : NULL;
}

/* An accessRightID of the GSCL's own leads nowhere at the NSCL: there what applications may do is
 * said by the right that the gateway has made for them. */
static void take(struct gateway *g, struct scl_tree_output *o, sim_ns now)
{
    const char *path = path_at_nscl(g, o->target), *where = path ? path : o->target;
    char name[M2M_MAX_PATH], id[M2M_MAX_NAME + 1], scl_id[M2M_MAX_URI];
    struct m2m_rep rep;

    if (strlen(where) >= sizeof name || (!path && strlen(where) >= M2M_MAX_URI)) {
        g->dropped++;
        return;
    }
    memcpy(name, where, strlen(where) + 1);
    m2m_rep_init(&rep, o->representation.type);
    copy_but(&rep, m2m_rep_span(&o->representation), E_ACCESS_RIGHT_ID);
    if (o->method == M2M_CREATE) {
        m2m_find_text(m2m_rep_span(&rep), E_ID, id, sizeof id);
        if (!m2m_path_append(name, sizeof name, id))
            goto out;
    }
    if (path && o->method != M2M_DELETE && g->dev->population->observed) {
        node_scl_id(g->dev->node_id, scl_id);
        observed_put_right(&rep, scl_id);
    }
    put(g, o->method, name, &rep, now);
out:
    m2m_rep_clear(&rep);
}

/* What could not be written would be in the way of all else. */
static enum reason flaw_of(const struct scl_tree_output *o)
{
    struct buf document;
    bool written;

    if (strlen(o->target) >= M2M_MAX_URI || !strstr(o->target, "://"))
        return REASON_NOTIFY_CONTACT;
    buf_init(&document, M2M_MAX_DOC);
    written = m2mxml_rep_write(&o->representation, &document);
    buf_clear(&document);
    return written ? REASON_NONE : REASON_HTTP_TOO_LARGE;
}

/* What its subscriber tolerates is until when it may wait; who says nothing tolerates nothing. */
static void take_notify(struct gateway *g, struct scl_tree_output *o, sim_ns now)
{
    const struct device *dev = g->dev;
    sim_ns until = o->until ? o->until - deployment_of(g)->in.epoch_unix_ns : now;
    struct procedure *p = record_begin(
        dev->population, device_node(dev), PROC_NOTIFICATION,
        mid_security_name(dev->population->config->device->mid.binding, dev->mid_flags),
        o->since - deployment_of(g)->in.epoch_unix_ns, now);
    enum reason reason = flaw_of(o);
    struct said *s;

    p->peer_id = device_nscl(dev)->node_id;
    if (reason != REASON_NONE) {
        record_end(deployment_of(g), p, now, "failed", reason);
        return;
    }
    s = append(g, M2M_NOTIFY, o->target, &o->representation,
               store_due_of(g, until > now ? until - now : 0, M2M_RCAT_DEFAULT, now));
    s->proc = p;
    set_part(p, g->clock.part, now);
    g->notices++;
    g->notice_octets += (uint32_t)s->rep.n;
    make_room(g, now);
}

void outbox_take(struct gateway *g, sim_ns now)
{
    sim_ns before = g->said ? g->said_due : SIM_NEVER;
    struct scl_tree_output *o;

    while ((o = scl_tree_output(g->tree))) {
        if (o->kind == SCL_TREE_REQUEST && o->method == M2M_NOTIFY) {
            if (!delivery_of_gateway(g->dev, o, now))
                take_notify(g, o, now);
        } else if (o->kind == SCL_TREE_REQUEST) {
            take(g, o, now);
        }
        scl_tree_output_free(o);
    }
    if (g->said && g->said_due < before)
        device_arm(g->dev, now);
}

void outbox_anew(struct gateway *g, sim_ns now)
{
    drop_announcements(g);
    if (!g->tree)
        return;
    scl_tree_announce_all(g->tree);
    outbox_take(g, now);
}

void outbox_init(struct gateway *g)
{
    g->last_said = &g->said;
}

void outbox_finish(struct gateway *g, sim_ns now)
{
    for (struct said *s = g->said; s; s = s->next) {
        if (s->proc)
            record_unfinished(deployment_of(g), s->proc, now);
        s->proc = NULL;
    }
}

void outbox_release(struct gateway *g)
{
    while (g->said)
        drop(g, &g->said);
}

/* ---- to the NSCL ---- */

/* The first that need not wait comes to the front. false: there is none, and said_due is when there
 * will be. */
static bool bring_forward(struct gateway *g, sim_ns now)
{
    sim_ns due = SIM_NEVER;
    struct said **at = &g->said, *s;

    for (; *at && (*at)->hold > now; at = &(*at)->next)
        due = sim_ns_min(due, (*at)->hold);
    s = *at;
    if (!s) {
        g->said_due = due;
        return false;
    }
    if (at == &g->said)
        return true;
    *at = s->next;
    if (!s->next)
        g->last_said = at;
    s->next = g->said;
    g->said = s;
    return true;
}

bool outbox_choose(struct gateway *g, const struct delivery_cost *cost, sim_ns now)
{
    struct procedure *p;

    g->saying = g->said && bring_forward(g, now);
    p = g->saying ? g->said->proc : NULL;
    if (p) {
        p->attempts++;
        g->said->mark = *cost;
        procedure_ride(p, g->dev->proc, now);
    }
    return g->saying;
}

static bool is_elsewhere(const struct said *s)
{
    return !s->proc && s->name[0] != '/';
}

/* Another SCL that cannot be had must not be in the way of what is for the NSCL. */
static void hold_back(struct said *s, sim_ns now)
{
    sim_ns wait = AGAIN;

    for (uint32_t i = 0; i < s->refusals && wait < AGAIN_CAP; i++)
        wait *= 2;
    s->refusals++;
    s->hold = sim_ns_add(now, sim_ns_min(wait, AGAIN_CAP));
}

void outbox_stop(struct gateway *g, const struct delivery_cost *cost, sim_ns now)
{
    if (g->saying && g->said->proc) {
        book(g->said, cost);
        set_part(g->said->proc, g->clock.part, now);
        procedure_alight(g->said->proc, now);
    }
    if (g->saying && is_elsewhere(g->said)) { /* what went on in another's poll is nobody's now */
        hold_back(g->said, now);
        procedure_alight(g->dev->proc, now);
    }
    g->saying = false;
}

/* Of a CREATE the collection: the name without its last segment. */
static void put_target(const struct said *s, char *out, size_t n)
{
    size_t used =
        s->method == M2M_CREATE ? (size_t)(strrchr(s->name, '/') - s->name) : strlen(s->name);

    if (used >= n)
        used = 0;
    memcpy(out, s->name, used);
    out[used] = '\0';
}

void outbox_write(const struct gateway *g, struct device_request *r)
{
    const struct said *s = g->said;
    struct m2m_rep rep;

    put_target(s, r->target, sizeof r->target);
    r->label = "CREATE announcement";
    if (s->method == M2M_NOTIFY) {
        r->label = "NOTIFY contact";
    } else if (s->method == M2M_UPDATE) {
        r->label = "UPDATE announcement";
        r->method = HTTP_PUT;
    } else if (s->method == M2M_DELETE) {
        r->label = "DELETE announcement";
        r->method = HTTP_DELETE;
        return;
    }
    m2m_rep_init(&rep, s->rep.type);
    m2m_put_items(&rep, m2m_rep_span(&s->rep));
    observed_take(&rep, &r->doc);
}

/* What there is at the NSCL is not what was thought: UPDATE for CREATE, and the other way round. */
static void turn(struct said *s)
{
    struct m2m_rep rep;
    struct m2m_path path;

    m2m_rep_init(&rep, s->rep.type);
    if (s->method == M2M_UPDATE &&
        m2m_path_parse(span_str(s->name), GATEWAY_BASE, &path) == M2M_PATH_OK)
        m2m_put_text(&rep, E_ID, m2m_path_name(&path, path.count - 1));
    copy_but(&rep, m2m_rep_span(&s->rep), E_ID);
    m2m_rep_clear(&s->rep);
    s->rep = rep;
    s->method = s->method == M2M_UPDATE ? M2M_CREATE : M2M_UPDATE;
    s->turned = true;
}

/* What says no more than that the NSCL cannot be had, or does not know this SCL: a notification
 * that it says anything else about is told, or never will be. */
static bool comes_again(const struct mid_response *r)
{
    return r->reason == REASON_SERVER_BUSY || r->status == STATUS_PERMISSION_DENIED ||
           r->status == STATUS_FORBIDDEN;
}

bool outbox_answered(struct gateway *g, const struct mid_response *r, bool refused,
                     const struct delivery_cost *cost, sim_ns now)
{
    struct said *s = g->said;
    bool there = r->status == STATUS_CONFLICT, gone = r->status == STATUS_NOT_FOUND;
    bool succeeded = r->reason == REASON_NONE;

    if (s->proc) {
        if (comes_again(r))
            return false;
        book(s, cost);
        procedure_alight(s->proc, now);
        settle(g, &g->said, r->reason, now);
    } else if (!s->turned &&
               ((s->method == M2M_CREATE && there) || (s->method == M2M_UPDATE && gone))) {
        turn(s);
    } else if (succeeded || refused || (s->method == M2M_DELETE && gone) || (s->turned && there)) {
        drop(g, &g->said);
    } else if (is_elsewhere(s) && !comes_again(r)) {
        hold_back(s, now);
    } else {
        return false;
    }
    g->saying = false;
    return true;
}
