/* The store: resources with their order, their hash by (parent, name), and the heap of due times.
 */
#include "models/proc/scl_tree_impl.h"

#include "sim/base/siphash.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static void store_count(struct scl_tree *t, size_t plus, size_t minus)
{
    t->octets += plus;
    t->octets -= minus;
}

static bool waits(enum m2m_type type)
{
    return type == M2M_SUBSCRIPTION || type == M2M_NOTIFICATION_CHANNEL;
}

static bool has_extra(enum m2m_type type)
{
    return type == M2M_CONTENT_INSTANCES || waits(type);
}

static size_t size_of_more(enum m2m_type type)
{
    const struct scl_tree_more *more = NULL;

    return sizeof(*more) + (has_extra(type) ? sizeof(more->extra[0]) : 0);
}

/* Of a block, without the attributes of a plain one. */
static size_t size_of(const struct resource *r)
{
    return r->plain ? offsetof(struct resource, name) + r->name_n + 1U
                    : more_at(r->name_n) + size_of_more((enum m2m_type)r->type);
}

/* ---- hash ---- */

/* By number, not by address: even its collisions are the same in each run. */
static uint32_t bucket_of(const struct scl_tree *t, const struct resource *parent, const char *name,
                          size_t n)
{
    struct siphash h;
    uint64_t out[2];

    siphash_init(&h, more_of(parent)->number, 0);
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
    struct resource *r;

    if (!store_first(parent))
        return NULL;
    r = t->buckets[bucket_of(t, parent, name, n)];
    while (r && !(r->parent == parent && r->name_n == n && memcmp(r->name, name, n) == 0))
        r = r->chain;
    return r;
}

/* ---- heap of due times ---- */

static int64_t due_of(const struct resource *r)
{
    int64_t due = store_expires(r), other = SCL_TREE_NEVER;

    if (r->type == M2M_CONTENT_INSTANCES)
        other = content_due(r);
    else if (waits((enum m2m_type)r->type))
        other = notify_due_time(r);
    return other < due ? other : due;
}

static bool is_before(const struct scl_tree_due *a, const struct scl_tree_due *b)
{
    return a->at != b->at ? a->at < b->at : more_of(a->r)->number < more_of(b->r)->number;
}

static void place(struct scl_tree *t, struct scl_tree_due due, uint32_t at)
{
    t->heap[at - 1] = due;
    more_of(due.r)->heap = at;
}

static void sift(struct scl_tree *t, struct scl_tree_due due, uint32_t at)
{
    while (at > 1 && is_before(&due, &t->heap[at / 2 - 1])) {
        place(t, t->heap[at / 2 - 1], at);
        at /= 2;
    }
    for (;;) {
        uint32_t child = 2 * at;

        if (child < t->heap_count && is_before(&t->heap[child], &t->heap[child - 1]))
            child++;
        if (child > t->heap_count || !is_before(&t->heap[child - 1], &due))
            break;
        place(t, t->heap[child - 1], at);
        at = child;
    }
    place(t, due, at);
}

static void leave_heap(struct scl_tree *t, struct resource *r)
{
    struct scl_tree_due last;
    uint32_t at = r->plain ? 0 : more_of(r)->heap;

    if (!at)
        return;
    more_of(r)->heap = 0;
    last = t->heap[--t->heap_count];
    if (last.r != r)
        sift(t, last, at);
}

void store_schedule(struct scl_tree *t, struct resource *r)
{
    struct scl_tree_due due = {due_of(r), r};

    if (due.at == SCL_TREE_NEVER) {
        leave_heap(t, r);
        return;
    }
    if (more_of(r)->heap) {
        sift(t, due, more_of(r)->heap);
        return;
    }
    if (t->heap_count == t->heap_room) {
        uint32_t old = t->heap_room;

        t->heap_room = old ? 2 * old : 16;
        t->heap = xrealloc(t->heap, t->heap_room * sizeof(*t->heap));
        store_count(t, t->heap_room * sizeof(*t->heap), old * sizeof(*t->heap));
    }
    t->heap_count++;
    sift(t, due, t->heap_count);
}

/* ---- resources ---- */

/* A block of n octets, with the name in it. */
static struct resource *make(size_t n, enum m2m_type type, const char *name, size_t name_n,
                             int64_t now)
{
    struct resource *r = xcalloc(1, n);

    assert(name_n <= UINT8_MAX);
    r->type = (uint8_t)type;
    r->name_n = (uint8_t)name_n;
    memcpy(r->name, name, name_n + 1);
    r->created = now;
    r->prev = r;
    return r;
}

/* Into the hash, and behind its parent's last child. */
static void enter(struct scl_tree *t, struct resource *parent, struct resource *r)
{
    struct resource *first = more_of(parent)->first;

    r->parent = parent;
    if (t->count >= t->bucket_count)
        grow_buckets(t);
    t->count++;
    t->subscriptions += r->type == M2M_SUBSCRIPTION;
    link_bucket(t, r);
    if (first) {
        r->prev = first->prev;
        r->prev->next = r;
        first->prev = r;
    } else {
        more_of(parent)->first = r;
    }
}

struct resource *store_add(struct scl_tree *t, struct resource *parent, enum m2m_type type,
                           const char *name, int64_t now)
{
    size_t n = strlen(name);
    struct resource *r = make(more_at(n) + size_of_more(type), type, name, n, now);
    struct scl_tree_more *more = more_of(r);

    more->number = ++t->numbers;
    more->modified = now;
    more->expires = SCL_TREE_NEVER;
    if (waits(type))
        more->extra->pending.last = more->extra->pending.poll_until = SCL_TREE_NEVER;
    store_count(t, size_of(r), 0);
    if (parent)
        enter(t, parent, r);
    return r;
}

struct resource *store_add_plain(struct scl_tree *t, struct resource *parent, enum m2m_type type,
                                 const char *name, struct span attributes, int64_t now)
{
    size_t n = strlen(name), head = offsetof(struct resource, name) + n + 1;
    struct resource *r = make(head + attributes.n, type, name, n, now);

    r->plain = true;
    if (attributes.n)
        memcpy((char *)r + head, attributes.p, attributes.n);
    r->attributes_n = (uint32_t)attributes.n;
    t->numbers++;
    store_count(t, size_of(r) + attributes.n, 0);
    enter(t, parent, r);
    return r;
}

void store_set_attributes(struct scl_tree *t, struct resource *r, struct span list)
{
    uint8_t *copy = list.n ? xcalloc(1, list.n) : NULL;

    if (copy)
        memcpy(copy, list.p, list.n);
    store_count(t, list.n, r->attributes_n);
    free(more_of(r)->attributes);
    more_of(r)->attributes = copy;
    r->attributes_n = (uint32_t)list.n;
}

struct resource *store_last(const struct resource *parent)
{
    struct resource *first = store_first(parent);

    return first ? first->prev : NULL;
}

static void leave_parent(struct resource *r)
{
    struct resource *first = more_of(r->parent)->first;

    if (r->next)
        r->next->prev = r->prev;
    else
        first->prev = r->prev; /* the last goes: the first points at the one before it */
    if (r == first)
        more_of(r->parent)->first = r->next;
    else
        r->prev->next = r->next;
}

void store_remove(struct scl_tree *t, struct resource *r)
{
    assert(!store_first(r));
    leave_heap(t, r);
    if (r->parent) {
        leave_parent(r);
        unlink_bucket(t, r);
        t->count--;
        t->subscriptions -= r->type == M2M_SUBSCRIPTION;
    }
    store_count(t, 0, size_of(r) + r->attributes_n);
    if (waits((enum m2m_type)r->type))
        notify_release(t, r);
    if (!r->plain)
        free(more_of(r)->attributes);
    free(r);
}

struct resource *store_walk(const struct resource *root, struct resource *r)
{
    struct resource *first = store_first(r);

    if (first)
        return first;
    while (r != root && !r->next)
        r = r->parent;
    return r == root ? NULL : r->next;
}
