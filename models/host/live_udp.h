/* The live host over UDP: cores of datagrams in real time. A server's socket spreads what arrives
 * over conversations, each with a core of its own; a client's socket has one core and one peer.
 * Bounded: in number, in idle time, in what a datagram may be, in what waits for its turn
 * (live_inbox.h). What is sent is not queued: a socket that is full loses a datagram as the network
 * would. */
#ifndef MODELS_HOST_LIVE_UDP_H
#define MODELS_HOST_LIVE_UDP_H

#include "models/host/live.h"

#define LIVE_UDP_KEY_MAX 64

/* What a conversation is found by. */
struct live_udp_key {
    uint8_t octets[LIVE_UDP_KEY_MAX];
    size_t n;
};

/* A conversation's core, and what its parent wants to be called with. */
struct live_udp_core {
    struct proto *proto;
    void *user;
};

/* What a server asks its parent. `from`: the sender's address and port as octets, for comparing. */
struct live_udp_ops {
    /* The conversation that a datagram belongs to; it may be a new one. false: to none, drop it. */
    bool (*key)(void *arg, struct span from, struct span in, struct live_udp_key *key);
    /* A core for a new conversation. false: refused, the datagram is dropped. */
    bool (*make)(void *arg, struct span from, struct span in, struct live_udp_core *core);
    /* After each pump, inside the core's entity: a parent may act on its core here. May be NULL. */
    void (*step)(void *user, struct proto *p, sim_ns now);
    /* After step, until it was true once: a second key, that the core chose itself (RADIUS: State,
     * PANA: the session). May be NULL. */
    bool (*second_key)(void *user, struct proto *p, struct live_udp_key *key);
    /* After step: the first key leads here no more, what comes under it is to begin another
     * conversation (PANA: a device's place, once it has its session). Looked at once there is a
     * second key. May be NULL. */
    bool (*second_only)(void *user);
    /* The conversation is over: the core is its parent's to free. A core that was still running has
     * failed by then: REASON_TIMEOUT (idle), REASON_RUN_END (the host ends). */
    void (*gone)(void *user, struct proto *p);
};

struct live_udp_limits {
    size_t conversations; /* at a time; beyond it the oldest that has ended gives way, else the new
                             one is dropped */
    sim_ns idle;          /* a running one without a datagram for so long fails */
    sim_ns linger;        /* one that has ended still answers repetitions for so long */
    sim_ns quiet; /* live_stop when nothing arrived and nothing ran for so long, here and at each
                     other socket that has this limit; SIM_NEVER: never */
};
/* 4,096 conversations, 30 s, 5 s, never. */
void live_udp_limits_default(struct live_udp_limits *limits);

struct live_udp_counts {
    uint64_t datagrams_in, datagrams_out, octets_in, octets_out;
    uint64_t conversations; /* begun */
    uint64_t foreign;       /* datagrams without a key */
    uint64_t refused;       /* datagrams that would have begun one conversation too many */
    uint64_t dropped;       /* datagrams for which the inbox had no room */
    uint64_t unsent;        /* the socket was full, or the system refused */
};

struct live_udp; /* a socket; belongs to its struct live */

/* Listens on host:port (port 0: any; *port is set). `ops` and `arg` outlive it. ERR_NOT_FOUND: no
 * such host; ERR_IO: *why (static text; why may be NULL) says what the system said. */
enum err live_udp_serve(struct live *l, const char *host, int *port, const struct live_udp_ops *ops,
                        void *arg, const struct live_udp_limits *limits, struct live_udp **out,
                        const char **why) MUST_USE;
/* Its parent has given the core of this conversation something to say: out with it. Not from within
 * a call into a core. */
void live_udp_poke(struct live_udp *u, const struct live_udp_key *key);
const struct live_udp_counts *live_udp_counts(const struct live_udp *u);
/* A conversation's core was called from outside: takes what it has to say, and its expiry. */
void live_udp_touch(struct live_udp *u, const struct live_udp_key *key);

/* One core (not owned) and one peer at host:port, from start to its end. The socket's own errors
 * end the core: REASON_CONNECTION_REFUSED when nobody listens there. Errors as live_udp_serve. */
enum err live_udp_connect(struct live *l, const char *host, int port, struct proto *p,
                          void (*step)(void *user, struct proto *p, sim_ns now), void *user,
                          const char **why) MUST_USE;

#endif
