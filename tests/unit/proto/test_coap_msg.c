/* The CoAP codec: the RFC's messages, every option, round trips of random ones, hostile octets,
 * URIs. */
#include "models/proto/coap_msg.h"
#include "sim/base/rng.h"
#include "tests/support/vectors.h"

#include <check.h>
#include <stdlib.h>

#define ROUNDS 20000

static void check_same(const struct coap_msg *a, const struct coap_msg *b)
{
    ck_assert_uint_eq(a->type, b->type);
    ck_assert_uint_eq(a->code, b->code);
    ck_assert_uint_eq(a->id, b->id);
    ck_assert_uint_eq(a->token_n, b->token_n);
    ck_assert_mem_eq(a->token, b->token, a->token_n);
    ck_assert_uint_eq(a->option_count, b->option_count);
    for (size_t i = 0; i < a->option_count; i++) {
        struct span x = coap_option_value(&a->options[i]), y = coap_option_value(&b->options[i]);

        ck_assert_uint_eq(a->options[i].number, b->options[i].number);
        ck_assert_uint_eq(x.n, y.n);
        ck_assert_mem_eq(x.p, y.p, x.n);
    }
    ck_assert_uint_eq(a->payload.n, b->payload.n);
    if (a->payload.n > 0)
        ck_assert_mem_eq(a->payload.p, b->payload.p, a->payload.n);
}

/* Each published message is read, and written again octet for octet. */
START_TEST(vectors_both_ways)
{
    struct vectors *v = vectors_read("coap.txt");
    struct coap_msg m;
    struct buf out;
    uint8_t octets[1024];

    for (size_t i = 0; i < vectors_count(v); i++) {
        size_t n = vectors_hex(v, i, "message", octets, sizeof(octets));

        ck_assert_int_eq(coap_msg_parse(span_of(octets, n), &m), REASON_NONE);
        buf_init(&out, sizeof(octets));
        ck_assert(coap_msg_write(&m, &out));
        ck_assert_uint_eq(buf_len(&out), n);
        ck_assert_mem_eq(buf_span(&out).p, octets, n);
        buf_clear(&out);
    }
    ck_assert_uint_ge(vectors_count(v), 12);
    vectors_free(v);
}
END_TEST

static size_t vector(const char *name, uint8_t *octets, size_t max)
{
    struct vectors *v = vectors_read("coap.txt");
    size_t n = vectors_hex(v, vectors_find(v, name), "message", octets, max);

    vectors_free(v);
    return n;
}

START_TEST(what_they_say)
{
    uint8_t octets[1024];
    struct coap_block b;
    struct coap_msg m;
    uint32_t number;
    struct span s;

    ck_assert(!coap_msg_parse(span_of(octets, vector("RFC7252-fig16-req", octets, 1024)), &m));
    ck_assert(m.type == COAP_CON && m.code == COAP_GET && m.id == 0x7d34 && m.token_n == 0);
    ck_assert(coap_msg_get(&m, COAP_URI_PATH, &s) && s.n == 11 && !memcmp(s.p, "temperature", 11));
    ck_assert(!coap_msg_parse(span_of(octets, vector("RFC7252-fig22-resp", octets, 1024)), &m));
    ck_assert(m.type == COAP_NON && m.code == COAP_CONTENT && m.token_n == 1);
    ck_assert(m.token[0] == 0x75 && m.payload.n == 6 && !memcmp(m.payload.p, "22.3 C", 6));
    ck_assert(!coap_msg_parse(span_of(octets, vector("observe-notify", octets, 1024)), &m));
    ck_assert(coap_msg_get_uint(&m, COAP_OBSERVE, &number) && number == 12);
    ck_assert(coap_msg_get_uint(&m, COAP_MAX_AGE, &number) && number == 15);
    ck_assert(!coap_msg_parse(span_of(octets, vector("block2-21", octets, 1024)), &m));
    ck_assert(coap_msg_get_block(&m, COAP_BLOCK2, &b) && b.num == 21 && b.more && b.szx == 2);
    ck_assert(!coap_msg_parse(span_of(octets, vector("observe-register", octets, 1024)), &m));
    ck_assert(coap_msg_get_uint(&m, COAP_OBSERVE, &number) && number == 0);
    ck_assert_uint_eq(coap_msg_bad_option(&m), 0);
    ck_assert(!coap_msg_parse(span_of(octets, vector("ext-option", octets, 1024)), &m));
    ck_assert(coap_msg_get(&m, COAP_URI_HOST, &s) && s.n == 11 && !memcmp(s.p, "m2m.example", 11));
    ck_assert(coap_msg_get_uint(&m, COAP_URI_PORT, &number) && number == 0x1633);
    ck_assert_uint_eq(m.options[m.option_count - 1].number, 65000);
}
END_TEST

/* RFC 7252 3, 3.1, 4.1 */
START_TEST(malformed)
{
    static const struct {
        const char *octets;
        size_t n;
        bool has_header;
    } bad[] = {
        {"", 0, false},
        {"\x40\x01\x00", 3, false},                           /* cut header */
        {"\x00\x01\x00\x01", 4, false},                       /* version 0 */
        {"\x80\x01\x00\x01", 4, false},                       /* version 2 */
        {"\x49\x01\x00\x01zzzzzzzzz", 13, true},              /* a token of nine octets */
        {"\x42\x01\x00\x01z", 5, true},                       /* a cut token */
        {"\x40\x00\x00\x01\xb0", 5, true},                    /* an Empty message with an option */
        {"\x41\x00\x00\x01z", 5, true},                       /* with a token */
        {"\x40\x01\x00\x01\xff", 5, true},                    /* a marker without payload */
        {"\x40\x01\x00\x01\xf0", 5, true},                    /* delta 15 without marker */
        {"\x40\x01\x00\x01\x0fzzzzzzzzzzzzzzzzzz", 23, true}, /* length 15 */
        {"\x40\x01\x00\x01\xd0", 5, true},                    /* cut delta */
        {"\x40\x01\x00\x01\xe0\x00", 6, true},                /* cut delta */
        {"\x40\x01\x00\x01\x0d", 5, true},                    /* cut length */
        {"\x40\x01\x00\x01\xb4tem", 8, true},                 /* cut value */
        {"\x40\x01\x00\x01\xe0\xff\xff", 7, true},            /* number over 65535 */
    };
    struct coap_msg m;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(coap_msg_parse(span_of(bad[i].octets, bad[i].n), &m) == REASON_COAP_MALFORMED,
                      "case %zu was taken", i);
        ck_assert_msg(m.has_header == bad[i].has_header, "case %zu", i);
    }
}
END_TEST

START_TEST(too_many_options)
{
    uint8_t octets[4 + COAP_OPTIONS_MAX + 1] = {0x40, 0x01, 0, 1};
    struct coap_msg m;

    /* empty ones of number 0 */
    ck_assert(!coap_msg_parse(span_of(octets, 4 + COAP_OPTIONS_MAX), &m));
    ck_assert_uint_eq(m.option_count, COAP_OPTIONS_MAX);
    ck_assert_int_eq(coap_msg_parse(span_of(octets, sizeof(octets)), &m), REASON_COAP_TOO_LARGE);
    coap_msg_init(&m, COAP_CON, COAP_GET);
    for (int i = 0; i < COAP_OPTIONS_MAX; i++)
        ck_assert(coap_msg_add_uint(&m, COAP_URI_QUERY, 7));
    ck_assert(!coap_msg_add_uint(&m, COAP_URI_QUERY, 7));
    ck_assert(!coap_msg_add(&m, COAP_URI_QUERY, span_of("", 0)));
}
END_TEST

/* RFC 7252 5.4.1, 5.4.3, 5.4.5 */
START_TEST(understood_or_not)
{
    uint8_t many[300] = {0};
    struct coap_msg m;
    struct span s;

    coap_msg_init(&m, COAP_CON, COAP_GET);
    ck_assert(coap_msg_add(&m, 2050, span_of("x", 1))); /* unknown, elective */
    ck_assert_uint_eq(coap_msg_bad_option(&m), 0);
    ck_assert(coap_msg_add(&m, 2051, span_of("x", 1))); /* unknown, critical */
    ck_assert_uint_eq(coap_msg_bad_option(&m), 2051);
    coap_msg_remove(&m, 2051);
    ck_assert(coap_msg_add(&m, COAP_URI_PATH, span_of(many, 256)));
    ck_assert_uint_eq(coap_msg_bad_option(&m), COAP_URI_PATH);
    ck_assert(!coap_msg_get(&m, COAP_URI_PATH, &s));
    coap_msg_remove(&m, COAP_URI_PATH);
    ck_assert(coap_msg_add(&m, COAP_URI_PATH, span_of(many, 255)));
    ck_assert(coap_msg_add(&m, COAP_URI_PATH, span_of("b", 1)));
    ck_assert_uint_eq(coap_msg_bad_option(&m), 0);
    ck_assert(coap_msg_add(&m, COAP_URI_HOST, span_of("", 0))); /* too short */
    ck_assert_uint_eq(coap_msg_bad_option(&m), COAP_URI_HOST);
    coap_msg_remove(&m, COAP_URI_HOST);
    ck_assert(coap_msg_add_uint(&m, COAP_URI_PORT, 5683));
    ck_assert_uint_eq(coap_msg_bad_option(&m), 0);
    ck_assert(coap_msg_add_uint(&m, COAP_URI_PORT, 5684)); /* once more */
    ck_assert_uint_eq(coap_msg_bad_option(&m), COAP_URI_PORT);
    /* an elective one of a wrong length is as if it were not there */
    ck_assert(coap_msg_add(&m, COAP_ETAG, span_of("123456789", 9)));
    ck_assert(!coap_msg_get(&m, COAP_ETAG, &s));
    ck_assert(coap_msg_add(&m, COAP_ETAG, span_of("12345678", 8)));
    ck_assert(coap_msg_get(&m, COAP_ETAG, &s) && s.n == 8);
}
END_TEST

START_TEST(numbers_are_short)
{
    static const struct {
        uint32_t value;
        size_t n;
    } cases[] = {{0, 0},         {1, 1},     {255, 1},           {256, 2},
                 {65535, 2},     {65536, 3}, {(1 << 24) - 1, 3}, {1 << 24, 4},
                 {UINT32_MAX, 4}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct coap_msg m, copy;
        uint32_t value;

        coap_msg_init(&m, COAP_CON, COAP_GET);
        ck_assert(coap_msg_add_uint(&m, COAP_MAX_AGE, cases[i].value));
        copy = m;
        memset(&m, 0xff, sizeof(m)); /* a copy stands alone */
        ck_assert_uint_eq(copy.options[0].n, cases[i].n);
        ck_assert(coap_msg_get_uint(&copy, COAP_MAX_AGE, &value));
        ck_assert_uint_eq(value, cases[i].value);
    }
}
END_TEST

static void random_message(struct rng *r, struct coap_msg *m, const uint8_t *pool, size_t pool_n)
{
    size_t options = rng_below(r, 12);

    coap_msg_init(m, (enum coap_type)rng_below(r, 4), (uint8_t)(1 + rng_below(r, 255)));
    m->id = (uint16_t)rng_below(r, 65536);
    m->token_n = (uint8_t)rng_below(r, 9);
    rng_bytes(r, m->token, m->token_n);
    for (size_t i = 0; i < options; i++) {
        static const uint64_t ranges[] = {30, 300, 3000, 65536};
        static const uint64_t lengths[] = {3, 13, 20, 300, 1200};

        ck_assert(coap_msg_add(
            m, (uint16_t)rng_below(r, ranges[rng_below(r, 4)]),
            span_of(pool + rng_below(r, 100), rng_below(r, lengths[rng_below(r, 5)]))));
    }
    m->payload = span_of(pool, rng_below(r, 3) ? rng_below(r, pool_n) : 0);
}

/* Random messages come back; each cut and a changed octet are read or refused, within bounds. */
START_TEST(round_trips)
{
    struct rng r = rng_stream(1, "messages", "test");
    uint8_t pool[2000];

    rng_bytes(&r, pool, sizeof(pool));
    for (int i = 0; i < ROUNDS; i++) {
        struct coap_msg m, back;
        struct buf out;
        uint8_t *exact;
        size_t n;

        random_message(&r, &m, pool, sizeof(pool));
        buf_init(&out, COAP_MESSAGE_MAX);
        ck_assert(coap_msg_write(&m, &out));
        n = buf_len(&out);
        ck_assert_int_eq(coap_msg_parse(buf_span(&out), &back), REASON_NONE);
        check_same(&m, &back);
        n = rng_below(&r, n + 1);
        exact = malloc(n + 1); /* so that a sanitizer sees an octet too far */
        memcpy(exact, buf_span(&out).p, n);
        if (n > 0)
            exact[rng_below(&r, n)] ^= (uint8_t)(1 + rng_below(&r, 255));
        coap_msg_parse(span_of(exact, n), &back);
        free(exact);
        buf_clear(&out);
    }
}
END_TEST

/* RFC 7252 6.4, 6.5 */
START_TEST(uris)
{
    static const struct {
        const char *uri, *back;
        size_t path, query;
    } cases[] = {
        {"/", "/", 0, 0},
        {"/temperature", "/temperature", 1, 0},
        {"/~sensors/temp.xml", "/~sensors/temp.xml", 2, 0},
        {"/%7Esensors/temp%2exml", "/~sensors/temp.xml", 2, 0},
        {"/a%2Fb/c", "/a%2Fb/c", 2, 0},
        {"/a/", "/a/", 2, 0},
        {"//", "//", 2, 0},
        {"/?//", "/?//", 0, 1},
        {"/m2m/scls?method=a&RequestingEntity=x%26y", "/m2m/scls?method=a&RequestingEntity=x%26y",
         2, 2},
        {"/%C3%A4", "/%C3%A4", 1, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct coap_msg m;
        struct buf store;
        char out[128];
        size_t path = 0, query = 0;

        coap_msg_init(&m, COAP_CON, COAP_GET);
        buf_init(&store, 4096);
        ck_assert_msg(coap_msg_add_uri(&m, cases[i].uri, &store), "%s", cases[i].uri);
        for (size_t k = 0; k < m.option_count; k++) {
            path += m.options[k].number == COAP_URI_PATH;
            query += m.options[k].number == COAP_URI_QUERY;
        }
        ck_assert_msg(path == cases[i].path && query == cases[i].query, "%s: %zu, %zu",
                      cases[i].uri, path, query);
        ck_assert(coap_msg_uri(&m, out, sizeof(out)));
        ck_assert_str_eq(out, cases[i].back);
        for (size_t n = 1; n <= strlen(cases[i].back); n++)
            ck_assert(!coap_msg_uri(&m, out, n));
        buf_clear(&store);
    }
}
END_TEST

START_TEST(bad_uris)
{
    static const char *const bad[] = {"", "a", "coap://h/", "/%", "/%4", "/%4g", "/a%", "/?%f"};
    char longest[300];
    struct coap_msg m;
    struct buf store;

    coap_msg_init(&m, COAP_CON, COAP_GET);
    buf_init(&store, 4096);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!coap_msg_add_uri(&m, bad[i], &store), "%s", bad[i]);
    memset(longest, 'a', sizeof(longest));
    longest[0] = '/';
    longest[257] = '\0';
    ck_assert(!coap_msg_add_uri(&m, longest, &store));
    longest[256] = '\0';
    coap_msg_init(&m, COAP_CON, COAP_GET);
    ck_assert(coap_msg_add_uri(&m, longest, &store));
    buf_clear(&store);
}
END_TEST

START_TEST(names)
{
    ck_assert_str_eq(coap_code_name(COAP_CONTENT), "2.05 Content");
    ck_assert_ptr_null(coap_code_name(0xe0));
    ck_assert_str_eq(coap_option_name(COAP_BLOCK1), "Block1");
    ck_assert_ptr_null(coap_option_name(2));
    ck_assert_str_eq(coap_type_name(COAP_RST), "RST");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("coap_msg");
    TCase *c = tcase_create("coap_msg");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(c, vectors_both_ways);
    tcase_add_test(c, what_they_say);
    tcase_add_test(c, malformed);
    tcase_add_test(c, too_many_options);
    tcase_add_test(c, understood_or_not);
    tcase_add_test(c, numbers_are_short);
    tcase_add_test(c, round_trips);
    tcase_add_test(c, uris);
    tcase_add_test(c, bad_uris);
    tcase_add_test(c, names);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
