#include "models/net/flow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/net/net_impl.h"
#include "models/net/tcp_impl.h"
#include "sim/base/xalloc.h"

/* Prepare changes nothing here but what an arriving segment says of itself. */
struct flow_end {
    struct tcp tcp;
    struct sim_endpoint endpoint;
    struct sim_event timer; /* pending at or before the TCP's expiry */
    struct flow *flow;
    const struct flow_ops *ops; /* NULL: a server's end before accept */
    void *user;
    struct net_route route; /* to the peer */
    uint64_t octets;
    uint32_t packets;
    uint32_t echo; /* time stamp of the last arrival */
    bool fresh;    /* octets arrived that commit has not been told of */
    bool calling;  /* in a callback of this end: what it writes is sent afterwards */
    bool released; /* by its user, or it never had one */
    bool vanished;
    bool told_opened, told_finished, told_ended;
};

struct flow {
    struct net *net;
    struct flow_listener *listener;
    struct flow *next, **link; /* the net's list */
    uint32_t in_flight;
    uint32_t busy; /* >0: a function of this file is at work on it */
    uint16_t client_port;
    struct flow_end client, server;
};

/* A segment on its way, with its octets. */
struct flow_segment {
    struct net_packet packet;
    struct flow_end *from;
    sim_ns sent;
    uint32_t number; /* of the end's packets */
    uint32_t echo;
    bool told; /* prepare gave its octets to the end's user */
    struct tcp_segment segment;
    uint8_t payload[];
};

static const struct net_carrier segment_carrier, text_carrier, opening_carrier;

static bool is_ended(const struct flow_end *end)
{
    return end->tcp.state == TCPS_CLOSED && end->tcp.ended != TCP_CLOSED;
}

struct flow_end *flow_peer(struct flow_end *end)
{
    return end == &end->flow->client ? &end->flow->server : &end->flow->client;
}

/* RFC 7323's, in milliseconds, never 0; for taps: this TCP makes no use of it. */
static uint32_t time_stamp(const struct flow_segment *s)
{
    return (uint32_t)(s->sent / SIM_MS + 1);
}

/* ---- life ---- */

static void free_flow(struct flow *f)
{
    struct sim *sim = net_sim(f->net);

    sim_cancel(sim, &f->client.timer);
    sim_cancel(sim, &f->server.timer);
    tcp_release(&f->client.tcp);
    tcp_release(&f->server.tcp);
    *f->link = f->next;
    if (f->next)
        f->next->link = f->link;
    free(f);
}

static void free_all(struct net_flows *flows)
{
    while (flows->first)
        free_flow(flows->first);
}

/* Nobody can hear of it any more, and nothing more will happen to it. */
static void leave(struct flow *f)
{
    assert(f->busy > 0);
    if (--f->busy > 0 || f->in_flight > 0)
        return;
    if (f->client.released && f->server.released && tcp_expiry(&f->client.tcp) == SIM_NEVER &&
        tcp_expiry(&f->server.tcp) == SIM_NEVER)
        free_flow(f);
}

/* ---- sending ---- */

static const struct net_carrier *carrier_of(const struct tcp_segment *seg)
{
    if (seg->length > 0)
        return &text_carrier;
    return seg->flags & TCP_SYN && seg->flags & TCP_ACK ? &opening_carrier : &segment_carrier;
}

/* An ACK without octets changes nothing that a prepare of this end reads, so that it needs no place
 * among the end's events: the octets behind a handshake's ACK can be prepared ahead. */
static struct sim_endpoint *endpoint_of(struct flow_end *to, const struct tcp_segment *seg)
{
    return seg->length == 0 && seg->flags == TCP_ACK ? NULL : &to->endpoint;
}

/* Long flights carry certificates and key exchanges; a SYN ACK makes and starts a whole core. */
static uint16_t weight_of(const struct tcp_segment *seg)
{
    if (carrier_of(seg) == &opening_carrier)
        return UINT16_MAX;
    return seg->length < UINT16_MAX ? (uint16_t)seg->length : UINT16_MAX;
}

static void send_segment(struct flow_end *end, sim_ns now, const struct tcp_segment *seg,
                         struct span payload)
{
    struct flow *f = end->flow;
    struct flow_segment *s =
        (struct flow_segment *)net_packet_new(f->net, (uint32_t)(sizeof(*s) + payload.n));

    s->packet.route = &end->route;
    s->packet.carrier = carrier_of(seg);
    s->packet.endpoint = endpoint_of(flow_peer(end), seg);
    s->packet.octets = seg->wire_octets;
    s->packet.weight = weight_of(seg);
    s->from = end;
    s->sent = now;
    s->number = end->packets;
    s->echo = end->echo;
    s->told = false;
    s->segment = *seg;
    if (payload.n > 0)
        memcpy(s->payload, payload.p, payload.n);
    f->in_flight++;
    end->octets += seg->wire_octets;
    end->packets++;
    if (seg->retransmission && !end->released && end->ops && end->ops->retransmitted)
        end->ops->retransmitted(end, now, !end->tcp.recovering);
    net_packet_send(&s->packet);
}

static void flush(struct flow_end *end, sim_ns now)
{
    struct tcp_segment seg;
    struct span payload;

    if (end->vanished)
        return;
    while (tcp_output(&end->tcp, now, &seg, &payload))
        send_segment(end, now, &seg, payload);
}

/* The timer is left where it is when the expiry has moved away from it: it finds out when it goes
 * off. Most are put off by every ACK, and a cancellation costs more than an idle event. */
static void set_timer(struct flow_end *end)
{
    struct sim *sim = net_sim(end->flow->net);
    sim_ns expiry = tcp_expiry(&end->tcp);

    if (end->vanished || expiry == SIM_NEVER)
        return;
    if (sim_is_pending(&end->timer)) {
        if (sim_event_time(&end->timer) <= expiry)
            return;
        sim_cancel(sim, &end->timer);
    }
    sim_schedule(sim, &end->timer, expiry);
}

/* ---- telling the user ---- */

static void tell(struct flow_end *end, sim_ns now, enum flow_event event)
{
    if (end->released || !end->ops)
        return;
    end->calling = true;
    end->ops->event(end, now, event);
    end->calling = false;
}

static bool was_opened(const struct flow_end *end)
{
    switch (end->tcp.state) {
    case TCPS_CLOSED:
    case TCPS_SYN_SENT:
    case TCPS_SYN_RECEIVED:
        return false;
    case TCPS_ESTABLISHED:
    case TCPS_FIN_WAIT_1:
    case TCPS_FIN_WAIT_2:
    case TCPS_CLOSE_WAIT:
    case TCPS_CLOSING:
    case TCPS_LAST_ACK:
    case TCPS_TIME_WAIT:
        break;
    }
    return true;
}

/* After anything that may have changed the end's TCP. */
static void settle(struct flow_end *end, sim_ns now)
{
    if (!end->told_opened && was_opened(end)) {
        end->told_opened = true;
        flush(end, now); /* the handshake's ACK goes alone, as from real stacks */
        tell(end, now, FLOW_OPENED);
    }
    if (end->fresh) {
        end->fresh = false;
        if (!end->released) {
            end->calling = true;
            end->ops->commit(end, now);
            end->calling = false;
        }
    }
    if (!end->told_finished && end->tcp.peer_finished) {
        end->told_finished = true;
        tell(end, now, FLOW_PEER_FINISHED);
    }
    flush(end, now);
    if (!end->told_ended && is_ended(end)) {
        end->told_ended = true;
        tell(end, now, FLOW_ENDED);
    }
    set_timer(end);
}

/* ---- arrivals ---- */

/* The server's end meets its SYN. */
static void offer(struct flow_end *end, sim_ns now, const struct flow_segment *s)
{
    struct flow_listener *l = end->flow->listener;
    const struct flow_ops *ops = NULL;
    void *user = NULL;

    if (l->deaf)
        return;
    if (!(s->segment.flags & TCP_SYN) || !l->accept(l, end, &ops, &user)) {
        tcp_input(&end->tcp, now, &s->segment, span_of(s->payload, s->segment.length));
        return;
    }
    end->ops = ops;
    end->user = user;
    end->released = false;
    tcp_accept(&end->tcp, now, &s->segment);
}

static bool has_tcp(const struct flow_end *end)
{
    return end->tcp.state != TCPS_CLOSED || end->tcp.ended != TCP_CLOSED;
}

static void give(struct flow_end *end, sim_ns now, struct span octets)
{
    if (!end->released && end->ops->prepare)
        end->ops->prepare(end, now, octets);
}

static void take(struct flow_end *end, sim_ns now, const struct flow_segment *s)
{
    struct span octets =
        tcp_input_inplace(&end->tcp, now, &s->segment, span_of(s->payload, s->segment.length));
    size_t waiting;

    assert(!s->told || octets.n > 0 || end->tcp.state == TCPS_CLOSED);
    end->fresh = s->told;
    if (octets.n == 0)
        octets = tcp_received(&end->tcp);
    if (octets.n == 0)
        return;
    waiting = tcp_received(&end->tcp).n;
    end->fresh = true;
    if (!s->told)
        give(end, now, octets);
    tcp_consume(&end->tcp, waiting);
}

/* The TCP itself waits for the commit: it may be aborted before. */
static void text_prepare(struct sim_event *ev)
{
    struct flow_segment *s = (struct flow_segment *)ev;
    struct flow_end *end = flow_peer(s->from);
    struct span octets;

    if (!has_tcp(end) || end->vanished)
        return;
    octets = tcp_peek(&end->tcp, &s->segment, span_of(s->payload, s->segment.length));
    if (octets.n == 0)
        return;
    s->told = true;
    give(end, sim_event_time(ev), octets);
}

static void arrived(struct flow_segment *s, sim_ns now)
{
    struct flow_end *end = flow_peer(s->from);
    struct flow *f = end->flow;

    f->busy++;
    f->in_flight--;
    net_packet_arrived(&s->packet, now);
    end->echo = time_stamp(s);
    if (end->vanished)
        goto out;
    if (!has_tcp(end))
        offer(end, now, s);
    else
        take(end, now, s);
    settle(end, now);
out:
    net_packet_free(&s->packet);
    leave(f);
}

static void segment_commit(struct sim *sim, struct sim_event *ev)
{
    arrived((struct flow_segment *)ev, sim_now(sim));
}

static void opening_prepare(struct sim_event *ev)
{
    struct flow_end *end = flow_peer(((const struct flow_segment *)ev)->from);

    if (end->tcp.state == TCPS_SYN_SENT && !end->released && end->ops->opening)
        end->ops->opening(end);
}

static const struct sim_event_ops segment_ops = {"segment", NULL, segment_commit};
static const struct sim_event_ops opening_ops = {"syn-ack", opening_prepare, segment_commit};
static const struct sim_event_ops text_ops = {"segment-with-text", text_prepare, segment_commit};

static void tell_tap(const struct net_tap *tap, const struct flow_segment *s, sim_ns arrival,
                     enum net_fate fate)
{
    const struct flow *f = s->from->flow;
    bool up = s->from == &f->client;
    uint32_t client = f->client.route.host, server = f->listener->host;

    tap->packet(tap->arg, &(struct net_tap_packet){
                              .t_send = s->sent,
                              .t_receive = arrival,
                              .fate = fate,
                              .from = up ? client : server,
                              .to = up ? server : client,
                              .from_port = up ? f->client_port : f->listener->port,
                              .to_port = up ? f->listener->port : f->client_port,
                              .octets = s->segment.wire_octets,
                              .ip_id = (uint16_t)s->number,
                              .segment = &s->segment,
                              .time_stamp = time_stamp(s),
                              .time_stamp_echo = s->echo,
                              .scaled = f->client.tcp.params->receive_window > UINT16_MAX,
                              .mss = (uint16_t)f->client.tcp.params->mss,
                              .payload = span_of(s->payload, s->segment.length),
                          });
}

static void report(const struct flow_segment *s, sim_ns arrival, enum net_fate fate)
{
    const struct net_tap *tap = net_get_tap(s->packet.net);
    struct flow_end *end = s->from;
    struct flow_packet p = {
        .t_send = s->sent,
        .t_receive = arrival,
        .segment = &s->segment,
        .fate = fate,
        .stream_offset = s->segment.seq > 0 ? s->segment.seq - 1 : 0,
    };

    if (!end->released && end->ops && end->ops->packet)
        end->ops->packet(end, &p);
    if (tap)
        tell_tap(tap, s, arrival, fate);
}

static void segment_planned(struct net_packet *packet, sim_ns now, sim_ns arrival)
{
    (void)now;
    report((const struct flow_segment *)packet, arrival, NET_DELIVERED);
}

static void segment_dropped(struct net_packet *packet, sim_ns now, enum net_fate fate)
{
    struct flow_segment *s = (struct flow_segment *)packet;
    struct flow *f = s->from->flow;

    (void)now;
    f->busy++;
    f->in_flight--;
    if (!packet->duplicate)
        report(s, SIM_NEVER, fate);
    net_packet_free(packet);
    leave(f);
}

static void segment_copied(struct net_packet *copy)
{
    ((struct flow_segment *)copy)->from->flow->in_flight++;
}

static const struct net_carrier segment_carrier = {segment_planned, segment_dropped, segment_copied,
                                                   &segment_ops};
static const struct net_carrier text_carrier = {segment_planned, segment_dropped, segment_copied,
                                                &text_ops};
static const struct net_carrier opening_carrier = {segment_planned, segment_dropped, segment_copied,
                                                   &opening_ops};

static void timer_commit(struct sim *sim, struct sim_event *ev)
{
    struct flow_end *end = (struct flow_end *)((char *)ev - offsetof(struct flow_end, timer));
    struct flow *f = end->flow;
    sim_ns now = sim_now(sim);

    f->busy++;
    if (tcp_expiry(&end->tcp) <= now)
        tcp_expire(&end->tcp, now);
    settle(end, now);
    leave(f);
}

static const struct sim_event_ops timer_ops = {"tcp-timer", NULL, timer_commit};

/* ---- calls of the user ---- */

static void init_end(struct flow_end *end, struct flow *f, const struct tcp_params *params,
                     const struct net_route *route)
{
    tcp_init(&end->tcp, params);
    sim_event_init(&end->timer, &timer_ops, &end->endpoint);
    end->flow = f;
    end->route = *route;
}

struct flow_end *flow_open(struct net *net, const struct tcp_params *params,
                           const struct net_route *up, const struct net_route *down,
                           struct flow_listener *listener, const struct flow_ops *ops, void *user)
{
    struct flow *f = xcalloc(1, sizeof(*f));
    struct net_flows *flows = net_flows(net);
    sim_ns now = sim_now(net_sim(net));

    assert(params->mss < 65536);
    f->net = net;
    f->listener = listener;
    f->next = flows->first;
    f->link = &flows->first;
    if (f->next)
        f->next->link = &f->next;
    flows->first = f;
    flows->free_all = free_all;
    f->client_port = net_dynamic_port(flows->opened++);
    init_end(&f->client, f, params, up);
    init_end(&f->server, f, params, down);
    f->server.released = true; /* until it is accepted */
    f->client.ops = ops;
    f->client.user = user;
    f->busy++;
    tcp_connect(&f->client.tcp, now);
    flush(&f->client, now);
    set_timer(&f->client);
    leave(f);
    return &f->client;
}

/* Sends what a call has made, unless the callback it was made in will do so when it returns. */
static void sent_by_user(struct flow_end *end)
{
    struct flow *f = end->flow;

    if (end->calling)
        return;
    f->busy++;
    flush(end, sim_now(net_sim(f->net)));
    set_timer(end);
    leave(f);
}

bool flow_write(struct flow_end *end, struct span data)
{
    if (!tcp_write(&end->tcp, sim_now(net_sim(end->flow->net)), data))
        return false;
    sent_by_user(end);
    return true;
}

void flow_shutdown(struct flow_end *end)
{
    tcp_shutdown(&end->tcp, sim_now(net_sim(end->flow->net)));
    sent_by_user(end);
}

void flow_abort(struct flow_end *end)
{
    struct sim *sim = net_sim(end->flow->net);

    if (is_ended(end))
        return;
    tcp_abort(&end->tcp);
    sent_by_user(end);
    /* FLOW_ENDED, from the timer's commit. */
    sim_cancel(sim, &end->timer);
    sim_schedule(sim, &end->timer, sim_now(sim));
}

void flow_release(struct flow_end *end)
{
    struct flow *f = end->flow;

    assert(!end->released);
    f->busy++;
    end->released = true;
    end->user = NULL;
    if (flow_status(end) != TCP_CLOSING)
        tcp_abort(&end->tcp);
    sent_by_user(end);
    leave(f);
}

void flow_vanish(struct flow_end *end)
{
    struct flow *f = end->flow;

    assert(!end->released);
    f->busy++;
    end->released = end->vanished = true;
    end->user = NULL;
    if (!is_ended(end))
        tcp_end(&end->tcp, TCP_LOST);
    sim_cancel(net_sim(f->net), &end->timer);
    leave(f);
}

void *flow_user(const struct flow_end *end)
{
    return end->user;
}

struct sim_endpoint *flow_endpoint(struct flow_end *end)
{
    return &end->endpoint;
}

void flow_hold(struct flow_end *end)
{
    end->flow->in_flight++;
}

void flow_let_go(struct flow_end *end)
{
    end->flow->busy++;
    end->flow->in_flight--;
    leave(end->flow);
}

enum tcp_status flow_status(const struct flow_end *end)
{
    return tcp_status(&end->tcp);
}

bool flow_is_client(const struct flow_end *end)
{
    return end == &end->flow->client;
}

uint64_t flow_octets_sent(const struct flow_end *end)
{
    return end->octets;
}

uint32_t flow_packets_sent(const struct flow_end *end)
{
    return end->packets;
}
