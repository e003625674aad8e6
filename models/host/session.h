/* The engine as host of a protocol core: one end of a TCP flow or of UDP associations, its core,
 * and the processor that its node lends it (DESIGN sections 2, 4, 5). Octets that arrive go through
 * the core in prepare; the operations the core counted are priced and queue at the processor in
 * commit; the core's answer leaves when that work is done. While the processor is at it, further
 * octets wait. An expiry that the core set counts from when its answer leaves.
 *
 * A session belongs to its node, which makes it and either frees it (session_free) or lets it run
 * out by itself (session_retire).
 *
 * A session over UDP may have two legs, for a core that talks to two sides (a pass-through
 * authenticator: device and authentication server): its core has a door for each, a proto of its
 * own; the first leg's is the core itself. */
#ifndef MODELS_HOST_SESSION_H
#define MODELS_HOST_SESSION_H

#include "crypto/profile.h"
#include "models/net/flow.h"
#include "models/net/udp.h"
#include "models/proto/proto.h"
#include "sim/cpu.h"

struct session;
#define SESSION_LEGS 2

/* What the node under a session provides; outlives it. */
struct session_host {
    struct sim *sim;
    struct cpu *cpu;
    const struct profile_class *class; /* prices */
    int64_t epoch_unix_ns;
    struct session *
        *retired; /* list of those that run out by themselves, for session_free_retired */
    /* NULL: nobody keeps secrets. A line as proto.h says; in prepare, so on any thread. */
    void (*secret)(void *arg, const char *line);
    void *secret_arg;
};

/* What the processor does for this session. */
enum session_activity { SESSION_QUEUED, SESSION_COMPUTING, SESSION_IDLE };

struct session_ops {
    /* ---- prepare: any thread, within the entity; touch the session and what is only its own ----
     */
    /* Makes the core: a client's when the server has accepted, a server's at the first octets.
     * NULL: it cannot be made; see `advanced`. now: a client's is the time of session_connect. */
    struct proto *(*make)(struct session *s, sim_ns now);
    /* Before octets go into the core and after they went (or after the start): a parent may write
     * into its core. */
    void (*before)(struct session *s, sim_ns now); /* may be NULL */
    void (*step)(struct session *s, sim_ns now);   /* may be NULL */
    /* ---- commit: the engine's thread ---- */
    /* A step was priced; called before its work queues. */
    void (*charged)(struct session *s, sim_ns now, const struct meter *meter,
                    const struct profile_price *price);
    /* other_ns: with SESSION_IDLE, how much of the work that just ended was no cryptography. */
    void (*activity)(struct session *s, sim_ns now, enum session_activity activity,
                     sim_ns other_ns);
    /* The work is done and its octets are sent: look at the core now (NULL: it could not be made).
     */
    void (*advanced)(struct session *s, sim_ns now);
    /* The connection is over: reason NONE when it closed in good order. Over UDP: nobody listens at
     * the other end of the first leg. The last call; free it there if you like. */
    void (*ended)(struct session *s, sim_ns now, enum reason reason);
    /* Records; each may be NULL. label: of the message whose octets begin in this segment, or "".
     */
    void (*packet)(struct session *s, const struct flow_packet *packet, const char *label,
                   bool continued);
    /* The same over UDP; repeated: a datagram with the octets of the one before it. */
    void (*datagram)(struct session *s, unsigned leg, const struct udp_packet *packet,
                     const char *label, bool repeated);
    /* TCP repeats a segment, or the core a datagram whose answer it has waited for. */
    void (*retransmitted)(struct session *s, sim_ns now);
    /* Prepare. UDP with two legs: the door behind the second, once the core is made; else NULL. */
    struct proto *(*door)(struct session *s);
};

/* stream: the entity's, advanced by the core's draws (copied; read it back with session_stream). se
 * may be NULL. May be called in prepare. */
struct session *session_new(const struct session_ops *ops, void *user,
                            const struct session_host *host, struct rng stream, struct se *se);
/* In commit, for a client: open the flow. The core is made and started in the prepare of the SYN
 * ACK, which is always ahead of its time and so on any thread, as of now; what it gives is sent
 * when the connection is open. */
void session_connect(struct session *s, struct net *net, const struct tcp_params *params,
                     const struct net_route *up, const struct net_route *down,
                     struct flow_listener *listener);
/* In a listener's accept: take the server's end. Sets what accept must return. */
void session_accept(struct session *s, struct flow_end *end, const struct flow_ops **ops,
                    void **user);

/* In commit, for a client over UDP: its first leg, with which the core is made and started, in this
 * very instant; or the second of a session that has one. port: its own. */
void session_open_udp(struct session *s, struct net *net, const struct udp_params *params,
                      const struct net_route *up, const struct net_route *down,
                      struct udp_listener *listener, uint16_t port);
/* In a listener's accept: the first leg of a server's session. Sets what accept must return. */
void session_accept_udp(struct session *s, struct udp_end *end, const struct udp_ops **ops,
                        void **user);

/* In commit: run `step` and send what comes of it (after the present work, if there is some). */
void session_poke(struct session *s, sim_ns now);
/* The same in two halves, for an event of the session's endpoint: its prepare, its commit. */
void session_poke_ahead(struct session *s, sim_ns now);
void session_poked(struct session *s, sim_ns now);
struct sim_endpoint *session_endpoint(struct session *s); /* NULL: not connected */
/* For an event of that endpoint that may outlive the session: its memory stays until it is let go,
 * once for each hold. Of a session that is connected; in commit. */
struct session_hold {
    struct flow_end *flow;
    struct udp_end *udp;
};
struct session_hold session_hold(struct session *s);
void session_let_go(struct session_hold *hold); /* and clears it; a clear one is fine */
/* Our FIN after what was sent; the node hears no more of it; it frees itself when the flow has
 * ended. Over UDP, where nothing needs an end: at once. */
void session_retire(struct session *s);
/* At once: RST when the flow is open. NULL is fine. */
void session_free(struct session *s);
/* Those that still run out when the run is over. */
void session_free_retired(struct session **list);
/* At once and without a word: the node lost its power. */
void session_vanish(struct session *s);

void *session_user(const struct session *s);         /* NULL: retired */
struct proto *session_core(const struct session *s); /* NULL before make */
struct rng session_stream(const struct session *s);
struct proto_env *session_env(struct session *s);
/* The other end's session (of the first leg), while both live: for records and ledgers, in commit
 * only. */
struct session *session_peer(const struct session *s);

/* What went each way so far (over the first leg), in octets on the wire, and in packets of both. */
struct session_traffic {
    uint64_t sent, received;
    uint32_t packets;
};
/* Zeros: not connected. */
void session_traffic(const struct session *s, struct session_traffic *out);

#endif
