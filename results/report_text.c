#include "results/report_impl.h"

#include <stdlib.h>
#include <string.h>

#include "results/goals.h"
#include "results/text.h"
#include "sim/base/units.h"
#include "sim/base/xalloc.h"

/* The report on paper of 100 columns. Each section is left out when there is nothing to say. */

#define MOST_LINES 20 /* of a list whose length the run decides */

struct paper {
    FILE *to;
    bool colour;
};

static void heading(const struct paper *p, const char *title, const char *remark)
{
    fprintf(p->to, "\n%s%s%s", p->colour ? "\033[1m" : "", title, p->colour ? "\033[0m" : "");
    if (*remark)
        fprintf(p->to, " (%s)", remark);
    fputc('\n', p->to);
}

static void more(const struct paper *p, size_t n, size_t shown)
{
    if (n > shown)
        fprintf(p->to, "... and %zu more\n", n - shown);
}

static size_t at_most(size_t n, size_t most)
{
    return n < most ? n : most;
}

/* ---- the run ---- */

static void put_status(const struct paper *p, const struct reader *r)
{
    const struct reader_run *run = &r->run;
    if (strcmp(run->status, "done") == 0)
        return;
    fprintf(p->to, "%s%s%s: ", p->colour ? "\033[1;31m" : "",
            strcmp(run->status, "failed") == 0 ? "FAILED" : "PARTIAL", p->colour ? "\033[0m" : "");
    if (*run->error)
        text_put(p->to, run->error);
    else if (r->run.fingerprint[0])
        fputs("the run was stopped before its end", p->to);
    else
        fputs("the run was killed, or is still going on", p->to);
    fputs("; what follows is what had happened by then\n", p->to);
}

#define SETTINGS 8 /* of those that the command changed */

char *report_settings(struct reader *r)
{
    char *text = NULL;
    const char *name, *value = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    if (!f)
        return xstrdup("");
    for (size_t i = 0; (name = reader_parameter(r, i, &value)); i++) {
        bool set = strcmp(name, "set") == 0;
        if (i == SETTINGS)
            fputs(", ...", f);
        if (i >= SETTINGS)
            continue;
        fprintf(f, "%s%s%s%s", i ? ", " : "", set ? "" : name, set ? "" : " ", value);
    }
    fclose(f);
    return text;
}

static void put_run(const struct paper *p, struct reader *r, const struct stats *s)
{
    const struct reader_run *run = &r->run;
    char a[32], b[32], c[32], *changed = report_settings(r);
    fprintf(p->to, "%s", p->colour ? "\033[1m" : "");
    text_put(p->to, *run->title ? run->title : "(no title)");
    fprintf(p->to, "%s\n", p->colour ? "\033[0m" : "");
    put_status(p, r);
    fputs("scenario ", p->to);
    text_put(p->to, run->scenario_path);
    fprintf(p->to, ", seed %llu, cost profile ", (unsigned long long)run->seed);
    text_put(p->to, run->profile_name);
    fprintf(p->to, ", %s nodes\n", text_count(s->nodes, a));
    if (*changed) {
        fputs("changed: ", p->to);
        text_put(p->to, changed);
        fputc('\n', p->to);
    }
    free(changed);
    units_format_time(run->end_ns, a, sizeof a);
    if (strlen(a) > 10) /* exact, where that is short */
        units_human_time(run->end_ns, a, sizeof a);
    fprintf(p->to, "%s of virtual time", a);
    if (run->wall_s > 0) {
        units_human_count((double)run->events / run->wall_s, a, sizeof a);
        fprintf(p->to, " in %s s; %s events, %s a second; peak memory %s MiB",
                text_figure(run->wall_s, b), text_count(run->events, c), a,
                text_figure((double)run->peak_rss / (1 << 20), (char[32]){0}));
    }
    fprintf(p->to, "; %s rows\n", text_count(s->rows, a));
    if (s->warmup > 0)
        fprintf(p->to,
                "without the warm-up: what was due in the first %s is in no table of "
                "procedures, verdicts and load\n",
                text_time((double)s->warmup, a));
}

/* ---- procedures ---- */

static void put_group(const struct paper *p, const struct stats_group *g)
{
    char out[32];
    text_cell(p->to, g->kind, 14);
    fputc(' ', p->to);
    text_cell(p->to, g->method, 15);
    fprintf(p->to, " %7s", text_count(g->n, out));
    fprintf(p->to, " %8s", text_share(g->success, g->n, out));
    if (g->success == 0) {
        fprintf(p->to, " %8s %8s %8s %7s %8s %8s\n", "-", "-", "-", "-", "-", "-");
        return;
    }
    static const unsigned percent[] = {50, 90, 99};
    for (size_t i = 0; i < 3; i++)
        fprintf(p->to, " %8s", text_time((double)stats_quantile(g, percent[i]), out));
    fprintf(p->to, " %7s", text_count((uint64_t)(g->octets_up + g->octets_down + 0.5), out));
    fprintf(p->to, " %8s", text_figure(g->device_ns / 1e6, out));
    fprintf(p->to, " %8s\n", text_figure(g->server_ns / 1e6, out));
}

static void put_procedures(const struct paper *p, const struct stats *s)
{
    heading(p, "Procedures", "from intended start to end; quantiles and means of the successful");
    fprintf(p->to, "%-14s %-15s %7s %8s %8s %8s %8s %7s %8s %8s\n", "kind", "method", "n",
            "success", "p50", "p90", "p99", "octets", "device", "server");
    fprintf(p->to, "%81s %8s %8s\n", "", "ms", "ms");
    for (size_t i = 0; i < s->group_count; i++)
        put_group(p, &s->groups[i]);
}

static void put_parts(const struct paper *p, const struct stats *s)
{
    heading(p, "Where the time went", "mean share of each part, of the successful");
    fprintf(p->to, "%-14s %-15s %8s %8s %8s %7s %7s %8s %8s %6s\n", "kind", "method", "mean",
            "device", "server", "network", "queue", "retrans-", "back-off", "other");
    fprintf(p->to, "%-39s %8s %8s %7s %7s %8s\n", "", "crypto", "crypto", "", "", "mission");
    static const int widths[STATS_PARTS] = {8, 8, 7, 7, 8, 8, 6};
    for (size_t i = 0; i < s->group_count; i++) {
        const struct stats_group *g = &s->groups[i];
        char out[32];
        if (g->success == 0)
            continue;
        text_cell(p->to, g->kind, 14);
        fputc(' ', p->to);
        text_cell(p->to, g->method, 15);
        fprintf(p->to, " %8s", text_time(g->mean_ns, out));
        for (int k = 0; k < STATS_PARTS; k++) {
            double share = g->mean_ns > 0 ? 100 * g->parts_ns[k] / g->mean_ns : 0;
            snprintf(out, sizeof out,
                     share == 0     ? "-"
                     : share < 0.05 ? "<0.1 %%"
                                    : "%.1f %%",
                     share);
            fprintf(p->to, " %*s", widths[k], out);
        }
        fputc('\n', p->to);
    }
}

/* Each percentile is what one procedure took: which. */
static void put_which(const struct paper *p, const struct stats *s)
{
    heading(p, "Which they were", "ids, for chart --procedure ID and pcap --procedure ID");
    fprintf(p->to, "%-14s %-15s %12s %12s %12s %12s\n", "kind", "method", "p50", "p90", "p99",
            "slowest");
    for (size_t i = 0; i < s->group_count; i++) {
        static const unsigned percent[] = {50, 90, 99, 100};
        const struct stats_group *g = &s->groups[i];
        if (g->success == 0)
            continue;
        text_cell(p->to, g->kind, 14);
        fputc(' ', p->to);
        text_cell(p->to, g->method, 15);
        for (size_t k = 0; k < sizeof percent / sizeof percent[0]; k++)
            fprintf(p->to, " %12lld", (long long)stats_quantile_procedure(g, percent[k]));
        fputc('\n', p->to);
    }
}

static void put_energy(const struct paper *p, const struct stats *s)
{
    bool any = false;
    for (size_t i = 0; i < s->group_count; i++)
        any = any || s->groups[i].energy_nj > 0;
    if (!any)
        return;
    heading(p, "Device energy", "mean of the successful, computing only");
    for (size_t i = 0; i < s->group_count; i++) {
        const struct stats_group *g = &s->groups[i];
        char out[32];
        if (g->success == 0)
            continue;
        text_cell(p->to, g->kind, 14);
        fputc(' ', p->to);
        text_cell(p->to, g->method, 15);
        fprintf(p->to, " %8s mJ\n", text_figure(g->energy_nj / 1e6, out));
    }
}

/* ---- keys, integrity, failures ---- */

static void put_keys(const struct paper *p, const struct stats *s)
{
    char a[32], b[32];
    if (s->key_count == 0)
        return;
    heading(p, "Keys", "");
    fprintf(p->to, "%-14s %10s %13s   %s\n", "type", "born", "alive at end", "ended");
    for (size_t i = 0; i < s->key_count; i++) {
        const struct stats_keys *k = &s->keys[i];
        text_cell(p->to, k->type, 14);
        fprintf(p->to, " %10s %13s  ", text_count(k->born, a), text_count(k->alive, b));
        const char *comma = " ";
        bool any = false;
        for (size_t e = 0; e < s->key_ends.n; e++) {
            const struct stats_count *c = &s->key_ends.at[e];
            if (strcmp(c->a, k->type) != 0)
                continue;
            fputs(comma, p->to);
            text_put(p->to, *c->b ? c->b : "(no reason)");
            fprintf(p->to, " %s", text_count(c->n, a));
            comma = ", ";
            any = true;
        }
        fputs(any ? "\n" : " -\n", p->to);
    }
}

static void put_ival(const struct paper *p, const struct stats *s)
{
    char out[32];
    if (s->ival.n == 0)
        return;
    heading(p, "Integrity validation", "reports by what was true and what was decided");
    fprintf(p->to, "%-14s %-15s %10s\n", "truth", "verdict", "n");
    for (size_t i = 0; i < s->ival.n; i++) {
        text_cell(p->to, s->ival.at[i].a, 14);
        fputc(' ', p->to);
        text_cell(p->to, s->ival.at[i].b, 15);
        fprintf(p->to, " %10s\n", text_count(s->ival.at[i].n, out));
    }
}

static void put_failures(const struct paper *p, const struct stats *s)
{
    char out[32];
    if (s->failures.n == 0)
        return;
    heading(p, "Not successful", "by reason");
    fprintf(p->to, "%-14s %-10s %-30s %10s\n", "kind", "outcome", "reason", "n");
    size_t shown = at_most(s->failures.n, MOST_LINES);
    for (size_t i = 0; i < shown; i++) {
        const struct stats_count *c = &s->failures.at[i];
        text_cell(p->to, c->a, 14);
        fputc(' ', p->to);
        text_cell(p->to, c->b, 10);
        fputc(' ', p->to);
        text_cell(p->to, *c->c ? c->c : "-", 30);
        fprintf(p->to, " %10s\n", text_count(c->n, out));
    }
    more(p, s->failures.n, shown);
}

/* ---- load ---- */

static void put_server(const struct paper *p, const struct stats_server *v)
{
    char a[32];
    text_cell(p->to, v->name, 24);
    fprintf(p->to, " %9s", text_count((uint64_t)v->queue_peak, a));
    fprintf(p->to, " %12s", v->queue_peak > 0 ? text_time((double)v->queue_peak_t, a) : "-");
    fprintf(p->to, " %10s", text_figure(v->queue_mean, a));
    fprintf(p->to, " %9s", text_count((uint64_t)v->sessions_peak, a));
    if (v->workers > 0) {
        snprintf(a, sizeof a, "%.1f %%", 100 * v->busy_mean / v->workers);
        fprintf(p->to, " %9s", a);
        snprintf(a, sizeof a, "%.1f %%", 100 * v->busy_peak / v->workers);
        fprintf(p->to, " %9s", a);
        fprintf(p->to, " %8s\n", text_count((uint64_t)v->workers, a));
    } else {
        fprintf(p->to, " %9s", text_figure(v->busy_mean, a));
        fprintf(p->to, " %9s %8s\n", text_figure(v->busy_peak, a), "-");
    }
}

static void put_load(const struct paper *p, const struct stats *s)
{
    if (s->server_count == 0)
        return;
    bool share = s->servers[0].workers > 0;
    heading(p, "Servers", share ? "busy: share of the workers" : "busy: workers, on average");
    fprintf(p->to, "%-24s %9s %12s %10s %9s %9s %9s %8s\n", "server", "queue", "at", "queue",
            "sessions", "busy", "busy", "workers");
    fprintf(p->to, "%-24s %9s %12s %10s %9s %9s %9s\n", "", "peak", "", "mean", "peak", "mean",
            "peak");
    size_t shown = at_most(s->server_count, MOST_LINES);
    for (size_t i = 0; i < shown; i++)
        put_server(p, &s->servers[i]);
    more(p, s->server_count, shown);
}

static void put_operations(const struct paper *p, const struct stats *s)
{
    enum { PER_ROLE = 8 };
    const char *role = "";
    int of_role = 0;
    if (s->operation_count == 0)
        return;
    heading(p, "Processor time by operation", "the costliest of each side");
    fprintf(p->to, "%-8s %-10s %-14s %12s %14s %12s %9s\n", "side", "operation", "algorithm",
            "calls", "octets", "time", "share");
    for (size_t i = 0; i < s->operation_count; i++) {
        const struct stats_operation *o = &s->operations[i];
        char a[32];
        of_role = strcmp(role, o->role) == 0 ? of_role + 1 : 0;
        role = o->role;
        if (of_role >= PER_ROLE)
            continue;
        text_cell(p->to, of_role ? "" : o->role, 8);
        fputc(' ', p->to);
        text_cell(p->to, o->operation, 10);
        fputc(' ', p->to);
        text_cell(p->to, o->algorithm, 14);
        fprintf(p->to, " %12s", text_count(o->calls, a));
        fprintf(p->to, " %14s", text_count(o->octets, a));
        fprintf(p->to, " %12s %7.1f %%\n", text_time(o->ns, a), 100 * o->share);
    }
}

static void put_notes(const struct paper *p, const struct stats *s)
{
    char out[32];
    if (s->note_count == 0)
        return;
    heading(p, "Notes and violations", "");
    if (s->violations)
        fprintf(p->to, "%ssecurity invariants were broken: %s%s\n", p->colour ? "\033[1;31m" : "",
                text_count(s->violations, out), p->colour ? "\033[0m" : "");
    size_t shown = at_most(s->note_count, MOST_LINES);
    for (size_t i = 0; i < shown; i++) {
        const struct stats_note *n = &s->notes[i];
        text_cell(p->to, n->level, 10);
        units_human_time(n->t, out, sizeof out);
        fprintf(p->to, " %9s ", out);
        text_put(p->to, n->code);
        fputs(": ", p->to);
        text_put(p->to, n->text);
        if (n->count > 1)
            fprintf(p->to, " (%s times)", text_count(n->count, out));
        fputc('\n', p->to);
    }
    more(p, s->note_count, shown);
}

/* Over all cells of the database, not of the run alone. */
static void put_goals(const struct paper *p, struct reader *r)
{
    struct goal_results g;
    char why[300];

    if (goals_judge(r, NULL, 0, &g, why) == OK && g.n > 0) {
        heading(p, "Goals", "on the confidence interval over replications");
        goals_write(&g, false, p->to);
    }
    goals_release(&g);
}

void report_text(struct reader *r, const struct stats *s, bool colour, FILE *to)
{
    struct paper p = {to, colour};
    report_cells(r, to);
    put_run(&p, r, s);
    put_goals(&p, r);
    put_procedures(&p, s);
    put_which(&p, s);
    put_parts(&p, s);
    put_energy(&p, s);
    put_keys(&p, s);
    put_ival(&p, s);
    if (s->incident_count > 0) {
        heading(&p, "What befell devices", "until it ended; quantiles over all");
        incidents_text(s, to);
    }
    put_failures(&p, s);
    put_load(&p, s);
    put_operations(&p, s);
    put_notes(&p, s);
    if (*r->run.fingerprint)
        fprintf(to, "\nfingerprint %s\n", r->run.fingerprint);
}
