#include "crypto/profile_impl.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

void profile_free(struct profile *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->class_count; i++) {
        struct profile_class *c = &p->classes[i];
        for (int op = 0; op < METER_OP_COUNT; op++)
            free(c->figures[op].source);
        free(c->name);
        free(c->text);
        free(c->power_source);
    }
    free(p->classes);
    free(p->name);
    free(p->source);
    free(p->text);
    free(p);
}

const char *profile_name(const struct profile *p)
{
    return p->name;
}

const char *profile_text(const struct profile *p)
{
    return p->text;
}

const char *profile_source(const struct profile *p)
{
    return p->source;
}

const uint8_t *profile_sha256(const struct profile *p)
{
    return p->sha256;
}

size_t profile_class_count(const struct profile *p)
{
    return p->class_count;
}

const struct profile_class *profile_class_at(const struct profile *p, size_t i)
{
    return i < p->class_count ? &p->classes[i] : NULL;
}

const struct profile_class *profile_class_find(const struct profile *p, const char *name)
{
    for (size_t i = 0; i < p->class_count; i++)
        if (!strcmp(p->classes[i].name, name))
            return &p->classes[i];
    return NULL;
}

const char *profile_class_name(const struct profile_class *c)
{
    return c->name;
}

const char *profile_class_text(const struct profile_class *c)
{
    return c->text;
}

bool profile_cost_of(const struct profile_class *c, enum meter_op op, struct profile_cost *out)
{
    const struct profile_figure *f = &c->figures[op];
    if (!f->present)
        return false;
    *out = (struct profile_cost){.per_call_ns = (double)f->call_ps / 1e3,
                                 .per_octet_ns = (double)f->octet_ps / 1e3,
                                 .samples = f->samples,
                                 .source = f->source};
    if (f->own_energy) {
        out->per_call_nj = (double)f->call_fj / 1e6;
        out->per_octet_nj = (double)f->octet_fj / 1e6;
    } else if (c->has_power) { /* ps x uW = 1e-9 nJ */
        out->per_call_nj = (double)f->call_ps * (double)c->power_uw / 1e9;
        out->per_octet_nj = (double)f->octet_ps * (double)c->power_uw / 1e9;
    }
    return true;
}

/* v / unit, rounded half up; a sum of one for each operation stays far from overflow. */
static int64_t rounded(wide v, uint64_t unit)
{
    const wide most = INT64_MAX / (2 * METER_OP_COUNT);
    v += unit / 2;
    if (v >> 64 == 0) /* nearly always, and a division of 64 bits is many times faster */
        v = (uint64_t)v / unit;
    else
        v /= unit;
    return (int64_t)(v > most ? most : v);
}

static wide amount(int64_t per_call, int64_t per_octet, struct meter_use use)
{
    return (wide)(uint64_t)per_call * use.calls + (wide)(uint64_t)per_octet * use.octets;
}

sim_ns profile_price_op(const struct profile_class *c, enum meter_op op, struct meter_use use)
{
    const struct profile_figure *f = &c->figures[op];
    return rounded(amount(f->call_ps, f->octet_ps, use), 1000);
}

static int64_t energy_nj(const struct profile_class *c, enum meter_op op, struct meter_use use)
{
    const struct profile_figure *f = &c->figures[op];
    if (f->own_energy)
        return rounded(amount(f->call_fj, f->octet_fj, use), 1000000);
    return rounded(amount(f->call_ps, f->octet_ps, use) * (wide)(uint64_t)c->power_uw, 1000000000);
}

struct profile_price profile_price(const struct profile_class *c, const struct meter *m)
{
    struct profile_price price = {0};
    for (unsigned i = meter_next(m, 0); i < METER_OP_COUNT; i = meter_next(m, i + 1)) {
        struct meter_use use = m->use[i];
        enum meter_op op = (enum meter_op)i;
        sim_ns ns = profile_price_op(c, op, use);
        if (meter_is_crypto(op))
            price.crypto_ns += ns;
        else
            price.other_ns += ns;
        price.energy_nj += energy_nj(c, op, use);
    }
    return price;
}
