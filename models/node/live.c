#include "models/node/live.h"

#include "crypto/entity.h"
#include "models/node/attempt.h"
#include "models/node/hss.h"
#include "models/node/identity.h"
#include "models/node/live_impl.h"
#include "models/node/mas.h"
#include "models/node/method.h"
#include "models/node/subscriber.h"

#include <stdlib.h>
#include <string.h>

#define NOW 0

/* ---- the servers ---- */

static struct server *first_mas(struct deployment *d)
{
    for (uint32_t i = 0; i < d->in.population_count; i++)
        if (d->in.populations[i].kind == CFG_MAS)
            return &d->populations[i].servers[0];
    return NULL;
}

static const struct method_facts *facts_of(const struct population *p)
{
    return method_of_bootstrap(p->config->device->bootstrap.method);
}

bool deployment_live_server(struct deployment *d, struct live_server *out)
{
    struct server *mas = first_mas(d);

    memset(out, 0, sizeof *out);
    if (!mas)
        return false;
    out->fqdn = mas->fqdn;
    out->eap = (struct eap_server_settings){.server_id = mas->fqdn,
                                            .network_name = mas_network_name(),
                                            .mtu = d->in.eap->mtu,
                                            .credential = mas->credential,
                                            .ibe = identity_at_once(mas, NOW)};
    for (uint32_t i = 0; i < d->in.population_count; i++) {
        const struct population *p = &d->populations[i];

        if (!cfg_is_device(p->config->kind) || !p->bootstrap_eap)
            continue;
        out->devices += p->config->count;
        if (facts_of(p)->certificates && !out->eap.tls)
            out->eap.tls = p->bootstrap.server;
    }
    return true;
}

static void answer_user(struct deployment *d, const char *identity, struct eap_answer *a)
{
    struct device *subscriber = mas_subscriber(d, identity);
    struct device *dev = subscriber ? subscriber : device_find(d, identity);
    const struct method_facts *f;

    a->reason = REASON_EAP_IDENTITY;
    if (!dev || !dev->population->bootstrap_eap)
        return;
    f = facts_of(dev->population);
    /* Under the identity that belongs to its method, and no other. */
    if (f->uicc != (subscriber != NULL))
        return;
    a->reason = REASON_NONE;
    a->methods[0] = dev->population->bootstrap_eap;
    a->method_count = 1;
    if (f->certificates)
        memcpy(a->certificate_name, identity, strlen(identity) + 1);
    if (f->psk) {
        a->has_psk = true;
        device_credential_key(dev, a->psk);
    }
}

static void answer_auc(struct deployment *d, struct proto_env *env, const struct eap_query *q,
                       struct eap_answer *a)
{
    struct device *dev = device_of_imsi(d, q->imsi);
    struct server *mas = first_mas(d);

    if (dev && dev->subscriber && mas)
        hss_answer(server_for(d, mas->population->config->server->hss, dev->index), env->meter, q,
                   q->separation, a);
    else
        a->reason = REASON_EAP_NOT_SUBSCRIBED;
}

void deployment_live_answer(struct deployment *d, struct proto_env *env,
                            const struct eap_query *query, struct eap_answer *out)
{
    memset(out, 0, sizeof *out);
    switch (query->kind) {
    case EAP_QUERY_NONE:
    case EAP_QUERY_IBE: /* nobody asks it here: the server has its keys, or none */
        break;
    case EAP_QUERY_USER:
        answer_user(d, query->identity, out);
        break;
    case EAP_QUERY_GSM:
    case EAP_QUERY_UMTS:
    case EAP_QUERY_RESYNC:
        answer_auc(d, env, query, out);
        break;
    }
}

/* ---- a device ---- */

static struct population *population_of(const struct deployment *d, const char *name)
{
    for (uint32_t i = 0; i < d->in.population_count; i++)
        if (cfg_is_device(d->in.populations[i].kind) &&
            strcmp(d->in.populations[i].name, name) == 0)
            return &d->populations[i];
    return NULL;
}

uint32_t deployment_live_count(const struct deployment *d, const char *name)
{
    const struct population *p = population_of(d, name);
    int64_t node;

    if (p)
        return p->config->count;
    return deployment_find_node(d, name, &node) ? 1 : 0;
}

struct device *live_find(struct deployment *d, const char *name, uint32_t index)
{
    struct population *p = population_of(d, name);

    return p && index < p->config->count ? &p->devices[index] : device_find(d, name);
}

static bool fill_credentials(struct device *dev, struct live_device *out)
{
    const struct method_facts *f = facts_of(dev->population);
    struct eap_peer_credentials *own = &out->peer.credentials;

    if (f->uicc)
        own->uicc = &dev->subscriber->uicc;
    else
        out->peer.identity = out->name;
    if (f->psk) {
        own->has_psk = true;
        own->psk_slot = SE_CREDENTIAL;
        own->gpsk_suite = dev->population->config->device->bootstrap.gpsk_suite;
    }
    if (f->ibe || f->certificates)
        own->expect_name = device_mas(dev)->fqdn;
    if (f->ibe) {
        out->ibe = identity_of_device(dev, NOW);
        own->ibe = out->ibe;
        return out->ibe != NULL;
    }
    if (f->certificates) {
        own->tls = dev->population->bootstrap.client;
        own->credential = device_issue(dev);
        return own->credential != NULL;
    }
    return true;
}

enum err deployment_live_device(struct deployment *d, const char *name, uint32_t index,
                                struct live_device *out)
{
    struct device *dev = live_find(d, name, index);
    struct rng stream;
    bool good;

    memset(out, 0, sizeof *out);
    if (!dev)
        return ERR_NOT_FOUND;
    out->method = dev->population->bootstrap_eap;
    if (!out->method)
        return ERR_UNSUPPORTED;
    node_name(dev->population, dev->index, out->name);
    out->se = &dev->se;
    out->peer.methods = &dev->population->bootstrap_eap;
    out->peer.method_count = 1;
    out->peer.mtu = d->in.eap->mtu;
    stream = device_stream(dev, "live credential"); /* a certificate's serial number */
    entity_enter(&stream, d->in.epoch_unix_ns);
    good = fill_credentials(dev, out);
    entity_leave();
    return good ? OK : ERR_CRYPTO;
}

void live_device_release(struct live_device *device, bool credential)
{
    if (credential)
        credential_free(device->peer.credentials.credential);
    ibe_user_free(device->ibe);
    memset(device, 0, sizeof *device);
}
