#include "sim/base/hist.h"

#include <stdlib.h>

#include "sim/base/xalloc.h"

__extension__ typedef unsigned __int128 u128;

/* Values below 2 * SUB are kept exactly; above, each octave has SUB buckets. */
#define SUB_BITS 7
#define SUB      (1 << SUB_BITS)
#define BUCKETS  ((63 - SUB_BITS) * SUB + SUB) /* of 2^63 - 1: shift 55, mantissa 255 */
#define STEP     256                           /* room grows by this many buckets at least */
#define FORMAT   1

struct hist {
    uint64_t *counts;
    size_t room; /* buckets in counts */
    uint64_t n;
    u128 sum;
    int64_t min, max;
};

static size_t index_of(int64_t value)
{
    uint64_t v = (uint64_t)value;
    unsigned shift;

    if (v < 2 * SUB)
        return (size_t)v;
    shift = 63u - (unsigned)__builtin_clzll(v) - SUB_BITS;
    return shift * (size_t)SUB + (size_t)(v >> shift);
}

static int64_t lowest(size_t index)
{
    size_t shift;

    if (index < 2 * SUB)
        return (int64_t)index;
    shift = index / SUB - 1;
    return (int64_t)(index % SUB + SUB) << shift;
}

static int64_t highest(size_t index)
{
    if (index < 2 * SUB)
        return (int64_t)index;
    return lowest(index) + (int64_t)((UINT64_C(1) << (index / SUB - 1)) - 1);
}

struct hist *hist_new(void)
{
    return xcalloc(1, sizeof(struct hist));
}

void hist_free(struct hist *h)
{
    if (!h)
        return;
    free(h->counts);
    free(h);
}

static void make_room(struct hist *h, size_t index)
{
    size_t room = h->room + h->room / 2;

    if (index < h->room)
        return;
    if (room < index + STEP)
        room = index + STEP;
    if (room > BUCKETS)
        room = BUCKETS;
    h->counts = xrealloc(h->counts, room * sizeof(*h->counts));
    memset(h->counts + h->room, 0, (room - h->room) * sizeof(*h->counts));
    h->room = room;
}

static void take_bounds(struct hist *h, int64_t min, int64_t max)
{
    if (h->n == 0 || min < h->min)
        h->min = min;
    if (h->n == 0 || max > h->max)
        h->max = max;
}

void hist_add(struct hist *h, int64_t value)
{
    size_t index;

    if (value < 0)
        value = 0;
    index = index_of(value);
    make_room(h, index);
    take_bounds(h, value, value);
    h->counts[index]++;
    h->n++;
    h->sum = h->sum + (uint64_t)value;
}

void hist_merge(struct hist *into, const struct hist *from)
{
    if (from->n == 0)
        return;
    make_room(into, index_of(from->max));
    for (size_t i = index_of(from->min); i <= index_of(from->max); i++)
        into->counts[i] += from->counts[i];
    take_bounds(into, from->min, from->max);
    into->n += from->n;
    into->sum = into->sum + from->sum;
}

uint64_t hist_count(const struct hist *h)
{
    return h->n;
}

int64_t hist_min(const struct hist *h)
{
    return h->min;
}

int64_t hist_max(const struct hist *h)
{
    return h->max;
}

double hist_mean(const struct hist *h)
{
    return h->n == 0 ? 0.0 : (double)h->sum / (double)h->n;
}

/* How many values must lie at or below the q-quantile: ceil(q n), at least 1. */
static uint64_t rank_of(uint64_t n, double q)
{
    double exact = q * (double)n;
    uint64_t rank;

    if (!(exact > 0.0))
        return 1;
    if (exact >= (double)n)
        return n;
    rank = (uint64_t)exact;
    if ((double)rank < exact)
        rank++;
    return rank;
}

int64_t hist_quantile(const struct hist *h, double q)
{
    uint64_t rank, seen = 0;

    if (h->n == 0)
        return 0;
    rank = rank_of(h->n, q);
    for (size_t i = index_of(h->min); i < h->room; i++) {
        seen += h->counts[i];
        if (seen >= rank)
            return highest(i) < h->max ? highest(i) : h->max;
    }
    return h->max;
}

static bool put_varint(struct buf *out, uint64_t v)
{
    uint8_t octets[10];
    size_t n = 0;

    while (v >= 0x80) {
        octets[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    octets[n++] = (uint8_t)v;
    return buf_put(out, octets, n);
}

/* Only the shortest form is taken, so that a histogram has one encoding. */
static bool take_varint(struct span *in, uint64_t *v)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < 10 && i < in->n; i++) {
        uint8_t octet = in->p[i];

        if (i == 9 && octet > 1)
            return false;
        sum |= (uint64_t)(octet & 0x7f) << (7 * i);
        if (octet & 0x80)
            continue;
        if (i > 0 && octet == 0)
            return false;
        in->p += i + 1;
        in->n -= i + 1;
        *v = sum;
        return true;
    }
    return false;
}

/* Format, number of pairs; then, unless empty, min, max, sum (low, high half) and the pairs: index
 * less the one before, count. */
bool hist_encode(const struct hist *h, struct buf *out)
{
    size_t pairs = 0, last = 0;
    bool fits;

    for (size_t i = 0; i < h->room; i++)
        pairs += h->counts[i] != 0;
    fits = put_varint(out, FORMAT) && put_varint(out, pairs);
    if (pairs == 0)
        return fits;
    fits = fits && put_varint(out, (uint64_t)h->min) && put_varint(out, (uint64_t)h->max) &&
           put_varint(out, (uint64_t)h->sum) && put_varint(out, (uint64_t)(h->sum >> 64));
    for (size_t i = 0; fits && i < h->room; i++) {
        if (h->counts[i] == 0)
            continue;
        fits = put_varint(out, i - last) && put_varint(out, h->counts[i]);
        last = i;
    }
    return fits;
}

static bool take_head(struct span *in, struct hist *h)
{
    uint64_t min, max, low, high;

    if (!take_varint(in, &min) || !take_varint(in, &max) || !take_varint(in, &low) ||
        !take_varint(in, &high))
        return false;
    if (min > max || max > INT64_MAX)
        return false;
    h->min = (int64_t)min;
    h->max = (int64_t)max;
    h->sum = (u128)high << 64 | low;
    return true;
}

/* The pairs, held against min, max and sum. */
static bool take_pairs(struct span *in, struct hist *h, uint64_t pairs)
{
    size_t first = index_of(h->min), last = index_of(h->max), index = 0;
    u128 low = 0, high = 0;

    make_room(h, last);
    for (uint64_t i = 0; i < pairs; i++) {
        uint64_t delta, count;

        if (!take_varint(in, &delta) || !take_varint(in, &count))
            return false;
        if (delta > last - index || (i > 0 && delta == 0) || count == 0 ||
            count > UINT64_MAX - h->n)
            return false;
        index += delta;
        if (i == 0 && index != first)
            return false;
        h->counts[index] = count;
        h->n += count;
        low += (u128)count * (uint64_t)lowest(index);
        high += (u128)count * (uint64_t)highest(index);
    }
    return index == last && low <= h->sum && h->sum <= high;
}

struct hist *hist_decode(struct span in)
{
    struct hist *h = hist_new();
    uint64_t format, pairs;
    bool good;

    good = take_varint(&in, &format) && format == FORMAT && take_varint(&in, &pairs);
    if (good && pairs > 0)
        good = take_head(&in, h) && take_pairs(&in, h, pairs);
    if (!good || in.n > 0) {
        hist_free(h);
        return NULL;
    }
    return h;
}
