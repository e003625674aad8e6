/* The expressions of `where:` and --only. */
#include <check.h>
#include <string.h>

#include "topologies/select.h"

static const char *const keys[] = {"populations.core.workers", "populations.meters.retry.base",
                                   "links.meters -> core.loss", "populations.hub.workers"};
static const char *const values[] = {"8", "1500 ms", "0.5 %", "2"};
#define KEYS (sizeof keys / sizeof *keys)

static bool holds(const char *text)
{
    char why[200] = "";
    int at = 0;
    struct select *s = select_parse(text, keys, KEYS, true, why, &at);
    ck_assert_msg(s != NULL, "%s: %s", text, why);
    bool yes = select_holds(s, values, 3, 1);
    select_free(s);
    return yes;
}

START_TEST(compares)
{
    ck_assert(holds("core.workers = 8"));
    ck_assert(holds("core.workers == 8"));
    ck_assert(!holds("core.workers != 8"));
    ck_assert(holds("core.workers > 7") && holds("core.workers >= 8"));
    ck_assert(!holds("core.workers < 8") && holds("core.workers <= 8"));
    ck_assert(holds("core.workers < 10")); /* as numbers: as text, 8 comes after 10 */
    ck_assert(holds("base < 2 s") && holds("base = 1.5 s") && holds("base > 900 ms"));
    ck_assert(holds("populations.meters.retry.base=1500ms"));
    ck_assert(holds("loss = 5000 ppm") && holds("loss < 1 %"));
    ck_assert(holds("cell = 3 and replication = 1"));
    ck_assert(holds("base = \"1500 ms\""));
    /* Of another dimension: neither less nor more, and not equal. */
    ck_assert(!holds("base < 2 %") && !holds("base > 2 %") && holds("base != 2 %"));
    ck_assert(select_holds(NULL, values, 0, 0));
}
END_TEST

START_TEST(joins)
{
    ck_assert(holds("cell = 0 or cell = 3"));
    ck_assert(!holds("cell = 0 or cell = 3 and replication = 0")); /* and binds closer */
    ck_assert(!holds("(cell = 0 or cell = 3) and replication = 0"));
    ck_assert(holds("cell = 3 or cell = 0 and replication = 0"));
    ck_assert(holds("not cell = 0 and not (replication = 0 or base > 1 min)"));
    ck_assert(holds("not not cell = 3"));
}
END_TEST

static const struct {
    const char *text, *why;
    int at;
} wrong[] = {{"", "a name is missing", 1},
             {"workers = 1", "more than one swept key ends with 'workers'", 1},
             {"cell = 1 and wrkers = 1", "no swept key is called 'wrkers'", 14},
             {"bse = 1 s", "did you mean 'base'?", 1},
             {"cell", "an operator is missing", 5},
             {"cell =", "a value is missing", 7},
             {"cell = and", "a value is missing", 8},
             {"(cell = 1", "a ')' is missing", 10},
             {"cell = 1)", "'and' or 'or' is expected here, not ')'", 9},
             {"cell = 1 and", "a name is missing", 13},
             {"base = '1 s", "the quote is not closed", 8},
             {"not", "a name is missing", 4}};

START_TEST(tells_what_is_wrong)
{
    char why[200] = "";
    int at = 0;
    ck_assert_ptr_null(select_parse(wrong[_i].text, keys, KEYS, true, why, &at));
    ck_assert_msg(strstr(why, wrong[_i].why) != NULL, "%s: %s", wrong[_i].text, why);
    ck_assert_msg(at == wrong[_i].at, "%s: at %d", wrong[_i].text, at);
}
END_TEST

START_TEST(where_knows_no_runs)
{
    char why[200] = "", deep[400];
    int at = 0;
    ck_assert_ptr_null(select_parse("cell = 1", keys, KEYS, false, why, &at));
    memset(deep, '(', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    ck_assert_ptr_null(select_parse(deep, keys, KEYS, true, why, &at));
    ck_assert_ptr_nonnull(strstr(why, "nested too deeply"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("select");
    TCase *t = tcase_create("select");
    tcase_add_test(t, compares);
    tcase_add_test(t, joins);
    tcase_add_loop_test(t, tells_what_is_wrong, 0, (int)(sizeof wrong / sizeof *wrong));
    tcase_add_test(t, where_knows_no_runs);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
