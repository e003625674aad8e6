/* EAP-TLS, peer against server: clean at every fragment size, its keys against RFC 5216's formula,
 * all that can happen on the way, and certificates that are no good. */
#include "tests/support/eap_tls_rig.h"
#include "tests/support/vectors.h"

#include "crypto/hash.h"

#include <check.h>
#include <stdlib.h>

static const enum tls_suite suites[] = {TLS_SUITE_RSA_AES_128_CCM, TLS_SUITE_RSA_AES_128_CBC_SHA,
                                        TLS_SUITE_ECDHE_RSA_AES_128_CBC_SHA256};

static void run_clean(struct eap_rig *r, struct eap_tls_rig *t)
{
    eap_rig_init(r, eap_tls_rig_make, t);
    ck_assert_int_eq(eap_rig_run(r, pair_clean()), PAIR_ENDED);
    ck_assert_msg(eap_rig_is_complete(r), "%s, mtu %u %u: peer %s, server %s",
                  tls_suite_name(t->suite), t->mtu[0], t->mtu[1],
                  reason_text(eap_rig_proto(r, 0)->reason),
                  reason_text(eap_rig_proto(r, 1)->reason));
}

/* ---- an independent reading of what was said ---- */

/* All TLS records of one side, put together from its EAP packets, which are checked against mtu. */
static void read_records(const struct eap_rig *r, int side, uint32_t mtu, struct buf *records)
{
    struct span sent = buf_span(&r->pair.side[side].sent);
    struct eap_packet p;

    while (sent.n > 0) {
        struct span data;

        ck_assert_int_eq(eap_parse(sent, &p), REASON_NONE);
        ck_assert_uint_le(p.whole.n, mtu);
        sent = span_of(sent.p + p.whole.n, sent.n - p.whole.n);
        if (p.type != EAP_TLS)
            continue;
        data = span_of(p.data.p + 1, p.data.n - 1);
        if (p.data.p[0] & 0x80)
            data = span_of(data.p + 4, data.n - 4);
        buf_put_span(records, data);
    }
}

/* Handshake and ChangeCipherSpec: no alert, so no close_notify, and no data. */
static void check_records(struct span s)
{
    unsigned changes = 0;

    while (s.n > 0) {
        size_t n = 5 + (size_t)(s.n >= 5 ? s.p[3] << 8 | s.p[4] : 0);

        ck_assert_uint_le(n, s.n);
        ck_assert(s.p[0] == 22 || s.p[0] == 20);
        changes += s.p[0] == 20;
        s = span_of(s.p + n, s.n - n);
    }
    ck_assert_uint_eq(changes, 1);
}

/* RFC 5246 5: P_SHA256(secret, label || seed). */
static void prf(struct span secret, const char *label, struct span seed, uint8_t *out, size_t n)
{
    uint8_t a[32], block[32];
    struct span text[] = {span_str(label), seed};
    struct span next[] = {span_of(a, 32), span_str(label), seed};

    hash_hmac_sha256_v(NULL, secret, text, 2, a);
    for (size_t at = 0; at < n; at += 32) {
        hash_hmac_sha256_v(NULL, secret, next, 3, block);
        memcpy(out + at, block, n - at < 32 ? n - at : 32);
        hash_hmac_sha256(NULL, secret, span_of(a, 32), a);
    }
}

START_TEST(our_formula_is_the_published_one)
{
    struct vectors *v = vectors_read("tls_prf.txt");
    size_t i = vectors_find(v, "exporter12-5");
    uint8_t master[48], seed[64], want[128], got[128];

    ck_assert_uint_eq(vectors_hex(v, i, "master_secret", master, sizeof(master)), 48);
    ck_assert_uint_eq(vectors_hex(v, i, "client_random", seed, 32), 32);
    ck_assert_uint_eq(vectors_hex(v, i, "server_random", seed + 32, 32), 32);
    ck_assert_uint_eq(vectors_hex(v, i, "out", want, sizeof(want)), 128);
    prf(span_of(master, 48), "client EAP encryption", span_of(seed, 64), got, sizeof(got));
    ck_assert_mem_eq(got, want, 128);
    vectors_free(v);
}
END_TEST

/* The master secret comes from the key log, the randoms from the hellos on the wire. */
START_TEST(keys_are_those_of_the_formula)
{
    struct eap_tls_rig t = {.suite = suites[_i]};
    uint8_t master[48], seed[64], want[128];
    const struct eap_keys *k;
    struct buf records[2];
    struct span secrets;
    struct eap_rig r;

    run_clean(&r, &t);
    for (int side = 0; side < 2; side++) {
        buf_init(&records[side], 1 << 20);
        read_records(&r, side, EAP_MTU, &records[side]);
        check_records(buf_span(&records[side]));
        /* record, handshake header, version */
        memcpy(seed + 32 * side, buf_span(&records[side]).p + 5 + 4 + 2, 32);
    }
    secrets = buf_span(&r.pair.side[0].secrets);
    ck_assert_uint_eq(secrets.n, 14 + 1 + 64 + 1 + 96);
    ck_assert(hex_decode((const char *)secrets.p + 14 + 1 + 64, 96, master, 48));
    prf(span_of(master, 48), "client EAP encryption", span_of(seed, 64), want, sizeof(want));
    k = eap_peer_keys(r.peer);
    ck_assert_mem_eq(k->msk, want, 64);
    ck_assert_mem_eq(k->emsk, want + 64, 64);
    ck_assert_uint_eq(k->session_id_n, 65);
    ck_assert_uint_eq(k->session_id[0], 13);
    ck_assert_mem_eq(k->session_id + 1, seed, 64);
    for (int side = 0; side < 2; side++)
        buf_clear(&records[side]);
    eap_rig_release(&r);
}
END_TEST

/* Session-Id of the recorded conversation: from its hellos, in our order. */
START_TEST(the_session_id_is_as_others_make_it)
{
    struct vectors *v = vectors_read("eap_tls.txt");
    uint8_t id[65], hello[2048];

    ck_assert_uint_eq(vectors_hex(v, 0, "Session_Id", id, sizeof(id)), 65);
    vectors_hex(v, 0, "pkt3_peer", hello, sizeof(hello));
    ck_assert_uint_eq(id[0], EAP_TLS);
    ck_assert_mem_eq(id + 1, hello + 6 + 5 + 4 + 2, 32);
    vectors_hex(v, 0, "pkt4_server", hello, sizeof(hello));
    ck_assert_mem_eq(id + 33, hello + 10 + 5 + 4 + 2, 32);
    vectors_free(v);
}
END_TEST

/* ---- sizes ---- */

START_TEST(every_fragment_size)
{
    struct eap_tls_rig t = {.suite = suites[2]};
    uint32_t first = EAP_MTU_MIN + (uint32_t)_i * 100;
    struct eap_rig whole;

    run_clean(&whole, &t);
    for (uint32_t mtu = first; mtu < first + 100 && mtu <= 1400; mtu++) {
        struct buf records;
        struct eap_rig r;

        t.mtu[0] = mtu;
        t.mtu[1] = EAP_MTU_MIN + 1400 - mtu;
        run_clean(&r, &t);
        for (int side = 0; side < 2; side++) {
            buf_init(&records, 1 << 20);
            read_records(&r, side, t.mtu[side], &records);
            check_records(buf_span(&records));
            buf_clear(&records);
        }
        /* how it is cut changes nothing of what is said */
        ck_assert_mem_eq(eap_peer_keys(r.peer)->msk, eap_peer_keys(whole.peer)->msk, 64);
        ck_assert_mem_eq(&r.pair.side[0].meter, &whole.pair.side[0].meter, sizeof(struct meter));
        ck_assert_mem_eq(&r.pair.side[1].meter, &whole.pair.side[1].meter, sizeof(struct meter));
        eap_rig_release(&r);
    }
    eap_rig_release(&whole);
}
END_TEST

START_TEST(messages_are_named)
{
    struct eap_tls_rig t = {.suite = suites[0], .mtu = {4000, 4000}};
    struct eap_rig r;

    run_clean(&r, &t);
    for (int side = 0; side < 2; side++)
        buf_put(&r.pair.side[side].labels, "", 1);
    ck_assert_str_eq((const char *)buf_span(&r.pair.side[1].labels).p,
                     "EAP-Request/Identity\nEAP-TLS Start\nServerHello, Certificate, "
                     "CertificateRequest, ServerHelloDone\nChangeCipherSpec, "
                     "Finished\nEAP-Success\n");
    ck_assert_str_eq((const char *)buf_span(&r.pair.side[0].labels).p,
                     "EAP-Response/Identity\nClientHello\nCertificate, ClientKeyExchange, "
                     "CertificateVerify, ChangeCipherSpec, Finished\nEAP-TLS "
                     "acknowledgement\n");
    eap_rig_release(&r);
}
END_TEST

/* ---- the way ---- */

START_TEST(each_loss)
{
    struct eap_tls_rig t = {.suite = suites[2], .mtu = {64, 64}};

    eap_rig_each_loss(eap_tls_rig_make, NULL, &t);
}
END_TEST

START_TEST(every_fault_in_fragments)
{
    struct eap_tls_rig t = {.suite = suites[_i], .mtu = {300, 400}};

    eap_rig_every_fault(eap_tls_rig_make, NULL, &t, 41);
}
END_TEST

/* ---- certificates ---- */

static void expect(const struct eap_tls_rig *settings, enum reason peer, enum reason server)
{
    struct eap_tls_rig t = *settings;
    struct eap_rig r;

    t.mtu[0] = t.mtu[1] = 200;
    eap_rig_init(&r, eap_tls_rig_make, &t);
    ck_assert_int_eq(eap_rig_run(&r, pair_clean()), PAIR_ENDED);
    eap_rig_check(&r);
    ck_assert_msg(eap_rig_proto(&r, 0)->reason == peer && eap_rig_proto(&r, 1)->reason == server,
                  "%s: peer %s, server %s", tls_suite_name(t.suite),
                  reason_text(eap_rig_proto(&r, 0)->reason),
                  reason_text(eap_rig_proto(&r, 1)->reason));
    /* the last word is the server's EAP-Failure, at once: nobody waited for a repetition */
    ck_assert_int_lt(r.pair.now, 2 * SIM_S);
    eap_rig_release(&r);
}

START_TEST(certificates_that_are_no_good)
{
    struct eap_tls_rig t = {.suite = suites[_i]};

    t.peer = EAP_TLS_RIG_EXPIRED;
    expect(&t, REASON_CERTIFICATE_EXPIRED, REASON_CERTIFICATE_EXPIRED);
    t.peer = EAP_TLS_RIG_NOT_YET;
    expect(&t, REASON_CERTIFICATE_BAD, REASON_CERTIFICATE_NOT_YET);
    t.peer = EAP_TLS_RIG_STRANGER;
    expect(&t, REASON_CERTIFICATE_UNKNOWN, REASON_CERTIFICATE_UNKNOWN);
    t.peer = EAP_TLS_RIG_NONE;
    expect(&t, REASON_CERTIFICATE_MISSING, REASON_CERTIFICATE_MISSING);
    t.peer = EAP_TLS_RIG_GOOD;
    t.server = EAP_TLS_RIG_EXPIRED;
    expect(&t, REASON_CERTIFICATE_EXPIRED, REASON_CERTIFICATE_EXPIRED);
    t.server = EAP_TLS_RIG_NOT_YET;
    expect(&t, REASON_CERTIFICATE_NOT_YET, REASON_CERTIFICATE_BAD);
    t.server = EAP_TLS_RIG_STRANGER;
    expect(&t, REASON_CERTIFICATE_UNKNOWN, REASON_CERTIFICATE_UNKNOWN);
    t.server = EAP_TLS_RIG_GOOD;
    t.expect_name = "other.example";
    expect(&t, REASON_CERTIFICATE_NAME, REASON_CERTIFICATE_BAD);
    t.expect_name = NULL;
    /* one device's certificate for another's identity */
    t.certificate_name = "meter-2.example";
    expect(&t, REASON_CERTIFICATE_BAD, REASON_CERTIFICATE_NAME);
    t.certificate_name = NULL;
    t.other_suite = true;
    expect(&t, REASON_NO_COMMON_SUITE, REASON_NO_COMMON_SUITE);
}
END_TEST

/* Without what the method needs its half is not made: the peer says Nak, the server proposes
 * nothing. */
static void take_contexts(void *arg, struct eap_rig_settings *s)
{
    const int *side = arg;
    struct eap_tls_rig t = {.suite = suites[0]};

    eap_tls_rig_make(&t, s);
    if (*side == 0)
        s->peer.credentials.tls = NULL;
    else
        s->server.credential = NULL;
}

START_TEST(a_side_without_certificates)
{
    struct eap_rig r;
    int side = _i;

    eap_rig_init(&r, take_contexts, &side);
    ck_assert_int_eq(eap_rig_run(&r, pair_clean()), PAIR_ENDED);
    eap_rig_check(&r);
    ck_assert_int_eq(eap_rig_proto(&r, 1)->reason, REASON_EAP_NO_METHOD);
    ck_assert_int_eq(eap_rig_proto(&r, 0)->reason,
                     side == 0 ? REASON_EAP_NO_METHOD : REASON_EAP_FAILURE);
    eap_rig_release(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eap_tls");
    TCase *tc = tcase_create("eap_tls");
    SRunner *sr;
    int failed;

    eap_tls_rig_global_init();
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, our_formula_is_the_published_one);
    tcase_add_loop_test(tc, keys_are_those_of_the_formula, 0, 3);
    tcase_add_test(tc, the_session_id_is_as_others_make_it);
    tcase_add_loop_test(tc, every_fragment_size, 0, 14);
    tcase_add_test(tc, messages_are_named);
    tcase_add_test(tc, each_loss);
    tcase_add_loop_test(tc, every_fault_in_fragments, 0, 3);
    tcase_add_loop_test(tc, certificates_that_are_no_good, 0, 3);
    tcase_add_loop_test(tc, a_side_without_certificates, 0, 2);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    eap_tls_rig_global_release();
    return failed != 0;
}
