/* What Digest computes (RFC 2617 3.2.2, RFC 3310 3), and the fields as we write them. */
#include "models/proto/digest.h"

#include "crypto/hash.h"

#include <assert.h>
#include <string.h>

#define HEX_LEN 32 /* of an MD5 */

static const char *qop_name(unsigned qop)
{
    return qop == DIGEST_AUTH_INT ? "auth-int" : "auth";
}

static const char *algorithm_name(enum digest_algorithm a)
{
    return a == DIGEST_AKAV1_MD5 ? "AKAv1-MD5" : "MD5";
}

/* ---- the response ---- */

static void hash_hex(struct meter *m, const struct span *pieces, size_t n, char hex[HEX_LEN + 1])
{
    uint8_t octets[16];

    hash_md5_v(m, pieces, n, octets);
    hex_encode(octets, sizeof(octets), hex);
}

/* A2 = method:uri, and with auth-int :H(body) behind it; an answer's has no method. */
static void hash_a2(struct meter *m, const struct digest_credentials *c, const char *method,
                    struct span body, char hex[HEX_LEN + 1])
{
    char body_hex[HEX_LEN + 1];
    struct span pieces[] = {span_str(method), span_str(":"), span_str(c->uri), span_str(":"),
                            span_of(body_hex, HEX_LEN)};

    if (c->qop == DIGEST_AUTH_INT)
        hash_hex(m, &body, 1, body_hex);
    hash_hex(m, pieces, c->qop == DIGEST_AUTH_INT ? 5 : 3, hex);
}

static void put_hex32(uint32_t v, char out[9])
{
    const uint8_t octets[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                               (uint8_t)v};

    hex_encode(octets, sizeof(octets), out);
}

static void compute(struct meter *m, const struct digest_credentials *c, struct span password,
                    const char *method, struct span body, uint8_t out[16])
{
    char a1[HEX_LEN + 1], a2[HEX_LEN + 1], nc[9];
    const struct span colon = span_str(":");
    const struct span secret[] = {span_str(c->username), colon, span_str(c->realm), colon,
                                  password};

    assert(c->qop == DIGEST_AUTH || c->qop == DIGEST_AUTH_INT);
    hash_hex(m, secret, 5, a1);
    hash_a2(m, c, method, body, a2);
    put_hex32(c->nc, nc);
    const struct span all[] = {
        span_str(a1),        colon, span_str(c->nonce),         colon, span_str(nc), colon,
        span_str(c->cnonce), colon, span_str(qop_name(c->qop)), colon, span_str(a2)};
    hash_md5_v(m, all, sizeof(all) / sizeof(all[0]), out);
    explicit_bzero(a1, sizeof(a1));
}

void digest_response(struct meter *m, const struct digest_credentials *c, struct span password,
                     const char *method, struct span body, uint8_t response[16])
{
    compute(m, c, password, method, body, response);
}

void digest_rspauth(struct meter *m, const struct digest_credentials *c, struct span password,
                    struct span body, uint8_t rspauth[16])
{
    compute(m, c, password, "", body, rspauth);
}

/* ---- the nonce of AKA ---- */

void digest_aka_nonce(const uint8_t rand[16], const uint8_t autn[16], struct span data,
                      char out[DIGEST_NONCE_MAX + 1])
{
    uint8_t octets[32 + DIGEST_AKA_DATA_MAX];

    assert(data.n <= DIGEST_AKA_DATA_MAX);
    memcpy(octets, rand, 16);
    memcpy(octets + 16, autn, 16);
    if (data.n > 0)
        memcpy(octets + 32, data.p, data.n);
    base64_encode(span_of(octets, 32 + data.n), out);
}

bool digest_aka_parse(const char *nonce, uint8_t rand[16], uint8_t autn[16])
{
    uint8_t octets[DIGEST_NONCE_MAX];

    if (base64_decode(span_str(nonce), octets, sizeof(octets)) < 32)
        return false;
    memcpy(rand, octets, 16);
    memcpy(autn, octets + 16, 16);
    return true;
}

/* ---- writing ---- */

/* Whether a hash runs over a quoted-pair or over what it stands for is told differently by every
 * text, so none is ever written (nor read). */
static bool is_plain(const char *text)
{
    for (const char *p = text; *p; p++)
        if ((uint8_t)*p < ' ' || *p == 0x7f || *p == '"' || *p == '\\')
            return false;
    return true;
}

static bool put_quoted(struct buf *out, const char *name, const char *text)
{
    return is_plain(text) && buf_puts(out, name) && buf_puts(out, "=\"") && buf_puts(out, text) &&
           buf_puts(out, "\"");
}

static bool put_token(struct buf *out, const char *name, const char *text)
{
    return buf_puts(out, name) && buf_puts(out, "=") && buf_puts(out, text);
}

static bool put_hash(struct buf *out, const char *name, const uint8_t hash[16])
{
    char hex[HEX_LEN + 1];

    hex_encode(hash, 16, hex);
    return put_quoted(out, name, hex);
}

static bool put_nc(struct buf *out, uint32_t nc)
{
    char text[9];

    put_hex32(nc, text);
    return put_token(out, ", nc", text);
}

bool digest_put_challenge(const struct digest_challenge *c, struct buf *out)
{
    static const char *const offers[] = {"", "auth", "auth-int", "auth,auth-int"};

    return put_quoted(out, "Digest realm", c->realm) && put_quoted(out, ", nonce", c->nonce) &&
           (!c->qop || put_quoted(out, ", qop", offers[c->qop & 3])) &&
           (!c->opaque[0] || put_quoted(out, ", opaque", c->opaque)) &&
           (!c->stale || put_token(out, ", stale", "true")) &&
           put_token(out, ", algorithm", algorithm_name(c->algorithm));
}

static bool put_protection(const struct digest_credentials *c, struct buf *out)
{
    return put_token(out, ", qop", qop_name(c->qop)) && put_nc(out, c->nc) &&
           put_quoted(out, ", cnonce", c->cnonce);
}

static bool put_auts(const uint8_t auts[DIGEST_AUTS_LEN], struct buf *out)
{
    char text[(DIGEST_AUTS_LEN + 2) / 3 * 4 + 1];

    base64_encode(span_of(auts, DIGEST_AUTS_LEN), text);
    return put_quoted(out, ", auts", text);
}

bool digest_put_credentials(const struct digest_credentials *c, struct buf *out)
{
    return put_quoted(out, "Digest username", c->username) &&
           put_quoted(out, ", realm", c->realm) && put_quoted(out, ", nonce", c->nonce) &&
           put_quoted(out, ", uri", c->uri) && (!c->qop || put_protection(c, out)) &&
           (c->has_response ? put_hash(out, ", response", c->response)
                            : put_quoted(out, ", response", "")) &&
           (!c->opaque[0] || put_quoted(out, ", opaque", c->opaque)) &&
           (!c->has_response || put_token(out, ", algorithm", algorithm_name(c->algorithm))) &&
           (!c->has_auts || put_auts(c->auts, out));
}

bool digest_put_info(const struct digest_info *i, struct buf *out)
{
    return put_token(out, "qop", qop_name(i->qop)) && put_hash(out, ", rspauth", i->rspauth) &&
           put_quoted(out, ", cnonce", i->cnonce) && put_nc(out, i->nc) &&
           (!i->next_nonce[0] || put_quoted(out, ", nextnonce", i->next_nonce));
}
