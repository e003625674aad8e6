/* UDP on the engine: datagrams between two sockets over a route each way (DESIGN section 6). PANA,
 * CoAP and DTLS stand on it. Headers count on the wire (IPv4 20, UDP 8: RFC 791, RFC 768). A
 * datagram that is longer than the path's MTU is fragmented by its sender (RFC 791 3.2); each
 * fragment travels, and is lost, by itself, and the datagram arrives with the last of them.
 * Nothing is repeated, acknowledged or kept in order.
 *
 * Datagrams arrive as two-phase events of the receiving end's endpoint: prepare = reassembly and
 * the end's `prepare` callback with the octets; commit = the end's `commit` callback. */
#ifndef MODELS_NET_UDP_H
#define MODELS_NET_UDP_H

#include "models/net/link.h"
#include "sim/base/span.h"

#include <stdbool.h>

#define UDP_HEADERS 28u    /* of a datagram in one packet: IPv4 and UDP */
#define UDP_MAX     65507u /* octets in a datagram: 65,535 without the headers */
#define UDP_MIN_MTU 68u    /* RFC 791 3.2: every module forwards as much without fragmentation */
#define UDP_ICMP    56u /* "port unreachable": IPv4, ICMP, and 28 octets of the datagram (RFC 792) */

struct udp_end; /* one side of an association; lives as long as it is not released */

/* How datagrams are sent; the same for both ends. A value, copied. */
struct udp_params {
    uint32_t mtu;       /* of the path, in octets of an IP packet, at least UDP_MIN_MTU */
    bool dont_fragment; /* a datagram that does not fit the MTU is refused */
    sim_ns reassembly;  /* fragments older than this are forgotten */
    bool below_ip;      /* signalling of the link itself: no capture of IP packets sees it, and its
                           28 octets of headers stand for those of the link's own protocols */
};
/* MTU 1,500, fragmentation, 60 s (RFC 1122 3.3.2: 60 to 120 s). */
void udp_params_default(struct udp_params *params);

/* Why a datagram was not sent. */
enum udp_result {
    UDP_SENT,          /* into the network, which may lose it */
    UDP_TOO_LONG,      /* more than UDP_MAX octets */
    UDP_DONT_FRAGMENT, /* more than the MTU holds, and the parameters forbid fragments */
    UDP_NO_PEER        /* a server's end that nobody accepted, or that was released */
};
/* "sent", "too long", ... */
const char *udp_result_name(enum udp_result result);

/* What went over the wire, for records; called in commit, as the packet enters the network (with
 * several hops: when its fate is known). */
struct udp_packet {
    sim_ns t_send, t_receive; /* t_receive: SIM_NEVER when it will not arrive */
    enum net_fate fate;
    uint32_t octets;    /* of this packet, with headers */
    uint32_t datagram;  /* counts this end's datagrams from 0 */
    uint32_t length;    /* of the whole datagram, without headers */
    uint32_t fragment;  /* 0 .. */
    uint32_t fragments; /* 1: not fragmented */
};

struct udp_ops {
    /* Any thread. A whole datagram for this end (n may be 0); valid during the call. May be NULL.
     * The first datagram of an association that a server accepts comes here after `accept`, on the
     * engine's thread. */
    void (*prepare)(struct udp_end *end, sim_ns now, struct span datagram);
    /* Engine's thread, once for each datagram, after its prepare: send, schedule, record. */
    void (*commit)(struct udp_end *end, sim_ns now);
    /* Engine's thread. Nobody listens at the peer's port: an ICMP message came back (RFC 1122
     * 4.1.3.1). May be NULL. */
    void (*unreachable)(struct udp_end *end, sim_ns now);
    /* May be NULL. `sender` sent it. Also from within udp_send. A duplicate that a hop made and
     * ICMP messages are not reported. */
    void (*packet)(struct udp_end *sender, const struct udp_packet *packet);
};

/* A server's socket. accept: on the arrival of a datagram from a peer that has no end here: set
 * *ops and *user for the server's end and return true; false: ICMP port unreachable. A server's end
 * that was released may so be accepted again, by the next datagram. A listener outlives the
 * associations opened to it. */
struct udp_listener {
    uint16_t port;
    bool (*accept)(struct udp_listener *l, struct udp_end *server_end, const struct udp_ops **ops,
                   void **user);
    void *user;
    bool deaf;     /* switched off: datagrams vanish */
    uint32_t host; /* the server's number, for taps (tap.h) alone */
};

/* A client's socket at `port`, for one peer. Says nothing: the first udp_send does. Routes and
 * parameters are copied. Both ends' users call udp_release (or udp_vanish) once; a server's end
 * that is not accepted has no user and needs none. What is in flight then goes on to the other end,
 * and the memory goes with the last of it, or with net_free. */
struct udp_end *udp_open(struct net *net, const struct udp_params *params,
                         const struct net_route *up, const struct net_route *down,
                         struct udp_listener *listener, uint16_t port, const struct udp_ops *ops,
                         void *user);
/* For a session with two associations, of which only one event at a time may be prepared: the
 * events of this client's end belong to the endpoint of `with`, whose memory stays as long as they
 * need it. In commit, once, before anything is sent. */
void udp_join(struct udp_end *client, struct udp_end *with);
/* The socket is closed: no callback of this end is made any more, and udp_user is NULL. A datagram
 * that arrives at a closed client is answered "port unreachable", at a server offered to the
 * listener. In commit, callbacks included. */
void udp_release(struct udp_end *end);
/* As udp_release, but the host lost its power: what arrives for a client is gone. (A server's
 * listener says by `deaf` that it is off.) */
void udp_vanish(struct udp_end *end);

/* In commit, callbacks included. The octets are copied. */
enum udp_result udp_send(struct udp_end *end, struct span datagram);

/* Packets that a datagram of n octets takes at this MTU, and their octets on the wire together. */
uint32_t udp_fragments(uint32_t mtu, size_t n);
uint64_t udp_wire_octets(uint32_t mtu, size_t n);

void *udp_user(const struct udp_end *end); /* NULL: released, or never accepted */
struct udp_end *udp_peer(struct udp_end *end);
/* The endpoint that the end's events belong to: give it to every other event of the same session.
 */
struct sim_endpoint *udp_endpoint(struct udp_end *end);
/* As flow_hold and flow_let_go; not for an end that has joined another. */
void udp_hold(struct udp_end *end);
void udp_let_go(struct udp_end *end);
bool udp_is_client(const struct udp_end *end);
uint16_t udp_port(const struct udp_end *end); /* its own */
/* Sent by this end so far: octets on the wire with headers, packets, datagrams. */
uint64_t udp_octets_sent(const struct udp_end *end);
uint32_t udp_packets_sent(const struct udp_end *end);
uint32_t udp_datagrams_sent(const struct udp_end *end);

#endif
