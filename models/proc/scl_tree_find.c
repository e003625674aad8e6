/* From paths to resources and back. */
#include "models/proc/scl_tree_impl.h"

#include "sim/base/str.h"

#include <string.h>

static bool stands_below(enum m2m_type parent, enum m2m_type type)
{
    for (const enum m2m_type *t = m2m_type_info(parent)->below; t && *t; t++)
        if (*t == type)
            return true;
    return false;
}

bool scl_tree_find(const struct scl_tree *t, const struct m2m_path *path,
                   struct scl_tree_target *out)
{
    enum m2m_type type = M2M_SCL_BASE;

    *out = (struct scl_tree_target){.path = path, .at = t->base, .type = M2M_SCL_BASE};
    for (unsigned i = 1; i < path->count; i++) {
        struct resource *r = out->missing ? NULL : store_find(t, out->at, m2m_path_name(path, i));

        if (r) {
            out->at = r;
            type = (enum m2m_type)r->type;
        } else if (stands_below(type, path->step[i].type)) {
            out->missing++;
            type = path->step[i].type;
        } else {
            return false;
        }
    }
    out->type = type;
    return true;
}

bool scl_tree_is_own(const struct scl_tree *t, const struct m2m_path *path)
{
    const char *authority = path->text + path->authority;

    return !*authority || strcmp(authority, t->settings.authority) == 0;
}

struct resource *scl_tree_find_uri(const struct scl_tree *t, struct span uri)
{
    struct m2m_path path;
    struct scl_tree_target target;

    if (m2m_path_parse(uri, t->settings.base, &path) != M2M_PATH_OK || !scl_tree_is_own(t, &path) ||
        !scl_tree_find(t, &path, &target) || target.missing)
        return NULL;
    return target.at;
}

struct resource *scl_tree_materialise(struct scl_tree *t, const struct scl_tree_target *target,
                                      int64_t now)
{
    struct resource *r = target->at;

    for (unsigned i = target->path->count - target->missing; i < target->path->count; i++)
        r = store_add(t, r, target->path->step[i].type, m2m_path_name(target->path, i), now);
    return r;
}

static void append_path(const struct resource *r, char *out, size_t n)
{
    const struct resource *up[M2M_MAX_STEPS + 1];
    unsigned depth = 0;

    for (; r && depth <= M2M_MAX_STEPS; r = r->parent)
        up[depth++] = r;
    while (depth > 0)
        if (!m2m_path_append(out, n, up[--depth]->name)) {
            out[0] = '\0';
            return;
        }
}

void scl_tree_path_of(const struct resource *r, char *out, size_t n)
{
    out[0] = '\0';
    append_path(r, out, n);
}

void scl_tree_uri_of(const struct scl_tree *t, const struct resource *r, char *out, size_t n)
{
    size_t used = str_append(out, n, 0, "https://");

    used = str_append(out, n, used, t->settings.authority);
    append_path(r, out, n);
    if (out[used] == '\0')
        out[0] = '\0';
}
