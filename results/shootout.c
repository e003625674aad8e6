/* shootout: what each method costs, side by side. The unit is the device: each one's mean over its
 * successful procedures of a kind, then mean and confidence interval over the devices. */
#include "results/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/interval.h"
#include "results/reader_impl.h"
#include "results/report_impl.h"
#include "results/shootout_impl.h"
#include "results/text.h"
#include "sim/base/json.h"
#include "sim/base/xalloc.h"

enum figure { LATENCY, TRIPS, OCTETS, DEVICE, SERVER, ENERGY, FIGURES };
static const char *const figure_names[FIGURES] = {"latency_ns", "round_trips", "octets",
                                                  "device_ns",  "server_ns",   "energy_nj"};

/* Sum and sum of squared differences from the mean (Welford's). */
struct spread {
    double mean, squares;
};

struct row {
    char *link, *kind, *method;
    uint64_t n, success; /* procedures */
    uint64_t devices;    /* with a success */
    struct spread of[FIGURES];
};

struct rows {
    struct row *at;
    size_t n;
};

/* ---- numbers ---- */

/* Half of the interval's width; 0: one device has none. */
static double half_width(const struct row *r, enum figure f)
{
    double n = (double)r->devices;

    if (r->devices < 2)
        return 0;
    return interval_t(INTERVAL_CONFIDENCE, (size_t)(r->devices - 1)) *
           sqrt(r->of[f].squares / (n - 1) / n);
}

static void add(struct row *r, const double values[FIGURES])
{
    r->devices++;
    for (int f = 0; f < FIGURES; f++) {
        struct spread *s = &r->of[f];
        double d = values[f] - s->mean;
        s->mean += d / (double)r->devices;
        s->squares += d * (values[f] - s->mean);
    }
}

/* ---- reading ---- */

static struct row *row_of(struct rows *rows, const char *link, const char *kind, const char *method)
{
    for (size_t i = 0; i < rows->n; i++) {
        struct row *r = &rows->at[i];
        if (!strcmp(r->link, link) && !strcmp(r->kind, kind) && !strcmp(r->method, method))
            return r;
    }
    rows->at = xrealloc(rows->at, (rows->n + 1) * sizeof *rows->at);
    rows->at[rows->n] =
        (struct row){.link = xstrdup(link), .kind = xstrdup(kind), .method = xstrdup(method)};
    return &rows->at[rows->n++];
}

/* What stands behind the last hyphen of a population's name. */
static const char *suffix(const char *population)
{
    const char *hyphen = strrchr(population, '-');

    return hyphen && hyphen[1] ? hyphen + 1 : "";
}

/* One row a device, kind and method; of TLS each version is a method of its own. */
static enum err read_rows(struct reader *r, struct rows *rows, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(
        r,
        SHOOTOUT_WAYS
        "SELECT coalesce(w.line, n.population), p.kind, p.method || coalesce(' ' || CASE p.method "
        "WHEN 'tls-x509' THEN w.bootstrap_version WHEN 'tls-psk' THEN w.connection_version END, "
        "'') AS name, count(*), sum(p.outcome = 'success'), "
        "avg(CASE p.outcome WHEN 'success' THEN p.t_end - p.t_intended END), "
        "avg(CASE p.outcome WHEN 'success' THEN p.round_trips END), "
        "avg(CASE p.outcome WHEN 'success' THEN p.octets_up + p.octets_down END), "
        "avg(CASE p.outcome WHEN 'success' THEN p.device_ns END), "
        "avg(CASE p.outcome WHEN 'success' THEN p.server_ns END), "
        "avg(CASE p.outcome WHEN 'success' THEN p.device_energy_nj END), w.line IS NULL "
        "FROM scope s JOIN procedures p USING (run_id) JOIN nodes n USING (run_id, node_id) "
        "LEFT JOIN ways w ON w.run_id = p.run_id AND w.population = n.population "
        "WHERE p.kind IN ('attach', 'bootstrap', 'connection') AND p.outcome <> 'unfinished' "
        "GROUP BY p.run_id, p.node_id, p.kind, name ORDER BY p.run_id, p.node_id, p.kind, name",
        &q, why);
    while (!err && reader_step(r, q, &err, why)) {
        const char *line = reader_text(q, 0);
        struct row *row = row_of(rows, sqlite3_column_int64(q, 11) ? suffix(line) : line,
                                 reader_text(q, 1), reader_text(q, 2));
        double values[FIGURES];
        row->n += (uint64_t)sqlite3_column_int64(q, 3);
        row->success += (uint64_t)sqlite3_column_int64(q, 4);
        for (int f = 0; f < FIGURES; f++)
            values[f] = sqlite3_column_double(q, 5 + f);
        if (sqlite3_column_int64(q, 4) > 0)
            add(row, values);
    }
    sqlite3_finalize(q);
    return err;
}

/* Methods without an exchange, by what their devices have or do: counted, and without figures. */
static enum err read_silent(struct reader *r, struct rows *rows, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(
        r,
        SHOOTOUT_WAYS
        "SELECT coalesce(s.line, n.population), 'bootstrap', 'pre-provisioned', count(*), "
        "s.line IS NULL, s.run_id, min(n.node_id) "
        "FROM scope s JOIN keys k USING (run_id) JOIN nodes n USING (run_id, node_id) "
        "WHERE k.type = 'Kmr' AND k.procedure_id IS NULL GROUP BY s.run_id, n.population "
        "UNION ALL SELECT coalesce(s.line, n.population), 'connection', 'none', "
        "count(DISTINCT n.node_id), s.line IS NULL, s.run_id, min(n.node_id) "
        "FROM scope s JOIN procedures p USING (run_id) JOIN nodes n USING (run_id, node_id) "
        "WHERE p.kind = 'registration' AND p.method = 'http' "
        "AND p.outcome = 'success' GROUP BY s.run_id, n.population ORDER BY 6, 7, 2",
        &q, why);

    while (!err && reader_step(r, q, &err, why)) {
        const char *line = reader_text(q, 0);
        struct row *row = row_of(rows, sqlite3_column_int64(q, 4) ? suffix(line) : line,
                                 reader_text(q, 1), reader_text(q, 2));
        row->n += (uint64_t)sqlite3_column_int64(q, 3);
        row->success = row->n;
    }
    sqlite3_finalize(q);
    return err;
}

/* A suffix that no two populations with methods of their own share says nothing of a line. */
static void forget_lone_suffixes(struct rows *rows)
{
    size_t shared = 0;

    for (size_t i = 0; i < rows->n; i++) {
        for (size_t k = 0; k < rows->n; k++)
            shared += i != k && !strcmp(rows->at[i].kind, rows->at[k].kind) &&
                      !strcmp(rows->at[i].link, rows->at[k].link);
    }
    for (size_t i = 0; shared == 0 && i < rows->n; i++)
        rows->at[i].link[0] = '\0';
}

/* Lines in the order of the scenario's nodes, bootstrap first, then the fastest method first. */
static size_t line_order(const struct rows *rows, const struct row *r)
{
    size_t i = 0;

    while (strcmp(rows->at[i].link, r->link) != 0)
        i++;
    return i;
}

static bool comes_before(const struct rows *order, const struct row *a, const struct row *b)
{
    size_t la = line_order(order, a), lb = line_order(order, b);
    int kind = strcmp(a->kind, b->kind);

    if (la != lb)
        return la < lb;
    if (kind != 0)
        return kind < 0;
    if ((a->devices > 0) != (b->devices > 0))
        return a->devices > 0;
    if (a->of[LATENCY].mean < b->of[LATENCY].mean || a->of[LATENCY].mean > b->of[LATENCY].mean)
        return a->of[LATENCY].mean < b->of[LATENCY].mean;
    return strcmp(a->method, b->method) < 0;
}

/* Few rows: the order that is asked for, one after another. */
static void sort(struct rows *rows)
{
    struct row *sorted = xcalloc(rows->n ? rows->n : 1, sizeof *sorted);
    bool *taken = xcalloc(rows->n ? rows->n : 1, sizeof *taken);

    for (size_t i = 0; i < rows->n; i++) {
        size_t best = rows->n;
        for (size_t k = 0; k < rows->n; k++) {
            if (!taken[k] && (best == rows->n || comes_before(rows, &rows->at[k], &rows->at[best])))
                best = k;
        }
        taken[best] = true;
        sorted[i] = rows->at[best];
    }
    free(taken);
    free(rows->at);
    rows->at = sorted;
}

/* ---- writing ---- */

static void put_cell(FILE *to, const struct row *r, enum figure f, double unit, int width)
{
    double half = half_width(r, f) / unit;
    char a[32], b[32], text[80] = "-";

    /* An interval below what three digits show is left out. */
    if (r->devices > 0 && half >= 0.0005 && half * 2000 > r->of[f].mean / unit)
        snprintf(text, sizeof text, "%s ±%s", text_figure(r->of[f].mean / unit, a),
                 text_figure(half, b));
    else if (r->devices > 0)
        snprintf(text, sizeof text, "%s", text_figure(r->of[f].mean / unit, a));
    fputc(' ', to);
    text_cell(to, text, -width);
}

static void put_row(FILE *to, const struct row *r)
{
    char share[32];

    text_cell(to, r->method, 16);
    fprintf(to, "%5llu %6s", (unsigned long long)r->n, text_share(r->success, r->n, share));
    put_cell(to, r, LATENCY, 1e6, 13);
    put_cell(to, r, TRIPS, 1, 11);
    put_cell(to, r, OCTETS, 1, 11);
    put_cell(to, r, DEVICE, 1e6, 12);
    put_cell(to, r, SERVER, 1e6, 12);
    put_cell(to, r, ENERGY, 1e6, 12);
    fputc('\n', to);
}

static void put_text(const struct rows *rows, const struct shootout_cross *cross,
                     const struct reader_run *run, FILE *to)
{
    const struct row *last = NULL;

    text_put(to, *run->title ? run->title : "(no title)");
    fprintf(to,
            "\nMeans of the successful; ±: half of the 95 %% confidence interval of the mean over "
            "the devices of\n%s (Student's t): how devices differ, not how other seeds would.\n",
            cross ? "the sweep's runs" : "this one run");
    for (size_t i = 0; i < rows->n; i++) {
        const struct row *r = &rows->at[i];
        if (!last || strcmp(last->link, r->link) != 0 || strcmp(last->kind, r->kind) != 0) {
            fputc('\n', to);
            text_put(to, r->kind);
            fputs(*r->link ? " over " : "", to);
            text_put(to, r->link);
            fputs(
                "\nmethod              n     ok    latency ms round trips      octets    device ms"
                "    server ms    energy mJ\n",
                to);
        }
        last = r;
        put_row(to, r);
    }
    if (cross)
        shootout_cross_text(cross, to);
}

static void put_json(const struct rows *rows, const struct shootout_cross *cross,
                     const struct reader_run *run, FILE *to)
{
    fputs("{\"title\":", to);
    json_text(to, run->title);
    fputs(",\"interval\":\"95 % of the mean over devices, Student's t\",\"rows\":[", to);
    for (size_t i = 0; i < rows->n; i++) {
        const struct row *r = &rows->at[i];
        fprintf(to, "%s\n{\"link\":", i ? "," : "");
        json_text(to, r->link);
        fputs(",\"kind\":", to);
        json_text(to, r->kind);
        fputs(",\"method\":", to);
        json_text(to, r->method);
        fprintf(to, ",\"n\":%llu,\"success\":%llu,\"devices\":%llu", (unsigned long long)r->n,
                (unsigned long long)r->success, (unsigned long long)r->devices);
        for (int f = 0; f < FIGURES && r->devices > 0; f++)
            fprintf(to, ",\"%s\":{\"mean\":%.6g,\"half_width\":%.6g}", figure_names[f],
                    r->of[f].mean, half_width(r, (enum figure)f));
        fputc('}', to);
    }
    fputc(']', to);
    if (cross) {
        fputs(",\"cross\":", to);
        shootout_cross_json(cross, to);
    }
    fputs("}\n", to);
}

enum err shootout_write(struct reader *r, bool json, FILE *to, char why[160])
{
    struct shootout_cross *cross = NULL;
    struct rows rows = {0};
    enum err err = read_rows(r, &rows, why);

    if (!err)
        err = read_silent(r, &rows, why);
    if (!err && rows.n == 0) {
        snprintf(why, 160, "the run has no bootstrap and no connection that came to an end");
        err = ERR_NOT_FOUND;
    }
    if (!err)
        err = shootout_cross_read(r, &cross, why);
    if (!err) {
        forget_lone_suffixes(&rows);
        sort(&rows);
        if (json)
            put_json(&rows, cross, reader_run(r), to);
        else
            put_text(&rows, cross, reader_run(r), to);
    }
    for (size_t i = 0; i < rows.n; i++) {
        free(rows.at[i].link);
        free(rows.at[i].kind);
        free(rows.at[i].method);
    }
    free(rows.at);
    shootout_cross_free(cross);
    return err;
}
