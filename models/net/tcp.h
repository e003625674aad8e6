/* One end of a TCP connection at segment level, sans-IO (RFC 9293, 5681, 6298, 6582, 2018/6675,
 * 7323 option octets): takes segments and the time, gives segments, an expiry and a byte stream.
 * Each parameter can be set; the defaults are tcp_params_default. Octets of the stream are real;
 * headers are structs with a counted size. */
#ifndef MODELS_NET_TCP_H
#define MODELS_NET_TCP_H

#include "sim/base/span.h"
#include "sim/base/time.h"

#include <stdbool.h>
#include <stdint.h>

struct tcp_params {
    uint32_t mss;                /* payload octets a segment */
    uint32_t initial_window;     /* segments (RFC 6928: 10) */
    uint32_t receive_window;     /* octets */
    uint32_t syn_header, header; /* octets of IP + TCP + options, SYN segments and others */
    uint32_t sack_header;        /* added octets for one SACK block option (12), +8 each further */
    sim_ns syn_timeout;          /* first; doubles */
    uint32_t syn_retries;        /* after the first */
    sim_ns initial_rto, min_rto, max_rto;
    uint32_t data_retries;         /* RTOs in a row before the connection is lost */
    uint32_t delayed_ack_segments; /* ACK at once every so many (2); 1: no delayed ACK */
    sim_ns delayed_ack_time;
    bool sack;        /* SACK recovery (RFC 6675); else NewReno (RFC 6582) */
    sim_ns time_wait; /* 0: none (the simulator needs no quarantine) */
};
void tcp_params_default(
    struct tcp_params *p); /* MSS 1400, IW 10, SACK, min RTO 200 ms ... (Linux-like) */
void tcp_params_ns3(
    struct tcp_params *p); /* ns-3 3.37's defaults (openssl-notes.md, TCP yardstick) */

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };
#define TCP_SACK_BLOCKS 3
struct tcp_segment {
    uint32_t seq, ack; /* relative: the SYN is 0, the stream begins at 1 */
    uint32_t window;
    uint8_t flags;
    uint8_t sack_count;
    bool retransmission; /* for records; not on the wire */
    uint32_t sack[TCP_SACK_BLOCKS][2];
    uint32_t length;      /* payload octets */
    uint32_t wire_octets; /* IP + TCP headers + payload */
};

/* TCP_OPEN: octets can be written, also when the peer has finished. TCP_CLOSING: from tcp_shutdown
 * (once open) to the end; TIME-WAIT included. */
enum tcp_status {
    TCP_CLOSED,
    TCP_CONNECTING,
    TCP_OPEN,
    TCP_CLOSING,
    TCP_FINISHED,
    TCP_TIMED_OUT /* SYN retries used up */,
    TCP_REFUSED,
    TCP_RESET,
    TCP_LOST /* data retries used up */
};

struct tcp; /* heap; freed when its connection ends: an idle device has none */
struct tcp *tcp_new(const struct tcp_params *params); /* params outlive it */
void tcp_free(struct tcp *t);
void tcp_connect(struct tcp *t, sim_ns now);
void tcp_accept(struct tcp *t, sim_ns now, const struct tcp_segment *syn); /* passive open */
/* One segment; payload: seg->length octets. Changes this end only. */
void tcp_input(struct tcp *t, sim_ns now, const struct tcp_segment *seg, struct span payload);
/* Octets to send (copied); before TCP_OPEN they wait. false: closing or dead. */
bool tcp_write(struct tcp *t, sim_ns now, struct span data);
void tcp_shutdown(struct tcp *t, sim_ns now); /* FIN after what was written */
void tcp_abort(struct tcp *t);                /* RST */
/* The next segment to send now; payload is valid until the next call on t. false: nothing. */
bool tcp_output(struct tcp *t, sim_ns now, struct tcp_segment *seg, struct span *payload);
/* In-order octets received; take them by tcp_consume. */
struct span tcp_received(const struct tcp *t);
void tcp_consume(struct tcp *t, size_t n);
bool tcp_peer_finished(const struct tcp *t); /* its FIN is in order */
sim_ns tcp_expiry(const struct tcp *t);
void tcp_expire(struct tcp *t, sim_ns now);
enum tcp_status tcp_status(const struct tcp *t);
bool tcp_all_acknowledged(const struct tcp *t);

/* For tests and results. */
struct tcp_info {
    uint32_t cwnd, ssthresh, in_flight, retransmissions, timeouts, fast_retransmits;
    sim_ns srtt, rttvar, rto;
};
void tcp_get_info(const struct tcp *t, struct tcp_info *out);

#endif
