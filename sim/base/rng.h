/* Random streams: counter-based (Philox4x64-10, Salmon et al., SC'11), keyed by (seed, entity name,
 * purpose), so that adding a device changes no other device's draws (DESIGN section 3). A stream is
 * a value of 32 octets with no block kept: draw i is a pure function of (key, i). */
#ifndef SIM_BASE_RNG_H
#define SIM_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t key[2];
    uint64_t counter; /* blocks drawn so far: the whole state, to be stored and put back */
};

/* The stream of `purpose` of the entity `name` in the run `seed`. */
struct rng rng_stream(uint64_t seed, const char *name, const char *purpose);

/* Each call draws one fresh block (n octets: ceil(n/32) blocks) and advances the counter. */
uint64_t rng_u64(struct rng *r);
/* Uniform in [0, 1): 53 bits. */
double rng_unit(struct rng *r);
/* Uniform in (0, 1): never 0, for logarithms. */
double rng_open(struct rng *r);
/* Uniform in 0 .. n-1, n > 0, without bias. */
uint64_t rng_below(struct rng *r, uint64_t n);
void rng_bytes(struct rng *r, void *out, size_t n);
/* Standard normal by inverse transform: one block. */
double rng_normal(struct rng *r);
/* Exponential of mean 1: one block. */
double rng_exponential(struct rng *r);

/* The raw generator, for its published test vectors. */
void rng_philox(const uint64_t key[2], const uint64_t ctr[4], uint64_t out[4]);

#endif
