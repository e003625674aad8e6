/* Two protocol cores against each other, without engine, network or threads: a virtual clock that
 * jumps to the next arrival or expiry, and a script of what the way between them does. Side 0
 * starts; side 1 is what it talks to. */
#ifndef TESTS_SUPPORT_PAIR_H
#define TESTS_SUPPORT_PAIR_H

#include "models/proto/proto.h"

#include <stdbool.h>

#define PAIR_NEVER ((size_t)-1)

/* What happens to the octets of one side on their way. Offsets count from the stream's start. */
struct pair_way {
    size_t chunk;         /* streams: deliver in pieces of at most this many octets; 0: as sent */
    size_t cut_at;        /* streams: only the octets before this arrive, then the stream's end */
    size_t silent_from;   /* octets (datagrams: those that begin) from here on vanish */
    size_t corrupt_at;    /* this octet is changed ... */
    uint8_t corrupt_with; /* ... by exclusive or */
    uint64_t lose;        /* datagrams: bit i: the i-th is lost; the mask repeats after 64 */
    uint64_t duplicate;   /* datagrams: bit i: the i-th arrives twice */
    uint64_t late; /* datagrams: bit i: the i-th takes late_by longer, and may be overtaken */
    sim_ns late_by;
};

struct pair;

struct pair_script {
    struct pair_way way[2]; /* of what side 0, side 1 sends */
    bool datagrams;
    sim_ns delay; /* one way */
    sim_ns limit; /* of virtual time */
    /* May be NULL. Called inside the entity of `side`, after each call into its core: a parent may
     * act on its core there. */
    void (*step)(void *arg, struct pair *p, int side);
    void *arg;
    /* Datagrams; may be NULL. Changes the index-th datagram of side `from` on its way: its octets,
     * its length (*n, downwards); 0: it is lost. What the side said (`sent`) stands. */
    void (*tamper)(void *arg, int from, unsigned index, uint8_t *octets, size_t *n);
    void *tamper_arg;
};
/* Nothing goes wrong: 1 ms each way, limit of an hour. */
struct pair_script pair_clean(void);

struct pair_packet;

/* One side: what a core knows of the world, and what it said. All visible, for assertions. */
struct pair_side {
    struct proto *proto; /* not owned */
    struct proto_env env;
    struct rng stream;
    struct se se;
    struct meter meter;
    struct trace trace;
    struct buf sent;   /* every octet it gave, in order */
    struct buf labels; /* one line for each output with a label */
    struct buf states; /* "machine: from -> to\n" */
    struct buf secrets;
    unsigned outputs;  /* how many times it gave octets */
    unsigned repeated; /* and how often it called them a repetition */
    bool started, fin_sent;
    struct pair_packet *first; /* on the way to it, the next to arrive first */
};

struct pair {
    struct pair_side side[2];
    sim_ns now;
    struct pair_script script;
};

enum pair_end {
    PAIR_ENDED, /* neither is running, all was delivered */
    PAIR_QUIET, /* one still runs, but nothing is on its way and no expiry is set */
    PAIR_LIMIT
};

/* Both sides' environment: streams of (seed, "side 0" / "side 1"), empty secured environments,
 * calendar time at 0: 2020-01-01. */
void pair_init(struct pair *p, uint64_t seed);
/* Around what a test does with a side's core, or makes for it, outside of pair_run. */
void pair_enter(struct pair *p, int side);
void pair_leave(void);
/* Runs them; may be called again, with another script, to go on. */
enum pair_end pair_run(struct pair *p, const struct pair_script *script);
/* Frees what pair_init and pair_run took, not the cores. */
void pair_release(struct pair *p);

/* Both said the same octets in the same order as another run. */
bool pair_same(const struct pair *a, const struct pair *b);

#endif
