/* A sink that keeps the rows of a run in memory, for tests that look at what a deployment did. */
#ifndef TESTS_SUPPORT_COLLECT_H
#define TESTS_SUPPORT_COLLECT_H

#include "results/rows.h"

#include <stddef.h>

#define COLLECT_TEXT 48

struct collected_procedure {
    struct row_procedure row; /* its texts are below */
    char kind[COLLECT_TEXT], method[COLLECT_TEXT], outcome[COLLECT_TEXT], reason[COLLECT_TEXT];
};
struct collected_key {
    struct row_key row;
    char type[COLLECT_TEXT], end_reason[COLLECT_TEXT];
};
struct collected_ival {
    struct row_ival row;
    char truth[COLLECT_TEXT], verdict[COLLECT_TEXT], policy[COLLECT_TEXT];
};
struct collected_incident {
    struct row_incident row;
    char kind[COLLECT_TEXT];
};

struct collect {
    struct row_sink sink;
    struct collected_procedure *procedures;
    struct collected_key *keys;
    struct collected_ival *ivals;
    struct collected_incident *incidents;
    char (*messages)[COLLECT_TEXT]; /* their names */
    size_t procedure_count, key_count, ival_count, incident_count, message_count, node_count;
    uint64_t digest; /* over every row, in order: equal runs have equal digests */
};

void collect_init(struct collect *c);
void collect_release(struct collect *c);
/* The next procedure of a kind in the order of the rows; *at, from 0, goes behind it. NULL: no
 * more.
 */
const struct collected_procedure *collect_next(const struct collect *c, const char *kind,
                                               size_t *at);
/* What a key was derived from; NULL: nothing that is among the rows. */
const struct collected_key *collect_parent(const struct collect *c,
                                           const struct collected_key *key);
/* How many rows fit; a NULL text fits any. */
size_t collect_procedures(const struct collect *c, const char *kind, const char *outcome,
                          const char *reason);
size_t collect_keys(const struct collect *c, const char *type, const char *end_reason);
/* Messages whose name has this in it. */
size_t collect_messages(const struct collect *c, const char *part);
size_t collect_ivals(const struct collect *c, const char *truth, const char *verdict);
/* Those of a kind that have ended, or not. */
size_t collect_incidents(const struct collect *c, const char *kind, bool ended);

#endif
