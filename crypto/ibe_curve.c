#include "crypto/ibe_impl.h"

#include "crypto/openssl.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "sim/base/xalloc.h"

#define WINDOW     5 /* of point multiplication: digits -15 .. 15, odd */
#define MULTIPLES  8 /* 1, 3, .. 15 times the point */
#define MAX_DIGITS (64 * IBE_LIMBS + 1)

/* ---- a parameter set ---- */

static struct span hex_number(const char *hex, uint8_t out[IBE_FP_OCTETS])
{
    size_t digits = strlen(hex), odd = digits % 2;
    assert(digits <= 2 * IBE_FP_OCTETS);
    char even[2 * IBE_FP_OCTETS + 1] = "0";
    memcpy(even + odd, hex, digits);
    bool ok = hex_decode(even, digits + odd, out, (digits + odd) / 2);
    assert(ok);
    return span_of(out, (digits + odd) / 2);
}

static void read_coordinate(const struct ibe_field *f, const char *hex, struct ibe_fp *r)
{
    uint8_t octets[IBE_FP_OCTETS], padded[IBE_FP_OCTETS] = {0};
    struct span number = hex_number(hex, octets);
    assert(number.n <= f->octets);
    memcpy(padded + f->octets - number.n, number.p, number.n);
    bool ok = ibe_fp_read(f, r, padded);
    assert(ok);
}

/* zeta = (-1 + sqrt(-3)) / 2. Of the two square roots that is the one which gives RFC 5091's own
 * test values (7.3); the formula it prints in 4.5.2 is not a cube root of 1. */
static void zeta_init(struct ibe_curve *c)
{
    const struct ibe_field *f = &c->field;
    mp_limb_t e[IBE_LIMBS + 1];
    struct ibe_fp three;
    e[f->n] = mpn_add_1(e, f->p, f->n, 1);
    mpn_rshift(e, e, f->n + 1, 2); /* (p + 1) / 4: a square root, as p = 3 mod 4 */
    ibe_fp_set(f, &three, 3);
    ibe_fp_pow(f, &c->zeta_b, &three, e, f->n);
    ibe_fp_half(f, &c->zeta_b, &c->zeta_b);
    ibe_fp_neg(f, &c->zeta_b, &c->zeta_b);
    ibe_fp_inv(f, &c->four_thirds, &three);
    ibe_fp_add(f, &c->four_thirds, &c->four_thirds, &f->one);
}

/* x^3 to x, as p = 2 mod 3; and the pairing's last power. */
static void exponents_init(struct ibe_curve *c)
{
    mp_size_t n = c->field.n;
    mp_limb_t e[IBE_LIMBS + 1], product[2 * IBE_LIMBS];
    e[n] = mpn_lshift(e, c->field.p, n, 1);
    mpn_sub_1(e, e, n + 1, 1);
    mpn_divexact_by3(e, e, n + 1);
    memcpy(c->cube_root, e, (size_t)n * sizeof e[0]);
    mpn_rshift(e, c->q.v, c->q.n, 1);
    mpn_add_1(e, e, c->q.n, 1); /* (q - 1) / 2 + 1 */
    mpn_mul(product, c->cofactor, n, e, c->q.n);
    memcpy(c->last_exponent, product, (size_t)n * sizeof e[0]);
}

static void orders_init(struct ibe_curve *c)
{
    const struct ibe_field *f = &c->field;
    mp_limb_t above[IBE_LIMBS + 1], rest[IBE_LIMBS], less[IBE_LIMBS];
    above[f->n] = mpn_add_1(above, f->p, f->n, 1);
    mp_limb_t quotient[IBE_LIMBS + 2] = {0};
    mpn_tdiv_qr(quotient, rest, 0, above, f->n + 1, c->q.v, c->q.n);
    assert(mpn_zero_p(rest, c->q.n)); /* q divides p + 1 */
    memcpy(c->cofactor, quotient, sizeof c->cofactor);
    for (c->cofactor_n = f->n; c->cofactor_n > 1 && !c->cofactor[c->cofactor_n - 1];)
        c->cofactor_n--;
    mpn_sub_1(less, c->q.v, c->q.n, 1);
    c->digits = xcalloc((size_t)(64 * c->q.n + 1), sizeof *c->digits);
    c->digit_count = ibe_naf(less, c->q.n, 2, c->digits);
}

struct ibe_curve *ibe_curve_new(const struct ibe_curve_settings *s)
{
    struct ibe_curve *c = xcalloc(1, sizeof *c);
    uint8_t octets[IBE_FP_OCTETS];
    c->form = s->form;
    c->hash = s->hash;
    c->hash_n = s->hash_n;
    ibe_field_init(&c->field, hex_number(s->p, octets));
    ibe_modulus_init(&c->q, hex_number(s->q, octets));
    orders_init(c);
    if (c->form == IBE_FORM_B1) {
        zeta_init(c);
        exponents_init(c);
    }
    read_coordinate(&c->field, s->px, &c->base.x);
    read_coordinate(&c->field, s->py, &c->base.y);
    c->base_comb = ibe_comb_new(c, &c->base);
    return c;
}

void ibe_curve_free(struct ibe_curve *c)
{
    if (!c)
        return;
    ibe_comb_free(c->base_comb);
    free(c->digits);
    free(c);
}

void ibe_hash_sha256(const struct span *pieces, size_t n, uint8_t out[IBE_HASH_MAX])
{
    hash_sha256_v(NULL, pieces, n, out);
}

/* ---- points ---- */

static bool on_curve(const struct ibe_curve *c, const struct ibe_point *a)
{
    const struct ibe_field *f = &c->field;
    struct ibe_fp left, right, three;
    ibe_fp_sqr(f, &left, &a->y);
    ibe_fp_sqr(f, &right, &a->x);
    if (c->form == IBE_FORM_A3) {
        ibe_fp_set(f, &three, 3);
        ibe_fp_sub(f, &right, &right, &three);
    }
    ibe_fp_mul(f, &right, &right, &a->x);
    if (c->form == IBE_FORM_B1)
        ibe_fp_add(f, &right, &right, &f->one);
    return ibe_fp_equal(f, &left, &right);
}

size_t ibe_point_octets(const struct ibe_curve *c)
{
    return 1 + 2 * c->field.octets;
}

bool ibe_point_read(const struct ibe_curve *c, struct ibe_point *r, struct span in)
{
    size_t n = c->field.octets;
    r->infinity = false;
    return in.n == 1 + 2 * n && in.p[0] == 4 && ibe_fp_read(&c->field, &r->x, in.p + 1) &&
           ibe_fp_read(&c->field, &r->y, in.p + 1 + n) && on_curve(c, r);
}

void ibe_point_write(const struct ibe_curve *c, const struct ibe_point *a, uint8_t *out)
{
    assert(!a->infinity);
    out[0] = 4;
    ibe_fp_write(&c->field, &a->x, out + 1);
    ibe_fp_write(&c->field, &a->y, out + 1 + c->field.octets);
}

bool ibe_point_equal(const struct ibe_curve *c, const struct ibe_point *a,
                     const struct ibe_point *b)
{
    if (a->infinity || b->infinity)
        return a->infinity == b->infinity;
    return ibe_fp_equal(&c->field, &a->x, &b->x) && ibe_fp_equal(&c->field, &a->y, &b->y);
}

void ibe_jacobian_set(const struct ibe_curve *c, struct ibe_jacobian *r, const struct ibe_point *a)
{
    r->x = a->x;
    r->y = a->y;
    r->z = c->field.one;
    if (a->infinity)
        r->z = (struct ibe_fp){{0}};
}

void ibe_jacobian_affine(const struct ibe_curve *c, const struct ibe_jacobian *t,
                         struct ibe_point *r)
{
    const struct ibe_field *f = &c->field;
    struct ibe_fp z, zz;
    r->infinity = !ibe_fp_inv(f, &z, &t->z);
    ibe_fp_sqr(f, &zz, &z);
    ibe_fp_mul(f, &r->x, &t->x, &zz);
    ibe_fp_mul(f, &zz, &zz, &z);
    ibe_fp_mul(f, &r->y, &t->y, &zz);
}

/* m: the numerator of the tangent's slope, 3X^2 + aZ^4; zz = Z^2. */
static void tangent(const struct ibe_curve *c, const struct ibe_jacobian *t,
                    const struct ibe_fp *zz, struct ibe_fp *m)
{
    const struct ibe_field *f = &c->field;
    struct ibe_fp u;
    if (c->form == IBE_FORM_A3) { /* 3 (X + Z^2) (X - Z^2) */
        ibe_fp_add(f, &u, &t->x, zz);
        ibe_fp_sub(f, m, &t->x, zz);
        ibe_fp_mul(f, m, m, &u);
    } else {
        ibe_fp_sqr(f, m, &t->x);
    }
    ibe_fp_add(f, &u, m, m);
    ibe_fp_add(f, m, m, &u);
}

/* Slope m / (2YZ), all times 2YZ Z^2. */
void ibe_jacobian_double(const struct ibe_curve *c, struct ibe_jacobian *t, struct ibe_line *line)
{
    const struct ibe_field *f = &c->field;
    struct ibe_fp zz, yy, m, s, u;
    ibe_fp_sqr(f, &zz, &t->z);
    ibe_fp_sqr(f, &yy, &t->y);
    ibe_fp_add(f, &yy, &yy, &yy); /* 2Y^2 */
    tangent(c, t, &zz, &m);
    ibe_fp_mul(f, &t->z, &t->z, &t->y);
    ibe_fp_add(f, &t->z, &t->z, &t->z);
    if (line) {
        ibe_fp_mul(f, &line->l, &m, &zz);
        ibe_fp_mul(f, &line->d, &t->z, &zz);
        ibe_fp_mul(f, &line->c, &m, &t->x);
        ibe_fp_sub(f, &line->c, &line->c, &yy);
    }
    ibe_fp_mul(f, &s, &t->x, &yy);
    ibe_fp_add(f, &s, &s, &s); /* 4XY^2 */
    ibe_fp_sqr(f, &t->x, &m);
    ibe_fp_sub(f, &t->x, &t->x, &s);
    ibe_fp_sub(f, &t->x, &t->x, &s);
    ibe_fp_sub(f, &s, &s, &t->x);
    ibe_fp_mul(f, &s, &s, &m);
    ibe_fp_sqr(f, &u, &yy);
    ibe_fp_add(f, &u, &u, &u); /* 8Y^4 */
    ibe_fp_sub(f, &t->y, &s, &u);
}

/* What is left when both have the same x: the point itself, or its opposite. */
static void add_same_x(const struct ibe_curve *c, struct ibe_jacobian *t, const struct ibe_point *a,
                       const struct ibe_fp *difference_y)
{
    if (ibe_fp_is_zero(&c->field, difference_y)) {
        ibe_jacobian_set(c, t, a);
        ibe_jacobian_double(c, t, NULL);
    } else {
        t->z = (struct ibe_fp){{0}};
    }
}

/* h, r: the differences of x and y, by Z^2 and Z^3. Slope r / (Zh), all times Zh. */
void ibe_jacobian_add(const struct ibe_curve *c, struct ibe_jacobian *t, const struct ibe_point *a,
                      struct ibe_line *line)
{
    const struct ibe_field *f = &c->field;
    struct ibe_fp zz, h, r, hh, v, w;
    if (ibe_fp_is_zero(f, &t->z)) {
        ibe_jacobian_set(c, t, a);
        return;
    }
    ibe_fp_sqr(f, &zz, &t->z);
    ibe_fp_mul(f, &h, &a->x, &zz);
    ibe_fp_sub(f, &h, &h, &t->x);
    ibe_fp_mul(f, &zz, &zz, &t->z);
    ibe_fp_mul(f, &r, &a->y, &zz);
    ibe_fp_sub(f, &r, &r, &t->y);
    if (ibe_fp_is_zero(f, &h)) {
        assert(!line);
        add_same_x(c, t, a, &r);
        return;
    }
    ibe_fp_mul(f, &t->z, &t->z, &h);
    if (line) {
        line->l = r;
        line->d = t->z;
        ibe_fp_mul(f, &line->c, &r, &a->x);
        ibe_fp_mul(f, &w, &t->z, &a->y);
        ibe_fp_sub(f, &line->c, &line->c, &w);
    }
    ibe_fp_sqr(f, &hh, &h);
    ibe_fp_mul(f, &v, &t->x, &hh);
    ibe_fp_mul(f, &hh, &hh, &h);
    ibe_fp_sqr(f, &t->x, &r);
    ibe_fp_sub(f, &t->x, &t->x, &hh);
    ibe_fp_sub(f, &t->x, &t->x, &v);
    ibe_fp_sub(f, &t->x, &t->x, &v);
    ibe_fp_sub(f, &v, &v, &t->x);
    ibe_fp_mul(f, &v, &v, &r);
    ibe_fp_mul(f, &hh, &hh, &t->y);
    ibe_fp_sub(f, &t->y, &v, &hh);
}

/* ---- multiplication ---- */

size_t ibe_naf(const mp_limb_t *k, mp_size_t k_n, unsigned width, int16_t *digits)
{
    mp_limb_t rest[IBE_LIMBS + 1] = {0};
    mp_size_t n = k_n + 1;
    size_t count = 0, last = 0;
    int half = 1 << (width - 1);
    assert(k_n <= IBE_LIMBS);
    memcpy(rest, k, (size_t)k_n * sizeof rest[0]);
    for (; !mpn_zero_p(rest, n); count++) {
        int digit = 0;
        if (rest[0] & 1) {
            digit = (int)(rest[0] & (mp_limb_t)(2 * half - 1));
            digit = digit >= half ? digit - 2 * half : digit;
            if (digit > 0)
                mpn_sub_1(rest, rest, n, (mp_limb_t)digit);
            else
                mpn_add_1(rest, rest, n, (mp_limb_t)-digit);
            last = count + 1;
        }
        digits[count] = (int16_t)digit;
        mpn_rshift(rest, rest, n, 1);
    }
    OPENSSL_cleanse(rest, sizeof rest);
    return last;
}

static void point_negative(const struct ibe_curve *c, const struct ibe_point *a,
                           struct ibe_point *r)
{
    r->x = a->x;
    r->infinity = a->infinity;
    ibe_fp_neg(&c->field, &r->y, &a->y);
}

/* 1, 3, 5, .. times a. Small orders are no matter: additions handle every case. */
static void odd_multiples(const struct ibe_curve *c, const struct ibe_point *a,
                          struct ibe_point r[MULTIPLES])
{
    struct ibe_jacobian t;
    struct ibe_point twice;
    r[0] = *a;
    ibe_jacobian_set(c, &t, a);
    ibe_jacobian_double(c, &t, NULL);
    ibe_jacobian_affine(c, &t, &twice);
    for (int i = 1; i < MULTIPLES; i++) {
        ibe_jacobian_set(c, &t, &r[i - 1]);
        if (!twice.infinity)
            ibe_jacobian_add(c, &t, &twice, NULL);
        ibe_jacobian_affine(c, &t, &r[i]);
    }
}

void ibe_point_mul(const struct ibe_curve *c, struct ibe_point *r, const struct ibe_point *a,
                   const mp_limb_t *k, mp_size_t k_n)
{
    int16_t digits[MAX_DIGITS];
    struct ibe_point multiples[MULTIPLES], opposite;
    struct ibe_jacobian t = {.z = {{0}}};
    size_t count = ibe_naf(k, k_n, WINDOW, digits);
    odd_multiples(c, a, multiples);
    while (count-- > 0) {
        ibe_jacobian_double(c, &t, NULL);
        int digit = digits[count];
        const struct ibe_point *m = &multiples[(digit < 0 ? -digit : digit) / 2];
        if (!digit || m->infinity)
            continue;
        if (digit < 0) {
            point_negative(c, m, &opposite);
            m = &opposite;
        }
        ibe_jacobian_add(c, &t, m, NULL);
    }
    ibe_jacobian_affine(c, &t, r);
    OPENSSL_cleanse(digits, sizeof digits);
}

bool ibe_point_has_order_q(const struct ibe_curve *c, const struct ibe_point *a)
{
    struct ibe_point r;
    ibe_point_mul(c, &r, a, c->q.v, c->q.n);
    return r.infinity && !a->infinity;
}
