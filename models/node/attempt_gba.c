/* Bootstrap and service connection by GBA: the device's side (etsi-m2m.md 4.2, 5). An attempt is
 * one session with the NAF, and before it one with the BSF where there is no association to use. */
#include "models/node/attempt.h"

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

/* Whose IMPIs an ISIM holds that are not made of an IMSI. */
#define ISIM_REALM "@ims.m2m.example"

static const struct cfg_device *config(const struct device *dev)
{
    return dev->population->config->device;
}

static struct device_gba *gba_of(const struct device *dev)
{
    return dev->subscriber->gba;
}

/* ---- names ---- */

static void isim_impi(const struct device *dev, gba_name out)
{
    char name[NODE_NAME_MAX];
    size_t n;

    node_name(dev->population, dev->index, name);
    n = str_append(out, sizeof(gba_name), 0, name);
    str_append(out, sizeof(gba_name), n, ISIM_REALM);
}

static bool has_isim(const struct device *dev)
{
    return config(dev)->gba.application == GBA_ISIM;
}

static struct device *device_of_isim(struct deployment *d, const char *impi)
{
    const char *realm = strchr(impi, '@');
    struct device *dev;
    gba_name name;

    if (!realm || strcmp(realm, ISIM_REALM) != 0 || (size_t)(realm - impi) >= sizeof name)
        return NULL;
    memcpy(name, impi, (size_t)(realm - impi));
    name[realm - impi] = '\0';
    dev = device_find(d, name);
    return dev && has_isim(dev) ? dev : NULL;
}

struct device *device_of_impi(struct deployment *d, const char *impi)
{
    char imsi[IMSI_MAX + 1];
    struct device *dev;

    if (!gba_imsi_of(impi, imsi))
        dev = device_of_isim(d, impi);
    else
        dev = device_of_imsi(d, imsi);
    if (!dev || !dev->subscriber || !gba_of(dev))
        return NULL;
    return gba_imsi_of(impi, imsi) == !has_isim(dev) ? dev : NULL;
}

bool device_gba_is_refused(const struct device *dev)
{
    struct rng r = device_stream(dev, "GBA subscription");

    return rng_below(&r, 1000000) < config(dev)->gba.refused_ppm;
}

/* ---- prepare ---- */

static struct server *bsf_for(const struct device *dev)
{
    return server_for(device_deployment(dev), config(dev)->gba.bsf, dev->index);
}

struct ub_settings device_ub_settings(struct device *dev, gba_name impi)
{
    isim_impi(dev, impi);
    return (struct ub_settings){.bsf = bsf_for(dev)->fqdn,
                                .application = config(dev)->gba.application,
                                .isim_impi = impi,
                                .uicc = &dev->subscriber->uicc,
                                .gba_u = method_is_gba_u(config(dev))};
}

static struct proto *make_ub(struct device_end *e, struct proto_env *env)
{
    struct ub_settings settings;
    gba_name impi;

    settings = device_ub_settings(e->dev, impi);
    e->sa = xcalloc(1, sizeof *e->sa);
    return ub_client_new(env, &settings, e->sa);
}

static enum gba_key key_of(const struct device *dev)
{
    return method_is_gba_u(config(dev)) ? config(dev)->gba.key : GBA_KEY_ME;
}

static struct ua_settings ua_of(const struct device *dev, const struct server *naf)
{
    return (struct ua_settings){.context = dev->population->ua.client,
                                .suite = config(dev)->gba.tls.suite,
                                .naf = naf->fqdn,
                                .sa = &gba_of(dev)->sa,
                                .uicc =
                                    method_is_gba_u(config(dev)) ? &dev->subscriber->uicc : NULL,
                                .key = key_of(dev)};
}

static struct proto *make_ua_bootstrap(struct device_end *e, struct proto_env *env)
{
    struct device *dev = e->dev;
    struct ua_settings ua =
        ua_of(dev, server_for(device_deployment(dev), config(dev)->bootstrap.msbf, dev->index));

    e->result.bootstrap = xcalloc(1, sizeof *e->result.bootstrap);
    return gba_bootstrap_client_new(env, &ua, config(dev)->ival.capable, e->result.bootstrap);
}

static struct proto *make_ua_connection(struct device_end *e, struct proto_env *env)
{
    struct device *dev = e->dev;
    char scl_id[M2M_MAX_URI];
    struct gba_connection_settings settings = {.ua = ua_of(dev, device_mas(dev)),
                                               .scl_id = scl_id,
                                               .ival_capable = config(dev)->ival.capable,
                                               .mid_flags = mid_security_wish(config(dev))};

    node_scl_id(dev->node_id, scl_id);
    memcpy(settings.node_id, dev->node_id, M2M_NODE_ID_LEN);
    e->result.connection = xcalloc(1, sizeof *e->result.connection);
    return gba_connection_client_new(env, &settings, e->result.connection);
}

struct proto *device_make_gba(struct device_end *e, struct proto_env *env)
{
    if (e->ub)
        return make_ub(e, env);
    return e->kind == PROC_BOOTSTRAP ? make_ua_bootstrap(e, env) : make_ua_connection(e, env);
}

/* ---- commit: the association ---- */

static void end_ks(struct device *dev, sim_ns now, const char *end_reason)
{
    struct device_gba *g = gba_of(dev);

    keyring_end(device_deployment(dev)->keys, g->ks_key, now, end_reason);
    g->ks_key = KEY_NONE;
    gba_sa_wipe(&g->sa);
}

sim_ns device_gba_expiry(const struct device *dev)
{
    const struct device_gba *g = dev->subscriber ? gba_of(dev) : NULL;

    return g && g->ks_key ? g->expires : SIM_NEVER;
}

void device_gba_expire(struct device *dev, sim_ns now)
{
    if (device_gba_expiry(dev) <= now)
        end_ks(dev, now, "expired");
}

/* From one Ks a NAF gets one key, however often it asks: a new Kmr or Kmc needs a new Ks, unless
 * the scenario says that the old one will do. */
static bool needs_ub(const struct device *dev, sim_ns now, enum procedure_kind kind)
{
    const struct device_gba *g = gba_of(dev);

    if (!g->ks_key || g->expires <= now)
        return true;
    return config(dev)->gba.reuse ? g->renew <= now : (g->used & 1u << kind) != 0;
}

static void adopt_ks(struct device *dev, sim_ns now)
{
    const struct cfg_device *c = config(dev);
    struct deployment *d = device_deployment(dev);
    struct device_gba *g = gba_of(dev);

    if (g->ks_key)
        end_ks(dev, now, "renewed");
    g->sa = *dev->end->sa;
    g->expires = g->sa.expires_unix_ns - d->in.epoch_unix_ns;
    g->renew = now + (sim_ns)((double)(g->expires - now) * c->keys.renew_at_ppm / 1e6);
    g->used = 0;
    g->procedure = dev->proc->id;
    g->attempt = dev->proc->attempts;
    g->ks_key =
        keyring_born(d->keys, KEY_KS, device_node(dev), KEY_NONE, dev->proc->id, now, g->expires);
}

/* ---- commit: sessions ---- */

static enum key_type naf_key_type(const struct device *dev)
{
    if (!method_is_gba_u(config(dev)))
        return KEY_KS_NAF;
    return config(dev)->gba.key == GBA_KEY_UICC ? KEY_KS_INT_NAF : KEY_KS_EXT_NAF;
}

void device_gba_begin(struct device_end *e, sim_ns now)
{
    struct device *dev = e->dev;
    struct device_gba *g = gba_of(dev);
    struct keyring *keys = device_deployment(dev)->keys;

    e->ub = needs_ub(dev, now, e->kind);
    e->plain = e->ub || !dev->population->ua.client;
    if (e->ub)
        return;
    keyring_used(keys, g->ks_key, now);
    dev->session_key = keyring_born(keys, naf_key_type(dev), device_node(dev), g->ks_key,
                                    dev->proc->id, now, g->expires);
}

struct server *device_gba_server(const struct device_end *e)
{
    const struct device *dev = e->dev;

    if (e->ub)
        return bsf_for(dev);
    return e->kind == PROC_BOOTSTRAP
               ? server_for(device_deployment(dev), config(dev)->bootstrap.msbf, dev->index)
               : device_mas(dev);
}

static void bootstrapped(struct device *dev, sim_ns now)
{
    enum procedure_kind kind = dev->end->kind;

    adopt_ks(dev, now);
    device_book(dev);
    device_drop_session(dev, now, true, "closed");
    device_connect(dev, kind);
}

/* TS 24.109 5.2.5, TS 33.222: the NAF does not know this B-TID, or not its key. */
static bool is_renegotiation(enum reason reason)
{
    return reason == REASON_GBA_RENEGOTIATE || reason == REASON_PSK_UNKNOWN ||
           reason == REASON_PSK_WRONG || reason == REASON_KEY_EXPIRED;
}

/* With an association of before this is no failure to wait after: another Ub, at once. */
static void use_failed(struct device *dev, sim_ns now, enum reason reason, uint32_t retry_after_s)
{
    const struct cfg_device *c = config(dev);
    struct device_gba *g = gba_of(dev);
    bool old = g->procedure != dev->proc->id || g->attempt != dev->proc->attempts;

    if (!is_renegotiation(reason)) {
        device_attempt_failed(dev, now, reason, retry_after_s);
        return;
    }
    if (g->ks_key)
        end_ks(dev, now, reason == REASON_KEY_EXPIRED ? "expired" : "revoked");
    if (!old || (c->retry.attempts && dev->proc->attempts >= c->retry.attempts)) {
        device_attempt_failed(dev, now, REASON_GBA_RENEGOTIATE, retry_after_s);
        return;
    }
    device_book(dev);
    device_drop_session(dev, now, true, "failed");
    device_begin_attempt(dev, now);
}

static void used(struct device *dev, sim_ns now)
{
    struct keyring *keys = device_deployment(dev)->keys;
    key_ref naf_key = dev->session_key;

    dev->session_key = KEY_NONE;
    keyring_used(keys, naf_key, now);
    gba_of(dev)->used |= (uint8_t)(1u << dev->proc->kind);
    if (dev->proc->kind == PROC_BOOTSTRAP)
        device_adopt_bootstrap(dev, now, naf_key);
    else
        device_adopt_connection(dev, now, naf_key);
    keyring_end(keys, naf_key, now, "erased");
    se_erase(&dev->se, SE_KS_NAF);
    device_exchange_done(dev, now);
}

void device_gba_ended(struct device *dev, sim_ns now, const struct proto *core)
{
    bool ub = dev->end->ub;
    enum reason reason = core->reason;

    if (!dev->proc || !dev->attempting)
        device_drop_session(dev, now, true, "closed");
    else if (ub && reason != REASON_NONE)
        device_attempt_failed(dev, now, reason, ub_client_retry_after_s(core));
    else if (ub)
        bootstrapped(dev, now);
    else if (reason != REASON_NONE)
        use_failed(dev, now, reason, procedure_retry_after_s(core));
    else
        used(dev, now);
}
