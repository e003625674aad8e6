/* Whole deployments with actuators behind gateways: an application's requests go over NSCL, gateway
 * and dIa to an aPoC, and the answers back. */
#include "crypto/entity.h"
#include "crypto/se.h"
#include "sim/ledger.h"
#include "tests/support/fleet.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const char valves[] = FLEET_VALVES("10 min");

#define GARDEN   "populations.garden."
#define VALVES   "populations.valves."
#define BLACKOUT "events:\n  - {at: 1 h, do: blackout, what: gateways, for: 15 min}\n"

static struct deployment_counts counts;

static void run(struct collect *c, unsigned threads, const char *more, const char *const *sets)
{
    char text[4096];

    snprintf(text, sizeof text, "%s%s", valves, more);
    fleet_run_text(c, threads, text, sets, &counts);
    fleet_check_sums(c);
}

static size_t succeeded(const struct collect *c, const char *kind)
{
    return collect_procedures(c, kind, "success", "");
}

static size_t of_all(const struct collect *c, const char *outcome, const char *reason)
{
    return collect_procedures(c, "actuate", outcome, reason);
}

/* What an actuator did, it was asked; and what was answered well, it did. Nothing was done twice.
 */
static void check_exactly_once(const struct collect *c)
{
    size_t well = of_all(c, "success", NULL),
           all = well + of_all(c, "failed", NULL) + of_all(c, "unfinished", NULL);

    ck_assert_uint_gt(well, 0);
    ck_assert_uint_ge(counts.actuated, well);
    ck_assert_uint_le(counts.actuated, all);
    ck_assert_uint_eq(of_all(c, "failed", ""), 0); /* each failure has a name */
}

START_TEST(each_is_asked_and_does_it)
{
    struct collect c;
    const struct collected_procedure *p;
    size_t at = 0;

    run(&c, 1, "", SETS(NULL));
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(counts.registered, 8);
    /* Registered at once; the first is asked after ten minutes, then one each 100 s. */
    ck_assert_uint_eq(succeeded(&c, "actuate"), 66);
    ck_assert_uint_eq(counts.actuated, 66);
    ck_assert_uint_eq(succeeded(&c, "apoc"), 66);
    ck_assert_uint_eq(succeeded(&c, "response"), 66);
    ck_assert_uint_eq(succeeded(&c, "access-right"), 6 + 2);
    while ((p = collect_next(&c, "actuate", &at))) {
        sim_ns whole = p->row.t_end - p->row.t_intended;

        ck_assert_int_ge(p->row.peer_id, 0); /* a valve */
        ck_assert_int_lt(p->row.peer_id, 6);
        /* mIa, the poll's answer, dIa with its connection, the responseNotify: and the second that
         * the valve takes. */
        ck_assert_int_gt(whole, 1 * SIM_S + 2 * (5 + 20 + 20) * SIM_MS + 2 * 40 * SIM_MS);
        ck_assert_int_lt(whole, 2 * SIM_S);
        ck_assert_int_ge(p->row.parts[PART_OTHER], 1 * SIM_S);
        ck_assert_int_gt(p->row.parts[PART_NETWORK], 170 * SIM_MS);
        ck_assert_int_gt(p->row.parts[PART_SERVER_CRYPTO], 0);
        ck_assert_int_eq(p->row.parts[PART_RETRANSMISSION], 0);
    }
    collect_release(&c);
}
END_TEST

START_TEST(a_state_is_asked_for)
{
    struct collect c;

    run(&c, 1, "", SETS(GARDEN "actuate.what=get"));
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(succeeded(&c, "actuate"), 66);
    ck_assert_uint_eq(succeeded(&c, "apoc"), 66);
    ck_assert_uint_eq(counts.actuated, 0);
    collect_release(&c);
}
END_TEST

START_TEST(through_losses)
{
    struct collect c;

    run(&c, 1, "",
        SETS(GARDEN "actuate.every=1 min", "run.until=1 h", "links.valves -> gateways.loss=10 %",
             "links.gateways -> nscl.loss=5 %", "links.garden -> nscl.loss=5 %"));
    check_exactly_once(&c);
    ck_assert_uint_gt(succeeded(&c, "actuate"), 300);
    collect_release(&c);
}
END_TEST

/* While the gateways have no power nobody is asked, also not later: who asked was told. */
START_TEST(a_gateway_that_is_off)
{
    struct collect c;

    run(&c, 1, BLACKOUT, SETS(NULL));
    check_exactly_once(&c);
    ck_assert_uint_eq(of_all(&c, "failed", NULL), of_all(&c, "failed", "gateway-timeout"));
    ck_assert_uint_ge(of_all(&c, "failed", "gateway-timeout"), 8);
    ck_assert_uint_le(of_all(&c, "failed", "gateway-timeout"), 11);
    ck_assert_uint_eq(counts.actuated, succeeded(&c, "actuate"));
    collect_release(&c);
}
END_TEST

/* Nor is anything done twice through an outage of the NSCL, whatever was under way. */
START_TEST(an_nscl_that_is_off)
{
    static const char outage[] = "events:\n  - {at: 1 h, do: outage, what: nscl, for: 5 min}\n";
    struct collect c;

    run(&c, 1, outage,
        SETS(GARDEN "actuate.every=12 s", GARDEN "start=50 min", "run.until=70 min",
             "links.gateways -> nscl.loss=2 %"));
    check_exactly_once(&c);
    ck_assert_uint_gt(of_all(&c, "failed", NULL), 0);
    collect_release(&c);
}
END_TEST

START_TEST(who_is_not_there_yet)
{
    struct collect c;

    run(&c, 1, "", SETS(VALVES "arrivals.start=1 h"));
    check_exactly_once(&c);
    ck_assert_uint_ge(of_all(&c, "failed", "not-found"), 29);
    ck_assert_uint_eq(of_all(&c, "failed", NULL), of_all(&c, "failed", "not-found"));
    collect_release(&c);
}
END_TEST

/* An actuator that is too slow does it all the same: the answer comes when nobody waits for it. */
START_TEST(an_actuator_that_takes_too_long)
{
    struct collect c;

    run(&c, 1, "", SETS(VALVES "apoc.takes=20 s", "populations.nscl.hand_on_timeout=15 s"));
    ck_assert_uint_eq(of_all(&c, "failed", "gateway-timeout"), 66);
    ck_assert_uint_eq(counts.actuated, 66);
    collect_release(&c);
}
END_TEST

/* A channel keeps 64; the rest is refused at once. */
START_TEST(a_full_channel)
{
    static const char blackout[] =
        "events:\n  - {at: 5 min, do: blackout, what: gateways, for: 1 h}\n";
    struct collect c;

    run(&c, 1, blackout,
        SETS(GARDEN "count=4", GARDEN "actuate.every=20 s", GARDEN "start=4 min", VALVES "count=40",
             "populations.gateways.count=1", "run.until=6 min"));
    ck_assert_uint_gt(of_all(&c, "failed", "notify-queue-full"), 0);
    ck_assert_uint_gt(of_all(&c, "failed", "gateway-timeout"), 0);
    check_exactly_once(&c);
    collect_release(&c);
}
END_TEST

START_TEST(the_same_rows_for_any_number_of_threads)
{
    const char *const *sets =
        SETS(GARDEN "actuate.every=30 s", GARDEN "start=52 min", VALVES "count=40",
             "populations.gateways.count=8", "links.valves -> gateways.loss=5 %",
             "links.gateways -> nscl.loss=3 %", "populations.gateways.keys.kmc=25 min",
             "run.until=66 min");
    struct collect one, more;

    run(&one, 1, BLACKOUT, sets);
    check_exactly_once(&one);
    for (unsigned threads = 2; threads <= 4; threads += 2) {
        run(&more, threads, BLACKOUT, sets);
        ck_assert_uint_eq(more.procedure_count, one.procedure_count);
        ck_assert_uint_eq(more.digest, one.digest);
        collect_release(&more);
    }
    collect_release(&one);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("actuators");
    TCase *t = tcase_create("runs");
    SRunner *r;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 120);
    tcase_add_test(t, each_is_asked_and_does_it);
    tcase_add_test(t, a_state_is_asked_for);
    tcase_add_test(t, through_losses);
    tcase_add_test(t, a_gateway_that_is_off);
    tcase_add_test(t, an_nscl_that_is_off);
    tcase_add_test(t, who_is_not_there_yet);
    tcase_add_test(t, an_actuator_that_takes_too_long);
    tcase_add_test(t, a_full_channel);
    tcase_add_test(t, the_same_rows_for_any_number_of_threads);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
