/* Hops and messages: rate, queue, loss, order, chance; all on the engine. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/net/link.h"
#include "sim/base/rng.h"
#include "sim/base/xalloc.h"

#define MANY 200000

static struct sim *sim;
static struct net *net;
static struct net_hop_config config;

/* What became of the i-th message. */
struct fate {
    sim_ns at; /* 0: nothing yet */
    bool lost;
    uint32_t order;
};
static struct fate *fates;
static uint32_t happened;

static void setup(void)
{
    struct sim_config c = {.threads = 1, .look_ahead = SIM_MS};

    sim = sim_new(&c);
    net = net_new(sim, 1);
    config = (struct net_hop_config){
        .name = "hop", .latency = dist_constant(10 * SIM_MS), .keep_order = true};
    fates = xcalloc(MANY, sizeof *fates);
    happened = 0;
}

static void teardown(void)
{
    net_free(net);
    sim_free(sim);
    free(fates);
}

static void delivered(void *arg)
{
    struct fate *f = arg;

    ck_assert_uint_eq(f->order, 0);
    f->at = sim_now(sim);
    f->order = ++happened;
}

static void was_lost(void *arg)
{
    ((struct fate *)arg)->lost = true;
    delivered(arg);
}

static void send(const struct net_route *r, uint32_t octets, void (*lost)(void *), void *arg)
{
    net_send_message(
        net, r,
        &(struct net_message){.octets = octets, .deliver = delivered, .lost = lost, .arg = arg});
}

static struct net_route route_of(struct net_hop *a, struct net_hop *b)
{
    struct net_route r = {.hops = {a, b}, .count = b ? 2 : 1};

    return r;
}

static void send_at_once(struct net_hop *hop, uint32_t n, uint32_t octets)
{
    struct net_route r = route_of(hop, NULL);

    for (uint32_t i = 0; i < n; i++)
        send(&r, octets, was_lost, &fates[i]);
}

/* One message each `every`, from now on. */
struct source {
    struct sim_event ev;
    struct net_route route;
    uint32_t i, n, octets;
    sim_ns every;
};

static void source_commit(struct sim *s, struct sim_event *ev)
{
    struct source *src = (struct source *)ev;

    send(&src->route, src->octets, was_lost, &fates[src->i++]);
    if (src->i < src->n)
        sim_schedule(s, ev, sim_now(s) + src->every);
}

static const struct sim_event_ops source_ops = {"source", NULL, source_commit};

static void run_source(struct net_hop *hop, uint32_t n, uint32_t octets, sim_ns every)
{
    struct source src = {.route = route_of(hop, NULL), .n = n, .octets = octets, .every = every};

    sim_event_init(&src.ev, &source_ops, NULL);
    sim_schedule(sim, &src.ev, sim_now(sim));
    sim_run(sim, SIM_NEVER);
    ck_assert_uint_eq(happened, n);
}

static uint32_t count_lost(uint32_t n)
{
    uint32_t lost = 0;

    for (uint32_t i = 0; i < n; i++)
        lost += fates[i].lost;
    return lost;
}

START_TEST(a_rate_spaces_packets)
{
    struct net_hop hop;

    config.rate_bps = 10000000;
    config.overhead_octets = 2;
    net_hop_init(&hop, &config, 1, "h");
    send_at_once(&hop, 5, 98); /* 100 octets: 80 us */
    ck_assert_uint_eq(happened, 0);
    sim_run(sim, SIM_NEVER);
    for (uint32_t i = 0; i < 5; i++)
        ck_assert_int_eq(fates[i].at, 10 * SIM_MS + (i + 1) * 80 * SIM_US);
}
END_TEST

START_TEST(serialisation_is_rounded_up)
{
    struct net_hop hop;

    config.rate_bps = 7000;
    net_hop_init(&hop, &config, 1, "h");
    send_at_once(&hop, 1, 1); /* 8/7 ms */
    sim_run(sim, SIM_NEVER);
    ck_assert_int_eq(fates[0].at, 10 * SIM_MS + 1142858);
}
END_TEST

START_TEST(no_rate_no_wait)
{
    struct net_hop hop;

    net_hop_init(&hop, &config, 1, "h");
    send_at_once(&hop, 3, 1000);
    sim_run(sim, SIM_NEVER);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_int_eq(fates[i].at, 10 * SIM_MS);
}
END_TEST

START_TEST(the_least_delay)
{
    config.rate_bps = 10000000;
    config.overhead_octets = 2;
    ck_assert_int_eq(net_hop_min_delay(&config, 52), 10 * SIM_MS + 54 * 800);
    config.latency =
        (struct dist){.kind = DIST_UNIFORM, .a = 5 * SIM_MS, .b = 9 * SIM_MS, .ceiling = SIM_NEVER};
    ck_assert_int_eq(net_hop_min_delay(&config, 0), 5 * SIM_MS + 2 * 800);
    config.latency.floor = 6 * SIM_MS;
    ck_assert_int_eq(net_hop_min_delay(&config, 0), 6 * SIM_MS + 2 * 800);
    config.latency = (struct dist){
        .kind = DIST_EXPONENTIAL, .a = 5 * SIM_MS, .floor = 2 * SIM_MS, .ceiling = SIM_NEVER};
    config.rate_bps = 0;
    ck_assert_int_eq(net_hop_min_delay(&config, 52), 2 * SIM_MS);
}
END_TEST

/* The queue's limit is of what waits; the one in transmission does not count. */
START_TEST(the_queue_drops_exactly_what_does_not_fit)
{
    struct net_hop hop;
    struct net_stats stats;

    config.rate_bps = 8000; /* an octet a millisecond */
    config.queue_octets = 350;
    net_hop_init(&hop, &config, 1, "h");
    send_at_once(&hop, 6, 100);
    sim_run(sim, SIM_NEVER);
    net_get_stats(net, &stats);
    ck_assert_uint_eq(stats.queue_full, 2);
    ck_assert_uint_eq(stats.packets, 6);
    for (uint32_t i = 0; i < 6; i++)
        ck_assert_int_eq(fates[i].lost, i >= 4);
    /* Told of the loss at once, but not within the call. */
    ck_assert_int_eq(fates[5].at, 0);
    ck_assert_int_eq(fates[3].at, 410 * SIM_MS);
}
END_TEST

struct later {
    struct sim_event ev;
    struct net_hop *hop;
    uint32_t i, octets;
};

static void later_commit(struct sim *s, struct sim_event *ev)
{
    struct later *l = (struct later *)ev;
    struct net_route r = route_of(l->hop, NULL);

    (void)s;
    send(&r, l->octets, was_lost, &fates[l->i]);
}

static const struct sim_event_ops later_ops = {"later", NULL, later_commit};

/* Packets of different sizes: at each moment the queue holds what has not begun to be sent. */
START_TEST(the_queue_empties_packet_by_packet)
{
    static const struct {
        sim_ns at;
        uint32_t octets;
        bool lost;
    } steps[] = {
        {0, 300, false},   /* transmitted 0..300 ms */
        {0, 100, false},   /* waits: 100, until 300 ms */
        {0, 200, false},   /* 300: full; waits until 400 ms */
        {0, 1, true},      /* full to the octet */
        {299, 1, true},    /* the first is still on its way out */
        {300, 100, false}, /* the second began: 200 wait, now 300 */
        {399, 1, true},
        {400, 200, false}, /* the third (200) began: 100 wait, now 300 */
        {400, 1, true},
        {900, 300, false}, /* all was gone at 900: nothing waits, it is transmitted */
        {900, 300, false},
        {900, 1, true},
    };
    enum { N = sizeof steps / sizeof steps[0] };
    struct later l[N];
    struct net_hop hop;

    config.rate_bps = 8000;
    config.queue_octets = 300;
    net_hop_init(&hop, &config, 1, "h");
    for (uint32_t i = 0; i < N; i++) {
        l[i] = (struct later){.hop = &hop, .i = i, .octets = steps[i].octets};
        sim_event_init(&l[i].ev, &later_ops, NULL);
        sim_schedule(sim, &l[i].ev, steps[i].at * SIM_MS);
    }
    sim_run(sim, SIM_NEVER);
    for (uint32_t i = 0; i < N; i++)
        ck_assert_msg(fates[i].lost == steps[i].lost, "step %u", i);
    ck_assert_ptr_null(hop.waiting);
}
END_TEST

START_TEST(a_bernoulli_hop_loses_its_share)
{
    struct net_hop hop;
    struct net_stats stats;
    double share;

    config.loss.loss_good = 0.03;
    net_hop_init(&hop, &config, 1, "h");
    run_source(&hop, MANY, 100, SIM_US);
    share = (double)count_lost(MANY) / MANY;
    ck_assert_double_eq_tol(share, 0.03, 4 * sqrt(0.03 * 0.97 / MANY));
    net_get_stats(net, &stats);
    ck_assert_uint_eq(stats.lost, count_lost(MANY));
    ck_assert_uint_eq(stats.octets, UINT64_C(100) * MANY);
}
END_TEST

/* Gilbert-Elliott: P(bad) = g / (g + b); bursts of mean length 1 / b when all is lost in them. */
START_TEST(gilbert_elliott_has_its_stationary_loss_and_bursts)
{
    const double g = 0.01, b = 0.2;
    uint32_t bursts = 0;
    struct net_hop hop;
    double share;

    config.loss = (struct net_loss){.loss_bad = 1, .p_good_to_bad = g, .p_bad_to_good = b};
    net_hop_init(&hop, &config, 1, "h");
    run_source(&hop, MANY, 100, SIM_US);
    share = (double)count_lost(MANY) / MANY;
    ck_assert_double_eq_tol(share, g / (g + b), 0.05 * g / (g + b));
    for (uint32_t i = 1; i < MANY; i++)
        bursts += fates[i].lost && !fates[i - 1].lost;
    ck_assert_double_eq_tol((double)count_lost(MANY) / bursts, 1 / b, 0.05 / b);
}
END_TEST

static void jitter(void)
{
    config.latency = (struct dist){.kind = DIST_UNIFORM,
                                   .a = 10 * SIM_MS,
                                   .b = 30 * SIM_MS,
                                   .floor = 10 * SIM_MS,
                                   .ceiling = SIM_NEVER};
}

static uint32_t overtakings(uint32_t n)
{
    uint32_t count = 0;

    for (uint32_t i = 1; i < n; i++)
        count += fates[i].order < fates[i - 1].order;
    return count;
}

START_TEST(keep_order_keeps_it_and_without_it_jitter_does_not)
{
    struct net_hop hop;
    double sum = 0;

    config.keep_order = _i;
    jitter();
    net_hop_init(&hop, &config, 1, "h");
    run_source(&hop, 20000, 100, SIM_MS);
    if (_i) {
        ck_assert_uint_eq(overtakings(20000), 0);
        return;
    }
    ck_assert_uint_gt(overtakings(20000), 5000);
    for (uint32_t i = 0; i < 20000; i++) {
        sim_ns took = fates[i].at - (sim_ns)i * SIM_MS;

        ck_assert_int_ge(took, 10 * SIM_MS);
        ck_assert_int_le(took, 30 * SIM_MS);
        sum += (double)took;
    }
    ck_assert_double_eq_tol(sum / 20000, 20e6, 0.2e6);
}
END_TEST

START_TEST(reordering_delays_a_share)
{
    uint32_t late = 0;
    struct net_hop hop;

    config.reorder = 0.1;
    config.reorder_delay = 5 * SIM_MS;
    net_hop_init(&hop, &config, 1, "h");
    run_source(&hop, 20000, 100, SIM_MS);
    for (uint32_t i = 0; i < 20000; i++) {
        sim_ns took = fates[i].at - (sim_ns)i * SIM_MS;

        ck_assert(took == 10 * SIM_MS || took == 15 * SIM_MS);
        late += took == 15 * SIM_MS;
    }
    ck_assert_double_eq_tol(late / 20000.0, 0.1, 0.01);
    ck_assert_uint_gt(overtakings(20000), 1000);
}
END_TEST

START_TEST(a_hop_that_is_down_loses_everything)
{
    struct net_hop hop;

    net_hop_init(&hop, &config, 1, "h");
    hop.down = 1;
    send_at_once(&hop, 3, 100);
    sim_run(sim, SIM_NEVER);
    ck_assert_uint_eq(count_lost(3), 3);
    hop.down = 0;
    happened = 0;
    memset(fates, 0, 3 * sizeof *fates);
    send_at_once(&hop, 3, 100);
    sim_run(sim, SIM_NEVER);
    ck_assert_uint_eq(count_lost(3), 0);
    ck_assert_str_eq(net_fate_name(NET_LINK_DOWN), "link down");
}
END_TEST

/* Store and forward: each hop has its own transmitter. */
START_TEST(two_hops_add_up)
{
    struct net_hop_config second = config;
    struct net_hop a, b;
    struct net_route r = route_of(&a, &b);

    config.rate_bps = 8000000; /* an octet a microsecond */
    second.rate_bps = 4000000;
    second.latency = dist_constant(SIM_MS);
    net_hop_init(&a, &config, 1, "a");
    net_hop_init(&b, &second, 1, "b");
    for (uint32_t i = 0; i < 3; i++)
        send(&r, 100, was_lost, &fates[i]);
    sim_run(sim, SIM_NEVER);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_int_eq(fates[i].at, 11 * SIM_MS + (100 + 200 * (i + 1)) * SIM_US);
}
END_TEST

START_TEST(a_loss_on_the_second_hop_is_told)
{
    struct net_hop a, b;
    struct net_route r = route_of(&a, &b);

    net_hop_init(&a, &config, 1, "a");
    net_hop_init(&b, &config, 1, "b");
    b.down = 1;
    send(&r, 100, was_lost, &fates[0]);
    send(&r, 100, NULL, &fates[1]);
    sim_run(sim, SIM_NEVER);
    ck_assert(fates[0].lost);
    ck_assert_int_eq(fates[0].at, 10 * SIM_MS);
    ck_assert_uint_eq(happened, 1);
}
END_TEST

START_TEST(no_hop_delivers_at_this_instant)
{
    struct net_route here = {.count = 0};

    send(&here, 100, was_lost, &fates[0]);
    ck_assert_uint_eq(happened, 0);
    ck_assert_int_eq(sim_run(sim, SIM_NEVER), SIM_END_EMPTY);
    ck_assert_uint_eq(happened, 1);
    ck_assert(!fates[0].lost);
}
END_TEST

static uint64_t fingerprint(uint64_t seed, const char *name, bool with_neighbour)
{
    struct net_hop hop, other;
    struct net_route r;
    uint64_t h = 1469598103934665603u;

    jitter();
    config.loss.loss_good = 0.1;
    config.keep_order = false;
    net_hop_init(&hop, &config, seed, name);
    net_hop_init(&other, &config, seed, "other");
    happened = 0;
    memset(fates, 0, MANY * sizeof *fates);
    r = route_of(&other, NULL);
    if (with_neighbour)
        for (uint32_t i = 0; i < 77; i++)
            send(&r, 100, was_lost, &fates[MANY - 1 - i]);
    r = route_of(&hop, NULL);
    for (uint32_t i = 0; i < 1000; i++)
        send(&r, 100, was_lost, &fates[i]);
    sim_ns start = sim_now(sim);
    sim_run(sim, SIM_NEVER);
    for (uint32_t i = 0; i < 1000; i++)
        h = (h ^ (uint64_t)(fates[i].at - start) ^ (uint64_t)fates[i].lost << 60) * 1099511628211u;
    return h;
}

START_TEST(chance_follows_seed_and_name_alone)
{
    uint64_t h = fingerprint(1, "a", false);

    ck_assert_uint_eq(fingerprint(1, "a", false), h);
    ck_assert_uint_eq(fingerprint(1, "a", true), h);
    ck_assert_uint_ne(fingerprint(2, "a", false), h);
    ck_assert_uint_ne(fingerprint(1, "b", false), h);
}
END_TEST

/* Nothing is left allocated (the sanitizer looks) when a network ends with packets on their way. */
START_TEST(a_network_can_end_in_the_middle)
{
    struct net_hop hop;

    config.rate_bps = 8000;
    config.queue_octets = 100000;
    net_hop_init(&hop, &config, 1, "h");
    send_at_once(&hop, 100, 100);
    sim_run(sim, SIM_S);
    ck_assert_uint_gt(happened, 0);
    ck_assert_uint_lt(happened, 100);
}
END_TEST

START_TEST(a_hop_is_small)
{
    ck_assert_uint_le(sizeof(struct net_hop), 48);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("link");
    TCase *t = tcase_create("all");
    SRunner *r;
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_rate_spaces_packets);
    tcase_add_test(t, serialisation_is_rounded_up);
    tcase_add_test(t, no_rate_no_wait);
    tcase_add_test(t, the_least_delay);
    tcase_add_test(t, the_queue_drops_exactly_what_does_not_fit);
    tcase_add_test(t, the_queue_empties_packet_by_packet);
    tcase_add_test(t, a_bernoulli_hop_loses_its_share);
    tcase_add_test(t, gilbert_elliott_has_its_stationary_loss_and_bursts);
    tcase_add_loop_test(t, keep_order_keeps_it_and_without_it_jitter_does_not, 0, 2);
    tcase_add_test(t, reordering_delays_a_share);
    tcase_add_test(t, a_hop_that_is_down_loses_everything);
    tcase_add_test(t, two_hops_add_up);
    tcase_add_test(t, a_loss_on_the_second_hop_is_told);
    tcase_add_test(t, a_loss_on_the_second_hop_is_told);
    tcase_add_test(t, no_hop_delivers_at_this_instant);
    tcase_add_test(t, chance_follows_seed_and_name_alone);
    tcase_add_test(t, a_network_can_end_in_the_middle);
    tcase_add_test(t, a_hop_is_small);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
