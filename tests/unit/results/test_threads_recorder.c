#include "sample.h"

/* The engine's thread pushes and polls while the writing thread works; run under TSan as well. */

static void push(const char *path, int rows, char fingerprint[65])
{
    struct recorder_input in = sample_input();
    struct recorder_end end = sample_end();
    struct recorder *r = NULL;
    uint8_t payload[3000];
    memset(payload, 0x5a, sizeof payload);
    ck_assert_int_eq(recorder_open(path, true, &in, &r), OK);
    const struct row_sink *s = recorder_sink(r);
    for (int i = 0; i < rows; i++) {
        struct row_procedure p = sample_procedure(i, 1, "request", i * SIM_S, 100 + i);
        s->procedure(s->arg, &p);
        struct row_message m = {i,
                                0,
                                1,
                                2,
                                1,
                                100,
                                "TLS",
                                "a",
                                9,
                                "delivered",
                                span_of(payload, i % 50 ? 0 : sizeof payload),
                                NULL};
        s->message(s->arg, &m);
        if (i % 100 == 0)
            ck_assert_int_eq(recorder_error(r), OK);
    }
    ck_assert_uint_eq(recorder_rows(r), 2 * (uint64_t)rows);
    ck_assert_int_eq(recorder_close(r, &end, fingerprint), OK);
}

START_TEST(many_batches)
{
    /* Far more than the 2 MiB that may wait: the pushing thread is held back on its way. */
    char in_memory[65], in_file[65];
    push(":memory:", 20000, in_memory);
    push(sample_path, 20000, in_file);
    ck_assert_str_eq(in_memory, in_file);
}
END_TEST

START_TEST(row_greater_than_a_batch)
{
    struct recorder_input in = sample_input();
    struct recorder_end end = sample_end();
    struct recorder *r = NULL;
    size_t n = 3 << 20;
    uint8_t *payload = xcalloc(1, n);
    ck_assert_int_eq(recorder_open(sample_path, false, &in, &r), OK);
    const struct row_sink *s = recorder_sink(r);
    s->message(s->arg, &(struct row_message){1, 0, 1, 2, 1, 100, "TLS", "a", 9, "delivered",
                                             span_of(payload, n), NULL});
    sample_rows(s);
    ck_assert_int_eq(recorder_close(r, &end, NULL), OK);
    free(payload);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("threads_recorder");
    TCase *c = tcase_create("threads_recorder");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, sample_setup, sample_teardown);
    tcase_add_test(c, many_batches);
    tcase_add_test(c, row_greater_than_a_batch);
    suite_add_tcase(suite, c);
    return sample_main(suite);
}
