#include "models/net/link.h"

#include <assert.h>

#include "models/net/net_impl.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"

/* Second half of the keys of a hop's two streams: "loss" and "time". */
#define KEY_FATE    UINT64_C(0x6c6f7373)
#define KEY_LATENCY UINT64_C(0x74696d65)

#define CHUNK_OCTETS 65536u

/* A packet in a hop's queue: who began to be transmitted when, so that the queue's octets are known
 * without an event for each departure. A ring; the hop points to the last. */
struct net_waiting {
    struct net_waiting *next;
    sim_ns begins; /* its transmission */
    uint32_t octets;
    uint32_t sum; /* octets that ever joined this ring up to and with this one, modulo 2^32 */
};

/* Sizes of packet objects: no payload, small ones, MSS 536, Ethernet's, then larger. */
static const uint32_t class_size[] = {192, 448, 832, 1792, 4608, 16896, 66560};
#define CLASSES (sizeof(class_size) / sizeof(class_size[0]))

struct chunk {
    struct chunk *next;
    uint32_t size, count;
    _Alignas(16) unsigned char objects[];
};

struct net {
    struct sim *sim;
    struct net_packet *spare[CLASSES];
    struct net_waiting *spare_waiting;
    struct chunk *chunks;         /* of packets */
    struct chunk *waiting_chunks; /* of net_waiting */
    struct net_stats stats;
    struct net_flows flows;
    const struct net_tap *tap;
};

static void hop_commit(struct sim *sim, struct sim_event *ev);
static const struct sim_event_ops hop_ops = {"hop", NULL, hop_commit};

/* ---- pool ---- */

static struct chunk *new_chunk(struct chunk **list, uint32_t size)
{
    uint32_t count = size < CHUNK_OCTETS ? CHUNK_OCTETS / size : 1;
    struct chunk *c = xcalloc(1, sizeof(*c) + (size_t)count * size);

    c->next = *list;
    c->size = size;
    c->count = count;
    *list = c;
    return c;
}

static void free_chunks(struct chunk *list)
{
    while (list) {
        struct chunk *next = list->next;

        free(list);
        list = next;
    }
}

static void push_spare(struct net *net, struct net_packet *p)
{
    p->next_spare = net->spare[p->size_class];
    net->spare[p->size_class] = p;
}

static void refill(struct net *net, unsigned k)
{
    struct chunk *c = new_chunk(&net->chunks, class_size[k]);

    for (uint32_t i = c->count; i > 0; i--) {
        struct net_packet *p = (void *)(c->objects + (size_t)(i - 1) * c->size);

        p->size_class = (uint8_t)k;
        push_spare(net, p);
    }
}

struct net_packet *net_packet_new(struct net *net, uint32_t size)
{
    struct net_packet *p;
    unsigned k = 0;

    while (class_size[k] < size) {
        k++;
        assert(k < CLASSES); /* flow_open holds the MSS below 64 KiB */
    }
    if (!net->spare[k])
        refill(net, k);
    p = net->spare[k];
    net->spare[k] = p->next_spare;
    *p = (struct net_packet){.net = net, .size = size, .size_class = (uint8_t)k};
    return p;
}

void net_packet_free(struct net_packet *p)
{
    push_spare(p->net, p);
}

/* ---- queue of a hop ---- */

static struct net_waiting *take_waiting(struct net *net)
{
    struct net_waiting *w;

    if (!net->spare_waiting) {
        struct chunk *c = new_chunk(&net->waiting_chunks, sizeof(*w));

        for (uint32_t i = c->count; i > 0; i--) {
            w = (void *)(c->objects + (size_t)(i - 1) * c->size);
            w->next = net->spare_waiting;
            net->spare_waiting = w;
        }
    }
    w = net->spare_waiting;
    net->spare_waiting = w->next;
    return w;
}

/* Forget what has left the queue. */
static void queue_advance(struct net *net, struct net_hop *hop, sim_ns now)
{
    while (hop->waiting && hop->waiting->next->begins <= now) {
        struct net_waiting *last = hop->waiting, *first = last->next;

        if (first == last)
            hop->waiting = NULL;
        else
            last->next = first->next;
        first->next = net->spare_waiting;
        net->spare_waiting = first;
    }
}

static uint32_t queue_octets(const struct net_hop *hop)
{
    const struct net_waiting *first;

    if (!hop->waiting)
        return 0;
    first = hop->waiting->next;
    return hop->waiting->sum - first->sum + first->octets;
}

static void queue_join(struct net *net, struct net_hop *hop, sim_ns begins, uint32_t octets)
{
    struct net_waiting *w = take_waiting(net), *last = hop->waiting;

    *w = (struct net_waiting){w, begins, octets, octets};
    if (last) {
        w->sum += last->sum;
        w->next = last->next;
        last->next = w;
    }
    hop->waiting = w;
}

/* ---- hops ---- */

/* Rounded up: a transmitter is not done before it is. */
static sim_ns serialisation(uint32_t octets, uint64_t rate_bps)
{
    if (rate_bps == 0)
        return 0;
    assert(octets <= UINT32_C(1) << 30); /* keeps the product in 64 bits */
    return (sim_ns)((octets * UINT64_C(8000000000) + rate_bps - 1) / rate_bps);
}

static sim_ns least_latency(const struct dist *d)
{
    switch (d->kind) {
    case DIST_CONSTANT:
    case DIST_UNIFORM:
    case DIST_EMPIRICAL: {
        sim_ns own = dist_default_floor(d);

        return own > d->floor ? sim_ns_min(own, d->ceiling) : d->floor;
    }
    case DIST_NORMAL:
    case DIST_LOGNORMAL:
    case DIST_EXPONENTIAL:
        break;
    }
    return d->floor;
}

sim_ns net_hop_min_delay(const struct net_hop_config *config, uint32_t smallest_octets)
{
    return sim_ns_add(least_latency(&config->latency),
                      serialisation(smallest_octets + config->overhead_octets, config->rate_bps));
}

void net_hop_init(struct net_hop *hop, const struct net_hop_config *config, uint64_t seed,
                  const char *name)
{
    struct rng r = rng_stream(seed, name, "hop");

    *hop = (struct net_hop){.config = config, .key = r.key[0]};
}

/* What befalls one packet: four draws of one block. */
struct chance {
    double step, loss, duplicate, reorder;
};

static void draw_chance(const struct net_hop *hop, struct chance *out)
{
    const uint64_t key[2] = {hop->key, KEY_FATE}, counter[4] = {hop->draws, 0, 0, 0};
    uint64_t x[4];

    rng_philox(key, counter, x);
    out->step = (double)(x[0] >> 11) * 0x1p-53;
    out->loss = (double)(x[1] >> 11) * 0x1p-53;
    out->duplicate = (double)(x[2] >> 11) * 0x1p-53;
    out->reorder = (double)(x[3] >> 11) * 0x1p-53;
}

static sim_ns draw_latency(const struct net_hop *hop, bool copy)
{
    struct rng r = {.key = {hop->key, KEY_LATENCY}, .counter = 2 * (uint64_t)hop->draws + copy};

    return dist_draw(&hop->config->latency, &r);
}

static bool is_lost(struct net_hop *hop, const struct chance *c)
{
    const struct net_loss *l = &hop->config->loss;

    if (l->p_bad_to_good > 0) /* Gilbert-Elliott: the state steps, then decides */
        hop->bad = hop->bad ? c->step >= l->p_bad_to_good : c->step < l->p_good_to_bad;
    return c->loss < (hop->bad ? l->loss_bad : l->loss_good);
}

/* Queue and transmitter. false: no room. */
static bool transmit(struct net *net, struct net_hop *hop, sim_ns now, uint32_t octets,
                     sim_ns *sent)
{
    const struct net_hop_config *config = hop->config;
    sim_ns begins = now;

    if (config->rate_bps == 0) {
        *sent = now;
        return true;
    }
    if (hop->free_at > now) {
        begins = hop->free_at;
        if (config->queue_octets) {
            queue_advance(net, hop, now);
            if ((uint64_t)queue_octets(hop) + octets > config->queue_octets)
                return false;
            queue_join(net, hop, begins, octets);
        }
    }
    hop->free_at = sim_ns_add(begins, serialisation(octets, config->rate_bps));
    *sent = hop->free_at;
    return true;
}

static void go(struct net_packet *p, sim_ns now, sim_ns arrival)
{
    bool last = p->hop + 1 >= p->route->count;

    if (last && p->carrier->planned && !p->duplicate)
        p->carrier->planned(p, now, arrival);
    if (last)
        sim_event_init(&p->ev, p->carrier->arrival, p->endpoint);
    else
        sim_event_init(&p->ev, &hop_ops, NULL);
    sim_event_set_weight(&p->ev, p->weight);
    sim_schedule(p->net->sim, &p->ev, arrival);
}

static void drop(struct net_packet *p, sim_ns now, enum net_fate fate)
{
    if (fate == NET_QUEUE_FULL)
        p->net->stats.queue_full++;
    else
        p->net->stats.lost++;
    p->carrier->dropped(p, now, fate);
}

static void send_copy(const struct net_packet *p, sim_ns now, sim_ns arrival)
{
    struct net_packet *copy = net_packet_new(p->net, p->size);
    uint8_t size_class = copy->size_class;

    memcpy(copy, p, p->size);
    copy->size_class = size_class;
    copy->duplicate = true;
    p->net->stats.duplicated++;
    p->carrier->copied(copy);
    go(copy, now, arrival);
}

static void enter_hop(struct net_packet *p, sim_ns now)
{
    struct net_hop *hop = p->route->hops[p->hop];
    const struct net_hop_config *config = hop->config;
    struct chance c = {1, 1, 1, 1};
    sim_ns sent, arrival, copy_arrival = SIM_NEVER;
    bool late;

    if (hop->down) {
        drop(p, now, NET_LINK_DOWN);
        return;
    }
    if (!transmit(p->net, hop, now, p->octets + config->overhead_octets, &sent)) {
        drop(p, now, NET_QUEUE_FULL);
        return;
    }
    if (config->loss.loss_good > 0 || config->loss.p_bad_to_good > 0 || config->duplicate > 0 ||
        config->reorder > 0)
        draw_chance(hop, &c);
    late = c.reorder < config->reorder;
    arrival = sim_ns_add(sent, draw_latency(hop, false));
    if (c.duplicate < config->duplicate && p->carrier->copied)
        copy_arrival = sim_ns_add(sent, draw_latency(hop, true));
    hop->draws++;
    if (is_lost(hop, &c)) {
        drop(p, now, NET_LOST);
        return;
    }
    if (late) {
        arrival = sim_ns_add(arrival, config->reorder_delay);
    } else if (config->keep_order) {
        if (arrival < hop->last_arrival)
            arrival = hop->last_arrival;
        hop->last_arrival = arrival;
    }
    go(p, now, arrival);
    if (copy_arrival != SIM_NEVER) /* a copy does not come before its original */
        send_copy(p, now, copy_arrival < arrival ? arrival : copy_arrival);
}

void net_packet_arrived(struct net_packet *p, sim_ns now)
{
    struct net_hop *hop = p->route->count ? p->route->hops[p->hop] : NULL;

    if (hop && hop->waiting)
        queue_advance(p->net, hop, now);
}

static void hop_commit(struct sim *sim, struct sim_event *ev)
{
    struct net_packet *p = (struct net_packet *)ev;

    net_packet_arrived(p, sim_now(sim));
    p->hop++;
    enter_hop(p, sim_now(sim));
}

void net_packet_send(struct net_packet *p)
{
    sim_ns now = sim_now(p->net->sim);

    p->net->stats.packets++;
    p->net->stats.octets += p->octets;
    if (p->route->count == 0)
        go(p, now, now);
    else
        enter_hop(p, now);
}

const char *net_fate_name(enum net_fate fate)
{
    static const char *const names[] = {"delivered", "lost", "queue full", "link down"};

    return names[fate];
}

/* ---- the network ---- */

struct net *net_new(struct sim *sim, uint64_t seed)
{
    struct net *net = xcalloc(1, sizeof(*net));

    (void)seed; /* all chance is the hops', which net_hop_init has keyed */
    net->sim = sim;
    return net;
}

void net_free(struct net *net)
{
    if (!net)
        return;
    if (net->flows.free_all)
        net->flows.free_all(&net->flows);
    for (const struct chunk *c = net->chunks; c; c = c->next) {
        for (uint32_t i = 0; i < c->count; i++)
            sim_cancel(net->sim, (void *)(uintptr_t)(c->objects + (size_t)i * c->size));
    }
    free_chunks(net->chunks);
    free_chunks(net->waiting_chunks);
    free(net);
}

void net_get_stats(const struct net *net, struct net_stats *out)
{
    *out = net->stats;
}

struct sim *net_sim(const struct net *net)
{
    return net->sim;
}

void net_set_tap(struct net *net, const struct net_tap *tap)
{
    net->tap = tap;
}

const struct net_tap *net_get_tap(const struct net *net)
{
    return net->tap;
}

struct net_flows *net_flows(struct net *net)
{
    return &net->flows;
}
