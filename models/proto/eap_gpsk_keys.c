/* EAP-GPSK's cryptography: RFC 5433 4 to 8, and the protected data of 9.4. */
#include "crypto/cipher.h"
#include "crypto/hash.h"
#include "models/proto/eap_gpsk_impl.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

#define METHOD_ID   16
#define INPUT       4 /* pieces of inputString */
#define PD_TYPE     6 /* vendor and specifier */
#define PD_OVERHEAD 8 /* and the length */

bool gpsk_suite_of(const uint8_t csuite[GPSK_SUITE], enum kdf_gpsk_suite *suite)
{
    static const uint8_t aes[GPSK_SUITE] = {0, 0, 0, 0, 0, 1},
                         sha256[GPSK_SUITE] = {0, 0, 0, 0, 0, 2};

    if (memcmp(csuite, aes, GPSK_SUITE) == 0)
        *suite = KDF_GPSK_AES;
    else if (memcmp(csuite, sha256, GPSK_SUITE) == 0)
        *suite = KDF_GPSK_SHA256;
    else
        return false;
    return true;
}

void gpsk_derive(struct gpsk *g, const uint8_t psk[GPSK_PSK])
{
    static const uint8_t psk_length[2] = {0, GPSK_PSK}, type = EAP_GPSK;
    const struct span input[INPUT] = {
        span_of(g->rand_peer, GPSK_RAND), span_of(g->id_peer.octets, g->id_peer.n),
        span_of(g->rand_server, GPSK_RAND), span_of(g->id_server.octets, g->id_server.n)};
    const struct span sel = span_of(g->csuite_sel, GPSK_SUITE);
    const struct span for_mk[3 + INPUT] = {span_of(psk_length, 2),
                                           span_of(psk, GPSK_PSK),
                                           sel,
                                           input[0],
                                           input[1],
                                           input[2],
                                           input[3]};
    const struct span for_id[3 + INPUT] = {
        span_str("Method ID"), span_of(&type, 1), sel, input[0], input[1], input[2], input[3]};
    struct eap_keys *keys = &g->half.keys;
    struct meter *m = g->half.env->meter;
    size_t ks = KDF_GPSK_KS(g->suite);
    /* PK is the last part: a suite that does not encrypt derives that much less. */
    size_t n = 2 * EAP_KEY_LEN + (g->suite == KDF_GPSK_AES ? 2 * ks : ks);
    uint8_t mk[GPSK_KEY_MAX], out[2 * EAP_KEY_LEN + 2 * GPSK_KEY_MAX];

    kdf_gkdf(m, g->suite, psk, for_mk, 3 + INPUT, mk, ks);
    kdf_gkdf(m, g->suite, mk, input, INPUT, out, n);
    memcpy(keys->msk, out, EAP_KEY_LEN);
    memcpy(keys->emsk, out + EAP_KEY_LEN, EAP_KEY_LEN);
    memcpy(g->sk, out + 2 * EAP_KEY_LEN, ks);
    if (g->suite == KDF_GPSK_AES)
        memcpy(g->pk, out + 2 * EAP_KEY_LEN + ks, ks);
    keys->session_id[0] = type;
    kdf_gkdf(m, g->suite, psk, for_id, 3 + INPUT, keys->session_id + 1, METHOD_ID);
    keys->session_id_n = 1 + METHOD_ID;
    explicit_bzero(mk, sizeof(mk));
    explicit_bzero(out, sizeof(out));
}

size_t gpsk_mac_len(const struct gpsk *g)
{
    return KDF_GPSK_KS(g->suite); /* ML is KS in both suites */
}

void gpsk_mac(const struct gpsk *g, struct span covered, uint8_t mac[GPSK_KEY_MAX])
{
    struct meter *m = g->half.env->meter;

    switch (g->suite) {
    case KDF_GPSK_AES:
        cipher_cmac(m, g->sk, covered, mac);
        break;
    case KDF_GPSK_SHA256:
        hash_hmac_sha256(m, span_of(g->sk, GPSK_KEY_MAX), covered, mac);
        break;
    }
}

bool gpsk_mac_is_right(const struct gpsk *g, const struct gpsk_message *m)
{
    struct span given = m->field[GPSK_MAC];
    uint8_t mac[GPSK_KEY_MAX];

    if (given.n != gpsk_mac_len(g))
        return false;
    gpsk_mac(g, m->covered, mac);
    return hash_equal(mac, given.p, given.n);
}

/* PD_Payloads, one behind the other. */
static bool are_whole(struct span in)
{
    for (size_t at = 0; at < in.n;) {
        size_t left = in.n - at, n;

        if (left < PD_OVERHEAD)
            return false;
        n = (size_t)in.p[at + PD_TYPE] << 8 | in.p[at + PD_TYPE + 1];
        if (n > left - PD_OVERHEAD)
            return false;
        at += PD_OVERHEAD + n;
    }
    return true;
}

static bool opens(const struct gpsk *g, struct span pd)
{
    const size_t head = 1 + CIPHER_BLOCK; /* IV Length and IV */
    size_t n, pad;
    uint8_t *plain;
    bool good;

    if (pd.n <= head || pd.p[0] != CIPHER_BLOCK || (pd.n - head) % CIPHER_BLOCK != 0)
        return false;
    n = pd.n - head;
    plain = xcalloc(1, n);
    cipher_cbc_decrypt(g->half.env->meter, g->pk, pd.p + 1, pd.p + head, n, plain);
    pad = plain[n - 1];
    good = pad < n && are_whole(span_of(plain, n - 1 - pad));
    explicit_bzero(plain, n);
    free(plain);
    return good;
}

bool gpsk_pd_is_sound(const struct gpsk *g, struct span pd)
{
    if (pd.n == 0)
        return true;
    switch (g->suite) {
    case KDF_GPSK_AES:
        return opens(g, pd);
    case KDF_GPSK_SHA256: /* not encrypted: IV and padding have lengths of 0 */
        return pd.n >= 2 && pd.p[0] == 0 && pd.p[pd.n - 1] == 0 &&
               are_whole(span_of(pd.p + 1, pd.n - 2));
    }
    return false;
}
