#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "sim/base/rng.h"
#include "sim/base/siphash.h"

/* Random123's file of known answers (kat_vectors), the three lines "philox4x64 10". */
START_TEST(test_philox_known_answers)
{
    static const struct {
        uint64_t ctr[4], key[2], out[4];
    } known[] = {
        {{0, 0, 0, 0},
         {0, 0},
         {0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b}},
        {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
         {UINT64_MAX, UINT64_MAX},
         {0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0}},
        {{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89},
         {0x452821e638d01377, 0xbe5466cf34e90c6c},
         {0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6}},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        uint64_t out[4];

        rng_philox(known[i].key, known[i].ctr, out);
        ck_assert_int_eq(memcmp(out, known[i].out, sizeof(out)), 0);
    }
}
END_TEST

/* Key 00 01 .. 0f and message 00 01 .. n-1, as in the vectors of the authors' reference code; the
 * answers were taken from `openssl mac -macopt size:16 SIPHASH`. */
START_TEST(test_siphash_known_answers)
{
    static const struct {
        size_t n;
        uint64_t out[2]; /* little-endian halves */
    } known[] = {
        {0, {0xe6a825ba047f81a3, 0x930255c71472f66d}},
        {15, {0x11a8b03399e99354, 0xd9c3cf970fec087e}},
    };
    uint8_t message[15];

    for (uint8_t i = 0; i < sizeof(message); i++)
        message[i] = i;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        for (size_t cut = 0; cut <= known[i].n; cut++) { /* in two pieces */
            struct siphash h;
            uint64_t out[2];

            siphash_init(&h, 0x0706050403020100, 0x0f0e0d0c0b0a0908);
            siphash_put(&h, span_of(message, cut));
            siphash_put(&h, span_of(message + cut, known[i].n - cut));
            siphash_end(&h, out);
            ck_assert_uint_eq(out[0], known[i].out[0]);
            ck_assert_uint_eq(out[1], known[i].out[1]);
        }
    }
}
END_TEST

static bool is_same(struct rng a, struct rng b)
{
    return a.key[0] == b.key[0] && a.key[1] == b.key[1];
}

START_TEST(test_streams_differ)
{
    struct rng r = rng_stream(1, "meter-1", "tls");

    ck_assert(is_same(r, rng_stream(1, "meter-1", "tls")));
    ck_assert(!is_same(r, rng_stream(2, "meter-1", "tls")));
    ck_assert(!is_same(r, rng_stream(1, "meter-2", "tls")));
    ck_assert(!is_same(r, rng_stream(1, "meter-1", "link")));
    ck_assert(!is_same(r, rng_stream(1, "meter-1t", "ls")));
    ck_assert(!is_same(rng_stream(1, "a", ""), rng_stream(1, "", "a")));
    ck_assert_uint_eq(r.counter, 0);
}
END_TEST

/* Draw i depends on (key, i) only, so a stored counter goes on where it was. */
START_TEST(test_state_is_the_counter)
{
    struct rng r = rng_stream(1, "x", "y"), copy;
    uint64_t ctr[4] = {2, 0, 0, 0}, block[4];
    uint8_t octets[40], again[40];

    rng_u64(&r);
    rng_unit(&r);
    ck_assert_uint_eq(r.counter, 2);
    copy = r;
    rng_philox(r.key, ctr, block);
    ck_assert_uint_eq(rng_u64(&copy), block[0]);
    rng_bytes(&r, octets, sizeof(octets));
    ck_assert_uint_eq(r.counter, 4); /* 40 octets: two blocks */
    ck_assert_uint_eq(octets[0], block[0] & 0xff);
    ck_assert_uint_eq(octets[31], block[3] >> 56);
    copy.counter = 2;
    rng_bytes(&copy, again, sizeof(again));
    ck_assert_int_eq(memcmp(octets, again, sizeof(again)), 0);
    rng_normal(&r);
    rng_exponential(&r);
    rng_open(&r);
    ck_assert_uint_eq(r.counter, 7);
    rng_bytes(&r, octets, 0);
    ck_assert_uint_eq(r.counter, 7);
}
END_TEST

START_TEST(test_below)
{
    enum { DRAWS = 60000, N = 6 };
    struct rng r = rng_stream(3, "dice", "roll");
    uint64_t counts[N] = {0};
    double chi = 0;

    for (int i = 0; i < DRAWS; i++) {
        uint64_t x = rng_below(&r, N);

        if (x >= N)
            ck_abort_msg("out of range");
        counts[x]++;
    }
    for (int i = 0; i < N; i++) {
        double d = (double)counts[i] - DRAWS / N;

        chi += d * d / (DRAWS / N);
    }
    ck_assert_double_lt(chi, 20.5); /* 99.9 % of chi-squared with 5 degrees of freedom */
    ck_assert_uint_eq(rng_below(&r, 1), 0);
}
END_TEST

/* Where plain multiplication would be biased most: n = 3/4 of 2^64. Without rejection a third of
 * the values would come twice as often as the others. */
START_TEST(test_below_is_unbiased_at_the_top)
{
    enum { DRAWS = 30000 };
    const uint64_t n = UINT64_C(3) << 62;
    struct rng r = rng_stream(4, "top", "bias");
    int thirds[3] = {0};

    for (int i = 0; i < DRAWS; i++)
        thirds[rng_below(&r, n) % 3]++;
    for (int i = 0; i < 3; i++)
        ck_assert_double_eq_tol(thirds[i], DRAWS / 3.0, 4 * sqrt(DRAWS * 2.0 / 9));
    ck_assert_uint_gt(r.counter, DRAWS); /* some needed a second block */
}
END_TEST

START_TEST(test_moments)
{
    enum { DRAWS = 400000 };
    struct rng r = rng_stream(5, "moments", "all");
    double unit = 0, normal = 0, normal2 = 0, exponential = 0;
    int tail = 0;

    for (int i = 0; i < DRAWS; i++) {
        double u = rng_unit(&r), o = rng_open(&r), n = rng_normal(&r), e = rng_exponential(&r);

        if (!(u >= 0 && u < 1 && o > 0 && o < 1 && e > 0))
            ck_abort_msg("out of range");
        unit += u;
        normal += n;
        normal2 += n * n;
        exponential += e;
        tail += n > 1.959963984540054;
    }
    /* four standard deviations of each mean */
    ck_assert_double_eq_tol(unit / DRAWS, 0.5, 4 * sqrt(1.0 / 12 / DRAWS));
    ck_assert_double_eq_tol(normal / DRAWS, 0, 4 * sqrt(1.0 / DRAWS));
    ck_assert_double_eq_tol(normal2 / DRAWS, 1, 4 * sqrt(2.0 / DRAWS));
    ck_assert_double_eq_tol(exponential / DRAWS, 1, 4 * sqrt(1.0 / DRAWS));
    ck_assert_double_eq_tol((double)tail / DRAWS, 0.025, 4 * sqrt(0.025 * 0.975 / DRAWS));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("rng");
    TCase *t = tcase_create("rng");
    SRunner *runner;
    int failed;

    tcase_add_test(t, test_philox_known_answers);
    tcase_add_test(t, test_siphash_known_answers);
    tcase_add_test(t, test_streams_differ);
    tcase_add_test(t, test_state_is_the_counter);
    tcase_add_test(t, test_below);
    tcase_add_test(t, test_below_is_unbiased_at_the_top);
    tcase_add_test(t, test_moments);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
