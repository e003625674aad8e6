#include "models/proc/server_request.h"

#include "models/proc/document.h"
#include "models/proto/m2m_path.h"
#include "sim/base/str.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Statuses of HTTP that TS 102 921 has no name for. */
enum { PRECONDITION_FAILED = 412, URI_TOO_LONG = 414 };

/* What the functions that serve one thing take (GAP C10, C12). */
struct service {
    const char *target;
    enum m2m_doc_kind doc;
};

static const struct service *service_of(enum server_role role)
{
    static const struct service bootstrap = {"/m2m/bootstrap", DOC_BOOTSTRAP_REQUEST};
    static const struct service connection = {"/m2m/connection", DOC_CONNECTION_REQUEST};

    switch (role) {
    case SERVER_MSBF:
        return &bootstrap;
    case SERVER_MAS:
        return &connection;
    case SERVER_NSCL:
        return NULL;
    }
    return NULL;
}

static bool refused(struct refusal *r, int status, enum reason reason, const char *detail)
{
    const char *text = reason_text(reason);

    r->status = status;
    snprintf(r->additional, sizeof(r->additional), "%s%s%s", text, *text && *detail ? ": " : "",
             detail);
    return false;
}

/* Octets of a scheme with its "://"; 0: it is none of ours. */
static size_t scheme_of(const char *p, size_t n)
{
    static const char *const schemes[] = {"https://", "http://", "coaps://", "coap://"};
    size_t length;

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        length = strlen(schemes[i]);
        if (n > length && !strncasecmp(p, schemes[i], length))
            return length;
    }
    return 0;
}

/* The path of origin-form or, as servers must take it too, absolute-form (RFC 9112 3.2.2), whose
 * authority says whom it is for. STATUS_OK, or why it is refused. */
static int take_target(struct span target, struct server_request *q)
{
    size_t n = sizeof(q->target), host;
    char *out = q->target;
    const char *p = (const char *)target.p;
    size_t left = target.n, scheme = scheme_of(p, left);
    const char *slash;

    if (scheme > 0) {
        slash = memchr(p + scheme, '/', left - scheme);
        host = slash ? (size_t)(slash - p) - scheme : 0;
        if (host == 0 || host >= sizeof(q->authority) || memchr(p, '\0', scheme + host))
            return STATUS_BAD_REQUEST;
        memcpy(q->authority, p + scheme, host);
        q->authority[host] = '\0';
        left -= (size_t)(slash - p);
        p = slash;
    }
    if (left == 0 || p[0] != '/' || memchr(p, '\0', left))
        return STATUS_BAD_REQUEST;
    if (left >= n)
        return URI_TOO_LONG;
    memcpy(out, p, left);
    out[left] = '\0';
    return STATUS_OK;
}

static bool check_target(enum server_role role, const struct incoming *m, struct server_request *q,
                         struct refusal *no)
{
    const struct service *only = service_of(role);
    int status;

    if (m->method == HTTP_OTHER)
        return refused(no, STATUS_METHOD_NOT_ALLOWED, REASON_NONE, "method");
    if ((status = take_target(m->target, q)) != STATUS_OK)
        return refused(no, status, REASON_BAD_REQUEST, "target");
    if (only && strcmp(q->target, only->target) != 0)
        return refused(no, STATUS_NOT_FOUND, REASON_NOT_FOUND, "");
    if (only && m->method != HTTP_POST)
        return refused(no, STATUS_METHOD_NOT_ALLOWED, REASON_NONE, "POST only");
    return true;
}

/* A tree's owner says so too, but later; who asks by objects has his refusal sealed. Paths at
 * another authority are its own business. */
static bool check_path(enum server_role role, const struct incoming *m,
                       const struct server_request *q, struct refusal *no)
{
    if (service_of(role) || (m->guard && server_guard_is_closed(m->guard)) || *q->authority ||
        strcmp(q->target, "/m2m") == 0 || strncmp(q->target, "/m2m/", 5) == 0)
        return true;
    return refused(no, STATUS_NOT_FOUND, REASON_NOT_FOUND, "");
}

/* Who it is could not be told, or it was taken before: as without a right. The rest is no request.
 */
static int status_of(enum reason reason)
{
    bool malformed = reason == REASON_XML_MALFORMED || reason == REASON_XML_INVALID ||
                     reason == REASON_XMLSEC_SCOPE || reason == REASON_XMLSEC_ALGORITHM ||
                     reason == REASON_HTTP_TOO_LARGE || reason == REASON_OBJECT_MISMATCH;

    return malformed ? STATUS_BAD_REQUEST : STATUS_PERMISSION_DENIED;
}

/* Before anything looks into the body, or does what the sender made depend on what is not known. */
static bool check_fields(const struct incoming *m, struct refusal *no)
{
    if (m->body.n > 0 && !m->is_xml)
        return refused(no, STATUS_UNSUPPORTED_MEDIA_TYPE, REASON_NONE, "application/xml only");
    if (m->conditional)
        return refused(no, PRECONDITION_FAILED, REASON_NONE, "no entity tags, no conditions");
    return true;
}

/* Who is there, and is what protects his bodies what was granted? */
static bool meet(struct proto_env *env, const struct incoming *m, struct server_request *q,
                 struct refusal *no)
{
    bool bare = *q->peer_name == '\0';
    enum reason reason;

    if (!m->guard)
        return true;
    reason = server_guard_meet(m->guard, env, bare ? NULL : q->peer_name, m->body);
    if (reason)
        return refused(no, status_of(reason), reason, "");
    if (bare)
        q->peer_name = m->guard->name;
    return true;
}

static bool open_body(const struct incoming *m, struct server_request *q, struct refusal *no)
{
    char why[80];
    enum reason reason = server_guard_open(m->guard, m->body, q, why);

    return reason ? refused(no, status_of(reason), reason, why) : true;
}

static bool check_body(struct proto_env *env, enum server_role role, const struct incoming *m,
                       struct server_request *q, struct refusal *no)
{
    const struct service *only = service_of(role);
    enum reason reason;
    char why[80];

    if (m->guard && server_guard_is_closed(m->guard))
        return open_body(m, q, no);
    reason = only ? document_read(env, m->body, &q->doc, why)
                  : document_read_rep(env, m->body, &q->rep, why);
    if (reason)
        return refused(no, STATUS_BAD_REQUEST, reason, why);
    if (only && q->doc.kind != only->doc)
        return refused(no, STATUS_BAD_REQUEST, REASON_XML_INVALID, "not the document expected");
    return true;
}

/* Who asks is who TLS says it is: the certificate's name (etsi-m2m.md 4.1), the PSK identity's node
 * (GAP C12); at a NAF, whose IMPI the BSF gave. */
static bool check_identity(enum server_role role, const struct server_request *q,
                           struct refusal *no)
{
    uint8_t node_id[M2M_NODE_ID_LEN];
    uint32_t index;

    switch (role) {
    case SERVER_MSBF:
        if (strcmp(q->doc.u.bootstrap_request.device_id, q->peer_name) != 0)
            return refused(no, STATUS_FORBIDDEN, REASON_PERMISSION_DENIED,
                           q->btid[0] ? "deviceId is not the IMPI"
                                      : "deviceId is not the certificate's name");
        break;
    case SERVER_MAS:
        if (q->btid[0])
            break;
        if (!key_kmr_identity_parse(span_str(q->peer_name), node_id, &index) ||
            memcmp(node_id, q->doc.u.connection_request.node_id, sizeof(node_id)) != 0)
            return refused(no, STATUS_FORBIDDEN, REASON_PERMISSION_DENIED,
                           "Node-ID is not the PSK identity's");
        break;
    case SERVER_NSCL:
        break;
    }
    return true;
}

bool server_request_take(struct proto_env *env, enum server_role role, const struct incoming *m,
                         struct server_request *q, struct refusal *no)
{
    q->method = m->method;
    q->body_octets = m->body.n;
    return check_target(role, m, q, no) && check_fields(m, no) && meet(env, m, q, no) &&
           check_path(role, m, q, no) && check_body(env, role, m, q, no) &&
           check_identity(role, q, no);
}

enum m2m_method server_request_method(const struct server_request *q, enum m2m_type type)
{
    switch (q->method) {
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
    if (!q->rep.type && m2m_type_takes(type, M2M_EXECUTE))
        return M2M_EXECUTE;
    if (m2m_type_takes(type, M2M_NOTIFY))
        return M2M_NOTIFY;
    return q->rep.type || m2m_type_info(type)->items ? M2M_CREATE : M2M_EXECUTE;
}

bool server_request_has_body(const struct server_request *q, enum m2m_type type)
{
    return type != M2M_NO_TYPE &&
           (q->method == HTTP_GET || type == M2M_NOTIFY_DOC || type == M2M_MEMBERS_RESPONSES);
}

/* ---- HTTP ---- */

/* application/xml, with or without parameters; a body that does not say is taken as such. */
static bool is_xml(struct span type)
{
    static const char xml[] = "application/xml";
    size_t n = sizeof(xml) - 1;

    if (type.n == 0)
        return true;
    return type.n >= n && !strncasecmp((const char *)type.p, xml, n) &&
           (type.n == n || type.p[n] == ';' || type.p[n] == ' ');
}

/* RFC 9110 13.1: what must hold before the method is performed, of resources that have no entity
 * tags here. If-Modified-Since, and tags that a GET has already, only spare an answer. */
static bool is_conditional(const struct http_message *m)
{
    return m->if_match || m->if_unmodified_since || (m->if_none_match && m->method != HTTP_GET);
}

bool server_request_read(struct https *h, enum server_role role, struct server_guard *guard,
                         const struct http_message *m, struct server_request *q, struct refusal *no)
{
    const struct incoming in = {.target = m->target,
                                .body = m->body,
                                .guard = guard,
                                .method = m->method,
                                .is_xml = is_xml(m->content_type),
                                .conditional = is_conditional(m)};

    if (role == SERVER_NSCL && ((m->rcat.n && !m2m_rcat_parse(m->rcat, &q->category)) ||
                                (m->trpdt.n && !m2m_trpdt_parse(m->trpdt, &q->category))))
        return refused(no, STATUS_BAD_REQUEST, REASON_BAD_REQUEST, "RCAT or TRPDT");
    if (m->authorization.n == 0 || !http_requesting_entity(m->authorization, q->requesting_entity,
                                                           sizeof(q->requesting_entity)))
        q->requesting_entity[0] = '\0';
    return server_request_take(h->proto.env, role, &in, q, no);
}

static bool allows(enum m2m_type type, enum http_method method)
{
    switch (method) {
    case HTTP_GET:
        return m2m_type_takes(type, M2M_RETRIEVE);
    case HTTP_PUT:
        return m2m_type_takes(type, M2M_UPDATE);
    case HTTP_DELETE:
        return m2m_type_takes(type, M2M_DELETE);
    case HTTP_POST:
        return m2m_type_takes(type, M2M_CREATE) || m2m_type_takes(type, M2M_NOTIFY) ||
               m2m_type_takes(type, M2M_EXECUTE);
    case HTTP_OTHER:
        break;
    }
    return false;
}

void server_request_allow(enum server_role role, struct span target, char out[SERVER_ALLOW_MAX])
{
    const uint8_t *query = target.n > 0 ? memchr(target.p, '?', target.n) : NULL;
    size_t n = query ? (size_t)(query - target.p) : target.n, used = 0;
    struct m2m_path path;
    bool known = m2m_path_parse(span_of(target.p, n), "m2m", &path) == M2M_PATH_OK;

    out[0] = '\0';
    for (int i = HTTP_GET; i < HTTP_OTHER; i++) {
        enum http_method method = (enum http_method)i;

        if (service_of(role) ? method != HTTP_POST : known && !allows(m2m_path_type(&path), method))
            continue;
        used = str_append(out, SERVER_ALLOW_MAX, used, used > 0 ? ", " : "");
        used = str_append(out, SERVER_ALLOW_MAX, used, http_method_name(method));
    }
}
