/* Private to scl_tree*.c: how a resource is kept. */
#ifndef MODELS_PROC_SCL_TREE_IMPL_H
#define MODELS_PROC_SCL_TREE_IMPL_H

#include "models/proc/scl_tree.h"

#include <stddef.h>
#include <stdint.h>

#define SCL_TREE_MAX_URI M2M_MAX_LINK /* of one of our own paths, with authority */

/* What few types need beside their attributes. */
struct scl_tree_instances { /* contentInstances */
    uint64_t octets;
    uint64_t made; /* for names */
    uint32_t count;
};
struct scl_tree_pending { /* subscription with minimalTimeBetweenNotifications, notificationChannel
                           */
    struct scl_tree_output
        *first;         /* subscription: the latest that had to wait; channel: its queue */
    int64_t last;       /* subscription: when it notified last; SCL_TREE_NEVER: it did not */
    int64_t poll_until; /* channel: a poll is held; SCL_TREE_NEVER: none is */
    uint32_t count;
};

/* What a resource has that can change, end before its parent, or have something below it. */
struct scl_tree_more {
    struct resource *first; /* its first child */
    uint8_t *attributes;
    uint64_t number; /* of its creation: what the order of everything rests on */
    int64_t modified;
    int64_t expires; /* SCL_TREE_NEVER: with its parent */
    uint32_t heap;   /* place in the heap, from 1; 0: it is not in there */
    union {
        struct scl_tree_instances instances;
        struct scl_tree_pending pending;
    } extra[]; /* one, with the types that have it */
};

/* One resource. A collection is there from the first thing that is created in it; before that its
 * parent answers for it. A plain one, a contentInstance without an expirationTime, is what there
 * are many of: it has its attributes behind its name, in one block, and no more. */
struct resource {
    struct resource *parent;
    struct resource *next, *prev; /* among its parent's children; the first's prev is the last */
    struct resource *chain;       /* of its hash bucket */
    int64_t created;
    uint32_t attributes_n; /* octets of a list as in m2m_rep.h, without times and name */
    uint8_t type;          /* enum m2m_type */
    bool plain;
    uint8_t name_n; /* without the NUL */
    char name[];    /* behind it attributes, or a struct scl_tree_more */
};

/* An entry of the heap of due times. */
struct scl_tree_due {
    int64_t at;
    struct resource *r;
};

struct scl_tree {
    struct scl_tree_settings settings;
    struct resource *base;
    struct resource **buckets;
    struct scl_tree_due *heap; /* by due time, then number */
    struct scl_tree_output *first_output, **last_output;
    struct scl_tree_output *members, **last_member; /* of the last group's request */
    uint64_t numbers;                               /* resources ever made */
    uint64_t count;
    uint64_t subscriptions; /* how many there are: mostly nobody is to be looked for */
    size_t octets;
    uint32_t bucket_count, heap_count, heap_room;
    bool fanning; /* inside a group's request */
};

/* What a path leads to: a resource, or a collection (or two, one in the other) that is not there
 * yet below one. */
struct scl_tree_target {
    const struct m2m_path *path;
    struct resource *at; /* the last that is there */
    unsigned missing;    /* steps behind it */
    enum m2m_type type;  /* of the whole path's end */
};

/* One request on its way. */
struct scl_tree_call {
    const struct m2m_request *request;
    struct m2m_response *response;
    int64_t now;
};

/* ---- scl_tree_store.c ---- */
struct resource *store_add(struct scl_tree *t, struct resource *parent, enum m2m_type type,
                           const char *name, int64_t now);
/* A plain one, with its attributes. */
struct resource *store_add_plain(struct scl_tree *t, struct resource *parent, enum m2m_type type,
                                 const char *name, struct span attributes, int64_t now);
/* Alone, without children. */
void store_remove(struct scl_tree *t, struct resource *r);
struct resource *store_find(const struct scl_tree *t, const struct resource *parent,
                            const char *name);
void store_set_attributes(struct scl_tree *t, struct resource *r, struct span list);
/* Where it is behind a name of n octets. */
static inline size_t more_at(size_t n)
{
    const size_t align = _Alignof(struct scl_tree_more);

    return (offsetof(struct resource, name) + n + 1 + align - 1) / align * align;
}
/* Not of a plain one. */
static inline struct scl_tree_more *more_of(const struct resource *r)
{
    return (struct scl_tree_more *)(void *)((char *)(uintptr_t)r + more_at(r->name_n));
}
static inline struct span store_attributes(const struct resource *r)
{
    const char *behind = r->name + r->name_n + 1;

    return span_of(r->plain ? (const void *)behind : more_of(r)->attributes, r->attributes_n);
}
/* Its first child, or NULL. */
static inline struct resource *store_first(const struct resource *r)
{
    return r->plain ? NULL : more_of(r)->first;
}
static inline int64_t store_modified(const struct resource *r)
{
    return r->plain ? r->created : more_of(r)->modified;
}
static inline int64_t store_expires(const struct resource *r)
{
    return r->plain ? SCL_TREE_NEVER : more_of(r)->expires;
}
struct resource *store_last(const struct resource *parent);
/* Its due time may have changed; of a plain one nothing falls due. */
void store_schedule(struct scl_tree *t, struct resource *r);
/* The next in pre-order below root; NULL: root's subtree is done. */
struct resource *store_walk(const struct resource *root, struct resource *r);

/* ---- scl_tree_find.c ---- */
/* false: nothing is there. */
bool scl_tree_find(const struct scl_tree *t, const struct m2m_path *path,
                   struct scl_tree_target *out);
/* The resource of a URI of ours; NULL: elsewhere, or not there. */
struct resource *scl_tree_find_uri(const struct scl_tree *t, struct span uri);
bool scl_tree_is_own(const struct scl_tree *t, const struct m2m_path *path);
/* Makes the missing collections. */
struct resource *scl_tree_materialise(struct scl_tree *t, const struct scl_tree_target *target,
                                      int64_t now);
/* Its path, into n octets, "" when it does not fit; with the authority in front, absolute. */
void scl_tree_path_of(const struct resource *r, char *out, size_t n);
void scl_tree_uri_of(const struct scl_tree *t, const struct resource *r, char *out, size_t n);

/* ---- scl_tree_access.c ---- */
enum { RIGHT_READ = 1, RIGHT_WRITE = 2, RIGHT_DISCOVER = 4, RIGHT_DELETE = 8, RIGHT_CREATE = 16 };
/* STATUS_OK, STATUS_NOT_FOUND (no holder) or STATUS_PERMISSION_DENIED (etsi-m2m.md 8.4). */
enum m2m_status access_check(const struct scl_tree *t, const struct scl_tree_target *target,
                             const char *entity, unsigned right);
/* The same by the accessRight of that URI; what leads to none says nothing, and target's own holds.
 */
enum m2m_status access_check_by(const struct scl_tree *t, struct span access_right_id,
                                const struct scl_tree_target *target, const char *entity,
                                unsigned right);
/* An SCL or an application that is registered here. */
bool access_is_registered(const struct scl_tree *t, const char *entity);
/* Whether the resource is the entity's own by where it stands. */
bool access_owns(const struct resource *r, const char *entity);

/* ---- scl_tree_rep.c ---- */
void rep_of(const struct scl_tree *t, const struct scl_tree_target *target, struct span filter,
            struct m2m_rep *out);
void rep_of_resource(const struct scl_tree *t, struct resource *r, struct m2m_rep *out);

/* ---- scl_tree_create.c ---- */
void scl_tree_create(struct scl_tree *t, struct scl_tree_target *target,
                     const struct scl_tree_call *c);
void scl_tree_update(struct scl_tree *t, struct resource *r, const struct scl_tree_call *c);
/* The resource and all below it, with notifications of that status. */
void scl_tree_delete(struct scl_tree *t, struct resource *r, enum m2m_status status, int64_t now);
unsigned scl_tree_right_of(enum m2m_method method); /* RIGHT_ that it takes */
void scl_tree_refuse(const struct scl_tree_call *c, enum m2m_status status, const char *why);

/* ---- scl_tree_content.c ---- */
bool content_check(struct scl_tree *t, const struct resource *container,
                   const struct scl_tree_call *c);
void content_added(struct scl_tree *t, struct resource *collection, struct resource *r,
                   int64_t now);
void content_removed(struct scl_tree *t, struct resource *r);
void content_bound(struct scl_tree *t, struct resource *collection, int64_t now);
void content_expire(struct scl_tree *t, struct resource *collection, int64_t now);
int64_t content_due(const struct resource *collection);
/* A filterCriteria with ifMatch or ifNoneMatch. */
bool content_asks_tags(struct span filter);
bool content_matches(const struct resource *r, struct span filter);
uint64_t content_size(const struct resource *r);

/* ---- scl_tree_notify.c ---- */
/* r was created, changed or is about to go. */
void notify_change(struct scl_tree *t, struct resource *r, enum m2m_status status, int64_t now);
void notify_due(struct scl_tree *t, struct resource *subscription, int64_t now);
int64_t notify_due_time(const struct resource *r);
void notify_release(struct scl_tree *t, struct resource *r);
/* A notify for a channel's contactURI, a poll at its longPollingURI, and the poll's timer. */
void channel_notify(struct scl_tree *t, struct resource *channel, const struct scl_tree_call *c);
void channel_poll(struct scl_tree *t, struct resource *channel, const struct scl_tree_call *c);
void channel_due(struct scl_tree *t, struct resource *channel, int64_t now);
/* The owner's answer to what came in an answer to a poll. */
void channel_response(struct scl_tree *t, struct resource *channel, const struct scl_tree_call *c);
struct scl_tree_output *output_new(enum scl_tree_output_kind kind, enum m2m_method method,
                                   const char *target, const char *entity);
void output_put(struct scl_tree *t, struct scl_tree_output *o);

/* ---- scl_tree_retarget.c ---- */
/* Nothing is there by that path, or it is not ours: where the request goes on, or a refusal.
 * false: it is no such request. */
bool retarget(const struct scl_tree *t, const struct m2m_path *path, enum m2m_path_result result,
              const struct scl_tree_call *c);

/* ---- scl_tree_group.c, scl_tree_discovery.c, scl_tree_announce.c, scl_tree_mgmt.c ---- */
bool group_check(const struct scl_tree *t, const struct scl_tree_call *c, struct span list,
                 enum m2m_method method, const struct resource *r);
void group_fan_out(struct scl_tree *t, const struct scl_tree_target *target,
                   const struct scl_tree_call *c);
void discovery_answer(struct scl_tree *t, const struct scl_tree_call *c);
/* before: the attributes as they were, empty at CREATE; gone: it is being deleted. */
void announce(struct scl_tree *t, struct resource *r, struct span before, bool gone);
void mgmt_execute(struct scl_tree *t, struct resource *cmd, const struct scl_tree_call *c);
void mgmt_cancel(struct scl_tree *t, struct resource *instance, const struct scl_tree_call *c);

#endif
