#include "results/chart_impl.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"

#define MOST 100 /* charts at once */

/* Which procedures to draw, in order. */
struct choice {
    int64_t ids[MOST];
    size_t n;
    int64_t recorded, all; /* of those asked for: with messages, at all */
};

/* Parameters: ?1 the run, ?2 a node's name or a kind, ?3 how many. */
#define RECORDED                                                                                   \
    "p.procedure_id IN (SELECT procedure_id FROM messages WHERE run_id = ?1 "                      \
    "AND procedure_id IS NOT NULL)"
#define OF_NODE                                                                                    \
    "FROM procedures p WHERE p.run_id = ?1 AND (SELECT node_id FROM nodes n WHERE n.run_id = ?1 "  \
    "AND n.name = ?2) IN (p.node_id, p.peer_id)"
#define OF_KIND "FROM procedures p WHERE p.run_id = ?1 AND p.kind = ?2 AND p.t_end IS NOT NULL"

static enum err choose(struct reader *r, const char *count, const char *list, const char *text,
                       unsigned most, struct choice *c, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(r, count, &q, why);
    if (!err) {
        sqlite3_bind_text(q, 2, text, -1, SQLITE_STATIC);
        if (reader_step(r, q, &err, why)) {
            c->all = sqlite3_column_int64(q, 0);
            c->recorded = sqlite3_column_int64(q, 1);
        }
    }
    sqlite3_finalize(q);
    q = NULL;
    if (!err)
        err = reader_query(r, list, &q, why);
    if (!err) {
        sqlite3_bind_text(q, 2, text, -1, SQLITE_STATIC);
        sqlite3_bind_int64(q, 3, most < MOST ? most : MOST);
        while (c->n < MOST && reader_step(r, q, &err, why))
            c->ids[c->n++] = sqlite3_column_int64(q, 0);
    }
    sqlite3_finalize(q);
    return err;
}

static enum err has_node(struct reader *r, const char *name, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(r, "SELECT 1 FROM nodes WHERE run_id = ?1 AND name = ?2", &q, why);
    if (err)
        return err;
    sqlite3_bind_text(q, 2, name, -1, SQLITE_STATIC);
    if (!reader_step(r, q, &err, why) && !err) {
        snprintf(why, 160, "there is no node '%.60s' in this run", name);
        err = ERR_NOT_FOUND;
    }
    sqlite3_finalize(q);
    return err;
}

static enum err choose_node(struct reader *r, const char *name, struct choice *c, char why[160])
{
    enum err err = has_node(r, name, why);
    if (!err)
        err = choose(r, "SELECT count(*), sum(" RECORDED ") " OF_NODE,
                     "SELECT p.procedure_id " OF_NODE " AND " RECORDED
                     " ORDER BY p.t_intended, p.procedure_id LIMIT ?3",
                     name, MOST, c, why);
    if (!err && c->n == 0) {
        snprintf(why, 160, "%.60s took part in %lld procedures; the messages of none were recorded",
                 name, (long long)c->all);
        err = ERR_NOT_FOUND;
    }
    return err;
}

static enum err choose_worst(struct reader *r, const char *kind, unsigned n, struct choice *c,
                             char why[160])
{
    enum err err = choose(r, "SELECT count(*), sum(" RECORDED ") " OF_KIND,
                          "SELECT p.procedure_id " OF_KIND " AND " RECORDED
                          " ORDER BY p.t_end - p.t_intended DESC, p.procedure_id LIMIT ?3",
                          kind, n, c, why);
    if (!err && c->n == 0) {
        if (c->all)
            snprintf(why, 160,
                     "the messages of none of the %lld procedures of kind '%.60s' were "
                     "recorded",
                     (long long)c->all, kind);
        else
            snprintf(why, 160, "there is no procedure of kind '%.60s' in this run", kind);
        err = ERR_NOT_FOUND;
    }
    return err;
}

static enum err choose_id(struct reader *r, int64_t id, struct choice *c, char why[160])
{
    struct chart chart;
    enum err err = chart_read(r, id, &chart, why);
    if (err)
        return err;
    c->ids[0] = id;
    c->n = 1;
    c->all = c->recorded = 1;
    if (chart.message_count == 0) {
        snprintf(why, 160, "the messages of procedure %lld (%.40s of %.40s) were not recorded",
                 (long long)id, chart.kind, chart.node);
        err = ERR_NOT_FOUND;
    }
    chart_release(&chart);
    return err;
}

static void draw_text(struct reader *r, const struct choice *c, const struct chart *charts,
                      bool colour, FILE *to)
{
    if (strcmp(r->run.status, "done") != 0)
        fputs("PARTIAL: the run did not reach its end\n\n", to);
    if ((int64_t)c->n < c->all)
        fprintf(to, "%zu of %lld procedures; the messages of %lld were recorded\n\n", c->n,
                (long long)c->all, (long long)c->recorded);
    for (size_t i = 0; i < c->n; i++) {
        if (i)
            fputc('\n', to);
        chart_text(&charts[i], colour, to);
    }
}

static void draw_json(const struct choice *c, const struct chart *charts, FILE *to)
{
    fputc('[', to);
    for (size_t i = 0; i < c->n; i++) {
        fputs(i ? ",\n" : "", to);
        chart_json(&charts[i], to);
    }
    fputs("]\n", to);
}

static enum err draw(struct reader *r, const struct choice *c, const struct chart_options *o,
                     FILE *to, char why[160])
{
    struct chart *charts = xcalloc(c->n ? c->n : 1, sizeof *charts);
    enum err err = OK;
    for (size_t i = 0; i < c->n && !err; i++)
        err = chart_read(r, c->ids[i], &charts[i], why);
    if (!err && o->json) {
        draw_json(c, charts, to);
    } else if (!err) {
        switch (o->format) {
        case CHART_FORMAT_TEXT:
            draw_text(r, c, charts, o->colour, to);
            break;
        case CHART_FORMAT_SVG:
            chart_svg(charts, c->n, to);
            break;
        case CHART_FORMAT_MERMAID:
            chart_mermaid(charts, c->n, to);
            break;
        case CHART_FORMAT_MSCGEN:
            chart_mscgen(charts, c->n, to);
            break;
        }
    }
    for (size_t i = 0; i < c->n; i++)
        chart_release(&charts[i]);
    free(charts);
    return err;
}

enum err chart_write(struct reader *r, const struct chart_options *o, FILE *to, char why[160])
{
    struct choice *c = xcalloc(1, sizeof *c);
    enum err err;
    why[0] = '\0';
    if (o->procedure_id != ROW_NULL_ID)
        err = choose_id(r, o->procedure_id, c, why);
    else if (o->node)
        err = choose_node(r, o->node, c, why);
    else
        err = choose_worst(r, o->worst_kind, o->worst, c, why);
    if (!err)
        err = draw(r, c, o, to, why);
    free(c);
    return err;
}
