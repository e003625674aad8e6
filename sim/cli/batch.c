#include "sim/cli/batch_impl.h"

#include "crypto/entity.h"
#include "models/host/children.h"
#include "results/reader.h"
#include "sim/base/json.h"
#include "sim/base/units.h"
#include "sim/base/xalloc.h"
#include "sim/cli/goals_tell.h"
#include "sim/crew.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct batch {
    const struct cli *c;
    const struct batch_request *q;
    struct experiment *experiment;
    char *folder; /* of the parts */
    int lock;     /* descriptor of the folder, locked: nobody else works on it */
    size_t *todo; /* indices of planned runs */
    size_t todo_count, started, ended;
    struct progress progress;
    enum cli_exit worst; /* of the children */
    bool stopping;       /* no more are started */
    char threads[16];
    char *only, *part; /* of the child that is being started */
    const char *arguments[12];
};

/* ---- the folder of the parts ---- */

static char *part_path(const struct batch *b, size_t planned)
{
    const struct recorder_planned *p = &experiment_input(b->experiment)->campaign->planned[planned];
    return xasprintf("%s/cell%u-replication%u.db", b->folder, p->cell, p->replication);
}

static bool open_folder(struct batch *b)
{
    if (mkdir(b->folder, 0777) != 0 && errno != EEXIST) {
        cli_error(b->c, EXIT_USAGE, "cannot make the folder '%s': %s", b->folder, strerror(errno));
        return false;
    }
    b->lock = open(b->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (b->lock >= 0 && flock(b->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    cli_error(b->c, EXIT_USAGE, "'%s': %s", b->folder,
              b->lock >= 0 ? "another m2msim works on these runs" : strerror(errno));
    return false;
}

static void empty_folder(const struct batch *b)
{
    DIR *d = opendir(b->folder);
    const struct dirent *entry;
    while (d && (entry = readdir(d)))
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(d), entry->d_name, 0);
    if (d)
        closedir(d);
}

enum part { PART_NONE, PART_PARTIAL, PART_DONE };

/* Is there a database of that run, with its seals whole? One of a killed process is none. */
static enum part look_at(const char *path)
{
    struct reader *r = NULL;
    char why[160], fingerprint[65];
    enum part part = PART_NONE;
    if (reader_open(path, &r, why))
        return PART_NONE;
    if (reader_check(r, fingerprint, why) == OK)
        part = strcmp(reader_run(r)->status, "done") == 0 ? PART_DONE : PART_PARTIAL;
    reader_close(r);
    return part;
}

/* What a killed batch left behind counts. */
static void drop_what_is_done(struct batch *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->todo_count; i++) {
        char *path = part_path(b, b->todo[i]);
        if (look_at(path) != PART_DONE)
            b->todo[n++] = b->todo[i];
        free(path);
    }
    b->todo_count = n;
}

/* ---- the children ---- */

static bool next_child(void *arg, const char *const **arguments, size_t *tag)
{
    struct batch *b = arg;
    if (b->stopping || b->started == b->todo_count)
        return false;
    *tag = b->todo[b->started++];
    const struct recorder_planned *p = &experiment_input(b->experiment)->campaign->planned[*tag];
    free(b->only);
    free(b->part);
    b->only = xasprintf("cell = %u and replication = %u", p->cell, p->replication);
    b->part = part_path(b, *tag);
    const char *const list[] = {"resume",    b->q->plan, "--only",     b->only, "-o",      b->part,
                                "--threads", b->threads, "--progress", "off",   "--force", NULL};
    memcpy(b->arguments, list, sizeof list);
    *arguments = b->arguments;
    return true;
}

static void child_ended(void *arg, size_t tag, int code)
{
    struct batch *b = arg;
    const struct recorder_planned *p = &experiment_input(b->experiment)->campaign->planned[tag];
    b->ended++;
    if (code == EXIT_DONE)
        return;
    if (code < 0 || code > EXIT_VIOLATION) {
        cli_error(b->c, EXIT_INTERNAL, "cell %u, replication %u: %s %d", p->cell, p->replication,
                  code < 0 ? "its process could not be started," : "its process ended with code",
                  code);
        code = EXIT_INTERNAL;
    }
    if (b->worst == EXIT_DONE || b->worst == EXIT_STOPPED)
        b->worst = (enum cli_exit)code;
    /* What stopped one without being asked to, as a full disk, would stop the next ones too. */
    if (code == EXIT_STOPPED || code == EXIT_INTERNAL)
        b->stopping = true;
}

static void tell(struct batch *b, unsigned running, bool last)
{
    double seconds = (double)(host_monotonic_ns() - b->progress.begun_ns) / 1e9;
    size_t left = b->todo_count - b->ended;
    double wait = b->ended > 0 ? seconds / (double)b->ended * (double)left : -1;
    char text[32] = "?";
    if (b->progress.mode == PROGRESS_JSON) {
        fprintf(stderr,
                "{\"runs\": %zu, \"done\": %zu, \"running\": %u, \"wall_s\": %.3f, \"left_s\": ",
                b->todo_count, b->ended, running, seconds);
        fprintf(stderr, wait < 0 ? "null}\n" : "%.3f}\n", wait);
        return;
    }
    if (wait >= 0)
        units_human_time((sim_ns)(wait * 1e9), text, sizeof text);
    bool tty = b->progress.mode == PROGRESS_TTY;
    fprintf(stderr, "%s%zu of %zu runs done, %u running, left %s%s", tty ? "\r" : "", b->ended,
            b->todo_count, running, text,
            !tty   ? "\n"
            : last ? "\033[K\n"
                   : "\033[K");
    fflush(stderr);
}

static void tick(void *arg, unsigned running)
{
    struct batch *b = arg;
    if (progress_is_due(&b->progress))
        tell(b, running, false);
}

static enum cli_exit run_children(struct batch *b)
{
    unsigned cores = crew_cores(), jobs = b->q->jobs ? b->q->jobs : cores;
    int signal = 0;
    if (b->todo_count > 0 && jobs > b->todo_count)
        jobs = (unsigned)b->todo_count;
    unsigned threads = b->q->threads ? b->q->threads : cores / jobs;
    snprintf(b->threads, sizeof b->threads, "%u", threads ? threads : 1);
    progress_begin(&b->progress, b->q->progress, SIM_NEVER);
    enum err err = children_run(
        &(struct children_config){
            .most = jobs, .next = next_child, .ended = child_ended, .tick = tick, .arg = b},
        &signal);
    if (err)
        return (enum cli_exit)cli_error(b->c, EXIT_INTERNAL, "cannot start processes: %s",
                                        err_text(err));
    if (b->progress.mode != PROGRESS_OFF)
        tell(b, 0, true);
    if (!signal)
        return b->worst;
    return (enum cli_exit)cli_error(b->c, EXIT_STOPPED,
                                    "stopped by signal %d; what was done is kept, and 'm2msim "
                                    "resume %s' goes on",
                                    signal, b->q->output);
}

/* ---- the end ---- */

static void print_summary(const struct batch_request *q, const struct merge_outcome *m,
                          double wall_s)
{
    bool all = m->done == m->planned;
    const char *output = q->output;
    if (q->json) {
        printf("{\"status\": \"%s\", \"database\": ", all ? "done" : "partial");
        json_text(stdout, output);
        printf(", \"planned\": %zu, \"done\": %zu, \"partial\": %zu, \"fingerprint\": \"%s\", "
               "\"wall_s\": %.3f}\n",
               m->planned, m->done, m->partial, m->fingerprint, wall_s);
        return;
    }
    printf("%s: %zu of %zu runs in %.1f s\nfingerprint: %s\nresults: %s (m2msim report %s)\n",
           all ? "done" : "partial", m->done, m->planned, wall_s, m->fingerprint, output, output);
}

/* The plan's own runs and the parts that are whole, into the output. */
static enum cli_exit merge_parts(struct batch *b, struct merge_outcome *out)
{
    const struct recorder_campaign *g = experiment_input(b->experiment)->campaign;
    const char **sources = xcalloc(g->planned_count + 1, sizeof *sources);
    size_t n = 0;
    char why[300];
    sources[n++] = b->q->plan;
    for (size_t i = 0; i < g->planned_count; i++) {
        char *path = part_path(b, i);
        if (look_at(path) != PART_NONE)
            sources[n++] = path;
        else
            free(path);
    }
    bool in_place = strcmp(b->q->plan, b->q->output) == 0;
    enum err err = merge_write(b->q->output, in_place || b->q->force, sources, n, out, why);
    for (size_t i = 1; i < n; i++)
        free((void *)(uintptr_t)sources[i]);
    free(sources);
    if (!err)
        return EXIT_DONE;
    return (enum cli_exit)cli_error(b->c, EXIT_STOPPED, "cannot bring the runs together: %s", why);
}

/* One time all that is planned. */
static enum cli_exit work(struct batch *b, struct merge_outcome *merged)
{
    enum cli_exit code = EXIT_DONE, merging;
    if (!batch_choose(b->c, b->experiment, b->q->only, &b->todo, &b->todo_count) || !open_folder(b))
        return EXIT_USAGE;
    if (b->q->anew)
        empty_folder(b);
    drop_what_is_done(b);
    if (b->todo_count > 0)
        code = run_children(b);
    merging = merge_parts(b, merged);
    if (merging != EXIT_DONE) /* the parts stay: resume finds them */
        return merging;
    empty_folder(b);
    (void)rmdir(b->folder);
    return code;
}

enum cli_exit batch_not_opened(const struct cli *c, const char *path, enum err err, const char *why)
{
    if (err == ERR_STATE) /* ours, and no campaign */
        return (enum cli_exit)cli_error(c, EXIT_USAGE, "'%s': %s", path, why);
    return (enum cli_exit)cli_error(c, err == ERR_NOT_FOUND ? EXIT_USAGE : EXIT_INTERNAL, "%s",
                                    why);
}

static enum cli_exit run_round(const struct cli *c, const struct batch_request *q,
                               struct merge_outcome *merged)
{
    struct batch b = {.c = c, .q = q, .lock = -1};
    char why[160];
    enum err err = experiment_open(q->plan, &b.experiment, why);
    if (err)
        return batch_not_opened(c, q->plan, err, why);
    b.folder = xasprintf("%s.parts", q->output);
    enum cli_exit code = work(&b, merged);
    if (b.lock >= 0)
        close(b.lock);
    experiment_free(b.experiment);
    free(b.folder);
    free(b.todo);
    free(b.only);
    free(b.part);
    return code;
}

enum cli_exit batch_run(const struct cli *c, const struct batch_request *request)
{
    struct batch_request q = *request;
    struct merge_outcome merged = {.planned = 0};
    int64_t begun = host_monotonic_ns();
    enum cli_exit code;
    size_t added = 0;
    do {
        code = run_round(c, &q, &merged);
        added = 0;
        if (code == EXIT_DONE && !q.only)
            code = batch_plan_more(c, q.output, &added);
        q.plan = q.output;
        q.anew = false;
    } while (code == EXIT_DONE && added > 0);
    if (merged.fingerprint[0])
        print_summary(&q, &merged, (double)(host_monotonic_ns() - begun) / 1e9);
    return code == EXIT_DONE ? goals_tell_database(c, q.output) : code;
}
