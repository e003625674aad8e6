#include "models/proto/http.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* What a reader made of a stream, as text, so that two readings can be compared. */
struct reading {
    char text[16384];
    size_t n;
    enum reason reason;
    bool in_message;
};

static void note(struct reading *r, const struct http_message *m)
{
    r->n += (size_t)snprintf(
        r->text + r->n, sizeof(r->text) - r->n,
        "[%d %d '%.*s' %d host='%.*s' type='%.*s' auth='%.*s' loc='%.*s' retry=%u ka=%d body=%zu "
        "'%.*s']",
        m->is_request, (int)m->method, (int)m->target.n, m->target.p, m->status, (int)m->host.n,
        m->host.p, (int)m->content_type.n, m->content_type.p, (int)m->authorization.n,
        m->authorization.p, (int)m->location.n, m->location.p, m->retry_after_s, m->keep_alive,
        m->body.n, (int)(m->body.n < 64 ? m->body.n : 64), m->body.p);
    ck_assert_uint_lt(r->n, sizeof(r->text));
}

static void take_all(struct http_reader *reader, struct reading *r)
{
    while (!r->reason && http_reader_message(reader)) {
        note(r, http_reader_message(reader));
        r->reason = http_reader_next(reader);
    }
}

static void read_stream(bool requests, struct span in, size_t chunk, bool end, struct reading *r)
{
    struct http_reader *reader = http_reader_new(requests);

    memset(r, 0, sizeof(*r));
    for (size_t i = 0; i < in.n && !r->reason; i += chunk) {
        size_t n = in.n - i < chunk ? in.n - i : chunk;

        r->reason = http_reader_input(reader, span_of(in.p + i, n));
        take_all(reader, r);
    }
    if (end && !r->reason) {
        r->reason = http_reader_input(reader, span_of(NULL, 0));
        take_all(reader, r);
    }
    r->in_message = http_reader_in_message(reader);
    http_reader_free(reader);
}

/* Reads it whole, then in every chunking, which must make no difference. */
static void read_each_way(bool requests, struct span in, bool end, struct reading *whole)
{
    read_stream(requests, in, in.n ? in.n : 1, end, whole);
    for (size_t chunk = 1; chunk < in.n; chunk += chunk < 64 ? 1 : 997) {
        struct reading r;

        read_stream(requests, in, chunk, end, &r);
        ck_assert_int_eq(r.reason, whole->reason);
        ck_assert_str_eq(r.text, whole->text);
        ck_assert_int_eq(r.in_message, whole->in_message);
    }
}

static const char post[] =
    "POST /m2m/bootstrap HTTP/1.1\r\nHost: msbf.example\r\nContent-Type: application/xml \r\n"
    "Authorization: Basic abc\r\nX-Other: a, b\r\nContent-Length: 5\r\n\r\nhello";

START_TEST(request_in_every_chunking)
{
    struct reading r;

    read_each_way(true, span_str(post), false, &r);
    ck_assert_int_eq(r.reason, REASON_NONE);
    ck_assert_str_eq(r.text, "[1 1 '/m2m/bootstrap' 0 host='msbf.example' type='application/xml' "
                             "auth='Basic abc' loc='' retry=0 ka=1 body=5 'hello']");
    ck_assert(!r.in_message);
}
END_TEST

START_TEST(response_in_every_chunking)
{
    struct reading r;

    read_each_way(false,
                  span_str("HTTP/1.1 100 Continue\r\n\r\n"
                           "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 30\r\n"
                           "Location:\t/a \t\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
                  true, &r);
    ck_assert_int_eq(r.reason, REASON_NONE);
    ck_assert_str_eq(r.text,
                     "[0 4 '' 503 host='' type='' auth='' loc='/a' retry=30 ka=0 body=0 '']");
}
END_TEST

START_TEST(chunked_bodies)
{
    struct reading r;

    read_each_way(true,
                  span_str("PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "4;ext=\"q\"\r\nwiki\r\nA\r\n0123456789\r\n0\r\nHost: evil\r\n\r\n"
                           "GET /y HTTP/1.1\r\nHost: h\r\n\r\n"),
                  false, &r);
    ck_assert_int_eq(r.reason, REASON_NONE);
    ck_assert_str_eq(
        r.text, "[1 2 '/x' 0 host='h' type='' auth='' loc='' retry=0 ka=1 body=14 'wiki0123456789']"
                "[1 0 '/y' 0 host='h' type='' auth='' loc='' retry=0 ka=1 body=0 '']");
}
END_TEST

START_TEST(pipelined_requests)
{
    char many[4096] = "";
    struct reading r;
    size_t count = 0;

    for (int i = 0; i < 20; i++)
        strcat(many, post);
    read_each_way(true, span_str(many), true, &r);
    ck_assert_int_eq(r.reason, REASON_NONE);
    for (const char *p = r.text; (p = strchr(p, '[')); p++)
        count++;
    ck_assert_uint_eq(count, 20);
}
END_TEST

START_TEST(response_until_the_end)
{
    struct reading r;
    const char *text = "HTTP/1.1 200 OK\r\n\r\nall of it";

    read_each_way(false, span_str(text), true, &r);
    ck_assert_int_eq(r.reason, REASON_NONE);
    ck_assert_ptr_nonnull(strstr(r.text, "ka=0 body=9 'all of it'"));
    read_each_way(false, span_str(text), false, &r);
    ck_assert_str_eq(r.text, "");
    ck_assert(r.in_message);
}
END_TEST

START_TEST(cut_at_every_octet)
{
    for (size_t n = 0; n < strlen(post); n++) {
        struct reading r;

        read_each_way(true, span_of(post, n), true, &r);
        ck_assert_int_eq(r.reason, n == 0 ? REASON_NONE : REASON_CLOSED_EARLY);
        ck_assert_str_eq(r.text, "");
    }
}
END_TEST

static const char *const malformed_requests[] = {
    "\0\0\0\0",
    "GET\r\n\r\n",
    "GET / HTTP/1.1\nHost: h\n\n",               /* bare LF */
    "GET / HTTP/1.1\r\nHost: h\n\r\n",           /* one of them */
    "GET / HTTP/1.1\r\nHost: h\r\rX: y\r\n\r\n", /* CR without LF */
    "GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n",
    "GET / HTTP/1.1\r\n X: y\r\nHost: h\r\n\r\n",
    "GET / HTTP/1.1\r\nHost : h\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET / HTTP/1.1\r\nX: y\r\n\r\n", /* no Host */
    "GET / HTTP/2.0\r\nHost: h\r\n\r\n",
    "GET / HTTP/0.9\r\nHost: h\r\n\r\n",
    "GET /\r\n\r\n",
    "GET /\x80 HTTP/1.1\r\nHost: h\r\n\r\n",
    "G\x01T / HTTP/1.1\r\nHost: h\r\n\r\n",
    "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1x\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
     "chunked\r\n\r\n"),
    "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naX\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\nab",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n x: y\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\n\n",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\na\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nX\x01: y\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nX: a\x01z\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nnocolon\r\n\r\n",
    "\x16\x03\x01\x02",
};

START_TEST(malformed_request)
{
    const char *text = malformed_requests[_i];
    struct reading r;

    read_each_way(true, span_of(text, _i == 0 ? 4 : strlen(text)), false, &r);
    ck_assert_msg(r.reason == REASON_HTTP_MALFORMED, "%s: %s", text, reason_text(r.reason));
    ck_assert_str_eq(r.text, "");
}
END_TEST

static const char *const malformed_responses[] = {
    "HTTP/1.1 099 Low\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 600 High\r\n\r\n",
    "HTTP/1.1 OK\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "HTTP/3.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "ICY 200 OK\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
    "HTTP/1.1 200 OK\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
};

START_TEST(malformed_response)
{
    struct reading r;

    read_each_way(false, span_str(malformed_responses[_i]), false, &r);
    ck_assert_msg(r.reason == REASON_HTTP_MALFORMED, "%s: %s", malformed_responses[_i],
                  reason_text(r.reason));
    ck_assert_str_eq(r.text, "");
}
END_TEST

/* RFC 9110 10.1.1: who waits with his content, until some of it has come. */
START_TEST(continue_is_awaited)
{
    static const struct {
        const char *head, *behind;
        bool awaited;
    } cases[] = {
        {"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n", "",
         true},
        {"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
         "2\r\n", true},
        {"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", "a",
         false},
        {"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n", "",
         false},
        {"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", "", false},
        {"POST / HTTP/1.1\r\nHost: h\r\nExpect: more\r\nContent-Length: 2\r\n\r\n", "", false},
        {"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n", "", false},
    };
    struct http_reader *r = http_reader_new(true);

    ck_assert_int_eq(http_reader_input(r, span_str(cases[_i].head)), REASON_NONE);
    if (*cases[_i].behind)
        ck_assert_int_eq(http_reader_input(r, span_str(cases[_i].behind)), REASON_NONE);
    ck_assert_int_eq(http_reader_awaited(r), cases[_i].awaited);
    ck_assert(!http_reader_awaited(r));
    http_reader_free(r);
}
END_TEST

START_TEST(conditions)
{
    struct http_reader *r = http_reader_new(true);
    const struct http_message *m;

    ck_assert_int_eq(
        http_reader_input(r, span_str("PUT / HTTP/1.1\r\nHost: h\r\nIf-Match: \"a\"\r\n"
                                      "if-none-match:\r\n\r\n")),
        REASON_NONE);
    m = http_reader_message(r);
    ck_assert_ptr_nonnull(m);
    ck_assert(m->if_match && m->if_none_match && !m->if_unmodified_since);
    ck_assert_int_eq(http_reader_next(r), REASON_NONE);
    ck_assert_int_eq(http_reader_input(r, span_str("PUT / HTTP/1.1\r\nHost: h\r\n"
                                                   "If-Unmodified-Since: x\r\n\r\n")),
                     REASON_NONE);
    m = http_reader_message(r);
    ck_assert_ptr_nonnull(m);
    ck_assert(!m->if_match && !m->if_none_match && m->if_unmodified_since);
    http_reader_free(r);
}
END_TEST

START_TEST(dead_stays_dead)
{
    struct http_reader *reader = http_reader_new(true);

    ck_assert_int_eq(http_reader_input(reader, span_str("\x01")), REASON_HTTP_MALFORMED);
    ck_assert_int_eq(http_reader_input(reader, span_str(post)), REASON_HTTP_MALFORMED);
    ck_assert_ptr_null(http_reader_message(reader));
    http_reader_free(reader);
}
END_TEST

static enum reason read_request(const char *head, char fill, size_t fill_n, const char *tail)
{
    size_t n = strlen(head) + fill_n + strlen(tail);
    char *text = malloc(n + 1);
    struct reading whole, single;

    ck_assert_ptr_nonnull(text);
    strcpy(text, head);
    memset(text + strlen(head), fill, fill_n);
    strcpy(text + strlen(head) + fill_n, tail);
    read_stream(true, span_of(text, n), n, false, &whole);
    read_stream(true, span_of(text, n), 1, false, &single);
    ck_assert_int_eq(whole.reason, single.reason);
    ck_assert_str_eq(whole.text, single.text);
    free(text);
    return whole.reason;
}

START_TEST(limits)
{
    const char *host = "GET / HTTP/1.1\r\nHost: h\r\n";
    size_t room = HTTP_MAX_HEADER - strlen(host) - strlen("X: \r\n\r\n");
    char head[128];

    ck_assert_int_eq(
        read_request("GET /", 'a', HTTP_MAX_TARGET - 1, " HTTP/1.1\r\nHost: h\r\n\r\n"),
        REASON_NONE);
    ck_assert_int_eq(read_request("GET /", 'a', HTTP_MAX_TARGET, " HTTP/1.1\r\nHost: h\r\n\r\n"),
                     REASON_HTTP_TOO_LARGE);
    snprintf(head, sizeof(head), "%sX: ", host);
    ck_assert_int_eq(read_request(head, 'y', room, "\r\n\r\n"), REASON_NONE);
    ck_assert_int_eq(read_request(head, 'y', room + 1, "\r\n\r\n"), REASON_HTTP_TOO_LARGE);
    /* beyond the limit, faults are no longer looked for */
    ck_assert_int_eq(read_request(head, 'y', room + 500, "\n"), REASON_HTTP_TOO_LARGE);
    snprintf(head, sizeof(head), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n",
             HTTP_MAX_BODY);
    ck_assert_int_eq(read_request(head, 'b', HTTP_MAX_BODY, ""), REASON_NONE);
    snprintf(head, sizeof(head), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n",
             HTTP_MAX_BODY + 1);
    ck_assert_int_eq(read_request(head, 'b', 0, ""), REASON_HTTP_TOO_LARGE);
    ck_assert_int_eq(
        read_request("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n",
                     'b', HTTP_MAX_BODY + 1, "\r\n0\r\n\r\n"),
        REASON_HTTP_TOO_LARGE);
    ck_assert_int_eq(
        read_request("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;", 'b',
                     HTTP_MAX_HEADER, "\r\nx\r\n0\r\n\r\n"),
        REASON_HTTP_TOO_LARGE);
}
END_TEST

START_TEST(too_much_behind_a_message)
{
    struct http_reader *reader = http_reader_new(true);
    enum reason reason = REASON_NONE;
    int sent = 0;

    /* nobody takes the first one */
    for (; sent < 10000 && !reason; sent++)
        reason = http_reader_input(reader, span_str(post));
    ck_assert_int_eq(reason, REASON_HTTP_TOO_LARGE);
    ck_assert_int_lt(sent, 1000);
    http_reader_free(reader);
}
END_TEST

START_TEST(after_close_nothing_is_read)
{
    struct reading r;

    read_each_way(true,
                  span_str("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
                           "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"),
                  true, &r);
    ck_assert_int_eq(r.reason, REASON_NONE);
    ck_assert_ptr_null(strstr(r.text, "/2"));
}
END_TEST

START_TEST(octets_changed_one_by_one)
{
    size_t n = strlen(post);

    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            char copy[sizeof(post)];
            struct reading a, b;

            memcpy(copy, post, sizeof(post));
            copy[i] = (char)(copy[i] ^ 1 << bit);
            read_stream(true, span_of(copy, n), n, true, &a);
            read_stream(true, span_of(copy, n), 1, true, &b);
            ck_assert_int_eq(a.reason, b.reason);
            ck_assert_str_eq(a.text, b.text);
            ck_assert(a.reason || a.text[0]);
        }
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
    struct http_out out = {.method = HTTP_PUT,
                           .target = "/scls/a?b=c",
                           .host = "nscl.example",
                           .content_type = "application/xml",
                           .requesting_entity = "m2m://d/1:2 %\xc3\xa4",
                           .body = span_str("<x/>")};
    struct http_reader *reader = http_reader_new(true);
    const struct http_message *m;
    char entity[256];
    struct buf b;

    buf_init(&b, 4096);
    ck_assert(http_write(&out, &b));
    ck_assert_int_eq(http_reader_input(reader, buf_span(&b)), REASON_NONE);
    m = http_reader_message(reader);
    ck_assert_ptr_nonnull(m);
    ck_assert_int_eq(m->method, HTTP_PUT);
    ck_assert_mem_eq(m->target.p, "/scls/a?b=c", 11);
    ck_assert_mem_eq(m->content_type.p, "application/xml", 15);
    ck_assert_mem_eq(m->body.p, "<x/>", 4);
    ck_assert(http_requesting_entity(m->authorization, entity, sizeof(entity)) ==
              false); /* a blank is no part of a URI */
    http_reader_free(reader);
    buf_clear(&b);
}
END_TEST

/* The fields of RFC 2617 and TS 24.109: whole values, kept under their names alone. */
START_TEST(authentication_fields)
{
    struct http_out request = {.method = HTTP_GET,
                               .target = "/",
                               .host = "bsf.example",
                               .user_agent = "m2msim 3gpp-gba",
                               .authorization = "Digest username=\"a, b\""};
    struct http_out answer = {
        .status = 401, .www_authenticate = "Digest realm=\"r\"", .authentication_info = "qop=auth"};
    struct http_reader *reader = http_reader_new(true);
    const struct http_message *m;
    struct buf b;

    buf_init(&b, 4096);
    ck_assert(http_write(&request, &b));
    ck_assert_int_eq(http_reader_input(reader, buf_span(&b)), REASON_NONE);
    m = http_reader_message(reader);
    ck_assert_uint_eq(m->user_agent.n, strlen(request.user_agent));
    ck_assert_mem_eq(m->user_agent.p, request.user_agent, m->user_agent.n);
    ck_assert_uint_eq(m->authorization.n, strlen(request.authorization));
    ck_assert_mem_eq(m->authorization.p, request.authorization, m->authorization.n);
    ck_assert_uint_eq(m->www_authenticate.n, 0);
    http_reader_free(reader);
    buf_clear(&b);
    reader = http_reader_new(false);
    ck_assert(http_write(&answer, &b));
    ck_assert_int_eq(http_reader_input(reader, buf_span(&b)), REASON_NONE);
    m = http_reader_message(reader);
    ck_assert_uint_eq(m->www_authenticate.n, strlen(answer.www_authenticate));
    ck_assert_mem_eq(m->www_authenticate.p, answer.www_authenticate, m->www_authenticate.n);
    ck_assert_uint_eq(m->authentication_info.n, strlen(answer.authentication_info));
    http_reader_free(reader);
    reader = http_reader_new(false);
    ck_assert_int_eq(
        http_reader_input(reader, span_str("HTTP/1.1 200 OK\r\nWWW-AuthenticateX: a\r\n"
                                           "Authentication-Informat: b\r\n"
                                           "Authentication-Information-of-old: c\r\n"
                                           "Content-Length: 0\r\n\r\n")),
        REASON_NONE);
    m = http_reader_message(reader);
    ck_assert_uint_eq(m->www_authenticate.n + m->authentication_info.n, 0);
    http_reader_free(reader);
    buf_clear(&b);
}
END_TEST

START_TEST(requesting_entity_goes_round)
{
    const char *id = "http://scl.example/m2m/scls/meter-7?x=%25&y=\xc3\xa4:9";
    struct http_out out = {.method = HTTP_GET, .target = "/", .host = "h", .requesting_entity = id};
    struct http_reader *reader = http_reader_new(true);
    char entity[256];
    struct buf b;

    buf_init(&b, 4096);
    ck_assert(http_write(&out, &b));
    ck_assert_int_eq(http_reader_input(reader, buf_span(&b)), REASON_NONE);
    ck_assert(
        http_requesting_entity(http_reader_message(reader)->authorization, entity, sizeof(entity)));
    ck_assert_str_eq(entity, id);
    ck_assert(
        !http_requesting_entity(http_reader_message(reader)->authorization, entity, strlen(id)));
    ck_assert(
        http_requesting_entity(http_reader_message(reader)->authorization, entity, strlen(id) + 1));
    http_reader_free(reader);
    buf_clear(&b);
}
END_TEST

START_TEST(requesting_entity_refused)
{
    char out[64];
    static const char *const bad[] = {
        "",
        "Basic",
        "Basic ",
        "Bearer YTo=",
        "Basic !!!!",
        "Basic Og==" /* ":" */,
        "Basic YQ==" /* "a" */,
        "Basic YTpi" /* "a:b" */,
        "Basic YTo6" /* "a::" */,
        "Basic JTo=" /* "%:" */,
        "Basic JTBhOg==" /* "%0a:" */,
        "Basic JWc6" /* "%g:" */,
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!http_requesting_entity(span_str(bad[i]), out, sizeof(out)), "%s", bad[i]);
    ck_assert(http_requesting_entity(span_str("bAsIc YTo="), out, sizeof(out)));
    ck_assert_str_eq(out, "a");
}
END_TEST

START_TEST(responses_are_written)
{
    struct http_out out = {.status = 503, .retry_after_s = 7, .close = true};
    struct buf b;

    buf_init(&b, 4096);
    ck_assert(http_write(&out, &b));
    ck_assert_int_eq(memcmp(buf_span(&b).p,
                            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n"
                            "Connection: close\r\nContent-Length: 0\r\n\r\n",
                            buf_len(&b)),
                     0);
    buf_clear(&b);
    out = (struct http_out){.status = 204};
    ck_assert(http_write(&out, &b));
    ck_assert_mem_eq(buf_span(&b).p, "HTTP/1.1 204 No Content\r\n\r\n", buf_len(&b));
    buf_clear(&b);
    buf_init(&b, 16);
    out = (struct http_out){.status = 200};
    ck_assert(!http_write(&out, &b));
    buf_clear(&b);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("http");
    TCase *tc = tcase_create("http");
    SRunner *sr;
    int failed;

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, request_in_every_chunking);
    tcase_add_test(tc, response_in_every_chunking);
    tcase_add_test(tc, chunked_bodies);
    tcase_add_test(tc, pipelined_requests);
    tcase_add_test(tc, response_until_the_end);
    tcase_add_test(tc, cut_at_every_octet);
    tcase_add_loop_test(tc, malformed_request, 0,
                        (int)(sizeof(malformed_requests) / sizeof(malformed_requests[0])));
    tcase_add_loop_test(tc, malformed_response, 0,
                        (int)(sizeof(malformed_responses) / sizeof(malformed_responses[0])));
    tcase_add_loop_test(tc, continue_is_awaited, 0, 7);
    tcase_add_test(tc, conditions);
    tcase_add_test(tc, dead_stays_dead);
    tcase_add_test(tc, limits);
    tcase_add_test(tc, too_much_behind_a_message);
    tcase_add_test(tc, after_close_nothing_is_read);
    tcase_add_test(tc, octets_changed_one_by_one);
    tcase_add_test(tc, what_is_written_is_read_back);
    tcase_add_test(tc, authentication_fields);
    tcase_add_test(tc, requesting_entity_goes_round);
    tcase_add_test(tc, requesting_entity_refused);
    tcase_add_test(tc, responses_are_written);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
