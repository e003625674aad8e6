/* Where the time of a procedure went: a clock that is always in exactly one part, so that parts sum
 * to the whole by construction (DESIGN sections 4 and 7). */
#ifndef SIM_LEDGER_H
#define SIM_LEDGER_H

#include "sim/base/time.h"

#include <stdint.h>

enum ledger_part {
    PART_DEVICE_CRYPTO,
    PART_SERVER_CRYPTO,
    PART_NETWORK,
    PART_QUEUE,
    PART_RETRANSMISSION,
    PART_BACKOFF,
    PART_OTHER
};
#define LEDGER_PARTS 7

/* A value in its owner. */
struct ledger {
    sim_ns begin, since;
    sim_ns parts[LEDGER_PARTS];
    enum ledger_part part;
};

void ledger_start(struct ledger *l, sim_ns now, enum ledger_part part);
/* Book the span since the last call under the part that was on, then go on in `part`. */
void ledger_switch(struct ledger *l, sim_ns now, enum ledger_part part);
/* Book the span since the last call under `blame` instead, and go on in the part that was on: what
 * looked like network time turns out to have been a lost segment's. */
void ledger_blame(struct ledger *l, sim_ns now, enum ledger_part blame);
/* Book at most `amount` of the span since the last call under `part`, the rest under the part that
 * is on: a job that was part cryptography, part other work. */
void ledger_carve(struct ledger *l, sim_ns now, enum ledger_part part, sim_ns amount);
/* Book what is open. Afterwards the parts sum to now - begin. */
void ledger_stop(struct ledger *l, sim_ns now);
/* As the columns of the table `procedures` are called: device_crypto, ... */
const char *ledger_part_name(enum ledger_part part);

#endif
