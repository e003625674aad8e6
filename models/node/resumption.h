/* What an NSCL resumes sessions from: sessions by their ids (RFC 5246 7.3), most of which it
 * forgets when they are too many, and the keys of its tickets (RFC 5077), which change. All of it
 * is in memory, and holds master secrets: each session ends with the Kmc that it came of. Neither
 * engine nor clock. */
#ifndef MODELS_NODE_RESUMPTION_H
#define MODELS_NODE_RESUMPTION_H

#include "models/proto/tls.h"

#include "sim/base/rng.h"

struct resumption_settings {
    uint32_t sessions; /* most that are kept; beyond, the oldest goes */
    sim_ns ticket_key; /* a key seals for so long, and opens for as long behind that */
    struct rng stream; /* of the keys; advanced by draws */
};
struct resumption;
struct resumption *resumption_new(const struct resumption_settings *settings);
void resumption_free(struct resumption *r); /* wipes; NULL is fine */

/* What a TLS endpoint asks. Changes nothing, any thread. */
struct tls_resumption resumption_tls(struct resumption *r);

/* ---- by its owner alone ---- */

/* From tls_session and tls_session_id. owner: whose Kmc it came of, a Connection-ID. */
void resumption_keep(struct resumption *r, sim_ns now, uint64_t owner, struct span id,
                     struct span session, sim_ns expires);
/* Of that id; of that owner, whose Kmc has ended: those that there are. */
void resumption_drop(struct resumption *r, struct span id);
void resumption_drop_owner(struct resumption *r, uint64_t owner);
/* Draws a key for tickets where one is due. Before sessions begin; octets drawn. */
size_t resumption_turn(struct resumption *r, sim_ns now);
/* It has lost its memory. */
void resumption_forget(struct resumption *r);
/* How many sessions, and octets for them. */
uint32_t resumption_count(const struct resumption *r, size_t *octets);

#endif
