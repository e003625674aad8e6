/* A server node as a client over bare HTTP: an application at its NSCL (mIa) or at its gateway
 * (dIa), an SCL that notifies a contact. One request at a time, on a session that stays open a
 * while for the next. What is asked, what comes of the answer and whether it is asked again is the
 * user's business. */
#ifndef MODELS_NODE_CALLER_H
#define MODELS_NODE_CALLER_H

#include "models/node/server.h"
#include "models/proc/client.h"

struct caller; /* heap */

struct caller_user {
    /* Prepare, any thread: one mid_client_request. false: it does not fit a message. Reads of its
     * arg what no commit changes while a call is under way. */
    bool (*write)(void *arg, struct mid_client *c, sim_ns now);
    /* Commit: the answer, be it a refusal; or why there is none. The call is over. */
    void (*answered)(void *arg, sim_ns now, const struct mid_response *r);
    void (*failed)(void *arg, sim_ns now, enum reason reason);
};

struct caller_settings {
    struct server *from, *to;
    struct device *gateway;         /* in the place of the one of the two that is NULL */
    struct flow_listener *listener; /* of who is called */
    const char *requesting_entity;  /* borrowed */
    sim_ns timeout, idle;           /* of a call; until a session without one is closed */
    /* Whose computing the caller's is in the ledger of the procedure: a server's, or that of the
     * one whose procedure it is. */
    bool as_server;
    uint32_t first_session; /* the number of its first: of several callers between two nodes each
                               has numbers of its own */
    bool leaf_to;           /* links are counted by the nodes of `to`, not by those of `from` */
};

struct caller *caller_new(const struct caller_settings *settings, const struct caller_user *user,
                          void *arg);
/* At once; RST where a session is open. NULL is fine. */
void caller_free(struct caller *c);

/* Commit. Begins a call on behalf of p, which outlives it; none is under way. */
void caller_call(struct caller *c, struct procedure *p, sim_ns now);
bool caller_is_calling(const struct caller *c);
/* The node lost its power, or the call is of no use any more: without a word, and without a call of
 * the user's functions. */
void caller_vanish(struct caller *c, sim_ns now);

/* The procedure on whose behalf it calls; NULL: none. */
struct procedure *caller_procedure(const struct caller *c);
/* In the accept of `to`'s listener: its end of the session. NULL: not a caller's. */
struct server_end *caller_accept(struct server *to, struct flow_end *end, enum end_kind kind);
/* The same at a gateway: the caller, and the stream of the gateway's end. */
struct caller *caller_of(struct flow_end *end);
struct rng caller_stream(const struct caller *c);
/* Of a caller's session, at its other end. */
struct procedure *caller_session_procedure(struct session *s);

#endif
