/* EAP-PSK: the recorded exchange, whole conversations, the protected channel, and what must be
 * dropped or refused. */
#include "crypto/cipher.h"
#include "crypto/entity.h"
#include "eap_halves.h"
#include "models/proto/eap_psk_impl.h"
#include "tests/support/eap_rig.h"
#include "tests/support/vectors.h"

/* The first half is the vector's key; the method knows nothing of the second. */
static const uint8_t psk[32] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01,
                                0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff, 0xff};

static struct eap_psk *psk_of(struct eap_half *h)
{
    return (struct eap_psk *)h;
}

/* ---- the vector ---- */

struct vector {
    struct vectors *v;
    size_t i;
};

static struct vector vector_open(void)
{
    struct vector x = {.v = vectors_read("eap_psk.txt")};

    x.i = vectors_find(x.v, "hostap-PSK");
    return x;
}

static void check_octets(const struct vector *x, const char *key, const void *got, size_t n)
{
    uint8_t known[128];

    ck_assert_uint_eq(vectors_hex(x->v, x->i, key, known, sizeof(known)), n);
    ck_assert_msg(memcmp(got, known, n) == 0, "%s", key);
}

static void set_rands(const struct vector *x, struct halves *h)
{
    vectors_hex(x->v, x->i, "RAND_P", psk_of(h->peer)->rand_p, EAP_PSK_RAND);
    vectors_hex(x->v, x->i, "RAND_S", psk_of(h->server)->rand_s, EAP_PSK_RAND);
}

static void check_packet(const struct vector *x, const char *key, struct span got)
{
    check_octets(x, key, got.p, got.n);
}

/* hostapd against eapol_test, octet for octet, both sides being ours in turn. */
START_TEST(recorded_exchange)
{
    struct vector x = vector_open();
    struct halves h;

    halves_init(&h, vectors_text(x.v, x.i, "ID_P_ascii"), vectors_text(x.v, x.i, "ID_S_ascii"),
                psk);
    halves_make(&h, &eap_method_psk);
    set_rands(&x, &h);
    check_packet(&x, "pkt2_server", builds(&h, h.server, 0x4c));
    ck_assert(takes(h.peer, buf_span(&h.packet)));
    check_packet(&x, "pkt3_peer", builds(&h, h.peer, 0x4c));
    ck_assert(takes(h.server, buf_span(&h.packet)));
    check_packet(&x, "pkt4_server", builds(&h, h.server, 0x4d));
    ck_assert(takes(h.peer, buf_span(&h.packet)));
    check_packet(&x, "pkt5_peer", builds(&h, h.peer, 0x4d));
    ck_assert(takes(h.server, buf_span(&h.packet)));
    ck_assert_int_eq(h.peer->state, EAP_HALF_DONE);
    ck_assert_int_eq(h.server->state, EAP_HALF_DONE);
    ck_assert(h.peer->protected_success);
    ck_assert(same_keys(&h));
    check_octets(&x, "MSK", h.peer->keys.msk, EAP_KEY_LEN);
    check_octets(&x, "EMSK", h.peer->keys.emsk, EAP_KEY_LEN);
    check_octets(&x, "TEK", psk_of(h.peer)->tek, EAP_PSK_KEY);
    check_octets(&x, "AK", psk_of(h.peer)->ak, EAP_PSK_KEY);
    check_octets(&x, "KDK", psk_of(h.server)->kdk, EAP_PSK_KEY);
    /* RFC 5247 A.6: type, RAND_P, RAND_S */
    ck_assert_uint_eq(h.peer->keys.session_id_n, 33);
    ck_assert_uint_eq(h.peer->keys.session_id[0], 47);
    check_octets(&x, "RAND_P", h.peer->keys.session_id + 1, EAP_PSK_RAND);
    check_octets(&x, "RAND_S", h.peer->keys.session_id + 17, EAP_PSK_RAND);
    ck_assert_uint_eq(builds(&h, h.server, 0x4e).n, 0);
    halves_release(&h);
    vectors_free(x.v);
}
END_TEST

START_TEST(macs)
{
    struct vector x = vector_open();
    struct halves h;
    uint8_t mac[EAP_PSK_MAC];

    halves_init(&h, vectors_text(x.v, x.i, "ID_P_ascii"), vectors_text(x.v, x.i, "ID_S_ascii"),
                psk);
    halves_make(&h, &eap_method_psk);
    set_rands(&x, &h);
    ck_assert(passes(&h, h.server, 1));
    eap_psk_mac(psk_of(h.peer), EAP_PSK_SECOND, mac);
    check_octets(&x, "MAC_P", mac, sizeof(mac));
    eap_psk_mac(psk_of(h.peer), EAP_PSK_THIRD, mac);
    check_octets(&x, "MAC_S", mac, sizeof(mac));
    halves_release(&h);
    vectors_free(x.v);
}
END_TEST

/* ---- whole conversations ---- */

static const struct eap_method *const methods[] = {&eap_method_psk};
static struct eap_rig_user user;

static void make(void *arg, struct eap_rig_settings *s)
{
    (void)arg;
    user = (struct eap_rig_user){
        "device-1@m2m.example", {.methods = {&eap_method_psk}, .method_count = 1, .has_psk = true}};
    memcpy(user.answer.psk, psk, 32);
    s->users = &user;
    s->user_count = 1;
    s->server.server_id = "mas.m2m.example";
    s->peer.identity = "device-1@m2m.example";
    s->peer.methods = methods;
    s->peer.method_count = 1;
    s->peer.credentials.has_psk = true;
    s->peer.credentials.psk_slot = SE_KMC;
}

static void prepare(void *arg, struct eap_rig *r)
{
    (void)arg;
    se_put(&r->pair.side[0].se, SE_KMC, psk);
}

START_TEST(clean)
{
    struct eap_rig r;

    eap_rig_init(&r, make, NULL);
    prepare(NULL, &r);
    ck_assert_int_eq(eap_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert(eap_rig_is_complete(&r));
    ck_assert_uint_eq(r.pair.side[0].outputs, 3);
    ck_assert_str_eq(eap_server_permanent(r.server), "device-1@m2m.example");
    /* MAC_P, MAC_S; the channel's EAX is metered by itself */
    ck_assert_uint_ge(r.pair.side[0].meter.use[OP_CMAC_AES128].calls, 2);
    ck_assert_uint_eq(r.pair.side[0].meter.use[OP_RANDOM].calls, 1);
    eap_rig_release(&r);
}
END_TEST

START_TEST(every_fault)
{
    eap_rig_every_fault(make, prepare, NULL, 1);
}
END_TEST

START_TEST(wrong_key)
{
    struct eap_rig r;
    uint8_t other[32];

    memcpy(other, psk, 32);
    other[15] ^= 1;
    eap_rig_init(&r, make, NULL);
    se_put(&r.pair.side[0].se, SE_KMC, other);
    ck_assert_int_eq(eap_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_int_eq(eap_rig_proto(&r, 1)->reason, REASON_EAP_MAC);
    ck_assert_int_eq(eap_rig_proto(&r, 0)->status, PROTO_FAILED);
    eap_rig_check(&r);
    eap_rig_release(&r);
}
END_TEST

START_TEST(only_the_first_half_counts)
{
    struct eap_rig r;
    uint8_t other[32];

    memcpy(other, psk, 32);
    other[16] ^= 1;
    eap_rig_init(&r, make, NULL);
    se_put(&r.pair.side[0].se, SE_KMC, other);
    eap_rig_run(&r, pair_clean());
    ck_assert(eap_rig_is_complete(&r));
    eap_rig_release(&r);
}
END_TEST

/* ---- identities ---- */

static const struct {
    struct eap_answer answer;
    enum reason reason; /* of the server; REASON_NONE: through */
} inner[] = {
    {{.has_psk = true, .psk = "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"},
     REASON_NONE},
    {{.has_psk = true, .psk = "another"}, REASON_EAP_MAC},
    {{.reason = REASON_EAP_IDENTITY}, REASON_EAP_IDENTITY},
    {{.reason = REASON_NONE}, REASON_EAP_IDENTITY},
};

START_TEST(anonymous_outside)
{
    struct halves h;

    halves_init(&h, "device-1", "mas", psk);
    snprintf(h.identity, sizeof(h.identity), "anonymous");
    halves_make(&h, &eap_method_psk);
    ck_assert(passes(&h, h.server, 1));
    ck_assert(passes(&h, h.peer, 1));
    ck_assert_str_eq(h.server->query.identity, "device-1");
    answers(&h, &inner[_i].answer);
    ck_assert_int_eq(h.server->reason, inner[_i].reason);
    if (inner[_i].reason) {
        ck_assert_uint_eq(builds(&h, h.server, 2).n, 0);
    } else {
        ck_assert(passes(&h, h.server, 2));
        ck_assert(passes(&h, h.peer, 2));
        ck_assert(same_keys(&h));
    }
    halves_release(&h);
}
END_TEST

/* DONE_FAILURE: authentic, but not let in. */
START_TEST(forbidden)
{
    struct eap_answer a = inner[0].answer;
    struct halves h;

    a.verdict = REASON_EAP_NOT_SUBSCRIBED;
    halves_init(&h, "device-1", "mas", psk);
    snprintf(h.identity, sizeof(h.identity), "anonymous");
    halves_make(&h, &eap_method_psk);
    ck_assert(passes(&h, h.server, 1));
    ck_assert(passes(&h, h.peer, 1));
    answers(&h, &a);
    ck_assert_int_eq(h.server->reason, REASON_EAP_NOT_SUBSCRIBED);
    ck_assert(passes(&h, h.server, 2));
    ck_assert_int_eq(h.peer->reason, REASON_FORBIDDEN);
    ck_assert(!h.peer->keys.present);
    ck_assert_uint_eq(builds(&h, h.peer, 2).n, 43); /* DONE_FAILURE, which the machine drops */
    halves_release(&h);
}
END_TEST

START_TEST(unknown)
{
    struct halves h;

    halves_init(&h, "device-1", "mas", psk);
    h.user.has_psk = false;
    halves_make(&h, &eap_method_psk);
    ck_assert(passes(&h, h.server, 1));
    ck_assert(passes(&h, h.peer, 1));
    ck_assert_int_eq(h.server->reason, REASON_EAP_IDENTITY);
    ck_assert_uint_eq(builds(&h, h.server, 2).n, 0);
    halves_release(&h);
}
END_TEST

START_TEST(peers_that_cannot_be)
{
    struct halves h;

    halves_init(&h, "device-1", "mas", psk);
    halves_make(&h, &eap_method_psk);
    no_peer_without_its_key(&h, &eap_method_psk);
    halves_release(&h);
}
END_TEST

/* ---- what is dropped ---- */

static void up_to(struct halves *h, int number)
{
    halves_init(h, "device-1", "mas", psk);
    halves_make(h, &eap_method_psk);
    for (int i = 1; i < number; i++)
        ck_assert(passes(h, i % 2 ? h->server : h->peer, (uint8_t)(1 + i / 2)));
    ck_assert_uint_gt(builds(h, number % 2 ? h->server : h->peer, (uint8_t)(1 + number / 2)).n, 0);
}

static struct eap_half *taker(struct halves *h, int number)
{
    return number % 2 ? h->peer : h->server;
}

/* A part of a second message may be one of another identity. */
static void answer_if_asked(struct halves *h)
{
    if (h->server->query.kind == EAP_QUERY_USER)
        answers(h, &(struct eap_answer){.reason = REASON_EAP_IDENTITY});
}

START_TEST(truncated)
{
    size_t least = _i == 1 ? 22 : _i == 2 ? 54 : SIZE_MAX; /* here the identity begins */
    struct halves h;
    uint8_t octets[256];
    size_t whole;

    up_to(&h, _i);
    whole = buf_len(&h.packet);
    halves_release(&h);
    for (size_t n = 5; n < whole; n++) {
        bool taken;

        up_to(&h, _i);
        memcpy(octets, buf_span(&h.packet).p, n);
        octets[3] = (uint8_t)n;
        taken = takes(taker(&h, _i), span_of(octets, n));
        answer_if_asked(&h);
        ck_assert_msg(taken == (n >= least), "%zu octets", n);
        ck_assert(_i == 1 || taker(&h, _i)->state != EAP_HALF_DONE);
        ck_assert(_i != 2 || !taken || h.server->state == EAP_HALF_FAILED);
        if (!taken)
            ck_assert(takes(taker(&h, _i), buf_span(&h.packet)));
        halves_release(&h);
    }
}
END_TEST

START_TEST(altered)
{
    struct halves h;
    uint8_t octets[256];
    size_t whole;

    up_to(&h, _i);
    whole = buf_len(&h.packet);
    halves_release(&h);
    for (size_t at = 1; at < whole; at++)
        for (int bit = 0; bit < 8; bit++) {
            bool reserved = at == 5 && bit < 6, taken; /* flags: ignored, but under the tag */
            struct eap_packet p;

            up_to(&h, _i);
            memcpy(octets, buf_span(&h.packet).p, whole);
            octets[at] ^= (uint8_t)(1 << bit);
            if (eap_parse(span_of(octets, whole), &p) == REASON_NONE && p.type == EAP_PSK) {
                taken = takes(taker(&h, _i), span_of(octets, whole));
                answer_if_asked(&h);
                ck_assert(taker(&h, _i)->state != EAP_HALF_DONE);
                if (_i >= 3)
                    ck_assert_msg(!taken, "octet %zu", at);
                else if (taken && at != 1) /* an identifier is the machine's */
                    ck_assert_msg(h.server->state == EAP_HALF_FAILED || reserved, "octet %zu", at);
            }
            halves_release(&h);
        }
}
END_TEST

START_TEST(out_of_turn)
{
    struct buf messages[5];
    struct halves h;

    for (int i = 1; i <= 4; i++) {
        up_to(&h, i);
        buf_init(&messages[i], 512);
        buf_put_span(&messages[i], buf_span(&h.packet));
        halves_release(&h);
    }
    for (int turn = 1; turn <= 4; turn++) {
        up_to(&h, turn);
        for (int i = 1; i <= 4; i++)
            if (i != turn)
                ck_assert_msg(!takes(taker(&h, turn), buf_span(&messages[i])), "%d in %d", i, turn);
        ck_assert(takes(taker(&h, turn), buf_span(&messages[turn])));
        ck_assert_msg(!takes(taker(&h, turn), buf_span(&messages[turn])), "%d again", turn);
        halves_release(&h);
    }
    for (int i = 1; i <= 4; i++)
        buf_clear(&messages[i]);
}
END_TEST

START_TEST(replayed)
{
    struct halves old, h;

    up_to(&old, 2);
    halves_init(&h, "device-1", "mas", psk);
    rng_u64(&h.pair.side[1].stream);
    halves_make(&h, &eap_method_psk);
    ck_assert(passes(&h, h.server, 1));
    ck_assert(!takes(h.server, buf_span(&old.packet)));
    ck_assert_uint_eq(h.server->unverified, 0); /* for its RAND_S */
    ck_assert(passes(&h, h.peer, 1));
    halves_release(&h);
    halves_release(&old);
}
END_TEST

/* RFC 4764 8.8: so many false MACs, then it is over; one of them costs nothing. */
START_TEST(false_macs)
{
    struct halves h;
    uint8_t octets[256];
    size_t n, at = _i == 2 ? 38 : _i == 3 ? 22 : 26; /* MAC_P, MAC_S, the tag */

    for (int times = 1; times <= 3; times++) {
        up_to(&h, _i);
        n = buf_len(&h.packet);
        memcpy(octets, buf_span(&h.packet).p, n);
        octets[at] ^= 0x80;
        for (int k = 1; k <= times; k++)
            ck_assert_int_eq(takes(taker(&h, _i), span_of(octets, n)), k == 3);
        if (times < 3)
            ck_assert(takes(taker(&h, _i), buf_span(&h.packet)));
        ck_assert_int_eq(taker(&h, _i)->state == EAP_HALF_FAILED, times == 3);
        ck_assert_int_eq(taker(&h, _i)->reason, times == 3 ? REASON_EAP_MAC : REASON_NONE);
        if (times == 3 && _i != 3)
            ck_assert_uint_eq(taker(&h, _i)->keys.session_id_n, 0);
        halves_release(&h);
    }
}
END_TEST

/* RAND_S says which conversation it is: another one's message costs nothing. */
START_TEST(of_another_conversation)
{
    struct halves h;
    uint8_t octets[256];

    up_to(&h, _i);
    memcpy(octets, buf_span(&h.packet).p, buf_len(&h.packet));
    octets[6] ^= 1;
    for (int k = 0; k < 5; k++)
        ck_assert(!takes(taker(&h, _i), span_of(octets, buf_len(&h.packet))));
    ck_assert_uint_eq(taker(&h, _i)->unverified, 0);
    ck_assert(takes(taker(&h, _i), buf_span(&h.packet)));
    halves_release(&h);
}
END_TEST

/* RFC 3748's long form of the type would move what the tag covers. */
START_TEST(expanded_type)
{
    struct halves h;
    uint8_t octets[256] = {1, 1, 0, 0, 254, 0, 0, 0, 0, 0, 0, EAP_PSK};
    size_t n;

    up_to(&h, 1);
    n = buf_len(&h.packet) - 5;
    memcpy(octets + 12, buf_span(&h.packet).p + 5, n);
    octets[3] = (uint8_t)(12 + n);
    ck_assert(!takes(h.peer, span_of(octets, 12 + n)));
    ck_assert(takes(h.peer, buf_span(&h.packet)));
    halves_release(&h);
}
END_TEST

/* ---- the channel ---- */

/* What one says to the other in the third or fourth message, sealed rightly. */
static const struct saying {
    int number;
    uint8_t plain[4];
    size_t n;
    uint8_t nonce;
    bool taken;
    enum reason reason;
    uint8_t answer[2]; /* of the peer; 0: none */
} sayings[] = {
    {3, {0x80}, 1, 0, true, REASON_NONE, {0x80}},
    {3, {0x9f}, 1, 0, true, REASON_NONE, {0x80}}, /* reserved bits: ignored */
    {3, {0xc0}, 1, 0, true, REASON_FORBIDDEN, {0xc0}},
    {3, {0x40}, 1, 0, true, REASON_EAP_FAILURE, {0xc0}},
    {3, {0x00}, 1, 0, false, REASON_NONE, {0}},
    {3, {0x80, 0x00}, 2, 0, false, REASON_NONE, {0}}, /* more than E == 0 has */
    {3, {0x80}, 1, 1, false, REASON_NONE, {0}},       /* not its nonce */
    /* extended authentication: refused with the same EXT_Type and nothing in it (6.2) */
    {3, {0x60, 255, 1}, 3, 0, true, REASON_EAP_NO_METHOD, {0xe0, 255}},
    {3, {0xa0, 255, 1, 2}, 4, 0, true, REASON_EAP_NO_METHOD, {0xe0, 255}},
    {3, {0xa0}, 1, 0, false, REASON_NONE, {0}}, /* E without an EXT */
    {4, {0x80}, 1, 1, true, REASON_NONE, {0}},
    {4, {0xc0}, 1, 1, true, REASON_EAP_FAILURE, {0}},
    {4, {0x40}, 1, 1, true, REASON_EAP_FAILURE, {0}},
    {4, {0x00}, 1, 1, false, REASON_NONE, {0}},
    {4, {0x80}, 1, 0, false, REASON_NONE, {0}},
    {4, {0xa0, 255}, 2, 1, true, REASON_EAP_FAILURE, {0}}, /* only a server begins it */
};

static size_t seal(struct halves *h, const struct saying *s, uint8_t *packet)
{
    const struct eap_psk *from = psk_of(s->number == 3 ? h->server : h->peer);
    size_t at = s->number == 3 ? 38 : 22, n = at + 20 + s->n;
    uint8_t nonce[16] = {0};

    memcpy(packet, buf_span(&h->packet).p, at);
    packet[3] = (uint8_t)n;
    nonce[15] = s->nonce;
    memcpy(packet + at, nonce + 12, 4);
    cipher_eax_seal(NULL, from->tek, span_of(nonce, 16), span_of(packet, 22),
                    span_of(s->plain, s->n), packet + at + 20, packet + at + 4);
    return n;
}

START_TEST(said_in_the_channel)
{
    const struct saying *s = &sayings[_i];
    struct eap_half *to;
    struct halves h;
    uint8_t packet[128], nonce[16] = {[15] = 1}, plain[2];
    size_t n;

    up_to(&h, s->number);
    to = taker(&h, s->number);
    n = seal(&h, s, packet);
    ck_assert_int_eq(takes(to, span_of(packet, n)), s->taken);
    ck_assert_int_eq(to->reason, s->reason);
    ck_assert_int_eq(to->state, !s->taken   ? EAP_HALF_CONTINUE
                                : s->reason ? EAP_HALF_FAILED
                                            : EAP_HALF_DONE);
    ck_assert_int_eq(to->keys.present, to->state == EAP_HALF_DONE);
    if (s->answer[0]) {
        n = s->answer[1] ? 2 : 1;
        ck_assert_uint_eq(builds(&h, to, 2).n, 42 + n);
        memcpy(packet, buf_span(&h.packet).p, 42 + n);
        ck_assert(cipher_eax_open(NULL, psk_of(to)->tek, span_of(nonce, 16), span_of(packet, 22),
                                  span_of(packet + 42, n), packet + 26, plain));
        ck_assert_mem_eq(plain, s->answer, n);
    }
    halves_release(&h);
}
END_TEST

START_TEST(payload_too_long)
{
    uint8_t packet[1024] = {1, 2, 0, 0, EAP_PSK, 0x80};
    struct halves h;

    up_to(&h, 3);
    memcpy(packet + 6, psk_of(h.server)->rand_s, 16);
    memcpy(packet + 22, buf_span(&h.packet).p + 22, 16);
    for (size_t payload = 960; payload <= 961; payload++) {
        size_t n = 38 + 20 + payload;

        packet[2] = (uint8_t)(n >> 8);
        packet[3] = (uint8_t)n;
        ck_assert(!takes(h.peer, span_of(packet, n)));
        ck_assert_uint_eq(h.peer->unverified, 1); /* the longer one was not even tried */
    }
    halves_release(&h);
}
END_TEST

START_TEST(sizes)
{
    uint8_t first[5 + 17 + 967] = {1, 1, 0, 0, EAP_PSK};
    struct halves h;

    halves_init(&h, "device-1", "mas", psk);
    halves_make(&h, &eap_method_psk);
    for (size_t id = 967; id >= 966; id--) {
        size_t n = 22 + id;

        first[2] = (uint8_t)(n >> 8);
        first[3] = (uint8_t)n;
        ck_assert_int_eq(takes(h.peer, span_of(first, n)), id == 966);
    }
    halves_release(&h);
    halves_init(&h, "device-1", "mas", psk);
    h.server_settings.mtu = 24;
    halves_make(&h, &eap_method_psk);
    ck_assert_uint_eq(builds(&h, h.server, 1).n, 0); /* 25 */
    ck_assert_int_eq(h.server->reason, REASON_EAP_FRAGMENT);
    halves_release(&h);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("eap-psk");
    TCase *tc = tcase_create("psk");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, recorded_exchange);
    tcase_add_test(tc, macs);
    tcase_add_test(tc, clean);
    tcase_add_test(tc, every_fault);
    tcase_add_test(tc, wrong_key);
    tcase_add_test(tc, only_the_first_half_counts);
    tcase_add_loop_test(tc, anonymous_outside, 0, COUNT(inner));
    tcase_add_test(tc, forbidden);
    tcase_add_test(tc, unknown);
    tcase_add_test(tc, peers_that_cannot_be);
    tcase_add_loop_test(tc, truncated, 1, 5);
    tcase_add_loop_test(tc, altered, 2, 5); /* the first has no MAC */
    tcase_add_test(tc, out_of_turn);
    tcase_add_test(tc, replayed);
    tcase_add_loop_test(tc, false_macs, 2, 5);
    tcase_add_loop_test(tc, of_another_conversation, 2, 5);
    tcase_add_test(tc, expanded_type);
    tcase_add_loop_test(tc, said_in_the_channel, 0, COUNT(sayings));
    tcase_add_test(tc, payload_too_long);
    tcase_add_test(tc, sizes);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
