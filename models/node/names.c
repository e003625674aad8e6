#include "models/node/device.h"

#include "crypto/hash.h"
#include "models/node/method.h"
#include "models/node/server.h"
#include "sim/base/str.h"

#include <stdlib.h>
#include <string.h>

void node_name(const struct population *p, uint32_t index, char out[NODE_NAME_MAX])
{
    size_t n = str_append(out, NODE_NAME_MAX, 0, p->config->name);

    if (p->config->count == 1)
        return;
    n = str_append(out, NODE_NAME_MAX, n, "-");
    str_append_number(out, NODE_NAME_MAX, n, index);
}

struct rng device_stream(const struct device *dev, const char *purpose)
{
    char name[NODE_NAME_MAX];

    node_name(dev->population, dev->index, name);
    return rng_stream(device_deployment(dev)->in.seed, name, purpose);
}

void device_kival(const struct device *dev, uint8_t out[M2M_KEY_LEN])
{
    struct rng r = device_stream(dev, "K_IVal");

    rng_bytes(&r, out, M2M_KEY_LEN);
}

void device_node_id(const struct device *dev, uint8_t out[M2M_NODE_ID_LEN])
{
    const struct cfg_device *c = dev->population->config->device;
    struct deployment *d = device_deployment(dev);
    char purpose[NODE_NAME_MAX + 16], name[NODE_NAME_MAX];
    struct rng r;
    size_t n;

    if (method_of_bootstrap(c->bootstrap.method)->exchange) {
        node_name(dev->population, dev->index, name);
        n = str_append(purpose, sizeof purpose, 0, "Node-ID ");
        str_append(purpose, sizeof purpose, n, name);
        r = rng_stream(d->in.seed, d->populations[c->bootstrap.msbf].config->name, purpose);
    } else {
        r = device_stream(dev, "pre-provisioned");
    }
    rng_bytes(&r, out, M2M_NODE_ID_LEN);
}

void device_credential_key(const struct device *dev, uint8_t out[M2M_KEY_LEN])
{
    struct rng r = device_stream(dev, "credential key");

    rng_bytes(&r, out, M2M_KEY_LEN);
}

/* The test network 001-01, and the node's number as MSIN. */
void device_subscription(const struct device *dev, char imsi[IMSI_MAX + 1], uint8_t k[16],
                         uint8_t opc[16])
{
    struct rng r = device_stream(dev, "subscription");
    uint64_t msin = (uint64_t)device_node(dev);

    memcpy(imsi, "001010000000000", IMSI_MAX + 1);
    for (size_t i = IMSI_MAX; msin > 0; msin /= 10)
        imsi[--i] = (char)('0' + msin % 10);
    rng_bytes(&r, k, 16);
    rng_bytes(&r, opc, 16);
}

struct device *device_of_imsi(struct deployment *d, const char *imsi)
{
    int64_t node;

    if (strlen(imsi) != IMSI_MAX || strncmp(imsi, "00101", 5) != 0)
        return NULL;
    node = strtoll(imsi + 5, NULL, 10);
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        struct population *p = &d->populations[i];
        if (p->devices && node >= p->first_node && node < p->first_node + p->config->count)
            return &p->devices[node - p->first_node];
    }
    return NULL;
}

static const struct population *find_population(const struct deployment *d, const char *name,
                                                size_t n)
{
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        const char *have = d->in.populations[i].name;
        if (strlen(have) == n && !memcmp(have, name, n))
            return &d->populations[i];
    }
    return NULL;
}

/* The population that a node's name names, and which of it; NULL: nobody's name. */
static const struct population *find_node(const struct deployment *d, const char *name,
                                          uint32_t *index)
{
    const struct population *p = find_population(d, name, strlen(name));
    const char *dash = strrchr(name, '-');
    unsigned long number = 0;
    char exact[NODE_NAME_MAX];

    if (!p || p->config->count != 1) {
        if (!dash)
            return NULL;
        p = find_population(d, name, (size_t)(dash - name));
        number = strtoul(dash + 1, NULL, 10);
    }
    if (!p || number >= p->config->count)
        return NULL;
    /* "meters-07" and "meters-7 " are nobody's names, though they count like one. */
    *index = (uint32_t)number;
    node_name(p, *index, exact);
    return strcmp(exact, name) == 0 ? p : NULL;
}

struct device *device_find(struct deployment *d, const char *name)
{
    uint32_t index;
    const struct population *p = find_node(d, name, &index);

    return p && cfg_is_device(p->config->kind) ? &p->devices[index] : NULL;
}

bool deployment_find_node(const struct deployment *d, const char *name, int64_t *node_id)
{
    uint32_t index;
    const struct population *p = find_node(d, name, &index);

    if (p)
        *node_id = p->first_node + index;
    return p != NULL;
}

struct server *server_find(struct deployment *d, const char *fqdn)
{
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        struct population *p = &d->populations[i];
        for (uint32_t k = 0; p->servers && k < p->config->count; k++) {
            if (!strcmp(p->servers[k].fqdn, fqdn))
                return &p->servers[k];
        }
    }
    return NULL;
}
