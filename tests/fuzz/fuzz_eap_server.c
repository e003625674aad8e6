/* eap, server: the machine with two methods that do what a packet says; users whose names begin
 * with a digit are unknown, others may do either method, in the order of their first letter. */
#include "tests/fuzz/eap_feed.h"
#include "tests/fuzz/eap_feed_method.h"
#include "tests/fuzz/fuzz.h"

static void answer(const struct eap_query *q, struct eap_answer *a)
{
    bool odd = q->identity[0] & 1;

    if (q->identity[0] >= '0' && q->identity[0] <= '9')
        return;
    a->reason = REASON_NONE;
    a->methods[0] = odd ? &feed_long : &feed_short;
    a->methods[1] = odd ? &feed_short : &feed_long;
    a->method_count = 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct eap_server_settings settings = {.ask_identity = true};
    struct eap_feed_world w;
    struct eap_server *server;

    eap_feed_init(&w, "server", 0);
    server = eap_server_new(&w.env, &settings);
    eap_feed_server(server, answer, EAP_PACKET_MAX, data, n);
    proto_free(eap_server_proto(server));
    return 0;
}
