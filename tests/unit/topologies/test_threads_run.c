/* The same rows for any number of threads; runs under TSan too. */
#include "crypto/entity.h"
#include "tests/support/fleet.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

START_TEST(the_same_rows_for_any_number_of_threads)
{
    const char *const *sets =
        SETS("populations.meters.count=60", "populations.meters.arrivals.over=2 s",
             "populations.meters.ival.tampered=10 %", "links.meters -> nscl.loss=3 %",
             "links.meters -> msbf.latency=lognormal 40 ms 0.3", "run.until=1 h");
    struct collect one, more;

    fleet_run(&one, 1, "", sets, NULL);
    for (unsigned threads = 2; threads <= 4; threads += 2) {
        fleet_run(&more, threads, "", sets, NULL);
        ck_assert_uint_eq(more.procedure_count, one.procedure_count);
        ck_assert_uint_eq(more.digest, one.digest);
        collect_release(&more);
    }
    collect_release(&one);
}
END_TEST

/* The same over PANA: sessions over UDP with their expiries, two legs at the agents, an HSS. */
START_TEST(the_same_rows_over_pana)
{
    static const char *const bootstraps[] = {"populations.meters.bootstrap.method=eap-tls",
                                             "populations.meters.bootstrap.method=eap-sim",
                                             "populations.meters.bootstrap.method=eap-aka",
                                             "populations.meters.bootstrap.method=eap-gpsk"};
    const char *const *sets =
        SETS(bootstraps[_i], "populations.meters.connect.method=eap-aka-prime",
             "populations.meters.uicc.ahead=30 %", "populations.meters.count=60",
             "populations.meters.arrivals.over=2 s", "links.meters -> nscl.loss=5 %",
             "links.meters -> msbf.loss=5 %", "links.msbf -> mas.loss=5 %",
             "links.meters -> msbf.latency=lognormal 40 ms 0.3", "run.until=30 min");
    struct collect one, more;

    fleet_run_text(&one, 1, fleet_eap, sets, NULL);
    for (unsigned threads = 2; threads <= 4; threads += 2) {
        fleet_run_text(&more, threads, fleet_eap, sets, NULL);
        ck_assert_uint_eq(more.procedure_count, one.procedure_count);
        ck_assert_uint_eq(more.digest, one.digest);
        collect_release(&more);
    }
    collect_release(&one);
}
END_TEST

/* The same by GBA: two sessions an attempt, a BSF that gives up on a slow HSS and restarts. */
START_TEST(the_same_rows_by_gba)
{
    static const char *const uas[] = {"populations.meters.gba.ua=digest",
                                      "populations.meters.gba.ua=psk-tls"};
    const char *const *sets =
        SETS(uas[_i], "populations.meters.bootstrap.method=gba-u", "populations.meters.count=60",
             "populations.meters.uicc.ahead=30 %", "populations.meters.arrivals.over=2 s",
             "populations.meters.keys.kmc=5 min", "populations.meters.gba.reuse=yes",
             "populations.hss.workers=1", "populations.hss.class=cortex-m4",
             "links.meters -> mas.loss=5 %", "links.meters -> bsf.loss=5 %",
             "links.bsf -> hss.latency=lognormal 2 s 0.5", "run.until=20 min");
    char text[4096];
    struct collect one, more;

    snprintf(text, sizeof text, "%sevents:\n  - {at: 7 min, do: outage, what: bsf, for: 1 s}\n",
             fleet_gba);
    fleet_run_text(&one, 1, text, sets, NULL);
    for (unsigned threads = 2; threads <= 4; threads += 2) {
        fleet_run_text(&more, threads, text, sets, NULL);
        ck_assert_uint_eq(more.procedure_count, one.procedure_count);
        ck_assert_uint_eq(more.digest, one.digest);
        collect_release(&more);
    }
    collect_release(&one);
}
END_TEST

/* Slow pairings, few devices. */
START_TEST(the_same_rows_by_ibake)
{
    const char *const *sets =
        SETS("populations.meters.bootstrap.method=eap-ibake", "populations.meters.count=8",
             "populations.meters.arrivals.over=1 s", "links.meters -> msbf.loss=5 %",
             "run.until=10 min");
    struct collect one, more;

    fleet_run_text(&one, 1, fleet_eap, sets, NULL);
    for (unsigned threads = 2; threads <= 4; threads += 2) {
        fleet_run_text(&more, threads, fleet_eap, sets, NULL);
        ck_assert_uint_eq(more.digest, one.digest);
        collect_release(&more);
    }
    collect_release(&one);
}
END_TEST

/* Behind gateways: sessions whose two ends compute, frames, a store that others write to while it
 * is being forwarded, and an outage. */
START_TEST(the_same_rows_behind_gateways)
{
    const char *const *sets =
        SETS("populations.meters.count=12", "populations.sensors.count=6",
             "populations.gateways.count=2", "populations.meters.arrivals.over=2 s",
             "populations.meters.report.every=30 s", "populations.sensors.report.every=30 s",
             "populations.gateways.store.max_requests=200", "links.meters -> gateways.loss=5 %",
             "links.sensors -> gateways.loss=5 %", "links.gateways -> nscl.loss=5 %",
             "run.until=15 min");
    char text[4096];
    struct collect one, more;

    snprintf(text, sizeof text, "%sevents:\n  - {at: 6 min, do: outage, what: nscl, for: 3 min}\n",
             fleet_district);
    fleet_run_text(&one, 1, text, sets, NULL);
    ck_assert_uint_gt(collect_procedures(&one, "delivery", "success", ""), 200);
    for (unsigned threads = 2; threads <= 4; threads += 2) {
        fleet_run_text(&more, threads, text, sets, NULL);
        ck_assert_uint_eq(more.procedure_count, one.procedure_count);
        ck_assert_uint_eq(more.digest, one.digest);
        collect_release(&more);
    }
    collect_release(&one);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("threads");
    TCase *t = tcase_create("threads");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 280);
    tcase_add_loop_test(t, the_same_rows_by_gba, 0, 2);
    tcase_add_test(t, the_same_rows_for_any_number_of_threads);
    tcase_add_loop_test(t, the_same_rows_over_pana, 0, 4);
    tcase_add_test(t, the_same_rows_behind_gateways);
    tcase_add_test(t, the_same_rows_by_ibake);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
