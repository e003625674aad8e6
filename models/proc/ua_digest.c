#include "models/proc/ua_digest.h"

#include "crypto/hash.h"

#include <stdio.h>
#include <string.h>

/* The first, and one for a nonce that went stale. */
#define MAX_CHALLENGES 2
#define CNONCE_OCTETS  16

void ua_digest_init(struct ua_digest *d, const char *naf, const char *btid, enum gba_key key,
                    bool bare)
{
    memset(d, 0, sizeof(*d));
    snprintf(d->naf, sizeof(d->naf), "%s", naf);
    snprintf(d->btid, sizeof(d->btid), "%s", btid);
    snprintf(d->user_agent, sizeof(d->user_agent), "m2msim %s", gba_product(key));
    d->key = key;
    d->bare = bare;
}

/* TS 33.222 5.3: the password is base64(Ks_(ext/int)_NAF). false: the slot is empty. */
static bool password(const struct proto_env *env, char out[GBA_PASSWORD_LEN + 1])
{
    uint8_t key[GBA_KEY_LEN];

    if (!se_eap_psk(env->se, SE_KS_NAF, key))
        return false;
    gba_password(key, out);
    explicit_bzero(key, sizeof(key));
    return true;
}

/* TS 24.109 5.2.4, 5.2.5: a realm of GBA and of this NAF; and a challenge that comes again without
 * being stale asks for another bootstrapping. */
static enum reason check(const struct ua_digest *d, const struct digest_challenge *c)
{
    enum gba_key key;

    if (c->algorithm != DIGEST_MD5 || !c->qop)
        return REASON_DIGEST_UNSUPPORTED;
    if (!gba_realm_parse(c->realm, d->naf, &key) || key != d->key)
        return REASON_GBA_CHALLENGE;
    if (d->challenges > 0 && !c->stale)
        return REASON_GBA_RENEGOTIATE;
    return d->challenges == MAX_CHALLENGES ? REASON_GBA_CHALLENGE : REASON_NONE;
}

static void fill(struct ua_digest *d, struct proto_env *env, const struct digest_challenge *c,
                 const char *target)
{
    struct digest_credentials *k = &d->credentials;
    unsigned wanted = d->bare ? DIGEST_AUTH_INT : DIGEST_AUTH;
    uint8_t octets[CNONCE_OCTETS];

    snprintf(k->username, sizeof(k->username), "%s", d->btid);
    snprintf(k->uri, sizeof(k->uri), "%s", target);
    memcpy(k->realm, c->realm, sizeof(k->realm));
    memcpy(k->nonce, c->nonce, sizeof(k->nonce));
    memcpy(k->opaque, c->opaque, sizeof(k->opaque));
    k->algorithm = DIGEST_MD5;
    k->qop = c->qop & wanted ? wanted : c->qop;
    k->nc = 1;
    rng_bytes(env->stream, octets, sizeof(octets));
    meter_add(env->meter, OP_RANDOM, 1, sizeof(octets));
    hex_encode(octets, sizeof(octets), k->cnonce);
    k->has_response = true;
}

enum reason ua_digest_answer(struct ua_digest *d, struct proto_env *env,
                             const struct http_message *m, const char *method, const char *target,
                             struct span body, struct buf *value)
{
    char word[GBA_PASSWORD_LEN + 1];
    struct digest_challenge c;
    enum reason reason = digest_read_challenge(m->www_authenticate, &c);

    if (!reason)
        reason = check(d, &c);
    if (reason)
        return reason;
    if (!password(env, word))
        return REASON_KEY_ERASED;
    d->challenges++;
    fill(d, env, &c, target);
    digest_response(env->meter, &d->credentials, span_str(word), method, body,
                    d->credentials.response);
    explicit_bzero(word, sizeof(word));
    return digest_put_credentials(&d->credentials, value) && buf_put(value, "", 1)
               ? REASON_NONE
               : REASON_HTTP_TOO_LARGE;
}

bool ua_digest_is_from_naf(const struct ua_digest *d, struct proto_env *env,
                           const struct http_message *m)
{
    const struct digest_credentials *k = &d->credentials;
    char word[GBA_PASSWORD_LEN + 1];
    struct digest_info i;
    uint8_t wanted[16];

    if (!k->qop || digest_read_info(m->authentication_info, &i) || i.qop != k->qop ||
        i.nc != k->nc || strcmp(i.cnonce, k->cnonce) != 0 || !password(env, word))
        return false;
    digest_rspauth(env->meter, k, span_str(word), m->body, wanted);
    explicit_bzero(word, sizeof(word));
    return hash_equal(wanted, i.rspauth, sizeof(wanted));
}
