/* What the report says, as numbers: read in one go from the rows of a run. Private to results/.
 * Quantiles are by nearest rank, of successful procedures. */
#ifndef RESULTS_STATS_H
#define RESULTS_STATS_H

#include "results/reader_impl.h"

#define STATS_PARTS 7
extern const char *const stats_part_names[STATS_PARTS];  /* columns of procedures */
extern const char *const stats_part_labels[STATS_PARTS]; /* for people */

/* Procedures of one kind and method. Means and latencies are of the successful ones. */
struct stats_group {
    char *kind, *method;
    uint64_t n, success, failed, unfinished;
    sim_ns *latency;    /* `success` of them, ascending */
    int64_t *procedure; /* whose latency it is */
    size_t room;
    double mean_ns, octets_up, octets_down, device_ns, server_ns, energy_nj;
    double parts_ns[STATS_PARTS];
};

/* A name and a count, or two names: keys ended, failures, the IVal matrix. */
struct stats_count {
    char *a, *b, *c;
    uint64_t n;
};

struct stats_counts {
    struct stats_count *at;
    size_t n;
};

struct stats_keys {
    char *type;
    uint64_t born, alive;
};

struct stats_server {
    char *name;
    double queue_peak, queue_mean, sessions_peak, busy_mean, busy_peak, workers; /* 0: not known */
    sim_ns queue_peak_t;
};

struct stats_operation {
    char *role, *operation, *algorithm;
    uint64_t calls, octets;
    double ns, share; /* of its role's time */
};

/* Quantiles are over all; SIM_NEVER: not before the run's end. */
#define STATS_INCIDENT_QUANTILES 4 /* p50, p90, p99, max */
struct stats_incident {
    char *kind, *population;
    uint64_t n, ended;
    sim_ns quantile[STATS_INCIDENT_QUANTILES];
};

struct stats_note {
    sim_ns t;
    char *level, *code, *text; /* a violation: level "violation" */
    uint64_t count;
};

struct stats {
    struct stats_group *groups; /* in the order of a device's life */
    size_t group_count;
    struct stats_keys *keys;
    size_t key_count;
    struct stats_counts key_ends; /* type, reason */
    struct stats_counts ival;     /* truth, verdict */
    struct stats_counts failures; /* kind, outcome, reason; most first */
    struct stats_server *servers; /* highest queue first */
    size_t server_count;
    size_t *by_load; /* the servers by the share of workers in their busiest sample, most first */
    struct stats_operation *operations; /* by role, most time first */
    size_t operation_count;
    struct stats_note *notes;
    size_t note_count;
    struct stats_incident *incidents;
    size_t incident_count;
    sim_ns
        warmup; /* what was due before it is in no figure but keys, operations, notes and sizes */
    uint64_t violations, nodes, rows;
};

/* The order in which a device lives through kinds, then by name; as qsort has it. */
int stats_compare(const char *kind_a, const char *method_a, const char *kind_b,
                  const char *method_b);
enum err stats_read(struct reader *r, struct stats *out, char why[160]) MUST_USE;
void stats_release(struct stats *s);
/* Of the reader's experiment. */
enum err stats_warmup(struct reader *r, sim_ns *out, char why[160]) MUST_USE;
/* incidents.c: for stats_read; and as the report has them. */
enum err incidents_read(struct reader *r, struct stats *s, char why[160]) MUST_USE;
void incidents_release(struct stats *s);
void incidents_text(const struct stats *s, FILE *to);
void incidents_json(const struct stats *s, FILE *to);
/* Nearest rank: the smallest value v with P(X <= v) >= percent / 100; 0 of nothing. */
sim_ns stats_quantile(const struct stats_group *g, unsigned percent);
/* Which procedure took it; ROW_NULL_ID of nothing. */
int64_t stats_quantile_procedure(const struct stats_group *g, unsigned percent);

#endif
