/* Ub against replays, against a BSF that says the wrong thing, against requests that are none. */
#include "tests/support/gba_rig.h"

#include "crypto/entity.h"
#include "crypto/hash.h"
#include "models/proto/digest.h"
#include "models/proto/http.h"
#include "models/proto/m2mxml.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- replays ---- */

/* The UE's very octets again, in another connection: a fresh challenge for each, no association. */
START_TEST(replayed_in_another_session)
{
    struct gba_rig r;
    struct talker *t;
    const char *texts[1];
    struct gba_sa none = {0};

    gba_rig_clean(&r, false, 0);
    texts[0] = gba_rig_sent(&r, 0);
    gba_rig_again(&r);
    r.stored = none;
    t = gba_talker_put(&r, 0, texts, 1);
    gba_rig_run(&r, pair_clean());
    ck_assert_uint_eq(r.queries[UB_QUERY_CHALLENGE], 1);
    ck_assert_uint_eq(r.queries[UB_QUERY_ZH], 3);
    ck_assert_str_eq(r.stored.btid, "");
    ck_assert_ptr_null(strstr(gba_talker_heard(t), "200 OK"));
    gba_rig_release(&r);
    free((void *)(uintptr_t)texts[0]);
}
END_TEST

/* The same response twice in one session: the second finds its challenge used up. */
START_TEST(replayed_in_the_same_session)
{
    struct gba_rig r;
    struct digest_credentials c;
    struct digest_challenge d;
    struct uicc_response res;
    struct talker *t;
    struct buf b;
    uint8_t rand[16], autn[16];
    const char *texts[3] = {
        "GET / HTTP/1.1\r\nHost: b\r\nAuthorization: Digest username=\"" GBA_RIG_IMPI
        "\", realm=\"" GBA_RIG_BSF "\", nonce=\"\", uri=\"/\", response=\"\"\r\n\r\n"};
    const char *heard, *from;

    /* The first challenge is a function of the seed: answer it by hand. */
    gba_rig_init(&r, 4);
    gba_rig_open(&r);
    t = gba_talker_put(&r, 0, texts, 1);
    gba_rig_run(&r, pair_clean());
    heard = gba_talker_heard(t);
    from = strstr(heard, "Digest ");
    ck_assert_ptr_nonnull(from);
    ck_assert_int_eq(digest_read_challenge(span_of(from, strcspn(from, "\r")), &d), REASON_NONE);
    ck_assert(digest_aka_parse(d.nonce, rand, autn));
    ck_assert_int_eq(uicc_authenticate(&r.uicc, NULL, rand, autn, &res, NULL), UICC_OK);
    memset(&c, 0, sizeof(c));
    strcpy(c.username, GBA_RIG_IMPI);
    strcpy(c.realm, GBA_RIG_BSF);
    strcpy(c.nonce, d.nonce);
    strcpy(c.uri, "/");
    strcpy(c.cnonce, "abc");
    c.qop = DIGEST_AUTH_INT;
    c.nc = 1;
    c.algorithm = DIGEST_AKAV1_MD5;
    c.has_response = true;
    digest_response(NULL, &c, span_of(res.res, res.res_n), "GET", span_of(NULL, 0), c.response);
    gba_rig_release(&r);
    buf_init(&b, 4096);
    ck_assert(buf_puts(&b, "GET / HTTP/1.1\r\nHost: b\r\nAuthorization: ") &&
              digest_put_credentials(&c, &b) && buf_put(&b, "\r\n\r\n", 5));
    texts[1] = texts[2] = (const char *)buf_span(&b).p;
    gba_rig_init(&r, 4);
    gba_rig_open(&r);
    t = gba_talker_put(&r, 0, texts, 3);
    gba_rig_run(&r, pair_clean());
    heard = gba_talker_heard(t);
    from = strstr(heard, "200 OK");
    ck_assert_ptr_nonnull(from);
    ck_assert_ptr_nonnull(strstr(from, "401 Unauthorized"));
    ck_assert_ptr_null(strstr(from + 1, "200 OK"));
    ck_assert_uint_eq(r.queries[UB_QUERY_STORE], 1);
    ck_assert_uint_eq(r.queries[UB_QUERY_CHALLENGE], 1);
    gba_rig_release(&r);
    buf_clear(&b);
}
END_TEST

/* A UE whose connection broke between challenge and response: the node kept the challenge. */
START_TEST(answered_in_another_session)
{
    struct gba_rig r, whole;
    const char *texts[1];
    struct talker *t;
    char *all;

    gba_rig_clean(&whole, false, 0);
    all = gba_rig_sent(&whole, 0);
    texts[0] = strstr(all + 1, "GET /");
    gba_rig_init(&r, 1);
    gba_rig_open(&r);
    gba_rig_run(&r, (struct pair_script){.delay = SIM_MS,
                                         .limit = SIM_S,
                                         .way = {{.cut_at = (size_t)(texts[0] - all),
                                                  .silent_from = PAIR_NEVER,
                                                  .corrupt_at = PAIR_NEVER},
                                                 pair_clean().way[1]}});
    ck_assert_ptr_nonnull(ub_server_challenge(r.server));
    r.kept = *ub_server_challenge(r.server);
    gba_rig_again(&r);
    t = gba_talker_put(&r, 0, texts, 1);
    gba_rig_run(&r, pair_clean());
    ck_assert_ptr_nonnull(strstr(gba_talker_heard(t), "200 OK"));
    ck_assert_str_eq(r.stored.btid, whole.stored.btid);
    ck_assert_uint_eq(r.queries[UB_QUERY_ZH], 1);
    ck_assert_ptr_null(ub_server_challenge(r.server));
    gba_rig_release(&r);
    gba_rig_release(&whole);
    free(all);
}
END_TEST

/* A BSF that restarted forgot its challenges: the UE is challenged anew, and goes on. */
START_TEST(forgotten_challenge)
{
    static const char *const texts[] = {
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"" GBA_RIG_BSF
        "\", nonce=\"%s\", qop=\"auth-int\", algorithm=AKAv1-MD5\r\nContent-Length: 0\r\n\r\n"};
    struct gba_rig r;
    struct umts_vector v;
    char nonce[DIGEST_NONCE_MAX + 1], say[4][512];
    const char *all[4];
    struct talker *t;

    gba_rig_init(&r, 1);
    gba_rig_open(&r);
    for (int i = 0; i < 4; i++) {
        auc_vector(&r.auc, NULL, &r.hss_stream, false, &v);
        digest_aka_nonce(v.rand, v.autn, span_of("more of it", 10), nonce);
        snprintf(say[i], sizeof(say[i]), texts[0], nonce);
        all[i] = say[i];
    }
    t = gba_talker_put(&r, 1, all, 4);
    gba_rig_run(&r, pair_clean());
    /* Three are answered, a fourth is an end without one. */
    gba_rig_failed(&r, 0, REASON_GBA_CHALLENGE);
    ck_assert_uint_eq(t->inputs, 4);
    gba_rig_release(&r);
}
END_TEST

/* ---- a BSF that says the wrong thing ---- */

#define GOOD_NONCE "n93HIJLGrQNrbkZHiTFbeKM3xvD4UmHfCduU6rT4FJ4="
#define CHALLENGE(rest)                                                                            \
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: " rest "\r\nContent-Length: 0\r\n\r\n"
#define INFO                                                                                       \
    "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.3gpp.bsf+xml\r\nContent-Length: 0\r\n"

static const struct {
    const char *text;
    enum reason reason;
} answers[] = {
    {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", REASON_DIGEST_MALFORMED},
    {CHALLENGE("Basic realm=\"x\""), REASON_DIGEST_UNSUPPORTED},
    {CHALLENGE("Digest realm=\"" GBA_RIG_BSF "\""), REASON_DIGEST_MALFORMED},
    {CHALLENGE("Digest realm=\"" GBA_RIG_BSF "\", nonce=\"" GOOD_NONCE
               "\", qop=\"auth-int\", algorithm=MD5"),
     REASON_DIGEST_UNSUPPORTED},
    {CHALLENGE("Digest realm=\"" GBA_RIG_BSF "\", nonce=\"" GOOD_NONCE
               "\", qop=\"auth\", algorithm=AKAv1-MD5"),
     REASON_DIGEST_UNSUPPORTED},
    {CHALLENGE("Digest realm=\"another.example\", nonce=\"" GOOD_NONCE
               "\", qop=\"auth-int\", algorithm=AKAv1-MD5"),
     REASON_GBA_CHALLENGE},
    {CHALLENGE("Digest realm=\"" GBA_RIG_BSF
               "\", nonce=\"n93HIJLGrQNrbkZHiTFbeKM3xvD4UmHfCduU6rT4FA==\", qop=\"auth-int\", "
               "algorithm=AKAv1-MD5"),
     REASON_GBA_CHALLENGE},
    {CHALLENGE("Digest realm=\"" GBA_RIG_BSF
               "\", nonce=\"!\", qop=\"auth-int\", algorithm=AKAv1-MD5"),
     REASON_GBA_CHALLENGE},
    /* Somebody else's AUTN. */
    {CHALLENGE("Digest realm=\"" GBA_RIG_BSF "\", nonce=\"" GOOD_NONCE
               "\", qop=\"auth-int\", algorithm=AKAv1-MD5"),
     REASON_AKA_AUTN},
    {INFO "\r\n", REASON_DIGEST_RSPAUTH},
    {INFO "Authentication-Info: qop=auth-int, rspauth=\"00112233445566778899aabbccddeeff\", "
          "cnonce=\"\", nc=00000001\r\n\r\n",
     REASON_DIGEST_RSPAUTH},
    {"HTTP/1.1 204 No Content\r\n\r\n", REASON_HTTP_STATUS},
    {"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", REASON_HTTP_STATUS},
    {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", REASON_GBA_FORBIDDEN},
    {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", REASON_NOT_FOUND},
    {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", REASON_SERVER_BUSY},
    {"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n", REASON_BACKEND_TIMEOUT},
    {"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
     REASON_PERMISSION_DENIED},
    {"\x16\x03\x01", REASON_HTTP_MALFORMED},
    {"HTTP/1.1 200 OK\r\n", REASON_CLOSED_EARLY},
};

START_TEST(wrong_answers)
{
    struct gba_rig r;

    gba_rig_init(&r, 1);
    gba_rig_open(&r);
    gba_talker_put(&r, 1, &answers[_i].text, 1);
    gba_rig_run(&r, pair_clean());
    gba_rig_failed(&r, 0, answers[_i].reason);
    ck_assert_str_eq(r.ue.btid, "");
    gba_rig_release(&r);
}
END_TEST

/* The right BSF, and somebody on the way who changes what it says of keys. */
START_TEST(altered_answers)
{
    static const char *const parts[] = {"<btid>", "<lifetime>2", "rspauth=\"", "bsf+xml"};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct pair_script script = pair_clean();
        struct gba_rig whole, r;
        char *text;

        gba_rig_clean(&whole, false, 0);
        text = gba_rig_sent(&whole, 1);
        script.way[1].corrupt_at = (size_t)(strstr(text, parts[i]) - text) + strlen(parts[i]);
        script.way[1].corrupt_with = 1;
        gba_rig_init(&r, 1);
        gba_rig_open(&r);
        gba_rig_run(&r, script);
        if (i == 3) /* "\r" behind the type: no HTTP */
            gba_rig_failed(&r, 0, REASON_HTTP_MALFORMED);
        else
            gba_rig_failed(&r, 0, i == 2 ? gba_rig_reason(&r, 0) : REASON_DIGEST_RSPAUTH);
        ck_assert_str_eq(r.ue.btid, "");
        gba_rig_release(&r);
        gba_rig_release(&whole);
        free(text);
    }
}
END_TEST

/* ---- requests that are none ---- */

#define GET   "GET / HTTP/1.1\r\nHost: b\r\n"
#define WHO   "username=\"u\", realm=\"" GBA_RIG_BSF "\", uri=\"/\""
#define HASH  ", response=\"00112233445566778899aabbccddeeff\", nc=00000001, cnonce=\"c\""
#define AUTH  "Authorization: Digest "
#define FIRST GET AUTH WHO ", nonce=\"\", response=\"\"\r\n"

static const struct {
    const char *text, *answer;
    enum reason refusal;
} requests[] = {
    {FIRST "\r\n", "401", REASON_NONE},
    {"GET http://" GBA_RIG_BSF "/ HTTP/1.1\r\nHost: b\r\n" AUTH
     "username=\"u\", realm=\"" GBA_RIG_BSF "\", uri=\"http://" GBA_RIG_BSF
     "/\", nonce=\"\", response=\"\"\r\n\r\n",
     "401", REASON_NONE},
    {GET "\r\n", "400", REASON_BAD_REQUEST},
    {GET "Authorization: Basic dTpw\r\n\r\n", "400", REASON_DIGEST_UNSUPPORTED},
    {GET "Authorization: Digest\r\n\r\n", "400", REASON_DIGEST_MALFORMED},
    {GET AUTH "realm=\"" GBA_RIG_BSF "\", uri=\"/\", nonce=\"\", response=\"\"\r\n\r\n", "400",
     REASON_DIGEST_MALFORMED},
    {GET AUTH "username=\"\", realm=\"" GBA_RIG_BSF
              "\", uri=\"/\", nonce=\"\", response=\"\"\r\n\r\n",
     "400", REASON_BAD_REQUEST},
    {GET AUTH "username=\"u\", realm=\"other\", uri=\"/\", nonce=\"\", response=\"\"\r\n\r\n",
     "400", REASON_BAD_REQUEST},
    {GET AUTH "username=\"u\", realm=\"" GBA_RIG_BSF
              "\", uri=\"/x\", nonce=\"\", response=\"\"\r\n\r\n",
     "400", REASON_BAD_REQUEST},
    {GET AUTH WHO ", nonce=\"" GOOD_NONCE "\", qop=auth" HASH ", algorithm=AKAv1-MD5\r\n\r\n",
     "400", REASON_DIGEST_UNSUPPORTED},
    {GET AUTH WHO ", nonce=\"" GOOD_NONCE "\", qop=auth-int" HASH ", algorithm=MD5\r\n\r\n", "400",
     REASON_DIGEST_UNSUPPORTED},
    {GET AUTH WHO ", nonce=\"" GOOD_NONCE "\", qop=auth-int" HASH "\r\n\r\n", "400",
     REASON_DIGEST_UNSUPPORTED},
    /* Nobody gave these nonces out: a challenge. */
    {GET AUTH WHO ", nonce=\"" GOOD_NONCE "\", qop=auth-int" HASH ", algorithm=AKAv1-MD5\r\n\r\n",
     "401", REASON_NONE},
    {GET AUTH WHO ", nonce=\"abc\", qop=auth-int" HASH ", algorithm=AKAv1-MD5\r\n\r\n", "401",
     REASON_NONE},
    {GET AUTH WHO ", nonce=\"" GOOD_NONCE "\", qop=auth-int" HASH
                  ", algorithm=AKAv1-MD5, auts=\"wpIP4kifW3qJJYGbYUs=\"\r\n\r\n",
     "401", REASON_NONE},
    {"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n", "405", REASON_BAD_REQUEST},
    {"HEAD / HTTP/1.1\r\nHost: b\r\n\r\n", "405", REASON_BAD_REQUEST},
    {"GET /m2m/bootstrap HTTP/1.1\r\nHost: b\r\n\r\n", "404", REASON_NOT_FOUND},
    {"GET http://other/ HTTP/1.1\r\nHost: b\r\n\r\n", "404", REASON_NOT_FOUND},
    {FIRST "Content-Length: 1\r\n\r\nx", "400", REASON_BAD_REQUEST},
    {"GET / HTTP/1.1\r\n\r\n", "400", REASON_HTTP_MALFORMED},
    {"\x16\x03\x01", "400", REASON_HTTP_MALFORMED},
};

START_TEST(wrong_requests)
{
    struct gba_rig r;
    struct talker *t;
    const char *heard;

    gba_rig_init(&r, 1);
    gba_rig_open(&r);
    t = gba_talker_put(&r, 0, &requests[_i].text, 1);
    gba_rig_run(&r, pair_clean());
    heard = gba_talker_heard(t);
    ck_assert_msg(!strncmp(heard, "HTTP/1.1 ", 9) && !strncmp(heard + 9, requests[_i].answer, 3),
                  "%s", heard);
    ck_assert_int_eq(ub_server_refusal(r.server), requests[_i].refusal);
    ck_assert_uint_eq(r.queries[UB_QUERY_STORE], 0);
    ck_assert_int_ne(gba_rig_status(&r, 1), PROTO_RUNNING);
    ck_assert(gba_rig_status(&r, 1) == PROTO_DONE ||
              gba_rig_reason(&r, 1) == REASON_HTTP_MALFORMED);
    gba_rig_release(&r);
}
END_TEST

/* Many requests at once are answered one after the other; one that closes is the last. */
START_TEST(pipelined)
{
    const char *text =
        FIRST "\r\n" FIRST "\r\n" GET "\r\n" FIRST "Connection: close\r\n\r\n" FIRST "\r\n";
    struct gba_rig r;
    struct talker *t;
    unsigned challenges = 0;

    gba_rig_init(&r, 1);
    gba_rig_open(&r);
    t = gba_talker_put(&r, 0, &text, 1);
    t->closes = false;
    gba_rig_run(&r, pair_clean());
    for (const char *p = gba_talker_heard(t); (p = strstr(p, " 401 ")); p++)
        challenges++;
    ck_assert_uint_eq(challenges, 3);
    ck_assert_uint_eq(r.queries[UB_QUERY_ZH], 3);
    ck_assert_int_eq(gba_rig_status(&r, 1), PROTO_DONE);
    gba_rig_release(&r);
}
END_TEST

/* A peer that talks and talks while the HSS is slow: bounded. */
START_TEST(flood)
{
    struct gba_rig r;
    struct talker *t;
    char *text = malloc((sizeof(FIRST) + 2) * 1000);
    const char *texts[2] = {text, text};

    ck_assert_ptr_nonnull(text);
    text[0] = '\0';
    for (int i = 0; i < 1000; i++)
        strcat(text, FIRST "\r\n");
    gba_rig_init(&r, 1);
    r.mute = true;
    gba_rig_open(&r);
    t = gba_talker_put(&r, 0, texts, 1);
    t->closes = false;
    gba_rig_run(&r, pair_clean());
    ck_assert_uint_gt(strlen(text), 2 * (HTTP_MAX_HEADER + HTTP_MAX_BODY));
    gba_rig_failed(&r, 1, REASON_HTTP_TOO_LARGE);
    gba_rig_release(&r);
    free(text);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
    Suite *suite = suite_create("ub_hostile");
    TCase *tc = tcase_create("ub_hostile");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    m2mxml_init();
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, replayed_in_another_session);
    tcase_add_test(tc, replayed_in_the_same_session);
    tcase_add_test(tc, answered_in_another_session);
    tcase_add_test(tc, forgotten_challenge);
    tcase_add_loop_test(tc, wrong_answers, 0, COUNT(answers));
    tcase_add_test(tc, altered_answers);
    tcase_add_loop_test(tc, wrong_requests, 0, COUNT(requests));
    tcase_add_test(tc, pipelined);
    tcase_add_test(tc, flood);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
