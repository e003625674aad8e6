#include "check_main.h"

#include "crypto/keys.h"
#include "crypto/openssl.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

static uint8_t node_id[M2M_NODE_ID_LEN];

static void fill_octets(uint8_t *p, size_t n, uint8_t first)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(first + i);
}

/* The formulas of etsi-m2m.md section 9 written out again, on OpenSSL's one-shot HMAC. */
static void reference(const void *key, size_t key_n, const uint8_t *data, size_t n, uint8_t out[32])
{
    unsigned made = 0;
    ck_assert_ptr_nonnull(HMAC(EVP_sha256(), key, (int)key_n, data, n, out, &made));
    ck_assert_uint_eq(made, 32);
}

static size_t append(uint8_t *to, size_t at, const void *p, size_t n)
{
    memcpy(to + at, p, n);
    return at + n;
}

START_TEST(kmr_c1)
{
    uint8_t emsk[64], in[256], expect[32], got[32];
    fill_octets(emsk, 64, 3);
    size_t n = append(in, 0, "ETSI M2M Device-Network Root Key\0sp.example\0", 44);
    n = append(in, n, node_id, 16);
    reference(emsk, 64, in, n, expect);
    struct meter m = {0};
    key_kmr_from_emsk(&m, span_of(emsk, 64), span_str("sp.example"), node_id, got);
    ck_assert_mem_eq(got, expect, 32);
    ck_assert_uint_eq(m.use[OP_HMAC_SHA256].calls, 1);
    ck_assert_uint_eq(m.use[OP_HMAC_SHA256].octets, n);
    /* The boundary between SP-ID and Node-ID is part of the input. */
    key_kmr_from_emsk(NULL, span_of(emsk, 64), span_str("sp.exampl"), node_id, got);
    ck_assert_mem_ne(got, expect, 32);
}
END_TEST

START_TEST(kmr_usrk)
{
    uint8_t emsk[64], in[256], expect[32], got[32];
    fill_octets(emsk, 64, 3);
    size_t n = append(in, 0, "ETSI M2M Device-Network Root Key\0sp.example\0", 44);
    n = append(in, n, node_id, 16);
    n = append(in, n, "\x00\x20\x01", 3);
    reference(emsk, 64, in, n, expect);
    key_kmr_from_emsk_usrk(NULL, span_of(emsk, 64), span_str("sp.example"), node_id, got);
    ck_assert_mem_eq(got, expect, 32);
}
END_TEST

START_TEST(kmc_c3)
{
    uint8_t msk[64], in[256], expect[32], got[32];
    fill_octets(msk, 64, 99);
    size_t n = append(in, 0, "ETSI M2M Connection Key\0", 24);
    n = append(in, n, node_id, 16);
    n = append(in, n, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
    reference(msk, 64, in, n, expect);
    key_kmc_from_msk(NULL, span_of(msk, 64), node_id, UINT64_C(0x0123456789abcdef), got);
    ck_assert_mem_eq(got, expect, 32);
}
END_TEST

START_TEST(kma_c4)
{
    uint8_t kmc[32], in[256], expect[32], got[32];
    fill_octets(kmc, 32, 7);
    size_t n = append(in, 0, "ETSI M2M Application Key\0app/1", 30);
    reference(kmc, 32, in, n, expect);
    key_kma(NULL, kmc, span_str("app/1"), got);
    ck_assert_mem_eq(got, expect, 32);
}
END_TEST

START_TEST(ival_c6)
{
    uint8_t kival[32], in[256], mac[32];
    int negative = 0;
    for (unsigned i = 0; i < 40; i++) {
        fill_octets(kival, 32, (uint8_t)i);
        size_t n = append(in, 0,
                          "\xff\xc0\x00\x03"
                          "2013-06-01T00:00:00Z",
                          24);
        n = append(in, n, node_id, 16);
        reference(kival, 32, in, n, mac);
        int64_t expect = (int8_t)mac[0];
        for (int k = 1; k < 8; k++)
            expect = expect * 256 + mac[k];
        ck_assert_int_eq(key_ival_sign(NULL, kival, UINT32_C(0xffc00003),
                                       span_str("2013-06-01T00:00:00Z"), node_id),
                         expect);
        negative += expect < 0;
    }
    ck_assert_int_gt(negative, 5); /* both signs were met */
    ck_assert_int_lt(negative, 35);
}
END_TEST

START_TEST(identities)
{
    char text[M2M_PSK_IDENTITY_MAX];
    uint8_t id[M2M_NODE_ID_LEN];
    uint32_t index = 0;
    uint64_t connection = 0;
    key_kmr_identity(node_id, UINT32_MAX, text);
    ck_assert_str_eq(text, "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf:4294967295");
    ck_assert(key_kmr_identity_parse(span_str(text), id, &index));
    ck_assert_mem_eq(id, node_id, 16);
    ck_assert_uint_eq(index, UINT32_MAX);
    key_kmc_identity(UINT64_MAX, 0, text);
    ck_assert_str_eq(text, "18446744073709551615:0");
    ck_assert(key_kmc_identity_parse(span_str(text), &connection, &index));
    ck_assert_uint_eq(connection, UINT64_MAX);
    ck_assert_uint_eq(index, 0);
}
END_TEST

#define ID "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
static const char *const not_kmr[] = {"",
                                      ID,
                                      ID ":",
                                      ID ":01",
                                      ID ":-1",
                                      ID ":+1",
                                      ID ":1 ",
                                      ID ": 1",
                                      ID ":4294967296",
                                      ID ":1:",
                                      ID ";1",
                                      ID "0:1",
                                      "A"
                                      "0a1a2a3a4a5a6a7a8a9aaabacadaeaf:1",
                                      "g0a1a2a3a4a5a6a7a8a9aaabacadaeaf:1",
                                      "a0:1",
                                      ID ":0x1",
                                      " " ID ":1",
                                      ID ":99999999999999999999999"};
static const char *const not_kmc[] = {"",
                                      ":",
                                      "1:",
                                      ":1",
                                      "1",
                                      "01:1",
                                      "1:01",
                                      "18446744073709551616:1",
                                      "1:4294967296",
                                      "1:1:1",
                                      " 1:1",
                                      "1 :1",
                                      "1:1\n",
                                      "-1:1",
                                      "+1:1",
                                      "0x1:1",
                                      "1:a",
                                      "a:1"};

START_TEST(kmr_identity_strict)
{
    uint8_t id[M2M_NODE_ID_LEN];
    uint32_t index = 77;
    ck_assert_msg(!key_kmr_identity_parse(span_str(not_kmr[_i]), id, &index), "took '%s'",
                  not_kmr[_i]);
    ck_assert_uint_eq(index, 77);
}
END_TEST

START_TEST(kmc_identity_strict)
{
    uint64_t connection = 78;
    uint32_t index = 77;
    ck_assert_msg(!key_kmc_identity_parse(span_str(not_kmc[_i]), &connection, &index), "took '%s'",
                  not_kmc[_i]);
    ck_assert_uint_eq(index, 77);
    ck_assert_uint_eq(connection, 78);
}
END_TEST

START_TEST(identity_with_nul)
{
    uint64_t connection;
    uint32_t index;
    ck_assert(!key_kmc_identity_parse(span_of("1:1\0", 4), &connection, &index));
    ck_assert(!key_kmc_identity_parse(span_of(NULL, 0), &connection, &index));
}
END_TEST

START_TEST(names)
{
    ck_assert_str_eq(key_type_name(KEY_KMR), "Kmr");
    ck_assert_str_eq(key_type_name(KEY_KMC), "Kmc");
    ck_assert_str_eq(key_type_name(KEY_KMA), "Kma");
    ck_assert_str_eq(key_type_name(KEY_KIVAL), "KIVal");
    ck_assert_str_eq(key_type_name(KEY_SESSION), "session");
}
END_TEST

static void fill(TCase *c)
{
    fill_octets(node_id, sizeof node_id, 0xa0);
    tcase_add_test(c, kmr_c1);
    tcase_add_test(c, kmr_usrk);
    tcase_add_test(c, kmc_c3);
    tcase_add_test(c, kma_c4);
    tcase_add_test(c, ival_c6);
    tcase_add_test(c, identities);
    tcase_add_loop_test(c, kmr_identity_strict, 0, sizeof not_kmr / sizeof not_kmr[0]);
    tcase_add_loop_test(c, kmc_identity_strict, 0, sizeof not_kmc / sizeof not_kmc[0]);
    tcase_add_test(c, identity_with_nul);
    tcase_add_test(c, names);
}

int main(void)
{
    return run_suite("keys", fill);
}
