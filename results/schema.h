/* The database's schema: the statements that make it, and what the recorder and the check value
 * need to know of its tables. Private to results/. */
#ifndef RESULTS_SCHEMA_H
#define RESULTS_SCHEMA_H

#include <stddef.h>

#define SCHEMA_VERSION        5          /* PRAGMA user_version */
#define SCHEMA_APPLICATION_ID 0x4d324d52 /* "M2MR", PRAGMA application_id */

/* CREATE statements in order, tables first (the seals' is the first of all), then views; ends with
 * NULL. */
extern const char *const schema_statements[];

/* The tables that the sink's rows go to. */
enum schema_table {
    TABLE_NODE,
    TABLE_PROCEDURE,
    TABLE_KEY,
    TABLE_IVAL,
    TABLE_INCIDENT,
    TABLE_MESSAGE,
    TABLE_CRYPTO,
    TABLE_SERIES,
    TABLE_VIOLATION,
    TABLE_NOTE,
    TABLE_COUNT
};

struct schema_insert {
    const char *table;
    const char *columns; /* without run_id, which is the first of each, in the order of the row */
    size_t column_count;
};
extern const struct schema_insert schema_inserts[TABLE_COUNT];

/* What is digested of a table, in the fingerprint's order. ?1: run_id. */
struct schema_digest {
    const char *table;
    const char *results; /* rows that are results of the scenario; NULL: the table has none */
    const char *all;     /* all columns and rows, for the seal; NULL: as `results` */
};
extern const struct schema_digest schema_digests[];
extern const size_t schema_digest_count;
/* The table that came later than the others: without rows it is no part of the fingerprint, so that
 * runs without incidents have the one they had. */
#define SCHEMA_ONLY_ROWS "incidents"

#endif
