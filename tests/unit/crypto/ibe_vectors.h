/* What the two tests of identity-based encryption share: numbers of a vector file as octets. */
#ifndef TESTS_UNIT_CRYPTO_IBE_VECTORS_H
#define TESTS_UNIT_CRYPTO_IBE_VECTORS_H

#include "check_main.h"

#include <stdio.h>

#include "crypto/ibe_impl.h"
#include "tests/support/vectors.h"

/* A number that may have an odd count of digits or none of its leading zeros, in n octets. */
static inline void number(const struct vectors *v, size_t i, const char *key, uint8_t *out,
                          size_t n)
{
    const char *text = vectors_text(v, i, key);
    ck_assert_msg(text != NULL, "%s has no %s", vectors_name(v, i), key);
    char digits[1024];
    size_t have = strlen(text);
    ck_assert_uint_le(have, 2 * n);
    ck_assert_uint_lt(2 * n, sizeof digits);
    memset(digits, '0', 2 * n - have);
    memcpy(digits + 2 * n - have, text, have + 1);
    ck_assert(hex_decode(digits, 2 * n, out, n));
}

/* 04 || x || y, each of n octets; the keys are name "x" and name "y". Its length. */
static inline size_t point_octets(const struct vectors *v, size_t i, const char *name, size_t n,
                                  uint8_t *out)
{
    char key[16];
    out[0] = 4;
    snprintf(key, sizeof key, "%sx", name);
    number(v, i, key, out + 1, n);
    snprintf(key, sizeof key, "%sy", name);
    number(v, i, key, out + 1 + n, n);
    return 1 + 2 * n;
}

static inline struct ibe_point vector_point(const struct vectors *v, size_t i, const char *name,
                                            const struct ibe_curve *c)
{
    uint8_t octets[IBE_POINT_MAX];
    struct ibe_point r;
    size_t n = point_octets(v, i, name, c->field.octets, octets);
    ck_assert_msg(ibe_point_read(c, &r, span_of(octets, n)), "%s of %s is not on the curve", name,
                  vectors_name(v, i));
    return r;
}

static inline struct ibe_number vector_number(const struct vectors *v, size_t i, const char *key,
                                              const struct ibe_modulus *m)
{
    uint8_t octets[IBE_FP_OCTETS];
    struct ibe_number r;
    number(v, i, key, octets, sizeof octets);
    ibe_number_read(m, &r, span_of(octets, sizeof octets));
    return r;
}

static inline void check_point(const struct vectors *v, size_t i, const char *name,
                               const struct ibe_curve *c, const struct ibe_point *have)
{
    struct ibe_point want = vector_point(v, i, name, c);
    ck_assert_msg(ibe_point_equal(c, have, &want), "%s of %s differs", name, vectors_name(v, i));
}

/* A scalar below q from a seed. */
static inline struct ibe_number scalar(const struct ibe_curve *c, uint64_t seed)
{
    struct rng r = rng_stream(seed, "scalar", "test");
    uint8_t octets[IBE_FP_OCTETS];
    struct ibe_number k;
    rng_bytes(&r, octets, sizeof octets);
    ibe_number_read(&c->q, &k, span_of(octets, sizeof octets));
    return k;
}

#endif
