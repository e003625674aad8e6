/* The contract of a protocol core: a state machine without sockets, clocks or threads (DESIGN
 * section 2). It takes octets and the present time, and gives octets, its next expiry and a status.
 * Three hosts drive the same object code: the engine in virtual time, libuv in real time, a fuzz
 * harness. */
#ifndef MODELS_PROTO_PROTO_H
#define MODELS_PROTO_PROTO_H

#include "crypto/meter.h"
#include "crypto/se.h"
#include "models/proto/reason.h"
#include "sim/base/buf.h"
#include "sim/base/rng.h"
#include "sim/base/time.h"

#include <stdbool.h>

enum proto_status { PROTO_RUNNING, PROTO_DONE, PROTO_FAILED };

/* What a core says of itself, for charts and the recorder. A value in its host. */
struct trace {
    /* Names of the messages in the octets that the next output() gives, comma-separated:
     * "ClientKeyExchange, Finished". The host takes and empties it with each output. */
    char label[160];
    /* Named fields of those messages, as far as they fit: "version 1.2; suite ...". Taken likewise.
     */
    char fields[224];
    /* They were said before, and are said again because nobody answered, or asked again. Goes with
     * the label. */
    bool repeated;
    /* May be NULL: every change of a machine's state. */
    void (*state)(void *arg, const char *machine, const char *from, const char *to,
                  const char *why);
    void *state_arg;
    /* May be NULL: when the run records secrets, NSS key log lines; of object security
     * "M2M_OBJECT KeyName sign HEX encrypt HEX". */
    void (*secret)(void *arg, const char *line);
    void *secret_arg;
};

/* What a core may know of the world; owned by the host, outlives the core. */
struct proto_env {
    struct rng *stream; /* entered by the host around every call */
    struct se *se;      /* NULL where the node has none */
    struct meter *meter;
    struct trace *trace;
    int64_t epoch_unix_ns; /* the calendar time of virtual time 0 */
};

struct proto;

struct proto_ops {
    const char *name;
    void (*start)(struct proto *p, sim_ns now);
    /* One datagram, or any chunk of a stream, n >= 1. n == 0: the stream's end (the peer's FIN). */
    void (*input)(struct proto *p, sim_ns now, struct span in);
    /* Appends octets to send to out; false: nothing more to send. Call until false. */
    bool (*output)(struct proto *p, sim_ns now, struct buf *out);
    /* Called when now >= p->expiry. */
    void (*expire)(struct proto *p, sim_ns now);
    void (*free)(struct proto *p);
};

/* Visible: the first member of every core. A peer that misbehaves is PROTO_FAILED and a reason, set
 * once by proto_fail, never an error return; a failed core may still have octets to give (an
 * alert). */
struct proto {
    const struct proto_ops *ops;
    struct proto_env *env;
    sim_ns expiry; /* SIM_NEVER: none */
    enum proto_status status;
    enum reason reason;
};

void proto_init(struct proto *p, const struct proto_ops *ops, struct proto_env *env);
/* Sets the status once; later calls change nothing. */
void proto_fail(struct proto *p, enum reason reason);
void proto_done(struct proto *p);
void proto_free(struct proto *p); /* NULL is fine */
/* Calendar time, nanoseconds since 1970 UTC. */
int64_t proto_unix_ns(const struct proto *p, sim_ns now);

/* Append to the label, with ", " between; silently cut at its room. trace may be NULL. */
void trace_text(struct trace *trace, const char *text);
void trace_label(struct trace *trace, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Joins named fields of the messages in the label to those that are there. */
void trace_fields(struct trace *trace, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void trace_state(struct trace *trace, const char *machine, const char *from, const char *to,
                 const char *why);

#endif
