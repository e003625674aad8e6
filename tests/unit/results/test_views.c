#include "sample.h"

#include <sqlite3.h>

#include "results/stats.h"

/* The views and the report's numbers against a plain count over the same rows. */

#define ROWS 3000
#define KEYS 500

static struct row_procedure procedures[ROWS];
static struct row_key keys[KEYS];
static const char *const kinds[] = {"bootstrap", "request"};
static const char *const methods[] = {"tls-x509", "https", "gba"};
static const char *const outcomes[] = {"success", "success", "success", "failed", "unfinished"};
static const char *const types[] = {"Kmr", "Kmc"};

static uint64_t state;

static uint64_t below(uint64_t n)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state % n;
}

static const char *population_of(int64_t node)
{
    return node <= 3 ? "meters" : "gateways";
}

static void make_rows(void)
{
    state = 88172645463325252u;
    for (int i = 0; i < ROWS; i++) {
        struct row_procedure *p = &procedures[i];
        *p = (struct row_procedure){.procedure_id = i,
                                    .node_id = 1 + (int64_t)below(5),
                                    .peer_id = ROW_NULL_ID,
                                    .kind = kinds[below(2)],
                                    .method = methods[below(3)],
                                    .outcome = outcomes[below(5)],
                                    .t_intended = (sim_ns)below(1000000)};
        p->reason = strcmp(p->outcome, "success") ? (below(2) ? "timeout" : "outage") : "";
        p->t_end = p->t_start = p->t_intended;
        for (int k = 0; k < 7; k++) {
            p->parts[k] = (sim_ns)below(below(40) + 1); /* many equal latencies */
            p->t_end += p->parts[k];
        }
        p->octets_up = below(1000);
    }
    for (int i = 0; i < KEYS; i++) {
        struct row_key *k = &keys[i];
        *k = (struct row_key){.key_id = i,
                              .node_id = 1,
                              .type = types[below(2)],
                              .parent_key = ROW_NULL_ID,
                              .procedure_id = 1,
                              .t_born = (sim_ns)below(300)};
        k->t_end = k->t_born + (sim_ns)below(300);
        k->end_reason = below(3) ? "renewed" : "run-end";
        if (below(5) == 0)
            k->t_end = ROW_NULL_ID;
    }
}

static void write_rows(void)
{
    struct recorder_input in = sample_input();
    struct recorder_end end = sample_end();
    struct recorder *r = NULL;
    make_rows();
    ck_assert_int_eq(recorder_open(sample_path, true, &in, &r), OK);
    const struct row_sink *s = recorder_sink(r);
    for (int64_t i = 1; i <= 5; i++)
        sample_node(s, i, "n", population_of(i), "device");
    for (int i = 0; i < ROWS; i++)
        s->procedure(s->arg, &procedures[i]);
    for (int i = 0; i < KEYS; i++)
        s->key(s->arg, &keys[i]);
    for (int i = 0; i < 50; i++) {
        static const char *const truths[] = {"genuine", "tampered"};
        s->ival(s->arg, &(struct row_ival){i, 1, i, 0, truths[i % 5 == 0],
                                           i % 5 == 0 ? "denied" : "granted", "p"});
        s->series(s->arg, &(struct row_series){"queue", "mas", i * 2 * SIM_S, i % 11});
        s->series(s->arg, &(struct row_series){"busy_s", "mas", i * 2 * SIM_S, 0.5 * i * i});
        s->series(s->arg, &(struct row_series){"workers", "mas", i * 2 * SIM_S, 64});
    }
    ck_assert_int_eq(recorder_close(r, &end, NULL), OK);
}

static sqlite3 *open_view(const char *sql, sqlite3_stmt **s)
{
    sqlite3 *db = NULL;
    ck_assert_int_eq(sqlite3_open(sample_path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, s, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    return db;
}

static void close_view(sqlite3 *db, sqlite3_stmt *s)
{
    sqlite3_finalize(s);
    sqlite3_close(db);
}

static int by_value(const void *a, const void *b)
{
    sim_ns x = *(const sim_ns *)a, y = *(const sim_ns *)b;
    return (x > y) - (x < y);
}

/* The smallest value v such that at least percent % of all are <= v, by trying each. */
static sim_ns quantile(const sim_ns *sorted, int n, int percent)
{
    for (int i = 0; i < n; i++) {
        if (100 * (i + 1) >= percent * n)
            return sorted[i];
    }
    return -1;
}

struct expected {
    int n, success;
    sim_ns latency[ROWS];
    double sum, parts[7];
};

static void expect(struct expected *e, const char *kind, const char *method, const char *population)
{
    memset(e, 0, sizeof *e);
    for (int i = 0; i < ROWS; i++) {
        const struct row_procedure *p = &procedures[i];
        if (strcmp(p->kind, kind) != 0 || strcmp(p->method, method) != 0 ||
            (population && strcmp(population, population_of(p->node_id)) != 0))
            continue;
        e->n++;
        if (strcmp(p->outcome, "success") != 0)
            continue;
        e->latency[e->success++] = p->t_end - p->t_intended;
        e->sum += (double)(p->t_end - p->t_intended);
        for (int k = 0; k < 7; k++)
            e->parts[k] += (double)p->parts[k];
    }
    qsort(e->latency, (size_t)e->success, sizeof e->latency[0], by_value);
}

START_TEST(latency)
{
    static struct expected e;
    sqlite3_stmt *s = NULL;
    int rows = 0;
    write_rows();
    sqlite3 *db = open_view("SELECT kind, method, population, n, success, p50, p90, p99, mean, max "
                            "FROM v_latency WHERE run_id = 1",
                            &s);
    for (; sqlite3_step(s) == SQLITE_ROW; rows++) {
        expect(&e, (const char *)sqlite3_column_text(s, 0), (const char *)sqlite3_column_text(s, 1),
               (const char *)sqlite3_column_text(s, 2));
        ck_assert_int_eq(sqlite3_column_int(s, 3), e.n);
        ck_assert_int_eq(sqlite3_column_int(s, 4), e.success);
        ck_assert_int_eq(sqlite3_column_int64(s, 5), quantile(e.latency, e.success, 50));
        ck_assert_int_eq(sqlite3_column_int64(s, 6), quantile(e.latency, e.success, 90));
        ck_assert_int_eq(sqlite3_column_int64(s, 7), quantile(e.latency, e.success, 99));
        ck_assert_double_eq_tol(sqlite3_column_double(s, 8), e.sum / e.success, 1e-6);
        ck_assert_int_eq(sqlite3_column_int64(s, 9), e.latency[e.success - 1]);
    }
    ck_assert_int_eq(rows, 2 * 3 * 2);
    close_view(db, s);
}
END_TEST

START_TEST(parts)
{
    static struct expected e;
    sqlite3_stmt *s = NULL;
    int rows = 0;
    write_rows();
    sqlite3 *db = open_view("SELECT kind, method, n, total, device_crypto, server_crypto, network, "
                            "queue, retransmission, backoff, other FROM v_parts",
                            &s);
    for (; sqlite3_step(s) == SQLITE_ROW; rows++) {
        expect(&e, (const char *)sqlite3_column_text(s, 0), (const char *)sqlite3_column_text(s, 1),
               NULL);
        ck_assert_int_eq(sqlite3_column_int(s, 2), e.success);
        ck_assert_double_eq_tol(sqlite3_column_double(s, 3), e.sum / e.success, 1e-6);
        for (int k = 0; k < 7; k++)
            ck_assert_double_eq_tol(sqlite3_column_double(s, 4 + k), e.parts[k] / e.success, 1e-6);
    }
    ck_assert_int_eq(rows, 2 * 3);
    close_view(db, s);
}
END_TEST

static int alive_at(const char *type, sim_ns t)
{
    int n = 0;
    for (int i = 0; i < KEYS; i++) {
        const struct row_key *k = &keys[i];
        bool ended = k->t_end != ROW_NULL_ID && strcmp(k->end_reason, "run-end") != 0;
        n += strcmp(k->type, type) == 0 && k->t_born <= t && !(ended && k->t_end <= t);
    }
    return n;
}

/* The mean of what was due behind the warm-up, which stands as text in the resolved scenario. */
START_TEST(ci_without_the_warm_up)
{
    static const struct {
        const char *json;
        sim_ns warmup;
    } rows[] = {{"{\"run\":{\"warmup\": \"0 s\"}}", 0},
                {"{\"run\":{\"warmup\": \"300001 ns\"}}", 300001},
                {"{\"run\":{\"warmup\": \"700 us\"}}", 700 * SIM_US},
                {"{\"run\":{\"warmup\": \"1 ms\"}}", SIM_MS},
                {"{\"run\":{\"warmup\": \"100 y\"}}", SIM_NEVER},
                {"{}", 0},
                {"no JSON", 0}};
    char sql[200];

    write_rows();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sqlite3_stmt *q;
        sqlite3 *db =
            open_view("SELECT mean FROM v_ci WHERE kind = 'request' AND method = 'gba'", &q);
        double sum = 0;
        int n = 0;

        snprintf(sql, sizeof sql, "UPDATE experiments SET resolved_json = '%s'", rows[i].json);
        ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        for (int k = 0; k < ROWS; k++) {
            const struct row_procedure *p = &procedures[k];
            if (strcmp(p->kind, "request") != 0 || strcmp(p->method, "gba") != 0 ||
                strcmp(p->outcome, "success") != 0 || p->t_intended < rows[i].warmup)
                continue;
            sum += (double)(p->t_end - p->t_intended);
            n++;
        }
        ck_assert_int_eq(sqlite3_step(q), n ? SQLITE_ROW : SQLITE_DONE);
        if (n)
            ck_assert_double_eq_tol(sqlite3_column_double(q, 0), sum / n, 1e-6);
        close_view(db, q);
    }
}
END_TEST

START_TEST(keys_alive)
{
    sqlite3_stmt *s = NULL;
    int rows = 0;
    write_rows();
    sqlite3 *db = open_view("SELECT type, t, alive FROM v_keys_alive", &s);
    for (; sqlite3_step(s) == SQLITE_ROW; rows++)
        ck_assert_int_eq(sqlite3_column_int(s, 2), alive_at((const char *)sqlite3_column_text(s, 0),
                                                            sqlite3_column_int64(s, 1)));
    ck_assert_int_gt(rows, 200);
    close_view(db, s);
}
END_TEST

START_TEST(failures_and_matrix)
{
    sqlite3_stmt *s = NULL;
    int total = 0, seen = 0;
    write_rows();
    for (int i = 0; i < ROWS; i++)
        total += strcmp(procedures[i].outcome, "success") != 0;
    sqlite3 *db = open_view("SELECT kind, method, outcome, reason, n FROM v_failures", &s);
    while (sqlite3_step(s) == SQLITE_ROW) {
        int n = 0;
        for (int i = 0; i < ROWS; i++) {
            const struct row_procedure *p = &procedures[i];
            n += !strcmp(p->kind, (const char *)sqlite3_column_text(s, 0)) &&
                 !strcmp(p->method, (const char *)sqlite3_column_text(s, 1)) &&
                 !strcmp(p->outcome, (const char *)sqlite3_column_text(s, 2)) &&
                 !strcmp(p->reason, (const char *)sqlite3_column_text(s, 3));
        }
        ck_assert_int_eq(sqlite3_column_int(s, 4), n);
        seen += n;
    }
    ck_assert_int_eq(seen, total);
    close_view(db, s);
    db = open_view("SELECT group_concat(truth||verdict||n) FROM (SELECT * FROM v_ival_matrix)", &s);
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    ck_assert_str_eq((const char *)sqlite3_column_text(s, 0), "genuinegranted40,tampereddenied10");
    close_view(db, s);
}
END_TEST

/* What has not ended stands behind the last that has: of a hundred, one for ever. */
START_TEST(incidents)
{
    static const char *const cases[][2] = {{"n", "100"},    {"ended", "99"}, {"p50", "50"},
                                           {"p90", "90"},   {"p99", "99"},   {"max IS NULL", "1"},
                                           {"mean", "50.0"}};
    struct recorder_input in = sample_input();
    struct recorder_end end = sample_end();
    struct recorder *r = NULL;
    ck_assert_int_eq(recorder_open(sample_path, true, &in, &r), OK);
    const struct row_sink *s = recorder_sink(r);
    sample_node(s, 1, "n", "meters", "device");
    for (int i = 1; i <= 100; i++)
        s->incident(s->arg,
                    &(struct row_incident){1, "recovery", 1000, i < 100 ? 1000 + i : ROW_NULL_ID});
    ck_assert_int_eq(recorder_close(r, &end, NULL), OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char sql[100];
        sqlite3_stmt *q = NULL;
        snprintf(sql, sizeof sql, "SELECT %s FROM v_incidents WHERE kind = 'recovery'",
                 cases[i][0]);
        sqlite3 *db = open_view(sql, &q);
        ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
        ck_assert_str_eq((const char *)sqlite3_column_text(q, 0), cases[i][1]);
        close_view(db, q);
    }
}
END_TEST

START_TEST(load)
{
    sqlite3_stmt *s = NULL;
    int i = 0;
    write_rows();
    sqlite3 *db = open_view("SELECT server, t, queue, workers_busy FROM v_load ORDER BY t", &s);
    for (; sqlite3_step(s) == SQLITE_ROW; i++) {
        ck_assert_str_eq((const char *)sqlite3_column_text(s, 0), "mas");
        ck_assert_int_eq(sqlite3_column_int64(s, 1), i * 2 * SIM_S);
        ck_assert_int_eq(sqlite3_column_int(s, 2), i % 11);
        if (i == 0)
            ck_assert_int_eq(sqlite3_column_type(s, 3), SQLITE_NULL);
        else /* 0.5 i^2 worker-seconds by 2 i seconds */
            ck_assert_double_eq_tol(sqlite3_column_double(s, 3), 0.25 * (2 * i - 1), 1e-9);
    }
    ck_assert_int_eq(i, 50);
    close_view(db, s);
}
END_TEST

START_TEST(report_counts_the_same)
{
    static struct expected e;
    struct reader *r = NULL;
    struct stats stats;
    char why[160];
    int alive = 0;
    write_rows();
    ck_assert_int_eq(reader_open(sample_path, &r, why), OK);
    ck_assert_msg(stats_read(r, &stats, why) == OK, "%s", why);
    ck_assert_uint_eq(stats.group_count, 6);
    for (size_t i = 0; i < stats.group_count; i++) {
        const struct stats_group *g = &stats.groups[i];
        expect(&e, g->kind, g->method, NULL);
        ck_assert_uint_eq(g->n, (uint64_t)e.n);
        ck_assert_uint_eq(g->success, (uint64_t)e.success);
        ck_assert_uint_eq(g->failed + g->unfinished + g->success, g->n);
        for (unsigned q = 1; q <= 100; q++)
            ck_assert_int_eq(stats_quantile(g, q), quantile(e.latency, e.success, (int)q));
        ck_assert_double_eq_tol(g->mean_ns, e.sum / e.success, 1e-6);
        for (int k = 0; k < 7; k++)
            ck_assert_double_eq_tol(g->parts_ns[k], e.parts[k] / e.success, 1e-6);
    }
    for (size_t i = 0; i < stats.key_count; i++) {
        ck_assert_uint_eq(stats.keys[i].alive, (uint64_t)alive_at(stats.keys[i].type, 1000000));
        alive += (int)stats.keys[i].alive;
    }
    ck_assert_int_gt(alive, 0);
    ck_assert_uint_eq(stats.rows, 5 + ROWS + KEYS + 50 + 150);
    ck_assert_uint_eq(stats.server_count, 1);
    ck_assert_double_eq(stats.servers[0].queue_peak, 10);
    ck_assert_int_eq(stats.servers[0].queue_peak_t, 20 * SIM_S);
    ck_assert_double_eq_tol(stats.servers[0].busy_peak, 0.25 * 97, 1e-9);
    ck_assert_double_eq_tol(stats.servers[0].busy_mean, 0.5 * 49 * 49 / 98, 1e-9);
    ck_assert_double_eq(stats.servers[0].workers, 64);
    stats_release(&stats);
    reader_close(r);
}
END_TEST

/* Kmr from before the run, by their personalisation; others are not among them. */
START_TEST(batches)
{
    struct recorder_input in = sample_input();
    struct recorder_end end = sample_end();
    struct recorder *rec = NULL;
    sqlite3_stmt *s = NULL;
    const struct row_sink *sink;
    char fingerprint[65];
    sqlite3 *db;

    ck_assert_int_eq(recorder_open(sample_path, true, &in, &rec), OK);
    sink = recorder_sink(rec);
    for (int64_t i = 0; i < 6; i++) {
        sample_node(sink, i, "meters", "meters", "device");
        sink->key(sink->arg, &(struct row_key){.key_id = i + 1,
                                               .node_id = i,
                                               .type = "Kmr",
                                               .parent_key = ROW_NULL_ID,
                                               .procedure_id = i == 5 ? 7 : ROW_NULL_ID,
                                               .t_born = i < 2 ? -20 * SIM_S : -10 * SIM_S,
                                               .t_first_use = ROW_NULL_ID,
                                               .t_last_use = ROW_NULL_ID,
                                               .t_expires = i < 2 ? 5 * SIM_S : 15 * SIM_S,
                                               .t_end = i < 2 ? 5 * SIM_S : 9 * SIM_S,
                                               .end_reason = i < 2 ? "expired" : "run-end"});
    }
    ck_assert_int_eq(recorder_close(rec, &end, fingerprint), OK);
    db = open_view(
        "SELECT group_concat((t_born / 1000000000) || ':' || n || ':' || expired || ':' || "
        "alive) FROM v_batches",
        &s);
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    ck_assert_str_eq((const char *)sqlite3_column_text(s, 0), "-20:2:2:0,-10:3:0:3");
    close_view(db, s);
}
END_TEST

START_TEST(every_view_in_the_shell)
{
    static const char *const views[] = {
        "v_runs", "v_latency", "v_parts",       "v_failures",  "v_keys_alive",
        "v_load", "v_crypto",  "v_ival_matrix", "v_incidents", "v_expiry_cliff"};
    sample_write(sample_path, NULL);
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        char command[200];
        snprintf(command, sizeof command, "test $(sqlite3 %s 'SELECT count(*) FROM %s') -gt 0",
                 sample_path, views[i]);
        ck_assert_msg(system(command) == 0, "%s", views[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("views");
    TCase *c = tcase_create("views");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, sample_setup, sample_teardown);
    tcase_add_test(c, latency);
    tcase_add_test(c, parts);
    tcase_add_test(c, ci_without_the_warm_up);
    tcase_add_test(c, keys_alive);
    tcase_add_test(c, failures_and_matrix);
    tcase_add_test(c, incidents);
    tcase_add_test(c, load);
    tcase_add_test(c, report_counts_the_same);
    tcase_add_test(c, batches);
    tcase_add_test(c, every_view_in_the_shell);
    suite_add_tcase(suite, c);
    return sample_main(suite);
}
