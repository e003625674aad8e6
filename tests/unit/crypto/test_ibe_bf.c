/* Boneh and Franklin's scheme against RFC 5091 section 7 and the extra vectors of
 * tests/vectors/ibe_bf_rfc5091.txt. Section 7.6 is of no use: that file says why. */
#include "ibe_vectors.h"

static struct vectors *v;

/* RFC 5091's smaller sizes go with SHA-1. */
static void hash_sha1_pieces(const struct span *pieces, size_t n, uint8_t out[IBE_HASH_MAX])
{
    hash_sha1_v(NULL, pieces, n, out);
}

/* The curve of a vector; base: the name of a point to take for P. */
static struct ibe_curve *curve_of(size_t i, const char *base)
{
    char x[8], y[8];
    snprintf(x, sizeof x, "%sx", base);
    snprintf(y, sizeof y, "%sy", base);
    const char *hash = vectors_text(v, i, "hash");
    bool sha256 = hash && strcmp(hash, "sha256") == 0;
    struct ibe_curve_settings s = {.form = IBE_FORM_B1,
                                   .p = vectors_text(v, i, "p"),
                                   .q = vectors_text(v, i, "q"),
                                   .px = vectors_text(v, i, x),
                                   .py = vectors_text(v, i, y),
                                   .hash = sha256 ? ibe_hash_sha256 : hash_sha1_pieces,
                                   .hash_n = sha256 ? 32 : 20};
    return ibe_curve_new(&s);
}

START_TEST(point_multiply)
{
    size_t i = vectors_find(v, "PointMultiply");
    struct ibe_curve *c = curve_of(i, "A");
    struct ibe_point r;
    struct ibe_modulus large = {.n = 4, .octets = 32}; /* l is not below q */
    memset(large.v, 0xff, 32);
    struct ibe_number l = vector_number(v, i, "l", &large);
    ibe_point_mul(c, &r, &c->base, l.v, 4);
    check_point(v, i, "lA", c, &r);
    ibe_curve_free(c);
}
END_TEST

START_TEST(hash_to_range)
{
    size_t i = vectors_find(v, "HashToRange");
    struct ibe_curve c = {.hash = hash_sha1_pieces, .hash_n = 20};
    uint8_t s[64], n[20], have[20], want[20];
    struct ibe_modulus m;
    struct ibe_number r;
    ibe_modulus_init(&m, span_of(n, vectors_hex(v, i, "n", n, sizeof n)));
    ibe_bf_hash_to_range(&c, span_of(s, vectors_hex(v, i, "s", s, sizeof s)), &m, &r);
    ibe_number_write(&m, &r, have);
    vectors_hex(v, i, "v", want, sizeof want);
    ck_assert_mem_eq(have, want, sizeof want);
}
END_TEST

/* 7.4: the identity is "Bob" as that is spelt, not as the RFC prints it. */
START_TEST(derive_public)
{
    size_t i = vectors_find(v, "BFderivePubl");
    struct ibe_curve *c = curve_of(i, "P");
    struct ibe_point r;
    ibe_bf_derive_public(c, span_str("Bob"), &r);
    check_point(v, i, "Qid", c, &r);
    ck_assert(ibe_point_has_order_q(c, &r));
    ibe_curve_free(c);
}
END_TEST

/* 7.5, with the Q_id of 7.4 */
START_TEST(extract_private)
{
    size_t i = vectors_find(v, "BFextractPriv");
    struct ibe_curve *c = curve_of(i, "P");
    struct ibe_number s = vector_number(v, i, "s", &c->q);
    struct ibe_point r;
    ibe_bf_extract(c, &s, span_str("Bob"), &r);
    check_point(v, i, "Sid", c, &r);
    ibe_point_mul(c, &r, &c->base, s.v, c->q.n);
    check_point(v, i, "Ppub", c, &r);
    ibe_curve_free(c);
}
END_TEST

static const char *const runs[] = {"bf-512-device-1@m2m.example", "bf-512-mas.m2m.example",
                                   "bf-1536-mas.m2m.example"};

struct run {
    size_t i;
    struct ibe_curve *c;
    struct ibe_public p;
    struct span id, m, rho;
    uint8_t m_octets[64], rho_octets[32];
};

static void run_init(struct run *r, const char *name)
{
    r->i = vectors_find(v, name);
    r->c = curve_of(r->i, "P");
    r->p = (struct ibe_public){.scheme = IBE_BF, .curve = r->c};
    r->p.point = vector_point(v, r->i, "Ppub", r->c);
    r->p.lines = ibe_lines_new(r->c, &r->p.point);
    r->id = span_str(vectors_text(v, r->i, "id_ascii"));
    r->m = span_of(r->m_octets, vectors_hex(v, r->i, "m", r->m_octets, sizeof r->m_octets));
    r->rho =
        span_of(r->rho_octets, vectors_hex(v, r->i, "rho", r->rho_octets, sizeof r->rho_octets));
}

static void run_release(struct run *r)
{
    ibe_lines_free(r->p.lines);
    ibe_curve_free(r->c);
}

START_TEST(whole_runs)
{
    struct run r;
    run_init(&r, runs[_i]);
    struct ibe_number s = vector_number(v, r.i, "s", &r.c->q);
    struct ibe_point point, key;
    uint8_t have_v[32], have_w[64], want[64], m[64];
    ibe_point_mul(r.c, &point, &r.c->base, s.v, r.c->q.n);
    check_point(v, r.i, "Ppub", r.c, &point);
    ibe_bf_derive_public(r.c, r.id, &point);
    check_point(v, r.i, "Qid", r.c, &point);
    ibe_bf_extract(r.c, &s, r.id, &key);
    check_point(v, r.i, "Sid", r.c, &key);
    ck_assert(ibe_bf_validate(&r.p, r.id, &key));
    ck_assert(!ibe_bf_validate(&r.p, span_str("somebody else"), &key));
    ck_assert(ibe_bf_encrypt(&r.p, r.id, r.m, r.rho.p, &point, have_v, have_w));
    check_point(v, r.i, "U", r.c, &point);
    ck_assert_mem_eq(have_v, want, vectors_hex(v, r.i, "V", want, sizeof want));
    ck_assert_mem_eq(have_w, want, vectors_hex(v, r.i, "W", want, sizeof want));
    for (int prepared = 0; prepared < 2; prepared++) {
        struct ibe_lines *lines = prepared ? ibe_lines_new(r.c, &key) : NULL;
        memset(m, 0, sizeof m);
        ck_assert(ibe_bf_decrypt(&r.p, &key, lines, &point, have_v, span_of(have_w, r.m.n), m));
        ck_assert_mem_eq(m, r.m.p, r.m.n);
        ibe_lines_free(lines);
    }
    run_release(&r);
}
END_TEST

START_TEST(altered_messages)
{
    struct run r;
    run_init(&r, runs[0]);
    struct ibe_point key = vector_point(v, r.i, "Sid", r.c);
    struct ibe_point u = vector_point(v, r.i, "U", r.c), opposite = u;
    uint8_t hidden[20], w[64], m[64];
    static const uint8_t zeros[64];
    vectors_hex(v, r.i, "V", hidden, sizeof hidden);
    size_t n = vectors_hex(v, r.i, "W", w, sizeof w);
    for (size_t k = 0; k < sizeof hidden + n; k++) {
        uint8_t *octet = k < sizeof hidden ? &hidden[k] : &w[k - sizeof hidden];
        *octet ^= (uint8_t)(1 << k % 8);
        ck_assert(!ibe_bf_decrypt(&r.p, &key, NULL, &u, hidden, span_of(w, n), m));
        ck_assert_mem_eq(m, zeros, n);
        *octet ^= (uint8_t)(1 << k % 8);
    }
    ibe_fp_neg(&r.c->field, &opposite.y, &opposite.y);
    ck_assert(!ibe_bf_decrypt(&r.p, &key, NULL, &opposite, hidden, span_of(w, n), m));
    ck_assert(!ibe_bf_decrypt(&r.p, &key, NULL, &r.c->base, hidden, span_of(w, n), m));
    ck_assert(!ibe_bf_decrypt(&r.p, &r.c->base, NULL, &u, hidden, span_of(w, n), m));
    /* (0, 1) and (0, -1), of order 3: the pairing has no place for them */
    opposite = (struct ibe_point){.y = r.c->field.one};
    ck_assert(!ibe_bf_decrypt(&r.p, &key, NULL, &opposite, hidden, span_of(w, n), m));
    run_release(&r);
}
END_TEST

/* The parameter set that is built in is the vectors'. */
START_TEST(built_in_parameters)
{
    size_t i = vectors_find(v, runs[2]);
    const struct ibe_curve *c = ibe_curve_of(IBE_BF);
    check_point(v, i, "P", c, &c->base);
    ck_assert(ibe_point_has_order_q(c, &c->base));
    struct ibe_curve *same = curve_of(i, "P");
    ck_assert_mem_eq(&same->field, &c->field, sizeof c->field);
    ck_assert_mem_eq(&same->q, &c->q, sizeof c->q);
    ibe_curve_free(same);
}
END_TEST

static void fill(TCase *c)
{
    v = vectors_read("ibe_bf_rfc5091.txt");
    tcase_add_test(c, point_multiply);
    tcase_add_test(c, hash_to_range);
    tcase_add_test(c, derive_public);
    tcase_add_test(c, extract_private);
    tcase_add_loop_test(c, whole_runs, 0, 3);
    tcase_add_test(c, altered_messages);
    tcase_add_test(c, built_in_parameters);
}

int main(void)
{
    int failed = run_suite("ibe-bf", fill);
    vectors_free(v);
    return failed;
}
