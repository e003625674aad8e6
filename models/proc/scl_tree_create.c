/* CREATE, UPDATE and DELETE of resources. */
#include "models/proc/scl_tree_impl.h"

#include "sim/base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- what is asked of every resource ---- */

/* RFC 3986 4.3: a scheme, and something behind it. */
static bool is_absolute_uri(struct span uri)
{
    size_t n = 0;

    while (n < uri.n && (isalnum(uri.p[n]) || (uri.p[n] && strchr("+-.", uri.p[n]))))
        n++;
    return n > 0 && isalpha(uri.p[0]) && n + 1 < uri.n && uri.p[n] == ':';
}

/* false: answered. */
static bool check_document(enum m2m_type type, const struct scl_tree_call *c)
{
    const struct m2m_rep *rep = c->request->representation;
    char why[80];

    if (m2m_rep_check(type, c->request->method, m2m_rep_span(rep), why) == STATUS_OK)
        return true;
    scl_tree_refuse(c, STATUS_BAD_REQUEST, why);
    return false;
}

/* false: answered. *expires: SCL_TREE_NEVER if nobody says. */
static bool check_expiry(const struct scl_tree *t, enum m2m_type type,
                         const struct scl_tree_call *c, int64_t *expires)
{
    struct span list = m2m_rep_span(c->request->representation), value;
    int64_t now = c->now;

    *expires = SCL_TREE_NEVER;
    if (m2m_find(list, E_EXPIRATION_TIME, &value)) {
        *expires = m2m_number(value);
        if (*expires <= now) {
            scl_tree_refuse(c, STATUS_BAD_REQUEST, "expirationTime is in the past");
            return false;
        }
    }
    if (type != M2M_SCL)
        return true;
    if (*expires - now > t->settings.registration_max)
        *expires = now + t->settings.registration_max;
    if (*expires - now < t->settings.registration_min)
        *expires = now + t->settings.registration_min;
    return true;
}

/* ---- what is asked of one type alone; each: false: answered ---- */

/* Nobody registers by another's id but the hosting SCL. */
static bool is_own_name(const struct scl_tree *t, const char *name, const struct scl_tree_call *c)
{
    const char *entity = c->request->requesting_entity;

    return strcmp(name, entity) == 0 || strcmp(entity, t->settings.scl_id) == 0;
}

static bool check_scl(const struct scl_tree *t, const char *scl_id, const struct scl_tree_call *c)
{
    struct span list = m2m_rep_span(c->request->representation), link;
    const char *why = NULL;
    enum m2m_status status = STATUS_OK;

    if (m2m_find(list, E_LINK, &link) && !is_absolute_uri(link))
        scl_tree_refuse(c, STATUS_BAD_REQUEST, "link is no absolute URI");
    else if (t->settings.check_scl &&
             (status = t->settings.check_scl(t->settings.arg, scl_id, c->request->method, list,
                                             &why)) != STATUS_OK)
        scl_tree_refuse(c, status, why);
    else
        return true;
    return false;
}

static bool check_application(const struct scl_tree_call *c)
{
    if (c->request->point != M2M_MID)
        return true;
    scl_tree_refuse(c, STATUS_FORBIDDEN, "no applications over mId");
    return false;
}

static bool check_subscription(const struct scl_tree_call *c)
{
    struct span list = m2m_rep_span(c->request->representation), filter;

    if (m2m_find_number(list, E_SUBSCRIPTION_TYPE, 0) != 0)
        scl_tree_refuse(c, STATUS_NOT_IMPLEMENTED, "subscriptionType SYNCHRONOUS");
    else if (m2m_find(list, E_FILTER_CRITERIA, &filter) && content_asks_tags(filter))
        scl_tree_refuse(c, STATUS_NOT_IMPLEMENTED, "resources have no entity tags");
    else
        return true;
    return false;
}

static bool check_type(struct scl_tree *t, const struct scl_tree_target *target, enum m2m_type type,
                       const char *name, const struct scl_tree_call *c)
{
    struct span list = m2m_rep_span(c->request->representation);

    if (type == M2M_SCL)
        return check_scl(t, name, c);
    if (type == M2M_APPLICATION)
        return check_application(c);
    if (type == M2M_SUBSCRIPTION)
        return check_subscription(c);
    if (type == M2M_GROUP)
        return group_check(t, c, list, M2M_CREATE, NULL);
    if (type == M2M_CONTENT_INSTANCE)
        return content_check(t, target->missing ? target->at : target->at->parent, c);
    if (type == M2M_M2M_POC && !t->settings.network) {
        scl_tree_refuse(c, STATUS_FORBIDDEN, "an m2mPoc stands at an NSCL alone");
        return false;
    }
    return true;
}

/* ---- names ---- */

/* The hosting SCL names what its creator did not. */
static void make_name(const struct scl_tree *t, const struct resource *parent, enum m2m_type type,
                      char name[M2M_MAX_NAME + 1])
{
    uint64_t n = t->numbers;

    if (parent && parent->type == M2M_CONTENT_INSTANCES)
        n = more_of(parent)->extra->instances.made;
    do {
        size_t used = str_append(name, M2M_MAX_NAME + 1, 0, m2m_type_name(type));

        used = str_append(name, M2M_MAX_NAME + 1, used, "-");
        str_append_number(name, M2M_MAX_NAME + 1, used, n++);
    } while (parent && store_find(t, parent, name));
}

static bool is_reserved(enum m2m_type collection, const char *name)
{
    for (const enum m2m_type *b = m2m_type_info(collection)->below; b && *b; b++)
        if (strcmp(m2m_type_name(*b), name) == 0)
            return true;
    return false;
}

/* Whether what is to stand there, and things below it, can be asked for by a path. */
static bool has_path(const struct scl_tree_target *target, const char *name)
{
    char path[M2M_MAX_PATH - 128];

    scl_tree_path_of(target->at, path, sizeof(path));
    return *path && m2m_path_append(path, sizeof(path), name);
}

/* false: answered. */
static bool choose_name(const struct scl_tree *t, const struct scl_tree_target *target,
                        enum m2m_type type, const struct scl_tree_call *c,
                        char name[M2M_MAX_NAME + 1])
{
    enum m2m_element naming = m2m_type_info(type)->naming;
    const struct resource *collection = target->missing ? NULL : target->at;
    struct span list = m2m_rep_span(c->request->representation), value;

    if (!m2m_find(list, naming, &value)) {
        if (type == M2M_APPLICATION)
            snprintf(name, M2M_MAX_NAME + 1, "%s", c->request->requesting_entity);
        else
            make_name(t, collection, type, name);
    } else {
        m2m_find_text(list, naming, name, M2M_MAX_NAME + 1);
    }
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || !has_path(target, name))
        scl_tree_refuse(c, STATUS_BAD_REQUEST, "the id cannot be a name");
    /* Refusals before the steps of IVal are STATUS_PERMISSION_DENIED (etsi-m2m.md 7 d); and whether
     * another's id is taken is not for him to know. */
    else if ((type == M2M_SCL || type == M2M_APPLICATION) && !is_own_name(t, name, c))
        scl_tree_refuse(c, STATUS_PERMISSION_DENIED, "the id is not that of the requesting entity");
    else if ((collection && store_find(t, collection, name)) || is_reserved(target->type, name))
        scl_tree_refuse(c, STATUS_CONFLICT, "this id is taken");
    else
        return true;
    return false;
}

/* ---- attributes ---- */

/* What is kept elsewhere: the name, times. */
static bool is_kept_apart(enum m2m_type type, enum m2m_element e)
{
    return e == m2m_type_info(type)->naming || e == E_EXPIRATION_TIME ||
           e == E_CONTENT_SIZE; /* which the SCL knows better */
}

/* What is kept of a request for a resource of that type that had `before`. */
static void put_kept(enum m2m_type type, struct span before, struct span list, const char *creator,
                     struct m2m_rep *kept)
{
    struct span value;
    struct m2m_item item;

    m2m_rep_init(kept, M2M_NO_TYPE);
    while (m2m_next(&before, &item))
        if (!m2m_find(list, item.element, &value))
            m2m_put(kept, item.element, item.value);
    while (m2m_next(&list, &item))
        if (!is_kept_apart(type, item.element) && item.element != E_INTEGRITY_VAL_RESULTS)
            m2m_put(kept, item.element, item.value);
    if (creator)
        m2m_put_text(kept, E_CREATOR, creator);
}

/* ---- primitives ---- */

static void answer(const struct scl_tree *t, struct resource *r, enum m2m_status status,
                   const struct scl_tree_call *c)
{
    rep_of_resource(t, r, &c->response->representation);
    c->response->status_code = status;
    if (status == STATUS_CREATED)
        scl_tree_path_of(r, c->response->resource_uri, sizeof(c->response->resource_uri));
}

/* Nothing of a contentInstance changes, and nothing stands below it. */
static struct resource *add_resource(struct scl_tree *t, struct resource *parent,
                                     enum m2m_type type, const char *name, int64_t expires,
                                     struct span kept, int64_t now)
{
    struct resource *r;

    if (type == M2M_CONTENT_INSTANCE && expires == SCL_TREE_NEVER)
        return store_add_plain(t, parent, type, name, kept, now);
    r = store_add(t, parent, type, name, now);
    store_set_attributes(t, r, kept);
    more_of(r)->expires = expires;
    store_schedule(t, r);
    return r;
}

/* An entity makes what it registers as, and what is below that. */
static bool is_by_place(const struct resource *parent, enum m2m_type type, const char *name,
                        const char *entity)
{
    return ((type == M2M_SCL || type == M2M_APPLICATION) && strcmp(name, entity) == 0) ||
           access_owns(parent, entity);
}

static void add(struct scl_tree *t, struct scl_tree_target *target, enum m2m_type type,
                const char *name, int64_t expires, const struct scl_tree_call *c)
{
    const char *entity = c->request->requesting_entity;
    struct resource *parent = scl_tree_materialise(t, target, c->now), *r;
    struct m2m_rep kept;

    /* Who made it is kept where it does not follow from the place. */
    put_kept(type, span_of(NULL, 0), m2m_rep_span(c->request->representation),
             is_by_place(parent, type, name, entity) || strcmp(entity, t->settings.scl_id) == 0
                 ? NULL
                 : entity,
             &kept);
    r = add_resource(t, parent, type, name, expires, m2m_rep_span(&kept), c->now);
    m2m_rep_clear(&kept);
    more_of(parent)->modified = c->now;
    answer(t, r, STATUS_CREATED, c);
    announce(t, r, span_of(NULL, 0), false);
    notify_change(t, r, STATUS_CREATED, c->now);
    if (type == M2M_CONTENT_INSTANCE)
        content_added(t, parent, r, c->now);
}

void scl_tree_create(struct scl_tree *t, struct scl_tree_target *target,
                     const struct scl_tree_call *c)
{
    const struct m2m_rep *rep = c->request->representation;
    char name[M2M_MAX_NAME + 1];
    int64_t expires;

    if (!rep || !rep->type)
        scl_tree_refuse(c, STATUS_BAD_REQUEST, "a representation is needed");
    else if (!m2m_collection_holds(target->type, rep->type))
        scl_tree_refuse(c, STATUS_BAD_REQUEST, "no resource of this type can be created there");
    else if (check_document(rep->type, c) && choose_name(t, target, rep->type, c, name) &&
             check_expiry(t, rep->type, c, &expires) && check_type(t, target, rep->type, name, c))
        add(t, target, rep->type, name, expires, c);
}

/* false: answered. */
static bool check_update(struct scl_tree *t, const struct resource *r,
                         const struct scl_tree_call *c)
{
    struct span list = m2m_rep_span(c->request->representation);

    if (r->type == M2M_SCL)
        return check_scl(t, r->name, c);
    if (r->type == M2M_GROUP)
        return group_check(t, c, list, M2M_UPDATE, r);
    return true;
}

/* What is O and absent stays as it is (as shipping servers have it). */
void scl_tree_update(struct scl_tree *t, struct resource *r, const struct scl_tree_call *c)
{
    const struct m2m_rep *rep = c->request->representation;
    struct span before = store_attributes(r);
    struct m2m_rep old, kept;
    int64_t expires;

    if (!rep || !rep->type || rep->type != (enum m2m_type)r->type) {
        scl_tree_refuse(c, STATUS_BAD_REQUEST, "a representation of its type is needed");
        return;
    }
    if (!check_document(rep->type, c) || !check_expiry(t, rep->type, c, &expires) ||
        !check_update(t, r, c))
        return;
    m2m_rep_init(&old, rep->type);
    m2m_put_items(&old, before);
    put_kept(rep->type, before, m2m_rep_span(rep), NULL, &kept);
    store_set_attributes(t, r, m2m_rep_span(&kept));
    m2m_rep_clear(&kept);
    if (expires != SCL_TREE_NEVER)
        more_of(r)->expires = expires;
    more_of(r)->modified = c->now;
    store_schedule(t, r);
    answer(t, r, STATUS_OK, c);
    if (r->type == M2M_CONTAINER) {
        struct resource *instances = store_find(t, r, m2m_type_name(M2M_CONTENT_INSTANCES));

        if (instances)
            content_bound(t, instances, c->now);
    }
    announce(t, r, m2m_rep_span(&old), false);
    m2m_rep_clear(&old);
    notify_change(t, r, STATUS_OK, c->now);
}

void scl_tree_delete(struct scl_tree *t, struct resource *r, enum m2m_status status, int64_t now)
{
    struct resource *parent = r->parent;

    /* All of it is told of while all of it is there: whoever subscribed may stand below. */
    for (struct resource *each = r; each; each = store_walk(r, each)) {
        notify_change(t, each, status, now);
        announce(t, each, span_of(NULL, 0), true);
    }
    for (struct resource *last = NULL, *end = r; last != end;) {
        for (last = end; store_first(last);)
            last = store_last(last);
        if (last->type == M2M_CONTENT_INSTANCE)
            content_removed(t, last);
        store_remove(t, last);
    }
    more_of(parent)->modified = now;
    store_schedule(t, parent);
}
