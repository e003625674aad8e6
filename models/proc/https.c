#include "models/proc/https.h"

#include "sim/base/str.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *state_name(enum https_state state)
{
    switch (state) {
    case HTTPS_HANDSHAKE:
        return "handshake";
    case HTTPS_IDLE:
        return "idle";
    case HTTPS_EXCHANGE:
        return "exchange";
    case HTTPS_CLOSING:
        return "closing";
    }
    return "";
}

static void set_state(struct https *h, enum https_state state, const char *why)
{
    trace_state(h->proto.env->trace, h->proto.ops->name, state_name(h->state), state_name(state),
                why);
    h->state = state;
}

static bool is_running(const struct https *h)
{
    return h->proto.status == PROTO_RUNNING;
}

static void meter(struct https *h, enum meter_op op, uint32_t calls, size_t octets)
{
    if (h->proto.env->meter)
        meter_add(h->proto.env->meter, op, calls, octets);
}

static void init(struct https *h, const struct proto_ops *ops, const struct https_user *user,
                 struct proto_env *env, bool server, struct tls *tls)
{
    proto_init(&h->proto, ops, env);
    h->user = user;
    h->server = server;
    h->state = HTTPS_HANDSHAKE;
    buf_init(&h->queued, HTTP_MAX_HEADER + HTTP_MAX_BODY);
    channel_init(&h->channel, tls);
}

bool https_init(struct https *h, const struct proto_ops *ops, const struct https_user *user,
                struct proto_env *env, bool server, const struct tls_context *context,
                const struct tls_peer_settings *settings)
{
    struct tls *tls = tls_new(context, env, settings);

    init(h, ops, user, env, server, tls);
    return tls != NULL;
}

void https_init_bare(struct https *h, const struct proto_ops *ops, const struct https_user *user,
                     struct proto_env *env, bool server)
{
    init(h, ops, user, env, server, NULL);
}

void https_release(struct https *h)
{
    buf_clear(&h->queued);
    http_reader_free(h->reader);
    channel_release(&h->channel);
}

void https_finish(struct https *h, sim_ns now, const char *why)
{
    if (!is_running(h) || h->state == HTTPS_CLOSING)
        return;
    set_state(h, HTTPS_CLOSING, why);
    buf_clear(&h->queued);
    channel_close(&h->channel, now);
}

void https_fail(struct https *h, sim_ns now, enum reason reason)
{
    if (!is_running(h))
        return;
    set_state(h, HTTPS_CLOSING, reason_text(reason));
    buf_clear(&h->queued);
    if (channel_is_open(&h->channel))
        channel_close(&h->channel, now);
    proto_fail(&h->proto, reason);
}

/* Charged when it leaves, so that the step that sends pays, not the one that made the core. */
static bool send_queued(struct https *h, sim_ns now)
{
    struct span message = buf_span(&h->queued);

    if (message.n == 0)
        return true;
    if (!channel_write(&h->channel, now, message))
        return false;
    meter(h, OP_HTTP_MESSAGE, 1, message.n);
    if (h->queued_xml > 0)
        meter(h, OP_XML_DOCUMENT, 1, h->queued_xml);
    buf_clear(&h->queued);
    return true;
}

static void add_label(struct https *h, const char *label)
{
    size_t used = strlen(h->label);

    if (used > 0)
        used = str_append(h->label, sizeof(h->label), used, ", ");
    str_append(h->label, sizeof(h->label), used, label);
}

static void add_fields(struct https *h, const struct http_out *m)
{
    size_t used = strlen(h->fields);

    if (!h->proto.env->trace)
        return;
    if (used > 0)
        used = str_append(h->fields, sizeof(h->fields), used, "; ");
    if (m->status)
        snprintf(h->fields + used, sizeof(h->fields) - used, "HTTP status %d; body %zu B",
                 m->status, m->body.n);
    else
        snprintf(h->fields + used, sizeof(h->fields) - used, "HTTP %s %s; host %s; body %zu B",
                 http_method_name(m->method), m->target, m->host ? m->host : "", m->body.n);
}

bool https_send(struct https *h, sim_ns now, struct http_out m, const struct m2m_doc *doc,
                const char *label)
{
    struct buf body;
    bool sent = false;

    assert(buf_len(&h->queued) == 0);
    buf_init(&body, M2M_MAX_DOC);
    if (!is_running(h) || h->state == HTTPS_CLOSING)
        goto out;
    if (doc) {
        if (!m2mxml_write(doc, &body))
            goto out;
        m.content_type = "application/xml";
        m.body = buf_span(&body);
    }
    if (!http_write(&m, &h->queued))
        goto out;
    h->queued_xml = (uint32_t)m.body.n;
    if (h->state != HTTPS_HANDSHAKE && !send_queued(h, now))
        goto out;
    add_label(h, label);
    add_fields(h, &m);
    sent = true;
out:
    if (!sent)
        buf_clear(&h->queued);
    buf_clear(&body);
    return sent;
}

void https_begin_exchange(struct https *h)
{
    set_state(h, HTTPS_EXCHANGE, h->server ? "request" : "request sent");
}

/* ---- Reading ---- */

static void break_off(struct https *h, sim_ns now, enum reason reason)
{
    if (h->user->broken)
        h->user->broken(h, now, reason);
    https_fail(h, now, reason);
}

/* Moves what TLS has decrypted to the reader; a reader lives only while it has something. */
static enum reason feed(struct https *h)
{
    struct span plain = channel_received(&h->channel);
    enum reason reason;

    if (plain.n == 0)
        return REASON_NONE;
    if (!h->reader)
        h->reader = http_reader_new(h->server);
    meter(h, OP_HTTP_MESSAGE, 0, plain.n);
    reason = http_reader_input(h->reader, plain);
    channel_consume(&h->channel, plain.n);
    return reason;
}

/* Drops the message that was delivered last. */
static enum reason drop_held(struct https *h)
{
    enum reason reason;

    if (!h->held)
        return REASON_NONE;
    h->held = false;
    reason = http_reader_next(h->reader);
    if (!reason && !http_reader_message(h->reader) && !http_reader_in_message(h->reader)) {
        http_reader_free(h->reader);
        h->reader = NULL;
    }
    return reason;
}

static const struct http_message *next_message(struct https *h, enum reason *reason)
{
    *reason = drop_held(h);
    if (!*reason && !(h->reader && http_reader_message(h->reader)))
        *reason = feed(h);
    return !*reason && h->reader ? http_reader_message(h->reader) : NULL;
}

static void deliver(struct https *h, sim_ns now, const struct http_message *m)
{
    h->held = true;
    meter(h, OP_HTTP_MESSAGE, 1, 0);
    h->user->message(h, now, m);
}

/* RFC 9110 10.1.1: who waits with his content is told to go on; what it is worth, it must show. */
static void say_continue(struct https *h, sim_ns now)
{
    if (h->server && h->reader && http_reader_awaited(h->reader) &&
        channel_write(&h->channel, now, span_str(HTTP_CONTINUE)))
        add_label(h, "100");
}

static void read_messages(struct https *h, sim_ns now)
{
    enum https_state reading = h->server ? HTTPS_IDLE : HTTPS_EXCHANGE;
    const struct http_message *m;
    enum reason reason;

    while (is_running(h) && h->state == reading) {
        m = next_message(h, &reason);
        if (reason) {
            break_off(h, now, reason);
            return;
        }
        if (!m) {
            say_continue(h, now);
            return;
        }
        deliver(h, now, m);
    }
    /* An answer that nobody asked for must not be taken for the next one's (RFC 9112 9.2). */
    if (is_running(h) && !h->server && h->state == HTTPS_IDLE) {
        m = next_message(h, &reason);
        if (m || reason || (h->reader && http_reader_in_message(h->reader)))
            break_off(h, now, REASON_HTTP_MALFORMED);
    }
}

const struct http_message *https_held_message(const struct https *h)
{
    return h->held && h->state == HTTPS_EXCHANGE ? http_reader_message(h->reader) : NULL;
}

void https_end_exchange(struct https *h, sim_ns now)
{
    if (!is_running(h) || h->state != HTTPS_EXCHANGE)
        return;
    set_state(h, HTTPS_IDLE, "answered");
    if (h->server)
        read_messages(h, now);
}

/* A body without a length ends with the stream (RFC 9112 6.3), and only close_notify may end it: a
 * bare FIN is TLS's to refuse. */
static void end_body(struct https *h, sim_ns now)
{
    const struct http_message *m;

    if (h->server || h->state != HTTPS_EXCHANGE || !h->reader)
        return;
    if (http_reader_input(h->reader, (struct span){0}))
        return;
    m = http_reader_message(h->reader);
    if (m)
        deliver(h, now, m);
}

static bool in_mid_exchange(const struct https *h)
{
    return h->state == HTTPS_HANDSHAKE || h->state == HTTPS_EXCHANGE ||
           (h->reader && http_reader_in_message(h->reader));
}

/* What was read comes first; then whether TLS goes on. */
static void see_the_end(struct https *h, sim_ns now)
{
    enum proto_status status = channel_status(&h->channel);

    if (!is_running(h) || h->state == HTTPS_CLOSING)
        return;
    if (status == PROTO_FAILED) {
        https_fail(h, now, channel_reason(&h->channel));
    } else if (status == PROTO_DONE || channel_peer_closed(&h->channel)) {
        end_body(h, now);
        if (in_mid_exchange(h))
            https_fail(h, now, REASON_CLOSED_EARLY);
        else
            https_finish(h, now, "the peer closed");
    }
}

static void see_the_opening(struct https *h, sim_ns now)
{
    bool queued = buf_len(&h->queued) > 0;

    if (!is_running(h) || h->state != HTTPS_HANDSHAKE || !channel_is_open(&h->channel))
        return;
    set_state(h, HTTPS_IDLE, h->channel.tls ? "handshake complete" : "connected");
    if (h->user->opened)
        h->user->opened(h, now);
    if (!is_running(h) || !queued)
        return;
    if (send_queued(h, now))
        https_begin_exchange(h);
    else
        https_fail(h, now, REASON_HTTP_TOO_LARGE);
}

static void proceed(struct https *h, sim_ns now)
{
    see_the_opening(h, now);
    read_messages(h, now);
    see_the_end(h, now);
}

/* ---- The operations ---- */

void https_start(struct proto *p, sim_ns now)
{
    struct https *h = (struct https *)p;

    channel_start(&h->channel, now);
    proceed(h, now);
}

void https_input(struct proto *p, sim_ns now, struct span in)
{
    struct https *h = (struct https *)p;

    if (p->status != PROTO_RUNNING)
        return;
    channel_input(&h->channel, now, in);
    proceed(h, now);
}

static void say_label(struct https *h)
{
    if (h->label[0])
        trace_text(h->proto.env->trace, h->label);
    if (h->fields[0])
        trace_fields(h->proto.env->trace, "%s", h->fields);
    h->label[0] = h->fields[0] = '\0';
}

/* To TLS all that we send is "application data"; whoever reads a chart wants the message. */
static void name_messages(struct https *h)
{
    static const char data[] = "application data";
    struct trace *trace = h->proto.env->trace;
    char all[sizeof(trace->label)];
    char *at, *next;

    if (!trace)
        return;
    if (!h->channel.tls) {
        say_label(h);
        return;
    }
    memcpy(all, trace->label, sizeof(all));
    trace->label[0] = '\0';
    for (at = all; *at; at = next) {
        size_t n = strcspn(at, ",");

        next = at + n + strspn(at + n, ", ");
        at[n] = '\0';
        if (strcmp(at, data) != 0)
            trace_text(trace, at);
        else
            say_label(h);
    }
}

bool https_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct https *h = (struct https *)p;

    if (channel_output(&h->channel, now, out)) {
        name_messages(h);
        return true;
    }
    if (h->state == HTTPS_CLOSING)
        proto_done(p);
    else if (channel_status(&h->channel) == PROTO_FAILED)
        https_fail(h, now, channel_reason(&h->channel));
    return false;
}

/* TCP carries TLS, so nothing here is ever sent twice, and how long a procedure may take is its
 * host's to say: there is no expiry. */
void https_expire(struct proto *p, sim_ns now)
{
    (void)p;
    (void)now;
}
