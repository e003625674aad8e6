/* HTTP Digest: the vectors, both ways through the fields, and octets that are not fields. */
#include "models/proto/digest.h"

#include "crypto/entity.h"
#include "crypto/hash.h"
#include "tests/support/vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct vectors *file;

static void copy(char *out, const char *text)
{
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_le(strlen(text), DIGEST_TEXT_MAX);
    strcpy(out, text);
}

/* What vector i says of a request. */
static void credentials_of(size_t i, struct digest_credentials *c)
{
    memset(c, 0, sizeof(*c));
    copy(c->username, vectors_text(file, i, "username"));
    copy(c->realm, vectors_text(file, i, "realm"));
    copy(c->uri, vectors_text(file, i, "uri"));
    copy(c->nonce, vectors_text(file, i, "nonce"));
    copy(c->cnonce, vectors_text(file, i, "cnonce"));
    c->nc = (uint32_t)strtoul(vectors_text(file, i, "nc"), NULL, 16);
    c->qop = strcmp(vectors_text(file, i, "qop"), "auth") ? DIGEST_AUTH_INT : DIGEST_AUTH;
    c->algorithm = strncmp(vectors_name(file, i), "AKAv1", 5) ? DIGEST_MD5 : DIGEST_AKAV1_MD5;
    c->has_response = true;
    vectors_hex(file, i, "response", c->response, 16);
    if (vectors_text(file, i, "auts"))
        c->has_auts = base64_decode(span_str(vectors_text(file, i, "auts")), c->auts, 14) == 14;
}

/* RES, a pass word, or with auts nothing. */
static struct span password_of(size_t i, uint8_t res[16])
{
    if (vectors_text(file, i, "auts"))
        return span_of(NULL, 0);
    if (vectors_text(file, i, "RES"))
        return span_of(res, vectors_hex(file, i, "RES", res, 16));
    return span_str(vectors_text(file, i, "password_ascii"));
}

START_TEST(vectors)
{
    unsigned checked = 0, with_rspauth = 0;

    for (size_t i = 0; i < vectors_count(file); i++) {
        const char *body = vectors_text(file, i, "entity_body_ascii");
        struct digest_credentials c;
        uint8_t res[16], response[16], wanted[16];
        struct meter m = {0};

        if (!vectors_text(file, i, "response"))
            continue;
        if (!body || !strcmp(body, "(empty)"))
            body = "";
        credentials_of(i, &c);
        digest_response(&m, &c, password_of(i, res), vectors_text(file, i, "method"),
                        span_str(body), response);
        ck_assert_msg(!memcmp(response, c.response, 16), "%s", vectors_name(file, i));
        ck_assert_uint_eq(m.use[OP_MD5].calls, c.qop == DIGEST_AUTH_INT ? 4 : 3);
        checked++;
        if (!vectors_text(file, i, "rspauth"))
            continue;
        digest_rspauth(NULL, &c, password_of(i, res), span_str(body), response);
        vectors_hex(file, i, "rspauth", wanted, 16);
        ck_assert_msg(!memcmp(response, wanted, 16), "%s", vectors_name(file, i));
        with_rspauth++;
    }
    ck_assert_uint_eq(checked, 9);
    ck_assert_uint_eq(with_rspauth, 6);
}
END_TEST

START_TEST(aka_nonces)
{
    uint8_t rand[16], autn[16], got_rand[16], got_autn[16], data[DIGEST_AKA_DATA_MAX] = {7};
    char nonce[DIGEST_NONCE_MAX + 1], longer[DIGEST_NONCE_MAX + 1];
    unsigned checked = 0;

    for (size_t i = 0; i < vectors_count(file); i++) {
        if (!vectors_text(file, i, "AUTN"))
            continue;
        vectors_hex(file, i, "RAND", rand, 16);
        vectors_hex(file, i, "AUTN", autn, 16);
        digest_aka_nonce(rand, autn, span_of(NULL, 0), nonce);
        ck_assert_str_eq(nonce, vectors_text(file, i, "nonce"));
        for (size_t n = 0; n <= sizeof(data); n++) {
            digest_aka_nonce(rand, autn, span_of(data, n), longer);
            ck_assert(digest_aka_parse(longer, got_rand, got_autn));
            ck_assert_mem_eq(got_rand, rand, 16);
            ck_assert_mem_eq(got_autn, autn, 16);
        }
        /* Cut anywhere it is no base64, or too short. */
        for (size_t n = 0; n < strlen(nonce); n++) {
            memcpy(longer, nonce, n);
            longer[n] = '\0';
            ck_assert(!digest_aka_parse(longer, got_rand, got_autn));
        }
        checked++;
    }
    ck_assert_uint_eq(checked, 6);
    ck_assert(!digest_aka_parse("", rand, autn));
    /* RFC 3310's own example has a digit too many for strict base64: 36 octets, in order. */
    ck_assert(digest_aka_parse("MzQ0a2xrbGtmbGtsZm9wb2tsc2tqaHJzZXNy9uQyMzMzMzQK", rand, autn));
}
END_TEST

/* ---- fields ---- */

static struct span put(struct buf *b, bool ok)
{
    ck_assert(ok);
    return buf_span(b);
}

START_TEST(written_and_read_back)
{
    for (size_t i = 0; i < vectors_count(file); i++) {
        struct digest_credentials c, got;
        struct buf b;

        if (!vectors_text(file, i, "response"))
            continue;
        credentials_of(i, &c);
        strcpy(c.opaque, "5ccc069c403ebaf9f0171e9517f40e41");
        buf_init(&b, 4096);
        ck_assert_int_eq(digest_read_credentials(put(&b, digest_put_credentials(&c, &b)), &got),
                         REASON_NONE);
        ck_assert_mem_eq(&got, &c, sizeof(c));
        buf_clear(&b);
    }
}
END_TEST

/* Octet for octet, as TS 24.109 annex A has them. */
START_TEST(what_ub_says)
{
    struct digest_credentials first = {
        .username = "user1_private@home1.net", .realm = "bsf.home1.net", .uri = "/"};
    struct digest_challenge challenge = {.realm = "bsf.home1.net",
                                         .nonce = "n93HIJLGrQNrbkZHiTFbeKM3xvD4UmHfCduU6rT4FJ4=",
                                         .algorithm = DIGEST_AKAV1_MD5,
                                         .qop = DIGEST_AUTH_INT};
    struct digest_info info = {
        .qop = DIGEST_AUTH_INT, .cnonce = "0a4f113b", .nc = 1, .rspauth = {0x69, 0xd6}};
    struct digest_challenge got;
    struct digest_info got_info;
    struct buf b;

    buf_init(&b, 4096);
    ck_assert(digest_put_credentials(&first, &b) && buf_put(&b, "", 1));
    ck_assert_str_eq((const char *)buf_span(&b).p,
                     "Digest username=\"user1_private@home1.net\", realm=\"bsf.home1.net\", "
                     "nonce=\"\", uri=\"/\", response=\"\"");
    buf_clear(&b);
    ck_assert_int_eq(digest_read_challenge(put(&b, digest_put_challenge(&challenge, &b)), &got),
                     REASON_NONE);
    ck_assert_mem_eq(&got, &challenge, sizeof(got));
    ck_assert(buf_put(&b, "", 1));
    ck_assert_str_eq((const char *)buf_span(&b).p,
                     "Digest realm=\"bsf.home1.net\", "
                     "nonce=\"n93HIJLGrQNrbkZHiTFbeKM3xvD4UmHfCduU6rT4FJ4=\", qop=\"auth-int\", "
                     "algorithm=AKAv1-MD5");
    buf_clear(&b);
    ck_assert_int_eq(digest_read_info(put(&b, digest_put_info(&info, &b)), &got_info), REASON_NONE);
    ck_assert_mem_eq(&got_info, &info, sizeof(info));
    ck_assert(buf_put(&b, "", 1));
    ck_assert_str_eq((const char *)buf_span(&b).p,
                     "qop=auth-int, rspauth=\"69d60000000000000000000000000000\", "
                     "cnonce=\"0a4f113b\", nc=00000001");
    buf_clear(&b);
}
END_TEST

START_TEST(challenge_of_a_naf)
{
    struct digest_challenge c;

    ck_assert_int_eq(
        digest_read_challenge(
            span_str("dIgEsT ,,realm=\"3GPP-bootstrapping@naf1.home1.net\",\t nonce = \"6629\" ,"
                     "algorithm=\"md5\", qop=\"auth,auth-int\", domain=\"/a /b\", stale=TRUE, "
                     "opaque=\"\xc3\xa4\", charset=UTF-8,"),
            &c),
        REASON_NONE);
    ck_assert_str_eq(c.realm, "3GPP-bootstrapping@naf1.home1.net");
    ck_assert_str_eq(c.nonce, "6629");
    ck_assert_str_eq(c.opaque, "\xc3\xa4");
    ck_assert_uint_eq(c.qop, DIGEST_AUTH | DIGEST_AUTH_INT);
    ck_assert_int_eq(c.algorithm, DIGEST_MD5);
    ck_assert(c.stale);
}
END_TEST

static const struct {
    const char *text;
    enum reason reason;
} challenges[] = {
    {"Digest realm=\"a\", nonce=\"b\"", REASON_NONE}, /* RFC 2069's: no qop */
    {"Digest realm=\"a\", nonce=\"\", qop=\"auth-conf , auth\"", REASON_NONE},
    {"", REASON_DIGEST_MALFORMED},
    {"Digest", REASON_DIGEST_MALFORMED},
    {"Digest ", REASON_DIGEST_MALFORMED},
    {" Digest realm=\"a\", nonce=\"b\"", REASON_DIGEST_MALFORMED},
    {"Digest,realm=\"a\", nonce=\"b\"", REASON_DIGEST_MALFORMED},
    {"Basic realm=\"a\"", REASON_DIGEST_UNSUPPORTED},
    {"Digest realm=\"a\"", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\", nonce=\"b", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\", nonce=\"b\"c", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\" nonce=\"b\"", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\"; nonce=\"b\"", REASON_DIGEST_MALFORMED},
    {"Digest realm=a, nonce=\"b\"", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\", nonce=b", REASON_DIGEST_MALFORMED},
    {"Digest realm=, nonce=\"b\"", REASON_DIGEST_MALFORMED},
    {"Digest realm, nonce=\"b\"", REASON_DIGEST_MALFORMED},
    {"Digest =\"a\", realm=\"a\", nonce=\"b\"", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\", REALM=\"a\", nonce=\"b\"", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\\\"\", nonce=\"b\"", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\\b\", nonce=\"b\"", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\tb\", nonce=\"b\"", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\x01\", nonce=\"b\"", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\x7f\", nonce=\"b\"", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\", nonce=\"b\", x\xff=y", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\", nonce=\"b\", x=\xff", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\", nonce=\"b\", stale=perhaps", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\", nonce=\"b\", qop=\"auth;auth-int\"", REASON_DIGEST_MALFORMED},
    {"Digest realm=\"a\", nonce=\"b\", qop=\"auth-conf\"", REASON_DIGEST_UNSUPPORTED},
    {"Digest realm=\"a\", nonce=\"b\", qop=\"\"", REASON_DIGEST_UNSUPPORTED},
    {"Digest realm=\"a\", nonce=\"b\", algorithm=MD5-sess", REASON_DIGEST_UNSUPPORTED},
    {"Digest realm=\"a\", nonce=\"b\", algorithm=AKAv2-MD5", REASON_DIGEST_UNSUPPORTED},
    {"Digest realm=\"a\", nonce=\"b\", algorithm=SHA-256", REASON_DIGEST_UNSUPPORTED},
    {"Digest algorithm=SHA-256, realm=\"a\", nonce=\"b", REASON_DIGEST_MALFORMED},
};

START_TEST(challenges_refused)
{
    struct digest_challenge c;
    enum reason got = digest_read_challenge(span_str(challenges[_i].text), &c);

    ck_assert_msg(got == challenges[_i].reason, "%s: %s", challenges[_i].text, reason_text(got));
}
END_TEST

#define WHO   "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/\""
#define HASH  "response=\"00112233445566778899aabbccddeeff\""
#define NONCE "qop=auth, nc=0000000a, cnonce=\"c\""
#define AUTS  "auts=\"wpIP4kifW3qJJYGbYUs=\""

static const struct {
    const char *text;
    enum reason reason;
} credentials[] = {
    {WHO ", response=\"\"", REASON_NONE},
    {WHO "," HASH "," NONCE, REASON_NONE},
    {WHO "," HASH "," NONCE ",algorithm=AKAv1-MD5," AUTS, REASON_NONE},
    {WHO, REASON_DIGEST_MALFORMED},
    {WHO ", response=00112233445566778899aabbccddeeff, " NONCE, REASON_DIGEST_MALFORMED},
    {WHO ", response=\"00112233445566778899AABBCCDDEEFF\", " NONCE, REASON_DIGEST_MALFORMED},
    {WHO ", response=\"00112233445566778899aabbccddeef\", " NONCE, REASON_DIGEST_MALFORMED},
    {WHO ", response=\"00112233445566778899aabbccddeeff0\", " NONCE, REASON_DIGEST_MALFORMED},
    {WHO ", response=\"00112233445566778899aabbccddeefg\", " NONCE, REASON_DIGEST_MALFORMED},
    {WHO "," HASH, REASON_DIGEST_UNSUPPORTED}, /* RFC 2069 */
    {WHO "," HASH ", qop=auth, nc=00000001", REASON_DIGEST_MALFORMED},
    {WHO "," HASH ", qop=auth, cnonce=\"c\"", REASON_DIGEST_MALFORMED},
    {WHO "," HASH ", nc=00000001, cnonce=\"c\"", REASON_DIGEST_MALFORMED},
    {WHO "," HASH ", qop=auth, nc=00000000, cnonce=\"c\"", REASON_DIGEST_MALFORMED},
    {WHO "," HASH ", qop=auth, nc=1, cnonce=\"c\"", REASON_DIGEST_MALFORMED},
    {WHO "," HASH ", qop=auth, nc=0000000A, cnonce=\"c\"", REASON_DIGEST_MALFORMED},
    {WHO "," HASH ", qop=auth, nc=\"0000000a\", cnonce=\"c\"", REASON_DIGEST_MALFORMED},
    {WHO "," HASH ", qop=auth-conf, nc=0000000a, cnonce=\"c\"", REASON_DIGEST_UNSUPPORTED},
    {WHO "," HASH "," NONCE "," AUTS, REASON_DIGEST_MALFORMED}, /* plain MD5 has no auts */
    {WHO ", response=\"\", algorithm=AKAv1-MD5, " AUTS, REASON_DIGEST_MALFORMED},
    {WHO "," HASH "," NONCE ",algorithm=AKAv1-MD5, auts=\"\"", REASON_DIGEST_MALFORMED},
    {WHO "," HASH "," NONCE ",algorithm=AKAv1-MD5, auts=\"wpIP4kifW3qJJYGbYQ==\"",
     REASON_DIGEST_MALFORMED},
    {WHO "," HASH "," NONCE ",algorithm=AKAv1-MD5, auts=\"wpIP4kifW3qJJYGbYUsA\"",
     REASON_DIGEST_MALFORMED},
    {WHO ", username=\"v\", response=\"\"", REASON_DIGEST_MALFORMED},
    {"Basic dTpw", REASON_DIGEST_UNSUPPORTED},
    {"Digest dTpw", REASON_DIGEST_MALFORMED},
};

START_TEST(credentials_refused)
{
    struct digest_credentials c;
    enum reason got = digest_read_credentials(span_str(credentials[_i].text), &c);

    ck_assert_msg(got == credentials[_i].reason, "%s: %s", credentials[_i].text, reason_text(got));
}
END_TEST

static const char info_text[] = "qop=auth-int, rspauth=\"00112233445566778899aabbccddeeff\", "
                                "cnonce=\"c\", nc=00000001, opaque=\"o\", nextnonce=\"x\"";

START_TEST(info)
{
    struct digest_info i;

    ck_assert_int_eq(digest_read_info(span_str(info_text), &i), REASON_NONE);
    ck_assert_uint_eq(i.qop, DIGEST_AUTH_INT);
    ck_assert_uint_eq(i.nc, 1);
    ck_assert_str_eq(i.cnonce, "c");
    ck_assert_str_eq(i.next_nonce, "x");
    ck_assert_uint_eq(i.rspauth[15], 0xff);
    ck_assert_int_eq(digest_read_info(span_str(""), &i), REASON_DIGEST_MALFORMED);
    ck_assert_int_eq(digest_read_info(span_of(NULL, 0), &i), REASON_DIGEST_MALFORMED);
    ck_assert_int_eq(digest_read_info(span_str("nextnonce=\"x\""), &i), REASON_DIGEST_MALFORMED);
    ck_assert_int_eq(
        digest_read_info(span_str("qop=auth, rspauth=\"\", cnonce=\"c\", nc=00000001"), &i),
        REASON_DIGEST_MALFORMED);
}
END_TEST

/* Cut at each octet, and each octet changed: something is said, nothing faults, and what is taken
 * for sound can be written and is then read as the same. */
START_TEST(altered_at_each_octet)
{
    static const char text[] = WHO "," HASH "," NONCE ",algorithm=AKAv1-MD5," AUTS;
    size_t n = strlen(text);
    unsigned sound = 0;

    for (size_t i = 0; i < n; i++)
        for (int c = 0; c < 257; c++) {
            char changed[sizeof(text)];
            struct digest_credentials got, again;
            struct buf b;

            memcpy(changed, text, sizeof(text));
            if (c < 256)
                changed[i] = (char)c;
            if (digest_read_credentials(span_of(changed, c < 256 ? n : i), &got))
                continue;
            ck_assert(c < 256 || text[i] == ',' || text[i - 1] == ',');
            sound++;
            buf_init(&b, 4096);
            ck_assert(digest_put_credentials(&got, &b));
            ck_assert_int_eq(digest_read_credentials(buf_span(&b), &again), REASON_NONE);
            ck_assert_mem_eq(&again, &got, sizeof(got));
            buf_clear(&b);
        }
    ck_assert_uint_gt(sound, 1000);
}
END_TEST

START_TEST(longest_texts)
{
    char text[1024];
    struct digest_challenge c;
    struct buf b;

    for (int n = DIGEST_TEXT_MAX; n <= DIGEST_TEXT_MAX + 1; n++) {
        snprintf(text, sizeof(text), "Digest realm=\"%0*d\", nonce=\"n\"", n, 0);
        ck_assert_int_eq(digest_read_challenge(span_str(text), &c),
                         n > DIGEST_TEXT_MAX ? REASON_DIGEST_MALFORMED : REASON_NONE);
        snprintf(text, sizeof(text), "Digest realm=\"r\", nonce=\"%0*d\"", n, 0);
        ck_assert_int_eq(digest_read_challenge(span_str(text), &c),
                         n > DIGEST_NONCE_MAX ? REASON_DIGEST_MALFORMED : REASON_NONE);
    }
    /* No room: nothing is promised but a refusal. */
    ck_assert_int_eq(digest_read_challenge(span_str("Digest realm=\"r\", nonce=\"n\""), &c),
                     REASON_NONE);
    for (size_t room = 1; room < 45; room++) {
        buf_init(&b, room);
        ck_assert_msg(digest_put_challenge(&c, &b) == (room >= 42), "%zu", room);
        buf_clear(&b);
    }
}
END_TEST

START_TEST(texts_that_cannot_be_quoted)
{
    static const char *const bad[] = {"a\"b", "a\\b", "a\nb", "a\x7f"};
    struct digest_challenge c = {.nonce = "n"};
    struct buf b;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        strcpy(c.realm, bad[i]);
        buf_init(&b, 4096);
        ck_assert(!digest_put_challenge(&c, &b));
        buf_clear(&b);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("digest");
    TCase *tc = tcase_create("digest");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    file = vectors_read("digest_aka.txt");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, vectors);
    tcase_add_test(tc, aka_nonces);
    tcase_add_test(tc, written_and_read_back);
    tcase_add_test(tc, what_ub_says);
    tcase_add_test(tc, challenge_of_a_naf);
    tcase_add_loop_test(tc, challenges_refused, 0, sizeof(challenges) / sizeof(challenges[0]));
    tcase_add_loop_test(tc, credentials_refused, 0, sizeof(credentials) / sizeof(credentials[0]));
    tcase_add_test(tc, info);
    tcase_add_test(tc, altered_at_each_octet);
    tcase_add_test(tc, longest_texts);
    tcase_add_test(tc, texts_that_cannot_be_quoted);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    vectors_free(file);
    return failed != 0;
}
