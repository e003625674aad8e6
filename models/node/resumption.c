#include "models/node/resumption.h"

#include "models/node/map.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define NOBODY MAP_NONE

/* Of lists through the entries, by index. */
struct between {
    uint32_t before, behind;
};

struct kept {
    uint8_t *session; /* NULL: a free entry, then by_age.behind is the next */
    uint64_t owner;
    sim_ns expires;
    struct between by_age, by_owner;
    uint32_t session_n;
    uint8_t id[TLS_SESSION_ID_MAX];
    uint8_t id_n;
};

struct resumption {
    struct resumption_settings settings;
    struct kept *kept;
    struct map by_id, by_owner; /* the latter: the owner's latest */
    uint32_t room, count, free_head, oldest, latest;
    size_t octets;
    struct tls_ticket_key keys[2]; /* [0] seals, both open */
    unsigned key_count;
    sim_ns turns; /* when the next key is due */
};

static void clear_lists(struct resumption *r)
{
    r->free_head = r->oldest = r->latest = NOBODY;
    r->room = r->count = 0;
    r->octets = 0;
}

struct resumption *resumption_new(const struct resumption_settings *settings)
{
    struct resumption *r = xcalloc(1, sizeof *r);

    r->settings = *settings;
    clear_lists(r);
    return r;
}

void resumption_forget(struct resumption *r)
{
    while (r->oldest != NOBODY)
        resumption_drop(r, span_of(r->kept[r->oldest].id, r->kept[r->oldest].id_n));
    free(r->kept);
    r->kept = NULL;
    clear_lists(r);
    map_release(&r->by_id);
    map_release(&r->by_owner);
    explicit_bzero(r->keys, sizeof r->keys);
    r->key_count = 0;
}

void resumption_free(struct resumption *r)
{
    if (!r)
        return;
    resumption_forget(r);
    explicit_bzero(&r->settings, sizeof r->settings);
    free(r);
}

/* Ids are drawn, so that their first octets tell them apart, all but never two apart. */
static uint64_t key_of(struct span id)
{
    uint64_t key = 0;

    memcpy(&key, id.p, id.n < sizeof key ? id.n : sizeof key);
    return key;
}

static uint32_t find(const struct resumption *r, struct span id)
{
    uint32_t i = id.n > 0 ? map_find(&r->by_id, key_of(id)) : MAP_NONE;
    const struct kept *k;

    if (i == MAP_NONE)
        return NOBODY;
    k = &r->kept[i];
    return k->id_n == id.n && memcmp(k->id, id.p, id.n) == 0 ? i : NOBODY;
}

static struct span find_session(void *arg, struct span id)
{
    const struct resumption *r = arg;
    uint32_t i = find(r, id);

    return i == NOBODY ? span_of(NULL, 0) : span_of(r->kept[i].session, r->kept[i].session_n);
}

static const struct tls_ticket_key *find_key(void *arg, const uint8_t *name)
{
    const struct resumption *r = arg;

    if (!name)
        return r->key_count ? &r->keys[0] : NULL;
    for (unsigned i = 0; i < r->key_count; i++)
        if (memcmp(r->keys[i].name, name, TLS_TICKET_NAME) == 0)
            return &r->keys[i];
    return NULL;
}

struct tls_resumption resumption_tls(struct resumption *r)
{
    return (struct tls_resumption){find_session, find_key, r};
}

/* ---- entries ---- */

static uint32_t take_entry(struct resumption *r)
{
    uint32_t i = r->free_head;

    if (i != NOBODY) {
        r->free_head = r->kept[i].by_age.behind;
        return i;
    }
    if (r->count == r->room) {
        r->room = r->room ? r->room + r->room / 2 : 16;
        r->kept = xrealloc(r->kept, r->room * sizeof *r->kept);
    }
    return r->count; /* every entry below is taken: none is free */
}

static void link_in(struct resumption *r, uint32_t i)
{
    struct kept *k = &r->kept[i];
    uint32_t of_owner = map_find(&r->by_owner, k->owner);

    k->by_age = (struct between){r->latest, NOBODY};
    if (r->latest == NOBODY)
        r->oldest = i;
    else
        r->kept[r->latest].by_age.behind = i;
    r->latest = i;
    k->by_owner = (struct between){of_owner, NOBODY};
    if (of_owner != MAP_NONE)
        r->kept[of_owner].by_owner.behind = i;
    map_put(&r->by_owner, k->owner, i);
    map_put(&r->by_id, key_of(span_of(k->id, k->id_n)), i);
}

static void unlink_owner(struct resumption *r, const struct kept *k)
{
    struct between b = k->by_owner;

    if (b.before != NOBODY)
        r->kept[b.before].by_owner.behind = b.behind;
    if (b.behind != NOBODY)
        r->kept[b.behind].by_owner.before = b.before;
    else if (b.before != NOBODY)
        map_put(&r->by_owner, k->owner, b.before);
    else
        map_remove(&r->by_owner, k->owner);
}

static void drop(struct resumption *r, uint32_t i)
{
    struct kept *k = &r->kept[i];
    struct between b = k->by_age;

    if (b.before == NOBODY)
        r->oldest = b.behind;
    else
        r->kept[b.before].by_age.behind = b.behind;
    if (b.behind == NOBODY)
        r->latest = b.before;
    else
        r->kept[b.behind].by_age.before = b.before;
    unlink_owner(r, k);
    map_remove(&r->by_id, key_of(span_of(k->id, k->id_n)));
    explicit_bzero(k->session, k->session_n);
    free(k->session);
    r->octets -= k->session_n;
    *k = (struct kept){.by_age = {NOBODY, r->free_head}};
    r->free_head = i;
    r->count--;
}

void resumption_keep(struct resumption *r, sim_ns now, uint64_t owner, struct span id,
                     struct span session, sim_ns expires)
{
    struct kept *k;
    uint32_t i;

    if (id.n == 0 || id.n > TLS_SESSION_ID_MAX || session.n == 0 || r->settings.sessions == 0)
        return;
    i = map_find(&r->by_id, key_of(id));
    if (i != MAP_NONE)
        drop(r, i);
    while (r->oldest != NOBODY &&
           (r->count >= r->settings.sessions || r->kept[r->oldest].expires <= now))
        drop(r, r->oldest);
    i = take_entry(r);
    r->count++;
    k = &r->kept[i];
    *k = (struct kept){.owner = owner,
                       .expires = expires,
                       .session = xcalloc(1, session.n),
                       .session_n = (uint32_t)session.n,
                       .id_n = (uint8_t)id.n};
    memcpy(k->session, session.p, session.n);
    memcpy(k->id, id.p, id.n);
    r->octets += session.n;
    link_in(r, i);
}

void resumption_drop(struct resumption *r, struct span id)
{
    uint32_t i = find(r, id);

    if (i != NOBODY)
        drop(r, i);
}

void resumption_drop_owner(struct resumption *r, uint64_t owner)
{
    uint32_t i;

    while ((i = map_find(&r->by_owner, owner)) != MAP_NONE)
        drop(r, i);
}

uint32_t resumption_count(const struct resumption *r, size_t *octets)
{
    *octets = r->octets + r->count * sizeof *r->kept;
    return r->count;
}

/* ---- keys of tickets ---- */

size_t resumption_turn(struct resumption *r, sim_ns now)
{
    sim_ns life = r->settings.ticket_key;

    if (r->key_count && now < r->turns)
        return 0;
    /* Nobody came for two lives: what it sealed before is nobody's any more. */
    if (r->key_count && now < sim_ns_add(r->turns, life)) {
        r->keys[1] = r->keys[0];
        r->key_count = 2;
    } else {
        explicit_bzero(&r->keys[1], sizeof r->keys[1]);
        r->key_count = 1;
    }
    rng_bytes(&r->settings.stream, (uint8_t *)&r->keys[0], sizeof r->keys[0]);
    r->turns = sim_ns_add(now, life);
    return sizeof r->keys[0];
}
