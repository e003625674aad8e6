/* Keys and identities of EAP-SIM, EAP-AKA and EAP-AKA' against published and recorded ones. */
#include "models/proto/eap_simaka_id.h"
#include "models/proto/eap_simaka_keys.h"

#include "crypto/entity.h"
#include "crypto/kdf.h"
#include "tests/support/vectors.h"

#include <check.h>
#include <stdlib.h>

static void check_value(const struct vectors *v, size_t i, const char *key, const uint8_t *got,
                        size_t n)
{
    uint8_t want[128];

    ck_assert_uint_eq(vectors_hex(v, i, key, want, sizeof(want)), n);
    ck_assert_msg(memcmp(got, want, n) == 0, "%s: %s", vectors_name(v, i), key);
}

static void check_keys(const struct vectors *v, size_t i, enum simaka_kind kind,
                       const struct simaka_keys *k)
{
    if (vectors_text(v, i, "K_encr"))
        check_value(v, i, "K_encr", k->k_encr, 16);
    if (vectors_text(v, i, "K_aut"))
        check_value(v, i, "K_aut", k->k_aut, simaka_k_aut_len(kind));
    if (kind == SIMAKA_AKA_PRIME)
        check_value(v, i, "K_re", k->k_re, 32);
    else
        check_value(v, i, "MK", k->mk, 20);
    check_value(v, i, "MSK", k->msk, 64);
    check_value(v, i, "EMSK", k->emsk, 64);
}

static void full_sim(const struct vectors *v, size_t i)
{
    uint8_t kc[3 * 8], nonce[16], versions[8];
    size_t n = vectors_hex(v, i, "version_list", versions, sizeof(versions));
    struct simaka_keys k;

    vectors_hex(v, i, "Kc1", kc, 8);
    vectors_hex(v, i, "Kc2", kc + 8, 8);
    vectors_hex(v, i, "Kc3", kc + 16, 8);
    vectors_hex(v, i, "NONCE_MT", nonce, sizeof(nonce));
    simaka_keys_sim(NULL, span_str(vectors_text(v, i, "identity_ascii")), kc, 3, nonce,
                    span_of(versions, n), 1, &k);
    check_keys(v, i, SIMAKA_SIM, &k);
}

static void full_aka(const struct vectors *v, size_t i)
{
    uint8_t ik[16], ck[16];
    struct simaka_keys k;

    vectors_hex(v, i, "IK", ik, sizeof(ik));
    vectors_hex(v, i, "CK", ck, sizeof(ck));
    simaka_keys_aka(NULL, span_str(vectors_text(v, i, "identity_ascii")), ik, ck, &k);
    check_keys(v, i, SIMAKA_AKA, &k);
}

static void full_prime(const struct vectors *v, size_t i)
{
    uint8_t ik[16], ck[16], autn[16], ik_prime[16], ck_prime[16];
    struct simaka_keys k;

    vectors_hex(v, i, "IK", ik, sizeof(ik));
    vectors_hex(v, i, "CK", ck, sizeof(ck));
    vectors_hex(v, i, "AUTN", autn, sizeof(autn));
    kdf_aka_prime(NULL, ck, ik, span_str(vectors_text(v, i, "network_name")), autn, ck_prime,
                  ik_prime);
    check_value(v, i, "CK'", ck_prime, 16);
    check_value(v, i, "IK'", ik_prime, 16);
    simaka_keys_prime(NULL, span_str(vectors_text(v, i, "identity_ascii")), ik_prime, ck_prime, &k);
    check_keys(v, i, SIMAKA_AKA_PRIME, &k);
}

static void reauth(const struct vectors *v, size_t i, enum simaka_kind kind)
{
    uint8_t nonce_s[16], counter[2];
    struct simaka_keys k = {.mk = {0}};

    if (kind == SIMAKA_AKA_PRIME)
        vectors_hex(v, i, "K_re", k.k_re, sizeof(k.k_re));
    else
        vectors_hex(v, i, "MK", k.mk, sizeof(k.mk));
    if (vectors_text(v, i, "K_encr"))
        vectors_hex(v, i, "K_encr", k.k_encr, sizeof(k.k_encr));
    if (vectors_text(v, i, "K_aut"))
        vectors_hex(v, i, "K_aut", k.k_aut, sizeof(k.k_aut));
    vectors_hex(v, i, "NONCE_S", nonce_s, sizeof(nonce_s));
    vectors_hex(v, i, "counter", counter, sizeof(counter));
    simaka_keys_reauth(kind, NULL, span_str(vectors_text(v, i, "reauth_identity_ascii")),
                       (uint16_t)(counter[0] << 8 | counter[1]), nonce_s, &k);
    check_keys(v, i, kind, &k);
}

static size_t each(const char *file, enum simaka_kind kind,
                   void (*full)(const struct vectors *v, size_t i))
{
    struct vectors *v = vectors_read(file);
    size_t n = vectors_count(v);

    for (size_t i = 0; i < n; i++)
        if (vectors_text(v, i, "reauth_identity_ascii"))
            reauth(v, i, kind);
        else
            full(v, i);
    vectors_free(v);
    return n;
}

START_TEST(every_vector)
{
    ck_assert_uint_eq(each("eap_sim.txt", SIMAKA_SIM, full_sim), 4);
    ck_assert_uint_eq(each("eap_aka.txt", SIMAKA_AKA, full_aka), 3);
    ck_assert_uint_eq(each("eap_aka_prime.txt", SIMAKA_AKA_PRIME, full_prime), 5);
}
END_TEST

START_TEST(kept_and_recalled)
{
    struct simaka_keys k, again;
    struct eap_reauth kept = {.counter = 7, .identity = "x"};

    memset(&k, 0x5a, sizeof(k));
    simaka_keys_keep(SIMAKA_AKA_PRIME, &k, &kept);
    ck_assert_int_eq(kept.method, EAP_AKA_PRIME);
    ck_assert_int_eq(kept.counter, 7);
    ck_assert_str_eq(kept.identity, "x");
    simaka_keys_recall(&kept, &again);
    ck_assert_mem_eq(again.mk, k.mk, sizeof(k.mk));
    ck_assert_mem_eq(again.k_encr, k.k_encr, sizeof(k.k_encr));
    ck_assert_mem_eq(again.k_aut, k.k_aut, sizeof(k.k_aut));
    ck_assert_mem_eq(again.k_re, k.k_re, sizeof(k.k_re));
}
END_TEST

/* ---- identities ---- */

static const uint8_t any_key[16] = {1};

static void check_permanent(enum simaka_kind kind, const char *imsi, unsigned mnc_digits,
                            const char *want)
{
    struct uicc u;
    char got[EAP_IDENTITY_MAX + 1], back[IMSI_MAX + 1];

    uicc_init(&u, imsi, mnc_digits, any_key, any_key);
    simaka_id_permanent(kind, &u, got);
    ck_assert_str_eq(got, want);
    ck_assert_int_eq(simaka_id_sort(kind, got), SIMAKA_PERMANENT);
    ck_assert(simaka_id_imsi(got, back));
    ck_assert_str_eq(back, imsi);
}

START_TEST(permanent)
{
    /* TS 23.003 14.2 and 14.3: its own example, IMSI 234150999999999. */
    check_permanent(SIMAKA_AKA, "234150999999999", 2,
                    "0234150999999999@wlan.mnc015.mcc234.3gppnetwork.org");
    check_permanent(SIMAKA_SIM, "234150999999999", 2,
                    "1234150999999999@wlan.mnc015.mcc234.3gppnetwork.org");
    check_permanent(SIMAKA_AKA_PRIME, "234150999999999", 2,
                    "6234150999999999@wlan.mnc015.mcc234.3gppnetwork.org");
    check_permanent(SIMAKA_AKA, "310410123456789", 3,
                    "0310410123456789@wlan.mnc410.mcc310.3gppnetwork.org");
}
END_TEST

START_TEST(sorts)
{
    static const struct {
        const char *identity;
        enum simaka_sort sort[SIMAKA_KINDS];
    } cases[] = {
        {"0555444333222111", {SIMAKA_UNRECOGNISED, SIMAKA_PERMANENT, SIMAKA_UNRECOGNISED}},
        {"1244070100000001@eapsim.foo",
         {SIMAKA_PERMANENT, SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED}},
        {"6555444333222111@r", {SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED, SIMAKA_PERMANENT}},
        {"05554443332221110000", {SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED}},
        {"0555", {SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED}},
        {"0", {SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED}},
        {"055544433322211x", {SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED}},
        {"3abc", {SIMAKA_PSEUDONYM, SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED}},
        {"5abc@r", {SIMAKA_REAUTH, SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED}},
        {"2abc", {SIMAKA_UNRECOGNISED, SIMAKA_PSEUDONYM, SIMAKA_UNRECOGNISED}},
        {"4abc", {SIMAKA_UNRECOGNISED, SIMAKA_REAUTH, SIMAKA_UNRECOGNISED}},
        {"7abc", {SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED, SIMAKA_PSEUDONYM}},
        {"8abc", {SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED, SIMAKA_REAUTH}},
        {"", {SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED}},
        {"@0555444333222111", {SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED, SIMAKA_UNRECOGNISED}},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int kind = 0; kind < SIMAKA_KINDS; kind++)
            ck_assert_msg(simaka_id_sort((enum simaka_kind)kind, cases[i].identity) ==
                              cases[i].sort[kind],
                          "'%s' kind %d", cases[i].identity, kind);
}
END_TEST

START_TEST(texts)
{
    struct rng stream = rng_stream(1, "a", "b"), same = stream;
    char a[EAP_IDENTITY_MAX + 1], b[EAP_IDENTITY_MAX + 1], long_realm[EAP_IDENTITY_MAX + 1];

    simaka_id_draw(SIMAKA_AKA, SIMAKA_REAUTH, &stream, a);
    simaka_id_draw(SIMAKA_AKA, SIMAKA_REAUTH, &same, b);
    ck_assert_str_eq(a, b);
    ck_assert_uint_eq(strlen(a), 21);
    ck_assert_int_eq(simaka_id_sort(SIMAKA_AKA, a), SIMAKA_REAUTH);
    simaka_id_draw(SIMAKA_AKA, SIMAKA_REAUTH, &stream, b);
    ck_assert_str_ne(a, b);
    ck_assert(simaka_id_same_user("abc@x", "abc@yy"));
    ck_assert(simaka_id_same_user("abc", "abc@yy"));
    ck_assert(!simaka_id_same_user("abc", "abcd"));
    ck_assert_str_eq(simaka_id_realm("abc@x"), "@x");
    ck_assert_str_eq(simaka_id_realm("abc"), "");
    memset(long_realm, 'r', EAP_IDENTITY_MAX);
    long_realm[EAP_IDENTITY_MAX] = '\0';
    ck_assert(simaka_id_join("", long_realm, a));
    ck_assert_str_eq(a, long_realm);
    ck_assert(!simaka_id_join("u", long_realm, a));
    ck_assert_str_eq(a, "");
    ck_assert(simaka_id_take(span_str(long_realm), a));
    ck_assert(!simaka_id_take(span_of("a\0b", 3), a));
    ck_assert_str_eq(a, "");
    ck_assert(!simaka_id_take(span_of("", 0), a));
}
END_TEST

START_TEST(choices)
{
    struct uicc u;
    struct eap_reauth r = {.method = EAP_AKA, .counter = 1, .pseudonym = "2p@r", .identity = "4f"};
    struct eap_peer_settings s = {.credentials = {.uicc = &u, .reauth = &r}};
    char out[EAP_IDENTITY_MAX + 1];

    uicc_init(&u, "234150999999999", 2, any_key, any_key);
    ck_assert_int_eq(simaka_id_choose(SIMAKA_AKA, &s, SIMAKA_REAUTH, out), SIMAKA_REAUTH);
    ck_assert_str_eq(out, "4f");
    ck_assert_int_eq(simaka_id_choose(SIMAKA_AKA, &s, SIMAKA_PSEUDONYM, out), SIMAKA_PSEUDONYM);
    ck_assert_str_eq(out, "2p@r");
    ck_assert_int_eq(simaka_id_choose(SIMAKA_AKA, &s, SIMAKA_PERMANENT, out), SIMAKA_PERMANENT);
    ck_assert_str_eq(out, "0234150999999999@wlan.mnc015.mcc234.3gppnetwork.org");
    /* Another method's are of no use. */
    ck_assert_int_eq(simaka_id_choose(SIMAKA_SIM, &s, SIMAKA_REAUTH, out), SIMAKA_PERMANENT);
    ck_assert_int_eq(out[0], '1');
    s.identity = "me@home";
    ck_assert_int_eq(simaka_id_choose(SIMAKA_SIM, &s, SIMAKA_REAUTH, out), SIMAKA_PERMANENT);
    ck_assert_str_eq(out, "me@home");
    r.counter = SIMAKA_MAX_REAUTHS + 1;
    ck_assert_int_eq(simaka_id_choose(SIMAKA_AKA, &s, SIMAKA_REAUTH, out), SIMAKA_PSEUDONYM);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eap_simaka_keys");
    TCase *keys = tcase_create("keys"), *ids = tcase_create("identities");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    suite_add_tcase(suite, keys);
    tcase_add_test(keys, every_vector);
    tcase_add_test(keys, kept_and_recalled);
    suite_add_tcase(suite, ids);
    tcase_add_test(ids, permanent);
    tcase_add_test(ids, sorts);
    tcase_add_test(ids, texts);
    tcase_add_test(ids, choices);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
