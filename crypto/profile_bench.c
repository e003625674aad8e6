/* Measures what each operation costs this machine and writes it as a cost profile. An operation
 * whose cost grows with its octets is measured at two sizes; the line through both medians gives
 * the figures for a call and for an octet. */
#include "crypto/bench_impl.h"
#include "crypto/openssl.h"
#include "crypto/profile.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/entity.h"

#define MAX_BATCHES 1001
#define MIN_BATCHES 5
#define BATCH_NS    200000.0 /* long against the clock's grain, short against other programs */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double batch(struct bench *b, const struct bench_measure *m, size_t n, unsigned calls)
{
    int64_t from = host_monotonic_ns();
    for (unsigned i = 0; i < calls; i++)
        m->run(b, n);
    return (double)(host_monotonic_ns() - from) / calls;
}

/* The median over batches of ns a call: what other programs steal falls into few batches. */
static double median_ns(struct bench *b, const struct bench_measure *m, size_t n, double budget_ns,
                        uint32_t *samples)
{
    double values[MAX_BATCHES];
    uint32_t taken = 0;
    int64_t from = host_monotonic_ns();
    batch(b, m, n, 1); /* caches, first-use costs */
    unsigned calls = (unsigned)(BATCH_NS / (batch(b, m, n, 1) + 1.0)) + 1;
    while (taken < MAX_BATCHES && !bench_failed(b)) {
        if (taken >= MIN_BATCHES && (double)(host_monotonic_ns() - from) > budget_ns)
            break;
        values[taken++] = batch(b, m, n, calls);
    }
    qsort(values, taken, sizeof values[0], by_value);
    *samples += taken;
    return taken ? values[taken / 2] : 0;
}

static void write_line(FILE *out, enum meter_op op, double call_ns, double octet_ns,
                       uint32_t samples)
{
    fprintf(out, "%-8s %-13s %.1f ns", meter_operation(op), meter_algorithm(op), call_ns);
    if (octet_ns > 0)
        fprintf(out, " + %.3f ns/B", octet_ns);
    fprintf(out, " samples %lu source \"measured, median\"\n", (unsigned long)samples);
}

static void measure_one(struct bench *b, const struct bench_measure *m, double budget_ns, FILE *out)
{
    uint32_t samples = 0;
    double call = median_ns(b, m, m->small, m->large ? budget_ns / 2 : budget_ns, &samples);
    double octet = 0;
    if (m->large) {
        double large = median_ns(b, m, m->large, budget_ns / 2, &samples);
        octet = (large - call) / (double)(m->large - m->small);
        octet = octet > 0 ? octet : 0;
        call -= octet * (double)m->small;
        call = call > 0 ? call : 0;
    }
    write_line(out, m->op, call, octet, samples);
}

/* What this folder cannot measure: models, not cryptography. */
static void write_unmeasured(FILE *out)
{
    fputs("message  http          5 us + 2 ns/B estimate \"not measured: as class server of the "
          "reference profile\"\n"
          "message  coap          1 us + 1 ns/B estimate \"not measured: as class server of the "
          "reference profile\"\n"
          "document xml           20 us + 20 ns/B estimate \"not measured: as class server of the "
          "reference profile\"\n"
          "access   store         30 us estimate \"not measured: as class server of the reference "
          "profile\"\n",
          out);
}

static void write_head(const char *name, FILE *out)
{
    fprintf(out,
            "# Written by m2msim bench. Times only: this machine's power is not measured.\n"
            "profile %s\n"
            "source \"m2msim bench, %s\"\n\n"
            "class %s \"the machine that ran m2msim bench\"\n",
            name, crypto_openssl_version(), name);
}

enum err profile_bench(const char *name, double seconds, FILE *out, FILE *progress)
{
    if (!*name ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") !=
            strlen(name))
        return ERR_FORMAT;
    struct bench *b = bench_new();
    write_head(name, out);
    for (size_t i = 0; i < bench_measure_count && !bench_failed(b); i++) {
        enum meter_op op = bench_measures[i].op;
        if (progress)
            fprintf(progress, "%2zu of %zu: %s %s\n", i + 1, bench_measure_count,
                    meter_operation(op), meter_algorithm(op));
        measure_one(b, &bench_measures[i], seconds * 1e9 / (double)bench_measure_count, out);
    }
    write_unmeasured(out);
    bool failed = bench_failed(b);
    bench_free(b);
    ERR_clear_error();
    if (failed)
        return ERR_CRYPTO;
    return ferror(out) ? ERR_IO : OK;
}
