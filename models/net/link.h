/* Networks: routes of hops with delay, rate, queue, loss, duplication and reordering (DESIGN
 * section 6). A hop is a store-and-forward transmitter: queue (drop-tail, octets), serialisation at
 * `rate`, then propagation. All calls on the engine's thread; random draws happen when a packet
 * enters a hop, in commit. */
#ifndef MODELS_NET_LINK_H
#define MODELS_NET_LINK_H

#include "sim/base/dist.h"
#include "sim/engine.h"

#include <stddef.h>
#include <stdint.h>

/* The number-th port of those that a client's side takes (RFC 6335 6: dynamic ports), round about.
 */
static inline uint16_t net_dynamic_port(uint32_t number)
{
    return (uint16_t)(49152u + number % 16384u);
}

/* Loss of a packet: Bernoulli when p_bad_to_good is 0; else Gilbert-Elliott (state stepped by each
 * packet). */
struct net_loss {
    double loss_good, loss_bad; /* probability of loss in each state; Bernoulli: loss_good */
    double p_good_to_bad, p_bad_to_good;
};

/* Shared, immutable. */
struct net_hop_config {
    const char *name;
    struct dist latency;   /* propagation, each packet its own draw */
    bool keep_order;       /* a packet never overtakes an earlier one: arrival >= the last arrival
                              (default) */
    uint64_t rate_bps;     /* 0: no serialisation time */
    uint32_t queue_octets; /* waiting, not counting the one in transmission; 0: no limit */
    struct net_loss loss;
    double duplicate; /* probability */
    double reorder; /* probability that a packet skips keep_order and is delayed by reorder_delay */
    sim_ns reorder_delay;
    uint32_t overhead_octets; /* link-layer octets added to each packet on this hop (PPP: 2) */
};
/* The smallest delay through it: the least latency (latency.floor, or the distribution's own bound
 * where that is higher) + serialisation of the smallest packet. */
sim_ns net_hop_min_delay(const struct net_hop_config *config, uint32_t smallest_octets);

/* The state of one direction of one hop; small: a fleet has millions. */
struct net_hop {
    const struct net_hop_config *config;
    sim_ns free_at;      /* the transmitter is busy until then; the backlog follows from it */
    sim_ns last_arrival; /* for keep_order */
    uint64_t key;        /* of its random stream */
    struct net_waiting *waiting; /* behind the one in transmission; NULL where nothing waits or
                                    queue_octets is 0 */
    uint32_t draws;              /* packets so far: the stream's counter */
    uint8_t bad;                 /* Gilbert-Elliott state */
    uint8_t down;                /* switched off: everything is lost */
};
/* name: of the entity and direction ("meters-17/up"); with the seed it keys the stream. */
void net_hop_init(struct net_hop *hop, const struct net_hop_config *config, uint64_t seed,
                  const char *name);

#define NET_MAX_HOPS 6
/* One direction between two nodes; a value. Hops outlive it. */
struct net_route {
    struct net_hop *hops[NET_MAX_HOPS];
    uint8_t count;
    uint32_t host; /* number of the node that sends this way, for taps (tap.h) alone */
};

enum net_fate { NET_DELIVERED, NET_LOST, NET_QUEUE_FULL, NET_LINK_DOWN };
const char *net_fate_name(enum net_fate fate);

/* The network: packet pool and counters. */
struct net;
struct net *net_new(struct sim *sim, uint64_t seed);
/* Before sim_free. Packets in flight and flows that are left are freed; ends and hops are not to be
 * used afterwards. No callback is made: the `arg` of a message in flight stays its caller's. */
void net_free(struct net *net);

struct net_stats {
    uint64_t packets, octets; /* sent, link-layer overhead not counted */
    uint64_t lost;            /* by chance, or because a link was down */
    uint64_t queue_full, duplicated;
};
void net_get_stats(const struct net *net, struct net_stats *out);

/* A message between servers over a modeled back-end link (GAP C14). `deliver` is called at arrival
 * on the engine's thread, or `lost` (may be NULL) when it is dropped: exactly one of them, once. */
struct net_message {
    uint32_t octets; /* on the wire, with headers */
    void (*deliver)(void *arg);
    void (*lost)(void *arg);
    void *arg;
    /* NULL, or what of the delivery can be done ahead, by any thread: see struct sim_event_ops. It
     * changes nothing but what belongs to `endpoint`. */
    void (*prepare)(void *arg, sim_ns now);
    struct sim_endpoint *endpoint;
};
/* Makes none of the callbacks within the call. A message is not duplicated, since its data is the
 * caller's own (arg). Route and message are copied; an empty route delivers at this instant. */
void net_send_message(struct net *net, const struct net_route *route,
                      const struct net_message *message);

#endif
