#include "models/proto/proto.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static int freed;

static void count_free(struct proto *p)
{
    (void)p;
    freed++;
}

static const struct proto_ops ops = {.name = "nothing", .free = count_free};

START_TEST(status_is_set_once)
{
    struct proto p;
    struct proto_env env = {.epoch_unix_ns = 5 * SIM_S};

    proto_init(&p, &ops, &env);
    ck_assert_int_eq(p.status, PROTO_RUNNING);
    ck_assert_int_eq(p.expiry, SIM_NEVER);
    p.expiry = 7;
    proto_fail(&p, REASON_TIMEOUT);
    ck_assert_int_eq(p.status, PROTO_FAILED);
    ck_assert_int_eq(p.expiry, SIM_NEVER);
    proto_fail(&p, REASON_CRYPTO);
    proto_done(&p);
    ck_assert_int_eq(p.status, PROTO_FAILED);
    ck_assert_int_eq(p.reason, REASON_TIMEOUT);
    ck_assert_int_eq(proto_unix_ns(&p, 2), 5 * SIM_S + 2);
    freed = 0;
    proto_free(&p);
    proto_free(NULL);
    ck_assert_int_eq(freed, 1);
}
END_TEST

START_TEST(done_stays_done)
{
    struct proto p;
    struct proto_env env = {0};

    proto_init(&p, &ops, &env);
    proto_done(&p);
    proto_fail(&p, REASON_TIMEOUT);
    ck_assert_int_eq(p.status, PROTO_DONE);
    ck_assert_int_eq(p.reason, REASON_NONE);
}
END_TEST

START_TEST(labels_join_and_are_cut)
{
    struct trace t = {0};

    trace_label(NULL, "nobody listens");
    trace_label(&t, "ClientHello");
    ck_assert_str_eq(t.label, "ClientHello");
    trace_label(&t, "Alert(%s)", "unknown_ca");
    ck_assert_str_eq(t.label, "ClientHello, Alert(unknown_ca)");
    for (int i = 0; i < 300; i++)
        trace_label(&t, "x");
    ck_assert_uint_eq(strlen(t.label), sizeof(t.label) - 1);
    for (size_t n = 0; n < sizeof(t.label) - 1; n++) {
        memset(t.label, 'a', n);
        t.label[n] = '\0';
        trace_label(&t, "%s", "Finished, and more");
        ck_assert_uint_lt(strlen(t.label), sizeof(t.label));
        ck_assert_uint_ge(strlen(t.label), n);
    }
}
END_TEST

static char seen[128];

static void on_state(void *arg, const char *machine, const char *from, const char *to,
                     const char *why)
{
    snprintf(seen, sizeof(seen), "%s %s %s %s %s", (char *)arg, machine, from, to, why);
}

START_TEST(states_are_reported)
{
    struct trace t = {.state = on_state, .state_arg = "arg"};
    struct trace deaf = {0};

    trace_state(NULL, "m", "a", "b", "c");
    trace_state(&deaf, "m", "a", "b", "c");
    trace_state(&t, "tls", "HANDSHAKE", "OPEN", "Finished");
    ck_assert_str_eq(seen, "arg tls HANDSHAKE OPEN Finished");
}
END_TEST

START_TEST(reasons_have_different_texts)
{
    for (int i = 0; i < REASON_COUNT; i++)
        ck_assert_int_eq(reason_find(reason_text((enum reason)i)), i);
    ck_assert_int_eq(reason_find("no such reason"), REASON_COUNT);
    ck_assert_str_eq(reason_text(REASON_PSK_WRONG), "psk-wrong-key");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("proto");
    TCase *tc = tcase_create("proto");
    SRunner *sr;
    int failed;

    tcase_add_test(tc, status_is_set_once);
    tcase_add_test(tc, done_stays_done);
    tcase_add_test(tc, labels_join_and_are_cut);
    tcase_add_test(tc, states_are_reported);
    tcase_add_test(tc, reasons_have_different_texts);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
