/* The server's side of the methods that are keyed with a PSK: whose key it is. */
#ifndef MODELS_PROTO_EAP_SHARED_KEY_H
#define MODELS_PROTO_EAP_SHARED_KEY_H

#include "models/proto/eap_method.h"

enum eap_shared_key {
    EAP_SHARED_KEY_UNKNOWN, /* nobody, or nobody with a key */
    EAP_SHARED_KEY_READY,   /* context->user->psk */
    EAP_SHARED_KEY_ASKED    /* h->query is set; the method goes on in its answer */
};

/* id: as the peer names itself within the method, which need not be its Response/Identity (RFC 5433
 * 5, RFC 4764 4): then it becomes the conversation's identity and the node is asked again. */
enum eap_shared_key eap_shared_key(struct eap_half *h, struct eap_server_context *context,
                                   struct span id);

#endif
