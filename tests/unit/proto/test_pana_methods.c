/* Every EAP method over PANA: how many datagrams it takes, any of them lost, and once more while
 * the session is kept. */
#include "crypto/entity.h"
#include "tests/support/pana_rig.h"
#include "tests/unit/proto/methods_kit.h"

static const struct way {
    struct methods_way is;
    const char *begin_with; /* not NULL: the identity is not asked for */
    unsigned datagrams;     /* etsi-m2m.md 4.4; 0: by the certificates */
} ways[] = {
    {{"gpsk, suite 1", &eap_method_gpsk, 1, SIMAKA_SIM}, METHODS_IDENTITY, 9},
    {{"gpsk, suite 2", &eap_method_gpsk, 2, SIMAKA_SIM}, METHODS_IDENTITY, 9},
    {{"gpsk, identity asked for", &eap_method_gpsk, 0, SIMAKA_SIM}, NULL, 11},
    {{"psk", &eap_method_psk, 0, SIMAKA_SIM}, NULL, 11},
    {{"aka", &eap_method_aka, 0, SIMAKA_AKA}, NULL, 9},
    {{"aka-prime", &eap_method_aka_prime, 0, SIMAKA_AKA_PRIME}, NULL, 9},
    {{"sim", &eap_method_sim, 0, SIMAKA_SIM}, NULL, 11},
    {{"tls", &eap_method_tls, 0, SIMAKA_SIM}, NULL, 0},
};
#define WAYS ((int)(sizeof(ways) / sizeof(ways[0])))

static struct methods_kit kit;
static bool kept, encrypted, apart;

static void make(void *arg, struct pana_rig_settings *s)
{
    const struct way *w = arg;
    struct eap_rig_settings eap = {.server.ask_identity = !w->begin_with};

    methods_make(&kit, &w->is, &eap);
    s->pac.eap = eap.peer;
    s->pac.linger = 400 * SIM_S;
    s->server = eap.server;
    s->users = eap.users;
    s->user_count = eap.user_count;
    s->answer = eap.answer;
    s->answer_arg = eap.answer_arg;
    s->begin_with = w->begin_with;
    s->pac.keep_session = s->paa.keep_session = kept;
    s->paa.session_lifetime_s = kept ? 0 : 3600;
    s->paa.encrypt = encrypted;
    s->pac.no_piggyback = apart;
}

static void run(struct pana_rig *r, const struct way *w, struct pair_script script)
{
    enum pair_end end;

    pana_rig_init(r, make, (void *)(uintptr_t)w);
    se_put(&r->pair.side[0].se, SE_KMR, methods_psk);
    end = pana_rig_run(r, script);
    ck_assert_int_eq(end, kept ? PAIR_QUIET : PAIR_ENDED);
    pana_rig_check(r);
    ck_assert_msg(pana_rig_is_complete(r), "%s: PaC %s, PAA %s", w->is.name,
                  reason_text(pana_rig_proto(r, 0)->reason),
                  reason_text(pana_rig_proto(r, 1)->reason));
    ck_assert_ptr_eq(eap_server_method(r->server), w->is.method);
}

START_TEST(clean)
{
    const struct way *w = &ways[_i];
    struct pana_rig r;

    for (int bits = 0; bits < 4; bits++) {
        encrypted = bits & 1;
        apart = bits & 2;
        run(&r, w, pair_clean());
        if (w->datagrams && !apart)
            ck_assert_uint_eq(pana_rig_datagrams(&r), w->datagrams);
        /* Certificates both ways do not fit into three EAP packets. */
        if (!w->datagrams)
            ck_assert_uint_ge(pana_rig_datagrams(&r), 15);
        /* What EAP says of its secrets gets through. */
        ck_assert_int_eq(buf_len(&r.pair.side[0].secrets) > 0, w->is.method == &eap_method_tls);
        pana_rig_release(&r);
    }
    encrypted = apart = false;
}
END_TEST

START_TEST(each_loss)
{
    const struct way *w = &ways[_i];
    unsigned n[2];
    struct pana_rig r;

    run(&r, w, pair_clean());
    for (int side = 0; side < 2; side++)
        n[side] = r.pair.side[side].outputs;
    pana_rig_release(&r);
    for (int side = 0; side < 2; side++) {
        for (unsigned i = 0; i < n[side]; i++) {
            struct pair_script script = pair_clean();

            script.way[side].lose = UINT64_C(1) << i;
            run(&r, w, script);
            pana_rig_release(&r);
        }
    }
}
END_TEST

/* The credentials serve every EAP conversation of the session. */
START_TEST(again_and_again)
{
    const struct way *w = &ways[_i];
    struct pana_rig r;

    kept = true;
    run(&r, w, pair_clean());
    for (unsigned i = 0; i < 4; i++) {
        pair_enter(&r.pair, (int)(i % 2));
        if (i % 2)
            pana_paa_reauthenticate(r.paa, r.pair.now);
        else
            pana_pac_reauthenticate(r.pac, r.pair.now);
        pair_leave();
        ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_QUIET);
        ck_assert(pana_rig_is_complete(&r));
        ck_assert_uint_eq(r.conversations, i + 2);
    }
    pana_rig_release(&r);
    kept = false;
}
END_TEST

/* The wrong key, by the very method: named at the PAA by what the server found, at the PaC by what
 * the peer found, or that it was rejected. */
static void spoil_psk(void *arg, struct pana_rig_settings *s)
{
    make(arg, s);
    kit.shared.answer.psk[0] ^= 1;
}

START_TEST(wrong_psk)
{
    const struct way *w = &ways[_i];
    struct pana_rig r;

    pana_rig_init(&r, spoil_psk, (void *)(uintptr_t)w);
    se_put(&r.pair.side[0].se, SE_KMR, methods_psk);
    ck_assert_int_eq(pana_rig_run(&r, pair_clean()), PAIR_ENDED);
    pana_rig_check(&r);
    ck_assert(!pana_pac_is_open(r.pac));
    ck_assert(!pana_paa_is_open(r.paa));
    ck_assert_int_eq(pana_rig_proto(&r, 0)->status, PROTO_FAILED);
    ck_assert_int_eq(pana_rig_proto(&r, 1)->status, PROTO_FAILED);
    pana_rig_release(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pana_methods");
    TCase *tc = tcase_create("pana_methods");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 2;
    eap_tls_rig_global_init();
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, clean, 0, WAYS);
    tcase_add_loop_test(tc, each_loss, 0, WAYS);
    tcase_add_loop_test(tc, again_and_again, 0, WAYS);
    tcase_add_loop_test(tc, wrong_psk, 0, 4);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    eap_tls_rig_global_release();
    return failed != 0;
}
