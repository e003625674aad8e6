#include "results/page.h"

#include <string.h>

#include "results/text.h"

#define MOST_ROWS 40 /* of a list whose length the run decides */

void page_figures(const struct page *p, const char *name)
{
    for (size_t i = 0; i < p->figures->n; i++) {
        if (strncmp(p->figures->at[i].name, name, strlen(name)) == 0)
            doc_figure(p->d, &p->figures->at[i]);
    }
}

static void more(const struct page *p, size_t n, size_t shown)
{
    if (n > shown)
        doc_paragraph(p->d, "... and %zu more", n - shown);
}

/* ---- procedures ---- */

static void put_group(const struct page *p, const struct stats_group *g)
{
    static const unsigned percent[] = {50, 90, 99, 100};
    char out[32];
    doc_cell(p->d, g->kind);
    doc_cell(p->d, g->method);
    doc_number(p->d, (double)g->n, text_count(g->n, out));
    doc_number(p->d, g->n ? (double)g->success / (double)g->n : 0,
               text_share(g->success, g->n, out));
    for (size_t i = 0; i < sizeof percent / sizeof percent[0]; i++) {
        if (g->success)
            doc_percentile(p->d, stats_quantile(g, percent[i]),
                           stats_quantile_procedure(g, percent[i]));
        else
            doc_cell(p->d, "-");
    }
    doc_number(p->d, g->octets_up + g->octets_down,
               text_count((uint64_t)(g->octets_up + g->octets_down + 0.5), out));
    doc_number(p->d, g->device_ns, text_figure(g->device_ns / 1e6, out));
    doc_number(p->d, g->server_ns, text_figure(g->server_ns / 1e6, out));
    doc_number(p->d, g->energy_nj, g->energy_nj > 0 ? text_figure(g->energy_nj / 1e6, out) : "-");
    doc_row(p->d);
}

static void page_procedures(const struct page *p)
{
    static const struct doc_column columns[] = {
        {"kind", NULL, false},        {"method", NULL, false},      {"n", NULL, true},
        {"success", NULL, true},      {"p50", NULL, true},          {"p90", NULL, true},
        {"p99", NULL, true},          {"slowest", NULL, true},      {"octets", "mean", true},
        {"device", "ms, mean", true}, {"server", "ms, mean", true}, {"energy", "mJ, mean", true}};
    char commands[2 * 4096 + 128]; /* two paths */

    doc_section(p->d, "procedures", "Procedures");
    doc_paragraph(p->d,
                  "Latency from the intended start to the end, so waiting for a turn counts. "
                  "Percentiles by nearest rank, so each is what one procedure took: its number "
                  "stands with it. Latencies and means are of the successful; energy is of the "
                  "device's computing only.");
    doc_table(p->d, "Procedures by kind and method", columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < p->s->group_count; i++)
        put_group(p, &p->s->groups[i]);
    doc_table_end(p->d);
    doc_paragraph(p->d, "The packets of any of them, and its messages where they were recorded:");
    snprintf(commands, sizeof commands,
             "m2msim pcap %s --procedure ID -o x.pcapng\nm2msim chart %s --procedure ID\n",
             p->database, p->database);
    doc_code(p->d, commands);
    page_figures(p, "latency-cdf");
    page_figures(p, "latency-parts");
}

/* ---- load ---- */

static void put_server(const struct page *p, const struct stats_server *v)
{
    char a[32];
    double mean = v->workers > 0 ? v->busy_mean / v->workers : 0;
    double peak = v->workers > 0 ? v->busy_peak / v->workers : 0;
    doc_cell(p->d, v->name);
    doc_number(p->d, v->workers, v->workers > 0 ? text_count((uint64_t)v->workers, a) : "-");
    text_percent(mean, a);
    doc_share(p->d, mean, v->workers > 0 ? a : "-");
    text_percent(peak, a);
    doc_share(p->d, peak, v->workers > 0 ? a : "-");
    doc_number(p->d, v->queue_mean, text_figure(v->queue_mean, a));
    doc_number(p->d, v->queue_peak, text_count((uint64_t)v->queue_peak, a));
    doc_number(p->d, (double)v->queue_peak_t,
               v->queue_peak > 0 ? text_time((double)v->queue_peak_t, a) : "-");
    doc_number(p->d, v->sessions_peak, text_count((uint64_t)v->sessions_peak, a));
    doc_row(p->d);
}

/* In words: what the figure shows at a glance. */
static void put_first(const struct page *p)
{
    const struct stats_server *v = &p->s->servers[p->s->by_load[0]];
    double peak = v->workers > 0 ? v->busy_peak / v->workers : 0;
    char times[32], percent[32];
    if (peak <= 0)
        return;
    text_percent(peak, percent);
    if (peak >= 0.95)
        doc_banner(p->d, "bad", "%s saturated: its busiest sample used %.0f %% of its workers.",
                   v->name, 100 * peak);
    else if (peak > 0.01)
        doc_paragraph(p->d,
                      "%s would saturate first: its busiest sample used %s of its workers, so "
                      "that there is room for about %s times this load there.",
                      v->name, percent, text_figure(1 / peak, times));
    else
        doc_paragraph(p->d,
                      "No server came near its limit. %s would saturate first; its busiest sample "
                      "used %s of its workers.",
                      v->name, percent);
}

static void page_load(const struct page *p)
{
    static const struct doc_column columns[] = {
        {"server", NULL, false}, {"workers", NULL, true},       {"busy", "mean", true},
        {"busy", "peak", true},  {"queue", "jobs, mean", true}, {"queue", "jobs, peak", true},
        {"at", NULL, true},      {"sessions", "peak", true}};
    size_t n = p->s->server_count, shown = n < MOST_ROWS ? n : MOST_ROWS;
    if (n == 0 && p->s->group_count == 0)
        return;
    doc_section(p->d, "load", "Load, and who saturates first");
    if (n > 0) {
        put_first(p);
        doc_table(p->d, "Servers, the busiest first; peaks are of the samples", columns,
                  sizeof columns / sizeof columns[0]);
        for (size_t i = 0; i < shown; i++)
            put_server(p, &p->s->servers[p->s->by_load[i]]);
        doc_table_end(p->d);
        more(p, n, shown);
    }
    page_figures(p, "servers");
    page_figures(p, "load");
}

/* ---- cost ---- */

static void page_cost(const struct page *p)
{
    static const struct doc_column columns[] = {
        {"side", NULL, false},         {"operation", NULL, false}, {"algorithm", NULL, false},
        {"calls", NULL, true},         {"octets", NULL, true},     {"time", NULL, true},
        {"share", "of its side", true}};
    size_t n = p->s->operation_count, left = 0;
    if (n == 0)
        return;
    doc_section(p->d, "cost", "What cryptography cost");
    page_figures(p, "crypto-cost");
    doc_table(p->d, "Processor time by side and operation", columns,
              sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < n; i++) {
        const struct stats_operation *o = &p->s->operations[i];
        char a[32];
        if (o->share < 0.001) {
            left++;
            continue;
        }
        doc_cell(p->d, o->role);
        doc_cell(p->d, o->operation);
        doc_cell(p->d, o->algorithm);
        doc_number(p->d, (double)o->calls, text_count(o->calls, a));
        doc_number(p->d, (double)o->octets, text_count(o->octets, a));
        doc_number(p->d, o->ns, text_time(o->ns, a));
        snprintf(a, sizeof a, "%.1f %%", 100 * o->share);
        doc_share(p->d, o->share, a);
        doc_row(p->d);
    }
    doc_table_end(p->d);
    if (left)
        doc_paragraph(p->d, "... and %zu with less than 0.1 %% of their side each", left);
}

/* ---- keys ---- */

static void page_keys(const struct page *p)
{
    static const struct doc_column columns[] = {{"type", NULL, false},
                                                {"born", NULL, true},
                                                {"alive", "at the end", true},
                                                {"ended", NULL, false}};
    if (p->s->key_count == 0)
        return;
    doc_section(p->d, "keys", "Keys");
    doc_table(p->d, "Keys by type", columns, 4);
    for (size_t i = 0; i < p->s->key_count; i++) {
        const struct stats_keys *k = &p->s->keys[i];
        char a[32], ends[256] = "";
        size_t used = 0;
        doc_cell(p->d, k->type);
        doc_number(p->d, (double)k->born, text_count(k->born, a));
        doc_number(p->d, (double)k->alive, text_count(k->alive, a));
        for (size_t e = 0; e < p->s->key_ends.n && used < sizeof ends - 1; e++) {
            const struct stats_count *c = &p->s->key_ends.at[e];
            if (strcmp(c->a, k->type) == 0)
                used +=
                    (size_t)snprintf(ends + used, sizeof ends - used, "%s%s %s", used ? ", " : "",
                                     *c->b ? c->b : "(no reason)", text_count(c->n, a));
        }
        doc_cell(p->d, *ends ? ends : "-");
        doc_row(p->d);
    }
    doc_table_end(p->d);
    page_figures(p, "keys-alive");
    page_figures(p, "expiry-cliff");
}

/* ---- integrity ---- */

#define VERDICTS 12 /* columns, at most */

static bool has(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static uint64_t reports_of(const struct stats_counts *c, const char *truth, const char *verdict)
{
    uint64_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->at[i].a, truth) == 0 && (!verdict || strcmp(c->at[i].b, verdict) == 0))
            n += c->at[i].n;
    }
    return n;
}

static void put_truth(const struct page *p, const char *truth, const char *const *verdicts,
                      size_t n)
{
    uint64_t all = reports_of(&p->s->ival, truth, NULL);
    char count[32], share[32], text[80];
    doc_cell(p->d, truth);
    for (size_t i = 0; i < n; i++) {
        uint64_t k = reports_of(&p->s->ival, truth, verdicts[i]);
        snprintf(text, sizeof text, "%s (%s)", text_count(k, count), text_share(k, all, share));
        doc_share(p->d, (double)k / (double)all, k ? text : "0");
    }
    doc_number(p->d, (double)all, text_count(all, count));
    doc_row(p->d);
}

static void page_integrity(const struct page *p)
{
    const struct stats_counts *c = &p->s->ival;
    struct doc_column columns[VERDICTS + 2] = {{"in truth", NULL, false}};
    const char *verdicts[VERDICTS], *truths[VERDICTS];
    size_t v = 0, t = 0;
    if (c->n == 0)
        return;
    for (size_t i = 0; i < c->n; i++) {
        if (v < VERDICTS && !has(verdicts, v, c->at[i].b))
            verdicts[v++] = c->at[i].b;
        if (t < VERDICTS && !has(truths, t, c->at[i].a))
            truths[t++] = c->at[i].a;
    }
    for (size_t i = 0; i < v; i++)
        columns[i + 1] = (struct doc_column){verdicts[i], NULL, true};
    columns[v + 1] = (struct doc_column){"all", "reports", true};
    doc_section(p->d, "integrity", "Integrity validation");
    doc_paragraph(p->d, "Reports by what was true of the device (rows) and what was decided "
                        "(columns), with the share of the row.");
    doc_table(p->d, "Truth and verdict", columns, v + 2);
    for (size_t i = 0; i < t; i++)
        put_truth(p, truths[i], verdicts, v);
    doc_table_end(p->d);
}

/* ---- failures, notes ---- */

static void page_failures(const struct page *p)
{
    static const struct doc_column columns[] = {{"kind", NULL, false},
                                                {"outcome", NULL, false},
                                                {"reason", NULL, false},
                                                {"n", NULL, true},
                                                {"share", "of these", true}};
    size_t n = p->s->failures.n, shown = n < MOST_ROWS ? n : MOST_ROWS;
    uint64_t all = 0;
    for (size_t i = 0; i < n; i++)
        all += p->s->failures.at[i].n;
    doc_section(p->d, "failures", "Not successful");
    if (n == 0) {
        doc_paragraph(p->d, "Every procedure was successful.");
        return;
    }
    doc_table(p->d, "Procedures that were not successful, by reason", columns, 5);
    for (size_t i = 0; i < shown; i++) {
        const struct stats_count *c = &p->s->failures.at[i];
        char a[32];
        doc_cell(p->d, c->a);
        doc_cell(p->d, c->b);
        doc_cell(p->d, *c->c ? c->c : "-");
        doc_number(p->d, (double)c->n, text_count(c->n, a));
        doc_share(p->d, (double)c->n / (double)all, text_share(c->n, all, a));
        doc_row(p->d);
    }
    doc_table_end(p->d);
    more(p, n, shown);
}

static void page_notes(const struct page *p)
{
    static const struct doc_column columns[] = {{"level", NULL, false},
                                                {"at", NULL, true},
                                                {"code", NULL, false},
                                                {"text", NULL, false},
                                                {"times", NULL, true}};
    size_t n = p->s->note_count, shown = n < MOST_ROWS ? n : MOST_ROWS;
    if (n == 0)
        return;
    doc_section(p->d, "notes", "Notes and violations");
    doc_table(p->d, "Notes of the run", columns, 5);
    for (size_t i = 0; i < shown; i++) {
        const struct stats_note *v = &p->s->notes[i];
        char a[32];
        doc_cell(p->d, v->level);
        doc_number(p->d, (double)v->t, text_time((double)v->t, a));
        doc_cell(p->d, v->code);
        doc_cell(p->d, v->text);
        doc_number(p->d, (double)v->count, text_count(v->count, a));
        doc_row(p->d);
    }
    doc_table_end(p->d);
    more(p, n, shown);
}

enum err page_write(const struct page *p, char why[160])
{
    const char *title = p->r->run.title;
    doc_begin(p->d, *title ? title : "(no title)");
    enum err err = page_run(p, why);
    if (!err)
        err = page_goals(p, why);
    if (!err)
        err = page_replications(p, why);
    if (!err) {
        page_procedures(p);
        page_load(p);
        page_cost(p);
        page_keys(p);
        page_integrity(p);
        page_incidents(p);
        page_failures(p);
        err = page_slowest(p, why);
    }
    if (!err) {
        page_notes(p);
        page_repeat(p);
        doc_end(p->d);
    }
    return err;
}
