/* What a run draws by chance, read from a tape: for tests that replay a recorded exchange octet for
 * octet. Linked only into test_trace_*.c, whose linker replaces each function named here
 * (-Wl,--wrap); the program's code has no door for it. An empty tape: the real function. */
#ifndef TESTS_TAPE_TAPE_H
#define TESTS_TAPE_TAPE_H

#include "crypto/milenage.h"
#include "sim/base/span.h"

/* The next draw of rng_bytes, which must be of this length (asserted when drawn). Copied. */
void tape_draw(struct span octets);
/* The next answer of uicc_gsm, for published traces whose triplets are no card's. `rand` must be
 * the one that is asked for. */
void tape_triplet(const struct gsm_triplet *t);
/* The next username of simaka_id_draw. Borrowed. */
void tape_username(const char *user);
/* How much has not been played. */
size_t tape_left(void);
void tape_clear(void);

#endif
