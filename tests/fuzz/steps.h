/* Inputs that are scripts for two honest sides with a hostile way between them: steps of an octet
 * that says what, an octet that says how many octets follow, and those. */
#ifndef TESTS_FUZZ_STEPS_H
#define TESTS_FUZZ_STEPS_H

#include "crypto/entity.h"
#include "sim/base/span.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define STEPS_MAX 64 /* more show nothing new */

/* Takes the next step off *in; false: none is left. The last one may be cut. */
static inline bool step_next(struct span *in, uint8_t *what, struct span *octets)
{
    size_t n;

    if (in->n < 2)
        return false;
    *what = in->p[0];
    n = in->p[1] < in->n - 2 ? in->p[1] : in->n - 2;
    *octets = span_of(in->p + 2, n);
    *in = span_of(in->p + 2 + n, in->n - 2 - n);
    return true;
}

/* A target's: the two sides, and what is between them. */
struct world;

/* A whole input: `begin` by its first octet, the steps, `finish`, which judges. */
static inline int steps_run(struct world *w, const uint8_t *data, size_t n,
                            void (*begin)(struct world *w, uint8_t options),
                            void (*take)(struct world *w, uint8_t what, struct span octets),
                            void (*finish)(struct world *w))
{
    static bool ready;
    struct span in, octets;
    uint8_t what;

    if (n < 1)
        return 0;
    if (!ready && crypto_init())
        abort();
    ready = true;
    begin(w, data[0]);
    in = span_of(data + 1, n - 1);
    for (int i = 0; i < STEPS_MAX && step_next(&in, &what, &octets); i++)
        take(w, what, octets);
    finish(w);
    return 0;
}

/* Pairs of octets: where, and what is changed there by exclusive or. */
static inline void step_change(struct span pairs, uint8_t *octets, size_t n)
{
    for (size_t i = 0; n > 0 && i + 1 < pairs.n; i += 2)
        octets[pairs.p[i] % n] ^= pairs.p[i + 1];
}

#endif
