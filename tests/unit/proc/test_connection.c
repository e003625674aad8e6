#include "tests/unit/proc/kit.h"

static const struct {
    enum tls_suite suite;
    enum tls_version version;
} choices[] = {
    {TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA, TLS_1_1},
    {TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA, TLS_1_2},
    {TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA256, TLS_1_2},
};
#define CHOICES ((int)(sizeof(choices) / sizeof(choices[0])))

static void put_client(struct kit_run *r)
{
    struct connection_settings s = {.context = r->context[0],
                                    .mas = MAS,
                                    .kmr_index = KMR_INDEX,
                                    .scl_id = SCL,
                                    .ival_capable = true};

    memcpy(s.node_id, kit_node_id, sizeof(s.node_id));
    se_put(&r->pair.side[0].se, SE_KMR, kit_psk);
    pair_enter(&r->pair, 0);
    r->pair.side[0].proto = connection_client_new(&r->pair.side[0].env, &s, &r->connection);
    pair_leave();
    ck_assert_ptr_nonnull(r->pair.side[0].proto);
}

static void open_run(struct kit_run *r, int choice)
{
    kit_open(r, SERVER_MAS, choices[choice].suite, choices[choice].version);
    put_client(r);
    pair_enter(&r->pair, 1);
    kit_server(r, NULL);
    pair_leave();
}

START_TEST(clean)
{
    struct kit_run r;
    char identity[M2M_PSK_IDENTITY_MAX];

    open_run(&r, _i);
    ck_assert_int_eq(kit_go(&r), PAIR_ENDED);
    ck_status(&r, 0, PROTO_DONE);
    ck_status(&r, 1, PROTO_DONE);
    ck_assert(kit_same_key(&r, SE_KMC));
    ck_assert_mem_ne(r.pair.side[0].se.key[SE_KMC], kit_psk, M2M_KEY_LEN);
    ck_assert_uint_eq(r.requests, 1);
    key_kmr_identity(kit_node_id, KMR_INDEX, identity);
    ck_assert_str_eq(r.peer, identity);
    ck_assert_str_eq(r.last.target, "/m2m/connection");
    ck_assert_mem_eq(r.last.doc.u.connection_request.node_id, kit_node_id, M2M_NODE_ID_LEN);
    ck_assert_str_eq(r.last.doc.u.connection_request.scl_id, SCL);
    ck_assert(r.last.doc.u.connection_request.ival_capable);
    ck_assert(r.connection.connection_id == CONNECTION_ID);
    ck_assert_uint_eq(r.connection.kmc_index, KMC_INDEX);
    ck_assert_uint_eq(r.connection.mid_flags, MID_TLS_PSK);
    ck_assert_int_eq(r.connection.expires_unix_ns, EXPIRES);
    ck_assert(kit_said(&r, 0, "POST connectionRequest"));
    ck_assert(kit_said(&r, 1, "200 connectionParamSet"));
    kit_close(&r);
}
END_TEST

/* Kmc belongs to the session: another run of the same parties has another. */
START_TEST(keys_differ_by_session)
{
    struct kit_run a, b;

    open_run(&a, 1);
    kit_go(&a);
    open_run(&b, 1);
    b.pair.side[0].stream = rng_stream(43, "another", "session");
    kit_go(&b);
    ck_assert(kit_same_key(&a, SE_KMC) && kit_same_key(&b, SE_KMC));
    ck_assert_mem_ne(a.pair.side[0].se.key[SE_KMC], b.pair.side[0].se.key[SE_KMC], M2M_KEY_LEN);
    kit_close(&a);
    kit_close(&b);
}
END_TEST

START_TEST(any_chunking_is_the_same_run)
{
    static const size_t chunks[] = {1, 2, 3, 5, 16, 100, 333};
    struct kit_run whole, cut;
    struct pair_script script;

    open_run(&whole, _i);
    kit_go(&whole);
    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
        open_run(&cut, _i);
        script = kit_script(&cut);
        script.way[0].chunk = script.way[1].chunk = chunks[i];
        ck_assert_int_eq(pair_run(&cut.pair, &script), PAIR_ENDED);
        ck_status(&cut, 0, PROTO_DONE);
        ck_status(&cut, 1, PROTO_DONE);
        ck_assert(pair_same(&whole.pair, &cut.pair));
        ck_assert(kit_same_key(&cut, SE_KMC));
        kit_close(&cut);
    }
    kit_close(&whole);
}
END_TEST

START_TEST(cut_anywhere)
{
    struct kit_run r;
    struct pair_script script;
    size_t length[2];

    open_run(&r, _i);
    kit_go(&r);
    length[0] = buf_len(&r.pair.side[0].sent);
    length[1] = buf_len(&r.pair.side[1].sent);
    kit_close(&r);
    for (int side = 0; side < 2; side++) {
        for (size_t at = 0; at < length[side]; at += 11) {
            open_run(&r, _i);
            script = kit_script(&r);
            script.way[side].cut_at = at;
            ck_assert_int_eq(pair_run(&r.pair, &script), PAIR_ENDED);
            kit_check_accident(&r, SE_KMC);
            kit_close(&r);
        }
    }
}
END_TEST

START_TEST(wrong_psk)
{
    struct kit_run r;

    open_run(&r, _i);
    r.known_psk = kit_other_psk;
    kit_go(&r);
    ck_failed(&r, 0, REASON_PSK_WRONG);
    ck_failed(&r, 1, REASON_PSK_WRONG);
    ck_assert(!se_has(&r.pair.side[0].se, SE_KMC));
    ck_assert(!se_has(&r.pair.side[1].se, SE_KMC));
    kit_close(&r);
}
END_TEST

START_TEST(unknown_psk)
{
    struct kit_run r;

    open_run(&r, _i);
    r.known_identity = "somebody else";
    kit_go(&r);
    ck_failed(&r, 0, REASON_PSK_UNKNOWN);
    ck_failed(&r, 1, REASON_PSK_UNKNOWN);
    kit_close(&r);
}
END_TEST

/* The server knows more than it says: the device learns unknown_psk_identity (RFC 4279 2). */
START_TEST(expired_kmr)
{
    struct kit_run r;

    open_run(&r, _i);
    r.why_unknown = REASON_KEY_EXPIRED;
    kit_go(&r);
    ck_failed(&r, 1, REASON_KEY_EXPIRED);
    ck_failed(&r, 0, REASON_PSK_UNKNOWN);
    kit_close(&r);
}
END_TEST

/* A node that has lost its Kmr cannot even begin. */
START_TEST(no_kmr)
{
    struct kit_run r;

    open_run(&r, 2);
    se_erase(&r.pair.side[0].se, SE_KMR);
    kit_go(&r);
    ck_status(&r, 0, PROTO_FAILED);
    ck_status(&r, 1, PROTO_FAILED);
    kit_close(&r);
}
END_TEST

/* The identity in TLS is one node's, the body speaks of another: hand-made, since our client would
 * not. */
START_TEST(node_id_is_not_the_identitys)
{
    static const char body[] =
        "<m2m:connectionRequest xmlns:m2m=\"http://uri.etsi.org/m2m\">"
        "<m2m:securityM2MNodeId>00000000000000000000000000000001</m2m:securityM2MNodeId>"
        "<m2m:sclId>urn:scl:meter-2</m2m:sclId><m2m:ivalCapability>true</m2m:ivalCapability>"
        "</m2m:connectionRequest>";
    char text[2048];
    struct kit_run r;
    struct bare *b;

    kit_open(&r, SERVER_MAS, choices[2].suite, choices[2].version);
    se_put(&r.pair.side[0].se, SE_KMR, kit_psk);
    pair_enter(&r.pair, 0);
    b = bare_put(
        &r, 0, NULL,
        kit_http(text, sizeof(text), "POST /m2m/connection HTTP/1.1\r\nHost: mas\r\n", body),
        false);
    pair_leave();
    pair_enter(&r.pair, 1);
    kit_server(&r, NULL);
    pair_leave();
    ck_assert_int_eq(kit_go(&r), PAIR_QUIET);
    ck_assert(buf_put(&b->heard, "", 1));
    ck_assert_int_eq(memcmp(buf_span(&b->heard).p, "HTTP/1.1 403 ", 13), 0);
    ck_assert_ptr_nonnull(strstr((const char *)buf_span(&b->heard).p, ">permission-denied: "));
    ck_assert_uint_eq(r.requests, 0);
    ck_assert(!se_has(&r.pair.side[1].se, SE_KMC));
    kit_close(&r);
}
END_TEST

START_TEST(an_expired_lifetime)
{
    struct m2m_doc doc;
    struct server_answer a = {.status = 200, .doc = &doc};
    struct kit_run r;

    kit_fill(DOC_CONNECTION_PARAM_SET, &doc);
    doc.u.connection.expires_unix_ns = EPOCH_S * SIM_S + 1;
    open_run(&r, 0);
    r.answer = &a;
    kit_go(&r);
    ck_failed(&r, 0, REASON_KEY_EXPIRED);
    ck_assert(!se_has(&r.pair.side[0].se, SE_KMC));
    kit_close(&r);
}
END_TEST

START_TEST(refused)
{
    struct server_answer a = {.status = 403};
    struct kit_run r;

    open_run(&r, 0);
    r.answer = &a;
    kit_go(&r);
    ck_failed(&r, 0, REASON_FORBIDDEN);
    ck_status(&r, 1, PROTO_DONE);
    ck_assert(!se_has(&r.pair.side[0].se, SE_KMC));
    kit_close(&r);
}
END_TEST

/* The answer of the wrong procedure. */
START_TEST(bootstrap_answer_to_a_connection)
{
    static const char body[] = "<m2m:bootstrapRequest xmlns:m2m=\"http://uri.etsi.org/m2m\">"
                               "<m2m:deviceId>d</m2m:deviceId>"
                               "<m2m:ivalCapability>true</m2m:ivalCapability>"
                               "</m2m:bootstrapRequest>";
    char text[2048];
    struct kit_run r;

    kit_open(&r, SERVER_MAS, choices[0].suite, choices[0].version);
    put_client(&r);
    pair_enter(&r.pair, 1);
    bare_put(&r, 1, NULL, kit_http(text, sizeof(text), "HTTP/1.1 200 OK\r\n", body), false);
    pair_leave();
    kit_go(&r);
    ck_failed(&r, 0, REASON_XML_INVALID);
    ck_assert(!se_has(&r.pair.side[0].se, SE_KMC));
    kit_close(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("connection");
    TCase *t = tcase_create("connection");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, clean, 0, CHOICES);
    tcase_add_test(t, keys_differ_by_session);
    tcase_add_loop_test(t, any_chunking_is_the_same_run, 0, CHOICES);
    tcase_add_loop_test(t, cut_anywhere, 0, CHOICES);
    tcase_add_loop_test(t, wrong_psk, 0, CHOICES);
    tcase_add_loop_test(t, unknown_psk, 0, CHOICES);
    tcase_add_loop_test(t, expired_kmr, 0, CHOICES);
    tcase_add_test(t, no_kmr);
    tcase_add_test(t, node_id_is_not_the_identitys);
    tcase_add_test(t, an_expired_lifetime);
    tcase_add_test(t, refused);
    tcase_add_test(t, bootstrap_answer_to_a_connection);
    suite_add_tcase(s, t);
    return kit_main(s);
}
