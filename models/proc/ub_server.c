#include "models/proc/ub.h"

#include "crypto/hash.h"
#include "models/proc/https.h"
#include "models/proto/digest.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEDIA_TYPE "application/vnd.3gpp.bsf+xml"

struct ub_server {
    struct https https;
    gba_name bsf;
    bool asking; /* the query stands */
    struct ub_query query;
    bool challenged; /* the challenge was given out and is not answered */
    struct ub_challenge challenge;
    char nonce[DIGEST_NONCE_MAX + 1];      /* of the challenge */
    struct digest_credentials credentials; /* of the request that is being answered */
    enum reason refusal;
    unsigned refusals;
    uint32_t retry_after_s;
    bool last; /* the request's sender wants no further exchange */
};

/* ---- answers ---- */

/* What TS 24.109 4.3 and HTTP have for it; 403 for all that is about the user. */
static int status_of(enum reason reason)
{
    static const struct {
        enum reason reason;
        int status;
    } table[] = {
        {REASON_BACKEND_TIMEOUT, STATUS_GATEWAY_TIMEOUT},
        {REASON_SERVER_BUSY, STATUS_SERVICE_UNAVAILABLE},
        {REASON_BAD_REQUEST, STATUS_BAD_REQUEST},
        {REASON_HTTP_MALFORMED, STATUS_BAD_REQUEST},
        {REASON_HTTP_TOO_LARGE, 413},
        {REASON_DIGEST_MALFORMED, STATUS_BAD_REQUEST},
        {REASON_DIGEST_UNSUPPORTED, STATUS_BAD_REQUEST},
        {REASON_NOT_FOUND, STATUS_NOT_FOUND},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].reason == reason)
            return table[i].status;
    return STATUS_FORBIDDEN;
}

/* Sends, and ends the exchange if there is one. */
static void answer(struct ub_server *s, sim_ns now, struct http_out m)
{
    struct https *h = &s->https;
    char label[24];

    m.close = s->last;
    snprintf(label, sizeof(label), "%d", m.status);
    if (!https_send(h, now, m, NULL, label))
        https_fail(h, now, REASON_HTTP_TOO_LARGE); /* the peer asks and does not read */
    else if (m.close)
        https_finish(h, now, "the last answer");
    else
        https_end_exchange(h, now);
}

static void refuse_with(struct ub_server *s, sim_ns now, int status, enum reason reason)
{
    s->refusal = reason;
    s->refusals++;
    answer(s, now,
           (struct http_out){.status = status,
                             .retry_after_s =
                                 status == STATUS_SERVICE_UNAVAILABLE ? s->retry_after_s : 0});
}

static void refuse(struct ub_server *s, sim_ns now, enum reason reason)
{
    refuse_with(s, now, status_of(reason), reason);
}

/* ---- queries ---- */

static void ask(struct ub_server *s, enum ub_query_kind kind)
{
    s->query.kind = kind;
    s->asking = true;
}

/* A vector of the user, fresh or after AUTS. */
static void ask_hss(struct ub_server *s, bool resync)
{
    struct zh_request *z = &s->query.zh;

    memset(z, 0, sizeof(*z));
    snprintf(z->impi, sizeof(z->impi), "%.*s", GBA_NAME_MAX, s->credentials.username);
    z->resync = resync;
    if (resync) {
        memcpy(z->rand, s->challenge.vector.rand, sizeof(z->rand));
        memcpy(z->auts, s->credentials.auts, sizeof(z->auts));
    }
    s->challenged = false;
    ask(s, UB_QUERY_ZH);
}

/* ---- a response ---- */

/* The user proved to know K: Ks and the name of the association (TS 33.220 4.5.2 step 7). */
static void ask_to_store(struct ub_server *s)
{
    const struct ub_challenge *c = &s->challenge;
    struct gba_sa *sa = &s->query.sa;

    memset(sa, 0, sizeof(*sa));
    gba_btid(c->vector.rand, s->bsf, sa->btid);
    memcpy(sa->impi, c->impi, sizeof(sa->impi));
    memcpy(sa->rand, c->vector.rand, sizeof(sa->rand));
    memcpy(sa->ks, c->vector.ck, 16);
    memcpy(sa->ks + 16, c->vector.ik, 16);
    sa->gba_u = c->gba_u;
    s->query.key_lifetime_s = c->key_lifetime_s;
    ask(s, UB_QUERY_STORE);
}

/* Against the challenge, which is used up whatever the response is worth. */
static void judge(struct ub_server *s, sim_ns now)
{
    const struct digest_credentials *k = &s->credentials;
    const struct umts_vector *v = &s->challenge.vector;
    uint8_t wanted[16];

    s->challenged = false;
    digest_response(s->https.proto.env->meter, k, span_of(v->xres, k->has_auts ? 0 : v->xres_n),
                    "GET", span_of(NULL, 0), wanted);
    if (strcmp(k->username, s->challenge.impi) != 0 ||
        !hash_equal(wanted, k->response, sizeof(wanted)))
        refuse(s, now, k->has_auts ? REASON_DIGEST_RESPONSE : REASON_AKA_RES);
    else if (k->has_auts)
        ask_hss(s, true);
    else
        ask_to_store(s);
}

/* ---- a request ---- */

/* Only what this BSF could have asked for. */
static enum reason check_credentials(const struct ub_server *s, const struct http_message *m)
{
    const struct digest_credentials *k = &s->credentials;

    if (strcmp(k->realm, s->bsf) != 0 || !k->username[0] || strlen(k->username) > GBA_NAME_MAX)
        return REASON_BAD_REQUEST;
    /* RFC 2617 3.2.2.5: the digest is about this resource, and not about another one. */
    if (strlen(k->uri) != m->target.n || memcmp(k->uri, m->target.p, m->target.n) != 0)
        return REASON_BAD_REQUEST;
    if (k->has_response && (k->algorithm != DIGEST_AKAV1_MD5 || k->qop != DIGEST_AUTH_INT))
        return REASON_DIGEST_UNSUPPORTED;
    return REASON_NONE;
}

/* "/" of this server, in either form (RFC 9112 3.2). */
static bool is_root(const struct ub_server *s, struct span target)
{
    char absolute[GBA_NAME_MAX + 16];
    int n = snprintf(absolute, sizeof(absolute), "http://%s/", s->bsf);

    return (target.n == 1 && target.p[0] == '/') ||
           (target.n == (size_t)n && memcmp(target.p, absolute, target.n) == 0);
}

static int check_request(struct ub_server *s, const struct http_message *m, enum reason *reason)
{
    *reason = REASON_BAD_REQUEST;
    if (!is_root(s, m->target)) {
        *reason = REASON_NOT_FOUND;
        return STATUS_NOT_FOUND;
    }
    if (m->method != HTTP_GET)
        return STATUS_METHOD_NOT_ALLOWED;
    if (m->body.n > 0 || m->authorization.n == 0)
        return STATUS_BAD_REQUEST;
    *reason = digest_read_credentials(m->authorization, &s->credentials);
    if (!*reason)
        *reason = check_credentials(s, m);
    return *reason ? STATUS_BAD_REQUEST : 0;
}

static void on_message(struct https *h, sim_ns now, const struct http_message *m)
{
    struct ub_server *s = (struct ub_server *)h;
    const struct digest_credentials *k = &s->credentials;
    enum reason reason;
    uint8_t autn[16];
    int status;

    s->last = !m->keep_alive;
    if (s->retry_after_s > 0) {
        refuse(s, now, REASON_SERVER_BUSY);
        return;
    }
    status = check_request(s, m, &reason);
    if (status) {
        refuse_with(s, now, status, reason);
        return;
    }
    s->refusal = REASON_NONE;
    https_begin_exchange(h);
    if (!k->has_response)
        ask_hss(s, false);
    else if (s->challenged && strcmp(k->nonce, s->nonce) == 0)
        judge(s, now);
    else if (digest_aka_parse(k->nonce, s->query.rand, autn))
        ask(s, UB_QUERY_CHALLENGE);
    else
        ask_hss(s, false);
}

/* ---- the node's answers ---- */

static void on_vector(struct ub_server *s, sim_ns now, const struct zh_answer *z)
{
    struct digest_challenge d = {.algorithm = DIGEST_AKAV1_MD5, .qop = DIGEST_AUTH_INT};
    struct ub_challenge *c = &s->challenge;
    struct buf value;
    uint8_t autn[16];

    if (z->reason) {
        refuse(s, now, z->reason);
        return;
    }
    *c = (struct ub_challenge){
        .vector = z->vector, .gba_u = z->gba_u, .key_lifetime_s = z->key_lifetime_s};
    memcpy(c->impi, s->query.zh.impi, sizeof(c->impi));
    memcpy(autn, z->vector.autn, sizeof(autn));
    if (z->gba_u)
        umts_gba_autn(s->https.proto.env->meter, &z->vector, autn);
    digest_aka_nonce(z->vector.rand, autn, span_of(NULL, 0), s->nonce);
    snprintf(d.realm, sizeof(d.realm), "%s", s->bsf);
    memcpy(d.nonce, s->nonce, sizeof(d.nonce));
    s->challenged = true;
    buf_init(&value, HTTP_MAX_HEADER);
    if (digest_put_challenge(&d, &value) && buf_put(&value, "", 1))
        answer(s, now,
               (struct http_out){.status = STATUS_PERMISSION_DENIED,
                                 .www_authenticate = (const char *)buf_span(&value).p});
    else
        https_fail(&s->https, now, REASON_HTTP_TOO_LARGE);
    buf_clear(&value);
}

static void on_known(struct ub_server *s, sim_ns now, const struct ub_answer *a)
{
    if (a->reason) {
        ask_hss(s, false);
        return;
    }
    s->challenge = a->challenge;
    judge(s, now);
}

/* Authentication-Info over the body, with the password of the challenge. */
static bool put_info(struct ub_server *s, struct span body, struct buf *value)
{
    const struct digest_credentials *k = &s->credentials;
    const struct umts_vector *v = &s->challenge.vector;
    struct digest_info i = {.qop = k->qop, .nc = k->nc};

    memcpy(i.cnonce, k->cnonce, sizeof(i.cnonce));
    digest_rspauth(s->https.proto.env->meter, k, span_of(v->xres, v->xres_n), body, i.rspauth);
    return digest_put_info(&i, value) && buf_put(value, "", 1);
}

static void on_stored(struct ub_server *s, sim_ns now, const struct ub_answer *a)
{
    struct m2m_doc doc = {.kind = DOC_BOOTSTRAPPING_INFO};
    struct buf body, value;

    if (a->reason) {
        refuse(s, now, a->reason);
        return;
    }
    memcpy(doc.u.bootstrapping.btid, s->query.sa.btid, sizeof(s->query.sa.btid));
    doc.u.bootstrapping.expires_unix_ns = a->expires_unix_ns;
    buf_init(&body, M2M_MAX_DOC);
    buf_init(&value, HTTP_MAX_HEADER);
    if (m2mxml_write(&doc, &body) && put_info(s, buf_span(&body), &value))
        answer(s, now,
               (struct http_out){.status = STATUS_OK,
                                 .content_type = MEDIA_TYPE,
                                 .authentication_info = (const char *)buf_span(&value).p,
                                 .body = buf_span(&body)});
    else
        https_fail(&s->https, now, REASON_HTTP_TOO_LARGE);
    gba_sa_wipe(&s->query.sa);
    buf_clear(&body);
    buf_clear(&value);
}

void ub_server_answer(struct ub_server *s, sim_ns now, const struct ub_answer *a)
{
    if (!ub_server_query(s)) /* the peer went away meanwhile */
        return;
    s->asking = false;
    switch (s->query.kind) {
    case UB_QUERY_ZH:
        on_vector(s, now, &a->zh);
        break;
    case UB_QUERY_CHALLENGE:
        on_known(s, now, a);
        break;
    case UB_QUERY_STORE:
        on_stored(s, now, a);
        break;
    }
}

/* ---- the session ---- */

static void on_broken(struct https *h, sim_ns now, enum reason reason)
{
    struct ub_server *s = (struct ub_server *)h;

    s->refusal = reason;
    s->refusals++;
    https_send(h, now, (struct http_out){.status = status_of(reason), .close = true}, NULL,
               "refusal");
}

static void server_free(struct proto *p)
{
    struct ub_server *s = (struct ub_server *)p;

    https_release(&s->https);
    gba_sa_wipe(&s->query.sa);
    explicit_bzero(&s->challenge, sizeof(s->challenge));
    free(s);
}

static const struct https_user server_user = {.message = on_message, .broken = on_broken};

static const struct proto_ops server_ops = {.name = "ub server",
                                            .start = https_start,
                                            .input = https_input,
                                            .output = https_output,
                                            .expire = https_expire,
                                            .free = server_free};

struct ub_server *ub_server_new(struct proto_env *env, const char *bsf)
{
    static const uint8_t any[16];
    struct ub_server *s;
    gba_name btid;

    if (!gba_btid(any, bsf, btid))
        return NULL;
    s = xcalloc(1, sizeof(*s));
    https_init_bare(&s->https, &server_ops, &server_user, env, true);
    snprintf(s->bsf, sizeof(s->bsf), "%s", bsf);
    return s;
}

struct proto *ub_server_proto(struct ub_server *s)
{
    return &s->https.proto;
}

const struct ub_query *ub_server_query(const struct ub_server *s)
{
    const struct https *h = &s->https;

    return s->asking && h->proto.status == PROTO_RUNNING && h->state == HTTPS_EXCHANGE ? &s->query
                                                                                       : NULL;
}

const struct ub_challenge *ub_server_challenge(const struct ub_server *s)
{
    return s->challenged ? &s->challenge : NULL;
}

enum reason ub_server_refusal(const struct ub_server *s)
{
    return s->refusal;
}

unsigned ub_server_refusals(const struct ub_server *s)
{
    return s->refusals;
}

void ub_server_set_busy(struct ub_server *s, uint32_t retry_after_s)
{
    s->retry_after_s = retry_after_s;
}

void ub_server_close(struct ub_server *s, sim_ns now)
{
    https_finish(&s->https, now, "closed by the node");
}
