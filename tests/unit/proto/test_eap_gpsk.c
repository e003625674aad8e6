/* EAP-GPSK: vectors and recorded exchanges, whole conversations, identities and suites. */
#include "crypto/entity.h"
#include "eap_halves.h"
#include "models/proto/eap_gpsk_impl.h"
#include "tests/support/eap_rig.h"
#include "tests/support/vectors.h"

static const char psk[33] = "abcdefghijklmnop0123456789abcdef";

#define PSK ((const uint8_t *)psk)

/* ---- vectors ---- */

static void set_text(struct gpsk_text *t, const char *text)
{
    ck_assert(gpsk_text_set(t, span_str(text)));
}

static const char *const key_vectors[] = {"hostap-GPSK-cs1", "hostap-GPSK-cs2", "kdf-cs1",
                                          "kdf-cs2"};

START_TEST(keys)
{
    struct vectors *v = vectors_read("eap_gpsk.txt");
    size_t i = vectors_find(v, key_vectors[_i]);
    struct meter m = {0};
    struct proto_env env = {.meter = &m};
    struct gpsk g = {.half = {.env = &env}};
    uint8_t key[32], known[64];
    size_t ks;

    if (vectors_text(v, i, "PSK_ascii"))
        memcpy(key, vectors_text(v, i, "PSK_ascii"), 32);
    else
        ck_assert_uint_eq(vectors_hex(v, i, "PSK", key, 32), 32);
    set_text(&g.id_peer, vectors_text(v, i, "ID_Peer_ascii"));
    set_text(&g.id_server, vectors_text(v, i, "ID_Server_ascii"));
    vectors_hex(v, i, "RAND_Peer", g.rand_peer, GPSK_RAND);
    vectors_hex(v, i, "RAND_Server", g.rand_server, GPSK_RAND);
    vectors_hex(v, i, "CSuite_Sel", g.csuite_sel, GPSK_SUITE);
    ck_assert(gpsk_suite_of(g.csuite_sel, &g.suite));
    gpsk_derive(&g, key);
    ck_assert_uint_eq(vectors_hex(v, i, "MSK", known, 64), 64);
    ck_assert_mem_eq(g.half.keys.msk, known, 64);
    vectors_hex(v, i, "EMSK", known, 64);
    ck_assert_mem_eq(g.half.keys.emsk, known, 64);
    ks = vectors_hex(v, i, "SK", known, 32);
    ck_assert_uint_eq(ks, gpsk_mac_len(&g));
    ck_assert_mem_eq(g.sk, known, ks);
    if (vectors_text(v, i, "PK")) {
        vectors_hex(v, i, "PK", known, 16);
        ck_assert_mem_eq(g.pk, known, 16);
    }
    ck_assert_uint_eq(g.half.keys.session_id_n, 17);
    ck_assert_uint_eq(g.half.keys.session_id[0], 51);
    vectors_hex(v, i, "Method_ID", known, 16);
    ck_assert_mem_eq(g.half.keys.session_id + 1, known, 16);
    ck_assert(!g.half.keys.present);
    /* MK, ten or five blocks of keys, Method-ID */
    ck_assert_uint_eq(m.use[ks == 16 ? OP_CMAC_AES128 : OP_HMAC_SHA256].calls, ks == 16 ? 12 : 7);
    vectors_free(v);
}
END_TEST

static struct gpsk *gpsk_of(struct eap_half *h)
{
    return (struct gpsk *)h;
}

static void check_packet(const struct vectors *v, size_t i, const char *key, struct span got)
{
    uint8_t known[512];
    size_t n = vectors_hex(v, i, key, known, sizeof(known));

    ck_assert_uint_eq(got.n, n);
    ck_assert_mem_eq(got.p, known, n);
}

static void check_key(const struct vectors *v, size_t i, const struct eap_half *h)
{
    uint8_t known[64];

    ck_assert_int_eq(h->state, EAP_HALF_DONE);
    ck_assert(h->keys.present);
    vectors_hex(v, i, "MSK", known, 64);
    ck_assert_mem_eq(h->keys.msk, known, 64);
    vectors_hex(v, i, "EMSK", known, 64);
    ck_assert_mem_eq(h->keys.emsk, known, 64);
}

/* hostapd against eapol_test, octet for octet, each side being ours in turn. */
START_TEST(recorded_exchange)
{
    struct vectors *v = vectors_read("eap_gpsk.txt");
    size_t i = vectors_find(v, key_vectors[_i]);
    struct halves h;
    uint8_t id;

    halves_init(&h, vectors_text(v, i, "ID_Peer_ascii"), vectors_text(v, i, "ID_Server_ascii"),
                PSK);
    h.peer_settings.credentials.gpsk_suite = (unsigned)_i + 1;
    halves_make(&h, &eap_method_gpsk);
    vectors_hex(v, i, "RAND_Peer", gpsk_of(h.peer)->rand_peer, GPSK_RAND);
    vectors_hex(v, i, "RAND_Server", gpsk_of(h.server)->rand_server, GPSK_RAND);
    id = _i == 0 ? 0x54 : 0xaf;
    check_packet(v, i, "pkt2_server", builds(&h, h.server, id));
    ck_assert(takes(h.peer, buf_span(&h.packet)));
    check_packet(v, i, "pkt3_peer", builds(&h, h.peer, id));
    ck_assert(takes(h.server, buf_span(&h.packet)));
    id++;
    check_packet(v, i, "pkt4_server", builds(&h, h.server, id));
    ck_assert(takes(h.peer, buf_span(&h.packet)));
    check_packet(v, i, "pkt5_peer", builds(&h, h.peer, id));
    ck_assert(takes(h.server, buf_span(&h.packet)));
    check_key(v, i, h.peer);
    check_key(v, i, h.server);
    ck_assert(same_keys(&h));
    ck_assert_uint_eq(builds(&h, h.server, id).n, 0);
    halves_release(&h);
    vectors_free(v);
}
END_TEST

/* ---- whole conversations ---- */

static const struct eap_method *const methods[] = {&eap_method_gpsk};
static struct eap_rig_user users[2];

static void make(void *arg, struct eap_rig_settings *s)
{
    const unsigned *suite = arg;

    users[0] =
        (struct eap_rig_user){"device-1@m2m.example",
                              {.methods = {&eap_method_gpsk}, .method_count = 1, .has_psk = true}};
    memcpy(users[0].answer.psk, psk, 32);
    users[1] = users[0];
    users[1].identity = "inner@m2m.example";
    memset(users[1].answer.psk, 0x77, 32);
    s->users = users;
    s->user_count = 2;
    s->server.server_id = "mas.m2m.example";
    s->peer.identity = "device-1@m2m.example";
    s->peer.methods = methods;
    s->peer.method_count = 1;
    s->peer.credentials.has_psk = true;
    s->peer.credentials.psk_slot = SE_KMR;
    s->peer.credentials.gpsk_suite = suite ? *suite : 0;
}

static void prepare(void *arg, struct eap_rig *r)
{
    (void)arg;
    se_put(&r->pair.side[0].se, SE_KMR, PSK);
}

START_TEST(clean)
{
    unsigned suite = (unsigned)_i;
    struct eap_rig r;

    eap_rig_init(&r, make, &suite);
    prepare(NULL, &r);
    ck_assert_int_eq(eap_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert(eap_rig_is_complete(&r));
    ck_assert_uint_eq(r.pair.side[0].outputs, 3); /* Identity, GPSK-2, GPSK-4 */
    ck_assert_uint_eq(eap_peer_keys(r.peer)->session_id[0], EAP_GPSK);
    /* without a wish the stronger suite */
    ck_assert_int_eq(r.pair.side[0].meter.use[OP_HMAC_SHA256].calls > 0, suite != 1);
    ck_assert_int_eq(r.pair.side[0].meter.use[OP_CMAC_AES128].calls > 0, suite == 1);
    ck_assert_str_eq(eap_server_permanent(r.server), "device-1@m2m.example");
    eap_rig_release(&r);
}
END_TEST

START_TEST(every_fault)
{
    unsigned suite = (unsigned)_i;

    eap_rig_every_fault(make, prepare, &suite, 1);
}
END_TEST

static void prepare_wrong(void *arg, struct eap_rig *r)
{
    uint8_t other[32];

    (void)arg;
    memcpy(other, psk, 32);
    other[31] ^= 1; /* of suite 1's key only its length and the whole go into MK: it must show */
    se_put(&r->pair.side[0].se, SE_KMR, other);
}

START_TEST(wrong_key)
{
    unsigned suite = (unsigned)_i;
    struct eap_rig r;

    eap_rig_init(&r, make, &suite);
    prepare_wrong(NULL, &r);
    ck_assert_int_eq(eap_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_int_eq(eap_rig_proto(&r, 0)->reason, REASON_EAP_MAC);
    ck_assert_int_eq(eap_rig_proto(&r, 1)->reason, REASON_EAP_MAC);
    /* Identity, GPSK-2, GPSK-Fail */
    ck_assert_uint_eq(r.pair.side[0].outputs, 3);
    eap_rig_check(&r);
    eap_rig_release(&r);
}
END_TEST

/* ---- identities ---- */

START_TEST(anonymous_outside)
{
    struct eap_answer a = {.has_psk = true, .permanent = "the device"};
    struct halves h;

    halves_init(&h, "device-1", "mas", PSK);
    snprintf(h.identity, sizeof(h.identity), "anonymous");
    memset(h.user.psk, 0, 32);
    halves_make(&h, &eap_method_gpsk);
    ck_assert(passes(&h, h.server, 1));
    ck_assert(passes(&h, h.peer, 1));
    ck_assert_str_eq(h.server->query.identity, "device-1");
    ck_assert_str_eq(h.identity, "device-1");
    memcpy(a.psk, psk, 32);
    answers(&h, &a);
    ck_assert(passes(&h, h.server, 2));
    ck_assert(passes(&h, h.peer, 2));
    ck_assert(same_keys(&h));
    halves_release(&h);
}
END_TEST

static const struct {
    struct eap_answer answer;
    enum reason server, peer;
} refusals[] = {
    {{.reason = REASON_EAP_IDENTITY}, REASON_EAP_IDENTITY, REASON_EAP_IDENTITY},
    {{.reason = REASON_NONE}, REASON_EAP_IDENTITY, REASON_EAP_IDENTITY}, /* known, without a key */
    {{.has_psk = true}, REASON_EAP_MAC, REASON_EAP_MAC},                 /* with another one */
    {{.has_psk = true, .verdict = REASON_EAP_DENIED, .psk = "abcdefghijklmnop0123456789abcdef"},
     REASON_EAP_DENIED,
     REASON_FORBIDDEN},
};

/* GPSK-Fail and GPSK-Protected-Fail, said back by the peer. */
START_TEST(refused_by_its_node)
{
    struct halves h;
    uint8_t fail[64];
    size_t n;

    halves_init(&h, "device-1", "mas", PSK);
    snprintf(h.identity, sizeof(h.identity), "anonymous");
    halves_make(&h, &eap_method_gpsk);
    ck_assert(passes(&h, h.server, 1));
    ck_assert(passes(&h, h.peer, 1));
    answers(&h, &refusals[_i].answer);
    ck_assert_int_eq(h.server->state, EAP_HALF_FAILED);
    ck_assert_int_eq(h.server->reason, refusals[_i].server);
    n = builds(&h, h.server, 2).n;
    ck_assert_uint_eq(n, _i == 3 ? 10 + 32 : 10);
    memcpy(fail, buf_span(&h.packet).p, n);
    ck_assert_uint_eq(fail[5], _i == 3 ? GPSK_PROTECTED_FAIL : GPSK_FAIL);
    ck_assert_uint_eq(fail[9], _i == 3 ? 3 : _i == 2 ? 2 : 1);
    ck_assert(takes(h.peer, span_of(fail, n)));
    ck_assert_int_eq(h.peer->state, EAP_HALF_FAILED);
    ck_assert_int_eq(h.peer->reason, refusals[_i].peer);
    ck_assert_uint_eq(builds(&h, h.peer, 2).n, n);
    fail[0] = EAP_RESPONSE;
    ck_assert_mem_eq(buf_span(&h.packet).p, fail, n);
    halves_release(&h);
}
END_TEST

START_TEST(known_by_name_but_without_a_key)
{
    struct halves h;

    halves_init(&h, "device-1", "mas", PSK);
    h.user.has_psk = false;
    halves_make(&h, &eap_method_gpsk);
    ck_assert(passes(&h, h.server, 1));
    ck_assert(passes(&h, h.peer, 1));
    ck_assert_int_eq(h.server->reason, REASON_EAP_IDENTITY);
    ck_assert(passes(&h, h.server, 2));
    ck_assert_int_eq(h.peer->reason, REASON_EAP_IDENTITY);
    halves_release(&h);
}
END_TEST

START_TEST(peers_that_cannot_be)
{
    struct halves h;

    halves_init(&h, "device-1", "mas", PSK);
    halves_make(&h, &eap_method_gpsk);
    no_peer_without_its_key(&h, &eap_method_gpsk);
    halves_release(&h);
}
END_TEST

/* ---- suites ---- */

START_TEST(no_common_suite)
{
    struct halves h;

    halves_init(&h, "device-1", "mas", PSK);
    h.server_settings.gpsk_suites = 1;
    h.peer_settings.credentials.gpsk_suite = 2;
    halves_make(&h, &eap_method_gpsk);
    ck_assert(passes(&h, h.server, 7));
    ck_assert_int_eq(h.peer->reason, REASON_NO_COMMON_SUITE);
    ck_assert(h.peer->unwilling); /* so the machine answers with a Nak */
    ck_assert_uint_eq(builds(&h, h.peer, 7).n, 0);
    halves_release(&h);
}
END_TEST

START_TEST(one_suite_offered)
{
    struct halves h;

    halves_init(&h, "device-1", "mas", PSK);
    h.server_settings.gpsk_suites = _i == 0 ? 1 : 2;
    halves_make(&h, &eap_method_gpsk);
    for (uint8_t id = 1; id <= 2; id++) {
        ck_assert(passes(&h, h.server, id));
        ck_assert(passes(&h, h.peer, id));
    }
    ck_assert(same_keys(&h));
    ck_assert_int_eq(gpsk_of(h.peer)->suite, _i == 0 ? KDF_GPSK_AES : KDF_GPSK_SHA256);
    halves_release(&h);
}
END_TEST

/* Suites nobody here knows are passed over, wherever they stand. */
START_TEST(foreign_suites)
{
    static const uint8_t list[] = {0, 0, 0, 9, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 7};
    struct halves h;

    halves_init(&h, "device-1", "mas", PSK);
    halves_make(&h, &eap_method_gpsk);
    gpsk_text_set(&gpsk_of(h.server)->csuite_list, span_of(list, sizeof(list)));
    for (uint8_t id = 1; id <= 2; id++) {
        ck_assert(passes(&h, h.server, id));
        ck_assert(passes(&h, h.peer, id));
    }
    ck_assert(same_keys(&h));
    ck_assert_int_eq(gpsk_of(h.peer)->suite, KDF_GPSK_AES);
    halves_release(&h);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("eap-gpsk");
    TCase *tc = tcase_create("gpsk");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, keys, 0, 4);
    tcase_add_loop_test(tc, recorded_exchange, 0, 2);
    tcase_add_loop_test(tc, clean, 0, 3);
    tcase_add_loop_test(tc, every_fault, 1, 3);
    tcase_add_loop_test(tc, wrong_key, 1, 3);
    tcase_add_test(tc, anonymous_outside);
    tcase_add_loop_test(tc, refused_by_its_node, 0, COUNT(refusals));
    tcase_add_test(tc, known_by_name_but_without_a_key);
    tcase_add_test(tc, peers_that_cannot_be);
    tcase_add_test(tc, no_common_suite);
    tcase_add_loop_test(tc, one_suite_offered, 0, 2);
    tcase_add_test(tc, foreign_suites);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
