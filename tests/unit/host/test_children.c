/* Processes of this same program: it starts itself, with an exit code as its argument. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models/host/children.h"

struct batch {
    const char *const *what; /* of each child */
    size_t count, started, ended;
    unsigned most_seen;
    int codes[16];
    unsigned ticks;
    bool signal_at_tick;
    const char *arguments[3];
};

static bool next(void *arg, const char *const **arguments, size_t *tag)
{
    struct batch *b = arg;
    if (b->started == b->count)
        return false;
    *tag = b->started;
    b->arguments[0] = "child";
    b->arguments[1] = b->what[b->started++];
    b->arguments[2] = NULL;
    *arguments = b->arguments;
    if (b->started - b->ended > b->most_seen)
        b->most_seen = (unsigned)(b->started - b->ended);
    return true;
}

static void ended(void *arg, size_t tag, int code)
{
    struct batch *b = arg;
    b->ended++;
    b->codes[tag] = code;
}

static void tick(void *arg, unsigned running)
{
    struct batch *b = arg;
    ck_assert_uint_eq(running, b->started - b->ended);
    b->ticks++;
    if (b->signal_at_tick)
        kill(getpid(), SIGTERM);
    b->signal_at_tick = false;
}

static int run(struct batch *b, unsigned most)
{
    int number = -1;
    enum err err = children_run(
        &(struct children_config){
            .most = most, .next = next, .ended = ended, .tick = tick, .arg = b},
        &number);
    ck_assert_int_eq(err, OK);
    return number;
}

START_TEST(codes_and_how_many_at_a_time)
{
    static const char *const what[] = {"0", "3", "0", "7", "killed", "0", "1"};
    struct batch b = {.what = what, .count = 7};
    ck_assert_int_eq(run(&b, 3), 0);
    ck_assert_uint_eq(b.ended, 7);
    ck_assert_uint_eq(b.most_seen, 3);
    static const int codes[] = {0, 3, 0, 7, 128 + SIGKILL, 0, 1};
    for (size_t i = 0; i < 7; i++)
        ck_assert_int_eq(b.codes[i], codes[i]);
}
END_TEST

START_TEST(nothing_to_do)
{
    struct batch b = {.count = 0};
    ck_assert_int_eq(run(&b, 2), 0);
    ck_assert_uint_eq(b.ended, 0);
}
END_TEST

/* The signal goes on to those that run, and no more are started. */
START_TEST(a_signal_ends_it)
{
    static const char *const what[] = {"wait", "wait", "0", "0"};
    struct batch b = {.what = what, .count = 4, .signal_at_tick = true};
    ck_assert_int_eq(run(&b, 2), SIGTERM);
    ck_assert_uint_eq(b.started, 2);
    ck_assert_uint_eq(b.ended, 2);
    ck_assert_int_eq(b.codes[0], 128 + SIGTERM);
    ck_assert_int_eq(b.codes[1], 128 + SIGTERM);
}
END_TEST

static int be_child(const char *what)
{
    if (strcmp(what, "killed") == 0)
        raise(SIGKILL);
    if (strcmp(what, "wait") == 0)
        sleep(30);
    return what[0] - '0';
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "child") == 0)
        return be_child(argv[2]);
    Suite *s = suite_create("children");
    TCase *t = tcase_create("children");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, codes_and_how_many_at_a_time);
    tcase_add_test(t, nothing_to_do);
    tcase_add_test(t, a_signal_ends_it);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
