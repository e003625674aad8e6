/* One procedure as a chart. Private to results/. */
#ifndef RESULTS_CHART_IMPL_H
#define RESULTS_CHART_IMPL_H

#include "results/stats.h"

#define CHART_WIDTH 100
#define CHART_NODES 8 /* lifelines side by side; messages of further nodes are counted only */

struct chart_node {
    int64_t id;
    char *name;
};

struct chart_message {
    sim_ns t_send, t_receive; /* t_receive: ROW_NULL_ID when it never arrived */
    int64_t src, dst;
    char *protocol, *name, *fate;
    int64_t octets;
};

struct chart_key {
    int64_t id, parent; /* parent: ROW_NULL_ID: none */
    char *type, *end_reason;
    sim_ns born, expires, end; /* ROW_NULL_ID: never */
    int64_t uses;
};

struct chart {
    int64_t id, attempts, messages_total, octets_up, octets_down;
    char *kind, *method, *outcome, *reason, *node, *peer;
    sim_ns t_intended, t_end; /* t_end: ROW_NULL_ID: still open */
    sim_ns parts[STATS_PARTS];
    struct chart_node nodes[CHART_NODES];
    size_t node_count;
    struct chart_message *messages; /* by time of sending */
    size_t message_count;
    struct chart_key *keys;
    size_t key_count;
};

/* ERR_NOT_FOUND: no such procedure. */
enum err chart_read(struct reader *r, int64_t id, struct chart *out, char why[160]) MUST_USE;
void chart_release(struct chart *c);
void chart_text(const struct chart *c, bool colour, FILE *to);
void chart_json(const struct chart *c, FILE *to);

#endif
