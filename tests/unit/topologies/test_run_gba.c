/* Whole deployments by GBA: each way of Ub and Ua from a scenario's text to its rows and its keys,
 * and each way to fail with its reason and its recovery. */
#include "crypto/entity.h"
#include "sim/ledger.h"
#include "tests/support/fleet.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES 12

static struct deployment_counts counts;

static void run_more(struct collect *c, const char *more, const char *const *sets)
{
    char text[4096];

    snprintf(text, sizeof text, "%s%s", fleet_gba, more);
    fleet_run_text(c, 1, text, sets, &counts);
    fleet_check_sums(c);
}

static void run(struct collect *c, const char *const *sets)
{
    run_more(c, "", sets);
}

/* ---- every way ---- */

struct way {
    const char *bootstrap, *connect, *more[3];
    const char *kmr_parent, *kmc_parent; /* "": none */
    unsigned round_trips[2];             /* of bootstrap and connection, counted by hand; 0: not */
    unsigned ks;                         /* for each device */
};
/* Ub: SYN, identity, response. Ua by Digest: SYN, challenge, request; by PSK-TLS: SYN, two of the
 * handshake, request. */
static const struct way ways[] = {
    {"gba-me", "gba", {NULL}, "Ks_NAF", "Ks_NAF", {6, 3}, 1},
    {"gba-u", "gba", {NULL}, "Ks_int_NAF", "Ks_int_NAF", {6, 3}, 1},
    {"gba-u", "gba", {"populations.meters.gba.key=ext"}, "Ks_ext_NAF", "Ks_ext_NAF", {6, 3}, 1},
    {"gba-me", "gba", {"populations.meters.gba.ua=psk-tls"}, "Ks_NAF", "Ks_NAF", {7, 4}, 1},
    {"gba-u", "gba", {"populations.meters.gba.ua=psk-tls"}, "Ks_int_NAF", "Ks_int_NAF", {7, 4}, 1},
    {"gba-u",
     "gba",
     {"populations.meters.gba.ua=psk-tls", "populations.meters.gba.key=ext",
      "populations.meters.gba.suite=ECDHE-PSK-AES128-CBC-SHA256"},
     "Ks_ext_NAF",
     "Ks_ext_NAF",
     {7, 4},
     1},
    {"gba-me",
     "gba",
     {"populations.meters.gba.ua=psk-tls", "populations.meters.gba.suite=PSK-AES128-CBC-SHA",
      "populations.meters.gba.version=1.1"},
     "Ks_NAF",
     "Ks_NAF",
     {7, 4},
     1},
    {"gba-me", "gba", {"populations.meters.gba.application=isim"}, "Ks_NAF", "Ks_NAF", {6, 3}, 1},
    {"gba-u",
     "gba",
     {"populations.meters.gba.application=csim"},
     "Ks_int_NAF",
     "Ks_int_NAF",
     {6, 3},
     1},
    {"gba-me", "tls-psk", {NULL}, "Ks_NAF", "Kmr", {6, 0}, 1},
    {"gba-u", "eap-gpsk", {NULL}, "Ks_int_NAF", "MSK", {6, 0}, 1},
    {"gba-me", "eap-aka", {NULL}, "Ks_NAF", "MSK", {6, 0}, 1},
    {"none", "gba", {NULL}, NULL, "Ks_NAF", {0, 6}, 1},
    {"none", "gba", {"populations.meters.uicc.gba_u=yes"}, NULL, "Ks_int_NAF", {0, 6}, 1},
    {"pre-provisioned", "gba", {NULL}, "", "Ks_NAF", {0, 6}, 1},
    {"tls-x509", "gba", {NULL}, "", "Ks_NAF", {0, 6}, 1},
    {"eap-aka", "gba", {"populations.meters.uicc.gba_u=yes"}, "EMSK", "Ks_int_NAF", {0, 6}, 1},
};
#define WAYS (sizeof ways / sizeof *ways)

static void check_procedures(const struct collect *c, const char *kind, const char *method,
                             unsigned round_trips)
{
    const struct collected_procedure *p;
    unsigned n = 0;

    for (size_t at = 0; (p = collect_next(c, kind, &at)); n++) {
        ck_assert_str_eq(p->method, method);
        ck_assert_str_eq(p->outcome, "success");
        ck_assert_uint_eq(p->row.attempts, 1);
        ck_assert_int_gt(p->row.parts[PART_DEVICE_CRYPTO], 0);
        ck_assert_int_gt(p->row.parts[PART_SERVER_CRYPTO], 0);
        ck_assert_int_ge(p->row.parts[PART_NETWORK], 2 * 40 * SIM_MS * (int64_t)round_trips);
        ck_assert_int_eq(p->row.parts[PART_RETRANSMISSION], 0);
        ck_assert_uint_gt(p->row.octets_up, 100);
        ck_assert_uint_gt(p->row.octets_down, 100);
        if (round_trips)
            ck_assert_uint_eq(p->row.round_trips, round_trips);
    }
    ck_assert_uint_eq(n, DEVICES);
}

/* A NAF's key lives from the first word to the NAF until Kmr or Kmc is made of it. */
static void check_naf_key(const struct collect *c, const struct collected_key *k,
                          const struct collected_key *naf)
{
    const struct collected_key *ks = collect_parent(c, naf);

    ck_assert_str_eq(naf->end_reason, "erased");
    ck_assert_uint_eq(naf->row.uses, 1);
    ck_assert_int_eq(naf->row.t_end, k->row.t_born);
    ck_assert_int_lt(naf->row.t_born, k->row.t_born);
    ck_assert_ptr_nonnull(ks);
    ck_assert_str_eq(ks->type, "Ks");
    ck_assert_ptr_null(collect_parent(c, ks));
    ck_assert_int_le(k->row.t_expires, ks->row.t_expires);
    ck_assert_int_eq(naf->row.t_expires, ks->row.t_expires);
    ck_assert_uint_ge(ks->row.uses, 1);
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
        if (!strncmp(parent, "Ks_", 3))
            check_naf_key(c, k, of);
    }
    ck_assert_uint_eq(n, DEVICES);
}

START_TEST(every_way)
{
    const struct way *w = &ways[_i];
    char bootstrap[80], connect[80];
    struct collect c;

    snprintf(bootstrap, sizeof bootstrap, "populations.meters.bootstrap.method=%s", w->bootstrap);
    snprintf(connect, sizeof connect, "populations.meters.connect.method=%s", w->connect);
    run(&c, SETS(bootstrap, connect, w->more[0], w->more[1], w->more[2]));
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_ge(collect_procedures(&c, "request", "success", ""), DEVICES * 5);
    if (strcmp(w->bootstrap, "none") != 0 && strcmp(w->bootstrap, "pre-provisioned") != 0)
        check_procedures(&c, "bootstrap", w->bootstrap, w->round_trips[0]);
    check_procedures(&c, "connection", w->connect, w->round_trips[1]);
    if (w->kmr_parent)
        check_parents(&c, "Kmr", w->kmr_parent);
    else
        ck_assert_uint_eq(collect_keys(&c, "Kmr", NULL), 0);
    check_parents(&c, "Kmc", w->kmc_parent);
    ck_assert_uint_eq(collect_keys(&c, "Ks", "run-end"), DEVICES * w->ks);
    ck_assert_uint_eq(collect_keys(&c, "Ks", NULL), DEVICES * w->ks);
    collect_release(&c);
}
END_TEST

START_TEST(over_lossy_lines)
{
    static const char *const uas[] = {"populations.meters.gba.ua=digest",
                                      "populations.meters.gba.ua=psk-tls"};
    struct collect c;

    run(&c,
        SETS(uas[_i], "populations.meters.bootstrap.method=gba-u", "links.meters -> bsf.loss=5 %",
             "links.meters -> msbf.loss=5 %", "links.meters -> mas.loss=5 %",
             "links.bsf -> hss.loss=5 %", "links.mas -> bsf.loss=5 %", "links.msbf -> bsf.loss=5 %",
             "populations.meters.report.every=never"));
    ck_assert_uint_eq(counts.registered, DEVICES);
    collect_release(&c);
}
END_TEST

/* ---- lives of keys ---- */

/* From one Ks a NAF gets one key: each renewal is an Ub of its own. */
START_TEST(renewals)
{
    size_t kmr, kmc, ks;
    struct collect c;

    run(&c, SETS("populations.meters.keys.kmr=40 min", "populations.meters.keys.kmc=15 min"));
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    kmr = collect_keys(&c, "Kmr", NULL);
    kmc = collect_keys(&c, "Kmc", NULL);
    ks = collect_keys(&c, "Ks", NULL);
    ck_assert_uint_ge(kmr, DEVICES * 3);
    ck_assert_uint_ge(kmc, DEVICES * 8);
    ck_assert_uint_ge(ks, kmc - kmr); /* a Ks may serve a Kmr and the next Kmc */
    ck_assert_uint_le(ks, kmc + kmr);
    ck_assert_uint_eq(collect_keys(&c, "Ks", "renewed") + DEVICES, ks);
    ck_assert_uint_eq(collect_keys(&c, "Kmc", "expired"), 0);
    ck_assert_uint_eq(collect_keys(&c, "Ks_NAF", "erased"), kmr + kmc);
    collect_release(&c);
}
END_TEST

/* With `reuse` only when Ks itself comes to its end; and nothing outlives it. */
START_TEST(a_ks_that_is_used_again)
{
    struct collect c;

    run(&c, SETS("populations.meters.keys.kmr=100 min", "populations.meters.keys.kmc=10 min",
                 "populations.meters.gba.reuse=yes", "populations.bsf.key_lifetime=50 min"));
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_ge(collect_keys(&c, "Kmc", NULL), DEVICES * 10);
    ck_assert_uint_ge(collect_keys(&c, "Ks", NULL), DEVICES * 2);
    ck_assert_uint_le(collect_keys(&c, "Ks", NULL), DEVICES * 6);
    for (size_t i = 0; i < c.key_count; i++) {
        const struct collected_key *k = &c.keys[i], *naf = collect_parent(&c, k);
        if (naf && !strcmp(naf->type, "Ks_NAF"))
            ck_assert_int_le(k->row.t_expires, naf->row.t_expires);
    }
    collect_release(&c);
}
END_TEST

/* The HSS's lifetime goes before the BSF's; a Ks that nobody renews expires. */
START_TEST(a_lifetime_of_the_hss)
{
    struct collect c;

    run(&c,
        SETS("populations.hss.key_lifetime=30 min", "populations.bsf.key_lifetime=1 h",
             "populations.meters.connect.method=tls-psk", "populations.meters.keys.kmc=1 h",
             "populations.meters.keys.renew_at=94 %", "populations.meters.keys.renew_jitter=0 %"));
    ck_assert_uint_eq(counts.registered, DEVICES);
    for (size_t i = 0; i < c.key_count; i++)
        if (!strcmp(c.keys[i].type, "Ks"))
            ck_assert_int_le(c.keys[i].row.t_expires - c.keys[i].row.t_born, 30 * 60 * SIM_S);
    ck_assert_uint_ge(collect_keys(&c, "Ks", NULL), DEVICES * 4);
    ck_assert_uint_eq(collect_keys(&c, "Kmr", "expired"), 0);
    collect_release(&c);
}
END_TEST

/* ---- failures, by name ---- */

struct failure {
    const char *sets[4];
    const char *kind, *reason;
};
static const struct failure failures[] = {
    {{"populations.meters.gba.refused=100 %"}, "bootstrap", "gba-not-allowed"},
    {{"populations.meters.bootstrap.method=none", "populations.meters.gba.refused=100 %"},
     "connection",
     "gba-not-allowed"},
    {{"populations.meters.uicc.wrong_key=100 %"}, "bootstrap", "aka-wrong-autn"},
    {{"populations.meters.bootstrap.method=gba-u", "populations.meters.uicc.wrong_key=100 %"},
     "bootstrap",
     "aka-wrong-autn"},
    {{"populations.meters.bootstrap.method=none", "populations.meters.uicc.wrong_key=100 %"},
     "connection",
     "aka-wrong-autn"},
    {{"populations.hss.latency=8 s"}, "bootstrap", "backend-timeout"},
};
#define FAILURES (sizeof failures / sizeof *failures)

START_TEST(each_failure_has_its_name)
{
    const struct failure *f = &failures[_i];
    struct collect c;

    run(&c, SETS("populations.meters.retry.attempts=2", f->sets[0], f->sets[1], f->sets[2]));
    ck_assert_uint_eq(counts.registered, 0);
    ck_assert_uint_eq(counts.gave_up, DEVICES);
    ck_assert_uint_eq(collect_procedures(&c, f->kind, "failed", f->reason), DEVICES);
    ck_assert_uint_eq(collect_keys(&c, "Ks", NULL), 0);
    collect_release(&c);
}
END_TEST

/* A BSF gives up after five seconds, not later; what the HSS takes is no time of its queue. */
START_TEST(an_hss_that_is_slow)
{
    const struct collected_procedure *p;
    struct collect c;

    run(&c, SETS("populations.hss.latency=4 s"));
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    for (size_t at = 0; (p = collect_next(&c, "bootstrap", &at));)
        ck_assert_int_ge(p->row.parts[PART_OTHER], 4 * SIM_S);
    collect_release(&c);
    run(&c, SETS("populations.hss.latency=60 s", "populations.meters.retry.attempts=1"));
    for (size_t at = 0; (p = collect_next(&c, "bootstrap", &at));) {
        ck_assert_str_eq(p->reason, "backend-timeout");
        ck_assert_int_ge(p->row.t_end - p->row.t_start, 5 * SIM_S);
        ck_assert_int_lt(p->row.t_end - p->row.t_start, 6 * SIM_S);
        ck_assert_int_lt(p->row.parts[PART_OTHER], 5 * SIM_S + 100 * SIM_MS);
    }
    collect_release(&c);
}
END_TEST

/* SQN out of range: AUTS, one round trip more, and all succeed. */
START_TEST(resynchronisation)
{
    static const char *const methods[] = {"populations.meters.bootstrap.method=gba-me",
                                          "populations.meters.bootstrap.method=gba-u"};
    const struct collected_procedure *p;
    struct collect c;

    run(&c, SETS(methods[_i], "populations.meters.uicc.ahead=100 %"));
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    for (size_t at = 0; (p = collect_next(&c, "bootstrap", &at));)
        ck_assert_uint_eq(p->row.round_trips, 7);
    for (size_t at = 0; (p = collect_next(&c, "connection", &at));)
        ck_assert_uint_eq(p->row.round_trips, 3);
    collect_release(&c);
}
END_TEST

struct outage {
    const char *who, *reason;
};
static const struct outage outages[] = {
    {"hss", "backend-timeout"}, {"bsf", "timeout"}, {"msbf", "timeout"}};

/* A server that is off from the start: named when it is over, and forgiven later. */
START_TEST(each_outage_has_its_name)
{
    const struct outage *o = &outages[_i];
    char event[120];
    struct collect c;

    snprintf(event, sizeof event, "events:\n  - {at: 0 s, do: outage, what: %s, for: 20 min}\n",
             o->who);
    run_more(&c, event,
             SETS("populations.meters.retry.attempts=3", "populations.meters.retry.cap=2 s"));
    ck_assert_uint_eq(collect_procedures(&c, "bootstrap", "failed", o->reason), DEVICES);
    collect_release(&c);
    run_more(&c, event, SETS(NULL));
    ck_assert_uint_eq(counts.registered, DEVICES);
    collect_release(&c);
}
END_TEST

static const char restart[] = "events:\n  - {at: 31 min, do: outage, what: bsf, for: 1 s}\n";

/* The BSF has forgotten every B-TID: each NAF says so, each device runs Ub again, at once. */
START_TEST(a_bsf_that_restarts)
{
    static const char *const uas[] = {"populations.meters.gba.ua=digest",
                                      "populations.meters.gba.ua=psk-tls"};
    const struct collected_procedure *p;
    unsigned again = 0;
    struct collect c;

    run_more(&c, restart,
             SETS(uas[_i], "populations.meters.gba.reuse=yes", "populations.meters.keys.kmc=20 min",
                  "populations.meters.retry.base=1 min"));
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(collect_keys(&c, "Ks", "revoked"), DEVICES);
    ck_assert_uint_eq(collect_keys(&c, "Ks", "run-end"), DEVICES);
    ck_assert_uint_eq(collect_keys(&c, "Ks_NAF", "failed"), DEVICES);
    for (size_t at = 0; (p = collect_next(&c, "connection", &at));) {
        if (p->row.attempts == 1)
            continue;
        again++;
        ck_assert_uint_eq(p->row.attempts, 2);
        ck_assert_int_eq(p->row.parts[PART_BACKOFF], 0);
    }
    ck_assert_uint_eq(again, DEVICES);
    collect_release(&c);
}
END_TEST

/* With attempts used up the reason stands in the row, and the next want does it. */
START_TEST(a_bsf_that_restarts_and_devices_that_do_not_try_again)
{
    struct collect c;

    run_more(&c, restart,
             SETS("populations.meters.gba.reuse=yes", "populations.meters.keys.kmc=20 min",
                  "populations.meters.retry.attempts=1"));
    ck_assert_uint_eq(collect_procedures(&c, "connection", "failed", "gba-renegotiation"), DEVICES);
    ck_assert_uint_eq(counts.gave_up, DEVICES);
    collect_release(&c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("runs by GBA");
    TCase *t = tcase_create("runs by GBA");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, every_way, 0, (int)WAYS);
    tcase_add_loop_test(t, over_lossy_lines, 0, 2);
    tcase_add_test(t, renewals);
    tcase_add_test(t, a_ks_that_is_used_again);
    tcase_add_test(t, a_lifetime_of_the_hss);
    tcase_add_loop_test(t, each_failure_has_its_name, 0, (int)FAILURES);
    tcase_add_test(t, an_hss_that_is_slow);
    tcase_add_loop_test(t, resynchronisation, 0, 2);
    tcase_add_loop_test(t, each_outage_has_its_name, 0, 3);
    tcase_add_loop_test(t, a_bsf_that_restarts, 0, 2);
    tcase_add_test(t, a_bsf_that_restarts_and_devices_that_do_not_try_again);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
