/* Announcements (etsi-m2m.md 8.1, 8.4): what a resource's announceTo names gets an *Annc of it,
 * below <scl> of the hosting SCL there, with its link and what it can be found by. The requests are
 * the owner's to send. */
#include "models/proc/scl_tree_impl.h"

#include "sim/base/str.h"

#include <string.h>

static enum m2m_type announced_type(enum m2m_type type)
{
    if (type == M2M_APPLICATION)
        return M2M_APPLICATION_ANNC;
    if (type == M2M_CONTAINER)
        return M2M_CONTAINER_ANNC;
    if (type == M2M_GROUP)
        return M2M_GROUP_ANNC;
    return type == M2M_ACCESS_RIGHT ? M2M_ACCESS_RIGHT_ANNC : M2M_NO_TYPE;
}

static bool has_reference(struct span attributes, struct span uri)
{
    struct span to, list;
    struct m2m_item item;

    if (!m2m_find(attributes, E_ANNOUNCE_TO, &to) || m2m_find_number(to, E_ACTIVATED, 1) == 0 ||
        !m2m_find(to, E_SCL_LIST, &list))
        return false;
    while (m2m_next(&list, &item))
        if (item.value.n == uri.n && memcmp(item.value.p, uri.p, uri.n) == 0)
            return true;
    return false;
}

/* "<reference>/scls/<own SCL-ID>/containers[/<announced id>]"; the reference is the sclBase
 * there. The id that it is given there follows from the path here, so that it is one and the same
 * for CREATE, UPDATE and DELETE. */
static bool target_of(const struct scl_tree *t, const struct resource *r, struct span reference,
                      const char *id, char *out, size_t n)
{
    if (reference.n >= n)
        return false;
    memcpy(out, reference.p, reference.n);
    out[reference.n] = '\0';
    return m2m_path_append(out, n, "scls") && m2m_path_append(out, n, t->settings.scl_id) &&
           m2m_path_append(out, n, r->parent->name) && (!id || m2m_path_append(out, n, id));
}

static void copy_row(const struct resource *r, enum m2m_element e, struct m2m_rep *out)
{
    struct span value;

    if (m2m_find(store_attributes(r), e, &value))
        m2m_put(out, e, value);
}

/* Below one <scl> there stand those of all applications, whose containers may have one name. */
static void announced_id(const struct resource *r, char *id, size_t n)
{
    const struct resource *owner = r->parent->parent;
    size_t used = 0;

    if (owner && owner->type == M2M_APPLICATION) {
        used = str_append(id, n, used, owner->name);
        used = str_append(id, n, used, "-");
    }
    used = str_append(id, n, used, r->name);
    str_append(id, n, used, "Annc");
}

static void say(struct scl_tree *t, const struct resource *r, struct span reference,
                enum m2m_method method)
{
    enum m2m_type type = announced_type((enum m2m_type)r->type);
    char target[SCL_TREE_MAX_URI], link[SCL_TREE_MAX_URI], id[M2M_MAX_NAME + 1];
    struct scl_tree_output *o;

    announced_id(r, id, sizeof(id));
    if (!target_of(t, r, reference, method == M2M_CREATE ? NULL : id, target, sizeof(target)))
        return;
    o = output_new(SCL_TREE_REQUEST, method, target, t->settings.scl_id);
    if (method != M2M_DELETE) {
        m2m_rep_init(&o->representation, type);
        if (method == M2M_CREATE)
            m2m_put_text(&o->representation, E_ID, id);
        scl_tree_uri_of(t, r, link, sizeof(link));
        m2m_put_text(&o->representation, E_LINK, link);
        if (store_expires(r) != SCL_TREE_NEVER)
            m2m_put_number(&o->representation, E_EXPIRATION_TIME, store_expires(r));
        copy_row(r, E_ACCESS_RIGHT_ID, &o->representation);
        copy_row(r, E_SEARCH_STRINGS, &o->representation);
    }
    output_put(t, o);
}

/* What to say to those in `list`: those that are in `other` too get `both`. */
static void say_all(struct scl_tree *t, const struct resource *r, struct span list,
                    struct span other, enum m2m_method alone, bool skip_both)
{
    struct span to, references;
    struct m2m_item item;

    if (!m2m_find(list, E_ANNOUNCE_TO, &to) || !m2m_find(to, E_SCL_LIST, &references))
        return;
    while (m2m_next(&references, &item)) {
        bool both = has_reference(other, item.value);

        if (!has_reference(list, item.value) || (both && skip_both))
            continue;
        say(t, r, item.value, both ? M2M_UPDATE : alone);
    }
}

void announce(struct scl_tree *t, struct resource *r, struct span before, bool gone)
{
    struct span after = store_attributes(r), none = span_of(NULL, 0);

    if (!announced_type((enum m2m_type)r->type))
        return;
    if (gone) {
        say_all(t, r, after, none, M2M_DELETE, false);
        return;
    }
    say_all(t, r, before, after, M2M_DELETE, true);
    say_all(t, r, after, before, M2M_CREATE, false);
}

void scl_tree_announce_all(struct scl_tree *t)
{
    for (struct resource *r = t->base; r; r = store_walk(t->base, r))
        announce(t, r, span_of(NULL, 0), false);
}
