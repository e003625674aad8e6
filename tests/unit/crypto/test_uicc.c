#include "check_main.h"

#include "crypto/uicc.h"
#include "tests/support/vectors.h"

#define SEQ_MAX ((UINT64_C(1) << 43) - 1)

/* A UICC and its AuC, as a subscription begins. */
struct pair {
    struct uicc uicc;
    struct auc_record auc;
    struct rng stream;
};

static const uint8_t k[16] = "subscriber's K.", opc[16] = "operator's OPc.", amf[2] = {0x12, 0x34};

static struct pair subscribe(void)
{
    struct pair p;
    uicc_init(&p.uicc, "232010000000001", 2, k, opc);
    auc_init(&p.auc, k, opc, amf, 0);
    p.stream = rng_stream(1, "auc", "rand");
    return p;
}

static struct umts_vector next_vector(struct pair *p)
{
    struct umts_vector v;
    auc_vector(&p->auc, NULL, &p->stream, false, &v);
    return v;
}

static enum uicc_result answer(struct pair *p, const struct umts_vector *v)
{
    struct uicc_response r;
    return uicc_authenticate(&p->uicc, NULL, v->rand, v->autn, &r, NULL);
}

/* A vector with a number of the test's choice. */
static enum uicc_result offer(struct pair *p, uint64_t seq, unsigned ind)
{
    struct umts_vector v;
    uint8_t rand[16];
    rng_bytes(&p->stream, rand, 16);
    milenage_vector(NULL, k, opc, amf, seq << 5 | ind, rand, &v);
    return answer(p, &v);
}

static void check_auts_only(const struct uicc_response *r)
{
    static const struct uicc_response nothing;
    ck_assert_uint_eq(r->res_n, 0);
    ck_assert_mem_eq(r->res, nothing.res, 16);
    ck_assert_mem_eq(r->ck, nothing.ck, 16);
    ck_assert_mem_eq(r->ik, nothing.ik, 16);
}

START_TEST(agrees)
{
    struct pair p = subscribe();
    ck_assert_str_eq(p.uicc.imsi, "232010000000001");
    for (unsigned i = 0; i < 100; i++) {
        struct umts_vector v = next_vector(&p);
        struct uicc_response r;
        struct meter m = {0};
        uint8_t seen[2];
        ck_assert_int_eq(uicc_authenticate(&p.uicc, &m, v.rand, v.autn, &r, seen), UICC_OK);
        ck_assert_mem_eq(seen, amf, 2);
        ck_assert_uint_eq(r.res_n, v.xres_n);
        ck_assert_mem_eq(r.res, v.xres, v.xres_n);
        ck_assert_mem_eq(r.ck, v.ck, 16);
        ck_assert_mem_eq(r.ik, v.ik, 16);
        /* f5; f1; f2, f3 and f4: each begins with TEMP. */
        ck_assert_uint_eq(m.use[OP_AES128_BLOCK].octets, 16 * (2 + 2 + 4));
        ck_assert_uint_eq(p.auc.seq, i + 1);
        ck_assert_uint_eq(p.auc.ind, (i + 1) % 32);
    }
    uicc_release(&p.uicc);
    static const struct uicc wiped;
    ck_assert_mem_eq(&p.uicc, &wiped, sizeof wiped);
}
END_TEST

START_TEST(same_seed)
{
    struct pair a = subscribe(), b = subscribe();
    struct umts_vector va = next_vector(&a), vb = next_vector(&b);
    ck_assert_mem_eq(&va, &vb, sizeof va);
    vb = next_vector(&b);
    ck_assert_mem_ne(va.rand, vb.rand, 16);
}
END_TEST

START_TEST(separation_bit)
{
    struct pair p = subscribe();
    struct umts_vector v;
    struct uicc_response r;
    uint8_t seen[2];
    auc_vector(&p.auc, NULL, &p.stream, true, &v);
    ck_assert_int_eq(uicc_authenticate(&p.uicc, NULL, v.rand, v.autn, &r, seen), UICC_OK);
    ck_assert_uint_eq(seen[0], 0x92);
    ck_assert_uint_eq(seen[1], 0x34);
    ck_assert_mem_eq(p.auc.amf, amf, 2); /* of this vector only */
}
END_TEST

/* Whatever bit of AUTN is altered, the MAC is wrong; nothing is given out, nothing is counted. */
START_TEST(wrong_mac)
{
    struct pair p = subscribe();
    struct umts_vector v = next_vector(&p);
    struct uicc before = p.uicc;
    for (size_t bit = 0; bit < 128; bit++) {
        struct uicc_response r;
        v.autn[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_int_eq(uicc_authenticate(&p.uicc, NULL, v.rand, v.autn, &r, NULL),
                         UICC_MAC_FAILURE);
        check_auts_only(&r);
        v.autn[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    v.rand[5] ^= 1;
    ck_assert_int_eq(answer(&p, &v), UICC_MAC_FAILURE);
    v.rand[5] ^= 1;
    ck_assert_mem_eq(&p.uicc, &before, sizeof before);
    ck_assert_int_eq(answer(&p, &v), UICC_OK);
}
END_TEST

/* TS 33.102 6.3.3 and 6.3.5: the UICC is ahead; AUTS brings the AuC behind it, and the next vector
 * is taken. */
START_TEST(resynchronises)
{
    struct pair p = subscribe();
    for (int i = 0; i < 40; i++)
        ck_assert_int_eq(offer(&p, 1000 + (uint64_t)i, (unsigned)i % 32), UICC_OK);
    struct umts_vector v = next_vector(&p);
    struct uicc_response r;
    struct meter m = {0};
    ck_assert_int_eq(uicc_authenticate(&p.uicc, NULL, v.rand, v.autn, &r, NULL), UICC_SYNC_FAILURE);
    check_auts_only(&r);
    /* Not for another RAND, and not altered. */
    struct auc_record before = p.auc;
    uint8_t other[16] = {1};
    ck_assert(!auc_resync(&p.auc, NULL, other, r.auts));
    for (size_t bit = 0; bit < 14 * 8; bit++) {
        r.auts[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert(!auc_resync(&p.auc, NULL, v.rand, r.auts));
        r.auts[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    ck_assert_mem_eq(&p.auc, &before, sizeof before);
    ck_assert(auc_resync(&p.auc, &m, v.rand, r.auts));
    ck_assert_uint_eq(p.auc.seq, 1039);
    ck_assert_uint_eq(m.use[OP_AES128_BLOCK].octets, 16 * 4);
    for (int i = 0; i < 40; i++) {
        v = next_vector(&p);
        ck_assert_int_eq(answer(&p, &v), UICC_OK);
    }
}
END_TEST

START_TEST(replayed)
{
    struct pair p = subscribe();
    struct umts_vector v[64];
    for (int i = 0; i < 64; i++) {
        v[i] = next_vector(&p);
        ck_assert_int_eq(answer(&p, &v[i]), UICC_OK);
    }
    for (int i = 0; i < 64; i++)
        ck_assert_int_eq(answer(&p, &v[i]), UICC_SYNC_FAILURE);
    /* AUTS says the highest number, with its index (C.2.2). */
    struct uicc_response r;
    uint64_t sqn_ms;
    uicc_authenticate(&p.uicc, NULL, v[3].rand, v[3].autn, &r, NULL);
    ck_assert(milenage_auts_check(NULL, k, opc, v[3].rand, r.auts, &sqn_ms));
    ck_assert_uint_eq(sqn_ms, 64 << 5 | 63 % 32);
}
END_TEST

/* 32 vectors may be used in any order, as when they were handed out to several servers. */
START_TEST(out_of_order)
{
    struct pair p = subscribe();
    struct umts_vector v[33];
    for (int i = 0; i < 33; i++)
        v[i] = next_vector(&p);
    for (int i = 32; i > 0; i--)
        ck_assert_int_eq(answer(&p, &v[i]), UICC_OK);
    /* v[0] shares its index with v[32], which was taken. */
    ck_assert_int_eq(answer(&p, &v[0]), UICC_SYNC_FAILURE);
}
END_TEST

START_TEST(too_far)
{
    struct pair p = subscribe();
    ck_assert_int_eq(offer(&p, 100, 0), UICC_OK);
    ck_assert_int_eq(offer(&p, 100 + (UINT64_C(1) << 28) + 1, 1), UICC_SYNC_FAILURE);
    ck_assert_int_eq(offer(&p, SEQ_MAX, 1), UICC_SYNC_FAILURE);
    ck_assert_int_eq(offer(&p, 100 + (UINT64_C(1) << 28), 1), UICC_OK);
    p.uicc.delta = 10;
    uint64_t now = 100 + (UINT64_C(1) << 28);
    ck_assert_int_eq(offer(&p, now + 11, 0), UICC_SYNC_FAILURE);
    ck_assert_int_eq(offer(&p, now + 10, 2), UICC_OK);
    /* Counted from the highest of all indices, not from the one's own. */
    ck_assert_int_eq(offer(&p, now + 20, 31), UICC_OK);
    ck_assert_int_eq(offer(&p, now + 31, 31), UICC_SYNC_FAILURE);
    /* An AuC too far ahead comes back by AUTS. */
    auc_init(&p.auc, k, opc, amf, now + 1000);
    struct umts_vector v = next_vector(&p);
    struct uicc_response r;
    ck_assert_int_eq(uicc_authenticate(&p.uicc, NULL, v.rand, v.autn, &r, NULL), UICC_SYNC_FAILURE);
    ck_assert(auc_resync(&p.auc, NULL, v.rand, r.auts));
    v = next_vector(&p);
    ck_assert_int_eq(answer(&p, &v), UICC_OK);
}
END_TEST

/* SEQ does not wrap: the last number is given out once more, and refused. */
START_TEST(exhausted)
{
    struct pair p = subscribe();
    p.uicc.delta = SEQ_MAX;
    auc_init(&p.auc, k, opc, amf, SEQ_MAX - 1);
    p.auc.ind = 31;
    struct umts_vector v = next_vector(&p);
    ck_assert_int_eq(answer(&p, &v), UICC_OK);
    ck_assert_uint_eq(p.auc.seq, SEQ_MAX);
    p.auc.ind = 31;
    v = next_vector(&p);
    ck_assert_int_eq(answer(&p, &v), UICC_SYNC_FAILURE);
    ck_assert_uint_eq(p.auc.seq, SEQ_MAX);
}
END_TEST

START_TEST(another_subscriber)
{
    struct pair p = subscribe();
    const uint8_t other[16] = {1};
    auc_init(&p.auc, other, opc, amf, 0);
    struct umts_vector v = next_vector(&p);
    ck_assert_int_eq(answer(&p, &v), UICC_MAC_FAILURE);
}
END_TEST

START_TEST(gsm)
{
    struct pair p = subscribe();
    struct gsm_triplet t, u;
    struct meter m = {0};
    uint8_t sres[4], kc[8];
    auc_triplet(&p.auc, &m, &p.stream, &t);
    uicc_gsm(&p.uicc, &m, t.rand, sres, kc);
    ck_assert_mem_eq(sres, t.sres, 4);
    ck_assert_mem_eq(kc, t.kc, 8);
    ck_assert_uint_eq(m.use[OP_AES128_BLOCK].octets, 2 * 16 * 4);
    ck_assert_uint_eq(m.use[OP_RANDOM].octets, 16);
    auc_triplet(&p.auc, NULL, &p.stream, &u);
    ck_assert_mem_ne(t.rand, u.rand, 16);
    ck_assert_uint_eq(p.auc.seq, 0); /* triplets carry no sequence number */
}
END_TEST

/* A card that was used elsewhere: nothing up to there is taken, at no index; the next is. */
START_TEST(used_elsewhere)
{
    struct pair p = subscribe();
    uicc_set_sqn(&p.uicc, 7000 << UICC_IND_BITS | 3);
    for (unsigned ind = 0; ind < 32; ind++)
        ck_assert_int_eq(offer(&p, 7000, ind), UICC_SYNC_FAILURE);
    ck_assert_int_eq(offer(&p, 7001, 3), UICC_OK);
    ck_assert_int_eq(offer(&p, 7001, 3), UICC_SYNC_FAILURE);
}
END_TEST

/* ---- GBA_U ---- */

static enum uicc_result bootstrap(struct pair *p, const struct umts_vector *v,
                                  struct uicc_response *r)
{
    uint8_t autn[16];
    umts_gba_autn(NULL, v, autn);
    return uicc_gba_bootstrap(&p->uicc, NULL, v->rand, autn, r);
}

/* TS 35.208 set 1 in the card, and the keys of TS 33.220 B.3 out of it; CK and IK never. */
START_TEST(gba_u_known)
{
    struct vectors *milenage = vectors_read("milenage.txt"), *kdf = vectors_read("gba_kdf.txt");
    size_t set = vectors_find(milenage, "TS35.208-1");
    struct uicc u;
    struct umts_vector v;
    struct uicc_response r;
    uint8_t key[16], operator_key[16], rand[16], sqn[6], field[2], autn[16], sha1[20], wanted[32];
    uint64_t number = 0;
    vectors_hex(milenage, set, "K", key, 16);
    vectors_hex(milenage, set, "OPc", operator_key, 16);
    vectors_hex(milenage, set, "RAND", rand, 16);
    vectors_hex(milenage, set, "SQN", sqn, 6);
    vectors_hex(milenage, set, "AMF", field, 2);
    for (size_t i = 0; i < 6; i++)
        number = number << 8 | sqn[i];
    milenage_vector(NULL, key, operator_key, field, number, rand, &v);
    uicc_init(&u, "232010000000000", 2, key, operator_key);
    u.delta = SEQ_MAX;
    umts_gba_autn(NULL, &v, autn);
    ck_assert_mem_eq(autn, v.autn, 8);
    hash_sha1(NULL, span_of(v.ik, 16), sha1);
    for (size_t i = 0; i < 8; i++)
        ck_assert_uint_eq(autn[8 + i], v.autn[8 + i] ^ sha1[i]);
    ck_assert(!uicc_gba_naf(&u, NULL, span_str("a"), span_str("b"), wanted, NULL, SE_KS_NAF));
    ck_assert_int_eq(uicc_gba_bootstrap(&u, NULL, rand, autn, &r), UICC_OK);
    ck_assert_uint_eq(r.res_n, 8);
    ck_assert_mem_eq(r.res, v.xres, 8);
    static const uint8_t nothing[16];
    ck_assert_mem_eq(r.ck, nothing, 16);
    ck_assert_mem_eq(r.ik, nothing, 16);
    for (size_t i = 0; i < 2; i++) {
        uint8_t naf_id[64], ext[32], inside[32];
        struct se se = {0};
        const char *fqdn = vectors_text(kdf, i, "NAF_FQDN_ascii");
        ck_assert_int_eq(strncmp(vectors_name(kdf, i), "set1-", 5), 0);
        memcpy(naf_id, fqdn, strlen(fqdn));
        vectors_hex(kdf, i, "Ua_proto_id", naf_id + strlen(fqdn), 5);
        ck_assert(uicc_gba_naf(&u, NULL, span_str(vectors_text(kdf, i, "IMPI_ascii")),
                               span_of(naf_id, strlen(fqdn) + 5), ext, &se, SE_KS_NAF));
        vectors_hex(kdf, i, "Ks_NAF", wanted, 32);
        ck_assert_mem_eq(ext, wanted, 32);
        vectors_hex(kdf, i, "Ks_int_NAF_gba-u", wanted, 32);
        ck_assert(se_eap_psk(&se, SE_KS_NAF, inside));
        ck_assert_mem_eq(inside, wanted, 32);
    }
    vectors_free(milenage);
    vectors_free(kdf);
}
END_TEST

/* Neither kind of challenge does for the other, and nothing is counted or kept then. */
START_TEST(gba_u_apart)
{
    struct pair p = subscribe();
    struct umts_vector v = next_vector(&p);
    struct uicc before = p.uicc;
    struct uicc_response r;
    uint8_t autn[16];
    ck_assert_int_eq(uicc_gba_bootstrap(&p.uicc, NULL, v.rand, v.autn, &r), UICC_MAC_FAILURE);
    umts_gba_autn(NULL, &v, autn);
    ck_assert_int_eq(uicc_authenticate(&p.uicc, NULL, v.rand, autn, &r, NULL), UICC_MAC_FAILURE);
    for (size_t bit = 0; bit < 128; bit++) {
        autn[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_int_eq(uicc_gba_bootstrap(&p.uicc, NULL, v.rand, autn, &r), UICC_MAC_FAILURE);
        check_auts_only(&r);
        autn[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    ck_assert_mem_eq(&p.uicc, &before, sizeof before);
    ck_assert_int_eq(bootstrap(&p, &v, &r), UICC_OK);
}
END_TEST

/* A sequence number out of range is told in the same way, and Ks stays that of before. */
START_TEST(gba_u_resynchronises)
{
    struct pair p = subscribe();
    struct umts_vector v = next_vector(&p);
    struct uicc_response r;
    struct meter m = {0};
    uint8_t ks[32], autn[16];
    ck_assert_int_eq(bootstrap(&p, &v, &r), UICC_OK);
    memcpy(ks, p.uicc.ks, 32);
    ck_assert_int_eq(bootstrap(&p, &v, &r), UICC_SYNC_FAILURE);
    ck_assert_mem_eq(p.uicc.ks, ks, 32);
    ck_assert(auc_resync(&p.auc, NULL, v.rand, r.auts));
    v = next_vector(&p);
    umts_gba_autn(&m, &v, autn);
    ck_assert_uint_eq(m.use[OP_SHA1].calls, 1);
    ck_assert_int_eq(uicc_gba_bootstrap(&p.uicc, &m, v.rand, autn, &r), UICC_OK);
    ck_assert_mem_ne(p.uicc.ks, ks, 32);
    ck_assert_mem_eq(p.uicc.gba_rand, v.rand, 16);
    ck_assert_uint_eq(m.use[OP_SHA1].calls, 2);
    /* f5 and f4; f1; f2, f3 and f4. */
    ck_assert_uint_eq(m.use[OP_AES128_BLOCK].octets, 16 * (3 + 2 + 4));
    uicc_release(&p.uicc);
    static const uint8_t wiped[32];
    ck_assert_mem_eq(p.uicc.ks, wiped, 32);
}
END_TEST

static void fill(TCase *c)
{
    tcase_add_test(c, agrees);
    tcase_add_test(c, used_elsewhere);
    tcase_add_test(c, same_seed);
    tcase_add_test(c, separation_bit);
    tcase_add_test(c, wrong_mac);
    tcase_add_test(c, resynchronises);
    tcase_add_test(c, replayed);
    tcase_add_test(c, out_of_order);
    tcase_add_test(c, too_far);
    tcase_add_test(c, exhausted);
    tcase_add_test(c, another_subscriber);
    tcase_add_test(c, gsm);
    tcase_add_test(c, gba_u_known);
    tcase_add_test(c, gba_u_apart);
    tcase_add_test(c, gba_u_resynchronises);
}

int main(void)
{
    return run_suite("uicc", fill);
}
