/* Who gets at the servers: the keys of sessions, who a request may speak for, subscriptions, and
 * what a server has room for. */
#include "tests/unit/node/rogue.h"

static struct town town;

#define X509 "populations.meters.bootstrap.method=tls-x509"

static void open_town(const char *const *sets)
{
    town_open(&town, 3 * 60 * SIM_S, sets);
    ck_assert(town_is_registered(&town, town.dev));
}

/* Sessions that failed are forgotten. */
static void close_town(void)
{
    town_run(&town, 60 * SIM_S);
    ck_assert_uint_eq(town.msbf->sessions, 0);
    ck_assert_uint_eq(town.mas->sessions, 0);
    ck_assert_uint_eq(town.nscl->sessions, 0);
    town_close(&town);
}

/* The handshake as set up comes to nothing, and no key is to blame but this one. */
static void check_no_handshake(struct rogue *r, struct server *to, enum reason reason)
{
    rogue_connect(r, to);
    town_run(&town, 10 * SIM_S);
    ck_assert(!r->open);
    ck_assert(r->ended);
    ck_assert_msg(r->reason == reason, "%s instead of %s", reason_text(r->reason),
                  reason_text(reason));
    rogue_close(r);
}

static void wrong_key(struct rogue *r)
{
    uint8_t key[M2M_KEY_LEN];

    ck_assert(se_backend_copy(&r->se, r->slot, key));
    key[31] ^= 1;
    se_put(&r->se, r->slot, key);
}

START_TEST(handshakes_with_a_kmc)
{
    static const char *const nobodys[] = {"", "1", "1:", ":1", "x:y", "18446744073709551616:1"};
    const struct device *dev;
    struct rogue r;

    open_town(SETS(NULL));
    dev = town.dev;
    for (size_t i = 1; i < sizeof nobodys / sizeof *nobodys; i++) {
        rogue_init(&r, &town, town.nscl);
        snprintf(r.identity, sizeof r.identity, "%s", nobodys[i]);
        check_no_handshake(&r, town.nscl, REASON_PSK_UNKNOWN);
    }
    rogue_init(&r, &town, town.nscl);
    key_kmc_identity(dev->connection_id + 1, dev->kmc_index, r.identity);
    check_no_handshake(&r, town.nscl, REASON_PSK_UNKNOWN);
    rogue_init(&r, &town, town.nscl);
    key_kmc_identity(dev->connection_id, dev->kmc_index + 1, r.identity);
    check_no_handshake(&r, town.nscl, REASON_PSK_UNKNOWN);
    /* Kmr is no Kmc, and its identity nobody at the NSCL. */
    rogue_init(&r, &town, town.nscl);
    key_kmr_identity(dev->node_id, dev->kmr_index, r.identity);
    check_no_handshake(&r, town.nscl, REASON_PSK_UNKNOWN);
    rogue_init(&r, &town, town.nscl);
    r.slot = SE_KMR;
    check_no_handshake(&r, town.nscl, REASON_PSK_WRONG);
    rogue_init(&r, &town, town.nscl);
    wrong_key(&r);
    check_no_handshake(&r, town.nscl, REASON_PSK_WRONG);
    /* Another's connection with one's own key. */
    rogue_init(&r, &town, town.nscl);
    key_kmc_identity(town.other->connection_id, town.other->kmc_index, r.identity);
    check_no_handshake(&r, town.nscl, REASON_PSK_WRONG);
    rogue_init(&r, &town, town.nscl);
    rogue_connect(&r, town.nscl);
    rogue_ask(&r, HTTP_GET, scl_path(&town, dev, ""), "");
    ck_answer(&r, STATUS_OK);
    rogue_close(&r);
    close_town();
}
END_TEST

START_TEST(a_session_ends_with_its_kmc)
{
    struct rogue r, late;

    open_town(SETS("populations.meters.keys.kmc=1 h"));
    town_run(&town, town.dev->kmc_expires - 60 * SIM_S - town_now(&town));
    rogue_init(&r, &town, town.nscl);
    rogue_connect(&r, town.nscl);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_OK);
    town_run(&town, town.dev->kmc_expires - town_now(&town));
    /* The registration lives on, but nobody may speak for it (GAP C5). */
    ck_assert(town_is_registered(&town, town.dev));
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_PERMISSION_DENIED);
    ck_assert_str_eq(rogue_why(&r), "key-expired");
    town_run(&town, 2 * SIM_S);
    ck_assert(r.ended);
    rogue_close(&r);
    rogue_init(&late, &town, town.nscl);
    check_no_handshake(&late, town.nscl, REASON_PSK_UNKNOWN);
    close_town();
}
END_TEST

static int ask_connection(struct rogue *r, const uint8_t node_id[M2M_NODE_ID_LEN])
{
    struct m2m_doc doc = {.kind = DOC_CONNECTION_REQUEST};

    memcpy(doc.u.connection_request.node_id, node_id, M2M_NODE_ID_LEN);
    node_scl_id(node_id, doc.u.connection_request.scl_id);
    doc.u.connection_request.ival_capable = true;
    return rogue_ask(r, HTTP_POST, "/m2m/connection", doc_write(&doc));
}

START_TEST(handshakes_with_a_kmr)
{
    static const char *const nobodys[] = {"x", "00112233445566778899aabbccddeeff:1",
                                          "00112233445566778899aabbccddeeff"};
    struct rogue r;

    open_town(SETS(NULL));
    for (size_t i = 0; i < sizeof nobodys / sizeof *nobodys; i++) {
        rogue_init(&r, &town, town.mas);
        snprintf(r.identity, sizeof r.identity, "%s", nobodys[i]);
        check_no_handshake(&r, town.mas, REASON_PSK_UNKNOWN);
    }
    rogue_init(&r, &town, town.mas);
    key_kmr_identity(town.dev->node_id, town.dev->kmr_index + 1, r.identity);
    check_no_handshake(&r, town.mas, REASON_PSK_UNKNOWN);
    rogue_init(&r, &town, town.mas);
    wrong_key(&r);
    check_no_handshake(&r, town.mas, REASON_PSK_WRONG);
    rogue_init(&r, &town, town.mas);
    key_kmr_identity(town.other->node_id, town.other->kmr_index, r.identity);
    check_no_handshake(&r, town.mas, REASON_PSK_WRONG);
    close_town();
}
END_TEST

START_TEST(a_kmr_expires)
{
    struct rogue r, late;

    open_town(SETS("populations.meters.keys.kmr=1 h", "populations.meters.keys.kmc=1 h"));
    town_run(&town, 3600 * SIM_S - 10 * SIM_S - town_now(&town));
    rogue_init(&r, &town, town.mas);
    rogue_connect(&r, town.mas);
    town_run(&town, 5 * SIM_S);
    ck_assert(r.open);
    town_run(&town, 5 * SIM_S);
    ask_connection(&r, town.dev->node_id);
    ck_answer(&r, STATUS_FORBIDDEN);
    ck_assert_str_eq(rogue_why(&r), "key-expired");
    town_run(&town, 2 * SIM_S);
    ck_assert(r.ended);
    rogue_close(&r);
    rogue_init(&late, &town, town.mas);
    check_no_handshake(&late, town.mas, REASON_PSK_UNKNOWN);
    close_town();
}
END_TEST

START_TEST(a_connection_is_for_its_own_node)
{
    struct scl_record before;
    struct rogue r, old;

    open_town(SETS(NULL));
    rogue_init(&old, &town, town.nscl);
    rogue_connect(&old, town.nscl);
    rogue_ask(&old, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&old, STATUS_OK);
    before = *town_scl(&town, town.other);
    rogue_init(&r, &town, town.mas);
    rogue_connect(&r, town.mas);
    ask_connection(&r, town.other->node_id);
    ck_answer(&r, STATUS_FORBIDDEN);
    ck_assert_uint_eq(town_scl(&town, town.other)->connection_id, before.connection_id);
    ck_assert_mem_eq(town_scl(&town, town.other)->kmc, before.kmc, M2M_KEY_LEN);
    rogue_ask(&r, HTTP_POST, "/m2m/connection", "");
    ck_answer(&r, STATUS_BAD_REQUEST);
    rogue_ask(&r, HTTP_GET, "/m2m/connection", "");
    ck_answer(&r, STATUS_METHOD_NOT_ALLOWED);
    rogue_ask(&r, HTTP_POST, "/m2m/bootstrap", "");
    ck_answer(&r, STATUS_NOT_FOUND);
    /* Its own is given; the old connection is no more. */
    ask_connection(&r, town.dev->node_id);
    ck_answer(&r, STATUS_OK);
    ck_assert_int_eq(r.doc.kind, DOC_CONNECTION_PARAM_SET);
    ck_assert_uint_ne(r.doc.u.connection.connection_id, town.dev->connection_id);
    ck_assert_uint_eq(r.doc.u.connection.connection_id, town_scl(&town, town.dev)->connection_id);
    rogue_close(&r);
    rogue_ask(&old, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&old, STATUS_PERMISSION_DENIED);
    town_run(&town, 2 * SIM_S);
    ck_assert(old.ended);
    rogue_close(&old);
    rogue_init(&old, &town, town.nscl);
    check_no_handshake(&old, town.nscl, REASON_PSK_UNKNOWN);
    close_town();
}
END_TEST

static int ask_bootstrap(struct rogue *r, const char *device_id)
{
    struct m2m_doc doc = {.kind = DOC_BOOTSTRAP_REQUEST};

    snprintf(doc.u.bootstrap_request.device_id, sizeof doc.u.bootstrap_request.device_id, "%s",
             device_id);
    doc.u.bootstrap_request.ival_capable = true;
    return rogue_ask(r, HTTP_POST, "/m2m/bootstrap", doc_write(&doc));
}

START_TEST(a_bootstrap_is_for_its_own_name)
{
    /* Names that a careless look-up would take for a device's. */
    static const char *const strangers[] = {
        "stranger-0", "meters",  "meters-2", "meters-00", "meters-+1",
        "meters-1x",  "meters-", "msbf",     "meters--1", "meters-4294967296"};
    uint32_t index;
    struct rogue r;

    open_town(SETS(X509));
    index = town.dev->kmr_index;
    rogue_init(&r, &town, town.msbf);
    rogue_certify(&r, "meters-1");
    rogue_connect(&r, town.msbf);
    ask_bootstrap(&r, "meters-0");
    ck_answer(&r, STATUS_FORBIDDEN);
    rogue_close(&r);
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        rogue_init(&r, &town, town.msbf);
        rogue_certify(&r, strangers[i]);
        rogue_connect(&r, town.msbf);
        ask_bootstrap(&r, strangers[i]);
        ck_answer(&r, STATUS_FORBIDDEN);
        ck_assert_str_eq(rogue_why(&r), "no subscription for this device");
        rogue_close(&r);
    }
    /* No new Kmr came of all that. */
    rogue_init(&r, &town, town.mas);
    rogue_connect(&r, town.mas);
    ask_connection(&r, town.dev->node_id);
    ck_answer(&r, STATUS_OK);
    ck_assert_uint_eq(town.dev->kmr_index, index);
    rogue_close(&r);
    close_town();
}
END_TEST

START_TEST(certificates)
{
    struct rogue r;

    open_town(SETS(X509));
    rogue_init(&r, &town, town.msbf); /* none */
    r.slot = SE_KMR;
    rogue_connect(&r, town.msbf);
    town_run(&town, 10 * SIM_S);
    ck_assert(r.ended);
    ck_assert_int_ne(r.reason, REASON_NONE);
    rogue_close(&r);
    close_town();
}
END_TEST

START_TEST(a_new_kmr_takes_the_place_of_the_old)
{
    struct rogue r, old;
    uint32_t index;

    open_town(SETS(X509));
    rogue_init(&old, &town, town.mas);
    rogue_connect(&old, town.mas);
    town_run(&town, 2 * SIM_S);
    ck_assert(old.open);
    rogue_init(&r, &town, town.msbf);
    rogue_certify(&r, "meters-0");
    rogue_connect(&r, town.msbf);
    ask_bootstrap(&r, "meters-0");
    ck_answer(&r, STATUS_OK);
    ck_assert_int_eq(r.doc.kind, DOC_BOOTSTRAP_PARAM_SET);
    ck_assert_mem_eq(r.doc.u.bootstrap.node_id, town.dev->node_id, M2M_NODE_ID_LEN);
    index = r.doc.u.bootstrap.kmr_index;
    ck_assert_uint_eq(index, town.dev->kmr_index + 1);
    rogue_close(&r);
    /* A session of the old key that was open already asks too late. */
    ask_connection(&old, town.dev->node_id);
    ck_answer(&old, STATUS_FORBIDDEN);
    rogue_close(&old);
    rogue_init(&r, &town, town.mas);
    check_no_handshake(&r, town.mas, REASON_PSK_UNKNOWN);
    /* The new index with the old key. */
    rogue_init(&r, &town, town.mas);
    key_kmr_identity(town.dev->node_id, index, r.identity);
    check_no_handshake(&r, town.mas, REASON_PSK_WRONG);
    close_town();
}
END_TEST

START_TEST(no_more_sessions_than_may_be)
{
    struct rogue r[3];

    open_town(SETS("populations.nscl.max_sessions=2"));
    for (int i = 0; i < 3; i++) {
        rogue_init(&r[i], &town, town.nscl);
        rogue_connect(&r[i], town.nscl);
        town_run(&town, 2 * SIM_S);
        ck_assert(r[i].open == (i < 2));
    }
    ck_assert_uint_eq(town.nscl->sessions, 2);
    ck_assert_int_eq(r[2].reason, REASON_CONNECTION_REFUSED);
    rogue_close(&r[2]);
    rogue_close(&r[0]);
    rogue_init(&r[2], &town, town.nscl);
    rogue_connect(&r[2], town.nscl);
    rogue_ask(&r[2], HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r[2], STATUS_OK);
    rogue_close(&r[1]);
    rogue_close(&r[2]);
    close_town();
}
END_TEST

/* Work that has nothing to do with anybody: the server is busy. */
struct load {
    struct cpu_job job;
    struct cpu *cpu;
};

static void load_done(struct sim *sim, struct sim_event *ev)
{
    struct load *l = (struct load *)((char *)ev - offsetof(struct load, job.done_event));

    cpu_finish(l->cpu, sim, &l->job);
}

static void load_put(struct load *l, struct server *s, int n, sim_ns each)
{
    static const struct sim_event_ops ops = {"load", NULL, load_done};

    memset(l, 0, (size_t)n * sizeof *l);
    for (int i = 0; i < n; i++) {
        l[i].cpu = &s->cpu;
        sim_event_init(&l[i].job.done_event, &ops, NULL);
        ck_assert(cpu_submit(&s->cpu, town.d->sim, &l[i].job, each));
    }
}

START_TEST(a_busy_server_says_when_to_come_again)
{
    struct load load[4];
    struct rogue r, late;

    open_town(SETS("populations.nscl.workers=1", "populations.nscl.backlog_busy=2",
                   "populations.nscl.queue=3", "populations.nscl.retry_after=45 s"));
    rogue_init(&r, &town, town.nscl);
    rogue_connect(&r, town.nscl);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_OK);
    ck_assert_uint_eq(r.retry_after_s, 0);
    load_put(load, town.nscl, 2, 5 * SIM_S); /* one runs, one waits */
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_OK);
    load_put(load, town.nscl, 3, 5 * SIM_S);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_SERVICE_UNAVAILABLE);
    ck_assert_uint_eq(r.retry_after_s, 45);
    ck_assert_str_eq(rogue_why(&r), "server-busy");
    town_run(&town, 20 * SIM_S);
    rogue_ask(&r, HTTP_GET, scl_path(&town, town.dev, ""), "");
    ck_answer(&r, STATUS_OK);
    /* With a full queue nobody is let in at all. */
    load_put(load, town.nscl, 4, 5 * SIM_S);
    rogue_init(&late, &town, town.nscl);
    rogue_connect(&late, town.nscl);
    town_run(&town, 2 * SIM_S);
    ck_assert_int_eq(late.reason, REASON_CONNECTION_REFUSED);
    rogue_close(&late);
    rogue_close(&r);
    close_town();
}
END_TEST

/* The server behind is off: the asking one gives up (GAP C14), and the next time it is well. */
START_TEST(the_server_behind_does_not_answer)
{
    struct rogue r;
    sim_ns asked;

    open_town(SETS(NULL));
    rogue_init(&r, &town, town.mas);
    rogue_connect(&r, town.mas);
    town_run(&town, 2 * SIM_S);
    server_set_off(town.nscl, true);
    asked = town_now(&town);
    ask_connection(&r, town.dev->node_id);
    ck_answer(&r, STATUS_GATEWAY_TIMEOUT);
    ck_assert_str_eq(rogue_why(&r), "backend-timeout");
    ck_assert_int_ge(town_now(&town) - asked, 5 * SIM_S);
    server_set_off(town.nscl, false);
    ask_connection(&r, town.dev->node_id);
    ck_answer(&r, STATUS_OK);
    rogue_close(&r);
    /* A client that goes away while the servers talk. */
    rogue_init(&r, &town, town.mas);
    rogue_connect(&r, town.mas);
    town_run(&town, 2 * SIM_S);
    server_set_off(town.nscl, true);
    rogue_ask(&r, HTTP_GET, "/m2m/connection", "");
    ck_answer(&r, STATUS_METHOD_NOT_ALLOWED);
    {
        struct m2m_doc doc = {.kind = DOC_CONNECTION_REQUEST};
        char text[1024];
        const char *body;
        int n;

        memcpy(doc.u.connection_request.node_id, town.dev->node_id, M2M_NODE_ID_LEN);
        node_scl_id(town.dev->node_id, doc.u.connection_request.scl_id);
        body = doc_write(&doc);
        n = snprintf(text, sizeof text,
                     "POST /m2m/connection HTTP/1.1\r\nHost: m\r\nContent-Length: %zu\r\n\r\n%s",
                     strlen(body), body);
        ck_assert(buf_put(&r.say, text, (size_t)n));
    }
    session_poke(r.end.session, town_now(&town));
    town_run(&town, SIM_S);
    ck_assert_ptr_nonnull(town.d->calls);
    rogue_close(&r);
    town_run(&town, 10 * SIM_S);
    ck_assert_ptr_null(town.d->calls);
    server_set_off(town.nscl, false);
    close_town();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("access");
    TCase *t = tcase_create("servers");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, handshakes_with_a_kmc);
    tcase_add_test(t, a_session_ends_with_its_kmc);
    tcase_add_test(t, handshakes_with_a_kmr);
    tcase_add_test(t, a_kmr_expires);
    tcase_add_test(t, a_connection_is_for_its_own_node);
    tcase_add_test(t, a_bootstrap_is_for_its_own_name);
    tcase_add_test(t, certificates);
    tcase_add_test(t, a_new_kmr_takes_the_place_of_the_old);
    tcase_add_test(t, no_more_sessions_than_may_be);
    tcase_add_test(t, a_busy_server_says_when_to_come_again);
    tcase_add_test(t, the_server_behind_does_not_answer);
    suite_add_tcase(s, t);
    return rogue_main(s);
}
