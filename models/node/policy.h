/* The IVal steps of TS 102 921 clause 10 (etsi-m2m.md section 7) for a CREATE or UPDATE of <scl>.
 */
#ifndef MODELS_NODE_POLICY_H
#define MODELS_NODE_POLICY_H

#include "models/node/config.h"
#include "models/node/registrar.h"

struct policy_question {
    const struct cfg_server *config;
    const struct scl_record *record;
    const struct doc_scl *doc;
    int64_t unix_now;
    bool create;
};

/* All texts are static, or the configuration's. */
struct policy_answer {
    enum m2m_status status; /* STATUS_OK: go on, with these capabilities granted; else a refusal, */
    const char *additional; /* for this reason */
    struct ival_finding finding;
    uint32_t services;
};

void policy_check(const struct policy_question *q, struct meter *m, struct policy_answer *out);

#endif
