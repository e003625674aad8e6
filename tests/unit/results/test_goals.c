#include "sample.h"

#include <math.h>
#include <sqlite3.h>

#include "results/goals_impl.h"

/* Verdicts: from chosen figures, then from a database whose content is known. */

static struct goal goal_of(const char *text)
{
    struct goal g;
    struct goal_fault why;

    ck_assert_msg(goal_parse(text, NULL, 0, &g, &why), "%s", why.text);
    return g;
}

static struct goal_sample known(double v)
{
    return (struct goal_sample){.point = v,
                                .low = v,
                                .high = v,
                                .known = true,
                                .within = {.low = -INFINITY, .high = INFINITY}};
}

static struct goal_result decide(const char *text, const double *values, size_t n)
{
    struct goal g = goal_of(text);
    struct goal_sample samples[16] = {{0}};
    struct goal_result r = {0};

    for (size_t i = 0; i < n; i++)
        samples[i] = known(values[i]);
    goal_decide(&g, samples, n, &r);
    return r;
}

START_TEST(on_the_interval)
{
    static const double five[] = {9e9, 10e9, 11e9, 10.5e9, 9.5e9}; /* 10 +- 0.98 s */
    struct goal_result r = decide("p99(bootstrap.latency) < 11 s", five, 5);

    ck_assert_double_eq_tol(r.value.mean, 10e9, 1);
    ck_assert_double_eq_tol(r.value.high, 10e9 + 2.77645 * sqrt(0.625 / 5) * 1e9, 1e4);
    ck_assert_int_eq(r.verdict, GOAL_YES);
    ck_assert_int_eq(decide("p99(bootstrap.latency) < 10.9 s", five, 5).verdict, GOAL_UNDECIDED);
    ck_assert_int_eq(decide("p99(bootstrap.latency) < 10 s", five, 5).verdict, GOAL_UNDECIDED);
    ck_assert_int_eq(decide("p99(bootstrap.latency) < 9 s", five, 5).verdict, GOAL_NO);
    ck_assert_int_eq(decide("p99(bootstrap.latency) > 9 s", five, 5).verdict, GOAL_YES);
    ck_assert_int_eq(decide("p99(bootstrap.latency) >= 11 s", five, 5).verdict, GOAL_NO);
}
END_TEST

START_TEST(the_bound_itself)
{
    static const double same[] = {500, 500, 500, 500, 500};

    ck_assert_int_eq(decide("max(core.queue) < 500", same, 5).verdict, GOAL_NO);
    ck_assert_int_eq(decide("max(core.queue) <= 500", same, 5).verdict, GOAL_YES);
    ck_assert_int_eq(decide("max(core.queue) > 500", same, 5).verdict, GOAL_NO);
    ck_assert_int_eq(decide("max(core.queue) >= 500", same, 5).verdict, GOAL_YES);
}
END_TEST

START_TEST(one_run_can_only_break)
{
    static const double one[] = {400};

    ck_assert_int_eq(decide("max(core.queue) < 500", one, 1).verdict, GOAL_UNDECIDED);
    ck_assert_int_eq(decide("max(core.queue) < 300", one, 1).verdict, GOAL_NO);
}
END_TEST

START_TEST(no_data_is_no_pass)
{
    struct goal g = goal_of("max(core.queue) < 500");
    struct goal_sample samples[5] = {known(1), known(1), known(1), known(1), {.known = false}};
    struct goal_result r = decide("max(core.queue) < 500", NULL, 0);

    ck_assert_int_eq(r.verdict, GOAL_UNDECIDED);
    r = (struct goal_result){0};
    goal_decide(&g, samples, 5, &r);
    ck_assert_int_eq(r.verdict, GOAL_UNDECIDED);
    ck_assert_uint_eq(r.without, 1);
    /* But what the others break is broken. */
    g = goal_of("max(core.queue) < 1");
    goal_decide(&g, samples, 5, &r);
    ck_assert_int_eq(r.verdict, GOAL_NO);
    r = (struct goal_result){0};
    goal_decide(&g, samples + 4, 1, &r);
    ck_assert_int_eq(r.verdict, GOAL_UNDECIDED);
}
END_TEST

/* Five replications in which all of a few succeeded do not show 99.9 %. */
START_TEST(few_successes)
{
    struct goal g = goal_of("success(connection) > 99.9 %");
    struct goal_sample samples[5];
    struct goal_result r = {0};

    for (int i = 0; i < 5; i++) {
        samples[i] = known(1);
        samples[i].success = samples[i].ended = 20;
    }
    goal_decide(&g, samples, 5, &r);
    ck_assert_int_eq(r.verdict, GOAL_UNDECIDED);
    ck_assert_double_eq_tol(r.value.low, pow(0.025, 0.01), 1e-9);
    for (int i = 0; i < 5; i++)
        samples[i].success = samples[i].ended = 2000;
    goal_decide(&g, samples, 5, &r);
    ck_assert_int_eq(r.verdict, GOAL_YES);
}
END_TEST

/* ---- from a database: see sample.h ---- */

static void with_goals(const char *goals)
{
    struct recorder_input in = sample_input();
    struct recorder_end end = sample_end();
    struct recorder *r = NULL;
    char resolved[600];

    snprintf(resolved, sizeof resolved,
             "{\"m2msim\":1,\"run\":{\"warmup\":\"2 min\"},\"goals\":%s}", goals);
    in.resolved_json = resolved;
    ck_assert_int_eq(recorder_open(sample_path, true, &in, &r), OK);
    sample_rows(recorder_sink(r));
    ck_assert_int_eq(recorder_close(r, &end, NULL), OK);
}

static struct goal_results judged(const char *const *goals, size_t n)
{
    struct reader *r = NULL;
    struct goal_results g;
    char why[300] = "";

    ck_assert_msg(!reader_open(sample_path, &r, why), "%s", why);
    ck_assert_msg(!goals_judge(r, goals, n, &g, why), "%s", why);
    reader_close(r);
    return g;
}

START_TEST(of_one_run)
{
    /* 9 connections of 300 to 1100 ms, due from 60 s on, those at 60, 80 and 100 s within the
     * warm-up; the tenth has been going on for 100 s. */
    static const char *const goals[] = {"max(connection.latency) < 1.1 s",
                                        "mean(connection.latency) < 1.2 s",
                                        "count(connection) >= 6",
                                        "p50(connection.latency) < 10 s",
                                        "p10(connection.latency) > 1 s",
                                        "success(connection) > 10 %",
                                        "max(core.queue) <= 6",
                                        "mean(core.busy) > 0 %",
                                        "min(connection.latency) >= 600 ms"};
    struct goal_results g;

    with_goals("[]");
    g = judged(goals, sizeof goals / sizeof *goals);
    ck_assert_uint_eq(g.n, 9);
    ck_assert_double_eq_tol(g.at[0].value.mean, 100e9, 1); /* the one that is not over */
    ck_assert_int_eq(g.at[0].verdict, GOAL_NO);
    ck_assert_double_eq_tol(g.at[1].value.mean, 850e6, 1); /* 600 .. 1100 */
    ck_assert_int_eq(g.at[1].verdict, GOAL_UNDECIDED);     /* too few for batches */
    ck_assert_double_eq_tol(g.at[2].value.mean, 6, 1e-9);
    ck_assert_int_eq(g.at[2].verdict, GOAL_UNDECIDED);
    ck_assert_double_eq_tol(g.at[3].value.mean, 900e6, 1); /* rank 4 of 7 */
    ck_assert_int_eq(g.at[3].verdict, GOAL_UNDECIDED);     /* rank 7 of 7 never ends */
    ck_assert_double_eq_tol(g.at[4].value.mean, 600e6, 1);
    ck_assert_double_eq_tol(g.at[5].value.mean, 1, 1e-9);
    ck_assert_double_eq_tol(g.at[5].value.low, 0.4213, 1e-4); /* 6 of 7 */
    ck_assert_int_eq(g.at[5].verdict, GOAL_YES);
    ck_assert_double_eq_tol(g.at[6].value.mean, 6, 1e-9);
    ck_assert_int_eq(g.at[7].verdict, GOAL_UNDECIDED); /* it is not known how many workers */
    ck_assert_uint_eq(g.at[7].without, 1);
    ck_assert_double_eq_tol(g.at[8].value.mean, 600e6, 1);
    ck_assert_uint_eq(g.least_replications, 1);
    goals_release(&g);
}
END_TEST

static void sql(const char *text)
{
    sqlite3 *db = NULL;
    char *why = NULL;

    ck_assert_int_eq(sqlite3_open(sample_path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, &why) == SQLITE_OK, "%s", why);
    sqlite3_close(db);
}

/* A second cell of three replications, whose latencies grow by 100 ms each; one more is partial. */
START_TEST(over_replications)
{
    static const char *const goals[] = {"max(bootstrap.latency) < 6 s"};
    struct goal_results g;

    with_goals("[]");
    sql("WITH RECURSIVE i(i) AS (VALUES (2) UNION ALL SELECT i + 1 FROM i WHERE i < 5) "
        "INSERT INTO runs SELECT i, 1, 1, 1, 1, i, i, 'full', "
        "CASE i WHEN 5 THEN 'partial' ELSE 'done' END, end_ns, 1, 1, 1, '', '', 1 FROM i, runs");
    sql("INSERT INTO procedures SELECT r.run_id, p.procedure_id, p.node_id, peer_id, kind, method, "
        "t_intended, t_start, t_end + r.run_id * 100000000, outcome, reason, attempts, messages, "
        "octets_up, octets_down, round_trips, device_crypto, server_crypto, network, queue, "
        "retransmission, backoff, other + r.run_id * 100000000, 0, 0, 0 FROM procedures p, runs r "
        "WHERE p.run_id = 1 AND r.run_id > 1");
    sql("UPDATE procedures SET t_intended = t_intended + 120000000000, t_end = t_end + "
        "120000000000");
    g = judged(goals, 1);
    ck_assert_uint_eq(g.n, 2);
    ck_assert(g.at[0].cell == 0 && g.at[0].value.n == 1 && g.at[0].verdict == GOAL_UNDECIDED);
    ck_assert(g.at[1].cell == 1 && g.at[1].value.n == 3 && g.at[1].verdict == GOAL_YES);
    ck_assert_double_eq_tol(g.at[1].value.mean, 5.3e9, 1); /* 5.2, 5.3, 5.4 */
    ck_assert_double_eq_tol(g.at[1].value.high, 5.3e9 + 4.30265 * 1e8 / sqrt(3), 1e4);
    ck_assert_uint_eq(g.least_replications, 1);
    goals_release(&g);
}
END_TEST

START_TEST(kept_and_sealed)
{
    char fingerprint[65], why[160], plain[65];
    struct reader *r = NULL;
    struct goal_results g;
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;

    sample_write(sample_path, plain);
    with_goals("[\"max(connection.latency) < 1.1 s\", \"success(refresh) > 50 %\"]");
    g = judged(NULL, 0);
    ck_assert_uint_eq(g.n, 2);
    ck_assert_uint_eq(g.no, 1);
    ck_assert_uint_eq(g.undecided, 1);
    goals_release(&g);
    ck_assert_int_eq(reader_open(sample_path, &r, why), OK);
    ck_assert_msg(!reader_check(r, fingerprint, why), "%s", why);
    ck_assert_str_eq(fingerprint, plain); /* verdicts are no part of a run's results */
    reader_close(r);
    ck_assert_int_eq(sqlite3_open(sample_path, &db), SQLITE_OK);
    sqlite3_prepare_v2(db,
                       "SELECT group_concat(cell || verdict || ifnull(value, '-'), ' ') FROM goals",
                       -1, &s, NULL);
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    ck_assert_str_eq((const char *)sqlite3_column_text(s, 0), "0no100000000000.0 0undecided-");
    sqlite3_finalize(s);
    sqlite3_close(db);
}
END_TEST

START_TEST(told)
{
    struct goal_results g;
    char *text = NULL, why[300];
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    struct reader *r = NULL;
    struct goal_fault fault;
    static const char *const bad[] = {"max(connection.latency) < 3"};

    with_goals("[\"max(connection.latency) < 1.1 s\"]");
    g = judged(NULL, 0);
    goals_write(&g, false, to);
    goals_write(&g, true, to);
    fclose(to);
    goals_release(&g);
    ck_assert_ptr_nonnull(
        strstr(text, "max(connection.latency) < 1.1 s        no        1.67 min"));
    ck_assert_ptr_nonnull(strstr(text, "\"verdict\":\"no\",\"value\":100000000000,\"low\":null"));
    free(text);
    ck_assert_int_eq(reader_open(sample_path, &r, why), OK);
    ck_assert(!goals_check(r, "max(cor.queue) < 3", &fault));
    ck_assert_int_eq(goals_judge(r, bad, 1, &g, why), ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(why, "at 27"));
    goals_release(&g);
    reader_close(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("goals");
    TCase *tc = tcase_create("goals");

    tcase_add_checked_fixture(tc, sample_setup, sample_teardown);
    tcase_add_test(tc, on_the_interval);
    tcase_add_test(tc, the_bound_itself);
    tcase_add_test(tc, one_run_can_only_break);
    tcase_add_test(tc, no_data_is_no_pass);
    tcase_add_test(tc, few_successes);
    tcase_add_test(tc, of_one_run);
    tcase_add_test(tc, over_replications);
    tcase_add_test(tc, kept_and_sealed);
    tcase_add_test(tc, told);
    suite_add_tcase(suite, tc);
    return sample_main(suite);
}
