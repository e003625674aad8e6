/* Small helpers over SQLite that the recorder and the reader share. Private to results/. */
#ifndef RESULTS_DB_H
#define RESULTS_DB_H

#include "sim/base/err.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* What an SQLite result code means to a user; SQLITE_OK, ROW and DONE are OK. */
enum err db_err(int code);
/* One or more statements without results. */
enum err db_exec(sqlite3 *db, const char *sql) MUST_USE;
enum err db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out) MUST_USE;
/* The first column of the first row. ERR_NOT_FOUND: no row. */
enum err db_int(sqlite3 *db, const char *sql, int64_t *out) MUST_USE;
void db_bind_text(sqlite3_stmt *s, int i, const char *text); /* NULL: NULL; borrowed */
/* Steps a statement without results and finalizes it. */
enum err db_finish(sqlite3_stmt *s) MUST_USE;
/* n octets of the main file at `at`, through SQLite's own descriptor: opening the file once more
 * and closing it would drop this process's locks (POSIX fcntl). */
enum err db_read(sqlite3 *db, int64_t at, void *out, size_t n) MUST_USE;
enum err db_size(sqlite3 *db, int64_t *out) MUST_USE;

#endif
