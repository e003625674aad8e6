#include "check_main.h"

#include "crypto/ecdh.h"

static void make(struct rng *r, struct ecdh **e)
{
    entity_enter(r, 0);
    ck_assert_int_eq(ecdh_new(NULL, e), OK);
    entity_leave();
}

START_TEST(both_sides_agree)
{
    struct rng one = rng_stream(1, "one", "test"), two = rng_stream(1, "two", "test");
    struct ecdh *a, *b;
    uint8_t pa[65], pb[65], za[32], zb[32];
    struct meter m = {0};
    make(&one, &a);
    make(&two, &b);
    ecdh_point(a, pa);
    ecdh_point(b, pb);
    ck_assert_mem_ne(pa, pb, 65);
    ck_assert_int_eq(ecdh_derive(a, &m, pb, za), OK);
    ck_assert_int_eq(ecdh_derive(b, &m, pa, zb), OK);
    ck_assert_mem_eq(za, zb, 32);
    ck_assert_uint_eq(m.use[OP_P256_ECDH].calls, 2);
    ck_assert_int_eq(ecdh_check(pa), OK);
    ecdh_free(a);
    ecdh_free(b);
}
END_TEST

START_TEST(a_pair_is_its_stream)
{
    struct rng one = rng_stream(1, "one", "test"), same = one;
    struct ecdh *a, *b, *c;
    uint8_t pa[65], pb[65], pc[65];
    make(&one, &a);
    make(&same, &b);
    make(&same, &c);
    ecdh_point(a, pa);
    ecdh_point(b, pb);
    ecdh_point(c, pc);
    ck_assert_mem_eq(pa, pb, 65);
    ck_assert_mem_ne(pa, pc, 65);
    ecdh_free(a);
    ecdh_free(b);
    ecdh_free(c);
}
END_TEST

START_TEST(points_that_are_none)
{
    struct rng r = rng_stream(1, "one", "test");
    struct ecdh *e;
    uint8_t point[65], z[32];
    make(&r, &e);
    ecdh_point(e, point);
    for (size_t i = 0; i < 65; i++) {
        point[i] ^= 1;
        ck_assert_int_eq(ecdh_derive(e, NULL, point, z), ERR_FORMAT);
        ck_assert_int_eq(ecdh_check(point), ERR_FORMAT);
        point[i] ^= 1;
    }
    point[0] = 6 | (point[64] & 1); /* hybrid */
    ck_assert_int_eq(ecdh_derive(e, NULL, point, z), ERR_FORMAT);
    memset(point, 0, sizeof point);
    ck_assert_int_eq(ecdh_derive(e, NULL, point, z), ERR_FORMAT);
    point[0] = 4;
    ck_assert_int_eq(ecdh_derive(e, NULL, point, z), ERR_FORMAT);
    memset(point + 1, 0xff, 64); /* not below p */
    ck_assert_int_eq(ecdh_derive(e, NULL, point, z), ERR_FORMAT);
    ecdh_free(e);
}
END_TEST

/* RFC 5903 8.1: a point it prints is taken, and is on the curve only as printed. */
START_TEST(known_point)
{
    uint8_t point[65];
    unhex("04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
          "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
          point, sizeof point);
    ck_assert_int_eq(ecdh_check(point), OK);
    point[64] ^= 1;
    ck_assert_int_eq(ecdh_check(point), ERR_FORMAT);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, both_sides_agree);
    tcase_add_test(c, a_pair_is_its_stream);
    tcase_add_test(c, points_that_are_none);
    tcase_add_test(c, known_point);
}

int main(void)
{
    return run_suite("ecdh", fill);
}
