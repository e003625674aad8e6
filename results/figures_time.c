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
    fputs("set lmargin 10\nset rmargin 3\n", f->to);
}

/* Wide enough that a rate is one: about ten procedures in each, where there are few. */
static sim_ns load_bin(const struct figures *f)
{
    uint64_t n = 0;
    for (size_t i = 0; i < f->s->group_count; i++)
        n += f->s->groups[i].n;
    n /= 10;
    n = n < 24 ? 24 : n > FIGURES_BINS ? FIGURES_BINS : n;
    return (f->end + (sim_ns)n - 1) / (sim_ns)n;
}

static enum err write_load_data(struct figures *f, char why[160])
{
    sqlite3_stmt *q = NULL;
    sim_ns width = load_bin(f);
    uint64_t(*bins)[2] = xcalloc(FIGURES_BINS + 1, sizeof *bins);
    enum err err = reader_query(
        f->r,
        "SELECT t_intended / ?2, 0, count(*) FROM procedures WHERE run_id = ?1 GROUP BY 1 "
        "UNION ALL SELECT t_end / ?2, 1, count(*) FROM procedures WHERE run_id = ?1 "
        "AND outcome = 'success' AND t_end IS NOT NULL GROUP BY 1",
        &q, why);
    if (!err)
        sqlite3_bind_int64(q, 2, width);
    while (!err && reader_step(f->r, q, &err, why)) {
        int64_t bin = sqlite3_column_int64(q, 0);
        bin = bin < 0 ? 0 : bin >= FIGURES_BINS ? FIGURES_BINS - 1 : bin;
        bins[bin][sqlite3_column_int(q, 1) != 0] += (uint64_t)sqlite3_column_int64(q, 2);
    }
    sqlite3_finalize(q);
    if (!err)
        err = figures_begin(f, "load", ".csv", why);
    if (!err) {
        fprintf(f->to, "# t_%s,arrivals_per_s,completions_per_s\n", f->unit);
        double rate[2] = {0, 0};
        for (int i = 0; i <= FIGURES_BINS && i * width < f->end; i++) {
            sim_ns rest = f->end - i * width; /* the last may be shorter */
            for (int k = 0; k < 2; k++)
                rate[k] = (double)bins[i][k] * 1e9 / (double)(rest < width ? rest : width);
            fprintf(f->to, "%.9g,%.6g,%.6g\n", (double)(i * width) / f->unit_ns, rate[0], rate[1]);
        }
        fprintf(f->to, "%.9g,%.6g,%.6g\n", (double)f->end / f->unit_ns, rate[0], rate[1]);
        err = figures_end(f, why);
    }
    free(bins);
    return err;
}

/* The highest queue in each bin of the first `servers` servers, a block each. */
static enum err write_queues(struct figures *f, size_t servers, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = figures_begin(f, "load-queues", ".csv", why);
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

static double longest_queue(const struct figures *f, size_t servers)
{
    double most = 0;
    for (size_t i = 0; i < servers; i++)
        most = f->s->servers[i].queue_peak > most ? f->s->servers[i].queue_peak : most;
    return most;
}

static void put_queues_plot(struct figures *f, struct figure *g, size_t servers)
{
    static const char *const styles[FIGURES_CURVES] = {"l1", "l2", "l3", "l4", "l5",
                                                       "l6", "l7", "l8", "l9"};
    /* Jobs are counted: no halves on a short axis. */
    fprintf(f->to,
            "set yrange [0:4<*]\nset ylabel 'jobs waiting'\nset offsets 0,0,graph 0.08,0\n%s"
            "if (!page) { set key above right horizontal samplen 4 maxrows 3 }\nplot",
            longest_queue(f, servers) < 6 ? "set ytics 1\n" : "");
    for (size_t i = 0; i < servers; i++) {
        char label[120];
        fprintf(f->to, "%s 'load-queues.csv' index %zu using 2:3 with steps linetype %zu title '",
                i ? ", \\\n    " : "", i, i + 2);
        figures_quoted(f->to, f->s->servers[i].name);
        fputc('\'', f->to);
        snprintf(label, sizeof label, "queue of %s", f->s->servers[i].name);
        figures_legend(g, styles[i + 1], label);
    }
    fputc('\n', f->to);
}

enum err figures_load(struct figures *f, char why[160])
{
    size_t most = FIGURES_CURVES - 1; /* the first line is the completions' */
    size_t servers = f->s->server_count < most ? f->s->server_count : most;
    bool waited = longest_queue(f, servers) > 0; /* nine lines at 0 show nothing */
    if (f->s->group_count == 0)
        return OK;
    struct figure *g = figures_add(
        f, "load", waited ? "Arrivals, completions and queues" : "Arrivals and completions",
        waited ? "Above: procedures that were due, and those that ended well, each second. Below: "
                 "jobs that waited for a worker at each server, the highest sample of each stretch."
        : servers ? "Procedures that were due, and those that ended well, each second. In no "
                    "sample had any server a job that waited for a worker."
                  : "Procedures that were due, and those that ended well, each second.");
    enum err err = write_load_data(f, why);
    if (!err)
        err = write_queues(f, servers, why);
    if (!err)
        err = figures_begin(f, "load", ".gp", why);
    if (err)
        return err;
    figures_legend(g, "area", "arrivals a second (intended start)");
    figures_legend(g, "l1", "completions a second (successful)");
    figures_head(f, g, waited ? 760 : 420, waited ? 640 : 380);
    figures_layout(f, g, waited ? 2 : 1, 1);
    put_time_axis(f);
    fputs("set yrange [0:*]\n"
          "if (page) { unset key } else { set key above right horizontal samplen 4 }\n"
          "unset ylabel\n"
          "plot 'load.csv' using 1:2 with fillsteps fillstyle solid 1 fillcolor rgb '#c9d9e8' "
          "title 'arrivals a second (intended start)', \\\n"
          "     '' using 1:3 with steps linetype 1 title 'completions a second (successful)'\n",
          f->to);
    if (waited)
        put_queues_plot(f, g, servers);
    fputs("unset multiplot\n", f->to);
    return figures_end(f, why);
}

/* The last state in each bin, type after type. */
static enum err write_keys_data(struct figures *f, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = figures_begin(f, "keys-alive", ".csv", why);
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
    static const char *const styles[FIGURES_CURVES] = {"l1", "l2", "l3", "l4", "l5",
                                                       "l6", "l7", "l8", "l9"};
    if (f->s->key_count == 0)
        return OK;
    struct figure *g = figures_add(f, "keys-alive", "Keys alive",
                                   "Keys that were born and not yet expired, renewed, erased, "
                                   "revoked or closed, by type.");
    enum err err = write_keys_data(f, why);
    if (!err)
        err = figures_begin(f, "keys-alive", ".gp", why);
    if (err)
        return err;
    figures_head(f, g, 480, 400);
    figures_layout(f, g, 1, 1);
    put_time_axis(f);
    uint64_t most = 0;
    for (size_t i = 0; i < f->s->key_count; i++)
        most = f->s->keys[i].born > most ? f->s->keys[i].born : most;
    fputs(most < 6 ? "set ytics 1\n" : "", f->to); /* no halves of keys */
    fputs("set ylabel 'keys'\nset yrange [0:*]\nset offsets 0,0,graph 0.06,0\n"
          "if (page) { unset key } else { set key above center horizontal samplen 4 width 2 }\n"
          "plot",
          f->to);
    for (size_t i = 0; i < f->s->key_count && i < FIGURES_CURVES; i++) {
        fprintf(f->to, "%s 'keys-alive.csv' index %zu using 2:3 with steps linetype %zu title '",
                i ? ", \\\n    " : "", i, i + 1);
        figures_quoted(f->to, f->s->keys[i].type);
        fputc('\'', f->to);
        figures_legend(g, styles[i], f->s->keys[i].type);
    }
    fputs("\nunset multiplot\n", f->to);
    return figures_end(f, why);
}
