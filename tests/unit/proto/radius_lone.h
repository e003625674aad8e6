/* A RADIUS core by itself, for tests that are the other side by hand. */
#ifndef TESTS_UNIT_PROTO_RADIUS_LONE_H
#define TESTS_UNIT_PROTO_RADIUS_LONE_H

#include "crypto/entity.h"
#include "models/proto/radius_impl.h"
#include "tests/support/radius_rig.h"

#include <check.h>
#include <stdlib.h>

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

struct lone {
    struct pair pair; /* its environment alone */
    struct radius_client *client;
    struct proto *proto;
    struct radius_server *server;
    struct buf out;
};

static inline void lone_release(struct lone *l)
{
    proto_free(l->proto);
    buf_clear(&l->out);
    pair_release(&l->pair);
}

/* What it sends now; n == 0: nothing. */
static inline struct span sends(struct lone *l, sim_ns now)
{
    buf_clear(&l->out);
    while (l->proto->ops->output(l->proto, now, &l->out))
        ;
    return buf_span(&l->out);
}

#endif
