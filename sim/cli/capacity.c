#include "sim/cli/capacity.h"

#include "crypto/profile.h"
#include "sim/base/json.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"
#include "sim/cli/runner.h"
#include "sim/cli/scenario_arg.h"
#include "topologies/sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_TIMES 4 /* so many times the replications an undecided value gets */

/* ---- one run ---- */

/* A database of our own, to be replaced by the run's, and gone as soon as it is open: the caller
 * frees the path. */
static char *temporary(void)
{
    const char *folder = getenv("TMPDIR");
    char *path = xasprintf("%s/m2msim-capacity-XXXXXX", folder && *folder ? folder : "/tmp");
    int fd = mkstemp(path);

    if (fd < 0) {
        free(path);
        return NULL;
    }
    close(fd);
    return path;
}

/* The scenario with the key at `value`, of that replication. NULL: told on stderr. */
static struct scenario *scenario_at(const struct capacity *s, uint32_t value, unsigned replication)
{
    size_t n = s->overrides.count;
    const char **sets = xcalloc(n + 2, sizeof *sets);
    char *key = xasprintf("%s=%u", s->key, value);
    char *seed =
        xasprintf("run.seed=%llu", (unsigned long long)sweep_seed(s->base->seed, replication));
    struct diag_list *diags = diag_list_new();
    struct scenario *out;

    for (size_t i = 0; i < n; i++)
        sets[i] = s->overrides.sets[i];
    sets[n] = key;
    sets[n + 1] = seed;
    out = scenario_read(cli_argument(s->cli, 0), sets, n + 2, diags);
    if (diag_size(diags))
        scenario_arg_tell(s->cli, diags);
    diag_list_free(diags);
    free(sets);
    free(key);
    free(seed);
    return out;
}

static enum cli_exit run_one(const struct capacity *s, uint32_t value, unsigned replication,
                             struct reader **out)
{
    struct run_outcome outcome = {.exit = EXIT_SCENARIO};
    struct scenario *scenario = scenario_at(s, value, replication);
    char *path = scenario ? temporary() : NULL;
    char why[160] = "";

    if (scenario && !path)
        outcome.exit =
            (enum cli_exit)cli_error(s->cli, EXIT_INTERNAL, "cannot make a temporary file");
    if (path)
        run_scenario(s->cli,
                     &(struct run_request){.scenario = scenario,
                                           .profile = s->profile,
                                           .database = path,
                                           .force = true,
                                           .threads = s->threads,
                                           .progress = PROGRESS_OFF},
                     &outcome);
    if (outcome.exit == EXIT_DONE && reader_open(path, out, why))
        outcome.exit = (enum cli_exit)cli_error(s->cli, EXIT_INTERNAL, "%s", why);
    if (path)
        unlink(path);
    free(path);
    scenario_free(scenario);
    return outcome.exit;
}

/* ---- one value ---- */

static void take_goals(struct capacity_trial *t, const struct goal_results *g)
{
    char value[32];

    t->verdict = g->no ? GOAL_NO : g->undecided ? GOAL_UNDECIDED : GOAL_YES;
    t->missed[0] = '\0';
    for (size_t i = 0; i < g->n; i++) {
        if (g->at[i].verdict == GOAL_YES || (g->no && g->at[i].verdict != GOAL_NO))
            continue;
        goal_format(g->at[i].dimension, g->at[i].value.mean, value, sizeof value);
        snprintf(t->missed, sizeof t->missed, "%.80s: %s", g->at[i].expression, value);
        return;
    }
}

/* The busiest population of servers: what saturates, or will. */
static enum err take_load(const struct capacity *s, struct capacity_trial *t,
                          struct reader *const *runs, size_t n)
{
    char busy[100], queue[100], why[300];
    const char *both[] = {busy, queue};
    enum err err = OK;

    t->busy = 0;
    for (uint32_t i = 0; i < s->base->population_count && !err; i++) {
        const struct scn_population *p = &s->base->populations[i];
        struct goal_results g;
        if (cfg_is_field(p->kind))
            continue;
        snprintf(busy, sizeof busy, "mean(%.40s.busy) < 100 %%", p->name);
        snprintf(queue, sizeof queue, "max(%.40s.queue) < 1", p->name);
        err = goals_judge_runs(runs, n, both, 2, &g, why);
        if (!err && g.at[0].value.n > 0 && g.at[0].value.mean > t->busy) {
            t->busy = g.at[0].value.mean;
            t->queue = g.at[1].value.mean;
            snprintf(t->busiest, sizeof t->busiest, "%s", p->name);
        }
        goals_release(&g);
    }
    return err;
}

static int judge(const struct capacity *s, struct capacity_trial *t, struct reader *const *runs,
                 size_t n)
{
    struct goal_results g;
    char why[300] = "";
    enum err err = goals_judge_runs(runs, n, s->base->goals, s->base->goal_count, &g, why);

    if (!err)
        take_goals(t, &g);
    goals_release(&g);
    if (!err)
        err = take_load(s, t, runs, n);
    return err ? cli_error(s->cli, EXIT_INTERNAL, "%s", why[0] ? why : err_text(err)) : EXIT_DONE;
}

static void tell_progress(const struct capacity *s, const struct capacity_trial *t)
{
    fprintf(stderr, "%s = %u: %s (%u replications)%s%s\n", s->key, t->value,
            goal_verdict_name(t->verdict), t->replications, t->missed[0] ? "; " : "", t->missed);
}

/* As many replications as it takes to decide, within bounds. */
static int try_value(struct capacity *s, uint32_t value, struct capacity_trial *t)
{
    unsigned most = MOST_TIMES * s->replications;
    struct reader **runs = xcalloc(most, sizeof *runs);
    int code = EXIT_DONE;

    *t = (struct capacity_trial){.value = value, .verdict = GOAL_UNDECIDED};
    while (code == EXIT_DONE && t->replications < most && t->verdict == GOAL_UNDECIDED) {
        for (unsigned i = 0; i < s->replications && code == EXIT_DONE; i++) {
            code = (int)run_one(s, value, t->replications, &runs[t->replications]);
            t->replications += code == EXIT_DONE;
        }
        if (code == EXIT_DONE)
            code = judge(s, t, runs, t->replications);
    }
    if (code == EXIT_DONE)
        tell_progress(s, t);
    for (unsigned i = 0; i < most; i++)
        reader_close(runs[i]);
    free(runs);
    return code;
}

/* ---- the search ---- */

/* How far a value is from the end where the goals are met, and back: the search goes that way. */
static uint32_t way(const struct capacity *s, uint32_t value)
{
    return s->least ? s->max - value : value - s->min;
}

static uint32_t value_at(const struct capacity *s, uint32_t far)
{
    return s->least ? s->max - far : s->min + far;
}

static int verdict_of(struct capacity *s, uint32_t far, enum goal_verdict *out)
{
    uint32_t value = value_at(s, far);
    size_t i = 0;
    struct capacity_trial t;
    int code;

    while (i < s->trial_count && way(s, s->trials[i].value) < far)
        i++;
    if (i < s->trial_count && s->trials[i].value == value) {
        *out = s->trials[i].verdict;
        return EXIT_DONE;
    }
    code = try_value(s, value, &t);
    if (code != EXIT_DONE)
        return code;
    s->trials = xrealloc(s->trials, (s->trial_count + 1) * sizeof *s->trials);
    memmove(&s->trials[i + 1], &s->trials[i], (s->trial_count - i) * sizeof *s->trials);
    s->trials[i] = t;
    s->trial_count++;
    *out = t.verdict;
    return EXIT_DONE;
}

/* Between a value that is on this side and one that is not. until_no: the side is "not missed",
 * else "met". */
static int bisect(struct capacity *s, uint32_t inside, uint32_t outside, bool until_no)
{
    int code = EXIT_DONE;

    while (code == EXIT_DONE && outside - inside > 1) {
        uint32_t middle = inside + (outside - inside) / 2;
        enum goal_verdict v = GOAL_UNDECIDED;
        code = verdict_of(s, middle, &v);
        if (until_no ? v != GOAL_NO : v == GOAL_YES)
            inside = middle;
        else
            outside = middle;
    }
    return code;
}

/* The farthest value that is met, and the nearest that is missed; false where there is none. */
static bool find_met(const struct capacity *s, size_t *at)
{
    bool found = false;

    for (size_t i = 0; i < s->trial_count && s->trials[i].verdict == GOAL_YES; i++) {
        *at = i;
        found = true;
    }
    return found;
}

static bool find_missed(const struct capacity *s, size_t *at)
{
    for (size_t i = 0; i < s->trial_count; i++)
        if (s->trials[i].verdict == GOAL_NO) {
            *at = i;
            return true;
        }
    return false;
}

int capacity_find(struct capacity *s)
{
    enum goal_verdict low = GOAL_UNDECIDED, high = GOAL_UNDECIDED;
    uint32_t end = s->max - s->min;
    int code = verdict_of(s, 0, &low);
    size_t met, missed;

    if (code != EXIT_DONE || low != GOAL_YES)
        return code != EXIT_DONE ? code : low == GOAL_NO ? EXIT_GOAL_MISSED : EXIT_UNDECIDED;
    code = verdict_of(s, end, &high);
    if (code != EXIT_DONE || high == GOAL_YES)
        return code;
    code = bisect(s, 0, end, false);
    /* Where nothing is decided lies between the two ends of the interval. */
    if (code == EXIT_DONE && high == GOAL_NO && find_met(s, &met) && find_missed(s, &missed))
        code = bisect(s, way(s, s->trials[met].value), way(s, s->trials[missed].value), true);
    return code;
}

/* ---- telling ---- */

static void put_load(const struct capacity_trial *t)
{
    if (t->busy > 0)
        printf("with %u, %s is the busiest: %.3g %% of its workers on average, its longest queue "
               "%.3g\n",
               t->value, t->busiest, 100 * t->busy, t->queue);
}

static void tell_text(const struct capacity *s, const struct capacity_trial *met,
                      const struct capacity_trial *missed)
{
    uint32_t near = value_at(s, 0), far = value_at(s, s->max - s->min);

    if (!met)
        printf("not even %s = %u is known to meet the goals: %s\n", s->key, near,
               s->trial_count ? s->trials[0].missed : "");
    else if (met->value == far)
        printf("%s = %u still meets the goals: the limit is beyond %s\n", s->key, far,
               s->least ? "--min" : "--max");
    else if (missed && s->least)
        printf("limit: at least %s = %u, interval %u to %u\n", s->key, met->value,
               missed->value + 1, met->value);
    else if (missed)
        printf("limit: %s = %u, interval %u to %u\n", s->key, met->value, met->value,
               missed->value - 1);
    else
        printf("limit: %s%s = %u; %s %u, nothing is missed for certain\n",
               s->least ? "at least " : "", s->key, met->value, s->least ? "down to" : "up to",
               far);
    if (missed) {
        printf("with %u, a goal is missed: %s\n", missed->value, missed->missed);
        put_load(missed);
    } else if (s->trial_count > 0)
        put_load(&s->trials[s->trial_count - 1]);
}

static void put_trial_json(const struct capacity_trial *t)
{
    printf("{\"value\":%u,\"verdict\":\"%s\",\"replications\":%u,\"not_met\":", t->value,
           goal_verdict_name(t->verdict), t->replications);
    json_text(stdout, t->missed);
    fputs(",\"busiest\":", stdout);
    json_text(stdout, t->busiest);
    printf(",\"busy\":%.6g,\"longest_queue\":%.6g}", t->busy, t->queue);
}

static void put_bound(const struct capacity_trial *t, int beside)
{
    if (t)
        printf("%lld", (long long)t->value + beside);
    else
        fputs("null", stdout);
}

static void tell_json(const struct capacity *s, const struct capacity_trial *met,
                      const struct capacity_trial *missed)
{
    fputs("{\"key\":", stdout);
    json_text(stdout, s->key);
    printf(",\"sought\":\"%s\",\"limit\":", s->least ? "least" : "greatest");
    put_bound(met, 0);
    fputs(",\"interval\":[", stdout);
    if (s->least)
        put_bound(missed, 1);
    else
        put_bound(met, 0);
    putchar(',');
    if (s->least)
        put_bound(met, 0);
    else
        put_bound(missed, -1);
    fputs("],", stdout);
    fputs("\"trials\":[", stdout);
    for (size_t i = 0; i < s->trial_count; i++) {
        fputs(i ? ",\n" : "\n", stdout);
        put_trial_json(&s->trials[i]);
    }
    fputs("]}\n", stdout);
}

void capacity_tell(const struct capacity *s, bool json)
{
    size_t m = 0, n = 0;
    const struct capacity_trial *met = find_met(s, &m) ? &s->trials[m] : NULL;
    const struct capacity_trial *missed = find_missed(s, &n) ? &s->trials[n] : NULL;

    if (json)
        tell_json(s, met, missed);
    else
        tell_text(s, met, missed);
}

void capacity_release(struct capacity *s)
{
    overrides_release(&s->overrides);
    scenario_free(s->base);
    profile_free(s->profile);
    free(s->trials);
}
