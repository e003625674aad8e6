#include "models/node/map.h"

#include "sim/base/xalloc.h"

#include <stdlib.h>

/* value MAP_NONE: never used, or removed (then `removed`). */
struct map_entry {
    uint64_t key;
    uint32_t value;
    bool removed;
};

static uint32_t slot_of(const struct map *m, uint64_t key)
{
    key ^= key >> 33;
    key *= UINT64_C(0xff51afd7ed558ccd);
    key ^= key >> 33;
    return (uint32_t)key & (m->room - 1);
}

/* The entry that holds key, or the first that could; room > used. */
static struct map_entry *probe(const struct map *m, uint64_t key)
{
    uint32_t i = slot_of(m, key);

    for (;; i = (i + 1) & (m->room - 1)) {
        struct map_entry *e = &m->entries[i];
        if (e->value == MAP_NONE && !e->removed)
            return e;
        if (e->value != MAP_NONE && e->key == key)
            return e;
    }
}

static void resize(struct map *m, uint32_t room)
{
    struct map old = *m;

    m->room = room;
    m->used = 0;
    m->live = 0;
    m->entries = xcalloc(room, sizeof *m->entries);
    for (uint32_t i = 0; i < room; i++)
        m->entries[i].value = MAP_NONE;
    for (uint32_t i = 0; i < old.room; i++) {
        if (old.entries[i].value != MAP_NONE)
            map_put(m, old.entries[i].key, old.entries[i].value);
    }
    free(old.entries);
}

void map_release(struct map *m)
{
    free(m->entries);
    *m = (struct map){0};
}

uint32_t map_find(const struct map *m, uint64_t key)
{
    return m->room ? probe(m, key)->value : MAP_NONE;
}

void map_put(struct map *m, uint64_t key, uint32_t value)
{
    struct map_entry *e;

    if (4 * (uint64_t)m->used >= 3 * (uint64_t)m->room)
        resize(m, m->room == 0 ? 16 : m->live * 2 > m->room ? m->room * 2 : m->room);
    e = probe(m, key);
    if (e->value == MAP_NONE) {
        m->used++;
        m->live++;
    }
    *e = (struct map_entry){key, value, false};
}

void map_remove(struct map *m, uint64_t key)
{
    struct map_entry *e;

    if (!m->room)
        return;
    e = probe(m, key);
    if (e->value == MAP_NONE)
        return;
    e->value = MAP_NONE;
    e->removed = true;
    m->live--;
}
