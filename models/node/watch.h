/* What a network application knows of at its NSCL: SCLs, and containers of theirs where these are
 * many; which of them it still has to subscribe to, and what it still has to ask discovery for,
 * which answers a bounded number of URIs at a time. Plain memory: what is asked, and when, is
 * application.c's. */
#ifndef MODELS_NODE_WATCH_H
#define MODELS_NODE_WATCH_H

#include "models/node/map.h"
#include "models/node/node_id.h"
#include "sim/base/units.h"

#define WATCH_NONE MAP_NONE

struct watched {
    uint8_t node_id[M2M_NODE_ID_LEN];
    char *container; /* NULL: the SCL itself; or the application */
    bool there;      /* not gone since */
    bool subscribed; /* or there is no need */
    bool queued;     /* for a subscription */
};

/* Those whose turn comes, in the order in which they are due. */
struct watch_queue {
    struct watch_turn {
        uint32_t watched;
        sim_ns due;
    } * items;
    uint32_t first, count, room; /* room: a power of two */
};
/* Each is due no earlier than those before it. */
void watch_put(struct watch_queue *q, uint32_t watched, sim_ns due);
const struct watch_turn *watch_front(const struct watch_queue *q); /* NULL: empty */
uint32_t watch_take(struct watch_queue *q);                        /* the front */
void watch_queue_release(struct watch_queue *q);

/* A part of what discovery is to be asked for: what was created in [since, until], in milliseconds
 * of 1970, below an SCL or anywhere. */
struct watch_part {
    int64_t since_ms, until_ms;
    sim_ns due;
    uint32_t below; /* WATCH_NONE: anywhere */
    bool whole;     /* whenever it was created */
};

/* Value in its owner; all zeros is empty. */
struct watch {
    struct watched *items;
    struct watch_part *parts; /* the last is the next */
    uint32_t count, room, part_count, part_room;
    struct map by_name;
    bool applications; /* of a gateway: each known by its name, without a Node-ID */
};
void watch_release(struct watch *w);

/* container: NULL for the SCL itself. WATCH_NONE: it is not known. */
uint32_t watch_find(const struct watch *w, const uint8_t node_id[M2M_NODE_ID_LEN],
                    const char *container);
/* One that is not known yet; there. */
uint32_t watch_add(struct watch *w, const uint8_t node_id[M2M_NODE_ID_LEN], const char *container);
/* An SCL's containers went with it. */
void watch_lose_containers(struct watch *w, const uint8_t node_id[M2M_NODE_ID_LEN]);
/* "/m2m/scls/SCL-ID", "/m2m/scls/SCL-ID/containers/NAME" or "/m2m/applications/APP-ID", below the
 * sclBase's path; "": it does not fit. */
void watch_path(const struct watch *w, uint32_t i, const char *base, char *out, size_t n);

void watch_want_part(struct watch *w, uint32_t below, sim_ns due);
/* The next part was answered in full: it is done with. */
void watch_end_part(struct watch *w);
/* Or not in full: its two halves are wanted, of a whole one between these dates. false: it cannot
 * be told apart any further, and is done with. */
bool watch_halve_part(struct watch *w, int64_t since_ms, int64_t until_ms, sim_ns due);

#endif
