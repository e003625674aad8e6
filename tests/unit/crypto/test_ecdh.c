#include "check_main.h"

#include "crypto/ecdh.h"
#include "crypto/openssl.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

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

static int is_taken(const char *curve, const char *hex)
{
    uint8_t point[133];
    size_t n = unhex(hex, point, sizeof point);
    EVP_PKEY *own = EVP_EC_gen(curve), *peer = EVP_PKEY_new();
    EVP_PKEY_CTX *ctx;
    int ok;
    ck_assert_str_eq(OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(own)), "m2m");
    ck_assert_int_eq(EVP_PKEY_copy_parameters(peer, own), 1);
    ok = EVP_PKEY_set1_encoded_public_key(peer, point, n);
    ctx = EVP_PKEY_CTX_new(own, NULL);
    ck_assert_int_eq(EVP_PKEY_derive_init(ctx), 1);
    ok = ok == 1 && EVP_PKEY_derive_set_peer(ctx, peer) == 1;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(own);
    EVP_PKEY_free(peer);
    ERR_clear_error();
    return ok;
}

/* As libssl takes a peer's point: with the provider's check in place of the default's. */
START_TEST(points_of_peers)
{
    ck_assert(is_taken("P-256",
                       "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
                       "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3"));
    ck_assert(!is_taken("P-256",
                        "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
                        "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb2"));
    ck_assert(!is_taken("P-256", "00")); /* infinity */
    /* sect283k1 has cofactor 4: (0, 1) is on it, of order 2 and so not in the group. */
    ck_assert(!is_taken(
        "sect283k1", "04"
                     "000000000000000000000000000000000000000000000000000000000000000000000000"
                     "000000000000000000000000000000000000000000000000000000000000000000000001"));
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, both_sides_agree);
    tcase_add_test(c, a_pair_is_its_stream);
    tcase_add_test(c, points_that_are_none);
    tcase_add_test(c, known_point);
    tcase_add_test(c, points_of_peers);
}

int main(void)
{
    return run_suite("ecdh", fill);
}
