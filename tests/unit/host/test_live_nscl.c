/* The NSCL's mId in real time over loopback, against our own client, with a parent that answers
 * everything with 403. By other people's clients: tests/e2e/live_nscl.sh. */
#include "models/host/live_nscl.h"

#include "crypto/entity.h"
#include "models/host/live_udp.h"
#include "models/proc/client.h"
#include "models/proto/m2mxml.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 8

static const uint8_t kmc[M2M_KEY_LEN] = "what both have, of 32 octets";

/* An NSCL and what it told; and its clients. */
static struct place {
    struct live *live;
    struct live_nscl *nscl;
    struct tls_context *server[2], *client[2]; /* by binding */
    int port[2];
    unsigned asked, delivered, count;
    struct live_nscl_end ends[MOST];
    char peers[MOST][64];
    bool told; /* of server_session_notify to who did not ask for it */
} p;

static struct client {
    struct mid_client *mid;
    struct se se;
    struct rng stream;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    unsigned wanted, got; /* requests */
    int status;
    bool stays; /* and says nothing more */
} clients[3];

static unsigned find_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason)
{
    (void)arg;
    *reason = REASON_PSK_UNKNOWN;
    if (identity.n != 3 || memcmp(identity.p, "7:1", 3) != 0)
        return 0;
    memcpy(psk, kmc, sizeof kmc);
    return M2M_KEY_LEN;
}

static bool on_request(void *arg, const struct live_nscl_call *call)
{
    struct server_answer a = {.status = STATUS_FORBIDDEN};

    (void)arg;
    if (call->door != LIVE_MIA) {
        ck_assert_str_eq(call->request->peer_name, "7:1");
        ck_assert_str_eq(call->request->requesting_entity, "scl-a");
    }
    p.asked++;
    server_session_answer(call->session, call->now, &a);
    p.told |= server_session_notify(call->session, call->now, 1, &a);
    return true;
}

static sim_ns on_deliver(void *arg)
{
    (void)arg;
    p.delivered++;
    return SIM_NEVER;
}

static void on_end(void *arg, const struct live_nscl_end *e)
{
    (void)arg;
    ck_assert_uint_lt(p.count, MOST);
    p.ends[p.count] = *e;
    snprintf(p.peers[p.count++], sizeof p.peers[0], "%s", e->peer);
}

static struct tls_context *context(bool server, enum tls_version version)
{
    static const enum tls_suite suites[] = {TLS_SUITE_PSK_AES_128_CCM};
    struct rng stream = rng_stream(1, "context", "test");
    struct tls_context *out;

    entity_enter_live(&stream);
    ck_assert_int_eq(tls_context_new(&(struct tls_settings){.server = server,
                                                            .version = version,
                                                            .suites = suites,
                                                            .suite_count = 1},
                                     &out),
                     OK);
    entity_leave();
    return out;
}

static void open_place(size_t connections, sim_ns idle)
{
    ck_assert_int_eq(crypto_init(), OK);
    m2mxml_init();
    memset(&p, 0, sizeof p);
    memset(clients, 0, sizeof clients);
    for (int i = 0; i < 2; i++) {
        p.server[i] = context(true, i == BINDING_COAP ? DTLS_1_2 : TLS_1_2);
        p.client[i] = context(false, i == BINDING_COAP ? DTLS_1_2 : TLS_1_2);
    }
    p.live = live_new();
    p.nscl = live_nscl_new(p.live, &(struct live_nscl_settings){.context = p.server[BINDING_HTTP],
                                                                .dtls = p.server[BINDING_COAP],
                                                                .idle = idle,
                                                                .quiet = 500 * SIM_MS,
                                                                .connections = connections,
                                                                .seed = 1,
                                                                .psk_find = find_psk,
                                                                .request = on_request,
                                                                .deliver = on_deliver,
                                                                .ended = on_end});
    ck_assert_int_eq(live_nscl_open(p.nscl, LIVE_HTTPS, "127.0.0.1", &p.port[BINDING_HTTP], NULL),
                     OK);
    ck_assert_int_eq(live_nscl_open(p.nscl, LIVE_COAPS, "127.0.0.1", &p.port[BINDING_COAP], NULL),
                     OK);
}

static void close_place(void)
{
    live_free(p.live);
    live_nscl_free(p.nscl);
    for (int i = 0; i < 3; i++)
        if (clients[i].mid)
            proto_free(mid_client_proto(clients[i].mid));
    for (int i = 0; i < 2; i++) {
        tls_context_free(p.server[i]);
        tls_context_free(p.client[i]);
    }
}

static void ask(struct client *c, sim_ns now)
{
    ck_assert(mid_client_request(c->mid, now, "GET", HTTP_GET, "/m2m", NULL));
}

static void on_step(void *arg, struct proto *proto, sim_ns now)
{
    struct client *c = arg;
    const struct mid_response *r = mid_client_response(c->mid);

    if (!r || proto->status != PROTO_RUNNING)
        return;
    c->status = r->status;
    mid_client_take(c->mid);
    if (++c->got < c->wanted)
        ask(c, now);
    else if (!c->stays)
        mid_client_close(c->mid, now);
}

static void join(struct client *c, enum binding binding, uint64_t connection_id, unsigned wanted)
{
    c->stream = rng_stream(1, "client", "test");
    c->env = (struct proto_env){.stream = &c->stream,
                                .se = &c->se,
                                .meter = &c->meter,
                                .trace = &c->trace,
                                .epoch_unix_ns = live_epoch_unix_ns(p.live)};
    se_put(&c->se, SE_KMC, kmc);
    c->wanted = wanted;
    c->mid = mid_client_new(&c->env, &(struct mid_settings){.binding = binding,
                                                            .context = p.client[binding],
                                                            .nscl = "nscl.example",
                                                            .connection_id = connection_id,
                                                            .kmc_index = 1,
                                                            .requesting_entity = "scl-a"});
    ck_assert_ptr_nonnull(c->mid);
    ask(c, live_now(p.live));
    ck_assert_int_eq(binding == BINDING_COAP
                         ? live_udp_connect(p.live, "127.0.0.1", p.port[binding],
                                            mid_client_proto(c->mid), on_step, c, NULL)
                         : live_connect(p.live, "127.0.0.1", p.port[binding],
                                        mid_client_proto(c->mid), on_step, c),
                     OK);
}

/* Several requests in one session; others are told after them, outside of any core. */
START_TEST(asks_and_leaves)
{
    open_place(10, 20 * SIM_S);
    join(&clients[0], (enum binding)_i, 7, 3);
    live_nscl_run(p.nscl);
    ck_assert_uint_eq(clients[0].got, 3);
    ck_assert_int_eq(clients[0].status, 403);
    ck_assert_uint_eq(p.asked, 3);
    ck_assert_uint_ge(p.delivered, 1);
    ck_assert(!p.told);
    ck_assert_uint_eq(p.count, 1);
    ck_assert_str_eq(p.peers[0], "7:1");
    ck_assert_int_eq(p.ends[0].reason, REASON_NONE);
    ck_assert_uint_eq(p.ends[0].requests, 3);
    ck_assert_uint_gt(p.ends[0].octets_in, 0);
    ck_assert_uint_gt(p.ends[0].octets_out, 0);
    ck_assert_int_eq(p.ends[0].door, _i == BINDING_COAP ? LIVE_COAPS : LIVE_HTTPS);
    ck_assert_uint_eq(live_nscl_counts(p.nscl)->connections, 1);
    ck_assert_uint_eq(live_nscl_counts(p.nscl)->open, 0);
    close_place();
}
END_TEST

/* Whose key nobody has is known by what it calls itself. */
/* ---- who asks ahead of his turn ---- */

#define AHEAD 60000
#define ONE   "GET /m2m HTTP/1.1\r\nHost: h\r\n\r\n"

static int connect_raw(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_ge(fd, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* Of all requests together from *at on, as many octets as the socket takes. */
static void say_more(int fd, size_t *at)
{
    static const char one[] = ONE;
    const size_t length = sizeof one - 1, all = AHEAD * length;
    static char many[256 * (sizeof one - 1)];
    ssize_t n = 1;

    for (size_t i = 0; i < sizeof many; i++)
        many[i] = one[i % length];
    while (*at < all && n > 0) {
        size_t from = *at % length, left = all - *at;

        n = send(fd, many + from, left < sizeof many - from ? left : sizeof many - from, 0);
        *at += n > 0 ? (size_t)n : 0;
    }
}

static unsigned hear(int fd)
{
    static char text[1 << 16];
    unsigned marks = 0; /* two in each answer: "<?xml ... ?>" */
    ssize_t n;

    while ((n = recv(fd, text, sizeof text, 0)) > 0)
        for (ssize_t i = 0; i < n; i++)
            marks += text[i] == '?';
    return marks;
}

/* Requests without end: while their answers are not taken they wait, in the socket and not in our
 * memory; then each has its answer. */
START_TEST(asks_ahead)
{
    unsigned answered = 0, before;
    size_t said = 0;
    int port = 0, fd;

    open_place(4, 60 * SIM_S);
    ck_assert_int_eq(live_nscl_open(p.nscl, LIVE_MIA, "127.0.0.1", &port, NULL), OK);
    fd = connect_raw(port);
    do {
        before = p.asked;
        say_more(fd, &said);
        live_run(p.live, 20);
    } while (p.asked > before || p.asked == 0);
    ck_assert_uint_lt(p.asked, AHEAD);
    while (answered < 2 * AHEAD && p.count == 0) {
        say_more(fd, &said);
        answered += hear(fd);
        live_run(p.live, 1);
    }
    ck_assert_uint_eq(p.count, 0);
    ck_assert_uint_eq(p.asked, AHEAD);
    ck_assert_uint_eq(answered, 2 * AHEAD);
    close(fd);
    close_place();
}
END_TEST

START_TEST(stranger)
{
    open_place(10, 20 * SIM_S);
    join(&clients[0], (enum binding)_i, 8, 1);
    live_nscl_run(p.nscl);
    ck_assert_uint_eq(p.asked, 0);
    ck_assert_uint_eq(p.count, 1);
    ck_assert_str_eq(p.peers[0], "8:1");
    ck_assert_int_eq(p.ends[0].reason, REASON_PSK_UNKNOWN);
    ck_assert_int_eq(mid_client_proto(clients[0].mid)->status, PROTO_FAILED);
    close_place();
}
END_TEST

/* Who says nothing for the idle time is told good-bye; meanwhile he takes the place of another. */
START_TEST(idle_and_limit)
{
    open_place(1, SIM_S);
    clients[0].stays = true;
    join(&clients[0], (enum binding)_i, 7, 1);
    while (clients[0].got == 0)
        live_wait(p.live, 10);
    join(&clients[1], BINDING_HTTP, 7, 1);
    live_nscl_run(p.nscl);
    ck_assert_uint_eq(clients[1].got, 0);
    ck_assert_int_eq(mid_client_proto(clients[0].mid)->status, PROTO_DONE);
    ck_assert_uint_eq(p.count, 1);
    ck_assert_int_eq(p.ends[0].reason, REASON_NONE);
    ck_assert(p.ends[0].ended - p.ends[0].began >= SIM_S);
    ck_assert_uint_eq(live_nscl_counts(p.nscl)->refused, 1);
    ck_assert_uint_eq(live_nscl_counts(p.nscl)->most, 1);
    close_place();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("live_nscl");
    TCase *tc = tcase_create("live_nscl");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, asks_and_leaves, 0, 2);
    tcase_add_test(tc, asks_ahead);
    tcase_add_loop_test(tc, stranger, 0, 2);
    tcase_add_loop_test(tc, idle_and_limit, 0, 2);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
