#include "models/node/identity.h"

#include "models/node/device.h"
#include "models/node/server.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Periods are months, good for twelve (eap_ibake.h): with one of each half-year, a key is never
 * near its end, and a MAS has few. months: so many earlier. */
static void period_of(const struct deployment *d, sim_ns now, int months,
                      char period[IBE_PERIOD_LEN + 1])
{
    time_t seconds = (time_t)((d->in.epoch_unix_ns + now) / SIM_S);
    struct tm date;
    int month;

    gmtime_r(&seconds, &date);
    month = (date.tm_year + 1900) * 12 + date.tm_mon / 6 * 6 - months;
    snprintf(period, IBE_PERIOD_LEN + 1, "%04u-%02u", (unsigned)month / 12 % 10000,
             (unsigned)month % 12 + 1);
}

static bool is_used(const struct deployment *d, enum ibe_scheme scheme)
{
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        const struct deployment_population *p = &d->in.populations[i];
        if (cfg_is_device(p->kind) && p->device->bootstrap.method == CFG_BOOTSTRAP_EAP_IBAKE &&
            p->device->bootstrap.ibe == scheme)
            return true;
    }
    return false;
}

void identity_make_authorities(struct deployment *d)
{
    for (int i = 0; i < IBE_SCHEMES; i++) {
        enum ibe_scheme scheme = (enum ibe_scheme)(i + 1);
        struct rng ours =
            rng_stream(d->in.seed, "key-management authority", ibe_scheme_name(scheme));
        struct rng other = rng_stream(d->in.seed, "another authority", ibe_scheme_name(scheme));

        if (!is_used(d, scheme))
            continue;
        d->ibe[i] = ibe_authority_new(scheme, &ours);
        d->rogue_ibe[i] = ibe_authority_new(scheme, &other);
    }
}

void identity_free_authorities(struct deployment *d)
{
    for (int i = 0; i < IBE_SCHEMES; i++) {
        ibe_authority_free(d->ibe[i]);
        ibe_authority_free(d->rogue_ibe[i]);
    }
}

struct ibe_user *identity_of_device(const struct device *dev, sim_ns now)
{
    const struct cfg_device *c = dev->population->config->device;
    const struct deployment *d = device_deployment(dev);
    unsigned scheme = (unsigned)c->bootstrap.ibe - 1;
    struct rng r = device_stream(dev, "credential");
    bool wrong = rng_below(&r, 1000000) < c->bootstrap.wrong_ca_ppm;
    bool expired = rng_below(&r, 1000000) < c->bootstrap.expired_ppm;
    char name[NODE_NAME_MAX], period[IBE_PERIOD_LEN + 1];
    struct ibe_user *u;

    node_name(dev->population, dev->index, name);
    period_of(d, now, expired ? 24 : 0, period);
    u = ibe_user_new(name, period);
    if (u && ibe_user_issue(u, wrong ? d->rogue_ibe[scheme] : d->ibe[scheme], NULL)) {
        ibe_user_free(u);
        return NULL;
    }
    return u;
}

static struct ibe_user *issue(const struct server *s, const char *period)
{
    const struct deployment *d = s->population->d;
    struct ibe_user *u = ibe_user_new(s->fqdn, period);

    for (int i = 0; u && i < IBE_SCHEMES; i++) {
        if (d->ibe[i] && ibe_user_issue(u, d->ibe[i], NULL)) {
            ibe_user_free(u);
            return NULL;
        }
    }
    if (u)
        ibe_user_prepare(u);
    return u;
}

struct server_ibe *identity_of_server(struct server *s, sim_ns now)
{
    const struct deployment *d = s->population->d;
    char period[IBE_PERIOD_LEN + 1];
    struct server_ibe *k;

    if (!d->ibe[0] && !d->ibe[1])
        return NULL;
    period_of(d, now, 0, period);
    for (k = s->ibe; k; k = k->next) {
        if (!strcmp(k->period, period))
            return k;
    }
    k = xcalloc(1, sizeof *k);
    memcpy(k->period, period, sizeof period);
    if (s->population->config->server->kms == CFG_NONE)
        k->user = issue(s, period);
    k->next = s->ibe;
    s->ibe = k;
    return k;
}

const struct ibe_user *identity_at_once(struct server *s, sim_ns now)
{
    struct server_ibe *k = identity_of_server(s, now);

    if (k && !k->user)
        k->user = issue(s, k->period);
    return k ? k->user : NULL;
}

void identity_forget(struct server *s)
{
    struct server_ibe *k;

    while ((k = s->ibe)) {
        s->ibe = k->next;
        ibe_user_free(k->user);
        free(k);
    }
}
