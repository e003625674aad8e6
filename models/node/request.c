/* What a device asks over mId, and what it makes of the answers (etsi-m2m.md 8.4). */
#include "models/node/request.h"

#include "models/node/application.h"
#include "models/node/gateway.h"
#include "models/node/happening.h"
#include "models/node/image.h"
#include "models/node/longpoll.h"
#include "models/node/node_id.h"
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

static void fill_ival(struct device *dev, struct proto_env *env, sim_ns now, struct doc_scl *scl)
{
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

static void fill_scl(struct device *dev, struct proto_env *env, sim_ns now, bool create,
                     const char *scl_id, struct m2m_doc *doc)
{
    struct doc_scl *scl = &doc->u.scl;

    doc->kind = DOC_SCL;
    if (create) {
        snprintf(scl->scl_id, sizeof scl->scl_id, "%s", scl_id);
        snprintf(scl->link, sizeof scl->link, "https://%s.m2m.example/m2m", scl_id);
    }
    snprintf(scl->mgmt_protocol_type, sizeof scl->mgmt_protocol_type, "BBF TR 069");
    scl->expires_unix_ns = env->epoch_unix_ns + now + config(dev)->registration.lifetime;
    if (config(dev)->ival.capable)
        fill_ival(dev, env, now, scl);
    if (create && (dev->population->observed || dev->channel))
        observed_scl(dev, scl_id, doc);
}

/* A meter's reading: octets of the device's own, as many as the scenario says. */
static void fill_content(struct device *dev, struct proto_env *env, sim_ns now, const char *scl_id,
                         struct device_request *q)
{
    struct rng r = device_stream(dev, "readings");
    struct doc_content_instance *c = &q->doc.u.content_instance;
    uint32_t n = config(dev)->report.octets;
    char id[sizeof c->id];

    q->label = "CREATE contentInstance";
    snprintf(q->target, sizeof q->target, SCLS "/%s/containers/" CONTAINER_ID "/contentInstances",
             scl_id);
    q->content = xcalloc(1, n);
    r.counter = (uint64_t)now;
    rng_bytes(&r, q->content, n);
    snprintf(id, sizeof id, "r%lld", (long long)(now / SIM_MS));
    if (device_kma_report(dev, env, now, id, n, q))
        return;
    q->doc.kind = DOC_CONTENT_INSTANCE;
    memcpy(c->id, id, sizeof id);
    snprintf(c->content_type, sizeof c->content_type, DEVICE_CONTENT_TYPE);
    c->content = span_of(q->content, n);
}

static void fill_container(const struct device *dev, const char *scl_id, struct m2m_doc *doc)
{
    doc->kind = DOC_CONTAINER;
    snprintf(doc->u.container.id, sizeof doc->u.container.id, CONTAINER_ID);
    doc->u.container.max_instances = config(dev)->report.keep;
    if (dev->population->observed)
        observed_container(dev->population, scl_id, doc);
}

void device_compose(struct device *dev, struct proto_env *env, enum procedure_kind kind, sim_ns now,
                    struct device_request *r)
{
    char scl_id[M2M_MAX_URI];

    *r = (struct device_request){.target = SCLS, .label = "", .method = HTTP_POST};
    node_scl_id(dev->node_id, scl_id);
    switch (kind) {
    case PROC_REGISTRATION:
        r->label = "CREATE scl";
        fill_scl(dev, env, now, true, scl_id, &r->doc);
        break;
    case PROC_REFRESH:
        r->label = "UPDATE scl";
        r->method = HTTP_PUT;
        snprintf(r->target, sizeof r->target, SCLS "/%s", scl_id);
        fill_scl(dev, env, now, false, scl_id, &r->doc);
        break;
    case PROC_DEREGISTRATION:
        r->label = "DELETE scl";
        r->method = HTTP_DELETE;
        snprintf(r->target, sizeof r->target, SCLS "/%s", scl_id);
        break;
    case PROC_CONTAINER:
        r->label = "CREATE container";
        snprintf(r->target, sizeof r->target, SCLS "/%s/containers", scl_id);
        fill_container(dev, scl_id, &r->doc);
        break;
    case PROC_ACCESS_RIGHT:
        r->label = "CREATE accessRight";
        snprintf(r->target, sizeof r->target, SCLS "/%s/accessRights", scl_id);
        observed_access_right(dev, scl_id, &r->doc);
        break;
    case PROC_CHANNEL:
    case PROC_MGMT_CMD:
    case PROC_COMMAND_REPORT:
    case PROC_RESPONSE:
        longpoll_compose(dev, kind, scl_id, r);
        break;
    case PROC_REQUEST:
        fill_content(dev, env, now, scl_id, r);
        break;
    case PROC_FORWARD:
        gateway_write(dev, scl_id, r);
        break;
    case PROC_ATTACH:
    case PROC_BOOTSTRAP:
    case PROC_CONNECTION:
    case PROC_POLL:
    case PROC_NA_REGISTRATION:
    case PROC_DISCOVERY:
    case PROC_SUBSCRIPTION:
    case PROC_READ:
    case PROC_COMMAND:
    case PROC_NOTIFICATION:
    case PROC_APPLICATION:
    case PROC_READING:
    case PROC_DELIVERY:
    case PROC_ACTUATE:
    case PROC_APOC:
    case PROC_KINDS:
        break;
    }
}

void device_request_release(struct device_request *r)
{
    if (r->doc.kind == DOC_RESOURCE)
        m2m_doc_release(&r->doc);
    free(r->content);
    r->content = NULL;
    m2m_doc_release(&r->doc);
}

void device_write_request(struct device_end *e, sim_ns now)
{
    struct mid_client *c = mid_client_of(session_core(e->session));
    struct device_request r;

    if (!procedure_is_mid(e->kind))
        return;
    /* A report that is tried again is the same reading: what the NSCL has of it already is no
     * other one. */
    device_compose(e->dev, session_env(e->session), e->kind,
                   e->kind == PROC_REQUEST ? e->asked : now, &r);
    if (mid_client_request(c, now, r.label, r.method, r.target,
                           r.doc.kind == DOC_NONE ? NULL : &r.doc))
        e->request_wanted = false;
    device_request_release(&r);
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
    if (dev->proc->kind == PROC_REGISTRATION) /* nothing stands below a new <scl> */
        dev->has_right = false;
    if (dev->proc->kind == PROC_REGISTRATION && dev->channel)
        longpoll_unmade(dev);
    dev->registered = true;
    dev->limited = false;
    dev->update_first = false;
    incident_served(dev, now);
    if (!first)
        return;
    d->counts.registered++;
    dev->wanted = now;
    if (dev->gateway)
        gateway_registered(dev, now);
    else if (c->report.every && !dev->ever_registered)
        dev->report_next = now + (sim_ns)(device_draw(dev) * (double)c->report.every);
    dev->ever_registered = true;
}

/* Its answer was lost, or the whole session: the reading is there, under the name that it has. */
static bool is_known_reading(const struct procedure *p, const struct mid_response *r)
{
    return p->kind == PROC_REQUEST && p->attempts > 1 && r->reason == REASON_CONFLICT;
}

void device_take_answer(struct device *dev, const struct mid_response *r, sim_ns now)
{
    enum procedure_kind kind = dev->proc->kind;

    if (kind == PROC_FORWARD) {
        gateway_answered(dev, r, now);
        return;
    }
    if (r->reason != REASON_NONE && !is_known_reading(dev->proc, r)) {
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
    case PROC_ACCESS_RIGHT:
        dev->has_right = true;
        break;
    case PROC_CHANNEL:
    case PROC_MGMT_CMD:
    case PROC_COMMAND_REPORT:
    case PROC_RESPONSE:
        longpoll_made(dev, kind);
        break;
    case PROC_DEREGISTRATION:
        device_deployment(dev)->counts.registered--;
        dev->registered = dev->has_container = false;
        dev->state = DEVICE_LEFT;
        break;
    case PROC_REQUEST:
        device_kma_used(dev, now);
        break;
    case PROC_ATTACH:
    case PROC_BOOTSTRAP:
    case PROC_CONNECTION:
    case PROC_POLL:
    case PROC_NA_REGISTRATION:
    case PROC_DISCOVERY:
    case PROC_SUBSCRIPTION:
    case PROC_READ:
    case PROC_COMMAND:
    case PROC_NOTIFICATION:
    case PROC_FORWARD:
    case PROC_APPLICATION:
    case PROC_READING:
    case PROC_DELIVERY:
    case PROC_ACTUATE:
    case PROC_APOC:
    case PROC_KINDS:
        break;
    }
    dev->failures = 0;
    device_procedure_done(dev, now, "success", REASON_NONE);
}
