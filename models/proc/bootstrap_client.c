#include "models/proc/client.h"

#include "models/proc/exchange.h"

#include <stdio.h>
#include <string.h>

/* GAP C2: the exported key wraps Kmr; it goes from one to the other inside the environment. */
static enum reason accept_params(struct exchange *x, sim_ns now, const struct m2m_doc *doc)
{
    const struct doc_bootstrap_param_set *set = &doc->u.bootstrap;
    struct doc_bootstrap_param_set *result = x->result;
    struct proto_env *env = x->https.proto.env;
    enum err err;

    if (!set->has_key)
        return REASON_XML_INVALID;
    if (set->expires_unix_ns <= proto_unix_ns(&x->https.proto, now))
        return REASON_KEY_EXPIRED;
    err = se_unwrap(env->se, env->meter, SE_KMR, x->exported, set->wrapped_kmr);
    if (err)
        return REASON_KEY_UNWRAP;
    *result = *set;
    return REASON_NONE;
}

static const struct proto_ops bootstrap_ops = {.name = "bootstrap client",
                                               .start = https_start,
                                               .input = https_input,
                                               .output = https_output,
                                               .expire = https_expire,
                                               .free = exchange_free};

static const struct exchange_plan bootstrap_plan = {.ops = &bootstrap_ops,
                                                    .target = "/m2m/bootstrap", /* GAP C10 */
                                                    .label = "POST bootstrapRequest",
                                                    .exporter = M2M_EXPORTER_BOOTSTRAP,
                                                    .answer = DOC_BOOTSTRAP_PARAM_SET,
                                                    .accept = accept_params};

struct proto *bootstrap_client_new(struct proto_env *env, const struct bootstrap_settings *settings,
                                   struct doc_bootstrap_param_set *result)
{
    struct tls_peer_settings peer = {.credential = settings->credential,
                                     .expect_name = settings->msbf};
    struct m2m_doc request = {.kind = DOC_BOOTSTRAP_REQUEST};
    struct exchange *x;

    snprintf(request.u.bootstrap_request.device_id, sizeof(request.u.bootstrap_request.device_id),
             "%s", settings->device_id);
    request.u.bootstrap_request.ival_capable = settings->ival_capable;
    x = exchange_new(env, &(struct exchange_settings){.plan = &bootstrap_plan,
                                                      .context = settings->context,
                                                      .peer = &peer,
                                                      .host = settings->msbf,
                                                      .request = &request,
                                                      .result = result});
    return x ? &x->https.proto : NULL;
}
