/* Requests that are for somebody else (TS 102 690 retargeting; TS 102 921 10.3.2.23, etsi-m2m.md
 * 8.4): below an application of ours, by its aPoCPaths to its aPoC; of another SCL, over a contact
 * that it gave when it registered; NOTIFY to a contact elsewhere. The tree says where a request
 * goes on; its owner brings it there.
 *
 * No request goes round. What another SCL has handed on is for this one or for an application of
 * it, never for a third SCL; nobody is asked for what he asks for himself; an aPoC that leads back
 * to its own SCL leads nowhere. */
#include "models/proc/scl_tree_impl.h"

#include "sim/base/str.h"

#include <string.h>

/* "HOST:PORT" of an absolute URI; empty: it has none. */
static struct span authority_of(struct span uri)
{
    static const char mark[] = "://";

    for (size_t i = 0; i + sizeof(mark) - 1 <= uri.n; i++) {
        const uint8_t *from = uri.p + i + sizeof(mark) - 1, *slash;
        size_t left = uri.n - i - (sizeof(mark) - 1);

        if (memcmp(uri.p + i, mark, sizeof(mark) - 1) != 0)
            continue;
        slash = memchr(from, '/', left);
        return span_of(from, slash ? (size_t)(slash - from) : left);
    }
    return span_of(NULL, 0);
}

/* ---- to an application ---- */

/* Octets without the slash in front. */
static struct span bare(struct span path)
{
    return path.n && path.p[0] == '/' ? span_of(path.p + 1, path.n - 1) : path;
}

/* SHALLOW: the path itself, or, behind one that ends in a slash, one segment more. DEEP: all that
 * is below it, too (TS 102 690 table 9.4). */
static bool matches(struct span path, struct span rest, bool deep)
{
    bool open = path.n && path.p[path.n - 1] == '/';
    struct span more;

    if (path.n == 0 || rest.n < path.n || memcmp(rest.p, path.p, path.n) != 0)
        return false;
    more = span_of(rest.p + path.n, rest.n - path.n);
    if (more.n == 0)
        return !open;
    if (deep)
        return open || more.p[0] == '/';
    return open && !memchr(more.p, '/', more.n);
}

/* The longest of the paths that match; false: none does. */
static bool best_path(const struct scl_tree *t, struct span paths, struct span rest,
                      struct span *best)
{
    bool deep = m2m_find_number(store_attributes(t->base), E_APOC_HANDLING, 0) != 0;
    size_t longest = 0;
    struct m2m_item item;
    struct span path;

    while (m2m_next(&paths, &item)) {
        if (!m2m_find(item.value, E_PATH, &path))
            continue;
        path = bare(path);
        if (path.n > longest && matches(path, rest, deep)) {
            longest = path.n;
            *best = item.value;
        }
    }
    return longest > 0;
}

static bool is_here(const struct scl_tree *t, struct span uri)
{
    struct span authority = authority_of(uri);

    return authority.n == 0 || m2m_is_text(authority, t->settings.authority);
}

static void answer_application(const struct scl_tree_call *c, struct span apoc, struct span rest)
{
    struct m2m_response *r = c->response;
    size_t n = apoc.n && apoc.p[apoc.n - 1] == '/' ? apoc.n - 1 : apoc.n;

    if (n + 1 + rest.n >= sizeof(r->resource_uri)) {
        scl_tree_refuse(c, STATUS_BAD_REQUEST, "the target at the aPoC is too long");
        return;
    }
    memcpy(r->resource_uri, apoc.p, n);
    r->resource_uri[n] = '/';
    memcpy(r->resource_uri + n + 1, rest.p, rest.n);
    r->resource_uri[n + 1 + rest.n] = '\0';
    r->onward = M2M_TO_APPLICATION;
    r->status_code = STATUS_ACCEPTED;
}

static void to_application(const struct scl_tree *t, const struct scl_tree_target *target,
                           const struct scl_tree_call *c)
{
    const char *entity = c->request->requesting_entity;
    struct span list = store_attributes(target->at), apoc, paths, path, id = {0};
    struct span rest = bare(span_str(target->path->text + target->path->suffix));
    enum m2m_status status;

    if (!m2m_find(list, E_APOC, &apoc) || !m2m_find(list, E_APOC_PATHS, &paths) ||
        !best_path(t, paths, rest, &path)) {
        scl_tree_refuse(c, STATUS_NOT_FOUND, "no such resource");
        return;
    }
    m2m_find(path, E_ACCESS_RIGHT_ID, &id);
    /* A notify is asked of by who was let know the URI, as at a channel's contactURI. */
    if (c->request->method == M2M_NOTIFY && access_is_registered(t, entity))
        status = STATUS_OK;
    else
        status = access_check_by(t, id, target, entity, scl_tree_right_of(c->request->method));
    if (status != STATUS_OK)
        scl_tree_refuse(c, status, status == STATUS_NOT_FOUND ? "no such resource" : NULL);
    else if (is_here(t, apoc))
        scl_tree_refuse(c, STATUS_BAD_GATEWAY, "the aPoC leads back here");
    else
        answer_application(c, apoc, rest);
}

/* ---- to another SCL ---- */

static bool has_authority(const struct resource *scl, struct span authority)
{
    struct span link;

    if (!m2m_find(store_attributes(scl), E_LINK, &link))
        return false;
    link = authority_of(link);
    return link.n > 0 && link.n == authority.n && memcmp(link.p, authority.p, link.n) == 0;
}

/* By the authority of its link. Most SCLs are called by the first label of their host; the others
 * are looked for. NULL: nobody's. */
static const struct resource *find_scl(const struct scl_tree *t, struct span authority)
{
    const struct resource *scls = store_find(t, t->base, m2m_type_name(M2M_SCLS)), *r = NULL;
    const uint8_t *dot = authority.n ? memchr(authority.p, '.', authority.n) : NULL;
    size_t n = dot ? (size_t)(dot - authority.p) : authority.n;
    char label[M2M_MAX_NAME + 1];

    if (!scls)
        return NULL;
    if (n < sizeof(label)) {
        memcpy(label, authority.p, n);
        label[n] = '\0';
        r = store_find(t, scls, label);
    }
    if (r && r->type == M2M_SCL && has_authority(r, authority))
        return r;
    for (r = store_first(scls); r; r = r->next)
        if (r->type == M2M_SCL && has_authority(r, authority))
            return r;
    return NULL;
}

/* A channel's contactURI that is there, or an address elsewhere. */
static bool is_contact(const struct scl_tree *t, struct span uri, char *out, size_t n)
{
    struct m2m_path path;
    struct scl_tree_target target;

    if (uri.n == 0 || uri.n >= n)
        return false;
    if (is_here(t, uri) && (m2m_path_parse(uri, t->settings.base, &path) != M2M_PATH_OK ||
                            !scl_tree_find(t, &path, &target) || target.type != M2M_CONTACT))
        return false;
    memcpy(out, uri.p, uri.n);
    out[uri.n] = '\0';
    return true;
}

static bool by_pocs(const struct scl_tree *t, const struct resource *scl, char *out, size_t n)
{
    struct span pocs;
    struct m2m_item item;

    if (!m2m_find(store_attributes(scl), E_POCS, &pocs))
        return false;
    while (m2m_next(&pocs, &item))
        if (is_contact(t, item.value, out, n))
            return true;
    return false;
}

/* m2mPocs that are ONLINE, or do not say. */
static bool by_m2m_poc(const struct scl_tree *t, const struct resource *scl, char *out, size_t n)
{
    const struct resource *pocs = store_find(t, scl, m2m_type_name(M2M_M2M_POCS));

    for (const struct resource *r = pocs ? store_first(pocs) : NULL; r; r = r->next) {
        struct span info, uri;

        if (r->type == M2M_M2M_POC &&
            m2m_find_number(store_attributes(r), E_ONLINE_STATUS, 0) == 0 &&
            m2m_find(store_attributes(r), E_CONTACT_INFO, &info) &&
            m2m_find(info, E_CONTACT_URI, &uri) && is_contact(t, uri, out, n))
            return true;
    }
    return false;
}

static bool by_channel(const struct scl_tree *t, const struct resource *scl, char *out, size_t n)
{
    const struct resource *all = store_find(t, scl, m2m_type_name(M2M_NOTIFICATION_CHANNELS));

    for (const struct resource *r = all ? store_first(all) : NULL; r; r = r->next) {
        if (r->type != M2M_NOTIFICATION_CHANNEL)
            continue;
        scl_tree_path_of(r, out, n);
        return *out && m2m_path_append(out, n, m2m_type_name(M2M_CONTACT));
    }
    return false;
}

static void to_scl(const struct scl_tree *t, struct span authority, struct span uri,
                   const struct scl_tree_call *c)
{
    const char *entity = c->request->requesting_entity;
    const struct resource *scl = find_scl(t, authority);
    struct m2m_response *r = c->response;

    if (!access_is_registered(t, entity) && strcmp(entity, t->settings.scl_id) != 0)
        scl_tree_refuse(c, STATUS_PERMISSION_DENIED, "requests of who is registered go on");
    else if (!scl)
        scl_tree_refuse(c, STATUS_NOT_FOUND, "no such SCL");
    else if (strcmp(scl->name, entity) == 0)
        scl_tree_refuse(c, STATUS_BAD_GATEWAY, "leads back to who asks");
    else if (uri.n >= sizeof(r->resource_uri))
        scl_tree_refuse(c, STATUS_BAD_REQUEST, "the target is too long");
    else if (!by_pocs(t, scl, r->contact, sizeof(r->contact)) &&
             !by_m2m_poc(t, scl, r->contact, sizeof(r->contact)) &&
             !by_channel(t, scl, r->contact, sizeof(r->contact)))
        scl_tree_refuse(c, STATUS_BAD_GATEWAY, "no way to that SCL is known");
    else {
        memcpy(r->resource_uri, uri.p, uri.n);
        r->resource_uri[uri.n] = '\0';
        r->onward = M2M_TO_SCL;
        r->status_code = STATUS_ACCEPTED;
    }
}

/* What a registered SCL notifies: a contact that its subscriber gave it and that it cannot reach
 * itself. Whose address that is the owner knows, not the tree. */
static bool to_contact(const struct scl_tree *t, struct span authority,
                       const struct scl_tree_call *c)
{
    const struct m2m_request *q = c->request;
    struct m2m_response *r = c->response;

    if (q->method != M2M_NOTIFY || q->point != M2M_MID || !t->settings.network ||
        find_scl(t, authority) || !access_is_registered(t, q->requesting_entity) ||
        q->target_id.n >= sizeof(r->resource_uri))
        return false;
    memcpy(r->resource_uri, q->target_id.p, q->target_id.n);
    r->resource_uri[q->target_id.n] = '\0';
    r->onward = M2M_TO_CONTACT;
    r->status_code = STATUS_ACCEPTED;
    return true;
}

/* What is announced stands at another SCL, where its link leads. */
static void to_announced(const struct scl_tree *t, const struct scl_tree_target *target,
                         const struct scl_tree_call *c)
{
    char uri[M2M_MAX_PATH], link[M2M_MAX_LINK];
    const char *rest = target->path->text + target->path->suffix;
    struct span authority;
    size_t n;

    m2m_find_text(store_attributes(target->at), E_LINK, link, sizeof(link));
    authority = authority_of(span_str(link));
    n = str_append(uri, sizeof(uri), 0, link);
    n = str_append(uri, sizeof(uri), n, rest);
    if (authority.n == 0 || is_here(t, span_str(link)) || n + 1 >= sizeof(uri))
        scl_tree_refuse(c, STATUS_NOT_FOUND, "no such resource");
    else
        to_scl(t, authority, span_str(uri), c);
}

/* ---- all ---- */

bool retarget(const struct scl_tree *t, const struct m2m_path *path, enum m2m_path_result result,
              const struct scl_tree_call *c)
{
    struct scl_tree_target target;

    if (!t->settings.hands_on)
        return false;
    if (!scl_tree_is_own(t, path)) {
        struct span authority = span_str(path->text + path->authority);

        if (c->request->handed_on)
            return false;
        if (!to_contact(t, authority, c))
            to_scl(t, authority, c->request->target_id, c);
        return true;
    }
    if (result != M2M_PATH_UNKNOWN || path->count == 0 || !scl_tree_find(t, path, &target) ||
        target.missing)
        return false;
    if (target.at->type == M2M_APPLICATION)
        to_application(t, &target, c);
    else if (target.at->type == M2M_APPLICATION_ANNC && !c->request->handed_on)
        to_announced(t, &target, c);
    else
        return false;
    return true;
}
