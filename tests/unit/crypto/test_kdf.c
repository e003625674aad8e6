#include "check_main.h"

#include "crypto/cipher.h"
#include "crypto/kdf.h"
#include "tests/support/vectors.h"

#define MOST 512

static void check_octets(const struct vectors *v, size_t i, const char *key, const uint8_t *got,
                         size_t n)
{
    uint8_t known[MOST];
    ck_assert_uint_eq(vectors_hex(v, i, key, known, sizeof known), n);
    ck_assert_msg(memcmp(known, got, n) == 0, "%s of %s differs", key, vectors_name(v, i));
}

static struct span text(const struct vectors *v, size_t i, const char *key)
{
    const char *value = vectors_text(v, i, key);
    ck_assert_msg(value != NULL, "%s has no %s", vectors_name(v, i), key);
    return span_str(value);
}

START_TEST(fips186_known)
{
    struct vectors *v = vectors_read("fips186_2_prf.txt");
    ck_assert_uint_eq(vectors_count(v), 3);
    for (size_t i = 0; i < vectors_count(v); i++) {
        uint8_t xkey[20], known[MOST], out[MOST];
        struct meter m = {0};
        ck_assert_uint_eq(vectors_hex(v, i, "XKEY", xkey, 20), 20);
        size_t n = vectors_hex(v, i, "out", known, sizeof known);
        kdf_fips186_prf(&m, xkey, out, n);
        ck_assert_mem_eq(out, known, n);
        ck_assert_uint_eq(m.use[OP_SHA1].calls, (n + 19) / 20);
        for (size_t part = 0; part < n; part++) {
            out[part] = 0x5a;
            kdf_fips186_prf(NULL, xkey, out, part);
            ck_assert_mem_eq(out, known, part);
            ck_assert_uint_eq(out[part], 0x5a);
        }
    }
    vectors_free(v);
}
END_TEST

/* The vectors of SHA-384 and SHA-512 are not ours to pass: PANA and EAP have neither. */
START_TEST(prf_plus_known)
{
    struct vectors *v = vectors_read("ikev2_prf_plus.txt");
    unsigned tried = 0;
    for (size_t i = 0; i < vectors_count(v); i++) {
        uint8_t key[MOST], seed[MOST], known[MOST], out[MOST];
        if (strcmp(vectors_text(v, i, "prf"), "HMAC_SHA2_256") != 0)
            continue;
        size_t key_n = vectors_hex(v, i, "key", key, sizeof key);
        size_t seed_n = vectors_hex(v, i, "seed", seed, sizeof seed);
        size_t n = vectors_hex(v, i, "out", known, sizeof known);
        struct meter m = {0};
        const struct span whole = span_of(seed, seed_n);
        kdf_prf_plus(&m, KDF_PRF_HMAC_SHA256, span_of(key, key_n), &whole, 1, out, n);
        ck_assert_mem_eq(out, known, n);
        ck_assert_uint_eq(m.use[OP_HMAC_SHA256].calls, (n + 31) / 32);
        const struct span pieces[] = {span_of(seed, 3), span_of(seed + 3, seed_n - 3)};
        kdf_prf_plus(NULL, KDF_PRF_HMAC_SHA256, span_of(key, key_n), pieces, 2, out, n);
        ck_assert_mem_eq(out, known, n);
        tried++;
    }
    ck_assert_uint_eq(tried, 2);
    vectors_free(v);
}
END_TEST

/* No vector with SHA-1 was found: held against the formula, written out. */
START_TEST(prf_plus_sha1)
{
    const struct span key = span_str("a key"), seed = span_str("some seed");
    uint8_t out[255 * 20], t[20];
    kdf_prf_plus(NULL, KDF_PRF_HMAC_SHA1, key, &seed, 1, out, sizeof out);
    for (unsigned i = 1; i <= 255; i++) {
        uint8_t in[20 + 9 + 1];
        size_t n = i > 1 ? 20 : 0;
        memcpy(in, t, n);
        memcpy(in + n, seed.p, 9);
        in[n + 9] = (uint8_t)i;
        hash_hmac_sha1(NULL, key, span_of(in, n + 10), t);
        ck_assert_mem_eq(out + 20 * (i - 1), t, 20);
    }
}
END_TEST

/* RFC 5869 A.1 to A.3. */
static const struct {
    const char *ikm, *salt, *info, *prk, *okm;
} hkdfs[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
     "f0f1f2f3f4f5f6f7f8f9", "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
     "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
     "404142434445464748494a4b4c4d4e4f",
     "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
     "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
     "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
     "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
     "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
     "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
     "cc30c58179ec3e87c14c01d5c1f3434f1d87"},
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
     "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
};

START_TEST(hkdf_known)
{
    uint8_t ikm[96], salt[96], info[96], known[96], prk[32], out[96];
    size_t ikm_n = unhex(hkdfs[_i].ikm, ikm, sizeof ikm);
    size_t salt_n = unhex(hkdfs[_i].salt, salt, sizeof salt);
    const struct span whole = span_of(info, unhex(hkdfs[_i].info, info, sizeof info));
    kdf_hkdf_extract(NULL, span_of(salt, salt_n), span_of(ikm, ikm_n), prk);
    ck_assert_uint_eq(unhex(hkdfs[_i].prk, known, sizeof known), 32);
    ck_assert_mem_eq(prk, known, 32);
    size_t n = unhex(hkdfs[_i].okm, known, sizeof known);
    kdf_hkdf_expand(NULL, span_of(prk, 32), &whole, 1, out, n);
    ck_assert_mem_eq(out, known, n);
}
END_TEST

/* RFC 5433 4 and 8.1, with recorded and computed conversations: MK, then MSK, EMSK, SK and PK. */
START_TEST(gkdf_known)
{
    struct vectors *v = vectors_read("eap_gpsk.txt");
    ck_assert_uint_eq(vectors_count(v), 4);
    for (size_t i = 0; i < vectors_count(v); i++) {
        uint8_t psk[64], csuite[6], input[MOST], mk[32], out[64 + 64 + 32 + 16], length[2] = {0};
        size_t psk_n;
        if (vectors_text(v, i, "PSK")) {
            psk_n = vectors_hex(v, i, "PSK", psk, sizeof psk);
        } else {
            struct span ascii = text(v, i, "PSK_ascii");
            memcpy(psk, ascii.p, psk_n = ascii.n);
        }
        ck_assert_uint_eq(vectors_hex(v, i, "CSuite_Sel", csuite, 6), 6);
        size_t input_n = vectors_hex(v, i, "inputString", input, sizeof input);
        enum kdf_gpsk_suite suite = csuite[5] == 1 ? KDF_GPSK_AES : KDF_GPSK_SHA256;
        size_t ks = KDF_GPSK_KS(suite);
        length[1] = (uint8_t)psk_n;
        const struct span z[] = {span_of(length, 2), span_of(psk, psk_n), span_of(csuite, 6),
                                 span_of(input, input_n)};
        kdf_gkdf(NULL, suite, psk, z, 4, mk, ks);
        check_octets(v, i, "MK", mk, ks);
        struct meter m = {0};
        size_t n = 128 + ks + (suite == KDF_GPSK_AES ? ks : 0);
        kdf_gkdf(&m, suite, mk, z + 3, 1, out, n);
        check_octets(v, i, "MSK", out, 64);
        check_octets(v, i, "EMSK", out + 64, 64);
        check_octets(v, i, "SK", out + 128, ks);
        if (suite == KDF_GPSK_AES)
            check_octets(v, i, "PK", out + 128 + ks, ks);
        enum meter_op op = suite == KDF_GPSK_AES ? OP_CMAC_AES128 : OP_HMAC_SHA256;
        ck_assert_uint_eq(m.use[op].calls, n / ks);
        ck_assert_uint_eq(m.use[op].octets, n / ks * (2 + input_n));
    }
    vectors_free(v);
}
END_TEST

/* RFC 4764 3.1 and 3.2: AK and KDK of the PSK, then TEK, MSK and EMSK of RAND_P. */
START_TEST(modified_counter_known)
{
    struct vectors *v = vectors_read("eap_psk.txt");
    size_t i = vectors_find(v, "hostap-PSK");
    uint8_t psk[16], rand_p[16], zeros[16] = {0}, keys[32], out[9 * 16];
    struct meter m = {0};
    vectors_hex(v, i, "PSK", psk, 16);
    vectors_hex(v, i, "RAND_P", rand_p, 16);
    kdf_modified_counter(&m, psk, zeros, 2, keys);
    check_octets(v, i, "AK", keys, 16);
    check_octets(v, i, "KDK", keys + 16, 16);
    kdf_modified_counter(&m, keys + 16, rand_p, 9, out);
    check_octets(v, i, "TEK", out, 16);
    check_octets(v, i, "MSK", out + 16, 64);
    check_octets(v, i, "EMSK", out + 80, 64);
    ck_assert_uint_eq(m.use[OP_AES128_BLOCK].calls, 2);
    ck_assert_uint_eq(m.use[OP_AES128_BLOCK].octets, 16 * (3 + 10));
    /* MAC_P and MAC_S of the same conversation, which AK keys. */
    uint8_t rand_s[16], mac[16];
    vectors_hex(v, i, "RAND_S", rand_s, 16);
    const struct span id_p = text(v, i, "ID_P_ascii"), id_s = text(v, i, "ID_S_ascii");
    const struct span p[] = {id_p, id_s, span_of(rand_s, 16), span_of(rand_p, 16)};
    cipher_cmac_v(NULL, keys, p, 4, mac);
    check_octets(v, i, "MAC_P", mac, 16);
    const struct span s[] = {id_s, span_of(rand_p, 16)};
    cipher_cmac_v(NULL, keys, s, 2, mac);
    check_octets(v, i, "MAC_S", mac, 16);
    vectors_free(v);
}
END_TEST

START_TEST(gba_known)
{
    struct vectors *v = vectors_read("gba_kdf.txt");
    ck_assert_uint_eq(vectors_count(v), 6);
    for (size_t i = 0; i < vectors_count(v); i++) {
        uint8_t ks[32], rand[16], naf_id[128], out[32];
        char base64[32];
        ck_assert_uint_eq(vectors_hex(v, i, "Ks", ks, 32), 32);
        ck_assert_uint_eq(vectors_hex(v, i, "RAND", rand, 16), 16);
        struct span fqdn = text(v, i, "NAF_FQDN_ascii"), impi = text(v, i, "IMPI_ascii");
        memcpy(naf_id, fqdn.p, fqdn.n);
        ck_assert_uint_eq(vectors_hex(v, i, "Ua_proto_id", naf_id + fqdn.n, 5), 5);
        struct span naf = span_of(naf_id, fqdn.n + 5);
        kdf_ks_naf(NULL, ks, "gba-me", rand, impi, naf, out);
        check_octets(v, i, "Ks_NAF", out, 32);
        kdf_ks_naf(NULL, ks, "gba-u", rand, impi, naf, out);
        check_octets(v, i, "Ks_int_NAF_gba-u", out, 32);
        /* The whole input of the MAC, as the vector prints it. */
        uint8_t s[MOST], known[32];
        size_t n = vectors_hex(v, i, "S", s, sizeof s);
        hash_hmac_sha256(NULL, span_of(ks, 32), span_of(s, n), known);
        kdf_ks_naf(NULL, ks, "gba-me", rand, impi, naf, out);
        ck_assert_mem_eq(out, known, 32);
        base64_encode(span_of(rand, 16), base64);
        ck_assert_int_eq(strncmp(vectors_text(v, i, "B-TID_ascii"), base64, strlen(base64)), 0);
    }
    vectors_free(v);
}
END_TEST

/* RFC 9048 3.3, with appendix D: CK' and IK', then what PRF' makes of them. */
START_TEST(aka_prime_known)
{
    struct vectors *v = vectors_read("eap_aka_prime.txt");
    unsigned tried = 0;
    for (size_t i = 0; i < vectors_count(v); i++) {
        uint8_t ck[16], ik[16], autn[16], key[32], out[208];
        if (!vectors_text(v, i, "network_name"))
            continue;
        vectors_hex(v, i, "CK", ck, 16);
        vectors_hex(v, i, "IK", ik, 16);
        vectors_hex(v, i, "AUTN", autn, 16); /* begins with SQN ^ AK */
        kdf_aka_prime(NULL, ck, ik, text(v, i, "network_name"), autn, key + 16, key);
        check_octets(v, i, "CK'", key + 16, 16);
        check_octets(v, i, "IK'", key, 16);
        const struct span seed[] = {span_str("EAP-AKA'"), text(v, i, "identity_ascii")};
        kdf_prf_plus(NULL, KDF_PRF_HMAC_SHA256, span_of(key, 32), seed, 2, out, sizeof out);
        check_octets(v, i, "K_encr", out, 16);
        check_octets(v, i, "K_aut", out + 16, 32);
        check_octets(v, i, "K_re", out + 48, 32);
        check_octets(v, i, "MSK", out + 80, 64);
        check_octets(v, i, "EMSK", out + 144, 64);
        tried++;
    }
    ck_assert_uint_eq(tried, 3);
    vectors_free(v);
}
END_TEST

START_TEST(aka_prime_reauth)
{
    struct vectors *v = vectors_read("eap_aka_prime.txt");
    unsigned tried = 0;
    for (size_t i = 0; i < vectors_count(v); i++) {
        uint8_t k_re[32], counter[2], nonce_s[16], out[128];
        if (!vectors_text(v, i, "reauth_identity_ascii"))
            continue;
        vectors_hex(v, i, "K_re", k_re, 32);
        vectors_hex(v, i, "counter", counter, 2);
        vectors_hex(v, i, "NONCE_S", nonce_s, 16);
        const struct span seed[] = {span_str("EAP-AKA' re-auth"),
                                    text(v, i, "reauth_identity_ascii"), span_of(counter, 2),
                                    span_of(nonce_s, 16)};
        kdf_prf_plus(NULL, KDF_PRF_HMAC_SHA256, span_of(k_re, 32), seed, 4, out, sizeof out);
        check_octets(v, i, "MSK", out, 64);
        check_octets(v, i, "EMSK", out + 64, 64);
        tried++;
    }
    ck_assert_uint_eq(tried, 2);
    vectors_free(v);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, fips186_known);
    tcase_add_test(c, prf_plus_known);
    tcase_add_test(c, prf_plus_sha1);
    tcase_add_loop_test(c, hkdf_known, 0, sizeof hkdfs / sizeof hkdfs[0]);
    tcase_add_test(c, gkdf_known);
    tcase_add_test(c, modified_counter_known);
    tcase_add_test(c, gba_known);
    tcase_add_test(c, aka_prime_known);
    tcase_add_test(c, aka_prime_reauth);
}

int main(void)
{
    return run_suite("kdf", fill);
}
