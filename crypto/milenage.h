/* MILENAGE (3GPP TS 35.205, 35.206) and GSM-MILENAGE (TS 55.205) on AES-128; and what a home
 * network's AuC makes with them (TS 33.102 6.3). meter may be NULL. */
#ifndef CRYPTO_MILENAGE_H
#define CRYPTO_MILENAGE_H

#include "crypto/meter.h"

#include <stdbool.h>
#include <stdint.h>

/* OPc = E_K(OP) ^ OP (TS 35.206 4.1) */
void milenage_opc(struct meter *m, const uint8_t k[16], const uint8_t op[16], uint8_t opc[16]);
/* sqn 6 octets, amf 2. mac_a: f1, mac_s: f1*; either may be NULL. */
void milenage_f1(struct meter *m, const uint8_t k[16], const uint8_t opc[16],
                 const uint8_t rand[16], const uint8_t sqn[6], const uint8_t amf[2],
                 uint8_t mac_a[8], uint8_t mac_s[8]);
/* Each output may be NULL. ak: f5, ak_s: f5*. */
void milenage_f2345(struct meter *m, const uint8_t k[16], const uint8_t opc[16],
                    const uint8_t rand[16], uint8_t res[8], uint8_t ck[16], uint8_t ik[16],
                    uint8_t ak[6], uint8_t ak_s[6]);

struct gsm_triplet {
    uint8_t rand[16], sres[4], kc[8];
};
struct umts_vector {
    uint8_t rand[16], autn[16], ck[16], ik[16];
    uint8_t xres[16];
    uint8_t xres_n; /* 4..16; 8 with MILENAGE */
};
/* TS 55.205 4: the Kc and SRES of MILENAGE's outputs (c2 and c3 of TS 33.102 6.8.1.2). */
void milenage_gsm(struct meter *m, const uint8_t k[16], const uint8_t opc[16],
                  const uint8_t rand[16], uint8_t sres[4], uint8_t kc[8]);
/* AUTN = SQN ^ AK || AMF || MAC-A. */
void milenage_vector(struct meter *m, const uint8_t k[16], const uint8_t opc[16],
                     const uint8_t amf[2], uint64_t sqn, const uint8_t rand[16],
                     struct umts_vector *out);
/* AUTS = SQN_MS ^ AK* || MAC-S, with AMF 0000 (TS 33.102 6.3.3). */
void milenage_auts(struct meter *m, const uint8_t k[16], const uint8_t opc[16], uint64_t sqn_ms,
                   const uint8_t rand[16], uint8_t auts[14]);
/* false: MAC-S does not match; *sqn_ms is then untouched. */
bool milenage_auts_check(struct meter *m, const uint8_t k[16], const uint8_t opc[16],
                         const uint8_t rand[16], const uint8_t auts[14], uint64_t *sqn_ms);

#endif
