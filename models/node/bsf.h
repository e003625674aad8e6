/* Private to models/node: GBA's servers, a BSF and those for which it is (NAF). */
#ifndef MODELS_NODE_BSF_H
#define MODELS_NODE_BSF_H

#include "models/node/server.h"
#include "models/proc/ub.h"

/* What a BSF's session is to be answered. */
struct ub_work {
    struct ub_answer answer;
    bool ready;
};

/* What a NAF's session is set up with, and what the BSF said. */
struct naf_work {
    struct naf_settings settings;
    struct zn_answer answer;
    bool ready;
};

/* ---- bsf.c ---- */
void bsf_zn(struct server *bsf, struct meter *m, const struct zn_request *q, struct zn_answer *a);
void bsf_forget(struct server *bsf); /* every association, as at a restart */

/* ---- naf.c ---- */
/* Is this server the NAF of these clients? What a session of theirs needs for it; heap. */
bool naf_serves(const struct server *s, const struct population *clients);
struct naf_work *naf_work_new(const struct server *s, const struct population *clients);
void naf_ask(struct server_end *e, const struct zn_request *q); /* Zn */

#endif
