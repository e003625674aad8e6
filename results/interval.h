/* What can be said of a number from independent replications: means with t-intervals, paired
 * differences, quantiles and shares. No database here: values in, numbers out. Student's t and the
 * beta distribution are GSL's. */
#ifndef RESULTS_INTERVAL_H
#define RESULTS_INTERVAL_H

#include "sim/base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Below this many replications a t-interval stands on too little: whoever prints one warns. */
#define INTERVAL_FEW        5
#define INTERVAL_CONFIDENCE 0.95

/* A mean and where the true one is, with the confidence that was asked for. */
struct interval {
    double mean;      /* of nothing: 0 */
    double low, high; /* fewer than two values: -INFINITY, INFINITY */
    size_t n;
};

/* Two-sided quantile of Student's t: P(|T| <= t) = confidence. 0 < confidence < 1, freedom >= 1. */
double interval_t(double confidence, size_t freedom);
/* The values are independent and about normal: one a replication, not one a procedure. */
struct interval interval_of_mean(const double *values, size_t n, double confidence);
/* Of the mean of b[i] - a[i]: pairs of one seed (common random numbers). */
struct interval interval_of_differences(const double *a, const double *b, size_t n,
                                        double confidence);
/* Half the width by the mean's size: what `until_ci` compares. INFINITY when it has no bound. */
double interval_relative(const struct interval *i);
bool interval_is_bounded(const struct interval *i);

/* Within one replication, its values taken as independent (they share servers, so these are
 * somewhat narrow): a share k of n by Clopper and Pearson, mean = k / n. */
struct interval interval_of_share(uint64_t k, uint64_t n, double confidence);
/* Of the quantile q, from the order statistics of n ascending values (the binomial distribution's
 * ranks; no assumption on their distribution). A side that n values cannot bound is infinite. */
struct interval interval_of_quantile(const double *ascending, size_t n, double q,
                                     double confidence);
/* Of the mean of a series in the order of time: by 20 batch means, so that neighbours may be
 * correlated. Fewer than 40 values: no bounds. */
struct interval interval_of_batches(const double *values, size_t n, double confidence);

/* Nearest rank, from 1: the smallest with P(X <= v) >= q of n values; 0 < q <= 1. The one rule of
 * quantiles in results/ (README.md). 0: n is 0. */
size_t quantile_rank(size_t n, double q);
/* Of ascending values; 0 of nothing. */
double quantile_of(const double *ascending, size_t n, double q);
void quantile_sort(double *values, size_t n);

#endif
