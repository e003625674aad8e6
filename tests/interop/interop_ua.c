/* The NAF core on the live host against curl (HTTP Digest inside TLS) and `openssl s_client`
 * (PSK-TLS), over loopback.
 *
 *   interop_ua KEY-CACHE digest|psk [wrong-key]
 *
 * A bootstrap request is answered with a bootstrapParamSet, after the BSF said who that is; or,
 * with another key, it is not, and nothing reaches the node. Exit 0: as it should be. */
#include "crypto/credential.h"
#include "crypto/entity.h"
#include "crypto/hash.h"
#include "models/host/live.h"
#include "models/proc/server.h"
#include "tests/interop/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT_MS 120000
#define SLICE_MS 10
#define NAF      "msbf.example"
#define IMPI     "232010000000001@ims.mnc001.mcc232.3gppnetwork.org"
#define DAY      INT64_C(86400)
#define DOCUMENT                                                                                   \
    "<m2m:bootstrapRequest xmlns:m2m=\"http://uri.etsi.org/m2m\"><m2m:deviceId>" IMPI              \
    "</m2m:deviceId><m2m:ivalCapability>true</m2m:ivalCapability></m2m:bootstrapRequest>"

struct test {
    bool psk, wrong_key;
    const char *cache;
    char certificate[64];
    struct live *live;
    struct rng stream;
    struct se se;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    struct tls_context *context;
    struct key_pool *pool;
    struct authority *authority;
    struct credential *credential;
    struct naf_settings naf;
    struct gba_sa sa;
    struct gba_naf_keys keys;
    struct server_session *session;
    unsigned zn, requests;
    int port;
    struct peer peer;
};

/* ---- the NAF's node, and its BSF ---- */

static void answer_request(struct test *t, sim_ns now)
{
    struct m2m_doc doc = {.kind = DOC_BOOTSTRAP_PARAM_SET};
    const struct server_request *q = server_session_request(t->session);

    if (strcmp(q->btid, t->sa.btid) == 0 && strcmp(q->peer_name, IMPI) == 0)
        t->requests++;
    doc.u.bootstrap.kmr_index = 4711;
    doc.u.bootstrap.expires_unix_ns = t->sa.expires_unix_ns;
    server_session_answer(t->session, now,
                          &(struct server_answer){.status = 200, .doc = &doc, .close = true});
}

static void step(void *arg, struct proto *p, sim_ns now)
{
    struct test *t = arg;

    (void)p;
    while (server_session_zn(t->session)) {
        struct zn_request q = *server_session_zn(t->session);
        struct zn_answer a;

        zn_answer_make(NULL, &t->sa, &q, t->env.epoch_unix_ns + now, &a);
        t->zn++;
        server_session_zn_answer(t->session, now, &a);
    }
    if (server_session_request(t->session))
        answer_request(t, now);
}

static struct proto *make(void *arg)
{
    struct test *t = arg;
    struct server_settings s = {.role = SERVER_MSBF, .context = t->context, .naf = &t->naf};

    if (t->session)
        return NULL;
    s.credential = t->credential;
    t->credential = NULL;
    t->session = server_session_new(&t->env, &s);
    return t->session ? server_session_proto(t->session) : NULL;
}

/* ---- preparation ---- */

static bool make_certificates(struct test *t)
{
    int64_t now = host_unix_ns() / SIM_S;
    bool ok;

    if (t->psk)
        return true;
    strcpy(t->certificate, "/tmp/m2m-interop-ua-XXXXXX");
    close(mkstemp(t->certificate));
    if (key_pool_make(7, "interop", 4, t->cache, NULL, NULL, &t->pool) != OK ||
        authority_make(t->pool, 7, "Interop Root", now - DAY, now + DAY, &t->authority) != OK)
        return false;
    entity_enter_live(&t->stream);
    ok = credential_issue(t->authority, t->pool, 0, NAF, true, now - DAY, now + DAY,
                          &t->credential) == OK;
    entity_leave();
    return ok && authority_write_pem(t->authority, t->certificate) == OK;
}

static bool make_ours(struct test *t)
{
    enum tls_suite suite =
        t->psk ? TLS_SUITE_PSK_AES_128_CBC_SHA256 : TLS_SUITE_ECDHE_RSA_AES_128_CBC_SHA256;
    struct tls_settings settings = {.server = true,
                                    .version = TLS_1_2,
                                    .suites = &suite,
                                    .suite_count = 1,
                                    .authority = t->authority,
                                    .anonymous_clients = true};
    struct gba_naf_id naf;
    bool ok;

    t->naf = (struct naf_settings){.fqdn = NAF, .suite = suite};
    memset(t->sa.ks, 0x5a, sizeof(t->sa.ks));
    strcpy(t->sa.impi, IMPI);
    t->sa.expires_unix_ns = host_unix_ns() + DAY * SIM_S;
    if (!gba_btid(t->sa.rand, "bsf.example", t->sa.btid) ||
        !gba_naf_tls(NAF, tls_suite_code(suite), &naf))
        return false;
    gba_naf_keys(NULL, &t->sa, &naf, &t->keys);
    t->keys.me[0] ^= t->wrong_key;
    entity_enter_live(&t->stream);
    ok = tls_context_new(&settings, &t->context) == OK;
    entity_leave();
    return ok && live_listen(t->live, "127.0.0.1", &t->port, make, step, NULL, t, NULL) == OK;
}

/* ---- the peers ---- */

static bool start_curl(struct test *t)
{
    char url[96], resolve[96], user[256], password[GBA_PASSWORD_LEN + 1];
    char *const argv[] = {"curl",
                          "-s",
                          "-S",
                          "-i",
                          "--http1.1",
                          "--digest",
                          "-u",
                          user,
                          "-A",
                          "curl 3gpp-gba",
                          "--cacert",
                          t->certificate,
                          "--resolve",
                          resolve,
                          "--tlsv1.2",
                          "--tls-max",
                          "1.2",
                          "--max-time",
                          "100",
                          "-H",
                          "Content-Type: application/xml",
                          "--data-binary",
                          DOCUMENT,
                          url,
                          NULL};

    gba_password(t->keys.me, password);
    snprintf(url, sizeof(url), "https://" NAF ":%d/m2m/bootstrap", t->port);
    snprintf(resolve, sizeof(resolve), NAF ":%d:127.0.0.1", t->port);
    snprintf(user, sizeof(user), "%s:%s", t->sa.btid, password);
    return peer_start(&t->peer, argv);
}

static bool start_s_client(struct test *t)
{
    char address[32], psk[2 * GBA_KEY_LEN + 1], identity[GBA_PSK_IDENTITY_MAX];
    char *const argv[] = {"env",
                          "OPENSSL_CONF=/dev/null",
                          "openssl",
                          "s_client",
                          "-connect",
                          address,
                          "-tls1_2",
                          "-psk",
                          psk,
                          "-psk_identity",
                          identity,
                          "-cipher",
                          "PSK-AES128-CBC-SHA256",
                          "-nocommands",
                          NULL};

    snprintf(address, sizeof(address), "127.0.0.1:%d", t->port);
    hex_encode(t->keys.me, GBA_KEY_LEN, psk);
    gba_psk_identity(GBA_KEY_ME, t->sa.btid, identity);
    return peer_start(&t->peer, argv);
}

static void say_request(struct test *t)
{
    char text[1024];
    int n = snprintf(text, sizeof(text),
                     "POST /m2m/bootstrap HTTP/1.1\r\nHost: " NAF
                     "\r\nContent-Type: application/xml\r\nContent-Length: %zu\r\n\r\n%s",
                     strlen(DOCUMENT), DOCUMENT);

    peer_say(&t->peer, text, (size_t)n);
}

static bool run(struct test *t)
{
    if (!(t->psk ? start_s_client(t) : start_curl(t)))
        return false;
    /* Kept in the pipe until its handshake is over. */
    if (t->psk)
        say_request(t);
    for (int spent = 0; spent < LIMIT_MS && !t->peer.ended; spent += SLICE_MS) {
        live_run(t->live, SLICE_MS);
        peer_listen(&t->peer, 0);
    }
    return t->peer.ended;
}

static int judge(const struct test *t)
{
    const char *hint = "PSK identity hint: 3GPP-bootstrapping";
    bool served = strstr(t->peer.text, "HTTP/1.1 200 OK") &&
                  strstr(t->peer.text, "<m2m:securityKmrIndex>4711</m2m:securityKmrIndex>");
    uint8_t kmr[M2M_KEY_LEN];

    if (t->zn == 0)
        return 1;
    if (t->wrong_key)
        return served || t->requests;
    if (!served || t->requests != 1 || t->zn != 1)
        return 1;
    if (t->psk ? !strstr(t->peer.text, hint) : !strstr(t->peer.text, "Authentication-Info: "))
        return 1;
    return !se_backend_copy(&t->se, SE_KMR, kmr) || memcmp(kmr, t->keys.me, sizeof(kmr)) != 0;
}

static void release(struct test *t)
{
    peer_stop(&t->peer);
    live_free(t->live);
    tls_context_free(t->context);
    credential_free(t->credential);
    authority_free(t->authority);
    key_pool_free(t->pool);
    if (t->certificate[0])
        unlink(t->certificate);
}

int main(int argc, char **argv)
{
    static struct test t;
    int result = 1;

    if (argc < 3 || crypto_init())
        return 2;
    m2mxml_init();
    t.cache = argv[1];
    t.psk = strcmp(argv[2], "psk") == 0;
    t.wrong_key = argc > 3;
    t.live = live_new();
    t.stream = rng_stream(1, argv[2], "interop");
    t.env = (struct proto_env){.stream = &t.stream,
                               .se = &t.se,
                               .meter = &t.meter,
                               .trace = &t.trace,
                               .epoch_unix_ns = live_epoch_unix_ns(t.live)};
    if (make_certificates(&t) && make_ours(&t) && run(&t))
        result = judge(&t);
    if (result)
        fprintf(stderr, "Zn %u, requests %u; the peer printed:\n%s\n", t.zn, t.requests,
                t.peer.text);
    release(&t);
    return result;
}
