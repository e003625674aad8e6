/* Private to models/node: what a population leaves behind, procedure by procedure (record.c), and
 * the operations of cryptography in sum (usage.c). */
#ifndef MODELS_NODE_RECORD_H
#define MODELS_NODE_RECORD_H

#include "crypto/meter.h"
#include "models/node/population.h"

/* ---- record.c: a procedure of any node, from its beginning to its row ---- */
struct procedure *record_begin(struct population *p, int64_t node_id, enum procedure_kind kind,
                               const char *method, sim_ns intended, sim_ns now);
void record_end(struct deployment *d, struct procedure *proc, sim_ns now, const char *outcome,
                enum reason reason);
void record_unfinished(struct deployment *d, struct procedure *proc, sim_ns now);

/* ---- usage.c: what the rows of crypto_use come from ---- */
struct usage_table *usage_new(void); /* heap; one for each population */
void usage_add(struct population *p, enum procedure_kind kind, const struct meter *m);
void usage_write(struct deployment *d);

#endif
