/* Congestion control and loss recovery: RFC 5681, 6582, 6675, 3042. One wire, 100 ms there and
 * back, infinite rate: what is sent in one round trip is sent at one instant. */
#include "tests/unit/net/tcp_pair.h"

#define MSS 1000
#define RTT (100 * SIM_MS)
/* The client's segments 0 and 1 are SYN and ACK. */
#define TEXT(i) (UINT64_C(1) << (2 + (i)))

static struct tcp_params params;
static struct pair p;
static sim_ns start; /* of the data */

static void setup(void)
{
    tcp_params_default(&params);
    params.mss = MSS;
    params.receive_window = 4000000;
    params.delayed_ack_segments = 1;
    pair_init(&p, &params);
}

static void teardown(void)
{
    pair_release(&p);
}

static void set_sack(bool sack)
{
    p.params[CLIENT].sack = p.params[SERVER].sack = sack;
}

static void begin(uint32_t octets)
{
    pair_open(&p);
    start = p.now;
    pair_write(&p, CLIENT, octets);
}

/* Segments with payload that the client sent in [from, to). */
static uint32_t texts_sent(sim_ns from, sim_ns to, bool repeated_only)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < p.sent[CLIENT]; i++) {
        const struct pair_record *r = &p.log[CLIENT][i];

        n += r->at >= from && r->at < to && r->seg.length > 0 &&
             (r->seg.retransmission || !repeated_only);
    }
    return n;
}

static uint32_t texts_in_round(int round)
{
    return texts_sent(start + round * RTT, start + (round + 1) * RTT, false);
}

START_TEST(slow_start_doubles_every_round_trip)
{
    p.params[SERVER].delayed_ack_segments = (uint32_t)_i;
    begin(1000000);
    pair_run(&p, start + 4 * RTT - 1);
    ck_assert_uint_eq(texts_in_round(0), 10);
    ck_assert_uint_eq(texts_in_round(1), 20);
    ck_assert_uint_eq(texts_in_round(2), 40);
    ck_assert_uint_eq(texts_in_round(3), 80);
    pair_run(&p, SIM_NEVER);
    pair_assert_intact(&p);
    ck_assert_uint_eq(pair_info(&p, CLIENT).retransmissions, 0);
}
END_TEST

START_TEST(initial_window_is_a_parameter)
{
    p.params[CLIENT].initial_window = 3;
    begin(100000);
    pair_run(&p, start + 2 * RTT - 1);
    ck_assert_uint_eq(texts_in_round(0), 3);
    ck_assert_uint_eq(texts_in_round(1), 6);
}
END_TEST

/* RFC 5681 3.1: about one segment a round trip. */
START_TEST(congestion_avoidance_adds_a_segment_a_round_trip)
{
    set_sack(_i);
    p.lose[CLIENT] = TEXT(10); /* the first of the 20 of the second round */
    begin(2000000);
    pair_run(&p, start + 4 * RTT - 1);
    ck_assert_uint_eq(pair_info(&p, CLIENT).fast_retransmits, 1);
    ck_assert_uint_eq(pair_info(&p, CLIENT).timeouts, 0);
    ck_assert_uint_eq(pair_info(&p, CLIENT).ssthresh, 10 * MSS);
    for (int round = 4; round < 14; round++) {
        uint32_t before = pair_info(&p, CLIENT).cwnd;

        pair_run(&p, start + (round + 1) * RTT - 1);
        ck_assert_uint_eq(pair_info(&p, CLIENT).cwnd, before + MSS);
    }
}
END_TEST

START_TEST(third_duplicate_ack_repeats_the_segment)
{
    uint32_t duplicates = 0;

    set_sack(_i);
    p.lose[CLIENT] = TEXT(0);
    begin(10 * MSS);
    while (pair_info(&p, CLIENT).retransmissions == 0) {
        duplicates += p.wire->to == CLIENT;
        ck_assert(pair_step(&p, SIM_NEVER));
    }
    ck_assert_uint_eq(duplicates, 3);
    ck_assert_int_eq(p.now, start + RTT);
    ck_assert_uint_eq(p.log[CLIENT][p.sent[CLIENT] - 1].seg.seq, 1);
    pair_run(&p, SIM_NEVER);
    pair_assert_intact(&p);
    ck_assert_uint_eq(pair_info(&p, CLIENT).retransmissions, 1);
    ck_assert_uint_eq(pair_info(&p, CLIENT).timeouts, 0);
}
END_TEST

/* RFC 3042: the first two duplicate ACKs let one new segment out each. */
START_TEST(limited_transmit)
{
    p.params[CLIENT].initial_window = 3;
    set_sack(_i);
    p.lose[CLIENT] = TEXT(0);
    begin(10 * MSS);
    ck_assert_uint_eq(texts_in_round(0), 3);
    pair_run(&p, start + RTT); /* two duplicates arrive */
    ck_assert_uint_eq(pair_text(&p, CLIENT, 3)->seg.seq, 3 * MSS + 1);
    ck_assert_uint_eq(pair_text(&p, CLIENT, 4)->seg.seq, 4 * MSS + 1);
    ck_assert_uint_eq(texts_in_round(1), 2);
    pair_run(&p, SIM_NEVER);
    /* They bring the third: no time-out. */
    ck_assert_uint_eq(pair_info(&p, CLIENT).timeouts, 0);
    ck_assert_uint_eq(pair_info(&p, CLIENT).retransmissions, 1);
    /* FlightSize was 3 segments: RFC 5681 (4) without what limited transmit sent. */
    ck_assert_uint_eq(pair_info(&p, CLIENT).ssthresh, 2 * MSS);
    pair_assert_intact(&p);
}
END_TEST

/* RFC 6582 3.2 step 3: one lost segment a round trip, each repeated at the partial ACK. */
START_TEST(newreno_partial_ack_repeats_the_next_hole)
{
    set_sack(false);
    p.lose[CLIENT] = TEXT(0) | TEXT(4);
    begin(10 * MSS);
    pair_run(&p, SIM_NEVER);
    pair_assert_intact(&p);
    ck_assert_uint_eq(pair_info(&p, CLIENT).retransmissions, 2);
    ck_assert_uint_eq(pair_info(&p, CLIENT).fast_retransmits, 1);
    ck_assert_uint_eq(pair_info(&p, CLIENT).timeouts, 0);
    ck_assert_uint_eq(texts_sent(start + RTT, start + 2 * RTT, true), 1);
    ck_assert_uint_eq(texts_sent(start + 2 * RTT, start + 3 * RTT, true), 1);
}
END_TEST

START_TEST(sack_fills_all_holes_of_a_window_in_one_round_trip)
{
    set_sack(true);
    /* Four of the second round's twenty. */
    p.lose[CLIENT] = TEXT(10) | TEXT(12) | TEXT(13) | TEXT(19);
    begin(30 * MSS);
    pair_run(&p, SIM_NEVER);
    pair_assert_intact(&p);
    ck_assert_uint_eq(pair_info(&p, CLIENT).retransmissions, 4);
    ck_assert_uint_eq(pair_info(&p, CLIENT).fast_retransmits, 1);
    ck_assert_uint_eq(pair_info(&p, CLIENT).timeouts, 0);
    ck_assert_uint_eq(texts_sent(start + 2 * RTT, start + 3 * RTT, true), 4);
}
END_TEST

/* Six holes in one window: NewReno fills one a round trip, SACK all as fast as half the window
 * goes out. */
START_TEST(sack_needs_fewer_round_trips_than_newreno)
{
    set_sack(_i);
    p.params[CLIENT].min_rto = SIM_S; /* NewReno's timer runs on after the first partial ACK */
    p.lose[CLIENT] = TEXT(10) | TEXT(12) | TEXT(14) | TEXT(16) | TEXT(18) | TEXT(20);
    begin(30 * MSS);
    while (p.received[SERVER] < 30 * MSS)
        ck_assert(pair_step(&p, SIM_NEVER));
    ck_assert_int_eq(p.now - start, _i ? 2 * RTT + RTT / 2 : 7 * RTT + RTT / 2);
    pair_run(&p, SIM_NEVER);
    ck_assert_uint_eq(pair_info(&p, CLIENT).retransmissions, 6);
    ck_assert_uint_eq(pair_info(&p, CLIENT).timeouts, 0);
    pair_assert_intact(&p);
}
END_TEST

START_TEST(sack_blocks_count_as_octets)
{
    const struct tcp_segment *ack;

    p.lose[CLIENT] = TEXT(0) | TEXT(2) | TEXT(4) | TEXT(6);
    begin(10 * MSS);
    pair_run(&p, start + RTT / 2);
    /* The last ACK: the newest block first, then the two reported before it (RFC 2018 4). */
    ack = &p.log[SERVER][p.sent[SERVER] - 1].seg;
    ck_assert_uint_eq(ack->ack, 1);
    ck_assert_uint_eq(ack->sack_count, 3);
    ck_assert_uint_eq(ack->sack[0][0], 7 * MSS + 1);
    ck_assert_uint_eq(ack->sack[0][1], 10 * MSS + 1);
    ck_assert_uint_eq(ack->sack[1][0], 5 * MSS + 1);
    ck_assert_uint_eq(ack->sack[1][1], 6 * MSS + 1);
    ck_assert_uint_eq(ack->sack[2][0], 3 * MSS + 1);
    ck_assert_uint_eq(ack->wire_octets, params.header + params.sack_header + 2 * 8);
    ack = &p.log[SERVER][1].seg;
    ck_assert_uint_eq(ack->sack_count, 1);
    ck_assert_uint_eq(ack->wire_octets, params.header + params.sack_header);
}
END_TEST

/* RFC 5681 3.1 and 6298 5.4: a lone segment lost needs the timer, then slow start from one. */
START_TEST(time_out_sends_one_segment_and_halves_ssthresh)
{
    sim_ns rto;

    set_sack(_i);
    p.lose[CLIENT] = TEXT(0) | TEXT(1) | TEXT(2) | TEXT(3) | TEXT(4) | TEXT(5);
    begin(6 * MSS);
    rto = pair_info(&p, CLIENT).rto;
    pair_run(&p, start + rto);
    ck_assert_uint_eq(pair_info(&p, CLIENT).timeouts, 1);
    ck_assert_uint_eq(pair_info(&p, CLIENT).cwnd, MSS);
    ck_assert_uint_eq(pair_info(&p, CLIENT).ssthresh, 3 * MSS);
    ck_assert_uint_eq(texts_sent(start + rto, start + rto + RTT, false), 1);
    pair_run(&p, start + rto + RTT);
    ck_assert_uint_eq(texts_sent(start + rto + RTT, start + rto + 2 * RTT, false), 2);
    pair_run(&p, SIM_NEVER);
    pair_assert_intact(&p);
    ck_assert_uint_eq(pair_info(&p, CLIENT).retransmissions, 6);
}
END_TEST

/* After a time-out what arrives SACKed again is not sent again. */
START_TEST(after_a_time_out_sacked_octets_are_skipped)
{
    set_sack(true);
    /* The first is lost twice: fast retransmit fails, the timer goes off. */
    p.lose[CLIENT] = TEXT(0) | TEXT(8) | TEXT(10);
    begin(10 * MSS);
    pair_run(&p, SIM_NEVER);
    pair_assert_intact(&p);
    ck_assert_uint_eq(pair_info(&p, CLIENT).timeouts, 1);
    /* 0 by ACKs, 8 in the same recovery, 0 by the timer; at most one more of what was there. */
    ck_assert_uint_le(pair_info(&p, CLIENT).retransmissions, 4);
}
END_TEST

/* RFC 5681 4.1 */
START_TEST(idle_connection_restarts_from_the_initial_window)
{
    begin(150 * MSS);
    pair_run(&p, SIM_NEVER);
    ck_assert_uint_gt(pair_info(&p, CLIENT).cwnd, 100 * MSS);
    p.now += 10 * SIM_S;
    start = p.now;
    pair_write(&p, CLIENT, 100 * MSS);
    ck_assert_uint_eq(texts_in_round(0), 10);
}
END_TEST

START_TEST(busy_connection_keeps_its_window)
{
    begin(150 * MSS);
    pair_run(&p, SIM_NEVER);
    start = p.now;
    pair_write(&p, CLIENT, 100 * MSS);
    ck_assert_uint_eq(texts_in_round(0), 100);
}
END_TEST

/* Two places late by two segments: fewer than three duplicate ACKs, nothing is repeated. */
START_TEST(slight_reordering_repeats_nothing)
{
    set_sack(_i);
    p.late[CLIENT] = TEXT(3);
    p.late_by = 1;
    begin(6 * MSS); /* two overtake it */
    pair_run(&p, SIM_NEVER);
    pair_assert_intact(&p);
    ck_assert_uint_eq(pair_info(&p, CLIENT).retransmissions, 0);
    ck_assert_uint_eq(p.log[SERVER][5].seg.sack_count, _i ? 1 : 0);
}
END_TEST

START_TEST(everything_twice_leaves_the_stream_intact)
{
    set_sack(_i);
    p.twice[CLIENT] = p.twice[SERVER] = ~UINT64_C(0);
    pair_connect(&p);
    pair_write(&p, CLIENT, 40 * MSS + 123);
    pair_run(&p, 3 * RTT);
    pair_write(&p, SERVER, 40 * MSS + 321);
    pair_shutdown(&p, CLIENT);
    pair_shutdown(&p, SERVER);
    pair_run(&p, SIM_NEVER);
    pair_assert_intact(&p);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_FINISHED);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_FINISHED);
}
END_TEST

/* picoquic's way: every single loss and every pair of losses among a connection's segments. */
START_TEST(each_pair_of_losses_is_recovered)
{
    for (int i = 0; i < 16; i++) {
        for (int j = i; j < 16; j++) {
            struct pair q;

            pair_init(&q, &params);
            q.params[CLIENT].sack = q.params[SERVER].sack = _i & 1;
            q.lose[_i >> 1] = UINT64_C(1) << i | UINT64_C(1) << j;
            pair_connect(&q);
            pair_write(&q, CLIENT, 8 * MSS + 1);
            tcp_shutdown(q.t[CLIENT], 0);
            pair_run(&q, 200 * SIM_S);
            pair_write(&q, SERVER, 8 * MSS + 1);
            pair_shutdown(&q, SERVER);
            pair_run(&q, SIM_NEVER);
            pair_assert_intact(&q);
            ck_assert_int_eq(tcp_status(q.t[CLIENT]), TCP_FINISHED);
            ck_assert_int_eq(tcp_status(q.t[SERVER]), TCP_FINISHED);
            pair_release(&q);
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tcp_recovery");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, slow_start_doubles_every_round_trip, 1, 3);
    tcase_add_test(t, initial_window_is_a_parameter);
    tcase_add_loop_test(t, congestion_avoidance_adds_a_segment_a_round_trip, 0, 2);
    tcase_add_loop_test(t, third_duplicate_ack_repeats_the_segment, 0, 2);
    tcase_add_loop_test(t, limited_transmit, 0, 2);
    tcase_add_test(t, newreno_partial_ack_repeats_the_next_hole);
    tcase_add_test(t, sack_fills_all_holes_of_a_window_in_one_round_trip);
    tcase_add_loop_test(t, sack_needs_fewer_round_trips_than_newreno, 0, 2);
    tcase_add_test(t, sack_blocks_count_as_octets);
    tcase_add_loop_test(t, time_out_sends_one_segment_and_halves_ssthresh, 0, 2);
    tcase_add_test(t, after_a_time_out_sacked_octets_are_skipped);
    tcase_add_test(t, idle_connection_restarts_from_the_initial_window);
    tcase_add_test(t, busy_connection_keeps_its_window);
    tcase_add_loop_test(t, slight_reordering_repeats_nothing, 0, 2);
    tcase_add_loop_test(t, everything_twice_leaves_the_stream_intact, 0, 2);
    tcase_add_loop_test(t, each_pair_of_losses_is_recovered, 0, 4);
    suite_add_tcase(s, t);
    return pair_main(s);
}
