#include "models/node/watch.h"

#include "models/proto/m2m_path.h"
#include "sim/base/siphash.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* ---- queues ---- */

void watch_put(struct watch_queue *q, uint32_t watched, sim_ns due)
{
    if (q->count == q->room) {
        uint32_t room = q->room ? 2 * q->room : 64;
        struct watch_turn *items = xcalloc(room, sizeof *items);

        for (uint32_t i = 0; i < q->count; i++)
            items[i] = q->items[(q->first + i) % q->room];
        free(q->items);
        q->items = items;
        q->first = 0;
        q->room = room;
    }
    q->items[(q->first + q->count++) % q->room] = (struct watch_turn){watched, due};
}

const struct watch_turn *watch_front(const struct watch_queue *q)
{
    return q->count ? &q->items[q->first] : NULL;
}

uint32_t watch_take(struct watch_queue *q)
{
    uint32_t watched = q->items[q->first].watched;

    q->first = (q->first + 1) % q->room;
    q->count--;
    return watched;
}

void watch_queue_release(struct watch_queue *q)
{
    free(q->items);
    *q = (struct watch_queue){0};
}

/* ---- what is known ---- */

static uint64_t key_of(const uint8_t node_id[M2M_NODE_ID_LEN], const char *container)
{
    struct siphash h;
    uint64_t out[2];

    if (!container)
        return node_id_key(node_id);
    siphash_init(&h, 0, 0);
    siphash_put(&h, span_of(node_id, M2M_NODE_ID_LEN));
    siphash_put(&h, span_str(container));
    siphash_end(&h, out);
    return out[0];
}

uint32_t watch_find(const struct watch *w, const uint8_t node_id[M2M_NODE_ID_LEN],
                    const char *container)
{
    return map_find(&w->by_name, key_of(node_id, container));
}

uint32_t watch_add(struct watch *w, const uint8_t node_id[M2M_NODE_ID_LEN], const char *container)
{
    struct watched *item;

    if (w->count == w->room) {
        w->room = w->room ? w->room + w->room / 2 : 16;
        w->items = xrealloc(w->items, w->room * sizeof *w->items);
    }
    item = &w->items[w->count];
    *item = (struct watched){.container = container ? xstrdup(container) : NULL, .there = true};
    memcpy(item->node_id, node_id, M2M_NODE_ID_LEN);
    map_put(&w->by_name, key_of(node_id, container), w->count);
    return w->count++;
}

void watch_lose_containers(struct watch *w, const uint8_t node_id[M2M_NODE_ID_LEN])
{
    for (uint32_t i = 0; i < w->count; i++) {
        struct watched *item = &w->items[i];

        if (item->container && memcmp(item->node_id, node_id, M2M_NODE_ID_LEN) == 0)
            item->there = item->subscribed = false;
    }
}

void watch_path(const struct watch *w, uint32_t i, const char *base, char *out, size_t n)
{
    const struct watched *item = &w->items[i];
    char scl_id[M2M_MAX_URI];
    bool fits = true;

    str_append(out, n, 0, base);
    if (!w->applications) {
        node_scl_id(item->node_id, scl_id);
        fits = m2m_path_append(out, n, "scls") && m2m_path_append(out, n, scl_id);
    }
    if (item->container)
        fits = fits && m2m_path_append(out, n, w->applications ? "applications" : "containers") &&
               m2m_path_append(out, n, item->container);
    if (!fits)
        out[0] = '\0';
}

void watch_release(struct watch *w)
{
    for (uint32_t i = 0; i < w->count; i++)
        free(w->items[i].container);
    free(w->items);
    free(w->parts);
    map_release(&w->by_name);
    *w = (struct watch){0};
}

/* ---- what discovery is asked for ---- */

static void push(struct watch *w, const struct watch_part *part)
{
    if (w->part_count == w->part_room) {
        w->part_room = w->part_room ? 2 * w->part_room : 16;
        w->parts = xrealloc(w->parts, w->part_room * sizeof *w->parts);
    }
    w->parts[w->part_count++] = *part;
}

void watch_want_part(struct watch *w, uint32_t below, sim_ns due)
{
    push(w, &(struct watch_part){.due = due, .below = below, .whole = true});
}

void watch_end_part(struct watch *w)
{
    w->part_count--;
}

/* Both bounds are inclusive (createdSince, createdUntil), so the halves share an instant: what was
 * created then is answered twice, which is nothing new, and nothing falls between them. */
bool watch_halve_part(struct watch *w, int64_t since_ms, int64_t until_ms, sim_ns due)
{
    struct watch_part part = w->parts[--w->part_count], half;

    if (part.whole) {
        part.since_ms = since_ms;
        part.until_ms = until_ms;
        part.whole = false;
    }
    if (part.until_ms - part.since_ms <= 1)
        return false;
    part.due = due;
    half = part;
    half.since_ms = part.until_ms = part.since_ms + (part.until_ms - part.since_ms) / 2;
    push(w, &half);
    push(w, &part);
    return true;
}
