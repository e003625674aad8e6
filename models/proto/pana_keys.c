#include "models/proto/pana_keys.h"

#include "crypto/cipher.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

#include <assert.h>

#define NONCE_LEN 12 /* n of RFC 6786 4.1 */

static void put_u32(uint8_t out[4], uint32_t v)
{
    out[0] = (uint8_t)(v >> 24);
    out[1] = (uint8_t)(v >> 16);
    out[2] = (uint8_t)(v >> 8);
    out[3] = (uint8_t)v;
}

/* prf+(MSK, label | I_PAR | I_PAN | PaC_nonce | PAA_nonce | Key_ID) */
static void derive(struct meter *meter, const struct pana_key_input *in, const char *label,
                   uint8_t *out, size_t n)
{
    uint8_t key_id[4];
    struct span seed[] = {span_str(label), in->i_par,     in->i_pan,
                          in->pac_nonce,   in->paa_nonce, span_of(key_id, sizeof(key_id))};
    enum kdf_prf prf =
        in->algorithms.prf == PANA_PRF_HMAC_SHA1 ? KDF_PRF_HMAC_SHA1 : KDF_PRF_HMAC_SHA256;

    put_u32(key_id, in->key_id);
    kdf_prf_plus(meter, prf, in->msk, seed, sizeof(seed) / sizeof(seed[0]), out, n);
}

/* The key has the length of the hash: 20 octets (RFC 4595), 32 (RFC 4868). */
static size_t auth_key_length(const struct pana_sa *sa)
{
    return sa->algorithms.integrity == PANA_AUTH_HMAC_SHA1_160 ? 20 : 32;
}

void pana_keys_derive(struct meter *meter, const struct pana_key_input *in, struct pana_sa *out)
{
    *out = (struct pana_sa){.present = true, .algorithms = in->algorithms, .key_id = in->key_id};
    derive(meter, in, "IETF PANA", out->auth_key, auth_key_length(out));
    if (!in->algorithms.encryption)
        return;
    derive(meter, in, "IETF PANA PaC Encr", out->pac_encr_key, sizeof(out->pac_encr_key));
    derive(meter, in, "IETF PANA PAA Encr", out->paa_encr_key, sizeof(out->paa_encr_key));
}

size_t pana_auth_length(const struct pana_sa *sa)
{
    return sa->algorithms.integrity == PANA_AUTH_HMAC_SHA1_160 ? 20 : 16;
}

void pana_auth(struct meter *meter, const struct pana_sa *sa, struct span before,
               uint8_t out[PANA_AUTH_MAX])
{
    static const uint8_t zeros[PANA_AUTH_MAX];
    struct span key = span_of(sa->auth_key, auth_key_length(sa));
    struct span pieces[] = {before, span_of(zeros, pana_auth_length(sa))};
    uint8_t mac[32];

    assert(sa->present);
    if (sa->algorithms.integrity == PANA_AUTH_HMAC_SHA1_160)
        hash_hmac_sha1_v(meter, key, pieces, 2, mac);
    else
        hash_hmac_sha256_v(meter, key, pieces, 2, mac);
    memcpy(out, mac, pana_auth_length(sa));
}

bool pana_auth_matches(struct meter *meter, const struct pana_sa *sa, const struct pana_msg *m)
{
    uint8_t mac[PANA_AUTH_MAX];

    if (!pana_has(m, PANA_AVP_AUTH) || m->auth.n != pana_auth_length(sa))
        return false;
    pana_auth(meter, sa, span_of(m->whole.p, m->whole.n - m->auth.n), mac);
    return hash_equal(mac, m->auth.p, m->auth.n);
}

void pana_crypt(struct meter *meter, const struct pana_sa *sa, bool from_paa, uint32_t session_id,
                uint32_t sequence, struct span in, uint8_t *out)
{
    /* NIST SP 800-38C A.3 with q = 3: flags, the nonce, the counter from 1. */
    uint8_t counter[CIPHER_BLOCK] = {2};

    assert(sa->present && sa->algorithms.encryption);
    put_u32(counter + 1, sa->key_id);
    put_u32(counter + 5, session_id);
    put_u32(counter + 9, sequence);
    counter[1 + NONCE_LEN + 2] = 1;
    cipher_ctr(meter, from_paa ? sa->paa_encr_key : sa->pac_encr_key, counter, in.p, in.n, out);
}
