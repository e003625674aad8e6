/* MAS: holds Kmr, authenticates service connections with it, hands Kmc to the NSCL (etsi-m2m.md 1
 * and 5). */
#include "models/node/mas.h"

#include "models/node/attempt.h"
#include "models/node/backend.h"
#include "models/node/mid_security.h"
#include "models/node/node_id.h"
#include "models/node/resume.h"
#include "models/node/roles.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <string.h>

/* Reads the tables as they stood when the round began (DESIGN section 4). Any thread. */
unsigned mas_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason)
{
    const struct tls_psk_arg *a = arg;
    uint8_t node_id[M2M_NODE_ID_LEN];
    const struct mas_record *m;
    uint32_t kmr_index, record;

    *reason = REASON_PSK_UNKNOWN;
    if (!key_kmr_identity_parse(identity, node_id, &kmr_index))
        return 0;
    record = map_find(&a->server->by_node, node_id_key(node_id));
    if (record == MAP_NONE)
        return 0;
    m = &a->server->mas[record];
    if (memcmp(m->node_id, node_id, M2M_NODE_ID_LEN) != 0 || m->kmr_index != kmr_index)
        return 0;
    if (kmr_index == 0) /* a subscription without a Kmr */
        return 0;
    if (m->expires <= a->now) {
        *reason = REASON_KEY_EXPIRED;
        return 0;
    }
    memcpy(psk, m->kmr, M2M_KEY_LEN);
    return M2M_KEY_LEN;
}

void mas_store(struct server *mas, const struct mas_record *r)
{
    uint64_t key = node_id_key(r->node_id);
    uint32_t record = map_find(&mas->by_node, key);
    uint32_t connections = 0;

    if (record == MAP_NONE) {
        record = server_new_record(mas);
        map_put(&mas->by_node, key, record);
    } else {
        connections = mas->mas[record].connections;
    }
    mas->mas[record] = *r;
    mas->mas[record].connections = connections;
}

static void answer_params(struct backend_call *c, bool answered)
{
    const struct scl_record *s = &c->u.scl;
    struct server_end *e = c->e;
    struct deployment *d = e->server->population->d;
    struct m2m_doc doc = {.kind = DOC_CONNECTION_PARAM_SET};
    struct doc_connection_param_set *p = &doc.u.connection;

    if (!answered) {
        server_set_answer(
            e,
            &(struct server_answer){.status = STATUS_GATEWAY_TIMEOUT,
                                    .additional = reason_text(REASON_BACKEND_TIMEOUT)},
            NULL);
        return;
    }
    p->connection_id = s->connection_id;
    p->kmc_index = s->kmc_index;
    p->expires_unix_ns = d->in.epoch_unix_ns + s->kmc_expires;
    node_scl_id(s->node_id, p->scl_id);
    p->mid_flags = s->mid_flags;
    server_set_answer(e, &(struct server_answer){.status = STATUS_OK}, &doc);
}

static void apply(struct backend_call *c)
{
    resume_store(c->to, &c->u.scl);
}

/* Unique at this MAS and, with 63 random bits, at the NSCL; the same for a given device and count
 * in every run. */
static uint64_t draw_connection_id(const struct server *mas, const struct mas_record *m)
{
    char purpose[64];
    struct rng r;

    snprintf(purpose, sizeof purpose, "Connection-ID %016llx %u",
             (unsigned long long)node_id_key(m->node_id), m->connections);
    r = rng_stream(mas->population->d->in.seed, mas->population->config->name, purpose);
    return rng_u64(&r) >> 1;
}

/* The Kmr of the session's identity may have been replaced since the handshake. */
static bool is_in_force(const struct mas_record *m, const char *identity)
{
    uint8_t node_id[M2M_NODE_ID_LEN];
    uint32_t kmr_index;

    return key_kmr_identity_parse(span_str(identity), node_id, &kmr_index) &&
           memcmp(m->node_id, node_id, M2M_NODE_ID_LEN) == 0 && m->kmr_index == kmr_index;
}

/* Whose record it is must be who TLS or Ua says; and by Kmr, with one that lives. */
static bool may_connect(const struct server_end *e, const struct mas_record *m,
                        const struct server_request *r, sim_ns now)
{
    struct deployment *d = e->server->population->d;

    if (!e->naf)
        return is_in_force(m, r->peer_name) && m->expires > now;
    return device_of_impi(d, r->peer_name) == &d->populations[m->population].devices[m->device];
}

void mas_request(struct server_end *e, const struct server_request *r, sim_ns now)
{
    const struct doc_connection_request *q = &r->doc.u.connection_request;
    struct server *mas = e->server;
    struct deployment *d = mas->population->d;
    uint32_t record = r->doc.kind == DOC_CONNECTION_REQUEST
                          ? map_find(&mas->by_node, node_id_key(q->node_id))
                          : MAP_NONE;
    const struct cfg_device *config;
    struct backend_call *c;
    struct mas_record *m;
    struct scl_record *s;

    m = record == MAP_NONE ? NULL : &mas->mas[record];
    if (!m || !may_connect(e, m, r, now)) {
        server_answer(e,
                      &(struct server_answer){.status = STATUS_FORBIDDEN,
                                              .additional = e->naf
                                                                ? "not this subscriber's Node-ID"
                                                                : reason_text(REASON_KEY_EXPIRED),
                                              .close = true},
                      NULL);
        return;
    }
    m->connections++;
    config = d->populations[m->population].config->device;
    c = xcalloc(1, sizeof *c);
    s = &c->u.scl;
    memcpy(s->node_id, m->node_id, M2M_NODE_ID_LEN);
    memcpy(s->kival, m->kival, M2M_KEY_LEN);
    s->device = m->device;
    (void)se_backend_copy(&e->se, SE_KMC, s->kmc);
    s->connection_id = draw_connection_id(mas, m);
    s->kmc_index = m->connections;
    /* No Kmc outlives the Kmr, or the Ks, that it came from. */
    s->kmc_expires = sim_ns_min(sim_ns_add(now, config->keys.kmc),
                                e->naf ? r->ks_expires_unix_ns - d->in.epoch_unix_ns : m->expires);
    s->ival_capable = m->ival_capable;
    s->mid_flags =
        mid_security_grant(mas->population->config->server, q->has_mid_flags ? q->mid_flags : 0);
    s->cipher = config->mid.cipher;
    c->answer_name = "Kmc to NSCL stored";
    c->apply = apply;
    c->finished = answer_params;
    backend_send(e, server_for(d, config->mid.nscl, m->device), "Kmc to NSCL", c);
}
