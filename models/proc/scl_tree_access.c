/* The authorisation algorithm (TS 102 921 10.3.2.5 to 10.3.2.7, etsi-m2m.md 8.4): by the
 * accessRight that accessRightID names; by selfPermissions for an accessRight itself; else by
 * default rights. Who is no holder must not learn that the resource is there. */
#include "models/proc/scl_tree_impl.h"

#include <string.h>

#define ALL_RIGHTS (RIGHT_READ | RIGHT_WRITE | RIGHT_DISCOVER | RIGHT_DELETE | RIGHT_CREATE)
#define IS_HOLDER  0x80u /* even of no right at all */

/* Elements of one kind within a list within holders: sclIDs/sclID and the like. */
static bool names_entity(struct span holders, enum m2m_element outer, enum m2m_element inner,
                         const char *entity)
{
    return m2m_list_has(holders, outer, inner, entity);
}

/* "meters.example" holds scl.meters.example and https://x.meters.example/7. */
static bool is_in_domain(struct span domain, const char *entity)
{
    const char *host = strstr(entity, "://");
    size_t n;

    host = host ? host + 3 : entity;
    n = strcspn(host, "/:");
    if (domain.n == 0 || n < domain.n || memcmp(host + n - domain.n, domain.p, domain.n) != 0)
        return false;
    return n == domain.n || host[n - domain.n - 1] == '.' || host[n - domain.n - 1] == '@';
}

static bool has_domain(struct span holders, const char *entity)
{
    struct span list;
    struct m2m_item item;

    if (!m2m_find(holders, E_DOMAINS, &list))
        return false;
    while (m2m_next(&list, &item))
        if (is_in_domain(item.value, entity))
            return true;
    return false;
}

static bool is_entity(const struct resource *r, const char *entity)
{
    return r && (r->type == M2M_SCL || r->type == M2M_APPLICATION) && strcmp(r->name, entity) == 0;
}

/* A holderRef leads to an scl or an application, or to a group of these. */
static bool ref_names_entity(const struct scl_tree *t, struct span ref, const char *entity)
{
    const struct resource *r = scl_tree_find_uri(t, ref);
    struct span members;
    struct m2m_item item;

    if (is_entity(r, entity))
        return true;
    if (!r || r->type != M2M_GROUP || !m2m_find(store_attributes(r), E_MEMBERS, &members))
        return false;
    while (m2m_next(&members, &item))
        if (is_entity(scl_tree_find_uri(t, item.value), entity))
            return true;
    return false;
}

static bool has_ref(const struct scl_tree *t, struct span holders, const char *entity)
{
    struct span list;
    struct m2m_item item;

    if (!m2m_find(holders, E_HOLDER_REFS, &list))
        return false;
    while (m2m_next(&list, &item))
        if (ref_names_entity(t, item.value, entity))
            return true;
    return false;
}

static bool holds(const struct scl_tree *t, struct span holders, const char *entity)
{
    struct span all;

    return m2m_find(holders, E_ALL, &all) || names_entity(holders, E_SCL_IDS, E_SCLID, entity) ||
           names_entity(holders, E_APPLICATION_IDS, E_APPLICATION_ID, entity) ||
           has_ref(t, holders, entity) || has_domain(holders, entity);
}

static unsigned flags_of(struct span permission)
{
    struct span flags;
    struct m2m_item item;
    unsigned rights = IS_HOLDER;

    if (m2m_find(permission, E_PERMISSION_FLAGS, &flags))
        while (m2m_next(&flags, &item))
            rights |= 1u << m2m_number(item.value); /* in the order of RIGHT_ */
    return rights;
}

static unsigned rights_by(const struct scl_tree *t, const struct resource *access_right,
                          enum m2m_element list_name, const char *entity)
{
    struct span list, holders;
    struct m2m_item permission;
    unsigned rights = 0;

    if (!m2m_find(store_attributes(access_right), list_name, &list))
        return 0;
    while (m2m_next(&list, &permission))
        if (m2m_find(permission.value, E_PERMISSION_HOLDERS, &holders) && holds(t, holders, entity))
            rights |= flags_of(permission.value);
    return rights;
}

bool access_owns(const struct resource *r, const char *entity)
{
    for (; r; r = r->parent) {
        struct span creator;

        if (is_entity(r, entity) ||
            (m2m_find(store_attributes(r), E_CREATOR, &creator) && m2m_is_text(creator, entity)))
            return true;
    }
    return false;
}

bool access_is_registered(const struct scl_tree *t, const char *entity)
{
    const struct resource *scls = store_find(t, t->base, "scls"),
                          *applications = store_find(t, t->base, "applications");

    return (scls && store_find(t, scls, entity)) ||
           (applications && store_find(t, applications, entity));
}

/* What everybody may do with what belongs to the hosting SCL itself: whoever is registered here may
 * look around and make things of his own; who is not yet may register. Which SCL-ID or App-ID he
 * may take is looked at later. */
static unsigned rights_at_base(const struct scl_tree *t, enum m2m_type type, const char *entity)
{
    if (type == M2M_SCLS || type == M2M_APPLICATIONS) /* who else is there is nobody's business */
        return IS_HOLDER | RIGHT_CREATE;
    if (type == M2M_SCL_BASE || type == M2M_DISCOVERY)
        return IS_HOLDER | RIGHT_READ | RIGHT_DISCOVER;
    return access_is_registered(t, entity) ? IS_HOLDER | RIGHT_READ | RIGHT_DISCOVER | RIGHT_CREATE
                                           : 0;
}

/* Below sclBase and nobody else's. A collection of subscriptions goes by what it stands in, and is
 * there as soon as the first has subscribed. */
static bool is_of_base(const struct resource *r)
{
    if (r->type == M2M_SUBSCRIPTIONS && r->parent)
        r = r->parent;
    return !r->parent || (!r->parent->parent && m2m_type_info((enum m2m_type)r->type)->collection);
}

static unsigned default_rights(const struct scl_tree *t, const struct scl_tree_target *target,
                               const char *entity)
{
    if (strcmp(entity, t->settings.scl_id) == 0 || access_owns(target->at, entity))
        return ALL_RIGHTS | IS_HOLDER;
    return is_of_base(target->at) ? rights_at_base(t, target->type, entity) : 0;
}

/* Rights of who asks, at the first of target and its ancestors that says something. An attribute
 * accessRightID that leads nowhere says nothing. */
static unsigned rights(const struct scl_tree *t, const struct scl_tree_target *target,
                       const char *entity)
{
    struct span id;

    for (const struct resource *r = target->at; r; r = r->parent) {
        const struct resource *access_right;
        const struct m2m_type_info *info = m2m_type_info((enum m2m_type)r->type);

        if (r->type == M2M_ACCESS_RIGHT)
            return rights_by(t, r, E_SELF_PERMISSIONS, entity);
        if (m2m_find(store_attributes(r), E_ACCESS_RIGHT_ID, &id)) {
            access_right = scl_tree_find_uri(t, id);
            if (access_right && access_right->type == M2M_ACCESS_RIGHT)
                return rights_by(t, access_right, E_PERMISSIONS, entity);
        }
        /* What can have a right of its own and has none: default rights. Collections, content
         * instances and subscriptions go by what they stand in. */
        if (m2m_type_attribute((enum m2m_type)r->type, E_ACCESS_RIGHT_ID) && !info->collection)
            break;
    }
    return default_rights(t, target, entity);
}

static enum m2m_status judge(const struct scl_tree *t, const char *entity, unsigned has,
                             unsigned right)
{
    /* The hosting SCL itself is not bound by rights that it keeps for others. */
    if (strcmp(entity, t->settings.scl_id) == 0)
        return STATUS_OK;
    if (!(has & IS_HOLDER))
        return STATUS_NOT_FOUND;
    return (has & right) == right ? STATUS_OK : STATUS_PERMISSION_DENIED;
}

enum m2m_status access_check(const struct scl_tree *t, const struct scl_tree_target *target,
                             const char *entity, unsigned right)
{
    return judge(t, entity, rights(t, target, entity), right);
}

enum m2m_status access_check_by(const struct scl_tree *t, struct span access_right_id,
                                const struct scl_tree_target *target, const char *entity,
                                unsigned right)
{
    const struct resource *r = scl_tree_find_uri(t, access_right_id);

    if (!r || r->type != M2M_ACCESS_RIGHT)
        return access_check(t, target, entity, right);
    return judge(t, entity, rights_by(t, r, E_PERMISSIONS, entity), right);
}
