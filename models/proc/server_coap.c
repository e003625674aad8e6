/* An NSCL's session over CoAP: requests, refusals, answers; and its end, of which CoAP has none. */
#include "models/proc/coap_binding.h"
#include "models/proc/coap_channel.h"
#include "models/proc/document.h"
#include "models/proc/mid_impl.h"
#include "models/proc/server_guard.h"
#include "models/proc/server_request.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* TS 102 921 annex D: a NOTIFY is a POST whose payload begins so. */
#define NOTIFY_MARK "m2m:operation=5"

struct server_coap {
    struct proto proto;
    struct coap_channel channel;
    struct server_guard guard;
    struct server_request *request; /* NULL: the node has nothing to answer */
    sim_ns idle, closes;            /* how long nothing may come; when it is closed at the latest */
    uint32_t exchange;              /* of the request */
    uint32_t retry_after_s;
    bool busy;
    bool begun; /* a datagram came */
};

static struct server_coap *of(struct proto *p)
{
    return (struct server_coap *)p;
}

/* ---- answers ---- */

static bool put_body(struct server_coap *s, const struct server_answer *a,
                     const struct m2m_doc *doc, struct coap_msg *m, struct buf *body)
{
    bool sealed = s->guard.sequence != 0, written;

    if (!doc && !sealed)
        return true;
    written = sealed
                  ? server_guard_seal(&s->guard, a->status, a->location, doc, body) == REASON_NONE
                  : m2mxml_write(doc, body);
    s->guard.sequence = 0; /* one answer a request */
    if (!written)
        return false;
    m->payload = buf_span(body);
    meter_add(s->proto.env->meter, OP_XML_DOCUMENT, 1, m->payload.n);
    return coap_msg_add_uint(m, COAP_CONTENT_FORMAT, COAP_XML);
}

/* The message of an answer; body and store are what it points to. The document's kind is its label;
 * DOC_NONE: no body. */
static void put_answer(struct server_coap *s, enum http_method method,
                       const struct server_answer *a, struct coap_msg *m, struct buf *body,
                       struct buf *store)
{
    const struct m2m_doc *doc = a->doc;
    struct m2m_doc error;

    if (!doc && a->status >= STATUS_BAD_REQUEST) {
        document_error(&error, a->status, a->additional);
        doc = &error;
    }
    buf_init(body, s->guard.sequence ? OBJECT_MAX_BODY : M2M_MAX_DOC);
    buf_init(store, 8 * M2M_MAX_URI);
    coap_msg_init(m, COAP_ACK, coap_binding_code(a->status, method));
    if (a->observed)
        coap_msg_add_uint(m, COAP_OBSERVE, 0);
    if (a->location)
        coap_binding_put_location(m, a->location, store);
    if (a->retry_after_s > 0)
        coap_msg_add_uint(m, COAP_MAX_AGE, a->retry_after_s);
    if (!put_body(s, a, doc, m, body)) {
        coap_msg_init(m, COAP_ACK, COAP_INTERNAL_SERVER_ERROR);
        doc = NULL;
    }
    if (doc)
        str_append(s->channel.label, sizeof(s->channel.label), 0, m2m_doc_name(doc->kind));
}

static void send_answer(struct server_coap *s, sim_ns now, uint32_t exchange,
                        enum http_method method, const struct server_answer *a)
{
    struct buf body, store;
    struct coap_msg m;

    put_answer(s, method, a, &m, &body, &store);
    /* It may be too late: nobody waits for it then. */
    (void)coap_respond(s->channel.coap, now, exchange, &m);
    buf_clear(&body);
    buf_clear(&store);
}

static void refuse(struct server_coap *s, sim_ns now, uint32_t exchange, enum http_method method,
                   int status, const char *additional)
{
    struct server_answer a = {.status = status, .additional = additional};

    if (status == STATUS_SERVICE_UNAVAILABLE)
        a.retry_after_s = s->retry_after_s;
    send_answer(s, now, exchange, method, &a);
}

/* ---- requests ---- */

static void drop_request(struct server_coap *s)
{
    if (!s->request)
        return;
    m2m_doc_release(&s->request->doc);
    m2m_rep_clear(&s->request->rep);
    free(s->request);
    s->request = NULL;
}

static struct span without_mark(struct span body)
{
    size_t n = sizeof(NOTIFY_MARK) - 1;

    if (body.n < n || memcmp(body.p, NOTIFY_MARK, n) != 0)
        return body;
    while (n < body.n && (body.p[n] == '&' || body.p[n] == '\r' || body.p[n] == '\n'))
        n++;
    return span_of(body.p + n, body.n - n);
}

/* RFC 7252 5.10.8: nothing is done unless the condition holds; an empty If-Match asks only that the
 * resource is there. */
static bool is_conditional(const struct coap_msg *m)
{
    struct span tag;

    return coap_msg_get(m, COAP_IF_NONE_MATCH, &tag) ||
           (coap_msg_get(m, COAP_IF_MATCH, &tag) && tag.n > 0);
}

/* RFC 7252 5.5: what a method has no payload for is not looked at. */
static struct span body_of(const struct coap_msg *m, enum http_method method)
{
    return method == HTTP_POST || method == HTTP_PUT ? without_mark(m->payload) : span_of(NULL, 0);
}

/* What only CoAP can be wrong in. */
static bool check_message(const struct coap_msg *m, struct server_request *q, struct refusal *no)
{
    uint32_t accept = COAP_XML;
    struct span scheme;

    if (coap_msg_get(m, COAP_PROXY_SCHEME, &scheme)) {
        *no = (struct refusal){STATUS_NOT_IMPLEMENTED, "no proxy"};
        return false;
    }
    if (!coap_binding_target(m, q->target, q->requesting_entity)) {
        *no = (struct refusal){STATUS_BAD_REQUEST, "target"};
        return false;
    }
    if (!coap_binding_category(m, &q->category)) {
        *no = (struct refusal){STATUS_BAD_REQUEST, "RCAT or TRPDT"};
        return false;
    }
    if (is_conditional(m)) {
        *no = (struct refusal){412, "no entity tags, no conditions"};
        return false;
    }
    if (coap_msg_get_uint(m, COAP_ACCEPT, &accept) && accept != COAP_XML) {
        *no = (struct refusal){STATUS_NOT_ACCEPTABLE, "application/xml only"};
        return false;
    }
    return true;
}

static bool read_request(struct server_coap *s, const struct coap_msg *m, struct server_request *q,
                         struct refusal *no)
{
    uint32_t format = COAP_XML, observe = 0;
    char target[M2M_MAX_URI];
    struct incoming in = {.guard = s->guard.find ? &s->guard : NULL,
                          .method = coap_binding_method(m->code)};

    if (!check_message(m, q, no))
        return false;
    snprintf(target, sizeof(target), "%s", q->target);
    coap_msg_get_uint(m, COAP_CONTENT_FORMAT, &format);
    in.target = span_str(target);
    in.body = body_of(m, in.method);
    in.is_xml = format == COAP_XML;
    if (!server_request_take(s->proto.env, SERVER_NSCL, &in, q, no))
        return false;
    /* What is sealed is an answer to one request: nothing could be told later. */
    q->observe = q->method == HTTP_GET && q->sequence == 0 &&
                 coap_msg_get_uint(m, COAP_OBSERVE, &observe) && observe == 0;
    q->exchange = s->exchange;
    return true;
}

static void take(struct server_coap *s, sim_ns now, const struct coap_event *event)
{
    enum http_method method = coap_binding_method(event->message.code);
    struct refusal no;

    s->guard.sequence = 0; /* nothing of this one is known yet */
    if (s->busy) {
        refuse(s, now, event->exchange, method, STATUS_SERVICE_UNAVAILABLE,
               reason_text(REASON_SERVER_BUSY));
        return;
    }
    s->request = xcalloc(1, sizeof(*s->request));
    s->request->peer_name = coap_channel_peer_name(&s->channel);
    s->request->btid = "";
    s->exchange = event->exchange;
    if (read_request(s, &event->message, s->request, &no))
        return;
    drop_request(s);
    refuse(s, now, event->exchange, method, no.status, no.additional);
}

/* One request at a time is the node's; what else the peer asks for waits. */
static void see_events(struct server_coap *s, sim_ns now)
{
    const struct coap_event *event;

    while (!s->request && s->proto.status == PROTO_RUNNING &&
           (event = coap_event(s->channel.coap))) {
        if (event->kind == COAP_REQUESTED)
            take(s, now, event);
        coap_taken(s->channel.coap);
    }
}

/* ---- the operations ---- */

static void mirror(struct server_coap *s)
{
    const struct proto *inner = coap_channel_proto(&s->channel);

    if (inner->status == PROTO_FAILED)
        proto_fail(&s->proto, inner->reason);
    else if (inner->status == PROTO_DONE)
        proto_done(&s->proto);
    s->proto.expiry =
        s->proto.status == PROTO_RUNNING ? sim_ns_min(inner->expiry, s->closes) : SIM_NEVER;
}

static void wait_on(struct server_coap *s, sim_ns now)
{
    if (s->idle > 0)
        s->closes = sim_ns_add(now, s->idle);
}

static void start(struct proto *p, sim_ns now)
{
    struct server_coap *s = of(p);
    struct proto *inner = coap_channel_proto(&s->channel);

    inner->ops->start(inner, now);
    wait_on(s, now);
    mirror(s);
}

/* What does not begin a handshake belongs to a session that was here once; there is nothing to say
 * to it that its sender could believe. */
static bool is_stray(struct server_coap *s, struct span in)
{
    bool stray = s->channel.coaps && !s->begun && !dtls_begins(in);

    s->begun = true;
    return stray;
}

static void input(struct proto *p, sim_ns now, struct span in)
{
    struct server_coap *s = of(p);
    struct proto *inner = coap_channel_proto(&s->channel);
    uint64_t received = coap_counts(s->channel.coap)->received;

    if (p->status != PROTO_RUNNING || in.n == 0)
        return;
    if (is_stray(s, in)) {
        proto_done(p);
        return;
    }
    inner->ops->input(inner, now, in);
    if (coap_counts(s->channel.coap)->received != received)
        wait_on(s, now);
    see_events(s, now);
    mirror(s);
}

static bool output(struct proto *p, sim_ns now, struct buf *out)
{
    struct server_coap *s = of(p);
    bool some;

    if (!s->begun) /* nothing is said before the peer speaks */
        return false;
    some = coap_channel_output(&s->channel, now, out);
    mirror(s);
    return some;
}

static void expire(struct proto *p, sim_ns now)
{
    struct server_coap *s = of(p);
    struct proto *inner = coap_channel_proto(&s->channel);

    if (p->status != PROTO_RUNNING)
        return;
    if (now >= inner->expiry)
        inner->ops->expire(inner, now);
    see_events(s, now);
    if (now >= s->closes) {
        s->closes = SIM_NEVER;
        drop_request(s);
        coap_channel_give_up(&s->channel, now);
    }
    mirror(s);
}

static void release(struct proto *p)
{
    struct server_coap *s = of(p);

    drop_request(s);
    server_guard_release(&s->guard);
    coap_channel_release(&s->channel);
    free(s);
}

/* ---- the interface ---- */

static const struct server_request *request(const struct server_session *session)
{
    const struct server_coap *s = (const struct server_coap *)session;

    return s->proto.status == PROTO_RUNNING ? s->request : NULL;
}

/* RFC 7252 4.2: the answer may be lost, and the request then comes again. */
static void answer(struct server_session *session, sim_ns now, const struct server_answer *a)
{
    struct server_coap *s = (struct server_coap *)session;
    enum http_method method;

    if (!request(session)) /* the peer went away meanwhile */
        return;
    method = s->request->method;
    drop_request(s);
    send_answer(s, now, s->exchange, method, a);
    if (a->close) {
        s->idle = 0;
        s->closes = sim_ns_add(now, COAP_MAX_TRANSMIT_WAIT);
    }
    see_events(s, now);
    mirror(s);
}

static bool notify(struct server_session *session, sim_ns now, uint32_t exchange,
                   const struct server_answer *a)
{
    struct server_coap *s = (struct server_coap *)session;
    struct buf body, store;
    struct coap_msg m;
    bool told;

    if (s->proto.status != PROTO_RUNNING)
        return false;
    s->guard.sequence = 0;
    put_answer(s, HTTP_GET, a, &m, &body, &store);
    m.type = COAP_CON;
    told = coap_notify(s->channel.coap, now, exchange, &m);
    buf_clear(&body);
    buf_clear(&store);
    mirror(s);
    return told;
}

static void set_busy(struct server_session *session, uint32_t retry_after_s)
{
    struct server_coap *s = (struct server_coap *)session;

    s->busy = retry_after_s > 0;
    s->retry_after_s = retry_after_s;
}

static void close_session(struct server_session *session, sim_ns now)
{
    struct server_coap *s = (struct server_coap *)session;

    drop_request(s);
    coap_channel_close(&s->channel, now);
    mirror(s);
}

static bool is_open(const struct server_session *session)
{
    const struct server_coap *s = (const struct server_coap *)session;

    return s->proto.status == PROTO_RUNNING && coap_channel_is_open(&s->channel);
}

static struct tls *tls_of(const struct server_session *session)
{
    return coap_channel_tls(&((const struct server_coap *)session)->channel);
}

static const struct server_session_ops session_ops = {.proto = {.name = "server session",
                                                                .start = start,
                                                                .input = input,
                                                                .output = output,
                                                                .expire = expire,
                                                                .free = release},
                                                      .request = request,
                                                      .answer = answer,
                                                      .notify = notify,
                                                      .set_busy = set_busy,
                                                      .close = close_session,
                                                      .is_open = is_open,
                                                      .tls = tls_of};

struct server_session *server_coap_new(struct proto_env *env,
                                       const struct server_settings *settings)
{
    struct server_coap *s = xcalloc(1, sizeof(*s));
    struct tls_peer_settings peer = {.psk_find = settings->psk_find,
                                     .psk_arg = settings->psk_arg,
                                     .resumption = settings->resumption};

    proto_init(&s->proto, &session_ops.proto, env);
    s->idle = settings->idle;
    s->closes = SIM_NEVER;
    server_guard_init(&s->guard, settings->grant_find, settings->psk_arg);
    s->guard.trusts_access = settings->trusts_access;
    coap_channel_init(&s->channel, env, settings->context, &peer, &settings->dtls, &settings->coap);
    return (struct server_session *)s;
}
