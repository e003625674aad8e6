/* A device, a PAA and a MAS without engine or network: three cores with a virtual clock that jumps
 * to the next arrival or expiry, and a script of what the two ways between them do. All static:
 * each test file is a program of its own. */
#ifndef TESTS_SUPPORT_CHAIN_H
#define TESTS_SUPPORT_CHAIN_H

#include "crypto/entity.h"
#include "crypto/uicc.h"
#include "models/proc/aaa.h"
#include "models/proc/client.h"
#include "models/proc/paa.h"
#include "models/proto/eap_method.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef CHAIN_ASSERT
#include <check.h>
#define CHAIN_ASSERT(condition) ck_assert(condition)
#endif

#define CHAIN        __attribute__((unused)) static
#define CHAIN_EPOCH  (INT64_C(1577836800) * SIM_S)
#define CHAIN_SP     "sp.example.org"
#define CHAIN_MSBF   "msbf.example.org"
#define CHAIN_NSCL   "nscl.example.org"
#define CHAIN_MAS    "mas.example.org"
#define CHAIN_DEVICE "meter-1"
#define CHAIN_SCL    "scl-meter-1"
#define CHAIN_LIFE   (3600 * 24)
#define CHAIN_LIMIT  (3600 * SIM_S)

/* The four doors: 0 and 1 are joined, 2 and 3 are. */
enum { DEVICE, TO_DEVICE, TO_MAS, MAS_, DOORS };

enum fault { FAULT_NONE, FAULT_LOSE, FAULT_DUPLICATE, FAULT_CUT, FAULT_CORRUPT };

struct chain_packet {
    struct chain_packet *next;
    sim_ns at;
    unsigned to;
    size_t n;
    uint8_t octets[];
};

struct chain_party {
    struct proto_env env;
    struct rng stream;
    struct se se;
    struct meter meter;
    struct trace trace;
};

struct chain {
    struct chain_party party[3]; /* device, PAA, MAS */
    struct pana_client *client;
    struct paa_session *paa;
    struct aaa_session *aaa;
    struct proto *door[DOORS];
    struct chain_packet *first;
    sim_ns now;
    unsigned sent[DOORS]; /* datagrams by each door */
    uint64_t said;        /* digest of all of them */
    /* What befalls the n-th datagram (from 0) that a door sends; silent: from there on all are
     * lost.
     */
    unsigned fault_door, fault_at, corrupt_at;
    enum fault fault;
    bool silent;
    /* What the scene is. */
    enum pana_usage usage;
    bool aka;
    struct uicc uicc;
    struct auc_record auc;
    sim_ns hss_due; /* when the HSS answers; 0: it is not asked */
    sim_ns lifetime_s;
    bool unknown, incomplete;
    const char *secret_at_mas, *wanted_sp;
    unsigned questions;
};

static const uint8_t chain_node_id[M2M_NODE_ID_LEN] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
static const uint8_t chain_kmr[M2M_KEY_LEN] = {0x51, 2, 3};
static const uint8_t chain_kival[M2M_KEY_LEN] = {0x77, 1};

static const struct eap_method *const chain_gpsk[] = {&eap_method_gpsk};
static const struct eap_method *const chain_aka[] = {&eap_method_aka};

CHAIN struct chain_party *chain_party_of(struct chain *c, unsigned door)
{
    return &c->party[door == DEVICE ? 0 : door == MAS_ ? 2 : 1];
}

CHAIN void chain_enter(struct chain *c, unsigned door)
{
    entity_enter(&chain_party_of(c, door)->stream, CHAIN_EPOCH + c->now);
}

/* ---- the MAS's node ---- */

CHAIN void chain_find(void *arg, struct proto_env *env, sim_ns now, const struct aaa_question *q,
                      struct aaa_user *user)
{
    struct chain *c = arg;
    struct pana_params *p = &user->params;

    (void)env;
    c->questions++;
    CHAIN_ASSERT(q->params.usage == c->usage);
    CHAIN_ASSERT(strcmp(q->params.sp_id, CHAIN_SP) == 0);
    if (c->usage == PANA_USAGE_BOOTSTRAP)
        CHAIN_ASSERT(strcmp(q->params.msbf_id, CHAIN_MSBF) == 0);
    else
        CHAIN_ASSERT(strcmp(q->params.nscl_id, CHAIN_NSCL) == 0);
    /* What the device says in its PCI is under no MAC: who alters it gets it altered. */
    if (c->usage == PANA_USAGE_BOOTSTRAP && c->fault != FAULT_CORRUPT)
        CHAIN_ASSERT(strcmp(q->params.target_device_id, CHAIN_DEVICE) == 0);
    else if (c->fault != FAULT_CORRUPT)
        CHAIN_ASSERT(strcmp(q->params.scl_id, CHAIN_SCL) == 0);
    if (c->unknown) {
        user->answer.reason = REASON_EAP_IDENTITY;
        return;
    }
    user->answer.methods[0] = c->aka ? &eap_method_aka : &eap_method_gpsk;
    user->answer.method_count = 1;
    user->answer.has_psk = true;
    memcpy(user->answer.psk, chain_kmr, M2M_KEY_LEN);
    user->ival_capable = true;
    memcpy(user->kival, chain_kival, M2M_KEY_LEN);
    p->has = 1u << PANA_ETSI_NODE_ID | 1u << PANA_ETSI_LIFETIME | 1u << PANA_ETSI_SP_ID |
             1u << PANA_ETSI_SCL_ID;
    memcpy(p->node_id, chain_node_id, M2M_NODE_ID_LEN);
    strcpy(p->sp_id, q->params.sp_id);
    strcpy(p->scl_id, CHAIN_SCL);
    p->expires_unix_s = (CHAIN_EPOCH + now) / SIM_S + c->lifetime_s;
    p->kmr_index = 7;
    p->kmc_index = 8;
    p->connection_id = UINT64_C(0x1122334455667788);
    strcpy(p->mas_fqdn, CHAIN_MAS);
    strcpy(p->scl_list[0], CHAIN_NSCL);
    strcpy(p->scl_list[1], "other." CHAIN_NSCL);
    p->scl_list_count = 2;
    p->mid_flags = MID_TLS_PSK;
    if (c->incomplete)
        return;
    p->has |=
        c->usage == PANA_USAGE_BOOTSTRAP
            ? 1u << PANA_ETSI_KMR_INDEX | 1u << PANA_ETSI_MAS_FQDN | 1u << PANA_ETSI_SCL_ID_LIST
            : 1u << PANA_ETSI_KMC_INDEX | 1u << PANA_ETSI_CONNECTION_ID | 1u << PANA_ETSI_MID_FLAGS;
}

CHAIN void chain_hss_answers(struct chain *c)
{
    const struct eap_query *q = aaa_session_query(c->aaa);
    struct rng stream = rng_stream(1, "hss", "RAND");
    struct eap_answer a = {0};

    CHAIN_ASSERT(q);
    CHAIN_ASSERT(q->kind == EAP_QUERY_UMTS);
    auc_vector(&c->auc, NULL, &stream, false, &a.vector);
    c->hss_due = 0;
    chain_enter(c, MAS_);
    aaa_session_answer(c->aaa, c->now, &a);
    entity_leave();
}

/* ---- the cores ---- */

CHAIN void chain_make_client(struct chain *c)
{
    struct chain_party *p = &c->party[0];
    struct pana_client_settings s = {.sp_id = c->wanted_sp};
    struct pana_params *own = &s.pac.params;
    char identity[M2M_PSK_IDENTITY_MAX];

    pana_timers_default(&s.pac.timers);
    s.pac.linger = 20 * SIM_S;
    key_kmr_identity(chain_node_id, 7, identity);
    s.pac.eap.identity = c->aka ? NULL : identity;
    s.pac.eap.methods = c->aka ? chain_aka : chain_gpsk;
    s.pac.eap.method_count = 1;
    s.pac.eap.credentials =
        (struct eap_peer_credentials){.uicc = &c->uicc, .has_psk = true, .psk_slot = SE_CREDENTIAL};
    own->usage = c->usage;
    own->has = 1u << PANA_ETSI_USAGE_TYPE;
    if (c->usage == PANA_USAGE_BOOTSTRAP) {
        own->has |= 1u << PANA_ETSI_TARGET_DEVICE_ID;
        strcpy(own->target_device_id, CHAIN_DEVICE);
    } else {
        own->has |= 1u << PANA_ETSI_SCL_ID;
        strcpy(own->scl_id, CHAIN_SCL);
    }
    se_put(&p->se, SE_CREDENTIAL, chain_kmr);
    c->client = pana_client_new(&p->env, &s);
    c->door[DEVICE] = pana_client_proto(c->client);
}

CHAIN void chain_make_paa(struct chain *c)
{
    static const char secret[] = "a secret";
    struct paa_session_settings s = {
        .pana = {.session_id = 77, .encrypt = true},
        .radius = {.secret = span_str(secret), .nas_identifier = CHAIN_MSBF}};
    struct pana_params *p = &s.pana.params;

    pana_timers_default(&s.pana.timers);
    p->usage = c->usage;
    p->has = 1u << PANA_ETSI_USAGE_TYPE | 1u << PANA_ETSI_SP_ID;
    strcpy(p->sp_id, CHAIN_SP);
    if (c->usage == PANA_USAGE_BOOTSTRAP) {
        p->has |= 1u << PANA_ETSI_MSBF_ID;
        strcpy(p->msbf_id, CHAIN_MSBF);
    } else {
        p->has |= 1u << PANA_ETSI_NSCL_ID;
        strcpy(p->nscl_id, CHAIN_NSCL);
    }
    c->paa = paa_session_new(&c->party[1].env, &s);
    c->door[TO_DEVICE] = paa_session_proto(c->paa);
    c->door[TO_MAS] = paa_session_radius(c->paa);
}

CHAIN void chain_make_aaa(struct chain *c)
{
    const char *secret = c->secret_at_mas ? c->secret_at_mas : "a secret";
    struct aaa_session_settings s = {
        .radius = {.secret = span_str(secret), .eap = {.server_id = CHAIN_MAS}},
        .find = chain_find,
        .arg = c,
        .linger = 10 * SIM_S};

    c->aaa = aaa_session_new(&c->party[2].env, &s);
    c->door[MAS_] = aaa_session_proto(c->aaa);
}

/* Zeros first; scene: usage, aka and what else goes wrong. */
CHAIN void chain_open(struct chain *c, uint64_t seed)
{
    static const char *const names[] = {"device", "paa", "mas"};
    static const uint8_t k[16] = {1, 2, 3}, opc[16] = {4, 5}, amf[2] = {0};

    for (int i = 0; i < 3; i++) {
        struct chain_party *p = &c->party[i];
        p->stream = rng_stream(seed, names[i], "session");
        p->env = (struct proto_env){&p->stream, &p->se, &p->meter, &p->trace, CHAIN_EPOCH};
    }
    if (!c->lifetime_s)
        c->lifetime_s = CHAIN_LIFE;
    uicc_init(&c->uicc, "001010000000001", 2, k, opc);
    auc_init(&c->auc, k, opc, amf, 0);
    chain_enter(c, DEVICE);
    chain_make_client(c);
    entity_leave();
    chain_enter(c, TO_DEVICE);
    chain_make_paa(c);
    entity_leave();
    chain_enter(c, MAS_);
    chain_make_aaa(c);
    entity_leave();
}

CHAIN void chain_close(struct chain *c)
{
    struct chain_packet *p;

    while ((p = c->first)) {
        c->first = p->next;
        free(p);
    }
    proto_free(c->door[DEVICE]);
    proto_free(c->door[TO_DEVICE]);
    proto_free(c->door[MAS_]);
    uicc_release(&c->uicc);
    for (int i = 0; i < 3; i++)
        se_release(&c->party[i].se);
}

/* ---- the ways ---- */

CHAIN void chain_deliver(struct chain *c, unsigned to, const uint8_t *octets, size_t n)
{
    struct chain_packet **link = &c->first, *p = xcalloc(1, sizeof *p + n);

    p->at = c->now + SIM_MS;
    p->to = to;
    p->n = n;
    memcpy(p->octets, octets, n);
    while (*link && (*link)->at <= p->at)
        link = &(*link)->next;
    p->next = *link;
    *link = p;
}

CHAIN void chain_send(struct chain *c, unsigned door, struct buf *out)
{
    struct span s = buf_span(out);
    unsigned n = c->sent[door]++, to = door ^ 1;
    bool hit = door == c->fault_door && (n == c->fault_at || (c->silent && n >= c->fault_at));

    for (size_t i = 0; i < s.n; i++)
        c->said = (c->said ^ s.p[i]) * UINT64_C(0x100000001b3);
    if (hit && c->fault == FAULT_LOSE)
        return;
    if (hit && c->fault == FAULT_CUT)
        s.n /= 2;
    if (hit && c->fault == FAULT_DUPLICATE)
        chain_deliver(c, to, s.p, s.n);
    if (hit && c->fault == FAULT_CORRUPT) {
        uint8_t *copy = xcalloc(1, s.n);
        memcpy(copy, s.p, s.n);
        copy[c->corrupt_at % s.n] ^= 0x55;
        chain_deliver(c, to, copy, s.n);
        free(copy);
        return;
    }
    chain_deliver(c, to, s.p, s.n);
}

/* What any door has to say; a call at one makes the other speak. */
CHAIN void chain_drain(struct chain *c)
{
    struct buf out;

    buf_init(&out, 65536);
    for (unsigned door = 0; door < DOORS; door++) {
        bool more = true;
        while (more) {
            chain_enter(c, door);
            more = c->door[door]->ops->output(c->door[door], c->now, &out);
            entity_leave();
            if (buf_len(&out) > 0)
                chain_send(c, door, &out);
            buf_clear(&out);
        }
    }
    buf_clear(&out);
    if (!c->hss_due && aaa_session_query(c->aaa))
        c->hss_due = c->now + 10 * SIM_MS;
}

CHAIN sim_ns chain_next(const struct chain *c)
{
    sim_ns next = c->first ? c->first->at : SIM_NEVER;

    for (unsigned i = 0; i < DOORS; i++) {
        if (c->door[i]->status == PROTO_RUNNING)
            next = sim_ns_min(next, c->door[i]->expiry);
    }
    return c->hss_due ? sim_ns_min(next, c->hss_due) : next;
}

CHAIN void chain_call(struct chain *c, unsigned door, struct span in)
{
    struct proto *p = c->door[door];

    chain_enter(c, door);
    if (in.p)
        p->ops->input(p, c->now, in);
    else
        p->ops->expire(p, c->now);
    entity_leave();
    chain_drain(c);
}

CHAIN void chain_step(struct chain *c)
{
    struct chain_packet *p = c->first;

    if (p && p->at <= c->now) {
        c->first = p->next;
        chain_call(c, p->to, span_of(p->octets, p->n));
        free(p);
        return;
    }
    if (c->hss_due && c->hss_due <= c->now) {
        chain_hss_answers(c);
        chain_drain(c);
        return;
    }
    for (unsigned i = 0; i < DOORS; i++) {
        if (c->door[i]->status != PROTO_RUNNING || c->door[i]->expiry > c->now)
            continue;
        chain_call(c, i, (struct span){NULL, 0});
        CHAIN_ASSERT(c->door[i]->status != PROTO_RUNNING || c->door[i]->expiry > c->now);
        return;
    }
}

/* Until nothing is left to happen. */
CHAIN void chain_run(struct chain *c)
{
    for (unsigned i = 0; i < DOORS; i++) {
        chain_enter(c, i);
        c->door[i]->ops->start(c->door[i], c->now);
        entity_leave();
    }
    chain_drain(c);
    for (sim_ns next; (next = chain_next(c)) != SIM_NEVER && next < CHAIN_LIMIT;) {
        if (next > c->now)
            c->now = next;
        chain_step(c);
    }
}

/* Device and provider have the same key, and nobody in between has Kmr. */
CHAIN bool chain_is_complete(struct chain *c)
{
    uint8_t a[M2M_KEY_LEN], b[M2M_KEY_LEN];
    bool bootstrap = c->usage == PANA_USAGE_BOOTSTRAP;
    enum se_slot slot = bootstrap ? SE_KMR : SE_KMC;

    return pana_client_is_open(c->client) && aaa_session_is_accepted(c->aaa) &&
           paa_session_is_accepted(c->paa) && se_backend_copy(&c->party[0].se, slot, a) &&
           se_backend_copy(&c->party[bootstrap ? 2 : 1].se, slot, b) && memcmp(a, b, sizeof a) == 0;
}

/* Whatever happened. */
CHAIN void chain_check(struct chain *c)
{
    for (unsigned i = 0; i < DOORS; i++)
        CHAIN_ASSERT((c->door[i]->status == PROTO_FAILED) == (c->door[i]->reason != REASON_NONE));
    if (pana_client_is_open(c->client))
        CHAIN_ASSERT(chain_is_complete(c));
    else
        CHAIN_ASSERT(!se_has(&c->party[0].se, SE_KMR) && !se_has(&c->party[0].se, SE_KMC));
    CHAIN_ASSERT(!se_has(&c->party[1].se, SE_KMR));
    CHAIN_ASSERT(!se_has(&c->party[2].se, SE_KMC));
    CHAIN_ASSERT(c->door[DEVICE]->status != PROTO_RUNNING);
}

#endif
