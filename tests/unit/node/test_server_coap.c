/* The NSCL's mId over CoAP against a client that is not ours: who may ask, and how a session, of
 * which UDP tells no end, comes to one. */
#include "tests/unit/node/rogue_coap.h"

#define COAP "populations.meters.mid.binding=coap"

/* What the NSCL keeps of a session behind the device's own patience (RFC 7252 4.8.2). */
#define EXCHANGE_LIFETIME (247 * SIM_S)

static struct town town;

static void open_session(struct rogue *r)
{
    rogue_init(r, &town, town.nscl);
    rogue_coap_connect(r, town.nscl);
}

START_TEST(who_asks)
{
    struct rogue r;

    town_open(&town, 3 * 60 * SIM_S, SETS(COAP));
    open_session(&r);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_OK);
    r.entity[0] = '\0';
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_FORBIDDEN);
    node_scl_id(town.other->node_id, r.entity);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.other, ""), "");
    ck_answer(&r, STATUS_PERMISSION_DENIED);
    ck_assert(!r.ended); /* a refusal is an answer */
    rogue_close(&r);
    town_close(&town);
}
END_TEST

/* At the bare port the access network says who that is, or a sealed object; these have neither. */
START_TEST(strangers_without_dtls)
{
    struct rogue r;

    town_open(&town, 3 * 60 * SIM_S, SETS(COAP));
    rogue_init(&r, &town, town.nscl);
    r.context = NULL;
    rogue_coap_connect(&r, town.nscl);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_PERMISSION_DENIED);
    ck_assert_str_eq(rogue_why(&r), reason_text(REASON_XMLSEC_MISSING));
    rogue_close(&r);
    town_close(&town);
}
END_TEST

START_TEST(identities)
{
    struct rogue r;

    town_open(&town, 3 * 60 * SIM_S, SETS(COAP));
    rogue_init(&r, &town, town.nscl);
    if (_i == 0)
        snprintf(r.identity, sizeof r.identity, "nobody:1");
    else
        key_kmc_identity(town.dev->connection_id, town.dev->kmc_index + 1, r.identity);
    rogue_coap_connect(&r, town.nscl);
    ck_assert_int_eq(rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), ""), 0);
    ck_assert(r.ended && !r.open);
    ck_assert_int_eq(r.reason, REASON_PSK_UNKNOWN);
    town_run(&town, SIM_S);
    ck_assert_uint_eq(town.nscl->sessions, 0);
    rogue_close(&r);
    town_close(&town);
}
END_TEST

/* GAP C5: the next request behind the end of Kmc is told so; the session stays for as long as that
 * answer may be asked for again, and goes. */
START_TEST(kmc_ends)
{
    uint32_t others;
    struct rogue r;

    town_open(
        &town, 3 * 60 * SIM_S,
        SETS(COAP, "populations.meters.keys.kmc=10 min", "populations.meters.mid.idle=9 min"));
    others = town.nscl->sessions;
    open_session(&r);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_OK);
    town_run(&town, 8 * 60 * SIM_S);
    ck_assert(!r.ended);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_PERMISSION_DENIED);
    ck_assert_str_eq(rogue_why(&r), reason_text(REASON_KEY_EXPIRED));
    ck_assert_uint_eq(town.nscl->sessions, others + 1);
    town_run(&town, 100 * SIM_S);
    ck_assert(r.ended);
    ck_assert_int_eq(r.reason, REASON_NONE);
    ck_assert_uint_eq(town.nscl->sessions, others);
    rogue_close(&r);
    town_close(&town);
}
END_TEST

/* A device's goodbye gives the memory of both ends back; one that is lost, or never said, costs the
 * server its patience. */
START_TEST(sessions_end)
{
    town_open(&town, 3 * 60 * SIM_S, SETS(COAP, "populations.meters.mid.idle=20 s"));
    /* Three minutes are long over for the first reports' sessions. */
    ck_assert_ptr_null(town.dev->end);
    ck_assert_uint_eq(town.nscl->sessions, 0);
    town_close(&town);

    town_open(&town, 3 * 60 * SIM_S, SETS(COAP, "populations.meters.mid.idle=10 min"));
    ck_assert_uint_eq(town.nscl->sessions, 2); /* town_hold has dropped them without a word */
    town_run(&town, 10 * 60 * SIM_S - 60 * SIM_S);
    ck_assert_uint_eq(town.nscl->sessions, 2);
    town_run(&town, 2 * 60 * SIM_S + EXCHANGE_LIFETIME);
    ck_assert_uint_eq(town.nscl->sessions, 0);
    town_close(&town);
}
END_TEST

/* The NSCL loses its power: what belongs to a session of before makes none, nor an answer. */
START_TEST(an_nscl_that_forgot)
{
    struct rogue r;

    town_open(&town, 3 * 60 * SIM_S, SETS(COAP, "populations.meters.mid.idle=20 s"));
    open_session(&r);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_OK);
    ck_assert_uint_eq(town.nscl->sessions, 1);
    server_set_off(town.nscl, true);
    ck_assert_uint_eq(town.nscl->sessions, 0);
    server_set_off(town.nscl, false);
    ck_assert_int_eq(rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), ""), 0);
    ck_assert(r.ended);
    ck_assert_int_eq(r.reason, REASON_COAP_TIMEOUT);
    ck_assert_uint_eq(town.nscl->sessions, 0);
    rogue_close(&r);
    /* Its next one is as ever. */
    open_session(&r);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_OK);
    rogue_close(&r);
    town_close(&town);
}
END_TEST

/* RST is TCP's: whoever comes to a full server over UDP hears nothing. */
START_TEST(a_full_nscl)
{
    struct rogue first, second;

    town_open(&town, 3 * 60 * SIM_S,
              SETS(COAP, "populations.meters.mid.idle=20 s", "populations.nscl.max_sessions=2"));
    ck_assert_uint_eq(town.nscl->sessions, 0);
    open_session(&first);
    rogue_ask(&first, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&first, STATUS_OK);
    town.nscl->sessions++; /* somebody else's */
    open_session(&second);
    town_run(&town, 10 * SIM_S);
    ck_assert(!second.ended && !second.open); /* it goes on trying */
    town.nscl->sessions--;
    rogue_ask(&second, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&second, STATUS_OK);
    rogue_close(&second);
    rogue_close(&first);
    town_close(&town);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("mId over CoAP");
    TCase *t = tcase_create("NSCL");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, who_asks);
    tcase_add_test(t, strangers_without_dtls);
    tcase_add_loop_test(t, identities, 0, 2);
    tcase_add_test(t, kmc_ends);
    tcase_add_test(t, sessions_end);
    tcase_add_test(t, an_nscl_that_forgot);
    tcase_add_test(t, a_full_nscl);
    suite_add_tcase(s, t);
    return rogue_main(s);
}
