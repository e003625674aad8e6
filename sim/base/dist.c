#include "sim/base/dist.h"

#include <assert.h>

#include "sim/base/dmath.h"

__extension__ typedef unsigned __int128 u128;

/* "almost the least value" of a distribution without one (dist_default_floor) */
#define FLOOR_QUANTILE 0.001

struct dist dist_constant(sim_ns a)
{
    return (struct dist){.kind = DIST_CONSTANT, .a = a, .floor = 0, .ceiling = SIM_NEVER};
}

/* To the nearest nanosecond; below 0 to 0, beyond the range to SIM_NEVER. */
static sim_ns to_ns(double x)
{
    if (!(x > 0.0))
        return 0;
    if (x >= 0x1p63)
        return SIM_NEVER;
    if (x >= 0x1p52) /* whole already, and adding a half would round */
        return (sim_ns)x;
    return (sim_ns)(x + 0.5);
}

static sim_ns interpolate(const sim_ns *points, uint32_t n, double u)
{
    double at = u * (double)(n - 1);
    uint32_t i = (uint32_t)at;

    if (i >= n - 1)
        return points[n - 1];
    return points[i] + to_ns((at - (double)i) * (double)(points[i + 1] - points[i]));
}

sim_ns dist_default_floor(const struct dist *d)
{
    switch (d->kind) {
    case DIST_CONSTANT:
    case DIST_UNIFORM:
        return d->a > 0 ? d->a : 0;
    case DIST_NORMAL:
        return to_ns((double)d->a + (double)d->b * dmath_normal_quantile(FLOOR_QUANTILE));
    case DIST_LOGNORMAL:
        return to_ns((double)d->a * dmath_exp(d->sigma * dmath_normal_quantile(FLOOR_QUANTILE)));
    case DIST_EXPONENTIAL:
        return to_ns((double)d->a * -dmath_log(1.0 - FLOOR_QUANTILE));
    case DIST_EMPIRICAL:
        return d->points[0] > 0 ? d->points[0] : 0;
    }
    return 0;
}

static sim_ns draw(const struct dist *d, struct rng *r)
{
    switch (d->kind) {
    case DIST_CONSTANT:
        return d->a;
    case DIST_UNIFORM:
        /* High half of a 64 x 64 bit product: one block always; uneven by less than 2^-64 of
         * the range, where rejection would need a second block now and then. */
        assert(d->a <= d->b);
        return d->a + (sim_ns)((u128)rng_u64(r) * ((uint64_t)(d->b - d->a) + 1) >> 64);
    case DIST_NORMAL:
        return to_ns((double)d->a + (double)d->b * rng_normal(r));
    case DIST_LOGNORMAL:
        return to_ns((double)d->a * dmath_exp(d->sigma * rng_normal(r)));
    case DIST_EXPONENTIAL:
        return to_ns((double)d->a * rng_exponential(r));
    case DIST_EMPIRICAL:
        assert(d->n > 0);
        return interpolate(d->points, d->n, rng_unit(r));
    }
    return 0;
}

sim_ns dist_draw(const struct dist *d, struct rng *r)
{
    sim_ns t = draw(d, r);

    assert(d->floor >= 0 && d->floor <= d->ceiling);
    if (t < d->floor)
        t = d->floor;
    return t > d->ceiling ? d->ceiling : t;
}

/* The mean of a piecewise linear quantile function: trapezoids of equal width. */
static double empirical_mean(const struct dist *d)
{
    double sum = 0.0;

    if (d->n == 1)
        return (double)d->points[0];
    for (uint32_t i = 0; i < d->n; i++)
        sum += (double)d->points[i] * (i == 0 || i == d->n - 1 ? 0.5 : 1.0);
    return sum / (double)(d->n - 1);
}

double dist_mean_ns(const struct dist *d)
{
    switch (d->kind) {
    case DIST_CONSTANT:
    case DIST_NORMAL:
    case DIST_EXPONENTIAL:
        return (double)d->a;
    case DIST_UNIFORM:
        return ((double)d->a + (double)d->b) / 2.0;
    case DIST_LOGNORMAL:
        return (double)d->a * dmath_exp(d->sigma * d->sigma / 2.0);
    case DIST_EMPIRICAL:
        return empirical_mean(d);
    }
    return 0.0;
}
