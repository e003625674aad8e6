/* Private to models/net: packets on their way, for flow.c and the messages of link.c. */
#ifndef MODELS_NET_NET_IMPL_H
#define MODELS_NET_NET_IMPL_H

#include "models/net/link.h"
#include "models/net/tap.h"

struct net_packet;

/* What a kind of packet does on its way. All on the engine's thread. */
struct net_carrier {
    /* Its arrival is known: the last hop took it. NULL: not interested. */
    void (*planned)(struct net_packet *p, sim_ns now, sim_ns arrival);
    /* It will not arrive; the carrier frees it, or keeps it. */
    void (*dropped)(struct net_packet *p, sim_ns now, enum net_fate fate);
    /* `copy` is a duplicate that goes on by itself, planned and dropped in silence. NULL: packets
     * of this kind are never duplicated. */
    void (*copied)(struct net_packet *copy);
    /* The arrival event; its commit frees the packet. */
    const struct sim_event_ops *arrival;
};

/* Head of every packet; what follows is its carrier's. From the pool. */
struct net_packet {
    struct sim_event ev;
    struct net *net;
    union {
        const struct net_route *route; /* lives as long as the packet */
        struct net_packet *next_spare; /* in the pool */
    };
    const struct net_carrier *carrier;
    struct sim_endpoint *endpoint; /* of the arrival event */
    uint32_t octets;               /* on the wire, without a hop's overhead */
    uint32_t size;                 /* of the whole object */
    uint16_t weight;               /* of the arrival event */
    uint8_t hop;                   /* index in route */
    uint8_t size_class;
    bool duplicate;
};

/* size: of the whole object. Only the head is initialised. */
struct net_packet *net_packet_new(struct net *net, uint32_t size);
void net_packet_free(struct net_packet *p);
/* Into its first hop, now. */
void net_packet_send(struct net_packet *p);
/* First thing in the commit of the arrival event. */
void net_packet_arrived(struct net_packet *p, sim_ns now);

struct sim *net_sim(const struct net *net);
const struct net_tap *net_get_tap(const struct net *net); /* NULL: none */

/* The flows that net_free has to free: flow.c's list. */
struct net_flows {
    struct flow *first;
    uint32_t opened; /* so far: the clients' ports come from it */
    void (*free_all)(struct net_flows *flows);
};
struct net_flows *net_flows(struct net *net);

#endif
