/* The live host over loopback: echo cores, then whole TLS sessions. */
#include "models/host/live.h"

#include "crypto/entity.h"
#include "models/proto/tls.h"
#include "sim/base/xalloc.h"

#include <check.h>
#include <stdlib.h>

#define LIMIT_MS 60000

/* A core that sends what it is told and counts what comes; ends after `wanted` octets. */
struct talker {
    struct proto proto;
    struct rng stream;
    struct trace trace;
    struct proto_env env;
    size_t to_send, wanted, got;
    bool echo;
    sim_ns wait; /* > 0: instead of octets, expects its expiry */
    int expired;
};

static void start(struct proto *p, sim_ns now)
{
    struct talker *t = (struct talker *)p;

    if (t->wait > 0)
        p->expiry = now + t->wait;
}

static void input(struct proto *p, sim_ns now, struct span in)
{
    struct talker *t = (struct talker *)p;

    (void)now;
    if (in.n == 0) {
        if (p->status == PROTO_RUNNING)
            proto_fail(p, REASON_CLOSED_EARLY);
        return;
    }
    t->got += in.n;
    if (t->echo)
        t->to_send += in.n;
    if (t->wanted && t->got >= t->wanted && !t->echo)
        proto_done(p);
}

static bool output(struct proto *p, sim_ns now, struct buf *out)
{
    struct talker *t = (struct talker *)p;
    uint8_t zeros[4096] = {0};
    size_t n = t->to_send < sizeof(zeros) ? t->to_send : sizeof(zeros);

    (void)now;
    if (n == 0)
        return false;
    ck_assert(buf_put(out, zeros, n));
    t->to_send -= n;
    if (t->echo && t->to_send == 0 && t->wanted && t->got >= t->wanted)
        proto_done(p);
    return true;
}

static void expire(struct proto *p, sim_ns now)
{
    struct talker *t = (struct talker *)p;

    (void)now;
    t->expired++;
    proto_done(p);
}

static void release(struct proto *p)
{
    free(p);
}

static const struct proto_ops ops = {.name = "talker",
                                     .start = start,
                                     .input = input,
                                     .output = output,
                                     .expire = expire,
                                     .free = release};

static struct talker *talker_new(const char *name)
{
    struct talker *t = xcalloc(1, sizeof(*t));

    t->stream = rng_stream(1, name, "live");
    t->env = (struct proto_env){.stream = &t->stream, .trace = &t->trace};
    proto_init(&t->proto, &ops, &t->env);
    return t;
}

struct server {
    struct live *live;
    size_t wanted;
    int left, gone;
    bool refuse;
};

static struct proto *make_echo(void *arg)
{
    struct server *s = arg;
    struct talker *t;

    if (s->refuse)
        return NULL;
    t = talker_new("server");
    t->echo = true;
    t->wanted = s->wanted;
    return &t->proto;
}

static void on_gone(void *arg, struct proto *p)
{
    struct server *s = arg;

    ck_assert_int_eq(p->status, PROTO_DONE);
    s->gone++;
    if (--s->left == 0)
        live_stop(s->live);
}

START_TEST(echo_of_a_megabyte)
{
    struct server s = {.live = live_new(), .wanted = 512 * 1024, .left = 3};
    struct talker *clients[3];
    int port = 0;

    ck_assert_int_eq(live_listen(s.live, "127.0.0.1", &port, make_echo, NULL, on_gone, &s, NULL),
                     OK);
    ck_assert_int_gt(port, 0);
    for (int i = 0; i < 3; i++) {
        clients[i] = talker_new("client");
        clients[i]->to_send = clients[i]->wanted = s.wanted;
        ck_assert_int_eq(live_connect(s.live, "127.0.0.1", port, &clients[i]->proto, NULL, NULL),
                         OK);
    }
    ck_assert(live_run(s.live, LIMIT_MS));
    ck_assert_int_eq(s.gone, 3);
    live_free(s.live);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(clients[i]->proto.status, PROTO_DONE);
        ck_assert_uint_eq(clients[i]->got, s.wanted);
        proto_free(&clients[i]->proto);
    }
}
END_TEST

START_TEST(refused_and_reset)
{
    struct server s = {.live = live_new(), .refuse = true};
    struct talker *a = talker_new("a"), *b = talker_new("b");
    int port = 0;

    ck_assert_int_eq(live_listen(s.live, "127.0.0.1", &port, make_echo, NULL, on_gone, &s, NULL),
                     OK);
    ck_assert_int_eq(live_connect(s.live, "127.0.0.1", port, &a->proto, NULL, NULL), OK);
    while (a->proto.status == PROTO_RUNNING)
        ck_assert(!live_run(s.live, 10)); /* the listener keeps it running */
    ck_assert_int_eq(a->proto.status, PROTO_FAILED);
    live_free(s.live);
    /* nobody listens there any more */
    s.live = live_new();
    ck_assert_int_eq(live_connect(s.live, "127.0.0.1", port, &b->proto, NULL, NULL), OK);
    ck_assert(live_run(s.live, LIMIT_MS));
    ck_assert_int_eq(b->proto.reason, REASON_CONNECTION_REFUSED);
    live_free(s.live);
    proto_free(&a->proto);
    proto_free(&b->proto);
}
END_TEST

START_TEST(expiries_come)
{
    struct server s = {.live = live_new()};
    struct talker *t = talker_new("t");
    int port = 0;

    t->wait = 30 * SIM_MS;
    ck_assert_int_eq(live_listen(s.live, "127.0.0.1", &port, make_echo, NULL, NULL, &s, NULL), OK);
    ck_assert_int_eq(live_connect(s.live, "127.0.0.1", port, &t->proto, NULL, NULL), OK);
    while (t->proto.status == PROTO_RUNNING)
        live_run(s.live, 10);
    ck_assert_int_eq(t->expired, 1);
    ck_assert_int_eq(t->proto.status, PROTO_DONE);
    live_free(s.live);
    proto_free(&t->proto);
}
END_TEST

/* ---- TLS ---- */

struct end {
    struct live *live;
    struct tls_context *context;
    struct rng stream;
    struct se se;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    struct tls *tls;
    bool written;
    uint8_t key[32];
    bool exported;
    char got[64];
};

static unsigned find_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason)
{
    (void)arg, (void)reason;
    memset(psk, 7, 32);
    return identity.n == 2 && memcmp(identity.p, "id", 2) == 0 ? 32 : 0;
}

static void end_init(struct end *e, struct live *l, bool server)
{
    enum tls_suite suite = TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA256;
    struct tls_settings settings = {
        .server = server, .version = TLS_1_2, .suites = &suite, .suite_count = 1};
    uint8_t key[32];

    memset(e, 0, sizeof(*e));
    memset(key, 7, sizeof(key));
    e->live = l;
    e->stream = rng_stream(9, server ? "server" : "client", "live");
    e->env = (struct proto_env){.stream = &e->stream,
                                .se = &e->se,
                                .meter = &e->meter,
                                .trace = &e->trace,
                                .epoch_unix_ns = live_epoch_unix_ns(l)};
    se_put(&e->se, SE_KMR, key);
    ck_assert_int_eq(tls_context_new(&settings, &e->context), OK);
}

static struct proto *make_tls(void *arg)
{
    struct end *e = arg;
    struct tls_peer_settings settings = {.psk_find = find_psk, .psk_identity = "id"};

    e->tls = tls_new(e->context, &e->env, &settings);
    return tls_proto(e->tls);
}

static void tls_step(void *arg, struct proto *p, sim_ns now)
{
    struct end *e = arg;
    struct span s = tls_received(e->tls);
    bool client = e->written;

    (void)p;
    if (tls_is_open(e->tls) && !e->exported)
        e->exported = tls_export(e->tls, "EXPORTER-test", e->key, 32);
    if (s.n == 5) {
        memcpy(e->got, s.p, s.n);
        tls_consume(e->tls, s.n);
        if (client)
            tls_close(e->tls, now);
        else
            ck_assert(tls_write(e->tls, now, span_str("there")));
    }
}

static void client_step(void *arg, struct proto *p, sim_ns now)
{
    struct end *e = arg;

    if (tls_is_open(e->tls) && !e->written)
        e->written = tls_write(e->tls, now, span_str("hello"));
    tls_step(arg, p, now);
}

static void tls_gone(void *arg, struct proto *p)
{
    ck_assert_int_eq(p->status, PROTO_DONE);
    live_stop(((struct end *)arg)->live);
}

START_TEST(a_tls_session)
{
    struct live *l = live_new();
    static struct end server, client;
    struct proto *p;
    int port = 0;

    end_init(&server, l, true);
    end_init(&client, l, false);
    ck_assert_int_eq(
        live_listen(l, "127.0.0.1", &port, make_tls, tls_step, tls_gone, &server, NULL), OK);
    p = make_tls(&client);
    ck_assert_int_eq(live_connect(l, "127.0.0.1", port, p, client_step, &client), OK);
    ck_assert(live_run(l, LIMIT_MS));
    ck_assert_int_eq(p->status, PROTO_DONE);
    ck_assert_str_eq(client.got, "there");
    ck_assert_str_eq(server.got, "hello");
    ck_assert(client.exported && server.exported);
    ck_assert_mem_eq(client.key, server.key, 32);
    live_free(l);
    proto_free(p);
    tls_context_free(server.context);
    tls_context_free(client.context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("live");
    TCase *tc = tcase_create("live");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, echo_of_a_megabyte);
    tcase_add_test(tc, refused_and_reset);
    tcase_add_test(tc, expiries_come);
    tcase_add_test(tc, a_tls_session);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
