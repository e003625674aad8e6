#include "tests/unit/proc/kit.h"

static const struct {
    enum tls_suite suite;
    enum tls_version version;
} choices[] = {
    {TLS_SUITE_PSK_AES_128_CCM, TLS_1_2},
    {TLS_SUITE_PSK_AES_128_CBC_SHA, TLS_1_1},
    {TLS_SUITE_PSK_AES_128_CBC_SHA, TLS_1_2},
    {TLS_SUITE_PSK_AES_128_CBC_SHA256, TLS_1_2},
};
#define CHOICES ((int)(sizeof(choices) / sizeof(choices[0])))
#define TARGET  "/m2m/scls/meter-1/containers/c/contentInstances"

static void put_client(struct kit_run *r)
{
    struct mid_settings s = {.context = r->context[0],
                             .nscl = NSCL,
                             .connection_id = CONNECTION_ID,
                             .kmc_index = KMC_INDEX,
                             .requesting_entity = SCL};

    se_put(&r->pair.side[0].se, SE_KMC, kit_psk);
    pair_enter(&r->pair, 0);
    r->mid = mid_client_new(&r->pair.side[0].env, &s);
    pair_leave();
    ck_assert_ptr_nonnull(r->mid);
    r->pair.side[0].proto = mid_client_proto(r->mid);
}

static void open_run(struct kit_run *r, int choice)
{
    kit_open(r, SERVER_NSCL, choices[choice].suite, choices[choice].version);
    put_client(r);
    pair_enter(&r->pair, 1);
    kit_server(r, NULL);
    pair_leave();
}

static void open_against_bare(struct kit_run *r, struct span say, bool then_close)
{
    kit_open(r, SERVER_NSCL, choices[0].suite, choices[0].version);
    put_client(r);
    pair_enter(&r->pair, 1);
    bare_put(r, 1, NULL, say, then_close);
    pair_leave();
}

static bool ask(struct kit_run *r, enum http_method method)
{
    struct m2m_doc doc;
    bool asked;

    kit_fill(DOC_CONTENT_INSTANCE, &doc);
    pair_enter(&r->pair, 0);
    asked = mid_client_request(r->mid, r->pair.now, "POST contentInstance", method, TARGET,
                               method == HTTP_POST ? &doc : NULL);
    pair_leave();
    return asked;
}

START_TEST(several_requests)
{
    struct kit_run r;
    const struct mid_response *answer;

    open_run(&r, _i);
    ck_assert_int_eq(kit_go(&r), PAIR_QUIET);
    ck_assert(mid_client_is_open(r.mid));
    ck_assert(server_session_is_open(r.server));
    for (unsigned i = 1; i <= 5; i++) {
        ck_assert(ask(&r, HTTP_POST));
        ck_assert_ptr_null(mid_client_response(r.mid));
        ck_assert(!ask(&r, HTTP_POST));
        ck_assert_int_eq(kit_go(&r), PAIR_QUIET);
        answer = mid_client_response(r.mid);
        ck_assert_ptr_nonnull(answer);
        ck_assert_int_eq(answer->status, 201);
        ck_assert_int_eq(answer->reason, REASON_NONE);
        ck_assert_str_eq(answer->location, "/m2m/scls/meter-1");
        ck_assert_int_eq(answer->doc.kind, DOC_NONE);
        mid_client_take(r.mid);
        ck_assert_ptr_null(mid_client_response(r.mid));
        ck_assert_uint_eq(r.requests, i);
    }
    ck_assert_str_eq(r.last.target, TARGET);
    ck_assert_str_eq(r.last.requesting_entity, SCL);
    ck_assert_int_eq(r.last.rep.type, M2M_CONTENT_INSTANCE);
    ck_assert_uint_gt(r.last.body_octets, 100);
    kit_close_side(&r, 0);
    ck_assert_int_eq(kit_go(&r), PAIR_ENDED);
    ck_status(&r, 0, PROTO_DONE);
    ck_status(&r, 1, PROTO_DONE);
    ck_assert(!mid_client_is_open(r.mid));
    ck_assert(!ask(&r, HTTP_GET));
    ck_assert(!kit_said(&r, 0, "application data"));
    ck_assert(!kit_said(&r, 1, "application data"));
    kit_close(&r);
}
END_TEST

/* Asked before the handshake: sent with its end, in one flight. */
START_TEST(request_before_the_handshake)
{
    struct kit_run r;
    struct meter before;

    open_run(&r, _i);
    before = r.pair.side[0].meter;
    ck_assert(ask(&r, HTTP_POST));
    ck_assert(!ask(&r, HTTP_POST));
    ck_assert_mem_eq(&before, &r.pair.side[0].meter, sizeof(before)); /* it is not sent yet */
    ck_assert_int_eq(kit_go(&r), PAIR_QUIET);
    ck_assert_ptr_nonnull(mid_client_response(r.mid));
    ck_assert_int_eq(mid_client_response(r.mid)->status, 201);
    ck_assert_uint_eq(r.pair.side[0].meter.use[OP_HTTP_MESSAGE].calls, 2);
    ck_assert_uint_eq(r.pair.side[0].meter.use[OP_XML_DOCUMENT].calls, 1);
    ck_assert(kit_said(&r, 0, "POST contentInstance"));
    ck_assert(kit_said(&r, 1, "201\n"));
    kit_close(&r);
}
END_TEST

/* One request after the other, from within the step, with every chunking. */
static void asker(struct kit_run *r, int side)
{
    struct m2m_doc doc;

    if (side != 0 || !mid_client_is_open(r->mid))
        return;
    if (mid_client_response(r->mid)) {
        ck_assert_int_eq(mid_client_response(r->mid)->status, 201);
        mid_client_take(r->mid);
        r->counter++;
    }
    kit_fill(DOC_CONTENT_INSTANCE, &doc);
    if (r->counter >= 4)
        mid_client_close(r->mid, r->pair.now);
    else
        mid_client_request(r->mid, r->pair.now, "POST contentInstance", HTTP_POST, TARGET, &doc);
}

START_TEST(any_chunking_is_the_same_run)
{
    static const size_t chunks[] = {0, 1, 2, 3, 5, 16, 100, 333};
    struct kit_run whole, cut;
    struct pair_script script;

    open_run(&whole, _i);
    whole.more = asker;
    ck_assert_int_eq(kit_go(&whole), PAIR_ENDED);
    ck_assert_uint_eq(whole.requests, 4);
    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
        open_run(&cut, _i);
        cut.more = asker;
        script = kit_script(&cut);
        script.way[0].chunk = script.way[1].chunk = chunks[i];
        ck_assert_int_eq(pair_run(&cut.pair, &script), PAIR_ENDED);
        ck_status(&cut, 0, PROTO_DONE);
        ck_status(&cut, 1, PROTO_DONE);
        ck_assert_uint_eq(cut.requests, 4);
        ck_assert(pair_same(&whole.pair, &cut.pair));
        kit_close(&cut);
    }
    kit_close(&whole);
}
END_TEST

START_TEST(methods_and_no_body)
{
    static const enum http_method methods[] = {HTTP_GET, HTTP_PUT, HTTP_DELETE};
    struct server_answer a = {.status = 204};
    struct kit_run r;

    open_run(&r, 0);
    r.answer = &a;
    for (int i = 0; i < 3; i++) {
        ck_assert(ask(&r, methods[i]));
        kit_go(&r);
        ck_assert_int_eq(r.last.method, methods[i]);
        ck_assert_int_eq(r.last.rep.type, M2M_NO_TYPE);
        ck_assert_uint_eq(r.last.body_octets, 0);
        ck_assert_int_eq(mid_client_response(r.mid)->status, 204);
        mid_client_take(r.mid);
    }
    kit_close(&r);
}
END_TEST

START_TEST(an_answer_with_a_document)
{
    struct m2m_doc doc = {.kind = DOC_CONTAINER, .u.container = {.id = "c", .max_instances = 7}};
    struct server_answer a = {.status = 200, .doc = &doc};
    struct kit_run r;

    open_run(&r, 0);
    r.answer = &a;
    ask(&r, HTTP_GET);
    kit_go(&r);
    ck_assert_int_eq(mid_client_response(r.mid)->doc.kind, DOC_CONTAINER);
    ck_assert_uint_eq(mid_client_response(r.mid)->doc.u.container.max_instances, 7);
    ck_assert(kit_said(&r, 1, "200 container"));
    kit_close(&r);
}
END_TEST

START_TEST(refusals)
{
    static const struct {
        int status;
        const char *additional;
        enum reason reason;
    } refused[] = {
        {403, "ival-denied", REASON_IVAL_DENIED},
        {400, "ival-bad-signature", REASON_IVAL_BAD_SIGNATURE},
        {409, NULL, REASON_CONFLICT},
        {401, NULL, REASON_PERMISSION_DENIED},
        {503, NULL, REASON_SERVER_BUSY},
    };
    struct server_answer a = {
        .status = refused[_i].status, .additional = refused[_i].additional, .retry_after_s = 17};
    struct kit_run r;

    open_run(&r, 0);
    r.answer = &a;
    ask(&r, HTTP_POST);
    ck_assert_int_eq(kit_go(&r), PAIR_QUIET);
    ck_assert_int_eq(mid_client_response(r.mid)->status, refused[_i].status);
    ck_assert_int_eq(mid_client_response(r.mid)->reason, refused[_i].reason);
    ck_assert_uint_eq(mid_client_response(r.mid)->retry_after_s, 17);
    ck_assert_int_eq(mid_client_response(r.mid)->doc.kind, DOC_ERROR_INFO);
    /* A refusal is an answer: the session goes on. */
    ck_status(&r, 0, PROTO_RUNNING);
    r.answer = NULL;
    ck_assert(ask(&r, HTTP_POST));
    ck_assert_ptr_nonnull(mid_client_response(r.mid)); /* until taken, or until the next one */
    kit_go(&r);
    ck_assert_int_eq(mid_client_response(r.mid)->status, 201);
    kit_close(&r);
}
END_TEST

START_TEST(closed_while_idle)
{
    struct kit_run r;

    open_run(&r, 0);
    ask(&r, HTTP_POST);
    kit_go(&r);
    kit_close_side(&r, _i);
    ck_assert_int_eq(kit_go(&r), PAIR_ENDED);
    ck_status(&r, 0, PROTO_DONE);
    ck_status(&r, 1, PROTO_DONE);
    ck_assert_int_eq(kit_reason(&r, 0), REASON_NONE);
    ck_assert_int_eq(kit_reason(&r, 1), REASON_NONE);
    /* The answer outlives the session. */
    ck_assert_ptr_nonnull(mid_client_response(r.mid));
    ck_assert(!ask(&r, HTTP_POST));
    kit_close(&r);
}
END_TEST

/* DONE is for the close_notify to be out, not for what the peer says to it. */
START_TEST(done_after_output)
{
    struct kit_run r;
    struct proto *p;
    struct buf out;

    open_run(&r, 0);
    kit_go(&r);
    buf_init(&out, 1 << 20);
    kit_close_side(&r, _i);
    p = r.pair.side[_i].proto;
    ck_status(&r, _i, PROTO_RUNNING);
    pair_enter(&r.pair, _i);
    while (p->ops->output(p, r.pair.now, &out))
        ;
    pair_leave();
    ck_assert_uint_gt(buf_len(&out), 5);
    ck_status(&r, _i, PROTO_DONE);
    buf_clear(&out);
    kit_close(&r);
}
END_TEST

START_TEST(closed_in_mid_exchange)
{
    struct kit_run r;

    open_run(&r, 0);
    kit_go(&r);
    r.mute = true;
    ask(&r, HTTP_POST);
    ck_assert_int_eq(kit_go(&r), PAIR_QUIET);
    ck_assert_ptr_nonnull(server_session_request(r.server));
    kit_close_side(&r, _i);
    ck_assert_ptr_null(server_session_request(r.server) && _i == 1 ? r.server : NULL);
    ck_assert_int_eq(kit_go(&r), PAIR_ENDED);
    ck_status(&r, _i, PROTO_DONE); /* who closes is done; who waited is not */
    ck_failed(&r, 1 - _i, REASON_CLOSED_EARLY);
    kit_close(&r);
}
END_TEST

/* A client with a request in its hand, and a server that closes at the end of the handshake. */
START_TEST(closed_before_it_was_open)
{
    struct kit_run r;

    open_run(&r, 0);
    kit_close_side(&r, _i);
    kit_go(&r);
    ck_status(&r, _i, PROTO_DONE);
    ck_failed(&r, 1 - _i, REASON_CLOSED_EARLY);
    kit_close(&r);
}
END_TEST

START_TEST(connection_close)
{
    struct server_answer a = {.status = 201, .close = true};
    struct kit_run r;

    open_run(&r, 0);
    r.answer = &a;
    ask(&r, HTTP_POST);
    ck_assert_int_eq(kit_go(&r), PAIR_ENDED);
    ck_status(&r, 0, PROTO_DONE);
    ck_status(&r, 1, PROTO_DONE);
    ck_assert_int_eq(mid_client_response(r.mid)->status, 201);
    kit_close(&r);
}
END_TEST

/* A server that says it closes, and leaves that to us. */
START_TEST(connection_close_without_close_notify)
{
    struct kit_run r;

    open_against_bare(
        &r, span_str("HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        false);
    ask(&r, HTTP_POST);
    ck_assert_int_eq(kit_go(&r), PAIR_ENDED);
    ck_status(&r, 0, PROTO_DONE);
    ck_assert_int_eq(mid_client_response(r.mid)->status, 201);
    ck_assert(kit_said(&r, 0, "close_notify"));
    kit_close(&r);
}
END_TEST

START_TEST(busy_and_no_more)
{
    struct kit_run r;

    open_run(&r, 0);
    server_session_set_busy(r.server, 12);
    ask(&r, HTTP_POST);
    ck_assert_int_eq(kit_go(&r), PAIR_QUIET);
    ck_assert_int_eq(mid_client_response(r.mid)->reason, REASON_SERVER_BUSY);
    ck_assert_uint_eq(mid_client_response(r.mid)->retry_after_s, 12);
    ck_assert_uint_eq(r.requests, 0);
    ck_assert_uint_eq(r.pair.side[1].meter.use[OP_XML_DOCUMENT].calls, 1); /* errorInfo alone */
    mid_client_take(r.mid);
    server_session_set_busy(r.server, 0);
    ask(&r, HTTP_POST);
    kit_go(&r);
    ck_assert_int_eq(mid_client_response(r.mid)->status, 201);
    kit_close(&r);
}
END_TEST

START_TEST(wrong_or_unknown_kmc)
{
    static const enum reason reasons[] = {REASON_PSK_WRONG, REASON_PSK_UNKNOWN, REASON_KEY_EXPIRED};
    struct kit_run r;

    open_run(&r, 0);
    ask(&r, HTTP_POST);
    if (_i == 0)
        r.known_psk = kit_other_psk;
    else
        r.why_unknown = reasons[_i];
    kit_go(&r);
    ck_failed(&r, 1, reasons[_i]);
    ck_failed(&r, 0, _i == 0 ? REASON_PSK_WRONG : REASON_PSK_UNKNOWN);
    ck_assert_ptr_null(mid_client_response(r.mid));
    kit_close(&r);
}
END_TEST

/* ---- Against a server that is not ours ---- */

START_TEST(an_answer_that_cannot_be_read)
{
    static const struct {
        const char *start, *body;
        enum reason reason;
    } answers[] = {
        {"HTTP/1.1 200 OK\r\n", "<m2m:scl", REASON_XML_MALFORMED},
        {"HTTP/1.1 200 OK\r\n", "<other/>", REASON_XML_INVALID},
        {"HTTP/1.1 500 Internal Server Error\r\n", "oops", REASON_HTTP_STATUS},
        {"HTTP/1.1 404 Not Found\r\n", "<html/>", REASON_NOT_FOUND},
        {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 201 Created\r\n", "", REASON_NONE},
    };
    char text[1024];
    struct kit_run r;

    open_against_bare(&r, kit_http(text, sizeof(text), answers[_i].start, answers[_i].body), false);
    ask(&r, HTTP_POST);
    ck_assert_int_eq(kit_go(&r), PAIR_QUIET);
    ck_status(&r, 0, PROTO_RUNNING);
    ck_assert_ptr_nonnull(mid_client_response(r.mid));
    if (answers[_i].reason == REASON_HTTP_STATUS)
        ck_assert_int_eq(mid_client_response(r.mid)->reason, m2m_status_reason(500));
    else
        ck_assert_int_eq(mid_client_response(r.mid)->reason, answers[_i].reason);
    ck_assert_int_eq(mid_client_response(r.mid)->doc.kind, DOC_NONE);
    kit_close(&r);
}
END_TEST

/* Two answers to one question: the second could be taken for that of the next. */
START_TEST(an_answer_nobody_asked_for)
{
    static const char two[] = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
                              "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
    struct kit_run r;

    open_against_bare(&r, span_str(two), false);
    ask(&r, HTTP_POST);
    kit_go(&r);
    ck_failed(&r, 0, REASON_HTTP_MALFORMED);
    kit_close(&r);
}
END_TEST

static void say_in_idle(struct kit_run *r, int side)
{
    struct bare *b = (struct bare *)r->pair.side[1].proto;

    if (side == 1 && b->said && r->counter++ == 0)
        tls_write(b->tls, r->pair.now, span_str("HTTP/1.1 408 Request Timeout\r\n"));
}

START_TEST(an_answer_while_idle)
{
    struct kit_run r;

    open_against_bare(&r, span_str(""), false);
    ((struct bare *)r.pair.side[1].proto)->server = false; /* says "" at once */
    r.more = say_in_idle;
    kit_go(&r);
    ck_failed(&r, 0, REASON_HTTP_MALFORMED);
    kit_close(&r);
}
END_TEST

START_TEST(http_ends_too_early)
{
    static const struct {
        const char *say;
        bool answered;
    } cut[] = {{"HTTP/1.1 201 Crea", false},
               {"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\n<m2", false},
               {"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", true},
               {"HTTP/1.1 200 OK\r\n\r\n", true}};
    struct kit_run r;

    open_against_bare(&r, span_str(cut[_i].say), true);
    ask(&r, HTTP_POST);
    ck_assert_int_eq(kit_go(&r), PAIR_ENDED);
    if (cut[_i].answered) {
        ck_status(&r, 0, PROTO_DONE);
        ck_assert_ptr_nonnull(mid_client_response(r.mid));
    } else {
        ck_failed(&r, 0, REASON_CLOSED_EARLY);
        ck_assert_ptr_null(mid_client_response(r.mid));
    }
    kit_close(&r);
}
END_TEST

/* A document that is longer than any we may send is refused at once; the session is as before. */
START_TEST(a_document_too_long)
{
    static uint8_t content[M2M_MAX_DOC];
    struct m2m_doc doc;
    struct kit_run r;
    bool asked;

    kit_fill(DOC_CONTENT_INSTANCE, &doc);
    doc.u.content_instance.content = span_of(content, sizeof(content));
    open_run(&r, 0);
    kit_go(&r);
    pair_enter(&r.pair, 0);
    asked = mid_client_request(r.mid, r.pair.now, "POST contentInstance", HTTP_POST, TARGET, &doc);
    pair_leave();
    ck_assert(!asked);
    ck_assert(ask(&r, HTTP_POST));
    kit_go(&r);
    ck_assert_int_eq(mid_client_response(r.mid)->status, 201);
    kit_close(&r);
}
END_TEST

/* 20 kB: two TLS records, one message. */
START_TEST(a_long_document)
{
    static uint8_t content[20000];
    struct m2m_doc doc;
    struct kit_run r;

    kit_fill(DOC_CONTENT_INSTANCE, &doc);
    doc.u.content_instance.content = span_of(content, sizeof(content));
    open_run(&r, _i);
    kit_go(&r);
    pair_enter(&r.pair, 0);
    ck_assert(
        mid_client_request(r.mid, r.pair.now, "POST contentInstance", HTTP_POST, TARGET, &doc));
    pair_leave();
    kit_go(&r);
    ck_assert_uint_eq(r.requests, 1);
    ck_assert_uint_gt(r.last.body_octets, 20000);
    ck_assert_int_eq(mid_client_response(r.mid)->status, 201);
    ck_assert(!kit_said(&r, 0, "application data"));
    kit_close(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("mid");
    TCase *t = tcase_create("mid");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, several_requests, 0, CHOICES);
    tcase_add_loop_test(t, request_before_the_handshake, 0, CHOICES);
    tcase_add_loop_test(t, any_chunking_is_the_same_run, 0, CHOICES);
    tcase_add_test(t, methods_and_no_body);
    tcase_add_test(t, an_answer_with_a_document);
    tcase_add_loop_test(t, refusals, 0, 5);
    tcase_add_loop_test(t, closed_while_idle, 0, 2);
    tcase_add_loop_test(t, closed_in_mid_exchange, 0, 2);
    tcase_add_loop_test(t, closed_before_it_was_open, 0, 2);
    tcase_add_test(t, connection_close);
    tcase_add_test(t, connection_close_without_close_notify);
    tcase_add_loop_test(t, done_after_output, 0, 2);
    tcase_add_test(t, busy_and_no_more);
    tcase_add_loop_test(t, wrong_or_unknown_kmc, 0, 3);
    tcase_add_loop_test(t, an_answer_that_cannot_be_read, 0, 5);
    tcase_add_test(t, an_answer_nobody_asked_for);
    tcase_add_test(t, an_answer_while_idle);
    tcase_add_loop_test(t, http_ends_too_early, 0, 4);
    tcase_add_test(t, a_document_too_long);
    tcase_add_loop_test(t, a_long_document, 0, CHOICES);
    suite_add_tcase(s, t);
    return kit_main(s);
}
