#include "sample.h"

#include "results/experiment.h"
#include "results/interval.h"
#include "results/merge.h"
#include "results/reader.h"

/* Runs of one experiment from several files in one; and what is no part of it. */

static const char *const values_0[] = {"a.b", "1"}, *const values_1[] = {"a.b", "2"};
static const struct recorder_cell cells[] = {{"{\"cell\":0}", values_0, 1, 0},
                                             {"{\"cell\":1}", values_1, 1, 1}};
static const struct recorder_planned planned[] = {{7, 0, 0}, {8, 0, 1}, {7, 1, 0}, {8, 1, 1}};

static char *path_of(const char *name)
{
    static char paths[400][96];
    static unsigned next;
    char *path = paths[next++ % 400];
    snprintf(path, sizeof paths[0], "%s/%s.db", sample_folder, name);
    return path;
}

static struct recorder_campaign campaign_of(size_t first, size_t n)
{
    return (struct recorder_campaign){.cells = cells,
                                      .planned = planned + first,
                                      .cell_count = 2,
                                      .planned_count = n,
                                      .replications_min = 2,
                                      .replications_max = 2};
}

/* The i-th planned run, in a file of its own. */
static char *write_run(const char *name, size_t i, enum recorder_status status)
{
    struct recorder_input in = sample_input();
    struct recorder_campaign campaign = campaign_of(i, 1);
    struct recorder_end end = sample_end();
    struct recorder *r = NULL;
    char *path = path_of(name);
    in.campaign = &campaign;
    in.cell = planned[i].cell;
    in.replication = planned[i].replication;
    in.seed = planned[i].seed;
    end.status = status;
    ck_assert_int_eq(recorder_open(path, true, &in, &r), OK);
    sample_rows(recorder_sink(r));
    ck_assert_int_eq(recorder_close(r, &end, NULL), OK);
    return path;
}

static char *write_plan(const char *name)
{
    struct recorder_input in = sample_input();
    struct recorder_campaign campaign = campaign_of(0, 4);
    in.campaign = &campaign;
    ck_assert_int_eq(recorder_write_plan(path_of(name), true, &in), OK);
    return path_of(name);
}

static struct merge_outcome merge(const char *name, const char *const *sources, size_t n)
{
    struct merge_outcome out;
    char why[300];
    enum err err = merge_write(path_of(name), true, sources, n, &out, why);
    ck_assert_msg(err == OK, "%s", why);
    return out;
}

static enum err refuse(const char *const *sources, size_t n, const char *because)
{
    struct merge_outcome out;
    char why[300], *path = path_of("refused");
    enum err err = merge_write(path, false, sources, n, &out, why);
    ck_assert_int_ne(err, OK);
    ck_assert_msg(strstr(why, because) != NULL, "%s", why);
    ck_assert_int_ne(access(path, F_OK), 0);
    return err;
}

START_TEST(any_order_gives_the_same)
{
    const char *plan = write_plan("plan");
    const char *a = write_run("a", 0, RECORDER_DONE), *b = write_run("b", 3, RECORDER_DONE);
    const char *p = write_run("p", 3, RECORDER_PARTIAL);
    const char *const forward[] = {plan, a, b}, *const backward[] = {b, p, a, plan, a};
    struct merge_outcome one = merge("one", forward, 3), other = merge("other", backward, 5);
    ck_assert_uint_eq(one.planned, 4);
    ck_assert_uint_eq(one.done, 2);
    ck_assert_uint_eq(one.partial, 0);
    ck_assert_str_eq(one.fingerprint, other.fingerprint);
    ck_assert_uint_eq(other.partial, 0); /* the finished one is taken */

    struct reader *r = NULL;
    char why[160], fingerprint[65];
    ck_assert_int_eq(reader_open(path_of("other"), &r, why), OK);
    ck_assert_int_eq(reader_check(r, fingerprint, why), OK);
    ck_assert_uint_eq(reader_run_count(r), 2);
    ck_assert_int_eq(reader_choose(r, 0, why), OK);
    ck_assert_int_eq(reader_run(r)->run_id, 1);
    ck_assert_int_eq(reader_run(r)->cell, 0);
    ck_assert_uint_eq(reader_run(r)->seed, 7);
    ck_assert_int_eq(reader_choose(r, 1, why), OK);
    ck_assert_int_eq(reader_run(r)->cell, 1);
    ck_assert_int_eq(reader_run(r)->replication, 1);
    ck_assert_str_eq(reader_run(r)->resolved_json, "{\"cell\":1}");
    ck_assert_int_eq(reader_check(r, fingerprint, why), OK);
    ck_assert_str_eq(reader_run(r)->fingerprint, fingerprint);
    ck_assert_int_eq(reader_choose(r, 2, why), ERR_FORMAT);
    reader_close(r);
}
END_TEST

START_TEST(a_plan_says_what_is_missing)
{
    const char *plan = write_plan("plan"), *p = write_run("p", 2, RECORDER_PARTIAL);
    const char *const sources[] = {plan, write_run("a", 1, RECORDER_DONE), p};
    struct experiment *e = NULL;
    struct reader *r = NULL;
    char why[160], fingerprint[65];
    ck_assert_int_eq(reader_open(plan, &r, why), ERR_FORMAT);
    ck_assert_str_eq(why, "the database holds no run");
    ck_assert_uint_eq(merge("some", sources, 3).partial, 1);
    ck_assert_int_eq(experiment_open(path_of("some"), &e, why), OK);
    const struct recorder_input *in = experiment_input(e);
    const struct recorder_input expected = sample_input();
    ck_assert_str_eq(in->title, expected.title);
    ck_assert_str_eq(in->scenario_text, expected.scenario_text);
    ck_assert_int_eq(in->created_unix_s, expected.created_unix_s);
    ck_assert_str_eq(in->profile_text, expected.profile_text);
    ck_assert_uint_eq(in->cost_count, 2);
    ck_assert_str_eq(in->costs[1].algorithm, "rsa-2048");
    ck_assert_uint_eq(in->parameter_count, 3);
    ck_assert_str_eq(in->parameters[5], "a.c=2");
    ck_assert_uint_eq(in->campaign->cell_count, 2);
    ck_assert_str_eq(in->campaign->cells[1].values[1], "2");
    ck_assert_uint_eq(in->campaign->planned_count, 4);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(in->campaign->planned[i].seed, planned[i].seed);
        ck_assert_int_eq(experiment_is_done(e, i), i == 1);
    }
    experiment_free(e);
    /* More runs are planned, and the seals fit again. */
    const struct recorder_planned more = {9, 1, 2};
    ck_assert_int_eq(experiment_extend(path_of("some"), &more, 1), OK);
    ck_assert_int_eq(experiment_open(path_of("some"), &e, why), OK);
    ck_assert_uint_eq(experiment_input(e)->campaign->planned_count, 5);
    experiment_free(e);
    ck_assert_int_eq(reader_open(path_of("some"), &r, why), OK);
    ck_assert_int_eq(reader_check(r, fingerprint, why), OK);
    reader_close(r);
}
END_TEST

START_TEST(what_does_not_belong_is_refused)
{
    const char *a = write_run("a", 0, RECORDER_DONE), *b = write_run("b", 1, RECORDER_DONE);
    char command[300];
    sample_write(path_of("alone"), NULL);
    const char *const alone[] = {a, path_of("alone")};
    ck_assert_int_eq(refuse(alone, 2, "a run of its own"), ERR_STATE);
    const char *const absent[] = {a, path_of("absent")};
    ck_assert_int_eq(refuse(absent, 2, "absent.db"), ERR_NOT_FOUND);
    struct experiment *e = NULL;
    char why[160];
    ck_assert_int_eq(experiment_open(path_of("alone"), &e, why), ERR_STATE);

    /* One octet of another cell's scenario, or seed: seals would tell, so it is recorded so. */
    struct recorder_input in = sample_input();
    struct recorder_cell other_cell = {"{\"cell\":9}", values_1, 1, 0};
    struct recorder_campaign other = campaign_of(1, 1);
    in.campaign = &other;
    other.cells = &other_cell;
    other.cell_count = 1;
    ck_assert_int_eq(recorder_write_plan(path_of("other"), true, &in), OK);
    const char *const cell[] = {a, path_of("other")};
    ck_assert_int_eq(refuse(cell, 2, "another scenario in one of its cells"), ERR_STATE);
    const struct recorder_planned seed = {99, 0, 0};
    other = campaign_of(0, 1);
    other.planned = &seed;
    ck_assert_int_eq(recorder_write_plan(path_of("other"), true, &in), OK);
    ck_assert_int_eq(refuse(cell, 2, "other seeds"), ERR_STATE);
    in.scenario_text = "m2msim: 1\n";
    ck_assert_int_eq(recorder_write_plan(path_of("other"), true, &in), OK);
    ck_assert_int_eq(refuse(cell, 2, "another scenario"), ERR_STATE);
    in = sample_input();
    in.campaign = &other;
    in.profile_text = "other profile\n";
    ck_assert_int_eq(recorder_write_plan(path_of("other"), true, &in), OK);
    ck_assert_int_eq(refuse(cell, 2, "another cost profile"), ERR_STATE);

    const char *const damaged[] = {a, b};
    snprintf(command, sizeof command, "sqlite3 %s 'UPDATE keys SET uses = uses + 1'", b);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(refuse(damaged, 2, "table keys differs"), ERR_INTEGRITY);
}
END_TEST

/* Two files that both say they hold the run, and are both whole. */
START_TEST(different_results_of_one_run_are_refused)
{
    struct recorder_input in = sample_input();
    struct recorder_campaign campaign = campaign_of(0, 1);
    struct recorder_end end = sample_end();
    struct recorder *r = NULL;
    in.campaign = &campaign;
    in.seed = 7;
    ck_assert_int_eq(recorder_open(path_of("other"), true, &in, &r), OK);
    ck_assert_int_eq(recorder_close(r, &end, NULL), OK); /* no rows at all */
    const char *const both[] = {write_run("a", 0, RECORDER_DONE), path_of("other")};
    ck_assert_int_eq(refuse(both, 2, "both hold replication 0 of cell 0, and differ"),
                     ERR_INTEGRITY);
}
END_TEST

/* One procedure of that latency in each run of a cell. */
static char *write_latency(uint32_t replication, sim_ns latency)
{
    struct recorder_input in = sample_input();
    const struct recorder_planned one = {replication, 0, replication};
    struct recorder_campaign campaign = campaign_of(0, 1);
    struct recorder_end end = sample_end();
    struct recorder *r = NULL;
    char name[20];
    snprintf(name, sizeof name, "latency%u", replication);
    char *path = path_of(name);
    campaign.planned = &one;
    in.campaign = &campaign;
    in.replication = replication;
    ck_assert_int_eq(recorder_open(path, true, &in, &r), OK);
    const struct row_sink *s = recorder_sink(r);
    s->procedure(s->arg, &(struct row_procedure){.procedure_id = 1,
                                                 .node_id = 1,
                                                 .peer_id = ROW_NULL_ID,
                                                 .kind = "bootstrap",
                                                 .method = "gba",
                                                 .t_end = latency,
                                                 .outcome = "success",
                                                 .parts = {latency}});
    ck_assert_int_eq(recorder_close(r, &end, NULL), OK);
    return path;
}

/* The view's interval is that of the program, within its table and beyond. */
static void check_interval(size_t n)
{
    const char *sources[40];
    double values[40];
    for (size_t i = 0; i < n; i++) {
        values[i] = (double)((i * 37 + 11) % 50) * 1e9;
        sources[i] = write_latency((uint32_t)i, (sim_ns)values[i]);
    }
    merge("all", sources, n);
    struct interval expected = interval_of_mean(values, n, INTERVAL_CONFIDENCE);
    char command[400], line[200] = "";
    snprintf(command, sizeof command,
             "sqlite3 -separator ' ' %s 'SELECT n, mean, low, high FROM v_ci'", path_of("all"));
    FILE *f = popen(command, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    ck_assert_int_eq(pclose(f), 0);
    char *at = line;
    ck_assert_uint_eq(strtoul(at, &at, 10), n);
    ck_assert_double_eq_tol(strtod(at, &at), expected.mean, 1);
    double half = (expected.high - expected.low) / 2;
    ck_assert_double_eq_tol(strtod(at, &at), expected.low, half * 1e-4);
    ck_assert_double_eq_tol(strtod(at, &at), expected.high, half * 1e-4);
}

START_TEST(intervals_in_sql)
{
    check_interval(2);
    check_interval(5);
    check_interval(31);
    check_interval(32);
    check_interval(40);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("merge");
    TCase *t = tcase_create("merge");
    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, sample_setup, sample_teardown);
    tcase_add_test(t, any_order_gives_the_same);
    tcase_add_test(t, a_plan_says_what_is_missing);
    tcase_add_test(t, what_does_not_belong_is_refused);
    tcase_add_test(t, intervals_in_sql);
    tcase_add_test(t, different_results_of_one_run_are_refused);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
