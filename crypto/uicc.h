/* The UICC as a secured environment (K and OPc never leave it), and its counterpart in the home
 * network: the AuC's record of a subscriber. TS 33.102 6.3 and annex C (sequence numbers),
 * TS 31.102 (AUTHENTICATE), TS 51.011 (RUN GSM ALGORITHM), TS 33.220 5 (GBA_U). */
#ifndef CRYPTO_UICC_H
#define CRYPTO_UICC_H

#include "crypto/milenage.h"
#include "crypto/se.h"
#include "sim/base/rng.h"

#define UICC_IND_BITS 5 /* TS 33.102 C.3.2: 32 entries */
#define IMSI_MAX      15

/* Visible only because a fleet embeds many; touch it through the functions. */
struct uicc {
    uint8_t k[16], opc[16];
    char imsi[IMSI_MAX + 1];
    uint8_t mnc_digits;                  /* 2 or 3: EF_AD, for the realm of TS 23.003 */
    uint64_t seq_ms[1 << UICC_IND_BITS]; /* highest SEQ accepted, by IND */
    uint64_t delta;                      /* TS 33.102 C.2.1: the greatest jump taken; 0: 2^28 */
    uint8_t ks[32], gba_rand[16];        /* GBA_U: of the last bootstrapping */
    bool has_ks;
};
/* K, OPc and IMSI of a subscriber are functions of (seed, name), the same for UICC and AuC. */
void uicc_init(struct uicc *u, const char *imsi, unsigned mnc_digits, const uint8_t k[16],
               const uint8_t opc[16]);
/* As if SQN had just been accepted, and every IND's: for a card that was used elsewhere. */
void uicc_set_sqn(struct uicc *u, uint64_t sqn);
void uicc_release(struct uicc *u); /* wipes */

enum uicc_result {
    UICC_OK,
    UICC_MAC_FAILURE, /* AUTN is not from the home network */
    UICC_SYNC_FAILURE /* SQN out of range: auts is the answer */
};
struct uicc_response {
    uint8_t res[16], res_n, ck[16], ik[16];
    uint8_t auts[14]; /* UICC_SYNC_FAILURE */
};
/* AUTHENTICATE in a 3G context: f1 first, then the sequence number. amf: as it stood in AUTN; may
 * be NULL (AKA' looks at its separation bit, TS 33.402). */
enum uicc_result uicc_authenticate(struct uicc *u, struct meter *m, const uint8_t rand[16],
                                   const uint8_t autn[16], struct uicc_response *out,
                                   uint8_t amf[2]);
/* In a GSM context. */
void uicc_gsm(const struct uicc *u, struct meter *m, const uint8_t rand[16], uint8_t sres[4],
              uint8_t kc[8]);

/* AUTHENTICATE in a GBA context, bootstrapping mode (TS 33.220 5.3.2, G.1): autn is AUTN*, whose
 * MAC* = MAC ^ Trunc(SHA-1(IK)) tells this challenge from one that would give CK and IK away. On
 * UICC_OK they and RAND replace those of the bootstrapping before, and `out` has RES alone. */
enum uicc_result uicc_gba_bootstrap(struct uicc *u, struct meter *m, const uint8_t rand[16],
                                    const uint8_t autn[16], struct uicc_response *out);
/* NAF derivation mode (G.2): Ks_ext_NAF goes to the ME, Ks_int_NAF stays in the UICC as a slot of
 * the secured environment that it is. Either may be NULL. false: no Ks. */
bool uicc_gba_naf(const struct uicc *u, struct meter *m, struct span impi, struct span naf_id,
                  uint8_t ks_ext_naf[32], struct se *se, enum se_slot ks_int_naf);
/* The other end of MAC*, at the BSF: AUTN* of a vector. */
void umts_gba_autn(struct meter *m, const struct umts_vector *v, uint8_t autn[16]);

/* The AuC's record of one subscriber; visible for the same reason. */
struct auc_record {
    uint8_t k[16], opc[16], amf[2];
    uint64_t seq; /* last one given out (TS 33.102 C.1.1.1: not time-based) */
    uint8_t ind;  /* next index, round robin */
};
void auc_init(struct auc_record *a, const uint8_t k[16], const uint8_t opc[16],
              const uint8_t amf[2], uint64_t seq);
/* A fresh vector; RAND from the stream. separation: AMF's bit 0 set, for AKA' (TS 33.402 6.2). */
void auc_vector(struct auc_record *a, struct meter *m, struct rng *stream, bool separation,
                struct umts_vector *out);
void auc_triplet(struct auc_record *a, struct meter *m, struct rng *stream,
                 struct gsm_triplet *out);
/* After AUTS for `rand`: SEQ becomes that of the UICC (TS 33.102 6.3.5). false: MAC-S is wrong, and
 * nothing changed. */
bool auc_resync(struct auc_record *a, struct meter *m, const uint8_t rand[16],
                const uint8_t auts[14]);

#endif
