/* What a fleet's run costs against the bare handshakes in it, and what a second thread brings.
 *
 * Whole deployments from scenario texts, recorded into a temporary database, against a loop of
 * OpenSSL over memory BIOs with as many of the same handshakes (fleet_bare.h), in turns; CPU time
 * of the process from deployment_start to the sealed database, medians of the ratios. Then
 * topologies/crypto-heavy.yaml with one thread and with two, in turns.
 *
 * bench_fleet [--reps N] [--case I]       one case; the last is the threads
 * bench_fleet --only fleet --case I       one run of it and nothing else, for a profiler
 * Exit 1 when a procedure of a deployment fails. */
#include "crypto/entity.h"
#include "crypto/profile.h"
#include "results/recorder.h"
#include "tests/bench/fleet_bare.h"
#include "topologies/builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_REPS 31
#define MAX_SETS 8

/* One for all: what a case differs in, it sets. */
static const char fleet[] = "m2msim: 1\n"
                            "title: handshakes\n"
                            "run: {until: 12 h, seed: 11, key_pool: 4}\n"
                            "populations:\n"
                            "  meters:\n"
                            "    count: 40\n"
                            "    kind: device\n"
                            "    class: cortex-a7\n"
                            "    bootstrap: {method: pre-provisioned}\n"
                            "    arrivals: {shape: uniform, over: 10 min}\n"
                            "    ival: {component_size: 512 B}\n"
                            "    report: {every: never}\n"
                            "    registration: {lifetime: 48 h}\n"
                            "  msbf: {kind: msbf, workers: 8}\n"
                            "  mas: {kind: mas, workers: 8}\n"
                            "  nscl: {kind: nscl, workers: 8}\n"
                            "links:\n"
                            "  meters -> msbf: {latency: 40 ms, rate: 1 Mbit/s}\n"
                            "  meters -> mas: {latency: 40 ms, rate: 1 Mbit/s}\n"
                            "  meters -> nscl: {latency: 40 ms, rate: 1 Mbit/s}\n"
                            "  msbf -> mas: {latency: 10 ms, rate: 1 Gbit/s}\n"
                            "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"
                            "record: {series_every: 10 min, messages: {sample: 0 %, first: 1}}\n";

struct bench_case {
    const char *name;
    enum bare_kind connection; /* what a procedure of the kind "connection" is */
    enum bare_kind bootstrap;
    const char *sets[MAX_SETS];
};

static const struct bench_case cases[] = {
    {"connections, P-256",
     BARE_CONNECT_P256,
     BARE_BOOTSTRAP,
     {"populations.meters.keys.kmc=10 min"}},
    {"connections, X25519",
     BARE_CONNECT_X25519,
     BARE_BOOTSTRAP,
     {"populations.meters.keys.kmc=10 min", "populations.meters.connect.group=X25519"}},
    {"mId sessions",
     BARE_CONNECT_P256,
     BARE_BOOTSTRAP,
     {"populations.meters.report.every=5 min", "populations.meters.mid.idle=1 s"}},
    {"bootstraps",
     BARE_CONNECT_P256,
     BARE_BOOTSTRAP,
     {"populations.meters.bootstrap.method=tls-x509", "populations.meters.count=400",
      "run.until=20 min"}},
    {"same, certificate issued",
     BARE_CONNECT_P256,
     BARE_BOOTSTRAP_ISSUE,
     {"populations.meters.bootstrap.method=tls-x509", "populations.meters.count=400",
      "run.until=20 min"}},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench_fleet: %s\n", what);
    exit(1);
}

static double seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- a run, with its rows counted on their way to the recorder ---- */

static struct {
    struct row_sink recorder;
    unsigned connections, bootstraps, sessions, failed;
} tally;

static void on_procedure(void *arg, const struct row_procedure *row)
{
    tally.failed += strcmp(row->outcome, "success") != 0 || row->attempts != 1;
    tally.connections += !strcmp(row->kind, "connection");
    tally.bootstraps += !strcmp(row->kind, "bootstrap");
    tally.recorder.procedure(arg, row);
}

static void on_key(void *arg, const struct row_key *row)
{
    tally.sessions += !strcmp(row->type, "session");
    tally.recorder.key(arg, row);
}

/* Of a run, building not included. */
struct figures {
    double cpu_s, wall_s, engine_cpu_s; /* of all threads; ; of the engine's */
    struct sim_stats stats;
};

static void drive(struct deployment *d, const char *text, struct figures *out)
{
    char path[] = "/tmp/bench_fleet.XXXXXX";
    int fd = mkstemp(path);
    struct recorder_input in = {.title = "bench", .scenario_text = text};
    struct recorder_end end = {.status = RECORDER_DONE};
    struct recorder *recorder;
    struct row_sink sink;

    close(fd);
    if (fd < 0 || recorder_open(path, true, &in, &recorder))
        die("no temporary database");
    memset(&tally, 0, sizeof(tally));
    tally.recorder = sink = *recorder_sink(recorder);
    sink.procedure = on_procedure;
    sink.key = on_key;
    *out = (struct figures){-seconds(CLOCK_PROCESS_CPUTIME_ID),
                            -seconds(CLOCK_MONOTONIC),
                            -seconds(CLOCK_THREAD_CPUTIME_ID),
                            {0}};
    deployment_start(d, &sink);
    if (deployment_run(d) == SIM_END_STOPPED)
        die("the run was stopped");
    deployment_finish(d);
    sim_get_stats(deployment_sim(d), &out->stats);
    if (recorder_close(recorder, &end, NULL))
        die("the recorder failed");
    out->cpu_s += seconds(CLOCK_PROCESS_CPUTIME_ID);
    out->wall_s += seconds(CLOCK_MONOTONIC);
    out->engine_cpu_s += seconds(CLOCK_THREAD_CPUTIME_ID);
    unlink(path);
    if (tally.failed)
        die("procedures failed");
}

static void run(struct scenario *s, struct diag_list *diags, unsigned threads, struct figures *out)
{
    struct build_options options = {.threads = threads};
    struct profile *profile = s ? profile_read(s->profile_path, diags) : NULL;
    struct built *b = profile ? scenario_build(s, profile, &options, diags) : NULL;

    diag_print(diags, stderr, false);
    if (!b)
        die("the scenario cannot be built");
    drive(built_deployment(b), s->text, out);
    built_free(b);
    profile_free(profile);
    scenario_free(s);
    diag_list_free(diags);
}

static size_t count_sets(const char *const *sets)
{
    size_t n = 0;

    while (n < MAX_SETS && sets[n])
        n++;
    return n;
}

static double run_fleet(const struct bench_case *c, unsigned n[BARE_KINDS])
{
    struct diag_list *diags = diag_list_new();
    struct scenario *s = scenario_parse("bench_fleet.yaml", fleet, strlen(fleet), c->sets,
                                        count_sets(c->sets), diags);
    struct figures f;

    run(s, diags, 1, &f);
    memset(n, 0, BARE_KINDS * sizeof(*n));
    n[c->connection] += tally.connections;
    n[c->bootstrap] += tally.bootstraps;
    n[BARE_MID] += tally.sessions;
    return f.cpu_s;
}

/* ---- medians ---- */

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double median(double *v, unsigned n)
{
    qsort(v, n, sizeof(*v), by_value);
    return v[n / 2];
}

static void bench_overhead(const struct bare *bare, const struct bench_case *c, unsigned reps)
{
    double ours[MAX_REPS], theirs[MAX_REPS], ratio[MAX_REPS];
    unsigned n[BARE_KINDS], all = 0;

    (void)run_fleet(c, n); /* for the numbers, and to warm up */
    (void)bare_run(bare, n);
    for (unsigned r = 0; r < reps; r++) {
        if (r % 2)
            theirs[r] = bare_run(bare, n);
        ours[r] = run_fleet(c, n);
        if (r % 2 == 0)
            theirs[r] = bare_run(bare, n);
        ratio[r] = ours[r] / theirs[r];
    }
    for (int kind = 0; kind < BARE_KINDS; kind++)
        all += n[kind];
    printf("%-25s %6u %6u %6u %9.1f %9.1f %7.3f\n", c->name,
           n[BARE_CONNECT_P256] + n[BARE_CONNECT_X25519], n[BARE_MID],
           n[BARE_BOOTSTRAP] + n[BARE_BOOTSTRAP_ISSUE], median(theirs, reps) * 1e6 / all,
           median(ours, reps) * 1e6 / all, median(ratio, reps));
    fflush(stdout);
}

/* ---- threads ---- */

static void run_heavy(unsigned threads, struct figures *f)
{
    static const char *const sets[] = {"populations.devices.count=800"};
    struct diag_list *diags = diag_list_new();

    run(scenario_read("crypto-heavy", sets, 1, diags), diags, threads, f);
}

static void bench_threads(unsigned reps)
{
    double wall[MAX_REPS], cpu[MAX_REPS], engine[MAX_REPS];
    double one_s[MAX_REPS], two_s[MAX_REPS];
    struct figures one, two;

    for (unsigned r = 0; r < reps; r++) {
        run_heavy(r % 2 ? 2 : 1, r % 2 ? &two : &one);
        run_heavy(r % 2 ? 1 : 2, r % 2 ? &one : &two);
        one_s[r] = one.wall_s;
        two_s[r] = two.wall_s;
        wall[r] = one.wall_s / two.wall_s;
        cpu[r] = two.cpu_s / one.cpu_s;
        engine[r] = two.engine_cpu_s / one.cpu_s;
    }
    printf("\ncrypto-heavy with 800 devices, %.0f events, %.0f prepared ahead in %.0f rounds, %.0f "
           "in line\n",
           (double)two.stats.events, (double)two.stats.prepared_ahead, (double)two.stats.rounds,
           (double)two.stats.prepared_inline);
    printf("one thread %.2f s of wall time, two %.2f s: speed-up %.3f\n", median(one_s, reps),
           median(two_s, reps), median(wall, reps));
    printf("CPU with two threads, of that with one: all threads %.3f, the engine's alone %.3f\n",
           median(cpu, reps), median(engine, reps));
}

int main(int argc, char **argv)
{
    unsigned reps = 7, only_fleet = 0, n[BARE_KINDS];
    int chosen = -1;
    struct bare bare;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--reps"))
            reps = (unsigned)atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--case"))
            chosen = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--only"))
            only_fleet = !strcmp(argv[i + 1], "fleet");
    }
    if (reps < 1 || reps > MAX_REPS)
        die("--reps: 1 to 31");
    bare_start(&bare);
    if (crypto_init())
        die("crypto_init");
    if (only_fleet && chosen >= 0 && (size_t)chosen < CASES) {
        printf("%.3f s of CPU\n", run_fleet(&cases[chosen], n));
        bare_stop(&bare);
        return 0;
    }
    if (chosen < (int)CASES)
        printf("%-25s %6s %6s %6s %9s %9s %7s\n", "us of CPU a handshake", "conn.", "mId", "boot.",
               "bare", "fleet", "ratio");
    for (size_t i = 0; i < CASES; i++)
        if (chosen < 0 || (size_t)chosen == i)
            bench_overhead(&bare, &cases[i], reps);
    if (chosen < 0 || (size_t)chosen == CASES)
        bench_threads(reps);
    bare_stop(&bare);
    return 0;
}
