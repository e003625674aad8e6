#include "results/figures_impl.h"

#include <inttypes.h>
#include <stdlib.h>

#include "sim/base/xalloc.h"

/* The figures over virtual time. */

static void put_time_axis(struct figures *f)
{
    static const double steps[] = {0.1, 0.2, 0.5, 1, 2, 3, 4, 6, 10, 15, 20, 30, 60};
    double span = (double)f->end / f->unit_ns;
    size_t i = 0;
    while (i + 1 < sizeof steps / sizeof steps[0] && span / steps[i] > 8)
        i++;
    fprintf(f->to, "set xlabel 'virtual time (%s)'\nset xrange [0:%.9g]\n", f->unit, span);
    if (span / steps[i] <= 8)
        fprintf(f->to, "set xtics 0,%g\n", steps[i]);
}

static enum err write_load_data(struct figures *f, char why[160])
{
    sqlite3_stmt *q = NULL;
    uint64_t(*bins)[2] = xcalloc(FIGURES_BINS + 1, sizeof *bins);
    enum err err = reader_query(
        f->r,
        "SELECT t_intended / ?2, 0, count(*) FROM procedures WHERE run_id = ?1 GROUP BY 1 "
        "UNION ALL SELECT t_end / ?2, 1, count(*) FROM procedures WHERE run_id = ?1 "
        "AND outcome = 'success' AND t_end IS NOT NULL GROUP BY 1",
        &q, why);
    if (!err)
        sqlite3_bind_int64(q, 2, f->bin);
    while (!err && reader_step(f->r, q, &err, why)) {
        int64_t bin = sqlite3_column_int64(q, 0);
        bin = bin < 0 ? 0 : bin >= FIGURES_BINS ? FIGURES_BINS - 1 : bin;
        bins[bin][sqlite3_column_int(q, 1) != 0] += (uint64_t)sqlite3_column_int64(q, 2);
    }
    sqlite3_finalize(q);
    if (!err)
        err = figures_begin(f, "load.csv", why);
    if (!err) {
        fprintf(f->to, "# t_%s,arrivals_per_s,completions_per_s\n", f->unit);
        double seconds = (double)f->bin / 1e9;
        for (int i = 0; i <= FIGURES_BINS && i * f->bin < f->end; i++)
            fprintf(f->to, "%.9g,%.6g,%.6g\n", (double)(i * f->bin) / f->unit_ns,
                    (double)bins[i][0] / seconds, (double)bins[i][1] / seconds);
        err = figures_end(f, why);
    }
    free(bins);
    return err;
}

/* The highest queue in each bin of the first `servers` servers, a block each. */
static enum err write_queues(struct figures *f, size_t servers, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = figures_begin(f, "load-queues.csv", why);
    if (err)
        return err;
    fprintf(f->to, "# server,t_%s,queue\n", f->unit);
    err = reader_query(f->r,
                       "SELECT t / ?2 AS bin, max(value) FROM series WHERE run_id = ?1 "
                       "AND metric = 'queue' AND grp = ?3 GROUP BY bin ORDER BY bin",
                       &q, why);
    for (size_t i = 0; i < servers && !err; i++) {
        sqlite3_bind_int64(q, 2, f->bin);
        sqlite3_bind_text(q, 3, f->s->servers[i].name, -1, SQLITE_STATIC);
        while (reader_step(f->r, q, &err, why)) {
            figures_name(f->to, f->s->servers[i].name);
            fprintf(f->to, ",%.9g,%.9g\n",
                    (double)sqlite3_column_int64(q, 0) * (double)f->bin / f->unit_ns,
                    sqlite3_column_double(q, 1));
        }
        fputs("\n\n", f->to);
        sqlite3_reset(q);
    }
    sqlite3_finalize(q);
    enum err ended = figures_end(f, why);
    return err ? err : ended;
}

enum err figures_load(struct figures *f, char why[160])
{
    size_t servers = f->s->server_count < FIGURES_CURVES ? f->s->server_count : FIGURES_CURVES;
    enum err err = write_load_data(f, why);
    if (!err)
        err = write_queues(f, servers, why);
    if (!err)
        err = figures_begin(f, "load.gp", why);
    if (err)
        return err;
    figures_head(f, "load", servers ? 760 : 420);
    figures_title(f, "Arrivals, completions and queues", servers ? 2 : 1);
    fputs("set lmargin 11\nset rmargin 4\n", f->to);
    put_time_axis(f);
    fputs("set yrange [0:*]\n"
          "set key above right horizontal samplen 4\n"
          "set ylabel 'procedures a second'\n"
          "plot 'load.csv' using 1:2 with fillsteps fillstyle solid 1 fillcolor rgb '#c9d9e8' "
          "title 'arrivals (intended start)', \\\n"
          "     '' using 1:3 with steps linetype 1 title 'completions (successful)'\n",
          f->to);
    if (servers) {
        fputs("set yrange [0:4<*]\nset ylabel 'jobs waiting (highest sample)'\n"
              "set offsets 0,0,graph 0.08,0\n"
              "set key above right horizontal samplen 4 maxrows 3\nplot",
              f->to);
        for (size_t i = 0; i < servers; i++) {
            fprintf(f->to,
                    "%s 'load-queues.csv' index %zu using 2:3 with steps linetype %zu title '",
                    i ? ", \\\n    " : "", i, i + 1);
            figures_quoted(f->to, f->s->servers[i].name);
            fputc('\'', f->to);
        }
        fputc('\n', f->to);
    }
    fputs("unset multiplot\n", f->to);
    return figures_end(f, why);
}

/* The last state in each bin, type after type. */
static enum err write_keys_data(struct figures *f, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = figures_begin(f, "keys-alive.csv", why);
    if (err)
        return err;
    fprintf(f->to, "# type,t_%s,alive\n", f->unit);
    err = reader_query(f->r,
                       "SELECT max(t), alive FROM v_keys_alive WHERE run_id = ?1 AND type = ?3 "
                       "GROUP BY t / ?2 ORDER BY t",
                       &q, why);
    for (size_t i = 0; i < f->s->key_count && !err; i++) {
        const char *type = f->s->keys[i].type;
        int64_t alive = 0;
        sqlite3_bind_int64(q, 2, f->bin);
        sqlite3_bind_text(q, 3, type, -1, SQLITE_STATIC);
        figures_name(f->to, type);
        fputs(",0,0\n", f->to);
        while (reader_step(f->r, q, &err, why)) {
            alive = sqlite3_column_int64(q, 1);
            figures_name(f->to, type);
            fprintf(f->to, ",%.9g,%" PRId64 "\n", (double)sqlite3_column_int64(q, 0) / f->unit_ns,
                    alive);
        }
        figures_name(f->to, type);
        fprintf(f->to, ",%.9g,%" PRId64 "\n\n\n", (double)f->end / f->unit_ns, alive);
        sqlite3_reset(q);
    }
    sqlite3_finalize(q);
    enum err ended = figures_end(f, why);
    return err ? err : ended;
}

enum err figures_keys(struct figures *f, char why[160])
{
    enum err err = write_keys_data(f, why);
    if (!err)
        err = figures_begin(f, "keys-alive.gp", why);
    if (err)
        return err;
    figures_head(f, "keys-alive", 480);
    figures_title(f, "Keys alive", 1);
    put_time_axis(f);
    fputs("set ylabel 'keys'\nset yrange [0:*]\nset offsets 0,0,graph 0.06,0\n"
          "set key above center horizontal samplen 4 width 2\nplot",
          f->to);
    for (size_t i = 0; i < f->s->key_count && i < FIGURES_CURVES; i++) {
        fprintf(f->to, "%s 'keys-alive.csv' index %zu using 2:3 with steps title '",
                i ? ", \\\n    " : "", i);
        figures_quoted(f->to, f->s->keys[i].type);
        fputc('\'', f->to);
    }
    fputs("\nunset multiplot\n", f->to);
    return figures_end(f, why);
}
