/* Reading the command line, over a table of its own. */
#include <check.h>
#include <sys/wait.h>

#include "tests/unit/cli/capture.h"

static const struct cli_option options[] = {{"output", 'o', "FILE", "where to"},
                                            {"threads", 0, "N", "how many"},
                                            {"until", 0, "T", "how long"},
                                            {"set", 's', "K=V", "override"},
                                            {"force", 'f', NULL, "really"},
                                            {"json", 'j', NULL, "as JSON"},
                                            {NULL, 0, NULL, NULL}};

static const char *text(const char *s)
{
    return s ? s : "-";
}

static int try_run(struct cli *c)
{
    unsigned long long threads = 77;
    sim_ns until = -1;
    if (!cli_number(c, "threads", &threads) || !cli_time(c, "until", &until))
        return EXIT_USAGE;
    printf("%s,%s|o=%s f=%d j=%d t=%llu u=%lld s=%s,%s,%s", text(cli_argument(c, 0)),
           text(cli_argument(c, 1)), text(cli_value(c, "output")), cli_flag(c, "force"),
           cli_flag(c, "json"), threads, (long long)until, text(cli_value_at(c, "set", 0)),
           text(cli_value_at(c, "set", 1)), text(cli_value_at(c, "set", 2)));
    return EXIT_STOPPED;
}

static const struct cli_command try = {.name = "try",
                                       .arguments = "FILE [MORE]",
                                       .summary = "tries things",
                                       .details = "In detail.",
                                       .options = options,
                                       .min_arguments = 1,
                                       .max_arguments = 2,
                                       .run = try_run};
static const struct cli_command *const table[] = {&try, NULL};

static const struct {
    const char *line;
    int code;
    const char *out, *err; /* out: all of it; err: a part of it */
} rows[] = {
    {"m2msim try a", EXIT_STOPPED, "a,-|o=- f=0 j=0 t=77 u=-1 s=-,-,-", ""},
    {"m2msim try a b", EXIT_STOPPED, "a,b|o=- f=0 j=0 t=77 u=-1 s=-,-,-", ""},
    {"m2msim try --output x a", EXIT_STOPPED, "a,-|o=x f=0 j=0 t=77 u=-1 s=-,-,-", ""},
    {"m2msim try --output=x=y a", EXIT_STOPPED, "a,-|o=x=y f=0 j=0 t=77 u=-1 s=-,-,-", ""},
    {"m2msim try --output= a", EXIT_STOPPED, "a,-|o= f=0 j=0 t=77 u=-1 s=-,-,-", ""},
    {"m2msim try a -o x -o y", EXIT_STOPPED, "a,-|o=y f=0 j=0 t=77 u=-1 s=-,-,-", ""},
    {"m2msim try -ox a", EXIT_STOPPED, "a,-|o=x f=0 j=0 t=77 u=-1 s=-,-,-", ""},
    {"m2msim try -fjox a", EXIT_STOPPED, "a,-|o=x f=1 j=1 t=77 u=-1 s=-,-,-", ""},
    {"m2msim try -f -- -j", EXIT_STOPPED, "-j,-|o=- f=1 j=0 t=77 u=-1 s=-,-,-", ""},
    {"m2msim try -", EXIT_STOPPED, "-,-|o=- f=0 j=0 t=77 u=-1 s=-,-,-", ""},
    {"m2msim try a --set p=1 -s q=2 --set=r=3", EXIT_STOPPED,
     "a,-|o=- f=0 j=0 t=77 u=-1 s=p=1,q=2,r=3", ""},
    {"m2msim try a --threads 4 --until 2~min", EXIT_STOPPED,
     "a,-|o=- f=0 j=0 t=4 u=120000000000 s=-,-,-", ""},
    {"m2msim try a --threads four", EXIT_USAGE, "", "--threads needs a whole number"},
    {"m2msim try a --threads -4", EXIT_USAGE, "", "--threads needs a whole number"},
    {"m2msim try a --threads 99999999999999999999", EXIT_USAGE, "", "whole number"},
    {"m2msim try a --until 3", EXIT_USAGE, "", "--until needs a time with its unit"},
    {"m2msim try", EXIT_USAGE, "", "missing argument 'FILE [MORE]'"},
    {"m2msim try a b c", EXIT_USAGE, "", "unexpected argument 'c'"},
    {"m2msim try a --thread 3", EXIT_USAGE, "", "did you mean '--threads'?"},
    {"m2msim try a --qqqqqqq", EXIT_USAGE, "", "unknown option '--qqqqqqq'\n"},
    {"m2msim try a -x", EXIT_USAGE, "", "unknown option '-x'"},
    {"m2msim try a --force=1", EXIT_USAGE, "", "--force takes no value"},
    {"m2msim try a --output", EXIT_USAGE, "", "--output needs FILE"},
    {"m2msim try a -o", EXIT_USAGE, "", "-o needs FILE"},
    {"m2msim tri", EXIT_USAGE, "", "unknown command 'tri'; did you mean 'try'?"},
    {"m2msim --nothing", EXIT_USAGE, "", "unknown option '--nothing'"},
    {"m2msim", EXIT_USAGE, "", "Usage: m2msim COMMAND"},
    {"m2msim help nothing", EXIT_USAGE, "", "unknown command 'nothing'"},
};

START_TEST(reads_the_line)
{
    ck_assert_int_eq(capture(table, rows[_i].line), rows[_i].code);
    ck_assert_str_eq(captured_out, rows[_i].out);
    ck_assert_msg(strstr(captured_err, rows[_i].err) != NULL, "%s", captured_err);
    ck_assert_int_eq(captured_err[0] == '\0', rows[_i].err[0] == '\0');
}
END_TEST

static const char *const helps[] = {"m2msim --help", "m2msim -h", "m2msim help"};
static const char *const command_helps[] = {"m2msim try --help", "m2msim try a -h",
                                            "m2msim help try", "m2msim try --qq --help"};

START_TEST(helps_in_general)
{
    ck_assert_int_eq(capture(table, helps[_i]), EXIT_DONE);
    ck_assert_ptr_nonnull(strstr(captured_out, "  try        tries things\n"));
    ck_assert_str_eq(captured_err, "");
}
END_TEST

START_TEST(helps_with_a_command)
{
    bool unknown_first = _i == 3; /* what is wrong before --help is told */
    ck_assert_int_eq(capture(table, command_helps[_i]), unknown_first ? EXIT_USAGE : EXIT_DONE);
    if (unknown_first)
        return;
    ck_assert_ptr_nonnull(strstr(captured_out, "Usage: m2msim try [OPTIONS] FILE [MORE]\n"));
    ck_assert_ptr_nonnull(strstr(captured_out, "  -o, --output FILE  where to\n"));
    ck_assert_ptr_nonnull(strstr(captured_out, "      --threads N    how many\n"));
    ck_assert_ptr_nonnull(strstr(captured_out, "In detail."));
    ck_assert_str_eq(captured_err, "");
}
END_TEST

/* ---- streams ---- */

static int big_run(struct cli *c)
{
    (void)c;
    for (int i = 0; i < 100000; i++)
        puts("0123456789012345678901234567890123456789");
    return EXIT_DONE;
}

static const struct cli_option no_options[] = {{NULL, 0, NULL, NULL}};
static const struct cli_command big = {"big", "", "", NULL, no_options, 0, 0, big_run};
static const struct cli_command *const big_table[] = {&big, NULL};

/* The exit code of `big` in a child whose stdout is fd (-1: closed). */
static int code_with_stdout(int fd)
{
    char *argv[] = {"m2msim", "big", NULL};
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        if (fd >= 0)
            dup2(fd, STDOUT_FILENO);
        else
            close(STDOUT_FILENO);
        _exit(cli_run_table(big_table, 2, argv));
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "ended by a signal");
    return WEXITSTATUS(status);
}

START_TEST(survives_its_stdout)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert_int_eq(code_with_stdout(ends[1]), EXIT_DONE); /* the reader has gone: no signal */
    close(ends[1]);
    ck_assert_int_eq(code_with_stdout(-1), EXIT_INTERNAL);
    int full = open("/dev/full", O_WRONLY);
    ck_assert_int_ge(full, 0);
    ck_assert_int_eq(code_with_stdout(full), EXIT_INTERNAL);
    close(full);
}
END_TEST

START_TEST(colours_as_told)
{
    ck_assert(!cli_colour(NULL, -1)); /* not a terminal */
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert_int_ge(terminal, 0);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    ck_assert(cli_colour(NULL, terminal));
    setenv("NO_COLOR", "1", 1);
    ck_assert(!cli_colour(NULL, terminal));
    setenv("NO_COLOR", "", 1);
    ck_assert(cli_colour(NULL, terminal));
    setenv("TERM", "dumb", 1);
    ck_assert(!cli_colour(NULL, terminal));
    close(terminal);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cli");
    TCase *t = tcase_create("cli");
    tcase_add_loop_test(t, reads_the_line, 0, sizeof rows / sizeof *rows);
    tcase_add_loop_test(t, helps_in_general, 0, sizeof helps / sizeof *helps);
    tcase_add_loop_test(t, helps_with_a_command, 0, sizeof command_helps / sizeof *command_helps);
    tcase_add_test(t, survives_its_stdout);
    tcase_add_test(t, colours_as_told);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
