/* What recording costs a run: smart-meters with its own `record` into a database on disk, against
 * the same run that keeps no message and whose rows go nowhere; in turns, CPU time of all threads
 * of the process (the writer's too) from before the database is created until it is sealed.
 *
 * bench_recording [--pairs N] [--count METERS] [--until TIME]   the whole day of 1,500 by default
 * bench_recording --count 10000 --pairs 0 -o DB                 one recorded run, and its size
 * Keys come from M2MSIM_KEY_CACHE, where that is set. */
#include "crypto/entity.h"
#include "crypto/profile.h"
#include "results/recorder.h"
#include "topologies/builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_PAIRS 31

static char count[64] = "populations.meters.count=1500", until[64] = "run.until=24 h";
static const char *const recorded[] = {count, until};
static const char *const unrecorded[] = {count,
                                         until,
                                         "record.messages.sample=0 %",
                                         "record.messages.first=0",
                                         "record.messages.slowest=0",
                                         "record.messages.failed=no"};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench_recording: %s\n", what);
    exit(1);
}

/* ---- rows that go nowhere, but are counted ---- */

static uint64_t rows;

#define DROP(kind)                                                                                 \
    static void drop_##kind(void *arg, const struct row_##kind *row)                               \
    {                                                                                              \
        (void)arg;                                                                                 \
        (void)row;                                                                                 \
        rows++;                                                                                    \
    }
DROP(node)
DROP(procedure)
DROP(key)
DROP(ival)
DROP(incident)
DROP(message)
DROP(crypto)
DROP(series)
DROP(violation)
DROP(note)
#undef DROP

static const struct row_sink nowhere = {.node = drop_node,
                                        .procedure = drop_procedure,
                                        .key = drop_key,
                                        .ival = drop_ival,
                                        .incident = drop_incident,
                                        .message = drop_message,
                                        .crypto = drop_crypto,
                                        .series = drop_series,
                                        .violation = drop_violation,
                                        .note = drop_note};

static double cpu_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* path NULL: without recording. Returns the seconds of CPU. */
static double drive(struct deployment *d, const char *text, const char *path, uint64_t *events)
{
    const struct recorder_input in = {.title = "bench", .scenario_text = text};
    const struct recorder_end end = {.status = RECORDER_DONE};
    struct recorder *recorder = NULL;
    struct sim_stats stats;
    double began = cpu_s();

    rows = 0;
    if (path && recorder_open(path, true, &in, &recorder))
        die("the database cannot be created");
    deployment_start(d, recorder ? recorder_sink(recorder) : &nowhere);
    if (deployment_run(d) == SIM_END_STOPPED)
        die("the run was stopped");
    deployment_finish(d);
    if (recorder) {
        rows = recorder_rows(recorder);
        if (recorder_close(recorder, &end, NULL))
            die("the recorder failed");
    }
    began = cpu_s() - began;
    sim_get_stats(deployment_sim(d), &stats);
    *events = stats.events;
    return began;
}

static double run(const char *path, uint64_t *events)
{
    struct diag_list *diags = diag_list_new();
    struct scenario *s = path ? scenario_read("smart-meters", recorded, 2, diags)
                              : scenario_read("smart-meters", unrecorded, 6, diags);
    struct profile *profile = s ? profile_read(s->profile_path, diags) : NULL;
    struct build_options options = {.threads = 1, .key_cache = getenv("M2MSIM_KEY_CACHE")};
    struct built *b = profile ? scenario_build(s, profile, &options, diags) : NULL;
    double taken;

    diag_print(diags, stderr, false);
    if (!b)
        die("the scenario cannot be built");
    taken = drive(built_deployment(b), s->text, path, events);
    built_free(b);
    profile_free(profile);
    scenario_free(s);
    diag_list_free(diags);
    return taken;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double median(double *v, unsigned n)
{
    qsort(v, n, sizeof *v, by_value);
    return v[n / 2];
}

static void compare(unsigned pairs, const char *path)
{
    double with[MAX_PAIRS], without[MAX_PAIRS], ratio[MAX_PAIRS];
    uint64_t events = 0, same = 0, recorded_rows = 0;

    (void)run(path, &events); /* to warm up */
    for (unsigned i = 0; i < pairs; i++) {
        if (i % 2)
            without[i] = run(NULL, &same);
        with[i] = run(path, &events);
        recorded_rows = rows;
        if (i % 2 == 0)
            without[i] = run(NULL, &same);
        ratio[i] = with[i] / without[i];
        if (events != same)
            die("the run without recording is another one");
        printf("pair %u: recorded %.3f s of CPU, not recorded %.3f s: %.3f\n", i + 1, with[i],
               without[i], ratio[i]);
        fflush(stdout);
    }
    printf("%llu events, %llu rows; medians of %u: recorded %.3f s, not recorded %.3f s, "
           "ratio %.3f\n",
           (unsigned long long)events, (unsigned long long)recorded_rows, pairs,
           median(with, pairs), median(without, pairs), median(ratio, pairs));
}

int main(int argc, char **argv)
{
    char temporary[] = "/tmp/bench_recording.XXXXXX";
    const char *path = temporary;
    unsigned pairs = 7;
    uint64_t events = 0;
    struct stat st;
    int fd;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--pairs"))
            pairs = (unsigned)atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--count"))
            snprintf(count, sizeof count, "populations.meters.count=%s", argv[i + 1]);
        else if (!strcmp(argv[i], "--until"))
            snprintf(until, sizeof until, "run.until=%s", argv[i + 1]);
        else if (!strcmp(argv[i], "-o"))
            path = argv[i + 1];
    }
    if (pairs > MAX_PAIRS)
        die("--pairs: 0 to 31");
    if (path == temporary) {
        fd = mkstemp(temporary);
        if (fd < 0)
            die("no temporary file");
        close(fd);
    }
    if (crypto_init())
        die("crypto_init");
    if (pairs > 0)
        compare(pairs, path);
    else
        printf("recorded: %.3f s of CPU\n", run(path, &events));
    if (!stat(path, &st))
        printf("database: %.1f MB\n", (double)st.st_size / 1e6);
    if (path == temporary)
        unlink(path);
    return 0;
}
