/* SAKKE against RFC 6508 appendix A and the extra vectors of tests/vectors/sakke.txt, and the
 * arithmetic under it. */
#include "ibe_vectors.h"

static struct vectors *v;

static struct ibe_public *public_of(size_t i)
{
    uint8_t z[257];
    struct ibe_public *p;
    ck_assert_int_eq(ibe_public_read(IBE_SAKKE, span_of(z, point_octets(v, i, "Z", 128, z)), &p),
                     OK);
    return p;
}

START_TEST(parameters_are_those_of_the_rfc)
{
    size_t i = vectors_find(v, "parameters-set1");
    const struct ibe_curve *c = ibe_curve_of(IBE_SAKKE);
    uint8_t want[128], have[128];
    struct ibe_number one = {{1}};
    struct ibe_fp g;
    check_point(v, i, "P", c, &c->base);
    ck_assert(ibe_point_has_order_q(c, &c->base));
    vectors_hex(v, i, "q", want, sizeof want);
    memset(have, 0, sizeof have);
    struct ibe_number q;
    memcpy(q.v, c->q.v, sizeof q.v);
    ibe_number_write(&c->q, &q, have);
    ck_assert_mem_eq(have, want, sizeof want);
    /* g = <P, P> */
    ck_assert(ibe_pairing_fp(c, &c->base, NULL, &c->base, &g));
    vectors_hex(v, i, "g", want, sizeof want);
    ibe_fp_write(&c->field, &g, have);
    ck_assert_mem_eq(have, want, sizeof want);
    ck_assert(ibe_comb_fp2_pow(c, ibe_sakke_g(), &one, &g));
    ibe_fp_write(&c->field, &g, have);
    ck_assert_mem_eq(have, want, sizeof want);
}
END_TEST

START_TEST(hash_to_integer_range)
{
    size_t i = vectors_find(v, "HashToIntegerRange");
    uint8_t s[64], n[128], want[128], have[128];
    struct span piece = span_of(s, vectors_hex(v, i, "s", s, sizeof s));
    struct ibe_modulus m;
    struct ibe_number r;
    ibe_modulus_init(&m, span_of(n, vectors_hex(v, i, "n", n, sizeof n)));
    ibe_sakke_hash_to_range(ibe_curve_of(IBE_SAKKE), &piece, 1, &m, &r);
    ibe_number_write(&m, &r, have);
    vectors_hex(v, i, "out", want, sizeof want);
    ck_assert_mem_eq(have, want, sizeof want);
    /* in two pieces it is the same */
    struct span pieces[] = {span_of(piece.p, 16), span_of(piece.p + 16, piece.n - 16)};
    struct ibe_number again;
    ibe_sakke_hash_to_range(ibe_curve_of(IBE_SAKKE), pieces, 2, &m, &again);
    ck_assert_mem_eq(&again, &r, sizeof r);
}
END_TEST

static const char *const runs[] = {"RFC6508-A", "extra-1", "extra-2"};

START_TEST(keys)
{
    size_t i = vectors_find(v, runs[_i]);
    const struct ibe_curve *c = ibe_curve_of(IBE_SAKKE);
    uint8_t id[64], z[32];
    struct span name = span_of(id, vectors_hex(v, i, "identifier_b", id, sizeof id));
    struct ibe_number secret = vector_number(v, i, "z", &c->q);
    struct ibe_point key;
    const struct ibe_comb *comb = c->base_comb;
    const struct ibe_number *k = &secret;
    ibe_comb_mul(c, &key, &comb, &k, 1);
    check_point(v, i, "Z", c, &key);
    ck_assert(ibe_sakke_extract(c, &secret, name, &key));
    check_point(v, i, _i ? "RSK" : "Kb", c, &key);
    /* 6.1.2 */
    struct ibe_public *p = public_of(i);
    ck_assert(ibe_sakke_validate(p, name, &key));
    id[name.n - 2] ^= 1;
    ck_assert(!ibe_sakke_validate(p, name, &key));
    id[name.n - 2] ^= 1;
    ck_assert(!ibe_sakke_validate(p, name, &c->base));
    ibe_public_free(p);
    /* the authority as a whole, from its secret */
    struct ibe_authority *a;
    number(v, i, "z", z, sizeof z);
    ck_assert_int_eq(ibe_authority_restore(IBE_SAKKE, span_of(z, sizeof z), &a), OK);
    uint8_t want[IBE_POINT_MAX], have[IBE_POINT_MAX];
    ibe_public_write(ibe_authority_public(a), have);
    ck_assert_mem_eq(have, want, point_octets(v, i, "Z", 128, want));
    ck_assert_int_eq(ibe_extract(a, NULL, (const char *)id + 8, (const char *)id, have), OK);
    ck_assert_mem_eq(have, want, point_octets(v, i, _i ? "RSK" : "Kb", 128, want));
    ibe_authority_free(a);
}
END_TEST

START_TEST(encapsulation)
{
    size_t i = vectors_find(v, runs[_i]);
    const struct ibe_curve *c = ibe_curve_of(IBE_SAKKE);
    struct ibe_public *p = public_of(i);
    uint8_t id[64], ssv[16], want[273], have[273], got[16];
    struct span name = span_of(id, vectors_hex(v, i, "identifier_b", id, sizeof id));
    ck_assert_uint_eq(vectors_hex(v, i, "SSV", ssv, sizeof ssv), 16);
    ck_assert_uint_eq(vectors_hex(v, i, "encapsulated", want, sizeof want), 273);
    ck_assert(ibe_sakke_encapsulate(p, name, ssv, have));
    ck_assert_mem_eq(have, want, sizeof want);
    struct ibe_point key = vector_point(v, i, _i ? "RSK" : "Kb", c);
    ck_assert(ibe_sakke_derive(p, name, &key, NULL, span_of(want, sizeof want), got));
    ck_assert_mem_eq(got, ssv, sizeof ssv);
    struct ibe_lines *lines = ibe_lines_new(c, &key);
    memset(got, 0, sizeof got);
    ck_assert(ibe_sakke_derive(p, name, &key, lines, span_of(want, sizeof want), got));
    ck_assert_mem_eq(got, ssv, sizeof ssv);
    ibe_lines_free(lines);
    ibe_public_free(p);
}
END_TEST

/* The values in between that RFC 6508 prints. */
START_TEST(values_in_between)
{
    size_t i = vectors_find(v, "RFC6508-A");
    const struct ibe_curve *c = ibe_curve_of(IBE_SAKKE);
    uint8_t want[128], have[128], id[64], ssv[16];
    struct span pieces[] = {span_of(ssv, vectors_hex(v, i, "SSV", ssv, sizeof ssv)),
                            span_of(id, vectors_hex(v, i, "identifier_b", id, sizeof id))};
    struct ibe_number r;
    ibe_sakke_hash_to_range(c, pieces, 2, &c->q, &r);
    ibe_number_write(&c->q, &r, have);
    number(v, i, "r", want, sizeof want);
    ck_assert_mem_eq(have, want, sizeof want);
    struct ibe_fp w;
    ck_assert(ibe_comb_fp2_pow(c, ibe_sakke_g(), &r, &w));
    ibe_fp_write(&c->field, &w, have);
    vectors_hex(v, i, "g_pow_r", want, sizeof want);
    ck_assert_mem_eq(have, want, sizeof want);
    struct ibe_point key = vector_point(v, i, "Kb", c), point = vector_point(v, i, "Rb", c);
    for (int swap = 0; swap < 2; swap++) { /* the pairing is symmetric */
        ck_assert(ibe_pairing_fp(c, swap ? &key : &point, NULL, swap ? &point : &key, &w));
        ibe_fp_write(&c->field, &w, have);
        vectors_hex(v, i, "w", want, sizeof want);
        ck_assert_mem_eq(have, want, sizeof want);
    }
}
END_TEST

/* Every octet matters: R leaves the curve, H gives another r. */
START_TEST(altered_capsules)
{
    size_t i = vectors_find(v, "RFC6508-A");
    const struct ibe_curve *c = ibe_curve_of(IBE_SAKKE);
    struct ibe_public *p = public_of(i);
    uint8_t id[64], capsule[273], got[16];
    static const uint8_t zeros[16];
    struct span name = span_of(id, vectors_hex(v, i, "identifier_b", id, sizeof id));
    struct ibe_point key = vector_point(v, i, "Kb", c);
    vectors_hex(v, i, "encapsulated", capsule, sizeof capsule);
    for (size_t k = 0; k < sizeof capsule; k++) {
        capsule[k] ^= (uint8_t)(1 << k % 8);
        ck_assert(!ibe_sakke_derive(p, name, &key, NULL, span_of(capsule, sizeof capsule), got));
        capsule[k] ^= (uint8_t)(1 << k % 8);
    }
    ck_assert_mem_eq(got, zeros, sizeof zeros);
    ck_assert(!ibe_sakke_derive(p, name, &key, NULL, span_of(capsule, sizeof capsule - 1), got));
    /* points of the curve that nobody would send: of order 2; the opposite; another's */
    memset(capsule + 1, 0, 256);
    ck_assert(!ibe_sakke_derive(p, name, &key, NULL, span_of(capsule, sizeof capsule), got));
    struct ibe_point point = vector_point(v, i, "Rb", c);
    ibe_fp_neg(&c->field, &point.y, &point.y);
    ibe_point_write(c, &point, capsule);
    ck_assert(!ibe_sakke_derive(p, name, &key, NULL, span_of(capsule, sizeof capsule), got));
    ibe_point_write(c, &c->base, capsule);
    ck_assert(!ibe_sakke_derive(p, name, &key, NULL, span_of(capsule, sizeof capsule), got));
    ibe_public_free(p);
}
END_TEST

/* ---- the arithmetic, where the vectors do not reach ---- */

START_TEST(field_edges)
{
    const struct ibe_field *f = &ibe_curve_of(IBE_SAKKE)->field;
    struct ibe_fp zero = {{0}}, last, r, two;
    uint8_t octets[128], back[128];
    /* p - 1 is there, p and all ones are not */
    ibe_fp_neg(f, &last, &f->one);
    ibe_fp_write(f, &last, octets);
    ck_assert(ibe_fp_read(f, &r, octets));
    ck_assert(ibe_fp_equal(f, &r, &last));
    octets[127]++;
    ck_assert(!ibe_fp_read(f, &r, octets));
    memset(octets, 0xff, sizeof octets);
    ck_assert(!ibe_fp_read(f, &r, octets));
    ibe_fp_sqr(f, &r, &last);
    ck_assert(ibe_fp_equal(f, &r, &f->one));
    ibe_fp_add(f, &r, &last, &f->one);
    ck_assert(ibe_fp_is_zero(f, &r));
    ck_assert(!ibe_fp_inv(f, &r, &zero));
    ibe_fp_neg(f, &r, &zero);
    ck_assert(ibe_fp_is_zero(f, &r));
    ibe_fp_add(f, &r, &last, &last); /* -2 */
    ibe_fp_set(f, &two, 2);
    ibe_fp_add(f, &r, &r, &two);
    ck_assert(ibe_fp_is_zero(f, &r));
    ibe_fp_half(f, &r, &last);
    ibe_fp_add(f, &r, &r, &r);
    ck_assert(ibe_fp_equal(f, &r, &last));
    memset(octets, 0, sizeof octets);
    octets[127] = 2;
    ibe_fp_write(f, &two, back);
    ck_assert_mem_eq(octets, back, sizeof back);
}
END_TEST

START_TEST(field_laws)
{
    const struct ibe_curve *c = ibe_curve_of(_i ? IBE_BF : IBE_SAKKE);
    const struct ibe_field *f = &c->field;
    for (uint64_t seed = 0; seed < 50; seed++) {
        uint8_t octets[IBE_FP_OCTETS];
        struct ibe_number k = scalar(c, seed);
        struct ibe_fp x, inverse, r, e;
        memset(octets, 0, sizeof octets);
        ibe_number_write(&c->q, &k, octets + f->octets - c->q.octets);
        ck_assert(ibe_fp_read(f, &x, octets));
        ck_assert(ibe_fp_inv(f, &inverse, &x));
        ibe_fp_mul(f, &r, &x, &inverse);
        ck_assert(ibe_fp_equal(f, &r, &f->one));
        mp_limb_t less[IBE_LIMBS];
        mpn_sub_1(less, f->p, f->n, 2);
        ibe_fp_pow(f, &e, &x, less, f->n); /* Fermat */
        ck_assert(ibe_fp_equal(f, &e, &inverse));
        struct ibe_fp2 s = {x, inverse}, t = {inverse, e}, product, square;
        ibe_fp_add(f, &t.b, &t.b, &x);
        ibe_fp2_mul(f, &product, &s, &s);
        ibe_fp2_sqr(f, &square, &s);
        ck_assert_mem_eq(&product, &square, sizeof square);
        ibe_fp2_mul(f, &product, &s, &t); /* (a + ib)(c + id), by the book */
        struct ibe_fp ac, bd, ad, bc;
        ibe_fp_mul(f, &ac, &s.a, &t.a);
        ibe_fp_mul(f, &bd, &s.b, &t.b);
        ibe_fp_mul(f, &ad, &s.a, &t.b);
        ibe_fp_mul(f, &bc, &s.b, &t.a);
        ibe_fp_sub(f, &ac, &ac, &bd);
        ibe_fp_add(f, &ad, &ad, &bc);
        ck_assert(ibe_fp_equal(f, &product.a, &ac) && ibe_fp_equal(f, &product.b, &ad));
        struct ibe_number inv, one = {{1}};
        ck_assert(ibe_number_inv(&c->q, &inv, &k));
        ibe_number_mul(&c->q, &inv, &inv, &k);
        ck_assert_mem_eq(&inv, &one, sizeof one);
    }
}
END_TEST

/* Combs, windows and additions agree, also at the edges. */
START_TEST(multiplications_agree)
{
    const struct ibe_curve *c = ibe_curve_of(_i ? IBE_BF : IBE_SAKKE);
    const struct ibe_comb *combs[] = {c->base_comb, c->base_comb};
    for (uint64_t seed = 0; seed < 6; seed++) {
        struct ibe_number a = scalar(c, seed), b = scalar(c, seed + 100), sum;
        if (seed < 3)
            a = (struct ibe_number){{seed}};
        if (seed == 3) { /* q - 1 */
            memset(&a, 0, sizeof a);
            mpn_sub_1(a.v, c->q.v, c->q.n, 1);
            b = (struct ibe_number){{1}};
        }
        const struct ibe_number *both[] = {&a, &b};
        struct ibe_point x, y;
        ibe_comb_mul(c, &x, combs, both, 1);
        ibe_point_mul(c, &y, &c->base, a.v, c->q.n);
        ck_assert(ibe_point_equal(c, &x, &y));
        ck_assert_int_eq(x.infinity, seed == 0);
        ibe_comb_mul(c, &x, combs, both, 2);
        ibe_number_add(&c->q, &sum, &a, &b);
        ibe_point_mul(c, &y, &c->base, sum.v, c->q.n);
        ck_assert(ibe_point_equal(c, &x, &y));
        ck_assert_int_eq(x.infinity, seed == 3);
    }
}
END_TEST

/* e([a]P, [b]P) = e(P, P)^(ab), with lines and without. */
START_TEST(pairings_are_bilinear)
{
    const struct ibe_curve *c = ibe_curve_of(_i ? IBE_BF : IBE_SAKKE);
    struct ibe_number a = scalar(c, 1), b = scalar(c, 2), ab;
    struct ibe_point pa, pb;
    ibe_point_mul(c, &pa, &c->base, a.v, c->q.n);
    ibe_point_mul(c, &pb, &c->base, b.v, c->q.n);
    ibe_number_mul(&c->q, &ab, &a, &b);
    struct ibe_lines *lines = ibe_lines_new(c, &pa);
    if (!_i) {
        struct ibe_fp left, right;
        ck_assert(ibe_pairing_fp(c, &pa, lines, &pb, &left));
        ck_assert(ibe_comb_fp2_pow(c, ibe_sakke_g(), &ab, &right));
        ck_assert(ibe_fp_equal(&c->field, &left, &right));
        ck_assert(ibe_pairing_fp(c, &pb, NULL, &pa, &left));
        ck_assert(ibe_fp_equal(&c->field, &left, &right));
    } else {
        struct ibe_fp2 left, right;
        ck_assert(ibe_pairing_fp2(c, &c->base, NULL, &c->base, &right));
        ibe_unitary_pow(c, &right, &right, ab.v, c->q.n);
        ck_assert(ibe_pairing_fp2(c, &pa, lines, &pb, &left));
        ck_assert_mem_eq(&left, &right, sizeof right);
        ck_assert(ibe_pairing_fp2(c, &pb, NULL, &pa, &left));
        ck_assert_mem_eq(&left, &right, sizeof right);
        ibe_unitary_pow(c, &right, &right, c->q.v, c->q.n);
        ck_assert(ibe_fp_equal(&c->field, &right.a, &c->field.one)); /* order q */
        ck_assert(ibe_fp_is_zero(&c->field, &right.b));
    }
    ibe_lines_free(lines);
}
END_TEST

static void fill(TCase *c)
{
    v = vectors_read("sakke.txt");
    tcase_add_test(c, parameters_are_those_of_the_rfc);
    tcase_add_test(c, hash_to_integer_range);
    tcase_add_loop_test(c, keys, 0, 3);
    tcase_add_loop_test(c, encapsulation, 0, 3);
    tcase_add_test(c, values_in_between);
    tcase_add_test(c, altered_capsules);
    tcase_add_test(c, field_edges);
    tcase_add_loop_test(c, field_laws, 0, 2);
    tcase_add_loop_test(c, multiplications_agree, 0, 2);
    tcase_add_loop_test(c, pairings_are_bilinear, 0, 2);
}

int main(void)
{
    int failed = run_suite("ibe-sakke", fill);
    vectors_free(v);
    return failed;
}
