/* GBA's names, keys and back-end values. */
#include "models/proto/gba.h"

#include "crypto/entity.h"
#include "crypto/hash.h"
#include "tests/support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define EXPIRES INT64_C(1577840400000000000)

static const uint8_t k[16] = "subscriber's K.", opc[16] = "operator's OPc.", amf[2] = {0x80, 0};

START_TEST(identities)
{
    struct uicc u;
    gba_name impi, bsf;
    char imsi[IMSI_MAX + 1];

    uicc_init(&u, "232010000000000", 2, k, opc);
    ck_assert(gba_impi(GBA_USIM, &u, NULL, impi));
    ck_assert_str_eq(impi, "232010000000000@ims.mnc001.mcc232.3gppnetwork.org");
    ck_assert(gba_imsi_of(impi, imsi));
    ck_assert_str_eq(imsi, "232010000000000");
    ck_assert(gba_bsf_of(impi, bsf));
    ck_assert_str_eq(bsf, "bsf.mnc001.mcc232.pub.3gppnetwork.org");
    uicc_init(&u, "310410123456789", 3, k, opc);
    ck_assert(gba_impi(GBA_CSIM, &u, "card@home", impi));
    ck_assert_str_eq(impi, "310410123456789@ims.mnc410.mcc310.3gppnetwork.org");
    ck_assert(gba_impi(GBA_ISIM, &u, "user1_private@home1.net", impi));
    ck_assert_str_eq(impi, "user1_private@home1.net");
    ck_assert(!gba_imsi_of(impi, imsi));
    ck_assert(gba_bsf_of(impi, bsf));
    ck_assert_str_eq(bsf, "bsf.home1.net");
    ck_assert(!gba_impi(GBA_ISIM, &u, NULL, impi));
    ck_assert(!gba_impi(GBA_ISIM, &u, "nobody", impi));
    ck_assert(!gba_bsf_of("nobody", bsf));
    ck_assert(!gba_bsf_of("nobody@", bsf));
    ck_assert(!gba_imsi_of("12345@ims.mnc001.mcc232.3gppnetwork.org", imsi));
    ck_assert(!gba_imsi_of("1234567890123456@ims.mnc001.mcc232.3gppnetwork.org", imsi));
    uicc_init(&u, "2320", 2, k, opc);
    ck_assert(!gba_impi(GBA_USIM, &u, NULL, impi));
}
END_TEST

START_TEST(names_too_long)
{
    char fqdn[GBA_NAME_MAX + 2];
    const uint8_t rand[16] = {0};
    struct gba_naf_id naf;
    gba_name out;

    memset(fqdn, 'a', sizeof(fqdn));
    fqdn[GBA_NAME_MAX + 1] = '\0';
    ck_assert(!gba_naf_digest(fqdn, &naf));
    ck_assert(!gba_naf_digest("", &naf));
    ck_assert(!gba_btid(rand, fqdn, out));
    fqdn[GBA_NAME_MAX] = '\0';
    ck_assert(gba_naf_digest(fqdn, &naf));
    ck_assert_uint_eq(naf.n, GBA_NAME_MAX + 5);
    fqdn[GBA_NAME_MAX - 25] = '\0';
    ck_assert(gba_btid(rand, fqdn, out));
    ck_assert_uint_eq(strlen(out), GBA_NAME_MAX);
    fqdn[3] = '@';
    ck_assert(gba_bsf_of(fqdn, out));
}
END_TEST

/* The association of vector i at the BSF. */
static void association(struct vectors *v, size_t i, struct gba_sa *sa, struct gba_naf_id *naf)
{
    memset(sa, 0, sizeof(*sa));
    vectors_hex(v, i, "Ks", sa->ks, 32);
    vectors_hex(v, i, "RAND", sa->rand, 16);
    strcpy(sa->impi, vectors_text(v, i, "IMPI_ascii"));
    ck_assert(gba_btid(sa->rand, "bsf.m2m.example", sa->btid));
    ck_assert_str_eq(sa->btid, vectors_text(v, i, "B-TID_ascii"));
    sa->expires_unix_ns = EXPIRES;
    if (!strcmp(vectors_text(v, i, "Ua_proto_id"), "0100000002")) {
        ck_assert(gba_naf_digest(vectors_text(v, i, "NAF_FQDN_ascii"), naf));
    } else {
        ck_assert(gba_naf_tls(vectors_text(v, i, "NAF_FQDN_ascii"), 0, naf));
        naf->octets[naf->n - 5] = naf->octets[naf->n - 3] = 0; /* its identifier is all zeros */
    }
}

START_TEST(keys_of_a_naf)
{
    struct vectors *v = vectors_read("gba_kdf.txt");

    for (size_t i = 0; i < vectors_count(v); i++) {
        struct gba_sa sa;
        struct gba_naf_id naf;
        struct gba_naf_keys keys;
        struct se se = {0};
        uint8_t wanted[32], got[32];

        association(v, i, &sa, &naf);
        vectors_hex(v, i, "Ks_NAF", wanted, 32);
        gba_naf_keys(NULL, &sa, &naf, &keys);
        ck_assert_mem_eq(keys.me, wanted, 32);
        ck_assert(!keys.has_uicc);
        ck_assert(gba_ue_key(NULL, &sa, NULL, &naf, GBA_KEY_ME, &se));
        ck_assert(se_eap_psk(&se, SE_KS_NAF, got));
        ck_assert_mem_eq(got, wanted, 32);
        ck_assert(!gba_ue_key(NULL, &sa, NULL, &naf, GBA_KEY_UICC, &se));
        sa.gba_u = true;
        gba_naf_keys(NULL, &sa, &naf, &keys);
        ck_assert_mem_eq(keys.me, wanted, 32);
        ck_assert(keys.has_uicc);
        vectors_hex(v, i, "Ks_int_NAF_gba-u", wanted, 32);
        ck_assert_mem_eq(keys.uicc, wanted, 32);
        se_release(&se);
    }
    vectors_free(v);
}
END_TEST

static void bootstrap_card(struct uicc *u, struct gba_sa *ue, struct gba_sa *bsf)
{
    struct auc_record auc;
    struct rng stream = rng_stream(3, "auc", "rand");
    struct umts_vector v;
    struct uicc_response r;
    uint8_t autn[16];

    uicc_init(u, "232010000000000", 2, k, opc);
    auc_init(&auc, k, opc, amf, 0);
    auc_vector(&auc, NULL, &stream, false, &v);
    umts_gba_autn(NULL, &v, autn);
    ck_assert_int_eq(uicc_gba_bootstrap(u, NULL, v.rand, autn, &r), UICC_OK);
    memset(ue, 0, sizeof(*ue));
    ck_assert(gba_impi(GBA_USIM, u, NULL, ue->impi));
    ck_assert(gba_btid(v.rand, "bsf.example", ue->btid));
    memcpy(ue->rand, v.rand, 16);
    ue->gba_u = true;
    ue->expires_unix_ns = EXPIRES;
    *bsf = *ue;
    memcpy(bsf->ks, v.ck, 16);
    memcpy(bsf->ks + 16, v.ik, 16);
}

/* GBA_U: both ends have the same two keys of a NAF, though the UE's Ks is in the card. */
START_TEST(gba_u_at_both_ends)
{
    struct gba_sa ue, bsf;
    struct gba_naf_id naf;
    struct gba_naf_keys keys;
    struct se se = {0};
    struct uicc u;
    uint8_t got[32];

    bootstrap_card(&u, &ue, &bsf);
    ck_assert(gba_naf_tls("msbf.example", 0x00AE, &naf));
    ck_assert_mem_eq(naf.octets + naf.n - 5, "\x01\x00\x01\x00\xAE", 5);
    gba_naf_keys(NULL, &bsf, &naf, &keys);
    ck_assert(gba_ue_key(NULL, &ue, &u, &naf, GBA_KEY_ME, &se) && se_eap_psk(&se, SE_KS_NAF, got));
    ck_assert_mem_eq(got, keys.me, 32);
    ck_assert(gba_ue_key(NULL, &ue, &u, &naf, GBA_KEY_UICC, &se) &&
              se_eap_psk(&se, SE_KS_NAF, got));
    ck_assert_mem_eq(got, keys.uicc, 32);
    ck_assert_mem_ne(keys.me, keys.uicc, 32);
    /* No card; a card that was bootstrapped again since; an association that never was. */
    ck_assert(!gba_ue_key(NULL, &ue, NULL, &naf, GBA_KEY_ME, &se));
    u.gba_rand[0] ^= 1;
    ck_assert(!gba_ue_key(NULL, &ue, &u, &naf, GBA_KEY_UICC, &se));
    u.gba_rand[0] ^= 1;
    ue.btid[0] = '\0';
    ck_assert(!gba_ue_key(NULL, &ue, &u, &naf, GBA_KEY_ME, &se));
}
END_TEST

START_TEST(realms_products_identities)
{
    char text[256], identity[GBA_PSK_IDENTITY_MAX];
    enum gba_key key;
    gba_name btid;

    ck_assert(gba_realm(GBA_KEY_ME, "naf1.home1.net", text, sizeof(text)));
    ck_assert_str_eq(text, "3GPP-bootstrapping@naf1.home1.net");
    ck_assert(gba_realm_parse(text, "naf1.home1.net", &key) && key == GBA_KEY_ME);
    ck_assert(!gba_realm_parse(text, "naf2.home1.net", &key));
    ck_assert(gba_realm(GBA_KEY_UICC, "n", text, sizeof(text)));
    ck_assert_str_eq(text, "3GPP-bootstrapping-uicc@n");
    ck_assert(gba_realm_parse(text, "n", &key) && key == GBA_KEY_UICC);
    ck_assert(!gba_realm(GBA_KEY_UICC, "n", text, strlen(text)));
    ck_assert(!gba_realm_parse("3GPP-bootstrappin@n", "n", &key));
    ck_assert(!gba_realm_parse("n", "n", &key));

    ck_assert(gba_product_find(span_str("m2msim 3gpp-gba"), &key) && key == GBA_KEY_ME);
    ck_assert(gba_product_find(span_str("A; Release-6;3gpp-gba-uicc"), &key) &&
              key == GBA_KEY_UICC);
    ck_assert(!gba_product_find(span_str("m2msim 3gpp-gba/1 3gpp-gba-tmpi"), &key));
    ck_assert(!gba_product_find(span_of(NULL, 0), &key));

    gba_psk_identity(GBA_KEY_ME, "abc==@bsf", identity);
    ck_assert_str_eq(identity, "3GPP-bootstrapping;abc==@bsf");
    ck_assert(gba_psk_identity_parse(span_str(identity), &key, btid));
    ck_assert(key == GBA_KEY_ME);
    ck_assert_str_eq(btid, "abc==@bsf");
    gba_psk_identity(GBA_KEY_UICC, "abc==@bsf", identity);
    ck_assert(gba_psk_identity_parse(span_str(identity), &key, btid) && key == GBA_KEY_UICC);
    ck_assert(!gba_psk_identity_parse(span_str("3GPP-bootstrapping;"), &key, btid));
    ck_assert(!gba_psk_identity_parse(span_str("3GPP-bootstrapping"), &key, btid));
    ck_assert(!gba_psk_identity_parse(span_str("Client_identity"), &key, btid));
    ck_assert(!gba_psk_identity_parse(span_of("3GPP-bootstrapping;a\0b", 22), &key, btid));
    memset(text, 'x', sizeof(text));
    memcpy(text, "3GPP-bootstrapping;", 19);
    ck_assert(gba_psk_identity_parse(span_of(text, 19 + GBA_NAME_MAX), &key, btid));
    ck_assert(!gba_psk_identity_parse(span_of(text, 20 + GBA_NAME_MAX), &key, btid));
}
END_TEST

START_TEST(password)
{
    uint8_t key[32], back[32];
    char text[GBA_PASSWORD_LEN + 1];

    memset(key, 0xa5, sizeof(key));
    gba_password(key, text);
    ck_assert_uint_eq(strlen(text), GBA_PASSWORD_LEN);
    ck_assert_int_eq(base64_decode(span_str(text), back, 32), 32);
    ck_assert_mem_eq(back, key, 32);
}
END_TEST

/* Zh: a vector, and one after AUTS; MAC-S that does not match is refused, and changes nothing. */
START_TEST(zh)
{
    struct rng stream = rng_stream(4, "hss", "rand");
    struct zh_request q = {.impi = "232010000000000@ims.mnc001.mcc232.3gppnetwork.org"};
    struct zh_answer a, b;
    struct auc_record auc;
    size_t plain = zh_request_octets(&q);

    auc_init(&auc, k, opc, amf, 5);
    zh_answer_make(&auc, NULL, &stream, &q, true, 3600, &a);
    ck_assert_int_eq(a.reason, REASON_NONE);
    ck_assert(a.gba_u);
    ck_assert_uint_eq(a.key_lifetime_s, 3600);
    ck_assert_uint_eq(auc.seq, 6);
    q.resync = true;
    memcpy(q.rand, a.vector.rand, 16);
    milenage_auts(NULL, k, opc, 1000 << 5, q.rand, q.auts);
    ck_assert_uint_eq(zh_request_octets(&q), plain + 12 + 12 + 32);
    zh_answer_make(&auc, NULL, &stream, &q, false, 0, &b);
    ck_assert_int_eq(b.reason, REASON_NONE);
    ck_assert_uint_eq(auc.seq, 1001);
    q.auts[13] ^= 1;
    zh_answer_make(&auc, NULL, &stream, &q, false, 0, &b);
    ck_assert_int_eq(b.reason, REASON_AKA_SYNC);
    ck_assert_uint_eq(auc.seq, 1001);
    ck_assert_uint_lt(zh_answer_octets(&b), zh_answer_octets(&a));
}
END_TEST

START_TEST(zn)
{
    struct gba_sa ue, bsf;
    struct uicc u;
    struct zn_request q = {.gba_u_aware = true};
    struct zn_answer a, one;
    struct gba_naf_keys keys;

    bootstrap_card(&u, &ue, &bsf);
    strcpy(q.btid, bsf.btid);
    ck_assert(gba_naf_digest("msbf.example", &q.naf));
    zn_answer_make(NULL, &bsf, &q, EXPIRES - 1, &a);
    ck_assert_int_eq(a.reason, REASON_NONE);
    gba_naf_keys(NULL, &bsf, &q.naf, &keys);
    ck_assert_mem_eq(&a.keys, &keys, sizeof(keys));
    ck_assert_str_eq(a.impi, ue.impi);
    ck_assert_int_eq(a.expires_unix_ns, EXPIRES);
    q.gba_u_aware = false;
    zn_answer_make(NULL, &bsf, &q, EXPIRES - 1, &one);
    ck_assert(!one.keys.has_uicc);
    ck_assert_mem_eq(one.keys.me, keys.me, 32);
    ck_assert_uint_eq(zn_answer_octets(&a), zn_answer_octets(&one) + 12 + 32);
    zn_answer_make(NULL, &bsf, &q, EXPIRES, &a);
    ck_assert_int_eq(a.reason, REASON_KEY_EXPIRED);
    zn_answer_make(NULL, NULL, &q, 0, &a);
    ck_assert_int_eq(a.reason, REASON_GBA_BTID);
    ck_assert(!a.impi[0]);
    q.btid[0] ^= 1;
    zn_answer_make(NULL, &bsf, &q, 0, &a);
    ck_assert_int_eq(a.reason, REASON_GBA_BTID);
    ck_assert_uint_gt(zn_request_octets(&q), 200);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gba");
    TCase *tc = tcase_create("gba");
    SRunner *sr;
    int failed;

    if (crypto_init())
        return 1;
    tcase_add_test(tc, identities);
    tcase_add_test(tc, names_too_long);
    tcase_add_test(tc, keys_of_a_naf);
    tcase_add_test(tc, gba_u_at_both_ends);
    tcase_add_test(tc, realms_products_identities);
    tcase_add_test(tc, password);
    tcase_add_test(tc, zh);
    tcase_add_test(tc, zn);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
