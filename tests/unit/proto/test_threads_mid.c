/* What mId is secured with on worker threads: equal streams give equal octets there, in DTLS with a
 * back-off of its own time and in signed and encrypted documents. */
#include "dtls_kit.h"

#include "models/proto/xmlsec.h"

#include <pthread.h>

#define THREADS  4
#define ROUNDS   25
#define DOCUMENT "<m2m:c xmlns:m2m=\"http://uri.etsi.org/m2m\"><m2m:v>7</m2m:v></m2m:c>"

/* What an entity made of its stream. */
struct made {
    struct buf octets;
    bool bad;
};

/* A handshake whose second flight is lost, and what was said in it. */
static void talk(struct made *m, uint64_t seed)
{
    const struct dtls_kit_settings s = {
        .suite = TLS_SUITE_PSK_AES_128_CCM_8, .seed = seed, .cookie = true};
    struct dtls_kit *k = dtls_kit_new(&s);
    struct pair_script script = dtls_kit_script(k);

    script.way[0].lose = 4;
    m->bad = m->bad || pair_run(&k->pair, &script) != PAIR_ENDED || k->got[0] != KIT_SAYS ||
             dtls_repetitions(k->dtls[0]) + dtls_repetitions(k->dtls[1]) == 0 ||
             k->pair.now < SIM_S || k->pair.now > 2 * SIM_S;
    for (int side = 0; side < 2; side++)
        m->bad = m->bad || !buf_put_span(&m->octets, buf_span(&k->pair.side[side].sent));
    dtls_kit_free(k);
}

/* A document signed, encrypted, and taken back. */
static void protect(struct made *m, uint64_t seed)
{
    struct rng stream = rng_stream(seed, "entity", "documents");
    struct se se = {.present = 0};
    struct buf b[4];
    struct xmlsec_keys keys;
    uint8_t kmc[32];

    for (int i = 0; i < 4; i++)
        buf_init(&b[i], 65536);
    entity_enter(&stream, (int64_t)seed * SIM_S);
    rng_bytes(&stream, kmc, sizeof(kmc));
    se_put(&se, SE_KMC, kmc);
    m->bad = m->bad || !xmlsec_keys_derive(&se, SE_KMC, NULL, "1:1", &keys) ||
             xmlsec_sign(NULL, &keys, span_str(DOCUMENT), &b[0]) ||
             xmlsec_encrypt(NULL, &keys, seed & 1 ? XMLSEC_AES128_GCM : XMLSEC_AES128_CBC,
                            buf_span(&b[0]), &b[1]) ||
             xmlsec_decrypt(NULL, &keys, seed & 1 ? XMLSEC_AES128_GCM : XMLSEC_AES128_CBC,
                            buf_span(&b[1]), &b[2]) ||
             xmlsec_verify(NULL, &keys, buf_span(&b[2]), &b[3]) ||
             buf_len(&b[3]) != strlen(DOCUMENT) || !buf_put_span(&m->octets, buf_span(&b[1]));
    entity_leave();
    for (int i = 0; i < 4; i++)
        buf_clear(&b[i]);
}

static void make(struct made *m)
{
    buf_init(&m->octets, 1 << 20);
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        talk(m, seed);
        protect(m, seed);
    }
}

static void *work(void *arg)
{
    crypto_thread_begin();
    make(arg);
    crypto_thread_end();
    return NULL;
}

START_TEST(on_threads)
{
    struct made reference = {.bad = false}, made[THREADS] = {{.bad = false}};
    pthread_t threads[THREADS];

    make(&reference);
    ck_assert(!reference.bad);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &made[i]), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        ck_assert(!made[i].bad);
        ck_assert_uint_eq(buf_len(&made[i].octets), buf_len(&reference.octets));
        ck_assert_mem_eq(buf_span(&made[i].octets).p, buf_span(&reference.octets).p,
                         buf_len(&reference.octets));
        buf_clear(&made[i].octets);
    }
    buf_clear(&reference.octets);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("threads_mid");
    TCase *c = tcase_create("threads_mid");
    SRunner *r = srunner_create(s);
    int failed;

    if (crypto_init() || !xmlsec_init())
        return 1;
    tcase_set_timeout(c, 120);
    tcase_add_test(c, on_threads);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
