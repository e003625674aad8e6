#include "tests/unit/proc/kit.h"

static const struct {
    enum tls_suite suite;
    enum tls_version version;
} choices[] = {
    {TLS_SUITE_RSA_AES_128_CCM, TLS_1_2},
    {TLS_SUITE_RSA_AES_128_CBC_SHA, TLS_1_1},
};
#define CHOICES ((int)(sizeof(choices) / sizeof(choices[0])))

struct parties {
    const struct authority *client_by, *server_by;
    const char *client_name, *server_name, *device_id;
};

static const struct parties *everyday(void)
{
    static struct parties p;

    p = (struct parties){kit_authority, kit_authority, DEVICE, MSBF, DEVICE};
    return &p;
}

static void put_client(struct kit_run *r, const struct parties *who)
{
    struct bootstrap_settings s = {
        .context = r->context[0], .msbf = MSBF, .device_id = who->device_id, .ival_capable = true};

    pair_enter(&r->pair, 0);
    s.credential = kit_credential(who->client_by, who->client_name, false);
    r->pair.side[0].proto = bootstrap_client_new(&r->pair.side[0].env, &s, &r->bootstrap);
    pair_leave();
    ck_assert_ptr_nonnull(r->pair.side[0].proto);
}

static void put_server(struct kit_run *r, const struct parties *who)
{
    pair_enter(&r->pair, 1);
    kit_server(r, kit_credential(who->server_by, who->server_name, true));
    pair_leave();
}

static void open_run(struct kit_run *r, int choice, const struct parties *who)
{
    kit_open(r, SERVER_MSBF, choices[choice].suite, choices[choice].version);
    put_client(r, who);
    put_server(r, who);
}

START_TEST(clean)
{
    struct kit_run r;

    open_run(&r, _i, everyday());
    ck_assert_int_eq(kit_go(&r), PAIR_ENDED);
    ck_status(&r, 0, PROTO_DONE);
    ck_status(&r, 1, PROTO_DONE);
    ck_assert(kit_same_key(&r, SE_KMR));
    ck_assert_uint_eq(r.requests, 1);
    ck_assert_str_eq(r.peer, DEVICE);
    ck_assert_int_eq(r.last.method, HTTP_POST);
    ck_assert_str_eq(r.last.target, "/m2m/bootstrap");
    ck_assert_str_eq(r.last.doc.u.bootstrap_request.device_id, DEVICE);
    ck_assert(r.last.doc.u.bootstrap_request.ival_capable);
    ck_assert_mem_eq(r.bootstrap.node_id, kit_node_id, sizeof(kit_node_id));
    ck_assert_uint_eq(r.bootstrap.kmr_index, KMR_INDEX);
    ck_assert_int_eq(r.bootstrap.expires_unix_ns, EXPIRES);
    ck_assert_str_eq(r.bootstrap.mas_fqdn, MAS);
    ck_assert_str_eq(r.bootstrap.scl_id, SCL);
    ck_assert_uint_eq(r.bootstrap.nscl_count, 1);
    ck_assert_str_eq(r.bootstrap.nscl_list[0], NSCL);
    kit_close(&r);
}
END_TEST

/* What each side pays for, beside TLS. */
START_TEST(metered)
{
    struct kit_run r;

    open_run(&r, 0, everyday());
    kit_go(&r);
    for (int side = 0; side < 2; side++) {
        const struct meter_use *use = r.pair.side[side].meter.use;

        ck_assert_uint_eq(use[OP_HTTP_MESSAGE].calls, 2);
        ck_assert_uint_eq(use[OP_XML_DOCUMENT].calls, 2);
        ck_assert_uint_gt(use[OP_XML_DOCUMENT].octets, 300);
        ck_assert_uint_gt(use[OP_HTTP_MESSAGE].octets, use[OP_XML_DOCUMENT].octets);
        ck_assert_uint_eq(use[OP_AES256_WRAP].calls, 1);
    }
    /* What one wrote, the other read. */
    ck_assert_uint_eq(r.pair.side[0].meter.use[OP_HTTP_MESSAGE].octets,
                      r.pair.side[1].meter.use[OP_HTTP_MESSAGE].octets);
    ck_assert_uint_eq(r.pair.side[0].meter.use[OP_XML_DOCUMENT].octets,
                      r.pair.side[1].meter.use[OP_XML_DOCUMENT].octets);
    kit_close(&r);
}
END_TEST

/* Kmr is one draw more than a run without it makes. */
START_TEST(kmr_is_metered)
{
    struct meter_use with, without;
    struct kit_run r;

    open_run(&r, 0, everyday());
    kit_go(&r);
    with = r.pair.side[1].meter.use[OP_RANDOM];
    kit_close(&r);
    open_run(&r, 0, everyday());
    server_session_set_busy(r.server, 1);
    kit_go(&r);
    without = r.pair.side[1].meter.use[OP_RANDOM];
    kit_close(&r);
    ck_assert_uint_eq(with.calls, without.calls + 1);
    ck_assert_uint_eq(with.octets, without.octets + M2M_KEY_LEN);
}
END_TEST

START_TEST(labels_name_the_messages)
{
    struct kit_run r;

    open_run(&r, 0, everyday());
    kit_go(&r);
    ck_assert(kit_said(&r, 0, "POST bootstrapRequest"));
    ck_assert(kit_said(&r, 1, "200 bootstrapParamSet"));
    ck_assert(kit_said(&r, 0, "close_notify"));
    for (int side = 0; side < 2; side++)
        ck_assert(!kit_said(&r, side, "application data"));
    kit_close(&r);
}
END_TEST

START_TEST(any_chunking_is_the_same_run)
{
    static const size_t chunks[] = {1, 2, 3, 5, 16, 100, 333, 1000};
    struct kit_run whole, cut;
    struct pair_script script;

    open_run(&whole, _i, everyday());
    kit_go(&whole);
    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
        open_run(&cut, _i, everyday());
        script = kit_script(&cut);
        script.way[0].chunk = script.way[1].chunk = chunks[i];
        ck_assert_int_eq(pair_run(&cut.pair, &script), PAIR_ENDED);
        ck_status(&cut, 0, PROTO_DONE);
        ck_status(&cut, 1, PROTO_DONE);
        ck_assert(pair_same(&whole.pair, &cut.pair));
        ck_assert_mem_eq(whole.pair.side[0].se.key, cut.pair.side[0].se.key,
                         sizeof(cut.pair.side[0].se.key));
        kit_close(&cut);
    }
    kit_close(&whole);
}
END_TEST

START_TEST(second_run_is_the_same)
{
    struct kit_run a, b;

    open_run(&a, _i, everyday());
    kit_go(&a);
    open_run(&b, _i, everyday());
    kit_go(&b);
    ck_assert(pair_same(&a.pair, &b.pair));
    ck_assert_mem_eq(&a.pair.side[0].meter, &b.pair.side[0].meter, sizeof(struct meter));
    ck_assert_mem_eq(&a.pair.side[1].meter, &b.pair.side[1].meter, sizeof(struct meter));
    kit_close(&a);
    kit_close(&b);
}
END_TEST

START_TEST(cut_anywhere)
{
    struct kit_run r;
    size_t length[2];
    struct pair_script script;

    open_run(&r, 0, everyday());
    kit_go(&r);
    length[0] = buf_len(&r.pair.side[0].sent);
    length[1] = buf_len(&r.pair.side[1].sent);
    kit_close(&r);
    for (int side = 0; side < 2; side++) {
        for (size_t at = 0; at < length[side]; at += 29) {
            open_run(&r, 0, everyday());
            script = kit_script(&r);
            script.way[side].cut_at = at;
            ck_assert_int_eq(pair_run(&r.pair, &script), PAIR_ENDED);
            kit_check_accident(&r, SE_KMR);
            kit_close(&r);
        }
    }
}
END_TEST

START_TEST(corrupted_anywhere)
{
    struct kit_run r;
    size_t length[2];
    struct pair_script script;

    open_run(&r, 0, everyday());
    kit_go(&r);
    length[0] = buf_len(&r.pair.side[0].sent);
    length[1] = buf_len(&r.pair.side[1].sent);
    kit_close(&r);
    for (int side = 0; side < 2; side++) {
        for (size_t at = 0; at < length[side]; at += 13) {
            open_run(&r, 0, everyday());
            script = kit_script(&r);
            script.way[side].corrupt_at = at;
            script.way[side].corrupt_with = 0x21;
            /* A length that became longer waits for ever: then the way is cut. */
            if (pair_run(&r.pair, &script) == PAIR_QUIET) {
                for (int i = 0; i < 2; i++) {
                    struct proto *p = r.pair.side[i].proto;
                    struct buf out;

                    buf_init(&out, 1 << 20);
                    pair_enter(&r.pair, i);
                    p->ops->input(p, r.pair.now, (struct span){0});
                    while (p->ops->output(p, r.pair.now, &out))
                        ;
                    pair_leave();
                    buf_clear(&out);
                }
            }
            kit_check_accident(&r, SE_KMR);
            kit_close(&r);
        }
    }
}
END_TEST

START_TEST(server_of_another_authority)
{
    struct parties who = *everyday();
    struct kit_run r;

    who.server_by = kit_stranger;
    open_run(&r, _i, &who);
    kit_go(&r);
    ck_failed(&r, 0, REASON_CERTIFICATE_UNKNOWN);
    ck_failed(&r, 1, REASON_CERTIFICATE_UNKNOWN);
    ck_assert_uint_eq(r.requests, 0);
    kit_close(&r);
}
END_TEST

START_TEST(device_of_another_authority)
{
    struct parties who = *everyday();
    struct kit_run r;

    who.client_by = kit_stranger;
    open_run(&r, _i, &who);
    kit_go(&r);
    ck_failed(&r, 0, REASON_CERTIFICATE_UNKNOWN);
    ck_failed(&r, 1, REASON_CERTIFICATE_UNKNOWN);
    kit_close(&r);
}
END_TEST

START_TEST(server_of_another_name)
{
    struct parties who = *everyday();
    struct kit_run r;

    who.server_name = "msbf.example.com";
    open_run(&r, _i, &who);
    kit_go(&r);
    ck_failed(&r, 0, REASON_CERTIFICATE_NAME);
    kit_close(&r);
}
END_TEST

/* Certificates are valid for 100 days from the epoch less one. */
START_TEST(in_another_year)
{
    static const struct {
        int64_t days;
        enum reason reason;
    } moves[] = {{200, REASON_CERTIFICATE_EXPIRED}, {-2, REASON_CERTIFICATE_NOT_YET}};
    struct kit_run r;
    struct pair_script script;

    open_run(&r, 0, everyday());
    r.pair.now = moves[_i].days * DAY_S * SIM_S;
    script = kit_script(&r);
    script.limit = SIM_NEVER;
    pair_run(&r.pair, &script);
    ck_failed(&r, 0, moves[_i].reason);
    ck_assert_int_eq(kit_status(&r, 1), PROTO_FAILED);
    kit_close(&r);
}
END_TEST

/* The device says it is somebody else than its certificate does. */
START_TEST(device_id_is_not_the_certificates)
{
    struct parties who = *everyday();
    struct kit_run r;

    who.device_id = "meter-2.example.org";
    open_run(&r, 0, &who);
    kit_go(&r);
    ck_failed(&r, 0, REASON_PERMISSION_DENIED);
    ck_status(&r, 1, PROTO_DONE);
    ck_assert_uint_eq(r.requests, 0);
    ck_assert(!se_has(&r.pair.side[1].se, SE_KMR));
    ck_assert(kit_said(&r, 1, "403 errorInfo"));
    kit_close(&r);
}
END_TEST

START_TEST(busy_server)
{
    struct kit_run r;

    open_run(&r, 0, everyday());
    server_session_set_busy(r.server, 30);
    kit_go(&r);
    ck_failed(&r, 0, REASON_SERVER_BUSY);
    ck_assert_uint_eq(procedure_retry_after_s(r.pair.side[0].proto), 30);
    ck_status(&r, 1, PROTO_DONE);
    ck_assert_uint_eq(r.requests, 0);
    ck_assert(!se_has(&r.pair.side[1].se, SE_KMR));
    kit_close(&r);
}
END_TEST

START_TEST(refused_by_the_node)
{
    static const struct {
        int status;
        const char *additional;
        enum reason reason;
    } refusals[] = {
        {403, "ival-denied", REASON_IVAL_DENIED},
        {403, "ival-denied: capability 3", REASON_IVAL_DENIED},
        {403, NULL, REASON_FORBIDDEN},
        {403, "no reason of ours", REASON_FORBIDDEN},
        {404, "", REASON_NOT_FOUND},
        {503, NULL, REASON_SERVER_BUSY},
        {504, "backend-timeout", REASON_BACKEND_TIMEOUT},
    };
    struct server_answer a = {.status = refusals[_i].status, .additional = refusals[_i].additional};
    struct kit_run r;

    open_run(&r, 0, everyday());
    r.answer = &a;
    kit_go(&r);
    ck_failed(&r, 0, refusals[_i].reason);
    ck_status(&r, 1, PROTO_DONE);
    ck_assert(!se_has(&r.pair.side[0].se, SE_KMR));
    kit_close(&r);
}
END_TEST

/* The answer arrives with the sixth flight, each a millisecond on its way. */
START_TEST(a_lifetime_that_ends_now)
{
    struct m2m_doc doc;
    struct server_answer a = {.status = 200, .doc = &doc};
    struct kit_run r;

    kit_fill(DOC_BOOTSTRAP_PARAM_SET, &doc);
    doc.u.bootstrap.expires_unix_ns = EPOCH_S * SIM_S + (6 + _i) * SIM_MS;
    open_run(&r, 0, everyday());
    r.answer = &a;
    kit_go(&r);
    if (_i == 0) {
        ck_failed(&r, 0, REASON_KEY_EXPIRED);
        ck_assert(!se_has(&r.pair.side[0].se, SE_KMR));
    } else {
        ck_status(&r, 0, PROTO_DONE);
        ck_assert(kit_same_key(&r, SE_KMR));
    }
    kit_close(&r);
}
END_TEST

START_TEST(server_closes_after_the_answer)
{
    struct m2m_doc doc;
    struct server_answer a = {.status = 200, .doc = &doc, .close = true};
    struct kit_run r;

    kit_fill(DOC_BOOTSTRAP_PARAM_SET, &doc);
    open_run(&r, 0, everyday());
    r.answer = &a;
    kit_go(&r);
    ck_status(&r, 0, PROTO_DONE);
    ck_status(&r, 1, PROTO_DONE);
    ck_assert(kit_same_key(&r, SE_KMR));
    kit_close(&r);
}
END_TEST

/* The node takes its time, and the device is gone. */
START_TEST(answer_to_nobody)
{
    struct m2m_doc doc;
    struct server_answer a = {.status = 200, .doc = &doc};
    struct kit_run r;
    struct proto *p;

    kit_fill(DOC_BOOTSTRAP_PARAM_SET, &doc);
    open_run(&r, 0, everyday());
    r.mute = true;
    ck_assert_int_eq(kit_go(&r), PAIR_QUIET);
    ck_assert_ptr_nonnull(server_session_request(r.server));
    p = server_session_proto(r.server);
    pair_enter(&r.pair, 1);
    p->ops->input(p, r.pair.now, (struct span){0});
    ck_failed(&r, 1, REASON_CLOSED_EARLY);
    ck_assert_ptr_null(server_session_request(r.server));
    server_session_answer(r.server, r.pair.now, &a);
    server_session_close(r.server, r.pair.now);
    pair_leave();
    ck_failed(&r, 1, REASON_CLOSED_EARLY);
    kit_close(&r);
}
END_TEST

/* ---- Against a server that is not ours ---- */

#define SET_HEAD                                                                                   \
    "<m2m:bootstrapParamSet xmlns:m2m=\"http://uri.etsi.org/m2m\">"                                \
    "<m2m:securityM2MNodeId>000102030405060708090a0b0c0d0e0f</m2m:securityM2MNodeId>"              \
    "<m2m:securityKmrIndex>1</m2m:securityKmrIndex>"                                               \
    "<m2m:securityLifetime>2030-01-01T00:00:00Z</m2m:securityLifetime>"
#define SET_TAIL "</m2m:bootstrapParamSet>"
#define KEY_40                                                                                     \
    "<m2m:securityM2MKey>"                                                                         \
    "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f0001020304050607"             \
    "</m2m:securityM2MKey>"

static const struct {
    const char *start, *body; /* NULL body: start is all there is */
    bool then_close;
    enum reason reason;
} fakes[] = {
    /* clang-format off */
    {"HTTP/1.1 200 OK\r\n", SET_HEAD KEY_40 SET_TAIL, false, REASON_KEY_UNWRAP},
    {"HTTP/1.1 200 OK\r\n", SET_HEAD KEY_40 SET_TAIL, true, REASON_KEY_UNWRAP},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", SET_HEAD KEY_40 SET_TAIL, false, REASON_KEY_UNWRAP},
    {"HTTP/1.1 200 OK\r\n", SET_HEAD SET_TAIL, false, REASON_XML_INVALID},
    {"HTTP/1.1 200 OK\r\n", SET_HEAD, false, REASON_XML_MALFORMED},
    {"HTTP/1.1 200 OK\r\n", "<x/>", false, REASON_XML_INVALID},
    {"HTTP/1.1 200 OK\r\n", "not XML", false, REASON_XML_MALFORMED},
    {"HTTP/1.1 200 OK\r\n", "", false, REASON_XML_INVALID},
    {"HTTP/1.1 200 OK\r\n", "<m2m:errorInfo xmlns:m2m=\"http://uri.etsi.org/m2m\"><m2m:statusCode>STATUS_FORBIDDEN</m2m:statusCode></m2m:errorInfo>", false, REASON_XML_INVALID},
    {"HTTP/1.1 204 No Content\r\n\r\n", NULL, false, REASON_HTTP_STATUS},
    {"HTTP/1.1 201 Created\r\n", SET_HEAD KEY_40 SET_TAIL, false, REASON_HTTP_STATUS},
    {"HTTP/1.1 302 Found\r\nLocation: https://elsewhere/\r\nContent-Length: 0\r\n\r\n", NULL, false, REASON_HTTP_STATUS},
    {"HTTP/1.1 503 Service Unavailable\r\n", "<html>not ours", false, REASON_SERVER_BUSY},
    {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", NULL, true, REASON_FORBIDDEN},
    {"220 mail.example.org ESMTP\r\n", NULL, false, REASON_HTTP_MALFORMED},
    {"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", NULL, false, REASON_HTTP_TOO_LARGE},
    {"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<m2m", NULL, true, REASON_CLOSED_EARLY},
    {"HTTP/1.1 200 O", NULL, true, REASON_CLOSED_EARLY},
    {"", NULL, true, REASON_CLOSED_EARLY},
    /* A body without a length ends with close_notify. */
    {"HTTP/1.1 200 OK\r\n\r\n" SET_HEAD KEY_40 SET_TAIL, NULL, true, REASON_KEY_UNWRAP},
    /* clang-format on */
};

START_TEST(against_a_fake_server)
{
    char text[4096];
    struct span say = span_str(fakes[_i].start);
    struct kit_run r;

    if (fakes[_i].body)
        say = kit_http(text, sizeof(text), fakes[_i].start, fakes[_i].body);
    kit_open(&r, SERVER_MSBF, choices[0].suite, choices[0].version);
    put_client(&r, everyday());
    pair_enter(&r.pair, 1);
    bare_put(&r, 1, kit_credential(kit_authority, MSBF, true), say, fakes[_i].then_close);
    pair_leave();
    kit_go(&r);
    ck_failed(&r, 0, fakes[_i].reason);
    ck_assert(!se_has(&r.pair.side[0].se, SE_KMR));
    kit_close(&r);
}
END_TEST

/* What the client asks, octet for octet where it matters (GAP C10). */
START_TEST(the_request_as_written)
{
    struct kit_run r;
    struct bare *b;
    char *heard;

    kit_open(&r, SERVER_MSBF, choices[0].suite, choices[0].version);
    put_client(&r, everyday());
    pair_enter(&r.pair, 1);
    b = bare_put(&r, 1, kit_credential(kit_authority, MSBF, true), span_str(""), true);
    pair_leave();
    kit_go(&r);
    heard = strndup((const char *)buf_span(&b->heard).p, buf_len(&b->heard));
    ck_assert_ptr_nonnull(heard);
    ck_assert_int_eq(strncmp(heard, "POST /m2m/bootstrap HTTP/1.1\r\n", 30), 0);
    ck_assert_ptr_nonnull(strstr(heard, "\r\nHost: " MSBF "\r\n"));
    ck_assert_ptr_nonnull(strstr(heard, "\r\nContent-Type: application/xml\r\n"));
    ck_assert_ptr_nonnull(strstr(heard, ">" DEVICE "<"));
    free(heard);
    kit_close(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bootstrap");
    TCase *t = tcase_create("bootstrap");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, clean, 0, CHOICES);
    tcase_add_test(t, metered);
    tcase_add_test(t, kmr_is_metered);
    tcase_add_test(t, labels_name_the_messages);
    tcase_add_loop_test(t, any_chunking_is_the_same_run, 0, CHOICES);
    tcase_add_loop_test(t, second_run_is_the_same, 0, CHOICES);
    tcase_add_test(t, cut_anywhere);
    tcase_add_test(t, corrupted_anywhere);
    tcase_add_loop_test(t, server_of_another_authority, 0, CHOICES);
    tcase_add_loop_test(t, device_of_another_authority, 0, CHOICES);
    tcase_add_loop_test(t, server_of_another_name, 0, CHOICES);
    tcase_add_loop_test(t, in_another_year, 0, 2);
    tcase_add_test(t, device_id_is_not_the_certificates);
    tcase_add_test(t, busy_server);
    tcase_add_loop_test(t, refused_by_the_node, 0, 7);
    tcase_add_loop_test(t, a_lifetime_that_ends_now, 0, 2);
    tcase_add_test(t, server_closes_after_the_answer);
    tcase_add_test(t, answer_to_nobody);
    tcase_add_loop_test(t, against_a_fake_server, 0, (int)(sizeof(fakes) / sizeof(fakes[0])));
    tcase_add_test(t, the_request_as_written);
    suite_add_tcase(s, t);
    return kit_main(s);
}
