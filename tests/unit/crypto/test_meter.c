#include "check_main.h"

#include "crypto/meter.h"

START_TEST(counts)
{
    struct meter m = {0}, other = {0};
    meter_add(&m, OP_SHA1, 2, 100);
    meter_add(&m, OP_SHA1, 1, 11);
    meter_add(NULL, OP_SHA1, 1, 11);
    meter_add(&other, OP_SHA1, UINT32_MAX - 2, UINT32_MAX - 111);
    meter_add(&other, OP_RANDOM, 1, 32);
    meter_merge(&m, &other);
    ck_assert_uint_eq(m.use[OP_SHA1].calls, UINT32_MAX);
    ck_assert_uint_eq(m.use[OP_SHA1].octets, UINT32_MAX);
    ck_assert_uint_eq(m.use[OP_RANDOM].calls, 1);
    ck_assert_uint_eq(m.use[OP_RANDOM].octets, 32);
    /* Sticks, does not wrap. */
    meter_add(&m, OP_SHA1, 5, UINT64_MAX);
    ck_assert_uint_eq(m.use[OP_SHA1].calls, UINT32_MAX);
    ck_assert_uint_eq(m.use[OP_SHA1].octets, UINT32_MAX);
    meter_clear(&m);
    ck_assert_uint_eq(m.use[OP_SHA1].calls, 0);
}
END_TEST

START_TEST(names)
{
    for (int i = 0; i < METER_OP_COUNT; i++) {
        enum meter_op op = (enum meter_op)i;
        ck_assert_int_eq(meter_find(meter_operation(op), meter_algorithm(op)), op);
    }
    ck_assert_int_eq(meter_find("private", "rsa-2049"), METER_OP_COUNT);
    ck_assert_int_eq(meter_find("privat", "rsa-2048"), METER_OP_COUNT);
    ck_assert(meter_is_crypto(OP_X509_PARSE));
    ck_assert(!meter_is_crypto(OP_XML_DOCUMENT));
    ck_assert(!meter_is_crypto(OP_HTTP_MESSAGE));
    ck_assert(!meter_is_crypto(OP_DB_ACCESS));
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, counts);
    tcase_add_test(c, names);
}

int main(void)
{
    return run_suite("meter", fill);
}
