#include "tests/bench/fleet_bare.h"

#include "crypto/openssl.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEY_OCTETS 32
#define DAY_S      86400L
#define YEAR_S     (365 * DAY_S)

/* Octets of HTTP there and back, as bench_fleet's deployments have them (chart of one). */
static const struct {
    const char *suite, *group;
    int request, answer;
    bool certificates, issue;
} kinds[BARE_KINDS] = {
    [BARE_CONNECT_P256] = {"ECDHE-PSK-AES128-CBC-SHA256", "P-256", 416, 592, false, false},
    [BARE_CONNECT_X25519] = {"ECDHE-PSK-AES128-CBC-SHA256", "X25519", 416, 592, false, false},
    [BARE_MID] = {"PSK-AES128-CCM", "P-256", 775, 43, false, false},
    [BARE_BOOTSTRAP] = {"AES128-CCM", "P-256", 319, 713, true, false},
    [BARE_BOOTSTRAP_ISSUE] = {"AES128-CCM", "P-256", 319, 713, true, true},
};

/* What the child has. */
static EVP_PKEY *keys[3]; /* authority, server, device */
static X509 *authority, *server_certificate, *device_certificate;
static SSL_CTX *contexts[BARE_KINDS][2]; /* client, server */
static const unsigned char psk[KEY_OCTETS] = {1, 2, 3, 4, 5, 6, 7, 8};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench_fleet: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

/* ---- certificates of the shape that credential_issue gives them ---- */

static void extend(X509 *x, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *e;

    X509V3_set_ctx(&ctx, authority ? authority : x, x, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&ctx);
    e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    if (!e || !X509_add_ext(x, e, -1))
        die("extension");
    X509_EXTENSION_free(e);
}

/* like: where extensions are copied from; NULL: none yet. */
static X509 *issue(const char *name, EVP_PKEY *key, const X509 *like)
{
    unsigned char octets[16];
    X509 *x = X509_new();
    BIGNUM *serial;
    X509_NAME *subject = X509_NAME_new();

    if (!x || !subject || RAND_bytes(octets, sizeof(octets)) != 1)
        die("certificate");
    octets[0] = (unsigned char)((octets[0] & 0x7f) | 0x40);
    serial = BN_bin2bn(octets, sizeof(octets), NULL);
    X509_set_version(x, X509_VERSION_3);
    BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x));
    BN_free(serial);
    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, (const unsigned char *)name,
                               -1, -1, 0);
    X509_set_subject_name(x, subject);
    X509_NAME_free(subject);
    X509_set_issuer_name(x, X509_get_subject_name(authority ? authority : x));
    X509_gmtime_adj(X509_getm_notBefore(x), -DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(x), YEAR_S);
    X509_set_pubkey(x, key);
    for (int i = 0; like && i < X509_get_ext_count(like); i++)
        X509_add_ext(x, X509_get_ext(like, i), -1);
    return x;
}

static void sign(X509 *x)
{
    if (X509_sign(x, keys[0], EVP_sha256()) <= 0 || X509_check_purpose(x, -1, 0) != 1)
        die("signature of a certificate");
}

static X509 *end_certificate(const char *name, EVP_PKEY *key, const char *purpose)
{
    X509 *x = issue(name, key, NULL);
    char alternative[80];

    snprintf(alternative, sizeof(alternative), "DNS:%s", name);
    extend(x, NID_basic_constraints, "critical,CA:FALSE");
    extend(x, NID_key_usage, "critical,digitalSignature,keyEncipherment");
    extend(x, NID_ext_key_usage, purpose);
    extend(x, NID_authority_key_identifier, "keyid");
    extend(x, NID_subject_alt_name, alternative);
    sign(x);
    return x;
}

static void make_certificates(void)
{
    X509 *ca;

    for (int i = 0; i < 3; i++) {
        keys[i] = EVP_RSA_gen(2048);
        if (!keys[i])
            die("RSA key");
    }
    ca = issue("m2m fleet CA", keys[0], NULL);
    extend(ca, NID_basic_constraints, "critical,CA:TRUE");
    extend(ca, NID_key_usage, "critical,keyCertSign,cRLSign");
    extend(ca, NID_subject_key_identifier, "hash");
    sign(ca);
    authority = ca;
    server_certificate = end_certificate("msbf.m2m.example", keys[1], "serverAuth");
    device_certificate = end_certificate("meters-1000", keys[2], "clientAuth");
}

/* ---- contexts ---- */

static unsigned client_psk(SSL *ssl, const char *hint, char *identity, unsigned max_identity,
                           unsigned char *key, unsigned max_key)
{
    (void)ssl, (void)hint, (void)max_key;
    snprintf(identity, max_identity, "0123456789abcdef0123456789abcdef:1");
    memcpy(key, psk, sizeof(psk));
    return sizeof(psk);
}

static unsigned server_psk(SSL *ssl, const char *identity, unsigned char *key, unsigned max_key)
{
    (void)ssl, (void)identity, (void)max_key;
    memcpy(key, psk, sizeof(psk));
    return sizeof(psk);
}

static SSL_CTX *make_context(enum bare_kind kind, bool server)
{
    SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());

    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    /* What makes our handshakes cheaper, these have as well. */
    SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set1_sigalgs_list(ctx, "RSA+SHA256");
    SSL_CTX_set1_groups_list(ctx, kinds[kind].group);
    if (SSL_CTX_set_cipher_list(ctx, kinds[kind].suite) != 1)
        die("suite");
    if (!kinds[kind].certificates) {
        SSL_CTX_set_psk_client_callback(ctx, client_psk);
        SSL_CTX_set_psk_server_callback(ctx, server_psk);
        return ctx;
    }
    if (SSL_CTX_use_certificate(ctx, server ? server_certificate : device_certificate) != 1 ||
        SSL_CTX_use_PrivateKey(ctx, keys[server ? 1 : 2]) != 1 ||
        X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), authority) != 1)
        die("credentials");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return ctx;
}

/* ---- handshakes ---- */

static void exchange(SSL *from, SSL *to, int n)
{
    static unsigned char data[1024];

    if (SSL_write(from, data, n) != n || SSL_read(to, data, sizeof(data)) != n)
        die("exchange of data");
}

static void session(enum bare_kind kind)
{
    SSL *client = SSL_new(contexts[kind][0]), *server = SSL_new(contexts[kind][1]);
    BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());
    int at_client, at_server, turns = 0;

    if (kinds[kind].issue) {
        X509 *own = issue("meters-1000", keys[2], device_certificate);
        sign(own);
        SSL_use_certificate(client, own);
        SSL_use_PrivateKey(client, keys[2]);
        X509_free(own);
    }
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
    exchange(client, server, kinds[kind].request);
    exchange(server, client, kinds[kind].answer);
    SSL_free(client);
    SSL_free(server);
}

/* ---- the child ---- */

static double cpu_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void serve(int in, int out)
{
    unsigned n[BARE_KINDS];

    make_certificates();
    for (int kind = 0; kind < BARE_KINDS; kind++) {
        contexts[kind][0] = make_context((enum bare_kind)kind, false);
        contexts[kind][1] = make_context((enum bare_kind)kind, true);
    }
    while (read(in, n, sizeof(n)) == (ssize_t)sizeof(n)) {
        double start = cpu_s(), took;

        for (int kind = 0; kind < BARE_KINDS; kind++)
            for (unsigned i = 0; i < n[kind]; i++)
                session((enum bare_kind)kind);
        took = cpu_s() - start;
        if (write(out, &took, sizeof(took)) != (ssize_t)sizeof(took))
            break;
    }
    _exit(0);
}

void bare_start(struct bare *b)
{
    int to[2], from[2];

    if (pipe(to) || pipe(from))
        die("pipe");
    b->pid = fork();
    if (b->pid < 0)
        die("fork");
    if (b->pid == 0) {
        close(to[1]);
        close(from[0]);
        serve(to[0], from[1]);
    }
    close(to[0]);
    close(from[1]);
    b->to = to[1];
    b->from = from[0];
}

double bare_run(const struct bare *b, const unsigned n[BARE_KINDS])
{
    double took;

    if (write(b->to, n, BARE_KINDS * sizeof(*n)) != (ssize_t)(BARE_KINDS * sizeof(*n)) ||
        read(b->from, &took, sizeof(took)) != (ssize_t)sizeof(took))
        die("the child with the bare loop is gone");
    return took;
}

void bare_stop(struct bare *b)
{
    close(b->to);
    close(b->from);
    waitpid(b->pid, NULL, 0);
}
