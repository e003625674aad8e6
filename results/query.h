/* Questions of the user's own to a results database: one reading statement, its rows as a table,
 * CSV (RFC 4180), or JSON. */
#ifndef RESULTS_QUERY_H
#define RESULTS_QUERY_H

#include "results/reader.h"

enum query_format {
    QUERY_TABLE,
    QUERY_CSV,
    QUERY_JSON, /* an array of objects */
    QUERY_LINES /* one object a line */
};

/* Runs sql, which may only read. ERR_FORMAT: it is no such statement; why says so, and *at is the
 * octet of sql that is meant, or -1. What was printed before an error stays. */
enum err query_write(struct reader *r, const char *sql, enum query_format format, FILE *to,
                     char why[300], int *at) MUST_USE;
/* Tables and views with their columns, the views first. */
enum err query_list(struct reader *r, bool json, FILE *to, char why[160]) MUST_USE;
/* The whole table or view of that name. ERR_NOT_FOUND: there is none; why has the nearest. */
enum err query_export(struct reader *r, const char *name, enum query_format format, FILE *to,
                      char why[300]) MUST_USE;
/* The latencies of a kind of procedure (successful, of all finished runs, without warm-up) as a
 * percentile distribution in the text form of HdrHistogram, in milliseconds. ERR_NOT_FOUND: none.
 */
enum err query_hdr(struct reader *r, const char *kind, FILE *to, char why[300]) MUST_USE;

#endif
