/* The commands that only read: list, check, show, version, doctor. */
#include <check.h>

#include "tests/unit/cli/capture.h"

extern const struct cli_command cli_check, cli_show, cli_list, cli_version, cli_doctor;
static const struct cli_command *const table[] = {&cli_check,   &cli_show,   &cli_list,
                                                  &cli_version, &cli_doctor, NULL};

static bool says(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

START_TEST(lists)
{
    ck_assert_int_eq(capture(table, "m2msim list"), EXIT_DONE);
    ck_assert(says(captured_out, "hello            One meter"));
    ck_assert(says(captured_out, "smart-meters     "));
    ck_assert_int_eq(capture(table, "m2msim list --json"), EXIT_DONE);
    ck_assert(says(captured_out, "\"name\": \"hello\", \"path\": \""));
    setenv("M2MSIM_TOPOLOGIES", "/nowhere", 1);
    ck_assert_int_eq(capture(table, "m2msim list"), EXIT_INTERNAL);
    ck_assert(says(captured_err, "no scenarios in /nowhere"));
    setenv("M2MSIM_TOPOLOGIES", M2M_SOURCE_DIR "/topologies", 1);
}
END_TEST

START_TEST(checks)
{
    ck_assert_int_eq(capture(table, "m2msim check hello"), EXIT_DONE);
    ck_assert(says(captured_out, "ok: "));
    ck_assert(says(captured_out, "1 device, 3 servers, 5 links, until 1 h\n"));
    ck_assert_str_eq(captured_err, "");
    ck_assert_int_eq(capture(table, "m2msim check hello --set run.untl=3"), EXIT_SCENARIO);
    ck_assert_str_eq(captured_out, "");
    ck_assert_str_eq(captured_err, "--set:1:5: error S104: unknown key 'untl' in 'run'; did you "
                                   "mean 'until'?\n    run.untl=3\n        ^\n");
    ck_assert_int_eq(capture(table, "m2msim check helo"), EXIT_SCENARIO);
    ck_assert(says(captured_err, "did you mean 'hello'?"));
}
END_TEST

START_TEST(checks_classes)
{
    ck_assert_int_eq(capture(table, "m2msim check hello --set populations.meter.class=cortex-m5"),
                     EXIT_SCENARIO);
    ck_assert(says(captured_err, "error B101: population 'meter': "));
    ck_assert(says(captured_err, "has no class 'cortex-m5'; did you mean 'cortex-m"));
    ck_assert_str_eq(captured_out, "");
}
END_TEST

START_TEST(checks_as_json)
{
    ck_assert_int_eq(capture(table, "m2msim check hello --json"), EXIT_DONE);
    ck_assert(says(captured_out, "{\"ok\": true, \"path\": \""));
    ck_assert(says(captured_out, "\"devices\": 1, \"servers\": 3, \"links\": 5"));
    ck_assert(says(captured_out, "\"until_ns\": 3600000000000, \"diagnostics\": []\n}\n"));
    ck_assert_int_eq(capture(table, "m2msim check hello --json --set run.until=3"), EXIT_SCENARIO);
    ck_assert(says(captured_out, "{\"ok\": false, \"path\": \"hello\", \"diagnostics\": [\n"));
    ck_assert(says(captured_out, "\"code\": \"S116\", \"file\": \"--set\", \"line\": 1, "
                                 "\"column\": 11, "));
    ck_assert_str_eq(captured_err, "");
}
END_TEST

START_TEST(shows)
{
    ck_assert_int_eq(capture(table, "m2msim show hello --resolved --set run.seed=99"), EXIT_DONE);
    ck_assert(says(captured_out, "  seed: 99\n"));
    ck_assert(says(captured_out, "      renew_at: 85 %\n"));
    ck_assert_int_eq(capture(table, "m2msim show hello --resolved --json"), EXIT_DONE);
    ck_assert_int_eq(captured_out[0], '{');
    ck_assert_int_eq(capture(table, "m2msim show --schema"), EXIT_DONE);
    ck_assert(says(captured_out, "| `populations.NAME.keys.renew_at` | share | "));
    ck_assert_int_eq(capture(table, "m2msim show"), EXIT_USAGE);
    ck_assert_int_eq(capture(table, "m2msim show --resolved"), EXIT_USAGE);
    ck_assert_int_eq(capture(table, "m2msim show --resolved --schema hello"), EXIT_USAGE);
    ck_assert_int_eq(capture(table, "m2msim show --schema hello"), EXIT_USAGE);
    ck_assert_int_eq(capture(table, "m2msim show --resolved helo"), EXIT_SCENARIO);
    ck_assert_str_eq(captured_out, "");
}
END_TEST

START_TEST(tells_versions)
{
    ck_assert_int_eq(capture(table, "m2msim version"), EXIT_DONE);
    ck_assert(says(captured_out, "m2msim 0."));
    ck_assert(says(captured_out, "\nOpenSSL 3."));
    ck_assert_int_eq(capture(table, "m2msim --version"), EXIT_DONE);
    ck_assert(says(captured_out, "m2msim 0."));
    ck_assert_int_eq(capture(table, "m2msim version --json"), EXIT_DONE);
    ck_assert(says(captured_out, "{\"version\": \"0."));
    ck_assert(says(captured_out, "\"scenario_format\": 1}\n"));
}
END_TEST

START_TEST(examines)
{
    ck_assert_int_eq(capture(table, "m2msim doctor"), EXIT_DONE);
    ck_assert(says(captured_out, "ok    PSK-AES128-CCM               TLS 1.2\n"));
    ck_assert(says(captured_out, "ok    RSA-AES128-CBC-SHA           TLS 1.1\n"));
    ck_assert(says(captured_out, "ok    cost profile "));
    ck_assert(!says(captured_out, "BAD"));
    setenv("M2MSIM_TOPOLOGIES", "/nowhere", 1);
    ck_assert_int_eq(capture(table, "m2msim doctor --json"), EXIT_INTERNAL);
    ck_assert(says(captured_out, "{\"ok\": false, \"what\": \"scenarios\", "
                                 "\"detail\": \"0 in /nowhere\"}"));
    setenv("M2MSIM_TOPOLOGIES", M2M_SOURCE_DIR "/topologies", 1);
}
END_TEST

/* The program's own table names each command once, and every text that --help shows. */
START_TEST(table_is_whole)
{
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        ck_assert((*c)->name[0] && (*c)->summary[0] && (*c)->run && (*c)->arguments);
        ck_assert_uint_le((*c)->min_arguments, (*c)->max_arguments);
        for (const struct cli_command *const *d = c + 1; *d; d++)
            ck_assert_str_ne((*c)->name, (*d)->name);
        for (const struct cli_option *o = (*c)->options; o->name; o++) {
            ck_assert(o->help && o->help[0] && strcmp(o->name, "help") != 0 && o->letter != 'h');
            for (const struct cli_option *p = o + 1; p->name; p++)
                ck_assert(strcmp(o->name, p->name) != 0 && (!o->letter || o->letter != p->letter));
        }
    }
}
END_TEST

int main(void)
{
    setenv("M2MSIM_TOPOLOGIES", M2M_SOURCE_DIR "/topologies", 1);
    Suite *s = suite_create("commands");
    TCase *t = tcase_create("commands");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, lists);
    tcase_add_test(t, checks);
    tcase_add_test(t, checks_classes);
    tcase_add_test(t, checks_as_json);
    tcase_add_test(t, shows);
    tcase_add_test(t, tells_versions);
    tcase_add_test(t, examines);
    tcase_add_test(t, table_is_whole);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
