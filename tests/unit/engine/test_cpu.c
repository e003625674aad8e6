/* Processors: the rules of the queue one by one, then M/M/1, M/D/1 and M/M/c against the closed
 * forms of queueing theory. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/rng.h"
#include "sim/base/xalloc.h"
#include "sim/cpu.h"

/* ---- rules ---- */

struct task {
    struct cpu_job job;
    struct cpu *cpu;
    char letter;
};

static char trace[512];
static struct task *withdrawn_at_start;
static struct sim *the_sim;

static void note(char what, char letter, sim_ns now)
{
    size_t n = strlen(trace);

    ck_assert_int_gt(snprintf(trace + n, sizeof(trace) - n, "%c%c%d ", what, letter, (int)now), 0);
}

static void on_started(struct cpu_job *job, sim_ns now)
{
    struct task *t = (struct task *)job;

    note('s', t->letter, now);
    if (withdrawn_at_start == t)
        cpu_withdraw(t->cpu, the_sim, job);
}

static void on_done(struct sim *sim, struct sim_event *ev)
{
    struct task *t = (struct task *)ev;

    cpu_finish(t->cpu, sim, &t->job);
    note('d', t->letter, sim_now(sim));
}

static const struct sim_event_ops done_ops = {"done", NULL, on_done};

static struct sim *new_sim(void)
{
    struct sim_config config = {.threads = 1, .look_ahead = 1};

    trace[0] = 0;
    withdrawn_at_start = NULL;
    the_sim = sim_new(&config);
    return the_sim;
}

static struct task task(struct cpu *cpu, char letter)
{
    struct task t = {.cpu = cpu, .letter = letter};

    sim_event_init(&t.job.done_event, &done_ops, NULL);
    t.job.started = on_started;
    return t;
}

START_TEST(test_first_come_first_served)
{
    struct sim *sim = new_sim();
    struct cpu cpu;
    struct task a, b, c, d;

    cpu_init(&cpu, 2, 1);
    a = task(&cpu, 'A');
    b = task(&cpu, 'B');
    c = task(&cpu, 'C');
    d = task(&cpu, 'D');
    ck_assert(cpu_submit(&cpu, sim, &a.job, 10));
    ck_assert(cpu_submit(&cpu, sim, &b.job, 4));
    ck_assert(cpu_submit(&cpu, sim, &c.job, 3));
    ck_assert(!cpu_submit(&cpu, sim, &d.job, 1)); /* full: nothing happened */
    ck_assert(!d.job.running && !d.job.link && cpu.queued == 1);
    sim_run(sim, 4);
    ck_assert_str_eq(trace, "sA0 sB0 sC4 dB4 ");
    ck_assert_int_eq(c.job.submitted, 0);
    ck_assert_int_eq(c.job.began, 4);
    ck_assert_int_eq(c.job.cost, 3);
    ck_assert(cpu_submit(&cpu, sim, &d.job, 0));
    sim_run(sim, 100);
    ck_assert_str_eq(trace, "sA0 sB0 sC4 dB4 sD7 dC7 dD7 dA10 ");
    ck_assert_int_eq(cpu_busy_ns(&cpu, 100), 17);
    ck_assert_uint_eq(cpu.busy, 0);
    sim_free(sim);
}
END_TEST

START_TEST(test_withdraw)
{
    struct sim *sim = new_sim();
    struct cpu cpu;
    struct task t[5];

    cpu_init(&cpu, 1, UINT32_MAX);
    for (int i = 0; i < 5; i++) {
        t[i] = task(&cpu, (char)('A' + i));
        ck_assert(cpu_submit(&cpu, sim, &t[i].job, 10));
    }
    cpu_withdraw(&cpu, sim, &t[4].job); /* the last of the queue */
    cpu_withdraw(&cpu, sim, &t[2].job); /* one in its middle */
    cpu_withdraw(&cpu, sim, &t[2].job); /* idle: left alone */
    ck_assert_uint_eq(cpu.queued, 2);
    sim_run(sim, 6);
    ck_assert_int_eq(cpu_busy_ns(&cpu, 6), 6);
    cpu_withdraw(&cpu, sim, &t[0].job); /* the one running: the next begins */
    ck_assert_int_eq(t[1].job.began, 6);
    ck_assert(cpu_submit(&cpu, sim, &t[2].job, 1)); /* behind D */
    sim_run(sim, 100);
    ck_assert_str_eq(trace, "sA0 sB6 sD16 dB16 sC26 dD26 dC27 ");
    ck_assert_int_eq(cpu_busy_ns(&cpu, 100), 27);
    ck_assert_uint_eq(cpu.queued, 0);
    sim_free(sim);
}
END_TEST

START_TEST(test_withdraw_in_started)
{
    struct sim *sim = new_sim();
    struct cpu cpu;
    struct task a, b, c;

    cpu_init(&cpu, 1, UINT32_MAX);
    a = task(&cpu, 'A');
    b = task(&cpu, 'B');
    c = task(&cpu, 'C');
    cpu_submit(&cpu, sim, &a.job, 5);
    cpu_submit(&cpu, sim, &b.job, 5);
    cpu_submit(&cpu, sim, &c.job, 5);
    withdrawn_at_start = &b;
    sim_run(sim, 100);
    ck_assert_str_eq(trace, "sA0 sB5 sC5 dA5 dC10 ");
    ck_assert_int_eq(cpu_busy_ns(&cpu, 100), 10);
    sim_free(sim);
}
END_TEST

/* ---- queueing theory ---- */

enum { REPLICATIONS = 10, WARM_UP = 20000, CUSTOMERS = 100000, POOL = 20000 };
#define T_99_9     3.2498 /* 99 % two-sided quantile of Student's t, 9 degrees of freedom */
#define SERVICE_NS 1e6

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
    double interval_ns;
    bool constant_service;
    struct customer *pool, *spare;
    uint32_t arrived, served;
    double wait_sum;
};

static void leave(struct sim *sim, struct sim_event *ev)
{
    struct customer *c = (struct customer *)ev;
    struct shop *s = c->shop;

    cpu_finish(&s->cpu, sim, &c->job);
    if (s->served >= WARM_UP)
        s->wait_sum += (double)(c->job.began - c->job.submitted);
    if (++s->served == WARM_UP + CUSTOMERS)
        sim_stop(sim);
    c->next_free = s->spare;
    s->spare = c;
}

static void arrive(struct sim *sim, struct sim_event *ev)
{
    struct shop *s = (struct shop *)ev;
    struct customer *c = s->spare;
    double cost = s->constant_service ? 1.0 : rng_exponential(&s->services);

    if (!c)
        ck_abort_msg("queue without end");
    s->spare = c->next_free;
    if (!cpu_submit(&s->cpu, sim, &c->job, (sim_ns)(cost * SERVICE_NS + 0.5)))
        ck_abort_msg("refused by a queue without limit");
    sim_schedule(sim, ev,
                 sim_now(sim) + (sim_ns)(rng_exponential(&s->arrivals) * s->interval_ns + 0.5));
}

static const struct sim_event_ops arrive_ops = {"arrive", NULL, arrive};
static const struct sim_event_ops leave_ops = {"leave", NULL, leave};

/* The mean time in the queue, in mean service times. */
static double mean_wait(uint64_t seed, uint32_t workers, double load, bool constant_service)
{
    struct sim *sim = new_sim();
    struct shop s = {.sim = sim, .constant_service = constant_service};

    cpu_init(&s.cpu, workers, UINT32_MAX);
    s.interval_ns = SERVICE_NS / (load * workers);
    s.arrivals = rng_stream(seed, "shop", "arrivals");
    s.services = rng_stream(seed, "shop", "services");
    s.pool = xcalloc(POOL, sizeof(*s.pool));
    for (int i = 0; i < POOL; i++) {
        s.pool[i].shop = &s;
        sim_event_init(&s.pool[i].job.done_event, &leave_ops, NULL);
        s.pool[i].next_free = s.spare;
        s.spare = &s.pool[i];
    }
    sim_event_init(&s.arrival, &arrive_ops, NULL);
    sim_schedule(sim, &s.arrival, 0);
    ck_assert_int_eq(sim_run(sim, SIM_NEVER), SIM_END_STOPPED);
    /* Work conserved: utilisation is the load, to within what chance does to 120,000 customers. */
    ck_assert_double_eq_tol(
        (double)cpu_busy_ns(&s.cpu, sim_now(sim)) / ((double)sim_now(sim) * workers), load, 0.02);
    free(s.pool);
    sim_free(sim);
    return s.wait_sum / CUSTOMERS / SERVICE_NS;
}

static void check_wait(const char *what, uint32_t workers, double load, bool constant_service,
                       double theory)
{
    double sum = 0, squares = 0, mean, half;

    for (uint64_t i = 0; i < REPLICATIONS; i++) {
        double w = mean_wait(100 + i, workers, load, constant_service);

        sum += w;
        squares += w * w;
    }
    mean = sum / REPLICATIONS;
    half = T_99_9 * sqrt((squares / REPLICATIONS - mean * mean) / (REPLICATIONS - 1));
    ck_assert_msg(fabs(mean - theory) <= half, "%s: %g +- %g, theory %g", what, mean, half, theory);
    /* And the interval must be narrow enough to say something. */
    ck_assert_msg(half < 0.06 * theory, "%s: interval of +- %g around %g", what, half, mean);
}

START_TEST(test_mm1)
{
    /* rho / (1 - rho) service times */
    check_wait("M/M/1", 1, 0.7, false, 0.7 / 0.3);
}
END_TEST

START_TEST(test_md1)
{
    /* Pollaczek and Khinchine: rho / (2 (1 - rho)) */
    check_wait("M/D/1", 1, 0.7, true, 0.7 / (2 * 0.3));
}
END_TEST

/* Erlang's C: the probability that an arrival has to wait. */
static double erlang_c(uint32_t c, double offered)
{
    double term = 1, sum = 0;

    for (uint32_t k = 0; k < c; k++) {
        sum += term;
        term *= offered / (k + 1);
    }
    term /= 1 - offered / c;
    return term / (sum + term);
}

START_TEST(test_mmc)
{
    /* C(c, a) / (c (1 - rho)) */
    check_wait("M/M/4", 4, 0.8, false, erlang_c(4, 3.2) / (4 * 0.2));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cpu");
    TCase *t = tcase_create("cpu");
    SRunner *runner;
    int failed;

    tcase_set_timeout(t, 120);
    tcase_add_test(t, test_first_come_first_served);
    tcase_add_test(t, test_withdraw);
    tcase_add_test(t, test_withdraw_in_started);
    tcase_add_test(t, test_mm1);
    tcase_add_test(t, test_md1);
    tcase_add_test(t, test_mmc);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
