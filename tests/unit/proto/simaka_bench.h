/* A server that a test plays message by message against our peer of EAP-SIM, EAP-AKA and EAP-AKA':
 * it knows the subscriber's key. Private to tests/unit/proto. */
#ifndef TESTS_UNIT_PROTO_SIMAKA_BENCH_H
#define TESTS_UNIT_PROTO_SIMAKA_BENCH_H

#include "models/proto/eap_simaka_keys.h"

#include "crypto/kdf.h"
#include "tests/unit/proto/simaka_kit.h"

struct bench {
    struct kit kit;
    struct pair pair;
    struct eap_peer *peer;
    enum simaka_kind kind;
    uint8_t id;
    struct buf out; /* the last response */
    struct eap_packet packet;
    struct simaka_message heard;
    bool answered;
    struct simaka_keys keys; /* of the last challenge */
    struct umts_vector vector;
    struct gsm_triplet triplets[3];
    uint8_t nonce_mt[16];
};

static inline struct proto *proto_of(struct bench *b)
{
    return eap_peer_proto(b->peer);
}

/* Gives the peer a packet, takes its answer. */
static inline void give(struct bench *b, struct span packet)
{
    struct proto *p = proto_of(b);

    buf_clear(&b->out);
    memset(&b->heard, 0, sizeof(b->heard));
    pair_enter(&b->pair, 0);
    p->ops->input(p, 0, packet);
    b->answered = p->ops->output(p, 0, &b->out);
    pair_leave();
    if (!b->answered)
        return;
    ck_assert_int_eq(eap_parse(buf_span(&b->out), &b->packet), REASON_NONE);
    ck_assert_int_eq(b->packet.id, b->id);
    if (b->packet.type == simaka_type(b->kind))
        ck_assert(simaka_parse(b->kind, &b->packet, &b->heard));
}

static inline void begin_as(struct bench *b, enum simaka_kind kind, const struct kit *kit)
{
    struct eap_rig_settings s;
    const uint8_t ask[] = {EAP_REQUEST, 1, 0, 5, EAP_IDENTITY};

    memset(b, 0, sizeof(*b));
    memset(&s, 0, sizeof(s));
    if (kit)
        b->kit = *kit;
    else
        kit_init(&b->kit, kind);
    b->kind = kind;
    kit_make(&b->kit, &s);
    pair_init(&b->pair, 1);
    buf_init(&b->out, EAP_PACKET_MAX);
    pair_enter(&b->pair, 0);
    b->peer = eap_peer_new(&b->pair.side[0].env, &s.peer);
    proto_of(b)->ops->start(proto_of(b), 0);
    pair_leave();
    b->id = 1;
    give(b, span_of(ask, sizeof(ask)));
    ck_assert(b->answered);
}

static inline void begin(struct bench *b, enum simaka_kind kind)
{
    begin_as(b, kind, NULL);
}

static inline void end(struct bench *b)
{
    pair_enter(&b->pair, 0);
    proto_free(proto_of(b));
    pair_leave();
    buf_clear(&b->out);
    pair_release(&b->pair);
}

static inline void start_message(struct bench *b, struct simaka_writer *w,
                                 enum simaka_subtype subtype)
{
    simaka_begin(w, b->kind, EAP_REQUEST, ++b->id, subtype);
}

static inline void send_plain(struct bench *b, struct simaka_writer *w)
{
    struct buf packet;

    buf_init(&packet, EAP_PACKET_MAX);
    ck_assert(simaka_end(w, &packet));
    give(b, buf_span(&packet));
    buf_clear(&packet);
}

static inline void send_mac(struct bench *b, struct simaka_writer *w, struct span extra)
{
    struct buf packet;

    buf_init(&packet, EAP_PACKET_MAX);
    ck_assert(simaka_end_mac(w, b->kind, NULL, b->keys.k_aut, extra, &packet, NULL));
    give(b, buf_span(&packet));
    buf_clear(&packet);
}

static inline void expect_subtype(const struct bench *b, enum simaka_subtype subtype)
{
    ck_assert(b->answered);
    ck_assert_int_eq(b->heard.subtype, subtype);
}

static inline enum reason reason_of(struct bench *b)
{
    const uint8_t failure[] = {EAP_FAILURE, b->id, 0, 4};

    pair_enter(&b->pair, 0);
    proto_of(b)->ops->input(proto_of(b), 0, span_of(failure, sizeof(failure)));
    pair_leave();
    return proto_of(b)->reason;
}

/* A Client-Error, and with the EAP-Failure it is over. */
static inline void expect_refusal(struct bench *b, enum simaka_client_error code,
                                  enum reason reason)
{
    expect_subtype(b, SIMAKA_CLIENT_ERROR);
    ck_assert_int_eq(simaka_number(&b->heard, AT_CLIENT_ERROR_CODE), code);
    ck_assert_str_eq(reason_text(reason_of(b)), reason_text(reason));
    end(b);
}

static inline void expect_rejection(struct bench *b, enum reason reason)
{
    expect_subtype(b, AKA_AUTHENTICATION_REJECT);
    ck_assert_str_eq(reason_text(reason_of(b)), reason_text(reason));
    end(b);
}

static inline enum reason succeed(struct bench *b)
{
    const uint8_t success[] = {EAP_SUCCESS, b->id, 0, 4};

    pair_enter(&b->pair, 0);
    proto_of(b)->ops->input(proto_of(b), 0, span_of(success, sizeof(success)));
    pair_leave();
    return proto_of(b)->reason;
}

/* ---- requests for identities ---- */

static const uint8_t versions[] = {0, 1};

static inline void ask(struct bench *b, enum simaka_at what)
{
    struct simaka_writer w;

    start_message(b, &w, b->kind == SIMAKA_SIM ? SIM_START : AKA_IDENTITY);
    if (what != AT_COUNT)
        simaka_put_flag(&w, what);
    if (b->kind == SIMAKA_SIM)
        simaka_put(&w, AT_VERSION_LIST, span_of(versions, sizeof(versions)));
    send_plain(b, &w);
    if (b->answered && simaka_has(&b->heard, AT_NONCE_MT))
        memcpy(b->nonce_mt, b->heard.value[AT_NONCE_MT].p, 16);
}

/* ---- challenges ---- */

/* What is odd about one. */
struct challenge {
    uint16_t kdf[4];
    size_t kdf_count;
    const char *network; /* NULL: no AT_KDF_INPUT */
    int bidding;         /* -1: no AT_BIDDING */
    struct span checkcode;
    bool has_checkcode, result_ind, wrong_mac, repeat_vector, bad_padding, other_id;
};

static const struct challenge plain = {
    .kdf = {1}, .kdf_count = 1, .network = "WLAN", .bidding = -1};

static inline void challenge_aka(struct bench *b, const struct challenge *c)
{
    bool prime = b->kind == SIMAKA_AKA_PRIME;
    struct span identity = span_str(c->other_id ? "other" : eap_peer_identity(b->peer));
    uint8_t ck[16], ik[16];
    struct simaka_writer w, nested;

    if (!c->repeat_vector)
        auc_vector(&b->kit.auc, NULL, &b->kit.stream, prime, &b->vector);
    if (prime) {
        kdf_aka_prime(NULL, b->vector.ck, b->vector.ik, span_str(c->network ? c->network : ""),
                      b->vector.autn, ck, ik);
        simaka_keys_prime(NULL, identity, ik, ck, &b->keys);
    } else {
        simaka_keys_aka(NULL, identity, b->vector.ik, b->vector.ck, &b->keys);
    }
    b->keys.k_aut[0] ^= c->wrong_mac;
    start_message(b, &w, AKA_CHALLENGE);
    simaka_put(&w, AT_RAND, span_of(b->vector.rand, 16));
    simaka_put(&w, AT_AUTN, span_of(b->vector.autn, 16));
    for (size_t i = 0; prime && i < c->kdf_count; i++)
        simaka_put_number(&w, AT_KDF, c->kdf[i]);
    if (prime && c->network)
        simaka_put(&w, AT_KDF_INPUT, span_str(c->network));
    if (c->bad_padding) {
        simaka_begin_nested(&nested);
        simaka_put(&nested, AT_NEXT_REAUTH_ID, span_str("a"));
        memcpy(nested.p + nested.n, "\6\2\0\0\0\0\0\1", 8);
        nested.n += 8;
        simaka_put_sealed(&w, NULL, b->keys.k_encr, b->vector.rand, &nested);
    }
    if (c->has_checkcode)
        simaka_put(&w, AT_CHECKCODE, c->checkcode);
    if (c->result_ind)
        simaka_put_flag(&w, AT_RESULT_IND);
    if (c->bidding >= 0)
        simaka_put_number(&w, AT_BIDDING, (uint16_t)c->bidding);
    send_mac(b, &w, span_of(NULL, 0));
}

static inline void challenge_sim(struct bench *b, const struct challenge *c, size_t n, bool same)
{
    uint8_t rands[48], kc[24];
    struct simaka_writer w;

    for (size_t i = 0; i < n && i < 3; i++) {
        if (!same || i == 0)
            auc_triplet(&b->kit.auc, NULL, &b->kit.stream, &b->triplets[i]);
        else
            b->triplets[i] = b->triplets[0];
        memcpy(rands + 16 * i, b->triplets[i].rand, 16);
        memcpy(kc + 8 * i, b->triplets[i].kc, 8);
    }
    simaka_keys_sim(NULL, span_str(eap_peer_identity(b->peer)), kc, n, b->nonce_mt,
                    span_of(versions, sizeof(versions)), 1, &b->keys);
    b->keys.k_aut[0] ^= c->wrong_mac;
    start_message(b, &w, SIM_CHALLENGE);
    simaka_put(&w, AT_RAND, span_of(rands, 16 * n));
    if (c->result_ind)
        simaka_put_flag(&w, AT_RESULT_IND);
    send_mac(b, &w, span_of(b->nonce_mt, 16));
}

/* Up to and with the challenge. */
static inline void challenge(struct bench *b, enum simaka_kind kind, const struct challenge *c)
{
    begin(b, kind);
    if (kind == SIMAKA_SIM) {
        ask(b, AT_COUNT);
        challenge_sim(b, c, 3, false);
    } else {
        challenge_aka(b, c);
    }
}

#endif
