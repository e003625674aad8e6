#include "results/goals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/db.h"
#include "results/goals_impl.h"
#include "results/reader_impl.h"
#include "results/text.h"
#include "sim/base/json.h"
#include "sim/base/xalloc.h"

const char *goal_verdict_name(enum goal_verdict v)
{
    switch (v) {
    case GOAL_YES:
        return "yes";
    case GOAL_NO:
        return "no";
    case GOAL_UNDECIDED:
        return "undecided";
    }
    return "";
}

/* ---- deciding ---- */

static bool meets(enum goal_comparison c, double v, double bound)
{
    switch (c) {
    case GOAL_BELOW:
        return v < bound;
    case GOAL_AT_MOST:
        return v <= bound;
    case GOAL_ABOVE:
        return v > bound;
    case GOAL_AT_LEAST:
        return v >= bound;
    }
    return false;
}

/* Both ends of the interval meet the bound, neither does, or one. */
static enum goal_verdict judge(enum goal_comparison c, const struct interval *i, double bound)
{
    bool low = meets(c, i->low, bound), high = meets(c, i->high, bound);

    return low && high ? GOAL_YES : !low && !high ? GOAL_NO : GOAL_UNDECIDED;
}

/* One run's figure alone. What it cannot bound it can still break: a bound that one run breaks is
 * broken; that one run keeps it shows nothing of the next. */
static void decide_alone(const struct goal *g, const struct goal_sample *s, struct goal_result *out)
{
    out->value.low = s->within.low;
    out->value.high = s->within.high;
    out->verdict = judge(g->comparison, &out->value, g->bound);
    if (!isfinite(s->within.low) && !isfinite(s->within.high)) {
        out->basis = "one replication: no interval";
        if (!meets(g->comparison, s->point, g->bound))
            out->verdict = GOAL_NO;
    } else
        out->basis = g->function == GOAL_SUCCESS ? "one replication: its procedures"
                     : g->function == GOAL_MEAN  ? "one replication: batch means"
                                                 : "one replication: its order";
}

/* Shares near 0 and 1 hardly vary over replications, however few procedures stand behind them: the
 * pooled count bounds what is claimed. */
static void widen_share(const struct goal_sample *samples, size_t n, struct interval *i)
{
    uint64_t success = 0, open = 0, all = 0;
    struct interval low, high;

    for (size_t k = 0; k < n; k++) {
        success += samples[k].success;
        open += samples[k].open;
        all += samples[k].ended + samples[k].open;
    }
    low = interval_of_share(success, all, INTERVAL_CONFIDENCE);
    high = interval_of_share(success + open, all, INTERVAL_CONFIDENCE);
    i->low = fmax(0, fmin(i->low, low.low));
    i->high = fmin(1, fmax(i->high, high.high));
}

static void decide_over(const struct goal *g, const struct goal_sample *samples, size_t n,
                        struct goal_result *out)
{
    double *lows = xcalloc(2 * n, sizeof *lows), *highs = lows + n, most = 0;
    size_t known = 0;

    for (size_t i = 0; i < n; i++) {
        if (!samples[i].known)
            continue;
        lows[known] = samples[i].low;
        highs[known++] = samples[i].high;
        most = fmax(most, samples[i].high);
    }
    out->value.low = interval_of_mean(lows, known, INTERVAL_CONFIDENCE).low;
    out->value.high =
        isinf(most) ? INFINITY : interval_of_mean(highs, known, INTERVAL_CONFIDENCE).high;
    free(lows);
    if (g->function == GOAL_SUCCESS)
        widen_share(samples, n, &out->value);
    out->verdict = judge(g->comparison, &out->value, g->bound);
    out->basis = known < INTERVAL_FEW ? "t over few replications" : "t over replications";
}

void goal_decide(const struct goal *g, const struct goal_sample *samples, size_t n,
                 struct goal_result *out)
{
    const struct goal_sample *one = NULL;

    out->dimension = goal_dimension_of(g);
    out->value = (struct interval){.low = -INFINITY, .high = INFINITY};
    for (size_t i = 0; i < n; i++) {
        if (!samples[i].known)
            continue;
        one = &samples[i];
        out->value.mean += (one->point - out->value.mean) / (double)++out->value.n;
    }
    out->without = n - out->value.n;
    out->verdict = GOAL_UNDECIDED;
    out->basis = n == 0 ? "no finished run" : "no data";
    if (!one)
        return;
    if (out->value.n == 1)
        decide_alone(g, one, out);
    else
        decide_over(g, samples, n, out);
    if (out->without > 0 && out->verdict == GOAL_YES) {
        out->verdict = GOAL_UNDECIDED;
        out->basis = "no data in some replications";
    }
}

/* ---- cells and expressions ---- */

struct judging {
    sqlite3 *db;
    struct goal_results *out;
    char *why;
    bool ending; /* a run that is marked `running` counts */
};

static enum err samples_of(struct judging *j, int64_t experiment, int64_t cell,
                           const struct goal *g, struct goal_sample **out, size_t *n)
{
    sqlite3_stmt *s = NULL;
    sim_ns warmup = 0;
    enum err err = goal_warmup(j->db, experiment, &warmup);
    int code = SQLITE_DONE;

    *out = NULL;
    *n = 0;
    if (!err)
        err = db_prepare(j->db,
                         "SELECT run_id FROM runs WHERE experiment_id = ?1 AND cell = ?2 "
                         "AND (status = 'done' OR ?3 AND status = 'running') "
                         "ORDER BY replication",
                         &s);
    if (err)
        return err;
    sqlite3_bind_int64(s, 1, experiment);
    sqlite3_bind_int64(s, 2, cell);
    sqlite3_bind_int(s, 3, j->ending);
    while (!err && (code = sqlite3_step(s)) == SQLITE_ROW) {
        *out = xrealloc(*out, (*n + 1) * sizeof **out);
        err = goal_measure(j->db, sqlite3_column_int64(s, 0), warmup, g, &(*out)[(*n)++]);
    }
    sqlite3_finalize(s);
    return err ? err : db_err(code);
}

static enum err read_goal(const char *text, struct goal *g, char why[300])
{
    struct goal_fault fault;

    if (goal_parse(text, NULL, 0, g, &fault))
        return OK;
    snprintf(why, 300, "in the goal '%.100s', at %zu: %.150s", text, fault.at + 1, fault.text);
    return ERR_FORMAT;
}

static struct goal_result *add_result(struct goal_results *all, const struct goal *g,
                                      const char *text, const struct goal_sample *samples, size_t n)
{
    struct goal_result *r;

    all->at = xrealloc(all->at, (all->n + 1) * sizeof *all->at);
    r = &all->at[all->n++];
    *r = (struct goal_result){.expression = xstrdup(text)};
    goal_decide(g, samples, n, r);
    all->yes += r->verdict == GOAL_YES;
    all->no += r->verdict == GOAL_NO;
    all->undecided += r->verdict == GOAL_UNDECIDED;
    if (all->n == 1 || n < all->least_replications)
        all->least_replications = n;
    return r;
}

static enum err judge_one(struct judging *j, int64_t experiment, int64_t cell, const char *text)
{
    struct goal_sample *samples = NULL;
    struct goal g;
    size_t n = 0;
    enum err err = read_goal(text, &g, j->why);

    if (err)
        return err;
    err = samples_of(j, experiment, cell, &g, &samples, &n);
    if (!err) {
        struct goal_result *r = add_result(j->out, &g, text, samples, n);
        r->experiment_id = experiment;
        r->cell = cell;
    }
    free(samples);
    return err;
}

static enum err judge_cell(struct judging *j, int64_t experiment, int64_t cell)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(j->db,
                              "SELECT g.value FROM experiments e, "
                              "json_each(e.resolved_json, '$.goals') g "
                              "WHERE e.experiment_id = ?1 AND json_valid(e.resolved_json)",
                              &s);
    int code = SQLITE_DONE;

    if (err)
        return err;
    sqlite3_bind_int64(s, 1, experiment);
    while (!err && (code = sqlite3_step(s)) == SQLITE_ROW)
        err = judge_one(j, experiment, cell, (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    return err ? err : db_err(code);
}

static enum err judge_all(struct judging *j, const char *const *expressions, size_t n)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(j->db,
                              "SELECT DISTINCT experiment_id, cell FROM runs "
                              "ORDER BY experiment_id, cell",
                              &s);
    int code = SQLITE_DONE;

    while (!err && (code = sqlite3_step(s)) == SQLITE_ROW) {
        int64_t experiment = sqlite3_column_int64(s, 0), cell = sqlite3_column_int64(s, 1);
        if (n == 0)
            err = judge_cell(j, experiment, cell);
        for (size_t i = 0; i < n && !err; i++)
            err = judge_one(j, experiment, cell, expressions[i]);
    }
    sqlite3_finalize(s);
    return err ? err : db_err(code);
}

enum err goals_judge(struct reader *r, const char *const *expressions, size_t n,
                     struct goal_results *out, char why[300])
{
    struct judging j = {.db = r->db, .out = out, .why = why};
    enum err err;

    why[0] = '\0';
    *out = (struct goal_results){0};
    err = judge_all(&j, expressions, n);
    if (err && !why[0])
        snprintf(why, 300, "the database cannot be read: %.200s", sqlite3_errmsg(r->db));
    return err;
}

enum err goals_judge_runs(struct reader *const *runs, size_t n, const char *const *expressions,
                          size_t count, struct goal_results *out, char why[300])
{
    struct goal_sample *samples = xcalloc(n + 1, sizeof *samples);
    int64_t experiment = 1;
    sim_ns warmup = 0;
    enum err err = OK;

    why[0] = '\0';
    *out = (struct goal_results){0};
    if (n > 0)
        err = db_int(runs[0]->db, "SELECT max(experiment_id) FROM runs", &experiment);
    if (n > 0 && !err)
        err = goal_warmup(runs[0]->db, experiment, &warmup);
    for (size_t i = 0; i < count && !err; i++) {
        struct goal g;
        err = read_goal(expressions[i], &g, why);
        for (size_t k = 0; k < n && !err; k++)
            err = goal_measure(runs[k]->db, runs[k]->run.run_id, warmup, &g, &samples[k]);
        if (!err)
            add_result(out, &g, expressions[i], samples, n);
    }
    free(samples);
    return err;
}

void goals_release(struct goal_results *g)
{
    for (size_t i = 0; i < g->n; i++)
        free(g->at[i].expression);
    free(g->at);
    *g = (struct goal_results){0};
}

bool goals_check(struct reader *r, const char *expression, struct goal_fault *why)
{
    sqlite3_stmt *s = NULL;
    const char *names[256];
    char *texts[256];
    struct goal g;
    size_t n = 0;
    bool good;

    if (db_prepare(r->db,
                   "SELECT DISTINCT n.population FROM nodes n JOIN series s ON s.grp = n.name "
                   "AND s.run_id = n.run_id WHERE s.metric = 'queue' ORDER BY 1 LIMIT 256",
                   &s) == OK)
        for (; n < 256 && sqlite3_step(s) == SQLITE_ROW; n++)
            names[n] = texts[n] = xstrdup(reader_text(s, 0));
    sqlite3_finalize(s);
    good = goal_parse(expression, names, n, &g, why);
    for (size_t i = 0; i < n; i++)
        free(texts[i]);
    return good;
}

/* ---- keeping ---- */

static void bind_bounded(sqlite3_stmt *s, int i, double v)
{
    if (isfinite(v))
        sqlite3_bind_double(s, i, v);
    else
        sqlite3_bind_null(s, i);
}

static enum err store_one(sqlite3_stmt *s, const struct goal_result *r)
{
    sqlite3_bind_int64(s, 1, r->experiment_id);
    sqlite3_bind_int64(s, 2, r->cell);
    db_bind_text(s, 3, r->expression);
    if (r->value.n > 0)
        bind_bounded(s, 4, r->value.mean);
    else
        sqlite3_bind_null(s, 4);
    bind_bounded(s, 5, r->value.low);
    bind_bounded(s, 6, r->value.high);
    db_bind_text(s, 7, goal_verdict_name(r->verdict));
    int code = sqlite3_step(s);
    sqlite3_reset(s);
    return db_err(code);
}

enum err goals_store(sqlite3 *db)
{
    struct goal_results results = {0};
    char why[300];
    struct judging j = {.db = db, .out = &results, .why = why, .ending = true};
    sqlite3_stmt *s = NULL;
    enum err err = db_exec(db, "BEGIN IMMEDIATE");

    if (err)
        return err;
    err = judge_all(&j, NULL, 0);
    if (!err)
        err = db_exec(db, "DELETE FROM goals");
    if (!err && results.n > 0)
        err = db_prepare(db, "INSERT INTO goals VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", &s);
    for (size_t i = 0; i < results.n && !err; i++)
        err = store_one(s, &results.at[i]);
    sqlite3_finalize(s);
    goals_release(&results);
    if (!err)
        err = db_exec(db, "COMMIT");
    if (err && !sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}
