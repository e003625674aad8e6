/* A session over TCP: a stream of octets each way, in a flow. */
#include "models/host/session_impl.h"

#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct session_way flow_way;
static const struct flow_ops session_flow_ops;

/* ---- prepare ---- */

/* Keeps the names of all messages in `out`: several steps may add to it before it is sent. */
static void add_label(struct session_stream *t, const char *label)
{
    size_t n;

    if (!*label)
        return;
    if (!t->out_label)
        t->out_label = xcalloc(1, SESSION_LABEL);
    n = strlen(t->out_label);
    if (n > 0 && n + 3 < SESSION_LABEL) {
        memcpy(t->out_label + n, ", ", 3);
        n += 2;
    }
    str_append(t->out_label, SESSION_LABEL, n, label);
}

static void flow_pump(struct session *s, enum pump_call call, unsigned door, sim_ns now,
                      struct span in)
{
    char label[SESSION_LABEL];

    (void)door;
    pump(s->core, call, now, in, false, &s->stream_way.out, label, sizeof label);
    add_label(&s->stream_way, label);
}

static void flow_backlog(struct session *s, sim_ns now)
{
    struct buf *rx = &s->stream_way.rx;

    if (buf_len(rx) == 0)
        return;
    session_run(s, PUMP_INPUT, 0, now, buf_span(rx));
    buf_clear(rx);
}

static void on_opening(struct flow_end *end)
{
    struct session *s = flow_user(end);

    if (s->retired || !s->stream_way.to_start)
        return;
    s->stream_way.to_start = false;
    session_run(s, PUMP_START, 0, s->stream_way.start_at, (struct span){NULL, 0});
}

static void on_prepare(struct flow_end *end, sim_ns now, struct span octets)
{
    struct session *s = flow_user(end);

    if (s->retired)
        return;
    /* A peer that sends on past the bound while we are busy loses the octets, and with them its
     * session: the records behind no longer verify. */
    if (s->busy)
        (void)buf_put_span(&s->stream_way.rx, octets);
    else
        session_run(s, PUMP_INPUT, 0, now, octets);
}

/* ---- commit ---- */

static void flow_stage(struct session *s, sim_ns now)
{
    struct session_stream *t = &s->stream_way;
    struct buf empty = t->sending;

    (void)now;
    assert(buf_len(&t->sending) == 0);
    t->sending = t->out;
    t->out = empty;
    free(t->sending_label);
    t->sending_label = t->out_label;
    t->out_label = NULL;
}

/* The older half goes when there are too many. */
static struct sent_label *new_label(struct session_stream *t)
{
    const size_t half = LABELS_KEPT / 2;

    if (t->label_count == LABELS_KEPT) {
        for (size_t i = 0; i < half; i++)
            free(t->labels[i].text);
        memmove(t->labels, t->labels + half, half * sizeof *t->labels);
        t->label_count = half;
    }
    if (t->label_count == t->label_room) {
        t->label_room = t->label_room ? 2 * t->label_room : 4;
        t->labels = xrealloc(t->labels, t->label_room * sizeof *t->labels);
    }
    return &t->labels[t->label_count++];
}

static void flow_send(struct session *s, sim_ns now)
{
    struct session_stream *t = &s->stream_way;
    size_t n = buf_len(&t->sending);

    (void)now;
    if (n == 0)
        return;
    if (s->ops->packet)
        *new_label(t) =
            (struct sent_label){t->sent, xstrdup(t->sending_label ? t->sending_label : "")};
    free(t->sending_label);
    t->sending_label = NULL;
    t->sent += n;
    (void)flow_write(t->flow, buf_span(&t->sending));
    buf_clear(&t->sending);
}

static void on_commit(struct flow_end *end, sim_ns now)
{
    struct session *s = flow_user(end);

    if (!s->retired && s->worked)
        session_settle(s, now);
}

static enum reason flow_reason(const struct flow_end *end)
{
    switch (flow_status(end)) {
    case TCP_TIMED_OUT:
        return REASON_CONNECT_TIMEOUT;
    case TCP_REFUSED:
        return REASON_CONNECTION_REFUSED;
    case TCP_RESET:
        return REASON_CONNECTION_RESET;
    case TCP_LOST:
        return REASON_CONNECTION_LOST;
    case TCP_CLOSED:
    case TCP_CONNECTING:
    case TCP_OPEN:
    case TCP_CLOSING:
    case TCP_FINISHED:
        break;
    }
    return REASON_NONE;
}

static void on_event(struct flow_end *end, sim_ns now, enum flow_event event)
{
    struct session *s = flow_user(end);

    switch (event) {
    case FLOW_OPENED:
        s->opened = true;
        /* At a server what has been worked on by now are octets whose commit is still to come. */
        if (!s->retired && s->worked && flow_is_client(end))
            session_settle(s, now);
        break;
    case FLOW_PEER_FINISHED:
        s->eof = true;
        if (s->retired)
            break;
        if (s->core)
            session_settle(s, now);
        else /* it never said a word */
            s->ops->ended(s, now, REASON_CLOSED_EARLY);
        break;
    case FLOW_ENDED:
        if (s->retired) {
            flow_release(s->stream_way.flow);
            session_forget(s);
        } else {
            s->ops->ended(s, now, flow_reason(end));
        }
        break;
    }
}

static const struct sent_label *label_at(const struct session_stream *t, uint64_t offset)
{
    for (size_t i = t->label_count; i > 0; i--) {
        if (t->labels[i - 1].offset <= offset)
            return &t->labels[i - 1];
    }
    return NULL;
}

static void on_packet(struct flow_end *sender, const struct flow_packet *packet)
{
    struct session *s = flow_user(sender);
    const struct sent_label *l = NULL;

    if (s->retired || !s->ops->packet)
        return;
    if (packet->segment->length > 0)
        l = label_at(&s->stream_way, packet->stream_offset);
    s->ops->packet(s, packet, l ? l->text : "", l && l->offset != packet->stream_offset);
}

static void on_retransmitted(struct flow_end *end, sim_ns now, bool timeout)
{
    struct session *s = flow_user(end);

    (void)timeout;
    if (!s->retired && s->ops->retransmitted)
        s->ops->retransmitted(s, now);
}

static const struct flow_ops session_flow_ops = {.opening = on_opening,
                                                 .prepare = on_prepare,
                                                 .commit = on_commit,
                                                 .event = on_event,
                                                 .packet = on_packet,
                                                 .retransmitted = on_retransmitted};

/* ---- life ---- */

static struct sim_endpoint *flow_way_endpoint(struct session *s)
{
    return flow_endpoint(s->stream_way.flow);
}

static struct session_hold flow_way_hold(struct session *s)
{
    flow_hold(s->stream_way.flow);
    return (struct session_hold){.flow = s->stream_way.flow};
}

static void flow_way_release(struct session *s)
{
    flow_release(s->stream_way.flow);
}

static void flow_way_vanish(struct session *s)
{
    flow_vanish(s->stream_way.flow);
}

static void flow_way_retire(struct session *s)
{
    s->retired = true;
    s->user = NULL;
    session_dismiss_core(s);
    session_unpair(s);
    s->link = s->host.retired;
    s->next = *s->link;
    if (s->next)
        s->next->link = &s->next;
    *s->link = s;
    flow_shutdown(s->stream_way.flow);
}

static void flow_traffic(const struct session *s, struct session_traffic *out)
{
    struct flow_end *end = s->stream_way.flow, *peer = flow_peer(end);

    out->sent = flow_octets_sent(end);
    out->received = flow_octets_sent(peer);
    out->packets = flow_packets_sent(end) + flow_packets_sent(peer);
}

static void flow_clear(struct session *s)
{
    struct session_stream *t = &s->stream_way;

    buf_clear(&t->rx);
    buf_clear(&t->out);
    buf_clear(&t->sending);
    for (size_t i = 0; i < t->label_count; i++)
        free(t->labels[i].text);
    free(t->labels);
    free(t->out_label);
    free(t->sending_label);
}

static const struct session_way flow_way = {.pump = flow_pump,
                                            .backlog = flow_backlog,
                                            .stage = flow_stage,
                                            .send = flow_send,
                                            .endpoint = flow_way_endpoint,
                                            .hold = flow_way_hold,
                                            .release = flow_way_release,
                                            .vanish = flow_way_vanish,
                                            .retire = flow_way_retire,
                                            .traffic = flow_traffic,
                                            .clear = flow_clear};

static void take_way(struct session *s)
{
    struct session_stream *t = &s->stream_way;

    s->way = &flow_way;
    buf_init(&t->rx, SESSION_MAX_RX);
    buf_init(&t->out, SESSION_MAX_OUT);
    buf_init(&t->sending, SESSION_MAX_OUT);
}

void session_connect(struct session *s, struct net *net, const struct tcp_params *params,
                     const struct net_route *up, const struct net_route *down,
                     struct flow_listener *listener)
{
    take_way(s);
    s->stream_way.start_at = sim_now(s->host.sim);
    s->stream_way.to_start = true;
    s->stream_way.flow = flow_open(net, params, up, down, listener, &session_flow_ops, s);
}

void session_accept(struct session *s, struct flow_end *end, const struct flow_ops **ops,
                    void **user)
{
    struct session *peer = flow_user(flow_peer(end));

    take_way(s);
    s->stream_way.flow = end;
    if (peer)
        session_pair(s, 0, peer, 0);
    *ops = &session_flow_ops;
    *user = s;
}
