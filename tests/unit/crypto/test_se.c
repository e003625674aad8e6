#include "check_main.h"

#include "crypto/se.h"

static const uint8_t node_id[M2M_NODE_ID_LEN] = {1, 2, 3};

START_TEST(slots)
{
    struct se se = {0};
    uint8_t key[32], got[32];
    memset(key, 7, sizeof key);
    for (int s = 0; s < SE_SLOTS; s++) {
        ck_assert(!se_has(&se, (enum se_slot)s));
        ck_assert(!se_backend_copy(&se, (enum se_slot)s, got));
        ck_assert_uint_eq(se_tls_psk(&se, (enum se_slot)s, got, 32), 0);
    }
    se_put(&se, SE_KMC, key);
    ck_assert(se_has(&se, SE_KMC));
    ck_assert(!se_has(&se, SE_KMR));
    ck_assert_uint_eq(se_tls_psk(&se, SE_KMC, got, 31), 0);
    ck_assert_uint_eq(se_tls_psk(&se, SE_KMC, got, 256), 32);
    ck_assert_mem_eq(got, key, 32);
    ck_assert(se_backend_copy(&se, SE_KMC, got));
    se_erase(&se, SE_KMC);
    ck_assert(!se_has(&se, SE_KMC));
    const uint8_t zeros[sizeof se] = {0};
    ck_assert_mem_eq(&se, zeros, sizeof se);
    ck_assert_int_eq(se_copy(&se, SE_KS_NAF, SE_KMR), ERR_STATE);
    se_put(&se, SE_KS_NAF, key);
    ck_assert_int_eq(se_copy(&se, SE_KS_NAF, SE_KMR), OK);
    ck_assert(se_eap_psk(&se, SE_KMR, got) && se_has(&se, SE_KS_NAF));
    ck_assert_mem_eq(got, key, 32);
    se_put(&se, SE_KIVAL, key);
    se_release(&se);
    ck_assert_mem_eq(&se, zeros, sizeof se);
}
END_TEST

START_TEST(wrap_between)
{
    struct se msbf = {0}, device = {0};
    uint8_t kmr[32], kek[32] = {9}, wrapped[M2M_WRAPPED_LEN], got[32];
    memset(kmr, 0x42, sizeof kmr);
    struct meter m = {0};
    ck_assert_int_eq(se_wrap(&msbf, &m, SE_KMR, kek, wrapped), ERR_STATE);
    se_put(&msbf, SE_KMR, kmr);
    ck_assert_int_eq(se_wrap(&msbf, &m, SE_KMR, kek, wrapped), OK);
    wrapped[20] ^= 1;
    ck_assert_int_eq(se_unwrap(&device, &m, SE_KMR, kek, wrapped), ERR_INTEGRITY);
    ck_assert(!se_has(&device, SE_KMR));
    wrapped[20] ^= 1;
    ck_assert_int_eq(se_unwrap(&device, &m, SE_KMR, kek, wrapped), OK);
    ck_assert(se_backend_copy(&device, SE_KMR, got));
    ck_assert_mem_eq(got, kmr, 32);
    /* A refused second unwrap leaves the first key. */
    wrapped[0] ^= 0x80;
    ck_assert_int_eq(se_unwrap(&device, &m, SE_KMR, kek, wrapped), ERR_INTEGRITY);
    ck_assert(se_backend_copy(&device, SE_KMR, got));
    ck_assert_mem_eq(got, kmr, 32);
    ck_assert_uint_eq(m.use[OP_AES256_WRAP].calls, 4);
}
END_TEST

START_TEST(capability_bits)
{
    ck_assert_uint_eq(ival_capability_bit(CAP_XAE), UINT32_C(1) << 31);
    ck_assert_uint_eq(ival_capability_bit(CAP_SPARE), UINT32_C(1) << IVAL_CAPABILITY_SHIFT);
}
END_TEST

static void genuine(struct se_component *c, const char *image, uint32_t bits)
{
    *c = (struct se_component){.name = "part", .image = span_str(image), .capability_bits = bits};
    hash_sha256(NULL, c->image, c->reference);
}

START_TEST(measure)
{
    struct se se = {0};
    struct meter m = {0};
    struct se_component c[3];
    genuine(&c[0], "boot loader", ival_capability_bit(CAP_XSEC) | ival_capability_bit(CAP_XGC));
    genuine(&c[1], "meter application", UINT32_C(1) << IVAL_APP_SHIFT);
    genuine(&c[2], "stack", ival_capability_bit(CAP_XGC));
    ck_assert_uint_eq(se_measure(&se, &m, c, 3, 5), 0xffc00000u | 1u << 5 | 5u << 1 | 1u);
    ck_assert_uint_eq(m.use[OP_SHA256].calls, 3);
    ck_assert_uint_eq(m.use[OP_SHA256].octets, 11 + 17 + 5);
    /* One changed octet of the first: what needs it goes, the pass too; the rest stays. */
    c[0].image = span_str("boot loadeR");
    ck_assert_uint_eq(se_measure(&se, NULL, c, 3, 5),
                      (0xffc00000u & ~(1u << 26) & ~(1u << 30)) | 1u << 5 | 5u << 1);
    ck_assert_uint_eq(se.ival_result & IVAL_PASS, 0);
    /* Components cannot claim the version or the pass; a version keeps to its four bits. */
    genuine(&c[0], "x", UINT32_C(0x1f));
    ck_assert_uint_eq(se_measure(&se, NULL, c, 1, 16), 0xffc00000u | 1u);
    /* Nothing measured passes nothing. */
    ck_assert_uint_eq(se_measure(&se, NULL, NULL, 0, 0), 0xffc00000u);
}
END_TEST

START_TEST(sign)
{
    struct se se = {0};
    struct meter m = {0};
    uint8_t kival[32] = {0x33};
    uint32_t result = 0;
    int64_t signature = 0;
    struct span stamp = span_str("2013-06-01T00:00:00Z");
    struct se_component c;
    genuine(&c, "image", ival_capability_bit(CAP_XAE));
    ck_assert_int_eq(se_ival_sign(&se, &m, stamp, node_id, &result, &signature), ERR_STATE);
    se_measure(&se, NULL, &c, 1, 1);
    ck_assert_int_eq(se_ival_sign(&se, &m, stamp, node_id, &result, &signature), ERR_STATE);
    se_put(&se, SE_KIVAL, kival);
    ck_assert_int_eq(se_ival_sign(&se, &m, stamp, node_id, &result, &signature), OK);
    ck_assert_uint_eq(result, 0xffc00003u);
    ck_assert_int_eq(signature, key_ival_sign(NULL, kival, 0xffc00003u, stamp, node_id));
    ck_assert_uint_eq(m.use[OP_HMAC_SHA256].octets, 4 + 20 + 16);
}
END_TEST

/* Made and used within; computed apart from the two formulas. */
START_TEST(kma)
{
    static const char expected[] =
        "a862828420b6cba12d6793d19c4d3217a1ab61e1207d0439addfb16daa486ea4";
    struct se se = {0};
    struct meter m = {0};
    const struct span pieces[] = {span_str("abc"), span_str(""), span_str("def")};
    uint8_t kmc[32], mac[32];
    char text[65];

    for (uint8_t i = 0; i < sizeof kmc; i++)
        kmc[i] = i;
    ck_assert_int_eq(se_kma_mac(&se, &m, span_str("app/1"), pieces, 3, mac), ERR_STATE);
    ck_assert_uint_eq(m.use[OP_HMAC_SHA256].calls, 0);
    se_put(&se, SE_KMC, kmc);
    ck_assert_int_eq(se_kma_mac(&se, &m, span_str("app/1"), pieces, 3, mac), OK);
    hex_encode(mac, sizeof mac, text);
    ck_assert_str_eq(text, expected);
    ck_assert_uint_eq(m.use[OP_HMAC_SHA256].calls, 2);
    ck_assert_int_eq(se_kma_mac(&se, &m, span_str("app/2"), pieces, 3, mac), OK);
    hex_encode(mac, sizeof mac, text);
    ck_assert_str_ne(text, expected);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, slots);
    tcase_add_test(c, wrap_between);
    tcase_add_test(c, capability_bits);
    tcase_add_test(c, measure);
    tcase_add_test(c, sign);
    tcase_add_test(c, kma);
}

int main(void)
{
    return run_suite("se", fill);
}
