/* The recorder's inside, shared by its files: create.c (the new file), recorder.c (opening,
 * sealing), sink.c (rows into batches, engine's thread), writer.c (batches into SQLite, a thread of
 * its own). */
#ifndef RESULTS_RECORDER_IMPL_H
#define RESULTS_RECORDER_IMPL_H

#include "results/batch.h"
#include "results/recorder.h"

#include <pthread.h>
#include <stdatomic.h>

#define RUN_ID 1 /* a recorder makes a file with one run */
#define NO_RUN 0 /* the run_id of parameters that are of all runs of an experiment */

#define BATCH_OCTETS (256 * 1024) /* handed over when so full */
#define BATCH_EAGER  (16 * 1024)  /* or so full, when the writer has nothing to do */
#define BATCH_LIMIT  8            /* most that wait; then the engine does */

struct recorder {
    struct row_sink sink;
    sqlite3 *db; /* the writing thread's between writer_start and writer_stop */
    char *path;  /* NULL: in memory */

    /* engine's thread */
    struct batch *filling;
    uint64_t rows;

    /* shared */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct batch *first, **last; /* waiting, in order */
    unsigned waiting;
    struct batch *spare; /* empty ones, to be filled again */
    bool ending;
    atomic_int error; /* enum err, the first */
    atomic_bool idle; /* the writer waits for rows */

    /* writing thread; read by others after it has ended */
    pthread_t thread;
    sqlite3_stmt *insert[TABLE_COUNT];
    bool in_transaction;
    uint64_t transaction_rows;
    char detail[240]; /* of the error; set before `error` is */
};

/* Opens or makes a file as SQLite does, waiting long for a reader that holds it. */
enum err create_open(const char *path, sqlite3 **out) MUST_USE;
/* Schema and empty seals. */
enum err create_schema(sqlite3 *db) MUST_USE;
/* These, and the rows a run begins with. */
enum err create_content(sqlite3 *db, const struct recorder_input *in) MUST_USE;
/* Makes a whole file under another name first, by fill, so that at `path` there is nothing or a
 * database. */
enum err create_file(const char *path, bool force, enum err (*fill)(sqlite3 *db, const void *arg),
                     const void *arg) MUST_USE;
/* An older file's journal must not be played into a new one. */
void create_unlink_journals(const char *path);

void sink_init(struct recorder *r);

enum err writer_start(struct recorder *r) MUST_USE;
/* Takes what is filled; waits while too much is waiting. */
void writer_push(struct recorder *r);
/* Everything pushed is committed, or `error` is set and the open transaction undone. */
void writer_stop(struct recorder *r);

/* For the tests: the file may not grow beyond so many pages, as if the disk were full. */
void recorder_limit_pages(struct recorder *r, unsigned pages);

#endif
