#include "sim/base/rng.h"

#include <assert.h>
#include <string.h>

#include "sim/base/dmath.h"
#include "sim/base/siphash.h"

__extension__ typedef unsigned __int128 u128;

/* Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (SC'11), section 4.3 and its code:
 * the multipliers and the Weyl increments of the key (golden ratio, sqrt(3) - 1). */
#define PHILOX_M0     UINT64_C(0xd2e7470ee14c6c93)
#define PHILOX_M1     UINT64_C(0xca5a826395121157)
#define PHILOX_W0     UINT64_C(0x9e3779b97f4a7c15)
#define PHILOX_W1     UINT64_C(0xbb67ae8584caa73b)
#define PHILOX_ROUNDS 10

/* The second half of the SipHash key under which streams are derived ("m2m-rng1"). */
#define STREAM_DOMAIN UINT64_C(0x31676e722d6d326d)

void rng_philox(const uint64_t key[2], const uint64_t ctr[4], uint64_t out[4])
{
    uint64_t k0 = key[0], k1 = key[1];
    uint64_t x0 = ctr[0], x1 = ctr[1], x2 = ctr[2], x3 = ctr[3];

    for (int i = 0; i < PHILOX_ROUNDS; i++) {
        u128 p0 = (u128)PHILOX_M0 * x0;
        u128 p1 = (u128)PHILOX_M1 * x2;

        x0 = (uint64_t)(p1 >> 64) ^ x1 ^ k0;
        x1 = (uint64_t)p1;
        x2 = (uint64_t)(p0 >> 64) ^ x3 ^ k1;
        x3 = (uint64_t)p0;
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
    out[0] = x0;
    out[1] = x1;
    out[2] = x2;
    out[3] = x3;
}

struct rng rng_stream(uint64_t seed, const char *name, const char *purpose)
{
    struct rng r = {.counter = 0};
    struct siphash h;

    /* The NUL after the name keeps ("ab", "c") and ("a", "bc") apart. */
    siphash_init(&h, seed, STREAM_DOMAIN);
    siphash_put(&h, span_of(name, strlen(name) + 1));
    siphash_put(&h, span_str(purpose));
    siphash_end(&h, r.key);
    return r;
}

static void next_block(struct rng *r, uint64_t out[4])
{
    uint64_t ctr[4] = {r->counter, 0, 0, 0};

    r->counter++;
    rng_philox(r->key, ctr, out);
}

uint64_t rng_u64(struct rng *r)
{
    uint64_t x[4];

    next_block(r, x);
    return x[0];
}

double rng_unit(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

double rng_open(struct rng *r)
{
    /* The middles of 2^52 equal cells: the ends are never met, and every value is exact. */
    return ((double)(rng_u64(r) >> 12) + 0.5) * 0x1p-52;
}

/* Lemire, Fast random integer generation in an interval (2019): the high half of x * n, after
 * rejecting the 2^64 mod n lowest low halves. A block holds four tries. */
uint64_t rng_below(struct rng *r, uint64_t n)
{
    uint64_t reject;
    uint64_t x[4];

    assert(n > 0);
    reject = (0 - n) % n;
    for (;;) {
        next_block(r, x);
        for (int i = 0; i < 4; i++) {
            u128 p = (u128)x[i] * n;

            if ((uint64_t)p >= reject)
                return (uint64_t)(p >> 64);
        }
    }
}

static void put_le64(uint8_t out[8], uint64_t x)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(x >> (8 * i));
}

void rng_bytes(struct rng *r, void *out, size_t n)
{
    uint8_t *p = out;
    uint64_t x[4];
    uint8_t octets[32];

    while (n > 0) {
        size_t take = n < sizeof(octets) ? n : sizeof(octets);

        next_block(r, x);
        for (int i = 0; i < 4; i++)
            put_le64(octets + 8 * i, x[i]);
        memcpy(p, octets, take);
        p += take;
        n -= take;
    }
}

double rng_normal(struct rng *r)
{
    return dmath_normal_quantile(rng_open(r));
}

double rng_exponential(struct rng *r)
{
    return -dmath_log(rng_open(r));
}
