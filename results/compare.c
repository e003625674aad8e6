#include "results/compare_impl.h"

#include <stdlib.h>
#include <string.h>

#include "results/reader_impl.h"
#include "results/text.h"
#include "sim/base/json.h"
#include "sim/base/xalloc.h"

struct one_run {
    int64_t run_id, experiment_id, cell, seed;
    char *label, *fingerprint;
};
struct runs {
    struct one_run *at;
    size_t n;
};

/* One of A with one of B. */
struct pair {
    const struct one_run *a, *b;
};

struct comparison {
    struct reader *ra, *rb;
    struct runs a, b;
    struct pair *pairs; /* by A's cell */
    size_t pair_count;
    struct compare_figure *figures;
    size_t figure_count;
    struct compare_input *inputs;
    size_t input_count;
    struct compare_tally *tally;
    FILE *to;
    char *why;
    bool json, first;
};

struct compare_result compare_decide(const struct goal *g, const double *a, const double *b,
                                     size_t n)
{
    struct compare_result r = {.verdict = COMPARE_SAME};
    bool lower_is_better = g->comparison == GOAL_BELOW;
    bool same = true;

    for (size_t i = 0; i < n; i++) {
        r.a += a[i] / (double)n;
        r.b += b[i] / (double)n;
        same = same && !(a[i] < b[i]) && !(a[i] > b[i]);
    }
    r.difference = interval_of_differences(a, b, n, INTERVAL_CONFIDENCE);
    if (same)
        return r;
    if (r.difference.high < 0)
        r.verdict = lower_is_better ? COMPARE_BETTER : COMPARE_WORSE;
    else if (r.difference.low > 0)
        r.verdict = lower_is_better ? COMPARE_WORSE : COMPARE_BETTER;
    else
        r.verdict = COMPARE_NONE;
    return r;
}

/* ---- what there is ---- */

static enum err read_runs(struct reader *r, struct runs *out, char why[160])
{
    sqlite3_stmt *s = NULL;
    enum err err = reader_query(r,
                                "SELECT r.run_id, r.experiment_id, r.cell, r.seed, "
                                "ifnull(c.cell_values, ''), ifnull(r.fingerprint, '') FROM runs r "
                                "LEFT JOIN v_cells c USING (experiment_id, cell) "
                                "WHERE r.status = 'done' ORDER BY r.cell, r.replication",
                                &s, why);

    while (!err && reader_step(r, s, &err, why)) {
        out->at = xrealloc(out->at, (out->n + 1) * sizeof *out->at);
        out->at[out->n++] = (struct one_run){.run_id = sqlite3_column_int64(s, 0),
                                             .experiment_id = sqlite3_column_int64(s, 1),
                                             .cell = sqlite3_column_int64(s, 2),
                                             .seed = sqlite3_column_int64(s, 3),
                                             .label = xstrdup(reader_text(s, 4)),
                                             .fingerprint = xstrdup(reader_text(s, 5))};
    }
    sqlite3_finalize(s);
    return err;
}

static void release_runs(struct runs *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->at[i].label);
        free(r->at[i].fingerprint);
    }
    free(r->at);
}

/* Cells are the same when they have the same values; where one side has none, by their number. */
static bool is_pair(const struct one_run *a, const struct one_run *b)
{
    if (a->seed != b->seed)
        return false;
    return *a->label && *b->label ? strcmp(a->label, b->label) == 0 : a->cell == b->cell;
}

static void find_pairs(struct comparison *c)
{
    c->tally->identical = true;
    for (size_t i = 0; i < c->a.n; i++)
        for (size_t k = 0; k < c->b.n; k++) {
            if (!is_pair(&c->a.at[i], &c->b.at[k]))
                continue;
            c->pairs = xrealloc(c->pairs, (c->pair_count + 1) * sizeof *c->pairs);
            c->pairs[c->pair_count++] = (struct pair){&c->a.at[i], &c->b.at[k]};
            c->tally->identical =
                c->tally->identical && strcmp(c->a.at[i].fingerprint, c->b.at[k].fingerprint) == 0;
            break;
        }
    c->tally->pairs = c->pair_count;
}

static void add_figure(struct comparison *c, const char *format, const char *subject)
{
    struct goal_fault fault;
    char expression[160];
    struct compare_figure f = {.name = ""};

    snprintf(expression, sizeof expression, format, subject);
    for (size_t i = 0; i < c->figure_count; i++)
        if (strncmp(c->figures[i].name, expression, strcspn(expression, ")") + 1) == 0)
            return;
    if (!goal_parse(expression, NULL, 0, &f.what, &fault))
        return;
    snprintf(f.name, sizeof f.name, "%.*s", (int)strcspn(expression, ")") + 1, expression);
    c->figures = xrealloc(c->figures, (c->figure_count + 1) * sizeof *c->figures);
    c->figures[c->figure_count++] = f;
}

/* For each kind of procedure and each population of servers that either has. The comparison in the
 * text says which way is better; its bound says nothing. */
static enum err find_figures(struct comparison *c, struct reader *r)
{
    static const char *const of_kind[] = {"success(%s) > 0 %%", "p50(%s.latency) < 1 s",
                                          "mean(%s.latency) < 1 s", "p99(%s.latency) < 1 s",
                                          "mean(%s.octets) < 1 B"};
    static const char *const of_server[] = {"max(%s.queue) < 1", "mean(%s.busy) < 1 %%"};
    sqlite3_stmt *s = NULL;
    enum err err =
        reader_query(r,
                     "SELECT 0, kind, min(t_intended) AS t FROM procedures GROUP BY kind "
                     "UNION ALL SELECT 1, n.population, min(n.node_id) FROM nodes n "
                     "WHERE n.kind NOT IN ('device', 'gateway', 'local') "
                     "GROUP BY n.population ORDER BY 1, t, 2",
                     &s, c->why);

    while (!err && reader_step(r, s, &err, c->why)) {
        bool server = sqlite3_column_int(s, 0) == 1;
        size_t n = server ? sizeof of_server / sizeof *of_server : sizeof of_kind / sizeof *of_kind;
        for (size_t i = 0; i < n; i++)
            add_figure(c, server ? of_server[i] : of_kind[i], reader_text(s, 1));
    }
    sqlite3_finalize(s);
    return err;
}

/* ---- figures ---- */

static enum err measure(struct comparison *c, const struct pair *p, const struct goal *g,
                        struct goal_sample *a, struct goal_sample *b)
{
    sim_ns warm_a = 0, warm_b = 0;
    enum err err = goal_warmup(c->ra->db, p->a->experiment_id, &warm_a);

    if (!err)
        err = goal_warmup(c->rb->db, p->b->experiment_id, &warm_b);
    if (!err)
        err = goal_measure(c->ra->db, p->a->run_id, warm_a, g, a);
    return err ? err : goal_measure(c->rb->db, p->b->run_id, warm_b, g, b);
}

static void count(struct compare_tally *t, enum compare_verdict v)
{
    switch (v) {
    case COMPARE_SAME:
        t->same++;
        return;
    case COMPARE_BETTER:
        t->better++;
        return;
    case COMPARE_WORSE:
        t->worse++;
        return;
    case COMPARE_NONE:
        t->none++;
        return;
    }
}

static const char *verdict_name(enum compare_verdict v)
{
    static const char *const names[] = {"same", "better", "worse", "no evidence"};

    return names[v];
}

static void put_text(struct comparison *c, const struct compare_figure *f,
                     const struct compare_result *r)
{
    enum goal_dimension d = goal_dimension_of(&f->what);
    char a[32], b[32], by[32], low[32], high[32], text[80] = "-";

    goal_format(d, r->a, a, sizeof a);
    goal_format(d, r->b, b, sizeof b);
    goal_format(d, r->difference.mean, by, sizeof by);
    goal_format(d, r->difference.low, low, sizeof low);
    goal_format(d, r->difference.high, high, sizeof high);
    if (interval_is_bounded(&r->difference))
        snprintf(text, sizeof text, "%s to %s", low, high);
    fputs("  ", c->to);
    text_cell(c->to, f->name, 30);
    fprintf(c->to, " %11s %11s %11s  %-24s %s\n", a, b, by, text, verdict_name(r->verdict));
}

static void put_number(FILE *to, const char *name, double v)
{
    fprintf(to, ",\"%s\":", name);
    json_number(to, v);
}

static void put_json(struct comparison *c, const struct pair *p, const struct compare_figure *f,
                     const struct compare_result *r)
{
    fprintf(c->to, "%s\n{\"cell\":%lld,\"values\":", c->first ? "" : ",", (long long)p->a->cell);
    c->first = false;
    json_text(c->to, p->a->label);
    fputs(",\"figure\":", c->to);
    json_text(c->to, f->name);
    fprintf(c->to, ",\"pairs\":%zu", r->difference.n);
    put_number(c->to, "a", r->a);
    put_number(c->to, "b", r->b);
    put_number(c->to, "difference", r->difference.mean);
    put_number(c->to, "low", r->difference.low);
    put_number(c->to, "high", r->difference.high);
    fprintf(c->to, ",\"verdict\":\"%s\"}", verdict_name(r->verdict));
}

/* One figure of one cell, from the pairs that have it on both sides. */
static enum err compare_figure(struct comparison *c, const struct pair *pairs, size_t n,
                               const struct compare_figure *f)
{
    double *a = xcalloc(2 * n, sizeof *a), *b = a + n;
    struct goal_sample sa, sb;
    struct compare_result r;
    size_t known = 0;
    enum err err = OK;

    for (size_t i = 0; i < n && !err; i++) {
        err = measure(c, &pairs[i], &f->what, &sa, &sb);
        if (err || !sa.known || !sb.known)
            continue;
        a[known] = sa.point;
        b[known++] = sb.point;
    }
    if (!err && known > 0) {
        r = compare_decide(&f->what, a, b, known);
        count(c->tally, r.verdict);
        if (c->json)
            put_json(c, pairs, f, &r);
        else if (r.verdict != COMPARE_SAME)
            put_text(c, f, &r);
    }
    free(a);
    return err;
}

static enum err compare_cells(struct comparison *c)
{
    enum err err = OK;

    for (size_t first = 0, n; first < c->pair_count && !err; first += n) {
        const struct one_run *a = c->pairs[first].a;
        size_t same = c->tally->same;
        for (n = 1; first + n < c->pair_count && c->pairs[first + n].a->cell == a->cell; n++)
            ;
        if (first == 0 || n < c->tally->least_pairs)
            c->tally->least_pairs = n;
        if (!c->json) {
            fprintf(c->to, "\ncell %lld", (long long)a->cell);
            fputs(*a->label ? " (" : "", c->to);
            text_put(c->to, a->label);
            fprintf(c->to,
                    "%s, %zu pair%s\n  figure                                   A"
                    "           B       B - A  95 %% interval            B is\n",
                    *a->label ? ")" : "", n, n == 1 ? "" : "s");
        }
        for (size_t i = 0; i < c->figure_count && !err; i++)
            err = compare_figure(c, &c->pairs[first], n, &c->figures[i]);
        same = c->tally->same - same;
        if (!err && !c->json && same > 0)
            fprintf(c->to, "  %zu figure%s the same in every pair\n", same,
                    same == 1 ? " is" : "s are");
    }
    return err;
}

/* ---- the whole ---- */

static void put_inputs(struct comparison *c)
{
    if (c->json)
        fputs("{\"inputs\":[", c->to);
    else
        fputs(c->input_count ? "what differs in the input:\n" : "the input is the same\n", c->to);
    for (size_t i = 0; i < c->input_count; i++) {
        const struct compare_input *in = &c->inputs[i];
        if (c->json) {
            fputs(i ? ",\n{\"name\":" : "\n{\"name\":", c->to);
            json_text(c->to, in->name);
            fputs(",\"a\":", c->to);
            json_text(c->to, in->a);
            fputs(",\"b\":", c->to);
            json_text(c->to, in->b);
            putc('}', c->to);
            continue;
        }
        fputs("  ", c->to);
        text_put(c->to, in->name);
        fputs(": ", c->to);
        text_put(c->to, *in->a ? in->a : "(none)");
        fputs(" -> ", c->to);
        text_put(c->to, *in->b ? in->b : "(none)");
        putc('\n', c->to);
    }
    if (c->json)
        fputs("],\"figures\":[", c->to);
}

static void put_end(const struct comparison *c)
{
    const struct compare_tally *t = c->tally;

    if (c->json) {
        fprintf(c->to,
                "],\"pairs\":%zu,\"identical\":%s,\"better\":%zu,\"worse\":%zu,"
                "\"no_evidence\":%zu,\"same\":%zu}\n",
                t->pairs, t->identical ? "true" : "false", t->better, t->worse, t->none, t->same);
        return;
    }
    fprintf(c->to,
            "\n%s: of %zu figures B is better in %zu, worse in %zu, no evidence in %zu, the "
            "same in %zu\n",
            t->identical ? "identical results" : "the results differ",
            t->better + t->worse + t->none + t->same, t->better, t->worse, t->none, t->same);
}

static enum err collect(struct comparison *c)
{
    enum err err = read_runs(c->ra, &c->a, c->why);

    if (!err)
        err = read_runs(c->rb, &c->b, c->why);
    if (!err)
        find_pairs(c);
    if (!err && c->pair_count == 0) {
        snprintf(c->why, 160, "no finished run of one cell and seed is in both databases");
        err = ERR_NOT_FOUND;
    }
    if (!err)
        err = find_figures(c, c->ra);
    if (!err)
        err = find_figures(c, c->rb);
    if (!err)
        err = compare_inputs(c->ra, c->rb, &c->inputs, &c->input_count, c->why);
    return err;
}

enum err compare_write(struct reader *a, struct reader *b, bool json, FILE *to,
                       struct compare_tally *out, char why[160])
{
    struct comparison c = {
        .ra = a, .rb = b, .tally = out, .to = to, .why = why, .json = json, .first = true};
    enum err err;

    *out = (struct compare_tally){0};
    why[0] = '\0';
    err = collect(&c);
    if (!err) {
        put_inputs(&c);
        err = compare_cells(&c);
    }
    if (!err)
        put_end(&c);
    else if (!why[0])
        snprintf(why, 160, "a database cannot be read");
    out->unexplained = !err && c.input_count == 0 && !out->identical;
    for (size_t i = 0; i < c.input_count; i++) {
        free(c.inputs[i].name);
        free(c.inputs[i].a);
        free(c.inputs[i].b);
    }
    free(c.inputs);
    free(c.figures);
    free(c.pairs);
    release_runs(&c.a);
    release_runs(&c.b);
    return err;
}
