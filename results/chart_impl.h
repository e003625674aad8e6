/* One procedure as a chart. Private to results/. */
#ifndef RESULTS_CHART_IMPL_H
#define RESULTS_CHART_IMPL_H

#include "results/stats.h"

#define CHART_WIDTH 100
#define CHART_NODES 12    /* lifelines side by side, at most */
#define CHART_GAP   SIM_S /* a silence as long as this is folded into one line */

/* A node that takes part. */
struct chart_node {
    int64_t id;
    char *name, *population;
};

struct chart_message {
    sim_ns t_send, t_receive; /* t_receive: ROW_NULL_ID when it never arrived */
    int64_t src, dst;
    char *protocol, *name, *fate, *fields;
    int64_t octets;
};

struct chart_key {
    int64_t id, parent; /* parent: ROW_NULL_ID: none */
    int64_t node;
    char *type, *end_reason;
    sim_ns born, expires, end; /* ROW_NULL_ID: never */
    int64_t uses;
};

struct chart {
    int64_t id, attempts, messages_total, octets_up, octets_down;
    char *kind, *method, *outcome, *reason, *node, *peer;
    sim_ns t_intended, t_end; /* t_end: ROW_NULL_ID: still open */
    sim_ns parts[STATS_PARTS];
    struct chart_node *nodes; /* by first appearance */
    size_t node_count;
    struct chart_message *messages; /* by time of sending */
    size_t message_count;
    struct chart_key *keys;
    size_t key_count;
};

/* ERR_NOT_FOUND: no such procedure. */
enum err chart_read(struct reader *r, int64_t id, struct chart *out, char why[160]) MUST_USE;
void chart_release(struct chart *c);
/* The lifelines of one or more charts: a node each, by first appearance; while there are too many,
 * the largest population is collapsed into one, and what is still too many into "others". */
struct chart_lines {
    struct chart_line {
        char *name;
        size_t nodes; /* behind it */
    } at[CHART_NODES];
    size_t n;
    struct chart_place {
        int64_t node;
        size_t line;
        const char *name, *population; /* borrowed from the charts */
    } * places;
    size_t place_count;
};
void chart_lines_make(const struct chart *charts, size_t n, struct chart_lines *out);
void chart_lines_release(struct chart_lines *l);
/* The node's lifeline; -1: it has none. */
int chart_line_of(const struct chart_lines *l, int64_t node);

/* "TLS ClientHello", with what became of it when it was lost; free it. */
char *chart_message_text(const struct chart_message *m);
/* "procedure 7: bootstrap (tls-x509) of meter with msbf: success"; free it. */
char *chart_title(const struct chart *c);
/* "due 1.20 s into the run, took 3.93 s; 1 attempt, 13 messages, ..."; free it. */
char *chart_summary(const struct chart *c);

void chart_text(const struct chart *c, bool colour, FILE *to);
void chart_json(const struct chart *c, FILE *to);

/* One document of n charts each. */
void chart_svg(const struct chart *charts, size_t n, FILE *to);
/* One chart as an <svg> inside an HTML page, whose style sheet knows its classes. */
void chart_svg_inline(const struct chart *c, FILE *to);
void chart_mermaid(const struct chart *charts, size_t n, FILE *to);
void chart_mscgen(const struct chart *charts, size_t n, FILE *to);

#endif
