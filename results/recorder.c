#include "results/recorder_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "results/db.h"
#include "results/goals_impl.h"
#include "results/seal.h"
#include "sim/base/xalloc.h"

/* The journal keeps its octets between transactions, and its first use here touches all that the
 * last one will: so a full disk still takes the mark `partial` and the seals. */
static enum err reserve_journal(sqlite3 *db)
{
    return db_exec(db,
                   "PRAGMA journal_mode = PERSIST; PRAGMA synchronous = NORMAL;"
                   "PRAGMA cache_size = -16384; BEGIN IMMEDIATE;"
                   "UPDATE runs SET error = 'a text of some length'; UPDATE runs SET error = NULL;"
                   "UPDATE seals SET name = name || '+';"
                   "UPDATE seals SET name = rtrim(name, '+'); COMMIT");
}

static enum err fill_run(sqlite3 *db, const void *arg)
{
    return create_content(db, arg);
}

enum err recorder_open(const char *path, bool force, const struct recorder_input *input,
                       struct recorder **out)
{
    bool in_memory = strcmp(path, ":memory:") == 0;
    struct recorder *r = xcalloc(1, sizeof *r);
    enum err err = in_memory ? OK : create_file(path, force, fill_run, input);
    bool made = !err && !in_memory;
    sink_init(r);
    if (!err)
        err = create_open(path, &r->db);
    if (!err && in_memory)
        err = create_content(r->db, input);
    if (!err && made) {
        r->path = xstrdup(path);
        err = reserve_journal(r->db);
    }
    if (!err)
        err = writer_start(r);
    if (!err) {
        *out = r;
        return OK;
    }
    sqlite3_close(r->db);
    if (made) {
        unlink(path);
        create_unlink_journals(path);
    }
    free(r->path);
    free(r);
    return err;
}

const struct row_sink *recorder_sink(struct recorder *r)
{
    return &r->sink;
}

enum err recorder_error(const struct recorder *r)
{
    return (enum err)atomic_load(&r->error);
}

const char *recorder_error_text(const struct recorder *r)
{
    return recorder_error(r) ? r->detail : "";
}

uint64_t recorder_rows(const struct recorder *r)
{
    return r->rows;
}

void recorder_limit_pages(struct recorder *r, unsigned pages)
{
    char sql[60];
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %u", pages);
    sqlite3_exec(r->db, sql, NULL, NULL, NULL);
}

/* ---- the end ---- */

static const char *status_text(enum recorder_status status)
{
    switch (status) {
    case RECORDER_DONE:
        return "done";
    case RECORDER_PARTIAL:
        return "partial";
    case RECORDER_FAILED:
        return "failed";
    }
    return NULL;
}

static enum err update_run(sqlite3 *db, const struct recorder_end *end)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(db,
                              "UPDATE runs SET status = ?1, end_ns = ?2, events = ?3, wall_s = ?4, "
                              "peak_rss = ?5, error = substr(?6, 1, 240) WHERE run_id = 1",
                              &s);
    if (err)
        return err;
    db_bind_text(s, 1, status_text(end->status));
    sqlite3_bind_int64(s, 2, end->end_ns);
    sqlite3_bind_int64(s, 3, (int64_t)end->events);
    sqlite3_bind_double(s, 4, end->wall_s);
    sqlite3_bind_int64(s, 5, end->peak_rss);
    db_bind_text(s, 6, end->error);
    return db_finish(s);
}

static enum err update_fingerprint(sqlite3 *db, const char *fingerprint)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(db, "UPDATE runs SET fingerprint = ?1 WHERE run_id = 1", &s);
    if (err)
        return err;
    db_bind_text(s, 1, fingerprint);
    return db_finish(s);
}

static enum err seal(sqlite3 *db, const struct recorder_end *end, char fingerprint[65])
{
    uint8_t(*digests)[SEAL_OCTETS] = xcalloc(schema_digest_count, SEAL_OCTETS);
    enum err err = db_exec(db, "BEGIN EXCLUSIVE");
    if (!err)
        err = update_run(db, end);
    if (!err)
        err = seal_fingerprint(db, RUN_ID, fingerprint, digests);
    if (!err)
        err = update_fingerprint(db, fingerprint);
    if (!err)
        err = seal_commit(db, digests);
    free(digests);
    if (err && !sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

enum err recorder_close(struct recorder *r, const struct recorder_end *end, char *fingerprint)
{
    char own[65] = "";
    struct recorder_end last = *end;
    writer_stop(r);
    enum err err = recorder_error(r);
    if (err) {
        last.status = err == ERR_INTEGRITY ? RECORDER_FAILED : RECORDER_PARTIAL;
        if (!last.error)
            last.error = r->detail;
    }
    if (!err && last.status == RECORDER_DONE) {
        err = goals_store(r->db);
        if (err) {
            last.status = RECORDER_PARTIAL;
            last.error = "the verdicts of the goals could not be written";
        }
    }
    enum err sealed = seal(r->db, &last, own);
    if (sealed) {
        /* At least the mark; where even that fails, `running` stays, which reads as partial. */
        last.status = RECORDER_PARTIAL;
        last.error = err_text(sealed);
        enum err marked = update_run(r->db, &last);
        (void)marked;
    }
    if (r->path)
        sqlite3_exec(r->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    sqlite3_close(r->db);
    if (fingerprint)
        memcpy(fingerprint, own, sizeof own);
    free(r->path);
    free(r);
    return err ? err : sealed;
}
