/* The RADIUS client: when it repeats, what it sends, what it takes for an answer. */
#include "radius_lone.h"

static void lone_client(struct lone *l, const struct radius_client_settings *more)
{
    struct radius_client_settings s = *more;

    s.secret = span_str("s");
    s.nas_identifier = "nas";
    pair_init(&l->pair, 1);
    l->client = radius_client_new(&l->pair.side[0].env, &s);
    l->proto = radius_client_proto(l->client);
    l->server = NULL;
    l->proto->ops->start(l->proto, 0);
    buf_init(&l->out, 65536);
}

static void says_identity(struct lone *l, sim_ns now)
{
    radius_client_eap(l->client, now, span_of("\x02\x01\x00\x07\x01me", 7));
}

static void check_near(sim_ns at, sim_ns want)
{
    ck_assert_msg(at >= want - want / 10 && at <= want + want / 10, "%lld, not about %lld",
                  (long long)at, (long long)want);
}

/* RFC 5080 2.2.1: 2, 4, 8, 16 s, and no longer than 30 s. */
START_TEST(repetitions_by_default)
{
    static const sim_ns want[] = {2 * SIM_S, 4 * SIM_S, 8 * SIM_S};
    struct radius_client_settings s = {0};
    sim_ns now = 100 * SIM_S, rt = 0;
    struct lone l;
    uint8_t first[64];
    size_t n;

    lone_client(&l, &s);
    says_identity(&l, now);
    n = sends(&l, now).n;
    ck_assert(n > 20 && n <= sizeof(first));
    memcpy(first, buf_span(&l.out).p, n);
    for (int i = 0; i < 3; i++) {
        sim_ns before = rt;

        rt = l.proto->expiry - now;
        check_near(rt, want[i]);
        ck_assert(i == 0 || (rt >= before + before * 9 / 10 && rt <= before + before * 11 / 10));
        ck_assert_uint_eq(sends(&l, now).n, 0);
        now = l.proto->expiry;
        l.proto->ops->expire(l.proto, now);
        ck_assert_uint_eq(sends(&l, now).n, n);
        ck_assert_mem_eq(buf_span(&l.out).p, first, n);
    }
    /* Sixteen seconds more, but thirty after the first one at the latest: a fifth may just go out.
     */
    ck_assert(l.proto->expiry > 125 * SIM_S && l.proto->expiry <= 130 * SIM_S);
    for (unsigned sent = 4; l.proto->status == PROTO_RUNNING; sent += sends(&l, now).n > 0) {
        ck_assert_uint_le(sent, 5);
        now = l.proto->expiry;
        ck_assert(now <= 130 * SIM_S);
        l.proto->ops->expire(l.proto, now);
    }
    ck_assert_int_eq(l.proto->status, PROTO_FAILED);
    ck_assert_int_eq(l.proto->reason, REASON_RADIUS_TIMEOUT);
    ck_assert_int_eq(l.proto->expiry, SIM_NEVER);
    says_identity(&l, 131 * SIM_S);
    ck_assert_uint_eq(sends(&l, 131 * SIM_S).n, 0);
    lone_release(&l);
}
END_TEST

START_TEST(repetitions_as_set)
{
    struct radius_client_settings s = {
        .irt = SIM_S, .mrt = 3 * SIM_S, .mrc = 7, .mrd = 1000 * SIM_S};
    static const sim_ns want[] = {SIM_S,     2 * SIM_S, 3 * SIM_S, 3 * SIM_S,
                                  3 * SIM_S, 3 * SIM_S, 3 * SIM_S};
    struct lone l;
    sim_ns now = 0;

    lone_client(&l, &s);
    says_identity(&l, now);
    for (int i = 0; i < 7; i++) {
        ck_assert_uint_gt(sends(&l, now).n, 0);
        ck_assert(l.proto->expiry - now >= want[i] * 8 / 10);
        ck_assert(l.proto->expiry - now <= want[i] * 12 / 10);
        now = l.proto->expiry;
        l.proto->ops->expire(l.proto, now);
    }
    ck_assert_uint_eq(sends(&l, now).n, 0);
    ck_assert_int_eq(l.proto->reason, REASON_RADIUS_TIMEOUT);
    lone_release(&l);
}
END_TEST

/* An answer to what the client sent last. eap.n == 0: without EAP-Message. */
static struct span answer(struct lone *l, struct radius_writer *w, enum radius_code code,
                          struct span eap)
{
    struct radius_packet request;

    ck_assert_int_eq(radius_parse(buf_span(&l->out), &request), REASON_NONE);
    radius_begin(w, code, request.id, request.authenticator);
    if (eap.n > 0)
        radius_put_eap(w, eap);
    radius_put(w, RADIUS_STATE, span_str("state of the server"));
    ck_assert(radius_seal_response(w, NULL, span_str("s")));
    return span_of(w->octets, w->n);
}

static const char request_8[] = "\x01\x08\x00\x06\x04x"; /* EAP-Request, identifier 8 */
static const char response_8[] = "\x02\x08\x00\x06\x04y";

START_TEST(state_and_user_name_come_along)
{
    struct radius_client_settings s = {.framed_mtu = 1400};
    struct radius_packet first, second;
    struct radius_writer w;
    struct lone l;
    struct span v;
    uint8_t id, authenticator[16];
    size_t at = 0;

    lone_client(&l, &s);
    says_identity(&l, 0);
    ck_assert_int_eq(radius_parse(sends(&l, 0), &first), REASON_NONE);
    ck_assert(radius_check_message(&first, NULL, span_str("s"), first.authenticator));
    ck_assert_uint_eq(radius_state(&first).n, 0);
    ck_assert(radius_find(&first, RADIUS_USER_NAME, &at, &v) && v.n == 2);
    id = first.id;
    memcpy(authenticator, first.authenticator, 16);
    l.proto->ops->input(l.proto, 1, answer(&l, &w, RADIUS_ACCESS_CHALLENGE, span_of(request_8, 6)));
    ck_assert_int_eq(l.proto->expiry, SIM_NEVER);
    ck_assert_uint_eq(radius_client_reply(l.client).n, 6);
    ck_assert_mem_eq(radius_client_reply(l.client).p, request_8, 6);
    radius_client_taken(l.client);
    ck_assert_uint_eq(radius_client_reply(l.client).n, 0);
    /* RFC 3579 2.2: not a response, not to this request, not EAP */
    radius_client_eap(l.client, 2, span_of(request_8, 6));
    radius_client_eap(l.client, 2, span_of("\x02\x07\x00\x06\x04y", 6));
    radius_client_eap(l.client, 2, span_of("\x02\x08\x00\x07\x04y", 6));
    ck_assert_uint_eq(sends(&l, 2).n, 0);
    radius_client_eap(l.client, 2, span_of(response_8, 6));
    radius_client_eap(l.client, 2, span_of(response_8, 6)); /* lock step */
    ck_assert_int_eq(radius_parse(sends(&l, 2), &second), REASON_NONE);
    at = 0;
    ck_assert(radius_find(&second, RADIUS_USER_NAME, &at, &v) && memcmp(v.p, "me", 2) == 0);
    at = 0;
    ck_assert(radius_find(&second, RADIUS_NAS_IDENTIFIER, &at, &v) && memcmp(v.p, "nas", 3) == 0);
    ck_assert(radius_state(&second).n == 19);
    ck_assert_uint_ne(second.id, id);
    ck_assert(memcmp(second.authenticator, authenticator, 16) != 0);
    lone_release(&l);
}
END_TEST

/* The answer overtakes a repetition that was due, but not sent yet. */
START_TEST(answered_before_it_is_said_again)
{
    struct radius_client_settings s = {0};
    struct radius_writer w;
    struct lone l;
    struct span a;

    lone_client(&l, &s);
    says_identity(&l, 0);
    sends(&l, 0);
    a = answer(&l, &w, RADIUS_ACCESS_CHALLENGE, span_of(request_8, 6));
    l.proto->ops->expire(l.proto, l.proto->expiry);
    l.proto->ops->input(l.proto, 3 * SIM_S, a);
    ck_assert_uint_eq(radius_client_reply(l.client).n, 6);
    ck_assert_uint_eq(sends(&l, 3 * SIM_S).n, 0);
    lone_release(&l);
}
END_TEST

/* What is not the answer is dropped, and the true one is still taken. */
START_TEST(false_answers)
{
    struct radius_client_settings s = {0};
    struct span eap = span_of("\x03\x01\x00\x04", 4);
    struct radius_packet request;
    struct radius_writer w;
    struct lone l;

    lone_client(&l, &s);
    says_identity(&l, 0);
    sends(&l, 0);
    radius_parse(buf_span(&l.out), &request);
    for (int i = 0; i < 6; i++) {
        uint8_t authenticator[16], code = RADIUS_ACCESS_ACCEPT, id = request.id;
        bool signs = true, sealed = true;

        memcpy(authenticator, request.authenticator, 16);
        if (i == 0)
            id++;
        else if (i == 1)
            code = RADIUS_ACCESS_REQUEST;
        else if (i == 2)
            code = 5; /* Accounting-Response */
        else if (i == 3)
            authenticator[0] ^= 1;
        else if (i == 4)
            signs = false;
        else
            sealed = false;
        radius_begin(&w, (enum radius_code)code, id, authenticator);
        if (!signs)
            w.octets[20] = 25; /* the Message-Authenticator becomes a Class */
        radius_put_eap(&w, eap);
        ck_assert(sealed ? radius_seal_response(&w, NULL, span_str("s"))
                         : radius_seal_request(&w, NULL, span_str("s")));
        l.proto->ops->input(l.proto, 1, span_of(w.octets, w.n));
        ck_assert_int_eq(l.proto->status, PROTO_RUNNING);
        ck_assert_uint_eq(radius_client_reply(l.client).n, 0);
    }
    l.proto->ops->input(l.proto, 1, span_of("junk", 4));
    l.proto->ops->input(l.proto, 1, answer(&l, &w, RADIUS_ACCESS_ACCEPT, eap));
    ck_assert_int_eq(l.proto->status, PROTO_DONE);
    ck_assert_uint_eq(radius_client_reply(l.client).n, 4);
    /* it carried no keys */
    ck_assert(!radius_client_msk(l.client, w.octets));
    lone_release(&l);
}
END_TEST

static const struct {
    enum radius_code code;
    const char *eap;
    size_t n;
    enum proto_status status;
    enum reason reason;
    size_t reply;
} endings[] = {
    {RADIUS_ACCESS_ACCEPT, "\x03\x01\x00\x04", 4, PROTO_DONE, REASON_NONE, 4},
    {RADIUS_ACCESS_REJECT, "\x04\x01\x00\x04", 4, PROTO_FAILED, REASON_RADIUS_REJECT, 4},
    /* RFC 3579 2.6.3: the packet's code decides */
    {RADIUS_ACCESS_ACCEPT, "\x04\x01\x00\x04", 4, PROTO_DONE, REASON_NONE, 4},
    {RADIUS_ACCESS_REJECT, "\x03\x01\x00\x04", 4, PROTO_FAILED, REASON_RADIUS_REJECT, 4},
    {RADIUS_ACCESS_ACCEPT, "", 0, PROTO_DONE, REASON_NONE, 0},
    {RADIUS_ACCESS_REJECT, "", 0, PROTO_FAILED, REASON_RADIUS_REJECT, 0},
    /* RFC 3579 2.2 */
    {RADIUS_ACCESS_CHALLENGE, "", 0, PROTO_FAILED, REASON_EAP_MALFORMED, 0},
    {RADIUS_ACCESS_CHALLENGE, "\x03\x01\x00\x04", 4, PROTO_FAILED, REASON_EAP_MALFORMED, 0},
    {RADIUS_ACCESS_CHALLENGE, "\x02\x08\x00\x06\x04y", 6, PROTO_FAILED, REASON_EAP_MALFORMED, 0},
    {RADIUS_ACCESS_CHALLENGE, "\x01\x08\x00\x07\x04x", 6, PROTO_FAILED, REASON_EAP_MALFORMED, 0},
    {RADIUS_ACCESS_ACCEPT, "\x03\x01\x00", 3, PROTO_FAILED, REASON_EAP_MALFORMED, 0},
};

START_TEST(answers)
{
    struct radius_client_settings s = {0};
    struct radius_writer w;
    struct lone l;

    lone_client(&l, &s);
    says_identity(&l, 0);
    sends(&l, 0);
    l.proto->ops->input(l.proto, 1,
                        answer(&l, &w, endings[_i].code, span_of(endings[_i].eap, endings[_i].n)));
    ck_assert_int_eq(l.proto->status, endings[_i].status);
    ck_assert_int_eq(l.proto->reason, endings[_i].reason);
    ck_assert_uint_eq(radius_client_reply(l.client).n, endings[_i].reply);
    /* a done conversation says nothing more, whatever comes */
    l.proto->ops->input(l.proto, 2, span_of(w.octets, w.n));
    l.proto->ops->expire(l.proto, 100 * SIM_S);
    radius_client_eap(l.client, 100 * SIM_S, span_of(response_8, 6));
    ck_assert_uint_eq(sends(&l, 100 * SIM_S).n, 0);
    ck_assert_int_eq(l.proto->status, endings[_i].status);
    lone_release(&l);
}
END_TEST

START_TEST(a_bare_rejection)
{
    struct radius_client_settings s = {0};
    struct radius_packet request;
    struct radius_writer w = {.octets = {0}};
    struct lone l;

    for (int code = RADIUS_ACCESS_ACCEPT; code <= RADIUS_ACCESS_REJECT; code++) {
        lone_client(&l, &s);
        says_identity(&l, 0);
        sends(&l, 0);
        radius_parse(buf_span(&l.out), &request);
        radius_begin(&w, (enum radius_code)code, request.id, request.authenticator);
        w.octets[20] = 25; /* no Message-Authenticator */
        radius_seal_response(&w, NULL, span_str("s"));
        l.proto->ops->input(l.proto, 1, span_of(w.octets, w.n));
        ck_assert_int_eq(l.proto->status,
                         code == RADIUS_ACCESS_REJECT ? PROTO_FAILED : PROTO_RUNNING);
        lone_release(&l);
    }
}
END_TEST

START_TEST(an_identity_too_long_for_user_name)
{
    struct radius_client_settings s = {0};
    uint8_t eap[5 + 254] = {2, 1, 1, 3, 1};
    struct lone l;

    lone_client(&l, &s);
    radius_client_eap(l.client, 0, span_of(eap, sizeof(eap)));
    ck_assert_int_eq(l.proto->reason, REASON_EAP_IDENTITY);
    ck_assert_uint_eq(sends(&l, 0).n, 0);
    lone_release(&l);
    eap[3]--;
    lone_client(&l, &s);
    radius_client_eap(l.client, 0, span_of(eap, sizeof(eap) - 1));
    ck_assert_uint_gt(sends(&l, 0).n, 2 * 253);
    lone_release(&l);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("radius");
    TCase *tc = tcase_create("client");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, repetitions_by_default);
    tcase_add_test(tc, repetitions_as_set);
    tcase_add_test(tc, state_and_user_name_come_along);
    tcase_add_test(tc, answered_before_it_is_said_again);
    tcase_add_test(tc, false_answers);
    tcase_add_loop_test(tc, answers, 0, COUNT(endings));
    tcase_add_test(tc, a_bare_rejection);
    tcase_add_test(tc, an_identity_too_long_for_user_name);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
