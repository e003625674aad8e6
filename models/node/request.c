/* What a device asks over mId, and what it makes of the answers (etsi-m2m.md 8.4). */
#include "models/node/impl.h"

#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTAINER_ID "readings"
#define SCLS         "/m2m/scls"

static const struct cfg_device *config(const struct device *dev)
{
    return dev->population->config->device;
}

/* ---- prepare ---- */

static void fill_ival(struct device *dev, struct session *s, sim_ns now, struct doc_scl *scl)
{
    struct proto_env *env = session_env(s);
    uint32_t result = 0;

    device_measure(dev, now, env->meter);
    scl->ival.time_unix_ns = env->epoch_unix_ns + now;
    m2m_datetime_write(scl->ival.time_unix_ns, scl->ival.time_stamp);
    if (se_ival_sign(&dev->se, env->meter, span_str(scl->ival.time_stamp), dev->node_id, &result,
                     &scl->ival.signature))
        return;
    scl->ival.result = result;
    scl->has_ival = true;
}

static void fill_scl(struct device *dev, struct session *s, sim_ns now, bool create,
                     const char *scl_id, struct m2m_doc *doc)
{
    struct doc_scl *scl = &doc->u.scl;

    doc->kind = DOC_SCL;
    if (create) {
        snprintf(scl->scl_id, sizeof scl->scl_id, "%s", scl_id);
        snprintf(scl->link, sizeof scl->link, "https://%s.m2m.example/m2m", scl_id);
    }
    snprintf(scl->mgmt_protocol_type, sizeof scl->mgmt_protocol_type, "BBF TR 069");
    scl->expires_unix_ns = session_env(s)->epoch_unix_ns + now + config(dev)->registration.lifetime;
    if (config(dev)->ival.capable)
        fill_ival(dev, s, now, scl);
}

/* A meter's reading: octets of the device's own, as many as the scenario says. */
static void fill_content(struct device *dev, struct m2m_doc *doc, uint8_t *octets, sim_ns now)
{
    struct rng r = device_stream(dev, "readings");
    uint32_t n = config(dev)->report.octets;

    r.counter = (uint64_t)now;
    rng_bytes(&r, octets, n);
    doc->kind = DOC_CONTENT_INSTANCE;
    snprintf(doc->u.content_instance.id, sizeof doc->u.content_instance.id, "r%lld",
             (long long)(now / SIM_MS));
    snprintf(doc->u.content_instance.content_type, sizeof doc->u.content_instance.content_type,
             "application/octet-stream");
    doc->u.content_instance.content = span_of(octets, n);
}

void device_write_request(struct device_end *e, sim_ns now)
{
    struct device *dev = e->dev;
    struct session *s = e->session;
    struct mid_client *c = mid_client_of(session_core(s));
    char scl_id[M2M_MAX_URI], target[2 * M2M_MAX_URI] = SCLS;
    const char *label = "";
    enum http_method method = HTTP_POST;
    struct m2m_doc doc = {.kind = DOC_NONE};
    uint8_t *content = NULL;

    node_scl_id(dev->node_id, scl_id);
    switch (e->kind) {
    case PROC_REGISTRATION:
        label = "CREATE scl";
        fill_scl(dev, s, now, true, scl_id, &doc);
        break;
    case PROC_REFRESH:
        label = "UPDATE scl";
        method = HTTP_PUT;
        snprintf(target, sizeof target, SCLS "/%s", scl_id);
        fill_scl(dev, s, now, false, scl_id, &doc);
        break;
    case PROC_DEREGISTRATION:
        label = "DELETE scl";
        method = HTTP_DELETE;
        snprintf(target, sizeof target, SCLS "/%s", scl_id);
        break;
    case PROC_CONTAINER:
        label = "CREATE container";
        snprintf(target, sizeof target, SCLS "/%s/containers", scl_id);
        doc.kind = DOC_CONTAINER;
        snprintf(doc.u.container.id, sizeof doc.u.container.id, CONTAINER_ID);
        doc.u.container.max_instances = 1000;
        break;
    case PROC_REQUEST:
        label = "CREATE contentInstance";
        snprintf(target, sizeof target, SCLS "/%s/containers/" CONTAINER_ID "/contentInstances",
                 scl_id);
        content = xcalloc(1, config(dev)->report.octets);
        fill_content(dev, &doc, content, now);
        break;
    case PROC_ATTACH:
    case PROC_BOOTSTRAP:
    case PROC_CONNECTION:
    case PROC_KINDS:
        return;
    }
    if (mid_client_request(c, now, label, method, target, doc.kind == DOC_NONE ? NULL : &doc))
        e->request_wanted = false;
    free(content);
}

/* ---- commit ---- */

static void registered(struct device *dev, const struct mid_response *r, sim_ns now)
{
    const struct cfg_device *c = config(dev);
    struct deployment *d = device_deployment(dev);
    bool first = !dev->registered;

    /* The registrar may alter the expirationTime; what it returned holds (etsi-m2m.md 8.4). */
    dev->scl_expires = r->doc.kind == DOC_SCL && r->doc.u.scl.expires_unix_ns
                           ? r->doc.u.scl.expires_unix_ns - d->in.epoch_unix_ns
                           : now + c->registration.lifetime;
    dev->refresh_at =
        now + (sim_ns)((double)(dev->scl_expires - now) * c->registration.refresh_at_ppm / 1e6);
    dev->registered = true;
    dev->limited = false;
    dev->update_first = false;
    if (!first)
        return;
    d->counts.registered++;
    dev->wanted = now;
    if (c->report.every && !dev->ever_registered)
        dev->report_next = now + (sim_ns)(device_draw(dev) * (double)c->report.every);
    dev->ever_registered = true;
}

void device_take_answer(struct device *dev, const struct mid_response *r, sim_ns now)
{
    enum procedure_kind kind = dev->proc->kind;

    if (r->reason != REASON_NONE) {
        device_attempt_failed(dev, now, r->reason, r->retry_after_s);
        return;
    }
    switch (kind) {
    case PROC_REGISTRATION:
    case PROC_REFRESH:
        registered(dev, r, now);
        keyring_used(device_deployment(dev)->keys, dev->kival_key, now);
        break;
    case PROC_CONTAINER:
        dev->has_container = true;
        break;
    case PROC_DEREGISTRATION:
        device_deployment(dev)->counts.registered--;
        dev->registered = dev->has_container = false;
        dev->state = DEVICE_LEFT;
        break;
    case PROC_REQUEST:
    case PROC_ATTACH:
    case PROC_BOOTSTRAP:
    case PROC_CONNECTION:
    case PROC_KINDS:
        break;
    }
    dev->failures = 0;
    device_procedure_done(dev, now, "success", REASON_NONE);
}
