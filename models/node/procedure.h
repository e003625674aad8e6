/* One run of a procedure by a device, from its intended start to its end over all its attempts: the
 * clock that is always in one part, counters, messages, and the row it leaves. Lives only while it
 * runs. */
#ifndef MODELS_NODE_PROCEDURE_H
#define MODELS_NODE_PROCEDURE_H

#include "models/host/session.h"
#include "models/net/flow.h"
#include "models/net/udp.h"
#include "results/rows.h"
#include "sim/ledger.h"

enum procedure_kind {
    PROC_ATTACH, /* to the access network */
    PROC_BOOTSTRAP,
    PROC_CONNECTION,
    PROC_REGISTRATION,   /* CREATE <scl> */
    PROC_REFRESH,        /* UPDATE <scl> */
    PROC_DEREGISTRATION, /* DELETE <scl> */
    PROC_CONTAINER,      /* CREATE <container> */
    PROC_REQUEST,        /* CREATE <contentInstance>: a report */
    PROC_ACCESS_RIGHT,   /* CREATE <accessRight> for applications */
    PROC_CHANNEL,        /* CREATE <notificationChannel> */
    PROC_MGMT_CMD,       /* CREATE <mgmtCmd> */
    PROC_POLL,           /* a long poll, until it is answered */
    PROC_COMMAND_REPORT, /* UPDATE <execInstance> */
    PROC_RESPONSE,       /* responseNotify: what came in an answer to a poll, answered */
    PROC_FORWARD,        /* what waits at a gateway, to the NSCL */
    /* not over a device's mId */
    PROC_NA_REGISTRATION, /* CREATE <application> over mIa */
    PROC_DISCOVERY,       /* RETRIEVE discovery, by an application */
    PROC_SUBSCRIPTION,    /* CREATE <subscription>, by an application */
    PROC_READ,            /* RETRIEVE, by an application */
    PROC_COMMAND,         /* EXECUTE of a <mgmtCmd>, until the device has reported */
    PROC_NOTIFICATION,    /* NOTIFY of a contact: from what it tells of to its acceptance */
    PROC_APPLICATION,     /* CREATE <application> at a gateway */
    PROC_READING,         /* CREATE <contentInstance> at a gateway */
    PROC_DELIVERY,        /* of that, from its application to the NSCL */
    PROC_ACTUATE,         /* of an actuator, by an application over mIa: from request to answer */
    PROC_APOC,            /* a request that a gateway hands on to an application's aPoC */
    PROC_KINDS
};
const char *procedure_kind_name(enum procedure_kind kind);

struct message_log; /* the segments of one procedure, kept until its outcome is known */

struct procedure {
    int64_t id, node_id, peer_id;
    enum procedure_kind kind;
    const char *method;
    sim_ns t_intended, t_start;
    uint32_t attempts, messages;
    uint64_t octets_up, octets_down;
    uint32_t round_trips;
    bool spoke; /* the device, since a server last did */
    int64_t energy_nj;
    sim_ns device_ns, server_ns;
    struct ledger ledger;
    /* What is going on, from which the ledger's part follows. */
    bool device_computing, device_queued, backing_off, waiting;
    uint8_t server_computing, server_queued; /* jobs: a device's servers may work at one time */
    bool missing;              /* a datagram was lost, and its repetition is waited for */
    enum reason server_reason; /* why a server refused, where the device is not told */
    bool sampled;              /* its messages are kept whatever the outcome */
    struct message_log *log;   /* NULL: not kept */
    /* A request that another procedure carries on: while it does, it is in that one's part. */
    struct procedure *rider, *carrier;
};

/* The latencies of the slowest so far, of one kind. Which are the slowest of a run is known at its
 * end only; one that belongs to them then belonged to them when it ended. */
struct procedure_slowest {
    sim_ns *latency; /* ascending */
    uint32_t n;
};
/* Whether one that took `latency` is among the `most` slowest so far; if so, it is noted. */
bool procedure_is_slow(struct procedure_slowest *s, uint32_t most, sim_ns latency);

/* Begins at `now` what was wanted at t_intended. */
struct procedure *procedure_new(int64_t id, int64_t node_id, enum procedure_kind kind,
                                const char *method, sim_ns t_intended, sim_ns now);
/* What went over a session since the last call is the procedure's: *booked is how much had been
 * taken, zeros for a new session. p NULL: it is nobody's. */
void procedure_book(struct procedure *p, const struct session *s, struct session_traffic *booked);
/* Switches the ledger to the part that the flags say. */
void procedure_clock(struct procedure *p, sim_ns now);
/* It waits for another's doing, or not any more. NULL is fine. */
void procedure_set_waiting(struct procedure *p, bool waiting, sim_ns now);
/* p is carried by `on` until it alights, or one of the two ends. One rider at a time. */
void procedure_ride(struct procedure *p, struct procedure *on, sim_ns now);
void procedure_alight(struct procedure *p, sim_ns now); /* fine if nobody carries it */
/* A processor's change, at the device (server == false) or the server. */
void procedure_activity(struct procedure *p, sim_ns now, bool server,
                        enum session_activity activity, sim_ns other_ns);
/* A segment was lost: what looked like network was waiting for its repetition. */
void procedure_lost(struct procedure *p, sim_ns now);
/* A core repeats a datagram: so was the time, if one was lost; else the way is only long. */
void procedure_repeated(struct procedure *p, sim_ns now);
/* A datagram, or a fragment of one, for the ledger and the log. */
void procedure_datagram(struct procedure *p, int64_t src, int64_t dst,
                        const struct udp_packet *packet, const char *protocol, const char *label,
                        bool repeated);
/* Log a segment that says something (payload, SYN, FIN, RST, or one that was lost). protocol: of
 * the payload. */
void procedure_message(struct procedure *p, int64_t src, int64_t dst,
                       const struct flow_packet *packet, const char *protocol, const char *label,
                       bool continued);
/* A message between servers on its behalf. */
void procedure_backend(struct procedure *p, int64_t src, int64_t dst, sim_ns t_send,
                       sim_ns t_receive, uint32_t octets, const char *name);
/* A message that is neither, by its protocol's name. */
void procedure_signal(struct procedure *p, int64_t src, int64_t dst, sim_ns t_send,
                      sim_ns t_receive, uint32_t octets, const char *protocol, const char *name);
void procedure_log(struct procedure *p); /* begin to keep messages */

/* Writes the row (and the messages, when sampled or failed and kept) and frees it. outcome:
 * success, failed, unfinished. */
void procedure_end(struct procedure *p, sim_ns now, const char *outcome, enum reason reason,
                   bool keep_messages, const struct row_sink *sink);

#endif
