/* Private to models/node: which links lead from a node to a population. */
#ifndef MODELS_NODE_ROUTE_H
#define MODELS_NODE_ROUTE_H

#include "models/net/link.h"
#include "models/node/population.h"
#include "sim/base/diag.h"

/* false with a diag when a pair that must talk has no path. */
bool route_build(struct deployment *d, struct diag_list *diags);
void route_release(struct deployment *d);
/* up: from node `index` of population `from` to population `to`; down: back. */
void route_between(struct deployment *d, uint32_t from, uint32_t index, uint32_t to,
                   struct net_route *up, struct net_route *down);
sim_ns route_look_ahead(const struct deployment *d);

#endif
