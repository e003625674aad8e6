/* Intervals: against tables and hand computation, then whether they hold what they promise, over
 * experiments of a queue whose mean is known. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/interval.h"
#include "sim/base/hist.h"
#include "sim/base/rng.h"
#include "sim/base/xalloc.h"
#include "sim/cpu.h"
#include "tests/support/scaled.h"

START_TEST(quantiles_of_student)
{
    /* Two-sided 95 %, from the tables. */
    static const struct {
        size_t freedom;
        double t;
    } known[] = {{1, 12.7062}, {2, 4.3027},  {3, 3.1824},   {4, 2.7764},
                 {5, 2.5706},  {6, 2.4469},  {9, 2.2622},   {19, 2.0930},
                 {29, 2.0452}, {99, 1.9842}, {199, 1.9720}, {1000000, 1.9600}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        ck_assert_double_eq_tol(interval_t(0.95, known[i].freedom), known[i].t, 0.0001);
    ck_assert_double_eq_tol(interval_t(0.99, 9), 3.2498, 0.0001);
}
END_TEST

START_TEST(means)
{
    static const double a[] = {1, 2, 3, 4}, b[] = {2, 4, 3, 5};
    struct interval i = interval_of_mean(a, 4, 0.95);

    /* deviation sqrt(5/3), over sqrt(4) */
    ck_assert_double_eq_tol(i.mean, 2.5, 1e-12);
    ck_assert_double_eq_tol(i.high - i.mean, 3.18245 * sqrt(5.0 / 3) / 2, 1e-4);
    ck_assert_double_eq_tol(interval_relative(&i), (i.high - i.mean) / 2.5, 1e-12);
    /* 1 2 0 1: mean 1, deviation sqrt(2/3) */
    i = interval_of_differences(a, b, 4, 0.95);
    ck_assert_double_eq_tol(i.mean, 1, 1e-12);
    ck_assert_double_eq_tol(i.low, 1 - 3.18245 * sqrt(2.0 / 3) / 2, 1e-4);
    i = interval_of_mean(a, 1, 0.95);
    ck_assert(!interval_is_bounded(&i) && isinf(interval_relative(&i)));
    ck_assert_double_eq_tol(i.mean, 1, 1e-12);
    i = interval_of_mean(NULL, 0, 0.95);
    ck_assert(!interval_is_bounded(&i) && i.n == 0);
}
END_TEST

START_TEST(within_one_replication)
{
    double values[1000];
    struct interval i = interval_of_share(0, 100, 0.95);

    /* none of 100: 1 - 0.025^(1/100) */
    ck_assert_double_eq_tol(i.low, 0, 1e-12);
    ck_assert_double_eq_tol(i.high, 1 - pow(0.025, 0.01), 1e-9);
    i = interval_of_share(81, 263, 0.95); /* Newcombe's example */
    ck_assert_double_eq_tol(i.low, 0.2527, 0.0001);
    ck_assert_double_eq_tol(i.high, 0.3676, 0.0001);
    for (int k = 0; k < 1000; k++)
        values[k] = k + 1;
    /* Ranks 40 and 61 of 100 around the median, as the tables have it. */
    i = interval_of_quantile(values, 100, 0.5, 0.95);
    ck_assert_double_eq_tol(i.mean, 50, 1e-9);
    ck_assert_double_eq_tol(i.low, 40, 1e-9);
    ck_assert_double_eq_tol(i.high, 61, 1e-9);
    /* The greatest of 100 values is above the 99 % quantile with 63 %: no upper bound. */
    i = interval_of_quantile(values, 100, 0.99, 0.95);
    ck_assert_double_eq_tol(i.mean, 99, 1e-9);
    ck_assert(isfinite(i.low) && isinf(i.high));
    i = interval_of_quantile(values, 1000, 0.99, 0.95);
    ck_assert(i.low >= 980 && i.low <= 985 && i.high >= 995 && i.high <= 998);
    i = interval_of_batches(values, 39, 0.95);
    ck_assert(!interval_is_bounded(&i));
    i = interval_of_batches(values, 1000, 0.95);
    ck_assert_double_eq_tol(i.mean, 500.5, 1e-9);
    ck_assert(i.high - i.mean > 100); /* a trend: the values are no independent ones */
}
END_TEST

START_TEST(ranks)
{
    ck_assert_uint_eq(quantile_rank(0, 0.5), 0);
    ck_assert_uint_eq(quantile_rank(1, 0.01), 1);
    ck_assert_uint_eq(quantile_rank(100, 0.99), 99);
    ck_assert_uint_eq(quantile_rank(101, 0.99), 100);
    ck_assert_uint_eq(quantile_rank(10, 1), 10);
    ck_assert_uint_eq(quantile_rank(4, 0.5), 2);
    /* As whole numbers say it, for every n and percent. */
    for (size_t n = 1; n <= 2000; n++)
        for (size_t p = 1; p <= 100; p++)
            ck_assert_uint_eq(quantile_rank(n, (double)p / 100), (n * p + 99) / 100);
}
END_TEST

static bool same(const struct buf *a, const struct buf *b)
{
    return buf_len(a) == buf_len(b) && memcmp(buf_span(a).p, buf_span(b).p, buf_len(a)) == 0;
}

/* Histograms of replications, merged in any order, are the histogram of all values. */
START_TEST(histograms_merge)
{
    struct rng rng = rng_stream(7, "values", "test");
    struct hist *all = hist_new(), *forth = hist_new(), *back = hist_new(), *part[8];
    struct buf a, b, c;

    for (int i = 0; i < 8; i++) {
        part[i] = hist_new();
        for (int k = 0; k < 5000; k++) {
            int64_t v = (int64_t)(rng_exponential(&rng) * 1e9);
            hist_add(part[i], v);
            hist_add(all, v);
        }
    }
    for (int i = 0; i < 8; i++) {
        hist_merge(forth, part[i]);
        hist_merge(back, part[7 - i]);
    }
    buf_init(&a, 1 << 20);
    buf_init(&b, 1 << 20);
    buf_init(&c, 1 << 20);
    ck_assert(hist_encode(all, &a) && hist_encode(forth, &b) && hist_encode(back, &c));
    ck_assert(same(&a, &b) && same(&a, &c));
    buf_clear(&a);
    buf_clear(&b);
    buf_clear(&c);
    for (int i = 0; i < 8; i++)
        hist_free(part[i]);
    hist_free(all);
    hist_free(forth);
    hist_free(back);
}
END_TEST

/* ---- coverage: M/M/1 on the engine and a processor, its mean wait known ---- */

enum { EXPERIMENTS = 200, REPLICATIONS = 5, WARM_UP = 500, CUSTOMERS = 2000, POOL = 500 };
#define SERVICE_NS 1e6
#define LOAD       0.5

struct customer {
    struct cpu_job job;
    struct shop *shop;
    struct customer *next_free;
};

struct shop {
    struct sim_event arrival;
    struct sim *sim;
    struct cpu cpu;
    struct rng arrivals, services;
    struct customer pool[POOL], *spare;
    int served;
    double waits;
};

static void leave(struct sim *sim, struct sim_event *ev)
{
    struct customer *c = (struct customer *)ev;
    struct shop *s = c->shop;

    cpu_finish(&s->cpu, sim, &c->job);
    if (s->served >= WARM_UP)
        s->waits += (double)(c->job.began - c->job.submitted);
    if (++s->served == WARM_UP + CUSTOMERS)
        sim_stop(sim);
    c->next_free = s->spare;
    s->spare = c;
}

static void arrive(struct sim *sim, struct sim_event *ev)
{
    struct shop *s = (struct shop *)ev;
    struct customer *c = s->spare;

    ck_assert_ptr_nonnull(c);
    s->spare = c->next_free;
    ck_assert(cpu_submit(&s->cpu, sim, &c->job,
                         (sim_ns)(rng_exponential(&s->services) * SERVICE_NS + 0.5)));
    sim_schedule(sim, ev,
                 sim_now(sim) + (sim_ns)(rng_exponential(&s->arrivals) * SERVICE_NS / LOAD + 0.5));
}

static const struct sim_event_ops arrive_ops = {"arrive", NULL, arrive};
static const struct sim_event_ops leave_ops = {"leave", NULL, leave};

/* The mean time in the queue of one replication, its warm-up removed, in mean service times. */
static double mean_wait(uint64_t seed)
{
    struct shop *s = xcalloc(1, sizeof *s);
    double mean;

    s->sim = sim_new(&(struct sim_config){.threads = 1, .look_ahead = 1});
    cpu_init(&s->cpu, 1, UINT32_MAX);
    s->arrivals = rng_stream(seed, "shop", "arrivals");
    s->services = rng_stream(seed, "shop", "services");
    for (int i = 0; i < POOL; i++) {
        s->pool[i].shop = s;
        sim_event_init(&s->pool[i].job.done_event, &leave_ops, NULL);
        s->pool[i].next_free = s->spare;
        s->spare = &s->pool[i];
    }
    sim_event_init(&s->arrival, &arrive_ops, NULL);
    sim_schedule(s->sim, &s->arrival, 0);
    ck_assert_int_eq(sim_run(s->sim, SIM_NEVER), SIM_END_STOPPED);
    mean = s->waits / CUSTOMERS / SERVICE_NS;
    sim_free(s->sim);
    free(s);
    return mean;
}

START_TEST(coverage)
{
    double theory = LOAD / (1 - LOAD); /* rho / (1 - rho) service times */
    int held = 0, held_half = 0;

    for (uint64_t e = 0; e < EXPERIMENTS; e++) {
        double waits[REPLICATIONS];
        struct interval i;

        for (uint64_t k = 0; k < REPLICATIONS; k++)
            waits[k] = mean_wait(1000 + e * REPLICATIONS + k);
        i = interval_of_mean(waits, REPLICATIONS, 0.95);
        held += i.low <= theory && theory <= i.high;
        i = interval_of_mean(waits, REPLICATIONS, 0.5);
        held_half += i.low <= theory && theory <= i.high;
    }
    printf("coverage of the 95 %% interval: %.1f %%, of the 50 %% interval: %.1f %%\n",
           100.0 * held / EXPERIMENTS, 100.0 * held_half / EXPERIMENTS);
    ck_assert_msg(held * 100 >= 92 * EXPERIMENTS && held * 100 <= 98 * EXPERIMENTS,
                  "the 95 %% interval held the mean in %d of %d", held, EXPERIMENTS);
    /* A width that is always too large would pass above: the 50 % interval tells it. */
    ck_assert_msg(held_half * 100 >= 40 * EXPERIMENTS && held_half * 100 <= 60 * EXPERIMENTS,
                  "the 50 %% interval held the mean in %d of %d", held_half, EXPERIMENTS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("interval");
    TCase *tc = tcase_create("interval");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, quantiles_of_student);
    tcase_add_test(tc, means);
    tcase_add_test(tc, within_one_replication);
    tcase_add_test(tc, ranks);
    tcase_add_test(tc, histograms_merge);
    if (SCALED(true, false)) /* a figure of many experiments, each of which is like the others */
        tcase_add_test(tc, coverage);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
