/* Private to models/net: the inside of one end of a TCP connection, shared by the tcp_*.c files and
 * embedded by flow.c. Sequence numbers are relative and streams stay below 4 GiB (asserted in
 * tcp_write), so they compare as plain integers. */
#ifndef MODELS_NET_TCP_IMPL_H
#define MODELS_NET_TCP_IMPL_H

#include "models/net/tcp.h"
#include "sim/base/buf.h"

/* RFC 9293 3.3.2; LISTEN lives in struct flow_listener. */
enum tcp_state {
    TCPS_CLOSED,
    TCPS_SYN_SENT,
    TCPS_SYN_RECEIVED,
    TCPS_ESTABLISHED,
    TCPS_FIN_WAIT_1,
    TCPS_FIN_WAIT_2,
    TCPS_CLOSE_WAIT,
    TCPS_CLOSING,
    TCPS_LAST_ACK,
    TCPS_TIME_WAIT
};

struct tcp_range {
    uint32_t from, to; /* octets from .. to-1 */
};

/* Octets received out of order; the list is sorted and without overlap. */
struct tcp_piece {
    struct tcp_piece *next;
    uint32_t seq, length;
    uint8_t octets[];
};

struct tcp {
    const struct tcp_params *params;
    enum tcp_state state;
    enum tcp_status ended; /* why, when state is TCPS_CLOSED; TCP_CLOSED: never opened */

    /* Sending. `out` holds the octets from out_base on: sent and unacknowledged, then unsent. */
    struct buf out;
    uint32_t out_base;
    uint32_t una, nxt, max; /* oldest unacknowledged; next to send; highest ever sent + 1 */
    uint32_t peer_window, peer_window_max;
    uint32_t wl1, wl2; /* seq and ack of the last window update */
    uint32_t cwnd, ssthresh;
    uint32_t avoidance_acked; /* octets acknowledged towards the next step of cwnd */
    uint32_t recover;         /* `max` when recovery or an RTO began */
    uint32_t dup_flight;      /* octets in flight at the first duplicate ACK */
    uint32_t duplicates;      /* duplicate ACKs in a row */
    struct tcp_range *sacked; /* the SACK scoreboard: sorted, disjoint; NULL when empty */
    uint32_t sacked_count, sacked_room, sacked_octets;
    uint32_t high_rxt, rescue; /* RFC 6675 HighRxt and RescueRxt, as one past the octet */

    /* Time. */
    sim_ns srtt, rttvar, rto; /* srtt < 0: no sample yet */
    sim_ns timer_at;          /* retransmission, persist, or TIME-WAIT timer, as the state says */
    sim_ns ack_at;            /* delayed ACK */
    sim_ns timed_at;          /* when timed_end's segment was sent; SIM_NEVER: none is timed */
    sim_ns last_sent;         /* last data segment */
    uint32_t timed_end;
    uint32_t retries; /* time-outs in a row */

    /* Receiving. */
    struct buf in; /* in order and unread */
    struct tcp_piece *pieces;
    uint32_t rcv_nxt, advertised;     /* next expected; highest right edge of the window told */
    uint32_t rcv_fin;                 /* sequence number of the peer's FIN, if fin_seen */
    uint32_t recent[TCP_SACK_BLOCKS]; /* where the latest out-of-order segments lie; 0: none */
    uint32_t unacked_segments;

    /* A reset to send. */
    uint32_t rst_seq, rst_ack;

    bool active;     /* opened by tcp_connect */
    bool syn_due;    /* SYN or SYN-ACK to send */
    bool syn_sent;   /* at least once */
    bool fin_queued; /* after `out` */
    bool ack_due;    /* at once */
    bool rst_due, rst_has_ack;
    bool fin_seen, peer_finished;
    bool recovering;    /* fast recovery, RFC 6582 or 6675 */
    bool partial_seen;  /* in this recovery: RFC 6582 3.2 step 4, timer only at the first */
    bool repeat_first;  /* send the segment at `una` again, whatever the windows say */
    bool after_timeout; /* slow start after an RTO, until `recover` is acknowledged */
    bool persist;       /* timer_at is the persist timer */
    bool probe_due;     /* one octet into a closed window */

    uint32_t retransmissions, timeouts, fast_retransmits;
};

/* In the caller's storage. */
void tcp_init(struct tcp *t, const struct tcp_params *params);
void tcp_release(struct tcp *t);
/* As tcp_input, without a copy when nothing waits before it: the new in-order octets are returned
 * as a view of `payload` and count as consumed; else they are in tcp_received. */
struct span tcp_input_inplace(struct tcp *t, sim_ns now, const struct tcp_segment *seg,
                              struct span payload);
/* What tcp_input_inplace would return now, or after ACKs without octets that come before; changes
 * nothing. None where it cannot be told without doing it (octets wait, or a gap). */
struct span tcp_peek(const struct tcp *t, const struct tcp_segment *seg, struct span payload);

static inline uint32_t tcp_min(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t tcp_max(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* One past the last octet written; the FIN's sequence number. */
static inline uint32_t tcp_out_end(const struct tcp *t)
{
    return t->out_base + (uint32_t)buf_len(&t->out);
}

/* tcp.c */
void tcp_end(struct tcp *t, enum tcp_status why);
void tcp_opened(struct tcp *t);
void tcp_reset_reply(struct tcp *t, const struct tcp_segment *seg);

/* tcp_rtt.c: RFC 6298 */
void tcp_rtt_start(struct tcp *t, sim_ns now, uint32_t end);
void tcp_rtt_acked(struct tcp *t, sim_ns now, uint32_t ack);
void tcp_timer_start(struct tcp *t, sim_ns now);
void tcp_timer_acked(struct tcp *t, sim_ns now, bool restart);
void tcp_persist_start(struct tcp *t, sim_ns now);

/* tcp_congestion.c: RFC 5681, 6582, and when RFC 6675 begins and ends */
void tcp_congestion_open(struct tcp *t, bool syn_repeated);
/* `una` has just moved on by `acked` octets. true: the retransmission timer is to be restarted. */
bool tcp_congestion_ack(struct tcp *t, uint32_t acked);
void tcp_congestion_duplicate(struct tcp *t);
void tcp_congestion_timeout(struct tcp *t);
void tcp_congestion_idle(struct tcp *t, sim_ns now);
/* Octets that may be sent beyond `nxt` by the congestion window, outside SACK recovery. */
uint32_t tcp_congestion_room(const struct tcp *t);

/* tcp_sack.c: the sender's scoreboard, RFC 6675 */
uint32_t tcp_sack_update(struct tcp *t, const struct tcp_segment *seg); /* newly SACKed octets */
void tcp_sack_acked(struct tcp *t);                                     /* drop what is below una */
void tcp_sack_clear(struct tcp *t);
uint32_t tcp_sack_below(const struct tcp *t, uint32_t seq); /* SACKed octets below seq */
bool tcp_sack_first_lost(const struct tcp *t);              /* IsLost(HighACK + 1) */
uint32_t tcp_sack_pipe(const struct tcp *t);
/* NextSeg rules 1 (lost_only) and 3: the next hole to fill, at most one MSS. */
bool tcp_sack_hole(const struct tcp *t, bool lost_only, struct tcp_range *out);
/* NextSeg rule 4. */
bool tcp_sack_rescue(const struct tcp *t, struct tcp_range *out);
/* The SACKed range that begins at or holds seq or is the next above: false: none. */
bool tcp_sack_at_or_above(const struct tcp *t, uint32_t seq, struct tcp_range *out);

/* tcp_receive.c: the receiver's half */
uint32_t tcp_receive_window(const struct tcp *t);
struct span tcp_receive_text(struct tcp *t, sim_ns now, const struct tcp_segment *seg,
                             struct span payload);
void tcp_receive_clear(struct tcp *t);
/* Fills in the SACK blocks (RFC 2018 4). */
void tcp_receive_blocks(const struct tcp *t, struct tcp_segment *seg);

#endif
