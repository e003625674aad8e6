/* Private to models/node: an application's requests that its NSCL hands on. Several are under way
 * at one time, each on a session of its own, so that one gateway that does not answer keeps nobody
 * else waiting. When one is due, whom it is for and what it says is the user's business. */
#ifndef MODELS_NODE_LANES_H
#define MODELS_NODE_LANES_H

#include "models/node/population.h"
#include "models/node/procedure.h"
#include "models/proc/client.h"

struct lanes; /* heap */

struct lanes_user {
    /* Commit: when the next request is due; SIM_NEVER: none is, for now. */
    sim_ns (*due)(void *arg);
    /* Commit: it is due, and a lane is free: one lanes_ask. */
    void (*next)(void *arg, sim_ns now);
    /* Prepare, any thread: one mid_client_request, of which true comes back. Reads what no commit
     * changes. */
    bool (*write)(void *arg, uint32_t whom, sim_ns due, struct mid_client *c, sim_ns now);
    /* Commit: it is answered, or will not be; its row is written. */
    void (*over)(void *arg, uint32_t whom, enum reason reason, sim_ns now);
};

/* From s, a server of kind application, to the NSCL that it is at; app_id is borrowed. numbered:
 * sessions of a lane, apart from those of s to nscl that are not a lane's of these. */
struct lanes *lanes_new(struct server *s, struct server *nscl, const char *app_id, uint32_t count,
                        uint32_t numbered, const struct lanes_user *user, void *arg);
void lanes_free(struct lanes *l);

/* A procedure that begins now, as it was due. whom: the user's number of who is asked. */
void lanes_ask(struct lanes *l, enum procedure_kind kind, uint32_t whom, int64_t peer_id,
               sim_ns due, sim_ns now);
/* What is due, or when, is another. */
void lanes_arm(struct lanes *l, sim_ns now);
/* The application loses its power, with all that is under way (REASON_OUTAGE), or has it again. */
void lanes_set_off(struct lanes *l, bool off, sim_ns now);
/* The run ends: what is under way is unfinished. */
void lanes_finish(struct lanes *l, sim_ns now);

#endif
