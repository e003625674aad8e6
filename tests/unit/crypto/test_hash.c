#include "check_main.h"

#include <stdio.h>

static void check_hex(const uint8_t *p, size_t n, const char *expect)
{
    char hex[2 * 256 + 1];
    hex_encode(p, n, hex);
    ck_assert_str_eq(hex, expect);
}

/* FIPS 180-4 examples as NIST publishes them; the third over 1,000,000 octets. */
START_TEST(sha256_known)
{
    uint8_t out[32];
    struct meter m = {0};
    hash_sha256(&m, span_str("abc"), out);
    check_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_sha256(&m, span_str(""), out);
    check_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    struct sha256 *h = sha256_new();
    for (int i = 0; i < 1000; i++) {
        uint8_t a[1000];
        memset(a, 'a', sizeof a);
        sha256_add(h, span_of(a, sizeof a));
        hash_sha256(NULL, span_str("between"), out); /* must not disturb the incremental one */
    }
    sha256_final(h, out);
    check_hex(out, 32, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    ck_assert_uint_eq(m.use[OP_SHA256].calls, 2);
    ck_assert_uint_eq(m.use[OP_SHA256].octets, 3);
}
END_TEST

/* RFC 4231 4.2 - 4.8 (test case 5 is of a truncated output). */
#define CD10 "cdcdcdcdcdcdcdcdcdcd"
#define CD50 CD10 CD10 CD10 CD10 CD10
static const struct {
    const char *key, *data, *mac;
} hmacs[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"0102030405060708090a0b0c0d0e0f10111213141516171819", CD50,
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {"long",
     "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368"
     "204b6579204669727374",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
};

START_TEST(hmac_known)
{
    uint8_t key[131], data[256], out[32];
    size_t key_n, n = strlen(hmacs[_i].data) / 2;
    if (!strcmp(hmacs[_i].key, "long")) {
        memset(key, 0xaa, key_n = 131);
    } else {
        key_n = unhex(hmacs[_i].key, key, sizeof key);
    }
    unhex(hmacs[_i].data, data, sizeof data);
    struct meter m = {0};
    hash_hmac_sha256(&m, span_of(key, key_n), span_of(data, n), out);
    check_hex(out, 32, hmacs[_i].mac);
    ck_assert_uint_eq(m.use[OP_HMAC_SHA256].calls, 1);
    ck_assert_uint_eq(m.use[OP_HMAC_SHA256].octets, n);
    /* In pieces it is the same. */
    const struct span pieces[] = {span_of(data, 1), span_of(data + 1, 0), span_of(data + 1, n - 1)};
    uint8_t again[32];
    hash_hmac_sha256_v(NULL, span_of(key, key_n), pieces, 3, again);
    ck_assert(hash_equal(out, again, 32));
    again[31] ^= 1;
    ck_assert(!hash_equal(out, again, 32));
}
END_TEST

/* RFC 3394 4.6: 256 bits under 256 bits, as Kmr travels. */
START_TEST(wrap_256)
{
    uint8_t kek[32], key[32], out[40];
    for (int i = 0; i < 32; i++)
        kek[i] = (uint8_t)i;
    unhex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f", key, 32);
    ck_assert_int_eq(key_wrap(NULL, kek, key, 32, out), OK);
    check_hex(out, 40,
              "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
}
END_TEST

/* The vectors of tests/vectors/aes_key_wrap.txt whose KEK has 256 bits. */
START_TEST(wrap_known)
{
    FILE *f = fopen(M2M_SOURCE_DIR "/tests/vectors/aes_key_wrap.txt", "r");
    ck_assert_ptr_nonnull(f);
    char line[256], kek_hex[130] = "", data_hex[130] = "", wrapped_hex[130];
    unsigned tried = 0;
    while (fgets(line, sizeof line, f)) {
        sscanf(line, "KEK = %128s", kek_hex);
        sscanf(line, "key_data = %128s", data_hex);
        if (sscanf(line, "wrapped = %128s", wrapped_hex) != 1 || strlen(kek_hex) != 64)
            continue;
        uint8_t kek[32], data[32], wrapped[40], out[40];
        unhex(kek_hex, kek, 32);
        size_t n = unhex(data_hex, data, sizeof data);
        ck_assert_uint_eq(unhex(wrapped_hex, wrapped, sizeof wrapped), n + 8);
        struct meter m = {0};
        ck_assert_int_eq(key_wrap(&m, kek, data, n, out), OK);
        ck_assert_mem_eq(out, wrapped, n + 8);
        ck_assert_int_eq(key_unwrap(&m, kek, wrapped, n + 8, out), OK);
        ck_assert_mem_eq(out, data, n);
        ck_assert_uint_eq(m.use[OP_AES256_WRAP].calls, 2);
        tried++;
    }
    fclose(f);
    ck_assert_uint_ge(tried, 1);
}
END_TEST

START_TEST(wrap_refuses)
{
    uint8_t kek[32] = {1}, key[32] = {2}, wrapped[40], out[32], before[32];
    ck_assert_int_eq(key_wrap(NULL, kek, key, 32, wrapped), OK);
    memset(out, 0x5a, sizeof out);
    memcpy(before, out, sizeof out);
    for (int bit = 0; bit < 320; bit++) {
        wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_int_eq(key_unwrap(NULL, kek, wrapped, 40, out), ERR_INTEGRITY);
        ck_assert_mem_eq(out, before, sizeof out);
        wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    kek[31] ^= 1;
    ck_assert_int_eq(key_unwrap(NULL, kek, wrapped, 40, out), ERR_INTEGRITY);
    kek[31] ^= 1;
    ck_assert_int_eq(key_unwrap(NULL, kek, wrapped, 40, out), OK);
    ck_assert_mem_eq(out, key, 32);
    ck_assert_int_eq(key_wrap(NULL, kek, key, 12, wrapped), ERR_RANGE);
    ck_assert_int_eq(key_wrap(NULL, kek, key, 8, wrapped), ERR_RANGE);
    ck_assert_int_eq(key_unwrap(NULL, kek, wrapped, 16, out), ERR_RANGE);
    ck_assert_int_eq(key_unwrap(NULL, kek, wrapped, 39, out), ERR_RANGE);
}
END_TEST

START_TEST(hex_strict)
{
    uint8_t out[4] = {9, 9, 9, 9};
    ck_assert(hex_decode("00aBfF", 6, out, 3));
    ck_assert_mem_eq(out, "\x00\xab\xff\x09", 4);
    ck_assert(!hex_decode("00aBf", 5, out, 3));
    ck_assert(!hex_decode("00aBf", 5, out, 2));
    ck_assert(!hex_decode("00aBfg", 6, out, 3));
    ck_assert(!hex_decode("0x00ab", 6, out, 3));
    ck_assert(!hex_decode(" 0aBff", 6, out, 3));
    ck_assert(!hex_decode("00aBfF", 6, out, 2));
    ck_assert(!hex_decode("00aBfF", 6, out, 4));
    ck_assert_mem_eq(out, "\x00\xab\xff\x09", 4);
    ck_assert(hex_decode("", 0, out, 0));
}
END_TEST

/* RFC 4648 10 */
static const char *const base64s[][2] = {{"", ""},
                                         {"f", "Zg=="},
                                         {"fo", "Zm8="},
                                         {"foo", "Zm9v"},
                                         {"foob", "Zm9vYg=="},
                                         {"fooba", "Zm9vYmE="},
                                         {"foobar", "Zm9vYmFy"}};

START_TEST(base64_known)
{
    char text[32];
    uint8_t octets[32];
    base64_encode(span_str(base64s[_i][0]), text);
    ck_assert_str_eq(text, base64s[_i][1]);
    size_t n = strlen(base64s[_i][0]);
    ck_assert_int_eq(base64_decode(span_str(text), octets, n), (long)n);
    ck_assert_mem_eq(octets, base64s[_i][0], n);
    if (n)
        ck_assert_int_eq(base64_decode(span_str(text), octets, n - 1), -1);
}
END_TEST

START_TEST(base64_all_octets)
{
    uint8_t in[256], out[256];
    char text[4 * 86 + 1];
    for (int i = 0; i < 256; i++)
        in[i] = (uint8_t)(i * 37 + 11);
    for (size_t n = 0; n <= 256; n++) {
        base64_encode(span_of(in, n), text);
        ck_assert_uint_eq(strlen(text), (n + 2) / 3 * 4);
        ck_assert_int_eq(base64_decode(span_str(text), out, sizeof out), (long)n);
        ck_assert_mem_eq(in, out, n);
    }
}
END_TEST

static const char *const not_base64[] = {
    "Zg=",  "Zg",   "Z===", "====", "Zg==Zg==", "Zh==",    "Zm9=",     "Zm 9v",  "Zm9v\n",
    "Zm9-", "Zm9_", "=m9v", "Z=9v", "Zm=v",     "\xffm9v", "Zm9v====", "AAA\x01"};

START_TEST(base64_strict)
{
    uint8_t out[32];
    ck_assert_msg(base64_decode(span_str(not_base64[_i]), out, sizeof out) == -1, "took '%s'",
                  not_base64[_i]);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, sha256_known);
    tcase_add_loop_test(c, hmac_known, 0, sizeof hmacs / sizeof hmacs[0]);
    tcase_add_test(c, wrap_known);
    tcase_add_test(c, wrap_256);
    tcase_add_test(c, wrap_refuses);
    tcase_add_test(c, hex_strict);
    tcase_add_loop_test(c, base64_known, 0, 7);
    tcase_add_test(c, base64_all_octets);
    tcase_add_loop_test(c, base64_strict, 0, sizeof not_base64 / sizeof not_base64[0]);
}

int main(void)
{
    return run_suite("hash", fill);
}
