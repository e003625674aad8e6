#include "models/proc/server.h"

#include "models/proc/https.h"
#include "models/proc/server_request.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct server_session {
    struct https https;
    enum server_role role;
    struct server_request *request; /* NULL: the node has nothing to answer */
    uint32_t retry_after_s;
    bool busy;
    bool last; /* the request's sender wants no further exchange */
};

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
    if (!send_answer(s, now, &a) && tls_is_open(s->https.channel.tls))
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
        made = tls_export(s->https.channel.tls, M2M_EXPORTER_CONNECTION, key, sizeof(key));
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
    struct refusal no;

    s->last = !m->keep_alive;
    if (s->busy) {
        refuse(s, now, STATUS_SERVICE_UNAVAILABLE, reason_text(REASON_SERVER_BUSY));
        return;
    }
    s->request = xcalloc(1, sizeof(*s->request));
    if (!server_request_read(h, s->role, m, s->request, &no)) {
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

    wrapped = tls_export(s->https.channel.tls, M2M_EXPORTER_BOOTSTRAP, kek, sizeof(kek)) &&
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
    s->busy = retry_after_s > 0;
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
