#include "crypto/ibe_impl.h"

#include <assert.h>
#include <string.h>

static_assert(GMP_NUMB_BITS == 64, "limbs of 64 bits, without nails");

/* Twice the limbs: a product before its reduction, always below p R. */
struct wide {
    mp_limb_t v[2 * IBE_LIMBS];
};

/* Big-endian octets as limbs; what exceeds n limbs must be 0. */
static void limbs_read(mp_limb_t *v, mp_size_t n, struct span in)
{
    memset(v, 0, (size_t)n * sizeof *v);
    for (size_t i = 0; i < in.n; i++) {
        size_t place = in.n - 1 - i;
        assert(place / 8 < (size_t)n || !in.p[i]);
        if (place / 8 < (size_t)n)
            v[place / 8] |= (mp_limb_t)in.p[i] << (8 * (place % 8));
    }
}

static void limbs_write(const mp_limb_t *v, uint8_t *out, size_t octets)
{
    for (size_t place = 0; place < octets; place++)
        out[octets - 1 - place] = (uint8_t)(v[place / 8] >> (8 * (place % 8)));
}

static struct span without_zeros(struct span in)
{
    while (in.n && !*in.p)
        in = span_of(in.p + 1, in.n - 1);
    return in;
}

/* ---- F_p ---- */

/* 2^(64 n) mod p, by division: once for a field. */
static void power_of_two(const struct ibe_field *f, mp_size_t n, struct ibe_fp *r)
{
    mp_limb_t power[2 * IBE_LIMBS + 1] = {0}, quotient[2 * IBE_LIMBS + 2];
    power[n] = 1;
    mpn_tdiv_qr(quotient, r->v, 0, power, n + 1, f->p, f->n);
}

void ibe_field_init(struct ibe_field *f, struct span p)
{
    memset(f, 0, sizeof *f);
    p = without_zeros(p);
    assert(p.n >= 2 && p.n <= IBE_FP_OCTETS && (p.p[p.n - 1] & 1));
    f->octets = p.n;
    f->n = (mp_size_t)((p.n + 7) / 8);
    limbs_read(f->p, f->n, p);
    mp_limb_t inverse = 1;
    for (int i = 0; i < 6; i++) /* Newton: correct bits double from 1 to 64 */
        inverse *= 2 - f->p[0] * inverse;
    f->p_inverse = -inverse;
    power_of_two(f, f->n, &f->one);
    power_of_two(f, 2 * f->n, &f->square);
}

/* r = t / R mod p, t below p R. */
static void reduce(const struct ibe_field *f, struct ibe_fp *r, struct wide *t)
{
    mp_size_t n = f->n;
    for (mp_size_t i = 0; i < n; i++)
        t->v[i] = mpn_addmul_1(t->v + i, f->p, n, t->v[i] * f->p_inverse);
    /* The carries of the rounds stand where the limbs they cleared stood. */
    mp_limb_t carry = mpn_add_n(r->v, t->v + n, t->v, n);
    if (carry || mpn_cmp(r->v, f->p, n) >= 0)
        mpn_sub_n(r->v, r->v, f->p, n);
    for (; n < IBE_LIMBS; n++)
        r->v[n] = 0;
}

static void wide_mul(const struct ibe_field *f, struct wide *t, const struct ibe_fp *a,
                     const struct ibe_fp *b)
{
    mpn_mul_n(t->v, a->v, b->v, f->n);
}

/* Modulo p R. */
static void wide_sub(const struct ibe_field *f, struct wide *t, const struct wide *a)
{
    if (mpn_sub_n(t->v, t->v, a->v, 2 * f->n))
        mpn_add_n(t->v + f->n, t->v + f->n, f->p, f->n);
}

void ibe_fp_add(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a,
                const struct ibe_fp *b)
{
    mp_limb_t carry = mpn_add_n(r->v, a->v, b->v, f->n);
    if (carry || mpn_cmp(r->v, f->p, f->n) >= 0)
        mpn_sub_n(r->v, r->v, f->p, f->n);
    for (mp_size_t i = f->n; i < IBE_LIMBS; i++)
        r->v[i] = 0;
}

void ibe_fp_sub(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a,
                const struct ibe_fp *b)
{
    if (mpn_sub_n(r->v, a->v, b->v, f->n))
        mpn_add_n(r->v, r->v, f->p, f->n);
    for (mp_size_t i = f->n; i < IBE_LIMBS; i++)
        r->v[i] = 0;
}

void ibe_fp_neg(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a)
{
    static const struct ibe_fp zero;
    ibe_fp_sub(f, r, &zero, a);
}

void ibe_fp_half(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a)
{
    mp_limb_t carry = 0;
    *r = *a;
    if (r->v[0] & 1)
        carry = mpn_add_n(r->v, r->v, f->p, f->n);
    mpn_rshift(r->v, r->v, f->n, 1);
    r->v[f->n - 1] |= carry << 63;
}

void ibe_fp_mul(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a,
                const struct ibe_fp *b)
{
    struct wide t;
    wide_mul(f, &t, a, b);
    reduce(f, r, &t);
}

void ibe_fp_sqr(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a)
{
    struct wide t;
    mpn_sqr(t.v, a->v, f->n);
    reduce(f, r, &t);
}

void ibe_fp_pow(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a,
                const mp_limb_t *e, mp_size_t e_n)
{
    struct ibe_fp powers[16]; /* four bits a step */
    powers[0] = f->one;
    for (int i = 1; i < 16; i++)
        ibe_fp_mul(f, &powers[i], &powers[i - 1], a);
    struct ibe_fp v = powers[0];
    for (mp_size_t i = e_n - 1; i >= 0; i--)
        for (int shift = 60; shift >= 0; shift -= 4) {
            for (int k = 0; k < 4; k++)
                ibe_fp_sqr(f, &v, &v);
            ibe_fp_mul(f, &v, &v, &powers[e[i] >> shift & 15]);
        }
    *r = v;
}

/* 1/a mod m for 0 < a < m, both of n limbs. false: not coprime. */
static bool invert(mp_limb_t *r, const mp_limb_t *a, const mp_limb_t *m, mp_size_t n)
{
    mp_limb_t u[IBE_LIMBS + 1], v[IBE_LIMBS], gcd[IBE_LIMBS + 1], s[IBE_LIMBS + 1];
    mp_size_t s_n;
    /* mpn_gcdext wants its first operand not below the second, which it is with m added. */
    u[n] = mpn_add_n(u, a, m, n);
    memcpy(v, m, (size_t)n * sizeof v[0]);
    mp_size_t gcd_n = mpn_gcdext(gcd, s, &s_n, u, n + (u[n] != 0), v, n);
    if (gcd_n != 1 || gcd[0] != 1)
        return false;
    memset(r, 0, (size_t)n * sizeof r[0]);
    memcpy(r, s, (size_t)(s_n < 0 ? -s_n : s_n) * sizeof r[0]);
    if (s_n < 0)
        mpn_sub_n(r, m, r, n);
    return true;
}

bool ibe_fp_inv(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a)
{
    struct ibe_fp inverse = {{0}};
    bool ok = !ibe_fp_is_zero(f, a) && invert(inverse.v, a->v, f->p, f->n);
    if (!ok) {
        *r = (struct ibe_fp){{0}};
        return false;
    }
    /* That is 1 / (x R) of a = x R: two factors R are missing. */
    ibe_fp_mul(f, &inverse, &inverse, &f->square);
    ibe_fp_mul(f, r, &inverse, &f->square);
    return true;
}

bool ibe_fp_is_zero(const struct ibe_field *f, const struct ibe_fp *a)
{
    return mpn_zero_p(a->v, f->n);
}

bool ibe_fp_equal(const struct ibe_field *f, const struct ibe_fp *a, const struct ibe_fp *b)
{
    return mpn_cmp(a->v, b->v, f->n) == 0;
}

void ibe_fp_set(const struct ibe_field *f, struct ibe_fp *r, unsigned v)
{
    struct ibe_fp plain = {{v}};
    ibe_fp_mul(f, r, &plain, &f->square);
}

bool ibe_fp_read(const struct ibe_field *f, struct ibe_fp *r, const uint8_t *in)
{
    struct ibe_fp plain = {{0}};
    limbs_read(plain.v, f->n, span_of(in, f->octets));
    if (mpn_cmp(plain.v, f->p, f->n) >= 0)
        return false;
    ibe_fp_mul(f, r, &plain, &f->square);
    return true;
}

void ibe_fp_write(const struct ibe_field *f, const struct ibe_fp *a, uint8_t *out)
{
    struct wide t = {{0}};
    struct ibe_fp plain;
    memcpy(t.v, a->v, (size_t)f->n * sizeof t.v[0]);
    reduce(f, &plain, &t);
    limbs_write(plain.v, out, f->octets);
}

/* Karatsuba, and two reductions instead of three. */
void ibe_fp2_mul(const struct ibe_field *f, struct ibe_fp2 *r, const struct ibe_fp2 *x,
                 const struct ibe_fp2 *y)
{
    struct wide aa, bb, both;
    struct ibe_fp s, t;
    ibe_fp_add(f, &s, &x->a, &x->b);
    ibe_fp_add(f, &t, &y->a, &y->b);
    wide_mul(f, &aa, &x->a, &y->a);
    wide_mul(f, &bb, &x->b, &y->b);
    wide_mul(f, &both, &s, &t);
    wide_sub(f, &both, &aa);
    wide_sub(f, &both, &bb);
    wide_sub(f, &aa, &bb);
    reduce(f, &r->a, &aa);
    reduce(f, &r->b, &both);
}

/* (a + b)(a - b) + i 2ab */
void ibe_fp2_sqr(const struct ibe_field *f, struct ibe_fp2 *r, const struct ibe_fp2 *x)
{
    struct ibe_fp sum, difference, product;
    ibe_fp_add(f, &sum, &x->a, &x->b);
    ibe_fp_sub(f, &difference, &x->a, &x->b);
    ibe_fp_mul(f, &product, &x->a, &x->b);
    ibe_fp_mul(f, &r->a, &sum, &difference);
    ibe_fp_add(f, &r->b, &product, &product);
}

/* ---- numbers ---- */

void ibe_modulus_init(struct ibe_modulus *m, struct span octets)
{
    memset(m, 0, sizeof *m);
    octets = without_zeros(octets);
    assert(octets.n && octets.n <= IBE_FP_OCTETS);
    m->octets = octets.n;
    m->n = (mp_size_t)((octets.n + 7) / 8);
    limbs_read(m->v, m->n, octets);
    m->bits = 8 * octets.n;
    for (unsigned top = octets.p[0]; !(top & 0x80); top <<= 1)
        m->bits--;
}

#define READ_LIMBS 64 /* a step of ibe_number_read */

void ibe_number_read(const struct ibe_modulus *m, struct ibe_number *r, struct span in)
{
    mp_limb_t part[READ_LIMBS], quotient[READ_LIMBS + 1], rest[IBE_LIMBS] = {0};
    /* The rest so far stands above the next octets. */
    size_t step = 8 * (READ_LIMBS - IBE_LIMBS);
    for (size_t i = 0; i < in.n; i += step) {
        size_t n = in.n - i < step ? in.n - i : step;
        uint8_t octets[8 * READ_LIMBS];
        limbs_write(rest, octets, 8 * (size_t)m->n);
        memcpy(octets + 8 * (size_t)m->n, in.p + i, n);
        limbs_read(part, READ_LIMBS, span_of(octets, 8 * (size_t)m->n + n));
        mpn_tdiv_qr(quotient, rest, 0, part, READ_LIMBS, m->v, m->n);
    }
    memset(r, 0, sizeof *r);
    memcpy(r->v, rest, (size_t)m->n * sizeof rest[0]);
}

void ibe_number_write(const struct ibe_modulus *m, const struct ibe_number *a, uint8_t *out)
{
    limbs_write(a->v, out, m->octets);
}

void ibe_number_add(const struct ibe_modulus *m, struct ibe_number *r, const struct ibe_number *a,
                    const struct ibe_number *b)
{
    mp_limb_t carry = mpn_add_n(r->v, a->v, b->v, m->n);
    if (carry || mpn_cmp(r->v, m->v, m->n) >= 0)
        mpn_sub_n(r->v, r->v, m->v, m->n);
    memset(r->v + m->n, 0, (size_t)(IBE_LIMBS - m->n) * sizeof r->v[0]);
}

void ibe_number_mul(const struct ibe_modulus *m, struct ibe_number *r, const struct ibe_number *a,
                    const struct ibe_number *b)
{
    mp_limb_t product[2 * IBE_LIMBS], quotient[IBE_LIMBS + 1];
    mpn_mul_n(product, a->v, b->v, m->n);
    memset(r, 0, sizeof *r);
    mpn_tdiv_qr(quotient, r->v, 0, product, 2 * m->n, m->v, m->n);
}

bool ibe_number_inv(const struct ibe_modulus *m, struct ibe_number *r, const struct ibe_number *a)
{
    struct ibe_number inverse = {{0}};
    bool ok = !ibe_number_is_zero(m, a) && invert(inverse.v, a->v, m->v, m->n);
    *r = inverse;
    return ok;
}

bool ibe_number_is_zero(const struct ibe_modulus *m, const struct ibe_number *a)
{
    return mpn_zero_p(a->v, m->n);
}
