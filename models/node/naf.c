/* MSBF and MAS as NAFs of GBA (etsi-m2m.md 1 and 4.2): what their sessions of Ua are set up with,
 * and Zn, the question to the BSF that a B-TID names. */
#include "models/node/bsf.h"

#include "models/node/backend.h"
#include "models/node/method.h"
#include "sim/base/xalloc.h"

#include <string.h>

bool naf_serves(const struct server *s, const struct population *clients)
{
    const struct cfg_device *c = clients->config->device;

    switch (s->population->config->kind) {
    case CFG_MSBF:
        return method_of_bootstrap(c->bootstrap.method)->gba;
    case CFG_MAS:
        return method_of_connect(c->connect.method)->gba;
    case CFG_DEVICE:
    case CFG_GATEWAY:
    case CFG_LOCAL:
    case CFG_NSCL:
    case CFG_HSS:
    case CFG_BSF:
    case CFG_ACCESS:
    case CFG_KMS:
    case CFG_APPLICATION:
        break;
    }
    return false;
}

struct naf_work *naf_work_new(const struct server *s, const struct population *clients)
{
    const struct cfg_device *c = clients->config->device;
    struct naf_work *w = xcalloc(1, sizeof *w);

    w->settings = (struct naf_settings){
        .fqdn = s->fqdn, .suite = c->gba.tls.suite, .uicc_keys = c->gba.key == GBA_KEY_UICC};
    return w;
}

/* ---- Zn ---- */

static void work(struct backend_call *c, struct meter *m)
{
    bsf_zn(c->to, m, &c->u.zn.request, &c->u.zn.answer);
    c->answer_octets = (uint32_t)zn_answer_octets(&c->u.zn.answer);
}

static void finished(struct backend_call *c, bool answered)
{
    struct naf_work *w = c->e->naf;

    w->answer = c->u.zn.answer;
    if (!answered)
        w->answer = (struct zn_answer){.reason = REASON_BACKEND_TIMEOUT};
    explicit_bzero(&c->u.zn, sizeof c->u.zn);
    w->ready = true;
}

/* TS 33.220 4.4.3: the BSF is the one whose domain the B-TID has. */
static struct server *bsf_of(struct deployment *d, const char *btid)
{
    const char *domain = strchr(btid, '@');
    struct server *s = domain ? server_find(d, domain + 1) : NULL;

    return s && s->population->config->kind == CFG_BSF ? s : NULL;
}

void naf_ask(struct server_end *e, const struct zn_request *q)
{
    struct deployment *d = e->server->population->d;
    struct server *bsf = bsf_of(d, q->btid);
    struct backend_call *c;

    if (!bsf) {
        e->naf->answer = (struct zn_answer){.reason = REASON_GBA_BTID};
        e->naf->ready = true;
        session_poke(e->session, node_now(d));
        return;
    }
    c = xcalloc(1, sizeof *c);
    c->octets = (uint32_t)zn_request_octets(q);
    c->answer_name = "Bootstrapping-Info-Answer";
    c->work = work;
    c->finished = finished;
    c->u.zn.request = *q;
    backend_send(e, bsf, "Bootstrapping-Info-Request", c);
}
