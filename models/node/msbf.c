/* MSBF: gives a device that proved itself by its certificate, or by GBA, a Node-ID and a Kmr, after
 * the MAS has them (etsi-m2m.md 4.1). */
#include "models/node/roles.h"

#include "models/node/attempt.h"
#include "models/node/backend.h"
#include "models/node/node_id.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <string.h>

static void answer_params(struct backend_call *c, bool answered)
{
    const struct mas_record *m = &c->u.mas;
    struct server_end *e = c->e;
    struct deployment *d = e->server->population->d;
    const struct cfg_device *config = d->populations[m->population].config->device;
    struct m2m_doc doc = {.kind = DOC_BOOTSTRAP_PARAM_SET};
    struct doc_bootstrap_param_set *p = &doc.u.bootstrap;
    struct server *nscl;

    if (!answered) {
        server_set_answer(
            e,
            &(struct server_answer){.status = STATUS_GATEWAY_TIMEOUT,
                                    .additional = reason_text(REASON_BACKEND_TIMEOUT)},
            NULL);
        return;
    }
    memcpy(p->node_id, m->node_id, M2M_NODE_ID_LEN);
    p->kmr_index = m->kmr_index;
    p->expires_unix_ns = d->in.epoch_unix_ns + m->expires;
    snprintf(p->mas_fqdn, sizeof p->mas_fqdn, "%s", c->to->fqdn);
    p->has_key = !e->naf; /* the core wraps it (GAP C2); GBA transports none */
    node_scl_id(m->node_id, p->scl_id);
    nscl = server_for(d, config->mid.nscl, m->device);
    snprintf(p->nscl_list[0], sizeof p->nscl_list[0], "%s", nscl->fqdn);
    p->nscl_count = 1;
    server_set_answer(e, &(struct server_answer){.status = STATUS_OK}, &doc);
}

static void apply(struct backend_call *c)
{
    mas_store(c->to, &c->u.mas);
}

void msbf_request(struct server_end *e, const struct server_request *r, sim_ns now)
{
    const struct doc_bootstrap_request *q = &r->doc.u.bootstrap_request;
    struct deployment *d = e->server->population->d;
    struct device *dev;
    const struct cfg_device *config;
    struct backend_call *c;
    struct mas_record *m;
    uint32_t count;

    /* The provider's subscription register: who may bootstrap, and under which policy. */
    if (r->doc.kind != DOC_BOOTSTRAP_REQUEST)
        dev = NULL;
    else
        dev = e->naf ? device_of_impi(d, r->peer_name) : device_find(d, q->device_id);
    if (!dev) {
        server_answer(e,
                      &(struct server_answer){.status = STATUS_FORBIDDEN,
                                              .additional = "no subscription for this device"},
                      NULL);
        return;
    }
    config = dev->population->config->device;
    c = xcalloc(1, sizeof *c);
    m = &c->u.mas;
    device_node_id(dev, m->node_id);
    count = map_find(&e->server->by_node, node_id_key(m->node_id));
    count = count == MAP_NONE ? 1 : count + 1;
    map_put(&e->server->by_node, node_id_key(m->node_id), count);
    m->kmr_index = count;
    m->expires = now + config->keys.kmr;
    if (e->naf) /* a NAF's key ends with Ks (TS 33.220 4.5.3) */
        m->expires = sim_ns_min(m->expires, r->ks_expires_unix_ns - d->in.epoch_unix_ns);
    m->population = dev->population->index;
    m->device = dev->index;
    m->ival_capable = q->ival_capable;
    device_kival(dev, m->kival); /* from the manufacturer's records, in the security attributes */
    (void)se_backend_copy(&e->se, SE_KMR, m->kmr);
    c->answer_name = "Kmr to MAS stored";
    c->apply = apply;
    c->finished = answer_params;
    backend_send(e, server_for(d, config->connect.mas, dev->index), "Kmr to MAS", c);
}
