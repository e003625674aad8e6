/* What a GSCL's tree has to say to its NSCL: the announcements of what its applications let be
 * announced (etsi-m2m.md 8.1, 8.4). They go in the sessions in which readings go, before these and
 * in order, each until the NSCL has answered: an outage delays them. What is still waiting and is
 * overtaken by a later one is not said at all, so that no more waits than is announced. */
#include "models/node/application.h"
#include "models/node/gateway.h"

#include "models/proto/m2m_path.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

struct said {
    struct said *next;
    char *name; /* the path of the *Annc, at the NSCL */
    struct m2m_rep rep;
    enum m2m_method method;
    bool turned; /* CREATE of what was there already, UPDATE of what was not */
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

static void drop_all(struct gateway *g)
{
    while (g->said)
        drop(g, &g->said);
    g->saying = false;
}

/* ---- what waits ---- */

/* Of that *Annc, and not with the NSCL yet. NULL: nothing is. */
static struct said **find_waiting(struct gateway *g, const char *name)
{
    for (struct said **at = g->saying ? &g->said->next : &g->said; *at; at = &(*at)->next)
        if ((*at)->method != M2M_DELETE && strcmp((*at)->name, name) == 0)
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

static void append(struct gateway *g, enum m2m_method method, const char *name, struct m2m_rep *rep,
                   sim_ns now)
{
    struct said *s = xcalloc(1, sizeof *s);

    s->name = xstrdup(name);
    s->method = method;
    s->rep = *rep;
    m2m_rep_init(rep, M2M_NO_TYPE);
    if (!g->said)
        g->said_due = store_due(g, now);
    *g->last_said = s;
    g->last_said = &s->next;
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
        append(g, method, name, rep, now);
}

/* ---- from the tree ---- */

/* The path of a URI at the gateway's NSCL; NULL: it is elsewhere, where no mId session leads. */
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
    const char *path = path_at_nscl(g, o->target);
    char name[M2M_MAX_PATH], id[M2M_MAX_NAME + 1], scl_id[M2M_MAX_URI];
    struct m2m_rep rep;

    if (!path || strlen(path) >= sizeof name)
        return;
    memcpy(name, path, strlen(path) + 1);
    m2m_rep_init(&rep, o->representation.type);
    copy_but(&rep, m2m_rep_span(&o->representation), E_ACCESS_RIGHT_ID);
    if (o->method == M2M_CREATE) {
        m2m_find_text(m2m_rep_span(&rep), E_ID, id, sizeof id);
        if (!m2m_path_append(name, sizeof name, id))
            goto out;
    }
    if (o->method != M2M_DELETE && g->dev->population->observed) {
        node_scl_id(g->dev->node_id, scl_id);
        observed_put_right(&rep, scl_id);
    }
    put(g, o->method, name, &rep, now);
out:
    m2m_rep_clear(&rep);
}

void outbox_take(struct gateway *g, sim_ns now)
{
    bool before = g->said != NULL;
    struct scl_tree_output *o;

    while ((o = scl_tree_output(g->tree))) {
        if (o->kind == SCL_TREE_REQUEST && o->method == M2M_NOTIFY)
            delivery_of_gateway(g->dev, o, now);
        else if (o->kind == SCL_TREE_REQUEST)
            take(g, o, now);
        scl_tree_output_free(o);
    }
    if (g->said && !before)
        device_arm(g->dev, now);
}

void outbox_anew(struct gateway *g, sim_ns now)
{
    drop_all(g);
    if (!g->tree)
        return;
    scl_tree_announce_all(g->tree);
    outbox_take(g, now);
}

void outbox_init(struct gateway *g)
{
    g->last_said = &g->said;
}

void outbox_release(struct gateway *g)
{
    drop_all(g);
}

/* ---- to the NSCL ---- */

bool outbox_choose(struct gateway *g)
{
    g->saying = g->said != NULL;
    return g->saying;
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
    if (s->method == M2M_UPDATE) {
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

bool outbox_answered(struct gateway *g, int status, bool succeeded, bool refused)
{
    struct said *s = g->said;
    bool there = status == STATUS_CONFLICT, gone = status == STATUS_NOT_FOUND;

    if (!s->turned && ((s->method == M2M_CREATE && there) || (s->method == M2M_UPDATE && gone))) {
        turn(s);
    } else if (succeeded || refused || (s->method == M2M_DELETE && gone) || (s->turned && there)) {
        drop(g, &g->said);
    } else {
        return false;
    }
    g->saying = false;
    return true;
}
