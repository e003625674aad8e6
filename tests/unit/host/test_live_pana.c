/* PANA's agent in real time: devices that are let in, keys on both sides, refusals, and datagrams
 * that belong to nobody. */
#include "models/host/live_pana.h"

#include "crypto/entity.h"
#include "models/proc/client.h"
#include "models/proto/eap_method.h"

#include <arpa/inet.h>
#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_MS 60000
#define MOST     8
#define SP       "sp.example"

static const uint8_t right[M2M_KEY_LEN] = {1, 2, 3}, wrong[M2M_KEY_LEN] = {3, 2, 1};
static const uint8_t node_id[M2M_NODE_ID_LEN] = {9, 8, 7};

/* ---- the agent ---- */

struct rig {
    struct live *live;
    struct live_pana *pana;
    struct live_pana_settings settings;
    int port;
    size_t ends, wanted;
    enum proto_status status[MOST];
    enum reason reason[MOST];
    uint32_t index[MOST];
    uint8_t key[MOST][M2M_KEY_LEN];
    bool has_key[MOST];
    uint32_t granted;
};

static void find(void *arg, struct proto_env *env, sim_ns now, const struct aaa_question *q,
                 struct aaa_user *user)
{
    struct rig *r = arg;
    struct pana_params *p = &user->params;

    ck_assert_str_eq(q->params.sp_id, SP);
    if (strcmp(q->identity, "device") != 0) {
        user->answer.reason = REASON_EAP_IDENTITY;
        return;
    }
    user->answer.methods[0] = &eap_method_psk;
    user->answer.method_count = 1;
    user->answer.has_psk = true;
    memcpy(user->answer.psk, right, sizeof right);
    p->has = 1u << PANA_ETSI_NODE_ID | 1u << PANA_ETSI_LIFETIME | 1u << PANA_ETSI_SP_ID;
    memcpy(p->node_id, node_id, sizeof node_id);
    memcpy(p->sp_id, SP, sizeof SP);
    p->expires_unix_s = (env->epoch_unix_ns + now) / SIM_S + 3600;
    if (r->settings.params.usage == PANA_USAGE_BOOTSTRAP) {
        p->has |= 1u << PANA_ETSI_KMR_INDEX;
        p->kmr_index = ++r->granted;
    } else {
        p->has |= 1u << PANA_ETSI_CONNECTION_ID | 1u << PANA_ETSI_KMC_INDEX;
        p->kmc_index = ++r->granted;
        p->connection_id = 77;
    }
}

static void answer(void *arg, struct proto_env *env, const struct eap_query *query,
                   struct eap_answer *out)
{
    (void)arg, (void)env, (void)query, (void)out;
    ck_abort_msg("a pre-shared key needs no HSS");
}

static void ended(void *arg, const struct live_pana_end *end)
{
    struct rig *r = arg;
    size_t i = r->ends++;

    ck_assert_uint_lt(i, MOST);
    r->status[i] = end->mas.status;
    r->reason[i] = end->mas.reason;
    r->has_key[i] = end->key != NULL;
    r->index[i] = end->params->kmr_index + end->params->kmc_index;
    if (end->key)
        memcpy(r->key[i], end->key, M2M_KEY_LEN);
    if (end->mas.status == PROTO_DONE) {
        ck_assert_str_eq(end->mas.identity, "device");
        ck_assert_ptr_eq(end->mas.method, &eap_method_psk);
        ck_assert_uint_ge(end->mas.requests, 5);
        ck_assert_uint_gt(end->mas.octets_in, 200);
        ck_assert_uint_gt(end->mas.octets_out, 200);
    }
    if (r->ends == r->wanted)
        live_stop(r->live);
}

static void rig_open(struct rig *r, enum pana_usage usage, size_t wanted)
{
    const char *why = NULL;

    *r = (struct rig){.live = live_new(), .wanted = wanted};
    r->settings = (struct live_pana_settings){
        .params = {.has = 1u << PANA_ETSI_USAGE_TYPE | 1u << PANA_ETSI_SP_ID,
                   .usage = usage,
                   .sp_id = SP},
        .radius = {.secret = span_str("s3cret"), .eap = {.server_id = "mas", .mtu = EAP_MTU}},
        .nas_identifier = "paa",
        .patience = 30 * SIM_S,
        .conversations = 16,
        .quiet = SIM_NEVER,
        .seed = 5,
        .find = find,
        .answer = answer,
        .ended = ended,
        .arg = r};
    ck_assert_int_eq(live_pana_new(r->live, "127.0.0.1", &r->port, &r->settings, &r->pana, &why),
                     OK);
}

static void rig_close(struct rig *r)
{
    live_free(r->live);
    live_pana_free(r->pana);
}

/* ---- a device ---- */

struct device {
    struct rng stream;
    struct se se;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    struct pana_client *client;
};

static void on_step(void *user, struct proto *p, sim_ns now)
{
    (void)user, (void)p, (void)now;
}

static void device_open(struct device *d, struct rig *r, unsigned number, const char *identity,
                        const uint8_t key[M2M_KEY_LEN])
{
    static const struct eap_method *const methods[] = {&eap_method_psk};
    struct pana_client_settings settings = {
        .pac = {.eap = {.identity = identity,
                        .methods = methods,
                        .method_count = 1,
                        .credentials = {.has_psk = true, .psk_slot = SE_CREDENTIAL}},
                .params = {.has = 1u << PANA_ETSI_USAGE_TYPE, .usage = r->settings.params.usage}},
        .sp_id = SP};

    memset(d, 0, sizeof *d);
    d->stream = rng_stream(number, "device", "test");
    se_put(&d->se, SE_CREDENTIAL, key);
    d->env = (struct proto_env){.stream = &d->stream,
                                .se = &d->se,
                                .meter = &d->meter,
                                .trace = &d->trace,
                                .epoch_unix_ns = live_epoch_unix_ns(r->live)};
    pana_timers_default(&settings.pac.timers);
    d->client = pana_client_new(&d->env, &settings);
    ck_assert_int_eq(live_udp_connect(r->live, "127.0.0.1", r->port, pana_client_proto(d->client),
                                      on_step, d, NULL),
                     OK);
}

static void device_close(struct device *d)
{
    proto_free(pana_client_proto(d->client));
    se_release(&d->se);
}

/* ---- */

/* Several at a time, each with its index, and the same key here and there. */
static void check_fleet(enum pana_usage usage)
{
    enum se_slot slot = usage == PANA_USAGE_BOOTSTRAP ? SE_KMR : SE_KMC;
    struct device d[MOST];
    struct rig r;

    rig_open(&r, usage, MOST);
    for (unsigned i = 0; i < MOST; i++)
        device_open(&d[i], &r, i, "device", right);
    ck_assert(live_run(r.live, LIMIT_MS));
    ck_assert_uint_eq(r.ends, MOST);
    for (unsigned i = 0; i < MOST; i++) {
        const struct pana_params *p = pana_client_params(d[i].client);
        uint8_t key[M2M_KEY_LEN];
        unsigned found = 0;

        ck_assert_int_eq(pana_client_proto(d[i].client)->status, PROTO_DONE);
        ck_assert(se_backend_copy(&d[i].se, slot, key));
        for (unsigned k = 0; k < MOST; k++) {
            ck_assert_int_eq(r.status[k], PROTO_DONE);
            ck_assert(r.has_key[k]);
            if (r.index[k] == p->kmr_index + p->kmc_index) {
                ck_assert_mem_eq(r.key[k], key, M2M_KEY_LEN);
                found++;
            }
        }
        ck_assert_uint_eq(found, 1);
        ck_assert_uint_ge(pana_client_counts(d[i].client)->received, 5);
        ck_assert_uint_ge(pana_client_counts(d[i].client)->sent, 6);
        device_close(&d[i]);
    }
    rig_close(&r);
}

START_TEST(bootstrap)
{
    check_fleet(PANA_USAGE_BOOTSTRAP);
}
END_TEST

START_TEST(connection)
{
    check_fleet(PANA_USAGE_CONNECTION);
}
END_TEST

/* The MAS's reason is told, and no key. */
START_TEST(refusals)
{
    struct device d[2];
    struct rig r;

    rig_open(&r, PANA_USAGE_BOOTSTRAP, 1);
    device_open(&d[0], &r, 0, "device", wrong);
    ck_assert(live_run(r.live, LIMIT_MS));
    r.wanted = 2;
    device_open(&d[1], &r, 1, "stranger", right);
    ck_assert(live_run(r.live, LIMIT_MS));
    ck_assert_uint_eq(r.ends, 2);
    ck_assert_int_eq(r.reason[0], REASON_EAP_MAC);
    ck_assert_int_eq(r.reason[1], REASON_EAP_IDENTITY);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(r.status[i], PROTO_FAILED);
        ck_assert(!r.has_key[i]);
        ck_assert_int_eq(pana_client_proto(d[i].client)->status, PROTO_FAILED);
        ck_assert(!pana_client_is_open(d[i].client));
        device_close(&d[i]);
    }
    rig_close(&r);
}
END_TEST

/* ---- what is nobody's ---- */

/* Says one thing, and is done. */
struct teller {
    struct proto proto;
    struct rng stream;
    struct trace trace;
    struct proto_env env;
    struct span what;
    sim_ns stays; /* 0: for a moment */
    bool said;
    int answers;
};

static void teller_start(struct proto *p, sim_ns now)
{
    const struct teller *t = (struct teller *)p;

    p->expiry = now + (t->stays > 0 ? t->stays : 50 * SIM_MS);
}

static void teller_input(struct proto *p, sim_ns now, struct span in)
{
    (void)now, (void)in;
    ((struct teller *)p)->answers++;
}

static bool teller_output(struct proto *p, sim_ns now, struct buf *out)
{
    struct teller *t = (struct teller *)p;

    (void)now;
    if (!t->said)
        ck_assert(buf_put(out, t->what.p, t->what.n));
    t->said = true;
    return false;
}

static void teller_expire(struct proto *p, sim_ns now)
{
    (void)now;
    proto_done(p);
}

static const struct proto_ops teller_ops = {.name = "teller",
                                            .start = teller_start,
                                            .input = teller_input,
                                            .output = teller_output,
                                            .expire = teller_expire};

/* Too short for a header; no PCI and no session; a session that is not; then one who is let in. */
START_TEST(strangers)
{
    static const uint8_t brief[15] = {0}, odd[16] = {0, 0, 0, 16, 0, 0, 0, 2},
                         old[16] = {0, 0, 0, 16, 0x80, 0, 0, 2, 1, 2, 3, 4, 0, 0, 0, 9};
    const struct span said[] = {span_of(brief, 15), span_of(odd, 16), span_of(old, 16)};
    struct teller t[3];
    struct device d;
    struct rig r;

    rig_open(&r, PANA_USAGE_BOOTSTRAP, 1);
    for (int i = 0; i < 3; i++) {
        t[i] = (struct teller){.what = said[i]};
        t[i].stream = rng_stream(1, "teller", "test");
        t[i].env = (struct proto_env){.stream = &t[i].stream, .trace = &t[i].trace};
        proto_init(&t[i].proto, &teller_ops, &t[i].env);
        ck_assert_int_eq(
            live_udp_connect(r.live, "127.0.0.1", r.port, &t[i].proto, on_step, &t[i], NULL), OK);
    }
    device_open(&d, &r, 0, "device", right);
    ck_assert(live_run(r.live, LIMIT_MS));
    ck_assert_int_eq(r.status[0], PROTO_DONE);
    ck_assert_uint_eq(live_pana_counts(r.pana)->foreign, 2);
    ck_assert_uint_eq(live_pana_counts(r.pana)->conversations, 1);
    ck_assert_uint_ge(live_pana_counts(r.pana)->datagrams_in, 3 + 6);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(t[i].answers, 0);
    live_free(r.live);
    live_pana_free(r.pana);
    device_close(&d);
}
END_TEST

/* Sends a PCI, after which there are so many sessions; gives one that the agent speaks of. */
static uint32_t ask(struct rig *r, int fd, uint64_t sessions)
{
    static const uint8_t pci[16] = {0, 0, 0, 16, 0, 0, 0, 1};
    uint8_t par[1500] = {0};
    uint32_t session = 0;

    ck_assert_int_eq(send(fd, pci, sizeof pci, 0), sizeof pci);
    for (int i = 0; i < 400; i++) {
        live_run(r->live, 25);
        if (recv(fd, par, sizeof par, MSG_DONTWAIT) >= 16 &&
            live_pana_counts(r->pana)->conversations >= sessions)
            break;
    }
    ck_assert_int_eq(par[7], 2);
    memcpy(&session, par + 8, sizeof session);
    return session;
}

/* A PCI's repetition belongs to its session; but not the PCI of a device that had begun to use that
 * session, and begins anew from the same place. */
START_TEST(a_device_begins_anew)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uint8_t odd[16] = {0, 0, 0, 16, 0, 0, 0, 2};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    uint32_t first, second;
    struct rig r;

    rig_open(&r, PANA_USAGE_BOOTSTRAP, MOST);
    place.sin_port = htons((uint16_t)r.port);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&place, sizeof place), 0);
    first = ask(&r, fd, 1);
    ck_assert_uint_ne(first, 0);
    ck_assert_uint_eq(ask(&r, fd, 1), first);
    ck_assert_uint_eq(live_pana_counts(r.pana)->conversations, 1);
    memcpy(odd + 8, &first, sizeof first);
    ck_assert_int_eq(send(fd, odd, sizeof odd, 0), sizeof odd);
    second = ask(&r, fd, 2);
    ck_assert_uint_eq(live_pana_counts(r.pana)->conversations, 2);
    ck_assert_uint_ne(second, 0);
    close(fd);
    rig_close(&r);
    /* The one that was taken up is told, though it ran when the host ended. */
    ck_assert_uint_eq(r.ends, 1);
    ck_assert_int_eq(r.reason[0], REASON_RUN_END);
}
END_TEST

/* A PCI alone is no session: it may be a repetition that came late. */
START_TEST(a_pci_alone_is_told_to_nobody)
{
    static const uint8_t pci[16] = {0, 0, 0, 16, 0, 0, 0, 1};
    struct teller t = {.what = span_of(pci, 16), .stays = LIMIT_MS * SIM_MS};
    struct rig r;

    rig_open(&r, PANA_USAGE_BOOTSTRAP, MOST);
    t.stream = rng_stream(1, "teller", "test");
    t.env = (struct proto_env){.stream = &t.stream, .trace = &t.trace};
    proto_init(&t.proto, &teller_ops, &t.env);
    ck_assert_int_eq(live_udp_connect(r.live, "127.0.0.1", r.port, &t.proto, on_step, &t, NULL),
                     OK);
    while (t.answers == 0)
        live_run(r.live, 10);
    ck_assert_uint_eq(r.ends, 0);
    live_free(r.live);
    ck_assert_int_ge(t.answers, 1);
    ck_assert_uint_eq(r.ends, 0);
    live_pana_free(r.pana);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("live_pana");
    TCase *tc = tcase_create("live_pana");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, bootstrap);
    tcase_add_test(tc, connection);
    tcase_add_test(tc, refusals);
    tcase_add_test(tc, strangers);
    tcase_add_test(tc, a_device_begins_anew);
    tcase_add_test(tc, a_pci_alone_is_told_to_nobody);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
