#include "models/proto/eap_simaka_keys.h"

#include "crypto/hash.h"
#include "crypto/kdf.h"

/* K_encr || K_aut || MSK || EMSK from MK: RFC 4187 7. */
static void stretch(struct meter *m, struct simaka_keys *out)
{
    uint8_t x[16 + 16 + 2 * EAP_KEY_LEN];

    kdf_fips186_prf(m, out->mk, x, sizeof(x));
    memset(out->k_aut, 0, sizeof(out->k_aut));
    memset(out->k_re, 0, sizeof(out->k_re));
    memcpy(out->k_encr, x, 16);
    memcpy(out->k_aut, x + 16, 16);
    memcpy(out->msk, x + 32, EAP_KEY_LEN);
    memcpy(out->emsk, x + 32 + EAP_KEY_LEN, EAP_KEY_LEN);
    explicit_bzero(x, sizeof(x));
}

void simaka_keys_sim(struct meter *m, struct span identity, const uint8_t *kc, size_t n,
                     const uint8_t nonce_mt[SIMAKA_NONCE], struct span versions, uint16_t selected,
                     struct simaka_keys *out)
{
    const uint8_t selected_octets[2] = {(uint8_t)(selected >> 8), (uint8_t)selected};
    const struct span pieces[] = {identity, span_of(kc, n * 8), span_of(nonce_mt, SIMAKA_NONCE),
                                  versions, span_of(selected_octets, 2)};

    hash_sha1_v(m, pieces, 5, out->mk);
    stretch(m, out);
}

void simaka_keys_aka(struct meter *m, struct span identity, const uint8_t ik[16],
                     const uint8_t ck[16], struct simaka_keys *out)
{
    const struct span pieces[] = {identity, span_of(ik, 16), span_of(ck, 16)};

    hash_sha1_v(m, pieces, 3, out->mk);
    stretch(m, out);
}

void simaka_keys_prime(struct meter *m, struct span identity, const uint8_t ik_prime[16],
                       const uint8_t ck_prime[16], struct simaka_keys *out)
{
    const struct span seed[] = {span_str("EAP-AKA'"), identity};
    uint8_t key[32], x[16 + 32 + 32 + 2 * EAP_KEY_LEN];

    memcpy(key, ik_prime, 16);
    memcpy(key + 16, ck_prime, 16);
    kdf_prf_plus(m, KDF_PRF_HMAC_SHA256, span_of(key, sizeof(key)), seed, 2, x, sizeof(x));
    memset(out->mk, 0, sizeof(out->mk));
    memcpy(out->k_encr, x, 16);
    memcpy(out->k_aut, x + 16, 32);
    memcpy(out->k_re, x + 48, 32);
    memcpy(out->msk, x + 80, EAP_KEY_LEN);
    memcpy(out->emsk, x + 80 + EAP_KEY_LEN, EAP_KEY_LEN);
    explicit_bzero(key, sizeof(key));
    explicit_bzero(x, sizeof(x));
}

void simaka_keys_reauth(enum simaka_kind kind, struct meter *m, struct span identity,
                        uint16_t counter, const uint8_t nonce_s[SIMAKA_NONCE],
                        struct simaka_keys *k)
{
    const uint8_t counter_octets[2] = {(uint8_t)(counter >> 8), (uint8_t)counter};
    const struct span label = span_str("EAP-AKA' re-auth");
    const struct span seed[] = {label, identity, span_of(counter_octets, 2),
                                span_of(nonce_s, SIMAKA_NONCE), span_of(k->mk, sizeof(k->mk))};
    uint8_t xkey[20], x[2 * EAP_KEY_LEN];

    if (kind == SIMAKA_AKA_PRIME) {
        kdf_prf_plus(m, KDF_PRF_HMAC_SHA256, span_of(k->k_re, sizeof(k->k_re)), seed, 4, x,
                     sizeof(x));
    } else {
        hash_sha1_v(m, seed + 1, 4, xkey);
        kdf_fips186_prf(m, xkey, x, sizeof(x));
        explicit_bzero(xkey, sizeof(xkey));
    }
    memcpy(k->msk, x, EAP_KEY_LEN);
    memcpy(k->emsk, x + EAP_KEY_LEN, EAP_KEY_LEN);
    explicit_bzero(x, sizeof(x));
}

void simaka_keys_keep(enum simaka_kind kind, const struct simaka_keys *k, struct eap_reauth *out)
{
    out->method = simaka_type(kind);
    memcpy(out->mk, k->mk, sizeof(out->mk));
    memcpy(out->k_encr, k->k_encr, sizeof(out->k_encr));
    memcpy(out->k_aut, k->k_aut, sizeof(out->k_aut));
    memcpy(out->k_re, k->k_re, sizeof(out->k_re));
}

void simaka_keys_recall(const struct eap_reauth *kept, struct simaka_keys *out)
{
    memset(out, 0, sizeof(*out));
    memcpy(out->mk, kept->mk, sizeof(out->mk));
    memcpy(out->k_encr, kept->k_encr, sizeof(out->k_encr));
    memcpy(out->k_aut, kept->k_aut, sizeof(out->k_aut));
    memcpy(out->k_re, kept->k_re, sizeof(out->k_re));
}
