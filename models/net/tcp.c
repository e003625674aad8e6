#include "models/net/tcp.h"

#include <assert.h>
#include <stdlib.h>

#include "models/net/tcp_impl.h"
#include "sim/base/xalloc.h"

/* Linux-like: MSS 1400 leaves room for tunnels; SYN options are MSS, SACK-permitted, timestamps and
 * window scale (20 octets), other segments carry timestamps (12). */
void tcp_params_default(struct tcp_params *p)
{
    *p = (struct tcp_params){
        .mss = 1400,
        .initial_window = 10, /* RFC 6928 */
        .receive_window = 131072,
        .syn_header = 60,
        .header = 52,
        .sack_header = 12,
        .syn_timeout = SIM_S,
        .syn_retries = 6,
        .initial_rto = SIM_S,
        .min_rto = 200 * SIM_MS,
        .max_rto = 120 * SIM_S,
        .data_retries = 15,
        .delayed_ack_segments = 2,
        .delayed_ack_time = 40 * SIM_MS,
        .sack = true,
        .time_wait = 0,
    };
}

void tcp_params_ns3(struct tcp_params *p)
{
    tcp_params_default(p);
    p->mss = 536;
    p->syn_header = 56;
    p->syn_timeout = 3 * SIM_S;
    p->syn_retries = 5; /* 6 tries */
    p->min_rto = SIM_S;
    p->max_rto = 60 * SIM_S;
    p->data_retries = 6;
    p->delayed_ack_time = 200 * SIM_MS;
}

void tcp_init(struct tcp *t, const struct tcp_params *params)
{
    assert(params->mss > 0 && params->initial_window > 0 && params->receive_window > 0);
    *t = (struct tcp){
        .params = params,
        .out_base = 1, /* the SYN is 0 */
        .srtt = -1,
        .rto = params->initial_rto,
        .timer_at = SIM_NEVER,
        .ack_at = SIM_NEVER,
        .timed_at = SIM_NEVER,
    };
    buf_init(&t->out, UINT32_MAX);
    buf_init(&t->in, params->receive_window);
}

void tcp_release(struct tcp *t)
{
    buf_clear(&t->out);
    buf_clear(&t->in);
    tcp_sack_clear(t);
    tcp_receive_clear(t);
}

struct tcp *tcp_new(const struct tcp_params *params)
{
    struct tcp *t = xcalloc(1, sizeof(*t));

    tcp_init(t, params);
    return t;
}

void tcp_free(struct tcp *t)
{
    if (!t)
        return;
    tcp_release(t);
    free(t);
}

/* To CLOSED. What arrived in order can still be read. */
void tcp_end(struct tcp *t, enum tcp_status why)
{
    t->state = TCPS_CLOSED;
    t->ended = why;
    t->timer_at = SIM_NEVER;
    t->ack_at = SIM_NEVER;
    t->timed_at = SIM_NEVER;
    t->syn_due = t->repeat_first = t->probe_due = t->recovering = false;
    /* The ACK of the last FIN still has to go. */
    t->ack_due = t->ack_due && why == TCP_FINISHED;
    t->out_base = tcp_out_end(t);
    buf_clear(&t->out);
    tcp_sack_clear(t);
    tcp_receive_clear(t);
}

static void start_handshake(struct tcp *t, sim_ns now, enum tcp_state state)
{
    assert(t->state == TCPS_CLOSED && t->ended == TCP_CLOSED);
    t->state = state;
    t->syn_due = true;
    t->rto = t->params->syn_timeout;
    tcp_timer_start(t, now);
}

void tcp_connect(struct tcp *t, sim_ns now)
{
    t->active = true;
    start_handshake(t, now, TCPS_SYN_SENT);
}

/* RFC 9293 3.10.7.2 (LISTEN), third: a SYN. Relative numbers: any other than 0 is not one of ours.
 */
void tcp_accept(struct tcp *t, sim_ns now, const struct tcp_segment *syn)
{
    if (!(syn->flags & TCP_SYN) || (syn->flags & (TCP_ACK | TCP_RST)) || syn->seq != 0) {
        tcp_reset_reply(t, syn);
        return;
    }
    t->rcv_nxt = 1;
    t->peer_window = t->peer_window_max = syn->window;
    start_handshake(t, now, TCPS_SYN_RECEIVED);
}

/* SYN-SENT or SYN-RECEIVED to ESTABLISHED: `una` is 1. */
void tcp_opened(struct tcp *t)
{
    bool repeated = t->retransmissions > 0; /* so far only a SYN can have been */

    t->state = TCPS_ESTABLISHED;
    t->syn_due = false;
    t->retries = 0;
    t->timer_at = SIM_NEVER;
    if (t->srtt < 0) {
        t->rto = t->params->initial_rto;
        /* RFC 6298 5.7 */
        if (repeated && t->rto < 3 * SIM_S)
            t->rto = 3 * SIM_S;
    }
    tcp_congestion_open(t, repeated);
}

/* RFC 9293 3.10.7.1: what a closed end answers. */
void tcp_reset_reply(struct tcp *t, const struct tcp_segment *seg)
{
    if (seg->flags & TCP_RST)
        return;
    t->rst_due = true;
    t->rst_has_ack = !(seg->flags & TCP_ACK);
    t->rst_seq = seg->flags & TCP_ACK ? seg->ack : 0;
    t->rst_ack =
        seg->seq + seg->length + (seg->flags & TCP_SYN ? 1 : 0) + (seg->flags & TCP_FIN ? 1 : 0);
}

static bool may_write(const struct tcp *t)
{
    if (t->fin_queued)
        return false;
    switch (t->state) {
    case TCPS_SYN_SENT:
    case TCPS_SYN_RECEIVED:
    case TCPS_ESTABLISHED:
    case TCPS_CLOSE_WAIT:
        return true;
    case TCPS_CLOSED:
    case TCPS_FIN_WAIT_1:
    case TCPS_FIN_WAIT_2:
    case TCPS_CLOSING:
    case TCPS_LAST_ACK:
    case TCPS_TIME_WAIT:
        break;
    }
    return false;
}

bool tcp_write(struct tcp *t, sim_ns now, struct span data)
{
    (void)now;
    if (!may_write(t))
        return false;
    assert(data.n < UINT32_MAX - 2u - tcp_out_end(t)); /* streams stay below 4 GiB */
    if (data.n == 0)
        return true;
    return buf_put_span(&t->out, data);
}

void tcp_shutdown(struct tcp *t, sim_ns now)
{
    (void)now;
    if (may_write(t))
        t->fin_queued = true;
}

/* RFC 9293 3.10.5 */
void tcp_abort(struct tcp *t)
{
    if (t->state == TCPS_CLOSED)
        return;
    if (t->state != TCPS_SYN_SENT && t->state != TCPS_TIME_WAIT) {
        t->rst_due = t->rst_has_ack = true;
        t->rst_seq = t->max;
        t->rst_ack = t->rcv_nxt;
    }
    tcp_end(t, TCP_RESET);
}

struct span tcp_received(const struct tcp *t)
{
    return buf_span(&t->in);
}

void tcp_consume(struct tcp *t, size_t n)
{
    uint32_t told = t->advertised > t->rcv_nxt ? t->advertised - t->rcv_nxt : 0;
    uint32_t half = t->params->receive_window / 2, window;

    buf_consume(&t->in, n);
    if (buf_len(&t->in) == 0)
        buf_clear(&t->in);
    /* A window update once the sender could be held up: RFC 9293 3.8.6.2.2. */
    window = tcp_receive_window(t);
    if (t->state != TCPS_CLOSED && !t->peer_finished && window > told &&
        told < tcp_min(2 * t->params->mss, half) && window - told >= tcp_min(t->params->mss, half))
        t->ack_due = true;
}

bool tcp_peer_finished(const struct tcp *t)
{
    return t->peer_finished;
}

enum tcp_status tcp_status(const struct tcp *t)
{
    switch (t->state) {
    case TCPS_CLOSED:
        return t->ended;
    case TCPS_SYN_SENT:
    case TCPS_SYN_RECEIVED:
        return TCP_CONNECTING;
    case TCPS_ESTABLISHED:
    case TCPS_CLOSE_WAIT:
        return t->fin_queued ? TCP_CLOSING : TCP_OPEN;
    case TCPS_FIN_WAIT_1:
    case TCPS_FIN_WAIT_2:
    case TCPS_CLOSING:
    case TCPS_LAST_ACK:
    case TCPS_TIME_WAIT:
        break;
    }
    return TCP_CLOSING;
}

bool tcp_all_acknowledged(const struct tcp *t)
{
    return t->una >= tcp_out_end(t) + (t->fin_queued ? 1 : 0);
}

void tcp_get_info(const struct tcp *t, struct tcp_info *out)
{
    *out = (struct tcp_info){
        .cwnd = t->cwnd,
        .ssthresh = t->ssthresh,
        .in_flight = t->nxt - t->una,
        .retransmissions = t->retransmissions,
        .timeouts = t->timeouts,
        .fast_retransmits = t->fast_retransmits,
        .srtt = t->srtt,
        .rttvar = t->rttvar,
        .rto = t->rto,
    };
}
