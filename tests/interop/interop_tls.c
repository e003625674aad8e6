/* Our TLS and HTTP cores on the live host against `openssl s_server` and `openssl s_client`, over
 * loopback.
 *
 *   interop_tls KEY-CACHE keys
 *   interop_tls KEY-CACHE client|server SUITE 1.1|1.2 [wrong-psk|unknown-psk|untrusted]
 *
 * One HTTP exchange, both ends' exported keys equal, close_notify; or a refusal with our named
 * reason. Exit 0: as it should be. */
#include "crypto/entity.h"
#include "crypto/hash.h"
#include "models/host/live.h"
#include "models/proto/http.h"
#include "models/proto/tls.h"
#include "tests/interop/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT_MS 120000
#define SLICE_MS 10
#define IDENTITY "00112233445566778899AABBCCDDEEFF:1"
#define BODY     "reading 4711 from the other side"
#define KEY_N    32
#define DAY      INT64_C(86400)

enum fault { FAULT_NONE, FAULT_WRONG_PSK, FAULT_UNKNOWN_PSK, FAULT_UNTRUSTED };

static const char *const fault_names[] = {"none", "wrong-psk", "unknown-psk", "untrusted"};

struct test {
    bool server;
    enum tls_suite suite;
    enum tls_version version;
    enum fault fault;
    const char *cache;
    char folder[64]; /* for PEM files */
    char psk_hex[2 * 32 + 1];
    struct live *live;
    struct rng stream;
    struct se se;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    struct tls_context *context;
    struct authority *authority, *stranger;
    struct key_pool *pool;
    struct credential *credential;
    struct tls *tls;
    struct http_reader *reader;
    bool written, gone;
    uint8_t key[KEY_N];
    bool exported;
    char body[256];
    enum proto_status status;
    enum reason reason;
    struct peer peer;
};

static int say_failed(const struct test *t, const char *what)
{
    fprintf(stderr, "%s\nour reason: %s, alert: %s\npeer printed:\n%s\n", what,
            reason_text(t->reason), tls_alert_name(t->tls ? tls_alert(t->tls) : -1), t->peer.text);
    return 1;
}

/* ---- our side ---- */

static unsigned find_psk(void *arg, struct span identity, uint8_t psk[32], enum reason *reason)
{
    (void)arg, (void)reason;
    memset(psk, 0x5a, 32);
    return identity.n == strlen(IDENTITY) && memcmp(identity.p, IDENTITY, identity.n) == 0 ? 32 : 0;
}

static void write_http(struct test *t, sim_ns now)
{
    struct http_out request = {.method = HTTP_POST,
                               .target = "/m2m/interop",
                               .host = "localhost",
                               .content_type = "text/plain",
                               .body = span_str(BODY)};
    struct http_out answer = {.status = 201, .body = span_str(BODY)};
    struct buf out;

    buf_init(&out, 4096);
    t->written =
        http_write(t->server ? &answer : &request, &out) && tls_write(t->tls, now, buf_span(&out));
    buf_clear(&out);
}

static void read_http(struct test *t, sim_ns now)
{
    struct span plain = tls_received(t->tls);
    const struct http_message *m;

    if (plain.n == 0 || http_reader_input(t->reader, plain) != REASON_NONE)
        return;
    tls_consume(t->tls, plain.n);
    m = http_reader_message(t->reader);
    if (!m || m->body.n >= sizeof(t->body))
        return;
    memcpy(t->body, m->body.p, m->body.n);
    if (t->server)
        write_http(t, now);
    else
        tls_close(t->tls, now);
}

static void step(void *arg, struct proto *p, sim_ns now)
{
    struct test *t = arg;

    if (tls_is_open(t->tls) && !t->exported)
        t->exported = tls_export(t->tls, M2M_EXPORTER_CONNECTION, t->key, KEY_N);
    if (tls_is_open(t->tls) && !t->server && !t->written)
        write_http(t, now);
    read_http(t, now);
    t->status = p->status;
    t->reason = p->reason;
}

static struct proto *make_core(void *arg)
{
    struct test *t = arg;
    struct tls_peer_settings settings = {.credential = t->credential, .psk_find = find_psk};

    if (t->tls)
        return NULL;
    t->credential = NULL;
    if (!t->server) {
        settings.expect_name = tls_suite_is_psk(t->suite) ? NULL : "openssl.example";
        settings.psk_identity = IDENTITY;
        settings.psk_slot = SE_KMR;
    }
    t->tls = tls_new(t->context, &t->env, &settings);
    return tls_proto(t->tls);
}

static void on_gone(void *arg, struct proto *p)
{
    struct test *t = arg;

    t->status = p->status;
    t->reason = p->reason;
    t->gone = true;
    live_stop(t->live);
}

/* ---- certificates and keys ---- */

static const char *path(const struct test *t, const char *name)
{
    static char paths[4][128];
    static int next;
    char *out = paths[next++ % 4];

    snprintf(out, sizeof(paths[0]), "%s/%s", t->folder, name);
    return out;
}

static bool make_keys(struct test *t)
{
    return key_pool_make(7, "interop", 4, t->cache, NULL, NULL, &t->pool) == OK;
}

/* The authority both trust, our certificate, and the peer's (from a stranger, when it is that). */
static bool make_certificates(struct test *t)
{
    int64_t now = host_unix_ns() / SIM_S;
    struct credential *theirs = NULL;
    bool ok;

    if (tls_suite_is_psk(t->suite))
        return true;
    if (!make_keys(t) ||
        authority_make(t->pool, 7, "Interop Root", now - DAY, now + DAY, &t->authority) != OK ||
        authority_make(t->pool, 8, "Strange Root", now - DAY, now + DAY, &t->stranger) != OK)
        return false;
    entity_enter_live(&t->stream);
    ok = credential_issue(t->authority, t->pool, 0, "m2m.example", t->server, now - DAY, now + DAY,
                          &t->credential) == OK &&
         credential_issue(t->fault == FAULT_UNTRUSTED ? t->stranger : t->authority, t->pool, 1,
                          "openssl.example", !t->server, now - DAY, now + DAY, &theirs) == OK;
    entity_leave();
    ok = ok && authority_write_pem(t->authority, path(t, "ca.pem")) == OK &&
         credential_write_pem(theirs, path(t, "peer.pem"), path(t, "peer.key")) == OK;
    credential_free(theirs);
    return ok;
}

static bool make_ours(struct test *t)
{
    struct tls_settings settings = {.server = t->server,
                                    .version = t->version,
                                    .suites = &t->suite,
                                    .suite_count = 1,
                                    .authority = t->authority};
    uint8_t psk[32];
    enum err err;

    memset(psk, 0x5a, sizeof(psk));
    se_put(&t->se, SE_KMR, psk);
    if (t->fault == FAULT_WRONG_PSK)
        psk[31] ^= 1;
    hex_encode(psk, sizeof(psk), t->psk_hex);
    t->reader = http_reader_new(t->server);
    entity_enter_live(&t->stream);
    err = tls_context_new(&settings, &t->context);
    entity_leave();
    return err == OK;
}

/* ---- theirs ---- */

#define X(constant, code, name, openssl) openssl,
static const char *const openssl_names[] = {TLS_SUITES(X)};
#undef X

struct arguments {
    char *argv[48];
    int n;
};

static void add(struct arguments *a, const char *text)
{
    if (a->n < 47)
        a->argv[a->n++] = strdup(text);
}

static void add_common(const struct test *t, struct arguments *a)
{
    char cipher[64];

    add(a, t->version == TLS_1_1 ? "-tls1_1" : "-tls1_2");
    snprintf(cipher, sizeof(cipher), "%s%s", openssl_names[t->suite],
             t->version == TLS_1_1 ? ":@SECLEVEL=0" : "");
    add(a, "-cipher");
    add(a, cipher);
    add(a, "-keymatexport");
    add(a, M2M_EXPORTER_CONNECTION);
    add(a, "-keymatexportlen");
    add(a, "32");
    add(a, "-crlf");
    if (tls_suite_is_psk(t->suite)) {
        add(a, "-psk");
        add(a, t->psk_hex);
        add(a, "-psk_identity");
        add(a, t->fault == FAULT_UNKNOWN_PSK ? "nobody" : IDENTITY);
        return;
    }
    add(a, "-cert");
    add(a, path(t, "peer.pem"));
    add(a, "-key");
    add(a, path(t, "peer.key"));
    add(a, "-CAfile");
    add(a, path(t, "ca.pem"));
    add(a, "-verify_return_error");
}

static bool start_peer(struct test *t, int port)
{
    struct arguments a = {.n = 0};
    char address[32];
    bool ok;

    snprintf(address, sizeof(address), "127.0.0.1:%d", port);
    add(&a, "openssl");
    add(&a, t->server ? "s_client" : "s_server");
    add(&a, t->server ? "-connect" : "-accept");
    add(&a, address);
    add_common(t, &a);
    if (t->server) {
        add(&a, "-nocommands");
        add(&a, "-verify_hostname");
        add(&a, "m2m.example");
    } else {
        add(&a, "-naccept");
        add(&a, "1");
        add(&a, tls_suite_is_psk(t->suite) ? "-nocert" : "-Verify");
        if (!tls_suite_is_psk(t->suite))
            add(&a, "1");
    }
    ok = peer_start(&t->peer, a.argv);
    for (int i = 0; i < a.n; i++)
        free(a.argv[i]);
    return ok;
}

/* Lines that -crlf makes CRLF; what the other end of the HTTP exchange says. */
static const char *peer_text(const struct test *t)
{
    static char text[512];

    snprintf(text, sizeof(text),
             t->server ? "POST /m2m/interop HTTP/1.1\nHost: localhost\nContent-Length: %zu\n\n%s\n"
                       : "HTTP/1.1 200 OK\nContent-Length: %zu\n\n%s\n",
             strlen(BODY) + 2, BODY);
    return text;
}

/* The key that the peer says it exported. */
static bool keys_agree(struct test *t)
{
    static const char mark[] = "Keying material: ";
    const char *at = peer_await(&t->peer, mark, LIMIT_MS);
    uint8_t theirs[KEY_N];

    return at && peer_await(&t->peer, "\n", LIMIT_MS) &&
           strlen(at) >= sizeof(mark) - 1 + 2 * KEY_N &&
           hex_decode(at + sizeof(mark) - 1, 2 * KEY_N, theirs, KEY_N) &&
           memcmp(theirs, t->key, KEY_N) == 0;
}

/* ---- the two directions ---- */

static bool our_side_is_over(const struct test *t)
{
    return t->server ? t->gone : tls_proto(t->tls)->status != PROTO_RUNNING;
}

/* Runs the loop in slices; the peer speaks when it may. */
static bool run(struct test *t)
{
    bool said = false;

    for (int spent = 0; spent < LIMIT_MS && !our_side_is_over(t); spent += SLICE_MS) {
        live_run(t->live, SLICE_MS);
        peer_listen(&t->peer, 0);
        /* A server answers what it was asked; a client asks when its handshake is over. */
        if (!said && strstr(t->peer.text, t->server ? "Keying material: " : BODY)) {
            said = true;
            peer_say(&t->peer, peer_text(t), strlen(peer_text(t)));
        }
        /* Our answer has come: the client closes. */
        if (t->server && said && t->written && strstr(t->peer.text, BODY))
            peer_end_input(&t->peer);
    }
    if (!t->server) {
        t->status = tls_proto(t->tls)->status;
        t->reason = tls_proto(t->tls)->reason;
    }
    return our_side_is_over(t);
}

static bool begin_client(struct test *t)
{
    const char *at;
    int port;

    if (!start_peer(t, 0))
        return false;
    at = peer_await(&t->peer, "ACCEPT 127.0.0.1:", LIMIT_MS);
    if (!at || !peer_await(&t->peer, "\n", LIMIT_MS))
        return false;
    port = atoi(at + strlen("ACCEPT 127.0.0.1:"));
    return port > 0 && live_connect(t->live, "127.0.0.1", port, make_core(t), step, t) == OK;
}

static bool begin_server(struct test *t)
{
    int port = 0;

    return live_listen(t->live, "127.0.0.1", &port, make_core, step, on_gone, t, NULL) == OK &&
           start_peer(t, port);
}

static enum reason expected_reason(const struct test *t)
{
    switch (t->fault) {
    case FAULT_WRONG_PSK:
        return REASON_PSK_WRONG;
    case FAULT_UNKNOWN_PSK:
        return REASON_PSK_UNKNOWN;
    case FAULT_UNTRUSTED:
        return REASON_CERTIFICATE_UNKNOWN;
    case FAULT_NONE:
        break;
    }
    return REASON_NONE;
}

static int judge(struct test *t)
{
    enum reason expected = expected_reason(t);
    char body[sizeof(BODY) + 2];

    if (t->reason != expected)
        return say_failed(t, "the reason is another");
    if (t->status != (expected ? PROTO_FAILED : PROTO_DONE))
        return say_failed(t, "the status is another");
    if (expected)
        return 0;
    snprintf(body, sizeof(body), "%s\r\n", BODY);
    if (strcmp(t->body, body) != 0)
        return say_failed(t, "no HTTP message arrived here");
    if (!strstr(t->peer.text, BODY))
        return say_failed(t, "no HTTP message arrived there");
    if (!t->exported || !keys_agree(t))
        return say_failed(t, "the exported keys differ");
    return 0;
}

static void release(struct test *t)
{
    static const char *const files[] = {"ca.pem", "peer.pem", "peer.key"};
    struct proto *client = t->server || !t->tls ? NULL : tls_proto(t->tls);

    peer_stop(&t->peer);
    t->tls = NULL;
    live_free(t->live);
    proto_free(client);
    http_reader_free(t->reader);
    tls_context_free(t->context);
    credential_free(t->credential);
    authority_free(t->authority);
    authority_free(t->stranger);
    key_pool_free(t->pool);
    for (int i = 0; i < 3; i++)
        unlink(path(t, files[i]));
    rmdir(t->folder);
}

static bool read_arguments(struct test *t, int argc, char **argv)
{
    if (argc < 5)
        return false;
    t->server = strcmp(argv[2], "server") == 0;
    t->suite = tls_suite_find(argv[3]);
    t->version = strcmp(argv[4], "1.1") == 0 ? TLS_1_1 : TLS_1_2;
    for (int i = 0; argc > 5 && i < 4; i++)
        if (strcmp(argv[5], fault_names[i]) == 0)
            t->fault = (enum fault)i;
    return t->suite != TLS_SUITE_COUNT && (argc == 5 || t->fault != FAULT_NONE);
}

int main(int argc, char **argv)
{
    static struct test t;
    int result = 1;

    if (argc < 3 || crypto_init())
        return 2;
    t.cache = argv[1];
    if (strcmp(argv[2], "keys") == 0)
        return make_keys(&t) ? (key_pool_free(t.pool), 0) : 1;
    if (!read_arguments(&t, argc, argv))
        return 2;
    strcpy(t.folder, "/tmp/m2m-interop-XXXXXX");
    if (!mkdtemp(t.folder))
        return 1;
    t.live = live_new();
    t.stream = rng_stream(1, argv[2], "interop");
    t.env = (struct proto_env){.stream = &t.stream,
                               .se = &t.se,
                               .meter = &t.meter,
                               .trace = &t.trace,
                               .epoch_unix_ns = live_epoch_unix_ns(t.live)};
    if (!make_certificates(&t) || !make_ours(&t))
        say_failed(&t, "no keys or no context");
    else if (!(t.server ? begin_server(&t) : begin_client(&t)))
        say_failed(&t, "could not begin");
    else if (!run(&t))
        say_failed(&t, "it did not end in time");
    else
        result = judge(&t);
    release(&t);
    return result;
}
