#include "models/node/live.h"

#include "models/node/attempt.h"
#include "models/node/hss.h"
#include "models/node/live_impl.h"
#include "models/node/subscriber.h"

#include <string.h>

static struct server *first_bsf(struct deployment *d)
{
    for (uint32_t i = 0; i < d->in.population_count; i++)
        if (d->in.populations[i].kind == CFG_BSF)
            return &d->populations[i].servers[0];
    return NULL;
}

static bool is_of_gba(const struct population *p)
{
    return cfg_is_device(p->config->kind) && p->config->count > 0 && p->devices[0].subscriber &&
           p->devices[0].subscriber->gba;
}

static bool is_served_by(const struct population *p, const struct server *bsf)
{
    return is_of_gba(p) && &p->d->populations[p->config->device->gba.bsf] == bsf->population;
}

bool deployment_live_bsf(struct deployment *d, struct live_gba_server *out)
{
    struct server *bsf = first_bsf(d);

    memset(out, 0, sizeof *out);
    if (!bsf)
        return false;
    out->fqdn = bsf->fqdn;
    out->key_lifetime = bsf->population->config->server->key_lifetime;
    for (uint32_t i = 0; i < d->in.population_count; i++)
        if (is_served_by(&d->populations[i], bsf))
            out->devices += d->populations[i].config->count;
    return true;
}

void deployment_live_zh(struct deployment *d, struct proto_env *env,
                        const struct zh_request *request, struct zh_answer *out)
{
    struct server *bsf = first_bsf(d);
    struct device *dev = device_of_impi(d, request->impi);

    memset(out, 0, sizeof *out);
    if (bsf && dev && is_served_by(dev->population, bsf))
        hss_zh_answer(server_for(d, bsf->population->config->server->hss, dev->index), env->meter,
                      request, out);
    else
        out->reason = REASON_GBA_SUBSCRIBER;
}

enum err deployment_live_ue(struct deployment *d, const char *name, uint32_t index,
                            struct live_ue *out)
{
    struct device *dev = live_find(d, name, index);

    memset(out, 0, sizeof *out);
    if (!dev)
        return ERR_NOT_FOUND;
    if (!is_of_gba(dev->population))
        return ERR_UNSUPPORTED;
    node_name(dev->population, dev->index, out->name);
    out->ub = device_ub_settings(dev, out->isim);
    if (!gba_impi(out->ub.application, out->ub.uicc, out->isim, out->impi))
        return ERR_UNSUPPORTED;
    return OK;
}
