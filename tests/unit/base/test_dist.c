#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "sim/base/dist.h"
#include "sim/base/xalloc.h"

enum { DRAWS = 100001 };

static sim_ns drawn[DRAWS];

static int by_value(const void *a, const void *b)
{
    sim_ns x = *(const sim_ns *)a, y = *(const sim_ns *)b;

    return (x > y) - (x < y);
}

/* Draws, sorts, and compares the mean and the quantiles 0.1, 0.5, 0.9; want[]: these four. */
static void check_stats(const struct dist *d, const double want[4], double tolerance)
{
    struct rng r = rng_stream(11, "dist", "stats");
    double sum = 0;

    for (int i = 0; i < DRAWS; i++) {
        drawn[i] = dist_draw(d, &r);
        sum += (double)drawn[i];
    }
    ck_assert_uint_eq(r.counter, DRAWS); /* one block each */
    qsort(drawn, DRAWS, sizeof(drawn[0]), by_value);
    ck_assert_double_eq_tol(sum / DRAWS, want[0], tolerance * want[0]);
    ck_assert_double_eq_tol((double)drawn[DRAWS / 10], want[1], tolerance * want[1]);
    ck_assert_double_eq_tol((double)drawn[DRAWS / 2], want[2], tolerance * want[2]);
    ck_assert_double_eq_tol((double)drawn[DRAWS * 9 / 10], want[3], tolerance * want[3]);
    ck_assert_double_eq_tol(dist_mean_ns(d), want[0], 1e-9 * want[0]);
}

START_TEST(test_constant)
{
    struct dist d = dist_constant(80 * SIM_MS);
    struct rng r = rng_stream(1, "a", "b");

    ck_assert_int_eq(dist_draw(&d, &r), 80 * SIM_MS);
    ck_assert_uint_eq(r.counter, 0);
    ck_assert_int_eq(dist_default_floor(&d), 80 * SIM_MS);
    ck_assert_double_eq(dist_mean_ns(&d), 80e6);
}
END_TEST

START_TEST(test_uniform)
{
    struct dist d = {.kind = DIST_UNIFORM, .a = 10000, .b = 30000, .ceiling = SIM_NEVER};
    struct dist two = {.kind = DIST_UNIFORM, .a = 1, .b = 2, .ceiling = SIM_NEVER};
    struct dist all = {.kind = DIST_UNIFORM, .a = 0, .b = SIM_NEVER, .ceiling = SIM_NEVER};
    struct rng r = rng_stream(1, "a", "b");
    int ones = 0;

    check_stats(&d, (const double[]){20000, 12000, 20000, 28000}, 0.01);
    ck_assert_int_ge(drawn[0], 10000);
    ck_assert_int_le(drawn[DRAWS - 1], 30000);
    ck_assert_int_eq(dist_default_floor(&d), 10000);
    for (int i = 0; i < 10000; i++) { /* both ends are drawn, evenly */
        ones += dist_draw(&two, &r) == 1;
        if (dist_draw(&all, &r) < 0)
            ck_abort_msg("overflow");
    }
    ck_assert_int_gt(ones, 4800);
    ck_assert_int_lt(ones, 5200);
}
END_TEST

START_TEST(test_normal)
{
    struct dist d = {.kind = DIST_NORMAL, .a = 35000000, .b = 5000000, .ceiling = SIM_NEVER};
    struct dist low = {.kind = DIST_NORMAL, .a = 10, .b = 5000000, .ceiling = SIM_NEVER};
    double z = 1.2815515655446004 * 5e6;

    check_stats(&d, (const double[]){35e6, 35e6 - z, 35e6, 35e6 + z}, 0.005);
    ck_assert_double_eq_tol((double)dist_default_floor(&d), 35e6 - 3.090232306167813 * 5e6, 2);
    ck_assert_int_eq(dist_default_floor(&low), 0);
}
END_TEST

START_TEST(test_lognormal)
{
    struct dist d = {.kind = DIST_LOGNORMAL, .a = 80000000, .sigma = 0.4, .ceiling = SIM_NEVER};
    double z = exp(0.4 * 1.2815515655446004);

    check_stats(&d, (const double[]){80e6 * exp(0.08), 80e6 / z, 80e6, 80e6 * z}, 0.01);
    ck_assert_double_eq_tol((double)dist_default_floor(&d), 80e6 * exp(-0.4 * 3.090232306167813),
                            2);
}
END_TEST

START_TEST(test_exponential)
{
    struct dist d = {.kind = DIST_EXPONENTIAL, .a = 2 * SIM_S, .ceiling = SIM_NEVER};

    check_stats(&d, (const double[]){2e9, -2e9 * log(0.9), 2e9 * log(2), 2e9 * log(10)}, 0.02);
    ck_assert_double_eq_tol((double)dist_default_floor(&d), -2e9 * log(0.999), 2);
}
END_TEST

START_TEST(test_empirical)
{
    static const sim_ns points[] = {100000, 200000, 300000, 700000, 900000};
    static const sim_ns one[] = {77};
    struct dist d = {.kind = DIST_EMPIRICAL, .points = points, .n = 5, .ceiling = SIM_NEVER};
    struct dist single = {.kind = DIST_EMPIRICAL, .points = one, .n = 1, .ceiling = SIM_NEVER};
    struct rng r = rng_stream(1, "a", "b");

    /* quantile function through (0, 0.1) (1/4, 0.2) (1/2, 0.3) (3/4, 0.7) (1, 0.9) */
    check_stats(&d, (const double[]){425e3, 140e3, 300e3, 820e3}, 0.02);
    ck_assert_int_ge(drawn[0], 100000);
    ck_assert_int_le(drawn[DRAWS - 1], 900000);
    ck_assert_int_eq(dist_default_floor(&d), 100000);
    ck_assert_int_eq(dist_draw(&single, &r), 77);
    ck_assert_double_eq(dist_mean_ns(&single), 77);
}
END_TEST

START_TEST(test_bounds)
{
    struct dist d = {.kind = DIST_NORMAL, .a = 1000, .b = 100000, .floor = 500, .ceiling = 2000};
    struct dist huge = {
        .kind = DIST_LOGNORMAL, .a = SIM_NEVER / 2, .sigma = 50, .ceiling = SIM_NEVER};
    struct rng r = rng_stream(1, "a", "b");
    int at_floor = 0, at_ceiling = 0, at_never = 0;

    for (int i = 0; i < 1000; i++) {
        sim_ns t = dist_draw(&d, &r);

        if (t < 500 || t > 2000)
            ck_abort_msg("beyond its bounds");
        at_floor += t == 500;
        at_ceiling += t == 2000;
        t = dist_draw(&huge, &r); /* saturates */
        if (t < 0)
            ck_abort_msg("overflow");
        at_never += t == SIM_NEVER;
    }
    ck_assert_int_gt(at_floor, 400);
    ck_assert_int_gt(at_ceiling, 400);
    ck_assert_int_gt(at_never, 400);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("dist");
    TCase *t = tcase_create("dist");
    SRunner *runner;
    int failed;

    tcase_add_test(t, test_constant);
    tcase_add_test(t, test_uniform);
    tcase_add_test(t, test_normal);
    tcase_add_test(t, test_lognormal);
    tcase_add_test(t, test_exponential);
    tcase_add_test(t, test_empirical);
    tcase_add_test(t, test_bounds);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
