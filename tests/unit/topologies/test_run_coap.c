/* Whole deployments whose mId goes over CoAP: the life of a fleet in DTLS and bare, what a way that
 * loses datagrams makes of it, servers that forget, and the same rows for any number of threads. */
#include "crypto/entity.h"
#include "sim/ledger.h"
#include "tests/support/fleet.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COAP  "populations.meters.mid.binding=coap"
#define FIXED "populations.meters.bootstrap.method=pre-provisioned"

static const char outage[] = "events:\n  - {at: 1 h, do: outage, what: nscl, for: 15 min}\n";

/* A network whose attach is all the security there is, for mId without any. */
static const char trusted[] = "m2msim: 1\n"
                              "title: bare CoAP\n"
                              "run: {until: 2 h, seed: 5}\n"
                              "populations:\n"
                              "  meters:\n"
                              "    count: 12\n"
                              "    kind: device\n"
                              "    bootstrap: {method: none}\n"
                              "    connect: {method: none}\n"
                              "    arrivals: {shape: uniform, over: 1 min}\n"
                              "    mid: {binding: coap}\n"
                              "    report: {every: 20 min, size: 100 B}\n"
                              "  epc: {kind: access}\n"
                              "  nscl: {kind: nscl}\n"
                              "  hss: {kind: hss, latency: 15 ms}\n"
                              "links:\n"
                              "  meters -> epc: {latency: 40 ms, rate: 1 Mbit/s}\n"
                              "  epc -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"
                              "  epc -> hss: {latency: 10 ms, rate: 1 Gbit/s}\n"
                              "record: {messages: {sample: 100 %}}\n";

static struct deployment_counts counts;

static void run(struct collect *c, const char *more, const char *const *sets)
{
    fleet_run(c, 1, more, sets, &counts);
}

static void check_life(const struct collect *c, const char *method)
{
    size_t at = 0;
    const struct collected_procedure *p;

    fleet_check_sums(c);
    ck_assert_uint_eq(counts.registered, 12);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(collect_procedures(c, "registration", "success", ""), 12);
    ck_assert_uint_eq(collect_procedures(c, "container", "success", ""), 12);
    ck_assert_uint_ge(collect_procedures(c, "request", "success", ""), 12 * 5);
    ck_assert_uint_le(collect_procedures(c, "request", "success", ""), 12 * 6);
    while ((p = collect_next(c, "request", &at))) {
        ck_assert_str_eq(p->method, method);
        ck_assert_int_eq(p->row.parts[PART_RETRANSMISSION], 0);
        ck_assert_int_ge(p->row.parts[PART_NETWORK], 2 * 40 * SIM_MS);
        ck_assert_int_gt(p->row.parts[PART_DEVICE_CRYPTO], 0);
        ck_assert_int_ne(p->row.peer_id, ROW_NULL_ID);
        ck_assert_uint_eq(p->row.attempts, 1);
    }
}

START_TEST(in_dtls)
{
    static const char *const suites[] = {NULL, "populations.meters.mid.suite=PSK-AES128-CCM"};
    struct collect c;

    run(&c, "", SETS(COAP, suites[_i]));
    check_life(&c, "coaps");
    ck_assert_uint_ge(collect_keys(&c, "session", "closed"), 12 * 5);
    ck_assert_uint_ge(collect_messages(&c, "CON POST CREATE contentInstance"), 12 * 5);
    ck_assert_uint_ge(collect_messages(&c, "HelloVerifyRequest"), 12 * 5);
    ck_assert_uint_eq(collect_messages(&c, "(retransmission)"), 0);
    collect_release(&c);
}
END_TEST

START_TEST(bare)
{
    struct collect c;

    fleet_run_text(&c, 1, trusted, SETS(NULL), &counts);
    check_life(&c, "coap");
    ck_assert_uint_eq(collect_keys(&c, "session", NULL), 0);
    ck_assert_uint_ge(collect_messages(&c, "CON POST CREATE contentInstance"), 12 * 5);
    collect_release(&c);
}
END_TEST

/* A session that is kept serves many reports: one handshake, one session key. */
START_TEST(long_sessions)
{
    struct collect c;

    run(&c, "", SETS(COAP, FIXED, "populations.meters.mid.idle=1 h"));
    check_life(&c, "coaps");
    ck_assert_uint_eq(collect_keys(&c, "session", NULL), 12);
    ck_assert_uint_eq(collect_messages(&c, "HelloVerifyRequest"), 12);
    collect_release(&c);
}
END_TEST

/* What is repeated is told apart from what only takes long; all parts sum to the whole. */
START_TEST(loss_is_repetition)
{
    struct collect c;
    const struct collected_procedure *p;
    int64_t repeated = 0;
    size_t at = 0, slow = 0;

    run(&c, "", SETS(COAP, FIXED, "links.meters->nscl.loss=10 %"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, 12);
    ck_assert_uint_gt(collect_messages(&c, "(retransmission)"), 10);
    while ((p = collect_next(&c, "request", &at))) {
        repeated += p->row.parts[PART_RETRANSMISSION];
        if (p->row.t_end - p->row.t_start < SIM_S)
            continue;
        /* Nothing but a loss makes a report wait for a second. */
        slow++;
        ck_assert_int_ge(p->row.parts[PART_RETRANSMISSION] + p->row.parts[PART_BACKOFF], SIM_S / 2);
    }
    ck_assert_uint_gt(slow, 5);
    ck_assert_int_gt(repeated, 5 * SIM_S);
    collect_release(&c);
}
END_TEST

/* What a loss costs is ACK_TIMEOUT's to say. */
START_TEST(patience)
{
    static const char *const timeouts[] = {"populations.meters.mid.ack_timeout=500 ms", NULL,
                                           "populations.meters.mid.ack_timeout=10 s"};
    int64_t waited[3] = {0};

    for (int i = 0; i < 3; i++) {
        const struct collected_procedure *p;
        struct collect c;
        size_t at = 0;

        run(&c, "",
            SETS(COAP, FIXED, "links.meters->nscl.loss=10 %", "populations.meters.mid.idle=1 h",
                 timeouts[i]));
        fleet_check_sums(&c);
        while ((p = collect_next(&c, "request", &at)))
            waited[i] += p->row.parts[PART_RETRANSMISSION];
        collect_release(&c);
    }
    ck_assert_int_gt(waited[0], 0);
    ck_assert_int_gt(waited[1], 2 * waited[0]);
    ck_assert_int_gt(waited[2], 2 * waited[1]);
}
END_TEST

/* The NSCL loses its sessions with its power; who had one finds out by CoAP's time-out, and makes
 * another. Bare, only requests of the outage itself are in vain. */
START_TEST(a_server_that_was_off)
{
    struct collect c;

    run(&c, outage, SETS(COAP, FIXED, "populations.meters.mid.idle=50 min"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, 12);
    ck_assert_uint_ge(collect_keys(&c, "session", "failed") + collect_keys(&c, "session", "closed"),
                      12);
    ck_assert_uint_ge(collect_keys(&c, "session", NULL), 24);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_ge(collect_procedures(&c, "request", "success", ""), 12 * 5);
    collect_release(&c);
}
END_TEST

/* GAP C5: no session outlives its Kmc. */
START_TEST(keys_expire)
{
    struct collect c;

    run(&c, "",
        SETS(COAP, FIXED, "populations.meters.keys.kmc=30 min",
             "populations.meters.mid.idle=29 min"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, 12);
    ck_assert_uint_ge(collect_procedures(&c, "connection", "success", ""), 12 * 4);
    ck_assert_uint_ge(collect_keys(&c, "session", NULL), 12 * 4);
    collect_release(&c);
}
END_TEST

/* A server that is full says nothing over UDP: its clients come again. */
START_TEST(full)
{
    struct collect c;

    run(&c, "", SETS(COAP, FIXED, "populations.nscl.max_sessions=4", "run.until=8 h"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, 12);
    ck_assert_uint_gt(collect_messages(&c, "DTLS ClientHello") +
                          collect_messages(&c, "ClientHello (retransmission)"),
                      0);
    collect_release(&c);
}
END_TEST

START_TEST(the_same_for_any_number_of_threads)
{
    static const char *const sets[][4] = {
        {COAP, FIXED, "links.meters->nscl.loss=10 %", NULL},
        {COAP, FIXED, "populations.meters.mid.idle=50 min", "links.meters->nscl.loss=5 %"}};
    struct collect one, other;

    fleet_run(&one, 1, outage, SETS(sets[_i][0], sets[_i][1], sets[_i][2], sets[_i][3]), NULL);
    for (unsigned threads = 2; threads <= 4; threads += 2) {
        fleet_run(&other, threads, outage, SETS(sets[_i][0], sets[_i][1], sets[_i][2], sets[_i][3]),
                  NULL);
        ck_assert_uint_eq(one.digest, other.digest);
        collect_release(&other);
    }
    collect_release(&one);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("runs over CoAP");
    TCase *t = tcase_create("runs");
    SRunner *runner = srunner_create(s);
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 240);
    tcase_add_loop_test(t, in_dtls, 0, 2);
    tcase_add_test(t, bare);
    tcase_add_test(t, long_sessions);
    tcase_add_test(t, loss_is_repetition);
    tcase_add_test(t, patience);
    tcase_add_test(t, a_server_that_was_off);
    tcase_add_test(t, keys_expire);
    tcase_add_test(t, full);
    tcase_add_loop_test(t, the_same_for_any_number_of_threads, 0, 2);
    suite_add_tcase(s, t);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
