#include "sim/ledger.h"

#include <assert.h>

void ledger_start(struct ledger *l, sim_ns now, enum ledger_part part)
{
    *l = (struct ledger){.begin = now, .since = now, .part = part};
}

static void book(struct ledger *l, sim_ns now, enum ledger_part part)
{
    assert(now >= l->since);
    l->parts[part] += now - l->since;
    l->since = now;
}

void ledger_switch(struct ledger *l, sim_ns now, enum ledger_part part)
{
    book(l, now, l->part);
    l->part = part;
}

void ledger_blame(struct ledger *l, sim_ns now, enum ledger_part blame)
{
    book(l, now, blame);
}

void ledger_carve(struct ledger *l, sim_ns now, enum ledger_part part, sim_ns amount)
{
    assert(now >= l->since && amount >= 0);
    book(l, l->since + sim_ns_min(amount, now - l->since), part);
    book(l, now, l->part);
}

void ledger_stop(struct ledger *l, sim_ns now)
{
    book(l, now, l->part);
}

const char *ledger_part_name(enum ledger_part part)
{
    switch (part) {
    case PART_DEVICE_CRYPTO:
        return "device_crypto";
    case PART_SERVER_CRYPTO:
        return "server_crypto";
    case PART_NETWORK:
        return "network";
    case PART_QUEUE:
        return "queue";
    case PART_RETRANSMISSION:
        return "retransmission";
    case PART_BACKOFF:
        return "backoff";
    case PART_OTHER:
        return "other";
    }
    return "unknown";
}
