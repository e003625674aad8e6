#include "results/report_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/text.h"
#include "sim/base/xalloc.h"

/* Each figure: data as .csv, a .gp script that can be changed and run again, and the .svg it makes.
 * Lines differ in dash as in colour, and areas in brightness, so that grey paper is enough. */

#define POINTS          400 /* of a curve; more is not seen */
#define BINS            240 /* of the time axis */
#define MOST_CURVES     9
#define GNUPLOT_SECONDS 30

static const char *const outputs[] = {
    "latency-cdf.csv",  "latency-cdf.gp",    "latency-cdf.svg", "latency-parts.csv",
    "latency-parts.gp", "latency-parts.svg", "load.csv",        "load-queues.csv",
    "load.gp",          "load.svg",          "keys-alive.csv",  "keys-alive.gp",
    "keys-alive.svg",
};

struct figures {
    struct reader *r;
    const struct stats *s;
    const char *folder;
    const char *unit; /* of the time axis */
    double unit_ns;
    sim_ns bin, end;
    FILE *to; /* the file that is being written */
    char *path;
};

/* ---- files ---- */

static enum err begin(struct figures *f, const char *name, char why[160])
{
    f->path = xasprintf("%s/%s", f->folder, name);
    f->to = fopen(f->path, "we");
    if (f->to)
        return OK;
    snprintf(why, 160, "cannot write %.100s: %s", f->path, strerror(errno));
    enum err err = errno == ENOSPC ? ERR_DISK_FULL : errno == EACCES ? ERR_READ_ONLY : ERR_IO;
    free(f->path);
    return err;
}

static enum err end(struct figures *f, char why[160])
{
    bool failed = ferror(f->to) != 0;
    failed = fclose(f->to) != 0 || failed;
    enum err err = OK;
    if (failed) {
        err = errno == ENOSPC ? ERR_DISK_FULL : ERR_IO;
        snprintf(why, 160, "cannot write %.100s: %s", f->path, strerror(errno));
        unlink(f->path);
    }
    free(f->path);
    f->to = NULL;
    return err;
}

static void put_without(FILE *to, const char *s, const char *forbidden)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        fputc(c < 0x20 || c == 0x7f || strchr(forbidden, c) ? '_' : c, to);
    }
}

/* A name between commas. */
static void put_name(FILE *to, const char *s)
{
    put_without(to, s, "\",#");
}

/* A name inside gnuplot's single quotes: what could end them, or mean something else to it. */
static void put_quoted(FILE *to, const char *s)
{
    put_without(to, s, "'\"\\`@$");
}

static void put_head(struct figures *f, const char *name, int height)
{
    fprintf(f->to,
            "# Draws %s.svg: gnuplot %s.gp\n"
            "set terminal svg noenhanced size 960,%d font 'Helvetica,15' background 'white'\n"
            "set output '%s.svg'\n"
            "set datafile separator comma\n"
            "set border 3 linewidth 1 linecolor '#444444'\n"
            "set tics nomirror out\n"
            "set grid linecolor '#dddddd' linewidth 1 dashtype solid\n",
            name, name, height, name);
    /* Okabe and Ito's colours, told apart by most eyes; each with a dash of its own. */
    static const char *const styles[MOST_CURVES] = {
        "'#000000' dashtype solid", "'#0072b2' dashtype (14,5)",
        "'#d55e00' dashtype (4,4)", "'#009e73' dashtype (14,4,3,4)",
        "'#cc79a7' dashtype solid", "'#e69f00' dashtype (20,8)",
        "'#56b4e9' dashtype (2,3)", "'#777777' dashtype (14,4,3,4,3,4)",
        "'#8b5a2b' dashtype (8,3)"};
    for (int i = 0; i < MOST_CURVES; i++)
        fprintf(f->to, "set linetype %d linewidth 2.2 linecolor %s\n", i + 1, styles[i]);
}

/* As the title of a multiplot of `rows` plots: only so does the key stand below it. */
static void put_title(struct figures *f, const char *title, int rows)
{
    fprintf(f->to, "set multiplot layout %d,1 title '%s: ", rows, title);
    put_quoted(f->to, f->r->run.title);
    if (strcmp(f->r->run.status, "done") != 0)
        fputs(" (partial run)", f->to);
    fputs("'\n", f->to);
}

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

/* ---- latencies ---- */

static void put_cdf_block(struct figures *f, const struct stats_group *g)
{
    size_t step = g->success / POINTS + 1;
    for (size_t i = 0; i < g->success;
         i = i + step < g->success || i == g->success - 1 ? i + step : g->success - 1) {
        put_name(f->to, g->kind);
        fputc(',', f->to);
        put_name(f->to, g->method);
        fprintf(f->to, ",%.9g,%.6f\n", (double)g->latency[i] / 1e9,
                (double)(i + 1) / (double)g->success);
    }
    fputs("\n\n", f->to);
}

static size_t with_success(const struct stats *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->group_count; i++)
        n += s->groups[i].success > 0;
    return n < MOST_CURVES ? n : MOST_CURVES;
}

/* From the shortest to the longest, with 1, 2 and 5 of each decade named where there is room. */
static void put_latency_axis(struct figures *f)
{
    sim_ns low = SIM_NEVER, high = 1;
    for (size_t i = 0; i < f->s->group_count; i++) {
        const struct stats_group *g = &f->s->groups[i];
        if (!g->success)
            continue;
        low = sim_ns_min(low, stats_quantile(g, 0));
        high = g->latency[g->success - 1] > high ? g->latency[g->success - 1] : high;
    }
    low = low < 1 ? 1 : low; /* a logarithm has no 0 */
    double from = (double)low / 1.1e9, to = (double)high * 1.1 / 1e9, decade = 1e-9;
    fprintf(f->to,
            "set logscale x\nset xrange [%.3g:%.3g]\n"
            "set xlabel 'latency, intended start to end (s)'\nset xtics (",
            from, to);
    while (decade * 10 <= from)
        decade *= 10;
    const char *comma = "";
    for (; decade < to; decade *= 10) {
        static const int digits[] = {1, 2, 5};
        for (size_t i = 0; i < (to / from < 3000 ? 3 : 1); i++) {
            double at = decade * digits[i];
            if (at < from || at > to)
                continue;
            fprintf(f->to, "%s'%g' %g", comma, at, at);
            comma = ", ";
        }
    }
    fputs(")\n", f->to);
}

static enum err write_cdf(struct figures *f, char why[160])
{
    enum err err = begin(f, "latency-cdf.csv", why);
    if (err)
        return err;
    fputs("# kind,method,latency_s,share\n", f->to);
    for (size_t i = 0, n = 0; i < f->s->group_count && n < MOST_CURVES; i++) {
        if (f->s->groups[i].success) {
            put_cdf_block(f, &f->s->groups[i]);
            n++;
        }
    }
    err = end(f, why);
    if (!err)
        err = begin(f, "latency-cdf.gp", why);
    if (err)
        return err;
    put_head(f, "latency-cdf", 560);
    put_title(f, "Latency by procedure", 1);
    put_latency_axis(f);
    fputs("set ylabel 'share of the successful'\nset yrange [0:1.02]\n"
          "set key above center horizontal samplen 4 width 2 maxrows 4\nplot",
          f->to);
    for (size_t i = 0, n = 0; i < f->s->group_count && n < MOST_CURVES; i++) {
        const struct stats_group *g = &f->s->groups[i];
        if (!g->success)
            continue;
        fprintf(f->to, "%s 'latency-cdf.csv' index %zu using 3:4 with steps title '",
                n ? ", \\\n    " : "", n);
        put_quoted(f->to, g->kind);
        fputc(' ', f->to);
        put_quoted(f->to, g->method);
        fputc('\'', f->to);
        n++;
    }
    fputs("\nunset multiplot\n", f->to);
    return end(f, why);
}

static enum err write_parts_data(struct figures *f, char why[160])
{
    enum err err = begin(f, "latency-parts.csv", why);
    if (err)
        return err;
    fputs("# kind method,mean,mean_s", f->to);
    for (int k = 0; k < STATS_PARTS; k++)
        fprintf(f->to, ",%s_s", stats_part_names[k]);
    fputc('\n', f->to);
    for (size_t i = 0; i < f->s->group_count; i++) {
        const struct stats_group *g = &f->s->groups[i];
        char mean[32];
        if (!g->success)
            continue;
        put_name(f->to, g->kind);
        fputc(' ', f->to);
        put_name(f->to, g->method);
        fprintf(f->to, ",%s,%.9g", text_time(g->mean_ns, mean), g->mean_ns / 1e9);
        for (int k = 0; k < STATS_PARTS; k++)
            fprintf(f->to, ",%.9g", g->parts_ns[k] / 1e9);
        fputc('\n', f->to);
    }
    return end(f, why);
}

static enum err write_parts(struct figures *f, char why[160])
{
    /* Brightness grows from part to part: told apart without colour. */
    static const char *const fills[STATS_PARTS] = {"#3b0f52", "#443983", "#31688e", "#21918c",
                                                   "#4fc26b", "#a6db35", "#fbe96a"};
    size_t bars = 0;
    for (size_t i = 0; i < f->s->group_count; i++)
        bars += f->s->groups[i].success > 0;
    enum err err = write_parts_data(f, why);
    if (!err)
        err = begin(f, "latency-parts.gp", why);
    if (err)
        return err;
    put_head(f, "latency-parts", 200 + 46 * (int)(bars < 40 ? bars : 40));
    put_title(f, "Where the time went", 1);
    fprintf(f->to,
            "set xlabel 'share of the mean latency, which stands in brackets (%%)'\n"
            "set xrange [0:100]\nset yrange [%zu.5:-0.5]\n"
            "unset grid\nset grid xtics linecolor '#dddddd' linewidth 1 dashtype solid\n"
            "set ytics scale 0\nset rmargin 4\n"
            "label(name, mean) = name . ' (' . mean . ')'\n"
            "set key above center horizontal width 1 maxrows 2\n"
            "share(c) = column(3) > 0 ? 100 * column(c) / column(3) : 0\n"
            "from(c) = c > 4 ? (sum [k=4:c-1] share(k)) : 0\nplot",
            bars - 1);
    for (int k = 0; k < STATS_PARTS; k++)
        fprintf(
            f->to,
            "%s 'latency-parts.csv' using (0):0:(from(%d)):(from(%d) + share(%d)):($0 - "
            "0.36):($0 + 0.36):ytic(label(strcol(1), strcol(2))) \\\n        with boxxyerror "
            "fillstyle solid 1 border rgb 'white' fillcolor rgb '%s' linewidth 1 dashtype solid "
            "title '%s'",
            k ? ", \\\n    " : "", k + 4, k + 4, k + 4, fills[k], stats_part_labels[k]);
    fputs("\nunset multiplot\n", f->to);
    return end(f, why);
}

/* ---- over time ---- */

static enum err write_load_data(struct figures *f, char why[160])
{
    sqlite3_stmt *q = NULL;
    uint64_t(*bins)[2] = xcalloc(BINS + 1, sizeof *bins);
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
        bin = bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin;
        bins[bin][sqlite3_column_int(q, 1) != 0] += (uint64_t)sqlite3_column_int64(q, 2);
    }
    sqlite3_finalize(q);
    if (!err)
        err = begin(f, "load.csv", why);
    if (!err) {
        fprintf(f->to, "# t_%s,arrivals_per_s,completions_per_s\n", f->unit);
        double seconds = (double)f->bin / 1e9;
        for (int i = 0; i <= BINS && i * f->bin < f->end; i++)
            fprintf(f->to, "%.9g,%.6g,%.6g\n", (double)(i * f->bin) / f->unit_ns,
                    (double)bins[i][0] / seconds, (double)bins[i][1] / seconds);
        err = end(f, why);
    }
    free(bins);
    return err;
}

/* The highest queue in each bin of the first `servers` servers, a block each. */
static enum err write_queues(struct figures *f, size_t servers, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = begin(f, "load-queues.csv", why);
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
            put_name(f->to, f->s->servers[i].name);
            fprintf(f->to, ",%.9g,%.9g\n",
                    (double)sqlite3_column_int64(q, 0) * (double)f->bin / f->unit_ns,
                    sqlite3_column_double(q, 1));
        }
        fputs("\n\n", f->to);
        sqlite3_reset(q);
    }
    sqlite3_finalize(q);
    enum err ended = end(f, why);
    return err ? err : ended;
}

static enum err write_load(struct figures *f, char why[160])
{
    size_t servers = f->s->server_count < MOST_CURVES ? f->s->server_count : MOST_CURVES;
    enum err err = write_load_data(f, why);
    if (!err)
        err = write_queues(f, servers, why);
    if (!err)
        err = begin(f, "load.gp", why);
    if (err)
        return err;
    put_head(f, "load", servers ? 760 : 420);
    put_title(f, "Arrivals, completions and queues", servers ? 2 : 1);
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
        fputs("set yrange [0:*]\nset ylabel 'jobs waiting (highest)'\n"
              "set offsets 0,0,graph 0.08,0\n"
              "set key above right horizontal samplen 4 maxrows 3\nplot",
              f->to);
        for (size_t i = 0; i < servers; i++) {
            fprintf(f->to,
                    "%s 'load-queues.csv' index %zu using 2:3 with steps linetype %zu title '",
                    i ? ", \\\n    " : "", i, i + 1);
            put_quoted(f->to, f->s->servers[i].name);
            fputc('\'', f->to);
        }
        fputc('\n', f->to);
    }
    fputs("unset multiplot\n", f->to);
    return end(f, why);
}

/* The last state in each bin, type after type. */
static enum err write_keys_data(struct figures *f, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = begin(f, "keys-alive.csv", why);
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
        put_name(f->to, type);
        fputs(",0,0\n", f->to);
        while (reader_step(f->r, q, &err, why)) {
            alive = sqlite3_column_int64(q, 1);
            put_name(f->to, type);
            fprintf(f->to, ",%.9g,%" PRId64 "\n", (double)sqlite3_column_int64(q, 0) / f->unit_ns,
                    alive);
        }
        put_name(f->to, type);
        fprintf(f->to, ",%.9g,%" PRId64 "\n\n\n", (double)f->end / f->unit_ns, alive);
        sqlite3_reset(q);
    }
    sqlite3_finalize(q);
    enum err ended = end(f, why);
    return err ? err : ended;
}

static enum err write_keys(struct figures *f, char why[160])
{
    enum err err = write_keys_data(f, why);
    if (!err)
        err = begin(f, "keys-alive.gp", why);
    if (err)
        return err;
    put_head(f, "keys-alive", 480);
    put_title(f, "Keys alive", 1);
    put_time_axis(f);
    fputs("set ylabel 'keys'\nset yrange [0:*]\nset offsets 0,0,graph 0.06,0\n"
          "set key above center horizontal samplen 4 width 2\nplot",
          f->to);
    for (size_t i = 0; i < f->s->key_count && i < MOST_CURVES; i++) {
        fprintf(f->to, "%s 'keys-alive.csv' index %zu using 2:3 with steps title '",
                i ? ", \\\n    " : "", i);
        put_quoted(f->to, f->s->keys[i].type);
        fputc('\'', f->to);
    }
    fputs("\nunset multiplot\n", f->to);
    return end(f, why);
}

/* ---- all of them ---- */

static void choose_axis(struct figures *f)
{
    static const struct {
        double up_to_s, ns;
        const char *name;
    } units[] = {
        {300, 1e9, "s"}, {3 * 3600, 60e9, "min"}, {96 * 3600, 3600e9, "h"}, {1e18, 86400e9, "d"}};
    f->end = f->r->run.end_ns;
    if (f->end <= 0 && f->r->until_ns > 0) /* a run that was killed */
        f->end = f->r->until_ns;
    if (f->end < BINS)
        f->end = BINS;
    f->bin = (f->end + BINS - 1) / BINS;
    size_t i = 0;
    while ((double)f->end / 1e9 > units[i].up_to_s)
        i++;
    f->unit = units[i].name;
    f->unit_ns = units[i].ns;
}

static enum err check_free(const char *folder, char why[160])
{
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        char *path = xasprintf("%s/%s", folder, outputs[i]);
        bool there = access(path, F_OK) == 0;
        if (there)
            snprintf(why, 160, "%.120s is there already", path);
        free(path);
        if (there)
            return ERR_EXISTS;
    }
    return OK;
}

static enum err draw(struct figures *f, const char *script, char why[160])
{
    return gnuplot_run(f->folder, script, GNUPLOT_SECONDS, why);
}

enum err figures_write(struct reader *r, const struct stats *s, const char *folder, bool force,
                       char why[160])
{
    struct figures f = {.r = r, .s = s, .folder = folder};
    bool latencies = with_success(s) > 0, load = s->group_count > 0, keys = s->key_count > 0;
    enum err err = force ? OK : check_free(folder, why);
    choose_axis(&f);
    if (!err && latencies)
        err = write_cdf(&f, why);
    if (!err && latencies)
        err = write_parts(&f, why);
    if (!err && load)
        err = write_load(&f, why);
    if (!err && keys)
        err = write_keys(&f, why);
    if (!err && latencies)
        err = draw(&f, "latency-cdf.gp", why);
    if (!err && latencies)
        err = draw(&f, "latency-parts.gp", why);
    if (!err && load)
        err = draw(&f, "load.gp", why);
    if (!err && keys)
        err = draw(&f, "keys-alive.gp", why);
    return err;
}
