/* eap-tls, server: what a peer sends. */
#include "tests/fuzz/eap_feed_tls.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct eap_feed_world w;
    struct eap_server *server;

    feed_tls_prepare();
    eap_feed_init(&w, "server", FEED_TLS_UNIX_S * SIM_S);
    entity_enter(&w.stream, FEED_TLS_UNIX_S * SIM_S);
    server = feed_tls_server(&w);
    eap_feed_server(server, feed_tls_answer, FEED_TLS_MTU, data, n);
    proto_free(eap_server_proto(server));
    entity_leave();
    return 0;
}
