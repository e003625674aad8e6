#include "models/net/udp.h"

#include <assert.h>
#include <string.h>

#include "models/net/net_impl.h"

#define IP_HEADER  20u
#define UDP_HEADER 8u
/* A fragment's offset counts in eights (RFC 791 3.1): at the smallest MTU each carries 48 octets of
 * the 65,515 behind the IP header. */
#define MAX_FRAGMENTS 1365u

struct udp;

/* Prepare changes none of this: what it learns is in the packet that arrives. */
struct udp_end {
    struct sim_endpoint endpoint;
    struct udp *udp;
    const struct udp_ops *ops;
    void *user;
    struct net_route route; /* to the peer */
    uint64_t octets;
    uint32_t packets, datagrams;
    uint32_t incarnation;   /* counts its users from 1 */
    struct udp_end *joined; /* whose endpoint its events belong to; NULL: its own */
    bool live;              /* has a user */
    bool vanished;
};

/* From the packets' pool, so that net_free frees it with them. */
struct udp {
    struct net_packet home;
    struct net *net;
    struct udp_listener *listener;
    struct udp_params params;
    uint32_t in_flight;
    uint32_t busy;    /* >0: a function of this file is at work on it */
    uint32_t holders; /* associations and others whose events belong to an endpoint of this one */
    uint16_t client_port;
    struct udp_end client, server;
};

/* A datagram that travels in fragments: its octets, and the receiver's reassembly of it. `refs` is
 * the engine's thread's; the rest belongs to the receiving end's endpoint. From the pool. */
struct whole {
    struct net_packet home;
    uint32_t refs; /* fragments in flight */
    uint32_t fragments, missing;
    sim_ns since; /* the first fragment's arrival */
    uint64_t seen[(MAX_FRAGMENTS + 63) / 64];
    uint8_t octets[];
};

/* A packet on its way. */
struct parcel {
    struct net_packet packet;
    struct udp_end *from;
    struct whole *whole; /* NULL: the datagram is in here */
    sim_ns sent;
    uint32_t datagram, length, fragment, fragments;
    /* Prepare's outcome. */
    bool complete;
    uint32_t given; /* incarnation of the end whose user has the octets; 0: nobody yet */
    uint8_t octets[];
};

static const struct net_carrier datagram_carrier, icmp_carrier;

void udp_params_default(struct udp_params *params)
{
    *params = (struct udp_params){.mtu = 1500, .reassembly = 60 * SIM_S};
}

const char *udp_result_name(enum udp_result result)
{
    static const char *const names[] = {"sent", "too long", "must not be fragmented", "no peer"};

    return names[result];
}

struct udp_end *udp_peer(struct udp_end *end)
{
    return end == &end->udp->client ? &end->udp->server : &end->udp->client;
}

/* ---- fragments ---- */

/* What one carries but for the last, which has all that the MTU holds (RFC 791 3.2). */
static uint32_t fragment_octets(uint32_t mtu)
{
    return (mtu - IP_HEADER) / 8 * 8;
}

uint32_t udp_fragments(uint32_t mtu, size_t n)
{
    uint32_t part = fragment_octets(mtu), last = mtu - IP_HEADER, all = (uint32_t)n + UDP_HEADER;

    return all <= last ? 1 : 1 + (all - last + part - 1) / part;
}

uint64_t udp_wire_octets(uint32_t mtu, size_t n)
{
    return (uint64_t)udp_fragments(mtu, n) * IP_HEADER + UDP_HEADER + n;
}

/* On the wire: the i-th of a datagram of n octets. */
static uint32_t packet_octets(uint32_t mtu, uint32_t n, uint32_t i, uint32_t fragments)
{
    uint32_t part = fragment_octets(mtu), all = n + UDP_HEADER;

    if (i + 1 < fragments)
        return IP_HEADER + part;
    return IP_HEADER + all - i * part;
}

/* true: the datagram is complete. What is too old is forgotten, and so is a datagram that was
 * delivered: fragments that a hop has duplicated begin anew. Prepare. */
static bool reassemble(struct whole *w, uint32_t fragment, sim_ns now, sim_ns limit)
{
    uint64_t bit = UINT64_C(1) << fragment % 64;

    if (w->missing < w->fragments && now - w->since > limit)
        w->missing = w->fragments;
    if (w->missing == w->fragments) {
        memset(w->seen, 0, sizeof w->seen);
        w->since = now;
    }
    if (w->seen[fragment / 64] & bit)
        return false;
    w->seen[fragment / 64] |= bit;
    if (--w->missing > 0)
        return false;
    w->missing = w->fragments;
    return true;
}

/* ---- life ---- */

static void leave(struct udp *u)
{
    while (u) {
        struct udp *held = u->client.joined ? u->client.joined->udp : NULL;

        assert(u->busy > 0);
        if (--u->busy > 0 || u->in_flight > 0 || u->holders > 0 || u->client.live || u->server.live)
            return;
        net_packet_free(&u->home);
        u = held;
        if (u) {
            u->holders--;
            u->busy++;
        }
    }
}

/* The packet is no more. */
static void free_parcel(struct parcel *p)
{
    struct whole *w = p->whole;

    p->from->udp->in_flight--;
    if (w && --w->refs == 0)
        net_packet_free(&w->home);
    net_packet_free(&p->packet);
}

struct udp_end *udp_open(struct net *net, const struct udp_params *params,
                         const struct net_route *up, const struct net_route *down,
                         struct udp_listener *listener, uint16_t port, const struct udp_ops *ops,
                         void *user)
{
    struct udp *u = (struct udp *)net_packet_new(net, sizeof *u);
    struct net_packet home = u->home;

    assert(params->mtu >= UDP_MIN_MTU);
    *u = (struct udp){
        .home = home, .net = net, .listener = listener, .params = *params, .client_port = port};
    u->client = (struct udp_end){
        .udp = u, .ops = ops, .user = user, .route = *up, .incarnation = 1, .live = true};
    u->server = (struct udp_end){.udp = u, .route = *down};
    return &u->client;
}

void udp_join(struct udp_end *client, struct udp_end *with)
{
    assert(udp_is_client(client) && !client->joined && !with->joined);
    client->joined = with;
    with->udp->holders++;
}

static void close_end(struct udp_end *end, bool vanished)
{
    struct udp *u = end->udp;

    assert(end->live);
    u->busy++;
    end->live = false;
    end->vanished = vanished;
    end->user = NULL;
    leave(u);
}

void udp_release(struct udp_end *end)
{
    close_end(end, false);
}

void udp_vanish(struct udp_end *end)
{
    close_end(end, true);
}

/* ---- sending ---- */

static struct parcel *new_parcel(struct udp_end *from, const struct net_carrier *carrier,
                                 uint32_t wire_octets, size_t payload)
{
    struct udp *u = from->udp;
    struct parcel *p = (struct parcel *)net_packet_new(u->net, (uint32_t)(sizeof *p + payload));
    struct net_packet head = p->packet;

    *p = (struct parcel){.packet = head, .from = from, .sent = sim_now(net_sim(u->net))};
    p->packet.route = &from->route;
    p->packet.carrier = carrier;
    p->packet.endpoint = udp_endpoint(udp_peer(from));
    p->packet.octets = wire_octets;
    u->in_flight++;
    from->octets += wire_octets;
    from->packets++;
    return p;
}

static struct whole *new_whole(struct udp_end *end, struct span datagram, uint32_t fragments)
{
    struct whole *w =
        (struct whole *)net_packet_new(end->udp->net, (uint32_t)(sizeof *w + datagram.n));

    assert(fragments <= MAX_FRAGMENTS);
    w->refs = fragments; /* those that are still to be made included */
    w->fragments = w->missing = fragments;
    w->since = 0;
    memcpy(w->octets, datagram.p, datagram.n);
    return w;
}

static void send_fragments(struct udp_end *end, struct span datagram, uint32_t fragments)
{
    uint32_t mtu = end->udp->params.mtu, n = (uint32_t)datagram.n;
    struct whole *w = fragments > 1 ? new_whole(end, datagram, fragments) : NULL;

    for (uint32_t i = 0; i < fragments; i++) {
        struct parcel *p = new_parcel(end, &datagram_carrier, packet_octets(mtu, n, i, fragments),
                                      w ? 0 : datagram.n);
        p->whole = w;
        p->datagram = end->datagrams;
        p->length = n;
        p->fragment = i;
        p->fragments = fragments;
        if (!w && n > 0)
            memcpy(p->octets, datagram.p, n);
        net_packet_send(&p->packet);
    }
}

enum udp_result udp_send(struct udp_end *end, struct span datagram)
{
    struct udp *u = end->udp;
    uint32_t fragments;

    if (!end->live)
        return UDP_NO_PEER;
    if (datagram.n > UDP_MAX)
        return UDP_TOO_LONG;
    fragments = udp_fragments(u->params.mtu, datagram.n);
    if (fragments > 1 && u->params.dont_fragment)
        return UDP_DONT_FRAGMENT;
    u->busy++;
    send_fragments(end, datagram, fragments);
    end->datagrams++;
    leave(u);
    return UDP_SENT;
}

static struct span octets_of(const struct parcel *p)
{
    return span_of(p->whole ? p->whole->octets : p->octets, p->length);
}

static void tell_tap(const struct net_tap *tap, const struct parcel *p, sim_ns arrival,
                     enum net_fate fate)
{
    const struct udp *u = p->from->udp;
    bool up = udp_is_client(p->from);
    uint32_t client = u->client.route.host, server = u->listener->host;

    tap->packet(tap->arg, &(struct net_tap_packet){
                              .t_send = p->sent,
                              .t_receive = arrival,
                              .fate = fate,
                              .from = up ? client : server,
                              .to = up ? server : client,
                              .from_port = up ? u->client_port : u->listener->port,
                              .to_port = up ? u->listener->port : u->client_port,
                              .octets = p->packet.octets,
                              .ip_id = (uint16_t)p->datagram,
                              .payload = octets_of(p),
                              .fragment_offset = p->fragment * fragment_octets(u->params.mtu),
                              .more_fragments = p->fragment + 1 < p->fragments,
                          });
}

static void report(const struct parcel *p, sim_ns arrival, enum net_fate fate)
{
    const struct net_tap *tap = net_get_tap(p->packet.net);
    struct udp_end *end = p->from;
    struct udp_packet packet = {.t_send = p->sent,
                                .t_receive = arrival,
                                .fate = fate,
                                .octets = p->packet.octets,
                                .datagram = p->datagram,
                                .length = p->length,
                                .fragment = p->fragment,
                                .fragments = p->fragments};

    if (end->live && end->ops->packet)
        end->ops->packet(end, &packet);
    if (tap && !p->from->udp->params.below_ip)
        tell_tap(tap, p, arrival, fate);
}

static void datagram_planned(struct net_packet *packet, sim_ns now, sim_ns arrival)
{
    (void)now;
    report((const struct parcel *)packet, arrival, NET_DELIVERED);
}

static void parcel_dropped(struct net_packet *packet, sim_ns now, enum net_fate fate)
{
    struct parcel *p = (struct parcel *)packet;
    struct udp *u = p->from->udp;

    (void)now;
    u->busy++;
    if (!packet->duplicate && packet->carrier == &datagram_carrier)
        report(p, SIM_NEVER, fate);
    free_parcel(p);
    leave(u);
}

static void parcel_copied(struct net_packet *copy)
{
    struct parcel *p = (struct parcel *)copy;

    p->from->udp->in_flight++;
    if (p->whole)
        p->whole->refs++;
}

/* ---- arrivals ---- */

static void give(struct parcel *p, struct udp_end *end, sim_ns now)
{
    p->given = end->incarnation;
    if (end->ops->prepare)
        end->ops->prepare(end, now, octets_of(p));
}

static void datagram_prepare(struct sim_event *ev)
{
    struct parcel *p = (struct parcel *)ev;
    struct udp_end *end = udp_peer(p->from);
    sim_ns now = sim_event_time(ev);

    p->complete = !p->whole || reassemble(p->whole, p->fragment, now, end->udp->params.reassembly);
    if (p->complete && end->live)
        give(p, end, now);
}

/* Nobody at this end wants it. */
static void bounce(struct udp_end *end)
{
    struct parcel *p;

    if (end->vanished && udp_is_client(end))
        return;
    p = new_parcel(end, &icmp_carrier, UDP_ICMP, 0);
    net_packet_send(&p->packet);
}

/* false: nobody took it. */
static bool offer(struct udp_end *end)
{
    struct udp_listener *l = end->udp->listener;
    const struct udp_ops *ops = NULL;
    void *user = NULL;

    if (udp_is_client(end) || !l->accept(l, end, &ops, &user))
        return false;
    end->ops = ops;
    end->user = user;
    end->incarnation++;
    end->live = true;
    end->vanished = false;
    return true;
}

/* A datagram that the user of then took in prepare is gone with that user. */
static void deliver(struct parcel *p, struct udp_end *end, sim_ns now)
{
    if (p->given && (!end->live || p->given != end->incarnation))
        return;
    if (!end->live && !udp_is_client(end) && end->udp->listener->deaf)
        return;
    if (!end->live && !offer(end)) {
        bounce(end);
        return;
    }
    if (!p->given)
        give(p, end, now);
    end->ops->commit(end, now);
}

static void datagram_commit(struct sim *sim, struct sim_event *ev)
{
    struct parcel *p = (struct parcel *)ev;
    struct udp *u = p->from->udp;
    sim_ns now = sim_now(sim);

    u->busy++;
    net_packet_arrived(&p->packet, now);
    if (p->complete)
        deliver(p, udp_peer(p->from), now);
    free_parcel(p);
    leave(u);
}

static void icmp_commit(struct sim *sim, struct sim_event *ev)
{
    struct parcel *p = (struct parcel *)ev;
    struct udp *u = p->from->udp;
    struct udp_end *end = udp_peer(p->from);
    sim_ns now = sim_now(sim);

    u->busy++;
    net_packet_arrived(&p->packet, now);
    if (end->live && end->ops->unreachable)
        end->ops->unreachable(end, now);
    free_parcel(p);
    leave(u);
}

static const struct sim_event_ops datagram_ops = {"datagram", datagram_prepare, datagram_commit};
static const struct sim_event_ops icmp_ops = {"port-unreachable", NULL, icmp_commit};
static const struct net_carrier datagram_carrier = {datagram_planned, parcel_dropped, parcel_copied,
                                                    &datagram_ops};
static const struct net_carrier icmp_carrier = {NULL, parcel_dropped, parcel_copied, &icmp_ops};

/* ---- what is known of an end ---- */

void *udp_user(const struct udp_end *end)
{
    return end->user;
}

struct sim_endpoint *udp_endpoint(struct udp_end *end)
{
    return end->joined ? &end->joined->endpoint : &end->endpoint;
}

void udp_hold(struct udp_end *end)
{
    assert(!end->joined);
    end->udp->holders++;
}

void udp_let_go(struct udp_end *end)
{
    end->udp->busy++;
    end->udp->holders--;
    leave(end->udp);
}

bool udp_is_client(const struct udp_end *end)
{
    return end == &end->udp->client;
}

uint16_t udp_port(const struct udp_end *end)
{
    return udp_is_client(end) ? end->udp->client_port : end->udp->listener->port;
}

uint64_t udp_octets_sent(const struct udp_end *end)
{
    return end->octets;
}

uint32_t udp_packets_sent(const struct udp_end *end)
{
    return end->packets;
}

uint32_t udp_datagrams_sent(const struct udp_end *end)
{
    return end->datagrams;
}
