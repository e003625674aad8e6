/* SipHash-2-4 with 128-bit output (Aumasson, Bernstein: SipHash, a fast short-input PRF; the
 * 128-bit form is that of the authors' reference code). For key derivation of random streams and
 * for tables whose keys come from a file. */
#ifndef SIM_BASE_SIPHASH_H
#define SIM_BASE_SIPHASH_H

#include "sim/base/span.h"

/* Value in its owner. */
struct siphash {
    uint64_t v[4];
    uint64_t tail; /* octets not yet mixed in, little-endian */
    uint64_t n;    /* octets seen */
};

void siphash_init(struct siphash *h, uint64_t k0, uint64_t k1);
void siphash_put(struct siphash *h, struct span in);
void siphash_end(struct siphash *h, uint64_t out[2]);

#endif
