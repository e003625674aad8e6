/* Many associations with a heavy prepare, over lines that lose, duplicate and reorder: what
 * happens, and when, is the same for any number of threads; and TSan sees that a prepare touches
 * its own end only. */
#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/net/udp.h"
#include "sim/base/xalloc.h"

#define PAIRS   60
#define ROUNDS  25 /* datagrams that each client sends */
#define LONGEST 6000

struct side {
    struct udp_end *end;
    uint64_t digest; /* of the octets, the heavy part */
    uint32_t received;
    bool is_client;
};

struct pair {
    struct sim_event tick;
    struct net_hop up, down; /* own ones; the trunk is shared by all */
    struct side client, server;
    struct udp_listener listener;
    struct bench *bench;
    uint32_t rounds;
};

struct bench {
    struct sim *sim;
    struct net *net;
    struct net_hop trunk_up, trunk_down;
    struct udp_params params;
    struct pair pairs[PAIRS];
    uint64_t history; /* of every commit and packet: who, when, what */
    uint64_t answers;
};

static uint64_t mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 32;
}

static void on_prepare(struct udp_end *end, sim_ns now, struct span in)
{
    struct side *s = udp_user(end);
    uint64_t h = mix(s->digest, (uint64_t)now);

    for (int k = 0; k < 30; k++)
        for (size_t i = 0; i < in.n; i++)
            h = mix(h, in.p[i]);
    s->digest = h;
    s->received++;
}

static struct bench *bench_of(const struct side *s)
{
    const struct pair *p = s->is_client
                               ? (const void *)((const char *)s - offsetof(struct pair, client))
                               : (const void *)((const char *)s - offsetof(struct pair, server));

    return p->bench;
}

/* As long, and of such octets, as what came before says. */
static void say(struct side *s)
{
    uint8_t octets[LONGEST];
    size_t n = s->digest % LONGEST;

    for (size_t i = 0; i < n; i++)
        octets[i] = (uint8_t)(s->digest >> (i % 8 * 8));
    ck_assert_int_eq(udp_send(s->end, span_of(octets, n)), UDP_SENT);
}

static void on_commit(struct udp_end *end, sim_ns now)
{
    struct side *s = udp_user(end);
    struct bench *b = bench_of(s);

    b->history = mix(mix(b->history, (uint64_t)now), s->digest);
    if (s->is_client)
        b->answers++;
    else
        say(s);
    if (!s->is_client && s->received % 7 == 0)
        udp_release(end); /* the next one is a new peer */
}

static void on_packet(struct udp_end *sender, const struct udp_packet *p)
{
    struct bench *b = bench_of(udp_user(sender));

    b->history = mix(mix(b->history, (uint64_t)p->t_receive), p->fragment);
}

static const struct udp_ops ops = {.prepare = on_prepare, .commit = on_commit, .packet = on_packet};

static bool on_accept(struct udp_listener *l, struct udp_end *end, const struct udp_ops **o,
                      void **user)
{
    struct pair *p = l->user;

    p->server.end = end;
    *o = &ops;
    *user = &p->server;
    return true;
}

static void tick_commit(struct sim *sim, struct sim_event *ev)
{
    struct pair *p = (struct pair *)ev;
    struct bench *b = p->bench;
    struct net_route up = {.hops = {&p->up, &b->trunk_up}, .count = 2},
                     down = {.hops = {&b->trunk_down, &p->down}, .count = 2};

    if (!p->client.end)
        p->client.end = udp_open(b->net, &b->params, &up, &down, &p->listener, 1, &ops, &p->client);
    p->client.digest = mix(p->client.digest, p->rounds);
    say(&p->client);
    if (++p->rounds < ROUNDS)
        sim_schedule(sim, ev, sim_now(sim) + 11 * SIM_MS);
    else
        udp_release(p->client.end); /* with answers in flight */
}

static const struct sim_event_ops tick_ops = {"tick", NULL, tick_commit};

static const struct net_hop_config own = {
    .name = "own",
    .latency = {.kind = DIST_UNIFORM,
                .a = 5 * SIM_MS,
                .b = 25 * SIM_MS,
                .floor = 5 * SIM_MS,
                .ceiling = SIM_NEVER},
    .rate_bps = 20000000,
    .loss = {.loss_good = 0.02},
};
static const struct net_hop_config trunk = {
    .name = "trunk",
    .latency = {.kind = DIST_CONSTANT, .a = 5 * SIM_MS, .ceiling = SIM_NEVER},
    .keep_order = true,
    .rate_bps = 400000000,
    .queue_octets = 200000,
    .duplicate = 0.05,
};

struct outcome {
    uint64_t history, events, ahead, answers;
};

static struct outcome run(unsigned threads, uint64_t seed)
{
    struct sim_config c = {.threads = threads, .look_ahead = 5 * SIM_MS};
    struct bench *b = xcalloc(1, sizeof *b);
    struct sim_stats stats;
    struct outcome o;
    char name[32];

    b->sim = sim_new(&c);
    b->net = net_new(b->sim, seed);
    udp_params_default(&b->params);
    net_hop_init(&b->trunk_up, &trunk, seed, "trunk/up");
    net_hop_init(&b->trunk_down, &trunk, seed, "trunk/down");
    for (uint32_t i = 0; i < PAIRS; i++) {
        struct pair *p = &b->pairs[i];

        snprintf(name, sizeof name, "pair-%u/up", i);
        net_hop_init(&p->up, &own, seed, name);
        snprintf(name, sizeof name, "pair-%u/down", i);
        net_hop_init(&p->down, &own, seed, name);
        p->bench = b;
        p->client.is_client = true;
        p->client.digest = i;
        p->listener = (struct udp_listener){.port = 5684, .accept = on_accept, .user = p};
        sim_event_init(&p->tick, &tick_ops, NULL);
        sim_schedule(b->sim, &p->tick, (sim_ns)(i % 7) * SIM_MS);
    }
    sim_run(b->sim, SIM_NEVER);
    sim_get_stats(b->sim, &stats);
    o = (struct outcome){b->history, stats.events, stats.prepared_ahead, b->answers};
    net_free(b->net);
    sim_free(b->sim);
    free(b);
    return o;
}

START_TEST(threads_change_nothing)
{
    struct outcome one = run(1, (uint64_t)_i), four = run(4, (uint64_t)_i);

    ck_assert_uint_gt(one.answers, PAIRS * ROUNDS / 2);
    ck_assert_uint_eq(one.answers, four.answers);
    ck_assert_uint_eq(one.history, four.history);
    ck_assert_uint_eq(one.events, four.events);
    ck_assert_uint_eq(one.ahead, four.ahead);
    ck_assert_uint_gt(four.ahead, PAIRS * 4); /* so there was something to do in parallel */
}
END_TEST

START_TEST(the_seed_changes_it)
{
    ck_assert_uint_ne(run(1, 1).history, run(1, 2).history);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("threads_udp");
    TCase *t = tcase_create("all");
    SRunner *r;
    int failed;

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, threads_change_nothing, 0, 3);
    tcase_add_test(t, the_seed_changes_it);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
