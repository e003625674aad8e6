/* Whole deployments whose sessions of mId are taken up again, over HTTP and CoAP, by session id and
 * by ticket: what it saves, how it ends, and a server that forgets. */
#include "crypto/entity.h"
#include "tests/support/fleet.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define FIXED  "populations.meters.bootstrap.method=pre-provisioned"
#define COAP   "populations.meters.mid.binding=coap"
#define ID     "populations.meters.mid.resume=session-id"
#define TICKET "populations.meters.mid.resume=ticket"

static const char *const ways[] = {ID, TICKET};
static const char *const bindings[] = {"populations.meters.mid.binding=http", COAP};

static struct deployment_counts counts;

/* A session's key is of Kmc after a whole handshake, of that one's key after an abbreviated. */
static size_t sessions_of(const struct collect *c, const char *parent_type)
{
    size_t n = 0;

    for (size_t i = 0; i < c->key_count; i++) {
        const struct collected_key *parent = collect_parent(c, &c->keys[i]);

        n += strcmp(c->keys[i].type, "session") == 0 && parent &&
             strcmp(parent->type, parent_type) == 0;
    }
    return n;
}

/* None is used, or ends, behind the Kmc at its root, whose end ends it. */
static void check_keys(const struct collect *c)
{
    for (size_t i = 0; i < c->key_count; i++) {
        const struct collected_key *k = &c->keys[i], *p = k;

        if (strcmp(k->type, "session") != 0)
            continue;
        while (strcmp(p->type, "session") == 0) {
            p = collect_parent(c, p);
            ck_assert_ptr_nonnull(p);
        }
        ck_assert_str_eq(p->type, "Kmc");
        ck_assert_int_le(k->row.t_end, p->row.t_end);
        if (k->row.t_last_use != ROW_NULL_ID)
            ck_assert_int_le(k->row.t_last_use, p->row.t_end);
        ck_assert_int_le(k->row.t_born, k->row.t_end);
    }
}

static double mean_of(const struct collect *c, const char *kind, bool of_device)
{
    const struct collected_procedure *p;
    double sum = 0, n = 0;
    size_t at = 0;

    while ((p = collect_next(c, kind, &at))) {
        sum +=
            of_device ? (double)p->row.device_ns : (double)(p->row.octets_up + p->row.octets_down);
        n++;
    }
    return sum / n;
}

START_TEST(reports_take_sessions_up)
{
    const char *way = ways[_i % 2], *binding = bindings[_i / 2];
    struct collect with, without, threads;

    fleet_run(&without, 1, "", SETS(FIXED, binding), &counts);
    ck_assert_uint_eq(sessions_of(&without, "session"), 0);
    fleet_run(&with, 1, "", SETS(FIXED, binding, way), &counts);
    fleet_check_sums(&with);
    check_keys(&with);
    ck_assert_uint_eq(counts.registered, 12);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(sessions_of(&with, "Kmc"), 12);
    ck_assert_uint_ge(sessions_of(&with, "session"), 12 * 5);
    ck_assert_uint_eq(sessions_of(&with, "Kmc") + sessions_of(&with, "session"),
                      sessions_of(&without, "Kmc"));
    ck_assert_uint_ge(collect_messages(&without, "ClientKeyExchange"), 12 * 6);
    ck_assert_uint_le(collect_messages(&with, "ClientKeyExchange"), 24); /* MAS, NSCL */
    ck_assert_int_eq(collect_messages(&with, "NewSessionTicket") == 12, _i % 2);
    ck_assert_double_lt(mean_of(&with, "request", true), mean_of(&without, "request", true));
    if (_i % 2 == 0)
        ck_assert_double_lt(mean_of(&with, "request", false), mean_of(&without, "request", false));
    fleet_run(&threads, 4, "", SETS(FIXED, binding, way), &counts);
    ck_assert_uint_eq(threads.digest, with.digest);
    collect_release(&threads);
    collect_release(&with);
    collect_release(&without);
}
END_TEST

/* The life of a session, counted from its whole handshake; then that of the ledger. */
START_TEST(they_expire)
{
    struct collect c;

    fleet_run(&c, 1, "", SETS(FIXED, ways[_i], "populations.meters.mid.resume_for=50 min"),
              &counts);
    check_keys(&c);
    ck_assert_uint_eq(counts.failed, 0);
    /* A report each 20 min: every third handshake is a whole one. */
    ck_assert_uint_ge(sessions_of(&c, "Kmc"), 12 * 2);
    ck_assert_uint_ge(sessions_of(&c, "session"), 12 * 3);
    ck_assert_uint_ge(collect_keys(&c, "session", "expired"), 12);
    for (size_t i = 0; i < c.key_count; i++)
        if (strcmp(c.keys[i].type, "session") == 0 && strcmp(c.keys[i].end_reason, "expired") == 0)
            ck_assert_int_eq(c.keys[i].row.t_end, c.keys[i].row.t_expires);
    collect_release(&c);
}
END_TEST

/* With each Kmc a whole handshake begins anew, whatever life sessions have. */
START_TEST(they_end_with_kmc)
{
    struct collect c;

    fleet_run(&c, 1, "",
              SETS(FIXED, bindings[_i / 2], ways[_i % 2], "populations.meters.keys.kmc=45 min"),
              &counts);
    check_keys(&c);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_ge(collect_keys(&c, "Kmc", "renewed"), 12 * 2);
    ck_assert_uint_ge(sessions_of(&c, "Kmc"), 12 * 3);
    ck_assert_uint_ge(sessions_of(&c, "session"), 12);
    ck_assert_uint_ge(collect_keys(&c, "session", "renewed"), 12 * 2);
    collect_release(&c);
}
END_TEST

/* An NSCL that was off has forgotten sessions and keys: whole handshakes, and nothing fails by it.
 */
START_TEST(a_server_forgets)
{
    static const char off[] = "events:\n  - {at: 70 min, do: outage, what: nscl, for: 1 s}\n";
    struct collect c;

    fleet_run(&c, 1, off, SETS(FIXED, bindings[_i / 2], ways[_i % 2]), &counts);
    fleet_check_sums(&c);
    check_keys(&c);
    ck_assert_uint_eq(counts.registered, 12);
    ck_assert_uint_eq(collect_procedures(&c, "request", "failed", NULL), 0);
    ck_assert_uint_ge(sessions_of(&c, "Kmc"), 23); /* one device may be at it in that second */
    ck_assert_uint_le(sessions_of(&c, "Kmc"), 25);
    ck_assert_uint_ge(sessions_of(&c, "session"), 12 * 4);
    collect_release(&c);
}
END_TEST

/* A device without power forgets too; a server with room for few forgets the oldest. */
START_TEST(devices_forget)
{
    static const char dark[] = "events:\n  - {at: 1 h, do: blackout, what: meters, for: 5 min}\n";
    struct collect c;

    fleet_run(&c, 1, dark, SETS(FIXED, ways[_i]), &counts);
    check_keys(&c);
    ck_assert_uint_eq(counts.registered, 12);
    ck_assert_uint_ge(sessions_of(&c, "Kmc"), 24);
    ck_assert_uint_ge(collect_keys(&c, "session", "failed"), 12);
    collect_release(&c);
    fleet_run(&c, 1, "", SETS(FIXED, ways[_i], "populations.nscl.resumption.sessions=4"), &counts);
    ck_assert_uint_eq(counts.failed, 0);
    if (_i == 0) {
        ck_assert_uint_gt(sessions_of(&c, "Kmc"), 24);
    } else {
        ck_assert_uint_eq(sessions_of(&c, "Kmc"), 12); /* its tickets take no room */
    }
    collect_release(&c);
}
END_TEST

/* Keys of tickets turn while sessions go on: devices come with older ones, and get newer ones. */
START_TEST(keys_of_tickets_turn)
{
    struct collect c;

    fleet_run(&c, 1, "", SETS(FIXED, TICKET, "populations.nscl.resumption.ticket_key=30 min"),
              &counts);
    check_keys(&c);
    ck_assert_uint_eq(sessions_of(&c, "Kmc"), 12);
    ck_assert_uint_ge(collect_messages(&c, "NewSessionTicket"), 12 * 3);
    collect_release(&c);
    fleet_run(&c, 1, "", SETS(FIXED, TICKET, "populations.nscl.resumption.ticket_key=9 min"),
              &counts);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_ge(sessions_of(&c, "Kmc"), 12 * 5); /* gone before they are back */
    collect_release(&c);
}
END_TEST

/* One session for all, as long as its Kmc. */
START_TEST(a_session_for_days)
{
    struct collect c;
    const char *binding = bindings[_i];

    fleet_run(&c, 1, "", SETS(FIXED, binding, "populations.meters.mid.idle=never"), &counts);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_eq(sessions_of(&c, "Kmc"), 12);
    ck_assert_uint_ge(collect_procedures(&c, "request", "success", ""), 12 * 5);
    collect_release(&c);
    fleet_run(&c, 1, "",
              SETS(FIXED, binding, "run.until=3 d", "populations.meters.mid.idle=never",
                   "populations.meters.report.every=6 h"),
              &counts);
    check_keys(&c);
    ck_assert_uint_eq(counts.failed, 0);
    ck_assert_uint_ge(collect_keys(&c, "Kmc", "renewed"), 12 * 3);
    ck_assert_uint_eq(sessions_of(&c, "Kmc"), collect_keys(&c, "Kmc", NULL));
    collect_release(&c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("run resume");
    TCase *t = tcase_create("run resume");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, reports_take_sessions_up, 0, 4);
    tcase_add_loop_test(t, they_expire, 0, 2);
    tcase_add_loop_test(t, they_end_with_kmc, 0, 4);
    tcase_add_loop_test(t, a_server_forgets, 0, 4);
    tcase_add_loop_test(t, devices_forget, 0, 2);
    tcase_add_test(t, keys_of_tickets_turn);
    tcase_add_loop_test(t, a_session_for_days, 0, 2);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
