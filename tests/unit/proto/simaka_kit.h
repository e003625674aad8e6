/* A subscriber and the home network, for tests of EAP-SIM, EAP-AKA and EAP-AKA' on the rig: a UICC
 * at the peer, an AuC's record at the node, and what both keep between sessions. Private to
 * tests/unit/proto. */
#ifndef TESTS_UNIT_PROTO_SIMAKA_KIT_H
#define TESTS_UNIT_PROTO_SIMAKA_KIT_H

#include "models/proto/eap_simaka_id.h"
#include "tests/support/eap_rig.h"

#include <check.h>
#include <stdlib.h>

struct kit {
    enum simaka_kind kind;
    uint64_t seed;
    /* Settings of the sessions to come. */
    bool pseudonyms, fast_reauth, method_identity, result_indications, keeps_nothing;
    const char *identity;                      /* of the peer; NULL: from the UICC */
    const char *peer_network, *server_network; /* AKA'; NULL: any; "WLAN" */
    enum reason verdict, refusal; /* of USER's answer; of the answer to GSM, UMTS, RESYNC */
    unsigned triplets;            /* handed out; 0: as many as asked for */
    bool same_rands, no_separation, wrong_key, damaged_vector;
    const struct eap_method *peer_methods[3], *server_methods[3];
    size_t peer_method_count, server_method_count; /* 0: the kind's alone */
    sim_ns answer_after;
    /* State. */
    struct uicc uicc;
    struct auc_record auc;
    struct rng stream; /* of the node */
    struct eap_reauth at_peer, at_node;
    unsigned asked[5]; /* queries by kind, of the last session */
};

static const struct eap_method *kit_method(enum simaka_kind kind)
{
    return kind == SIMAKA_SIM   ? &eap_method_sim
           : kind == SIMAKA_AKA ? &eap_method_aka
                                : &eap_method_aka_prime;
}

#define KIT_IMSI "234150999999999"

static inline void kit_init(struct kit *k, enum simaka_kind kind)
{
    static const uint8_t key[16] = {0x46, 0x5b, 0x5c, 0xe8, 0xb1, 0x99, 0xb4, 0x9f,
                                    0xaa, 0x5f, 0x0a, 0x2e, 0xe2, 0x38, 0xa6, 0xbc};
    static const uint8_t opc[16] = {0xcd, 0x63, 0xcb, 0x71, 0x95, 0x4a, 0x9f, 0x4e,
                                    0x48, 0xa5, 0x99, 0x4e, 0x37, 0xa0, 0x2b, 0xaf};
    static const uint8_t amf[2] = {0, 0};

    memset(k, 0, sizeof(*k));
    k->kind = kind;
    k->seed = 1;
    k->pseudonyms = k->fast_reauth = true;
    uicc_init(&k->uicc, KIT_IMSI, 2, key, opc);
    auc_init(&k->auc, key, opc, amf, 100);
    k->stream = rng_stream(1, "hss", "vectors");
}

static inline void kit_user(struct kit *k, const struct eap_query *q, struct eap_answer *a)
{
    bool known = false;

    a->verdict = k->verdict;
    a->method_count = k->server_method_count ? k->server_method_count : 1;
    a->methods[0] = kit_method(k->kind);
    if (k->server_method_count)
        memcpy(a->methods, k->server_methods, sizeof(k->server_methods));
    if (k->at_node.method) {
        a->reauth = &k->at_node;
        known = simaka_id_same_user(q->identity, k->at_node.identity) ||
                simaka_id_same_user(q->identity, k->at_node.pseudonym);
    }
    if (k->identity && strcmp(k->identity, q->identity) == 0)
        known = true;
    if (known)
        snprintf(a->permanent, sizeof(a->permanent), "0%s@home", KIT_IMSI);
}

static inline void kit_vector(struct kit *k, const struct eap_query *q, struct eap_answer *a)
{
    static const uint8_t other[16] = {1};
    struct auc_record stranger = k->auc;

    if (q->kind == EAP_QUERY_RESYNC && !auc_resync(&k->auc, NULL, q->rand, q->auts)) {
        a->reason = REASON_AKA_SYNC;
        return;
    }
    memcpy(stranger.k, other, sizeof(other));
    auc_vector(k->wrong_key ? &stranger : &k->auc, NULL, &k->stream,
               q->separation && !k->no_separation, &a->vector);
    if (k->damaged_vector)
        a->vector.xres[0] ^= 1;
}

static inline void kit_answer(void *arg, const struct eap_query *q, struct eap_answer *a)
{
    struct kit *k = arg;
    static const uint8_t other[16] = {1};
    struct auc_record stranger = k->auc;

    k->asked[q->kind]++;
    a->reason = REASON_NONE;
    if (q->kind == EAP_QUERY_USER) {
        kit_user(k, q, a);
        return;
    }
    a->reason = strcmp(q->imsi, KIT_IMSI) == 0 ? k->refusal : REASON_EAP_IDENTITY;
    if (a->reason)
        return;
    if (q->kind != EAP_QUERY_GSM) {
        kit_vector(k, q, a);
        return;
    }
    memcpy(stranger.k, other, sizeof(other));
    a->triplet_count = k->triplets ? k->triplets : q->count;
    for (unsigned i = 0; i < a->triplet_count; i++)
        auc_triplet(k->wrong_key ? &stranger : &k->auc, NULL, &k->stream, &a->triplets[i]);
    if (k->same_rands)
        a->triplets[1] = a->triplets[0];
}

/* For the rig: arg is the kit of this run. */
static inline void kit_make(void *arg, struct eap_rig_settings *s)
{
    static const struct eap_method *one[SIMAKA_KINDS] = {&eap_method_sim, &eap_method_aka,
                                                         &eap_method_aka_prime};
    struct kit *k = arg;

    memset(k->asked, 0, sizeof(k->asked));
    s->seed = k->seed;
    s->answer = kit_answer;
    s->answer_arg = k;
    s->answer_after = k->answer_after;
    s->peer.identity = k->identity;
    s->peer.methods = k->peer_method_count ? k->peer_methods : &one[k->kind];
    s->peer.method_count = k->peer_method_count ? k->peer_method_count : 1;
    s->peer.credentials.uicc = &k->uicc;
    s->peer.credentials.reauth = k->keeps_nothing ? NULL : &k->at_peer;
    s->peer.credentials.network_name = k->peer_network;
    s->server.pseudonyms = k->pseudonyms;
    s->server.fast_reauth = k->fast_reauth;
    s->server.method_identity = k->method_identity;
    s->server.result_indications = k->result_indications;
    s->server.realm = "home";
    s->server.network_name = k->server_network ? k->server_network : "WLAN";
}

/* One session; the node keeps what its server leaves. The rig is to be released by the caller. */
static inline void kit_run(struct kit *k, struct eap_rig *r, struct pair_script script)
{
    const struct eap_reauth *kept;

    eap_rig_init(r, kit_make, k);
    ck_assert_int_eq(eap_rig_run(r, script), PAIR_ENDED);
    eap_rig_check(r);
    k->seed++; /* the next session draws anew */
    kept = eap_server_reauth(r->server);
    if (kept)
        k->at_node = *kept;
    else if (eap_rig_proto(r, 1)->status == PROTO_DONE)
        memset(&k->at_node, 0, sizeof(k->at_node));
}

static inline void kit_complete(struct kit *k)
{
    struct eap_rig r;

    kit_run(k, &r, pair_clean());
    ck_assert_msg(eap_rig_is_complete(&r), "peer %s, server %s",
                  reason_text(eap_rig_proto(&r, 0)->reason),
                  reason_text(eap_rig_proto(&r, 1)->reason));
    eap_rig_release(&r);
}

static inline void kit_fails(struct kit *k, enum reason peer, enum reason server)
{
    struct eap_rig r;

    kit_run(k, &r, pair_clean());
    ck_assert_str_eq(reason_text(eap_rig_proto(&r, 0)->reason), reason_text(peer));
    ck_assert_str_eq(reason_text(eap_rig_proto(&r, 1)->reason), reason_text(server));
    eap_rig_release(&r);
}

/* The labels of a side's outputs, joined. */
static inline void kit_says(const struct eap_rig *r, int side, const char *want)
{
    struct span s = buf_span(&r->pair.side[side].labels);

    ck_assert_msg(s.n == strlen(want) && memcmp(s.p, want, s.n) == 0, "side %d said\n%.*s", side,
                  (int)s.n, (const char *)s.p);
}

#endif
