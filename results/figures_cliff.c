#include "results/figures_impl.h"

#include <stdlib.h>

#include "results/text.h"
#include "sim/base/units.h"
#include "sim/base/xalloc.h"

/* The expiry cliff: when the keys that are alive at the run's end will expire, if nobody renews
 * them. A panel for each type, over the stretch in which it happens. */

#define PANELS 4
#define BINS   60

struct cliff {
    const char *type;
    sim_ns first, last; /* expiries */
    uint64_t n;
    sim_ns bin;
    const char *unit;
    double unit_ns;
};

/* A width that people read: 1, 2 or 5 times a power of ten of the axis' unit. */
static void choose_bin(struct cliff *c)
{
    double span = (double)(c->last - c->first + 1), step = 1e-3;
    c->unit = figures_unit(span, &c->unit_ns);
    for (int i = 0; step * c->unit_ns * (BINS - 1) < span; i++)
        step *= i % 3 == 1 ? 2.5 : 2;
    c->bin = (sim_ns)(step * c->unit_ns);
    c->bin = c->bin > 0 ? c->bin : 1;
}

/* In the order of stats; how many. */
static size_t read_cliffs(struct figures *f, struct cliff *out, enum err *err, char why[160])
{
    sqlite3_stmt *q = NULL;
    size_t n = 0;
    *err = reader_query(f->r,
                        "SELECT count(*), min(t_expires), max(t_expires) FROM keys "
                        "WHERE run_id = ?1 AND type = ?2 AND t_expires > ?3 "
                        "AND (t_end IS NULL OR end_reason = 'run-end')",
                        &q, why);
    for (size_t i = 0; i < f->s->key_count && n < PANELS && !*err; i++) {
        sqlite3_bind_text(q, 2, f->s->keys[i].type, -1, SQLITE_STATIC);
        sqlite3_bind_int64(q, 3, f->end);
        if (reader_step(f->r, q, err, why) && sqlite3_column_int64(q, 0) > 1) {
            struct cliff *c = &out[n++];
            *c = (struct cliff){.type = f->s->keys[i].type,
                                .n = (uint64_t)sqlite3_column_int64(q, 0),
                                .first = sqlite3_column_int64(q, 1),
                                .last = sqlite3_column_int64(q, 2)};
            choose_bin(c);
        }
        sqlite3_reset(q);
    }
    sqlite3_finalize(q);
    return n;
}

static enum err write_data(struct figures *f, const struct cliff *cliffs, size_t n, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = figures_begin(f, "expiry-cliff", ".csv", why);
    if (err)
        return err;
    fputs("# type,time after the first expiry (unit as in the script),keys\n", f->to);
    err = reader_query(f->r,
                       "SELECT (t_expires - ?4) / ?5 AS bin, count(*) FROM keys "
                       "WHERE run_id = ?1 AND type = ?2 AND t_expires > ?3 "
                       "AND (t_end IS NULL OR end_reason = 'run-end') GROUP BY bin",
                       &q, why);
    for (size_t i = 0; i < n && !err; i++) {
        const struct cliff *c = &cliffs[i];
        uint64_t bins[BINS] = {0};
        sqlite3_bind_text(q, 2, c->type, -1, SQLITE_STATIC);
        sqlite3_bind_int64(q, 3, f->end);
        sqlite3_bind_int64(q, 4, c->first);
        sqlite3_bind_int64(q, 5, c->bin);
        while (reader_step(f->r, q, &err, why)) {
            int64_t bin = sqlite3_column_int64(q, 0);
            if (bin >= 0 && bin < BINS)
                bins[bin] = (uint64_t)sqlite3_column_int64(q, 1);
        }
        for (int k = 0; k < BINS; k++) {
            figures_name(f->to, c->type);
            fprintf(f->to, ",%.9g,%llu\n", ((double)k + 0.5) * (double)c->bin / c->unit_ns,
                    (unsigned long long)bins[k]);
        }
        fputs("\n\n", f->to);
        sqlite3_reset(q);
    }
    sqlite3_finalize(q);
    enum err ended = figures_end(f, why);
    return err ? err : ended;
}

static void put_panel(struct figures *f, const struct cliff *c, size_t i)
{
    char count[32], first[32], bin[32];
    units_human_time(c->first - f->end, first, sizeof first);
    units_human_time(c->bin, bin, sizeof bin);
    fputs("set title '", f->to);
    figures_quoted(f->to, c->type);
    fprintf(f->to,
            ": %s keys, the first %s after the end' noenhanced offset 0,-0.5\n"
            "set xlabel 'time after the first expiry (%s)'\nset ylabel 'keys in each %s'\n"
            "set xrange [0:%.9g]\nset boxwidth %.9g\n"
            "plot 'expiry-cliff.csv' index %zu using 2:3 with boxes fillstyle solid 1 "
            "border rgb '#ffffff' fillcolor rgb '#31688e' notitle\n",
            text_count(c->n, count), first, c->unit, bin,
            (double)(((c->last - c->first) / c->bin + 1) * c->bin) / c->unit_ns,
            (double)c->bin / c->unit_ns, i);
}

enum err figures_cliff(struct figures *f, char why[160])
{
    struct cliff cliffs[PANELS];
    enum err err = OK;
    size_t n = read_cliffs(f, cliffs, &err, why);
    if (err || n == 0)
        return err;
    struct figure *g =
        figures_add(f, "expiry-cliff", "The expiry cliff ahead",
                    "When the keys that are alive at the end of the run would expire, by type. A "
                    "narrow peak means that many devices will come back at once.");
    err = write_data(f, cliffs, n, why);
    if (!err)
        err = figures_begin(f, "expiry-cliff", ".gp", why);
    if (err)
        return err;
    int height = 120 + 230 * (int)n;
    figures_head(f, g, height, height);
    figures_layout(f, g, (int)n, 1);
    fputs("set lmargin 9\nset rmargin 3\nset yrange [0:*]\nunset key\n", f->to);
    for (size_t i = 0; i < n; i++)
        put_panel(f, &cliffs[i], i);
    fputs("unset multiplot\n", f->to);
    return figures_end(f, why);
}
