#include "crypto/milenage.h"

#include <string.h>

#include "crypto/cipher.h"
#include "crypto/hash.h"

#define BLOCK CIPHER_BLOCK

/* Each function of this file sets up K once, as a UICC does; here OpenSSL is given it twice,
 * because the second blocks depend on the first. */
static void meter_blocks(struct meter *m, unsigned blocks)
{
    meter_add(m, OP_AES128_BLOCK, 1, BLOCK * blocks);
}

static void xor_block(const uint8_t a[BLOCK], const uint8_t b[BLOCK], uint8_t out[BLOCK])
{
    for (size_t i = 0; i < BLOCK; i++)
        out[i] = a[i] ^ b[i];
}

/* rot(x, 8 * octets): x[j] of the result is x[j + octets], TS 35.206 2.1. */
static void rotate(const uint8_t in[BLOCK], unsigned octets, uint8_t out[BLOCK])
{
    for (unsigned i = 0; i < BLOCK; i++)
        out[i] = in[(i + octets) % BLOCK];
}

void milenage_opc(struct meter *m, const uint8_t k[16], const uint8_t op[16], uint8_t opc[16])
{
    uint8_t e[BLOCK];
    cipher_blocks(m, k, op, 1, e);
    xor_block(e, op, opc);
}

/* TEMP = E_K(RAND ^ OPc), TS 35.206 4.1 */
static void temp_of(const uint8_t k[16], const uint8_t opc[16], const uint8_t rand[16],
                    uint8_t temp[BLOCK])
{
    uint8_t in[BLOCK];
    xor_block(rand, opc, in);
    cipher_blocks(NULL, k, in, 1, temp);
}

void milenage_f1(struct meter *m, const uint8_t k[16], const uint8_t opc[16],
                 const uint8_t rand[16], const uint8_t sqn[6], const uint8_t amf[2],
                 uint8_t mac_a[8], uint8_t mac_s[8])
{
    uint8_t temp[BLOCK], in1[BLOCK], x[BLOCK], out1[BLOCK];
    memcpy(in1, sqn, 6);
    memcpy(in1 + 6, amf, 2);
    memcpy(in1 + 8, in1, 8);
    temp_of(k, opc, rand, temp);
    /* r1 = 64, c1 = 0 */
    xor_block(in1, opc, x);
    rotate(x, 8, in1);
    xor_block(temp, in1, x);
    cipher_blocks(NULL, k, x, 1, out1);
    xor_block(out1, opc, out1);
    if (mac_a)
        memcpy(mac_a, out1, 8);
    if (mac_s)
        memcpy(mac_s, out1 + 8, 8);
    meter_blocks(m, 2);
}

void milenage_f2345(struct meter *m, const uint8_t k[16], const uint8_t opc[16],
                    const uint8_t rand[16], uint8_t res[8], uint8_t ck[16], uint8_t ik[16],
                    uint8_t ak[6], uint8_t ak_s[6])
{
    /* OUT2 .. OUT5: their rotations r2 .. r5 in octets, their constants c2 .. c5 (TS 35.206 4.1) */
    static const uint8_t rotations[4] = {0, 4, 8, 12}, constants[4] = {1, 2, 4, 8};
    const bool wanted[4] = {res || ak, ck, ik, ak_s};
    uint8_t temp[BLOCK], x[BLOCK], blocks[4 * BLOCK], *out[4] = {NULL};
    unsigned n = 0;
    temp_of(k, opc, rand, temp);
    xor_block(temp, opc, x);
    for (unsigned i = 0; i < 4; i++) {
        if (!wanted[i])
            continue;
        out[i] = blocks + BLOCK * n++;
        rotate(x, rotations[i], out[i]);
        out[i][BLOCK - 1] ^= constants[i];
    }
    cipher_blocks(NULL, k, blocks, n, blocks);
    for (unsigned i = 0; i < n; i++)
        xor_block(blocks + BLOCK * i, opc, blocks + BLOCK * i);
    if (res)
        memcpy(res, out[0] + 8, 8);
    if (ak)
        memcpy(ak, out[0], 6);
    if (ck)
        memcpy(ck, out[1], 16);
    if (ik)
        memcpy(ik, out[2], 16);
    if (ak_s)
        memcpy(ak_s, out[3], 6);
    meter_blocks(m, 1 + n);
}

void milenage_gsm(struct meter *m, const uint8_t k[16], const uint8_t opc[16],
                  const uint8_t rand[16], uint8_t sres[4], uint8_t kc[8])
{
    uint8_t res[8], ck[16], ik[16];
    milenage_f2345(m, k, opc, rand, res, ck, ik, NULL, NULL);
    for (size_t i = 0; i < 4; i++)
        sres[i] = res[i] ^ res[i + 4];
    for (size_t i = 0; i < 8; i++)
        kc[i] = ck[i] ^ ck[i + 8] ^ ik[i] ^ ik[i + 8];
}

static void put_sqn(uint64_t sqn, uint8_t out[6])
{
    for (int i = 0; i < 6; i++)
        out[i] = (uint8_t)(sqn >> (40 - 8 * i));
}

void milenage_vector(struct meter *m, const uint8_t k[16], const uint8_t opc[16],
                     const uint8_t amf[2], uint64_t sqn, const uint8_t rand[16],
                     struct umts_vector *out)
{
    uint8_t number[6], ak[6];
    put_sqn(sqn, number);
    memset(out, 0, sizeof *out);
    memcpy(out->rand, rand, 16);
    out->xres_n = 8;
    milenage_f2345(m, k, opc, rand, out->xres, out->ck, out->ik, ak, NULL);
    milenage_f1(m, k, opc, rand, number, amf, out->autn + 8, NULL);
    for (size_t i = 0; i < 6; i++)
        out->autn[i] = number[i] ^ ak[i];
    memcpy(out->autn + 6, amf, 2);
}

static const uint8_t resync_amf[2] = {0, 0}; /* TS 33.102 6.3.3 */

void milenage_auts(struct meter *m, const uint8_t k[16], const uint8_t opc[16], uint64_t sqn_ms,
                   const uint8_t rand[16], uint8_t auts[14])
{
    uint8_t number[6], ak_s[6];
    put_sqn(sqn_ms, number);
    milenage_f2345(m, k, opc, rand, NULL, NULL, NULL, NULL, ak_s);
    milenage_f1(m, k, opc, rand, number, resync_amf, NULL, auts + 6);
    for (size_t i = 0; i < 6; i++)
        auts[i] = number[i] ^ ak_s[i];
}

bool milenage_auts_check(struct meter *m, const uint8_t k[16], const uint8_t opc[16],
                         const uint8_t rand[16], const uint8_t auts[14], uint64_t *sqn_ms)
{
    uint8_t number[6], ak_s[6], mac_s[8];
    milenage_f2345(m, k, opc, rand, NULL, NULL, NULL, NULL, ak_s);
    for (size_t i = 0; i < 6; i++)
        number[i] = auts[i] ^ ak_s[i];
    milenage_f1(m, k, opc, rand, number, resync_amf, NULL, mac_s);
    if (!hash_equal(mac_s, auts + 6, sizeof mac_s))
        return false;
    *sqn_ms = 0;
    for (size_t i = 0; i < 6; i++)
        *sqn_ms = *sqn_ms << 8 | number[i];
    return true;
}
