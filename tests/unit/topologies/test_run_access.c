/* Whole deployments whose mId relies on the access network: attach, and nothing before it; each way
 * to be refused, each fault with its reason and its recovery; the same for any number of threads.
 */
#include "crypto/entity.h"
#include "sim/ledger.h"
#include "tests/support/fleet.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES 12

static const char fleet[] = "m2msim: 1\n"
                            "title: a small fleet of an access network\n"
                            "run: {until: 2 h, seed: 5}\n"
                            "populations:\n"
                            "  meters:\n"
                            "    count: 12\n"
                            "    kind: device\n"
                            "    class: cortex-a7\n"
                            "    bootstrap: {method: none}\n"
                            "    connect: {method: none}\n"
                            "    arrivals: {shape: uniform, over: 1 min}\n"
                            "    ival: {component_size: 512 B}\n"
                            "    report: {every: 20 min, size: 100 B}\n"
                            "    retry: {base: 2 s, cap: 1 min, jitter: none}\n"
                            "    timeout: {procedure: 60 s}\n"
                            "  core: {kind: access}\n"
                            "  nscl: {kind: nscl, ival_policy: {tampered: deny}}\n"
                            "  hss: {kind: hss, latency: 15 ms}\n"
                            "links:\n"
                            "  meters -> core: {latency: 40 ms, rate: 1 Mbit/s}\n"
                            "  core -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"
                            "  core -> hss: {latency: 10 ms, rate: 1 Gbit/s}\n"
                            "record: {series_every: 1 min, messages: {sample: 100 %}}\n";

static struct deployment_counts counts;

static void run_text(struct collect *c, unsigned threads, const char *more, const char *const *sets)
{
    char text[4096];

    snprintf(text, sizeof text, "%s%s", fleet, more);
    fleet_run_text(c, threads, text, sets, &counts);
}

static void run(struct collect *c, const char *more, const char *const *sets)
{
    run_text(c, 1, more, sets);
}

/* The time of a device's first procedure of a kind that began after t; SIM_NEVER: none. */
static sim_ns first_of(const struct collect *c, int64_t node, const char *kind, const char *outcome,
                       sim_ns after)
{
    sim_ns first = SIM_NEVER;

    for (size_t i = 0; i < c->procedure_count; i++) {
        const struct collected_procedure *p = &c->procedures[i];
        if (p->row.node_id == node && p->row.t_start >= after && !strcmp(p->kind, kind) &&
            !strcmp(p->outcome, outcome) && p->row.t_end < first)
            first = p->row.t_end;
    }
    return first;
}

START_TEST(attach_comes_first)
{
    struct collect c;

    run(&c, "", SETS(NULL));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(collect_procedures(&c, "attach", "success", ""), DEVICES);
    ck_assert_uint_eq(collect_procedures(&c, "bootstrap", NULL, NULL), 0);
    ck_assert_uint_eq(collect_procedures(&c, "connection", NULL, NULL), 0);
    ck_assert_uint_ge(collect_procedures(&c, "request", "success", ""), DEVICES * 5);
    ck_assert_uint_eq(collect_ivals(&c, "genuine", "granted"), DEVICES);
    ck_assert_uint_eq(collect_keys(&c, "Kasme", "run-end"), DEVICES);
    ck_assert_uint_eq(collect_keys(&c, "Kmr", NULL), 0);
    ck_assert_uint_eq(collect_keys(&c, "Kmc", NULL), 0);
    ck_assert_uint_eq(collect_keys(&c, "session", NULL), 0);
    for (size_t i = 0; i < c.procedure_count; i++) {
        const struct collected_procedure *p = &c.procedures[i];
        ck_assert_uint_eq(p->row.attempts, 1);
        if (strcmp(p->kind, "attach") != 0) {
            ck_assert_str_eq(p->method, "http");
            ck_assert_int_ge(p->row.t_start, first_of(&c, p->row.node_id, "attach", "success", 0));
            continue;
        }
        ck_assert_str_eq(p->method, "eps-aka");
        /* Four messages up, three down, the last of the device's unanswered. */
        ck_assert_uint_eq(p->row.messages, 7);
        ck_assert_uint_eq(p->row.round_trips, 3);
        ck_assert_int_ge(p->row.parts[PART_NETWORK], 6 * 40 * SIM_MS + 4 * 10 * SIM_MS);
        ck_assert_int_ge(p->row.parts[PART_OTHER], 2 * 15 * SIM_MS);
        ck_assert_int_gt(p->row.parts[PART_DEVICE_CRYPTO], 0);
        ck_assert_int_gt(p->row.parts[PART_SERVER_CRYPTO], 0);
        ck_assert_int_gt(p->row.device_energy_nj, 0);
    }
    /* An attach and each session of mId: its key was used so often. */
    for (size_t i = 0; i < c.key_count; i++)
        ck_assert(strcmp(c.keys[i].type, "Kasme") != 0 || c.keys[i].row.uses >= 1 + 5);
    collect_release(&c);
}
END_TEST

START_TEST(an_attach_is_renewed)
{
    struct collect c;

    run(&c, "", SETS("populations.core.attach_life=30 min"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(collect_keys(&c, "Kasme", "expired"), 0);
    ck_assert_uint_ge(collect_keys(&c, "Kasme", "renewed"), 3 * DEVICES);
    for (size_t i = 0; i < c.key_count; i++)
        if (!strcmp(c.keys[i].type, "Kasme"))
            ck_assert_int_eq(c.keys[i].row.t_expires - c.keys[i].row.t_born, 1800 * SIM_S);
    collect_release(&c);
}
END_TEST

START_TEST(who_is_refused_sends_nothing)
{
    static const struct {
        const char *set, *reason;
    } t[] = {{"populations.meters.access.barred=100 %", "access-not-allowed"},
             {"populations.meters.access.roaming_barred=100 %", "access-roaming-not-allowed"}};
    struct collect c;

    run(&c, "", SETS(t[_i].set));
    fleet_check_sums(&c);
    ck_assert_uint_eq(collect_procedures(&c, "attach", "failed", t[_i].reason), DEVICES);
    /* Its home says no: it does not ask again. */
    ck_assert_uint_eq(c.procedure_count, DEVICES);
    ck_assert_uint_eq(counts.gave_up, DEVICES);
    ck_assert_uint_eq(collect_keys(&c, "Kasme", NULL), 0);
    collect_release(&c);
}
END_TEST

START_TEST(wrong_keys_have_their_name)
{
    struct collect c;

    run(&c, "",
        SETS("populations.meters.uicc.wrong_key=100 %", "populations.meters.retry.attempts=2"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(collect_procedures(&c, "attach", "failed", "aka-wrong-autn"), DEVICES);
    ck_assert_uint_eq(c.procedure_count, DEVICES);
    ck_assert_uint_eq(counts.gave_up, DEVICES);
    ck_assert_uint_eq(c.procedures[0].row.attempts, 2);
    collect_release(&c);
}
END_TEST

/* AUTS, and the HSS counts on from there: two messages and a vector more. */
START_TEST(numbers_ahead_are_resynchronised)
{
    struct collect c;

    run(&c, "", SETS("populations.meters.uicc.ahead=100 %"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    for (size_t i = 0; i < c.procedure_count; i++)
        if (!strcmp(c.procedures[i].kind, "attach"))
            ck_assert_uint_eq(c.procedures[i].row.messages, 9);
    collect_release(&c);
}
END_TEST

/* Slow: the guard time of the device is over before the home has answered. */
START_TEST(a_slow_home_is_a_time_out)
{
    struct collect c;

    run(&c, "", SETS("populations.hss.latency=20 s", "populations.meters.retry.attempts=3"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(collect_procedures(&c, "attach", "failed", "timeout"), DEVICES);
    ck_assert_uint_eq(counts.gave_up, DEVICES);
    collect_release(&c);
}
END_TEST

START_TEST(a_home_that_is_away_comes_back)
{
    struct collect c;
    size_t waited = 0;

    run(&c, "events:\n  - {at: 0 s, do: outage, what: hss, for: 10 min}\n", SETS(NULL));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(collect_procedures(&c, "attach", "success", ""), DEVICES);
    for (size_t i = 0; i < c.procedure_count; i++) {
        const struct collected_procedure *p = &c.procedures[i];
        if (strcmp(p->kind, "attach") != 0)
            continue;
        ck_assert_uint_gt(p->row.attempts, 5);
        ck_assert_int_gt(p->row.parts[PART_BACKOFF], 60 * SIM_S);
        ck_assert_int_ge(p->row.t_end, 600 * SIM_S);
        ck_assert_int_le(p->row.t_end, 680 * SIM_S);
        waited++;
    }
    ck_assert_uint_eq(waited, DEVICES);
    collect_release(&c);
    /* What the network says of it, for who does not wait so long. */
    run(&c, "events:\n  - {at: 0 s, do: outage, what: hss, for: 10 min}\n",
        SETS("populations.meters.retry.attempts=2"));
    ck_assert_uint_eq(collect_procedures(&c, "attach", "failed", "backend-timeout"), DEVICES);
    collect_release(&c);
}
END_TEST

/* Its contexts are gone: what devices send finds no bearer, they are told, attach again, and all
 * of them report again. */
START_TEST(a_core_that_forgets)
{
    static const char outage[] = "events:\n  - {at: 50 min, do: outage, what: core, for: 12 min}\n";
    struct collect c;
    size_t nodes = 0;

    run(&c, outage, SETS("run.until=3 h"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.gave_up, 0);
    ck_assert_uint_eq(collect_procedures(&c, "attach", "success", ""), 2 * DEVICES);
    ck_assert_uint_ge(collect_procedures(&c, "request", "failed", "access-detached"), DEVICES / 2);
    ck_assert_uint_eq(collect_keys(&c, "Kasme", "erased"), DEVICES);
    for (size_t i = 0; i < c.procedure_count; i++) {
        const struct collected_procedure *p = &c.procedures[i];
        if (strcmp(p->kind, "attach") != 0 || p->row.t_start < 3000 * SIM_S)
            continue;
        ck_assert_int_ge(p->row.t_start, 62 * 60 * SIM_S);
        ck_assert_int_lt(first_of(&c, p->row.node_id, "request", "success", p->row.t_end),
                         SIM_NEVER);
        nodes++;
    }
    ck_assert_uint_eq(nodes, DEVICES);
    collect_release(&c);
}
END_TEST

START_TEST(losses_are_repaired)
{
    struct collect c;
    int64_t retransmission = 0;

    run(&c, "", SETS("links.meters -> core.loss=10 %"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(collect_procedures(&c, "attach", "failed", NULL), 0);
    for (size_t i = 0; i < c.procedure_count; i++)
        if (!strcmp(c.procedures[i].kind, "attach"))
            retransmission += c.procedures[i].row.parts[PART_RETRANSMISSION];
    ck_assert_int_gt(retransmission, SIM_S);
    collect_release(&c);
}
END_TEST

/* An attach before whatever else a device does, and a gate before its bootstrap. */
START_TEST(others_may_attach_too)
{
    static const char servers[] = "  mas: {kind: mas}\n"
                                  "  msbf: {kind: msbf}\n";
    static const char links[] = "links:\n"
                                "  core -> mas: {latency: 10 ms}\n"
                                "  core -> msbf: {latency: 10 ms}\n"
                                "  msbf -> mas: {latency: 10 ms}\n"
                                "  mas -> nscl: {latency: 10 ms}\n"
                                "  mas -> hss: {latency: 10 ms}\n";
    const char *at = strstr(fleet, "links:\n");
    char text[4096];
    struct collect c;

    snprintf(text, sizeof text, "%.*s%s%s%s", (int)(at - fleet), fleet, servers, links,
             at + strlen("links:\n"));
    fleet_run_text(&c, 1, text,
                   SETS("populations.meters.bootstrap.method=eap-aka",
                        "populations.meters.connect.method=tls-psk",
                        "populations.meters.access.at=core", "populations.meters.ival.gate=yes",
                        "populations.meters.ival.tampered=30 %"),
                   &counts);
    fleet_check_sums(&c);
    ck_assert_uint_gt(counts.refused, 0);
    ck_assert_uint_eq(counts.registered + counts.refused, DEVICES);
    ck_assert_uint_eq(collect_procedures(&c, "attach", "success", ""), DEVICES);
    ck_assert_uint_eq(collect_procedures(&c, "bootstrap", "failed", "ival-gate"), counts.refused);
    ck_assert_uint_eq(collect_procedures(&c, "bootstrap", "success", ""), counts.registered);
    ck_assert_uint_eq(collect_keys(&c, "Kmc", "run-end"), counts.registered);
    collect_release(&c);
}
END_TEST

START_TEST(threads_change_nothing)
{
    static const char outage[] = "events:\n  - {at: 20 min, do: outage, what: core, for: 5 min}\n";
    static const unsigned threads[] = {1, 2, 4};
    uint64_t digest = 0;

    for (int i = 0; i < 3; i++) {
        struct collect c;
        run_text(&c, threads[i], outage,
                 SETS("populations.meters.count=40", "links.meters -> core.loss=3 %",
                      "populations.meters.uicc.ahead=20 %"));
        ck_assert_uint_eq(counts.registered, 40);
        digest = i ? digest : c.digest;
        ck_assert_uint_eq(c.digest, digest);
        collect_release(&c);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("runs over an access network");
    TCase *t = tcase_create("runs");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 120);
    tcase_add_test(t, attach_comes_first);
    tcase_add_test(t, an_attach_is_renewed);
    tcase_add_loop_test(t, who_is_refused_sends_nothing, 0, 2);
    tcase_add_test(t, wrong_keys_have_their_name);
    tcase_add_test(t, numbers_ahead_are_resynchronised);
    tcase_add_test(t, a_slow_home_is_a_time_out);
    tcase_add_test(t, a_home_that_is_away_comes_back);
    tcase_add_test(t, a_core_that_forgets);
    tcase_add_test(t, losses_are_repaired);
    tcase_add_test(t, others_may_attach_too);
    tcase_add_test(t, threads_change_nothing);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
