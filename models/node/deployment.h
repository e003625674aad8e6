/* A deployment: populations of devices and servers over a network, in one run. The builder
 * (topologies/) fills the input, the program runs it, the sink gets the rows. */
#ifndef MODELS_NODE_DEPLOYMENT_H
#define MODELS_NODE_DEPLOYMENT_H

#include "crypto/profile.h"
#include "models/net/link.h"
#include "models/net/tap.h"
#include "models/net/tcp.h"
#include "models/node/config.h"
#include "results/rows.h"
#include "sim/base/diag.h"
#include "sim/engine.h"

struct deployment; /* opaque; heap */

struct deployment_population {
    const char *name;
    enum cfg_kind kind;
    uint32_t count;
    const char *class_name;
    const struct cfg_device *device; /* cfg_is_field */
    const struct cfg_server *server; /* else */
    int line, column;                /* for diagnostics */
};

struct deployment_link {
    uint32_t from, to;
    const struct net_hop_config *up, *down;
    bool shared;
};

enum happening_kind {
    HAPPENING_OUTAGE,   /* servers are off for `duration` */
    HAPPENING_BLACKOUT, /* devices are without power for `duration` */
    HAPPENING_FIRMWARE  /* devices get another image, known `duration` later */
};

struct deployment_event {
    sim_ns at, duration;
    sim_ns over; /* devices: each gets its power, or its image, by up to so much later */
    uint32_t population;
    uint32_t share_ppm; /* of the devices that it befalls */
    enum happening_kind what;
};

/* Everything is borrowed and outlives the deployment. */
struct deployment_input {
    const char *file; /* of the scenario, for diagnostics */
    uint64_t seed;
    sim_ns until;
    int64_t epoch_unix_ns;
    unsigned threads; /* 0: all cores */
    const struct profile *profile;
    const struct tcp_params *tcp;
    const struct cfg_eap *eap;
    const struct deployment_population *populations;
    uint32_t population_count;
    const struct deployment_link *links;
    uint32_t link_count;
    const struct deployment_event *events;
    uint32_t event_count;
    const struct cfg_record *record;
    uint32_t key_pool;                                  /* RSA keys of the fleet */
    const char *key_cache;                              /* folder; NULL: none */
    void (*key_progress)(unsigned done, unsigned size); /* may be NULL */
};

/* NULL with errors in diags (codes B1xx: a class that the profile lacks, ...) or when OpenSSL
 * refuses. */
struct deployment *deployment_new(const struct deployment_input *input, struct diag_list *diags);
/* Once, before the first run: from here on rows go to the sink, the rows of the nodes first. */
void deployment_start(struct deployment *d, const struct row_sink *sink);
/* Runs to `until`. Callable again after SIM_END_STOPPED. */
enum sim_end deployment_run(struct deployment *d);
/* Writes what is still open: unfinished procedures, living keys, cryptographic totals. Once, at the
 * end. */
void deployment_finish(struct deployment *d);
void deployment_free(struct deployment *d);

struct sim *deployment_sim(struct deployment *d);
/* The node of this name ("meters-7", or "msbf" where there is one alone); false: there is none. */
bool deployment_find_node(const struct deployment *d, const char *name, int64_t *node_id);
/* For captures: every IP packet, hosts being node ids (models/net/tap.h). Before the run; borrowed.
 */
void deployment_set_tap(struct deployment *d, const struct net_tap *tap);
/* For captures: the secrets of every TLS connection of a device, as NSS key log lines. From any
 * thread that prepares, in no order. Before the run. */
void deployment_set_secrets(struct deployment *d, void (*secret)(void *arg, const char *line),
                            void *arg);
struct deployment_counts {
    uint64_t devices, started, bootstrapped, connected, registered, refused, gave_up;
    uint64_t procedures, failed;
    /* By applications: notifications taken; those that came again, since their answer was lost. */
    uint64_t notified, repeated;
    uint64_t actuated; /* by actuators: what they were asked and have done */
};
void deployment_counts(const struct deployment *d, struct deployment_counts *out);
/* Octets that one registered, idle device costs, its servers' records included. */
size_t deployment_octets_per_device(const struct deployment *d);

#endif
