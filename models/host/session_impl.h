/* Private to models/host: what session.c, and the two ways octets travel (session_flow.c,
 * session_udp.c), share. */
#ifndef MODELS_HOST_SESSION_IMPL_H
#define MODELS_HOST_SESSION_IMPL_H

#include "models/host/pump.h"
#include "models/host/session.h"

#define SESSION_MAX_OUT (256 * 1024)
#define SESSION_MAX_RX  (256 * 1024)
#define SESSION_LABEL   400 /* with fields: pump.h */

/* What a way of travelling does for the session on it. */
struct session_way {
    /* Prepare: one call into the core at `door`; what it gives goes to what the work to come has
     * made. */
    void (*pump)(struct session *s, enum pump_call call, unsigned door, sim_ns now, struct span in);
    /* Prepare: the octets that arrived while the processor was busy, into the core. */
    void (*backlog)(struct session *s, sim_ns now);
    /* Commit. What the work to come has made is now being worked on. */
    void (*stage)(struct session *s, sim_ns now);
    /* The work is done: send what it made. */
    void (*send)(struct session *s, sim_ns now);
    struct sim_endpoint *(*endpoint)(struct session *s);
    struct session_hold (*hold)(struct session *s);
    void (*release)(struct session *s);
    void (*vanish)(struct session *s);
    void (*retire)(struct session *s); /* its work is withdrawn already */
    void (*traffic)(const struct session *s, struct session_traffic *out);
    void (*clear)(struct session *s); /* its memory */
};

/* Which message begins at which octet of what this end sent; of the latest. One that is repeated is
 * never further back: nobody sends so many before the first is there. */
struct sent_label {
    uint64_t offset;
    char *text;
};
#define LABELS_KEPT 16

/* A session over TCP. */
struct session_stream {
    struct flow_end *flow;
    struct buf rx;                   /* arrived while the processor was busy */
    struct buf out, sending;         /* made by the work to come; by the work under way */
    char *out_label, *sending_label; /* NULL: none; sessions are idle most of the time */
    struct sent_label *labels;
    size_t label_count, label_room;
    uint64_t sent;   /* octets written to the flow */
    sim_ns start_at; /* a client's: since when it connects */
    bool to_start;   /* a client's core is not made yet */
};

/* A datagram that waits: for the processor, for the core, or for the end of the work that made it.
 */
struct waiting_datagram {
    struct waiting_datagram *next;
    uint8_t door;
    bool repeated; /* the octets of the one before, once more */
    char label[SESSION_LABEL];
    size_t n;
    uint8_t octets[];
};
struct datagram_queue {
    struct waiting_datagram *first, *last;
    size_t octets;
};

/* What was sent last, for its record. */
struct sent_datagram {
    uint32_t number;
    bool repeated;
    char *label; /* NULL: none */
};
#define SENT_KEPT 8

/* One association of a session over UDP: the way out of one door of its core. */
struct session_leg {
    struct udp_end *end;        /* NULL: not there */
    sim_ns set;                 /* the expiry that the core set last */
    sim_ns expiry;              /* when that is, since it counts from the end of the work */
    bool moving;                /* set by the work under way: not yet counting */
    uint64_t last;              /* digest of the last datagram made */
    struct sent_datagram *sent; /* SENT_KEPT, by number modulo; NULL before the first */
};

/* A session over UDP. */
struct session_datagrams {
    struct session_leg legs[SESSION_LEGS];
    struct datagram_queue rx, out, sending;
    struct sim_event timer; /* the least expiry, or earlier: it looks when it goes off */
    sim_ns stepped;         /* when the core was called last */
    sim_ns staged;          /* the same of the work under way */
    bool repeats;           /* the core has repeated what nobody answered */
};

struct session {
    const struct session_ops *ops; /* NULL: retired */
    void *user;
    struct session_host host;
    const struct session_way *way;      /* NULL: not connected */
    struct session *peer[SESSION_LEGS]; /* who is at the other end of each leg */
    uint8_t peer_leg[SESSION_LEGS];     /* and by which of its own */
    struct proto *core;
    struct proto *done_with; /* a retired session's core, until `farewell` frees it */
    struct sim_event farewell;
    struct proto_env env;
    struct trace trace;
    struct rng stream;
    struct meter meter;
    struct cpu_job job;
    sim_ns job_other_ns;
    bool opened; /* work may be charged */
    bool busy;   /* a job is queued or running */
    bool worked; /* prepare changed something that is not yet charged */
    bool poke;   /* run step when the job is done */
    bool eof, eof_given;
    bool retired;
    struct session *next, **link; /* of the retired */
    union {
        struct session_stream stream_way;
        struct session_datagrams datagram_way;
    };
};

/* session.c */
/* Prepare, or in line in a commit: one call into the core with the parent's words around it. */
void session_run(struct session *s, enum pump_call call, unsigned door, sim_ns now, struct span in);
/* Commit: what can go on now goes on. */
void session_settle(struct session *s, sim_ns now);
/* They are each other's peers. */
void session_pair(struct session *a, unsigned leg_a, struct session *b, unsigned leg_b);
void session_unpair(struct session *s);
/* Commit. The core has said all it will: its memory (135 KiB of OpenSSL) goes with the prepares of
 * the next round, by whoever has time, not after the FINs. */
void session_dismiss_core(struct session *s);
/* Forgets a session whose way is released already. */
void session_forget(struct session *s);

#endif
