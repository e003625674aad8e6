/* EAP-PSK's cryptography: RFC 4764 3. */
#include "crypto/cipher.h"
#include "crypto/kdf.h"
#include "models/proto/eap_psk_impl.h"

#define HEADER    22 /* of the EAP packet, under the tag: up to and with RAND_S */
#define NONCE     4
#define OVERHEAD  (NONCE + CIPHER_TAG)
#define EXTENSION 0x20 /* E */

void eap_psk_set_key(struct eap_psk *p, const uint8_t key[EAP_PSK_KEY])
{
    static const uint8_t zeros[CIPHER_BLOCK];
    uint8_t out[2 * EAP_PSK_KEY];

    kdf_modified_counter(p->half.env->meter, key, zeros, 2, out);
    memcpy(p->ak, out, EAP_PSK_KEY);
    memcpy(p->kdk, out + EAP_PSK_KEY, EAP_PSK_KEY);
    explicit_bzero(out, sizeof(out));
}

void eap_psk_mac(const struct eap_psk *p, enum eap_psk_number number, uint8_t mac[EAP_PSK_MAC])
{
    struct meter *m = p->half.env->meter;
    const struct span of_peer[4] = {buf_span(&p->id_p), buf_span(&p->id_s),
                                    span_of(p->rand_s, EAP_PSK_RAND),
                                    span_of(p->rand_p, EAP_PSK_RAND)};
    const struct span of_server[2] = {buf_span(&p->id_s), span_of(p->rand_p, EAP_PSK_RAND)};

    if (number == EAP_PSK_SECOND)
        cipher_cmac_v(m, p->ak, of_peer, 4, mac);
    else
        cipher_cmac_v(m, p->ak, of_server, 2, mac);
}

void eap_psk_derive(struct eap_psk *p)
{
    struct eap_keys *keys = &p->half.keys;
    uint8_t out[EAP_PSK_KEY + 2 * EAP_KEY_LEN];

    kdf_modified_counter(p->half.env->meter, p->kdk, p->rand_p, sizeof(out) / CIPHER_BLOCK, out);
    memcpy(p->tek, out, EAP_PSK_KEY);
    memcpy(keys->msk, out + EAP_PSK_KEY, EAP_KEY_LEN);
    memcpy(keys->emsk, out + EAP_PSK_KEY + EAP_KEY_LEN, EAP_KEY_LEN);
    /* RFC 5247 A.6 */
    keys->session_id[0] = EAP_PSK;
    memcpy(keys->session_id + 1, p->rand_p, EAP_PSK_RAND);
    memcpy(keys->session_id + 1 + EAP_PSK_RAND, p->rand_s, EAP_PSK_RAND);
    keys->session_id_n = 1 + 2 * EAP_PSK_RAND;
    explicit_bzero(out, sizeof(out));
}

/* RFC 4764 3.3: the messages of a standard authentication have one number each. */
static void make_nonce(enum eap_psk_number number, uint8_t nonce[CIPHER_BLOCK])
{
    memset(nonce, 0, CIPHER_BLOCK);
    nonce[CIPHER_BLOCK - 1] = (uint8_t)(number - EAP_PSK_THIRD);
}

void eap_psk_seal(const struct eap_psk *p, enum eap_psk_number number, uint8_t *packet)
{
    uint8_t nonce[CIPHER_BLOCK], *channel = packet + HEADER;

    if (number == EAP_PSK_THIRD)
        channel += EAP_PSK_MAC;
    make_nonce(number, nonce);
    memcpy(channel, nonce + CIPHER_BLOCK - NONCE, NONCE);
    cipher_eax_seal(p->half.env->meter, p->tek, span_of(nonce, sizeof(nonce)),
                    span_of(packet, HEADER), span_of(p->payload, p->payload_n), channel + OVERHEAD,
                    channel + NONCE);
}

enum eap_psk_opened eap_psk_open(struct eap_psk *p, const struct eap_packet *in,
                                 const struct eap_psk_message *m, enum eap_psk_result *result,
                                 int *extension)
{
    uint8_t nonce[CIPHER_BLOCK], plain[EAP_PSK_PAYLOAD_MAX];
    struct span sealed = span_of(m->channel.p + OVERHEAD, m->channel.n - OVERHEAD);

    make_nonce(m->number, nonce);
    if (memcmp(m->channel.p, nonce + CIPHER_BLOCK - NONCE, NONCE) != 0)
        return EAP_PSK_WRONG;
    if (!cipher_eax_open(p->half.env->meter, p->tek, span_of(nonce, sizeof(nonce)),
                         span_of(in->whole.p, HEADER), sealed, m->channel.p + NONCE, plain))
        return EAP_PSK_FALSE;
    if (plain[0] >> 6 == 0)
        return EAP_PSK_WRONG;
    *result = (enum eap_psk_result)(plain[0] >> 6);
    *extension = -1;
    if (!(plain[0] & EXTENSION))
        return sealed.n == 1 ? EAP_PSK_OPEN : EAP_PSK_WRONG;
    if (sealed.n < 2)
        return EAP_PSK_WRONG;
    *extension = plain[1];
    return EAP_PSK_OPEN;
}

void eap_psk_say(struct eap_psk *p, enum eap_psk_result result, int extension)
{
    p->payload[0] = (uint8_t)(result << 6);
    p->payload_n = 1;
    if (extension >= 0) {
        p->payload[0] |= EXTENSION;
        p->payload[1] = (uint8_t)extension;
        p->payload_n = 2;
    }
}
