/* UDP over hops: arithmetic and times to the nanosecond, loss and order by what the packets' own
 * fates say, and the life of sockets. */
#include <check.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "models/net/udp.h"
#include "sim/base/rng.h"
#include "sim/base/xalloc.h"

#define PORT 5684

static struct sim *sim;
static struct net *net;
static struct net_hop_config config;
static struct net_hop up, down;
static struct net_route route_up, route_down;
static struct udp_params params;

/* One socket's user, and all that it saw. */
struct side {
    struct udp_end *end;
    uint32_t prepared, committed, unreachable;
    sim_ns at; /* of the last datagram */
    sim_ns unreachable_at;
    size_t length;
    uint8_t first; /* octet of it */
    bool release;  /* in the next commit */
    bool echo;
    /* What the packet hook said. */
    uint32_t packets, lost;
    uint64_t octets;
    struct udp_packet last;
};
static struct side client, server;
static struct udp_listener listener;
static uint32_t accepts, refusals;

static void setup(void)
{
    struct sim_config c = {.threads = 1, .look_ahead = SIM_MS};

    sim = sim_new(&c);
    net = net_new(sim, 1);
    config = (struct net_hop_config){.name = "hop",
                                     .latency = dist_constant(10 * SIM_MS),
                                     .keep_order = true,
                                     .rate_bps = 10000000};
    udp_params_default(&params);
    memset(&client, 0, sizeof client);
    memset(&server, 0, sizeof server);
    accepts = refusals = 0;
}

static void teardown(void)
{
    net_free(net);
    sim_free(sim);
}

static void on_prepare(struct udp_end *end, sim_ns now, struct span datagram)
{
    struct side *s = udp_user(end);
    size_t wrong = 0;

    s->prepared++;
    s->at = now;
    s->length = datagram.n;
    s->first = datagram.n > 0 ? datagram.p[0] : 0;
    for (size_t i = 0; i < datagram.n; i++) /* Check writes a file for each assertion */
        wrong += datagram.p[i] != (uint8_t)(datagram.p[0] + 7 * i);
    ck_assert_uint_eq(wrong, 0);
}

static void on_commit(struct udp_end *end, sim_ns now)
{
    struct side *s = udp_user(end);
    uint8_t answer = s->first;

    s->committed++;
    ck_assert_uint_eq(s->prepared, s->committed);
    ck_assert_int_eq(now, s->at);
    if (s->echo)
        ck_assert_int_eq(udp_send(end, span_of(&answer, 1)), UDP_SENT);
    if (s->release)
        udp_release(end);
}

static void on_unreachable(struct udp_end *end, sim_ns now)
{
    struct side *s = udp_user(end);

    s->unreachable++;
    s->unreachable_at = now;
}

static void on_packet(struct udp_end *sender, const struct udp_packet *p)
{
    struct side *s = udp_user(sender);

    s->packets++;
    s->octets += p->octets;
    s->lost += p->fate != NET_DELIVERED;
    ck_assert((p->t_receive == SIM_NEVER) == (p->fate != NET_DELIVERED));
    s->last = *p;
}

static const struct udp_ops ops = {
    .prepare = on_prepare, .commit = on_commit, .unreachable = on_unreachable, .packet = on_packet};

static bool on_accept(struct udp_listener *l, struct udp_end *end, const struct udp_ops **o,
                      void **user)
{
    ck_assert_ptr_eq(l, &listener);
    ck_assert(!udp_is_client(end));
    ck_assert_uint_eq(udp_port(end), PORT);
    accepts++;
    if (refusals > 0) {
        refusals--;
        return false;
    }
    server.end = end;
    *o = &ops;
    *user = &server;
    return true;
}

/* With `config` as it stands now, each way. */
static void open_socket(void)
{
    net_hop_init(&up, &config, 1, "up");
    net_hop_init(&down, &config, 1, "down");
    route_up = (struct net_route){.hops = {&up}, .count = 1};
    route_down = (struct net_route){.hops = {&down}, .count = 1};
    listener = (struct udp_listener){.port = PORT, .accept = on_accept};
    client.end = udp_open(net, &params, &route_up, &route_down, &listener, 40000, &ops, &client);
}

static enum udp_result say(struct side *s, uint8_t first, size_t n)
{
    uint8_t *octets = xcalloc(1, n + 1);
    enum udp_result result;

    for (size_t i = 0; i < n; i++)
        octets[i] = (uint8_t)(first + 7 * i);
    result = udp_send(s->end, span_of(octets, n));
    free(octets);
    return result;
}

static void run(void)
{
    sim_run(sim, sim_now(sim) + 1000 * SIM_S);
}

START_TEST(there_and_back)
{
    open_socket();
    server.echo = true;
    ck_assert_uint_eq(udp_port(client.end), 40000);
    ck_assert_ptr_eq(udp_peer(udp_peer(client.end)), client.end);
    ck_assert_int_eq(say(&client, 5, 97), UDP_SENT); /* 125 octets: 100 us */
    ck_assert_uint_eq(accepts, 0);
    run();
    ck_assert_uint_eq(accepts, 1);
    ck_assert_uint_eq(server.committed, 1);
    ck_assert_uint_eq(server.length, 97);
    ck_assert_int_eq(server.at, 10 * SIM_MS + 100 * SIM_US);
    ck_assert_uint_eq(client.committed, 1);
    ck_assert_uint_eq(client.first, 5);
    ck_assert_int_eq(client.at, server.at + 10 * SIM_MS + 23200); /* 29 octets */
    ck_assert_uint_eq(udp_octets_sent(client.end), 125);
    ck_assert_uint_eq(udp_packets_sent(server.end), 1);
    ck_assert_uint_eq(udp_datagrams_sent(client.end), 1);
    ck_assert_uint_eq(client.octets, 125);
    say(&client, 6, 1); /* the peer is known now */
    run();
    ck_assert_uint_eq(accepts, 1);
    ck_assert_uint_eq(server.committed, 2);
    udp_release(client.end);
    udp_release(server.end);
}
END_TEST

START_TEST(fragments_are_counted)
{
    static const struct {
        uint32_t mtu;
        size_t n;
        uint32_t fragments;
        uint64_t wire;
    } cases[] = {
        {1500, 0, 1, 28},         {1500, 1472, 1, 1500},
        {1500, 1473, 2, 1521}, /* 1480 and 1 behind the headers */
        {1500, 2952, 2, 3000}, /* 1480 twice */
        {1500, 2953, 3, 3021},    {1500, 4000, 3, 4068},
        {1500, 65507, 45, 66415}, /* 65,515 in parts of 1,480 */
        {1006, 1962, 2, 2010},    /* 984 and 986: the last needs no multiple of eight */
        {1006, 1963, 3, 2031},    {576, 549, 2, 597}, /* 552 and 5 */
        {68, 40, 1, 68},          {68, 41, 2, 89},
        {68, 65507, 1365, 92815}, {1280, 1252, 1, 1280},
        {1280, 1253, 2, 1301},    {65535, 65507, 1, 65535},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_uint_eq(udp_fragments(cases[i].mtu, cases[i].n), cases[i].fragments);
        ck_assert_uint_eq(udp_wire_octets(cases[i].mtu, cases[i].n), cases[i].wire);
        teardown();
        setup();
        params.mtu = cases[i].mtu;
        open_socket();
        ck_assert_int_eq(say(&client, 1, cases[i].n), UDP_SENT);
        run();
        ck_assert_uint_eq(server.committed, 1);
        ck_assert_uint_eq(server.length, cases[i].n);
        ck_assert_uint_eq(client.packets, cases[i].fragments);
        ck_assert_uint_eq(client.octets, cases[i].wire);
        ck_assert_uint_eq(udp_packets_sent(client.end), cases[i].fragments);
        ck_assert_uint_eq(udp_octets_sent(client.end), cases[i].wire);
        ck_assert_uint_le(client.last.octets, cases[i].mtu);
        /* 800 ns an octet: the line carries just these */
        ck_assert_int_eq(server.at, 10 * SIM_MS + (sim_ns)cases[i].wire * 800);
    }
}
END_TEST

START_TEST(what_cannot_be_sent)
{
    struct net_stats stats;

    params.dont_fragment = true;
    open_socket();
    ck_assert_int_eq(say(&client, 1, 1472), UDP_SENT);
    ck_assert_int_eq(say(&client, 1, 1473), UDP_DONT_FRAGMENT);
    ck_assert_int_eq(say(&client, 1, UDP_MAX), UDP_DONT_FRAGMENT);
    ck_assert_int_eq(say(&client, 1, UDP_MAX + 1), UDP_TOO_LONG);
    ck_assert_str_eq(udp_result_name(UDP_DONT_FRAGMENT), "must not be fragmented");
    server.end = udp_peer(client.end);
    ck_assert_int_eq(say(&server, 1, 1), UDP_NO_PEER); /* nobody has accepted it yet */
    net_get_stats(net, &stats);
    ck_assert_uint_eq(stats.packets, 1);
    ck_assert_uint_eq(udp_datagrams_sent(client.end), 1);
    run();
    ck_assert_uint_eq(server.committed, 1);
}
END_TEST

/* What each datagram's fragments met, and when it came. */
#define MANY 4000
struct record {
    uint32_t fragments, delivered;
    sim_ns first, last; /* of the fragments' arrivals */
    sim_ns came;
    uint32_t times;
};
static struct record *records;

static void note_packet(struct udp_end *sender, const struct udp_packet *p)
{
    struct record *r = &records[p->datagram];

    (void)sender;
    r->fragments++;
    ck_assert_uint_le(p->fragments, 8);
    if (p->fate != NET_DELIVERED)
        return;
    if (!r->delivered++ || p->t_receive < r->first)
        r->first = p->t_receive;
    if (p->t_receive > r->last)
        r->last = p->t_receive;
}

static void note_prepare(struct udp_end *end, sim_ns now, struct span in)
{
    struct record *r;
    uint32_t id;

    (void)end;
    memcpy(&id, in.p, sizeof id);
    r = &records[id];
    if (!r->times++)
        r->came = now;
}

static void note_commit(struct udp_end *end, sim_ns now)
{
    (void)end;
    (void)now;
}

static const struct udp_ops noting = {
    .prepare = note_prepare, .commit = note_commit, .packet = note_packet};

static bool note_accept(struct udp_listener *l, struct udp_end *end, const struct udp_ops **o,
                        void **user)
{
    (void)l;
    (void)end;
    *o = &noting;
    *user = &server;
    return true;
}

/* MANY datagrams of n octets, one each `every`. */
struct source {
    struct sim_event ev;
    struct udp_end *end;
    uint32_t i;
    size_t n;
    sim_ns every;
};

static void source_commit(struct sim *s, struct sim_event *ev)
{
    struct source *src = (struct source *)ev;
    uint8_t octets[8192] = {0};

    memcpy(octets, &src->i, sizeof src->i);
    ck_assert_int_eq(udp_send(src->end, span_of(octets, src->n)), UDP_SENT);
    if (++src->i < MANY)
        sim_schedule(s, ev, sim_now(s) + src->every);
}

static const struct sim_event_ops source_ops = {"source", NULL, source_commit};

static void run_source(size_t n, sim_ns every)
{
    struct source src = {.n = n, .every = every};

    records = xcalloc(MANY, sizeof *records);
    open_socket();
    udp_release(client.end);
    listener.accept = note_accept;
    src.end = udp_open(net, &params, &route_up, &route_down, &listener, 1, &noting, &client);
    sim_event_init(&src.ev, &source_ops, NULL);
    sim_schedule(sim, &src.ev, 0);
    sim_run(sim, SIM_NEVER);
}

START_TEST(each_fragment_is_lost_by_itself)
{
    uint32_t whole = 0, partly = 0;

    config.loss.loss_good = 0.1;
    run_source(4000, 5 * SIM_MS);
    for (uint32_t i = 0; i < MANY; i++) {
        const struct record *r = &records[i];
        ck_assert_uint_eq(r->fragments, 3);
        ck_assert_uint_eq(r->times, r->delivered == 3);
        if (r->times)
            ck_assert_int_eq(r->came, r->last);
        whole += r->times;
        partly += r->delivered > 0 && r->delivered < 3;
    }
    /* 0.9^3 of 4,000: 2,916, standard deviation 28; 0.9^3 and 0.1^3 are no part */
    ck_assert_uint_ge(whole, 2916 - 4 * 28);
    ck_assert_uint_le(whole, 2916 + 4 * 28);
    ck_assert_uint_ge(partly, 1080 - 4 * 29);
    ck_assert_uint_le(partly, 1080 + 4 * 29);
    free(records);
}
END_TEST

START_TEST(order_is_not_kept)
{
    uint32_t overtaken = 0;

    config.reorder = 0.2;
    config.reorder_delay = 12 * SIM_MS;
    run_source(3000, 5 * SIM_MS);
    for (uint32_t i = 0; i < MANY; i++) {
        ck_assert_uint_eq(records[i].times, 1);
        ck_assert_int_eq(records[i].came, records[i].last); /* that of its last fragment */
        overtaken += i > 0 && records[i].came < records[i - 1].came;
    }
    ck_assert_uint_gt(overtaken, MANY / 10);
    free(records);
}
END_TEST

START_TEST(old_fragments_are_forgotten)
{
    uint32_t whole = 0, forgotten = 0;

    config.reorder = 0.3;
    config.reorder_delay = 3 * SIM_S;
    params.reassembly = 2 * SIM_S;
    run_source(2000, 5 * SIM_MS); /* two fragments: both in time, both late, or one of each */
    for (uint32_t i = 0; i < MANY; i++) {
        const struct record *r = &records[i];
        bool together = r->last - r->first <= 2 * SIM_S;
        ck_assert_uint_eq(r->delivered, 2);
        ck_assert_uint_eq(r->times, together);
        whole += together;
        forgotten += !together;
    }
    ck_assert_uint_gt(whole, MANY / 2); /* 0.58 */
    ck_assert_uint_gt(forgotten, MANY / 3);
    free(records);
}
END_TEST

START_TEST(duplicates_arrive)
{
    config.duplicate = 1;
    run_source(100, 5 * SIM_MS);
    for (uint32_t i = 0; i < MANY; i++)
        ck_assert_uint_eq(records[i].times, 2);
    free(records);
    teardown();
    setup();
    /* Of fragments: a b a b is the datagram twice; a a b b is it once, and a b too many. */
    config.duplicate = 1;
    run_source(2000, 5 * SIM_MS);
    for (uint32_t i = 0; i < MANY; i++)
        ck_assert_uint_eq(records[i].times, 1);
    free(records);
    teardown();
    setup();
    config.duplicate = 1;
    config.rate_bps = 0; /* copies go out together with the originals: at one instant, in order */
    config.latency = (struct dist){.kind = DIST_UNIFORM,
                                   .a = 1 * SIM_MS,
                                   .b = 50 * SIM_MS,
                                   .floor = SIM_MS,
                                   .ceiling = SIM_NEVER};
    config.keep_order = false;
    run_source(2000, 5 * SIM_MS);
    {
        uint32_t times[3] = {0};
        for (uint32_t i = 0; i < MANY; i++) {
            ck_assert_uint_ge(records[i].times, 1);
            ck_assert_uint_le(records[i].times, 2);
            times[records[i].times]++;
        }
        ck_assert_uint_gt(times[1], MANY / 10);
        ck_assert_uint_gt(times[2], MANY / 10);
    }
    free(records);
}
END_TEST

START_TEST(several_hops_and_none)
{
    struct net_hop second;
    struct net_hop_config slow = config;

    slow.rate_bps = 1000000;
    slow.overhead_octets = 2;
    open_socket();
    udp_release(client.end);
    net_hop_init(&second, &slow, 1, "second");
    route_up.hops[1] = &second;
    route_up.count = 2;
    client.end = udp_open(net, &params, &route_up, &route_down, &listener, 1, &ops, &client);
    say(&client, 1, 1953); /* fragments of 1,500 and 501 octets */
    run();
    /* The first is at the second hop after 10 ms and 1.2 ms; from then on that line is busy. */
    ck_assert_int_eq(server.at, 20 * SIM_MS + 1200 * SIM_US + 1502 * 8000 + 503 * 8000);
    ck_assert_int_eq(client.last.t_receive, server.at);
    udp_release(client.end);
    udp_release(server.end);
    route_up.count = 0;
    client.end = udp_open(net, &params, &route_up, &route_up, &listener, 1, &ops, &client);
    say(&client, 1, 3000);
    server.at = 0;
    {
        sim_ns now = sim_now(sim);
        run();
        ck_assert_int_eq(server.at, now);
    }
    ck_assert_uint_eq(server.committed, 2);
}
END_TEST

START_TEST(nobody_listens)
{
    open_socket();
    refusals = 1;
    say(&client, 1, 97);
    run();
    ck_assert_uint_eq(server.committed, 0);
    ck_assert_uint_eq(client.unreachable, 1);
    ck_assert_int_eq(client.unreachable_at, 20 * SIM_MS + 100 * SIM_US + UDP_ICMP * 800);
    ck_assert_ptr_null(udp_user(udp_peer(client.end)));
    say(&client, 1, 3000); /* the next is taken */
    run();
    ck_assert_uint_eq(server.committed, 1);
    ck_assert_uint_eq(client.unreachable, 1);
    listener.deaf = true;
    udp_vanish(server.end); /* the server lost its power */
    say(&client, 1, 97);
    run();
    ck_assert_uint_eq(client.unreachable, 1);
    ck_assert_uint_eq(server.committed, 1);
    listener.deaf = false; /* and is back, with nobody's state */
    say(&client, 9, 97);
    run();
    ck_assert_uint_eq(accepts, 3);
    ck_assert_uint_eq(server.committed, 2);
    ck_assert_uint_eq(server.first, 9);
    udp_release(server.end);
    refusals = 1;
    say(&client, 1, 97);
    run();
    ck_assert_uint_eq(client.unreachable, 2);
}
END_TEST

START_TEST(release_with_datagrams_in_flight)
{
    open_socket();
    say(&client, 1, 5000);
    say(&client, 2, 10);
    udp_release(client.end); /* what it said still arrives */
    run();
    ck_assert_uint_eq(server.committed, 2);
    ck_assert_int_eq(say(&server, 3, 5000), UDP_SENT);
    run();
    ck_assert_uint_eq(client.committed, 0);
    ck_assert_uint_eq(server.unreachable, 1); /* one datagram, one answer */
    say(&server, 3, 5000);
    udp_release(server.end);
    run();
    ck_assert_uint_eq(server.unreachable, 1);
}
END_TEST

START_TEST(vanished_without_a_word)
{
    open_socket();
    say(&client, 1, 10);
    run();
    udp_vanish(client.end);
    say(&server, 1, 10);
    run();
    ck_assert_uint_eq(server.unreachable, 0);
    ck_assert_uint_eq(client.committed, 0);
    ck_assert_int_eq(udp_send(client.end, span_of("x", 1)), UDP_NO_PEER);
    udp_release(server.end);
}
END_TEST

START_TEST(released_in_its_own_commit)
{
    open_socket();
    server.release = true;
    say(&client, 1, 10);
    say(&client, 2, 10);
    run();
    /* The second is a new peer to the listener. */
    ck_assert_uint_eq(accepts, 2);
    ck_assert_uint_eq(server.committed, 2);
    say(&client, 2, 3000);
    udp_release(client.end); /* the last of all: freed by the fragments' end */
    run();
    ck_assert_uint_eq(accepts, 3);
}
END_TEST

START_TEST(what_was_released_is_used_again)
{
    size_t before, after;

    open_socket();
    udp_release(client.end);
    for (int round = 0; round < 2; round++) {
        before = mallinfo2().uordblks;
        for (int i = 0; i < 5000; i++) {
            client.end =
                udp_open(net, &params, &route_up, &route_down, &listener, 1, &ops, &client);
            server.release = true;
            say(&client, 1, 20000);
            udp_release(client.end);
            run();
        }
        after = mallinfo2().uordblks;
    }
    ck_assert_uint_eq(server.committed, 10000);
    ck_assert_uint_le(after, before);
}
END_TEST

/* A closed association is there as long as something of it is under way. */
START_TEST(the_next_does_not_take_its_place)
{
    struct udp_end *next;

    open_socket();
    say(&client, 1, 97);
    udp_release(client.end);
    next = udp_open(net, &params, &route_up, &route_down, &listener, 40001, &ops, &client);
    run();
    ck_assert_uint_eq(server.committed, 1);
    ck_assert_uint_eq(udp_port(udp_peer(server.end)), 40000);
    ck_assert_ptr_null(udp_user(udp_peer(server.end)));
    ck_assert_ptr_eq(udp_user(next), &client);
    udp_release(server.end);
    udp_release(next);
}
END_TEST

START_TEST(freed_in_mid_flight)
{
    open_socket();
    say(&client, 1, 60000);
    sim_run(sim, 30 * SIM_MS); /* some fragments are there, the others on their way */
    ck_assert_uint_eq(server.committed, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("udp");
    TCase *t = tcase_create("all");
    SRunner *r;
    int failed;

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, there_and_back);
    tcase_add_test(t, fragments_are_counted);
    tcase_add_test(t, what_cannot_be_sent);
    tcase_add_test(t, each_fragment_is_lost_by_itself);
    tcase_add_test(t, order_is_not_kept);
    tcase_add_test(t, old_fragments_are_forgotten);
    tcase_add_test(t, duplicates_arrive);
    tcase_add_test(t, several_hops_and_none);
    tcase_add_test(t, nobody_listens);
    tcase_add_test(t, release_with_datagrams_in_flight);
    tcase_add_test(t, vanished_without_a_word);
    tcase_add_test(t, released_in_its_own_commit);
    tcase_add_test(t, what_was_released_is_used_again);
    tcase_add_test(t, the_next_does_not_take_its_place);
    tcase_add_test(t, freed_in_mid_flight);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
