/* A peer behind its own pass-through against a RADIUS server: all on one side is one core. */
#include "models/proc/eap_access.h"

#include "crypto/entity.h"
#include "models/proto/radius_impl.h"
#include "tests/support/eap_rig.h"

#include <check.h>

static const struct eap_method *methods[] = {&eap_test_method};

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
    static const uint8_t key[M2M_KEY_LEN] = "any key";
    struct eap_access_settings s = {
        .peer = {.identity = "device-1",
                 .methods = methods,
                 .method_count = 1,
                 .credentials = {.has_psk = true, .psk_slot = SE_KMR}},
        .radius = {.secret = span_str(secret), .nas_identifier = "attach"}};
    struct radius_server_settings server = {.secret = span_str("testing123")};

    *r = (struct rig){.known = "device-1"};
    pair_init(&r->pair, 1);
    se_put(&r->pair.side[0].se, SE_KMR, key);
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

/* ---- a server that is not ours, by hand ---- */

/* The next Access-Request of side 0; false: it says nothing. */
static bool hear(struct rig *r, struct buf *request, struct radius_packet *out)
{
    struct proto *p = r->pair.side[0].proto;

    buf_clear(request);
    pair_enter(&r->pair, 0);
    while (p->ops->output(p, r->pair.now, request))
        continue;
    pair_leave();
    return buf_len(request) > 0 && radius_parse(buf_span(request), out) == REASON_NONE;
}

static void challenge(struct rig *r, const struct radius_packet *request, uint8_t id, uint8_t type,
                      struct span data)
{
    struct proto *p = r->pair.side[0].proto;
    struct radius_writer w;
    struct buf eap;

    buf_init(&eap, 100);
    ck_assert(eap_put(&eap, EAP_REQUEST, id, type, 0, 0, data));
    radius_begin(&w, RADIUS_ACCESS_CHALLENGE, request->id, request->authenticator);
    radius_put_eap(&w, buf_span(&eap));
    ck_assert(radius_seal_response(&w, NULL, span_str("testing123")));
    pair_enter(&r->pair, 0);
    p->ops->input(p, r->pair.now, span_of(w.octets, w.n));
    pair_leave();
    buf_clear(&eap);
}

static void begin_by_hand(struct rig *r, struct buf *request, struct radius_packet *first)
{
    init(r, "testing123");
    buf_init(request, RADIUS_PACKET_MAX);
    pair_enter(&r->pair, 0);
    r->pair.side[0].proto->ops->start(r->pair.side[0].proto, 0);
    pair_leave();
    ck_assert(hear(r, request, first));
}

/* The server's first request has the identifier that our Request/Identity had. */
START_TEST(the_same_identifier)
{
    static const uint8_t round[17] = {0};
    struct radius_packet request;
    struct buf octets, eap;
    struct eap_packet said;
    struct rig r;

    begin_by_hand(&r, &octets, &request);
    challenge(&r, &request, 0, eap_test_method.type, span_of(round, sizeof(round)));
    ck_assert(hear(&r, &octets, &request));
    buf_init(&eap, 1000);
    ck_assert(radius_eap(&request, &eap));
    ck_assert_int_eq(eap_parse(buf_span(&eap), &said), REASON_NONE);
    ck_assert_uint_eq(said.type, eap_test_method.type); /* and not the identity again */
    ck_assert_uint_eq(said.id, 0);
    buf_clear(&eap);
    buf_clear(&octets);
    release(&r);
}
END_TEST

START_TEST(round_and_round)
{
    struct radius_packet request;
    struct buf octets;
    struct rig r;
    unsigned rounds = 0;

    begin_by_hand(&r, &octets, &request);
    do
        challenge(&r, &request, (uint8_t)(1 + rounds % 200), EAP_NOTIFICATION, span_str("wait"));
    while (++rounds < 5000 && hear(&r, &octets, &request) &&
           r.pair.side[0].proto->status == PROTO_RUNNING);
    ck_assert_uint_eq(rounds, 1000);
    ck_assert_int_eq(r.pair.side[0].proto->reason, REASON_TIMEOUT);
    buf_clear(&octets);
    release(&r);
}
END_TEST

/* PSK discards what is no message of its. */
START_TEST(discarded_for_ever)
{
    struct radius_packet request;
    struct buf octets;
    struct rig r;

    methods[0] = &eap_method_psk;
    begin_by_hand(&r, &octets, &request);
    challenge(&r, &request, 1, EAP_PSK, span_of("x", 1));
    ck_assert_int_eq(r.pair.side[0].proto->status, PROTO_FAILED);
    ck_assert_int_eq(r.pair.side[0].proto->reason, REASON_EAP_MALFORMED);
    methods[0] = &eap_test_method;
    buf_clear(&octets);
    release(&r);
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
    tcase_add_test(tc, the_same_identifier);
    tcase_add_test(tc, round_and_round);
    tcase_add_test(tc, discarded_for_ever);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
