/* The receiver's half: reassembly, the ACK policy (RFC 5681 4.2, RFC 9293 3.8.6.3), SACK blocks
 * (RFC 2018). */
#include "models/net/tcp_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"

/* Its right edge, rcv_nxt + window, never moves back: what is unread is what moved rcv_nxt. */
uint32_t tcp_receive_window(const struct tcp *t)
{
    return t->params->receive_window - (uint32_t)buf_len(&t->in);
}

void tcp_receive_clear(struct tcp *t)
{
    while (t->pieces) {
        struct tcp_piece *gone = t->pieces;

        t->pieces = gone->next;
        free(gone);
    }
}

/* Keep what of [seq, seq + n) is new. */
static void keep(struct tcp *t, uint32_t seq, const uint8_t *p, uint32_t n)
{
    struct tcp_piece **at = &t->pieces;

    while (n > 0) {
        struct tcp_piece *next, *piece;
        uint32_t take, skip;

        while (*at && (*at)->seq + (*at)->length <= seq)
            at = &(*at)->next;
        next = *at;
        if (next && next->seq <= seq) { /* its head is here already */
            skip = tcp_min(n, next->seq + next->length - seq);
        } else {
            skip = take = next ? tcp_min(n, next->seq - seq) : n;
            piece = xcalloc(1, sizeof(*piece) + take);
            piece->seq = seq;
            piece->length = take;
            memcpy(piece->octets, p, take);
            piece->next = next;
            *at = piece;
        }
        seq += skip;
        p += skip;
        n -= skip;
    }
}

/* The contiguous range of pieces that holds seq. */
static bool range_of(const struct tcp *t, uint32_t seq, struct tcp_range *out)
{
    const struct tcp_piece *p = t->pieces;

    while (p) {
        *out = (struct tcp_range){p->seq, p->seq + p->length};
        for (p = p->next; p && p->seq == out->to; p = p->next)
            out->to += p->length;
        if (seq < out->to)
            return seq >= out->from;
    }
    return false;
}

/* One number in each block, the most recent first (RFC 2018 4). */
static void remember(struct tcp *t, uint32_t seq)
{
    uint32_t old[TCP_SACK_BLOCKS];
    struct tcp_range r;
    int n = 1;

    if (!range_of(t, seq, &r))
        return;
    memcpy(old, t->recent, sizeof(old));
    memset(t->recent, 0, sizeof(t->recent));
    t->recent[0] = seq;
    for (int i = 0; i < TCP_SACK_BLOCKS && n < TCP_SACK_BLOCKS; i++) {
        if (old[i] > t->rcv_nxt && (old[i] < r.from || old[i] >= r.to))
            t->recent[n++] = old[i];
    }
}

/* Move what has become contiguous into `in`. */
static void join(struct tcp *t)
{
    while (t->pieces && t->pieces->seq <= t->rcv_nxt) {
        struct tcp_piece *piece = t->pieces;
        uint32_t skip = t->rcv_nxt - piece->seq;

        if (skip < piece->length) {
            bool kept = buf_put(&t->in, piece->octets + skip, piece->length - skip);

            assert(kept); /* within the window */
            (void)kept;
            t->rcv_nxt = piece->seq + piece->length;
        }
        t->pieces = piece->next;
        free(piece);
    }
}

static void acknowledge(struct tcp *t, sim_ns now, bool at_once)
{
    t->unacked_segments++;
    if (at_once || t->unacked_segments >= t->params->delayed_ack_segments)
        t->ack_due = true;
    else if (t->ack_at == SIM_NEVER)
        t->ack_at = sim_ns_add(now, t->params->delayed_ack_time);
}

/* RFC 9293 3.10.7.4, seventh. */
struct span tcp_receive_text(struct tcp *t, sim_ns now, const struct tcp_segment *seg,
                             struct span payload)
{
    const struct span none = {NULL, 0};
    uint64_t right = (uint64_t)t->rcv_nxt + tcp_receive_window(t);
    uint64_t end = (uint64_t)seg->seq + seg->length;
    uint32_t from = tcp_max(seg->seq, t->rcv_nxt), n;
    struct span fresh;
    bool kept;

    if (end > right) {
        end = right;
        t->ack_due = true; /* the sender should know the window */
    }
    if (t->fin_seen && end > t->rcv_fin)
        end = t->rcv_fin;
    if (end <= from) {
        if (seg->length > 0)
            t->ack_due = true;
        return none;
    }
    n = (uint32_t)(end - from);
    fresh = span_of(payload.p + (from - seg->seq), n);
    if (from > t->rcv_nxt) {
        keep(t, from, fresh.p, n);
        remember(t, from);
        t->ack_due = true;
        return none;
    }
    t->rcv_nxt += n;
    if (!t->pieces) {
        acknowledge(t, now, false);
        if (buf_len(&t->in) == 0)
            return fresh;
    }
    kept = buf_put_span(&t->in, fresh);
    assert(kept); /* within the window */
    (void)kept;
    if (t->pieces) { /* it fills a gap, or part of one: RFC 5681 4.2 */
        join(t);
        acknowledge(t, now, true);
    }
    return none;
}

void tcp_receive_blocks(const struct tcp *t, struct tcp_segment *seg)
{
    for (int i = 0; i < TCP_SACK_BLOCKS; i++) {
        struct tcp_range r;
        bool told = false;

        if (t->recent[i] <= t->rcv_nxt || !range_of(t, t->recent[i], &r))
            continue;
        for (int j = 0; j < seg->sack_count; j++)
            told = told || seg->sack[j][0] == r.from;
        if (told)
            continue;
        seg->sack[seg->sack_count][0] = r.from;
        seg->sack[seg->sack_count][1] = r.to;
        seg->sack_count++;
    }
}
