/* The next segment to send: reset, SYN, repetitions, new octets, FIN, a bare ACK, in this order. */
#include "models/net/tcp_impl.h"

/* Every segment but RST and the first SYN acknowledges. */
static void begin(struct tcp *t, struct tcp_segment *seg, uint32_t seq, uint8_t flags)
{
    *seg = (struct tcp_segment){
        .seq = seq,
        .ack = t->rcv_nxt,
        .window = tcp_receive_window(t),
        .flags = flags,
        .wire_octets = flags & TCP_SYN ? t->params->syn_header : t->params->header,
    };
    if (!(flags & TCP_ACK))
        return;
    if (t->params->sack && t->pieces) {
        tcp_receive_blocks(t, seg);
        if (seg->sack_count > 0)
            seg->wire_octets += t->params->sack_header + 8 * (seg->sack_count - 1u);
    }
    t->ack_due = false;
    t->ack_at = SIM_NEVER;
    t->unacked_segments = 0;
    t->advertised = tcp_max(t->advertised, t->rcv_nxt + seg->window);
}

static void send_reset(struct tcp *t, struct tcp_segment *seg)
{
    t->rst_due = false;
    *seg = (struct tcp_segment){
        .seq = t->rst_seq,
        .ack = t->rst_has_ack ? t->rst_ack : 0,
        .flags = (uint8_t)(TCP_RST | (t->rst_has_ack ? TCP_ACK : 0)),
        .wire_octets = t->params->header,
    };
}

static void send_syn(struct tcp *t, sim_ns now, struct tcp_segment *seg)
{
    t->syn_due = false;
    begin(t, seg, 0, t->state == TCPS_SYN_SENT ? TCP_SYN : TCP_SYN | TCP_ACK);
    seg->retransmission = t->syn_sent;
    if (t->syn_sent) {
        t->retransmissions++;
        t->timed_at = SIM_NEVER; /* Karn */
    } else {
        tcp_rtt_start(t, now, 1);
    }
    t->syn_sent = true;
    t->nxt = t->max = 1;
}

/* Our FIN goes out for the first time. */
static void fin_sent(struct tcp *t)
{
    if (t->state == TCPS_ESTABLISHED)
        t->state = TCPS_FIN_WAIT_1;
    else if (t->state == TCPS_CLOSE_WAIT)
        t->state = TCPS_LAST_ACK;
}

/* Octets (and FIN) from seq on, at most up to `limit`, exclusive. Returns one past what it sent. */
static uint32_t send_range(struct tcp *t, sim_ns now, uint32_t seq, uint32_t limit,
                           struct tcp_segment *seg, struct span *payload)
{
    uint32_t end = tcp_out_end(t);
    uint32_t stop = tcp_min(tcp_min(end, limit), seq + t->params->mss);
    uint32_t n = stop > seq ? stop - seq : 0, next = seq + n;
    uint8_t flags = TCP_ACK;

    if (t->fin_queued && next == end && limit > end) {
        flags |= TCP_FIN;
        next++;
    }
    begin(t, seg, seq, flags);
    seg->length = n;
    seg->wire_octets += n;
    if (n > 0)
        *payload = span_of(buf_span(&t->out).p + (seq - t->out_base), n);
    if (seq < t->max) {
        seg->retransmission = true;
        t->retransmissions++;
        t->timed_at = SIM_NEVER; /* Karn */
    } else {
        tcp_rtt_start(t, now, next);
    }
    if (next > end)
        fin_sent(t);
    t->max = tcp_max(t->max, next);
    t->last_sent = now;
    tcp_timer_start(t, now);
    return next;
}

/* After a time-out `nxt` goes through what was sent before; what is SACKed is not sent again. */
static uint32_t skip_sacked(struct tcp *t)
{
    struct tcp_range r;

    while (tcp_sack_at_or_above(t, t->nxt, &r)) {
        if (r.from > t->nxt)
            return r.from;
        t->nxt = r.to;
    }
    return UINT32_MAX;
}

/* From `nxt` on, as far as `room` octets of congestion window and the peer's window allow. */
static bool send_next(struct tcp *t, sim_ns now, uint32_t room, struct tcp_segment *seg,
                      struct span *payload)
{
    uint32_t limit = t->sacked ? skip_sacked(t) : UINT32_MAX;
    uint32_t end = tcp_min(tcp_out_end(t), limit), seq = t->nxt;
    uint32_t left = end > seq ? end - seq : 0;
    uint32_t full = tcp_min(left, t->params->mss), n = full;
    uint64_t right = (uint64_t)t->una + t->peer_window;

    if (left == 0) {
        if (!t->fin_queued || t->nxt > tcp_out_end(t))
            return false;
        t->nxt = send_range(t, now, seq, UINT32_MAX, seg, payload);
        return true;
    }
    if (room < full)
        return false;
    if (seq + (uint64_t)full > right) {
        /* The sender's side of silly-window avoidance: RFC 9293 3.8.6.2.1. */
        n = right > seq ? (uint32_t)(right - seq) : 0;
        if (n == 0 || (n < t->peer_window_max / 2 && n < full)) {
            if (t->nxt == t->una)
                tcp_persist_start(t, now);
            return false;
        }
    }
    t->nxt = send_range(t, now, seq, n < left ? seq + n : limit, seg, payload);
    return true;
}

/* RFC 6675 5, steps 4.3 and (C). */
static bool send_in_recovery(struct tcp *t, sim_ns now, struct tcp_segment *seg,
                             struct span *payload)
{
    struct tcp_range hole;
    uint32_t pipe;

    if (t->repeat_first) {
        uint32_t limit = tcp_sack_at_or_above(t, t->una, &hole) ? hole.from : UINT32_MAX;

        t->repeat_first = false;
        t->high_rxt = t->rescue = send_range(t, now, t->una, limit, seg, payload);
        return true;
    }
    pipe = tcp_sack_pipe(t);
    if (t->cwnd < pipe + t->params->mss)
        return false;
    if (tcp_sack_hole(t, true, &hole)) {
        t->high_rxt = send_range(t, now, hole.from, hole.to, seg, payload);
        return true;
    }
    if (send_next(t, now, t->cwnd - pipe, seg, payload))
        return true;
    if (tcp_sack_hole(t, false, &hole)) {
        t->high_rxt = send_range(t, now, hole.from, hole.to, seg, payload);
        return true;
    }
    if (tcp_sack_rescue(t, &hole)) {
        t->rescue = t->recover;
        send_range(t, now, hole.from, hole.to, seg, payload);
        return true;
    }
    return false;
}

static bool send_text(struct tcp *t, sim_ns now, struct tcp_segment *seg, struct span *payload)
{
    if (t->probe_due) { /* RFC 9293 3.8.6.1: one octet, which does not count as sent */
        t->probe_due = false;
        if (tcp_out_end(t) > t->nxt) {
            sim_ns at = t->timer_at;

            send_range(t, now, t->nxt, t->nxt + 1, seg, payload);
            t->persist = true;
            t->timer_at = at;
            t->timed_at = SIM_NEVER;
            return true;
        }
    }
    if (t->recovering && t->params->sack)
        return send_in_recovery(t, now, seg, payload);
    if (t->repeat_first) {
        t->repeat_first = false;
        send_range(t, now, t->una, UINT32_MAX, seg, payload);
        return true;
    }
    if (t->nxt >= tcp_out_end(t) + (t->fin_queued ? 1 : 0))
        return false;
    tcp_congestion_idle(t, now);
    return send_next(t, now, tcp_congestion_room(t), seg, payload);
}

/* A bare ACK stands at the right end of what was sent, so that the peer accepts it also while `nxt`
 * goes through old segments; but within the peer's window. */
static uint32_t ack_seq(const struct tcp *t)
{
    uint64_t right = (uint64_t)t->una + t->peer_window;

    return t->max > right ? tcp_max(t->nxt, (uint32_t)right) : t->max;
}

bool tcp_output(struct tcp *t, sim_ns now, struct tcp_segment *seg, struct span *payload)
{
    *payload = (struct span){NULL, 0};
    if (t->rst_due) {
        send_reset(t, seg);
        return true;
    }
    if (t->syn_due) {
        send_syn(t, now, seg);
        return true;
    }
    switch (t->state) {
    case TCPS_ESTABLISHED:
    case TCPS_CLOSE_WAIT:
    case TCPS_FIN_WAIT_1:
    case TCPS_CLOSING:
    case TCPS_LAST_ACK:
        if (send_text(t, now, seg, payload))
            return true;
        break;
    case TCPS_CLOSED:
    case TCPS_SYN_SENT:
    case TCPS_SYN_RECEIVED:
    case TCPS_FIN_WAIT_2:
    case TCPS_TIME_WAIT:
        break;
    }
    if (!t->ack_due)
        return false;
    begin(t, seg, ack_seq(t), TCP_ACK);
    return true;
}
