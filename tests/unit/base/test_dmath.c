/* Our own elementary functions against libm in long double. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "sim/base/dmath.h"
#include "sim/base/rng.h"

enum { POINTS = 200000 };

#define BOUND 1e-15 /* the header promises 1e-14 */

static double off(double got, long double want)
{
    if (want == 0)
        return got == 0 ? 0 : 1;
    return (double)fabsl(((long double)got - want) / want);
}

START_TEST(test_log)
{
    struct rng r = rng_stream(1, "log", "points");
    double worst = 0;

    for (int i = 0; i < POINTS; i++) {
        double u = rng_unit(&r);
        double wide = exp(1400 * (u - 0.5));
        double near = 1 + (u - 0.5) * pow(10, -12 * rng_unit(&r));

        worst = fmax(worst, off(dmath_log(wide), logl(wide)));
        worst = fmax(worst, off(dmath_log(near), logl(near)));
    }
    ck_assert_double_lt(worst, BOUND);
    ck_assert_double_eq(dmath_log(1), 0);
    ck_assert_double_lt(off(dmath_log(0x1p-1074), logl(0x1p-1074)), BOUND);
    ck_assert_double_lt(off(dmath_log(0x1.fffffffffffffp1023), logl(0x1.fffffffffffffp1023)),
                        BOUND);
}
END_TEST

START_TEST(test_exp)
{
    struct rng r = rng_stream(1, "exp", "points");
    double worst = 0;

    for (int i = 0; i < POINTS; i++) {
        double x = 1400 * (rng_unit(&r) - 0.5);

        worst = fmax(worst, off(dmath_exp(x), expl(x)));
        worst = fmax(worst, off(dmath_exp(x * 1e-6), expl(x * 1e-6)));
    }
    ck_assert_double_lt(worst, BOUND);
    ck_assert_double_eq(dmath_exp(0), 1);
    ck_assert(isinf(dmath_exp(710)));
    ck_assert(isinf(dmath_exp(INFINITY)));
    ck_assert(isnan(dmath_exp(NAN)));
    ck_assert_double_eq(dmath_exp(-800), 0);
    ck_assert_double_eq(dmath_exp(-INFINITY), 0);
    ck_assert_double_eq(dmath_exp(-745), 0x1p-1074); /* the least subnormal */
}
END_TEST

START_TEST(test_pow)
{
    struct rng r = rng_stream(1, "pow", "points");
    double worst = 0;

    for (int i = 0; i < POINTS; i++) {
        double x = exp(40 * (rng_unit(&r) - 0.5));
        double y = 34 * (rng_unit(&r) - 0.5); /* |y log x| up to 340 */

        worst = fmax(worst, off(dmath_pow(x, y), powl(x, y)));
    }
    ck_assert_double_lt(worst, BOUND);
    ck_assert_double_eq(dmath_pow(1, 1e300), 1);
    ck_assert_double_eq(dmath_pow(7, 0), 1);
    ck_assert_double_lt(off(dmath_pow(1 + 0x1p-52, 1e17), powl(1 + 0x1p-52L, 1e17L)), BOUND);
    ck_assert(isinf(dmath_pow(10, 400)));
    ck_assert_double_eq(dmath_pow(10, -400), 0);
}
END_TEST

/* P(X <= q(p)) = p by libm's erfc; the error in q is that in p over the density. */
START_TEST(test_normal_quantile)
{
    struct rng r = rng_stream(1, "quantile", "points");
    long double worst = 0;

    for (int i = 0; i < POINTS; i++) {
        double p = i % 2 ? rng_open(&r) : pow(10, -1 - 299 * rng_unit(&r));
        double x = dmath_normal_quantile(p);
        long double tail = erfcl(-(long double)x / sqrtl(2)) / 2;
        long double density = expl(-(long double)x * x / 2) / sqrtl(2 * acosl(-1));
        long double scale = fmaxl(fabsl((long double)x), 0.01L);

        worst = fmaxl(worst, fabsl((tail - p) / density) / scale);
    }
    ck_assert_double_lt((double)worst, 1e-14);
    ck_assert_double_eq(dmath_normal_quantile(0.5), 0);
    for (double p = 0x1p-10; p < 0.5; p += 0x1p-10) /* exact complements */
        ck_assert_double_eq(dmath_normal_quantile(p), -dmath_normal_quantile(1 - p));
    /* 97.5 %, from tables */
    ck_assert_double_eq_tol(dmath_normal_quantile(0.975), 1.95996398454005423552, 1e-15);
}
END_TEST

/* Every bit of what the simulation draws, whatever compiler built it and on whatever processor: the
 * digest was computed once, by gcc's build, and clang's gave the same. */
START_TEST(test_same_bits_everywhere)
{
    struct rng r = rng_stream(1, "bits", "digest");
    uint64_t digest = 0;

    for (int i = 0; i < POINTS; i++) {
        double x[4] = {rng_normal(&r), rng_exponential(&r), 0, 0};

        x[2] = dmath_exp(10 * x[0]);
        x[3] = dmath_pow(x[1], x[0]);
        for (int k = 0; k < 4; k++) {
            uint64_t bits;

            memcpy(&bits, &x[k], sizeof(bits));
            digest = (digest ^ bits) * UINT64_C(0x9e3779b97f4a7c15);
            digest ^= digest >> 31;
        }
    }
    ck_assert_uint_eq(digest, UINT64_C(17748487907769515296));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("dmath");
    TCase *t = tcase_create("dmath");
    SRunner *runner;
    int failed;

    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_log);
    tcase_add_test(t, test_exp);
    tcase_add_test(t, test_pow);
    tcase_add_test(t, test_normal_quantile);
    tcase_add_test(t, test_same_bits_everywhere);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
