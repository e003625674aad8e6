/* Boneh and Franklin's encryption, RFC 5091; the names of the values are its own. */
#include "crypto/ibe_impl.h"

#include "crypto/openssl.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <string.h>

#include "crypto/hash.h"

/* RFC 5091 4.1.1 HashToRange: two hashes, the second over the first, as one number. */
void ibe_bf_hash_to_range(const struct ibe_curve *c, struct span s, const struct ibe_modulus *range,
                          struct ibe_number *r)
{
    uint8_t h[3 * IBE_HASH_MAX] = {0};
    for (int i = 0; i < 2; i++) {
        struct span pieces[] = {span_of(h + (size_t)i * c->hash_n, c->hash_n), s};
        c->hash(pieces, 2, h + (size_t)(i + 1) * c->hash_n);
    }
    ibe_number_read(range, r, span_of(h + c->hash_n, 2 * c->hash_n));
    OPENSSL_cleanse(h, sizeof h);
}

/* RFC 5091 4.2.1 HashBytes */
static void ibe_bf_hash_bytes(const struct ibe_curve *c, struct span seed, uint8_t *out, size_t n)
{
    uint8_t k[IBE_HASH_MAX], h[IBE_HASH_MAX] = {0}, r[IBE_HASH_MAX];
    c->hash(&seed, 1, k);
    for (size_t i = 0; i < n; i += c->hash_n) {
        struct span again = span_of(h, c->hash_n);
        c->hash(&again, 1, h);
        c->hash((struct span[]){again, span_of(k, c->hash_n)}, 2, r);
        memcpy(out + i, r, n - i < c->hash_n ? n - i : c->hash_n);
    }
    OPENSSL_cleanse(k, sizeof k);
    OPENSSL_cleanse(r, sizeof r);
}

/* RFC 5091 4.3.1 Canonical with order 0: the real part first; then hashed. */
static void hash_canonical(const struct ibe_curve *c, const struct ibe_fp2 *v, uint8_t *out)
{
    uint8_t z[2 * IBE_FP_OCTETS];
    struct span piece = span_of(z, 2 * c->field.octets);
    ibe_fp_write(&c->field, &v->a, z);
    ibe_fp_write(&c->field, &v->b, z + c->field.octets);
    c->hash(&piece, 1, out);
    OPENSSL_cleanse(z, sizeof z);
}

/* The first half of RFC 5091 4.4.1 HashToPoint, type 1: a point of any order. Any y has its x, as
 * cubing permutes F_p. */
static void hash_to_curve(const struct ibe_curve *c, struct span id, struct ibe_point *r)
{
    const struct ibe_field *f = &c->field;
    struct ibe_modulus p = {.n = f->n, .octets = f->octets};
    struct ibe_number y;
    uint8_t octets[IBE_FP_OCTETS];
    memcpy(p.v, f->p, sizeof p.v);
    ibe_bf_hash_to_range(c, id, &p, &y);
    ibe_number_write(&p, &y, octets);
    bool ok = ibe_fp_read(f, &r->y, octets);
    assert(ok); /* below p */
    ibe_fp_sqr(f, &r->x, &r->y);
    ibe_fp_sub(f, &r->x, &r->x, &f->one);
    ibe_fp_pow(f, &r->x, &r->x, c->cube_root, f->n);
    r->infinity = false;
}

/* The second half: times the cofactor. */
void ibe_bf_derive_public(const struct ibe_curve *c, struct span id, struct ibe_point *q_id)
{
    struct ibe_point whole;
    hash_to_curve(c, id, &whole);
    ibe_point_mul(c, q_id, &whole, c->cofactor, c->cofactor_n);
}

/* RFC 5091 5.3: S_id = [s]Q_id */
void ibe_bf_extract(const struct ibe_curve *c, const struct ibe_number *s, struct span id,
                    struct ibe_point *key)
{
    struct ibe_point q_id;
    ibe_bf_derive_public(c, id, &q_id);
    ibe_point_mul(c, key, &q_id, s->v, c->q.n);
}

/* e(P_pub, Q_id) = e(P, S_id) */
bool ibe_bf_validate(const struct ibe_public *p, struct span id, const struct ibe_point *key)
{
    const struct ibe_curve *c = p->curve;
    struct ibe_fp2 left, right;
    struct ibe_point q_id;
    ibe_bf_derive_public(c, id, &q_id);
    return !q_id.infinity && !key->infinity &&
           ibe_pairing_fp2(c, &p->point, p->lines, &q_id, &left) &&
           ibe_pairing_fp2(c, &c->base, NULL, key, &right) &&
           ibe_fp_equal(&c->field, &left.a, &right.a) && ibe_fp_equal(&c->field, &left.b, &right.b);
}

/* l = HashToRange(rho || hash(m), q), U = [l]P */
static void hidden_point(const struct ibe_curve *c, const uint8_t *rho, struct span m,
                         struct ibe_number *l, struct ibe_point *u)
{
    uint8_t rho_t[2 * IBE_HASH_MAX];
    memcpy(rho_t, rho, c->hash_n);
    c->hash(&m, 1, rho_t + c->hash_n);
    ibe_bf_hash_to_range(c, span_of(rho_t, 2 * c->hash_n), &c->q, l);
    ibe_comb_mul(c, u, (const struct ibe_comb *[]){c->base_comb}, (const struct ibe_number *[]){l},
                 1);
    OPENSSL_cleanse(rho_t, sizeof rho_t);
}

/* theta^l of RFC 5091 5.4 with theta = e(P_pub, Q_id), Q_id = [h]Q, h the cofactor: e(P_pub,
 * Q)^(hl) saves the multiplication of the point, which would take most of the time. The pairing's
 * second argument may be of any order; its value is of order q. */
static bool theta_power(const struct ibe_public *p, struct span id, const struct ibe_number *l,
                        struct ibe_fp2 *r)
{
    const struct ibe_curve *c = p->curve;
    struct ibe_point point;
    struct ibe_number exponent = {{0}};
    mp_limb_t quotient[IBE_LIMBS + 1];
    hash_to_curve(c, id, &point);
    if (!ibe_pairing_fp2(c, &p->point, p->lines, &point, r))
        return false;
    mpn_tdiv_qr(quotient, exponent.v, 0, c->cofactor, c->field.n, c->q.v, c->q.n);
    ibe_number_mul(&c->q, &exponent, &exponent, l);
    ibe_unitary_pow(c, r, r, exponent.v, c->q.n);
    OPENSSL_cleanse(&exponent, sizeof exponent);
    return true;
}

/* RFC 5091 5.4. false: l is 0, or the name's point has no pairing: no chance in practice. */
bool ibe_bf_encrypt(const struct ibe_public *p, struct span id, struct span m, const uint8_t *rho,
                    struct ibe_point *u, uint8_t *v, uint8_t *w)
{
    const struct ibe_curve *c = p->curve;
    struct ibe_number l;
    struct ibe_fp2 theta;
    uint8_t hidden[IBE_HASH_MAX];
    hidden_point(c, rho, m, &l, u);
    bool ok = !u->infinity && theta_power(p, id, &l, &theta);
    OPENSSL_cleanse(&l, sizeof l);
    if (!ok)
        return false;
    hash_canonical(c, &theta, hidden);
    for (size_t i = 0; i < c->hash_n; i++)
        v[i] = hidden[i] ^ rho[i];
    ibe_bf_hash_bytes(c, span_of(rho, c->hash_n), w, m.n);
    for (size_t i = 0; i < m.n; i++)
        w[i] ^= m.p[i];
    OPENSSL_cleanse(&theta, sizeof theta);
    OPENSSL_cleanse(hidden, sizeof hidden);
    return true;
}

/* RFC 5091 5.5. The pairing is symmetric: the key goes first, for it may have its lines. */
bool ibe_bf_decrypt(const struct ibe_public *p, const struct ibe_point *key,
                    const struct ibe_lines *lines, const struct ibe_point *u, const uint8_t *v,
                    struct span w, uint8_t *m)
{
    const struct ibe_curve *c = p->curve;
    struct ibe_fp2 theta;
    struct ibe_point test;
    struct ibe_number l;
    uint8_t rho[IBE_HASH_MAX];
    if (!ibe_pairing_fp2(c, key, lines, u, &theta))
        return false;
    hash_canonical(c, &theta, rho);
    for (size_t i = 0; i < c->hash_n; i++)
        rho[i] ^= v[i];
    ibe_bf_hash_bytes(c, span_of(rho, c->hash_n), m, w.n);
    for (size_t i = 0; i < w.n; i++)
        m[i] ^= w.p[i];
    hidden_point(c, rho, span_of(m, w.n), &l, &test);
    bool ok = ibe_point_equal(c, &test, u);
    if (!ok)
        OPENSSL_cleanse(m, w.n);
    OPENSSL_cleanse(&theta, sizeof theta);
    OPENSSL_cleanse(&l, sizeof l);
    OPENSSL_cleanse(rho, sizeof rho);
    return ok;
}
