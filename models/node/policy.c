#include "models/node/policy.h"

#include "crypto/hash.h"
#include "crypto/keys.h"

#include <string.h>

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

static void refuse(struct policy_answer *a, enum m2m_status status, const char *why)
{
    a->status = status;
    a->additional = why;
}

/* Step c: the signature, and that it is fresh (GAP C6: a window on the time stamp). */
static bool verify(const struct policy_question *q, struct meter *m, const char **verdict)
{
    const struct doc_scl *doc = q->doc;
    int64_t window = q->config->ival_window;
    int64_t right = key_ival_sign(m, q->record->kival, (uint32_t)doc->ival.result,
                                  span_str(doc->ival.time_stamp), q->record->node_id);

    if (doc->ival.result < 0 || doc->ival.result > UINT32_MAX ||
        !hash_equal(&right, &doc->ival.signature, sizeof right)) {
        *verdict = "bad-signature";
        return false;
    }
    /* The client may say any time from 1677 on: its difference from now need not fit. */
    if (doc->ival.time_unix_ns < q->unix_now - window ||
        doc->ival.time_unix_ns > sim_ns_add(q->unix_now, window)) {
        *verdict = "replay";
        return false;
    }
    return true;
}

/* What the results say, when they can be believed. */
static void judge(const struct policy_question *q, struct policy_answer *a)
{
    switch (decide(q->config, (uint32_t)q->doc->ival.result, &a->services, &a->finding.rule)) {
    case CFG_DENY:
        a->finding.verdict = "denied";
        refuse(a, STATUS_FORBIDDEN, reason_text(REASON_IVAL_DENIED));
        break;
    case CFG_LIMIT:
        a->finding.verdict = "limited";
        break;
    case CFG_ALLOW:
        a->finding.verdict = "granted";
        break;
    }
}

void policy_check(const struct policy_question *q, struct meter *m, struct policy_answer *out)
{
    *out = (struct policy_answer){.status = STATUS_OK,
                                  .finding = {.result = q->doc->ival.result},
                                  .services = UINT32_MAX << IVAL_CAPABILITY_SHIFT};
    if (!q->config->ival) /* step d */
        return;
    if (!q->record->ival_capable) { /* step b */
        if (q->doc->has_ival)
            refuse(out, STATUS_BAD_REQUEST,
                   "integrityValResults from an SCL without that capability");
        return;
    }
    if (!q->doc->has_ival) { /* step a; at UPDATE they are optional, and nothing new is granted */
        out->services = q->record->services;
        if (q->create)
            refuse(out, STATUS_BAD_REQUEST, "integrityValResults are missing");
        return;
    }
    if (verify(q, m, &out->finding.verdict)) {
        judge(q, out);
        return;
    }
    out->finding.rule = "signature";
    refuse(out, STATUS_BAD_REQUEST,
           reason_text(strcmp(out->finding.verdict, "replay") == 0 ? REASON_IVAL_REPLAY
                                                                   : REASON_IVAL_BAD_SIGNATURE));
}
