#include <check.h>
#include <stdlib.h>

#include "sim/base/units.h"

/* text, error, value */
static const struct {
    const char *text;
    enum err err;
    long long value;
} times[] = {
    {"80 ms", OK, 80000000},
    {"80ms", OK, 80000000},
    {"1.5 s", OK, 1500000000},
    {"0.000001 ms", OK, 1},
    {"1 ns", OK, 1},
    {"1 us", OK, 1000},
    {"2 min", OK, 120000000000},
    {"24 h", OK, 86400000000000},
    {"1 d", OK, 86400000000000},
    {"1 w", OK, 604800000000000},
    {"2 y", OK, 63072000000000000},
    {"0 s", OK, 0},
    {"08 h", OK, 28800000000000}, /* decimal, whatever stands in front */
    {"9223372036854775806 ns", OK, 9223372036854775806},
    {"9223372036854775807 ns", ERR_RANGE, 0}, /* SIM_NEVER is not a time */
    {"99999999999999999999 ns", ERR_RANGE, 0},
    {"300 y", ERR_RANGE, 0},
    {"-5 ms", ERR_RANGE, 0},
    {"1.5 ns", ERR_RANGE, 0},
    {"80", ERR_FORMAT, 0},
    {"", ERR_FORMAT, 0},
    {"ms", ERR_FORMAT, 0},
    {".5 s", ERR_FORMAT, 0},
    {"5. s", ERR_FORMAT, 0},
    {"1e3 ms", ERR_FORMAT, 0},
    {"+5 ms", ERR_FORMAT, 0},
    {"0x10 ms", ERR_FORMAT, 0},
    {"1.2.3 s", ERR_FORMAT, 0},
    {"80 MS", ERR_FORMAT, 0},
    {"80 ms ", ERR_FORMAT, 0},
    {" 80 ms", ERR_FORMAT, 0},
    {"80 kB", ERR_FORMAT, 0},
};

START_TEST(reads_times_exactly)
{
    sim_ns v = -7;
    ck_assert_int_eq(units_time(times[_i].text, &v), times[_i].err);
    ck_assert_int_eq(v, times[_i].err ? -7 : times[_i].value);
}
END_TEST

START_TEST(reads_rates)
{
    uint64_t v = 7;
    ck_assert_int_eq(units_rate("0 bit/s", &v), ERR_RANGE);
    ck_assert_int_eq(units_rate("50 kB", &v), ERR_FORMAT);
    ck_assert_int_eq(units_rate("0.5 bit/s", &v), ERR_RANGE);
    ck_assert_uint_eq(v, 7);
    ck_assert_int_eq(units_rate("50 kbit/s", &v), OK);
    ck_assert_uint_eq(v, 50000);
    ck_assert_int_eq(units_rate("1.5 Mbit/s", &v), OK);
    ck_assert_uint_eq(v, 1500000);
    ck_assert_int_eq(units_rate("10 Gbit/s", &v), OK);
    ck_assert_uint_eq(v, UINT64_C(10000000000));
    ck_assert_int_eq(units_rate("18446744074 Gbit/s", &v), ERR_RANGE);
}
END_TEST

START_TEST(reads_sizes)
{
    uint64_t v = 7;
    ck_assert_int_eq(units_size("200", &v), ERR_FORMAT);
    ck_assert_int_eq(units_size("1.5 B", &v), ERR_RANGE);
    ck_assert_int_eq(units_size("64 kB", &v), OK);
    ck_assert_uint_eq(v, 64000);
    ck_assert_int_eq(units_size("64 KiB", &v), OK);
    ck_assert_uint_eq(v, 65536);
    ck_assert_int_eq(units_size("0 B", &v), OK);
    ck_assert_uint_eq(v, 0);
    ck_assert_int_eq(units_size("2 GiB", &v), OK);
    ck_assert_uint_eq(v, UINT64_C(2) << 30);
}
END_TEST

START_TEST(reads_shares)
{
    uint32_t v = 7;
    ck_assert_int_eq(units_share("100.1 %", &v), ERR_RANGE);
    ck_assert_int_eq(units_share("0.00001 %", &v), ERR_RANGE);
    ck_assert_int_eq(units_share("-1 %", &v), ERR_RANGE);
    ck_assert_int_eq(units_share("0.5", &v), ERR_FORMAT);
    ck_assert_uint_eq(v, 7);
    ck_assert_int_eq(units_share("0.5 %", &v), OK);
    ck_assert_uint_eq(v, 5000);
    ck_assert_int_eq(units_share("0.1 %", &v), OK); /* not a binary fraction */
    ck_assert_uint_eq(v, 1000);
    ck_assert_int_eq(units_share("7 ppm", &v), OK);
    ck_assert_uint_eq(v, 7);
    ck_assert_int_eq(units_share("100 %", &v), OK);
    ck_assert_uint_eq(v, 1000000);
}
END_TEST

static const struct {
    sim_ns t;
    const char *exact, *human;
} formats[] = {
    {0, "0 s", "0 s"},
    {1, "1 ns", "1 ns"},
    {999, "999 ns", "999 ns"},
    {1500 * SIM_MS, "1500 ms", "1.50 s"},
    {3600 * SIM_S, "1 h", "1.00 h"},
    {5400 * SIM_S, "90 min", "1.50 h"},
    {83682 * SIM_US, "83682 us", "83.7 ms"},
    {999960 * SIM_US, "999960 us", "1.00 s"},
    {999400 * SIM_US, "999400 us", "999 ms"},
    {7 * 86400 * SIM_S, "1 w", "7.00 d"},
    {730 * 86400 * SIM_S, "2 y", "2.00 y"},
    {-1500 * SIM_MS, "-1500 ms", "-1.50 s"},
    {SIM_NEVER, "never", "never"},
};

START_TEST(formats_times)
{
    char text[32];
    units_format_time(formats[_i].t, text, sizeof text);
    ck_assert_str_eq(text, formats[_i].exact);
    units_human_time(formats[_i].t, text, sizeof text);
    ck_assert_str_eq(text, formats[_i].human);
}
END_TEST

START_TEST(formats_read_back)
{
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < 2000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        uint64_t v = x >> (1 + (unsigned)i % 62);
        char text[40];
        sim_ns t = -1;
        units_format_time((sim_ns)v, text, sizeof text);
        ck_assert_int_eq(units_time(text, &t), OK);
        ck_assert_int_eq(t, (sim_ns)v);
        uint64_t u = 0;
        units_format_rate(v + 1, text, sizeof text);
        ck_assert_int_eq(units_rate(text, &u), OK);
        ck_assert_uint_eq(u, v + 1);
        units_format_size(v, text, sizeof text);
        ck_assert_int_eq(units_size(text, &u), OK);
        ck_assert_uint_eq(u, v);
        uint32_t ppm = 1;
        units_format_share((uint32_t)(v % 1000001), text, sizeof text);
        ck_assert_int_eq(units_share(text, &ppm), OK);
        ck_assert_uint_eq(ppm, v % 1000001);
    }
}
END_TEST

START_TEST(formats_shares_and_counts)
{
    static const struct {
        double v;
        const char *text;
    } counts[] = {{0, "0"},           {7, "7"},        {999, "999"},    {12345, "12.3 k"},
                  {4500000, "4.5 M"}, {999600, "1 M"}, {-2000, "-2 k"}, {0.25, "0.25"}};
    char text[32];
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        units_human_count(counts[i].v, text, sizeof text);
        ck_assert_str_eq(text, counts[i].text);
    }
    units_format_share(5000, text, sizeof text);
    ck_assert_str_eq(text, "0.5 %");
    units_format_share(12300, text, sizeof text);
    ck_assert_str_eq(text, "1.23 %");
    units_format_share(3, text, sizeof text);
    ck_assert_str_eq(text, "3 ppm");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("units");
    TCase *t = tcase_create("units");
    tcase_add_loop_test(t, reads_times_exactly, 0, sizeof times / sizeof *times);
    tcase_add_test(t, reads_rates);
    tcase_add_test(t, reads_sizes);
    tcase_add_test(t, reads_shares);
    tcase_add_loop_test(t, formats_times, 0, sizeof formats / sizeof *formats);
    tcase_add_test(t, formats_read_back);
    tcase_add_test(t, formats_shares_and_counts);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
