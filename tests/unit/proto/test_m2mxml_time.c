#include "models/proto/m2mxml.h"

#include "sim/base/time.h"

#include <check.h>
#include <stdlib.h>

static const struct {
    const char *text;
    int64_t s;
} good[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"2000-02-29T23:59:59", 951868799},
    {"2013-06-01T00:00:00.000Z", 1370044800},
    {"2013-06-01T02:00:00+02:00", 1370044800},
    {"2013-05-31T10:00:00-14:00", 1370044800},
    {"2012-12-31T24:00:00Z", 1356998400},
    {"1969-12-31T23:59:59Z", -1},
    {"1700-03-01T00:00:00Z", -8515238400},
    {"2262-04-11T00:00:00Z", 9223286400},
    {"2262-04-12T00:00:00Z", 9223372035}, /* as late as can be told */
    {"9999-12-31T23:59:59.999Z", 9223372035},
};

static const char *const bad[] = {
    "",
    "2013",
    "2013-06-01",
    "2013-06-01T00:00:00.Z",
    "2013-6-1T00:00:00Z",
    "2013-02-29T00:00:00Z",
    "2013-13-01T00:00:00Z",
    "2013-00-01T00:00:00Z",
    "2013-01-00T00:00:00Z",
    "2013-01-32T00:00:00Z",
    "2013-04-31T00:00:00Z",
    "2013-01-01T24:00:01Z",
    "2013-01-01T25:00:00Z",
    "2013-01-01T00:60:00Z",
    "2013-01-01T00:00:60Z",
    "2013-01-01T00:00:00+14:01",
    "2013-01-01T00:00:00+02",
    "2013-01-01T00:00:00ZZ",
    "2013-01-01 00:00:00Z",
    "-2013-01-01T00:00:00Z",
    "1600-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2013-01-01T00:00:00+",
    "2013-01-01t00:00:00z",
};

START_TEST(good_ones)
{
    int64_t ns;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(m2m_datetime_parse(good[i].text, &ns), "%s", good[i].text);
        ck_assert_msg(ns == good[i].s * SIM_S, "%s: %lld", good[i].text, (long long)ns);
    }
    ck_assert(m2m_datetime_parse("1970-01-01T00:00:00.1234567899999Z", &ns));
    ck_assert_int_eq(ns, 123456789);
}
END_TEST

START_TEST(bad_ones)
{
    int64_t ns;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!m2m_datetime_parse(bad[i], &ns), "%s", bad[i]);
}
END_TEST

START_TEST(written)
{
    char text[40];
    int64_t ns;

    m2m_datetime_write(-1, text);
    ck_assert_str_eq(text, "1969-12-31T23:59:59.999Z");
    m2m_datetime_write(INT64_MAX, text);
    ck_assert_str_eq(text, "2262-04-11T23:47:16.854Z");
    m2m_datetime_write(INT64_MIN, text);
    ck_assert_str_eq(text, "1677-09-21T00:12:43.145Z");
    /* each day of more than 400 years goes round */
    for (int64_t day = -100000; day < 106000; day++) {
        int64_t at = day * 86400 * SIM_S + 12345 * SIM_MS;

        m2m_datetime_write(at, text);
        ck_assert(m2m_datetime_parse(text, &ns));
        ck_assert_int_eq(ns, at);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("m2mxml_time");
    TCase *tc = tcase_create("m2mxml_time");
    SRunner *sr;
    int failed;

    tcase_add_test(tc, good_ones);
    tcase_add_test(tc, bad_ones);
    tcase_add_test(tc, written);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
