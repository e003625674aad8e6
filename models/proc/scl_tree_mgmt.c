/* mgmtCmd: EXECUTE makes an execInstance and hands the command to the tree's owner, who brings it
 * to the device; the device reports by UPDATE of execStatus and execResult (etsi-m2m.md 8.1). */
#include "models/proc/scl_tree_impl.h"

#include "sim/base/str.h"

#include <string.h>

enum { INITIATED, STARTED, FINISHED, CANCELLING }; /* execStatus' words */

/* One at a time: a device that resets does nothing else. */
static bool is_busy(const struct resource *instances)
{
    for (const struct resource *r = instances ? store_first(instances) : NULL; r; r = r->next)
        if (r->type == M2M_EXEC_INSTANCE &&
            m2m_find_number(store_attributes(r), E_EXEC_STATUS, FINISHED) != FINISHED)
            return true;
    return false;
}

static struct resource *add_instance(struct scl_tree *t, struct resource *cmd,
                                     const struct scl_tree_call *c)
{
    const char *below = m2m_type_name(M2M_EXEC_INSTANCES);
    struct resource *instances = store_find(t, cmd, below), *r;
    struct m2m_rep list;
    char name[40];
    size_t used = str_append(name, sizeof(name), 0, "exec-");

    if (!instances)
        instances = store_add(t, cmd, M2M_EXEC_INSTANCES, below, c->now);
    str_append_number(name, sizeof(name), used, t->numbers);
    r = store_add(t, instances, M2M_EXEC_INSTANCE, name, c->now);
    m2m_rep_init(&list, M2M_EXEC_INSTANCE);
    m2m_put_number(&list, E_EXEC_STATUS, INITIATED);
    m2m_put_text(&list, E_CREATOR,
                 c->request->requesting_entity); /* who may see what comes of it */
    store_set_attributes(t, r, m2m_rep_span(&list));
    m2m_rep_clear(&list);
    more_of(instances)->modified = c->now;
    return r;
}

void mgmt_execute(struct scl_tree *t, struct resource *cmd, const struct scl_tree_call *c)
{
    struct resource *r;
    struct scl_tree_output *o;

    if (is_busy(store_find(t, cmd, m2m_type_name(M2M_EXEC_INSTANCES)))) {
        scl_tree_refuse(c, STATUS_CONFLICT, "a command is being executed");
        return;
    }
    r = add_instance(t, cmd, c);
    scl_tree_path_of(r, c->response->resource_uri, sizeof(c->response->resource_uri));
    o = output_new(SCL_TREE_COMMAND, M2M_EXECUTE, c->response->resource_uri,
                   c->request->requesting_entity);
    rep_of_resource(t, cmd, &o->representation);
    output_put(t, o);
    rep_of_resource(t, r, &c->response->representation);
    c->response->status_code = STATUS_ACCEPTED;
    notify_change(t, r, STATUS_CREATED, c->now);
}

void mgmt_cancel(struct scl_tree *t, struct resource *instance, const struct scl_tree_call *c)
{
    struct m2m_rep list;
    struct span rest = store_attributes(instance);
    struct m2m_item item;

    if (m2m_find_number(rest, E_EXEC_STATUS, FINISHED) == FINISHED) {
        scl_tree_refuse(c, STATUS_CONFLICT, "it is finished");
        return;
    }
    m2m_rep_init(&list, M2M_EXEC_INSTANCE);
    m2m_put_number(&list, E_EXEC_STATUS, CANCELLING);
    while (m2m_next(&rest, &item))
        if (item.element != E_EXEC_STATUS)
            m2m_put(&list, item.element, item.value);
    store_set_attributes(t, instance, m2m_rep_span(&list));
    m2m_rep_clear(&list);
    more_of(instance)->modified = c->now;
    c->response->status_code = STATUS_ACCEPTED;
    notify_change(t, instance, STATUS_OK, c->now);
}
