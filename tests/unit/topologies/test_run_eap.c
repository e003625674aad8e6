/* Whole deployments over PANA: each method of bootstrap and connection from a scenario's text to
 * its rows, over good and bad lines, and each way to fail with its reason. */
#include "crypto/entity.h"
#include "sim/ledger.h"
#include "tests/support/fleet.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES 12

static struct deployment_counts counts;

static void run(struct collect *c, const char *const *sets)
{
    fleet_run_text(c, 1, fleet_eap, sets, &counts);
}

/* ---- every method ---- */

struct way {
    const char *bootstrap, *connect;
    const char *kmr_parent,
        *kmc_parent;    /* types of keys; "": provisioned, or derived from nothing */
    unsigned datagrams; /* of the bootstrap, when counted by hand; 0: not */
};
static const struct way ways[] = {
    {"eap-tls", "tls-psk", "EMSK", "Kmr", 0},
    {"eap-sim", "tls-psk", "EMSK", "Kmr", 11},
    {"eap-aka", "tls-psk", "EMSK", "Kmr", 9}, /* etsi-m2m.md 4.4 */
    {"eap-aka-prime", "tls-psk", "EMSK", "Kmr", 9},
    {"eap-aka", "eap-aka", "EMSK", "MSK", 9},
    {"tls-x509", "eap-sim", "", "MSK", 0},
    {"tls-x509", "eap-aka-prime", "", "MSK", 0},
    {"pre-provisioned", "eap-aka", "", "MSK", 0},
    {"eap-gpsk", "eap-gpsk", "EMSK", "MSK", 11}, /* etsi-m2m.md 4.4: 9, and 2 for the identity */
    {"eap-psk", "eap-psk", "EMSK", "MSK", 11},
    {"eap-ibake", "tls-psk", "EMSK", "Kmr", 0},
    {"tls-x509", "eap-gpsk", "", "MSK", 0},
    {"pre-provisioned", "eap-psk", "", "MSK", 0},
    {"none", "eap-aka", NULL, "MSK", 0},
    {"none", "eap-sim", NULL, "MSK", 0},
    {"none", "eap-aka-prime", NULL, "MSK", 0},
};
#define WAYS (sizeof ways / sizeof *ways)

static void check_procedures(const struct collect *c, const char *kind, const char *method,
                             unsigned datagrams)
{
    const struct collected_procedure *p;
    unsigned n = 0;

    for (size_t at = 0; (p = collect_next(c, kind, &at)); n++) {
        ck_assert_str_eq(p->method, method);
        ck_assert_str_eq(p->outcome, "success");
        ck_assert_uint_eq(p->row.attempts, 1);
        ck_assert_int_gt(p->row.parts[PART_DEVICE_CRYPTO], 0);
        ck_assert_int_gt(p->row.parts[PART_SERVER_CRYPTO], 0);
        ck_assert_int_ge(p->row.parts[PART_NETWORK], 2 * 40 * SIM_MS);
        ck_assert_int_eq(p->row.parts[PART_RETRANSMISSION], 0);
        ck_assert_int_gt(p->row.device_energy_nj, 0);
        ck_assert_uint_gt(p->row.octets_up, 100);
        ck_assert_uint_gt(p->row.octets_down, 100);
        if (datagrams) {
            /* PCI and PAR, then a PAN and a PAR each; the last PAN is not answered. */
            ck_assert_uint_eq(p->row.messages, datagrams);
            ck_assert_uint_eq(p->row.round_trips, (datagrams - 1) / 2);
        }
    }
    ck_assert_uint_eq(n, DEVICES);
}

static void check_parents(const struct collect *c, const char *type, const char *parent)
{
    unsigned n = 0;

    for (size_t i = 0; i < c->key_count; i++) {
        const struct collected_key *k = &c->keys[i], *of;

        if (strcmp(k->type, type) != 0)
            continue;
        n++;
        of = collect_parent(c, k);
        ck_assert_str_eq(of ? of->type : "", parent);
        ck_assert_str_eq(k->end_reason, "run-end");
        ck_assert(k->row.uses > 0 || !strcmp(type, "Kmr")); /* SIM and AKA leave Kmr alone */
        if (!strcmp(parent, "MSK") || !strcmp(parent, "EMSK")) {
            ck_assert_str_eq(of->end_reason, "erased");
            ck_assert_uint_eq(of->row.uses, 1);
            ck_assert_int_eq(of->row.t_end, k->row.t_born);
        }
    }
    ck_assert_uint_eq(n, DEVICES);
}

START_TEST(every_method)
{
    const struct way *w = &ways[_i];
    char bootstrap[80], connect[80];
    bool exchange = strcmp(w->bootstrap, "none") != 0 && strcmp(w->bootstrap, "pre-provisioned");
    struct collect c;

    snprintf(bootstrap, sizeof bootstrap, "populations.meters.bootstrap.method=%s", w->bootstrap);
    snprintf(connect, sizeof connect, "populations.meters.connect.method=%s", w->connect);
    run(&c, SETS(bootstrap, connect));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(collect_procedures(&c, "registration", "success", ""), DEVICES);
    ck_assert_uint_ge(collect_procedures(&c, "request", "success", ""), DEVICES * 5);
    ck_assert_uint_eq(collect_ivals(&c, "genuine", "granted"), DEVICES);
    if (exchange)
        check_procedures(&c, "bootstrap", w->bootstrap, w->datagrams);
    check_procedures(&c, "connection", w->connect, 0);
    if (w->kmr_parent && (exchange || !strcmp(w->kmc_parent, "Kmr")))
        check_parents(&c, "Kmr", w->kmr_parent);
    else if (!w->kmr_parent)
        ck_assert_uint_eq(collect_keys(&c, "Kmr", NULL), 0);
    check_parents(&c, "Kmc", w->kmc_parent);
    collect_release(&c);
}
END_TEST

/* Suite 1 has shorter MACs than suite 2, which is what both like best. */
START_TEST(the_suites_of_gpsk)
{
    static const char *const suites[] = {"populations.meters.connect.gpsk_suite=1",
                                         "populations.meters.connect.gpsk_suite=2",
                                         "populations.meters.connect.gpsk_suite=best"};
    uint64_t octets[3];
    struct collect c;

    for (int i = 0; i < 3; i++) {
        size_t at = 0;
        run(&c, SETS("populations.meters.bootstrap.method=pre-provisioned",
                     "populations.meters.connect.method=eap-gpsk", suites[i]));
        ck_assert_uint_eq(counts.registered, DEVICES);
        octets[i] = collect_next(&c, "connection", &at)->row.octets_up;
        collect_release(&c);
    }
    ck_assert_uint_lt(octets[0], octets[1]);
    ck_assert_uint_eq(octets[2], octets[1]);
}
END_TEST

/* Both schemes, at devices of one fleet and one MAS. */
START_TEST(the_other_scheme_of_ibake)
{
    struct collect c;

    run(&c, SETS("populations.meters.bootstrap.method=eap-ibake",
                 "populations.meters.bootstrap.ibe=bf", "populations.meters.count=4"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, 4);
    ck_assert_uint_eq(counts.failed, 0);
    collect_release(&c);
}
END_TEST

/* Keys end, and are had again, by the same ways. */
START_TEST(renewals)
{
    struct collect c;

    run(&c, SETS("populations.meters.bootstrap.method=eap-aka",
                 "populations.meters.connect.method=eap-sim", "populations.meters.keys.kmr=40 min",
                 "populations.meters.keys.kmc=15 min"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_ge(collect_procedures(&c, "bootstrap", "success", ""), DEVICES * 3);
    ck_assert_uint_ge(collect_procedures(&c, "connection", "success", ""), DEVICES * 8);
    ck_assert_uint_ge(collect_keys(&c, "Kmr", "renewed"), DEVICES * 2);
    ck_assert_uint_ge(collect_keys(&c, "Kmc", "renewed"), DEVICES * 7);
    ck_assert_uint_eq(collect_keys(&c, "Kmr", "run-end"), DEVICES);
    ck_assert_uint_eq(collect_keys(&c, "Kmc", "expired"), 0);
    collect_release(&c);
}
END_TEST

/* ---- fast re-authentication ---- */

#define REAUTH_SETS                                                                                \
    "eap.reauth=yes", "populations.meters.keys.kmr=40 min", "populations.meters.keys.kmc=15 min",  \
        "populations.meters.report.every=never", "record.messages.sample=100 %"
static const char *const card_methods[] = {"eap-sim", "eap-aka", "eap-aka-prime"};

static void run_reauth(struct collect *c, unsigned threads, int method, const char *more,
                       const char *loss)
{
    char bootstrap[80], connect[80], links[2][80], *text = NULL;

    snprintf(bootstrap, sizeof bootstrap, "populations.meters.bootstrap.method=%s",
             card_methods[method]);
    snprintf(connect, sizeof connect, "populations.meters.connect.method=%s", card_methods[method]);
    snprintf(links[0], sizeof links[0], "links.meters -> msbf.loss=%s", loss);
    snprintf(links[1], sizeof links[1], "links.meters -> nscl.loss=%s", loss);
    ck_assert_int_gt(asprintf(&text, "%s%s", fleet_eap, more), 0);
    fleet_run_text(c, threads, text, SETS(REAUTH_SETS, bootstrap, connect, links[0], links[1]),
                   &counts);
    free(text);
    fleet_check_sums(c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
}

/* The HSS is asked for the first bootstrap and the first connection of each device, and never
 * again; no round trip is more than without. */
START_TEST(reauthentications)
{
    const struct collected_procedure *p;
    struct collect c;
    unsigned most = card_methods[_i][4] == 's' ? 11 : 9;

    run_reauth(&c, 1, _i, "", "0 %");
    ck_assert_uint_ge(collect_procedures(&c, "bootstrap", "success", ""), DEVICES * 3);
    ck_assert_uint_ge(collect_procedures(&c, "connection", "success", ""), DEVICES * 8);
    ck_assert_uint_eq(collect_messages(&c, "SendAuthenticationInfo"), DEVICES * 2);
    for (size_t at = 0; (p = collect_next(&c, "connection", &at));)
        ck_assert_uint_le(p->row.messages, most);
    collect_release(&c);
}
END_TEST

/* A MAS that was off knows no temporary identity any more: it asks for the permanent one, once a
 * device and usage. */
START_TEST(a_mas_that_forgets)
{
    struct collect c, again;

    run_reauth(&c, 1, _i, "events:\n  - {at: 61 min, do: outage, what: mas, for: 1 s}\n", "0 %");
    ck_assert_uint_eq(collect_messages(&c, "SendAuthenticationInfo"), DEVICES * 4);
    run_reauth(&again, 3, _i, "events:\n  - {at: 61 min, do: outage, what: mas, for: 1 s}\n",
               "0 %");
    ck_assert_uint_eq(c.digest, again.digest);
    collect_release(&again);
    collect_release(&c);
}
END_TEST

/* The last word of an authentication may be lost: what one side has kept, the other may not. */
START_TEST(reauthentications_over_lossy_lines)
{
    struct collect c;

    run_reauth(&c, 1, _i, "", "8 %");
    ck_assert_uint_ge(collect_procedures(&c, "connection", "success", ""), DEVICES * 8);
    ck_assert_uint_ge(collect_messages(&c, "SendAuthenticationInfo"), DEVICES * 2);
    ck_assert_uint_lt(collect_messages(&c, "SendAuthenticationInfo"), DEVICES * 6);
    collect_release(&c);
}
END_TEST

/* ---- bad lines ---- */

/* 5 % of the packets each way are lost, and back-end packets too. */
START_TEST(over_lossy_lines)
{
    const struct way *w = &ways[_i];
    char bootstrap[80], connect[80];
    const struct collected_procedure *p;
    bool waited = false;
    struct collect c;

    snprintf(bootstrap, sizeof bootstrap, "populations.meters.bootstrap.method=%s", w->bootstrap);
    snprintf(connect, sizeof connect, "populations.meters.connect.method=%s", w->connect);
    run(&c,
        SETS(bootstrap, connect, "links.meters -> msbf.loss=5 %", "links.meters -> nscl.loss=5 %",
             "links.meters -> mas.loss=5 %", "links.msbf -> mas.loss=5 %",
             "links.mas -> nscl.loss=5 %", "populations.meters.report.every=never"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    for (size_t at = 0; (p = collect_next(&c, "connection", &at));) {
        waited = waited || p->row.parts[PART_RETRANSMISSION] >= SIM_S / 2;
        /* Not counted as lost: a message of C14's back-end, which TLS has between MAS and NSCL. */
        if (!strncmp(w->connect, "eap-", 4))
            ck_assert_int_lt(p->row.parts[PART_NETWORK], 3 * SIM_S);
    }
    ck_assert(waited);
    collect_release(&c);
}
END_TEST

/* Each bootstrap before each connection: where Kmr came from does not matter, and where there is
 * none only those connect that need none. */
START_TEST(every_pair_over_lossy_lines)
{
    static const char *const bootstraps[] = {
        "pre-provisioned", "none",          "tls-x509", "eap-tls", "eap-sim",
        "eap-aka",         "eap-aka-prime", "eap-gpsk", "eap-psk", "eap-ibake"};
    static const char *const connects[] = {"tls-psk", "eap-gpsk", "eap-psk",
                                           "eap-sim", "eap-aka",  "eap-aka-prime"};
    struct collect c;

    for (size_t i = 0; i < sizeof connects / sizeof *connects; i++) {
        char bootstrap[80], connect[80];
        if (!strcmp(bootstraps[_i], "none") && i < 3)
            continue;
        snprintf(bootstrap, sizeof bootstrap, "populations.meters.bootstrap.method=%s",
                 bootstraps[_i]);
        snprintf(connect, sizeof connect, "populations.meters.connect.method=%s", connects[i]);
        run(&c, SETS(bootstrap, connect, "populations.meters.count=3", "run.until=30 min",
                     "links.meters -> msbf.loss=5 %", "links.meters -> nscl.loss=5 %",
                     "links.meters -> mas.loss=5 %"));
        fleet_check_sums(&c);
        ck_assert_msg(counts.registered == 3, "%s, %s", bootstraps[_i], connects[i]);
        collect_release(&c);
    }
}
END_TEST

/* A way that is only long makes PANA repeat, and nothing of it is a retransmission's time. */
START_TEST(over_a_long_line)
{
    const struct collected_procedure *p;
    struct collect c;

    run(&c, SETS("populations.meters.bootstrap.method=eap-aka", "links.meters -> msbf.latency=2 s",
                 "links.meters -> nscl.latency=2 s", "links.meters -> mas.latency=2 s"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(collect_procedures(&c, "bootstrap", "success", ""), DEVICES);
    for (size_t at = 0; (p = collect_next(&c, "bootstrap", &at));) {
        ck_assert_int_eq(p->row.parts[PART_RETRANSMISSION], 0);
        ck_assert_uint_gt(p->row.messages, 9); /* some came twice */
    }
    collect_release(&c);
}
END_TEST

/* Fragments of EAP-TLS's datagrams at a small MTU; EAP's own fragments are smaller still. */
START_TEST(over_small_packets)
{
    struct collect c;

    run(&c, SETS("populations.meters.bootstrap.method=eap-tls", "udp.mtu=296 B",
                 "links.meters -> msbf.loss=2 %", "links.msbf -> mas.loss=2 %"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    collect_release(&c);
    run(&c, SETS("populations.meters.bootstrap.method=eap-tls", "eap.mtu=300 B"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    collect_release(&c);
}
END_TEST

/* ---- failures, by name ---- */

struct failure {
    const char *sets[4];
    const char *kind, *reason;
};
static const struct failure failures[] = {
    {{"populations.meters.bootstrap.method=eap-aka", "populations.meters.uicc.wrong_key=100 %"},
     "bootstrap",
     "aka-wrong-autn"},
    {{"populations.meters.bootstrap.method=eap-aka-prime",
      "populations.meters.uicc.wrong_key=100 %"},
     "bootstrap",
     "aka-wrong-autn"},
    {{"populations.meters.bootstrap.method=eap-sim", "populations.meters.uicc.wrong_key=100 %"},
     "bootstrap",
     "eap-wrong-mac"},
    {{"populations.meters.bootstrap.method=none", "populations.meters.connect.method=eap-aka",
      "populations.meters.uicc.wrong_key=100 %"},
     "connection",
     "aka-wrong-autn"},
    {{"populations.meters.bootstrap.method=eap-gpsk",
      "populations.meters.bootstrap.wrong_key=100 %"},
     "bootstrap",
     "eap-wrong-mac"},
    {{"populations.meters.bootstrap.method=eap-gpsk",
      "populations.meters.bootstrap.wrong_key=100 %", "populations.meters.bootstrap.gpsk_suite=1"},
     "bootstrap",
     "eap-wrong-mac"},
    {{"populations.meters.bootstrap.method=eap-psk",
      "populations.meters.bootstrap.wrong_key=100 %"},
     "bootstrap",
     "eap-wrong-mac"},
    {{"populations.meters.bootstrap.method=pre-provisioned",
      "populations.meters.connect.method=eap-gpsk", "populations.meters.connect.wrong_key=100 %"},
     "connection",
     "eap-wrong-mac"},
    {{"populations.meters.bootstrap.method=pre-provisioned",
      "populations.meters.connect.method=eap-psk", "populations.meters.connect.wrong_key=100 %"},
     "connection",
     "eap-wrong-mac"},
    {{"populations.meters.bootstrap.method=eap-tls", "populations.meters.bootstrap.wrong_ca=100 %"},
     "bootstrap",
     "certificate-unknown-issuer"},
    {{"populations.meters.bootstrap.method=eap-tls", "populations.meters.bootstrap.expired=100 %"},
     "bootstrap",
     "certificate-expired"},
    {{"populations.meters.bootstrap.method=eap-ibake",
      "populations.meters.bootstrap.wrong_ca=100 %"},
     "bootstrap",
     "ibe-decrypt-failed"},
    {{"populations.meters.bootstrap.method=eap-ibake",
      "populations.meters.bootstrap.expired=100 %"},
     "bootstrap",
     "key-expired"},
    {{"populations.meters.bootstrap.method=eap-ibake",
      "populations.meters.bootstrap.wrong_ca=100 %", "populations.meters.bootstrap.ibe=bf"},
     "bootstrap",
     "ibe-decrypt-failed"},
};
#define FAILURES (sizeof failures / sizeof *failures)

START_TEST(each_failure_has_its_name)
{
    const struct failure *f = &failures[_i];
    struct collect c;

    run(&c, SETS(f->sets[0], f->sets[1], "populations.meters.retry.attempts=2", f->sets[2]));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, 0);
    ck_assert_uint_eq(counts.gave_up, DEVICES);
    ck_assert_uint_eq(collect_procedures(&c, f->kind, "failed", f->reason), DEVICES);
    collect_release(&c);
}
END_TEST

/* UICCs that are ahead ask for resynchronisation, once: two datagrams and a question to the HSS
 * more, and all succeed. */
START_TEST(resynchronisation)
{
    static const char *const methods[] = {"populations.meters.bootstrap.method=eap-aka",
                                          "populations.meters.bootstrap.method=eap-aka-prime"};
    const struct collected_procedure *p;
    struct collect c;

    run(&c, SETS(methods[_i], "populations.meters.uicc.ahead=100 %"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    for (size_t at = 0; (p = collect_next(&c, "bootstrap", &at));)
        ck_assert_uint_eq(p->row.messages, 11);
    collect_release(&c);
}
END_TEST

struct outage {
    const char *who, *reason;
};
static const struct outage outages[] = {
    {"hss", "backend-timeout"}, {"mas", "radius-timeout"}, {"msbf", "timeout"}};

/* A server that is off from the start: named when it is over, and forgiven later. */
START_TEST(each_outage_has_its_name)
{
    const struct outage *o = &outages[_i];
    char text[4096];
    size_t named = 0;
    struct collect c;

    snprintf(text, sizeof text, "%sevents:\n  - {at: 0 s, do: outage, what: %s, for: 20 min}\n",
             fleet_eap, o->who);
    fleet_run_text(&c, 1, text,
                   SETS("populations.meters.bootstrap.method=eap-aka",
                        "populations.meters.retry.attempts=3", "populations.meters.retry.cap=2 s"),
                   &counts);
    fleet_check_sums(&c);
    named = collect_procedures(&c, "bootstrap", "failed", o->reason);
    ck_assert_uint_eq(named, DEVICES);
    collect_release(&c);
    fleet_run_text(&c, 1, text, SETS("populations.meters.bootstrap.method=eap-aka"), &counts);
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    collect_release(&c);
}
END_TEST

/* A full agent says nothing: the PCI comes again. */
START_TEST(a_full_agent_drops)
{
    struct collect c;

    run(&c, SETS("populations.meters.bootstrap.method=eap-aka", "populations.msbf.max_sessions=1",
                 "populations.meters.arrivals.over=1 s"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    collect_release(&c);
}
END_TEST

START_TEST(the_same_twice)
{
    const char *const *sets =
        SETS("populations.meters.bootstrap.method=eap-sim",
             "populations.meters.connect.method=eap-aka", "links.meters -> msbf.loss=5 %");
    struct collect a, b;

    run(&a, sets);
    run(&b, sets);
    ck_assert_uint_eq(a.digest, b.digest);
    collect_release(&a);
    collect_release(&b);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("runs over PANA");
    TCase *t = tcase_create("runs over PANA");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, every_method, 0, WAYS);
    tcase_add_test(t, the_suites_of_gpsk);
    tcase_add_test(t, the_other_scheme_of_ibake);
    tcase_add_test(t, renewals);
    tcase_add_loop_test(t, reauthentications, 0, 3);
    tcase_add_loop_test(t, a_mas_that_forgets, 0, 3);
    tcase_add_loop_test(t, reauthentications_over_lossy_lines, 0, 3);
    tcase_add_loop_test(t, over_lossy_lines, 0, WAYS);
    tcase_add_loop_test(t, every_pair_over_lossy_lines, 0, 10);
    tcase_add_test(t, over_a_long_line);
    tcase_add_test(t, over_small_packets);
    tcase_add_loop_test(t, each_failure_has_its_name, 0, FAILURES);
    tcase_add_loop_test(t, resynchronisation, 0, 2);
    tcase_add_loop_test(t, each_outage_has_its_name, 0, 3);
    tcase_add_test(t, a_full_agent_drops);
    tcase_add_test(t, the_same_twice);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
