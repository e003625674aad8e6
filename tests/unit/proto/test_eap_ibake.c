/* EAP-IBAKE: its two halves against each other, what they agree on, and every formula and octet
 * that eap_ibake.h states; then through EAP's peer and server, with all that can happen on the way.
 */
#include "ibake_kit.h"

#include "crypto/hash.h"
#include "tests/support/eap_rig.h"
#include "tests/support/scaled.h"

/* ---- clean runs ---- */

START_TEST(clean)
{
    struct duo d;

    duo_ready(&d, 1, 1 + _i);
    run(&d);
    check_done(&d);
    ck_assert_int_eq(((struct ibake *)d.peer.half)->scheme, _i == 1 ? IBE_BF : IBE_SAKKE);
    ck_assert_str_eq(d.server.trace.label, "IBAKE-ID, IBAKE-Challenge, IBAKE-Confirm");
    ck_assert_str_eq(d.peer.trace.label, "IBAKE-ID, IBAKE-Challenge, IBAKE-Confirm");
    for (int i = 0; i < 2; i++) {
        const struct meter *m = i ? &d.peer.meter : &d.server.meter;
        bool bf = _i == 1;

        ck_assert_uint_eq(m->use[OP_SAKKE_ENCAPSULATE].calls, bf ? 0 : 2 - i);
        ck_assert_uint_eq(m->use[OP_SAKKE_DERIVE].calls, bf ? 0 : 1 + i);
        ck_assert_uint_eq(m->use[OP_BF_ENCRYPT].calls, bf ? 2 - i : 0);
        ck_assert_uint_eq(m->use[OP_BF_DECRYPT].calls, bf ? 1 + i : 0);
        ck_assert_uint_eq(m->use[OP_P256_KEYGEN].calls, 1);
        ck_assert_uint_eq(m->use[OP_P256_ECDH].calls, 1);
        ck_assert_uint_eq(m->use[OP_AES128_GCM].calls, 3);
    }
    duo_release(&d);
}
END_TEST

START_TEST(the_stream_decides)
{
    struct duo a, b, c;

    duo_ready(&a, 1, 1 + _i);
    duo_ready(&b, 1, 1 + _i);
    duo_ready(&c, 2, 1 + _i);
    run(&a);
    run(&b);
    run(&c);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert_uint_eq(a.packet_n[i], b.packet_n[i]);
        ck_assert_mem_eq(a.packet[i], b.packet[i], a.packet_n[i]);
        ck_assert_mem_ne(a.packet[i], c.packet[i], a.packet_n[i]);
    }
    ck_assert_mem_eq(&a.peer.half->keys, &b.peer.half->keys, sizeof(struct eap_keys));
    ck_assert_mem_ne(a.peer.half->keys.msk, c.peer.half->keys.msk, EAP_KEY_LEN);
    ck_assert_mem_ne(a.peer.half->keys.emsk, a.peer.half->keys.msk, EAP_KEY_LEN);
    duo_release(&a);
    duo_release(&b);
    duo_release(&c);
}
END_TEST

/* The longest packet is as long as eap_ibake.h says. */
START_TEST(longest_names)
{
    struct duo d;
    size_t longest = 0;

    ck_assert_uint_eq(strlen(LONGEST), IBE_NAME_MAX);
    duo_init(&d, 1, user(LONGEST, "2020-01", BF_ONLY), user(LONGEST, "2020-01", BF_ONLY));
    d.peer_settings.credentials.expect_name = LONGEST;
    run(&d);
    check_done(&d);
    for (unsigned i = 0; i < d.count; i++)
        longest = d.packet_n[i] > longest ? d.packet_n[i] : longest;
    ck_assert_uint_eq(longest, 843);
    duo_release(&d);
    duo_init(&d, 1, user(LONGEST, "2020-01", BF_ONLY), user(LONGEST, "2020-01", BF_ONLY));
    d.peer_settings.credentials.expect_name = NULL;
    d.peer_settings.mtu = 842;
    run(&d);
    ck_assert_int_eq(d.peer.half->reason, REASON_EAP_FRAGMENT);
    duo_release(&d);
}
END_TEST

/* The header's formulas, computed again from the packets and Ke. HKDF-Expand by RFC 5869 2.3. */
static void expand(const uint8_t *prk, const struct span *info, size_t info_n, uint8_t *out,
                   size_t n)
{
    uint8_t block[32], counter = 1;

    for (size_t at = 0; at < n; at += 32, counter++) {
        struct span pieces[8] = {span_of(block, at ? 32 : 0)};

        for (size_t i = 0; i < info_n; i++)
            pieces[1 + i] = info[i];
        pieces[1 + info_n] = span_of(&counter, 1);
        hash_hmac_sha256_v(NULL, span_of(prk, 32), pieces, info_n + 2, block);
        memcpy(out + at, block, n - at < 32 ? n - at : 32);
    }
}

START_TEST(keys_as_documented)
{
    struct duo d;
    uint8_t t[7][32] = {{0}}, ka[32], mac[32], role, keys[128];
    static const uint8_t type[] = {254, 0xff, 0xff, 0xfe, 0, 0, 0, 1};

    duo_ready(&d, 1, BOTH);
    run(&d);
    check_done(&d);
    for (int n = 1; n <= 6; n++) {
        struct span pieces[] = {span_of(t[n - 1], 32), span_of(d.packet[n - 1], d.packet_n[n - 1])};

        hash_sha256_v(NULL, pieces, 2, t[n]);
    }
    const uint8_t *ke = ((struct ibake *)d.server.half)->ke;
    expand(ke, (struct span[]){span_str("EAP-IBAKE auth"), span_of(t[4], 32)}, 2, ka, 32);
    for (int n = 5; n <= 6; n++) {
        struct span pieces[] = {span_of(&role, 1), span_of(t[n - 1], 32),
                                span_of(d.packet[n - 1], d.packet_n[n - 1] - 32)};

        role = (uint8_t)(n - 4);
        hash_hmac_sha256_v(NULL, span_of(ka, 32), pieces, 3, mac);
        ck_assert_mem_eq(mac, d.packet[n - 1] + d.packet_n[n - 1] - 32, 32);
    }
    expand(ke,
           (struct span[]){span_str("EAP-IBAKE key"), span_of(SERVER, sizeof(SERVER)),
                           span_of(DEVICE, sizeof(DEVICE)), span_of(t[5], 32)},
           4, keys, 128);
    ck_assert_mem_eq(d.peer.half->keys.msk, keys, 64);
    ck_assert_mem_eq(d.peer.half->keys.emsk, keys + 64, 64);
    /* Rs and Rp are the last fields of packets 1 and 2 */
    const uint8_t *id = d.peer.half->keys.session_id;
    ck_assert_mem_eq(id, type, 8);
    ck_assert_mem_eq(id, d.packet[0] + 4, 8);
    ck_assert_mem_eq(id + 8, d.packet[0] + d.packet_n[0] - 32, 32);
    ck_assert_mem_eq(id + 40, d.packet[1] + d.packet_n[1] - 32, 32);
    duo_release(&d);
}
END_TEST

/* The octets of the first packet, one by one. */
START_TEST(octets_as_documented)
{
    static const uint8_t begin[] = {
        1,   0,   0,   83,  254, 0xff, 0xff, 0xfe, 0,   0,   0,   1,   1,   1,   0,   6,   19,  1,
        1,   19,  2,   1,   3,   0,    15,   'm',  'a', 's', '.', 'm', '2', 'm', '.', 'e', 'x', 'a',
        'm', 'p', 'l', 'e', 4,   0,    7,    '2',  '0', '2', '0', '-', '0', '1', 5,   0,   32};
    struct duo d;

    duo_ready(&d, 1, BOTH);
    run(&d);
    ck_assert_uint_eq(d.packet_n[0], sizeof(begin) + 32);
    ck_assert_uint_eq(d.packet[0][3], sizeof(begin) + 32);
    ck_assert_mem_eq(d.packet[0], begin, 3);
    ck_assert_mem_eq(d.packet[0] + 4, begin + 4, sizeof(begin) - 4);
    duo_release(&d);
}
END_TEST

/* ---- what they agree on, or not ---- */

static const struct {
    int server, peer;
    enum ibe_scheme scheme; /* 0: none */
} choices[] = {
    {BOTH, BOTH, IBE_SAKKE},
    {BOTH, BF_ONLY, IBE_BF},
    {BF_ONLY, BOTH, IBE_BF},
    {SAKKE_ONLY, BOTH, IBE_SAKKE},
    {SAKKE_ONLY, BF_ONLY, (enum ibe_scheme)0},
    {BF_ONLY, SAKKE_ONLY, (enum ibe_scheme)0},
};

START_TEST(proposals)
{
    struct duo d;

    duo_init(&d, 1, user(SERVER, "2020-01", choices[_i].server),
             user(DEVICE, "2020-01", choices[_i].peer));
    run(&d);
    if (choices[_i].scheme) {
        check_done(&d);
        ck_assert_int_eq(((struct ibake *)d.server.half)->scheme, choices[_i].scheme);
    } else {
        check_failed(&d, REASON_NO_COMMON_SUITE, REASON_NO_COMMON_SUITE);
        ck_assert_str_eq(d.peer.trace.label, "IBAKE-Failure");
    }
    duo_release(&d);
}
END_TEST

START_TEST(without_keys)
{
    struct duo d;

    duo_init(&d, 1, user(SERVER, "2020-01", 0), NULL);
    ck_assert_ptr_null(eap_method_ibake.server->server(&d.server.env, &d.server_context));
    ck_assert_ptr_null(eap_method_ibake.peer->peer(&d.peer.env, &d.peer_context));
    ibe_user_free(d.users[0]);
}
END_TEST

/* In 2020-01. */
static const struct {
    const char *server, *peer;
    enum reason reason;
} periods[] = {
    {"2020-01", "2019-02", REASON_NONE},        {"2019-02", "2020-01", REASON_NONE},
    {"2019-01", "2020-01", REASON_KEY_EXPIRED}, {"2020-01", "2019-01", REASON_KEY_EXPIRED},
    {"2020-02", "2020-01", REASON_KEY_EXPIRED}, {"2020-01", "2020-02", REASON_KEY_EXPIRED},
};

START_TEST(ages_of_keys)
{
    struct duo d;

    duo_init(&d, 1, user(SERVER, periods[_i].server, SAKKE_ONLY),
             user(DEVICE, periods[_i].peer, SAKKE_ONLY));
    run(&d);
    if (periods[_i].reason)
        check_failed(&d, periods[_i].reason, periods[_i].reason);
    else
        check_done(&d);
    duo_release(&d);
}
END_TEST

START_TEST(names_not_expected)
{
    struct duo d;

    duo_ready(&d, 1, SAKKE_ONLY);
    d.peer_settings.credentials.expect_name = "other.m2m.example";
    run(&d);
    check_failed(&d, REASON_EAP_IDENTITY, REASON_EAP_IDENTITY);
    ck_assert_uint_eq(d.count, 2);
    duo_release(&d);
    duo_ready(&d, 1, SAKKE_ONLY);
    snprintf(d.identity, sizeof(d.identity), "device-2@m2m.example");
    run(&d);
    check_failed(&d, REASON_EAP_IDENTITY, REASON_EAP_IDENTITY);
    ck_assert_uint_eq(d.count, 4); /* the server's Failure, the peer's */
    duo_release(&d);
    duo_ready(&d, 1, SAKKE_ONLY);
    d.peer_settings.credentials.expect_name = NULL;
    run(&d);
    check_done(&d);
    duo_release(&d);
}
END_TEST

/* Who claims a name without its key: the device, the server. */
START_TEST(keys_of_another)
{
    struct duo d;
    struct ibe_user *liar = ibe_user_new(_i ? SERVER : DEVICE, "2020-01");

    ck_assert_int_eq(ibe_user_issue(liar, other, NULL), OK);
    if (_i)
        duo_init(&d, 1, liar, user(DEVICE, "2020-01", SAKKE_ONLY));
    else
        duo_init(&d, 1, user(SERVER, "2020-01", SAKKE_ONLY), liar);
    run(&d);
    /* A server of another authority encrypts to what is not the device's key either. */
    check_failed(&d, REASON_IBE_DECRYPT, REASON_IBE_DECRYPT);
    duo_release(&d);
}
END_TEST

/* ---- fields ---- */

START_TEST(fields)
{
    static const uint8_t order[] = {IBAKE_CHOICE, IBAKE_PERIOD, IBAKE_END};
    static const uint8_t empty[] = {IBAKE_END};
    struct ibake_fields f;
    struct buf b;

    buf_init(&b, 100);
    ck_assert(ibake_read(span_of(NULL, 0), empty, &f));
    ck_assert(ibake_put(&b, IBAKE_CHOICE, span_str("abc")));
    ck_assert(ibake_put(&b, IBAKE_PERIOD, span_str("2020-01")));
    ck_assert(!ibake_put(&b, IBAKE_CHOICE, span_str("ab")));
    ck_assert(!ibake_put(&b, IBAKE_IDENTITY, span_str("")));
    ck_assert(!ibake_put(&b, IBAKE_IDENTITY, span_str(LONGEST "x")));
    ck_assert(ibake_read(buf_span(&b), order, &f));
    ck_assert_uint_eq(f.value[IBAKE_CHOICE].n, 3);
    ck_assert_mem_eq(f.value[IBAKE_PERIOD].p, "2020-01", 7);
    ck_assert_uint_eq(f.value[IBAKE_IDENTITY].n, 0);
    ck_assert(!ibake_read(buf_span(&b), order + 1, &f));
    ck_assert(!ibake_read(buf_span(&b), empty, &f));
    for (size_t n = 0; n < buf_len(&b); n++)
        ck_assert(!ibake_read(span_of(buf_span(&b).p, n), order, &f));
    buf_put(&b, "", 1);
    ck_assert(!ibake_read(buf_span(&b), order, &f));
    buf_clear(&b);
}
END_TEST

/* ---- through the machines ---- */

static struct ibe_user *rig_users[2];

static void rig_make(void *arg, struct eap_rig_settings *s)
{
    static const struct eap_method *const methods[] = {&eap_method_ibake};
    static const struct eap_rig_user known = {DEVICE,
                                              {.methods = {&eap_method_ibake}, .method_count = 1}};

    (void)arg;
    s->users = &known;
    s->user_count = 1;
    s->peer.identity = DEVICE;
    s->peer.methods = methods;
    s->peer.method_count = 1;
    s->peer.credentials.ibe = rig_users[1];
    s->peer.credentials.expect_name = SERVER;
    s->server.ibe = rig_users[0];
}

static void rig_users_take(int schemes)
{
    rig_users[0] = usual[0][schemes];
    rig_users[1] = usual[1][schemes];
}

START_TEST(through_the_machines)
{
    struct eap_rig r;

    rig_users_take(1 + _i);
    eap_rig_init(&r, rig_make, NULL);
    ck_assert_int_eq(eap_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert(eap_rig_is_complete(&r));
    ck_assert_ptr_eq(eap_server_method(r.server), &eap_method_ibake);
    ck_assert_ptr_eq(eap_method_by_name("ibake"), &eap_method_ibake);
    ck_assert_ptr_eq(eap_method_by_type(254, 0xfffffe, 1), &eap_method_ibake);
    eap_rig_release(&r);
}
END_TEST

START_TEST(every_fault)
{
    rig_users_take(1 + _i);
    eap_rig_every_fault(rig_make, NULL, NULL, _i ? SCALED(61, 241) : SCALED(29, 113));
}
END_TEST

/* A server that has no key yet asks for it; it answers with what its node has got by then. */
static void give_key(void *arg, const struct eap_query *q, struct eap_answer *a)
{
    const struct eap_answer *answer = arg;

    ck_assert_int_eq(q->kind, EAP_QUERY_IBE);
    *a = *answer;
}

static void asking(void *arg, struct eap_rig_settings *s)
{
    rig_make(arg, s);
    s->server.ibe = NULL;
    s->server.asks_ibe = true;
    s->answer = give_key;
    s->answer_arg = arg;
    s->answer_after = 700 * SIM_MS;
}

START_TEST(a_server_that_asks_for_its_key)
{
    struct eap_answer none = {.reason = REASON_NONE}, late = {.reason = REASON_BACKEND_TIMEOUT};
    struct eap_answer key = {.ibe = NULL}, *const answers[] = {&key, &none, &late};
    const enum reason reasons[] = {REASON_NONE, REASON_CRYPTO, REASON_BACKEND_TIMEOUT};
    struct eap_rig r;

    rig_users_take(SAKKE_ONLY);
    key.ibe = rig_users[0];
    eap_rig_init(&r, asking, answers[_i]);
    ck_assert_int_eq(eap_rig_run(&r, pair_clean()), PAIR_ENDED);
    eap_rig_check(&r);
    ck_assert(eap_rig_is_complete(&r) == (_i == 0));
    ck_assert_int_eq(eap_rig_proto(&r, 1)->reason, reasons[_i]);
    eap_rig_release(&r);
}
END_TEST

static void without_peer_key(void *arg, struct eap_rig_settings *s)
{
    rig_make(arg, s);
    s->peer.credentials.ibe = NULL;
}

static void wrong_server_name(void *arg, struct eap_rig_settings *s)
{
    rig_make(arg, s);
    s->peer.credentials.expect_name = "other";
}

static void wrong_peer_key(void *arg, struct eap_rig_settings *s)
{
    rig_make(arg, s);
    s->peer.credentials.ibe = arg;
}

START_TEST(refused_through_the_machines)
{
    struct ibe_user *liar = ibe_user_new(DEVICE, "2020-01");
    struct eap_rig r;
    static const struct {
        eap_rig_make make;
        enum reason reason;
    } rows[] = {{without_peer_key, REASON_EAP_NO_METHOD},
                {wrong_server_name, REASON_EAP_IDENTITY},
                {wrong_peer_key, REASON_IBE_DECRYPT}};

    rig_users_take(SAKKE_ONLY);
    ck_assert_int_eq(ibe_user_issue(liar, other, NULL), OK);
    eap_rig_init(&r, rows[_i].make, liar);
    ck_assert_int_eq(eap_rig_run(&r, pair_clean()), PAIR_ENDED);
    eap_rig_check(&r);
    ck_assert_int_eq(eap_rig_proto(&r, 0)->reason, rows[_i].reason);
    ck_assert_int_eq(eap_rig_proto(&r, 1)->reason, rows[_i].reason);
    eap_rig_release(&r);
    ibe_user_free(liar);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_loop_test(c, clean, 0, 3);
    tcase_add_loop_test(c, the_stream_decides, 0, 2);
    tcase_add_test(c, longest_names);
    tcase_add_test(c, keys_as_documented);
    tcase_add_test(c, octets_as_documented);
    tcase_add_loop_test(c, proposals, 0, sizeof(choices) / sizeof(choices[0]));
    tcase_add_test(c, without_keys);
    tcase_add_loop_test(c, ages_of_keys, 0, sizeof(periods) / sizeof(periods[0]));
    tcase_add_test(c, names_not_expected);
    tcase_add_loop_test(c, keys_of_another, 0, 2);
    tcase_add_test(c, fields);
    tcase_add_loop_test(c, through_the_machines, 0, 3);
    tcase_add_loop_test(c, a_server_that_asks_for_its_key, 0, 3);
    tcase_add_loop_test(c, every_fault, 0, 2);
    tcase_add_loop_test(c, refused_through_the_machines, 0, 3);
}

int main(void)
{
    return run_suite("eap-ibake", fill);
}
