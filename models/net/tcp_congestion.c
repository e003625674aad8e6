/* RFC 5681 with appropriate byte counting (RFC 3465), limited transmit (RFC 3042), NewReno
 * (RFC 6582), and the outer frame of SACK recovery (RFC 6675 5). */
#include "models/net/tcp_impl.h"

#define DUP_THRESH 3
#define CWND_MOST  (UINT32_C(1) << 30)

void tcp_congestion_open(struct tcp *t, bool syn_repeated)
{
    /* RFC 5681 3.1: one segment after a lost SYN. */
    t->cwnd = t->params->mss * (syn_repeated ? 1 : t->params->initial_window);
    t->ssthresh = UINT32_MAX; /* arbitrarily high */
}

static void grow(struct tcp *t, uint32_t acked)
{
    uint32_t mss = t->params->mss;

    if (t->cwnd < t->ssthresh) {
        /* RFC 3465 2.2, 2.3: L = 2, so that delayed ACKs do not slow it; 1 after a time-out. */
        t->cwnd += tcp_min(acked, (t->after_timeout ? 1 : 2) * mss);
    } else {
        t->avoidance_acked += acked;
        if (t->avoidance_acked >= t->cwnd) {
            t->avoidance_acked -= t->cwnd;
            t->cwnd += mss;
        }
    }
    t->cwnd = tcp_min(t->cwnd, CWND_MOST);
}

static uint32_t half_of(const struct tcp *t, uint32_t flight)
{
    return tcp_max(flight / 2, 2 * t->params->mss); /* RFC 5681 (4) */
}

/* RFC 6582 3.2 step 3: a full or a partial ACK in fast recovery. */
static bool newreno_ack(struct tcp *t, uint32_t acked)
{
    uint32_t mss = t->params->mss;
    bool first = !t->partial_seen;

    if (t->una >= t->recover) {
        t->cwnd = tcp_min(t->ssthresh, tcp_max(t->nxt - t->una, mss) + mss);
        t->recovering = false;
        t->repeat_first = false;
        t->duplicates = 0;
        return true;
    }
    t->repeat_first = true;
    t->cwnd = t->cwnd > acked ? t->cwnd - acked : 0;
    if (acked >= mss)
        t->cwnd += mss;
    t->cwnd = tcp_max(t->cwnd, mss);
    t->partial_seen = true;
    return first;
}

bool tcp_congestion_ack(struct tcp *t, uint32_t acked)
{
    if (t->recovering && !t->params->sack)
        return newreno_ack(t, acked);
    if (t->recovering) { /* RFC 6675 5 (A), (B) */
        if (t->una >= t->recover) {
            t->recovering = false;
            t->repeat_first = false;
            t->duplicates = 0;
        }
        return true;
    }
    if (t->una >= t->recover)
        t->after_timeout = false;
    t->duplicates = 0;
    grow(t, acked);
    return true;
}

static void recovery_start(struct tcp *t)
{
    t->ssthresh = half_of(t, t->dup_flight);
    t->recover = t->max;
    t->recovering = true;
    t->repeat_first = true;
    t->partial_seen = false;
    t->avoidance_acked = 0;
    t->fast_retransmits++;
    t->cwnd = t->ssthresh + (t->params->sack ? 0 : DUP_THRESH * t->params->mss);
}

void tcp_congestion_duplicate(struct tcp *t)
{
    t->duplicates++;
    if (t->recovering) {
        if (!t->params->sack)
            t->cwnd = tcp_min(t->cwnd + t->params->mss, CWND_MOST);
        return;
    }
    /* RFC 5681 3.2 step 2: what limited transmit adds does not count. */
    if (t->duplicates == 1)
        t->dup_flight = t->nxt - t->una;
    if (t->params->sack) {
        if (t->una >= t->recover && (t->duplicates >= DUP_THRESH || tcp_sack_first_lost(t)))
            recovery_start(t);
    } else if (t->duplicates == DUP_THRESH && t->una > t->recover) {
        /* RFC 6582 3.2 step 2: `recover` is one past the octet that the RFC means. */
        recovery_start(t);
    }
}

void tcp_congestion_timeout(struct tcp *t)
{
    /* RFC 5681 3.1: held when the segment was already repeated by the timer. */
    if (t->retries <= 1)
        t->ssthresh = half_of(t, t->nxt - t->una);
    t->cwnd = t->params->mss;
    t->recovering = false;
    t->repeat_first = false;
    t->after_timeout = true;
    t->duplicates = 0;
    t->avoidance_acked = 0;
    t->recover = t->max; /* RFC 6582 3.2 step 5, RFC 6675 5.1 */
    tcp_sack_clear(t);   /* RFC 2018 8: the receiver may have discarded it */
    t->nxt = t->una;     /* and everything is sent again, but what is then SACKed */
}

/* RFC 5681 4.1: after an idle time longer than the RTO. */
void tcp_congestion_idle(struct tcp *t, sim_ns now)
{
    if (t->max == t->una && now - t->last_sent > t->rto)
        t->cwnd = tcp_min(t->cwnd, t->params->mss * t->params->initial_window);
}

uint32_t tcp_congestion_room(const struct tcp *t)
{
    uint32_t flight = t->nxt - t->una, window = t->cwnd;

    if (t->params->sack)
        flight -= tcp_sack_below(t, t->nxt);
    else if (!t->recovering)
        window += tcp_min(t->duplicates, DUP_THRESH - 1) * t->params->mss; /* RFC 3042 */
    return window > flight ? window - flight : 0;
}
