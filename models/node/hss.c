/* HSS and HLR with their AuC: what a MAS asks of a subscriber's home network (MAP's
 * SendAuthenticationInfo, TS 29.002; Cx and SWx have the same). Messages have their octets, the
 * AuC's cryptography its price at the HSS's processor. For a BSF Zh (TS 29.109) with the same
 * records: one sequence of numbers a subscriber. */
#include "models/node/hss.h"

#include "models/node/attempt.h"
#include "models/node/backend.h"
#include "models/node/bsf.h"
#include "models/node/method.h"
#include "models/node/subscriber.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* TCAP and SCCP headers with an IMSI; each triplet is 28 octets, each quintuplet 72. */
#define ASK_OCTETS     120
#define RESYNC_OCTETS  (ASK_OCTETS + 30) /* RAND and AUTS */
#define ANSWER_OCTETS  100
#define TRIPLET_OCTETS 32
#define VECTOR_OCTETS  80

/* How long a BSF waits; what comes later is thrown away. */
#define ZH_PATIENCE (5 * SIM_S)

/* A subscriber's record appears when it is first asked for: nobody can tell it from one that was
 * there. */
static struct hss_record *record_of(struct server *hss, const char *imsi)
{
    static const uint8_t amf[2] = {0x00, 0x00};
    struct device *dev = device_of_imsi(hss->population->d, imsi);
    char own[IMSI_MAX + 1];
    uint8_t k[16], opc[16];
    uint32_t record;
    uint64_t key;

    if (!dev || !dev->subscriber)
        return NULL;
    key = (uint64_t)device_node(dev);
    record = map_find(&hss->by_node, key);
    if (record == MAP_NONE) {
        device_subscription(dev, own, k, opc);
        record = server_new_record(hss);
        map_put(&hss->by_node, key, record);
        hss->hss[record] = (struct hss_record){.draws = 0};
        auc_init(&hss->hss[record].auc, k, opc, amf, 0);
    }
    return &hss->hss[record];
}

/* Each subscriber's RANDs are its own, so that no other's authentication shifts them. */
static struct rng stream_of(const struct server *hss, const char *imsi,
                            const struct hss_record *record)
{
    char purpose[32] = "RAND ", name[NODE_NAME_MAX];
    struct rng r;

    memcpy(purpose + 5, imsi, strlen(imsi) + 1);
    node_name(hss->population, hss->index, name);
    r = rng_stream(hss->population->d->in.seed, name, purpose);
    r.counter = record->draws;
    return r;
}

/* A record's RANDs are drawn where the last ones ended. */
static void give(struct server *hss, struct hss_record *r, struct meter *m,
                 const struct eap_query *q, bool separation, struct eap_answer *a)
{
    struct rng stream = stream_of(hss, q->imsi, r);
    unsigned most = sizeof a->triplets / sizeof a->triplets[0];

    switch (q->kind) {
    case EAP_QUERY_GSM:
        a->triplet_count = q->count < most ? q->count : most;
        for (unsigned i = 0; i < a->triplet_count; i++)
            auc_triplet(&r->auc, m, &stream, &a->triplets[i]);
        break;
    case EAP_QUERY_RESYNC:
        if (!auc_resync(&r->auc, m, q->rand, q->auts)) {
            a->reason = REASON_AKA_SYNC;
            break;
        }
        auc_vector(&r->auc, m, &stream, separation, &a->vector);
        break;
    case EAP_QUERY_UMTS:
        auc_vector(&r->auc, m, &stream, separation, &a->vector);
        break;
    case EAP_QUERY_NONE:
    case EAP_QUERY_USER:
    case EAP_QUERY_IBE:
        break;
    }
    r->draws = stream.counter;
}

void hss_answer(struct server *hss, struct meter *m, const struct eap_query *q, bool separation,
                struct eap_answer *a)
{
    struct hss_record *record = record_of(hss, q->imsi);

    if (record)
        give(hss, record, m, q, separation, a);
    else
        a->reason = REASON_EAP_NOT_SUBSCRIBED;
}

static uint32_t answer_octets(const struct eap_query *q, const struct eap_answer *a)
{
    if (q->kind == EAP_QUERY_GSM)
        return a->triplet_count * TRIPLET_OCTETS;
    return a->reason ? 0 : VECTOR_OCTETS;
}

static void work(struct backend_call *c, struct meter *m)
{
    const struct eap_query *q = &c->u.auc.query;

    hss_answer(c->to, m, q, c->u.auc.separation, &c->u.auc.answer);
    c->answer_octets += answer_octets(q, &c->u.auc.answer);
}

static void finished(struct backend_call *c, bool answered)
{
    struct server_end *e = c->e;

    e->aaa->answer = c->u.auc.answer;
    if (!answered)
        e->aaa->answer = (struct eap_answer){.reason = REASON_BACKEND_TIMEOUT};
    explicit_bzero(&c->u.auc, sizeof c->u.auc);
    e->aaa->answer_ready = true;
}

void hss_ask(struct server_end *e, const struct eap_query *q, bool separation)
{
    const struct cfg_server *mas = e->server->population->config->server;
    struct deployment *d = e->server->population->d;
    struct server *hss = server_for(d, mas->hss, e->client->index);
    struct backend_call *c = xcalloc(1, sizeof *c);

    c->octets = q->kind == EAP_QUERY_RESYNC ? RESYNC_OCTETS : ASK_OCTETS;
    c->answer_octets = ANSWER_OCTETS;
    c->latency = hss->population->config->server->latency;
    c->answer_name = q->kind == EAP_QUERY_GSM ? "triplets" : "authentication vector";
    c->work = work;
    c->finished = finished;
    c->u.auc.query = *q;
    c->u.auc.separation = separation;
    backend_send(e, hss, "SendAuthenticationInfo", c);
}

/* ---- Zh ---- */

void hss_zh_answer(struct server *hss, struct meter *m, const struct zh_request *q,
                   struct zh_answer *a)
{
    struct device *dev = device_of_impi(hss->population->d, q->impi);
    uint32_t life = (uint32_t)(hss->population->config->server->key_lifetime / SIM_S);
    struct hss_record *r;
    struct rng stream;
    const char *imsi;

    if (!dev) {
        a->reason = REASON_GBA_SUBSCRIBER;
    } else if (device_gba_is_refused(dev)) {
        a->reason = REASON_GBA_NOT_ALLOWED;
    } else {
        imsi = dev->subscriber->uicc.imsi;
        r = record_of(hss, imsi);
        stream = stream_of(hss, imsi, r);
        zh_answer_make(&r->auc, m, &stream, q, method_is_gba_u(dev->population->config->device),
                       life, a);
        r->draws = stream.counter;
    }
}

static void zh_work(struct backend_call *c, struct meter *m)
{
    struct zh_answer *a = &c->u.zh.answer;

    hss_zh_answer(c->to, m, &c->u.zh.request, a);
    c->answer_octets = (uint32_t)zh_answer_octets(a);
}

static void zh_finished(struct backend_call *c, bool answered)
{
    struct ub_work *w = c->e->ub;

    w->answer = (struct ub_answer){.zh = c->u.zh.answer};
    if (!answered)
        w->answer.zh = (struct zh_answer){.reason = REASON_BACKEND_TIMEOUT};
    explicit_bzero(&c->u.zh, sizeof c->u.zh);
    w->ready = true;
}

void hss_zh(struct server_end *e, const struct zh_request *q)
{
    const struct cfg_server *bsf = e->server->population->config->server;
    struct deployment *d = e->server->population->d;
    struct server *hss = server_for(d, bsf->hss, e->client->index);
    struct backend_call *c = xcalloc(1, sizeof *c);

    c->octets = (uint32_t)zh_request_octets(q);
    c->latency = hss->population->config->server->latency;
    c->patience = ZH_PATIENCE;
    c->answer_name = "Multimedia-Auth-Answer";
    c->work = zh_work;
    c->finished = zh_finished;
    c->u.zh.request = *q;
    backend_send(e, hss, "Multimedia-Auth-Request", c);
}
