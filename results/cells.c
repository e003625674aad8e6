#include "results/cells.h"

#include <stdlib.h>
#include <string.h>

#include "results/stats.h"
#include "sim/base/xalloc.h"

/* The values of one row, run by run. */
struct values {
    double *mean, *p50, *p99, *success;
    size_t mean_n, p50_n, p99_n, n, room;
};

static void values_release(struct values *v)
{
    free(v->mean);
    free(v->p50);
    free(v->p99);
    free(v->success);
    *v = (struct values){0};
}

static void values_add(struct values *v, sqlite3_stmt *q)
{
    if (v->n == v->room) {
        v->room = v->room ? 2 * v->room : 16;
        v->mean = xrealloc(v->mean, v->room * sizeof *v->mean);
        v->p50 = xrealloc(v->p50, v->room * sizeof *v->p50);
        v->p99 = xrealloc(v->p99, v->room * sizeof *v->p99);
        v->success = xrealloc(v->success, v->room * sizeof *v->success);
    }
    if (sqlite3_column_type(q, 3) != SQLITE_NULL)
        v->p50[v->p50_n++] = sqlite3_column_double(q, 3);
    if (sqlite3_column_type(q, 4) != SQLITE_NULL)
        v->p99[v->p99_n++] = sqlite3_column_double(q, 4);
    if (sqlite3_column_type(q, 6) != SQLITE_NULL)
        v->mean[v->mean_n++] = sqlite3_column_double(q, 6);
    v->success[v->n++] = sqlite3_column_double(q, 5);
}

static void finish_row(struct cells *c, struct values *v)
{
    if (v->n) {
        struct cells_row *row = &c->rows[c->row_count - 1];
        row->runs = v->n;
        row->mean = interval_of_mean(v->mean, v->mean_n, INTERVAL_CONFIDENCE);
        row->p50 = interval_of_mean(v->p50, v->p50_n, INTERVAL_CONFIDENCE);
        row->p99 = interval_of_mean(v->p99, v->p99_n, INTERVAL_CONFIDENCE);
        row->success = interval_of_mean(v->success, v->n, INTERVAL_CONFIDENCE);
    }
    values_release(v);
}

static bool is_row(const struct cells *c, sqlite3_stmt *q)
{
    const struct cells_row *row = c->row_count ? &c->rows[c->row_count - 1] : NULL;
    return row && row->cell == sqlite3_column_int64(q, 0) &&
           strcmp(row->kind, reader_text(q, 1)) == 0 && strcmp(row->method, reader_text(q, 2)) == 0;
}

static void add_row(struct cells *c, sqlite3_stmt *q)
{
    c->rows = xrealloc(c->rows, (c->row_count + 1) * sizeof *c->rows);
    c->rows[c->row_count++] = (struct cells_row){.cell = sqlite3_column_int64(q, 0),
                                                 .kind = xstrdup(reader_text(q, 1)),
                                                 .method = xstrdup(reader_text(q, 2)),
                                                 .is_incident = sqlite3_column_int(q, 7) != 0};
}

static int by_cell_and_life(const void *va, const void *vb)
{
    const struct cells_row *a = va, *b = vb;
    int d = (a->cell > b->cell) - (a->cell < b->cell);
    return d ? d : stats_compare(a->kind, a->method, b->kind, b->method);
}

/* Of procedures and, behind them, of incidents: by rank over all, what has not ended last. */
static const char rows_sql[] =
    "WITH done AS (SELECT run_id, cell FROM runs WHERE status = 'done' AND experiment_id = "
    "  (SELECT experiment_id FROM runs WHERE run_id = ?1)), "
    "p AS (SELECT run_id, kind, method, outcome = 'success' AS good, t_end - t_intended AS v, "
    "  row_number() OVER (PARTITION BY run_id, kind, method ORDER BY outcome = 'success' DESC, "
    "  t_end - t_intended) AS k, sum(outcome = 'success') OVER (PARTITION BY run_id, kind, "
    "  method) AS n FROM procedures WHERE run_id IN (SELECT run_id FROM done) AND t_intended >= "
    "?2), "
    "i AS (SELECT i.run_id, i.kind, n.population, i.t_end - i.t AS v, row_number() OVER (PARTITION "
    "BY "
    "  i.run_id, i.kind, n.population ORDER BY i.t_end IS NULL, i.t_end - i.t) AS k, count(*) OVER "
    "  (PARTITION BY i.run_id, i.kind, n.population) AS n FROM incidents i JOIN nodes n "
    "  USING (run_id, node_id) WHERE i.run_id IN (SELECT run_id FROM done) AND i.t >= ?2) "
    "SELECT cell, kind, method, max(CASE WHEN good AND k = (n * 50 + 99) / 100 THEN v END), "
    "max(CASE WHEN good AND k = (n * 99 + 99) / 100 THEN v END), avg(good), "
    "avg(CASE WHEN good THEN v END), 0, run_id "
    "FROM p JOIN done USING (run_id) GROUP BY cell, kind, method, run_id "
    "UNION ALL SELECT cell, kind, population, max(CASE WHEN k = (n * 50 + 99) / 100 THEN v END), "
    "max(CASE WHEN k = (n * 99 + 99) / 100 THEN v END), avg(v IS NOT NULL), avg(v), 1, run_id "
    "FROM i JOIN done USING (run_id) GROUP BY cell, kind, population, run_id ORDER BY 8, 1, 2, 3, "
    "9";

static enum err read_rows(struct reader *r, struct cells *c, char why[160])
{
    sqlite3_stmt *q = NULL;
    struct values values = {0};
    sim_ns warmup = 0;
    enum err err = stats_warmup(r, &warmup, why);
    if (!err)
        err = reader_query(r, rows_sql, &q, why);
    if (!err)
        sqlite3_bind_int64(q, 2, warmup);
    while (!err && reader_step(r, q, &err, why)) {
        if (!is_row(c, q)) {
            finish_row(c, &values);
            add_row(c, q);
        }
        values_add(&values, q);
    }
    sqlite3_finalize(q);
    finish_row(c, &values);
    if (c->row_count)
        qsort(c->rows, c->row_count, sizeof *c->rows, by_cell_and_life);
    return err;
}

static enum err read_counts(struct reader *r, struct cells *c, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(r,
                                "SELECT cell, count(*) FROM runs WHERE status = 'done' AND "
                                "experiment_id = (SELECT experiment_id FROM runs WHERE "
                                "run_id = ?1) GROUP BY cell ORDER BY cell",
                                &q, why);
    while (!err && reader_step(r, q, &err, why)) {
        size_t n = (size_t)sqlite3_column_int64(q, 1);
        c->cells = xrealloc(c->cells, (c->cell_count + 1) * sizeof *c->cells);
        c->cells[c->cell_count++] = sqlite3_column_int64(q, 0);
        c->run_count += n;
        c->fewest = c->cell_count == 1 || n < c->fewest ? n : c->fewest;
    }
    sqlite3_finalize(q);
    return err;
}

static enum err read_values(struct reader *r, struct cells *c, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(r,
                                "SELECT cell, name, value FROM cell_values WHERE experiment_id = "
                                "(SELECT experiment_id FROM runs WHERE run_id = ?1) "
                                "ORDER BY cell, seq",
                                &q, why);
    while (!err && reader_step(r, q, &err, why)) {
        c->values = xrealloc(c->values, (c->value_count + 1) * sizeof *c->values);
        c->values[c->value_count++] = (struct cells_value){.cell = sqlite3_column_int64(q, 0),
                                                           .name = xstrdup(reader_text(q, 1)),
                                                           .value = xstrdup(reader_text(q, 2))};
    }
    sqlite3_finalize(q);
    return err;
}

enum err cells_read(struct reader *r, struct cells *out, char why[160])
{
    *out = (struct cells){0};
    enum err err = read_counts(r, out, why);
    if (!err)
        err = read_rows(r, out, why);
    if (!err)
        err = read_values(r, out, why);
    if (err)
        cells_release(out);
    return err;
}

void cells_release(struct cells *c)
{
    for (size_t i = 0; i < c->row_count; i++) {
        free(c->rows[i].kind);
        free(c->rows[i].method);
    }
    for (size_t i = 0; i < c->value_count; i++) {
        free(c->values[i].name);
        free(c->values[i].value);
    }
    free(c->rows);
    free(c->values);
    free(c->cells);
    *c = (struct cells){0};
}

const char *cells_short(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

char *cells_name(const struct cells *c, int64_t cell)
{
    char *text = xstrdup("");
    for (size_t i = 0; i < c->value_count; i++) {
        const struct cells_value *v = &c->values[i];
        if (v->cell != cell)
            continue;
        char *longer =
            xasprintf("%s%s%s=%s", text, *text ? ", " : "", cells_short(v->name), v->value);
        free(text);
        text = longer;
    }
    return text;
}
