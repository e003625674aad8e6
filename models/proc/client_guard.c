#include "models/proc/client_guard.h"

#include "models/proc/document.h"
#include "sim/base/str.h"

#include <string.h>

bool client_guard_init(struct client_guard *g, struct proto_env *env,
                       const struct mid_settings *settings, const char *identity)
{
    *g = (struct client_guard){.sequence = settings->sequence,
                               .step = settings->sequence_step ? settings->sequence_step : 1,
                               .flags = settings->object_flags & OBJECT_FLAGS,
                               .representations = settings->representations};
    if (!g->flags)
        return true;
    g->object = object_new(env, SE_KMC, identity, g->flags, settings->cipher);
    return g->object != NULL;
}

void client_guard_release(struct client_guard *g)
{
    object_free(g->object);
    g->object = NULL;
}

bool client_guard_seal(struct client_guard *g, enum http_method method, const char *target,
                       const char *entity, const struct m2m_doc *doc, struct buf *out)
{
    struct m2m_primitive p = {.method = object_primitive_type(method, doc != NULL),
                              .correlation_id = g->sequence + g->step};

    g->sequence = p.correlation_id;
    str_append(p.target_id, sizeof(p.target_id), 0, target);
    str_append(p.requesting_entity, sizeof(p.requesting_entity), 0, entity);
    return object_seal(g->object, &p, doc, out) == REASON_NONE;
}

/* What a server says that cannot seal its answer: it does not know by which key, or has not looked.
 * Whoever forges this could as well have lost the request, as with TLS's alerts before a key. */
static bool is_said_unsealed(enum reason reason)
{
    return reason == REASON_XMLSEC_MISSING || reason == REASON_XMLSEC_SCOPE ||
           reason == REASON_XMLSEC_ALGORITHM || reason == REASON_XMLSEC_KEY ||
           reason == REASON_XMLSEC_SIGNATURE || reason == REASON_XMLSEC_DECRYPT ||
           reason == REASON_XML_MALFORMED || reason == REASON_XML_INVALID ||
           reason == REASON_KEY_EXPIRED || reason == REASON_MID_SECURITY ||
           reason == REASON_OBJECT_REPLAYED || reason == REASON_SERVER_BUSY;
}

/* An answer that could not be opened, for `reason`. */
static void take_unsealed(struct proto_env *env, struct span body, enum reason reason,
                          struct mid_response *r)
{
    char why[80];

    r->reason = REASON_NONE;
    if (r->status >= 400 && document_read(env, body, &r->doc, why) == REASON_NONE)
        r->reason = document_answer_reason(r->status, &r->doc);
    if (is_said_unsealed(r->reason))
        return;
    r->reason = reason;
    r->retry_after_s = 0;
    m2m_doc_release(&r->doc);
}

void client_guard_take(struct client_guard *g, struct proto_env *env, struct span body,
                       struct mid_response *r)
{
    struct m2m_primitive p = {.response = true};
    char why[80];
    enum reason reason =
        object_open(g->object, body, &p, &r->doc, g->representations ? &r->rep : NULL, why);

    if (reason) {
        take_unsealed(env, body, reason, r);
        return;
    }
    r->status = (int)p.status_code;
    if (p.correlation_id != g->sequence) {
        r->reason = REASON_OBJECT_REPLAYED;
        m2m_doc_release(&r->doc);
        m2m_rep_clear(&r->rep);
        m2m_rep_init(&r->rep, M2M_NO_TYPE);
        return;
    }
    if (strlen(p.resource_uri) < sizeof(r->location))
        str_append(r->location, sizeof(r->location), 0, p.resource_uri);
    r->reason = document_answer_reason(r->status, &r->doc);
}
