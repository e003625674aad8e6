/* Bootstrap and connection with GBA: the exchanges of bootstrap_client.c and connection_client.c,
 * with the key of a bootstrapped association in the place of TLS's secrets. */
#include "models/proc/ua.h"

#include "models/proc/exchange.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The key before anything is said: PSK-TLS needs it in the handshake. In the step that starts, so
 * that it is charged there. */
static void start(struct proto *p, sim_ns now)
{
    struct exchange *x = (struct exchange *)p;
    const struct ua *ua = x->ua;

    if (ua->sa.expires_unix_ns <= proto_unix_ns(p, now))
        https_fail(&x->https, now, REASON_KEY_EXPIRED);
    else if (!gba_ue_key(p->env->meter, &ua->sa, ua->uicc, &ua->naf, ua->key, p->env->se))
        https_fail(&x->https, now, REASON_GBA_RENEGOTIATE);
    else
        https_start(p, now);
}

/* etsi-m2m.md 3.1: Kmr or Kmc is Ks_(ext/int)_NAF, without a further KDF. */
static enum reason take_key(struct exchange *x, sim_ns now, int64_t expires_unix_ns,
                            enum se_slot slot)
{
    if (expires_unix_ns <= proto_unix_ns(&x->https.proto, now))
        return REASON_KEY_EXPIRED;
    return se_copy(x->https.proto.env->se, SE_KS_NAF, slot) ? REASON_KEY_ERASED : REASON_NONE;
}

static enum reason accept_bootstrap(struct exchange *x, sim_ns now, const struct m2m_doc *doc)
{
    enum reason reason;

    /* Nothing is transported: a key in the answer is one that nobody asked for. */
    if (doc->u.bootstrap.has_key)
        return REASON_XML_INVALID;
    reason = take_key(x, now, doc->u.bootstrap.expires_unix_ns, SE_KMR);
    if (!reason)
        *(struct doc_bootstrap_param_set *)x->result = doc->u.bootstrap;
    return reason;
}

static enum reason accept_connection(struct exchange *x, sim_ns now, const struct m2m_doc *doc)
{
    enum reason reason = take_key(x, now, doc->u.connection.expires_unix_ns, SE_KMC);

    if (!reason)
        *(struct doc_connection_param_set *)x->result = doc->u.connection;
    return reason;
}

static const struct proto_ops bootstrap_ops = {.name = "gba bootstrap client",
                                               .start = start,
                                               .input = https_input,
                                               .output = https_output,
                                               .expire = https_expire,
                                               .free = exchange_free};

static const struct proto_ops connection_ops = {.name = "gba connection client",
                                                .start = start,
                                                .input = https_input,
                                                .output = https_output,
                                                .expire = https_expire,
                                                .free = exchange_free};

static const struct exchange_plan bootstrap_plan = {.ops = &bootstrap_ops,
                                                    .target = "/m2m/bootstrap", /* GAP C10 */
                                                    .label = "POST bootstrapRequest",
                                                    .answer = DOC_BOOTSTRAP_PARAM_SET,
                                                    .accept = accept_bootstrap};

static const struct exchange_plan connection_plan = {.ops = &connection_ops,
                                                     .target = "/m2m/connection", /* GAP C12 */
                                                     .label = "POST connectionRequest",
                                                     .answer = DOC_CONNECTION_PARAM_SET,
                                                     .accept = accept_connection};

static bool is_psk(const struct ua_settings *s)
{
    return s->context && tls_suite_is_psk(s->suite);
}

/* NULL: the NAF's name is too long. */
static struct ua *ua_new(const struct ua_settings *s)
{
    struct ua *ua = xcalloc(1, sizeof(*ua));
    bool named = s->context ? gba_naf_tls(s->naf, tls_suite_code(s->suite), &ua->naf)
                            : gba_naf_digest(s->naf, &ua->naf);

    if (!named) {
        free(ua);
        return NULL;
    }
    ua->sa = *s->sa;
    ua->uicc = s->uicc;
    ua->key = s->key;
    ua->with_digest = !is_psk(s);
    ua_digest_init(&ua->digest, s->naf, s->sa->btid, s->key, !s->context);
    buf_init(&ua->body, M2M_MAX_DOC);
    return ua;
}

static struct proto *client_new(struct proto_env *env, const struct exchange_plan *plan,
                                const struct ua_settings *s, const struct m2m_doc *request,
                                void *result)
{
    char identity[GBA_PSK_IDENTITY_MAX];
    struct tls_peer_settings peer = {.expect_name = s->naf};
    struct exchange_settings settings = {.plan = plan,
                                         .context = s->context,
                                         .peer = &peer,
                                         .host = s->naf,
                                         .request = request,
                                         .ua = ua_new(s),
                                         .result = result};
    struct exchange *x;

    if (!settings.ua)
        return NULL;
    if (is_psk(s)) {
        gba_psk_identity(s->key, s->sa->btid, identity);
        peer = (struct tls_peer_settings){
            .psk_identity = identity, .psk_hint = gba_psk_hint(s->key), .psk_slot = SE_KS_NAF};
    }
    x = exchange_new(env, &settings);
    return x ? &x->https.proto : NULL;
}

struct proto *gba_bootstrap_client_new(struct proto_env *env, const struct ua_settings *ua,
                                       bool ival_capable, struct doc_bootstrap_param_set *result)
{
    struct m2m_doc request = {.kind = DOC_BOOTSTRAP_REQUEST};
    struct doc_bootstrap_request *r = &request.u.bootstrap_request;

    snprintf(r->device_id, sizeof(r->device_id), "%s", ua->sa->impi);
    r->ival_capable = ival_capable;
    return client_new(env, &bootstrap_plan, ua, &request, result);
}

struct proto *gba_connection_client_new(struct proto_env *env,
                                        const struct gba_connection_settings *settings,
                                        struct doc_connection_param_set *result)
{
    struct m2m_doc request = {.kind = DOC_CONNECTION_REQUEST};
    struct doc_connection_request *r = &request.u.connection_request;

    memcpy(r->node_id, settings->node_id, sizeof(r->node_id));
    snprintf(r->scl_id, sizeof(r->scl_id), "%s", settings->scl_id);
    r->ival_capable = settings->ival_capable;
    r->has_mid_flags = settings->mid_flags != 0;
    r->mid_flags = settings->mid_flags;
    return client_new(env, &connection_plan, &settings->ua, &request, result);
}
