#include "crypto/keys.h"

#include <stdio.h>
#include <string.h>

#include "crypto/hash.h"

const char *key_type_name(enum key_type type)
{
    switch (type) {
    case KEY_KMR:
        return "Kmr";
    case KEY_KMC:
        return "Kmc";
    case KEY_KMA:
        return "Kma";
    case KEY_KIVAL:
        return "KIVal";
    case KEY_SESSION:
        return "session";
    case KEY_MSK:
        return "MSK";
    case KEY_EMSK:
        return "EMSK";
    case KEY_KS:
        return "Ks";
    case KEY_KS_NAF:
        return "Ks_NAF";
    case KEY_KS_EXT_NAF:
        return "Ks_ext_NAF";
    case KEY_KS_INT_NAF:
        return "Ks_int_NAF";
    case KEY_KASME:
        return "Kasme";
    case KEY_SIGN:
        return "sign";
    case KEY_ENCRYPT:
        return "encrypt";
    case KEY_TYPES:
        break;
    }
    return "?";
}

static void put_be32(uint32_t v, uint8_t out[4])
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void put_be64(uint64_t v, uint8_t out[8])
{
    put_be32((uint32_t)(v >> 32), out);
    put_be32((uint32_t)v, out + 4);
}

/* A label with its NUL: label || 00 in the formulas. */
static struct span label_00(const char *label)
{
    return span_of(label, strlen(label) + 1);
}

#ifdef M2M_KMR_RFC5295
#define kmr_derivation key_kmr_from_emsk_usrk
#else
#define kmr_derivation key_kmr_from_emsk_c1
#endif

/* GAP C1 */
void key_kmr_from_emsk_c1(struct meter *m, struct span emsk, struct span sp_id,
                          const uint8_t node_id[M2M_NODE_ID_LEN], uint8_t kmr[M2M_KEY_LEN])
{
    const struct span pieces[] = {label_00(M2M_LABEL_KMR), sp_id, span_of("", 1),
                                  span_of(node_id, M2M_NODE_ID_LEN)};
    hash_hmac_sha256_v(m, emsk, pieces, 4, kmr);
}

/* RFC 5295 3.1 and 3.1.2: prf+ with one block, whose input ends with the octet 01. */
void key_kmr_from_emsk_usrk(struct meter *m, struct span emsk, struct span sp_id,
                            const uint8_t node_id[M2M_NODE_ID_LEN], uint8_t kmr[M2M_KEY_LEN])
{
    static const uint8_t length[2] = {0, M2M_KEY_LEN}, first_block = 1;
    const struct span pieces[] = {label_00(M2M_LABEL_KMR), sp_id,
                                  span_of("", 1),          span_of(node_id, M2M_NODE_ID_LEN),
                                  span_of(length, 2),      span_of(&first_block, 1)};
    hash_hmac_sha256_v(m, emsk, pieces, 6, kmr);
}

void key_kmr_from_emsk(struct meter *m, struct span emsk, struct span sp_id,
                       const uint8_t node_id[M2M_NODE_ID_LEN], uint8_t kmr[M2M_KEY_LEN])
{
    kmr_derivation(m, emsk, sp_id, node_id, kmr);
}

/* GAP C3 */
void key_kmc_from_msk(struct meter *m, struct span msk, const uint8_t node_id[M2M_NODE_ID_LEN],
                      uint64_t connection_id, uint8_t kmc[M2M_KEY_LEN])
{
    uint8_t id[8];
    put_be64(connection_id, id);
    const struct span pieces[] = {label_00(M2M_LABEL_KMC), span_of(node_id, M2M_NODE_ID_LEN),
                                  span_of(id, sizeof id)};
    hash_hmac_sha256_v(m, msk, pieces, 3, kmc);
}

/* GAP C4 */
void key_kma(struct meter *m, const uint8_t kmc[M2M_KEY_LEN], struct span app_id,
             uint8_t kma[M2M_KEY_LEN])
{
    const struct span pieces[] = {label_00(M2M_LABEL_KMA), app_id};
    hash_hmac_sha256_v(m, span_of(kmc, M2M_KEY_LEN), pieces, 2, kma);
}

/* GAP C6 */
int64_t key_ival_sign(struct meter *m, const uint8_t kival[M2M_KEY_LEN], uint32_t result,
                      struct span time_stamp, const uint8_t node_id[M2M_NODE_ID_LEN])
{
    uint8_t be[4], mac[32];
    put_be32(result, be);
    const struct span pieces[] = {span_of(be, sizeof be), time_stamp,
                                  span_of(node_id, M2M_NODE_ID_LEN)};
    hash_hmac_sha256_v(m, span_of(kival, M2M_KEY_LEN), pieces, 3, mac);
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | mac[i];
    int64_t signature;
    memcpy(&signature, &v, sizeof signature);
    return signature;
}

/* GAP C12 */
void key_kmr_identity(const uint8_t node_id[M2M_NODE_ID_LEN], uint32_t kmr_index, char *out)
{
    hex_encode(node_id, M2M_NODE_ID_LEN, out);
    snprintf(out + 2 * M2M_NODE_ID_LEN, M2M_PSK_IDENTITY_MAX - 2 * M2M_NODE_ID_LEN, ":%lu",
             (unsigned long)kmr_index);
}

void key_kmc_identity(uint64_t connection_id, uint32_t kmc_index, char *out)
{
    snprintf(out, M2M_PSK_IDENTITY_MAX, "%llu:%lu", (unsigned long long)connection_id,
             (unsigned long)kmc_index);
}

/* Exactly the decimal digits that printing gives: no sign, no leading zero, at most max. */
static int parse_decimal(struct span in, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    if (!in.n || (in.n > 1 && in.p[0] == '0'))
        return 0;
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] < '0' || in.p[i] > '9')
            return 0;
        uint64_t digit = (uint64_t)(in.p[i] - '0');
        if (v > (max - digit) / 10)
            return 0;
        v = v * 10 + digit;
    }
    *out = v;
    return 1;
}

int key_kmr_identity_parse(struct span in, uint8_t node_id[M2M_NODE_ID_LEN], uint32_t *kmr_index)
{
    const size_t hex = 2 * M2M_NODE_ID_LEN;
    uint64_t index;
    if (in.n < hex + 2 || in.p[hex] != ':')
        return 0;
    for (size_t i = 0; i < hex; i++) /* one spelling only: a key table is looked up by it */
        if (in.p[i] >= 'A' && in.p[i] <= 'F')
            return 0;
    if (!parse_decimal(span_of(in.p + hex + 1, in.n - hex - 1), UINT32_MAX, &index) ||
        !hex_decode((const char *)in.p, hex, node_id, M2M_NODE_ID_LEN))
        return 0;
    *kmr_index = (uint32_t)index;
    return 1;
}

int key_kmc_identity_parse(struct span in, uint64_t *connection_id, uint32_t *kmc_index)
{
    uint64_t id, index;
    const uint8_t *colon = in.n ? memchr(in.p, ':', in.n) : NULL;
    if (!colon)
        return 0;
    size_t first = (size_t)(colon - in.p);
    if (!parse_decimal(span_of(in.p, first), UINT64_MAX, &id) ||
        !parse_decimal(span_of(colon + 1, in.n - first - 1), UINT32_MAX, &index))
        return 0;
    *connection_id = id;
    *kmc_index = (uint32_t)index;
    return 1;
}
