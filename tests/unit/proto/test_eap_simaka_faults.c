/* EAP-SIM, EAP-AKA and EAP-AKA' when something is wrong: on the way, in the home network, in the
 * UICC. What only crafted messages show is in test_eap_simaka_peer.c and _server.c. */
#include "crypto/entity.h"
#include "tests/unit/proto/simaka_kit.h"

static enum simaka_kind kind_of(int i)
{
    return (enum simaka_kind)(i % SIMAKA_KINDS);
}

/* ---- all that can happen on the way ---- */

/* Each run begins with the same state. */
struct fault_case {
    struct kit template, work;
};

static void make(void *arg, struct eap_rig_settings *s)
{
    struct fault_case *c = arg;

    c->work = c->template;
    kit_make(&c->work, s);
}

/* Which of four sessions: plain; with everything; a fast re-authentication; the same with result
 * indications and the identity within the method. */
#define CASES (4 * SIMAKA_KINDS)

static void case_init(struct fault_case *c, int i)
{
    int which = i / SIMAKA_KINDS;

    kit_init(&c->template, kind_of(i));
    if (which >= 2)
        kit_complete(&c->template);
    c->template.result_indications = c->template.method_identity = which % 2 == 1;
}

START_TEST(every_fault)
{
    struct fault_case c;

    case_init(&c, _i);
    eap_rig_every_fault(make, NULL, &c, 1);
}
END_TEST

/* Changes octet `at` of each datagram whose turn it is. */
struct change {
    int from;
    unsigned index;
    size_t at, length;
    uint8_t with;
};

static void tamper(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    struct change *c = arg;

    if (from != c->from || index != c->index)
        return;
    c->length = *n;
    if (c->at < *n)
        octets[c->at] ^= c->with;
}

static struct eap_rig run_change(struct fault_case *c, struct change *change)
{
    struct pair_script script = pair_clean();
    struct eap_rig r;

    eap_rig_init(&r, make, c);
    script.tamper = tamper;
    script.tamper_arg = change;
    ck_assert_int_eq(eap_rig_run(&r, script), PAIR_ENDED);
    eap_rig_check(&r);
    return r;
}

/* The value of AT_MAC is zeroed before the sum (RFC 4187 10.15): its reserved octets may be
 * anything. */
static bool is_blind_spot(struct span packet, size_t at)
{
    for (size_t i = 8; i + 4 <= packet.n; i += (size_t)packet.p[i + 1] * 4)
        if (packet.p[i] == 11 && (at == i + 2 || at == i + 3))
            return true;
    return false;
}

/* No octet behind the type of a message that a MAC or AT_CHECKCODE covers can be changed so that
 * both still succeed. SIM has no AT_CHECKCODE, and after the protected success the server goes on
 * whatever the answer (RFC 4187 6.2). */
START_TEST(every_octet_counts)
{
    struct fault_case c;
    struct eap_rig clean, r;
    size_t refused = 0, blind = 0;

    case_init(&c, _i);
    eap_rig_init(&clean, make, &c);
    ck_assert_int_eq(eap_rig_run(&clean, pair_clean()), PAIR_ENDED);
    for (int side = 0; side < 2; side++) {
        struct span sent = buf_span(&clean.pair.side[side].sent);
        size_t begin = 0;

        for (unsigned i = 0; begin < sent.n; i++) {
            struct span packet =
                span_of(sent.p + begin, (size_t)(sent.p[begin + 2] << 8 | sent.p[begin + 3]));
            struct change change = {.from = side, .index = i, .at = 5, .with = 0x20};
            bool covered = packet.n > 5 && packet.p[4] != EAP_IDENTITY &&
                           packet.p[5] != SIM_START &&
                           (packet.p[5] != SIMAKA_NOTIFICATION || side == 1);

            begin += packet.n;
            for (; covered && change.at < packet.n; change.at++) {
                bool is_blind = is_blind_spot(packet, change.at);

                r = run_change(&c, &change);
                ck_assert_msg(eap_rig_is_complete(&r) == is_blind,
                              "side %d, datagram %u (subtype %u), octet %zu: peer %s, server %s",
                              side, i, packet.p[5], change.at,
                              reason_text(eap_rig_proto(&r, 0)->reason),
                              reason_text(eap_rig_proto(&r, 1)->reason));
                refused += !is_blind;
                blind += is_blind;
                eap_rig_release(&r);
            }
        }
    }
    ck_assert_uint_gt(refused, 100);
    ck_assert_uint_lt(blind, 30);
    eap_rig_release(&clean);
}
END_TEST

/* ---- the home network ---- */

START_TEST(wrong_key)
{
    struct kit k;

    kit_init(&k, kind_of(_i));
    k.wrong_key = true;
    if (k.kind == SIMAKA_SIM)
        kit_fails(&k, REASON_EAP_MAC, REASON_EAP_CLIENT_ERROR);
    else
        kit_fails(&k, REASON_AKA_AUTN, REASON_AKA_AUTN);
    ck_assert_str_eq(k.at_peer.identity, "");
}
END_TEST

START_TEST(wrong_res)
{
    struct kit k;
    struct eap_rig r;

    kit_init(&k, kind_of(_i));
    if (k.kind == SIMAKA_SIM)
        return;
    k.damaged_vector = true;
    kit_run(&k, &r, pair_clean());
    ck_assert_int_eq(eap_rig_proto(&r, 0)->reason, REASON_EAP_FAILURE);
    ck_assert_int_eq(eap_rig_proto(&r, 1)->reason, REASON_AKA_RES);
    kit_says(&r, 0, "EAP-Response/Identity\nAKA-Challenge\nNotification\n");
    ck_assert_str_eq(k.at_peer.pseudonym, ""); /* given back */
    eap_rig_release(&r);
}
END_TEST

START_TEST(bad_triplets)
{
    struct kit k;

    kit_init(&k, SIMAKA_SIM);
    k.triplets = 2;
    k.fast_reauth = false;
    kit_complete(&k);
    k.triplets = 1;
    kit_fails(&k, REASON_EAP_FAILURE, REASON_EAP_NOT_FRESH);
    k.triplets = 3;
    k.same_rands = true;
    kit_fails(&k, REASON_EAP_FAILURE, REASON_EAP_NOT_FRESH);
    k.same_rands = false;
    kit_complete(&k);
}
END_TEST

/* ---- sequence numbers ---- */

START_TEST(resynchronised)
{
    struct kit k;
    struct eap_rig r;

    kit_init(&k, kind_of(_i));
    if (k.kind == SIMAKA_SIM)
        return;
    k.fast_reauth = false;
    kit_complete(&k);
    k.auc.seq = 3; /* the AuC was restored from a backup: the UICC has seen more */
    k.auc.ind = 0;
    kit_run(&k, &r, pair_clean());
    ck_assert(eap_rig_is_complete(&r));
    ck_assert_uint_eq(k.asked[EAP_QUERY_RESYNC], 1);
    kit_says(&r, 0, "EAP-Response/Identity\nAKA-Synchronization-Failure\nAKA-Challenge\n");
    eap_rig_release(&r);
    kit_complete(&k);
    ck_assert_uint_eq(k.asked[EAP_QUERY_RESYNC], 0);
    /* As far ahead as no jump may be (TS 33.102 C.2.1). */
    k.auc.seq += UINT64_C(1) << 30;
    kit_complete(&k);
    ck_assert_uint_eq(k.asked[EAP_QUERY_RESYNC], 1);
}
END_TEST

/* A node that does not heed AUTS: one retry, then it is over. */
static void answer_stubbornly(void *arg, const struct eap_query *q, struct eap_answer *a)
{
    struct kit *k = arg;
    struct eap_query plain = *q;

    if (q->kind == EAP_QUERY_RESYNC) {
        k->asked[EAP_QUERY_RESYNC]++;
        plain.kind = EAP_QUERY_UMTS;
    }
    k->auc.seq = 3;
    k->auc.ind = 0;
    kit_answer(k, &plain, a);
}

START_TEST(never_in_step)
{
    struct kit k;
    struct eap_rig r;

    kit_init(&k, kind_of(_i));
    if (k.kind == SIMAKA_SIM)
        return;
    k.fast_reauth = false;
    kit_complete(&k);
    eap_rig_init(&r, kit_make, &k);
    r.settings.answer = answer_stubbornly;
    ck_assert_int_eq(eap_rig_run(&r, pair_clean()), PAIR_ENDED);
    eap_rig_check(&r);
    ck_assert_int_eq(eap_rig_proto(&r, 0)->reason, REASON_EAP_FAILURE);
    ck_assert_int_eq(eap_rig_proto(&r, 1)->reason, REASON_AKA_SYNC);
    ck_assert_uint_eq(k.asked[EAP_QUERY_RESYNC], 1);
    kit_says(&r, 0,
             "EAP-Response/Identity\nAKA-Synchronization-Failure\nAKA-Synchronization-Failure\n"
             "Notification\n");
    eap_rig_release(&r);
}
END_TEST

START_TEST(altered_auts)
{
    struct fault_case c;
    struct eap_rig r;

    kit_init(&c.template, kind_of(_i));
    if (c.template.kind == SIMAKA_SIM)
        return;
    c.template.fast_reauth = false;
    kit_complete(&c.template);
    c.template.auc.seq = 3;
    c.template.auc.ind = 0;
    for (size_t at = 10; at < 24; at++) { /* the AUTS */
        struct change change = {.from = 0, .index = 1, .at = at, .with = 1};

        r = run_change(&c, &change);
        ck_assert_int_eq(eap_rig_proto(&r, 1)->reason, REASON_AKA_SYNC);
        ck_assert_int_eq(eap_rig_proto(&r, 0)->reason, REASON_EAP_FAILURE);
        eap_rig_release(&r);
    }
}
END_TEST

/* A recorded challenge, played again: the UICC has seen its number. */
struct replayer {
    struct kit *kit;
    struct umts_vector first;
    bool has_first;
};

static void replay_vector(void *arg, const struct eap_query *q, struct eap_answer *a)
{
    struct replayer *r = arg;

    if (q->kind == EAP_QUERY_UMTS && r->has_first) {
        a->reason = REASON_NONE;
        a->vector = r->first;
        return;
    }
    kit_answer(r->kit, q, a);
    if (q->kind == EAP_QUERY_UMTS) {
        r->first = a->vector;
        r->has_first = true;
    }
}

START_TEST(replayed_challenge)
{
    struct kit k;
    struct eap_rig r;
    struct replayer replayer = {.has_first = false};

    kit_init(&k, kind_of(_i));
    if (k.kind == SIMAKA_SIM)
        return;
    k.fast_reauth = false;
    replayer.kit = &k;
    for (int i = 0; i < 2; i++) {
        k.seed++;
        eap_rig_init(&r, kit_make, &k);
        r.settings.answer = replay_vector;
        r.settings.answer_arg = &replayer;
        ck_assert_int_eq(eap_rig_run(&r, pair_clean()), PAIR_ENDED);
        ck_assert(eap_rig_is_complete(&r));
        ck_assert_uint_eq(k.asked[EAP_QUERY_RESYNC], (unsigned)i);
        k.at_node = *eap_server_reauth(r.server);
        eap_rig_release(&r);
    }
}
END_TEST

/* ---- AKA' ---- */

START_TEST(network_name)
{
    static const struct {
        const char *of_peer, *of_server;
        bool match;
    } cases[] = {
        {NULL, "WLAN", true},        {"", "WLAN", true},
        {"WLAN", "WLAN", true},      {"WLAN", "WLAN:ssid", true},
        {"WLAN:ssid", "WLAN", true}, {"WLAN:a", "WLAN:b", false},
        {"WLAN", "WLANX", false},    {"WLANX", "WLAN", false},
        {"HRPD", "WLAN", false},     {"wlan", "WLAN", false},
        {"WLAN:", "WLAN", true},     {"5G:mnc015.mcc234", "5G:mnc015.mcc234", true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kit k;
        struct eap_rig r;

        kit_init(&k, SIMAKA_AKA_PRIME);
        k.peer_network = cases[i].of_peer;
        k.server_network = cases[i].of_server;
        kit_run(&k, &r, pair_clean());
        ck_assert_msg(eap_rig_is_complete(&r) == cases[i].match, "case %zu", i);
        if (!cases[i].match) {
            ck_assert_int_eq(eap_rig_proto(&r, 0)->reason, REASON_AKA_NETWORK);
            ck_assert_int_eq(eap_rig_proto(&r, 1)->reason, REASON_AKA_AUTN);
            kit_says(&r, 0, "EAP-Response/Identity\nAKA-Authentication-Reject\n");
        }
        eap_rig_release(&r);
    }
}
END_TEST

START_TEST(separation_bit)
{
    struct kit k;

    kit_init(&k, SIMAKA_AKA);
    k.no_separation = true;
    kit_complete(&k);
    kit_init(&k, SIMAKA_AKA_PRIME);
    k.no_separation = true;
    kit_fails(&k, REASON_AKA_AUTN, REASON_AKA_AUTN);
}
END_TEST

/* Somebody wants AKA instead of AKA': the server's first request becomes one of a type that nobody
 * has, and of the peer's Nak only AKA is left. */
static void bid_down(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    (void)arg;
    if (from == 1 && index == 1)
        octets[4] = 99;
    if (from == 0 && index == 1)
        for (size_t i = 5; i < *n; i++)
            octets[i] = EAP_AKA;
}

START_TEST(bidding_down)
{
    for (int i = 0; i < 4; i++) {
        struct kit k;
        struct eap_rig r;
        struct pair_script script = pair_clean();
        bool peer_prefers_prime = i & 1, server_prefers_prime = i & 2;

        kit_init(&k, SIMAKA_AKA);
        k.peer_methods[!peer_prefers_prime] = &eap_method_aka_prime;
        k.peer_methods[peer_prefers_prime] = &eap_method_aka;
        k.server_methods[!server_prefers_prime] = &eap_method_aka_prime;
        k.server_methods[server_prefers_prime] = &eap_method_aka;
        k.peer_method_count = k.server_method_count = 2;
        script.tamper = server_prefers_prime ? bid_down : NULL;
        kit_run(&k, &r, script);
        if (peer_prefers_prime && server_prefers_prime) {
            ck_assert_int_eq(eap_rig_proto(&r, 0)->reason, REASON_EAP_BIDDING);
            ck_assert_int_eq(eap_rig_proto(&r, 1)->reason, REASON_AKA_AUTN);
        } else {
            ck_assert(eap_rig_is_complete(&r));
        }
        ck_assert_ptr_eq(eap_peer_method(r.peer), &eap_method_aka);
        eap_rig_release(&r);
    }
}
END_TEST

START_TEST(half_that_lacks_something)
{
    struct eap_peer_settings peer = {.identity = "x"};
    struct eap_server_settings server = {.pseudonyms = true};
    struct eap_peer_context pc = {.settings = &peer};
    struct eap_server_context sc = {.settings = &server};
    const struct eap_method *m = kit_method(kind_of(_i));

    ck_assert_ptr_null(m->peer->peer(NULL, &pc)); /* no UICC */
    if (m == &eap_method_aka_prime)
        ck_assert_ptr_null(m->server->server(NULL, &sc)); /* no network's name */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eap_simaka_faults");
    TCase *way = tcase_create("way"), *home = tcase_create("home");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    suite_add_tcase(suite, way);
    tcase_set_timeout(way, 240);
    tcase_add_loop_test(way, every_fault, 0, CASES);
    tcase_add_loop_test(way, every_octet_counts, 0, CASES);
    suite_add_tcase(suite, home);
    tcase_add_loop_test(home, wrong_key, 0, SIMAKA_KINDS);
    tcase_add_loop_test(home, wrong_res, 0, SIMAKA_KINDS);
    tcase_add_test(home, bad_triplets);
    tcase_add_loop_test(home, resynchronised, 0, SIMAKA_KINDS);
    tcase_add_loop_test(home, never_in_step, 0, SIMAKA_KINDS);
    tcase_add_loop_test(home, altered_auts, 0, SIMAKA_KINDS);
    tcase_add_loop_test(home, replayed_challenge, 0, SIMAKA_KINDS);
    tcase_add_test(home, network_name);
    tcase_add_test(home, separation_bit);
    tcase_add_test(home, bidding_down);
    tcase_add_loop_test(home, half_that_lacks_something, 0, SIMAKA_KINDS);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
