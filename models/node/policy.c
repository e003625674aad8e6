#include "models/node/impl.h"

#include "crypto/hash.h"

#include <string.h>

static const struct cfg_server *config(const struct server_end *e)
{
    return e->server->population->config->server;
}

static void write_row(struct server_end *e, const struct doc_scl *doc, sim_ns now,
                      const char *verdict, const char *rule)
{
    const struct row_sink *sink = &e->server->population->d->sink;
    const struct procedure *p = server_end_procedure(e);
    struct session *peer = session_peer(e->session);
    struct device *dev = peer && session_user(peer) ? device_of(peer) : NULL;

    if (!p || !dev)
        return;
    sink->ival(sink->arg,
               &(struct row_ival){.procedure_id = p->id,
                                  .node_id = p->node_id,
                                  .t = now,
                                  .result = doc->ival.result,
                                  .truth = device_is_tampered(dev, now) ? "tampered" : "genuine",
                                  .verdict = verdict,
                                  .policy = rule});
}

/* The first rule that matches decides. */
static enum cfg_verdict decide(const struct cfg_server *c, uint32_t result, uint32_t *services,
                               const char **rule)
{
    for (uint32_t i = 0; i < c->rule_count; i++) {
        const struct cfg_rule *r = &c->rules[i];
        if ((result & r->mask) != r->value)
            continue;
        *rule = r->name;
        if (r->verdict == CFG_LIMIT)
            *services &= r->allowed_services;
        return r->verdict;
    }
    *rule = "otherwise";
    return c->otherwise;
}

static bool refuse(int *status, const char **additional, int with, const char *why)
{
    *status = with;
    *additional = why;
    return false;
}

/* Step c: the signature, and that it is fresh (GAP C6: a window on the time stamp). */
static bool verify(struct server_end *e, const struct scl_record *s, const struct doc_scl *doc,
                   sim_ns now, struct meter *m, const char **verdict)
{
    int64_t unix_now = e->server->population->d->in.epoch_unix_ns + now;
    int64_t window = config(e)->ival_window;
    int64_t right = key_ival_sign(m, s->kival, (uint32_t)doc->ival.result,
                                  span_str(doc->ival.time_stamp), s->node_id);

    if (doc->ival.result < 0 || doc->ival.result > UINT32_MAX ||
        !hash_equal(&right, &doc->ival.signature, sizeof right)) {
        *verdict = "bad-signature";
        return false;
    }
    /* The client may say any time from 1677 on: its difference from now need not fit. */
    if (doc->ival.time_unix_ns < unix_now - window ||
        doc->ival.time_unix_ns > sim_ns_add(unix_now, window)) {
        *verdict = "replay";
        return false;
    }
    return true;
}

bool policy_check(struct server_end *e, const struct scl_record *s, const struct doc_scl *doc,
                  bool create, sim_ns now, struct meter *m, uint32_t *services, int *status,
                  const char **additional)
{
    const char *verdict = "", *rule = "";

    *services = UINT32_MAX << IVAL_CAPABILITY_SHIFT;
    if (!config(e)->ival) /* step d */
        return true;
    if (!s->ival_capable) { /* step b */
        return !doc->has_ival || refuse(status, additional, STATUS_BAD_REQUEST,
                                        "integrityValResults from an SCL without that capability");
    }
    if (!doc->has_ival) { /* step a; at UPDATE they are optional, and nothing new is granted */
        *services = s->services;
        return !create ||
               refuse(status, additional, STATUS_BAD_REQUEST, "integrityValResults are missing");
    }
    if (!verify(e, s, doc, now, m, &verdict)) {
        write_row(e, doc, now, verdict, "signature");
        return refuse(status, additional, STATUS_BAD_REQUEST,
                      reason_text(strcmp(verdict, "replay") == 0 ? REASON_IVAL_REPLAY
                                                                 : REASON_IVAL_BAD_SIGNATURE));
    }
    switch (decide(config(e), (uint32_t)doc->ival.result, services, &rule)) {
    case CFG_DENY:
        write_row(e, doc, now, "denied", rule);
        return refuse(status, additional, STATUS_FORBIDDEN, reason_text(REASON_IVAL_DENIED));
    case CFG_LIMIT:
        write_row(e, doc, now, "limited", rule);
        break;
    case CFG_ALLOW:
        write_row(e, doc, now, "granted", rule);
        break;
    }
    return true;
}
