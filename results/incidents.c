/* What befell devices, and how long it lasted: read, and said on paper and in the page. */
#include <stdlib.h>
#include <string.h>

#include "results/page.h"
#include "results/report_impl.h"
#include "results/text.h"
#include "sim/base/json.h"
#include "sim/base/xalloc.h"

static const char *const quantile_names[STATS_INCIDENT_QUANTILES] = {"p50", "p90", "p99", "max"};

enum err incidents_read(struct reader *r, struct stats *s, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(
        r,
        "WITH l AS (SELECT i.kind, n.population, i.t_end - i.t AS v, row_number() OVER (PARTITION "
        "  BY i.kind, n.population ORDER BY i.t_end IS NULL, i.t_end - i.t) AS rank, count(*) OVER "
        "  (PARTITION BY i.kind, n.population) AS m FROM incidents i JOIN nodes n USING (run_id, "
        "  node_id) WHERE i.run_id = ?1 AND i.t >= ?2) "
        "SELECT kind, population, m, count(v), max(CASE WHEN rank = (m * 50 + 99) / 100 THEN v "
        "END), "
        "max(CASE WHEN rank = (m * 90 + 99) / 100 THEN v END), "
        "max(CASE WHEN rank = (m * 99 + 99) / 100 THEN v END), max(CASE WHEN rank = m THEN v END) "
        "FROM l GROUP BY kind, population ORDER BY kind, population",
        &q, why);
    if (!err)
        sqlite3_bind_int64(q, 2, s->warmup);
    while (!err && reader_step(r, q, &err, why)) {
        s->incidents = xrealloc(s->incidents, (s->incident_count + 1) * sizeof *s->incidents);
        struct stats_incident *v = &s->incidents[s->incident_count++];
        v->kind = xstrdup(reader_text(q, 0));
        v->population = xstrdup(reader_text(q, 1));
        v->n = (uint64_t)sqlite3_column_int64(q, 2);
        v->ended = (uint64_t)sqlite3_column_int64(q, 3);
        for (int i = 0; i < STATS_INCIDENT_QUANTILES; i++)
            v->quantile[i] = sqlite3_column_type(q, 4 + i) == SQLITE_NULL
                                 ? SIM_NEVER
                                 : sqlite3_column_int64(q, 4 + i);
    }
    sqlite3_finalize(q);
    return err;
}

void incidents_release(struct stats *s)
{
    for (size_t i = 0; i < s->incident_count; i++) {
        free(s->incidents[i].kind);
        free(s->incidents[i].population);
    }
    free(s->incidents);
}

static const char *time_or_never(sim_ns v, char out[32])
{
    return v == SIM_NEVER ? "never" : text_time((double)v, out);
}

void incidents_text(const struct stats *s, FILE *to)
{
    char out[32];

    fprintf(to, "%-14s %-15s %10s %8s %10s %10s %10s %10s\n", "incident", "population", "n",
            "ended", "p50", "p90", "p99", "max");
    for (size_t i = 0; i < s->incident_count; i++) {
        const struct stats_incident *v = &s->incidents[i];
        text_cell(to, v->kind, 14);
        fputc(' ', to);
        text_cell(to, v->population, 15);
        fprintf(to, " %10s", text_count(v->n, out));
        fprintf(to, " %8s", text_share(v->ended, v->n, out));
        for (int k = 0; k < STATS_INCIDENT_QUANTILES; k++)
            fprintf(to, " %10s", time_or_never(v->quantile[k], out));
        fputc('\n', to);
    }
}

void incidents_json(const struct stats *s, FILE *to)
{
    fputs(",\n\"incidents\":[", to);
    for (size_t i = 0; i < s->incident_count; i++) {
        const struct stats_incident *v = &s->incidents[i];
        fprintf(to, "%s{\"incident\":", i ? ",\n" : "\n");
        json_text(to, v->kind);
        fputs(",\"population\":", to);
        json_text(to, v->population);
        fprintf(to, ",\"n\":%llu,\"ended\":%llu", (unsigned long long)v->n,
                (unsigned long long)v->ended);
        for (int k = 0; k < STATS_INCIDENT_QUANTILES; k++) {
            fprintf(to, ",\"%s\":", quantile_names[k]);
            if (v->quantile[k] == SIM_NEVER)
                fputs("null", to);
            else
                fprintf(to, "%lld", (long long)v->quantile[k]);
        }
        fputc('}', to);
    }
    fputc(']', to);
}

static void put_row(const struct page *p, const struct stats_incident *v)
{
    char out[32];

    doc_cell(p->d, v->kind);
    doc_cell(p->d, v->population);
    doc_number(p->d, (double)v->n, text_count(v->n, out));
    doc_share(p->d, (double)v->ended / (double)v->n, text_share(v->ended, v->n, out));
    for (int k = 0; k < STATS_INCIDENT_QUANTILES; k++)
        doc_number(p->d, (double)v->quantile[k], time_or_never(v->quantile[k], out));
    doc_row(p->d);
}

static bool has(const struct stats *s, const char *kind)
{
    for (size_t i = 0; i < s->incident_count; i++)
        if (strcmp(s->incidents[i].kind, kind) == 0)
            return true;
    return false;
}

void page_incidents(const struct page *p)
{
    static const struct doc_column columns[] = {
        {"incident", NULL, false}, {"population", NULL, false}, {"n", NULL, true},
        {"ended", NULL, true},     {"p50", "time", true},       {"p90", "time", true},
        {"p99", "time", true},     {"max", "time", true}};

    if (p->s->incident_count == 0)
        return;
    doc_section(p->d, "incidents", "What befell devices");
    doc_paragraph(
        p->d,
        "%s%s%sWhat had not ended with the run stands behind the last, so p99 is the "
        "time after which it was over for 99 %% of all.",
        has(p->s, "recovery") ? "Recovery: from power's return until a device is registered "
                                "again. "
                              : "",
        has(p->s, "detection") ? "Detection: from a device's tampering to the first verdict "
                                 "against it. "
                               : "",
        has(p->s, "false-denial") ? "False denial: from a verdict against a genuine device "
                                    "until it is granted everything again. "
                                  : "");
    doc_table(p->d, "Incidents", columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < p->s->incident_count; i++)
        put_row(p, &p->s->incidents[i]);
    doc_table_end(p->d);
}
