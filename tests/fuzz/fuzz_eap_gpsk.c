/* eap_gpsk: peer and server halves by steps.h; the first octet: bit 0 a way too narrow, bits 1, 2
 * the suite that the peer wants, bits 3, 4 those offered, bit 5 another identity
 * outside, bit 6 no key at the server. */
#include "tests/fuzz/fuzz.h"

#include "models/proto/eap_gpsk_impl.h"
#include "tests/fuzz/eap_halves.h"

/* data: OP-Code and all up to the MAC. */
static bool seal(struct halves *h, struct eap_half *to, struct span data, struct buf *out)
{
    const struct gpsk *g = (const struct gpsk *)to;
    enum eap_code code = to == h->peer ? EAP_REQUEST : EAP_RESPONSE;
    size_t begin = eap_begin(out, code, h->id, EAP_GPSK, 0, 0);
    uint8_t mac[GPSK_KEY_MAX];

    if (data.n < 1)
        return false;
    gpsk_mac(g, span_of(data.p + 1, data.n - 1), mac);
    return buf_put_span(out, data) && buf_put(out, mac, gpsk_mac_len(g)) && eap_end(out, begin);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    return halves_run(&eap_method_gpsk, data, n, seal);
}
