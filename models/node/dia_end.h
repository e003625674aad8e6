/* Private to models/node: the server's end of a session on dIa, HTTP on bare TCP, at a node that is
 * no server: a gateway, whose tree is asked, or a D' application at its aPoC. Who the node is and
 * what it answers is the user's business; here is how a request comes to it and the answer leaves,
 * and whose procedure that is. */
#ifndef MODELS_NODE_DIA_END_H
#define MODELS_NODE_DIA_END_H

#include "models/node/server.h"

struct dia_end;

struct dia_ops {
    enum procedure_kind kind; /* whose crypto_use what serves nobody's procedure goes to */
    /* The procedure in whose service the session is now, by its other end; NULL: none. */
    struct procedure *(*procedure)(const struct dia_end *e, struct session *peer);
    /* Commit: a request has come; dia_end_answer follows, now or later, and until then nothing is
     * read. */
    void (*request)(struct dia_end *e, const struct server_request *q, sim_ns now);
    void (*forget)(struct dia_end *e); /* what the user has begun with it; may be NULL */
};

/* The node at which the ends are. */
struct dia_node {
    const struct dia_ops *ops;
    struct population *population;
    int64_t node_id;
    struct session_host host;
    struct dia_end *ends;
};

/* The first member of the user's end, which is made by xcalloc and freed here. */
struct dia_end {
    struct dia_node *node;
    struct session *session;
    struct dia_end *next, **link;
    struct server_answer answer; /* may point to doc, which is released once it is given */
    struct m2m_doc doc;
    bool in_service, answer_ready;
};

/* cpu: the node's; both outlive n. */
void dia_node_init(struct dia_node *n, const struct dia_ops *ops, struct population *p,
                   int64_t node_id, struct cpu *cpu);
/* All its sessions end: without a word, or with RST. */
void dia_node_free_ends(struct dia_node *n, bool vanish);

/* In the accept of the node's listener: e takes the connection over. stream: the session's. */
void dia_end_accept(struct dia_end *e, struct dia_node *n, struct rng stream, struct flow_end *end,
                    const struct flow_ops **ops, void **user);
struct procedure *dia_end_procedure(const struct dia_end *e);
/* Commit: e->answer is what the waiting request is answered. */
void dia_end_answer(struct dia_end *e, sim_ns now);

#endif
