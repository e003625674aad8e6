/* Equal streams give equal octets, whatever ran before on the same keys and contexts, and on
 * however many threads (openssl-notes.md, RSA blinding). */
#include "tests/support/tls_rig.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>

/* One conversation over a fresh rig; key pool and authority are shared by all. */
static void run_one(const struct rig_settings *s, struct rig *r)
{
    rig_init(r, s);
    ck_assert_int_eq(rig_run(r, pair_clean()), PAIR_ENDED);
    ck_assert(rig_is_complete(r));
}

static struct rig_settings settings_of(int i, uint64_t seed)
{
    struct rig_settings s = {.seed = seed};

    ck_assert(rig_combination(i, &s.suite, &s.version));
    return s;
}

/* The handshakes of other entities that came before: 0 to 64 of them, one more each time. */
START_TEST(predecessors)
{
    struct rig_settings s = settings_of(_i, 1000);
    struct rig first;

    run_one(&s, &first);
    for (int before = 1; before <= 64; before++) {
        struct rig_settings other = settings_of(_i, (uint64_t)before);
        struct rig r;

        run_one(&other, &r);
        rig_release(&r);
        if (before % 8 != 0 && before % 32 < 29)
            continue; /* the counts around 32 and 64 one by one, others in steps */
        run_one(&s, &r);
        ck_assert_msg(pair_same(&r.pair, &first.pair), "%s after %d others",
                      tls_suite_name(s.suite), before);
        rig_release(&r);
    }
    rig_release(&first);
}
END_TEST

#define THREADS 4
#define ROUNDS  3

struct job {
    pthread_t thread;
    struct rig_settings settings;
    struct rig reference;
    bool same;
};

static void *work(void *arg)
{
    struct job *j = arg;

    j->same = true;
    for (int i = 0; i < ROUNDS; i++) {
        struct rig r;

        rig_init(&r, &j->settings);
        rig_run(&r, pair_clean());
        j->same &= rig_is_complete(&r) && pair_same(&r.pair, &j->reference.pair);
        rig_release(&r);
    }
    return NULL;
}

START_TEST(threads)
{
    static struct job jobs[THREADS];

    for (int i = 0; i < THREADS; i++) {
        jobs[i].settings = settings_of(_i, (uint64_t)(i / 2)); /* two with the same stream */
        run_one(&jobs[i].settings, &jobs[i].reference);
    }
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&jobs[i].thread, NULL, work, &jobs[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(jobs[i].thread, NULL);
    ck_assert(pair_same(&jobs[0].reference.pair, &jobs[1].reference.pair));
    ck_assert(!pair_same(&jobs[0].reference.pair, &jobs[2].reference.pair));
    for (int i = 0; i < THREADS; i++) {
        ck_assert(jobs[i].same);
        rig_release(&jobs[i].reference);
    }
}
END_TEST

/* One context for endpoints on several threads. */
struct shared_job {
    pthread_t thread;
    struct rig *shared;
    struct rig_settings settings;
    struct buf sent;
};

static void *work_shared(void *arg)
{
    struct shared_job *j = arg;
    struct rig r;
    struct tls_context *own[2];

    rig_init(&r, &j->settings);
    for (int side = 0; side < 2; side++) {
        own[side] = r.context[side];
        r.context[side] = j->shared->context[side];
    }
    rig_remake(&r);
    rig_run(&r, pair_clean());
    buf_init(&j->sent, 65536);
    buf_put_span(&j->sent, buf_span(&r.pair.side[0].sent));
    buf_put_span(&j->sent, buf_span(&r.pair.side[1].sent));
    for (int side = 0; side < 2; side++)
        r.context[side] = own[side];
    rig_release(&r);
    return NULL;
}

START_TEST(shared_context)
{
    static struct shared_job jobs[THREADS];
    struct rig_settings s = settings_of(_i, 77);
    struct rig shared;

    rig_init(&shared, &s);
    for (int i = 0; i < THREADS; i++) {
        jobs[i].settings = s;
        jobs[i].shared = &shared;
        ck_assert_int_eq(pthread_create(&jobs[i].thread, NULL, work_shared, &jobs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(jobs[i].thread, NULL);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_uint_gt(buf_len(&jobs[i].sent), 500);
        ck_assert_uint_eq(buf_len(&jobs[i].sent), buf_len(&jobs[0].sent));
        ck_assert_mem_eq(buf_span(&jobs[i].sent).p, buf_span(&jobs[0].sent).p,
                         buf_len(&jobs[0].sent));
    }
    for (int i = 0; i < THREADS; i++)
        buf_clear(&jobs[i].sent);
    rig_release(&shared);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("threads_tls");
    TCase *tc = tcase_create("threads_tls");
    SRunner *sr;
    int n = rig_combinations(), failed;

    rig_global_init();
    tcase_set_timeout(tc, 240);
    for (int i = 0; i < n; i++) {
        enum tls_suite suite_i;
        enum tls_version version;

        rig_combination(i, &suite_i, &version);
        if (!tls_suite_is_psk(suite_i))
            tcase_add_loop_test(tc, predecessors, i, i + 1);
    }
    tcase_add_loop_test(tc, threads, 0, n);
    tcase_add_loop_test(tc, shared_context, 0, n);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    rig_global_release();
    return failed != 0;
}
