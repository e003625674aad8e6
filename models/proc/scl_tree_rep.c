/* A resource as a representation: its rows in the order of its table. */
#include "models/proc/scl_tree_impl.h"

#include <stdio.h>
#include <string.h>

static bool is_item(const struct resource *r)
{
    return !m2m_type_info((enum m2m_type)r->type)->reference;
}

static void put_uri(struct m2m_rep *out, enum m2m_element e, const struct resource *r,
                    const char *below)
{
    char uri[SCL_TREE_MAX_URI];

    scl_tree_path_of(r, uri, sizeof(uri));
    if (*below && !m2m_path_append(uri, sizeof(uri), below))
        return;
    m2m_put_text(out, e, uri);
}

/* What is there to be found behind a name of its parent's: a reference to it. */
static bool put_reference(const struct resource *r, enum m2m_type type, enum m2m_element e,
                          struct m2m_rep *out)
{
    for (const enum m2m_type *t = m2m_type_info(type)->below; t && *t; t++)
        if (m2m_type_info(*t)->reference == e) {
            put_uri(out, e, r, m2m_type_name(*t));
            return true;
        }
    return false;
}

static void put_named(struct m2m_rep *out, enum m2m_element e, const struct resource *r)
{
    char uri[SCL_TREE_MAX_URI];

    scl_tree_path_of(r, uri, sizeof(uri));
    if (*uri)
        m2m_put_named(out, e, r->name, uri);
}

static void put_collection(const struct resource *r, enum m2m_element e, struct m2m_rep *out)
{
    size_t opened = m2m_open(out, e);

    for (const struct resource *c = r ? store_first(r) : NULL; c && !out->full; c = c->next)
        if (is_item(c))
            put_named(out, E_NAMED_REFERENCE, c);
    m2m_close(out, opened);
}

/* metaDataOnly of a filter: all but the content. */
static void put_instances(const struct scl_tree *t, const struct resource *r, struct span filter,
                          struct m2m_rep *out)
{
    size_t opened = m2m_open(out, E_CONTENT_INSTANCE_COLLECTION);
    bool meta = m2m_find_number(filter, E_META_DATA_ONLY, 0) != 0;

    for (struct resource *c = r ? store_first(r) : NULL; c && !out->full; c = c->next) {
        struct m2m_rep one;
        struct span rest;
        struct m2m_item item;
        size_t begun;

        if (c->type != M2M_CONTENT_INSTANCE || !content_matches(c, filter))
            continue;
        m2m_rep_init(&one, M2M_CONTENT_INSTANCE);
        rep_of_resource(t, c, &one);
        begun = m2m_open(out, E_CONTENT_INSTANCE);
        rest = m2m_rep_span(&one);
        while (m2m_next(&rest, &item))
            if (!meta || (item.element != E_CONTENT && item.element != E_XMIME))
                m2m_put(out, item.element, item.value);
        m2m_close(out, begun);
        m2m_rep_clear(&one);
    }
    m2m_close(out, opened);
}

static const struct resource *end_instance(const struct resource *r, bool latest)
{
    const struct resource *c = latest ? store_last(r) : store_first(r);

    while (c && c->type != M2M_CONTENT_INSTANCE)
        c = latest ? (c == store_first(r) ? NULL : c->prev) : c->next;
    return c;
}

static void put_content_instances(const struct scl_tree *t, const struct resource *r,
                                  enum m2m_element e, struct span filter, struct m2m_rep *out)
{
    const struct resource *end;

    if (e == E_CURRENT_NR_OF_INSTANCES)
        m2m_put_number(out, e, r ? more_of(r)->extra->instances.count : 0);
    else if (e == E_CURRENT_BYTE_SIZE)
        m2m_put_number(out, e, r ? (int64_t)more_of(r)->extra->instances.octets : 0);
    else if (e == E_CONTENT_INSTANCE_COLLECTION)
        put_instances(t, r, filter, out);
    else if (r && (e == E_LATEST || e == E_OLDEST)) {
        end = end_instance(r, e == E_LATEST);
        if (end)
            put_named(out, e, end);
    }
}

/* What follows from where a resource stands, and is kept nowhere. */
static void put_made(const struct resource *r, enum m2m_element e, struct m2m_rep *out)
{
    struct span list;
    struct m2m_item item;
    int64_t n = 0;

    if (r->type == M2M_SCL && e == E_ONLINE_STATUS)
        m2m_put_number(out, e, 0); /* ONLINE */
    else if (r->type == M2M_SCL && e == E_SERVER_CAPABILITY)
        m2m_put_number(out, e, m2m_find(store_attributes(r), E_POCS, &list));
    else if (r->type == M2M_GROUP && e == E_CURRENT_NR_OF_MEMBERS) {
        if (m2m_find(store_attributes(r), E_MEMBERS, &list))
            while (m2m_next(&list, &item))
                n++;
        m2m_put_number(out, e, n);
    } else if (r->type == M2M_NOTIFICATION_CHANNEL && e == E_CONTACT_URI) {
        put_uri(out, e, r, m2m_type_name(M2M_CONTACT));
    } else if (r->type == M2M_NOTIFICATION_CHANNEL && e == E_CHANNEL_DATA) {
        size_t opened = m2m_open(out, e);

        put_uri(out, E_LONG_POLLING_URI, r, m2m_type_name(M2M_LONG_POLLING));
        m2m_close(out, opened);
    } else if (r->type == M2M_MGMT_CMD && e == E_EXEC_ENABLE) {
        put_uri(out, e, r, m2m_type_name(M2M_EXEC_ENABLE));
    } else if (r->type == M2M_EXEC_INSTANCE && e == E_EXEC_DISABLE) {
        put_uri(out, e, r, m2m_type_name(M2M_EXEC_DISABLE));
    }
}

static bool put_time(const struct resource *r, enum m2m_element e, struct m2m_rep *out)
{
    if (e == E_CREATION_TIME)
        m2m_put_number(out, e, r->created);
    else if (e == E_LAST_MODIFIED_TIME)
        m2m_put_number(out, e, store_modified(r));
    else if (e == E_EXPIRATION_TIME && store_expires(r) != SCL_TREE_NEVER)
        m2m_put_number(out, e, store_expires(r));
    else
        return e == E_EXPIRATION_TIME;
    return true;
}

/* r: the resource, or NULL for a collection that is not there yet, below `at`. */
static void put_row(const struct scl_tree *t, const struct scl_tree_target *target,
                    const struct resource *r, enum m2m_element e, struct span filter,
                    struct m2m_rep *out)
{
    const struct m2m_type_info *info = m2m_type_info(target->type);
    struct span value;

    if (e == info->naming)
        m2m_put_text(out, e, r->name);
    else if (r && m2m_find(store_attributes(r), e, &value))
        m2m_put(out, e, value);
    else if (put_time(r ? r : target->at, e, out))
        return;
    else if (target->type == M2M_CONTENT_INSTANCES && e != E_SUBSCRIPTIONS_REFERENCE)
        put_content_instances(t, r, e, filter, out);
    else if (e == info->collection)
        put_collection(r, e, out);
    else if (r && !put_reference(r, target->type, e, out))
        put_made(r, e, out);
}

void rep_of(const struct scl_tree *t, const struct scl_tree_target *target, struct span filter,
            struct m2m_rep *out)
{
    const struct resource *r = target->missing ? NULL : target->at;

    m2m_rep_init(out, target->type);
    for (const struct m2m_attribute *a = m2m_type_info(target->type)->attributes; a->element; a++)
        put_row(t, target, r, a->element, filter, out);
}

void rep_of_resource(const struct scl_tree *t, struct resource *r, struct m2m_rep *out)
{
    struct scl_tree_target target = {.at = r, .type = (enum m2m_type)r->type};

    rep_of(t, &target, span_of(NULL, 0), out);
}
