#include "results/recorder_impl.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "results/db.h"
#include "sim/base/xalloc.h"

/* A transaction ends after so many rows, or so long. Host time decides only when rows become
 * durable, never what they are. */
#define TRANSACTION_ROWS    50000
#define TRANSACTION_SECONDS 1

static enum err prepare_inserts(struct recorder *r)
{
    enum err err = OK;
    for (int t = 0; t < TABLE_COUNT && !err; t++) {
        const struct schema_insert *in = &schema_inserts[t];
        char sql[600];
        int n = snprintf(sql, sizeof sql, "INSERT INTO %s (run_id, %s) VALUES (?1", in->table,
                         in->columns);
        for (size_t i = 0; i < in->column_count; i++)
            n += snprintf(sql + n, sizeof sql - (size_t)n, ", ?%zu", i + 2);
        snprintf(sql + n, sizeof sql - (size_t)n, ")");
        err = db_prepare(r->db, sql, &r->insert[t]);
        if (!err)
            sqlite3_bind_int64(r->insert[t], 1, RUN_ID);
    }
    return err;
}

/* s: the statement of the row, NULL when it was no row's. */
static void fail(struct recorder *r, int code, const char *what, sqlite3_stmt *s)
{
    enum err err = db_err(code);
    char *row = err == ERR_INTEGRITY && s ? sqlite3_expanded_sql(s) : NULL;
    snprintf(r->detail, sizeof r->detail, "writing %s: %s%s%s", what, sqlite3_errmsg(r->db),
             row ? ": " : "", row ? strstr(row, "VALUES") : "");
    sqlite3_free(row);
    sqlite3_reset(s);
    if (r->in_transaction && !sqlite3_get_autocommit(r->db))
        sqlite3_exec(r->db, "ROLLBACK", NULL, NULL, NULL);
    r->in_transaction = false;
    atomic_store(&r->error, err ? (int)err : (int)ERR_IO);
}

static void commit(struct recorder *r)
{
    if (!r->in_transaction || atomic_load(&r->error))
        return;
    int code = sqlite3_exec(r->db, "COMMIT", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        fail(r, code, "a batch", NULL);
    r->in_transaction = false;
    r->transaction_rows = 0;
}

static void insert_batch(struct recorder *r, const struct batch *b)
{
    if (atomic_load(&r->error))
        return;
    if (!r->in_transaction) {
        int code = sqlite3_exec(r->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        if (code != SQLITE_OK) {
            fail(r, code, "a batch", NULL);
            return;
        }
        r->in_transaction = true;
    }
    enum schema_table table;
    for (size_t at = 0; batch_next(b, &at, &table);) {
        sqlite3_stmt *s = r->insert[table];
        int code = batch_bind(b, &at, schema_inserts[table].column_count, s);
        if (code == SQLITE_OK)
            code = sqlite3_step(s);
        if (code != SQLITE_DONE) {
            fail(r, code, schema_inserts[table].table, s);
            return;
        }
        sqlite3_reset(s);
    }
    r->transaction_rows += b->rows;
}

static struct timespec seconds_from_now(int seconds)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += seconds;
    return t;
}

static bool is_past(const struct timespec *t)
{
    struct timespec now = seconds_from_now(0);
    return now.tv_sec > t->tv_sec || (now.tv_sec == t->tv_sec && now.tv_nsec >= t->tv_nsec);
}

/* The next batch; NULL: none came until `due`, or none will. Called with the lock. */
static struct batch *take(struct recorder *r, const struct timespec *due)
{
    int timeout = 0;
    while (!r->first && !r->ending && !timeout) {
        atomic_store(&r->idle, true);
        if (r->in_transaction)
            timeout = pthread_cond_timedwait(&r->changed, &r->lock, due);
        else
            pthread_cond_wait(&r->changed, &r->lock);
    }
    atomic_store(&r->idle, false);
    struct batch *b = r->first;
    if (b) {
        r->first = b->next;
        if (!r->first)
            r->last = &r->first;
        r->waiting--;
        pthread_cond_broadcast(&r->changed);
    }
    return b;
}

static void give_back(struct recorder *r, struct batch *b)
{
    b->n = 0;
    b->rows = 0;
    b->next = r->spare;
    r->spare = b;
}

static void *writer_main(void *arg)
{
    struct recorder *r = arg;
    struct timespec due = seconds_from_now(TRANSACTION_SECONDS);
    pthread_mutex_lock(&r->lock);
    for (;;) {
        struct batch *b = take(r, &due);
        bool end = !b && r->ending;
        pthread_mutex_unlock(&r->lock);
        bool was_open = r->in_transaction;
        if (b)
            insert_batch(r, b);
        if (!was_open)
            due = seconds_from_now(TRANSACTION_SECONDS);
        if (!b || r->transaction_rows >= TRANSACTION_ROWS || is_past(&due))
            commit(r);
        pthread_mutex_lock(&r->lock);
        if (b)
            give_back(r, b);
        if (end)
            break;
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static void finalize_inserts(struct recorder *r)
{
    for (int t = 0; t < TABLE_COUNT; t++) {
        sqlite3_finalize(r->insert[t]);
        r->insert[t] = NULL;
    }
}

enum err writer_start(struct recorder *r)
{
    enum err err = prepare_inserts(r);
    if (err) {
        finalize_inserts(r);
        return err;
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    r->last = &r->first;
    r->filling = batch_new();
    /* Signals are for the engine's thread. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int code = pthread_create(&r->thread, NULL, writer_main, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code == 0)
        return OK;
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    batch_free(r->filling);
    r->filling = NULL;
    finalize_inserts(r);
    return ERR_IO;
}

void writer_push(struct recorder *r)
{
    pthread_mutex_lock(&r->lock);
    while (r->waiting >= BATCH_LIMIT)
        pthread_cond_wait(&r->changed, &r->lock);
    r->filling->next = NULL;
    *r->last = r->filling;
    r->last = &r->filling->next;
    r->waiting++;
    r->filling = r->spare;
    if (r->filling)
        r->spare = r->filling->next;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    if (!r->filling)
        r->filling = batch_new();
}

void writer_stop(struct recorder *r)
{
    writer_push(r);
    pthread_mutex_lock(&r->lock);
    r->ending = true;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    batch_free(r->filling);
    r->filling = NULL;
    while (r->spare) {
        struct batch *b = r->spare;
        r->spare = b->next;
        batch_free(b);
    }
    finalize_inserts(r);
}
