#include "crypto/ibe_impl.h"

#include "crypto/openssl.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"

#define POWER_WIDTH 5 /* of powers: digits -15 .. 15, odd */
#define ODD_POWERS  8
#define MAX_DIGITS  (64 * IBE_LIMBS + 1)

struct ibe_lines {
    size_t n;
    struct ibe_line line[];
};

/* The second argument moved to a point (x, iy), x and y in F_p. Verticals at such a point are in
 * F_p, whose elements the last power makes 1: denominators need not be looked at. */
struct moved {
    struct ibe_fp x, y;
};

/* FORM_A3: the distortion map does that. FORM_B1: it does not, phi(b) = (zeta x, y). But phi(b)
 * minus its conjugate is such a point, and pairs to the square of what phi(b) does: x' = x - (4/3)
 * t^2, y' = (t / zeta_b) (x / 2 + x') with t = y / x. false: b has no place there (order 3). */
static bool move(const struct ibe_curve *c, const struct ibe_point *b, struct moved *m)
{
    const struct ibe_field *f = &c->field;
    struct ibe_fp t, half;
    m->y = b->y;
    ibe_fp_neg(f, &m->x, &b->x);
    if (c->form == IBE_FORM_A3)
        return true;
    if (!ibe_fp_inv(f, &t, &b->x))
        return false;
    ibe_fp_mul(f, &t, &t, &b->y);
    ibe_fp_sqr(f, &m->x, &t);
    ibe_fp_mul(f, &m->x, &m->x, &c->four_thirds);
    ibe_fp_sub(f, &m->x, &b->x, &m->x);
    ibe_fp_half(f, &half, &b->x);
    ibe_fp_add(f, &half, &half, &m->x);
    ibe_fp_mul(f, &t, &t, &c->zeta_b); /* 1 / zeta_b = 4/3 zeta_b */
    ibe_fp_mul(f, &t, &t, &c->four_thirds);
    ibe_fp_mul(f, &m->y, &t, &half);
    return true;
}

/* v times the line's value there. */
static void accumulate(const struct ibe_curve *c, struct ibe_fp2 *v, const struct ibe_line *line,
                       const struct moved *at)
{
    const struct ibe_field *f = &c->field;
    struct ibe_fp2 value;
    ibe_fp_mul(f, &value.a, &line->l, &at->x);
    ibe_fp_sub(f, &value.a, &line->c, &value.a);
    ibe_fp_mul(f, &value.b, &line->d, &at->y);
    ibe_fp2_mul(f, v, v, &value);
}

/* The digits of q - 1 from the second on, as RFC 6508 3.2 goes: the function for q itself differs
 * by a vertical, and a negative digit brings another in. */
struct ibe_lines *ibe_lines_new(const struct ibe_curve *c, const struct ibe_point *a)
{
    size_t n = 0;
    for (size_t i = 0; i + 1 < c->digit_count; i++)
        n += c->digits[i] ? 2 : 1;
    struct ibe_lines *lines = xcalloc(1, sizeof *lines + n * sizeof lines->line[0]);
    struct ibe_point opposite = *a;
    struct ibe_jacobian t;
    ibe_fp_neg(&c->field, &opposite.y, &a->y);
    ibe_jacobian_set(c, &t, a);
    for (size_t i = c->digit_count - 1; i-- > 0;) {
        ibe_jacobian_double(c, &t, &lines->line[lines->n++]);
        if (c->digits[i])
            ibe_jacobian_add(c, &t, c->digits[i] > 0 ? a : &opposite, &lines->line[lines->n++]);
    }
    assert(lines->n == n);
    return lines;
}

void ibe_lines_free(struct ibe_lines *lines)
{
    if (lines)
        OPENSSL_cleanse(lines->line, lines->n * sizeof lines->line[0]);
    free(lines);
}

static void miller_with(const struct ibe_curve *c, const struct ibe_lines *lines,
                        const struct moved *at, struct ibe_fp2 *v)
{
    const struct ibe_line *line = lines->line;
    for (size_t i = c->digit_count - 1; i-- > 0;) {
        ibe_fp2_sqr(&c->field, v, v);
        accumulate(c, v, line++, at);
        if (c->digits[i])
            accumulate(c, v, line++, at);
    }
}

static void miller_without(const struct ibe_curve *c, const struct ibe_point *a,
                           const struct moved *at, struct ibe_fp2 *v)
{
    struct ibe_point opposite = *a;
    struct ibe_jacobian t;
    struct ibe_line line;
    ibe_fp_neg(&c->field, &opposite.y, &a->y);
    ibe_jacobian_set(c, &t, a);
    for (size_t i = c->digit_count - 1; i-- > 0;) {
        ibe_jacobian_double(c, &t, &line);
        ibe_fp2_sqr(&c->field, v, v);
        accumulate(c, v, &line, at);
        if (c->digits[i]) {
            ibe_jacobian_add(c, &t, c->digits[i] > 0 ? a : &opposite, &line);
            accumulate(c, v, &line, at);
        }
    }
    OPENSSL_cleanse(&t, sizeof t);
    OPENSSL_cleanse(&line, sizeof line);
}

/* Miller's function f_q,a at the distorted b, FORM_B1: that squared; up to a factor in F_p and to
 * what the last power makes 1. a of order q, neither is infinity. lines: those of a, or NULL. */
static void ibe_miller(const struct ibe_curve *c, const struct ibe_point *a,
                       const struct ibe_lines *lines, const struct ibe_point *b, struct ibe_fp2 *r)
{
    struct ibe_fp2 v = {.a = c->field.one};
    struct moved at;
    assert(!a->infinity && !b->infinity);
    if (!move(c, b, &at))
        v = (struct ibe_fp2){.a = {{0}}};
    else if (lines)
        miller_with(c, lines, &at, &v);
    else
        miller_without(c, a, &at, &v);
    *r = v;
}

/* v^cofactor, bit by bit: SAKKE's is 4. */
static void fp2_cofactor(const struct ibe_curve *c, struct ibe_fp2 *v)
{
    struct ibe_fp2 base = *v;
    size_t i = (size_t)c->cofactor_n * 64 - 1;
    while (!(c->cofactor[i / 64] >> (i % 64) & 1))
        i--;
    while (i-- > 0) {
        ibe_fp2_sqr(&c->field, v, v);
        if (c->cofactor[i / 64] >> (i % 64) & 1)
            ibe_fp2_mul(&c->field, v, v, &base);
    }
}

bool ibe_pairing_fp(const struct ibe_curve *c, const struct ibe_point *a,
                    const struct ibe_lines *lines, const struct ibe_point *b, struct ibe_fp *r)
{
    struct ibe_fp2 v;
    ibe_miller(c, a, lines, b, &v);
    fp2_cofactor(c, &v);
    bool ok = ibe_fp_inv(&c->field, r, &v.a);
    ibe_fp_mul(&c->field, r, r, &v.b);
    OPENSSL_cleanse(&v, sizeof v);
    return ok;
}

/* f^(p-1) is conjugate(f) / f = conjugate(f)^2 / norm(f). FORM_B1: f is of the pairing's square,
 * and the exponent has a factor (q + 1) / 2. */
bool ibe_pairing_fp2(const struct ibe_curve *c, const struct ibe_point *a,
                     const struct ibe_lines *lines, const struct ibe_point *b, struct ibe_fp2 *r)
{
    const struct ibe_field *f = &c->field;
    struct ibe_fp2 v;
    struct ibe_fp norm, u;
    ibe_miller(c, a, lines, b, &v);
    ibe_fp_sqr(f, &norm, &v.a);
    ibe_fp_sqr(f, &u, &v.b);
    ibe_fp_add(f, &norm, &norm, &u);
    bool ok = ibe_fp_inv(f, &norm, &norm);
    ibe_fp_neg(f, &v.b, &v.b);
    ibe_fp2_sqr(f, &v, &v);
    ibe_fp_mul(f, &v.a, &v.a, &norm);
    ibe_fp_mul(f, &v.b, &v.b, &norm);
    ibe_unitary_pow(c, r, &v, c->last_exponent, c->field.n);
    OPENSSL_cleanse(&v, sizeof v);
    return ok;
}

/* Norm a^2 + b^2 = 1: the inverse is the conjugate, and a square is 2a^2 - 1 + 2iab. */
static void unitary_sqr(const struct ibe_field *f, struct ibe_fp2 *v)
{
    struct ibe_fp ab;
    ibe_fp_mul(f, &ab, &v->a, &v->b);
    ibe_fp_sqr(f, &v->a, &v->a);
    ibe_fp_add(f, &v->a, &v->a, &v->a);
    ibe_fp_sub(f, &v->a, &v->a, &f->one);
    ibe_fp_add(f, &v->b, &ab, &ab);
}

void ibe_unitary_pow(const struct ibe_curve *c, struct ibe_fp2 *r, const struct ibe_fp2 *x,
                     const mp_limb_t *k, mp_size_t k_n)
{
    const struct ibe_field *f = &c->field;
    int16_t digits[MAX_DIGITS];
    struct ibe_fp2 odd[ODD_POWERS], square = *x, v = {.a = f->one};
    size_t count = ibe_naf(k, k_n, POWER_WIDTH, digits);
    unitary_sqr(f, &square);
    odd[0] = *x;
    for (int i = 1; i < ODD_POWERS; i++)
        ibe_fp2_mul(f, &odd[i], &odd[i - 1], &square);
    while (count-- > 0) {
        unitary_sqr(f, &v);
        int digit = digits[count];
        if (!digit)
            continue;
        struct ibe_fp2 factor = odd[(digit < 0 ? -digit : digit) / 2];
        if (digit < 0)
            ibe_fp_neg(f, &factor.b, &factor.b);
        ibe_fp2_mul(f, &v, &v, &factor);
    }
    *r = v;
    OPENSSL_cleanse(digits, sizeof digits);
    OPENSSL_cleanse(odd, sizeof odd);
}
