/* The parties of the Ub targets: a card and its AuC that are always the same, and a node that
 * answers a BSF's queries. All static: each target is a program of its own. */
#ifndef TESTS_FUZZ_GBA_PARTIES_H
#define TESTS_FUZZ_GBA_PARTIES_H

#include "crypto/entity.h"
#include "models/proc/ub.h"
#include "models/proto/m2mxml.h"

#include <stdlib.h>
#include <string.h>

#define UNIX_NS (INT64_C(1577836800) * SIM_S)
#define BSF     "bsf.example"

struct parties {
    struct rng stream, hss_stream;
    struct se se;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    struct uicc uicc;
    struct auc_record auc;
    bool gba_u;
};

static inline void parties_init(struct parties *p, const char *who, bool gba_u, bool ahead)
{
    static const uint8_t k[16] = "subscriber's K.", opc[16] = "operator's OPc.", amf[2];
    static bool ready;

    if (!ready) {
        if (crypto_init())
            abort();
        m2mxml_init();
        ready = true;
    }
    memset(p, 0, sizeof(*p));
    p->stream = rng_stream(1, who, "fuzz");
    p->hss_stream = rng_stream(1, "hss", "fuzz");
    p->env = (struct proto_env){&p->stream, &p->se, &p->meter, &p->trace, UNIX_NS};
    p->gba_u = gba_u;
    uicc_init(&p->uicc, "232010000000001", 2, k, opc);
    auc_init(&p->auc, k, opc, amf, 100);
    if (ahead)
        uicc_set_sqn(&p->uicc, 5000 << UICC_IND_BITS);
}

/* Knows one subscriber, and no challenge of another session. */
static inline void parties_answer(struct parties *p, const struct ub_query *q, struct ub_answer *a)
{
    memset(a, 0, sizeof(*a));
    switch (q->kind) {
    case UB_QUERY_ZH:
        if (q->zh.impi[0] == 'x')
            a->zh.reason = REASON_GBA_SUBSCRIBER;
        else
            zh_answer_make(&p->auc, NULL, &p->hss_stream, &q->zh, p->gba_u, 0, &a->zh);
        break;
    case UB_QUERY_CHALLENGE:
        a->reason = REASON_GBA_CHALLENGE;
        break;
    case UB_QUERY_STORE:
        a->expires_unix_ns = UNIX_NS + 3600 * SIM_S;
        break;
    }
}

#endif
