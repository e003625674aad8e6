/* The figures behind `compare`. Private to results/. */
#ifndef RESULTS_COMPARE_IMPL_H
#define RESULTS_COMPARE_IMPL_H

#include "results/compare.h"
#include "results/goals_impl.h"

enum compare_verdict { COMPARE_SAME, COMPARE_BETTER, COMPARE_WORSE, COMPARE_NONE };

struct compare_figure {
    struct goal what; /* its comparison says which way is better */
    char name[100];   /* "p99(bootstrap.latency)" */
};

struct compare_result {
    double a, b; /* means over the pairs that have both */
    struct interval difference;
    enum compare_verdict verdict;
};

/* From n pairs; verdict by which way is better. */
struct compare_result compare_decide(const struct goal *g, const double *a, const double *b,
                                     size_t n);

struct compare_input {
    char *name, *a, *b; /* a, b: "" where it is not there */
};
/* Settings, profile and programs that are not the same in both. */
enum err compare_inputs(struct reader *a, struct reader *b, struct compare_input **out, size_t *n,
                        char why[160]) MUST_USE;

#endif
