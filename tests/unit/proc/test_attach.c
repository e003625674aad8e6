/* An attach, both halves: clean, over a way that loses, repeats and changes, with a home that
 * refuses, and with each thing that EPS AKA can find wrong. */
#include "crypto/entity.h"
#include "models/proc/attach.h"
#include "tests/support/pair.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define IDLE (30 * SIM_S)

static const uint8_t plmn[3] = {0x00, 0xf1, 0x10};
static const uint8_t k[16] = {1, 2, 3}, opc[16] = {4, 5, 6};

/* How the home behaves. */
struct home {
    struct auc_record auc;
    struct rng stream;
    enum reason vector, location; /* refusals */
    bool wrong_autn;              /* gives vectors of another subscriber */
    bool deaf_to_auts;            /* goes on with the numbers it had */
    bool silent;
    unsigned asked;
    struct attach_server *server;
};

struct scene {
    struct pair pair;
    struct uicc uicc;
    struct home home;
    struct attach_client *client;
    struct attach_server *server;
};

static void give_vector(struct home *h, const struct attach_query *q, struct attach_answer *a)
{
    struct umts_vector v;

    if (q->kind == ATTACH_QUERY_RESYNC && !h->deaf_to_auts)
        ck_assert(auc_resync(&h->auc, NULL, q->rand, q->auts));
    auc_vector(&h->auc, NULL, &h->stream, true, &v);
    memcpy(a->vector.rand, v.rand, 16);
    memcpy(a->vector.autn, v.autn, 16);
    a->vector.autn[15] ^= h->wrong_autn;
    memcpy(a->vector.xres, v.xres, 16);
    a->vector.xres_n = v.xres_n;
    nas_kasme(NULL, v.ck, v.ik, plmn, v.autn, a->vector.kasme);
}

static void step(void *arg, struct pair *p, int side)
{
    struct home *h = arg;
    const struct attach_query *q = attach_server_query(h->server);
    struct attach_answer a = {.address = {10, 0, 0, 1}, .m_tmsi = 77, .lifetime = 3600 * SIM_S};

    if (side != 1 || !q || h->silent)
        return;
    h->asked++;
    ck_assert_str_eq(q->imsi, "001010000000001");
    if (q->kind == ATTACH_QUERY_LOCATION)
        a.reason = h->location;
    else if (h->vector)
        a.reason = h->vector;
    else
        give_vector(h, q, &a);
    attach_server_answer(h->server, p->now, &a);
}

static void open_scene(struct scene *s)
{
    struct attach_settings settings = {
        .uicc = &s->uicc, .irt = 2 * SIM_S, .mrt = 8 * SIM_S, .guard = 15 * SIM_S};

    memset(s, 0, sizeof *s);
    memcpy(settings.plmn, plmn, 3);
    uicc_init(&s->uicc, "001010000000001", 2, k, opc);
    auc_init(&s->home.auc, k, opc, (const uint8_t[2]){0, 0}, 0);
    s->home.stream = rng_stream(1, "home", "RAND");
    pair_init(&s->pair, 1);
    s->client = attach_client_new(&s->pair.side[0].env, &settings);
    s->server = attach_server_new(&s->pair.side[1].env, plmn, IDLE);
    s->pair.side[0].proto = attach_client_proto(s->client);
    s->pair.side[1].proto = attach_server_proto(s->server);
    s->home.server = s->server;
}

static enum pair_end run(struct scene *s, struct pair_script *script)
{
    script->datagrams = true;
    script->step = step;
    script->arg = &s->home;
    return pair_run(&s->pair, script);
}

static void run_clean(struct scene *s)
{
    struct pair_script script = pair_clean();

    run(s, &script);
}

static void close_scene(struct scene *s)
{
    proto_free(s->pair.side[0].proto);
    proto_free(s->pair.side[1].proto);
    pair_release(&s->pair);
    uicc_release(&s->uicc);
}

static void check_attached(const struct scene *s)
{
    const struct attach_result *r = attach_client_result(s->client);

    ck_assert_int_eq(s->pair.side[0].proto->status, PROTO_DONE);
    ck_assert_int_eq(s->pair.side[1].proto->status, PROTO_DONE);
    ck_assert(attach_server_is_accepted(s->server));
    ck_assert_mem_eq(r->address, "\x0a\0\0\x01", 4);
    ck_assert_uint_eq(r->m_tmsi, 77);
    ck_assert_int_eq(r->lifetime, 3600 * SIM_S);
}

/* client: its reason; server: why it refused. */
static void check_refused(const struct scene *s, enum reason client, enum reason server)
{
    const struct proto *c = s->pair.side[0].proto;

    ck_assert_int_eq(c->status, PROTO_FAILED);
    ck_assert_msg(c->reason == client, "%s", reason_text(c->reason));
    ck_assert_msg(attach_server_refusal(s->server) == server, "%s",
                  reason_text(attach_server_refusal(s->server)));
    ck_assert(!attach_server_is_accepted(s->server));
    ck_assert_int_ne(s->pair.side[1].proto->status, PROTO_RUNNING);
    ck_assert_int_eq(c->expiry, SIM_NEVER);
}

START_TEST(clean)
{
    struct scene s, again;

    open_scene(&s);
    run_clean(&s);
    check_attached(&s);
    ck_assert_uint_eq(s.home.asked, 2);
    ck_assert_uint_eq(s.pair.side[0].outputs, 4);
    ck_assert_uint_eq(s.pair.side[1].outputs, 3);
    /* f1 and f2345 at the UICC, a KASME and a KNASint, each message's MAC. */
    ck_assert_uint_gt(s.pair.side[0].meter.use[OP_AES128_BLOCK].calls, 0);
    ck_assert_uint_eq(s.pair.side[0].meter.use[OP_HMAC_SHA256].calls, 2);
    ck_assert_uint_eq(s.pair.side[0].meter.use[OP_CMAC_AES128].calls, 4);
    ck_assert_uint_eq(s.pair.side[1].meter.use[OP_CMAC_AES128].calls, 4);
    open_scene(&again);
    run_clean(&again);
    ck_assert(pair_same(&s.pair, &again.pair));
    close_scene(&s);
    close_scene(&again);
}
END_TEST

/* Each datagram, either way, once: it is repeated, and nobody is asked twice. */
START_TEST(each_single_loss)
{
    struct pair_script script = pair_clean();
    struct scene s;
    int from = _i % 2, which = _i / 2;

    script.way[from].lose = UINT64_C(1) << which;
    open_scene(&s);
    run(&s, &script);
    check_attached(&s);
    ck_assert_uint_eq(s.home.asked, 2);
    close_scene(&s);
}
END_TEST

START_TEST(duplicates)
{
    struct pair_script script = pair_clean();
    struct scene s;

    script.way[0].duplicate = script.way[1].duplicate = UINT64_MAX;
    open_scene(&s);
    run(&s, &script);
    check_attached(&s);
    ck_assert_uint_eq(s.home.asked, 2);
    close_scene(&s);
}
END_TEST

START_TEST(silence)
{
    struct pair_script script = pair_clean();
    struct scene s;

    open_scene(&s);
    script.way[1].silent_from = 0;
    run(&s, &script);
    ck_assert_int_eq(s.pair.side[0].proto->reason, REASON_TIMEOUT);
    ck_assert_int_eq(s.pair.side[1].proto->reason, REASON_TIMEOUT);
    ck_assert(!attach_server_is_accepted(s.server));
    close_scene(&s);

    open_scene(&s);
    s.home.silent = true;
    run_clean(&s);
    ck_assert_int_eq(s.pair.side[0].proto->reason, REASON_TIMEOUT);
    ck_assert_int_eq(s.pair.side[1].proto->reason, REASON_TIMEOUT);
    /* 2, 6 and 14 s after the first, and 15 s is the end. */
    ck_assert_uint_eq(s.pair.side[0].outputs, 4);
    close_scene(&s);
}
END_TEST

START_TEST(the_home_refuses)
{
    static const struct {
        enum reason vector, location, client;
    } t[] = {{REASON_ACCESS_NOT_ALLOWED, REASON_NONE, REASON_ACCESS_NOT_ALLOWED},
             {REASON_NONE, REASON_ACCESS_ROAMING, REASON_ACCESS_ROAMING},
             {REASON_NONE, REASON_ACCESS_NOT_ALLOWED, REASON_ACCESS_NOT_ALLOWED},
             {REASON_BACKEND_TIMEOUT, REASON_NONE, REASON_ACCESS_FAILURE},
             {REASON_NONE, REASON_BACKEND_TIMEOUT, REASON_ACCESS_FAILURE}};
    struct scene s;

    open_scene(&s);
    s.home.vector = t[_i].vector;
    s.home.location = t[_i].location;
    run_clean(&s);
    check_refused(&s, t[_i].client, t[_i].vector ? t[_i].vector : t[_i].location);
    close_scene(&s);
}
END_TEST

START_TEST(not_the_home_network)
{
    struct scene s;

    open_scene(&s);
    s.home.wrong_autn = true;
    run_clean(&s);
    check_refused(&s, REASON_AKA_AUTN, REASON_AKA_AUTN);
    close_scene(&s);
}
END_TEST

START_TEST(another_key)
{
    struct scene s;

    open_scene(&s);
    s.home.auc.k[0] ^= 1;
    run_clean(&s);
    check_refused(&s, REASON_AKA_AUTN, REASON_AKA_AUTN);
    close_scene(&s);
}
END_TEST

START_TEST(numbers_ahead)
{
    struct scene s;

    open_scene(&s);
    uicc_set_sqn(&s.uicc, UINT64_C(1000) << UICC_IND_BITS);
    run_clean(&s);
    check_attached(&s);
    ck_assert_uint_eq(s.home.asked, 3);
    close_scene(&s);

    open_scene(&s);
    uicc_set_sqn(&s.uicc, UINT64_C(1000) << UICC_IND_BITS);
    s.home.deaf_to_auts = true;
    run_clean(&s);
    check_refused(&s, REASON_AKA_SYNC, REASON_AKA_SYNC);
    close_scene(&s);
}
END_TEST

/* One octet of one datagram. Nobody attaches to a network that does not have the key, or agrees on
 * less than both can; what the way broke is repeated whole. */
struct change {
    int from;
    unsigned index;
    size_t at;
    bool once, done;
};

static void change(void *arg, int from, unsigned index, uint8_t *octets, size_t *n)
{
    struct change *c = arg;

    if (from != c->from || (c->once ? index != c->index || c->done : index < c->index) ||
        c->at >= *n)
        return;
    c->done = true;
    octets[c->at] ^= 0x01;
}

START_TEST(changed_octets)
{
    for (unsigned which = 0; which < 4; which++) {
        for (size_t at = 0; at < 60; at++) {
            struct change c = {.from = _i % 2, .index = which, .at = at, .once = _i < 2};
            struct pair_script script = pair_clean();
            struct scene s;
            const struct proto *client, *server;

            script.tamper = change;
            script.tamper_arg = &c;
            open_scene(&s);
            s.home.vector = REASON_NONE;
            script.datagrams = true;
            script.step = step;
            script.arg = &s.home;
            /* Another IMSI is somebody else's affair. */
            if (!(c.from == 0 && which == 0 && at >= 3 && at < 12))
                pair_run(&s.pair, &script);
            client = s.pair.side[0].proto;
            server = s.pair.side[1].proto;
            if (client->status == PROTO_DONE)
                ck_assert(attach_server_is_accepted(s.server));
            ck_assert((client->status == PROTO_FAILED) == (client->reason != REASON_NONE));
            ck_assert((server->status == PROTO_FAILED) == (server->reason != REASON_NONE));
            close_scene(&s);
        }
    }
}
END_TEST

/* The capabilities that are replayed are those that were said (TS 24.301 5.4.3.3). */
START_TEST(bidding_down)
{
    struct change c = {.from = 0, .index = 0, .at = 14, .once = true};
    struct pair_script script = pair_clean();
    struct scene s;

    script.tamper = change;
    script.tamper_arg = &c;
    open_scene(&s);
    run(&s, &script);
    ck_assert(c.done);
    ck_assert_int_eq(s.pair.side[0].proto->reason, REASON_NAS_INTEGRITY);
    ck_assert(!attach_server_is_accepted(s.server));
    close_scene(&s);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("attach");
    TCase *t = tcase_create("attach");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    tcase_add_test(t, clean);
    tcase_add_loop_test(t, each_single_loss, 0, 7);
    tcase_add_test(t, duplicates);
    tcase_add_test(t, silence);
    tcase_add_loop_test(t, the_home_refuses, 0, 5);
    tcase_add_test(t, not_the_home_network);
    tcase_add_test(t, another_key);
    tcase_add_test(t, numbers_ahead);
    tcase_add_loop_test(t, changed_octets, 0, 4);
    tcase_add_test(t, bidding_down);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
