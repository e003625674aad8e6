/* RFC 6298: the round-trip estimate and the retransmission timer; with them the SYN, persist,
 * delayed-ACK and TIME-WAIT timers. */
#include "models/net/tcp_impl.h"

/* RFC 6298 2: the clock granularity G. Virtual time is finer, but a variance near 0 must not bring
 * the RTO down to the round trip itself. */
#define GRANULARITY SIM_MS

static sim_ns clamp_rto(const struct tcp *t, sim_ns rto)
{
    if (rto < t->params->min_rto)
        rto = t->params->min_rto;
    return sim_ns_min(rto, t->params->max_rto);
}

/* RFC 6298 2.2, 2.3 */
static void rtt_sample(struct tcp *t, sim_ns r)
{
    sim_ns spread;

    if (t->srtt < 0) {
        t->srtt = r;
        t->rttvar = r / 2;
    } else {
        sim_ns error = t->srtt > r ? t->srtt - r : r - t->srtt;

        t->rttvar = (3 * t->rttvar + error) / 4;
        t->srtt = (7 * t->srtt + r) / 8;
    }
    spread = 4 * t->rttvar;
    t->rto = clamp_rto(t, t->srtt + (spread > GRANULARITY ? spread : GRANULARITY));
}

/* Times the segment that ends at `end`, unless one is timed already: one sample a round trip. */
void tcp_rtt_start(struct tcp *t, sim_ns now, uint32_t end)
{
    if (t->timed_at != SIM_NEVER)
        return;
    t->timed_at = now;
    t->timed_end = end;
}

void tcp_rtt_acked(struct tcp *t, sim_ns now, uint32_t ack)
{
    if (t->timed_at == SIM_NEVER || ack < t->timed_end)
        return;
    rtt_sample(t, now - t->timed_at);
    t->timed_at = SIM_NEVER;
}

/* RFC 6298 5.1 */
void tcp_timer_start(struct tcp *t, sim_ns now)
{
    if (t->timer_at != SIM_NEVER && !t->persist)
        return;
    t->persist = false;
    t->timer_at = sim_ns_add(now, t->rto);
}

/* RFC 6298 5.2, 5.3; restart is false where RFC 6582 leaves the timer alone. */
void tcp_timer_acked(struct tcp *t, sim_ns now, bool restart)
{
    t->retries = 0;
    if (t->una == t->max) {
        t->timer_at = SIM_NEVER;
        t->persist = false;
    } else if (restart) {
        t->persist = false;
        t->timer_at = sim_ns_add(now, t->rto);
    }
}

/* RFC 9293 3.8.6.1: the peer's window is closed and nothing is in flight that would open it. */
void tcp_persist_start(struct tcp *t, sim_ns now)
{
    if (t->timer_at != SIM_NEVER)
        return;
    t->persist = true;
    t->timer_at = sim_ns_add(now, t->rto);
}

static void back_off(struct tcp *t, sim_ns now, sim_ns most)
{
    t->rto = t->rto > most / 2 ? most : 2 * t->rto;
    t->timer_at = sim_ns_add(now, t->rto);
}

static void syn_timeout(struct tcp *t, sim_ns now)
{
    if (t->retries >= t->params->syn_retries) {
        tcp_end(t, TCP_TIMED_OUT);
        return;
    }
    t->retries++;
    t->timeouts++;
    t->syn_due = true;
    t->timed_at = SIM_NEVER; /* Karn */
    back_off(t, now, SIM_NEVER);
}

/* RFC 6298 5.4-5.6 */
static void data_timeout(struct tcp *t, sim_ns now)
{
    if (t->retries >= t->params->data_retries) {
        tcp_end(t, TCP_LOST);
        return;
    }
    t->retries++;
    if (t->persist) {
        t->probe_due = true;
    } else {
        t->timeouts++;
        t->timed_at = SIM_NEVER; /* Karn */
        tcp_congestion_timeout(t);
    }
    back_off(t, now, t->params->max_rto);
}

sim_ns tcp_expiry(const struct tcp *t)
{
    return sim_ns_min(t->timer_at, t->ack_at);
}

void tcp_expire(struct tcp *t, sim_ns now)
{
    if (t->ack_at <= now) {
        t->ack_at = SIM_NEVER;
        t->ack_due = true;
    }
    if (t->timer_at > now)
        return;
    switch (t->state) {
    case TCPS_CLOSED:
        break;
    case TCPS_SYN_SENT:
    case TCPS_SYN_RECEIVED:
        syn_timeout(t, now);
        break;
    case TCPS_TIME_WAIT:
        tcp_end(t, TCP_FINISHED);
        break;
    case TCPS_ESTABLISHED:
    case TCPS_FIN_WAIT_1:
    case TCPS_FIN_WAIT_2:
    case TCPS_CLOSE_WAIT:
    case TCPS_CLOSING:
    case TCPS_LAST_ACK:
        data_timeout(t, now);
        break;
    }
}
