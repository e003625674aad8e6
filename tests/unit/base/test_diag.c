#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/diag.h"

/* What is printed, as a text to be freed. */
static char *printed(const struct diag_list *l, bool json, bool colour)
{
    char *text = calloc(1, 20000);
    FILE *f = fmemopen(text, 20000, "w");
    if (json)
        diag_print_json(l, f);
    else
        diag_print(l, f, colour);
    fclose(f);
    return text;
}

static void check_printed(const struct diag_list *l, const char *expected)
{
    char *text = printed(l, false, false);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(keeps_order_of_place)
{
    struct diag_list *l = diag_list_new();
    ck_assert_uint_eq(diag_size(l), 0);
    diag_add(l, DIAG_ERROR, "S101", "b", 1, 1, "fifth");
    diag_add(l, DIAG_ERROR, "S102", "a", 9, 1, "third");
    diag_add(l, DIAG_WARNING, "S103", "a", 2, 5, "second %d", 2);
    diag_add(l, DIAG_ERROR, "S104", "a", 2, 4, "first");
    diag_add(l, DIAG_ERROR, "S105", "a", 9, 1, "fourth, by arrival");
    static const char *const order[] = {"S104", "S103", "S102", "S105", "S101"};
    ck_assert_uint_eq(diag_size(l), 5);
    ck_assert_uint_eq(diag_count(l, DIAG_ERROR), 4);
    ck_assert_uint_eq(diag_count(l, DIAG_WARNING), 1);
    for (size_t i = 0; i < 5; i++)
        ck_assert_str_eq(diag_at(l, i)->code, order[i]);
    ck_assert_str_eq(diag_at(l, 1)->text, "second 2");
    ck_assert_int_eq(diag_at(l, 1)->column, 5);
    diag_list_free(l);
    diag_list_free(NULL);
}
END_TEST

START_TEST(shows_line_and_caret)
{
    struct diag_list *l = diag_list_new();
    char source[] = "one: 1\r\n\ttwo: \xC3\xA4 x\nthree";
    diag_source(l, "f.yaml", source, sizeof source - 1);
    memset(source, 'z', sizeof source - 1); /* it was copied */
    diag_add(l, DIAG_ERROR, "S104", "f.yaml", 1, 6, "bad");
    diag_add(l, DIAG_WARNING, "S105", "f.yaml", 2, 9, "worse");
    diag_add(l, DIAG_ERROR, "S106", "f.yaml", 3, 6, "at the end");
    diag_add(l, DIAG_ERROR, "S107", "f.yaml", 4, 1, "no such line");
    diag_add(l, DIAG_ERROR, "S108", "g.yaml", 0, 0, "of the whole file");
    diag_add(l, DIAG_ERROR, "S109", "g.yaml", 3, 2, "no source");
    check_printed(l, "f.yaml:1:6: error S104: bad\n"
                     "    one: 1\n"
                     "         ^\n"
                     "f.yaml:2:9: warning S105: worse\n"
                     "    \ttwo: \xC3\xA4 x\n"
                     "    \t       ^\n"
                     "f.yaml:3:6: error S106: at the end\n"
                     "    three\n"
                     "         ^\n"
                     "f.yaml:4:1: error S107: no such line\n"
                     "g.yaml: error S108: of the whole file\n"
                     "g.yaml:3:2: error S109: no source\n");
    diag_list_free(l);
}
END_TEST

START_TEST(takes_out_what_a_terminal_obeys)
{
    struct diag_list *l = diag_list_new();
    diag_source(l, "f", "a\033[2Jb\177", 7);
    diag_add(l, DIAG_ERROR, "S101", "f", 1, 6, "key '\033[2J'");
    check_printed(l, "f:1:6: error S101: key '?[2J'\n    a?[2Jb?\n         ^\n");
    diag_list_free(l);
}
END_TEST

START_TEST(cuts_long_lines_around_the_caret)
{
    struct diag_list *l = diag_list_new();
    char line[4000];
    memset(line, '.', sizeof line);
    line[1999] = 'X';
    diag_source(l, "f", line, sizeof line);
    diag_add(l, DIAG_ERROR, "S101", "f", 1, 2000, "there");
    char *text = printed(l, false, false);
    char *shown = strchr(text, '\n') + 1;
    char *caret_line = strchr(shown, '\n') + 1;
    ck_assert_uint_lt((size_t)(caret_line - shown), 200);
    size_t caret = (size_t)(strchr(caret_line, '^') - caret_line);
    ck_assert_int_eq(shown[caret], 'X');
    free(text);
    diag_list_free(l);
}
END_TEST

START_TEST(colours_only_when_asked)
{
    struct diag_list *l = diag_list_new();
    diag_source(l, "f", "abc", 3);
    diag_add(l, DIAG_ERROR, "S101", "f", 1, 2, "text");
    char *plain = printed(l, false, false), *painted = printed(l, false, true);
    ck_assert_ptr_null(strchr(plain, '\033'));
    ck_assert_ptr_nonnull(strchr(painted, '\033'));
    free(plain);
    free(painted);
    diag_list_free(l);
}
END_TEST

START_TEST(writes_json)
{
    struct diag_list *l = diag_list_new();
    char *empty = printed(l, true, false);
    ck_assert_str_eq(empty, "[]\n");
    diag_add(l, DIAG_ERROR, "S101", "a\\b", 3, 4, "say \"x\"\n");
    diag_add(l, DIAG_WARNING, "S102", "c", 0, 0, "two");
    char *text = printed(l, true, false);
    ck_assert_str_eq(text,
                     "[\n  {\"severity\": \"error\", \"code\": \"S101\", \"file\": \"a\\\\b\", "
                     "\"line\": 3, \"column\": 4, \"text\": \"say \\\"x\\\"\\u000a\"},\n"
                     "  {\"severity\": \"warning\", \"code\": \"S102\", \"file\": \"c\", "
                     "\"line\": 0, \"column\": 0, \"text\": \"two\"}\n]\n");
    free(empty);
    free(text);
    diag_list_free(l);
}
END_TEST

START_TEST(finds_the_nearest_name)
{
    static const char *const names[] = {"bootstrap", "connect", "mid", "ival", "keys", "report"};
    static const struct {
        const char *word, *nearest;
    } rows[] = {{"boostrap", "bootstrap"},  /* left out */
                {"bootsrtap", "bootstrap"}, /* swapped: one edit */
                {"Connect", "connect"},     /* case */
                {"mdi", "mid"},
                {"keyz", "keys"},
                {"reportt", "report"},
                {"banana", NULL},
                {"xy", NULL},
                {"", NULL},
                {"k", NULL},
                {"bootstrapbootstrap", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *found = diag_nearest(rows[i].word, names, sizeof names / sizeof *names);
        ck_assert_pstr_eq(found, rows[i].nearest);
    }
    static const char *const close[] = {"abcd", "abce"};
    ck_assert_str_eq(diag_nearest("abcf", close, 2), "abcd"); /* a tie: the first */
    char word[200];
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    ck_assert_ptr_null(diag_nearest(word, names, 6));
    ck_assert_ptr_null(diag_nearest("mid", names, 0));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("diag");
    TCase *t = tcase_create("diag");
    tcase_add_test(t, keeps_order_of_place);
    tcase_add_test(t, shows_line_and_caret);
    tcase_add_test(t, takes_out_what_a_terminal_obeys);
    tcase_add_test(t, cuts_long_lines_around_the_caret);
    tcase_add_test(t, colours_only_when_asked);
    tcase_add_test(t, writes_json);
    tcase_add_test(t, finds_the_nearest_name);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
