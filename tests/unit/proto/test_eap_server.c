/* The server's machine, row by row of RFC 4137's figure 6, and its questions to the node. */
#include "tests/support/eap_rig.h"

#include "crypto/entity.h"
#include "crypto/hash.h"

#include <check.h>
#include <stdlib.h>

static struct pair pair;
static struct eap_server *server;
static struct proto *proto;
static struct buf request;
static struct eap_packet packet; /* the last request, in `request` */
static struct eap_answer user;

static void begin(struct eap_test_script s)
{
    const struct eap_server_settings settings = {.ask_identity = true};

    eap_test_script = s;
    user = (struct eap_answer){.methods = {&eap_test_method}, .method_count = 1};
    pair_init(&pair, 1);
    buf_init(&request, EAP_PACKET_MAX);
    server = eap_server_new(&pair.side[1].env, &settings);
    proto = eap_server_proto(server);
}

static void end(void)
{
    proto_free(proto);
    buf_clear(&request);
    pair_release(&pair);
}

/* true: there is a request (or verdict) now. */
static bool take(void)
{
    struct buf out;

    buf_init(&out, EAP_PACKET_MAX);
    ck_assert_int_eq(eap_server_keys(server)->present, proto->status == PROTO_DONE);
    if (!proto->ops->output(proto, 0, &out))
        return false;
    ck_assert(!proto->ops->output(proto, 0, &out));
    ck_assert_int_eq(eap_parse(buf_span(&out), &packet), REASON_NONE);
    buf_clear(&request);
    request = out;
    return true;
}

static bool feed(struct span in)
{
    buf_clear(&pair.side[1].states);
    proto->ops->input(proto, 0, in);
    return take();
}

/* A packet; data: type and more. */
static bool say(enum eap_code code, uint8_t id, const char *data, size_t n)
{
    uint8_t octets[512] = {(uint8_t)code, id, (uint8_t)((4 + n) >> 8), (uint8_t)(4 + n)};

    memcpy(octets + 4, data, n);
    return feed(span_of(octets, 4 + n));
}

#define RESPOND(data) say(EAP_RESPONSE, packet.id, data, sizeof(data) - 1)

/* What the peer half of the test method answers to the last request. */
static bool prove(const struct eap_method *m)
{
    uint8_t mac[32], data[17] = {packet.data.p[0]};
    struct buf b;
    bool some;

    hash_hmac_sha256(NULL, span_str("test secret"), span_of(packet.data.p + 1, 16), mac);
    memcpy(data + 1, mac, 16);
    buf_init(&b, 64);
    eap_put(&b, EAP_RESPONSE, packet.id, m->type, m->vendor, m->vendor_type, span_of(data, 17));
    some = feed(buf_span(&b));
    buf_clear(&b);
    return some;
}

static bool went_through(const char *state)
{
    buf_put(&pair.side[1].states, "", 1);
    return strstr((const char *)buf_span(&pair.side[1].states).p, state) != NULL;
}

static void expect_discarded(bool some)
{
    ck_assert(!some);
    ck_assert(went_through("-> DISCARD"));
    ck_assert_int_eq(proto->status, PROTO_RUNNING);
}

static void expect_failed(enum reason reason)
{
    ck_assert_int_eq(proto->status, PROTO_FAILED);
    ck_assert_str_eq(reason_text(proto->reason), reason_text(reason));
    ck_assert(packet.code == EAP_FAILURE && buf_len(&request) == 4);
}

static void start(void)
{
    proto->ops->start(proto, 0);
    ck_assert(take());
    ck_assert(packet.code == EAP_REQUEST && packet.type == EAP_IDENTITY);
}

static bool answer(const struct eap_answer *a)
{
    eap_server_answer(server, 0, a);
    return take();
}

/* Up to the first method's request. */
static void start_and_know(void)
{
    start();
    ck_assert(!RESPOND("\x01"
                       "me"));
    ck_assert(answer(&user));
}

/* ---- identity ---- */

START_TEST(identity)
{
    uint8_t id;

    begin((struct eap_test_script){0});
    ck_assert_ptr_null(eap_server_query(server));
    start();
    id = packet.id;
    /* another identifier, another type, Nak: identity is no proposal */
    expect_discarded(say(EAP_RESPONSE, (uint8_t)(id + 1), "\x01me", 3));
    expect_discarded(RESPOND("\x03\xff"));
    expect_discarded(RESPOND("\x0d"));
    ck_assert(!RESPOND("\x01"
                       "me"));
    ck_assert(went_through("METHOD_RESPONSE -> QUERY"));
    ck_assert_int_eq(eap_server_query(server)->kind, EAP_QUERY_USER);
    ck_assert_str_eq(eap_server_query(server)->identity, "me");
    /* while the node looks, nothing is heard */
    ck_assert(!RESPOND("\x01"
                       "you"));
    ck_assert_str_eq(eap_server_identity(server), "me");
    ck_assert_str_eq(eap_server_permanent(server), "");
    ck_assert(answer(&user));
    ck_assert_ptr_null(eap_server_query(server));
    ck_assert(packet.code == EAP_REQUEST && packet.type == 255 && packet.id == (uint8_t)(id + 1));
    ck_assert_str_eq(eap_server_permanent(server), "me");
    /* an answer that nobody asked for */
    ck_assert(!answer(&user));
    end();
}
END_TEST

START_TEST(identities_that_are_none)
{
    char text[1 + EAP_IDENTITY_MAX + 1];

    memset(text, 'x', sizeof(text));
    text[0] = EAP_IDENTITY;
    begin((struct eap_test_script){0});
    start();
    ck_assert(say(EAP_RESPONSE, packet.id, text, sizeof(text)));
    expect_failed(REASON_EAP_IDENTITY);
    end();
    begin((struct eap_test_script){0});
    start();
    ck_assert(!say(EAP_RESPONSE, packet.id, text, sizeof(text) - 1));
    ck_assert_uint_eq(strlen(eap_server_query(server)->identity), EAP_IDENTITY_MAX);
    end();
    begin((struct eap_test_script){0});
    start();
    ck_assert(RESPOND("\x01"
                      "m\0e"));
    expect_failed(REASON_EAP_IDENTITY);
    end();
}
END_TEST

START_TEST(a_user_who_is_unknown)
{
    uint8_t id;

    begin((struct eap_test_script){0});
    start();
    id = packet.id;
    ck_assert(!RESPOND("\x01"
                       "me"));
    ck_assert(answer(&(struct eap_answer){.reason = REASON_EAP_NOT_SUBSCRIBED}));
    expect_failed(REASON_EAP_NOT_SUBSCRIBED);
    ck_assert_uint_eq(packet.id, id);
    end();
    begin((struct eap_test_script){0});
    start();
    ck_assert(!RESPOND("\x01"
                       "me"));
    ck_assert(answer(&(struct eap_answer){.method_count = 0}));
    expect_failed(REASON_EAP_NO_METHOD);
    end();
}
END_TEST

/* RFC 4137 6: PICK_UP_METHOD. */
START_TEST(begun_by_another)
{
    const struct eap_server_settings settings = {.ask_identity = false};

    for (int i = 0; i < 3; i++) {
        begin((struct eap_test_script){0});
        proto_free(proto);
        server = eap_server_new(&pair.side[1].env, &settings);
        proto = eap_server_proto(server);
        proto->ops->start(proto, 0);
        ck_assert(!take());
        if (i == 0) {
            eap_server_begin(server, 0, span_of("\x02\xff\x00\x07\x01me", 7));
            ck_assert(!take());
            ck_assert(went_through("PICK_UP_METHOD -> METHOD_RESPONSE"));
            ck_assert(answer(&user));
            ck_assert(packet.type == 255 && packet.id == 0); /* 255 + 1 */
            eap_server_begin(server, 0, span_of("\x02\x01\x00\x07\x01me", 7));
            ck_assert(!take());
        } else {
            /* nothing to pick up: the identity is asked for */
            eap_server_begin(server, 0,
                             i == 1 ? span_of("\x02\x05\x00\x06\x03\xff", 6) : span_of("??", 2));
            ck_assert(take());
            ck_assert(packet.code == EAP_REQUEST && packet.type == EAP_IDENTITY);
            ck_assert(i == 2 || packet.id == 6);
        }
        end();
    }
}
END_TEST

/* ---- methods ---- */

START_TEST(success)
{
    begin((struct eap_test_script){.rounds = 2});
    start_and_know();
    ck_assert(prove(&eap_test_method));
    ck_assert(went_through("RECEIVED -> METHOD_RESPONSE\neap-server: METHOD_RESPONSE -> "
                           "METHOD_REQUEST"));
    ck_assert_int_eq(packet.code, EAP_REQUEST);
    ck_assert(prove(&eap_test_method));
    ck_assert(went_through("SELECT_ACTION -> SUCCESS"));
    ck_assert(packet.code == EAP_SUCCESS && buf_len(&request) == 4);
    ck_assert_int_eq(proto->status, PROTO_DONE);
    /* it is over */
    ck_assert(!RESPOND("\x01"
                       "me"));
    end();
}
END_TEST

START_TEST(responses_out_of_place)
{
    uint8_t id;

    begin((struct eap_test_script){.rounds = 2});
    start_and_know();
    id = packet.id;
    expect_discarded(RESPOND("\x01"
                             "me"));
    expect_discarded(RESPOND("\xc8"
                             "another method"));
    expect_discarded(say(EAP_RESPONSE, (uint8_t)(id - 1), "\xffx", 2));
    ck_assert(prove(&eap_test_method));
    /* methodState == CONTINUE: Nak comes too late (RFC 3748 5.3.1) */
    expect_discarded(RESPOND("\x03\xff"));
    /* the response to the request before comes twice */
    expect_discarded(say(EAP_RESPONSE, id, "\xffx", 2));
    ck_assert(!feed(span_of("\x02\x01\x00\x09\x01", 5)));
    ck_assert(!say(EAP_REQUEST, packet.id, "\xff", 1));
    ck_assert(!went_through("RECEIVED"));
    ck_assert(prove(&eap_test_method));
    ck_assert_int_eq(proto->status, PROTO_DONE);
    end();
}
END_TEST

START_TEST(ignored_by_the_method)
{
    uint8_t id;

    begin((struct eap_test_script){.rounds = 1, .server_discards_at = 1});
    start_and_know();
    id = packet.id;
    ck_assert(!prove(&eap_test_method));
    ck_assert(went_through("METHOD_RESPONSE -> DISCARD"));
    /* currentId stands, and so does methodState == PROPOSED */
    ck_assert(RESPOND("\x03\x00"));
    expect_failed(REASON_EAP_NO_METHOD);
    ck_assert_uint_eq(packet.id, id);
    end();
}
END_TEST

START_TEST(the_method_fails)
{
    begin((struct eap_test_script){.rounds = 2, .server_fails_at = 1});
    start_and_know();
    ck_assert(prove(&eap_test_method));
    expect_failed(REASON_EAP_MAC);
    end();
    /* with a last word: whatever is answered to it, it is over */
    begin(
        (struct eap_test_script){.rounds = 2, .server_fails_at = 1, .server_has_last_word = true});
    start_and_know();
    ck_assert(prove(&eap_test_method));
    ck_assert_int_eq(packet.code, EAP_REQUEST);
    ck_assert_int_eq(proto->status, PROTO_RUNNING);
    expect_discarded(RESPOND("\x03\xff"));
    ck_assert(prove(&eap_test_method));
    expect_failed(REASON_EAP_MAC);
    end();
}
END_TEST

START_TEST(refused_after_all)
{
    begin((struct eap_test_script){.rounds = 1});
    user.verdict = REASON_EAP_DENIED;
    start_and_know();
    ck_assert(prove(&eap_test_method));
    expect_failed(REASON_EAP_DENIED);
    end();
}
END_TEST

/* ---- Nak ---- */

static void begin_with_three(void)
{
    begin((struct eap_test_script){.rounds = 1});
    user = (struct eap_answer){.methods = {&eap_test_method, &eap_test_other, &eap_test_expanded},
                               .method_count = 3};
    start_and_know();
    ck_assert_int_eq(packet.type, 255);
}

START_TEST(nak)
{
    begin_with_three();
    ck_assert(RESPOND("\x03\x0d\xc8\x05"));
    ck_assert(went_through("RECEIVED -> NAK\neap-server: NAK -> SELECT_ACTION"));
    ck_assert(packet.type == 200 && eap_server_method(server) == &eap_test_other);
    ck_assert(prove(&eap_test_other));
    ck_assert_int_eq(proto->status, PROTO_DONE);
    end();
    /* our order among what the peer names */
    begin_with_three();
    ck_assert(RESPOND("\x03\xfe\xc8"));
    ck_assert_int_eq(packet.type, 200);
    ck_assert(RESPOND("\x03\xfe"));
    ck_assert(packet.type == EAP_EXPANDED && packet.vendor == 0xfffffd && packet.vendor_type == 7);
    ck_assert(prove(&eap_test_expanded));
    ck_assert_int_eq(proto->status, PROTO_DONE);
    end();
}
END_TEST

START_TEST(nak_without_a_way_out)
{
    static const struct {
        const char *data;
        size_t n;
    } hopeless[] = {
        {"\x03\x00", 2},         /* no alternative */
        {"\x03", 1},             /* not even that */
        {"\x03\xff", 2},         /* what was proposed */
        {"\x03\x05\x06\x04", 4}, /* EAP-OTP, GTC, MD5: they export no keys */
    };

    for (size_t i = 0; i < sizeof(hopeless) / sizeof(hopeless[0]); i++) {
        begin_with_three();
        ck_assert(say(EAP_RESPONSE, packet.id, hopeless[i].data, hopeless[i].n));
        expect_failed(REASON_EAP_NO_METHOD);
        end();
    }
}
END_TEST

START_TEST(nak_in_the_long_form)
{
    static const char wishes[] = "\xfe\0\0\0\0\0\0\x03"
                                 "\xfe\x01\x02\x03\0\0\0\x07"
                                 "\xfe\0\0\0\0\0\0\xc8";

    begin_with_three();
    /* to a request in the short form it must not be (RFC 3748 5.3.2) */
    expect_discarded(say(EAP_RESPONSE, packet.id, wishes, sizeof(wishes) - 1));
    end();
    begin((struct eap_test_script){.rounds = 1});
    user = (struct eap_answer){.methods = {&eap_test_expanded, &eap_test_method, &eap_test_other},
                               .method_count = 3};
    start_and_know();
    ck_assert_int_eq(packet.type, EAP_EXPANDED);
    ck_assert(say(EAP_RESPONSE, packet.id, wishes, sizeof(wishes) - 1));
    ck_assert_int_eq(packet.type, 200);
    end();
    /* a peer that does not know the long form answers in the short one */
    begin((struct eap_test_script){.rounds = 1});
    user =
        (struct eap_answer){.methods = {&eap_test_expanded, &eap_test_method}, .method_count = 2};
    start_and_know();
    ck_assert(RESPOND("\x03\xff"));
    ck_assert_int_eq(packet.type, 255);
    end();
    /* no alternative, in the long form */
    begin((struct eap_test_script){.rounds = 1});
    user =
        (struct eap_answer){.methods = {&eap_test_expanded, &eap_test_method}, .method_count = 2};
    start_and_know();
    ck_assert(RESPOND("\xfe\0\0\0\0\0\0\x03\xfe\0\0\0\0\0\0\0"));
    expect_failed(REASON_EAP_NO_METHOD);
    end();
}
END_TEST

START_TEST(a_method_that_lacks_its_means)
{
    begin((struct eap_test_script){.rounds = 1, .no_server = true});
    user = (struct eap_answer){.methods = {&eap_test_method, &eap_test_other}, .method_count = 2};
    start_and_know();
    ck_assert_int_eq(packet.type, 200);
    end();
    begin((struct eap_test_script){.rounds = 1, .no_server = true});
    start_and_know();
    expect_failed(REASON_EAP_NO_METHOD);
    end();
}
END_TEST

/* ---- a method's questions ---- */

START_TEST(the_method_asks)
{
    begin((struct eap_test_script){.rounds = 1, .asks = true});
    start();
    ck_assert(!RESPOND("\x01"
                       "me"));
    ck_assert(!answer(&user));
    ck_assert_int_eq(eap_server_query(server)->kind, EAP_QUERY_UMTS);
    ck_assert_str_eq(eap_server_query(server)->imsi, "001010000000001");
    ck_assert(!RESPOND("\x03\x00"));
    ck_assert(answer(&(struct eap_answer){.reason = REASON_NONE}));
    ck_assert_ptr_null(eap_server_query(server));
    ck_assert(prove(&eap_test_method));
    ck_assert_int_eq(proto->status, PROTO_DONE);
    end();
    begin((struct eap_test_script){.rounds = 1, .asks = true});
    start();
    ck_assert(!RESPOND("\x01"
                       "me"));
    ck_assert(!answer(&user));
    ck_assert(answer(&(struct eap_answer){.reason = REASON_BACKEND_TIMEOUT}));
    expect_failed(REASON_BACKEND_TIMEOUT);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eap_server");
    TCase *tc = tcase_create("eap_server");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_add_test(tc, identity);
    tcase_add_test(tc, identities_that_are_none);
    tcase_add_test(tc, a_user_who_is_unknown);
    tcase_add_test(tc, begun_by_another);
    tcase_add_test(tc, success);
    tcase_add_test(tc, responses_out_of_place);
    tcase_add_test(tc, ignored_by_the_method);
    tcase_add_test(tc, the_method_fails);
    tcase_add_test(tc, refused_after_all);
    tcase_add_test(tc, nak);
    tcase_add_test(tc, nak_without_a_way_out);
    tcase_add_test(tc, nak_in_the_long_form);
    tcase_add_test(tc, a_method_that_lacks_its_means);
    tcase_add_test(tc, the_method_asks);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
