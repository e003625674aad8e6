/* The peer's machine, row by row of RFC 4137's figure 3; and what it does not have: EAP-OTP, GTC.
 */
#include "tests/support/eap_rig.h"

#include "crypto/entity.h"

#include <check.h>
#include <stdlib.h>

#define T      "\xff" /* type of eap_test_method */
#define NONCE  "0123456789abcdef"
#define ROUND1 "\x01" NONCE
#define ROUND2 "\x02" NONCE
#define ROUND3 "\x03" NONCE

static struct pair pair;
static struct eap_peer *peer;
static struct proto *proto;
static struct buf reply;

static void begin(const struct eap_method *const *methods, size_t n)
{
    struct eap_peer_settings s = {.identity = "me", .methods = methods, .method_count = n};

    pair_init(&pair, 1);
    buf_init(&reply, EAP_PACKET_MAX);
    peer = eap_peer_new(&pair.side[0].env, &s);
    proto = eap_peer_proto(peer);
    proto->ops->start(proto, 0);
}

static void begin_alone(void)
{
    static const struct eap_method *const alone[] = {&eap_test_method};

    begin(alone, 1);
}

static void end(void)
{
    proto_free(proto);
    buf_clear(&reply);
    pair_release(&pair);
}

/* Feeds octets; true: there is a reply. */
static bool feed(struct span in)
{
    bool some;

    buf_clear(&reply);
    buf_clear(&pair.side[0].states);
    proto->ops->input(proto, 0, in);
    some = proto->ops->output(proto, 0, &reply);
    ck_assert(!proto->ops->output(proto, 0, &reply));
    ck_assert_int_eq(eap_peer_keys(peer)->present, proto->status == PROTO_DONE);
    return some;
}

/* A packet; data: type and more, n octets. */
static bool say(enum eap_code code, uint8_t id, const char *data, size_t n)
{
    uint8_t octets[256] = {(uint8_t)code, id, 0, (uint8_t)(4 + n)};

    memcpy(octets + 4, data, n);
    return feed(span_of(octets, 4 + n));
}

#define REQUEST(id, data) say(EAP_REQUEST, id, data, sizeof(data) - 1)

static void expect_reply(uint8_t id, const char *data, size_t n)
{
    struct span s = buf_span(&reply);

    ck_assert_uint_eq(s.n, 4 + n);
    ck_assert_uint_eq(s.p[0], EAP_RESPONSE);
    ck_assert_uint_eq(s.p[1], id);
    ck_assert_mem_eq(s.p + 4, data, n);
}

#define EXPECT(id, data) expect_reply(id, data, sizeof(data) - 1)

static bool went_through(const char *state)
{
    buf_put(&pair.side[0].states, "", 1);
    return strstr((const char *)buf_span(&pair.side[0].states).p, state) != NULL;
}

static void expect_discarded(bool some)
{
    ck_assert(!some);
    ck_assert(went_through("RECEIVED -> DISCARD"));
    ck_assert_int_eq(proto->status, PROTO_RUNNING);
}

static void expect_failed(enum reason reason)
{
    ck_assert_int_eq(proto->status, PROTO_FAILED);
    ck_assert_str_eq(reason_text(proto->reason), reason_text(reason));
}

static void script(struct eap_test_script s)
{
    eap_test_script = s;
    begin_alone();
}

/* ---- RECEIVED: requests ---- */

START_TEST(identity)
{
    script((struct eap_test_script){.rounds = 2});
    ck_assert(REQUEST(7, "\x01"
                         "who are you?"));
    EXPECT(7, "\x01"
              "me");
    ck_assert(went_through("RECEIVED -> IDENTITY"));
    ck_assert_str_eq(eap_peer_identity(peer), "me");
    /* asked again under a new identifier: told again */
    ck_assert(REQUEST(8, "\x01"));
    EXPECT(8, "\x01"
              "me");
    /* not once a method is chosen */
    ck_assert(REQUEST(9, T ROUND1));
    expect_discarded(REQUEST(10, "\x01"));
    end();
}
END_TEST

START_TEST(method)
{
    script((struct eap_test_script){.rounds = 2});
    ck_assert_ptr_null(eap_peer_method(peer));
    ck_assert(REQUEST(1, T ROUND1));
    ck_assert(went_through("RECEIVED -> GET_METHOD\neap-peer: GET_METHOD -> METHOD"));
    ck_assert_ptr_eq(eap_peer_method(peer), &eap_test_method);
    ck_assert(REQUEST(2, T ROUND2));
    ck_assert(went_through("RECEIVED -> METHOD\neap-peer: METHOD -> SEND_RESPONSE"));
    /* methodState == DONE: no request any more */
    expect_discarded(REQUEST(3, T ROUND3));
    say(EAP_SUCCESS, 2, "", 0);
    ck_assert_int_eq(proto->status, PROTO_DONE);
    end();
}
END_TEST

START_TEST(another_method_in_between)
{
    static const struct eap_method *const two[] = {&eap_test_method, &eap_test_other};

    eap_test_script = (struct eap_test_script){.rounds = 2};
    begin(two, 2);
    ck_assert(REQUEST(1, T ROUND1));
    expect_discarded(REQUEST(2, "\xc8" ROUND1));
    ck_assert(REQUEST(3, T ROUND2));
    end();
}
END_TEST

START_TEST(the_long_form_of_a_short_type)
{
    script((struct eap_test_script){.rounds = 1});
    /* RFC 3748 5.7: Identity in the long form */
    ck_assert(REQUEST(1, "\xfe\0\0\0\0\0\0\x01"));
    EXPECT(1, "\x01"
              "me");
    end();
}
END_TEST

START_TEST(notification)
{
    script((struct eap_test_script){.rounds = 2});
    ck_assert(REQUEST(1, "\x02"
                         "maintenance at noon"));
    EXPECT(1, "\x02");
    ck_assert(REQUEST(2, T ROUND1));
    ck_assert(REQUEST(3, "\x02"
                         "hurry up"));
    EXPECT(3, "\x02");
    ck_assert(REQUEST(4, T ROUND2));
    say(EAP_SUCCESS, 4, "", 0);
    ck_assert_int_eq(proto->status, PROTO_DONE);
    end();
}
END_TEST

START_TEST(repeated_requests)
{
    struct buf first;

    script((struct eap_test_script){.rounds = 2});
    ck_assert(REQUEST(1, T ROUND1));
    first = reply;
    buf_init(&reply, EAP_PACKET_MAX);
    for (int i = 0; i < 3; i++) {
        ck_assert(REQUEST(1, T ROUND1));
        ck_assert(went_through("RECEIVED -> RETRANSMIT"));
        ck_assert_uint_eq(buf_len(&reply), buf_len(&first));
        ck_assert_mem_eq(buf_span(&reply).p, buf_span(&first).p, buf_len(&first));
        ck_assert_str_eq(pair.side[0].trace.label,
                         i == 0 ? "Test-Response 1, Test-Response 1" : "Test-Response 1");
        pair.side[0].trace.label[0] = '\0';
    }
    /* RFC 4137 looks at the identifier alone */
    ck_assert(REQUEST(1, "\x01"));
    ck_assert_mem_eq(buf_span(&reply).p, buf_span(&first).p, buf_len(&first));
    ck_assert(REQUEST(2, T ROUND2));
    buf_clear(&first);
    end();
}
END_TEST

START_TEST(ignored_by_the_method)
{
    script((struct eap_test_script){.rounds = 2, .peer_discards_at = 2});
    ck_assert(REQUEST(1, T ROUND1));
    ck_assert(!REQUEST(2, T ROUND2));
    ck_assert(went_through("METHOD -> DISCARD"));
    /* lastId stands: the same identifier is a new request */
    ck_assert(REQUEST(2, T ROUND2));
    ck_assert_uint_eq(buf_span(&reply).p[5], 2);
    end();
}
END_TEST

/* ---- Nak ---- */

START_TEST(nak)
{
    static const struct eap_method *const all[] = {&eap_test_expanded, &eap_test_other,
                                                   &eap_test_method};

    eap_test_script = (struct eap_test_script){.rounds = 1};
    begin(all, 3);
    ck_assert(REQUEST(1, "\x0d\x20"));
    EXPECT(1, "\x03\xfe\xc8\xff");
    ck_assert(went_through("GET_METHOD -> SEND_RESPONSE"));
    /* RFC 3748 5.3.2: in the long form to a long request, short types as the IETF's */
    ck_assert(REQUEST(2, "\xfe\x00\x01\x02\x00\x00\x00\x07"));
    EXPECT(2, "\xfe\0\0\0\0\0\0\x03"
              "\xfe\xff\xff\xfd\0\0\0\x07"
              "\xfe\0\0\0\0\0\0\xc8"
              "\xfe\0\0\0\0\0\0\xff");
    ck_assert(REQUEST(3, "\xc8" ROUND1));
    ck_assert_ptr_eq(eap_peer_method(peer), &eap_test_other);
    end();
}
END_TEST

START_TEST(nak_of_what_lacks_its_means)
{
    static const struct eap_method *const two[] = {&eap_test_method, &eap_test_other};

    eap_test_script = (struct eap_test_script){.no_peer = true};
    begin(two, 2);
    ck_assert(REQUEST(1, T ROUND1));
    EXPECT(1, "\x03\xc8");
    end();
    begin_alone();
    ck_assert(REQUEST(1, T ROUND1));
    EXPECT(1, "\x03\x00");
    ck_assert(REQUEST(2, "\xfe\x00\x01\x02\x00\x00\x00\x07"));
    EXPECT(2, "\xfe\0\0\0\0\0\0\x03\xfe\0\0\0\0\0\0\0");
    say(EAP_FAILURE, 2, "", 0);
    expect_failed(REASON_EAP_NO_METHOD);
    end();
}
END_TEST

/* A method that learns from its first request that it cannot be had. */
START_TEST(nak_by_the_method)
{
    static const struct eap_method *const two[] = {&eap_test_method, &eap_test_other};

    eap_test_script = (struct eap_test_script){.peer_unwilling = true};
    begin(two, 2);
    ck_assert(REQUEST(1, T ROUND1));
    EXPECT(1, "\x03\xc8");
    ck_assert(went_through("METHOD -> SEND_RESPONSE"));
    ck_assert_str_eq(pair.side[0].trace.label, "EAP-Response/Nak");
    /* asked for again: the same answer; another one is well */
    ck_assert(REQUEST(2, T ROUND1));
    EXPECT(2, "\x03\xc8");
    ck_assert(REQUEST(3, "\xc8" ROUND1));
    say(EAP_SUCCESS, 3, "", 0);
    ck_assert_int_eq(proto->status, PROTO_DONE);
    end();
    /* it knew why */
    begin_alone();
    ck_assert(REQUEST(1, T ROUND1));
    EXPECT(1, "\x03\x00");
    say(EAP_FAILURE, 1, "", 0);
    expect_failed(REASON_NO_COMMON_SUITE);
    end();
}
END_TEST

/* They export no keys, and without an EMSK there is no Kmr (README.md). */
START_TEST(one_time_passwords_are_refused)
{
    static const uint8_t types[] = {EAP_MD5, EAP_OTP, EAP_GTC};

    for (size_t i = 0; i < sizeof(types); i++) {
        const char data[2] = {(char)types[i], 'x'};
        const struct eap_method *every[16];
        uint8_t want[17] = {EAP_NAK};

        ck_assert_uint_le(eap_method_count(), 16);
        for (size_t k = 0; k < eap_method_count(); k++) {
            every[k] = eap_method_at(k);
            want[1 + k] = every[k]->type;
        }
        eap_test_script = (struct eap_test_script){0};
        begin(every, eap_method_count());
        ck_assert(say(EAP_REQUEST, 1, data, sizeof(data)));
        expect_reply(1, (const char *)want, 1 + eap_method_count());
        say(EAP_FAILURE, 1, "", 0);
        expect_failed(REASON_EAP_NO_METHOD);
        end();
    }
}
END_TEST

/* ---- Success and Failure ---- */

START_TEST(success_out_of_place)
{
    script((struct eap_test_script){.rounds = 2});
    /* before anything: lastId is none */
    expect_discarded(say(EAP_SUCCESS, 0, "", 0));
    ck_assert(REQUEST(1, T ROUND1));
    /* methodState == CONT */
    expect_discarded(say(EAP_SUCCESS, 1, "", 0));
    ck_assert(REQUEST(2, T ROUND2));
    /* another identifier */
    expect_discarded(say(EAP_SUCCESS, 3, "", 0));
    expect_discarded(say(EAP_SUCCESS, 1, "", 0));
    say(EAP_SUCCESS, 2, "", 0);
    ck_assert(went_through("RECEIVED -> SUCCESS"));
    ck_assert_int_eq(proto->status, PROTO_DONE);
    /* it is over: nothing changes it */
    ck_assert(!say(EAP_FAILURE, 2, "", 0));
    ck_assert(!REQUEST(2, T ROUND2));
    eap_peer_alternate(peer, 0, false);
    ck_assert_int_eq(proto->status, PROTO_DONE);
    end();
}
END_TEST

/* RFC 3748 4.2: Success without a method is no success. */
START_TEST(success_without_a_method)
{
    script((struct eap_test_script){0});
    ck_assert(REQUEST(1, "\x01"));
    say(EAP_SUCCESS, 1, "", 0);
    ck_assert(went_through("RECEIVED -> FAILURE"));
    expect_failed(REASON_EAP_FAILURE);
    end();
}
END_TEST

START_TEST(failure)
{
    /* after the identity */
    script((struct eap_test_script){0});
    expect_discarded(say(EAP_FAILURE, 0, "", 0));
    ck_assert(REQUEST(1, "\x01"));
    expect_discarded(say(EAP_FAILURE, 2, "", 0));
    say(EAP_FAILURE, 1, "", 0);
    expect_failed(REASON_EAP_FAILURE);
    end();
    /* methodState == CONT: forged, or the lower layer will say so */
    script((struct eap_test_script){.rounds = 2});
    ck_assert(REQUEST(1, T ROUND1));
    expect_discarded(say(EAP_FAILURE, 1, "", 0));
    /* decision == COND_SUCC */
    ck_assert(REQUEST(2, T ROUND2));
    say(EAP_FAILURE, 2, "", 0);
    expect_failed(REASON_EAP_FAILURE);
    end();
    /* decision == UNCOND_SUCC */
    script((struct eap_test_script){.protected_success = true});
    ck_assert(REQUEST(1, T ROUND1));
    expect_discarded(say(EAP_FAILURE, 1, "", 0));
    say(EAP_SUCCESS, 1, "", 0);
    ck_assert_int_eq(proto->status, PROTO_DONE);
    end();
}
END_TEST

START_TEST(may_continue)
{
    script((struct eap_test_script){.rounds = 3, .may_continue_from = 1});
    ck_assert(REQUEST(1, T ROUND1));
    ck_assert(REQUEST(2, T ROUND2));
    say(EAP_SUCCESS, 2, "", 0);
    ck_assert_int_eq(proto->status, PROTO_DONE);
    end();
    script((struct eap_test_script){.rounds = 3, .may_continue_from = 1});
    ck_assert(REQUEST(1, T ROUND1));
    say(EAP_FAILURE, 1, "", 0);
    expect_failed(REASON_EAP_FAILURE);
    end();
}
END_TEST

/* ---- a method that fails ---- */

START_TEST(the_method_fails)
{
    /* in silence: at once */
    script((struct eap_test_script){.peer_fails_at = 1, .peer_fails_silently = true});
    ck_assert(!REQUEST(1, T ROUND1));
    ck_assert(went_through("METHOD -> FAILURE"));
    expect_failed(REASON_EAP_MAC);
    end();
    /* with a last word, which is repeated like any other; the server's Failure ends it */
    for (int verdict = EAP_SUCCESS; verdict <= EAP_FAILURE; verdict++) {
        script((struct eap_test_script){.rounds = 2, .peer_fails_at = 1});
        ck_assert(REQUEST(1, T ROUND1));
        ck_assert(REQUEST(1, T ROUND1));
        expect_discarded(REQUEST(2, T ROUND2));
        say((enum eap_code)verdict, 1, "", 0);
        expect_failed(REASON_EAP_MAC);
        end();
    }
}
END_TEST

/* ---- the lower layer's word ---- */

static void alternate(bool accepted)
{
    eap_peer_alternate(peer, 0, accepted);
}

START_TEST(alternate_accept)
{
    /* methodState != CONT && decision == FAIL */
    script((struct eap_test_script){0});
    ck_assert(REQUEST(1, "\x01"));
    alternate(true);
    expect_failed(REASON_EAP_FAILURE);
    end();
    /* methodState == CONT: nothing, until the method can */
    script((struct eap_test_script){.rounds = 2});
    ck_assert(REQUEST(1, T ROUND1));
    alternate(true);
    ck_assert_int_eq(proto->status, PROTO_RUNNING);
    ck_assert(REQUEST(2, T ROUND2));
    ck_assert_int_eq(proto->status, PROTO_DONE);
    end();
    /* decision != FAIL */
    script((struct eap_test_script){0});
    ck_assert(REQUEST(1, T ROUND1));
    alternate(true);
    ck_assert_int_eq(proto->status, PROTO_DONE);
    ck_assert(eap_peer_keys(peer)->present);
    end();
}
END_TEST

START_TEST(alternate_reject)
{
    script((struct eap_test_script){.rounds = 2});
    ck_assert(REQUEST(1, T ROUND1));
    alternate(false);
    expect_failed(REASON_EAP_FAILURE);
    end();
    script((struct eap_test_script){.protected_success = true});
    ck_assert(REQUEST(1, T ROUND1));
    alternate(false);
    expect_failed(REASON_EAP_FAILURE);
    ck_assert(!eap_peer_keys(peer)->present);
    end();
    script((struct eap_test_script){.peer_fails_at = 1});
    ck_assert(REQUEST(1, T ROUND1));
    alternate(false);
    expect_failed(REASON_EAP_MAC);
    end();
}
END_TEST

/* ---- what is nothing ---- */

START_TEST(not_for_a_peer)
{
    script((struct eap_test_script){0});
    ck_assert(!say(EAP_RESPONSE, 1, "\x01", 1));
    ck_assert(!feed(span_of("\x01\x01\x00\x09\x01", 5)));
    ck_assert(!feed(span_of("", 0)));
    ck_assert(!went_through("RECEIVED"));
    ck_assert_int_eq(proto->status, PROTO_RUNNING);
    end();
    /* before start nothing is heard */
    pair_init(&pair, 1);
    buf_init(&reply, EAP_PACKET_MAX);
    peer = eap_peer_new(&pair.side[0].env, &(struct eap_peer_settings){.identity = NULL});
    proto = eap_peer_proto(peer);
    ck_assert(!REQUEST(1, "\x01"));
    proto->ops->start(proto, 0);
    /* no identity: an empty one (RFC 3748 5.1) */
    ck_assert(REQUEST(1, "\x01"));
    EXPECT(1, "\x01");
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eap_peer");
    TCase *tc = tcase_create("eap_peer");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_add_test(tc, identity);
    tcase_add_test(tc, method);
    tcase_add_test(tc, another_method_in_between);
    tcase_add_test(tc, the_long_form_of_a_short_type);
    tcase_add_test(tc, notification);
    tcase_add_test(tc, repeated_requests);
    tcase_add_test(tc, ignored_by_the_method);
    tcase_add_test(tc, nak);
    tcase_add_test(tc, nak_of_what_lacks_its_means);
    tcase_add_test(tc, nak_by_the_method);
    tcase_add_test(tc, one_time_passwords_are_refused);
    tcase_add_test(tc, success_out_of_place);
    tcase_add_test(tc, success_without_a_method);
    tcase_add_test(tc, failure);
    tcase_add_test(tc, may_continue);
    tcase_add_test(tc, the_method_fails);
    tcase_add_test(tc, alternate_accept);
    tcase_add_test(tc, alternate_reject);
    tcase_add_test(tc, not_for_a_peer);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
