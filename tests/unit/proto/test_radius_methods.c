/* Every EAP method from end to end through RADIUS: the same MSK at the peer, at the pass-through
 * and at the server, whatever the way does. */
#include "crypto/entity.h"
#include "tests/support/radius_rig.h"
#include "tests/unit/proto/methods_kit.h"

struct way {
    struct methods_way is;
    uint32_t framed_mtu;
};

static const struct way ways[] = {
    {{"gpsk, suite 1", &eap_method_gpsk, 1, SIMAKA_SIM}, 0},
    {{"gpsk, suite 2", &eap_method_gpsk, 2, SIMAKA_SIM}, 0},
    {{"psk", &eap_method_psk, 0, SIMAKA_SIM}, 0},
    {{"sim", &eap_method_sim, 0, SIMAKA_SIM}, 0},
    {{"aka", &eap_method_aka, 0, SIMAKA_AKA}, 0},
    {{"aka-prime", &eap_method_aka_prime, 0, SIMAKA_AKA_PRIME}, 0},
    {{"tls", &eap_method_tls, 0, SIMAKA_SIM}, 0},
    {{"tls in small pieces", &eap_method_tls, 0, SIMAKA_SIM}, 200},
};

static struct methods_kit kit;
static struct eap_rig_settings taken;

static void make(void *arg, struct radius_rig_settings *s)
{
    const struct way *w = arg;

    taken = (struct eap_rig_settings){0};
    methods_make(&kit, &w->is, &taken);
    s->seed = taken.seed;
    s->peer = taken.peer;
    s->server.eap = taken.server;
    s->users = taken.users;
    s->user_count = taken.user_count;
    s->answer = taken.answer;
    s->answer_arg = taken.answer_arg;
    s->client.framed_mtu = w->framed_mtu;
}

static void prepare(void *arg, struct radius_rig *r)
{
    (void)arg;
    se_put(&r->pair.side[0].se, SE_KMR, methods_psk);
}

START_TEST(clean)
{
    const struct way *w = &ways[_i];
    struct radius_rig r;

    radius_rig_init(&r, make, (void *)(uintptr_t)w);
    prepare(NULL, &r);
    ck_assert_int_eq(radius_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_msg(radius_rig_is_complete(&r), "%s: client %s, server %s, peer %s", w->is.name,
                  reason_text(r.pair.side[0].proto->reason),
                  reason_text(r.pair.side[1].proto->reason),
                  reason_text(eap_peer_proto(r.peer)->reason));
    ck_assert_ptr_eq(eap_server_method(radius_server_eap(r.server)), w->is.method);
    radius_rig_release(&r);
}
END_TEST

START_TEST(every_fault)
{
    const struct way *w = &ways[_i];

    radius_rig_every_fault(make, prepare, (void *)(uintptr_t)w,
                           w->is.method == &eap_method_tls ? 97 : 7);
}
END_TEST

/* No EAP packet of the server's is longer than the client said. */
START_TEST(framed_mtu_is_kept)
{
    const struct way *w = &ways[_i];
    struct span sent;
    struct radius_rig r;
    unsigned packets = 0;

    radius_rig_init(&r, make, (void *)(uintptr_t)w);
    radius_rig_run(&r, pair_clean());
    ck_assert(radius_rig_is_complete(&r));
    sent = buf_span(&r.pair.side[1].sent);
    for (; sent.n > 0; packets++) {
        struct radius_packet p;
        struct buf eap;

        ck_assert_int_eq(radius_parse(sent, &p), REASON_NONE);
        buf_init(&eap, RADIUS_PACKET_MAX);
        ck_assert(radius_eap(&p, &eap));
        ck_assert_uint_le(buf_len(&eap), w->framed_mtu ? w->framed_mtu : EAP_MTU);
        buf_clear(&eap);
        sent = span_of(sent.p + p.whole.n, sent.n - p.whole.n);
    }
    ck_assert_uint_gt(packets, w->framed_mtu ? 10 : 4);
    radius_rig_release(&r);
}
END_TEST

#define COUNT ((int)(sizeof(ways) / sizeof(ways[0])))

int main(void)
{
    Suite *s = suite_create("radius");
    TCase *tc = tcase_create("methods");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    eap_tls_rig_global_init();
    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, clean, 0, COUNT);
    tcase_add_loop_test(tc, every_fault, 0, COUNT);
    tcase_add_loop_test(tc, framed_mtu_is_kept, COUNT - 2, COUNT);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    eap_tls_rig_global_release();
    return failed != 0;
}
