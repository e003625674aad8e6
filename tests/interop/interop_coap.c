/* Our CoAP endpoint on the live host against libcoap's programs (package libcoap3-bin):
 *
 *   interop_coap coap|coaps server CASE      coap-client-openssl asks, our endpoint has the
 * resources interop_coap coap|coaps client           our endpoint asks coap-server-openssl
 *
 * coaps: in DTLS with a pre-shared key, by PSK-AES128-CCM8.
 */
#include "crypto/entity.h"
#include "models/host/live_udp.h"
#include "models/proto/coaps.h"
#include "tests/interop/coap_node.h"
#include "tests/interop/peer.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_MS 120000
#define SLICE_MS 50
#define IDENTITY "4711:3"
#define KEY      "0123456789abcdefghijklmnopqrstuv"

/* One association and what a core needs of the world. */
struct side {
    struct coap_node node;
    struct proto *proto;
    struct coap_endpoint *coap;
    struct se se;
    struct rng stream;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
};

static struct live *live;
static struct side server;
static struct peer other;
static bool secure;
static struct tls_context *context;
static char folder[] = "/tmp/interop_coap.XXXXXX";

static int failed(const char *what)
{
    fprintf(stderr, "%s; the other printed:\n%s\n", what, other.text);
    return 1;
}

static unsigned find(void *arg, struct span identity, uint8_t psk[32], enum reason *reason)
{
    (void)arg, (void)reason;
    memcpy(psk, KEY, 32);
    return identity.n == strlen(IDENTITY) && memcmp(identity.p, IDENTITY, identity.n) == 0 ? 32 : 0;
}

static bool make_context(bool of_server)
{
    const enum tls_suite suite = TLS_SUITE_PSK_AES_128_CCM_8;
    const struct tls_settings settings = {
        .server = of_server, .version = DTLS_1_2, .suites = &suite, .suite_count = 1};

    return tls_context_new(&settings, &context) == OK;
}

static void side_init(struct side *s, const char *name, struct span from)
{
    const struct tls_peer_settings peer = {
        .psk_identity = IDENTITY, .psk_slot = SE_KMC, .psk_find = find};
    const struct dtls_settings dtls = {.cookie = true, .peer = from, .limit = 100 * SIM_S};
    const struct coap_settings coap = {0};
    struct coaps *coaps;

    s->stream = rng_stream(1, name, "interop");
    s->env = (struct proto_env){.stream = &s->stream,
                                .se = &s->se,
                                .meter = &s->meter,
                                .trace = &s->trace,
                                .epoch_unix_ns = live_epoch_unix_ns(live)};
    se_put(&s->se, SE_KMC, (const uint8_t *)KEY);
    if (secure) {
        coaps = coaps_new(context, &s->env, &peer, &dtls, &coap);
        s->proto = coaps_proto(coaps);
        s->coap = coaps_coap(coaps);
    } else {
        s->coap = coap_new(&s->env, &coap);
        s->proto = coap_proto(s->coap);
    }
}

/* ---- the server: one association at a time is enough here ---- */

static bool key(void *arg, struct span from, struct span in, struct live_udp_key *out)
{
    (void)arg, (void)in;
    out->n = from.n;
    memcpy(out->octets, from.p, from.n);
    return from.n <= LIVE_UDP_KEY_MAX;
}

static bool make(void *arg, struct span from, struct span in, struct live_udp_core *core)
{
    (void)arg, (void)in;
    if (server.coap)
        return false;
    side_init(&server, "server", from);
    core->proto = server.proto;
    core->user = &server;
    return true;
}

static void step(void *user, struct proto *p, sim_ns now)
{
    struct side *s = user;

    (void)p;
    coap_node_step(&s->node, s->coap, now);
}

static void gone(void *user, struct proto *p)
{
    struct side *s = user;

    proto_free(p);
    s->coap = NULL;
}

static const struct live_udp_ops ops = {.key = key, .make = make, .step = step, .gone = gone};

static bool write_file(const char *path, size_t n)
{
    FILE *f = fopen(path, "wb");
    bool ok = f != NULL;

    for (size_t i = 0; ok && i < n; i++)
        ok = fputc(coap_node_octet(i), f) != EOF;
    return f && fclose(f) == 0 && ok;
}

static bool file_is(const char *path, size_t n)
{
    FILE *f = fopen(path, "rb");
    bool ok = f != NULL;

    for (size_t i = 0; ok && i < n; i++)
        ok = fgetc(f) == coap_node_octet(i);
    ok = ok && fgetc(f) == EOF;
    if (f)
        fclose(f);
    return ok;
}

/* What libcoap's client is told, and what must come of it. */
struct run {
    const char *name;
    const char *const arguments[8];
    const char *prints; /* NULL: anything */
    size_t has;         /* how long the resource is afterwards; 0: it is gone */
    size_t file;        /* the answer, in a file, has so many octets */
    unsigned requests, notified;
};

static const struct run runs[] = {
    {"get", {"-m", "get"}, "0123456789abcdef", 1, 0, 1, 0},
    {"get-non", {"-m", "get", "-N"}, "0123456789abcdef", 1, 0, 1, 0},
    {"get-blocks", {"-m", "get", "-o", "answer"}, NULL, 5000, 5000, 1, 0},
    {"get-small-blocks", {"-m", "get", "-b", "64", "-o", "answer"}, NULL, 5000, 5000, 1, 0},
    {"put", {"-m", "put", "-e", "hello"}, NULL, 5, 0, 1, 0},
    {"put-blocks", {"-m", "put", "-f", "question"}, NULL, 3000, 0, 1, 0},
    {"put-small-blocks", {"-m", "put", "-b", "32", "-f", "question"}, NULL, 3000, 0, 1, 0},
    {"post", {"-m", "post", "-e", "hello"}, "created", 5, 0, 1, 0},
    {"delete", {"-m", "delete"}, NULL, 0, 0, 1, 0},
    {"not-found", {"-m", "get"}, "4.04", 0, 0, 1, 0},
    {"observe", {"-m", "get", "-s", "4"}, "notification 3", 1, 0, 2, 3},
    {"separate", {"-m", "get"}, "0123456789abcdef", 1, 0, 1, 0},
    {"lossy", {"-m", "put", "-l", "2,3", "-f", "question"}, NULL, 3000, 0, 1, 0},
};

static void prepare(const struct run *r)
{
    struct coap_node *n = &server.node;

    n->has = strcmp(r->name, "not-found") != 0;
    n->notify = r->notified;
    n->separate = strcmp(r->name, "separate") == 0;
    coap_node_fill(n, strncmp(r->name, "get-", 4) == 0 && r->file ? r->file : 0);
}

static bool start_client(const struct run *r, int port)
{
    char url[64], answer[64], question[64];
    char *argv[20] = {"coap-client-openssl", "-B", "100", "-u", IDENTITY, "-k", KEY};
    int n = secure ? 7 : 3;

    snprintf(url, sizeof(url), "%s://127.0.0.1:%d/m2m/x?a=b", secure ? "coaps" : "coap", port);
    snprintf(answer, sizeof(answer), "%s/answer", folder);
    snprintf(question, sizeof(question), "%s/question", folder);
    for (int i = 0; i < 8 && r->arguments[i]; i++)
        argv[n++] = strcmp(r->arguments[i], "answer") == 0     ? answer
                    : strcmp(r->arguments[i], "question") == 0 ? question
                                                               : (char *)(uintptr_t)r->arguments[i];
    argv[n++] = url;
    argv[n] = NULL;
    return write_file(question, 3000) && peer_start(&other, argv);
}

static int check_server(const struct run *r)
{
    const struct coap_node *n = &server.node;
    char answer[64];

    snprintf(answer, sizeof(answer), "%s/answer", folder);
    if (r->prints && !strstr(other.text, r->prints))
        return failed("not what was to be printed");
    if (n->requests != r->requests)
        return failed("another number of requests");
    if (n->has != (r->has > 0) || (r->has > 1 && n->n != r->has))
        return failed("another resource");
    if (r->has == 3000 && !coap_node_is(n, 3000))
        return failed("another body");
    if (r->file && !file_is(answer, r->file))
        return failed("another answer");
    if (n->notified != r->notified)
        return failed("another number of notifications");
    return 0;
}

static int serve(const struct run *r)
{
    struct live_udp_limits limits;
    struct live_udp *udp;
    int port = 0;

    live_udp_limits_default(&limits);
    prepare(r);
    if (live_udp_serve(live, "127.0.0.1", &port, &ops, NULL, &limits, &udp, NULL) != OK ||
        !start_client(r, port))
        return 2;
    for (int spent = 0; spent < LIMIT_MS && !other.ended; spent += SLICE_MS) {
        live_run(live, SLICE_MS);
        peer_listen(&other, 0);
    }
    if (!other.ended)
        return failed("no end");
    return check_server(r);
}

/* ---- the client ---- */

/* A port that is free now, and the one after it, which coap-server takes for DTLS. */
static int free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof(a);
    int s = socket(AF_INET, SOCK_DGRAM, 0), port = 0;

    if (bind(s, (struct sockaddr *)&a, n) == 0 && getsockname(s, (struct sockaddr *)&a, &n) == 0)
        port = ntohs(a.sin_port);
    close(s);
    return port;
}

static void ask_step(void *user, struct proto *p, sim_ns now)
{
    struct side *s = user;

    (void)p;
    coap_node_ask(&s->node, s->coap, now);
}

static int ask(void)
{
    static struct side s;
    char port[8];
    int number = free_port();
    char *argv[] = {
        "coap-server-openssl", "-A", "127.0.0.1", "-p", port, "-d", "10", "-k", KEY, NULL};

    snprintf(port, sizeof(port), "%d", number);
    number += secure;
    if (!secure)
        argv[7] = NULL;
    side_init(&s, "client", span_of(NULL, 0));
    if (!peer_start(&other, argv))
        return 2;
    /* It prints nothing when it is ready: our first request is repeated until it is, and one that
     * is refused for want of a listener begins anew. */
    for (int tries = 0; tries < 100; tries++) {
        if (live_udp_connect(live, "127.0.0.1", number, s.proto, ask_step, &s, NULL) != OK)
            return 2;
        live_run(live, LIMIT_MS);
        if (s.proto->reason != REASON_CONNECTION_REFUSED)
            break;
        proto_free(s.proto);
        memset(&s.node, 0, sizeof(s.node));
        side_init(&s, "client", span_of(NULL, 0));
        peer_listen(&other, 100);
    }
    peer_listen(&other, 0);
    if (s.node.failure)
        return failed(s.node.failure);
    if (!s.node.done)
        return failed("no end");
    proto_free(s.proto);
    return 0;
}

int main(int argc, char **argv)
{
    int result = 2;

    if (crypto_init() || !mkdtemp(folder))
        return 2;
    live = live_new();
    secure = argc > 1 && strcmp(argv[1], "coaps") == 0;
    if (argc < 3 || !make_context(strcmp(argv[2], "server") == 0))
        result = 2;
    else if (strcmp(argv[2], "client") == 0)
        result = ask();
    for (size_t i = 0; argc == 4 && i < sizeof(runs) / sizeof(runs[0]); i++)
        if (strcmp(argv[2], "server") == 0 && strcmp(argv[3], runs[i].name) == 0)
            result = serve(&runs[i]);
    if (result == 2)
        fprintf(stderr, "usage: %s coap|coaps client | server CASE; or it could not be started\n",
                argv[0]);
    peer_stop(&other);
    live_free(live);
    tls_context_free(context);
    coap_node_remove(folder);
    return result;
}
