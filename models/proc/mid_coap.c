/* mId over CoAP: DTLS, or bare UDP, with CoAP inside. */
#include "models/proc/client_guard.h"
#include "models/proc/coap_binding.h"
#include "models/proc/coap_channel.h"
#include "models/proc/document.h"
#include "models/proc/mid_impl.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_EXCHANGE 0

struct mid_coap {
    struct proto proto;
    struct coap_channel channel;
    struct client_guard guard;
    struct mid_response *response; /* NULL: none, or taken */
    uint32_t exchange;             /* NO_EXCHANGE: nothing is outstanding */
    uint32_t unpaid_xml;           /* octets of a document that is charged when it leaves */
    enum http_method method;       /* of what is outstanding */
    struct m2m_category category;
    char requesting_entity[M2M_MAX_URI];
};

static struct mid_coap *of(struct proto *p)
{
    return (struct mid_coap *)p;
}

static void drop_response(struct mid_coap *c)
{
    if (!c->response)
        return;
    m2m_doc_release(&c->response->doc);
    free(c->response);
    c->response = NULL;
}

/* ---- answers ---- */

/* A payload without a format is XML in an answer, and a text for people in a refusal (RFC
 * 7252 5.5.1, 5.5.2). */
static bool is_document(const struct coap_msg *m)
{
    uint32_t format;

    if (m->payload.n == 0)
        return false;
    return coap_msg_get_uint(m, COAP_CONTENT_FORMAT, &format) ? format == COAP_XML
                                                              : coap_class(m->code) == 2;
}

/* What several statuses share a code for, errorInfo says. */
static int exact_status(int status, const struct m2m_doc *doc)
{
    static const int refusals[] = {
#define X(constant, http) constant,
        M2M_STATUSES(X)
#undef X
    };

    if (status < STATUS_BAD_REQUEST || doc->kind != DOC_ERROR_INFO)
        return status;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (refusals[i] >= STATUS_BAD_REQUEST &&
            strcmp(doc->u.error.status_code, m2m_status_name((enum m2m_status)refusals[i])) == 0)
            return refusals[i];
    return status;
}

static void take_plain(struct mid_coap *c, const struct coap_msg *m, struct mid_response *r)
{
    enum reason parsed = REASON_NONE;
    char why[80];

    if (is_document(m))
        parsed = document_read(c->proto.env, m->payload, &r->doc, why);
    r->status = exact_status(r->status, &r->doc);
    r->reason = document_answer_reason(r->status, &r->doc);
    if (r->reason == REASON_NONE)
        r->reason = parsed;
    coap_binding_location(m, r->location, sizeof(r->location));
}

static void answered(struct mid_coap *c, const struct coap_msg *m)
{
    struct mid_response *r = xcalloc(1, sizeof(*r));

    drop_response(c);
    c->response = r;
    c->exchange = NO_EXCHANGE;
    r->status = coap_binding_status(m->code, c->method);
    /* RFC 7252 5.9.3.4: there it says when to try again. */
    if (m->code == COAP_SERVICE_UNAVAILABLE)
        coap_msg_get_uint(m, COAP_MAX_AGE, &r->retry_after_s);
    if (c->guard.object)
        client_guard_take(&c->guard, c->proto.env, m->payload, r);
    else
        take_plain(c, m, r);
}

/* What a device serves is not asked for here. */
static void refuse(struct mid_coap *c, sim_ns now, const struct coap_event *event)
{
    struct coap_msg no;

    coap_msg_init(&no, COAP_ACK, COAP_NOT_FOUND);
    coap_respond(c->channel.coap, now, event->exchange, &no);
}

static void see_events(struct mid_coap *c, sim_ns now)
{
    const struct coap_event *event;

    for (; (event = coap_event(c->channel.coap)); coap_taken(c->channel.coap)) {
        switch (event->kind) {
        case COAP_ANSWERED:
            if (event->exchange == c->exchange)
                answered(c, &event->message);
            break;
        case COAP_FAILED:
            proto_fail(&c->proto, event->reason);
            break;
        case COAP_REQUESTED:
            refuse(c, now, event);
            break;
        case COAP_NOTIFIED:
        case COAP_FORGOTTEN:
            break;
        }
    }
}

/* ---- the operations ---- */

static void mirror(struct mid_coap *c)
{
    const struct proto *inner = coap_channel_proto(&c->channel);

    if (inner->status == PROTO_FAILED)
        proto_fail(&c->proto, inner->reason);
    else if (inner->status == PROTO_DONE && c->exchange != NO_EXCHANGE)
        proto_fail(&c->proto, REASON_CLOSED_EARLY);
    else if (inner->status == PROTO_DONE)
        proto_done(&c->proto);
    c->proto.expiry = c->proto.status == PROTO_RUNNING ? inner->expiry : SIM_NEVER;
}

static void start(struct proto *p, sim_ns now)
{
    struct proto *inner = coap_channel_proto(&of(p)->channel);

    inner->ops->start(inner, now);
    mirror(of(p));
}

static void input(struct proto *p, sim_ns now, struct span in)
{
    struct proto *inner = coap_channel_proto(&of(p)->channel);

    if (p->status != PROTO_RUNNING || in.n == 0)
        return;
    inner->ops->input(inner, now, in);
    see_events(of(p), now);
    mirror(of(p));
}

static bool output(struct proto *p, sim_ns now, struct buf *out)
{
    struct mid_coap *c = of(p);
    uint64_t sent = coap_counts(c->channel.coap)->sent;
    bool some = coap_channel_output(&c->channel, now, out);

    if (c->unpaid_xml > 0 && coap_counts(c->channel.coap)->sent != sent) {
        meter_add(p->env->meter, OP_XML_DOCUMENT, 1, c->unpaid_xml);
        c->unpaid_xml = 0;
    }
    mirror(c);
    return some;
}

static void expire(struct proto *p, sim_ns now)
{
    struct proto *inner = coap_channel_proto(&of(p)->channel);

    if (p->status != PROTO_RUNNING)
        return;
    inner->ops->expire(inner, now);
    see_events(of(p), now);
    mirror(of(p));
}

static void release(struct proto *p)
{
    struct mid_coap *c = of(p);

    drop_response(c);
    client_guard_release(&c->guard);
    coap_channel_release(&c->channel);
    free(c);
}

/* ---- the interface ---- */

/* What is sealed needs a body, which GET and DELETE do not have (RFC 7252 5.8.1, 5.8.4). */
static bool put_document(struct mid_coap *c, enum http_method method, const char *target,
                         const struct m2m_doc *doc, struct coap_msg *m, struct buf *body)
{
    bool sealed = c->guard.object != NULL;

    if (!doc && !sealed)
        return true;
    if (sealed && (method == HTTP_GET || method == HTTP_DELETE))
        m->code = COAP_POST;
    if (!(sealed ? client_guard_seal(&c->guard, method, target, c->requesting_entity, doc, body)
                 : m2mxml_write(doc, body)) ||
        !coap_msg_add_uint(m, COAP_CONTENT_FORMAT, COAP_XML))
        return false;
    m->payload = buf_span(body);
    return true;
}

static bool request(struct mid_client *client, sim_ns now, const char *kind_label,
                    enum http_method method, const char *target, const struct m2m_doc *doc)
{
    struct mid_coap *c = (struct mid_coap *)client;
    struct buf body, store, parts;
    struct coap_msg m;

    if (c->proto.status != PROTO_RUNNING || c->exchange != NO_EXCHANGE || method == HTTP_OTHER)
        return false;
    buf_init(&body, c->guard.object ? OBJECT_MAX_BODY : M2M_MAX_DOC);
    buf_init(&store, 8 * M2M_MAX_URI);
    buf_init(&parts, M2M_MAX_URI);
    coap_msg_init(&m, COAP_CON, coap_binding_method_code(method));
    if (coap_binding_put_target(&m, target, c->requesting_entity, &store) &&
        coap_binding_put_category(&m, &c->category, &parts) &&
        put_document(c, method, target, doc, &m, &body))
        c->exchange = coap_request(c->channel.coap, now, &m);
    if (c->exchange != NO_EXCHANGE) {
        c->method = method;
        c->unpaid_xml = (uint32_t)m.payload.n;
        str_append(c->channel.label, sizeof(c->channel.label),
                   str_append(c->channel.label, sizeof(c->channel.label), 0, kind_label),
                   object_suffix(c->guard.flags));
    }
    buf_clear(&body);
    buf_clear(&store);
    buf_clear(&parts);
    mirror(c);
    return c->exchange != NO_EXCHANGE;
}

static const struct mid_response *response(const struct mid_client *client)
{
    return ((const struct mid_coap *)client)->response;
}

static void take(struct mid_client *client)
{
    drop_response((struct mid_coap *)client);
}

static bool is_open(const struct mid_client *client)
{
    const struct mid_coap *c = (const struct mid_coap *)client;

    return c->proto.status == PROTO_RUNNING && coap_channel_is_open(&c->channel);
}

static struct tls *tls_of(const struct mid_client *client)
{
    return coap_channel_tls(&((const struct mid_coap *)client)->channel);
}

static uint64_t sequence(const struct mid_client *client)
{
    return ((const struct mid_coap *)client)->guard.sequence;
}

static void close_session(struct mid_client *client, sim_ns now)
{
    struct mid_coap *c = (struct mid_coap *)client;

    c->exchange = NO_EXCHANGE; /* nobody waits for it any more */
    coap_channel_close(&c->channel, now);
    mirror(c);
}

static const struct mid_client_ops mid_ops = {.proto = {.name = "mid client",
                                                        .start = start,
                                                        .input = input,
                                                        .output = output,
                                                        .expire = expire,
                                                        .free = release},
                                              .request = request,
                                              .response = response,
                                              .take = take,
                                              .is_open = is_open,
                                              .sequence = sequence,
                                              .tls = tls_of,
                                              .close = close_session};

struct mid_client *mid_coap_new(struct proto_env *env, const struct mid_settings *settings)
{
    struct mid_coap *c = xcalloc(1, sizeof(*c));
    char identity[M2M_PSK_IDENTITY_MAX];
    struct tls_peer_settings peer = {
        .psk_identity = identity, .psk_slot = SE_KMC, .session = settings->session};

    key_kmc_identity(settings->connection_id, settings->kmc_index, identity); /* GAP C12 */
    proto_init(&c->proto, &mid_ops.proto, env);
    coap_channel_init(&c->channel, env, settings->context, &peer, &settings->dtls, &settings->coap);
    snprintf(c->requesting_entity, sizeof(c->requesting_entity), "%s", settings->requesting_entity);
    c->category = settings->category;
    if (client_guard_init(&c->guard, env, settings, identity))
        return (struct mid_client *)c;
    release(&c->proto);
    return NULL;
}
