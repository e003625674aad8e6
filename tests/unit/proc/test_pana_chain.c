#include "tests/support/chain.h"

/* ---- all is well ---- */

static const struct {
    enum pana_usage usage;
    bool aka;
} scenes[] = {{PANA_USAGE_BOOTSTRAP, false},
              {PANA_USAGE_BOOTSTRAP, true},
              {PANA_USAGE_CONNECTION, false},
              {PANA_USAGE_CONNECTION, true}};
#define SCENES 4

static void open_scene(struct chain *c, int i)
{
    memset(c, 0, sizeof *c);
    c->usage = scenes[i].usage;
    c->aka = scenes[i].aka;
    chain_open(c, 3);
}

START_TEST(clean)
{
    const struct pana_params *p;
    uint8_t kival[M2M_KEY_LEN];
    struct chain c;

    open_scene(&c, _i);
    chain_run(&c);
    chain_check(&c);
    ck_assert(chain_is_complete(&c));
    ck_assert_int_eq(c.door[DEVICE]->status, PROTO_DONE);
    ck_assert_int_eq(c.door[TO_DEVICE]->status, PROTO_DONE);
    ck_assert_int_eq(c.door[MAS_]->status, PROTO_DONE);
    ck_assert_uint_eq(c.questions, 1);
    p = pana_client_params(c.client);
    ck_assert_mem_eq(p->node_id, chain_node_id, M2M_NODE_ID_LEN);
    ck_assert_str_eq(p->sp_id, CHAIN_SP);
    ck_assert_str_eq(p->scl_id, CHAIN_SCL);
    ck_assert_int_eq(p->expires_unix_s, CHAIN_EPOCH / SIM_S + CHAIN_LIFE);
    if (c.usage == PANA_USAGE_BOOTSTRAP) {
        ck_assert_uint_eq(p->kmr_index, 7);
        ck_assert_str_eq(p->mas_fqdn, CHAIN_MAS);
        ck_assert_uint_eq(p->scl_list_count, 2);
        ck_assert_str_eq(p->scl_list[1], "other." CHAIN_NSCL);
        ck_assert(!se_has(&c.party[1].se, SE_KIVAL));
    } else {
        ck_assert_uint_eq(p->kmc_index, 8);
        ck_assert(p->connection_id == UINT64_C(0x1122334455667788));
        ck_assert_uint_eq(p->mid_flags, MID_TLS_PSK);
        ck_assert(se_backend_copy(&c.party[1].se, SE_KIVAL, kival));
        ck_assert_mem_eq(kival, chain_kival, M2M_KEY_LEN);
    }
    ck_assert_uint_gt(c.party[0].meter.use[OP_HMAC_SHA256].calls, 0);
    ck_assert_uint_gt(c.party[1].meter.use[OP_HMAC_MD5].calls, 0);
    ck_assert_uint_gt(c.party[2].meter.use[OP_HMAC_MD5].calls, 0);
    chain_close(&c);
}
END_TEST

START_TEST(the_same_octets_twice)
{
    struct chain a, b;

    open_scene(&a, _i);
    chain_run(&a);
    open_scene(&b, _i);
    chain_run(&b);
    ck_assert(a.said == b.said);
    chain_close(&a);
    chain_close(&b);
}
END_TEST

/* ---- one thing goes wrong ---- */

/* Every datagram of a clean run, on each of the four ways. */
static void each(int scene, enum fault fault)
{
    unsigned sent[DOORS];
    struct chain c;

    open_scene(&c, scene);
    chain_run(&c);
    memcpy(sent, c.sent, sizeof sent);
    chain_close(&c);
    for (unsigned door = 0; door < DOORS; door++) {
        ck_assert_uint_gt(sent[door], 1);
        for (unsigned at = 0; at < sent[door]; at++) {
            open_scene(&c, scene);
            c.fault = fault;
            c.fault_door = door;
            c.fault_at = at;
            chain_run(&c);
            chain_check(&c);
            ck_assert_msg(chain_is_complete(&c), "door %u, datagram %u", door, at);
            chain_close(&c);
        }
    }
}

START_TEST(each_loss)
{
    each(_i, FAULT_LOSE);
}
END_TEST

START_TEST(each_duplicate)
{
    each(_i, FAULT_DUPLICATE);
}
END_TEST

START_TEST(each_truncation)
{
    each(_i, FAULT_CUT);
}
END_TEST

START_TEST(each_corruption)
{
    unsigned sent[DOORS], complete = 0, failed = 0;
    struct chain c;

    open_scene(&c, _i);
    chain_run(&c);
    memcpy(sent, c.sent, sizeof sent);
    chain_close(&c);
    for (unsigned door = 0; door < DOORS; door++) {
        for (unsigned at = 0; at < sent[door]; at++) {
            for (unsigned octet = 0; octet < 300; octet += 11) {
                open_scene(&c, _i);
                c.fault = FAULT_CORRUPT;
                c.fault_door = door;
                c.fault_at = at;
                c.corrupt_at = octet;
                chain_run(&c);
                chain_check(&c);
                complete += chain_is_complete(&c);
                failed += !chain_is_complete(&c);
                chain_close(&c);
            }
        }
    }
    /* Most of it is protected, and what is altered comes again; not so before there are keys. */
    ck_assert_uint_gt(complete, 2 * failed);
    ck_assert_uint_gt(failed, 0);
}
END_TEST

/* One door falls silent at each of its datagrams: all end, and with a reason where it failed. */
START_TEST(each_silence)
{
    unsigned sent[DOORS];
    struct chain c;

    open_scene(&c, _i);
    chain_run(&c);
    memcpy(sent, c.sent, sizeof sent);
    chain_close(&c);
    for (unsigned door = 0; door < DOORS; door++) {
        for (unsigned at = 0; at < sent[door]; at++) {
            open_scene(&c, _i);
            c.fault = FAULT_LOSE;
            c.fault_door = door;
            c.fault_at = at;
            c.silent = true;
            chain_run(&c);
            if (door == DEVICE && at == 0) /* it asks for ever */
                ck_assert_int_eq(c.door[DEVICE]->status, PROTO_RUNNING);
            else if (door == TO_DEVICE && at == 0)
                ck_assert_int_eq(c.door[DEVICE]->status, PROTO_RUNNING);
            else
                chain_check(&c);
            chain_close(&c);
        }
    }
}
END_TEST

/* ---- refusals, each by its name ---- */

START_TEST(nobody_knows_the_device)
{
    struct chain c;

    memset(&c, 0, sizeof c);
    c.usage = PANA_USAGE_BOOTSTRAP;
    c.unknown = true;
    chain_open(&c, 3);
    chain_run(&c);
    chain_check(&c);
    ck_assert_int_eq(aaa_session_refusal(c.aaa), REASON_EAP_IDENTITY);
    ck_assert_int_eq(paa_session_refusal(c.paa), REASON_RADIUS_REJECT);
    ck_assert_int_eq(c.door[DEVICE]->status, PROTO_FAILED);
    ck_assert_int_eq(c.door[MAS_]->reason, REASON_EAP_IDENTITY);
    chain_close(&c);
}
END_TEST

START_TEST(another_secret)
{
    struct chain c;

    memset(&c, 0, sizeof c);
    c.usage = PANA_USAGE_CONNECTION;
    c.secret_at_mas = "another secret";
    chain_open(&c, 3);
    chain_run(&c);
    chain_check(&c);
    ck_assert_int_eq(paa_session_refusal(c.paa), REASON_RADIUS_TIMEOUT); /* it says nothing */
    ck_assert_int_eq(c.door[MAS_]->reason, REASON_RADIUS_AUTHENTICATOR);
    ck_assert_uint_eq(c.questions, 0);
    ck_assert_int_eq(c.door[DEVICE]->status, PROTO_FAILED);
    chain_close(&c);
}
END_TEST

/* Authenticated, but the MAS grants nothing: not authorised. */
START_TEST(nothing_is_granted)
{
    struct chain c;

    memset(&c, 0, sizeof c);
    c.usage = scenes[_i].usage;
    c.aka = scenes[_i].aka;
    c.incomplete = true;
    chain_open(&c, 3);
    chain_run(&c);
    chain_check(&c);
    ck_assert(!pana_client_is_open(c.client));
    ck_assert_int_eq(paa_session_refusal(c.paa), REASON_FORBIDDEN);
    ck_assert_int_eq(c.door[DEVICE]->reason, REASON_PANA_REJECTED);
    chain_close(&c);
}
END_TEST

START_TEST(another_provider)
{
    struct chain c;

    memset(&c, 0, sizeof c);
    c.usage = PANA_USAGE_BOOTSTRAP;
    c.wanted_sp = "another." CHAIN_SP;
    chain_open(&c, 3);
    chain_run(&c);
    ck_assert(!pana_client_is_open(c.client));
    ck_assert(!se_has(&c.party[0].se, SE_KMR));
    ck_assert_int_eq(c.door[DEVICE]->reason, REASON_FORBIDDEN);
    chain_close(&c);
}
END_TEST

START_TEST(a_key_of_yesterday)
{
    struct chain c;

    memset(&c, 0, sizeof c);
    c.usage = scenes[_i].usage;
    c.aka = scenes[_i].aka;
    c.lifetime_s = -1;
    chain_open(&c, 3);
    chain_run(&c);
    ck_assert(!pana_client_is_open(c.client));
    ck_assert_int_eq(c.door[DEVICE]->reason, REASON_KEY_EXPIRED);
    ck_assert(!se_has(&c.party[0].se, SE_KMR) && !se_has(&c.party[0].se, SE_KMC));
    chain_close(&c);
}
END_TEST

/* ---- what PAA and MAS tell each other ---- */

static void fill(struct pana_params *p)
{
    memset(p, 0, sizeof *p);
    p->has = 0;
    for (unsigned code = PANA_ETSI_USAGE_TYPE; code < PANA_ETSI_ERASE_TOKEN; code++)
        p->has |= 1u << code;
    p->usage = PANA_USAGE_CONNECTION;
    strcpy(p->sp_id, "a");
    strcpy(p->msbf_id, "b.example");
    strcpy(p->nscl_id, "");
    memset(p->target_device_id, 'd', 247); /* the longest that an attribute holds */
    strcpy(p->mas_fqdn, "mas");
    strcpy(p->scl_id, "scl");
    for (p->scl_list_count = 0; p->scl_list_count < PANA_MAX_LIST; p->scl_list_count++)
        snprintf(p->scl_list[p->scl_list_count], sizeof p->scl_list[0], "nscl-%zu",
                 p->scl_list_count);
    memset(p->node_id, 0xab, sizeof p->node_id);
    p->kmr_index = UINT32_MAX;
    p->kmc_index = 1;
    p->expires_unix_s = INT64_C(0x123456789a);
    p->connection_id = UINT64_MAX - 1;
    p->mid_flags = 0x8001;
}

static struct radius_packet as_packet(struct buf *b)
{
    return (struct radius_packet){.code = RADIUS_ACCESS_ACCEPT, .attributes = buf_span(b)};
}

START_TEST(parameters_there_and_back)
{
    struct pana_params in, out;
    struct radius_packet packet;
    struct buf b;

    fill(&in);
    buf_init(&b, RADIUS_PACKET_MAX);
    ck_assert(aaa_params_put(&b, &in));
    packet = as_packet(&b);
    aaa_params_get(&packet, &out);
    ck_assert_mem_eq(&in, &out, sizeof in);
    /* One at a time, and nothing else with it. */
    for (unsigned code = PANA_ETSI_USAGE_TYPE; code < PANA_ETSI_ERASE_TOKEN; code++) {
        buf_clear(&b);
        in.has = 1u << code;
        ck_assert(aaa_params_put(&b, &in));
        packet = as_packet(&b);
        aaa_params_get(&packet, &out);
        ck_assert_uint_eq(out.has, in.has);
    }
    /* No room, and a text that is too long. */
    buf_clear(&b);
    fill(&in);
    buf_init(&b, 40);
    ck_assert(!aaa_params_put(&b, &in));
    buf_clear(&b);
    buf_init(&b, RADIUS_PACKET_MAX);
    in.target_device_id[247] = 'd';
    ck_assert(!aaa_params_put(&b, &in));
    buf_clear(&b);
}
END_TEST

START_TEST(parameters_of_wrong_form)
{
    struct pana_params out;
    struct radius_packet packet;
    struct buf b;

    for (unsigned code = PANA_ETSI_USAGE_TYPE; code < PANA_ETSI_ERASE_TOKEN; code++) {
        buf_init(&b, RADIUS_PACKET_MAX);
        ck_assert(radius_put_vendor(&b, (uint8_t)code, span_of("\0\1\2", 3)));
        packet = as_packet(&b);
        aaa_params_get(&packet, &out);
        ck_assert_uint_eq(out.has, 0);
        buf_clear(&b);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("chain");
    TCase *tc = tcase_create("chain");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, clean, 0, SCENES);
    tcase_add_loop_test(tc, the_same_octets_twice, 0, SCENES);
    tcase_add_loop_test(tc, each_loss, 0, SCENES);
    tcase_add_loop_test(tc, each_duplicate, 0, SCENES);
    tcase_add_loop_test(tc, each_truncation, 0, SCENES);
    tcase_add_loop_test(tc, each_corruption, 0, SCENES);
    tcase_add_loop_test(tc, each_silence, 0, SCENES);
    tcase_add_test(tc, nobody_knows_the_device);
    tcase_add_test(tc, another_secret);
    tcase_add_loop_test(tc, nothing_is_granted, 0, SCENES);
    tcase_add_test(tc, another_provider);
    tcase_add_loop_test(tc, a_key_of_yesterday, 0, SCENES);
    tcase_add_test(tc, parameters_there_and_back);
    tcase_add_test(tc, parameters_of_wrong_form);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed > 0;
}
