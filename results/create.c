#include "results/recorder_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "results/db.h"
#include "results/seal.h"
#include "sim/base/xalloc.h"

/* Making the file: its schema and the rows a run begins with. */

/* A reader may hold the file for a while; the run then waits for it. */
#define BUSY_MS 600000

static enum err errno_err(int code)
{
    switch (code) {
    case EEXIST:
        return ERR_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_READ_ONLY;
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
        return ERR_DISK_FULL;
    default:
        return ERR_IO;
    }
}

/* ---- the rows a run begins with ---- */

static void sha256_text(const char *text, char hex[65])
{
    uint8_t digest[32];
    hash_sha256(NULL, span_str(text), digest);
    hex_encode(digest, sizeof digest, hex);
}

static enum err insert_experiment(sqlite3 *db, const struct recorder_input *in)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(db,
                              "INSERT INTO experiments (experiment_id, title, scenario_text, "
                              "scenario_sha256, resolved_json, created_utc, scenario_path, "
                              "replications_min, replications_max, until_ci_ppm) "
                              "VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                              &s);
    if (err)
        return err;
    char sha256[65], utc[32];
    const char *text = in->scenario_text ? in->scenario_text : "";
    sha256_text(text, sha256);
    time_t created = (time_t)in->created_unix_s;
    struct tm tm;
    if (!gmtime_r(&created, &tm) || strftime(utc, sizeof utc, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        utc[0] = '\0';
    db_bind_text(s, 1, in->title);
    db_bind_text(s, 2, text);
    db_bind_text(s, 3, sha256);
    db_bind_text(s, 4, in->resolved_json ? in->resolved_json : "{}");
    db_bind_text(s, 5, utc);
    db_bind_text(s, 6, in->scenario_path);
    if (in->campaign) {
        sqlite3_bind_int64(s, 7, in->campaign->replications_min);
        sqlite3_bind_int64(s, 8, in->campaign->replications_max);
        sqlite3_bind_int64(s, 9, in->campaign->until_ci_ppm);
    }
    return db_finish(s);
}

static enum err insert_cell(sqlite3 *db, const struct recorder_cell *c)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(db, "INSERT INTO cells VALUES (1, ?1, ?2)", &s);
    if (err)
        return err;
    sqlite3_bind_int64(s, 1, c->cell);
    db_bind_text(s, 2, c->resolved_json);
    err = db_finish(s);
    if (!err)
        err = db_prepare(db, "INSERT INTO cell_values VALUES (1, ?1, ?2, ?3, ?4)", &s);
    for (size_t i = 0; i < c->value_count && !err; i++) {
        sqlite3_bind_int64(s, 1, c->cell);
        sqlite3_bind_int64(s, 2, (int64_t)i);
        db_bind_text(s, 3, c->values[2 * i]);
        db_bind_text(s, 4, c->values[2 * i + 1]);
        err = db_err(sqlite3_step(s));
        sqlite3_reset(s);
    }
    sqlite3_finalize(s);
    return err;
}

static enum err insert_campaign(sqlite3 *db, const struct recorder_campaign *g)
{
    sqlite3_stmt *s = NULL;
    enum err err = OK;
    for (size_t i = 0; i < g->cell_count && !err; i++)
        err = insert_cell(db, &g->cells[i]);
    if (!err)
        err = db_prepare(db, "INSERT INTO plan VALUES (1, ?1, ?2, ?3)", &s);
    for (size_t i = 0; i < g->planned_count && !err; i++) {
        sqlite3_bind_int64(s, 1, g->planned[i].cell);
        sqlite3_bind_int64(s, 2, g->planned[i].replication);
        sqlite3_bind_int64(s, 3, (int64_t)g->planned[i].seed);
        err = db_err(sqlite3_step(s));
        sqlite3_reset(s);
    }
    sqlite3_finalize(s);
    return err;
}

static enum err insert_build(sqlite3 *db, const struct recorder_input *in)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(db,
                              "INSERT INTO builds (build_id, m2msim_version, git_commit, dirty, "
                              "compiler, openssl, libuv, sqlite, cpu_model, os) "
                              "VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                              &s);
    if (err)
        return err;
    db_bind_text(s, 1, in->version);
    db_bind_text(s, 2, in->git_commit);
    if (in->git_commit)
        sqlite3_bind_int(s, 3, strstr(in->git_commit, "dirty") != NULL);
    db_bind_text(s, 4, in->compiler);
    db_bind_text(s, 5, in->openssl);
    db_bind_text(s, 6, in->libuv);
    db_bind_text(s, 7, sqlite3_libversion());
    db_bind_text(s, 8, in->cpu_model);
    db_bind_text(s, 9, in->os);
    return db_finish(s);
}

static enum err insert_profile(sqlite3 *db, const struct recorder_input *in)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(db, "INSERT INTO cost_profiles VALUES (1, ?1, ?2, ?3, ?4)", &s);
    if (err)
        return err;
    char sha256[65];
    sha256_text(in->profile_text ? in->profile_text : "", sha256);
    db_bind_text(s, 1, in->profile_name);
    db_bind_text(s, 2, sha256);
    db_bind_text(s, 3, in->profile_source);
    db_bind_text(s, 4, in->profile_text);
    return db_finish(s);
}

static enum err insert_costs(sqlite3 *db, const struct recorder_input *in)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(
        db, "INSERT INTO operation_costs VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", &s);
    for (size_t i = 0; i < in->cost_count && !err; i++) {
        const struct recorder_cost *c = &in->costs[i];
        db_bind_text(s, 1, c->class_name);
        db_bind_text(s, 2, c->operation);
        db_bind_text(s, 3, c->algorithm);
        sqlite3_bind_double(s, 4, c->per_call_ns);
        sqlite3_bind_double(s, 5, c->per_octet_ns);
        sqlite3_bind_double(s, 6, c->per_call_nj);
        sqlite3_bind_double(s, 7, c->per_octet_nj);
        sqlite3_bind_int64(s, 8, c->samples);
        err = db_err(sqlite3_step(s));
        sqlite3_reset(s);
    }
    sqlite3_finalize(s);
    return err;
}

static enum err insert_parameters(sqlite3 *db, const struct recorder_input *in, int run_id)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(db, "INSERT INTO run_parameters VALUES (?4, ?1, ?2, ?3)", &s);
    for (size_t i = 0; i < in->parameter_count && !err; i++) {
        sqlite3_bind_int64(s, 1, (int64_t)i);
        db_bind_text(s, 2, in->parameters[2 * i]);
        db_bind_text(s, 3, in->parameters[2 * i + 1]);
        sqlite3_bind_int(s, 4, run_id);
        err = db_err(sqlite3_step(s));
        sqlite3_reset(s);
    }
    sqlite3_finalize(s);
    return err;
}

static enum err insert_run(sqlite3 *db, const struct recorder_input *in)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(db,
                              "INSERT INTO runs (run_id, experiment_id, build_id, profile_id, "
                              "cell, replication, seed, fidelity, status, until_ns) "
                              "VALUES (1, 1, 1, 1, ?3, ?4, ?1, 'full', 'running', ?2)",
                              &s);
    if (err)
        return err;
    sqlite3_bind_int64(s, 1, (int64_t)in->seed);
    if (in->until != SIM_NEVER)
        sqlite3_bind_int64(s, 2, in->until);
    sqlite3_bind_int64(s, 3, in->cell);
    sqlite3_bind_int64(s, 4, in->replication);
    return db_finish(s);
}

enum err create_schema(sqlite3 *db)
{
    char pragmas[120];
    snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d; BEGIN",
             SCHEMA_APPLICATION_ID, SCHEMA_VERSION);
    enum err err = db_exec(db, pragmas);
    for (size_t i = 0; schema_statements[i] && !err; i++)
        err = db_exec(db, schema_statements[i]);
    return err ? err : seal_prepare(db);
}

static enum err insert_common(sqlite3 *db, const struct recorder_input *in)
{
    enum err err = create_schema(db);
    if (!err)
        err = insert_experiment(db, in);
    if (!err)
        err = insert_build(db, in);
    if (!err)
        err = insert_profile(db, in);
    if (!err)
        err = insert_costs(db, in);
    if (!err && in->campaign)
        err = insert_campaign(db, in->campaign);
    if (!err && in->campaign)
        err = insert_parameters(db, in, NO_RUN);
    return err;
}

enum err create_content(sqlite3 *db, const struct recorder_input *in)
{
    enum err err = insert_common(db, in);
    if (!err)
        err = insert_parameters(db, in, RUN_ID);
    if (!err)
        err = insert_run(db, in);
    return err ? err : db_exec(db, "COMMIT");
}

static enum err fill_plan(sqlite3 *db, const void *arg)
{
    enum err err = insert_common(db, arg);
    if (!err)
        err = db_exec(db, "COMMIT; BEGIN EXCLUSIVE");
    return err ? err : seal_commit(db, NULL);
}

enum err recorder_write_plan(const char *path, bool force, const struct recorder_input *input)
{
    return create_file(path, force, fill_plan, input);
}

/* ---- the file ---- */

enum err create_open(const char *path, sqlite3 **out)
{
    /* One thread at a time has it, so SQLite needs no lock of its own. */
    int code = sqlite3_open_v2(
        path, out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    enum err err = db_err(code);
    if (!err)
        err = db_err(sqlite3_busy_timeout(*out, BUSY_MS));
    if (err) {
        sqlite3_close(*out);
        *out = NULL;
    }
    return err;
}

static enum err may_create(const char *path, bool force)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return errno == ENOENT ? OK : errno_err(errno);
    if (!force || !S_ISREG(st.st_mode))
        return ERR_EXISTS;
    return access(path, W_OK) == 0 ? OK : errno_err(errno);
}

/* In the folder of path, so that it can be renamed. */
static char *name_beside(const char *path)
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash + 1 - path) : 0;
    return xasprintf("%.*s.%s.%ld.new", folder, path, path + folder, (long)getpid());
}

void create_unlink_journals(const char *path)
{
    static const char *const suffixes[] = {"-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char *name = xasprintf("%s%s", path, suffixes[i]);
        unlink(name);
        free(name);
    }
}

static enum err move_into_place(const char *from, const char *to, bool force)
{
    if (force) {
        create_unlink_journals(to);
        return rename(from, to) == 0 ? OK : errno_err(errno);
    }
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return OK;
    if (errno != EINVAL && errno != ENOSYS)
        return errno_err(errno);
    /* A file system without it: a second name cannot replace either. */
    if (link(from, to) != 0)
        return errno_err(errno);
    unlink(from);
    return OK;
}

enum err create_file(const char *path, bool force, enum err (*fill)(sqlite3 *db, const void *arg),
                     const void *arg)
{
    enum err err = may_create(path, force);
    if (err)
        return err;
    char *new_path = name_beside(path);
    sqlite3 *db = NULL;
    int fd = open(new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        err = errno_err(errno);
        free(new_path);
        return err == ERR_EXISTS ? ERR_IO : err;
    }
    close(fd);
    err = create_open(new_path, &db);
    if (!err)
        err = db_exec(db, "PRAGMA journal_mode = MEMORY; PRAGMA page_size = 4096");
    if (!err)
        err = fill(db, arg);
    int code = sqlite3_close(db);
    if (!err)
        err = db_err(code);
    if (!err)
        err = move_into_place(new_path, path, force);
    if (err)
        unlink(new_path);
    free(new_path);
    return err;
}
