/* Rows a second of the recorder, on a day of 10,000 meters: as many rows of each kind as
 * smart-meters.yaml makes, with plausible values.
 *
 *   bench_recorder [DB]      keeps the database when a path is given
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/entity.h"
#include "results/recorder.h"

#define METERS  10000
#define SERVERS 3
#define DAY     (24 * 3600 * SIM_S)

static uint64_t state = 88172645463325252u;

static sim_ns below(sim_ns n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (sim_ns)(state % (uint64_t)n);
}

/* Latencies have a tail: now and then a segment is lost, and lost again. */
static sim_ns tail(sim_ns usual)
{
    sim_ns t = usual / 2 + below(usual);
    while (below(20) == 0)
        t += usual;
    return t;
}

static double seconds(const struct timespec *a, const struct timespec *b)
{
    return (double)(b->tv_sec - a->tv_sec) + (double)(b->tv_nsec - a->tv_nsec) / 1e9;
}

static void put_nodes(const struct row_sink *s)
{
    static const char *const servers[SERVERS] = {"nscl", "mas", "msbf"};
    char name[32];
    for (int64_t i = 0; i < METERS; i++) {
        snprintf(name, sizeof name, "meters-%05d", (int)i);
        s->node(s->arg, &(struct row_node){i + 1, name, "meters", "device", "cortex-m4", -1});
    }
    for (int64_t i = 0; i < SERVERS; i++)
        s->node(s->arg, &(struct row_node){METERS + 1 + i, servers[i], servers[i], servers[i],
                                           "server", -1});
}

static void put_procedure(const struct row_sink *s, int64_t id, const char *kind,
                          const char *method, sim_ns at, sim_ns usual)
{
    sim_ns total = tail(usual), crypto = usual / 4, server = usual / 50, queue = below(usual / 40);
    sim_ns lost = total > 3 * usual / 2 ? usual : 0;
    sim_ns network = total - crypto - server - queue - lost;
    sim_ns other = network < 0 ? network + crypto : 0;
    if (network < 0) {
        network = 0;
        crypto = 0;
    }
    bool failed = below(400) == 0;
    s->procedure(s->arg,
                 &(struct row_procedure){.procedure_id = id,
                                         .node_id = 1 + below(METERS),
                                         .peer_id = METERS + 1,
                                         .kind = kind,
                                         .method = method,
                                         .t_intended = at,
                                         .t_start = at + below(SIM_MS),
                                         .t_end = at + total,
                                         .outcome = failed ? "failed" : "success",
                                         .reason = failed ? "connection-lost" : "",
                                         .attempts = 1,
                                         .messages = 14,
                                         .octets_up = 900 + (uint64_t)below(40),
                                         .octets_down = 1400 + (uint64_t)below(40),
                                         .parts = {crypto, server, network, queue, lost, 0, other},
                                         .device_energy_nj = crypto / 10,
                                         .device_ns = crypto + other,
                                         .server_ns = server});
}

static void put_key(const struct row_sink *s, int64_t id, const char *type, sim_ns born,
                    sim_ns life)
{
    bool ends = born + life < DAY;
    s->key(s->arg, &(struct row_key){.key_id = id,
                                     .node_id = 1 + below(METERS),
                                     .type = type,
                                     .parent_key = id > 1 ? id - 1 : -1,
                                     .procedure_id = id,
                                     .t_born = born,
                                     .t_first_use = born + SIM_S,
                                     .t_last_use = born + 2 * SIM_S,
                                     .uses = 3,
                                     .t_expires = born + life,
                                     .t_end = ends ? born + life : DAY,
                                     .end_reason = ends ? "renewed" : "run-end"});
}

static void put_messages(const struct row_sink *s, int64_t procedure, sim_ns at)
{
    for (uint32_t i = 0; i < 14; i++)
        s->message(s->arg, &(struct row_message){procedure,
                                                 i,
                                                 at + i * 80 * SIM_MS,
                                                 at + (i + 1) * 80 * SIM_MS,
                                                 1,
                                                 METERS + 1,
                                                 "TLS",
                                                 "ClientHello",
                                                 210,
                                                 "delivered",
                                                 {0},
                                                 NULL});
}

static void put_load(const struct row_sink *s, sim_ns t, double morning)
{
    static const char *const servers[SERVERS] = {"nscl", "mas", "msbf"};
    for (int i = 0; i < SERVERS; i++) {
        double queue = morning * (double)below(60 / (i + 1)) + (double)below(4);
        s->series(s->arg, &(struct row_series){"queue", servers[i], t, queue});
        s->series(s->arg, &(struct row_series){"sessions", servers[i], t, 30 + queue});
        s->series(s->arg,
                  &(struct row_series){"busy_s", servers[i], t, (double)t / 1e9 * 0.4 / (i + 1)});
    }
}

/* One day: 290,000 procedures, 60,000 keys, a load sample each 10 s. */
static void put_day(const struct row_sink *s)
{
    int64_t id = 1, key = 1;
    put_nodes(s);
    for (sim_ns t = 0; t < DAY; t += 10 * SIM_S) {
        bool rollout = t < 4 * 3600 * SIM_S;
        put_load(s, t, rollout ? 1 : 0.1);
        for (int i = 0; rollout && i < 7 && id < 4 * METERS; i++) {
            sim_ns at = t + below(10 * SIM_S);
            put_procedure(s, id++, "bootstrap", "tls-x509", at, 4 * SIM_S);
            put_procedure(s, id++, "connection", "tls-psk", at, 2 * SIM_S);
            put_procedure(s, id++, "registration", "https", at, 600 * SIM_MS);
            put_key(s, key++, "Kmr", at, 2 * DAY);
            put_key(s, key++, "Kmc", at, DAY / 3);
        }
        for (int i = 0; i < 29; i++) {
            sim_ns at = t + below(10 * SIM_S);
            put_procedure(s, id++, "request", "https", at, 500 * SIM_MS);
            if (i < 5)
                put_key(s, key++, i < 4 ? "session" : "Kmc", at, i < 4 ? 30 * SIM_S : DAY / 3);
            if (id % 1000 == 0)
                put_messages(s, id - 1, at);
        }
    }
}

int main(int argc, char **argv)
{
    struct recorder_input in = {.title = "A day of 10,000 meters",
                                .scenario_path = "bench",
                                .scenario_text = "m2msim: 1\n",
                                .profile_name = "reference",
                                .until = DAY};
    struct recorder_end end = {.status = RECORDER_DONE, .end_ns = DAY, .wall_s = 1};
    struct recorder *r = NULL;
    struct timespec a, b, c;
    struct rusage usage;
    struct stat st = {0};
    const char *path = argc > 1 ? argv[1] : "bench-recorder.db";
    if (crypto_init() != OK || recorder_open(path, true, &in, &r) != OK) {
        fprintf(stderr, "cannot make %s\n", path);
        return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &a);
    put_day(recorder_sink(r));
    clock_gettime(CLOCK_MONOTONIC, &b);
    uint64_t rows = recorder_rows(r);
    end.events = rows;
    enum err err = recorder_close(r, &end, NULL);
    clock_gettime(CLOCK_MONOTONIC, &c);
    getrusage(RUSAGE_SELF, &usage);
    if (err || stat(path, &st) != 0) {
        fprintf(stderr, "%s\n", err_text(err));
        return 1;
    }
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("%llu rows, %.1f MB, peak memory %ld MiB\n", (unsigned long long)rows,
           (double)st.st_size / 1e6, usage.ru_maxrss / 1024);
    printf("pushed in %.2f s, sealed after another %.2f s: %.0f rows/s; %.2f s of processor time\n",
           seconds(&a, &b), seconds(&b, &c), (double)rows / seconds(&a, &c), cpu);
    if (argc < 2)
        unlink(path);
    return 0;
}
