/* EAP packets, the registry, and whole conversations of the two machines with the test method. */
#include "tests/support/eap_rig.h"

#include "crypto/entity.h"

#include <check.h>
#include <stdlib.h>

/* ---- packets ---- */

static enum reason parse(const char *octets, size_t n, struct eap_packet *p)
{
    memset(p, 0xee, sizeof(*p));
    return eap_parse(span_of(octets, n), p);
}

START_TEST(packets_are_read)
{
    struct eap_packet p;

    ck_assert_int_eq(parse("\x01\x07\x00\x05\x01", 5, &p), REASON_NONE);
    ck_assert(p.code == EAP_REQUEST && p.id == 7 && p.type == EAP_IDENTITY && p.data.n == 0);
    ck_assert(p.vendor == 0 && p.vendor_type == 0 && p.whole.n == 5);
    /* padding of the lower layer */
    ck_assert_int_eq(parse("\x02\xff\x00\x07\x12xyzz", 9, &p), REASON_NONE);
    ck_assert(p.code == EAP_RESPONSE && p.type == EAP_SIM && p.whole.n == 7 && p.data.n == 2);
    ck_assert_mem_eq(p.data.p, "xy", 2);
    ck_assert_int_eq(parse("\x03\x01\x00\x04", 4, &p), REASON_NONE);
    ck_assert(p.code == EAP_SUCCESS && p.type == 0 && p.data.n == 0);
    ck_assert_int_eq(parse("\x04\x01\x00\x04\x00", 5, &p), REASON_NONE);
    ck_assert_int_eq(p.code, EAP_FAILURE);
    ck_assert_int_eq(parse("\x01\x00\x00\x0d\xfe\xff\xff\xfe\x00\x00\x00\x01!", 13, &p),
                     REASON_NONE);
    ck_assert(p.type == EAP_EXPANDED && p.vendor == EAP_VENDOR_M2MSIM && p.vendor_type == 1);
    ck_assert(p.data.n == 1 && p.data.p[0] == '!');
    /* RFC 3748 5.7: the IETF's types in the long form */
    ck_assert_int_eq(parse("\x01\x00\x00\x0c\xfe\0\0\0\0\0\0\x17", 12, &p), REASON_NONE);
    ck_assert(p.type == EAP_AKA && p.vendor == 0 && p.vendor_type == 0 && p.data.n == 0);
    ck_assert_int_eq(parse("\x01\x00\x00\x0c\xfe\0\0\0\0\0\x01\x17", 12, &p), REASON_NONE);
    ck_assert(p.type == EAP_EXPANDED && p.vendor == 0 && p.vendor_type == 0x117);
}
END_TEST

START_TEST(what_is_no_packet)
{
    static const struct {
        const char *octets;
        size_t n;
    } bad[] = {
        {"", 0},
        {"\x01", 1},
        {"\x01\x01\x00", 3},
        {"\x01\x01\x00\x04", 4},     /* a request without a type */
        {"\x01\x01\x00\x05\x00", 5}, /* type 0 */
        {"\x01\x01\x00\x06\x01", 5}, /* longer than it came */
        {"\x01\x01\x00\x03\x01", 5}, /* shorter than its header */
        {"\x00\x01\x00\x05\x01", 5}, /* code */
        {"\x05\x01\x00\x05\x01", 5}, /* RFC 5996's Initiate: none of ours */
        {"\x03\x01\x00\x05\x01", 5}, /* Success with data */
        {"\x01\x01\x00\x0b\xfe\0\0\0\0\0\0", 11},
        {"\x01\x01\x00\x0c\xfe\0\0\0\0\0\0\0", 12}, /* the IETF's type 0 */
    };
    struct eap_packet p, before;

    memset(&before, 0xee, sizeof(before));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(parse(bad[i].octets, bad[i].n, &p) == REASON_EAP_MALFORMED, "%zu", i);
        ck_assert_mem_eq(&p, &before, sizeof(p));
    }
}
END_TEST

START_TEST(packets_are_written)
{
    struct buf b;
    size_t begin;

    buf_init(&b, 64);
    buf_puts(&b, "..");
    ck_assert(eap_put(&b, EAP_RESPONSE, 9, EAP_IDENTITY, 1, 2, span_str("me")));
    ck_assert_uint_eq(buf_len(&b), 9);
    ck_assert_mem_eq(buf_span(&b).p, "..\x02\x09\x00\x07\x01me", 9);
    buf_clear(&b);
    ck_assert(eap_put(&b, EAP_REQUEST, 1, EAP_EXPANDED, 0xfffffe, 0x01020304, span_str("!")));
    ck_assert_mem_eq(buf_span(&b).p, "\x01\x01\x00\x0d\xfe\xff\xff\xfe\x01\x02\x03\x04!", 13);
    buf_clear(&b);
    begin = eap_begin(&b, EAP_SUCCESS, 3, 0, 0, 0);
    ck_assert(eap_end(&b, begin));
    ck_assert_mem_eq(buf_span(&b).p, "\x03\x03\x00\x04", 4);
    ck_assert_uint_eq(buf_len(&b), 4);
    buf_clear(&b);
    /* no room: nothing is written */
    buf_init(&b, 12);
    ck_assert(!eap_put(&b, EAP_REQUEST, 1, EAP_EXPANDED, 1, 1, span_str("!")));
    ck_assert_uint_eq(buf_len(&b), 0);
    buf_puts(&b, "123456789");
    begin = eap_begin(&b, EAP_REQUEST, 1, EAP_AKA, 0, 0);
    ck_assert(!eap_end(&b, begin));
    ck_assert_uint_eq(buf_len(&b), 9);
    buf_clear(&b);
}
END_TEST

START_TEST(keys_are_wiped)
{
    struct eap_keys k, zero = {0};

    memset(&k, 7, sizeof(k));
    eap_keys_wipe(&k);
    ck_assert_mem_eq(&k, &zero, sizeof(k));
}
END_TEST

START_TEST(the_registry_is_consistent)
{
    for (size_t i = 0; i < eap_method_count(); i++) {
        const struct eap_method *m = eap_method_at(i);

        ck_assert_ptr_eq(eap_method_by_name(m->name), m);
        ck_assert_ptr_eq(eap_method_by_type(m->type, m->vendor, m->vendor_type), m);
        ck_assert(m->peer->peer && !m->peer->server && m->server->server && !m->server->peer);
        ck_assert(m->type == EAP_EXPANDED || (m->vendor == 0 && m->vendor_type == 0));
        /* EAP-OTP and GTC export no keys: they are none of ours (README.md). */
        ck_assert(m->type > EAP_NAK && m->type != EAP_MD5 && m->type != EAP_OTP &&
                  m->type != EAP_GTC);
    }
    ck_assert_ptr_null(eap_method_by_name("otp"));
    ck_assert_ptr_null(eap_method_by_type(EAP_OTP, 0, 0));
    ck_assert_ptr_null(eap_method_by_type(EAP_GTC, 0, 0));
}
END_TEST

/* ---- conversations ---- */

static const struct eap_method *const test_alone[] = {&eap_test_method};
static const struct eap_rig_user anybody[] = {
    {"*", {.methods = {&eap_test_method}, .method_count = 1, .permanent = "who it is"}}};

static void make_clean(void *arg, struct eap_rig_settings *s)
{
    (void)arg;
    s->seed = 4;
    s->peer.identity = "someone@example";
    s->peer.methods = test_alone;
    s->peer.method_count = 1;
    s->users = anybody;
    s->user_count = 1;
}

START_TEST(a_clean_conversation)
{
    struct eap_rig r;

    eap_test_script = (struct eap_test_script){.rounds = 3};
    eap_rig_init(&r, make_clean, NULL);
    ck_assert_int_eq(eap_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert(eap_rig_is_complete(&r));
    eap_rig_check(&r);
    ck_assert_str_eq(eap_server_identity(r.server), "someone@example");
    ck_assert_str_eq(eap_peer_identity(r.peer), "someone@example");
    ck_assert_str_eq(eap_server_permanent(r.server), "who it is");
    ck_assert_ptr_eq(eap_peer_method(r.peer), &eap_test_method);
    ck_assert_ptr_eq(eap_server_method(r.server), &eap_test_method);
    ck_assert_ptr_null(eap_server_reauth(r.server));
    ck_assert_uint_eq(r.queries, 1);
    /* identity, three rounds, success */
    ck_assert_uint_eq(r.pair.side[0].outputs, 4);
    ck_assert_uint_eq(r.pair.side[1].outputs, 5);
    buf_put(&r.pair.side[0].labels, "", 1);
    buf_put(&r.pair.side[1].labels, "", 1);
    ck_assert_str_eq((const char *)buf_span(&r.pair.side[0].labels).p,
                     "EAP-Response/Identity\nTest-Response 1\nTest-Response 2\nTest-Response 3\n");
    eap_rig_release(&r);
}
END_TEST

START_TEST(every_fault_on_the_way)
{
    eap_test_script = (struct eap_test_script){.rounds = 2};
    eap_rig_every_fault(make_clean, NULL, NULL, 1);
}
END_TEST

static void make_slow(void *arg, struct eap_rig_settings *s)
{
    make_clean(arg, s);
    s->answer_after = 5 * SIM_S;
}

START_TEST(a_node_that_takes_its_time)
{
    eap_test_script = (struct eap_test_script){.rounds = 2};
    eap_rig_every_fault(make_slow, NULL, NULL, 3);
}
END_TEST

START_TEST(different_secrets)
{
    struct eap_rig r;

    eap_test_script = (struct eap_test_script){.rounds = 2, .wrong_secret = true};
    eap_rig_init(&r, make_clean, NULL);
    ck_assert_int_eq(eap_rig_run(&r, pair_clean()), PAIR_ENDED);
    eap_rig_check(&r);
    ck_assert_int_eq(eap_rig_proto(&r, 0)->reason, REASON_EAP_FAILURE);
    ck_assert_int_eq(eap_rig_proto(&r, 1)->reason, REASON_EAP_MAC);
    eap_rig_release(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eap");
    TCase *tc = tcase_create("eap");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, packets_are_read);
    tcase_add_test(tc, what_is_no_packet);
    tcase_add_test(tc, packets_are_written);
    tcase_add_test(tc, keys_are_wiped);
    tcase_add_test(tc, the_registry_is_consistent);
    tcase_add_test(tc, a_clean_conversation);
    tcase_add_test(tc, every_fault_on_the_way);
    tcase_add_test(tc, a_node_that_takes_its_time);
    tcase_add_test(tc, different_secrets);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
