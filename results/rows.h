/* Typed rows: what nodes report and the recorder writes. This header is all that models/node sees
 * of results/: a sink of function pointers. Times are virtual nanoseconds; texts are borrowed for
 * the call. */
#ifndef RESULTS_ROWS_H
#define RESULTS_ROWS_H

#include "sim/base/span.h"
#include "sim/base/time.h"

#include <stdbool.h>
#include <stdint.h>

#define ROW_NULL_ID INT64_C(-1) /* SQL NULL in an id or time column */

struct row_node {
    int64_t node_id;
    const char *name, *population, *kind, *class_name;
    int64_t parent;
};

struct row_procedure {
    int64_t procedure_id, node_id, peer_id;
    const char *kind;   /* attach, bootstrap, connection, registration, refresh, deregistration,
                           container, request, access-right, channel, mgmt-cmd, poll, command-report,
                           na-registration, discovery, subscription, read, command, notification,
                           application, reading, forward, delivery, response, actuate, apoc */
    const char *method; /* tls-x509, eap-aka, ..., tls-psk, eap-gpsk, ..., https, http, eps-aka */
    sim_ns t_intended, t_start, t_end;
    const char *outcome; /* success | failed | unfinished */
    const char *reason;  /* reason_text */
    uint32_t attempts, messages;
    uint64_t octets_up, octets_down;
    uint32_t round_trips; /* how often the device spoke and was answered, over all attempts */
    sim_ns parts[7];      /* in the order of enum ledger_part; sums to t_end - t_intended */
    int64_t device_energy_nj;
    sim_ns device_ns, server_ns; /* processor time charged at each side, crypto and other */
};

struct row_key {
    int64_t key_id, node_id;
    const char *type;
    int64_t parent_key, procedure_id;       /* of its birth */
    sim_ns t_born, t_first_use, t_last_use; /* ROW_NULL_ID: never */
    uint64_t uses;
    sim_ns t_expires, t_end;
    const char *end_reason; /* expired renewed erased revoked failed closed run-end */
};

struct row_ival {
    int64_t procedure_id, node_id;
    sim_ns t;
    int64_t result;
    const char *truth;   /* genuine | tampered */
    const char *verdict; /* granted | limited | denied | bad-signature | replay | gate */
    const char *policy;  /* the rule that decided */
};

/* What befell a node by the scenario's events, from t until t_end. */
struct row_incident {
    int64_t node_id;
    const char *kind; /* recovery | detection | false-denial */
    sim_ns t, t_end;  /* t_end ROW_NULL_ID: not before the run's end */
};

struct row_message {
    int64_t procedure_id;
    uint32_t seq;
    sim_ns t_send, t_receive; /* t_receive ROW_NULL_ID: never arrived */
    int64_t src, dst;         /* node ids */
    const char *protocol;     /* TCP TLS HTTP ... */
    const char *name;
    uint32_t octets;
    const char
        *fate; /* delivered | lost | queue-full | link-down; " (retransmission)" is in name */
    struct span payload; /* n == 0: NULL */
    const char *fields;  /* "version 1.2; suite ..."; NULL or empty: none */
};

struct row_crypto {
    const char *population, *role; /* role: device | server */
    const char *procedure, *operation, *algorithm;
    uint64_t calls, octets;
    sim_ns virtual_ns;
};

/* The report, v_load and the figures know these metrics, with the server's node name as group:
 * "queue" (jobs waiting for a worker), "sessions" (open connections), "busy_s" (seconds of work
 * that its workers have done since the start), "workers" (how many it has; once is enough). Others
 * are kept and left to queries. */
struct row_series {
    const char *metric, *group;
    sim_ns t;
    double value;
};

struct row_violation {
    sim_ns t;
    int64_t node_id;
    const char *rule, *detail;
};

struct row_note {
    sim_ns t;
    const char *level; /* info | warning | host: a fact of the host, no part of the fingerprint */
    const char *code, *text;
    uint64_t count;
};

/* Any member may be called at any commit; never from prepare. */
struct row_sink {
    void *arg;
    void (*node)(void *arg, const struct row_node *row);
    void (*procedure)(void *arg, const struct row_procedure *row);
    void (*key)(void *arg, const struct row_key *row);
    void (*ival)(void *arg, const struct row_ival *row);
    void (*incident)(void *arg, const struct row_incident *row);
    void (*message)(void *arg, const struct row_message *row);
    void (*crypto)(void *arg, const struct row_crypto *row);
    void (*series)(void *arg, const struct row_series *row);
    void (*violation)(void *arg, const struct row_violation *row);
    void (*note)(void *arg, const struct row_note *row);
};

#endif
