/* A sweep made into cells: what one experiment runs. Cells are numbered from 0, in the order of the
 * axes, the last one's value changing first; those that `where` does not choose have no number. A
 * scenario without a sweep is one cell. */
#ifndef TOPOLOGIES_SWEEP_H
#define TOPOLOGIES_SWEEP_H

#include "topologies/scenario.h"

struct sweep; /* opaque; heap */

/* base: read by scenario_read with these sets; borrowed, as they are. Every cell is read and
 * checked: mistakes go to diags, each once, at the value that makes them. NULL: some cell is wrong,
 * there are too many (S246), or none (S247). */
struct sweep *sweep_new(const struct scenario *base, const char *const *sets, size_t n,
                        struct diag_list *diags);
void sweep_free(struct sweep *s);

uint32_t sweep_cell_count(const struct sweep *s);
/* The value that the axis (its index in base->axes) has in that cell, as --set takes it. */
const char *sweep_value(const struct sweep *s, uint32_t cell, uint32_t axis);
/* The shortest end of the axis's key that names it alone: `workers` of `populations.core.workers`.
 */
const char *sweep_short_name(const struct scenario *base, uint32_t axis);
/* The cell's scenario, which has no sweep and one replication. Free it. */
struct scenario *sweep_scenario(const struct sweep *s, uint32_t cell);

/* The seed of a replication, from 0: common random numbers, so the same in every cell (DESIGN
 * section 3). That of replication 0 is the scenario's own, the others are drawn from it: two
 * experiments of neighbouring seeds share no run. Below 2^63, as run.seed is. */
uint64_t sweep_seed(uint64_t seed, uint32_t replication);

#endif
