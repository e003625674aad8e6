/* RCAT and TRPDT: what is one and what is none. */
#include "models/proto/m2m_category.h"

#include <check.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

START_TEST(rcat)
{
    static const char *const wrong[] = {"", "8", "-1", "07", "x", " 1", "1 "};
    struct m2m_category c = {.has_rcat = false};
    char text[2] = "0";

    ck_assert_uint_eq(m2m_category_rcat(&c), 3);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert(!m2m_rcat_parse(span_str(wrong[i]), &c));
    ck_assert(!c.has_rcat);
    for (uint8_t i = 0; i <= 7; i++) {
        text[0] = (char)('0' + i);
        ck_assert(m2m_rcat_parse(span_str(text), &c));
        ck_assert_uint_eq(m2m_category_rcat(&c), i);
    }
}
END_TEST

START_TEST(delays)
{
    static const struct {
        const char *text;
        int64_t ns;
    } right[] = {
        {"0", 0},
        {"300", 300 * SECOND},
        {"PT300S", 300 * SECOND},
        {"PT0S", 0},
        {"PT5M", 300 * SECOND},
        {"PT1H0.25S", 3600 * SECOND + SECOND / 4},
        {"PT0.000000001S", 1},
        {"P1D", 86400 * SECOND},
        {"P2DT3H4M5S", (2 * 86400 + 3 * 3600 + 4 * 60 + 5) * SECOND},
        {"P36525D", 36525 * (86400 * SECOND)},
    };
    static const char *const wrong[] = {
        "",
        "P",
        "PT",
        "P1",
        "P1Y",
        "P1M",
        "P1H",
        "PT1D",
        "P1DT",
        "PT1S1M",
        "PT1S1S",
        "PT1.5M",
        "PT1.S",
        "PT.5S",
        "-PT1S",
        "PT-1S",
        "1.5",
        "-1",
        "+1",
        "300 s",
        "PT1s",
        "soon",
        "P36526D",
        "99999999999",
        "4000000000",
        "PT9999999999S",
        "PT1.0000000001S",
        "2013-06-01",
        "PT1S ",
        "P1DPT1S",
    };
    struct m2m_category c = {.has_rcat = false};

    ck_assert_int_eq(m2m_category_delay(&c, 7), 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_msg(!m2m_trpdt_parse(span_str(wrong[i]), &c), "%s", wrong[i]);
        ck_assert_int_eq(c.trpdt, M2M_TRPDT_ABSENT);
    }
    ck_assert(!m2m_trpdt_parse(span_of("1\0", 2), &c));
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        ck_assert_msg(m2m_trpdt_parse(span_str(right[i].text), &c), "%s", right[i].text);
        ck_assert_int_eq(c.trpdt, M2M_TRPDT_DELAY);
        ck_assert_int_eq(m2m_category_delay(&c, 7), right[i].ns);
    }
}
END_TEST

START_TEST(times)
{
    struct m2m_category c = {.has_rcat = false};

    ck_assert(m2m_trpdt_parse(span_str("1970-01-01T00:01:00Z"), &c));
    ck_assert_int_eq(c.trpdt, M2M_TRPDT_TIME);
    ck_assert_int_eq(m2m_category_delay(&c, 20 * SECOND), 40 * SECOND);
    ck_assert_int_eq(m2m_category_delay(&c, 90 * SECOND), 0); /* it has waited too long already */
}
END_TEST

START_TEST(there_and_back)
{
    static const int64_t some[] = {0, 1, SECOND / 4, SECOND, 90 * SECOND, 86400 * SECOND + 10};
    struct m2m_category c;
    char text[40];

    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        m2m_trpdt_write(some[i], text);
        ck_assert_msg(m2m_trpdt_parse(span_str(text), &c), "%s", text);
        ck_assert_int_eq(c.trpdt_ns, some[i]);
    }
    m2m_trpdt_write(SECOND / 4, text);
    ck_assert_str_eq(text, "PT0.25S");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("m2m_category");
    TCase *c = tcase_create("m2m_category");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(c, rcat);
    tcase_add_test(c, delays);
    tcase_add_test(c, times);
    tcase_add_test(c, there_and_back);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
