#include "check_main.h"

#include "crypto/milenage.h"
#include "tests/support/vectors.h"

static void take(const struct vectors *v, size_t i, const char *key, uint8_t *out, size_t n)
{
    ck_assert_uint_eq(vectors_hex(v, i, key, out, n), n);
}

/* What was computed is what the vector says, if it says so. How many values were compared. */
static unsigned same(const struct vectors *v, size_t i, const char *key, const void *got, size_t n)
{
    uint8_t known[16];
    if (!vectors_text(v, i, key))
        return 0;
    take(v, i, key, known, n);
    char hex[2 * 16 + 1];
    hex_encode(got, n, hex);
    ck_assert_msg(memcmp(known, got, n) == 0, "%s of %s is %s", key, vectors_name(v, i), hex);
    return 1;
}

static uint64_t number(const uint8_t sqn[6])
{
    uint64_t n = 0;
    for (int i = 0; i < 6; i++)
        n = n << 8 | sqn[i];
    return n;
}

/* The inputs of one set of TS 35.208 or TS 35.207. */
struct set {
    uint8_t k[16], rand[16], sqn[6], amf[2], opc[16];
};

static unsigned check_functions(const struct vectors *v, size_t i, const struct set *s)
{
    uint8_t mac_a[8], mac_s[8], res[8], ck[16], ik[16], ak[6], ak_s[6];
    milenage_f1(NULL, s->k, s->opc, s->rand, s->sqn, s->amf, mac_a, mac_s);
    milenage_f2345(NULL, s->k, s->opc, s->rand, res, ck, ik, ak, ak_s);
    return same(v, i, "f1", mac_a, 8) + same(v, i, "f1*", mac_s, 8) + same(v, i, "f2", res, 8) +
           same(v, i, "f3", ck, 16) + same(v, i, "f4", ik, 16) + same(v, i, "f5", ak, 6) +
           same(v, i, "f5*", ak_s, 6);
}

static unsigned check_vector(const struct vectors *v, size_t i, const struct set *s)
{
    struct umts_vector vector;
    uint8_t auts[14];
    uint64_t sqn_ms = 0;
    milenage_vector(NULL, s->k, s->opc, s->amf, number(s->sqn), s->rand, &vector);
    ck_assert_mem_eq(vector.rand, s->rand, 16);
    ck_assert_uint_eq(vector.xres_n, 8);
    milenage_auts(NULL, s->k, s->opc, number(s->sqn), s->rand, auts);
    ck_assert(milenage_auts_check(NULL, s->k, s->opc, s->rand, auts, &sqn_ms));
    ck_assert_uint_eq(sqn_ms, number(s->sqn));
    return same(v, i, "AUTN", vector.autn, 16) + same(v, i, "f2", vector.xres, 8) +
           same(v, i, "f3", vector.ck, 16) + same(v, i, "f4", vector.ik, 16) +
           same(v, i, "AUTS", auts, 14);
}

START_TEST(published)
{
    struct vectors *v = vectors_read("milenage.txt");
    unsigned compared = 0;
    for (size_t i = 0; i < vectors_count(v); i++) {
        struct set s;
        take(v, i, "K", s.k, 16);
        take(v, i, "OPc", s.opc, 16);
        if (vectors_text(v, i, "OP")) {
            uint8_t op[16], opc[16];
            take(v, i, "OP", op, 16);
            milenage_opc(NULL, s.k, op, opc);
            compared += same(v, i, "OPc", opc, 16);
        }
        if (!vectors_text(v, i, "RAND"))
            continue;
        take(v, i, "RAND", s.rand, 16);
        take(v, i, "SQN", s.sqn, 6);
        take(v, i, "AMF", s.amf, 2);
        compared += check_functions(v, i, &s) + check_vector(v, i, &s);
    }
    ck_assert_uint_eq(compared, 14 * 13 + 7 + 1); /* 14 whole sets; libosmocore's two */
    vectors_free(v);
}
END_TEST

START_TEST(gsm_published)
{
    struct vectors *v = vectors_read("gsm_milenage.txt");
    ck_assert_uint_eq(vectors_count(v), 15);
    for (size_t i = 0; i < vectors_count(v); i++) {
        uint8_t k[16], opc[16], rand[16], sres_known[4], kc_known[8], sres[4], kc[8];
        struct meter m = {0};
        take(v, i, "K", k, 16);
        take(v, i, "OPc", opc, 16);
        take(v, i, "RAND", rand, 16);
        take(v, i, "SRES1", sres_known, 4);
        take(v, i, "Kc", kc_known, 8);
        milenage_gsm(&m, k, opc, rand, sres, kc);
        ck_assert_mem_eq(sres, sres_known, 4);
        ck_assert_mem_eq(kc, kc_known, 8);
        ck_assert_uint_eq(m.use[OP_AES128_BLOCK].octets, 4 * 16); /* TEMP, f2, f3, f4 */
    }
    vectors_free(v);
}
END_TEST

/* What is not asked for is neither computed nor priced. */
START_TEST(parts)
{
    const uint8_t k[16] = {1}, opc[16] = {2}, rand[16] = {3}, sqn[6] = {4}, amf[2] = {5};
    uint8_t res[8], ck[16], ik[16], ak[6], ak_s[6], one[16], mac_a[8], mac_s[8];
    struct meter m = {0};
    milenage_f2345(&m, k, opc, rand, res, ck, ik, ak, ak_s);
    ck_assert_uint_eq(m.use[OP_AES128_BLOCK].calls, 1);
    ck_assert_uint_eq(m.use[OP_AES128_BLOCK].octets, 5 * 16);
    meter_clear(&m);
    milenage_f2345(&m, k, opc, rand, NULL, NULL, one, NULL, NULL);
    ck_assert_mem_eq(one, ik, 16);
    milenage_f2345(&m, k, opc, rand, NULL, one, NULL, NULL, NULL);
    ck_assert_mem_eq(one, ck, 16);
    milenage_f2345(&m, k, opc, rand, one, NULL, NULL, NULL, NULL);
    ck_assert_mem_eq(one, res, 8);
    milenage_f2345(&m, k, opc, rand, NULL, NULL, NULL, one, NULL);
    ck_assert_mem_eq(one, ak, 6);
    milenage_f2345(&m, k, opc, rand, NULL, NULL, NULL, NULL, one);
    ck_assert_mem_eq(one, ak_s, 6);
    ck_assert_uint_eq(m.use[OP_AES128_BLOCK].calls, 5);
    ck_assert_uint_eq(m.use[OP_AES128_BLOCK].octets, 10 * 16);
    meter_clear(&m);
    milenage_f1(&m, k, opc, rand, sqn, amf, mac_a, mac_s);
    ck_assert_uint_eq(m.use[OP_AES128_BLOCK].octets, 2 * 16);
    milenage_f1(NULL, k, opc, rand, sqn, amf, one, NULL);
    ck_assert_mem_eq(one, mac_a, 8);
    milenage_f1(NULL, k, opc, rand, sqn, amf, NULL, one);
    ck_assert_mem_eq(one, mac_s, 8);
}
END_TEST

START_TEST(auts_refused)
{
    uint8_t k[16] = {1}, opc[16] = {2}, rand[16] = {3}, auts[14];
    milenage_auts(NULL, k, opc, UINT64_C(0xfedcba987654), rand, auts);
    uint64_t sqn_ms = 77;
    for (size_t bit = 0; bit < 14 * 8; bit++) {
        auts[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert(!milenage_auts_check(NULL, k, opc, rand, auts, &sqn_ms));
        ck_assert_uint_eq(sqn_ms, 77);
        auts[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    rand[0] ^= 1;
    ck_assert(!milenage_auts_check(NULL, k, opc, rand, auts, &sqn_ms));
    rand[0] ^= 1;
    ck_assert(milenage_auts_check(NULL, k, opc, rand, auts, &sqn_ms));
    ck_assert_uint_eq(sqn_ms, UINT64_C(0xfedcba987654));
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, published);
    tcase_add_test(c, gsm_published);
    tcase_add_test(c, parts);
    tcase_add_test(c, auts_refused);
}

int main(void)
{
    return run_suite("milenage", fill);
}
