/* Identity-based encryption and ECDH on several threads at once: the parameter sets are made by
 * whoever comes first, one user's key serves all, a key pair is made on one thread and used on
 * another; and no octet depends on any of it. */
#include "check_main.h"

#include "crypto/ecdh.h"
#include "crypto/ibe.h"

#include <pthread.h>

#define NAME   "device-1@m2m.example"
#define PERIOD "2026-11"
enum { WORKERS = 4 };

struct work {
    struct rng stream;
    struct ibe_authority *authority;
    const struct ibe_user *user;
    enum ibe_scheme scheme;
    uint8_t point[IBE_POINT_MAX], capsule[IBE_CAPSULE_MAX], ssv[IBE_SSV_LEN], got[IBE_SSV_LEN];
    struct ecdh *pair;
    uint8_t own[ECDH_POINT], peer[ECDH_POINT], secret[ECDH_SECRET];
};

static void run_all(struct work w[WORKERS], void *(*step)(void *))
{
    pthread_t threads[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, step, &w[i]), 0);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
}

static void *make_authority(void *arg)
{
    struct work *w = arg;
    w->authority = ibe_authority_new(w->scheme, &w->stream);
    ibe_public_write(ibe_authority_public(w->authority), w->point);
    return NULL;
}

static void *make_and_seal(void *arg)
{
    struct work *w = arg;
    crypto_thread_begin();
    entity_enter(&w->stream, 0);
    ck_assert_int_eq(ecdh_new(NULL, &w->pair), OK);
    ecdh_point(w->pair, w->own);
    entity_leave();
    ck_assert_int_eq(ibe_encapsulate(ibe_user_public(w->user, w->scheme), NULL, &w->stream, NAME,
                                     PERIOD, w->ssv, w->capsule),
                     OK);
    crypto_thread_end();
    return NULL;
}

static void *open_and_agree(void *arg)
{
    struct work *w = arg;
    crypto_thread_begin();
    entity_enter(&w->stream, 0);
    ck_assert_int_eq(ecdh_derive(w->pair, NULL, w->peer, w->secret), OK);
    entity_leave();
    ck_assert_int_eq(ibe_derive(w->user, w->scheme, NULL,
                                span_of(w->capsule, ibe_capsule_len(w->scheme)), w->got),
                     OK);
    crypto_thread_end();
    return NULL;
}

/* Pairs 0 and 1, 2 and 3 talk to each other; 0 and 2 have the same stream. */
START_TEST(threads_share_keys)
{
    struct work w[WORKERS] = {0};
    struct ibe_user *users[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        w[i].scheme = i % 2 ? IBE_BF : IBE_SAKKE;
        w[i].stream = rng_stream(1, i % 2 ? "odd" : "even", "test");
    }
    run_all(w, make_authority); /* the first use of the parameter sets */
    ck_assert_mem_eq(w[0].point, w[2].point, sizeof w[0].point);
    ck_assert_mem_eq(w[1].point, w[3].point, sizeof w[1].point);
    for (int i = 0; i < 2; i++) {
        users[i] = ibe_user_new(NAME, PERIOD);
        ck_assert_int_eq(ibe_user_issue(users[i], w[i].authority, NULL), OK);
        w[i].user = w[i + 2].user = users[i];
    }
    run_all(w, make_and_seal);
    for (int i = 0; i < WORKERS; i++)
        memcpy(w[i].peer, w[i ^ 1].own, ECDH_POINT);
    /* On other threads than before. */
    run_all(w, open_and_agree);
    for (int i = 0; i < WORKERS; i++) {
        ck_assert_mem_eq(w[i].ssv, w[i].got, IBE_SSV_LEN);
        ck_assert_mem_eq(w[i].secret, w[i ^ 1].secret, ECDH_SECRET);
        ck_assert_mem_eq(w[i].capsule, w[i % 2].capsule, IBE_CAPSULE_MAX);
        ck_assert_mem_eq(w[i].own, w[i % 2].own, ECDH_POINT);
    }
    for (int i = 0; i < WORKERS; i++) {
        ecdh_free(w[i].pair);
        ibe_authority_free(w[i].authority);
    }
    ibe_user_free(users[0]);
    ibe_user_free(users[1]);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, threads_share_keys);
}

int main(void)
{
    return run_suite("ibe-threads", fill);
}
