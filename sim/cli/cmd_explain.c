/* explain: what a word means that one meets in scenarios, results and diagnostics. */
#include "sim/cli/cli.h"
#include "sim/cli/explain.h"

#include "sim/base/goal.h"
#include "sim/base/json.h"
#include "sim/base/xalloc.h"
#include "topologies/scenario.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct cli_option options[] = {{"json", 0, NULL, "the explanations as JSON"},
                                            {NULL, 0, NULL, NULL}};

/* Words that have no table of their own. */
static const struct explain_entry others[] = {
    {"goals", "a scenario's goals: FUNCTION(KIND.MEASURE) COMPARISON BOUND, as "
              "p99(bootstrap.latency) < 30 s, success(connection) > 99.9 %, max(core.queue) < 500. "
              "FUNCTION: pNN, mean, max, min, success, count. COMPARISON: <, <=, >, >="},
    {"yes", "verdict: the whole 95 % interval over the replications meets the goal"},
    {"no", "verdict: none of the 95 % interval meets the goal"},
    {"undecided", "verdict: the bound lies within the 95 % interval, or there is no data"},
    {"cell", "one combination of the values that a sweep goes through"},
    {"replication", "one run of a cell, with a seed of its own"},
    {"fingerprint", "SHA-256 over all results of a run: the same scenario, seed and OpenSSL give "
                    "the same"},
    {"exit code 0", "done"},
    {"exit code 1", "internal error"},
    {"exit code 2", "usage"},
    {"exit code 3", "the scenario is not valid"},
    {"exit code 4", "a goal is missed"},
    {"exit code 5", "verify or compare differs"},
    {"exit code 6", "no goal is missed, and one is undecided"},
    {"exit code 7", "stopped by a limit or a signal; partial results are kept"},
    {"exit code 8", "a security invariant is broken"},
    {NULL, NULL}};

enum { MOST_NAMES = 4000 };

struct explaining {
    const char *term;
    bool json;
    size_t found;
    const char *names[MOST_NAMES]; /* for the nearest */
    size_t name_count;
};

static void add_name(struct explaining *e, const char *name)
{
    if (e->name_count < MOST_NAMES)
        e->names[e->name_count++] = name;
}

static void tell(struct explaining *e, const char *term, const char *what, const char *text)
{
    if (e->json) {
        fputs(e->found ? ",\n{\"term\":" : "\n{\"term\":", stdout);
        json_text(stdout, term);
        fputs(",\"what\":", stdout);
        json_text(stdout, what);
        fputs(",\"text\":", stdout);
        json_text(stdout, text);
        putchar('}');
    } else
        printf("%s: %s%s%s\n", term, what, *text ? ": " : "", text);
    e->found++;
}

static void look_up(struct explaining *e, const struct explain_entry *entries, const char *what)
{
    for (; entries->term; entries++) {
        add_name(e, entries->term);
        if (strcasecmp(entries->term, e->term) == 0)
            tell(e, entries->term, what, entries->text);
    }
}

static void look_up_words(struct explaining *e, const struct goal_word *words, const char *what)
{
    for (; words->name; words++) {
        add_name(e, words->name);
        if (strcmp(words->name, e->term) == 0)
            tell(e, words->name, what, words->help);
    }
}

/* A clause names all that is below it: RFC 5191 finds RFC 5191 4.1. */
static void look_up_clauses(struct explaining *e)
{
    size_t n = strlen(e->term);

    for (const struct explain_entry *c = explain_clauses; c->term; c++) {
        add_name(e, c->term);
        if (strncasecmp(c->term, e->term, n) == 0 && n >= 3 &&
            (c->term[n] == '\0' || c->term[n] == ' ' || c->term[n] == '.'))
            tell(e, c->term, "clause, named in", c->text);
    }
}

static void take_key(void *arg, const char *path, const char *name, const char *text)
{
    struct explaining *e = arg;

    add_name(e, name);
    if (strcmp(name, e->term) == 0 || strcmp(path, e->term) == 0)
        tell(e, path, "key of the scenario", text);
}

static int run(struct cli *c)
{
    struct explaining *e = xcalloc(1, sizeof *e);
    const char *nearest;
    int code = EXIT_DONE;

    e->term = cli_argument(c, 0);
    e->json = cli_flag(c, "json");
    if (e->json)
        putchar('[');
    look_up(e, others, "word");
    look_up_words(e, goal_functions, "function of goals");
    look_up_words(e, goal_kinds, "kind of procedure");
    look_up_words(e, goal_measures, "measure of a procedure");
    look_up_words(e, goal_loads, "measure of a server");
    look_up_words(e, goal_incidents, "kind of incident");
    look_up_words(e, goal_durations, "measure of an incident");
    scenario_keys(take_key, e);
    look_up(e, explain_codes, "diagnostic");
    look_up(e, explain_reasons, "reason in the results");
    look_up_clauses(e);
    if (e->json)
        fputs(e->found ? "\n]\n" : "]\n", stdout);
    if (e->found == 0) {
        nearest = diag_nearest(e->term, e->names, e->name_count);
        code = cli_error(c, EXIT_USAGE, "nothing is known of '%s'%s%s%s", e->term,
                         nearest ? "; did you mean '" : "", nearest ? nearest : "",
                         nearest ? "'?" : "");
    }
    free(e);
    return code;
}

extern const struct cli_command cli_explain;
const struct cli_command cli_explain = {
    .name = "explain",
    .arguments = "TERM",
    .summary = "what a word means: a metric, a key, a diagnostic's code, a reason, a clause",
    .details = "For example: m2msim explain latency; explain retry; explain S104; explain\n"
               "ival-denied; explain 'RFC 5191'; explain populations.NAME.retry.jitter.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run};
