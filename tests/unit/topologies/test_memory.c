/* What an idle registered device costs, servers' records, keys and queue included, and what its
 * idle session of mId does at both ends: the heap's growth from one fleet to another. Under a
 * sanitizer the heap is not malloc's own and there is nothing to measure. */
#include "crypto/entity.h"
#include "crypto/profile.h"
#include "tests/support/collect.h"
#include "topologies/builder.h"

#include <check.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] =
    "m2msim: 1\n"
    "title: idle devices\n"
    "run: {until: 1 h, seed: 5}\n"
    "populations:\n"
    "  meters:\n"
    "    count: 1\n"
    "    kind: device\n"
    "    class: cortex-a7\n"
    "    bootstrap: {method: pre-provisioned}\n"
    "    arrivals: {shape: uniform, over: 10 min}\n"
    "    ival: {component_size: 64 B}\n"
    "    report: {every: never}\n"
    "  mas: {kind: mas}\n"
    "  nscl: {kind: nscl}\n"
    "links:\n"
    "  meters -> mas: {latency: 40 ms, rate: 1 Mbit/s}\n"
    "  meters -> nscl: {latency: 40 ms, rate: 1 Mbit/s}\n"
    "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"
    "record: {series_every: 1 h, messages: {sample: 0 %, first: 1, failed: no}}\n";

static void no_procedure(void *arg, const struct row_procedure *row)
{
    (void)arg;
    (void)row;
}

static void no_key(void *arg, const struct row_key *row)
{
    (void)arg;
    (void)row;
}

static void no_ival(void *arg, const struct row_ival *row)
{
    (void)arg;
    (void)row;
}

static void no_incident(void *arg, const struct row_incident *row)
{
    (void)arg;
    (void)row;
}

/* Octets in use after the fleet has registered and gone idle. */
static size_t heap_with(unsigned count, const char *const *sets, size_t set_count)
{
    struct diag_list *diags = diag_list_new();
    const char *set[8];
    char count_text[64];
    struct deployment_counts counts;
    struct scenario *s;
    struct profile *profile;
    struct built *b;
    struct collect c;
    size_t used;

    snprintf(count_text, sizeof count_text, "populations.meters.count=%u", count);
    set[0] = count_text;
    for (size_t i = 0; i < set_count; i++)
        set[1 + i] = sets[i];
    s = scenario_parse("test.yaml", text, sizeof text - 1, set, 1 + set_count, diags);
    diag_print(diags, stderr, false);
    ck_assert_ptr_nonnull(s);
    profile = profile_read(s->profile_path, diags);
    ck_assert_ptr_nonnull(profile);
    collect_init(&c);
    c.sink.procedure = no_procedure; /* rows are the recorder's, not the fleet's */
    c.sink.key = no_key;
    c.sink.ival = no_ival;
    c.sink.incident = no_incident;
    b = scenario_build(s, profile, &(struct build_options){.threads = 1}, diags);
    ck_assert_ptr_nonnull(b);
    deployment_start(built_deployment(b), &c.sink);
    ck_assert_int_eq(deployment_run(built_deployment(b)), SIM_END_UNTIL);
    deployment_counts(built_deployment(b), &counts);
    ck_assert_uint_eq(counts.registered, count);
    used = mallinfo2().uordblks + mallinfo2().hblkhd;
    deployment_finish(built_deployment(b));
    built_free(b);
    profile_free(profile);
    scenario_free(s);
    diag_list_free(diags);
    collect_release(&c);
    return used;
}

START_TEST(an_idle_device_takes_at_most_2_kib)
{
    size_t few = heap_with(500, NULL, 0), many = heap_with(4500, NULL, 0), each;

    if (many <= few) /* not malloc's own heap */
        return;
    each = (many - few) / 4000;
    printf("an idle registered device: %zu octets\n", each);
    ck_assert_uint_le(each, 2048);
}
END_TEST

/* Of one that is kept for days, when nothing is said on it. */
START_TEST(an_idle_session)
{
    static const struct {
        const char *binding;
        size_t most;
    } cases[] = {{"populations.meters.mid.binding=http", 33000},
                 {"populations.meters.mid.binding=coap", 84000}};
    const char *const closed[] = {cases[_i].binding, "populations.meters.mid.idle=1 s"};
    const char *const kept[] = {cases[_i].binding, "populations.meters.mid.idle=never"};
    size_t few = heap_with(100, kept, 2), many = heap_with(500, kept, 2), each, idle;

    if (many <= few) /* not malloc's own heap */
        return;
    idle = heap_with(500, closed, 2) - heap_with(100, closed, 2);
    each = (many - few - idle) / 400;
    printf("%s, both ends of an idle session: %zu octets\n", strchr(cases[_i].binding, '=') + 1,
           each);
    ck_assert_uint_le(each, cases[_i].most);
}
END_TEST

/* A session that lives long does not grow by what is said on it. */
START_TEST(a_session_for_days_does_not_grow)
{
    static const char *const bindings[] = {"populations.meters.mid.binding=http",
                                           "populations.meters.mid.binding=coap"};
    const char *sets[] = {bindings[_i],
                          "populations.meters.mid.idle=never",
                          "populations.meters.report.every=10 min",
                          "populations.meters.report.keep=1",
                          "populations.meters.keys.kmc=3 d",
                          "run.until=4 h"};
    size_t hours, days;

    hours = heap_with(20, sets, 6);
    sets[5] = "run.until=1 d";
    days = heap_with(20, sets, 6);
    printf("%s, after a day: %zd octets a device more\n", strchr(bindings[_i], '=') + 1,
           ((ssize_t)days - (ssize_t)hours) / 20);
    ck_assert(days <= hours + 20 * 10000); /* 120 reports more, and what else a day brings */
}
END_TEST

int main(void)
{
    Suite *s = suite_create("memory");
    TCase *t = tcase_create("memory");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 300);
    tcase_add_test(t, an_idle_device_takes_at_most_2_kib);
    tcase_add_loop_test(t, an_idle_session, 0, 2);
    tcase_add_loop_test(t, a_session_for_days_does_not_grow, 0, 2);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
