#include "results/page.h"

#include <stdlib.h>
#include <string.h>

#include "results/report_impl.h"
#include "results/text.h"
#include "sim/base/units.h"
#include "sim/base/xalloc.h"

/* The run itself: how it ended, its verdicts, its slowest, and how it is repeated. */

#define SLOWEST 5

/* ---- top ---- */

static void put_status(const struct page *p)
{
    const struct reader_run *run = &p->r->run;
    if (p->s->violations)
        doc_banner(p->d, "bad", "Security invariants were broken: %llu, see the notes.",
                   (unsigned long long)p->s->violations);
    if (strcmp(run->status, "done") == 0)
        return;
    doc_banner(p->d, "bad", "%s: %s; what follows is what had happened by then.",
               strcmp(run->status, "failed") == 0 ? "Failed" : "Partial",
               *run->error         ? run->error
               : *run->fingerprint ? "the run was stopped before its end"
                                   : "the run was killed, or is still going on");
}

enum err page_run(const struct page *p, char why[160])
{
    const struct reader_run *run = &p->r->run;
    char seed[32], nodes[32], end[32], warmup[32] = "", took[80] = "", events[64] = "", a[32],
                                       b[32], memory[48] = "";
    (void)why;
    doc_section(p->d, "run", "The run");
    put_status(p);
    char *changed = report_settings(p->r);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)run->seed);
    units_human_time(run->end_ns, end, sizeof end);
    if (p->s->warmup > 0)
        units_human_time(p->s->warmup, warmup, sizeof warmup);
    if (run->wall_s > 0) {
        units_human_count((double)run->events / run->wall_s, a, sizeof a);
        snprintf(took, sizeof took, "%s s of computing", text_figure(run->wall_s, b));
        snprintf(events, sizeof events, "%s (%s a second)", text_count(run->events, b), a);
        snprintf(memory, sizeof memory, "%s MiB",
                 text_figure((double)run->peak_rss / (1 << 20), a));
    }
    const char *const facts[][2] = {{"scenario", run->scenario_path},
                                    {"changed", changed},
                                    {"seed", seed},
                                    {"cost profile", run->profile_name},
                                    {"nodes", text_count(p->s->nodes, nodes)},
                                    {"virtual time", end},
                                    {"without the first", warmup},
                                    {"took", took},
                                    {"events", events},
                                    {"peak memory", memory},
                                    {"made", p->r->created_utc},
                                    {"m2msim", run->version},
                                    {"OpenSSL", run->openssl}};
    doc_facts(p->d, facts, sizeof facts / sizeof facts[0]);
    free(changed);
    return OK;
}

/* ---- the slowest ---- */

struct slow {
    int64_t id;
    bool recorded;
};

static enum err read_slowest(const struct page *p, struct slow out[SLOWEST], size_t *n,
                             char why[160])
{
    sqlite3_stmt *q = NULL;
    *n = 0;
    enum err err =
        reader_query(p->r,
                     "SELECT procedure_id, EXISTS (SELECT 1 FROM messages m WHERE m.run_id = ?1 "
                     "AND m.procedure_id = p.procedure_id) FROM procedures p WHERE run_id = ?1 "
                     "AND t_end IS NOT NULL AND t_intended >= ?2 "
                     "ORDER BY t_end - t_intended DESC, procedure_id LIMIT 5",
                     &q, why);
    if (!err)
        sqlite3_bind_int64(q, 2, p->s->warmup);
    while (!err && *n < SLOWEST && reader_step(p->r, q, &err, why))
        out[(*n)++] = (struct slow){sqlite3_column_int64(q, 0), sqlite3_column_int(q, 1) != 0};
    sqlite3_finalize(q);
    return err;
}

static void put_slow(const struct page *p, const struct chart *c, bool recorded)
{
    char a[32];
    doc_number(p->d, (double)c->id, (snprintf(a, sizeof a, "%lld", (long long)c->id), a));
    doc_cell(p->d, c->kind);
    doc_cell(p->d, c->method);
    doc_cell(p->d, c->node);
    doc_cell(p->d, c->outcome);
    units_human_time(c->t_end - c->t_intended, a, sizeof a);
    doc_number(p->d, (double)(c->t_end - c->t_intended), a);
    units_human_time(c->t_intended, a, sizeof a);
    doc_number(p->d, (double)c->t_intended, a);
    int most = 0;
    for (int i = 1; i < STATS_PARTS; i++)
        most = c->parts[i] > c->parts[most] ? i : most;
    doc_cell(p->d, stats_part_labels[most]);
    doc_cell(p->d, recorded ? "below" : "not recorded");
    doc_row(p->d);
}

enum err page_slowest(const struct page *p, char why[160])
{
    static const struct doc_column columns[] = {
        {"procedure", NULL, true}, {"kind", NULL, false},    {"method", NULL, false},
        {"node", NULL, false},     {"outcome", NULL, false}, {"latency", NULL, true},
        {"due", NULL, true},       {"mostly", NULL, false},  {"messages", NULL, false}};
    struct slow slow[SLOWEST];
    struct chart charts[SLOWEST];
    size_t n = 0, read = 0;
    enum err err = read_slowest(p, slow, &n, why);
    while (!err && read < n) {
        err = chart_read(p->r, slow[read].id, &charts[read], why);
        read += !err;
    }
    if (!err && n > 0) {
        doc_section(p->d, "slowest", "The slowest");
        doc_table(p->d, "The slowest procedures", columns, sizeof columns / sizeof columns[0]);
        for (size_t i = 0; i < n; i++)
            put_slow(p, &charts[i], slow[i].recorded);
        doc_table_end(p->d);
        for (size_t i = 0, drawn = 0; i < n; i++) {
            if (slow[i].recorded)
                doc_chart(p->d, &charts[i], drawn++ == 0);
        }
    }
    for (size_t i = 0; i < read; i++)
        chart_release(&charts[i]);
    return err;
}

/* ---- how to repeat it ---- */

/* A word of a shell's command line. */
static void put_word(FILE *to, const char *s)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=:,-";
    if (*s && strspn(s, plain) == strlen(s)) {
        fputs(s, to);
        return;
    }
    fputc('\'', to);
    for (; *s; s++)
        fputs(*s == '\'' ? "'\\''" : (char[]){*s, '\0'}, to);
    fputc('\'', to);
}

static char *command(const struct page *p)
{
    char *text = NULL;
    const char *name, *value = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    if (!f)
        return xstrdup("");
    fputs("m2msim verify ", f);
    put_word(f, p->database);
    fputs("\nm2msim run ", f);
    put_word(f, *p->r->run.scenario_path ? p->r->run.scenario_path : "SCENARIO");
    for (size_t i = 0; (name = reader_parameter(p->r, i, &value)); i++) {
        fprintf(f, " --%s ", name);
        put_word(f, value);
    }
    fputs(" -o again.db", f);
    fclose(f);
    return text;
}

void page_repeat(const struct page *p)
{
    char *text = command(p);
    doc_section(p->d, "repeat", "How to repeat it");
    doc_paragraph(p->d, "The database holds the scenario, the settings, the cost profile and the "
                        "seed: the first command repeats the run from it alone and compares. The "
                        "second runs the scenario file anew.");
    doc_code(p->d, text);
    free(text);
    const char *const facts[][2] = {{"fingerprint", p->r->run.fingerprint},
                                    {"commit", p->r->run.git_commit},
                                    {"compiler", p->r->compiler}};
    doc_facts(p->d, facts, 3);
    doc_fold(p->d, "The scenario", p->r->run.scenario_text);
}
