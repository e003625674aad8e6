/* A deployment with gateways that is run and then looked into: its rows, its nodes, and the
 * resource trees of its NSCLs. */
#ifndef TESTS_SUPPORT_DISTRICT_H
#define TESTS_SUPPORT_DISTRICT_H

#include "models/node/gateway.h"
#include "tests/support/fleet.h"
#include "topologies/builder.h"

struct district {
    struct diag_list *diags;
    struct scenario *scenario;
    struct profile *profile;
    struct built *built;
    struct deployment *d;
    struct collect rows;
    struct deployment_counts counts;
};

/* Builds text and `more` with the overrides, as fleet_run does; runs it to its end; or both. */
void district_build(struct district *t, unsigned threads, const char *text, const char *more,
                    const char *const *sets);
void district_run(struct district *t);
void district_open(struct district *t, unsigned threads, const char *text, const char *more,
                   const char *const *sets);
void district_close(struct district *t);
/* The same rows, and more than so many notifications taken, with 1, 2 and 4 threads. */
void district_same_rows(const char *text, const char *more, const char *const *sets,
                        uint64_t notified);

struct population *district_population(const struct district *t, const char *name);
/* RETRIEVE at an NSCL, by the NSCL itself; r is initialised here and to be cleared. */
void district_retrieve(const struct district *t, const struct server *nscl, const char *target,
                       struct m2m_response *r);

#endif
