/* What an application was told is stored is at the NSCL exactly once: a month of sensors on a way
 * that loses datagrams, with an NSCL that is off for an hour, over CoAP and over HTTP. */
#include "models/node/device.h"
#include "models/node/node_id.h"
#include "models/node/registrar.h"
#include "models/node/server.h"
#include "crypto/entity.h"
#include "tests/support/fleet.h"
#include "tests/support/scaled.h"
#include "topologies/builder.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] = "m2msim: 1\n"
                           "title: every reading once\n"
                           "run: {until: 30 d, seed: 3}\n"
                           "populations:\n"
                           "  sensors:\n"
                           "    count: 3\n"
                           "    kind: device\n"
                           "    bootstrap: {method: pre-provisioned}\n"
                           "    mid: {binding: coap, idle: 1 h}\n"
                           "    ival: {component_size: 512 B}\n"
                           "    keys: {kmc: 7 d}\n"
                           "    report: {every: 15 min, size: 24 B, keep: 10000}\n"
                           "    retry: {base: 10 s, cap: 5 min}\n"
                           "  mas: {kind: mas}\n"
                           "  nscl: {kind: nscl}\n"
                           "links:\n"
                           "  sensors -> mas: {latency: 100 ms, rate: 50 kbit/s}\n"
                           "  sensors -> nscl: {latency: 100 ms, rate: 50 kbit/s, loss: 5 %}\n"
                           "  mas -> nscl: {latency: 2 ms}\n"
                           "events:\n"
                           "  - {at: 30 h, do: outage, what: nscl, for: 1 h}\n"
                           "record: {messages: {sample: 100 %}}\n";

static const struct life {
    const char *sets[4];
    size_t reports; /* of each device at least */
    bool doubted;   /* some answers do not come in time, though the reading is stored */
} lives[] = {
    {{"run.until=" SCALED("30 d", "5 d"), NULL}, SCALED(2870, 470), false},
    {{"populations.sensors.mid.idle=1 s", "run.until=" SCALED("10 d", "3 d"), NULL},
     SCALED(950, 280),
     false},
    {{"links.sensors->nscl.loss=30 %", "run.until=" SCALED("10 d", "3 d"), NULL},
     SCALED(850, 250),
     true},
    {{"links.sensors->nscl.loss=30 %", "populations.sensors.mid.idle=1 s",
      "run.until=" SCALED("5 d", "3 d"), NULL},
     SCALED(350, 200),
     true},
    {{"populations.sensors.mid.binding=http", "run.until=" SCALED("5 d", "3 d"),
      "links.sensors->nscl.loss=10 %", NULL},
     SCALED(470, 275),
     false},
};
#define LIVES ((int)(sizeof(lives) / sizeof(lives[0])))

static struct {
    struct diag_list *diags;
    struct scenario *scenario;
    struct profile *profile;
    struct built *built;
    struct deployment *d;
    struct collect rows;
    struct server *nscl;
} run;

static void live(const struct life *life)
{
    size_t n = 0;

    while (life->sets[n])
        n++;
    memset(&run, 0, sizeof run);
    run.diags = diag_list_new();
    run.scenario = scenario_parse("once.yaml", text, strlen(text), life->sets, n, run.diags);
    if (run.scenario)
        run.profile = profile_read(run.scenario->profile_path, run.diags);
    if (run.profile)
        run.built = scenario_build(run.scenario, run.profile, &(struct build_options){.threads = 1},
                                   run.diags);
    diag_print(run.diags, stderr, false);
    ck_assert_ptr_nonnull(run.built);
    run.d = built_deployment(run.built);
    collect_init(&run.rows);
    deployment_start(run.d, &run.rows.sink);
    deployment_run(run.d);
    run.nscl = server_find(run.d, "nscl.m2m.example");
    ck_assert_ptr_nonnull(run.nscl);
}

static void end(void)
{
    collect_release(&run.rows);
    built_free(run.built);
    profile_free(run.profile);
    scenario_free(run.scenario);
    diag_list_free(run.diags);
}

/* Asks the NSCL's own tree, as itself. instance "": how many there are; else whether it is there.
 */
static int64_t stored(const struct device *dev, const char *instance)
{
    char scl_id[M2M_MAX_URI], target[2 * M2M_MAX_URI];
    struct m2m_request q = {.requesting_entity = run.nscl->fqdn, .method = M2M_RETRIEVE};
    struct m2m_response r;
    int64_t answer;

    node_scl_id(dev->node_id, scl_id);
    snprintf(target, sizeof target, "/m2m/scls/%s/containers/readings/contentInstances%s%s", scl_id,
             *instance ? "/" : "", instance);
    q.target_id = span_str(target);
    m2m_response_init(&r);
    scl_tree_request(registrar_tree(run.nscl->registrar), run.d->in.epoch_unix_ns + node_now(run.d),
                     &q, &r);
    ck_assert_msg(r.status_code == STATUS_OK || (*instance && r.status_code == STATUS_NOT_FOUND),
                  "%s: %d %s", target, (int)r.status_code, r.additional_info);
    answer = *instance
                 ? r.status_code == STATUS_OK
                 : m2m_find_number(m2m_rep_span(&r.representation), E_CURRENT_NR_OF_INSTANCES, -1);
    m2m_response_clear(&r);
    return answer;
}

struct tally {
    size_t acknowledged, there, unacknowledged, again;
};

static struct tally count(struct device *dev)
{
    const struct collected_procedure *p;
    struct tally t = {0};
    char id[32];
    size_t at = 0;

    while ((p = collect_next(&run.rows, "request", &at))) {
        bool acknowledged = strcmp(p->outcome, "success") == 0;

        if (p->row.node_id != device_node(dev))
            continue;
        snprintf(id, sizeof id, "r%lld", (long long)(p->row.t_start / SIM_MS));
        t.acknowledged += acknowledged;
        t.again += acknowledged && p->row.attempts > 1;
        if (stored(dev, id)) {
            t.there++;
            t.unacknowledged += !acknowledged;
        } else {
            ck_assert_msg(!acknowledged, "%s was acknowledged and is not there", id);
        }
    }
    return t;
}

START_TEST(acknowledged_is_stored_once)
{
    const struct life *life = &lives[_i];
    size_t again = 0;

    live(life);
    for (uint32_t i = 0; i < 3; i++) {
        char name[16];
        struct device *dev;
        struct tally t;

        snprintf(name, sizeof name, "sensors-%u", i);
        dev = device_find(run.d, name);
        ck_assert_ptr_nonnull(dev);
        t = count(dev);
        ck_assert_uint_ge(t.acknowledged, life->reports);
        /* Nothing is there under a name that no report has: no reading twice. */
        ck_assert_int_eq(stored(dev, ""), (int64_t)t.there);
        ck_assert_uint_eq(t.there, t.acknowledged + t.unacknowledged);
        again += t.again;
    }
    ck_assert_uint_gt(again, 0); /* the outage's at least */
    if (life->doubted)
        ck_assert_uint_gt(collect_messages(&run.rows, "4.09 Conflict"), 0);
    deployment_finish(run.d);
    end();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("every reading once");
    TCase *t = tcase_create("lives");
    SRunner *runner = srunner_create(s);
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 240);
    tcase_add_loop_test(t, acknowledged_is_stored_once, 0, LIVES);
    suite_add_tcase(s, t);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
