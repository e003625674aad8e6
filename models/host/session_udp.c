/* A session over UDP: datagrams each way, over one association or two, and the core's expiry. */
#include "models/host/session_impl.h"

#include "sim/base/siphash.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct session_way udp_way;
static const struct udp_ops session_udp_ops;

/* ---- queues ---- */

static struct waiting_datagram *push(struct datagram_queue *q, unsigned door, struct span octets)
{
    struct waiting_datagram *d = xcalloc(1, sizeof *d + octets.n);

    d->door = (uint8_t)door;
    d->n = octets.n;
    if (octets.n > 0)
        memcpy(d->octets, octets.p, octets.n);
    if (q->last)
        q->last->next = d;
    else
        q->first = d;
    q->last = d;
    q->octets += octets.n;
    return d;
}

/* The caller frees it. NULL: none. */
static struct waiting_datagram *pop(struct datagram_queue *q)
{
    struct waiting_datagram *d = q->first;

    if (!d)
        return NULL;
    q->first = d->next;
    if (!q->first)
        q->last = NULL;
    q->octets -= d->n;
    return d;
}

static void drop_all(struct datagram_queue *q)
{
    struct waiting_datagram *d;

    while ((d = pop(q)))
        free(d);
}

/* ---- prepare ---- */

static struct proto *door_of(struct session *s, unsigned door)
{
    if (door == 0 || !s->core)
        return s->core;
    return s->ops->door ? s->ops->door(s) : NULL;
}

static unsigned leg_of(const struct session *s, const struct udp_end *end)
{
    return s->datagram_way.legs[1].end == end;
}

struct gathering {
    struct session *s;
    unsigned door;
    enum pump_call call;
};

static void gather(void *arg, struct span octets)
{
    struct gathering *g = arg;
    struct session_datagrams *t = &g->s->datagram_way;
    struct session_leg *leg = &t->legs[g->door];
    struct waiting_datagram *d = push(&t->out, g->door, octets);
    struct siphash h;
    uint64_t digest[2];

    siphash_init(&h, 0, 0);
    siphash_put(&h, octets);
    siphash_end(&h, digest);
    d->repeated = digest[0] == leg->last || g->s->trace.repeated;
    leg->last = digest[0];
    d->label[0] = '\0';
    pump_take_label(&g->s->trace, d->label, sizeof d->label);
    t->repeats |= d->repeated && g->call == PUMP_EXPIRE;
}

/* A call at one door may make the core speak at the other. */
static void udp_pump(struct session *s, enum pump_call call, unsigned door, sim_ns now,
                     struct span in)
{
    struct buf room;

    s->datagram_way.stepped = now;
    buf_init(&room, UDP_MAX);
    for (unsigned i = 0; i < SESSION_LEGS; i++) {
        unsigned at = (door + i) % SESSION_LEGS;
        struct proto *p = door_of(s, at);
        struct gathering g = {s, at, call};

        if (p && (i == 0 || s->datagram_way.legs[at].end))
            pump_datagrams(p, i == 0 ? call : PUMP_NOTHING, now, in, false, &room, gather, &g);
    }
    buf_clear(&room);
}

static void udp_backlog(struct session *s, sim_ns now)
{
    struct waiting_datagram *d;

    while ((d = pop(&s->datagram_way.rx))) {
        session_run(s, PUMP_INPUT, d->door, now, span_of(d->octets, d->n));
        free(d);
    }
}

static void on_prepare(struct udp_end *end, sim_ns now, struct span datagram)
{
    struct session *s = udp_user(end);
    struct session_datagrams *t = &s->datagram_way;

    if (!s->busy)
        session_run(s, PUMP_INPUT, leg_of(s, end), now, datagram);
    else if (t->rx.octets + datagram.n <= SESSION_MAX_RX) /* else as a socket's buffer: lost */
        (void)push(&t->rx, leg_of(s, end), datagram);
}

static bool is_due(struct session *s, unsigned door, sim_ns now)
{
    const struct proto *p = door_of(s, door);

    return s->datagram_way.legs[door].end && p && p->status == PROTO_RUNNING &&
           s->datagram_way.legs[door].expiry <= now;
}

static void timer_prepare(struct sim_event *ev)
{
    struct session *s =
        (struct session *)((char *)ev - offsetof(struct session, datagram_way.timer));
    sim_ns now = sim_event_time(ev);
    struct span none = {NULL, 0};

    if (s->busy)
        return;
    if (!s->core && !s->worked) {
        session_run(s, PUMP_START, 0, now, none);
        return;
    }
    for (unsigned i = 0; i < SESSION_LEGS; i++) {
        if (!is_due(s, i, now))
            continue;
        session_run(s, PUMP_EXPIRE, i, now, none);
        assert(door_of(s, i)->status != PROTO_RUNNING || door_of(s, i)->expiry > now);
    }
}

/* ---- commit ---- */

/* What the core set in the steps that are charged now counts from when their work is done. */
static void udp_stage(struct session *s, sim_ns now)
{
    struct session_datagrams *t = &s->datagram_way;

    (void)now;
    assert(!t->sending.first);
    t->sending = t->out;
    t->out = (struct datagram_queue){0};
    t->staged = t->stepped;
    for (unsigned i = 0; i < SESSION_LEGS; i++) {
        const struct proto *p = door_of(s, i);
        struct session_leg *leg = &t->legs[i];

        if (!p || p->expiry == leg->set)
            continue;
        leg->set = leg->expiry = p->expiry;
        leg->moving = p->expiry != SIM_NEVER;
    }
}

static void arm(struct session *s, sim_ns now)
{
    struct session_datagrams *t = &s->datagram_way;
    sim_ns next = SIM_NEVER;

    for (unsigned i = 0; i < SESSION_LEGS; i++) {
        const struct proto *p = door_of(s, i);

        if (t->legs[i].end && p && p->status == PROTO_RUNNING)
            next = sim_ns_min(next, t->legs[i].expiry);
    }
    if (next == SIM_NEVER || s->busy)
        return;
    next = next < now ? now : next;
    if (sim_is_pending(&t->timer)) {
        if (t->timer.at <= next)
            return;
        sim_cancel(s->host.sim, &t->timer);
    }
    sim_schedule(s->host.sim, &t->timer, next);
}

static void keep_label(struct session_leg *leg, const struct waiting_datagram *d)
{
    uint32_t number = udp_datagrams_sent(leg->end);
    struct sent_datagram *kept;

    if (!leg->sent)
        leg->sent = xcalloc(SENT_KEPT, sizeof *leg->sent);
    kept = &leg->sent[number % SENT_KEPT];
    kept->number = number;
    kept->repeated = d->repeated;
    free(kept->label);
    kept->label = d->label[0] ? xstrdup(d->label) : NULL;
}

static void udp_way_send(struct session *s, sim_ns now)
{
    struct session_datagrams *t = &s->datagram_way;
    struct waiting_datagram *d;

    while ((d = pop(&t->sending))) {
        keep_label(&t->legs[d->door], d);
        /* One that is too long for the path is lost, as any other may be. */
        (void)udp_send(t->legs[d->door].end, span_of(d->octets, d->n));
        free(d);
    }
    for (unsigned i = 0; i < SESSION_LEGS; i++) {
        if (t->legs[i].moving)
            t->legs[i].expiry = sim_ns_add(t->legs[i].expiry, now - t->staged);
        t->legs[i].moving = false;
    }
    arm(s, now);
}

static void timer_commit(struct sim *sim, struct sim_event *ev)
{
    struct session *s =
        (struct session *)((char *)ev - offsetof(struct session, datagram_way.timer));
    sim_ns now = sim_now(sim);
    bool repeats = s->datagram_way.repeats;

    s->datagram_way.repeats = false;
    if (repeats && s->ops->retransmitted)
        s->ops->retransmitted(s, now);
    if (s->worked && !s->busy)
        session_settle(s, now);
    else
        arm(s, now);
}

static const struct sim_event_ops timer_ops = {"session-expiry", timer_prepare, timer_commit};

static void on_commit(struct udp_end *end, sim_ns now)
{
    struct session *s = udp_user(end);

    if (s->worked)
        session_settle(s, now);
}

/* Only of the first leg: whom the core asks on behalf of that one may come back. */
static void on_unreachable(struct udp_end *end, sim_ns now)
{
    struct session *s = udp_user(end);

    if (leg_of(s, end) == 0)
        s->ops->ended(s, now, REASON_CONNECTION_REFUSED);
}

static void on_packet(struct udp_end *sender, const struct udp_packet *packet)
{
    struct session *s = udp_user(sender);
    unsigned leg = leg_of(s, sender);
    const struct sent_datagram *d = s->datagram_way.legs[leg].sent + packet->datagram % SENT_KEPT;
    bool known = d->number == packet->datagram; /* else so many hops that it was forgotten */

    if (s->ops->datagram)
        s->ops->datagram(s, leg, packet, known && d->label ? d->label : "", known && d->repeated);
}

static const struct udp_ops session_udp_ops = {
    .prepare = on_prepare, .commit = on_commit, .unreachable = on_unreachable, .packet = on_packet};

/* ---- life ---- */

static struct sim_endpoint *udp_way_endpoint(struct session *s)
{
    return udp_endpoint(s->datagram_way.legs[0].end);
}

static struct session_hold udp_way_hold(struct session *s)
{
    udp_hold(s->datagram_way.legs[0].end);
    return (struct session_hold){.udp = s->datagram_way.legs[0].end};
}

static void leave(struct session *s, void (*release)(struct udp_end *end))
{
    struct session_datagrams *t = &s->datagram_way;

    sim_cancel(s->host.sim, &t->timer);
    for (unsigned i = SESSION_LEGS; i > 0; i--) {
        if (t->legs[i - 1].end)
            release(t->legs[i - 1].end);
    }
}

static void udp_way_release(struct session *s)
{
    leave(s, udp_release);
}

static void udp_way_vanish(struct session *s)
{
    leave(s, udp_vanish);
}

static void udp_way_retire(struct session *s)
{
    leave(s, udp_release);
    session_forget(s);
}

static void udp_way_traffic(const struct session *s, struct session_traffic *out)
{
    struct udp_end *end = s->datagram_way.legs[0].end, *peer = udp_peer(end);

    out->sent = udp_octets_sent(end);
    out->received = udp_octets_sent(peer);
    out->packets = udp_packets_sent(end) + udp_packets_sent(peer);
}

static void udp_way_clear(struct session *s)
{
    drop_all(&s->datagram_way.rx);
    drop_all(&s->datagram_way.out);
    drop_all(&s->datagram_way.sending);
    for (unsigned i = 0; i < SESSION_LEGS; i++) {
        struct sent_datagram *sent = s->datagram_way.legs[i].sent;

        for (unsigned k = 0; sent && k < SENT_KEPT; k++)
            free(sent[k].label);
        free(sent);
    }
}

static const struct session_way udp_way = {.pump = udp_pump,
                                           .backlog = udp_backlog,
                                           .stage = udp_stage,
                                           .send = udp_way_send,
                                           .endpoint = udp_way_endpoint,
                                           .hold = udp_way_hold,
                                           .release = udp_way_release,
                                           .vanish = udp_way_vanish,
                                           .retire = udp_way_retire,
                                           .traffic = udp_way_traffic,
                                           .clear = udp_way_clear};

static void take_way(struct session *s, struct udp_end *end)
{
    struct session_datagrams *t = &s->datagram_way;

    s->way = &udp_way;
    s->opened = true;
    for (unsigned i = 0; i < SESSION_LEGS; i++)
        t->legs[i].set = t->legs[i].expiry = SIM_NEVER;
    t->legs[0].end = end;
    sim_event_init(&t->timer, &timer_ops, udp_endpoint(end));
}

void session_open_udp(struct session *s, struct net *net, const struct udp_params *params,
                      const struct net_route *up, const struct net_route *down,
                      struct udp_listener *listener, uint16_t port)
{
    struct udp_end *end = udp_open(net, params, up, down, listener, port, &session_udp_ops, s);

    if (s->way) {
        assert(s->way == &udp_way && !s->datagram_way.legs[1].end);
        udp_join(end, s->datagram_way.legs[0].end);
        s->datagram_way.legs[1].end = end;
        return;
    }
    take_way(s, end);
    sim_schedule(s->host.sim, &s->datagram_way.timer, sim_now(s->host.sim));
}

void session_accept_udp(struct session *s, struct udp_end *end, const struct udp_ops **ops,
                        void **user)
{
    struct session *peer = udp_user(udp_peer(end));

    take_way(s, end);
    if (peer)
        session_pair(s, 0, peer, leg_of(peer, udp_peer(end)));
    *ops = &session_udp_ops;
    *user = s;
}
