/* The live host over UDP: a server that spreads datagrams over cores, clients, and their ends. */
#include "models/host/live_udp.h"

#include "crypto/entity.h"
#include "models/host/live_inbox.h"
#include "sim/base/xalloc.h"

#include <arpa/inet.h>
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_MS 60000
#define MOST     8

/* A datagram of the little protocol here: what is asked, the session (0: none yet), a number.
 *   'a' add the number to the session's sum; answered 's', the session, the sum
 *   'x' ignored in silence
 *   'e' as 'a', and the session ends
 *   'f' of no conversation */
struct packet {
    char what;
    uint8_t session;
    uint16_t number;
};

struct core {
    struct proto proto;
    struct rng stream;
    struct proto_env env;
    bool server;
    uint8_t session;
    uint16_t sum;
    /* client: what it says one after the other, each again after 50 ms of silence */
    struct packet say[MOST];
    size_t say_count, said, answers;
    uint16_t heard_sum;
    struct packet out;
    bool has_out;
    int inputs, expiries;
};

static void put_out(struct core *c, char what, uint16_t number)
{
    c->out = (struct packet){what, c->session, number};
    c->has_out = true;
}

static void say_next(struct core *c, sim_ns now)
{
    if (c->said == c->say_count) {
        proto_done(&c->proto);
        return;
    }
    c->out = c->say[c->said];
    if (c->out.session == 0)
        c->out.session = c->session;
    c->has_out = true;
    c->proto.expiry = now + 50 * SIM_MS;
}

static void start(struct proto *p, sim_ns now)
{
    struct core *c = (struct core *)p;

    if (!c->server)
        say_next(c, now);
}

static void input(struct proto *p, sim_ns now, struct span in)
{
    struct core *c = (struct core *)p;
    struct packet k;

    c->inputs++;
    if (in.n < sizeof(k))
        return;
    memcpy(&k, in.p, sizeof(k));
    if (!c->server) {
        c->session = k.session;
        c->heard_sum = k.number;
        c->answers++;
        c->said++;
        say_next(c, now);
        return;
    }
    if (k.what == 'x')
        return;
    if (p->status == PROTO_RUNNING)
        c->sum = (uint16_t)(c->sum + k.number);
    put_out(c, 's', c->sum);
    if (k.what == 'e')
        proto_done(p);
}

static bool output(struct proto *p, sim_ns now, struct buf *out)
{
    struct core *c = (struct core *)p;

    (void)now;
    if (!c->has_out)
        return false;
    c->has_out = false;
    ck_assert(buf_put(out, &c->out, sizeof(c->out)));
    return true;
}

static void expire(struct proto *p, sim_ns now)
{
    struct core *c = (struct core *)p;

    c->expiries++;
    if (!c->server)
        say_next(c, now);
}

static void release(struct proto *p)
{
    free(p);
}

static const struct proto_ops core_ops = {.name = "core",
                                          .start = start,
                                          .input = input,
                                          .output = output,
                                          .expire = expire,
                                          .free = release};

static struct core *core_new(bool server)
{
    struct core *c = xcalloc(1, sizeof(*c));

    c->server = server;
    c->stream = rng_stream(1, server ? "server" : "client", "live-udp");
    c->env = (struct proto_env){.stream = &c->stream};
    proto_init(&c->proto, &core_ops, &c->env);
    return c;
}

static struct core *client_new(const char *what, const uint16_t *numbers)
{
    struct core *c = core_new(false);

    for (; *what; what++)
        c->say[c->say_count++] = (struct packet){*what, 0, *numbers++};
    return c;
}

/* ---- the server ---- */

struct server {
    struct live *live;
    struct live_udp *udp;
    struct live_udp_limits limits;
    int port;
    uint8_t sessions;
    uint16_t sums[MOST];
    enum reason reasons[MOST];
    size_t gone, stop_after;
    int crowd; /* a socket: while a core is called, CROWD_STEP more datagrams come from it... */
    unsigned to_come;
    bool refuse, terminate;
};

#define CROWD_STEP 20
#define CROWD_ALL  2000

static void let_come(struct server *s)
{
    struct packet k = {'a', 0, 1};

    for (int i = 0; i < CROWD_STEP && s->to_come > 0; i++, s->to_come--)
        ck_assert_int_eq(send(s->crowd, &k, sizeof k, 0), sizeof k);
}

/* The session, or before there is one, the place it came from. */
static bool key_of(void *arg, struct span from, struct span in, struct live_udp_key *key)
{
    struct packet k;

    (void)arg;
    if (in.n < sizeof(k))
        return false;
    memcpy(&k, in.p, sizeof(k));
    if (k.what == 'f')
        return false;
    key->n = 1 + (k.session ? 0 : from.n);
    key->octets[0] = k.session;
    if (!k.session)
        memcpy(key->octets + 1, from.p, from.n);
    return true;
}

struct talk_of {
    struct server *server;
    struct core *core;
};

static bool make(void *arg, struct span from, struct span in, struct live_udp_core *core)
{
    struct server *s = arg;
    struct talk_of *t;

    ck_assert_uint_eq(from.n, 6);
    ck_assert_uint_ge(in.n, sizeof(struct packet));
    if (s->refuse)
        return false;
    t = xcalloc(1, sizeof(*t));
    t->server = s;
    t->core = core_new(true);
    t->core->session = ++s->sessions;
    *core = (struct live_udp_core){&t->core->proto, t};
    return true;
}

static void step(void *user, struct proto *p, sim_ns now)
{
    struct talk_of *t = user;

    (void)now;
    ck_assert_ptr_eq(p, &t->core->proto);
    let_come(t->server);
    if (t->server->terminate && t->core->inputs > 0)
        raise(SIGTERM);
}

static bool second_key(void *user, struct proto *p, struct live_udp_key *key)
{
    struct talk_of *t = user;

    (void)p;
    key->n = 1;
    key->octets[0] = t->core->session;
    return t->core->inputs > 0;
}

static void gone(void *user, struct proto *p)
{
    struct talk_of *t = user;
    struct server *s = t->server;

    if (s->gone < MOST) {
        s->sums[s->gone] = t->core->sum;
        s->reasons[s->gone] = p->reason;
    }
    s->gone++;
    if (s->gone == s->stop_after)
        live_stop(s->live);
    proto_free(p);
    free(t);
}

static const struct live_udp_ops server_ops = {
    .key = key_of, .make = make, .step = step, .second_key = second_key, .gone = gone};

static void serve(struct server *s)
{
    const char *why = "";

    s->live = live_new();
    ck_assert_int_eq(
        live_udp_serve(s->live, "127.0.0.1", &s->port, &server_ops, s, &s->limits, &s->udp, &why),
        OK);
    ck_assert_str_eq(why, "");
    ck_assert_int_gt(s->port, 0);
}

static void init(struct server *s)
{
    memset(s, 0, sizeof(*s));
    live_udp_limits_default(&s->limits);
    s->limits.linger = 300 * SIM_MS; /* six repetitions of a client */
}

static void talk(struct server *s, struct core *c)
{
    ck_assert_int_eq(live_udp_connect(s->live, "127.0.0.1", s->port, &c->proto, NULL, NULL, NULL),
                     OK);
}

/* In slices, so that a busy machine changes nothing but the time it takes. */
#define RUN_UNTIL(s, condition)                                                                    \
    do {                                                                                           \
        for (int spent = 0; spent < LIMIT_MS && !(condition); spent += 10)                         \
            live_run((s).live, 10);                                                                \
        ck_assert(condition);                                                                      \
    } while (0)
#define ENDED(c) ((c)->proto.status != PROTO_RUNNING)

static const uint16_t numbers[MOST] = {1, 20, 300, 4000};

/* ---- */

START_TEST(each_peer_has_its_core)
{
    struct server s;
    struct core *clients[5];

    init(&s);
    s.stop_after = 5;
    serve(&s);
    for (int i = 0; i < 5; i++) {
        clients[i] = client_new("aae", numbers);
        clients[i]->say[0].number = (uint16_t)(1000 * (i + 1));
        talk(&s, clients[i]);
    }
    ck_assert(live_run(s.live, LIMIT_MS));
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(clients[i]->proto.status, PROTO_DONE);
        ck_assert_uint_eq(clients[i]->heard_sum, 1000 * (i + 1) + 320);
        proto_free(&clients[i]->proto);
    }
    ck_assert_uint_eq(live_udp_counts(s.udp)->conversations, 5);
    ck_assert_uint_ge(live_udp_counts(s.udp)->datagrams_in, 15);
    ck_assert_uint_eq(live_udp_counts(s.udp)->datagrams_in, live_udp_counts(s.udp)->datagrams_out);
    ck_assert_uint_eq(live_udp_counts(s.udp)->octets_out,
                      live_udp_counts(s.udp)->datagrams_out * sizeof(struct packet));
    live_free(s.live);
    ck_assert_uint_eq(s.gone, 5);
}
END_TEST

/* The session is found again from another address; a stranger whom the core ignores is not
 * answered. */
START_TEST(a_second_key)
{
    struct server s;
    struct core *first, *second, *stranger;

    init(&s);
    s.limits.linger = 60 * SIM_S;
    serve(&s);
    first = client_new("aa", numbers);
    talk(&s, first);
    RUN_UNTIL(s, ENDED(first));
    ck_assert_int_eq(first->proto.status, PROTO_DONE);
    ck_assert_uint_eq(first->session, 1);

    stranger = client_new("x", numbers);
    stranger->say[0].session = 1;
    talk(&s, stranger);
    second = client_new("ae", numbers + 2);
    second->session = 1;
    talk(&s, second);
    RUN_UNTIL(s, ENDED(second) && stranger->expiries >= 2);
    ck_assert_int_eq(second->proto.status, PROTO_DONE);
    ck_assert_uint_eq(second->heard_sum, 4321);
    ck_assert_int_eq(stranger->proto.status, PROTO_RUNNING);
    ck_assert_uint_eq(live_udp_counts(s.udp)->conversations, 1);
    live_free(s.live);
    proto_free(&first->proto);
    proto_free(&second->proto);
    proto_free(&stranger->proto);
}
END_TEST

START_TEST(an_idle_one_fails_and_an_ended_one_lingers)
{
    struct server s;
    struct core *idle, *ended, *again;

    init(&s);
    s.limits.idle = 300 * SIM_MS;
    s.limits.linger = 3 * SIM_S;
    serve(&s);
    idle = client_new("a", numbers);
    talk(&s, idle);
    ended = client_new("e", numbers + 1);
    talk(&s, ended);
    RUN_UNTIL(s, s.gone == 1);
    ck_assert_int_eq(s.reasons[0], REASON_TIMEOUT);
    ck_assert_uint_eq(s.sums[0], 1);
    /* the last answer was lost, say: the question comes again */
    again = client_new("e", numbers + 1);
    again->say[0].session = ended->session;
    talk(&s, again);
    RUN_UNTIL(s, ENDED(again));
    ck_assert_int_eq(again->proto.status, PROTO_DONE);
    ck_assert_uint_eq(again->heard_sum, 20);
    ck_assert_uint_eq(live_udp_counts(s.udp)->conversations, 2);
    s.stop_after = 2;
    ck_assert(live_run(s.live, LIMIT_MS));
    ck_assert_int_eq(s.reasons[1], REASON_NONE);
    live_free(s.live);
    proto_free(&idle->proto);
    proto_free(&ended->proto);
    proto_free(&again->proto);
}
END_TEST

START_TEST(no_more_than_the_limit)
{
    struct server s;
    struct core *c[4];

    init(&s);
    s.limits.conversations = 2;
    s.limits.linger = 60 * SIM_S;
    serve(&s);
    for (int i = 0; i < 3; i++) {
        c[i] = client_new("a", numbers);
        talk(&s, c[i]);
    }
    RUN_UNTIL(s, live_udp_counts(s.udp)->refused > 0 && ENDED(c[0]) && ENDED(c[1]));
    ck_assert_uint_eq(live_udp_counts(s.udp)->conversations, 2);
    ck_assert_int_eq(c[2]->proto.status, PROTO_RUNNING);
    ck_assert_uint_eq(s.gone, 0);
    /* one ends: the one that waits takes its place */
    c[3] = client_new("e", numbers);
    c[3]->say[0].session = 1;
    talk(&s, c[3]);
    RUN_UNTIL(s, ENDED(c[2]));
    ck_assert_int_eq(c[2]->proto.status, PROTO_DONE);
    ck_assert_uint_eq(s.gone, 1);
    ck_assert_uint_eq(s.sums[0], 2);
    live_free(s.live);
    ck_assert_uint_eq(s.gone, 3);
    ck_assert_int_eq(s.reasons[1], REASON_RUN_END);
    for (int i = 0; i < 4; i++)
        proto_free(&c[i]->proto);
}
END_TEST

/* Far more than a kernel keeps for a socket, and none of it while anybody reads. */
START_TEST(nothing_is_lost_while_a_core_computes)
{
    struct server s;
    struct sockaddr_in there = {.sin_family = AF_INET};
    struct live_udp *udp;

    init(&s);
    serve(&s);
    udp = s.udp;
    there.sin_port = htons((uint16_t)s.port);
    inet_pton(AF_INET, "127.0.0.1", &there.sin_addr);
    s.crowd = socket(AF_INET, SOCK_DGRAM, 0);
    ck_assert_int_eq(connect(s.crowd, (struct sockaddr *)&there, sizeof there), 0);
    s.to_come = CROWD_ALL;
    let_come(&s);
    RUN_UNTIL(s, s.to_come == 0 && live_udp_counts(udp)->datagrams_out >= CROWD_ALL);
    ck_assert_uint_eq(live_udp_counts(udp)->datagrams_in, CROWD_ALL);
    ck_assert_uint_eq(live_udp_counts(udp)->dropped, 0);
    ck_assert_uint_eq(live_udp_counts(udp)->conversations, 1);
    live_free(s.live);
    ck_assert_uint_eq(s.sums[0], CROWD_ALL);
    close(s.crowd);
}
END_TEST

/* What waits has its bound, in order, and what is left goes with its owner. */
START_TEST(the_inbox)
{
    static uint8_t octets[60000];
    struct live_inbox inbox = {.first = NULL};
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = 7};
    const struct sockaddr *place = (const struct sockaddr *)&from;
    struct live_inbox_item *item;
    size_t kept = 0;

    ck_assert_ptr_null(live_inbox_take(&inbox));
    for (octets[0] = 0; live_inbox_put(&inbox, place, span_of(octets, sizeof octets)); octets[0]++)
        kept++;
    ck_assert_uint_ge(kept, 200);
    ck_assert_uint_le(inbox.octets, LIVE_INBOX_MAX);
    for (uint8_t i = 0; i < 2; i++) {
        item = live_inbox_take(&inbox);
        ck_assert_uint_eq(item->n, sizeof octets);
        ck_assert_uint_eq(item->octets[0], i);
        ck_assert_mem_eq(&item->from, &from, sizeof from);
        free(item);
    }
    ck_assert(live_inbox_put(&inbox, place, span_of(octets, 1)));
    live_inbox_clear(&inbox);
    ck_assert_ptr_null(inbox.last);
    ck_assert_uint_eq(inbox.octets, 0);
}
END_TEST

START_TEST(foreign_and_refused)
{
    struct server s;
    struct core *foreign, *refused, *nobody;
    int port;

    init(&s);
    s.refuse = true;
    serve(&s);
    foreign = client_new("f", numbers);
    refused = client_new("a", numbers);
    talk(&s, foreign);
    talk(&s, refused);
    RUN_UNTIL(s, live_udp_counts(s.udp)->foreign >= 2 && refused->expiries >= 2);
    ck_assert_uint_eq(live_udp_counts(s.udp)->conversations, 0);
    ck_assert_uint_eq(live_udp_counts(s.udp)->datagrams_out, 0);
    port = s.port;
    live_free(s.live);
    /* What was still running has been told so. */
    ck_assert_int_eq(foreign->proto.reason, REASON_RUN_END);
    ck_assert_int_eq(refused->proto.reason, REASON_RUN_END);

    s.live = live_new();
    nobody = client_new("a", numbers);
    ck_assert_int_eq(live_udp_connect(s.live, "127.0.0.1", port, &nobody->proto, NULL, NULL, NULL),
                     OK);
    ck_assert(live_run(s.live, LIMIT_MS));
    ck_assert_int_eq(nobody->proto.reason, REASON_CONNECTION_REFUSED);
    live_free(s.live);
    proto_free(&foreign->proto);
    proto_free(&refused->proto);
    proto_free(&nobody->proto);
}
END_TEST

START_TEST(a_port_that_is_taken)
{
    struct server s;
    struct live_udp *second = NULL;
    const char *why = NULL;
    int port;

    init(&s);
    serve(&s);
    port = s.port;
    ck_assert_int_eq(
        live_udp_serve(s.live, "127.0.0.1", &port, &server_ops, &s, &s.limits, &second, &why),
        ERR_IO);
    ck_assert_ptr_null(second);
    ck_assert_str_eq(why, "address already in use");
    port = 0;
    ck_assert_int_eq(live_udp_serve(s.live, "no.such.host.invalid", &port, &server_ops, &s,
                                    &s.limits, &second, &why),
                     ERR_NOT_FOUND);
    live_free(s.live);
}
END_TEST

START_TEST(quiet_ends_it)
{
    struct server s;
    struct core *c = client_new("aae", numbers);

    init(&s);
    s.limits.quiet = 120 * SIM_MS;
    serve(&s);
    talk(&s, c);
    ck_assert(live_run(s.live, LIMIT_MS));
    ck_assert_int_eq(c->proto.status, PROTO_DONE);
    ck_assert_int_ge(live_now(s.live), 120 * SIM_MS);
    ck_assert_int_lt(live_now(s.live), LIMIT_MS * SIM_MS);
    ck_assert_int_eq(live_signal(s.live), 0);
    live_free(s.live);
    proto_free(&c->proto);
}
END_TEST

/* A conversation that runs is no quiet, however long it says nothing. */
START_TEST(a_running_one_is_not_quiet)
{
    struct server s;
    struct core *c = client_new("a", numbers);

    init(&s);
    s.limits.quiet = 60 * SIM_MS;
    s.limits.idle = 300 * SIM_MS;
    serve(&s);
    talk(&s, c);
    ck_assert(live_run(s.live, LIMIT_MS));
    ck_assert_int_ge(live_now(s.live), 300 * SIM_MS);
    ck_assert_uint_eq(s.gone, 1);
    live_free(s.live);
    proto_free(&c->proto);
}
END_TEST

/* Two sockets of one loop: quiet is when it is at both. */
START_TEST(quiet_is_everywhere)
{
    struct server s, other;
    struct core *c = client_new("a", numbers);

    init(&s);
    s.limits.quiet = 60 * SIM_MS;
    serve(&s);
    other = s;
    other.limits.idle = 300 * SIM_MS;
    other.port = 0;
    ck_assert_int_eq(live_udp_serve(other.live, "127.0.0.1", &other.port, &server_ops, &other,
                                    &other.limits, &other.udp, NULL),
                     OK);
    talk(&other, c);
    ck_assert(live_run(s.live, LIMIT_MS));
    ck_assert_int_ge(live_now(s.live), 360 * SIM_MS);
    ck_assert_int_lt(live_now(s.live), LIMIT_MS * SIM_MS);
    ck_assert_uint_eq(s.gone, 0);
    ck_assert_uint_eq(other.gone, 1);
    live_free(s.live);
    proto_free(&c->proto);
}
END_TEST

START_TEST(a_signal_ends_it)
{
    struct server s;
    struct core *c = client_new("a", numbers);

    init(&s);
    s.terminate = true;
    serve(&s);
    ck_assert_int_eq(live_watch_signals(s.live), OK);
    talk(&s, c);
    ck_assert(live_run(s.live, LIMIT_MS));
    ck_assert_int_eq(live_signal(s.live), SIGTERM);
    live_free(s.live);
    ck_assert_uint_eq(s.gone, 1);
    ck_assert_int_eq(s.reasons[0], REASON_RUN_END);
    proto_free(&c->proto);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("live_udp");
    TCase *tc = tcase_create("live_udp");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, each_peer_has_its_core);
    tcase_add_test(tc, a_second_key);
    tcase_add_test(tc, an_idle_one_fails_and_an_ended_one_lingers);
    tcase_add_test(tc, no_more_than_the_limit);
    tcase_add_test(tc, nothing_is_lost_while_a_core_computes);
    tcase_add_test(tc, the_inbox);
    tcase_add_test(tc, foreign_and_refused);
    tcase_add_test(tc, a_port_that_is_taken);
    tcase_add_test(tc, quiet_ends_it);
    tcase_add_test(tc, a_running_one_is_not_quiet);
    tcase_add_test(tc, quiet_is_everywhere);
    tcase_add_test(tc, a_signal_ends_it);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
