/* Ethernet frames for captures, from what the network models know of a packet: addresses made of
 * the hosts' numbers, IPv4 (RFC 791), TCP (RFC 9293, options of RFC 7323 and RFC 2018), UDP (RFC
 * 768), with right lengths and checksums. */
#ifndef RESULTS_FRAME_H
#define RESULTS_FRAME_H

#include "sim/base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_ETHERNET 14
#define FRAME_MAX      (FRAME_ETHERNET + 65535)
#define FRAME_HOSTS    0xfffffeu /* 10.0.0.1 to 10.255.255.254 */

struct frame_ip {
    uint32_t from, to; /* numbers of hosts, from 0; below FRAME_HOSTS. Host n is 10.0.0.1 + n, and
                          02:00 and that address on the link */
    uint16_t id;
    uint16_t from_port, to_port;
    uint32_t octets; /* of the whole IP packet */
};

enum { FRAME_FIN = 1, FRAME_SYN = 2, FRAME_RST = 4, FRAME_ACK = 16 };
#define FRAME_SACK_BLOCKS 3
struct frame_tcp {
    uint32_t seq, ack, window; /* window in octets */
    uint8_t flags;             /* FRAME_* */
    bool scaled;               /* the window is told by RFC 7323's scale (2^7), but in a SYN */
    uint32_t time_stamp, time_stamp_echo;
    uint16_t mss; /* told in a SYN */
    unsigned sack_count;
    uint32_t sack[FRAME_SACK_BLOCKS][2];
};

/* out: FRAME_MAX octets; returns how many. ip->octets minus the text is what the headers take: the
 * options are those that fit, filled up with no-operations. 0: fewer than 40 octets are left for
 * them, more than 80, or no multiple of 4; or a host's number is too large. */
size_t frame_tcp(const struct frame_ip *ip, const struct frame_tcp *tcp, struct span text,
                 uint8_t *out);
/* datagram: all of it; offset: where the fragment begins in UDP header and datagram, a multiple of
 * 8; its length follows from ip->octets. 0: it lies outside. */
size_t frame_udp(const struct frame_ip *ip, struct span datagram, uint32_t offset, bool more,
                 uint8_t *out);

#endif
