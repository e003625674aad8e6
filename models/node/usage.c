#include "models/node/record.h"

#include "sim/base/xalloc.h"

struct usage {
    uint64_t calls, octets;
    sim_ns ns;
};

/* [kind of procedure][operation] of one population. */
struct usage_table {
    struct usage use[PROC_KINDS][METER_OP_COUNT];
};

struct usage_table *usage_new(void)
{
    return xcalloc(1, sizeof(struct usage_table));
}

void usage_add(struct population *p, enum procedure_kind kind, const struct meter *m)
{
    for (unsigned op = meter_next(m, 0); op < METER_OP_COUNT; op = meter_next(m, op + 1)) {
        struct usage *u = &p->usage->use[kind][op];
        u->calls += m->use[op].calls;
        u->octets += m->use[op].octets;
        u->ns += profile_price_op(p->class, (enum meter_op)op, m->use[op]);
    }
}

static void write_population(const struct deployment *d, const struct population *p)
{
    for (unsigned kind = 0; kind < PROC_KINDS; kind++) {
        for (unsigned op = 0; op < METER_OP_COUNT; op++) {
            const struct usage *u = &p->usage->use[kind][op];
            if (!u->calls)
                continue;
            d->sink.crypto(
                d->sink.arg,
                &(struct row_crypto){.population = p->config->name,
                                     .role = cfg_is_field(p->config->kind) ? "device" : "server",
                                     .procedure = procedure_kind_name((enum procedure_kind)kind),
                                     .operation = meter_operation((enum meter_op)op),
                                     .algorithm = meter_algorithm((enum meter_op)op),
                                     .calls = u->calls,
                                     .octets = u->octets,
                                     .virtual_ns = u->ns});
        }
    }
}

void usage_write(struct deployment *d)
{
    for (uint32_t i = 0; i < d->in.population_count; i++)
        write_population(d, &d->populations[i]);
}
