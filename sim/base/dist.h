/* Distributions of times, as scenarios write them: `80 ms`, `uniform 10 ms 30 ms`,
 * `normal 35 ms 5 ms`, `lognormal 80 ms 0.4` (median, sigma), `exponential 2 s`,
 * `empirical FILE` (one time a line, drawn by linear interpolation of the quantile function). */
#ifndef SIM_BASE_DIST_H
#define SIM_BASE_DIST_H

#include "sim/base/rng.h"
#include "sim/base/time.h"

enum dist_kind {
    DIST_CONSTANT,    /* a */
    DIST_UNIFORM,     /* from a to b */
    DIST_NORMAL,      /* mean a, standard deviation b, cut at `floor` */
    DIST_LOGNORMAL,   /* median a, sigma */
    DIST_EXPONENTIAL, /* mean a */
    DIST_EMPIRICAL    /* points[0..n-1], ascending */
};

/* A value type; `points` belongs to whoever read the scenario. No draw is below `floor` (>= 0) or
 * above `ceiling` (SIM_NEVER: none): a draw outside is moved to the bound. The engine's look-ahead
 * comes from the floors of the links, so a reader sets one: see dist_default_floor. */
struct dist {
    enum dist_kind kind;
    sim_ns a, b;
    double sigma;
    const sim_ns *points;
    uint32_t n;
    sim_ns floor, ceiling;
};

struct dist dist_constant(sim_ns a);
/* The floor a distribution has when the user gave none: its least value where it has one (constant,
 * uniform, empirical), else its 0.1 % quantile, but at least 0. */
sim_ns dist_default_floor(const struct dist *d);
/* One draw, at least d->floor; uses exactly one block of the stream (none for DIST_CONSTANT). */
sim_ns dist_draw(const struct dist *d, struct rng *r);
/* The mean, before cutting; for `show` and for checks. */
double dist_mean_ns(const struct dist *d);

#endif
