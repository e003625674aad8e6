/* The verdicts, for people and for programs. */
#include <math.h>
#include <string.h>

#include "results/goals.h"
#include "results/text.h"
#include "sim/base/json.h"

static void put_interval(const struct goal_result *g, FILE *to)
{
    char low[32], high[32], text[80] = "-";

    goal_format(g->dimension, g->value.low, low, sizeof low);
    goal_format(g->dimension, g->value.high, high, sizeof high);
    if (isfinite(g->value.low) && isfinite(g->value.high))
        snprintf(text, sizeof text, "%s to %s", low, high);
    else if (isfinite(g->value.low))
        snprintf(text, sizeof text, "from %s", low);
    else if (isfinite(g->value.high))
        snprintf(text, sizeof text, "up to %s", high);
    text_cell(to, text, 24);
}

static void put_text(const struct goal_results *g, FILE *to)
{
    bool cells = false;
    char value[32];

    for (size_t i = 1; i < g->n; i++)
        cells = cells || g->at[i].cell != g->at[0].cell ||
                g->at[i].experiment_id != g->at[0].experiment_id;
    fprintf(to,
            "%sgoal                                   verdict   value       95 %% interval"
            "          stands on\n",
            cells ? "cell  " : "");
    for (size_t i = 0; i < g->n; i++) {
        const struct goal_result *r = &g->at[i];
        if (cells)
            fprintf(to, "%-5lld ", (long long)r->cell);
        text_cell(to, r->expression, 38);
        fprintf(to, " %-9s ", goal_verdict_name(r->verdict));
        goal_format(r->dimension, r->value.mean, value, sizeof value);
        text_cell(to, r->value.n ? value : "-", 11);
        fputc(' ', to);
        put_interval(r, to);
        fprintf(to, " %s%s", r->basis, "");
        if (r->value.n > 1)
            fprintf(to, " (%zu)", r->value.n);
        fputc('\n', to);
    }
}

static void put_number(const char *name, double v, FILE *to)
{
    fprintf(to, ",\"%s\":", name);
    json_number(to, v);
}

static void put_json(const struct goal_results *g, FILE *to)
{
    fprintf(to, "{\"yes\":%zu,\"no\":%zu,\"undecided\":%zu,\"confidence\":%g,\"goals\":[", g->yes,
            g->no, g->undecided, INTERVAL_CONFIDENCE);
    for (size_t i = 0; i < g->n; i++) {
        const struct goal_result *r = &g->at[i];
        fprintf(to, "%s\n{\"experiment\":%lld,\"cell\":%lld,\"goal\":", i ? "," : "",
                (long long)r->experiment_id, (long long)r->cell);
        json_text(to, r->expression);
        fprintf(to, ",\"verdict\":\"%s\"", goal_verdict_name(r->verdict));
        put_number("value", r->value.n ? r->value.mean : NAN, to);
        put_number("low", r->value.low, to);
        put_number("high", r->value.high, to);
        fprintf(to, ",\"replications\":%zu,\"without_data\":%zu,\"basis\":", r->value.n,
                r->without);
        json_text(to, r->basis);
        fputc('}', to);
    }
    fputs("]}\n", to);
}

void goals_write(const struct goal_results *g, bool json, FILE *to)
{
    if (json)
        put_json(g, to);
    else
        put_text(g, to);
}
