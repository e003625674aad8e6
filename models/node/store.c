/* What waits at a gateway for the NSCL: by category, bounded in number and octets, until the NSCL
 * has acknowledged it (etsi-m2m.md 8.1: etsiM2mSpPolicy). */
#include "models/node/gateway.h"

#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

static const struct cfg_device *config(const struct gateway *g)
{
    return g->dev->population->config->device;
}

static struct deployment *deployment_of(const struct gateway *g)
{
    return device_deployment(g->dev);
}

/* ---- cost ---- */

static void add_difference(struct delivery_cost *sum, const struct delivery_cost *now,
                           const struct delivery_cost *before)
{
    for (size_t i = 0; i < LEDGER_PARTS; i++)
        sum->parts[i] += now->parts[i] - before->parts[i];
    sum->device_ns += now->device_ns - before->device_ns;
    sum->server_ns += now->server_ns - before->server_ns;
    sum->energy_nj += now->energy_nj - before->energy_nj;
    sum->octets_up += now->octets_up - before->octets_up;
    sum->octets_down += now->octets_down - before->octets_down;
    sum->messages += now->messages - before->messages;
    sum->round_trips += now->round_trips - before->round_trips;
}

void store_book(struct stored *s, const struct delivery_cost *clock)
{
    add_difference(&s->cost, clock, &s->mark);
    s->mark = *clock;
}

/* The gateway's clock as of now: it has parts alone. */
static struct delivery_cost clock_of(struct gateway *g, sim_ns now)
{
    struct delivery_cost c = {.device_ns = 0};

    ledger_switch(&g->clock, now, g->clock.part);
    memcpy(c.parts, g->clock.parts, sizeof c.parts);
    return c;
}

/* ---- when ---- */

static sim_ns next_window(const struct cfg_device *c, sim_ns now)
{
    sim_ns every = c->store.window_every;

    if (!every || now % every < c->store.window_open)
        return now;
    return (now / every + 1) * every;
}

/* Nothing waits longer than its application tolerates. Without windows that is what it does: the
 * longer, the more goes in one session. */
sim_ns store_due_of(const struct gateway *g, sim_ns trpdt, unsigned rcat, sim_ns now)
{
    const struct cfg_device *c = config(g);
    sim_ns latest = sim_ns_add(now, trpdt);

    if (rcat >= c->store.urgent)
        return now;
    return c->store.window_every ? sim_ns_min(latest, next_window(c, now)) : latest;
}

sim_ns store_due(const struct gateway *g, sim_ns now)
{
    return store_due_of(g, config(g)->report.trpdt, 0, now);
}

/* ---- in and out ---- */

static void account(struct gateway *g, const struct stored *s, bool in)
{
    if (in) {
        g->waiting++;
        g->octets += s->n;
        return;
    }
    g->waiting--;
    g->octets -= s->n;
    if (!g->waiting)
        g->due = SIM_NEVER;
}

static struct stored *pop(struct gateway *g, unsigned rcat)
{
    struct stored *s = g->first[rcat];

    g->first[rcat] = s->next;
    if (!s->next)
        g->last[rcat] = NULL;
    s->next = NULL;
    return s;
}

static bool is_over(const struct gateway *g)
{
    return g->waiting > config(g)->store.max_requests || g->octets > config(g)->store.max_octets;
}

/* The lowest category goes first, of that the oldest: the latest is worth most. What is with the
 * NSCL already stays. */
static void make_room(struct gateway *g, sim_ns now)
{
    struct delivery_cost clock = clock_of(g, now);
    unsigned rcat = 0;

    while (is_over(g)) {
        struct stored *s;

        while (rcat < CFG_RCATS && !g->first[rcat])
            rcat++;
        if (rcat == CFG_RCATS)
            return;
        s = pop(g, rcat);
        g->dropped++;
        g->dropped_octets += s->n;
        store_book(s, &clock);
        store_end(g, s, now, "failed", REASON_STORE_FULL);
    }
}

static void take_exchange(struct stored *s, const struct procedure *p)
{
    memcpy(s->cost.parts, p->ledger.parts, sizeof s->cost.parts);
    s->cost.device_ns = p->device_ns;
    s->cost.server_ns = p->server_ns;
    s->cost.energy_nj = p->energy_nj;
    s->cost.octets_up = p->octets_up;
    s->cost.octets_down = p->octets_down;
    s->cost.messages = p->messages;
    s->cost.round_trips = p->round_trips;
    s->t_start = p->t_start;
}

void store_put(struct gateway *g, sim_ns now, const struct reading *r)
{
    struct deployment *d = deployment_of(g);
    uint32_t n = (uint32_t)r->content.n;
    struct stored *s = xcalloc(1, sizeof *s + n);
    uint8_t rcat = (uint8_t)r->rcat;

    s->local = r->local;
    s->rcat = rcat;
    s->n = n;
    memcpy(s->octets, r->content.p, n);
    str_append(s->id, sizeof s->id, 0, r->id);
    s->procedure_id = d->next_procedure++;
    s->t_intended = r->t_intended;
    s->t_start = now;
    if (r->exchange)
        take_exchange(s, r->exchange);
    else
        s->cost.parts[PART_OTHER] = now - r->t_intended;
    s->mark = clock_of(g, now);
    d->counts.procedures++;
    account(g, s, true);
    g->due = sim_ns_min(g->due, store_due_of(g, r->trpdt, rcat, now));
    if (g->last[rcat])
        g->last[rcat]->next = s;
    else
        g->first[rcat] = s;
    g->last[rcat] = s;
    make_room(g, now);
}

struct stored *store_take(struct gateway *g, sim_ns now)
{
    struct delivery_cost clock = clock_of(g, now);

    for (unsigned rcat = CFG_RCATS; rcat-- > 0;) {
        if (!g->first[rcat])
            continue;
        g->sending = pop(g, rcat);
        store_book(g->sending, &clock);
        return g->sending;
    }
    return NULL;
}

void store_put_back(struct gateway *g, sim_ns now)
{
    struct stored *s = g->sending;

    g->sending = NULL;
    s->mark = clock_of(g, now);
    s->next = g->first[s->rcat];
    g->first[s->rcat] = s;
    if (!s->next)
        g->last[s->rcat] = s;
}

/* ---- the end of a delivery ---- */

static const char *method_of(const struct stored *s)
{
    if (!s->local)
        return "own";
    return s->local->population->config->device->local.interface == CFG_DIA ? "dia" : "xip";
}

void store_end(struct gateway *g, struct stored *s, sim_ns now, const char *outcome,
               enum reason reason)
{
    struct deployment *d = deployment_of(g);
    struct row_procedure row = {.procedure_id = s->procedure_id,
                                .node_id = s->local ? local_node(s->local) : device_node(g->dev),
                                .peer_id = device_nscl(g->dev)->node_id,
                                .kind = procedure_kind_name(PROC_DELIVERY),
                                .method = method_of(s),
                                .t_intended = s->t_intended,
                                .t_start = s->t_start,
                                .t_end = now,
                                .outcome = outcome,
                                .reason = reason_text(reason),
                                .attempts = s->attempts,
                                .messages = s->cost.messages,
                                .octets_up = s->cost.octets_up,
                                .octets_down = s->cost.octets_down,
                                .round_trips = s->cost.round_trips,
                                .device_energy_nj = s->cost.energy_nj,
                                .device_ns = s->cost.device_ns,
                                .server_ns = s->cost.server_ns};

    memcpy(row.parts, s->cost.parts, sizeof row.parts);
    d->sink.procedure(d->sink.arg, &row);
    if (reason != REASON_NONE && reason != REASON_RUN_END)
        d->counts.failed++;
    account(g, s, false);
    free(s);
}

void store_finish(struct gateway *g, sim_ns now)
{
    struct delivery_cost clock = clock_of(g, now);

    for (unsigned rcat = CFG_RCATS; rcat-- > 0;) {
        while (g->first[rcat]) {
            struct stored *s = pop(g, rcat);

            store_book(s, &clock);
            store_end(g, s, now, "unfinished", REASON_RUN_END);
        }
    }
}

void store_release(struct gateway *g)
{
    for (unsigned rcat = 0; rcat < CFG_RCATS; rcat++) {
        while (g->first[rcat])
            free(pop(g, rcat));
    }
    free(g->sending);
}
