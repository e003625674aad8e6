#include "models/proto/eap_shared_key.h"

enum eap_shared_key eap_shared_key(struct eap_half *h, struct eap_server_context *context,
                                   struct span id)
{
    struct span known = span_str(context->identity);

    if (id.n == known.n && memcmp(id.p, known.p, known.n) == 0)
        return context->user->has_psk ? EAP_SHARED_KEY_READY : EAP_SHARED_KEY_UNKNOWN;
    if (id.n == 0 || id.n > EAP_IDENTITY_MAX || memchr(id.p, '\0', id.n))
        return EAP_SHARED_KEY_UNKNOWN;
    memcpy(context->identity, id.p, id.n);
    context->identity[id.n] = '\0';
    h->query.kind = EAP_QUERY_USER;
    memcpy(h->query.identity, context->identity, id.n + 1);
    return EAP_SHARED_KEY_ASKED;
}
