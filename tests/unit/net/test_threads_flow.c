/* Many flows with a heavy prepare: what happens, and when, is the same for any number of threads;
 * and TSan sees that a prepare touches its own end only. */
#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/net/flow.h"
#include "sim/base/rng.h"
#include "sim/base/xalloc.h"

#define FLOWS   60
#define ROUNDS  4 /* requests and answers a flow */
#define REQUEST 3000
#define ANSWER  7000

struct side {
    struct flow_end *end;
    uint64_t digest; /* of the octets, the heavy part */
    uint32_t received, rounds;
    bool is_client;
};

struct pair {
    struct sim_event start;
    struct net_hop up, down; /* own ones; the trunk is shared by all */
    struct side client, server;
    struct flow_listener listener;
    struct bench *bench;
};

struct bench {
    struct sim *sim;
    struct net *net;
    struct net_hop trunk_up, trunk_down;
    struct tcp_params params;
    struct pair pairs[FLOWS];
    uint64_t history; /* of every commit: who, when, what */
    uint32_t finished;
};

static uint64_t mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 32;
}

static void on_prepare(struct flow_end *end, sim_ns now, struct span in)
{
    struct side *s = flow_user(end);
    uint64_t h = mix(s->digest, (uint64_t)now);

    for (int k = 0; k < 30; k++)
        for (size_t i = 0; i < in.n; i++)
            h = mix(h, in.p[i]);
    s->digest = h;
    s->received += (uint32_t)in.n;
}

static struct bench *bench_of(const struct side *s)
{
    const struct pair *p = s->is_client
                               ? (const void *)((const char *)s - offsetof(struct pair, client))
                               : (const void *)((const char *)s - offsetof(struct pair, server));

    return p->bench;
}

static void say(struct side *s, uint32_t n)
{
    uint8_t octets[ANSWER];

    for (uint32_t i = 0; i < n; i++)
        octets[i] = (uint8_t)(s->digest >> (i % 8 * 8));
    ck_assert(flow_write(s->end, span_of(octets, n)));
}

static void on_commit(struct flow_end *end, sim_ns now)
{
    struct side *s = flow_user(end);
    struct bench *b = bench_of(s);
    uint32_t whole = s->is_client ? ANSWER : REQUEST;

    b->history = mix(mix(b->history, (uint64_t)now), s->digest);
    if (s->received < whole)
        return;
    s->received -= whole;
    if (!s->is_client)
        say(s, ANSWER);
    else if (++s->rounds < ROUNDS)
        say(s, REQUEST);
    else
        flow_shutdown(end);
}

static void on_event(struct flow_end *end, sim_ns now, enum flow_event event)
{
    struct side *s = flow_user(end);
    struct bench *b = bench_of(s);

    b->history = mix(mix(b->history, (uint64_t)now), (uint64_t)event);
    switch (event) {
    case FLOW_OPENED:
        if (s->is_client)
            say(s, REQUEST);
        break;
    case FLOW_PEER_FINISHED:
        flow_shutdown(end);
        break;
    case FLOW_ENDED:
        b->finished += flow_status(end) == TCP_FINISHED;
        b->history = mix(b->history, flow_octets_sent(end));
        flow_release(end);
        break;
    }
}

static const struct flow_ops ops = {.prepare = on_prepare, .commit = on_commit, .event = on_event};

static bool on_accept(struct flow_listener *l, struct flow_end *end, const struct flow_ops **o,
                      void **user)
{
    struct pair *p = l->user;

    p->server.end = end;
    *o = &ops;
    *user = &p->server;
    return true;
}

static void start_commit(struct sim *sim, struct sim_event *ev)
{
    struct pair *p = (struct pair *)ev;
    struct bench *b = p->bench;
    struct net_route up = {.hops = {&p->up, &b->trunk_up}, .count = 2},
                     down = {.hops = {&b->trunk_down, &p->down}, .count = 2};

    (void)sim;
    p->client.end = flow_open(b->net, &b->params, &up, &down, &p->listener, &ops, &p->client);
}

static const struct sim_event_ops start_ops = {"start", NULL, start_commit};

static const struct net_hop_config own = {
    .name = "own",
    .latency = {.kind = DIST_UNIFORM,
                .a = 5 * SIM_MS,
                .b = 25 * SIM_MS,
                .floor = 5 * SIM_MS,
                .ceiling = SIM_NEVER},
    .keep_order = true,
    .rate_bps = 2000000,
    .loss = {.loss_good = 0.02},
};
static const struct net_hop_config trunk = {
    .name = "trunk",
    .latency = {.kind = DIST_CONSTANT, .a = 5 * SIM_MS, .ceiling = SIM_NEVER},
    .keep_order = true,
    .rate_bps = 40000000,
    .queue_octets = 60000,
    .duplicate = 0.01,
};

struct outcome {
    uint64_t history, events, ahead;
    uint32_t finished;
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
    tcp_params_default(&b->params);
    net_hop_init(&b->trunk_up, &trunk, seed, "trunk/up");
    net_hop_init(&b->trunk_down, &trunk, seed, "trunk/down");
    for (uint32_t i = 0; i < FLOWS; i++) {
        struct pair *p = &b->pairs[i];

        snprintf(name, sizeof name, "pair-%u/up", i);
        net_hop_init(&p->up, &own, seed, name);
        snprintf(name, sizeof name, "pair-%u/down", i);
        net_hop_init(&p->down, &own, seed, name);
        p->bench = b;
        p->client.is_client = true;
        p->listener = (struct flow_listener){.accept = on_accept, .user = p};
        sim_event_init(&p->start, &start_ops, NULL);
        sim_schedule(b->sim, &p->start, (sim_ns)(i % 7) * SIM_MS);
    }
    sim_run(b->sim, SIM_NEVER);
    sim_get_stats(b->sim, &stats);
    o = (struct outcome){b->history, stats.events, stats.prepared_ahead, b->finished};
    net_free(b->net);
    sim_free(b->sim);
    free(b);
    return o;
}

START_TEST(threads_change_nothing)
{
    struct outcome one = run(1, (uint64_t)_i), four = run(4, (uint64_t)_i);

    ck_assert_uint_eq(one.finished, 2 * FLOWS);
    ck_assert_uint_eq(four.finished, 2 * FLOWS);
    ck_assert_uint_eq(one.history, four.history);
    ck_assert_uint_eq(one.events, four.events);
    ck_assert_uint_eq(one.ahead, four.ahead);
    ck_assert_uint_gt(four.ahead, FLOWS * 4); /* so there was something to do in parallel */
}
END_TEST

START_TEST(the_seed_changes_it)
{
    ck_assert_uint_ne(run(1, 1).history, run(1, 2).history);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("threads_flow");
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
