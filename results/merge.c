#include "results/merge.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "results/db.h"
#include "results/goals_impl.h"
#include "results/reader_impl.h"
#include "results/recorder_impl.h"
#include "results/seal.h"
#include "sim/base/xalloc.h"

struct run {
    int64_t run_id, cell, replication;
    size_t source;
    int rank; /* 2: done; 1: partial or failed */
    char fingerprint[65];
};

struct merge {
    const char *const *sources;
    size_t source_count;
    struct run *runs;
    size_t run_count;
    size_t attached; /* source, from 1; 0: none */
    struct merge_outcome *out;
    char *why; /* 300 */
};

/* ---- what the sources hold ---- */

static void take_run(struct merge *m, size_t source, sqlite3_stmt *s)
{
    struct run run = {.run_id = sqlite3_column_int64(s, 0),
                      .cell = sqlite3_column_int64(s, 1),
                      .replication = sqlite3_column_int64(s, 2),
                      .source = source,
                      .rank = strcmp(reader_text(s, 3), "done") == 0 ? 2 : 1};
    snprintf(run.fingerprint, sizeof run.fingerprint, "%s", reader_text(s, 4));
    m->runs = xrealloc(m->runs, (m->run_count + 1) * sizeof *m->runs);
    m->runs[m->run_count++] = run;
}

static enum err read_source(struct merge *m, size_t i)
{
    struct reader *r = NULL;
    sqlite3_stmt *s = NULL;
    char why[160] = "";
    int64_t planned = 0;
    enum err err = reader_open_file(m->sources[i], &r, why);
    if (!err)
        err = db_exec(r->db, "BEGIN");
    if (!err)
        err = seal_check(r->db, why);
    if (!err)
        err = db_int(r->db, "SELECT count(*) FROM plan", &planned);
    if (!err && planned == 0) {
        snprintf(why, sizeof why, "it is a run of its own, not one of a campaign");
        err = ERR_STATE;
    }
    if (!err)
        err = reader_query(r,
                           "SELECT run_id, cell, replication, status, fingerprint FROM runs "
                           "WHERE status <> 'running' ORDER BY run_id",
                           &s, why);
    while (!err && reader_step(r, s, &err, why))
        take_run(m, i, s);
    sqlite3_finalize(s);
    reader_close(r);
    if (err)
        snprintf(m->why, 300, "%.120s: %.160s", m->sources[i], *why ? why : err_text(err));
    return err;
}

/* By cell, then replication; of one run the best first, then by source, so that the order is total.
 */
static int compare_runs(const void *a, const void *b)
{
    const struct run *x = a, *y = b;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    if (x->replication != y->replication)
        return x->replication < y->replication ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank > y->rank ? -1 : 1;
    return (x->source > y->source) - (x->source < y->source);
}

/* Each run once. */
static enum err choose_runs(struct merge *m)
{
    size_t n = 0;
    if (m->run_count > 0)
        qsort(m->runs, m->run_count, sizeof *m->runs, compare_runs);
    for (size_t i = 0; i < m->run_count; i++) {
        const struct run *run = &m->runs[i], *last = n > 0 ? &m->runs[n - 1] : NULL;
        if (!last || last->cell != run->cell || last->replication != run->replication) {
            m->runs[n++] = *run;
            continue;
        }
        if (run->rank == 2 && strcmp(run->fingerprint, last->fingerprint) != 0) {
            snprintf(m->why, 300,
                     "%.100s and %.100s both hold replication %lld of cell %lld, and differ",
                     m->sources[last->source], m->sources[run->source], (long long)run->replication,
                     (long long)run->cell);
            return ERR_INTEGRITY;
        }
    }
    m->run_count = n;
    return OK;
}

/* ---- copying ---- */

static enum err attach(struct merge *m, sqlite3 *db, size_t source)
{
    sqlite3_stmt *s = NULL;
    enum err err = OK;
    if (m->attached == source + 1)
        return OK;
    if (m->attached)
        err = db_exec(db, "DETACH source");
    m->attached = 0;
    if (!err)
        err = db_prepare(db, "ATTACH ?1 AS source", &s);
    if (err)
        return err;
    db_bind_text(s, 1, m->sources[source]);
    err = db_finish(s);
    if (!err)
        m->attached = source + 1;
    return err;
}

/* What must be alike in all sources: each is how many rows of the source contradict what is there.
 */
static const struct {
    const char *what, *sql;
} contradictions[] = {
    {"another scenario, or other settings of it",
     "SELECT count(*) FROM main.experiments m, source.experiments s WHERE m.title IS NOT s.title "
     "OR m.scenario_sha256 IS NOT s.scenario_sha256 OR m.resolved_json IS NOT s.resolved_json OR "
     "m.replications_min IS NOT s.replications_min OR "
     "m.replications_max IS NOT s.replications_max OR m.until_ci_ppm IS NOT s.until_ci_ppm"},
    {"another cost profile",
     "SELECT count(*) FROM main.cost_profiles m, source.cost_profiles s WHERE m.name IS NOT s.name "
     "OR m.sha256 IS NOT s.sha256 OR m.text IS NOT s.text"},
    {"another scenario in one of its cells",
     "SELECT count(*) FROM main.cells m JOIN source.cells s USING (experiment_id, cell) "
     "WHERE m.resolved_json IS NOT s.resolved_json"},
    {"other seeds", "SELECT count(*) FROM main.plan m JOIN source.plan s "
                    "USING (experiment_id, cell, replication) WHERE m.seed IS NOT s.seed"}};

static enum err contradict(struct merge *m, sqlite3 *db, size_t source)
{
    for (size_t i = 0; i < sizeof contradictions / sizeof *contradictions; i++) {
        int64_t n = 0;
        enum err err = db_int(db, contradictions[i].sql, &n);
        if (err)
            return err;
        if (n > 0) {
            snprintf(m->why, 300, "%.120s has %s than %.100s: they are not of one experiment",
                     m->sources[source], contradictions[i].what, m->sources[0]);
            return ERR_STATE;
        }
    }
    return OK;
}

/* The experiment, once; cells and plan of all. */
static enum err copy_experiment(struct merge *m, sqlite3 *db, size_t source)
{
    enum err err = attach(m, db, source);
    if (!err && source > 0)
        err = contradict(m, db, source);
    if (!err)
        err = db_exec(db,
                      "BEGIN;"
                      "INSERT OR IGNORE INTO main.experiments SELECT * FROM source.experiments;"
                      "UPDATE main.experiments SET created_utc = min(created_utc, "
                      "(SELECT created_utc FROM source.experiments));"
                      "INSERT OR IGNORE INTO main.cost_profiles SELECT * FROM source.cost_profiles;"
                      "INSERT OR IGNORE INTO main.operation_costs "
                      "SELECT * FROM source.operation_costs ORDER BY rowid;"
                      "INSERT OR IGNORE INTO main.run_parameters "
                      "SELECT * FROM source.run_parameters WHERE run_id = 0;"
                      "INSERT OR IGNORE INTO main.cells SELECT * FROM source.cells;"
                      "INSERT OR IGNORE INTO main.cell_values SELECT * FROM source.cell_values;"
                      "INSERT OR IGNORE INTO main.plan SELECT * FROM source.plan;"
                      "COMMIT");
    return err;
}

/* The columns of a table behind its first, run_id; NULL: that is not its first. */
static char *columns_of(sqlite3 *db, const char *table)
{
    sqlite3_stmt *s = NULL;
    char *list = NULL;
    bool of_runs = false;
    if (db_prepare(db, "SELECT name FROM pragma_table_info(?1) ORDER BY cid", &s))
        return NULL;
    db_bind_text(s, 1, table);
    for (int i = 0; sqlite3_step(s) == SQLITE_ROW; i++) {
        const char *name = reader_text(s, 0);
        if (i == 0)
            of_runs = strcmp(name, "run_id") == 0;
        else {
            char *longer = xasprintf("%s%s%s", list ? list : "", list ? ", " : "", name);
            free(list);
            list = longer;
        }
    }
    sqlite3_finalize(s);
    if (of_runs)
        return list;
    free(list);
    return NULL;
}

static enum err run_sql(sqlite3 *db, const char *sql, int64_t new_id, int64_t old_id)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(db, sql, &s);
    if (err)
        return err;
    sqlite3_bind_int64(s, 1, new_id);
    if (sqlite3_bind_parameter_count(s) > 1)
        sqlite3_bind_int64(s, 2, old_id);
    return db_finish(s);
}

/* Rows keep their order: by rowid where there is one, else by the key they are stored by. */
static enum err copy_rows(sqlite3 *db, const char *table, int64_t new_id, int64_t old_id)
{
    char *columns = columns_of(db, table);
    if (!columns)
        return OK; /* of the experiment, not of a run */
    int64_t ordered = 0;
    char *probe = xasprintf("SELECT wr FROM pragma_table_list('%s') WHERE schema = 'main'", table);
    enum err err = db_int(db, probe, &ordered);
    char *sql = xasprintf(
        "INSERT INTO main.%s (run_id, %s) SELECT ?1, %s FROM source.%s WHERE run_id = ?2%s", table,
        columns, columns, table, ordered ? "" : " ORDER BY rowid");
    if (!err)
        err = run_sql(db, sql, new_id, old_id);
    free(sql);
    free(probe);
    free(columns);
    return err;
}

#define BUILD_COLUMNS(p)                                                                           \
    p "m2msim_version, " p "git_commit, " p "dirty, " p "compiler, " p "openssl, " p "libuv, " p   \
      "sqlite, " p "cpu_model, " p "os"

/* A build that is not there yet gets the next number. */
static enum err copy_run(sqlite3 *db, const struct run *run, int64_t new_id)
{
    enum err err = db_exec(db, "BEGIN");
    if (!err)
        err = run_sql(
            db,
            "INSERT INTO main.builds SELECT (SELECT coalesce(max(build_id), 0) + 1 FROM "
            "main.builds), " BUILD_COLUMNS(
                "s.") " FROM source.builds s "
                      "WHERE s.build_id = (SELECT build_id FROM source.runs WHERE run_id = ?1) "
                      "AND NOT EXISTS (SELECT 1 FROM main.builds m WHERE (" BUILD_COLUMNS(
                          "m.") ") IS (" BUILD_COLUMNS("s.") "))",
            run->run_id, 0);
    if (!err)
        err = run_sql(db,
                      "INSERT INTO main.runs (run_id, experiment_id, build_id, profile_id, cell, "
                      "replication, seed, fidelity, status, end_ns, events, wall_s, peak_rss, "
                      "fingerprint, error, until_ns) SELECT ?1, 1, (SELECT m.build_id FROM "
                      "main.builds m JOIN source.builds s ON s.build_id = r.build_id AND "
                      "(" BUILD_COLUMNS("m.") ") IS (" BUILD_COLUMNS(
                          "s.") ")), 1, cell, replication, "
                                "seed, fidelity, status, end_ns, events, wall_s, peak_rss, "
                                "fingerprint, "
                                "error, until_ns FROM source.runs r WHERE run_id = ?2",
                      new_id, run->run_id);
    for (size_t i = 0; i < schema_digest_count && !err; i++)
        if (strcmp(schema_digests[i].table, "runs") != 0)
            err = copy_rows(db, schema_digests[i].table, new_id, run->run_id);
    return err ? err : db_exec(db, "COMMIT");
}

/* ---- the whole ---- */

/* What was copied is what its run wrote. */
static enum err check_runs(struct merge *m, sqlite3 *db)
{
    struct sha256 *all = sha256_new();
    uint8_t digest[32];
    char fingerprint[65];
    enum err err = OK;
    sha256_add(all, span_str("m2msim experiment 1\n"));
    for (size_t i = 0; i < m->run_count && !err; i++) {
        const struct run *run = &m->runs[i];
        err = seal_fingerprint(db, (int64_t)i + 1, fingerprint, NULL);
        if (!err && strcmp(fingerprint, run->fingerprint) != 0) {
            snprintf(m->why, 300, "%.120s: replication %lld of cell %lld is not what its run wrote",
                     m->sources[run->source], (long long)run->replication, (long long)run->cell);
            err = ERR_INTEGRITY;
        }
        if (run->rank != 2) {
            m->out->partial++;
            continue;
        }
        m->out->done++;
        sha256_add(all, span_str(fingerprint));
        sha256_add(all, span_str("\n"));
    }
    sha256_final(all, digest);
    hex_encode(digest, sizeof digest, m->out->fingerprint);
    return err;
}

static enum err fill(sqlite3 *db, const void *arg)
{
    struct merge *m = (struct merge *)(uintptr_t)arg;
    int64_t planned = 0;
    /* Until the last commit, which brings all to the disk, there is no file of that name. */
    enum err err = db_exec(db, "PRAGMA synchronous = OFF");
    if (!err)
        err = create_schema(db);
    if (!err)
        err = db_exec(db, "COMMIT");
    for (size_t i = 0; i < m->source_count && !err; i++)
        err = copy_experiment(m, db, i);
    for (size_t i = 0; i < m->run_count && !err; i++) {
        err = attach(m, db, m->runs[i].source);
        if (!err)
            err = copy_run(db, &m->runs[i], (int64_t)i + 1);
    }
    if (!err && m->attached)
        err = db_exec(db, "DETACH source");
    if (!err)
        err = check_runs(m, db);
    if (!err)
        err = goals_store(db); /* verdicts are over all replications */
    if (!err)
        err = db_int(db, "SELECT count(*) FROM plan", &planned);
    m->out->planned = (size_t)planned;
    if (!err)
        err = db_exec(db, "PRAGMA synchronous = FULL; BEGIN EXCLUSIVE");
    if (!err)
        err = seal_commit(db, NULL);
    if (err && !m->why[0])
        snprintf(m->why, 300, "%s: %.200s", err_text(err), sqlite3_errmsg(db));
    return err;
}

enum err merge_write(const char *path, bool force, const char *const *sources, size_t n,
                     struct merge_outcome *out, char why[300])
{
    struct merge m = {.sources = sources, .source_count = n, .out = out, .why = why};
    enum err err = OK;
    *out = (struct merge_outcome){.planned = 0};
    why[0] = '\0';
    for (size_t i = 0; i < n && !err; i++)
        err = read_source(&m, i);
    if (!err)
        err = choose_runs(&m);
    if (!err)
        err = create_file(path, force, fill, &m);
    if (err && !why[0])
        snprintf(why, 300, "%.200s: %s", path, err_text(err));
    free(m.runs);
    return err;
}
