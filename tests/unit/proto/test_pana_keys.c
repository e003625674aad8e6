/* Keys of PANA against the computed vectors, and RFC 6786's counter block. */
#include "models/proto/pana_keys.h"

#include "crypto/cipher.h"
#include "crypto/entity.h"
#include "crypto/kdf.h"
#include "tests/support/vectors.h"

#include <check.h>
#include <stdlib.h>

#define ROOM 512

/* One vector of pana.txt. */
struct vector {
    struct vectors *file;
    size_t i;
    uint8_t msk[64], i_par[ROOM], i_pan[ROOM], pac_nonce[32], paa_nonce[32];
    struct pana_key_input in;
    struct pana_sa sa;
    struct meter meter;
};

static struct span hex(const struct vector *v, const char *key, uint8_t *out, size_t max)
{
    return span_of(out, vectors_hex(v->file, v->i, key, out, max));
}

static void read_vector(struct vector *v, const char *name)
{
    memset(v, 0, sizeof(*v));
    v->file = vectors_read("pana.txt");
    v->i = vectors_find(v->file, name);
    v->in.algorithms.prf = (enum pana_prf)atoi(vectors_text(v->file, v->i, "prf_alg"));
    v->in.algorithms.integrity =
        (enum pana_integrity)atoi(vectors_text(v->file, v->i, "integ_alg"));
    v->in.algorithms.encryption = true;
    v->in.msk = hex(v, "MSK", v->msk, sizeof(v->msk));
    v->in.i_par = hex(v, "I_PAR", v->i_par, sizeof(v->i_par));
    v->in.i_pan = hex(v, "I_PAN", v->i_pan, sizeof(v->i_pan));
    v->in.pac_nonce = hex(v, "PaC_nonce", v->pac_nonce, sizeof(v->pac_nonce));
    v->in.paa_nonce = hex(v, "PAA_nonce", v->paa_nonce, sizeof(v->paa_nonce));
    v->in.key_id = 1;
    pana_keys_derive(&v->meter, &v->in, &v->sa);
}

static const char *const names[] = {"pana-prf2-integ7", "pana-prf5-integ12"};

START_TEST(auth_keys)
{
    struct vector v;
    uint8_t want[32];
    size_t n;

    read_vector(&v, names[_i]);
    n = vectors_hex(v.file, v.i, "PANA_AUTH_KEY", want, sizeof(want));
    ck_assert_uint_eq(n, _i == 0 ? 20 : 32);
    ck_assert_mem_eq(v.sa.auth_key, want, n);
    ck_assert(v.sa.present);
    ck_assert_uint_eq(v.sa.key_id, 1);
    ck_assert(v.meter.use[_i == 0 ? OP_HMAC_SHA1 : OP_HMAC_SHA256].calls > 0);
    vectors_free(v.file);
}
END_TEST

START_TEST(auths)
{
    static const char *const messages[] = {"final_PAR_RC", "final_PAN_C", "ping_PNR"};
    struct vector v;

    read_vector(&v, names[_i]);
    for (size_t k = 0; k < 3; k++) {
        uint8_t octets[ROOM];
        struct span in = hex(&v, messages[k], octets, sizeof(octets));
        struct pana_msg m;

        ck_assert_int_eq(pana_msg_parse(in, &m), REASON_NONE);
        ck_assert_uint_eq(m.auth.n, pana_auth_length(&v.sa));
        ck_assert(pana_auth_matches(&v.meter, &v.sa, &m));
        for (size_t at = 0; at < in.n; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                octets[at] ^= (uint8_t)(1u << bit);
                if (pana_msg_parse(in, &m) == REASON_NONE)
                    ck_assert(!pana_auth_matches(&v.meter, &v.sa, &m));
                octets[at] ^= (uint8_t)(1u << bit);
            }
        }
    }
    vectors_free(v.file);
}
END_TEST

/* Every input counts. */
START_TEST(all_inputs_count)
{
    struct vector v;
    struct pana_sa sa;

    read_vector(&v, names[_i]);
    for (int what = 0; what < 6; what++) {
        uint8_t *octets[] = {v.msk, v.i_par, v.i_pan, v.pac_nonce, v.paa_nonce};

        if (what < 5)
            octets[what][3] ^= 1;
        else
            v.in.key_id++;
        pana_keys_derive(NULL, &v.in, &sa);
        ck_assert_mem_ne(sa.auth_key, v.sa.auth_key, 20);
        ck_assert_mem_ne(sa.pac_encr_key, v.sa.pac_encr_key, 16);
        ck_assert_mem_ne(sa.paa_encr_key, v.sa.paa_encr_key, 16);
        if (what < 5)
            octets[what][3] ^= 1;
    }
    vectors_free(v.file);
}
END_TEST

/* RFC 6786 3, with the inputs joined by hand. */
START_TEST(encryption_keys)
{
    static const char *const labels[] = {"IETF PANA PaC Encr", "IETF PANA PAA Encr"};
    struct vector v;

    read_vector(&v, names[_i]);
    for (int k = 0; k < 2; k++) {
        uint8_t key[16];
        struct buf seed;
        struct span joined;

        buf_init(&seed, 4 * ROOM);
        buf_puts(&seed, labels[k]);
        buf_put_span(&seed, v.in.i_par);
        buf_put_span(&seed, v.in.i_pan);
        buf_put_span(&seed, v.in.pac_nonce);
        buf_put_span(&seed, v.in.paa_nonce);
        buf_put(&seed, "\0\0\0\1", 4);
        joined = buf_span(&seed);
        kdf_prf_plus(NULL, _i == 0 ? KDF_PRF_HMAC_SHA1 : KDF_PRF_HMAC_SHA256, v.in.msk, &joined, 1,
                     key, sizeof(key));
        ck_assert_mem_eq(key, k == 0 ? v.sa.pac_encr_key : v.sa.paa_encr_key, sizeof(key));
        buf_clear(&seed);
    }
    vectors_free(v.file);
}
END_TEST

/* The example of RFC 6786 4.1: which counter block the first 16 octets are encrypted with. */
START_TEST(counter_block)
{
    static const uint8_t first[16] = {0x02, 0x55, 0x66, 0x77, 0x88, 0xaa, 0xbb, 0xcc,
                                      0xdd, 0x11, 0x22, 0x33, 0x44, 0x00, 0x00, 0x01};
    struct pana_sa sa = {.present = true, .algorithms.encryption = true, .key_id = 0x55667788};
    uint8_t blocks[2][16], want[2][16], zeros[32] = {0}, got[32];

    memset(sa.paa_encr_key, 0x11, sizeof(sa.paa_encr_key));
    memset(sa.pac_encr_key, 0x22, sizeof(sa.pac_encr_key));
    memcpy(blocks[0], first, 16);
    memcpy(blocks[1], first, 16);
    blocks[1][15] = 2;
    for (int from_paa = 0; from_paa < 2; from_paa++) {
        cipher_blocks(NULL, from_paa ? sa.paa_encr_key : sa.pac_encr_key, blocks[0], 2, want[0]);
        pana_crypt(NULL, &sa, from_paa, 0xaabbccdd, 0x11223344, span_of(zeros, 29), got);
        ck_assert_mem_eq(got, want, 29);
        pana_crypt(NULL, &sa, from_paa, 0xaabbccdd, 0x11223344, span_of(got, 29), got);
        ck_assert_mem_eq(got, zeros, 29);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pana_keys");
    TCase *tc = tcase_create("pana_keys");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 2;
    tcase_add_loop_test(tc, auth_keys, 0, 2);
    tcase_add_loop_test(tc, auths, 0, 2);
    tcase_add_loop_test(tc, all_inputs_count, 0, 2);
    tcase_add_loop_test(tc, encryption_keys, 0, 2);
    tcase_add_test(tc, counter_block);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
