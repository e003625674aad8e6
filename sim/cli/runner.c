#include "sim/cli/runner.h"

#include "crypto/entity.h"
#include "crypto/profile.h"
#include "results/reader.h"
#include "sim/base/xalloc.h"
#include "sim/cli/describe.h"
#include "sim/cli/tee.h"
#include "topologies/builder.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRESS_EVENTS 5000

/* ---- signals: the only thing a handler may touch is the engine's stop flag ---- */
static struct sim *volatile stoppable;
static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
    struct sim *sim = stoppable;

    signalled = number;
    if (sim)
        sim_stop(sim);
}

static void catch_signals(struct sigaction old[2])
{
    struct sigaction action = {.sa_handler = on_signal};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &old[0]);
    sigaction(SIGTERM, &action, &old[1]);
}

static void restore_signals(const struct sigaction old[2])
{
    stoppable = NULL;
    sigaction(SIGINT, &old[0], NULL);
    sigaction(SIGTERM, &old[1], NULL);
}

static enum err open_recorder(const struct run_request *q, struct recorder **out)
{
    struct description d = {.resolved = NULL};
    enum err err;

    if (q->planned) { /* one of a campaign, which was described when it was planned */
        d.input = *q->planned;
        d.input.seed = q->scenario->seed;
        d.input.until = q->scenario->until;
        describe_host(&d);
    } else {
        describe(&d, q->scenario, q->profile);
        d.input.parameters = q->parameters;
        d.input.parameter_count = q->parameter_count;
        d.input.cell = q->cell;
        d.input.replication = q->replication;
        if (q->scenario_text)
            d.input.scenario_text = q->scenario_text;
        if (q->title)
            d.input.title = q->title;
    }
    err = recorder_open(q->database, q->force, &d.input, out);
    description_release(&d);
    return err;
}

/* ---- the run ---- */

struct watch {
    struct progress progress;
    struct deployment *deployment;
    struct recorder *recorder;
};

static void on_progress(struct sim *sim, void *arg)
{
    struct watch *w = arg;

    progress_tick(&w->progress, w->deployment);
    if (recorder_error(w->recorder))
        sim_stop(sim);
}

static void key_progress(unsigned done, unsigned size)
{
    fprintf(stderr, "making the fleet's RSA keys: %u of %u\n", done, size);
}

char *run_key_cache(void)
{
    const char *given = getenv("M2MSIM_KEY_CACHE"), *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    char *parent, *folder;

    if (given)
        return *given ? xstrdup(given) : NULL;
    if (!(xdg && *xdg) && !(home && *home))
        return NULL;
    parent = xdg && *xdg ? xstrdup(xdg) : xasprintf("%s/.cache", home);
    (void)mkdir(parent, 0700);
    folder = xasprintf("%s/m2msim", parent);
    (void)mkdir(folder, 0700);
    free(parent);
    return folder;
}

static enum cli_exit drive(const struct cli *c, const struct run_request *q, struct built *b,
                           struct recorder *r, struct run_outcome *out)
{
    struct watch w = {.deployment = built_deployment(b), .recorder = r};
    struct sim *sim = deployment_sim(w.deployment);
    int64_t begun = host_monotonic_ns();
    enum sim_end end;

    progress_begin(&w.progress, q->progress, q->scenario->until);
    sim_on_progress(sim, PROGRESS_EVENTS, on_progress, &w);
    stoppable = sim;
    if (signalled)
        sim_stop(sim);
    end = deployment_run(w.deployment);
    stoppable = NULL;
    progress_end(&w.progress, w.deployment);
    deployment_finish(w.deployment);
    sim_get_stats(sim, &out->stats);
    deployment_counts(w.deployment, &out->counts);
    out->octets_per_device = deployment_octets_per_device(w.deployment);
    out->end = sim_now(sim);
    out->wall_s = (double)(host_monotonic_ns() - begun) / 1e9;
    if (end != SIM_END_STOPPED)
        return EXIT_DONE;
    if (signalled)
        (void)cli_error(c, EXIT_STOPPED, "stopped by signal %d; what was done is kept",
                        (int)signalled);
    return EXIT_STOPPED;
}

static enum cli_exit close_recorder(const struct cli *c, const struct run_request *q,
                                    struct recorder *r, enum cli_exit exit, struct run_outcome *out)
{
    struct rusage usage;
    struct recorder_end end = {.status = exit == EXIT_DONE ? RECORDER_DONE : RECORDER_PARTIAL,
                               .end_ns = out->end,
                               .events = out->stats.events,
                               .wall_s = out->wall_s};
    enum err err;

    getrusage(RUSAGE_SELF, &usage);
    out->peak_rss = end.peak_rss = usage.ru_maxrss * 1024;
    end.error = exit == EXIT_DONE ? NULL : signalled ? "stopped by a signal" : "stopped";
    out->rows = recorder_rows(r);
    err = recorder_close(r, &end, out->fingerprint);
    if (!err)
        return exit;
    (void)cli_error(c, EXIT_STOPPED, "writing '%s': %s; the file holds what was written before",
                    q->database, err_text(err));
    return EXIT_STOPPED;
}

bool run_stored(const struct cli *c, struct reader *r, struct scenario **scenario,
                struct profile **profile)
{
    const struct reader_run *stored = reader_run(r);
    struct diag_list *diags = diag_list_new();
    char seed[48];
    const char *const sets[] = {seed};

    /* The resolved scenario stands alone: no network file is needed beside it, and no override but
     * the seed, which a replication has of its own. */
    snprintf(seed, sizeof seed, "run.seed=%llu", (unsigned long long)stored->seed);
    *profile = NULL;
    *scenario = scenario_parse(stored->scenario_path, stored->resolved_json,
                               strlen(stored->resolved_json), sets, 1, diags);
    if (*scenario)
        *profile = profile_parse(stored->profile_name, stored->profile_text,
                                 strlen(stored->profile_text), diags);
    if (diag_size(diags))
        diag_print(diags, stderr, cli_colour(c, 2));
    diag_list_free(diags);
    return *profile != NULL;
}

void run_scenario(const struct cli *c, const struct run_request *q, struct run_outcome *out)
{
    struct diag_list *diags = diag_list_new();
    struct recorder *r = NULL;
    struct built *b = NULL;
    struct tee tee;
    struct sigaction old[2];
    char *cache = run_key_cache();
    enum err err;

    memset(out, 0, sizeof *out);
    if (!q->force && strcmp(q->database, ":memory:") != 0 && !access(q->database, F_OK)) {
        out->exit = (enum cli_exit)cli_error(
            c, EXIT_USAGE, "'%s' is there already; give another name with -o, or --force",
            q->database);
        free(cache);
        diag_list_free(diags);
        return;
    }
    catch_signals(old);
    /* Everything that can be wrong with the input is found before the results' file is touched. */
    b = scenario_build(q->scenario, q->profile,
                       &(struct build_options){q->threads, cache,
                                               q->progress == PROGRESS_OFF ? NULL : key_progress},
                       diags);
    if (diag_size(diags))
        diag_print(diags, stderr, cli_colour(c, 2));
    if (!b) {
        out->exit = EXIT_SCENARIO;
        goto out;
    }
    if (q->ready && !q->ready(q->ready_arg, built_deployment(b))) {
        out->exit = EXIT_USAGE;
        goto out;
    }
    err = open_recorder(q, &r);
    if (err) {
        out->exit = (enum cli_exit)cli_error(c, EXIT_USAGE, "cannot write results to '%s': %s",
                                             q->database, err_text(err));
        goto out;
    }
    if (q->procedure)
        tee_init(&tee, recorder_sink(r), q->procedure, q->procedure_arg);
    deployment_start(built_deployment(b), q->procedure ? &tee.sink : recorder_sink(r));
    out->exit = drive(c, q, b, r, out);
    /* Its trees and readings are not to be there still while goals are judged and rows sorted. */
    built_free(b);
    b = NULL;
    out->exit = close_recorder(c, q, r, out->exit, out);
out:
    built_free(b);
    diag_list_free(diags);
    free(cache);
    restore_signals(old);
}
