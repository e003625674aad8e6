#include "crypto/uicc.h"
#include "crypto/openssl.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/kdf.h"

/* SQN = SEQ || IND, 48 bits (TS 33.102 C.1.1.1). */
#define IND_COUNT (1u << UICC_IND_BITS)
#define SEQ_MAX   ((UINT64_C(1) << (48 - UICC_IND_BITS)) - 1)
#define DELTA     (UINT64_C(1) << 28) /* TS 33.102 C.3.2 */

#define AMF_SEPARATION 0x80 /* TS 33.102 annex H: bit 0 is the first */

void uicc_init(struct uicc *u, const char *imsi, unsigned mnc_digits, const uint8_t k[16],
               const uint8_t opc[16])
{
    size_t n = strlen(imsi);
    assert(n <= IMSI_MAX && (mnc_digits == 2 || mnc_digits == 3));
    memset(u, 0, sizeof *u);
    memcpy(u->imsi, imsi, n);
    memcpy(u->k, k, sizeof u->k);
    memcpy(u->opc, opc, sizeof u->opc);
    u->mnc_digits = (uint8_t)mnc_digits;
}

void uicc_set_sqn(struct uicc *u, uint64_t sqn)
{
    for (unsigned i = 0; i < IND_COUNT; i++)
        u->seq_ms[i] = sqn >> UICC_IND_BITS;
}

void uicc_release(struct uicc *u)
{
    OPENSSL_cleanse(u, sizeof *u);
}

/* The index that holds the highest SEQ accepted so far: SEQ_MS is that one (C.2.2). */
static unsigned highest(const struct uicc *u)
{
    unsigned best = 0;
    for (unsigned i = 1; i < IND_COUNT; i++)
        if (u->seq_ms[i] > u->seq_ms[best])
            best = i;
    return best;
}

/* TS 33.102 C.2.2: not too far ahead of the highest (C.2.1), and above the last of its index. */
static bool take_sqn(struct uicc *u, uint64_t sqn)
{
    uint64_t seq = sqn >> UICC_IND_BITS, delta = u->delta ? u->delta : DELTA;
    unsigned ind = (unsigned)(sqn & (IND_COUNT - 1));
    uint64_t seq_ms = u->seq_ms[highest(u)];
    if (seq > seq_ms && seq - seq_ms > delta)
        return false;
    if (seq <= u->seq_ms[ind])
        return false;
    u->seq_ms[ind] = seq;
    return true;
}

/* TS 33.220 5.3.2: MAC <-> MAC*, with the first 64 bits of SHA-1(IK). */
static void mask_mac(struct meter *m, const uint8_t ik[16], uint8_t mac[8])
{
    uint8_t digest[20];
    hash_sha1(m, span_of(ik, 16), digest);
    for (size_t i = 0; i < 8; i++)
        mac[i] ^= digest[i];
}

/* gba: AUTN is AUTN*, and f4 is needed before f1. */
static enum uicc_result authenticate(struct uicc *u, struct meter *m, bool gba,
                                     const uint8_t rand[16], const uint8_t autn[16],
                                     struct uicc_response *out)
{
    uint8_t ak[6], ik[16], number[6], mac[8];
    uint64_t sqn = 0;
    memset(out, 0, sizeof *out);
    milenage_f2345(m, u->k, u->opc, rand, NULL, NULL, gba ? ik : NULL, ak, NULL);
    for (size_t i = 0; i < 6; i++) {
        number[i] = autn[i] ^ ak[i];
        sqn = sqn << 8 | number[i];
    }
    milenage_f1(m, u->k, u->opc, rand, number, autn + 6, mac, NULL);
    if (gba)
        mask_mac(m, ik, mac);
    if (!hash_equal(mac, autn + 8, sizeof mac))
        return UICC_MAC_FAILURE;
    if (!take_sqn(u, sqn)) {
        unsigned ind = highest(u);
        milenage_auts(m, u->k, u->opc, u->seq_ms[ind] << UICC_IND_BITS | ind, rand, out->auts);
        return UICC_SYNC_FAILURE;
    }
    milenage_f2345(m, u->k, u->opc, rand, out->res, out->ck, out->ik, NULL, NULL);
    out->res_n = 8;
    return UICC_OK;
}

enum uicc_result uicc_authenticate(struct uicc *u, struct meter *m, const uint8_t rand[16],
                                   const uint8_t autn[16], struct uicc_response *out,
                                   uint8_t amf[2])
{
    if (amf)
        memcpy(amf, autn + 6, 2);
    return authenticate(u, m, false, rand, autn, out);
}

enum uicc_result uicc_gba_bootstrap(struct uicc *u, struct meter *m, const uint8_t rand[16],
                                    const uint8_t autn[16], struct uicc_response *out)
{
    enum uicc_result result = authenticate(u, m, true, rand, autn, out);
    if (result == UICC_OK) {
        memcpy(u->ks, out->ck, 16);
        memcpy(u->ks + 16, out->ik, 16);
        memcpy(u->gba_rand, rand, 16);
        u->has_ks = true;
    }
    OPENSSL_cleanse(out->ck, sizeof out->ck);
    OPENSSL_cleanse(out->ik, sizeof out->ik);
    return result;
}

bool uicc_gba_naf(const struct uicc *u, struct meter *m, struct span impi, struct span naf_id,
                  uint8_t ks_ext_naf[32], struct se *se, enum se_slot ks_int_naf)
{
    uint8_t inside[32];
    if (!u->has_ks)
        return false;
    if (ks_ext_naf)
        kdf_ks_naf(m, u->ks, "gba-me", u->gba_rand, impi, naf_id, ks_ext_naf);
    if (se) {
        kdf_ks_naf(m, u->ks, "gba-u", u->gba_rand, impi, naf_id, inside);
        se_put(se, ks_int_naf, inside);
        OPENSSL_cleanse(inside, sizeof inside);
    }
    return true;
}

void umts_gba_autn(struct meter *m, const struct umts_vector *v, uint8_t autn[16])
{
    memcpy(autn, v->autn, 16);
    mask_mac(m, v->ik, autn + 8);
}

void uicc_gsm(const struct uicc *u, struct meter *m, const uint8_t rand[16], uint8_t sres[4],
              uint8_t kc[8])
{
    milenage_gsm(m, u->k, u->opc, rand, sres, kc);
}

void auc_init(struct auc_record *a, const uint8_t k[16], const uint8_t opc[16],
              const uint8_t amf[2], uint64_t seq)
{
    assert(seq <= SEQ_MAX);
    memset(a, 0, sizeof *a);
    memcpy(a->k, k, sizeof a->k);
    memcpy(a->opc, opc, sizeof a->opc);
    memcpy(a->amf, amf, sizeof a->amf);
    a->seq = seq;
}

void auc_vector(struct auc_record *a, struct meter *m, struct rng *stream, bool separation,
                struct umts_vector *out)
{
    uint8_t rand[16], amf[2] = {a->amf[0], a->amf[1]};
    if (separation)
        amf[0] |= AMF_SEPARATION;
    rng_bytes(stream, rand, sizeof rand);
    meter_add(m, OP_RANDOM, 1, sizeof rand);
    a->seq = a->seq < SEQ_MAX ? a->seq + 1 : SEQ_MAX;
    milenage_vector(m, a->k, a->opc, amf, a->seq << UICC_IND_BITS | a->ind, rand, out);
    a->ind = (uint8_t)((a->ind + 1) % IND_COUNT);
}

void auc_triplet(struct auc_record *a, struct meter *m, struct rng *stream, struct gsm_triplet *out)
{
    rng_bytes(stream, out->rand, sizeof out->rand);
    meter_add(m, OP_RANDOM, 1, sizeof out->rand);
    milenage_gsm(m, a->k, a->opc, out->rand, out->sres, out->kc);
}

bool auc_resync(struct auc_record *a, struct meter *m, const uint8_t rand[16],
                const uint8_t auts[14])
{
    uint64_t sqn_ms;
    if (!milenage_auts_check(m, a->k, a->opc, rand, auts, &sqn_ms))
        return false;
    a->seq = sqn_ms >> UICC_IND_BITS;
    return true;
}
