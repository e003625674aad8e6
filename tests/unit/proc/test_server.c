/* The server's session against a client that is not ours. */
#include "tests/unit/proc/kit.h"

#define ROLES 3

/* A role's suite, its bare client with what it says, its server. */
static struct bare *open_run(struct kit_run *r, enum server_role role, struct span say,
                             bool then_close)
{
    static const enum tls_suite suites[ROLES] = {[SERVER_MSBF] = TLS_SUITE_RSA_AES_128_CCM,
                                                 [SERVER_MAS] =
                                                     TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA256,
                                                 [SERVER_NSCL] = TLS_SUITE_PSK_AES_128_CCM};
    bool psk = role != SERVER_MSBF;
    struct bare *b;

    kit_open(r, role, suites[role], TLS_1_2);
    se_put(&r->pair.side[0].se, SE_KMR, kit_psk);
    se_put(&r->pair.side[0].se, SE_KMC, kit_psk);
    pair_enter(&r->pair, 0);
    b = bare_put(r, 0, psk ? NULL : kit_credential(kit_authority, DEVICE, false), say, then_close);
    pair_leave();
    pair_enter(&r->pair, 1);
    kit_server(r, psk ? NULL : kit_credential(kit_authority, MSBF, true));
    pair_leave();
    return b;
}

/* What the client heard, as a text. */
static const char *heard(struct bare *b)
{
    ck_assert(buf_put(&b->heard, "", 1));
    return (const char *)buf_span(&b->heard).p;
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;

    while ((text = strstr(text, part))) {
        n++;
        text++;
    }
    return n;
}

#define HOST "Host: h\r\n"
#define BOOT                                                                                       \
    "<m2m:bootstrapRequest xmlns:m2m=\"http://uri.etsi.org/m2m\"><m2m:deviceId>" DEVICE            \
    "</m2m:deviceId><m2m:ivalCapability>1</m2m:ivalCapability></m2m:bootstrapRequest>"
#define LONG_64  "0123456789012345678901234567890123456789012345678901234567890123"
#define LONG_256 LONG_64 LONG_64 LONG_64 LONG_64

static const struct {
    enum server_role role;
    const char *start, *body; /* NULL body: start is all */
    const char *answer;       /* how it begins; NULL: the node is asked */
    const char *within;       /* what it has; NULL: anything */
    bool ends;                /* the session fails behind it */
    enum reason reason;
} requests[] = {
    /* clang-format off */
    {SERVER_MSBF, "POST /m2m/bootstrap HTTP/1.1\r\n" HOST, BOOT, NULL, NULL, false, 0},
    {SERVER_MSBF, "POST https://msbf.example.org/m2m/bootstrap HTTP/1.1\r\n" HOST, BOOT, NULL, NULL, false, 0},
    {SERVER_MSBF, "GET /m2m/bootstrap HTTP/1.1\r\n" HOST "\r\n", NULL, "HTTP/1.1 405 ", "STATUS_METHOD_NOT_ALLOWED", false, 0},
    {SERVER_MSBF, "PUT /m2m/bootstrap HTTP/1.1\r\n" HOST, BOOT, "HTTP/1.1 405 ", NULL, false, 0},
    {SERVER_MSBF, "PATCH /m2m/bootstrap HTTP/1.1\r\n" HOST, BOOT, "HTTP/1.1 405 ", "\r\nAllow: POST\r\n", false, 0},
    {SERVER_MSBF, "POST /m2m/bootstrap/ HTTP/1.1\r\n" HOST, BOOT, "HTTP/1.1 404 ", "STATUS_NOT_FOUND", false, 0},
    {SERVER_MSBF, "POST /m2m/connection HTTP/1.1\r\n" HOST, BOOT, "HTTP/1.1 404 ", ">not-found<", false, 0},
    {SERVER_MSBF, "POST https://msbf.example.org HTTP/1.1\r\n" HOST, BOOT, "HTTP/1.1 400 ", NULL, false, 0},
    {SERVER_MSBF, "POST /m2m/bootstrap HTTP/1.1\r\n" HOST, "", "HTTP/1.1 400 ", ">xml-invalid: ", false, 0},
    {SERVER_MSBF, "POST /m2m/bootstrap HTTP/1.1\r\n" HOST, "<a>", "HTTP/1.1 400 ", ">xml-malformed", false, 0},
    {SERVER_MSBF, "POST /m2m/bootstrap HTTP/1.1\r\n" HOST, "<a/>", "HTTP/1.1 400 ", ">xml-invalid", false, 0},
    {SERVER_MSBF, "POST /m2m/bootstrap HTTP/1.1\r\n" HOST "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", NULL, "HTTP/1.1 415 ", NULL, false, 0},
    {SERVER_MAS,  "POST /m2m/connection HTTP/1.1\r\n" HOST, BOOT, "HTTP/1.1 400 ", ">xml-invalid: ", false, 0},
    {SERVER_MAS,  "POST /m2m/bootstrap HTTP/1.1\r\n" HOST, BOOT, "HTTP/1.1 404 ", NULL, false, 0},
    {SERVER_NSCL, "POST /m2m/bootstrap HTTP/1.1\r\n" HOST, BOOT, "HTTP/1.1 400 ", ">xml-invalid: ", false, 0},
    {SERVER_NSCL, "POST /m2m/scls HTTP/1.1\r\n" HOST, "<m:scl xmlns:m='http://uri.etsi.org/m2m'/>", NULL, NULL, false, 0},
    {SERVER_NSCL, "GET /m2m/scls HTTP/1.1\r\n" HOST "\r\n", NULL, NULL, NULL, false, 0},
    {SERVER_NSCL, "GET /m2m HTTP/1.1\r\n" HOST "\r\n", NULL, NULL, NULL, false, 0},
    {SERVER_NSCL, "GET /m2m HTTP/1.1\r\n" HOST "X-etsi-rcat: 7\r\nX-ETSI-TRPDT: PT5M\r\n\r\n", NULL, NULL, NULL, false, 0},
    {SERVER_NSCL, "GET /m2m HTTP/1.1\r\n" HOST "x-etsi-rcat: 8\r\n\r\n", NULL, "HTTP/1.1 400 ", "RCAT or TRPDT", false, 0},
    {SERVER_NSCL, "GET /m2m HTTP/1.1\r\n" HOST "x-etsi-trpdt: soon\r\n\r\n", NULL, "HTTP/1.1 400 ", "RCAT or TRPDT", false, 0},
    {SERVER_NSCL, "GET /m2mx HTTP/1.1\r\n" HOST "\r\n", NULL, "HTTP/1.1 404 ", NULL, false, 0},
    {SERVER_NSCL, "GET / HTTP/1.1\r\n" HOST "\r\n", NULL, "HTTP/1.1 404 ", NULL, false, 0},
    {SERVER_NSCL, "OPTIONS /m2m/scls HTTP/1.1\r\n" HOST "\r\n", NULL, "HTTP/1.1 405 ", "\r\nAllow: GET, POST, PUT\r\n", false, 0},
    {SERVER_NSCL, "HEAD https://h/m2m/scls/a?x=y HTTP/1.1\r\n" HOST "\r\n", NULL, "HTTP/1.1 405 ", "\r\nAllow: GET, PUT, DELETE\r\n", false, 0},
    {SERVER_NSCL, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", NULL, "HTTP/1.1 405 ", "\r\nAllow: GET, POST, PUT, DELETE\r\n", false, 0},
    {SERVER_NSCL, "POST /m2m/scls HTTP/1.1\r\n" HOST "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", NULL, "HTTP/1.1 415 ", NULL, false, 0},
    {SERVER_NSCL, "PUT /m2m/scls/a HTTP/1.1\r\n" HOST "If-Match: \"a\"\r\nContent-Length: 0\r\n\r\n", NULL, "HTTP/1.1 412 ", "no entity tags", false, 0},
    {SERVER_NSCL, "DELETE /m2m/scls/a HTTP/1.1\r\n" HOST "If-None-Match: *\r\n\r\n", NULL, "HTTP/1.1 412 ", NULL, false, 0},
    {SERVER_NSCL, "PUT /m2m/scls/a HTTP/1.1\r\n" HOST "If-Unmodified-Since: Sat, 29 Oct 1994 19:43:31 GMT\r\nContent-Length: 0\r\n\r\n", NULL, "HTTP/1.1 412 ", NULL, false, 0},
    {SERVER_NSCL, "GET /m2m/scls/a HTTP/1.1\r\n" HOST "If-None-Match: \"a\"\r\n\r\n", NULL, NULL, NULL, false, 0},
    {SERVER_NSCL, "POST /m2m/scls HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 10\r\n\r\n", NULL, "HTTP/1.1 100 Continue\r\n\r\n", NULL, false, 0},
    {SERVER_NSCL, "POST /m2m/scls HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n", NULL, "HTTP/1.1 413 ", NULL, true, REASON_HTTP_TOO_LARGE},
    {SERVER_NSCL, "POST /m2m/scls HTTP/1.1\r\n" HOST, "<x", "HTTP/1.1 400 ", ">xml-malformed", false, 0},
    {SERVER_NSCL, "GET /m2m/" LONG_256 " HTTP/1.1\r\n" HOST "\r\n", NULL, "HTTP/1.1 414 ", NULL, false, 0},
    {SERVER_NSCL, "GET /m2m/" LONG_256 LONG_256 LONG_256 LONG_256 " HTTP/1.1\r\n" HOST "\r\n", NULL, "HTTP/1.1 414 ", ">http-too-large<", true, REASON_HTTP_TOO_LARGE},
    {SERVER_NSCL, "POST /m2m/scls HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n", NULL, "HTTP/1.1 413 ", "STATUS_BAD_REQUEST", true, REASON_HTTP_TOO_LARGE},
    {SERVER_NSCL, "HELO relay.example.org\r\n", NULL, "HTTP/1.1 400 ", "Connection: close", true, REASON_HTTP_MALFORMED},
    {SERVER_NSCL, "GET /m2m/scls HTTP/1.1\r\n\r\n", NULL, "HTTP/1.1 400 ", ">http-malformed<", true, REASON_HTTP_MALFORMED},
    {SERVER_NSCL, "\x16\x03\x03", NULL, "HTTP/1.1 400 ", NULL, true, REASON_HTTP_MALFORMED},
    /* clang-format on */
};

START_TEST(each_request_has_its_answer)
{
    char text[4096];
    struct span say = span_str(requests[_i].start);
    const char *got;
    struct kit_run r;
    struct bare *b;

    if (requests[_i].body)
        say = kit_http(text, sizeof(text), requests[_i].start, requests[_i].body);
    b = open_run(&r, requests[_i].role, say, false);
    kit_go(&r);
    got = heard(b);
    ck_assert_uint_eq(r.requests, requests[_i].answer == NULL);
    if (requests[_i].answer)
        ck_assert_msg(!strncmp(got, requests[_i].answer, strlen(requests[_i].answer)), "%s", got);
    if (requests[_i].within)
        ck_assert_msg(strstr(got, requests[_i].within) != NULL, "%s", got);
    if (requests[_i].answer) {
        ck_assert(!se_has(&r.pair.side[1].se, SE_KMR));
        ck_assert(!se_has(&r.pair.side[1].se, SE_KMC));
    }
    if (requests[_i].ends) {
        ck_failed(&r, 1, requests[_i].reason);
        ck_assert(kit_said(&r, 1, "close_notify"));
        ck_assert_ptr_nonnull(strstr(got, "Connection: close"));
    } else {
        ck_status(&r, 1, PROTO_RUNNING);
        ck_assert(server_session_is_open(r.server));
    }
    ck_assert(!kit_said(&r, 1, "application data"));
    kit_close(&r);
}
END_TEST

#define GET(n) "GET /m2m/scls/" #n " HTTP/1.1\r\n" HOST "\r\n"

/* One octet string, any chunking: answered in order, each by the one whose it is. */
START_TEST(pipelined)
{
    static const char all[] = GET(1) GET(2) "GET /elsewhere HTTP/1.1\r\n" HOST "\r\n" GET(3);
    static const size_t chunks[] = {0, 1, 7, 50};
    const char *got, *refused;
    struct pair_script script;
    struct kit_run r;
    struct bare *b;

    b = open_run(&r, SERVER_NSCL, span_str(all), false);
    script = kit_script(&r);
    script.way[0].chunk = chunks[_i];
    pair_run(&r.pair, &script);
    got = heard(b);
    ck_assert_uint_eq(r.requests, 3);
    ck_assert_str_eq(r.last.target, "/m2m/scls/3");
    ck_assert_uint_eq(count(got, "HTTP/1.1 201 "), 3);
    refused = strstr(got, "HTTP/1.1 404 ");
    ck_assert_ptr_nonnull(refused);
    ck_assert_uint_eq(count(refused, "HTTP/1.1 201 "), 1);
    kit_close(&r);
}
END_TEST

/* While the node thinks, what is pipelined waits; then it is served without more octets coming. */
START_TEST(pipelined_behind_a_slow_node)
{
    struct server_answer a = {.status = 204};
    struct kit_run r;
    struct bare *b;

    b = open_run(&r, SERVER_NSCL, span_str(GET(1) GET(2)), false);
    r.mute = true;
    kit_go(&r);
    for (unsigned i = 1; i <= 2; i++) {
        const struct server_request *q = server_session_request(r.server);
        char target[32];

        snprintf(target, sizeof(target), "/m2m/scls/%u", i);
        ck_assert_ptr_nonnull(q);
        ck_assert_str_eq(q->target, target);
        pair_enter(&r.pair, 1);
        server_session_answer(r.server, r.pair.now, &a);
        pair_leave();
    }
    ck_assert_ptr_null(server_session_request(r.server));
    kit_go(&r);
    ck_assert_uint_eq(count(heard(b), "HTTP/1.1 204 "), 2);
    kit_close(&r);
}
END_TEST

/* Nothing is served behind a request that is the last. */
START_TEST(connection_close_by_the_client)
{
    static const char all[] =
        "GET /m2m/scls/1 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n" GET(2);
    struct kit_run r;
    struct bare *b;

    b = open_run(&r, SERVER_NSCL, span_str(all), false);
    ck_assert_int_eq(kit_go(&r), PAIR_ENDED);
    ck_assert_uint_eq(r.requests, 1);
    ck_status(&r, 1, PROTO_DONE);
    ck_assert_ptr_nonnull(strstr(heard(b), "Connection: close"));
    kit_close(&r);
}
END_TEST

START_TEST(http_1_0)
{
    static const char *const requests_1_0[] = {
        "GET /m2m/scls HTTP/1.0\r\n\r\n",
        "GET /m2m/scls HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"};
    struct kit_run r;

    open_run(&r, SERVER_NSCL, span_str(requests_1_0[_i]), false);
    ck_assert_int_eq(kit_go(&r), PAIR_ENDED);
    ck_assert_uint_eq(r.requests, 1);
    ck_status(&r, 1, PROTO_DONE);
    kit_close(&r);
}
END_TEST

/* With and without a request under way. */
START_TEST(close_notify_by_the_client)
{
    static const struct {
        const char *say;
        unsigned requests;
        enum proto_status status;
    } closes[] = {{"", 0, PROTO_DONE},
                  {"GET /m2m/sc", 0, PROTO_FAILED},
                  {"GET /elsewhere HTTP/1.1\r\n" HOST "\r\n", 0, PROTO_DONE},
                  {GET(1), 0, PROTO_FAILED}};
    static const size_t chunks[] = {0, 1};
    struct pair_script script;
    struct kit_run r;

    for (int i = 0; i < 2; i++) {
        open_run(&r, SERVER_NSCL, span_str(closes[_i].say), true);
        r.mute = true;
        script = kit_script(&r);
        script.way[0].chunk = chunks[i];
        pair_run(&r.pair, &script);
        ck_status(&r, 1, closes[_i].status);
        if (closes[_i].status == PROTO_FAILED)
            ck_failed(&r, 1, REASON_CLOSED_EARLY);
        ck_assert_ptr_null(server_session_request(r.server));
        kit_close(&r);
    }
}
END_TEST

/* A bare FIN is no end in good order, whatever the moment. */
START_TEST(fin_without_close_notify)
{
    struct kit_run r;
    struct proto *p;

    open_run(&r, SERVER_NSCL, span_str(_i ? GET(1) : ""), false);
    kit_go(&r);
    p = server_session_proto(r.server);
    pair_enter(&r.pair, 1);
    p->ops->input(p, r.pair.now, (struct span){0});
    pair_leave();
    ck_failed(&r, 1, REASON_CLOSED_EARLY);
    kit_close(&r);
}
END_TEST

/* 60 kB of small requests nobody may make: the session stays within its bounds, one way or the
 * other. */
START_TEST(flood_of_refusals)
{
    static const char one[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    static char flood[60000];
    size_t n = 0;
    struct kit_run r;

    for (; n + sizeof(one) < sizeof(flood); n += sizeof(one) - 1)
        memcpy(flood + n, one, sizeof(one) - 1);
    open_run(&r, SERVER_NSCL, span_of(flood, n), false);
    kit_go(&r);
    ck_assert_uint_eq(r.requests, 0);
    ck_assert(kit_status(&r, 1) == PROTO_RUNNING || kit_reason(&r, 1) == REASON_HTTP_TOO_LARGE);
    ck_assert_uint_lt(buf_len(&r.pair.side[1].sent), 2 << 20);
    kit_close(&r);
}
END_TEST

/* Good requests by the hundred behind one that is not answered: bounded as well. */
START_TEST(flood_behind_a_waiting_request)
{
    static const char one[] = "GET /m2m/x HTTP/1.1\r\nHost: h\r\n\r\n";
    static char flood[250000];
    size_t n = 0;
    struct kit_run r;

    for (; n + sizeof(one) < sizeof(flood); n += sizeof(one) - 1)
        memcpy(flood + n, one, sizeof(one) - 1);
    open_run(&r, SERVER_NSCL, span_of(flood, n), false);
    r.mute = true;
    kit_go(&r);
    ck_assert_int_eq(kit_status(&r, 1) == PROTO_RUNNING, server_session_request(r.server) != NULL);
    kit_close(&r);
}
END_TEST

/* Random octets as plaintext, to each role; and as records, where the client's would be. */
START_TEST(random_plaintext)
{
    struct rng rng = rng_stream(5, "hostile", "plaintext");
    uint8_t noise[600];
    struct kit_run r;

    for (int round = 0; round < 60; round++) {
        size_t n = 1 + (size_t)rng_below(&rng, sizeof(noise));

        rng_bytes(&rng, noise, n);
        if (round % 3 == 0) /* sometimes it begins well */
            memcpy(noise, "POST /m2m/scls HTTP/1.1\r\n", n < 25 ? n : 25);
        open_run(&r, (enum server_role)_i, span_of(noise, n), round % 2);
        kit_go(&r);
        ck_assert_uint_eq(r.requests, 0);
        if (kit_status(&r, 1) == PROTO_FAILED)
            ck_assert(kit_reason(&r, 1) == REASON_HTTP_MALFORMED ||
                      kit_reason(&r, 1) == REASON_HTTP_TOO_LARGE ||
                      kit_reason(&r, 1) == REASON_CLOSED_EARLY);
        kit_close(&r);
    }
}
END_TEST

START_TEST(random_records)
{
    struct rng rng = rng_stream(5, "hostile", "records");
    uint8_t noise[300];
    struct kit_run r;
    struct proto *p;
    struct buf out;

    for (int round = 0; round < 60; round++) {
        size_t n = 5 + (size_t)rng_below(&rng, sizeof(noise) - 5);

        rng_bytes(&rng, noise, n);
        if (round % 2) /* a record of application data that nobody can have made */
            memcpy(noise, ((uint8_t[]){23, 3, 3, 0, (uint8_t)(n - 5)}), 5);
        open_run(&r, SERVER_NSCL, span_str(""), false);
        kit_go(&r);
        ck_assert(server_session_is_open(r.server));
        p = server_session_proto(r.server);
        buf_init(&out, 1 << 20);
        pair_enter(&r.pair, 1);
        p->ops->input(p, r.pair.now, span_of(noise, n));
        while (p->ops->output(p, r.pair.now, &out))
            ;
        p->ops->input(p, r.pair.now, (struct span){0});
        while (p->ops->output(p, r.pair.now, &out))
            ;
        pair_leave();
        buf_clear(&out);
        ck_status(&r, 1, PROTO_FAILED);
        ck_assert_int_ne(kit_reason(&r, 1), REASON_NONE);
        kit_close(&r);
    }
}
END_TEST

/* A session that has nothing under way holds no reader, no request, no answer. */
START_TEST(answers_after_the_end_are_dropped)
{
    struct server_answer a = {.status = 200};
    struct kit_run r;

    open_run(&r, SERVER_NSCL, span_str(GET(1)), false);
    r.mute = true;
    kit_go(&r);
    pair_enter(&r.pair, 1);
    server_session_close(r.server, r.pair.now);
    ck_assert_ptr_null(server_session_request(r.server));
    server_session_answer(r.server, r.pair.now, &a);
    pair_leave();
    ck_assert_int_eq(kit_go(&r), PAIR_ENDED);
    ck_status(&r, 1, PROTO_DONE);
    ck_assert(!kit_said(&r, 1, "200"));
    kit_close(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("server");
    TCase *t = tcase_create("server");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, each_request_has_its_answer, 0,
                        (int)(sizeof(requests) / sizeof(requests[0])));
    tcase_add_loop_test(t, pipelined, 0, 4);
    tcase_add_test(t, pipelined_behind_a_slow_node);
    tcase_add_test(t, connection_close_by_the_client);
    tcase_add_loop_test(t, http_1_0, 0, 2);
    tcase_add_loop_test(t, close_notify_by_the_client, 0, 4);
    tcase_add_loop_test(t, fin_without_close_notify, 0, 2);
    tcase_add_test(t, flood_of_refusals);
    tcase_add_test(t, flood_behind_a_waiting_request);
    tcase_add_loop_test(t, random_plaintext, 0, ROLES);
    tcase_add_test(t, random_records);
    tcase_add_test(t, answers_after_the_end_are_dropped);
    suite_add_tcase(s, t);
    return kit_main(s);
}
