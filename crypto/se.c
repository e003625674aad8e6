#include "crypto/se.h"
#include "crypto/openssl.h"

#include <openssl/crypto.h>
#include <string.h>

#include "crypto/hash.h"

#define CAPABILITIES_NAMED 10 /* CAP_XAE .. CAP_XCB */
#define PASS_AND_VERSION   UINT32_C(0x0000001f)

uint32_t ival_capability_bit(enum m2m_capability capability)
{
    return UINT32_C(1) << (31 - (unsigned)capability);
}

static uint8_t slot_bit(enum se_slot slot)
{
    return (uint8_t)(1u << (unsigned)slot);
}

void se_release(struct se *se)
{
    OPENSSL_cleanse(se, sizeof *se);
}

void se_put(struct se *se, enum se_slot slot, const uint8_t key[M2M_KEY_LEN])
{
    memcpy(se->key[slot], key, M2M_KEY_LEN);
    se->present |= slot_bit(slot);
}

bool se_has(const struct se *se, enum se_slot slot)
{
    return se->present & slot_bit(slot);
}

void se_erase(struct se *se, enum se_slot slot)
{
    OPENSSL_cleanse(se->key[slot], M2M_KEY_LEN);
    se->present &= (uint8_t)~slot_bit(slot);
}

enum err se_copy(struct se *se, enum se_slot from, enum se_slot to)
{
    if (!se_has(se, from))
        return ERR_STATE;
    memmove(se->key[to], se->key[from], M2M_KEY_LEN);
    se->present |= slot_bit(to);
    return OK;
}

/* GAP C6. Named capabilities that no component backs stay set: nothing of the image is needed for
 * them. The spare bit and the application groups are set when components name them and all of
 * those are genuine. */
uint32_t se_measure(struct se *se, struct meter *m, const struct se_component *c, size_t n,
                    unsigned version)
{
    uint32_t named = ((UINT32_C(1) << CAPABILITIES_NAMED) - 1) << (32 - CAPABILITIES_NAMED);
    uint32_t broken = 0;
    bool pass = n > 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t digest[32];
        hash_sha256(m, c[i].image, digest);
        named |= c[i].capability_bits;
        if (!hash_equal(digest, c[i].reference, sizeof digest)) {
            broken |= c[i].capability_bits;
            pass = false;
        }
    }
    uint32_t result = named & ~broken & ~PASS_AND_VERSION;
    result |= (uint32_t)(version & 15) << IVAL_VERSION_SHIFT;
    result |= pass ? IVAL_PASS : 0;
    se->ival_result = result;
    se->measured = 1;
    return result;
}

enum err se_ival_sign(struct se *se, struct meter *m, struct span time_stamp,
                      const uint8_t node_id[M2M_NODE_ID_LEN], uint32_t *result, int64_t *signature)
{
    if (!se->measured || !se_has(se, SE_KIVAL))
        return ERR_STATE;
    *result = se->ival_result;
    *signature = key_ival_sign(m, se->key[SE_KIVAL], se->ival_result, time_stamp, node_id);
    return OK;
}

enum err se_unwrap(struct se *se, struct meter *m, enum se_slot slot,
                   const uint8_t kek[M2M_KEY_LEN], const uint8_t wrapped[M2M_WRAPPED_LEN])
{
    /* key_unwrap writes nothing when it refuses, so the slot can be its target. */
    enum err err = key_unwrap(m, kek, wrapped, M2M_WRAPPED_LEN, se->key[slot]);
    if (!err)
        se->present |= slot_bit(slot);
    return err;
}

enum err se_wrap(const struct se *se, struct meter *m, enum se_slot slot,
                 const uint8_t kek[M2M_KEY_LEN], uint8_t wrapped[M2M_WRAPPED_LEN])
{
    if (!se_has(se, slot))
        return ERR_STATE;
    return key_wrap(m, kek, se->key[slot], M2M_KEY_LEN, wrapped);
}

bool se_backend_copy(const struct se *se, enum se_slot slot, uint8_t key[M2M_KEY_LEN])
{
    if (!se_has(se, slot))
        return false;
    memcpy(key, se->key[slot], M2M_KEY_LEN);
    return true;
}

bool se_eap_psk(const struct se *se, enum se_slot slot, uint8_t psk[M2M_KEY_LEN])
{
    return se_backend_copy(se, slot, psk);
}

enum err se_kma_mac(const struct se *se, struct meter *m, struct span app_id,
                    const struct span *pieces, size_t n, uint8_t mac[32])
{
    uint8_t kma[M2M_KEY_LEN];

    if (!se_has(se, SE_KMC))
        return ERR_STATE;
    key_kma(m, se->key[SE_KMC], app_id, kma);
    hash_hmac_sha256_v(m, span_of(kma, sizeof kma), pieces, n, mac);
    explicit_bzero(kma, sizeof kma);
    return OK;
}

unsigned se_tls_psk(const struct se *se, enum se_slot slot, uint8_t *psk, unsigned max)
{
    if (!se_has(se, slot) || max < M2M_KEY_LEN)
        return 0;
    memcpy(psk, se->key[slot], M2M_KEY_LEN);
    return M2M_KEY_LEN;
}
