/* Rows on their way to the writing thread: a flat run of octets, one after another. A row is its
 * table (1 octet) and its columns, each a tag and a value in this machine's own octet order.
 * Private to results/. */
#ifndef RESULTS_BATCH_H
#define RESULTS_BATCH_H

#include "results/schema.h"
#include "sim/base/span.h"

#include <sqlite3.h>
#include <stdbool.h>

struct batch {
    uint8_t *p;
    size_t n, cap;
    uint64_t rows;
    struct batch *next;
};

struct batch *batch_new(void);
void batch_free(struct batch *b); /* one; NULL is fine */

void batch_row(struct batch *b, enum schema_table table);
void batch_int(struct batch *b, int64_t v);
/* ROW_NULL_ID and SIM_NEVER become NULL */
void batch_id(struct batch *b, int64_t v);
void batch_real(struct batch *b, double v);
void batch_text(struct batch *b, const char *s); /* NULL: NULL */
void batch_blob(struct batch *b, struct span v); /* empty: NULL */

/* Reading: at is the cursor, 0 at first. false: no more rows. */
bool batch_next(const struct batch *b, size_t *at, enum schema_table *table);
/* Binds the next `count` columns from parameter 2 on; the batch must outlive the step. */
int batch_bind(const struct batch *b, size_t *at, size_t count, sqlite3_stmt *s);

#endif
