/* EAP-TLS against a counterpart that is not ours: packets by hand into one side. */
#include "tests/support/eap_tls_rig.h"

#include "models/proto/eap_tls_frame.h"

#include <check.h>
#include <stdlib.h>

enum { PEER, SERVER };

static struct eap_tls_rig settings = {.suite = TLS_SUITE_ECDHE_RSA_AES_128_CBC_SHA256,
                                      .mtu = {64, 64}};
static struct eap_rig rig;
static int side;
static struct buf out;
static struct eap_packet packet; /* the last one it said, in `out` */

static void teardown(void)
{
    eap_rig_release(&rig);
    buf_clear(&out);
}

/* true: it said something. */
static bool take(void)
{
    struct proto *p = rig.pair.side[side].proto;
    struct buf b;

    buf_init(&b, EAP_PACKET_MAX);
    if (!p->ops->output(p, 0, &b))
        return false;
    ck_assert(!p->ops->output(p, 0, &b));
    buf_clear(&out);
    out = b;
    ck_assert_int_eq(eap_parse(buf_span(&out), &packet), REASON_NONE);
    return true;
}

static bool feed(struct span in)
{
    struct proto *p = rig.pair.side[side].proto;
    bool some;

    pair_enter(&rig.pair, side);
    p->ops->input(p, 0, in);
    some = take();
    pair_leave();
    eap_rig_check(&rig);
    return some;
}

static uint8_t next_id;

/* One EAP-TLS packet for the side: flags and what follows. */
static bool say(const void *data, size_t n)
{
    struct buf b;
    bool some;

    buf_init(&b, EAP_PACKET_MAX);
    ck_assert(eap_put(&b, side == PEER ? EAP_REQUEST : EAP_RESPONSE,
                      side == PEER ? ++next_id : packet.id, EAP_TLS, 0, 0, span_of(data, n)));
    some = feed(buf_span(&b));
    buf_clear(&b);
    return some;
}

#define SAY(data) say(data, sizeof(data) - 1)

static void begin(int which)
{
    struct proto *p;

    side = which;
    next_id = 0;
    packet = (struct eap_packet){0};
    buf_init(&out, EAP_PACKET_MAX);
    eap_rig_init(&rig, eap_tls_rig_make, &settings);
    p = rig.pair.side[side].proto;
    pair_enter(&rig.pair, side);
    p->ops->start(p, 0);
    if (side == SERVER)
        ck_assert(take());
    pair_leave();
    if (side == SERVER) {
        struct buf b;

        buf_init(&b, 64);
        eap_put(&b, EAP_RESPONSE, packet.id, EAP_IDENTITY, 0, 0, span_str(EAP_TLS_RIG_PEER));
        ck_assert(feed(buf_span(&b)));
        buf_clear(&b);
        ck_assert(packet.type == EAP_TLS && packet.data.p[0] == EAP_TLS_FLAG_START);
    }
}

/* A peer that has said ClientHello: sent in fragments, all acknowledged. */
static void begin_peer_with_hello(void)
{
    begin(PEER);
    ck_assert(SAY("\x20"));
    while (packet.data.p[0] & EAP_TLS_FLAG_MORE)
        ck_assert(SAY("\x00"));
}

static void expect(enum reason reason)
{
    const struct proto *p = eap_rig_proto(&rig, side);

    ck_assert_str_eq(reason_text(p->reason), reason_text(reason));
    ck_assert_int_eq(p->status, PROTO_FAILED);
    if (side == SERVER)
        ck_assert_int_eq(packet.code, EAP_FAILURE);
    teardown();
}

/* Failed, but for the other's last packet. */
static void expect_after_last_word(enum reason reason)
{
    ck_assert_int_eq(eap_rig_proto(&rig, side)->status, PROTO_RUNNING);
    if (side == PEER) {
        const uint8_t failure[4] = {EAP_FAILURE, next_id, 0, 4};

        feed(span_of(failure, 4));
    } else {
        SAY("\x00");
    }
    expect(reason);
}

static bool has_alert(uint8_t description)
{
    const uint8_t *p = packet.data.p;

    return packet.data.n == 8 && p[0] == 0 && p[1] == 21 && p[6] == 2 && p[7] == description;
}

/* ---- the peer ---- */

START_TEST(peer_out_of_order)
{
    /* no Start first */
    begin(PEER);
    ck_assert(!SAY("\x00\x16\x03\x03\x00\x01\x00"));
    expect(REASON_EAP_FRAGMENT);
    begin(PEER);
    ck_assert(!SAY("\x00"));
    expect(REASON_EAP_FRAGMENT);
    begin(PEER);
    ck_assert(!SAY("\xc0\x00\x00\x00\x09x"));
    expect(REASON_EAP_FRAGMENT);
    /* twice */
    begin_peer_with_hello();
    ck_assert(!SAY("\x20"));
    expect(REASON_EAP_MALFORMED);
    /* Start with something in it, a packet without flags */
    begin(PEER);
    ck_assert(!SAY("\x20x"));
    expect(REASON_EAP_FRAGMENT);
    begin(PEER);
    ck_assert(!SAY(""));
    expect(REASON_EAP_FRAGMENT);
    /* an acknowledgement of nothing */
    begin_peer_with_hello();
    ck_assert(!SAY("\x00"));
    expect(REASON_EAP_FRAGMENT);
    /* data while the peer's own fragments are not all out */
    begin(PEER);
    ck_assert(SAY("\x20"));
    ck_assert(packet.data.p[0] & EAP_TLS_FLAG_MORE);
    ck_assert(!SAY("\x00\x16\x03\x03\x00\x01\x00"));
    expect(REASON_EAP_FRAGMENT);
    begin(PEER);
    ck_assert(SAY("\x20"));
    ck_assert(!SAY("\xc0\x00\x00\x00\x05xx"));
    expect(REASON_EAP_FRAGMENT);
}
END_TEST

START_TEST(peer_fragments)
{
    begin_peer_with_hello();
    ck_assert(!SAY("\xc0\x00\x01\x00\x01x"));
    expect(REASON_EAP_FRAGMENT);
    begin_peer_with_hello();
    ck_assert(SAY("\xc0\x00\x00\x00\x03xx"));
    ck_assert(packet.data.n == 1 && packet.data.p[0] == 0);
    ck_assert(!SAY("\x00xx"));
    expect(REASON_EAP_FRAGMENT);
    /* without end */
    begin_peer_with_hello();
    ck_assert(SAY("\xc0\x00\x01\x00\x00x"));
    for (int i = 1; i < EAP_TLS_FRAGMENTS_MAX; i++)
        ck_assert(SAY("\x40x"));
    ck_assert(!SAY("\x40x"));
    expect(REASON_EAP_FRAGMENT);
}
END_TEST

START_TEST(peer_and_no_tls)
{
    /* an alert of ours, then the server's Failure */
    begin_peer_with_hello();
    ck_assert(SAY("\x00GET / HTTP/1.1\r\n"));
    ck_assert_int_eq(packet.code, EAP_RESPONSE);
    expect_after_last_word(REASON_TLS_PROTOCOL);
    begin_peer_with_hello();
    ck_assert(SAY("\x00\x16\x03\x03\x00\x04\x63\x00\x00\x00"));
    ck_assert(has_alert(10));
    expect_after_last_word(REASON_TLS_PROTOCOL);
    /* an alert of theirs: acknowledged */
    begin_peer_with_hello();
    ck_assert(SAY("\x00\x15\x03\x03\x00\x02\x02\x28"));
    ck_assert(packet.data.n == 1 && packet.data.p[0] == 0);
    expect_after_last_word(REASON_NO_COMMON_SUITE);
    begin_peer_with_hello();
    ck_assert(SAY("\x00\x15\x03\x03\x00\x02\x01\x00"));
    expect_after_last_word(REASON_TLS_PROTOCOL);
    /* half a flight is none */
    begin_peer_with_hello();
    ck_assert(!SAY("\x00\x16\x03\x03\x40\x00\x02"));
    expect(REASON_TLS_PROTOCOL);
}
END_TEST

/* ---- the server ---- */

START_TEST(server_out_of_order)
{
    /* Start is the server's word */
    begin(SERVER);
    ck_assert(SAY("\x20"));
    expect(REASON_EAP_MALFORMED);
    /* an acknowledgement of Start */
    begin(SERVER);
    ck_assert(SAY("\x00"));
    expect(REASON_EAP_FRAGMENT);
    begin(SERVER);
    ck_assert(SAY(""));
    expect(REASON_EAP_FRAGMENT);
}
END_TEST

START_TEST(server_fragments)
{
    begin(SERVER);
    ck_assert(SAY("\xc0\xff\xff\xff\xffx"));
    expect(REASON_EAP_FRAGMENT);
    begin(SERVER);
    ck_assert(SAY("\x40x"));
    expect(REASON_EAP_FRAGMENT);
    begin(SERVER);
    ck_assert(SAY("\xc0\x00\x00\x00\x03xx"));
    ck_assert(packet.code == EAP_REQUEST && packet.data.n == 1 && packet.data.p[0] == 0);
    ck_assert(SAY("\x00xx"));
    expect(REASON_EAP_FRAGMENT);
    begin(SERVER);
    ck_assert(SAY("\xc0\x00\x01\x00\x00x"));
    for (int i = 1; i < EAP_TLS_FRAGMENTS_MAX; i++) {
        ck_assert(SAY("\x40x"));
        ck_assert_int_eq(packet.code, EAP_REQUEST);
    }
    ck_assert(SAY("\x40x"));
    expect(REASON_EAP_FRAGMENT);
}
END_TEST

START_TEST(server_and_no_tls)
{
    begin(SERVER);
    ck_assert(SAY("\x00GET / HTTP/1.1\r\n"));
    expect(REASON_TLS_PROTOCOL);
    begin(SERVER);
    ck_assert(SAY("\x00\x16\x03\x03\x00\x04\x63\x00\x00\x00"));
    ck_assert(packet.code == EAP_REQUEST && has_alert(10));
    expect_after_last_word(REASON_TLS_PROTOCOL);
    begin(SERVER);
    ck_assert(SAY("\x00\x15\x03\x03\x00\x02\x02\x50"));
    expect_after_last_word(REASON_TLS_PROTOCOL); /* before any hello: as test_tls_faults has it */
    begin(SERVER);
    ck_assert(SAY("\x00\x16\x03\x03\x40\x00\x01"));
    expect(REASON_TLS_PROTOCOL);
}
END_TEST

/* ---- at the end: what may stand in the place of the last acknowledgement ---- */

/* Real sides up to the server's Finished; then `data` instead of the peer's last response. */
struct last {
    const char *data;
    size_t n;
};

static void replace_last(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    const struct last *l = arg;

    (void)index;
    /* after the handshake the peer's only response of one octet of data */
    if (from != 0 || *n != 6 || octets[4] != EAP_TLS || !eap_peer_method(rig.peer) ||
        !rig.pair.side[0].secrets.end)
        return;
    memcpy(octets + 5, l->data, 1);
    /* longer ones do not fit: the datagram's storage is as long as what was said */
    *n = 5 + l->n;
    octets[3] = (uint8_t)*n;
}

START_TEST(server_needs_the_acknowledgement)
{
    static const struct last lasts[] = {{"\x20", 1}, {"", 0}, {"\x40", 1}, {"\x80", 1}};

    for (size_t i = 0; i < sizeof(lasts) / sizeof(lasts[0]); i++) {
        struct pair_script script = pair_clean();
        struct last l = lasts[i];

        script.tamper = replace_last;
        script.tamper_arg = &l;
        eap_rig_init(&rig, eap_tls_rig_make, &settings);
        ck_assert_int_eq(eap_rig_run(&rig, script), PAIR_ENDED);
        eap_rig_check(&rig);
        ck_assert_int_eq(eap_rig_proto(&rig, 0)->reason, REASON_EAP_FAILURE);
        ck_assert_int_eq(eap_rig_proto(&rig, 1)->reason,
                         i == 0 ? REASON_EAP_MALFORMED : REASON_EAP_FRAGMENT);
        eap_rig_release(&rig);
    }
}
END_TEST

/* A peer by hand, on the TLS core: it can say inside the connection what ours never would. */
struct rogue {
    struct tls *tls;
    struct eap_tls_frame frame;
};

static void rogue_pull(struct rogue *g)
{
    struct proto *p = tls_proto(g->tls);

    while (p->ops->output(p, 0, eap_tls_frame_out(&g->frame)))
        continue;
}

/* Says what there is to say, an acknowledgement else. */
static bool rogue_say(struct rogue *g)
{
    struct buf b;
    bool some;

    buf_init(&b, EAP_PACKET_MAX);
    ck_assert(eap_tls_frame_write(&g->frame, side == PEER ? EAP_REQUEST : EAP_RESPONSE,
                                  side == PEER ? ++next_id : packet.id, EAP_MTU, &b));
    some = feed(buf_span(&b));
    buf_clear(&b);
    return some;
}

/* Up to both Finished: what is left is the acknowledgement. */
static void rogue_open(struct rogue *g)
{
    struct tls_peer_settings own = {.expect_name = EAP_TLS_RIG_SERVER};
    struct proto *p;

    begin(SERVER);
    ck_assert(!credential_copy(eap_tls_rig_credential(EAP_TLS_RIG_GOOD, false), &own.credential));
    eap_tls_frame_init(&g->frame);
    pair_enter(&rig.pair, 0);
    g->tls = tls_new(eap_tls_rig_context(settings.suite, false), &rig.pair.side[0].env, &own);
    p = tls_proto(g->tls);
    p->ops->start(p, 0);
    rogue_pull(g);
    pair_leave();
    while (!tls_is_open(g->tls)) {
        ck_assert(rogue_say(g));
        ck_assert_int_eq(packet.code, EAP_REQUEST);
        pair_enter(&rig.pair, 0);
        if (eap_tls_frame_read(&g->frame, packet.data) == EAP_TLS_MESSAGE)
            p->ops->input(p, 0, eap_tls_frame_message(&g->frame));
        rogue_pull(g);
        pair_leave();
    }
}

static void rogue_free(struct rogue *g)
{
    pair_enter(&rig.pair, 1 - side);
    proto_free(tls_proto(g->tls));
    pair_leave();
    eap_tls_frame_release(&g->frame);
}

static void rogue_end(struct rogue *g)
{
    pair_enter(&rig.pair, 0);
    rogue_pull(g);
    pair_leave();
    ck_assert(rogue_say(g));
    rogue_free(g);
}

/* A server by hand, with `data` in the flight of its Finished; "": none. */
static void rogue_serve(struct rogue *g, const char *data)
{
    struct tls_peer_settings own = {.expect_name = EAP_TLS_RIG_PEER};
    struct proto *p;

    begin(PEER);
    ck_assert(!credential_copy(eap_tls_rig_credential(EAP_TLS_RIG_GOOD, true), &own.credential));
    eap_tls_frame_init(&g->frame);
    pair_enter(&rig.pair, 1);
    g->tls = tls_new(eap_tls_rig_context(settings.suite, true), &rig.pair.side[1].env, &own);
    p = tls_proto(g->tls);
    p->ops->start(p, 0);
    pair_leave();
    ck_assert(SAY("\x20"));
    while (!tls_is_open(g->tls)) {
        pair_enter(&rig.pair, 1);
        if (eap_tls_frame_read(&g->frame, packet.data) == EAP_TLS_MESSAGE)
            p->ops->input(p, 0, eap_tls_frame_message(&g->frame));
        if (tls_is_open(g->tls))
            ck_assert(tls_write(g->tls, 0, span_str(data)));
        rogue_pull(g);
        pair_leave();
        rogue_say(g);
    }
}

START_TEST(what_is_said_inside)
{
    struct rogue g;

    rogue_open(&g);
    rogue_end(&g);
    ck_assert_int_eq(packet.code, EAP_SUCCESS);
    teardown();
    /* data */
    rogue_open(&g);
    pair_enter(&rig.pair, 0);
    ck_assert(tls_write(g.tls, 0, span_str("hello?")));
    pair_leave();
    rogue_end(&g);
    expect(REASON_TLS_PROTOCOL);
    /* close_notify, which the core answers with its own */
    rogue_open(&g);
    pair_enter(&rig.pair, 0);
    tls_close(g.tls, 0);
    pair_leave();
    rogue_end(&g);
    expect_after_last_word(REASON_CLOSED_EARLY);
}
END_TEST

START_TEST(what_a_server_says_inside)
{
    const uint8_t success[4] = {EAP_SUCCESS, 0, 0, 4};
    uint8_t verdict[4];
    struct rogue g;

    rogue_serve(&g, "");
    memcpy(verdict, success, 4);
    verdict[1] = next_id;
    feed(span_of(verdict, 4));
    ck_assert_int_eq(eap_rig_proto(&rig, PEER)->status, PROTO_DONE);
    rogue_free(&g);
    teardown();
    rogue_serve(&g, "hello?");
    rogue_free(&g);
    expect(REASON_TLS_PROTOCOL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eap_tls_faults");
    TCase *tc = tcase_create("eap_tls_faults");
    SRunner *sr;
    int failed;

    eap_tls_rig_global_init();
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, peer_out_of_order);
    tcase_add_test(tc, peer_fragments);
    tcase_add_test(tc, peer_and_no_tls);
    tcase_add_test(tc, server_out_of_order);
    tcase_add_test(tc, server_fragments);
    tcase_add_test(tc, server_and_no_tls);
    tcase_add_test(tc, server_needs_the_acknowledgement);
    tcase_add_test(tc, what_is_said_inside);
    tcase_add_test(tc, what_a_server_says_inside);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    eap_tls_rig_global_release();
    return failed != 0;
}
