/* What the two tables of a shoot-out share. Private to results/. */
#ifndef RESULTS_SHOOTOUT_IMPL_H
#define RESULTS_SHOOTOUT_IMPL_H

#include "results/reader.h"

#include <stdio.h>

/* The runs that are compared: the reader's own, or, where methods are swept, all of the database. A
 * line is then what else is swept, by its values. `ways` has the populations of each with their
 * methods. */
#define SHOOTOUT_WAYS                                                                              \
    "WITH scope AS MATERIALIZED (SELECT u.run_id, u.experiment_id, u.cell, "                       \
    "(SELECT group_concat(DISTINCT v.value) FROM cell_values v "                                   \
    "WHERE v.experiment_id = u.experiment_id AND v.cell = u.cell "                                 \
    "AND v.name NOT GLOB 'populations.*.method' "                                                  \
    "AND EXISTS (SELECT 1 FROM cell_values WHERE name GLOB 'populations.*.method')) AS line "      \
    "FROM runs u WHERE u.run_id = ?1 "                                                             \
    "OR EXISTS (SELECT 1 FROM cell_values WHERE name GLOB 'populations.*.method')), "              \
    "ways AS MATERIALIZED (SELECT s.run_id, s.line, e.key AS population, "                         \
    "json_extract(e.value, '$.bootstrap.method') AS bootstrap, "                                   \
    "json_extract(e.value, '$.connect.method') AS connection, "                                    \
    "json_extract(e.value, '$.bootstrap.version') AS bootstrap_version, "                          \
    "json_extract(e.value, '$.connect.version') AS connection_version "                            \
    "FROM scope s JOIN experiments x USING (experiment_id) "                                       \
    "LEFT JOIN cells c ON c.experiment_id = s.experiment_id AND c.cell = s.cell, "                 \
    "json_each(coalesce(c.resolved_json, x.resolved_json), '$.populations') e) "

struct shootout_cross;

/* Each bootstrap before each connection, of a database whose sweep has methods; *out NULL: of any
 * other. ERR_...: why says so. */
enum err shootout_cross_read(struct reader *r, struct shootout_cross **out, char why[160]) MUST_USE;
void shootout_cross_text(const struct shootout_cross *c, FILE *to); /* a table a line */
void shootout_cross_json(const struct shootout_cross *c, FILE *to); /* an array */
void shootout_cross_free(struct shootout_cross *c);                 /* NULL is fine */

#endif
