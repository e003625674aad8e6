/* A small run made by hand, of known content, for the tests of results/. */
#ifndef TESTS_UNIT_RESULTS_SAMPLE_H
#define TESTS_UNIT_RESULTS_SAMPLE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/entity.h"
#include "results/recorder.h"
#include "sim/base/xalloc.h"

/* A folder of its own, and the path of a database in it. */
static char sample_folder[64];
static char sample_path[96];

static inline void sample_setup(void)
{
    strcpy(sample_folder, "/tmp/m2msim-results-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(sample_folder));
    snprintf(sample_path, sizeof sample_path, "%s/run.db", sample_folder);
}

static inline void sample_teardown(void)
{
    char command[120];
    snprintf(command, sizeof command, "rm -rf '%s'", sample_folder);
    ck_assert_int_eq(system(command), 0);
}

static inline struct recorder_input sample_input(void)
{
    static const struct recorder_cost costs[] = {
        {"cortex-m4", "sign", "ecdsa-p-256", 1.5e6, 0, 90000, 0, 0},
        {"server", "private", "rsa-2048", 2e6, 0.25, 0, 0, 7},
    };
    static const char *const parameters[] = {"seed", "7", "set", "a.b=1", "set", "a.c=2"};
    return (struct recorder_input){.title = "A sample",
                                   .scenario_path = "sample.yaml",
                                   .scenario_text = "m2msim: 1\ntitle: A sample\n",
                                   .resolved_json = "{\"m2msim\":1}",
                                   .profile_name = "reference",
                                   .profile_source = "a test",
                                   .profile_text = "profile\n",
                                   .costs = costs,
                                   .cost_count = 2,
                                   .version = "0.1.0",
                                   .git_commit = "abc-dirty",
                                   .compiler = "cc 1",
                                   .openssl = "3.0",
                                   .libuv = "1.44",
                                   .cpu_model = "a processor",
                                   .os = "an os",
                                   .created_unix_s = 1370044800,
                                   .seed = UINT64_MAX - 6,
                                   .until = 3600 * SIM_S,
                                   .parameters = parameters,
                                   .parameter_count = 3};
}

static inline struct recorder_end sample_end(void)
{
    return (struct recorder_end){.status = RECORDER_DONE,
                                 .end_ns = 3600 * SIM_S,
                                 .events = 4321,
                                 .wall_s = 1.25,
                                 .peak_rss = 7 << 20};
}

static inline void sample_node(const struct row_sink *s, int64_t id, const char *name,
                               const char *population, const char *kind)
{
    s->node(s->arg, &(struct row_node){id, name, population, kind, "cortex-m4", ROW_NULL_ID});
}

/* A procedure of `latency` ns: a fifth network, the rest other. */
static inline struct row_procedure sample_procedure(int64_t id, int64_t node, const char *kind,
                                                    sim_ns at, sim_ns latency)
{
    return (struct row_procedure){.procedure_id = id,
                                  .node_id = node,
                                  .peer_id = 100,
                                  .kind = kind,
                                  .method = "tls-psk",
                                  .t_intended = at,
                                  .t_start = at + latency / 10,
                                  .t_end = at + latency,
                                  .outcome = "success",
                                  .reason = "",
                                  .attempts = 1,
                                  .messages = 6,
                                  .octets_up = 700,
                                  .octets_down = 1300,
                                  .round_trips = 3,
                                  .parts = {0, 0, latency / 5, 0, 0, 0, latency - latency / 5},
                                  .device_energy_nj = 5000,
                                  .device_ns = latency / 4,
                                  .server_ns = latency / 50};
}

static inline void sample_bootstraps(const struct row_sink *s)
{
    struct row_procedure p = {
        .procedure_id = 1,
        .node_id = 1,
        .peer_id = 101,
        .kind = "bootstrap",
        .method = "tls-x509",
        .t_intended = 10 * SIM_S,
        .t_start = 10 * SIM_S,
        .t_end = 15 * SIM_S,
        .outcome = "success",
        .reason = "",
        .attempts = 1,
        .messages = 14,
        .octets_up = 2400,
        .octets_down = 3900,
        .round_trips = 6,
        .parts = {2 * SIM_S, SIM_S / 2, 1 * SIM_S, SIM_S / 4, SIM_S, 0, SIM_S / 4},
        .device_energy_nj = 81000000,
        .device_ns = 2200 * SIM_MS,
        .server_ns = 600 * SIM_MS};
    s->procedure(s->arg, &p);
    p.procedure_id = 2;
    p.node_id = 2;
    p.outcome = "failed";
    p.reason = "certificate-expired";
    s->procedure(s->arg, &p);
}

/* Two devices and two servers, 12 procedures (2 of them not successful), messages of two. */
static inline void sample_procedures(const struct row_sink *s)
{
    struct row_procedure p;
    sample_bootstraps(s);
    for (int64_t i = 3; i <= 11; i++) {
        p = sample_procedure(i, 1, "connection", 20 * SIM_S * i, i * 100 * SIM_MS);
        s->procedure(s->arg, &p);
    }
    p = sample_procedure(12, 2, "connection", 3500 * SIM_S, 100 * SIM_S);
    p.outcome = "unfinished";
    p.reason = "run-end";
    s->procedure(s->arg, &p);
}

static inline void sample_more_messages(const struct row_sink *s)
{
    for (uint32_t i = 0; i < 2; i++) {
        struct row_message far = {11,
                                  i,
                                  220 * SIM_S + i * SIM_S,
                                  220 * SIM_S + i * SIM_S + 1,
                                  1,
                                  100,
                                  "HTTP",
                                  "a",
                                  9,
                                  "delivered",
                                  {0},
                                  NULL};
        s->message(s->arg, &far);
    }
}

/* No payload, no fields. */
#define NOTHING_MORE {0}, NULL
static inline void sample_messages(const struct row_sink *s)
{
    static const uint8_t octets[] = {0x16, 0x03, 0x03, 0x00, 0x01};
    struct row_message m[] = {
        {1, 0, 10 * SIM_S, 10 * SIM_S + 80 * SIM_MS, 1, 101, "TCP", "SYN", 40, "delivered",
         NOTHING_MORE},
        {1, 1, 10 * SIM_S + 80 * SIM_MS, 10 * SIM_S + 160 * SIM_MS, 101, 1, "TCP", "SYN ACK", 40,
         "delivered", NOTHING_MORE},
        {1, 2, 10 * SIM_S + 161 * SIM_MS, ROW_NULL_ID, 1, 101, "TLS", "ClientHello", 190, "lost",
         NOTHING_MORE},
        {1,
         3,
         11 * SIM_S + 161 * SIM_MS,
         11 * SIM_S + 244 * SIM_MS,
         1,
         101,
         "TLS",
         "ClientHello (retransmission)",
         190,
         "delivered",
         {octets, sizeof octets},
         NULL},
        {1, 4, 14 * SIM_S, 14 * SIM_S + 90 * SIM_MS, 101, 100, "HTTP",
         "POST /mas/keys of a name that is far too long for any line", 512, "delivered",
         NOTHING_MORE},
    };
    for (size_t i = 0; i < sizeof m / sizeof m[0]; i++)
        s->message(s->arg, &m[i]);
    sample_more_messages(s);
}

static inline void sample_keys(const struct row_sink *s)
{
    s->key(s->arg, &(struct row_key){1, 1, "Kmr", ROW_NULL_ID, 1, 15 * SIM_S, 60 * SIM_S,
                                     220 * SIM_S, 9, SIM_NEVER, 3600 * SIM_S, "run-end"});
    s->key(s->arg, &(struct row_key){2, 1, "Kmc", 1, 3, 61 * SIM_S, 62 * SIM_S, 70 * SIM_S, 4,
                                     900 * SIM_S, 90 * SIM_S, "renewed"});
    s->key(s->arg, &(struct row_key){3, 1, "Kmc", 1, 4, 90 * SIM_S, ROW_NULL_ID, ROW_NULL_ID, 0,
                                     900 * SIM_S, 900 * SIM_S, "expired"});
    s->key(s->arg, &(struct row_key){4, 1, "Kmc", 1, 5, 101 * SIM_S, ROW_NULL_ID, ROW_NULL_ID, 0,
                                     7200 * SIM_S, ROW_NULL_ID, NULL});
}

static inline void sample_rest(const struct row_sink *s)
{
    s->ival(s->arg, &(struct row_ival){5, 1, 100 * SIM_S, 0, "genuine", "granted", "all well"});
    s->ival(s->arg, &(struct row_ival){6, 1, 120 * SIM_S, 0, "genuine", "granted", "all well"});
    s->ival(s->arg, &(struct row_ival){7, 2, 140 * SIM_S, 5, "tampered", "denied", "image"});
    s->incident(s->arg, &(struct row_incident){1, "recovery", 600 * SIM_S, 660 * SIM_S});
    s->incident(s->arg, &(struct row_incident){2, "recovery", 600 * SIM_S, ROW_NULL_ID});
    s->crypto(s->arg, &(struct row_crypto){"meters", "device", "bootstrap", "sign", "ecdsa-p-256",
                                           2, 64, 3 * SIM_MS});
    s->crypto(s->arg, &(struct row_crypto){"core", "server", "bootstrap", "private", "rsa-2048", 2,
                                           512, 4 * SIM_MS});
    for (int i = 0; i <= 60; i++) {
        sim_ns t = i * 60 * SIM_S;
        s->series(s->arg, &(struct row_series){"queue", "nscl", t, i % 7});
        s->series(s->arg, &(struct row_series){"busy_s", "nscl", t, i * 90.0});
    }
    s->violation(s->arg, &(struct row_violation){77 * SIM_S, 1, "one-kmc", "two live Kmc"});
    s->note(s->arg, &(struct row_note){5 * SIM_S, "warning", "N1", "a note", 3});
    s->note(s->arg, &(struct row_note){0, "host", "N2", "key cache rebuilt", 1});
}

static inline void sample_rows(const struct row_sink *s)
{
    sample_node(s, 1, "meter-1", "meters", "device");
    sample_node(s, 2, "meter-2", "meters", "device");
    sample_node(s, 100, "nscl", "core", "nscl");
    sample_node(s, 101, "msbf", "front", "msbf");
    sample_procedures(s);
    sample_messages(s);
    sample_keys(s);
    sample_rest(s);
}

/* Makes the whole database at sample_path; its fingerprint if wanted. */
static inline void sample_write(const char *path, char fingerprint[65])
{
    struct recorder_input in = sample_input();
    struct recorder_end end = sample_end();
    struct recorder *r = NULL;
    ck_assert_int_eq(recorder_open(path, true, &in, &r), OK);
    sample_rows(recorder_sink(r));
    ck_assert_int_eq(recorder_close(r, &end, fingerprint), OK);
}

/* The main of each test. */
static inline int sample_main(Suite *suite)
{
    if (crypto_init() != OK)
        return 2;
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

#endif
