/* dIa from the gateway's side: primitives over bare HTTP into its tree, on the processor that it
 * has for all it does. What is stored there goes on to the NSCL (store.c). */
#include "models/node/gateway.h"

#include "models/node/caller.h"
#include "models/proto/m2m_query.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIA_PORT 80
#define MAX_BODY (M2M_MAX_DOC / 4) /* of a representation whose document must fit a message */

/* A session with a local device. */
struct gateway_end {
    struct dia_end end;
    struct local *local; /* whose connection it is; NULL: an application's on a device of its own */
    char text[M2M_MAX_URI];
};

static struct gateway *gateway_of(const struct dia_end *e)
{
    return (struct gateway *)((char *)e->node - offsetof(struct gateway, node));
}

static struct procedure *procedure_of(const struct dia_end *e, struct session *peer)
{
    const struct local_end *other;

    if (!((const struct gateway_end *)(const void *)e)->local)
        return peer ? caller_session_procedure(peer) : NULL;
    other = peer ? session_user(peer) : NULL;
    return other ? other->local->proc : NULL;
}

static enum m2m_method method_of(const struct server_request *q, struct span target)
{
    struct m2m_path path;
    bool is_path = m2m_path_parse(target, GATEWAY_BASE, &path) == M2M_PATH_OK;

    return server_request_method(q, is_path ? m2m_path_type(&path) : M2M_NO_TYPE);
}

/* Who named what he made knows where it is. */
static bool was_named(const struct server_request *q)
{
    struct span name;

    return m2m_find(m2m_rep_span(&q->rep), m2m_type_info(q->rep.type)->naming, &name);
}

static void fill_answer(struct gateway_end *e, const struct server_request *q,
                        struct m2m_response *r)
{
    struct m2m_rep *rep = &r->representation;
    bool has_body = server_request_has_body(q, rep->type);

    e->end.answer = (struct server_answer){.status = (int)r->status_code};
    if (has_body && rep->n > MAX_BODY) {
        e->end.answer.status = STATUS_NOT_ACCEPTABLE;
        e->end.answer.additional = "more than fits one message";
    } else if (r->status_code >= STATUS_BAD_REQUEST) {
        str_append(e->text, sizeof e->text, 0, r->additional_info);
        e->end.answer.additional = *e->text ? e->text : NULL;
    } else if (has_body) {
        e->end.doc = (struct m2m_doc){.kind = DOC_RESOURCE,
                                      .u.resource = {.type = (int)rep->type, .n = rep->n},
                                      .owned = rep->p};
        e->end.answer.doc = &e->end.doc;
        m2m_rep_init(rep, M2M_NO_TYPE);
    } else if (*r->resource_uri && !was_named(q) && strlen(r->resource_uri) < sizeof e->text) {
        str_append(e->text, sizeof e->text, 0, r->resource_uri);
        e->end.answer.location = e->text;
    }
}

/* A reading of a local application is the NSCL's too: in its container there, by its own id. */
static void store(struct gateway_end *e, const struct server_request *q, sim_ns now)
{
    struct gateway *g = gateway_of(&e->end);
    struct procedure *p = dia_end_procedure(&e->end);
    int64_t epoch = device_deployment(g->dev)->in.epoch_unix_ns;
    struct reading r = {.local = e->local,
                        .t_intended = p ? p->t_intended : now,
                        .trpdt = m2m_category_delay(&q->category, epoch + now),
                        .rcat = m2m_category_rcat(&q->category)};
    struct span list = m2m_rep_span(&q->rep);
    char id[READING_ID];

    if (q->rep.type != M2M_CONTENT_INSTANCE || !m2m_find(list, E_CONTENT, &r.content))
        return;
    m2m_find_text(list, E_ID, id, sizeof id);
    r.id = id;
    if (p && p->kind == PROC_READING) {
        local_dia_book(e->local);
        procedure_clock(p, now);
        r.exchange = p;
    }
    store_put(g, now, &r);
    device_arm(g->dev, now);
}

static void serve(struct dia_end *end, const struct server_request *q, sim_ns now)
{
    struct gateway_end *e = (struct gateway_end *)(void *)end;
    const char *mark = strchr(q->target, '?');
    struct m2m_request request = {
        .target_id = span_of(q->target, mark ? (size_t)(mark - q->target) : strlen(q->target)),
        .requesting_entity = q->requesting_entity,
        .representation = q->rep.type ? &q->rep : NULL,
        .point = M2M_DIA};
    struct m2m_query query;
    struct m2m_response r;
    char why[80];

    request.method = method_of(q, request.target_id);
    m2m_response_init(&r);
    if (m2m_query_parse(span_str(mark ? mark + 1 : ""), &query, why) == STATUS_OK) {
        request.filter_criteria = m2m_rep_span(&query.filter);
        request.search_prefix = *query.search_prefix ? query.search_prefix : NULL;
        request.max_size = query.max_size;
        gateway_request(gateway_of(end), now, &request, &r);
        if (r.onward != M2M_STAYS) /* what comes over dIa itself goes to nobody else */
            r.status_code = STATUS_NOT_FOUND;
    } else {
        r.status_code = STATUS_BAD_REQUEST;
        str_append(r.additional_info, sizeof r.additional_info, 0, why);
    }
    m2m_query_clear(&query);
    fill_answer(e, q, &r);
    if (r.status_code == STATUS_CREATED && e->local)
        store(e, q, now);
    m2m_response_clear(&r);
    dia_end_answer(end, now);
}

static struct rng stream_of(const struct gateway *g, const struct local *l)
{
    char purpose[2 * NODE_NAME_MAX], name[NODE_NAME_MAX];

    local_app_id(l, name);
    snprintf(purpose, sizeof purpose, "session %s %u", name, l->sessions);
    return device_stream(g->dev, purpose);
}

static struct dia_end *end_of(struct local *local)
{
    struct gateway_end *e = xcalloc(1, sizeof *e);

    e->local = local;
    return &e->end;
}

static bool gateway_accept(struct flow_listener *listener, struct flow_end *end,
                           const struct flow_ops **ops, void **user)
{
    struct gateway *g = listener->user;
    struct session *client = flow_user(flow_peer(end));
    struct local_end *other = client ? session_user(client) : NULL;

    if (!other)
        return false;
    dia_end_accept(end_of(other->local), &g->node, stream_of(g, other->local), end, ops, user);
    return true;
}

static bool gateway_accept_application(struct flow_listener *listener, struct flow_end *end,
                                       const struct flow_ops **ops, void **user)
{
    struct gateway *g = listener->user;
    const struct caller *c = caller_of(end);

    if (!c)
        return false;
    dia_end_accept(end_of(NULL), &g->node, caller_stream(c), end, ops, user);
    return true;
}

static const struct dia_ops dia_ops = {
    .kind = PROC_READING, .procedure = procedure_of, .request = serve};

void gateway_dia_init(struct gateway *g)
{
    struct device *dev = g->dev;

    dia_node_init(&g->node, &dia_ops, dev->population, device_node(dev), &dev->cpu);
    g->dia = (struct flow_listener){.accept = gateway_accept,
                                    .user = g,
                                    .deaf = true,
                                    .host = (uint32_t)device_node(dev),
                                    .port = DIA_PORT};
    g->applications = g->dia;
    g->applications.accept = gateway_accept_application;
}
