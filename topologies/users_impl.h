/* What reading and answering share. */
#ifndef TOPOLOGIES_USERS_IMPL_H
#define TOPOLOGIES_USERS_IMPL_H

#include "topologies/users.h"

#include "models/node/map.h"
#include "topologies/pool.h"

/* What a user is found by. */
enum users_index {
    USERS_BY_IDENTITY,
    USERS_BY_IMSI,
    USERS_BY_PSEUDONYM,
    USERS_BY_REAUTH,
    USERS_BY_NODE /* an SCL: no identity of EAP's */
};

struct users {
    struct user *all;
    size_t count, room;
    struct map index; /* of texts of each kind, hashed; a find is compared with the text itself */
    struct pool pool; /* texts */
};

uint64_t users_hash(enum users_index kind, struct span text);
/* NULL: nobody. */
struct user *users_find(struct users *u, enum users_index kind, struct span text);

#endif
