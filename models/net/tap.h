/* What a capture sees: every IP packet that a TCP connection or a UDP association sends, with its
 * octets. Messages (net_send_message) have none and are not seen. Hosts are the numbers that routes
 * and listeners were given. */
#ifndef MODELS_NET_TAP_H
#define MODELS_NET_TAP_H

#include "models/net/link.h"
#include "models/net/tcp.h"
#include "sim/base/span.h"

struct net_tap_packet {
    sim_ns t_send, t_receive; /* t_receive: SIM_NEVER when it does not arrive */
    enum net_fate fate;
    uint32_t from, to; /* hosts */
    uint16_t from_port, to_port;
    uint32_t octets; /* of the IP packet */
    uint16_t ip_id;
    /* NULL: a UDP datagram, or a fragment of one. */
    const struct tcp_segment *segment;
    uint32_t time_stamp, time_stamp_echo; /* of the segment: RFC 7323, milliseconds */
    bool scaled;                          /* the connection's windows need RFC 7323's scale */
    uint16_t mss;
    /* The segment's text; of a datagram all of it, whatever the fragment. */
    struct span payload;
    uint32_t fragment_offset; /* in octets of the UDP header and datagram */
    bool more_fragments;
};

/* Called in commit, when a packet's fate is known; payload is valid during the call. A duplicate
 * that a hop made is not reported. */
struct net_tap {
    void (*packet)(void *arg, const struct net_tap_packet *packet);
    void *arg;
};
/* Borrowed, outlives the network's use of it; NULL: none. Changes nothing that happens. */
void net_set_tap(struct net *net, const struct net_tap *tap);

#endif
