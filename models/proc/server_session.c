#include "models/proc/server.h"

#include "models/proc/https.h"
#include "sim/base/xalloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct server_session {
    struct https https;
    enum server_role role;
    struct server_request *request; /* NULL: the node has nothing to answer */
    uint32_t retry_after_s;
    bool busy;
    bool last; /* the request's sender wants no further exchange */
};

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

/* ---- Answers ---- */

/* The status codes of TS 102 921 have no "content too large": its errorInfo says bad request. */
static const char *status_code(int status)
{
    const char *name = m2m_status_name((enum m2m_status)status);

    return name && *name ? name : m2m_status_name(STATUS_BAD_REQUEST);
}

static bool send_answer(struct server_session *s, sim_ns now, const struct server_answer *a)
{
    struct m2m_doc error = {.kind = DOC_ERROR_INFO};
    const struct m2m_doc *doc = a->doc;
    char label[48];

    if (!doc && a->status >= 400) {
        snprintf(error.u.error.status_code, sizeof(error.u.error.status_code), "%s",
                 status_code(a->status));
        snprintf(error.u.error.additional, sizeof(error.u.error.additional), "%s",
                 a->additional ? a->additional : "");
        doc = &error;
    }
    snprintf(label, sizeof(label), "%d%s%s", a->status, doc ? " " : "",
             doc ? m2m_doc_name(doc->kind) : "");
    return https_send(&s->https, now,
                      (struct http_out){.status = a->status,
                                        .location = a->location,
                                        .retry_after_s = a->retry_after_s,
                                        .close = a->close},
                      doc, label);
}

/* Answers what never becomes the node's business. additional begins with a reason's text where the
 * client shall name that one. */
static void refuse(struct server_session *s, sim_ns now, int status, const char *additional)
{
    struct server_answer a = {.status = status, .additional = additional, .close = s->last};

    if (status == STATUS_SERVICE_UNAVAILABLE)
        a.retry_after_s = s->retry_after_s;
    if (!send_answer(s, now, &a) && tls_is_open(s->https.tls))
        https_fail(&s->https, now, REASON_HTTP_TOO_LARGE); /* the peer asks and does not read */
    else if (s->last)
        https_finish(&s->https, now, "the last answer");
}

static void on_broken(struct https *h, sim_ns now, enum reason reason)
{
    struct server_answer a = {.status = reason == REASON_HTTP_TOO_LARGE ? 413 : 400,
                              .additional = reason_text(reason),
                              .close = true};

    send_answer((struct server_session *)h, now, &a);
}

/* ---- Requests ---- */

/* Why a request is refused; status 0: it is not. */
struct refusal {
    int status;
    char additional[128];
};

static bool refused(struct refusal *r, int status, enum reason reason, const char *detail)
{
    const char *text = reason_text(reason);

    r->status = status;
    snprintf(r->additional, sizeof(r->additional), "%s%s%s", text, *text && *detail ? ": " : "",
             detail);
    return false;
}

/* The path of origin-form or, as servers must take it too, absolute-form (RFC 9112 3.2.2). */
static bool take_target(struct span target, char *out, size_t n)
{
    const char *p = (const char *)target.p;
    size_t left = target.n;
    const char *slash;

    if (left > 8 && (!strncasecmp(p, "https://", 8) || !strncasecmp(p, "http://", 7))) {
        slash = memchr(p + 8, '/', left - 8);
        if (!slash)
            return false;
        left -= (size_t)(slash - p);
        p = slash;
    }
    if (left == 0 || left >= n || p[0] != '/' || memchr(p, '\0', left))
        return false;
    memcpy(out, p, left);
    out[left] = '\0';
    return true;
}

static bool check_target(const struct server_session *s, const struct http_message *m,
                         struct server_request *q, struct refusal *no)
{
    const struct service *only = service_of(s->role);

    if (m->host.n == 0) /* RFC 9112 3.2 */
        return refused(no, STATUS_BAD_REQUEST, REASON_BAD_REQUEST, "no Host");
    if (m->method == HTTP_OTHER)
        return refused(no, STATUS_METHOD_NOT_ALLOWED, REASON_NONE, "method");
    if (!take_target(m->target, q->target, sizeof(q->target)))
        return refused(no, STATUS_BAD_REQUEST, REASON_BAD_REQUEST, "target");
    if (only ? strcmp(q->target, only->target) != 0 : strncmp(q->target, "/m2m/", 5) != 0)
        return refused(no, STATUS_NOT_FOUND, REASON_NOT_FOUND, "");
    if (only && m->method != HTTP_POST)
        return refused(no, STATUS_METHOD_NOT_ALLOWED, REASON_NONE, "POST only");
    return true;
}

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

static bool check_body(struct server_session *s, const struct http_message *m,
                       struct server_request *q, struct refusal *no)
{
    const struct service *only = service_of(s->role);
    enum reason reason;
    char why[80];

    if (m->body.n > 0 && !is_xml(m->content_type))
        return refused(no, STATUS_UNSUPPORTED_MEDIA_TYPE, REASON_NONE, "application/xml only");
    reason = https_parse(&s->https, m->body, &q->doc, why);
    if (reason)
        return refused(no, STATUS_BAD_REQUEST, reason, why);
    if (only && q->doc.kind != only->doc)
        return refused(no, STATUS_BAD_REQUEST, REASON_XML_INVALID, "not the document expected");
    return true;
}

/* Who asks is who TLS says it is: the certificate's name (etsi-m2m.md 4.1), the PSK identity's node
 * (GAP C12). */
static bool check_identity(const struct server_session *s, const struct server_request *q,
                           struct refusal *no)
{
    uint8_t node_id[M2M_NODE_ID_LEN];
    uint32_t index;

    switch (s->role) {
    case SERVER_MSBF:
        if (strcmp(q->doc.u.bootstrap_request.device_id, q->peer_name) != 0)
            return refused(no, STATUS_FORBIDDEN, REASON_PERMISSION_DENIED,
                           "deviceId is not the certificate's name");
        break;
    case SERVER_MAS:
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

/* The key that the exchange is about, into env->se. false: the session is closed already. */
static bool make_key(struct server_session *s)
{
    struct proto_env *env = s->https.proto.env;
    uint8_t key[M2M_KEY_LEN];
    bool made = true;

    switch (s->role) {
    case SERVER_MSBF:
        rng_bytes(env->stream, key, sizeof(key));
        if (env->meter)
            meter_add(env->meter, OP_RANDOM, 1, sizeof(key));
        se_put(env->se, SE_KMR, key);
        break;
    case SERVER_MAS:
        made = tls_export(s->https.tls, M2M_EXPORTER_CONNECTION, key, sizeof(key));
        if (made)
            se_put(env->se, SE_KMC, key);
        break;
    case SERVER_NSCL:
        break;
    }
    explicit_bzero(key, sizeof(key));
    return made;
}

static void drop_request(struct server_session *s)
{
    if (!s->request)
        return;
    m2m_doc_release(&s->request->doc);
    free(s->request);
    s->request = NULL;
}

static void on_message(struct https *h, sim_ns now, const struct http_message *m)
{
    struct server_session *s = (struct server_session *)h;
    struct refusal no = {0};
    struct server_request *q;

    s->last = !m->keep_alive;
    if (s->busy) {
        refuse(s, now, STATUS_SERVICE_UNAVAILABLE, reason_text(REASON_SERVER_BUSY));
        return;
    }
    q = s->request = xcalloc(1, sizeof(*q));
    q->method = m->method;
    q->body_octets = m->body.n;
    q->peer_name = tls_peer_name(h->tls);
    if (m->authorization.n == 0 || !http_requesting_entity(m->authorization, q->requesting_entity,
                                                           sizeof(q->requesting_entity)))
        q->requesting_entity[0] = '\0';
    if (!check_target(s, m, q, &no) || !check_body(s, m, q, &no) || !check_identity(s, q, &no)) {
        drop_request(s);
        refuse(s, now, no.status, no.additional);
    } else if (!make_key(s)) {
        drop_request(s);
        https_fail(h, now, REASON_CLOSED_EARLY);
    } else {
        https_begin_exchange(h);
    }
}

/* ---- The session ---- */

static void session_free(struct proto *p)
{
    struct server_session *s = (struct server_session *)p;

    drop_request(s);
    https_release(&s->https);
    free(s);
}

static const struct https_user session_user = {.message = on_message, .broken = on_broken};

static const struct proto_ops session_ops = {.name = "server session",
                                             .start = https_start,
                                             .input = https_input,
                                             .output = https_output,
                                             .expire = https_expire,
                                             .free = session_free};

struct server_session *server_session_new(struct proto_env *env,
                                          const struct server_settings *settings)
{
    struct server_session *s = xcalloc(1, sizeof(*s));
    struct tls_peer_settings peer = {.credential = settings->credential,
                                     .psk_find = settings->psk_find,
                                     .psk_arg = settings->psk_arg};

    s->role = settings->role;
    if (!https_init(&s->https, &session_ops, &session_user, env, true, settings->context, &peer)) {
        session_free(&s->https.proto);
        return NULL;
    }
    return s;
}

struct proto *server_session_proto(struct server_session *s)
{
    return &s->https.proto;
}

const struct server_request *server_session_request(const struct server_session *s)
{
    return s->https.proto.status == PROTO_RUNNING && s->https.state == HTTPS_EXCHANGE ? s->request
                                                                                      : NULL;
}

/* GAP C2: Kmr travels wrapped under the exported key. */
static bool wrap_kmr(struct server_session *s, struct m2m_doc *doc)
{
    struct proto_env *env = s->https.proto.env;
    uint8_t kek[M2M_KEY_LEN];
    bool wrapped;

    wrapped = tls_export(s->https.tls, M2M_EXPORTER_BOOTSTRAP, kek, sizeof(kek)) &&
              !se_wrap(env->se, env->meter, SE_KMR, kek, doc->u.bootstrap.wrapped_kmr);
    explicit_bzero(kek, sizeof(kek));
    doc->u.bootstrap.has_key = wrapped;
    return wrapped;
}

void server_session_answer(struct server_session *s, sim_ns now, const struct server_answer *a)
{
    struct https *h = &s->https;
    struct server_answer answer = *a;
    struct m2m_doc with_key;

    if (!server_session_request(s)) /* the peer went away meanwhile */
        return;
    drop_request(s);
    if (a->doc && a->doc->kind == DOC_BOOTSTRAP_PARAM_SET) {
        with_key = *a->doc;
        answer.doc = &with_key;
        if (!wrap_kmr(s, &with_key)) {
            https_fail(h, now, REASON_CRYPTO);
            return;
        }
    }
    answer.close = a->close || s->last;
    if (!send_answer(s, now, &answer))
        https_fail(h, now, REASON_HTTP_TOO_LARGE);
    else if (answer.close)
        https_finish(h, now, "the last answer");
    else
        https_end_exchange(h, now);
}

void server_session_set_busy(struct server_session *s, uint32_t retry_after_s)
{
    s->busy = true;
    s->retry_after_s = retry_after_s;
}

void server_session_close(struct server_session *s, sim_ns now)
{
    https_finish(&s->https, now, "closed by the node");
}

bool server_session_is_open(const struct server_session *s)
{
    const struct https *h = &s->https;

    return h->proto.status == PROTO_RUNNING &&
           (h->state == HTTPS_IDLE || h->state == HTTPS_EXCHANGE);
}
