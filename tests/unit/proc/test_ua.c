/* Ua: bootstraps and connections with GBA in each way of it, and what may go wrong with one. */
#include "tests/unit/proc/ua_kit.h"

static const struct {
    bool gba_u;
    enum gba_key key;
} keys[] = {{false, GBA_KEY_ME}, {true, GBA_KEY_ME}, {true, GBA_KEY_UICC}};
#define KEYS 3

static void open_case(struct ua_run *u, int i)
{
    ua_open(u, (enum ua_way)(i / KEYS / 2), i / KEYS % 2 ? SERVER_MAS : SERVER_MSBF,
            keys[i % KEYS].gba_u, keys[i % KEYS].key);
}

START_TEST(clean)
{
    static struct ua_run u;

    open_case(&u, _i);
    ck_assert_int_eq(kit_go(&u.kit), PAIR_ENDED);
    ck_status(&u.kit, 0, PROTO_DONE);
    ck_status(&u.kit, 1, PROTO_DONE);
    ck_assert(ua_agree(&u));
    ck_assert_uint_eq(u.kit.requests, 1);
    ck_assert_uint_eq(u.zn, 1);
    ck_assert_str_eq(u.asked.btid, u.operator.ue.btid);
    ck_assert_str_eq(u.kit.peer, GBA_RIG_IMPI);
    ck_assert_int_eq(u.kit.last.ks_expires_unix_ns, u.operator.stored.expires_unix_ns);
    if (u.role == SERVER_MSBF) {
        ck_assert_str_eq(u.kit.last.doc.u.bootstrap_request.device_id, GBA_RIG_IMPI);
        ck_assert_uint_eq(u.kit.bootstrap.kmr_index, KMR_INDEX);
        ck_assert(!u.kit.bootstrap.has_key);
    } else {
        ck_assert_mem_eq(u.kit.last.doc.u.connection_request.node_id, kit_node_id, 16);
        ck_assert_uint_eq(u.kit.connection.connection_id, CONNECTION_ID);
    }
    ck_assert(kit_said(&u.kit, 1, "401") == !ua_is_psk(&u));
    ua_close(&u);
}
END_TEST

/* On bare TCP, to be read. */
START_TEST(octets)
{
    static struct ua_run u;
    struct span s;
    char text[8192];

    ua_open(&u, UA_BARE, SERVER_MSBF, true, GBA_KEY_UICC);
    kit_go(&u.kit);
    s = buf_span(&u.kit.pair.side[0].sent);
    ck_assert_uint_lt(s.n, sizeof(text));
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    ck_assert_int_eq(strncmp(text,
                             "POST /m2m/bootstrap HTTP/1.1\r\nHost: " MSBF
                             "\r\nUser-Agent: m2msim 3gpp-gba-uicc\r\n"
                             "Content-Type: application/xml\r\nContent-Length: ",
                             115),
                     0);
    ck_assert_ptr_nonnull(strstr(text, "Authorization: Digest username=\""));
    ck_assert_ptr_nonnull(strstr(text, "\", realm=\"3GPP-bootstrapping-uicc@" MSBF "\", nonce=\""));
    ck_assert_ptr_nonnull(strstr(text, "uri=\"/m2m/bootstrap\", qop=auth-int, nc=00000001, "));
    ck_assert_ptr_nonnull(strstr(text, "algorithm=MD5\r\n"));
    s = buf_span(&u.kit.pair.side[1].sent);
    ck_assert_uint_lt(s.n, sizeof(text));
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    ck_assert_int_eq(strncmp(text,
                             "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest "
                             "realm=\"3GPP-bootstrapping-uicc@" MSBF "\", nonce=\"",
                             100),
                     0);
    ck_assert_ptr_nonnull(strstr(text, "\", qop=\"auth-int\", algorithm=MD5\r\n"
                                       "Content-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n"
                                       "Authentication-Info: qop=auth-int, rspauth=\""));
    ck_assert_ptr_null(strstr(text, "securityM2MKey"));
    ua_close(&u);
}
END_TEST

START_TEST(metered)
{
    static struct ua_run u;

    ua_open(&u, UA_BARE, SERVER_MSBF, false, GBA_KEY_ME);
    kit_go(&u.kit);
    for (int side = 0; side < 2; side++) {
        const struct meter_use *use = u.kit.pair.side[side].meter.use;

        ck_assert_uint_eq(use[OP_MD5].calls, 8);         /* response and rspauth, auth-int */
        ck_assert_uint_eq(use[OP_HMAC_SHA256].calls, 1); /* Ks_NAF */
        ck_assert_uint_eq(use[OP_HTTP_MESSAGE].calls, 4);
        ck_assert_uint_eq(use[OP_RANDOM].octets, 16); /* cnonce; nonce, and no Kmr */
    }
    ua_close(&u);
}
END_TEST

START_TEST(same_octets_again)
{
    static struct ua_run a, b;

    ua_open(&a, (enum ua_way)_i, SERVER_MAS, true, GBA_KEY_UICC);
    ua_open(&b, (enum ua_way)_i, SERVER_MAS, true, GBA_KEY_UICC);
    kit_go(&a.kit);
    kit_go(&b.kit);
    ck_assert(pair_same(&a.kit.pair, &b.kit.pair));
    ua_close(&a);
    ua_close(&b);
}
END_TEST

START_TEST(chunks)
{
    static const size_t sizes[] = {1, 2, 3, 5, 7, 11, 64, 255, 700};
    enum ua_way way = (enum ua_way)_i;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        static struct ua_run u;
        struct pair_script script;

        ua_open(&u, way, SERVER_MSBF, false, GBA_KEY_ME);
        script = kit_script(&u.kit);
        script.way[0].chunk = script.way[1].chunk = sizes[i];
        ck_assert_int_eq(pair_run(&u.kit.pair, &script), PAIR_ENDED);
        ck_status(&u.kit, 0, PROTO_DONE);
        ck_assert(ua_agree(&u));
        ua_close(&u);
    }
}
END_TEST

/* ---- refusals ---- */

/* How the BSF answers, and what a device makes of it: with Digest, then with PSK-TLS. */
static const struct {
    enum reason zn, digest, psk;
} refusals[] = {
    {REASON_GBA_BTID, REASON_GBA_RENEGOTIATE, REASON_PSK_UNKNOWN},
    {REASON_KEY_EXPIRED, REASON_GBA_RENEGOTIATE, REASON_PSK_UNKNOWN},
    {REASON_GBA_NOT_ALLOWED, REASON_GBA_NOT_ALLOWED, REASON_PSK_UNKNOWN},
    {REASON_BACKEND_TIMEOUT, REASON_BACKEND_TIMEOUT, REASON_PSK_UNKNOWN},
    {REASON_SERVER_BUSY, REASON_SERVER_BUSY, REASON_PSK_UNKNOWN},
};

START_TEST(bsf_refuses)
{
    static struct ua_run u;
    enum ua_way way = (enum ua_way)(_i % UA_WAYS);
    int i = _i / UA_WAYS;

    ua_open(&u, way, SERVER_MSBF, false, GBA_KEY_ME);
    u.zn_refuses = refusals[i].zn;
    ck_assert_int_eq(kit_go(&u.kit), PAIR_ENDED);
    ck_failed(&u.kit, 0, ua_is_psk(&u) ? refusals[i].psk : refusals[i].digest);
    if (ua_is_psk(&u))
        ck_failed(&u.kit, 1, refusals[i].zn);
    ck_assert_uint_eq(u.kit.requests, 0);
    ck_assert(!se_has(&u.kit.pair.side[0].se, SE_KMR));
    ck_assert(!se_has(&u.kit.pair.side[1].se, SE_KMR));
    ua_close(&u);
}
END_TEST

/* A BSF that restarted and gave the name out again, or a device that was bootstrapped elsewhere. */
START_TEST(another_key)
{
    static struct ua_run u;

    ua_open(&u, (enum ua_way)_i, SERVER_MSBF, false, GBA_KEY_ME);
    u.zn_other_keys = true;
    ck_assert_int_eq(kit_go(&u.kit), PAIR_ENDED);
    ck_failed(&u.kit, 0, ua_is_psk(&u) ? REASON_PSK_WRONG : REASON_GBA_RENEGOTIATE);
    ck_assert_uint_eq(u.kit.requests, 0);
    ck_assert(!se_has(&u.kit.pair.side[0].se, SE_KMR));
    ua_close(&u);
}
END_TEST

START_TEST(another_subscriber)
{
    static struct ua_run u;

    ua_open(&u, (enum ua_way)_i, SERVER_MSBF, false, GBA_KEY_ME);
    u.zn_other_impi = true;
    ck_assert_int_eq(kit_go(&u.kit), PAIR_ENDED);
    ck_failed(&u.kit, 0, REASON_PERMISSION_DENIED);
    ck_assert_uint_eq(u.kit.requests, 0);
    ua_close(&u);
}
END_TEST

/* A NAF that wants no Ks_int_NAF, and a device that has nothing else in mind; and the reverse. */
START_TEST(keys_apart)
{
    static struct ua_run u;

    ua_open(&u, (enum ua_way)_i, SERVER_MSBF, true, GBA_KEY_UICC);
    u.naf.uicc_keys = false;
    proto_free(u.kit.pair.side[1].proto);
    ua_put_server(&u);
    kit_go(&u.kit);
    ck_failed(&u.kit, 0, ua_is_psk(&u) ? REASON_PSK_UNKNOWN : REASON_GBA_CHALLENGE);
    ua_close(&u);
    ua_open(&u, (enum ua_way)_i, SERVER_MSBF, true, GBA_KEY_ME);
    u.naf.uicc_keys = false;
    proto_free(u.kit.pair.side[1].proto);
    ua_put_server(&u);
    kit_go(&u.kit);
    ck_status(&u.kit, 0, PROTO_DONE);
    ck_assert(!u.asked.gba_u_aware);
    ck_assert(ua_agree(&u));
    ua_close(&u);
}
END_TEST

START_TEST(node_refuses)
{
    static const struct server_answer no = {.status = 403, .additional = "ival-denied: no"};
    static struct ua_run u;

    ua_open(&u, (enum ua_way)_i, SERVER_MSBF, false, GBA_KEY_ME);
    u.kit.answer = &no;
    kit_go(&u.kit);
    ck_failed(&u.kit, 0, REASON_IVAL_DENIED);
    ck_assert_uint_eq(u.kit.requests, 1);
    ck_assert(!se_has(&u.kit.pair.side[0].se, SE_KMR));
    ua_close(&u);
    ua_open(&u, (enum ua_way)_i, SERVER_MSBF, false, GBA_KEY_ME);
    server_session_set_busy(u.kit.server, 9);
    kit_go(&u.kit);
    ck_failed(&u.kit, 0, REASON_SERVER_BUSY);
    ck_assert_uint_eq(procedure_retry_after_s(u.kit.pair.side[0].proto), 9);
    ua_close(&u);
}
END_TEST

/* Kmr is derived: one that is sent all the same is nobody's. */
START_TEST(key_in_the_answer)
{
    static struct ua_run u;
    struct m2m_doc doc;
    struct server_answer a = {.status = 200, .doc = &doc};

    ua_open(&u, UA_BARE, SERVER_MSBF, false, GBA_KEY_ME);
    kit_fill(DOC_BOOTSTRAP_PARAM_SET, &doc);
    doc.u.bootstrap.has_key = true;
    u.kit.answer = &a;
    kit_go(&u.kit);
    ck_failed(&u.kit, 0, REASON_XML_INVALID);
    ck_assert(!se_has(&u.kit.pair.side[0].se, SE_KMR));
    ua_close(&u);
}
END_TEST

START_TEST(expired_in_the_answer)
{
    static struct ua_run u;
    struct m2m_doc doc;
    struct server_answer a = {.status = 200, .doc = &doc};

    ua_open(&u, UA_BARE, SERVER_MAS, false, GBA_KEY_ME);
    kit_fill(DOC_CONNECTION_PARAM_SET, &doc);
    doc.u.connection.expires_unix_ns = EPOCH_S * SIM_S;
    u.kit.answer = &a;
    kit_go(&u.kit);
    ck_failed(&u.kit, 0, REASON_KEY_EXPIRED);
    ck_assert(!se_has(&u.kit.pair.side[0].se, SE_KMC));
    ua_close(&u);
}
END_TEST

/* What the device knows by itself costs no message. */
START_TEST(association_of_no_use)
{
    static struct ua_run u;

    for (int i = 0; i < 3; i++) {
        ua_open(&u, (enum ua_way)_i, SERVER_MSBF, i > 0, GBA_KEY_ME);
        if (i == 0)
            u.operator.ue.expires_unix_ns = EPOCH_S * SIM_S;
        else if (i == 1)
            u.operator.uicc.gba_rand[3] ^= 1; /* the card was bootstrapped since */
        else
            u.operator.ue.btid[0] = '\0';
        proto_free(u.kit.pair.side[0].proto);
        ua_put_client(&u);
        kit_go(&u.kit);
        ck_failed(&u.kit, 0, i == 0 ? REASON_KEY_EXPIRED : REASON_GBA_RENEGOTIATE);
        ck_assert_uint_eq(buf_len(&u.kit.pair.side[0].sent), 0);
        ua_close(&u);
    }
}
END_TEST

START_TEST(bsf_never_answers)
{
    static struct ua_run u;

    ua_open(&u, (enum ua_way)_i, SERVER_MSBF, false, GBA_KEY_ME);
    u.zn_mute = true;
    ck_assert_int_eq(kit_go(&u.kit), PAIR_QUIET);
    ck_assert_ptr_nonnull(server_session_zn(u.kit.server));
    ck_assert_uint_eq(u.kit.requests, 0);
    pair_enter(&u.kit.pair, 1);
    server_session_close(u.kit.server, u.kit.pair.now);
    server_session_zn_answer(u.kit.server, u.kit.pair.now, &(struct zn_answer){.impi = "x"});
    pair_leave();
    ck_assert_uint_eq(u.kit.requests, 0);
    ua_close(&u);
}
END_TEST

/* The device goes while the BSF is being asked. */
START_TEST(device_goes_meanwhile)
{
    static struct ua_run u;
    struct proto *p;

    ua_open(&u, (enum ua_way)_i, SERVER_MSBF, false, GBA_KEY_ME);
    u.zn_mute = true;
    kit_go(&u.kit);
    p = u.kit.pair.side[1].proto;
    pair_enter(&u.kit.pair, 1);
    p->ops->input(p, u.kit.pair.now, span_of(NULL, 0));
    ck_assert_ptr_null(server_session_zn(u.kit.server));
    server_session_zn_answer(u.kit.server, u.kit.pair.now, &(struct zn_answer){.impi = "x"});
    pair_leave();
    ck_failed(&u.kit, 1, REASON_CLOSED_EARLY);
    ua_close(&u);
}
END_TEST

/* ---- faults of the way ---- */

START_TEST(cut_at_each_octet)
{
    enum ua_way way = _i / 2 ? UA_PSK : UA_BARE;
    int side = _i % 2;
    static struct ua_run whole, u;
    size_t n;

    ua_open(&whole, way, SERVER_MSBF, false, GBA_KEY_ME);
    kit_go(&whole.kit);
    n = buf_len(&whole.kit.pair.side[side].sent);
    for (size_t i = 0; i < n; i += way == UA_BARE ? 1 : 7) {
        struct pair_script script;

        ua_open(&u, way, SERVER_MSBF, false, GBA_KEY_ME);
        script = kit_script(&u.kit);
        script.way[side].cut_at = i;
        ck_assert_int_eq(pair_run(&u.kit.pair, &script), PAIR_ENDED);
        if (kit_status(&u.kit, 0) == PROTO_DONE)
            ck_assert(way == UA_PSK && ua_agree(&u)); /* but for close_notify it was whole */
        else
            ck_assert_int_eq(kit_reason(&u.kit, 0), REASON_CLOSED_EARLY);
        ua_close(&u);
    }
    ua_close(&whole);
}
END_TEST

START_TEST(corrupt_each_octet)
{
    int side = _i & 1;
    uint8_t with = _i & 2 ? 0x20 : 0x01;
    static struct ua_run whole, u;
    unsigned done = 0;
    size_t n;

    ua_open(&whole, UA_BARE, SERVER_MSBF, false, GBA_KEY_ME);
    kit_go(&whole.kit);
    n = buf_len(&whole.kit.pair.side[side].sent);
    for (size_t i = 0; i < n; i++) {
        struct pair_script script;

        ua_open(&u, UA_BARE, SERVER_MSBF, false, GBA_KEY_ME);
        script = kit_script(&u.kit);
        script.way[side].corrupt_at = i;
        script.way[side].corrupt_with = with;
        if (pair_run(&u.kit.pair, &script) == PAIR_ENDED && kit_status(&u.kit, 0) == PROTO_DONE) {
            ck_assert(ua_agree(&u));
            ck_assert_mem_eq(&u.kit.bootstrap, &whole.kit.bootstrap, sizeof(u.kit.bootstrap));
            done++;
        } else {
            ck_assert(!se_has(&u.kit.pair.side[0].se, SE_KMR));
        }
        /* Whoever the node heard of is the subscriber, and asked for what the device asked for. */
        if (u.kit.requests > 0)
            ck_assert_str_eq(u.kit.last.doc.u.bootstrap_request.device_id, GBA_RIG_IMPI);
        ua_close(&u);
    }
    ck_assert_uint_gt(done, 0);
    ck_assert_uint_lt(done, n / 2);
    ua_close(&whole);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
    Suite *suite = suite_create("ua");
    TCase *tc = tcase_create("ua");

    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, clean, 0, UA_WAYS * 2 * KEYS);
    tcase_add_test(tc, octets);
    tcase_add_test(tc, metered);
    tcase_add_loop_test(tc, same_octets_again, 0, UA_WAYS);
    tcase_add_loop_test(tc, chunks, 0, UA_WAYS);
    tcase_add_loop_test(tc, bsf_refuses, 0, UA_WAYS * COUNT(refusals));
    tcase_add_loop_test(tc, another_key, 0, UA_WAYS);
    tcase_add_loop_test(tc, another_subscriber, 0, UA_WAYS);
    tcase_add_loop_test(tc, keys_apart, 0, UA_WAYS);
    tcase_add_loop_test(tc, node_refuses, 0, UA_WAYS);
    tcase_add_test(tc, key_in_the_answer);
    tcase_add_test(tc, expired_in_the_answer);
    tcase_add_loop_test(tc, association_of_no_use, 0, UA_WAYS);
    tcase_add_loop_test(tc, bsf_never_answers, 0, UA_WAYS);
    tcase_add_loop_test(tc, device_goes_meanwhile, 0, UA_WAYS);
    tcase_add_loop_test(tc, cut_at_each_octet, 0, 4);
    tcase_add_loop_test(tc, corrupt_each_octet, 0, 4);
    suite_add_tcase(suite, tc);
    return kit_main(suite);
}
