/* Private to models/node: the HSS, asked by MAS and BSF. */
#ifndef MODELS_NODE_HSS_H
#define MODELS_NODE_HSS_H

#include "crypto/uicc.h"
#include "models/node/server.h"
#include "models/proc/aaa.h"
#include "models/proc/ub.h"

/* A subscriber at its HSS. */
struct hss_record {
    struct auc_record auc;
    uint64_t draws; /* of its RANDs */
};

/* Triplets and vectors of a subscriber, for the MAS. */
void hss_ask(struct server_end *e, const struct eap_query *q, bool separation);
/* What its AuC answers, at once and for nothing: the work behind hss_ask, and the live mode. */
void hss_answer(struct server *hss, struct meter *m, const struct eap_query *q, bool separation,
                struct eap_answer *a);
/* The same for a BSF (Zh). */
void hss_zh(struct server_end *e, const struct zh_request *q);
/* What it answers, at once and for nothing, likewise. *a: zeros. */
void hss_zh_answer(struct server *hss, struct meter *m, const struct zh_request *q,
                   struct zh_answer *a);

#endif
