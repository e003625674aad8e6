/* Opening and closing: RFC 9293 3.5, 3.6; SYN retries; resets. */
#include "tests/unit/net/tcp_pair.h"

static struct tcp_params params;
static struct pair p;

static void setup(void)
{
    tcp_params_default(&params);
    params.mss = 1000;
    pair_init(&p, &params);
}

static void teardown(void)
{
    pair_release(&p);
}

START_TEST(handshake_takes_three_segments)
{
    pair_connect(&p);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_CONNECTING);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_OPEN);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_OPEN);
    ck_assert_uint_eq(p.sent[CLIENT], 2);
    ck_assert_uint_eq(p.sent[SERVER], 1);
    ck_assert_uint_eq(p.log[CLIENT][0].seg.flags, TCP_SYN);
    ck_assert_uint_eq(p.log[CLIENT][0].seg.seq, 0);
    ck_assert_uint_eq(p.log[SERVER][0].seg.flags, TCP_SYN | TCP_ACK);
    ck_assert_uint_eq(p.log[SERVER][0].seg.ack, 1);
    ck_assert_uint_eq(p.log[CLIENT][1].seg.flags, TCP_ACK);
    ck_assert_uint_eq(p.log[CLIENT][1].seg.seq, 1);
    ck_assert_uint_eq(p.log[CLIENT][1].seg.ack, 1);
    ck_assert_uint_eq(p.log[CLIENT][0].seg.wire_octets, params.syn_header);
    ck_assert_uint_eq(p.log[CLIENT][1].seg.wire_octets, params.header);
    ck_assert_int_eq(p.now, 3 * p.delay);
    ck_assert_int_eq(pair_next(&p), SIM_NEVER); /* no timer of an idle connection */
}
END_TEST

START_TEST(lost_syn_is_repeated_after_the_time_out)
{
    p.lose[CLIENT] = 1 << 0;
    pair_connect(&p);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(p.log[CLIENT][1].at, params.syn_timeout);
    ck_assert(p.log[CLIENT][1].seg.retransmission);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_OPEN);
    /* RFC 6298 5.7, RFC 5681 3.1 */
    ck_assert_int_eq(pair_info(&p, CLIENT).rto, 3 * SIM_S);
    ck_assert_uint_eq(pair_info(&p, CLIENT).cwnd, params.mss);
    /* Karn: no sample at the client, whose SYN was repeated; but the server has one. */
    ck_assert_int_lt(pair_info(&p, CLIENT).srtt, 0);
    ck_assert_int_eq(pair_info(&p, SERVER).srtt, 2 * p.delay);
}
END_TEST

START_TEST(lost_syn_ack_is_repeated)
{
    p.lose[SERVER] = 1 << 0;
    pair_connect(&p);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_OPEN);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_OPEN);
    /* At the client's second SYN, which comes 50 ms before the server's own timer. */
    ck_assert_int_eq(p.log[SERVER][1].at, params.syn_timeout + p.delay);
    ck_assert(p.log[SERVER][1].seg.retransmission);
    ck_assert_uint_eq(pair_info(&p, SERVER).cwnd, params.mss);
}
END_TEST

START_TEST(lost_ack_of_the_handshake_is_made_good_by_data)
{
    p.lose[CLIENT] = 1 << 1;
    pair_connect(&p);
    pair_run(&p, 2 * p.delay);
    pair_write(&p, CLIENT, 100);
    pair_run(&p, 3 * p.delay);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_OPEN);
    ck_assert_uint_eq(p.received[SERVER], 100);
    ck_assert_uint_eq(pair_info(&p, SERVER).retransmissions, 0);
}
END_TEST

START_TEST(lost_ack_of_the_handshake_is_made_good_by_the_syn_ack)
{
    p.lose[CLIENT] = 1 << 1;
    pair_connect(&p);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_OPEN);
    ck_assert_int_eq(p.log[SERVER][1].at, p.delay + params.syn_timeout);
    ck_assert_uint_eq(p.sent[CLIENT], 3);
}
END_TEST

START_TEST(syn_retries_double_and_then_give_up)
{
    sim_ns expected = 0, wait = params.syn_timeout;

    p.cut = true;
    pair_connect(&p);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_TIMED_OUT);
    ck_assert_uint_eq(p.sent[CLIENT], 1 + params.syn_retries);
    for (uint32_t i = 0; i < p.sent[CLIENT]; i++) {
        ck_assert_int_eq(p.log[CLIENT][i].at, expected);
        expected += wait;
        wait *= 2;
    }
    ck_assert_int_eq(p.now, expected);
    ck_assert(!pair_write(&p, CLIENT, 1));
}
END_TEST

START_TEST(server_gives_up_when_its_syn_ack_is_never_answered)
{
    pair_connect(&p);
    p.lose[SERVER] = ~UINT64_C(0);
    tcp_abort(p.t[CLIENT]); /* in SYN-SENT: no RST */
    pair_flush(&p, CLIENT);
    ck_assert_uint_eq(p.sent[CLIENT], 1);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_TIMED_OUT);
    ck_assert_uint_eq(p.sent[SERVER], 1 + params.syn_retries);
}
END_TEST

START_TEST(octets_written_before_it_opens_wait)
{
    pair_connect(&p);
    pair_write(&p, CLIENT, 2500);
    ck_assert_uint_eq(p.sent[CLIENT], 1);
    pair_run(&p, SIM_NEVER);
    pair_assert_intact(&p);
}
END_TEST

START_TEST(four_segments_close_it)
{
    pair_open(&p);
    pair_shutdown(&p, CLIENT);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_CLOSING);
    ck_assert(!pair_write(&p, CLIENT, 1));
    pair_run(&p, p.now + p.delay);
    ck_assert(tcp_peer_finished(p.t[SERVER]));
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_OPEN); /* half-closed */
    pair_run(&p, p.now + p.delay);
    ck_assert(tcp_all_acknowledged(p.t[CLIENT]));
    pair_shutdown(&p, SERVER);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_FINISHED);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_FINISHED);
    ck_assert_uint_eq(p.sent[CLIENT], 2 + 2); /* SYN, ACK, FIN, ACK */
    ck_assert_uint_eq(p.sent[SERVER], 1 + 2); /* SYN-ACK, ACK, FIN */
}
END_TEST

START_TEST(half_closed_the_other_way_still_carries)
{
    pair_open(&p);
    pair_write(&p, CLIENT, 300);
    pair_shutdown(&p, CLIENT);
    pair_run(&p, p.now + 2 * p.delay);
    pair_write(&p, SERVER, 20000);
    pair_run(&p, SIM_NEVER);
    pair_assert_intact(&p);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_CLOSING);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_OPEN);
    pair_shutdown(&p, SERVER);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_FINISHED);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_FINISHED);
}
END_TEST

START_TEST(fin_rides_on_the_last_octets)
{
    const struct tcp_segment *last;

    pair_connect(&p);
    pair_write(&p, CLIENT, 1500);
    tcp_shutdown(p.t[CLIENT], p.now);
    pair_run(&p, 2 * p.delay);
    last = &p.log[CLIENT][p.sent[CLIENT] - 1].seg;
    ck_assert_uint_eq(last->length, 500);
    ck_assert_uint_eq(last->flags, TCP_FIN | TCP_ACK);
    pair_run(&p, SIM_NEVER);
    ck_assert(tcp_peer_finished(p.t[SERVER]));
    pair_assert_intact(&p);
}
END_TEST

START_TEST(simultaneous_close)
{
    pair_open(&p);
    pair_shutdown(&p, CLIENT);
    pair_shutdown(&p, SERVER);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_FINISHED);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_FINISHED);
    ck_assert_uint_eq(pair_info(&p, CLIENT).retransmissions, 0);
}
END_TEST

START_TEST(simultaneous_open)
{
    tcp_connect(p.t[CLIENT], 0);
    tcp_connect(p.t[SERVER], 0);
    pair_flush(&p, CLIENT);
    pair_flush(&p, SERVER);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_OPEN);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_OPEN);
    pair_write(&p, CLIENT, 5000);
    pair_write(&p, SERVER, 5000);
    pair_run(&p, SIM_NEVER);
    pair_assert_intact(&p);
}
END_TEST

/* Each of the closing segments lost once; both ends finish all the same, and neither is reset. */
START_TEST(closing_survives_each_single_loss)
{
    if (_i < 2)
        p.lose[CLIENT] = UINT64_C(1) << (2 + _i); /* FIN, last ACK */
    else
        p.lose[SERVER] = UINT64_C(1) << (1 + _i - 2); /* ACK, FIN */
    pair_open(&p);
    pair_shutdown(&p, CLIENT);
    pair_run(&p, p.now + 2 * p.delay);
    pair_shutdown(&p, SERVER);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_FINISHED);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_FINISHED);
    /* A lost ACK of the first FIN costs a repetition only where nothing else carries it. */
    if (_i != 2)
        ck_assert_uint_ge(
            pair_info(&p, CLIENT).retransmissions + pair_info(&p, SERVER).retransmissions, 1);
}
END_TEST

START_TEST(time_wait_lasts_as_long_as_set)
{
    sim_ns fin_arrives;

    p.params[CLIENT].time_wait = 4 * SIM_S;
    pair_open(&p);
    pair_shutdown(&p, CLIENT);
    pair_run(&p, p.now + 2 * p.delay);
    pair_shutdown(&p, SERVER);
    fin_arrives = p.now + p.delay;
    pair_run(&p, fin_arrives);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_CLOSING);
    ck_assert_int_eq(tcp_expiry(p.t[CLIENT]), fin_arrives + 4 * SIM_S);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_FINISHED);
    ck_assert_int_eq(p.now, fin_arrives + 4 * SIM_S);
}
END_TEST

START_TEST(abort_resets_the_peer)
{
    pair_open(&p);
    pair_write(&p, CLIENT, 100);
    tcp_abort(p.t[CLIENT]);
    pair_flush(&p, CLIENT);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_RESET);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_RESET);
    ck_assert_uint_eq(p.received[SERVER], 100);
}
END_TEST

/* The octets before the RST are lost, so it stands in the window but not at its left edge: RFC 5961
 * 3.2 asks again, and the closed end confirms. */
START_TEST(abort_resets_the_peer_across_a_gap)
{
    p.lose[CLIENT] = 1 << 2;
    pair_open(&p);
    pair_write(&p, CLIENT, 100);
    tcp_abort(p.t[CLIENT]);
    pair_flush(&p, CLIENT);
    pair_run(&p, p.now + p.delay);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_OPEN);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[SERVER]), TCP_RESET);
}
END_TEST

START_TEST(closed_end_resets_whoever_speaks_to_it)
{
    pair_open(&p);
    tcp_abort(p.t[SERVER]);
    p.lose[SERVER] = 1 << 1; /* the RST */
    pair_flush(&p, SERVER);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_OPEN);
    pair_write(&p, CLIENT, 10);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_RESET);
}
END_TEST

START_TEST(refused_by_a_closed_port)
{
    struct tcp_segment syn, rst;
    struct span payload;

    tcp_connect(p.t[CLIENT], 0);
    ck_assert(tcp_output(p.t[CLIENT], 0, &syn, &payload));
    tcp_input(p.t[SERVER], 0, &syn, payload); /* not accepted */
    ck_assert(tcp_output(p.t[SERVER], 0, &rst, &payload));
    ck_assert_uint_eq(rst.flags, TCP_RST | TCP_ACK);
    ck_assert_uint_eq(rst.seq, 0);
    ck_assert_uint_eq(rst.ack, 1);
    tcp_input(p.t[CLIENT], 0, &rst, payload);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_REFUSED);
    ck_assert(!tcp_output(p.t[CLIENT], 0, &rst, &payload));
}
END_TEST

START_TEST(data_retries_used_up_lose_it)
{
    uint32_t before;

    p.params[CLIENT].data_retries = 4;
    pair_open(&p);
    p.cut = true;
    before = p.sent[CLIENT];
    pair_write(&p, CLIENT, 10);
    pair_run(&p, SIM_NEVER);
    ck_assert_int_eq(tcp_status(p.t[CLIENT]), TCP_LOST);
    ck_assert_uint_eq(p.sent[CLIENT] - before, 1 + 4);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tcp_connection");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, handshake_takes_three_segments);
    tcase_add_test(t, lost_syn_is_repeated_after_the_time_out);
    tcase_add_test(t, lost_syn_ack_is_repeated);
    tcase_add_test(t, lost_ack_of_the_handshake_is_made_good_by_data);
    tcase_add_test(t, lost_ack_of_the_handshake_is_made_good_by_the_syn_ack);
    tcase_add_test(t, syn_retries_double_and_then_give_up);
    tcase_add_test(t, server_gives_up_when_its_syn_ack_is_never_answered);
    tcase_add_test(t, octets_written_before_it_opens_wait);
    tcase_add_test(t, four_segments_close_it);
    tcase_add_test(t, half_closed_the_other_way_still_carries);
    tcase_add_test(t, fin_rides_on_the_last_octets);
    tcase_add_test(t, simultaneous_close);
    tcase_add_test(t, simultaneous_open);
    tcase_add_loop_test(t, closing_survives_each_single_loss, 0, 4);
    tcase_add_test(t, time_wait_lasts_as_long_as_set);
    tcase_add_test(t, abort_resets_the_peer);
    tcase_add_test(t, abort_resets_the_peer_across_a_gap);
    tcase_add_test(t, closed_end_resets_whoever_speaks_to_it);
    tcase_add_test(t, refused_by_a_closed_port);
    tcase_add_test(t, data_retries_used_up_lose_it);
    suite_add_tcase(s, t);
    return pair_main(s);
}
