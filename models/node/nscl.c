/* NSCL: registrations, containers and content instances of the SCLs that have a service connection
 * (etsi-m2m.md 8.4). A registration is removed at its expirationTime; nobody can see the difference
 * between removing it then and finding it expired later, so there is no timer for each of a million
 * registrations. */
#include "models/node/impl.h"

#include "sim/base/xalloc.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCLS         "/m2m/scls"
#define DEFAULT_LINK "https://%.200s.m2m.example/m2m"

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

void nscl_deregister(struct scl_record *s)
{
    struct scl_container *c;

    while ((c = s->containers)) {
        s->containers = c->next;
        free(c);
    }
    free(s->link);
    s->link = NULL;
    s->scl_expires = 0;
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
    if (s->link)
        snprintf(d->link, sizeof d->link, "%s", s->link);
    else
        snprintf(d->link, sizeof d->link, DEFAULT_LINK, d->scl_id);
    snprintf(d->mgmt_protocol_type, sizeof d->mgmt_protocol_type, "%s",
             s->oma_dm ? "OMA DM" : "BBF TR 069");
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

/* RFC 3986 4.3: a scheme, and something behind it. */
static bool is_absolute_uri(const char *uri)
{
    size_t n = 0;

    if (!isalpha((unsigned char)uri[0]))
        return false;
    while (isalnum((unsigned char)uri[n]) || (uri[n] && strchr("+-.", uri[n])))
        n++;
    return uri[n] == ':' && uri[n + 1];
}

static bool is_mandatory_there(const struct doc_scl *doc, bool create)
{
    return doc->mgmt_protocol_type[0] &&
           (!create || (doc->scl_id[0] && is_absolute_uri(doc->link)));
}

/* The body, in the order of etsi-m2m.md 8.4; false: answered. */
static bool check_body(struct server_end *e, const struct server_request *r, bool create)
{
    const struct doc_scl *doc = &r->doc.u.scl;

    if (r->doc.kind != DOC_SCL)
        refuse(e, STATUS_BAD_REQUEST, "an scl document is needed");
    else if (!create && (doc->scl_id[0] || doc->link[0]))
        refuse(e, STATUS_BAD_REQUEST, "sclId and link are not permitted at UPDATE");
    else if (!is_mandatory_there(doc, create))
        refuse(e, STATUS_BAD_REQUEST,
               create ? "sclId, link (an absolute URI) and mgmtProtocolType are mandatory"
                      : "mgmtProtocolType is mandatory");
    else
        return true;
    return false;
}

/* What CREATE and UPDATE check alike behind that; false: answered. */
static bool check_scl(struct server_end *e, const struct scl_record *s,
                      const struct server_request *r, bool create, sim_ns now, uint32_t *services)
{
    const struct doc_scl *doc = &r->doc.u.scl;
    int64_t unix_now = e->server->population->d->in.epoch_unix_ns + now;
    const char *why = NULL;
    int status = 0;

    if (doc->expires_unix_ns && doc->expires_unix_ns <= unix_now)
        refuse(e, STATUS_BAD_REQUEST, "expirationTime is in the past");
    else if (doc->has_forbidden)
        refuse(e, STATUS_BAD_REQUEST, "an attribute that is not permitted in a request");
    else if (!policy_check(e, s, doc, create, now, session_env(e->session)->meter, services,
                           &status, &why))
        refuse(e, (enum m2m_status)status, why);
    else
        return true;
    return false;
}

static bool is_oma_dm(const struct doc_scl *doc)
{
    return strcmp(doc->mgmt_protocol_type, "OMA DM") == 0;
}

static void create_scl(struct server_end *e, struct scl_record *s, const struct server_request *r,
                       const char *scl_id, sim_ns now)
{
    const struct doc_scl *doc = &r->doc.u.scl;
    char link[M2M_MAX_URI];
    uint32_t services;

    if (!check_body(e, r, true))
        return;
    /* Refusals before the steps of IVal are STATUS_PERMISSION_DENIED (etsi-m2m.md 7 d). */
    if (strcmp(doc->scl_id, scl_id) != 0) {
        refuse(e, STATUS_PERMISSION_DENIED, "the sclId is not that of the service connection");
        return;
    }
    if (is_registered(s, now)) {
        refuse(e, STATUS_CONFLICT, "this sclId is registered");
        return;
    }
    if (!check_scl(e, s, r, true, now, &services))
        return;
    nscl_deregister(s); /* one that had expired */
    s->services = services;
    s->scl_expires = clamp_expiry(e, doc, now);
    s->created = s->modified = now;
    s->oma_dm = is_oma_dm(doc);
    snprintf(link, sizeof link, DEFAULT_LINK, scl_id);
    if (strcmp(doc->link, link) != 0)
        s->link = xstrdup(doc->link);
    answer_scl(e, s, STATUS_CREATED);
}

static void update_scl(struct server_end *e, struct scl_record *s, const struct server_request *r,
                       sim_ns now)
{
    uint32_t services;

    if (!check_body(e, r, false))
        return;
    if (!check_scl(e, s, r, false, now, &services)) {
        /* A device whose image is refused at re-attestation is no longer registered. */
        if (e->answer.status == STATUS_FORBIDDEN)
            nscl_deregister(s);
        return;
    }
    s->services = services;
    s->oma_dm = is_oma_dm(&r->doc.u.scl);
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
        nscl_deregister(s);
        server_answer(e, &(struct server_answer){.status = STATUS_DELETED}, NULL);
        break;
    case HTTP_POST:
    case HTTP_OTHER:
        refuse(e, STATUS_METHOD_NOT_ALLOWED, NULL);
        break;
    }
}

/* ---- below <scl> ---- */

static struct scl_container *find_container(const struct scl_record *s, const char *id, size_t n)
{
    struct scl_container *c = s->containers;

    while (c && (strlen(c->id) != n || memcmp(c->id, id, n) != 0))
        c = c->next;
    return c;
}

/* The hosting SCL names a container that its creator did not. */
static void name_container(const struct scl_record *s, char id[M2M_MAX_URI])
{
    unsigned n = 0;

    do
        snprintf(id, M2M_MAX_URI, "container-%u", n++);
    while (find_container(s, id, strlen(id)));
}

static void create_container(struct server_end *e, struct scl_record *s,
                             const struct server_request *r)
{
    char location[2 * M2M_MAX_URI], id[M2M_MAX_URI];
    struct scl_container *c;

    if (r->doc.kind != DOC_CONTAINER) {
        refuse(e, STATUS_BAD_REQUEST, "a container document is needed");
        return;
    }
    snprintf(id, sizeof id, "%s", r->doc.u.container.id);
    if (!*id)
        name_container(s, id);
    if (find_container(s, id, strlen(id))) {
        refuse(e, STATUS_CONFLICT, "the container exists");
        return;
    }
    c = xcalloc(1, sizeof *c + strlen(id) + 1);
    memcpy(c->id, id, strlen(id) + 1);
    c->next = s->containers;
    s->containers = c;
    snprintf(location, sizeof location, "%s/%s", r->target, id);
    server_answer(e, &(struct server_answer){.status = STATUS_CREATED, .location = location}, NULL);
}

static void create_instance(struct server_end *e, struct scl_container *c,
                            const struct server_request *r)
{
    if (r->doc.kind != DOC_CONTENT_INSTANCE) {
        refuse(e, STATUS_BAD_REQUEST, "a contentInstance document is needed");
        return;
    }
    c->instances++;
    c->octets += r->doc.u.content_instance.content.n;
    server_answer(e, &(struct server_answer){.status = STATUS_CREATED}, NULL);
}

static const char *behind(const char *path, const char *prefix)
{
    size_t n = strlen(prefix);

    return strncmp(path, prefix, n) == 0 ? path + n : NULL;
}

/* rest: the path behind <scl>, "/containers" or "/containers/ID/contentInstances". */
static void below_scl(struct server_end *e, struct scl_record *s, const struct server_request *r,
                      const char *rest)
{
    static const char tail[] = "/contentInstances";
    const char *applications = behind(rest, "/applications"), *id = behind(rest, "/containers");
    struct scl_container *c = NULL;
    size_t n = id ? strlen(id) : 0;
    bool instances = n > sizeof tail && *id == '/' && !strcmp(id + n - (sizeof tail - 1), tail);

    if (instances)
        c = find_container(s, id + 1, n - sizeof tail);
    if (applications && (!*applications || *applications == '/'))
        refuse(e, STATUS_FORBIDDEN, "no applications over mId"); /* etsi-m2m.md 8.4 */
    else if (!id || (n > 0 && !instances))
        refuse(e, STATUS_NOT_FOUND, "no such resource");
    else if (r->method != HTTP_POST)
        refuse(e, STATUS_METHOD_NOT_ALLOWED, NULL);
    else if (!(s->services & ival_capability_bit(CAP_XRAR)))
        /* Storing readings is the xRAR capability's service (etsi-m2m.md 1). */
        refuse(e, STATUS_FORBIDDEN, reason_text(REASON_IVAL_LIMITED));
    else if (!instances)
        create_container(e, s, r);
    else if (!c)
        refuse(e, STATUS_NOT_FOUND, "no such container");
    else
        create_instance(e, c, r);
}

/* ---- who asks ---- */

/* A session lives no longer than its Kmc (GAP C5). false: answered. */
static bool check_connection(struct server_end *e, const struct scl_record *s, sim_ns now)
{
    struct server_answer no = {.status = STATUS_PERMISSION_DENIED, .close = true};

    if (!s)
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

void nscl_request(struct server_end *e, const struct server_request *r, sim_ns now)
{
    struct server *nscl = e->server;
    uint64_t connection_id = 0;
    uint32_t kmc_index, record = MAP_NONE;
    char scl_id[M2M_MAX_URI];
    const char *rest;
    struct scl_record *s = NULL;
    size_t n;

    meter_add(session_env(e->session)->meter, OP_DB_ACCESS, 1, 0);
    if (key_kmc_identity_parse(span_str(r->peer_name), &connection_id, &kmc_index))
        record = map_find(&nscl->by_connection, connection_id);
    if (record != MAP_NONE)
        s = &nscl->scl[record];
    if (!check_connection(e, s, now))
        return;
    node_scl_id(s->node_id, scl_id);
    n = strlen(scl_id);
    if (!check_sender(e, r, scl_id))
        return;
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
