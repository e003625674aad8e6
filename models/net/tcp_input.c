/* Segments that arrive: RFC 9293 3.10.7, in its order. */
#include <assert.h>

#include "models/net/tcp_impl.h"

static void window_update(struct tcp *t, const struct tcp_segment *seg)
{
    if (t->wl1 > seg->seq || (t->wl1 == seg->seq && t->wl2 > seg->ack))
        return;
    t->peer_window = seg->window;
    t->peer_window_max = tcp_max(t->peer_window_max, seg->window);
    t->wl1 = seg->seq;
    t->wl2 = seg->ack;
    if (t->persist && seg->window > 0) {
        t->persist = false;
        t->timer_at = SIM_NEVER;
        t->retries = 0;
    }
}

/* The handshake is complete by this segment's ACK. */
static void open_by(struct tcp *t, sim_ns now, const struct tcp_segment *seg)
{
    tcp_rtt_acked(t, now, seg->ack);
    t->una = seg->ack;
    t->peer_window = t->peer_window_max = seg->window;
    t->wl1 = seg->seq;
    t->wl2 = seg->ack;
    tcp_opened(t);
}

/* 3.10.7.3 */
static void syn_sent_input(struct tcp *t, sim_ns now, const struct tcp_segment *seg)
{
    bool acks = seg->flags & TCP_ACK;

    if (acks && (seg->ack == 0 || seg->ack > t->max)) {
        tcp_reset_reply(t, seg);
        return;
    }
    if (seg->flags & TCP_RST) {
        if (acks)
            tcp_end(t, TCP_REFUSED);
        return;
    }
    if (!(seg->flags & TCP_SYN) || seg->seq != 0)
        return;
    t->rcv_nxt = 1;
    if (acks) {
        open_by(t, now, seg);
        t->ack_due = true;
    } else { /* simultaneous open */
        t->state = TCPS_SYN_RECEIVED;
        t->peer_window = t->peer_window_max = seg->window;
        t->syn_due = true;
    }
}

/* 3.10.7.4, first. A segment without octets may stand at the right edge itself: that is where the
 * sender of a full window stands. */
static bool acceptable(const struct tcp *t, const struct tcp_segment *seg)
{
    uint64_t length =
        (uint64_t)seg->length + (seg->flags & TCP_SYN ? 1 : 0) + (seg->flags & TCP_FIN ? 1 : 0);
    uint64_t left = t->rcv_nxt, right = left + tcp_receive_window(t);

    if (length == 0)
        return seg->seq >= left && seg->seq <= right;
    return seg->seq < right && seg->seq + length > left;
}

static void enter_time_wait(struct tcp *t, sim_ns now)
{
    if (t->params->time_wait == 0) {
        tcp_end(t, TCP_FINISHED);
        return;
    }
    t->state = TCPS_TIME_WAIT;
    t->timer_at = sim_ns_add(now, t->params->time_wait);
}

/* The peer has our FIN. */
static void fin_acked(struct tcp *t, sim_ns now)
{
    switch (t->state) {
    case TCPS_FIN_WAIT_1:
        t->state = TCPS_FIN_WAIT_2;
        break;
    case TCPS_CLOSING:
        enter_time_wait(t, now);
        break;
    case TCPS_LAST_ACK:
        tcp_end(t, TCP_FINISHED);
        break;
    case TCPS_CLOSED:
    case TCPS_SYN_SENT:
    case TCPS_SYN_RECEIVED:
    case TCPS_ESTABLISHED:
    case TCPS_FIN_WAIT_2:
    case TCPS_CLOSE_WAIT:
    case TCPS_TIME_WAIT:
        break;
    }
}

static void new_ack(struct tcp *t, sim_ns now, uint32_t ack)
{
    uint32_t acked = ack - t->una, end = tcp_out_end(t);
    bool restart;

    tcp_rtt_acked(t, now, ack);
    if (ack > t->out_base) {
        uint32_t octets = tcp_min(ack, end) - t->out_base;

        buf_consume(&t->out, octets);
        t->out_base += octets;
        if (buf_len(&t->out) == 0)
            buf_clear(&t->out); /* an idle connection keeps no storage */
    }
    t->una = ack;
    t->nxt = tcp_max(t->nxt, ack);
    if (t->sacked)
        tcp_sack_acked(t);
    restart = tcp_congestion_ack(t, acked);
    tcp_timer_acked(t, now, restart);
    if (ack > end)
        fin_acked(t, now);
}

/* RFC 5681 2; with SACK, RFC 6675 2: an ACK that SACKs octets not SACKed before. */
static bool is_duplicate(const struct tcp *t, const struct tcp_segment *seg, uint32_t newly_sacked)
{
    if (t->params->sack && seg->sack_count > 0)
        return newly_sacked > 0;
    return seg->length == 0 && !(seg->flags & TCP_FIN) && t->max > t->una && !t->persist &&
           seg->window == t->peer_window;
}

/* 3.10.7.4, fifth. false: nothing more to do with the segment. */
static bool ack_input(struct tcp *t, sim_ns now, const struct tcp_segment *seg)
{
    uint32_t newly;

    if (seg->ack > t->max) {
        t->ack_due = true;
        return false;
    }
    if (seg->ack < t->una)
        return true;
    newly = tcp_sack_update(t, seg);
    if (t->persist)
        t->retries = 0; /* a peer that answers probes is alive: RFC 9293 3.8.6.1 */
    if (seg->ack > t->una)
        new_ack(t, now, seg->ack);
    else if (is_duplicate(t, seg, newly))
        tcp_congestion_duplicate(t);
    window_update(t, seg);
    return t->state != TCPS_CLOSED;
}

/* 3.10.7.4, eighth. */
static void fin_input(struct tcp *t, sim_ns now)
{
    t->rcv_nxt++;
    t->peer_finished = true;
    t->ack_due = true;
    switch (t->state) {
    case TCPS_ESTABLISHED:
        t->state = TCPS_CLOSE_WAIT;
        break;
    case TCPS_FIN_WAIT_1:
        t->state = TCPS_CLOSING;
        break;
    case TCPS_FIN_WAIT_2:
        enter_time_wait(t, now);
        break;
    case TCPS_CLOSED:
    case TCPS_SYN_SENT:
    case TCPS_SYN_RECEIVED:
    case TCPS_CLOSE_WAIT:
    case TCPS_CLOSING:
    case TCPS_LAST_ACK:
    case TCPS_TIME_WAIT:
        break;
    }
}

static bool takes_text(const struct tcp *t)
{
    return !t->peer_finished && (t->state == TCPS_ESTABLISHED || t->state == TCPS_FIN_WAIT_1 ||
                                 t->state == TCPS_FIN_WAIT_2);
}

static struct span text_input(struct tcp *t, sim_ns now, const struct tcp_segment *seg,
                              struct span payload)
{
    uint64_t fin = (uint64_t)seg->seq + seg->length;
    struct span fresh;

    if (!takes_text(t))
        return (struct span){NULL, 0};
    fresh = tcp_receive_text(t, now, seg, payload);
    if ((seg->flags & TCP_FIN) && !t->fin_seen && fin >= t->rcv_nxt &&
        fin <= (uint64_t)t->rcv_nxt + tcp_receive_window(t)) {
        t->fin_seen = true;
        t->rcv_fin = (uint32_t)fin;
        if (fin > t->rcv_nxt)
            t->ack_due = true;
    }
    if (t->fin_seen && t->rcv_fin == t->rcv_nxt)
        fin_input(t, now);
    return fresh;
}

static void unacceptable(struct tcp *t, sim_ns now, const struct tcp_segment *seg)
{
    if (seg->flags & TCP_RST)
        return;
    /* The SYN again: our SYN-ACK was lost, and a bare ACK would not help. */
    if (t->state == TCPS_SYN_RECEIVED && (seg->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
        t->syn_due = true;
        return;
    }
    t->ack_due = true;
    if (t->state == TCPS_TIME_WAIT && (seg->flags & TCP_FIN))
        enter_time_wait(t, now);
    else if (tcp_receive_window(t) == 0 && seg->seq == t->rcv_nxt && (seg->flags & TCP_ACK) &&
             !(seg->flags & TCP_SYN) && t->state != TCPS_SYN_RECEIVED)
        ack_input(t, now, seg); /* "special allowance" for valid ACKs */
}

/* Second: RST, by RFC 5961 3.2 only where it is exactly due. */
static void reset_input(struct tcp *t, const struct tcp_segment *seg)
{
    if (seg->seq != t->rcv_nxt)
        t->ack_due = true;
    else
        tcp_end(t, t->state == TCPS_SYN_RECEIVED && t->active ? TCP_REFUSED : TCP_RESET);
}

/* 3.10.7.4 */
static struct span synchronized_input(struct tcp *t, sim_ns now, const struct tcp_segment *seg,
                                      struct span payload)
{
    const struct span none = {NULL, 0};

    if (!acceptable(t, seg)) {
        unacceptable(t, now, seg);
        return none;
    }
    if (seg->flags & TCP_RST) {
        reset_input(t, seg);
        return none;
    }
    if (seg->flags & TCP_SYN) { /* RFC 5961 4.2 */
        t->ack_due = true;
        return none;
    }
    if (!(seg->flags & TCP_ACK))
        return none;
    if (t->state == TCPS_SYN_RECEIVED) {
        if (seg->ack <= t->una || seg->ack > t->max) {
            tcp_reset_reply(t, seg);
            return none;
        }
        open_by(t, now, seg);
    } else if (!ack_input(t, now, seg)) {
        return none;
    }
    return text_input(t, now, seg, payload);
}

/* After FINISHED it answers as TIME-WAIT does, so that a lost last ACK does no harm. */
static void closed_input(struct tcp *t, const struct tcp_segment *seg)
{
    if (t->ended != TCP_FINISHED)
        tcp_reset_reply(t, seg);
    else if (!(seg->flags & TCP_RST) && (seg->length > 0 || (seg->flags & (TCP_FIN | TCP_SYN))))
        t->ack_due = true;
}

struct span tcp_input_inplace(struct tcp *t, sim_ns now, const struct tcp_segment *seg,
                              struct span payload)
{
    assert(payload.n == seg->length);
    switch (t->state) {
    case TCPS_CLOSED:
        closed_input(t, seg);
        break;
    case TCPS_SYN_SENT:
        syn_sent_input(t, now, seg);
        break;
    case TCPS_SYN_RECEIVED:
    case TCPS_ESTABLISHED:
    case TCPS_FIN_WAIT_1:
    case TCPS_FIN_WAIT_2:
    case TCPS_CLOSE_WAIT:
    case TCPS_CLOSING:
    case TCPS_LAST_ACK:
    case TCPS_TIME_WAIT:
        return synchronized_input(t, now, seg, payload);
    }
    return (struct span){NULL, 0};
}

void tcp_input(struct tcp *t, sim_ns now, const struct tcp_segment *seg, struct span payload)
{
    struct span fresh = tcp_input_inplace(t, now, seg, payload);
    bool kept;

    if (fresh.n == 0)
        return;
    kept = buf_put_span(&t->in, fresh);
    assert(kept); /* within the window */
    (void)kept;
}

struct span tcp_peek(const struct tcp *t, const struct tcp_segment *seg, struct span payload)
{
    const struct span none = {NULL, 0};
    uint64_t right = (uint64_t)t->rcv_nxt + tcp_receive_window(t);
    uint32_t known;

    if (!takes_text(t) && t->state != TCPS_SYN_RECEIVED)
        return none;
    if ((seg->flags & (TCP_ACK | TCP_SYN | TCP_RST)) != TCP_ACK || seg->ack > t->max)
        return none;
    if (t->peer_finished || t->fin_seen || t->pieces || buf_len(&t->in) > 0)
        return none;
    if (t->state == TCPS_SYN_RECEIVED && seg->ack <= t->una)
        return none;
    if (seg->seq > t->rcv_nxt || (uint64_t)seg->seq + seg->length > right)
        return none;
    known = t->rcv_nxt - seg->seq;
    return known < seg->length ? span_of(payload.p + known, seg->length - known) : none;
}
