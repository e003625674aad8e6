/* Log-linear histogram of non-negative int64 values (HDR style): 2^7 linear sub-buckets an octave,
 * so any value is kept to within 0.8 %. Merging two is adding counts: exact. */
#ifndef SIM_BASE_HIST_H
#define SIM_BASE_HIST_H

#include "sim/base/buf.h"

#include <stdint.h>

struct hist; /* opaque; heap */

struct hist *hist_new(void);
void hist_free(struct hist *h);               /* NULL is fine */
void hist_add(struct hist *h, int64_t value); /* value < 0 counts as 0 */
void hist_merge(struct hist *into, const struct hist *from);
uint64_t hist_count(const struct hist *h);
int64_t hist_min(const struct hist *h); /* 0 when empty */
int64_t hist_max(const struct hist *h);
double hist_mean(const struct hist *h);
/* The smallest recorded bucket's highest value v with P(X <= v) >= q, 0 <= q <= 1; never above
 * hist_max. */
int64_t hist_quantile(const struct hist *h, double q);
/* Serialise / parse: varint pairs (index delta, count). false: out of room / not a histogram. */
bool hist_encode(const struct hist *h, struct buf *out);
struct hist *hist_decode(struct span in);

#endif
