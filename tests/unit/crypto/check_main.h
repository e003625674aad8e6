/* The main of each test program here, and what they share. */
#ifndef TESTS_UNIT_CRYPTO_CHECK_MAIN_H
#define TESTS_UNIT_CRYPTO_CHECK_MAIN_H

#include <check.h>
#include <stdlib.h>

#include "crypto/entity.h"
#include "crypto/hash.h"

static inline int run_suite(const char *name, void (*fill)(TCase *))
{
    if (crypto_init())
        return 2;
    Suite *s = suite_create(name);
    TCase *c = tcase_create(name);
    tcase_set_timeout(c, 250);
    fill(c);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}

/* Octets of a hex literal; returns their number. */
static inline size_t unhex(const char *hex, uint8_t *out, size_t max)
{
    size_t n = strlen(hex);
    ck_assert_uint_le(n / 2, max);
    ck_assert(hex_decode(hex, n, out, n / 2));
    return n / 2;
}

#endif
