/* Turns a scenario into a deployment that can run. */
#ifndef TOPOLOGIES_BUILDER_H
#define TOPOLOGIES_BUILDER_H

#include "models/node/deployment.h"
#include "topologies/scenario.h"

struct built; /* opaque; heap: the deployment and the arrays it borrows */

struct build_options {
    unsigned threads;                                   /* 0: all cores */
    const char *key_cache;                              /* folder for the key pool; NULL: none */
    void (*key_progress)(unsigned done, unsigned size); /* may be NULL */
};

/* The scenario and the profile outlive it. NULL with errors in diags (codes B1xx). */
struct built *scenario_build(const struct scenario *s, const struct profile *profile,
                             const struct build_options *options, struct diag_list *diags);
struct deployment *built_deployment(struct built *b);
void built_free(struct built *b); /* NULL is fine */

#endif
