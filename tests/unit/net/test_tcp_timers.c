/* RFC 6298 round-trip estimate and retransmission timer; delayed ACKs; the persist timer. */
#include "models/net/tcp_impl.h"
#include "tests/unit/net/tcp_pair.h"

#define MSS 1000

static struct tcp_params params;
static struct pair p;

static void setup(void)
{
    tcp_params_default(&params);
    params.mss = MSS;
    pair_init(&p, &params);
}

static void teardown(void)
{
    pair_release(&p);
}

/* One segment there and its ACK back at once; the round trip is 2 * half. */
static void round_trip(sim_ns half)
{
    p.delay = half;
    pair_write(&p, CLIENT, 2 * MSS); /* the second segment calls the ACK */
    pair_run(&p, SIM_NEVER);
}

START_TEST(first_sample)
{
    pair_open(&p); /* RFC 6298 2.2: SRTT = R, RTTVAR = R/2, RTO = SRTT + 4 RTTVAR */
    ck_assert_int_eq(pair_info(&p, CLIENT).srtt, 100 * SIM_MS);
    ck_assert_int_eq(pair_info(&p, CLIENT).rttvar, 50 * SIM_MS);
    ck_assert_int_eq(pair_info(&p, CLIENT).rto, 300 * SIM_MS);
}
END_TEST

START_TEST(later_samples_are_smoothed)
{
    pair_open(&p);
    round_trip(90 * SIM_MS); /* R' = 180 ms */
    /* RTTVAR = 3/4 50 + 1/4 |100 - 180| = 57.5; SRTT = 7/8 100 + 1/8 180 = 110 */
    ck_assert_int_eq(pair_info(&p, CLIENT).rttvar, 57500 * SIM_US);
    ck_assert_int_eq(pair_info(&p, CLIENT).srtt, 110 * SIM_MS);
    ck_assert_int_eq(pair_info(&p, CLIENT).rto, 340 * SIM_MS);
    round_trip(25 * SIM_MS); /* R' = 50 ms */
    /* RTTVAR = 3/4 57.5 + 1/4 60 = 58.125; SRTT = 7/8 110 + 1/8 50 = 102.5 */
    ck_assert_int_eq(pair_info(&p, CLIENT).rttvar, 58125 * SIM_US);
    ck_assert_int_eq(pair_info(&p, CLIENT).srtt, 102500 * SIM_US);
}
END_TEST

START_TEST(rto_has_a_floor_and_a_ceiling)
{
    p.delay = 5 * SIM_MS;
    pair_open(&p);
    ck_assert_int_eq(pair_info(&p, CLIENT).rto, params.min_rto); /* 10 + 20 ms */
    p.params[CLIENT].min_rto = 0;
    for (int i = 0; i < 60; i++)
        round_trip(5 * SIM_MS);
    /* RFC 6298 2: with a variance of nothing, the granularity of 1 ms remains. */
    ck_assert_int_eq(pair_info(&p, CLIENT).rto, 11 * SIM_MS);
    p.params[CLIENT].max_rto = 8 * SIM_MS;
    round_trip(5 * SIM_MS);
    ck_assert_int_eq(pair_info(&p, CLIENT).rto, 8 * SIM_MS);
}
END_TEST

START_TEST(back_off_doubles_up_to_the_ceiling)
{
    sim_ns expected, rto;

    p.params[CLIENT].max_rto = 2 * SIM_S;
    p.params[CLIENT].data_retries = 6;
    pair_open(&p);
    p.cut = true;
    rto = pair_info(&p, CLIENT).rto;
    expected = p.now;
    pair_write(&p, CLIENT, 10);
    pair_run(&p, SIM_NEVER);
    for (uint32_t i = 0; i < 7; i++) {
        ck_assert_int_eq(pair_text(&p, CLIENT, i)->at, expected);
        expected += rto;
        rto = sim_ns_min(2 * rto, 2 * SIM_S);
    }
    ck_assert_int_eq(p.now, expected);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_LOST);
}
END_TEST

START_TEST(karn_no_sample_of_a_repeated_segment)
{
    struct tcp_info before, after;

    pair_open(&p);
    before = pair_info(&p, CLIENT);
    p.lose[CLIENT] = 1 << 2;
    pair_write(&p, CLIENT, 10);
    pair_run(&p, SIM_NEVER);
    after = pair_info(&p, CLIENT);
    ck_assert_uint_eq(p.received[SERVER], 10);
    ck_assert_int_eq(after.srtt, before.srtt);
    ck_assert_int_eq(after.rto, 2 * before.rto); /* the back-off stays */
    round_trip(50 * SIM_MS);                     /* until a segment that was sent once */
    ck_assert_int_lt(pair_info(&p, CLIENT).rto, before.rto);
}
END_TEST

/* RFC 6298 5.3 */
START_TEST(an_ack_of_new_octets_restarts_the_timer)
{
    sim_ns start, rto;

    p.params[SERVER].delayed_ack_segments = 1;
    pair_open(&p);
    start = p.now;
    pair_write(&p, CLIENT, MSS);
    pair_run(&p, start + 60 * SIM_MS);
    p.lose[CLIENT] = 1 << 3;
    pair_write(&p, CLIENT, MSS);
    ck_assert_int_eq(tcp_expiry(p.t[CLIENT]), start + pair_info(&p, CLIENT).rto);
    pair_run(&p, start + 100 * SIM_MS);
    rto = pair_info(&p, CLIENT).rto;
    ck_assert_int_eq(tcp_expiry(p.t[CLIENT]), start + 100 * SIM_MS + rto);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(pair_text(&p, CLIENT, 2)->at, start + 100 * SIM_MS + rto);
    ck_assert_int_eq(tcp_expiry(p.t[CLIENT]), SIM_NEVER); /* 5.2 */
}
END_TEST

START_TEST(a_lone_segment_is_acknowledged_late)
{
    sim_ns arrives;

    pair_open(&p);
    arrives = p.now + p.delay;
    pair_write(&p, CLIENT, 10);
    pair_run(&p, SIM_NEVER);
    ck_assert_uint_eq(p.sent[SERVER], 2);
    ck_assert_int_eq(p.log[SERVER][1].at, arrives + params.delayed_ack_time);
}
END_TEST

START_TEST(every_second_segment_is_acknowledged_at_once)
{
    sim_ns arrives;

    pair_open(&p);
    arrives = p.now + p.delay;
    pair_write(&p, CLIENT, 5 * MSS);
    pair_run(&p, SIM_NEVER);
    ck_assert_uint_eq(p.sent[SERVER], 1 + 3);
    ck_assert_int_eq(p.log[SERVER][1].at, arrives);
    ck_assert_uint_eq(p.log[SERVER][1].seg.ack, 2 * MSS + 1);
    ck_assert_int_eq(p.log[SERVER][2].at, arrives);
    ck_assert_int_eq(p.log[SERVER][3].at, arrives + params.delayed_ack_time);
    ck_assert_uint_eq(p.log[SERVER][3].seg.ack, 5 * MSS + 1);
}
END_TEST

START_TEST(an_answer_carries_the_ack)
{
    pair_open(&p);
    pair_write(&p, CLIENT, 10);
    pair_run(&p, p.now + p.delay);
    pair_write(&p, SERVER, 10);
    pair_run(&p, p.now + p.delay);
    ck_assert_uint_eq(p.sent[SERVER], 2);
    ck_assert_uint_eq(p.log[SERVER][1].seg.ack, 11);
    ck_assert(tcp_all_acknowledged(p.t[CLIENT]));
    ck_assert(!tcp_all_acknowledged(p.t[SERVER]));
}
END_TEST

/* RFC 5681 4.2: out of order, and what fills the gap, at once. */
START_TEST(out_of_order_is_acknowledged_at_once)
{
    sim_ns start;

    p.late[CLIENT] = 1 << 2;
    pair_open(&p);
    start = p.now;
    pair_write(&p, CLIENT, 2 * MSS);
    pair_run(&p, SIM_NEVER);
    ck_assert_uint_eq(p.sent[SERVER], 3);
    ck_assert_int_eq(p.log[SERVER][1].at, start + p.delay);
    ck_assert_uint_eq(p.log[SERVER][1].seg.ack, 1);
    ck_assert_int_eq(p.log[SERVER][2].at, start + p.delay + p.late_by);
    ck_assert_uint_eq(p.log[SERVER][2].seg.ack, 2 * MSS + 1);
}
END_TEST

/* RFC 9293 3.8.6.1: the window closes, probes go out ever more seldom, and it opens again. */
START_TEST(a_closed_window_is_probed)
{
    sim_ns closed, rto;

    p.params[SERVER].receive_window = 5 * MSS;
    tcp_free(p.t[SERVER]);
    p.t[SERVER] = tcp_new(&p.params[SERVER]);
    p.hold[SERVER] = true;
    pair_open(&p);
    pair_write(&p, CLIENT, 20 * MSS);
    pair_run(&p, p.now + 2 * p.delay + params.delayed_ack_time);
    closed = p.now;
    rto = pair_info(&p, CLIENT).rto;
    ck_assert_uint_eq(tcp_received(p.t[SERVER]).n, 5 * MSS);
    ck_assert_uint_eq(p.log[SERVER][p.sent[SERVER] - 1].seg.window, 0);
    pair_run(&p, closed + 60 * SIM_S);
    ck_assert_uint_eq(pair_text(&p, CLIENT, 5)->seg.length, 1);
    ck_assert_int_eq(pair_text(&p, CLIENT, 5)->at, closed + rto);
    ck_assert_int_eq(pair_text(&p, CLIENT, 6)->at, closed + 3 * rto);
    ck_assert_int_eq(pair_text(&p, CLIENT, 7)->at, closed + 7 * rto);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_OPEN);
    p.hold[SERVER] = false;
    pair_read(&p, SERVER);
    pair_flush(&p, SERVER); /* the window update */
    pair_run(&p, SIM_NEVER);
    pair_assert_intact(&p);
}
END_TEST

START_TEST(a_peer_that_stays_closed_is_not_given_up)
{
    p.params[CLIENT].data_retries = 3;
    p.params[SERVER].receive_window = 2 * MSS;
    tcp_free(p.t[SERVER]);
    p.t[SERVER] = tcp_new(&p.params[SERVER]);
    p.hold[SERVER] = true;
    pair_open(&p);
    pair_write(&p, CLIENT, 4 * MSS);
    pair_run(&p, 3600 * SIM_S);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_OPEN);
    p.cut = true; /* but one that has gone away is */
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_LOST);
}
END_TEST

START_TEST(never_beyond_the_peers_window)
{
    p.params[SERVER].receive_window = 3500;
    tcp_free(p.t[SERVER]);
    p.t[SERVER] = tcp_new(&p.params[SERVER]);
    pair_open(&p);
    pair_write(&p, CLIENT, 50 * MSS);
    while (pair_step(&p, SIM_NEVER))
        ck_assert_uint_le(pair_info(&p, CLIENT).in_flight, 3500);
    pair_assert_intact(&p);
    ck_assert_uint_eq(pair_info(&p, CLIENT).retransmissions, 0);
    /* Silly windows: each segment but the last is full. */
    ck_assert_uint_eq(p.sent[CLIENT], 2 + 50);
}
END_TEST

START_TEST(an_idle_connection_is_small)
{
    pair_open(&p);
    pair_write(&p, CLIENT, 20 * MSS);
    pair_write(&p, SERVER, 20 * MSS);
    pair_run(&p, SIM_NEVER);
    ck_assert_uint_le(sizeof(struct tcp), 600);
    for (int d = 0; d < 2; d++) {
        ck_assert_ptr_null(p.t[d]->out.p);
        ck_assert_ptr_null(p.t[d]->in.p);
        ck_assert_ptr_null(p.t[d]->pieces);
        ck_assert_ptr_null(p.t[d]->sacked);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tcp_timers");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, first_sample);
    tcase_add_test(t, later_samples_are_smoothed);
    tcase_add_test(t, rto_has_a_floor_and_a_ceiling);
    tcase_add_test(t, back_off_doubles_up_to_the_ceiling);
    tcase_add_test(t, karn_no_sample_of_a_repeated_segment);
    tcase_add_test(t, an_ack_of_new_octets_restarts_the_timer);
    tcase_add_test(t, a_lone_segment_is_acknowledged_late);
    tcase_add_test(t, every_second_segment_is_acknowledged_at_once);
    tcase_add_test(t, an_answer_carries_the_ack);
    tcase_add_test(t, out_of_order_is_acknowledged_at_once);
    tcase_add_test(t, a_closed_window_is_probed);
    tcase_add_test(t, a_peer_that_stays_closed_is_not_given_up);
    tcase_add_test(t, never_beyond_the_peers_window);
    tcase_add_test(t, an_idle_connection_is_small);
    suite_add_tcase(s, t);
    return pair_main(s);
}
