/* Announcements of a gateway's application to another gateway that is registered at the same NSCL:
 * this hands them on, and the other gateway knows the first by its <scl>. */
#include "models/node/node_id.h"
#include "crypto/entity.h"
#include "tests/support/district.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const char two_gateways[] =
    "m2msim: 1\n"
    "title: two gateways that know of each other by their NSCL\n"
    "run: {until: 4 h, seed: 5, key_pool: 2}\n"
    "populations:\n"
    "  here:\n"
    "    kind: gateway\n"
    "    bootstrap: {method: pre-provisioned}\n"
    "    mid: {channel: long-poll}\n"
    "    arrivals: {shape: burst, over: 1 s}\n"
    "    ival: {component_size: 512 B}\n"
    "    report: {every: 10 min, size: 40 B}\n"
    "    retry: {base: 2 s, cap: 1 min, jitter: none, restart: 5 s}\n"
    "    timeout: {procedure: 60 s}\n"
    "  there:\n"
    "    kind: gateway\n"
    "    bootstrap: {method: pre-provisioned}\n"
    "    mid: {channel: long-poll}\n"
    "    arrivals: {shape: burst, over: 1 s}\n"
    "    ival: {component_size: 512 B}\n"
    "    report: {every: 30 min, size: 40 B}\n"
    "    retry: {base: 2 s, cap: 1 min, jitter: none, restart: 5 s}\n"
    "    timeout: {procedure: 60 s}\n"
    "  mas: {kind: mas}\n"
    "  nscl: {kind: nscl}\n"
    "links:\n"
    "  here -> mas: {latency: 35 ms, rate: 5 Mbit/s}\n"
    "  here -> nscl: {latency: 35 ms, rate: 5 Mbit/s}\n"
    "  there -> mas: {latency: 35 ms, rate: 5 Mbit/s}\n"
    "  there -> nscl: {latency: 35 ms, rate: 5 Mbit/s}\n"
    "  mas -> nscl: {latency: 10 ms, rate: 1 Gbit/s}\n"
    "record: {series_every: 1 min}\n";

static struct district t;

static struct device *gateway(const char *name)
{
    return &district_population(&t, name)->devices[0];
}

static void scl_id_of(const char *name, char out[M2M_MAX_URI])
{
    uint8_t node_id[M2M_NODE_ID_LEN];

    device_node_id(gateway(name), node_id);
    node_scl_id(node_id, out);
}

/* ---- what an application at `here` does, at its times ---- */

struct act {
    struct sim_event event;
    const char *to; /* NULL: it goes */
};

static void put_announce_to(struct m2m_rep *rep, const char *to)
{
    char scl_id[M2M_MAX_URI], base[2 * M2M_MAX_URI];
    size_t opened = m2m_open(rep, E_ANNOUNCE_TO), list = m2m_open(rep, E_SCL_LIST);

    scl_id_of(to, scl_id);
    snprintf(base, sizeof base, "https://%s.m2m.example/m2m", scl_id);
    m2m_put_text(rep, E_REFERENCE, base);
    m2m_close(rep, list);
    m2m_close(rep, opened);
}

static void act_commit(struct sim *sim, struct sim_event *ev)
{
    const struct act *a = (const struct act *)(const void *)ev;
    struct gateway *g = gateway("here")->gateway;
    struct m2m_response r;
    struct m2m_rep rep;

    if (a->to) {
        m2m_rep_init(&rep, M2M_APPLICATION);
        m2m_put_text(&rep, E_APP_ID, "lamp");
        put_announce_to(&rep, a->to);
        ck_assert_int_eq(gateway_create(g, sim_now(sim), "lamp", GATEWAY_APPLICATIONS, &rep),
                         STATUS_CREATED);
        m2m_rep_init(&rep, M2M_CONTAINER);
        m2m_put_text(&rep, E_ID, "state");
        put_announce_to(&rep, a->to);
        ck_assert_int_eq(
            gateway_create(g, sim_now(sim), "lamp", GATEWAY_APPLICATIONS "/lamp/containers", &rep),
            STATUS_CREATED);
        return;
    }
    m2m_response_init(&r);
    gateway_request(g, sim_now(sim),
                    &(struct m2m_request){.target_id = span_str(GATEWAY_APPLICATIONS "/lamp"),
                                          .requesting_entity = "lamp",
                                          .method = M2M_DELETE,
                                          .point = M2M_DIA},
                    &r);
    ck_assert_int_eq(r.status_code, STATUS_DELETED);
    m2m_response_clear(&r);
}

static const struct sim_event_ops act_ops = {"test-act", NULL, act_commit};

static void run(unsigned threads, const char *more, const char *const *sets, const char *to,
                sim_ns gone)
{
    struct act made = {.to = to}, ends = {.to = NULL};

    district_build(&t, threads, two_gateways, more, sets);
    sim_event_init(&made.event, &act_ops, NULL);
    sim_event_init(&ends.event, &act_ops, NULL);
    sim_schedule(t.d->sim, &made.event, 3600 * SIM_S);
    if (gone)
        sim_schedule(t.d->sim, &ends.event, gone);
    district_run(&t);
}

/* ---- what is at `there` ---- */

static enum m2m_status at_there(const char *below, const char *id, char link[M2M_MAX_LINK])
{
    char here[M2M_MAX_URI], there[M2M_MAX_URI], target[3 * M2M_MAX_URI];
    struct m2m_response r;
    enum m2m_status status;

    *link = '\0';
    if (!gateway("there")->gateway->tree)
        return STATUS_NOT_FOUND;
    scl_id_of("here", here);
    scl_id_of("there", there);
    snprintf(target, sizeof target, "/m2m/scls/%s/%s/%s", here, below, id);
    m2m_response_init(&r);
    scl_tree_request(gateway("there")->gateway->tree, t.d->in.epoch_unix_ns + node_now(t.d),
                     &(struct m2m_request){.target_id = span_str(target),
                                           .requesting_entity = there,
                                           .method = M2M_RETRIEVE,
                                           .point = M2M_DIA},
                     &r);
    status = r.status_code;
    m2m_find_text(m2m_rep_span(&r.representation), E_LINK, link, M2M_MAX_LINK);
    m2m_response_clear(&r);
    return status;
}

static void check_announced(void)
{
    char here[M2M_MAX_URI], link[M2M_MAX_LINK], wanted[2 * M2M_MAX_URI];

    scl_id_of("here", here);
    ck_assert_int_eq(at_there("applications", "lampAnnc", link), STATUS_OK);
    snprintf(wanted, sizeof wanted, "https://%s.m2m.example/m2m/applications/lamp", here);
    ck_assert_str_eq(link, wanted);
    ck_assert_int_eq(at_there("containers", "lamp-stateAnnc", link), STATUS_OK);
    /* What else `here` has to say is said as ever. */
    ck_assert_uint_eq(collect_procedures(&t.rows, "delivery", "failed", NULL), 0);
    ck_assert_uint_ge(collect_procedures(&t.rows, "delivery", "success", ""), 3 * 6 - 1);
}

/* ---- tests ---- */

START_TEST(it_is_handed_on)
{
    static const char *const losses[] = {"links.there -> nscl.loss=0 %",
                                         "links.there -> nscl.loss=5 %"};

    run(1, "", SETS(losses[_i], "links.here -> nscl.loss=3 %"), "there", 0);
    check_announced();
    fleet_check_sums(&t.rows);
    district_close(&t);
}
END_TEST

/* Who is away is told when he is back, and nothing waits for it. */
START_TEST(who_is_away_is_told_later)
{
    run(1, "events:\n  - {at: 50 min, do: blackout, what: there, for: 1 h}\n", SETS(NULL), "there",
        0);
    check_announced();
    fleet_check_sums(&t.rows);
    district_close(&t);
}
END_TEST

/* An outage of the NSCL, and a blackout of who announces: it waits on its disk. */
START_TEST(it_waits_for_the_nscl)
{
    run(1,
        "events:\n  - {at: 50 min, do: outage, what: nscl, for: 1 h}\n"
        "  - {at: 80 min, do: blackout, what: here, for: 10 min}\n",
        SETS(NULL), "there", 0);
    check_announced();
    district_close(&t);
}
END_TEST

START_TEST(it_ends_with_what_it_announces)
{
    char link[M2M_MAX_LINK];

    run(1, "", SETS(NULL), "there", 7200 * SIM_S);
    ck_assert_int_eq(at_there("applications", "lampAnnc", link), STATUS_NOT_FOUND);
    ck_assert_int_eq(at_there("containers", "lamp-stateAnnc", link), STATUS_NOT_FOUND);
    district_close(&t);
}
END_TEST

/* To oneself, or to who has no channel: refused by the NSCL again and again, more and more rarely.
 */
START_TEST(where_no_way_leads)
{
    static const char *const to[] = {"here", "there"};
    static const char *const sets[] = {"populations.there.mid.idle=30 s",
                                       "populations.there.mid.channel=none"};
    char link[M2M_MAX_LINK];

    run(1, "", SETS(sets[_i]), to[_i], 0);
    ck_assert_int_eq(at_there("applications", "lampAnnc", link), STATUS_NOT_FOUND);
    ck_assert_uint_eq(collect_procedures(&t.rows, "delivery", "failed", NULL), 0);
    /* In three hours eight times, each of two announcements, or less; where readings are due. */
    ck_assert_uint_le(collect_procedures(&t.rows, "forward", NULL, NULL), 4 * 6 + 2 * 10);
    district_close(&t);
}
END_TEST

START_TEST(the_same_rows_for_any_number_of_threads)
{
    uint64_t digest = 0;

    for (unsigned threads = 1; threads <= 4; threads *= 2) {
        run(threads, "events:\n  - {at: 59 min, do: blackout, what: there, for: 5 min}\n",
            SETS("links.there -> nscl.loss=5 %", "links.here -> nscl.loss=5 %", "run.until=80 min"),
            "there", 0);
        ck_assert(threads == 1 || t.rows.digest == digest);
        digest = t.rows.digest;
        district_close(&t);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("announcements to other SCLs");
    TCase *tc = tcase_create("runs");
    SRunner *r;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, it_is_handed_on, 0, 2);
    tcase_add_test(tc, who_is_away_is_told_later);
    tcase_add_test(tc, it_waits_for_the_nscl);
    tcase_add_test(tc, it_ends_with_what_it_announces);
    tcase_add_loop_test(tc, where_no_way_leads, 0, 2);
    tcase_add_test(tc, the_same_rows_for_any_number_of_threads);
    suite_add_tcase(s, tc);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
