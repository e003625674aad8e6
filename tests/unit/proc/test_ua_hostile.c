/* Ua against replays, against a NAF that says the wrong thing, against requests that are none, and
 * the gate before a NAF's TLS. On bare TCP but for the last. */
#include "tests/unit/proc/ua_kit.h"

#include "models/proto/digest.h"

#define REALM "3GPP-bootstrapping@" MSBF

static const char document[] =
    "<m2m:bootstrapRequest xmlns:m2m=\"http://uri.etsi.org/m2m\"><m2m:deviceId>" GBA_RIG_IMPI
    "</m2m:deviceId><m2m:ivalCapability>true</m2m:ivalCapability></m2m:bootstrapRequest>";

/* A POST with an Authorization of c's making, by the key that both have. */
static void put_post(const struct ua_run *u, struct digest_credentials *c, const char *body,
                     struct buf *out)
{
    uint8_t key[GBA_KEY_LEN];
    char word[GBA_PASSWORD_LEN + 1];

    ua_wanted_key(u, key);
    gba_password(key, word);
    digest_response(NULL, c, span_str(word), "POST", span_str(body), c->response);
    ck_assert(buf_puts(out, "POST /m2m/bootstrap HTTP/1.1\r\nHost: b\r\nAuthorization: ") &&
              digest_put_credentials(c, out) &&
              buf_printf(out, "\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body) &&
              buf_put(out, "", 1));
}

static void fill(const struct ua_run *u, struct digest_credentials *c, const char *nonce)
{
    memset(c, 0, sizeof(*c));
    strcpy(c->username, u->operator.ue.btid);
    strcpy(c->realm, REALM);
    snprintf(c->nonce, sizeof(c->nonce), "%s", nonce);
    strcpy(c->uri, "/m2m/bootstrap");
    strcpy(c->cnonce, "0a4f113b");
    c->qop = DIGEST_AUTH_INT;
    c->nc = 1;
    c->has_response = true;
}

static const char post[] = "POST /m2m/bootstrap HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n";

/* The nonce that the NAF of this seed gives out first. */
static void first_nonce(char nonce[DIGEST_NONCE_MAX + 1])
{
    static struct ua_run u;
    const char *texts[] = {post}, *at;
    struct talker *t;

    ua_open(&u, UA_BARE, SERVER_MSBF, false, GBA_KEY_ME);
    t = talker_put(&u.kit.pair, 0, texts, 1);
    kit_go(&u.kit);
    at = strstr(gba_talker_heard(t), "nonce=\"");
    ck_assert_ptr_nonnull(at);
    snprintf(nonce, DIGEST_NONCE_MAX + 1, "%.*s", (int)strcspn(at + 7, "\""), at + 7);
    ua_close(&u);
}

/* What a NAF says to texts of which the %s is its nonce. */
struct said {
    char text[16384];
    unsigned requests, zn;
};

static void say(struct said *s, const char *const *texts, size_t count)
{
    static struct ua_run u;
    struct talker *t;

    ua_open(&u, UA_BARE, SERVER_MSBF, false, GBA_KEY_ME);
    t = talker_put(&u.kit.pair, 0, texts, count);
    kit_go(&u.kit);
    snprintf(s->text, sizeof(s->text), "%s", gba_talker_heard(t));
    s->requests = u.kit.requests;
    s->zn = u.zn;
    ua_close(&u);
}

/* A second request in the session counts on; the same count again is an old request. */
START_TEST(counts)
{
    static struct ua_run u;
    static struct said s;
    struct digest_credentials c;
    char nonce[DIGEST_NONCE_MAX + 1];
    struct buf b[3];
    const char *texts[4] = {post}, *at;

    first_nonce(nonce);
    ua_open(&u, UA_BARE, SERVER_MSBF, false, GBA_KEY_ME);
    fill(&u, &c, nonce);
    for (int i = 0; i < 3; i++) {
        c.nc = i == 2 ? 2 : (uint32_t)i + 1;
        buf_init(&b[i], 8192);
        put_post(&u, &c, document, &b[i]);
        texts[i + 1] = (const char *)buf_span(&b[i]).p;
    }
    say(&s, texts, 4);
    ck_assert_uint_eq(s.requests, 2);
    ck_assert_uint_eq(s.zn, 1);
    at = strstr(s.text, "200 OK");
    ck_assert_ptr_nonnull(at);
    at = strstr(at + 1, "200 OK");
    ck_assert_ptr_nonnull(at);
    at = strstr(at, "401 Unauthorized");
    ck_assert_ptr_nonnull(at);
    ck_assert_ptr_nonnull(strstr(at, "stale=true"));
    for (int i = 0; i < 3; i++)
        buf_clear(&b[i]);
    ua_close(&u);
}
END_TEST

START_TEST(replayed_in_another_session)
{
    static struct ua_run u;
    struct span sent;
    char *text;
    const char *texts[1];
    struct talker *t;

    ua_open(&u, UA_BARE, SERVER_MSBF, false, GBA_KEY_ME);
    kit_go(&u.kit);
    ck_status(&u.kit, 0, PROTO_DONE);
    sent = buf_span(&u.kit.pair.side[0].sent);
    text = calloc(1, sent.n + 1);
    ck_assert_ptr_nonnull(text);
    memcpy(text, sent.p, sent.n);
    texts[0] = text;
    ua_again(&u);
    t = talker_put(&u.kit.pair, 0, texts, 1);
    kit_go(&u.kit);
    ck_assert_uint_eq(u.kit.requests, 0);
    ck_assert_uint_eq(u.zn, 0);
    ck_assert_ptr_null(strstr(gba_talker_heard(t), "200 OK"));
    free(text);
    ua_close(&u);
}
END_TEST

/* What is signed, altered: not a word reaches the node. */
START_TEST(altered_requests)
{
    static struct ua_run u;
    static struct said s;
    struct digest_credentials c;
    char nonce[DIGEST_NONCE_MAX + 1];

    first_nonce(nonce);
    for (int i = 0; i < 9; i++) {
        char body[sizeof(document)];
        struct buf b;
        const char *texts[2] = {post};
        char *at, *whole;

        ua_open(&u, UA_BARE, SERVER_MSBF, false, GBA_KEY_ME);
        fill(&u, &c, nonce);
        buf_init(&b, 8192);
        strcpy(body, document);
        if (i == 0)
            strcpy(c.realm, "3GPP-bootstrapping-uicc@" MSBF);
        if (i == 1)
            strcpy(c.realm, "3GPP-bootstrapping@other.example");
        if (i == 2)
            c.qop = DIGEST_AUTH; /* the body would be anybody's */
        if (i == 3)
            c.algorithm = DIGEST_AKAV1_MD5;
        if (i == 4)
            strcpy(c.uri, "/m2m/connection");
        put_post(&u, &c, body, &b);
        whole = (char *)buf_at(&b, 0);
        if (i == 5) { /* the body */
            at = strstr(whole, ">true<");
            memcpy(at, ">0<    ", 3);
            memcpy(at + 3, "   ", 3);
        }
        if (i == 6) /* the response */
            strstr(whole, "response=\"")[10] ^= 1;
        if (i == 7) /* the name */
            strstr(whole, "username=\"")[10] ^= 1;
        if (i == 8) /* the count */
            memcpy(strstr(whole, "nc=00000001"), "nc=00000002", 11);
        texts[1] = whole;
        say(&s, texts, 2);
        ck_assert_msg(s.requests == 0, "%d: %s", i, s.text);
        at = strstr(s.text + 1, "HTTP/1.1 ");
        ck_assert_ptr_nonnull(at);
        ck_assert_msg(!strncmp(at + 9, i < 5 ? "400" : "401", 3), "%d: %s", i, at);
        ck_assert_ptr_null(strstr(at, "stale=true"));
        buf_clear(&b);
        ua_close(&u);
    }
}
END_TEST

#define P    "POST /m2m/bootstrap HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n"
#define AUTH "Authorization: Digest "
#define WHO  "username=\"u@v\", realm=\"" REALM "\", uri=\"/m2m/bootstrap\""
#define HASH                                                                                       \
    ", response=\"00112233445566778899aabbccddeeff\", qop=auth-int, nc=00000001, cnonce=\"c\""

static const struct {
    const char *text, *answer;
} requests[] = {
    {P "\r\n", "401"},
    {P "Authorization: Basic dTpw\r\n\r\n", "400"},
    {P "Authorization: Digest\r\n\r\n", "400"},
    {P AUTH WHO ", nonce=\"\", response=\"\"\r\n\r\n", "400"},
    {P AUTH WHO ", nonce=\"abc\"" HASH "\r\n\r\n", "401"},
    {P AUTH WHO ", nonce=\"\"" HASH "\r\n\r\n", "401"},
    {"GET /else HTTP/1.1\r\nHost: b\r\n\r\n", "401"},
    {"\x16\x03\x01", "400"},
};

START_TEST(wrong_requests)
{
    static struct said s;

    say(&s, &requests[_i].text, 1);
    ck_assert_msg(!strncmp(s.text, "HTTP/1.1 ", 9) && !strncmp(s.text + 9, requests[_i].answer, 3),
                  "%s", s.text);
    ck_assert_uint_eq(s.requests, 0);
    ck_assert_uint_eq(s.zn, 0);
}
END_TEST

#define C(rest)                                                                                    \
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: " rest "\r\nContent-Length: 0\r\n\r\n"
#define GOOD "Digest realm=\"" REALM "\", nonce=\"n\", qop=\"auth-int\", algorithm=MD5"

static const struct {
    const char *texts[3];
    size_t count;
    enum reason reason;
} answers[] = {
    {{C("Digest realm=\"" REALM "\"")}, 1, REASON_DIGEST_MALFORMED},
    {{C("Digest realm=\"" REALM "\", nonce=\"n\"")}, 1, REASON_DIGEST_UNSUPPORTED},
    {{C("Digest realm=\"" REALM "\", nonce=\"n\", qop=\"auth\", algorithm=AKAv1-MD5")},
     1,
     REASON_DIGEST_UNSUPPORTED},
    {{C("Digest realm=\"" MSBF "\", nonce=\"n\", qop=\"auth\"")}, 1, REASON_GBA_CHALLENGE},
    {{C("Digest realm=\"3GPP-bootstrapping-uicc@" MSBF "\", nonce=\"n\", qop=\"auth\"")},
     1,
     REASON_GBA_CHALLENGE},
    {{C("Digest realm=\"3GPP-bootstrapping@other\", nonce=\"n\", qop=\"auth\"")},
     1,
     REASON_GBA_CHALLENGE},
    {{C("Basic realm=\"" REALM "\"")}, 1, REASON_DIGEST_UNSUPPORTED},
    {{C(GOOD), C(GOOD)}, 2, REASON_GBA_RENEGOTIATE},
    {{C(GOOD), C(GOOD ", stale=true"), C(GOOD ", stale=true")}, 3, REASON_GBA_CHALLENGE},
    {{C(GOOD), C(GOOD ", stale=true"), C(GOOD)}, 3, REASON_GBA_RENEGOTIATE},
    {{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}, 1, REASON_DIGEST_RSPAUTH},
    {{C(GOOD), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}, 2, REASON_DIGEST_RSPAUTH},
    {{C(GOOD), "HTTP/1.1 200 OK\r\nAuthentication-Info: qop=auth-int, "
               "rspauth=\"00112233445566778899aabbccddeeff\", cnonce=\"c\", nc=00000001\r\n"
               "Content-Length: 0\r\n\r\n"},
     2,
     REASON_DIGEST_RSPAUTH},
    {{"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
     1,
     REASON_PERMISSION_DENIED},
    {{"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"}, 1, REASON_FORBIDDEN},
};

START_TEST(wrong_answers)
{
    static struct ua_run u;

    ua_open(&u, UA_BARE, SERVER_MSBF, false, GBA_KEY_ME);
    u.kit.server = NULL;
    talker_put(&u.kit.pair, 1, answers[_i].texts, answers[_i].count);
    kit_go(&u.kit);
    ck_failed(&u.kit, 0, answers[_i].reason);
    ck_assert(!se_has(&u.kit.pair.side[0].se, SE_KMR));
    ua_close(&u);
}
END_TEST

/* ---- the gate ---- */

/* A handshake that is held, and a client that goes on talking: bounded. */
START_TEST(flood_behind_the_gate)
{
    static struct ua_run u;
    static uint8_t flood[80000];
    struct proto *p;

    ua_open(&u, UA_PSK, SERVER_MSBF, false, GBA_KEY_ME);
    u.zn_mute = true;
    kit_go(&u.kit);
    ck_assert_ptr_nonnull(server_session_zn(u.kit.server));
    p = u.kit.pair.side[1].proto;
    pair_enter(&u.kit.pair, 1);
    p->ops->input(p, u.kit.pair.now, span_of(flood, sizeof(flood)));
    pair_leave();
    ck_failed(&u.kit, 1, REASON_TLS_PROTOCOL);
    ck_assert_ptr_null(server_session_zn(u.kit.server));
    ua_close(&u);
}
END_TEST

/* Identities that are none of GBA's are TLS's to refuse; nobody is asked. */
START_TEST(other_identities)
{
    static const char *const identities[] = {
        "Client_identity",
        "3GPP-bootstrapping",
        "3GPP-bootstrapping;",
        "3gpp-bootstrapping;a@b",
        "3GPP-bootstrapping-digest;a@b",
    };
    static struct ua_run u;

    for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
        ua_open(&u, UA_PSK, SERVER_MSBF, false, GBA_KEY_ME);
        proto_free(u.kit.pair.side[0].proto);
        u.kit.known_identity = identities[i];
        pair_enter(&u.kit.pair, 0);
        se_put(&u.kit.pair.side[0].se, SE_KMC, kit_psk);
        bare_put(&u.kit, 0, NULL, span_str("x"), false);
        pair_leave();
        kit_go(&u.kit);
        ck_failed(&u.kit, 1, REASON_PSK_UNKNOWN);
        ck_assert_uint_eq(u.zn, 0);
        ua_close(&u);
    }
}
END_TEST

/* Whatever stands where records should, the gate lets TLS say what it is. */
START_TEST(no_tls_at_the_gate)
{
    static const struct {
        const char *octets;
        size_t n;
    } cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", 18},
        {"\x16\x03\x03\xff\xff", 5},
        {"\x16\x03\x03\x00\x00", 5},
        {"\x16\x03\x03\x00\x04\x10\x00\x00\x00", 9},           /* ClientKeyExchange at once */
        {"\x16\x03\x03\x00\x06\x10\x00\x00\x02\xff\xff", 11},  /* identity beyond its end */
        {"\x16\x03\x03\x00\x07\x10\x00\x00\x03\x00\x01x", 12}, /* of one octet */
        {"\x17\x03\x03\x00\x01x", 6},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static struct ua_run u;
        struct proto *p;

        ua_open(&u, UA_PSK, SERVER_MSBF, false, GBA_KEY_ME);
        p = u.kit.pair.side[1].proto;
        pair_enter(&u.kit.pair, 1);
        p->ops->start(p, 0);
        p->ops->input(p, 0, span_of(cases[i].octets, cases[i].n));
        p->ops->input(p, 0, span_of(NULL, 0));
        pair_leave();
        ck_assert_int_eq(p->status, PROTO_FAILED);
        ck_assert_ptr_null(server_session_zn(u.kit.server));
        ua_close(&u);
    }
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
    Suite *suite = suite_create("ua_hostile");
    TCase *tc = tcase_create("ua_hostile");

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, counts);
    tcase_add_test(tc, replayed_in_another_session);
    tcase_add_test(tc, altered_requests);
    tcase_add_loop_test(tc, wrong_requests, 0, COUNT(requests));
    tcase_add_loop_test(tc, wrong_answers, 0, COUNT(answers));
    tcase_add_test(tc, flood_behind_the_gate);
    tcase_add_test(tc, other_identities);
    tcase_add_test(tc, no_tls_at_the_gate);
    suite_add_tcase(suite, tc);
    return kit_main(suite);
}
