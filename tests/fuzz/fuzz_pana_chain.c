/* pana_chain: a device, an agent with its two doors and a MAS, in the words of steps.h, with
 * hostile ways between them. The first octet: bit 0 connection, bit 1 AKA instead of GPSK, bit 2
 * nobody knows the device, bit 3 the MAS grants nothing. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#define CHAIN_ASSERT(condition) ((condition) ? (void)0 : abort())
#include "tests/fuzz/steps.h"
#include "tests/support/chain.h"

enum step {
    STEP_HONEST,  /* what comes next: an arrival, an answer of the HSS, an expiry */
    STEP_LOST,    /* the next datagram is */
    STEP_CHANGED, /* with changed octets */
    STEP_CUT,     /* to the first octet's share of it */
    STEP_TWICE,
    STEP_RAW,  /* the octets, at the door of the step's upper bits */
    STEP_TIME, /* as many seconds as the first octet says */
    STEP_KINDS
};

static void check(struct chain *c)
{
    for (unsigned i = 0; i < DOORS; i++)
        CHAIN_ASSERT((c->door[i]->status == PROTO_FAILED) == (c->door[i]->reason != REASON_NONE));
    /* Whoever says it is open has a key that the provider has, and no one in between had Kmr. */
    if (pana_client_is_open(c->client))
        CHAIN_ASSERT(chain_is_complete(c));
    CHAIN_ASSERT(!se_has(&c->party[1].se, SE_KMR) && !se_has(&c->party[2].se, SE_KMC));
    if (c->unknown || c->incomplete)
        CHAIN_ASSERT(!paa_session_is_accepted(c->paa) && !pana_client_is_open(c->client));
    CHAIN_ASSERT(!paa_session_is_accepted(c->paa) || aaa_session_is_accepted(c->aaa));
}

static void lose(struct chain *c)
{
    struct chain_packet *p = c->first;

    if (!p)
        return;
    c->first = p->next;
    free(p);
}

static void honest(struct chain *c)
{
    sim_ns next = chain_next(c);

    if (next == SIM_NEVER || next > CHAIN_LIMIT)
        return;
    c->now = next > c->now ? next : c->now;
    chain_step(c);
}

static void wait(struct chain *c, struct span s)
{
    sim_ns until = c->now + (s.n > 0 ? s.p[0] : 1) * SIM_S;

    for (unsigned i = 0; i < 100 && chain_next(c) <= until; i++)
        honest(c);
    c->now = until;
}

static void take(struct chain *c, uint8_t what, struct span s)
{
    struct chain_packet *p = c->first;

    switch ((enum step)(what % STEP_KINDS)) {
    case STEP_HONEST:
        honest(c);
        break;
    case STEP_LOST:
        lose(c);
        break;
    case STEP_CHANGED:
        if (p)
            step_change(s, p->octets, p->n);
        break;
    case STEP_CUT:
        if (p && s.n > 0)
            p->n = p->n * s.p[0] / 256;
        break;
    case STEP_TWICE:
        if (p)
            chain_deliver(c, p->to, p->octets, p->n);
        break;
    case STEP_RAW:
        if (s.n > 0)
            chain_call(c, (what >> 6) % DOORS, s);
        break;
    case STEP_TIME:
        wait(c, s);
        break;
    case STEP_KINDS:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static bool ready;
    struct span in = span_of(data, n), octets;
    uint8_t what, scene = n > 0 ? data[0] : 0;
    struct chain c = {.fault = FAULT_CORRUPT, .fault_door = DOORS};

    if (!ready && crypto_init())
        abort();
    ready = true;
    c.usage = scene & 1 ? PANA_USAGE_CONNECTION : PANA_USAGE_BOOTSTRAP;
    c.aka = scene & 2;
    c.unknown = scene & 4;
    c.incomplete = scene & 8;
    chain_open(&c, 1);
    for (unsigned i = 0; i < DOORS; i++) {
        chain_enter(&c, i);
        c.door[i]->ops->start(c.door[i], c.now);
        entity_leave();
    }
    chain_drain(&c);
    in = span_of(in.p + (n > 0), in.n - (n > 0));
    for (unsigned i = 0; i < STEPS_MAX && step_next(&in, &what, &octets); i++) {
        take(&c, what, octets);
        check(&c);
    }
    chain_close(&c);
    return 0;
}
