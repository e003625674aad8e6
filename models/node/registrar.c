#include "models/node/registrar.h"

#include "models/node/map.h"
#include "models/node/mid_security.h"
#include "models/node/node_id.h"
#include "models/node/policy.h"
#include "models/proc/kma.h"
#include "models/proto/m2m_query.h"
#include "models/proto/m2mxml_rep.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE      "m2m"
#define SHORT     (M2M_MAX_DOC / 4) /* a representation whose document fits a message for sure */
#define DISCOVERY 100               /* maxNumberOfDiscovRecords */

/* A registration is removed at its expirationTime; nobody can see the difference between removing
 * it then and at the next request, so there is no timer for each of a million registrations. */
struct registrar {
    struct registrar_settings settings;
    struct scl_tree *tree;
    struct call *call; /* the request that it is answering */
    struct scl_record *records;
    uint32_t count, room;
    struct map by_node, by_connection;
};

/* The request that the tree is asked about. */
struct call {
    struct registrar *r;
    struct scl_record *s;
    const struct server_request *request;
    struct meter *meter;
    struct registrar_answer *out;
    struct span target;             /* without its query */
    char absolute[2 * M2M_MAX_URI]; /* the same of another's, as a URI */
    struct m2m_path path;
    enum m2m_path_result path_is;
    struct m2m_query query;
    sim_ns now;
    enum m2m_point point;
    uint32_t services; /* granted by the policy, where it was asked */
    bool judged;
};

static int64_t unix_time(const struct registrar *r, sim_ns t)
{
    return r->settings.epoch_unix_ns + t;
}

/* ---- records ---- */

static struct scl_record *found(struct registrar *r, uint32_t record)
{
    return record == MAP_NONE ? NULL : &r->records[record];
}

struct scl_record *registrar_of_node(struct registrar *r, const uint8_t node_id[M2M_NODE_ID_LEN])
{
    return found(r, map_find(&r->by_node, node_id_key(node_id)));
}

struct scl_record *registrar_of_connection(struct registrar *r, const char *identity)
{
    uint64_t connection_id = 0;
    uint32_t kmc_index, record = MAP_NONE;

    if (key_kmc_identity_parse(span_str(identity), &connection_id, &kmc_index))
        record = map_find(&r->by_connection, connection_id);
    return found(r, record);
}

struct scl_record *registrar_add(struct registrar *r, const struct scl_record *record)
{
    if (r->count == r->room) {
        r->room = r->room ? r->room + r->room / 2 : 16;
        r->records = xrealloc(r->records, r->room * sizeof *r->records);
    }
    r->records[r->count] = *record;
    map_put(&r->by_node, node_id_key(record->node_id), r->count);
    return &r->records[r->count++];
}

void registrar_store(struct registrar *r, const struct scl_record *record)
{
    struct scl_record *s = registrar_of_node(r, record->node_id);

    if (!s) {
        s = registrar_add(r, record);
    } else {
        map_remove(&r->by_connection, s->connection_id);
        memcpy(s->kmc, record->kmc, M2M_KEY_LEN);
        memcpy(s->kival, record->kival, M2M_KEY_LEN);
        s->connection_id = record->connection_id;
        s->kmc_index = record->kmc_index;
        s->kmc_expires = record->kmc_expires;
        s->ival_capable = record->ival_capable;
        s->mid_flags = record->mid_flags;
        s->cipher = record->cipher;
        s->sequence = record->sequence;
        s->poll_sequence = record->poll_sequence;
    }
    map_put(&r->by_connection, record->connection_id, (uint32_t)(s - r->records));
}

/* In force. NULL: *reason says why, `unknown` if there is none. */
static const struct scl_record *in_force(const struct registrar *r, struct span identity,
                                         sim_ns now, enum reason unknown, enum reason *reason)
{
    const struct scl_record *s;
    uint64_t connection_id;
    uint32_t kmc_index, record;

    *reason = unknown;
    if (!key_kmc_identity_parse(identity, &connection_id, &kmc_index))
        return NULL;
    record = map_find(&r->by_connection, connection_id);
    if (record == MAP_NONE)
        return NULL;
    s = &r->records[record];
    if (s->connection_id != connection_id || s->kmc_index != kmc_index)
        return NULL;
    if (s->kmc_expires <= now) {
        *reason = REASON_KEY_EXPIRED;
        return NULL;
    }
    return s;
}

static uint16_t granted_to(const struct scl_record *s)
{
    return s->mid_flags ? s->mid_flags : MID_TLS_PSK;
}

unsigned registrar_psk(const struct registrar *r, struct span identity, sim_ns now, uint8_t psk[32],
                       enum reason *reason)
{
    const struct scl_record *s = in_force(r, identity, now, REASON_PSK_UNKNOWN, reason);

    if (!s)
        return 0;
    if (!(granted_to(s) & MID_CHANNELS)) {
        *reason = REASON_MID_SECURITY;
        return 0;
    }
    memcpy(psk, s->kmc, M2M_KEY_LEN);
    return M2M_KEY_LEN;
}

bool registrar_grant(const struct registrar *r, struct span identity, sim_ns now,
                     struct mid_grant *out, enum reason *reason)
{
    const struct scl_record *s = in_force(r, identity, now, REASON_XMLSEC_KEY, reason);

    if (!s)
        return false;
    memcpy(out->kmc, s->kmc, M2M_KEY_LEN);
    out->flags = granted_to(s);
    out->cipher = s->cipher;
    return true;
}

/* ---- the tree ---- */

/* The steps of integrity validation, called by the tree when all else is well. */
static enum m2m_status check_ival(void *arg, const char *scl_id, enum m2m_method method,
                                  struct span rep, const char **why)
{
    struct call *c = ((struct registrar *)arg)->call;
    struct doc_scl doc = {.has_ival = false};
    struct policy_answer a;
    struct span ival;

    (void)scl_id;
    if (!c->s) {
        *why = "no SCLs over mIa";
        return STATUS_FORBIDDEN;
    }
    if (m2m_find(rep, E_INTEGRITY_VAL_RESULTS, &ival)) {
        doc.has_ival = true;
        doc.ival.result = m2m_find_number(ival, E_IVAL_RESULTS, 0);
        doc.ival.signature = m2m_find_number(ival, E_SIGNED_IVAL_RESULT, 0);
        m2m_find_text(ival, E_SECURE_TIME_STAMP, doc.ival.time_stamp, sizeof doc.ival.time_stamp);
        m2m_datetime_parse(doc.ival.time_stamp, &doc.ival.time_unix_ns);
    }
    policy_check(&(struct policy_question){.config = c->r->settings.config,
                                           .record = c->s,
                                           .doc = &doc,
                                           .unix_now = unix_time(c->r, c->now),
                                           .create = method == M2M_CREATE},
                 c->meter, &a);
    c->out->ival = a.finding;
    c->services = a.services;
    c->judged = a.status == STATUS_OK;
    *why = a.additional;
    return a.status;
}

struct registrar *registrar_new(const struct registrar_settings *settings)
{
    struct registrar *r = xcalloc(1, sizeof *r);
    const struct cfg_server *config = settings->config;

    r->settings = *settings;
    r->tree = scl_tree_new(&(struct scl_tree_settings){.base = BASE,
                                                       .scl_id = settings->fqdn,
                                                       .authority = settings->fqdn,
                                                       .network = true,
                                                       .hands_on = settings->hands_on,
                                                       .gathers = settings->gathers,
                                                       .registration_min = config->registration_min,
                                                       .registration_max = config->registration_max,
                                                       .poll_timer = settings->poll_timer,
                                                       .max_discovery = DISCOVERY,
                                                       .max_nr_instances = config->max_instances,
                                                       .check_scl = check_ival,
                                                       .arg = r},
                           settings->epoch_unix_ns);
    return r;
}

void registrar_free(struct registrar *r)
{
    if (!r)
        return;
    scl_tree_free(r->tree);
    if (r->records)
        explicit_bzero(r->records, r->count * sizeof *r->records);
    free(r->records);
    map_release(&r->by_node);
    map_release(&r->by_connection);
    free(r);
}

struct scl_tree *registrar_tree(struct registrar *r)
{
    return r->tree;
}

/* ---- answers ---- */

/* The text may be the response's: it moves to where the answer's own texts are. */
static void refuse(const struct call *c, enum m2m_status status, const char *why)
{
    snprintf(c->out->text, sizeof c->out->text, "%s", why ? why : "");
    c->out->answer =
        (struct server_answer){.status = (int)status, .additional = why ? c->out->text : NULL};
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
static void fill_body(struct m2m_response *r, const struct call *c, struct m2m_doc *doc)
{
    struct m2m_rep *rep = &r->representation;

    if (rep->type == M2M_SCL) {
        doc->kind = DOC_SCL;
        fill_scl(m2m_rep_span(rep), &doc->u.scl);
        return;
    }
    if (!server_request_has_body(c->request, rep->type))
        return;
    doc->kind = DOC_RESOURCE;
    doc->u.resource.type = (int)rep->type;
    doc->u.resource.n = rep->n;
    doc->owned = rep->p; /* the answer's from now on */
    m2m_rep_init(rep, M2M_NO_TYPE);
}

/* What escapes and tags make of it, only writing tells. */
static bool fits(const struct m2m_rep *rep)
{
    struct buf document;
    bool written;

    if (rep->n <= SHORT)
        return true;
    buf_init(&document, M2M_MAX_DOC);
    written = m2mxml_rep_write(rep, &document);
    buf_clear(&document);
    return written;
}

/* With the query that came, which is for who answers. */
static void pass_on(const struct call *c, const struct m2m_response *r)
{
    struct registrar_answer *out = c->out;
    const char *query = strchr(c->request->target, '?');
    size_t n = str_append(out->target, sizeof out->target, 0, r->resource_uri);

    str_append(out->target, sizeof out->target, n, query ? query : "");
    snprintf(out->contact, sizeof out->contact, "%s", r->contact);
    out->onward = r->onward;
    out->answer = (struct server_answer){.status = (int)r->status_code};
}

/* Who reports each quarter of an hour knows the name that he gives each report. */
static bool is_named_report(const struct call *c)
{
    struct span id;

    return c->request->rep.type == M2M_CONTENT_INSTANCE &&
           m2m_find(m2m_rep_span(&c->request->rep), E_ID, &id);
}

static void answer(const struct call *c, struct m2m_response *r)
{
    struct registrar_answer *out = c->out;

    if (r->onward != M2M_STAYS) {
        pass_on(c, r);
        return;
    }

    if (r->status_code >= STATUS_BAD_REQUEST) {
        refuse(c, r->status_code, r->additional_info);
        return;
    }
    if (r->representation.type != M2M_SCL &&
        server_request_has_body(c->request, r->representation.type) && !fits(&r->representation)) {
        refuse(c, STATUS_NOT_ACCEPTABLE, "more than fits one message");
        return;
    }
    out->answer = (struct server_answer){.status = (int)r->status_code};
    out->held = r->held && c->r->settings.poll_timer > 0;
    if (*r->resource_uri && strlen(r->resource_uri) < sizeof out->text && !is_named_report(c)) {
        str_append(out->text, sizeof out->text, 0, r->resource_uri);
        out->answer.location = out->text;
    }
    fill_body(r, c, &out->doc);
}

/* ---- requests ---- */

/* Storing readings is the xRAR capability's service (etsi-m2m.md 1). */
static bool is_storing(const struct call *c)
{
    return c->request->method == HTTP_POST && c->path.count > 3 &&
           c->path.step[3].type == M2M_CONTAINERS;
}

/* No applications over mId (etsi-m2m.md 8.4); what is announced may be. */
static bool is_application(const struct call *c)
{
    return c->request->method == HTTP_POST && c->path.count == 4 &&
           c->path.step[3].type == M2M_APPLICATIONS && c->request->rep.type == M2M_APPLICATION;
}

/* Who names an application proves that it is it. false: answered. Where there is no Kmc there is no
 * Kma either. */
static bool check_application(const struct call *c)
{
    static const uint8_t none[M2M_KEY_LEN]; /* over mIa there is no Kmc either */
    enum kma_result result = KMA_NONE;

    if (c->request->method == HTTP_POST && c->path_is == M2M_PATH_OK &&
        m2m_path_type(&c->path) == M2M_CONTENT_INSTANCES)
        result =
            kma_check(c->meter, c->s ? c->s->kmc : none, c->target, m2m_rep_span(&c->request->rep));
    if (result != KMA_NONE && (!c->s || c->s->kmc_index == 0))
        result = KMA_WRONG;
    switch (result) {
    case KMA_NONE:
    case KMA_PROVEN:
        return true;
    case KMA_WRONG:
        refuse(c, STATUS_PERMISSION_DENIED, "not proven with the application's Kma");
        break;
    case KMA_MALFORMED:
        refuse(c, STATUS_BAD_REQUEST, "searchStrings name no application, or not one");
        break;
    }
    return false;
}

static enum m2m_method method_of(const struct call *c)
{
    /* Of a contact elsewhere nobody here knows what it is: POST of a notify is NOTIFY (etsi-m2m.md
     * 8.3). */
    bool elsewhere = c->path_is != M2M_PATH_OK || c->target.p == (const uint8_t *)c->absolute;

    if (elsewhere && c->request->method == HTTP_POST && c->request->rep.type == M2M_NOTIFY_DOC)
        return M2M_NOTIFY;
    return server_request_method(c->request,
                                 c->path_is == M2M_PATH_OK ? m2m_path_type(&c->path) : M2M_NO_TYPE);
}

static void ask_tree(struct call *c, enum m2m_method method, const char *entity,
                     struct m2m_response *r)
{
    struct m2m_request request = {.target_id = c->target,
                                  .requesting_entity = entity,
                                  .representation = c->request->rep.type ? &c->request->rep : NULL,
                                  .filter_criteria = m2m_rep_span(&c->query.filter),
                                  .search_prefix =
                                      *c->query.search_prefix ? c->query.search_prefix : NULL,
                                  .max_size = c->query.max_size,
                                  .method = method,
                                  .point = c->point};

    m2m_response_init(r);
    c->r->call = c;
    scl_tree_request(c->r->tree, unix_time(c->r, c->now), &request, r);
    c->r->call = NULL;
}

/* The record follows the tree. A device whose image is refused at re-attestation is no longer
 * registered. */
static void follow(struct call *c, enum m2m_method method, const struct m2m_response *r)
{
    struct scl_record *s = c->s;
    struct m2m_response gone;

    if (c->path_is != M2M_PATH_OK || !s)
        return;
    if (c->judged && r->status_code < STATUS_BAD_REQUEST) {
        s->services = c->services;
        s->scl_expires = m2m_find_number(m2m_rep_span(&r->representation), E_EXPIRATION_TIME, 0) -
                         c->r->settings.epoch_unix_ns;
    } else if (method == M2M_UPDATE && m2m_path_type(&c->path) == M2M_SCL &&
               r->status_code == STATUS_FORBIDDEN) {
        ask_tree(c, M2M_DELETE, c->r->settings.fqdn, &gone);
        m2m_response_clear(&gone);
        s->scl_expires = 0;
    } else if (method == M2M_DELETE && c->path.count == 3 && r->status_code == STATUS_DELETED) {
        s->scl_expires = 0;
    }
}

static void serve(struct call *c)
{
    enum m2m_method method;
    struct m2m_response r;

    if (c->s && c->path_is == M2M_PATH_OK && is_application(c)) {
        refuse(c, STATUS_FORBIDDEN, "no applications over mId");
        return;
    }
    if (c->s && c->path_is == M2M_PATH_OK && is_storing(c) && c->s->scl_expires > c->now &&
        !(c->s->services & ival_capability_bit(CAP_XRAR))) {
        refuse(c, STATUS_FORBIDDEN, reason_text(REASON_IVAL_LIMITED));
        return;
    }
    if (!check_application(c))
        return;
    method = c->out->method;
    ask_tree(c, method, c->request->requesting_entity, &r);
    follow(c, method, &r);
    answer(c, &r);
    m2m_response_clear(&r);
}

/* Without a requestingEntity 403 (etsi-m2m.md 8.3), with another one 401. false: answered. */
static bool check_sender(const struct call *c)
{
    char scl_id[M2M_MAX_URI];

    node_scl_id(c->s->node_id, scl_id);
    if (!*c->request->requesting_entity)
        refuse(c, STATUS_FORBIDDEN, "a requesting entity is needed");
    else if (strcmp(c->request->requesting_entity, scl_id) != 0)
        refuse(c, STATUS_PERMISSION_DENIED, "the requesting entity is not that of the connection");
    else
        return true;
    return false;
}

/* Of what is for somebody else. */
static struct span absolute_target(struct call *c)
{
    size_t n = str_append(c->absolute, sizeof c->absolute, 0, "https://");

    n = str_append(c->absolute, sizeof c->absolute, n, c->request->authority);
    snprintf(c->absolute + n, sizeof c->absolute - n, "%.*s", (int)c->target.n,
             (const char *)c->target.p);
    return span_str(c->absolute);
}

/* etsi-m2m.md 8.3: filter attributes stand in the query. */
static void serve_query(struct call *c)
{
    const char *target = c->request->target, *mark = strchr(target, '?');
    char why[80];

    c->target = span_of(target, mark ? (size_t)(mark - target) : strlen(target));
    if (c->r->settings.hands_on && *c->request->authority &&
        strcmp(c->request->authority, c->r->settings.fqdn) != 0)
        c->target = absolute_target(c);
    c->path_is = m2m_path_parse(c->target, BASE, &c->path);
    c->out->method = method_of(c);
    if (c->s && !check_sender(c))
        return;
    if (m2m_query_parse(span_str(mark ? mark + 1 : ""), &c->query, why) == STATUS_OK)
        serve(c);
    else
        refuse(c, STATUS_BAD_REQUEST, why);
    m2m_query_clear(&c->query);
}

bool registrar_is_poll(const struct server_request *r)
{
    static const char last[] = "/longPolling";
    size_t n = strlen(r->target);

    return r->method == HTTP_POST && !r->rep.type && n >= sizeof last &&
           strcmp(r->target + n - (sizeof last - 1), last) == 0;
}

/* A sealed request is good once (models/proc/README.md). false: answered. */
static bool check_sequence(const struct call *c)
{
    uint64_t *highest = registrar_is_poll(c->request) ? &c->s->poll_sequence : &c->s->sequence;

    if (c->request->sequence == 0)
        return true;
    if (c->request->sequence <= *highest) {
        refuse(c, STATUS_PERMISSION_DENIED, reason_text(REASON_OBJECT_REPLAYED));
        return false;
    }
    *highest = c->request->sequence;
    return true;
}

void registrar_refuse_stranger(struct registrar_answer *out, const char *why)
{
    *out = (struct registrar_answer){
        .answer = {.status = STATUS_PERMISSION_DENIED, .additional = why, .close = true}};
}

void registrar_request(struct registrar *r, struct scl_record *s,
                       const struct server_request *request, struct meter *m, sim_ns now,
                       struct registrar_answer *out)
{
    struct call c = {
        .r = r, .s = s, .request = request, .meter = m, .out = out, .now = now, .point = M2M_MID};

    *out = (struct registrar_answer){.doc = {.kind = DOC_NONE}};
    if (s->kmc_expires <= now) /* a session lives no longer than its Kmc (GAP C5) */
        registrar_refuse_stranger(out, reason_text(REASON_KEY_EXPIRED));
    else if (check_sequence(&c))
        serve_query(&c);
}

void registrar_application(struct registrar *r, const struct server_request *request,
                           struct meter *m, sim_ns now, struct registrar_answer *out)
{
    struct call c = {
        .r = r, .request = request, .meter = m, .out = out, .now = now, .point = M2M_MIA};
    const char *entity = request->requesting_entity;
    uint8_t node_id[M2M_NODE_ID_LEN];

    *out = (struct registrar_answer){.doc = {.kind = DOC_NONE}};
    if (!*entity)
        refuse(&c, STATUS_FORBIDDEN, "a requesting entity is needed");
    else if (node_id_of_scl(entity, node_id) || strcmp(entity, r->settings.fqdn) == 0)
        refuse(&c, STATUS_PERMISSION_DENIED, "an SCL does not come over mIa");
    else
        serve_query(&c);
}
