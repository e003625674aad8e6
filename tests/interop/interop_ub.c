/* The BSF core on the live host against curl, over loopback. curl cannot do Digest AKA, so what it
 * sends is computed here, by RFC 2617's formula on OpenSSL's MD5, not by our own Digest.
 *
 * Each request is a connection of its own. 401, then 200 with a B-TID and a rspauth that fits; the
 * same again: 401; a wrong response: 403; AUTS: 401 with a vector that the card takes, 200.
 * Exit 0: as it should be. */
#include "crypto/openssl.h"

#include "crypto/entity.h"
#include "crypto/hash.h"
#include "models/host/live.h"
#include "models/proc/ub.h"
#include "models/proto/m2mxml.h"
#include "tests/interop/peer.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MS 120000
#define SLICE_MS 10
#define BSF      "bsf.m2m.example"
#define CNONCE   "0a4f113b"
#define HEX_N    33

#define MAX_CONNECTIONS 16

struct bsf {
    struct live *live;
    struct rng stream, hss_stream;
    struct meter meter;
    struct trace trace;
    struct proto_env env;
    struct uicc uicc;
    struct auc_record auc;
    struct ub_server *servers[MAX_CONNECTIONS]; /* the host lingers over those that ended */
    int server_count;
    struct ub_challenge kept; /* impi "": none */
    struct gba_sa stored;
    gba_name impi;
    int port;
    struct peer curl;
};

/* ---- the BSF's node ---- */

static void answer(struct bsf *b, struct ub_server *s, sim_ns now)
{
    struct ub_query q = *ub_server_query(s);
    struct ub_answer a;

    memset(&a, 0, sizeof(a));
    switch (q.kind) {
    case UB_QUERY_ZH:
        if (strcmp(q.zh.impi, b->impi) != 0)
            a.zh.reason = REASON_GBA_SUBSCRIBER;
        else
            zh_answer_make(&b->auc, NULL, &b->hss_stream, &q.zh, false, 0, &a.zh);
        break;
    case UB_QUERY_CHALLENGE:
        if (b->kept.impi[0] && memcmp(b->kept.vector.rand, q.rand, 16) == 0)
            a.challenge = b->kept;
        else
            a.reason = REASON_GBA_CHALLENGE;
        b->kept.impi[0] = '\0';
        break;
    case UB_QUERY_STORE:
        b->stored = q.sa;
        a.expires_unix_ns = b->env.epoch_unix_ns + now + 3600 * SIM_S;
        break;
    }
    ub_server_answer(s, now, &a);
}

static struct proto *make(void *arg)
{
    struct bsf *b = arg;

    if (b->server_count == MAX_CONNECTIONS)
        return NULL;
    b->servers[b->server_count] = ub_server_new(&b->env, BSF);
    return ub_server_proto(b->servers[b->server_count++]);
}

static void step(void *arg, struct proto *p, sim_ns now)
{
    struct bsf *b = arg;
    int i = b->server_count - 1;
    struct ub_server *s;

    while (ub_server_proto(b->servers[i]) != p)
        i--;
    s = b->servers[i];
    while (ub_server_query(s)) {
        answer(b, s, now);
        if (ub_server_challenge(s))
            b->kept = *ub_server_challenge(s);
    }
}

/* ---- curl ---- */

/* GET / with an Authorization; what curl printed, status line and all. "": it did not work. */
static const char *get(struct bsf *b, const char *authorization)
{
    char url[64], field[2048];
    char *const argv[] = {
        "curl", "-s",  "-S", "-i", "--http1.1", "--max-time", "100", "-A", "m2msim 3gpp-gba",
        "-H",   field, url,  NULL};

    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", b->port);
    snprintf(field, sizeof(field), "Authorization: %s", authorization);
    if (!peer_start(&b->curl, argv))
        return "";
    for (int spent = 0; spent < LIMIT_MS && !b->curl.ended; spent += SLICE_MS) {
        live_run(b->live, SLICE_MS);
        peer_listen(&b->curl, 0);
    }
    peer_stop(&b->curl);
    return b->curl.text;
}

static bool is_status(const char *text, int status)
{
    char line[32];

    snprintf(line, sizeof(line), "HTTP/1.1 %d ", status);
    return strncmp(text, line, strlen(line)) == 0;
}

/* The text between `before` and the next quotation mark. */
static bool quoted(const char *text, const char *before, char *out, size_t n)
{
    const char *at = strstr(text, before);
    size_t length = at ? strcspn(at + strlen(before), "\"") : 0;

    if (!at || length >= n)
        return false;
    memcpy(out, at + strlen(before), length);
    out[length] = '\0';
    return true;
}

/* ---- Digest, by hand ---- */

static void md5_hex(const void *p, size_t n, char out[HEX_N])
{
    uint8_t digest[16];

    if (EVP_Digest(p, n, digest, NULL, EVP_md5(), NULL) != 1)
        abort();
    for (int i = 0; i < 16; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* method "": of an answer. */
static void respond(const struct bsf *b, const char *nonce, const uint8_t *password, size_t n,
                    const char *method, const char *body, char out[HEX_N])
{
    char a1[512], a2[128], all[512], h1[HEX_N], h2[HEX_N], body_hash[HEX_N];
    int used = snprintf(a1, sizeof(a1), "%s:" BSF ":", b->impi);

    if (n > 0)
        memcpy(a1 + used, password, n);
    md5_hex(a1, (size_t)used + n, h1);
    md5_hex(body, strlen(body), body_hash);
    snprintf(a2, sizeof(a2), "%s:/:%s", method, body_hash);
    md5_hex(a2, strlen(a2), h2);
    snprintf(all, sizeof(all), "%s:%s:00000001:" CNONCE ":auth-int:%s", h1, nonce, h2);
    md5_hex(all, strlen(all), out);
}

static void authorization(const struct bsf *b, const char *nonce, const uint8_t *password, size_t n,
                          const char *more, char out[1024])
{
    char response[HEX_N] = "";

    if (nonce[0])
        respond(b, nonce, password, n, "GET", "", response);
    snprintf(
        out, 1024,
        "Digest username=\"%s\", realm=\"" BSF "\", nonce=\"%s\", uri=\"/\", response=\"%s\"%s%s",
        b->impi, nonce, response,
        nonce[0] ? ", qop=auth-int, nc=00000001, cnonce=\"" CNONCE "\", algorithm=AKAv1-MD5" : "",
        more);
}

/* ---- the story ---- */

static int failed(const struct bsf *b, const char *what)
{
    fprintf(stderr, "%s\ncurl printed:\n%s\n", what, b->curl.text);
    return 1;
}

static bool challenge(struct bsf *b, char nonce[256], uint8_t octets[32])
{
    char field[1024];
    const char *text;

    authorization(b, "", NULL, 0, "", field);
    text = get(b, field);
    return is_status(text, 401) && strstr(text, "algorithm=AKAv1-MD5") &&
           quoted(text, "nonce=\"", nonce, 256) && base64_decode(span_str(nonce), octets, 32) == 32;
}

/* 200: the B-TID is RAND's, and rspauth is over this body by who knows RES. */
static bool is_bootstrapped(struct bsf *b, const char *text, const char *nonce,
                            const struct uicc_response *r)
{
    char rspauth[HEX_N], wanted[HEX_N], btid[256];
    const char *body = strstr(text, "\r\n\r\n");

    if (!is_status(text, 200) || !body || !quoted(text, "rspauth=\"", rspauth, sizeof(rspauth)) ||
        !strstr(text, "Content-Type: application/vnd.3gpp.bsf+xml\r\n"))
        return false;
    respond(b, nonce, r->res, r->res_n, "", body + 4, wanted);
    snprintf(btid, sizeof(btid), "<btid>%.21s", nonce); /* 15.75 octets of RAND */
    return strcmp(rspauth, wanted) == 0 && strstr(body, btid) &&
           strstr(body, "==@" BSF "</btid>") && memcmp(b->stored.ks, r->ck, 16) == 0 &&
           memcmp(b->stored.ks + 16, r->ik, 16) == 0;
}

static int bootstrap(struct bsf *b)
{
    char nonce[256], field[1024];
    struct uicc_response r;
    uint8_t octets[32];

    if (!challenge(b, nonce, octets))
        return failed(b, "no challenge");
    if (uicc_authenticate(&b->uicc, NULL, octets, octets + 16, &r, NULL) != UICC_OK)
        return failed(b, "the card does not take the challenge");
    authorization(b, nonce, r.res, r.res_n, "", field);
    if (!is_bootstrapped(b, get(b, field), nonce, &r))
        return failed(b, "no bootstrapping");
    if (!is_status(get(b, field), 401))
        return failed(b, "a replay was not challenged");
    if (!challenge(b, nonce, octets))
        return failed(b, "no challenge after a replay");
    authorization(b, nonce, r.res, r.res_n, "", field); /* the RES of before */
    if (!is_status(get(b, field), 403))
        return failed(b, "a wrong response was not refused");
    return 0;
}

static int resynchronise(struct bsf *b)
{
    char nonce[256], field[1024], auts[32], more[64];
    struct uicc_response r;
    uint8_t octets[32];

    uicc_set_sqn(&b->uicc, 9000 << UICC_IND_BITS);
    if (!challenge(b, nonce, octets))
        return failed(b, "no challenge");
    if (uicc_authenticate(&b->uicc, NULL, octets, octets + 16, &r, NULL) != UICC_SYNC_FAILURE)
        return failed(b, "the card takes an old number");
    base64_encode(span_of(r.auts, sizeof(r.auts)), auts);
    snprintf(more, sizeof(more), ", auts=\"%s\"", auts);
    authorization(b, nonce, NULL, 0, more, field);
    if (!is_status(get(b, field), 401) || !quoted(b->curl.text, "nonce=\"", nonce, 256) ||
        base64_decode(span_str(nonce), octets, 32) != 32)
        return failed(b, "AUTS brings no challenge");
    if (uicc_authenticate(&b->uicc, NULL, octets, octets + 16, &r, NULL) != UICC_OK)
        return failed(b, "the number after AUTS is no better");
    authorization(b, nonce, r.res, r.res_n, "", field);
    return is_bootstrapped(b, get(b, field), nonce, &r) ? 0
                                                        : failed(b, "no bootstrapping after AUTS");
}

int main(void)
{
    static const uint8_t k[16] = "subscriber's K.", opc[16] = "operator's OPc.", amf[2];
    static struct bsf b;
    int result;

    if (crypto_init())
        return 2;
    m2mxml_init();
    b.live = live_new();
    b.stream = rng_stream(1, "bsf", "interop");
    b.hss_stream = rng_stream(1, "hss", "interop");
    b.env = (struct proto_env){.stream = &b.stream,
                               .meter = &b.meter,
                               .trace = &b.trace,
                               .epoch_unix_ns = live_epoch_unix_ns(b.live)};
    uicc_init(&b.uicc, "232010000000001", 2, k, opc);
    auc_init(&b.auc, k, opc, amf, 0);
    if (!gba_impi(GBA_USIM, &b.uicc, NULL, b.impi) ||
        live_listen(b.live, "127.0.0.1", &b.port, make, step, NULL, &b, NULL) != OK)
        return 2;
    result = bootstrap(&b);
    if (!result)
        result = resynchronise(&b);
    live_free(b.live);
    return result;
}
