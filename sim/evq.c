#include "sim/evq.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"

#define CHUNK_ENTRIES 31 /* makes a chunk 512 octets */
#define SLAB_CHUNKS   64
/* A bucket of more entries than this is cut again before it is sorted. */
#define SORT_MAX 32
/* Up to here sorting goes by rank. */
#define RANK_MAX 24
/* How many entries a bucket should hold after cutting. */
#define PER_BUCKET 8
/* An insertion that would move more entries than this has the bottom cut. */
#define SHIFT_MAX 64
/* Free places kept before a fresh bottom, for what is scheduled just ahead of it. */
#define FRONT_GAP 64
/* Cancelled entries are swept out when they outnumber the living by this. */
#define SWEEP_SLACK 512

struct evq_chunk {
    struct evq_chunk *next;
    uint32_t n;
    struct evq_entry e[CHUNK_ENTRIES];
};

void evq_init(struct evq *q)
{
    *q = (struct evq){.slots_n = 1};
}

void evq_release(struct evq *q)
{
    for (unsigned i = 0; i < EVQ_RUNGS; i++)
        free(q->rung[i].buckets);
    for (size_t i = 0; i < q->slabs_n; i++)
        free(q->slabs[i]);
    free(q->slabs);
    free(q->bottom);
    free(q->scratch);
    free(q->slots);
}

/* ---- chunks and buckets ---- */

static void new_slab(struct evq *q)
{
    struct evq_chunk *slab = xrealloc(NULL, SLAB_CHUNKS * sizeof(*slab));

    q->slabs = xrealloc(q->slabs, (q->slabs_n + 1) * sizeof(*q->slabs));
    q->slabs[q->slabs_n++] = slab;
    for (int i = 0; i < SLAB_CHUNKS; i++) {
        slab[i].next = q->spare;
        q->spare = &slab[i];
    }
}

static struct evq_chunk *take_chunk(struct evq *q)
{
    struct evq_chunk *c;

    if (!q->spare)
        new_slab(q);
    c = q->spare;
    q->spare = c->next;
    c->next = NULL;
    c->n = 0;
    return c;
}

static void give_chunk(struct evq *q, struct evq_chunk *c)
{
    c->next = q->spare;
    q->spare = c;
}

static inline void push(struct evq *q, struct evq_bucket *b, struct evq_entry e)
{
    struct evq_chunk *c = b->tail;

    if (!c || c->n == CHUNK_ENTRIES) {
        c = take_chunk(q);
        if (b->tail)
            b->tail->next = c;
        else
            b->head = c;
        b->tail = c;
    }
    c->e[c->n++] = e;
    b->n++;
}

/* ---- slots ---- */

static uint32_t take_slot(struct evq *q, struct sim_event *ev)
{
    uint32_t slot = q->slot_free;

    if (slot) {
        q->slot_free = (uint32_t)(q->slots[slot] >> 1);
    } else {
        if (q->slots_n >= q->slots_cap) {
            assert(q->slots_cap < UINT32_MAX / 2);
            q->slots_cap = q->slots_cap ? 2 * q->slots_cap : 1024;
            q->slots = xrealloc(q->slots, q->slots_cap * sizeof(*q->slots));
        }
        slot = q->slots_n++;
    }
    q->slots[slot] = (uintptr_t)ev;
    return slot;
}

/* ---- the bottom ---- */

static void reserve_bottom(struct evq *q, size_t n)
{
    size_t cap = q->cap ? q->cap : 4 * SORT_MAX;

    if (n <= q->cap)
        return;
    while (cap < n)
        cap *= 2;
    q->bottom = xrealloc(q->bottom, cap * sizeof(*q->bottom));
    q->scratch = xrealloc(q->scratch, cap * sizeof(*q->scratch));
    q->cap = cap;
}

/* Stable, n <= RANK_MAX: each entry's place is the number of those that belong before it. More
 * comparisons than insertion sort, but no branch to mispredict. */
static void rank_sort(const struct evq_entry *from, size_t n, struct evq_entry *to)
{
    uint32_t rank[RANK_MAX] = {0};

    for (size_t i = 1; i < n; i++) {
        uint32_t before = 0;

        for (size_t j = 0; j < i; j++) {
            uint32_t is_behind = from[j].at > from[i].at;

            rank[j] += is_behind;
            before += 1 - is_behind;
        }
        rank[i] = before;
    }
    for (size_t i = 0; i < n; i++)
        to[rank[i]] = from[i];
}

static void insertion_sort(struct evq_entry *e, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct evq_entry x = e[i];
        size_t j = i;

        while (j > 0 && e[j - 1].at > x.at) {
            e[j] = e[j - 1];
            j--;
        }
        e[j] = x;
    }
}

static void merge(const struct evq_entry *from, size_t mid, size_t n, struct evq_entry *to)
{
    size_t i = 0, j = mid;

    for (size_t k = 0; k < n; k++) {
        if (i < mid && (j >= n || from[i].at <= from[j].at))
            to[k] = from[i++];
        else
            to[k] = from[j++];
    }
}

/* Sorts the bottom; stable. More than SORT_MAX entries come here only when all rungs are in use. */
static void sort_bottom(struct evq *q)
{
    size_t n = q->end - q->head;

    if (n <= RANK_MAX) {
        memcpy(q->scratch, q->bottom + q->head, n * sizeof(*q->scratch));
        rank_sort(q->scratch, n, q->bottom + q->head);
        return;
    }
    for (size_t i = 0; i < n; i += SORT_MAX)
        insertion_sort(q->bottom + q->head + i, n - i < SORT_MAX ? n - i : SORT_MAX);
    for (size_t run = SORT_MAX; run < n; run *= 2) {
        struct evq_entry *swap = q->bottom;

        for (size_t i = 0; i < n; i += 2 * run) {
            size_t len = n - i < 2 * run ? n - i : 2 * run;

            merge(q->bottom + q->head + i, run < len ? run : len, len, q->scratch + q->head + i);
        }
        q->bottom = q->scratch;
        q->scratch = swap;
    }
}

/* The bucket's entries become the bottom. At a million pending events every event is a cache miss:
 * ask for the slots while copying, and for the events once their order is known. */
static void fill_bottom(struct evq *q, const struct evq_bucket *b, bool one_instant)
{
    reserve_bottom(q, FRONT_GAP + b->n);
    q->head = q->end = FRONT_GAP;
    for (struct evq_chunk *c = b->head, *next; c; c = next) {
        for (uint32_t i = 0; i < c->n; i++) {
            __builtin_prefetch(&q->slots[c->e[i].slot], 1);
            q->bottom[q->end++] = c->e[i];
        }
        next = c->next;
        give_chunk(q, c);
    }
    if (!one_instant)
        sort_bottom(q);
    for (size_t i = q->head; i < q->end && i < FRONT_GAP + 2 * SORT_MAX; i++)
        __builtin_prefetch((const void *)q->slots[q->bottom[i].slot], 1);
}

/* ---- rungs ---- */

static void find_range(const struct evq_bucket *b, uint64_t *min, uint64_t *max)
{
    *min = UINT64_MAX;
    *max = 0;
    for (const struct evq_chunk *c = b->head; c; c = c->next) {
        for (uint32_t i = 0; i < c->n; i++) {
            uint64_t at = (uint64_t)c->e[i].at;

            *min = at < *min ? at : *min;
            *max = at > *max ? at : *max;
        }
    }
}

/* A new finest rung for n entries of [min, max], min < max. */
static struct evq_rung *add_rung(struct evq *q, size_t n, uint64_t min, uint64_t max)
{
    struct evq_rung *r = &q->rung[q->rungs++];
    uint64_t most = n / PER_BUCKET;
    uint32_t shift = 0;

    if (most > EVQ_BUCKETS)
        most = EVQ_BUCKETS;
    if (most < 2)
        most = 2;
    while (((max - min) >> shift) >= most)
        shift++;
    if (!r->buckets)
        r->buckets = xcalloc(EVQ_BUCKETS, sizeof(*r->buckets));
    r->start = r->open = min;
    r->shift = shift;
    r->cur = 0;
    r->n = (uint32_t)((max - min) >> shift) + 1;
    memset(r->buckets, 0, r->n * sizeof(*r->buckets));
    return r;
}

static void push_rung(struct evq *q, struct evq_rung *r, struct evq_entry e)
{
    uint64_t i = ((uint64_t)e.at - r->start) >> r->shift;

    push(q, &r->buckets[i < r->n ? i : r->n - 1], e);
}

static void cut_bucket(struct evq *q, const struct evq_bucket *b, uint64_t min, uint64_t max)
{
    struct evq_rung *r = add_rung(q, b->n, min, max);

    for (struct evq_chunk *c = b->head, *next; c; c = next) {
        for (uint32_t i = 0; i < c->n; i++)
            push_rung(q, r, c->e[i]);
        next = c->next;
        give_chunk(q, c);
    }
}

/* The earliest bucket of the rungs that holds something, taken out. */
static bool take_bucket(struct evq *q, struct evq_bucket *out)
{
    while (q->rungs > 0) {
        struct evq_rung *r = &q->rung[q->rungs - 1];

        while (r->cur < r->n && r->buckets[r->cur].n == 0)
            r->cur++;
        if (r->cur < r->n) {
            *out = r->buckets[r->cur++];
            r->open = r->start + ((uint64_t)r->cur << r->shift);
            /* After its last bucket a rung is gone, so that what lies before the next coarser
             * one goes to the bottom. */
            if (r->cur == r->n)
                q->rungs--;
            return true;
        }
        q->rungs--;
    }
    return false;
}

bool evq_refill(struct evq *q)
{
    struct evq_bucket b;
    uint64_t min, max;

    assert(q->head == q->end);
    q->head = q->end = FRONT_GAP;
    reserve_bottom(q, FRONT_GAP);
    for (;;) {
        bool from_rung = take_bucket(q, &b);

        if (from_rung && b.n <= SORT_MAX) {
            fill_bottom(q, &b, false);
            return true;
        }
        if (!from_rung) {
            b = q->top;
            q->top = (struct evq_bucket){0};
            q->top_start = 0;
            if (b.n == 0)
                return false;
        }
        find_range(&b, &min, &max);
        if (!from_rung)
            q->top_start = max + 1;
        if (b.n <= SORT_MAX || min == max || q->rungs == EVQ_RUNGS) {
            fill_bottom(q, &b, min == max);
            return true;
        }
        cut_bucket(q, &b, min, max);
    }
}

/* The bottom became long: hand it up as a rung of its own. */
static void cut_bottom(struct evq *q)
{
    const struct evq_entry *e = q->bottom + q->head;
    size_t n = q->end - q->head;
    struct evq_rung *r = add_rung(q, n, (uint64_t)e[0].at, (uint64_t)e[n - 1].at);

    for (size_t i = 0; i < n; i++)
        push_rung(q, r, e[i]);
    q->head = q->end = FRONT_GAP;
}

/* A bottom that never runs empty, since its last entry is far off, moves up as entries leave it in
 * front and come in behind. */
static void slide_bottom(struct evq *q)
{
    size_t n = q->end - q->head;

    memmove(q->bottom + FRONT_GAP, q->bottom + q->head, n * sizeof(*q->bottom));
    q->head = FRONT_GAP;
    q->end = FRONT_GAP + n;
}

/* Behind everything of the same instant, moving the shorter side. */
static bool insert_bottom(struct evq *q, struct evq_entry e)
{
    size_t low, high, before, behind;

    if (q->end == q->cap && q->head >= q->cap / 2)
        slide_bottom(q);
    low = q->head;
    high = q->end;
    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (q->bottom[mid].at <= e.at)
            low = mid + 1;
        else
            high = mid;
    }
    before = q->head > 0 ? low - q->head : SIZE_MAX;
    behind = q->end - low;
    if (before > SHIFT_MAX && behind > SHIFT_MAX && q->rungs < EVQ_RUNGS)
        return false;
    if (before < behind) {
        memmove(q->bottom + q->head - 1, q->bottom + q->head, before * sizeof(e));
        q->head--;
        low--;
    } else {
        reserve_bottom(q, q->end + 1);
        memmove(q->bottom + low + 1, q->bottom + low, behind * sizeof(e));
        q->end++;
    }
    q->bottom[low] = e;
    return true;
}

static void place(struct evq *q, struct evq_entry e)
{
    uint64_t at = (uint64_t)e.at;

    if (at >= q->top_start) {
        push(q, &q->top, e);
        return;
    }
    for (unsigned i = 0; i < q->rungs; i++) {
        if (at >= q->rung[i].open) {
            push_rung(q, &q->rung[i], e);
            return;
        }
    }
    if (!insert_bottom(q, e)) {
        cut_bottom(q);
        place(q, e);
    }
}

void evq_insert(struct evq *q, struct sim_event *ev, sim_ns at)
{
    struct evq_entry e = {.at = at, .slot = take_slot(q, ev)};

    ev->slot = e.slot;
    q->live++;
    place(q, e);
}

/* ---- cancelling ---- */

static size_t sweep_entries(struct evq *q, const struct evq_entry *from, size_t n,
                            struct evq_entry *to)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (evq_event(q, from[i].slot))
            to[kept++] = from[i];
        else
            evq_bury(q, from[i].slot);
    }
    return kept;
}

static void sweep_bucket(struct evq *q, struct evq_bucket *b)
{
    struct evq_bucket kept = {0};

    for (struct evq_chunk *c = b->head, *next; c; c = next) {
        c->n = (uint32_t)sweep_entries(q, c->e, c->n, c->e);
        next = c->next;
        for (uint32_t i = 0; i < c->n; i++)
            push(q, &kept, c->e[i]);
        give_chunk(q, c);
    }
    *b = kept;
}

static void sweep(struct evq *q)
{
    q->end = q->head + sweep_entries(q, q->bottom + q->head, q->end - q->head, q->bottom + q->head);
    for (unsigned i = 0; i < q->rungs; i++) {
        for (uint32_t j = q->rung[i].cur; j < q->rung[i].n; j++)
            sweep_bucket(q, &q->rung[i].buckets[j]);
    }
    sweep_bucket(q, &q->top);
}

void evq_cancel(struct evq *q, uint32_t slot)
{
    assert(slot < q->slots_n && evq_event(q, slot));
    q->slots[slot] = 0;
    q->live--;
    q->dead++;
    if (q->dead > q->live + q->held + SWEEP_SLACK)
        sweep(q);
}
