/* Texts put together: against snprintf, at every length of the storage. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/str.h"

START_TEST(texts_are_cut_as_snprintf_cuts_them)
{
    for (size_t n = 1; n < 16; n++) {
        char ours[16], theirs[16];
        size_t used = 0;

        memset(ours, '#', sizeof(ours));
        used = str_append(ours, n, used, "meters");
        used = str_append(ours, n, used, "");
        used = str_append(ours, n, used, "-");
        used = str_append(ours, n, used, "12345");
        snprintf(theirs, n, "meters-12345");
        ck_assert_str_eq(ours, theirs);
        ck_assert_uint_eq(used, strlen(theirs));
        for (size_t i = n; i < sizeof(ours); i++)
            ck_assert_int_eq(ours[i], '#');
    }
}
END_TEST

START_TEST(numbers_are_decimal)
{
    static const uint64_t numbers[] = {0,          1,          9,          10,        99,     100,
                                       4294967295, 4294967296, UINT64_MAX, INT64_MAX, 1000000};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        char ours[32] = "n", theirs[32];

        ck_assert_uint_eq(str_append_number(ours, sizeof(ours), 1, numbers[i]),
                          snprintf(theirs, sizeof(theirs), "n%" PRIu64, numbers[i]));
        ck_assert_str_eq(ours, theirs);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("str");
    TCase *t = tcase_create("str");
    SRunner *r;
    int failed;

    tcase_add_test(t, texts_are_cut_as_snprintf_cuts_them);
    tcase_add_test(t, numbers_are_decimal);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
