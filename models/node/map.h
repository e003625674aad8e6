/* A hash map from 64-bit keys to 32-bit values, for the tables of servers. It is never walked, so
 * its order shows nowhere. */
#ifndef MODELS_NODE_MAP_H
#define MODELS_NODE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#define MAP_NONE UINT32_MAX

/* A value in its owner; all zeros is empty. */
struct map {
    struct map_entry *entries;
    uint32_t room, used; /* room: 0 or a power of two; used counts removed entries too */
    uint32_t live;
};

void map_release(struct map *m);
/* MAP_NONE: not there. */
uint32_t map_find(const struct map *m, uint64_t key);
/* Adds or replaces; value is not MAP_NONE. */
void map_put(struct map *m, uint64_t key, uint32_t value);
void map_remove(struct map *m, uint64_t key);

#endif
