#include "results/keys_impl.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"

#define HOUR (3600 * SIM_S)
#define DAY  (24 * HOUR)

/* How a key that is alive at the run's end reads. */
#define ALIVE "(t_end IS NULL OR end_reason IS 'run-end')"

static struct keys_type *type_of(struct keys_figures *k, const char *name)
{
    for (size_t i = 0; i < k->n; i++)
        if (strcmp(k->types[i].name, name) == 0)
            return &k->types[i];
    return NULL;
}

/* A query with ?1 run and ?2 end; each row begins with a type, and is given to `row`. */
static enum err each(struct reader *r, struct keys_figures *k, const char *sql, sim_ns third,
                     void (*row)(struct keys_type *t, sqlite3_stmt *s), char why[160])
{
    sqlite3_stmt *s = NULL;
    enum err err = reader_query(r, sql, &s, why);

    if (err)
        return err;
    if (sqlite3_bind_parameter_count(s) >= 2)
        sqlite3_bind_int64(s, 2, k->end);
    if (sqlite3_bind_parameter_count(s) >= 3)
        sqlite3_bind_int64(s, 3, third);
    while (reader_step(r, s, &err, why)) {
        struct keys_type *t = type_of(k, reader_text(s, 0));
        if (t)
            row(t, s);
    }
    sqlite3_finalize(s);
    return err;
}

static uint64_t count_at(sqlite3_stmt *s, int column)
{
    return (uint64_t)sqlite3_column_int64(s, column);
}

static enum err read_types(struct reader *r, struct keys_figures *k, char why[160])
{
    sqlite3_stmt *s = NULL;
    enum err err = reader_query(
        r,
        "SELECT type, count(*), sum(" ALIVE "), sum(uses = 0), count(DISTINCT node_id), "
        "sum(end_reason IS 'renewed'), sum(end_reason IS 'expired'), sum(end_reason IS 'revoked'), "
        "sum(end_reason IS 'erased'), sum(end_reason IS 'failed') FROM keys WHERE run_id = ?1 "
        "GROUP BY type ORDER BY CASE type WHEN 'Kmr' THEN 0 WHEN 'Kmc' THEN 1 WHEN 'Kma' THEN 2 "
        "WHEN 'KIVal' THEN 3 WHEN 'session' THEN 5 ELSE 4 END, type",
        &s, why);

    while (!err && reader_step(r, s, &err, why)) {
        k->types = xrealloc(k->types, (k->n + 1) * sizeof *k->types);
        k->types[k->n++] = (struct keys_type){.name = xstrdup(reader_text(s, 0)),
                                              .born = count_at(s, 1),
                                              .alive = count_at(s, 2),
                                              .never_used = count_at(s, 3),
                                              .holders = count_at(s, 4),
                                              .renewed = count_at(s, 5),
                                              .expired = count_at(s, 6),
                                              .revoked = count_at(s, 7),
                                              .erased = count_at(s, 8),
                                              .failed = count_at(s, 9)};
    }
    sqlite3_finalize(s);
    if (!err && k->n == 0) {
        snprintf(why, 160, "the run has no keys (record.keys)");
        err = ERR_NOT_FOUND;
    }
    return err;
}

/* ---- over time ---- */

static void take_peak(struct keys_type *t, sqlite3_stmt *s)
{
    t->peak = count_at(s, 1);
    t->peak_t = sqlite3_column_int64(s, 2);
}

static void take_point(struct keys_type *t, sqlite3_stmt *s)
{
    t->at[sqlite3_column_int(s, 1)] = count_at(s, 2);
}

static enum err read_alive(struct reader *r, struct keys_figures *k, char why[160])
{
    enum err err = each(r, k,
                        "SELECT type, alive, min(t) FROM (SELECT type, t, alive, max(alive) OVER "
                        "(PARTITION BY type) AS most FROM v_keys_alive WHERE run_id = ?1) "
                        "WHERE alive = most GROUP BY type",
                        0, take_peak, why);
    if (err)
        return err;
    /* ?2 may be small: the points are spread before they are rounded. */
    return each(
        r, k,
        "WITH RECURSIVE p(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM p WHERE i + 1 < ?3) "
        "SELECT type, i, sum(t_born <= (i + 1) * (?2 / (?3 * 1.0)) AND (" ALIVE
        " OR t_end > (i + 1) * (?2 / (?3 * 1.0)))) FROM p, keys WHERE run_id = ?1 "
        "GROUP BY type, i",
        KEYS_POINTS, take_point, why);
}

static void take_renewals(struct keys_type *t, sqlite3_stmt *s)
{
    if (count_at(s, 2) > t->renewals_peak) {
        t->renewals_peak = count_at(s, 2);
        t->renewals_peak_t = sqlite3_column_int64(s, 1) * HOUR;
    }
}

/* ---- gaps ---- */

static void take_gap(struct keys_type *t, sqlite3_stmt *s)
{
    sim_ns gap = sqlite3_column_int64(s, 1);

    t->gaps++;
    t->open_gaps += count_at(s, 2);
    t->lost += gap;
    t->longest = gap > t->longest ? gap : t->longest;
}

/* Sessions come and go with their connections; of the others a node wants one at all times. */
static enum err read_gaps(struct reader *r, struct keys_figures *k, char why[160])
{
    return each(r, k,
                "WITH e AS (SELECT type, node_id, t_born, key_id, end_reason, "
                "  CASE WHEN " ALIVE " THEN ?2 ELSE t_end END AS t_out FROM keys "
                "  WHERE run_id = ?1 AND type IN ('Kmr', 'Kmc', 'Kma')), "
                "g AS (SELECT type, node_id, t_born, end_reason, "
                "  max(t_out) OVER (PARTITION BY type, node_id ORDER BY t_born, key_id) AS until, "
                "  lead(t_born) OVER (PARTITION BY type, node_id ORDER BY t_born, key_id) AS next "
                "  FROM e) "
                "SELECT type, coalesce(next, ?2) - until, next IS NULL FROM g "
                "WHERE coalesce(next, ?2) > until AND end_reason IS NOT 'erased'",
                0, take_gap, why);
}

/* ---- the cliff ---- */

struct expiry {
    sim_ns ahead;
    struct keys_type *type;
};

static sim_ns bin_for(sim_ns width)
{
    static const sim_ns bins[] = {SIM_S * 60, SIM_S * 600, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY};

    for (size_t i = 0; i < sizeof bins / sizeof *bins; i++)
        if (width / bins[i] < KEYS_BINS)
            return bins[i];
    return SIM_NEVER / KEYS_BINS;
}

static void find_steepest(struct keys_type *t, const struct expiry *e, size_t n)
{
    uint64_t inside = 0;

    for (size_t first = 0, last = 0; last < n; last++) {
        if (e[last].type != t)
            continue;
        inside++;
        for (; e[last].ahead - e[first].ahead >= HOUR; first++)
            inside -= e[first].type == t;
        while (e[first].type != t)
            first++;
        if (inside > t->steepest) {
            t->steepest = inside;
            t->steepest_t = e[first].ahead;
        }
    }
}

static enum err read_cliff(struct reader *r, struct keys_figures *k, char why[160])
{
    sqlite3_stmt *s = NULL;
    struct expiry *e = NULL;
    size_t n = 0, room = 0;
    enum err err = reader_query(r,
                                "SELECT type, t_expires - ?2 FROM keys WHERE run_id = ?1 "
                                "AND " ALIVE " AND t_expires > ?2 ORDER BY t_expires",
                                &s, why);

    if (err)
        return err;
    sqlite3_bind_int64(s, 2, k->end);
    while (reader_step(r, s, &err, why)) {
        if (n == room) {
            room = room ? 2 * room : 1024;
            e = xrealloc(e, room * sizeof *e);
        }
        e[n++] = (struct expiry){sqlite3_column_int64(s, 1), type_of(k, reader_text(s, 0))};
    }
    sqlite3_finalize(s);
    for (size_t i = 0; i < n; i++) { /* in the order of time */
        if (e[i].type->ahead++ == 0)
            e[i].type->first = e[i].ahead;
        e[i].type->last = e[i].ahead;
    }
    for (size_t i = 0; i < k->n; i++)
        k->types[i].bin = bin_for(k->types[i].last - k->types[i].first);
    for (size_t i = 0; i < n; i++)
        e[i].type->bins[(e[i].ahead - e[i].type->first) / e[i].type->bin]++;
    for (size_t i = 0; i < k->n; i++)
        find_steepest(&k->types[i], e, n);
    free(e);
    return err;
}

enum err keys_read(struct reader *r, struct keys_figures *out, char why[160])
{
    enum err err;

    *out = (struct keys_figures){.end = r->run.end_ns};
    err = read_types(r, out, why);
    if (!err)
        err = read_alive(r, out, why);
    if (!err)
        err =
            each(r, out,
                 "SELECT type, t_end / 3600000000000 AS hour, count(*) FROM keys WHERE run_id = ?1 "
                 "AND end_reason IS 'renewed' GROUP BY type, hour ORDER BY type, hour",
                 0, take_renewals, why);
    if (!err)
        err = read_gaps(r, out, why);
    if (!err)
        err = read_cliff(r, out, why);
    for (size_t i = 0; i < out->n && out->end > 0; i++)
        out->types[i].renewals_mean =
            (double)out->types[i].renewed / ((double)out->end / (double)HOUR);
    if (err)
        keys_release(out);
    return err;
}

void keys_release(struct keys_figures *k)
{
    for (size_t i = 0; i < k->n; i++)
        free(k->types[i].name);
    free(k->types);
    *k = (struct keys_figures){0};
}
