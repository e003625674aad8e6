/* Segments nobody sane sends: RFC 9293 3.10.7.4 first to fifth, RFC 5961. */
#include "models/net/tcp_impl.h"
#include "tests/unit/net/tcp_pair.h"

#define WINDOW 10000

static struct tcp_params params;
static struct pair p;
static struct tcp *t; /* the server's end: rcv_nxt 1, and 500 octets sent and acknowledged */
static uint8_t octets[4 * WINDOW];

static void setup(void)
{
    tcp_params_default(&params);
    params.mss = 1000;
    params.receive_window = WINDOW;
    pair_init(&p, &params);
    pair_open(&p);
    pair_write(&p, SERVER, 500);
    pair_run(&p, SIM_NEVER);
    t = p.t[SERVER];
    for (uint32_t k = 0; k < sizeof octets; k++)
        octets[k] = pair_octet(CLIENT, k);
}

static void teardown(void)
{
    pair_release(&p);
}

static struct tcp_segment segment(uint32_t seq, uint32_t ack, uint8_t flags, uint32_t length)
{
    return (struct tcp_segment){
        .seq = seq, .ack = ack, .flags = flags, .window = WINDOW, .length = length};
}

/* Octets stand in the stream where seq says; an absurd seq gets any. */
static void give(struct tcp_segment s)
{
    uint32_t at = s.seq >= 1 && s.seq + s.length < sizeof octets ? s.seq - 1 : 0;

    tcp_input(t, p.now, &s, span_of(octets + at, s.length));
}

/* What it answers: exactly one segment. */
static struct tcp_segment answer(void)
{
    struct tcp_segment s, more;
    struct span payload;

    ck_assert(tcp_output(t, p.now, &s, &payload));
    ck_assert(!tcp_output(t, p.now, &more, &payload));
    return s;
}

static void no_answer(void)
{
    struct tcp_segment s;
    struct span payload;

    ck_assert(!tcp_output(t, p.now, &s, &payload));
}

static void is_plain_ack(uint32_t ack)
{
    struct tcp_segment s = answer();

    ck_assert_uint_eq(s.flags, TCP_ACK);
    ck_assert_uint_eq(s.ack, ack);
    ck_assert_uint_eq(s.seq, 501);
    ck_assert_uint_eq(s.length, 0);
}

static void received_is(uint32_t n)
{
    struct span in = tcp_received(t);

    ck_assert_uint_eq(in.n, n);
    ck_assert(n == 0 || memcmp(in.p, octets, n) == 0);
}

START_TEST(beyond_the_window_is_only_acknowledged)
{
    give(segment(WINDOW + 1, 501, TCP_ACK, 100));
    is_plain_ack(1);
    give(segment(UINT32_MAX - 10, 501, TCP_ACK, 100));
    is_plain_ack(1);
    received_is(0);
    ck_assert_ptr_null(t->pieces);
}
END_TEST

START_TEST(the_windows_edge_cuts_a_segment)
{
    give(segment(1, 501, TCP_ACK, WINDOW + 500));
    received_is(WINDOW);
    ck_assert_uint_eq(t->rcv_nxt, WINDOW + 1);
    ck_assert_uint_eq(answer().window, 0);
}
END_TEST

START_TEST(old_octets_are_only_acknowledged)
{
    give(segment(1, 501, TCP_ACK, 100));
    give(segment(1, 501, TCP_ACK, 100));
    is_plain_ack(101);
    received_is(100);
}
END_TEST

START_TEST(overlaps_are_taken_once)
{
    give(segment(301, 501, TCP_ACK, 100)); /* 300..399 */
    give(segment(201, 501, TCP_ACK, 300)); /* 200..499, around it */
    give(segment(251, 501, TCP_ACK, 50));
    give(segment(451, 501, TCP_ACK, 149)); /* 450..598 */
    received_is(0);
    give(segment(1, 501, TCP_ACK, 250)); /* 0..249, over the first piece */
    received_is(599);
    ck_assert_ptr_null(t->pieces);
}
END_TEST

START_TEST(ack_of_what_was_never_sent)
{
    give(segment(1, 502, TCP_ACK, 10));
    is_plain_ack(1);
    received_is(0); /* "send an ACK, drop the segment, and return" */
    ck_assert_int_eq(tcp_status(t), TCP_OPEN);
}
END_TEST

START_TEST(old_ack_with_new_octets)
{
    struct tcp_segment s = segment(1, 200, TCP_ACK, 10);

    s.window = 1;
    give(s);
    received_is(10);
    ck_assert_uint_eq(t->una, 501);
    ck_assert_uint_eq(t->peer_window, WINDOW); /* nor does it shrink the window: RFC 9293 SND.WL2 */
}
END_TEST

START_TEST(no_ack_bit_no_octets)
{
    give(segment(1, 501, 0, 10));
    received_is(0);
    no_answer();
}
END_TEST

START_TEST(reset_only_at_the_exact_place)
{
    give(segment(WINDOW + 5, 0, TCP_RST, 0)); /* outside: silence */
    no_answer();
    give(segment(50, 0, TCP_RST, 0)); /* inside: asked back */
    is_plain_ack(1);
    ck_assert_int_eq(tcp_status(t), TCP_OPEN);
    give(segment(1, 0, TCP_RST, 0));
    ck_assert_int_eq(tcp_status(t), TCP_RESET);
    no_answer();
}
END_TEST

START_TEST(syn_in_an_open_connection)
{
    give(segment(20, 0, TCP_SYN, 0));
    is_plain_ack(1);
    give(segment(0, 0, TCP_SYN, 0));
    is_plain_ack(1);
    ck_assert_int_eq(tcp_status(t), TCP_OPEN);
}
END_TEST

START_TEST(octets_behind_the_fin_are_cut)
{
    give(segment(101, 501, TCP_ACK | TCP_FIN, 100)); /* FIN at 201 */
    give(segment(201, 501, TCP_ACK, 300));
    give(segment(601, 501, TCP_ACK | TCP_FIN, 0)); /* a second one, elsewhere */
    give(segment(1, 501, TCP_ACK, 100));
    received_is(200);
    ck_assert(tcp_peer_finished(t));
    ck_assert_uint_eq(answer().ack, 202);
    give(segment(202, 501, TCP_ACK, 50));
    received_is(200);
}
END_TEST

START_TEST(handshake_with_a_wrong_ack)
{
    struct tcp *c = tcp_new(&params), *mine = t;
    struct tcp_segment s;
    struct span payload;

    t = c;
    tcp_connect(c, p.now);
    ck_assert(tcp_output(c, p.now, &s, &payload));
    give(segment(0, 77, TCP_SYN | TCP_ACK, 0));
    s = answer();
    ck_assert_uint_eq(s.flags, TCP_RST);
    ck_assert_uint_eq(s.seq, 77);
    give(segment(0, 77, TCP_RST | TCP_ACK, 0));
    give(segment(0, 0, TCP_RST, 0));
    give(segment(5, 1, TCP_ACK, 10));
    no_answer();
    ck_assert_int_eq(tcp_status(c), TCP_CONNECTING);
    give(segment(0, 1, TCP_SYN | TCP_ACK, 0));
    ck_assert_int_eq(tcp_status(c), TCP_OPEN);
    tcp_free(c);
    t = mine;
}
END_TEST

START_TEST(syn_received_wants_the_right_ack)
{
    struct tcp *c = tcp_new(&params), *mine = t;
    struct tcp_segment s = segment(0, 0, TCP_SYN, 0);
    struct span payload;

    t = c;
    tcp_accept(c, p.now, &s);
    ck_assert(tcp_output(c, p.now, &s, &payload));
    give(segment(1, 9, TCP_ACK, 0));
    s = answer();
    ck_assert_uint_eq(s.flags, TCP_RST);
    ck_assert_uint_eq(s.seq, 9);
    ck_assert_int_eq(tcp_status(c), TCP_CONNECTING);
    give(segment(0, 0, TCP_SYN, 0)); /* again: the SYN-ACK was lost */
    ck_assert_uint_eq(answer().flags, TCP_SYN | TCP_ACK);
    tcp_free(c);
    t = mine;
}
END_TEST

/* Blocks below, above, inverted, overlapping: the scoreboard holds what was sent and no more. */
START_TEST(lying_sack_blocks)
{
    static const uint32_t blocks[][2] = {
        {400, 700},   {501, 600},   {3000, 2000},      {5000, UINT32_MAX}, {2501, 3501},
        {3001, 4501}, {2501, 4501}, {600, 601},        {1501, 1501},       {5501, 5502},
        {601, 602},   {0, 5501},    {UINT32_MAX, 1000}};
    struct tcp_segment s = segment(1, 501, TCP_ACK, 0);

    pair_write(&p, SERVER, 5000); /* 501..5500 in flight */
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        s.sack_count = 1;
        memcpy(s.sack[0], blocks[i], sizeof s.sack[0]);
        give(s);
    }
    ck_assert_uint_eq(t->sacked_octets, 2000 + 2);
    ck_assert_uint_eq(t->sacked_count, 2);
    ck_assert_uint_eq(tcp_sack_below(t, 3501), 1002);
    s.ack = 4000;
    s.sack_count = 0;
    give(s);
    ck_assert_uint_eq(t->sacked_octets, 501);
    pair_flush(&p, SERVER);
    pair_run(&p, SIM_NEVER);
    pair_assert_intact(&p);
}
END_TEST

static uint32_t near(struct rng *r, uint32_t centre)
{
    switch (rng_below(r, 4)) {
    case 0:
        return (uint32_t)rng_u64(r);
    case 1:
        return centre;
    default:
        return centre - 3000 + (uint32_t)rng_below(r, 6000);
    }
}

/* What tcp_peek foretells is what comes of the segment. */
static unsigned arrive(struct tcp *end, sim_ns now, const struct tcp_segment *s)
{
    struct span foretold = tcp_peek(end, s, span_of(octets, s->length));
    struct span fresh = tcp_input_inplace(end, now, s, span_of(octets, s->length));

    if (foretold.n == 0)
        return 0;
    ck_assert_ptr_eq(foretold.p, fresh.p);
    ck_assert_uint_eq(foretold.n, fresh.n);
    return 1;
}

/* Any segment in any state: no assertion, no storm, and never more than the window is kept. */
START_TEST(random_segments)
{
    struct rng r = rng_stream((uint64_t)_i, "random segments", "test");
    unsigned foretold = 0;

    for (int run = 0; run < 60; run++) {
        struct pair q;

        pair_init(&q, &params);
        q.params[SERVER].sack = run & 1;
        pair_connect(&q);
        if (run % 5)
            pair_run(&q, 3 * q.delay);
        for (int i = 0; i < 200; i++) {
            int d = (int)rng_below(&r, 2);
            struct tcp_segment s = segment(near(&r, q.written[!d]), near(&r, q.written[d]),
                                           (uint8_t)(rng_below(&r, 8) ? 16 : rng_u64(&r) & 31),
                                           (uint32_t)rng_below(&r, 2000));

            s.window = (uint32_t)rng_below(&r, WINDOW);
            s.sack_count = (uint8_t)rng_below(&r, TCP_SACK_BLOCKS + 1);
            for (int k = 0; k < s.sack_count; k++) {
                s.sack[k][0] = near(&r, q.written[d]);
                s.sack[k][1] = s.sack[k][0] + (uint32_t)rng_below(&r, 3000);
            }
            foretold += arrive(q.t[d], q.now, &s);
            ck_assert_uint_le(tcp_received(q.t[d]).n, WINDOW);
            tcp_consume(q.t[d], tcp_received(q.t[d]).n);
            if (rng_below(&r, 20) == 0)
                pair_write(&q, d, 3000);
            if (rng_below(&r, 100) == 0)
                pair_shutdown(&q, d);
            pair_flush(&q, d);
            if (rng_below(&r, 10) == 0 && pair_next(&q) != SIM_NEVER) {
                q.now = q.now > pair_next(&q) ? q.now : pair_next(&q);
                tcp_expire(q.t[d], q.now);
            }
            while (q.wire) { /* the wire is not what is tested */
                struct pair_packet *next = q.wire->next;

                free(q.wire);
                q.wire = next;
            }
        }
        pair_release(&q);
    }
    ck_assert_uint_gt(foretold, 30);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tcp_hostile");
    TCase *c = tcase_create("all");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, beyond_the_window_is_only_acknowledged);
    tcase_add_test(c, the_windows_edge_cuts_a_segment);
    tcase_add_test(c, old_octets_are_only_acknowledged);
    tcase_add_test(c, overlaps_are_taken_once);
    tcase_add_test(c, ack_of_what_was_never_sent);
    tcase_add_test(c, old_ack_with_new_octets);
    tcase_add_test(c, no_ack_bit_no_octets);
    tcase_add_test(c, reset_only_at_the_exact_place);
    tcase_add_test(c, syn_in_an_open_connection);
    tcase_add_test(c, octets_behind_the_fin_are_cut);
    tcase_add_test(c, handshake_with_a_wrong_ack);
    tcase_add_test(c, syn_received_wants_the_right_ack);
    tcase_add_test(c, lying_sack_blocks);
    tcase_add_loop_test(c, random_segments, 0, 4);
    suite_add_tcase(s, c);
    return pair_main(s);
}
