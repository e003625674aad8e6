/* CoAP in DTLS: requests that wait for the handshake, losses of either, keys that are refused. */
#include "crypto/entity.h"
#include "models/proto/coaps.h"
#include "tests/support/pair.h"

#include <check.h>
#include <stdlib.h>

struct both {
    struct pair pair;
    struct tls_context *context[2];
    struct coaps *coaps[2];
    bool wrong_psk;
    unsigned answered, failed, served;
    enum reason why;
};

static unsigned find(void *arg, struct span identity, uint8_t psk[32], enum reason *reason)
{
    struct both *b = arg;

    (void)reason;
    memset(psk, b->wrong_psk ? 9 : 3, 32);
    return identity.n == 3 && memcmp(identity.p, "7:3", 3) == 0 ? 32 : 0;
}

static void step(void *arg, struct pair *p, int side)
{
    struct both *b = arg;
    struct coap_endpoint *e = coaps_coap(b->coaps[side]);
    const struct coap_event *event;
    struct coap_msg m;
    static uint8_t body[3000];

    while ((event = coap_event(e))) {
        if (event->kind == COAP_REQUESTED) {
            coap_msg_init(&m, COAP_ACK, COAP_CONTENT);
            m.payload = span_of(body, event->message.payload.n);
            b->served++;
            ck_assert(coap_respond(e, p->now, event->exchange, &m));
        }
        b->answered += event->kind == COAP_ANSWERED && event->message.payload.n == sizeof(body);
        b->failed += event->kind == COAP_FAILED;
        coap_taken(e);
    }
    if (side == 0 && b->answered == 2)
        coap_close(e);
}

static struct both *both_new(uint64_t seed, bool wrong_psk)
{
    struct both *b = calloc(1, sizeof(*b));
    const enum tls_suite suite = TLS_SUITE_PSK_AES_128_CCM_8;
    uint8_t key[32];

    b->wrong_psk = wrong_psk;
    pair_init(&b->pair, seed);
    memset(key, 3, sizeof(key));
    se_put(&b->pair.side[0].se, SE_KMC, key);
    for (int side = 0; side < 2; side++) {
        const struct tls_settings shared = {
            .server = side == 1, .version = DTLS_1_2, .suites = &suite, .suite_count = 1};
        const struct tls_peer_settings own = {
            .psk_identity = "7:3", .psk_slot = SE_KMC, .psk_find = find, .psk_arg = b};

        pair_enter(&b->pair, side);
        ck_assert_int_eq(tls_context_new(&shared, &b->context[side]), OK);
        b->coaps[side] =
            coaps_new(b->context[side], &b->pair.side[side].env, &own,
                      &(struct dtls_settings){.cookie = true}, &(struct coap_settings){0});
        pair_leave();
        b->pair.side[side].proto = coaps_proto(b->coaps[side]);
    }
    return b;
}

static void both_free(struct both *b)
{
    for (int side = 0; side < 2; side++) {
        pair_enter(&b->pair, side);
        proto_free(coaps_proto(b->coaps[side]));
        pair_leave();
        tls_context_free(b->context[side]);
    }
    pair_release(&b->pair);
    free(b);
}

static enum pair_end run(struct both *b, struct pair_script s)
{
    static uint8_t body[3000];
    struct coap_msg m;

    s.datagrams = true;
    s.step = step;
    s.arg = b;
    s.delay = 50 * SIM_MS;
    coap_msg_init(&m, COAP_CON, COAP_POST);
    m.payload = span_of(body, sizeof(body));
    pair_enter(&b->pair, 0);
    coaps_proto(b->coaps[0])->ops->start(coaps_proto(b->coaps[0]), 0);
    ck_assert_uint_ne(coap_request(coaps_coap(b->coaps[0]), 0, &m), 0);
    ck_assert_uint_ne(coap_request(coaps_coap(b->coaps[0]), 0, &m), 0);
    pair_leave();
    return pair_run(&b->pair, &s);
}

START_TEST(requests_wait)
{
    struct both *b = both_new(1, false);

    ck_assert_int_eq(run(b, pair_clean()), PAIR_ENDED);
    ck_assert_uint_eq(b->answered, 2);
    ck_assert_uint_eq(b->served, 2);
    ck_assert_int_eq(coaps_proto(b->coaps[0])->status, PROTO_DONE);
    ck_assert_int_eq(coaps_proto(b->coaps[1])->status, PROTO_DONE);
    ck_assert_uint_eq(coap_counts(coaps_coap(b->coaps[0]))->retransmitted, 0);
    ck_assert_uint_eq(b->pair.side[0].repeated + b->pair.side[1].repeated, 0);
    ck_assert_str_eq(tls_peer_name(dtls_tls(coaps_dtls(b->coaps[1]))), "7:3");
    both_free(b);
}
END_TEST

/* Whichever datagram is lost: of the handshake DTLS repeats it, of a request CoAP does. */
START_TEST(every_single_loss)
{
    for (int side = 0; side < 2; side++)
        for (int index = 0; index < 14; index++) {
            struct both *b = both_new(2, false);
            struct pair_script s = pair_clean();

            s.way[side].lose = UINT64_C(1) << index;
            ck_assert_int_ne(run(b, s), PAIR_LIMIT);
            ck_assert_msg(b->answered == 2 && b->failed == 0, "%d/%d: %u answers, %u failed", side,
                          index, b->answered, b->failed);
            ck_assert_uint_eq(b->served, 2);
            ck_assert_int_eq(coaps_proto(b->coaps[0])->status, PROTO_DONE);
            /* Whose octets, encrypted, are never the same is told apart by what they are. */
            ck_assert_uint_ge(b->pair.side[0].repeated + b->pair.side[1].repeated,
                              index < 8 ? 1 : 0);
            both_free(b);
        }
}
END_TEST

START_TEST(wrong_key)
{
    struct both *b = both_new(3, true);

    ck_assert_int_eq(run(b, pair_clean()), PAIR_ENDED);
    ck_assert_uint_eq(b->served, 0);
    ck_assert_int_eq(coaps_proto(b->coaps[0])->reason, REASON_DTLS_TIMEOUT);
    ck_assert_int_eq(coaps_proto(b->coaps[1])->reason, REASON_PSK_WRONG);
    both_free(b);
}
END_TEST

/* A device goes away with requests open. */
START_TEST(closed)
{
    struct both *b = both_new(4, false);
    struct pair_script s = pair_clean();
    struct buf out;

    s.limit = 320 * SIM_MS;
    ck_assert_int_eq(run(b, s), PAIR_LIMIT);
    pair_enter(&b->pair, 0);
    coaps_close(b->coaps[0], b->pair.now);
    buf_init(&out, 65536);
    ck_assert(coaps_proto(b->coaps[0])->ops->output(coaps_proto(b->coaps[0]), b->pair.now, &out));
    ck_assert_uint_lt(buf_len(&out), 64); /* an alert */
    ck_assert(!coaps_proto(b->coaps[0])->ops->output(coaps_proto(b->coaps[0]), b->pair.now, &out));
    pair_leave();
    ck_assert_int_eq(coaps_proto(b->coaps[0])->status, PROTO_DONE);
    ck_assert_int_eq(coaps_proto(b->coaps[0])->expiry, SIM_NEVER);
    buf_clear(&out);
    both_free(b);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("coaps");
    TCase *c = tcase_create("coaps");
    SRunner *r = srunner_create(s);
    int failed;

    if (crypto_init())
        return 1;
    tcase_add_test(c, requests_wait);
    tcase_add_test(c, every_single_loss);
    tcase_add_test(c, wrong_key);
    tcase_add_test(c, closed);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
