/* Our server of EAP-SIM, EAP-AKA and EAP-AKA' against peers that misbehave: messages out of order,
 * or well-formed and wrong. The test is the peer, and has its UICC. */
#include "models/proto/eap_simaka_keys.h"

#include "crypto/entity.h"
#include "crypto/kdf.h"
#include "tests/unit/proto/simaka_kit.h"

struct bench {
    struct kit kit;
    struct pair pair;
    struct eap_server *server;
    enum simaka_kind kind;
    struct buf out; /* the last request */
    struct eap_packet packet;
    struct simaka_message heard;
    char identity[EAP_IDENTITY_MAX + 1];
    struct simaka_keys keys;
    struct uicc_response card;
    uint8_t nonce_mt[16], nonce_s[16], sres[12];
    uint16_t counter;
};

static struct proto *proto_of(struct bench *b)
{
    return eap_server_proto(b->server);
}

static void hear(struct bench *b)
{
    struct proto *p = proto_of(b);

    while (eap_server_query(b->server)) {
        struct eap_answer a = {.reason = REASON_EAP_IDENTITY};

        kit_answer(&b->kit, eap_server_query(b->server), &a);
        eap_server_answer(b->server, 0, &a);
    }
    buf_clear(&b->out);
    memset(&b->heard, 0, sizeof(b->heard));
    ck_assert(p->ops->output(p, 0, &b->out));
    ck_assert_int_eq(eap_parse(buf_span(&b->out), &b->packet), REASON_NONE);
    if (b->packet.type == simaka_type(b->kind))
        ck_assert(simaka_parse(b->kind, &b->packet, &b->heard));
}

static void begin_as(struct bench *b, const struct kit *kit, const char *identity)
{
    struct eap_rig_settings s;
    struct buf response;

    memset(b, 0, sizeof(*b));
    memset(&s, 0, sizeof(s));
    b->kit = *kit;
    b->kind = kit->kind;
    simaka_id_join(identity, "", b->identity);
    kit_make(&b->kit, &s);
    pair_init(&b->pair, 1);
    buf_init(&b->out, EAP_PACKET_MAX);
    buf_init(&response, EAP_PACKET_MAX);
    eap_put(&response, EAP_RESPONSE, 1, EAP_IDENTITY, 0, 0, span_str(identity));
    pair_enter(&b->pair, 1);
    b->server = eap_server_new(&b->pair.side[1].env, &s.server);
    eap_server_begin(b->server, 0, buf_span(&response));
    hear(b);
    pair_leave();
    buf_clear(&response);
}

static void begin(struct bench *b, enum simaka_kind kind)
{
    struct kit kit;
    char identity[EAP_IDENTITY_MAX + 1];

    kit_init(&kit, kind);
    simaka_id_permanent(kind, &kit.uicc, identity);
    begin_as(b, &kit, identity);
}

static void end(struct bench *b)
{
    pair_enter(&b->pair, 1);
    proto_free(proto_of(b));
    pair_leave();
    buf_clear(&b->out);
    pair_release(&b->pair);
}

static void give(struct bench *b, struct span packet)
{
    pair_enter(&b->pair, 1);
    proto_of(b)->ops->input(proto_of(b), 0, packet);
    hear(b);
    pair_leave();
}

static void start_message(struct bench *b, struct simaka_writer *w, enum simaka_subtype subtype)
{
    simaka_begin(w, b->kind, EAP_RESPONSE, b->packet.id, subtype);
}

static void send_plain(struct bench *b, struct simaka_writer *w)
{
    struct buf packet;

    buf_init(&packet, EAP_PACKET_MAX);
    ck_assert(simaka_end(w, &packet));
    give(b, buf_span(&packet));
    buf_clear(&packet);
}

static void send_mac(struct bench *b, struct simaka_writer *w, struct span extra)
{
    struct buf packet;

    buf_init(&packet, EAP_PACKET_MAX);
    ck_assert(simaka_end_mac(w, b->kind, NULL, b->keys.k_aut, extra, &packet, NULL));
    give(b, buf_span(&packet));
    buf_clear(&packet);
}

/* EAP-Failure was the answer. */
static void expect_failure(struct bench *b, enum reason reason)
{
    ck_assert_int_eq(b->packet.code, EAP_FAILURE);
    ck_assert_str_eq(reason_text(proto_of(b)->reason), reason_text(reason));
    ck_assert(!eap_server_keys(b->server)->present);
    ck_assert_ptr_null(eap_server_reauth(b->server));
    end(b);
}

/* A notification, and then EAP-Failure whatever the answer. */
static void expect_notified(struct bench *b, enum simaka_notification code, enum reason reason)
{
    struct simaka_writer w;

    ck_assert_int_eq(b->heard.subtype, SIMAKA_NOTIFICATION);
    ck_assert_int_eq(simaka_number(&b->heard, AT_NOTIFICATION), code);
    ck_assert_int_eq(simaka_has(&b->heard, AT_MAC), !(code & NOTIFY_P));
    ck_assert_int_eq(proto_of(b)->status, PROTO_RUNNING);
    start_message(b, &w, SIMAKA_NOTIFICATION);
    send_plain(b, &w);
    expect_failure(b, reason);
}

/* ---- an honest peer, message by message ---- */

static void put_nonce(struct bench *b, struct simaka_writer *w)
{
    memset(b->nonce_mt, 0x77, sizeof(b->nonce_mt));
    simaka_put(w, AT_NONCE_MT, span_of(b->nonce_mt, 16));
    simaka_put_number(w, AT_SELECTED_VERSION, 1);
}

static void answer_start(struct bench *b)
{
    struct simaka_writer w;

    start_message(b, &w, SIM_START);
    put_nonce(b, &w);
    send_plain(b, &w);
}

static void take_challenge(struct bench *b)
{
    const struct simaka_message *m = &b->heard;
    struct span identity = span_str(b->identity);
    uint8_t ck[16], ik[16], kc[24];

    if (b->kind == SIMAKA_SIM) {
        for (size_t i = 0; i < 3; i++)
            uicc_gsm(&b->kit.uicc, NULL, m->value[AT_RAND].p + 16 * i, b->sres + 4 * i, kc + 8 * i);
        simaka_keys_sim(NULL, identity, kc, 3, b->nonce_mt, span_of("\0\1", 2), 1, &b->keys);
        return;
    }
    ck_assert_int_eq(uicc_authenticate(&b->kit.uicc, NULL, m->value[AT_RAND].p, m->value[AT_AUTN].p,
                                       &b->card, NULL),
                     UICC_OK);
    if (b->kind == SIMAKA_AKA) {
        simaka_keys_aka(NULL, identity, b->card.ik, b->card.ck, &b->keys);
        return;
    }
    kdf_aka_prime(NULL, b->card.ck, b->card.ik, m->value[AT_KDF_INPUT], m->value[AT_AUTN].p, ck,
                  ik);
    simaka_keys_prime(NULL, identity, ik, ck, &b->keys);
}

/* Up to the challenge, its keys taken. */
static void reach_challenge(struct bench *b, enum simaka_kind kind)
{
    begin(b, kind);
    if (kind == SIMAKA_SIM)
        answer_start(b);
    ck_assert_int_eq(b->heard.subtype, kind == SIMAKA_SIM ? SIM_CHALLENGE : AKA_CHALLENGE);
    take_challenge(b);
}

static struct span sres_of(const struct bench *b)
{
    return b->kind == SIMAKA_SIM ? span_of(b->sres, 12) : span_of(NULL, 0);
}

static void answer_challenge(struct bench *b, bool result_ind)
{
    struct simaka_writer w;

    start_message(b, &w, b->kind == SIMAKA_SIM ? SIM_CHALLENGE : AKA_CHALLENGE);
    if (b->kind != SIMAKA_SIM)
        simaka_put(&w, AT_RES, span_of(b->card.res, b->card.res_n));
    if (result_ind)
        simaka_put_flag(&w, AT_RESULT_IND);
    send_mac(b, &w, sres_of(b));
}

START_TEST(honest)
{
    struct bench b;

    reach_challenge(&b, (enum simaka_kind)_i);
    answer_challenge(&b, false);
    ck_assert_int_eq(b.packet.code, EAP_SUCCESS);
    ck_assert_mem_eq(eap_server_keys(b.server)->msk, b.keys.msk, EAP_KEY_LEN);
    ck_assert_mem_eq(eap_server_keys(b.server)->emsk, b.keys.emsk, EAP_KEY_LEN);
    end(&b);
}
END_TEST

/* ---- errors that the peer tells ---- */

static void say_client_error(struct bench *b, uint16_t code)
{
    struct simaka_writer w;

    start_message(b, &w, SIMAKA_CLIENT_ERROR);
    simaka_put_number(&w, AT_CLIENT_ERROR_CODE, code);
    send_plain(b, &w);
}

START_TEST(client_errors)
{
    static const struct {
        uint16_t code;
        enum reason reason;
    } cases[] = {{0, REASON_EAP_CLIENT_ERROR}, {1, REASON_EAP_VERSION},
                 {2, REASON_EAP_NOT_FRESH},    {3, REASON_EAP_NOT_FRESH},
                 {4, REASON_EAP_CLIENT_ERROR}, {65535, REASON_EAP_CLIENT_ERROR}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench b;

        begin(&b, (enum simaka_kind)_i);
        say_client_error(&b, cases[i].code);
        expect_failure(&b, cases[i].reason);
        reach_challenge(&b, (enum simaka_kind)_i);
        say_client_error(&b, cases[i].code);
        expect_failure(&b, cases[i].reason);
    }
}
END_TEST

START_TEST(authentication_reject)
{
    enum simaka_kind kind = _i ? SIMAKA_AKA_PRIME : SIMAKA_AKA;
    struct kit kit;
    struct bench b;
    struct simaka_writer w;

    reach_challenge(&b, kind);
    start_message(&b, &w, AKA_AUTHENTICATION_REJECT);
    send_plain(&b, &w);
    expect_failure(&b, REASON_AKA_AUTN);
    /* To a request that has no AUTN. */
    kit_init(&kit, kind);
    kit.method_identity = true;
    begin_as(&b, &kit, "0" KIT_IMSI);
    start_message(&b, &w, AKA_AUTHENTICATION_REJECT);
    send_plain(&b, &w);
    expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_MALFORMED);
}
END_TEST

/* ---- responses out of place ---- */

/* A well-formed response of each subtype. */
static void say_anything(struct bench *b, enum simaka_subtype subtype)
{
    struct simaka_writer w;
    uint8_t zeros[16] = {0};

    start_message(b, &w, subtype);
    if (subtype == SIM_START)
        put_nonce(b, &w);
    if (subtype == AKA_IDENTITY)
        simaka_put(&w, AT_IDENTITY, span_str(b->identity));
    if (subtype == AKA_SYNCHRONIZATION_FAILURE)
        simaka_put(&w, AT_AUTS, span_of(zeros, 14));
    if (subtype == AKA_CHALLENGE)
        simaka_put(&w, AT_RES, span_of(zeros, 8));
    if (subtype == SIMAKA_REAUTHENTICATION) {
        simaka_put(&w, AT_IV, span_of(zeros, 16));
        simaka_put(&w, AT_ENCR_DATA, span_of(zeros, 16));
    }
    if (subtype == AKA_CHALLENGE || subtype == SIM_CHALLENGE || subtype == SIMAKA_REAUTHENTICATION)
        send_mac(b, &w, span_of(NULL, 0));
    else
        send_plain(b, &w);
}

START_TEST(out_of_place)
{
    enum simaka_kind kind = (enum simaka_kind)_i;

    for (unsigned subtype = 0; subtype < 20; subtype++) {
        bool of_challenge = kind == SIMAKA_SIM ? subtype == SIM_CHALLENGE
                                               : subtype == AKA_CHALLENGE ||
                                                     subtype == AKA_SYNCHRONIZATION_FAILURE ||
                                                     subtype == AKA_AUTHENTICATION_REJECT;
        struct kit kit;
        struct bench b;

        if (subtype == SIMAKA_CLIENT_ERROR)
            continue;
        if (!of_challenge) {
            reach_challenge(&b, kind);
            say_anything(&b, (enum simaka_subtype)subtype);
            expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_MALFORMED);
        }
        kit_init(&kit, kind);
        kit.method_identity = true;
        if (subtype != (kind == SIMAKA_SIM ? SIM_START : AKA_IDENTITY)) {
            begin_as(&b, &kit, "x");
            say_anything(&b, (enum simaka_subtype)subtype);
            expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_MALFORMED);
        }
        kit.method_identity = false;
        kit_complete(&kit);
        if (subtype != SIMAKA_REAUTHENTICATION) {
            begin_as(&b, &kit, kit.at_peer.identity);
            ck_assert_int_eq(b.heard.subtype, SIMAKA_REAUTHENTICATION);
            say_anything(&b, (enum simaka_subtype)subtype);
            expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_MALFORMED);
        }
    }
}
END_TEST

/* ---- identities ---- */

static enum simaka_at asked(const struct bench *b)
{
    return simaka_has(&b->heard, AT_ANY_ID_REQ)         ? AT_ANY_ID_REQ
           : simaka_has(&b->heard, AT_FULLAUTH_ID_REQ)  ? AT_FULLAUTH_ID_REQ
           : simaka_has(&b->heard, AT_PERMANENT_ID_REQ) ? AT_PERMANENT_ID_REQ
                                                        : AT_COUNT;
}

static void tell(struct bench *b, struct span identity)
{
    struct simaka_writer w;

    start_message(b, &w, b->kind == SIMAKA_SIM ? SIM_START : AKA_IDENTITY);
    simaka_put(&w, AT_IDENTITY, identity);
    if (b->kind == SIMAKA_SIM)
        put_nonce(b, &w);
    send_plain(b, &w);
}

START_TEST(what_is_asked)
{
    static const char pseudonyms[] = "327", reauths[] = "548";
    enum simaka_kind kind = (enum simaka_kind)_i;
    const char pseudonym[] = {pseudonyms[kind], 'p', '\0'}, reauth[] = {reauths[kind], 'f', '\0'};
    struct kit kit;
    struct bench b;

    /* RFC 4187 4.1.4 */
    for (int i = 0; i < 8; i++) {
        kit_init(&kit, kind);
        kit.method_identity = true;
        kit.pseudonyms = i & 1;
        kit.fast_reauth = i & 2;
        begin_as(&b, &kit, i & 4 ? pseudonym : "nobody");
        ck_assert_int_eq(asked(&b), i & 2   ? AT_ANY_ID_REQ
                                    : i & 1 ? AT_FULLAUTH_ID_REQ
                                            : AT_PERMANENT_ID_REQ);
        end(&b);
    }
    kit_init(&kit, kind);
    begin_as(&b, &kit, pseudonym);
    ck_assert_int_eq(asked(&b), AT_PERMANENT_ID_REQ);
    end(&b);
    begin_as(&b, &kit, "nobody");
    ck_assert_int_eq(asked(&b), AT_ANY_ID_REQ);
    tell(&b, span_str(pseudonym)); /* RFC 4187 4.1.7 */
    ck_assert_int_eq(asked(&b), AT_PERMANENT_ID_REQ);
    tell(&b, span_str(pseudonym));
    expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_IDENTITY);
    begin_as(&b, &kit, reauth);
    ck_assert_int_eq(asked(&b), AT_FULLAUTH_ID_REQ);
    tell(&b, span_str(reauth));
    ck_assert_int_eq(asked(&b), AT_PERMANENT_ID_REQ);
    end(&b);
    begin_as(&b, &kit, "nobody");
    tell(&b, span_str(reauth));
    ck_assert_int_eq(asked(&b), AT_FULLAUTH_ID_REQ);
    tell(&b, span_str("0234150999999998")); /* a subscriber of somebody else */
    if (kind == SIMAKA_AKA)
        expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_IDENTITY);
    else
        end(&b);
}
END_TEST

START_TEST(bad_identities)
{
    enum simaka_kind kind = (enum simaka_kind)_i;
    uint8_t long_one[400];
    const struct span identities[] = {span_of("a\0b", 3), span_of("", 0),
                                      span_of(long_one, sizeof(long_one))};
    struct kit kit;
    struct bench b;

    memset(long_one, '1', sizeof(long_one));
    kit_init(&kit, kind);
    kit.method_identity = true;
    for (size_t i = 0; i < 3; i++) {
        begin_as(&b, &kit, "nobody");
        tell(&b, identities[i]);
        expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_IDENTITY);
    }
}
END_TEST

START_TEST(sim_starts)
{
    struct kit kit;
    struct bench b;
    struct simaka_writer w;

    kit_init(&kit, SIMAKA_SIM);
    /* An identity that nobody asked for; none though asked for. */
    begin_as(&b, &kit, "1" KIT_IMSI);
    ck_assert_int_eq(asked(&b), AT_COUNT);
    tell(&b, span_str("1" KIT_IMSI));
    expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_MALFORMED);
    begin_as(&b, &kit, "nobody");
    answer_start(&b);
    expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_MALFORMED);
    /* A version that was not offered. */
    begin_as(&b, &kit, "1" KIT_IMSI);
    start_message(&b, &w, SIM_START);
    simaka_put(&w, AT_NONCE_MT, span_of(b.nonce_mt, 16));
    simaka_put_number(&w, AT_SELECTED_VERSION, 2);
    send_plain(&b, &w);
    expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_BIDDING);
    /* No nonce, though no fast re-authentication is to be had: asked for once more, and then not
     * again. */
    begin_as(&b, &kit, "nobody");
    start_message(&b, &w, SIM_START);
    simaka_put(&w, AT_IDENTITY, span_str("1" KIT_IMSI));
    send_plain(&b, &w);
    ck_assert_int_eq(b.heard.subtype, SIM_START);
    ck_assert_int_eq(asked(&b), AT_COUNT);
    start_message(&b, &w, SIM_START);
    simaka_put(&w, AT_IDENTITY, span_str("1" KIT_IMSI));
    send_plain(&b, &w);
    expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_MALFORMED);
    /* A fast re-authentication identity with a nonce: full authentication (RFC 4186 9.2). */
    kit_complete(&kit);
    kit.method_identity = true;
    begin_as(&b, &kit, "nobody");
    tell(&b, span_str(kit.at_peer.identity));
    ck_assert_int_eq(b.heard.subtype, SIM_CHALLENGE);
    end(&b);
}
END_TEST

/* ---- responses to challenges ---- */

START_TEST(wrong_responses)
{
    enum simaka_kind kind = (enum simaka_kind)_i;
    uint8_t zeros[32] = {0};
    struct bench b;
    struct simaka_writer w;

    reach_challenge(&b, kind);
    b.keys.k_aut[0] ^= 1;
    answer_challenge(&b, false);
    expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_MAC);
    reach_challenge(&b, kind);
    b.sres[11] ^= 1;
    b.card.res[7] ^= 1;
    answer_challenge(&b, false);
    expect_notified(&b, NOTIFY_FAILURE_BEFORE,
                    kind == SIMAKA_SIM ? REASON_EAP_MAC : REASON_AKA_RES);
    if (kind == SIMAKA_SIM)
        return;
    for (uint8_t n = 4; n <= 16; n = (uint8_t)(n + 4)) { /* RES of another length */
        reach_challenge(&b, kind);
        b.card.res_n = n;
        answer_challenge(&b, false);
        if (n == 8)
            end(&b);
        else
            expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_AKA_RES);
    }
    reach_challenge(&b, kind);
    start_message(&b, &w, AKA_CHALLENGE);
    simaka_put(&w, AT_RES, span_of(b.card.res, 8));
    simaka_put(&w, AT_CHECKCODE, span_of(zeros, simaka_hash_len(kind)));
    send_mac(&b, &w, span_of(NULL, 0));
    expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_CHECKCODE);
    /* What later versions may seal into the response is passed over (RFC 4187 9.4). */
    reach_challenge(&b, kind);
    start_message(&b, &w, AKA_CHALLENGE);
    simaka_put(&w, AT_RES, span_of(b.card.res, 8));
    simaka_put(&w, AT_IV, span_of(zeros, 16));
    simaka_put(&w, AT_ENCR_DATA, span_of(zeros, 32));
    send_mac(&b, &w, span_of(NULL, 0));
    ck_assert_int_eq(b.packet.code, EAP_SUCCESS);
    end(&b);
}
END_TEST

START_TEST(kdfs)
{
    struct bench b;
    struct simaka_writer w;
    uint8_t auts[14];

    for (uint16_t kdf = 1; kdf < 3; kdf++) {
        reach_challenge(&b, SIMAKA_AKA_PRIME);
        start_message(&b, &w, AKA_CHALLENGE);
        simaka_put_number(&w, AT_KDF, kdf);
        send_plain(&b, &w);
        expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_BIDDING);
    }
    /* AT_KDF in a Synchronization-Failure: none (RFC 5448), a copy, something else. */
    for (unsigned kdf = 0; kdf < 3; kdf++) {
        begin(&b, SIMAKA_AKA_PRIME);
        milenage_auts(NULL, b.kit.uicc.k, b.kit.uicc.opc, 500 << UICC_IND_BITS,
                      b.heard.value[AT_RAND].p, auts);
        start_message(&b, &w, AKA_SYNCHRONIZATION_FAILURE);
        simaka_put(&w, AT_AUTS, span_of(auts, 14));
        if (kdf)
            simaka_put_number(&w, AT_KDF, (uint16_t)kdf);
        send_plain(&b, &w);
        if (kdf == 2) {
            expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_BIDDING);
            continue;
        }
        ck_assert_int_eq(b.heard.subtype, AKA_CHALLENGE);
        ck_assert_uint_eq(b.kit.auc.seq, 501);
        end(&b);
    }
}
END_TEST

/* ---- result indications ---- */

START_TEST(protected_success)
{
    enum simaka_kind kind = (enum simaka_kind)_i;
    uint8_t garbage[] = {EAP_RESPONSE, 0, 0, 8, simaka_type(kind), 0xff, 0xff, 0xff};
    struct kit kit;
    struct bench b;

    for (int i = 0; i < 2; i++) {
        char identity[EAP_IDENTITY_MAX + 1];

        kit_init(&kit, kind);
        kit.result_indications = true;
        simaka_id_permanent(kind, &kit.uicc, identity);
        begin_as(&b, &kit, identity);
        if (kind == SIMAKA_SIM)
            answer_start(&b);
        ck_assert(simaka_has(&b.heard, AT_RESULT_IND));
        take_challenge(&b);
        answer_challenge(&b, i == 1);
        if (i == 1) { /* whatever the answer: RFC 4187 6.2 */
            ck_assert_int_eq(b.heard.subtype, SIMAKA_NOTIFICATION);
            ck_assert_int_eq(simaka_number(&b.heard, AT_NOTIFICATION), NOTIFY_SUCCESS);
            ck_assert(simaka_mac_ok(kind, &b.heard, NULL, b.keys.k_aut, span_of(NULL, 0)));
            ck_assert(!eap_server_keys(b.server)->present);
            garbage[1] = b.packet.id;
            give(&b, span_of(garbage, sizeof(garbage)));
        }
        ck_assert_int_eq(b.packet.code, EAP_SUCCESS);
        ck_assert_mem_eq(eap_server_keys(b.server)->msk, b.keys.msk, EAP_KEY_LEN);
        end(&b);
    }
    /* Not offered: not to be agreed to. */
    reach_challenge(&b, kind);
    ck_assert(!simaka_has(&b.heard, AT_RESULT_IND));
    answer_challenge(&b, true);
    ck_assert_int_eq(b.packet.code, EAP_SUCCESS);
    end(&b);
}
END_TEST

/* ---- fast re-authentication ---- */

static void reach_reauthentication(struct bench *b, const struct kit *kit)
{
    uint8_t plain[EAP_MTU];
    struct simaka_message nested;

    begin_as(b, kit, kit->at_peer.identity);
    ck_assert_int_eq(b->heard.subtype, SIMAKA_REAUTHENTICATION);
    simaka_keys_recall(&kit->at_peer, &b->keys);
    ck_assert(simaka_mac_ok(b->kind, &b->heard, NULL, b->keys.k_aut, span_of(NULL, 0)));
    ck_assert(simaka_open(b->kind, &b->heard, EAP_REQUEST, NULL, b->keys.k_encr, plain, &nested));
    b->counter = simaka_number(&nested, AT_COUNTER);
    memcpy(b->nonce_s, nested.value[AT_NONCE_S].p, 16);
}

static void answer_reauthentication(struct bench *b, uint16_t counter, bool too_small)
{
    struct simaka_writer w, nested;

    simaka_begin_nested(&nested);
    simaka_put_number(&nested, AT_COUNTER, counter);
    if (too_small)
        simaka_put_flag(&nested, AT_COUNTER_TOO_SMALL);
    start_message(b, &w, SIMAKA_REAUTHENTICATION);
    simaka_put_sealed(&w, NULL, b->keys.k_encr, b->nonce_s, &nested);
    send_mac(b, &w, span_of(b->nonce_s, 16));
}

START_TEST(reauthentications)
{
    enum simaka_kind kind = (enum simaka_kind)_i;
    struct kit kit;
    struct bench b;
    struct simaka_writer w, nested;
    char realm[EAP_IDENTITY_MAX + 1];

    kit_init(&kit, kind);
    kit_complete(&kit);
    reach_reauthentication(&b, &kit);
    answer_reauthentication(&b, b.counter, false);
    ck_assert_int_eq(b.packet.code, EAP_SUCCESS);
    simaka_keys_reauth(kind, NULL, span_str(b.identity), b.counter, b.nonce_s, &b.keys);
    ck_assert_mem_eq(eap_server_keys(b.server)->msk, b.keys.msk, EAP_KEY_LEN);
    end(&b);
    /* A counter that is not the one of the request; a MAC without NONCE_S; nothing sealed right. */
    for (int i = 0; i < 2; i++) {
        reach_reauthentication(&b, &kit);
        answer_reauthentication(&b, (uint16_t)(b.counter + 1), i);
        expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_NOT_FRESH);
    }
    reach_reauthentication(&b, &kit);
    b.nonce_s[0] ^= 1;
    answer_reauthentication(&b, b.counter, false);
    expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_MAC);
    reach_reauthentication(&b, &kit);
    b.keys.k_encr[0] ^= 1;
    answer_reauthentication(&b, b.counter, false);
    expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_MALFORMED);
    if (kind != SIMAKA_SIM) {
        uint8_t zeros[32] = {0};

        reach_reauthentication(&b, &kit);
        simaka_begin_nested(&nested);
        simaka_put_number(&nested, AT_COUNTER, b.counter);
        start_message(&b, &w, SIMAKA_REAUTHENTICATION);
        simaka_put_sealed(&w, NULL, b.keys.k_encr, b.nonce_s, &nested);
        simaka_put(&w, AT_CHECKCODE, span_of(zeros, simaka_hash_len(kind)));
        send_mac(&b, &w, span_of(b.nonce_s, 16));
        expect_notified(&b, NOTIFY_FAILURE_BEFORE, REASON_EAP_CHECKCODE);
    }
    /* Too small: full authentication, without asking who it is. */
    reach_reauthentication(&b, &kit);
    answer_reauthentication(&b, b.counter, true);
    ck_assert_int_eq(b.heard.subtype, kind == SIMAKA_SIM ? SIM_START : AKA_CHALLENGE);
    ck_assert_int_eq(asked(&b), AT_COUNT);
    end(&b);
    /* Told though a full authentication's identity was asked for: full authentication it is. */
    begin_as(&b, &kit, "nobody");
    if (kind != SIMAKA_SIM) {
        tell(&b, span_str("nobody else"));
        ck_assert_int_eq(asked(&b), AT_FULLAUTH_ID_REQ);
        tell(&b, span_str(kit.at_peer.identity));
        ck_assert_int_eq(b.heard.subtype, AKA_CHALLENGE);
    }
    end(&b);
    /* Another realm than was handed out: no fast re-authentication, which does not protect it. */
    simaka_id_join(kit.at_peer.identity, "x", realm);
    begin_as(&b, &kit, realm);
    ck_assert_int_ne(b.heard.subtype, SIMAKA_REAUTHENTICATION);
    end(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eap_simaka_server");
    TCase *t = tcase_create("server");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    suite_add_tcase(suite, t);
    tcase_add_loop_test(t, honest, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, client_errors, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, authentication_reject, 0, 2);
    tcase_add_loop_test(t, out_of_place, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, what_is_asked, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, bad_identities, 0, SIMAKA_KINDS);
    tcase_add_test(t, sim_starts);
    tcase_add_loop_test(t, wrong_responses, 0, SIMAKA_KINDS);
    tcase_add_test(t, kdfs);
    tcase_add_loop_test(t, protected_success, 0, SIMAKA_KINDS);
    tcase_add_loop_test(t, reauthentications, 0, SIMAKA_KINDS);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
