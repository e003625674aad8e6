/* The RADIUS server: what it answers, what it drops, what its EAP server gets to know. */
#include "radius_lone.h"

static void setup(void)
{
    eap_test_script = (struct eap_test_script){.rounds = 3};
}

/* Notes the MTU, and cannot be made. */
static uint32_t seen_mtu;

static struct eap_half *note_mtu(struct proto_env *env, struct eap_server_context *c)
{
    (void)env;
    seen_mtu = c->settings->mtu;
    return NULL;
}
static const struct eap_half_ops mtu_ops = {.server = note_mtu};
static const struct eap_method mtu_method = {.name = "mtu", .type = 99, .server = &mtu_ops};

static void lone_server(struct lone *l, uint32_t mtu)
{
    struct radius_server_settings s = {.secret = span_str("s"), .eap = {.mtu = mtu}};

    pair_init(&l->pair, 1);
    l->server = radius_server_new(&l->pair.side[1].env, &s);
    l->proto = radius_server_proto(l->server);
    l->client = NULL;
    l->proto->ops->start(l->proto, 0);
    buf_init(&l->out, 65536);
}

static void lets_in(struct lone *l, const struct eap_method *method)
{
    struct eap_answer a = {.methods = {method}, .method_count = 1};

    ck_assert_ptr_nonnull(eap_server_query(radius_server_eap(l->server)));
    eap_server_answer(radius_server_eap(l->server), 0, &a);
    radius_server_poke(l->server, 0);
}

static const uint8_t some_authenticator[16] = "0123456789abcde";

static void begin(struct radius_writer *w, uint8_t id)
{
    radius_begin(w, RADIUS_ACCESS_REQUEST, id, some_authenticator);
    radius_put(w, RADIUS_USER_NAME, span_str("me"));
}

/* What the server says to the request. */
static struct span asks(struct lone *l, struct radius_writer *w)
{
    ck_assert(radius_seal_request(w, NULL, span_str("s")));
    l->proto->ops->input(l->proto, 0, span_of(w->octets, w->n));
    return sends(l, 0);
}

static struct span asks_identity(struct lone *l, struct radius_writer *w, uint8_t id)
{
    begin(w, id);
    radius_put_eap(w, span_of("\x02\x01\x00\x07\x01me", 7));
    return asks(l, w);
}

static void check_answer(struct span octets, const struct radius_writer *request,
                         enum radius_code code, uint8_t eap_code)
{
    struct radius_packet p;
    struct buf eap;

    ck_assert_int_eq(radius_parse(octets, &p), REASON_NONE);
    ck_assert_uint_eq(p.code, code);
    ck_assert_uint_eq(p.id, request->octets[1]);
    ck_assert(radius_check_response(&p, NULL, span_str("s"), request->octets + 4));
    ck_assert(radius_check_message(&p, NULL, span_str("s"), request->octets + 4));
    buf_init(&eap, RADIUS_PACKET_MAX);
    ck_assert(radius_eap(&p, &eap));
    ck_assert_uint_eq(buf_span(&eap).p[0], eap_code);
    buf_clear(&eap);
}

START_TEST(requests_without_a_right_to_an_answer)
{
    struct radius_writer w;
    struct lone l;

    lone_server(&l, 0);
    for (int i = 0; i < 5; i++) {
        begin(&w, 1);
        if (i == 0)
            w.octets[0] = 4; /* Accounting-Request */
        if (i == 1)
            w.octets[20] = 25; /* no Message-Authenticator */
        if (i != 2)            /* else no EAP-Message */
            radius_put_eap(&w, span_of("\x02\x01\x00\x07\x01me", 7));
        radius_seal_request(&w, NULL, i == 3 ? span_str("t") : span_str("s"));
        l.proto->ops->input(l.proto, 0, span_of(w.octets, i == 4 ? w.n - 1 : w.n));
        ck_assert_uint_eq(sends(&l, 0).n, 0);
        ck_assert_ptr_null(radius_server_eap(l.server));
    }
    /* and then a good one */
    ck_assert_uint_eq(asks_identity(&l, &w, 1).n, 0);
    lets_in(&l, &eap_test_method);
    check_answer(sends(&l, 0), &w, RADIUS_ACCESS_CHALLENGE, EAP_REQUEST);
    lone_release(&l);
}
END_TEST

START_TEST(repeated_requests)
{
    struct radius_writer w, second;
    struct lone l;
    uint8_t first[256];
    size_t n;

    lone_server(&l, 0);
    asks_identity(&l, &w, 1);
    ck_assert_uint_eq(asks(&l, &w).n, 0);
    lets_in(&l, &eap_test_method);
    n = sends(&l, 0).n;
    ck_assert(n > 0 && n <= sizeof(first));
    memcpy(first, buf_span(&l.out).p, n);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(asks(&l, &w).n, n);
        ck_assert_mem_eq(buf_span(&l.out).p, first, n);
    }
    /* the same identifier with another authenticator is another request; here without State, so not
     * of this conversation */
    second = w;
    second.octets[4] ^= 1;
    memset(second.octets + 22, 0, 16);
    ck_assert_uint_eq(asks(&l, &second).n, 0);
    lone_release(&l);
}
END_TEST

START_TEST(state_binds)
{
    struct radius_packet p;
    struct radius_writer w;
    struct lone l;
    uint8_t state[16];

    lone_server(&l, 0);
    asks_identity(&l, &w, 1);
    lets_in(&l, &eap_test_method);
    ck_assert_int_eq(radius_parse(sends(&l, 0), &p), REASON_NONE);
    ck_assert_uint_eq(radius_state(&p).n, 16);
    ck_assert_mem_eq(radius_state(&p).p, radius_server_state(l.server).p, 16);
    memcpy(state, radius_state(&p).p, 16);
    for (int i = 0; i < 3; i++) {
        begin(&w, 2);
        radius_put_eap(&w, span_of("\x02\x02\x00\x06\x04y", 6));
        if (i == 1)
            state[15] ^= 1;
        if (i > 0)
            radius_put(&w, RADIUS_STATE, span_of(state, i == 2 ? 15 : 16));
        ck_assert_uint_eq(asks(&l, &w).n, 0);
    }
    lone_release(&l);
}
END_TEST

/* A conversation that is no more: the client is told at once. */
START_TEST(a_state_of_nobody)
{
    struct radius_writer w;
    struct lone l;

    lone_server(&l, 0);
    begin(&w, 1);
    radius_put_eap(&w, span_of("\x02\x09\x00\x06\x04y", 6));
    radius_put(&w, RADIUS_STATE, span_str("sixteen octets.."));
    check_answer(asks(&l, &w), &w, RADIUS_ACCESS_REJECT, EAP_FAILURE);
    ck_assert_int_eq(l.proto->reason, REASON_NOT_FOUND);
    ck_assert_ptr_null(radius_server_eap(l.server));
    lone_release(&l);
}
END_TEST

START_TEST(proxy_states_come_back)
{
    struct radius_packet p;
    struct radius_writer w;
    struct lone l;
    struct span v;
    size_t at = 0;

    lone_server(&l, 0);
    begin(&w, 1);
    radius_put(&w, RADIUS_PROXY_STATE, span_str("first"));
    radius_put_eap(&w, span_of("\x02\x01\x00\x07\x01me", 7));
    radius_put(&w, RADIUS_PROXY_STATE, span_str(""));
    radius_put(&w, RADIUS_PROXY_STATE, span_str("last"));
    asks(&l, &w);
    lets_in(&l, &eap_test_method);
    check_answer(sends(&l, 0), &w, RADIUS_ACCESS_CHALLENGE, EAP_REQUEST);
    radius_parse(buf_span(&l.out), &p);
    ck_assert(radius_find(&p, RADIUS_PROXY_STATE, &at, &v) && v.n == 5 && v.p[0] == 'f');
    ck_assert(radius_find(&p, RADIUS_PROXY_STATE, &at, &v) && v.n == 0);
    ck_assert(radius_find(&p, RADIUS_PROXY_STATE, &at, &v) && v.n == 4 && v.p[0] == 'l');
    ck_assert(!radius_find(&p, RADIUS_PROXY_STATE, &at, &v));
    lone_release(&l);
}
END_TEST

static const struct {
    const char *eap;
    size_t n;
    enum radius_code code;
    uint8_t eap_code;
    enum reason reason;
} first_requests[] = {
    {"", 0, RADIUS_ACCESS_CHALLENGE, EAP_REQUEST, REASON_NONE},               /* EAP-Start */
    {"\x02\x05\x00\x06\x03\x00", 6, RADIUS_ACCESS_CHALLENGE, EAP_REQUEST, 0}, /* a Nak */
    {"\x01\x05\x00\x05\x01", 5, RADIUS_ACCESS_REJECT, EAP_RESPONSE, REASON_EAP_MALFORMED},
    {"\x03\x05\x00\x04", 4, RADIUS_ACCESS_REJECT, EAP_FAILURE, REASON_EAP_MALFORMED},
    {"\x02\x05\x00\x06\x03", 5, RADIUS_ACCESS_REJECT, EAP_FAILURE, REASON_EAP_MALFORMED},
    {"\x02", 1, RADIUS_ACCESS_REJECT, EAP_FAILURE, REASON_EAP_MALFORMED},
};

START_TEST(first_request)
{
    struct radius_writer w;
    struct lone l;

    lone_server(&l, 0);
    begin(&w, 1);
    radius_put_eap(&w, span_of(first_requests[_i].eap, first_requests[_i].n));
    check_answer(asks(&l, &w), &w, first_requests[_i].code, first_requests[_i].eap_code);
    ck_assert_int_eq(l.proto->reason, first_requests[_i].reason);
    /* repeated, after the end too */
    check_answer(asks(&l, &w), &w, first_requests[_i].code, first_requests[_i].eap_code);
    lone_release(&l);
}
END_TEST

/* RFC 3579 2.2: the last request again with Error-Cause 202, but not for ever. */
START_TEST(a_peer_that_talks_nonsense)
{
    static const char *const nonsense[] = {
        "\x02\xff\x00\x06\x04y", /* another identifier */
        "\x02\x02\x00\x06\x2cy", /* another method */
        "\x02\x02\x00\x07\x04y", /* longer than it is */
        "\x03\x02\x00\x04zz",    /* Success */
        "\x02\x02\x00\x05\x04z",
    };
    struct radius_packet p;
    struct radius_writer w;
    struct lone l;
    uint32_t cause;
    uint8_t state[16];

    lone_server(&l, 0);
    asks_identity(&l, &w, 1);
    lets_in(&l, &eap_test_method);
    radius_parse(sends(&l, 0), &p);
    ck_assert(!radius_has(&p, RADIUS_ERROR_CAUSE));
    memcpy(state, radius_state(&p).p, 16);
    for (uint8_t i = 0; i < 6; i++) {
        begin(&w, (uint8_t)(2 + i));
        radius_put_eap(&w, span_of(nonsense[i % 5], i == 4 ? 0 : 6));
        radius_put(&w, RADIUS_STATE, span_of(state, 16));
        asks(&l, &w);
        if (i < 5) {
            check_answer(buf_span(&l.out), &w, RADIUS_ACCESS_CHALLENGE, EAP_REQUEST);
            radius_parse(buf_span(&l.out), &p);
            ck_assert(radius_find_u32(&p, RADIUS_ERROR_CAUSE, &cause) && cause == 202);
        }
    }
    check_answer(buf_span(&l.out), &w, RADIUS_ACCESS_REJECT, EAP_FAILURE);
    ck_assert_int_eq(l.proto->reason, REASON_EAP_MALFORMED);
    lone_release(&l);
}
END_TEST

START_TEST(role_reversal_in_mid_conversation)
{
    struct radius_packet p;
    struct radius_writer w;
    struct lone l;

    lone_server(&l, 0);
    asks_identity(&l, &w, 1);
    lets_in(&l, &eap_test_method);
    radius_parse(sends(&l, 0), &p);
    begin(&w, 2);
    radius_put_eap(&w, span_of("\x01\x08\x00\x06\x04x", 6));
    radius_put(&w, RADIUS_STATE, radius_server_state(l.server));
    check_answer(asks(&l, &w), &w, RADIUS_ACCESS_REJECT, EAP_RESPONSE);
    lone_release(&l);
}
END_TEST

static const struct {
    uint32_t ours, framed, port_type, want;
} mtus[] = {
    {0, 0, 0, EAP_MTU},     {0, 1400, 0, EAP_MTU},        {2000, 1400, 0, 1400},
    {2000, 1400, 19, 1396}, {2000, 1400, 15, 1400},       {0, 500, 0, 500},
    {0, 1, 0, EAP_MTU_MIN}, {0, 1, 19, EAP_MTU_MIN},      {65535, 0, 0, 3600},
    {300, 65535, 0, 300},   {65535, UINT32_MAX, 0, 3600},
};

START_TEST(framed_mtu)
{
    struct radius_writer w;
    struct lone l;

    lone_server(&l, mtus[_i].ours);
    begin(&w, 1);
    if (mtus[_i].framed)
        radius_put_u32(&w, RADIUS_FRAMED_MTU, mtus[_i].framed);
    if (mtus[_i].port_type)
        radius_put_u32(&w, RADIUS_NAS_PORT_TYPE, mtus[_i].port_type);
    radius_put_eap(&w, span_of("\x02\x01\x00\x07\x01me", 7));
    asks(&l, &w);
    seen_mtu = 0;
    lets_in(&l, &mtu_method);
    ck_assert_uint_eq(seen_mtu, mtus[_i].want);
    check_answer(sends(&l, 0), &w, RADIUS_ACCESS_REJECT, EAP_FAILURE);
    ck_assert_int_eq(l.proto->reason, REASON_EAP_NO_METHOD);
    lone_release(&l);
}
END_TEST

START_TEST(a_client_that_goes_away)
{
    struct radius_writer w;
    struct lone l;

    lone_server(&l, 0);
    ck_assert_int_eq(l.proto->expiry, 300 * SIM_S);
    l.proto->ops->expire(l.proto, 300 * SIM_S);
    ck_assert_int_eq(l.proto->reason, REASON_TIMEOUT);
    ck_assert_uint_eq(asks_identity(&l, &w, 1).n, 0);
    lone_release(&l);
}
END_TEST

/* Some peers do not answer GPSK-Fail and its like: the reason is the method's all the same. */
START_TEST(a_last_word_without_an_answer)
{
    uint8_t response[5 + 17] = {EAP_RESPONSE, 2, 0, 5 + 17, 0, 1};
    struct radius_writer w;
    struct lone l;

    eap_test_script.server_has_last_word = true;
    response[4] = eap_test_method.type;
    lone_server(&l, 0);
    asks_identity(&l, &w, 1);
    lets_in(&l, &eap_test_method);
    check_answer(sends(&l, 0), &w, RADIUS_ACCESS_CHALLENGE, EAP_REQUEST);
    ck_assert_int_eq(l.proto->expiry, 300 * SIM_S);
    begin(&w, 2);
    radius_put_eap(&w, span_of(response, sizeof(response)));
    radius_put(&w, RADIUS_STATE, radius_server_state(l.server));
    check_answer(asks(&l, &w), &w, RADIUS_ACCESS_CHALLENGE, EAP_REQUEST);
    ck_assert_int_eq(eap_server_failing(radius_server_eap(l.server)), REASON_EAP_MAC);
    ck_assert_int_eq(l.proto->expiry, 30 * SIM_S);
    l.proto->ops->expire(l.proto, 30 * SIM_S);
    ck_assert_int_eq(l.proto->status, PROTO_FAILED);
    ck_assert_int_eq(l.proto->reason, REASON_EAP_MAC);
    lone_release(&l);
}
END_TEST

/* More Proxy-State than an answer has room for beside its EAP packet. */
START_TEST(an_answer_too_long)
{
    static const uint8_t value[RADIUS_VALUE_MAX];
    struct radius_writer w;
    struct lone l;

    lone_server(&l, 0);
    begin(&w, 1);
    radius_put_eap(&w, span_of("\x02\x01\x00\x07\x01me", 7));
    for (int i = 0; i < 15; i++)
        radius_put(&w, RADIUS_PROXY_STATE, span_of(value, sizeof(value)));
    radius_put(&w, RADIUS_PROXY_STATE, span_of(value, RADIUS_PACKET_MAX - w.n - 2));
    asks(&l, &w);
    lets_in(&l, &eap_test_method);
    ck_assert_uint_eq(sends(&l, 0).n, 0);
    ck_assert_int_eq(l.proto->reason, REASON_RADIUS_MALFORMED);
    lone_release(&l);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("radius");
    TCase *tc = tcase_create("server");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, requests_without_a_right_to_an_answer);
    tcase_add_test(tc, repeated_requests);
    tcase_add_test(tc, state_binds);
    tcase_add_test(tc, a_state_of_nobody);
    tcase_add_test(tc, proxy_states_come_back);
    tcase_add_loop_test(tc, first_request, 0, COUNT(first_requests));
    tcase_add_test(tc, a_peer_that_talks_nonsense);
    tcase_add_test(tc, role_reversal_in_mid_conversation);
    tcase_add_loop_test(tc, framed_mtu, 0, COUNT(mtus));
    tcase_add_test(tc, a_client_that_goes_away);
    tcase_add_test(tc, a_last_word_without_an_answer);
    tcase_add_test(tc, an_answer_too_long);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
