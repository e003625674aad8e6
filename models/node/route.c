/* Paths through the graph of populations that the links make: shortest in hops, found once; a route
 * names the hops of two given nodes. */
#include "models/node/route.h"

#include "models/node/access.h"
#include "models/node/method.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>

#define SMALLEST_PACKET 40 /* octets: IP and TCP headers */

/* One step of a path through the graph of populations. */
struct path_step {
    uint32_t link;
    bool forward; /* along the link's from -> to */
};
struct path {
    struct path_step steps[NET_MAX_HOPS];
    uint8_t count;
    bool found;
};

struct link_state {
    const struct deployment_link *config;
    struct net_hop *up, *down; /* [from node], or [0] when shared */
    uint32_t count;
};

static void init_link(struct deployment *d, struct link_state *l,
                      const struct deployment_link *config)
{
    const struct population *from = &d->populations[config->from];
    char node[NODE_NAME_MAX], name[2 * NODE_NAME_MAX + 16];

    l->config = config;
    l->count = config->shared ? 1 : from->config->count;
    l->up = xcalloc(l->count, sizeof *l->up);
    l->down = xcalloc(l->count, sizeof *l->down);
    for (uint32_t i = 0; i < l->count; i++) {
        if (config->shared)
            snprintf(node, sizeof node, "%s", from->config->name);
        else
            node_name(from, i, node);
        snprintf(name, sizeof name, "%s -> %s/up", node, d->in.populations[config->to].name);
        net_hop_init(&l->up[i], config->up, d->in.seed, name);
        snprintf(name, sizeof name, "%s -> %s/down", node, d->in.populations[config->to].name);
        net_hop_init(&l->down[i], config->down, d->in.seed, name);
    }
}

/* Breadth first from `from`; among equals the link that comes first in the scenario. */
static void find_paths(struct deployment *d, uint32_t from)
{
    struct population *p = &d->populations[from];
    uint32_t n = d->in.population_count, head = 0, tail = 0;
    uint32_t *queue = xcalloc(n, sizeof *queue);

    p->paths = xcalloc(n, sizeof *p->paths);
    p->paths[from].found = true;
    queue[tail++] = from;
    while (head < tail) {
        uint32_t at = queue[head++];
        /* Devices do not forward for others. */
        if (p->paths[at].count == NET_MAX_HOPS ||
            (at != from && cfg_is_field(d->in.populations[at].kind)))
            continue;
        for (uint32_t i = 0; i < d->in.link_count; i++) {
            const struct deployment_link *l = &d->in.links[i];
            bool forward = l->from == at;
            uint32_t to = forward ? l->to : l->from;
            if ((!forward && l->to != at) || p->paths[to].found)
                continue;
            p->paths[to] = p->paths[at];
            p->paths[to].steps[p->paths[to].count++] = (struct path_step){i, forward};
            queue[tail++] = to;
        }
    }
    free(queue);
}

static bool need(struct deployment *d, uint32_t from, uint32_t to, const char *why,
                 struct diag_list *diags)
{
    const struct deployment_population *p = &d->in.populations[from];

    if (to == CFG_NONE || d->populations[from].paths[to].found)
        return true;
    diag_add(diags, DIAG_ERROR, "B102", d->in.file, p->line, p->column,
             "no links lead from population '%s' to '%s', which it needs for %s", p->name,
             d->in.populations[to].name, why);
    return false;
}

/* Over PANA it is the agent that must reach the MAS. */
static bool need_ways(struct deployment *d, uint32_t i, const struct cfg_device *c,
                      struct diag_list *diags)
{
    const struct method_facts *bootstrap = method_of_bootstrap(c->bootstrap.method);
    const struct method_facts *connect = method_of_connect(c->connect.method);
    bool ok = need(d, i, c->mid.nscl, "mId", diags);

    if (bootstrap->exchange)
        ok &= need(d, i, c->bootstrap.msbf, "bootstrap", diags);
    if (bootstrap->eap && c->bootstrap.msbf != CFG_NONE)
        ok &= need(d, c->bootstrap.msbf, c->connect.mas, "bootstrap by EAP", diags);
    if (bootstrap->gba || connect->gba)
        ok &= need(d, i, c->gba.bsf, "GBA", diags);
    if (bootstrap->gba)
        ok &= need(d, c->bootstrap.msbf, c->gba.bsf, "bootstrap by GBA", diags);
    if (connect->gba)
        ok &= need(d, c->connect.mas, c->gba.bsf, "connection by GBA", diags);
    if (connect->eap)
        ok &= need(d, c->mid.nscl, c->connect.mas, "connection by EAP", diags);
    else if (connect->exchange)
        ok &= need(d, i, c->connect.mas, "connection", diags);
    ok &= need(d, i, c->access.at, "attaching to its access network", diags);
    return ok;
}

static bool need_servers(struct deployment *d, uint32_t i, const struct cfg_server *c,
                         struct diag_list *diags)
{
    bool ok = need(d, i, c->mas, "its MAS", diags);

    ok &= need(d, i, c->nscl, "its NSCL", diags);
    ok &= need(d, i, c->hss, "its HSS", diags);
    ok &= need(d, i, c->kms, "its KMS", diags);
    ok &= need(d, i, c->application.behind, "its gateway", diags);
    return ok;
}

bool route_build(struct deployment *d, struct diag_list *diags)
{
    bool ok = true;

    d->links = xcalloc(d->in.link_count ? d->in.link_count : 1, sizeof *d->links);
    for (uint32_t i = 0; i < d->in.link_count; i++)
        init_link(d, &d->links[i], &d->in.links[i]);
    for (uint32_t i = 0; i < d->in.population_count; i++)
        find_paths(d, i);
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        const struct deployment_population *p = &d->in.populations[i];
        if (cfg_is_device(p->kind))
            ok &= need_ways(d, i, p->device, diags);
        else if (p->kind == CFG_LOCAL)
            ok &= need(d, i, p->device->local.behind, "its gateway", diags);
        else
            ok &= need_servers(d, i, p->server, diags);
    }
    return ok;
}

void route_release(struct deployment *d)
{
    for (uint32_t i = 0; d->links && i < d->in.link_count; i++) {
        free(d->links[i].up);
        free(d->links[i].down);
    }
    free(d->links);
}

/* Hops from a device to the core of its access network, where its way to somewhere else leads over
 * it; else 0. */
static uint8_t steps_to_core(const struct deployment *d, const struct population *p,
                             const struct path *path)
{
    uint32_t core = p->config->device->access.at;

    for (uint8_t i = 0; i + 1 < path->count; i++) {
        const struct deployment_link *l = d->links[path->steps[i].link].config;
        if ((path->steps[i].forward ? l->to : l->from) == core)
            return (uint8_t)(i + 1);
    }
    return 0;
}

void route_between(struct deployment *d, uint32_t from, uint32_t index, uint32_t to,
                   struct net_route *up, struct net_route *down)
{
    const struct population *p = &d->populations[from];
    const struct path *path = &p->paths[to];

    up->count = down->count = path->count;
    up->host = (uint32_t)d->populations[from].first_node + index;
    for (uint8_t i = 0; i < path->count; i++) {
        const struct link_state *l = &d->links[path->steps[i].link];
        uint32_t k = index % l->count;
        bool forward = path->steps[i].forward;
        up->hops[i] = forward ? &l->up[k] : &l->down[k];
        down->hops[path->count - 1 - i] = forward ? &l->down[k] : &l->up[k];
    }
    if (p->devices && p->devices[index].attachment)
        access_route(&p->devices[index], up, down, steps_to_core(d, p, path));
}

sim_ns route_look_ahead(const struct deployment *d)
{
    sim_ns least = SIM_S;

    for (uint32_t i = 0; i < d->in.link_count; i++) {
        least = sim_ns_min(least, net_hop_min_delay(d->in.links[i].up, SMALLEST_PACKET));
        least = sim_ns_min(least, net_hop_min_delay(d->in.links[i].down, SMALLEST_PACKET));
    }
    return least;
}
