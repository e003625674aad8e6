#include "models/proc/ub.h"

#include "crypto/hash.h"
#include "models/proc/document.h"
#include "models/proc/https.h"
#include "models/proto/digest.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEDIA_TYPE "application/vnd.3gpp.bsf+xml"
/* The first; one after AUTS; one when the BSF has forgotten its own meanwhile. */
#define MAX_CHALLENGES 3
#define CNONCE_OCTETS  16

/* What was said last. */
enum ub_state { UB_IDENTITY, UB_RESPONSE, UB_RESYNC };

struct ub_client {
    struct https https;
    enum ub_state state;
    unsigned challenges;
    bool resynchronised;
    struct uicc *uicc;
    struct gba_sa *result;
    struct gba_sa sa; /* in the making */
    gba_name bsf;
    char user_agent[32];
    struct digest_credentials credentials; /* as they were sent last */
    uint8_t res[16];                       /* the password */
    size_t res_n;
    uint32_t retry_after_s;
};

static const char *const state_names[] = {
    [UB_IDENTITY] = "identity", [UB_RESPONSE] = "response", [UB_RESYNC] = "resync"};

static void set_state(struct ub_client *c, enum ub_state state, const char *why)
{
    trace_state(c->https.proto.env->trace, "ub", state_names[c->state], state_names[state], why);
    c->state = state;
}

/* GET / with c->credentials. */
static enum reason ask(struct ub_client *c, sim_ns now, const char *label)
{
    struct http_out m = {.method = HTTP_GET, .target = "/", .host = c->bsf};
    struct buf value;
    bool sent;

    m.user_agent = c->user_agent;
    buf_init(&value, HTTP_MAX_HEADER);
    sent = digest_put_credentials(&c->credentials, &value) && buf_put(&value, "", 1);
    m.authorization = sent ? (const char *)buf_span(&value).p : NULL;
    sent = sent && https_send(&c->https, now, m, NULL, label);
    buf_clear(&value);
    return sent ? REASON_NONE : REASON_HTTP_TOO_LARGE;
}

/* ---- 401 ---- */

static void draw_cnonce(struct ub_client *c)
{
    struct proto_env *env = c->https.proto.env;
    uint8_t octets[CNONCE_OCTETS];

    rng_bytes(env->stream, octets, sizeof(octets));
    meter_add(env->meter, OP_RANDOM, 1, sizeof(octets));
    hex_encode(octets, sizeof(octets), c->credentials.cnonce);
}

/* What TS 24.109 4.2 lets a BSF say. */
static enum reason check_challenge(const struct ub_client *c, const struct digest_challenge *d)
{
    if (d->algorithm != DIGEST_AKAV1_MD5 || !(d->qop & DIGEST_AUTH_INT))
        return REASON_DIGEST_UNSUPPORTED;
    if (strcmp(d->realm, c->bsf) != 0 || c->challenges == MAX_CHALLENGES)
        return REASON_GBA_CHALLENGE;
    return REASON_NONE;
}

/* The UICC's part; sets res and, of GBA_ME, Ks. */
static enum reason authenticate(struct ub_client *c, const uint8_t autn[16])
{
    struct meter *m = c->https.proto.env->meter;
    struct uicc_response r;
    enum uicc_result result;
    enum reason reason = REASON_NONE;

    result = c->sa.gba_u ? uicc_gba_bootstrap(c->uicc, m, c->sa.rand, autn, &r)
                         : uicc_authenticate(c->uicc, m, c->sa.rand, autn, &r, NULL);
    c->credentials.has_auts = result == UICC_SYNC_FAILURE;
    c->res_n = 0;
    switch (result) {
    case UICC_OK:
        memcpy(c->res, r.res, r.res_n);
        c->res_n = r.res_n;
        if (c->sa.gba_u) {
            gba_sa_wipe(c->result);
        } else {
            memcpy(c->sa.ks, r.ck, 16);
            memcpy(c->sa.ks + 16, r.ik, 16);
        }
        break;
    case UICC_MAC_FAILURE:
        reason = REASON_AKA_AUTN; /* TS 24.109 4.4: it is not the home network, nothing is said */
        break;
    case UICC_SYNC_FAILURE:
        memcpy(c->credentials.auts, r.auts, sizeof(r.auts));
        if (c->resynchronised)
            reason = REASON_AKA_SYNC;
        c->resynchronised = true;
        break;
    }
    explicit_bzero(&r, sizeof(r));
    return reason;
}

static void fill_credentials(struct ub_client *c, const struct digest_challenge *d)
{
    struct digest_credentials *k = &c->credentials;

    memcpy(k->nonce, d->nonce, sizeof(k->nonce));
    memcpy(k->opaque, d->opaque, sizeof(k->opaque));
    k->algorithm = DIGEST_AKAV1_MD5;
    k->qop = DIGEST_AUTH_INT;
    k->nc = 1; /* a challenge is answered once */
    draw_cnonce(c);
    k->has_response = true;
    digest_response(c->https.proto.env->meter, k, span_of(c->res, c->res_n), "GET",
                    span_of(NULL, 0), k->response);
}

static enum reason on_challenge(struct ub_client *c, sim_ns now, const struct http_message *m)
{
    struct digest_challenge d;
    uint8_t autn[16];
    enum reason reason = digest_read_challenge(m->www_authenticate, &d);

    if (!reason)
        reason = check_challenge(c, &d);
    if (!reason && !digest_aka_parse(d.nonce, c->sa.rand, autn))
        reason = REASON_GBA_CHALLENGE;
    if (!reason)
        reason = authenticate(c, autn);
    if (reason)
        return reason;
    c->challenges++;
    fill_credentials(c, &d);
    set_state(c, c->credentials.has_auts ? UB_RESYNC : UB_RESPONSE, "challenge");
    return ask(c, now, c->credentials.has_auts ? "GET with auts" : "GET with response");
}

/* ---- 200 ---- */

/* RFC 2617 3.2.3: only who knows RES can say this over this body. */
static bool is_from_bsf(const struct ub_client *c, const struct http_message *m)
{
    const struct digest_credentials *k = &c->credentials;
    struct digest_info i;
    uint8_t wanted[16];

    if (c->state != UB_RESPONSE || digest_read_info(m->authentication_info, &i) ||
        i.qop != k->qop || i.nc != k->nc || strcmp(i.cnonce, k->cnonce) != 0)
        return false;
    digest_rspauth(c->https.proto.env->meter, k, span_of(c->res, c->res_n), m->body, wanted);
    return hash_equal(wanted, i.rspauth, sizeof(wanted));
}

static bool is_of_type(struct span type)
{
    size_t n = strlen(MEDIA_TYPE);

    return type.n >= n && !strncasecmp((const char *)type.p, MEDIA_TYPE, n) &&
           (type.n == n || type.p[n] == ';' || type.p[n] == ' ');
}

static enum reason on_bootstrapped(struct ub_client *c, sim_ns now, const struct http_message *m)
{
    const struct doc_bootstrapping_info *info;
    struct m2m_doc doc;
    enum reason reason;
    char why[80];

    if (!is_from_bsf(c, m))
        return REASON_DIGEST_RSPAUTH;
    reason = document_read(c->https.proto.env, m->body, &doc, why);
    info = &doc.u.bootstrapping;
    if (!reason && (!is_of_type(m->content_type) || doc.kind != DOC_BOOTSTRAPPING_INFO ||
                    strlen(info->btid) > GBA_NAME_MAX))
        reason = REASON_XML_INVALID;
    if (!reason && info->expires_unix_ns <= proto_unix_ns(&c->https.proto, now))
        reason = REASON_KEY_EXPIRED;
    if (!reason) {
        snprintf(c->sa.btid, sizeof(c->sa.btid), "%.*s", GBA_NAME_MAX, info->btid);
        c->sa.expires_unix_ns = info->expires_unix_ns;
        *c->result = c->sa;
    }
    m2m_doc_release(&doc);
    return reason;
}

/* ---- the rest ---- */

static enum reason refusal_of(int status)
{
    switch (status) {
    case STATUS_FORBIDDEN:
        return REASON_GBA_FORBIDDEN;
    case STATUS_GATEWAY_TIMEOUT:
        return REASON_BACKEND_TIMEOUT;
    default:
        return document_answer_reason(status, &(struct m2m_doc){.kind = DOC_NONE});
    }
}

static void on_message(struct https *h, sim_ns now, const struct http_message *m)
{
    struct ub_client *c = (struct ub_client *)h;
    enum reason reason;

    if (m->status == STATUS_PERMISSION_DENIED && m->keep_alive) {
        reason = on_challenge(c, now, m);
    } else if (m->status == STATUS_OK) {
        reason = on_bootstrapped(c, now, m);
        if (!reason)
            https_finish(h, now, "bootstrapped");
    } else {
        c->retry_after_s = m->retry_after_s;
        reason = refusal_of(m->status);
        if (reason == REASON_NONE)
            reason = REASON_HTTP_STATUS; /* a success that is none of ours */
    }
    if (reason)
        https_fail(h, now, reason);
}

static void client_free(struct proto *p)
{
    struct ub_client *c = (struct ub_client *)p;

    https_release(&c->https);
    gba_sa_wipe(&c->sa);
    explicit_bzero(c->res, sizeof(c->res));
    free(c);
}

static const struct https_user client_user = {.message = on_message};

static const struct proto_ops client_ops = {.name = "ub client",
                                            .start = https_start,
                                            .input = https_input,
                                            .output = https_output,
                                            .expire = https_expire,
                                            .free = client_free};

struct proto *ub_client_new(struct proto_env *env, const struct ub_settings *settings,
                            struct gba_sa *result)
{
    struct ub_client *c = xcalloc(1, sizeof(*c));
    struct digest_credentials *k = &c->credentials;

    https_init_bare(&c->https, &client_ops, &client_user, env, false);
    c->uicc = settings->uicc;
    c->result = result;
    c->sa.gba_u = settings->gba_u;
    snprintf(c->user_agent, sizeof(c->user_agent), "m2msim %s",
             gba_product(settings->gba_u ? GBA_KEY_UICC : GBA_KEY_ME));
    if (strlen(settings->bsf) > GBA_NAME_MAX ||
        !gba_impi(settings->application, settings->uicc, settings->isim_impi, c->sa.impi)) {
        client_free(&c->https.proto);
        return NULL;
    }
    snprintf(c->bsf, sizeof(c->bsf), "%s", settings->bsf);
    snprintf(k->username, sizeof(k->username), "%s", c->sa.impi);
    snprintf(k->realm, sizeof(k->realm), "%s", c->bsf);
    snprintf(k->uri, sizeof(k->uri), "/");
    if (ask(c, 0, "GET with identity")) {
        client_free(&c->https.proto);
        return NULL;
    }
    return &c->https.proto;
}

uint32_t ub_client_retry_after_s(const struct proto *p)
{
    return ((const struct ub_client *)p)->retry_after_s;
}
