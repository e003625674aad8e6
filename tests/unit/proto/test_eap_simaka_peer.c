/* Our peer of EAP-SIM, EAP-AKA and EAP-AKA' against servers that misbehave: identities and
 * challenges, out of order, or well-formed and wrong. */
#include "crypto/entity.h"
#include "tests/unit/proto/simaka_bench.h"

/* ---- requests for identities ---- */

static bool told(const struct bench *b, enum simaka_sort sort)
{
    char identity[EAP_IDENTITY_MAX + 1];

    return simaka_has(&b->heard, AT_IDENTITY) &&
           simaka_id_take(b->heard.value[AT_IDENTITY], identity) &&
           simaka_id_sort(b->kind, identity) == sort;
}

/* The orders of RFC 4187 9.1; N: a SIM/Start without a wish. */
START_TEST(order_of_requests)
{
    static const struct {
        const char *order;
        bool sim_only, good;
    } cases[] = {
        {"A", false, true},   {"F", false, true},    {"P", false, true},    {"N", true, true},
        {"AF", false, true},  {"AP", false, true},   {"FP", false, true},   {"AFP", false, true},
        {"AN", true, true},   {"FN", true, true},    {"AFN", true, true},   {"AA", false, false},
        {"FA", false, false}, {"PA", false, false},  {"FF", false, false},  {"PF", false, false},
        {"PP", false, false}, {"AFA", false, false}, {"APF", false, false}, {"NA", true, false},
        {"NN", true, false},  {"NP", true, false},   {"PN", true, false},   {"AFPP", false, false},
    };
    enum simaka_kind kind = (enum simaka_kind)_i;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *order = cases[i].order;
        struct bench b;

        if (cases[i].sim_only && kind != SIMAKA_SIM)
            continue;
        begin(&b, kind);
        for (size_t j = 0; order[j]; j++) {
            bool last = order[j + 1] == '\0';

            ask(&b, order[j] == 'A'   ? AT_ANY_ID_REQ
                    : order[j] == 'F' ? AT_FULLAUTH_ID_REQ
                    : order[j] == 'P' ? AT_PERMANENT_ID_REQ
                                      : AT_COUNT);
            if (!last || cases[i].good) {
                expect_subtype(&b, kind == SIMAKA_SIM ? SIM_START : AKA_IDENTITY);
                ck_assert_int_eq(simaka_has(&b.heard, AT_IDENTITY), order[j] != 'N');
                ck_assert(order[j] == 'N' || told(&b, SIMAKA_PERMANENT));
            }
        }
        if (cases[i].good)
            end(&b);
        else
            expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
    }
}
END_TEST

START_TEST(what_is_told)
{
    enum simaka_kind kind = (enum simaka_kind)_i;
    struct kit kit;
    struct bench b;
    uint8_t nonce[16];

    kit_init(&kit, kind);
    kit_complete(&kit);
    begin_as(&b, kind, &kit);
    ask(&b, AT_ANY_ID_REQ);
    ck_assert(told(&b, SIMAKA_REAUTH));
    ck_assert(!simaka_has(&b.heard, AT_NONCE_MT)); /* RFC 4186 9.2 */
    ask(&b, AT_FULLAUTH_ID_REQ);
    ck_assert(told(&b, SIMAKA_PSEUDONYM));
    ck_assert_int_eq(simaka_has(&b.heard, AT_NONCE_MT), kind == SIMAKA_SIM);
    if (kind == SIMAKA_SIM)
        memcpy(nonce, b.heard.value[AT_NONCE_MT].p, 16);
    ask(&b, AT_PERMANENT_ID_REQ);
    ck_assert(told(&b, SIMAKA_PERMANENT));
    if (kind == SIMAKA_SIM)
        ck_assert_mem_eq(nonce, b.heard.value[AT_NONCE_MT].p, 16); /* RFC 4186 10.4 */
    /* Used up, though nothing came of it. */
    ck_assert_str_eq(b.kit.at_peer.identity, "");
    end(&b);
}
END_TEST

START_TEST(version_lists)
{
    static const struct {
        const char *list;
        size_t n;
        bool good;
    } cases[] = {{"\0\1", 2, true},
                 {"\0\2\0\1", 4, true},
                 {"\0\2", 2, false},
                 {"\0\2\0\3", 4, false},
                 {"\1\0", 2, false}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;
        struct simaka_writer w;

        begin(&b, SIMAKA_SIM);
        start_message(&b, &w, SIM_START);
        simaka_put_flag(&w, AT_ANY_ID_REQ);
        simaka_put(&w, AT_VERSION_LIST, span_of(cases[i].list, cases[i].n));
        send_plain(&b, &w);
        if (!cases[i].good) {
            expect_refusal(&b, CLIENT_ERROR_VERSION, REASON_EAP_VERSION);
            continue;
        }
        expect_subtype(&b, SIM_START);
        ck_assert_int_eq(simaka_number(&b.heard, AT_SELECTED_VERSION), 1);
        /* Another list than before. */
        start_message(&b, &w, SIM_START);
        simaka_put_flag(&w, AT_FULLAUTH_ID_REQ);
        simaka_put(&w, AT_VERSION_LIST, span_of("\0\1\0\3", 4));
        send_plain(&b, &w);
        expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_BIDDING);
    }
}
END_TEST

/* ---- challenges ---- */

START_TEST(accepted)
{
    enum simaka_kind kind = (enum simaka_kind)_i;
    struct challenge with_result = plain;
    struct bench b;

    challenge(&b, kind, &plain);
    expect_subtype(&b, kind == SIMAKA_SIM ? SIM_CHALLENGE : AKA_CHALLENGE);
    ck_assert_int_eq(proto_of(&b)->status, PROTO_RUNNING);
    ck_assert_int_eq(succeed(&b), REASON_NONE);
    ck_assert_int_eq(proto_of(&b)->status, PROTO_DONE);
    ck_assert_mem_eq(eap_peer_keys(b.peer)->msk, b.keys.msk, EAP_KEY_LEN);
    end(&b);
    /* With result indications EAP-Success alone is no success. */
    with_result.result_ind = true;
    challenge(&b, kind, &with_result);
    ck_assert(simaka_has(&b.heard, AT_RESULT_IND));
    succeed(&b);
    ck_assert_int_eq(proto_of(&b)->status, PROTO_RUNNING);
    end(&b);
    /* Nor is one that comes before anything was proved. */
    begin(&b, kind);
    ask(&b, AT_ANY_ID_REQ);
    succeed(&b);
    ck_assert_int_eq(proto_of(&b)->status, PROTO_RUNNING);
    ck_assert(!eap_peer_keys(b.peer)->present);
    end(&b);
}
END_TEST

START_TEST(wrong_macs)
{
    enum simaka_kind kind = (enum simaka_kind)_i;
    struct challenge c = plain;
    struct bench b;

    c.wrong_mac = true;
    challenge(&b, kind, &c);
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_MAC);
    if (kind == SIMAKA_SIM)
        return;
    c = plain;
    c.other_id = true; /* keys for somebody else */
    challenge(&b, kind, &c);
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_MAC);
    c = plain;
    c.bad_padding = true;
    challenge(&b, kind, &c);
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
}
END_TEST

START_TEST(out_of_order)
{
    enum simaka_kind kind = (enum simaka_kind)_i;
    struct bench b;
    struct simaka_writer w;

    /* A second challenge, or an identity asked for, after the first was answered. */
    challenge(&b, kind, &plain);
    if (kind == SIMAKA_SIM)
        challenge_sim(&b, &plain, 3, false);
    else
        challenge_aka(&b, &plain);
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
    challenge(&b, kind, &plain);
    ask(&b, AT_PERMANENT_ID_REQ);
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
    /* A challenge before SIM/Start. */
    if (kind == SIMAKA_SIM) {
        begin(&b, kind);
        challenge_sim(&b, &plain, 3, false);
        expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
    }
    /* A fast re-authentication that was not offered. */
    begin(&b, kind);
    start_message(&b, &w, SIMAKA_REAUTHENTICATION);
    simaka_put(&w, AT_IV, span_of(b.nonce_mt, 16));
    simaka_put(&w, AT_ENCR_DATA, span_of(b.nonce_mt, 16));
    send_mac(&b, &w, span_of(NULL, 0));
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
    /* Subtypes of responses, of the other family, of nobody. */
    for (unsigned subtype = 0; subtype < 20; subtype++) {
        if (subtype == SIM_START || subtype == AKA_IDENTITY)
            continue;
        begin(&b, kind);
        start_message(&b, &w, (enum simaka_subtype)subtype);
        send_plain(&b, &w);
        expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
    }
}
END_TEST

START_TEST(rands)
{
    struct bench b;

    for (size_t n = 1; n <= 3; n++) {
        begin(&b, SIMAKA_SIM);
        ask(&b, AT_COUNT);
        challenge_sim(&b, &plain, n, false);
        if (n == 1) {
            expect_refusal(&b, CLIENT_ERROR_CHALLENGES, REASON_EAP_NOT_FRESH);
            continue;
        }
        expect_subtype(&b, SIM_CHALLENGE);
        end(&b);
        begin(&b, SIMAKA_SIM);
        ask(&b, AT_COUNT);
        challenge_sim(&b, &plain, n, true);
        expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_NOT_FRESH);
    }
}
END_TEST

START_TEST(checkcodes)
{
    enum simaka_kind kind = _i ? SIMAKA_AKA_PRIME : SIMAKA_AKA;
    uint8_t zeros[32] = {0};
    struct challenge c = plain;
    struct bench b;

    c.has_checkcode = true;
    challenge(&b, kind, &c); /* empty: no AKA-Identity was there */
    expect_subtype(&b, AKA_CHALLENGE);
    ck_assert(simaka_has(&b.heard, AT_CHECKCODE));
    ck_assert_uint_eq(b.heard.value[AT_CHECKCODE].n, 0);
    end(&b);
    begin(&b, kind); /* empty, though one was */
    ask(&b, AT_ANY_ID_REQ);
    challenge_aka(&b, &c);
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_CHECKCODE);
    c.checkcode = span_of(zeros, simaka_hash_len(kind));
    challenge(&b, kind, &c); /* something, though none was */
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_CHECKCODE);
    begin(&b, kind); /* something else */
    ask(&b, AT_ANY_ID_REQ);
    challenge_aka(&b, &c);
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_CHECKCODE);
}
END_TEST

START_TEST(bidding)
{
    static const struct eap_method *both[2][2] = {{&eap_method_aka, &eap_method_aka_prime},
                                                  {&eap_method_aka_prime, &eap_method_aka}};

    for (int i = 0; i < 2; i++)
        for (int d = -1; d < 2; d++) {
            struct challenge c = plain;
            struct kit kit;
            struct bench b;

            kit_init(&kit, SIMAKA_AKA);
            memcpy(kit.peer_methods, both[i], sizeof(both[i]));
            kit.peer_method_count = 2;
            begin_as(&b, SIMAKA_AKA, &kit);
            c.bidding = d < 0 ? -1 : d ? 0x8000 : 0x7fff;
            challenge_aka(&b, &c);
            if (i == 1 && d == 1) {
                expect_rejection(&b, REASON_EAP_BIDDING);
            } else {
                expect_subtype(&b, AKA_CHALLENGE);
                end(&b);
            }
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eap_simaka_peer");
    TCase *t = tcase_create("peer");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    suite_add_tcase(suite, t);
    tcase_add_loop_test(t, order_of_requests, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, what_is_told, 0, SIMAKA_KINDS);
    tcase_add_test(t, version_lists);
    tcase_add_loop_test(t, accepted, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, wrong_macs, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, out_of_order, 0, SIMAKA_KINDS);
    tcase_add_test(t, rands);
    tcase_add_loop_test(t, checkcodes, 0, 2);
    tcase_add_test(t, bidding);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
