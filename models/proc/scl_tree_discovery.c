/* discovery: the URIs of what bears the asked-for searchStrings and may be discovered by who asks
 * (etsi-m2m.md 8.1, 8.2), in the order of the tree. */
#include "models/proc/scl_tree_impl.h"

#include <string.h>

static bool bears(const struct resource *r, struct span filter)
{
    struct m2m_item item;

    while (m2m_next(&filter, &item)) {
        struct span strings;
        struct m2m_item s;
        bool found = false;

        if (item.element != E_SEARCH_STRING)
            continue;
        if (m2m_find(store_attributes(r), E_SEARCH_STRINGS, &strings))
            while (!found && m2m_next(&strings, &s))
                found =
                    s.value.n == item.value.n && memcmp(s.value.p, item.value.p, s.value.n) == 0;
        if (!found)
            return false;
    }
    return true;
}

static bool can_be_found(const struct scl_tree *t, struct resource *r,
                         const struct scl_tree_call *c)
{
    struct scl_tree_target target = {.at = r, .type = (enum m2m_type)r->type};

    return m2m_type_attribute(target.type, E_SEARCH_STRINGS) && r->type != M2M_CONTENT_INSTANCE &&
           bears(r, c->request->filter_criteria) &&
           content_matches(r, c->request->filter_criteria) &&
           access_check(t, &target, c->request->requesting_entity, RIGHT_DISCOVER) == STATUS_OK;
}

/* searchPrefix: the root of what is looked through; NULL: a collection that nothing was created in
 * yet. false: it leads nowhere, or to what who asks must not know to be there. */
static bool find_root(const struct scl_tree *t, const struct scl_tree_call *c,
                      struct resource **root)
{
    const char *prefix = c->request->search_prefix;
    struct scl_tree_target target;
    struct m2m_path path;

    *root = t->base;
    if (!prefix)
        return true;
    if (m2m_path_parse(span_str(prefix), t->settings.base, &path) != M2M_PATH_OK ||
        !scl_tree_is_own(t, &path) || !scl_tree_find(t, &path, &target) ||
        access_check(t, &target, c->request->requesting_entity, RIGHT_DISCOVER) == STATUS_NOT_FOUND)
        return false;
    *root = target.missing ? NULL : target.at;
    return true;
}

/* What may be found stands nowhere below contentInstances, where most of a tree is. */
static struct resource *next_place(const struct resource *root, struct resource *r)
{
    if (r->type != M2M_CONTENT_INSTANCES)
        return store_walk(root, r);
    while (r != root && !r->next)
        r = r->parent;
    return r == root ? NULL : r->next;
}

void discovery_answer(struct scl_tree *t, const struct scl_tree_call *c)
{
    struct m2m_rep *out = &c->response->representation;
    struct resource *root;
    uint32_t most = t->settings.max_discovery, given = 0;
    int64_t found = 0;
    struct m2m_rep uris;
    size_t opened;
    char uri[SCL_TREE_MAX_URI];

    if (!find_root(t, c, &root)) {
        scl_tree_refuse(c, STATUS_NOT_FOUND, "searchPrefix leads to no resource");
        return;
    }
    if (c->request->max_size && c->request->max_size < most)
        most = c->request->max_size;
    m2m_rep_init(&uris, M2M_NO_TYPE);
    for (struct resource *r = root; r; r = next_place(root, r)) {
        if (!can_be_found(t, r, c))
            continue;
        found++;
        scl_tree_path_of(r, uri, sizeof(uri));
        if (given == most || !*uri)
            continue;
        given++;
        m2m_put_text(&uris, E_REFERENCE, uri);
    }
    m2m_rep_init(out, M2M_DISCOVERY);
    m2m_put_number(out, E_MATCH_SIZE, found);
    m2m_put_number(out, E_TRUNCATED, found > given);
    opened = m2m_open(out, E_DISCOVERY_URI);
    m2m_put_items(out, m2m_rep_span(&uris));
    m2m_close(out, opened);
    m2m_rep_clear(&uris);
    c->response->status_code = STATUS_OK;
}
