#include "tests/support/scaled.h"
#include "tests/support/tls_rig.h"

#include <check.h>
#include <stdlib.h>

static struct rig_settings combination(int i)
{
    struct rig_settings s = {.seed = 11};

    ck_assert(rig_combination(i, &s.suite, &s.version));
    return s;
}

START_TEST(suites_are_named)
{
    for (int i = 0; i < TLS_SUITE_COUNT; i++)
        ck_assert_int_eq(tls_suite_find(tls_suite_name((enum tls_suite)i)), i);
    ck_assert_int_eq(tls_suite_find("NULL"), TLS_SUITE_COUNT);
    ck_assert_uint_eq(tls_suite_code(TLS_SUITE_RSA_AES_128_CCM), 0xC09C);
    ck_assert(!tls_suite_allows(TLS_SUITE_RSA_AES_128_CCM, TLS_1_1));
    ck_assert(!tls_suite_allows(TLS_SUITE_PSK_AES_128_CCM, TLS_1_1));
    ck_assert(tls_suite_allows(TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA256, TLS_1_1));
    ck_assert_int_eq(rig_combinations(), 14);
}
END_TEST

START_TEST(conversation)
{
    struct rig_settings s = combination(_i);
    struct rig r;

    rig_init(&r, &s);
    ck_assert_int_eq(rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_msg(rig_is_complete(&r), "%s %x: %s / %s", tls_suite_name(s.suite), s.version,
                  reason_text(rig_proto(&r, 0)->reason), reason_text(rig_proto(&r, 1)->reason));
    ck_assert_int_eq(tls_chosen_suite(r.tls[0]), s.suite);
    ck_assert_int_eq(tls_chosen_suite(r.tls[1]), s.suite);
    if (tls_suite_is_psk(s.suite)) {
        ck_assert_str_eq(tls_peer_name(r.tls[1]), RIG_IDENTITY);
        ck_assert_str_eq(tls_peer_name(r.tls[0]), "");
    } else {
        ck_assert_str_eq(tls_peer_name(r.tls[1]), "meter-1.example");
        ck_assert_str_eq(tls_peer_name(r.tls[0]), "server.example");
    }
    ck_assert_int_eq(tls_alert(r.tls[0]), 0);
    ck_assert(tls_peer_closed(r.tls[1]));
    ck_assert(!tls_export(r.tls[0], M2M_EXPORTER_CONNECTION, r.key[0], 32));
    rig_release(&r);
}
END_TEST

/* TS 33.222 5.3: the server alone has a certificate. */
START_TEST(anonymous_clients)
{
    struct rig_settings s = combination(_i);
    struct rig r;

    if (tls_suite_is_psk(s.suite))
        return;
    s.anonymous = true;
    rig_init(&r, &s);
    ck_assert_int_eq(rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert(rig_is_complete(&r));
    ck_assert_str_eq(tls_peer_name(r.tls[1]), "");
    ck_assert_str_eq(tls_peer_name(r.tls[0]), "server.example");
    ck_assert_uint_eq(r.pair.side[1].meter.use[OP_X509_PARSE].calls, 0);
    rig_release(&r);
    /* One that is anonymous by itself is still refused where certificates are asked for. */
    s.anonymous = false;
    s.client_bare = true;
    rig_init(&r, &s);
    rig_run(&r, pair_clean());
    ck_assert(!rig_is_complete(&r));
    rig_release(&r);
}
END_TEST

/* RFC 4279 5.2: a client that wants a hint goes no further without it. */
START_TEST(identity_hints)
{
    static const struct {
        const char *sent, *wanted;
        bool ok;
    } cases[] = {{"a", "a", true},    {"a", NULL, true},  {"a", "b", false},    {NULL, "a", false},
                 {"ab;a", "a", true}, {"a;b", "a", true}, {"ab;ac", "a", false}};
    struct rig_settings s = combination(_i);

    for (size_t i = 0; tls_suite_is_psk(s.suite) && i < 7; i++) {
        struct rig r;

        s.hint_sent = cases[i].sent;
        s.hint_wanted = cases[i].wanted;
        rig_init(&r, &s);
        ck_assert_int_eq(rig_run(&r, pair_clean()), PAIR_ENDED);
        ck_assert(rig_is_complete(&r) == cases[i].ok);
        if (!cases[i].ok)
            ck_assert_int_eq(rig_proto(&r, 0)->reason, REASON_PSK_UNKNOWN);
        rig_release(&r);
    }
}
END_TEST

START_TEST(x25519_too)
{
    struct rig_settings s = {.suite = TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA256,
                             .version = TLS_1_2,
                             .group = TLS_GROUP_X25519,
                             .seed = 5};
    struct rig r;

    rig_init(&r, &s);
    rig_run(&r, pair_clean());
    ck_assert(rig_is_complete(&r));
    ck_assert_uint_eq(r.pair.side[0].meter.use[OP_X25519_DERIVE].calls, 1);
    rig_release(&r);
}
END_TEST

START_TEST(every_chunking)
{
    struct rig_settings s = combination(_i);
    struct rig whole;

    rig_init(&whole, &s);
    rig_run(&whole, pair_clean());
    for (size_t chunk = 1; chunk < 1500; chunk += chunk < 8 ? 1 : chunk / 2) {
        struct pair_script script = pair_clean();
        struct rig r;

        script.way[0].chunk = script.way[1].chunk = chunk;
        rig_init(&r, &s);
        ck_assert_int_eq(rig_run(&r, script), PAIR_ENDED);
        ck_assert(rig_is_complete(&r));
        ck_assert_mem_eq(r.key[0], whole.key[0], 48);
        ck_assert_mem_eq(&r.pair.side[0].meter, &whole.pair.side[0].meter, sizeof(struct meter));
        ck_assert_mem_eq(&r.pair.side[1].meter, &whole.pair.side[1].meter, sizeof(struct meter));
        ck_assert(pair_same(&r.pair, &whole.pair));
        rig_release(&r);
    }
    rig_release(&whole);
}
END_TEST

/* Both ended, or wait in good order; never both done with different keys. */
static void check_bounds(const struct rig *r, enum pair_end end)
{
    ck_assert_int_ne(end, PAIR_LIMIT);
    if (r->exported[0] && r->exported[1] && rig_proto(r, 0)->status == PROTO_DONE &&
        rig_proto(r, 1)->status == PROTO_DONE)
        ck_assert_mem_eq(r->key[0], r->key[1], 48);
    ck_assert(r->plain_ok);
    for (int side = 0; side < 2; side++)
        if (rig_proto(r, side)->status == PROTO_FAILED)
            ck_assert_int_ne(rig_proto(r, side)->reason, REASON_NONE);
}

/* What comes to it later is the answer to its close_notify, which it does not wait for. */
static bool client_had_all(const struct rig *r, int faulty_side)
{
    return faulty_side == 1 && r->closed && r->got[0] == RIG_RESPONSE;
}

static size_t sent_by(const struct rig_settings *s, int side)
{
    struct rig r;
    size_t n;

    rig_init(&r, s);
    rig_run(&r, pair_clean());
    n = buf_len(&r.pair.side[side].sent);
    rig_release(&r);
    return n;
}

/* A prime step, small where it is cheap. (Sanitizers look at how it is read.) */
static size_t step_of(const struct rig_settings *s)
{
    return tls_suite_is_psk(s->suite) ? SCALED(7, 31) : SCALED(61, 251);
}

START_TEST(cut_at_octets)
{
    struct rig_settings s = combination(_i);

    for (int side = 0; side < 2; side++) {
        size_t n = sent_by(&s, side);

        for (size_t at = 0; at < n; at += step_of(&s)) {
            struct pair_script script = pair_clean();
            enum pair_end end;
            struct rig r;

            script.way[side].cut_at = at;
            rig_init(&r, &s);
            end = rig_run(&r, script);
            check_bounds(&r, end);
            ck_assert_int_eq(end, PAIR_ENDED);
            if (!client_had_all(&r, side)) {
                ck_assert_int_eq(rig_proto(&r, 1 - side)->status, PROTO_FAILED);
                ck_assert_int_eq(rig_proto(&r, 1 - side)->reason, REASON_CLOSED_EARLY);
            }
            rig_release(&r);
        }
    }
}
END_TEST

START_TEST(octets_corrupted)
{
    struct rig_settings s = combination(_i);

    for (int side = 0; side < 2; side++) {
        size_t n = sent_by(&s, side);

        for (size_t at = 0; at < n; at += step_of(&s)) {
            struct pair_script script = pair_clean();
            enum pair_end end;
            struct rig r;

            script.way[side].corrupt_at = at;
            script.way[side].corrupt_with = (uint8_t)(1u << (at % 8));
            rig_init(&r, &s);
            end = rig_run(&r, script);
            check_bounds(&r, end);
            ck_assert_msg(!rig_is_complete(&r) || client_had_all(&r, side), "octet %zu of side %d",
                          at, side);
            rig_release(&r);
        }
    }
}
END_TEST

START_TEST(silence)
{
    struct rig_settings s = combination(_i);

    for (int side = 0; side < 2; side++) {
        size_t n = sent_by(&s, side);

        for (size_t at = 0; at < n - 100; at += n / 5) {
            struct pair_script script = pair_clean();
            struct rig r;

            script.way[side].silent_from = at;
            rig_init(&r, &s);
            /* A core without timers waits; its parent's time-out ends it. */
            ck_assert_int_eq(rig_run(&r, script), PAIR_QUIET);
            ck_assert(!client_had_all(&r, side));
            ck_assert_int_eq(rig_proto(&r, 1 - side)->status, PROTO_RUNNING);
            rig_release(&r);
        }
    }
}
END_TEST

START_TEST(same_octets_again)
{
    struct rig_settings s = combination(_i);
    struct rig a, b, other;

    rig_init(&a, &s);
    rig_run(&a, pair_clean());
    rig_init(&b, &s);
    rig_run(&b, pair_clean());
    ck_assert(pair_same(&a.pair, &b.pair));
    s.seed++;
    rig_init(&other, &s);
    rig_run(&other, pair_clean());
    ck_assert(!pair_same(&a.pair, &other.pair));
    rig_release(&a);
    rig_release(&b);
    rig_release(&other);
}
END_TEST

START_TEST(labels_and_secrets)
{
    struct rig_settings s = {
        .suite = TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA, .version = TLS_1_2, .seed = 3};
    struct rig r;
    const char *client = "ClientHello\n"
                         "ClientKeyExchange, ChangeCipherSpec, Finished\n"
                         "application data\n"
                         "Alert(close_notify)\n";
    const char *server = "ServerHello, ServerKeyExchange, ServerHelloDone\n"
                         "ChangeCipherSpec, Finished\n"
                         "application data\n"
                         "Alert(close_notify)\n";
    struct span a, b;

    rig_init(&r, &s);
    rig_run(&r, pair_clean());
    a = buf_span(&r.pair.side[0].labels);
    b = buf_span(&r.pair.side[1].labels);
    ck_assert_uint_eq(a.n, strlen(client));
    ck_assert_mem_eq(a.p, client, a.n);
    ck_assert_uint_eq(b.n, strlen(server));
    ck_assert_mem_eq(b.p, server, b.n);
    a = buf_span(&r.pair.side[0].secrets);
    b = buf_span(&r.pair.side[1].secrets);
    ck_assert_uint_eq(a.n, 14 + 64 + 1 + 96 + 1);
    ck_assert_mem_eq(a.p, "CLIENT_RANDOM ", 14);
    ck_assert_uint_eq(b.n, a.n);
    ck_assert_mem_eq(a.p, b.p, a.n);
    buf_put(&r.pair.side[1].states, "", 1);
    ck_assert_str_eq((const char *)buf_span(&r.pair.side[1].states).p,
                     "tls: HANDSHAKE -> OPEN\ntls: OPEN -> CLOSING\ntls: CLOSING -> CLOSED\n");
    rig_release(&r);
}
END_TEST

START_TEST(contexts_refuse_what_cannot_be)
{
    enum tls_suite suite = TLS_SUITE_PSK_AES_128_CCM;
    struct tls_settings s = {.version = TLS_1_1, .suites = &suite, .suite_count = 1};
    struct tls_context *c;

    ck_assert_int_eq(tls_context_new(&s, &c), ERR_CRYPTO);
    ck_assert_ptr_null(c);
    s.suite_count = 0;
    ck_assert_int_eq(tls_context_new(&s, &c), ERR_CRYPTO);
}
END_TEST

START_TEST(writes_are_bounded)
{
    struct rig_settings s = {.suite = TLS_SUITE_PSK_AES_128_CCM, .version = TLS_1_2, .seed = 3};
    uint8_t plain[1000] = {0};
    struct rig r;
    int n = 0;

    rig_init(&r, &s);
    ck_assert(!tls_write(r.tls[0], 0, span_of(plain, 1))); /* not open */
    rig_run(&r, pair_clean());
    ck_assert(!tls_write(r.tls[0], 0, span_of(plain, 1))); /* closed */
    rig_release(&r);

    rig_init(&r, &s);
    r.written = true; /* the client stays silent */
    ck_assert_int_eq(rig_run(&r, pair_clean()), PAIR_QUIET);
    ck_assert(tls_is_open(r.tls[0]));
    pair_enter(&r.pair, 0);
    while (n < 100000 && tls_write(r.tls[0], 0, span_of(plain, sizeof(plain))))
        n++;
    pair_leave();
    ck_assert_int_gt(n, 100);
    ck_assert_int_lt(n, 1000);
    ck_assert(tls_is_open(r.tls[0]));
    rig_release(&r);
}
END_TEST

START_TEST(closing_a_handshake)
{
    struct rig_settings s = {.suite = TLS_SUITE_PSK_AES_128_CCM, .version = TLS_1_2, .seed = 3};
    struct pair_script script = pair_clean();
    struct rig r;

    rig_init(&r, &s);
    script.limit = 0; /* only the first flight */
    rig_run(&r, script);
    pair_enter(&r.pair, 0);
    tls_close(r.tls[0], 0);
    pair_leave();
    ck_assert_int_eq(rig_proto(&r, 0)->status, PROTO_DONE);
    ck_assert_int_eq(rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_int_eq(rig_proto(&r, 1)->reason, REASON_CLOSED_EARLY);
    rig_release(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tls");
    TCase *tc = tcase_create("tls");
    SRunner *sr;
    int n = rig_combinations(), failed;

    rig_global_init();
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, suites_are_named);
    tcase_add_loop_test(tc, conversation, 0, n);
    tcase_add_loop_test(tc, anonymous_clients, 0, n);
    tcase_add_loop_test(tc, identity_hints, 0, n);
    tcase_add_test(tc, x25519_too);
    tcase_add_loop_test(tc, every_chunking, 0, n);
    tcase_add_loop_test(tc, cut_at_octets, 0, n);
    tcase_add_loop_test(tc, octets_corrupted, 0, n);
    tcase_add_loop_test(tc, silence, 0, n);
    tcase_add_loop_test(tc, same_octets_again, 0, n);
    tcase_add_test(tc, labels_and_secrets);
    tcase_add_test(tc, contexts_refuse_what_cannot_be);
    tcase_add_test(tc, writes_are_bounded);
    tcase_add_test(tc, closing_a_handshake);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    rig_global_release();
    return failed != 0;
}
