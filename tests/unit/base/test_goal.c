#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/goal.h"

static const char *const servers[] = {"core", "mas-1"};

static struct goal parse(const char *text)
{
    struct goal g;
    struct goal_fault why;

    ck_assert_msg(goal_parse(text, servers, 2, &g, &why), "%s: %zu: %s", text, why.at, why.text);
    return g;
}

START_TEST(what_goals_say)
{
    struct goal g = parse("p99(bootstrap.latency) < 30 s");

    ck_assert_int_eq(g.function, GOAL_QUANTILE);
    ck_assert_double_eq_tol(g.q, 0.99, 1e-12);
    ck_assert_str_eq(g.subject, "bootstrap");
    ck_assert_str_eq(g.measure->name, "latency");
    ck_assert(!g.of_server && g.comparison == GOAL_BELOW);
    ck_assert_double_eq_tol(g.bound, 30e9, 0.5);
    g = parse("success(connection)>99.9 %");
    ck_assert(g.function == GOAL_SUCCESS && g.comparison == GOAL_ABOVE && !g.measure);
    ck_assert_double_eq_tol(g.bound, 0.999, 1e-12);
    g = parse(" max ( core . queue ) <= 500");
    ck_assert(g.function == GOAL_MAX && g.comparison == GOAL_AT_MOST && g.of_server);
    ck_assert_str_eq(g.subject, "core");
    ck_assert_double_eq_tol(g.bound, 500, 1e-12);
    g = parse("p99.9(request.octets) >= 1.5 kB");
    ck_assert_double_eq_tol(g.q, 0.999, 1e-12);
    ck_assert_double_eq_tol(g.bound, 1500, 1e-9);
    ck_assert_int_eq(g.comparison, GOAL_AT_LEAST);
    ck_assert_double_eq_tol(parse("mean(mas-1.busy) < 80 %").bound, 0.8, 1e-12);
    ck_assert_double_eq_tol(parse("count(bootstrap) >= 1234.5").bound, 1234.5, 1e-9);
    ck_assert_double_eq_tol(parse("p1(request.attempts) < 2").q, 0.01, 1e-12);
    /* A part of a procedure has the name that a server's load has. */
    ck_assert_int_eq(
        goal_dimension_of(&(struct goal){.measure = parse("max(bootstrap.queue) < 1 s").measure}),
        GOAL_TIME);
}
END_TEST

static const struct {
    const char *text;
    size_t at;
    const char *told;
} wrong[] = {
    {"", 0, "begins with a function"},
    {"p99", 3, "here belongs '('"},
    {"p100(bootstrap.latency) < 1 s", 0, "between 0 and 100"},
    {"p0(bootstrap.latency) < 1 s", 0, "between 0 and 100"},
    {"meen(core.queue) < 1", 0, "did you mean 'mean'?"},
    {"max(cor.queue) < 1", 4, "did you mean 'core'?"},
    {"max(boostrap.latency) < 1 s", 4, "did you mean 'bootstrap'?"},
    {"success(core) > 1 %", 8, "unknown kind of procedure 'core'"},
    {"success(bootstrap.latency) > 1 %", 17, "here belongs ')'"},
    {"max(core.latency) < 1", 9, "unknown measure of a server 'latency'"},
    {"max(bootstrap.latncy) < 1 s", 14, "did you mean 'latency'?"},
    {"max(bootstrap) < 1 s", 13, "needs a measure"},
    {"max(core.queue < 5", 15, "here belongs ')'"},
    {"max(core.queue) = 5", 16, "<, <=, > or >="},
    {"max(core.queue)", 15, "<, <=, > or >="},
    {"max(core.queue) < ", 18, "plain number"},
    {"max(core.queue) < 5 s", 18, "plain number"},
    {"max(core.queue) < 5.", 18, "plain number"},
    {"p99(bootstrap.latency) < 30", 25, "a time with its unit"},
    {"p99(bootstrap.octets) < 30", 24, "a size with its unit"},
    {"success(bootstrap) > 101 %", 21, "0 to 100 %"},
    {"p99(bootstrap.latency) < 30 s or so", 25, "a time with its unit"},
    {"max(a23456789012345678901234567890123456789012.queue) < 5", 4, "here belongs a kind"},
};

START_TEST(what_is_wrong)
{
    struct goal g;
    struct goal_fault why;

    ck_assert_msg(!goal_parse(wrong[_i].text, servers, 2, &g, &why), "%s", wrong[_i].text);
    ck_assert_msg(why.at == wrong[_i].at && strstr(why.text, wrong[_i].told), "%s: at %zu: %s",
                  wrong[_i].text, why.at, why.text);
}
END_TEST

START_TEST(without_a_list_of_servers)
{
    struct goal g;
    struct goal_fault why;

    ck_assert(goal_parse("max(any.queue) < 5", NULL, 0, &g, &why) && g.of_server);
    ck_assert(!goal_parse("success(any) > 5 %", NULL, 0, &g, &why));
}
END_TEST

START_TEST(values_for_people)
{
    char out[32];

    goal_format(GOAL_TIME, 3.934e9, out, sizeof out);
    ck_assert_str_eq(out, "3.93 s");
    goal_format(GOAL_TIME, -2e6, out, sizeof out);
    ck_assert_str_eq(out, "-2.00 ms");
    goal_format(GOAL_SHARE, 0.99949, out, sizeof out);
    ck_assert_str_eq(out, "99.95 %");
    goal_format(GOAL_NUMBER, 512, out, sizeof out);
    ck_assert_str_eq(out, "512");
    goal_format(GOAL_SIZE, 2000.4, out, sizeof out);
    ck_assert_str_eq(out, "2000 B");
    goal_format(GOAL_TIME, INFINITY, out, sizeof out);
    ck_assert_str_eq(out, "inf");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("goal");
    TCase *tc = tcase_create("goal");
    SRunner *runner;
    int failed;

    tcase_add_test(tc, what_goals_say);
    tcase_add_loop_test(tc, what_is_wrong, 0, (int)(sizeof wrong / sizeof *wrong));
    tcase_add_test(tc, without_a_list_of_servers);
    tcase_add_test(tc, values_for_people);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
