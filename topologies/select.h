/* Choosing cells and replications: the expressions of `where:` and --only.
 *
 *     workers >= 8 and not jitter = none
 *     (cell = 0 or cell = 3) and replication < 2
 *
 * A name is a swept key or its end behind a dot (`workers` of `populations.core.workers`), `cell`
 * or `replication`. Numbers with a dimension are compared as such (`500 ms < 1 s`), all else as
 * text. `and` binds closer than `or`. */
#ifndef TOPOLOGIES_SELECT_H
#define TOPOLOGIES_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct select; /* opaque; heap */

/* keys: n names, which outlive it. runs: `cell` and `replication` may be asked for too. NULL: why
 * says what is wrong, *at where, in characters from 1. */
struct select *select_parse(const char *text, const char *const *keys, size_t n, bool runs,
                            char why[200], int *at);
void select_free(struct select *s);
/* values: of the keys, in their order. NULL chooses all. */
bool select_holds(const struct select *s, const char *const *values, uint32_t cell,
                  uint32_t replication);

#endif
