/* Whole sessions of EAP-SIM, EAP-AKA and EAP-AKA', peer against server, one after the other as a
 * subscriber's are. Each test runs for each of the three. */
#include "crypto/entity.h"
#include "tests/unit/proto/simaka_kit.h"

static enum simaka_kind kind_of(int i)
{
    return (enum simaka_kind)i;
}

START_TEST(full)
{
    struct kit k;
    struct eap_rig r;
    const struct eap_keys *keys;

    kit_init(&k, kind_of(_i));
    kit_run(&k, &r, pair_clean());
    ck_assert(eap_rig_is_complete(&r));
    keys = eap_peer_keys(r.peer);
    ck_assert_int_eq(keys->session_id[0], kit_method(k.kind)->type);
    ck_assert_uint_eq(keys->session_id_n, k.kind == SIMAKA_SIM ? 1 + 3 * 16 + 16 : 1 + 16 + 16);
    ck_assert_int_eq(memcmp(keys->msk, keys->emsk, EAP_KEY_LEN) != 0, 1);
    ck_assert_str_eq(eap_server_permanent(r.server), eap_peer_identity(r.peer));
    ck_assert_uint_eq(k.asked[EAP_QUERY_USER], 1);
    ck_assert_uint_eq(k.asked[EAP_QUERY_UMTS], k.kind != SIMAKA_SIM);
    ck_assert_uint_eq(k.asked[EAP_QUERY_GSM], k.kind == SIMAKA_SIM);
    kit_says(&r, 0,
             k.kind == SIMAKA_SIM ? "EAP-Response/Identity\nSIM-Start\nSIM-Challenge\n"
                                  : "EAP-Response/Identity\nAKA-Challenge\n");
    /* Both keep the same for the next time. */
    ck_assert_mem_eq(&k.at_peer.counter, &k.at_node.counter, sizeof(k.at_peer.counter));
    ck_assert_str_eq(k.at_peer.identity, k.at_node.identity);
    ck_assert_str_eq(k.at_peer.pseudonym, k.at_node.pseudonym);
    ck_assert_mem_eq(k.at_peer.mk, k.at_node.mk, sizeof(k.at_peer.mk));
    ck_assert_mem_eq(k.at_peer.k_aut, k.at_node.k_aut, sizeof(k.at_peer.k_aut));
    ck_assert_mem_eq(k.at_peer.k_re, k.at_node.k_re, sizeof(k.at_peer.k_re));
    ck_assert_int_eq(simaka_id_sort(k.kind, k.at_peer.identity), SIMAKA_REAUTH);
    ck_assert_int_eq(simaka_id_sort(k.kind, k.at_peer.pseudonym), SIMAKA_PSEUDONYM);
    ck_assert_str_eq(simaka_id_realm(k.at_peer.identity), "@home");
    ck_assert_str_eq(simaka_id_realm(k.at_peer.pseudonym), "@wlan.mnc015.mcc234.3gppnetwork.org");
    eap_rig_release(&r);
}
END_TEST

START_TEST(asked_within_the_method)
{
    struct kit k;
    struct eap_rig r;

    kit_init(&k, kind_of(_i));
    k.method_identity = true;
    kit_run(&k, &r, pair_clean());
    ck_assert(eap_rig_is_complete(&r));
    ck_assert_uint_eq(k.asked[EAP_QUERY_USER], 1); /* the same identity: known already */
    kit_says(&r, 0,
             k.kind == SIMAKA_SIM ? "EAP-Response/Identity\nSIM-Start\nSIM-Challenge\n"
                                  : "EAP-Response/Identity\nAKA-Identity\nAKA-Challenge\n");
    eap_rig_release(&r);
}
END_TEST

START_TEST(by_pseudonym)
{
    struct kit k;
    struct eap_rig r;
    char first[EAP_IDENTITY_MAX + 1];

    kit_init(&k, kind_of(_i));
    k.fast_reauth = false;
    kit_complete(&k);
    ck_assert_str_eq(k.at_peer.identity, "");
    strcpy(first, k.at_peer.pseudonym);
    kit_run(&k, &r, pair_clean());
    ck_assert(eap_rig_is_complete(&r));
    ck_assert_str_eq(eap_peer_identity(r.peer), first);
    ck_assert_str_eq(eap_server_identity(r.server), first);
    ck_assert_str_eq(eap_server_permanent(r.server), "0" KIT_IMSI "@home");
    /* A new one each time. */
    ck_assert_str_ne(k.at_peer.pseudonym, first);
    eap_rig_release(&r);
    /* The node lost it: the peer is asked for more, and tells its permanent identity. */
    memset(&k.at_node, 0, sizeof(k.at_node));
    kit_run(&k, &r, pair_clean());
    ck_assert(eap_rig_is_complete(&r));
    ck_assert_uint_eq(k.asked[EAP_QUERY_USER], 2);
    ck_assert_int_eq(simaka_id_sort(k.kind, eap_peer_identity(r.peer)), SIMAKA_PERMANENT);
    eap_rig_release(&r);
}
END_TEST

START_TEST(without_either)
{
    struct kit k;

    kit_init(&k, kind_of(_i));
    k.fast_reauth = k.pseudonyms = false;
    for (int i = 0; i < 2; i++) {
        k.method_identity = i == 1;
        kit_complete(&k);
        ck_assert_str_eq(k.at_peer.identity, "");
        ck_assert_str_eq(k.at_peer.pseudonym, "");
        ck_assert_int_eq(k.at_node.method, 0);
    }
    kit_init(&k, kind_of(_i));
    k.keeps_nothing = true;
    kit_complete(&k);
    kit_complete(&k);
}
END_TEST

/* ---- fast re-authentication ---- */

START_TEST(reauthentication)
{
    struct kit k;
    struct eap_rig r;
    struct eap_keys keys[4];
    char identity[EAP_IDENTITY_MAX + 1], pseudonym[EAP_IDENTITY_MAX + 1];

    kit_init(&k, kind_of(_i));
    kit_complete(&k);
    strcpy(pseudonym, k.at_peer.pseudonym);
    for (int i = 0; i < 4; i++) {
        k.method_identity = i % 2 == 1;
        ck_assert_int_eq(k.at_peer.counter, i + 1);
        strcpy(identity, k.at_peer.identity);
        kit_run(&k, &r, pair_clean());
        ck_assert(eap_rig_is_complete(&r));
        ck_assert_str_eq(eap_server_identity(r.server), identity);
        ck_assert_uint_eq(k.asked[EAP_QUERY_UMTS] + k.asked[EAP_QUERY_GSM], 0);
        kit_says(&r, 0,
                 i % 2 == 0 ? "EAP-Response/Identity\nReauthentication\n"
                 : k.kind == SIMAKA_SIM
                     ? "EAP-Response/Identity\nSIM-Start\nReauthentication\n"
                     : "EAP-Response/Identity\nAKA-Identity\nReauthentication\n");
        ck_assert_str_ne(k.at_peer.identity, identity);
        ck_assert_str_eq(k.at_peer.identity, k.at_node.identity);
        ck_assert_int_eq(k.at_node.counter, i + 2);
        ck_assert_str_eq(k.at_peer.pseudonym, pseudonym); /* stays */
        ck_assert_str_eq(k.at_node.pseudonym, pseudonym);
        keys[i] = *eap_peer_keys(r.peer);
        ck_assert_uint_eq(keys[i].session_id_n, 1 + 16 + 16);
        for (int j = 0; j < i; j++)
            ck_assert_mem_ne(keys[i].msk, keys[j].msk, EAP_KEY_LEN);
        eap_rig_release(&r);
    }
}
END_TEST

START_TEST(counter_too_small)
{
    struct kit k;
    struct eap_rig r;

    kit_init(&k, kind_of(_i));
    kit_complete(&k);
    k.at_peer.counter = 5; /* the node restored an old state */
    kit_run(&k, &r, pair_clean());
    ck_assert(eap_rig_is_complete(&r));
    kit_says(&r, 0,
             k.kind == SIMAKA_SIM
                 ? "EAP-Response/Identity\nReauthentication (counter too small)\nSIM-Start\n"
                   "SIM-Challenge\n"
                 : "EAP-Response/Identity\nReauthentication (counter too small)\nAKA-Challenge\n");
    /* The key is derived with the fast re-authentication identity (RFC 4187 5.5). */
    ck_assert_int_eq(simaka_id_sort(k.kind, eap_peer_identity(r.peer)), SIMAKA_REAUTH);
    ck_assert_int_eq(k.at_peer.counter, 1);
    ck_assert_str_eq(k.at_peer.identity, k.at_node.identity);
    eap_rig_release(&r);
    kit_complete(&k);
}
END_TEST

START_TEST(forgotten)
{
    struct kit k;
    struct eap_rig r;

    /* The node lost everything: full authentication with the permanent identity in the end. */
    kit_init(&k, kind_of(_i));
    kit_complete(&k);
    memset(&k.at_node, 0, sizeof(k.at_node));
    kit_run(&k, &r, pair_clean());
    ck_assert(eap_rig_is_complete(&r));
    kit_says(&r, 0,
             k.kind == SIMAKA_SIM
                 ? "EAP-Response/Identity\nSIM-Start\nSIM-Start\nSIM-Challenge\n"
                 : "EAP-Response/Identity\nAKA-Identity\nAKA-Identity\nAKA-Challenge\n");
    eap_rig_release(&r);
    /* The three rounds that there may be. */
    memset(&k.at_node, 0, sizeof(k.at_node));
    k.method_identity = true;
    kit_run(&k, &r, pair_clean());
    ck_assert(eap_rig_is_complete(&r));
    kit_says(&r, 0,
             k.kind == SIMAKA_SIM
                 ? "EAP-Response/Identity\nSIM-Start\nSIM-Start\nSIM-Start\nSIM-Challenge\n"
                 : "EAP-Response/Identity\nAKA-Identity\nAKA-Identity\nAKA-Identity\n"
                   "AKA-Challenge\n");
    eap_rig_release(&r);
    /* The server does not want to be brief any more, yet knows who it is. */
    k.method_identity = false;
    k.fast_reauth = false;
    kit_run(&k, &r, pair_clean());
    ck_assert(eap_rig_is_complete(&r));
    kit_says(&r, 0,
             k.kind == SIMAKA_SIM ? "EAP-Response/Identity\nSIM-Start\nSIM-Challenge\n"
                                  : "EAP-Response/Identity\nAKA-Challenge\n");
    ck_assert_int_eq(simaka_id_sort(k.kind, eap_peer_identity(r.peer)), SIMAKA_REAUTH);
    ck_assert_str_eq(k.at_peer.identity, "");
    eap_rig_release(&r);
}
END_TEST

START_TEST(limit_of_reauthentications)
{
    struct kit k;

    kit_init(&k, kind_of(_i));
    kit_complete(&k);
    k.at_peer.counter = k.at_node.counter = SIMAKA_MAX_REAUTHS - 1;
    kit_complete(&k);
    ck_assert_str_ne(k.at_peer.identity, "");
    kit_complete(&k); /* the last one hands out none */
    ck_assert_uint_eq(k.asked[EAP_QUERY_UMTS] + k.asked[EAP_QUERY_GSM], 0);
    ck_assert_str_eq(k.at_peer.identity, "");
    kit_complete(&k);
    ck_assert_uint_eq(k.asked[EAP_QUERY_UMTS] + k.asked[EAP_QUERY_GSM], 1);
    ck_assert_int_eq(k.at_peer.counter, 1);
}
END_TEST

/* ---- result indications and notifications ---- */

START_TEST(protected_success)
{
    struct kit k;
    struct eap_rig r;

    kit_init(&k, kind_of(_i));
    k.result_indications = true;
    kit_run(&k, &r, pair_clean());
    ck_assert(eap_rig_is_complete(&r));
    kit_says(&r, 0,
             k.kind == SIMAKA_SIM
                 ? "EAP-Response/Identity\nSIM-Start\nSIM-Challenge\nNotification\n"
                 : "EAP-Response/Identity\nAKA-Challenge\nNotification\n");
    eap_rig_release(&r);
    kit_run(&k, &r, pair_clean());
    ck_assert(eap_rig_is_complete(&r));
    kit_says(&r, 0, "EAP-Response/Identity\nReauthentication\nNotification\n");
    eap_rig_release(&r);
}
END_TEST

START_TEST(told_of_a_verdict)
{
    static const enum reason verdicts[] = {REASON_EAP_NOT_SUBSCRIBED, REASON_EAP_DENIED};
    struct kit k;
    char pseudonym[EAP_IDENTITY_MAX + 1];

    for (int i = 0; i < 4; i++) {
        enum reason verdict = verdicts[i % 2];

        kit_init(&k, kind_of(_i));
        k.result_indications = i >= 2;
        k.verdict = verdict;
        kit_fails(&k, verdict, verdict);
        /* Told in a fast re-authentication, with its counter. */
        k.verdict = REASON_NONE;
        kit_complete(&k);
        strcpy(pseudonym, k.at_peer.pseudonym);
        k.verdict = verdict;
        kit_fails(&k, verdict, verdict);
        /* What was handed out in vain is given back; a re-authentication identity is used up. */
        ck_assert_str_eq(k.at_peer.pseudonym, pseudonym);
        ck_assert_str_eq(k.at_peer.identity, "");
        /* Another verdict is a general failure to the peer. */
        k.verdict = REASON_FORBIDDEN;
        kit_fails(&k, REASON_EAP_FAILURE, REASON_FORBIDDEN);
        k.verdict = REASON_NONE;
        kit_complete(&k);
    }
}
END_TEST

START_TEST(node_refuses)
{
    struct kit k;

    kit_init(&k, kind_of(_i));
    k.refusal = REASON_EAP_NOT_SUBSCRIBED;
    /* Before authentication the peer is told of a general failure only (P bit). */
    kit_fails(&k, REASON_EAP_FAILURE, REASON_EAP_NOT_SUBSCRIBED);
    k.identity = "nobody@home";
    k.refusal = REASON_NONE;
    kit_complete(&k);
    k.identity = NULL;
    kit_complete(&k);
}
END_TEST

/* An identity that tells nothing, and a node that does not know it either. */
START_TEST(unknown_identity)
{
    struct kit k;
    struct eap_rig r;
    struct eap_rig_user user = {"nobody@home", {.method_count = 1}};

    kit_init(&k, kind_of(_i));
    k.identity = "nobody@home";
    user.answer.methods[0] = kit_method(k.kind);
    eap_rig_init(&r, kit_make, &k);
    r.settings.users = &user;
    r.settings.user_count = 1;
    ck_assert_int_eq(eap_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_int_eq(eap_rig_proto(&r, 0)->reason, REASON_EAP_FAILURE);
    ck_assert_int_eq(eap_rig_proto(&r, 1)->reason, REASON_EAP_IDENTITY);
    ck_assert_uint_eq(k.asked[EAP_QUERY_UMTS] + k.asked[EAP_QUERY_GSM], 0);
    kit_says(&r, 0,
             k.kind == SIMAKA_SIM
                 ? "EAP-Response/Identity\nSIM-Start\nSIM-Start\nSIM-Start\nNotification\n"
                 : "EAP-Response/Identity\nAKA-Identity\nAKA-Identity\nAKA-Identity\n"
                   "Notification\n");
    eap_rig_release(&r);
}
END_TEST

START_TEST(slow_node)
{
    struct kit k;

    kit_init(&k, kind_of(_i));
    k.answer_after = 3 * SIM_S;
    kit_complete(&k);
    kit_complete(&k);
}
END_TEST

/* ---- several methods ---- */

START_TEST(negotiated)
{
    struct kit k;
    struct eap_rig r;

    /* The server would rather have another; the identity of Request/Identity was for that. */
    kit_init(&k, kind_of(_i));
    k.server_methods[0] = kit_method(kind_of((_i + 1) % SIMAKA_KINDS));
    k.server_methods[1] = kit_method(k.kind);
    k.server_method_count = 2;
    kit_run(&k, &r, pair_clean());
    ck_assert(eap_rig_is_complete(&r));
    ck_assert_ptr_eq(eap_peer_method(r.peer), kit_method(k.kind));
    eap_rig_release(&r);
    /* The peer takes what is proposed, and names itself as the method has it. */
    k.peer_methods[0] = kit_method(k.kind);
    k.peer_methods[1] = k.server_methods[0];
    k.peer_method_count = 2;
    kit_run(&k, &r, pair_clean());
    ck_assert(eap_rig_is_complete(&r));
    ck_assert_ptr_eq(eap_peer_method(r.peer), k.server_methods[0]);
    eap_rig_release(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eap_simaka");
    TCase *t = tcase_create("sessions");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    suite_add_tcase(suite, t);
    tcase_add_loop_test(t, full, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, asked_within_the_method, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, by_pseudonym, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, without_either, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, reauthentication, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, counter_too_small, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, forgotten, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, limit_of_reauthentications, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, protected_success, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, told_of_a_verdict, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, node_refuses, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, unknown_identity, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, slow_node, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, negotiated, 0, SIMAKA_KINDS);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
