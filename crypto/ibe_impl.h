/* The arithmetic of identity-based encryption, shared by the ibe_*.c files; private to this folder.
 * Both schemes live on supersingular curves over a prime field F_p with p = 3 mod 4, embedded into
 * F_p2 = F_p[i], i^2 = -1. Everything is a value of fixed size on GMP's mpn layer: no operation
 * takes memory. Nothing here is constant-time: indices and branches depend on secrets. */
#ifndef CRYPTO_IBE_IMPL_H
#define CRYPTO_IBE_IMPL_H

#include "crypto/ibe.h"

#include <gmp.h>
#include <stdbool.h>

#define IBE_LIMBS     24 /* of 64 bits: p has at most 1536 */
#define IBE_FP_OCTETS (8 * IBE_LIMBS)
#define IBE_HASH_MAX  32

/* ---- F_p (ibe_field.c) ---- */

/* In Montgomery form (x R mod p, R = 2^(64 n)), always below p; limbs from n on are 0. */
struct ibe_fp {
    mp_limb_t v[IBE_LIMBS];
};

struct ibe_field {
    mp_size_t n;   /* limbs of p */
    size_t octets; /* of p, the length of an element as octets */
    mp_limb_t p[IBE_LIMBS];
    mp_limb_t p_inverse;  /* -1/p mod 2^64 */
    struct ibe_fp one;    /* R mod p */
    struct ibe_fp square; /* R^2 mod p: multiplying by it puts a factor R in */
};

/* p: big-endian, at most 192 octets; any odd number of at least two octets. */
void ibe_field_init(struct ibe_field *f, struct span p);

/* All may have their result among their operands. */
void ibe_fp_add(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a,
                const struct ibe_fp *b);
void ibe_fp_sub(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a,
                const struct ibe_fp *b);
void ibe_fp_neg(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a);
void ibe_fp_half(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a);
void ibe_fp_mul(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a,
                const struct ibe_fp *b);
void ibe_fp_sqr(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a);
/* a^e, e of e_n limbs. */
void ibe_fp_pow(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a,
                const mp_limb_t *e, mp_size_t e_n);
/* false: a is 0, and so is r. */
bool ibe_fp_inv(const struct ibe_field *f, struct ibe_fp *r, const struct ibe_fp *a);
bool ibe_fp_is_zero(const struct ibe_field *f, const struct ibe_fp *a);
bool ibe_fp_equal(const struct ibe_field *f, const struct ibe_fp *a, const struct ibe_fp *b);
void ibe_fp_set(const struct ibe_field *f, struct ibe_fp *r, unsigned v);
/* in: f->octets of them. false: not below p. */
bool ibe_fp_read(const struct ibe_field *f, struct ibe_fp *r, const uint8_t *in);
void ibe_fp_write(const struct ibe_field *f, const struct ibe_fp *a, uint8_t *out);

/* a + ib */
struct ibe_fp2 {
    struct ibe_fp a, b;
};
void ibe_fp2_mul(const struct ibe_field *f, struct ibe_fp2 *r, const struct ibe_fp2 *x,
                 const struct ibe_fp2 *y);
void ibe_fp2_sqr(const struct ibe_field *f, struct ibe_fp2 *r, const struct ibe_fp2 *x);

/* ---- numbers modulo q, plain (ibe_field.c) ---- */

struct ibe_number {
    mp_limb_t v[IBE_LIMBS];
};
struct ibe_modulus {
    mp_size_t n;
    size_t octets, bits;
    mp_limb_t v[IBE_LIMBS];
};
void ibe_modulus_init(struct ibe_modulus *m, struct span octets);
/* Any number of octets, big-endian, modulo m. */
void ibe_number_read(const struct ibe_modulus *m, struct ibe_number *r, struct span in);
/* m->octets of them. */
void ibe_number_write(const struct ibe_modulus *m, const struct ibe_number *a, uint8_t *out);
void ibe_number_add(const struct ibe_modulus *m, struct ibe_number *r, const struct ibe_number *a,
                    const struct ibe_number *b);
void ibe_number_mul(const struct ibe_modulus *m, struct ibe_number *r, const struct ibe_number *a,
                    const struct ibe_number *b);
/* false: a has no inverse. */
bool ibe_number_inv(const struct ibe_modulus *m, struct ibe_number *r, const struct ibe_number *a);
bool ibe_number_is_zero(const struct ibe_modulus *m, const struct ibe_number *a);

/* ---- the curve (ibe_curve.c) ---- */

enum ibe_form {
    IBE_FORM_A3, /* y^2 = x^3 - 3x, distortion (x, y) -> (-x, iy): RFC 6508 3.1 */
    IBE_FORM_B1  /* y^2 = x^3 + 1, distortion (x, y) -> (zeta x, y): RFC 5091 2.2, "type 1" */
};

struct ibe_point {
    struct ibe_fp x, y;
    bool infinity;
};

/* Hashes the pieces one after the other; writes hash_n octets. */
typedef void ibe_hash(const struct span *pieces, size_t n, uint8_t out[IBE_HASH_MAX]);
void ibe_hash_sha256(const struct span *pieces, size_t n, uint8_t out[IBE_HASH_MAX]);

struct ibe_comb;

/* A parameter set: immutable once made, shared by all threads. */
struct ibe_curve {
    enum ibe_form form;
    struct ibe_field field;
    struct ibe_modulus q;          /* order of the subgroup */
    mp_limb_t cofactor[IBE_LIMBS]; /* (p + 1) / q */
    mp_size_t cofactor_n;
    /* FORM_B1 */
    struct ibe_fp zeta_b, four_thirds;  /* zeta = -1/2 + i zeta_b, a cube root of 1; 4/3 */
    mp_limb_t cube_root[IBE_LIMBS];     /* (2p - 1) / 3, the exponent of a cube root */
    mp_limb_t last_exponent[IBE_LIMBS]; /* (p + 1) / q * (q + 1) / 2 */
    ibe_hash *hash;
    size_t hash_n;
    int16_t *digits; /* of q - 1 in non-adjacent form, least first: the pairing's loop */
    size_t digit_count;
    struct ibe_point base; /* P */
    struct ibe_comb *base_comb;
};

struct ibe_curve_settings {
    enum ibe_form form;
    const char *p, *q, *px, *py; /* hex */
    ibe_hash *hash;
    size_t hash_n;
};
/* The numbers are trusted. */
struct ibe_curve *ibe_curve_new(const struct ibe_curve_settings *s);
void ibe_curve_free(struct ibe_curve *c);

/* SEC 1's uncompressed form: 04 || x || y, 1 + 2 * octets. false: another form, not on the curve;
 * the point at infinity has no such form. Whether its order is q is not looked at. */
bool ibe_point_read(const struct ibe_curve *c, struct ibe_point *r, struct span in);
void ibe_point_write(const struct ibe_curve *c, const struct ibe_point *a, uint8_t *out);
size_t ibe_point_octets(const struct ibe_curve *c);
bool ibe_point_equal(const struct ibe_curve *c, const struct ibe_point *a,
                     const struct ibe_point *b);
/* r = [k]a; k of k_n limbs */
void ibe_point_mul(const struct ibe_curve *c, struct ibe_point *r, const struct ibe_point *a,
                   const mp_limb_t *k, mp_size_t k_n);
bool ibe_point_has_order_q(const struct ibe_curve *c, const struct ibe_point *a);

/* x, y = X / Z^2, Y / Z^3; Z = 0: infinity */
struct ibe_jacobian {
    struct ibe_fp x, y, z;
};

/* The line through a point and itself, or another, up to a factor in F_p, which the pairing
 * forgets: d y - l x + c at (x, y). */
struct ibe_line {
    struct ibe_fp l, c, d;
};
void ibe_jacobian_set(const struct ibe_curve *c, struct ibe_jacobian *r, const struct ibe_point *a);
/* line may be NULL. */
void ibe_jacobian_double(const struct ibe_curve *c, struct ibe_jacobian *t, struct ibe_line *line);
/* a is not infinity; with a line, t is neither infinity nor +-a. */
void ibe_jacobian_add(const struct ibe_curve *c, struct ibe_jacobian *t, const struct ibe_point *a,
                      struct ibe_line *line);
void ibe_jacobian_affine(const struct ibe_curve *c, const struct ibe_jacobian *t,
                         struct ibe_point *r);

/* ---- many multiples of one point, or powers of one value (ibe_comb.c) ---- */

/* Lim and Lee's comb: 2 tables of 255 points. */
struct ibe_comb *ibe_comb_new(const struct ibe_curve *c, const struct ibe_point *a);
void ibe_comb_free(struct ibe_comb *comb);
/* r = [k0]a0 + [k1]a1 + ..., numbers below q */
void ibe_comb_mul(const struct ibe_curve *c, struct ibe_point *r,
                  const struct ibe_comb *const combs[], const struct ibe_number *const k[],
                  size_t n);

/* The same for (1 + ig)^k in F_p2 modulo F_p. */
struct ibe_comb_fp2;
struct ibe_comb_fp2 *ibe_comb_fp2_new(const struct ibe_curve *c, const struct ibe_fp *g);
void ibe_comb_fp2_free(struct ibe_comb_fp2 *comb);
/* r: b / a of the power a + ib. false: a is 0. */
bool ibe_comb_fp2_pow(const struct ibe_curve *c, const struct ibe_comb_fp2 *comb,
                      const struct ibe_number *k, struct ibe_fp *r);

/* ---- the pairing (ibe_pairing.c) ---- */

/* The lines that the loop draws for one first argument: for whoever pairs with it often. */
struct ibe_lines;
struct ibe_lines *ibe_lines_new(const struct ibe_curve *c, const struct ibe_point *a);
void ibe_lines_free(struct ibe_lines *lines); /* wipes */

/* RFC 6508 3.2: the representative b / a in F_p of f^((p+1)/q). false: there is none. */
bool ibe_pairing_fp(const struct ibe_curve *c, const struct ibe_point *a,
                    const struct ibe_lines *lines, const struct ibe_point *b, struct ibe_fp *r);
/* RFC 5091 4.5.1: f^((p^2-1)/q), of norm 1. false: f is 0. */
bool ibe_pairing_fp2(const struct ibe_curve *c, const struct ibe_point *a,
                     const struct ibe_lines *lines, const struct ibe_point *b, struct ibe_fp2 *r);
/* x^k for x of norm 1. */
void ibe_unitary_pow(const struct ibe_curve *c, struct ibe_fp2 *r, const struct ibe_fp2 *x,
                     const mp_limb_t *k, mp_size_t k_n);

/* The non-adjacent form of k with digits below 2^(width-1), least significant first; digits has
 * room for 64 k_n + 1. Returns their number. */
size_t ibe_naf(const mp_limb_t *k, mp_size_t k_n, unsigned width, int16_t *digits);

/* ---- the schemes ---- */

/* An authority's public parameters: the curve, its public point, and tables for it. */
struct ibe_public {
    enum ibe_scheme scheme;
    const struct ibe_curve *curve;
    struct ibe_point point;  /* SAKKE: Z; BF: P_pub */
    struct ibe_comb *comb;   /* SAKKE: of Z */
    struct ibe_lines *lines; /* BF: of P_pub */
};

/* The parameter sets, made once. */
const struct ibe_curve *ibe_curve_of(enum ibe_scheme scheme);
const struct ibe_comb_fp2 *ibe_sakke_g(void);

/* ibe_sakke.c; id: the octets of RFC 6508's identifier b */
void ibe_sakke_hash_to_range(const struct ibe_curve *c, const struct span *pieces, size_t n,
                             const struct ibe_modulus *range, struct ibe_number *r);
bool ibe_sakke_extract(const struct ibe_curve *c, const struct ibe_number *z, struct span id,
                       struct ibe_point *key);
bool ibe_sakke_validate(const struct ibe_public *p, struct span id, const struct ibe_point *key);
/* out: a point and 16 octets */
bool ibe_sakke_encapsulate(const struct ibe_public *p, struct span id,
                           const uint8_t ssv[IBE_SSV_LEN], uint8_t *out);
bool ibe_sakke_derive(const struct ibe_public *p, struct span id, const struct ibe_point *key,
                      const struct ibe_lines *lines, struct span in, uint8_t ssv[IBE_SSV_LEN]);

/* ibe_bf.c, as the algorithms of RFC 5091 */
void ibe_bf_hash_to_range(const struct ibe_curve *c, struct span s, const struct ibe_modulus *range,
                          struct ibe_number *r);
void ibe_bf_derive_public(const struct ibe_curve *c, struct span id, struct ibe_point *q_id);
void ibe_bf_extract(const struct ibe_curve *c, const struct ibe_number *s, struct span id,
                    struct ibe_point *key);
bool ibe_bf_validate(const struct ibe_public *p, struct span id, const struct ibe_point *key);
/* U: a point; V: hash_n octets (rho hidden), W: m.n octets. rho: hash_n octets. */
bool ibe_bf_encrypt(const struct ibe_public *p, struct span id, struct span m, const uint8_t *rho,
                    struct ibe_point *u, uint8_t *v, uint8_t *w);
bool ibe_bf_decrypt(const struct ibe_public *p, const struct ibe_point *key,
                    const struct ibe_lines *lines, const struct ibe_point *u, const uint8_t *v,
                    struct span w, uint8_t *m);

#endif
