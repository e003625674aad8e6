#include "crypto/meter.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *operation, *algorithm;
} names[METER_OP_COUNT] = {
#define X(constant, operation, algorithm) {operation, algorithm},
    METER_OPS(X)
#undef X
};

static_assert(METER_OP_COUNT < 64, "meter.used has a bit for each operation");

/* Counts stick at their maximum: one step never comes near it, a merged total of a hostile run
 * might. */
static uint32_t add_sticky(uint32_t a, uint64_t b)
{
    return b > UINT32_MAX - a ? UINT32_MAX : a + (uint32_t)b;
}

void meter_add(struct meter *m, enum meter_op op, uint32_t calls, uint64_t octets)
{
    if (!m || (!calls && !octets))
        return;
    m->used |= UINT64_C(1) << op;
    m->use[op].calls = add_sticky(m->use[op].calls, calls);
    m->use[op].octets = add_sticky(m->use[op].octets, octets);
}

void meter_merge(struct meter *into, const struct meter *from)
{
    for (unsigned i = meter_next(from, 0); i < METER_OP_COUNT; i = meter_next(from, i + 1))
        meter_add(into, (enum meter_op)i, from->use[i].calls, from->use[i].octets);
}

void meter_clear(struct meter *m)
{
    memset(m, 0, sizeof *m);
}

const char *meter_operation(enum meter_op op)
{
    return names[op].operation;
}

const char *meter_algorithm(enum meter_op op)
{
    return names[op].algorithm;
}

int meter_is_crypto(enum meter_op op)
{
    return op != OP_HTTP_MESSAGE && op != OP_COAP_MESSAGE && op != OP_XML_DOCUMENT &&
           op != OP_DB_ACCESS;
}

enum meter_op meter_find(const char *operation, const char *algorithm)
{
    for (size_t i = 0; i < METER_OP_COUNT; i++)
        if (!strcmp(names[i].operation, operation) && !strcmp(names[i].algorithm, algorithm))
            return (enum meter_op)i;
    return METER_OP_COUNT;
}
