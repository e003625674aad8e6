#include "models/proc/naf.h"

#include "crypto/hash.h"

#include <stdio.h>
#include <string.h>

#define NONCE_OCTETS 16

void naf_init(struct naf *n, struct proto_env *env, const struct naf_settings *settings,
              bool has_context)
{
    memset(n, 0, sizeof(*n));
    n->settings = *settings;
    n->env = env;
    n->bare = !has_context;
    n->psk = has_context && tls_suite_is_psk(settings->suite);
}

void naf_release(struct naf *n)
{
    explicit_bzero(&n->about, sizeof(n->about));
}

/* ---- Zn ---- */

/* true: the BSF has to say; false: it has said already, or the NAF's name is too long for any. */
static bool ask(struct naf *n, const char *btid)
{
    struct zn_request *q = &n->query;
    const char *fqdn = n->settings.fqdn;
    bool named;

    /* A refusal stands for the request that brought it, a key for the session. */
    if (n->known && (n->answered || !n->about.reason) && strcmp(q->btid, btid) == 0) {
        n->answered = false;
        return false;
    }
    memset(q, 0, sizeof(*q));
    snprintf(q->btid, sizeof(q->btid), "%s", btid);
    q->gba_u_aware = n->settings.uicc_keys;
    named = n->bare ? gba_naf_digest(fqdn, &q->naf)
                    : gba_naf_tls(fqdn, tls_suite_code(n->settings.suite), &q->naf);
    n->known = false;
    n->asking = named;
    return named;
}

void naf_answer(struct naf *n, const struct zn_answer *a)
{
    n->asking = false;
    n->known = n->answered = true;
    n->about = *a;
}

const uint8_t *naf_key(const struct naf *n)
{
    return n->key == GBA_KEY_UICC ? n->about.keys.uicc : n->about.keys.me;
}

/* Whether the BSF gave what the device has to prove. */
static enum reason have_key(const struct naf *n)
{
    if (!n->known)
        return REASON_GBA_BTID;
    if (n->about.reason)
        return n->about.reason;
    return n->key == GBA_KEY_UICC && !n->about.keys.has_uicc ? REASON_GBA_NOT_ALLOWED : REASON_NONE;
}

/* ---- HTTP Digest ---- */

static void password(const struct naf *n, char out[GBA_PASSWORD_LEN + 1])
{
    gba_password(naf_key(n), out);
}

/* Of what a request says, before anybody's key is looked at. */
static enum naf_verdict check(struct naf *n, const struct http_message *m, enum reason *reason)
{
    struct digest_credentials *k = &n->credentials;
    enum gba_key key;

    *reason = digest_read_credentials(m->authorization, k);
    if (*reason)
        return NAF_REFUSED;
    *reason = REASON_BAD_REQUEST;
    if (!k->has_response || strlen(k->username) > GBA_NAME_MAX || strlen(k->uri) != m->target.n ||
        memcmp(k->uri, m->target.p, m->target.n) != 0)
        return NAF_REFUSED;
    *reason = REASON_NONE;
    /* RFC 2617 3.2.2: a nonce that was not given out here, or a count that does not grow, is an
     * old request. */
    if (!n->nonce[0] || strcmp(k->nonce, n->nonce) != 0 || k->nc <= n->nc)
        return NAF_CHALLENGE;
    if (k->algorithm != DIGEST_MD5 || (n->bare && k->qop != DIGEST_AUTH_INT) ||
        !gba_realm_parse(k->realm, n->settings.fqdn, &key) || key != n->key) {
        *reason = REASON_BAD_REQUEST;
        return NAF_REFUSED;
    }
    return NAF_ACCEPTED;
}

static enum naf_verdict verify(struct naf *n, const struct http_message *m, enum reason *reason)
{
    struct digest_credentials *k = &n->credentials;
    char word[GBA_PASSWORD_LEN + 1];
    uint8_t wanted[16];
    bool ok;

    password(n, word);
    digest_response(n->env->meter, k, span_str(word), http_method_name(m->method), m->body, wanted);
    explicit_bzero(word, sizeof(word));
    ok = hash_equal(wanted, k->response, sizeof(wanted));
    *reason = ok ? REASON_NONE : REASON_DIGEST_RESPONSE;
    n->nc = k->nc;
    return ok ? NAF_ACCEPTED : NAF_CHALLENGE;
}

/* TS 33.222 5.3: what the UE says it can, as far as the NAF takes it. */
static void choose_key(struct naf *n, const struct http_message *m)
{
    enum gba_key offered;

    n->key =
        n->settings.uicc_keys && gba_product_find(m->user_agent, &offered) ? offered : GBA_KEY_ME;
}

enum naf_verdict naf_judge(struct naf *n, const struct http_message *m, enum reason *reason)
{
    enum naf_verdict verdict;

    *reason = REASON_NONE;
    memset(&n->credentials, 0, sizeof(n->credentials));
    if (m->authorization.n == 0) {
        choose_key(n, m);
        return NAF_CHALLENGE;
    }
    verdict = check(n, m, reason);
    if (verdict == NAF_ACCEPTED && ask(n, n->credentials.username))
        return NAF_ASKS;
    if (verdict == NAF_ACCEPTED) {
        *reason = have_key(n);
        /* TS 24.109 5.2.5: without a key that is good, another bootstrapping is asked for. */
        if (*reason == REASON_GBA_BTID || *reason == REASON_KEY_EXPIRED)
            verdict = NAF_CHALLENGE;
        else if (*reason)
            verdict = NAF_REFUSED;
        else
            verdict = verify(n, m, reason);
    }
    if (verdict != NAF_ACCEPTED)
        n->credentials.qop = 0;
    return verdict;
}

bool naf_put_challenge(struct naf *n, enum reason why, struct buf *value)
{
    struct digest_challenge c = {.algorithm = DIGEST_MD5};
    uint8_t octets[NONCE_OCTETS];

    /* Stale: an old nonce, from somebody who may know the key (RFC 2617 3.2.1). */
    c.stale = why == REASON_NONE && n->credentials.has_response;
    c.qop = n->bare ? DIGEST_AUTH_INT : DIGEST_AUTH | DIGEST_AUTH_INT;
    rng_bytes(n->env->stream, octets, sizeof(octets));
    meter_add(n->env->meter, OP_RANDOM, 1, sizeof(octets));
    hex_encode(octets, sizeof(octets), n->nonce);
    n->nc = 0;
    n->credentials.has_response = false;
    memcpy(c.nonce, n->nonce, sizeof(n->nonce));
    return gba_realm(n->key, n->settings.fqdn, c.realm, sizeof(c.realm)) &&
           digest_put_challenge(&c, value) && buf_put(value, "", 1);
}

bool naf_put_info(const struct naf *n, struct span body, struct buf *value)
{
    const struct digest_credentials *k = &n->credentials;
    struct digest_info i = {.qop = k->qop, .nc = k->nc};
    char word[GBA_PASSWORD_LEN + 1];

    if (!k->qop)
        return true;
    memcpy(i.cnonce, k->cnonce, sizeof(i.cnonce));
    password(n, word);
    digest_rspauth(n->env->meter, k, span_str(word), body, i.rspauth);
    explicit_bzero(word, sizeof(word));
    return digest_put_info(&i, value) && buf_put(value, "", 1);
}

/* ---- PSK-TLS ---- */

bool naf_psk_identity(struct naf *n, struct span identity)
{
    gba_name btid;

    return gba_psk_identity_parse(identity, &n->key, btid) && ask(n, btid);
}

unsigned naf_psk_find(struct naf *n, struct span identity, uint8_t psk[32], enum reason *reason)
{
    enum gba_key key;
    gba_name btid;

    if (!gba_psk_identity_parse(identity, &key, btid) || key != n->key ||
        strcmp(btid, n->query.btid) != 0)
        return 0;
    *reason = have_key(n);
    if (*reason)
        return 0;
    memcpy(psk, naf_key(n), GBA_KEY_LEN);
    return GBA_KEY_LEN;
}
