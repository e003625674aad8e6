/* A scalar's bits are laid out in TEETH rows; a column's bits choose one of 2^TEETH - 1 sums made
 * beforehand. HALVES tables, the second for the columns of the upper half, halve the doublings
 * (Lim and Lee, CRYPTO '94). For the powers of g likewise, with values 1 + it: what counts there is
 * b / a alone. */
#include "crypto/ibe_impl.h"

#include "crypto/openssl.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "sim/base/xalloc.h"

#define TEETH   8
#define SUMS    ((1 << TEETH) - 1) /* the empty one is not kept */
#define HALVES  2
#define ENTRIES (HALVES * SUMS)

struct ibe_comb {
    size_t row, half; /* bits of a row, columns of a half */
    struct ibe_point sums[ENTRIES];
};

struct ibe_comb_fp2 {
    size_t row, half;
    struct ibe_fp sums[ENTRIES]; /* t of 1 + it */
};

static void layout(const struct ibe_curve *c, size_t *row, size_t *half)
{
    *half = (c->q.bits + TEETH * HALVES - 1) / (TEETH * HALVES);
    *row = *half * HALVES;
}

static unsigned bit(const struct ibe_number *k, size_t i)
{
    return i / 64 < IBE_LIMBS ? (unsigned)(k->v[i / 64] >> (i % 64) & 1) : 0;
}

static unsigned column(const struct ibe_number *k, size_t row, size_t at)
{
    unsigned index = 0;
    for (size_t tooth = 0; tooth < TEETH; tooth++)
        index |= bit(k, at + tooth * row) << tooth;
    return index;
}

/* ---- points ---- */

/* n > 0 Z's at the cost of one inversion (Montgomery's trick); none is infinity. */
static void all_affine(const struct ibe_curve *c, const struct ibe_jacobian *t, size_t n,
                       struct ibe_point *r)
{
    const struct ibe_field *f = &c->field;
    struct ibe_fp *products = xcalloc(n, sizeof *products), all, z, zz;
    products[0] = t[0].z;
    for (size_t i = 1; i < n; i++)
        ibe_fp_mul(f, &products[i], &products[i - 1], &t[i].z);
    bool ok = ibe_fp_inv(f, &all, &products[n - 1]);
    assert(ok);
    for (size_t i = n; i-- > 0;) {
        z = all;
        if (i) {
            ibe_fp_mul(f, &z, &all, &products[i - 1]);
            ibe_fp_mul(f, &all, &all, &t[i].z);
        }
        ibe_fp_sqr(f, &zz, &z);
        ibe_fp_mul(f, &r[i].x, &t[i].x, &zz);
        ibe_fp_mul(f, &zz, &zz, &z);
        ibe_fp_mul(f, &r[i].y, &t[i].y, &zz);
        r[i].infinity = false;
    }
    free(products);
}

/* [2^(half h + row i)]a for each tooth i of each half h. */
static void tooth_points(const struct ibe_curve *c, const struct ibe_comb *comb,
                         const struct ibe_point *a, struct ibe_point r[HALVES * TEETH])
{
    struct ibe_jacobian t, teeth[HALVES * TEETH];
    ibe_jacobian_set(c, &t, a);
    for (size_t i = 0; i < HALVES * TEETH; i++) {
        teeth[i % HALVES * TEETH + i / HALVES] = t;
        for (size_t k = 0; k < comb->half; k++)
            ibe_jacobian_double(c, &t, NULL);
    }
    all_affine(c, teeth, HALVES * TEETH, r);
}

struct ibe_comb *ibe_comb_new(const struct ibe_curve *c, const struct ibe_point *a)
{
    struct ibe_comb *comb = xcalloc(1, sizeof *comb);
    struct ibe_point teeth[HALVES * TEETH];
    struct ibe_jacobian *sums = xcalloc(ENTRIES, sizeof *sums);
    layout(c, &comb->row, &comb->half);
    tooth_points(c, comb, a, teeth);
    for (size_t i = 0; i < ENTRIES; i++) {
        size_t index = i % SUMS + 1, top = TEETH - 1;
        while (!(index >> top))
            top--;
        size_t below = index ^ (size_t)1 << top;
        if (below)
            sums[i] = sums[i / SUMS * SUMS + below - 1];
        ibe_jacobian_add(c, &sums[i], &teeth[i / SUMS * TEETH + top], NULL);
    }
    all_affine(c, sums, ENTRIES, comb->sums);
    free(sums);
    return comb;
}

void ibe_comb_free(struct ibe_comb *comb)
{
    free(comb);
}

void ibe_comb_mul(const struct ibe_curve *c, struct ibe_point *r,
                  const struct ibe_comb *const combs[], const struct ibe_number *const k[],
                  size_t n)
{
    struct ibe_jacobian t = {.z = {{0}}};
    for (size_t at = combs[0]->half; at-- > 0;) {
        ibe_jacobian_double(c, &t, NULL);
        for (size_t i = 0; i < n; i++)
            for (size_t h = 0; h < HALVES; h++) {
                unsigned sum = column(k[i], combs[i]->row, at + h * combs[i]->half);
                if (sum)
                    ibe_jacobian_add(c, &t, &combs[i]->sums[h * SUMS + sum - 1], NULL);
            }
    }
    ibe_jacobian_affine(c, &t, r);
    OPENSSL_cleanse(&t, sizeof t);
}

/* ---- powers ---- */

/* (1 + is)(1 + it) is 1 + i(s + t)/(1 - st), up to a factor in F_p. */
static void tangent_sum(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *s,
                        const struct ibe_fp *t)
{
    struct ibe_fp below;
    ibe_fp_mul(f, &below, s, t);
    ibe_fp_sub(f, &below, &f->one, &below);
    bool ok = ibe_fp_inv(f, &below, &below);
    assert(ok); /* else a power of g is i, of order 2, and q is odd */
    ibe_fp_add(f, r, s, t);
    ibe_fp_mul(f, r, r, &below);
}

struct ibe_comb_fp2 *ibe_comb_fp2_new(const struct ibe_curve *c, const struct ibe_fp *g)
{
    const struct ibe_field *f = &c->field;
    struct ibe_comb_fp2 *comb = xcalloc(1, sizeof *comb);
    struct ibe_fp teeth[HALVES * TEETH], t = *g;
    layout(c, &comb->row, &comb->half);
    for (size_t i = 0; i < HALVES * TEETH; i++) {
        teeth[i % HALVES * TEETH + i / HALVES] = t;
        for (size_t k = 0; k < comb->half; k++)
            tangent_sum(f, &t, &t, &t);
    }
    for (size_t i = 0; i < ENTRIES; i++) {
        size_t index = i % SUMS + 1, top = TEETH - 1;
        while (!(index >> top))
            top--;
        size_t below = index ^ (size_t)1 << top;
        comb->sums[i] = teeth[i / SUMS * TEETH + top];
        if (below)
            tangent_sum(f, &comb->sums[i], &comb->sums[i],
                        &comb->sums[i / SUMS * SUMS + below - 1]);
    }
    return comb;
}

bool ibe_comb_fp2_pow(const struct ibe_curve *c, const struct ibe_comb_fp2 *comb,
                      const struct ibe_number *k, struct ibe_fp *r)
{
    const struct ibe_field *f = &c->field;
    struct ibe_fp2 v = {.a = f->one};
    for (size_t at = comb->half; at-- > 0;) {
        ibe_fp2_sqr(f, &v, &v);
        for (size_t h = 0; h < HALVES; h++) {
            unsigned sum = column(k, comb->row, at + h * comb->half);
            if (!sum)
                continue;
            const struct ibe_fp *t = &comb->sums[h * SUMS + sum - 1];
            struct ibe_fp at_, bt;
            ibe_fp_mul(f, &at_, &v.a, t);
            ibe_fp_mul(f, &bt, &v.b, t);
            ibe_fp_sub(f, &v.a, &v.a, &bt);
            ibe_fp_add(f, &v.b, &v.b, &at_);
        }
    }
    bool ok = ibe_fp_inv(f, r, &v.a);
    ibe_fp_mul(f, r, r, &v.b);
    OPENSSL_cleanse(&v, sizeof v);
    return ok;
}
