/* What a goal speaks of, measured in one run. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/db.h"
#include "results/goals_impl.h"
#include "sim/base/str.h"
#include "sim/base/units.h"
#include "sim/base/xalloc.h"

/* Values in the order of time: of what is done, and of what was going on when the run ended. */
struct values {
    double *done, *open;
    size_t done_count, open_count, room_done, room_open;
    uint64_t failed;
};

static const struct {
    const char *measure, *sql;
} columns[] = {{"latency", "coalesce(p.t_end, r.end_ns) - p.t_intended"},
               {"device_crypto", "p.device_crypto"},
               {"server_crypto", "p.server_crypto"},
               {"network", "p.network"},
               {"queue", "p.queue"},
               {"retransmission", "p.retransmission"},
               {"backoff", "p.backoff"},
               {"other", "p.other"},
               {"device_time", "p.device_ns"},
               {"server_time", "p.server_ns"},
               {"octets", "p.octets_up + p.octets_down"},
               {"messages", "p.messages"},
               {"round_trips", "p.round_trips"},
               {"attempts", "p.attempts"}};

static const char *column_of(const struct goal *g)
{
    for (size_t i = 0; g->measure && i < sizeof columns / sizeof *columns; i++)
        if (strcmp(columns[i].measure, g->measure->name) == 0)
            return columns[i].sql;
    return "0"; /* success, count: only outcomes count */
}

static char *query_of(const struct goal *g)
{
    if (g->of_incident)
        return xstrdup("SELECT CASE WHEN i.t_end IS NULL THEN 'unfinished' ELSE 'success' END, "
                       "coalesce(i.t_end, r.end_ns) - i.t FROM incidents i JOIN runs r "
                       "USING (run_id) WHERE i.run_id = ?1 AND i.kind = ?2 AND i.t >= ?3 "
                       "ORDER BY i.t, i.rowid");
    if (!g->of_server)
        return xasprintf("SELECT p.outcome, %s FROM procedures p JOIN runs r USING (run_id) "
                         "WHERE p.run_id = ?1 AND p.kind = ?2 AND p.t_intended >= ?3 "
                         "ORDER BY p.t_intended, p.procedure_id",
                         column_of(g));
    if (strcmp(g->measure->name, "busy") == 0)
        return xstrdup(
            "WITH b AS (SELECT grp, t, (value - lag(value) OVER w) * 1e9 / (t - lag(t) OVER w) "
            "  AS busy FROM series WHERE run_id = ?1 AND metric = 'busy_s' "
            "  WINDOW w AS (PARTITION BY grp ORDER BY t)), "
            "k AS (SELECT grp, max(value) AS workers FROM series WHERE run_id = ?1 "
            "  AND metric = 'workers' GROUP BY grp) "
            "SELECT 'success', b.busy / k.workers FROM b JOIN k USING (grp) JOIN nodes n "
            "ON n.run_id = ?1 AND n.name = b.grp WHERE n.population = ?2 AND b.t > ?3 "
            "AND b.busy IS NOT NULL ORDER BY b.t, b.grp");
    return xasprintf("SELECT 'success', s.value FROM series s JOIN nodes n ON n.run_id = s.run_id "
                     "AND n.name = s.grp WHERE s.run_id = ?1 AND n.population = ?2 "
                     "AND s.t >= ?3 AND s.metric = '%s' ORDER BY s.t, s.grp",
                     g->measure->name);
}

static void add(double **values, size_t *n, size_t *room, double v)
{
    if (*n == *room) {
        *room = *room ? 2 * *room : 256;
        *values = xrealloc(*values, *room * sizeof **values);
    }
    (*values)[(*n)++] = v;
}

static enum err read_values(sqlite3 *db, int64_t run_id, sim_ns warmup, const struct goal *g,
                            struct values *v)
{
    sqlite3_stmt *s = NULL;
    char *sql = query_of(g);
    enum err err = db_prepare(db, sql, &s);
    int code = SQLITE_DONE;

    free(sql);
    if (err)
        return err;
    sqlite3_bind_int64(s, 1, run_id);
    db_bind_text(s, 2, g->subject);
    sqlite3_bind_int64(s, 3, warmup);
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        const char *outcome = (const char *)sqlite3_column_text(s, 0);
        double value = sqlite3_column_double(s, 1);
        if (outcome && strcmp(outcome, "success") == 0)
            add(&v->done, &v->done_count, &v->room_done, value);
        else if (outcome && strcmp(outcome, "unfinished") == 0)
            add(&v->open, &v->open_count, &v->room_open, value);
        else
            v->failed++;
    }
    sqlite3_finalize(s);
    return db_err(code);
}

/* A procedure that was not finished took at least as long as it had when the run ended, and
 * nobody knows how long: at the low end it counts with that, at the high end it never ends. */
static void measure_quantile(const struct goal *g, const struct values *v, struct goal_sample *out)
{
    size_t n = v->done_count + v->open_count;
    double *all = xcalloc(n + 1, sizeof *all);
    struct interval within;

    for (int high = 0; high <= 1; high++) {
        if (v->done_count)
            memcpy(all, v->done, v->done_count * sizeof *all);
        for (size_t i = 0; i < v->open_count; i++)
            all[v->done_count + i] = high ? INFINITY : v->open[i];
        quantile_sort(all, n);
        within = interval_of_quantile(all, n, g->q, INTERVAL_CONFIDENCE);
        if (high) {
            out->high = quantile_of(all, n, g->q);
            out->within.high = within.high;
        } else {
            out->point = out->low = within.mean;
            out->within = within;
        }
    }
    free(all);
    out->known = v->done_count > 0;
    if (g->of_server) { /* neighbouring samples are alike: no order statistics of independent ones
                         */
        out->within.low = -INFINITY;
        out->within.high = INFINITY;
    }
}

static void measure_success(struct goal_sample *out)
{
    uint64_t all = out->ended + out->open;

    out->known = out->ended > 0;
    if (!out->known)
        return;
    out->low = (double)out->success / (double)all;
    out->high = (double)(out->success + out->open) / (double)all;
    out->within = interval_of_share(out->success, all, INTERVAL_CONFIDENCE);
    out->within.high = interval_of_share(out->success + out->open, all, INTERVAL_CONFIDENCE).high;
    out->point = (double)out->success / (double)out->ended;
}

/* The greatest, with those that are still going on; the least, of those that are done. */
static void measure_extreme(const struct values *v, bool greatest, struct goal_sample *out)
{
    double best = greatest ? -INFINITY : INFINITY;

    for (size_t i = 0; i < v->done_count; i++)
        best = greatest ? fmax(best, v->done[i]) : fmin(best, v->done[i]);
    for (size_t i = 0; greatest && i < v->open_count; i++)
        best = fmax(best, v->open[i]);
    out->point = out->low = out->high = best;
}

enum err goal_measure(sqlite3 *db, int64_t run_id, sim_ns warmup, const struct goal *g,
                      struct goal_sample *out)
{
    struct values v = {0};
    enum err err = read_values(db, run_id, warmup, g, &v);

    *out = (struct goal_sample){.success = v.done_count,
                                .open = v.open_count,
                                .ended = v.done_count + v.failed,
                                .known = v.done_count > 0,
                                .within = {.low = -INFINITY, .high = INFINITY}};
    switch (g->function) {
    case GOAL_QUANTILE:
        measure_quantile(g, &v, out);
        break;
    case GOAL_MEAN:
        out->within = interval_of_batches(v.done, v.done_count, INTERVAL_CONFIDENCE);
        out->point = out->low = out->high = out->within.mean;
        break;
    case GOAL_MAX:
    case GOAL_MIN:
        measure_extreme(&v, g->function == GOAL_MAX, out);
        break;
    case GOAL_SUCCESS:
        if (g->of_incident) { /* that it ended within the run is what is asked */
            out->ended += out->open;
            out->open = 0;
        }
        measure_success(out);
        break;
    case GOAL_COUNT: /* none is a figure, if there were any to count */
        out->known = out->ended + out->open > 0;
        out->point = out->low = out->high = (double)v.done_count;
        if (g->of_incident) { /* each counts, ended or not; and none is good news */
            out->known = true;
            out->point = out->low = out->high = (double)(v.done_count + v.open_count);
        }
        break;
    }
    free(v.done);
    free(v.open);
    return err;
}

enum err goal_warmup(sqlite3 *db, int64_t experiment_id, sim_ns *out)
{
    sqlite3_stmt *s = NULL;
    enum err err = db_prepare(db,
                              "SELECT json_extract(resolved_json, '$.run.warmup') FROM experiments "
                              "WHERE experiment_id = ?1 AND json_valid(resolved_json)",
                              &s);
    const char *text = NULL;

    *out = 0;
    if (err)
        return err;
    sqlite3_bind_int64(s, 1, experiment_id);
    if (sqlite3_step(s) == SQLITE_ROW)
        text = (const char *)sqlite3_column_text(s, 0);
    if (text && units_time(text, out))
        *out = 0;
    return db_finish(s);
}
