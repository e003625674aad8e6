/* RADIUS client and server: whole conversations of an EAP method between them, and what the way
 * does to them. */
#include "crypto/entity.h"
#include "models/proto/radius_impl.h"
#include "tests/support/radius_rig.h"

#include <check.h>
#include <stdlib.h>

static const struct eap_method *const methods[] = {&eap_test_method};

static const struct eap_rig_user users[] = {
    {"device-1@m2m.example", {.methods = {&eap_test_method}, .method_count = 1}}};

static void make(void *arg, struct radius_rig_settings *s)
{
    (void)arg;
    s->peer.identity = "device-1@m2m.example";
    s->peer.methods = methods;
    s->peer.method_count = 1;
    s->users = users;
    s->user_count = 1;
}

static void setup(void)
{
    eap_test_script = (struct eap_test_script){.rounds = 3};
}

static enum reason reason(const struct radius_rig *r, int side)
{
    return r->pair.side[side].proto->reason;
}

/* ---- whole conversations ---- */

START_TEST(clean)
{
    struct radius_rig r;
    struct radius_packet accept;
    struct span name;
    size_t at = 0;

    radius_rig_init(&r, make, NULL);
    ck_assert_int_eq(radius_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert(radius_rig_is_complete(&r));
    /* identity and three rounds, one request each */
    ck_assert_uint_eq(r.pair.side[0].outputs, 4);
    ck_assert_uint_eq(r.pair.side[1].outputs, 4);
    ck_assert_mem_eq(buf_span(&r.pair.side[1].labels).p,
                     "Access-Challenge\nAccess-Challenge\nAccess-Challenge\nAccess-Accept\n",
                     3 * 17 + 14);
    ck_assert(radius_client_accept(r.client, &accept));
    ck_assert(radius_find(&accept, RADIUS_USER_NAME, &at, &name));
    ck_assert(name.n == 20 && memcmp(name.p, "device-1@m2m.example", 20) == 0);
    ck_assert_int_eq(r.pair.side[0].proto->expiry, SIM_NEVER);
    ck_assert_uint_eq(r.pair.now, 8 * SIM_MS);
    radius_rig_release(&r);
}
END_TEST

/* What the shared secret costs: of each packet a Message-Authenticator on either side, of each
 * response an MD5 too, and three blocks for each half of the MSK. */
START_TEST(is_metered)
{
    struct radius_rig r;

    radius_rig_init(&r, make, NULL);
    radius_rig_run(&r, pair_clean());
    for (int side = 0; side < 2; side++) {
        ck_assert_uint_eq(r.pair.side[side].meter.use[OP_HMAC_MD5].calls, 8);
        ck_assert_uint_eq(r.pair.side[side].meter.use[OP_MD5].calls, 4 + 6);
    }
    radius_rig_release(&r);
}
END_TEST

START_TEST(every_fault)
{
    radius_rig_every_fault(make, NULL, NULL, 1);
}
END_TEST

static void make_start(void *arg, struct radius_rig_settings *s)
{
    make(arg, s);
    s->eap_start = true;
}

START_TEST(eap_start)
{
    struct radius_rig r;

    radius_rig_init(&r, make_start, NULL);
    ck_assert_int_eq(radius_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert(radius_rig_is_complete(&r));
    ck_assert_uint_eq(r.pair.side[0].outputs, 5);
    radius_rig_release(&r);
}
END_TEST

START_TEST(peer_with_another_key)
{
    struct radius_rig r;

    eap_test_script.wrong_secret = true;
    radius_rig_init(&r, make, NULL);
    ck_assert_int_eq(radius_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_int_eq(reason(&r, 0), REASON_RADIUS_REJECT);
    ck_assert_int_eq(reason(&r, 1), REASON_EAP_MAC);
    ck_assert_int_eq(eap_peer_proto(r.peer)->status, PROTO_FAILED);
    radius_rig_check(&r);
    radius_rig_release(&r);
}
END_TEST

static void make_unknown(void *arg, struct radius_rig_settings *s)
{
    make(arg, s);
    s->peer.identity = "nobody";
}

START_TEST(unknown_user)
{
    struct radius_rig r;

    radius_rig_init(&r, make_unknown, NULL);
    ck_assert_int_eq(radius_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_int_eq(reason(&r, 0), REASON_RADIUS_REJECT);
    ck_assert_int_eq(reason(&r, 1), REASON_EAP_IDENTITY);
    ck_assert_uint_eq(r.pair.side[1].outputs, 1);
    radius_rig_check(&r);
    radius_rig_release(&r);
}
END_TEST

static void make_wrong_secret(void *arg, struct radius_rig_settings *s)
{
    make(arg, s);
    s->client.secret = span_str("testing124");
    s->server.idle = 100 * SIM_S;
}

START_TEST(wrong_secret)
{
    struct radius_rig r;

    radius_rig_init(&r, make_wrong_secret, NULL);
    ck_assert_int_eq(radius_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_int_eq(reason(&r, 0), REASON_RADIUS_TIMEOUT);
    ck_assert_int_eq(reason(&r, 1), REASON_RADIUS_AUTHENTICATOR);
    ck_assert_uint_eq(r.pair.side[1].outputs, 0);
    ck_assert_ptr_null(radius_server_eap(r.server));
    radius_rig_release(&r);
}
END_TEST

static void change_answers(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    (void)arg, (void)index, (void)n;
    if (from == 1)
        octets[22] ^= 1;
}

START_TEST(every_answer_altered)
{
    struct pair_script script = pair_clean();
    struct radius_rig r;

    script.tamper = change_answers;
    radius_rig_init(&r, make, NULL);
    ck_assert_int_eq(radius_rig_run(&r, script), PAIR_ENDED);
    ck_assert_int_eq(reason(&r, 0), REASON_RADIUS_AUTHENTICATOR);
    ck_assert_int_eq(reason(&r, 1), REASON_TIMEOUT);
    /* one answer, given again for each repetition */
    ck_assert_uint_eq(r.pair.side[1].outputs, r.pair.side[0].outputs);
    ck_assert_uint_eq(r.queries, 1);
    radius_rig_release(&r);
}
END_TEST

/* RFC 5080 2.2.2: a request whose answer is not there yet is not begun again. */
START_TEST(slow_node)
{
    struct pair_script script = pair_clean();
    struct radius_rig r;
    unsigned repeated;

    radius_rig_init(&r, make, NULL);
    r.settings.hold = true;
    script.limit = 7 * SIM_S;
    ck_assert_int_eq(radius_rig_run(&r, script), PAIR_LIMIT);
    repeated = r.pair.side[0].outputs;
    ck_assert_uint_eq(repeated, 3); /* at 0, 2 and 6 s */
    ck_assert_uint_eq(r.pair.side[1].outputs, 0);
    ck_assert_int_eq(eap_server_query(radius_server_eap(r.server))->kind, EAP_QUERY_USER);
    r.settings.hold = false;
    ck_assert_int_eq(radius_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert(radius_rig_is_complete(&r));
    ck_assert_uint_eq(r.pair.side[0].outputs, repeated + 3);
    radius_rig_release(&r);
}
END_TEST

/* The peer's first response is ignored by the server, so RADIUS has it said again (RFC 3579 2.2).
 */
START_TEST(an_ignored_response_is_asked_for_again)
{
    struct radius_rig r;

    eap_test_script.server_discards_at = 2;
    radius_rig_init(&r, make, NULL);
    ck_assert_int_eq(radius_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert(radius_rig_is_complete(&r));
    ck_assert_uint_eq(r.pair.side[0].outputs, 5);
    radius_rig_release(&r);
}
END_TEST

static void make_extra(void *arg, struct radius_rig_settings *s)
{
    static const uint8_t asked[] = {31, 5, 'a', 'b', 'c', 250, 3, 0}; /* Calling-Station-Id; ? */
    static struct buf granted;

    make(arg, s);
    s->client.extra = span_of(asked, sizeof(asked));
    s->client.framed_mtu = 777;
    buf_init(&granted, 100);
    radius_put_vendor(&granted, 1, span_str("granted"));
    s->accept = buf_span(&granted);
}

START_TEST(attributes_of_the_project)
{
    struct radius_packet p;
    struct radius_rig r;
    uint32_t mtu;
    struct span v;
    size_t at = 0;

    radius_rig_init(&r, make_extra, NULL);
    ck_assert(!radius_server_last(r.server, &p));
    ck_assert(!radius_client_accept(r.client, &p));
    ck_assert_int_eq(radius_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert(radius_rig_is_complete(&r));
    ck_assert(radius_server_last(r.server, &p));
    ck_assert(radius_find(&p, 31, &at, &v) && v.n == 3 && memcmp(v.p, "abc", 3) == 0);
    ck_assert(radius_find_u32(&p, RADIUS_FRAMED_MTU, &mtu) && mtu == 777);
    ck_assert(radius_client_accept(r.client, &p));
    ck_assert(radius_find_vendor(&p, 1, &v) && v.n == 7 && memcmp(v.p, "granted", 7) == 0);
    free((void *)r.settings.accept.p);
    radius_rig_release(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("radius");
    TCase *tc = tcase_create("radius and eap");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, clean);
    tcase_add_test(tc, is_metered);
    tcase_add_test(tc, every_fault);
    tcase_add_test(tc, eap_start);
    tcase_add_test(tc, peer_with_another_key);
    tcase_add_test(tc, unknown_user);
    tcase_add_test(tc, wrong_secret);
    tcase_add_test(tc, every_answer_altered);
    tcase_add_test(tc, slow_node);
    tcase_add_test(tc, an_ignored_response_is_asked_for_again);
    tcase_add_test(tc, attributes_of_the_project);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
