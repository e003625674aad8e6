/* A server session over HTTP: MSBF, MAS, and an NSCL's mId. */
#include "models/proc/document.h"
#include "models/proc/https.h"
#include "models/proc/mid_impl.h"
#include "models/proc/naf.h"
#include "models/proc/psk_gate.h"
#include "models/proc/server_guard.h"
#include "models/proc/server_request.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct server_http {
    struct https https;
    enum server_role role;
    struct naf *naf;                /* NULL: it is none */
    struct psk_gate gate;           /* of a NAF with PSK-TLS */
    struct server_guard guard;      /* of an NSCL */
    struct server_request *request; /* NULL: the node has nothing to answer */
    struct span target;             /* of the message at the reader's front */
    uint32_t retry_after_s;
    bool busy;
    bool last; /* the request's sender wants no further exchange */
};

/* ---- Answers ---- */

/* A NAF says in a field what it is about the body, so that comes first. */
static bool send_authentic(struct server_http *s, sim_ns now, struct http_out m,
                           const struct m2m_doc *doc, const char *label)
{
    struct buf body, value;
    bool sent;

    buf_init(&body, M2M_MAX_DOC);
    buf_init(&value, HTTP_MAX_HEADER);
    sent = (!doc || m2mxml_write(doc, &body)) && naf_put_info(s->naf, buf_span(&body), &value);
    if (sent) {
        m.authentication_info = buf_len(&value) ? (const char *)buf_span(&value).p : NULL;
        m.content_type = doc ? "application/xml" : NULL;
        m.body = buf_span(&body);
        sent = https_send(&s->https, now, m, NULL, label);
    }
    s->naf->credentials.qop = 0; /* one answer a request */
    buf_clear(&body);
    buf_clear(&value);
    return sent;
}

/* The whole answer is in the object, and a body goes even with what HTTP gives none (204). */
static bool send_sealed(struct server_http *s, sim_ns now, struct http_out m,
                        const struct m2m_doc *doc, const char *label)
{
    struct buf body;
    bool sent;

    buf_init(&body, OBJECT_MAX_BODY);
    sent = server_guard_seal(&s->guard, m.status, m.location, doc, &body) == REASON_NONE;
    if (sent) {
        m.status = m.status == STATUS_DELETED ? STATUS_OK : m.status;
        m.content_type = "application/xml";
        m.body = buf_span(&body);
        sent = https_send(&s->https, now, m, NULL, label);
    }
    s->guard.sequence = 0; /* one answer a request */
    buf_clear(&body);
    return sent;
}

static bool send_answer(struct server_http *s, sim_ns now, const struct server_answer *a)
{
    struct m2m_doc error;
    const struct m2m_doc *doc = a->doc;
    struct http_out m = {.status = a->status,
                         .location = a->location,
                         .retry_after_s = a->retry_after_s,
                         .close = a->close};
    char label[48], allow[SERVER_ALLOW_MAX];

    if (a->status == STATUS_METHOD_NOT_ALLOWED) {
        server_request_allow(s->role, s->target, allow);
        m.allow = allow;
    }
    if (a->status == STATUS_PERMISSION_DENIED)
        m.www_authenticate = "Basic realm=\"m2m\""; /* where the requestingEntity stands */
    if (!doc && a->status >= 400) {
        document_error(&error, a->status, a->additional);
        doc = &error;
    }
    snprintf(label, sizeof(label), "%d%s%s", a->status, doc ? " " : "",
             doc ? m2m_doc_name(doc->kind) : "");
    if (s->naf)
        return send_authentic(s, now, m, doc, label);
    return s->guard.sequence ? send_sealed(s, now, m, doc, label)
                             : https_send(&s->https, now, m, doc, label);
}

/* Answers what never becomes the node's business. additional begins with a reason's text where the
 * client shall name that one. */
static void refuse(struct server_http *s, sim_ns now, int status, const char *additional)
{
    struct server_answer a = {.status = status, .additional = additional, .close = s->last};

    if (status == STATUS_SERVICE_UNAVAILABLE)
        a.retry_after_s = s->retry_after_s;
    if (!send_answer(s, now, &a) && channel_is_open(&s->https.channel))
        https_fail(&s->https, now, REASON_HTTP_TOO_LARGE); /* the peer asks and does not read */
    else if (s->last)
        https_finish(&s->https, now, "the last answer");
    else
        https_end_exchange(&s->https, now);
}

static void on_broken(struct https *h, sim_ns now, enum reason reason)
{
    int too_large = h->reader && http_reader_target_too_long(h->reader) ? 414 : 413;
    struct server_answer a = {.status = reason == REASON_HTTP_TOO_LARGE ? too_large : 400,
                              .additional = reason_text(reason),
                              .close = true};

    send_answer((struct server_http *)h, now, &a);
}

/* ---- Requests ---- */

static enum se_slot slot_of(const struct server_http *s)
{
    return s->role == SERVER_MSBF ? SE_KMR : SE_KMC;
}

/* The key that the exchange is about, into env->se. false: the session is closed already. */
static bool make_key(struct server_http *s)
{
    struct proto_env *env = s->https.proto.env;
    uint8_t key[M2M_KEY_LEN];
    bool made = true;

    if (s->naf) {
        se_put(env->se, slot_of(s), naf_key(s->naf));
        return true;
    }
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

static void drop_request(struct server_http *s)
{
    if (!s->request)
        return;
    m2m_doc_release(&s->request->doc);
    m2m_rep_clear(&s->request->rep);
    free(s->request);
    s->request = NULL;
}

static void process(struct server_http *s, sim_ns now, const struct http_message *m)
{
    struct https *h = &s->https;
    struct refusal no;

    s->request = xcalloc(1, sizeof(*s->request));
    s->request->peer_name = s->naf           ? s->naf->about.impi
                            : h->channel.tls ? tls_peer_name(h->channel.tls)
                                             : "";
    s->request->btid = s->naf ? s->naf->query.btid : "";
    s->request->ks_expires_unix_ns = s->naf ? s->naf->about.expires_unix_ns : 0;
    if (!server_request_read(h, s->role, s->guard.find ? &s->guard : NULL, m, s->request, &no)) {
        drop_request(s);
        refuse(s, now, no.status, no.additional);
    } else if (!make_key(s)) {
        drop_request(s);
        https_fail(h, now, REASON_CLOSED_EARLY);
    } else if (h->state != HTTPS_EXCHANGE) {
        https_begin_exchange(h);
    }
}

/* ---- A NAF's requests ---- */

static int status_of(enum reason reason)
{
    if (reason == REASON_BACKEND_TIMEOUT)
        return STATUS_GATEWAY_TIMEOUT;
    if (reason == REASON_SERVER_BUSY)
        return STATUS_SERVICE_UNAVAILABLE;
    return reason == REASON_GBA_NOT_ALLOWED ? STATUS_FORBIDDEN : STATUS_BAD_REQUEST;
}

static void challenge(struct server_http *s, sim_ns now, enum reason why)
{
    struct http_out m = {.status = STATUS_PERMISSION_DENIED, .close = s->last};
    struct buf value;
    bool sent;

    buf_init(&value, HTTP_MAX_HEADER);
    sent = naf_put_challenge(s->naf, why, &value);
    m.www_authenticate = sent ? (const char *)buf_span(&value).p : NULL;
    sent = sent && https_send(&s->https, now, m, NULL, "401");
    buf_clear(&value);
    if (!sent)
        https_fail(&s->https, now, REASON_HTTP_TOO_LARGE);
    else if (s->last)
        https_finish(&s->https, now, "the last answer");
    else
        https_end_exchange(&s->https, now);
}

static void authenticate(struct server_http *s, sim_ns now, const struct http_message *m)
{
    enum reason reason;

    switch (naf_judge(s->naf, m, &reason)) {
    case NAF_ACCEPTED:
        process(s, now, m);
        break;
    case NAF_ASKS:
        https_begin_exchange(&s->https);
        break;
    case NAF_CHALLENGE:
        challenge(s, now, reason);
        break;
    case NAF_REFUSED:
        refuse(s, now, status_of(reason), reason_text(reason));
        break;
    }
}

static void on_message(struct https *h, sim_ns now, const struct http_message *m)
{
    struct server_http *s = (struct server_http *)h;

    s->last = !m->keep_alive;
    s->target = m->target;
    s->guard.sequence = 0; /* nothing of this one is known yet */
    if (s->busy)
        refuse(s, now, STATUS_SERVICE_UNAVAILABLE, reason_text(REASON_SERVER_BUSY));
    else if (s->naf && !s->naf->psk)
        authenticate(s, now, m);
    else
        process(s, now, m);
}

/* Records go on to TLS until the BSF must be asked who that is. */
static void pass_gate(struct server_http *s, sim_ns now)
{
    struct psk_gate *g = &s->gate;
    struct span next, identity;

    while (!s->naf->asking) {
        next = psk_gate_next(g);
        if (next.n > 0) {
            https_input(&s->https.proto, now, next);
            psk_gate_drop(g, next.n);
            continue;
        }
        identity = psk_gate_identity(g);
        if (identity.n == 0)
            return;
        if (!naf_psk_identity(s->naf, identity))
            psk_gate_open(g);
    }
}

static void session_input(struct proto *p, sim_ns now, struct span in)
{
    struct server_http *s = (struct server_http *)p;

    if (p->status != PROTO_RUNNING)
        return;
    if (!s->naf || !s->naf->psk || in.n == 0)
        https_input(p, now, in);
    else if (psk_gate_put(&s->gate, in))
        pass_gate(s, now);
    else
        https_fail(&s->https, now, REASON_TLS_PROTOCOL);
}

static unsigned find_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason)
{
    return naf_psk_find(arg, identity, psk, reason);
}

static const struct zn_request *zn(const struct server_session *session)
{
    const struct server_http *s = (const struct server_http *)session;
    const struct https *h = &s->https;

    return s->naf && s->naf->asking && h->proto.status == PROTO_RUNNING &&
                   (s->naf->psk || h->state == HTTPS_EXCHANGE)
               ? &s->naf->query
               : NULL;
}

static void zn_answered(struct server_session *session, sim_ns now, const struct zn_answer *a)
{
    struct server_http *s = (struct server_http *)session;

    if (!zn(session)) /* the peer went away meanwhile */
        return;
    naf_answer(s->naf, a);
    if (s->naf->psk) {
        psk_gate_open(&s->gate);
        pass_gate(s, now);
    } else {
        authenticate(s, now, https_held_message(&s->https));
    }
}

/* ---- The session ---- */

static void session_free(struct proto *p)
{
    struct server_http *s = (struct server_http *)p;

    drop_request(s);
    https_release(&s->https);
    server_guard_release(&s->guard);
    psk_gate_release(&s->gate);
    if (s->naf)
        naf_release(s->naf);
    free(s->naf);
    free(s);
}

static const struct https_user session_user = {.message = on_message, .broken = on_broken};

/* GAP C2: Kmr travels wrapped under the exported key. */
static bool wrap_kmr(struct server_http *s, struct m2m_doc *doc)
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

static const struct server_request *request(const struct server_session *session)
{
    const struct server_http *s = (const struct server_http *)session;

    return s->https.proto.status == PROTO_RUNNING && s->https.state == HTTPS_EXCHANGE ? s->request
                                                                                      : NULL;
}

static void answer_request(struct server_session *session, sim_ns now,
                           const struct server_answer *a)
{
    struct server_http *s = (struct server_http *)session;
    struct https *h = &s->https;
    struct server_answer answer = *a;
    struct m2m_doc with_key;

    if (!request(session)) /* the peer went away meanwhile */
        return;
    drop_request(s);
    if (a->doc && a->doc->kind == DOC_BOOTSTRAP_PARAM_SET && !s->naf) {
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

static void set_busy(struct server_session *session, uint32_t retry_after_s)
{
    struct server_http *s = (struct server_http *)session;

    s->busy = retry_after_s > 0;
    s->retry_after_s = retry_after_s;
}

static void close_session(struct server_session *session, sim_ns now)
{
    https_finish(&((struct server_http *)session)->https, now, "closed by the node");
}

static bool is_open(const struct server_session *session)
{
    const struct https *h = &((const struct server_http *)session)->https;

    return h->proto.status == PROTO_RUNNING &&
           (h->state == HTTPS_IDLE || h->state == HTTPS_EXCHANGE);
}

static struct tls *tls_of(const struct server_session *session)
{
    return ((const struct server_http *)session)->https.channel.tls;
}

static const struct server_session_ops session_ops = {.proto = {.name = "server session",
                                                                .start = https_start,
                                                                .input = session_input,
                                                                .output = https_output,
                                                                .expire = https_expire,
                                                                .free = session_free},
                                                      .request = request,
                                                      .answer = answer_request,
                                                      .zn = zn,
                                                      .zn_answer = zn_answered,
                                                      .set_busy = set_busy,
                                                      .close = close_session,
                                                      .is_open = is_open,
                                                      .tls = tls_of};

/* TS 24.109 5.3.3: the names that a NAF knows. */
static const char *hint_of(const struct naf *n)
{
    return n->settings.uicc_keys ? "3GPP-bootstrapping-uicc;3GPP-bootstrapping"
                                 : gba_psk_hint(GBA_KEY_ME);
}

struct server_session *server_http_new(struct proto_env *env,
                                       const struct server_settings *settings)
{
    struct server_http *s = xcalloc(1, sizeof(*s));
    struct tls_peer_settings peer = {.credential = settings->credential,
                                     .psk_find = settings->psk_find,
                                     .psk_arg = settings->psk_arg,
                                     .resumption = settings->resumption};

    s->role = settings->role;
    psk_gate_init(&s->gate);
    server_guard_init(&s->guard, settings->grant_find, settings->psk_arg);
    s->guard.trusts_access = settings->trusts_access;
    if (settings->naf) {
        s->naf = xcalloc(1, sizeof(*s->naf));
        naf_init(s->naf, env, settings->naf, settings->context != NULL);
    }
    if (s->naf && s->naf->psk) {
        peer.psk_find = find_psk;
        peer.psk_arg = s->naf;
        peer.psk_hint = hint_of(s->naf);
    }
    if (!settings->context) {
        https_init_bare(&s->https, &session_ops.proto, &session_user, env, true);
    } else if (!https_init(&s->https, &session_ops.proto, &session_user, env, true,
                           settings->context, &peer)) {
        session_free(&s->https.proto);
        return NULL;
    }
    return (struct server_session *)s;
}
