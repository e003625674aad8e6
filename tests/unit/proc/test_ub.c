/* Ub: bootstraps of each kind, and each thing that may go wrong with one. */
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

static bool says(const struct buf *b, const char *text)
{
    struct span s = buf_span(b);

    return s.n > 0 && memmem(s.p, s.n, text, strlen(text));
}

/* ---- as it should be ---- */

START_TEST(clean)
{
    bool gba_u = _i & 1;
    struct gba_rig r;

    gba_rig_clean(&r, gba_u, 0);
    ck_assert_uint_eq(r.queries[UB_QUERY_ZH], 1);
    ck_assert_uint_eq(r.queries[UB_QUERY_CHALLENGE], 0);
    ck_assert_uint_eq(r.queries[UB_QUERY_STORE], 1);
    ck_assert_uint_eq(r.pair.side[0].outputs, 2);
    ck_assert_str_eq(r.ue.impi, GBA_RIG_IMPI);
    ck_assert_str_eq(strchr(r.ue.btid, '@') + 1, GBA_RIG_BSF);
    ck_assert(r.ue.gba_u == gba_u);
    /* The ME of GBA_U knows no Ks, the other does; the BSF always. */
    static const uint8_t nothing[32];
    ck_assert((memcmp(r.ue.ks, nothing, 32) == 0) == gba_u);
    ck_assert(gba_u || memcmp(r.ue.ks, r.stored.ks, 32) == 0);
    ck_assert(r.uicc.has_ks == gba_u);
    ck_assert(says(&r.pair.side[0].labels, "GET with identity\nGET with response\n"));
    ck_assert(says(&r.pair.side[1].labels, "401\n200\n"));
    ck_assert(says(&r.pair.side[0].states, "ub: identity -> response\n"));
    gba_rig_release(&r);
}
END_TEST

/* What goes over the wire, octet for octet, but for what only keys can tell. */
START_TEST(octets)
{
    struct gba_rig r;
    char *ue, *bsf, wanted[4096], *second;
    char nonce[DIGEST_NONCE_MAX + 1], cnonce[33], response[33], rspauth[33];

    gba_rig_clean(&r, false, 0);
    ue = gba_rig_sent(&r, 0);
    bsf = gba_rig_sent(&r, 1);
    ck_assert_ptr_nonnull(strstr(bsf, "nonce=\""));
    snprintf(nonce, sizeof(nonce), "%.44s", strstr(bsf, "nonce=\"") + 7);
    second = strstr(ue + 1, "GET /");
    ck_assert_ptr_nonnull(second);
    snprintf(cnonce, sizeof(cnonce), "%.32s", strstr(second, "cnonce=\"") + 8);
    snprintf(response, sizeof(response), "%.32s", strstr(second, "response=\"") + 10);
    snprintf(rspauth, sizeof(rspauth), "%.32s", strstr(bsf, "rspauth=\"") + 9);
    snprintf(wanted, sizeof(wanted),
             "GET / HTTP/1.1\r\nHost: " GBA_RIG_BSF "\r\nUser-Agent: m2msim 3gpp-gba\r\n"
             "Authorization: Digest username=\"" GBA_RIG_IMPI "\", realm=\"" GBA_RIG_BSF
             "\", nonce=\"\", uri=\"/\", response=\"\"\r\nContent-Length: 0\r\n\r\n"
             "GET / HTTP/1.1\r\nHost: " GBA_RIG_BSF "\r\nUser-Agent: m2msim 3gpp-gba\r\n"
             "Authorization: Digest username=\"" GBA_RIG_IMPI "\", realm=\"" GBA_RIG_BSF
             "\", nonce=\"%s\", uri=\"/\", qop=auth-int, nc=00000001, cnonce=\"%s\", "
             "response=\"%s\", algorithm=AKAv1-MD5\r\nContent-Length: 0\r\n\r\n",
             nonce, cnonce, response);
    ck_assert_str_eq(ue, wanted);
    snprintf(wanted, sizeof(wanted),
             "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"" GBA_RIG_BSF
             "\", nonce=\"%s\", qop=\"auth-int\", algorithm=AKAv1-MD5\r\nContent-Length: 0\r\n\r\n"
             "HTTP/1.1 200 OK\r\nAuthentication-Info: qop=auth-int, rspauth=\"%s\", "
             "cnonce=\"%s\", nc=00000001\r\nContent-Type: application/vnd.3gpp.bsf+xml\r\n"
             "Content-Length: %zu\r\n\r\n"
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BootstrappingInfo "
             "xmlns=\"uri:3gpp-gba\"><btid>%s</btid><lifetime>2020-01-02T00:00:00.003Z</lifetime>"
             "</BootstrappingInfo>",
             nonce, rspauth, cnonce, strlen(strstr(bsf, "<?xml")), r.ue.btid);
    ck_assert_str_eq(bsf, wanted);
    ck_assert_int_eq(strncmp(r.ue.btid, nonce, 21), 0); /* both begin with RAND */
    free(ue);
    free(bsf);
    gba_rig_release(&r);
}
END_TEST

START_TEST(isim)
{
    struct gba_rig r;

    gba_rig_init(&r, 2);
    r.application = GBA_ISIM;
    gba_rig_open(&r);
    ck_assert_int_eq(gba_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_int_eq(gba_rig_status(&r, 0), PROTO_DONE);
    ck_assert_str_eq(r.stored.impi, "user1_private@home1.net");
    ck_assert(gba_rig_agree(&r));
    gba_rig_release(&r);
}
END_TEST

START_TEST(metered)
{
    struct gba_rig r;

    gba_rig_clean(&r, _i & 1, 0);
    for (int side = 0; side < 2; side++) {
        const struct meter_use *use = r.pair.side[side].meter.use;

        /* Response and rspauth, each H(A1), H(body), H(A2), KD; the HTTP and XML of both. */
        ck_assert_uint_eq(use[OP_MD5].calls, 8);
        ck_assert_uint_eq(use[OP_HTTP_MESSAGE].calls, 4);
        ck_assert_uint_eq(use[OP_XML_DOCUMENT].calls, 1);
        ck_assert_uint_eq(use[OP_SHA1].calls, _i & 1);
        ck_assert_uint_eq(use[OP_RANDOM].octets, 16); /* cnonce; RAND */
    }
    ck_assert_uint_eq(r.pair.side[0].meter.use[OP_HTTP_MESSAGE].octets,
                      r.pair.side[1].meter.use[OP_HTTP_MESSAGE].octets);
    gba_rig_release(&r);
}
END_TEST

START_TEST(same_seed_same_octets)
{
    struct gba_rig a, b, c;

    gba_rig_clean(&a, true, 5);
    gba_rig_clean(&b, true, 5);
    ck_assert(pair_same(&a.pair, &b.pair));
    gba_rig_init(&c, 2);
    gba_rig_open(&c);
    gba_rig_run(&c, pair_clean());
    ck_assert(!pair_same(&a.pair, &c.pair));
    gba_rig_release(&a);
    gba_rig_release(&b);
    gba_rig_release(&c);
}
END_TEST

/* In every chunking, both ways, with a resynchronisation in it. */
START_TEST(chunks)
{
    for (size_t chunk = 1; chunk < 1200; chunk += chunk < 80 ? 1 : 97) {
        struct pair_script script = pair_clean();
        struct gba_rig r;

        script.way[0].chunk = script.way[1].chunk = chunk;
        gba_rig_init(&r, 1);
        r.ahead = 7;
        gba_rig_open(&r);
        ck_assert_int_eq(gba_rig_run(&r, script), PAIR_ENDED);
        ck_assert_int_eq(gba_rig_status(&r, 0), PROTO_DONE);
        ck_assert(gba_rig_agree(&r));
        gba_rig_release(&r);
    }
}
END_TEST

/* ---- the sequence number ---- */

START_TEST(resynchronises)
{
    struct gba_rig r;

    gba_rig_clean(&r, _i & 1, 1000);
    ck_assert_uint_eq(r.queries[UB_QUERY_ZH], 2);
    ck_assert_uint_eq(r.auc.seq, 1101);
    ck_assert(
        says(&r.pair.side[0].labels, "GET with identity\nGET with auts\nGET with response\n"));
    ck_assert(says(&r.pair.side[0].sent, "algorithm=AKAv1-MD5, auts=\""));
    /* The next one needs none. */
    gba_rig_again(&r);
    ck_assert_int_eq(gba_rig_run(&r, pair_clean()), PAIR_ENDED);
    ck_assert_int_eq(gba_rig_status(&r, 0), PROTO_DONE);
    ck_assert(gba_rig_agree(&r));
    ck_assert_uint_eq(r.queries[UB_QUERY_ZH], 3);
    gba_rig_release(&r);
}
END_TEST

/* MAC-S does not match: the HSS will not have it, and the BSF says 403. */
START_TEST(resynchronisation_refused)
{
    struct gba_rig r;

    gba_rig_init(&r, 1);
    r.ahead = 9;
    r.alter_auts = true;
    gba_rig_open(&r);
    ck_assert_int_eq(gba_rig_run(&r, pair_clean()), PAIR_ENDED);
    gba_rig_failed(&r, 0, REASON_GBA_FORBIDDEN);
    ck_assert_int_eq(ub_server_refusal(r.server), REASON_AKA_SYNC);
    ck_assert_uint_eq(r.auc.seq, 101);
    gba_rig_release(&r);
}
END_TEST

/* A card that takes no number at all: the second failure ends it. */
START_TEST(resynchronisation_in_vain)
{
    struct gba_rig r;

    gba_rig_init(&r, 1);
    uicc_set_sqn(&r.uicc, (UINT64_C(1) << 48) - 1);
    gba_rig_open(&r);
    ck_assert_int_eq(gba_rig_run(&r, pair_clean()), PAIR_ENDED);
    gba_rig_failed(&r, 0, REASON_AKA_SYNC);
    ck_assert_uint_eq(r.queries[UB_QUERY_ZH], 2);
    ck_assert_str_eq(r.stored.btid, "");
    gba_rig_release(&r);
}
END_TEST

/* ---- refusals ---- */

static const struct {
    enum reason hss, store, client;
    bool wrong_xres, wrong_autn, gba_u, differs;
    int64_t lifetime;
    unsigned stores;
} refusals[] = {
    {.hss = REASON_GBA_SUBSCRIBER, .client = REASON_GBA_FORBIDDEN},
    {.hss = REASON_GBA_NOT_ALLOWED, .client = REASON_GBA_FORBIDDEN},
    {.hss = REASON_BACKEND_TIMEOUT, .client = REASON_BACKEND_TIMEOUT},
    {.hss = REASON_SERVER_BUSY, .client = REASON_SERVER_BUSY},
    {.store = REASON_GBA_NOT_ALLOWED, .client = REASON_GBA_FORBIDDEN, .stores = 1},
    {.wrong_xres = true, .client = REASON_GBA_FORBIDDEN},
    {.wrong_autn = true, .client = REASON_AKA_AUTN},
    {.gba_u = true, .differs = true, .client = REASON_AKA_AUTN},
    {.gba_u = false, .differs = true, .client = REASON_AKA_AUTN},
    {.lifetime = -1, .client = REASON_KEY_EXPIRED, .stores = 1},
};

START_TEST(refused)
{
    struct gba_rig r;

    gba_rig_init(&r, 1);
    r.hss_refuses = refusals[_i].hss;
    r.store_refuses = refusals[_i].store;
    r.wrong_xres = refusals[_i].wrong_xres;
    r.wrong_autn = refusals[_i].wrong_autn;
    r.gba_u = refusals[_i].gba_u;
    r.bsf_gba_u_differs = refusals[_i].differs;
    r.lifetime = refusals[_i].lifetime;
    gba_rig_open(&r);
    ck_assert_int_eq(gba_rig_run(&r, pair_clean()), PAIR_ENDED);
    gba_rig_failed(&r, 0, refusals[_i].client);
    ck_assert_int_eq(gba_rig_status(&r, 1), PROTO_DONE);
    ck_assert_uint_eq(r.queries[UB_QUERY_STORE], refusals[_i].stores);
    ck_assert_str_eq(r.ue.btid, "");
    if (refusals[_i].hss)
        ck_assert_int_eq(ub_server_refusal(r.server), refusals[_i].hss);
    if (refusals[_i].wrong_xres)
        ck_assert_int_eq(ub_server_refusal(r.server), REASON_AKA_RES);
    gba_rig_release(&r);
}
END_TEST

START_TEST(busy)
{
    struct gba_rig r;

    gba_rig_init(&r, 1);
    gba_rig_open(&r);
    ub_server_set_busy(r.server, 17);
    ck_assert_int_eq(gba_rig_run(&r, pair_clean()), PAIR_ENDED);
    gba_rig_failed(&r, 0, REASON_SERVER_BUSY);
    ck_assert_uint_eq(ub_client_retry_after_s(r.pair.side[0].proto), 17);
    ck_assert_uint_eq(r.queries[UB_QUERY_ZH], 0);
    gba_rig_release(&r);
}
END_TEST

/* What a failure leaves of the association before: with GBA_U the card's Ks is gone. */
START_TEST(association_before)
{
    struct gba_sa before;
    struct gba_rig r;

    gba_rig_clean(&r, _i & 1, 0);
    before = r.ue;
    r.store_refuses = REASON_GBA_NOT_ALLOWED;
    gba_rig_again(&r);
    gba_rig_run(&r, pair_clean());
    gba_rig_failed(&r, 0, REASON_GBA_FORBIDDEN);
    if (_i & 1)
        ck_assert_str_eq(r.ue.btid, "");
    else
        ck_assert_mem_eq(&r.ue, &before, sizeof(before));
    gba_rig_release(&r);
}
END_TEST

START_TEST(hss_never_answers)
{
    struct gba_rig r;

    gba_rig_init(&r, 1);
    r.mute = true;
    gba_rig_open(&r);
    ck_assert_int_eq(gba_rig_run(&r, pair_clean()), PAIR_QUIET);
    ck_assert_int_eq(gba_rig_status(&r, 0), PROTO_RUNNING);
    ck_assert_ptr_nonnull(ub_server_query(r.server));
    /* The node gives up on its connections: nothing is answered to who is gone. */
    ub_server_close(r.server, r.pair.now);
    ck_assert_ptr_null(ub_server_query(r.server));
    ub_server_answer(r.server, r.pair.now, &(struct ub_answer){.reason = REASON_NONE});
    gba_rig_release(&r);
}
END_TEST

/* ---- faults of the way ---- */

/* The stream of either side ends at each octet. */
START_TEST(cut_at_each_octet)
{
    int side = _i;
    struct gba_rig whole;
    size_t n;

    gba_rig_clean(&whole, true, 3);
    n = buf_len(&whole.pair.side[side].sent);
    for (size_t i = 0; i < n; i++) {
        struct pair_script script = pair_clean();
        struct gba_rig r;

        script.way[side].cut_at = i;
        gba_rig_init(&r, 1);
        r.gba_u = true;
        r.ahead = 3;
        gba_rig_open(&r);
        ck_assert_int_eq(gba_rig_run(&r, script), PAIR_ENDED);
        gba_rig_failed(&r, 0, REASON_CLOSED_EARLY);
        ck_assert_str_eq(r.ue.btid, "");
        ck_assert(gba_rig_status(&r, 1) == PROTO_DONE ||
                  gba_rig_reason(&r, 1) == REASON_CLOSED_EARLY);
        gba_rig_release(&r);
    }
    gba_rig_release(&whole);
}
END_TEST

/* Each octet of either side changed: both end, and a UE that believes is right to. */
START_TEST(corrupt_each_octet)
{
    int side = _i & 1;
    uint8_t with = _i & 2 ? 0x20 : 0x01;
    struct gba_rig whole;
    unsigned done = 0;
    size_t n;

    gba_rig_clean(&whole, false, 3);
    n = buf_len(&whole.pair.side[side].sent);
    for (size_t i = 0; i < n; i++) {
        struct pair_script script = pair_clean();
        struct gba_rig r;

        script.way[side].corrupt_at = i;
        script.way[side].corrupt_with = with;
        gba_rig_init(&r, 1);
        r.ahead = 3;
        gba_rig_open(&r);
        if (gba_rig_run(&r, script) == PAIR_QUIET) {
            /* A length that says more than there is: the host's limit of time is for that. */
            ck_assert_int_eq(gba_rig_status(&r, 0), PROTO_RUNNING);
        } else if (gba_rig_status(&r, 0) == PROTO_DONE) {
            ck_assert(gba_rig_agree(&r));
            done++;
        } else {
            ck_assert_int_ne(gba_rig_reason(&r, 0), REASON_NONE);
        }
        gba_rig_release(&r);
    }
    /* Much of HTTP is not protected (names of fields that nobody reads, a User-Agent ...), the
     * greater part is. */
    ck_assert_uint_gt(done, 0);
    ck_assert_uint_lt(done, n / 2);
    gba_rig_release(&whole);
}
END_TEST

START_TEST(silence)
{
    for (size_t from = 0; from < 1500; from += 250) {
        struct pair_script script = pair_clean();
        struct gba_rig r;

        script.way[1].silent_from = from;
        gba_rig_init(&r, 1);
        gba_rig_open(&r);
        gba_rig_run(&r, script);
        if (gba_rig_status(&r, 0) == PROTO_RUNNING)
            ck_assert_str_eq(r.ue.btid, "");
        else
            ck_assert(gba_rig_agree(&r));
        gba_rig_release(&r);
    }
}
END_TEST

START_TEST(settings)
{
    char longest[GBA_NAME_MAX + 2];
    struct gba_rig r;
    struct ub_settings s = {.bsf = longest, .uicc = &r.uicc};
    struct gba_sa sa;

    memset(longest, 'b', sizeof(longest));
    longest[GBA_NAME_MAX + 1] = '\0';
    gba_rig_init(&r, 1);
    gba_rig_open(&r);
    ck_assert_ptr_null(ub_client_new(&r.pair.side[0].env, &s, &sa));
    ck_assert_ptr_null(ub_server_new(&r.pair.side[1].env, longest));
    longest[10] = '\0';
    s.application = GBA_ISIM;
    ck_assert_ptr_null(ub_client_new(&r.pair.side[0].env, &s, &sa));
    gba_rig_release(&r);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
    Suite *suite = suite_create("ub");
    TCase *tc = tcase_create("ub");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    m2mxml_init();
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, clean, 0, 2);
    tcase_add_test(tc, octets);
    tcase_add_test(tc, isim);
    tcase_add_loop_test(tc, metered, 0, 2);
    tcase_add_test(tc, same_seed_same_octets);
    tcase_add_test(tc, chunks);
    tcase_add_loop_test(tc, resynchronises, 0, 2);
    tcase_add_test(tc, resynchronisation_refused);
    tcase_add_test(tc, resynchronisation_in_vain);
    tcase_add_loop_test(tc, refused, 0, COUNT(refusals));
    tcase_add_test(tc, busy);
    tcase_add_loop_test(tc, association_before, 0, 2);
    tcase_add_test(tc, hss_never_answers);
    tcase_add_loop_test(tc, cut_at_each_octet, 0, 2);
    tcase_add_loop_test(tc, corrupt_each_octet, 0, 4);
    tcase_add_test(tc, silence);
    tcase_add_test(tc, settings);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
