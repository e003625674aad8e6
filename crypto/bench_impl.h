/* What profile_bench.c measures; private to this folder. */
#ifndef CRYPTO_BENCH_IMPL_H
#define CRYPTO_BENCH_IMPL_H

#include "crypto/meter.h"

#include <stdbool.h>
#include <stddef.h>

struct bench; /* keys, contexts and octets to work on; heap */

/* May have failed at once. */
struct bench *bench_new(void);
void bench_free(struct bench *b);
/* Whether anything so far did not do what it should. */
bool bench_failed(const struct bench *b);

/* An operation at two sizes; large 0: its cost does not depend on a number of octets. */
struct bench_measure {
    enum meter_op op;
    void (*run)(struct bench *b, size_t octets);
    size_t small, large;
};
/* In the order they are written. */
extern const struct bench_measure bench_measures[];
extern const size_t bench_measure_count;

#endif
