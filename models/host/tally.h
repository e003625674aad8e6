/* A core with its octets counted and its patience measured, for hosts and loads of real time: a
 * proto around another one. */
#ifndef MODELS_HOST_TALLY_H
#define MODELS_HOST_TALLY_H

#include "models/proto/proto.h"

/* Visible because it is embedded, as the first member of whoever wants to know more of his core. */
struct tally {
    struct proto proto; /* what the host drives */
    struct proto *core;
    /* After each call into the core but output(), inside its entity: a parent may act on it. May be
     * NULL. */
    void (*acted)(struct tally *t, sim_ns now);
    sim_ns patience, deadline;
    uint64_t octets_in, octets_out;
    unsigned turns; /* how often it spoke after having listened */
    bool listened;
};
/* The core is freed with it. patience: without octets from the peer for so long it fails
 * (REASON_TIMEOUT); counted from now on. ops: the parent's, with the four below and a free that
 * calls tally_release. */
void tally_init(struct tally *t, const struct proto_ops *ops, struct proto *core, sim_ns now,
                sim_ns patience);
void tally_release(struct tally *t); /* frees the core; not t */

void tally_start(struct proto *p, sim_ns now);
void tally_input(struct proto *p, sim_ns now, struct span in);
bool tally_output(struct proto *p, sim_ns now, struct buf *out);
void tally_expire(struct proto *p, sim_ns now);

#endif
