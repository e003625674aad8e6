/* Reading what is right: defaults, values, --set, resolved output, packaged scenarios. */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/units.h"
#include "topologies/scenario.h"
#include "topologies/schema.h"

static const char least[] = "m2msim: 1\n"
                            "run: {until: 1 h}\n"
                            "populations:\n"
                            "  dev: {kind: device}\n"
                            "  b: {kind: msbf}\n"
                            "  a: {kind: mas}\n"
                            "  n: {kind: nscl}\n"
                            "links:\n"
                            "  dev -> b: {latency: 10 ms}\n"
                            "  dev -> a: {latency: lognormal 80 ms 0.4}\n"
                            "  dev -> n: {latency: uniform 10 ms 30 ms}\n"
                            "  b -> a: {latency: 1 ms}\n"
                            "  a -> n: {latency: 1 ms}\n";

/* Reads or fails the test with what was told. */
static struct scenario *read_text(const char *text, const char *const *sets, size_t n)
{
    struct diag_list *diags = diag_list_new();
    struct scenario *s = scenario_parse("test.yaml", text, strlen(text), sets, n, diags);
    if (!s)
        diag_print(diags, stderr, false);
    ck_assert_ptr_nonnull(s);
    ck_assert_uint_eq(diag_size(diags), 0);
    diag_list_free(diags);
    return s;
}

START_TEST(fills_in_defaults)
{
    struct scenario *s = read_text(least, NULL, 0);
    ck_assert_int_eq(s->until, 3600 * SIM_S);
    ck_assert_uint_eq(s->seed, 1);
    ck_assert_int_eq(s->epoch_unix_ns, INT64_C(1370044800) * SIM_S); /* 2013-06-01 */
    ck_assert_str_eq(s->profile, "reference");
    ck_assert_uint_eq(s->key_pool, 16);
    ck_assert_uint_eq(s->population_count, 4);
    const struct cfg_device *d = &s->populations[0].device;
    ck_assert_uint_eq(s->populations[0].count, 1);
    ck_assert_str_eq(s->populations[0].class_name, "cortex-m4");
    ck_assert_int_eq(s->populations[0].line, 4);
    ck_assert_int_eq(s->populations[0].column, 3);
    ck_assert_int_eq(d->bootstrap.method, CFG_BOOTSTRAP_TLS_X509);
    ck_assert_int_eq(d->bootstrap.tls.suite, TLS_SUITE_RSA_AES_128_CCM);
    ck_assert_int_eq(d->bootstrap.tls.version, TLS_1_2);
    ck_assert_uint_eq(d->bootstrap.msbf, 1);
    ck_assert_uint_eq(d->connect.mas, 2);
    ck_assert_uint_eq(d->mid.nscl, 3);
    ck_assert_int_eq(d->mid.idle, 30 * SIM_S);
    ck_assert(d->ival.capable && !d->ival.gate);
    ck_assert_uint_eq(d->ival.components, 4);
    ck_assert_uint_eq(d->ival.component_octets, 16384);
    ck_assert_int_eq(d->ival.tampered_at.kind, DIST_CONSTANT);
    ck_assert_int_eq(d->ival.tampered_at.floor, 0);
    ck_assert_uint_eq(d->keys.renew_at_ppm, 850000); /* GAP C5 */
    ck_assert_uint_eq(d->keys.renew_jitter_ppm, 50000);
    ck_assert_uint_eq(d->retry.attempts, 0);
    ck_assert_int_eq(d->timeout.procedure, 120 * SIM_S);
    const struct cfg_server *n = &s->populations[3].server;
    ck_assert_str_eq(s->populations[3].class_name, "server");
    ck_assert_str_eq(n->fqdn, "n.m2m.example");
    ck_assert_uint_eq(n->workers, 4);
    ck_assert_uint_eq(n->backlog_busy, n->queue);
    ck_assert(n->ival && n->rule_count == 0 && n->otherwise == CFG_ALLOW);
    ck_assert_uint_eq(s->populations[1].server.mas, 2);
    ck_assert_uint_eq(s->populations[2].server.nscl, 3);
    ck_assert_uint_eq(s->record.message_sample_ppm, 1000);
    ck_assert_int_eq(s->record.series_every, 10 * SIM_S);
    scenario_free(s);
}
END_TEST

/* Providers that share nothing: whoever does not use GBA needs no way to anybody's BSF. */
START_TEST(islands)
{
    static const char two[] = "m2msim: 1\n"
                              "run: {until: 1 h}\n"
                              "populations:\n"
                              "  east:\n"
                              "    kind: device\n"
                              "    bootstrap: {method: pre-provisioned}\n"
                              "    connect: {at: m1}\n"
                              "    mid: {at: n1}\n"
                              "  west:\n"
                              "    kind: device\n"
                              "    bootstrap: {method: pre-provisioned}\n"
                              "    connect: {at: m2}\n"
                              "    mid: {at: n2}\n"
                              "  m1: {kind: mas, nscl: n1}\n"
                              "  m2: {kind: mas, nscl: n2}\n"
                              "  n1: {kind: nscl}\n"
                              "  n2: {kind: nscl}\n"
                              "links:\n"
                              "  east -> m1: {latency: 10 ms}\n"
                              "  east -> n1: {latency: 10 ms}\n"
                              "  west -> m2: {latency: 10 ms}\n"
                              "  west -> n2: {latency: 10 ms}\n"
                              "  m1 -> n1: {latency: 1 ms}\n"
                              "  m2 -> n2: {latency: 1 ms}\n";
    struct scenario *s = read_text(two, NULL, 0);
    ck_assert_uint_eq(s->populations[1].device.gba.bsf, SCN_NONE);
    scenario_free(s);
}
END_TEST

START_TEST(reads_links)
{
    static const char *const sets[] = {"links.dev->b.loss=gilbert-elliott 1 % 50 % 2 % 25 %",
                                       "links.dev->b.rate=50 kbit/s",
                                       "links.dev -> b.down={rate: 100 kbit/s, floor: 5 ms}",
                                       "links.dev->b.queue=64 kB",
                                       "links.dev->n.shared=yes",
                                       "links.dev->n.duplicate=0.1 %"};
    struct scenario *s = read_text(least, sets, sizeof sets / sizeof *sets);
    const struct scn_link *l = &s->links[0];
    ck_assert_uint_eq(l->from, 0);
    ck_assert_uint_eq(l->to, 1);
    ck_assert_uint_eq(l->up.rate_bps, 50000);
    ck_assert_uint_eq(l->down.rate_bps, 100000);
    ck_assert_uint_eq(l->down.queue_octets, 64000);
    ck_assert_double_eq(l->up.loss.loss_good, 0.01);
    ck_assert_double_eq(l->down.loss.p_bad_to_good, 0.25);
    ck_assert_int_eq(l->up.latency.floor, 10 * SIM_MS); /* of a constant: itself */
    ck_assert_int_eq(l->down.latency.floor, 5 * SIM_MS);
    ck_assert(l->up.keep_order);
    ck_assert_str_eq(l->up.name, "dev->b/up");
    ck_assert_int_eq(s->links[1].up.latency.kind, DIST_LOGNORMAL);
    ck_assert_double_eq(s->links[1].up.latency.sigma, 0.4);
    ck_assert_int_eq(s->links[1].up.latency.floor, dist_default_floor(&s->links[1].up.latency));
    ck_assert_int_gt(s->links[1].up.latency.floor, 0);
    ck_assert_int_eq(s->links[2].up.latency.floor, 10 * SIM_MS);
    ck_assert(s->links[2].shared && !s->links[1].shared);
    ck_assert_double_eq(s->links[2].down.duplicate, 0.001);
    scenario_free(s);
}
END_TEST

/* What YAML 1.1 readers turn into something else stays what the schema says it is. */
START_TEST(schema_drives_types)
{
    static const char *const sets[] = {"title=no",
                                       "populations.dev.count=08",
                                       "populations.dev.ival.gate=no",
                                       "populations.dev.report.every=08 h",
                                       "run.seed=0010",
                                       "populations.dev.class=1e3"};
    struct scenario *s = read_text(least, sets, sizeof sets / sizeof *sets);
    ck_assert_str_eq(s->title, "no");
    ck_assert_uint_eq(s->populations[0].count, 8);
    ck_assert(!s->populations[0].device.ival.gate);
    ck_assert_int_eq(s->populations[0].device.report.every, 8 * 3600 * SIM_S);
    ck_assert_uint_eq(s->seed, 10);
    ck_assert_str_eq(s->populations[0].class_name, "1e3");
    scenario_free(s);
}
END_TEST

START_TEST(reads_policy_in_order)
{
    static const char *const sets[] = {
        "populations.n.ival_policy={tampered: {verdict: limit, services: [xRAR, xAE]}, "
        "old: {mask: 0x0000001e, value: 0x2, verdict: deny}, genuine: allow, otherwise: deny}"};
    struct scenario *s = read_text(least, sets, 1);
    const struct cfg_server *n = &s->populations[3].server;
    ck_assert_uint_eq(n->rule_count, 3);
    ck_assert_str_eq(n->rules[0].name, "tampered");
    ck_assert_uint_eq(n->rules[0].mask, 1);
    ck_assert_uint_eq(n->rules[0].value, 0);
    ck_assert_int_eq(n->rules[0].verdict, CFG_LIMIT);
    ck_assert_uint_eq(n->rules[0].allowed_services, 0xA0000000u); /* GAP C6: bits 31 and 29 */
    ck_assert_uint_eq(n->rules[1].mask, 0x1E);
    ck_assert_uint_eq(n->rules[1].value, 2);
    ck_assert_uint_eq(n->rules[2].value, 1);
    ck_assert_int_eq(n->otherwise, CFG_DENY);
    scenario_free(s);
}
END_TEST

START_TEST(reads_events_and_tcp)
{
    static const char *const sets[] = {"events=[{at: 20 min, do: outage, what: n, for: 10 min}]",
                                       "tcp.preset=ns3", "tcp.initial_window=4"};
    struct scenario *s = read_text(least, sets, 3);
    struct tcp_params ns3;
    tcp_params_ns3(&ns3);
    ck_assert_uint_eq(s->event_count, 1);
    ck_assert_int_eq(s->events[0].at, 1200 * SIM_S);
    ck_assert_int_eq(s->events[0].duration, 600 * SIM_S);
    ck_assert_uint_eq(s->events[0].population, 3);
    ck_assert_uint_eq(s->tcp.mss, ns3.mss);
    ck_assert_uint_eq(s->tcp.initial_window, 4);
    scenario_free(s);
}
END_TEST

START_TEST(later_sets_win)
{
    static const char *const sets[] = {"run.seed=5",
                                       "run.seed=6",
                                       "populations.dev.keys={kmc: 1 h}",
                                       "populations.dev.keys.kmr=3 h",
                                       "events=[{at: 1 min, do: outage, what: n, for: 1 min}]",
                                       "events.0.at=2 min"};
    struct scenario *s = read_text(least, sets, sizeof sets / sizeof *sets);
    ck_assert_uint_eq(s->seed, 6);
    ck_assert_int_eq(s->populations[0].device.keys.kmc, 3600 * SIM_S);
    ck_assert_int_eq(s->populations[0].device.keys.kmr, 3 * 3600 * SIM_S);
    ck_assert_int_eq(s->events[0].at, 120 * SIM_S);
    scenario_free(s);
}
END_TEST

/* Resolved output, read again and resolved, is the same: from YAML and from JSON. */
static void check_fixpoint(const struct scenario *s)
{
    char *yaml = scenario_resolved_yaml(s), *json = scenario_resolved_json(s);
    const char *texts[] = {yaml, json};
    for (int i = 0; i < 2; i++) {
        struct scenario *again = read_text(texts[i], NULL, 0);
        char *yaml2 = scenario_resolved_yaml(again), *json2 = scenario_resolved_json(again);
        ck_assert_str_eq(yaml2, yaml);
        ck_assert_str_eq(json2, json);
        free(yaml2);
        free(json2);
        scenario_free(again);
    }
    free(yaml);
    free(json);
}

START_TEST(resolved_reads_back)
{
    static const char *const all[] = {
        "title=a \"quoted\" \\ title, with: marks # and \xC3\xA4",
        "populations.dev.bootstrap.method=pre-provisioned",
        "populations.dev.connect.wrong_key=0.5 %",
        "populations.dev.arrivals={shape: poisson, mean: 1500 ms}",
        "populations.dev.report.every=never",
        "populations.dev.ival.tampered_at=exponential 2 h",
        "populations.n.ival_policy={tampered: {verdict: limit, services: [xRAR, spare]}, "
        "x: {mask: 3, value: 2, verdict: deny}, otherwise: deny}",
        "events=[{at: 1 min, do: outage, what: n, for: 1 min}, {at: 2 min, do: outage, what: a, "
        "for: 1 s}]",
        "links.dev->b={latency: empirical 30 ms 10 ms 12.5 ms, ceiling: 1 s, down: {rate: 1 "
        "Mbit/s}}",
        "links.dev->a={latency: normal 35 ms 5 ms, loss: gilbert-elliott 1 % 40 % 0.5 % 25 %, "
        "reorder: 1 %, reorder_delay: 5 ms, overhead: 2 B}",
        "links.dev->n={latency: lognormal 80 ms 0.123456789012345, shared: yes}",
        "record={procedures: none, keys: none, series_every: never}",
        "run.epoch=2016-02-29T23:59:58Z",
        "tcp.preset=ns3"};
    struct scenario *s = read_text(least, all, sizeof all / sizeof *all);
    ck_assert_int_eq(s->links[0].up.latency.points[0], 10 * SIM_MS); /* sorted */
    check_fixpoint(s);
    scenario_free(s);
    s = read_text(least, NULL, 0);
    check_fixpoint(s);
    char *json = scenario_resolved_json(s);
    ck_assert_ptr_nonnull(strstr(json, "\"wrong_ca\": \"0 %\""));
    ck_assert_ptr_null(strstr(json, M2M_SOURCE_DIR)); /* no path of this machine */
    free(json);
    scenario_free(s);
}
END_TEST

START_TEST(network_settings_are_layers)
{
    char text[2000];
    snprintf(text, sizeof text, "use: {network: networks/cellular}\n%s", least);
    static const char *const sets[] = {"links.dev->b={like: access, loss: 1 %, up: {queue: 1 kB}}"};
    struct diag_list *diags = diag_list_new();
    struct scenario *s =
        scenario_parse(M2M_SOURCE_DIR "/topologies/x.yaml", text, strlen(text), sets, 1, diags);
    diag_print(diags, stderr, false);
    ck_assert_ptr_nonnull(s);
    const struct scn_link *l = &s->links[0];
    ck_assert_int_eq(l->up.latency.kind, DIST_LOGNORMAL); /* the setting */
    ck_assert_uint_eq(l->up.rate_bps, 50000);             /* its direction */
    ck_assert_uint_eq(l->down.rate_bps, 100000);
    ck_assert_double_eq(l->down.loss.loss_good, 0.01); /* the link */
    ck_assert_uint_eq(l->up.queue_octets, 1000);       /* the link's direction */
    ck_assert_uint_eq(l->down.queue_octets, 64000);
    check_fixpoint(s); /* which needs no network file any more */
    scenario_free(s);
    diag_list_free(diags);
}
END_TEST

START_TEST(says_what_cannot_be_read)
{
    static const struct {
        const char *path, *hint;
    } rows[] = {
        {"smart-metres", "smart-meters"}, {"/nowhere/x.yaml", NULL}, {"/tmp", "not a file"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct diag_list *diags = diag_list_new();
        ck_assert_ptr_null(scenario_read(rows[i].path, NULL, 0, diags));
        ck_assert_uint_eq(diag_size(diags), 1);
        ck_assert_str_eq(diag_at(diags, 0)->code, "S100");
        ck_assert_str_eq(diag_at(diags, 0)->file, rows[i].path);
        if (rows[i].hint)
            ck_assert_ptr_nonnull(strstr(diag_at(diags, 0)->text, rows[i].hint));
        diag_list_free(diags);
    }
}
END_TEST

/* What was most likely meant, and what it could be. */
START_TEST(says_what_was_expected)
{
    static const struct {
        const char *set, *code, *text;
    } rows[] = {
        {"populations.devv.count=3", "S113",
         "required key 'kind' is missing in population 'devv'; did you mean 'dev'?"},
        {"populations.n.workers=-5", "S118",
         "'workers' must be from 1 to 65536; '-5' is out of range"},
        {"run.until=-1 h", "S118",
         "'-1 h' is out of range for a time in 'until' (1 ns to 100 y, in steps of 1 ns)"},
        {"populations.dev.ival.tampered=101 %", "S118",
         "'101 %' is out of range for a share in 'tampered' (0 % to 100 %, in steps of 1 ppm)"},
        {"links.dev->n.latency=gaussian 1 s", "S119",
         "'latency' does not know the distribution 'gaussian'; it may be a time, uniform, normal, "
         "lognormal, exponential or empirical"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct diag_list *diags = diag_list_new();
        ck_assert_ptr_null(
            scenario_parse("test.yaml", least, strlen(least), &rows[i].set, 1, diags));
        ck_assert_uint_ge(diag_size(diags), 1);
        ck_assert_str_eq(diag_at(diags, 0)->code, rows[i].code);
        ck_assert_str_eq(diag_at(diags, 0)->text, rows[i].text);
        diag_list_free(diags);
    }
}
END_TEST

/* As some editors write it. */
START_TEST(takes_a_byte_order_mark)
{
    char text[sizeof least + 3];
    snprintf(text, sizeof text, "\xEF\xBB\xBF%s", least);
    scenario_free(read_text(text, NULL, 0));
}
END_TEST

/* Octets that are no scenario end in diagnostics, whatever is cut or changed. */
START_TEST(survives_damage)
{
    struct scenario *whole = read_text(least, NULL, 0);
    char *text = scenario_resolved_yaml(whole);
    size_t n = strlen(text);
    uint64_t x = 1;
    for (int i = 0; i < 3000; i++) {
        char *copy = malloc(n + 1);
        memcpy(copy, text, n + 1);
        size_t length = n;
        for (int k = 0; k < 1 + i % 3; k++) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            copy[(x >> 33) % n] = (char)(x >> 20);
        }
        if (i % 4 == 0)
            length = (x >> 40) % n;
        struct diag_list *diags = diag_list_new();
        struct scenario *s = scenario_parse("x", copy, length, NULL, 0, diags);
        ck_assert(s != NULL || diag_count(diags, DIAG_ERROR) > 0);
        scenario_free(s);
        diag_list_free(diags);
        free(copy);
    }
    free(text);
    scenario_free(whole);
}
END_TEST

/* ---- packaged ---- */

struct found {
    char names[32][64];
    size_t n;
};

static void note(void *arg, const char *name, const char *path, const char *title)
{
    struct found *f = arg;
    ck_assert_uint_lt(f->n, 32);
    ck_assert_str_ne(title, "");
    ck_assert_int_eq(access(path, R_OK), 0);
    snprintf(f->names[f->n++], sizeof f->names[0], "%s", name);
}

START_TEST(packaged_scenarios_are_sound)
{
    struct found f = {.n = 0};
    bool hello = false, meters = false, demo = false, heavy = false;
    setenv("M2MSIM_TOPOLOGIES", M2M_SOURCE_DIR "/topologies", 1);
    ck_assert_str_eq(scenario_folder(), M2M_SOURCE_DIR "/topologies");
    scenario_list(note, &f);
    for (size_t i = 0; i < f.n; i++) {
        struct diag_list *diags = diag_list_new();
        struct scenario *s = scenario_read(f.names[i], NULL, 0, diags);
        diag_print(diags, stderr, false);
        ck_assert_ptr_nonnull(s);
        ck_assert_uint_eq(diag_size(diags), 0);
        check_fixpoint(s);
        ck_assert_int_eq(access(s->profile_path, R_OK), 0);
        ck_assert(i == 0 || strcmp(f.names[i - 1], f.names[i]) < 0);
        hello |= strcmp(f.names[i], "hello") == 0;
        meters |= strcmp(f.names[i], "smart-meters") == 0 && s->populations[0].count == 10000 &&
                  s->populations[0].device.ival.tampered_ppm == 5000 &&
                  s->populations[0].device.keys.kmc == 8 * 3600 * SIM_S;
        demo |= strcmp(f.names[i], "demo") == 0 && s->event_count == 1;
        heavy |=
            strcmp(f.names[i], "crypto-heavy") == 0 && s->links[0].up.latency.floor >= 20 * SIM_MS;
        scenario_free(s);
        diag_list_free(diags);
    }
    ck_assert(hello && meters && demo && heavy);
}
END_TEST

START_TEST(folder_follows_the_variable)
{
    struct found f = {.n = 0};
    setenv("M2MSIM_TOPOLOGIES", "/nowhere", 1);
    ck_assert_str_eq(scenario_folder(), "/nowhere");
    scenario_list(note, &f);
    ck_assert_uint_eq(f.n, 0);
    unsetenv("M2MSIM_TOPOLOGIES");
    ck_assert_str_ne(scenario_folder(), "/nowhere");
}
END_TEST

/* ---- the schema itself ---- */

/* Every default must be readable, and every key must say what it means. */
static void check_section(const struct schema_section *section)
{
    const struct schema_key *k;
    for (size_t i = 0; (k = schema_at(section, i)) != NULL; i++) {
        if (k->type == TYPE_LATER)
            continue;
        ck_assert_msg(k->help != NULL, "%s has no help", k->name);
        sim_ns t;
        if (k->standard && k->type == TYPE_TIME && !(k->none && !strcmp(k->none, k->standard)))
            ck_assert_msg(units_time(k->standard, &t) == OK && t >= k->min &&
                              (k->max == 0 || t <= k->max),
                          "default of %s", k->name);
        if (k->section && k->section != section)
            check_section(k->section);
    }
}

START_TEST(schema_is_whole)
{
    check_section(&schema_root);
    check_section(&schema_network);
    char *page = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&page, &n);
    scenario_schema_markdown(f);
    fclose(f);
    ck_assert_ptr_nonnull(strstr(page, "| `populations.NAME.keys.kmc` | time | 1 s to 100 y | "
                                       "`24 h` |"));
    ck_assert_ptr_nonnull(strstr(page, "`links.FROM -> TO.latency`"));
    ck_assert_ptr_nonnull(strstr(page, "`events[].at`"));
    ck_assert_ptr_null(strstr(page, "`attacks`"));
    free(page);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("reader");
    TCase *t = tcase_create("reader");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, fills_in_defaults);
    tcase_add_test(t, islands);
    tcase_add_test(t, reads_links);
    tcase_add_test(t, schema_drives_types);
    tcase_add_test(t, reads_policy_in_order);
    tcase_add_test(t, reads_events_and_tcp);
    tcase_add_test(t, later_sets_win);
    tcase_add_test(t, resolved_reads_back);
    tcase_add_test(t, network_settings_are_layers);
    tcase_add_test(t, says_what_cannot_be_read);
    tcase_add_test(t, says_what_was_expected);
    tcase_add_test(t, takes_a_byte_order_mark);
    tcase_add_test(t, survives_damage);
    tcase_add_test(t, packaged_scenarios_are_sound);
    tcase_add_test(t, folder_follows_the_variable);
    tcase_add_test(t, schema_is_whole);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
