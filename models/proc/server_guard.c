#include "models/proc/server_guard.h"

#include "sim/base/str.h"

#include <string.h>

#define CHANNELS (MID_TLS_PSK | MID_DTLS_PSK)

void server_guard_init(struct server_guard *g, mid_grant_find find, void *arg)
{
    *g = (struct server_guard){.find = find, .arg = arg};
}

void server_guard_release(struct server_guard *g)
{
    object_free(g->object);
    g->object = NULL;
}

/* The KeyName of somebody of whom nothing else is known yet. */
static enum reason look_at(struct server_guard *g, struct proto_env *env, struct span body)
{
    enum xmlsec_form form;
    enum reason reason;

    if (body.n == 0)
        return REASON_XMLSEC_MISSING;
    reason = xmlsec_look(env->meter, body, &form, g->name);
    if (!reason && form == XMLSEC_PLAIN)
        reason = REASON_XMLSEC_MISSING;
    if (!reason && !*g->name)
        reason = REASON_XMLSEC_KEY;
    return reason;
}

/* On a bare channel nobody but the object says who that is. */
static bool fits(const struct mid_grant *grant, bool bare)
{
    return bare ? grant->flags & OBJECT_FLAGS && !(grant->flags & CHANNELS)
                : (grant->flags & CHANNELS) != 0;
}

static enum reason use_grant(struct server_guard *g, struct proto_env *env,
                             const struct mid_grant *grant)
{
    unsigned flags = grant->flags & OBJECT_FLAGS;

    if (!flags)
        return REASON_NONE;
    se_put(env->se, SE_KMC, grant->kmc);
    g->object = object_new(env, SE_KMC, g->name, flags, grant->cipher);
    return g->object ? REASON_NONE : REASON_XMLSEC_KEY;
}

enum reason server_guard_meet(struct server_guard *g, struct proto_env *env, const char *peer,
                              struct span body)
{
    enum reason reason = REASON_NONE;
    struct mid_grant grant;

    if (!g->find || g->met)
        return REASON_NONE;
    if (peer)
        str_append(g->name, sizeof(g->name), 0, peer);
    else
        reason = look_at(g, env, body);
    if (reason == REASON_XMLSEC_MISSING && g->trusts_access) {
        g->name[0] = '\0'; /* whatever an earlier document said of itself */
        return REASON_NONE;
    }
    if (reason)
        return reason;
    memset(&grant, 0, sizeof(grant));
    if (!g->find(g->arg, span_str(g->name), &grant, &reason))
        return reason;
    if (*grant.key_name)
        str_append(g->name, sizeof(g->name), 0, grant.key_name);
    reason = fits(&grant, !peer) ? use_grant(g, env, &grant) : REASON_MID_SECURITY;
    explicit_bzero(&grant, sizeof(grant));
    g->met = reason == REASON_NONE;
    return reason;
}

enum reason server_guard_open(struct server_guard *g, struct span body, struct server_request *q,
                              char why[80])
{
    struct m2m_primitive p = {.response = false};
    enum reason reason = object_open(g->object, body, &p, NULL, &q->rep, why);

    /* Of one that is his, but no request, the number is known, and the refusal can be sealed. */
    q->sequence = g->sequence = p.correlation_id;
    if (reason)
        return reason;
    if (p.correlation_id == 0)
        return REASON_OBJECT_REPLAYED;
    if (!object_matches(&p, q->method, q->target, q->requesting_entity))
        return REASON_OBJECT_MISMATCH;
    q->method = object_http_method(p.method);
    return REASON_NONE;
}

enum reason server_guard_seal(const struct server_guard *g, int status, const char *location,
                              const struct m2m_doc *doc, struct buf *out)
{
    struct m2m_primitive p = {
        .response = true, .status_code = (enum m2m_status)status, .correlation_id = g->sequence};

    if (!*m2m_status_name(p.status_code)) /* "content too large" is none of TS 102 921 */
        p.status_code = STATUS_BAD_REQUEST;
    if (location)
        str_append(p.resource_uri, sizeof(p.resource_uri), 0, location);
    return object_seal(g->object, &p, doc, out);
}
