#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/hist.h"
#include "sim/base/rng.h"
#include "sim/base/xalloc.h"

enum { VALUES = 20000 };

static int64_t *values_of_all_sizes(uint64_t seed)
{
    int64_t *v = xcalloc(VALUES, sizeof(*v));
    struct rng r = rng_stream(seed, "hist", "values");

    for (int i = 0; i < VALUES; i++)
        v[i] = (int64_t)(rng_u64(&r) >> (1 + rng_below(&r, 62)));
    v[0] = INT64_MAX;
    v[1] = 0;
    return v;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

START_TEST(test_empty_and_small)
{
    struct hist *h = hist_new();

    ck_assert_uint_eq(hist_count(h), 0);
    ck_assert_int_eq(hist_min(h), 0);
    ck_assert_int_eq(hist_max(h), 0);
    ck_assert_int_eq(hist_quantile(h, 0.5), 0);
    ck_assert_double_eq(hist_mean(h), 0);
    hist_add(h, 5);
    hist_add(h, 9);
    hist_add(h, -3); /* counts as 0 */
    ck_assert_int_eq(hist_min(h), 0);
    ck_assert_int_eq(hist_max(h), 9);
    ck_assert_double_eq_tol(hist_mean(h), 14.0 / 3, 1e-12);
    ck_assert_int_eq(hist_quantile(h, 0), 0);
    ck_assert_int_eq(hist_quantile(h, 0.5), 5);
    ck_assert_int_eq(hist_quantile(h, 0.7), 9);
    ck_assert_int_eq(hist_quantile(h, 1), 9);
    hist_free(h);
    hist_free(NULL);
}
END_TEST

/* Never below the true quantile, above it by at most 1/128, never above the maximum. */
START_TEST(test_quantile_error)
{
    int64_t *v = values_of_all_sizes(1);
    struct hist *h = hist_new();

    for (int i = 0; i < VALUES; i++)
        hist_add(h, v[i]);
    qsort(v, VALUES, sizeof(*v), by_value);
    for (int i = 1; i <= VALUES; i++) {
        int64_t got = hist_quantile(h, (i - 0.5) / VALUES), want = v[i - 1];

        if (got < want || got - want > want / 128 || got > hist_max(h))
            ck_abort_msg("rank %d: %lld, want %lld", i, (long long)got, (long long)want);
    }
    ck_assert_int_eq(hist_max(h), INT64_MAX);
    ck_assert_int_eq(hist_min(h), 0);
    hist_free(h);
    free(v);
}
END_TEST

static void encode(const struct hist *h, struct buf *out)
{
    buf_init(out, 1 << 20);
    ck_assert(hist_encode(h, out));
}

static void check_same(const struct hist *a, const struct hist *b)
{
    struct buf x, y;

    encode(a, &x);
    encode(b, &y);
    ck_assert_uint_eq(buf_len(&x), buf_len(&y));
    ck_assert_int_eq(memcmp(buf_span(&x).p, buf_span(&y).p, buf_len(&x)), 0);
    ck_assert_double_eq(hist_mean(a), hist_mean(b));
    buf_clear(&x);
    buf_clear(&y);
}

START_TEST(test_merge_is_exact)
{
    int64_t *v = values_of_all_sizes(2);
    struct hist *whole = hist_new(), *parts[3], *merged = hist_new();

    for (int k = 0; k < 3; k++)
        parts[k] = hist_new();
    for (int i = 0; i < VALUES; i++) {
        hist_add(whole, v[i]);
        hist_add(parts[i % 3], v[i]);
    }
    for (int k = 2; k >= 0; k--) {
        hist_merge(merged, parts[k]);
        hist_free(parts[k]);
    }
    check_same(whole, merged);
    hist_free(parts[0] = hist_new());
    parts[0] = hist_new();
    hist_merge(merged, parts[0]); /* an empty one changes nothing */
    check_same(whole, merged);
    hist_merge(parts[0], whole);
    check_same(whole, parts[0]);
    hist_free(parts[0]);
    hist_free(whole);
    hist_free(merged);
    free(v);
}
END_TEST

START_TEST(test_encode_and_decode)
{
    int64_t *v = values_of_all_sizes(3);
    struct hist *h = hist_new(), *back;
    struct buf b;

    for (int n = 0; n < VALUES; n += n + 1) {
        encode(h, &b);
        back = hist_decode(buf_span(&b));
        ck_assert_ptr_nonnull(back);
        ck_assert_uint_eq(hist_count(back), hist_count(h));
        ck_assert_int_eq(hist_max(back), hist_max(h));
        ck_assert_int_eq(hist_min(back), hist_min(h));
        ck_assert_int_eq(hist_quantile(back, 0.9), hist_quantile(h, 0.9));
        check_same(h, back);
        hist_free(back);
        buf_clear(&b);
        for (int i = n; i < 2 * n + 1 && i < VALUES; i++)
            hist_add(h, v[i]);
    }
    buf_init(&b, 10);
    ck_assert(!hist_encode(h, &b)); /* out of room */
    buf_clear(&b);
    hist_free(h);
    free(v);
}
END_TEST

static bool is_taken(const uint8_t *octets, size_t n)
{
    uint8_t *exact = xcalloc(n ? n : 1, 1); /* so that a read past the end is seen */
    struct hist *h;

    memcpy(exact, octets, n);
    h = hist_decode(span_of(exact, n));
    free(exact);
    hist_free(h);
    return h != NULL;
}

START_TEST(test_hostile_octets)
{
    /* format 1, 2 pairs, min 3, max 130, sum 133 + 0 * 2^64, (3, 1), (3 + 127, 1) */
    static const uint8_t good[] = {1, 2, 3, 0x82, 1, 0x85, 1, 0, 3, 1, 127, 1};
    static const struct {
        const char *what;
        uint8_t octets[24];
        size_t n;
    } bad[] = {
        {"another format", {2, 2, 3, 0x82, 1, 0x85, 1, 0, 3, 1, 127, 1}, 12},
        {"octets behind", {1, 2, 3, 0x82, 1, 0x85, 1, 0, 3, 1, 127, 1, 0}, 13},
        {"min above max", {1, 1, 4, 3, 3, 0, 3, 1}, 8},
        {"count of 0", {1, 2, 3, 0x82, 1, 0x85, 1, 0, 3, 0, 127, 1}, 12},
        {"a bucket twice", {1, 2, 3, 3, 6, 0, 3, 1, 0, 1}, 10},
        {"first pair not the minimum", {1, 2, 3, 0x82, 1, 0x85, 1, 0, 4, 1, 126, 1}, 12},
        {"last pair not the maximum", {1, 2, 3, 0x82, 1, 0x85, 1, 0, 3, 1, 126, 1}, 12},
        {"sum too large", {1, 2, 3, 0x82, 1, 0x85, 1, 1, 3, 1, 127, 1}, 12},
        {"sum too small", {1, 2, 3, 0x82, 1, 0x84, 1, 0, 3, 1, 127, 1}, 12},
        {"a number not in its shortest form",
         {0x81, 0, 2, 3, 0x82, 1, 0x85, 1, 0, 3, 1, 127, 1},
         13},
        {"maximum beyond int64",
         {1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 1},
         17},
        {"a number of 11 octets",
         {1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1},
         12},
        {"counts that overflow",
         {1, 2, 0, 1, 1, 0, 0, 1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
         19},
    };

    ck_assert(is_taken(good, sizeof(good)));
    for (size_t n = 0; n < sizeof(good); n++)
        ck_assert_msg(!is_taken(good, n), "cut to %zu octets", n);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!is_taken(bad[i].octets, bad[i].n), "%s", bad[i].what);
}
END_TEST

/* Whatever is taken says the same when written again: there is one form of each histogram. */
START_TEST(test_random_octets)
{
    static const uint8_t good[] = {1, 2, 3, 0x82, 1, 0x85, 1, 0, 3, 1, 127, 1};
    struct rng r = rng_stream(1, "hist", "fuzz");
    int taken = 0;

    for (int i = 0; i < 100000; i++) {
        uint8_t octets[sizeof(good)];
        struct hist *h;
        struct buf b;

        memcpy(octets, good, sizeof(good));
        for (uint64_t k = 1 + rng_below(&r, 3); k > 0; k--)
            octets[rng_below(&r, sizeof(octets))] = (uint8_t)rng_u64(&r);
        h = hist_decode(span_of(octets, sizeof(octets)));
        if (!h)
            continue;
        taken++;
        buf_init(&b, 100);
        if (!hist_encode(h, &b) || buf_len(&b) != sizeof(octets) ||
            memcmp(buf_span(&b).p, octets, sizeof(octets)) != 0)
            ck_abort_msg("another form");
        buf_clear(&b);
        hist_free(h);
    }
    ck_assert_int_gt(taken, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("hist");
    TCase *t = tcase_create("hist");
    SRunner *runner;
    int failed;

    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_empty_and_small);
    tcase_add_test(t, test_quantile_error);
    tcase_add_test(t, test_merge_is_exact);
    tcase_add_test(t, test_encode_and_decode);
    tcase_add_test(t, test_hostile_octets);
    tcase_add_test(t, test_random_octets);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
