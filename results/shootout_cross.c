/* The cross of a shoot-out: how long from nothing to a service connection, for each bootstrap
 * before each connection. The unit is the device, as in shootout.c. */
#include "results/shootout_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/interval.h"
#include "results/reader_impl.h"
#include "results/text.h"
#include "sim/base/json.h"
#include "sim/base/xalloc.h"

struct pair {
    char *line, *bootstrap, *connection;
    uint64_t n, connected; /* devices */
    double mean, squares;  /* of the connected; Welford's */
};

struct shootout_cross {
    struct pair *at;
    size_t n;
};

static struct pair *pair_of(struct shootout_cross *c, const char *line, const char *bootstrap,
                            const char *connection)
{
    for (size_t i = c->n; i-- > 0;) { /* a run's devices follow each other */
        struct pair *p = &c->at[i];
        if (!strcmp(p->line, line) && !strcmp(p->bootstrap, bootstrap) &&
            !strcmp(p->connection, connection))
            return p;
    }
    c->at = xrealloc(c->at, (c->n + 1) * sizeof *c->at);
    c->at[c->n] = (struct pair){
        .line = xstrdup(line), .bootstrap = xstrdup(bootstrap), .connection = xstrdup(connection)};
    return &c->at[c->n++];
}

static const struct pair *find(const struct shootout_cross *c, const char *line,
                               const char *bootstrap, const char *connection)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct pair *p = &c->at[i];
        if (!strcmp(p->line, line) && !strcmp(p->bootstrap, bootstrap) &&
            !strcmp(p->connection, connection))
            return p;
    }
    return NULL;
}

static void add(struct pair *p, double latency)
{
    double d = latency - p->mean;

    p->connected++;
    p->mean += d / (double)p->connected;
    p->squares += d * (latency - p->mean);
}

static double half_width(const struct pair *p)
{
    double n = (double)p->connected;

    if (p->connected < 2)
        return 0;
    return interval_t(INTERVAL_CONFIDENCE, (size_t)(p->connected - 1)) *
           sqrt(p->squares / (n - 1) / n);
}

/* A device is due when its first procedure is; it is there with its first connection. */
static enum err read_devices(struct reader *r, struct shootout_cross *c, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(
        r,
        SHOOTOUT_WAYS
        "SELECT w.line, w.bootstrap, w.connection, "
        "min(CASE WHEN p.kind = 'connection' AND p.outcome = 'success' THEN p.t_end END) "
        "- min(p.t_intended) "
        "FROM ways w JOIN nodes n ON n.run_id = w.run_id AND n.population = w.population "
        "JOIN procedures p ON p.run_id = n.run_id AND p.node_id = n.node_id "
        "WHERE n.kind = 'device' AND p.kind IN ('attach', 'bootstrap', 'connection') "
        "GROUP BY n.run_id, n.node_id ORDER BY n.run_id, n.node_id",
        &q, why);

    while (!err && reader_step(r, q, &err, why)) {
        struct pair *p = pair_of(c, reader_text(q, 0), reader_text(q, 1), reader_text(q, 2));
        p->n++;
        if (sqlite3_column_type(q, 3) != SQLITE_NULL)
            add(p, sqlite3_column_double(q, 3));
    }
    sqlite3_finalize(q);
    return err;
}

static enum err is_swept(struct reader *r, bool *yes, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(r,
                                "SELECT count(*) FROM cell_values "
                                "WHERE name GLOB 'populations.*.method' AND ?1 IS NOT NULL",
                                &q, why);

    *yes = !err && reader_step(r, q, &err, why) && sqlite3_column_int64(q, 0) > 0;
    sqlite3_finalize(q);
    return err;
}

enum err shootout_cross_read(struct reader *r, struct shootout_cross **out, char why[160])
{
    struct shootout_cross *c = NULL;
    bool swept = false;
    enum err err = is_swept(r, &swept, why);

    *out = NULL;
    if (err || !swept)
        return err;
    c = xcalloc(1, sizeof *c);
    err = read_devices(r, c, why);
    if (err)
        shootout_cross_free(c);
    else
        *out = c;
    return err;
}

void shootout_cross_free(struct shootout_cross *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n; i++) {
        free(c->at[i].line);
        free(c->at[i].bootstrap);
        free(c->at[i].connection);
    }
    free(c->at);
    free(c);
}

/* ---- writing ---- */

/* Whether no pair before this one has the same word there. */
static bool is_first(const struct shootout_cross *c, size_t i,
                     const char *(*word)(const struct pair *))
{
    for (size_t k = 0; k < i; k++)
        if (!strcmp(word(&c->at[k]), word(&c->at[i])))
            return false;
    return true;
}

static const char *line_word(const struct pair *p)
{
    return p->line;
}

static const char *bootstrap_word(const struct pair *p)
{
    return p->bootstrap;
}

static const char *connection_word(const struct pair *p)
{
    return p->connection;
}

#define FIRST_WIDTH 16
#define WIDTH       15

static void put_cell(const struct pair *p, FILE *to)
{
    char figure[32], share[32], text[80] = "-";

    if (p && p->connected > 0 && p->connected < p->n)
        snprintf(text, sizeof text, "%s (%s)", text_figure(p->mean / 1e6, figure),
                 text_share(p->connected, p->n, share));
    else if (p && p->connected > 0)
        snprintf(text, sizeof text, "%s", text_figure(p->mean / 1e6, figure));
    else if (p)
        snprintf(text, sizeof text, "none of %llu", (unsigned long long)p->n);
    text_cell(to, text, -WIDTH);
}

static void put_line(const struct shootout_cross *c, const char *line, FILE *to)
{
    fputs("\nfrom nothing to a connection", to);
    fputs(*line ? " over " : "", to);
    text_put(to, line);
    fputs(": mean ms, bootstraps down, connections across\n", to);
    text_cell(to, "", FIRST_WIDTH);
    for (size_t k = 0; k < c->n; k++)
        if (is_first(c, k, connection_word))
            text_cell(to, c->at[k].connection, -WIDTH);
    fputc('\n', to);
    for (size_t i = 0; i < c->n; i++) {
        if (!is_first(c, i, bootstrap_word))
            continue;
        text_cell(to, c->at[i].bootstrap, FIRST_WIDTH);
        for (size_t k = 0; k < c->n; k++)
            if (is_first(c, k, connection_word))
                put_cell(find(c, line, c->at[i].bootstrap, c->at[k].connection), to);
        fputc('\n', to);
    }
}

void shootout_cross_text(const struct shootout_cross *c, FILE *to)
{
    for (size_t i = 0; i < c->n; i++)
        if (is_first(c, i, line_word))
            put_line(c, c->at[i].line, to);
}

void shootout_cross_json(const struct shootout_cross *c, FILE *to)
{
    fputc('[', to);
    for (size_t i = 0; i < c->n; i++) {
        const struct pair *p = &c->at[i];
        fprintf(to, "%s\n{\"link\":", i ? "," : "");
        json_text(to, p->line);
        fputs(",\"bootstrap\":", to);
        json_text(to, p->bootstrap);
        fputs(",\"connection\":", to);
        json_text(to, p->connection);
        fprintf(to, ",\"devices\":%llu,\"connected\":%llu", (unsigned long long)p->n,
                (unsigned long long)p->connected);
        if (p->connected > 0)
            fprintf(to, ",\"latency_ns\":{\"mean\":%.6g,\"half_width\":%.6g}", p->mean,
                    half_width(p));
        fputc('}', to);
    }
    fputc(']', to);
}
