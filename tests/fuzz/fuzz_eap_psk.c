/* eap_psk: peer and server halves by steps.h; the first octet as in fuzz_eap_gpsk.c, as far as it
 * concerns this method. */
#include "tests/fuzz/fuzz.h"

#include "crypto/cipher.h"
#include "models/proto/eap_psk_impl.h"
#include "tests/fuzz/eap_halves.h"

/* data: the channel's payload, in the message whose turn it is. */
static bool seal(struct halves *h, struct eap_half *to, struct span data, struct buf *out)
{
    bool to_peer = to == h->peer;
    const struct eap_psk *from = (const struct eap_psk *)(to_peer ? h->server : h->peer);
    uint8_t flags = to_peer ? 0x80 : 0xc0, nonce[CIPHER_BLOCK] = {0}, tag[CIPHER_TAG];
    uint8_t text[256 + CIPHER_TAG] = {0};
    size_t begin = eap_begin(out, to_peer ? EAP_REQUEST : EAP_RESPONSE, h->id, EAP_PSK, 0, 0);

    nonce[CIPHER_BLOCK - 1] = !to_peer;
    buf_put(out, &flags, 1);
    buf_put(out, from->rand_s, EAP_PSK_RAND);
    if (to_peer) {
        eap_psk_mac(from, EAP_PSK_THIRD, tag);
        buf_put(out, tag, sizeof(tag));
    }
    buf_put(out, nonce + 12, 4);
    buf_put(out, text, CIPHER_TAG + data.n); /* their place */
    if (data.n == 0 || !eap_end(out, begin))
        return false;
    cipher_eax_seal(NULL, from->tek, span_of(nonce, sizeof(nonce)), span_of(buf_span(out).p, 22),
                    data, text, tag);
    memcpy(buf_at(out, buf_len(out) - data.n), text, data.n);
    memcpy(buf_at(out, buf_len(out) - data.n - CIPHER_TAG), tag, CIPHER_TAG);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    return halves_run(&eap_method_psk, data, n, seal);
}
