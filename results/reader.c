#include "results/reader_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/db.h"
#include "results/schema.h"
#include "results/seal.h"
#include "sim/base/xalloc.h"

/* How long a run that is just writing is waited for. */
#define BUSY_MS 5000

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* SQLite's file format 1.3, looked at before SQLite does: a foreign file should not be touched, and
 * one in WAL mode (format 2) would make files beside it. */
static enum err check_header(const char *path, char why[160])
{
    uint8_t h[100];
    FILE *f = fopen(path, "rbe");
    if (!f) {
        snprintf(why, 160, "cannot open %.100s: %s", path, strerror(errno));
        return errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
    }
    size_t n = fread(h, 1, sizeof h, f);
    bool failed = ferror(f) != 0;
    fclose(f);
    if (failed) {
        snprintf(why, 160, "cannot read %.120s", path);
        return ERR_IO;
    }
    if (n < sizeof h || memcmp(h, "SQLite format 3", 16) != 0 || h[18] != 1 || h[19] != 1 ||
        get32(h + 68) != SCHEMA_APPLICATION_ID) {
        snprintf(why, 160, "%.100s is not a results database of m2msim", path);
        return ERR_FORMAT;
    }
    if (get32(h + 60) != SCHEMA_VERSION) {
        snprintf(why, 160, "the database is of version %u, and this program reads version %d",
                 get32(h + 60), SCHEMA_VERSION);
        return ERR_FORMAT;
    }
    return OK;
}

static enum err fail(struct reader *r, int code, char why[160])
{
    enum err err = db_err(code);
    if (err == ERR_READ_ONLY || (code & 0xff) == SQLITE_CANTOPEN)
        snprintf(why, 160,
                 "the run was killed, and its journal cannot be played back here: copy "
                 "both files to a folder that can be written");
    else if (err == ERR_STATE)
        snprintf(why, 160, "the database is locked by another program");
    else
        snprintf(why, 160, "the database cannot be read: %.110s", sqlite3_errmsg(r->db));
    return err;
}

enum err reader_query(struct reader *r, const char *sql, sqlite3_stmt **out, char why[160])
{
    int code = sqlite3_prepare_v2(r->db, sql, -1, out, NULL);
    if (code != SQLITE_OK)
        return fail(r, code, why);
    if (sqlite3_bind_parameter_count(*out) > 0)
        sqlite3_bind_int64(*out, 1, r->run.run_id);
    return OK;
}

bool reader_step(struct reader *r, sqlite3_stmt *s, enum err *err, char why[160])
{
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        *err = fail(r, code, why);
    return false;
}

const char *reader_text(sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    return text ? text : "";
}

/* Every table and view stands as this version makes it: another one in its place could mislead. */
static enum err check_schema(struct reader *r, char why[160])
{
    sqlite3_stmt *s = NULL;
    enum err err =
        reader_query(r, "SELECT count(*) FROM sqlite_schema WHERE type || sql = ?1 || ?2", &s, why);
    for (size_t i = 0; schema_statements[i] && !err; i++) {
        const char *sql = schema_statements[i];
        const char *type = strncmp(sql, "CREATE TABLE ", 13) == 0 ? "table" : "view";
        const char *name = strchr(sql + strlen("CREATE "), ' ') + 1;
        sqlite3_bind_text(s, 1, type, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 2, sql, -1, SQLITE_STATIC);
        bool row = reader_step(r, s, &err, why);
        if (row && sqlite3_column_int(s, 0) != 1) {
            snprintf(why, 160, "%s %.*s is not as m2msim makes it", type, (int)strcspn(name, " "),
                     name);
            err = ERR_FORMAT;
        }
        sqlite3_reset(s);
    }
    sqlite3_finalize(s);
    return err;
}

static const char *keep(struct reader *r, sqlite3_stmt *s, int column)
{
    char *text = xstrdup(reader_text(s, column));
    r->texts = xrealloc(r->texts, (r->text_count + 1) * sizeof *r->texts);
    r->texts[r->text_count++] = text;
    return text;
}

static void read_columns(struct reader *r, sqlite3_stmt *s)
{
    struct reader_run *run = &r->run;
    run->run_id = sqlite3_column_int64(s, 0);
    run->title = keep(r, s, 1);
    run->scenario_path = keep(r, s, 2);
    run->scenario_text = keep(r, s, 3);
    run->resolved_json = keep(r, s, 4);
    run->profile_text = keep(r, s, 5);
    run->profile_name = keep(r, s, 6);
    run->status = keep(r, s, 7);
    run->fingerprint = keep(r, s, 8);
    run->openssl = keep(r, s, 9);
    run->version = keep(r, s, 10);
    run->git_commit = keep(r, s, 11);
    run->error = keep(r, s, 12);
    run->seed = (uint64_t)sqlite3_column_int64(s, 13);
    run->events = (uint64_t)sqlite3_column_int64(s, 14);
    run->end_ns = sqlite3_column_int64(s, 15);
    run->wall_s = sqlite3_column_double(s, 16);
    run->peak_rss = sqlite3_column_int64(s, 17);
    r->until_ns = sqlite3_column_type(s, 18) == SQLITE_NULL ? -1 : sqlite3_column_int64(s, 18);
    r->created_utc = keep(r, s, 19);
    r->compiler = keep(r, s, 20);
    run->cell = sqlite3_column_int64(s, 21);
    run->replication = sqlite3_column_int64(s, 22);
}

static void forget_texts(struct reader *r)
{
    for (size_t i = 0; i < r->text_count; i++)
        free(r->texts[i]);
    r->text_count = 0;
}

/* The i-th run by run_id; -1: the last. */
static enum err read_run(struct reader *r, int64_t i, char why[160])
{
    sqlite3_stmt *s = NULL;
    enum err err = reader_query(
        r,
        "SELECT r.run_id, e.title, e.scenario_path, e.scenario_text, "
        "coalesce(l.resolved_json, e.resolved_json), c.text, "
        "c.name, CASE r.status WHEN 'running' THEN 'partial' ELSE r.status END, r.fingerprint, "
        "b.openssl, b.m2msim_version, b.git_commit, r.error, r.seed, r.events, r.end_ns, "
        "r.wall_s, r.peak_rss, r.until_ns, e.created_utc, b.compiler, r.cell, r.replication "
        "FROM runs r LEFT JOIN experiments e USING (experiment_id) "
        "LEFT JOIN builds b USING (build_id) LEFT JOIN cost_profiles c USING (profile_id) "
        "LEFT JOIN cells l ON l.experiment_id = r.experiment_id AND l.cell = r.cell "
        "ORDER BY CASE WHEN ?2 < 0 THEN -r.run_id ELSE r.run_id END LIMIT 1 OFFSET max(?2, 0)",
        &s, why);
    if (err)
        return err;
    sqlite3_bind_int64(s, 2, i);
    forget_texts(r);
    if (reader_step(r, s, &err, why)) {
        read_columns(r, s);
    } else if (!err) {
        snprintf(why, 160, "the database holds no %srun", i < 0 ? "" : "such ");
        err = ERR_FORMAT;
    }
    sqlite3_finalize(s);
    return err;
}

/* What a hostile file could do is bounded: no functions with effects in its views, no deep nesting,
 * no huge values. */
static enum err harden(struct reader *r, char why[160])
{
    sqlite3_busy_timeout(r->db, BUSY_MS);
    sqlite3_db_config(r->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    sqlite3_db_config(r->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    sqlite3_limit(r->db, SQLITE_LIMIT_LENGTH, 256 * 1024 * 1024);
    int code =
        sqlite3_exec(r->db, "PRAGMA query_only = 1; PRAGMA cell_size_check = 1", NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : fail(r, code, why);
}

enum err reader_open_file(const char *path, struct reader **out, char why[160])
{
    why[0] = '\0';
    enum err err = check_header(path, why);
    if (err)
        return err;
    struct reader *r = xcalloc(1, sizeof *r);
    /* Writable, where it can be, only so that the journal of a killed run can be played back. */
    int code = sqlite3_open_v2(path, &r->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    err = code == SQLITE_OK ? harden(r, why) : fail(r, code, why);
    if (!err)
        err = check_schema(r, why);
    if (err) {
        reader_close(r);
        return err;
    }
    *out = r;
    return OK;
}

enum err reader_open(const char *path, struct reader **out, char why[160])
{
    enum err err = reader_open_file(path, out, why);
    if (err)
        return err;
    err = read_run(*out, -1, why);
    if (err) {
        reader_close(*out);
        *out = NULL;
    }
    return err;
}

size_t reader_run_count(struct reader *r)
{
    int64_t n = 0;
    enum err err = db_int(r->db, "SELECT count(*) FROM runs", &n);
    return err ? 0 : (size_t)n;
}

enum err reader_choose(struct reader *r, size_t i, char why[160])
{
    return read_run(r, (int64_t)i, why);
}

void reader_close(struct reader *r)
{
    if (!r)
        return;
    sqlite3_close(r->db);
    forget_texts(r);
    free(r->texts);
    free(r->parameter_name);
    free(r->parameter_value);
    free(r);
}

const struct reader_run *reader_run(struct reader *r)
{
    return &r->run;
}

const char *reader_parameter(struct reader *r, size_t i, const char **value)
{
    sqlite3_stmt *s = NULL;
    char why[160];
    enum err err = reader_query(
        r,
        "SELECT name, value FROM run_parameters WHERE run_id = ?1 ORDER BY seq LIMIT 1 OFFSET ?2",
        &s, why);
    if (err)
        return NULL;
    sqlite3_bind_int64(s, 2, (int64_t)i);
    const char *name = NULL;
    if (reader_step(r, s, &err, why)) {
        free(r->parameter_name);
        free(r->parameter_value);
        name = r->parameter_name = xstrdup(reader_text(s, 0));
        r->parameter_value = xstrdup(reader_text(s, 1));
        *value = r->parameter_value;
    }
    sqlite3_finalize(s);
    return name;
}

enum err reader_procedure(struct reader *r, int64_t id, struct reader_procedure *out, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(r,
                                "SELECT n.name, p.t_intended, p.t_start, p.t_end "
                                "FROM procedures p JOIN nodes n "
                                "ON n.run_id = p.run_id AND n.node_id = p.node_id "
                                "WHERE p.run_id = ?1 AND p.procedure_id = ?2",
                                &q, why);
    if (err)
        return err;
    sqlite3_bind_int64(q, 2, id);
    if (reader_step(r, q, &err, why)) {
        snprintf(out->node, sizeof out->node, "%s", reader_text(q, 0));
        out->t_intended = sqlite3_column_int64(q, 1);
        out->t_start = sqlite3_column_int64(q, 2);
        out->t_end =
            sqlite3_column_type(q, 3) == SQLITE_NULL ? ROW_NULL_ID : sqlite3_column_int64(q, 3);
    } else if (!err) {
        snprintf(why, 160, "there is no procedure %lld in this run", (long long)id);
        err = ERR_NOT_FOUND;
    }
    sqlite3_finalize(q);
    return err;
}

enum err reader_check(struct reader *r, char fingerprint[65], char why[160])
{
    why[0] = '\0';
    fingerprint[0] = '\0';
    enum err err = db_exec(r->db, "BEGIN"); /* one state of the file for all of it */
    if (!err)
        err = seal_check(r->db, why);
    if (!err && r->run.run_id)
        err = seal_fingerprint(r->db, r->run.run_id, fingerprint, NULL);
    sqlite3_exec(r->db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}
