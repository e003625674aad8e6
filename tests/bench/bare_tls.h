/* The bare OpenSSL loop of bench_handshake.c: the same handshakes over memory BIOs, in a child
 * process that has nothing of ours in it. All static: for that one program. */
#ifndef TESTS_BENCH_BARE_TLS_H
#define TESTS_BENCH_BARE_TLS_H

#include "crypto/keys.h"
#include "crypto/openssl.h"
#include "models/proto/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define UNIX_S  INT64_C(1700000000)
#define UNIX_NS (UNIX_S * 1000000000)
#define YEAR_S  INT64_C(31536000)
#define MSBF    "msbf.example.org"
#define DEVICE  "urn:dev:meter-1"

enum procedure { BOOTSTRAP, CONNECTION, MID };

struct bench_case {
    enum tls_suite suite;
    enum procedure procedure;
    const char *openssl;
};

/* clang-format off */
static const struct bench_case cases[] = {
    {TLS_SUITE_ECDHE_PSK_AES_128_CBC_SHA256, CONNECTION, "ECDHE-PSK-AES128-CBC-SHA256"},
    {TLS_SUITE_PSK_AES_128_CCM,              MID,        "PSK-AES128-CCM"},
    {TLS_SUITE_RSA_AES_128_CCM,              BOOTSTRAP,  "AES128-CCM"},
};
/* clang-format on */
#define CASES (sizeof(cases) / sizeof(cases[0]))

/* The same credentials for the bare loop, which has no part of ours in it. */
static char folder[] = "/tmp/bench_handshake.XXXXXX";
static char server_pem[64], device_pem[64], authority_pem[64];
static const uint8_t psk[M2M_KEY_LEN] = {1, 2, 3, 4, 5, 6, 7, 8};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench_handshake: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static double cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static unsigned bare_client_psk(SSL *ssl, const char *hint, char *identity, unsigned max_identity,
                                unsigned char *key, unsigned max_key)
{
    (void)ssl, (void)hint, (void)max_key;
    snprintf(identity, max_identity, "meter");
    memcpy(key, psk, sizeof(psk));
    return sizeof(psk);
}

static unsigned bare_server_psk(SSL *ssl, const char *identity, unsigned char *key,
                                unsigned max_key)
{
    (void)ssl, (void)identity, (void)max_key;
    memcpy(key, psk, sizeof(psk));
    return sizeof(psk);
}

static SSL_CTX *bare_context(const struct bench_case *c, bool server)
{
    SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    /* What makes a handshake cheaper, the bare loop has as well. */
    SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set1_sigalgs_list(ctx, "RSA+SHA256");
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set1_groups_list(ctx, "X25519");
    if (!SSL_CTX_set_cipher_list(ctx, c->openssl))
        die("cipher list");
    if (tls_suite_is_psk(c->suite)) {
        SSL_CTX_set_psk_client_callback(ctx, bare_client_psk);
        SSL_CTX_set_psk_server_callback(ctx, bare_server_psk);
        return ctx;
    }
    if (SSL_CTX_use_certificate_file(ctx, server ? server_pem : device_pem, SSL_FILETYPE_PEM) !=
            1 ||
        SSL_CTX_use_PrivateKey_file(ctx, server ? server_pem : device_pem, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_load_verify_locations(ctx, authority_pem, NULL) != 1)
        die("credentials of the bare loop");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(ctx), UNIX_S);
    return ctx;
}

/* What the procedure's TLS does beyond the handshake: `octets` in all, there and back. */
static void bare_exchange(SSL *client, SSL *server, bool export, unsigned octets)
{
    static uint8_t data[16384];
    uint8_t key[M2M_KEY_LEN];
    int n = (int)octets / 2;

    if (export && (SSL_export_keying_material(client, key, sizeof(key), M2M_EXPORTER_CONNECTION,
                                              strlen(M2M_EXPORTER_CONNECTION), NULL, 0, 0) != 1 ||
                   SSL_export_keying_material(server, key, sizeof(key), M2M_EXPORTER_CONNECTION,
                                              strlen(M2M_EXPORTER_CONNECTION), NULL, 0, 0) != 1))
        die("bare export");
    if (SSL_write(client, data, n) != n || SSL_read(server, data, sizeof(data)) != n ||
        SSL_write(server, data, n) != n || SSL_read(client, data, sizeof(data)) != n)
        die("bare exchange");
    SSL_shutdown(client);
    if (SSL_read(server, data, sizeof(data)) > 0)
        die("bare close_notify");
    SSL_shutdown(server);
}

static void bare_session(const struct bench_case *c, SSL_CTX **ctx, unsigned octets)
{
    SSL *client = SSL_new(ctx[0]), *server = SSL_new(ctx[1]);
    BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());
    int at_client, at_server, turns = 0;

    BIO_up_ref(up);
    BIO_up_ref(down);
    SSL_set_bio(client, down, up);
    SSL_set_bio(server, up, down);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    do {
        at_client = SSL_do_handshake(client);
        at_server = SSL_do_handshake(server);
    } while ((at_client != 1 || at_server != 1) && ++turns < 10);
    if (at_client != 1 || at_server != 1)
        die("a bare handshake did not complete");
    if (octets > 0)
        bare_exchange(client, server, c->procedure != MID, octets);
    SSL_free(client);
    SSL_free(server);
}

/* octets 0: handshakes only. */
static double bare_run(const struct bench_case *c, unsigned n, unsigned octets)
{
    static SSL_CTX *contexts[CASES][2];
    SSL_CTX **ctx = contexts[c - cases];
    double start;

    if (!ctx[0]) {
        ctx[0] = bare_context(c, false);
        ctx[1] = bare_context(c, true);
    }
    start = cpu_us();
    for (unsigned i = 0; i < n; i++)
        bare_session(c, ctx, octets);
    return (cpu_us() - start) / n;
}

/* The bare loop lives in a child, so that nothing of ours is under it. */
struct child {
    int to, from;
    pid_t pid;
};

struct child_job {
    unsigned bench_case, n, octets;
};

static void child_serve(int in, int out)
{
    struct child_job job;
    double us;

    while (read(in, &job, sizeof(job)) == (ssize_t)sizeof(job)) {
        us = bare_run(&cases[job.bench_case], job.n, job.octets);
        if (write(out, &us, sizeof(us)) != (ssize_t)sizeof(us))
            break;
    }
    _exit(0);
}

static struct child child_start(void)
{
    int to[2], from[2];
    struct child child;

    if (pipe(to) || pipe(from))
        die("pipe");
    child.pid = fork();
    if (child.pid == 0) {
        close(to[1]);
        close(from[0]);
        child_serve(to[0], from[1]);
    }
    close(to[0]);
    close(from[1]);
    child.to = to[1];
    child.from = from[0];
    return child;
}

static double child_run(const struct child *child, unsigned bench_case, unsigned n, unsigned octets)
{
    struct child_job job = {bench_case, n, octets};
    double us = 0;

    if (write(child->to, &job, sizeof(job)) != (ssize_t)sizeof(job) ||
        read(child->from, &us, sizeof(us)) != (ssize_t)sizeof(us))
        die("the child with the bare loop is gone");
    return us;
}

#endif
