/* NSCL: the resource tree (models/proc/scl_tree.h) behind mId over HTTP, for the SCLs that have a
 * service connection (etsi-m2m.md 8.4). A registration is removed at its expirationTime; nobody can
 * see the difference between removing it then and at the next request, so there is no timer for
 * each of a million registrations. */
#include "models/node/access.h"
#include "models/node/impl.h"

#include "models/proc/scl_tree.h"
#include "models/proto/m2m_query.h"
#include "models/proto/m2mxml_rep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE      "m2m"
#define MAX_BODY  (M2M_MAX_DOC / 4) /* of a representation whose document must fit a message */
#define DISCOVERY 100               /* maxNumberOfDiscovRecords */

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

/* ---- the tree ---- */

/* The request that the tree is asked about. */
struct nscl_call {
    struct server_end *e;
    struct scl_record *s;
    const struct server_request *request;
    struct span target; /* without its query */
    struct m2m_path path;
    enum m2m_path_result path_is;
    struct m2m_query query;
    sim_ns now;
    uint32_t services; /* granted by the policy, where it was asked */
    bool judged;
};

static int64_t epoch_of(const struct server *nscl)
{
    return nscl->population->d->in.epoch_unix_ns;
}

/* The steps of integrity validation, called by the tree when all else is well. */
static enum m2m_status check_ival(void *arg, const char *scl_id, enum m2m_method method,
                                  struct span rep, const char **why)
{
    struct nscl_call *c = ((struct server *)arg)->nscl_call;
    struct doc_scl doc = {.has_ival = false};
    int status = STATUS_FORBIDDEN;
    struct span ival;

    (void)scl_id;
    if (m2m_find(rep, E_INTEGRITY_VAL_RESULTS, &ival)) {
        doc.has_ival = true;
        doc.ival.result = m2m_find_number(ival, E_IVAL_RESULTS, 0);
        doc.ival.signature = m2m_find_number(ival, E_SIGNED_IVAL_RESULT, 0);
        m2m_find_text(ival, E_SECURE_TIME_STAMP, doc.ival.time_stamp, sizeof doc.ival.time_stamp);
        m2m_datetime_parse(doc.ival.time_stamp, &doc.ival.time_unix_ns);
    }
    c->judged = policy_check(c->e, c->s, &doc, method == M2M_CREATE, c->now,
                             session_env(c->e->session)->meter, &c->services, &status, why);
    return c->judged ? STATUS_OK : (enum m2m_status)status;
}

static struct scl_tree *tree_of(struct server *nscl)
{
    const struct cfg_server *config = nscl->population->config->server;

    if (!nscl->tree)
        nscl->tree =
            scl_tree_new(&(struct scl_tree_settings){.base = BASE,
                                                     .scl_id = nscl->fqdn,
                                                     .authority = nscl->fqdn,
                                                     .network = true,
                                                     .registration_min = config->registration_min,
                                                     .registration_max = config->registration_max,
                                                     .max_discovery = DISCOVERY,
                                                     .max_nr_instances = config->max_instances,
                                                     .check_scl = check_ival,
                                                     .arg = nscl},
                         epoch_of(nscl));
    return nscl->tree;
}

void nscl_release(struct server *nscl)
{
    scl_tree_free(nscl->tree);
    free(nscl->scl);
}

/* ---- answers ---- */

/* The text may be the response's: it moves to where the answer's own texts are. */
static void refuse(struct server_end *e, enum m2m_status status, const char *why)
{
    snprintf(e->location, sizeof e->location, "%s", why ? why : "");
    server_answer(
        e, &(struct server_answer){.status = (int)status, .additional = why ? e->location : NULL},
        NULL);
}

static void fill_scl(struct span rep, struct doc_scl *d)
{
    const char *const *words = m2m_element_info(E_MGMT_PROTOCOL_TYPE)->words;

    m2m_find_text(rep, E_SCL_ID, d->scl_id, sizeof d->scl_id);
    m2m_find_text(rep, E_LINK, d->link, sizeof d->link);
    snprintf(d->mgmt_protocol_type, sizeof d->mgmt_protocol_type, "%s",
             words[m2m_find_number(rep, E_MGMT_PROTOCOL_TYPE, 0)]);
    d->expires_unix_ns = m2m_find_number(rep, E_EXPIRATION_TIME, 0);
    d->has_times = true;
    d->created_unix_ns = m2m_find_number(rep, E_CREATION_TIME, 0);
    d->modified_unix_ns = m2m_find_number(rep, E_LAST_MODIFIED_TIME, 0);
}

/* What a body says of a resource that was asked for: of an <scl> the attributes that are its own,
 * for a constrained device has no use for a page of references; of anything else all. */
static bool fill_body(struct m2m_response *r, const struct nscl_call *c, struct m2m_doc *doc)
{
    struct m2m_rep *rep = &r->representation;

    if (rep->type == M2M_SCL) {
        doc->kind = DOC_SCL;
        fill_scl(m2m_rep_span(rep), &doc->u.scl);
        return true;
    }
    if (!rep->type || c->request->method != HTTP_GET)
        return false;
    doc->kind = DOC_RESOURCE;
    doc->u.resource.type = (int)rep->type;
    doc->u.resource.n = rep->n;
    doc->owned = rep->p; /* the answer's from now on */
    m2m_rep_init(rep, M2M_NO_TYPE);
    return true;
}

static void answer(const struct nscl_call *c, struct m2m_response *r)
{
    struct m2m_doc doc = {.kind = DOC_NONE};
    struct server_answer a = {.status = (int)r->status_code};
    bool body;

    if (r->status_code >= STATUS_BAD_REQUEST) {
        refuse(c->e, r->status_code, r->additional_info);
        return;
    }
    if (r->representation.type != M2M_SCL && c->request->method == HTTP_GET &&
        r->representation.n > MAX_BODY) {
        refuse(c->e, STATUS_NOT_ACCEPTABLE, "more than fits one message");
        return;
    }
    /* Who reports each quarter of an hour does not ask for the name of each report. */
    if (*r->resource_uri && strlen(r->resource_uri) < sizeof c->e->location &&
        r->representation.type != M2M_CONTENT_INSTANCE)
        a.location = r->resource_uri;
    body = fill_body(r, c, &doc);
    server_answer(c->e, &a, body ? &doc : NULL);
}

/* ---- requests ---- */

/* Storing readings is the xRAR capability's service (etsi-m2m.md 1). */
static bool is_storing(const struct nscl_call *c)
{
    return c->request->method == HTTP_POST && c->path.count > 3 &&
           c->path.step[3].type == M2M_CONTAINERS;
}

/* No applications over mId, but for what is announced (etsi-m2m.md 8.4). */
static bool is_application(const struct nscl_call *c)
{
    return c->request->method == HTTP_POST && c->path.count == 4 &&
           c->path.step[3].type == M2M_APPLICATIONS && c->request->rep.type &&
           c->request->rep.type != M2M_APPLICATION_ANNC;
}

/* etsi-m2m.md 8.3: POST is CREATE, NOTIFY to a contactURI, and EXECUTE with an empty body. */
static enum m2m_method method_of(const struct nscl_call *c)
{
    enum m2m_type type = c->path_is == M2M_PATH_OK ? m2m_path_type(&c->path) : M2M_NO_TYPE;

    switch (c->request->method) {
    case HTTP_GET:
        return M2M_RETRIEVE;
    case HTTP_PUT:
        return M2M_UPDATE;
    case HTTP_DELETE:
        return M2M_DELETE;
    case HTTP_POST:
    case HTTP_OTHER:
        break;
    }
    if (m2m_type_takes(type, M2M_EXECUTE) && !c->request->rep.type)
        return M2M_EXECUTE;
    return m2m_type_takes(type, M2M_NOTIFY) ? M2M_NOTIFY : M2M_CREATE;
}

static void ask_tree(struct nscl_call *c, enum m2m_method method, const char *entity,
                     struct m2m_response *r)
{
    struct server *nscl = c->e->server;
    struct scl_tree *tree = tree_of(nscl);
    struct m2m_request request = {.target_id = c->target,
                                  .requesting_entity = entity,
                                  .representation = c->request->rep.type ? &c->request->rep : NULL,
                                  .filter_criteria = m2m_rep_span(&c->query.filter),
                                  .search_prefix =
                                      *c->query.search_prefix ? c->query.search_prefix : NULL,
                                  .max_size = c->query.max_size,
                                  .method = method,
                                  .point = M2M_MID};
    struct scl_tree_output *o;

    m2m_response_init(r);
    nscl->nscl_call = c;
    scl_tree_request(tree, epoch_of(nscl) + c->now, &request, r);
    nscl->nscl_call = NULL;
    /* Nobody to bring it to: applications are not simulated yet. */
    while ((o = scl_tree_output(tree)))
        scl_tree_output_free(o);
}

/* The record follows the tree. A device whose image is refused at re-attestation is no longer
 * registered. */
static void follow(struct nscl_call *c, enum m2m_method method, const struct m2m_response *r)
{
    struct scl_record *s = c->s;
    struct m2m_response gone;

    if (c->path_is != M2M_PATH_OK)
        return;
    if (c->judged && r->status_code < STATUS_BAD_REQUEST) {
        s->services = c->services;
        s->scl_expires = m2m_find_number(m2m_rep_span(&r->representation), E_EXPIRATION_TIME, 0) -
                         epoch_of(c->e->server);
    } else if (method == M2M_UPDATE && m2m_path_type(&c->path) == M2M_SCL &&
               r->status_code == STATUS_FORBIDDEN) {
        ask_tree(c, M2M_DELETE, c->e->server->fqdn, &gone);
        m2m_response_clear(&gone);
        s->scl_expires = 0;
    } else if (method == M2M_DELETE && c->path.count == 3 && r->status_code == STATUS_DELETED) {
        s->scl_expires = 0;
    }
}

static void serve(struct nscl_call *c)
{
    enum m2m_method method;
    struct m2m_response r;

    if (c->path_is == M2M_PATH_OK && is_application(c)) {
        refuse(c->e, STATUS_FORBIDDEN, "no applications over mId");
        return;
    }
    if (c->path_is == M2M_PATH_OK && is_storing(c) && c->s->scl_expires > c->now &&
        !(c->s->services & ival_capability_bit(CAP_XRAR))) {
        refuse(c->e, STATUS_FORBIDDEN, reason_text(REASON_IVAL_LIMITED));
        return;
    }
    method = method_of(c);
    ask_tree(c, method, c->request->requesting_entity, &r);
    follow(c, method, &r);
    answer(c, &r);
    m2m_response_clear(&r);
}

/* etsi-m2m.md 8.3: filter attributes stand in the query. */
static void serve_query(struct nscl_call *c)
{
    const char *target = c->request->target, *mark = strchr(target, '?');
    char why[80];

    c->target = span_of(target, mark ? (size_t)(mark - target) : strlen(target));
    c->path_is = m2m_path_parse(c->target, BASE, &c->path);
    if (m2m_query_parse(span_str(mark ? mark + 1 : ""), &c->query, why) == STATUS_OK)
        serve(c);
    else
        refuse(c->e, STATUS_BAD_REQUEST, why);
    m2m_query_clear(&c->query);
}

/* ---- who asks ---- */

/* A session lives no longer than its Kmc (GAP C5). false: answered. */
static bool check_connection(struct server_end *e, const struct scl_record *s, sim_ns now)
{
    struct server_answer no = {.status = STATUS_PERMISSION_DENIED, .close = true};

    if (!s && e->plain)
        no.additional = "only the access network's own are trusted without TLS";
    else if (!s)
        no.additional = "no such service connection";
    else if (s->kmc_expires <= now)
        no.additional = reason_text(REASON_KEY_EXPIRED);
    else
        return true;
    server_answer(e, &no, NULL);
    return false;
}

/* Without a requestingEntity 403 (etsi-m2m.md 8.3), with another one 401. false: answered. */
static bool check_sender(struct server_end *e, const struct server_request *r, const char *scl_id)
{
    if (!*r->requesting_entity)
        refuse(e, STATUS_FORBIDDEN, "a requesting entity is needed");
    else if (strcmp(r->requesting_entity, scl_id) != 0)
        refuse(e, STATUS_PERMISSION_DENIED, "the requesting entity is not that of the connection");
    else
        return true;
    return false;
}

/* Without TLS: the access network answers for whose packets these are, for they came over a bearer
 * of its own. The provider's register knows the subscription's node. NULL: not from there. */
static struct scl_record *record_of_subscriber(struct server *nscl, const struct device *dev)
{
    const struct cfg_device *c = dev->population->config->device;
    uint8_t node_id[M2M_NODE_ID_LEN];
    struct scl_record *s;
    uint32_t record;

    if (c->mid.security != CFG_SECURITY_NONE || !access_is_attached(dev))
        return NULL;
    device_node_id(dev, node_id);
    record = map_find(&nscl->by_node, node_id_key(node_id));
    if (record == MAP_NONE) {
        record = server_new_record(nscl);
        map_put(&nscl->by_node, node_id_key(node_id), record);
        s = &nscl->scl[record];
        *s = (struct scl_record){
            .kmc_expires = SIM_NEVER, .device = dev->index, .ival_capable = c->ival.capable};
        memcpy(s->node_id, node_id, M2M_NODE_ID_LEN);
        device_kival(dev, s->kival);
    }
    return &nscl->scl[record];
}

static struct scl_record *record_of_connection(struct server *nscl, const char *identity)
{
    uint64_t connection_id = 0;
    uint32_t kmc_index, record = MAP_NONE;

    if (key_kmc_identity_parse(span_str(identity), &connection_id, &kmc_index))
        record = map_find(&nscl->by_connection, connection_id);
    return record == MAP_NONE ? NULL : &nscl->scl[record];
}

void nscl_request(struct server_end *e, const struct server_request *r, sim_ns now)
{
    struct server *nscl = e->server;
    char scl_id[M2M_MAX_URI];
    struct scl_record *s;

    meter_add(session_env(e->session)->meter, OP_DB_ACCESS, 1, 0);
    s = e->plain ? record_of_subscriber(nscl, e->client) : record_of_connection(nscl, r->peer_name);
    if (!check_connection(e, s, now))
        return;
    node_scl_id(s->node_id, scl_id);
    if (!check_sender(e, r, scl_id))
        return;
    serve_query(&(struct nscl_call){.e = e, .s = s, .request = r, .now = now});
}
