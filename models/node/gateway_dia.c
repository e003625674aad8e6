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

#define MAX_BODY (M2M_MAX_DOC / 4) /* of a representation whose document must fit a message */

/* A session with a local device. */
struct gateway_end {
    struct gateway *g;
    struct local *local; /* whose connection it is; NULL: an application's on a device of its own */
    struct session *session;
    struct gateway_end *next, **link;
    bool in_service, answer_ready;
    struct server_answer answer;
    struct m2m_doc doc;
    char text[M2M_MAX_URI];
};

/* ---- prepare ---- */

static struct server_session *core_of(const struct gateway_end *e)
{
    return (struct server_session *)(void *)session_core(e->session);
}

static struct proto *make_core(struct session *s, sim_ns now)
{
    (void)now;
    return server_session_proto(
        server_session_new(session_env(s), &(struct server_settings){.role = SERVER_NSCL}));
}

static void step(struct session *s, sim_ns now)
{
    struct gateway_end *e = session_user(s);

    if (!e->answer_ready)
        return;
    e->answer_ready = false;
    server_session_answer(core_of(e), now, &e->answer);
    m2m_doc_release(&e->doc);
}

/* ---- commit ---- */

/* The device's procedure in whose service this session is now, or NULL. */
static struct procedure *procedure_of(const struct gateway_end *e)
{
    struct session *peer = session_peer(e->session);
    struct local_end *other;

    if (!e->local)
        return peer ? caller_session_procedure(peer) : NULL;
    other = peer ? session_user(peer) : NULL;
    return other ? other->local->proc : NULL;
}

static void forget(struct gateway_end *e)
{
    *e->link = e->next;
    if (e->next)
        e->next->link = e->link;
    m2m_doc_release(&e->doc);
    free(e);
}

static enum m2m_method method_of(const struct server_request *q, struct span target)
{
    struct m2m_path path;
    bool is_path = m2m_path_parse(target, GATEWAY_BASE, &path) == M2M_PATH_OK;

    return server_request_method(q, is_path ? m2m_path_type(&path) : M2M_NO_TYPE);
}

/* What was asked for, what a poll waited for, what the members of a group said. */
static bool has_body(const struct server_request *q, const struct m2m_rep *rep)
{
    return rep->type && (q->method == HTTP_GET || rep->type == M2M_NOTIFY_DOC ||
                         rep->type == M2M_MEMBERS_RESPONSES);
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

    e->answer = (struct server_answer){.status = (int)r->status_code};
    if (has_body(q, rep) && rep->n > MAX_BODY) {
        e->answer.status = STATUS_NOT_ACCEPTABLE;
        e->answer.additional = "more than fits one message";
    } else if (r->status_code >= STATUS_BAD_REQUEST) {
        str_append(e->text, sizeof e->text, 0, r->additional_info);
        e->answer.additional = *e->text ? e->text : NULL;
    } else if (has_body(q, rep)) {
        e->doc = (struct m2m_doc){.kind = DOC_RESOURCE,
                                  .u.resource = {.type = (int)rep->type, .n = rep->n},
                                  .owned = rep->p};
        e->answer.doc = &e->doc;
        m2m_rep_init(rep, M2M_NO_TYPE);
    } else if (*r->resource_uri && !was_named(q) && strlen(r->resource_uri) < sizeof e->text) {
        str_append(e->text, sizeof e->text, 0, r->resource_uri);
        e->answer.location = e->text;
    }
}

/* A reading of a local application is the NSCL's too: in its container there, by its own id. */
static void store(struct gateway_end *e, const struct server_request *q, sim_ns now)
{
    struct procedure *p = procedure_of(e);
    int64_t epoch = device_deployment(e->g->dev)->in.epoch_unix_ns;
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
    store_put(e->g, now, &r);
    device_arm(e->g->dev, now);
}

static void serve(struct gateway_end *e, const struct server_request *q, sim_ns now)
{
    const char *mark = strchr(q->target, '?');
    struct m2m_request request = {
        .target_id = span_of(q->target, mark ? (size_t)(mark - q->target) : strlen(q->target)),
        .requesting_entity = q->requesting_entity,
        .representation = q->rep.type ? &q->rep : NULL,
        .point = M2M_DIA};
    struct m2m_query query;
    struct m2m_response r;
    char why[80];

    meter_add(session_env(e->session)->meter, OP_DB_ACCESS, 1, 0);
    request.method = method_of(q, request.target_id);
    m2m_response_init(&r);
    if (m2m_query_parse(span_str(mark ? mark + 1 : ""), &query, why) == STATUS_OK) {
        request.filter_criteria = m2m_rep_span(&query.filter);
        request.search_prefix = *query.search_prefix ? query.search_prefix : NULL;
        request.max_size = query.max_size;
        gateway_request(e->g, now, &request, &r);
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
    e->answer_ready = true;
    e->in_service = false;
    session_poke(e->session, now);
}

static void advanced(struct session *s, sim_ns now)
{
    struct gateway_end *e = session_user(s);
    struct proto *core = session_core(s);
    const struct server_request *q;

    if (!core || core->status != PROTO_RUNNING) {
        forget(e);
        session_retire(s);
        return;
    }
    q = e->in_service ? NULL : server_session_request(core_of(e));
    if (!q)
        return;
    e->in_service = true;
    serve(e, q, now);
}

static void ended(struct session *s, sim_ns now, enum reason reason)
{
    (void)now;
    (void)reason;
    forget(session_user(s));
    session_free(s);
}

static void charged(struct session *s, sim_ns now, const struct meter *meter,
                    const struct profile_price *price)
{
    struct gateway_end *e = session_user(s);
    struct procedure *p = procedure_of(e);

    (void)now;
    usage_add(e->g->dev->population, p ? p->kind : PROC_READING, meter);
    if (p)
        p->server_ns += price->crypto_ns + price->other_ns;
}

static void activity(struct session *s, sim_ns now, enum session_activity a, sim_ns other_ns)
{
    struct procedure *p = procedure_of(session_user(s));

    if (p)
        procedure_activity(p, now, true, a, other_ns);
}

static void packet(struct session *s, const struct flow_packet *packet_, const char *label,
                   bool continued)
{
    struct gateway_end *e = session_user(s);
    struct procedure *p = procedure_of(e);

    if (p)
        procedure_message(p, device_node(e->g->dev), p->node_id, packet_, "HTTP", label, continued);
}

static void retransmitted(struct session *s, sim_ns now)
{
    struct procedure *p = procedure_of(session_user(s));

    if (p)
        procedure_lost(p, now);
}

static const struct session_ops gateway_session_ops = {.make = make_core,
                                                       .step = step,
                                                       .charged = charged,
                                                       .activity = activity,
                                                       .advanced = advanced,
                                                       .ended = ended,
                                                       .packet = packet,
                                                       .retransmitted = retransmitted};

static struct rng stream_of(const struct gateway *g, const struct local *l)
{
    char purpose[2 * NODE_NAME_MAX], name[NODE_NAME_MAX];

    local_app_id(l, name);
    snprintf(purpose, sizeof purpose, "session %s %u", name, l->sessions);
    return device_stream(g->dev, purpose);
}

static struct gateway_end *end_new(struct gateway *g, struct local *local, struct rng stream)
{
    struct gateway_end *e = xcalloc(1, sizeof *e);

    e->g = g;
    e->local = local;
    e->session = session_new(&gateway_session_ops, e, &g->host, stream, NULL);
    e->next = g->ends;
    e->link = &g->ends;
    if (e->next)
        e->next->link = &e->next;
    g->ends = e;
    return e;
}

bool gateway_accept(struct flow_listener *listener, struct flow_end *end,
                    const struct flow_ops **ops, void **user)
{
    struct gateway *g = listener->user;
    struct session *client = flow_user(flow_peer(end));
    struct local_end *other = client ? session_user(client) : NULL;

    if (!other)
        return false;
    session_accept(end_new(g, other->local, stream_of(g, other->local))->session, end, ops, user);
    return true;
}

bool gateway_accept_application(struct flow_listener *listener, struct flow_end *end,
                                const struct flow_ops **ops, void **user)
{
    const struct caller *c = caller_of(end);

    if (!c)
        return false;
    session_accept(end_new(listener->user, NULL, caller_stream(c))->session, end, ops, user);
    return true;
}

void gateway_free_ends(struct gateway *g, bool vanish)
{
    while (g->ends) {
        struct session *s = g->ends->session;

        forget(g->ends);
        if (vanish)
            session_vanish(s);
        else
            session_free(s);
    }
}
