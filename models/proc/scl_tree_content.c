/* contentInstances: bounds by number, octets and age; filter criteria (etsi-m2m.md 8.1, 8.2). */
#include "models/proc/scl_tree_impl.h"

#include <assert.h>
#include <string.h>

#define AGE_UNIT INT64_C(1000000000) /* maxInstanceAge: seconds, for the schema only says long */

static int64_t bound_of(const struct resource *container, enum m2m_element e)
{
    return m2m_find_number(store_attributes(container), e, SCL_TREE_NEVER);
}

uint64_t content_size(const struct resource *r)
{
    struct span content;

    return m2m_find(store_attributes(r), E_CONTENT, &content) ? content.n : 0;
}

/* One instance alone is more than its container may hold: nothing could make room for it. */
bool content_check(struct scl_tree *t, const struct resource *container,
                   const struct scl_tree_call *c)
{
    struct span content;
    uint64_t max = (uint64_t)bound_of(container, E_MAX_BYTE_SIZE);

    (void)t;
    if (bound_of(container, E_MAX_NR_OF_INSTANCES) == 0)
        scl_tree_refuse(c, STATUS_NOT_ACCEPTABLE, "maxNrOfInstances is 0");
    else if (m2m_find(m2m_rep_span(c->request->representation), E_CONTENT, &content) &&
             content.n > max)
        scl_tree_refuse(c, STATUS_NOT_ACCEPTABLE, "more octets than maxByteSize");
    else
        return true;
    return false;
}

static struct resource *oldest(const struct resource *collection)
{
    struct resource *r = store_first(collection);

    while (r && r->type != M2M_CONTENT_INSTANCE)
        r = r->next;
    return r;
}

static int64_t max_instances(const struct scl_tree *t, const struct resource *container)
{
    int64_t said = bound_of(container, E_MAX_NR_OF_INSTANCES);

    return said == SCL_TREE_NEVER && t->settings.max_nr_instances ? t->settings.max_nr_instances
                                                                  : said;
}

/* The oldest make room, without a word: it is what the container's owner asked for. */
void content_bound(struct scl_tree *t, struct resource *collection, int64_t now)
{
    struct scl_tree_instances *in = &more_of(collection)->extra->instances;
    uint64_t number = (uint64_t)max_instances(t, collection->parent);
    uint64_t octets = (uint64_t)bound_of(collection->parent, E_MAX_BYTE_SIZE);

    (void)now;
    while (in->count > number || in->octets > octets) {
        struct resource *r = oldest(collection);

        assert(r);
        content_removed(t, r);
        store_remove(t, r);
    }
    store_schedule(t, collection);
}

void content_added(struct scl_tree *t, struct resource *collection, struct resource *r, int64_t now)
{
    struct scl_tree_instances *in = &more_of(collection)->extra->instances;

    in->made++;
    in->count++;
    in->octets += content_size(r);
    content_bound(t, collection, now);
}

void content_removed(struct scl_tree *t, struct resource *r)
{
    struct scl_tree_instances *in = &more_of(r->parent)->extra->instances;

    (void)t;
    in->count--;
    in->octets -= content_size(r);
}

int64_t content_due(const struct resource *collection)
{
    int64_t age = bound_of(collection->parent, E_MAX_INSTANCE_AGE);
    const struct resource *r = age == SCL_TREE_NEVER ? NULL : oldest(collection);

    if (!r || age > (SCL_TREE_NEVER - r->created) / AGE_UNIT)
        return SCL_TREE_NEVER;
    return r->created + age * AGE_UNIT;
}

void content_expire(struct scl_tree *t, struct resource *collection, int64_t now)
{
    while (content_due(collection) <= now) {
        struct resource *r = oldest(collection);

        content_removed(t, r);
        store_remove(t, r);
    }
    more_of(collection)->modified = now;
    store_schedule(t, collection);
}

/* ---- filter criteria ---- */

static bool has_content_type(const struct resource *r, struct span wanted)
{
    struct span list = store_attributes(r), types, mime;
    struct m2m_item item;

    if (m2m_find(list, E_XMIME, &mime) && mime.n == wanted.n &&
        memcmp(mime.p, wanted.p, wanted.n) == 0)
        return true;
    if (!m2m_find(list, E_CONTENT_TYPES, &types))
        return false;
    while (m2m_next(&types, &item))
        if (item.value.n == wanted.n && memcmp(item.value.p, wanted.p, wanted.n) == 0)
            return true;
    return false;
}

static bool has_search_string(const struct resource *r, struct span wanted)
{
    struct span strings;
    struct m2m_item item;

    if (!m2m_find(store_attributes(r), E_SEARCH_STRINGS, &strings))
        return false;
    while (m2m_next(&strings, &item))
        if (item.value.n == wanted.n && memcmp(item.value.p, wanted.p, wanted.n) == 0)
            return true;
    return false;
}

static bool is_creator(const struct resource *r, struct span wanted)
{
    char entity[M2M_MAX_URI];

    if (wanted.n >= sizeof(entity))
        return false;
    memcpy(entity, wanted.p, wanted.n);
    entity[wanted.n] = '\0';
    return access_owns(r, entity);
}

static bool matches(const struct resource *r, const struct m2m_item *c)
{
    int64_t n = m2m_number(c->value), size = (int64_t)content_size(r);

    if (c->element == E_IF_MODIFIED_SINCE)
        return store_modified(r) > n;
    if (c->element == E_IF_UNMODIFIED_SINCE)
        return store_modified(r) <= n;
    if (c->element == E_CREATED_SINCE)
        return r->created >= n;
    if (c->element == E_CREATED_UNTIL)
        return r->created <= n;
    if (c->element == E_SIZE_FROM)
        return size >= n;
    if (c->element == E_SIZE_UNTIL)
        return size <= n;
    if (c->element == E_CREATOR)
        return is_creator(r, c->value);
    if (c->element == E_CONTENT_TYPE)
        return has_content_type(r, c->value);
    if (c->element == E_SEARCH_STRING)
        return has_search_string(r, c->value);
    return true;
}

bool content_asks_tags(struct span filter)
{
    struct span tag;

    return m2m_find(filter, E_IF_MATCH, &tag) || m2m_find(filter, E_IF_NONE_MATCH, &tag);
}

bool content_matches(const struct resource *r, struct span filter)
{
    struct m2m_item item;

    while (m2m_next(&filter, &item))
        if (!matches(r, &item))
            return false;
    return true;
}
