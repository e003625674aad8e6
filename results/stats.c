#include "results/stats.h"

#include <stdlib.h>
#include <string.h>

#include "results/goals_impl.h"
#include "sim/base/xalloc.h"

const char *const stats_part_names[STATS_PARTS] = {
    "device_crypto", "server_crypto", "network", "queue", "retransmission", "backoff", "other"};
const char *const stats_part_labels[STATS_PARTS] = {
    "device crypto", "server crypto", "network", "queue", "retransmission", "back-off", "other"};

/* One more element, all zeros. */
static void *grow(void *array, size_t *n, size_t size)
{
    uint8_t *p = xrealloc(array, (*n + 1) * size);
    memset(p + *n * size, 0, size);
    (*n)++;
    return p;
}

static char *text_of(sqlite3_stmt *s, int column)
{
    return xstrdup(reader_text(s, column));
}

/* ---- procedures ---- */

/* The order in which a device lives through them; unknown kinds come last. */
static int life_order(const char *kind)
{
    static const char *const order[] = {
        "attach",    "bootstrap",    "connection", "registration",   "application",
        "container", "access-right", "request",    "reading",        "forward",
        "delivery",  "refresh",      "renewal",    "deregistration", "erase",
        "channel",   "mgmt-cmd",     "poll",       "command-report", "na-registration",
        "discovery", "subscription", "read",       "command",        "notification"};
    int n = (int)(sizeof order / sizeof order[0]);
    for (int i = 0; i < n; i++) {
        if (strcmp(order[i], kind) == 0)
            return i;
    }
    return n;
}

int stats_compare(const char *kind_a, const char *method_a, const char *kind_b,
                  const char *method_b)
{
    int d = life_order(kind_a) - life_order(kind_b);
    if (d == 0)
        d = strcmp(kind_a, kind_b);
    return d ? d : strcmp(method_a, method_b);
}

static int by_life(const void *va, const void *vb)
{
    const struct stats_group *a = va, *b = vb;
    return stats_compare(a->kind, a->method, b->kind, b->method);
}

static struct stats_group *group_of(struct stats *s, const char *kind, const char *method)
{
    for (size_t i = 0; i < s->group_count; i++) {
        struct stats_group *g = &s->groups[i];
        if (strcmp(g->kind, kind) == 0 && strcmp(g->method, method) == 0)
            return g;
    }
    s->groups = grow(s->groups, &s->group_count, sizeof *s->groups);
    struct stats_group *g = &s->groups[s->group_count - 1];
    g->kind = xstrdup(kind);
    g->method = xstrdup(method);
    return g;
}

static void add_success(struct stats_group *g, sqlite3_stmt *q)
{
    if (g->success == g->room) {
        g->room = g->room ? 2 * g->room : 64;
        g->latency = xrealloc(g->latency, g->room * sizeof *g->latency);
        g->procedure = xrealloc(g->procedure, g->room * sizeof *g->procedure);
    }
    sim_ns latency = sqlite3_column_int64(q, 3);
    g->procedure[g->success] = sqlite3_column_int64(q, 16);
    g->latency[g->success++] = latency;
    g->mean_ns += (double)latency;
    g->octets_up += sqlite3_column_double(q, 4);
    g->octets_down += sqlite3_column_double(q, 5);
    g->device_ns += sqlite3_column_double(q, 6);
    g->server_ns += sqlite3_column_double(q, 7);
    g->energy_nj += sqlite3_column_double(q, 8);
    for (int i = 0; i < STATS_PARTS; i++)
        g->parts_ns[i] += sqlite3_column_double(q, 9 + i);
}

static void finish_group(struct stats_group *g)
{
    if (g->success == 0)
        return;
    double n = (double)g->success;
    g->mean_ns /= n;
    g->octets_up /= n;
    g->octets_down /= n;
    g->device_ns /= n;
    g->server_ns /= n;
    g->energy_nj /= n;
    for (int i = 0; i < STATS_PARTS; i++)
        g->parts_ns[i] /= n;
}

static enum err read_procedures(struct reader *r, struct stats *s, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(
        r,
        "SELECT kind, method, outcome, t_end - t_intended, octets_up, octets_down, device_ns, "
        "server_ns, device_energy_nj, device_crypto, server_crypto, network, queue, "
        "retransmission, backoff, other, procedure_id FROM procedures WHERE run_id = ?1 "
        "AND t_intended >= ?2 ORDER BY t_end - t_intended, procedure_id",
        &q, why);
    if (!err)
        sqlite3_bind_int64(q, 2, s->warmup);
    while (!err && reader_step(r, q, &err, why)) {
        struct stats_group *g = group_of(s, reader_text(q, 0), reader_text(q, 1));
        const char *outcome = reader_text(q, 2);
        g->n++;
        if (strcmp(outcome, "success") == 0)
            add_success(g, q);
        else if (strcmp(outcome, "failed") == 0)
            g->failed++;
        else
            g->unfinished++;
    }
    sqlite3_finalize(q);
    for (size_t i = 0; i < s->group_count; i++)
        finish_group(&s->groups[i]);
    if (s->group_count)
        qsort(s->groups, s->group_count, sizeof *s->groups, by_life);
    return err;
}

static uint64_t quantile_at(const struct stats_group *g, unsigned percent)
{
    uint64_t rank = (g->success * percent + 99) / 100;
    return rank ? rank - 1 : 0;
}

sim_ns stats_quantile(const struct stats_group *g, unsigned percent)
{
    return g->success ? g->latency[quantile_at(g, percent)] : 0;
}

int64_t stats_quantile_procedure(const struct stats_group *g, unsigned percent)
{
    return g->success ? g->procedure[quantile_at(g, percent)] : ROW_NULL_ID;
}

/* ---- counts ---- */

/* ?2 of the query: where the warm-up ends. */
static enum err read_counts(struct reader *r, const char *sql, sim_ns warmup,
                            struct stats_counts *out, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(r, sql, &q, why);
    if (!err && sqlite3_bind_parameter_count(q) > 1)
        sqlite3_bind_int64(q, 2, warmup);
    while (!err && reader_step(r, q, &err, why)) {
        out->at = grow(out->at, &out->n, sizeof *out->at);
        struct stats_count *c = &out->at[out->n - 1];
        c->n = (uint64_t)sqlite3_column_int64(q, 0);
        c->a = text_of(q, 1);
        c->b = text_of(q, 2);
        c->c = text_of(q, 3);
    }
    sqlite3_finalize(q);
    return err;
}

static enum err read_keys(struct reader *r, struct stats *s, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(
        r,
        "SELECT type, count(*), sum(t_end IS NULL OR end_reason IS 'run-end') FROM keys "
        "WHERE run_id = ?1 GROUP BY type "
        "ORDER BY CASE type WHEN 'KIVal' THEN 0 WHEN 'Kmr' THEN 1 WHEN 'Kmc' THEN 2 "
        "WHEN 'Kma' THEN 3 ELSE 4 END, type",
        &q, why);
    while (!err && reader_step(r, q, &err, why)) {
        s->keys = grow(s->keys, &s->key_count, sizeof *s->keys);
        struct stats_keys *k = &s->keys[s->key_count - 1];
        k->type = text_of(q, 0);
        k->born = (uint64_t)sqlite3_column_int64(q, 1);
        k->alive = (uint64_t)sqlite3_column_int64(q, 2);
    }
    sqlite3_finalize(q);
    if (err)
        return err;
    return read_counts(r,
                       "SELECT count(*) AS n, type, end_reason, '' FROM keys WHERE run_id = ?1 "
                       "AND t_end IS NOT NULL AND end_reason IS NOT 'run-end' "
                       "GROUP BY type, end_reason ORDER BY type, n DESC, end_reason",
                       0, &s->key_ends, why);
}

/* ---- servers and operations ---- */

static double busiest(const struct stats_server *v)
{
    return v->workers > 0 ? v->busy_peak / v->workers : v->busy_peak;
}

static void order_servers(struct stats *s)
{
    if (s->server_count == 0)
        return;
    s->by_load = xcalloc(s->server_count, sizeof *s->by_load);
    for (size_t i = 0; i < s->server_count; i++) {
        size_t at = i; /* as they are, where two are equal */
        for (; at > 0 && busiest(&s->servers[s->by_load[at - 1]]) < busiest(&s->servers[i]); at--)
            s->by_load[at] = s->by_load[at - 1];
        s->by_load[at] = i;
    }
}

static enum err read_servers(struct reader *r, struct stats *s, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(
        r,
        "WITH l AS (SELECT server, max(queue) AS peak, avg(queue) AS mean, max(sessions) AS "
        "  sessions, max(workers_busy) AS busy FROM v_load WHERE run_id = ?1 AND t >= ?2 "
        "  GROUP BY server), "
        "b AS (SELECT grp, (max(value) - min(value)) * 1e9 / (max(t) - min(t)) AS busy FROM series "
        "  WHERE run_id = ?1 AND metric = 'busy_s' AND t >= ?2 GROUP BY grp), "
        "w AS (SELECT grp, max(value) AS n FROM series WHERE run_id = ?1 AND metric = 'workers' "
        "  GROUP BY grp), "
        "p AS (SELECT s.grp, min(s.t) AS t FROM series s JOIN l ON s.grp = l.server "
        "  AND s.value = l.peak WHERE s.run_id = ?1 AND s.metric = 'queue' AND s.t >= ?2 GROUP BY "
        "s.grp) "
        "SELECT l.server, l.peak, l.mean, l.sessions, l.busy, b.busy, w.n, p.t FROM l "
        "LEFT JOIN b ON b.grp = l.server LEFT JOIN w ON w.grp = l.server "
        "LEFT JOIN p ON p.grp = l.server ORDER BY l.peak DESC, l.busy DESC, l.server",
        &q, why);
    if (!err)
        sqlite3_bind_int64(q, 2, s->warmup);
    while (!err && reader_step(r, q, &err, why)) {
        s->servers = grow(s->servers, &s->server_count, sizeof *s->servers);
        struct stats_server *v = &s->servers[s->server_count - 1];
        v->name = text_of(q, 0);
        v->queue_peak = sqlite3_column_double(q, 1);
        v->queue_mean = sqlite3_column_double(q, 2);
        v->sessions_peak = sqlite3_column_double(q, 3);
        v->busy_peak = sqlite3_column_double(q, 4);
        v->busy_mean = sqlite3_column_double(q, 5);
        v->workers = sqlite3_column_double(q, 6);
        v->queue_peak_t = sqlite3_column_int64(q, 7);
    }
    sqlite3_finalize(q);
    order_servers(s);
    return err;
}

static enum err read_operations(struct reader *r, struct stats *s, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(
        r,
        "SELECT role, operation, algorithm, sum(calls), sum(octets), sum(virtual_ns) AS ns, "
        "CAST(sum(virtual_ns) AS REAL) / sum(sum(virtual_ns)) OVER (PARTITION BY role) "
        "FROM crypto_use WHERE run_id = ?1 GROUP BY role, operation, algorithm "
        "ORDER BY role, ns DESC, operation, algorithm",
        &q, why);
    while (!err && reader_step(r, q, &err, why)) {
        s->operations = grow(s->operations, &s->operation_count, sizeof *s->operations);
        struct stats_operation *o = &s->operations[s->operation_count - 1];
        o->role = text_of(q, 0);
        o->operation = text_of(q, 1);
        o->algorithm = text_of(q, 2);
        o->calls = (uint64_t)sqlite3_column_int64(q, 3);
        o->octets = (uint64_t)sqlite3_column_int64(q, 4);
        o->ns = sqlite3_column_double(q, 5);
        o->share = sqlite3_column_double(q, 6);
    }
    sqlite3_finalize(q);
    return err;
}

/* ---- notes, and the sizes ---- */

static enum err read_notes(struct reader *r, struct stats *s, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(
        r,
        "SELECT v.t, 'violation', v.rule, CASE WHEN n.name IS NULL THEN v.detail "
        "ELSE n.name || ': ' || v.detail END, 1, 0 AS part, v.rowid AS seq "
        "FROM violations v LEFT JOIN nodes n USING (run_id, node_id) WHERE v.run_id = ?1 "
        "UNION ALL SELECT t, level, code, text, count, 1, rowid FROM notes WHERE run_id = ?1 "
        "ORDER BY part, seq",
        &q, why);
    while (!err && reader_step(r, q, &err, why)) {
        s->notes = grow(s->notes, &s->note_count, sizeof *s->notes);
        struct stats_note *n = &s->notes[s->note_count - 1];
        n->t = sqlite3_column_int64(q, 0);
        n->level = text_of(q, 1);
        n->code = text_of(q, 2);
        n->text = text_of(q, 3);
        n->count = (uint64_t)sqlite3_column_int64(q, 4);
        s->violations += strcmp(n->level, "violation") == 0;
    }
    sqlite3_finalize(q);
    return err;
}

static enum err read_sizes(struct reader *r, struct stats *s, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(r,
                                "SELECT n, n + (SELECT count(*) FROM procedures WHERE run_id = ?1) "
                                "+ (SELECT count(*) FROM keys WHERE run_id = ?1) "
                                "+ (SELECT count(*) FROM ival_reports WHERE run_id = ?1) "
                                "+ (SELECT count(*) FROM incidents WHERE run_id = ?1) "
                                "+ (SELECT count(*) FROM crypto_use WHERE run_id = ?1) "
                                "+ (SELECT count(*) FROM series WHERE run_id = ?1) "
                                "+ (SELECT count(*) FROM messages WHERE run_id = ?1) "
                                "+ (SELECT count(*) FROM violations WHERE run_id = ?1) "
                                "+ (SELECT count(*) FROM notes WHERE run_id = ?1) "
                                "FROM (SELECT count(*) AS n FROM nodes WHERE run_id = ?1)",
                                &q, why);
    if (!err && reader_step(r, q, &err, why)) {
        s->nodes = (uint64_t)sqlite3_column_int64(q, 0);
        s->rows = (uint64_t)sqlite3_column_int64(q, 1);
    }
    sqlite3_finalize(q);
    return err;
}

enum err stats_warmup(struct reader *r, sim_ns *out, char why[160])
{
    sqlite3_stmt *q = NULL;
    int64_t experiment = 1;
    enum err err = reader_query(r, "SELECT experiment_id FROM runs WHERE run_id = ?1", &q, why);
    if (!err && reader_step(r, q, &err, why))
        experiment = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return err ? err : goal_warmup(r->db, experiment, out);
}

enum err stats_read(struct reader *r, struct stats *out, char why[160])
{
    *out = (struct stats){0};
    enum err err = stats_warmup(r, &out->warmup, why);
    if (!err)
        err = read_procedures(r, out, why);
    if (!err)
        err = read_keys(r, out, why);
    if (!err)
        err = read_counts(r,
                          "SELECT count(*), truth, verdict, '' FROM ival_reports WHERE run_id = ?1 "
                          "AND t >= ?2 GROUP BY truth, verdict ORDER BY truth, verdict",
                          out->warmup, &out->ival, why);
    if (!err)
        err = incidents_read(r, out, why);
    if (!err)
        err = read_counts(r,
                          "SELECT count(*) AS m, kind, outcome, reason FROM procedures WHERE "
                          "run_id = ?1 AND outcome <> 'success' AND t_intended >= ?2 "
                          "GROUP BY kind, outcome, reason ORDER BY m DESC, kind, outcome, reason",
                          out->warmup, &out->failures, why);
    if (!err)
        err = read_servers(r, out, why);
    if (!err)
        err = read_operations(r, out, why);
    if (!err)
        err = read_notes(r, out, why);
    if (!err)
        err = read_sizes(r, out, why);
    if (err)
        stats_release(out);
    return err;
}

static void release_counts(struct stats_counts *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->at[i].a);
        free(c->at[i].b);
        free(c->at[i].c);
    }
    free(c->at);
}

void stats_release(struct stats *s)
{
    for (size_t i = 0; i < s->group_count; i++) {
        free(s->groups[i].kind);
        free(s->groups[i].method);
        free(s->groups[i].latency);
        free(s->groups[i].procedure);
    }
    for (size_t i = 0; i < s->key_count; i++)
        free(s->keys[i].type);
    for (size_t i = 0; i < s->server_count; i++)
        free(s->servers[i].name);
    for (size_t i = 0; i < s->operation_count; i++) {
        free(s->operations[i].role);
        free(s->operations[i].operation);
        free(s->operations[i].algorithm);
    }
    for (size_t i = 0; i < s->note_count; i++) {
        free(s->notes[i].level);
        free(s->notes[i].code);
        free(s->notes[i].text);
    }
    incidents_release(s);
    release_counts(&s->key_ends);
    release_counts(&s->ival);
    release_counts(&s->failures);
    free(s->groups);
    free(s->keys);
    free(s->servers);
    free(s->by_load);
    free(s->operations);
    free(s->notes);
    *s = (struct stats){0};
}
