#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/base/rng.h"
#include "sim/base/xalloc.h"

static void check_holds(const struct buf *b, const char *text)
{
    struct span s = buf_span(b);

    ck_assert_uint_eq(s.n, strlen(text));
    ck_assert_uint_eq(buf_len(b), s.n);
    ck_assert_int_eq(memcmp(s.p ? (const char *)s.p : "", text, s.n), 0);
}

START_TEST(test_put_and_consume)
{
    struct buf b;

    buf_init(&b, 20);
    check_holds(&b, "");
    ck_assert_ptr_null(b.p);
    ck_assert(buf_put(&b, NULL, 0));
    ck_assert(buf_puts(&b, "hello "));
    ck_assert(buf_put_span(&b, span_str("world")));
    check_holds(&b, "hello world");
    buf_consume(&b, 6);
    check_holds(&b, "world");
    ck_assert(buf_printf(&b, " %d-%s", 42, "x"));
    check_holds(&b, "world 42-x");
    buf_consume(&b, 10);
    check_holds(&b, "");
    buf_clear(&b);
    ck_assert_ptr_null(b.p);
    ck_assert(buf_puts(&b, "again"));
    check_holds(&b, "again");
    buf_wipe(&b);
    check_holds(&b, "");
}
END_TEST

START_TEST(test_maximum)
{
    struct buf b;
    char many[400];

    memset(many, 'x', sizeof(many));
    buf_init(&b, 10);
    ck_assert(!buf_put(&b, many, 11));
    ck_assert(buf_put(&b, many, 10));
    ck_assert(!buf_puts(&b, "y"));
    ck_assert(!buf_printf(&b, "y"));
    ck_assert_ptr_null(buf_room(&b, 1));
    ck_assert_ptr_null(buf_room(&b, SIZE_MAX)); /* no overflow of the sum */
    check_holds(&b, "xxxxxxxxxx");
    buf_consume(&b, 3);
    ck_assert(!buf_printf(&b, "%s", "1234"));
    ck_assert(buf_printf(&b, "%s", "123"));
    check_holds(&b, "xxxxxxx123");
    buf_clear(&b);
    buf_init(&b, 1000);
    many[399] = 0;
    ck_assert(buf_printf(&b, "%s", many)); /* longer than what printf tries first */
    ck_assert_uint_eq(buf_len(&b), 399);
    buf_clear(&b);
}
END_TEST

START_TEST(test_room)
{
    struct buf b;
    uint8_t *room;

    buf_init(&b, 100);
    room = buf_room(&b, 100);
    ck_assert_ptr_nonnull(room);
    memcpy(room, "abc", 3);
    buf_added(&b, 3);
    check_holds(&b, "abc");
    buf_clear(&b);
}
END_TEST

/* Random appending and reading against a plain long array. */
START_TEST(test_against_model)
{
    enum { TOTAL = 200000, MAX = 3000 };
    uint8_t *model = xcalloc(TOTAL, 1);
    struct rng r = rng_stream(1, "buf", "model");
    size_t written = 0, read = 0;
    struct buf b;

    rng_bytes(&r, model, TOTAL);
    buf_init(&b, MAX);
    while (read < TOTAL) {
        size_t n = rng_below(&r, 700);

        if (n > TOTAL - written)
            n = TOTAL - written;
        if (buf_put(&b, model + written, n))
            written += n;
        else if (written - read + n <= MAX)
            ck_abort_msg("refused though there is room");
        if (b.cap > MAX)
            ck_abort_msg("took more than its maximum");
        n = rng_below(&r, 700);
        if (n > buf_len(&b))
            n = buf_len(&b);
        if (memcmp(buf_span(&b).p, model + read, buf_len(&b)) != 0)
            ck_abort_msg("other octets than were put in");
        buf_consume(&b, n);
        read += n;
    }
    buf_clear(&b);
    free(model);
}
END_TEST

START_TEST(test_memory)
{
    uint64_t calls = xalloc_calls();
    int *zeros = xcalloc(100, sizeof(int));
    char *s;

    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(zeros[i], 0);
    zeros = xrealloc(zeros, 4000);
    free(zeros);
    ck_assert_uint_eq(xalloc_calls(), calls + 2);
    s = xstrdup("abc");
    ck_assert_str_eq(s, "abc");
    free(s);
    s = xasprintf("%0300d", 7);
    ck_assert_uint_eq(strlen(s), 300);
    ck_assert_int_eq(s[299], '7');
    free(s);
}
END_TEST

START_TEST(test_lack_of_memory_ends_the_program)
{
    xalloc_phase("testing");
    xcalloc(SIZE_MAX / 2, 4); /* exit code 1: the test case says so */
}
END_TEST

START_TEST(test_err_texts)
{
    for (int e = ERR_UNSUPPORTED; e <= OK; e++) {
        const char *text = err_text((enum err)e);

        ck_assert_ptr_nonnull(text);
        ck_assert(text[0] >= 'a' && text[0] <= 'z');
        ck_assert(text[strlen(text) - 1] != '.');
        for (int other = ERR_UNSUPPORTED; other < e; other++)
            ck_assert_str_ne(text, err_text((enum err)other));
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("buf");
    TCase *t = tcase_create("buf");
    SRunner *runner;
    const char *fork = getenv("CK_FORK");
    int failed;

    tcase_add_test(t, test_put_and_consume);
    tcase_add_test(t, test_maximum);
    tcase_add_test(t, test_room);
    tcase_add_test(t, test_against_model);
    tcase_add_test(t, test_memory);
    tcase_add_test(t, test_err_texts);
    if (!fork || strcmp(fork, "no") != 0) /* it would end this program */
        tcase_add_exit_test(t, test_lack_of_memory_ends_the_program, 1);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
