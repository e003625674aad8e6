#include "check_main.h"

#include "tests/support/vectors.h"

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

/* The digests of the FIPS 180 examples and of RFC 1321 A.5; RFC 2202 2 and 3. Whole, then cut into
 * pieces everywhere. */
static const struct known {
    void (*whole)(struct meter *m, struct span in, uint8_t *out);
    void (*pieces)(struct meter *m, const struct span *pieces, size_t n, uint8_t *out);
    enum meter_op op;
    const char *in, *digest;
} knowns[] = {
    {hash_sha1, hash_sha1_v, OP_SHA1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {hash_sha1, hash_sha1_v, OP_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {hash_sha1, hash_sha1_v, OP_SHA1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
    {hash_md5, hash_md5_v, OP_MD5, "", "d41d8cd98f00b204e9800998ecf8427e"},
    {hash_md5, hash_md5_v, OP_MD5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
    {hash_md5, hash_md5_v, OP_MD5, "abcdefghijklmnopqrstuvwxyz",
     "c3fcd3d76192e4007dfb496cca67e13b"},
    {hash_sha256, hash_sha256_v, OP_SHA256, "abc",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
};

START_TEST(digests_known)
{
    const struct known *k = &knowns[_i];
    size_t n = strlen(k->in), length = strlen(k->digest) / 2;
    uint8_t out[32];
    struct meter m = {0};
    k->whole(&m, span_str(k->in), out);
    check_hex(out, length, k->digest);
    ck_assert_uint_eq(m.use[k->op].calls, 1);
    ck_assert_uint_eq(m.use[k->op].octets, n);
    for (size_t cut = 0; cut <= n; cut++) {
        const struct span pieces[] = {span_of(k->in, cut), span_of(k->in + cut, n - cut)};
        k->pieces(&m, pieces, 2, out);
        check_hex(out, length, k->digest);
    }
    ck_assert_uint_eq(m.use[k->op].calls, n + 2);
    k->pieces(NULL, NULL, 0, out); /* no piece is no octets */
    uint8_t none[32];
    k->whole(NULL, span_str(""), none);
    ck_assert_mem_eq(out, none, length);
}
END_TEST

static const struct known_mac {
    void (*whole)(struct meter *m, struct span key, struct span in, uint8_t *out);
    void (*pieces)(struct meter *m, struct span key, const struct span *pieces, size_t n,
                   uint8_t *out);
    enum meter_op op;
    uint8_t fill; /* 0: the key is a text */
    size_t key_n;
    const char *key, *in, *mac;
} known_macs[] = {
    {hash_hmac_md5, hash_hmac_md5_v, OP_HMAC_MD5, 0x0b, 16, "", "Hi There",
     "9294727a3638bb1c13f48ef8158bfc9d"},
    {hash_hmac_md5, hash_hmac_md5_v, OP_HMAC_MD5, 0, 4, "Jefe", "what do ya want for nothing?",
     "750c783e6ab0b503eaa86e310a5db738"},
    {hash_hmac_md5, hash_hmac_md5_v, OP_HMAC_MD5, 0xaa, 80, "",
     "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data",
     "6f630fad67cda0ee1fb1f562db3aa53e"},
    {hash_hmac_sha1, hash_hmac_sha1_v, OP_HMAC_SHA1, 0x0b, 20, "", "Hi There",
     "b617318655057264e28bc0b6fb378c8ef146be00"},
    {hash_hmac_sha1, hash_hmac_sha1_v, OP_HMAC_SHA1, 0, 4, "Jefe", "what do ya want for nothing?",
     "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    {hash_hmac_sha1, hash_hmac_sha1_v, OP_HMAC_SHA1, 0xaa, 80, "",
     "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data",
     "e8e99d0f45237d786d6bbaa7965c7808bbff1a91"},
};

START_TEST(macs_known)
{
    const struct known_mac *k = &known_macs[_i];
    size_t n = strlen(k->in), length = strlen(k->mac) / 2;
    uint8_t key[80], out[20];
    struct meter m = {0};
    memset(key, k->fill, sizeof key);
    if (!k->fill)
        memcpy(key, k->key, k->key_n);
    k->whole(&m, span_of(key, k->key_n), span_str(k->in), out);
    check_hex(out, length, k->mac);
    ck_assert_uint_eq(m.use[k->op].calls, 1);
    ck_assert_uint_eq(m.use[k->op].octets, n);
    for (size_t cut = 0; cut <= n; cut++) {
        const struct span pieces[] = {span_of(k->in, cut), span_of(k->in + cut, n - cut)};
        k->pieces(NULL, span_of(key, k->key_n), pieces, 2, out);
        check_hex(out, length, k->mac);
    }
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

/* The vectors of tests/vectors/aes_key_wrap.txt whose KEK has 256 bits, as ours has. */
START_TEST(wrap_known)
{
    struct vectors *v = vectors_read("aes_key_wrap.txt");
    unsigned tried = 0;
    for (size_t i = 0; i < vectors_count(v); i++) {
        uint8_t kek[32], data[32], wrapped[40], out[40];
        if (vectors_hex(v, i, "KEK", kek, 32) != 32)
            continue;
        size_t n = vectors_hex(v, i, "key_data", data, sizeof data);
        ck_assert_uint_eq(vectors_hex(v, i, "wrapped", wrapped, sizeof wrapped), n + 8);
        struct meter m = {0};
        ck_assert_int_eq(key_wrap(&m, kek, data, n, out), OK);
        ck_assert_mem_eq(out, wrapped, n + 8);
        ck_assert_int_eq(key_unwrap(&m, kek, wrapped, n + 8, out), OK);
        ck_assert_mem_eq(out, data, n);
        ck_assert_uint_eq(m.use[OP_AES256_WRAP].calls, 2);
        tried++;
    }
    ck_assert_uint_eq(tried, 1);
    vectors_free(v);
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
    tcase_add_loop_test(c, digests_known, 0, sizeof knowns / sizeof knowns[0]);
    tcase_add_loop_test(c, macs_known, 0, sizeof known_macs / sizeof known_macs[0]);
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
