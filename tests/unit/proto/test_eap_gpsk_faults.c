/* EAP-GPSK: what must be dropped or refused, sizes, and protected data. */
#include "crypto/cipher.h"
#include "crypto/entity.h"
#include "eap_halves.h"
#include "models/proto/eap_gpsk_impl.h"

static const char psk[33] = "abcdefghijklmnop0123456789abcdef";

#define PSK ((const uint8_t *)psk)

static struct gpsk *gpsk_of(struct eap_half *h)
{
    return (struct gpsk *)h;
}

/* ---- what is dropped: RFC 5433 10 ---- */

/* Up to GPSK-1, -2, -3 or -4 in h->packet, built and not yet taken. */
static void up_to(struct halves *h, int op)
{
    halves_init(h, "device-1", "mas", PSK);
    halves_make(h, &eap_method_gpsk);
    for (int i = GPSK_1; i < op; i++)
        ck_assert(passes(h, i % 2 ? h->server : h->peer, (uint8_t)(1 + i / 2)));
    ck_assert_uint_gt(builds(h, op % 2 ? h->server : h->peer, (uint8_t)(1 + op / 2)).n, 0);
}

static struct eap_half *taker(struct halves *h, int op)
{
    return op % 2 ? h->peer : h->server;
}

/* Every length of every message: dropped, and the whole one is still taken after it. */
START_TEST(truncated)
{
    struct halves h;
    uint8_t octets[512];
    struct span whole;

    up_to(&h, _i);
    whole = buf_span(&h.packet);
    ck_assert_uint_le(whole.n, sizeof(octets));
    for (size_t n = 5; n < whole.n; n++) {
        memcpy(octets, whole.p, n);
        octets[2] = (uint8_t)(n >> 8);
        octets[3] = (uint8_t)n;
        taker(&h, _i)->unverified = 0; /* GPSK-4 without a part of its MAC does not verify */
        ck_assert_msg(!takes(taker(&h, _i), span_of(octets, n)), "%zu octets", n);
    }
    ck_assert(takes(taker(&h, _i), whole));
    halves_release(&h);
}
END_TEST

START_TEST(lengthened)
{
    struct halves h;
    uint8_t octets[512];
    struct span whole;

    up_to(&h, _i);
    whole = buf_span(&h.packet);
    memcpy(octets, whole.p, whole.n);
    for (size_t n = whole.n + 1; n < whole.n + 40; n++) {
        octets[n - 1] = 0;
        octets[2] = (uint8_t)(n >> 8);
        octets[3] = (uint8_t)n;
        taker(&h, _i)->unverified = 0;
        ck_assert(!takes(taker(&h, _i), span_of(octets, n)));
    }
    ck_assert(takes(taker(&h, _i), whole));
    halves_release(&h);
}
END_TEST

/* Any bit after the EAP header of GPSK-3 and GPSK-4. */
START_TEST(altered)
{
    struct halves h;
    uint8_t octets[512];
    struct span whole;

    up_to(&h, _i);
    whole = buf_span(&h.packet);
    memcpy(octets, whole.p, whole.n);
    for (size_t at = 5; at < whole.n; at++)
        for (int bit = 0; bit < 8; bit++) {
            octets[at] ^= (uint8_t)(1 << bit);
            taker(&h, _i)->unverified = 0;
            ck_assert_msg(!takes(taker(&h, _i), span_of(octets, whole.n)) || octets[5] == GPSK_FAIL,
                          "octet %zu", at);
            octets[at] ^= (uint8_t)(1 << bit);
        }
    ck_assert(takes(taker(&h, _i), whole));
    halves_release(&h);
}
END_TEST

/* GPSK-2: what is under the MAC alone is refused with GPSK-Fail, what must be an echo is dropped.
 */
START_TEST(altered_gpsk_2)
{
    size_t id_peer = 6 + 2, id_server = id_peer + 8 + 2, rand_peer = id_server + 3,
           rand_server = rand_peer + 32, list = rand_server + 32, sel = list + 2 + 12,
           end = sel + 6 + 2 + 32;
    struct halves h;

    for (size_t at = 6; at < end; at++) {
        bool echo = at >= id_server - 2 && at < sel && !(at >= rand_peer && at < rand_server);
        uint8_t octets[512];
        struct span whole;

        up_to(&h, GPSK_2);
        whole = buf_span(&h.packet);
        ck_assert_uint_eq(whole.n, end);
        memcpy(octets, whole.p, whole.n);
        octets[at] ^= 0x40;
        if (takes(h.server, span_of(octets, whole.n))) {
            ck_assert_msg(!echo, "octet %zu", at);
            if (h.server->query.kind == EAP_QUERY_USER)
                answers(&h, &(struct eap_answer){.reason = REASON_EAP_IDENTITY});
            ck_assert_int_eq(h.server->state, EAP_HALF_FAILED);
            ck_assert(h.server->reason == REASON_EAP_MAC ||
                      (h.server->reason == REASON_EAP_IDENTITY && at < id_server - 2));
        } else {
            ck_assert_int_eq(h.server->state, EAP_HALF_CONTINUE);
            ck_assert(takes(h.server, whole));
        }
        halves_release(&h);
    }
}
END_TEST

/* Right MACs over echoes that are wrong: a server that mixes up its conversations. */
START_TEST(gpsk_3_with_false_echoes)
{
    struct halves h;
    struct gpsk *g;

    up_to(&h, GPSK_3);
    g = gpsk_of(h.server);
    {
        uint8_t *const octets[] = {&g->rand_peer[31], &g->rand_server[0], &g->id_server.octets[0],
                                   &g->csuite_sel[5]};

        for (int i = 0; i < COUNT(octets); i++) {
            *octets[i] ^= 3; /* suite 2 becomes 1 */
            ck_assert(!passes(&h, h.server, 2));
            ck_assert_uint_eq(h.peer->unverified, 0); /* not for its MAC */
            *octets[i] ^= 3;
        }
    }
    ck_assert(passes(&h, h.server, 2));
    ck_assert_int_eq(h.peer->state, EAP_HALF_DONE);
    halves_release(&h);
}
END_TEST

/* A suite that both know, but that was not offered, under a right MAC: bidding down. */
START_TEST(a_suite_that_was_not_offered)
{
    struct halves h;
    struct gpsk *g;

    halves_init(&h, "device-1", "mas", PSK);
    h.server_settings.gpsk_suites = 2;
    halves_make(&h, &eap_method_gpsk);
    ck_assert(passes(&h, h.server, 1));
    g = gpsk_of(h.peer);
    g->csuite_sel[5] = 1;
    g->suite = KDF_GPSK_AES;
    gpsk_derive(g, PSK);
    ck_assert(!passes(&h, h.peer, 1));
    ck_assert_int_eq(h.server->state, EAP_HALF_CONTINUE);
    g->csuite_sel[5] = 2;
    g->suite = KDF_GPSK_SHA256;
    gpsk_derive(g, PSK);
    ck_assert(passes(&h, h.peer, 1));
    halves_release(&h);
}
END_TEST

/* Each message out of its turn, and again after its turn. */
START_TEST(out_of_turn)
{
    struct buf messages[6];
    struct halves h;

    for (int op = GPSK_1; op <= GPSK_4; op++) {
        up_to(&h, op);
        buf_init(&messages[op], 512);
        buf_put_span(&messages[op], buf_span(&h.packet));
        halves_release(&h);
    }
    for (int turn = GPSK_1; turn <= GPSK_4; turn++) {
        up_to(&h, turn);
        for (int op = GPSK_1; op <= GPSK_4; op++) {
            if (op != turn)
                ck_assert_msg(!takes(taker(&h, turn), buf_span(&messages[op])), "%d in %d", op,
                              turn);
        }
        ck_assert(takes(taker(&h, turn), buf_span(&messages[turn])));
        ck_assert_msg(!takes(taker(&h, turn), buf_span(&messages[turn])), "%d again", turn);
        halves_release(&h);
    }
    for (int op = GPSK_1; op <= GPSK_4; op++)
        buf_clear(&messages[op]);
}
END_TEST

/* A replay of a whole old conversation against a new server: RAND_Server is another one. */
START_TEST(replayed)
{
    struct halves old, h;

    up_to(&old, GPSK_2);
    halves_init(&h, "device-1", "mas", PSK);
    rng_u64(&h.pair.side[1].stream);
    halves_make(&h, &eap_method_gpsk);
    ck_assert(passes(&h, h.server, 1));
    ck_assert(!takes(h.server, buf_span(&old.packet)));
    ck_assert(passes(&h, h.peer, 1));
    halves_release(&h);
    halves_release(&old);
}
END_TEST

START_TEST(false_fails)
{
    static const uint8_t fail[] = {1, 2, 0, 10, 51, 5, 0, 0, 0, 2};
    uint8_t protected_fail[10 + 32] = {1, 2, 0, 42, 51, 6, 0, 0, 0, 3};
    struct halves h;

    /* before GPSK-2 */
    halves_init(&h, "device-1", "mas", PSK);
    halves_make(&h, &eap_method_gpsk);
    ck_assert(!takes(h.peer, span_of(fail, sizeof(fail))));
    ck_assert(!takes(h.peer, span_of(protected_fail, sizeof(protected_fail))));
    halves_release(&h);
    /* without a right MAC; the third time it is enough */
    up_to(&h, GPSK_3);
    ck_assert(!takes(h.peer, span_of(protected_fail, sizeof(protected_fail))));
    ck_assert(!takes(h.peer, span_of(protected_fail, sizeof(protected_fail))));
    ck_assert_int_eq(h.peer->state, EAP_HALF_CONTINUE);
    takes(h.peer, span_of(protected_fail, sizeof(protected_fail)));
    ck_assert_int_eq(h.peer->reason, REASON_EAP_MAC);
    halves_release(&h);
    /* the server never takes one */
    up_to(&h, GPSK_4);
    ck_assert(!takes(h.server, span_of(fail, sizeof(fail))));
    halves_release(&h);
    /* nor the peer once it is done */
    up_to(&h, GPSK_4);
    ck_assert(!takes(h.peer, span_of(fail, sizeof(fail))));
    halves_release(&h);
}
END_TEST

static const struct {
    uint8_t code[4];
    enum reason reason;
} codes[] = {{{0, 0, 0, 0}, REASON_EAP_FAILURE}, {{0, 0, 0, 1}, REASON_EAP_IDENTITY},
             {{0, 0, 0, 2}, REASON_EAP_MAC},     {{0, 0, 0, 3}, REASON_FORBIDDEN},
             {{0, 0, 0, 4}, REASON_EAP_FAILURE}, {{1, 0, 0, 1}, REASON_EAP_FAILURE}};

START_TEST(failure_codes)
{
    uint8_t fail[] = {1, 2, 0, 10, 51, 5, 0, 0, 0, 0};
    struct halves h;

    memcpy(fail + 6, codes[_i].code, 4);
    up_to(&h, GPSK_3);
    ck_assert(takes(h.peer, span_of(fail, sizeof(fail))));
    ck_assert_int_eq(h.peer->reason, codes[_i].reason);
    ck_assert_uint_eq(builds(&h, h.peer, 2).n, 10);
    ck_assert_mem_eq(buf_span(&h.packet).p + 4, fail + 4, 6);
    halves_release(&h);
}
END_TEST

/* ---- sizes ---- */

START_TEST(too_long_for_the_way)
{
    struct halves h;

    halves_init(&h, "device-1", "mas", PSK);
    h.server_settings.mtu = 56; /* one less than GPSK-1 needs */
    halves_make(&h, &eap_method_gpsk);
    ck_assert_uint_eq(builds(&h, h.server, 1).n, 0);
    ck_assert_int_eq(h.server->reason, REASON_EAP_FRAGMENT);
    halves_release(&h);
    halves_init(&h, "device-1", "mas", PSK);
    h.server_settings.mtu = 57;
    h.peer_settings.mtu = 100;
    halves_make(&h, &eap_method_gpsk);
    ck_assert_uint_eq(builds(&h, h.server, 1).n, 57);
    ck_assert(takes(h.peer, buf_span(&h.packet)));
    ck_assert_uint_eq(builds(&h, h.peer, 1).n, 0);
    ck_assert_int_eq(h.peer->reason, REASON_EAP_FRAGMENT);
    halves_release(&h);
}
END_TEST

START_TEST(longest_names)
{
    char name[254];
    struct halves h;

    memset(name, 'n', 253);
    name[253] = '\0';
    halves_init(&h, name, name, PSK);
    halves_make(&h, &eap_method_gpsk);
    for (uint8_t id = 1; id <= 2; id++) {
        ck_assert(passes(&h, h.server, id));
        ck_assert(passes(&h, h.peer, id));
    }
    ck_assert(same_keys(&h));
    halves_release(&h);
}
END_TEST

/* A GPSK-1 with an identity or a list beyond what is taken; an empty list. */
START_TEST(oversized_gpsk_1)
{
    uint8_t octets[1200] = {1, 1};
    struct halves h;

    halves_init(&h, "device-1", "mas", PSK);
    halves_make(&h, &eap_method_gpsk);
    for (int i = 0; i < 4; i++) {
        size_t id = i == 0 ? 255 : i == 1 ? 254 : 3, list = i == 2 ? 258 : i == 3 ? 252 : 6;
        size_t n = 6 + 2 + id + 32 + 2 + list, at = 6 + 2 + id + 32;

        memset(octets + 4, 0, sizeof(octets) - 4);
        octets[2] = (uint8_t)(n >> 8);
        octets[3] = (uint8_t)n;
        octets[4] = EAP_GPSK;
        octets[5] = GPSK_1;
        octets[6] = (uint8_t)(id >> 8);
        octets[7] = (uint8_t)id;
        octets[at] = (uint8_t)(list >> 8);
        octets[at + 1] = (uint8_t)list;
        for (size_t k = at + 2 + 5; k < n; k += 6)
            octets[k] = 2;
        ck_assert_int_eq(takes(h.peer, span_of(octets, n)), i % 2 == 1);
        if (i == 1) {
            halves_release(&h);
            halves_init(&h, "device-1", "mas", PSK);
            halves_make(&h, &eap_method_gpsk);
        }
    }
    halves_release(&h);
}
END_TEST

/* RFC 5433 9.2: whole suites. */
START_TEST(broken_list)
{
    static const uint8_t list[] = {0, 0, 0, 0, 0, 2, 0};

    for (size_t n = 1; n <= sizeof(list); n++) {
        struct gpsk_message m = {.op = GPSK_1};
        struct halves h;
        struct buf b;
        size_t begin;

        halves_init(&h, "device-1", "mas", PSK);
        halves_make(&h, &eap_method_gpsk);
        m.field[GPSK_RAND_SERVER] = span_of(psk, 32);
        m.field[GPSK_CSUITE_LIST] = span_of(list, n);
        buf_init(&b, 256);
        begin = eap_begin(&b, EAP_REQUEST, 1, EAP_GPSK, 0, 0);
        ck_assert(gpsk_write(&b, &m) && eap_end(&b, begin));
        ck_assert_int_eq(takes(h.peer, buf_span(&b)), n == 6);
        buf_clear(&b);
        halves_release(&h);
    }
}
END_TEST

/* ---- protected data ---- */

struct pd {
    const char *octets;
    size_t n;
    bool sound;
};

static const struct pd plain_blocks[] = {
    {"\0\0", 2, true}, /* no payload */
    {"\0"
     "\0\0\0\1\0\2\0\3abc"
     "\0",
     13, true},
    {"\0"
     "\0\0\0\1\0\2\0\0"
     "\0\0\0\0\0\1\0\1x"
     "\0",
     19, true},
    {"\0", 1, false},
    {"\1"
     "\0\0\0\1\0\2\0\3abc"
     "\0",
     13, false}, /* an IV */
    {"\0"
     "\0\0\0\1\0\2\0\3abc"
     "\1",
     13, false}, /* padding */
    {"\0"
     "\0\0\0\1\0\2\0\4abc"
     "\0",
     13, false}, /* overruns */
    {"\0"
     "\0\0\0\1\0\2\0\2abc"
     "\0",
     13, false}, /* leaves an octet */
};

START_TEST(plain_protected_data)
{
    struct gpsk g = {.suite = KDF_GPSK_SHA256};
    const struct pd *b = &plain_blocks[_i];

    ck_assert_int_eq(gpsk_pd_is_sound(&g, span_of(b->octets, b->n)), b->sound);
    ck_assert(gpsk_pd_is_sound(&g, span_of(NULL, 0)));
}
END_TEST

/* Under AES: payloads, padding, its length. */
static const struct pd sealed_blocks[] = {
    {"\0\0\0\1\0\2\0\3abc"
     "1234\4",
     16, true},
    {"\0\0\0\1\0\2\0\7"
     "abcdefg\0",
     16, true},
    {"123456789012345\17", 16, true}, /* no payload */
    {"\0\0\0\1\0\2\0\3abc"
     "12345678901234567890\24",
     32, true}, /* more than need be */
    {"\0\0\0\1\0\2\0\3abc"
     "1234\5",
     16, false},
    {"\0\0\0\1\0\2\0\3abc"
     "1234\20",
     16, false}, /* longer than all */
    {"\0\0\0\1\0\2\0\3abc"
     "1234\377",
     16, false},
};

START_TEST(sealed_protected_data)
{
    struct meter m = {0};
    struct proto_env env = {.meter = &m};
    struct gpsk g = {.half = {.env = &env}, .suite = KDF_GPSK_AES, .pk = "sixteen octets!"};
    const struct pd *b = &sealed_blocks[_i];
    uint8_t block[1 + 16 + 32] = {16, 1, 2, 3};

    cipher_cbc_encrypt(NULL, g.pk, block + 1, (const uint8_t *)b->octets, b->n, block + 17);
    ck_assert_int_eq(gpsk_pd_is_sound(&g, span_of(block, 17 + b->n)), b->sound);
    ck_assert(!gpsk_pd_is_sound(&g, span_of(block, 17 + b->n - 1)));
    ck_assert(!gpsk_pd_is_sound(&g, span_of(block, 17)));
    ck_assert(!gpsk_pd_is_sound(&g, span_of(block, 1)));
    block[0] = 0;
    ck_assert(!gpsk_pd_is_sound(&g, span_of(block, 17 + b->n)));
}
END_TEST

/* Each message that may carry a block, under a right MAC. */
START_TEST(protected_data_on_the_way)
{
    for (int sound = 0; sound < 2; sound++) {
        const struct pd *b = &plain_blocks[sound ? 1 : 4];
        uint8_t octets[512];
        struct eap_half *to;
        struct halves h;
        size_t n;

        up_to(&h, _i);
        to = taker(&h, _i);
        n = buf_len(&h.packet) - 32 - 2; /* up to the length of a block */
        memcpy(octets, buf_span(&h.packet).p, n);
        octets[n++] = 0;
        octets[n++] = (uint8_t)b->n;
        memcpy(octets + n, b->octets, b->n);
        n += b->n;
        gpsk_mac(gpsk_of(to == h.peer ? h.server : h.peer), span_of(octets + 6, n - 6), octets + n);
        n += 32;
        octets[2] = (uint8_t)(n >> 8);
        octets[3] = (uint8_t)n;
        ck_assert_int_eq(takes(to, span_of(octets, n)), sound);
        ck_assert_uint_eq(to->unverified, 0);
        if (!sound) /* and the one without is still welcome */
            ck_assert(takes(to, buf_span(&h.packet)));
        ck_assert_int_ne(to->state, EAP_HALF_FAILED);
        halves_release(&h);
    }
}
END_TEST

/* RFC 5433 10: nobody is known by a name longer than names are. */
START_TEST(a_name_too_long)
{
    static const uint8_t name[255], mac[32];
    struct gpsk_message m = {.op = GPSK_2};
    struct halves h;
    struct gpsk *g;
    struct buf b;
    size_t begin;

    up_to(&h, GPSK_2);
    g = gpsk_of(h.server);
    m.field[GPSK_ID_PEER] = span_of(name, sizeof(name));
    m.field[GPSK_ID_SERVER] = span_str("mas");
    m.field[GPSK_RAND_PEER] = span_of(mac, 32);
    m.field[GPSK_RAND_SERVER] = span_of(g->rand_server, 32);
    m.field[GPSK_CSUITE_LIST] = span_of(g->csuite_list.octets, g->csuite_list.n);
    m.field[GPSK_CSUITE_SEL] = span_of(g->csuite_list.octets + 6, 6);
    buf_init(&b, 1024);
    begin = eap_begin(&b, EAP_RESPONSE, 1, EAP_GPSK, 0, 0);
    ck_assert(gpsk_write(&b, &m) && buf_put(&b, mac, 32) && eap_end(&b, begin));
    ck_assert(takes(h.server, buf_span(&b)));
    ck_assert_int_eq(h.server->reason, REASON_EAP_IDENTITY);
    ck_assert_uint_eq(builds(&h, h.server, 2).n, 10);
    ck_assert_uint_eq(buf_span(&h.packet).p[9], GPSK_PSK_NOT_FOUND);
    buf_clear(&b);
    halves_release(&h);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("eap-gpsk");
    TCase *tc = tcase_create("faults");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, truncated, GPSK_1, GPSK_4 + 1);
    tcase_add_loop_test(tc, lengthened, GPSK_1, GPSK_4 + 1);
    tcase_add_loop_test(tc, altered, GPSK_3, GPSK_4 + 1);
    tcase_add_test(tc, altered_gpsk_2);
    tcase_add_test(tc, gpsk_3_with_false_echoes);
    tcase_add_test(tc, a_suite_that_was_not_offered);
    tcase_add_test(tc, out_of_turn);
    tcase_add_test(tc, replayed);
    tcase_add_test(tc, false_fails);
    tcase_add_loop_test(tc, failure_codes, 0, COUNT(codes));
    tcase_add_test(tc, too_long_for_the_way);
    tcase_add_test(tc, longest_names);
    tcase_add_test(tc, oversized_gpsk_1);
    tcase_add_test(tc, broken_list);
    tcase_add_loop_test(tc, plain_protected_data, 0, COUNT(plain_blocks));
    tcase_add_loop_test(tc, sealed_protected_data, 0, COUNT(sealed_blocks));
    tcase_add_loop_test(tc, protected_data_on_the_way, GPSK_2, GPSK_4 + 1);
    tcase_add_test(tc, a_name_too_long);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
