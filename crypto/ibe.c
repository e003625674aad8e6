#include "crypto/ibe_impl.h"

#include "crypto/openssl.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "crypto/cipher.h"
#include "crypto/kdf.h"
#include "sim/base/xalloc.h"

#define ID_MAX   (IBE_PERIOD_LEN + 1 + IBE_NAME_MAX + 1)
#define HASH_LEN 32 /* of both parameter sets */
#define LABEL    "EAP-IBAKE IBE"

struct ibe_authority {
    struct ibe_number secret; /* SAKKE: z; BF: s */
    struct ibe_public *public;
};

struct ibe_user {
    char name[IBE_NAME_MAX + 1], period[IBE_PERIOD_LEN + 1];
    struct private_key {
        const struct ibe_public *public; /* NULL: none */
        struct ibe_point point;
        struct ibe_lines *lines; /* may be NULL */
    } keys[IBE_SCHEMES];         /* by scheme - 1 */
};

const char *ibe_scheme_name(enum ibe_scheme scheme)
{
    return scheme == IBE_SAKKE ? "sakke" : "bf";
}

size_t ibe_point_len(enum ibe_scheme scheme)
{
    return scheme == IBE_SAKKE ? 257 : IBE_POINT_MAX;
}

size_t ibe_capsule_len(enum ibe_scheme scheme)
{
    return ibe_point_len(scheme) + (scheme == IBE_SAKKE ? 0 : HASH_LEN) + IBE_SSV_LEN;
}

/* ---- names ---- */

static bool is_period(const char *period)
{
    static const char form[] = "dddd-dd";
    for (size_t i = 0; form[i]; i++)
        if (form[i] == '-' ? period[i] != '-' : period[i] < '0' || period[i] > '9')
            return false;
    int month = 10 * (period[5] - '0') + period[6] - '0';
    return !period[IBE_PERIOD_LEN] && month >= 1 && month <= 12;
}

bool ibe_is_name(const char *name, const char *period)
{
    size_t n = strnlen(name, IBE_NAME_MAX + 1);
    return n >= 1 && n <= IBE_NAME_MAX && is_period(period);
}

/* An empty span: not a name. */
static struct span key_string(const char *name, const char *period, uint8_t id[ID_MAX])
{
    if (!ibe_is_name(name, period))
        return span_of(NULL, 0);
    size_t n = strlen(name) + 1;
    memcpy(id, period, IBE_PERIOD_LEN + 1);
    memcpy(id + IBE_PERIOD_LEN + 1, name, n);
    return span_of(id, IBE_PERIOD_LEN + 1 + n);
}

/* ---- public parameters ---- */

static struct ibe_public *public_new(enum ibe_scheme scheme, const struct ibe_point *point)
{
    struct ibe_public *p = xcalloc(1, sizeof *p);
    p->scheme = scheme;
    p->curve = ibe_curve_of(scheme);
    p->point = *point;
    if (scheme == IBE_SAKKE)
        p->comb = ibe_comb_new(p->curve, point);
    else
        p->lines = ibe_lines_new(p->curve, point);
    return p;
}

enum err ibe_public_read(enum ibe_scheme scheme, struct span point, struct ibe_public **out)
{
    const struct ibe_curve *c = ibe_curve_of(scheme);
    struct ibe_point p;
    if (!ibe_point_read(c, &p, point) || !ibe_point_has_order_q(c, &p))
        return ERR_FORMAT;
    *out = public_new(scheme, &p);
    return OK;
}

void ibe_public_free(struct ibe_public *p)
{
    if (!p)
        return;
    ibe_comb_free(p->comb);
    ibe_lines_free(p->lines);
    free(p);
}

void ibe_public_write(const struct ibe_public *p, uint8_t point[IBE_POINT_MAX])
{
    ibe_point_write(p->curve, &p->point, point);
}

enum ibe_scheme ibe_public_scheme(const struct ibe_public *p)
{
    return p->scheme;
}

/* ---- the authority ---- */

static struct ibe_authority *authority_with(enum ibe_scheme scheme, const struct ibe_number *secret)
{
    const struct ibe_curve *c = ibe_curve_of(scheme);
    struct ibe_authority *a = xcalloc(1, sizeof *a);
    struct ibe_point point;
    a->secret = *secret;
    ibe_comb_mul(c, &point, (const struct ibe_comb *[]){c->base_comb},
                 (const struct ibe_number *[]){secret}, 1);
    a->public = public_new(scheme, &point);
    return a;
}

struct ibe_authority *ibe_authority_new(enum ibe_scheme scheme, struct rng *stream)
{
    const struct ibe_curve *c = ibe_curve_of(scheme);
    struct ibe_number secret = {{0}};
    uint8_t octets[IBE_FP_OCTETS + 8];
    while (ibe_number_is_zero(&c->q, &secret)) {
        size_t n = c->q.octets + 8; /* so that the remainder is as good as uniform */
        rng_bytes(stream, octets, n);
        ibe_number_read(&c->q, &secret, span_of(octets, n));
    }
    struct ibe_authority *a = authority_with(scheme, &secret);
    OPENSSL_cleanse(octets, sizeof octets);
    OPENSSL_cleanse(&secret, sizeof secret);
    return a;
}

enum err ibe_authority_restore(enum ibe_scheme scheme, struct span secret,
                               struct ibe_authority **out)
{
    const struct ibe_curve *c = ibe_curve_of(scheme);
    struct ibe_number number;
    uint8_t octets[IBE_FP_OCTETS];
    while (secret.n && !*secret.p)
        secret = span_of(secret.p + 1, secret.n - 1);
    ibe_number_read(&c->q, &number, secret);
    ibe_number_write(&c->q, &number, octets);
    size_t zeros = c->q.octets - secret.n; /* wraps when the secret is too long */
    if (!secret.n || secret.n > c->q.octets || memcmp(octets + zeros, secret.p, secret.n) != 0)
        return ERR_RANGE;
    *out = authority_with(scheme, &number);
    OPENSSL_cleanse(octets, sizeof octets);
    OPENSSL_cleanse(&number, sizeof number);
    return OK;
}

void ibe_authority_free(struct ibe_authority *a)
{
    if (!a)
        return;
    ibe_public_free(a->public);
    OPENSSL_cleanse(a, sizeof *a);
    free(a);
}

const struct ibe_public *ibe_authority_public(const struct ibe_authority *a)
{
    return a->public;
}

static enum err extract(const struct ibe_authority *a, struct meter *m, const char *name,
                        const char *period, struct ibe_point *key)
{
    uint8_t octets[ID_MAX];
    struct span id = key_string(name, period, octets);
    if (!id.n)
        return ERR_RANGE;
    if (a->public->scheme == IBE_BF) {
        meter_add(m, OP_BF_EXTRACT, 1, 0);
        ibe_bf_extract(a->public->curve, &a->secret, id, key);
        return key->infinity ? ERR_RANGE : OK;
    }
    meter_add(m, OP_SAKKE_EXTRACT, 1, 0);
    return ibe_sakke_extract(a->public->curve, &a->secret, id, key) ? OK : ERR_RANGE;
}

enum err ibe_extract(const struct ibe_authority *a, struct meter *m, const char *name,
                     const char *period, uint8_t key[IBE_POINT_MAX])
{
    struct ibe_point point;
    enum err err = extract(a, m, name, period, &point);
    if (!err)
        ibe_point_write(a->public->curve, &point, key);
    OPENSSL_cleanse(&point, sizeof point);
    return err;
}

/* ---- the user ---- */

struct ibe_user *ibe_user_new(const char *name, const char *period)
{
    if (!ibe_is_name(name, period))
        return NULL;
    struct ibe_user *u = xcalloc(1, sizeof *u);
    memcpy(u->name, name, strlen(name));
    memcpy(u->period, period, IBE_PERIOD_LEN);
    return u;
}

void ibe_user_free(struct ibe_user *u)
{
    if (!u)
        return;
    for (int i = 0; i < IBE_SCHEMES; i++)
        ibe_lines_free(u->keys[i].lines);
    OPENSSL_cleanse(u, sizeof *u);
    free(u);
}

static void take_key(struct ibe_user *u, const struct ibe_public *p, const struct ibe_point *point)
{
    struct private_key *key = &u->keys[p->scheme - 1];
    ibe_lines_free(key->lines);
    *key = (struct private_key){.public = p, .point = *point};
}

enum err ibe_user_install(struct ibe_user *u, const struct ibe_public *p, struct meter *m,
                          struct span key)
{
    uint8_t octets[ID_MAX];
    struct span id = key_string(u->name, u->period, octets);
    struct ibe_point point;
    bool ok;
    if (!ibe_point_read(p->curve, &point, key) || !ibe_point_has_order_q(p->curve, &point))
        return ERR_FORMAT;
    if (p->scheme == IBE_SAKKE) {
        meter_add(m, OP_SAKKE_DERIVE, 1, 0);
        ok = ibe_sakke_validate(p, id, &point);
    } else {
        meter_add(m, OP_BF_DECRYPT, 1, 0);
        ok = ibe_bf_validate(p, id, &point);
    }
    if (ok)
        take_key(u, p, &point);
    OPENSSL_cleanse(&point, sizeof point);
    return ok ? OK : ERR_INTEGRITY;
}

enum err ibe_user_issue(struct ibe_user *u, const struct ibe_authority *a, struct meter *m)
{
    struct ibe_point point;
    enum err err = extract(a, m, u->name, u->period, &point);
    if (!err)
        take_key(u, a->public, &point);
    OPENSSL_cleanse(&point, sizeof point);
    return err;
}

void ibe_user_prepare(struct ibe_user *u)
{
    for (int i = 0; i < IBE_SCHEMES; i++) {
        struct private_key *key = &u->keys[i];
        if (key->public && !key->lines)
            key->lines = ibe_lines_new(key->public->curve, &key->point);
    }
}

const char *ibe_user_name(const struct ibe_user *u)
{
    return u->name;
}

const char *ibe_user_period(const struct ibe_user *u)
{
    return u->period;
}

const struct ibe_public *ibe_user_public(const struct ibe_user *u, enum ibe_scheme scheme)
{
    return u->keys[scheme - 1].public;
}

/* ---- encapsulation ---- */

enum err ibe_encapsulate(const struct ibe_public *p, struct meter *m, struct rng *stream,
                         const char *name, const char *period, uint8_t ssv[IBE_SSV_LEN],
                         uint8_t capsule[IBE_CAPSULE_MAX])
{
    uint8_t octets[ID_MAX], rho[HASH_LEN];
    struct span id = key_string(name, period, octets);
    if (!id.n)
        return ERR_RANGE;
    rng_bytes(stream, ssv, IBE_SSV_LEN);
    meter_add(m, OP_RANDOM, 1, IBE_SSV_LEN);
    if (p->scheme == IBE_SAKKE) {
        meter_add(m, OP_SAKKE_ENCAPSULATE, 1, 0);
        return ibe_sakke_encapsulate(p, id, ssv, capsule) ? OK : ERR_CRYPTO;
    }
    struct ibe_point u;
    uint8_t *v = capsule + IBE_POINT_MAX, *w = v + HASH_LEN;
    rng_bytes(stream, rho, sizeof rho);
    meter_add(m, OP_RANDOM, 1, sizeof rho);
    meter_add(m, OP_BF_ENCRYPT, 1, 0);
    bool ok = ibe_bf_encrypt(p, id, span_of(ssv, IBE_SSV_LEN), rho, &u, v, w);
    if (ok)
        ibe_point_write(p->curve, &u, capsule);
    OPENSSL_cleanse(rho, sizeof rho);
    return ok ? OK : ERR_CRYPTO;
}

static bool derive_bf(const struct private_key *key, struct span capsule, uint8_t ssv[IBE_SSV_LEN])
{
    const uint8_t *v = capsule.p + IBE_POINT_MAX, *w = v + HASH_LEN;
    struct ibe_point u;
    return ibe_point_read(key->public->curve, &u, span_of(capsule.p, IBE_POINT_MAX)) &&
           ibe_bf_decrypt(key->public, &key->point, key->lines, &u, v, span_of(w, IBE_SSV_LEN),
                          ssv);
}

enum err ibe_derive(const struct ibe_user *u, enum ibe_scheme scheme, struct meter *m,
                    struct span capsule, uint8_t ssv[IBE_SSV_LEN])
{
    const struct private_key *key = &u->keys[scheme - 1];
    uint8_t octets[ID_MAX];
    bool ok = false;
    memset(ssv, 0, IBE_SSV_LEN);
    if (!key->public)
        return ERR_STATE;
    if (capsule.n != ibe_capsule_len(scheme))
        return ERR_INTEGRITY;
    if (scheme == IBE_SAKKE) {
        meter_add(m, OP_SAKKE_DERIVE, 1, 0);
        ok = ibe_sakke_derive(key->public, key_string(u->name, u->period, octets), &key->point,
                              key->lines, capsule, ssv);
    } else {
        meter_add(m, OP_BF_DECRYPT, 1, 0);
        ok = derive_bf(key, capsule, ssv);
    }
    return ok ? OK : ERR_INTEGRITY;
}

/* ---- texts of any length ---- */

static void content_key(struct meter *m, enum ibe_scheme scheme, const uint8_t ssv[IBE_SSV_LEN],
                        uint8_t key[CIPHER_KEY])
{
    uint8_t prk[32], number = (uint8_t)scheme;
    struct span info[] = {span_str(LABEL), span_of(&number, 1)};
    kdf_hkdf_extract(m, span_of(NULL, 0), span_of(ssv, IBE_SSV_LEN), prk);
    kdf_hkdf_expand(m, span_of(prk, sizeof prk), info, 2, key, CIPHER_KEY);
    OPENSSL_cleanse(prk, sizeof prk);
}

static const uint8_t no_nonce[CIPHER_GCM_NONCE];

enum err ibe_seal(const struct ibe_public *p, struct meter *m, struct rng *stream, const char *name,
                  const char *period, struct span header, struct span plain, struct buf *out)
{
    uint8_t ssv[IBE_SSV_LEN], key[CIPHER_KEY], capsule[IBE_CAPSULE_MAX];
    size_t capsule_n = ibe_capsule_len(p->scheme), n = capsule_n + plain.n + IBE_TAG_LEN;
    uint8_t *room = buf_room(out, n);
    if (!room)
        return ERR_RANGE;
    enum err err = ibe_encapsulate(p, m, stream, name, period, ssv, capsule);
    if (err)
        return err;
    memcpy(room, capsule, capsule_n);
    content_key(m, p->scheme, ssv, key);
    cipher_gcm_seal(m, key, no_nonce, header, plain, room + capsule_n, room + capsule_n + plain.n);
    buf_added(out, n);
    OPENSSL_cleanse(ssv, sizeof ssv);
    OPENSSL_cleanse(key, sizeof key);
    return OK;
}

enum err ibe_open(const struct ibe_user *u, enum ibe_scheme scheme, struct meter *m,
                  struct span header, struct span sealed, struct buf *plain)
{
    uint8_t ssv[IBE_SSV_LEN], key[CIPHER_KEY];
    size_t capsule_n = ibe_capsule_len(scheme);
    if (!ibe_user_public(u, scheme))
        return ERR_STATE;
    if (sealed.n < capsule_n + IBE_TAG_LEN)
        return ERR_INTEGRITY;
    struct span text = span_of(sealed.p + capsule_n, sealed.n - capsule_n - IBE_TAG_LEN);
    uint8_t *room = buf_room(plain, text.n);
    if (!room)
        return ERR_RANGE;
    enum err err = ibe_derive(u, scheme, m, span_of(sealed.p, capsule_n), ssv);
    if (err)
        return err;
    content_key(m, scheme, ssv, key);
    bool ok = cipher_gcm_open(m, key, no_nonce, header, text, text.p + text.n, room);
    if (ok)
        buf_added(plain, text.n);
    OPENSSL_cleanse(ssv, sizeof ssv);
    OPENSSL_cleanse(key, sizeof key);
    return ok ? OK : ERR_INTEGRITY;
}
