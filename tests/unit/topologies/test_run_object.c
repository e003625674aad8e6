/* Whole deployments whose mId is secured by sealed objects: each way, by each kind of connection;
 * what devices wish, providers grant and devices cannot do; keys in the ledger; the same for any
 * number of threads. */
#include "crypto/entity.h"
#include "tests/support/fleet.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES  12
#define SECURITY "populations.meters.mid.security="
#define PLAIN    "populations.meters.bootstrap.method=pre-provisioned"

static struct deployment_counts counts;

static void run(struct collect *c, const char *const *sets)
{
    fleet_run(c, 1, "", sets, &counts);
}

static void check_well(const struct collect *c, const char *method)
{
    size_t at = 0;
    const struct collected_procedure *p = collect_next(c, "request", &at);

    fleet_check_sums(c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_ge(collect_procedures(c, "request", "success", ""), DEVICES * 5);
    ck_assert_uint_eq(collect_ivals(c, "genuine", "granted"), DEVICES);
    ck_assert_ptr_nonnull(p);
    ck_assert_str_eq(p->method, method);
}

static uint64_t octets_of(const struct collect *c, const char *kind)
{
    size_t at = 0;

    return collect_next(c, kind, &at)->row.octets_up;
}

/* ---- each way ---- */

static const struct {
    const char *set, *method;
    bool sign, encrypt, channel;
} ways[] = {
    {"channel", "https", false, false, true},
    {"object-sign", "http+sign", true, false, false},
    {"object-encrypt", "http+encrypt", false, true, false},
    {"object-sign+object-encrypt", "http+sign+encrypt", true, true, false},
    {"[channel, object-sign]", "https+sign", true, false, true},
    {"channel+object-encrypt", "https+encrypt", false, true, true},
    {"[channel, object-sign, object-encrypt]", "https+sign+encrypt", true, true, true},
};
#define WAYS ((int)(sizeof ways / sizeof *ways))

static size_t children(const struct collect *c, const char *type)
{
    size_t n = 0;

    for (size_t i = 0; i < c->key_count; i++) {
        const struct collected_key *parent = collect_parent(c, &c->keys[i]);

        if (strcmp(c->keys[i].type, type) != 0)
            continue;
        n++;
        ck_assert_ptr_nonnull(parent);
        ck_assert_str_eq(parent->type, "Kmc");
        ck_assert_uint_ge(c->keys[i].row.uses, 1 + 1 + 5);
        ck_assert_int_eq(c->keys[i].row.t_expires, parent->row.t_expires);
    }
    return n;
}

START_TEST(each_way)
{
    char set[128];
    struct collect c;

    snprintf(set, sizeof set, SECURITY "%s", ways[_i].set);
    run(&c, SETS(PLAIN, set));
    check_well(&c, ways[_i].method);
    ck_assert_uint_eq(children(&c, "sign"), ways[_i].sign ? DEVICES : 0);
    ck_assert_uint_eq(children(&c, "encrypt"), ways[_i].encrypt ? DEVICES : 0);
    ck_assert_uint_eq(collect_keys(&c, "session", NULL) > 0, ways[_i].channel);
    ck_assert_uint_eq(collect_messages(&c, "+sign") > 0, ways[_i].sign);
    collect_release(&c);
}
END_TEST

START_TEST(with_cbc)
{
    struct collect c;

    run(&c, SETS(PLAIN, SECURITY "object-sign+object-encrypt",
                 "populations.meters.mid.cipher=aes-128-cbc"));
    check_well(&c, "http+sign+encrypt");
    collect_release(&c);
}
END_TEST

/* Sealed requests are longer than bare ones, and TLS's handshake is not there. */
START_TEST(octets)
{
    uint64_t channel, sign, both;
    struct collect c;

    run(&c, SETS(PLAIN));
    channel = octets_of(&c, "request");
    collect_release(&c);
    run(&c, SETS(PLAIN, SECURITY "object-sign"));
    sign = octets_of(&c, "request");
    collect_release(&c);
    run(&c, SETS(PLAIN, SECURITY "object-sign+object-encrypt"));
    both = octets_of(&c, "request");
    collect_release(&c);
    ck_assert_uint_gt(sign, channel + 500);
    ck_assert_uint_gt(both, sign + 500);
}
END_TEST

/* The same over CoAP: what seals is the same, and so is what is refused. */
START_TEST(over_coap)
{
    static const struct {
        const char *set, *method;
    } each[] = {{SECURITY "object-sign", "coap+sign"},
                {SECURITY "object-sign+object-encrypt", "coap+sign+encrypt"},
                {SECURITY "[channel, object-encrypt]", "coaps+encrypt"}};
    struct collect c;

    run(&c, SETS(PLAIN, "populations.meters.mid.binding=coap", each[_i].set));
    check_well(&c, each[_i].method);
    collect_release(&c);
}
END_TEST

/* Gateways, with nobody else there who seals: what waited for mId goes out sealed. */
START_TEST(of_gateways)
{
    struct collect c;

    fleet_run_text(&c, 1, fleet_district,
                   SETS("populations.gateways.mid.security=object-sign+object-encrypt"), &counts);
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, 2 + 10); /* and those behind them */
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(collect_procedures(&c, "registration", "success", ""), 2);
    ck_assert_uint_gt(collect_procedures(&c, "delivery", "success", ""), 100);
    ck_assert_uint_gt(collect_messages(&c, "+sign+encrypt"), 0);
    collect_release(&c);
}
END_TEST

/* ---- by each kind of connection, in whose exchange the flags travel ---- */

START_TEST(by_eap)
{
    struct collect c;

    fleet_run_text(&c, 1, fleet_eap,
                   SETS(PLAIN, "populations.meters.connect.method=eap-psk",
                        SECURITY "object-sign+object-encrypt"),
                   &counts);
    check_well(&c, "http+sign+encrypt");
    collect_release(&c);
    fleet_run_text(&c, 1, fleet_eap,
                   SETS(PLAIN, "populations.meters.connect.method=eap-psk", SECURITY "object-sign",
                        "populations.meters.mid.capable=[object-sign, object-encrypt]",
                        "populations.mas.mid_security=object-encrypt"),
                   &counts);
    check_well(&c, "http+encrypt");
    collect_release(&c);
}
END_TEST

START_TEST(by_gba)
{
    struct collect c;

    fleet_run_text(&c, 1, fleet_gba, SETS(SECURITY "object-sign"), &counts);
    check_well(&c, "http+sign");
    collect_release(&c);
}
END_TEST

/* ---- what is wished, granted and possible ---- */

START_TEST(granted)
{
    struct collect c;

    /* the wish stands in the policy, not first */
    run(&c,
        SETS(PLAIN, SECURITY "object-sign", "populations.mas.mid_security=[channel, object-sign]"));
    check_well(&c, "http+sign");
    collect_release(&c);
    /* it does not: what stands first is granted, and can be done */
    run(&c, SETS(PLAIN, SECURITY "channel",
                 "populations.meters.mid.capable=[channel, object-sign, object-encrypt]",
                 "populations.mas.mid_security=[object-sign+object-encrypt, object-sign]"));
    check_well(&c, "http+sign+encrypt");
    collect_release(&c);
    run(&c,
        SETS(PLAIN, SECURITY "object-sign", "populations.meters.mid.capable=[channel, object-sign]",
             "populations.mas.mid_security=[channel]"));
    check_well(&c, "https");
    collect_release(&c);
}
END_TEST

static void check_refused(const struct collect *c)
{
    ck_assert_uint_eq(counts.registered, 0);
    ck_assert_uint_eq(counts.gave_up, DEVICES);
    ck_assert_uint_eq(collect_procedures(c, "connection", "failed", "mid-security"), DEVICES);
    ck_assert_uint_eq(collect_procedures(c, "registration", NULL, NULL), 0);
    ck_assert_uint_eq(collect_keys(c, "Kmc", "failed"), DEVICES);
}

START_TEST(what_it_cannot_do)
{
    struct collect c;

    run(&c, SETS(PLAIN, SECURITY "channel", "populations.mas.mid_security=[object-sign]"));
    check_refused(&c);
    collect_release(&c);
    /* encryption alone, with a cipher that does not tell altered octets */
    run(&c, SETS(PLAIN, SECURITY "object-sign+object-encrypt",
                 "populations.meters.mid.cipher=aes-128-cbc",
                 "populations.mas.mid_security=[object-encrypt]"));
    check_refused(&c);
    collect_release(&c);
}
END_TEST

/* ---- in the course of time ---- */

/* A new Kmc has new keys, and numbers from 1; sessions come and go within one. */
START_TEST(renewals)
{
    struct collect c;

    run(&c, SETS(PLAIN, SECURITY "object-sign+object-encrypt", "populations.meters.keys.kmc=15 min",
                 "populations.meters.report.every=5 min", "populations.meters.mid.idle=20 s"));
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_ge(collect_keys(&c, "Kmc", "renewed"), DEVICES * 7);
    ck_assert_uint_eq(collect_keys(&c, "sign", "renewed"), collect_keys(&c, "Kmc", "renewed"));
    ck_assert_uint_eq(collect_keys(&c, "encrypt", "renewed"), collect_keys(&c, "Kmc", "renewed"));
    ck_assert_uint_eq(collect_keys(&c, "sign", "run-end"), DEVICES);
    collect_release(&c);
}
END_TEST

/* Answers are lost, requests come again under new numbers, and nothing is refused as replayed. */
START_TEST(outages)
{
    struct collect c;

    fleet_run(&c, 1,
              "events:\n"
              "  - {at: 40 min, do: outage, what: nscl, for: 3 min}\n"
              "  - {at: 80 min, do: outage, what: nscl, for: 3 min}\n",
              SETS(PLAIN, SECURITY "object-sign", "populations.meters.report.every=1 min"),
              &counts);
    fleet_check_sums(&c);
    ck_assert_uint_eq(counts.registered, DEVICES);
    ck_assert_uint_eq(collect_procedures(&c, NULL, NULL, "object-replayed"), 0);
    ck_assert_uint_ge(collect_procedures(&c, "request", "success", ""), DEVICES * 80);
    collect_release(&c);
}
END_TEST

START_TEST(the_same_for_any_number_of_threads)
{
    struct collect one, more;

    run(&one,
        SETS(PLAIN, SECURITY "object-sign+object-encrypt", "populations.meters.keys.kmc=15 min"));
    for (unsigned threads = 2; threads <= 4; threads *= 2) {
        fleet_run(&more, threads, "",
                  SETS(PLAIN, SECURITY "object-sign+object-encrypt",
                       "populations.meters.keys.kmc=15 min"),
                  &counts);
        ck_assert_uint_eq(one.digest, more.digest);
        collect_release(&more);
    }
    collect_release(&one);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("run_object");
    TCase *t = tcase_create("run_object");
    SRunner *r;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, each_way, 0, WAYS);
    tcase_add_test(t, with_cbc);
    tcase_add_test(t, octets);
    tcase_add_loop_test(t, over_coap, 0, 3);
    tcase_add_test(t, of_gateways);
    tcase_add_test(t, by_eap);
    tcase_add_test(t, by_gba);
    tcase_add_test(t, granted);
    tcase_add_test(t, what_it_cannot_do);
    tcase_add_test(t, renewals);
    tcase_add_test(t, outages);
    tcase_add_test(t, the_same_for_any_number_of_threads);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
