/* What a TCP exchange costs: N devices, each with its own hops, connect, send 1,000 octets, read an
 * answer of 3,000, and close. The parameters are those of the ns-3 yardstick (README of
 * models/net). Prints CPU microseconds and events a device. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "models/net/flow.h"
#include "sim/base/xalloc.h"

#define REQUEST 1000
#define ANSWER  3000

struct device {
    struct sim_event start;
    struct net_hop up, down;
    struct flow_end *end;
    size_t received;
    sim_ns began;
};

struct server_end {
    size_t received;
};

struct bench {
    struct sim *sim;
    struct net *net;
    struct tcp_params tcp;
    struct flow_listener listener;
    struct device *devices;
    struct server_end *ends;
    uint32_t accepted, done, closed;
    sim_ns last_took;
};

static struct bench b;
static const uint8_t zeros[ANSWER];

static void device_prepare(struct flow_end *end, sim_ns now, struct span octets)
{
    (void)now;
    ((struct device *)flow_user(end))->received += octets.n;
}

static void device_commit(struct flow_end *end, sim_ns now)
{
    struct device *d = flow_user(end);

    if (d->received < ANSWER)
        return;
    b.done++;
    b.last_took = now - d->began;
    flow_shutdown(end);
}

static void device_event(struct flow_end *end, sim_ns now, enum flow_event event)
{
    (void)now;
    if (event == FLOW_OPENED) {
        flow_write(end, span_of(zeros, REQUEST));
    } else if (event == FLOW_ENDED) {
        b.closed += flow_status(end) == TCP_FINISHED;
        flow_release(end);
    }
}

static const struct flow_ops device_ops = {
    .prepare = device_prepare, .commit = device_commit, .event = device_event};

static void server_prepare(struct flow_end *end, sim_ns now, struct span octets)
{
    (void)now;
    ((struct server_end *)flow_user(end))->received += octets.n;
}

static void server_commit(struct flow_end *end, sim_ns now)
{
    (void)now;
    if (((struct server_end *)flow_user(end))->received == REQUEST)
        flow_write(end, span_of(zeros, ANSWER));
}

static void server_event(struct flow_end *end, sim_ns now, enum flow_event event)
{
    (void)now;
    if (event == FLOW_PEER_FINISHED)
        flow_shutdown(end);
    else if (event == FLOW_ENDED)
        flow_release(end);
}

static const struct flow_ops server_ops = {
    .prepare = server_prepare, .commit = server_commit, .event = server_event};

static bool accept_device(struct flow_listener *l, struct flow_end *end,
                          const struct flow_ops **ops, void **user)
{
    (void)l;
    (void)end;
    *ops = &server_ops;
    *user = &b.ends[b.accepted++];
    return true;
}

static void start_commit(struct sim *sim, struct sim_event *ev)
{
    struct device *d = (struct device *)ev;
    struct net_route up = {.hops = {&d->up}, .count = 1};
    struct net_route down = {.hops = {&d->down}, .count = 1};

    d->began = sim_now(sim);
    d->end = flow_open(b.net, &b.tcp, &up, &down, &b.listener, &device_ops, d);
}

static const struct sim_event_ops start_ops = {"start", NULL, start_commit};

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 20000;
    struct net_hop_config hop = {
        .name = "access",
        .latency = dist_constant(20 * SIM_MS),
        .keep_order = true,
        .rate_bps = 10000000,
        .overhead_octets = 2,
    };
    struct sim_config config = {.threads = 1};
    struct sim_stats stats;
    double before, spent;
    char name[32];

    if (n == 0) {
        fprintf(stderr, "usage: bench_tcp [DEVICES]\n");
        return 2;
    }
    tcp_params_ns3(&b.tcp);
    config.look_ahead = net_hop_min_delay(&hop, b.tcp.header);
    b.sim = sim_new(&config);
    b.net = net_new(b.sim, 1);
    b.listener.accept = accept_device;
    b.devices = xcalloc(n, sizeof(*b.devices));
    b.ends = xcalloc(n, sizeof(*b.ends));
    for (uint32_t i = 0; i < n; i++) {
        struct device *d = &b.devices[i];

        snprintf(name, sizeof(name), "device-%u/up", i);
        net_hop_init(&d->up, &hop, 1, name);
        snprintf(name, sizeof(name), "device-%u/down", i);
        net_hop_init(&d->down, &hop, 1, name);
        sim_event_init(&d->start, &start_ops, NULL);
        sim_schedule(b.sim, &d->start, (sim_ns)i * SIM_MS + (sim_ns)(i * 7919 % 1000) * SIM_US);
    }
    before = cpu_seconds();
    sim_run(b.sim, SIM_NEVER);
    spent = cpu_seconds() - before;
    sim_get_stats(b.sim, &stats);
    printf("%u devices: %.2f us CPU a device, %.1f events a device, %.3f us an event; "
           "%u answered, %u closed, the last answer after %.4f ms\n",
           n, spent * 1e6 / n, (double)stats.events / n, spent * 1e6 / (double)stats.events, b.done,
           b.closed, (double)b.last_took * 1e-6);
    net_free(b.net);
    sim_free(b.sim);
    free(b.devices);
    free(b.ends);
    return b.done == n && b.closed == n ? 0 : 1;
}
