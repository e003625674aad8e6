/* How many replications a cell still lacks. */
#include <check.h>
#include <math.h>

#include "results/narrow.h"

static const struct {
    uint32_t have, most;
    double widest, target;
    uint32_t lacks;
} cases[] = {
    {5, 40, 0.05, 0.05, 0},      /* narrow enough */
    {5, 40, 0, 0.05, 0},         /* nothing varies */
    {10, 40, 0.06, 0.05, 5},     /* 10 * 1.2^2 = 14.4 */
    {10, 12, 0.06, 0.05, 2},     /* no more than the most */
    {10, 40, 0.0501, 0.05, 1},   /* at least one */
    {10, 100, 5, 0.05, 10},      /* a guess: no more than twice what there are */
    {2, 100, INFINITY, 0.05, 2}, /* no bound yet */
    {40, 40, 1, 0.05, 0},
};

START_TEST(lacks)
{
    ck_assert_uint_eq(
        narrow_lacks(cases[_i].have, cases[_i].most, cases[_i].widest, cases[_i].target),
        cases[_i].lacks);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("narrow");
    TCase *t = tcase_create("narrow");
    tcase_add_loop_test(t, lacks, 0, (int)(sizeof cases / sizeof *cases));
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
