/* eap-tls, peer: what a server sends. */
#include "tests/fuzz/eap_feed_tls.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct eap_feed_world w;
    struct eap_peer *peer;

    feed_tls_prepare();
    eap_feed_init(&w, "peer", FEED_TLS_UNIX_S * SIM_S);
    entity_enter(&w.stream, FEED_TLS_UNIX_S * SIM_S);
    peer = feed_tls_peer(&w);
    eap_feed_peer(peer, FEED_TLS_MTU, data, n);
    proto_free(eap_peer_proto(peer));
    entity_leave();
    return 0;
}
