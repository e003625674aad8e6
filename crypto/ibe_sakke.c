/* SAKKE, RFC 6508; the names of the values are its own. */
#include "crypto/ibe_impl.h"

#include "crypto/openssl.h"

#include <openssl/crypto.h>
#include <string.h>

#include "crypto/hash.h"

#define PIECES_MAX 2

/* RFC 6508 5.1: the hashes v_i that HashToIntegerRange puts one after the other. */
static void stretch(const struct ibe_curve *c, const struct span *pieces, size_t n, uint8_t *out,
                    size_t octets)
{
    uint8_t a[IBE_HASH_MAX], h[IBE_HASH_MAX] = {0}, v[IBE_HASH_MAX];
    c->hash(pieces, n, a);
    for (size_t i = 0; i < octets; i += c->hash_n) {
        struct span again = span_of(h, c->hash_n);
        c->hash(&again, 1, h);
        c->hash((struct span[]){again, span_of(a, c->hash_n)}, 2, v);
        memcpy(out + i, v, octets - i < c->hash_n ? octets - i : c->hash_n);
    }
    OPENSSL_cleanse(a, sizeof a);
    OPENSSL_cleanse(v, sizeof v);
}

void ibe_sakke_hash_to_range(const struct ibe_curve *c, const struct span *pieces, size_t n,
                             const struct ibe_modulus *range, struct ibe_number *r)
{
    uint8_t v[IBE_FP_OCTETS + IBE_HASH_MAX];
    /* l = Ceiling(lg(n) / hashlen) of them, whole. */
    size_t octets = (range->octets + c->hash_n - 1) / c->hash_n * c->hash_n;
    stretch(c, pieces, n, v, octets);
    ibe_number_read(range, r, span_of(v, octets));
    OPENSSL_cleanse(v, sizeof v);
}

/* HashToIntegerRange(w, 2^n): the remainder by 2^128 is the last 16 octets. */
static void mask(const struct ibe_curve *c, const struct ibe_fp *w, const uint8_t *in,
                 uint8_t out[IBE_SSV_LEN])
{
    uint8_t octets[IBE_FP_OCTETS], v[IBE_HASH_MAX];
    struct span piece = span_of(octets, c->field.octets);
    ibe_fp_write(&c->field, w, octets);
    stretch(c, &piece, 1, v, c->hash_n);
    for (size_t i = 0; i < IBE_SSV_LEN; i++)
        out[i] = in[i] ^ v[c->hash_n - IBE_SSV_LEN + i];
    OPENSSL_cleanse(octets, sizeof octets);
    OPENSSL_cleanse(v, sizeof v);
}

/* [b]P + Z_S */
static void public_point(const struct ibe_public *p, const struct ibe_number *b,
                         struct ibe_point *r)
{
    struct ibe_jacobian t;
    ibe_comb_mul(p->curve, r, (const struct ibe_comb *[]){p->curve->base_comb},
                 (const struct ibe_number *[]){b}, 1);
    ibe_jacobian_set(p->curve, &t, r);
    ibe_jacobian_add(p->curve, &t, &p->point, NULL);
    ibe_jacobian_affine(p->curve, &t, r);
}

/* [r]([b]P + Z_S) as [rb]P + [r]Z_S: two points that have tables. */
static void hidden_point(const struct ibe_public *p, const struct ibe_number *b,
                         const struct ibe_number *r, struct ibe_point *out)
{
    struct ibe_number rb;
    ibe_number_mul(&p->curve->q, &rb, r, b);
    ibe_comb_mul(p->curve, out, (const struct ibe_comb *[]){p->curve->base_comb, p->comb},
                 (const struct ibe_number *[]){&rb, r}, 2);
    OPENSSL_cleanse(&rb, sizeof rb);
}

/* RFC 6508 6.1.1: K_(a,S) = [(a + z_S)^-1]P. false: a = -z_S. */
bool ibe_sakke_extract(const struct ibe_curve *c, const struct ibe_number *z, struct span id,
                       struct ibe_point *key)
{
    struct ibe_number a;
    ibe_number_read(&c->q, &a, id);
    ibe_number_add(&c->q, &a, &a, z);
    bool ok = ibe_number_inv(&c->q, &a, &a);
    if (ok)
        ibe_comb_mul(c, key, (const struct ibe_comb *[]){c->base_comb},
                     (const struct ibe_number *[]){&a}, 1);
    OPENSSL_cleanse(&a, sizeof a);
    return ok;
}

/* RFC 6508 6.1.2: < [a]P + Z, K > = g. */
bool ibe_sakke_validate(const struct ibe_public *p, struct span id, const struct ibe_point *key)
{
    struct ibe_number a, one = {{1}};
    struct ibe_point point;
    struct ibe_fp w, g;
    ibe_number_read(&p->curve->q, &a, id);
    public_point(p, &a, &point);
    return !point.infinity && !key->infinity && ibe_pairing_fp(p->curve, &point, NULL, key, &w) &&
           ibe_comb_fp2_pow(p->curve, ibe_sakke_g(), &one, &g) &&
           ibe_fp_equal(&p->curve->field, &w, &g);
}

static void hash_r(const struct ibe_curve *c, const uint8_t ssv[IBE_SSV_LEN], struct span id,
                   struct ibe_number *r)
{
    struct span pieces[] = {span_of(ssv, IBE_SSV_LEN), id};
    ibe_sakke_hash_to_range(c, pieces, 2, &c->q, r);
}

/* RFC 6508 6.2.1. false: r is 0, or [b]P + Z_S infinity: no chance in practice. */
bool ibe_sakke_encapsulate(const struct ibe_public *p, struct span id,
                           const uint8_t ssv[IBE_SSV_LEN], uint8_t *out)
{
    const struct ibe_curve *c = p->curve;
    struct ibe_number b, r;
    struct ibe_point point;
    struct ibe_fp g;
    ibe_number_read(&c->q, &b, id);
    hash_r(c, ssv, id, &r);
    hidden_point(p, &b, &r, &point);
    bool ok = !point.infinity && ibe_comb_fp2_pow(c, ibe_sakke_g(), &r, &g);
    if (ok) {
        ibe_point_write(c, &point, out);
        mask(c, &g, ssv, out + ibe_point_octets(c));
    }
    OPENSSL_cleanse(&r, sizeof r);
    OPENSSL_cleanse(&g, sizeof g);
    return ok;
}

/* RFC 6508 6.2.2. The pairing is symmetric: the key goes first, for it may have its lines. */
bool ibe_sakke_derive(const struct ibe_public *p, struct span id, const struct ibe_point *key,
                      const struct ibe_lines *lines, struct span in, uint8_t ssv[IBE_SSV_LEN])
{
    const struct ibe_curve *c = p->curve;
    size_t point_n = ibe_point_octets(c);
    struct ibe_point point, test;
    struct ibe_number b, r;
    struct ibe_fp w;
    if (in.n != point_n + IBE_SSV_LEN || !ibe_point_read(c, &point, span_of(in.p, point_n)) ||
        !ibe_pairing_fp(c, key, lines, &point, &w))
        return false;
    mask(c, &w, in.p + point_n, ssv);
    ibe_number_read(&c->q, &b, id);
    hash_r(c, ssv, id, &r);
    hidden_point(p, &b, &r, &test);
    bool ok = ibe_point_equal(c, &test, &point);
    if (!ok)
        OPENSSL_cleanse(ssv, IBE_SSV_LEN);
    OPENSSL_cleanse(&r, sizeof r);
    OPENSSL_cleanse(&w, sizeof w);
    return ok;
}
