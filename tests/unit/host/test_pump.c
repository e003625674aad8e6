#include "models/host/pump.h"

#include "crypto/entity.h"

#include <check.h>
#include <stdlib.h>
#include <time.h>

/* A core that says what was called, in pieces, with labels; and draws at each call. */
struct echo {
    struct proto proto;
    char calls[64];
    int left; /* outputs still to give */
    time_t seen;
    uint64_t drawn;
};

static void note(struct proto *p, char c)
{
    struct echo *e = (struct echo *)p;

    e->calls[strlen(e->calls)] = c;
    e->seen = time(NULL);
    e->drawn = rng_u64(p->env->stream);
}

static void start(struct proto *p, sim_ns now)
{
    (void)now;
    note(p, 's');
}

static void input(struct proto *p, sim_ns now, struct span in)
{
    (void)now;
    note(p, in.n ? 'i' : 'f');
    ((struct echo *)p)->left = (int)in.n;
}

static bool output(struct proto *p, sim_ns now, struct buf *out)
{
    struct echo *e = (struct echo *)p;

    (void)now;
    if (e->left == 0)
        return false;
    trace_label(p->env->trace, "piece %d", e->left);
    buf_puts(out, "ab");
    e->left--;
    return true;
}

static void expire(struct proto *p, sim_ns now)
{
    (void)now;
    note(p, 'e');
}

static const struct proto_ops ops = {
    .name = "echo", .start = start, .input = input, .output = output, .expire = expire};

static struct rng stream;
static struct trace trace;
static struct proto_env env = {.stream = &stream, .trace = &trace};

static void make(struct echo *e)
{
    memset(e, 0, sizeof(*e));
    stream = rng_stream(1, "pump", "test");
    env.epoch_unix_ns = 1000 * SIM_S;
    proto_init(&e->proto, &ops, &env);
}

START_TEST(calls_and_labels)
{
    struct echo e;
    struct buf out;
    char label[64] = "old";

    make(&e);
    buf_init(&out, 1000);
    pump(&e.proto, PUMP_START, 5 * SIM_S, span_of(NULL, 0), false, &out, label, sizeof(label));
    ck_assert_str_eq(label, "");
    ck_assert_int_eq(e.seen, 1005); /* the clock inside is virtual */
    pump(&e.proto, PUMP_INPUT, 5 * SIM_S, span_str("xyz"), false, &out, label, sizeof(label));
    ck_assert_str_eq(label, "piece 3, piece 2, piece 1");
    ck_assert_str_eq(trace.label, "");
    ck_assert_uint_eq(buf_len(&out), 6);
    pump(&e.proto, PUMP_INPUT, 0, span_of(NULL, 0), false, &out, label, sizeof(label));
    pump(&e.proto, PUMP_EXPIRE, 0, span_of(NULL, 0), false, &out, label, sizeof(label));
    pump(&e.proto, PUMP_NOTHING, 0, span_of(NULL, 0), false, &out, label, sizeof(label));
    ck_assert_str_eq(e.calls, "sife");
    buf_clear(&out);
}
END_TEST

START_TEST(labels_are_cut)
{
    struct echo e;
    struct buf out;

    for (size_t n = 0; n < 30; n++) {
        char label[32];

        make(&e);
        buf_init(&out, 1000);
        memset(label, '#', sizeof(label));
        pump(&e.proto, PUMP_INPUT, 0, span_str("xyz"), false, &out, label, n);
        ck_assert_int_eq(label[n], '#');
        if (n > 0)
            ck_assert_uint_eq(strlen(label), n - 1 < 25 ? n - 1 : 25);
        ck_assert_str_eq(trace.label, n > 0 ? "" : trace.label);
        trace.label[0] = '\0';
        buf_clear(&out);
    }
}
END_TEST

START_TEST(live_has_the_host_clock)
{
    struct echo e;
    struct buf out;

    make(&e);
    buf_init(&out, 1000);
    pump(&e.proto, PUMP_START, 0, span_of(NULL, 0), true, &out, NULL, 0);
    ck_assert_int_ge(e.seen, host_unix_ns() / SIM_S - 60);
    ck_assert_int_le(e.seen, host_unix_ns() / SIM_S);
    pump_enter(&e.proto, 7 * SIM_S, false);
    ck_assert_int_eq(time(NULL), 1007);
    pump_leave();
    buf_clear(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pump");
    TCase *tc = tcase_create("pump");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_add_test(tc, calls_and_labels);
    tcase_add_test(tc, labels_are_cut);
    tcase_add_test(tc, live_has_the_host_clock);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
