/* The reader's inside, for the files that make reports and charts of it. Private to results/. */
#ifndef RESULTS_READER_IMPL_H
#define RESULTS_READER_IMPL_H

#include "results/reader.h"

#include <sqlite3.h>

struct reader {
    sqlite3 *db;
    struct reader_run run;
    int64_t until_ns; /* -1: not known */
    const char *created_utc, *compiler;
    char **texts; /* what run's texts are kept in */
    size_t text_count;
    char *parameter_name, *parameter_value;
};

/* A database of ours, of whatever runs: none is chosen yet, run.run_id is 0. */
enum err reader_open_file(const char *path, struct reader **out, char why[160]) MUST_USE;
/* A query of the run: ?1 is bound to its id. On error, why says so. */
enum err reader_query(struct reader *r, const char *sql, sqlite3_stmt **out,
                      char why[160]) MUST_USE;
/* One step: true with a row; false at the end or on error, with *err. */
bool reader_step(struct reader *r, sqlite3_stmt *s, enum err *err, char why[160]);
/* Never NULL. */
const char *reader_text(sqlite3_stmt *s, int column);

#endif
