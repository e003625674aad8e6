/* Bootstrap and service connection by EAP over PANA: the device's side (etsi-m2m.md 4.3, 5). */
#include "models/node/attempt.h"

#include "models/node/identity.h"
#include "models/node/method.h"
#include "models/node/mid_security.h"
#include "models/node/node_id.h"
#include "models/node/server.h"
#include "models/node/subscriber.h"
#include "models/proc/client.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

static struct pana_client *client_of(const struct device_end *e)
{
    return (struct pana_client *)(void *)session_core(e->session);
}

static const struct method_facts *facts(const struct device_end *e)
{
    const struct cfg_device *c = e->dev->population->config->device;

    return e->kind == PROC_BOOTSTRAP ? method_of_bootstrap(c->bootstrap.method)
                                     : method_of_connect(c->connect.method);
}

/* ---- prepare ---- */

/* What the EAP peer proves itself with. false: OpenSSL would not. */
static bool fill_credentials(struct device_end *e, sim_ns now, struct eap_peer_credentials *out)
{
    struct device *dev = e->dev;
    const struct cfg_device *c = dev->population->config->device;
    const struct method_facts *f = facts(e);
    bool bootstrap = e->kind == PROC_BOOTSTRAP;

    if (f->uicc) {
        out->uicc = &dev->subscriber->uicc;
        if (dev->subscriber->reauth)
            out->reauth = &dev->subscriber->reauth[bootstrap ? 0 : 1];
    }
    if (f->psk) {
        out->has_psk = true;
        out->psk_slot = bootstrap ? SE_CREDENTIAL : SE_KMR;
        out->gpsk_suite = bootstrap ? c->bootstrap.gpsk_suite : c->connect.gpsk_suite;
    }
    if (f->ibe) {
        e->ibe = identity_of_device(dev, now);
        out->ibe = e->ibe;
        out->expect_name = device_mas(dev)->fqdn;
        return e->ibe != NULL;
    }
    if (f->certificates) {
        out->tls = dev->population->bootstrap.client;
        out->expect_name = device_mas(dev)->fqdn;
        out->credential = device_issue(dev);
        return out->credential != NULL;
    }
    return true;
}

/* With a UICC the identity is its own; at bootstrap the device's name, at connection that of Kmr
 * (GAP C12). */
static const char *identity_of(const struct device_end *e, const char *name,
                               char kmr[M2M_PSK_IDENTITY_MAX])
{
    if (facts(e)->uicc)
        return NULL;
    if (e->kind == PROC_BOOTSTRAP)
        return name;
    key_kmr_identity(e->dev->node_id, e->dev->kmr_index, kmr);
    return kmr;
}

/* The PCI tells who it is: its own id at bootstrap, the SCL-ID at connection (etsi-m2m.md 5). */
static void fill_params(const struct device_end *e, const char *name, struct pana_params *p)
{
    char scl_id[M2M_MAX_URI];

    p->has = 1u << PANA_ETSI_USAGE_TYPE;
    if (e->kind == PROC_BOOTSTRAP) {
        p->usage = PANA_USAGE_BOOTSTRAP;
        p->has |= 1u << PANA_ETSI_TARGET_DEVICE_ID;
        str_append(p->target_device_id, sizeof p->target_device_id, 0, name);
    } else {
        p->usage = PANA_USAGE_CONNECTION;
        p->has |= 1u << PANA_ETSI_SCL_ID;
        node_scl_id(e->dev->node_id, scl_id);
        str_append(p->scl_id, sizeof p->scl_id, 0, scl_id);
        p->mid_flags = mid_security_wish(e->dev->population->config->device);
        if (p->mid_flags)
            p->has |= 1u << PANA_ETSI_MID_FLAGS;
    }
}

struct proto *device_make_pana(struct device_end *e, struct proto_env *env, sim_ns now)
{
    struct device *dev = e->dev;
    const struct cfg_eap *c = device_deployment(dev)->in.eap;
    char name[NODE_NAME_MAX], kmr[M2M_PSK_IDENTITY_MAX];
    struct pana_client_settings settings = {.pac = {.timers = c->pana, .linger = c->pana_linger}};
    struct pana_pac_settings *pac = &settings.pac;

    node_name(dev->population, dev->index, name);
    pac->eap.identity = identity_of(e, name, kmr);
    pac->eap.methods =
        e->kind == PROC_BOOTSTRAP ? &dev->population->bootstrap_eap : &dev->population->connect_eap;
    pac->eap.method_count = 1;
    pac->eap.mtu = c->mtu;
    pac->device_id = name;
    fill_params(e, name, &pac->params);
    if (!fill_credentials(e, now, &pac->eap.credentials))
        return NULL;
    if (e->kind == PROC_BOOTSTRAP)
        e->result.bootstrap = xcalloc(1, sizeof *e->result.bootstrap);
    else
        e->result.connection = xcalloc(1, sizeof *e->result.connection);
    return pana_client_proto(pana_client_new(env, &settings));
}

/* ---- commit ---- */

static void fill_bootstrap(struct device_end *e, const struct pana_params *p)
{
    struct doc_bootstrap_param_set *r = e->result.bootstrap;

    memcpy(r->node_id, p->node_id, M2M_NODE_ID_LEN);
    r->kmr_index = p->kmr_index;
    r->expires_unix_ns = p->expires_unix_s * SIM_S;
    str_append(r->mas_fqdn, sizeof r->mas_fqdn, 0, p->mas_fqdn);
    str_append(r->scl_id, sizeof r->scl_id, 0, p->scl_id);
    for (size_t i = 0; i < p->scl_list_count && i < M2M_MAX_NSCLS; i++) {
        str_append(r->nscl_list[i], sizeof r->nscl_list[i], 0, p->scl_list[i]);
        r->nscl_count++;
    }
}

static void fill_connection(struct device_end *e, const struct pana_params *p)
{
    struct doc_connection_param_set *r = e->result.connection;

    r->connection_id = p->connection_id;
    r->kmc_index = p->kmc_index;
    r->expires_unix_ns = p->expires_unix_s * SIM_S;
    str_append(r->scl_id, sizeof r->scl_id, 0, p->scl_id);
    r->mid_flags = p->mid_flags;
}

/* The key that EAP left is used once, for Kmr or Kmc, and is gone with the EAP session. */
static void adopt(struct device_end *e, sim_ns now)
{
    struct device *dev = e->dev;
    struct keyring *keys = device_deployment(dev)->keys;
    const struct pana_params *p = pana_client_params(client_of(e));
    bool bootstrap = e->kind == PROC_BOOTSTRAP, from_kmr = !bootstrap && facts(e)->psk;
    key_ref exported;

    if (from_kmr)
        keyring_used(keys, dev->kmr_key, now);
    exported = keyring_born(keys, bootstrap ? KEY_EMSK : KEY_MSK, device_node(dev),
                            from_kmr ? dev->kmr_key : KEY_NONE, dev->proc->id, now, SIM_NEVER);
    keyring_used(keys, exported, now);
    if (bootstrap) {
        fill_bootstrap(e, p);
        device_adopt_bootstrap(dev, now, exported);
    } else {
        memcpy(dev->node_id, p->node_id, M2M_NODE_ID_LEN);
        fill_connection(e, p);
        device_adopt_connection(dev, now, exported);
    }
    keyring_end(keys, exported, now, "erased");
}

/* Done with, but it answers what the PAA may repeat; frees itself. */
static void linger(struct device *dev)
{
    struct device_end *e = dev->end;

    device_book(dev);
    dev->stream_counter = session_stream(e->session).counter;
    dev->end = NULL;
    e->lingers = true;
    e->next = dev->lingering;
    dev->lingering = e;
}

void device_pana_advanced(struct device_end *e, sim_ns now)
{
    struct device *dev = e->dev;

    if (!dev->proc || !pana_client_is_open(client_of(e)))
        return;
    adopt(e, now);
    linger(dev);
    device_exchange_done(dev, now);
    if (session_core(e->session)->status != PROTO_RUNNING)
        device_free_lingering(e);
}

void device_free_lingering(struct device_end *e)
{
    struct device_end **link = &e->dev->lingering;

    while (*link != e)
        link = &(*link)->next;
    *link = e->next;
    device_free_end(e);
}
