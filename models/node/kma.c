/* A device's local applications (DA): each registers with the device's own SCL, has a Kma of each
 * Kmc, and proves with it what it reports (models/proc/kma.h). */
#include "models/node/request.h"

#include "models/proc/kma.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static const struct cfg_device *config(const struct device *dev)
{
    return dev->population->config->device;
}

void device_kma_born(struct device *dev, sim_ns now)
{
    uint32_t n = config(dev)->keys.applications;

    if (n == 0)
        return;
    dev->kma_keys = xcalloc(n, sizeof *dev->kma_keys);
    for (uint32_t i = 0; i < n; i++)
        dev->kma_keys[i] = keyring_born(device_deployment(dev)->keys, KEY_KMA, device_node(dev),
                                        dev->kmc_key, dev->proc->id, now, dev->kmc_expires);
}

void device_kma_end(struct device *dev, sim_ns now, const char *end_reason)
{
    uint32_t n = dev->kma_keys ? config(dev)->keys.applications : 0;

    for (uint32_t i = 0; i < n; i++)
        keyring_end(device_deployment(dev)->keys, dev->kma_keys[i], now, end_reason);
    free(dev->kma_keys);
    dev->kma_keys = NULL;
}

/* In turn, by when the report was due: so that prepare and commit, and each attempt, mean one. In
 * the live mode there is no procedure, and a report is due when it is made. */
static uint32_t turn(const struct device *dev, sim_ns now)
{
    const struct cfg_device *c = config(dev);
    sim_ns due = dev->proc ? dev->proc->t_intended : now;

    return c->report.every ? (uint32_t)(due / c->report.every % c->keys.applications) : 0;
}

void device_kma_used(struct device *dev, sim_ns now)
{
    if (dev->kma_keys)
        keyring_used(device_deployment(dev)->keys, dev->kma_keys[turn(dev, now)], now);
}

bool device_kma_report(const struct device *dev, struct proto_env *env, sim_ns now, const char *id,
                       size_t n, struct device_request *r)
{
    struct span pieces[KMA_PIECES], content = span_of(r->content, n);
    uint8_t mac[KMA_MAC_LEN];
    char app_id[KMA_APP_ID_MAX + 1];
    struct m2m_rep rep;

    if (config(dev)->keys.applications == 0)
        return false;
    snprintf(app_id, sizeof app_id, "app-%u", turn(dev, now) + 1);
    kma_pieces(&(struct kma_signed){span_str(r->target), span_str(id), content}, pieces);
    if (se_kma_mac(&dev->se, env->meter, span_str(app_id), pieces, KMA_PIECES, mac))
        return false;
    m2m_rep_init(&rep, M2M_CONTENT_INSTANCE);
    m2m_put_text(&rep, E_ID, id);
    kma_put(&rep, app_id, mac);
    m2m_put_text(&rep, E_XMIME, DEVICE_CONTENT_TYPE);
    m2m_put(&rep, E_CONTENT, content);
    assert(!rep.full);
    r->doc.kind = DOC_RESOURCE;
    r->doc.u.resource.type = (int)rep.type;
    r->doc.u.resource.n = rep.n;
    r->doc.owned = rep.p;
    return true;
}
