/* The tree as its owner sees it: primitives in, answers out, expiry. */
#include "models/proc/scl_tree.h"

#include "models/proc/scl_tree_impl.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scl_tree *scl_tree_new(const struct scl_tree_settings *settings, int64_t now)
{
    struct scl_tree *t = xcalloc(1, sizeof(*t));

    t->settings = *settings;
    t->settings.base = xstrdup(settings->base);
    t->settings.scl_id = xstrdup(settings->scl_id);
    t->settings.authority = xstrdup(settings->authority);
    t->last_output = &t->first_output;
    t->last_member = &t->members;
    t->octets = sizeof(*t);
    t->base = store_add(t, NULL, M2M_SCL_BASE, settings->base, now);
    return t;
}

void scl_tree_free(struct scl_tree *t)
{
    struct scl_tree_output *o;

    if (!t)
        return;
    while (t->base) {
        struct resource *r = t->base, *parent;

        while (store_first(r))
            r = store_last(r);
        parent = r->parent;
        store_remove(t, r);
        if (!parent)
            t->base = NULL;
    }
    while ((o = scl_tree_output(t)))
        scl_tree_output_free(o);
    while ((o = scl_tree_member(t)))
        scl_tree_output_free(o);
    free(t->buckets);
    free(t->heap);
    free((char *)t->settings.base);
    free((char *)t->settings.scl_id);
    free((char *)t->settings.authority);
    free(t);
}

size_t scl_tree_octets(const struct scl_tree *t)
{
    return t->octets;
}

uint64_t scl_tree_count(const struct scl_tree *t)
{
    return t->count;
}

/* ---- what waits for others ---- */

struct scl_tree_output *output_new(enum scl_tree_output_kind kind, enum m2m_method method,
                                   const char *target, const char *entity)
{
    struct scl_tree_output *o = xcalloc(1, sizeof(*o));

    o->kind = kind;
    o->method = method;
    o->target = xstrdup(target);
    o->requesting_entity = xstrdup(entity);
    o->status_code = STATUS_OK;
    return o;
}

void output_put(struct scl_tree *t, struct scl_tree_output *o)
{
    o->next = NULL;
    *t->last_output = o;
    t->last_output = &o->next;
}

struct scl_tree_output *scl_tree_output(struct scl_tree *t)
{
    struct scl_tree_output *o = t->first_output;

    if (!o)
        return NULL;
    t->first_output = o->next;
    if (!o->next)
        t->last_output = &t->first_output;
    o->next = NULL;
    return o;
}

void scl_tree_output_free(struct scl_tree_output *o)
{
    if (!o)
        return;
    m2m_rep_clear(&o->representation);
    free(o->target);
    free(o->requesting_entity);
    free(o->contact);
    free(o);
}

/* ---- primitives ---- */

void scl_tree_refuse(const struct scl_tree_call *c, enum m2m_status status, const char *why)
{
    c->response->status_code = status;
    if (why && why != c->response->additional_info)
        snprintf(c->response->additional_info, sizeof(c->response->additional_info), "%s", why);
}

unsigned scl_tree_right_of(enum m2m_method method)
{
    static const uint8_t right[] = {RIGHT_CREATE, RIGHT_READ,  RIGHT_WRITE,
                                    RIGHT_DELETE, RIGHT_WRITE, RIGHT_CREATE};

    return right[method];
}

/* latest and oldest are names of contentInstances. false: there is none. */
static bool resolve_instance(struct scl_tree_target *target)
{
    bool latest = target->type == M2M_LATEST;
    struct resource *r = target->at;

    if (target->missing != 1)
        return false;
    r = latest ? store_last(r) : store_first(r);
    while (r && r->type != M2M_CONTENT_INSTANCE)
        r = latest ? (r == store_first(target->at) ? NULL : r->prev) : r->next;
    target->at = r;
    target->missing = 0;
    target->type = M2M_CONTENT_INSTANCE;
    return r != NULL;
}

static void execute(struct scl_tree *t, struct scl_tree_target *target,
                    const struct scl_tree_call *c)
{
    if (target->type == M2M_MGMT_CMD || target->type == M2M_EXEC_ENABLE)
        mgmt_execute(t, target->at, c);
    else if (target->type == M2M_EXEC_DISABLE)
        mgmt_cancel(t, target->at, c);
    else
        channel_poll(t, target->at, c);
}

static void retrieve(struct scl_tree *t, const struct scl_tree_target *target,
                     const struct scl_tree_call *c)
{
    if (target->type == M2M_DISCOVERY) {
        discovery_answer(t, c);
        return;
    }
    rep_of(t, target, c->request->filter_criteria, &c->response->representation);
    if (c->response->representation.full)
        scl_tree_refuse(c, STATUS_NOT_ACCEPTABLE, "more than fits one representation");
    else
        c->response->status_code = STATUS_OK;
}

static void perform(struct scl_tree *t, struct scl_tree_target *target,
                    const struct scl_tree_call *c)
{
    switch (c->request->method) {
    case M2M_CREATE:
        scl_tree_create(t, target, c);
        break;
    case M2M_RETRIEVE:
        retrieve(t, target, c);
        break;
    case M2M_UPDATE:
        /* A collection is made by the right that it is to have. */
        scl_tree_update(t, scl_tree_materialise(t, target, c->now), c);
        break;
    case M2M_DELETE:
        c->response->status_code = STATUS_DELETED;
        scl_tree_delete(t, target->at, STATUS_DELETED, c->now);
        break;
    case M2M_NOTIFY:
        if (target->type == M2M_LONG_POLLING)
            channel_response(t, target->at, c);
        else
            channel_notify(t, target->at, c);
        break;
    case M2M_EXECUTE:
        execute(t, target, c);
        break;
    }
}

/* Whether the request may come at all, and what it is about. false: answered. */
static bool find_target(struct scl_tree *t, const struct scl_tree_call *c, struct m2m_path *path,
                        struct scl_tree_target *target)
{
    enum m2m_path_result result = m2m_path_parse(c->request->target_id, t->settings.base, path);

    if (result == M2M_PATH_MALFORMED)
        scl_tree_refuse(c, STATUS_BAD_REQUEST, "the targetID is no path");
    else if (!*c->request->requesting_entity)
        scl_tree_refuse(c, STATUS_FORBIDDEN, "a requesting entity is needed");
    else if (result != M2M_PATH_OK || !scl_tree_is_own(t, path) ||
             !scl_tree_find(t, path, target)) {
        if (!retarget(t, path, result, c))
            scl_tree_refuse(c, STATUS_NOT_FOUND, "no such resource");
    } else if ((target->type == M2M_LATEST || target->type == M2M_OLDEST) &&
               !resolve_instance(target))
        scl_tree_refuse(c, STATUS_NOT_FOUND, "no such resource");
    else
        return true;
    return false;
}

/* Whoever says a condition means it: what is not judged here is not passed over. false: answered.
 */
static bool check_criteria(const struct scl_tree_call *c)
{
    struct span filter = c->request->filter_criteria;

    if (content_asks_tags(filter))
        scl_tree_refuse(c, STATUS_NOT_IMPLEMENTED, "resources have no entity tags");
    else if (filter.n > 0 && c->request->method != M2M_RETRIEVE)
        scl_tree_refuse(c, STATUS_BAD_REQUEST, "filterCriteria select what is retrieved");
    else
        return true;
    return false;
}

void scl_tree_request(struct scl_tree *t, int64_t now, const struct m2m_request *request,
                      struct m2m_response *response)
{
    struct scl_tree_call c = {request, response, now};
    enum m2m_status status;
    struct m2m_path path;
    struct scl_tree_target target;

    scl_tree_expire(t, now);
    if (!find_target(t, &c, &path, &target))
        return;
    /* A notify is asked of by who the channel's owner let know the URI. */
    status = request->method == M2M_NOTIFY && target.type != M2M_LONG_POLLING
                 ? STATUS_OK
                 : access_check(t, &target, request->requesting_entity,
                                scl_tree_right_of(request->method));
    if (status != STATUS_OK)
        scl_tree_refuse(&c, status, status == STATUS_NOT_FOUND ? "no such resource" : NULL);
    else if (!m2m_type_takes(target.type, request->method))
        scl_tree_refuse(&c, STATUS_METHOD_NOT_ALLOWED, NULL);
    else if (!check_criteria(&c))
        return;
    else if (target.type == M2M_MEMBERS_CONTENT)
        group_fan_out(t, &target, &c);
    else
        perform(t, &target, &c);
}

/* ---- expiry ---- */

int64_t scl_tree_expiry(const struct scl_tree *t)
{
    return t->heap_count ? t->heap[0].at : SCL_TREE_NEVER;
}

static void fall_due(struct scl_tree *t, struct resource *r, int64_t now)
{
    if (store_expires(r) <= now)
        scl_tree_delete(t, r, STATUS_EXPIRED, now);
    else if (r->type == M2M_CONTENT_INSTANCES)
        content_expire(t, r, now);
    else if (r->type == M2M_SUBSCRIPTION)
        notify_due(t, r, now);
    else
        channel_due(t, r, now);
}

void scl_tree_expire(struct scl_tree *t, int64_t now)
{
    while (t->heap_count && t->heap[0].at <= now)
        fall_due(t, t->heap[0].r, now);
}
