/* The sender's scoreboard and the functions of RFC 6675 4 over it: Update, IsLost, SetPipe,
 * NextSeg. Octet counts stand where the RFC counts sequence numbers. */
#include "models/net/tcp_impl.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"

#define DUP_THRESH 3

void tcp_sack_clear(struct tcp *t)
{
    free(t->sacked);
    t->sacked = NULL;
    t->sacked_count = t->sacked_room = t->sacked_octets = 0;
}

/* Make the ranges i .. j-1 one range [from, to). */
static void replace(struct tcp *t, uint32_t i, uint32_t j, uint32_t from, uint32_t to)
{
    if (i == j && t->sacked_count == t->sacked_room) {
        t->sacked_room = t->sacked_room ? 2 * t->sacked_room : 4;
        t->sacked = xrealloc(t->sacked, t->sacked_room * sizeof(*t->sacked));
    }
    memmove(t->sacked + i + 1, t->sacked + j, (t->sacked_count - j) * sizeof(*t->sacked));
    t->sacked_count = t->sacked_count + 1 - (j - i);
    t->sacked[i] = (struct tcp_range){from, to};
}

static void add(struct tcp *t, uint32_t from, uint32_t to)
{
    uint32_t i = 0, j, had = 0;

    while (i < t->sacked_count && t->sacked[i].to < from)
        i++;
    for (j = i; j < t->sacked_count && t->sacked[j].from <= to; j++)
        had += t->sacked[j].to - t->sacked[j].from;
    if (j > i) {
        from = tcp_min(from, t->sacked[i].from);
        to = tcp_max(to, t->sacked[j - 1].to);
    }
    t->sacked_octets += to - from - had;
    replace(t, i, j, from, to);
}

uint32_t tcp_sack_update(struct tcp *t, const struct tcp_segment *seg)
{
    uint32_t before = t->sacked_octets;

    if (!t->params->sack)
        return 0;
    for (int i = 0; i < seg->sack_count && i < TCP_SACK_BLOCKS; i++) {
        uint32_t from = seg->sack[i][0], to = seg->sack[i][1];

        /* A block that was never sent, or is acknowledged already, says nothing. */
        if (from < to && from > t->una && from > seg->ack && to <= t->max)
            add(t, from, to);
    }
    return t->sacked_octets - before;
}

void tcp_sack_acked(struct tcp *t)
{
    uint32_t gone = 0;

    while (gone < t->sacked_count && t->sacked[gone].to <= t->una) {
        t->sacked_octets -= t->sacked[gone].to - t->sacked[gone].from;
        gone++;
    }
    if (gone == t->sacked_count) {
        tcp_sack_clear(t);
        return;
    }
    t->sacked_count -= gone;
    memmove(t->sacked, t->sacked + gone, t->sacked_count * sizeof(*t->sacked));
    if (t->sacked[0].from < t->una) {
        t->sacked_octets -= t->una - t->sacked[0].from;
        t->sacked[0].from = t->una;
    }
}

uint32_t tcp_sack_below(const struct tcp *t, uint32_t seq)
{
    uint32_t sum = 0;

    if (seq >= t->max)
        return t->sacked_octets;
    for (uint32_t i = 0; i < t->sacked_count && t->sacked[i].from < seq; i++)
        sum += tcp_min(t->sacked[i].to, seq) - t->sacked[i].from;
    return sum;
}

/* IsLost, given what is SACKed above an octet. */
static bool is_lost(const struct tcp *t, uint32_t ranges, uint32_t octets)
{
    return ranges >= DUP_THRESH || octets > (DUP_THRESH - 1) * t->params->mss;
}

bool tcp_sack_first_lost(const struct tcp *t)
{
    return is_lost(t, t->sacked_count, t->sacked_octets);
}

/* SetPipe: from the top down, so that what is SACKed above each hole is known. */
uint32_t tcp_sack_pipe(const struct tcp *t)
{
    uint32_t pipe = 0, octets = 0, top = t->max;

    for (uint32_t i = t->sacked_count;; i--) {
        uint32_t bottom = i > 0 ? t->sacked[i - 1].to : t->una;

        if (!is_lost(t, t->sacked_count - i, octets))
            pipe += top - bottom;
        if (t->high_rxt > bottom)
            pipe += tcp_min(t->high_rxt, top) - bottom;
        if (i == 0)
            break;
        octets += t->sacked[i - 1].to - t->sacked[i - 1].from;
        top = t->sacked[i - 1].from;
    }
    return pipe;
}

bool tcp_sack_hole(const struct tcp *t, bool lost_only, struct tcp_range *out)
{
    uint32_t bottom = t->una, octets = t->sacked_octets;

    for (uint32_t i = 0; i < t->sacked_count; i++) {
        uint32_t from = tcp_max(bottom, t->high_rxt), to = t->sacked[i].from;

        if (from < to) {
            if (lost_only && !is_lost(t, t->sacked_count - i, octets))
                return false; /* and none above is */
            *out = (struct tcp_range){from, tcp_min(to, from + t->params->mss)};
            return true;
        }
        octets -= t->sacked[i].to - t->sacked[i].from;
        bottom = t->sacked[i].to;
    }
    return false;
}

bool tcp_sack_rescue(const struct tcp *t, struct tcp_range *out)
{
    uint32_t i = t->sacked_count, top = t->max, bottom;

    if (t->una <= t->rescue)
        return false;
    while (i > 0 && t->sacked[i - 1].to == top)
        top = t->sacked[--i].from;
    bottom = i > 0 ? t->sacked[i - 1].to : t->una;
    /* It is for a lost tail: what this recovery has repeated already is not sent a third time. */
    if (top <= tcp_max(bottom, t->high_rxt))
        return false;
    *out = (struct tcp_range){
        top - bottom > t->params->mss ? top - t->params->mss : bottom,
        top,
    };
    return true;
}

bool tcp_sack_at_or_above(const struct tcp *t, uint32_t seq, struct tcp_range *out)
{
    for (uint32_t i = 0; i < t->sacked_count; i++) {
        if (t->sacked[i].to > seq) {
            *out = t->sacked[i];
            return true;
        }
    }
    return false;
}
