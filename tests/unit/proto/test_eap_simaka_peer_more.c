/* Our peer of EAP-SIM, EAP-AKA and EAP-AKA' against servers that misbehave: the negotiation of
 * AKA', resynchronisation, notifications and fast re-authentication. */
#include "crypto/entity.h"
#include "tests/unit/proto/simaka_bench.h"

/* ---- AT_KDF (RFC 9048 3.2) ---- */

static struct challenge with_kdf(const uint16_t *list, size_t n)
{
    struct challenge c = plain;

    memcpy(c.kdf, list, n * sizeof(list[0]));
    c.kdf_count = n;
    return c;
}

START_TEST(kdf_negotiated)
{
    static const uint16_t offer[] = {7, 1, 9}, settled[] = {1, 7, 1, 9},
                          others[][4] = {
                              {7, 1, 9, 0}, {1, 7, 1, 0}, {1, 9, 1, 7}, {9, 7, 1, 9}, {1, 1, 9, 0}};
    static const size_t lengths[] = {3, 3, 4, 4, 3};
    struct challenge c = with_kdf(offer, 3), second = with_kdf(settled, 4);
    struct bench b;

    challenge(&b, SIMAKA_AKA_PRIME, &c);
    expect_subtype(&b, AKA_CHALLENGE);
    ck_assert_uint_eq(b.heard.has, AT_BIT(AT_KDF));
    ck_assert_int_eq(b.heard.kdf[0], 1);
    second.repeat_vector = true; /* nothing of the first was processed */
    challenge_aka(&b, &second);
    expect_subtype(&b, AKA_CHALLENGE);
    ck_assert(simaka_has(&b.heard, AT_RES));
    ck_assert_int_eq(succeed(&b), REASON_NONE);
    end(&b);
    /* The requested change and only that. */
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        second = with_kdf(others[i], lengths[i]);
        challenge(&b, SIMAKA_AKA_PRIME, &c);
        challenge_aka(&b, &second);
        expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_BIDDING);
    }
}
END_TEST

START_TEST(kdf_refused)
{
    static const uint16_t foreign[] = {2, 3}, twice[] = {1, 2, 2}, one[] = {1, 1}, two[] = {1, 2};
    struct challenge c = with_kdf(foreign, 2);
    struct bench b;

    challenge(&b, SIMAKA_AKA_PRIME, &c);
    expect_rejection(&b, REASON_EAP_VERSION);
    c = with_kdf(twice, 3);
    challenge(&b, SIMAKA_AKA_PRIME, &c);
    expect_rejection(&b, REASON_EAP_BIDDING);
    c = with_kdf(one, 2);
    challenge(&b, SIMAKA_AKA_PRIME, &c);
    expect_rejection(&b, REASON_EAP_BIDDING);
    /* AT_KDF_INPUT missing, or empty. */
    c = plain;
    c.network = NULL;
    challenge(&b, SIMAKA_AKA_PRIME, &c);
    expect_rejection(&b, REASON_AKA_NETWORK);
    c.network = "";
    challenge(&b, SIMAKA_AKA_PRIME, &c);
    expect_rejection(&b, REASON_AKA_NETWORK);
    /* Another list after a resynchronisation. */
    c = with_kdf(two, 2);
    begin(&b, SIMAKA_AKA_PRIME);
    b.kit.uicc.seq_ms[0] = 1000;
    challenge_aka(&b, &c);
    expect_subtype(&b, AKA_SYNCHRONIZATION_FAILURE);
    ck_assert_uint_eq(b.heard.kdf_count, 2);
    ck_assert_int_eq(b.heard.kdf[0], 1);
    ck_assert_int_eq(b.heard.kdf[1], 2);
    b.kit.auc.seq = 2000;
    challenge_aka(&b, &plain);
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_BIDDING);
}
END_TEST

START_TEST(resynchronised_twice)
{
    enum simaka_kind kind = _i ? SIMAKA_AKA_PRIME : SIMAKA_AKA;
    struct bench b;

    begin(&b, kind);
    for (unsigned i = 0; i < 32; i++)
        b.kit.uicc.seq_ms[i] = 1000;
    challenge_aka(&b, &plain);
    expect_subtype(&b, AKA_SYNCHRONIZATION_FAILURE);
    ck_assert(auc_resync(&b.kit.auc, NULL, b.vector.rand, b.heard.value[AT_AUTS].p));
    challenge_aka(&b, &plain);
    expect_subtype(&b, AKA_CHALLENGE);
    end(&b);
    begin(&b, kind);
    for (unsigned i = 0; i < 32; i++)
        b.kit.uicc.seq_ms[i] = 1000;
    for (int i = 0; i < 3; i++)
        challenge_aka(&b, &plain);
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_AKA_SYNC);
}
END_TEST

/* ---- notifications ---- */

static void notify(struct bench *b, uint16_t code, bool mac, int counter)
{
    struct simaka_writer w, nested;

    start_message(b, &w, SIMAKA_NOTIFICATION);
    simaka_put_number(&w, AT_NOTIFICATION, code);
    if (counter >= 0) {
        simaka_begin_nested(&nested);
        simaka_put_number(&nested, AT_COUNTER, (uint16_t)counter);
        simaka_put_sealed(&w, NULL, b->keys.k_encr, b->vector.rand, &nested);
    }
    if (mac)
        send_mac(b, &w, span_of(NULL, 0));
    else
        send_plain(b, &w);
}

static void expect_notified(struct bench *b, bool mac, enum reason reason)
{
    expect_subtype(b, SIMAKA_NOTIFICATION);
    ck_assert_int_eq(simaka_has(&b->heard, AT_MAC), mac);
    if (mac)
        ck_assert(simaka_mac_ok(b->kind, &b->heard, NULL, b->keys.k_aut, span_of(NULL, 0)));
    succeed(b); /* after a failure it counts no more (RFC 4187 6.3.4) */
    ck_assert_int_ne(proto_of(b)->status, PROTO_DONE);
    ck_assert_str_eq(reason_text(reason_of(b)), reason_text(reason));
    end(b);
}

START_TEST(notifications)
{
    enum simaka_kind kind = (enum simaka_kind)_i;
    struct challenge with_result = plain;
    struct bench b;

    with_result.result_ind = true;
    begin(&b, kind);
    notify(&b, 16384, false, -1);
    expect_notified(&b, false, REASON_EAP_FAILURE);
    begin(&b, kind); /* a code that nobody knows */
    notify(&b, 16385, false, -1);
    expect_notified(&b, false, REASON_EAP_FAILURE);
    begin(&b, kind); /* "after authentication", before it */
    notify(&b, 1031, true, -1);
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
    challenge(&b, kind, &plain);
    notify(&b, 0, true, -1);
    expect_notified(&b, true, REASON_EAP_FAILURE);
    challenge(&b, kind, &plain);
    notify(&b, 1026, true, -1);
    expect_notified(&b, true, REASON_EAP_DENIED);
    challenge(&b, kind, &with_result);
    notify(&b, 1031, true, -1);
    expect_notified(&b, true, REASON_EAP_NOT_SUBSCRIBED);
    challenge(&b, kind, &plain); /* a server that did not like our response */
    notify(&b, 16384, false, -1);
    expect_notified(&b, false, REASON_EAP_FAILURE);
    challenge(&b, kind, &plain); /* success that was not agreed upon */
    notify(&b, 32768, true, -1);
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
    challenge(&b, kind, &plain); /* no MAC; a wrong one */
    notify(&b, 1031, false, -1);
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
    challenge(&b, kind, &with_result);
    b.keys.k_aut[3] ^= 1;
    notify(&b, 32768, true, -1);
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_MAC);
    challenge(&b, kind, &with_result);
    notify(&b, 32768, true, -1);
    expect_subtype(&b, SIMAKA_NOTIFICATION);
    ck_assert_int_eq(reason_of(&b), REASON_NONE); /* a failure now is a forgery */
    succeed(&b);
    ck_assert_int_eq(proto_of(&b)->status, PROTO_DONE);
    end(&b);
    challenge(&b, kind, &with_result); /* one notification round */
    notify(&b, 32769, true, -1);
    expect_subtype(&b, SIMAKA_NOTIFICATION);
    notify(&b, 32768, true, -1);
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
}
END_TEST

/* ---- fast re-authentication ---- */

static void reauthenticate(struct bench *b, const struct kit *kit, uint16_t counter,
                           bool result_ind)
{
    struct simaka_writer w, nested;

    begin_as(b, kit->kind, kit);
    simaka_keys_recall(&kit->at_node, &b->keys);
    simaka_begin_nested(&nested);
    simaka_put_number(&nested, AT_COUNTER, counter);
    simaka_put(&nested, AT_NONCE_S, span_of(b->vector.rand, 16)); /* zeros will do */
    start_message(b, &w, SIMAKA_REAUTHENTICATION);
    simaka_put_sealed(&w, NULL, b->keys.k_encr, b->vector.rand, &nested);
    if (result_ind)
        simaka_put_flag(&w, AT_RESULT_IND);
    send_mac(b, &w, span_of(NULL, 0));
}

START_TEST(counters)
{
    enum simaka_kind kind = (enum simaka_kind)_i;
    struct kit kit;
    struct bench b;
    uint8_t plain_text[EAP_MTU];
    struct simaka_message nested;

    kit_init(&kit, kind);
    kit_complete(&kit);
    kit.at_peer.counter = 10;
    for (unsigned counter = 8; counter < 13; counter++) {
        reauthenticate(&b, &kit, (uint16_t)counter, false);
        expect_subtype(&b, SIMAKA_REAUTHENTICATION);
        ck_assert(simaka_mac_ok(kind, &b.heard, NULL, b.keys.k_aut, span_of(b.vector.rand, 16)));
        ck_assert(
            simaka_open(kind, &b.heard, EAP_RESPONSE, NULL, b.keys.k_encr, plain_text, &nested));
        ck_assert_int_eq(simaka_number(&nested, AT_COUNTER), counter);
        ck_assert_int_eq(simaka_has(&nested, AT_COUNTER_TOO_SMALL), counter < 10);
        succeed(&b);
        ck_assert_int_eq(proto_of(&b)->status, counter < 10 ? PROTO_RUNNING : PROTO_DONE);
        if (counter >= 10)
            ck_assert_int_eq(b.kit.at_peer.counter, counter + 1);
        end(&b);
    }
    /* A notification has the same counter, and so has its answer. */
    for (int counter = -1; counter < 13; counter++) {
        reauthenticate(&b, &kit, 11, true);
        notify(&b, 32768, true, counter);
        if (counter != 11) {
            expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_NOT_FRESH);
            continue;
        }
        expect_subtype(&b, SIMAKA_NOTIFICATION);
        ck_assert(
            simaka_open(kind, &b.heard, EAP_RESPONSE, NULL, b.keys.k_encr, plain_text, &nested));
        ck_assert_int_eq(simaka_number(&nested, AT_COUNTER), 11);
        end(&b);
    }
    /* Once it was refused, it is not tried again. */
    reauthenticate(&b, &kit, 1, false);
    {
        struct simaka_writer w;

        start_message(&b, &w, SIMAKA_REAUTHENTICATION);
        simaka_put(&w, AT_IV, span_of(b.nonce_mt, 16));
        simaka_put(&w, AT_ENCR_DATA, span_of(b.nonce_mt, 16));
        send_mac(&b, &w, span_of(NULL, 0));
    }
    expect_refusal(&b, CLIENT_ERROR_UNABLE, REASON_EAP_MALFORMED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eap_simaka_peer_more");
    TCase *t = tcase_create("peer");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    suite_add_tcase(suite, t);
    tcase_add_test(t, kdf_negotiated);
    tcase_add_test(t, kdf_refused);
    tcase_add_loop_test(t, resynchronised_twice, 0, 2);
    tcase_add_loop_test(t, notifications, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, counters, 0, SIMAKA_KINDS);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
