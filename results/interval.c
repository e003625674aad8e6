#include "results/interval.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "sim/base/xalloc.h"

#define BATCHES 20

double interval_t(double confidence, size_t freedom)
{
    return gsl_cdf_tdist_Pinv(0.5 + confidence / 2, (double)freedom);
}

bool interval_is_bounded(const struct interval *i)
{
    return isfinite(i->low) && isfinite(i->high);
}

static struct interval around(double mean, double half, size_t n)
{
    return (struct interval){.mean = mean, .low = mean - half, .high = mean + half, .n = n};
}

/* The mean first, then squares around it: no cancellation. */
struct interval interval_of_mean(const double *values, size_t n, double confidence)
{
    double mean = 0, squares = 0;

    for (size_t i = 0; i < n; i++)
        mean += values[i] / (double)n;
    if (n < 2)
        return around(mean, INFINITY, n);
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return around(mean, interval_t(confidence, n - 1) * sqrt(squares / (double)(n - 1) / (double)n),
                  n);
}

struct interval interval_of_differences(const double *a, const double *b, size_t n,
                                        double confidence)
{
    double *differences = xcalloc(n + 1, sizeof *differences);
    struct interval out;

    for (size_t i = 0; i < n; i++)
        differences[i] = b[i] - a[i];
    out = interval_of_mean(differences, n, confidence);
    free(differences);
    return out;
}

double interval_relative(const struct interval *i)
{
    double half = (i->high - i->low) / 2;

    if (!interval_is_bounded(i))
        return INFINITY;
    if (half > 0)
        return fabs(i->mean) > 0 ? half / fabs(i->mean) : INFINITY;
    return 0;
}

/* ---- within one replication ---- */

struct interval interval_of_share(uint64_t k, uint64_t n, double confidence)
{
    double tail = (1 - confidence) / 2, a = (double)k, b = (double)(n - k);

    if (n == 0)
        return around(0, INFINITY, 0);
    return (struct interval){.mean = a / (double)n,
                             .low = k > 0 ? gsl_cdf_beta_Pinv(tail, a, b + 1) : 0,
                             .high = k < n ? gsl_cdf_beta_Pinv(1 - tail, a + 1, b) : 1,
                             .n = (size_t)n};
}

/* How many of n values lie below the quantile is binomial (n, q): the largest rank l with
 * P(below < l) <= tail, and the smallest u with P(below < u) >= 1 - tail. */
struct interval interval_of_quantile(const double *ascending, size_t n, double q, double confidence)
{
    double tail = (1 - confidence) / 2;
    struct interval out = around(quantile_of(ascending, n, q), INFINITY, n);
    size_t rank = quantile_rank(n, q), low = rank, high = rank;

    if (n == 0 || n > UINT32_MAX)
        return out;
    while (low >= 1 && gsl_cdf_binomial_P((unsigned)low - 1, q, (unsigned)n) > tail)
        low--;
    while (high <= n && gsl_cdf_binomial_P((unsigned)high - 1, q, (unsigned)n) < 1 - tail)
        high++;
    if (low >= 1)
        out.low = ascending[low - 1];
    if (high <= n)
        out.high = ascending[high - 1];
    return out;
}

struct interval interval_of_batches(const double *values, size_t n, double confidence)
{
    double batches[BATCHES] = {0};
    struct interval all = interval_of_mean(values, n, confidence), out;
    size_t size = n / BATCHES;

    if (size < 2)
        return around(all.mean, INFINITY, n);
    /* What does not fill a batch is left out at the beginning. */
    for (size_t i = 0; i < size * BATCHES; i++)
        batches[i / size] += values[n - size * BATCHES + i] / (double)size;
    out = interval_of_mean(batches, BATCHES, confidence);
    return around(all.mean, out.high - out.mean, n);
}

/* ---- quantiles ---- */

size_t quantile_rank(size_t n, double q)
{
    /* 0.99 * 100 is a little more than 99: a rank is not missed for the last bits. */
    double exact = q * (double)n, rank = ceil(exact - 1e-9 * exact);

    if (n == 0)
        return 0;
    return rank < 1 ? 1 : rank > (double)n ? n : (size_t)rank;
}

double quantile_of(const double *ascending, size_t n, double q)
{
    size_t rank = quantile_rank(n, q);

    return rank ? ascending[rank - 1] : 0;
}

static int by_value(const void *va, const void *vb)
{
    double a = *(const double *)va, b = *(const double *)vb;

    return (a > b) - (a < b);
}

void quantile_sort(double *values, size_t n)
{
    if (n > 0)
        qsort(values, n, sizeof *values, by_value);
}
