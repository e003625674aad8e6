#include "models/node/keyring.h"

#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>

struct key_record {
    int64_t key_id; /* 0: a free slot, then `next_free` counts */
    int64_t parent_id, procedure_id;
    sim_ns born, first_use, last_use, expires;
    uint32_t uses;
    uint32_t node_id;
    uint32_t next_free;
    enum key_type type;
};

struct keyring {
    const struct row_sink *sink;
    struct key_record *records; /* [0] is never used */
    uint32_t count, room, free_head;
    int64_t next_id;
    uint32_t alive[KEY_TYPES];
};

struct keyring *keyring_new(const struct row_sink *sink)
{
    struct keyring *k = xcalloc(1, sizeof *k);

    k->sink = sink;
    k->count = 1;
    k->next_id = 1;
    return k;
}

void keyring_free(struct keyring *k)
{
    if (!k)
        return;
    free(k->records);
    free(k);
}

static key_ref take_slot(struct keyring *k)
{
    key_ref slot = k->free_head;

    if (slot) {
        k->free_head = k->records[slot].next_free;
        return slot;
    }
    if (k->count >= k->room) {
        k->room = k->room ? k->room + k->room / 2 : 64;
        k->records = xrealloc(k->records, k->room * sizeof *k->records);
    }
    return k->count++;
}

key_ref keyring_born(struct keyring *k, enum key_type type, int64_t node_id, key_ref parent,
                     int64_t procedure_id, sim_ns now, sim_ns expires)
{
    key_ref slot = take_slot(k);

    k->records[slot] =
        (struct key_record){.key_id = k->next_id++,
                            .parent_id = parent ? k->records[parent].key_id : ROW_NULL_ID,
                            .procedure_id = procedure_id,
                            .born = now,
                            .first_use = ROW_NULL_ID,
                            .last_use = ROW_NULL_ID,
                            .expires = expires,
                            .node_id = (uint32_t)node_id,
                            .type = type};
    k->alive[type]++;
    return slot;
}

void keyring_used(struct keyring *k, key_ref key, sim_ns now)
{
    struct key_record *r = &k->records[key];

    if (!key)
        return;
    assert(r->key_id);
    if (!r->uses++)
        r->first_use = now;
    r->last_use = now;
}

void keyring_end(struct keyring *k, key_ref key, sim_ns now, const char *end_reason)
{
    struct key_record *r = &k->records[key];

    if (!key)
        return;
    assert(r->key_id);
    k->sink->key(k->sink->arg,
                 &(struct row_key){.key_id = r->key_id,
                                   .node_id = r->node_id,
                                   .type = key_type_name(r->type),
                                   .parent_key = r->parent_id,
                                   .procedure_id = r->procedure_id,
                                   .t_born = r->born,
                                   .t_first_use = r->first_use,
                                   .t_last_use = r->last_use,
                                   .uses = r->uses,
                                   .t_expires = r->expires == SIM_NEVER ? ROW_NULL_ID : r->expires,
                                   .t_end = now,
                                   .end_reason = end_reason});
    k->alive[r->type]--;
    r->key_id = 0;
    r->next_free = k->free_head;
    k->free_head = key;
}

struct alive_key {
    int64_t key_id;
    key_ref ref;
};

static int by_birth(const void *a, const void *b)
{
    const struct alive_key *x = a, *y = b;

    return (x->key_id > y->key_id) - (x->key_id < y->key_id);
}

void keyring_end_all(struct keyring *k, sim_ns now)
{
    struct alive_key *alive = xcalloc(k->count, sizeof *alive);
    uint32_t n = 0;

    for (key_ref i = 1; i < k->count; i++) {
        if (k->records[i].key_id)
            alive[n++] = (struct alive_key){k->records[i].key_id, i};
    }
    qsort(alive, n, sizeof *alive, by_birth);
    for (uint32_t i = 0; i < n; i++)
        keyring_end(k, alive[i].ref, now, "run-end");
    free(alive);
}

uint32_t keyring_alive(const struct keyring *k, enum key_type type)
{
    return k->alive[type];
}
