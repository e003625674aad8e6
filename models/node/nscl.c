/* NSCL: registrations, containers and content instances of the SCLs that have a service connection
 * (etsi-m2m.md 8.4). A registration is removed at its expirationTime; nobody can see the difference
 * between removing it then and finding it expired later, so there is no timer for each of a million
 * registrations. */
#include "models/node/impl.h"

#include "sim/base/xalloc.h"

#include <stdio.h>
#include <string.h>

#define SCLS "/m2m/scls"

/* Reads the tables as they stood when the round began (DESIGN section 4). Any thread. */
unsigned nscl_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason)
{
    const struct tls_psk_arg *a = arg;
    const struct scl_record *s;
    uint64_t connection_id;
    uint32_t kmc_index, record;

    *reason = REASON_PSK_UNKNOWN;
    if (!key_kmc_identity_parse(identity, &connection_id, &kmc_index))
        return 0;
    record = map_find(&a->server->by_connection, connection_id);
    if (record == MAP_NONE)
        return 0;
    s = &a->server->scl[record];
    if (s->connection_id != connection_id || s->kmc_index != kmc_index)
        return 0;
    if (s->kmc_expires <= a->now) {
        *reason = REASON_KEY_EXPIRED;
        return 0;
    }
    memcpy(psk, s->kmc, M2M_KEY_LEN);
    return M2M_KEY_LEN;
}

/* A new connection of a known SCL takes the place of its old one; its registration stays. */
void nscl_store(struct server *nscl, const struct scl_record *r)
{
    uint64_t key = node_id_key(r->node_id);
    uint32_t record = map_find(&nscl->by_node, key);
    struct scl_record *s;

    if (record == MAP_NONE) {
        record = server_new_record(nscl);
        map_put(&nscl->by_node, key, record);
        nscl->scl[record] = *r;
    } else {
        s = &nscl->scl[record];
        map_remove(&nscl->by_connection, s->connection_id);
        memcpy(s->kmc, r->kmc, M2M_KEY_LEN);
        memcpy(s->kival, r->kival, M2M_KEY_LEN);
        s->connection_id = r->connection_id;
        s->kmc_index = r->kmc_index;
        s->kmc_expires = r->kmc_expires;
        s->ival_capable = r->ival_capable;
    }
    map_put(&nscl->by_connection, r->connection_id, record);
}

/* ---- answers ---- */

static void refuse(struct server_end *e, enum m2m_status status, const char *why)
{
    server_answer(e, &(struct server_answer){.status = (int)status, .additional = why}, NULL);
}

static sim_ns clamp_expiry(const struct server_end *e, const struct doc_scl *doc, sim_ns now)
{
    const struct cfg_server *c = e->server->population->config->server;
    sim_ns asked = doc->expires_unix_ns - e->server->population->d->in.epoch_unix_ns;

    if (!doc->expires_unix_ns || asked > sim_ns_add(now, c->registration_max))
        return sim_ns_add(now, c->registration_max);
    return asked < now + c->registration_min ? now + c->registration_min : asked;
}

/* The response adds what is NP in the request. */
static void answer_scl(struct server_end *e, const struct scl_record *s, enum m2m_status status)
{
    int64_t epoch = e->server->population->d->in.epoch_unix_ns;
    struct m2m_doc doc = {.kind = DOC_SCL};
    struct doc_scl *d = &doc.u.scl;
    char location[M2M_MAX_URI + sizeof SCLS];

    node_scl_id(s->node_id, d->scl_id);
    snprintf(d->link, sizeof d->link, "https://%.200s.m2m.example/m2m", d->scl_id);
    snprintf(d->mgmt_protocol_type, sizeof d->mgmt_protocol_type, "BBF TR 069");
    d->expires_unix_ns = epoch + s->scl_expires;
    d->has_times = true;
    d->created_unix_ns = epoch + s->created;
    d->modified_unix_ns = epoch + s->modified;
    snprintf(location, sizeof location, SCLS "/%.200s", d->scl_id);
    server_answer(e,
                  &(struct server_answer){.status = (int)status,
                                          .location = status == STATUS_CREATED ? location : NULL},
                  &doc);
}

/* ---- <scl> ---- */

static bool is_registered(const struct scl_record *s, sim_ns now)
{
    return s->scl_expires > now;
}

/* What CREATE and UPDATE check alike; false: answered. */
static bool check_scl(struct server_end *e, const struct scl_record *s,
                      const struct server_request *r, bool create, sim_ns now, uint32_t *services)
{
    const struct doc_scl *doc = &r->doc.u.scl;
    int64_t unix_now = e->server->population->d->in.epoch_unix_ns + now;
    const char *why = NULL;
    int status = 0;

    if (r->doc.kind != DOC_SCL)
        refuse(e, STATUS_BAD_REQUEST, "an scl document is needed");
    else if (doc->has_forbidden)
        refuse(e, STATUS_BAD_REQUEST, "an attribute that is not permitted in a request");
    else if (doc->expires_unix_ns && doc->expires_unix_ns <= unix_now)
        refuse(e, STATUS_BAD_REQUEST, "expirationTime is in the past");
    else if (!policy_check(e, s, doc, create, now, session_env(e->session)->meter, services,
                           &status, &why))
        refuse(e, (enum m2m_status)status, why);
    else
        return true;
    return false;
}

static void create_scl(struct server_end *e, struct scl_record *s, const struct server_request *r,
                       const char *scl_id, sim_ns now)
{
    const struct doc_scl *doc = &r->doc.u.scl;
    uint32_t services;

    if (r->doc.kind == DOC_SCL && strcmp(doc->scl_id, scl_id) != 0) {
        refuse(e, STATUS_FORBIDDEN, "the sclId is not that of the service connection");
        return;
    }
    if (is_registered(s, now)) {
        refuse(e, STATUS_CONFLICT, "this sclId is registered");
        return;
    }
    if (r->doc.kind == DOC_SCL && (!doc->link[0] || !doc->mgmt_protocol_type[0])) {
        refuse(e, STATUS_BAD_REQUEST, "link and mgmtProtocolType are mandatory");
        return;
    }
    if (!check_scl(e, s, r, true, now, &services))
        return;
    s->services = services;
    s->scl_expires = clamp_expiry(e, doc, now);
    s->created = s->modified = now;
    s->has_container = false;
    s->instances = 0;
    s->instance_octets = 0;
    answer_scl(e, s, STATUS_CREATED);
}

static void update_scl(struct server_end *e, struct scl_record *s, const struct server_request *r,
                       sim_ns now)
{
    uint32_t services;

    if (r->doc.kind == DOC_SCL && (r->doc.u.scl.scl_id[0] || r->doc.u.scl.link[0])) {
        refuse(e, STATUS_BAD_REQUEST, "sclId and link are not permitted at UPDATE");
        return;
    }
    if (!check_scl(e, s, r, false, now, &services)) {
        /* A device whose image is refused at re-attestation is no longer registered. */
        if (e->answer.status == STATUS_FORBIDDEN)
            s->scl_expires = 0;
        return;
    }
    s->services = services;
    s->scl_expires = clamp_expiry(e, &r->doc.u.scl, now);
    s->modified = now;
    answer_scl(e, s, STATUS_OK);
}

static void on_scl(struct server_end *e, struct scl_record *s, const struct server_request *r,
                   sim_ns now)
{
    switch (r->method) {
    case HTTP_GET:
        answer_scl(e, s, STATUS_OK);
        break;
    case HTTP_PUT:
        update_scl(e, s, r, now);
        break;
    case HTTP_DELETE:
        s->scl_expires = 0;
        server_answer(e, &(struct server_answer){.status = STATUS_DELETED}, NULL);
        break;
    case HTTP_POST:
    case HTTP_OTHER:
        refuse(e, STATUS_METHOD_NOT_ALLOWED, NULL);
        break;
    }
}

/* ---- below <scl> ---- */

static void create_container(struct server_end *e, struct scl_record *s,
                             const struct server_request *r)
{
    char location[2 * M2M_MAX_URI + 32];

    if (r->doc.kind != DOC_CONTAINER) {
        refuse(e, STATUS_BAD_REQUEST, "a container document is needed");
        return;
    }
    if (s->has_container) {
        refuse(e, STATUS_CONFLICT, "the container exists");
        return;
    }
    s->has_container = true;
    snprintf(location, sizeof location, "%.250s/%.200s", r->target, r->doc.u.container.id);
    server_answer(e, &(struct server_answer){.status = STATUS_CREATED, .location = location}, NULL);
}

static void create_instance(struct server_end *e, struct scl_record *s,
                            const struct server_request *r)
{
    if (!s->has_container) {
        refuse(e, STATUS_NOT_FOUND, "no such container");
        return;
    }
    if (r->doc.kind != DOC_CONTENT_INSTANCE) {
        refuse(e, STATUS_BAD_REQUEST, "a contentInstance document is needed");
        return;
    }
    s->instances++;
    s->instance_octets += r->doc.u.content_instance.content.n;
    server_answer(e, &(struct server_answer){.status = STATUS_CREATED}, NULL);
}

static void below_scl(struct server_end *e, struct scl_record *s, const struct server_request *r,
                      const char *rest)
{
    size_t n = strlen(rest);
    const char *tail = "/contentInstances";

    /* Storing readings is the xRAR capability's service (etsi-m2m.md 1). */
    if (!(s->services & ival_capability_bit(CAP_XRAR)))
        refuse(e, STATUS_FORBIDDEN, reason_text(REASON_IVAL_LIMITED));
    else if (strncmp(rest, "/containers", 11) != 0)
        refuse(e, STATUS_NOT_FOUND, "no such resource");
    else if (r->method != HTTP_POST)
        refuse(e, STATUS_METHOD_NOT_ALLOWED, NULL);
    else if (n == 11)
        create_container(e, s, r);
    else if (n > 11 + strlen(tail) && !strcmp(rest + n - strlen(tail), tail))
        create_instance(e, s, r);
    else
        refuse(e, STATUS_NOT_FOUND, "no such resource");
}

void nscl_request(struct server_end *e, const struct server_request *r, sim_ns now)
{
    struct server *nscl = e->server;
    uint64_t connection_id = 0;
    uint32_t kmc_index, record = MAP_NONE;
    char scl_id[M2M_MAX_URI];
    const char *rest;
    struct scl_record *s;
    size_t n;

    meter_add(session_env(e->session)->meter, OP_DB_ACCESS, 1, 0);
    if (key_kmc_identity_parse(span_str(r->peer_name), &connection_id, &kmc_index))
        record = map_find(&nscl->by_connection, connection_id);
    if (record == MAP_NONE) {
        refuse(e, STATUS_PERMISSION_DENIED, "no such service connection");
        return;
    }
    s = &nscl->scl[record];
    node_scl_id(s->node_id, scl_id);
    n = strlen(scl_id);
    if (strcmp(r->requesting_entity, scl_id) != 0) {
        refuse(e, STATUS_PERMISSION_DENIED, "the requesting entity is not that of the connection");
        return;
    }
    if (!strcmp(r->target, SCLS)) {
        if (r->method == HTTP_POST)
            create_scl(e, s, r, scl_id, now);
        else
            refuse(e, STATUS_METHOD_NOT_ALLOWED, NULL);
        return;
    }
    rest = r->target + strlen(SCLS "/");
    /* Another SCL's resources look as if they were not there (etsi-m2m.md 8.4). */
    if (strncmp(r->target, SCLS "/", strlen(SCLS "/")) != 0 || strncmp(rest, scl_id, n) != 0 ||
        (rest[n] && rest[n] != '/') || !is_registered(s, now))
        refuse(e, STATUS_NOT_FOUND, "no such resource");
    else if (!rest[n])
        on_scl(e, s, r, now);
    else
        below_scl(e, s, r, rest + n);
}
