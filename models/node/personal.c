/* Devices that were given their Kmr before the run: in batches, each with its moment of
 * personalisation, from which the key's life counts (etsi-m2m.md 4: pre-provisioned, in the UICC or
 * in the device's own secured environment). And those who have none, but are known. */
#include "models/node/device.h"

#include "models/node/mas.h"
#include "models/node/method.h"

#include <string.h>

static const struct cfg_device *config(const struct device *dev)
{
    return dev->population->config->device;
}

/* A secured environment is personalised where the device is made, in the order of serial numbers;
 * a card is taken from stock and put into any device. */
static uint32_t batch_of(const struct device *dev)
{
    const struct cfg_device *c = config(dev);
    struct rng r;

    if (c->personal.store == CFG_STORE_DEVICE)
        return (uint32_t)((uint64_t)dev->index * c->personal.batches /
                          dev->population->config->count);
    r = device_stream(dev, "card");
    return (uint32_t)rng_below(&r, c->personal.batches);
}

/* When that was personalised: not after the run's start. */
static sim_ns moment_of(const struct device *dev)
{
    const struct cfg_device *c = config(dev);

    return (sim_ns)batch_of(dev) * c->personal.interval - c->personal.age;
}

static void give_kmr(struct device *dev, struct mas_record *record, struct server *mas,
                     struct rng *r)
{
    const struct cfg_device *c = config(dev);
    struct deployment *d = device_deployment(dev);
    sim_ns born = moment_of(dev);

    rng_bytes(r, record->kmr, M2M_KEY_LEN);
    record->kmr_index = 1;
    record->expires = sim_ns_add(born, c->keys.kmr);
    mas_store(mas, record);
    if (device_draw(dev) * 1e6 < c->connect.wrong_key_ppm)
        record->kmr[0] ^= 1;
    se_put(&dev->se, SE_KMR, record->kmr);
    dev->kmr_index = 1;
    dev->kmr_expires = record->expires;
    dev->kmr_renew = SIM_NEVER;
    dev->kmr_key = keyring_born(d->keys, KEY_KMR, device_node(dev), KEY_NONE, ROW_NULL_ID, born,
                                record->expires);
    d->counts.bootstrapped++;
}

void personal_provision(struct device *dev)
{
    const struct cfg_device *c = config(dev);
    struct rng r = device_stream(dev, "pre-provisioned");
    struct mas_record record = {.population = dev->population->index,
                                .device = dev->index,
                                .expires = c->keys.kmr,
                                .ival_capable = c->ival.capable};
    struct server *mas;

    rng_bytes(&r, dev->node_id, M2M_NODE_ID_LEN);
    if (!method_needs_mas(c))
        return;
    mas = server_for(device_deployment(dev), c->connect.mas, dev->index);
    memcpy(record.node_id, dev->node_id, M2M_NODE_ID_LEN);
    device_kival(dev, record.kival);
    if (c->bootstrap.method == CFG_BOOTSTRAP_NONE)
        mas_store(mas, &record);
    else
        give_kmr(dev, &record, mas, &r);
    explicit_bzero(&record, sizeof record);
}
