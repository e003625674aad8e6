/* Recorded exchanges of EAP-SIM, EAP-AKA and EAP-AKA', replayed: our peer against what the recorded
 * server said, our server against what the recorded peer said, octet for octet. What they drew by
 * chance comes from the tape. */
#include "models/proto/eap_method.h"
#include "models/proto/eap_simaka_attr.h"

#include "crypto/cipher.h"
#include "crypto/entity.h"
#include "tests/support/pair.h"
#include "tests/support/vectors.h"
#include "tests/tape/tape.h"

#include <check.h>
#include <stdlib.h>

#define MAX_PACKETS 8

struct trace_of {
    const char *file, *vector;
    const struct eap_method *method;
    enum simaka_kind kind;
    const char *keys[MAX_PACKETS]; /* of the packets, in order */
    const char *encrypted;         /* key of what the server sealed */
    bool method_identity;
    const char *realm;
};

static const struct trace_of traces[] = {
    {"eap_sim.txt",
     "RFC4186-full",
     &eap_method_sim,
     SIMAKA_SIM,
     {"pkt1_req_identity", "pkt2_resp_identity", "pkt3_req_start", "pkt4_resp_start",
      "pkt5_req_challenge", "pkt6_resp_challenge", "pkt7_success"},
     "pkt5_encr_plaintext",
     false,
     "eapsim.foo"},
    {"eap_sim.txt",
     "RFC4186-reauth",
     &eap_method_sim,
     SIMAKA_SIM,
     {"pkt1_resp_identity", "pkt2_req_reauth", "pkt3_resp_reauth", "pkt4_success"},
     "pkt2_encr_plaintext",
     false,
     "eapsim.foo"},
    {"eap_sim.txt",
     "hostap-SIM-full",
     &eap_method_sim,
     SIMAKA_SIM,
     {"pkt1_peer", "pkt2_server", "pkt3_peer", "pkt4_server", "pkt5_peer", "pkt6_server"},
     "challenge_encr_plaintext",
     true,
     NULL},
    {"eap_sim.txt",
     "hostap-SIM-reauth",
     &eap_method_sim,
     SIMAKA_SIM,
     {"pkt1_peer", "pkt2_server", "pkt3_peer", "pkt4_server", "pkt5_peer", "pkt6_server"},
     "req_encr_plaintext",
     true,
     NULL},
    {"eap_aka.txt",
     "hostap-AKA-full",
     &eap_method_aka,
     SIMAKA_AKA,
     {"pkt1_peer", "pkt2_server", "pkt3_peer", "pkt4_server", "pkt5_peer", "pkt6_server"},
     "challenge_encr_plaintext",
     true,
     NULL},
    {"eap_aka.txt",
     "hostap-AKA-reauth",
     &eap_method_aka,
     SIMAKA_AKA,
     {"pkt1_peer", "pkt2_server", "pkt3_peer", "pkt4_server"},
     "req_encr_plaintext",
     false,
     NULL},
    {"eap_aka_prime.txt",
     "hostap-AKA'-reauth",
     &eap_method_aka_prime,
     SIMAKA_AKA_PRIME,
     {"pkt1_peer", "pkt2_server", "pkt3_peer", "pkt4_server"},
     "req_encr_plaintext",
     false,
     NULL},
};
#define TRACES ((int)(sizeof(traces) / sizeof(traces[0])))

/* One trace, read. */
struct replay {
    const struct trace_of *t;
    struct vectors *v;
    size_t i;
    struct {
        uint8_t octets[512];
        size_t n;
    } packets[MAX_PACKETS];
    size_t count;
    struct pair pair;
    struct uicc uicc;
    struct eap_reauth reauth;
    bool is_reauth;
    char pseudonym[EAP_IDENTITY_MAX + 1], reauth_user[EAP_IDENTITY_MAX + 1]; /* handed out */
};

static void read_reauth(struct replay *r)
{
    struct eap_reauth *k = &r->reauth;

    k->method = r->t->method->type;
    k->counter = 1;
    strcpy(k->identity, vectors_text(r->v, r->i, "reauth_identity_ascii"));
    if (vectors_text(r->v, r->i, "MK"))
        vectors_hex(r->v, r->i, "MK", k->mk, sizeof(k->mk));
    vectors_hex(r->v, r->i, "K_encr", k->k_encr, sizeof(k->k_encr));
    vectors_hex(r->v, r->i, "K_aut", k->k_aut, sizeof(k->k_aut));
    if (vectors_text(r->v, r->i, "K_re"))
        vectors_hex(r->v, r->i, "K_re", k->k_re, sizeof(k->k_re));
}

static void read_card(struct replay *r)
{
    uint8_t k[16] = {0}, opc[16] = {0};
    const char *identity = vectors_text(r->v, r->i, "identity_ascii");
    char imsi[IMSI_MAX + 1] = "001010000000001";
    const char *key = vectors_text(r->v, r->i, "Ki") ? "Ki" : "K";

    if (identity)
        memcpy(imsi, identity + 1, IMSI_MAX);
    if (vectors_text(r->v, r->i, key)) {
        vectors_hex(r->v, r->i, key, k, sizeof(k));
        vectors_hex(r->v, r->i, "OPc", opc, sizeof(opc));
    }
    uicc_init(&r->uicc, imsi, 2, k, opc);
    r->uicc.delta = UINT64_MAX; /* the recorded SQN is far ahead of a new card's */
}

/* AT_NEXT_PSEUDONYM (132) and AT_NEXT_REAUTH_ID (133) of the plaintext. */
static void read_usernames(struct replay *r)
{
    uint8_t plain[512];
    size_t n = vectors_hex(r->v, r->i, r->t->encrypted, plain, sizeof(plain));

    for (size_t i = 0; i < n; i += (size_t)plain[i + 1] * 4) {
        char *user = plain[i] == 132 ? r->pseudonym : plain[i] == 133 ? r->reauth_user : NULL;

        if (user)
            memcpy(user, plain + i + 4, (size_t)(plain[i + 2] << 8 | plain[i + 3]));
    }
    r->reauth_user[strcspn(r->reauth_user, "@")] = '\0'; /* settings have the realm */
}

static void begin(struct replay *r, int which)
{
    memset(r, 0, sizeof(*r));
    r->t = &traces[which];
    r->v = vectors_read(r->t->file);
    r->i = vectors_find(r->v, r->t->vector);
    for (; r->count < MAX_PACKETS && r->t->keys[r->count]; r->count++)
        r->packets[r->count].n =
            vectors_hex(r->v, r->i, r->t->keys[r->count], r->packets[r->count].octets,
                        sizeof(r->packets[0].octets));
    r->is_reauth = vectors_text(r->v, r->i, "reauth_identity_ascii") != NULL;
    if (r->is_reauth)
        read_reauth(r);
    read_card(r);
    read_usernames(r);
    pair_init(&r->pair, 1);
    tape_clear();
}

static void end(struct replay *r)
{
    ck_assert_uint_eq(tape_left(), 0);
    pair_release(&r->pair);
    vectors_free(r->v);
}

static bool is_from_peer(const struct replay *r, size_t k)
{
    return r->packets[k].octets[0] == EAP_RESPONSE;
}

static struct span packet(const struct replay *r, size_t k)
{
    return span_of(r->packets[k].octets, r->packets[k].n);
}

/* The message in packet k. */
static struct simaka_message message(const struct replay *r, size_t k)
{
    struct eap_packet p;
    struct simaka_message m;

    ck_assert_int_eq(eap_parse(packet(r, k), &p), REASON_NONE);
    ck_assert_msg(simaka_parse(r->t->kind, &p, &m), "%s: %s", r->t->vector, r->t->keys[k]);
    return m;
}

/* Of the packets of one side: the initialization vectors, in order. */
static void tape_ivs(const struct replay *r, bool of_peer)
{
    for (size_t k = 0; k < r->count; k++) {
        const uint8_t *p = r->packets[k].octets;
        struct simaka_message m;

        if (is_from_peer(r, k) != of_peer || r->packets[k].n < 8 || p[4] == EAP_IDENTITY)
            continue;
        m = message(r, k);
        if (simaka_has(&m, AT_IV))
            tape_draw(m.value[AT_IV]);
    }
}

static void tape_hex(const struct replay *r, const char *key)
{
    uint8_t octets[64];

    tape_draw(span_of(octets, vectors_hex(r->v, r->i, key, octets, sizeof(octets))));
}

static void read_triplets(const struct replay *r, struct gsm_triplet out[3])
{
    static const char *const names[3][3] = {
        {"RAND1", "SRES1", "Kc1"}, {"RAND2", "SRES2", "Kc2"}, {"RAND3", "SRES3", "Kc3"}};

    for (size_t i = 0; i < 3; i++) {
        vectors_hex(r->v, r->i, names[i][0], out[i].rand, 16);
        vectors_hex(r->v, r->i, names[i][1], out[i].sres, 4);
        vectors_hex(r->v, r->i, names[i][2], out[i].kc, 8);
    }
}

static void check_same(const struct replay *r, size_t k, const struct buf *got)
{
    struct span a = buf_span(got), b = packet(r, k);

    for (size_t i = 0; i < a.n && i < b.n; i++)
        ck_assert_msg(a.p[i] == b.p[i], "%s, %s: octet %zu is %02x, not %02x", r->t->vector,
                      r->t->keys[k], i, a.p[i], b.p[i]);
    ck_assert_msg(a.n == b.n, "%s, %s: %zu octets, not %zu", r->t->vector, r->t->keys[k], a.n, b.n);
}

static void check_keys(const struct replay *r, const struct eap_keys *k)
{
    uint8_t want[EAP_KEY_LEN];

    ck_assert(k->present);
    vectors_hex(r->v, r->i, "MSK", want, sizeof(want));
    ck_assert_mem_eq(k->msk, want, sizeof(want));
    vectors_hex(r->v, r->i, "EMSK", want, sizeof(want));
    ck_assert_mem_eq(k->emsk, want, sizeof(want));
    ck_assert_int_eq(k->session_id[0], r->t->method->type);
}

/* ---- our peer ---- */

static struct eap_peer *peer_of(struct replay *r)
{
    const struct eap_peer_settings s = {
        .identity = vectors_text(r->v, r->i, "identity_ascii"),
        .methods = &r->t->method,
        .method_count = 1,
        .credentials = {.uicc = &r->uicc, .reauth = &r->reauth},
    };

    return eap_peer_new(&r->pair.side[0].env, &s);
}

static void tape_peer(struct replay *r)
{
    struct gsm_triplet triplets[3];

    if (r->t->kind == SIMAKA_SIM && !r->is_reauth)
        tape_hex(r, "NONCE_MT");
    if (strcmp(r->t->vector, "RFC4186-full") == 0) {
        read_triplets(r, triplets);
        for (size_t i = 0; i < 3; i++)
            tape_triplet(&triplets[i]);
    }
    tape_ivs(r, true);
}

static void ask_identity(struct replay *r, struct proto *p)
{
    const uint8_t request[] = {EAP_REQUEST, r->packets[0].octets[1], 0, 5, EAP_IDENTITY};

    if (is_from_peer(r, 0))
        p->ops->input(p, 0, span_of(request, sizeof(request)));
}

START_TEST(peer_replays)
{
    struct replay r;
    struct eap_peer *peer;
    struct proto *p;
    struct buf out;

    begin(&r, _i);
    tape_peer(&r);
    pair_enter(&r.pair, 0);
    peer = peer_of(&r);
    p = eap_peer_proto(peer);
    p->ops->start(p, 0);
    ask_identity(&r, p);
    buf_init(&out, 65535);
    for (size_t k = 0; k < r.count; k++) {
        if (!is_from_peer(&r, k)) {
            p->ops->input(p, 0, packet(&r, k));
            continue;
        }
        ck_assert(p->ops->output(p, 0, &out));
        check_same(&r, k, &out);
        buf_clear(&out);
    }
    ck_assert_int_eq(p->status, PROTO_DONE);
    check_keys(&r, eap_peer_keys(peer));
    /* What it keeps for the next time is what the server handed out. */
    ck_assert_int_eq(strncmp(r.reauth.identity, r.reauth_user, strlen(r.reauth_user)), 0);
    ck_assert_uint_gt(strlen(r.reauth.identity), 0);
    if (r.pseudonym[0])
        ck_assert_int_eq(strncmp(r.reauth.pseudonym, r.pseudonym, strlen(r.pseudonym)), 0);
    ck_assert_int_eq(r.reauth.counter, r.is_reauth ? 2 : 1);
    proto_free(p);
    pair_leave();
    end(&r);
}
END_TEST

/* ---- our server ---- */

static void read_vector(const struct replay *r, struct umts_vector *out)
{
    vectors_hex(r->v, r->i, "RAND", out->rand, 16);
    vectors_hex(r->v, r->i, "AUTN", out->autn, 16);
    vectors_hex(r->v, r->i, "CK", out->ck, 16);
    vectors_hex(r->v, r->i, "IK", out->ik, 16);
    out->xres_n = (uint8_t)vectors_hex(r->v, r->i, "RES", out->xres, 16);
}

static void answer(struct replay *r, struct eap_server *s)
{
    const struct eap_query *q = eap_server_query(s);
    struct eap_answer a = {.reason = REASON_NONE};

    switch (q->kind) {
    case EAP_QUERY_USER:
        a.methods[0] = r->t->method;
        a.method_count = 1;
        if (r->is_reauth) {
            a.reauth = &r->reauth;
            strcpy(a.permanent, "0001010000000001");
        }
        break;
    case EAP_QUERY_GSM:
        ck_assert_uint_eq(q->count, 3);
        a.triplet_count = 3;
        read_triplets(r, a.triplets);
        break;
    case EAP_QUERY_UMTS:
        ck_assert_str_eq(q->imsi, r->uicc.imsi);
        read_vector(r, &a.vector);
        break;
    case EAP_QUERY_RESYNC:
    case EAP_QUERY_IBE:
    case EAP_QUERY_NONE:
        ck_abort();
    }
    eap_server_answer(s, 0, &a);
}

static struct eap_server *server_of(struct replay *r)
{
    const struct eap_server_settings s = {
        .pseudonyms = true,
        .fast_reauth = true,
        .method_identity = r->t->method_identity,
        .realm = r->t->realm,
        .network_name = "WLAN",
    };

    return eap_server_new(&r->pair.side[1].env, &s);
}

static void tape_server(struct replay *r)
{
    if (r->pseudonym[0])
        tape_username(r->pseudonym);
    tape_username(r->reauth_user);
    if (r->is_reauth)
        tape_hex(r, "NONCE_S");
    tape_ivs(r, false);
}

START_TEST(server_replays)
{
    struct replay r;
    struct eap_server *server;
    const struct eap_reauth *kept;
    struct proto *p;
    struct buf out;
    size_t first;

    begin(&r, _i);
    tape_server(&r);
    first = is_from_peer(&r, 0) ? 0 : 1;
    pair_enter(&r.pair, 1);
    server = server_of(&r);
    p = eap_server_proto(server);
    eap_server_begin(server, 0, packet(&r, first));
    buf_init(&out, 65535);
    for (size_t k = first + 1; k < r.count; k++) {
        if (is_from_peer(&r, k)) {
            p->ops->input(p, 0, packet(&r, k));
            continue;
        }
        while (eap_server_query(server))
            answer(&r, server);
        ck_assert(p->ops->output(p, 0, &out));
        check_same(&r, k, &out);
        buf_clear(&out);
    }
    ck_assert_int_eq(p->status, PROTO_DONE);
    check_keys(&r, eap_server_keys(server));
    kept = eap_server_reauth(server);
    ck_assert_ptr_nonnull(kept);
    ck_assert_int_eq(strncmp(kept->identity, r.reauth_user, strlen(r.reauth_user)), 0);
    ck_assert_int_eq(kept->counter, r.is_reauth ? 2 : 1);
    proto_free(p);
    pair_leave();
    end(&r);
}
END_TEST

/* ---- what is sealed in the packets ---- */

START_TEST(sealed)
{
    static const char *const keys[] = {"pkt5_encr_plaintext", "pkt2_encr_plaintext",
                                       "pkt3_encr_plaintext", "challenge_encr_plaintext",
                                       "req_encr_plaintext",  "resp_encr_plaintext"};
    struct replay r;
    uint8_t k_encr[16], want[512], plain[EAP_MTU];
    unsigned found = 0, wanted = 0;

    begin(&r, _i);
    vectors_hex(r.v, r.i, "K_encr", k_encr, sizeof(k_encr));
    for (size_t j = 0; j < sizeof(keys) / sizeof(keys[0]); j++) {
        size_t n;

        if (!vectors_text(r.v, r.i, keys[j]))
            continue;
        n = vectors_hex(r.v, r.i, keys[j], want, sizeof(want));
        wanted++;
        for (size_t k = 0; k < r.count; k++) {
            struct simaka_message m, nested;

            if (r.packets[k].n < 8 || r.packets[k].octets[4] == EAP_IDENTITY)
                continue;
            m = message(&r, k);
            if (m.value[AT_ENCR_DATA].n != n)
                continue;
            ck_assert(
                simaka_open(r.t->kind, &m, r.packets[k].octets[0], NULL, k_encr, plain, &nested));
            found += memcmp(plain, want, n) == 0;
        }
    }
    ck_assert_uint_gt(wanted, 0);
    ck_assert_uint_eq(found, wanted);
    end(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trace_eap_simaka");
    TCase *t = tcase_create("recorded");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    suite_add_tcase(suite, t);
    tcase_add_loop_test(t, sealed, 0, TRACES);
    tcase_add_loop_test(t, peer_replays, 0, TRACES);
    tcase_add_loop_test(t, server_replays, 0, TRACES);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
