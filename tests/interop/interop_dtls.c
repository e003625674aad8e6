/* Our DTLS endpoint on the live host against OpenSSL's and GnuTLS's programs:
 *
 *   interop_dtls client|server openssl|gnutls SUITE [wrong-psk | cookie]
 *
 * Each side says a line and hears one. With OpenSSL both export 32 octets, which must be equal. */
#include "crypto/entity.h"
#include "crypto/hash.h"
#include "models/host/live_udp.h"
#include "models/proto/dtls.h"
#include "tests/interop/peer.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_MS 120000
#define SLICE_MS 50
#define IDENTITY "connection-4711" /* GnuTLS's file of keys has no colon in names */
#define OURS     "this is m2msim\n"
#define THEIRS   "this is another\n"

static struct live *live;
static struct peer other;
static struct se se;
static struct rng stream;
static struct meter meter;
static struct trace trace;
static struct proto_env env;
static struct tls_context *context;
static struct dtls *ours;
static char heard[256], exported[65], key_hex[65];
static bool server, said, wrong_psk, cookie;
static enum tls_suite suite;
static enum reason reason;
static const char *keys; /* GnuTLS's file of them; it is read late */

static int failed(const char *what)
{
    fprintf(stderr, "%s (%s); the other printed:\n%s\n", what, reason_text(reason), other.text);
    return 1;
}

static unsigned find(void *arg, struct span identity, uint8_t psk[32], enum reason *why)
{
    (void)arg, (void)why;
    return identity.n == strlen(IDENTITY) && memcmp(identity.p, IDENTITY, identity.n) == 0
               ? se_tls_psk(&se, SE_KMC, psk, 32)
               : 0;
}

static void make_endpoint(struct span from)
{
    const struct tls_peer_settings peer = {
        .psk_identity = IDENTITY, .psk_slot = SE_KMC, .psk_find = find};
    /* A wrong key is told by silence alone. */
    const struct dtls_settings settings = {
        .limit = (wrong_psk ? 5 : 100) * SIM_S, .cookie = cookie, .peer = from};

    ours = dtls_new(context, &env, &peer, &settings);
}

static void step(void *user, struct proto *p, sim_ns now)
{
    size_t n = strlen(heard);
    uint8_t key[32];

    (void)user;
    reason = p->reason;
    for (struct span s; (s = dtls_received(ours)).n > 0; dtls_taken(ours)) {
        if (n + s.n < sizeof(heard))
            memcpy(heard + n, s.p, s.n);
        n = strlen(heard);
    }
    if (!tls_is_open(dtls_tls(ours)) || said)
        return;
    if (tls_export(dtls_tls(ours), M2M_EXPORTER_CONNECTION, key, sizeof(key)))
        hex_encode(key, sizeof(key), exported);
    said = dtls_write(ours, now, span_str(OURS));
}

static bool is_key(void *arg, struct span from, struct span in, struct live_udp_key *out)
{
    (void)arg, (void)in;
    out->n = from.n;
    memcpy(out->octets, from.p, from.n);
    return true;
}

static bool make(void *arg, struct span from, struct span in, struct live_udp_core *core)
{
    (void)arg, (void)in;
    if (ours)
        return false;
    make_endpoint(from);
    *core = (struct live_udp_core){.proto = dtls_proto(ours)};
    return true;
}

static void gone(void *user, struct proto *p)
{
    (void)user;
    reason = p->reason;
    proto_free(p);
    ours = NULL;
}

static const struct live_udp_ops ops = {.key = is_key, .make = make, .step = step, .gone = gone};

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

/* ---- the other's command lines ---- */

static const char *gnutls_priority(void)
{
    return suite == TLS_SUITE_PSK_AES_128_CCM_8
               ? "NONE:+VERS-DTLS1.2:+PSK:+AES-128-CCM-8:+AEAD:+COMP-NULL:+SIGN-ALL:+GROUP-ALL"
               : "NONE:+VERS-DTLS1.2:+PSK:+AES-128-CCM:+AEAD:+COMP-NULL:+SIGN-ALL:+GROUP-ALL";
}

static bool start_openssl(char *port)
{
    char address[32];
    const char *name = suite == TLS_SUITE_PSK_AES_128_CCM_8 ? "PSK-AES128-CCM8" : "PSK-AES128-CCM";
    char *const as_server[] = {"openssl",
                               "s_server",
                               "-dtls1_2",
                               "-accept",
                               "127.0.0.1:0",
                               "-nocert",
                               "-psk",
                               key_hex,
                               "-psk_identity",
                               IDENTITY,
                               "-cipher",
                               (char *)(uintptr_t)name,
                               "-keymatexport",
                               M2M_EXPORTER_CONNECTION,
                               "-keymatexportlen",
                               "32",
                               NULL};
    char *const as_client[] = {"openssl",
                               "s_client",
                               "-dtls1_2",
                               "-connect",
                               address,
                               "-psk",
                               key_hex,
                               "-psk_identity",
                               IDENTITY,
                               "-cipher",
                               (char *)(uintptr_t)name,
                               "-keymatexport",
                               M2M_EXPORTER_CONNECTION,
                               "-keymatexportlen",
                               "32",
                               NULL};
    const char *at;

    snprintf(address, sizeof(address), "127.0.0.1:%s", port);
    if (server)
        return peer_start(&other, as_client);
    if (!peer_start(&other, as_server))
        return false;
    at = peer_await(&other, "ACCEPT 127.0.0.1:", LIMIT_MS);
    if (!at || !peer_await(&other, "\n", LIMIT_MS))
        return false;
    snprintf(port, 8, "%d", atoi(at + strlen("ACCEPT 127.0.0.1:")));
    return true;
}

static bool start_gnutls(char *port)
{
    static char path[] = "/tmp/interop_dtls.XXXXXX";
    char line[128];
    int file = mkstemp(path);
    char *const as_server[] = {"gnutls-serv",
                               "--udp",
                               "-p",
                               port,
                               "--echo",
                               "--priority",
                               (char *)(uintptr_t)gnutls_priority(),
                               "--pskpasswd",
                               path,
                               NULL};
    char *const as_client[] = {"gnutls-cli",
                               "--udp",
                               "-p",
                               port,
                               "127.0.0.1",
                               "--priority",
                               (char *)(uintptr_t)gnutls_priority(),
                               "--pskusername",
                               IDENTITY,
                               "--pskkey",
                               key_hex,
                               NULL};
    bool ok;

    if (server)
        ok = peer_start(&other, as_client);
    else {
        snprintf(port, 8, "%d", free_port());
        snprintf(line, sizeof(line), IDENTITY ":%s\n", key_hex);
        ok = file >= 0 && write(file, line, strlen(line)) == (ssize_t)strlen(line) &&
             peer_start(&other, as_server) && peer_await(&other, "done", LIMIT_MS);
    }
    close(file);
    keys = path;
    return ok;
}

/* ---- the story ---- */

static bool is_over(bool gnutls)
{
    const char *expected = gnutls && !server ? OURS : THEIRS;

    return strstr(heard, expected) && (strstr(other.text, OURS) || (gnutls && !server));
}

static int talk(bool gnutls)
{
    bool told = false;

    for (int spent = 0; spent < LIMIT_MS && !is_over(gnutls); spent += SLICE_MS) {
        live_run(live, SLICE_MS);
        peer_listen(&other, 0);
        if (wrong_psk && reason)
            break;
        /* They read their input once the handshake is through. */
        if (said && !told && (server || !gnutls))
            told = peer_say(&other, THEIRS, strlen(THEIRS));
    }
    if (wrong_psk)
        return reason == (server ? REASON_PSK_WRONG : REASON_DTLS_TIMEOUT) && !said
                   ? 0
                   : failed("the wrong key was not found wrong");
    if (!is_over(gnutls))
        return failed("no conversation");
    if (!gnutls) {
        for (char *c = exported; *c; c++)
            *c = *c >= 'a' ? (char)(*c - 'a' + 'A') : *c;
        if (!strstr(other.text, exported))
            return failed("another export");
    }
    return 0;
}

static int run(bool gnutls)
{
    struct live_udp_limits limits;
    struct live_udp *udp;
    char port[8] = "0";
    int number = 0;
    uint8_t key[32];

    rng_bytes(&stream, key, sizeof(key));
    se_put(&se, SE_KMC, key);
    if (wrong_psk)
        key[31] ^= 1;
    hex_encode(key, sizeof(key), key_hex);
    live_udp_limits_default(&limits);
    if (server) {
        if (live_udp_serve(live, "127.0.0.1", &number, &ops, NULL, &limits, &udp, NULL) != OK)
            return 2;
        snprintf(port, sizeof(port), "%d", number);
    }
    if (!(gnutls ? start_gnutls(port) : start_openssl(port)))
        return failed("the other did not start");
    if (!server) {
        make_endpoint(span_of(NULL, 0));
        if (live_udp_connect(live, "127.0.0.1", atoi(port), dtls_proto(ours), step, NULL, NULL) !=
            OK)
            return 2;
    }
    return talk(gnutls);
}

int main(int argc, char **argv)
{
    struct tls_settings settings = {.version = DTLS_1_2, .suites = &suite, .suite_count = 1};
    int result = 2;

    suite = argc >= 4 ? tls_suite_find(argv[3]) : TLS_SUITE_COUNT;
    if (suite == TLS_SUITE_COUNT || crypto_init())
        return 2;
    server = settings.server = strcmp(argv[1], "server") == 0;
    wrong_psk = argc > 4 && strcmp(argv[4], "wrong-psk") == 0;
    cookie = argc > 4 && strcmp(argv[4], "cookie") == 0;
    live = live_new();
    stream = rng_stream(1, argv[1], "interop");
    env = (struct proto_env){.stream = &stream,
                             .se = &se,
                             .meter = &meter,
                             .trace = &trace,
                             .epoch_unix_ns = live_epoch_unix_ns(live)};
    if (tls_context_new(&settings, &context) == OK)
        result = run(strcmp(argv[2], "gnutls") == 0);
    peer_stop(&other);
    if (keys)
        unlink(keys);
    live_free(live);
    if (!server && ours)
        proto_free(dtls_proto(ours));
    tls_context_free(context);
    return result;
}
