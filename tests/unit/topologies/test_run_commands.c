/* Whole deployments with devices behind a NAT: they hold long polls, an application's commands come
 * in the answers, the devices do them and report. */
#include "crypto/entity.h"
#include "crypto/se.h"
#include "tests/support/fleet.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const char behind_nat[] = "m2msim: 1\n"
                                 "title: a small fleet behind a NAT\n"
                                 "run: {until: 2 h, seed: 5, key_pool: 2}\n"
                                 "populations:\n"
                                 "  meters:\n"
                                 "    count: 12\n"
                                 "    kind: device\n"
                                 "    class: cortex-a7\n"
                                 "    bootstrap: {method: pre-provisioned}\n"
                                 "    arrivals: {shape: uniform, over: 1 min}\n"
                                 "    mid: {channel: long-poll}\n"
                                 "    ival: {component_size: 512 B}\n"
                                 "    report: {every: 20 min, size: 100 B}\n"
                                 "    retry: {base: 2 s, cap: 1 min, jitter: none, restart: 20 s}\n"
                                 "    timeout: {procedure: 60 s}\n"
                                 "  mas: {kind: mas}\n"
                                 "  nscl: {kind: nscl}\n"
                                 "  monitor: {kind: application}\n"
                                 "links:\n"
                                 "  meters -> mas: {latency: 40 ms, rate: 1 Mbit/s}\n"
                                 "  meters -> nscl: {latency: 40 ms, rate: 1 Mbit/s}\n"
                                 "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"
                                 "  monitor -> nscl: {latency: 5 ms, rate: 1 Gbit/s}\n"
                                 "record: {series_every: 1 min}\n";

#define COMMAND "populations.monitor.command="

static struct deployment_counts counts;

static void run(struct collect *c, unsigned threads, const char *more, const char *const *sets)
{
    char text[4096];

    snprintf(text, sizeof text, "%s%s", behind_nat, more);
    fleet_run_text(c, threads, text, sets, &counts);
    fleet_check_sums(c);
}

static size_t succeeded(const struct collect *c, const char *kind)
{
    return collect_procedures(c, kind, "success", "");
}

/* Nothing to say: a poll is answered by the NSCL's timer, and the next one follows at once. */
START_TEST(polls_are_held_and_renewed)
{
    struct collect c;
    const struct collected_procedure *p;
    size_t at = 0;

    run(&c, 1, "", SETS("populations.nscl.poll_timer=10 min"));
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(succeeded(&c, "channel"), 12);
    ck_assert_uint_eq(succeeded(&c, "mgmt-cmd"), 2 * 12);
    ck_assert_uint_eq(succeeded(&c, "poll"), 12 * 11);
    ck_assert_uint_eq(collect_procedures(&c, "poll", "unfinished", NULL), 12);
    while ((p = collect_next(&c, "poll", &at)))
        if (strcmp(p->outcome, "success") == 0) {
            ck_assert_int_ge(p->row.t_end - p->row.t_intended, 600 * SIM_S);
            ck_assert_int_lt(p->row.t_end - p->row.t_intended, 601 * SIM_S);
        }
    collect_release(&c);
}
END_TEST

START_TEST(a_reset_is_done_and_reported)
{
    struct collect c;
    const struct collected_procedure *p;
    size_t at = 0, done;

    run(&c, 1, "", SETS(COMMAND "{every: 30 min, share: 50 %}"));
    done = succeeded(&c, "command");
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(counts.registered, 12);
    ck_assert_uint_gt(done, 6);
    ck_assert_uint_lt(done, 30);
    ck_assert_uint_eq(succeeded(&c, "command-report"), done);
    /* Each came back by a connection with the Kmr that it has, and told that it is there. */
    ck_assert_uint_eq(succeeded(&c, "connection"), 12 + done);
    ck_assert_uint_eq(succeeded(&c, "refresh"), done);
    ck_assert_uint_eq(succeeded(&c, "registration"), 12);
    ck_assert_uint_eq(succeeded(&c, "read"), done); /* the status of each */
    while ((p = collect_next(&c, "command", &at))) {
        ck_assert_int_gt(p->row.t_end - p->row.t_intended, 20 * SIM_S);
        ck_assert_int_lt(p->row.t_end - p->row.t_intended, 25 * SIM_S);
        ck_assert_int_ge(p->row.peer_id, 0); /* the device */
        ck_assert_int_lt(p->row.peer_id, 12);
    }
    collect_release(&c);
}
END_TEST

/* The image's version is in the result of the next attestation, and what was tampered with is gone.
 */
START_TEST(firmware_heals_and_shows)
{
    struct collect c;
    uint32_t before = 0;
    size_t newer = 0;

    run(&c, 1, "",
        SETS(COMMAND "{every: 1 h, what: firmware}", "run.until=90 min",
             "populations.meters.ival.tampered=100 %"));
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(succeeded(&c, "command"), 12);
    ck_assert_uint_eq(c.ival_count, 24);
    for (size_t i = 0; i < c.ival_count; i++) {
        bool genuine = strcmp(c.ivals[i].truth, "genuine") == 0;

        ck_assert_int_eq(genuine, (c.ivals[i].row.result & IVAL_PASS) != 0);
        newer += genuine;
        if (!genuine)
            before = (uint32_t)c.ivals[i].row.result & (15u << IVAL_VERSION_SHIFT);
        else
            ck_assert_uint_ne((uint32_t)c.ivals[i].row.result & (15u << IVAL_VERSION_SHIFT),
                              before);
    }
    ck_assert_uint_eq(newer, 12);
    collect_release(&c);
}
END_TEST

/* Sessions that are gone with the NSCL's power: the devices notice by waiting, poll again, and get
 * the commands that were given meanwhile and before. */
START_TEST(polls_survive_an_outage)
{
    static const char outage[] = "events:\n  - {at: 20 min, do: outage, what: nscl, for: 5 min}\n";
    struct collect c;

    run(&c, 1, outage, SETS(COMMAND "{every: 26 min}", "run.until=50 min"));
    ck_assert_uint_eq(collect_procedures(&c, "poll", "failed", NULL) > 0, true);
    ck_assert_uint_eq(succeeded(&c, "command"), 12);
    ck_assert_uint_eq(succeeded(&c, "command-report"), 12);
    collect_release(&c);
}
END_TEST

/* A device that loses its power while its poll is held, or with a command in its memory, is told
 * again when it is back: at its next poll. */
START_TEST(a_command_is_not_lost_with_its_poll)
{
    static const char blackout[] =
        "events:\n  - {at: 1790 s, do: blackout, what: meters, for: 5 min}\n";
    struct collect c;

    run(&c, 1, blackout, SETS(COMMAND "{every: 29 min}", "run.until=58 min"));
    ck_assert_uint_eq(
        succeeded(&c, "command") + collect_procedures(&c, "command", "unfinished", NULL), 12);
    ck_assert_uint_eq(succeeded(&c, "command"), 12);
    ck_assert_uint_eq(succeeded(&c, "command-report"), 12);
    ck_assert_uint_eq(counts.registered, 12);
    collect_release(&c);
}
END_TEST

/* The application loses its power between an EXECUTE and the answer: the device does it once all
 * the same, and nobody tells it again. */
START_TEST(a_command_whose_giver_is_gone_is_done_once)
{
    static const char outage[] =
        "events:\n  - {at: 1809.143 s, do: outage, what: monitor, for: 1 min}\n";
    struct collect c;

    run(&c, 1, outage, SETS(COMMAND "{every: 30 min}", "run.until=50 min"));
    ck_assert_uint_eq(collect_procedures(&c, "command", "failed", "outage"), 1);
    ck_assert_uint_eq(succeeded(&c, "command"), 11);
    ck_assert_uint_eq(succeeded(&c, "command-report"), 12);
    ck_assert_uint_eq(succeeded(&c, "refresh"), 12);
    collect_release(&c);
}
END_TEST

/* Two gateways with meters behind them. */
static const char of_gateways[] = "m2msim: 1\n"
                                  "title: gateways that are commanded\n"
                                  "run: {until: 2 h, seed: 5}\n"
                                  "populations:\n"
                                  "  meters: {kind: local, count: 6, arrivals: {over: 1 min}}\n"
                                  "  gateways:\n"
                                  "    kind: gateway\n"
                                  "    count: 2\n"
                                  "    bootstrap: {method: pre-provisioned}\n"
                                  "    mid: {channel: long-poll}\n"
                                  "    arrivals: {over: 1 min}\n"
                                  "    retry: {base: 2 s, jitter: none, restart: 20 s}\n"
                                  "  mas: {kind: mas}\n"
                                  "  nscl: {kind: nscl}\n"
                                  "  monitor: {kind: application, devices: gateways}\n"
                                  "links:\n"
                                  "  meters -> gateways: {latency: 40 ms}\n"
                                  "  gateways -> mas: {latency: 40 ms}\n"
                                  "  gateways -> nscl: {latency: 40 ms}\n"
                                  "  mas -> nscl: {latency: 10 ms}\n"
                                  "  monitor -> nscl: {latency: 5 ms}\n";

/* The application knows of the containers at a gateway too, and these have no commands. */
START_TEST(gateways_are_commanded_and_not_their_containers)
{
    struct collect c;

    fleet_run_text(&c, 1, of_gateways,
                   SETS(COMMAND "{every: 30 min}", "populations.monitor.subscribe=yes"), &counts);
    fleet_check_sums(&c);
    ck_assert_uint_eq(collect_procedures(&c, "command", "failed", NULL), 0);
    ck_assert_uint_eq(succeeded(&c, "command"), 2 * 3);
    ck_assert_uint_eq(succeeded(&c, "command-report"), 2 * 3);
    ck_assert_uint_ge(succeeded(&c, "subscription"), 1 + 2 + 6);
    collect_release(&c);
}
END_TEST

/* Sealed, on both of a device's sessions, with a channel around them and without. */
START_TEST(polls_and_commands_sealed)
{
    static const char *const ways[][2] = {{"object-sign", "http+sign"},
                                          {"object-sign+object-encrypt", "http+sign+encrypt"},
                                          {"channel+object-encrypt", "https+encrypt"}};
    struct collect c, more;
    const struct collected_procedure *p;
    char security[80];
    size_t at = 0;

    snprintf(security, sizeof security, "populations.meters.mid.security=%s", ways[_i][0]);
    run(&c, 1, "", SETS(COMMAND "{every: 30 min, share: 50 %}", security));
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_gt(succeeded(&c, "command"), 6);
    ck_assert_uint_eq(succeeded(&c, "command-report"), succeeded(&c, "command"));
    while ((p = collect_next(&c, "poll", &at)))
        ck_assert_str_eq(p->method, ways[_i][1]);
    run(&more, 2, "", SETS(COMMAND "{every: 30 min, share: 50 %}", security));
    ck_assert_uint_eq(more.digest, c.digest);
    collect_release(&more);
    collect_release(&c);
}
END_TEST

START_TEST(the_same_rows_for_any_number_of_threads)
{
    static const char outage[] = "events:\n  - {at: 25 min, do: outage, what: nscl, for: 3 min}\n";
    const char *const *sets =
        SETS(COMMAND "{every: 10 min, share: 30 %}", "populations.monitor.subscribe=yes",
             "populations.meters.count=60", "populations.meters.arrivals.over=2 s",
             "populations.meters.report.every=3 min", "populations.meters.keys.kmc=15 min",
             "links.meters -> nscl.loss=3 %", "links.monitor -> nscl.loss=3 %", "run.until=50 min");
    struct collect one, more;

    run(&one, 1, outage, sets);
    ck_assert_uint_gt(succeeded(&one, "command"), 40);
    for (unsigned threads = 2; threads <= 4; threads += 2) {
        run(&more, threads, outage, sets);
        ck_assert_uint_eq(more.procedure_count, one.procedure_count);
        ck_assert_uint_eq(more.digest, one.digest);
        collect_release(&more);
    }
    collect_release(&one);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("commands");
    TCase *t = tcase_create("runs");
    SRunner *r;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 120);
    tcase_add_test(t, polls_are_held_and_renewed);
    tcase_add_test(t, a_reset_is_done_and_reported);
    tcase_add_test(t, firmware_heals_and_shows);
    tcase_add_test(t, polls_survive_an_outage);
    tcase_add_test(t, a_command_is_not_lost_with_its_poll);
    tcase_add_test(t, a_command_whose_giver_is_gone_is_done_once);
    tcase_add_test(t, gateways_are_commanded_and_not_their_containers);
    tcase_add_loop_test(t, polls_and_commands_sealed, 0, 3);
    tcase_add_test(t, the_same_rows_for_any_number_of_threads);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
