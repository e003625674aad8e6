#include "sample.h"

#include <math.h>
#include <sqlite3.h>

#include "results/compare_impl.h"

/* Verdicts from chosen pairs, then two databases that differ by what was done to them. */

static enum compare_verdict decide(const char *goal, const double *a, const double *b, size_t n)
{
    struct goal g;
    struct goal_fault why;

    ck_assert(goal_parse(goal, NULL, 0, &g, &why));
    return compare_decide(&g, a, b, n).verdict;
}

START_TEST(verdicts)
{
    static const char lower[] = "p99(request.latency) < 1 s", higher[] = "success(request) > 0 %";
    /* Far apart from each other, yet each pair by 1.0, 1.1, 0.9. */
    static const double a[] = {10, 50, 90, 30}, b[] = {9, 48.9, 89.1, 29}, c[] = {9, 51, 89, 31};

    ck_assert_int_eq(decide(lower, a, b, 4), COMPARE_BETTER);
    ck_assert_int_eq(decide(lower, b, a, 4), COMPARE_WORSE);
    ck_assert_int_eq(decide(higher, a, b, 4), COMPARE_WORSE);
    ck_assert_int_eq(decide(higher, b, a, 4), COMPARE_BETTER);
    ck_assert_int_eq(decide(lower, a, c, 4), COMPARE_NONE);
    ck_assert_int_eq(decide(lower, a, a, 4), COMPARE_SAME);
    ck_assert_int_eq(decide(lower, a, b, 1), COMPARE_NONE); /* one pair shows nothing */
}
END_TEST

/* Three runs of one cell, whose bootstraps take 5 s + run * 1 s, and `more` on top. */
static void write_runs(const char *path, const char *resolved, int64_t more)
{
    struct recorder_input in = sample_input();
    struct recorder_end end = sample_end();
    struct recorder *r = NULL;
    sqlite3 *db = NULL;
    char sql[900], *why = NULL;

    in.resolved_json = resolved;
    ck_assert_int_eq(recorder_open(path, true, &in, &r), OK);
    sample_rows(recorder_sink(r));
    ck_assert_int_eq(recorder_close(r, &end, NULL), OK);
    snprintf(
        sql, sizeof sql,
        "INSERT INTO runs SELECT 2, 1, 1, 1, 0, 1, 8, 'full', 'done', end_ns, 1, 1, 1, '%lld', '', "
        "1 "
        "FROM runs; INSERT INTO runs SELECT 3, 1, 1, 1, 0, 2, 9, 'full', 'done', end_ns, 1, 1, 1, "
        "'x', '', 1 FROM runs WHERE run_id = 1;"
        "INSERT INTO procedures SELECT r.run_id, procedure_id, node_id, peer_id, kind, method, "
        "t_intended, t_start, t_end + r.run_id * 1000000000 + %lld, outcome, reason, attempts, "
        "messages, octets_up, octets_down, round_trips, device_crypto, server_crypto, network, "
        "queue, retransmission, backoff, other + r.run_id * 1000000000 + %lld, 0, 0, 0 "
        "FROM procedures p, runs r WHERE p.run_id = 1 AND r.run_id > 1 AND kind = 'bootstrap'",
        (long long)more, (long long)more, (long long)more);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s", why);
    sqlite3_close(db);
}

static char *compared(const char *a, const char *b, bool json, struct compare_tally *tally,
                      enum err expected)
{
    struct reader *ra = NULL, *rb = NULL;
    char *text = NULL, why[160] = "";
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);

    ck_assert_msg(!reader_open(a, &ra, why) && !reader_open(b, &rb, why), "%s", why);
    ck_assert_int_eq(compare_write(ra, rb, json, to, tally, why), expected);
    fclose(to);
    reader_close(ra);
    reader_close(rb);
    return text;
}

#define SETTINGS                                                                                   \
    "{\"m2msim\":1,\"run\":{\"seed\":\"7\"},\"populations\":{\"core\":{\"workers\":%d}}}"

START_TEST(two_databases)
{
    char other[120], one[200], two[200], *text;
    struct compare_tally t;

    snprintf(other, sizeof other, "%s/other.db", sample_folder);
    snprintf(one, sizeof one, SETTINGS, 1);
    snprintf(two, sizeof two, SETTINGS, 2);
    write_runs(sample_path, one, 0);
    write_runs(other, two, 0);
    text = compared(sample_path, other, false, &t, OK);
    ck_assert(t.pairs == 3 && t.least_pairs == 3 && t.identical &&
              t.better + t.worse + t.none == 0);
    ck_assert_ptr_nonnull(strstr(text, "  populations.core.workers: 1 -> 2\n"));
    ck_assert_ptr_null(strstr(text, "seed"));
    free(text);

    /* The runs of seeds 8 and 9 take half a second more. */
    write_runs(other, two, 500000000);
    text = compared(sample_path, other, false, &t, OK);
    ck_assert(!t.identical && !t.unexplained && t.worse == 0);
    /* 0, 0.5, 0.5: not enough to say anything. */
    ck_assert_ptr_nonnull(
        strstr(text, "mean(bootstrap.latency)             6.67 s      7.00 s      333 ms"));
    ck_assert_ptr_nonnull(strstr(text, "no evidence\n"));
    free(text);
    text = compared(sample_path, other, true, &t, OK);
    ck_assert_ptr_nonnull(
        strstr(text, "{\"name\":\"populations.core.workers\",\"a\":\"1\",\"b\":\"2\"}"));
    ck_assert_ptr_nonnull(strstr(text, "\"difference\":333333333.333"));
    free(text);

    write_runs(other, one, 500000000);
    free(compared(sample_path, other, false, &t, OK));
    ck_assert(t.unexplained);
}
END_TEST

START_TEST(nothing_in_common)
{
    char other[120];
    struct compare_tally t;
    sqlite3 *db = NULL;

    snprintf(other, sizeof other, "%s/other.db", sample_folder);
    sample_write(sample_path, NULL);
    sample_write(other, NULL);
    ck_assert_int_eq(sqlite3_open(other, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "UPDATE runs SET seed = 1", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    free(compared(sample_path, other, false, &t, ERR_NOT_FOUND));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("compare");
    TCase *tc = tcase_create("compare");

    tcase_add_checked_fixture(tc, sample_setup, sample_teardown);
    tcase_add_test(tc, verdicts);
    tcase_add_test(tc, two_databases);
    tcase_add_test(tc, nothing_in_common);
    suite_add_tcase(suite, tc);
    return sample_main(suite);
}
