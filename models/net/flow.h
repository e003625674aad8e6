/* A TCP connection on the engine: two struct tcp, a route each way, packets as events, timers,
 * two-phase delivery.
 *
 * Segments that carry payload arrive as two-phase events of the receiving end's endpoint: prepare =
 * the end's `prepare` callback with the new in-order octets (where they fill a gap: in commit);
 * commit = tcp_input, the end's `event` and `commit` callbacks, then what TCP has to send (so an
 * answer written there carries the ACK), then the timer. A SYN ACK's prepare is the end's
 * `opening`; other segments without payload have none. */
#ifndef MODELS_NET_FLOW_H
#define MODELS_NET_FLOW_H

#include "models/net/link.h"
#include "models/net/tcp.h"

struct flow;
struct flow_end; /* one side; lives in its flow */

enum flow_event {
    FLOW_OPENED,        /* the handshake is complete, seen from this end */
    FLOW_PEER_FINISHED, /* the peer's FIN arrived, after all octets */
    FLOW_ENDED /* closed both ways, refused, reset, lost, timed out: flow_status says which. The
                  last call. */
};

/* What went over the wire, for records; called in commit as the packet enters the network
 * (t_receive: planned arrival at the far end, SIM_NEVER when it will not arrive; with several hops,
 * reported when known, so the call may come later than t_send). */
struct flow_packet {
    sim_ns t_send, t_receive;
    const struct tcp_segment *segment;
    enum net_fate fate;
    uint64_t stream_offset; /* of the payload's first octet in this end's stream, from 0 */
};

struct flow_ops {
    /* Any thread, before anything else of this end. May be NULL. The server has accepted:
     * FLOW_OPENED follows, unless the end is released before it. Called again when the SYN ACK
     * comes again before that. */
    void (*opening)(struct flow_end *end);
    /* Any thread. New octets for this end, in order; take them all. May be NULL. At a server
     * the first may come before FLOW_OPENED (the handshake's ACK was lost, or its commit is still
     * to come); their `commit` never does. */
    void (*prepare)(struct flow_end *end, sim_ns now, struct span octets);
    /* Engine's thread, after prepare of the same arrival. What is written here or in `event` goes
     * out in full segments once the callbacks have returned. */
    void (*commit)(struct flow_end *end, sim_ns now);
    void (*event)(struct flow_end *end, sim_ns now, enum flow_event event);
    /* May be NULL. `sender` sent it. Also from within flow_open, flow_write, flow_shutdown and
     * flow_abort. A duplicate made by a hop is not reported. */
    void (*packet)(struct flow_end *sender, const struct flow_packet *packet);
    /* May be NULL. This end's TCP repeats a segment: by time-out, or fast. */
    void (*retransmitted)(struct flow_end *end, sim_ns now, bool timeout);
};

/* A server that takes connections. accept: on the SYN's arrival; set *ops and *user for the
 * server's end and return true; false: RST. Nothing can be written before FLOW_OPENED. A listener
 * outlives the flows opened to it. */
struct flow_listener {
    bool (*accept)(struct flow_listener *l, struct flow_end *server_end,
                   const struct flow_ops **ops, void **user);
    void *user;
    bool deaf;     /* switched off: SYNs vanish */
    uint32_t host; /* for taps (tap.h) alone: the server's number, */
    uint16_t port; /* and where it listens */
};

/* Opens a connection from a client. Routes and the listener's address are copied, the parameters
 * are not. Never fails: trouble comes as FLOW_ENDED. Both ends' users must call flow_release once
 * (a server's end that was never accepted has no user and needs none), after which no callback of
 * that end is made and flow_user is NULL; the flow is freed when both are released and no packet is
 * in flight (in-flight packets of a released end go on to the other one). */
struct flow_end *flow_open(struct net *net, const struct tcp_params *params,
                           const struct net_route *up, const struct net_route *down,
                           struct flow_listener *listener, const struct flow_ops *ops, void *user);
/* Aborts with RST when still open; a closing handshake that has begun goes on by itself. */
void flow_release(struct flow_end *end);

/* As flow_release, but without a word to the peer: this end's host lost its power. What arrives for
 * it is gone. */
void flow_vanish(struct flow_end *end);

/* All in commit. flow_write: false when closing or ended. flow_abort sends RST; FLOW_ENDED follows
 * as an event of the same instant, unless the end is released before. */
bool flow_write(struct flow_end *end, struct span data);
void flow_shutdown(struct flow_end *end);
void flow_abort(struct flow_end *end);

void *flow_user(const struct flow_end *end);
struct flow_end *flow_peer(struct flow_end *end);
/* The endpoint that the end's events belong to: give it to every other event of the same session.
 */
struct sim_endpoint *flow_endpoint(struct flow_end *end);
/* An event of that endpoint may outlive the end: its memory stays until flow_let_go, which is due
 * once for each flow_hold, released or not. In commit; net_free does not wait for it. */
void flow_hold(struct flow_end *end);
void flow_let_go(struct flow_end *end);
enum tcp_status flow_status(const struct flow_end *end);
bool flow_is_client(const struct flow_end *end);
/* Octets on the wire (with headers, retransmissions included) and packets, sent by this end so far.
 */
uint64_t flow_octets_sent(const struct flow_end *end);
uint32_t flow_packets_sent(const struct flow_end *end);

#endif
