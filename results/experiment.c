#include "results/experiment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "results/db.h"
#include "results/reader_impl.h"
#include "results/recorder_impl.h"
#include "results/seal.h"
#include "sim/base/xalloc.h"

struct experiment {
    struct recorder_input input;
    struct recorder_campaign campaign;
    struct recorder_cell *cells;
    struct recorder_planned *planned;
    bool *done; /* of each planned */
    struct recorder_cost *costs;
    const char **parameters;
    char **texts; /* what all of these point to */
    size_t text_count;
};

void experiment_free(struct experiment *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < e->campaign.cell_count; i++)
        free((void *)(uintptr_t)e->cells[i].values);
    for (size_t i = 0; i < e->text_count; i++)
        free(e->texts[i]);
    free(e->texts);
    free(e->cells);
    free(e->planned);
    free(e->done);
    free(e->costs);
    free(e->parameters);
    free(e);
}

const struct recorder_input *experiment_input(const struct experiment *e)
{
    return &e->input;
}

bool experiment_is_done(const struct experiment *e, size_t i)
{
    return e->done[i];
}

/* NULL stays NULL. */
static const char *keep(struct experiment *e, sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    if (!text)
        return NULL;
    e->texts = xrealloc(e->texts, (e->text_count + 1) * sizeof *e->texts);
    return e->texts[e->text_count++] = xstrdup(text);
}

static int64_t unix_seconds(const char *utc)
{
    struct tm tm = {0};
    if (!utc || !strptime(utc, "%Y-%m-%dT%H:%M:%SZ", &tm))
        return 0;
    return timegm(&tm);
}

/* A query and what is done with each of its rows. */
static enum err each(struct reader *r, struct experiment *e, const char *sql,
                     void (*row)(struct experiment *e, sqlite3_stmt *s), char why[160])
{
    sqlite3_stmt *s = NULL;
    enum err err = reader_query(r, sql, &s, why);
    while (!err && reader_step(r, s, &err, why))
        row(e, s);
    sqlite3_finalize(s);
    return err;
}

static void take_experiment(struct experiment *e, sqlite3_stmt *s)
{
    struct recorder_input *in = &e->input;
    in->title = keep(e, s, 0);
    in->scenario_path = keep(e, s, 1);
    in->scenario_text = keep(e, s, 2);
    in->resolved_json = keep(e, s, 3);
    in->created_unix_s = unix_seconds(keep(e, s, 4));
    in->profile_name = keep(e, s, 8);
    in->profile_source = keep(e, s, 9);
    in->profile_text = keep(e, s, 10);
    e->campaign.replications_min = (uint32_t)sqlite3_column_int64(s, 5);
    e->campaign.replications_max = (uint32_t)sqlite3_column_int64(s, 6);
    e->campaign.until_ci_ppm = (uint32_t)sqlite3_column_int64(s, 7);
}

static void take_cost(struct experiment *e, sqlite3_stmt *s)
{
    size_t n = e->input.cost_count++;
    e->costs = xrealloc(e->costs, (n + 1) * sizeof *e->costs);
    e->costs[n] = (struct recorder_cost){.class_name = keep(e, s, 0),
                                         .operation = keep(e, s, 1),
                                         .algorithm = keep(e, s, 2),
                                         .per_call_ns = sqlite3_column_double(s, 3),
                                         .per_octet_ns = sqlite3_column_double(s, 4),
                                         .per_call_nj = sqlite3_column_double(s, 5),
                                         .per_octet_nj = sqlite3_column_double(s, 6),
                                         .samples = (uint32_t)sqlite3_column_int64(s, 7)};
}

static void take_parameter(struct experiment *e, sqlite3_stmt *s)
{
    size_t n = e->input.parameter_count++;
    e->parameters = xrealloc(e->parameters, 2 * (n + 1) * sizeof *e->parameters);
    e->parameters[2 * n] = keep(e, s, 0);
    e->parameters[2 * n + 1] = keep(e, s, 1);
}

static void take_cell(struct experiment *e, sqlite3_stmt *s)
{
    size_t n = e->campaign.cell_count++;
    e->cells = xrealloc(e->cells, (n + 1) * sizeof *e->cells);
    e->cells[n] = (struct recorder_cell){.cell = (uint32_t)sqlite3_column_int64(s, 0),
                                         .resolved_json = keep(e, s, 1)};
}

/* Rows come by cell, as the cells did. */
static void take_value(struct experiment *e, sqlite3_stmt *s)
{
    uint32_t cell = (uint32_t)sqlite3_column_int64(s, 0);
    for (size_t i = 0; i < e->campaign.cell_count; i++) {
        struct recorder_cell *c = &e->cells[i];
        if (c->cell != cell)
            continue;
        const char **values =
            xrealloc((void *)(uintptr_t)c->values, 2 * (c->value_count + 1) * sizeof *values);
        values[2 * c->value_count] = keep(e, s, 1);
        values[2 * c->value_count + 1] = keep(e, s, 2);
        c->values = values;
        c->value_count++;
    }
}

static void take_planned(struct experiment *e, sqlite3_stmt *s)
{
    size_t n = e->campaign.planned_count++;
    e->planned = xrealloc(e->planned, (n + 1) * sizeof *e->planned);
    e->done = xrealloc(e->done, (n + 1) * sizeof *e->done);
    e->planned[n] = (struct recorder_planned){.cell = (uint32_t)sqlite3_column_int64(s, 0),
                                              .replication = (uint32_t)sqlite3_column_int64(s, 1),
                                              .seed = (uint64_t)sqlite3_column_int64(s, 2)};
    e->done[n] = sqlite3_column_int(s, 3) != 0;
}

/* In the order in which they are asked. */
static const struct {
    const char *sql;
    void (*row)(struct experiment *e, sqlite3_stmt *s);
} questions[] = {
    {"SELECT e.title, e.scenario_path, e.scenario_text, e.resolved_json, e.created_utc, "
     "e.replications_min, e.replications_max, e.until_ci_ppm, p.name, p.source, p.text "
     "FROM experiments e JOIN cost_profiles p ON p.profile_id = 1 WHERE experiment_id = 1",
     take_experiment},
    {"SELECT class, operation, algorithm, per_call_ns, per_octet_ns, per_call_nj, per_octet_nj, "
     "samples FROM operation_costs WHERE profile_id = 1 ORDER BY rowid",
     take_cost},
    {"SELECT name, value FROM run_parameters WHERE run_id = 0 ORDER BY seq", take_parameter},
    {"SELECT cell, resolved_json FROM cells WHERE experiment_id = 1 ORDER BY cell", take_cell},
    {"SELECT cell, name, value FROM cell_values WHERE experiment_id = 1 ORDER BY cell, seq",
     take_value},
    {"SELECT p.cell, p.replication, p.seed, (SELECT count(*) FROM runs r WHERE "
     "r.experiment_id = 1 AND r.cell = p.cell AND r.replication = p.replication "
     "AND r.status = 'done') FROM plan p WHERE p.experiment_id = 1 ORDER BY p.cell, p.replication",
     take_planned}};

enum err experiment_open(const char *path, struct experiment **out, char why[160])
{
    struct reader *r = NULL;
    struct experiment *e = NULL;
    enum err err = reader_open_file(path, &r, why);
    if (err)
        return err;
    e = xcalloc(1, sizeof *e);
    for (size_t i = 0; i < sizeof questions / sizeof *questions && !err; i++)
        err = each(r, e, questions[i].sql, questions[i].row, why);
    reader_close(r);
    if (!err && e->campaign.planned_count == 0) {
        snprintf(why, 160, "it is of one run, and plans no other");
        err = ERR_STATE;
    }
    if (err) {
        experiment_free(e);
        return err;
    }
    e->campaign.cells = e->cells;
    e->campaign.planned = e->planned;
    e->input.campaign = &e->campaign;
    e->input.costs = e->costs;
    e->input.parameters = e->parameters;
    *out = e;
    return OK;
}

enum err experiment_extend(const char *path, const struct recorder_planned *more, size_t n)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    enum err err = create_open(path, &db);
    if (!err)
        err = db_exec(db, "BEGIN EXCLUSIVE");
    if (!err)
        err = db_prepare(db, "INSERT INTO plan VALUES (1, ?1, ?2, ?3)", &s);
    for (size_t i = 0; i < n && !err; i++) {
        sqlite3_bind_int64(s, 1, more[i].cell);
        sqlite3_bind_int64(s, 2, more[i].replication);
        sqlite3_bind_int64(s, 3, (int64_t)more[i].seed);
        err = db_err(sqlite3_step(s));
        sqlite3_reset(s);
    }
    sqlite3_finalize(s);
    if (!err)
        err = seal_commit(db, NULL);
    if (err && db && !sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(db);
    return err;
}
