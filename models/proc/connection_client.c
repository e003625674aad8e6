#include "models/proc/client.h"

#include "models/proc/exchange.h"

#include <stdio.h>
#include <string.h>

/* GAP C12: Kmc is exported on both sides; the key element of the answer is zeros and means nothing.
 */
static enum reason accept_params(struct exchange *x, sim_ns now, const struct m2m_doc *doc)
{
    struct doc_connection_param_set *result = x->result;

    if (doc->u.connection.expires_unix_ns <= proto_unix_ns(&x->https.proto, now))
        return REASON_KEY_EXPIRED;
    se_put(x->https.proto.env->se, SE_KMC, x->exported);
    *result = doc->u.connection;
    return REASON_NONE;
}

static const struct proto_ops connection_ops = {.name = "connection client",
                                                .start = https_start,
                                                .input = https_input,
                                                .output = https_output,
                                                .expire = https_expire,
                                                .free = exchange_free};

static const struct exchange_plan connection_plan = {.ops = &connection_ops,
                                                     .target = "/m2m/connection", /* GAP C12 */
                                                     .label = "POST connectionRequest",
                                                     .exporter = M2M_EXPORTER_CONNECTION,
                                                     .answer = DOC_CONNECTION_PARAM_SET,
                                                     .accept = accept_params};

struct proto *connection_client_new(struct proto_env *env,
                                    const struct connection_settings *settings,
                                    struct doc_connection_param_set *result)
{
    struct m2m_doc request = {.kind = DOC_CONNECTION_REQUEST};
    struct doc_connection_request *r = &request.u.connection_request;
    char identity[M2M_PSK_IDENTITY_MAX];
    struct tls_peer_settings peer = {.psk_identity = identity, .psk_slot = SE_KMR};
    struct exchange *x;

    key_kmr_identity(settings->node_id, settings->kmr_index, identity);
    memcpy(r->node_id, settings->node_id, sizeof(r->node_id));
    snprintf(r->scl_id, sizeof(r->scl_id), "%s", settings->scl_id);
    r->ival_capable = settings->ival_capable;
    r->has_mid_flags = settings->mid_flags != 0;
    r->mid_flags = settings->mid_flags;
    x = exchange_new(env, &(struct exchange_settings){.plan = &connection_plan,
                                                      .context = settings->context,
                                                      .peer = &peer,
                                                      .host = settings->mas,
                                                      .request = &request,
                                                      .result = result});
    return x ? &x->https.proto : NULL;
}
