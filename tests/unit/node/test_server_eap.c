/* The agents and the MAS of EAP over PANA against what does not belong to a session, and clients
 * that are not ours. */
#include "models/node/roles.h"
#include "models/net/udp.h"
#include "tests/unit/node/rogue.h"

static struct town town;

static const char *const over_pana[FLEET_SETS] = {"populations.meters.bootstrap.method=eap-aka",
                                                  "populations.meters.connect.method=eap-sim"};

static void open_over_pana(const char *more)
{
    town_open_text(&town, fleet_eap, 3 * 60 * SIM_S, SETS(over_pana[0], over_pana[1], more));
}

/* ---- nothing stays behind ---- */

/* On a way that is only long, requests come twice and so do their answers, the last one too: behind
 * a session that is over. Whatever that begins ends at once, and no session is left anywhere. */
START_TEST(late_answers_leave_no_session)
{
    town_open_text(&town, fleet_eap, 10 * 60 * SIM_S,
                   SETS(over_pana[0], over_pana[1], "links.meters -> msbf.latency=2 s",
                        "links.meters -> nscl.latency=2 s", "links.meters -> msbf.duplicate=50 %",
                        "links.meters -> nscl.duplicate=50 %", "populations.meters.count=20"));
    town_run(&town, 60 * SIM_S);
    ck_assert_uint_gt(town.msbf->pana_sessions, 0);
    ck_assert_uint_eq(town.msbf->sessions, 0);
    ck_assert_uint_eq(town.mas->sessions, 0);
    ck_assert_ptr_null(town.dev->lingering);
    town_close(&town);
}
END_TEST

/* ---- datagrams of no sense ---- */

static unsigned came_back;

static void on_commit(struct udp_end *end, sim_ns now)
{
    (void)end;
    (void)now;
    came_back++;
}

static const struct udp_ops thrower_ops = {.commit = on_commit};

/* From the place of a device whose session is not there: a session of ours stands for it. */
static struct session *quiet_session(struct device_end *e)
{
    static const struct session_ops ops = {.make = NULL};
    struct session_host host = {
        town.d->sim, &e->dev->cpu, e->dev->population->class, 0, &town.d->retired, NULL, NULL};

    return session_new(&ops, e, &host, rng_stream(1, "thrower", "session"), NULL);
}

static void throw_at(struct server *to, struct span octets, unsigned times)
{
    struct device_end e = {.dev = town.dev};
    struct session *s = quiet_session(&e);
    struct udp_end *end;
    struct net_route up, down;

    route_between(town.d, town.dev->population->index, town.dev->index, to->population->index, &up,
                  &down);
    end = udp_open(town.d->net, &town.d->in.eap->udp, &up, &down, &to->datagrams, 50000,
                   &thrower_ops, s);
    for (unsigned i = 0; i < times; i++) {
        ck_assert_int_eq(udp_send(end, octets), UDP_SENT);
        town_run(&town, SIM_S);
    }
    udp_release(end);
    session_free(s);
}

START_TEST(noise_begins_nothing)
{
    static const uint8_t zeros[64] = {0};
    /* A PAN of a session that nobody has. */
    static const uint8_t stray[] = {0, 0, 0, 16, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 1};
    const struct span noise[] = {span_of(zeros, 64), span_of(zeros, 1), span_of(zeros, 0),
                                 span_of(stray, sizeof stray)};
    uint32_t before;

    open_over_pana(NULL);
    came_back = 0;
    before = town.msbf->pana_sessions;
    for (size_t i = 0; i < sizeof noise / sizeof *noise; i++) {
        throw_at(town.msbf, noise[i], 3);
        throw_at(town.nscl, noise[i], 3);
        ck_assert_uint_eq(town.msbf->sessions, 0);
    }
    ck_assert_uint_gt(town.msbf->pana_sessions, before); /* each was looked at */
    ck_assert_uint_eq(came_back, 0);
    town_close(&town);
}
END_TEST

/* ---- ways in that are none ---- */

/* The record of a subscription has no Kmr, and its index 0 is nobody's key. */
START_TEST(a_subscription_is_no_key)
{
    char identity[M2M_PSK_IDENTITY_MAX];
    uint8_t psk[M2M_KEY_LEN];
    enum reason reason = REASON_NONE;
    struct tls_psk_arg arg = {.now = SIM_S};

    town_open_text(&town, fleet_eap, 60 * SIM_S,
                   SETS("populations.meters.bootstrap.method=none", over_pana[1]));
    arg.server = town.mas;
    key_kmr_identity(town.dev->node_id, 0, identity);
    ck_assert_uint_eq(mas_psk(&arg, span_str(identity), psk, &reason), 0);
    ck_assert_int_eq(reason, REASON_PSK_UNKNOWN);
    town_close(&town);
}
END_TEST

/* Nobody answers TLS for devices that do without: neither MSBF nor MAS. */
START_TEST(no_tls_for_those_without)
{
    struct rogue r;

    open_over_pana(NULL);
    for (int i = 0; i < 2; i++) {
        struct server *to = i ? town.mas : town.msbf;
        rogue_init(&r, &town, to);
        r.context = town.dev->population->mid.client;
        rogue_connect(&r, to);
        town_run(&town, 30 * SIM_S);
        ck_assert(r.ended && !r.open);
        ck_assert_int_eq(r.reason, REASON_CONNECTION_REFUSED);
        rogue_close(&r);
    }
    town_close(&town);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("EAP at servers");
    TCase *tc = tcase_create("EAP at servers");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_add_test(tc, late_answers_leave_no_session);
    tcase_add_test(tc, noise_begins_nothing);
    tcase_add_test(tc, a_subscription_is_no_key);
    tcase_add_test(tc, no_tls_for_those_without);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed > 0;
}
