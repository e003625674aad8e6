/* What `serve nscl` resumes sessions from, where the scenario's devices do (mid.resume). */
#ifndef SIM_CLI_SERVE_RESUME_H
#define SIM_CLI_SERVE_RESUME_H

#include "models/node/live.h"
#include "models/node/resumption.h"

/* A value in its owner; zeros: nothing is resumed. */
struct serve_resume {
    struct resumption *kept;
    struct tls_resumption tls; /* for the sessions */
    sim_ns life;
};
/* seed: of the keys of tickets. */
void serve_resume_init(struct serve_resume *r, const struct live_nscl_facts *f, uint64_t seed);
void serve_resume_release(struct serve_resume *r);
/* A session has said or heard something: what it made is kept, what it broke is forgotten. */
void serve_resume_served(struct serve_resume *r, struct tls *t, sim_ns now);

#endif
