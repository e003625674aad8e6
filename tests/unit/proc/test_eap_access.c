/* A peer behind its own pass-through against a RADIUS server: all on one side is one core. */
#include "models/proc/eap_access.h"

#include "crypto/entity.h"
#include "tests/support/eap_rig.h"

#include <check.h>

static const struct eap_method *const methods[] = {&eap_test_method};

struct rig {
    struct pair pair;
    struct eap_access *access;
    struct radius_server *server;
    const char *known; /* the server's one user */
};

static void step(void *arg, struct pair *p, int side)
{
    struct rig *r = arg;
    struct eap_server *eap = radius_server_eap(r->server);
    const struct eap_query *q;

    while (side == 1 && eap && (q = eap_server_query(eap))) {
        struct eap_answer a = {.reason = REASON_EAP_IDENTITY};

        if (strcmp(q->identity, r->known) == 0)
            a = (struct eap_answer){.methods = {&eap_test_method}, .method_count = 1};
        eap_server_answer(eap, p->now, &a);
        radius_server_poke(r->server, p->now);
    }
}

static void init(struct rig *r, const char *secret)
{
    struct eap_access_settings s = {
        .peer = {.identity = "device-1", .methods = methods, .method_count = 1},
        .radius = {.secret = span_str(secret), .nas_identifier = "attach"}};
    struct radius_server_settings server = {.secret = span_str("testing123")};

    *r = (struct rig){.known = "device-1"};
    pair_init(&r->pair, 1);
    pair_enter(&r->pair, 0);
    r->access = eap_access_new(&r->pair.side[0].env, &s);
    pair_leave();
    pair_enter(&r->pair, 1);
    r->server = radius_server_new(&r->pair.side[1].env, &server);
    pair_leave();
    r->pair.side[0].proto = eap_access_proto(r->access);
    r->pair.side[1].proto = radius_server_proto(r->server);
}

static enum pair_end run(struct rig *r, struct pair_script script)
{
    script.datagrams = true;
    script.step = step;
    script.arg = r;
    return pair_run(&r->pair, &script);
}

static void release(struct rig *r)
{
    proto_free(r->pair.side[0].proto);
    proto_free(r->pair.side[1].proto);
    pair_release(&r->pair);
}

static void setup(void)
{
    eap_test_script = (struct eap_test_script){.rounds = 3};
}

static void check_complete(const struct rig *r)
{
    const struct eap_keys *own = eap_peer_keys(eap_access_peer(r->access));
    const struct eap_keys *theirs = eap_server_keys(radius_server_eap(r->server));

    ck_assert_int_eq(r->pair.side[0].proto->status, PROTO_DONE);
    ck_assert_int_eq(r->pair.side[1].proto->status, PROTO_DONE);
    ck_assert(own->present && eap_access_has_server_msk(r->access));
    ck_assert_mem_eq(own->msk, theirs->msk, EAP_KEY_LEN);
    ck_assert_int_eq(r->pair.side[0].proto->expiry, SIM_NEVER);
}

START_TEST(clean)
{
    struct rig r;

    init(&r, "testing123");
    ck_assert_int_eq(run(&r, pair_clean()), PAIR_ENDED);
    check_complete(&r);
    /* the identity, three rounds */
    ck_assert_uint_eq(eap_access_round_trips(r.access), 4);
    ck_assert_uint_eq(eap_access_octets_out(r.access), 5 + 8 + 3 * (5 + 17));
    ck_assert_uint_eq(eap_access_octets_in(r.access), 5 + 3 * (5 + 17) + 4);
    ck_assert_ptr_eq(eap_peer_method(eap_access_peer(r.access)), &eap_test_method);
    ck_assert_str_eq(eap_peer_identity(eap_access_peer(r.access)), "device-1");
    ck_assert_mem_eq(buf_span(&r.pair.side[0].labels).p, "Access-Request\nAccess-Request\n", 30);
    release(&r);
}
END_TEST

START_TEST(each_loss_and_duplicate)
{
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < 4; i++)
            for (int twice = 0; twice < 2; twice++) {
                struct pair_script script = pair_clean();
                struct rig r;

                if (twice)
                    script.way[side].duplicate = UINT64_C(1) << i;
                else
                    script.way[side].lose = UINT64_C(1) << i;
                init(&r, "testing123");
                ck_assert_int_eq(run(&r, script), PAIR_ENDED);
                check_complete(&r);
                ck_assert_uint_eq(eap_access_round_trips(r.access), 4);
                release(&r);
            }
}
END_TEST

static void check_failed(struct rig *r, enum reason ours)
{
    run(r, pair_clean());
    ck_assert_int_eq(r->pair.side[0].proto->status, PROTO_FAILED);
    ck_assert_str_eq(reason_text(r->pair.side[0].proto->reason), reason_text(ours));
    ck_assert(!eap_peer_keys(eap_access_peer(r->access))->present);
    release(r);
}

START_TEST(silence)
{
    for (size_t from = 0; from < 2; from++) {
        struct pair_script script = pair_clean();
        struct rig r;

        script.way[1].silent_from = from * 100;
        init(&r, "testing123");
        run(&r, script);
        ck_assert_int_eq(r.pair.side[0].proto->reason, REASON_RADIUS_TIMEOUT);
        ck_assert_int_ge(r.pair.now, 25 * SIM_S);
        release(&r);
    }
}
END_TEST

START_TEST(refusals)
{
    struct rig r;

    init(&r, "testing123");
    r.known = "device-2";
    check_failed(&r, REASON_EAP_FAILURE);

    init(&r, "another");
    check_failed(&r, REASON_RADIUS_TIMEOUT);

    eap_test_script.wrong_secret = true;
    init(&r, "testing123");
    check_failed(&r, REASON_EAP_FAILURE);
}
END_TEST

/* With a last word to the server, without one, and by saying nothing at all. */
START_TEST(the_peer_refuses)
{
    struct rig r;

    eap_test_script.peer_fails_at = 2;
    init(&r, "testing123");
    check_failed(&r, REASON_EAP_MAC);

    eap_test_script.peer_fails_silently = true;
    init(&r, "testing123");
    check_failed(&r, REASON_EAP_MAC);

    eap_test_script = (struct eap_test_script){.rounds = 3, .peer_discards_at = 2};
    init(&r, "testing123");
    ck_assert_int_eq(run(&r, pair_clean()), PAIR_ENDED); /* once: the repetition is taken */
    check_complete(&r);
    ck_assert_uint_eq(eap_access_round_trips(r.access), 4);
    release(&r);

    eap_test_script = (struct eap_test_script){.rounds = 3, .no_peer = true};
    init(&r, "testing123");
    check_failed(&r, REASON_EAP_NO_METHOD);
}
END_TEST

START_TEST(same_twice)
{
    struct rig a, b;

    init(&a, "testing123");
    init(&b, "testing123");
    run(&a, pair_clean());
    run(&b, pair_clean());
    ck_assert(pair_same(&a.pair, &b.pair));
    release(&a);
    release(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eap_access");
    TCase *tc = tcase_create("eap_access");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, clean);
    tcase_add_test(tc, each_loss_and_duplicate);
    tcase_add_test(tc, silence);
    tcase_add_test(tc, refusals);
    tcase_add_test(tc, the_peer_refuses);
    tcase_add_test(tc, same_twice);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
