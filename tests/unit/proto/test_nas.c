/* NAS messages: their octets, what is refused, keys and integrity. With --dump it writes one of
 * each as hex, for tests/e2e/nas.sh and its judge. */
#include "crypto/entity.h"
#include "crypto/hash.h"
#include "models/proto/nas.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const struct nas_message messages[] = {
    {.type = NAS_ATTACH_REQUEST, .imsi = "001010123456789", .capability = {0x80, 0x20}},
    {.type = NAS_AUTHENTICATION_REQUEST, .rand = {1, 2, 3}, .autn = {4, 5, 6}},
    {.type = NAS_AUTHENTICATION_RESPONSE, .res = {1, 2, 3, 4, 5, 6, 7, 8}, .res_n = 8},
    {.type = NAS_AUTHENTICATION_FAILURE, .cause = NAS_CAUSE_MAC_FAILURE},
    {.type = NAS_AUTHENTICATION_FAILURE,
     .cause = NAS_CAUSE_SYNCH_FAILURE,
     .has_auts = true,
     .auts = {9, 8, 7}},
    {.type = NAS_AUTHENTICATION_REJECT},
    {.type = NAS_SECURITY_MODE_COMMAND, .algorithms = NAS_ALGORITHMS, .capability = {0x80, 0x20}},
    {.type = NAS_SECURITY_MODE_COMPLETE},
    {.type = NAS_ATTACH_ACCEPT,
     .plmn = {0x00, 0xf1, 0x10},
     .address = {10, 0, 0, 7},
     .m_tmsi = 0x12345678,
     .lifetime = 12 * 3600 * SIM_S},
    {.type = NAS_ATTACH_COMPLETE},
    {.type = NAS_ATTACH_REJECT, .cause = NAS_CAUSE_ROAMING},
    {.type = NAS_SERVICE_REJECT, .cause = NAS_CAUSE_IMPLICITLY_DETACHED}};
#define MESSAGES (sizeof messages / sizeof *messages)

static struct span written(const struct nas_message *m)
{
    static uint8_t octets[NAS_MAX];
    struct buf b;
    size_t n;

    buf_init(&b, NAS_MAX);
    ck_assert(nas_write(m, &b));
    n = buf_len(&b);
    memcpy(octets, buf_span(&b).p, n);
    buf_clear(&b);
    return span_of(octets, n);
}

static void check_octets(const struct nas_message *m, const char *hex)
{
    struct span s = written(m);
    char text[2 * NAS_MAX + 1];

    hex_encode(s.p, s.n, text);
    ck_assert_str_eq(text, hex);
}

/* By hand from TS 24.301 8.2 and 9.9.3. */
START_TEST(octets)
{
    check_octets(&messages[0], "0741"
                               "71"
                               "080910101032547698"
                               "028020"
                               "000402"
                               "01d011");
    check_octets(&messages[2], "0753"
                               "080102030405060708");
    check_octets(&messages[4], "075c"
                               "15"
                               "300e090807"
                               "0000000000000000000000");
    check_octets(&messages[6], "075d"
                               "02"
                               "00"
                               "028020");
    check_octets(&messages[8], "0742"
                               "01"
                               "e0"
                               "06"
                               "0000f110"
                               "0001"
                               "0010"
                               "5201c1"
                               "0109"
                               "04036d326d"
                               "05010a000007"
                               "500bf6"
                               "00f110"
                               "8001"
                               "01"
                               "12345678"
                               "5e012c");
    check_octets(&messages[11], "074e"
                                "0a");
}
END_TEST

START_TEST(round_trips)
{
    struct span s = written(&messages[_i]);
    struct nas_message m;

    memset(&m, 0, sizeof m);
    ck_assert_int_eq(nas_parse(s, &m), REASON_NONE);
    ck_assert_mem_eq(&m, &messages[_i], sizeof m);
    ck_assert_str_ne(nas_type_name(m.type), "");
}
END_TEST

/* Each octet that is missing is noticed, but for optional fields. */
START_TEST(cut_short)
{
    struct span s = written(&messages[_i]);
    struct nas_message m = {.type = NAS_ATTACH_REQUEST};

    for (size_t n = 0; n < s.n; n++) {
        bool optional =
            (messages[_i].type == NAS_ATTACH_ACCEPT && (n == s.n - 3 || n == s.n - 16)) ||
            (messages[_i].has_auts && n == 3);
        if (optional)
            continue;
        ck_assert_msg(nas_parse(span_of(s.p, n), &m) == REASON_NAS_MALFORMED, "%zu of %zu", n, s.n);
        ck_assert_int_eq(m.type, NAS_ATTACH_REQUEST);
    }
}
END_TEST

START_TEST(not_ours)
{
    static const struct {
        const char *what;
        uint8_t octets[16];
        size_t n;
    } bad[] = {
        {"session management", {0x02, 0x41, 0x71}, 3},
        {"no type of ours", {0x07, 0x60}, 2},
        {"a GUTI", {0x07, 0x41, 0x71, 4, 0xf6, 1, 2, 3, 2, 0x80, 0x20, 0, 4, 2, 1, 0xd0}, 16},
        {"digits that are none", {0x07, 0x41, 0x71, 4, 0x09, 0xaa, 0, 0, 2, 0x80, 0x20}, 11},
        {"RES of 3 octets", {0x07, 0x53, 3, 1, 2, 3}, 6},
        {"RES of 17 octets", {0x07, 0x53, 17, 1, 2, 3}, 16}};
    struct nas_message m;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(nas_parse(span_of(bad[i].octets, bad[i].n), &m) == REASON_NAS_MALFORMED, "%s",
                      bad[i].what);
}
END_TEST

START_TEST(lifetimes)
{
    static const struct {
        sim_ns asked, given;
    } t[] = {{1, 2 * SIM_S},
             {2 * SIM_S, 2 * SIM_S},
             {63 * SIM_S, 62 * SIM_S},
             {64 * SIM_S, 60 * SIM_S},
             {3600 * SIM_S, 3600 * SIM_S},
             {12 * 3600 * SIM_S, 12 * 3600 * SIM_S},
             {40 * 3600 * SIM_S, 40 * 3600 * SIM_S},
             {1000 * 3600 * SIM_S, 960 * 3600 * SIM_S},
             {INT64_C(100000) * 3600 * SIM_S, INT64_C(9920) * 3600 * SIM_S}};

    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        ck_assert_msg(nas_lifetime(t[i].asked) == t[i].given, "%zu: %lld", i,
                      (long long)nas_lifetime(t[i].asked));
}
END_TEST

/* TS 33.401 C.2, test set 2. */
START_TEST(eia2_vector)
{
    uint8_t key[16], message[8], mac[4], want[4];

    ck_assert(hex_decode("d3c5d592327fb11c4035c6680af8c6d1", 32, key, 16));
    ck_assert(hex_decode("484583d5afe082ae", 16, message, 8));
    ck_assert(hex_decode("b93787e6", 8, want, 4));
    nas_eia2(NULL, key, 0x398a59b4, 0x1a, true, span_of(message, sizeof message), mac);
    ck_assert_mem_eq(mac, want, 4);
}
END_TEST

/* The KDF's input octet by octet (TS 33.220 B.2, TS 33.401 A.2 and A.7). */
START_TEST(keys)
{
    static const uint8_t plmn[3] = {0x00, 0xf1, 0x10};
    uint8_t ck[16], ik[16], autn[16], kasme[32], key[16], want[32], ckik[32];
    uint8_t s[] = {0x10, 0x00, 0xf1, 0x10, 0, 3, 0, 1, 2, 3, 4, 5, 0, 6};
    uint8_t t[] = {0x15, 0x02, 0, 1, 0x02, 0, 1};

    for (uint8_t i = 0; i < 16; i++) {
        ck[i] = i;
        ik[i] = (uint8_t)(0x40 + i);
        autn[i] = i;
    }
    memcpy(ckik, ck, 16);
    memcpy(ckik + 16, ik, 16);
    nas_kasme(NULL, ck, ik, plmn, autn, kasme);
    hash_hmac_sha256(NULL, span_of(ckik, 32), span_of(s, sizeof s), want);
    ck_assert_mem_eq(kasme, want, 32);
    nas_integrity_key(NULL, kasme, key);
    hash_hmac_sha256(NULL, span_of(kasme, 32), span_of(t, sizeof t), want);
    ck_assert_mem_eq(key, want + 16, 16);
}
END_TEST

START_TEST(integrity)
{
    static const uint8_t key[16] = {1, 2, 3};
    struct span plain = written(&messages[8]), inside;
    uint8_t copy[NAS_MAX], sealed[NAS_MAX];
    struct buf b;
    size_t n;

    memcpy(copy, plain.p, plain.n);
    buf_init(&b, NAS_MAX);
    ck_assert(nas_protect(NULL, key, NAS_CIPHERED, 1, true, span_of(copy, plain.n), &b));
    n = buf_len(&b);
    memcpy(sealed, buf_span(&b).p, n);
    buf_clear(&b);
    ck_assert_uint_eq(n, plain.n + 6);
    ck_assert_int_eq(nas_security_of(span_of(sealed, n)), NAS_CIPHERED);
    ck_assert_int_eq(nas_open(NULL, key, 1, true, span_of(sealed, n), &inside), REASON_NONE);
    ck_assert_mem_eq(inside.p, copy, plain.n);
    ck_assert_int_eq(nas_open(NULL, key, 0, true, span_of(sealed, n), &inside),
                     REASON_NAS_INTEGRITY);
    ck_assert_int_eq(nas_open(NULL, key, 1, false, span_of(sealed, n), &inside),
                     REASON_NAS_INTEGRITY);
    ck_assert_int_eq(nas_open(NULL, key, 1, true, span_of(sealed, 7), &inside),
                     REASON_NAS_MALFORMED);
    for (size_t i = 1; i < n; i++) {
        sealed[i] ^= 1;
        ck_assert_int_eq(nas_open(NULL, key, 1, true, span_of(sealed, n), &inside),
                         REASON_NAS_INTEGRITY);
        sealed[i] ^= 1;
    }
}
END_TEST

/* Lines that text2pcap reads: an offset, and octets. */
static void dump(void)
{
    for (size_t i = 0; i < MESSAGES; i++) {
        struct buf b;
        buf_init(&b, NAS_MAX);
        printf("000000");
        if (nas_write(&messages[i], &b)) {
            for (size_t k = 0; k < buf_len(&b); k++)
                printf(" %02x", *buf_at(&b, k));
        }
        printf("\n");
        buf_clear(&b);
    }
}

int main(int argc, char **argv)
{
    Suite *s = suite_create("nas");
    TCase *t = tcase_create("nas");
    SRunner *runner;
    int failed;

    if (crypto_init())
        return 1;
    if (argc > 1 && strcmp(argv[1], "--dump") == 0) {
        dump();
        return 0;
    }
    tcase_add_test(t, octets);
    tcase_add_loop_test(t, round_trips, 0, (int)MESSAGES);
    tcase_add_loop_test(t, cut_short, 0, (int)MESSAGES);
    tcase_add_test(t, not_ours);
    tcase_add_test(t, lifetimes);
    tcase_add_test(t, eia2_vector);
    tcase_add_test(t, keys);
    tcase_add_test(t, integrity);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
