/* What goes wrong in a handshake, and what each side says of it. */
#include "tests/support/tls_rig.h"

#include <check.h>
#include <stdlib.h>

static struct rig_settings combination(int i)
{
    struct rig_settings s = {.seed = 31};

    ck_assert(rig_combination(i, &s.suite, &s.version));
    return s;
}

static void expect(const struct rig_settings *s, enum reason client, enum reason server)
{
    struct rig r;

    rig_init(&r, s);
    ck_assert_int_eq(rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_int_eq(rig_proto(&r, 0)->status, PROTO_FAILED);
    ck_assert_int_eq(rig_proto(&r, 1)->status, PROTO_FAILED);
    ck_assert_msg(rig_proto(&r, 0)->reason == client && rig_proto(&r, 1)->reason == server,
                  "%s %x: client %s (alert %s), server %s (alert %s)", tls_suite_name(s->suite),
                  s->version, reason_text(rig_proto(&r, 0)->reason),
                  tls_alert_name(tls_alert(r.tls[0])), reason_text(rig_proto(&r, 1)->reason),
                  tls_alert_name(tls_alert(r.tls[1])));
    ck_assert(!r.exported[0] || !r.exported[1]);
    /* OpenSSL's server does not read an alert in records of another version. */
    if (!s->other_server_version)
        ck_assert_int_eq(tls_alert(r.tls[0]), tls_alert(r.tls[1]));
    ck_assert(!tls_is_open(r.tls[0]) && !tls_is_open(r.tls[1]));
    rig_release(&r);
}

START_TEST(certificates)
{
    struct rig_settings clean = combination(_i), s;

    if (tls_suite_is_psk(clean.suite))
        return;
    s = clean;
    s.client_expired = true;
    expect(&s, REASON_CERTIFICATE_EXPIRED, REASON_CERTIFICATE_EXPIRED);
    s = clean;
    s.server_expired = true;
    expect(&s, REASON_CERTIFICATE_EXPIRED, REASON_CERTIFICATE_EXPIRED);
    s = clean;
    s.client_not_yet = true;
    expect(&s, REASON_CERTIFICATE_BAD, REASON_CERTIFICATE_NOT_YET);
    s = clean;
    s.server_not_yet = true;
    expect(&s, REASON_CERTIFICATE_NOT_YET, REASON_CERTIFICATE_BAD);
    s = clean;
    s.client_stranger = true;
    expect(&s, REASON_CERTIFICATE_UNKNOWN, REASON_CERTIFICATE_UNKNOWN);
    s = clean;
    s.server_stranger = true;
    expect(&s, REASON_CERTIFICATE_UNKNOWN, REASON_CERTIFICATE_UNKNOWN);
    s = clean;
    s.expect_name = "other.example";
    expect(&s, REASON_CERTIFICATE_NAME, REASON_CERTIFICATE_BAD);
    s = clean;
    s.client_bare = true;
    expect(&s, REASON_CERTIFICATE_MISSING, REASON_CERTIFICATE_MISSING);
}
END_TEST

START_TEST(pre_shared_keys)
{
    struct rig_settings clean = combination(_i), s;

    if (!tls_suite_is_psk(clean.suite))
        return;
    s = clean;
    s.unknown_identity = true;
    expect(&s, REASON_PSK_UNKNOWN, REASON_PSK_UNKNOWN);
    s = clean;
    s.find_reason = REASON_KEY_EXPIRED;
    expect(&s, REASON_PSK_UNKNOWN, REASON_KEY_EXPIRED);
    s = clean;
    s.wrong_psk = true;
    expect(&s, REASON_PSK_WRONG, REASON_PSK_WRONG);
    s = clean;
    s.no_psk = true;
    expect(&s, REASON_KEY_ERASED, REASON_TLS_ALERT);
}
END_TEST

START_TEST(nothing_in_common)
{
    struct rig_settings clean = combination(_i), s;

    s = clean;
    s.other_server_suite = true;
    if (tls_suite_is_psk(s.suite) && s.suite != TLS_SUITE_PSK_AES_128_CBC_SHA)
        expect(&s, REASON_NO_COMMON_SUITE, REASON_NO_COMMON_SUITE);
    s = clean;
    s.other_server_version = true;
    if (tls_suite_allows(s.suite, TLS_1_1))
        expect(&s, REASON_NO_COMMON_SUITE, REASON_NO_COMMON_SUITE);
}
END_TEST

static enum reason feed(int side, const char *octets, size_t n)
{
    struct rig_settings s = {.suite = TLS_SUITE_PSK_AES_128_CCM, .version = TLS_1_2, .seed = 3};
    struct proto *p;
    enum reason reason;
    struct rig r;
    struct buf out;

    rig_init(&r, &s);
    p = rig_proto(&r, side);
    buf_init(&out, 65536);
    pair_enter(&r.pair, side);
    p->ops->start(p, 0);
    p->ops->input(p, 0, span_of(octets, n));
    while (p->ops->output(p, 0, &out))
        continue;
    reason = p->reason;
    ck_assert_int_eq(p->status, reason ? PROTO_FAILED : PROTO_RUNNING);
    /* whatever comes now changes nothing */
    p->ops->input(p, 1, span_str("more"));
    p->ops->expire(p, 2);
    if (reason)
        ck_assert_int_eq(p->reason, reason);
    pair_leave();
    rig_release(&r);
    buf_clear(&out);
    return reason;
}

START_TEST(what_is_no_tls)
{
    for (int side = 0; side < 2; side++) {
        ck_assert_int_eq(feed(side, "GET / HTTP/1.1\r\n\r\n", 18), REASON_TLS_PROTOCOL);
        ck_assert_int_eq(feed(side, "\x16\x03\x03\x00\x04\x63\x00\x00\x00", 9),
                         REASON_TLS_PROTOCOL);
        ck_assert_int_eq(feed(side, "\x17\x03\x03\x00\x01\x00", 6), REASON_TLS_PROTOCOL);
        ck_assert_int_eq(feed(side, "\x16\x03\x03\xff\xff", 5), REASON_TLS_PROTOCOL);
        ck_assert_int_eq(feed(side, "", 0), REASON_CLOSED_EARLY);
        ck_assert_int_eq(feed(side, "\x16", 1), REASON_NONE);
        /* a fatal alert out of nothing */
        ck_assert_int_eq(feed(side, "\x15\x03\x03\x00\x02\x02\x50", 7),
                         side == 0 ? REASON_TLS_ALERT : REASON_TLS_PROTOCOL);
    }
}
END_TEST

START_TEST(alerts_have_names)
{
    ck_assert_str_eq(tls_alert_name(0), "close_notify");
    ck_assert_str_eq(tls_alert_name(115), "unknown_psk_identity");
    ck_assert_str_eq(tls_alert_name(45), "certificate_expired");
    ck_assert_str_eq(tls_alert_name(-1), "unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tls_faults");
    TCase *tc = tcase_create("tls_faults");
    SRunner *sr;
    int n = rig_combinations(), failed;

    rig_global_init();
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, certificates, 0, n);
    tcase_add_loop_test(tc, pre_shared_keys, 0, n);
    tcase_add_loop_test(tc, nothing_in_common, 0, n);
    tcase_add_test(tc, what_is_no_tls);
    tcase_add_test(tc, alerts_have_names);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    rig_global_release();
    return failed != 0;
}
