/* eap, peer: the machine with two methods that do what a packet says. */
#include "tests/fuzz/eap_feed.h"
#include "tests/fuzz/eap_feed_method.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct eap_method *const methods[] = {&feed_short, &feed_long};
    struct eap_peer_settings settings = {
        .identity = "fuzz@example", .methods = methods, .method_count = 2};
    struct eap_feed_world w;
    struct eap_peer *peer;

    eap_feed_init(&w, "peer", 0);
    peer = eap_peer_new(&w.env, &settings);
    eap_feed_peer(peer, EAP_PACKET_MAX, data, n);
    proto_free(eap_peer_proto(peer));
    return 0;
}
