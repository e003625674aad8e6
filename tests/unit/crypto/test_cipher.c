#include "check_main.h"

#include "crypto/cipher.h"
#include "tests/support/vectors.h"

#define MOST 512

/* NIST SP 800-38A F.1.1, F.2.1, F.5.1: four blocks under one key. */
#define NIST_KEY "2b7e151628aed2a6abf7158809cf4f3c"
#define NIST_PLAIN                                                                                 \
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"                             \
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define NIST_ECB                                                                                   \
    "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"                             \
    "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"
#define NIST_CBC                                                                                   \
    "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"                             \
    "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"
#define NIST_CTR                                                                                   \
    "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"                             \
    "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"

static void known(const char *hex, uint8_t *out, size_t n)
{
    ck_assert_uint_eq(unhex(hex, out, n), n);
}

START_TEST(blocks_known)
{
    uint8_t key[16], plain[64], sealed[64], out[64];
    struct meter m = {0};
    known(NIST_KEY, key, 16);
    known(NIST_PLAIN, plain, 64);
    known(NIST_ECB, sealed, 64);
    cipher_blocks(&m, key, plain, 4, out);
    ck_assert_mem_eq(out, sealed, 64);
    cipher_blocks(&m, key, plain, 1, plain); /* in place */
    ck_assert_mem_eq(plain, sealed, 16);
    ck_assert_uint_eq(m.use[OP_AES128_BLOCK].calls, 2);
    ck_assert_uint_eq(m.use[OP_AES128_BLOCK].octets, 80);
}
END_TEST

START_TEST(cbc_known)
{
    uint8_t key[16], iv[16], plain[64], sealed[64], out[64];
    struct meter m = {0};
    known(NIST_KEY, key, 16);
    known("000102030405060708090a0b0c0d0e0f", iv, 16);
    known(NIST_PLAIN, plain, 64);
    known(NIST_CBC, sealed, 64);
    cipher_cbc_encrypt(&m, key, iv, plain, 64, out);
    ck_assert_mem_eq(out, sealed, 64);
    cipher_cbc_decrypt(&m, key, iv, out, 64, out);
    ck_assert_mem_eq(out, plain, 64);
    /* No padding: a part decrypts to a part, and nothing is nothing. */
    cipher_cbc_decrypt(&m, key, iv, sealed, 32, out);
    ck_assert_mem_eq(out, plain, 32);
    cipher_cbc_encrypt(&m, key, iv, plain, 0, out);
    ck_assert_mem_eq(out, plain, 32);
    ck_assert_uint_eq(m.use[OP_AES128_CBC].calls, 4);
    ck_assert_uint_eq(m.use[OP_AES128_CBC].octets, 160);
}
END_TEST

START_TEST(ctr_known)
{
    uint8_t key[16], counter[16], plain[64], sealed[64], out[64] = {0};
    struct meter m = {0};
    known(NIST_KEY, key, 16);
    known("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", counter, 16);
    known(NIST_PLAIN, plain, 64);
    known(NIST_CTR, sealed, 64);
    for (size_t n = 0; n <= 64; n++) {
        cipher_ctr(&m, key, counter, plain, n, out);
        ck_assert_mem_eq(out, sealed, n);
        cipher_ctr(&m, key, counter, out, n, out);
        ck_assert_mem_eq(out, plain, n);
    }
    ck_assert_uint_eq(m.use[OP_AES128_CTR].calls, 130);
    ck_assert_uint_eq(m.use[OP_AES128_CTR].octets, 64 * 65);
}
END_TEST

START_TEST(cmac_known)
{
    struct vectors *v = vectors_read("aes_cmac.txt");
    ck_assert_uint_eq(vectors_count(v), 4);
    for (size_t i = 0; i < vectors_count(v); i++) {
        uint8_t key[16], in[MOST], mac[16], out[16];
        struct meter m = {0};
        ck_assert_uint_eq(vectors_hex(v, i, "K", key, 16), 16);
        ck_assert_uint_eq(vectors_hex(v, i, "mac", mac, 16), 16);
        size_t n = vectors_hex(v, i, "M", in, sizeof in);
        cipher_cmac(&m, key, span_of(in, n), out);
        ck_assert_mem_eq(out, mac, 16);
        ck_assert_uint_eq(m.use[OP_CMAC_AES128].calls, 1);
        ck_assert_uint_eq(m.use[OP_CMAC_AES128].octets, n);
        /* Every cut into three pieces gives the same. */
        for (size_t a = 0; a <= n; a++)
            for (size_t b = a; b <= n; b++) {
                const struct span pieces[] = {span_of(in, a), span_of(in + a, b - a),
                                              span_of(in + b, n - b)};
                cipher_cmac_v(NULL, key, pieces, 3, out);
                ck_assert_mem_eq(out, mac, 16);
            }
    }
    vectors_free(v);
}
END_TEST

/* The first, second and last of the EAX paper's appendix; the vector file has the second, too. */
static const struct {
    const char *key, *nonce, *header, *plain, *sealed;
} eaxs[] = {
    {"233952dee4d5ed5f9b9c6d6ff80ff478", "62ec67f9c3a4a407fcb2a8c49031a8b3", "6bfb914fd07eae6b", "",
     "e037830e8389f27b025a2d6527e79d01"},
    {"91945d3f4dcbee0bf45ef52255f095a4", "becaf043b0a23d843194ba972c66debd", "fa3bfd4806eb53fa",
     "f7fb", "19dd5c4c9331049d0bdab0277408f67967e5"},
    {"8395fcf1e95bebd697bd010bc766aac3", "22e7add93cfc6393c57ec0b3c17d6b44", "126735fcc320d25a",
     "ca40d7446e545ffaed3bd12a740a659ffbbb3ceab7",
     "cb8920f87a6c75cff39627b56e3ed197c552d295a7cfc46afc253b4652b1af3795b124ab6e"},
};

static void check_eax(struct span key, struct span nonce, struct span header, struct span plain,
                      struct span sealed)
{
    uint8_t out[MOST], tag[16];
    struct meter m = {0};
    ck_assert_uint_eq(key.n, 16);
    ck_assert_uint_eq(sealed.n, plain.n + 16);
    cipher_eax_seal(&m, key.p, nonce, header, plain, out, tag);
    ck_assert_mem_eq(out, sealed.p, plain.n);
    ck_assert_mem_eq(tag, sealed.p + plain.n, 16);
    ck_assert_uint_eq(m.use[OP_CMAC_AES128].calls, 3);
    ck_assert_uint_eq(m.use[OP_AES128_CTR].octets, plain.n);
    ck_assert(cipher_eax_open(&m, key.p, nonce, header, span_of(sealed.p, plain.n), tag, out));
    ck_assert_mem_eq(out, plain.p, plain.n);
}

START_TEST(eax_known)
{
    uint8_t key[16], nonce[16], header[64], plain[MOST], sealed[MOST];
    size_t header_n = unhex(eaxs[_i].header, header, sizeof header);
    size_t n = unhex(eaxs[_i].plain, plain, sizeof plain);
    size_t sealed_n = unhex(eaxs[_i].sealed, sealed, sizeof sealed);
    known(eaxs[_i].key, key, 16);
    known(eaxs[_i].nonce, nonce, 16);
    check_eax(span_of(key, 16), span_of(nonce, 16), span_of(header, header_n), span_of(plain, n),
              span_of(sealed, sealed_n));
}
END_TEST

START_TEST(eax_of_file)
{
    uint8_t key[16], nonce[16], header[64], plain[MOST], sealed[MOST];
    struct vectors *v = vectors_read("eap_psk.txt");
    size_t i = vectors_find(v, "EAX-1");
    size_t key_n = vectors_hex(v, i, "key", key, sizeof key);
    size_t nonce_n = vectors_hex(v, i, "nonce", nonce, sizeof nonce);
    size_t header_n = vectors_hex(v, i, "header", header, sizeof header);
    size_t n = vectors_hex(v, i, "msg", plain, sizeof plain);
    size_t sealed_n = vectors_hex(v, i, "cipher_and_tag", sealed, sizeof sealed);
    check_eax(span_of(key, key_n), span_of(nonce, nonce_n), span_of(header, header_n),
              span_of(plain, n), span_of(sealed, sealed_n));
    vectors_free(v);
}
END_TEST

/* Both messages of a recorded EAP-PSK conversation: PCHANNEL of messages 3 and 4. */
START_TEST(eax_of_pchannel)
{
    static const struct {
        const char *packet, *nonce, *plain;
    } messages[] = {{"pkt4_server", "PCHANNEL_nonce_msg3", "PCHANNEL_plain_msg3"},
                    {"pkt5_peer", "PCHANNEL_nonce_msg4", "PCHANNEL_plain_msg4"}};
    struct vectors *v = vectors_read("eap_psk.txt");
    size_t i = vectors_find(v, "hostap-PSK");
    uint8_t tek[16], nonce[16], packet[MOST], plain[16], out[16];
    vectors_hex(v, i, "TEK", tek, sizeof tek);
    size_t n = vectors_hex(v, i, messages[_i].packet, packet, sizeof packet);
    vectors_hex(v, i, messages[_i].nonce, nonce, sizeof nonce);
    size_t plain_n = vectors_hex(v, i, messages[_i].plain, plain, sizeof plain);
    const uint8_t *sealed = packet + n - plain_n;
    ck_assert(cipher_eax_open(NULL, tek, span_of(nonce, 16), span_of(packet, 22),
                              span_of(sealed, plain_n), sealed - 16, out));
    ck_assert_mem_eq(out, plain, plain_n);
    vectors_free(v);
}
END_TEST

START_TEST(eax_refuses)
{
    const uint8_t key[16] = {1}, nonce[16] = {2};
    uint8_t header[5] = "abcde", plain[7] = "1234567", sealed[7], tag[16], out[7];
    memset(out, 0x5a, sizeof out);
    cipher_eax_seal(NULL, key, span_of(nonce, 16), span_of(header, 5), span_of(plain, 7), sealed,
                    tag);
    struct {
        uint8_t *p;
        size_t n;
    } parts[] = {{header, 5}, {sealed, 7}, {tag, 16}};
    for (size_t i = 0; i < 3; i++)
        for (size_t bit = 0; bit < 8 * parts[i].n; bit++) {
            parts[i].p[bit / 8] ^= (uint8_t)(1 << bit % 8);
            ck_assert(!cipher_eax_open(NULL, key, span_of(nonce, 16), span_of(header, 5),
                                       span_of(sealed, 7), tag, out));
            ck_assert_uint_eq(out[0], 0x5a);
            parts[i].p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    ck_assert(!cipher_eax_open(NULL, key, span_of(nonce, 15), span_of(header, 5),
                               span_of(sealed, 7), tag, out));
    ck_assert(cipher_eax_open(NULL, key, span_of(nonce, 16), span_of(header, 5), span_of(sealed, 7),
                              tag, out));
    ck_assert_mem_eq(out, plain, 7);
}
END_TEST

/* Test cases 1 to 4 of the GCM specification (McGrew, Viega), AES-128. */
static const struct {
    const char *key, *nonce, *header, *plain, *sealed, *tag;
} gcms[] = {
    {"00000000000000000000000000000000", "000000000000000000000000", "", "", "",
     "58e2fccefa7e3061367f1d57a4e7455a"},
    {"00000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000", "0388dace60b6a392f328c2b971b2fe78",
     "ab6e47d42cec13bdf53a67b21257bddf"},
    {"feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985",
     "4d5c2af327cd64a62cf35abd2ba6fab4"},
    {"feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
     "5bc94fbc3221a5db94fae95ae7121a47"},
};

START_TEST(gcm_known)
{
    uint8_t key[16], nonce[12], header[64], plain[MOST], sealed[MOST], tag[16];
    uint8_t out[MOST], made[16];
    struct meter m = {0};
    known(gcms[_i].key, key, 16);
    known(gcms[_i].nonce, nonce, 12);
    known(gcms[_i].tag, tag, 16);
    size_t header_n = unhex(gcms[_i].header, header, sizeof header);
    size_t n = unhex(gcms[_i].plain, plain, sizeof plain);
    ck_assert_uint_eq(unhex(gcms[_i].sealed, sealed, sizeof sealed), n);
    cipher_gcm_seal(&m, key, nonce, span_of(header, header_n), span_of(plain, n), out, made);
    ck_assert_mem_eq(out, sealed, n);
    ck_assert_mem_eq(made, tag, 16);
    ck_assert_uint_eq(m.use[OP_AES128_GCM].octets, header_n + n);
    ck_assert(
        cipher_gcm_open(&m, key, nonce, span_of(header, header_n), span_of(out, n), tag, out));
    ck_assert_mem_eq(out, plain, n);
}
END_TEST

START_TEST(gcm_refuses)
{
    const uint8_t key[16] = {1}, nonce[12] = {2};
    uint8_t header[5] = "abcde", plain[7] = "1234567", sealed[7], tag[16], out[7];
    cipher_gcm_seal(NULL, key, nonce, span_of(header, 5), span_of(plain, 7), sealed, tag);
    struct {
        uint8_t *p;
        size_t n;
    } parts[] = {{header, 5}, {sealed, 7}, {tag, 16}};
    for (size_t i = 0; i < 3; i++)
        for (size_t bit = 0; bit < 8 * parts[i].n; bit++) {
            parts[i].p[bit / 8] ^= (uint8_t)(1 << bit % 8);
            memset(out, 0x5a, sizeof out);
            ck_assert(!cipher_gcm_open(NULL, key, nonce, span_of(header, 5), span_of(sealed, 7),
                                       tag, out));
            ck_assert_mem_eq(out, "\0\0\0\0\0\0\0", 7);
            parts[i].p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    ck_assert(cipher_gcm_open(NULL, key, nonce, span_of(header, 5), span_of(sealed, 7), tag, out));
    ck_assert_mem_eq(out, plain, 7);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, blocks_known);
    tcase_add_test(c, cbc_known);
    tcase_add_test(c, ctr_known);
    tcase_add_test(c, cmac_known);
    tcase_add_loop_test(c, eax_known, 0, sizeof eaxs / sizeof eaxs[0]);
    tcase_add_test(c, eax_of_file);
    tcase_add_loop_test(c, eax_of_pchannel, 0, 2);
    tcase_add_test(c, eax_refuses);
    tcase_add_loop_test(c, gcm_known, 0, sizeof gcms / sizeof gcms[0]);
    tcase_add_test(c, gcm_refuses);
}

int main(void)
{
    return run_suite("cipher", fill);
}
