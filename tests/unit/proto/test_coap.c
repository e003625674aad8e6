/* CoAP endpoints: messages and requests, with all that can happen on the way. */
#include "coap_kit.h"

static void check_answer(const struct kit *k, uint32_t exchange)
{
    ck_assert_uint_eq(k->count[0], 1);
    ck_assert_int_eq(k->events[0][0].kind, COAP_ANSWERED);
    ck_assert_uint_eq(k->events[0][0].exchange, exchange);
    ck_assert_uint_eq(k->events[0][0].code, COAP_CONTENT);
    ck_assert_uint_eq(k->events[0][0].n, k->body);
    ck_assert_uint_eq(k->events[0][0].sum, kit_sum_of(k->body, k->salt));
    ck_assert(coap_is_idle(k->e[0]) && coap_is_idle(k->e[1]));
}

START_TEST(piggybacked)
{
    struct kit *k = kit_new(NULL, NULL, 1);
    uint32_t exchange = kit_ask(k, COAP_CON, COAP_GET, 0, -1);

    kit_run(k, kit_script(k));
    check_answer(k, exchange);
    ck_assert_uint_eq(k->pair.side[0].outputs, 1);
    ck_assert_uint_eq(k->pair.side[1].outputs, 1);
    ck_assert(!strncmp((const char *)buf_span(&k->pair.side[0].labels).p, "CON GET\n", 8));
    ck_assert(
        !strncmp((const char *)buf_span(&k->pair.side[1].labels).p, "ACK 2.05 Content\n", 17));
    ck_assert_int_eq(k->pair.now, 100 * SIM_MS);
    kit_free(k);
}
END_TEST

/* RFC 7252 5.2.2: an empty ACK after ack_delay, the response as a CON of its own, its ACK. */
START_TEST(separate)
{
    struct kit *k = kit_new(NULL, NULL, 2);
    uint32_t exchange;

    k->delay = 500 * SIM_MS;
    exchange = kit_ask(k, COAP_CON, COAP_GET, 0, -1);
    kit_run(k, kit_script(k));
    check_answer(k, exchange);
    ck_assert_uint_eq(k->pair.side[0].outputs, 2);
    ck_assert_uint_eq(k->pair.side[1].outputs, 2);
    ck_assert(!strncmp((const char *)buf_span(&k->pair.side[0].labels).p, "CON GET\nACK\n", 12));
    ck_assert(
        !strncmp((const char *)buf_span(&k->pair.side[1].labels).p, "ACK\nCON 2.05 Content\n", 21));
    ck_assert_int_eq(k->pair.now, 650 * SIM_MS);
    kit_free(k);
}
END_TEST

START_TEST(non_confirmable)
{
    struct kit *k = kit_new(NULL, NULL, 3);
    uint32_t exchange = kit_ask(k, COAP_NON, COAP_GET, 0, -1);

    kit_run(k, kit_script(k));
    check_answer(k, exchange);
    ck_assert(
        !strncmp((const char *)buf_span(&k->pair.side[1].labels).p, "NON 2.05 Content\n", 17));
    kit_free(k);
}
END_TEST

/* Each datagram lost, or twice, or late, at once and separately: answered once, served once. */
static void one_fault(sim_ns delay, int what, int side, int index)
{
    struct kit *k = kit_new(NULL, NULL, 4);
    struct pair_script s = kit_script(k);
    uint64_t bit = UINT64_C(1) << index;
    uint32_t exchange;

    k->delay = delay;
    if (what == 0)
        s.way[side].lose = bit;
    if (what == 1)
        s.way[side].duplicate = bit;
    if (what == 2) {
        s.way[side].late = bit;
        s.way[side].late_by = 4 * SIM_S;
    }
    exchange = kit_ask(k, COAP_CON, COAP_GET, 0, -1);
    kit_run(k, s);
    check_answer(k, exchange);
    ck_assert_uint_eq(k->served, 1);
    if (what == 1 && index == 0)
        ck_assert_uint_ge(coap_counts(k->e[0])->duplicates + coap_counts(k->e[1])->duplicates +
                              coap_counts(k->e[0])->ignored,
                          1);
    kit_free(k);
}

START_TEST(every_single_fault)
{
    for (int what = 0; what < 3; what++)
        for (int side = 0; side < 2; side++)
            for (int index = 0; index < 4; index++) {
                one_fault(0, what, side, index);
                one_fault(500 * SIM_MS, what, side, index);
            }
}
END_TEST

/* RFC 7252 4.2, 4.8.2: 2 to 3 s, doubled four times, and given up when the fifth has passed; times
 * exactly as the first one was drawn. */
START_TEST(back_off)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct kit *k = kit_new(NULL, NULL, seed);
        struct proto *p = coap_proto(k->e[0]);
        uint32_t exchange = kit_ask(k, COAP_CON, COAP_GET, 0, -1);
        sim_ns now = 0, first = 0;
        struct buf out;

        buf_init(&out, COAP_MESSAGE_MAX);
        ck_assert(p->ops->output(p, now, &out));
        first = p->expiry;
        ck_assert(first >= 2 * SIM_S && first <= 3 * SIM_S);
        for (int i = 1; i <= 4; i++) {
            now = p->expiry;
            ck_assert_int_eq(now, first * ((1 << i) - 1));
            p->ops->expire(p, now);
            ck_assert(p->ops->output(p, now, &out));
            ck_assert(!p->ops->output(p, now, &out));
        }
        now = p->expiry;
        ck_assert_int_eq(now, first * 31);
        ck_assert(now <= 93 * SIM_S); /* MAX_TRANSMIT_WAIT */
        ck_assert_ptr_null(coap_event(k->e[0]));
        p->ops->expire(p, now);
        ck_assert(!p->ops->output(p, now, &out));
        ck_assert_int_eq(coap_event(k->e[0])->kind, COAP_FAILED);
        ck_assert_int_eq(coap_event(k->e[0])->reason, REASON_COAP_TIMEOUT);
        ck_assert_uint_eq(coap_event(k->e[0])->exchange, exchange);
        coap_taken(k->e[0]);
        ck_assert_int_eq(p->expiry, SIM_NEVER);
        ck_assert(coap_is_idle(k->e[0]));
        ck_assert_int_eq(p->status, PROTO_RUNNING);
        /* the same octets each time */
        for (size_t i = buf_len(&out) / 5; i < buf_len(&out); i++)
            ck_assert_uint_eq(buf_span(&out).p[i], buf_span(&out).p[i % (buf_len(&out) / 5)]);
        buf_clear(&out);
        kit_free(k);
    }
}
END_TEST

START_TEST(back_off_as_set)
{
    const struct coap_settings s = {
        .ack_timeout = 10 * SIM_S, .ack_random_permille = 1001, .max_retransmit = 1};
    const struct coap_settings none = {.no_retransmit = true};
    struct kit *k = kit_new(&s, NULL, 1);
    struct pair_script script = kit_script(k);

    script.way[0].silent_from = 0;
    kit_ask(k, COAP_CON, COAP_GET, 0, -1);
    kit_run(k, script);
    ck_assert_uint_eq(k->pair.side[0].outputs, 2);
    ck_assert(k->events[0][0].at >= 30 * SIM_S && k->events[0][0].at < 31 * SIM_S);
    kit_free(k);
    k = kit_new(&none, NULL, 1);
    kit_ask(k, COAP_CON, COAP_GET, 0, -1);
    kit_run(k, script = kit_script(k));
    ck_assert_uint_eq(k->count[0], 1);
    kit_free(k);
}
END_TEST

/* An ACK, and then nothing: the exchange ends some time. So does a NON that nobody answers. */
START_TEST(no_response)
{
    for (int non = 0; non < 2; non++) {
        struct kit *k = kit_new(NULL, NULL, 5);
        struct pair_script s = kit_script(k);

        k->delay = 10000 * SIM_S;
        kit_ask(k, non ? COAP_NON : COAP_CON, COAP_GET, 0, -1);
        s.way[0].lose = non;
        kit_run(k, s);
        ck_assert_int_eq(k->events[0][0].kind, COAP_FAILED);
        ck_assert_int_eq(k->events[0][0].reason, REASON_COAP_TIMEOUT);
        ck_assert_int_eq(k->events[0][0].at, 247 * SIM_S);
        ck_assert(coap_is_idle(k->e[0]) && coap_is_idle(k->e[1]));
        kit_free(k);
    }
}
END_TEST

/* RFC 7252 4.7: one at a time; in order. */
START_TEST(nstart)
{
    const struct coap_settings three = {.nstart = 3};

    for (unsigned at_once = 1; at_once <= 3; at_once += 2) {
        struct kit *k = kit_new(at_once == 3 ? &three : NULL, NULL, 6);
        struct pair_script s = kit_script(k);
        uint32_t exchange[6];

        for (int i = 0; i < 6; i++)
            exchange[i] = kit_ask(k, COAP_CON, COAP_GET, 0, -1);
        kit_run(k, s);
        ck_assert_uint_eq(k->count[0], 6);
        for (unsigned i = 0; i < 6; i++) {
            ck_assert_uint_eq(k->events[0][i].exchange, exchange[i]);
            ck_assert_int_eq(k->events[0][i].at, (sim_ns)(i / at_once + 1) * 100 * SIM_MS);
        }
        kit_free(k);
    }
}
END_TEST

START_TEST(bounds_of_the_client)
{
    const struct coap_settings s = {.max_calls = 2, .max_body = 100};
    struct kit *k = kit_new(&s, NULL, 7);
    struct coap_msg m;

    ck_assert_uint_eq(kit_ask(k, COAP_CON, COAP_PUT, 101, -1), 0);
    ck_assert_uint_ne(kit_ask(k, COAP_CON, COAP_PUT, 100, -1), 0);
    ck_assert_uint_ne(kit_ask(k, COAP_CON, COAP_GET, 0, -1), 0);
    ck_assert_uint_eq(kit_ask(k, COAP_CON, COAP_GET, 0, -1), 0);
    coap_msg_init(&m, COAP_CON, COAP_CONTENT);
    ck_assert_uint_eq(coap_request(k->e[0], 0, &m), 0);
    coap_close(k->e[0]);
    ck_assert_int_eq(coap_proto(k->e[0])->status, PROTO_DONE);
    ck_assert_uint_eq(kit_ask(k, COAP_CON, COAP_GET, 0, -1), 0);
    kit_free(k);
}
END_TEST

/* ---- by hand: what one endpoint makes of single datagrams ---- */

struct lone {
    struct kit *k;
    struct proto *p;
    struct buf out;
};

static void lone_init(struct lone *l, const struct coap_settings *s)
{
    l->k = kit_new(s, s, 8);
    l->p = coap_proto(l->k->e[0]);
    buf_init(&l->out, COAP_MESSAGE_MAX);
}

static void lone_free(struct lone *l)
{
    buf_clear(&l->out);
    kit_free(l->k);
}

/* What it answers to a datagram; n == 0: nothing. */
static struct span says(struct lone *l, const char *octets, size_t n)
{
    buf_clear(&l->out);
    l->p->ops->input(l->p, l->k->pair.now, span_of(octets, n));
    l->p->ops->output(l->p, l->k->pair.now, &l->out);
    return buf_span(&l->out);
}

static void check_says(struct lone *l, const char *octets, size_t n, const char *want,
                       size_t want_n)
{
    struct span got = says(l, octets, n);

    ck_assert_uint_eq(got.n, want_n);
    if (want_n > 0)
        ck_assert_mem_eq(got.p, want, want_n);
}

/* RFC 7252 4.2, 4.3, table 1 */
START_TEST(what_has_no_place)
{
    struct lone l;

    lone_init(&l, NULL);
    check_says(&l, "\x40\x00\x12\x34", 4, "\x70\x00\x12\x34", 4);     /* ping */
    check_says(&l, "\x40\x20\x12\x34", 4, "\x70\x00\x12\x34", 4);     /* reserved class 1 */
    check_says(&l, "\x40\xe0\x12\x34", 4, "\x70\x00\x12\x34", 4);     /* 7 */
    check_says(&l, "\x40\x01\x12\x34\xff", 5, "\x70\x00\x12\x34", 4); /* malformed */
    check_says(&l, "\x40\x45\x12\x35", 4, "\x70\x00\x12\x35", 4);     /* a response to nothing */
    check_says(&l, "\x50\x45\x12\x36", 4, "\x70\x00\x12\x36", 4);
    check_says(&l, "\x50\x00\x12\x37", 4, "", 0);
    check_says(&l, "\x50\x20\x12\x37", 4, "", 0);
    check_says(&l, "\x50\x01\x12\x37\xff", 5, "", 0);
    check_says(&l, "\x60\x00\x12\x37", 4, "", 0);
    check_says(&l, "\x60\x01\x12\x37", 4, "", 0);
    check_says(&l, "\x60\x45\x12\x37", 4, "", 0);
    check_says(&l, "\x70\x00\x12\x37", 4, "", 0);
    check_says(&l, "\x70\x45\x12\x37", 4, "", 0);
    check_says(&l, "\x80\x01\x12\x37", 4, "", 0); /* version 2 */
    check_says(&l, "\x00", 1, "", 0);
    ck_assert_ptr_null(coap_event(l.k->e[0]));
    lone_free(&l);
}
END_TEST

/* RFC 7252 5.4.1; RFC 7959 2.2 */
START_TEST(bad_options)
{
    struct lone l;

    lone_init(&l, NULL);
    check_says(&l, "\x41\x01\x00\x01z\xd0\xff", 7, "",
               0); /* number 268: unknown, elective: served */
    ck_assert_int_eq(coap_event(l.k->e[0])->kind, COAP_REQUESTED);
    coap_taken(l.k->e[0]);
    check_says(&l, "\x41\x01\x00\x02z\x90", 6, "\x61\x82\x00\x02z", 5); /* 9: critical */
    check_says(&l, "\x51\x01\x00\x03z\x90", 6, "", 0);                  /* the same, NON */
    check_says(&l, "\x41\x01\x00\x04z\xd1\x0a\x07", 8, "\x61\x80\x00\x04z",
               5); /* Block2 with SZX 7 */
    ck_assert_ptr_null(coap_event(l.k->e[0]));
    lone_free(&l);
}
END_TEST

/* A response with a critical option that nobody knows, and one with another token or ID. */
START_TEST(bad_responses)
{
    struct lone l;
    uint8_t octets[16];
    struct span request;

    lone_init(&l, NULL);
    kit_ask(l.k, COAP_CON, COAP_GET, 0, -1);
    l.p->ops->output(l.p, 0, &l.out);
    request = buf_span(&l.out);
    memcpy(octets, "\x64\x45", 2);
    memcpy(octets + 2, request.p + 2, 6);
    octets[8] = 0x90;
    octets[7] ^= 1; /* the token */
    check_says(&l, (const char *)octets, 8, "", 0);
    octets[7] ^= 1;
    octets[3] ^= 1; /* the ID */
    check_says(&l, (const char *)octets, 8, "", 0);
    octets[3] ^= 1;
    ck_assert_ptr_null(coap_event(l.k->e[0]));
    check_says(&l, (const char *)octets, 9, "", 0);
    ck_assert_int_eq(coap_event(l.k->e[0])->kind, COAP_FAILED);
    ck_assert_int_eq(coap_event(l.k->e[0])->reason, REASON_COAP_OPTION);
    lone_free(&l);
}
END_TEST

START_TEST(reset_by_the_peer)
{
    struct lone l;
    uint8_t rst[4] = {0x70};

    for (int non = 0; non < 2; non++) {
        lone_init(&l, NULL);
        kit_ask(l.k, non ? COAP_NON : COAP_CON, COAP_GET, 0, -1);
        l.p->ops->output(l.p, 0, &l.out);
        memcpy(rst + 2, buf_span(&l.out).p + 2, 2);
        check_says(&l, (const char *)rst, 4, "", 0);
        ck_assert_int_eq(coap_event(l.k->e[0])->kind, COAP_FAILED);
        ck_assert_int_eq(coap_event(l.k->e[0])->reason, REASON_COAP_RESET);
        ck_assert_int_eq(l.p->expiry, SIM_NEVER);
        lone_free(&l);
    }
}
END_TEST

/* RFC 7252 4.5: a repeated request gets the same octets, and reaches the node once; not for ever.
 */
START_TEST(duplicates)
{
    struct lone l;
    struct coap_msg m;
    uint8_t first[32];
    size_t n;

    lone_init(&l, NULL);
    check_says(&l, "\x41\x01\x00\x01z", 5, "", 0);
    coap_msg_init(&m, COAP_ACK, COAP_CONTENT);
    m.payload = span_of("abc", 3);
    check_says(&l, "\x41\x01\x00\x01z", 5, "", 0); /* not answered yet */
    ck_assert(coap_respond(l.k->e[0], 0, coap_event(l.k->e[0])->exchange, &m));
    ck_assert(!coap_respond(l.k->e[0], 0, coap_event(l.k->e[0])->exchange, &m));
    coap_taken(l.k->e[0]);
    ck_assert(l.p->ops->output(l.p, 0, &l.out));
    n = buf_len(&l.out);
    memcpy(first, buf_span(&l.out).p, n);
    for (int i = 0; i < 3; i++)
        check_says(&l, "\x41\x01\x00\x01z", 5, (const char *)first, n);
    ck_assert_ptr_null(coap_event(l.k->e[0]));
    l.k->pair.now = 247 * SIM_S;
    check_says(&l, "\x41\x01\x00\x01z", 5, "", 0);
    ck_assert_ptr_nonnull(coap_event(l.k->e[0])); /* EXCHANGE_LIFETIME: a new one */
    lone_free(&l);
}
END_TEST

START_TEST(too_many_requests)
{
    const struct coap_settings s = {.max_served = 2};
    struct lone l;

    lone_init(&l, &s);
    check_says(&l, "\x41\x01\x00\x01z", 5, "", 0);
    check_says(&l, "\x41\x01\x00\x02z", 5, "", 0);
    check_says(&l, "\x41\x01\x00\x03z", 5, "\x61\xa3\x00\x03z", 5);
    lone_free(&l);
}
END_TEST

/* A third of the datagrams lost, each way: with the default five transmissions nearly all of them
 * go through, and never is one served twice. The same seed gives the same octets. */
START_TEST(a_bad_link)
{
    unsigned answered = 0;

    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct kit *k[2];

        for (int run = 0; run < 2; run++) {
            struct pair_script s;

            k[run] = kit_new(NULL, NULL, seed);
            s = kit_script(k[run]);
            s.way[0].lose =
                seed * UINT64_C(0x9e3779b97f4a7c15) & seed * UINT64_C(0xbf58476d1ce4e5b9);
            s.way[1].lose =
                seed * UINT64_C(0x94d049bb133111eb) & seed * UINT64_C(0xd6e8feb86659fd93);
            s.way[0].duplicate = ~s.way[0].lose;
            k[run]->delay = seed & 1 ? 0 : 500 * SIM_MS;
            kit_ask(k[run], COAP_CON, COAP_GET, 0, -1);
            kit_run(k[run], s);
        }
        ck_assert(pair_same(&k[0]->pair, &k[1]->pair));
        ck_assert_uint_eq(k[0]->count[0], 1);
        ck_assert_uint_le(k[0]->served, 1);
        answered += k[0]->events[0][0].kind == COAP_ANSWERED;
        kit_free(k[0]);
        kit_free(k[1]);
    }
    ck_assert_uint_ge(answered, 55);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("coap");
    TCase *c = tcase_create("coap");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(c, piggybacked);
    tcase_add_test(c, separate);
    tcase_add_test(c, non_confirmable);
    tcase_add_test(c, every_single_fault);
    tcase_add_test(c, back_off);
    tcase_add_test(c, back_off_as_set);
    tcase_add_test(c, no_response);
    tcase_add_test(c, nstart);
    tcase_add_test(c, bounds_of_the_client);
    tcase_add_test(c, what_has_no_place);
    tcase_add_test(c, bad_options);
    tcase_add_test(c, bad_responses);
    tcase_add_test(c, reset_by_the_peer);
    tcase_add_test(c, duplicates);
    tcase_add_test(c, too_many_requests);
    tcase_add_test(c, a_bad_link);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
