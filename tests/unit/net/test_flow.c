/* Connections on the engine: the ns-3 yardstick, the calls made to their users, their lifetime. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "models/net/flow.h"
#include "sim/base/rng.h"
#include "sim/base/xalloc.h"

static struct sim *sim;
static struct net *net;
static struct net_hop_config config;
static struct net_hop hops[2][2]; /* [direction][hop] */
static struct net_route up, down;
static struct tcp_params params;
static struct flow_listener listener;

/* What one end saw. */
struct user {
    struct flow_end *end;
    sim_ns opened, finished, ended, last_commit;
    enum tcp_status status;
    uint32_t openings, received, fresh, commits, calls_after_end;
    uint32_t packets, delivered, late_reports, retransmitted[2];
    sim_ns sent[64], arrives[64];
    struct tcp_segment segments[64];
    enum net_fate fates[64];
    uint64_t offsets[64];
    /* What it does. */
    uint32_t write_on_open, answer_at, answer;
    bool shutdown_on_answer, shutdown_on_finish, refuse, release_on_open, abort_on_open;
    bool keep_after_end;
};
static struct user client, server;
static uint8_t octets[200000];

static void on_opening(struct flow_end *end)
{
    struct user *u = flow_user(end);

    ck_assert_int_eq(u->opened, 0);
    u->openings++;
}

static void on_prepare(struct flow_end *end, sim_ns now, struct span in)
{
    struct user *u = flow_user(end);

    (void)now;
    ck_assert_uint_gt(in.n, 0);
    ck_assert_int_eq(memcmp(in.p, octets + u->received, in.n), 0);
    u->received += (uint32_t)in.n;
    u->fresh++;
}

static void on_commit(struct flow_end *end, sim_ns now)
{
    struct user *u = flow_user(end);

    ck_assert_uint_eq(u->fresh, 1); /* one prepare, then its commit */
    u->fresh = 0;
    u->commits++;
    u->last_commit = now;
    if (u->answer_at == 0 || u->received != u->answer_at)
        return;
    if (u->answer > 0)
        ck_assert(flow_write(end, span_of(octets, u->answer)));
    if (u->shutdown_on_answer)
        flow_shutdown(end);
}

static void on_event(struct flow_end *end, sim_ns now, enum flow_event event)
{
    struct user *u = flow_user(end);

    ck_assert_int_eq(u->ended, 0);
    switch (event) {
    case FLOW_OPENED:
        u->opened = now;
        if (u->write_on_open)
            ck_assert(flow_write(end, span_of(octets, u->write_on_open)));
        if (u->abort_on_open)
            flow_abort(end);
        if (u->release_on_open) {
            flow_release(end);
            ck_assert_ptr_null(flow_user(end));
        }
        break;
    case FLOW_PEER_FINISHED:
        u->finished = now;
        if (u->shutdown_on_finish)
            flow_shutdown(end);
        break;
    case FLOW_ENDED:
        u->ended = now > 0 ? now : 1;
        u->status = flow_status(end);
        if (!u->keep_after_end)
            flow_release(end);
        break;
    }
}

static void on_packet(struct flow_end *sender, const struct flow_packet *packet)
{
    struct user *u = flow_user(sender);
    uint32_t i = u->packets++ % 64;

    ck_assert_int_le(packet->t_send, sim_now(sim));
    u->late_reports += packet->t_send < sim_now(sim);
    u->delivered += packet->fate == NET_DELIVERED;
    ck_assert_int_eq(packet->fate == NET_DELIVERED, packet->t_receive != SIM_NEVER);
    u->sent[i] = packet->t_send;
    u->arrives[i] = packet->t_receive;
    u->segments[i] = *packet->segment;
    u->fates[i] = packet->fate;
    u->offsets[i] = packet->stream_offset;
}

static void on_retransmitted(struct flow_end *end, sim_ns now, bool timeout)
{
    struct user *u = flow_user(end);

    (void)now;
    u->retransmitted[timeout]++;
}

static const struct flow_ops ops = {.opening = on_opening,
                                    .prepare = on_prepare,
                                    .commit = on_commit,
                                    .event = on_event,
                                    .packet = on_packet,
                                    .retransmitted = on_retransmitted};

static bool on_accept(struct flow_listener *l, struct flow_end *end, const struct flow_ops **o,
                      void **user)
{
    struct user *u = l->user;

    ck_assert(!flow_is_client(end));
    ck_assert_ptr_eq(flow_user(flow_peer(end)), client.end ? &client : NULL);
    if (u->refuse)
        return false;
    u->end = end;
    *o = &ops;
    *user = u;
    return true;
}

static void setup(void)
{
    struct sim_config c = {.threads = 1, .look_ahead = 20 * SIM_MS};

    sim = sim_new(&c);
    net = net_new(sim, 1);
    config = (struct net_hop_config){.name = "access",
                                     .latency = dist_constant(20 * SIM_MS),
                                     .keep_order = true,
                                     .rate_bps = 10000000,
                                     .overhead_octets = 2};
    for (int d = 0; d < 2; d++)
        for (int h = 0; h < 2; h++)
            net_hop_init(&hops[d][h], &config, 1, d ? h ? "d1" : "d0" : h ? "u1" : "u0");
    up = (struct net_route){.hops = {&hops[0][0], &hops[0][1]}, .count = 1};
    down = (struct net_route){.hops = {&hops[1][0], &hops[1][1]}, .count = 1};
    tcp_params_ns3(&params);
    memset(&client, 0, sizeof client);
    memset(&server, 0, sizeof server);
    listener = (struct flow_listener){.accept = on_accept, .user = &server};
    for (uint32_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)(i * 7 + (i >> 8));
}

/* With the sanitizer's leak check, also: every flow is gone. */
static void teardown(void)
{
    net_free(net);
    sim_free(sim);
}

static void open_flow(void)
{
    client.end = flow_open(net, &params, &up, &down, &listener, &ops, &client);
    ck_assert(flow_is_client(client.end));
}

static void run(void)
{
    ck_assert_int_eq(sim_run(sim, SIM_NEVER), SIM_END_EMPTY);
}

/* spec: openssl-notes.md, "TCP yardstick". ns-3 3.37 measured 40.093 and 83.682 ms. */
START_TEST(the_ns3_yardstick)
{
    client.write_on_open = 1000;
    client.answer_at = 3000;
    client.shutdown_on_answer = true;
    server.answer_at = 1000;
    server.answer = 3000;
    server.shutdown_on_finish = true;
    open_flow();
    run();
    ck_assert_int_eq(client.opened, 40 * SIM_MS + 800 * (58 + 58));
    ck_assert_int_eq(client.last_commit,
                     80 * SIM_MS + 800 * (58 + 58 + 54 + 590 + 518 + 5 * 590 + 374));
    ck_assert_int_eq(client.last_commit, 83681600);
    ck_assert_uint_eq(server.received, 1000);
    ck_assert_uint_eq(client.received, 3000);
    ck_assert_int_eq(client.status, TCP_FINISHED);
    ck_assert_int_eq(server.status, TCP_FINISHED);
    /* The handshake's ACK goes by itself; the answer carries the ACK of the request. */
    ck_assert_uint_eq(client.segments[1].length, 0);
    ck_assert_uint_eq(client.segments[2].length, 536);
    ck_assert_uint_eq(client.segments[3].length, 464);
    ck_assert_uint_eq(server.segments[1].length, 536);
    ck_assert_uint_eq(server.segments[1].ack, 1001);
    ck_assert_uint_eq(server.segments[6].length, 320);
    ck_assert_uint_eq(client.offsets[2], 0);
    ck_assert_uint_eq(client.offsets[3], 536);
}
END_TEST

/* Ahead, whatever else happens: nothing of the end comes before the SYN ACK. */
START_TEST(the_client_opens_in_prepare)
{
    struct sim_stats stats;

    client.write_on_open = 1000;
    client.shutdown_on_finish = true;
    server.answer_at = 1000;
    server.shutdown_on_answer = true;
    open_flow();
    ck_assert_int_eq(sim_run(sim, 40 * SIM_MS + 800 * (58 + 58)), SIM_END_UNTIL);
    ck_assert_uint_eq(client.openings, 1);
    ck_assert_int_gt(client.opened, 0);
    sim_get_stats(sim, &stats);
    ck_assert_uint_eq(stats.prepared_ahead, 1);
    ck_assert_uint_eq(stats.prepared_inline, 0);
    run();
    ck_assert_uint_eq(client.openings, 1);
    ck_assert_uint_eq(server.openings, 0);
}
END_TEST

START_TEST(a_released_client_does_not_open)
{
    open_flow();
    ck_assert_int_eq(sim_run(sim, 30 * SIM_MS), SIM_END_UNTIL);
    flow_release(client.end);
    run();
    ck_assert_uint_eq(client.openings, 0);
}
END_TEST

START_TEST(packets_are_reported_with_their_arrival)
{
    uint64_t sum = 0;

    client.write_on_open = 1000;
    server.answer_at = 1000;
    server.answer = 10;
    server.keep_after_end = client.keep_after_end = true;
    open_flow();
    ck_assert_uint_eq(client.packets, 1); /* the SYN, within flow_open */
    run();
    ck_assert_int_eq(client.sent[0], 0);
    ck_assert_int_eq(client.arrives[0], 20 * SIM_MS + 58 * 800);
    for (uint32_t i = 0; i < client.packets; i++)
        sum += client.segments[i].wire_octets;
    ck_assert_uint_eq(flow_octets_sent(client.end), sum);
    ck_assert_uint_eq(sum, 56 + 52 + 588 + 516 + 52);
    ck_assert_uint_eq(flow_packets_sent(client.end), client.packets);
    flow_release(client.end);
    flow_release(server.end);
    run();
}
END_TEST

/* With two hops the arrival is known when the last one takes it. */
START_TEST(with_two_hops_packets_are_reported_later)
{
    up.count = down.count = 2;
    client.write_on_open = 2000;
    client.answer_at = 5000;
    client.shutdown_on_answer = true;
    server.answer_at = 2000;
    server.answer = 5000;
    server.shutdown_on_finish = true;
    open_flow();
    ck_assert_uint_eq(client.packets, 0);
    run();
    ck_assert_int_eq(client.status, TCP_FINISHED);
    ck_assert_uint_eq(client.received, 5000);
    ck_assert_uint_eq(client.late_reports, client.packets);
    ck_assert_int_eq(client.sent[0], 0);
    ck_assert_int_eq(client.arrives[0], 2 * (20 * SIM_MS + 58 * 800));
    ck_assert_int_eq(client.opened, 4 * (20 * SIM_MS + 58 * 800));
}
END_TEST

START_TEST(a_refused_syn_ends_the_client)
{
    server.refuse = true;
    open_flow();
    run();
    ck_assert_int_eq(client.status, TCP_REFUSED);
    ck_assert_int_eq(client.opened, 0);
    ck_assert_int_eq(client.ended, 40 * SIM_MS + 800 * (58 + 54));
}
END_TEST

START_TEST(a_deaf_listener_lets_syns_vanish)
{
    listener.deaf = true;
    open_flow();
    run();
    ck_assert_int_eq(client.status, TCP_TIMED_OUT);
    ck_assert_int_eq(client.ended, (3 + 6 + 12 + 24 + 48 + 96) * SIM_S);
    ck_assert_uint_eq(client.retransmitted[true], 5);
}
END_TEST

static void hear_commit(struct sim *s, struct sim_event *ev)
{
    (void)s;
    (void)ev;
    listener.deaf = false;
}

START_TEST(a_listener_that_comes_back_hears_the_next_syn)
{
    static const struct sim_event_ops hear_ops = {"hear", NULL, hear_commit};
    struct sim_event hear;

    listener.deaf = true;
    sim_event_init(&hear, &hear_ops, NULL);
    sim_schedule(sim, &hear, 5 * SIM_S);
    client.answer_at = 1; /* none comes */
    client.write_on_open = 10;
    server.answer_at = 10;
    server.shutdown_on_answer = server.shutdown_on_finish = true;
    client.shutdown_on_finish = true;
    open_flow();
    run();
    ck_assert_int_ge(client.opened, 9 * SIM_S);
    ck_assert_int_lt(client.opened, 10 * SIM_S);
    ck_assert_int_eq(client.status, TCP_FINISHED);
    ck_assert_int_eq(server.status, TCP_FINISHED);
}
END_TEST

START_TEST(release_of_an_open_end_resets_the_peer)
{
    server.release_on_open = true;
    open_flow();
    run();
    ck_assert_int_ne(client.opened, 0);
    ck_assert_int_eq(client.status, TCP_RESET);
    ck_assert_int_eq(server.ended, 0); /* no call after its release */
}
END_TEST

START_TEST(abort_ends_both)
{
    client.abort_on_open = true;
    open_flow();
    run();
    ck_assert_int_eq(client.status, TCP_RESET);
    ck_assert_int_eq(server.status, TCP_RESET);
    ck_assert_int_eq(client.ended, client.opened);
}
END_TEST

START_TEST(abort_outside_a_callback_tells_afterwards)
{
    open_flow();
    sim_run(sim, SIM_S);
    flow_abort(client.end);
    ck_assert_int_eq(client.ended, 0);
    sim_run(sim, SIM_S);
    ck_assert_int_eq(client.ended, SIM_S);
    run();
    ck_assert_int_eq(server.status, TCP_RESET);
}
END_TEST

START_TEST(release_before_it_opens)
{
    open_flow();
    flow_release(client.end);
    client.end = NULL; /* the server's accept looks */
    run();
    ck_assert_int_eq(server.status, TCP_RESET);
}
END_TEST

/* A closing end goes on by itself when its user has gone: no reset. */
START_TEST(release_while_closing_goes_on)
{
    client.write_on_open = 100000;
    server.answer_at = 100000;
    server.shutdown_on_finish = true;
    open_flow();
    sim_run(sim, SIM_S / 20);
    flow_shutdown(client.end);
    flow_release(client.end);
    run();
    ck_assert_uint_eq(server.received, 100000);
    ck_assert_int_eq(server.status, TCP_FINISHED);
}
END_TEST

START_TEST(a_vanished_end_says_nothing)
{
    open_flow();
    sim_run(sim, SIM_S);
    flow_vanish(server.end);
    ck_assert(flow_write(client.end, span_of(octets, 10)));
    run();
    ck_assert_int_eq(client.status, TCP_LOST);
    ck_assert_int_eq(server.ended, 0);
    ck_assert_uint_eq(server.received, 0);
    ck_assert_uint_eq(client.retransmitted[true], params.data_retries);
}
END_TEST

START_TEST(write_after_the_end_is_refused)
{
    client.keep_after_end = true;
    server.release_on_open = true;
    open_flow();
    run();
    ck_assert(!flow_write(client.end, span_of(octets, 1)));
    flow_shutdown(client.end);
    flow_abort(client.end);
    flow_release(client.end);
    run();
}
END_TEST

/* What is written in several calls of one commit goes out in full segments. */
START_TEST(segments_are_filled_across_writes)
{
    open_flow();
    sim_run(sim, SIM_S);
    client.packets = 0;
    ck_assert(flow_write(client.end, span_of(octets, 100)));
    ck_assert_uint_eq(client.segments[0].length, 100); /* outside a callback: at once */
    run();
    flow_release(client.end);
    run();
}
END_TEST

/* Lossy, jittery, duplicating, two hops: the streams arrive (on_prepare compares), all is freed. */
START_TEST(a_bad_network_leaves_the_streams_intact)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        config.latency = (struct dist){.kind = DIST_UNIFORM,
                                       .a = 10 * SIM_MS,
                                       .b = 60 * SIM_MS,
                                       .floor = 10 * SIM_MS,
                                       .ceiling = SIM_NEVER};
        config.keep_order = seed % 2;
        config.queue_octets = 5000;
        config.duplicate = 0.02;
        config.reorder = 0.01;
        config.reorder_delay = 30 * SIM_MS;
        config.loss = (struct net_loss){0.01, 0.5, 0.01, 0.3};
        for (int d = 0; d < 2; d++)
            for (int h = 0; h < 2; h++)
                net_hop_init(&hops[d][h], &config, seed, d ? h ? "d1" : "d0" : h ? "u1" : "u0");
        sim_set_look_ahead(sim, net_hop_min_delay(&config, params.header));
        up.count = down.count = 2;
        params.data_retries = 20;
        params.syn_retries = 20;
        memset(&client, 0, sizeof client);
        memset(&server, 0, sizeof server);
        client.write_on_open = 90000;
        client.answer_at = 120000;
        client.shutdown_on_answer = true;
        server.answer_at = 90000;
        server.answer = 120000;
        server.shutdown_on_finish = true;
        open_flow();
        run();
        ck_assert_uint_eq(server.received, 90000);
        ck_assert_uint_eq(client.received, 120000);
        ck_assert_int_eq(client.status, TCP_FINISHED);
        ck_assert_int_eq(server.status, TCP_FINISHED);
        ck_assert_uint_gt(client.retransmitted[false] + client.retransmitted[true], 0);
        ck_assert_uint_gt(client.packets, client.delivered);
    }
}
END_TEST

START_TEST(the_network_frees_what_is_left)
{
    client.write_on_open = 50000;
    open_flow();
    sim_run(sim, 62 * SIM_MS); /* packets in flight, both ends held */
    ck_assert_uint_gt(server.received, 0);
    ck_assert_uint_lt(server.received, 50000);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("flow");
    TCase *t = tcase_create("all");
    SRunner *r;
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, the_ns3_yardstick);
    tcase_add_test(t, the_client_opens_in_prepare);
    tcase_add_test(t, a_released_client_does_not_open);
    tcase_add_test(t, packets_are_reported_with_their_arrival);
    tcase_add_test(t, with_two_hops_packets_are_reported_later);
    tcase_add_test(t, a_refused_syn_ends_the_client);
    tcase_add_test(t, a_deaf_listener_lets_syns_vanish);
    tcase_add_test(t, a_listener_that_comes_back_hears_the_next_syn);
    tcase_add_test(t, release_of_an_open_end_resets_the_peer);
    tcase_add_test(t, abort_ends_both);
    tcase_add_test(t, abort_outside_a_callback_tells_afterwards);
    tcase_add_test(t, release_before_it_opens);
    tcase_add_test(t, release_while_closing_goes_on);
    tcase_add_test(t, a_vanished_end_says_nothing);
    tcase_add_test(t, write_after_the_end_is_refused);
    tcase_add_test(t, segments_are_filled_across_writes);
    tcase_add_test(t, a_bad_network_leaves_the_streams_intact);
    tcase_add_test(t, the_network_frees_what_is_left);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
