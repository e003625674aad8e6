/* The store: resources with their order, their hash by (parent, name), and the heap of due times.
 */
#include "models/proc/scl_tree_impl.h"

#include "sim/base/siphash.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void store_count(struct scl_tree *t, size_t plus, size_t minus)
{
    t->octets += plus;
    t->octets -= minus;
}

static size_t size_of(const struct resource *r)
{
    return sizeof(*r) + r->name_n + 1U;
}

/* ---- hash ---- */

/* By number, not by address: even its collisions are the same in each run. */
static uint32_t bucket_of(const struct scl_tree *t, const struct resource *parent, const char *name,
                          size_t n)
{
    struct siphash h;
    uint64_t out[2];

    siphash_init(&h, parent->number, 0);
    siphash_put(&h, span_of(name, n));
    siphash_end(&h, out);
    return (uint32_t)out[0] & (t->bucket_count - 1);
}

static void link_bucket(struct scl_tree *t, struct resource *r)
{
    struct resource **b = &t->buckets[bucket_of(t, r->parent, r->name, r->name_n)];

    r->chain = *b;
    *b = r;
}

static void grow_buckets(struct scl_tree *t)
{
    struct resource **old = t->buckets;
    uint32_t old_count = t->bucket_count;

    t->bucket_count = old_count ? 2 * old_count : 16;
    t->buckets = xcalloc(t->bucket_count, sizeof(*t->buckets));
    store_count(t, t->bucket_count * sizeof(*old), old_count * sizeof(*old));
    for (uint32_t i = 0; i < old_count; i++)
        while (old[i]) {
            struct resource *r = old[i];

            old[i] = r->chain;
            link_bucket(t, r);
        }
    free(old);
}

static void unlink_bucket(struct scl_tree *t, struct resource *r)
{
    struct resource **b = &t->buckets[bucket_of(t, r->parent, r->name, r->name_n)];

    while (*b != r)
        b = &(*b)->chain;
    *b = r->chain;
}

struct resource *store_find(const struct scl_tree *t, const struct resource *parent,
                            const char *name)
{
    size_t n = strlen(name);
    struct resource *r = t->bucket_count ? t->buckets[bucket_of(t, parent, name, n)] : NULL;

    while (r && !(r->parent == parent && r->name_n == n && memcmp(r->name, name, n) == 0))
        r = r->chain;
    return r;
}

/* ---- heap of due times ---- */

static int64_t due_of(const struct resource *r)
{
    int64_t due = r->expires, other = SCL_TREE_NEVER;

    if (r->type == M2M_CONTENT_INSTANCES)
        other = content_due(r);
    else if (r->type == M2M_SUBSCRIPTION || r->type == M2M_NOTIFICATION_CHANNEL)
        other = notify_due_time(r);
    return other < due ? other : due;
}

static bool is_before(const struct resource *a, const struct resource *b)
{
    return a->due != b->due ? a->due < b->due : a->number < b->number;
}

static void place(struct scl_tree *t, struct resource *r, uint32_t at)
{
    t->heap[at - 1] = r;
    r->heap = at;
}

static void sift(struct scl_tree *t, struct resource *r, uint32_t at)
{
    while (at > 1 && is_before(r, t->heap[at / 2 - 1])) {
        place(t, t->heap[at / 2 - 1], at);
        at /= 2;
    }
    for (;;) {
        uint32_t child = 2 * at;

        if (child < t->heap_count && is_before(t->heap[child], t->heap[child - 1]))
            child++;
        if (child > t->heap_count || !is_before(t->heap[child - 1], r))
            break;
        place(t, t->heap[child - 1], at);
        at = child;
    }
    place(t, r, at);
}

static void leave_heap(struct scl_tree *t, struct resource *r)
{
    struct resource *last;
    uint32_t at = r->heap;

    if (!at)
        return;
    r->heap = 0;
    last = t->heap[--t->heap_count];
    if (last != r)
        sift(t, last, at);
}

void store_schedule(struct scl_tree *t, struct resource *r)
{
    r->due = due_of(r);
    if (r->due == SCL_TREE_NEVER) {
        leave_heap(t, r);
        return;
    }
    if (r->heap) {
        sift(t, r, r->heap);
        return;
    }
    if (t->heap_count == t->heap_room) {
        uint32_t old = t->heap_room;

        t->heap_room = old ? 2 * old : 16;
        t->heap = xrealloc(t->heap, t->heap_room * sizeof(*t->heap));
        store_count(t, t->heap_room * sizeof(*t->heap), old * sizeof(*t->heap));
    }
    t->heap_count++;
    sift(t, r, t->heap_count);
}

/* ---- resources ---- */

static void *make_extra(enum m2m_type type, size_t *n)
{
    struct scl_tree_pending *pending;

    if (type == M2M_CONTENT_INSTANCES) {
        *n = sizeof(struct scl_tree_instances);
        return xcalloc(1, *n);
    }
    if (type != M2M_SUBSCRIPTION && type != M2M_NOTIFICATION_CHANNEL) {
        *n = 0;
        return NULL;
    }
    *n = sizeof(*pending);
    pending = xcalloc(1, *n);
    pending->last = pending->poll_until = SCL_TREE_NEVER;
    return pending;
}

struct resource *store_add(struct scl_tree *t, struct resource *parent, enum m2m_type type,
                           const char *name, int64_t now)
{
    size_t n = strlen(name), extra_n;
    struct resource *r = xcalloc(1, sizeof(*r) + n + 1);

    assert(n <= UINT8_MAX);
    r->parent = parent;
    r->type = (uint8_t)type;
    r->name_n = (uint8_t)n;
    memcpy(r->name, name, n + 1);
    r->number = ++t->numbers;
    r->created = r->modified = now;
    r->expires = SCL_TREE_NEVER;
    r->extra.instances = make_extra(type, &extra_n);
    r->prev = r;
    store_count(t, size_of(r) + extra_n, 0);
    if (!parent)
        return r;
    if (t->count >= t->bucket_count)
        grow_buckets(t);
    t->count++;
    link_bucket(t, r);
    if (parent->first) {
        r->prev = parent->first->prev;
        r->prev->next = r;
        parent->first->prev = r;
    } else {
        parent->first = r;
    }
    return r;
}

void store_set_attributes(struct scl_tree *t, struct resource *r, struct span list)
{
    uint8_t *copy = list.n ? xcalloc(1, list.n) : NULL;

    if (copy)
        memcpy(copy, list.p, list.n);
    store_count(t, list.n, r->attributes_n);
    free(r->attributes);
    r->attributes = copy;
    r->attributes_n = (uint32_t)list.n;
}

struct resource *store_last(const struct resource *parent)
{
    return parent->first ? parent->first->prev : NULL;
}

static void leave_parent(struct resource *r)
{
    struct resource *first = r->parent->first;

    if (r->next)
        r->next->prev = r->prev;
    else
        first->prev = r->prev; /* the last goes: the first points at the one before it */
    if (r == first)
        r->parent->first = r->next;
    else
        r->prev->next = r->next;
}

void store_remove(struct scl_tree *t, struct resource *r)
{
    size_t extra_n = r->type == M2M_CONTENT_INSTANCES ? sizeof(struct scl_tree_instances)
                     : r->extra.pending               ? sizeof(struct scl_tree_pending)
                                                      : 0;

    assert(!r->first);
    leave_heap(t, r);
    if (r->parent) {
        leave_parent(r);
        unlink_bucket(t, r);
        t->count--;
    }
    if (r->type == M2M_SUBSCRIPTION || r->type == M2M_NOTIFICATION_CHANNEL)
        notify_release(t, r);
    store_count(t, 0, size_of(r) + extra_n + r->attributes_n);
    free(r->extra.instances);
    free(r->attributes);
    free(r);
}

struct resource *store_walk(const struct resource *root, struct resource *r)
{
    if (r->first)
        return r->first;
    while (r != root && !r->next)
        r = r->parent;
    return r == root ? NULL : r->next;
}
